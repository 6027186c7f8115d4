"""The fluid model beside the simulated night: where both know the stack, the fluid carries what the night answers."""

from pathlib import Path

import numpy as np
import pytest

from analysis import night, terraform
from analysis.capacity import analyse
from analysis.facts import scenario, stack
from analysis.premortem import at, premortem, story

STACKS = Path(__file__).parents[3] / "terraform" / "stacks"


@pytest.fixture(scope="module")
def crashed():
    directory = STACKS / "buzzer_baseline"
    about = stack(directory)
    return terraform.load(directory), scenario(about.scenario), about


@pytest.mark.parametrize("users", [2_000, 3_200])
def test_in_the_minutes_of_overload_both_answer_as_many_requests(crashed, users):
    model, crowd, about = crashed
    simulated = night.run(night.stack_setup(model, crowd, about, peak_users=users), 1)
    fluid = premortem(model, crowd, about, users=users)
    each = round(60.0 / fluid.step_s)
    served = sum(one.come * (1.0 - one.refused - one.unmet) for one in fluid.courses if one.unit == "request")
    answered = (simulated.per_minute("requests") - simulated.per_minute("failed_attempts")).sum(axis=1)
    full = _busy(fluid, each)
    assert 5 <= full.sum() <= 60
    ours = served.reshape(-1, each).sum(axis=1) * fluid.step_s
    # Either is what one task can do; the night's arrivals are random and its waiting requests run into their timeout.
    assert ours[full].sum() == pytest.approx(answered[: len(ours)][full].sum(), rel=0.03)


def _busy(fluid, each):
    """The minutes in which the program is over its limit all the time."""
    over = np.any([one.full for one in fluid.strains], axis=0)
    return over.reshape(-1, each).all(axis=1)


def test_the_wait_at_the_winning_goal_is_as_long_as_the_timeout_where_the_night_begins_to_fail(crashed):
    model, crowd, about = crashed
    fluid = premortem(model, crowd, about)
    longest = max(float(one.waits_s.max()) for one in fluid.courses)
    assert longest == pytest.approx(crowd.client["timeout_s"].at(), rel=0.1)
    simulated = night.run(night.stack_setup(model, crowd, about), 1)
    failing = simulated.per_minute("failed_attempts").sum(axis=1) > 0.01 * simulated.per_minute("requests").sum(axis=1)
    worst = crowd.start_minute + float(np.argmax(failing))
    slowest = max(fluid.courses, key=lambda one: float(one.waits_s.max()))
    assert worst == pytest.approx(float(fluid.minutes[slowest.waits_s.argmax()]), abs=1)


def test_the_story_names_the_program_that_the_incident_is_about(crashed):
    model, crowd, about = crashed
    sentences = story(premortem(model, crowd, about))
    assert sentences[0].startswith("From minute 74")
    assert "`aws_ecs_service.api` is over its limit (processor)" in sentences[0]
    assert at(premortem(model, crowd, about), 104) == "minute 104"


def test_what_the_terraform_says_to_the_clients_of_polls_counts_as_it_does_for_capacity():
    directory = STACKS / "buzzer"
    about = stack(directory)
    model, crowd = terraform.load(directory), scenario(STACKS.parent / "scenarios" / "buzzer_final.toml")
    assert crowd.client["poll_interval_s"].at() == 5.0  # and its tasks tell their clients 1.2 s
    found = premortem(model, crowd, about)
    known = analyse(model, crowd, about)
    polled = sum(one.come for one in found.courses if one.polled).max()
    assert polled == pytest.approx(known.users / 1.2, rel=1e-2)
    assert polled == pytest.approx(known.station("edge").offered_per_s, rel=1e-2)
