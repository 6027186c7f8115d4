import dataclasses
from pathlib import Path

import numpy as np
import pytest

from analysis import night, terraform
from analysis.facts import runtime, scenario, stack
from analysis.night.values import by_name, inputs

STACKS = Path(__file__).parents[2] / "terraform" / "stacks"


def made(name, **options):
    about = stack(STACKS / name)
    return night.stack_setup(terraform.load(STACKS / name), scenario(about.scenario), about, **options)


BASE = made("buzzer_baseline")


@pytest.mark.parametrize(
    ("name", "value", "field", "becomes"),
    [
        ("client.poll_interval_s", 7.5, "think_s", 7.5),
        ("client.timeout_s", 6.25, "timeout_s", 6.25),
        ("client.retries", 2, "retries", 2),
        ("client.backoff_s", 0, "backoff_s", 0.0),
        ("publisher.updates_per_minute", 12, "publisher_per_s", 0.2),
        ("edge.caches", 3, "edge_caches", 3.0),
        ("flask_connect.cpu_s_per_request", 0.0013, "cpu_miss_s", 0.0013),
        ("flask_connect.database_s_per_request", 0.0004, "database_s", 0.0004),
        ("hangup_per_s", 0.02, "hangup_per_s", 0.02),
        ("connection_tries", 6, "connection_tries", 6),
        ("fargate.start_s", 90, "start_median_s", 90.0),
        ("autoscaling.scale_out_trigger_s", 240, "alarm_lag_s", 30.0),
        ("cold_factor_process", 2, "cold_factor", 2.0),
    ],
)
def test_a_value_takes_the_place_of_the_assumption_of_that_name_and_of_no_other(name, value, field, becomes):
    changed = made("buzzer_baseline", values={name: value})
    before, after = BASE.setting._asdict(), changed.setting._asdict()
    assert after[field] == pytest.approx(becomes)
    others = {key for key in before if before[key] != after[key]}
    assert others - {"cpu_hit_s"} == {field}  # without a shared cache a hit costs what a miss costs
    assert np.array_equal(changed.users, BASE.users)


def test_a_peak_scales_the_whole_course():
    changed = made("buzzer_baseline", values={"audience.peak_users": 1_600})
    assert changed.users == pytest.approx(BASE.users / 2)


def test_every_assumption_that_can_be_replaced_changes_the_night_or_says_why_not():
    about = stack(STACKS / "buzzer")
    course = scenario(about.scenario)
    base = made("buzzer")
    for name, known in by_name(inputs(course, runtime(about.runtime))).items():
        value = float(known.value) * 2 + 1
        changed = made("buzzer", values={name: value})
        same = changed.setting == base.setting and np.array_equal(changed.users, base.users)
        if name == "client.poll_interval_s":
            assert any("does nothing" in note.message for note in changed.diagnostics)
            assert same
        elif name in UNUSED:
            assert same, f"{name} now shapes the night; take it out of UNUSED"
        else:
            assert not same, f"{name} shapes nothing; say why in UNUSED"


UNUSED = {
    "publisher.update_bytes",  # the bill's
    "edge.requests_per_connection",  # the bill's
    "event_loop_open",  # of event loops, which this stack is not
    "cold_factor_event_loop",
    "failover_single_az_s",  # this database has a standby
    "gp2_iops_per_gb",  # this volume is gp3
    "gp2_least_iops",
    "gp2_burst_iops",
    "gp2_credits",
    "proxy_failover_share",  # no proxy here
    "memory_rest_mib",  # shape a series, not the setting
    "memory_worker_mib",
    "memory_request_kib",
    "volume_latency_s",
}


def test_the_users_of_a_second_are_those_of_the_scenario():
    for name in ("buzzer_baseline", "buzzer"):
        course = scenario(stack(STACKS / name).scenario)
        seconds = np.arange(0, 60 * 270, 77)
        exact = [course.users(course.start_minute + second / 60.0) for second in seconds]
        assert made(name).users[seconds] == pytest.approx(exact, rel=1e-12, abs=1e-9)
        assert made(name).users.max() == pytest.approx(course.peak_users.at())


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("client.timeout", 5, "did you mean client.timeout_s"),
        ("qqqq", 5, "known are audience.peak_users"),
        ("client.timeout_s", float("nan"), "finite"),
        ("client.timeout_s", float("inf"), "finite"),
        ("client.timeout_s", -1, "negative"),
        ("client.timeout_s", 0, "above zero"),
        ("client.retries", 1.5, "whole"),
        ("audience.peak_users", -5, "negative"),
        ("node_express.cpu_s_per_request", 0.001, "no assumption of this night"),
    ],
)
def test_what_cannot_be_a_value_is_refused_in_a_sentence(name, value, says):
    with pytest.raises(night.NightError, match=says):
        made("buzzer_baseline", values={name: value})


def test_a_setup_that_is_given_its_path_is_the_one_that_derives_it():
    about = stack(STACKS / "buzzer_baseline")
    again = night.setup(BASE.path, scenario(about.scenario), runtime(about.runtime))
    assert again.setting == BASE.setting
    assert dataclasses.replace(again, users=BASE.users).stack == BASE.stack
