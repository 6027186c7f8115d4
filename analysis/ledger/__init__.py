"""The ledger of a brief: what its lines state, computed anew from named inputs, and whether what they ask for is met.

`docs/SYSTEM/ledger.csv` holds the statements, `ledger_inputs.csv` what their formulas name, `requirements.csv` what is asked for.
Not to be confused with `analysis.claims`, the figures that our own pages state.
"""

from analysis.ledger.judging import Judged, Ledger, load
from analysis.ledger.records import BREAKS, FILE_NAME, INPUTS, REASONS, VERDICTS, Statement
from analysis.ledger.requirements import REQUIREMENTS, STATES, Requirement, Trace, Traced, trace
from analysis.ledger.world import Leaf

__all__ = [
    "BREAKS",
    "FILE_NAME",
    "INPUTS",
    "REASONS",
    "REQUIREMENTS",
    "STATES",
    "VERDICTS",
    "Judged",
    "Leaf",
    "Ledger",
    "Requirement",
    "Statement",
    "Trace",
    "Traced",
    "load",
    "trace",
]
