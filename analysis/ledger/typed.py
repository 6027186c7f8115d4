"""Every command of a guide: what becomes of it when it is typed, computed by the checker of runbooks, and the corrected one.

`docs/SYSTEM/guide/commands.csv` holds `line` (of the guide), `chapter`, `section` (its heading), `kind`, `command` as it stands
there, `class`, `by`, `reason`, `corrected`, `evidence`, `outcome` (see `attempts`). The commands are checked together in their
order, as one page, so that variables and files of earlier ones are known; a row of the kind `document` is a file that they name.
`by` says who judged it:

- `checker`: the class is what `gameday runbooks` computes, and no other.
- `server`: a test types it at real servers.
- `reading`: nothing here can run it; `evidence` says where it is written. The checker may not find worse than is stated.

A corrected command may have no finding.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Final

from analysis import runbooks
from analysis.architecture import Location
from analysis.frontmatter import PlacedError
from analysis.ledger.records import broken, counted, rows

COMMANDS: Final = "guide/commands.csv"
COLUMNS: Final = (
    "line", "chapter", "section", "kind", "command", "class", "by", "reason", "corrected", "evidence", "outcome",
)  # fmt: skip

REFUSED: Final = "refused"
ELSEWHERE: Final = "wrong service"
OTHERWISE: Final = "runs and does something else"
RUNS: Final = "runs"
UNTRIED: Final = "not tried"
CLASSES: Final = (REFUSED, ELSEWHERE, OTHERWISE, RUNS, UNTRIED)
"""What becomes of a command, in the order in which pages show them."""

FAULTY: Final = (REFUSED, ELSEWHERE, OTHERWISE)
"""Those of a command that is not right."""

CHECKER, SERVER, READING = "checker", "server", "reading"
FENCES: Final[Mapping[str, str]] = {"document": "json", "sql": "sql", "logs": "text"}
"""The language of what is no command of the shell, by its kind; a document is a file that commands name."""

ACCEPTED: Final = frozenset({
    "answer", "capacity", "cluster", "composite", "jq", "metric", "mixed-up", "near-miss", "never-ran", "period", "query",
    "scaling-metric", "time-unit", "window",
})  # fmt: skip
"""The rules of the checker about commands that are accepted, and do not do what was meant; all others are about refusals."""

_PLACEHOLDER: Final = re.compile(r"<([A-Za-z][\w-]*)>")


@dataclass(frozen=True, slots=True)
class Typed:
    """A command of a guide with what is stated of it, and what the checker finds."""

    place: Location
    line: int
    chapter: str
    section: str
    kind: str
    command: str
    stated: str
    by: str
    reason: str
    corrected: str
    evidence: str
    outcome: str
    found: tuple[runbooks.Finding, ...] = ()
    remaining: tuple[runbooks.Finding, ...] = ()
    checked: bool = False

    @property
    def computed(self) -> str:
        """The class that follows from what the checker finds; `not tried` where it reads no call of `aws`."""
        if not self.found:
            return RUNS if self.checked else UNTRIED
        return REFUSED if any(finding.rule not in ACCEPTED for finding in self.found) else OTHERWISE

    @property
    def broken(self) -> str | None:
        """Why the row no longer stands as it is written, in a sentence with its place; None where it does."""
        where = f"{self.place.file}:{self.place.line}: the command of line {self.line}"
        said = "; ".join(finding.what for finding in self.found) or "no finding"
        if self.remaining:
            return f"{where} is corrected to one that is wrong: {self.remaining[0].what}"
        if self.by == CHECKER and self.computed != self.stated:
            return f"{where} is stated as {self.stated!r} and is {self.computed!r} ({said}); correct the row"
        if self.found and self.stated in (RUNS, UNTRIED):
            return f"{where} is stated as {self.stated!r}, and the checker finds a fault ({said}); correct the row"
        return None


@dataclass(frozen=True, slots=True)
class Commands:
    """Every command of a guide, in its order."""

    typed: tuple[Typed, ...]

    @property
    def broken(self) -> tuple[str, ...]:
        """The rows that no longer stand as written, each as a sentence with its file and line."""
        return broken(self.typed)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many commands have each class, in the order of CLASSES."""
        return counted((one.stated for one in self.typed), CLASSES)


def commands(folder: Path, name: str = "") -> Commands | None:
    """The commands of the guide in a folder of pages, checked; None where it has none.

    Raises PlacedError with file and line for a row that cannot be used, NotInstalledError as `runbooks.check` does.
    """
    path = folder / COMMANDS
    if not path.is_file():
        return None
    stated = [_typed(place, row) for place, row in rows(path, f"{name or folder.name}/{COMMANDS}", COLUMNS)]
    for before, after in pairwise(stated):
        if after.line <= before.line:
            raise PlacedError(after.place, f"line {after.line} stands below line {before.line}; keep the guide's order")
    found, checked = _checked(stated, lambda one: one.command)
    remaining, _ = _checked(stated, lambda one: one.corrected or one.command)
    return Commands(
        tuple(
            replace(
                one,
                found=tuple(found.get(one.line, ())),
                remaining=tuple(remaining.get(one.line, ())) if one.corrected else (),
                checked=one.line in checked,
            )
            for one in stated
        )
    )


def _typed(place: Location, row: Mapping[str, str]) -> Typed:
    def wrong(problem: str) -> PlacedError:
        return PlacedError(place, f"the command of line {row['line'] or '?'} {problem}")

    for column in ("line", "chapter", "section", "kind", "command"):
        if not row[column]:
            raise wrong(f"has no {column}")
    if not row["line"].isdecimal():
        raise wrong("names no line; give `line` its number in the guide")
    if row["class"] not in CLASSES:
        raise wrong(f"has the class {row['class']!r}; it is one of {', '.join(CLASSES)}")
    if row["by"] not in (CHECKER, SERVER, READING):
        raise wrong(f"is judged by {row['by']!r}; it is one of {CHECKER}, {SERVER}, {READING}")
    if row["class"] != RUNS and not row["reason"]:
        raise wrong(f"is {row['class']!r}, and no reason says why")
    if row["by"] != CHECKER and row["class"] != UNTRIED and not row["evidence"]:
        raise wrong(f"is judged by {row['by']} without evidence; say which test types it, or where it is written")
    return Typed(
        place, int(row["line"]), row["chapter"], row["section"], row["kind"], row["command"], row["class"], row["by"],
        row["reason"], row["corrected"], row["evidence"], row["outcome"],
    )  # fmt: skip


def _checked(
    stated: Sequence[Typed], text: Callable[[Typed], str]
) -> tuple[Mapping[int, list[runbooks.Finding]], frozenset[int]]:
    """What the checker finds of each line, of all commands as one page; and the lines in which it reads a call of `aws`."""
    lines: list[str] = []
    of_line: dict[int, int] = {}
    for one in stated:
        shown = _PLACEHOLDER.sub(_variable, text(one)).splitlines()
        language = FENCES.get(one.kind, "bash")
        for written in (f"## {one.section}", "", f"```{language}", *shown, "```", ""):
            lines.append(written)
            of_line[len(lines)] = one.line
    result = runbooks.check(runbooks.parse("\n".join(lines), "guide"))
    found: dict[int, list[runbooks.Finding]] = {}
    for finding in result.findings:
        found.setdefault(of_line[finding.line], []).append(finding)
    unwritten = {of_line[finding.line] for finding in result.unchecked}
    calls = {of_line[command.line] for command in result.book.commands if re.search(r"\baws ", command.typed)}
    return found, frozenset(calls - unwritten)


def _variable(placeholder: re.Match[str]) -> str:
    """A value that the reader puts in, as a variable that is given."""
    return f"${{{placeholder[1].upper().replace('-', '_')}}}"
