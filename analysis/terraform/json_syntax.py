"""Terraform's JSON syntax to the same tree.

https://developer.hashicorp.com/terraform/language/syntax/json

In JSON an object may be the value of an argument or the body of a block, and only the provider's schema could say which. Without
a schema: a list of objects, and an object that is not one of `MAPS`, is read as blocks, as nearly every such property of the AWS
provider is. Where the language itself decides (`locals`, `module`, `variable` and so on) it is followed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from json.decoder import scanstring  # type: ignore[attr-defined]  # the stubs lack it
from typing import Any, Final, TypeAlias

from analysis.terraform import tree
from analysis.terraform.lexer import MAX_DEPTH, Malformed
from analysis.terraform.values import ValueProblem, number, scalar_values

MAX_JSON_DEPTH: Final = MAX_DEPTH // 4


@dataclass(frozen=True, slots=True)
class Json:
    """A JSON value with its place: `content` is a scalar, a list of `Json`, or a list of (key, `Json`) where `is_object`."""

    content: Any
    is_object: bool
    line: int
    column: int


Key: TypeAlias = tuple[str, int, int]

SPACE = re.compile(r"[ \t\r\n]*")
SCALAR = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null")


class Reader:
    """JSON text with places; the standard library's reader has none."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.offset = 0
        self.line = 1
        self.line_start = 0

    def whole(self) -> Json:
        """The one value that the text holds."""
        value = self.value(0)
        self.skip()
        if self.offset < len(self.text):
            raise self.malformed("nothing may follow the value that makes up the file")
        return value

    def malformed(self, message: str) -> Malformed:
        """The error with the message, here."""
        return Malformed(message, self.line, self.offset - self.line_start + 1)

    def skip(self) -> None:
        """Go on to what is not white space."""
        found = SPACE.match(self.text, self.offset)
        end = found.end() if found else self.offset
        lines = self.text.count("\n", self.offset, end)
        if lines:
            self.line += lines
            self.line_start = self.text.rfind("\n", self.offset, end) + 1
        self.offset = end

    def character(self) -> str:
        """The next character that is not white space; empty at the end."""
        self.skip()
        return self.text[self.offset : self.offset + 1]

    def value(self, depth: int) -> Json:
        """The value that begins here."""
        if depth > MAX_JSON_DEPTH:
            raise self.malformed(f"the JSON is nested deeper than {MAX_JSON_DEPTH} levels")
        first = self.character()
        line, column = self.line, self.offset - self.line_start + 1
        if first == '"':
            return Json(self.string(), False, line, column)
        if first == "{":
            items = self.separated("}", lambda: self.item(depth))
            return Json(items, True, line, column)
        if first == "[":
            return Json(self.separated("]", lambda: self.value(depth + 1)), False, line, column)
        found = SCALAR.match(self.text, self.offset)
        if found is None:
            raise self.malformed(
                "a JSON value is missing here" if first else "the file ends in the middle of a JSON value"
            )
        if len(found[0]) > 1000:
            raise self.malformed("a number may not have more than 1000 digits")
        self.offset = found.end()
        content = json.loads(found[0], parse_float=Decimal)
        if isinstance(content, Decimal):
            try:
                content = number(content)
            except ValueProblem:
                raise self.malformed("the number is too large") from None
        return Json(content, False, line, column)

    def separated(self, closing: str, read: Callable[[], Any]) -> list[Any]:
        """What stands between two brackets, separated by commas."""
        self.offset += 1
        items: list[Any] = []
        if self.character() == closing:
            self.offset += 1
            return items
        while True:
            items.append(read())
            following = self.character()
            if following == closing:
                self.offset += 1
                return items
            if following != ",":
                raise self.malformed(f"a comma or `{closing}` is missing here")
            self.offset += 1

    def item(self, depth: int) -> tuple[Key, Json]:
        """One property of an object."""
        if self.character() != '"':
            raise self.malformed("the name of a property must stand in double quotes")
        line, column = self.line, self.offset - self.line_start + 1
        name = self.string()
        if self.character() != ":":
            raise self.malformed("a colon is missing after the name of the property")
        self.offset += 1
        return (name, line, column), self.value(depth + 1)

    def string(self) -> str:
        """The string that begins here."""
        try:
            text, self.offset = scanstring(self.text, self.offset + 1, True)
        except json.JSONDecodeError as error:
            raise self.malformed(f"this string is not valid JSON: {error.msg[0].lower()}{error.msg[1:]}") from None
        return scalar_values(text)


# --- JSON to the tree ----------------------------------------------------------------------------------------------------------

LABELS: Final = {
    "": {"resource": 2, "data": 2, "ephemeral": 2, "provider": 1, "variable": 1, "output": 1, "module": 1, "check": 1},
    "check": {"data": 2},
    "terraform": {"backend": 1, "provider_meta": 1},
}
"""How many labels a block has, by the type of the block around it; everywhere else `NESTED_LABELS` counts."""

NESTED_LABELS: Final = {"dynamic": 1, "provisioner": 1}

TOP_LEVEL: Final = frozenset(
    (
        "resource",
        "data",
        "ephemeral",
        "provider",
        "variable",
        "output",
        "module",
        "locals",
        "terraform",
        "moved",
        "import",
        "removed",
        "check",
    )
)

BLOCKS: Final = {
    "locals": frozenset[str](),
    "module": frozenset[str](),
    "output": frozenset({"precondition"}),
    "variable": frozenset({"validation"}),
    "terraform": frozenset({"backend", "cloud", "required_providers", "provider_meta"}),
    "required_providers": frozenset[str](),
    "moved": frozenset[str](),
    "removed": frozenset({"lifecycle", "provisioner"}),
    "lifecycle": frozenset({"precondition", "postcondition"}),
    "dynamic": frozenset({"content"}),
}
"""The properties that are blocks, where the language says so by the type of the block around them."""

MAPS: Final = frozenset(
    (
        "tags",
        "tags_all",
        "variables",
        "triggers",
        "triggers_replace",
        "keepers",
        "input",
        "providers",
        "volume_tags",
        "parameters",
        "metadata",
        "labels",
        "stage_variables",
        "request_parameters",
        "request_templates",
        "response_parameters",
        "response_templates",
        "request_models",
        "response_models",
        "log_options",
        "options",
        "driver_opts",
        "default_arguments",
        "connection_properties",
        "environment_variables",
    )
)
"""Arguments of the AWS provider (and of terraform_data, random and null) whose value is a map."""

REFERENCES: Final = frozenset(
    {
        "depends_on",
        "provider",
        "providers",
        "ignore_changes",
        "replace_triggered_by",
        "from",
        "to",
        "iterator",
        "parent",
    }
)
"""Arguments of the language in which a string is the text of a reference, not a template."""

PLAIN: Final = {"module": {"source", "version"}, "variable": {"description"}, "output": {"description"}}
"""Arguments in which a string is neither: no `${` counts in it."""

ParseText: TypeAlias = Callable[[str, int, int], tree.Node]


@dataclass(slots=True)
class Converter:
    """JSON values to nodes; `template` and `expression` parse the text of a string that stands at a line and column."""

    template: ParseText
    expression: ParseText

    def body(self, value: Json, inside: str) -> tree.Body:
        """The body of a block of type `inside`; empty for the whole file."""
        arguments: dict[str, tree.Argument] = {}
        blocks: list[tree.Block] = []
        if not value.is_object:
            raise Malformed("an object is required here", value.line, value.column)
        for (name, line, column), item in value.content:
            if name == "//":
                continue
            if inside == "" and name not in TOP_LEVEL:
                raise Malformed(f"`{name}` is no block of Terraform's", line, column)
            if self.is_block(name, item, inside):
                labels = LABELS.get(inside, NESTED_LABELS).get(name, 0)
                blocks.extend(self.blocks((name, line, column), (), labels, item))
            elif name in arguments:
                first = arguments[name].line
                raise Malformed(f"the argument `{name}` is already set on line {first}", line, column)
            else:
                arguments[name] = tree.Argument(name, self.argument(name, item, inside), line, column)
        return tree.Body(tuple(arguments.values()), tuple(blocks))

    def is_block(self, name: str, value: Json, inside: str) -> bool:
        """Whether a property stands for blocks, not for an argument."""
        if inside == "":
            return True
        if inside in BLOCKS:
            return name in BLOCKS[inside]
        if name in MAPS or name in REFERENCES:
            return False
        if value.is_object:
            return True
        return isinstance(value.content, list) and bool(value.content) and all(item.is_object for item in value.content)

    def blocks(self, key: Key, labels: tuple[str, ...], missing: int, value: Json) -> list[tree.Block]:
        """The blocks that a property stands for: labels are nested keys, several blocks a list."""
        name, line, column = key
        if not value.is_object:
            if not isinstance(value.content, list):
                if value.content is None:
                    return []
                raise Malformed(f"`{name}` must be an object, or a list of objects", value.line, value.column)
            return [block for item in value.content for block in self.blocks(key, labels, missing, item)]
        if missing:
            return [
                block
                for (label, at, place), item in value.content
                if label != "//"
                for block in self.blocks((name, at, place), (*labels, label), missing - 1, item)
            ]
        return [tree.Block(name, labels, self.body(value, name), line, column, last_line(value))]

    def argument(self, name: str, value: Json, inside: str) -> tree.Node:
        """The value of an argument."""
        if name in REFERENCES or (name == "type" and inside == "variable"):
            return self.references(value)
        if name in PLAIN.get(inside, ()) and isinstance(value.content, str):
            return tree.Literal(value.content, value.line, value.column)
        return self.node(value)

    def references(self, value: Json) -> tree.Node:
        """A value in which strings are references."""
        if isinstance(value.content, str):
            text = value.content
            if text.startswith("${") and text.endswith("}"):
                return self.template(text, value.line, value.column + 1)
            return self.expression(text, value.line, value.column + 1)
        return self.compound(value, self.references)

    def node(self, value: Json) -> tree.Node:
        """A value in which strings are templates."""
        if isinstance(value.content, str):
            return self.text(value.content, value.line, value.column)
        return self.compound(value, self.node)

    def compound(self, value: Json, part: Callable[[Json], tree.Node]) -> tree.Node:
        """An object or a list of parts, or a scalar."""
        if value.is_object:
            items = tuple((self.text(*key), part(item)) for key, item in value.content)
            return tree.ObjectNode(items, value.line, value.column)
        if isinstance(value.content, list):
            return tree.TupleNode(tuple(part(item) for item in value.content), value.line, value.column)
        return tree.Literal(value.content, value.line, value.column)

    def text(self, text: str, line: int, column: int) -> tree.Node:
        """A string: a template if anything in it says so."""
        if "${" in text or "%{" in text:
            return self.template(text, line, column + 1)
        return tree.Literal(text, line, column)


def last_line(value: Json) -> int:
    """The last line that is known of a value."""
    if isinstance(value.content, list) and value.content:
        last = value.content[-1]
        return last_line(last[1] if value.is_object else last)
    return value.line


def parse_json(text: str, file: str, template: ParseText, expression: ParseText) -> tree.Body:
    """The tree of a `.tf.json` file, or of a `.tfvars.json` file, in which all are arguments. Raises `Malformed`.

    `template` and `expression` raise it too. In a text inside a JSON string, lines and columns count from the string's opening.
    """
    value = Reader(text).whole()
    converter = Converter(template, expression)
    if file.endswith(".tfvars.json"):
        if not value.is_object:
            raise Malformed("an object is required here", value.line, value.column)
        return tree.Body(
            tuple(tree.Argument(name, literal(item), line, column) for (name, line, column), item in value.content), ()
        )
    if not value.is_object and isinstance(value.content, list):
        bodies = [converter.body(item, "") for item in value.content]
        return tree.Body((), tuple(block for body in bodies for block in body.blocks))
    return converter.body(value, "")


def literal(value: Json) -> tree.Node:
    """A value of a variable: no string in it is a template."""
    if value.is_object:
        items = tuple((tree.Literal(*key), literal(item)) for key, item in value.content)
        return tree.ObjectNode(items, value.line, value.column)
    if isinstance(value.content, list):
        return tree.TupleNode(tuple(literal(item) for item in value.content), value.line, value.column)
    return tree.Literal(value.content, value.line, value.column)
