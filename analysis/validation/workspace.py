"""A stack applied for real: Terraform's own apply, plan and destroy on a copy of a directory, against an emulated AWS.

    with running() as emulator, AppliedStack(Path("terraform/stacks/buzzer"), emulator) as stack:
        stack.apply()                        # minutes, most of them spent in the provider's own waits
        stack.plan()["resource_changes"]     # what a second plan would do
        stack.state(), stack.outputs()
        stack.use(other_directory)           # another configuration on the same state
        stack.destroy()

The configuration runs as it stands: no endpoints, no skip flags, no keys are written into it; the one file that is added to the
copy keeps the state in the scratch directory. Where AWS is, the environment says, and that environment knows no way off this
machine: every other address goes to a proxy that is not there.
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from analysis.emulator import Emulator
from analysis.validation import executed, terraform_cli, world
from analysis.validation.masking import masked_plan
from analysis.validation.terraform_cli import Completed, TerraformError, Workspace

TO_APPLY = "to apply a stack with it"
"""What Terraform is wanted for, in the sentence that says that there is none."""

# The provider polls AWS in fixed steps and mostly waits, so far more may run at once than there are processors.
PARALLELISM = 30

# A whole stack takes three to five minutes alone; on two busy cores it has been seen to take twice that.
APPLY_TIMEOUT_S = 1800.0
PLAN_TIMEOUT_S = 600.0  # twelve seconds alone; everything that is there is read
POLL_S = 0.2

STATE_FILE = "terraform.tfstate"


class StoppedError(TerraformError):
    """Someone asked for the end of the run: another stack failed, or Ctrl-C was pressed."""


class PartlyAppliedError(TerraformError):
    """A run that went on past resources that failed: `applied` is what it did, `failed` maps each address to its error.

    Where Terraform names no address, as for a deletion, the error's own text stands in its place.
    """

    def __init__(self, error: TerraformError, applied: Applied, failed: Mapping[str, str]) -> None:
        super().__init__(str(error), error.diagnostics)
        self.applied = applied
        self.failed = failed


@dataclass(frozen=True, slots=True)
class Done:
    """What one resource saw in an apply or destroy: its address, `create`, `update`, `delete`, `read`, and the seconds."""

    address: str
    action: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Applied:
    """An apply or destroy that went through: how long it took and what it did, in the order of completion."""

    seconds: float
    done: tuple[Done, ...]

    def count(self, action: str) -> int:
        """How many resources saw `action`."""
        return sum(item.action == action for item in self.done)


@dataclass(frozen=True, slots=True)
class Drift:
    """One attribute that a plan would change although the configuration has not: what stands there and what is wanted."""

    address: str
    actions: tuple[str, ...]
    attribute: str
    before: Any
    after: Any

    def __str__(self) -> str:
        what = f".{self.attribute}: {_short(self.before)} -> {_short(self.after)}" if self.attribute else ""
        return f"{self.address} ({', '.join(self.actions)}){what}"


class AppliedStack(Workspace):
    """A context in which a stack is applied on an emulator. Leaving it ends Terraform and deletes the copy, not the resources.

    `variables` and `var_files` hold for every command; each command may override variables. `stop` ends a running command from
    another thread. `progress` is told, in a few words, what just happened. Raises RefusedError where Terraform would start a
    program of the stack's and `trust` is not given, TerraformError with Terraform's own
    diagnostics where it fails, TerraformMissingError where it is missing, EmulatorGoneError where the emulator ends.
    """

    def __init__(
        self,
        directory: Path,
        emulator: Emulator,
        *,
        variables: Mapping[str, object] = {},
        var_files: Sequence[Path] = (),
        environ: Mapping[str, str] = os.environ,
        stop: threading.Event | None = None,
        progress: Callable[[str], None] = lambda _what: None,
        trust: bool = False,
        downloads: bool = False,
    ) -> None:
        directory = terraform_cli.configuration_directory(Path(directory))
        terraform = terraform_cli.wanted(TO_APPLY, environ, directory if trust else None)
        super().__init__(directory, terraform, environ, trust=trust, downloads=downloads)
        self.emulator = emulator
        self.variables = dict(variables)
        self.var_files = tuple(Path(path).resolve() for path in var_files)
        self.stop = stop or threading.Event()
        self.progress = progress
        self._trees = 0

    def __enter__(self) -> AppliedStack:
        super().__enter__()
        self._prepare()
        world.prepare(self.directory, self.emulator)
        return self

    def use(self, directory: Path) -> None:
        """Puts another configuration on the same state, initialised. Raises TerraformError where it cannot be."""
        self.directory = terraform_cli.configuration_directory(Path(directory))
        self._trees += 1
        self.executed = executed.executed(self.directory)
        self.copy = terraform_cli.copied_tree(self.directory, self.scratch / f"tree{self._trees}")
        self._prepare()

    def apply(
        self,
        variables: Mapping[str, object] = {},
        *,
        arguments: Sequence[str] = (),
        timeout_s: float = APPLY_TIMEOUT_S,
    ) -> Applied:
        """Terraform's apply without a question. `arguments` are further ones, such as `-target=ADDRESS`.

        Raises PartlyAppliedError where it failed in the middle: what was made is there, and the state holds it.
        """
        return self._changed("apply", variables, arguments, timeout_s)

    def destroy(
        self,
        variables: Mapping[str, object] = {},
        *,
        arguments: Sequence[str] = (),
        timeout_s: float = APPLY_TIMEOUT_S,
    ) -> Applied:
        """Terraform's destroy of everything in the state; protection from deletion must have been lifted before.

        Raises PartlyAppliedError where it failed in the middle: what was deleted is gone.
        """
        return self._changed("destroy", variables, arguments, timeout_s)

    def plan(
        self,
        variables: Mapping[str, object] = {},
        *,
        arguments: Sequence[str] = (),
        masked: bool = True,
        timeout_s: float = PLAN_TIMEOUT_S,
    ) -> dict[str, Any]:
        """The plan against the state and the emulator, refreshed, as `terraform show -json` gives it; secrets masked."""
        out = self.scratch / "plan"
        self._run("plan", "-json", f"-out={out}", *self._given(variables), *arguments, timeout_s=timeout_s)
        plan: dict[str, Any] = json.loads(self._run("show", "-json", str(out), timeout_s=timeout_s).stdout)
        return masked_plan(plan) if masked else plan

    def drift(self, variables: Mapping[str, object] = {}) -> tuple[Drift, ...]:
        """What a second plan would change, attribute by attribute; empty where state and emulator agree."""
        return drifted(self.plan(variables))

    def state(self) -> dict[str, Any]:
        """The state as `terraform show -json` gives it, secrets in clear."""
        state: dict[str, Any] = json.loads(self._run("show", "-json", timeout_s=PLAN_TIMEOUT_S).stdout)
        return state

    def outputs(self) -> dict[str, Any]:
        """The outputs of the root module by name, secrets in clear."""
        found = json.loads(self._run("output", "-json", timeout_s=PLAN_TIMEOUT_S).stdout)
        return {name: output["value"] for name, output in found.items()}

    def held(self) -> tuple[str, ...]:
        """What the state file holds, as type and name, read without Terraform; empty after a whole destroy."""
        try:
            state = json.loads(self.state_file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return ()
        return tuple(
            f"{item['type']}.{item['name']}" for item in state.get("resources", ()) if item["mode"] == "managed"
        )

    @property
    def state_file(self) -> Path:
        """Where the state is kept."""
        return self.scratch / STATE_FILE

    def _prepare(self) -> None:
        self.require("apply")
        (self.copy / terraform_cli.OVERRIDE_FILE).write_text(
            f'terraform {{\n  backend "local" {{\n    path = {json.dumps(str(self.state_file))}\n  }}\n}}\n',
            encoding="utf-8",
        )
        # Of what the offline workspace set, the way to the providers stays; where AWS is becomes the emulator.
        kept = {name: value for name, value in self.environ.items() if not name.startswith("AWS_")}
        self.environ = self.emulator.environment(kept)
        init = self.init(PLAN_TIMEOUT_S, "-reconfigure")
        if init.status:
            raise TerraformError(f"terraform init failed: {terraform_cli.sentence(init.stderr or init.stdout)}")
        self.require("apply")  # again, with the modules that were fetched
        self.environ |= nowhere_else()

    def _given(self, variables: Mapping[str, object]) -> list[str]:
        file = self.scratch / terraform_cli.GIVEN_VARIABLES
        file.write_text(json.dumps(self.variables | dict(variables), default=str), encoding="utf-8")
        return [f"-var-file={path}" for path in (*self.var_files, file)]

    def _changed(
        self, command: str, variables: Mapping[str, object], arguments: Sequence[str], timeout_s: float
    ) -> Applied:
        done: list[Done] = []
        failed: dict[str, str] = {}

        def heard(event: Mapping[str, Any]) -> None:
            diagnostic = event.get("diagnostic", {})
            if diagnostic.get("severity") == "error":
                text = f"{diagnostic.get('summary', '')} {diagnostic.get('detail', '')}".strip()
                failed[diagnostic.get("address") or text] = text  # an error of a deletion names no address
            if event.get("type") in {"apply_complete", "apply_errored"}:
                hook = event["hook"]
                item = Done(hook["resource"]["addr"], hook["action"], float(hook.get("elapsed_seconds", 0)))
                if event["type"] == "apply_complete":
                    done.append(item)
                self.progress(f"{item.action} {item.address}")

        given = self._given(variables)
        started = time.monotonic()
        try:
            self._run(command, "-json", "-auto-approve", *given, *arguments, timeout_s=timeout_s, heard=heard)
        except StoppedError:
            raise
        except TerraformError as error:
            if not failed:
                raise
            raise PartlyAppliedError(error, Applied(time.monotonic() - started, tuple(done)), failed) from error
        return Applied(time.monotonic() - started, tuple(done))

    def _run(
        self,
        command: str,
        *arguments: str,
        timeout_s: float,
        heard: Callable[[Mapping[str, Any]], None] = lambda _event: None,
    ) -> Completed:
        changes = command in {"apply", "destroy", "plan"}
        common = ["-input=false", "-lock=false", f"-parallelism={PARALLELISM}"] if changes else []
        errors: list[Mapping[str, Any]] = []

        def line(text: str) -> None:
            for event in terraform_cli.streamed(text):
                if event.get("diagnostic", {}).get("severity") == "error":
                    errors.append(event["diagnostic"])
                heard(event)

        done = watched(
            self.confined(
                [str(self.terraform.binary), command, *common, *arguments],
                (urlsplit(self.emulator.endpoint).port or 0,),
            ),
            cwd=self.copy,
            environ=self.environ,
            timeout_s=timeout_s,
            line=line if changes else lambda _text: None,
            watch=self._watch,
        )
        if done.status:
            said = terraform_cli.diagnostics(errors)
            reason = str(said[0]) if said else terraform_cli.sentence(done.stderr or done.stdout)
            more = f" (and {len(said) - 1} more)" if len(said) > 1 else ""
            raise TerraformError(f"terraform {command} failed: {reason}{more}", said)
        return done

    def _watch(self) -> None:
        self.emulator.require()
        if self.stop.is_set():
            raise StoppedError("terraform was ended because the run was stopped")


def nowhere_else() -> dict[str, str]:
    """The variables that keep a process on this machine: Go's and Python's HTTP clients ask a proxy that does not listen."""
    names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    blocked = dict.fromkeys((*names, *(name.lower() for name in names)), terraform_cli.NOWHERE)
    return blocked | {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}


def drifted(plan: Mapping[str, Any]) -> tuple[Drift, ...]:
    """Every attribute that a plan (the JSON of `terraform show -json`) would change, by address and attribute."""
    rows = []
    for item in plan.get("resource_changes", ()):
        change = item["change"]
        actions = tuple(change["actions"])
        if actions in {("no-op",), ("read",)}:
            continue
        before, after = change.get("before"), change.get("after")
        unknown = change.get("after_unknown") or {}
        if actions == ("update",) and isinstance(before, Mapping) and isinstance(after, Mapping):
            names = sorted(
                name for name in {*before, *after} if before.get(name) != after.get(name) or unknown.get(name) is True
            )
            rows += [Drift(item["address"], actions, name, before.get(name), after.get(name)) for name in names]
        else:
            rows.append(Drift(item["address"], actions, "", None, None))
    return tuple(rows)


def watched(
    argv: Sequence[str],
    *,
    cwd: Path,
    environ: Mapping[str, str],
    timeout_s: float,
    line: Callable[[str], None] = lambda _text: None,
    watch: Callable[[], None] = lambda: None,
) -> Completed:
    """The outcome of a command whose lines are heard as they come, ended as soon as `watch` raises.

    It runs in a process group of its own, and however this ends no process of the group is left. Raises TerraformError when
    the time is over.
    """
    started = time.monotonic()
    heard: dict[str, list[str]] = {"stdout": [], "stderr": []}
    process = subprocess.Popen(  # noqa: S603 - the argument vector is ours, no shell reads it
        list(argv),
        cwd=cwd,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )

    def read(stream: IO[str], name: str) -> None:
        with stream:
            for text in stream:
                heard[name].append(text)
                if name == "stdout":
                    line(text)

    pipes = ((process.stdout, "stdout"), (process.stderr, "stderr"))
    readers = [threading.Thread(target=read, args=pair, daemon=True) for pair in pipes]
    for reader in readers:
        reader.start()
    try:
        while True:
            try:
                process.wait(POLL_S)
                break
            except subprocess.TimeoutExpired:
                watch()
            if time.monotonic() - started > timeout_s:
                what = " ".join([Path(argv[0]).name, *argv[1:2]])
                raise TerraformError(f"{what} was ended after {timeout_s:g} s without an answer")
        watch()
    finally:
        if process.poll() is None:
            terraform_cli.end_group(process)
        for reader in readers:
            reader.join(5)
    return Completed(process.returncode, "".join(heard["stdout"]), "".join(heard["stderr"]), time.monotonic() - started)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= 100 else f"{text[:99]}…"
