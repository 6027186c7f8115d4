"""The values of a stack's root variables, from everywhere Terraform takes them, in its precedence.

TF_VAR_ variables of the environment; `terraform.tfvars`; `terraform.tfvars.json`; `*.auto.tfvars` and `*.auto.tfvars.json` in
lexical order; then what the caller gives: files first, single values last. Each overrides those before it.
https://developer.hashicorp.com/terraform/language/values/variables#variable-definition-precedence
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from analysis.architecture import Unknown, Value
from analysis.files import toml_entries
from analysis.terraform import tree
from analysis.terraform.cache import parsed
from analysis.terraform.evaluate import EvaluationError
from analysis.terraform.modules import ModuleInstance
from analysis.terraform.sources import InputError, not_a_file, problem, read_text
from analysis.terraform.stack import DEFAULT_REGION, Stack, argument_of
from analysis.terraform.values import (
    Collection,
    ObjectType,
    Primitive,
    TupleType,
    Type,
    ValueProblem,
    from_python,
    quoted,
)


def supplied_data(stack: Stack, data_files: Sequence[Path]) -> dict[str, dict[str, Value]]:
    """The values of data sources from `gameday.toml` beside the stack and from the given files, by address without `data.`.

    A file holds one table for each data source: `[data."aws_subnets.private"]`, with its attributes. Raises `InputError` for a
    file that cannot be read.
    """
    found: dict[str, dict[str, Value]] = {}
    beside = stack.root / DATA_FILE
    for path in (*((beside,) if beside.is_file() else ()), *data_files):
        shown = path.name if path == beside else str(path)
        try:
            tables = toml_entries(read_text(path, shown)).get("data", {})
        except (ValueError, RecursionError) as error:
            raise problem(shown, f"this is not valid TOML: {error}") from None
        if not isinstance(tables, dict) or not all(isinstance(row, dict) for row in tables.values()):
            raise problem(
                shown, 'values of data sources stand in tables: [data."aws_subnets.private"], then ids = ["..."]'
            )
        for address, row in tables.items():
            found.setdefault(address.removeprefix("data."), {}).update({key: from_python(row[key]) for key in row})
            stack.data_places[address.removeprefix("data.")] = shown
    return found


WIDEST_STAND_IN = 60
"""Characters of a placeholder in the sentence about it."""

DATA_FILE = "gameday.toml"
"""The file beside a stack in which data sources may be given values: `[data."aws_subnets.private"]`."""

AUTOMATIC = (".auto.tfvars", ".auto.tfvars.json")


def tfvars_files(directory: Path) -> list[Path]:
    """The files of values that Terraform reads unasked, in its order."""
    named = [directory / name for name in ("terraform.tfvars", "terraform.tfvars.json")]
    automatic = sorted(path for path in directory.iterdir() if path.name.endswith(AUTOMATIC))
    return [path for path in (*named, *automatic) if path.is_symlink() or (path.exists() and not path.is_dir())]


def root_inputs(
    stack: Stack,
    root: ModuleInstance,
    variables: Mapping[str, object],
    var_files: Sequence[Path],
    environ: Mapping[str, str],
) -> dict[str, Value]:
    """The value of each root variable for which there is one. Raises `InputError` for a file that is asked for and missing."""
    values: dict[str, Value] = {}
    declared = root.config.variables
    for name in declared:
        text = environ.get(f"TF_VAR_{name}")
        if text is not None:
            values[name] = spelled(stack, root, name, text, f"TF_VAR_{name}")
    for path in (*tfvars_files(stack.root), *var_files):
        if path.exists() and not path.is_dir() and not path.is_file():
            raise InputError((not_a_file(path.name),))
        if not path.is_file():
            raise problem(str(path), "the file of variable values does not exist")
        values.update(file_values(stack, root, path))
    for name, value in variables.items():
        if name not in declared:
            stack.report(
                f"a value is given for the variable {quoted(name)}, which is not declared",
                f"--var {name}",
                None,
                near=(name, declared),
            )
            continue
        try:
            given = from_python(value)
        except ValueProblem as error:
            stack.report(str(error), f"--var {name}", None)
            continue
        values[name] = spelled(stack, root, name, given, f"--var {name}") if isinstance(given, str) else given
    return values


def placeholders(stack: Stack, root: ModuleInstance, values: Mapping[str, Value]) -> dict[str, Value]:
    """A stand-in of its type for each root variable that has neither a value nor a default, with a warning that says so."""
    made: dict[str, Value] = {}
    provider = root.config.providers.get("aws")
    region = argument_of(provider.block, "region") if provider is not None else None
    for name, placed in root.config.variables.items():
        if name in values or argument_of(placed.block, "default") is not None:
            continue
        match region:
            case tree.Argument(expression=tree.Attribute(tree.Name("var"), read)) if read == name:
                made[name] = DEFAULT_REGION  # any other text would be a region without prices
            case _:
                made[name] = _allowed(placed.block, name) or placeholder(root.variable_type(name), name)
        message = f"the variable {quoted(name)} has no value; {to_text(made[name])} stands in for it"
        stack.report(message, placed.file, placed.block, "warning", address=f"var.{name}")
    return made


def _allowed(block: tree.Block, name: str) -> str | None:
    """The first text that a validation lists as allowed: `contains(["dev", "prod"], var.name)`."""
    for rule in block.body.blocks:
        condition = argument_of(rule, "condition") if rule.type == "validation" else None
        match condition and condition.expression:
            case tree.Call(
                "contains", (tree.TupleNode((tree.Literal(str(first)), *_)), tree.Attribute(tree.Name("var"), read))
            ) if read == name:
                return first
    return None


def placeholder(kind: Type, name: str) -> Value:
    """A value of a type: the variable's own name for a text, 1, false, and one element for a collection."""
    match kind:
        case Primitive("number"):
            return 1
        case Primitive("bool"):
            return False
        case Collection("map", element):
            return {name: placeholder(element, name)}
        case Collection(_, element):
            return (placeholder(element, name),)
        case TupleType(elements):
            return tuple(placeholder(element, name) for element in elements)
        case ObjectType(members):
            return {
                key: placeholder(member.type, f"{name}.{key}") for key, member in members.items() if not member.optional
            }
        case _:
            return name


def to_text(value: Value) -> str:
    """A value as it is written in JSON, short enough for a sentence."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= WIDEST_STAND_IN else f"{text[: WIDEST_STAND_IN - 1]}…"


def file_values(stack: Stack, root: ModuleInstance, path: Path) -> dict[str, Value]:
    """The values that one tfvars file gives."""
    shown = path.name if path.parent.resolve() == stack.root else str(path)
    body, diagnostics = parsed(path, shown, stack.cache)
    for diagnostic in diagnostics:
        stack.diagnostics.setdefault(diagnostic)
    values: dict[str, Value] = {}
    for argument in body.arguments:
        if argument.name not in root.config.variables:
            stack.report(
                f"{quoted(argument.name)} is no variable of this stack",
                shown,
                argument,
                "warning",
                near=(argument.name, root.config.variables),
            )
            continue
        values[argument.name] = constant(stack, root, argument.name, argument.expression, shown)
    for block in body.blocks:
        stack.report("a file of values holds arguments only, no blocks", shown, block)
    return values


def constant(stack: Stack, root: ModuleInstance, name: str, node: tree.Node, shown: str) -> Value:
    """The value of a constant expression; an error is reported and gives an unknown value."""
    try:
        return root.constant(node)
    except EvaluationError as error:
        stack.report(error.message, shown, error.node)
        return Unknown(f"var.{name}")


def spelled(stack: Stack, root: ModuleInstance, name: str, text: str, shown: str) -> Value:
    """The value that a text from outside spells: the text itself without a type or for a primitive one, else an expression."""
    kind = root.variable_type(name)
    untyped = argument_of(root.config.variables[name].block, "type") is None
    if untyped or (isinstance(kind, Primitive) and not kind.dynamic):
        return text
    from analysis.terraform.syntax import parse_expression  # noqa: PLC0415 - the parser loads slowly and is seldom needed

    node, diagnostics = parse_expression(text, shown)
    for diagnostic in diagnostics:
        stack.diagnostics.setdefault(diagnostic)
    found: Any = Unknown(f"var.{name}") if node is None else constant(stack, root, name, node, shown)
    return found
