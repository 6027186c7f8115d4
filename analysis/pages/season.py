"""The alarms' back-test on its page: what the record beside a stack says, as tables and charts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

from markupsafe import Markup

from analysis import alarms as alarms_layer
from analysis import season as season_layer
from analysis import terraform
from analysis.architecture import Architecture
from analysis.capacity.queueing import connections_held
from analysis.drawing import charts, dashboards
from analysis.drawing.tables import Cell, Column, chip, table
from analysis.facts import limit
from analysis.pages.model import Model, model
from analysis.pages.reads import cache
from analysis.season import FamilyResult, Record, Told
from analysis.studies import StudiedNight, calibration
from analysis.wiring import request_path

BANDS: tuple[tuple[float, str], ...] = (
    (0, "after first impact"),
    (5, "under 5 min"),
    (15, "5 to 15 min"),
    (30, "15 to 30 min"),
    (60, "30 to 60 min"),
    (float("inf"), "an hour or more"),
)
"""Upper ends of lead times in minutes, and what the page calls what lies below."""


@cache
def record(directory: Path) -> Record:
    """The record beside a stack. Raises PlanError where there is none."""
    return season_layer.load(directory)


def stated(model: Model, name: str) -> Markup:
    """One figure of the record by name; LookupError with the names that there are."""
    found = record(model.directory)
    leads = [lead for lead in found.leads_s if lead is not None]
    figures = {
        "nights": f"{found.nights:,}",
        "build-up nights": f"{len(found.leads_s)}",
        "in time": f"{found.in_time}",
        "share in time": f"{found.share_in_time:.1%}",
        "lead goal": _minutes(found.goal["lead_s"]),
        "shortest lead": _minutes(min(leads, default=0.0)),
        "median lead": _minutes(median(leads) if leads else 0.0),
        "quiet nights": f"{found.season['nights']}",
        "false pages": f"{found.false_pages}",
        "false pages goal": f"{found.goal['false_pages']:g}",
        "mutants": f"{sum(total for _, _, total in found.mutations):,}",
        "mutants caught": f"{found.mutations_caught:.1%}",
        "survivors": f"{len(found.survivors)}",
        "scale-out trigger": f"{limit('autoscaling.scale_out_trigger_s').at():g} s",
        "scale-out trigger, 20 s metrics": f"{limit('autoscaling.scale_out_trigger_high_resolution_s').at():g} s",
        "earliest page": _minutes(earliest_page_s(model)),
        "pushed to": f"{pushed_to(model):,.0f}",
        "push time": f"{_push_s(model) * 1e6:g} µs",
        "publication delay": _minutes(alarms_layer.PUBLICATION_DELAY_S),
    }
    if name not in figures:
        raise LookupError(f"the record of {model.name} has no figure {name!r}; it has {', '.join(figures)}")
    return Markup("{}").format(figures[name])


def earliest_page_s(model: Model) -> float:
    """How long the fastest alarm that wakes a human takes at least, in seconds: its breaching periods, then their publication."""
    told = alarms_layer.read(model.architecture)
    return min(
        alarm.datapoints_to_alarm * alarm.period_s + alarms_layer.PUBLICATION_DELAY_S
        for alarm in told.metric
        if alarm.severity == "page"
    )


def pushed_to(model: Model) -> float:
    """To how many users the tasks that stand ready could push each update within the freshness target, were it built."""
    path = request_path(model.architecture, model.about)
    updates_per_s = model.scenario.publisher["updates_per_minute"].at() / 60.0
    within_s = model.scenario.freshness_target_s.at()
    per_task = connections_held(_push_s(model), float(path.service.vcpu.value), updates_per_s, within_s)
    return per_task * float(path.service.tasks_at_start.value)


def _push_s(model: Model) -> float:
    found = season_layer.plan(model.directory).push_s
    if found is None:
        raise LookupError(f"{model.name}: its {season_layer.PLAN_FILE} does not say what a push costs")
    return found.at()


def _minutes(seconds: float) -> str:
    sign = "−" if seconds < 0 else ""
    return f"{sign}{abs(seconds) / 60:.0f} min"


def families(model: Model) -> Markup:
    """The families of nights on which the load builds up: where the stack gives way, and how early the first page came."""
    found = record(model.directory)
    rows = [_family(family, found.goal["lead_s"]) for family in found.building]
    columns = [
        Column("Nights", "wide"), Column("Gives way at", "number"), Column("With impact", "number"), Column("In time", "number"),
        Column("Shortest lead", "number"), Column("Median lead", "number"), Column("Which page came first", "wide"),
    ]  # fmt: skip
    said = (
        f"{found.in_time} of {len(found.leads_s)} nights of {found.counted[0].stack} that affected somebody were announced "
        "in time. Nights of another stack show what these alarms would have said there, and are not counted."
    )
    return table(columns, rows, label="Nights on which the load builds up", caption=said)


def _family(family: FamilyResult, goal_s: float) -> Sequence[Cell]:
    leads = [night.lead_s for night in family.hurt if night.lead_s is not None]
    first = Counter(night.first_page for night in family.hurt if night.first_page)
    in_time = family.in_time(goal_s)
    title: Cell = family.title
    if family.note:
        title = Markup("{}<br><small>{}</small>").format(family.title, family.note)
    return (
        title,
        f"{family.breaks_at:,} users" if family.breaks_at else "",
        f"{len(family.hurt)} of {len(family.outcomes)}",
        chip("good" if in_time == len(family.hurt) else "bad", f"{in_time}"),
        _minutes(min(leads)) if leads else "",
        _minutes(median(leads)) if leads else "",
        ", ".join(f"{name} ({number})" for name, number in sorted(first.items(), key=lambda item: (-item[1], item[0]))),
    )


def leads(model: Model) -> Markup:
    """How the lead times are spread, as bars."""
    found = record(model.directory)
    counted: Counter[str] = Counter()
    for lead in found.leads_s:
        counted["no page"] += lead is None
        if lead is not None:
            counted[next(word for top, word in BANDS if lead / 60 < top)] += 1
    rows = [(word, "nights", float(counted[word])) for word in ("no page", *(word for _, word in BANDS))]
    figure = charts.bars(
        "How long before the first affected user the first page comes",
        rows,
        unit="nights",
        number=",.0f",
        caption="Reconstructed: simulated nights, seeds and crowds as in the table above.",
    )
    return Markup(figure.html())  # noqa: S704 (drawn by charts, which escapes)


def season(model: Model) -> Markup:
    """The season of quiet nights: how many of each kind, and which pages came for nothing."""
    found = record(model.directory)
    plan = season_layer.plan(model.directory)
    rows = []
    for entry in plan.quiet:
        pages = found.season["pages"].get(entry.title, {})
        said = ", ".join(f"{name} ({number})" for name, number in pages.items()) or "none"
        rows.append((entry.title, f"{entry.nights}", said))
    columns = [Column("Nights", "wide"), Column("How many", "number"), Column("Pages", "wide")]
    return table(
        columns, rows, label="A season of quiet nights", caption=f"{found.false_pages} false pages in the season."
    )


def dispensable(model: Model) -> Markup:
    """For each page that ever came in time: on how many nights it did by itself, and how many would be in time without it."""
    found = record(model.directory)
    goal_s = found.goal["lead_s"]
    nights = [night for family in found.counted for night in family.hurt]
    names = sorted({name for night in nights for name, lead in night.pages.items() if lead >= goal_s})
    rows = []
    for name in names:
        alone = sum(night.pages.get(name, -1.0) >= goal_s for night in nights)
        rows.append((name, f"{alone}", f"{found.without(name)}"))
    rows.sort(key=lambda row: (-int(row[1]), row[0]))
    columns = [Column("Page", "code"), Column("In time by itself", "number"), Column("In time without it", "number")]
    return table(columns, rows, label="What each page contributes", caption=f"Of {len(nights)} nights with impact.")


def thresholds(model: Model) -> Markup:
    """For each page that ever came in time: other thresholds, with the nights it announces in time and its false pages."""
    found = record(model.directory)
    factors = sorted({row.factor for row in found.sweep})
    names = list(dict.fromkeys(row.alarm for row in found.sweep))
    by = {(row.alarm, row.factor): row for row in found.sweep}
    rows: list[Sequence[Cell]] = []
    for name in names:
        own = by[name, 1.0].threshold
        cells: list[Cell] = [Markup("<code>{}</code><br><small>{:g}</small>").format(name, own)]
        for factor in factors:
            row = by[name, factor]
            wrong = Markup(" <small>{} false</small>").format(row.false_pages) if row.false_pages else Markup("")
            cells.append(Markup("{}{}").format(row.in_time, wrong))
        rows.append(cells)
    columns = [Column("Page, threshold", "wide"), *(Column(f"×{factor:g}", "number") for factor in factors)]
    return table(
        columns,
        rows,
        label="Other thresholds",
        caption="Nights in time; where there are any, false pages a season.",
    )


def told(model: Model, title: str) -> Markup:
    """Every alarm that rang on one night of the plan, in the order in which they did. LookupError for a night it lacks."""
    night = _night(model, title)
    rows = [
        (
            one.alarm,
            chip("bad" if one.severity == "page" else "info", one.severity),
            ", ".join(_clock(minute) for minute in one.minutes[:4]) + (" …" if len(one.minutes) > 4 else ""),
            "" if one.lead_s is None else "always in alarm" if one.standing else _minutes(one.lead_s),
            "yes" if one.range_dependent else "",
        )
        for one in night.ringing
    ]
    columns = [
        Column("Alarm", "code"), Column("Severity"), Column("Rings at minute", "wide"), Column("Before first impact", "number"),
        Column("Range-dependent"),
    ]  # fmt: skip
    return table(columns, rows, label=night.title, caption=_caption(night))


def _night(model: Model, title: str) -> Told:
    found = {night.title: night for night in record(model.directory).told}
    if title not in found:
        raise LookupError(f"the record of {model.name} has no night {title!r}; it has {', '.join(found)}")
    return found[title]


def _clock(minute: float) -> str:
    return f"{'−' if minute < 0 else ''}{abs(round(minute))}"


def _caption(night: Told) -> str:
    hurt = (
        f"First user affected at minute {_clock(night.harm_minute)}: {night.harm}."
        if night.harm_minute is not None
        else "Nobody is affected."
    )
    faults = f", {', '.join(night.faults)}" if night.faults else ""
    return (
        f"Reconstructed: {night.stack}, {night.scenario}, {night.users:,} users at the peak{faults}, seed {night.seed}; "
        f"minutes from kick-off. {hurt}"
    )


def nights(model: Model) -> Markup:
    """The single nights of the stack itself side by side: is anybody affected, and which pages ring when."""
    rows = []
    for night in record(model.directory).told:
        if night.stack != model.about.title:
            continue
        pages = [one for one in night.ringing if one.severity == "page" and not one.standing]
        hurt = (
            f"from minute {_clock(night.harm_minute)}, {night.minutes_hurt} min"
            if night.harm_minute is not None
            else "nobody"
        )
        rows.append(
            (
                night.title,
                f"{night.users:,}",
                chip("bad" if night.harm_minute is not None else "good", hurt),
                ", ".join(f"{one.alarm} {_clock(one.minutes[0])}" for one in pages) or "none",
            )
        )
    columns = [
        Column("Night", "wide"),
        Column("Users", "number"),
        Column("Users affected", "wide"),
        Column("Pages, at minute", "wide"),
    ]
    return table(columns, rows, label="Hard nights", caption="Reconstructed, one seed each; minutes from kick-off.")


UNTRIED: Mapping[str, str] = {
    "AWS/Backup": "Backups run outside the games.",
    "AWS/Events": "Exports run outside the games.",
    "AWS/Route53": "The checkers stand outside the model.",
    "AWS/WAFV2": "An attack is no part of a game night.",
    "4xxErrorRate": "Requests for what is not there are no part of the crowd.",
    "Evictions": "The cache holds a handful of keys; nothing in the night fills it.",
    "RejectedConnectionCount": "The load balancer itself has no limit in the model.",
    "FreeStorageSpace": "It changes over weeks, not within a night.",
    "FreeableMemory": "The database's memory is not modelled.",
}
"""Why a night has no series of a metric, by its name or else its namespace."""


def unheard(model: Model) -> Markup:
    """The alarms that have no datapoint in a simulated night, and why: what they watch is not modelled."""
    told_alarms = alarms_layer.read(model.architecture)
    own = next((night for night in record(model.directory).told if night.stack == model.about.title), None)
    silent = set(own.no_data) if own else set()
    rows = []
    for alarm in told_alarms.metric:
        if alarm.name in silent:
            metrics = sorted({(metric.namespace, metric.name) for _, metric in alarm.queries})
            why = {UNTRIED.get(name) or UNTRIED.get(namespace, "Not simulated.") for namespace, name in metrics}
            rows.append((alarm.name, ", ".join(" ".join(both) for both in metrics), " ".join(sorted(why))))
    columns = [Column("Alarm", "code"), Column("Watches", "wide"), Column("Why no night tries it", "wide")]
    return table(
        columns, rows, label="Alarms without data", caption=f"{len(rows)} alarms cannot be tried by simulation."
    )


def spikes(model: Model) -> Markup:
    """The cold spike under each protection."""
    rows = []
    for spike in record(model.directory).spikes:
        hurt = f"{spike.minutes_hurt} min" if spike.minutes_hurt else "nobody"
        rows.append(
            (
                spike.title,
                f"{spike.users:,}",
                chip("bad" if spike.minutes_hurt else "good", hurt),
                f"{spike.worst_error_share:.1%}",
                f"{spike.worst_age_s:.1f} s",
                _after(spike.first_page_s),
                _after(spike.first_scale_out_s),
            )
        )
    columns = [
        Column("Stack", "wide"), Column("Users", "number"), Column("Users affected"), Column("Errors, worst minute", "number"),
        Column("Update age, p95, worst minute", "number"), Column("First page after", "number"),
        Column("Scaled out after", "number"),
    ]  # fmt: skip
    seeds = max((spike.nights for spike in record(model.directory).spikes), default=0)
    return table(columns, rows, label="A cold spike", caption=f"Reconstructed: the worst of {seeds} seeds in each row.")


def _after(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds:.0f} s"


def mutations(model: Model) -> Markup:
    """The broken alarms by part: how many there were, and how many changed the score."""
    found = record(model.directory)
    rows: list[Sequence[Cell]] = [
        (part, f"{total}", f"{caught}", f"{caught / total:.1%}" if total else "")
        for part, caught, total in found.mutations
    ]
    columns = [
        Column("Part changed", "head"),
        Column("Broken alarms", "number"),
        Column("Noticed", "number"),
        Column("Share", "number"),
    ]
    return table(columns, rows, label="Broken alarms", caption=f"{found.mutations_caught:.1%} are noticed.")


def survivors(model: Model) -> Markup:
    """The broken alarms that score like the sound ones, each with the reason."""
    rows = list(record(model.directory).survivors)
    columns = [
        Column("Alarm", "code"),
        Column("Part"),
        Column("Change", "wide"),
        Column("Why it is not noticed", "wide"),
    ]
    return table(columns, rows, label="Broken alarms that are not noticed")


def classified(architecture: Architecture) -> Markup:
    """The alarms of a stack by whether they can fire: never, only where somebody publishes data, or yes; with the reason."""
    rows = []
    for alarm in alarms_layer.read(architecture).metric:
        found = alarms_layer.faults(alarm, architecture)
        never = any(fault.certain for fault in found)
        verdict = (
            chip("bad", "can never fire") if never else chip("warn", "no data") if found else chip("good", "can fire")
        )
        watches = f"{alarm.queries[0][1].namespace} {alarm.queries[0][1].name}"
        rows.append((alarm.name, watches, verdict, "; ".join(fault.sentence for fault in found)))
    columns = [Column("Alarm", "code"), Column("Watches", "wide"), Column("Verdict"), Column("Why", "wide")]
    return table(columns, rows, label="Alarms that can never fire")


def standing(model: Model) -> Markup:
    """The alarms that ring all the time on a stack of the plan, and so warn of nothing."""
    found = sorted({(family.stack, name) for family in record(model.directory).building for name in family.standing})
    by: dict[str, list[str]] = {}
    for stack, name in found:
        by.setdefault(stack, []).append(name)
    return Markup("").join(_standing(by))


def _standing(by: dict[str, list[str]]) -> Iterator[Markup]:
    for stack, names in by.items():
        listed = Markup(", ").join(Markup("<code>{}</code>").format(name) for name in names)
        yield Markup("<p>{}: {}.</p>").format(stack, listed)


def macros(root: Path) -> tuple[Callable[..., Markup], ...]:
    """The macros of the alarms' pages; each takes the name of a stack first."""

    def season_figure(stack: str, name: str) -> Markup:
        """One figure of the alarms' back-test by name."""
        return stated(model(root, stack), name)

    def alarm_families(stack: str) -> Markup:
        """The nights on which the load builds up."""
        return families(model(root, stack))

    def alarm_leads(stack: str) -> Markup:
        """How the lead times are spread."""
        return leads(model(root, stack))

    def alarm_season(stack: str) -> Markup:
        """The season of quiet nights."""
        return season(model(root, stack))

    def alarm_contributions(stack: str) -> Markup:
        """What each page contributes."""
        return dispensable(model(root, stack))

    def alarm_thresholds(stack: str) -> Markup:
        """What other thresholds would do."""
        return thresholds(model(root, stack))

    def alarm_night(stack: str, title: str) -> Markup:
        """Every alarm that rang on one night."""
        return told(model(root, stack), title)

    def alarm_nights(stack: str) -> Markup:
        """The single nights side by side."""
        return nights(model(root, stack))

    def alarms_unheard(stack: str) -> Markup:
        """The alarms that no simulated night can try."""
        return unheard(model(root, stack))

    def alarms_standing(stack: str) -> Markup:
        """The alarms that ring all the time on a stack."""
        return standing(model(root, stack))

    def alarms_classified(directory: str) -> Markup:
        """The alarms of a directory of Terraform, below the checkout's root, by whether they can fire."""
        return classified(terraform.load(root / directory))

    def stack_alarms_classified(stack: str) -> Markup:
        """The alarms of a stack by whether they can fire."""
        return classified(model(root, stack).architecture)

    def cold_spikes(stack: str) -> Markup:
        """The cold spike under each protection."""
        return spikes(model(root, stack))

    def alarm_mutations(stack: str) -> Markup:
        """The broken alarms by part."""
        return mutations(model(root, stack))

    def alarm_survivors(stack: str) -> Markup:
        """The broken alarms that are not noticed."""
        return survivors(model(root, stack))

    def filled_dashboards(stack: str, on: str, calibrated: bool = False) -> Markup:
        """The dashboards of a stack on the night of a stack, its own or another, with the first seed."""
        return dashboards.night_dashboards(
            model(root, stack).architecture, _night_of(model(root, on), calibrated), key=f"{stack}-{on}"
        )

    return (
        season_figure, alarm_families, alarm_leads, alarm_season, alarm_contributions, alarm_thresholds, alarm_night,
        alarm_nights, alarms_unheard, alarms_standing, alarms_classified, stack_alarms_classified, cold_spikes,
        alarm_mutations, alarm_survivors, filled_dashboards,
    )  # fmt: skip


@cache
def _night_of(found: Model, calibrated: bool) -> StudiedNight:
    """The night of the stack's scenario with the first seed, under what the calibration beside the stack found if asked for."""
    study = found.study
    if calibrated:
        study = replace(study, values={**study.values, **calibration(found.directory).values})
    return study.night(1)
