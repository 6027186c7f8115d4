"""What the last whole `make test` cost, in yardsticks measured in the same session, against the budget for so many stacks.

The suite is not run here. A session of it leaves its processor time in `.cache/cost/test.json` (`tests/session_cost.py`), and
beside it what this machine then took to count to two million in plain Python. A machine that is twice as fast has the same ratio.
"""

import json
from pathlib import Path

import pytest

KEPT = Path(__file__).parents[1] / ".cache" / "cost" / "test.json"

REFERENCE_S = 0.100
"""The yardstick on the core for which the budgets are stated."""

FIRST_S, FURTHER_S, FIRST_STACKS = 900.0, 130.0, 2
"""Processor time for the first two stacks, and for each further one."""


def budget(stacks):
    """Yardsticks that the suite may cost with so many stacks."""
    return (FIRST_S + FURTHER_S * max(0, stacks - FIRST_STACKS)) / REFERENCE_S


def test_the_last_whole_suite_was_within_its_budget():
    if not KEPT.is_file():
        pytest.skip("make test has not run whole in this checkout yet; run it, then make bench")
    row = json.loads(KEPT.read_text(encoding="utf-8"))
    ratio = row["cpu_s"] / row["yardstick_s"]
    print(
        f"make test: {row['cpu_s']:.0f} s of a processor with {row['stacks']} stacks, {ratio:,.0f} yardsticks of "
        f"{1000 * row['yardstick_s']:.0f} ms; the budget is {budget(row['stacks']):,.0f}"
    )
    assert ratio <= budget(row["stacks"])
