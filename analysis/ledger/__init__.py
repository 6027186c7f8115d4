"""The ledger of a brief: what its lines state, computed anew from named inputs, and whether what they ask for is met.

`docs/SYSTEM/ledger.csv` holds the statements, `ledger_inputs.csv` what their formulas name, `requirements.csv` what is asked for.
`guide/commands.csv` holds the commands of a guide, `guide/remedies.csv` what it advises about symptoms, and
`guide/executed.record.json` what became of the commands when they were typed.
Not to be confused with `analysis.claims`, the figures that our own pages state.
"""

from analysis.ledger.advice import REMEDIES, Remedies, Remedy, remedies
from analysis.ledger.attempts import Outcome, Outcomes, outcomes
from analysis.ledger.judging import Judged, Ledger, load
from analysis.ledger.records import BREAKS, FILE_NAME, INPUTS, REASONS, VERDICTS, Statement
from analysis.ledger.requirements import REQUIREMENTS, STATES, Requirement, Trace, Traced, trace
from analysis.ledger.typed import CLASSES, COMMANDS, FAULTY, RUNS, Commands, Typed, commands
from analysis.ledger.world import Leaf

__all__ = [
    "BREAKS",
    "CLASSES",
    "COMMANDS",
    "FAULTY",
    "FILE_NAME",
    "INPUTS",
    "REASONS",
    "REMEDIES",
    "REQUIREMENTS",
    "RUNS",
    "STATES",
    "VERDICTS",
    "Commands",
    "Judged",
    "Leaf",
    "Ledger",
    "Outcome",
    "Outcomes",
    "Remedies",
    "Remedy",
    "Requirement",
    "Statement",
    "Trace",
    "Traced",
    "Typed",
    "commands",
    "load",
    "outcomes",
    "remedies",
    "trace",
]
