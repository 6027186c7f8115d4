"""The state of each record: it holds, it is contested by its own predicate, violated, or its review is overdue."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal, TypeAlias

from analysis.architecture import Location
from analysis.decisions import weighing
from analysis.decisions.checks import Checker, Confirmed, Edge
from analysis.decisions.expressions import Figure
from analysis.decisions.keeping import Computed, Kept, basis
from analysis.decisions.records import Record
from analysis.decisions.weighing import Crossing, Effect, Weighed, Weighing
from analysis.facts import Assumption, FactError, Limit
from analysis.frontmatter import PlacedError
from analysis.studies import Measured, Studies, StudyError, shown
from analysis.terraform import InputError

State: TypeAlias = Literal["violated", "contested", "expired", "holds", "retired"]
"""Worst first. `retired` records are history: rejected, deprecated or superseded."""


@dataclass(frozen=True)
class Judgement:
    """A record, its state and why, and everything that was computed for it.

    `night` says on which night the stack is judged; empty where the load of the stack is not modelled, and so no night is.
    """

    record: Record
    state: State
    reasons: tuple[str, ...] = ()
    effects: tuple[Effect, ...] = ()
    readings: tuple[tuple[Figure, Measured], ...] = ()
    crossings: tuple[Crossing, ...] = ()
    confirmed: tuple[Confirmed, ...] = ()
    assumed: tuple[Assumption | Limit, ...] = ()
    options: tuple[Weighed, ...] = ()
    night: str = ""

    @property
    def ok(self) -> bool:
        """Whether nothing asks for a human."""
        return self.state in {"holds", "retired"}

    def effect(self, name: str) -> Effect:
        """One figure with and without the decision."""
        return next(effect for effect in self.effects if effect.name == name)


@dataclass
class Bench:
    """Where records are judged: the studies and checks of each stack are shared by all of its records.

    `stack` is the directory to weigh every record on; without it each record's own stack is looked for. `keep` is where results
    are kept; each is computed anew without it.
    """

    studies: Studies
    edge: Edge
    stack: Path | None = None
    keep: Kept | None = None
    _checkers: dict[Path, Checker] = field(default_factory=dict, repr=False)

    def checker(self, record: Record) -> Checker:
        """The stack of a record, ready to be asked. Raises PlacedError where it is not found or does not resolve."""
        directory = self.stack or stack_directory(record, self.edge.root)
        if directory not in self._checkers:
            made = Checker(Weighing(self.studies, directory), self.edge)
            try:
                _ = made.world.study
            except (StudyError, FactError, InputError) as error:
                raise PlacedError(Location(record.file), f"the stack {record.stack}: {error}") from None
            self._checkers[directory] = made
        return self._checkers[directory]

    def computed(self, record: Record) -> Computed:
        """What takes long about a record, computed anew. Raises PlacedError."""
        return compute(self.checker(record).world, record)

    def basis(self, record: Record) -> str:
        """The digest of what that is computed from. Raises PlacedError."""
        return basis(self.checker(record).world, record)

    def judge(self, record: Record) -> Judgement:
        """The record with its state, figures, options and break-evens. Raises PlacedError for what cannot be computed."""
        if not record.weighed:
            return Judgement(record, "retired", (f"it is {record.status}",))
        checker = self.checker(record)
        world = checker.world
        gone = vanished(world, record)
        if gone:
            # Nothing that rests on those addresses can be computed.
            return Judgement(record, "violated", gone)
        rests_on = weighing.assumed(world, record)
        confirmed = tuple(checker.confirmed(check) for check in record.confirmation)
        computed = self.keep.of(world, record, lambda: compute(world, record)) if self.keep else compute(world, record)
        figures = record.reopen_when.figures if record.reopen_when else ()
        found = tuple((f, computed.readings[str(f)]) for f in figures if str(f) in computed.readings)
        reasons = {
            "violated": tuple(one.says for one in confirmed if not one.ok),
            "contested": (_turned(record, found),) if computed.turned else (),
            "expired": _overdue(record, self.edge.today),
        }
        state: State = next((state for state in STATES[:3] if reasons[state]), "holds")
        return Judgement(
            record,
            state,
            tuple(reason for several in reasons.values() for reason in several),
            computed.effects,
            found,
            computed.crossings,
            confirmed,
            rests_on,
            computed.options,
            (record.night.name or "the scenario's own night") if world.about.modelled else "",
        )


def compute(world: Weighing, record: Record) -> Computed:
    """Everything about a record that takes long. Raises PlacedError for what cannot be computed."""
    predicate = record.reopen_when
    return Computed(
        turned=predicate is not None and weighing.holds(world, record, predicate),
        effects=weighing.effects(world, record),
        readings={str(f): m for f, m in weighing.readings(world, record, predicate)} if predicate else {},
        crossings=tuple(weighing.crossing(world, record, spec) for spec in record.break_even),
        options=weighing.options(world, record),
    )


STATES: tuple[State, ...] = ("violated", "contested", "expired", "holds", "retired")


def stack_directory(record: Record, root: Path) -> Path:
    """The directory of a record's stack: a path from the record, or a name below `terraform/stacks` of a directory above it.

    Raises PlacedError where there is none.
    """
    beside = record.path.parent / record.stack
    above = [parent / "terraform" / "stacks" / record.stack for parent in (root, *record.path.resolve().parents)]
    for directory in (beside, *above):
        if directory.is_dir() and any(directory.glob("*.tf*")):
            return directory
    raise PlacedError(
        Location(record.file),
        f"the stack {record.stack!r} is neither a path from here nor a directory of terraform/stacks",
    )


def matches(glob: str, address: str) -> bool:
    """Whether an address is one of those that a glob stands for; a bracket is an index, not a set."""
    return fnmatchcase(address, glob.replace("[", "[[]"))


def vanished(world: Weighing, record: Record) -> tuple[str, ...]:
    """A sentence for each address that the record affects and the stack does not have."""
    addresses = [resource.address for resource in world.study.architecture.resources]
    return tuple(
        f"{place}: it affects {glob}, which {world.directory.name} does not have"
        for glob, place in record.affects
        if not any(matches(glob, address) for address in addresses)
    )


def _turned(record: Record, found: Sequence[tuple[Figure, Measured]]) -> str:
    text = record.reopen_when.text if record.reopen_when else ""
    now = ", ".join(f"{figure} is {shown(measured)}" for figure, measured in found)
    return f"reopen_when has come true: {text} ({now})"


def _overdue(record: Record, today: dt.date) -> tuple[str, ...]:
    if today <= record.due:
        return ()
    return (f"its review was due on {record.due}, {(today - record.due).days} days before {today}",)


# ---- for programs -----------------------------------------------------------------------------------------------------------


def to_json(judgement: Judgement) -> dict[str, Any]:
    """`gameday decide --json`: plain values, the same bytes for the same input. No limit is null, with its text beside it."""
    record = judgement.record
    return {
        "record": record.file,
        "number": record.number,
        "title": record.title,
        "status": record.status,
        "stack": record.stack,
        "state": judgement.state,
        "reasons": list(judgement.reasons),
        "night": {"name": record.night.name, "faults": list(record.night.faults), "seed": record.night.seed},
        "effects": [
            {"name": e.name, "title": e.title, "with": _plain(e.with_it), "without": _plain(e.without_it)}
            for e in judgement.effects
        ],
        "reopen_when": record.reopen_when.text if record.reopen_when else None,
        "readings": [{"figure": str(figure), **_plain(found)} for figure, found in judgement.readings],
        "break_even": [_crossing(crossing) for crossing in judgement.crossings],
        "confirmation": [
            {"kind": one.check.kind, "names": one.check.target, "ok": one.ok, "says": one.says}
            for one in judgement.confirmed
        ],
        "assumes": [
            {"name": a.name, "value": str(a.value), "low": str(a.low), "high": str(a.high), "unit": a.unit}
            for a in judgement.assumed
        ],
        "options": [
            {
                "name": weighed.option.name,
                "chosen": weighed.option.chosen,
                "note": weighed.option.note,
                "says": weighed.figures if isinstance(weighed.figures, str) else "",
                "figures": []
                if isinstance(weighed.figures, str)
                else [
                    {"title": column.title, "measure": column.measure, **_plain(found)}
                    for column, found in zip(record.columns, weighed.figures, strict=True)
                ],
            }
            for weighed in judgement.options
        ],
    }


def _plain(found: Measured | str) -> dict[str, Any]:
    if isinstance(found, str):
        return {"value": None, "unit": "", "text": found}
    value = found.value
    if isinstance(value, str):
        return {"value": value, "unit": found.unit, "text": value}
    finite = value is not None and abs(float(value)) < float("inf")
    return {
        "value": round(float(value), 6) if finite and value is not None else None,
        "unit": found.unit,
        "text": shown(found),
    }


def _crossing(found: Crossing) -> dict[str, Any]:
    spec = found.spec
    return {
        "input": spec.input,
        "kind": spec.kind,
        "unit": found.unit,
        "range": [spec.low, spec.high],
        "when": spec.when.text,
        "now": found.now,
        "at": None if found.at is None else float(f"{found.at:.4g}"),
        "true_below": found.true_below,
        "says": says(found),
        "tried": found.tried,
    }


def turning(found: Crossing) -> tuple[str, str]:
    """Where a statement turns: what is to be said before it, and the statement."""
    spec, unit = found.spec, found.unit
    subject = spec.title or spec.input
    if found.at is None:
        low, high = weighing.shown_input(spec.low, unit), weighing.shown_input(spec.high, unit)
        word = "true" if found.true_below else "false"
        return f"{subject}: none between {low} and {high}; throughout it is {word} that", spec.when.text
    now = "" if found.now is None else f" (now {weighing.shown_input(found.now, unit)})"
    more = ", and turns back further on" if found.back else ""
    word = "true" if found.true_below else "false"
    return f"{subject}: {weighing.shown_input(found.at, unit)}{now}{more}; below it is {word} that", spec.when.text


def says(found: Crossing) -> str:
    """The same as one sentence."""
    return " ".join(turning(found))
