"""`gameday incident`: what an incident did to its users, what would have been, and a page to begin a postmortem with."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Column, Table

from analysis import documents, evidence, facts
from analysis.commands.common import FINDINGS, AsJson, day_of, err, out, print_json, refusals, refuse

if TYPE_CHECKING:
    from analysis.drawing.figures import Figure
    from analysis.incidents import Incident, Postmortem, Weighed

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


def _postmortem(file: Path) -> Postmortem:
    """The record of the incident in a file, as it stands today."""
    from analysis import incidents  # noqa: PLC0415 (pulls in the compiler)

    incident = _read(file)
    status = None
    if any(action.done_when for action in incident.review.actions):
        from analysis.pages import actions  # noqa: PLC0415 (reads the stacks of the checkout)

        places = (path for path in incident.path.resolve().parents if (path / "terraform" / "stacks").is_dir())
        root = next(places, None)
        status = partial(actions.status, root) if root else None
    return incidents.postmortem(incidents.opened(incident), facts.today(), status)


@app.command()
def show(file: File, as_json: AsJson = False) -> None:
    """Impact in user terms, how long detection, engagement, mitigation and recovery took, and what is still to be answered."""
    from analysis import incidents  # noqa: PLC0415 (pulls in the compiler)

    with refusals(*_kinds()):
        postmortem = _postmortem(file)
        answer = incidents.to_json(postmortem)
    if as_json:
        print_json(answer)
        return
    table = Table(
        Column("What"), Column("", overflow="fold"), Column("", overflow="fold"), title=escape(answer["title"])
    )
    table.caption = escape(postmortem.source)
    for fact in postmortem.facts:
        table.add_row(fact.name, escape(fact.value), escape(fact.note))
    out.print(table)
    out.print(_listed(postmortem.tables["timeline"]))
    for question in postmortem.questions:
        out.print(f"- {escape(question)}", highlight=False)


def _listed(timeline: documents.Table) -> Table:
    table = Table(*(Column(head, overflow="fold") for head in timeline.heads))
    for row in timeline.rows:
        table.add_row(*map(escape, row))
    return table


@app.command()
def export(
    file: File,
    form: Annotated[
        str,
        typer.Option(
            "--format", metavar="FORMAT", help="one-page, pdf, md, timeline, actions, minutes (CSV), or json."
        ),
    ] = "md",
    target: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where it goes; else to standard output.")
    ] = None,
) -> None:
    """The record of an incident as a file: PDF, Markdown for a wiki, a table as CSV, or JSON."""
    from analysis import files, incidents  # noqa: PLC0415 (pulls in the compiler)
    from analysis.drawing import exports  # noqa: PLC0415 (not needed for anything else here)

    known = exports.formats(incidents.TABLES)
    if form not in known:
        refuse(f"--format {form}: write one of {', '.join(known)}")
    if target is None and form in PAPER and sys.stdout.isatty():
        refuse(f"--format {form}: a PDF is not for a terminal; give --out FILE")
    with refusals(*_kinds()):
        postmortem = _postmortem(file)
        content = exports.Export(postmortem, lambda: _chart(postmortem)).content(form)
    data = content.encode() if isinstance(content, str) else content
    if target is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        return
    try:
        files.write(target, data)
    except OSError as error:
        refuse(f"{target}: {error.strerror}")
    out.print(f"{escape(str(target))} is written.", highlight=False, soft_wrap=True)


PAPER = frozenset({"pdf", "one-page"})
"""Formats that are not text."""


def _chart(postmortem: Postmortem) -> Figure:
    """The chart of a report on paper."""
    from analysis.pages import postmortem as page  # noqa: PLC0415 (only the extra `site` brings what it needs)

    return page.chart(postmortem)


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
    pack: Annotated[
        Path,
        typer.Argument(
            metavar="SERIES",
            help="What `get-metric-data` printed, or a .csv: time, metric, value.",
        ),
    ],
    page: Annotated[
        Path, typer.Argument(metavar="PAGE", help="The Markdown report to write; its .toml and its .csv lie beside it.")
    ],
    title: Annotated[str, typer.Option("--title", help="What the incident is called.")] = "Incident",
    stack: Annotated[
        Path | None, typer.Option("--stack", metavar="DIR", help="Terraform whose alarms are replayed over the series.")
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
    """A report of your own incident: onset, detection, end, impact, alarms, and questions to answer. Overwrites nothing."""
    from analysis import incidents  # noqa: PLC0415 (pulls in the compiler)

    if gaps not in {"refuse", "missing"}:
        refuse(f"--gaps {gaps}: write refuse or missing")
    with refusals(*_kinds()):
        begun = incidents.begin(
            pack,
            page,
            as_of=facts.today(),
            title=title,
            stack=stack,
            late_s=late_s,
            slow_s=slow_s,
            poll_interval_s=poll_s,
            gaps=gaps,
        )
    for path in begun:
        out.print(escape(str(path)), highlight=False, soft_wrap=True)
