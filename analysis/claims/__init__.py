"""Every number the site states: its formula, its inputs, and the band outside which the sentence around it is not true."""

from analysis.claims.register import Claim, ClaimError, Register, Result, citations, cited, load

__all__ = [
    "Claim",
    "ClaimError",
    "Register",
    "Result",
    "citations",
    "cited",
    "load",
]
