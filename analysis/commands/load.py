"""`gameday load` and `gameday drill`: what the model computes, measured on real servers of this machine."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Column, Table

from analysis import evidence, files
from analysis.commands.common import (
    FINDINGS,
    AsJson,
    Directory,
    day_of,
    ended_as_by_ctrl_c,
    err,
    out,
    print_json,
    refusals,
    refuse,
)
from analysis.evidence import Record
from analysis.loadtest import crowd_file, kept
from analysis.loadtest import servers as real
from analysis.loadtest.measured import NotMeasuredError
from analysis.loadtest.servers import LoadError
from analysis.loadtest.tested import Tested, tested
from analysis.studies import Studies, StudyError

Recorded = Annotated[bool, typer.Option("--record", help="Keep what was measured in a file beside the stack.")]
Date = Annotated[str, typer.Option("--date", metavar="YYYY-MM-DD", help="The day to record; else today's.")]


def load(
    directory: Directory,
    write: Annotated[
        Path | None,
        typer.Option(
            "--write", metavar="FILE", help="Measure nothing: write the crowd for Locust, to point at staging."
        ),
    ] = None,
    record: Recorded = False,
    date: Date = "",
    as_json: AsJson = False,
) -> None:
    """One task's program under a growing crowd, on real servers of this machine: its knee and its processor time. Minutes."""
    day = day_of(date)
    with refusals(LoadError, StudyError, NotMeasuredError, OSError):
        plan = _plan(directory)
        if write is not None:
            files.write(write, crowd_file.written(plan))
            out.print(f"locust -f {write} --headless --host https://STAGING", highlight=False, soft_wrap=True)
            return
        _servers(real.OWN if plan.stand_in else real.LOAD)
        if plan.stand_in and (lacking := plan.stand_in.missing()):
            refuse(lacking)
        from analysis.loadtest import record as records  # noqa: PLC0415 (of an extra)
        from analysis.loadtest import run  # noqa: PLC0415 (as above)

        rests_on = kept.load_basis(plan)
        with ended_as_by_ctrl_c(), err.status("starting the servers") as status:
            found = run.load_test(plan, said=lambda text: status.update(escape(text)))
        content = records.loaded(found, records.keep_samples(found, Path("out") / "load" / f"{plan.stack}.jsonl.gz"))
        if record and content["check"]["holds"]:
            evidence.write(evidence.beside(directory, kept.LOADED), Record(kept.LOADED, day, rests_on, content))
    if as_json:
        print_json(content)
    else:
        _tell(content)
    if not content["check"]["holds"]:
        raise typer.Exit(FINDINGS)


def drill(directory: Directory, record: Recorded = False, date: Date = "", as_json: AsJson = False) -> None:
    """Rows loaded, dumped, lost, restored and compared on a real server: how fast, and whether all came back. Minutes."""
    day = day_of(date)
    with refusals(LoadError, OSError):
        _servers()
        from analysis.loadtest import record as records  # noqa: PLC0415 (of an extra)
        from analysis.loadtest import restore  # noqa: PLC0415 (as above)

        with ended_as_by_ctrl_c(), err.status("starting MariaDB") as status:
            found = restore.drill(said=lambda text: status.update(escape(text)))
        content = records.drilled(found)
        if record:
            path = evidence.beside(directory, kept.DRILLED)
            evidence.write(path, Record(kept.DRILLED, day, kept.drill_basis(), content))
    if as_json:
        print_json(content)
    else:
        seconds = found.seconds
        out.print(
            f"{found.before.rows:,} rows, a dump of {found.dump_bytes / 1e6:,.0f} MB: dumped in {seconds['dump']:.1f} s, "
            f"restored in {seconds['restore']:.1f} s ({found.restore_mb_s:.1f} MB/s). "
            f"{found.without_log:,} rows written after the dump came back from the log in {seconds['replay']:.1f} s.",
            highlight=False,
        )
        out.print(
            "Every row is the one that was written." if found.holds else "The rows are NOT those that were written."
        )
    if not found.holds:
        raise typer.Exit(FINDINGS)


def _plan(directory: Path) -> Tested:
    place = Path(os.path.abspath(directory))  # noqa: PTH100 (Path.resolve fails on a loop of links)
    return tested(Studies(place.parent).study(place.name))


def _servers(programs: Sequence[str] = real.LOAD) -> None:
    if lacking := real.missing(programs):
        refuse(lacking)


def _tell(content: dict[str, Any]) -> None:
    table = Table(
        "Run", Column("Users", justify="right"), Column("Offered /s", justify="right"), Column("Answered /s", justify="right"),
        Column("Failed", justify="right"), Column("p95, s", justify="right"), Column("Age p95, s", justify="right"),
        Column("CPU, ms", justify="right"),
    )  # fmt: skip
    for name, steps in content["runs"].items():
        for step in steps:
            for server, of in step.items():
                cells = (
                    of["users"],
                    of["offered_per_s"],
                    of["answered_per_s"],
                    of["failed"],
                    of["p95_s"],
                    of["age_p95_s"],
                )
                shown = ("" if cell is None else f"{cell:,g}" for cell in cells)
                table.add_row(f"{name}: {server}", *shown, f"{of['cpu_ms'].get(server, 0):g}")
    out.print(table)
    knee, check = content["knee"], content["check"]
    out.print(
        f"Full at {knee['per_s']:g} requests a second with {knee['given']:g} of a processor ({knee['per_s_at_share']:g} with "
        f"{content['vcpu']:g}); {1000 * knee['cpu_s']:g} ms of processor time each. Held by: {content['held']}.",
        highlight=False,
    )
    said = "as computed" if check["holds"] else "NOT as computed"
    out.print(
        f"A handler slowed by {1000 * check['slowed_s']:g} ms moves it to {check['measured']:.3f} of that; computed "
        f"{check['computed']:.3f}: {100 * check['off']:+.1f} %, {said}.",
        highlight=False,
    )
