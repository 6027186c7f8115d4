"""Every alarm and notice names a runbook that exists, and every runbook answers alarms that exist, for every stack."""

from pathlib import Path

import pytest

from analysis import runbooks, terraform
from analysis.architecture import Architecture, Location, Resource

ROOT = Path(__file__).parents[2]
AS_GIVEN = {"buzzer_baseline", "engine_as_written", "olympics_as_written", "scoreboard_as_written"}
"""Stacks that show a system before its improvement: that their alarms name no runbook is a finding about them."""

STACKS = sorted(
    path.parent for path in (ROOT / "terraform" / "stacks").glob("*/main.tf") if path.parent.name not in AS_GIVEN
)


def stack_callers(directory):
    return runbooks.callers(terraform.load(directory, cache=ROOT / ".cache" / "parsed"))


@pytest.mark.parametrize("directory", STACKS, ids=lambda path: path.name)
def test_alarms_notices_and_runbooks_of_a_stack_agree(directory):
    callers = stack_callers(directory)
    books = runbooks.folder(ROOT / "docs" / directory.name / "runbooks", name=f"{directory.name}/runbooks")
    assert callers
    assert not [str(finding) for finding in runbooks.disagreements(callers, books)]


def test_the_stacks_have_alarms_and_notices_to_hold_pages_to():
    callers = [caller for directory in STACKS for caller in stack_callers(directory)]
    assert sum(caller.kind == "alarm" for caller in callers) >= 40
    assert sum(caller.kind == "notice" for caller in callers) >= 3
    assert all(caller.severity in {"page", "ticket"} for caller in callers)


def caller(name, runbook, severity="page", kind="alarm"):
    return runbooks.Caller(name, runbook, severity, kind, Location("alarms.tf", 3, 1))


def book(slug, *alarms, severity="page"):
    listed = ", ".join(alarms)
    text = f"---\nseverity: {severity}\nalarms: [{listed}]\n---\n"
    return runbooks.parse(text, f"{slug}.md")


@pytest.mark.parametrize(
    ("callers", "books", "said"),
    [
        ([caller("a", "x")], {}, "alarms.tf:3:1: the alarm a names the runbook x, which does not exist; write x.md"),
        ([caller("n", "x", kind="notice")], {}, "the notice n names the runbook x, which does not exist"),
        ([caller("a", "")], {}, "the alarm a names no runbook; add the tag"),
        ([caller("a", "x")], {"x": book("x")}, "which does not list it; add it to `alarms` of x.md"),
        ([caller("a", "x")], {"x": book("x", "a", "b")}, "x.md:1:1: lists the alarm b, which does not exist"),
        ([caller("a", "x")], {"x": book("x", "a"), "y": book("y", "a")}, "y.md:1:1: lists a, which names x"),
        ([caller("a", "x")], {"x": book("x", "a", "a")}, "lists a twice"),
        ([caller("a", "x")], {"x": book("x", "a", severity="ticket")}, "the most urgent of its alarms says page"),
        ([caller("a", "x", "ticket")], {"x": book("x", "a")}, "write `severity: ticket`"),
    ],
)
def test_an_alarm_and_a_runbook_that_disagree_are_said(callers, books, said):
    found = [str(finding) for finding in runbooks.disagreements(callers, books)]
    assert any(said in finding for finding in found), found


def test_what_agrees_is_not_blamed():
    callers = [caller("a", "x"), caller("b", "x", "ticket"), caller("n", "y", kind="notice")]
    assert not runbooks.disagreements(callers, {"x": book("x", "a", "b"), "y": book("y", severity="planned")})


def test_a_runbook_is_named_by_a_tag_or_in_a_description():
    values = [
        {"alarm_name": "a", "tags": {"runbook": "https://example.test/docs/x.md", "severity": "page"}},
        {"alarm_name": "b", "alarm_description": "It burns. Runbook: y. Owner: me."},
        {"alarm_name": "c"},
    ]
    alarms = [
        Resource(
            f"aws_cloudwatch_metric_alarm.{value['alarm_name']}",
            "aws_cloudwatch_metric_alarm",
            "m",
            value,
            Location("m.tf"),
        )
        for value in values
    ]
    rule = Resource(
        "r", "aws_cloudwatch_event_rule", "r", {"name": "n", "description": "Runbook: z."}, Location("m.tf")
    )
    found = runbooks.callers(Architecture("s", (*alarms, rule)))
    assert [(item.name, item.runbook, item.kind) for item in found] == [
        ("a", "x", "alarm"), ("b", "y", "alarm"), ("c", "", "alarm"), ("n", "z", "notice"),
    ]  # fmt: skip
