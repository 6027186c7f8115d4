"""The two files of a ledger as they are read: the brief's statements, and the inputs that their formulas name.

A statement holds `id, line` (of the brief), `says`, `quoted` with its `unit`, and where it is computed `formula`. What is
computed `must` be `at most` or `at least` what is quoted; without a word it must be the same within `tolerance`, a share (0.01).
`verdict` and `reason` are what we state, and are refused where they do not follow. A row without a formula may be wrong where
another line of the brief says otherwise: that is read, by whoever wrote the row, and no change turns it. `breaks` is what it
would have broken, `rank` its place among the ten that matter, `audit` the value of an independent audit, `differs` why ours is
another, `note` a sentence.

An input holds `name, value, unit, line, says`. Its value is a number that the brief states on that line, or a formula.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final, Protocol

from analysis.architecture import Location
from analysis.decisions.expressions import Expression, parse
from analysis.files import read_text
from analysis.frontmatter import Entry, PlacedError
from analysis.ledger.dimensions import DimensionError, unit

FILE_NAME: Final = "ledger.csv"
INPUTS: Final = "ledger_inputs.csv"

VERDICTS: Final = ("wrong", "unsupported", "holds", "cannot be verified")
"""What becomes of a statement. The first and the third follow from a computation; the others are for what has no formula here."""

COMPUTED: Final = ("wrong", "holds")

READ: Final = "contradicts another line"
"""The reason of a statement that is wrong by reading alone, where it has no formula."""

REASONS: Final = (
    "unit mix", "mean taken as peak", "wrong base", "wrong price", "missing component", "quota or physics",
    "command does not run", READ, "holds", "cannot be verified",
)  # fmt: skip
"""Why a statement is wrong, or that it is not."""

BREAKS: Final[Mapping[str, str]] = {
    "outage": "the site is down, or fails under its load",
    "recovery": "a release, rollback or restore fails",
    "exposure": "something is open that should not be",
    "alarm": "an alarm stays silent or never stops",
    "money": "the bill is wrong",
    "target": "a promise cannot be kept",
    "record": "only the text is wrong",
}
"""What a wrong statement would have broken, the worst first."""

MUST: Final = ("", "at most", "at least")

COLUMNS: Final = (
    "id", "line", "says", "quoted", "unit", "must", "formula", "tolerance", "verdict", "reason", "breaks", "rank", "audit",
    "differs", "note",
)  # fmt: skip
INPUT_COLUMNS: Final = ("name", "value", "unit", "line", "says")


class Standing(Protocol):
    """A row of a ledger that may no longer stand as it is written."""

    @property
    def broken(self) -> str | None:
        """Why, in a sentence with its place; None where it stands."""


def broken(found: Iterable[Standing]) -> tuple[str, ...]:
    """The rows that no longer stand as written, each as a sentence with its file and line."""
    return tuple(filter(None, (one.broken for one in found)))


def counted(found: Iterable[str], order: Sequence[str]) -> Mapping[str, int]:
    """How many there are of each word, in the order in which pages show them; a word that nobody has is left out."""
    many = Counter(found)
    return {word: many[word] for word in order if many[word]}


@dataclass(frozen=True, slots=True)
class Statement:
    """One line of the brief, as the file states it. `quoted` is a number where there is a formula, else what the brief says."""

    id: str
    place: Location
    line: int
    says: str
    quoted: str
    unit: str
    must: str
    formula: Expression | None
    tolerance: Decimal
    verdict: str
    reason: str
    breaks: str
    rank: int | None
    audit: Decimal | None
    differs: str
    note: str

    @property
    def number(self) -> Decimal:
        """What is quoted, of a statement with a formula."""
        return Decimal(self.quoted)


@dataclass(frozen=True, slots=True)
class Input:
    """What formulas name: a number that the brief states on a line, or a formula of its own."""

    name: str
    place: Location
    value: Decimal | Expression
    unit: str
    line: int | None
    says: str


def statements(path: Path, name: str) -> Mapping[str, Statement]:
    """The statements by id. Raises PlacedError with file and line for a row that cannot be used."""
    found: dict[str, Statement] = {}
    for place, row in rows(path, name, COLUMNS):
        made = _statement(place, row)
        if made.id in found:
            raise PlacedError(place, f"{made.id} is there twice; keep one")
        found[made.id] = made
    ranks = [one.rank for one in found.values() if one.rank is not None]
    for one in found.values():
        if one.rank is not None and (ranks.count(one.rank) > 1 or one.verdict != "wrong"):
            raise PlacedError(
                one.place, f"{one.id} has rank {one.rank}; each rank is there once, and of a wrong statement"
            )
    return found


def inputs(path: Path, name: str) -> Mapping[str, Input]:
    """The inputs by name. Raises PlacedError with file and line for a row that cannot be used."""
    found: dict[str, Input] = {}
    for place, row in rows(path, name, INPUT_COLUMNS):
        key, text = row["name"], row["value"]
        if not key.isidentifier() or key in found:
            raise PlacedError(place, f"{key!r} is there twice" if key in found else f"{key!r} is no name of an input")
        if not row["says"]:
            raise PlacedError(place, f"{key} has no words of its own; say what it is in `says`")
        value = _number(text)
        line = _line(place, key, row["line"], needed=value is not None)
        _check_unit(place, key, row["unit"])
        found[key] = Input(
            key, place, _formula(place, key, text) if value is None else value, row["unit"], line, row["says"]
        )
    return found


def rows(path: Path, name: str, columns: tuple[str, ...]) -> Iterator[tuple[Location, Mapping[str, str]]]:
    """The rows of a CSV file with their places, stripped. Raises PlacedError for other columns and rows of another length."""
    try:
        reader = csv.DictReader(io.StringIO(read_text(path)), strict=True)
        if tuple(reader.fieldnames or ()) != columns:
            raise PlacedError(Location(name), f"the columns must be {', '.join(columns)}")
        for row in reader:
            place = Location(name, reader.line_num)
            if None in row or None in row.values():
                raise PlacedError(place, f"the row has not {len(columns)} fields")
            yield place, {key: value.strip() for key, value in row.items()}
    except csv.Error as error:
        raise PlacedError(Location(name, reader.line_num), f"this is not CSV: {error}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise PlacedError(Location(name), f"cannot be read: {error}") from None


def _statement(place: Location, row: Mapping[str, str]) -> Statement:
    key = row["id"]

    def wrong(problem: str) -> PlacedError:
        return PlacedError(place, f"{key or 'the row'} {problem}")

    for column in ("id", "says", "quoted", "note"):
        if not row[column]:
            raise wrong(f"has no {column}")
    for column, allowed in (("verdict", VERDICTS), ("must", MUST), ("breaks", ("", *BREAKS)), ("reason", REASONS)):
        if row[column] not in allowed:
            raise wrong(f"has the {column} {row[column]!r}; it is one of {', '.join(filter(None, allowed))}")
    formula, verdict, reason = row["formula"], row["verdict"], row["reason"]
    if bool(formula) != (verdict in COMPUTED) and (formula or (verdict, reason) != ("wrong", READ)):
        needs = (
            f"with the verdict {verdict} needs a formula" if not formula else f"has a formula, so it is not {verdict!r}"
        )
        raise wrong(needs)
    fitting = {"wrong": REASONS[:-2], "holds": ("holds",)}.get(verdict, ("cannot be verified",))
    if reason not in fitting:
        raise wrong(f"is {verdict!r}, and its reason is {reason!r}; it is one of {', '.join(fitting)}")
    if (verdict == "wrong") != bool(row["breaks"]):
        raise wrong(f"is {verdict!r}; what it breaks is said of a wrong statement, and only of one")
    if formula and _number(row["quoted"]) is None:
        raise wrong(f"has a formula, and what is quoted is no number: {row['quoted']!r}")
    for column in ("tolerance", "audit"):
        if row[column] and _number(row[column]) is None:
            raise wrong(f"has the {column} {row[column]!r}, which is no number")
    if row["rank"] and not row["rank"].isdigit():
        raise wrong(f"has the rank {row['rank']!r}; ranks are whole numbers")
    _check_unit(place, key, row["unit"])
    return Statement(
        id=key, place=place, line=_line(place, key, row["line"], needed=True) or 0, says=row["says"], quoted=row["quoted"],
        unit=row["unit"], must=row["must"], formula=_formula(place, key, formula) if formula else None,
        tolerance=_number(row["tolerance"]) or Decimal("0.01"), verdict=verdict, reason=reason, breaks=row["breaks"],
        rank=int(row["rank"]) if row["rank"] else None, audit=_number(row["audit"]), differs=row["differs"], note=row["note"],
    )  # fmt: skip


def _line(place: Location, key: str, text: str, *, needed: bool) -> int | None:
    if not text and not needed:
        return None
    if not text.isdigit() or int(text) < 1:
        raise PlacedError(place, f"{key} names no line of the brief; give `line` the number of the line that states it")
    return int(text)


def _check_unit(place: Location, key: str, text: str) -> None:
    try:
        unit(text)
    except DimensionError as error:
        raise PlacedError(place, f"{key}: {error}") from None


def _number(text: str) -> Decimal | None:
    try:
        made = Decimal(text.replace("_", ""))
    except InvalidOperation:
        return None
    return made if made.is_finite() else None


def _formula(place: Location, key: str, text: str) -> Expression:
    return parse(Entry(key, text, place))
