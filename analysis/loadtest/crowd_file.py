"""The crowd's file: run as it is here, or written for a reader who points it at a deployment of their own."""

from __future__ import annotations

import os
import pprint
from pathlib import Path
from typing import Any, Final

from analysis.alarms import harm
from analysis.loadtest.tested import Tested

SOURCE: Final = Path(__file__).with_name("crowd.py")
PLAN: Final = "GAMEDAY_LOAD_PLAN"
SEED: Final = 2026


def plan(tested: Tested) -> dict[str, Any]:
    """What every run of the crowd takes from the plan of the test."""
    return {
        "seed": SEED, "interval_s": tested.interval_s, "timeout_s": tested.timeout_s,
        "routes": [
            {name: route[name] for name in ("name", "method", "path", "share", "live", "objects")} for route in tested.routes
        ],
    }  # fmt: skip


def environment(path: Path) -> dict[str, str]:
    """The environment of a run with the plan in a file: without proxies, which would be asked for loopback too."""
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return {**kept, PLAN: str(path)}


READ: Final = "# fmt: off\n"
UNREAD: Final = "# fmt: on\n"
STEP_S: Final = 600
GOAL: Final = 3
"""A goal brings three times the crowd."""


def written(tested: Tested) -> str:
    """The crowd's file with its plan in it: a tenth, a half and the whole of the peak, then a goal, ten minutes each.

    The thresholds are those of the service's objective: the share of failed requests that a month allows, and what the target
    for an update's age leaves for an answer after the poll.
    """
    late_s = tested.target_s - tested.interval_s
    made = {
        **plan(tested),
        "steps": [
            {"seconds": STEP_S, "crowds": [{"users": round(tested.peak_users * share)}]}
            for share in (0.1, 0.5, 1, GOAL)
        ],
        "publish": None,
        "addresses": False,
        "probe": "",
        "samples": "",
        "most_requests": 100_000_000,
        "thresholds": {
            "failed_share": float(harm.definition()["error_share"].low),
            **({"p95_s": round(late_s, 3)} if late_s > 0 else {}),
        },
    }
    before, _, rest = SOURCE.read_text(encoding="utf-8").partition(READ)
    after = rest.partition(UNREAD)[2]
    return f"{before}{READ}PLAN: dict[str, Any] = {pprint.pformat(made, width=120, sort_dicts=False)}\n{UNREAD}{after}"
