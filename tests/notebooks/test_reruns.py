"""A night run again with other numbers, as the notebook does it."""

import re
from pathlib import Path

import pytest

from analysis.notebooks import reruns
from analysis.studies import StudyError

ROOT = Path(__file__).parents[2]
STACK = "buzzer_baseline"


@pytest.fixture(scope="module")
def found():
    return reruns.rerun(ROOT, STACK, seeds=1, arguments={"aws_ecs_service.api.desired_count": "12"})


def test_more_tasks_alone_fail_more_requests_than_one_did(found):
    assert found.changed[0].failed_share > 0.3 > found.plain[0].failed_share
    told = [row.name for row in reruns.headlines(found).rows]
    assert told == [
        "User-minutes affected, as it was",
        "Failed requests, as it was",
        "User-minutes affected, as given",
        "Failed requests, as given",
    ]


def test_nights_and_chart_say_that_they_are_reconstructed(found):
    assert "Reconstructed" in reruns.by_seed(found).html
    assert len(re.findall("<tr>", reruns.by_seed(found).html)) == 3
    figure = reruns.night(found)
    assert "Reconstructed" in figure.caption
    assert "as given" in figure.svg


def test_another_crowd_changes_both_nights():
    small = reruns.rerun(ROOT, STACK, seeds=1, users=300, poll_interval_s=4.0)
    assert [outcome.user_minutes for outcome in (*small.plain, *small.changed)] == [0, 0]
    assert small.says == ("4 s between two polls",)


def test_where_nothing_is_changed_the_first_flaw_of_the_incident_is_undone_and_others_by_their_ids():
    first, named = reruns.rerun(ROOT, STACK, seeds=1), reruns.rerun(ROOT, STACK, seeds=1, undone="B7 + B1")
    assert first.says == (first.incident.factors[0].name,)
    assert named.says == ("A larger database", "Three tasks")
    assert "Three tasks" in reruns.factors(named).html


@pytest.mark.parametrize(
    ("stack", "given", "sentence"),
    [
        (STACK, {"undone": "B99"}, r"incident\.toml has no factor 'B99'; it has B1, "),
        (STACK, {"seeds": 0}, "seeds must be from 1 to 20, not 0"),
        (STACK, {"users": -1}, "users must be above 0, not -1"),
        (STACK, {"variables": {"tasks": "3"}}, "has no variable 'tasks'; it has region, zones, domain"),
        (STACK, {"arguments": {"desired_count": "3"}}, "names no argument; write ADDRESS.NAME"),
        (STACK, {"arguments": {"aws_ecs_service.api.size": "3"}}, "has no argument 'size'"),
        ("buzzer", {}, r"buzzer has no incident\.toml"),
        ("buzer", {}, r"there is no stack 'buzer' \(did you mean buzzer\?\)"),
    ],
)
def test_what_cannot_be_run_again_is_refused_with_a_sentence(stack, given, sentence):
    with pytest.raises(StudyError, match=sentence):
        reruns.rerun(ROOT, stack, **given)
