"""`gameday calibrate`: which values of what nobody recorded give the symptoms that were reported, with every set tried."""

from __future__ import annotations

import csv
import datetime as dt
import io
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from analysis import evidence, facts, files, studies
from analysis.architecture import Architecture
from analysis.commands.common import (
    FINDINGS,
    AsJson,
    Directory,
    complete,
    day_of,
    err,
    modelled,
    out,
    print_json,
    refusals,
)
from analysis.evidence import Record
from analysis.night import calibration_plan
from analysis.night.calibration_plan import SETS, folder
from analysis.studies.recorded import CALIBRATION, CALIBRATION_FILE


def calibrate(
    directory: Directory,
    date: Annotated[str, typer.Option("--date", metavar="YYYY-MM-DD", help="The day to record; else today's.")] = "",
    jobs: Annotated[int, typer.Option("--jobs", min=-1, help="Processes; -1 for as many as processors.")] = -1,
    scheduler: Annotated[str | None, typer.Option("--scheduler", metavar="tcp://...", help="A Dask scheduler.")] = None,
    renew: Annotated[
        bool,
        typer.Option(
            "--renew", help="Search nothing: mark the record as of today if a sample of its sets still holds."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Finds a night that happened: tries the sets of calibration/design.toml and records them beside the stack."""
    from analysis.night import NightError, calibration  # noqa: PLC0415 (pulls in the compiler)

    with refusals(NightError):
        stack = modelled(directory)
        plan, day = calibration_plan.design(directory), day_of(date)
        model = complete(directory, (), ())
        scenario = facts.scenario(stack.scenario)
        if renew:
            _renew(directory, stack, model, scenario, day, jobs)
            return
        rests_on = studies.calibration_basis(directory)
        with Progress(console=err, transient=True) as progress:
            bar = progress.add_task("nights", total=plan.sets)
            search = calibration.searched(
                model,
                scenario,
                stack,
                plan,
                jobs=jobs,
                scheduler=scheduler,
                done=lambda done, total: progress.update(bar, completed=done, total=total),
            )
        record = {
            "versions": {name: version(name) for name in ("gameday-notebook", "numpy")},
            **calibration.record(search),
        }
    rows = io.StringIO()
    csv.writer(rows, lineterminator="\n").writerows(calibration.table(search))
    files.write_own(folder(directory) / SETS, rows.getvalue())
    evidence.write(folder(directory) / CALIBRATION_FILE, Record(CALIBRATION, day, rests_on, record))
    if as_json:
        print_json(record)
        return
    counts, chosen = record["counts"], record["chosen"]
    out.print(f"{counts['tried']:,} sets tried, {counts['near']:,} near, {counts['fitting']:,} fit.", highlight=False)
    out.print(f"Chosen: set {chosen['set']}, {chosen['departure']:.3g} from the central values.", highlight=False)
    for name, value in chosen["values"].items():
        out.print(f"  {name} = {value:g}", highlight=False)
    for name, figure in chosen["figures"].items():
        out.print(f"  {name}: {figure:.4g}", highlight=False)


SAMPLE = 40


def _renew(
    directory: Path, stack: facts.Stack, model: Architecture, scenario: facts.Scenario, day: dt.date, jobs: int
) -> None:
    """Lets the record rest on what there is now, where a sample of its sets gives the same figures as ever."""
    from analysis.night import calibration  # noqa: PLC0415 (pulls in the compiler)

    found = studies.calibration(directory)
    wrong = calibration.differing(model, scenario, stack, found, SAMPLE, jobs=jobs)
    if wrong:
        err.print(
            f"gameday: the sets {', '.join(map(str, wrong))} give other figures now; search again without --renew"
        )
        raise typer.Exit(FINDINGS)
    record = Record(CALIBRATION, day, studies.calibration_basis(directory), found.record)
    evidence.write(folder(directory) / CALIBRATION_FILE, record)
    out.print(
        f"A sample of {SAMPLE} sets and the chosen one give the figures of the record; it rests on what is there now."
    )
