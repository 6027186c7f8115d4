"""Every number the site states: its formula, its inputs, and the band outside which the sentence around it is not true."""

from analysis.claims.measures import MEASURES, Measured, MeasureError, measure
from analysis.claims.register import Claim, ClaimError, Register, Result, citations, load, shown
from analysis.claims.study import Study, StudyError, study

__all__ = [
    "MEASURES",
    "Claim",
    "ClaimError",
    "MeasureError",
    "Measured",
    "Register",
    "Result",
    "Study",
    "StudyError",
    "citations",
    "load",
    "measure",
    "shown",
    "study",
]
