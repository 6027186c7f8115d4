"""What the pages say of the rules: every finding with its line, every waiver with its end, every share as it was counted."""

import json
from pathlib import Path

import pytest

from analysis.pages import model, proofs
from analysis.proofs import RULES

ROOT = Path(__file__).parents[2]
PAGE = "buzzer/proofs.md"


@pytest.fixture(scope="module")
def crashed():
    return model.model(ROOT, "buzzer_baseline")


@pytest.fixture(scope="module")
def mended():
    return model.model(ROOT, "buzzer")


def test_every_finding_stands_on_the_page_with_its_line_and_what_to_do(crashed):
    shown = proofs.findings(crashed, PAGE)
    found = proofs.report(crashed).unwaived
    assert found
    assert shown.count("<tr") == len(found) + 1
    for finding in found:
        assert finding.rule.id in shown
        assert f"main.tf:{finding.location.line}<" in shown


def test_a_waiver_stands_there_with_its_reason_and_its_end(mended):
    shown = proofs.waived(mended, PAGE)
    for finding in proofs.report(mended).waived:
        assert str(finding.waiver.expires) in shown
    assert "No rule fails that is not waived." in proofs.findings(mended, PAGE)


def test_the_groups_add_up(crashed):
    report = proofs.report(crashed)
    total = proofs.summary(crashed).partition("<tfoot>")[2]
    for number in (len(report.holding), len(report.waived), len(report.undecided)):
        assert f">{number}</td>" in total


def test_every_rule_has_a_row():
    shown = proofs.rules()
    assert all(f'id="rule-{name}"' in shown for name in RULES)


def test_the_shares_of_planted_faults_are_counted_from_the_record(tmp_path):
    record = {
        "checkov": "9.9",
        "unstable": ["CKV_1"],
        "good": {"good": {"rules": 0, "checkov": 3}},
        "faults": [
            {"rule": "FIT-01", "fault": "one too many", "rules": ["FIT-01"], "checkov": []},
            {"rule": "FIT-02", "fault": "two too many", "rules": ["FIT-01"], "checkov": ["CKV_2"]},
            {"rule": "FIT-03", "fault": "three too many", "rules": [], "checkov": []},
        ],
    }
    path = tmp_path / "record.json"
    path.write_text(json.dumps(record), encoding="utf-8")
    shown = proofs.planted(path)
    for share in (">3<", ">1 (33 %)<", ">2 (67 %)<"):
        assert share in shown
    for said in ("checkov 9.9", "0 findings of ours", "3 of checkov", "not in others: CKV_1."):
        assert said in shown
