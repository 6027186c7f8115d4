"""What a rule is, and what it says of one resource."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from analysis.architecture import Location, Resource, Severity, Unknown, Value
from analysis.proofs.view import View
from analysis.wiring.values import at

State: TypeAlias = Literal["holds", "fails", "undecidable"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule says of one resource: `because` prints the arithmetic or the fact it rests on, with its values."""

    state: State
    address: str
    location: Location
    because: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A named statement about behaviour. `check` yields a verdict for each resource that it concerns, none where there is none.

    `remedy` says what to do where it fails.
    """

    id: str
    severity: Severity
    title: str
    remedy: str
    check: Callable[[View], Iterable[Verdict]]

    @property
    def group(self) -> str:
        """START, FIT, RACE, FRESH, DRAIN, ROLLBACK, RESTORE, EXPOSE, NAME, TELLS or LIFECYCLE."""
        return self.id.partition("-")[0]


def judged(resource: Resource, attribute: str, holds: bool | None, because: str) -> Verdict:
    """The verdict on `resource`, at the line of `attribute`; `holds` is None where it cannot be decided."""
    state: State = "undecidable" if holds is None else "holds" if holds else "fails"
    return Verdict(state, resource.address, resource.location(attribute), because)


Requirement: TypeAlias = Callable[[Value], bool]


def requires(
    types: str | tuple[str, ...], path: str, test: Requirement, says: str
) -> Callable[[View], Iterator[Verdict]]:
    """A check of one argument of every resource of `types`: `path` leads to it through blocks, `says` is what it must be.

    An argument that is not set is None; one that is known only after apply cannot be decided.
    """
    wanted = (types,) if isinstance(types, str) else types

    def check(view: View) -> Iterator[Verdict]:
        for resource in view.model.of_type(*wanted):
            yield attribute_verdict(resource, path, test, says)

    return check


def attribute_verdict(resource: Resource, path: str, test: Requirement, says: str) -> Verdict:
    """The verdict on one argument of `resource`; see `requires`."""
    attribute = path.partition(".")[0]
    value = at(resource.values, path)
    if isinstance(value, Unknown):
        return judged(resource, attribute, None, f"{path} is known only after apply ({value.reference})")
    shown = "a sensitive value" if attribute in resource.sensitive else _shown(value)
    return judged(resource, attribute, test(value), f"{path} is {shown}; it must be {says}")


def _shown(value: Value) -> str:
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{', '.join(_shown(item) for item in value)}]"
    return f"{len(value)} blocks" if isinstance(value, Mapping) else str(value)


def true(value: Value) -> bool:
    """Whether Terraform takes `value` for true; some arguments are texts."""
    return value is True or value == "true"


def table(*groups: Iterable[Rule]) -> Mapping[str, Rule]:
    """The rules by id; ValueError where two share one."""
    found: dict[str, Rule] = {}
    for rule in (rule for group in groups for rule in group):
        if rule.id in found:
            raise ValueError(f"two rules are called {rule.id}")
        found[rule.id] = rule
    return found
