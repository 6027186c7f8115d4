"""One table of what the real Terraform says about a directory: fmt, init, validate, test and plan."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

from analysis import evidence
from analysis.validation import kept, terraform_cli
from analysis.validation.offline import created, plan_in
from analysis.validation.terraform_cli import RefusedError, Terraform, TerraformError, Workspace

Status: TypeAlias = Literal["passed", "failed", "skipped", "refused"]
"""`refused`: it would have started a program of the stack's, or fetched something, and the user has not allowed that."""

# What the provider or Terraform says when a plan cannot go on without an answer from AWS.
NEEDS_AWS = (
    terraform_cli.NOWHERE.removeprefix("http://"),
    "no EC2 IMDS role found",
    "failed to refresh cached credentials",
)
NEEDS_VALUES = "No value for required variable"


@dataclass(frozen=True, slots=True)
class Step:
    """One command: how it ended, in how many seconds, and what there is to say about it, in one line."""

    name: str
    status: Status
    seconds: float
    message: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What Terraform says about a directory, with the versions that said it (Terraform and each provider)."""

    directory: Path
    versions: Mapping[str, str]
    steps: tuple[Step, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing failed or was refused; what was skipped says so in its step."""
        return all(step.status not in {"failed", "refused"} for step in self.steps)


def validate(
    directory: Path,
    variables: Mapping[str, object] = {},
    *,
    var_files: Sequence[Path] = (),
    environ: Mapping[str, str] = os.environ,
    timeout_s: float = 600,
    cache: Path | None = None,
    progress: Callable[[str], None] = lambda _step: None,
    trust: bool = False,
    downloads: bool = False,
) -> Report:
    """What fmt, init, validate, test and an offline plan say about a directory; a step that cannot run says why.

    Nothing that the directory names is started or fetched: of the tests those files run of which every run plans; a plan that
    would start a program is refused. `trust` and `downloads` lift that: see `Workspace`.

    With a `cache` (`kept.default_cache()`) a report in which nothing failed is kept there, with the seconds it took then, until
    something it depends on changes; without one every step runs. `progress` is told the name of each step as it begins;
    `timeout_s` bounds each. Raises TerraformError for what is no directory of Terraform. Where the binary is missing every step
    is skipped.
    """
    directory = terraform_cli.configuration_directory(Path(directory))
    terraform = terraform_cli.find(environ, directory if trust else None)
    if terraform is None:
        reason = "terraform is not on PATH"
        return Report(directory, {}, tuple(Step(name, "skipped", 0.0, reason) for name, _ in STEPS))

    def make() -> dict[str, Any]:
        return to_json(
            _reported(
                directory,
                terraform,
                environ,
                progress,
                variables=variables,
                var_files=tuple(var_files),
                timeout_s=timeout_s,
                trust=trust,
                downloads=downloads,
            )
        )

    if cache is None:
        return from_json(make())
    name = kept.key("report", directory, terraform, variables, var_files)
    return replace(
        from_json(evidence.answer(cache, name, make, lambda report: bool(report["ok"]))), directory=directory
    )


def _reported(
    directory: Path,
    terraform: Terraform,
    environ: Mapping[str, str],
    progress: Callable[[str], None],
    *,
    variables: Mapping[str, object],
    var_files: tuple[Path, ...],
    timeout_s: float,
    trust: bool,
    downloads: bool,
) -> Report:
    done: list[Step] = []
    with Workspace(directory, terraform, environ, trust=trust, downloads=downloads) as workspace:
        run = _Run(workspace, variables, var_files, timeout_s)
        for name, command in STEPS:
            progress(name)
            blocker = next(
                (
                    step
                    for step in done
                    if step.status in {"failed", "refused"} and step.name in NEEDED_BY.get(name, ())
                ),
                None,
            )
            if blocker:
                done.append(Step(name, "skipped", 0.0, f"{blocker.name} {blocker.status}"))
                continue
            started = time.monotonic()
            try:
                status, message, details = command(run)
            except RefusedError as error:
                status, message, details = "refused", str(error), ()
            except TerraformError as error:
                status, message, details = "failed", str(error), ()
            done.append(Step(name, status, time.monotonic() - started, message, details))
        return Report(directory, terraform_cli.versions(workspace), tuple(done))


def to_json(report: Report) -> dict[str, Any]:
    """The report as a program reads it."""
    return {
        "directory": str(report.directory),
        "ok": report.ok,
        "versions": dict(report.versions),
        "steps": [
            {
                "name": step.name,
                "status": step.status,
                "seconds": round(step.seconds, 2),
                "message": step.message,
                "details": list(step.details),
            }
            for step in report.steps
        ],
    }


def from_json(data: Mapping[str, Any]) -> Report:
    """The report that `to_json` wrote."""
    steps = tuple(Step(**{**step, "details": tuple(step["details"])}) for step in data["steps"])
    return Report(Path(data["directory"]), dict(data["versions"]), steps)


@dataclass(frozen=True, slots=True)
class _Run:
    workspace: Workspace
    variables: Mapping[str, object]
    var_files: tuple[Path, ...]
    timeout_s: float

    def __call__(self, *arguments: str) -> terraform_cli.Completed:
        return self.workspace.run(*arguments, timeout_s=self.timeout_s)


_Outcome: TypeAlias = tuple[Status, str, tuple[str, ...]]


def _fmt(run: _Run) -> _Outcome:
    # On the original: the copy holds the override file, and -check writes nothing.
    workspace = run.workspace
    argv = [str(workspace.terraform.binary), "fmt", "-check", "-recursive", "-list=true", "-no-color"]
    done = terraform_cli.run(argv, cwd=workspace.directory, environ=workspace.environ, timeout_s=run.timeout_s)
    if done.status == 0:
        return "passed", "every file is in canonical form", ()
    files = tuple(line for line in done.stdout.splitlines() if line)
    if files and "Error" not in done.stderr:
        return "failed", f"{_count(len(files), 'file')} to be formatted with `terraform fmt`", files
    return "failed", terraform_cli.sentence(done.stderr or done.stdout), ()


def _init(run: _Run) -> _Outcome:
    done = run.workspace.init(run.timeout_s)
    if done.status:
        said = terraform_cli.sentence(done.stderr or done.stdout)
        lacks = "was not found in any of the search locations" in said and not run.workspace.downloads
        return "failed", said + ("; --allow-downloads lets terraform init fetch it" if lacks else ""), ()
    return "passed", f"providers from {run.workspace.terraform.providers}", ()


def _validate(run: _Run) -> _Outcome:
    done = run("validate", "-json")
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        return "failed", terraform_cli.sentence(done.stderr or done.stdout), ()
    found = tuple(str(diagnostic) for diagnostic in terraform_cli.diagnostics(answer.get("diagnostics", ())))
    if answer.get("valid"):
        return "passed", _count(len(found), "warning") if found else "valid", found
    return "failed", _count(answer.get("error_count", len(found)), "error"), found


def _test(run: _Run) -> _Outcome:
    workspace = run.workspace
    permitted, refused = workspace.executed.permitted_tests, workspace.executed.refused_tests
    if not permitted and not refused:
        return "skipped", "there is no .tftest.hcl file", ()
    if workspace.trust:
        permitted, refused = (*permitted, *refused), {}
    not_run = f"not run: {'; '.join(refused.values())}; --trust runs all" if refused else ""
    if not permitted:
        return "refused", not_run, ()
    workspace.require("plan")
    done = run("test", "-json")
    events = list(terraform_cli.streamed(done.stdout))
    runs = [event["test_run"] for event in events if event.get("type") == "test_run" and "status" in event["test_run"]]
    # A run is reported more than once as it goes on; its last status is the result.
    last = {(run["path"], run["run"]): run["status"] for run in runs}
    failed = sorted(f"{path}: {name}" for (path, name), status in last.items() if status in {"fail", "error"})
    errors = (event["diagnostic"] for event in events if "diagnostic" in event)
    found = tuple(str(d) for d in terraform_cli.diagnostics(d for d in errors if d.get("severity") == "error"))
    if done.status:
        message = f"{len(failed)} of {_count(len(last), 'run')} failed" if failed else "the tests did not run"
        return "failed", message, (*failed, *found) or (terraform_cli.sentence(done.stderr or done.stdout),)
    if not last:
        return "refused", f"{_count(len(permitted), 'test file')} without a run", ()
    message = f"{_count(len(last), 'run')} in {_count(len(permitted), 'file')} passed"
    return "passed", "; ".join(part for part in (message, not_run) if part), ()


def _plan(run: _Run) -> _Outcome:
    try:
        plan = plan_in(run.workspace, run.variables, run.var_files, run.timeout_s)
    except RefusedError:
        raise
    except TerraformError as error:
        text = [str(diagnostic) for diagnostic in error.diagnostics]
        missing = sorted({part for line in text if NEEDS_VALUES in line for part in _quoted(line)})
        if missing and all(NEEDS_VALUES in line for line in text):
            return "skipped", f"needs values for {', '.join(missing)}", ()
        if text and all(any(mark in line for mark in NEEDS_AWS) for line in text):
            return "skipped", "needs an answer from AWS, which an offline plan does not have", tuple(text)
        return "failed", str(error), tuple(text)
    return "passed", f"{_count(created(plan), 'resource')} to create", ()


def _quoted(line: str) -> list[str]:
    """The variable names in Terraform's sentence about missing values: `The root module input variable "x" is not set`."""
    return [part for index, part in enumerate(line.split('"')) if index % 2]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


STEPS: tuple[tuple[str, Callable[[_Run], _Outcome]], ...] = (
    ("fmt", _fmt),
    ("init", _init),
    ("validate", _validate),
    ("test", _test),
    ("plan", _plan),
)
NEEDED_BY: Mapping[str, tuple[str, ...]] = {
    "validate": ("init",),
    "test": ("init", "validate"),
    "plan": ("init", "validate"),
}
