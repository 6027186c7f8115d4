"""Which of the long checks a session makes: those whose inputs have changed, and of the others a share, by the commit.

    pytest            what has changed since it was recorded, and a share of the rest, chosen by the hash of the commit
    pytest --all      everything: `make test-all`, every night

So each commit pays for a part, and a part that no commit has met is met the next night.
"""

from __future__ import annotations

import hashlib
import math
import subprocess
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import TypeVar

import pytest

ROOT = Path(__file__).parents[1]
Item = TypeVar("Item")

_CHOICE = {"all": False, "record": False}


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--all` leaves nothing to the rotation; `--record` keeps what Terraform is asked (see `answers`)."""
    group = parser.getgroup("gameday")
    group.addoption("--all", action="store_true", help="make every long check, and ask Terraform everything again")
    group.addoption("--record", action="store_true", help="ask Terraform everything again and record what it answers")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Before any test file is read, because parameters depend on it; in each worker as well."""
    _CHOICE.update(all=bool(config.getoption("--all", False)), record=bool(config.getoption("--record", False)))


def everything() -> bool:
    """Whether this session leaves nothing out."""
    return _CHOICE["all"]


def recording() -> bool:
    """Whether this session records what Terraform answers."""
    return _CHOICE["record"]


@cache
def commit() -> str:
    """The hash of the commit that is checked out; empty without git, where the choice is always the same."""
    try:
        argv = ["git", "rev-parse", "HEAD"]
        return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def share(items: Sequence[Item], part: float, seed: str) -> list[Item]:
    """A part of the items (at least one, rounded up), in their order; another part under another seed."""

    def drawn(item: Item) -> str:
        return hashlib.sha256(f"{seed} {item}".encode()).hexdigest()

    chosen = sorted(items, key=drawn)[: math.ceil(part * len(items))]
    return [item for item in items if item in chosen]


def turn(items: Iterable[Item], changed: Iterable[Item] = (), part: float = 0.2) -> list[Item]:
    """What this session tries of the items: all of them under `--all`, else those that changed, else a part of them."""
    listed, moved = list(items), set(changed)
    if everything():
        return listed
    return [item for item in listed if item in moved] or share(listed, part, commit())
