"""Type constraints of variables, read from the tree: `map(object({name = string, size = optional(number, 2)}))`."""

from __future__ import annotations

from collections.abc import Callable

from analysis.architecture import Value
from analysis.terraform import tree
from analysis.terraform.evaluate import EvaluationError
from analysis.terraform.values import (
    ANY,
    BOOL,
    NUMBER,
    STRING,
    Collection,
    Member,
    ObjectType,
    TupleType,
    Type,
    ValueProblem,
    convert,
    quoted,
)

PRIMITIVES = {"string": STRING, "number": NUMBER, "bool": BOOL, "any": ANY}
COLLECTIONS = ("list", "set", "map")
# `list` and `map` alone are what Terraform 0.11 wrote for list(any) and map(any); Terraform still reads them.
SHORTHAND = {"list": Collection("list", ANY), "map": Collection("map", ANY), "set": Collection("set", ANY)}
WORDS = (*PRIMITIVES, *COLLECTIONS, "object", "tuple", "optional")


def type_constraint(node: tree.Node, constant: Callable[[tree.Node], Value]) -> Type:
    """The type that the node spells; `constant` evaluates the default of an optional attribute. Raises `EvaluationError`."""
    match node:
        case tree.Name(name) if name in PRIMITIVES:
            return PRIMITIVES[name]
        case tree.Name(name) if name in SHORTHAND:
            return SHORTHAND[name]
        case tree.Call(kind, (element,)) if kind in COLLECTIONS:
            return Collection(kind, type_constraint(element, constant))
        case tree.Call("object", (tree.ObjectNode() as members,)):
            return ObjectType(dict(_member(key, value, constant) for key, value in members.items))
        case tree.Call("tuple", (tree.TupleNode() as items,)):
            return TupleType(tuple(type_constraint(item, constant) for item in items.items))
        case tree.Call("optional"):
            raise EvaluationError("optional() may stand only for an attribute of an object", node)
        case tree.Call(name) | tree.Name(name):
            raise EvaluationError(f"{quoted(name)} is not a type", node, near=(name, WORDS))
        case tree.Literal(str() as name):
            raise EvaluationError(f"a type is written without quotes: {name}", node)
        case _:
            raise EvaluationError("this is not a type; write string, number, bool, any, list(...), object({...})", node)


def _member(key: tree.Node, node: tree.Node, constant: Callable[[tree.Node], Value]) -> tuple[str, Member]:
    if not isinstance(key, tree.Literal) or not isinstance(key.value, str):
        raise EvaluationError("an attribute's name must be a plain word", key)
    match node:
        case tree.Call("optional", (kind,)):
            return key.value, Member(type_constraint(kind, constant), optional=True)
        case tree.Call("optional", (kind, default)):
            wanted = type_constraint(kind, constant)
            try:
                return key.value, Member(wanted, optional=True, default=convert(constant(default), wanted))
            except ValueProblem as problem:
                raise EvaluationError(f"the default of {quoted(key.value)} does not fit: {problem}", default) from None
        case _:
            return key.value, Member(type_constraint(node, constant))
