"""The alarms of a stack on families of simulated nights: who is told in time, who is woken for nothing, and the record of it."""

from analysis.alerting.plan import FILE_NAME as PLAN_FILE
from analysis.alerting.plan import Family, Plan, PlanError, Protection, Quiet, Watched, plan
from analysis.alerting.record import FILE_NAME as RECORD_FILE
from analysis.alerting.record import KIND, Record, basis, load, record, to_json
from analysis.alerting.season import FamilyResult, Outcome, Result, Ringing, Spike, SweepRow, Told, nights, outcome, run

__all__ = [
    "KIND",
    "PLAN_FILE",
    "RECORD_FILE",
    "Family",
    "FamilyResult",
    "Outcome",
    "Plan",
    "PlanError",
    "Protection",
    "Quiet",
    "Record",
    "Result",
    "Ringing",
    "Spike",
    "SweepRow",
    "Told",
    "Watched",
    "basis",
    "load",
    "nights",
    "outcome",
    "plan",
    "record",
    "run",
    "to_json",
]
