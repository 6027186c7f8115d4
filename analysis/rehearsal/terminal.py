"""A terminal at an emulated AWS: commands are typed in one shell, and each answer says on what it rests.

    with fresh() as emulated, terminal(emulated, linked, "rehearsal.toml", root) as opened:
        opened.world.do(acts)
        opened.type("aws ecs list-clusters").output

A rehearsal of a runbook and a guide that is typed line by line have one each.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from analysis.rehearsal.aws import REFUSED
from analysis.rehearsal.faults import Emulated, FaultError, Seen, World
from analysis.rehearsal.shell import Output, Shell, refusal
from analysis.rehearsal.web import Site
from analysis.sandbox import Confinement
from analysis.scratch import scratch_directory

Source: TypeAlias = Literal["emulator", "declared", "shell"]
"""What an answer rests on: the emulator's state, an answer declared for want of it, or the shell alone."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of what was typed: why it was refused here, or else what it printed; on what that rests, with AWS's calls."""

    refused: str
    source: Source = "shell"
    output: Output | None = None
    calls: tuple[Seen, ...] = ()

    @property
    def failure(self) -> str:
        """What a command that failed said last, with its exit status."""
        if self.output is None:
            return self.refused
        lines = [line.strip() for line in self.output.stderr.splitlines() if line.strip()]
        return f"exit status {self.output.status}: {' '.join(lines[-2:]) or 'nothing said'}"


@dataclass(frozen=True, slots=True)
class Terminal:
    """A shell with the emulator that it reaches; `scripts` are the files of the project that may be started in it."""

    world: World
    site: Site
    shell: Shell
    scripts: tuple[str, ...]

    def type(self, typed: str) -> Answer:
        """What became of a command. Raises ShellError where it runs out of time or ends the shell."""
        if why := refusal(typed, self.scripts):
            return Answer(why)
        self.site.write_names()
        before, asked, unknown = len(self.world.emulated.calls()), self.site.requests(), len(self.site.undeclared)
        output = self.shell.run(typed)
        calls = tuple(self.world.emulated.calls()[before:])
        source: Source = "emulator" if calls else "shell"
        answerers = {call.answered for call in calls}
        if "declared" in answerers or self.site.requests() > asked or re.search(r"\bdig\b", typed):
            source = "declared"
        said = _not_run(output)
        if not said and self.site.undeclared[unknown:]:
            said = f"no answer is declared for {self.site.undeclared[-1]}"
        return Answer(said, source, output, calls)


@contextmanager
def terminal(
    emulated: Emulated,
    linked: Mapping[str, str],
    named: str,
    root: Path,
    timeout_s: float = 120.0,
    *,
    trust: bool = False,
    tools: Mapping[str, str] = {},
) -> Iterator[Terminal]:
    """A new shell at an emulator. `linked` are the files of the project, below `root`, that it holds, as `named` lists them.

    `tools` are further programs on its path, by their text. Raises FaultError for a file that is not there.
    """
    with ExitStack() as stack:
        scratch = stack.enter_context(scratch_directory("gameday-site-"))
        world = World(emulated, scratch)
        site = stack.enter_context(Site(world.web, world.names, scratch))
        files, scripts, startable = _linked(linked, named, root, trust=trust)
        keys = emulated.client_arguments(world.region)
        signed = (keys["aws_access_key_id"], keys["aws_secret_access_key"])
        programs = {**site.scripts(), **scripts, **tools}
        shell = stack.enter_context(Shell(emulated.endpoint, programs, files, timeout_s, signed))
        world.home = shell.home
        yield Terminal(world, site, shell, startable)


_PYTHON = """#!{python} -IS
import os, sys
files = {files!r}
if len(sys.argv) < 2 or sys.argv[1] not in files:
    sys.exit(sys.stderr.write("rehearsal: python3 " + " ".join(sys.argv[1:2]) + " {refused}\\n") and {status})
path, more = files[sys.argv[1]]
os.execv({python!r}, ["python3", "-I", path, *sys.argv[2:], *more])
"""


def _linked(
    given: Mapping[str, str], named: str, root: Path, *, trust: bool
) -> tuple[dict[str, Path], dict[str, str], tuple[str, ...]]:
    """The files of the project that a page may read, a `python3` that starts only those, and which of them it may start.

    A file that is started may do whatever the wall lets it: without one it is started only where the user trusts the stack.
    """
    startable = trust or Confinement((root,)).stands()
    linked = {}
    files = {}
    for name, arguments in given.items():
        path = (root / name).resolve()
        if not path.is_relative_to(root.resolve()) or not path.exists():
            raise FaultError(f"{named}: linked: {name} is no file of the project")
        linked[name] = path
        if name.endswith(".py") and startable:
            files[name] = (str(path), arguments.split())
    refused = "is not among the files that a page may start"
    if not startable:
        refused = "is started only behind a wall of the kernel's, which this machine does not offer, or with --trust"
    python = str(Path(sys.executable).resolve())
    script = _PYTHON.format(python=python, files=files, refused=refused, status=REFUSED)
    return linked, {"python3": script}, tuple(linked) if startable else ()


def _not_run(output: Output) -> str:
    """Why a command was not run, by its exit status or by what the shell says of it; empty where it was."""
    lines = output.stderr.strip().splitlines()
    own = next((line for line in lines if line.startswith("rehearsal: ")), "")
    if own:
        return own.removeprefix("rehearsal: ")
    missing = re.search(r": ([\w./-]+): (?:command not found|No such file or directory)", output.stderr)
    if missing and output.status == 127:
        there = " on this machine, though not on the path of a rehearsal" if shutil.which(missing[1]) else ""
        return f"{missing[1]} is not among the tools of a rehearsal{f'; it is{there}' if there else ''}"
    return ""
