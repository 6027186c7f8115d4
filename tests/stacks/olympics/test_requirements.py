"""What the brief of the statistics site asks for: evidence that tells the design from the one as written, and its alarms."""

import csv
import json

import pytest

from analysis import ledger
from analysis.architecture import Unknown
from analysis.studies import Studies

MET_BY_BOTH = {"O-049", "O-096", "O-097", "O-100", "O-109", "O-128"}
"""What the design as written meets too: its stream, and what costs little in either."""


@pytest.fixture
def as_written(directory, tmp_path):
    """The requirements that are met, asked of the design as it was written."""
    folder = tmp_path / "docs" / "olympics"
    (folder / "decisions").mkdir(parents=True)
    with (directory.parents[2] / "docs" / "olympics" / ledger.REQUIREMENTS).open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["verdict"].startswith("met")]
    with (folder / ledger.REQUIREMENTS).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        for row in rows:
            asked = row["evidence"].replace("stack = 'olympics'", "stack = 'olympics_as_written'")
            writer.writerow({**row, "evidence": asked, "verdict": "met", "by": ""})
    return ledger.trace(folder, Studies(directory.parent))


def test_evidence_tells_the_design_from_the_one_that_was_written(as_written):
    """What holds of both says little; it is listed."""
    assert {one.requirement.id for one in as_written.traced if one.holds} == MET_BY_BOTH


def of(stack, kind):
    return [resource for resource in stack.resources if resource.type == kind]


def test_every_alarm_says_runbook_owner_and_severity(architecture):
    alarms = [*of(architecture, "aws_cloudwatch_metric_alarm"), *of(architecture, "aws_cloudwatch_composite_alarm")]
    assert len(alarms) >= 40
    for alarm in alarms:
        assert {"runbook", "owner", "severity"} <= set(alarm.values["tags"]), alarm.address
        assert alarm.values["alarm_actions"], alarm.address


def test_notices_of_eventbridge_reach_an_encrypted_topic(architecture):
    """A condition on the source account keeps EventBridge out of topic and key alike."""
    policies = [key.values.get("policy") for key in of(architecture, "aws_kms_key")]
    statements = [
        each
        for document in policies
        if not isinstance(document, Unknown)
        for each in json.loads(document)["Statement"]
        if each["Principal"].get("Service") == "events.amazonaws.com"
    ]
    assert statements
    assert not any("Condition" in each for each in statements)
