"""The record of a plan that was run: `season.json` beside the stack."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from analysis import evidence, facts
from analysis.facts.assumptions import toml
from analysis.season.outcomes import FamilyResult, Outcome, Result, Ringing, Spike, SweepRow, Told, studied
from analysis.season.plan import FILE_NAME as PLAN_NAME
from analysis.season.plan import Family, Plan, PlanError, Quiet, Watched
from analysis.studies import inputs, study

KIND = "season"
FILE_NAME = "season.json"


@dataclass(frozen=True)
class Record:
    """What was found when the plan was last run. `alarms` has a row for each alarm over the season; see `to_json`."""

    nights: int
    goal: Mapping[str, float]
    families: tuple[FamilyResult, ...]
    season: Mapping[str, Any]
    sweep: tuple[SweepRow, ...]
    spikes: tuple[Spike, ...]
    told: tuple[Told, ...]
    mutations: tuple[tuple[str, int, int], ...]
    survivors: tuple[tuple[str, str, str, str], ...]
    recorded_on: dt.date = dt.date.min
    rests_on: Mapping[str, str] = field(default_factory=dict)

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
    def counted(self) -> tuple[FamilyResult, ...]:
        """Those of them that the goal counts: on the stack itself, not on another that its alarms are tried on."""
        return tuple(family for family in self.building if family.own)

    @property
    def leads_s(self) -> tuple[float | None, ...]:
        """The lead of the first page on each counted night that affected somebody."""
        return tuple(outcome.lead_s for family in self.counted for outcome in family.hurt)

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
            for family in self.counted
            for outcome in family.hurt
        )


def basis(plan: Plan) -> dict[str, str]:
    """What a run of the plan rests on: the plan, and every stack under every set of values that a night happens on."""
    entries: list[Family | Quiet | Watched] = [*plan.quiet, *plan.families, *plan.watched]
    studies = [replace(studied(plan, entry), crowd=facts.scenario(entry.scenario)) for entry in entries]
    if plan.cold is not None:
        cold = facts.scenario(plan.cold.scenario)
        studies += [replace(studied(plan, protection), crowd=cold) for protection in plan.protections]
    text = toml(plan.directory / PLAN_NAME).entries
    return evidence.basis({**inputs([study(plan.directory), *studies]), PLAN_NAME: text}, ("night", "alarms", "season"))


def to_json(result: Result, plan: Plan) -> dict[str, Any]:
    """The record for programs and for the file: plain values, the same bytes for the same result."""
    season = result.season
    return {
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
                "own": family.own,
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


def load(directory: Path) -> Record:
    """The record beside the stack. Raises PlanError where there is none, or what is there is none."""
    path = directory / FILE_NAME
    try:
        kept = evidence.read(path, KIND)
        if kept is not None:
            return replace(record(kept.content), recorded_on=kept.recorded_on, rests_on=kept.rests_on)
    except (evidence.RecordError, ValueError, KeyError, TypeError) as error:
        raise PlanError(str(path), "", f"is no record of `gameday season` ({error}); run it again") from None
    raise PlanError(str(path), "", "is missing; run `gameday season` first")


def record(made: Mapping[str, Any]) -> Record:
    """The record of what `to_json` made. Raises KeyError or TypeError where it is none."""
    families = tuple(_family(entry) for entry in made["families"])
    return Record(
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
    names = ("name", "title", "note", "builds_up", "stack", "breaks_at", "own")
    return FamilyResult(**{name: entry[name] for name in names}, standing=tuple(entry["standing"]), outcomes=outcomes)
