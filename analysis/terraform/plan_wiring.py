"""What refers to what in the JSON of a plan: through the arguments and outputs of modules, down to the resources.

A plan's configuration lists the names that stand in each expression, not the expressions. What goes through a local value or a
`dynamic` block is lost: neither is in it. A list or set of unknown values is taken to hold one element per resource it names.
https://developer.hashicorp.com/terraform/internals/json-format#expression-representation
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from analysis.architecture import Reference, Unknown, Value
from analysis.terraform import provider
from analysis.terraform.values import Collection

INDEX = re.compile(r'\[(?:\d+|"(?:[^"\\]|\\.)*")\]')
OUTPUT = re.compile(r'module\.([\w-]+)(\[(?:\d+|"(?:[^"\\]|\\.)*")\])?\.([\w-]+)')
LAST_MODULE = re.compile(r'(?:^|\.)module\.([\w-]+)(?:\[(?:\d+|"(?:[^"\\]|\\.)*")\])?$')

MAX_DEPTH = 50
"""Modules and outputs that one reference may lead through."""


def strip_index(address: str) -> str:
    """The address without the keys of its instances."""
    return INDEX.sub("", address)


class Wiring:
    """The references of a plan's configuration, and the addresses of the resources that are planned."""

    def __init__(self, root: Mapping[str, Any], addresses: Sequence[str]) -> None:
        self.planned = set(addresses)
        self.instances: dict[str, list[str]] = {}
        self.modules: dict[str, list[str]] = {}
        for address in addresses:
            self.instances.setdefault(strip_index(address), []).append(address)
            for module in _modules(address):
                known = self.modules.setdefault(strip_index(module), [])
                if module not in known:
                    known.append(module)
        self.bodies: dict[str, Mapping[str, Any]] = {}
        self.calls: dict[str, Mapping[str, Any]] = {}
        self.rows: dict[str, Mapping[str, Any]] = {}
        self._enter(root, "")
        self.traced: dict[tuple[str, str], tuple[str, ...]] = {}

    def _enter(self, body: Mapping[str, Any], address: str) -> None:
        self.bodies[address] = body
        prefix = f"{address}." if address else ""
        for row in body.get("resources", []):
            self.rows[prefix + row["address"]] = row.get("expressions", {})
        for name, call in body.get("module_calls", {}).items():
            self.calls[f"{prefix}module.{name}"] = call.get("expressions", {})
            self._enter(call.get("module", {}), f"{prefix}module.{name}")

    def expressions(self, address: str) -> Mapping[str, Any]:
        """The expressions of a resource by argument."""
        return self.rows.get(strip_index(address), {})

    def edges(self, address: str, module: str) -> set[Reference]:
        """The references of a resource to others of the plan."""
        found: set[Reference] = set()
        for via, expression in self.expressions(address).items():
            for target, attribute in self.targets(expression, module):
                if target != address:
                    found.add(Reference(via, target, attribute))
        longer = {(edge.via, edge.address) for edge in found if edge.attribute}
        return {edge for edge in found if edge.attribute or (edge.via, edge.address) not in longer}

    def targets(self, expression: Any, module: str) -> list[tuple[str, str]]:
        """Address and attribute of each resource that an expression in a module rests on; the longest name counts."""
        found: dict[tuple[str, str], None] = {}
        for text in names_in(expression):
            for full in self.trace(text, module):
                for target, attribute in self._resources(full):
                    found[target, attribute] = None
        named = {target for target, attribute in found if attribute}
        return [(target, attribute) for target, attribute in found if attribute or target not in named]

    def _resources(self, full: str) -> Iterator[tuple[str, str]]:
        for name in (full, *_parents(full)):
            bare = strip_index(name)
            if name in self.planned or bare in self.instances:
                attribute = strip_index(full).removeprefix(bare).removeprefix(".")
                for target in [name] if name in self.planned else self.instances[bare]:
                    yield target, attribute
                return

    def trace(self, text: str, module: str, depth: int = 0) -> tuple[str, ...]:
        """The full names of resources' attributes that a name in a module stands for."""
        key = (text, module)
        if key not in self.traced:
            self.traced[key] = ()  # a cycle cannot be planned; whoever wrote one by hand gets nothing
            self.traced[key] = tuple(dict.fromkeys(self._trace(text, module, depth))) if depth < MAX_DEPTH else ()
        return self.traced[key]

    def _trace(self, text: str, module: str, depth: int) -> Iterator[str]:
        prefix = f"{module}." if module else ""
        head, _, rest = text.partition(".")
        if head == "var":
            last = LAST_MODULE.search(module)
            if last is None:
                return
            given = self.calls.get(strip_index(module), {}).get(re.split(r"[.\[]", rest, maxsplit=1)[0])
            for name in names_in(given):
                yield from self.trace(name, module[: last.start()], depth + 1)
        elif head == "module":
            match = OUTPUT.match(text)
            if match is None:
                return
            called = f"{prefix}module.{match[1]}"
            output = self.bodies.get(strip_index(called), {}).get("outputs", {}).get(match[3], {})
            inside = [called + match[2]] if match[2] else self.modules.get(strip_index(called), [])
            for child in inside:
                if not module or child.startswith(prefix):
                    for name in names_in(output.get("expression")):
                        yield from self.trace(name, child, depth + 1)
        elif head not in ("local", "each", "count", "self", "path", "terraform"):
            yield prefix + text

    def named(self, value: Value, expression: Any, kind: str, name: str, module: str) -> Value:
        """The value with what is unknown in it named after the attribute that it will be, where the plan tells."""
        schema = provider.schema(kind)
        return self._named(value, expression, schema, name, module)

    def _named(
        self, value: Value, expression: Any, schema: provider.BlockSchema | None, name: str, module: str
    ) -> Value:
        if isinstance(value, Unknown):
            found = [f"{target}.{attribute}".rstrip(".") for target, attribute in self.targets(expression, module)]
            attribute = schema.attributes.get(name) if schema is not None else None
            if (
                found
                and attribute is not None
                and isinstance(attribute.type, Collection)
                and attribute.type.kind != "map"
            ):
                return tuple(map(Unknown, found))
            return Unknown(found[0]) if len(found) == 1 else value
        nested = schema.blocks.get(name) if schema is not None else None
        if nested is not None and isinstance(value, tuple) and isinstance(expression, list) and expression:
            return tuple(
                self._block(item, chosen(expression, item, index), nested.body, module)
                for index, item in enumerate(value)
            )
        return value

    def _block(self, value: Value, expression: Any, schema: provider.BlockSchema, module: str) -> Value:
        if not isinstance(value, dict) or not isinstance(expression, dict):
            return value
        return {name: self._named(item, expression.get(name), schema, name, module) for name, item in value.items()}


def chosen(expressions: Sequence[Any], value: Value, index: int) -> Any:
    """The expressions of the block that made a value: the one whose constants are the value's, else the one in its place.

    The blocks of a set come in another order than in the configuration.
    """
    fitting = [row for row in expressions if isinstance(row, dict) and isinstance(value, dict) and fits(row, value)]
    if len(fitting) == 1:
        return fitting[0]
    return expressions[index] if index < len(expressions) else expressions[-1]


def fits(expressions: Mapping[str, Any], value: Mapping[str, Value]) -> bool:
    """Whether every constant of a block's expressions is what the value has."""
    constants = {
        name: row["constant_value"]
        for name, row in expressions.items()
        if isinstance(row, dict) and "constant_value" in row
    }
    return all(value.get(name) == constant for name, constant in constants.items() if not isinstance(constant, list))


def names_in(expression: Any) -> Iterator[str]:
    """Every name that stands in an expression, or in the expressions of nested blocks."""
    if isinstance(expression, list):
        for item in expression:
            yield from names_in(item)
    elif isinstance(expression, dict):
        references = expression.get("references")
        if isinstance(references, list):
            yield from (text for text in references if isinstance(text, str))
        for item in expression.values():
            if isinstance(item, dict) or (isinstance(item, list) and any(isinstance(part, dict) for part in item)):
                yield from names_in(item)


def _modules(address: str) -> Iterator[str]:
    """The modules that a resource stands in, outermost first."""
    parts = re.match(r'(?:module\.[\w-]+(?:\[(?:\d+|"(?:[^"\\]|\\.)*")\])?\.)*', address)
    ends = re.finditer(r'module\.[\w-]+(?:\[(?:\d+|"(?:[^"\\]|\\.)*")\])?\.', parts[0]) if parts else ()
    for match in ends:
        yield address[: match.end() - 1]


def _parents(address: str) -> Iterator[str]:
    """The address with one step less, again and again; a key may hold a dot."""
    while True:
        shorter = re.sub(r'(?:\.[\w-]+|\[(?:\d+|"(?:[^"\\]|\\.)*")\])$', "", address)
        if shorter == address or not shorter:
            return
        address = shorter
        yield address
