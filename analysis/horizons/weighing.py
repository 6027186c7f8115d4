"""The parts of a plan weighed, and its horizons computed: nights, headroom, bills, alarms and proofs in plain values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from statistics import fmean
from typing import Any, NamedTuple

import joblib

from analysis import alarms, incidents, night, proofs, season, terraform
from analysis.facts import Scenario, today
from analysis.horizons.plan import Horizon, Plan
from analysis.incidents import Bench, Change
from analysis.night import hard, hard_plan
from analysis.night.hard_plan import HardNights
from analysis.night.spread import spread
from analysis.night.sweeps import MOST_USERS, with_rise
from analysis.studies import Study, nights_record, study


class Variant(NamedTuple):
    """A stack to weigh: the plain one (`part` is empty), one with a part alone, or one with a part left out."""

    side: str
    part: str
    evening: Study
    goal: Study


BEFORE, NOW = "before", "now"
"""The two sides of a weighing: on the stack before a part stands alone, on the stack as it is now it is left out."""


def variants(plan: Plan) -> tuple[Variant, ...]:
    """Every stack that is weighed: on the incident's evening, and with the crowd that is the stack's goal.

    On the stack before, the goal's crowd behaves as the incident's did, and is only larger.
    """
    late_s, users = plan.incident.harm.late_s or 0.0, hard_plan.hard_nights(plan.directory).users
    before, now = Bench(plan.incident, late_s), Bench(plan.incident, late_s, now=True)
    own = Bench(plan.incident, late_s, now=True, scenario=study(plan.directory).scenario)

    def both(side: str, part: str, changes: Sequence[Change]) -> Variant:
        if side == BEFORE:
            evening = before.changed(changes)
            return Variant(side, part, evening, evening.at(users))
        return Variant(side, part, now.changed(changes), own.changed(changes).at(users))

    made = [both(BEFORE, "", ()), *(both(BEFORE, part.id, part.alone) for part in plan.parts if part.alone)]
    return (*made, both(NOW, "", ()), *(both(NOW, part.id, part.left_out) for part in plan.parts))


def subject(plan: Plan, horizon: Horizon) -> Study:
    """The stack as a horizon makes it. Raises StudyError where Terraform refuses its values."""
    return study(plan.directory, **given(plan, horizon))


def given(plan: Plan, horizon: Horizon) -> dict[str, Any]:
    """A horizon as `studies.study` takes it: the values of its file that are other ones, and what it does not wait for."""
    own = terraform.load(plan.directory).variables
    there = terraform.load(plan.directory, var_files=[horizon.file]).variables
    changed = {name: there[name].value for name in there if there[name].value != own[name].value}
    return {"variables": changed, "without": horizon.not_yet}


def weighed(plan: Plan, *, jobs: int = -1) -> dict[str, Any]:
    """The content of the record: each variant's nights, users and bill, and each horizon. The same bytes whatever `jobs`.

    Raises StudyError where a change or a value is refused, NightError and FactError as the nights and the season do.
    """
    made = variants(plan)
    goals = hard_plan.hard_nights(plan.directory)
    alike = {_setups(one): one for one in reversed(made)}  # a part that no night sees is not simulated again
    work = [partial(_weigh, plan, goals, one) for one in alike.values()]
    work += [partial(_nights, plan, goals, horizon) for horizon in plan.horizons]
    work += [partial(_told, plan, horizon) for horizon in plan.horizons]
    found: Iterator[Any] = spread(_called, work, jobs=jobs)
    felt = {setups: next(found) for setups in alike}
    parts: dict[str, dict[str, Any]] = {BEFORE: {}, NOW: {}}
    for one in made:
        asked = one.evening if one.side == BEFORE else one.goal
        parts[one.side][one.part] = {**felt[_setups(one)], "usd_month": str(round(asked.bill.total.usd, 2))}
    nights = {horizon.id: next(found) for horizon in plan.horizons}
    told = {horizon.id: next(found) for horizon in plan.horizons}
    return {
        "parts": parts,
        "horizons": {
            horizon.id: {**_standing(plan, horizon), **nights[horizon.id], "alarms": told[horizon.id]}
            for horizon in plan.horizons
        },
    }


def _setups(one: Variant) -> tuple[str, ...]:
    """What a variant's nights are made of: the same for two variants whose nights are the same."""
    setups = [night.setup(s.path, s.scenario, s.profile, values=s.values) for s in (one.evening, one.goal)]
    return one.side, *(joblib.hash(made) for made in setups)


def _called(work: Any) -> Any:
    return work()


def _weigh(plan: Plan, goals: HardNights, one: Variant) -> dict[str, Any]:
    """User-minutes affected on the evening and over all hard nights, each the mean of the seeds, and the users held.

    On the stack before, users are those of the incident's first kind of night; on the stack as it is now, the fewest of any.
    """
    late_s = plan.incident.harm.late_s or 0.0
    before = one.side == BEFORE
    asked = one.evening if before else one.goal

    def minutes(subject: Study, course: Scenario, faults: Sequence[str] = (), users: int | None = None) -> float:
        broken = [night.fault(text) for text in faults]
        made = night.setup(
            subject.path, course, subject.profile, faults=broken, peak_users=users, values=subject.values
        )
        seeds = range(1, goals.headroom_seeds + 1)
        return fmean(incidents.outcome((made, seed, late_s)).user_minutes for seed in seeds)

    total = 0.0
    for each in goals.nights:
        course = each.scenario or one.goal.scenario
        course = course if each.rise_s is None else with_rise(course, each.rise_s)
        total += minutes(one.goal, course, each.faults, goals.users)
    rooms = [incidents.room((asked, kind)).users for kind in (plan.incident.hard[:1] if before else plan.incident.hard)]
    return {
        "evening": round(minutes(one.evening, one.evening.scenario), 1),
        "hard": round(total, 1),
        "users": min(MOST_USERS if users is None else users for users in rooms),
    }


def _nights(plan: Plan, goals: HardNights, horizon: Horizon) -> dict[str, Any]:
    """The horizon on every planned night, as `gameday nights` records them: that record, where it is the stack itself."""
    if _itself(plan, horizon):
        return {"nights": nights_record(plan.directory).content["nights"]}
    made = subject(plan, horizon)
    return hard.recorded(made.architecture, made.scenario, made.about, goals, jobs=1)


def _told(plan: Plan, horizon: Horizon) -> dict[str, int]:
    """On how many build-ups of the season somebody was affected, and on how many of these a page came in time.

    From the record of the season, where the horizon is the stack itself.
    """
    tried = replace(season.plan(plan.directory), given=given(plan, horizon))
    families = season.load(plan.directory).counted if _itself(plan, horizon) else season.build_ups(tried)
    return {
        "nights": sum(len(family.hurt) for family in families),
        "in_time": sum(family.in_time(tried.lead_goal_s) for family in families),
        "alarms": len(list(alarms.read(study(plan.directory, **tried.given).architecture))),
    }


def _itself(plan: Plan, horizon: Horizon) -> bool:
    """Whether the horizon is the stack as it stands."""
    return not any(given(plan, horizon).values())


def _standing(plan: Plan, horizon: Horizon) -> dict[str, Any]:
    """What the horizon costs and consists of, and what the proofs find in an apply of its file."""
    made = subject(plan, horizon)
    applied = terraform.load(plan.directory, var_files=[horizon.file])
    report = proofs.prove(
        applied,
        scenario=made.scenario,
        stack=made.about,
        waivers=proofs.waivers(plan.directory, proofs.RULES.keys()),
        today=today(),
    )
    return {
        "usd_month": str(round(made.bill.total.usd, 2)),
        "usd_idle": str(round(made.idle_bill.total.usd, 2)),
        "usd_game": str(round(made.game.usd, 2)),
        "resources": len(made.architecture.resources),
        "findings": sorted({(one.rule.severity, one.rule.id, one.rule.title) for one in report.unwaived}),
    }
