"""A report as SARIF 2.1.0, the format in which code scanners speak to editors and to code review.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import posixpath
from typing import Any

from analysis.proofs.report import RULES, Finding, Report

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def to_sarif(report: Report, directory: str = "") -> dict[str, Any]:
    """The findings as one run of a scanner.

    What fails is an `error` or a `warning`, suppressed with its reason where it is waived; what cannot be decided is `open` and
    has no level, as the format wants it.

    `directory` is the stack's directory as results shall name it; files in a finding are relative to it.
    """
    names = list(RULES)

    def result(finding: Finding) -> dict[str, Any]:
        made: dict[str, Any] = {
            "ruleId": finding.rule.id,
            "ruleIndex": names.index(finding.rule.id),
            "kind": "fail" if finding.state == "fails" else "open",
            "level": finding.severity if finding.state == "fails" else "none",
            "message": {"text": f"{finding.address}: {finding.because}. {finding.rule.remedy}"},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {
                            "uri": posixpath.normpath(posixpath.join(directory, finding.location.file))
                        },
                        "region": {"startLine": finding.location.line, "startColumn": finding.location.column},
                    },
                    "logicalLocations": [{"fullyQualifiedName": finding.address, "kind": "resource"}],
                }
            ],
        }
        if finding.waiver:
            text = f"{finding.waiver.reason} (until {finding.waiver.expires.isoformat()})"
            made["suppressions"] = [{"kind": "external", "status": "accepted", "justification": text}]
        return made

    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "gameday prove",
                        "rules": [
                            {
                                "id": rule.id,
                                "shortDescription": {"text": rule.title},
                                "help": {"text": rule.remedy},
                                "defaultConfiguration": {"level": rule.severity},
                                "properties": {"tags": [rule.group]},
                            }
                            for rule in RULES.values()
                        ],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [result(f) for f in (*report.findings, *report.undecided)],
            }
        ],
    }
