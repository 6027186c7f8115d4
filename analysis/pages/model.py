"""The stacks of the checkout with all that is computed from them: each part once per build."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from analysis.architecture import Architecture
from analysis.capacity import Capacity
from analysis.cost import Estimate
from analysis.facts import Scenario, Stack, stack
from analysis.facts.stacks import FILE_NAME
from analysis.pages.reads import cache
from analysis.studies import Study, study


@dataclass(frozen=True)
class Model:
    """One stack: what its directory says, resolved, and what follows from it."""

    root: Path
    directory: Path

    @property
    def name(self) -> str:
        """The name of the stack's directory."""
        return self.directory.name

    @property
    def folder(self) -> str:
        """The stack's directory below the root."""
        return self.directory.relative_to(self.root).as_posix()

    @property
    def about(self) -> Stack:
        """Title, scenario and runtime."""
        return _about(self.directory)

    @property
    def study(self) -> Study:
        """The stack resolved under its own values, with its scenario. Raises StudyError where it does not resolve."""
        return _study(self.directory)

    @property
    def scenario(self) -> Scenario:
        """The scenario that the stack names."""
        return self.study.scenario

    @property
    def architecture(self) -> Architecture:
        """The resolved resources."""
        return self.study.architecture

    @property
    def capacity(self) -> Capacity:
        """What the stack holds under its scenario."""
        return self.study.capacity

    @property
    def estimate(self) -> Estimate:
        """What the stack costs in a month with the scenario's games."""
        return self.study.bill


Macro: TypeAlias = Callable[..., Any]
"""What a page cites: a call that gives HTML, text, or whether there is something to show."""


@dataclass(frozen=True)
class Site:
    """Where macros work: the checkout, its pages, and the address of the page that calls one at the moment."""

    root: Path
    docs: Path
    here: Callable[[], str]

    def stack(self, name: str) -> Model:
        """The stack of that name; LookupError with those that there are."""
        return model(self.root, name)

    def of_stack(self, function: Callable[[Model], Any]) -> Macro:
        """The macro that takes the name of a stack and gives what `function` says of the stack."""
        return lambda name: function(self.stack(name))

    def of_stack_here(self, function: Callable[[Model, str], Any]) -> Macro:
        """The same for a function that also takes the page, because what it gives leads elsewhere."""
        return lambda name: function(self.stack(name), self.here())


@cache
def _about(directory: Path) -> Stack:
    return stack(directory)


@cache
def _study(directory: Path) -> Study:
    return study(directory)


@cache
def models(root: Path) -> dict[str, Model]:
    """The stacks by name: every directory of terraform/stacks that says what it is; without any, the root's own Terraform."""
    found = sorted((root / "terraform" / "stacks").glob(f"*/{FILE_NAME}")) or [root / FILE_NAME]
    return {path.parent.name: Model(root, path.parent) for path in found}


def model(root: Path, name: str) -> Model:
    """The stack of that name; LookupError with those that there are."""
    found = models(root)
    if name not in found:
        raise LookupError(f"there is no stack {name!r}; there are {', '.join(found) or 'none'}")
    return found[name]
