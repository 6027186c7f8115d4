"""What the AWS provider knows about a resource type: the types of its arguments, which of them it computes, and its defaults.

Three facts files, all made from the provider itself, version 5.100.0:

* `facts/provider_schema_5.100.0.json`: types and flags, one resource type to a line, from `terraform providers schema -json`
  (`compact` below makes it; a test makes it again and compares);
* `facts/provider_defaults_5.100.0.json`: what a plan shows for arguments that are not set. The schema does not contain these.
  A value that is an object holds the defaults inside a nested block, and counts for each such block that is there.
* `facts/account.toml`: what only an AWS account can answer, with the values of an example account.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from analysis.architecture import Value
from analysis.terraform.values import (
    ANY,
    BOOL,
    NUMBER,
    STRING,
    Collection,
    Member,
    ObjectType,
    Type,
    from_python,
)

VERSION = "5.100.0"
NEXT_MAJOR = (6, 0, 0)
SOURCE = "registry.terraform.io/hashicorp/aws"


@dataclass(frozen=True, slots=True)
class AttributeSchema:
    """An argument or attribute: its type, and who sets it."""

    type: Type
    required: bool
    optional: bool
    computed: bool
    sensitive: bool = False


@dataclass(frozen=True, slots=True)
class NestedBlock:
    """A kind of nested block: `mode` is `list`, `set` or `single`, `limit` the most there may be (0: any number)."""

    mode: str
    limit: int
    body: BlockSchema


@dataclass(frozen=True, slots=True)
class BlockSchema:
    """The attributes and nested blocks that a body may have, and the names of those attributes that it must."""

    attributes: Mapping[str, AttributeSchema]
    blocks: Mapping[str, NestedBlock]
    required: tuple[str, ...] = ()


def facts_text(name: str) -> str:
    """The text of a file in `analysis/facts`."""
    return (files("analysis") / "facts" / name).read_text(encoding="utf-8")


@cache
def account() -> Mapping[str, Any]:
    """The facts about the account: `account_id`, `partition`, `user_id`, `zones` and `regions` (both by name)."""
    return tomllib.loads(facts_text("account.toml"))


@cache
def defaults() -> Mapping[str, Mapping[str, Value]]:
    """The provider's defaults by resource type."""
    return {
        name: values
        for name, row in json.loads(facts_text(f"provider_defaults_{VERSION}.json")).items()
        if isinstance(values := from_python(row), dict)
    }


@cache
def _lines() -> Mapping[str, str]:
    """One line of JSON per resource type, unparsed: a stack uses a few dozen of fifteen hundred."""
    lines = {}
    for line in facts_text(f"provider_schema_{VERSION}.json").splitlines():
        if line.startswith('"'):
            name, _, row = line.partition(":")
            lines[name.strip('"')] = row.rstrip(",")
    return lines


BUILT_IN = {
    # https://developer.hashicorp.com/terraform/language/resources/terraform-data
    "terraform_data": '{"body":{"id":"string=","input":"dynamic","output":"dynamic=","triggers_replace":"dynamic"}}'
}
"""The resource types that are Terraform's own, in the form of the facts."""


@cache
def schema(resource_type: str) -> BlockSchema | None:
    """The schema of a managed resource type, or None where the provider has no such type."""
    line = _lines().get(resource_type) or BUILT_IN.get(resource_type)
    if line is None:
        return None
    row = json.loads(line)
    return _block(row["body"], row.get("shared", []), {})


def _block(row: Any, shared: list[Any], done: dict[int, BlockSchema]) -> BlockSchema:
    if isinstance(row, int):
        if row not in done:
            done[row] = _block(shared[row], shared, done)
        return done[row]
    attributes: dict[str, AttributeSchema] = {}
    blocks: dict[str, NestedBlock] = {}
    for name, entry in row.items():
        if isinstance(entry, str):
            attributes[name] = _attribute(entry)
        else:
            mode, limit, body = entry
            blocks[name] = NestedBlock(mode, limit, _block(body, shared, done))
    required = tuple(name for name, attribute in attributes.items() if attribute.required)
    return BlockSchema(attributes, blocks, required)


@cache
def _attribute(code: str) -> AttributeSchema:
    sensitive = code.endswith("*")
    code = code.removesuffix("*")
    flag = code[-1] if code[-1] in "!?=" else ""
    return AttributeSchema(
        parse_type(code.removesuffix(flag)), flag == "!", flag in ("", "?"), flag in ("?", "="), sensitive
    )


TOKEN = re.compile(r"[a-z_A-Z0-9]+|[(){}:,]")


def parse_type(text: str) -> Type:
    """The type that `write_type` wrote."""
    tokens = TOKEN.findall(text)
    position = 0

    def parse() -> Type:
        nonlocal position
        word = tokens[position]
        position += 1
        if word in ("list", "set", "map"):
            position += 1
            element = parse()
            position += 1
            return Collection(word, element)
        if word == "{":
            members = {}
            while tokens[position] != "}":
                name = tokens[position]
                position += 2
                members[name] = Member(parse(), optional=True)
                if tokens[position] == ",":
                    position += 1
            position += 1
            return ObjectType(members)
        return {"string": STRING, "number": NUMBER, "bool": BOOL}.get(word, ANY)

    return parse()


# --- making the facts ----------------------------------------------------------------------------------------------------------

LEFT_OUT = ("aws_quicksight_", "aws_lexv2models_")
"""Families whose schema is as large as that of all the others together, and whose resources carry no load of the four systems."""


def compact(providers_schema: Mapping[str, Any]) -> str:
    """The text of the schema facts, from what `terraform providers schema -json` prints."""
    schemas = providers_schema["provider_schemas"][SOURCE]["resource_schemas"]
    lines = [
        f"{json.dumps(name)}:{json.dumps(_compact_type(row['block']), separators=(',', ':'), sort_keys=True)}"
        for name, row in sorted(schemas.items())
        if not name.startswith(LEFT_OUT)
    ]
    about = (
        f"Types of the arguments of the resource types of {SOURCE} {VERSION}, from `terraform providers schema -json`. "
        "! required, ? optional and computed, = computed, else optional; * sensitive. "
        "A nested block is [nesting, most, body]; a body that is a number stands in shared."
    )
    return "{\n" + f'"":{json.dumps(about)},\n' + ",\n".join(lines) + "\n}\n"


def _compact_type(block: Mapping[str, Any]) -> dict[str, Any]:
    shared: list[Any] = []
    numbers: dict[str, int] = {}

    def body(rows: Mapping[str, Any]) -> dict[str, Any]:
        result: dict[str, Any] = {name: _code(row) for name, row in rows.get("attributes", {}).items()}
        for name, row in rows.get("block_types", {}).items():
            inner = body(row["block"])
            text = json.dumps(inner, sort_keys=True)
            kept: Any = inner
            if len(text) > 200:  # worth a number of its own
                if text not in numbers:
                    numbers[text] = len(shared)
                    shared.append(inner)
                kept = numbers[text]
            result[name] = [row["nesting_mode"], row.get("max_items", 0), kept]
        return result

    whole = body(block)
    return {"body": whole, "shared": shared} if shared else {"body": whole}


def _code(row: Mapping[str, Any]) -> str:
    flag = "!" if row.get("required") else "" if not row.get("computed") else "?" if row.get("optional") else "="
    return write_type(row["type"]) + flag + ("*" if row.get("sensitive") else "")


def write_type(wire: Any) -> str:
    """A type in words, from its form in Terraform's JSON: `["list", "string"]` is `list(string)`."""
    if isinstance(wire, str):
        return wire
    kind, of = wire
    if kind == "object":
        return "{" + ",".join(f"{name}:{write_type(member)}" for name, member in sorted(of.items())) + "}"
    return f"{kind}({write_type(of)})"
