"""Runs beside the tests: started once, for the tests that read them, and ended however the session ends."""

import datetime as dt
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import background
import pytest
from background import SUPERVISED, Background, Run, awaited, supervised
from supervised import used_cpu_s

# Writes its own id, answers SIGTERM as `gameday` does, and goes on for a minute otherwise.
LONG = """
import os, pathlib, signal, sys, time
def end(*_):
    pathlib.Path(sys.argv[2]).write_text("ended politely")
    sys.exit(143)
signal.signal(signal.SIGTERM, end)
pathlib.Path(sys.argv[1]).write_text(str(os.getpid()))
time.sleep(60)
"""


def until(condition, process):
    """Waits for it; what does not happen while `process` lives is a fault, what takes long is none."""
    while not condition():
        assert process.poll() is None or condition(), "it did not happen"
        time.sleep(0.05)


def runs(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A process that has ended and was not yet waited for is no process.
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"


def test_a_run_says_what_it_printed_and_how_it_ended(tmp_path):
    process = supervised(tmp_path, "a name", [sys.executable, "-c", "import sys; print('[1]'); sys.exit('no')"])
    result = awaited(tmp_path, "a name")
    process.communicate()
    assert (result.status, result.document, result.stderr.strip(), result.reason) == (1, [1], "no", "")


@pytest.mark.parametrize(
    ("code", "budget_cpu_s", "still_s", "reason"),
    [
        ("import time; time.sleep(600)", 60, 1, "it was ended because it made no progress"),
        ("while True: pass", 1, 60, "of processor time, more than its budget of 1 s"),
        (
            "import subprocess, sys; subprocess.run([sys.executable, '-c', 'while True: pass'])",
            1,
            60,
            "its budget of 1 s",
        ),
    ],
    ids=["still", "busy for ever", "a child that is busy for ever"],
)
def test_a_run_is_ended_when_it_is_stuck_or_has_used_its_budget(tmp_path, code, budget_cpu_s, still_s, reason):
    process = supervised(tmp_path, "one", [sys.executable, "-c", code], budget_cpu_s, still_s)
    result = awaited(tmp_path, "one")
    process.communicate()
    assert result.status == -signal.SIGTERM
    assert reason in result.reason


def test_a_run_that_is_slow_and_prints_now_and_then_is_left_alone(tmp_path):
    code = "import time\nfor _ in range(20): time.sleep(0.2); print('.', flush=True)"
    process = supervised(tmp_path, "one", [sys.executable, "-c", code], 60, 1)
    result = awaited(tmp_path, "one")
    process.communicate()
    assert (result.status, result.reason, result.stdout.count(".")) == (0, "", 20)


def test_nobody_waits_for_a_run_whose_supervisor_is_gone_or_that_was_never_started(tmp_path):
    with pytest.raises(pytest.fail.Exception, match="was it started"):
        awaited(tmp_path, "one")
    process = supervised(tmp_path, "one", [sys.executable, "-c", "import time; time.sleep(2)"])
    process.kill()
    process.communicate()
    with pytest.raises(pytest.fail.Exception, match="nobody is at work on it"):
        awaited(tmp_path, "one")


def test_the_work_of_children_that_have_ended_counts():
    code = "sum(range(20_000_000))"
    before = used_cpu_s(os.getpid())
    subprocess.run([sys.executable, "-c", code], check=True)
    assert used_cpu_s(os.getpid()) - before > 0.05


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="there is no /proc to look into")
def test_a_run_ends_politely_when_the_session_is_killed(tmp_path):
    pid, last_words = tmp_path / "pid", tmp_path / "last"
    command = [sys.executable, "-c", LONG, str(pid), str(last_words)]
    argv = [sys.executable, str(SUPERVISED), str(tmp_path), "one", "60", "60", *command]
    session = f"import subprocess; subprocess.Popen({argv!r}, stdin=subprocess.PIPE).wait()"
    owner = subprocess.Popen([sys.executable, "-c", session])
    until(lambda: pid.exists() and pid.read_text(), owner)
    owner.kill()
    owner.wait()
    while not (tmp_path / "one.json").exists():
        time.sleep(0.05)
    assert last_words.read_text() == "ended politely"
    assert json.loads((tmp_path / "one.json").read_text())["reason"] == "the test run ended before it"
    assert not runs(int(pid.read_text()))


def test_a_run_is_started_once_and_only_for_the_tests_that_read_it(tmp_path, monkeypatch):
    started = []
    monkeypatch.setattr(background, "missing", lambda: "")
    monkeypatch.setattr(background.subprocess, "Popen", lambda argv, **_: started.append(argv[3]))
    table = {"one": Run("tests/emulation/a.py", ()), "two": Run("tests/emulation/b.py", ())}
    session = Background(tmp_path, lambda: table)
    session.start(["tests/emulation/a.py::test_x[1]", "tests/emulation/a.py::test_y"])
    session.start(["tests/emulation/a.py::test_x[1]"])
    assert started == ["one"]


def test_nothing_is_started_where_nothing_can_be_applied(tmp_path, monkeypatch):
    monkeypatch.setattr(background, "missing", lambda: "terraform is not on PATH")
    session = Background(tmp_path)
    session.start(["tests/emulation/test_stacks_applied.py::test_x"])
    session.end()
    assert not tmp_path.exists()


def test_it_says_why_nothing_can_be_applied(monkeypatch):
    monkeypatch.setattr(background.terraform_cli, "find", lambda: None)
    assert background.missing() == "terraform is not on PATH"


@pytest.fixture
def stacks(tmp_path, monkeypatch):
    """A checkout of three applied stacks."""
    monkeypatch.setattr(background, "ROOT", tmp_path)
    monkeypatch.setitem(background.rotation._CHOICE, "all", False)
    for name in ("a", "b", "c"):
        directory = tmp_path / "terraform" / "stacks" / name
        directory.mkdir(parents=True)
        (directory / "main.tf").write_text('resource "terraform_data" "a" {}\n')
        rests_on = background.cycle.basis(background.terraform.load(directory))
        record = background.evidence.Record(background.APPLIED, dt.date(2026, 11, 21), rests_on, {})
        background.evidence.write(directory / "applied.record.json", record)
    return tmp_path / "terraform" / "stacks"


def test_one_stack_is_applied_where_none_has_changed_and_all_are_at_night(stacks, monkeypatch):
    every = ["terraform/stacks/a", "terraform/stacks/b", "terraform/stacks/c"]
    chosen = background.choice()
    assert len(chosen[background.APPLIED]) == 1
    assert set(chosen[background.APPLIED]) < set(every)
    assert chosen[background.REHEARSED] == {}
    monkeypatch.setitem(background.rotation._CHOICE, "all", True)
    assert background.choice()[background.APPLIED] == every


def test_the_stacks_that_have_changed_since_their_record_are_applied(stacks):
    for name in ("a", "c"):
        (stacks / name / "main.tf").write_text('resource "terraform_data" "b" {}\n')
    assert background.choice()[background.APPLIED] == ["terraform/stacks/a", "terraform/stacks/c"]


CONFTEST = """
import sys
sys.path.insert(0, {tests!r})
import background
from rotation import pytest_addoption, pytest_configure
background.READERS = ("test_",)
background.Background.__init__.__defaults__ = (lambda: {{"help": background.Run("test_reads.py", ("validate", "--help"))}},)
background.missing = lambda: ""
pytest_plugins = ("background",)
"""
READS = """
import pytest

@pytest.mark.emulated
def test_it_is_read(background):
    assert "--apply" in background("help").stdout

def test_another_comes_first():
    pass
"""


@pytest.mark.slow
@pytest.mark.parametrize("workers", [[], ["-n", "2", "--dist", "worksteal"]], ids=["alone", "with workers"])
def test_a_session_starts_its_runs_and_the_tests_that_read_them_come_last(tmp_path, workers):
    (tmp_path / "conftest.py").write_text(CONFTEST.format(tests=str(SUPERVISED.parent)))
    (tmp_path / "test_reads.py").write_text(READS)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = emulated\n")
    argv = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", *workers, str(tmp_path)]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "2 passed" in done.stdout, done.stdout + done.stderr
    if not workers:
        assert done.stdout.index("test_another_comes_first") < done.stdout.index("test_it_is_read")


@pytest.mark.slow
def test_a_run_that_no_selected_test_reads_is_not_started(tmp_path):
    (tmp_path / "conftest.py").write_text(CONFTEST.format(tests=str(SUPERVISED.parent)))
    (tmp_path / "test_reads.py").write_text(READS)
    (tmp_path / "test_other.py").write_text(
        "def test_nothing(background, pytestconfig):\n    import background as b\n"
        "    assert not pytestconfig.stash[b.OWN]._started\n"
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = emulated\n")
    argv = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(tmp_path / "test_other.py")]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "1 passed" in done.stdout, done.stdout + done.stderr
