"""What every source of figures is given and gives: the world it may ask, and the leaf that shows where a figure comes from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, TypeAlias

from analysis import proofs
from analysis.facts import today
from analysis.facts.stacks import FILE_NAME
from analysis.ledger.dimensions import Amount
from analysis.studies import Studies, Study

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

    `folder` holds the system's pages, below the `docs` of the project.
    """

    studies: Studies
    folder: Path
    amount: Callable[[str], Amount]
    reports: dict[str, proofs.Report]

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
