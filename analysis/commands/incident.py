"""`gameday incident`: what an incident did to its users, what would have been, and a page to begin a postmortem with."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Column, Table

from analysis import evidence
from analysis.commands.common import FINDINGS, AsJson, day_of, err, out, print_json, refusals, refuse

if TYPE_CHECKING:
    from analysis.incidents import Incident, Opened, Weighed

app = typer.Typer(
    help="What an incident did to its users, would it happen again, what each change is worth, and a page to begin with.",
    no_args_is_help=True,
)

File = Annotated[
    Path, typer.Argument(metavar="FILE", help="A TOML file with [night] or [pack], or the directory of incident.toml.")
]


def _read(file: Path) -> Incident:
    from analysis import incidents  # noqa: PLC0415 (pulls in the compiler)

    return incidents.read(file)


def _kinds() -> tuple[type[Exception], ...]:
    from analysis.incidents import IncidentError  # noqa: PLC0415
    from analysis.night import NightError  # noqa: PLC0415 (pulls in the compiler)
    from analysis.studies import StudyError  # noqa: PLC0415

    return IncidentError, NightError, StudyError


@app.command()
def show(file: File, as_json: AsJson = False) -> None:
    """Impact in user terms, and how long detection, engagement, mitigation and recovery took."""
    from analysis import incidents  # noqa: PLC0415 (pulls in the compiler)

    with refusals(*_kinds()):
        opened = incidents.opened(_read(file))
        found = incidents.to_json(opened)
    if as_json:
        print_json(found)
        return
    _impact_table(opened)
    out.print(_course(opened))
    for note in opened.seen.notes:
        out.print(f"Not computed: {escape(note)}", highlight=False)


def _impact_table(opened: Opened) -> None:
    from analysis import incidents  # noqa: PLC0415 (pulls in the compiler)

    table = Table(Column("What"), Column("", overflow="fold"), title=escape(opened.incident.title))
    table.caption = escape(opened.pack.origin)
    for name, value in incidents.sentences(opened):
        table.add_row(name, escape(value))
    out.print(table)


def _course(opened: Opened) -> Table:
    table = Table("UTC", Column("What", overflow="fold"), "Known by", Column("Evidence", overflow="fold"))
    for row in opened.rows:
        evidence = f"{row.line[0].name}:{row.line[1]}" if row.line else row.value
        table.add_row(f"{row.at:%H:%M:%S}", escape(row.what), escape(row.known), escape(evidence))
    return table


@app.command()
def again(file: File, as_json: AsJson = False) -> None:
    """Would it happen again? The incident's crowd, and the one it is meant for, on the stack as it is now."""
    from analysis import incidents  # noqa: PLC0415 (pulls in the compiler)

    with refusals(*_kinds()):
        trials = list(incidents.trials(_read(file)))
    if as_json:
        names = ("stack", "scenario", "users", "seed", "minutes", "why", "crashes")
        print_json([{name: getattr(trial, name) for name in names} for trial in trials])
    else:
        table = Table("Stack", "Crowd", Column("Users", justify="right"), "Seed", "Minutes of impact", "Why")
        for trial in trials:
            table.add_row(
                trial.stack, trial.scenario, f"{trial.users:,}", str(trial.seed), str(trial.minutes), trial.why
            )
        out.print(table)
    if any(trial.crashes for trial in trials):
        raise typer.Exit(FINDINGS)


@app.command()
def weigh(
    file: File,
    record: Annotated[bool, typer.Option("--record", help="Write the record beside the file.")] = False,
    date: Annotated[str, typer.Option("--date", help="The day of the record; else today.")] = "",
    as_json: AsJson = False,
) -> None:
    """What each flaw did and what each action is worth: every set of them over the incident's seeds. Takes minutes."""
    from analysis import incidents  # noqa: PLC0415 (pulls in the compiler)

    with refusals(*_kinds()):
        incident = _read(file)
        late_s = incidents.opened(incident).seen.late_s
        if late_s is None:
            refuse(f"{file}: nothing says from when on updates are late; give harm.late_s")
        sets = 2 ** len(incident.factors) + 2 ** len(incident.actions)
        with err.status(f"Simulating the nights of {sets} sets of changes"):
            rests_on, day = incidents.record_basis(incident), day_of(date)
            made = incidents.weighed_anew(incident, late_s)
    if record:
        kept = evidence.Record(incidents.KIND, day, rests_on, incidents.record_content(made))
        evidence.write(incidents.record_path(incident), kept)
        out.print(f"{escape(str(incidents.record_path(incident)))} is written.", highlight=False, soft_wrap=True)
    groups = [group for group in (made.factors, made.actions) if group is not None]
    if as_json:
        print_json([_weighed_json(group) for group in groups])
        return
    for group in groups:
        out.print(_shares(group))


def _shares(weighed: Weighed) -> Table:
    what = "each action taken away" if weighed.taken_away else "each flaw undone"
    title = f"{weighed.stack}: {what}, {len(weighed.outcomes)} sets × {len(weighed.seeds)} seeds, user-minutes affected"
    table = Table("Change", title=title)
    for heading in ("Alone", "Share (Shapley)", "From", "To", "USD a month", "Minutes per USD"):
        table.add_column(heading, justify="right")
    for change in weighed.changes:
        shares, usd = weighed.shares[change.id], weighed.minutes_per_usd(change.id)
        table.add_row(
            escape(f"{change.id}: {change.name}"),
            f"{fmean(weighed.alone(change.id)):+,.0f}",
            f"{fmean(shares):+,.0f}",
            f"{min(shares):+,.0f}",
            f"{max(shares):+,.0f}",
            f"{weighed.extra_usd(change.id):+,.2f}",
            "" if usd is None else f"{usd:,.0f}",
        )
    table.add_row(
        "All", "", f"{fmean(weighed.total):+,.0f}", f"{min(weighed.total):+,.0f}", f"{max(weighed.total):+,.0f}"
    )
    return table


def _weighed_json(weighed: Weighed) -> dict[str, Any]:
    return {
        "stack": weighed.stack,
        "changes": "taken away" if weighed.taken_away else "undone",
        "seeds": list(weighed.seeds),
        "late_s": weighed.late_s,
        "removed_by_all": [round(value, 3) for value in weighed.total],
        "shares": [
            {
                "id": change.id,
                "name": change.name,
                "alone": [round(value, 3) for value in weighed.alone(change.id)],
                "shapley": [round(value, 3) for value in weighed.shares[change.id]],
                "usd_month": str(round(weighed.extra_usd(change.id), 2)),
                "minutes_per_usd": weighed.minutes_per_usd(change.id),
            }
            for change in weighed.changes
        ],
    }


@app.command()
def new(
    pack: Annotated[Path, typer.Argument(metavar="PACK", help="What `aws cloudwatch get-metric-data` printed.")],
    page: Annotated[
        Path, typer.Argument(metavar="PAGE", help="The Markdown file to begin; a .toml and a .csv lie beside it.")
    ],
    title: Annotated[str, typer.Option("--title", help="What the incident is called.")] = "Incident",
    stack: Annotated[
        Path | None, typer.Option("--stack", metavar="DIR", help="Terraform whose alarms are replayed over the pack.")
    ] = None,
    late_s: Annotated[
        float | None, typer.Option("--late", metavar="SECONDS", help="From which age on what users see is too old.")
    ] = None,
    slow_s: Annotated[
        float | None, typer.Option("--slow", metavar="SECONDS", help="From which answer time on users wait too long.")
    ] = None,
    poll_s: Annotated[
        float | None,
        typer.Option("--poll", metavar="SECONDS", help="How often each user asks: makes users of requests."),
    ] = None,
    gaps: Annotated[
        str, typer.Option("--gaps", help="`missing`: CloudWatch had no datapoint there either; else a gap is refused.")
    ] = "refuse",
) -> None:
    """Begins a postmortem for an incident of your own: impact, times, alarms, and the night as data. Overwrites nothing."""
    from analysis import incidents  # noqa: PLC0415 (pulls in the compiler)

    if gaps not in {"refuse", "missing"}:
        refuse(f"--gaps {gaps}: write refuse or missing")
    with refusals(*_kinds()):
        begun = incidents.begin(
            pack, page, title=title, stack=stack, late_s=late_s, slow_s=slow_s, poll_interval_s=poll_s, gaps=gaps
        )
    for path in begun:
        out.print(escape(str(path)), highlight=False, soft_wrap=True)
