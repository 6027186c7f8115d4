"""What was computed for a record, kept on disk under a hash of everything that it rests on.

Two places. `weighing.json` beside the records, made by `gameday decide --record` and committed, rests on the Terraform, the
facts and the record; a test makes part of it anew. What it does not hold, or holds of other inputs, is computed and kept in a
cache that rests on the program as well. Kept are figures and nothing else, as JSON: a planted file can at worst hold a wrong
number, and never run code.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from analysis.decisions.records import Record
from analysis.decisions.weighing import Crossing, Effect, Weighed
from analysis.studies import Measured

SUFFIXES: Final = frozenset({".py", ".csv", ".toml", ".json", ".tf", ".tfvars", ".html"})
"""The files that a figure may come from."""

RESTS_ON: Final = (
    "units.py", "architecture.py", "facts", "terraform", "demand", "cost", "capacity", "alarms", "studies", "decisions",
)  # fmt: skip
"""What of this package a figure may come from; the tests follow the imports."""

GIVEN: Final = frozenset({".tf", ".tfvars", ".html"})
NAMED: Final = frozenset({"gameday.toml"})
"""What of a stack's directory its figures come from; other files there are records, plans and waivers."""

BESIDE: Final = frozenset({"__pycache__", ".terraform"})
"""Folders that hold what was made of others."""

FILE_NAME: Final = "weighing.json"

VERSION: Final = 1
"""Raise it when what is kept changes its shape."""


@dataclass(frozen=True, slots=True)
class Computed:
    """What takes long to find out about a record. `readings` are the figures of its predicate that could be had, by text."""

    turned: bool
    effects: tuple[Effect, ...]
    readings: Mapping[str, Measured]
    crossings: tuple[Crossing, ...]
    options: tuple[Weighed, ...]


def given(root: Path) -> str:
    """The hash of what figures are computed from: the Terraform of the checkout at `root`, its scenarios, and the facts."""
    whole = hashlib.sha256(f"{VERSION}".encode())
    terraform = root / "terraform"
    bases = (*(terraform / name for name in ("modules", "stacks", "scenarios")), Path(__file__).parents[1] / "facts")
    for base in bases:
        for path in _files(base):
            if base.name in {"facts", "scenarios"} or path.suffix in GIVEN or path.name in NAMED:
                whole.update(f"{path.relative_to(base.parent).as_posix()}\0".encode())
                whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


def _matter(record: Record) -> str:
    return hashlib.sha256(record.matter.encode()).hexdigest()


@dataclass(frozen=True)
class Recorded:
    """The committed record of what was computed: the `file`, and the checkout at `root` that it speaks of."""

    file: Path
    root: Path

    @cached_property
    def _content(self) -> Mapping[str, Any]:
        try:
            found = json.loads(self.file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    @cached_property
    def current(self) -> bool:
        """Whether it was made of the Terraform and the facts as they are."""
        return self._content.get("given") == given(self.root)

    def of(self, record: Record) -> Computed | None:
        """What it holds for the record as it stands; None where it holds nothing, or of other inputs."""
        entries = self._content.get("records")
        entry = entries.get(record.file) if isinstance(entries, dict) and self.current else None
        if not isinstance(entry, dict) or entry.get("matter") != _matter(record):
            return None
        return _computed(entry, record)


def recording(made: Iterable[tuple[Record, Computed]], root: Path, day: str) -> str:
    """The text of the committed record: the same bytes for the same figures and day."""
    content = {
        "says": "What `gameday decide --record` computed for each decision record; analysis/decisions/keeping.py reads it.",
        "recorded_on": day,
        "python": platform.python_version(),
        "given": given(root),
        "records": {record.file: {"matter": _matter(record), **_plain(computed)} for record, computed in made},
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


@dataclass(frozen=True)
class Kept:
    """A directory of kept results for the records of the checkout at `root`."""

    directory: Path
    root: Path
    _recorded: dict[Path, Recorded] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def _inputs(self) -> str:
        """The hash of the program, the facts and the Terraform."""
        whole = hashlib.sha256(f"{VERSION} {platform.python_version()}".encode())
        package = Path(__file__).parents[1]
        terraform = self.root / "terraform"
        bases = (
            *(package / name for name in RESTS_ON),
            *(terraform / name for name in ("modules", "stacks", "scenarios")),
        )
        for base in bases:
            for path in _files(base):
                whole.update(f"{path.relative_to(base.parent).as_posix()}\0".encode())
                whole.update(hashlib.sha256(path.read_bytes()).digest())
        return whole.hexdigest()

    def of(self, record: Record, make: Callable[[], Computed]) -> Computed:
        """What is recorded or kept for the record as it stands, or what `make` gives; that is then kept in its place."""
        folder = record.path.parent
        known = self._recorded.setdefault(folder, Recorded(folder / FILE_NAME, self.root)).of(record)
        if known is not None:
            return known
        key = hashlib.sha256(f"{self._inputs}\0{record.file}\0{record.matter}".encode()).hexdigest()[:24]
        file = self.directory / f"{record.number:04}-{key}.json"
        found = _read(file, record)
        if found is not None:
            return found
        made = make()
        self.directory.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(_plain(made), ensure_ascii=False), encoding="utf-8")
        for old in self.directory.glob(f"{record.number:04}-*.json"):
            old.unlink(missing_ok=True)
        draft.replace(file)
        return made


def _files(base: Path) -> Iterable[Path]:
    if base.is_file():
        yield base
    for folder, folders, names in os.walk(base):
        folders[:] = sorted(name for name in folders if name not in BESIDE)
        for name in sorted(names):
            if Path(name).suffix in SUFFIXES:
                yield Path(folder) / name


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


def _read(file: Path, record: Record) -> Computed | None:
    """What the file holds; None where it is absent, cut short, or not of this shape: then it is computed again."""
    try:
        return _computed(json.loads(file.read_text(encoding="utf-8")), record)
    except (OSError, ValueError):
        return None


def _computed(found: Any, record: Record) -> Computed | None:
    try:
        return Computed(
            turned=bool(found["turned"]),
            effects=tuple(Effect(n, title, _either(one), _either(other)) for n, title, one, other in found["effects"]),
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
