"""What the AWS provider knows about a resource type: the types of its arguments, which of them it computes, and its defaults.

The facts files, the first three of them made from the provider itself, version 5.100.0:

* `facts/provider_schema_5.100.0.json`: types and flags, one resource type to a line, from `terraform providers schema -json`
  (`compact` below makes it; a test makes it again and compares);
* `facts/provider_defaults_5.100.0.json`: what a plan shows for arguments that are not set. The schema does not contain these.
  A value that is an object holds the defaults inside a nested block, and counts for each such block that is there.
* `facts/provider_differences_6.25.0.json`: how the next major version differs, by its bindings; no provider of that version is
  at hand to judge it (`next_differences` below makes it);
* `facts/account.toml`: what only an AWS account can answer, with the values of an example account.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
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
NEXT_VERSION = "6.25.0"
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
def next_major() -> Mapping[str, Any]:
    """What is known of the next major version, as `next_differences` wrote it."""
    found: Mapping[str, Any] = json.loads(facts_text(f"provider_differences_{NEXT_VERSION}.json"))
    return found


def schema_for(resource_type: str, *, following: bool) -> BlockSchema | None:
    """The schema of a managed resource type in the version that plans have judged, or `following` in the next major one."""
    known = schema(resource_type)
    if not following or not resource_type.startswith("aws_"):
        return known
    if resource_type in next_major()["gone"]:
        return None
    row = next_major().get(resource_type, {})
    new = {} if resource_type in next_major()["global"] else {"region": "string?"}
    new |= row.get("new", {})
    if known is None and "new" not in row:
        return None  # of a family that the facts leave out
    kept, gone = known or BlockSchema({}, {}), row.get("gone", ())
    return BlockSchema(
        {name: value for name, value in kept.attributes.items() if name not in gone}
        | {name: _attribute(code) for name, code in new.items()},
        {name: value for name, value in kept.blocks.items() if name not in gone},
        tuple(name for name in kept.required if name not in gone),
    )


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


# --- the next major version ----------------------------------------------------------------------------------------------------

ACCESSORS = {
    "String": "string",
    "Number": "number",
    "Boolean": "bool",
    "List": "list(string)",
    "NumberList": "list(number)",
    "StringMap": "map(string)",
    "NumberMap": "map(number)",
    "BooleanMap": "map(bool)",
}
"""The types of what the accessors of HashiCorp's bindings read; what none of them reads is a nested block or object."""


def next_differences(scripts: Iterable[str]) -> str:
    """The text of the facts about the next major version, from the scripts of HashiCorp's bindings for it.

    The scripts are `lib/*/index.js` in `cdktf-cdktf-provider-aws` 21.22.1, which binds version 6.25.0 of the provider. They have
    the names of all attributes, the types of the simple ones, and which can be set, but not what a nested block contains.
    """
    rows: dict[str, dict[str, str]] = {}
    for script in scripts:
        kind = re.search(r'\.tfResourceType = "(aws_\w+)"', script)
        beginning = re.search(r"class \w+ extends cdktf\.TerraformResource \{", script)
        if kind is not None and beginning is not None and not kind[1].startswith(LEFT_OUT):
            rows[kind[1]] = _accessed(script[beginning.start() :])
    lines = []
    for name, attributes in sorted(rows.items()):
        known = schema(name)
        names = {"region"} if known is None else {"region", *known.attributes, *known.blocks}
        new = {key: code for key, code in sorted(attributes.items()) if key not in names}
        row = {"new": new, "gone": sorted(names - {"region"} - attributes.keys())}
        if row["new"] or row["gone"]:
            content = {key: value for key, value in row.items() if value}
            lines.append(f"{json.dumps(name)}:{json.dumps(content, separators=(',', ':'))}")
    everywhere = sorted(name for name, attributes in rows.items() if "region" not in attributes)
    gone = sorted(name for name in _lines() if name and name not in rows)
    about = (
        f"Attributes of {SOURCE} {NEXT_VERSION} that {VERSION} has not, and those it had, by the bindings in "
        "cdktf-cdktf-provider-aws 21.22.1 (MPL-2.0). Codes as in the schema's facts; dynamic is a nested block. "
        "Every type has an optional region, but those under global; those under gone are no more. No plan has judged any of this."
    )
    return (
        "{\n"
        f'"":{json.dumps(about)},\n"global":{json.dumps(everywhere)},\n"gone":{json.dumps(gone)},\n'
        + ",\n".join(lines)
        + "\n}\n"
    )


def _accessed(script: str) -> dict[str, str]:
    """The attributes that a resource's class reads, each with its code."""
    fixed = set(re.findall(r"// (\w+) - computed: true, optional: false", script))
    found = {name: "dynamic" + ("=" if name in fixed else "") for name in re.findall(r"// (\w+) - computed", script)}
    for before, accessor, name in re.findall(
        r"return (cdktf\.Fn\.tolist\()?this\.get(\w+)Attribute\('(\w+)'\)", script
    ):
        code = ACCESSORS.get(accessor, "dynamic")
        code = code.replace("list(", "set(") if before else code
        found[name] = code + ("=" if name in fixed else "?")
    return found
