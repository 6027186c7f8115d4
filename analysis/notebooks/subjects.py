"""What a run of a notebook is about: a stack of a system under the values of the run, in the words of that system."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from analysis.architecture import Variable
from analysis.pages import systems
from analysis.pages.model import models
from analysis.studies import Study, StudyError, study

MOST_USERS = 10_000_000_000
"""More people than there are."""


@dataclass(frozen=True)
class Subject:
    """A stack as the run has it. `base` is the same stack without the values of the run."""

    root: Path
    study: Study
    base: Study
    words: Mapping[str, str]
    beside: tuple[str, ...] = ()
    users: int | None = None
    events: int | None = None

    @property
    def name(self) -> str:
        """The name of the stack's directory."""
        return self.study.directory.name

    @property
    def title(self) -> str:
        """What the stack is called."""
        return self.study.title

    @property
    def crowd(self) -> str:
        """The system's word for whoever comes."""
        return self.words["crowd"]

    @property
    def event(self) -> str:
        """The system's word for what they come for."""
        return self.words["event"]

    @property
    def peak(self) -> int:
        """Users at the peak."""
        return int(self.study.scenario.peak_users.value)

    @cached_property
    def every(self) -> tuple[Study, ...]:
        """The stack and, after it, the other stacks of its system, these with their own Terraform and the same users and events."""
        found = models(self.root)
        others = [found[name] for name in self.beside if name in found]
        if self.users is None and self.events is None:
            return (self.study, *(other.study for other in others))
        return (
            self.study,
            *(study(one.directory, users=self.users, games_per_month=self.events) for one in others),
        )


def directory(root: str | Path, stack: str) -> Path:
    """Where the stack of that name stands. Raises StudyError where there is none."""
    found = models(Path(root).resolve())
    if stack not in found:
        raise StudyError(f"there is no stack {stack!r}{_near(stack, found)}; there are {', '.join(found) or 'none'}")
    return found[stack].directory


def subject(
    root: str | Path,
    stack: str,
    *,
    users: int | None = None,
    events: int | None = None,
    variables: Mapping[str, Any] | None = None,
    assumed: Mapping[str, Any] | None = None,
) -> Subject:
    """The stack named `stack` of the project in `root`, with other users, events a month, variables and assumptions.

    A name may lead into a variable: `tasks.min`. Raises StudyError, with a sentence, for what there is not, for a value that
    cannot be, and for what Terraform would refuse.
    """
    place = Path(root).resolve()
    folder = directory(place, stack)
    plain = models(place)[stack].study
    _possible(users, events)
    made = plain
    if users is not None or events is not None or variables or assumed:
        made = study(
            folder,
            users=users,
            games_per_month=events,
            variables=nested(plain.architecture.variables, variables or {}, plain.title),
            assumed=numbers(plain, assumed or {}),
        )
    system = next(
        (one for one in systems.systems(place / "docs") if stack in [shown.name for shown in one.stacks]), None
    )
    beside = tuple(shown.name for shown in system.stacks if shown.name != stack) if system else ()
    return Subject(place, made, plain, system.words if system else systems.WORDS, beside, users, events)


def _possible(users: int | None, events: int | None) -> None:
    """Refuses a crowd and a number of events that cannot be."""
    if users is not None and not 1 <= users <= MOST_USERS:
        raise StudyError(f"users must be from 1 to {MOST_USERS:,}, not {users:,}")
    if events is not None and events < 0:
        raise StudyError(f"events must be 0 or more, not {events:,}")


def nested(declared: Mapping[str, Variable], given: Mapping[str, Any], title: str) -> dict[str, Any]:
    """`{"tasks.min": 4}` as `{"tasks": {"min": 4}}`. Raises StudyError for a variable, or a key of one, that there is not."""
    found: dict[str, Any] = {}
    for path, value in given.items():
        name, dot, key = path.partition(".")
        if name not in declared:
            known = ", ".join(declared) or "none"
            raise StudyError(f"{title} has no variable {name!r}{_near(name, declared)}; it has {known}")
        own = declared[name].value
        if not dot:
            found[name] = value
            continue
        if not isinstance(own, Mapping) or (key not in own and declared[name].type.startswith("object")):
            keys = f"it has {', '.join(own)}" if isinstance(own, Mapping) else "it is a single value"
            raise StudyError(f"the variable {name} of {title} has no {key!r}; {keys}")
        found[name] = {**found.get(name, {}), key: value}
    return found


def numbers(plain: Study, given: Mapping[str, Any]) -> dict[str, float]:
    """Assumptions by name with their values as numbers. Raises StudyError for a value that is none, or below zero."""
    found = {}
    for name, value in given.items():
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = math.nan
        if not math.isfinite(number) or number < 0:
            raise StudyError(f"{name} must be a number of 0 or more, not {value!r}")
        near = _near(name, plain.assumptions)
        if name not in plain.assumptions and near:
            raise StudyError(f"{plain.title} assumes no {name!r}{near}")
        found[name] = number
    return found


def _near(name: str, known: Iterable[str]) -> str:
    """What a mistyped name may have meant, as the end of a clause; blank where nothing is near."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f" (did you mean {close[0]}?)" if close else ""
