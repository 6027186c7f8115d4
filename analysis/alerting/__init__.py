"""The alarms of a stack on families of simulated nights: who is told in time, who is woken for nothing, and the record of it."""

from analysis.alerting.plan import Family, Plan, PlanError, Protection, Quiet, plan
from analysis.alerting.record import Record, digest, load, stale, to_json
from analysis.alerting.season import FamilyResult, Outcome, Result, Spike, SweepRow, run

__all__ = [
    "Family",
    "FamilyResult",
    "Outcome",
    "Plan",
    "PlanError",
    "Protection",
    "Quiet",
    "Record",
    "Result",
    "Spike",
    "SweepRow",
    "digest",
    "load",
    "plan",
    "run",
    "stale",
    "to_json",
]
