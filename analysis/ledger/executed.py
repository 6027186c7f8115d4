"""SQL that a brief states, executed on a real PostgreSQL: what the server answers to each statement, kept as a record.

The statements stand in `statements.sql` beside the ledger. Each begins with a comment `-- line 234: words`, its line of the
brief, and they are executed in their order in one new database; one that is refused leaves the others as they are.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

from analysis import evidence
from analysis.architecture import Location
from analysis.files import read_text
from analysis.frontmatter import PlacedError
from analysis.loadtest import servers
from analysis.scratch import scratch_directory

KIND: Final = "statements"
FILE_NAME: Final = "statements.sql"
NEEDED: Final = ("initdb", "postgres", "pg_isready", "psql")

_HEAD: Final = re.compile(r"^-- line (\d+): (.+)$", re.MULTILINE)
_PLACE: Final = re.compile(r"^psql:\S*:\d+: ")
"""Where psql read a statement, which is no part of the server's answer."""


@dataclass(frozen=True, slots=True)
class Written:
    """A statement as the brief has it, and the line on which it begins there."""

    line: int
    says: str
    sql: str


def written(folder: Path) -> tuple[Written, ...]:
    """The statements of a folder of pages, in their order. Raises PlacedError for a file that has none, or a line twice."""
    path = folder / FILE_NAME
    text = read_text(path)
    heads = list(_HEAD.finditer(text))
    found = tuple(
        Written(int(head[1]), head[2].strip(), text[head.end() : after.start() if after else None].strip())
        for head, after in zip_longest(heads, heads[1:])
    )
    lines = [one.line for one in found]
    if not found or len(set(lines)) < len(lines) or not all(one.sql for one in found):
        raise PlacedError(
            Location(path.name, 1), "each statement begins with `-- line N: words`, a line of its own of the brief"
        )
    return found


def basis(folder: Path) -> dict[str, str]:
    """What the record of a folder rests on: the statements."""
    return evidence.basis({FILE_NAME: [[one.line, one.sql] for one in written(folder)]})


def executed(statements: Sequence[Written]) -> Mapping[str, Any]:
    """What a PostgreSQL of its own answers to each statement: `refused` is its first error, none where it took the statement.

    Raises `loadtest.servers.LoadError` where no PostgreSQL is installed or it does not start.
    """
    if lacking := servers.lacking(NEEDED):
        raise servers.LoadError(lacking)
    with scratch_directory("gameday-postgresql-") as home, servers.postgresql(home) as server:
        try:
            version = (servers.psql(server.port, "SHOW server_version;").stdout.split() or ["?"])[0]
            answers = [_refusal(servers.psql(server.port, one.sql)) for one in statements]
        except subprocess.TimeoutExpired as error:
            raise servers.LoadError(f"PostgreSQL did not answer a statement within {error.timeout:g} s") from None
    rows = [
        {"line": one.line, "says": one.says, "refused": answer} for one, answer in zip(statements, answers, strict=True)
    ]
    return {"server": f"PostgreSQL {version}", "statements": rows}


def _refusal(done: subprocess.CompletedProcess[str]) -> str:
    if done.returncode == 0:
        return ""
    lines = [_PLACE.sub("", line) for line in done.stderr.splitlines()]
    return next((line for line in lines if line.startswith("ERROR")), done.stderr.strip())
