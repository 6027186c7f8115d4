"""How fast a night is simulated: in milliseconds, against SimPy, and in proportion to steps and tasks.

Processor time of one process, the least of several runs: neighbours on the machine then count little.
"""

import dataclasses
import sys
import time
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "night"))

from night_oracle import ONE_TASK, Polling, Run  # noqa: E402 (beside the tests)
from timing import least_s  # noqa: E402

from analysis import night, terraform  # noqa: E402
from analysis.facts import scenario, stack  # noqa: E402
from analysis.night import compiled  # noqa: E402
from analysis.night.spread import spread  # noqa: E402

STACKS = ROOT / "terraform" / "stacks"
THREE_HOURS_S = 3 * 3_600

pytestmark = pytest.mark.skipif(not compiled.COMPILES, reason="numba is not installed or not wanted")


def three_hours(name, peak_users, faults=()):
    """The three hours around the highest load, with everything that the stack's Terraform brings into play."""
    about = stack(STACKS / name)
    made = night.stack_setup(
        terraform.load(STACKS / name),
        scenario(about.scenario),
        about,
        faults=[night.fault(text) for text in faults],
        peak_users=peak_users,
    )
    return dataclasses.replace(made, users=made.users[: THREE_HOURS_S + 1])


@pytest.mark.parametrize(
    ("name", "peak_users", "faults"),
    [
        ("buzzer_baseline", 3_200, ()),
        ("buzzer", 5_000, ()),
        ("buzzer", 5_000, ("deployment@60", "zone-loss@70", "cdn-purge@70", "database-failover@80")),
    ],
)
def test_a_night_of_three_hours_takes_less_than_30_ms(name, peak_users, faults):
    made = three_hours(name, peak_users, faults)
    took_s = least_s(lambda: night.run(made, 1), 15)
    print(f"{name}, {peak_users} users, {len(faults)} faults: {1e3 * took_s:.1f} ms for three hours")
    assert took_s < 0.030


def test_a_night_is_2000_times_as_fast_as_in_simpy():
    users, seconds = 2_000, 300
    crowd = np.full(seconds + 1, float(users))
    fast_s = least_s(lambda: Run(ONE_TASK, crowd), 30)
    began = time.process_time()
    polling = Polling(ONE_TASK)
    polling.come(users)
    polling.run(seconds)
    slow_s = time.process_time() - began
    print(
        f"{users} users for {seconds} s: {1e3 * fast_s:.2f} ms against {slow_s:.2f} s in SimPy, 1 : {slow_s / fast_s:,.0f}"
    )
    assert slow_s / fast_s > 2_000


def test_a_thousand_nights_take_less_than_20_s_on_two_quiet_cores():
    """Processor time, over as many cores as there are: on a busy machine the clock says what the neighbours do."""
    made = [three_hours("buzzer_baseline", 3_200), three_hours("buzzer", 5_000)]
    nights = 100
    night.outcome(night.run(made[0], 1))
    began = time.process_time()
    for seed in range(1, nights + 1):
        night.outcome(night.run(made[seed % 2], seed))
    each_s = (time.process_time() - began) / nights
    began = time.perf_counter()
    found = list(spread(outcome_of, [(made[seed % 2], seed) for seed in range(1, 10 * nights + 1)], jobs=2))
    clock_s = time.perf_counter() - began
    print(
        f"{1e3 * each_s:.1f} ms of processor a night: 1,000 nights take {1_000 * each_s / 2:.1f} s on two quiet cores; "
        f"{clock_s:.1f} s by the clock here"
    )
    assert len(found) == 10 * nights
    assert 1_000 * each_s / 2 < 20.0


def outcome_of(case):
    return night.outcome(night.run(*case))


def test_the_time_grows_with_steps_and_tasks_and_no_faster():
    def busy(tasks, seconds):
        setting = ONE_TASK._replace(tasks_at_start=tasks, tasks_min=tasks, tasks_max=tasks, task_rows=3 * tasks + 4)
        return least_s(lambda: Run(setting, np.full(seconds + 1, 1_400.0 * tasks)), 7)

    short, long = busy(8, 600), busy(8, 2_400)
    few, many = busy(8, 1_200), busy(64, 1_200)
    print(f"four times the steps: {long / short:.2f} times the time; eight times the tasks: {many / few:.2f} times")
    assert long / short < 4.8
    assert many / few < 9.6
