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

ROWS: Final = 250_000
AFTER: Final = 5_000
"""Rows that a drill writes before its dump, and after it."""

TEXT_BYTES: Final = 600
"""Bytes of a row's text, as an update has."""


def load_basis(plan: Tested) -> dict[str, str]:
    """What a load test rests on: the plan that follows from the stack and its scenario, and the texts of program and crowd."""
    texts = {name: crowd_file.SOURCE.with_name(name).read_text(encoding="utf-8") for name in ("program.py", "crowd.py")}
    return evidence.basis({f"load on {plan.stack}": plan, **texts}, ("load",))


def drill_basis() -> dict[str, str]:
    """What a drill rests on: how many rows of which size are lost."""
    rows = {"rows": ROWS, "after": AFTER, "text_bytes": TEXT_BYTES, "seed": crowd_file.SEED}
    return evidence.basis({"rows that are lost": rows}, ("drill",))
