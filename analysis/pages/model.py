"""The stacks of the checkout with all that is computed from them: each part once per process, validation once per content."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from analysis.architecture import Architecture
from analysis.capacity import Capacity
from analysis.cost import Estimate
from analysis.facts import Scenario, Stack, stack
from analysis.facts.stacks import FILE_NAME
from analysis.pages.reads import cache
from analysis.studies import Study, study
from analysis.validation import to_json as validation_json
from analysis.validation import validate
from analysis.validation.kept import default_cache


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

    @property
    def validation(self) -> dict[str, Any]:
        """What the real Terraform says, as `validation.to_json` shapes it."""
        with _ASKED:
            asked = _AHEAD.get(self.directory)
        return asked.result() if asked else validated(self.directory)


def validated(directory: Path) -> dict[str, Any]:
    """The report on the stack in `directory`; one that found nothing is kept until something it rests on changes."""
    return validation_json(validate(directory, cache=default_cache()))


@cache
def _about(directory: Path) -> Stack:
    return stack(directory)


@cache
def _study(directory: Path) -> Study:
    return study(directory)


_ASKED = Lock()
_AHEAD: dict[Path, Future[dict[str, Any]]] = {}


def validate_ahead(root: Path) -> None:
    """Begins to ask the real Terraform about every stack, beside the rest of the build: it takes longest."""
    pool = ThreadPoolExecutor(2)
    with _ASKED:
        _AHEAD.clear()
        _AHEAD.update({found.directory: pool.submit(validated, found.directory) for found in models(root).values()})
    pool.shutdown(wait=False)


@cache
def models(root: Path) -> dict[str, Model]:
    """The stacks of the checkout by name: every directory of terraform/stacks that says what it is."""
    found = sorted((root / "terraform" / "stacks").glob(f"*/{FILE_NAME}"))
    return {path.parent.name: Model(root, path.parent) for path in found}


def model(root: Path, name: str) -> Model:
    """The stack of that name; LookupError with those that there are."""
    found = models(root)
    if name not in found:
        raise LookupError(f"there is no stack {name!r}; there are {', '.join(found) or 'none'}")
    return found[name]
