"""How long an answer of a group of instances takes and how old what it shows is: by formula, beside a simulation of the same."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import simpy

from analysis.capacity.queueing import mmc
from analysis.premortem.delays import Ages, Answers, Delay, Stage
from analysis.studies import Studies, measure

STACKS = Path(__file__).parents[2] / "terraform" / "stacks"


def stage(arriving, service_s, servers=1, share=1.0):
    one = np.ones(1)
    return Stage("queue", servers, service_s * one, arriving * one, share * one)


def answers(*stages, waits_s=0.0, timeout_s=10.0):
    one = np.ones(1)
    return Answers("program", one, stages, waits_s * one, timeout_s)


def simulated(stages, seconds, seed):
    """Times of answers through the stages in a row, in SimPy: Poisson arrivals, exponential service, in order of arrival.

    What does not come by a stage leaves room for others there, who come instead: a stage has the load that it states.
    """
    env, rng, took = simpy.Environment(), np.random.default_rng(seed), []
    queues = [simpy.Resource(env, one.servers) for one in stages]
    rate = float(stages[0].arriving[0])

    def served(queue, service_s):
        with queue.request() as turn:
            yield turn
            yield env.timeout(rng.exponential(service_s))

    def answer():
        came = env.now
        for queue, one in zip(queues, stages, strict=True):
            if rng.random() < one.share[0]:
                yield from served(queue, float(one.service_s[0]))
        if env.now > seconds / 10:
            took.append(env.now - came)

    def others(queue, one):
        more = float(one.arriving[0]) - rate * float(one.share[0])
        while more > 1e-9:
            yield env.timeout(rng.exponential(1 / more))
            env.process(served(queue, float(one.service_s[0])))

    def arrivals():
        while True:
            yield env.timeout(rng.exponential(1 / rate))
            env.process(answer())

    env.process(arrivals())
    for queue, one in zip(queues, stages, strict=True):
        env.process(others(queue, one))
    env.run(seconds)
    return np.array(took)


def test_one_queue_takes_what_the_formula_of_its_kind_says():
    alone = answers(stage(70.0, 0.02, servers=2))
    assert alone.mean_s[0] == pytest.approx(mmc(70.0, 50.0, 2).mean_response_s)
    single = answers(stage(30.0, 0.02))
    # M/M/1: the time of an answer is exponential with the rate mu - lambda.
    for share in (0.5, 0.95, 0.99):
        assert single.percentile_s(share, 0) == pytest.approx(-math.log(1 - share) / 20.0, rel=1e-6)


def test_half_of_the_answers_that_stop_at_the_first_queue_are_counted_as_such():
    both = answers(stage(10.0, 0.01), stage(5.0, 0.1, share=0.5))
    assert both.mean_s[0] == pytest.approx(1 / 90 + 0.5 / 5)
    # Of those that go on, exp(-5 t) take longer; at a second the first queue adds next to nothing.
    assert both.later(1.0, 0) == pytest.approx(0.5 * math.exp(-5.0) * 90 / (90 - 5), rel=1e-3)


@pytest.mark.parametrize("busy", [0.3, 0.8])
def test_a_simulation_of_program_cache_and_database_has_the_same_percentiles(busy):
    stages = (
        stage(busy * 200, 0.01, servers=2),
        stage(busy * 1000, 0.001),
        stage(busy * 100, 0.02, servers=2, share=0.4),
    )
    found, took = answers(*stages), simulated(stages, 800.0, seed=7)
    assert took.mean() == pytest.approx(found.mean_s[0], rel=0.05)
    for share in (0.5, 0.95, 0.99):
        assert np.quantile(took, share) == pytest.approx(found.percentile_s(share, 0), rel=0.07), share


def test_a_full_queue_has_the_wait_of_the_fluid_up_to_the_timeout_and_no_percentile():
    full = answers(stage(120.0, 0.01), waits_s=4.0)
    assert full.mean_s[0] == pytest.approx(4.01)
    assert full.percentile_s(0.99, 0) == math.inf
    assert answers(stage(120.0, 0.01), waits_s=40.0).mean_s[0] == 10.0


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0])
def test_a_share_that_no_percentile_has_is_refused(share):
    with pytest.raises(ValueError, match="between 0 and 1"):
        answers(stage(1.0, 0.1)).percentile_s(share, 0)


def seen(delays, trials, seed):
    """Ages of an update in a simulation of the calls, caches and polls themselves, each with a phase of its own."""
    rng = np.random.default_rng(seed)
    at = np.zeros(trials)
    for one in delays:
        if one.fixed:
            at += one.seconds
        else:  # the next of the moments that are `seconds` apart
            phase = rng.uniform(0.0, one.seconds, trials)
            at = phase + one.seconds * np.ceil((at - phase) / one.seconds)
    return at


def test_calls_caches_and_polls_that_run_on_their_own_clocks_give_the_same_ages():
    delays = (
        Delay("wait for a batch", 1.0, ""), Delay("call", 0.05, "", fixed=True), Delay("shared cache", 5.0, ""),
        Delay("CDN", 11.0, ""), Delay("interval", 15.0, ""),
    )  # fmt: skip
    found, ages = Ages("scores", delays).freshness, seen(delays, 200_000, seed=3)
    for share in (0.5, 0.95):
        assert np.quantile(ages, share) == pytest.approx(found.percentile_s(share), rel=0.01)
    assert ages.max() <= found.worst_s


OLYMPICS = Studies(STACKS)


def figure(name, stack="olympics", study=None, **arguments):
    return measure(name, study or OLYMPICS.study(stack), arguments)


def test_the_parts_of_an_age_are_those_of_the_terraform():
    parts = {one.name: one.value for one in figure("freshness.p95").inputs}
    assert parts["wait for a batch"] == 1.0
    assert parts["lifetime in the shared cache"] == 5.0
    assert parts["lifetime at the CDN"] == 11.0  # and a second by which the header rounds
    assert parts["request interval"] == 15.0


def test_a_longer_lifetime_at_the_cdn_makes_what_a_visitor_sees_older():
    longer = OLYMPICS.study("olympics", variables={"lifetimes_s": {"leaderboards": 2}})
    assert figure("freshness.worst").value - figure("freshness.worst", study=longer).value == pytest.approx(
        8.0, abs=0.01
    )


def test_a_cache_that_is_written_through_adds_no_age():
    study = OLYMPICS.study("olympics")
    through = replace(study, about=replace(study.about, written_through=True))
    assert figure("freshness.worst").value - figure("freshness.worst", study=through).value == pytest.approx(5.0)


def test_what_a_night_simulates_is_not_answered_twice():
    for name, stack in (("response.p99", "buzzer"), ("response.mean", "engine")):
        with pytest.raises(Exception, match=r"a night simulates it|reach 2 programs"):
            figure(name, stack)


def test_slow_answers_get_slower_with_the_crowd_until_the_database_is_full():
    alone = OLYMPICS.study("olympics_as_written", users=60_000)
    busy, idle = (figure("response.p99", study=alone.at(users)).value for users in (80_000, 6_000))
    assert busy > 2 * idle
    assert figure("response.p99", "olympics_as_written").value == math.inf


def test_availability_counts_what_fails_on_one_day_of_all():
    database = "module.database.aws_db_instance.primary"
    found = figure("availability.event", faults=f"down@1170+2:{database}")
    given = {one.name: one.value for one in found.inputs}
    lost = given["fail on the day with the faults"]
    assert lost > 1_000
    assert found.value == pytest.approx(1 - lost / (17 * given["requests of a day"]))
    assert figure("availability.event").value == 1.0


def test_43_minutes_are_not_what_three_nines_allow_over_17_days():
    assert figure("availability.allowed", target=0.999).value == pytest.approx(24.48)
    with pytest.raises(Exception, match="a share from 0 to 1"):
        figure("availability.allowed", target=99.9)
    with pytest.raises(Exception, match=r"no calendar\.event_days"):
        figure("availability.allowed", stack="buzzer", target=0.999)
