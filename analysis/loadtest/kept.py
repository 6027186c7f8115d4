"""The two records: what they are called and what they rest on."""

from __future__ import annotations

from typing import Final

from analysis import evidence
from analysis.loadtest import crowd_file
from analysis.loadtest.tested import Tested

LOADED: Final = "loaded"
"""The record of a load test."""

DRILLED: Final = "drilled"
"""The record of a restore drill."""

AS_IS, SLOWED, EDGE, LIMITED = "as it is", "slowed", "behind nginx", "behind nginx with a limit"
PILOT, STEPS, CHECKED = "pilot", "steps", "check"
EACH, ONE_ADDRESS, MANY = "asked each time", "one address", "many addresses"
"""What runs and servers are called; the last: without its cache, and nginx with a limit for an address, asked by one, by many."""

ROWS: Final = 250_000
AFTER: Final = 5_000
"""Rows that a drill writes before its dump, and after it."""

TEXT_BYTES: Final = 600
"""Bytes of a row's text, as an update has."""


def load_basis(plan: Tested) -> dict[str, str]:
    """What a load test rests on: the plan that follows from the stack and its scenario, and the texts of program and crowd."""
    beside = ("crowd.py",) if plan.stand_in else ("program.py", "crowd.py")
    texts = {name: crowd_file.SOURCE.with_name(name).read_text(encoding="utf-8") for name in beside}
    texts |= plan.stand_in.sources if plan.stand_in else {}
    return evidence.basis({f"load on {plan.stack}": plan, **texts}, ("load",))


def drill_basis() -> dict[str, str]:
    """What a drill rests on: how many rows of which size are lost."""
    rows = {"rows": ROWS, "after": AFTER, "text_bytes": TEXT_BYTES, "seed": crowd_file.SEED}
    return evidence.basis({"rows that are lost": rows}, ("drill",))
