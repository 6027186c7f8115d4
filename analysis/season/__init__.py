"""The alarms of a stack on families of simulated nights: who is notified in time, who is woken for nothing, the record of it."""

from analysis.season.outcomes import (
    FamilyResult,
    Outcome,
    Result,
    Ringing,
    Spike,
    SweepRow,
    Told,
    build_ups,
    nights,
    outcome,
    run,
)
from analysis.season.plan import FILE_NAME as PLAN_FILE
from analysis.season.plan import Family, Plan, PlanError, Protection, Quiet, Watched, plan
from analysis.season.record import FILE_NAME as RECORD_FILE
from analysis.season.record import KIND, Record, basis, load, record, to_json

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
    "build_ups",
    "load",
    "nights",
    "outcome",
    "plan",
    "record",
    "run",
    "to_json",
]
