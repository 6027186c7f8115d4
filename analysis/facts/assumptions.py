"""Assumptions and the TOML files that hold them: a value, a range, a unit and a reason, or a refusal that says why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, TypeAlias

from analysis.files import read_text, toml_entries

Level: TypeAlias = Literal["low", "value", "high"]
"""Which figure of an assumption is meant: the low end of its range, the central value, or the high end."""

MAX_FILE_BYTES = 1_000_000

MAX_EXPONENT = 300
"""Powers of ten of a decimal number in a TOML file: what a float can hold."""
"""Files written by hand are small; a larger one is not what it claims to be."""


class FactError(ValueError):
    """A data file that cannot be used: the sentence names the file and the row or key."""

    def __init__(self, file: str, where: str, problem: str) -> None:
        super().__init__(f"{file}: {where}: {problem}" if where else f"{file}: {problem}")
        self.file = file
        self.where = where
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Assumption:
    """A number that nobody publishes, with the range it may lie in; or a published or measured one, with its `source`."""

    name: str
    value: Decimal
    low: Decimal
    high: Decimal
    unit: str
    reason: str
    source: str = ""
    file: str = field(default="", compare=False)

    def at(self, level: Level = "value") -> float:
        """The figure at `level`, as a float in the assumption's unit."""
        return float(getattr(self, level))

    def replaced(self, value: Decimal) -> Assumption:
        """The same assumption around another central value; its range keeps its proportions."""
        factor = value / self.value if self.value else Decimal(1)
        return Assumption(
            self.name, value, self.low * factor, self.high * factor, self.unit, self.reason, self.source, self.file
        )


@dataclass(slots=True)
class Table:
    """A TOML table that is read key by key and then `closed`: a key that nobody asked for is a mistake, and is named."""

    file: str
    path: str
    entries: Mapping[str, Any]
    read: set[str] = field(default_factory=set)

    def where(self, key: str) -> str:
        """The full name of `key` in its file."""
        return f"{self.path}.{key}" if self.path else key

    def error(self, key: str, problem: str) -> FactError:
        """The refusal of `key`, ready to be raised."""
        return FactError(self.file, self.where(key) if key else self.path, problem)

    def get(self, key: str) -> Any:
        """The raw value of `key`, or None."""
        self.read.add(key)
        return self.entries.get(key)

    def text(self, key: str, default: str | None = None) -> str:
        """A text that is not blank; `default` where the key is missing."""
        value = self.get(key)
        if value is None and default is not None:
            return default
        if value is None:
            raise self.error(key, "is missing; give it a text")
        if not isinstance(value, str) or not value.strip():
            raise self.error(key, f"must be a text, not {_shown(value)}")
        return value.strip()

    def choice(self, key: str, choices: tuple[str, ...]) -> str:
        """One of `choices`."""
        value = self.text(key)
        if value not in choices:
            raise self.error(key, f"is {value!r}; it must be one of {', '.join(choices)}")
        return value

    def flag(self, key: str, default: bool | None = None) -> bool:
        """True or false."""
        value = self.get(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, bool):
            raise self.error(key, "must be true or false")
        return value

    def number(self, key: str, minimum: Decimal | int | None = None) -> Decimal:
        """A number, at least `minimum`."""
        value = self.get(key)
        if value is None:
            raise self.error(key, "is missing; give it a number")
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise self.error(key, f"must be a number, not {_shown(value)}")
        number = Decimal(value)
        if not number.is_finite():
            raise self.error(key, "must be a finite number")
        if minimum is not None and number < minimum:
            raise self.error(key, f"is {number}; it must not be below {minimum}")
        return number

    def table(self, key: str) -> Table:
        """The table under `key`, which must be there."""
        value = self.get(key)
        if not isinstance(value, dict):
            raise self.error(key, "is missing; it must be a table" if value is None else "must be a table")
        return Table(self.file, self.where(key), value)

    def tables(self, key: str, at_least: int = 0) -> tuple[Table, ...]:
        """The tables of the array under `key`, at least so many of them."""
        value = self.get(key)
        items = [] if value is None else value
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise self.error(key, "must be a list of tables")
        if len(items) < at_least:
            raise self.error(key, f"needs at least {at_least} entries, and has {len(items)}")
        return tuple(Table(self.file, f"{self.where(key)}[{index}]", item) for index, item in enumerate(items))

    def texts(self, key: str) -> Mapping[str, str]:
        """The table under `key` as texts by name; empty where it is missing."""
        if self.get(key) is None:
            return {}
        table = self.table(key)
        return {name: table.text(name) for name in table.entries}

    def assumption(
        self, key: str, unit: str, minimum: Decimal | int = 0, above: Decimal | int | None = None
    ) -> Assumption:
        """The assumption under `key` in `unit`: low <= value <= high, all at least `minimum` and, if given, above `above`."""
        found = _assumption(self.table(key), self.where(key))
        if found.unit != unit:
            raise self.error(key, f"is in {found.unit!r}; it must be in {unit!r}")
        if found.low < minimum:
            raise self.error(key, f"reaches down to {found.low}; it must not be below {minimum}")
        if above is not None and found.low <= above:
            raise self.error(key, f"reaches down to {found.low}; it must be above {above}")
        return found

    def closed(self) -> None:
        """Nothing, if every key was read; else a refusal that names the first unknown key and those that are known."""
        unknown = sorted(set(self.entries) - self.read)
        if unknown:
            raise self.error(unknown[0], f"is not a key of this table; it knows {', '.join(sorted(self.read))}")


def _shown(value: object) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 40 else text[:40] + "..."


@dataclass(frozen=True, slots=True)
class Question:
    """A figure that nobody has given yet: where it is to stand, and what is asked."""

    where: str
    text: str


def questions(path: Path) -> tuple[Question, ...]:
    """The questions of a TOML file that have no answer yet: its tables with a `question` and without a `value`.

    Raises FactError where the file cannot be read.
    """
    found = []

    def walk(entries: Any, where: str) -> None:
        if isinstance(entries, list):
            for index, entry in enumerate(entries):
                walk(entry, f"{where}[{index}]")
        elif isinstance(entries, dict):
            if isinstance(entries.get("question"), str) and "value" not in entries:
                found.append(Question(f"{path.name}: {where}", entries["question"]))
            for key, entry in entries.items():
                walk(entry, f"{where}.{key}" if where else key)

    walk(toml(path).entries, "")
    return tuple(found)


def _assumption(table: Table, name: str) -> Assumption:
    question = table.text("question", "")
    if question and "value" not in table.entries:
        raise table.error("", f"is not answered yet: {question} Give it value, low, high and reason")
    source = table.text("source", "")
    reason = table.text("reason", source)
    value = table.number("value")
    ranged = "low" in table.entries or "high" in table.entries
    if not ranged and not source:
        raise table.error("", "has no source; then it needs value, low, high and reason")
    low = table.number("low") if ranged else value
    high = table.number("high") if ranged else value
    unit = table.text("unit")
    if not reason:
        raise table.error("reason", "is missing; say why this value and this range")
    if not low <= value <= high:
        raise table.error("", f"low {low}, value {value} and high {high} are not in this order")
    table.closed()
    return Assumption(name, value, low, high, unit, reason, source, table.file)


def toml(path: Path, name: str | None = None, missing: str = "") -> Table:
    """The TOML file at `path` as a table to read from; decimals stay decimals. `name` is what messages call the file.

    `missing` says what to write where there is no such file.

    Raises FactError where the file is missing, too large, not UTF-8 or not TOML.
    """
    shown = name or path.name
    try:
        return Table(shown, "", toml_entries(read_text(path, MAX_FILE_BYTES), toml_float))
    except OSError as error:
        if missing and isinstance(error, FileNotFoundError):
            raise FactError(str(path), "", f"is missing; {missing}") from None
        raise FactError(str(path), "", f"cannot be read ({error.strerror}); check the path") from None
    except UnicodeDecodeError:
        raise FactError(shown, "", "is not UTF-8 text") from None
    except (ValueError, ArithmeticError) as error:
        raise FactError(shown, "", f"is not valid TOML: {error}") from None
    except RecursionError:
        raise FactError(shown, "", "is nested too deeply") from None


def toml_float(text: str) -> Decimal:
    """A decimal number of TOML; `ValueError` where its exponent is beyond what any quantity needs."""
    value = Decimal(text)
    if value.is_finite() and value and abs(value.adjusted()) > MAX_EXPONENT:
        raise ValueError(f"{text[:40]} has an exponent beyond {MAX_EXPONENT}, which no quantity here needs")
    return value


def assumptions(path: Path) -> Mapping[str, Assumption]:
    """The assumptions of a TOML file, one table each, by name."""
    file = toml(path)
    found = {name: _assumption(file.table(name), name) for name in file.entries}
    file.closed()
    return found


@contextmanager
def described(file: str, where: str) -> Iterator[None]:
    """Turns a ValueError within into a FactError that names `file` and `where`."""
    try:
        yield
    except FactError:
        raise
    except (ValueError, ArithmeticError, KeyError) as error:
        raise FactError(file, where, str(error)) from None
