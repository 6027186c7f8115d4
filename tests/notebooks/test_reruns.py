"""A night run again with other numbers, as the notebook does it."""

import re
from pathlib import Path

import pytest

from analysis.notebooks import reruns

FILE = Path(__file__).parents[2] / "terraform" / "stacks" / "buzzer_baseline" / "incident.toml"


@pytest.fixture(scope="module")
def found():
    return reruns.rerun(
        FILE,
        seeds=1,
        arguments={"aws_ecs_service.api": {"desired_count": 12}, "aws_ecs_task_definition.api": {"cpu": None}},
        environment={"aws_ecs_task_definition.api": {"DB_POOL_SIZE": None}},
    )


def test_more_tasks_alone_fail_more_requests_than_one_did(found):
    assert found.changed[0].failed_share > 0.3 > found.plain[0].failed_share
    told = dict(reruns.headlines(found).rows)
    assert list(told) == [
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
    small = reruns.rerun(FILE, seeds=1, users=300, poll_interval_s=4.0)
    assert [outcome.user_minutes for outcome in (*small.plain, *small.changed)] == [0, 0]
