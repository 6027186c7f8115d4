"""What the last whole `make test` and the last measured builds of the site cost, in yardsticks of their session, against budgets.

Neither is run here. A session of the suite leaves its processor time in `.cache/cost/test.json` (`tests/session_cost.py`), and
beside it what this machine then took to count to two million in plain Python. A machine that is twice as fast has the same ratio.
`make test-all` builds the site in checkouts of its own and leaves the same for it (`tests/site/test_same_site.py`).
"""

import json
from pathlib import Path

import pytest

COSTS = Path(__file__).parents[1] / ".cache" / "cost"

REFERENCE_S = 0.037
"""The yardstick on the core for which the budgets are stated, as measured there with Python 3.11."""

FIRST_STACKS = 2

BUDGETS_S = {
    "test": (900.0, 130.0),
    "site-cold": (200.0, 35.0),
    "site-unchanged": (2.0, 0.0),
    "site-page": (10.0, 0.0),
    "site-runbook": (10.0, 0.0),
}
"""Processor time for the first two stacks, and for each further one. An edit of a stack's text has none: what rests on its
stack is computed anew."""

NAMES = {
    "test": "make test",
    "site-cold": "make site, from nothing, without the installation",
    "site-unchanged": "make site, nothing changed",
    "site-page": "make site, after an edit of a page",
    "site-runbook": "make site, after an edit of a runbook",
    "site-text": "make site, after an edit of a text in a stack's variables",
}


def budget(name, stacks):
    """Yardsticks that it may cost with so many stacks; None where there is no budget."""
    if name not in BUDGETS_S:
        return None
    first_s, further_s = BUDGETS_S[name]
    return (first_s + further_s * max(0, stacks - FIRST_STACKS)) / REFERENCE_S


@pytest.mark.parametrize("name", NAMES)
def test_what_was_measured_last_was_within_its_budget(name):
    kept = COSTS / f"{name}.json"
    if not kept.is_file():
        command = "make test" if name == "test" else "make test-all"
        pytest.skip(f"{command} has not run whole in this checkout yet; run it, then make bench")
    row = json.loads(kept.read_text(encoding="utf-8"))
    ratio, allowed = row["cpu_s"] / row["yardstick_s"], budget(name, row["stacks"])
    print(
        f"{NAMES[name]}: {row['cpu_s']:.1f} s of a processor with {row['stacks']} stacks, {ratio:,.0f} yardsticks of "
        f"{1000 * row['yardstick_s']:.0f} ms; the budget is {'not stated' if allowed is None else f'{allowed:,.0f}'}"
    )
    assert allowed is None or ratio <= allowed
