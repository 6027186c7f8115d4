"""Runs on the emulated AWS that go on beside the other tests: Terraform mostly waits there, so they cost time and little work.

A row of `RUNS` is a command and the file of tests that read what it printed. It is started as soon as the tests are collected,
if any test of that file is selected: once for the whole session, by pytest's own process, whichever worker runs the tests.
Those tests carry the marker `emulated`, come last, and wait for it:

    RUNS["migration"] = Run("tests/emulation/test_migration_applied.py", ("migrate", "--apply", "--json", "..."))

    @pytest.mark.emulated
    def test_...(background):
        result = background("migration")     # .document is its JSON, .status its exit status, .stderr what it said

Whatever ends the session (its end, Ctrl-C, a signal that leaves it no time) ends the runs, each with what it has started:
see `supervised`.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from analysis.validation import terraform_cli
from analysis.validation.emulator import EmulatorError
from analysis.validation.emulator.process import moto_version

ROOT = Path(__file__).parents[1]
SUPERVISED = Path(__file__).with_name("supervised.py")

# An apply and a destroy of the largest stack take seven minutes on two quiet cores.
TIMEOUT_S = 1500.0
STACKS = ("terraform/stacks/buzzer", "terraform/stacks/buzzer_baseline")


@dataclass(frozen=True)
class Run:
    """A `gameday` command, from the root of the checkout, and the file of the tests that read what it prints."""

    read_by: str
    arguments: tuple[str, ...]
    timeout_s: float = TIMEOUT_S


# The pages that change most, and take it back; all of them take 250 commands: `gameday rehearse`.
REHEARSED = (
    "asset-publish", "db-connections", "firewall-blocks", "gameday-prescale", "replica-lag", "restore", "rollback", "scale-out",
    "war-room",
)  # fmt: skip

RUNS = {
    "stacks": Run("tests/emulation/test_stacks_applied.py", ("validate", "--apply", "--json", *STACKS)),
    "migration": Run(
        "tests/emulation/test_migration_applied.py",
        ("migrate", STACKS[1], STACKS[0], "--apply", "--sample", "--json"),
    ),
    # Each page is typed at a copy of one emulator: an apply of its own, no destroy.
    "rehearsal": Run("tests/emulation/test_rehearsed.py", ("rehearse", "--json", *REHEARSED)),
}


@dataclass(frozen=True)
class Result:
    """How a run ended. `reason` is a sentence where it was ended from outside."""

    name: str
    status: int
    seconds: float
    reason: str
    stdout: str
    stderr: str

    @cached_property
    def document(self) -> Any:
        """What it printed, as JSON; fails the test with what it said where it printed none."""
        try:
            return json.loads(self.stdout)
        except ValueError:
            pytest.fail(
                f"{self.name}: status {self.status}, {self.reason or 'no JSON'}: {self.stderr[-2000:]}", pytrace=False
            )


class Background:
    """The runs of one session; `directory` is where their results are put."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._started: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, node_ids: Iterable[str], runs: dict[str, Run] = RUNS) -> None:
        """Starts what the selected tests will read and is not yet started."""
        files = {node_id.split("::", 1)[0] for node_id in node_ids}
        for name, run in runs.items():
            if run.read_by in files and name not in self._started and not missing():
                argv = [sys.executable, "-m", "analysis", *run.arguments]
                self._started[name] = subprocess.Popen(
                    [sys.executable, str(SUPERVISED), str(self.directory), name, str(run.timeout_s), *argv],
                    cwd=ROOT,
                    stdin=subprocess.PIPE,
                    start_new_session=True,
                )

    def end(self) -> None:
        """Ends what still runs, and waits for it."""
        for process in self._started.values():
            process.stdin.close()
        for process in self._started.values():
            process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


def awaited(directory: Path, name: str, runs: dict[str, Run] = RUNS) -> Result:
    """The result of a run, waited for."""
    # Beyond the run's own limit, which its supervisor keeps, and the time it is given to clean up.
    deadline = time.monotonic() + runs[name].timeout_s + 120
    answer = directory / f"{name}.json"
    while not answer.is_file():
        if time.monotonic() > deadline:
            pytest.fail(f"{name} gave no answer; is {runs[name].read_by} the file that reads it?", pytrace=False)
        time.sleep(0.5)
    said = json.loads(answer.read_text())
    out, err = ((directory / f"{name}.{kind}").read_text(errors="replace") for kind in ("out", "err"))
    return Result(name, said["status"], said["seconds"], said["reason"], out, err)


def missing() -> str:
    """Why nothing can be applied here; empty where it can."""
    terraform = terraform_cli.find()
    if terraform is None:
        return "terraform is not on PATH"
    if terraform.providers.origin == "registry" and not (terraform_cli.plugin_cache() / terraform_cli.AWS).is_dir():
        return "no mirror of the AWS provider is on this machine"
    try:
        moto_version()
    except EmulatorError:
        return "moto is not installed"
    return ""


@pytest.fixture(scope="session")
def background(pytestconfig: pytest.Config) -> Callable[[str], Result]:
    """The result of a run of `RUNS` by its name; waits until it is there."""
    directory = Path(pytestconfig.stash[DIRECTORY])
    return lambda name: awaited(directory, name)


DIRECTORY = pytest.StashKey[str]()
OWN = pytest.StashKey[Background]()


def pytest_configure(config: pytest.Config) -> None:
    """Makes the place of the results, in the process that the workers, if any, are children of."""
    if hasattr(config, "workerinput"):
        config.stash[DIRECTORY] = config.workerinput["background"]
        return
    directory = tempfile.mkdtemp(prefix="gameday-background-")
    config.stash[DIRECTORY] = directory
    config.stash[OWN] = Background(Path(directory))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tells each worker of xdist where the results will be."""
    node.workerinput["background"] = node.config.stash[DIRECTORY]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any, ids: list[str]) -> None:
    """Starts the runs as soon as the first worker knows which tests are selected."""
    node.config.stash[OWN].start(ids)


def pytest_collection_finish(session: pytest.Session) -> None:
    """The same without workers."""
    if OWN in session.config.stash and session.items and not session.config.option.collectonly:
        session.config.stash[OWN].start(item.nodeid for item in session.items)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that wait come last; where nothing can be applied they are skipped, with the reason."""
    reason = missing()
    for item in items:
        if reason and item.get_closest_marker("emulated"):
            item.add_marker(pytest.mark.skip(reason=reason))
    items.sort(key=lambda item: item.get_closest_marker("emulated") is not None)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Ends what still runs, however the session ended."""
    if OWN in config.stash:
        config.stash[OWN].end()
