"""The versions of what computes: raised by a person when the same inputs give other results than before."""

from collections.abc import Mapping
from typing import Final

MODELS: Final[Mapping[str, int]] = {
    "bill": 3,  # demand of a month and its price: analysis/demand, analysis/cost
    "capacity": 2,  # closed formulas: analysis/capacity
    "night": 1,  # the simulated night: analysis/night
    "alarms": 2,  # alarms over a night and who is affected: analysis/alarms
    "season": 2,  # which nights a back-test simulates and what it counts: analysis/season
    "calibration": 1,  # which sets a search draws and how it chooses: analysis/night/calibration.py
    "incident": 1,  # which changes are weighed on which nights: analysis/incidents
    "decision": 1,  # what is computed for a decision record: analysis/decisions
    "emulator": 1,  # our answers in front of moto: analysis/emulator
    "apply": 1,  # the cycle of apply, plan and destroy: analysis/validation
    "read back": 1,  # which attributes are read back from the emulator, and how: analysis/validation/deployed.py
    "validate": 1,  # what Terraform is asked about a stack and how its answers are told: analysis/validation/report.py
    "horizons": 1,  # what is computed of parts and horizons: analysis/horizons
    "migration": 1,  # stages, their rules and their risk: analysis/migration
    "load": 1,  # how a stand-in is loaded and its knee found: analysis/loadtest
    "drill": 1,  # how a restore is drilled and compared: analysis/loadtest/restore.py
    "rehearsal": 1,  # how a page is typed and its answers compared: analysis/runbooks
}
"""One version for each; a record becomes stale when one that it names is raised."""
