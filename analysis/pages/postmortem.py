"""A postmortem on its page: the sections of its record with their links, charts, what each change is worth, headroom."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

from markupsafe import Markup

from analysis import incidents
from analysis.alarms import Report
from analysis.capacity.queueing import Freshness
from analysis.documents import Section
from analysis.drawing import charts, tables
from analysis.drawing.charts import Limit, Panel, Series
from analysis.drawing.exports import Export
from analysis.drawing.figures import Figure
from analysis.drawing.tables import Cell, Column, Kind, State, significant, table
from analysis.facts.today import today
from analysis.incidents import OPEN, WRITTEN, Incident, Opened, Postmortem, Record, Row, Weighed
from analysis.pages import actions, exports, incident, links, source
from analysis.pages.model import Macro, Site
from analysis.pages.reads import cache

FILE_NAME = "incident.toml"
KIND = "incident"
"""What its files begin with."""

SCHEMA_URI = "reference/incident.schema.json"
"""Where the site describes the keys of its JSON."""

ANNOUNCES_S = 3600
"""A page that had been ringing for longer than this before the first impact is about something else."""


@cache
def postmortem_of(root: Path, stack: str) -> Postmortem:
    """The record of the incident beside a stack. Raises FactError where there is none, or where it is wrong."""
    read = incidents.read(root / "terraform" / "stacks" / stack / FILE_NAME)
    return incidents.postmortem(incidents.opened(read), today(), partial(actions.status, root))


def incident_of(root: Path, stack: str) -> Incident:
    """The incident's file, read."""
    return postmortem_of(root, stack).opened.incident


def record(root: Path, stack: str) -> Record:
    """What was weighed, from the file beside the incident."""
    return incidents.recorded(incident_of(root, stack))


# ---- the sections of the record ----------------------------------------------------------------------------------------------


def summary(root: Path, stack: str, page: str) -> Markup:
    """The first screen: the key figures, where they come from, and the files that hold the same record."""
    postmortem = postmortem_of(root, stack)
    pairs = [(fact.name, Markup("{}<br><small>{}</small>").format(fact.value, fact.note)) for fact in postmortem.facts]
    return Markup("{}\n{}\n<p><small>{}</small></p>").format(
        tables.definitions(pairs), exports.buttons(page, KIND, stack, incidents.TABLES, SCHEMA_URI), postmortem.source
    )


KINDS: Mapping[str, Kind] = {
    "UTC": "code", "Minute": "number", "Due": "code", "After first impact": "number", "Removes, user-minutes": "number",
    "Leaves": "number", "Share (Shapley)": "number", "USD a month": "number", "Flaw": "code", "Alarm": "code",
    "Rings, UTC": "code", "What is written": "wide", "Action": "wide", "Definition": "wide", "Closed by": "wide", "Why": "wide",
    "Moment": "head", "Undone, alone": "wide",
}  # fmt: skip
"""How the columns of the record are set on a page, by heading; the others are plain text."""

CHIPS: Mapping[str, State] = {
    "page": "bad", "ticket": "warn", "never": "bad", OPEN: "warn", f"{OPEN}, overdue": "bad", "deployed": "good",
    "verified in production": "good", "dropped": "plain", WRITTEN: "info", "reviewed": "info", "applied on the emulator": "info",
    "can never fire": "bad", "no data": "warn",
}  # fmt: skip
"""Words of the record that stand as chips, by what they mean."""


def section(root: Path, stack: str, page: str, title: str) -> Markup:
    """A section of the record, by its title, without its heading. Raises LookupError where the record has no such section."""
    every = {each.title: each for each in postmortem_of(root, stack).full().sections}
    if title not in every:
        raise LookupError(f"{page}: the record of {stack} has no section {title!r}; there are {', '.join(every)}")
    return _shown(root, stack, page, every[title])


def _shown(root: Path, stack: str, page: str, shown: Section) -> Markup:
    parts: list[Cell] = []
    if shown.items:
        kind = "ol" if shown.ordered else "ul"
        items = Markup("").join(Markup("<li>{}</li>").format(item) for item in shown.items)
        parts.append(Markup("<{0}>{1}</{0}>").format(Markup(kind), items))  # noqa: S704 (a constant)
    if shown.table and shown.table.rows:
        columns = [Column(head, KINDS.get(head, "text")) for head in shown.table.heads]
        rows = [
            [_cell(root, stack, page, head, text) for head, text in zip(shown.table.heads, row, strict=True)]
            for row in shown.table.rows
        ]
        parts.append(table(columns, rows, label=shown.title, caption=shown.note))
    text = Markup("<p>{}</p>\n").format(shown.text) if shown.text else Markup("")
    return text + Markup("\n").join(part or "" for part in parts)


def _cell(root: Path, stack: str, page: str, head: str, text: str) -> Cell:
    """A cell of the record with what a page can add: a link to the line, a chip for a state, code for code."""
    if head == "Closed by":
        return incident.closed_by(root, page, text)
    if head == "Where" and text:
        name, _, line = text.rpartition(":")
        return source.link(root, page, f"terraform/stacks/{stack}/{name}", int(line))
    if head in {"Severity", "Status", "Verdict", "UTC"} and text in CHIPS:
        return tables.chip(CHIPS[text], text)
    if head == "What is written":
        return tables.marked(text)
    return text


def timeline(root: Path, stack: str, page: str) -> Markup:
    """Everything that happened, on one clock, each line with its evidence beside it, and the letter of its mark in the chart."""
    postmortem = postmortem_of(root, stack)
    letters = {at: letter for letter, (at, _) in zip(LETTERS, _marks(postmortem), strict=False)}
    items = [
        Markup(
            '<li><time datetime="{:%Y-%m-%dT%H:%M:%SZ}">{:%H:%M:%S}<small>min {}</small></time><div>{}{}</div>'
            '<div class="g-evidence">'
            "{}</div></li>"
        ).format(row.at, row.at, postmortem.minute(row.at), _letter(letters, row), row.what, _known(root, page, row))
        for row in postmortem.opened.rows
    ]
    note = f"UTC; minutes are counted from {postmortem.clock}. {postmortem.source}"
    return Markup('<ol class="g-timeline g-timeline--evidence">{}</ol>\n<p><small>{}</small></p>').format(
        Markup("").join(items), note
    )


def _letter(letters: dict[dt.datetime, str], row: Row) -> Markup:
    """The letter of the mark at the row's time, for the first row of that time."""
    letter = letters.pop(row.at, "")
    return Markup("<b>{}</b> ").format(letter) if letter else Markup("")


def _known(root: Path, page: str, row: Row) -> Markup:
    """How a line is known, and its evidence: a link where it stands in a file that the site shows."""
    parts: list[Cell] = [row.known]
    if row.value:
        parts.append(row.value)
    if row.line is not None:
        parts.append(_line(root, page, *row.line))
    return Markup("; ").join(part or "" for part in parts)


def _line(root: Path, page: str, path: Path, number: int) -> Cell:
    name = (
        path.resolve().relative_to(root.resolve()).as_posix() if path.resolve().is_relative_to(root.resolve()) else ""
    )
    shown = f"{path.name}:{number}"
    if name not in source.files(root):
        return tables.code(shown)
    return tables.link(links.relative(page, source.uri(name), source.anchor(number)), shown, "g-src")


# ---- the chart ---------------------------------------------------------------------------------------------------------------

BEFORE, AFTER = "as it was", "as it is now"
LETTERS = "ABCDEFGH"


def chart(postmortem: Postmortem) -> Figure:
    """Users, errors, age, answers and utilisation over one axis, on the stack that failed and, if named, on that of now."""
    before, after = postmortem.opened, postmortem.after
    both = ((BEFORE, before), *(((AFTER, after),) if after is not None else ()))
    start = before.incident.night.kick_off if before.incident.night else before.pack.start
    first, last = _stretch(before)

    def lines(column: Callable[[Opened], Sequence[float | None] | None]) -> tuple[Series, ...]:
        drawn = ((name, opened, column(opened)) for name, opened in both)
        return tuple(
            Series(name, _points(opened, values, start)[first:last])
            for name, opened, values in drawn
            if values is not None
        )

    crowd = Series("both" if after is not None else BEFORE, _points(before, before.seen.users or (), start)[first:last])
    late_s, slow_s = before.seen.late_s, before.incident.harm.slow_s
    parts = [
        Panel("users", (crowd,)),
        Panel("failed requests, %", lines(_failed), ",.1f"),
        Panel(
            "median age, s", lines(lambda o: _central(o.seen.age)), ",.1f", (Limit(late_s, "late"),) if late_s else ()
        ),
        # Where the age of what users see is known, it includes the time of the answer.
        Panel("answer, s", lines(_answers), ",.1f", (Limit(slow_s, "slow"),) if slow_s else ()),
        Panel("processors busy, %", lines(_processors)),
    ]
    parts = [part for part in parts if any(y is not None for line in part.series for _, y in line.points)]
    places = [
        Limit(round((at - start).total_seconds() / 60.0, 2), letter, vertical=True)
        for letter, (at, _) in zip(LETTERS, _marks(postmortem), strict=False)
    ]
    legend = [
        f"{letter} {at:%H:%M}, minute {postmortem.minute(at)}: {says}"
        for letter, (at, says) in zip(LETTERS, _marks(postmortem), strict=False)
    ]
    now = f" As it is now: {after.pack.origin.removeprefix('simulated: ')}." if after is not None else ""
    caption = f"{'; '.join(legend)}. {postmortem.source}{now}"
    return charts.panels(
        "The incident, before and after" if after is not None else "The incident",
        parts,
        x=f"UTC, and minutes from {postmortem.clock}",
        marks=places,
        caption=caption,
        clock=start.hour * 60 + start.minute,
    )


AROUND = (60, 30)
"""Minutes before the first impact and after the last that the charts show."""


def _stretch(opened: Opened) -> tuple[int, int]:
    """The minutes that the charts show: those around the impact, or the whole night where there is none."""
    felt, seen = opened.impact, opened.seen
    if felt.began is None or felt.ended is None:
        return 0, seen.minutes
    return max(0, seen.minute(felt.began) - AROUND[0]), min(seen.minutes, seen.minute(felt.ended) + AROUND[1])


def _points(
    opened: Opened, values: Sequence[float | None], kick_off: dt.datetime
) -> tuple[tuple[float, float | None], ...]:
    first = (opened.pack.start - kick_off).total_seconds() / 60.0
    return tuple((first + minute, value) for minute, value in enumerate(values))


def _failed(opened: Opened) -> list[float | None] | None:
    seen = opened.seen
    if "failed" not in seen.origins:
        return None
    asked = [max(n, bad) for n, bad in zip(seen.requests, seen.failed, strict=True)]
    return [100.0 * bad / n if n > 0 else None for bad, n in zip(seen.failed, asked, strict=True)]


def _central(series: Any) -> Sequence[float | None] | None:
    """The median of a series of times, else its mean; None where there is neither."""
    if series is None:
        return None
    points: Sequence[float | None] | None = series.points("p50") or series.points("Average")
    return points


def _answers(opened: Opened) -> Sequence[float | None] | None:
    return _central(opened.seen.answer) if opened.seen.age is None else None


def _processors(opened: Opened) -> list[float | None] | None:
    """Utilisation of the service's processors; None where no night was simulated."""
    if opened.night is None:
        return None
    values = opened.night.metric("service", "CPUUtilization").values["average"]
    return [None if value != value else float(value) for value in values]  # noqa: PLR0124 (NaN is not itself)


def _marks(postmortem: Postmortem) -> list[tuple[dt.datetime, str]]:
    """Places on the axis with their meaning: first impact, the alarm before it, the last news, the first killed task."""
    opened, began = postmortem.opened, postmortem.opened.impact.began
    marks: list[tuple[dt.datetime, str]] = []
    if began is not None:
        marks.append((began, "users are affected from here on"))
        marks += [(at, f"today's alarm {name} would have rung") for at, name in _timely(postmortem.foreseen, began)]
        if postmortem.foreseen is None and opened.paged is not None:
            marks.append(opened.paged)
    marks += [(news.entry.at, news.entry.what.rstrip(".").lower()) for news in opened.impact.news[-1:]]
    killed = [row for row in opened.rows if row.what.lower().startswith("task stopped")]
    marks += [(killed[0].at, "the task is stopped for the first time")] if killed else []
    return sorted(marks)


def _timely(report: Report | None, began: dt.datetime) -> list[tuple[dt.datetime, str]]:
    """The first page that would have announced the impact: when, and which alarm; nothing where none would."""
    rung = [
        (began - dt.timedelta(seconds=row.lead_s), row.alarm)
        for row in (report.rows if report is not None else ())
        if row.severity == "page" and row.lead_s is not None and 0 < row.lead_s <= ANNOUNCES_S
    ]
    return sorted(rung)[:1]


@cache
def figure(root: Path, stack: str) -> Figure:
    """The chart of the incident beside a stack, before and after."""
    return chart(postmortem_of(root, stack))


def night_charts(root: Path, stack: str) -> Markup:
    """The same for a page."""
    return Markup(figure(root, stack).html())  # noqa: S704 (its texts are escaped where it is made)


def export_of(root: Path, stack: str) -> Export:
    """The incident beside a stack as files."""
    return Export(postmortem_of(root, stack), partial(figure, root, stack))


# ---- what would have been ----------------------------------------------------------------------------------------------------


def counterfactuals(root: Path, stack: str, group: str) -> Markup:
    """Each change alone, its share, and what it costs; `group` is `factors` or `actions`."""
    weighed = _group(root, stack, group)
    plain = _mean_range(weighed.harm(()))
    rows: list[tables.Row | Sequence[Cell]] = [["", "Nothing changed", plain, "", "", "", ""]]
    for change in weighed.changes:
        usd = weighed.extra_usd(change.id)
        per = weighed.minutes_per_usd(change.id)
        rows.append(
            [
                change.id,
                change.name,
                _mean_range(weighed.harm({change.id})),
                _mean_range(weighed.alone(change.id), signed=True),
                _mean_range(weighed.shares[change.id], signed=True),
                f"{usd:+,.2f} $".replace("-", "−") if usd else "0",
                "costs nothing" if per is None else significant(per) if per > 0 else "−",
            ]
        )
    all_ids = weighed.ids
    rows.append(
        tables.Row(
            [
                "",
                "All of them",
                _mean_range(weighed.harm(all_ids)),
                "",
                _mean_range(weighed.total, signed=True),
                "",
                "",
            ],
            total=True,
        )
    )
    did = (
        ("Impact without it", "Impact that it alone prevents")
        if weighed.taken_away
        else ("Impact with it", "Impact that it alone removes")
    )
    columns = [
        Column("", "code"), Column("Taken away" if weighed.taken_away else "Undone", "wide"), Column(did[0], "number"),
        Column(did[1], "number"), Column("Share (Shapley)", "number"), Column("A month", "number"),
        Column("Share for a dollar", "number"),
    ]  # fmt: skip
    return table(columns, rows, label=f"Counterfactuals: {group}", caption=_basis(weighed))


def pairs(root: Path, stack: str, group: str) -> Markup:
    """Every two changes together: the impact that is left, with single changes on the diagonal."""
    weighed = _group(root, stack, group)
    rows: list[Sequence[Cell]] = []
    for one in weighed.ids:
        both = (significant(round(fmean(weighed.harm({one, other})))) for other in weighed.ids)
        rows.append([tables.code(one), *both])
    columns = [Column("", "head"), *(Column(name, "number") for name in weighed.ids)]
    word = "taken away" if weighed.taken_away else "undone"
    caption = f"User-minutes affected with two of them {word}, single ones on the diagonal; mean of {len(weighed.seeds)} seeds."
    return table(columns, rows, label=f"Pairs: {group}", caption=caption)


def shares_chart(root: Path, stack: str, group: str) -> Markup:
    """The Shapley shares as bars."""
    weighed = _group(root, stack, group)
    rows = [
        (
            change.id if len(change.id) > LONG_ID else _short(f"{change.id} {change.name}"),
            "share",
            round(fmean(weighed.shares[change.id])),
        )
        for change in weighed.changes
    ]
    what = "actions keep away" if weighed.taken_away else "flaws undone remove"
    title = f"Shares of the impact that {what}"
    figure = charts.bars(title, rows, unit="user-minutes", number=",.0f", caption=_basis(weighed))
    return Markup(figure.html())  # noqa: S704 (its texts are escaped where it is made)


LABEL = 19
"""Letters of a name that stand beside a bar; the table has the whole name."""

LONG_ID = 3
"""An id longer than this is a word and stands beside its bar alone."""


def _short(name: str) -> str:
    return name if len(name) <= LABEL else f"{name[: LABEL - 1].rstrip()}…"


def most_alone(root: Path, stack: str, group: str) -> tuple[str, float]:
    """The change that alone removes most: its name, and what it removes as a share of the night's impact."""
    weighed = _group(root, stack, group)
    change = max(weighed.changes, key=lambda change: fmean(weighed.alone(change.id)))
    return change.name, fmean(weighed.alone(change.id)) / fmean(weighed.harm(()))


def _group(root: Path, stack: str, group: str) -> Weighed:
    weighed = {"factors": record(root, stack).factors, "actions": record(root, stack).actions}.get(group)
    if weighed is None:
        raise ValueError(
            f"{stack}: there is no group {group!r} of changes that was weighed; there are factors and actions"
        )
    return weighed


def _basis(weighed: Weighed) -> str:
    seeds = ", ".join(str(seed) for seed in weighed.seeds)
    return (
        f"Reconstructed: user-minutes affected on {weighed.stack}, an update being late from {weighed.late_s:.3g} s on; mean and "
        f"range over the seeds {seeds}. Shares are exact over all {len(weighed.outcomes)} sets and add up."
    )


def _mean_range(values: Sequence[float], *, signed: bool = False) -> Cell:
    """The mean over the seeds, and below it the range where there is one."""

    def shown(value: float) -> str:
        text = significant(abs(round(value)))
        return f"−{text}" if value <= -0.5 else f"+{text}" if signed and value >= 0.5 else text

    mean, low, high = fmean(values), min(values), max(values)
    if round(low) == round(high):
        return shown(mean)
    return Markup("{}<br><small>{} to {}</small>").format(shown(mean), shown(low), shown(high))


def more_tasks(root: Path, stack: str, cache_variable: str) -> Markup:
    """The obvious remedy, more tasks and nothing else: errors, connections, and what `cache_variable`, a cache in each, does."""
    opened, weighed = postmortem_of(root, stack).opened, record(root, stack)
    assert opened.study is not None  # noqa: S101 (a simulated night has one)
    bench = incidents.Bench(opened.incident, weighed.factors.late_s)
    rows: list[Sequence[Cell]] = []
    for step, outcomes in [
        (None, weighed.factors.outcomes[frozenset()]),
        *((s, weighed.steps[s.id]) for s in opened.incident.steps),
    ]:
        path = bench.setup([step] if step else []).path
        tasks = int(path.service.tasks_at_start.value)
        per_task = int(path.pool_size.value) if path.pool_size else 0
        accepted = path.database.connections.value if path.database and path.database.connections else None
        kept_s = float(str(path.service.environment[cache_variable]))
        poll_s = float(bench.setup([step] if step else []).setting.think_s)
        literal = Freshness(0.0, (poll_s, kept_s)).percentile_s(0.5)
        over = accepted is not None and per_task * tasks > accepted
        claimed = f"{per_task * tasks} of {accepted:.0f}" if accepted else f"{per_task * tasks}"
        rows.append(
            [
                f"{tasks}",
                Markup("{} {}").format(claimed, tables.chip("bad", "refused") if over else ""),
                f"{100 * fmean(o.failed_share for o in outcomes):.1f} %",
                _mean_range([o.user_minutes for o in outcomes]),
                f"{fmean(o.age_p50_s or 0.0 for o in outcomes):.0f} s",
                f"{literal:.0f} s",
                f"{100 * (1 - 1 / tasks):.0f} %",
            ]
        )
    columns = [
        Column("Tasks", "head"), Column("Connections"), Column("Failed requests", "number"),
        Column("User-minutes affected", "number"), Column("Median age, worst minute", "number"),
        Column(f"Median age with {cache_variable}", "number"), Column("Next poll meets another task", "number"),
    ]  # fmt: skip
    caption = f"{_basis(weighed.factors)} The last two columns are closed formulas; the simulated night leaves that cache out."
    return table(columns, rows, label="Only more tasks", caption=caption)


def headroom(root: Path, stack: str, *, now: bool) -> Markup:
    """Users held on each kind of night, plain and with each change, and what gives way first."""
    incident_file = incident_of(root, stack)
    rooms = record(root, stack).rooms[1 if now else 0]
    names = {change.id: change.name for change in (incident_file.actions if now else incident_file.factors)}
    rows: list[Sequence[Cell]] = []
    for changes, by_hard in rooms.rooms.items():
        made = " and ".join(names[name][:1].lower() + names[name][1:] for name in changes.split("+") if name)
        word = "without: " if now else "with: "
        cells: list[Cell] = [f"{word}{made}" if made else "As it is" if now else "As it was"]
        for hard in incident_file.hard:
            room = by_hard[hard.id]
            users = "all that can be tried" if room.users is None else significant(room.users, 2)
            cells.append(Markup("{}<br><small>{}</small>").format(users, room.first[0] if room.first else ""))
        rows.append(cells)
    columns = [Column("Stack", "head"), *(Column(hard.name, "number") for hard in incident_file.hard)]
    caption = (
        f"Users held on {rooms.stack}: no minute of {incidents.ROOM_SEEDS} nights affects anybody, to a hundredth; below it, "
        "what gives way first beyond. 0: not even a few are spared."
    )
    return table(columns, rows, label=f"Headroom of {rooms.stack}", caption=caption)


def macros(site: Site) -> Mapping[str, Macro]:
    """The macros of a postmortem's page, each for the incident beside a stack."""
    root, here = site.root, site.here
    return {
        "incident_summary": lambda name: summary(root, name, here()),
        "incident_section": lambda name, title: section(root, name, here(), title),
        "incident_timeline": lambda name: timeline(root, name, here()),
        "incident_charts": lambda name: night_charts(root, name),
        "incident_counterfactuals": lambda name, group: counterfactuals(root, name, group),
        "incident_pairs": lambda name, group: pairs(root, name, group),
        "incident_shares": lambda name, group: shares_chart(root, name, group),
        "incident_more_tasks": lambda name, variable: more_tasks(root, name, variable),
        "incident_headroom": lambda name, now=False: headroom(root, name, now=now),
        "best_alone": lambda name, group: tables.inline(most_alone(root, name, group)[0]),
        "best_alone_share": lambda name, group: tables.inline(f"{100 * most_alone(root, name, group)[1]:.0f} %"),
    }
