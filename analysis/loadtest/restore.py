"""A restore that is drilled: rows loaded, dumped, lost, brought back from the dump and from the log, and compared.

It shows how long a logical dump takes to load on this machine, and that dump and log together give back every row. RDS restores
a volume in place of rows: its own time is not in it.
"""

from __future__ import annotations

import random
import re
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pymysql

from analysis.loadtest.crowd_file import SEED
from analysis.loadtest.kept import AFTER, ROWS, TEXT_BYTES
from analysis.loadtest.servers import SCHEMA, Database, LoadError, database, environment, found
from analysis.scratch import scratch_directory

BATCH: Final = 1_000

MEASURED: Final = ("load", "dump", "restore", "replay")


@dataclass(frozen=True, slots=True)
class State:
    """What is in a table: rows, the server's own checksum, and a digest over every column that does not depend on their order."""

    rows: int
    checksum: int
    digest: int


@dataclass(frozen=True, slots=True)
class Drill:
    """What a drill showed. Seconds of wall time by part; `dump_bytes` were dumped and restored, `log_bytes` replayed.

    `restored` is the state after the dump alone, `replayed` after the log; `before` and `lost` are what they have to be.
    """

    seconds: dict[str, float]
    dump_bytes: int
    log_bytes: int
    before: State
    lost: State
    restored: State
    replayed: State

    @property
    def holds(self) -> bool:
        """Whether the dump gave back what was dumped, and the log every row that was written since."""
        return self.restored == self.before and self.replayed == self.lost

    @property
    def restore_mb_s(self) -> float:
        """Megabytes of a dump that are restored in a second."""
        return self.dump_bytes / 1e6 / self.seconds["restore"]

    @property
    def without_log(self) -> int:
        """Rows that the dump alone does not give back."""
        return self.lost.rows - self.restored.rows


def drill(rows: int = ROWS, after: int = AFTER, said: Callable[[str], None] = lambda _: None, spoil: str = "") -> Drill:
    """Drills a restore with so many rows. Raises LoadError where the server or one of its tools fails.

    `spoil` is a statement between the restore and its check: the way to see that the check can fail.
    """
    seconds: dict[str, float] = {}

    @contextmanager
    def timed(part: str, what: str) -> Iterator[None]:
        said(what)
        begun = time.monotonic()
        yield
        seconds[part] = time.monotonic() - begun

    with scratch_directory("gameday-drill-") as scratch, database(scratch, log_bin=True) as store:
        dump = scratch / "dump.sql"
        with pymysql.connect(**store.arguments(), ssl_disabled=True, autocommit=True) as connection:
            draw = random.Random(SEED)  # noqa: S311 (rows, not secrets)
            with timed("load", f"loading {rows:,} rows"):
                _ask(connection, "CREATE TABLE entry (id BIGINT AUTO_INCREMENT PRIMARY KEY, game_id INT, minute INT, "
                                 "author VARCHAR(40), text TEXT, KEY game (game_id, id)) ENGINE=InnoDB")  # fmt: skip
                _write(connection, rows, draw)
            before = _state(connection)
            with timed("dump", "dumping them"):
                _run([_tool("mariadb-dump"), f"--defaults-file={store.defaults}", "--single-transaction", "--master-data=2",
                      "--no-tablespaces", f"--result-file={dump}", SCHEMA])  # fmt: skip
            _write(connection, after, draw)
            lost = _state(connection)
            (log, end), *_ = _ask(connection, "SHOW MASTER STATUS", 2)
            said("losing the table")
            _ask(connection, "DROP TABLE entry")
            with timed("restore", "restoring the dump"):
                _restore(store, dump)
            if spoil:
                _ask(connection, spoil)
            restored = _state(connection)
            name, start = _position(dump)
            if name != log:
                raise LoadError(f"the log went from {name} to {log} during the drill; drill fewer rows")
            with timed("replay", "replaying the log since"):
                _replay(store, store.data / name, start, int(end))
            replayed = _state(connection)
        return Drill(seconds, dump.stat().st_size, int(end) - start, before, lost, restored, replayed)


def _write(connection: Any, rows: int, draw: random.Random) -> None:
    """Writes rows in batches of one transaction each."""
    connection.autocommit(False)
    with connection.cursor() as cursor:
        for begun in range(0, rows, BATCH):
            cursor.executemany(
                "INSERT INTO entry (game_id, minute, author, text) VALUES (%s, %s, %s, %s)",
                [
                    (
                        draw.randrange(500),
                        draw.randrange(120),
                        f"desk {draw.randrange(9)}",
                        draw.randbytes(TEXT_BYTES // 2).hex(),
                    )
                    for _ in range(begun, min(rows, begun + BATCH))
                ],
            )
            connection.commit()
    connection.autocommit(True)


def _ask(connection: Any, statement: str, columns: int = 0) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return [row[:columns] if columns else row for row in cursor.fetchall()]


def _state(connection: Any) -> State:
    """What is in the table now; SHA-2 of each row, combined so that the order of rows does not count."""
    row = "SHA2(CONCAT_WS('|', id, game_id, minute, author, text), 256)"
    ((rows, digest),) = _ask(
        connection,
        f"SELECT COUNT(*), BIT_XOR(CAST(CONV(LEFT({row}, 15), 16, 10) AS UNSIGNED)) FROM entry",  # noqa: S608 (our own words)
    )
    ((_, checksum),) = _ask(connection, "CHECKSUM TABLE entry")
    return State(int(rows), int(checksum), int(digest))


def _position(dump: Path) -> tuple[str, int]:
    """The log and the place in it at which the dump was made."""
    with dump.open(encoding="utf-8", errors="replace") as text:
        head = text.read(20_000)
    found_at = re.search(r"MASTER_LOG_FILE='([\w.]+)', MASTER_LOG_POS=(\d+)", head)
    if found_at is None:
        raise LoadError("the dump does not say at which place of the log it was made, so the log cannot be replayed")
    return found_at[1], int(found_at[2])


def _client(store: Database) -> list[str]:
    """The client, whose statements are kept out of the log: a restore is not written twice."""
    return [_tool("mariadb"), f"--defaults-file={store.defaults}", "--init-command=SET sql_log_bin=0", SCHEMA]


def _restore(store: Database, dump: Path) -> None:
    with dump.open("rb") as text:
        _run(_client(store), stdin=text)


def _replay(store: Database, log: Path, start: int, end: int) -> None:
    """Types what the log holds between two places at the server."""
    command = [
        _tool("mariadb-binlog"),
        f"--start-position={start}",
        f"--stop-position={end}",
        "--disable-log-bin",
        str(log),
    ]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as reader:  # noqa: S603 (a tool we found)
        _run(_client(store), stdin=reader.stdout)
        if reader.wait():
            said = reader.stderr.read().decode(errors="replace").strip() if reader.stderr else ""
            raise LoadError(f"mariadb-binlog ended with status {reader.returncode} ({said[-300:]})")


def _run(command: Sequence[str], stdin: Any = subprocess.DEVNULL) -> None:
    done = subprocess.run(command, env=environment(), stdin=stdin, capture_output=True, text=True, check=False)  # noqa: S603 (a tool we found)
    if done.returncode:
        name = Path(command[0]).name
        raise LoadError(f"{name} ended with status {done.returncode} ({done.stderr.strip()[-300:]})")


def _tool(name: str) -> str:
    path = found(name)
    if path is None:
        raise LoadError(f"{name} not found")
    return path
