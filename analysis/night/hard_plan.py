"""The nights that a stack must hold, as a file beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from analysis.facts.assumptions import toml
from analysis.facts.scenarios import Scenario, scenario

PLAN = "nights.toml"

MOST_SEEDS = 1_000


@dataclass(frozen=True, slots=True)
class HardNight:
    """A kind of night: what goes wrong (as `zone-loss@104`), and where not as the stack's own scenario has it, its course.

    `rise_s` is how fast the largest surge rises, `scenario` another evening altogether.
    """

    title: str
    faults: tuple[str, ...]
    rise_s: float | None
    scenario: Scenario | None


@dataclass(frozen=True, slots=True)
class HardNights:
    """The crowd and the nights that a stack must hold, with how many seeds, and what holding means."""

    file: str
    users: int
    seeds: int
    headroom_seeds: int
    errors: float
    freshness_s: float
    nights: tuple[HardNight, ...]


MISSING = "write one, with users, seeds, headroom_seeds, errors, freshness_s and a [[night]] with a title for each night to hold"


def hard_nights(stack: Path) -> HardNights:
    """The plan beside the stack in the directory `stack`. FactError, with the key, where it is missing or wrong."""
    table = toml(stack / PLAN, f"{stack.resolve().name}/{PLAN}", MISSING)
    nights = []
    for entry in table.tables("night", at_least=1):
        faults = entry.get("faults") or []
        if not isinstance(faults, list) or not all(isinstance(fault, str) for fault in faults):
            raise entry.error("faults", "must be a list of texts, as zone-loss@104")
        rise_s = float(entry.number("rise_s", minimum=1)) if "rise_s" in entry.entries else None
        course = entry.text("scenario", "")
        evening = scenario(stack / course) if course else None
        nights.append(HardNight(entry.text("title"), tuple(faults), rise_s, evening))
        entry.closed()
    made = HardNights(
        file=table.file,
        users=int(table.number("users", minimum=1)),
        seeds=int(table.number("seeds", minimum=1)),
        headroom_seeds=int(table.number("headroom_seeds", minimum=1)),
        errors=float(table.number("errors", minimum=0)),
        freshness_s=float(table.number("freshness_s", minimum=0)),
        nights=tuple(nights),
    )
    if max(made.seeds, made.headroom_seeds) > MOST_SEEDS:
        raise table.error("seeds", f"is more than {MOST_SEEDS}")
    if len({night.title for night in nights}) < len(nights):
        raise table.error("night", "has one title twice")
    table.closed()
    return made
