"""Runs beside the tests: started once, for the tests that read them, and ended however the session ends."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import background
import pytest
from background import SUPERVISED, Background, Run, awaited

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


def until(condition, timeout_s=60):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def runs(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A process that has ended and was not yet waited for is no process.
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"


def supervised(directory, timeout_s, *command):
    argv = [sys.executable, str(SUPERVISED), str(directory), "one", str(timeout_s), *map(str, command)]
    return subprocess.Popen(argv, stdin=subprocess.PIPE)


def test_a_run_says_what_it_printed_and_how_it_ended(tmp_path):
    process = supervised(tmp_path, 60, sys.executable, "-c", "import sys; print('[1]'); sys.exit('no')")
    result = awaited(tmp_path, "one", {"one": Run("x", ())})
    process.communicate()
    assert (result.status, result.document, result.stderr.strip(), result.reason) == (1, [1], "no", "")


def test_a_run_is_ended_when_its_time_is_over(tmp_path):
    process = supervised(tmp_path, 0.5, sys.executable, "-c", "import time; time.sleep(60)")
    process.wait(60)
    said = json.loads((tmp_path / "one.json").read_text())
    assert said["status"] == -signal.SIGTERM
    assert said["reason"] == "it was ended after 0.5 s without an answer"


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="there is no /proc to look into")
def test_a_run_ends_politely_when_the_session_is_killed(tmp_path):
    pid, last_words = tmp_path / "pid", tmp_path / "last"
    command = [sys.executable, "-c", LONG, str(pid), str(last_words)]
    argv = [sys.executable, str(SUPERVISED), str(tmp_path), "one", "60", *command]
    session = f"import subprocess, time; subprocess.Popen({argv!r}, stdin=subprocess.PIPE); time.sleep(60)"
    owner = subprocess.Popen([sys.executable, "-c", session])
    until(lambda: pid.exists() and pid.read_text())
    owner.kill()
    owner.wait()
    until((tmp_path / "one.json").exists)
    assert last_words.read_text() == "ended politely"
    assert json.loads((tmp_path / "one.json").read_text())["reason"] == "the test run ended before it"
    until(lambda: not runs(int(pid.read_text())))


def test_a_run_is_started_once_and_only_for_the_tests_that_read_it(tmp_path, monkeypatch):
    started = []
    monkeypatch.setattr(background, "missing", lambda: "")
    monkeypatch.setattr(background.subprocess, "Popen", lambda argv, **_: started.append(argv[3]))
    table = {"one": Run("tests/a.py", ()), "two": Run("tests/b.py", ())}
    session = Background(tmp_path)
    session.start(["tests/a.py::test_x[1]", "tests/a.py::test_y"], table)
    session.start(["tests/a.py::test_x[1]"], table)
    assert started == ["one"]


def test_nothing_is_started_where_nothing_can_be_applied(tmp_path, monkeypatch):
    monkeypatch.setattr(background, "missing", lambda: "terraform is not on PATH")
    session = Background(tmp_path)
    session.start(["tests/a.py::test_x"], {"one": Run("tests/a.py", ("validate",))})
    session.end()
    assert not tmp_path.exists()


def test_it_says_why_nothing_can_be_applied(monkeypatch):
    monkeypatch.setattr(background.terraform_cli, "find", lambda: None)
    assert background.missing() == "terraform is not on PATH"


CONFTEST = """
import sys
sys.path.insert(0, {tests!r})
import background
background.RUNS.clear()
background.RUNS["help"] = background.Run("test_reads.py", ("validate", "--help"), 120)
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
