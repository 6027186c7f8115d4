"""What refers to what in one resolved stack: the resources behind a value, an argument or a name, and those on the other side."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from analysis.architecture import Architecture, Reference, Resource, Value, unknowns
from analysis.wiring.values import items

_INDEX = re.compile(r"\[(?:\d+|\"(?:[^\"\\]|\\.)*\")\]")
_STEP = re.compile(rf"([^.\[\]]+)({_INDEX.pattern})?")

NAMES = ("id", "arn", "name", "family", "identifier", "bucket", "function_name", "replication_group_id", "cluster_id")
"""What one resource may be called by another where the reference is lost: in a literal, or in a plan read from JSON."""


def without_index(address: str) -> str:
    """The address without the indexes of count and for_each: `module.a["x"].aws_eip.b[0]` becomes `module.a.aws_eip.b`."""
    return _INDEX.sub("", address)


def argument_of(reference: Reference) -> str:
    """The top-level argument in which a reference stands: `origin` for one via `origin[0].domain_name`."""
    return re.split(r"[.\[]", reference.via, maxsplit=1)[0]


@dataclass(frozen=True)
class References:
    """The resources of an architecture by what refers to them."""

    architecture: Architecture

    @cached_property
    def _by_base(self) -> Mapping[str, tuple[Resource, ...]]:
        found: dict[str, list[Resource]] = defaultdict(list)
        for address, resource in self.architecture.by_address.items():
            found[without_index(address)].append(resource)
        return {base: tuple(resources) for base, resources in found.items()}

    @cached_property
    def _by_name(self) -> Mapping[str, tuple[Resource, ...]]:
        """The managed resources by what they may be called, each once."""
        found: dict[str, list[Resource]] = defaultdict(list)
        for resource in self.architecture.resources:
            for name in {text for key in NAMES if isinstance(text := resource.values.get(key), str)}:
                found[name].append(resource)
        return {name: tuple(resources) for name, resources in found.items()}

    def instances_of(self, address: str) -> tuple[Resource, ...]:
        """The resource at `address`; where the address leaves an index out, all instances that differ in that index."""
        exact = self.architecture.by_address.get(address)
        if exact is not None:
            return (exact,)
        wanted = [index for _, index in _STEP.findall(address)]
        return tuple(
            resource
            for resource in self._by_base.get(without_index(address), ())
            if all(
                index in ("", other) for index, (_, other) in zip(wanted, _STEP.findall(resource.address), strict=True)
            )
        )

    def named(self, reference: str) -> tuple[Resource, ...]:
        """The resources that a reference such as `module.a.aws_vpc.this.id` names, by its longest part that is an address."""
        while reference:
            there = self.instances_of(reference)
            if there:
                return there
            reference = reference.rpartition(".")[0]
        return ()

    def behind(self, value: Value) -> list[Resource]:
        """The resources whose attributes the unknown parts of `value` stand for."""
        return _once(r for unknown in unknowns(value) for r in self.named(unknown.reference))

    def referred(self, resource: Resource, *types: str, via: str = "") -> list[Resource]:
        """The resources (of `types`, where any are given) that `resource` refers to, in the argument `via` or in any."""
        return _once(
            target
            for reference in resource.references
            if not via or argument_of(reference) == via
            for target in self.instances_of(reference.address)
            if _of(target, types)
        )

    def linked(self, resource: Resource, attribute: str, *types: str) -> list[Resource]:
        """The resources (of `types`, where any are given) that an argument stands for or rests on; else those its text names.

        The unknown parts of the value come first: they are the value, while a reference may only have decided it.
        """
        value = resource.values.get(attribute)
        found = _once(
            r
            for r in (*self.behind(value), *self.referred(resource, *types, via=attribute))
            if _of(r, types) and r is not resource
        )
        if found:
            return found
        names = dict.fromkeys(item for item in items(value) if isinstance(item, str) and item)
        return [r for name in names for r in self._by_name.get(name, ()) if _of(r, types) and r is not resource]

    def buckets(self, value: Value) -> list[Resource]:
        """The buckets that ARNs stand for, by reference or by the name in them."""
        found = [r for r in self.behind(value) if r.type == "aws_s3_bucket"]
        for text in items(value):
            name = text.removeprefix("arn:aws:s3:::").partition("/")[0] if isinstance(text, str) else ""
            found += [r for r in self._by_name.get(name, ()) if r.type == "aws_s3_bucket"]
        return _once(found)

    def about(self, resource: Resource, attribute: str, *types: str) -> Iterator[Resource]:
        """The resources of `types` whose `attribute` names `resource`, by reference or by its name."""
        for other in self.architecture.of_type(*types):
            if resource in self.linked(other, attribute, resource.type):
                yield other

    def referring(self, resource: Resource, *types: str) -> Iterator[Resource]:
        """The resources (of `types`, where any are given) one of whose arguments was computed from `resource`."""
        for other in self.architecture.resources:
            if _of(other, types) and any(resource in self.instances_of(r.address) for r in other.references):
                yield other

    def reachable(self, start: Iterable[Resource], *types: str) -> list[Resource]:
        """The resources of `types` reached from `start` by references, nearest first."""
        queue = list(start)
        seen = {r.address for r in queue}
        found = []
        while queue:
            resource = queue.pop(0)
            for target in (*self.referred(resource), *self.behind(dict(resource.values))):
                if target.address not in seen:
                    seen.add(target.address)
                    queue.append(target)
                    if target.type in types:
                        found.append(target)
        return found


def _once(resources: Iterable[Resource]) -> list[Resource]:
    return list({resource.address: resource for resource in resources}.values())


def _of(resource: Resource, types: tuple[str, ...]) -> bool:
    return not types or resource.type in types
