"""What a stack costs: a rate card over its resources, priced from the price book, with the use of a month."""

from analysis.cost.changes import Changes, changes, changes_json, markdown, signed
from analysis.cost.estimate import PLAN, Estimate, Free, LineItem, Unpriced, estimate, monthly, to_json
from analysis.cost.formats import focus_csv, infracost_json
from analysis.cost.reserved import TERMS, Reservations, reservations, reservations_json
from analysis.cost.usage_file import UsageFileError, read_usage_file
from analysis.cost.windows import CalendarCost, DayCost, calendar_cost, calendar_json

__all__ = [
    "PLAN",
    "TERMS",
    "CalendarCost",
    "Changes",
    "DayCost",
    "Estimate",
    "Free",
    "LineItem",
    "Reservations",
    "Unpriced",
    "UsageFileError",
    "calendar_cost",
    "calendar_json",
    "changes",
    "changes_json",
    "estimate",
    "focus_csv",
    "infracost_json",
    "markdown",
    "monthly",
    "read_usage_file",
    "reservations",
    "reservations_json",
    "signed",
    "to_json",
]
