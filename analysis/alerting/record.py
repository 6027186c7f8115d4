"""The record of a plan that was run: `alerting.json` beside the stack, with a hash of what it rests on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from analysis import alarms as layer
from analysis import facts
from analysis.alarms import Alarms
from analysis.alarms.harm import definition
from analysis.alerting.plan import FILE_NAME as PLAN_NAME
from analysis.alerting.plan import Family, Plan, PlanError, Protection, Quiet, Watched
from analysis.alerting.season import FamilyResult, Outcome, Result, Ringing, Spike, SweepRow, Told, studied
from analysis.files import RECORD_BYTES, read_text, write_own

FILE_NAME = "alerting.json"
UNHASHED = ("expression", "description", "defined_at", "address")
"""Parts of an alarm that do not change what it does, or are written out apart."""


@dataclass(frozen=True)
class Record:
    """What was found when the plan was last run. `alarms` has a row for each alarm over the season; see `to_json`."""

    digest: str
    nights: int
    goal: Mapping[str, float]
    families: tuple[FamilyResult, ...]
    season: Mapping[str, Any]
    sweep: tuple[SweepRow, ...]
    spikes: tuple[Spike, ...]
    told: tuple[Told, ...]
    mutations: tuple[tuple[str, int, int], ...]
    survivors: tuple[tuple[str, str, str, str], ...]

    @property
    def mutations_caught(self) -> float:
        """The share of broken alarms that the back-test noticed."""
        total = sum(total for _, _, total in self.mutations)
        return sum(caught for _, caught, _ in self.mutations) / total if total else 1.0

    @property
    def building(self) -> tuple[FamilyResult, ...]:
        """The families whose load builds up."""
        return tuple(family for family in self.families if family.builds_up)

    @property
    def leads_s(self) -> tuple[float | None, ...]:
        """The lead of the first page on each night of a build-up that hurt somebody."""
        return tuple(outcome.lead_s for family in self.building for outcome in family.hurt)

    @property
    def in_time(self) -> int:
        """On how many of those nights it was as long as the goal asks."""
        return sum(lead is not None and lead >= self.goal["lead_s"] for lead in self.leads_s)

    @property
    def share_in_time(self) -> float:
        """The share of those nights; 1 where there are none."""
        return self.in_time / len(self.leads_s) if self.leads_s else 1.0

    @property
    def false_pages(self) -> int:
        """How often somebody was woken for nothing in the season."""
        return int(self.season["false_wakings"])

    def without(self, alarm: str) -> int:
        """On how many nights a page would still come in time if `alarm` did not exist."""
        return sum(
            any(lead >= self.goal["lead_s"] for name, lead in outcome.pages.items() if name != alarm)
            for family in self.building
            for outcome in family.hurt
        )


def digest(plan: Plan) -> str:
    """A hash of everything a run rests on: the plan, the alarms as read, and each night as it would be simulated.

    It changes with whatever changes a night or an alarm, and not with a comment in the Terraform.
    """
    from analysis.capacity.night import fault, setup  # noqa: PLC0415 (pulls in the compiler)

    found = hashlib.sha256()

    def add(*parts: object) -> None:
        for part in parts:
            data = part if isinstance(part, bytes) else repr(part).encode()
            found.update(f"{len(data)}:".encode() + data)

    def add_night(of: Family | Quiet | Protection | Watched, scenario: Path) -> None:
        made = studied(plan, of)
        add(list(_written(layer.read(made.architecture))))
        faults = [fault(text) for text in of.faults] if isinstance(of, Quiet | Watched) else []
        night = setup(
            made.architecture,
            facts.scenario(scenario),
            made.about,
            faults=faults,
            profile=made.profile,
            values=made.values,
        )
        add(night.setting, night.edge_spans_s, night.freshness_target_s, night.runtime)
        for array in (night.users, night.routes, night.faults, night.tracking, night.steps):
            add(array.tobytes())

    add((plan.directory / PLAN_NAME).read_bytes())
    add(sorted((name, str(assumed.value)) for name, assumed in definition().items()))
    for quiet in plan.quiet:
        add(str(facts.scenario(quiet.scenario).peak_users))
        add_night(quiet, quiet.scenario)
    for family in plan.families:
        add_night(family, family.scenario)
    for watched in plan.watched:
        add_night(watched, watched.scenario)
    for protection in plan.protections:
        add_night(protection, plan.cold.scenario if plan.cold else Path())
    return found.hexdigest()[:32]


def _written(told: Alarms) -> Iterator[tuple[object, ...]]:
    """The alarms as plain values: a parsed expression holds sets, whose order differs from one process to the next."""
    for alarm in told.metric:
        expression = alarm.expression.text if alarm.expression else None
        named = {field.name: getattr(alarm, field.name) for field in fields(alarm)}
        yield (*((name, value) for name, value in named.items() if name not in UNHASHED), expression)
    for composite in told.composite:
        yield (
            composite.name,
            composite.rule.text,
            composite.suppressor,
            composite.wait_s,
            composite.extension_s,
            composite.severity,
        )


def stale(record: Record, plan: Plan) -> bool:
    """Whether the record rests on another plan, other alarms or other nights than there are now."""
    return record.digest != digest(plan)


def to_json(result: Result, plan: Plan) -> dict[str, Any]:
    """The record for programs and for the file: plain values, the same bytes for the same result."""
    season = result.season
    return {
        "about": "Written by `gameday season`; not to be edited by hand.",
        "digest": digest(plan),
        "goal": {"lead_s": plan.lead_goal_s, "false_pages": plan.false_pages_goal},
        "season": {
            "nights": season.nights,
            "false_wakings": season.false_wakings,
            "pages": {title: dict(sorted(pages.items())) for title, pages in result.quiet_pages.items()},
            "false_pages": {row.alarm: row.false_pages for row in season.rows if row.false_pages},
            "never": [row.alarm for row in season.rows if row.never],
        },
        "families": [
            {
                "name": family.name,
                "title": family.title,
                "note": family.note,
                "builds_up": family.builds_up,
                "stack": family.stack,
                "standing": list(family.standing),
                "breaks_at": family.breaks_at,
                "nights": [
                    {
                        "users": outcome.users,
                        "seed": outcome.seed,
                        "harm_minute": outcome.harm_minute,
                        "harm": outcome.harm,
                        "pages": dict(sorted(outcome.pages.items())),
                        "tickets": dict(sorted(outcome.tickets.items())),
                        "range_dependent": list(outcome.range_dependent),
                    }
                    for outcome in family.outcomes
                ],
            }
            for family in result.families
        ],
        "sweep": [
            {
                "alarm": row.alarm,
                "factor": row.factor,
                "threshold": round(row.threshold, 6),
                "in_time": row.in_time,
                "false_pages": row.false_pages,
            }
            for row in result.sweep
        ],
        "spikes": [
            {
                "title": spike.title,
                "users": spike.users,
                "nights": spike.nights,
                "hurt_nights": spike.hurt_nights,
                "minutes_hurt": spike.minutes_hurt,
                "worst_error_share": round(spike.worst_error_share, 6),
                "worst_age_s": round(spike.worst_age_s, 3),
                "first_page_s": spike.first_page_s,
                "first_scale_out_s": None if spike.first_scale_out_s is None else round(spike.first_scale_out_s, 1),
            }
            for spike in result.spikes
        ],
        "nights": [{**asdict(night), "ringing": [asdict(one) for one in night.ringing]} for night in result.told],
        "mutations": [{"part": part, "caught": caught, "of": total} for part, caught, total in result.mutations],
        "survivors": [
            {"alarm": alarm, "part": part, "change": change, "why": why}
            for alarm, part, change, why in result.survivors
        ],
    }


def save(directory: Path, made: Mapping[str, Any]) -> Path:
    """Writes what `to_json` made beside the stack in `directory`, whole or not at all."""
    path = directory / FILE_NAME
    write_own(path, json.dumps(made, indent=1, ensure_ascii=False) + "\n")
    return path


def load(directory: Path) -> Record:
    """The record beside the stack. Raises PlanError where there is none, or what is there is none."""
    path = directory / FILE_NAME
    try:
        return record(json.loads(read_text(path, RECORD_BYTES)))
    except OSError as error:
        raise PlanError(str(path), "", f"cannot be read ({error.strerror}); run `gameday season` first") from None
    except (ValueError, KeyError, TypeError) as error:
        raise PlanError(str(path), "", f"is no record of `gameday season` ({error}); run it again") from None


def record(made: Mapping[str, Any]) -> Record:
    """The record of what `to_json` made. Raises KeyError or TypeError where it is none."""
    families = tuple(_family(entry) for entry in made["families"])
    return Record(
        digest=made["digest"],
        nights=sum(len(family.outcomes) for family in families) + made["season"]["nights"],
        goal=made["goal"],
        families=families,
        season=made["season"],
        sweep=tuple(SweepRow(**row) for row in made["sweep"]),
        spikes=tuple(Spike(**row) for row in made["spikes"]),
        told=tuple(_night(row) for row in made["nights"]),
        mutations=tuple((row["part"], row["caught"], row["of"]) for row in made["mutations"]),
        survivors=tuple((row["alarm"], row["part"], row["change"], row["why"]) for row in made["survivors"]),
    )


def _night(entry: Mapping[str, Any]) -> Told:
    lists = {name: tuple(entry[name]) for name in ("faults", "silent", "no_data", "never")}
    ringing = tuple(Ringing(**{**one, "minutes": tuple(one["minutes"])}) for one in entry["ringing"])
    return Told(**{**entry, **lists, "ringing": ringing})


def _family(entry: Mapping[str, Any]) -> FamilyResult:
    outcomes = tuple(
        Outcome(
            night["users"],
            night["seed"],
            night["harm_minute"],
            night["harm"],
            night["pages"],
            night["tickets"],
            tuple(night["range_dependent"]),
        )
        for night in entry["nights"]
    )
    names = ("name", "title", "note", "builds_up", "stack", "breaks_at")
    return FamilyResult(**{name: entry[name] for name in names}, standing=tuple(entry["standing"]), outcomes=outcomes)
