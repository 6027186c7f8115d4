"""What to buy first: the parts of a stack weighed one by one, and its horizons, variable files of it, side by side."""

from analysis.horizons.plan import FILE_NAME as PLAN_FILE
from analysis.horizons.plan import Horizon, Left, Part, Plan, plan
from analysis.horizons.record import KIND, Gain, Reached, Record, Worth, basis, compared, content, load, to_json
from analysis.horizons.weighing import weighed

__all__ = [
    "KIND",
    "PLAN_FILE",
    "Gain",
    "Horizon",
    "Left",
    "Part",
    "Plan",
    "Reached",
    "Record",
    "Worth",
    "basis",
    "compared",
    "content",
    "load",
    "plan",
    "to_json",
    "weighed",
]
