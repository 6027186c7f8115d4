"""Templates: what stands between the quotes of a string, in a heredoc, or in a file for `templatefile`.

Escapes, `~` trimming, the dedent of `<<-` and the nesting of directives, as hclsyntax does them:
https://github.com/hashicorp/hcl/blob/main/hclsyntax/parser_template.go
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from analysis.terraform import tree
from analysis.terraform.lexer import MAX_DEPTH, Malformed, Token
from analysis.terraform.values import normal

ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)|(\$\$\{|%%\{)", re.DOTALL)
MARKER_ESCAPE = re.compile(r"\$\$\{|%%\{")


class Interpolation(NamedTuple):
    """A `${ }` or `%{ }` sequence: `kind` is `value` or the word of a directive, `names` the variables of a `for`."""

    kind: str
    node: tree.Node | None
    names: tuple[str, ...]
    trims_before: bool
    trims_after: bool
    line: int
    column: int


@dataclass(slots=True)
class Text:
    """A piece of literal text, of one line at most in a heredoc; trimming and dedenting shorten it."""

    value: str
    line: int
    column: int


Part = Text | Interpolation


def unescaped(token: Token) -> str:
    """The text that a piece of a quoted string stands for."""
    value = token.value
    if "\\" not in value and "{" not in value:
        return value

    def replacement(found: re.Match[str]) -> str:
        if found[2]:
            return found[2][1:]
        escape = found[1]
        if escape in ESCAPES:
            return ESCAPES[escape]
        if len(escape) > 1 and (code := int(escape[1:], 16)) <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF:
            return chr(code)
        raise Malformed(
            f'`\\{escape}` is no escape; strings know \\n \\r \\t \\" \\\\ \\uNNNN \\UNNNNNNNN, and a backslash itself is `\\\\`',
            token.line,
            token.column + found.start(),
        )

    return ESCAPE.sub(replacement, value)


def template(opening: Token, content: Sequence[Token | Interpolation]) -> tree.Node:
    """The node for a template; the text of `opening` says of which kind it is: `"`, `<<EOT`, `<<-EOT`, or `""` for a file."""
    is_quoted = opening.value == '"'
    parts: list[Part] = []
    for item in content:
        if isinstance(item, Interpolation):
            parts.append(item)
        else:
            value = unescaped(item) if is_quoted else MARKER_ESCAPE.sub(lambda found: found[0][1:], item.value)
            parts.append(Text(value, item.line, item.column))
    trim(parts)
    if opening.value.startswith("<<-"):
        dedent(parts)
    for part in parts:
        if isinstance(part, Text):
            part.value = normal(part.value)
    nodes = nested(merged(parts))
    if not nodes:
        return tree.Literal("", opening.line, opening.column)
    if len(nodes) == 1 and isinstance(nodes[0], tree.Literal):
        return tree.Literal(nodes[0].value, opening.line, opening.column)
    return tree.Template(nodes, opening.line, opening.column)


def trim(parts: Sequence[Part]) -> None:
    """Apply `~`: white space goes from the piece of text next to it, which in a heredoc ends with its line."""
    for index, part in enumerate(parts):
        if not isinstance(part, Interpolation):
            continue
        if part.trims_before and index and isinstance(before := parts[index - 1], Text):
            before.value = before.value.rstrip()
        if part.trims_after and index + 1 < len(parts) and isinstance(after := parts[index + 1], Text):
            after.value = after.value.lstrip()


def dedent(parts: Sequence[Part]) -> None:
    """Take the smallest indentation off every line of a `<<-` heredoc. Lines of white space only do not count."""
    smallest = None
    indented = []
    at_line_start = True
    for part in parts:
        if at_line_start:
            at_line_start = False
            if isinstance(part, Text):
                spaces = len(part.value) - len(part.value.lstrip())
                if spaces == len(part.value) and part.value.endswith("\n"):
                    at_line_start = True
                    continue
                indented.append(part)
            else:
                spaces = 0
            smallest = spaces if smallest is None else min(smallest, spaces)
        if isinstance(part, Text) and part.value.endswith("\n"):
            at_line_start = True
    for text in indented:
        text.value = text.value[smallest:]


def merged(parts: Sequence[Part]) -> list[tree.Node | Interpolation]:
    """The parts with neighbouring texts joined; an empty text stays only where it keeps an interpolation from standing alone."""
    result: list[tree.Node | Interpolation] = []
    values: list[str] = []
    place = (1, 1)
    for part in parts:
        if isinstance(part, Text):
            if not values:
                place = (part.line, part.column)
            values.append(part.value)
            continue
        if values:
            result.append(tree.Literal("".join(values), *place))
            values = []
        result.append(part)
    if values:
        result.append(tree.Literal("".join(values), *place))
    filled = [node for node in result if not (isinstance(node, tree.Literal) and node.value == "")]
    return result if len(filled) == 1 and isinstance(filled[0], Interpolation) else filled


@dataclass(slots=True)
class Directive:
    """An `if` or `for` that is still open, and the parts it has so far; after `else` these are the other branch."""

    opening: Interpolation
    parts: list[tree.Node]
    then: tuple[tree.Node, ...] | None = None


def nested(parts: Sequence[tree.Node | Interpolation]) -> tuple[tree.Node, ...]:
    """The parts as a tree: what stands between `%{ if }` and `%{ endif }` inside one node."""
    done: list[tree.Node] = []
    open_directives: list[Directive] = []
    current = done
    for part in parts:
        if not isinstance(part, Interpolation):
            current.append(part)
            continue
        kind = part.kind
        if kind == "value":
            assert part.node is not None  # noqa: S101 - the grammar demands it
            current.append(part.node)
        elif kind in ("if", "for"):
            if len(open_directives) >= MAX_DEPTH // 4:
                raise Malformed(f"directives are nested deeper than {MAX_DEPTH // 4} levels", part.line, part.column)
            open_directives.append(Directive(part, []))
            current = open_directives[-1].parts
        else:
            wanted = "for" if kind == "endfor" else "if"
            if not open_directives or open_directives[-1].opening.kind != wanted:
                raise Malformed(f"`%{{ {kind} }}` belongs to no open `%{{ {wanted} }}`", part.line, part.column)
            directive = open_directives[-1]
            if kind == "else":
                if directive.then is not None:
                    raise Malformed("an `if` has one `else` only", part.line, part.column)
                directive.then, directive.parts = tuple(directive.parts), []
                current = directive.parts
                continue
            open_directives.pop()
            current = open_directives[-1].parts if open_directives else done
            current.append(closed(directive))
    if open_directives:
        opening = open_directives[-1].opening
        raise Malformed(
            f"`%{{ {opening.kind} }}` is not closed with `%{{ end{opening.kind} }}`", opening.line, opening.column
        )
    return tuple(done)


def closed(directive: Directive) -> tree.Node:
    """The node of a directive that has been closed."""
    opening = directive.opening
    assert opening.node is not None  # noqa: S101 - the grammar demands it of `if` and `for`
    if opening.kind == "if":
        then = tuple(directive.parts) if directive.then is None else directive.then
        otherwise = () if directive.then is None else tuple(directive.parts)
        return tree.TemplateIf(opening.node, then, otherwise, opening.line, opening.column)
    key, value = opening.names if len(opening.names) == 2 else (None, opening.names[0])
    return tree.TemplateFor(key, value, opening.node, tuple(directive.parts), opening.line, opening.column)
