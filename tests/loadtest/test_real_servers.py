"""A load test and a restore drill in small, on real servers; skipped where these are missing, which `.ci/run` installs."""

import contextlib
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import rotation

from analysis.loadtest import restore, run, servers
from analysis.loadtest import tested as plans
from analysis.loadtest.measured import NotMeasuredError
from analysis.studies import Studies

ROOT = Path(__file__).parents[2]
LACKING = servers.missing()
pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(LACKING), reason=LACKING)]


@pytest.mark.parametrize("stack", ["buzzer_baseline", "olympics"])
def test_a_handler_slowed_by_two_milliseconds_moves_the_knee_as_computed(stack):
    """One of three small tests has to show it: a neighbour may have disturbed one, a wrong instrument disturbs all.

    A crowd that waits for its answers, in place of arrivals by schedule, is never behind, so that there is no knee.
    """
    plan, tries = plans.tested(Studies(ROOT / "terraform" / "stacks").study(stack)), []
    if plan.stand_in and not rotation.everything():
        pytest.skip("a process held to a sixteenth of a processor takes minutes to find its knee: `make test-all`")
    if plan.stand_in and (lacking := servers.missing(servers.OWN) or plan.stand_in.missing()):
        pytest.skip(lacking)
    for _ in range(3):
        try:
            found = run.load_test(plan, run.SMALL).check
        except servers.NoShareError as error:
            pytest.skip(str(error))
        except NotMeasuredError as error:
            tries.append(str(error))
            continue
        if found.holds:
            return
        tries.append(str(found))
    if any("sent up to" in words for words in tries):
        pytest.skip("the machine is too busy to measure a load: the crowd was sent late")
    pytest.fail("the knee did not move as computed:\n" + "\n".join(tries))


def test_rows_that_were_lost_come_back_from_dump_and_log():
    found = restore.drill(rows=3_000, after=500)
    assert found.holds, found
    assert (found.before.rows, found.without_log, found.replayed.rows) == (3_000, 500, 3_500)


@pytest.mark.parametrize(
    "spoil",
    ["UPDATE entry SET minute = minute + 1 WHERE id = 17", "DELETE FROM entry WHERE id = 17"],
)
def test_a_row_that_is_not_the_one_that_was_written_is_noticed(spoil):
    assert not restore.drill(rows=100, after=10, spoil=spoil).holds


def started_by(process):
    """Every process that a process has started, with the words that it was started with."""
    found = {}
    with contextlib.suppress(psutil.NoSuchProcess):
        for each in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                found[each] = " ".join(each.cmdline())
    return found


@pytest.mark.usefixtures("heard")
@pytest.mark.parametrize(("end", "status"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_a_run_that_is_ended_leaves_no_server_behind(end, status):
    words = [sys.executable, "-m", "analysis", "load", "terraform/stacks/buzzer_baseline"]
    process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    started = {}
    while process.poll() is None and not any("locust" in words for words in started.values()):
        started |= started_by(process)
        time.sleep(0.1)
    process.send_signal(end)
    assert process.wait() == status
    _, left = psutil.wait_procs(started, timeout=30)
    assert any("gunicorn" in words for words in started.values())
    assert not left
