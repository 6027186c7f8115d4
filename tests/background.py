"""Runs on the emulated AWS that go on beside the other tests, and which of them a session makes.

A `Run` is a command and the file of tests that read what it printed. It is started as soon as the tests are collected,
if any test of that file is selected: once for the whole session, by pytest's own process, whichever worker runs the tests.
Those tests carry the marker `emulated`, come last, and wait for it:

    Run("tests/emulation/test_migration_applied.py", ("migrate", "--apply", "--json", "..."))

    @pytest.mark.emulated
    def test_...(background):
        result = background("migration")     # .document is its JSON, .status its exit status, .stderr what it said

They take minutes of a processor each, so they take turns (`rotation`): what has changed since it was recorded, else one stack (or
the migration) and a fifth of the runbooks of one stack; all of them under `--all`.

Whatever ends the session (its end, Ctrl-C, a signal that leaves it no time) ends the runs, each with what it has started. A run
is ended as stuck where nothing in it moves, and as lost where it has used more of a processor than it could need, but never
because a clock says so: see `supervised`.
"""

from __future__ import annotations

import fcntl
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pytest
import rotation

from analysis import evidence, ledger, terraform
from analysis.emulator import EmulatorError
from analysis.emulator.process import moto_version
from analysis.evidence import answer
from analysis.ledger import attempts
from analysis.migration import record as migration
from analysis.migration import stages
from analysis.validation import cycle, terraform_cli

ROOT = Path(__file__).parents[1]
SUPERVISED = Path(__file__).with_name("supervised.py")

# The longest, the migration with every way back, takes some 400 s of a processor.
BUDGET_CPU_S = 2400.0
# Terraform asks again every 10 s for what it waits for, and each question is work.
STILL_S = 300.0


@dataclass(frozen=True)
class Run:
    """A `gameday` command, from the root of the checkout, and the file of the tests that read what it prints.

    It may use `budget_cpu_s` of a processor, with all that it starts, and be still for `still_s`.
    """

    read_by: str
    arguments: tuple[str, ...]
    budget_cpu_s: float = BUDGET_CPU_S
    still_s: float = STILL_S


APPLIED, REHEARSED, MIGRATED, TYPED = "applied", "rehearsed", "migrated", "executed"
MIGRATION = ROOT / "terraform" / "migrations" / "buzzer.toml"
MIGRATION_STACKS = ("terraform/stacks/buzzer_baseline", "terraform/stacks/buzzer")


def records(kind: str) -> dict[str, evidence.Record]:
    """The records of a kind by the directory of their stack, relative to the checkout."""
    paths = sorted(ROOT.glob(f"terraform/stacks/*/{kind}.record.json"))
    read = ((path.parent.relative_to(ROOT).as_posix(), evidence.read(path, kind)) for path in paths)
    return {stack: record for stack, record in read if record is not None}


def choice() -> dict[str, Any]:
    """What this session applies, and the runbooks that it rehearses by stack."""
    applied, migrated, typed = records(APPLIED), records(MIGRATED), records(REHEARSED)
    candidates = [*applied, *[MIGRATED] * bool(migrated)]
    changed = [stack for stack in applied if evidence.stale(applied[stack], cycle.basis(terraform.load(ROOT / stack)))]
    if any(
        evidence.stale(record, migration.basis(stages.read(MIGRATION), applied=True)) for record in migrated.values()
    ):
        changed.append(MIGRATED)
    pages = {stack: list(record.content["pages"]) for stack, record in typed.items()}
    other = {stack: changed_pages(stack, pages[stack], record) for stack, record in typed.items()}
    rehearsed = rotation.turn(pages, [stack for stack in pages if other[stack]], part=1 / max(1, len(pages)))
    return {
        APPLIED: rotation.turn(candidates, changed, part=1 / max(1, len(candidates))),
        REHEARSED: {stack: rotation.turn(pages[stack], other[stack]) for stack in rehearsed},
        TYPED: rotation.turn(typed_guides := guides_with_records(), filter(changed_guide, typed_guides), part=0),
    }


def changed_pages(stack: str, pages: Sequence[str], record: evidence.Record) -> list[str]:
    """The runbooks of a stack that the record no longer speaks of as they stand: another command, answer, fault or Terraform."""
    from analysis.pages import rehearsals

    name = Path(stack).name
    paths = {path.name: path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs" / name).rglob("*.md")}
    return [page for page in pages if page in paths and rehearsals.stale(ROOT, name, paths[page], record)]


def guides_with_records() -> list[str]:
    """The folders of pages with a guide whose commands were typed."""
    return sorted(
        path.parents[1].relative_to(ROOT).as_posix() for path in ROOT.glob("docs/*/guide/executed.record.json")
    )


def changed_guide(folder: str) -> bool:
    """Whether the record of a guide no longer speaks of its commands, of what they need, or of the Terraform."""
    found, needs = ledger.commands(ROOT / folder), attempts.plan(ROOT / folder)
    record = evidence.read(attempts.record_file(ROOT / folder), attempts.KIND)
    return bool(evidence.stale(record, attempts.basis(found, needs, terraform.load(ROOT / needs.stack), ROOT)))


PLACE: dict[str, Path] = {}
"""Where this session's results are put, under "directory"."""


@cache
def chosen() -> dict[str, Any]:
    """The `choice` of this session: worked out by the first process that asks, and the same in all of them."""
    return answer(PLACE["directory"], "choice", choice) if "directory" in PLACE else choice()


def applied() -> list[str]:
    """What this session applies: stacks by their directory, and MIGRATED for the migration."""
    return list(chosen()[APPLIED])


def guides() -> list[str]:
    """The guides whose commands this session types, by the folder of their pages: all under `--all`, else what has changed."""
    return list(chosen()[TYPED])


def rehearsed() -> dict[str, list[str]]:
    """The runbooks that this session rehearses, by the directory of their stack."""
    return dict(chosen()[REHEARSED])


def runs() -> dict[str, Run]:
    """The runs of this session by their name."""
    found = {}
    if stacks := [one for one in applied() if one != MIGRATED]:
        found[APPLIED] = Run("tests/emulation/test_stacks_applied.py", ("validate", "--apply", "--json", *stacks))
    if MIGRATED in applied():
        whole = () if rotation.everything() else ("--sample",)
        arguments = ("migrate", *MIGRATION_STACKS, "--apply", *whole, "--json")
        found[MIGRATED] = Run("tests/emulation/test_migration_applied.py", arguments)
    for stack, pages in rehearsed().items():
        # Each page is typed at a copy of one emulator: an apply of its own, no destroy.
        names = [page.removesuffix(".md") for page in pages]
        arguments = ("rehearse", "--stack", stack, "--json", *names)
        found[f"{REHEARSED} {stack}"] = Run("tests/emulation/test_rehearsed.py", arguments)
    for folder in guides():
        found[f"{TYPED} {folder}"] = Run("tests/emulation/test_typed.py", ("guide", folder, "--json"))
    return found


READERS = ("tests/emulation/",)
"""Where the files lie that read a run: which runs there are is only worked out where one of them is selected."""


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

    def __init__(self, directory: Path, runs: Callable[[], Mapping[str, Run]] = runs) -> None:
        self.directory = directory
        self.runs = runs
        self._started: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, node_ids: Iterable[str]) -> None:
        """Starts what the selected tests will read and is not yet started."""
        files = {node_id.split("::", 1)[0] for node_id in node_ids}
        if missing() or not any(file.startswith(READERS) for file in files):
            return
        for name, run in self.runs().items():
            if run.read_by in files and name not in self._started:
                command = [sys.executable, "-m", "analysis", *run.arguments]
                self._started[name] = supervised(self.directory, name, command, run.budget_cpu_s, run.still_s)

    def end(self) -> None:
        """Ends what still runs, and waits for it."""
        for process in self._started.values():
            process.stdin.close()
        for process in self._started.values():
            process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


def supervised(
    directory: Path, name: str, command: list[str], budget_cpu_s: float = BUDGET_CPU_S, still_s: float = STILL_S
) -> subprocess.Popen[bytes]:
    """A command under supervision, which ends with whoever holds its standard input; `awaited` has what it printed."""
    # Locked as long as the supervisor lives: who waits for the result sees when there will be none.
    with lock_of(directory, name).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return subprocess.Popen(
            [sys.executable, str(SUPERVISED), str(directory), name, str(budget_cpu_s), str(still_s), *command],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            start_new_session=True,
            pass_fds=(lock.fileno(),),
        )


def lock_of(directory: Path, name: str) -> Path:
    """The file that a supervisor holds a lock on."""
    return directory / f"{slug(name)}.lock"


def slug(name: str) -> str:
    """The name of a run as part of a file's name."""
    return name.replace("/", "-").replace(" ", "-")


def ended(directory: Path, name: str) -> bool:
    """Whether nobody is at work on the run any more, or ever was."""
    try:
        with lock_of(directory, name).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return True
    except BlockingIOError:
        return False
    return True


def awaited(directory: Path, name: str) -> Result:
    """The result of a run, waited for as long as somebody is at work on it."""
    printed = directory / f"{slug(name)}.json"
    while not printed.is_file():
        if ended(directory, name) and not printed.is_file():
            pytest.fail(f"{name} gave no answer and nobody is at work on it; was it started?", pytrace=False)
        time.sleep(0.5)
    said = json.loads(printed.read_text())
    out, err = ((directory / f"{slug(name)}.{kind}").read_text(errors="replace") for kind in ("out", "err"))
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
    """The result of a run by its name; waits until it is there."""
    directory = Path(pytestconfig.stash[DIRECTORY])
    return lambda name: awaited(directory, name)


@pytest.fixture(scope="session")
def once(pytestconfig: pytest.Config) -> Callable[[str, Callable[[], Any]], Any]:
    """What the first worker that asks works out under a name, as JSON: the others wait for it, and work nothing out."""
    directory = Path(pytestconfig.stash[DIRECTORY])
    return lambda name, make: answer(directory, f"once-{name}", make)


DIRECTORY = pytest.StashKey[str]()
OWN = pytest.StashKey[Background]()


def pytest_configure(config: pytest.Config) -> None:
    """Makes the place of the results, in the process that the workers, if any, are children of."""
    if hasattr(config, "workerinput"):
        config.stash[DIRECTORY] = config.workerinput["background"]
        PLACE["directory"] = Path(config.stash[DIRECTORY])
        return
    directory = tempfile.mkdtemp(prefix="gameday-background-")
    config.stash[DIRECTORY] = directory
    PLACE["directory"] = Path(directory)
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
