# ruff: noqa: E501 (a row of a table is one line)
"""A deployment guide that was never tried: what is provably wrong in its commands is found, and nothing else is blamed."""

from pathlib import Path

import pytest

from analysis import runbooks

GUIDE = Path(__file__).parent / "guide.md"

# The faults that can be proven from AWS's own documents: what stands in the line, the rule that finds it, and why it is one.
PROVABLE = {
    "--container-definitions file://ecs-task-definition.json": ("type", "a whole document where a list of container definitions belongs"),
    "--cli-input-json \"$(echo $NEW_TASK_DEF": ("member", "RegisterTaskDefinition rejects three fields of DescribeTaskDefinition's answer"),
    "--sort NONE": ("enum", "the order of a list is ASC or DESC"),
    "--task-definition $PREVIOUS_TASK_DEF": ("never-ran", "the last but one registered revision need not have run"),
}  # fmt: skip
TRUE_AS_WELL = {
    "--target-tracking-scaling-policy-configuration": (
        "scaling-metric",
        "RequestCountPerTarget needs its target group",
    ),
    "--metric-name ConnectionCount": ("metric", "ElastiCache publishes CurrConnections"),
    "aws cloudwatch put-metric-alarm": ("metric", "ECS and the load balancer publish nothing without dimensions"),
    "aws cloudwatch get-metric-statistics": ("metric", "ECS publishes nothing without dimensions"),
    "xargs -I {} aws ecs describe-tasks": ("json-as-words", "xargs gets the lines of a JSON document"),
    "--statistics Average,Maximum": ("enum", "statistics are parted by blanks; a comma makes them one unknown name"),
    "jq '.services[0] | {DesiredCount": ("jq", "the fields begin with small letters, so jq prints null"),
}


@pytest.fixture(scope="module")
def checked():
    return runbooks.check(runbooks.read(GUIDE, name="guide.md"))


def line(finding):
    return GUIDE.read_text().splitlines()[finding.line - 1]


def explained(finding, table):
    return any(text in line(finding) and finding.rule == rule for text, (rule, _) in table.items())


def test_the_guides_four_provable_faults_are_found_with_at_most_one_false_alarm(checked, capsys):
    found = [
        text for text in PROVABLE if any(explained(finding, {text: PROVABLE[text]}) for finding in checked.findings)
    ]
    false = [str(finding) for finding in checked.findings if not explained(finding, PROVABLE | TRUE_AS_WELL)]
    with capsys.disabled():
        print(  # noqa: T201 (the share is the result)
            f"\nguide: {len(found)} of {len(PROVABLE)} provable faults found in {len(checked.calls)} commands, "
            f"{len(checked.findings)} findings in all, {len(false)} false"
        )
    assert sorted(found) == sorted(PROVABLE)
    assert len(false) <= 1, false
    assert len(checked.calls) >= 75


def test_what_else_is_true_of_the_guide_is_found(checked):
    assert all(
        any(explained(finding, {text: entry}) for finding in checked.findings) for text, entry in TRUE_AS_WELL.items()
    )


def test_what_cannot_be_checked_in_the_guide_is_listed(checked):
    assert {finding.what for finding in checked.unchecked} == {"the command is not written out"}


REPAIRS = {
    "--sort NONE": "--sort DESC",
    ".status, .requiresAttributes)": ".status, .requiresAttributes, .compatibilities, .registeredAt, .registeredBy)",
    "Average,Maximum": "Average Maximum",
    "{DesiredCount, RunningCount, PendingCount}": "{desiredCount, runningCount, pendingCount}",
}


def test_a_repaired_fault_is_no_longer_said(checked):
    text = GUIDE.read_text()
    for old, new in REPAIRS.items():
        assert old in text
        text = text.replace(old, new)
    after = runbooks.check(runbooks.parse(text, "guide.md"))
    gone = {(finding.rule, finding.line) for finding in checked.findings} - {(f.rule, f.line) for f in after.findings}
    assert {rule for rule, _ in gone} == {"enum", "member", "jq"}
    assert len(after.findings) == len(checked.findings) - 5
