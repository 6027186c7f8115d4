"""What a stack costs: a rate card over its resources, priced from the price book, with the use of a month."""

from analysis.cost.estimate import Estimate, Free, LineItem, Unpriced, estimate, monthly, to_json
from analysis.cost.usage_file import UsageFileError, read_usage_file
from analysis.cost.windows import MonthSplit, month_split, per_game, per_season

__all__ = [
    "Estimate",
    "Free",
    "LineItem",
    "MonthSplit",
    "Unpriced",
    "UsageFileError",
    "estimate",
    "month_split",
    "monthly",
    "per_game",
    "per_season",
    "read_usage_file",
    "to_json",
]
