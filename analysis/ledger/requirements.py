"""What a brief asks for, row by row: whether it is met follows from an expression over the stacks, runbooks and tests.

`docs/SYSTEM/requirements.csv` holds `id, line` (of the brief), `kind`, `asks`, `evidence`, `verdict`, `by`, `note`.

    E-070,202,scaling,100 000 sockets,"capacity.users_held(stack = ""engine"") >= 100000",met,,

`evidence` is a statement of `analysis.decisions.expressions` over the figures of `analysis.ledger.sources` and the measures of a
study, each in its own unit. It holds of what is met, and of what is met differently, which names `by` what: the number of a
decision, or the id of a claim of the brief that the ledger shows to be wrong. It does not hold of what is not met: the row turns
when the thing is built. A row without evidence is `not met`, or `not traced` yet. `note` says why a row is
not simply met.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from analysis import decisions
from analysis.architecture import Location
from analysis.decisions.expressions import Expression, Figure, Value, parse
from analysis.frontmatter import Entry, PlacedError
from analysis.ledger.dimensions import Amount, DimensionError
from analysis.ledger.judging import load
from analysis.ledger.records import FILE_NAME as STATEMENTS
from analysis.ledger.records import broken, counted, rows, statements
from analysis.ledger.sources import SOURCES, told
from analysis.ledger.world import Leaf, SourceError, World
from analysis.studies import MEASURES, Studies

REQUIREMENTS: Final = "requirements.csv"

STATES: Final = ("not met", "not traced", "met differently", "met")
"""What becomes of a requirement, in the order in which pages show them."""

_LINE: Final = re.compile(r"([a-z]+ )?[1-9]\d*")

COLUMNS: Final = ("id", "line", "kind", "asks", "evidence", "verdict", "by", "note")


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that the brief asks for, as the file states it."""

    id: str
    place: Location
    line: str
    kind: str
    asks: str
    evidence: Expression | None
    verdict: str
    by: str
    note: str


@dataclass(frozen=True, slots=True)
class Traced:
    """A requirement with what its evidence says: whether it holds (None: there is none), on what, and `why` it cannot."""

    requirement: Requirement
    holds: bool | None
    leaves: tuple[Leaf, ...] = ()
    why: str = ""

    @property
    def verdict(self) -> str:
        """What follows from the evidence; as stated where there is none."""
        if self.holds is None:
            return self.requirement.verdict
        return "not met" if not self.holds else "met differently" if self.requirement.by else "met"

    @property
    def broken(self) -> str | None:
        """Why the row no longer stands as it is written, in a sentence with its place; None where it does."""
        one = self.requirement
        if self.verdict == one.verdict:
            return None
        return (
            f"{one.place.file}:{one.place.line}: {one.id} is stated as {one.verdict!r} and is {self.verdict!r} "
            f"({seen(self.leaves, self.why)}); correct "
            "the row, or what it rests on"
        )


@dataclass(frozen=True, slots=True)
class Trace:
    """Every requirement of a brief, traced, in the order of the file."""

    traced: tuple[Traced, ...]

    @property
    def broken(self) -> tuple[str, ...]:
        """The rows that no longer stand as written, each as a sentence with its file and line."""
        return broken(self.traced)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many requirements have each verdict, in the order of STATES."""
        return counted((one.verdict for one in self.traced), STATES)


def requirements(path: Path, name: str) -> Mapping[str, Requirement]:
    """The requirements by id. Raises PlacedError with file and line for a row that cannot be used."""
    found: dict[str, Requirement] = {}
    for place, row in rows(path, name, COLUMNS):
        made = _requirement(place, row)
        if made.id in found:
            raise PlacedError(place, f"{made.id} is there twice; keep one")
        found[made.id] = made
    return found


def _requirement(place: Location, row: Mapping[str, str]) -> Requirement:
    key, verdict = row["id"], row["verdict"]

    def wrong(problem: str) -> PlacedError:
        return PlacedError(place, f"{key or 'the row'} {problem}")

    for column in ("id", "kind", "asks"):
        if not row[column]:
            raise wrong(f"has no {column}")
    if verdict not in STATES:
        raise wrong(f"has the verdict {verdict!r}; it is one of {', '.join(STATES)}")
    if not _LINE.fullmatch(row["line"]):
        raise wrong(
            "names no line of the brief; give `line` its number, after the brief's name where there are several"
        )
    if verdict.startswith("met") and not row["evidence"]:
        raise wrong(f"is {verdict!r} without evidence; give it an expression that fails where it is not")
    if verdict == "not traced" and row["evidence"]:
        raise wrong("has evidence, so it is not 'not traced'")
    if verdict in ("not met", "met differently") and not row["note"]:
        raise wrong(f"is {verdict!r}, and no note says why")
    if (verdict == "met differently") != bool(row["by"]) and verdict != "not met":
        raise wrong("names `by` what it is met differently, a decision or a wrong claim, exactly if it is")
    evidence = expression(row["evidence"], key, place) if row["evidence"] else None
    return Requirement(
        id=key, place=place, line=row["line"], kind=row["kind"], asks=row["asks"], evidence=evidence, verdict=verdict,
        by=row["by"], note=row["note"],
    )  # fmt: skip


def trace(folder: Path, studies: Studies, name: str = "") -> Trace | None:
    """The requirements in a folder of pages, traced; None where it has none. Raises PlacedError with file and line."""
    if not (folder / REQUIREMENTS).is_file():
        return None
    prefix = f"{name or folder.name}/"
    asked = requirements(folder / REQUIREMENTS, f"{prefix}{REQUIREMENTS}")
    _reasons(folder, prefix, asked)
    world = surroundings(folder, studies, name)
    return Trace(tuple(_traced(world, one) for one in asked.values()))


def _no_input(name: str) -> Amount:
    raise SourceError(f"{name} is no figure; a requirement has no inputs of its own")


def _reasons(folder: Path, prefix: str, asked: Mapping[str, Requirement]) -> None:
    """Raises PlacedError for a row that names as its reason neither a decision nor a claim that is wrong."""
    numbers = {f"{record.number:04}" for record in decisions.folder(folder / "decisions")}
    claims = statements(folder / STATEMENTS, f"{prefix}{STATEMENTS}") if (folder / STATEMENTS).is_file() else {}
    wrong = {key for key, claim in claims.items() if claim.verdict in ("wrong", "unsupported")}
    for one in asked.values():
        if one.by and one.by not in numbers | wrong:
            raise PlacedError(
                one.place, f"{one.id} is met differently by {one.by}, which is no decision (0001) and no wrong claim"
            )


def _traced(world: World, one: Requirement) -> Traced:
    return Traced(one, None) if one.evidence is None else Traced(one, *held(world, one.evidence))


def held(world: World, evidence: Expression) -> tuple[bool, tuple[Leaf, ...], str]:
    """Whether an expression holds, on what, and why it cannot be computed; then it does not hold."""
    leaves: dict[Leaf, None] = {}

    def had(figure: Figure) -> Value:
        value, leaf = told(world, figure.name, dict(figure.arguments))
        leaves.setdefault(leaf)
        if isinstance(value, Amount):
            return float(value.into(leaf.unit))
        return value or math.inf

    try:
        return evidence.holds(had), tuple(leaves), ""
    except (SourceError, DimensionError) as error:
        return False, tuple(leaves), str(error)


def seen(leaves: Sequence[Leaf], why: str) -> str:
    """What evidence rests on, in words: why it cannot be computed, else each figure."""
    return why or ", ".join(f"{leaf.name}: {leaf.value} {leaf.unit}".rstrip() for leaf in leaves)


def expression(text: str, key: str, place: Location) -> Expression:
    """A row's evidence. Raises PlacedError where it is no expression, or asks for what is neither a source nor a measure."""
    found = parse(Entry(key, text, place))
    for figure in found.figures:
        if figure.name not in SOURCES and figure.name not in MEASURES:
            raise PlacedError(place, f"{key} asks for {figure.name}, which is neither a source nor a measure")
    return found


def surroundings(folder: Path, studies: Studies, name: str) -> World:
    """What the evidence of a system's rows may ask: its stacks, and what the ledger computes of its brief."""
    brief = load(folder, studies, name)
    return World(studies, folder, _no_input, {}, brief.recomputed if brief else None)
