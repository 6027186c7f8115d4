"""The values of a resource's body: arguments converted to the provider's types, nested blocks, `dynamic` blocks written out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.architecture import (
    Unknown,
    Value,
)
from analysis.terraform import tree
from analysis.terraform.evaluate import (
    ITEM_BYTES,
    EvaluationError,
    Scope,
    hold,
    value_of,
    work,
)
from analysis.terraform.provider import AttributeSchema, BlockSchema
from analysis.terraform.stack import (
    MAX_INSTANCES_PER_RESOURCE,
    argument_of,
    dotted,
)
from analysis.terraform.values import (
    NULLS,
    Collection,
    ObjectType,
    SetValue,
    Type,
    ValueProblem,
    article,
    convert,
    distinct_bodies,
    is_null,
    type_name,
    unmarked,
)


def typed_argument(value: Value, name: str, schema: BlockSchema | None, defaults: Mapping[str, Value]) -> Value:
    """An argument's value converted to the type that the provider declares."""
    if type(value) in NULLS:
        return None
    if schema is None:
        return value
    attribute = schema.attributes.get(name)
    if attribute is not None:
        return convert(value, attribute.type)
    block = schema.blocks.get(name)
    if block is None or isinstance(value, Unknown):
        return value
    # Nested blocks written as values, as JSON syntax does.
    rows = value if isinstance(value, tuple) else (value,)
    inner = defaults.get(name)
    bodies = [
        completed(
            {
                key: typed_argument(item, key, block.body, inner if isinstance(inner, dict) else {})
                for key, item in row.items()
            },
            inner,
        )
        if isinstance(row, dict)
        else row
        for row in rows
    ]
    return arranged(bodies, block.mode)


def arranged(bodies: Sequence[Value], mode: str) -> Value:
    """Nested blocks as the JSON of a plan has them: one as an object where the provider allows no more, else a list."""
    if mode == "single":
        return bodies[0] if bodies else None
    if mode == "set":
        return distinct_bodies(bodies)
    return tuple(bodies)


def completed(body: dict[str, Value], defaults: Value) -> dict[str, Value]:
    """A nested block's values with the provider's defaults for what is not set."""
    if isinstance(defaults, dict):
        for name, default in defaults.items():
            if body.get(name) is None and not isinstance(default, dict):
                body[name] = default
    return body


def nested_values(
    blocks: Sequence[tree.Block],
    name: str,
    schema: BlockSchema | None,
    defaults: Mapping[str, Value],
    scope: Scope,
) -> Value:
    """The values of the nested blocks of one kind, `dynamic` ones written out."""
    nested = schema.blocks.get(name) if schema is not None else None
    attribute = schema.attributes.get(name) if schema is not None else None
    inner = defaults.get(name)
    bodies: list[Value] = []
    for block in blocks:
        if block.type == "dynamic":
            expanded = dynamic_bodies(block, nested.body if nested else None, inner, scope)
            if isinstance(expanded, Unknown):
                return expanded if not bodies else (*bodies, expanded)
            bodies.extend(expanded)
        else:
            bodies.append(body_values(block.body, nested.body if nested else None, inner, scope))
    if nested is not None:
        return arranged(bodies, nested.mode)
    if attribute is not None and isinstance(attribute.type, Collection) and attribute.type.kind == "map":
        # In JSON syntax nothing but the schema tells a map from a block.
        return convert(bodies[-1], attribute.type)
    if attribute is not None:
        return convert(tuple(bodies), filled(attribute))
    return tuple(bodies)


def with_computed(value: Value, schema: BlockSchema, reference: str) -> Value:
    """Nested blocks as a reference sees them: what the provider adds to a configured block is there, and unknown."""
    if isinstance(value, tuple):
        return tuple(with_computed(item, schema, f"{reference}[{index}]") for index, item in enumerate(value))
    if not isinstance(value, dict):
        return value
    added = {
        name: Unknown(f"{reference}.{name}")
        for name, attribute in schema.attributes.items()
        if attribute.computed and name not in value
    }
    inner = {
        name: with_computed(value[name], nested.body, f"{reference}.{name}")
        for name, nested in schema.blocks.items()
        if name in value
    }
    return {**value, **inner, **added}


ZERO = {"string": "", "number": 0, "bool": False}


def filled(attribute: AttributeSchema) -> Type:
    """The type of an attribute that is written as blocks; what such a block does not set is the type's zero value in a plan."""
    match attribute.type:
        case Collection(kind, ObjectType(members)):
            zeros = {}
            for name, member in members.items():
                zero: Value = () if isinstance(member.type, Collection) else ZERO.get(str(member.type))
                zeros[name] = type(member)(member.type, optional=True, default=zero)
            return Collection(kind, ObjectType(zeros))
        case other:
            return other


def body_values(body: tree.Body, schema: BlockSchema | None, defaults: Value, scope: Scope) -> dict[str, Value]:
    """The values of one nested block."""
    inner = defaults if isinstance(defaults, dict) else {}
    values: dict[str, Value] = {}
    work(scope.budget, 8 + 2 * len(body.arguments), body)
    hold(scope.budget, ITEM_BYTES * (2 + len(body.arguments)), body)
    for argument in body.arguments:
        try:
            given = value_of(argument.expression, scope)
            if scope.budget.trace.sensitive:
                given = unmarked(given)[0]
            value = typed_argument(given, argument.name, schema, inner)
        except ValueProblem as problem:
            raise EvaluationError(f"{argument.name}: {problem}", argument.expression) from None
        if value is not None:
            values[argument.name] = value
    kinds: dict[str, list[tree.Block]] = {}
    for block in body.blocks:
        kind = block.labels[0] if block.type == "dynamic" and block.labels else block.type
        kinds.setdefault(kind, []).append(block)
    for kind, blocks in kinds.items():
        value = nested_values(blocks, kind, schema, inner, scope)
        if value is not None:
            values[kind] = value
    return completed(values, inner)


def dynamic_bodies(
    block: tree.Block, schema: BlockSchema | None, defaults: Value, scope: Scope
) -> list[Value] | Unknown:
    """The bodies that a `dynamic` block makes, or the unknown value it depends on."""
    each = argument_of(block, "for_each")
    content = next((inner for inner in block.body.blocks if inner.type == "content"), None)
    if each is None or content is None or not block.labels:
        raise EvaluationError("a dynamic block needs a label, for_each and a content block", block)
    iterator = argument_of(block, "iterator")
    name = dotted(iterator.expression) if iterator is not None else block.labels[0]
    collection = unmarked(value_of(each.expression, scope))[0]
    if isinstance(collection, Unknown):
        return Unknown(collection.reference)
    if is_null(collection):
        raise EvaluationError("for_each of a dynamic block is null", each.expression)
    pairs = elements_of(collection, each.expression)
    if len(pairs) > MAX_INSTANCES_PER_RESOURCE:
        raise EvaluationError(f"a dynamic block makes {len(pairs):,} blocks; that is too many", each.expression)
    return [
        body_values(content.body, schema, defaults, scope.having({name: {"key": key, "value": value}}))
        for key, value in pairs
    ]


def elements_of(collection: Value, node: Any) -> list[tuple[Value, Value]]:
    """Key and value of each element that a dynamic block runs over."""
    if isinstance(collection, dict):
        return [(key, collection[key]) for key in sorted(collection)]
    if isinstance(collection, SetValue):
        return [(element, element) for element in collection]
    if isinstance(collection, tuple):
        return list(enumerate(collection))
    raise EvaluationError(f"for_each takes a list, set or map, not {article(type_name(collection))}", node)
