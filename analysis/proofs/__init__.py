"""Named rules about behaviour: whether a stack starts, fits, keeps up, drains, comes back, and hides what is private."""

from analysis.proofs.report import RULES, Finding, Report, prove, to_json
from analysis.proofs.rule import Rule, Verdict
from analysis.proofs.sarif import to_sarif
from analysis.proofs.waivers import FILE_NAME, NONE, Statement, Waiver, Waivers, waivers

__all__ = [
    "FILE_NAME",
    "NONE",
    "RULES",
    "Finding",
    "Report",
    "Rule",
    "Statement",
    "Verdict",
    "Waiver",
    "Waivers",
    "prove",
    "to_json",
    "to_sarif",
    "waivers",
]
