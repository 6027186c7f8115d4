"""Sweeps, headroom and the nights that a stack must hold."""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from analysis import night, studies, terraform
from analysis.commands import app
from analysis.facts import runtime, scenario, stack
from analysis.night import hard, hard_plan
from analysis.night.spread import spread
from analysis.night.sweeps import MOST_NIGHTS, with_rise

STACKS = Path(__file__).parents[2] / "terraform" / "stacks"
BASELINE = STACKS / "buzzer_baseline"
BUZZER = STACKS / "buzzer"


@cache
def model(path):
    """The stack, resolved once for all of these tests."""
    return terraform.load(path)


def of(path):
    about = stack(path)
    return model(path), scenario(about.scenario), about


def swept(path=BASELINE, **options):
    return night.sweep(*of(path), **{"seeds": 2, "jobs": 1, **options})


# --- sweeps


def test_a_sweep_has_a_cell_for_every_crowd_and_choice_and_a_night_for_every_seed():
    cells = swept(users=[500, 5_000], values={"client.timeout_s": [5.0, 10.0], "client.retries": [0, 1]}, seeds=1)
    assert [(cell.users, *cell.values.values()) for cell in cells] == [
        (users, timeout, retries) for users in (500, 5_000) for timeout in (5.0, 10.0) for retries in (0, 1)
    ]
    assert all([one.seed for one in cell.nights] == [1] for cell in cells)
    calm, full = cells[0], cells[-1]
    assert calm.held == 1.0
    assert full.held == 0.0
    assert full.nights[0].errors > calm.nights[0].errors == 0


def test_a_night_of_a_sweep_is_the_night_replayed_alone():
    (cell,) = swept(users=[3_000], seeds=3)
    for one in cell.nights:
        assert one == night.outcome(night.replay(*of(BASELINE), one.seed, peak_users=3_000))


@pytest.mark.parametrize("jobs", [2, 3])
def test_the_number_of_processes_changes_nothing(jobs):
    made = {"stack": "x"}
    alone, several = (
        json.dumps(night.sweep_to_json(swept(users=[1_000, 4_000], seeds=3, jobs=n), made)) for n in (1, jobs)
    )
    assert alone == several


@pytest.mark.slow
def test_a_dask_cluster_gives_the_same_bytes():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1", protocol="tcp"
    ) as cluster:
        found = swept(users=[1_000, 4_000], seeds=3, scheduler=cluster.scheduler_address)
    assert found == swept(users=[1_000, 4_000], seeds=3)


def test_a_scheduler_that_does_not_answer_is_named():
    pytest.importorskip("distributed")
    with pytest.raises(night.NightError, match=r"tcp://127.0.0.1:9 does not answer"):
        swept(seeds=1, scheduler="tcp://127.0.0.1:9")


def square(number):
    return number * number


@given(st.lists(st.integers(-100, 100), max_size=20))
@settings(max_examples=20)
def test_results_stand_in_the_order_of_their_cases(cases):
    assert list(spread(square, cases, jobs=1)) == [case * case for case in cases]


def test_progress_is_told_night_by_night():
    told = []
    swept(users=[500, 600], seeds=2, done=lambda *progress: told.append(progress))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


# --- headroom


def test_the_crowd_held_is_held_and_a_few_more_are_not():
    model, course, about = of(BASELINE)
    found = night.headroom(model, course, about, seeds=2)
    knee = 5 * 0.25 / 0.00116
    assert knee < found.users < 1.6 * knee  # beyond the knee answers wait, and somewhat later updates are late
    for users, held in ((found.users, True), (found.broken_users, False)):
        nights = [night.outcome(night.replay(model, course, about, seed, peak_users=users)) for seed in (1, 2)]
        assert all(one.held for one in nights) == held
    assert found.broken_users - found.users <= 0.01 * found.broken_users + 1
    assert found.broken.why == "late"
    assert found.first[0][0] == "the tasks' processors"


def test_where_only_the_edges_quota_ends_the_search_it_is_named():
    found = night.headroom(*of(BUZZER), seeds=1, profile=runtime("flask_pooled"))  # a program without a shared cache
    assert found.first[0][0] == "the edge's quota of requests"
    assert found.users == pytest.approx(250_000 * 1.2, rel=0.02)


def test_a_cache_that_is_asked_more_than_it_can_ends_the_search_although_the_simulation_lets_it():
    model, course, about = of(BUZZER)
    found = night.headroom(model, course, about, seeds=1)
    assert found.first[0][0] == "the cache's thread"
    assert found.users < 250_000 * 1.2
    one = night.replay(model, course, about, 1, peak_users=found.broken_users)
    assert one.metric("cache", "EngineCPUUtilization").values["max"].max() == 100.0


def test_without_the_edges_answers_a_steeper_rise_leaves_less_room():
    purged = [night.fault("cdn-purge@104")]
    slow, steep = (night.headroom(*of(BUZZER), faults=purged, seeds=1, rise_s=rise_s).users for rise_s in (120, 5))
    assert steep < slow


def test_the_steepest_rise_is_the_edge_between_held_and_not():
    model, course, about = of(BUZZER)
    purged = [night.fault("cdn-purge@104")]
    assert night.steepest_rise_s(model, course, about, users=5_000, faults=purged, seeds=1) == 1.0
    assert night.steepest_rise_s(model, course, about, users=200_000, faults=purged, seeds=1) is None


def test_a_crowd_that_is_never_held_leaves_no_room():
    harsh = {"flask_connect.cpu_s_per_request": 5.0}
    assert night.headroom(*of(BASELINE), values=harsh, seeds=1).users == 0


def test_a_search_up_to_a_crowd_that_is_held_finds_no_limit():
    found = night.headroom(*of(BUZZER), seeds=1, most=6_000)
    assert (found.users, found.broken, found.first) == (None, None, ())


# --- the nights that a stack must hold


PLAN = hard_plan.hard_nights(BUZZER)
NIGHTS = studies.nights_record(BUZZER)
RECORD = NIGHTS.content


@pytest.mark.parametrize("one", PLAN.nights, ids=lambda one: one.title)
def test_five_thousand_users_are_held_through_every_hard_night(one):
    outcome = night.outcome(night.run(hard.night_setup(*of(BUZZER), PLAN, one), 1))
    assert PLAN.users >= 5_000
    assert outcome.worst_errors < PLAN.errors
    assert outcome.settled_age_p95_s <= PLAN.freshness_s
    # While the database fails over nothing can be stored and so nothing new be seen: the one exception, and how long it lasts.
    if any("zone-loss" in text or "failover" in text for text in one.faults):
        assert 1 <= outcome.failover_minutes <= 4
        assert 3 < outcome.failover_age_p95_s < 90
    else:
        assert outcome.failover_minutes == 0


def test_the_record_rests_on_the_terraform_and_the_nights_of_today():
    assert NIGHTS.rests_on == studies.nights_basis(BUZZER), (
        "what the nights rest on has changed; run `gameday nights terraform/stacks/buzzer`"
    )


@pytest.mark.parametrize("number", [0, len(PLAN.nights) - 1])
def test_a_night_of_the_record_is_what_is_simulated_today(number):
    one, told = PLAN.nights[number], RECORD["nights"][number]
    made = hard.night_setup(*of(BUZZER), PLAN, one)
    again = hard.told(one, [night.outcome(night.run(made, seed)) for seed in told["seeds"]])
    for name, value in again.items():
        if isinstance(value, float):
            assert told[name] == pytest.approx(value, rel=1e-4), name


def test_no_recorded_night_breaks_what_is_promised():
    for told in RECORD["nights"]:
        assert told["worst_errors"] < PLAN.errors, told["title"]
        assert told["settled_age_p95_s"] <= PLAN.freshness_s, told["title"]
        assert told["headroom"]["users"] is None or told["headroom"]["users"] > PLAN.users, told["title"]


def test_a_rise_changes_the_largest_surge_only():
    _, course, _ = of(BUZZER)
    steep = with_rise(course, 3.0)
    assert sorted(surge.rise_s for surge in steep.surges) == [3.0, 30.0, 30.0]
    assert np.argmax([surge.level for surge in steep.surges]) == [surge.rise_s for surge in steep.surges].index(3.0)


# --- the commands, and bad input


def gameday(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_the_sweep_is_printed_and_told_as_json():
    shown = gameday("sweep", BASELINE, "--seeds", 1, "--users", "500,3000", "--jobs", 1)
    assert shown.exit_code == 0, shown.stderr
    assert "3,000" in shown.stdout
    told = gameday("sweep", BASELINE, "--seeds", 2, "--set", "client.timeout_s=5,8", "--jobs", 1, "--json")
    assert told.exit_code == 0, told.stderr
    cells = json.loads(told.stdout)["cells"]
    assert [cell["values"] for cell in cells] == [{"client.timeout_s": 5.0}, {"client.timeout_s": 8.0}]
    assert [len(cell["nights"]) for cell in cells] == [2, 2]


def test_the_headroom_is_printed_in_a_sentence():
    shown = gameday("headroom", BASELINE, "--seeds", 1)
    assert shown.exit_code == 0, shown.stderr
    assert "What gives way: the tasks' processors" in " ".join(shown.stdout.split())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("sweep", BASELINE, "--users", "-5"), "-5 users"),
        (("sweep", BASELINE, "--users", "many"), "whole numbers"),
        (("sweep", BASELINE, "--users", "900000000"), "more than any night"),
        (("sweep", BASELINE, "--seeds", MOST_NIGHTS + 1), "too many"),
        (("sweep", BASELINE, "--set", "client.timeout_s=nan"), "finite"),
        (("sweep", BASELINE, "--set", "client.timeout_s=soon"), "not a number"),
        (("sweep", BASELINE, "--set", "client.patience=5"), "no assumption of this night"),
        (("sweep", BASELINE, "--set", "client.timeout_s"), "NAME=VALUE"),
        (("sweep", BASELINE, "--fault", "earthquake@104"), "the faults are"),
        (("headroom", BASELINE, "--set", "client.timeout_s=5,6"), "one value each"),
        (("headroom", BASELINE, "--rise", "nan"), "rise"),
        (("nights", BASELINE), "nights.toml"),
        (("nights", BUZZER, "--date", "tomorrow"), "YYYY-MM-DD"),
    ],
)
def test_what_cannot_be_swept_is_refused_in_a_sentence(arguments, says):
    result = gameday(*arguments)
    assert result.exit_code == 2, result.stdout
    assert says in " ".join(result.stderr.split())
    assert not result.stdout
