"""A whole stack applied on an emulated AWS, looked at, and taken down again: what happened at each step, and how long it took."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from analysis import evidence, terraform
from analysis.architecture import Architecture
from analysis.emulator import Emulator, lacking, running
from analysis.validation import deployed, executed, terraform_cli
from analysis.validation.terraform_cli import TerraformError
from analysis.validation.workspace import TO_APPLY, AppliedStack, PartlyAppliedError, StoppedError

Status: TypeAlias = Literal["passed", "partly", "failed", "skipped"]
"""`partly`: all went well but for calls that the emulator lacks, which are listed."""

KIND = "applied"
"""The name of this evidence's record."""

MODELS = ("apply", "emulator", "read back")
"""What the record rests on besides what the stack resolves to."""

LIFTED: Mapping[str, tuple[str, str, str, Callable[[Mapping[str, Any]], Mapping[str, Any]]]] = {
    "aws_db_instance": (
        "deletion_protection", "rds", "modify_db_instance",
        lambda values: {
            "DBInstanceIdentifier": values["identifier"], "DeletionProtection": False, "ApplyImmediately": True
        },
    ),
    "aws_rds_cluster": (
        "deletion_protection", "rds", "modify_db_cluster",
        lambda values: {
            "DBClusterIdentifier": values["cluster_identifier"], "DeletionProtection": False, "ApplyImmediately": True
        },
    ),
    "aws_lb": (
        "enable_deletion_protection", "elbv2", "modify_load_balancer_attributes",
        lambda values: {
            "LoadBalancerArn": values["arn"], "Attributes": [{"Key": "deletion_protection.enabled", "Value": "false"}]
        },
    ),
    "aws_dynamodb_table": (
        "deletion_protection_enabled", "dynamodb", "update_table",
        lambda values: {"TableName": values["name"], "DeletionProtectionEnabled": False},
    ),
}  # fmt: skip
"""Resource type -> its argument that forbids deletion, and the call that lifts it, from the attributes in the state."""

MOST_DETAILS = 40

# The second plan has just read everything; to read it again would double the work and show nothing new.
UNREFRESHED = ("-refresh=false",)


@dataclass(frozen=True, slots=True)
class Phase:
    """One step of the run: how it ended, in how many seconds, and what there is to say about it."""

    name: str
    status: Status
    seconds: float
    message: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Subject:
    """What was read back about one subject: how many resources and attributes, and how many attributes differ."""

    name: str
    resources: int
    attributes: int
    differing: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a run showed. `answered` counts the calls by who answered; `invented` names what was not moto's own answer.

    `strange` is what AWS's own models say against Terraform's calls, which moto answers all the same. `lacking` maps each call
    that the emulator lacks to the resources that needed it; `missing` are the addresses that could not be made for that reason,
    or because they depend on one that could not.
    """

    stack: str
    rests_on: Mapping[str, str]
    versions: Mapping[str, str]
    resources: Mapping[str, int]
    phases: tuple[Phase, ...]
    subjects: tuple[Subject, ...]
    unread: Mapping[str, int]
    answered: Mapping[str, int]
    invented: tuple[str, ...]
    strange: tuple[str, ...] = ()
    lacking: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    missing: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether no step failed, and AWS's models have nothing against any call."""
        return not self.strange and all(phase.status != "failed" for phase in self.phases)


def applied(
    directory: Path,
    *,
    variables: Mapping[str, object] = {},
    var_files: Sequence[Path] = (),
    environ: Mapping[str, str] = os.environ,
    stop: threading.Event | None = None,
    progress: Callable[[str], None] = lambda _what: None,
    trust: bool = False,
    downloads: bool = False,
) -> Evidence:
    """Apply, second plan, what is read back, destroy, and what is left, on an emulator of its own.

    What Terraform or the emulator says against the stack is a failed phase. Raises TerraformError where there is nothing to apply
    (no directory, code that does not evaluate, no Terraform, a program that it would start), EmulatorError where the emulator
    does not start or ends.
    """
    directory = terraform_cli.configuration_directory(Path(directory))
    terraform_cli.wanted(TO_APPLY, environ)
    terraform_cli.require(executed.executed(directory), "apply", trust=trust, downloads=downloads)
    architecture = _loaded(directory, variables, var_files)
    rests_on = basis(architecture)
    progress("starting the emulated AWS")
    with (
        running() as emulator,
        AppliedStack(
            directory,
            emulator,
            variables=variables,
            var_files=var_files,
            environ=environ,
            stop=stop,
            progress=progress,
            trust=trust,
            downloads=downloads,
        ) as stack,
    ):
        shown = _Run(stack, emulator, architecture, progress).evidence(rests_on)
    if basis(_loaded(directory, variables, var_files)) != rests_on:
        raise TerraformError(f"{directory} was changed while it was applied; run the command again")
    return shown


def basis(*architectures: Architecture, models: Sequence[str] = MODELS) -> dict[str, str]:
    """What an apply of stacks rests on: what each resolves to, and the models."""
    return evidence.basis({f"stack {each.stack}": evidence.resolved(each) for each in architectures}, models)


def _loaded(directory: Path, variables: Mapping[str, object], var_files: Sequence[Path]) -> Architecture:
    architecture = terraform.load(directory, variables=variables, var_files=var_files)
    if architecture.errors:
        first = architecture.errors[0]
        raise TerraformError(f"{directory} does not evaluate: {first}", architecture.errors)
    return architecture


def applied_all(
    directories: Sequence[Path],
    *,
    variables: Mapping[str, object] = {},
    var_files: Sequence[Path] = (),
    environ: Mapping[str, str] = os.environ,
    progress: Callable[[Path, str], None] = lambda _directory, _what: None,
    trust: bool = False,
    downloads: bool = False,
) -> tuple[Evidence, ...]:
    """`applied` for several stacks at once, in the order given; where one raises, the others are ended and it is raised."""
    stop = threading.Event()

    def one(directory: Path) -> Evidence:
        return applied(
            directory,
            variables=variables,
            var_files=var_files,
            environ=environ,
            stop=stop,
            progress=lambda what: progress(directory, what),
            trust=trust,
            downloads=downloads,
        )

    with ThreadPoolExecutor(max_workers=max(1, len(directories))) as pool:
        runs = [pool.submit(one, directory) for directory in directories]
        try:
            for run in as_completed(runs):
                run.result()
        except BaseException as error:
            stop.set()
            # The run that was stopped is not the one that failed.
            if isinstance(error, StoppedError):
                raise next(
                    (e for e in (r.exception() for r in runs) if e and not isinstance(e, StoppedError)), error
                ) from None
            raise
        return tuple(run.result() for run in runs)


class _Run:
    """The steps on one stack. A step gives its message and details, or raises TerraformError; one that fails ends the rest."""

    def __init__(
        self, stack: AppliedStack, emulator: Emulator, architecture: Architecture, progress: Callable[[str], None]
    ) -> None:
        self.stack = stack
        self.emulator = emulator
        self.architecture = architecture
        self.progress = progress
        self.moto = deployed.Moto(emulator)
        self.state: Mapping[str, Any] = {}
        self.compared: tuple[deployed.Compared, ...] = ()
        self.failed = False
        self.lacking: dict[str, set[str]] = {}
        self.before: tuple[str, ...] = ()
        self.kept: frozenset[str] = frozenset()

    @property
    def there(self) -> Architecture:
        """The architecture as far as the state holds it."""
        held = deployed.attributes(self.state)
        return replace(self.architecture, resources=tuple(r for r in self.architecture.resources if r.address in held))

    @property
    def missing(self) -> tuple[str, ...]:
        """The addresses that the state does not hold although the code asks for them."""
        held = deployed.attributes(self.state)
        return tuple(one.address for one in self.architecture.resources if one.address not in held)

    def tolerated(self, error: PartlyAppliedError) -> None:
        """Notes the calls that the emulator lacks; raises the error where a resource failed for any other reason."""
        calls = {address: lacking(text) for address, text in error.failed.items()}
        if not all(calls.values()):
            raise error
        for address, call in calls.items():
            self.lacking.setdefault(call, set()).add(address)

    def wants(self) -> tuple[str, ...]:
        """A line for each call that the emulator lacks, with the resources that needed it."""
        return tuple(f"{call}: {', '.join(sorted(addresses))}" for call, addresses in sorted(self.lacking.items()))

    def evidence(self, rests_on: Mapping[str, str]) -> Evidence:
        phases = tuple(self._phase(name, step) for name, step in STEPS)
        missing = self.missing if self.lacking else ()
        calls = self.emulator.calls()
        kinds: Counter[str] = Counter(call.answered for call in calls)
        return Evidence(
            stack=self.stack.directory.name,
            rests_on=rests_on,
            versions=self._versions(),
            resources=dict(sorted(Counter(one.type for one in self.architecture.resources).items())),
            phases=phases,
            subjects=tuple(_subjects(self.compared)),
            unread=deployed.unread(self.architecture),
            answered=dict(sorted(kinds.items())),
            invented=tuple(sorted({f"{call.service} {call.operation}" for call in calls if call.answered != "moto"})),
            strange=tuple(sorted({f"{one.service} {one.operation}: {one.strange}" for one in calls if one.strange})),
            lacking={call: tuple(sorted(addresses)) for call, addresses in sorted(self.lacking.items())},
            missing=missing,
        )

    def _phase(self, name: str, step: Callable[[_Run], Outcome]) -> Phase:
        if self.failed:
            return Phase(name, "skipped", 0.0, "a step before it failed")
        self.progress(name)
        started = time.monotonic()
        try:
            status, message, details = step(self)
        except StoppedError:
            raise
        except TerraformError as error:
            self.failed = True
            status, message, details = "failed", str(error), tuple(str(one) for one in error.diagnostics)
        return Phase(name, status, time.monotonic() - started, message, details[:MOST_DETAILS])

    def _versions(self) -> dict[str, str]:
        return terraform_cli.versions(self.stack) | {"moto": self.emulator.version}


Outcome: TypeAlias = tuple[Status, str, tuple[str, ...]]


def _apply(run: _Run) -> Outcome:
    run.before = deployed.strangers(run.architecture, {}, run.moto)
    try:
        done = run.stack.apply()
    except PartlyAppliedError as error:
        run.tolerated(error)
        run.state = run.stack.state()
        made = f"{error.applied.count('create')} of {_count(len(run.architecture.resources), 'resource')} made"
        return "partly", f"{made}; the emulator lacks {_count(len(run.lacking), 'call')}", run.wants()
    run.state = run.stack.state()
    return "passed", f"{_count(done.count('create'), 'resource')} made", ()


def _second_plan(run: _Run) -> Outcome:
    # What the emulator could not make a second plan would make; nothing else of it may change.
    unmade = {*run.missing, *(address for addresses in run.lacking.values() for address in addresses)}
    drift = [one for one in run.stack.drift() if one.address not in unmade]
    if not drift:
        return "passed", "no changes: what is there is what the code says", ()
    return "failed", f"{_count(len(drift), 'attribute')} would change", tuple(str(one) for one in drift)


def _read_back(run: _Run) -> Outcome:
    run.compared = deployed.compared(run.there, run.state, run.moto)
    strange = sorted({*deployed.strangers(run.architecture, run.state, run.moto)} - {*run.before})
    differing = [str(one) for one in run.compared if not one.agrees]
    differing += [f"{name} is in the account and not in the code" for name in strange]
    read = len({one.address for one in run.compared})
    if differing:
        return "failed", f"{_count(len(differing), 'difference')} between the code and the emulator", tuple(differing)
    return "passed", f"{_count(len(run.compared), 'attribute')} of {_count(read, 'resource')} are as the code says", ()


def _lift(run: _Run) -> Outcome:
    held = deployed.attributes(run.state)
    lifted = []
    for resource in run.there.resources:
        if resource.type not in LIFTED:
            continue
        argument, service, operation, parameters = LIFTED[resource.type]
        values = held[resource.address]
        if values.get(argument) is True:
            client: Any = boto3.client(service, **run.emulator.client_arguments())  # type: ignore[call-overload]
            try:
                getattr(client, operation)(**parameters(values))
            except (BotoCoreError, ClientError) as error:
                raise TerraformError(f"{resource.address}: {argument} could not be lifted: {error}") from error
            lifted.append(f"{resource.address}.{argument}")
    if not lifted:
        return "skipped", "nothing is protected from being deleted", ()
    return "passed", f"{_count(len(lifted), 'argument')} lifted by a call, as an operator would", tuple(lifted)


def _destroy(run: _Run) -> Outcome:
    try:
        done = run.stack.destroy(arguments=UNREFRESHED)
    except PartlyAppliedError as error:
        run.tolerated(error)
        run.kept = frozenset(error.failed)
        gone = _count(error.applied.count("delete"), "resource")
        return "partly", f"{gone} deleted; the emulator lacks {_count(len(run.lacking), 'call')}", run.wants()
    return "passed", f"{_count(done.count('delete'), 'resource')} deleted", ()


def _nothing_left(run: _Run) -> Outcome:
    left = [f"{name} is still in the state" for name in run.stack.held()]
    left += [f"the emulator still has {name}" for name in deployed.left_over(run.there, run.state, run.moto)]
    if left and run.kept:
        return (
            "partly",
            f"{_count(len(left), 'resource')} left, which the emulator cannot delete or which hold these",
            tuple(left),
        )
    if left:
        return "failed", f"{_count(len(left), 'resource')} left", tuple(left)
    return "passed", "the state is empty, and the emulator has none of it any more", ()


STEPS: tuple[tuple[str, Callable[[_Run], Outcome]], ...] = (
    ("apply", _apply),
    ("second plan", _second_plan),
    ("read back", _read_back),
    ("protection lifted", _lift),
    ("destroy", _destroy),
    ("nothing left", _nothing_left),
)


def _subjects(rows: Iterable[deployed.Compared]) -> Iterable[Subject]:
    by_subject: dict[str, list[deployed.Compared]] = {}
    for row in rows:
        by_subject.setdefault(row.subject, []).append(row)
    for name, found_rows in sorted(by_subject.items()):
        addresses = {row.address for row in found_rows}
        yield Subject(name, len(addresses), len(found_rows), sum(not row.agrees for row in found_rows))


def to_json(shown: Evidence) -> dict[str, Any]:
    """The evidence as a program reads it, and as it is recorded."""
    return {
        "stack": shown.stack,
        "ok": shown.ok,
        "versions": dict(shown.versions),
        "resources": dict(shown.resources),
        "phases": [
            {
                "name": phase.name,
                "status": phase.status,
                "seconds": round(phase.seconds, 1),
                "message": phase.message,
                "details": list(phase.details),
            }
            for phase in shown.phases
        ],
        "subjects": [
            {
                "name": one.name,
                "resources": one.resources,
                "attributes": one.attributes,
                "differing": one.differing,
            }
            for one in shown.subjects
        ],
        "unread": dict(shown.unread),
        "answered": dict(shown.answered),
        "invented": list(shown.invented),
        "strange": list(shown.strange),
    } | (
        {
            "lacking": {call: list(addresses) for call, addresses in shown.lacking.items()},
            "missing": list(shown.missing),
        }
        if shown.lacking
        else {}
    )


# What may differ without saying anything about the stack: when, how often Terraform asked, and which answers the front mends.
NOT_COMPARED = ("answered", "invented", "strange")


def differences(record: Mapping[str, Any], fresh: Mapping[str, Any]) -> tuple[str, ...]:
    """Where a record and a fresh run (`to_json`) tell different stories, as sentences; seconds and call counts do not count."""
    found_differences = []
    for name in sorted({*record, *fresh} - set(NOT_COMPARED)):
        before, after = record.get(name), fresh.get(name)
        if name == "phases":
            before, after = _without_seconds(before), _without_seconds(after)
        if before != after:
            found_differences.append(f"{name}: the record says {before}, the run says {after}")
    return tuple(found_differences)


def _without_seconds(phases: Any) -> Any:
    return [{name: value for name, value in phase.items() if name != "seconds"} for phase in phases or ()]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
