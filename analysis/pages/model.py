"""The stacks of the checkout with all that is computed from them: each part once per process, validation once per content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from threading import Lock
from typing import Any

from analysis import terraform
from analysis.architecture import Architecture
from analysis.capacity import Capacity, analyse
from analysis.cost import Estimate, estimate
from analysis.demand import Usage
from analysis.demand.month import usage
from analysis.facts.prices import prices
from analysis.facts.scenarios import Scenario, scenario
from analysis.facts.stacks import FILE_NAME, Stack, stack
from analysis.validation import find, validate
from analysis.validation import to_json as validation_json


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

    @cached_property
    def about(self) -> Stack:
        """Title, scenario and runtime."""
        return stack(self.directory)

    @cached_property
    def scenario(self) -> Scenario:
        """The scenario that the stack names."""
        return scenario(self.about.scenario)

    @cached_property
    def architecture(self) -> Architecture:
        """The resolved resources. Raises InputError where there is nothing to read."""
        return terraform.load(self.directory, cache=self.root / ".cache" / "parsed")

    @cached_property
    def capacity(self) -> Capacity:
        """What the stack holds under its scenario."""
        return analyse(self.architecture, self.scenario, self.about)

    @cached_property
    def usage(self) -> Usage:
        """What the stack consumes in a month of its scenario."""
        return usage(self.architecture, self.scenario, self.about)

    @cached_property
    def estimate(self) -> Estimate:
        """What the stack costs in a month."""
        return estimate(self.architecture, prices(self.architecture.region), self.usage)

    @property
    def validation(self) -> dict[str, Any]:
        """What the real Terraform says, as `validation.to_json` shapes it; no steps where Terraform is not found."""
        with _ASKED:
            asked = _AHEAD.get(self.directory)
        return asked.result() if asked else validated(self.root, self.directory)


def validated(root: Path, directory: Path) -> dict[str, Any]:
    """The report on the stack in `directory`, kept below .cache by the binary and the Terraform it may read."""
    binary = find()
    if binary is None:
        return {"steps": [], "versions": {}}
    key = hashlib.sha256(repr(binary).encode())
    for path in (*_terraform(directory), *_terraform(root / "terraform" / "modules")):
        key.update(path.relative_to(root).as_posix().encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    kept = root / ".cache" / "validation" / f"{directory.name}-{key.hexdigest()[:32]}.json"
    if not kept.is_file():
        report = validation_json(validate(directory))
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(report), encoding="utf-8")
    found: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
    return found


_ASKED = Lock()
_AHEAD: dict[Path, Future[dict[str, Any]]] = {}


def validate_ahead(root: Path) -> None:
    """Begins to ask the real Terraform about every stack, beside the rest of the build: it takes longest."""
    pool = ThreadPoolExecutor(2)
    with _ASKED:
        _AHEAD.clear()
        _AHEAD.update(
            {found.directory: pool.submit(validated, root, found.directory) for found in models(root).values()}
        )
    pool.shutdown(wait=False)


def _terraform(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not {".terraform", "__pycache__"} & set(path.parts):
            yield path


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
