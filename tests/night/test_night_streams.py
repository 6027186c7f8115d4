"""Connections that stay: who holds them, who loses them, how they come back, and what is sent over them."""

import dataclasses
import math
import random
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st
from night_oracle import ONE_TASK, Run

from analysis import night, terraform
from analysis.facts import scenario, stack
from analysis.night import kernel
from analysis.wiring import PathError

STACKS = Path(__file__).parents[2] / "terraform" / "stacks"
DISCONNECT, DEPLOYMENT = kernel.FAULTS.index("disconnect"), kernel.FAULTS.index("deployment")

HOLDING = ONE_TASK._replace(
    event_loop=True,
    vcpu=0.5,
    think_s=60.0,
    backlog=10_000.0,
    tasks_at_start=4,
    tasks_min=4,
    tasks_max=4,
    task_rows=16,
    balanced=True,
    least_outstanding=True,
    publisher_per_s=1.0,
    streams_per_user=1.0,
    stream_life_s=1_500.0,
    stream_pause_s=3.0,
    streams_each=4_000.0,
    delivery_cpu_s=2e-5,
    connect_cpu_s=0.0004,
)
"""Four tasks of half a vCPU, each with room for 4,000 connections, to which an update is sent every second."""


# --- formulas


def test_connections_that_break_come_back_as_their_pause_has_it():
    crowd = np.full(241, 8_000.0)
    run = Run(HOLDING._replace(stream_life_s=math.inf), crowd, faults=[(120, DISCONNECT)])
    assert run.column("streams")[119] == pytest.approx(8_000)
    for after_s in (1, 2, 3, 6, 10):
        back = 1.0 - math.exp(-after_s / 3.0)
        assert run.column("streams")[119 + after_s] == pytest.approx(8_000 * back, rel=0.05)
    assert run.column("connects")[120] == pytest.approx(8_000 * (1.0 - math.exp(-1.0 / 3.0)), rel=0.05)


def test_in_the_steady_state_as_many_are_opened_as_end_by_littles_law():
    run = Run(HOLDING, np.full(1_201, 8_000.0))
    held = run.mean("streams", 300)
    assert held == pytest.approx(8_000 * 1_500 / (1_500 + 3), rel=0.01)
    assert run.mean("connects", 300) == pytest.approx(held / 1_500, rel=0.05)


def test_each_update_is_sent_over_each_connection_and_costs_its_processor():
    run = Run(HOLDING._replace(stream_share=0.5), np.full(601, 8_000.0))
    sent = run.total("deliveries", 60)
    assert sent == pytest.approx(0.5 * (run.column("published", 60) * run.column("streams", 60)).sum(), rel=0.01)
    none = Run(HOLDING._replace(stream_share=0.0), np.full(601, 8_000.0))
    assert run.total("cpu_s", 60) - none.total("cpu_s", 60) == pytest.approx(sent * 2e-5, rel=0.05)


def test_a_processor_that_cannot_send_all_sends_as_much_as_it_can_and_falls_behind():
    run = Run(HOLDING._replace(publisher_per_s=20.0), np.full(301, 12_000.0))
    # 20 updates x 12,000 connections x 20 microseconds are 4.8 vCPU; four tasks have 2.
    assert run.mean("deliveries", 60) == pytest.approx(2.0 / 2e-5, rel=0.05)
    assert run.column("delivery_s")[-1] > 60.0


# --- mechanisms


def test_a_deployment_breaks_each_connection_and_all_are_opened_again_on_the_new_tasks():
    run = Run(HOLDING._replace(stream_life_s=math.inf), np.full(601, 8_000.0), faults=[(60, DEPLOYMENT)])
    assert run.events("deployment finished")
    assert run.total("streams_lost") >= 8_000 - 1
    assert run.column("streams")[-1] == pytest.approx(8_000, abs=1)
    assert run.total("connects_refused") == 0


def test_tasks_that_are_full_refuse_and_one_more_takes_what_they_refused():
    small = HOLDING._replace(tasks_at_start=1, tasks_min=1, tasks_max=3)
    alone = Run(small, np.full(601, 6_000.0))
    assert alone.column("streams").max() == pytest.approx(4_000)
    assert alone.total("connects_refused") > 0
    assert len(alone.events("no task holds more connections")) == 1
    policy = (float(kernel.METRIC_STREAMS), 2_400.0, 60.0, 600.0)
    scaled = Run(small, np.full(1_201, 6_000.0), tracking=[policy])
    assert scaled.column("running")[-1] >= 2
    assert scaled.column("streams_away")[-1] < 60


def test_a_balancer_that_looks_at_what_is_open_fills_new_tasks_and_one_in_turn_leaves_them_behind():
    crowd = np.full(901, 8_000.0)
    for least, fewest in ((True, 0.99), (False, 0.0)):
        setting = HOLDING._replace(least_outstanding=least, tasks_at_start=2, tasks_min=2, streams_each=5_000.0)
        run = Run(setting, crowd, tracking=[(float(kernel.METRIC_STREAMS), 2_400.0, 60.0, 600.0)])
        assert run.column("running")[-1] == 4
        assert run.column("streams")[-1] > fewest * 0.9 * 8_000


def test_without_connections_nothing_of_them_happens():
    run = Run(ONE_TASK, np.full(121, 500.0), faults=[(60, DISCONNECT)])
    assert run.total("connects") == run.total("streams") == run.total("streams_away") == 0


# --- conservation


@given(
    users=st.integers(0, 9_000),
    end=st.integers(0, 9_000),
    each=st.sampled_from([500.0, 4_000.0, math.inf]),
    life_s=st.sampled_from([20.0, 1_500.0, math.inf]),
    pause_s=st.sampled_from([0.1, 3.0, 30.0]),
    least=st.booleans(),
    fault=st.sampled_from(range(len(kernel.FAULTS))),
    noise=st.booleans(),
    seed=st.integers(0, 99),
)
@settings(max_examples=40)
def test_connections_are_opened_or_refused_and_held_or_ended_and_every_user_has_one_or_misses_it(
    users, end, each, life_s, pause_s, least, fault, noise, seed
):
    setting = HOLDING._replace(
        streams_each=each, stream_life_s=life_s, stream_pause_s=pause_s, least_outstanding=least, noise=noise
    )
    crowd = np.interp(np.arange(241), [0, 100, 110, 240], [users, users, end, end])
    run = Run(setting, crowd, seed, faults=[(120, fault)])
    totals = run.totals
    assert totals.connects == pytest.approx(totals.streams_opened + totals.connects_refused, rel=1e-9, abs=1e-6)
    held = run.column("streams")
    assert totals.streams_opened == pytest.approx(totals.streams_ended + held[-1], rel=1e-9, abs=1e-6)
    assert held + run.column("streams_away") == pytest.approx(run.column("users"), rel=1e-9, abs=1e-6)
    assert min(held.min(), run.column("streams_away").min(), run.column("connects_refused").min()) >= -1e-6
    assert (held <= each * (run.column("running") + 12) + 1e-6).all()
    assert (run.column("deliveries") >= 0).all()


# --- the same mechanism as a discrete-event simulation


def held_in_simpy(clients, each_of_all, life_s, pause_s, broken_at_s, seconds):
    """Connections held each second: clients who try, hold for a life or until all break, pause, and try again."""
    env = simpy.Environment()
    draw = random.Random(7)
    state = {"held": 0, "break": env.event()}

    def client():
        while True:
            if state["held"] < each_of_all:
                state["held"] += 1
                yield env.timeout(draw.expovariate(1.0 / life_s)) | state["break"]
                state["held"] -= 1
            yield env.timeout(draw.expovariate(1.0 / pause_s))

    def breaks():
        yield env.timeout(broken_at_s)
        broken, state["break"] = state["break"], env.event()
        broken.succeed()

    for _ in range(clients):
        env.process(client())
    env.process(breaks())
    counts = []
    for second in range(1, seconds + 1):
        env.run(until=second)
        counts.append(state["held"])
    return np.array(counts)


@pytest.mark.parametrize("each", [1_000.0, 500.0])
def test_a_discrete_event_simulation_of_the_same_clients_agrees_through_a_wave(each):
    setting = HOLDING._replace(stream_life_s=60.0, stream_pause_s=5.0, streams_each=each)
    run = Run(setting, np.full(241, 3_000.0), faults=[(120, DISCONNECT)])
    exact = held_in_simpy(3_000, 4 * each, 60.0, 5.0, 120.0, 240)
    held = run.column("streams")
    assert held[60:120].mean() == pytest.approx(exact[60:120].mean(), rel=0.02)
    # The wave: a second counts to its end here and from its beginning there, so both are read over five of them.
    for begin in (121, 126, 131, 150, 200):
        assert held[begin : begin + 5].mean() == pytest.approx(exact[begin : begin + 5].mean(), rel=0.05)


# --- stacks


@cache
def model(name):
    """The stack, resolved once for all of these tests."""
    return terraform.load(STACKS / name)


def replayed(name, course=None, **options):
    about = stack(STACKS / name)
    return night.replay(model(name), course or scenario(about.scenario), about, **options)


def test_the_scoreboards_night_holds_its_streams_because_tasks_follow_them():
    one = replayed("scoreboard")
    setting = one.setup.setting
    assert (setting.streams_each, setting.streams_per_user, setting.stream_life_s) == (4_000.0, 1.0, 1_500.0)
    assert one.setup.tracking[:, 0].tolist() == [kernel.METRIC_CPU, kernel.METRIC_REQUESTS, kernel.METRIC_STREAMS]
    assert one.column("running").max() == 10
    assert one.column("connects_refused").sum() < 0.001
    age = one.metric("user", "Age").values
    assert np.nanmax(age["p95"]) < one.setup.freshness_target_s
    assert night.outcome(one).held


def test_who_has_no_connection_sees_only_what_it_polls():
    one = replayed("scoreboard", peak_users=100_000)
    assert np.nanmax(one.metric("user", "Age").values["p95"]) > 30.0
    assert np.nanmax(one.metric("user", "Age").values["average"]) > 10.0
    assert night.outcome(one).why == "late"


def test_the_crowd_that_the_scoreboard_holds_is_what_its_tasks_hold_at_most():
    about = stack(STACKS / "scoreboard")
    room = night.headroom(model("scoreboard"), scenario(about.scenario), about, seeds=1, most=200_000)
    assert room.first[0][0] == "the connections that the tasks hold"
    assert 20_000 < room.users <= 10 * 4_000 / 0.95


def test_what_a_night_cannot_simulate_is_refused_by_name():
    course = scenario(stack(STACKS / "scoreboard").scenario)
    about = stack(STACKS / "scoreboard")
    more = dataclasses.replace(course, connections=course.connections * 2)
    none = dataclasses.replace(course, connections=())
    for changed, says in ((more, "several kinds of connections"), (none, "does not say who opens them")):
        with pytest.raises(PathError, match=says):
            night.stack_setup(model("scoreboard"), changed, about)


# --- the story


def test_the_story_of_the_crash_names_the_first_limit_what_failed_and_that_it_kept_itself_up():
    told = night.story(replayed("buzzer_baseline", peak_users=5_000))
    assert "the first limit that bound was the tasks' processors" in told[0]
    assert any("of the requests failed from here on" in one and "ran into their timeout" in one for one in told)
    assert told[-1].startswith(("It kept itself up", "It recovered"))
    minutes = [float(one.split(":")[0].removeprefix("Minute ")) for one in told[:-1]]
    assert minutes == sorted(minutes)


def test_the_story_tells_of_retries_where_they_multiply_the_load():
    told = night.story(replayed("buzzer_baseline", peak_users=5_000, values={"client.retries": 3}))
    assert any("attempts of each request" in one for one in told)
    without = night.story(replayed("buzzer_baseline", peak_users=5_000, values={"client.retries": 0}))
    assert not any("attempts of each request" in one for one in without)


def test_the_story_of_a_quiet_night_is_that_there_is_none():
    assert night.story(replayed("buzzer", peak_users=900)) == ("Nothing was used up, and no request failed.",)


def test_the_story_tells_of_a_wave_of_connections_and_when_it_was_over():
    told = night.story(replayed("scoreboard", faults=[night.fault("disconnect@100")]))
    assert any("connections broke" in one and "95% were held again after" in one for one in told)
    crowded = night.story(replayed("scoreboard", peak_users=100_000))
    assert any("tries found no room on a task" in one for one in crowded)
    assert "It went on until" in crowded[-1]
