"""A postmortem on its page: impact and times, the course with its evidence, charts, what each change is worth, headroom."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from markupsafe import Markup

from analysis import alarms, incidents
from analysis.alarms import Report
from analysis.capacity.queueing import Freshness
from analysis.drawing import charts, tables
from analysis.drawing.charts import Limit, Panel, Series
from analysis.drawing.tables import Cell, Column, significant, table
from analysis.incidents import Incident, Opened, Record, Row, Weighed
from analysis.pages import infrastructure, links, source
from analysis.pages.model import model
from analysis.pages.reads import cache

FILE_NAME = "incident.toml"
ANNOUNCES_S = 3600
"""A page that had been ringing for longer than this before the first impact is about something else."""

WORDS = {
    "impact": "First impact",
    "detection": "Detected",
    "engagement": "Taken up",
    "mitigation": "Impact over",
    "recovery": "Recovered",
}


@cache
def incident(root: Path, stack: str) -> Incident:
    """The incident beside a stack. Raises FactError where there is none, or where it is wrong."""
    return incidents.read(root / "terraform" / "stacks" / stack / FILE_NAME)


@cache
def failed(root: Path, stack: str) -> Opened:
    """The incident opened, under its first seed."""
    return incidents.opened(incident(root, stack))


@cache
def repaired(root: Path, stack: str) -> Opened:
    """The same crowd on the stack as it is now."""
    return incidents.simulated(incident(root, stack), now=True)


@cache
def foreseen(root: Path, stack: str) -> Report:
    """Today's alarms over the night that failed. Raises ValueError where the incident names no stack now."""
    found = incidents.foreseen(incident(root, stack), failed(root, stack))
    if found is None:
        raise ValueError(f"{stack}: the incident names no stack whose alarms could be tried")
    return found


@cache
def record(root: Path, stack: str) -> Record:
    """What was weighed, from the file beside the incident."""
    return incidents.recorded(incident(root, stack))


def impact(root: Path, stack: str) -> Markup:
    """The first screen: what users felt, in a few figures."""
    opened = failed(root, stack)
    felt, seen = opened.impact, opened.seen
    pairs: list[tuple[str, Cell]] = []
    if felt.began is not None and felt.ended is not None:
        pairs.append(
            _fact("Users were affected", f"{felt.hurt_minutes} min", f"{felt.began:%H:%M} to {felt.ended:%H:%M} UTC")
        )
    if felt.user_minutes_hurt is not None and felt.user_minutes:
        share = 100 * felt.user_minutes_hurt / felt.user_minutes
        pairs.append(
            _fact("User-minutes affected", significant(felt.user_minutes_hurt), f"{share:.0f} % of the night's")
        )
    failed_share = f"{100 * felt.failed_share:.0f} % of those made while users were affected"
    pairs.append(_fact("Failed requests", significant(felt.failed), failed_share))
    if felt.age_p50_s is not None:
        pairs.append(_fact("Updates late by", f"{felt.age_p50_s:.0f} s", "in the median, in the worst minute"))
    if felt.news:
        late = sum(news.late for news in felt.news)
        pairs.append(_fact("Goals seen late", f"{late} of {len(felt.news)}", "by half of the users or more"))
    if felt.budget is not None:
        months, objective = felt.budget.spent_share, 100 * felt.budget.objective.availability
        spent = f"{100 * months:,.0f} %" if months < 2 else f"{months:,.1f} times"
        pairs.append(_fact("Error budget spent", spent, f"of a month's, at {objective:g} %"))
    detected = next(moment for moment in opened.moments if moment.name == "detection")
    told = incidents.duration(detected.after_s) if detected.at is not None else "never"
    pairs.append(_fact("Detected", told, detected.how))
    return Markup("{}\n<p><small>{}</small></p>").format(tables.definitions(pairs), reconstructed(opened, seen.late_s))


def _fact(name: str, value: str, more: str) -> tuple[str, Cell]:
    return name, Markup("{}<br><small>{}</small>").format(value, more)


def reconstructed(opened: Opened, late_s: float | None = None) -> str:
    """Where simulated figures come from, in a sentence."""
    limit = f" An update is late from {late_s:.3g} s on." if late_s is not None else ""
    return f"Reconstructed, {opened.pack.origin}.{limit}"


def times(root: Path, stack: str) -> Markup:
    """First impact, detection, engagement, mitigation and recovery, each with its definition and how it is known."""
    rows: list[Sequence[Cell]] = [
        [
            WORDS[moment.name],
            f"{moment.at:%H:%M}" if moment.at is not None else tables.chip("bad", "never"),
            incidents.duration(moment.after_s) if moment.name != "impact" else "",
            moment.how,
            incidents.DEFINITIONS[moment.name],
        ]
        for moment in failed(root, stack).moments
    ]
    columns = [
        Column("Moment", "head"), Column("UTC", "code"), Column("After first impact", "number"), Column("Known by"),
        Column("Definition", "wide"),
    ]  # fmt: skip
    return table(columns, rows, label="Times")


def course(root: Path, stack: str, page: str) -> Markup:
    """The course of the incident, each line with what it rests on."""
    opened = failed(root, stack)
    items = [
        Markup("<li><time>{}</time><div>{} <small>{}</small></div></li>").format(
            f"{row.at:%H:%M:%S}", row.what, _known(root, page, row)
        )
        for row in opened.rows
    ]
    return Markup('<ol class="g-timeline">{}</ol>\n<p><small>{}</small></p>').format(
        Markup("").join(items), reconstructed(opened)
    )


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


BEFORE, AFTER = "as it was", "as it is now"


def night_charts(root: Path, stack: str) -> Markup:
    """Users, errors, age and utilisation over one axis, on the stack that failed and on the one of now."""
    before, after = failed(root, stack), repaired(root, stack)
    both = ((BEFORE, before), (AFTER, after))
    kick_off = before.incident.night.kick_off if before.incident.night else before.pack.start
    first, last = _stretch(before)

    def lines(column: Callable[[Opened], Sequence[float | None]]) -> tuple[Series, ...]:
        return tuple(Series(name, _points(opened, column(opened), kick_off)[first:last]) for name, opened in both)

    users = (Series("both nights", _points(before, before.seen.users or (), kick_off)[first:last]),)
    late_s = before.seen.late_s
    limits = (Limit(late_s, "late"),) if late_s is not None else ()
    parts = [
        Panel("users", users),
        Panel("failed requests, %", lines(_failed), ",.1f"),
        Panel("median age, s", lines(lambda opened: _statistic(opened, "user", "Age", "p50")), ",.1f", limits),
        Panel("processors busy, %", lines(lambda o: _statistic(o, "service", "CPUUtilization", "average"))),
    ]
    marks, legend = _marks(root, stack, kick_off)
    caption = (
        f"{legend} {reconstructed(before)} As it is now: {after.pack.origin.removeprefix('simulated: ')}. The whole night in "
        "numbers: gameday incident show --json."
    )
    figure = charts.panels(
        "The night, before and after", parts, x="minutes from kick-off", marks=marks, caption=caption
    )
    return Markup(figure.html())  # noqa: S704 (its texts are escaped where it is made)


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


def _failed(opened: Opened) -> list[float | None]:
    seen = opened.seen
    asked = [max(n, bad) for n, bad in zip(seen.requests, seen.failed, strict=True)]
    return [100.0 * bad / n if n > 0 else None for bad, n in zip(seen.failed, asked, strict=True)]


def _statistic(opened: Opened, station: str, name: str, statistic: str) -> list[float | None]:
    assert opened.night is not None  # noqa: S101 (only simulated nights are drawn)
    values = opened.night.metric(station, name).values[statistic]
    return [None if value != value else float(value) for value in values]  # noqa: PLR0124 (NaN is not itself)


def _marks(root: Path, stack: str, kick_off: dt.datetime) -> tuple[list[Limit], str]:
    """Places on the axis by letter, and what the letters mean: the last news, the first impact, the first of today's pages."""
    opened = failed(root, stack)
    found: list[tuple[dt.datetime, str]] = []
    pages = [row for row in foreseen(root, stack).rows if row.severity == "page" and row.lead_s is not None]
    began = opened.impact.began
    if began is not None:
        found.append((began, "users are affected from here on"))
        timely = [
            (began - dt.timedelta(seconds=row.lead_s), row.alarm)
            for row in pages
            if row.lead_s is not None and 0 < row.lead_s <= ANNOUNCES_S
        ]
        if timely:
            at, name = min(timely)
            found.append((at, f"today's alarm {name} would have rung"))
    found += [(news.entry.at, news.entry.what.rstrip(".").lower()) for news in opened.impact.news[-1:]]
    killed = [row for row in opened.rows if row.what.lower().startswith("task stopped")]
    found += [(killed[0].at, "the task is stopped for the first time")] if killed else []
    ordered = sorted(found)
    letters = "ABCDEFGH"
    marks = [
        Limit(round((at - kick_off).total_seconds() / 60.0, 2), letter, vertical=True)
        for letter, (at, _) in zip(letters, ordered, strict=False)
    ]
    legend = "; ".join(f"{letter} {says}" for letter, (_, says) in zip(letters, ordered, strict=False))
    return marks, f"{legend}."


def foresight(root: Path, stack: str) -> Markup:
    """Today's alarms over the night that failed: which would have rung, when, and how long before the first user was affected."""
    report = foreseen(root, stack)
    rung = [row for row in report.rows if row.verdict == "fires" and row.lead_s is not None]
    rows: list[Sequence[Cell]] = [
        [
            tables.code(row.alarm),
            tables.chip("bad" if row.severity == "page" else "warn", row.severity or "none"),
            f"{row.episodes[0].start:%H:%M}"
            if len(row.episodes) == 1
            else ", ".join(f"{e.start:%H:%M}" for e in row.episodes[:3]),
            f"{(row.lead_s or 0.0) / 60:+.0f} min".replace("-", "−"),
            "from the first minutes on: that stack never met it" if _always(row, report) else "",
        ]
        for row in sorted(rung, key=lambda row: -(row.lead_s or 0.0))
    ]
    columns = [
        Column("Alarm", "code"),
        Column("Urgency"),
        Column("Rings at, UTC"),
        Column("Before first impact", "number"),
        Column("", "wide"),
    ]
    silent = len(report.rows) - len(rung)
    caption = (
        f"{len(rung)} of {len(report.rows)} alarms of the stack as it is now ring; the other {silent} do not, or watch what that "
        "night had not."
    )
    return table(columns, rows, label="Today's alarms over that night", caption=caption)


def _always(row: alarms.Row, report: Report) -> bool:
    """Whether an alarm rang from the first minutes of the night on."""
    return (row.episodes[0].start - report.start).total_seconds() <= SETTLING_S


SETTLING_S = 600
"""An alarm that rings this soon after the night begins has nothing to do with its crowd."""


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
    found = {"factors": record(root, stack).factors, "actions": record(root, stack).actions}.get(group)
    if found is None:
        raise ValueError(
            f"{stack}: there is no group {group!r} of changes that was weighed; there are factors and actions"
        )
    return found


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
    opened, found = failed(root, stack), record(root, stack)
    assert opened.study is not None  # noqa: S101 (a simulated night has one)
    bench = incidents.Bench(opened.incident, found.factors.late_s)
    rows: list[Sequence[Cell]] = []
    for step, outcomes in [
        (None, found.factors.outcomes[frozenset()]),
        *((s, found.steps[s.id]) for s in opened.incident.steps),
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
    caption = (
        f"{_basis(found.factors)} The last two columns are closed formulas; the simulated night leaves that cache out."
    )
    return table(columns, rows, label="Only more tasks", caption=caption)


def headroom(root: Path, stack: str, *, now: bool) -> Markup:
    """Users held on each kind of night, plain and with each change, and what gives way first."""
    found, told = record(root, stack), incident(root, stack)
    rooms = found.rooms[1 if now else 0]
    names = {change.id: change.name for change in (told.actions if now else told.factors)}
    rows: list[Sequence[Cell]] = []
    for changes, by_hard in rooms.rooms.items():
        made = " and ".join(names[name][:1].lower() + names[name][1:] for name in changes.split("+") if name)
        word = "without: " if now else "with: "
        cells: list[Cell] = [f"{word}{made}" if made else "As it is" if now else "As it was"]
        for hard in told.hard:
            room = by_hard[hard.id]
            users = "all that can be tried" if room.users is None else significant(room.users, 2)
            cells.append(Markup("{}<br><small>{}</small>").format(users, room.first[0] if room.first else ""))
        rows.append(cells)
    columns = [Column("Stack", "head"), *(Column(hard.name, "number") for hard in told.hard)]
    caption = (
        f"Users held on {rooms.stack}: no minute of {incidents.ROOM_SEEDS} nights affects anybody, to a hundredth; below it, "
        "what gives way first beyond. 0: not even a few are spared."
    )
    return table(columns, rows, label=f"Headroom of {rooms.stack}", caption=caption)


DONE_KEYS = frozenset({"stack", "address", "argument", "least", "is", "type", "file", "line"})


def done(root: Path, wanted: Mapping[str, Any]) -> bool:
    """Whether an action's `done_when` holds in the Terraform.

    It names a `stack` with an `address` and an `argument`, whose value must be at `least` so much or `is` the given one; or a
    `stack` with a `type` of which there must be at `least` so many; or a `file` that must have a `line` with a text. A resource,
    argument or file that is not there is not done. Raises ValueError where it names something else.
    """
    unknown = sorted(set(wanted) - DONE_KEYS)
    if unknown or not ({"address", "argument"} <= set(wanted) or "type" in wanted or {"file", "line"} <= set(wanted)):
        raise ValueError(
            f"names {', '.join(sorted(wanted))}; give stack, address, argument, or stack, type, or file, line"
        )
    if "file" in wanted:
        path = root / str(wanted["file"])
        return path.is_file() and str(wanted["line"]) in path.read_text(encoding="utf-8")
    found = model(root, str(wanted["stack"]))
    value: Any
    if "type" in wanted:
        value = sum(1 for _ in found.architecture.of_type(str(wanted["type"])))
    else:
        try:
            value = infrastructure.attribute(found, str(wanted["address"]), str(wanted["argument"]))[0]
        except LookupError:
            return False
    if "is" in wanted:
        return bool(value == wanted["is"])
    if "least" not in wanted:
        return value is not None
    return isinstance(value, int | float) and value >= float(wanted["least"])


def macros(root: Path, here: Callable[[], str]) -> tuple[Callable[..., Markup], ...]:
    """The macros of a postmortem's page, each for the incident beside a stack; `here` is the page that calls them."""

    def incident_impact(name: str) -> Markup:
        """What users felt."""
        return impact(root, name)

    def incident_times(name: str) -> Markup:
        """When it was noticed, taken up, mitigated and over."""
        return times(root, name)

    def incident_course(name: str) -> Markup:
        """The course with its evidence."""
        return course(root, name, here())

    def incident_charts(name: str) -> Markup:
        """The night in charts, before and after."""
        return night_charts(root, name)

    def incident_foresight(name: str) -> Markup:
        """Today's alarms over that night."""
        return foresight(root, name)

    def incident_counterfactuals(name: str, group: str) -> Markup:
        """What each change would have done; `group` is factors or actions."""
        return counterfactuals(root, name, group)

    def incident_pairs(name: str, group: str) -> Markup:
        """What every two changes would have done together."""
        return pairs(root, name, group)

    def incident_shares(name: str, group: str) -> Markup:
        """The share of each change, as bars."""
        return shares_chart(root, name, group)

    def best_alone_share(name: str, group: str) -> Markup:
        """What the change that alone removes most removes of the night's impact, in per cent."""
        return tables.inline(f"{100 * most_alone(root, name, group)[1]:.0f} %")

    def best_alone(name: str, group: str) -> Markup:
        """That change."""
        return tables.inline(most_alone(root, name, group)[0])

    def incident_more_tasks(name: str, cache_variable: str) -> Markup:
        """What more tasks alone would have done."""
        return more_tasks(root, name, cache_variable)

    def incident_headroom(name: str, now: bool = False) -> Markup:
        """Users held on each kind of night."""
        return headroom(root, name, now=now)

    return (
        incident_impact, incident_times, incident_course, incident_charts, incident_foresight, incident_counterfactuals,
        incident_pairs, incident_shares, incident_more_tasks, incident_headroom, best_alone_share, best_alone,
    )  # fmt: skip
