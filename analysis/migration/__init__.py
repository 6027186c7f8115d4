"""From one stack to another on the same state, without downtime: in stages, each planned, judged, applied and looked back from.

    migration = read(Path("terraform/migrations/buzzer.toml"))
    plans = staged(migration)                       # offline, on a kept state
    written(plans, Path("stages"))                  # to be applied for real, each with its targets
    with running() as emulator:
        run = applied(migration, emulator)          # the same on an emulated AWS, stage after stage

A migration is data (`stages`); a stage is a partial configuration and a set of targets (`partial` says why); what it must not do
is a table (`rules`); what the fans would see of it is simulated (`risk`).
"""

from analysis.migration.applied import Run, applied
from analysis.migration.changes import Change, changes, counts, difference
from analysis.migration.planned import Staged, StagePlan, staged, written
from analysis.migration.rules import Finding, Rule, findings, rules, stage_findings, stateful
from analysis.migration.stages import Migration, MigrationError, Stage, read

__all__ = [
    "Change",
    "Finding",
    "Migration",
    "MigrationError",
    "Rule",
    "Run",
    "Stage",
    "StagePlan",
    "Staged",
    "applied",
    "changes",
    "counts",
    "difference",
    "findings",
    "read",
    "rules",
    "stage_findings",
    "staged",
    "stateful",
    "written",
]
