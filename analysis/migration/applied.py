"""The stages applied one after another on an emulated AWS, each checked before and after, and each looked back from.

Per stage: its plan on what the one before has left, by the same rules as offline; the apply; a second plan, which must be empty;
whether every resource that holds data or a name is still the one it was; and the rollback, which is the plan of the stage before
on the state as it is now. At the end the whole target must have nothing left to do, and hold what a fresh one would.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.emulator import Emulator
from analysis.migration import partial
from analysis.migration.changes import Change, changes, counts
from analysis.migration.rules import Finding, stage_findings, stateful
from analysis.migration.stages import Migration, Stage, order_findings
from analysis.validation import offline_plan
from analysis.validation.workspace import APPLY_TIMEOUT_S, AppliedStack


class Chain(AppliedStack):
    """An applied stack whose plans are applied as they were judged."""

    def __enter__(self) -> Chain:
        super().__enter__()
        return self

    def apply_planned(self) -> float:
        """Applies the plan that was made last, and no other; how many seconds it took."""
        arguments = ("-json", str(self.scratch / "plan"))
        return self._run("apply", *arguments, timeout_s=APPLY_TIMEOUT_S).seconds


@dataclass(frozen=True)
class AppliedStage:
    """What applying one stage showed. `back` is the plan of the stage before on the state after this one, and what it breaks.

    `left` says what the second plan would still change, `lost` which resources are no longer the ones they were; both should be
    empty. `seconds` is the emulator's time, of which the provider's own waits are most.
    """

    stage: Stage
    changes: tuple[Change, ...]
    findings: tuple[Finding, ...]
    seconds: float
    left: tuple[str, ...]
    lost: tuple[str, ...]
    back: tuple[Change, ...]
    back_findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Run:
    """A migration that was applied. `kept` counts the resources of the source that hold data or a name, all still the same.

    `sample` says that second plans and ways back were left out. `left` is what the whole target would still change at the
    end; `missing` and `extra`, how its addresses differ from a fresh one's.
    """

    migration: Migration
    stages: tuple[AppliedStage, ...]
    source_seconds: float
    kept: int
    left: tuple[str, ...]
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    sample: bool = False

    @property
    def fine(self) -> bool:
        """Whether nothing is to be said against it."""
        whole = not (self.left or self.missing or self.extra)
        return whole and not any(
            s.left or s.lost or any(f.blocks for f in (*s.findings, *s.back_findings)) for s in self.stages
        )


def applied(
    migration: Migration,
    emulator: Emulator,
    variables: Mapping[str, object] = {},
    *,
    progress: Callable[[str], None] = lambda _what: None,
    sample: bool = False,
    trust: bool = False,
    keep_state: Callable[[bytes], None] = lambda _state: None,
) -> Run:
    """The migration, applied stage by stage from nothing.

    `sample` leaves out the second plan and the rollback of each stage, which take half of the time; the plan of the whole target
    at the end is made all the same. `trust` lets Terraform start what the stacks name. `keep_state` is given the state of the
    source once it stands. Raises TerraformError where an apply fails, RefusedError where one would start a program of a stack's
    and `trust` is off, MigrationError where the file does not fit its stacks.
    """
    with Chain(migration.source, emulator, progress=progress, trust=trust) as stack:
        progress(f"apply of {migration.source.name}")
        source_seconds = stack.apply().seconds
        keep_state(stack.state_file.read_bytes())
        started = identities(stack.state())
        stack.variables = dict(variables)
        root = partial.copied(migration.target, stack.scratch / "whole")
        stack.use(root)
        modules = partial.modules_of(stack.scratch / "data", stack.copy)
        whole = changes(stack.plan())
        order_findings(migration, whole)
        moved = {change.moved_from: change.address for change in whole if change.moved_from}
        started = {moved.get(address, address): identity for address, identity in started.items()}

        def configure(number: int, leaving: Stage | None = None) -> None:
            frozen = partial.held(migration, whole, number, leaving)
            files = partial.overrides(frozen, partial.in_place(migration, number), modules)
            partial.put(stack.copy, files, modules)

        made = []
        for number, stage in enumerate(migration.stages):
            progress(f"stage {stage.name}")
            configure(number)
            arguments = tuple(partial.command(partial.targets(migration, whole, number)))
            does = _doing(stack.plan(arguments=arguments))
            found = stage_findings(migration, stage, does)
            seconds = stack.apply_planned()
            left = () if sample else _doing(stack.plan(arguments=arguments))
            now = identities(stack.state())
            lost = tuple(address for address, identity in started.items() if now.get(address) != identity)
            back, back_findings = tuple[Change, ...](), tuple[Finding, ...]()
            if number > 0 and not sample:
                progress(f"rollback from {stage.name}")
                configure(number - 1, stage)
                back = _doing(stack.plan(arguments=arguments))
                back_findings = stage_findings(migration, stage, back)
            made.append(AppliedStage(stage, does, found, seconds, tuple(map(_told, left)), lost, back, back_findings))
        progress("plan of the whole target")
        partial.put(stack.copy, {}, modules)
        rest = tuple(_told(change) for change in _doing(stack.plan()))
        fresh = {item["address"] for item in _managed(offline_plan(migration.target, variables, trust=trust))}
        there = {address for address, _ in _resources(stack.state())}
    return Run(
        migration,
        tuple(made),
        source_seconds,
        len(started),
        rest,
        tuple(sorted(fresh - there)),
        tuple(sorted(there - fresh)),
        sample,
    )


def _doing(plan: Mapping[str, Any]) -> tuple[Change, ...]:
    return tuple(change for change in changes(plan) if change.action != "no-op")


def _told(change: Change) -> str:
    names = ", ".join(change.attributes)
    return f"{change.action} {change.address}{f': {names}' if names else ''}"


def _managed(plan: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return [item for item in plan.get("resource_changes", ()) if item.get("mode", "managed") == "managed"]


def identities(state: Mapping[str, Any]) -> dict[str, str]:
    """The identity of every resource that holds data or a name, by address, from the JSON of a state."""
    return {
        address: f"{values.get('id')} {values.get('arn', '')}".strip()
        for address, (kind, values) in _resources(state)
        if kind in stateful()
    }


def _resources(state: Mapping[str, Any]) -> list[tuple[str, tuple[str, Mapping[str, Any]]]]:
    found: list[tuple[str, tuple[str, Mapping[str, Any]]]] = []

    def walk(module: Mapping[str, Any]) -> None:
        found.extend(
            (one["address"], (one["type"], one.get("values", {})))
            for one in module.get("resources", ())
            if one.get("mode", "managed") == "managed"
        )
        for child in module.get("child_modules", ()):
            walk(child)

    walk(state.get("values", {}).get("root_module", {}))
    return found


def counted(found: Sequence[Change]) -> str:
    """The counts of a plan in words: 3 to create, 1 to update."""
    words = [f"{number} to {action}" for action, number in counts(found).items() if number]
    return ", ".join(words) or "nothing"
