"""The alarms of a stack over a plan's nights: leads where the load builds up, false pages where it does not, and cold spikes."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from analysis import alarms as layer
from analysis import facts
from analysis.alarms import Alarms, Pack, Report, Season
from analysis.alarms.definitions import PAGE
from analysis.season.plan import Family, Plan, PlanError, Protection, Quiet, Watched
from analysis.studies import StudiedNight, Study, calibration, studied_night, study

if TYPE_CHECKING:
    from analysis.architecture import Architecture
    from analysis.facts import Scenario

Progress = Callable[[], None]
"""Called after each night; `nights(plan)` says how often."""

CROWD = "audience.peak_users"
"""The assumption that the crowds of a plan replace."""

SCALED_OUT = "scaled out"
_MINUTE = dt.timedelta(minutes=1)

LEAST_USERS, MOST_USERS = 100, 2_000_000
"""Between which crowds the smallest that is affected is looked for."""

FACTORS = (0.5, 0.7, 0.85, 1.0, 1.15, 1.3, 1.6, 2.0)
"""The thresholds that are tried beside an alarm's own, as parts of it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One night of a family. `harm_minute` counts from kick-off; None: nobody was affected, so there was nothing to warn of.

    `pages` are the leads in seconds of the pages that announced the impact or followed it, standing ones left out; negative after
    the first impact. `tickets` are those of the other alarms.
    """

    users: int
    seed: int
    harm_minute: float | None
    harm: str = ""
    pages: Mapping[str, float] = field(default_factory=dict)
    tickets: Mapping[str, float] = field(default_factory=dict)
    range_dependent: tuple[str, ...] = ()

    @property
    def lead_s(self) -> float | None:
        """Seconds from the first page to the first user affected; None where there was no page, or no impact."""
        return max(self.pages.values(), default=None)

    @property
    def first_page(self) -> str:
        """The page that came first; of several in one minute the first by name. Empty where none came."""
        return min(self.pages, key=lambda name: (-self.pages[name], name), default="")


@dataclass(frozen=True)
class FamilyResult:
    """A family's nights. `standing` alarms ring on a quiet night of that stack too, and so say nothing about tonight.

    `breaks_at` is the smallest crowd, of three digits, affected with the first seed; None where the plan gives the crowds.
    `own` says whether the nights happen on the stack itself, not on another that its alarms are tried on.
    """

    name: str
    title: str
    note: str
    builds_up: bool
    stack: str
    standing: tuple[str, ...]
    outcomes: tuple[Outcome, ...]
    breaks_at: int | None = None
    own: bool = True

    @property
    def hurt(self) -> tuple[Outcome, ...]:
        """The nights on which somebody was affected."""
        return tuple(outcome for outcome in self.outcomes if outcome.harm_minute is not None)

    def in_time(self, lead_s: float) -> int:
        """On how many of them a page came at least `lead_s` before."""
        return sum(outcome.lead_s is not None and outcome.lead_s >= lead_s for outcome in self.hurt)


@dataclass(frozen=True, slots=True)
class SweepRow:
    """One alarm under one threshold: nights of a build-up that it announces in time by itself, and its false pages."""

    alarm: str
    factor: float
    threshold: float
    in_time: int
    false_pages: int


@dataclass(frozen=True, slots=True)
class Spike:
    """A cold spike under one protection, the worst of its seeds; delays in seconds from the spike's begin, None: never."""

    title: str
    users: int
    nights: int
    hurt_nights: int
    minutes_hurt: int
    worst_error_share: float
    worst_age_s: float
    first_page_s: float | None
    first_scale_out_s: float | None


@dataclass(frozen=True, slots=True)
class Ringing:
    """An alarm that rang on a night: the minutes from kick-off at which it began to, and its lead, None without impact."""

    alarm: str
    severity: str
    minutes: tuple[float, ...]
    lead_s: float | None
    standing: bool
    range_dependent: bool


@dataclass(frozen=True)
class Told:
    """One night with all its alarms: those that rang, in the order in which they did, and the others by why they did not."""

    title: str
    note: str
    stack: str
    scenario: str
    users: int
    seed: int
    faults: tuple[str, ...]
    harm_minute: float | None
    harm: str
    minutes_hurt: int
    ringing: tuple[Ringing, ...]
    silent: tuple[str, ...]
    no_data: tuple[str, ...]
    never: tuple[str, ...]


@dataclass(frozen=True)
class Result:
    """A plan that was run: the families, the season of quiet nights, the thresholds that were tried, the cold spikes.

    `mutations` has for each part of an alarm how many broken alarms the back-test noticed, and of how many; `survivors` those
    that it did not: alarm, part, change and why.
    """

    families: tuple[FamilyResult, ...]
    season: Season
    quiet_pages: Mapping[str, Mapping[str, int]]
    sweep: tuple[SweepRow, ...]
    spikes: tuple[Spike, ...]
    told: tuple[Told, ...]
    mutations: tuple[tuple[str, int, int], ...]
    survivors: tuple[tuple[str, str, str, str], ...]

    @property
    def building(self) -> tuple[FamilyResult, ...]:
        """The families whose load builds up."""
        return tuple(family for family in self.families if family.builds_up)


def nights(plan: Plan) -> int:
    """How many nights `run` simulates."""
    several = sum((len(family.crowds) or len(family.times)) * family.seeds + 1 for family in plan.families)
    cold = len(plan.cold.crowds) * plan.cold.seeds * len(plan.protections) if plan.cold else 0
    return several + cold + len(plan.watched) + sum(quiet.nights for quiet in plan.quiet)


def run(plan: Plan, *, progress: Progress = lambda: None, sweep: bool = True) -> Result:
    """Every night of the plan with the stack's alarms on it. The same plan gives the same result.

    Raises facts.FactError and studies.StudyError for files and values that cannot be used.
    """
    home = _home(plan)
    told = layer.read(home.architecture)
    quiet, quiet_pages = _quiet_nights(plan, progress)
    season = layer.season(home.architecture, [(pack, None) for pack in quiet], alarms=told)
    families, packs = [], []
    for family in plan.families:
        result, seen = _family(plan, family, home.architecture, told, progress)
        families.append(result)
        if family.builds_up and family.stack is None:
            packs.extend(seen)
    rows = _sweep(home.architecture, told, plan, packs, quiet, families) if sweep else ()
    spikes = tuple(_spikes(plan, progress)) if plan.cold else ()
    watched = tuple(_told(plan, night, home.architecture, told, progress) for night in plan.watched)
    broken = _mutations(home.architecture, told)
    return Result(tuple(families), season, quiet_pages, tuple(rows), spikes, watched, *broken)


def build_ups(plan: Plan) -> tuple[FamilyResult, ...]:
    """The families whose load builds up on the stack itself, with its alarms on them. Raises as `run`."""
    home = _home(plan)
    told = layer.read(home.architecture)
    own = [family for family in plan.families if family.builds_up and family.stack is None]
    return tuple(_family(plan, family, home.architecture, told, lambda: None)[0] for family in own)


def _home(plan: Plan) -> Study:
    return study(plan.directory, **plan.given)


def _mutations(
    owner: Architecture, told: Alarms
) -> tuple[tuple[tuple[str, int, int], ...], tuple[tuple[str, str, str, str], ...]]:
    by_name = {alarm.name: alarm for alarm in told.metric}
    found = layer.mutation_run(told, owner, {alarm.name: [layer.exercise(alarm)] for alarm in told.metric})
    caught = Counter(mutant.part for mutant in found.caught)
    missed = Counter(mutant.part for mutant in found.survivors)
    parts = tuple((part, caught[part], caught[part] + missed[part]) for part in get_args(layer.Part))
    survivors = tuple(
        (mutant.alarm.name, mutant.part, mutant.change, layer.survival(mutant, by_name[mutant.alarm.name]))
        for mutant in found.survivors
    )
    return parts, survivors


def outcome(plan: Plan, family: Family, users: int, seed: int) -> Outcome:
    """One night of a family by itself: the sample by which a record is checked."""
    home = _home(plan)
    told = layer.read(home.architecture)
    made = studied(plan, family)
    standing = _standing(plan, made, home.architecture, told)
    night = _night(made, facts.scenario(family.scenario), users, seed)
    return _outcome(night, home.architecture, told, standing, users, seed)[0]


def studied(plan: Plan, of: Family | Quiet | Protection | Watched) -> Study:
    """The stack on which the nights of an entry of the plan happen, under its values."""
    other = None if isinstance(of, Quiet) else of.stack
    assumed = of.assumed if isinstance(of, Family) else {}
    if other is None:
        variables = {**plan.given.get("variables", {}), **of.variables}
        made = study(plan.directory, **{**plan.given, "variables": variables, "assumed": assumed})
    else:
        made = study(other, variables=of.variables, assumed=assumed)
    if isinstance(of, Family | Watched) and of.calibrated:
        found = dict(calibration(made.directory).values)
        if isinstance(of, Family) or of.users is not None:
            found.pop(CROWD, None)
        made = replace(made, values={**made.values, **found})
    return made


def _night(made: Study, scenario: Scenario, users: int | None, seed: int, faults: Sequence[str] = ()) -> StudiedNight:
    from analysis.night import fault  # noqa: PLC0415 (pulls in the compiler)

    going_wrong = [fault(text) for text in faults]
    return studied_night(
        made.architecture, scenario, made.about, seed, going_wrong, users, profile=made.profile, values=made.values
    )


def _pack(night: StudiedNight, told: Alarms, owner: Architecture) -> Pack:
    return night.pack_of((metric for alarm in told.metric for _, metric in alarm.queries), owner)


def _quiet_nights(plan: Plan, progress: Progress) -> tuple[list[Pack], Mapping[str, Mapping[str, int]]]:
    """The packs of the season, and the pages of each of its entries by alarm."""
    dice = np.random.Generator(np.random.PCG64(plan.seed))
    packs: list[Pack] = []
    pages: dict[str, Mapping[str, int]] = {}
    seed = plan.seed
    for entry in plan.quiet:
        made = studied(plan, entry)
        own = layer.read(made.architecture)
        counted: dict[str, int] = {}
        for users in _crowds(entry, dice):
            seed += 1
            night = _night(made, facts.scenario(entry.scenario), users, seed, entry.faults)
            packs.append(_pack(night, own, made.architecture))
            report = layer.backtest(made.architecture, packs[-1], None, alarms=own)
            for row in report.rows:
                if row.severity == PAGE and row.false_pages:
                    counted[row.alarm] = counted.get(row.alarm, 0) + row.false_pages
            progress()
        pages[entry.title] = counted
    return packs, pages


def _crowds(entry: Quiet, dice: np.random.Generator) -> Iterator[int]:
    peak = facts.scenario(entry.scenario).peak_users
    low, high = peak.at("low"), peak.at("high")
    for _ in range(entry.nights):
        yield round(float(dice.triangular(low, peak.at(), high)) if high > low else low)


def _standing(plan: Plan, made: Study, owner: Architecture, told: Alarms) -> frozenset[str]:
    """The alarms that ring on a quiet night of the studied stack: the first kind of night of the season, at its usual crowd."""
    scenario = facts.scenario(plan.quiet[0].scenario)
    usual = replace(made, values={name: value for name, value in made.values.items() if name != CROWD})
    night = _night(usual, scenario, None, plan.seed)
    report = layer.backtest(owner, _pack(night, told, owner), None, alarms=told)
    return frozenset(row.alarm for row in report.rows if row.episodes)


def _family(
    plan: Plan, family: Family, owner: Architecture, told: Alarms, progress: Progress
) -> tuple[FamilyResult, list[tuple[Pack, Any, frozenset[str]]]]:
    made = studied(plan, family)
    standing = _standing(plan, made, owner, told)
    progress()
    scenario = facts.scenario(family.scenario)
    outcomes, packs = [], []
    breaks_at = _breaks_at(made, scenario) if family.times else None
    crowds = [_rounded(times * breaks_at) for times in family.times] if breaks_at else family.crowds
    for users in crowds:
        for seed in range(1, family.seeds + 1):
            night = _night(made, scenario, users, seed)
            found, report, pack = _outcome_with_pack(night, owner, told, standing, users, seed)
            outcomes.append(found)
            if report.harm_at is not None:
                packs.append((pack, report.harm_at, standing))
            progress()
    result = FamilyResult(
        family.name,
        family.title,
        family.note,
        family.builds_up,
        made.title,
        tuple(sorted(standing)),
        tuple(outcomes),
        breaks_at,
        family.stack is None,
    )
    return result, packs


def _breaks_at(made: Study, scenario: Scenario) -> int:
    """The smallest crowd, to a fiftieth, that is affected with the first seed. PlanError where none up to MOST_USERS is."""
    low, high = LEAST_USERS, MOST_USERS
    if _night(made, scenario, high, 1).harm is None:
        raise PlanError(
            scenario.file, "", f"affects nobody at {MOST_USERS:,} users either; give `crowds` in place of `times`"
        )
    while high > 1.02 * low:
        middle = round(math.sqrt(low * high))
        low, high = (middle, high) if _night(made, scenario, middle, 1).harm is None else (low, middle)
    return _rounded(high)


def _rounded(users: float) -> int:
    """Whole users to three digits, upwards: so that the stated load never understates what fails."""
    unit = int(10 ** max(0, math.floor(math.log10(users)) - 2))
    return math.ceil(users / unit) * unit


def _outcome(
    night: StudiedNight, owner: Architecture, told: Alarms, standing: frozenset[str], users: int, seed: int
) -> tuple[Outcome, Report]:
    return _outcome_with_pack(night, owner, told, standing, users, seed)[:2]


def _outcome_with_pack(
    night: StudiedNight, owner: Architecture, told: Alarms, standing: frozenset[str], users: int, seed: int
) -> tuple[Outcome, Report, Pack]:
    pack = _pack(night, told, owner)
    harm = night.harm
    report = layer.backtest(owner, pack, night.harm_at, alarms=told)
    if harm is None:
        return Outcome(users, seed, None), report, pack
    leads = {row.alarm: row for row in report.rows if row.lead_s is not None and row.alarm not in standing}
    found = Outcome(
        users,
        seed,
        night.night.setup.start_minute + harm.minute,
        str(harm),
        {name: row.lead_s for name, row in leads.items() if row.severity == PAGE and row.lead_s is not None},
        {name: row.lead_s for name, row in leads.items() if row.severity != PAGE and row.lead_s is not None},
        tuple(row.alarm for row in report.rows if row.range_dependent),
    )
    return found, report, pack


def _sweep(
    owner: Architecture,
    told: Alarms,
    plan: Plan,
    packs: Sequence[tuple[Pack, Any, frozenset[str]]],
    quiet: Sequence[Pack],
    families: Sequence[FamilyResult],
) -> Iterator[SweepRow]:
    """The pages that announced an impact in time on any night of the stack itself, each under other thresholds."""
    early = {
        name
        for family, asked in zip(families, plan.families, strict=True)
        if asked.builds_up and asked.stack is None
        for found in family.outcomes
        for name, lead_s in found.pages.items()
        if lead_s >= plan.lead_goal_s
    }
    for alarm in told.metric:
        if alarm.name not in early:
            continue
        for factor in FACTORS:
            tried = replace(alarm, threshold=alarm.threshold * factor)
            leads = [
                layer.score(tried, owner, pack, harm_at)[1]
                for pack, harm_at, standing in packs
                if alarm.name not in standing
            ]
            false = sum(int(layer.score(tried, owner, pack)[2]) for pack in quiet)  # type: ignore[call-overload]
            in_time = sum(isinstance(lead, float) and lead >= plan.lead_goal_s for lead in leads)
            yield SweepRow(alarm.name, factor, tried.threshold, in_time, false)


def _told(plan: Plan, watched: Watched, owner: Architecture, told: Alarms, progress: Progress) -> Told:
    made = studied(plan, watched)
    night = _night(made, facts.scenario(watched.scenario), watched.users, watched.seed, watched.faults)
    report = layer.backtest(owner, _pack(night, told, owner), night.harm_at, alarms=told)
    standing = _standing(plan, made, owner, told)
    progress()
    ringing = [
        Ringing(
            row.alarm,
            row.severity,
            tuple((episode.start - night.kick_off) / _MINUTE for episode in row.episodes),
            row.lead_s,
            row.alarm in standing,
            row.range_dependent,
        )
        for row in report.rows
        if row.episodes
    ]
    return Told(
        watched.title,
        watched.note,
        made.title,
        night.night.setup.scenario,
        round(float(night.night.setup.users.max())),
        watched.seed,
        watched.faults,
        None if night.harm is None else night.night.setup.start_minute + night.harm.minute,
        str(night.harm or ""),
        len(night.harms),
        tuple(sorted(ringing, key=lambda one: (one.minutes[0], one.alarm))),
        *(
            tuple(row.alarm for row in report.rows if row.verdict == verdict)
            for verdict in ("silent", "no data", "can never fire")
        ),
    )


def _spikes(plan: Plan, progress: Progress) -> Iterator[Spike]:
    if plan.cold is None:
        return
    scenario = facts.scenario(plan.cold.scenario)
    for protection in plan.protections:
        made = studied(plan, protection)
        owner = study(plan.directory).architecture if protection.stack else made.architecture
        told = layer.read(owner)
        for users in plan.cold.crowds:
            found = []
            for seed in range(1, plan.cold.seeds + 1):
                found.append(_night(made, scenario, users, seed))
                progress()
            yield _spike(protection, users, scenario, found, owner, told, _standing(plan, made, owner, told))


def _spike(
    protection: Protection,
    users: int,
    scenario: Scenario,
    found: Sequence[StudiedNight],
    owner: Architecture,
    told: Alarms,
    standing: frozenset[str],
) -> Spike:
    begin = min(surge.minute for surge in scenario.surges)
    errors, ages, pages, scaled = [], [], [], []
    for one in found:
        series = one.night.series
        asked = np.nan_to_num(series["user", "Requests"].values["sum"])
        wrong = np.nan_to_num(series["user", "Errors"].values["sum"])
        errors.append(float(np.max(wrong / np.maximum(asked, 1.0))))
        ages.append(float(np.nanmax(series["user", "Age"].values["p95"])))
        report = layer.backtest(owner, _pack(one, told, owner), one.harm_at, alarms=told)
        began = one.start + (begin - one.night.setup.start_minute) * _MINUTE
        rung = [
            (episode.start - began).total_seconds()
            for row in report.rows
            if row.severity == PAGE and row.alarm not in standing
            for episode in row.episodes
            if episode.start >= began
        ]
        pages.append(min(rung, default=None))
        events = [event.minute for event in one.night.events if event.what == SCALED_OUT and event.minute >= begin]
        scaled.append(60.0 * (min(events) - begin) if events else None)
    return Spike(
        protection.title,
        users,
        len(found),
        sum(one.harm is not None for one in found),
        max(len(one.harms) for one in found),
        max(errors),
        max(ages),
        _latest(pages),
        _latest(scaled),
    )


def _latest(delays: Sequence[float | None]) -> float | None:
    there = [delay for delay in delays if delay is not None]
    return max(there) if len(there) == len(delays) else None
