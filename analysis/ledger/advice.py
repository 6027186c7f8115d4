"""What a guide tells its reader to do about a symptom, remedy by remedy: whether it helps, computed where it can be.

`docs/SYSTEM/guide/remedies.csv` holds `line` (of the guide), `problem`, `remedy`, `verdict`, `shown` (by what), `evidence`,
`note`. The evidence is an expression as in `requirements.csv`. It must hold for the verdict to stand; a remedy without one is
`not tried`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from analysis.architecture import Location
from analysis.decisions.expressions import Expression
from analysis.frontmatter import PlacedError
from analysis.ledger.records import broken, counted, rows
from analysis.ledger.requirements import expression, held, seen, surroundings
from analysis.ledger.world import Leaf, World
from analysis.studies import Studies

REMEDIES: Final = "guide/remedies.csv"
COLUMNS: Final = ("line", "problem", "remedy", "verdict", "shown", "evidence", "note")

UNTRIED: Final = "not tried"
VERDICTS: Final = ("makes it worse", "does nothing", "helps", UNTRIED)
"""What a remedy does about its symptom, in the order in which pages show them."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """A remedy of a guide with what is stated of it, whether its evidence holds (None: there is none), on what, and why not."""

    place: Location
    line: int
    problem: str
    remedy: str
    verdict: str
    shown: str
    evidence: Expression | None
    note: str
    holds: bool | None = None
    leaves: tuple[Leaf, ...] = ()
    why: str = ""

    @property
    def broken(self) -> str | None:
        """Why the verdict no longer stands, in a sentence with its place; None where it does."""
        if self.holds is not False:
            return None
        return (
            f"{self.place.file}:{self.place.line}: the remedy of line {self.line} is stated as {self.verdict!r}, and its "
            f"evidence does not hold ({seen(self.leaves, self.why)}); correct the row, or what it rests on"
        )


@dataclass(frozen=True, slots=True)
class Remedies:
    """Every remedy of a guide, in its order."""

    remedies: tuple[Remedy, ...]

    @property
    def broken(self) -> tuple[str, ...]:
        """The verdicts that no longer stand, each as a sentence with its file and line."""
        return broken(self.remedies)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many remedies have each verdict, in the order of VERDICTS."""
        return counted((one.verdict for one in self.remedies), VERDICTS)


def remedies(folder: Path, studies: Studies, name: str = "") -> Remedies | None:
    """The remedies of the guide in a folder of pages, judged; None where it has none. Raises PlacedError with file and line."""
    path = folder / REMEDIES
    if not path.is_file():
        return None
    stated = [_remedy(place, row) for place, row in rows(path, f"{name or folder.name}/{REMEDIES}", COLUMNS)]
    world = surroundings(folder, studies, name)
    return Remedies(tuple(_judged(world, one, one.evidence) if one.evidence else one for one in stated))


def _judged(world: World, one: Remedy, evidence: Expression) -> Remedy:
    holds, leaves, why = held(world, evidence)
    return replace(one, holds=holds, leaves=leaves, why=why)


def _remedy(place: Location, row: Mapping[str, str]) -> Remedy:
    key = f"the remedy of line {row['line'] or '?'}"

    def wrong(problem: str) -> PlacedError:
        return PlacedError(place, f"{key} {problem}")

    for column in ("line", "problem", "remedy", "note"):
        if not row[column]:
            raise wrong(f"has no {column}")
    if not row["line"].isdecimal():
        raise wrong("names no line; give `line` its number in the guide")
    if row["verdict"] not in VERDICTS:
        raise wrong(f"has the verdict {row['verdict']!r}; it is one of {', '.join(VERDICTS)}")
    if (row["verdict"] == UNTRIED) == bool(row["evidence"]):
        raise wrong(f"is {UNTRIED!r} exactly if it has no evidence")
    if bool(row["shown"]) != bool(row["evidence"]):
        raise wrong("says by what it is shown exactly if it has evidence")
    evidence = expression(row["evidence"], key, place) if row["evidence"] else None
    return Remedy(
        place, int(row["line"]), row["problem"], row["remedy"], row["verdict"], row["shown"], evidence, row["note"]
    )
