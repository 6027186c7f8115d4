"""What was computed for decision records: `weighing.json` beside them, and a cache of what it does not hold.

`gameday decide --record` makes the file. A decision rests on what `compute` reads of its front matter, and on the stack as it is,
as it would be without the decision, and under each option; what the file does not hold, or holds of other inputs, is computed
and kept in the cache. Kept are figures and nothing else, as JSON: a planted file can at worst hold a wrong number, and never run
code.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from analysis import evidence
from analysis.decisions.records import NOTHING, Record
from analysis.decisions.weighing import Crossing, Effect, Weighed, Weighing, effect_columns
from analysis.facts import limit
from analysis.studies import AGREEMENTS, GLOBAL, Measured, StudyError, inputs, rests_on

KIND: Final = "decisions"
FILE_NAME: Final = "weighing.json"
MODELS: Final = ("bill", "capacity", "night", "alarms", "decision")


@dataclass(frozen=True, slots=True)
class Computed:
    """What takes long to find out about a record. `readings` are the figures of its predicate that could be had, by text."""

    turned: bool
    effects: tuple[Effect, ...]
    readings: Mapping[str, Measured]
    crossings: tuple[Crossing, ...]
    options: tuple[Weighed, ...]


def basis(world: Weighing, record: Record) -> str:
    """The digest of what one record is computed from. Raises as `Weighing.study`."""
    cases = [(undone.then(night), "") for undone in (NOTHING, record.undo) for night in (NOTHING, record.night.change)]
    cases += [(option.change, option.stack) for option in record.options if not option.not_modelled]
    cases += [(option.beside, option.stack) for option in record.options if option.beside is not None]
    studies = []
    for change, stack in cases:
        try:
            studies.append(world.changed(change, stack=stack))
        except StudyError:  # an option that Terraform refuses; the front matter says what it is
            continue
    facts: list[Any] = [rests_on(option.broker, world.study) for option in record.options if option.broker]
    if any(column.measure == "availability.promised" for column in record.columns):
        facts.append([limit(name) for name in sorted({*AGREEMENTS.values(), *GLOBAL.values()})])
    rest = [evidence.basis(inputs(studies, priced=True, told=False), MODELS), *([facts] if facts else [])]
    return evidence.digest([read_of(record), *rest])


def read_of(record: Record) -> dict[str, Any]:
    """What `compute` reads of a record's front matter: none of its words for people, its days and its places in the file."""
    night = record.night
    return {
        "proposes": record.proposes,
        "undo": record.undo,
        "night": [night.change, night.faults, night.seed],
        "measures": [[c.name, c.measure, c.arguments, c.change] for c in record.columns],
        "options": [
            [o.change, o.stack, o.refused, o.not_modelled, *filter(None, (o.broker, o.replaces, o.beside))]
            for o in record.options
        ],
        "reopen_when": record.reopen_when.text if record.reopen_when else "",
        "break_even": [[b.kind, b.input, b.low, b.high, b.whole, b.when.text] for b in record.break_even],
    }


def recording(computed: Iterable[tuple[Record, str, Computed]], day: dt.date) -> evidence.Record:
    """The record of what was computed: for each decision its basis and its figures, by the name of its file."""
    rows = list(computed)
    rests_on = {record.path.name: rests_on for record, rests_on, _ in rows}
    content = {record.path.name: _plain(each) for record, _, each in rows}
    return evidence.Record(KIND, day, rests_on, content)


@dataclass(eq=False)
class Kept:
    """Where results are looked for: beside a record, then in a directory of the cache."""

    directory: Path
    _recorded: dict[Path, evidence.Record | None] = field(default_factory=dict, init=False, repr=False)

    def of(self, world: Weighing, record: Record, make: Callable[[], Computed]) -> Computed:
        """What is recorded or kept for the record as it stands, or what `make` gives; that is then kept in its place."""
        rests_on = basis(world, record)
        recorded = self._read(record.path.parent)
        if recorded is not None and recorded.rests_on.get(record.path.name) == rests_on:
            computed = restored(recorded.content.get(record.path.name), record)
            if computed is not None:
                return computed
        kept = evidence.answer(self.directory, f"{record.number:04}-{rests_on}", lambda: _plain(make()))
        return restored(kept, record) or make()

    def _read(self, folder: Path) -> evidence.Record | None:
        if folder not in self._recorded:
            try:
                self._recorded[folder] = evidence.read(folder / FILE_NAME, KIND)
            except evidence.RecordError:  # then it is computed
                self._recorded[folder] = None
        return self._recorded[folder]


def _figure(found: Measured | str) -> Any:
    if isinstance(found, str):
        return found
    return {"kind": type(found.value).__name__, "value": str(found.value), "unit": found.unit, "formula": found.formula}


def _plain(made: Computed) -> dict[str, Any]:
    return {
        "turned": made.turned,
        "effects": [[e.name, e.title, _figure(e.with_it), _figure(e.without_it)] for e in made.effects],
        "readings": {text: _figure(found) for text, found in made.readings.items()},
        "crossings": [[c.unit, c.now, c.at, c.true_below, c.tried, c.back] for c in made.crossings],
        "options": [
            [o.figures if isinstance(o.figures, str) else [_figure(f) for f in o.figures], list(o.guards)]
            for o in made.options
        ],
    }


KINDS: Final[Mapping[str, Callable[[str], Any]]] = {
    "Decimal": Decimal,
    "float": float,
    "int": int,
    "str": str,
    "NoneType": lambda _: None,
}


def _measured(entry: Mapping[str, str]) -> Measured:
    return Measured(KINDS[entry["kind"]](entry["value"]), entry["unit"], entry["formula"])


def _either(entry: Mapping[str, str] | str) -> Measured | str:
    return entry if isinstance(entry, str) else _measured(entry)


def restored(found: Any, record: Record) -> Computed | None:
    """What was computed, out of what is kept of it; None where that is of another shape: then it is computed again.

    A figure is titled as the program titles it today; what the record says is for whoever reads the file.
    """
    titles = {column.name: column.title for column in (*effect_columns(record).values(), *record.columns)}
    try:
        return Computed(
            turned=bool(found["turned"]),
            effects=tuple(
                Effect(name, titles.get(name, title), _either(one), _either(other))
                for name, title, one, other in found["effects"]
            ),
            readings={text: _measured(entry) for text, entry in found["readings"].items()},
            crossings=tuple(
                Crossing(spec, *entry) for spec, entry in zip(record.break_even, found["crossings"], strict=True)
            ),
            options=tuple(
                Weighed(option, _figures(figures), tuple(guards))
                for option, (figures, guards) in zip(record.options, found["options"], strict=True)
            ),
        )
    except (ValueError, KeyError, TypeError, ArithmeticError):
        return None


def _figures(entry: Sequence[Mapping[str, str]] | str) -> tuple[Measured, ...] | str:
    return entry if isinstance(entry, str) else tuple(_measured(one) for one in entry)
