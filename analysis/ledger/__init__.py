"""The ledger of a brief: what its lines state, computed anew from named inputs, and what became of each statement.

`docs/SYSTEM/ledger.csv` holds the statements, `docs/SYSTEM/ledger_inputs.csv` what their formulas name. Not to be confused with
`analysis.claims`, the figures that our own pages state.
"""

from analysis.ledger.judging import Judged, Ledger, load
from analysis.ledger.records import BREAKS, FILE_NAME, INPUTS, REASONS, VERDICTS, Statement
from analysis.ledger.sources import Leaf

__all__ = ["BREAKS", "FILE_NAME", "INPUTS", "REASONS", "VERDICTS", "Judged", "Leaf", "Ledger", "Statement", "load"]
