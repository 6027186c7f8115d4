"""What follows from the samples of a load test: worked out by hand, and by a program that is simulated in ten lines."""

import random
from dataclasses import replace

import pytest

from analysis.loadtest.measured import Knee, NotMeasuredError, Usage, check, knee, steps

SERVER = "as it is"


def samples(rate_per_s, cpu_s, share, seconds=20.0, users=100, newest=""):
    """A step of one server that uses `cpu_s` of its `share` of a processor for each request, first come, first served."""
    draw = random.Random(1)
    dues = sorted(draw.uniform(0, seconds) for _ in range(round(rate_per_s * seconds)))
    free, used, lines, usage = 0.0, 0.0, [["step", 0, 0.0]], [Usage(0.0, {SERVER: 0.0})]
    for number, due in enumerate(dues):
        free = max(free, due) + cpu_s / share
        used += cpu_s
        cached = "redis; hit" if number % 4 else "redis; fwd=miss"
        lines.append(["poll", 0, 0, due, number % users, "live", 0.0, free - due, 200, newest, cached])
        usage.append(Usage(free, {SERVER: used}))
    lines += [["sent", 0, seconds], ["over", 0, max(free, seconds)]]
    return lines, sorted(usage, key=lambda one: one.at_s)


def step(*arguments, **more):
    lines, usage = samples(*arguments, **more)
    ((found,),) = steps(lines, usage, [[100]])
    return found


def test_below_the_knee_all_is_answered_and_the_processor_time_of_a_request_is_found():
    found = step(100, 0.001, 0.25)
    assert found.kept_up
    assert found.answered_per_s == pytest.approx(100, rel=0.02)
    assert found.cpu_ms[SERVER] == pytest.approx(1, rel=0.02)
    assert found.share[SERVER] == pytest.approx(0.1, rel=0.05)


def test_answers_are_counted_by_route_and_by_what_they_say_of_caches():
    by = step(100, 0.001, 0.25).cached["live"]
    assert by["redis; hit"] == pytest.approx(3 * by["redis; fwd=miss"], rel=0.01)
    assert 1800 <= sum(by.values()) <= 1950  # of 2,000, without those of the first second


def test_above_the_knee_the_answers_of_a_second_are_the_share_over_the_processor_time():
    full = knee([step(100, 0.001, 0.25), step(400, 0.001, 0.25)], SERVER)
    assert full.per_s == pytest.approx(250, rel=0.02)
    assert full.given == pytest.approx(0.25, rel=0.02)
    assert full.cpu_s == pytest.approx(0.001, rel=0.02)


def test_a_program_that_got_less_than_its_share_has_the_knee_of_a_whole_share():
    assert knee([step(400, 0.001, 0.2)], SERVER).at(0.25) == pytest.approx(250, rel=0.02)


def test_without_a_step_that_is_too_much_there_is_no_knee():
    with pytest.raises(NotMeasuredError, match="kept up with 99 requests a second"):
        knee([step(100, 0.001, 0.25)], SERVER)


def test_a_crowd_that_was_sent_late_measures_nothing():
    with pytest.raises(NotMeasuredError, match=r"sent up to 0\.9 s late"):
        knee([replace(step(400, 0.001, 0.25), lag_p99_s=0.9)], SERVER)


def test_a_step_in_which_nothing_was_sent_is_refused():
    with pytest.raises(NotMeasuredError, match="no request"):
        steps([["step", 0, 0.0], ["sent", 0, 5.0], ["over", 0, 5.0]], [Usage(0.0, {}), Usage(5.0, {})], [[1]])


def test_a_handler_slowed_by_two_milliseconds_passes_the_check_and_one_slowed_by_four_does_not():
    as_is = knee([step(400, 0.001, 0.25)], SERVER)
    assert check(as_is, knee([step(200, 0.003, 0.25)], SERVER), 0.002).holds
    assert not check(as_is, knee([step(200, 0.005, 0.25)], SERVER), 0.002).holds
    assert not check(as_is, as_is, 0.002).holds


def test_the_check_counts_what_each_program_was_given():
    as_is, slowed = Knee(250, 0.25, 0.001), Knee(40, 0.12, 0.003)
    assert check(as_is, slowed, 0.002).off == pytest.approx(0)


def test_an_update_is_as_old_as_the_first_answer_with_it_and_one_that_nobody_saw_is_counted():
    def poll(user, due, ended, newest):
        return ["poll", 0, 0, due, user, "live", 0.0, ended - due, 200, str(newest), ""]

    lines = [
        ["step", 0, 0.0],
        poll(1, 1.0, 1.1, 6), poll(1, 3.0, 3.2, 7), poll(1, 5.0, 5.1, 7),
        poll(2, 1.5, 1.6, 6), poll(2, 3.5, 3.6, 6), poll(2, 5.5, 5.6, 6),
        ["update", 0, 0, 2.0, 0.1, 200, "7"],
        ["update", 0, 0, 9.0, 0.1, 200, "8"],  # too late for anybody to see
        ["sent", 0, 10.0],
        ["over", 0, 10.0],
    ]  # fmt: skip
    ((found,),) = steps(lines, [Usage(0.0, {}), Usage(10.0, {})], [[2]])
    assert found.age_p50_s == pytest.approx(1.2)
    assert found.unseen == 1
