"""The record of a plan that was weighed, beside the stack: what each part is worth, and what each horizon reaches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from analysis import evidence
from analysis.facts import FactError
from analysis.facts.assumptions import toml
from analysis.horizons.plan import Horizon, Part, Plan
from analysis.horizons.weighing import BEFORE, NOW, subject, variants, weighed
from analysis.night import hard, hard_plan
from analysis.night.sweeps import MOST_USERS
from analysis.season import PLAN_FILE as SEASON
from analysis.studies import inputs
from analysis.units import money

KIND: Final = "horizons"

WHY: Final[Mapping[str | None, str]] = {"errors": "requests fail", "late": "updates are late"}
"""What is said of a night on which nothing was used up, by why it was not held: the database is away, for instance."""

content = weighed


@dataclass(frozen=True, slots=True)
class Gain:
    """What a part is worth on one side: user-minutes of impact removed (evening, hard nights), and users more that are held."""

    evening: float
    hard: float
    users: int

    @property
    def impact(self) -> float:
        """User-minutes removed on the evening and the hard nights together."""
        return self.evening + self.hard


@dataclass(frozen=True, slots=True)
class Worth:
    """A part weighed. `alone` is None where it cannot stand on the stack before. `usd_month` is what it adds to the bill."""

    part: Part
    alone: Gain | None
    left_out: Gain
    usd_month: Decimal

    @property
    def impact(self) -> float:
        """The impact that it removes, on the side on which that is more."""
        return max(self.left_out.impact, self.alone.impact if self.alone else 0.0, 0.0)

    @property
    def users(self) -> int:
        """The users that it gains, on the side on which these are more."""
        return max(self.left_out.users, self.alone.users if self.alone else 0, 0)

    @property
    def impact_per_hour(self) -> float:
        """User-minutes removed per hour of work."""
        return self.impact / float(self.part.hours.value)

    @property
    def users_per_hour(self) -> float:
        """Users gained per hour of work."""
        return self.users / float(self.part.hours.value)

    @property
    def impact_per_usd(self) -> float | None:
        """User-minutes removed per dollar a month; None where it costs nothing or saves."""
        return self.impact / float(self.usd_month) if self.usd_month > 0 else None

    @property
    def users_per_usd(self) -> float | None:
        """Users gained per dollar a month; None where it costs nothing or saves."""
        return self.users / float(self.usd_month) if self.usd_month > 0 else None


@dataclass(frozen=True, slots=True)
class Reached:
    """A horizon computed. `users` is the fewest that any hard night holds, `night` that night, `binds` what gives way on it.

    `plain_users` are held on the first of the hard nights, `plain_night`, the plan's own game as it is.
    `survived` counts the nights of `nights` that are held with the goal's crowd, `missed` names the others; `age_s` is the oldest
    p95 of a minute on any of them, `affected_minutes` those with users affected over all, each night the worst of its seeds.
    `in_time` counts the build-ups, of `build_ups`, on which a page came in time.
    """

    horizon: Horizon
    hours: tuple[float, float, float]
    usd_month: Decimal
    usd_idle: Decimal
    usd_game: Decimal
    resources: int
    alarms: int
    users: int
    night: str
    binds: str
    plain_night: str
    plain_users: int
    nights: int
    survived: int
    missed: tuple[str, ...]
    age_s: float
    affected_minutes: int
    build_ups: int
    in_time: int
    findings: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Record:
    """What was found when the plan was last weighed: parts, the one to buy first before the others, and horizons as planned."""

    goal: int
    worths: tuple[Worth, ...]
    reached: tuple[Reached, ...]
    kept: evidence.Record


def basis(plan: Plan) -> dict[str, str]:
    """What the record rests on now. Raises as `weighing.variants` and `weighing.subject` do."""
    studies = [one for variant in variants(plan) for one in (variant.evening, variant.goal)]
    studies += [subject(plan, horizon) for horizon in plan.horizons]
    goals, tried = hard_plan.hard_nights(plan.directory), toml(plan.directory / SEASON).entries
    named = {
        hard_plan.PLAN: goals,
        SEASON: [tried.get(key) for key in ("goal", "family")],
        "hard": plan.incident.hard,
        "harm": plan.incident.harm,
    }
    models = ("night", "bill", "alarms", "season", "incident", "horizons")
    return evidence.basis({**inputs(studies, priced=True), **named}, models)


def load(plan: Plan) -> Record:
    """The record beside the stack. FactError where there is none, or where it is of another plan."""
    path = evidence.beside(plan.directory, KIND)
    again = f"run `gameday horizons {plan.directory.name} --record`, with the path of the stack"
    try:
        record = evidence.read(path, KIND)
    except evidence.RecordError as error:
        raise FactError(path.name, "", f"{error}; {again}") from None
    if record is None:
        raise FactError(path.name, "", f"is missing; {again}")
    try:
        return _restored(plan, record)
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise FactError(path.name, "", f"is no record of this plan ({error}); {again}") from None


def _restored(plan: Plan, record: evidence.Record) -> Record:
    found = record.content
    goals = hard_plan.hard_nights(plan.directory)
    worths = [_worth(part, found["parts"]) for part in plan.parts]
    order = sorted(worths, key=lambda one: (-one.impact_per_hour, -one.users_per_hour, one.usd_month))
    reached = [_reached(plan, horizon, found["horizons"][horizon.id], goals) for horizon in plan.horizons]
    return Record(goals.users, tuple(order), tuple(reached), record)


def _worth(part: Part, found: Mapping[str, Mapping[str, Any]]) -> Worth:
    def gain(less: Mapping[str, Any], more: Mapping[str, Any]) -> Gain:
        return Gain(less["evening"] - more["evening"], less["hard"] - more["hard"], more["users"] - less["users"])

    before, now = found[BEFORE], found[NOW]
    alone = gain(before[""], before[part.id]) if part.alone else None
    usd = Decimal(now[""]["usd_month"]) - Decimal(now[part.id]["usd_month"])
    return Worth(part, alone, gain(now[part.id], now[""]), usd)


def _reached(plan: Plan, horizon: Horizon, found: Mapping[str, Any], goals: hard_plan.HardNights) -> Reached:
    nights = found["nights"]
    rooms = {night["title"]: night["headroom"] for night in nights}
    worst = min(rooms, key=lambda title: _users(rooms[title]))
    missed = tuple(hard.missed(found, goals))
    return Reached(
        horizon=horizon,
        hours=plan.hours(horizon),
        usd_month=Decimal(found["usd_month"]),
        usd_idle=Decimal(found["usd_idle"]),
        usd_game=Decimal(found["usd_game"]),
        resources=found["resources"],
        alarms=found["alarms"]["alarms"],
        users=_users(rooms[worst]),
        night=worst,
        binds=next(iter(rooms[worst]["first"]), WHY.get(rooms[worst]["why"], "")),
        plain_night=nights[0]["title"],
        plain_users=_users(nights[0]["headroom"]),
        nights=len(nights),
        survived=len(nights) - len(missed),
        missed=missed,
        age_s=max(night["settled_age_p95_s"] or 0.0 for night in nights),
        affected_minutes=sum(night["hurt_minutes"] for night in nights),
        build_ups=found["alarms"]["nights"],
        in_time=found["alarms"]["in_time"],
        findings=tuple((severity, rule, title) for severity, rule, title in found["findings"]),
    )


def _users(room: Mapping[str, Any]) -> int:
    return int(MOST_USERS if room["users"] is None else room["users"])


def compared(record: Record) -> list[tuple[str, list[str]]]:
    """The horizons side by side: what a row is, and its text for each of them."""

    def row(name: str, text: Callable[[Reached], str]) -> tuple[str, list[str]]:
        return name, [text(one) for one in record.reached]

    plain = record.reached[0].plain_night
    return [
        row("A month with its games", lambda one: money(one.usd_month)),
        row("A month without a game", lambda one: money(one.usd_idle)),
        row("One game more", lambda one: money(one.usd_game)),
        row("Hours of work", lambda one: "{:.0f} ({:.0f} to {:.0f})".format(*one.hours)),
        row("Resources", lambda one: f"{one.resources}"),
        row("Users held on the hardest night", lambda one: f"{one.users:,}"),
        row("which night that is", lambda one: one.night),
        row("what binds there", lambda one: one.binds or "no crowd that was tried"),
        row(f"Users held: {plain[:1].lower()}{plain[1:]}", lambda one: f"{one.plain_users:,}"),
        row(f"Hard nights survived with {record.goal:,} users", lambda one: f"{one.survived} of {one.nights}"),
        row("Minutes with users affected, over all of them", lambda one: f"{one.affected_minutes}"),
        row("Age of an update, p95 of the worst minute", lambda one: f"{one.age_s:.2f} s"),
        row("Alarms", lambda one: f"{one.alarms}"),
        row("Build-ups announced in time", lambda one: f"{one.in_time} of {one.build_ups}"),
        row("What gameday prove finds", _found),
    ]


def _found(one: Reached) -> str:
    counts = Counter(severity for severity, _, _ in one.findings)
    words = [f"{count} {severity}{'s' if count > 1 else ''}" for severity, count in sorted(counts.items())]
    return ", ".join(words) or "nothing"


def to_json(record: Record) -> dict[str, Any]:
    """The record for programs: parts in their order, horizons as planned, in plain values."""

    def gain(one: Gain | None) -> dict[str, Any] | None:
        return None if one is None else {"evening": one.evening, "hard_nights": one.hard, "users": one.users}

    return {
        "recorded_on": record.kept.recorded_on.isoformat(),
        "goal_users": record.goal,
        "parts": [
            {
                "id": one.part.id,
                "name": one.part.name,
                "hours": [float(one.part.hours.at(level)) for level in ("low", "value", "high")],
                "usd_month": str(one.usd_month),
                "alone": gain(one.alone),
                "left_out": gain(one.left_out),
                "impact_per_hour": one.impact_per_hour,
                "impact_per_usd": one.impact_per_usd,
                "users_per_hour": one.users_per_hour,
                "users_per_usd": one.users_per_usd,
            }
            for one in record.worths
        ],
        "horizons": [
            {
                "id": one.horizon.id,
                "title": one.horizon.title,
                "file": one.horizon.file.name,
                "hours": list(one.hours),
                "usd_month": str(one.usd_month),
                "usd_idle": str(one.usd_idle),
                "usd_game": str(one.usd_game),
                "resources": one.resources,
                "alarms": one.alarms,
                "users_held": one.users,
                "binds": one.binds,
                "on": one.night,
                "users_held_without_fault": one.plain_users,
                "without_fault": one.plain_night,
                "nights": one.nights,
                "survived": one.survived,
                "missed": list(one.missed),
                "age_p95_s": one.age_s,
                "affected_minutes": one.affected_minutes,
                "build_ups": one.build_ups,
                "in_time": one.in_time,
                "findings": [list(each) for each in one.findings],
                "leaves_out": {each.part: each.risk for each in one.horizon.leaves},
            }
            for one in record.reached
        ],
    }
