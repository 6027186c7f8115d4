"""What Terraform refuses by the text of a module alone, before any value is known: `terraform init` and `terraform validate`.

https://developer.hashicorp.com/terraform/language and its pages for each kind of block.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from analysis.terraform import tree
from analysis.terraform.values import quoted

NAME = re.compile(r"[^\W\d][\w-]*")
RESERVED = ("source", "version", "providers", "count", "for_each", "lifecycle", "depends_on", "locals")
"""Names that a variable may not have: they mean something in a `module` block."""

ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    "variable": ("type", "default", "description", "sensitive", "nullable", "ephemeral"),
    "output": ("value", "description", "sensitive", "depends_on", "ephemeral"),
    "terraform": ("required_version", "experiments", "language"),
    "lifecycle": ("create_before_destroy", "prevent_destroy", "ignore_changes", "replace_triggered_by"),
    "validation": ("condition", "error_message"),
    "precondition": ("condition", "error_message"),
    "postcondition": ("condition", "error_message"),
    "assert": ("condition", "error_message"),
    "moved": ("from", "to"),
}
"""The arguments of Terraform's own blocks."""

NEEDED: Mapping[str, tuple[str, ...]] = {
    "output": ("value",),
    "validation": ("condition", "error_message"),
    "precondition": ("condition", "error_message"),
    "postcondition": ("condition", "error_message"),
    "assert": ("condition", "error_message"),
    "moved": ("from", "to"),
    "import": ("to",),
    "removed": ("from",),
    "module": ("source",),
}
"""The arguments that each must have."""

BLOCKS: Mapping[str, tuple[str, ...]] = {
    "variable": ("validation",),
    "output": ("precondition",),
    "terraform": ("backend", "cloud", "required_providers", "provider_meta"),
    "lifecycle": ("precondition", "postcondition", "action_trigger"),
    "check": ("data", "assert"),
}
"""The blocks inside Terraform's own blocks."""

REPEATED = ("resource", "data", "module", "ephemeral")


class Fault(NamedTuple):
    """What is wrong, and at which block or argument."""

    message: str
    node: tree.Block | tree.Argument | tree.Node


def faults(block: tree.Block) -> Iterator[Fault]:
    """What is wrong with one block of a module's top level."""
    yield from _names(block)
    yield from _contents(block)
    if block.type in REPEATED:
        yield from _repetition(block)
    if block.type == "variable":
        yield from _variable(block)
    if block.type == "module":
        yield from _module_version(block)
    if block.type == "terraform":
        for inner in block.body.blocks:
            if inner.type in ("backend", "cloud"):
                yield from _constant(inner)
    for inner in block.body.blocks:
        if inner.type == "lifecycle" and block.type in REPEATED:
            yield from _contents(inner)


def _names(block: tree.Block) -> Iterator[Fault]:
    labels = block.labels if block.type in ("resource", "data", "variable", "output", "module", "ephemeral") else ()
    for label in labels:
        if not NAME.fullmatch(label):
            rule = "a name starts with a letter or `_` and has letters, digits, `_` and `-` only"
            yield Fault(f"{quoted(label)} cannot be the name of a {block.type}; {rule}", block)
    if block.type == "locals":
        for argument in block.body.arguments:
            if not NAME.fullmatch(argument.name):
                yield Fault(f"{quoted(argument.name)} cannot be the name of a local value", argument)


def _contents(block: tree.Block) -> Iterator[Fault]:
    known = ARGUMENTS.get(block.type)
    given = {argument.name for argument in block.body.arguments}
    if known is not None:
        for argument in block.body.arguments:
            if argument.name not in known:
                yield Fault(f"a {block.type} block has no argument {quoted(argument.name)}", argument)
    for name in NEEDED.get(block.type, ()):
        if name not in given:
            yield Fault(f"a {block.type} block needs the argument {quoted(name)}", block)
    kinds = BLOCKS.get(block.type)
    if kinds is None:
        return
    for inner in block.body.blocks:
        if inner.type not in kinds:
            yield Fault(f"a {block.type} block has no block {quoted(inner.type)} inside", inner)
        elif inner.type in ARGUMENTS:
            yield from _contents(inner)


def _repetition(block: tree.Block) -> Iterator[Fault]:
    given = {argument.name: argument for argument in block.body.arguments}
    if "count" in given and "for_each" in given:
        yield Fault("count and for_each exclude each other; write one of them", given["for_each"])


def _variable(block: tree.Block) -> Iterator[Fault]:
    name = block.labels[0] if block.labels else ""
    if name in RESERVED:
        yield Fault(f"a variable may not be called {quoted(name)}, which means something else in a module block", block)
    given = {argument.name: argument.expression for argument in block.body.arguments}
    nullable, default = given.get("nullable"), given.get("default")
    never_null = isinstance(nullable, tree.Literal) and nullable.value is False
    if never_null and isinstance(default, tree.Literal) and default.value is None:
        yield Fault("the default is null, but nullable = false", default)
    for rule in block.body.blocks:
        condition = next((a for a in rule.body.arguments if a.name == "condition"), None)
        if (
            rule.type == "validation"
            and condition is not None
            and ("var", name) not in references(condition.expression)
        ):
            yield Fault(f"the condition of a validation must refer to its own variable, var.{name}", condition)


def _module_version(block: tree.Block) -> Iterator[Fault]:
    given = {argument.name: argument.expression for argument in block.body.arguments}
    source = given.get("source")
    local = isinstance(source, tree.Literal) and str(source.value).startswith(("./", "../"))
    if "version" in given and local:
        yield Fault("a module in a directory of its own has no version; only one from a registry has", given["version"])


def _constant(block: tree.Block) -> Iterator[Fault]:
    for argument in block.body.arguments:
        if references(argument.expression):
            yield Fault(f"a {block.type} block takes constant values only", argument)


# --- references ----------------------------------------------------------------------------------------------------------------

Reference: TypeAlias = tuple[str, ...]


def references(node: object) -> set[Reference]:
    """The first two names of every traversal in an expression, such as ("var", "name"); those of loop variables included."""
    found: set[Reference] = set()
    waiting = [node]
    while waiting:
        item = waiting.pop()
        steps = traversal(item)
        if steps is not None:
            found.add(steps[:2])
        elif isinstance(item, tuple):
            waiting.extend(part for part in item if isinstance(part, tuple))
        if steps is None or not isinstance(item, tree.Index):
            continue
        waiting.append(item.key)
    return found


def traversal(node: object) -> Reference | None:
    """The names of a reference, from the first on and without its indices; None for anything else."""
    steps: list[str] = []
    while True:
        if isinstance(node, tree.Attribute):
            steps.append(node.name)
            node = node.target
        elif isinstance(node, tree.Index):
            node = node.target
        elif isinstance(node, tree.Name):
            return (node.name, *reversed(steps))
        else:
            return None


def depended_on(block: tree.Block) -> Iterator[tuple[Reference, tree.Node]]:
    """What `depends_on` of a block names, each with its place."""
    for argument in block.body.arguments:
        if argument.name == "depends_on" and isinstance(argument.expression, tree.TupleNode):
            for item in argument.expression.items:
                yield traversal(item) or (), item


# --- versions ------------------------------------------------------------------------------------------------------------------

CONSTRAINT = re.compile(r"\s*(=|!=|>=|<=|>|<|~>)?\s*v?(\d+(?:\.\d+){0,2})(-[\w.]+)?\s*")


def versions(constraint: str) -> list[tuple[int, int, int]]:
    """The versions that a constraint names, with zeros for what it leaves out."""
    found = (CONSTRAINT.fullmatch(part) for part in constraint.split(","))
    numbers = ([*map(int, part[2].split(".")), 0, 0] for part in found if part is not None)
    return [(major, minor, patch) for major, minor, patch, *_ in numbers]


def allows(constraint: str, version: Sequence[int]) -> bool | None:
    """Whether a constraint such as `~> 5.0, != 5.3` allows a version; None where it is no constraint.

    https://developer.hashicorp.com/terraform/language/expressions/version-constraints
    """
    allowed = True
    given = tuple(version)
    for part in constraint.split(","):
        found = CONSTRAINT.fullmatch(part)
        if found is None:
            return None
        operator, digits = found[1] or "=", tuple(map(int, found[2].split(".")))
        bound = (*digits, 0, 0)[:3]
        match operator:
            case "=":
                fits = given == bound
            case "!=":
                fits = given != bound
            case ">=":
                fits = given >= bound
            case "<=":
                fits = given <= bound
            case ">":
                fits = given > bound
            case "<":
                fits = given < bound
            case _:
                fits = given >= bound and given[: max(1, len(digits) - 1)] == digits[: max(1, len(digits) - 1)]
        allowed = allowed and fits
    return allowed
