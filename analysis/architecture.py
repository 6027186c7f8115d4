"""One Terraform stack, resolved under one set of variable values: the model that every later layer reads.

A value inside `Resource.values`, a variable or an output is one of

* `None`, `bool`, `int`, `float`, `str`;
* a `tuple` (a Terraform list, tuple or set; a set is sorted and free of duplicates);
* a `dict` with `str` keys (a Terraform map, object or block), to be treated as read-only. Repeated blocks are a tuple of dicts,
  also where there is just one, as in the JSON of a real plan;
* `Unknown`: what Terraform itself learns only at apply.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeAlias

Value: TypeAlias = Any
"""A resolved Terraform value; the module's docstring lists what it may be."""

Severity: TypeAlias = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place in a source file; `line` and `column` count from 1. `file` is relative to the directory that was read."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """What is wrong with the input, where, and what to do about it, in one sentence.

    `guard` marks a condition of the configuration itself that refuses it although every value is there, such as an output's
    precondition: a plan fails, but what the configuration would do can be computed. `address` names what could not be evaluated
    (an argument of a resource, a variable, a module), where the sentence is about one; instances of a block share a sentence.
    """

    severity: Severity
    message: str
    location: Location
    guard: bool = False
    address: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.location}: {self.severity}: {self.message}"


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that is known only after apply.

    `reference` names what it stands for, with the absolute address: `module.network.aws_vpc.this.id`. `partial` holds the part
    that is known all the same: for `jsonencode` of a partly unknown structure that structure, else None. `prefix` is the text
    that an unknown string is known to start with. `type` is the evaluator's note of the Terraform type, None where that is not
    known either; it is no part of what the value is.
    """

    reference: str
    partial: Value = None
    prefix: str = ""
    type: Any = field(default=None, compare=False, repr=False)


def unknowns(value: Value) -> Iterator[Unknown]:
    """Every unknown leaf of a value, those in the known part of a partly known one included."""
    if isinstance(value, Unknown):
        if value.partial is not None:
            yield from unknowns(value.partial)
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from unknowns(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from unknowns(item)


@dataclass(frozen=True, slots=True, order=True)
class Reference:
    """An edge: the attribute `via` of one resource was computed from `attribute` of the resource or data source at `address`."""

    via: str
    address: str
    attribute: str = ""


ALIASES: Mapping[str, str] = {
    f"aws_alb{part}": f"aws_lb{part}"
    for part in (
        "",
        "_listener",
        "_listener_certificate",
        "_listener_rule",
        "_target_group",
        "_target_group_attachment",
    )
}
"""Types that the provider knows by two names; a resource bears the second, its address keeps what was written."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One instance of a resource (or of a data source, where `mode` says so) with its resolved arguments.

    `values` holds the arguments of the configuration completed with the provider's defaults. `locations` says where each
    top-level argument or block stands; an argument that is not in it comes from a default. `sensitive` names the top-level
    arguments that rest on a sensitive variable: whoever prints them must mask them. `type` is never one of ALIASES.
    """

    address: str
    type: str
    name: str
    values: Mapping[str, Value]
    defined_at: Location
    references: tuple[Reference, ...] = ()
    module: str = ""
    index: int | str | None = None
    mode: Literal["managed", "data"] = "managed"
    region: str | None = None
    locations: Mapping[str, Location] = field(default_factory=dict)
    sensitive: frozenset[str] = frozenset()

    def location(self, attribute: str) -> Location:
        """Where `attribute` is set, or where the resource begins if a default fills it in."""
        return self.locations.get(attribute, self.defined_at)


@dataclass(frozen=True, slots=True)
class Variable:
    """An input variable of the root module: its resolved value and where it is declared."""

    name: str
    value: Value
    declared_at: Location
    description: str = ""
    type: str = "any"
    default: Value = None
    required: bool = False
    sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Output:
    """An output of the root module."""

    name: str
    value: Value
    declared_at: Location
    description: str = ""
    sensitive: bool = False


@dataclass(frozen=True)
class Architecture:
    """One stack, resolved. `stack` is the name of its directory; `resources` holds managed resources, `data` data sources.

    `incomplete` holds the addresses of the managed resources that rest on what could not be evaluated, and of the resource blocks
    of which not even the instances are known; the errors among `diagnostics` say why.
    """

    stack: str
    resources: tuple[Resource, ...]
    data: tuple[Resource, ...] = ()
    variables: Mapping[str, Variable] = field(default_factory=dict)
    outputs: Mapping[str, Output] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()
    region: str = "us-east-1"
    incomplete: frozenset[str] = frozenset()

    @cached_property
    def by_address(self) -> Mapping[str, Resource]:
        """Every managed resource and data source by its address."""
        return {resource.address: resource for resource in (*self.resources, *self.data)}

    def of_type(self, *types: str) -> Iterator[Resource]:
        """The managed resources of the given types, in the order of their addresses."""
        return (resource for resource in self.resources if resource.type in types)

    def referring_to(self, address: str) -> Iterator[Resource]:
        """The managed resources one of whose arguments was computed from the resource at `address`."""
        return (r for r in self.resources if any(reference.address == address for reference in r.references))

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The diagnostics that make the result incomplete."""
        return tuple(diagnostic for diagnostic in self.diagnostics if diagnostic.severity == "error")
