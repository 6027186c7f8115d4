"""The syntax tree of one Terraform file: immutable, without types or values, each node with its line and column (from 1).

`Splat.each` is evaluated once per element, with `SplatItem` standing for the element. A template's parts are `Literal`s of
text, any other expression (an interpolation), `TemplateIf` and `TemplateFor`. `end_line` of a block is its closing brace.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias


class Literal(NamedTuple):
    """A number, a string without interpolation, `true`, `false` or `null`."""

    value: int | float | str | bool | None
    line: int
    column: int


class Template(NamedTuple):
    """A string with interpolations or directives. A template of one bare interpolation yields that value unconverted."""

    parts: tuple[Node, ...]
    line: int
    column: int


class TemplateIf(NamedTuple):
    """`%{ if condition }then%{ else }otherwise%{ endif }`."""

    condition: Node
    then: tuple[Node, ...]
    otherwise: tuple[Node, ...]
    line: int
    column: int


class TemplateFor(NamedTuple):
    """`%{ for key, value in collection }body%{ endfor }`; `key` is None where only one name is given."""

    key: str | None
    value: str
    collection: Node
    body: tuple[Node, ...]
    line: int
    column: int


class Name(NamedTuple):
    """The first step of a traversal: `var`, `local`, `aws_vpc`, a loop variable, or a bare keyword such as `string`."""

    name: str
    line: int
    column: int


class Attribute(NamedTuple):
    """`target.name`."""

    target: Node
    name: str
    line: int
    column: int


class Index(NamedTuple):
    """`target[key]`; `target.0` is the same with a literal key."""

    target: Node
    key: Node
    line: int
    column: int


class SplatItem(NamedTuple):
    """The element at hand inside the innermost `Splat.each`."""

    line: int
    column: int


class Splat(NamedTuple):
    """`target[*].each` or `target.*.each`."""

    target: Node
    each: Node
    line: int
    column: int


class Unary(NamedTuple):
    """`-operand` or `!operand`."""

    operator: str
    operand: Node
    line: int
    column: int


class Binary(NamedTuple):
    """`left operator right`."""

    operator: str
    left: Node
    right: Node
    line: int
    column: int


class Conditional(NamedTuple):
    """`condition ? then : otherwise`."""

    condition: Node
    then: Node
    otherwise: Node
    line: int
    column: int


class Call(NamedTuple):
    """`function(arguments)`; with `expand` the last argument was followed by `...`."""

    function: str
    arguments: tuple[Node, ...]
    expand: bool
    line: int
    column: int


class TupleNode(NamedTuple):
    """`[items]`."""

    items: tuple[Node, ...]
    line: int
    column: int


class ObjectNode(NamedTuple):
    """`{key = value}`; a bare identifier as key is a `Literal`, a dotted one a `DottedKey`, a parenthesised one an expression."""

    items: tuple[tuple[Node, Node], ...]
    line: int
    column: int


class DottedKey(NamedTuple):
    """`aws.west` as the key of an object: a provider's name in a module call's `providers`, and ambiguous everywhere else."""

    text: str
    line: int
    column: int


class ForTuple(NamedTuple):
    """`[for key, value in collection : result if condition]`."""

    key: str | None
    value: str
    collection: Node
    result: Node
    condition: Node | None
    line: int
    column: int


class ForObject(NamedTuple):
    """`{for key, value in collection : result_key => result if condition}`; `grouped` where `...` follows the result."""

    key: str | None
    value: str
    collection: Node
    result_key: Node
    result: Node
    grouped: bool
    condition: Node | None
    line: int
    column: int


Node: TypeAlias = (
    Literal
    | Template
    | TemplateIf
    | TemplateFor
    | Name
    | Attribute
    | Index
    | SplatItem
    | Splat
    | Unary
    | Binary
    | Conditional
    | Call
    | TupleNode
    | ObjectNode
    | DottedKey
    | ForTuple
    | ForObject
)


class Argument(NamedTuple):
    """`name = expression` in a body."""

    name: str
    expression: Node
    line: int
    column: int


class Block(NamedTuple):
    """`type "label" { body }`."""

    type: str
    labels: tuple[str, ...]
    body: Body
    line: int
    column: int
    end_line: int


class Body(NamedTuple):
    """What stands between the braces of a block, or in a whole file, in the order of the text."""

    arguments: tuple[Argument, ...]
    blocks: tuple[Block, ...]
