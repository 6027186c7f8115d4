"""What every source of figures is given and gives: the world it may ask, and the leaf that shows where a figure comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, TypeAlias

from analysis import proofs
from analysis.architecture import Unknown
from analysis.facts import today
from analysis.facts.stacks import FILE_NAME
from analysis.ledger.dimensions import Amount
from analysis.studies import Studies, Study
from analysis.units import number

Kind: TypeAlias = Literal["brief", "price", "limit", "instance", "metric", "stack", "command", "file", "formula"]


class SourceError(ValueError):
    """A figure that does not exist or cannot be had; the message is a sentence without a place."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """What went into a result: its name, the value as it is shown with its unit, and where it comes from.

    `where` is the line of the brief, the sku, the name of the limit, the place in the Terraform, or the file below the project;
    `stack` names the stack of a place in the Terraform.
    """

    name: str
    value: str
    unit: str
    kind: Kind
    where: str
    stack: str = ""


Arguments: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class World:
    """What sources may ask: the stacks' studies, the amounts of other inputs by name; `reports` keeps what the rules said.

    `folder` holds the system's pages, below the `docs` of the project. `recomputed` gives what the ledger computes of a statement
    of the brief, by its id, for those who do not compute statements themselves.
    """

    studies: Studies
    folder: Path
    amount: Callable[[str], Amount]
    reports: dict[str, proofs.Report]
    recomputed: Callable[[str], Amount] | None = None

    @property
    def root(self) -> Path:
        """The project's directory."""
        return self.folder.parents[1]

    def proved(self, study: Study) -> proofs.Report:
        """What the rules say of a stack; asked once."""
        name = study.directory.name
        if name not in self.reports:
            self.reports[name] = proofs.prove(
                study.architecture, scenario=study.crowd, stack=study.about,
                waivers=proofs.waivers(study.directory, proofs.RULES.keys()), today=today(),
            )  # fmt: skip
        return self.reports[name]

    def study(self, arguments: Arguments) -> Study:
        """The stack that a figure names by `stack`."""
        name = str(arguments.get("stack", ""))
        if not (self.studies.directory / name / FILE_NAME).is_file() or not name:
            raise SourceError(f'names no stack that exists; give it stack = "NAME", not {name!r}')
        return self.studies.study(name)


Source: TypeAlias = tuple[tuple[str, ...], tuple[str, ...], Callable[[World, Arguments], tuple[Amount, Leaf]]]
"""What a source needs, what it may be given, and how its figure is had. It raises SourceError with a sentence."""


def counted(name: str, number: int, unit: str, kind: Kind, where: str, stack: str = "") -> tuple[Amount, Leaf]:
    """A count with its leaf."""
    return Amount(Decimal(number)), Leaf(name, str(number), unit, kind, where, stack)


def plain(value: Decimal) -> str:
    """A number for people: whole from a thousand on, else four significant digits; small ones with all their digits."""
    if value == value.to_integral_value():
        return f"{value:,.0f}"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    digits = max(0, 3 - value.adjusted()) if abs(value) >= Decimal("0.001") else -value.as_tuple().exponent  # type: ignore[operator]
    return number(Decimal(f"{value:.{min(digits, 12)}f}"))


def below(value: Any, steps: Sequence[str]) -> Iterator[Any]:
    """Every value at the end of the steps; a list on the way, or at the end, gives each of its elements."""
    if isinstance(value, list | tuple):
        for one in value:
            yield from below(one, steps)
    elif not steps:
        yield value
    elif isinstance(value, Mapping) and steps[0] in value:
        yield from below(value[steps[0]], steps[1:])


def word(value: Any) -> str:
    """A value as text, in which a number and what is written as one are the same; of what is not known yet, what is."""
    if isinstance(value, Unknown):
        return str(value.partial if value.partial is not None else value.reference)
    return (
        str(value).lower() if isinstance(value, bool) else f"{value:.12g}" if isinstance(value, float) else str(value)
    )
