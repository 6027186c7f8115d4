"""`gameday alarms`: when each alarm of a stack fires over an incident; `gameday season`: how it does on many nights."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.progress import Progress
from rich.table import Column, Table

from analysis import alarms as layer
from analysis import evidence, facts, files, studies
from analysis import season as season_layer
from analysis.commands.common import (
    FINDINGS,
    AsJson,
    DataFile,
    Directory,
    FilesFrom,
    Placeholders,
    Runtime,
    ScenarioFile,
    Var,
    VarFile,
    about,
    complete,
    course,
    day_of,
    err,
    out,
    print_json,
    refusals,
    refuse,
    tell,
    tell_unreached,
    unreached_json,
)

if TYPE_CHECKING:
    from analysis.architecture import Architecture


def alarms(
    directory: Directory,
    pack: Annotated[
        Path | None,
        typer.Option(
            "--pack", metavar="FILE", help="JSON of `aws cloudwatch get-metric-data`; else a night is simulated."
        ),
    ] = None,
    var: Var = [],  # noqa: B006 (Typer copies)
    var_file: VarFile = [],  # noqa: B006 (Typer copies)
    placeholders: Placeholders = False,
    data: DataFile = [],  # noqa: B006 (Typer copies)
    files_from: FilesFrom = [],  # noqa: B006 (as above)
    harm_at: Annotated[
        str | None,
        typer.Option("--harm-at", metavar="TIME", help="When the first user was affected: 2026-03-07T20:45:00Z."),
    ] = None,
    gaps: Annotated[
        str, typer.Option("--gaps", help="`missing`: CloudWatch had no datapoint there either; else a gap is refused.")
    ] = "refuse",
    scenario: ScenarioFile = None,
    runtime: Runtime = None,
    users: Annotated[int | None, typer.Option("--users", min=1, help="Users at the peak of a simulated night.")] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of a simulated night.")] = 1,
    fault: Annotated[
        list[str], typer.Option("--fault", metavar="KIND@MINUTE", help="What goes wrong in a simulated night.")
    ] = [],  # noqa: B006 (Typer copies)
    save: Annotated[Path | None, typer.Option("--save", metavar="FILE", help="Write the incident as a pack.")] = None,
    as_json: AsJson = False,
) -> None:
    """When each alarm of the stack fires over an incident, how long before users are affected, and which can never fire."""
    if gaps not in ("refuse", "missing"):
        refuse(f"--gaps {gaps}: write refuse or missing")
    from analysis.night import NightError  # noqa: PLC0415 (pulls in the compiler)

    with refusals(NightError, studies.StudyError):
        found = complete(directory, var, var_file, placeholders=placeholders, data_files=data, shared=files_from)
        try:
            if pack is not None:
                incident = layer.load(pack, gaps="missing" if gaps == "missing" else "refuse")
            else:
                incident = _simulated(found, directory, scenario, runtime, seed, fault, users)
            hurt, known = _hurt(incident, harm_at)
            report = layer.backtest(found, incident, hurt)
        except ValueError as error:
            _tell_dead(found)
            refuse(str(error))
        false, why = _season(directory, bool(var or var_file))
    if save is not None:
        _write(save, layer.pack_to_json(replace(incident, harm_at=hurt)))
    if as_json:
        made = layer.to_json(report)
        for row in made["alarms"]:
            row["false_pages_a_season"] = None if false is None else false.get(row["alarm"], 0)
        print_json({**made, **unreached_json(found, directory), "harm_known_from": known, "season": why})
    else:
        out.print(_table(report, false))
        _why(report)
        err.print(f"First user affected: {known}. False pages in a season: {why}.", highlight=False, soft_wrap=True)
        tell(report.refused)
        tell_unreached(found, directory)
    if report.never or report.refused:
        raise typer.Exit(FINDINGS)


def _tell_dead(found: Architecture) -> None:
    """The alarms that can never fire, which needs no incident to know."""
    for alarm in layer.read(found).metric:
        sentences = [fault.sentence for fault in layer.faults(alarm, found) if fault.certain]
        if sentences:
            said = f"{alarm.name} can never fire, whatever the load: {'; '.join(sentences)}"
            err.print(escape(said), highlight=False, soft_wrap=True)


def _simulated(
    found: Architecture,
    directory: Path,
    scenario: Path | None,
    runtime: str | None,
    seed: int,
    faults: list[str],
    users: int | None,
) -> layer.Pack:
    from analysis import night  # noqa: PLC0415 (pulls in the compiler)

    made = studies.studied_night(
        found,
        course(directory, scenario),
        about(directory),
        seed,
        [night.fault(text) for text in faults],
        users,
        profile=facts.runtime(runtime) if runtime else None,
    )
    return replace(made.pack, harm_at=made.harm_at)


def _hurt(incident: layer.Pack, given: str | None) -> tuple[dt.datetime | None, str]:
    """When the first user was affected, and how that is known."""
    if given is not None:
        found = layer.moment(given)
        return found, f"{found:%H:%M}, as given"
    if incident.harm_at is not None:
        return incident.harm_at, f"{incident.harm_at:%H:%M}, as the pack says"
    harm = layer.harm_in(incident)
    if harm is None:
        return None, "nobody, as far as the pack shows; say otherwise with --harm-at"
    found = incident.start + dt.timedelta(minutes=harm.minute)
    return found, f"{found:%H:%M}, when {harm}"


def _season(directory: Path, changed: bool) -> tuple[Mapping[str, int] | None, str]:
    """False pages by alarm over the season that is recorded beside the stack, and where that is from or why it is not known."""
    if not (directory / season_layer.PLAN_FILE).is_file():
        return None, f"not known, because no {season_layer.PLAN_FILE} beside the stack says which nights make a season"
    if changed:
        return None, "not known for other values than the stack's own"
    if not (directory / season_layer.RECORD_FILE).is_file():
        return None, "not known; run `gameday season` first"
    record = season_layer.load(directory)
    if record.rests_on != season_layer.basis(season_layer.plan(directory)):
        return None, "not known, because the record is of other alarms or nights; run `gameday season` again"
    return record.season["false_pages"], f"of {record.season['nights']} quiet nights, simulated"


def _write(target: Path, made: Mapping[str, Any]) -> None:
    files.write(target, json.dumps(made, ensure_ascii=False) + "\n")


def _table(report: layer.Report, false: Mapping[str, int] | None) -> Table:
    """Each alarm with its verdict: when it fires, how long before first impact, how often for nothing, what AWS leaves open."""
    title = f"{report.stack}: {len(report.rows)} alarms over {report.minutes} minutes ({escape(report.origin)})"
    table = Table(
        Column("Alarm", overflow="fold", min_width=24), "Severity", "Verdict", "Fires", title=title, box=SIMPLE_HEAD
    )
    for heading in ("Lead", "False", "A season"):
        table.add_column(heading, justify="right")
    table.add_column("Range")
    for row in report.rows:
        table.add_row(
            escape(row.alarm),
            row.severity,
            row.verdict,
            " ".join(f"{episode.start:%H:%M}" for episode in row.episodes),
            "" if row.lead_s is None else f"{row.lead_s / 60:+.0f} min",
            str(row.false_pages or ""),
            "?" if false is None else str(false.get(row.alarm, 0)),
            "dependent" if row.range_dependent else "",
        )
    return table


def _why(report: layer.Report) -> None:
    """What an alarm's verdict rests on, each reason once with the alarms that have it."""
    reasons: dict[str, list[str]] = {}
    for row in report.rows:
        for reason in (
            *(["approximate: a percentile over several minutes is put together from theirs"] * row.approximate),
            *row.reasons,
        ):
            reasons.setdefault(reason, []).append(row.alarm)
    for reason, names in reasons.items():
        out.print(f"{escape(', '.join(names))}: {escape(reason)}", highlight=False, soft_wrap=True)


def season(
    directory: Directory,
    write: Annotated[
        bool, typer.Option("--write/--no-write", help="Write the record, season.json, beside the stack.")
    ] = True,
    date: Annotated[str, typer.Option("--date", metavar="YYYY-MM-DD", help="The day to record; else today's.")] = "",
    as_json: AsJson = False,
) -> None:
    """The stack's alarms on the nights of its season.toml: who is notified in time, and who is woken for nothing."""
    from analysis.night import NightError  # noqa: PLC0415 (pulls in the compiler)

    with refusals(NightError, studies.StudyError):
        plan = season_layer.plan(directory)
        rests_on, day = season_layer.basis(plan), day_of(date)
        with Progress(console=err, transient=True) as shown:
            task = shown.add_task("nights", total=season_layer.nights(plan))
            result = season_layer.run(plan, progress=lambda: shown.advance(task))
        made = season_layer.to_json(result, plan)
        model = studies.study(directory).architecture
    if write:
        evidence.write(directory / season_layer.RECORD_FILE, evidence.Record(season_layer.KIND, day, rests_on, made))
    record = season_layer.record(made)
    if as_json:
        print_json({**made, **unreached_json(model, directory)})
    else:
        tell_unreached(model, directory)
        out.print(_families(record))
        out.print(
            f"In time on {record.in_time} of {len(record.leads_s)} nights of a build-up ({record.share_in_time:.1%}); "
            f"{record.false_pages} false pages in {record.season['nights']} quiet nights.",
            highlight=False,
            soft_wrap=True,
        )
    if record.in_time < len(record.leads_s) or record.false_pages > plan.false_pages_goal:
        raise typer.Exit(FINDINGS)


def _families(record: season_layer.Record) -> Table:
    table = Table("Nights", Column("Gives way at", justify="right"), title="Alarms where the load builds up")
    for heading in ("With impact", "In time", "Shortest lead", "Median lead"):
        table.add_column(heading, justify="right")
    for family in record.families:
        leads = sorted(night.lead_s for night in family.hurt if night.lead_s is not None)
        table.add_row(
            escape(family.title),
            f"{family.breaks_at:,} users" if family.breaks_at else "",
            f"{len(family.hurt)} of {len(family.outcomes)}",
            str(family.in_time(record.goal["lead_s"])),
            f"{leads[0] / 60:+.0f} min" if leads else "",
            f"{leads[len(leads) // 2] / 60:+.0f} min" if leads else "",
        )
    return table
