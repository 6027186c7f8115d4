"""Instances follow schedules and targets with the delays that AWS publishes, neither sooner nor further."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from network_makers import seconds, station

from analysis import terraform
from analysis.architecture import Location
from analysis.demand.calendar import Window
from analysis.facts import limit, runtime
from analysis.network.model import Limit, exact
from analysis.network.reading import Reading
from analysis.premortem.scaling import START, Policy, Program, programs, running
from analysis.wiring.hops import Tracking

STEP_S = 10.0
PER_MINUTE = 6


def tracking(metric, target, out_s=60.0):
    return Policy(Tracking("policy", metric, target, out_s, 300.0, Location("main.tf", 1)), metric)


def program(*policies, least=1.0, most=10.0, windows=(), at_start=None, vcpu=1.0, cost_s=0.01):
    work = Limit("processor", exact("vCPU", vcpu, "vCPU", ""), {"request": seconds(cost_s)}, "", per_instance=True)
    place = station("api")
    place = type(place)(place.address, "service", place.defined_at, (work,))
    return Program(place, at_start or least, least, most, policies, tuple(windows), 45.0)


def run(one, rate, minutes=60):
    """The instances of the program under so many requests in each minute."""
    steps = minutes * PER_MINUTE
    load = np.repeat(np.broadcast_to(np.asarray(rate, dtype=np.float64), minutes), PER_MINUTE)
    return running(one, {"request": load}, np.arange(steps) * STEP_S / 60.0, STEP_S)


def first(values, at_least):
    """The minute in which so many are first there."""
    return float(np.argmax(values >= at_least)) * STEP_S / 60.0


STEP = [0.0] + [400.0] * 59
"""A quiet minute, and then all at once."""


def test_a_step_of_load_is_met_after_the_datapoints_the_trigger_and_the_start():
    # 400 requests a second of 10 ms on one vCPU: 4 processors busy, of which 80 % of an instance is a target of 50 %.
    count = run(program(tracking("requests", 6_000.0)), STEP)
    # AWS measured 363 s from load to trigger, half a datapoint of it chance; then 45 s until the tasks answer.
    assert first(count, 4.0) == pytest.approx(1 + (363 - 30 + 45) / 60, abs=0.2)
    assert count.max() == 4.0  # 24,000 a minute at 6,000 for each


def test_a_processor_shows_no_more_than_it_has_so_the_way_up_takes_several_turns():
    count = run(program(tracking("processor", 50.0)), STEP)
    seen = [int(n) for n in dict.fromkeys(count)]
    assert seen == [1, 2, 4, 8]  # twice as many each time, as a full processor is twice the target
    # Each further turn: what AWS takes on top of three datapoints (153 s), a minute of cooldown, the next whole minute.
    assert first(count, 8.0) - first(count, 2.0) == pytest.approx(2 * 4, abs=0.2)


@pytest.mark.parametrize(
    ("policies", "most", "there"),
    [
        ((tracking("requests", 6_000.0),), 10.0, 4.0),  # 24,000 a minute at 6,000 for each
        ((tracking("requests", 6_000.0), tracking("processor", 50.0)), 10.0, 8.0),  # four busy at half of one each
        ((tracking("requests", 6_000.0),), 3.0, 3.0),
        ((tracking("requests", 60_000.0),), 10.0, 1.0),
        ((), 10.0, 1.0),
    ],
)
def test_who_is_there_from_the_first_step_on_finds_the_instances_that_the_policies_keep_for_them(policies, most, there):
    assert set(run(program(*policies, most=most), 400.0)) == {there}


def test_two_busy_minutes_are_no_reason_to_scale():
    assert run(program(tracking("requests", 6_000.0)), [100.0] * 5 + [400.0] * 2 + [90.0] * 20, 27).max() == 1.0


def test_the_maximum_binds():
    assert run(program(tracking("requests", 600.0), most=5.0), 400.0).max() == 5.0


def test_instances_go_after_fifteen_quiet_datapoints():
    count = run(program(tracking("requests", 6_000.0), at_start=4.0), 100.0)
    assert first(-count, -3.0) == pytest.approx(15, abs=0.2)
    assert count[-1] == 1.0


def test_of_two_policies_the_larger_is_followed_and_both_must_agree_to_less():
    both = program(tracking("requests", 6_000.0), tracking("processor", 50.0), at_start=4.0)
    # 200 a second: two by requests, and four by the processor (2 busy at half of one each).
    assert run(both, 200.0).min() == 4.0


def test_a_schedule_raises_the_floor_and_its_instances_take_their_time():
    window = Window("game", 10.0, 30.0, 6)
    count = run(program(windows=[window]), 0.0)
    assert first(count, 6.0) == pytest.approx(10 + 45 / 60, abs=0.2)
    assert count[29 * PER_MINUTE] == 6.0
    assert count[-1] == 6.0  # without a policy nobody takes them away


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 5_000), min_size=5, max_size=40), st.floats(10, 90), st.integers(1, 5), st.integers(5, 30))
def test_the_count_stays_between_its_bounds(rates, target, least, most):
    count = run(program(tracking("processor", target), least=float(least), most=float(most)), rates, len(rates))
    assert (count >= least).all()
    assert (count <= most).all()


def test_every_kind_that_scales_has_a_time_to_start():
    assert all(limit(fact).at() > 0 for fact in START.values())


STEPS = """
resource "aws_launch_template" "t" {
  instance_type = "c7g.large"
}

resource "aws_autoscaling_group" "web" {
  min_size = 1
  max_size = 4
  launch_template {
    id = aws_launch_template.t.id
  }
}

resource "aws_autoscaling_policy" "up" {
  name                   = "up"
  autoscaling_group_name = aws_autoscaling_group.web.name
  adjustment_type        = "ChangeInCapacity"
  scaling_adjustment     = 1
}
"""


def test_a_policy_that_tracks_no_target_is_named_as_left_out(tmp_path):
    (tmp_path / "main.tf").write_text(STEPS)
    reading = Reading(terraform.load(tmp_path), None, runtime("node_express"))
    group = replace(station("aws_autoscaling_group.web"), kind="fleet")
    (found,) = programs([group], reading, None, by_clock=False).values()
    (note,) = map(str, found.notes)
    assert note == (
        "main.tf:14:1: warning: aws_autoscaling_policy.up tracks no target, and this model knows no other kind of policy, so it "
        "changes nothing here"
    )
