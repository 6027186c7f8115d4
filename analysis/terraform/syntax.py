"""Terraform text to a syntax tree, and the mistakes in it as diagnostics. Nothing raises, whatever the text.

The grammar is python-hcl2's, its parser lark's; the tokens are `analysis.terraform.lexer`'s, and the rules below build
`analysis.terraform.tree` while the parser reduces, so that neither a token list of lark's nor a raw tree is ever held. Measured
against `hcl2.parses_to_tree` on the same text in `benchmarks/bench_syntax.py`.
"""

from __future__ import annotations

import functools
import re
import threading
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from lark import Lark
from lark.exceptions import UnexpectedInput

from analysis.architecture import Diagnostic, Location
from analysis.files import MAX_BYTES
from analysis.terraform import json_syntax, tree
from analysis.terraform.lexer import OPERAND_ENDS, Lexer, Malformed, Token
from analysis.terraform.private import VERSION, Parsed, no_collection, private_directory
from analysis.terraform.templates import Interpolation, template
from analysis.terraform.values import MAX_DIGITS, ValueProblem, normal, number

MAX_ERRORS: Final = 20
"""After an error the block it is in is skipped and the file is read once more; so often, at most."""

MAX_CHARACTERS_REREAD: Final = 200_000
"""The longest text that is read once more after an error; the time for a broken file is bounded by the two limits."""

EMPTY: Final = tree.Body((), ())


# --- what the grammar's rules become -------------------------------------------------------------------------------------------


class _Rules:
    """One method per rule of python-hcl2's grammar, called with what its parts have become."""

    def __init__(self) -> None:
        self.problems: list[Malformed] = []
        self.parenthesised: tree.Node | None = None
        self.full_splats: dict[int, tree.Node] = {}  # by identity: equal nodes may stand in other places
        self.attribute_splats: dict[int, tree.Node] = {}

    def __getattr__(self, name: str) -> Any:
        if name in RENAMED:
            return getattr(self, RENAMED[name])
        raise AttributeError(name)

    def forget(self) -> None:
        """Be ready for another text."""
        self.problems, self.parenthesised, self.full_splats, self.attribute_splats = [], None, {}, {}

    def new_line_or_comment(self, children: list[Any]) -> Token:
        return children[0]  # type: ignore[no-any-return]

    def start(self, children: list[Any]) -> tree.Body:
        return children[0]  # type: ignore[no-any-return]

    def body(self, children: list[Any]) -> tree.Body:
        arguments: dict[str, tree.Argument] = {}
        blocks = []
        for child in children:
            if isinstance(child, tree.Block):
                blocks.append(child)
            elif child.name in arguments:
                first = arguments[child.name].line
                self.problems.append(
                    Malformed(f"the argument `{child.name}` is already set on line {first}", child.line, child.column)
                )
            else:
                arguments[child.name] = child
        return tree.Body(tuple(arguments.values()), tuple(blocks))

    def attribute(self, children: list[Any]) -> tree.Argument:
        name = children[0]
        return tree.Argument(name.name, children[2], name.line, name.column)

    def block(self, children: list[Any]) -> tree.Block:
        kind, *labels, _, body, brace = children
        for label in labels:
            if isinstance(label, tree.Template):
                raise Malformed("a label of a block is plain text, without interpolation", label.line, label.column)
        texts = tuple(label.name if isinstance(label, tree.Name) else label.value for label in labels)
        return tree.Block(kind.name, texts, body, kind.line, kind.column, brace.line)

    def identifier(self, children: list[Any]) -> tree.Name:
        token = children[0]
        return tree.Name(token.value, token.line, token.column)

    def keyword(self, children: list[Any]) -> tree.Node:
        token = children[0]
        raise Malformed(
            "`for` begins a for expression here; as a key it must stand in quotes", token.line, token.column
        )

    def literal_value(self, children: list[Any]) -> tree.Literal:
        token = children[0]
        return tree.Literal(LITERALS[token.value], token.line, token.column)

    def int_lit(self, children: list[Any]) -> tree.Literal:
        token = children[0]
        if len(token.value) > MAX_DIGITS:
            raise Malformed(f"a number may not have more than {MAX_DIGITS} digits", token.line, token.column)
        return tree.Literal(number(int(token.value)), token.line, token.column)

    def float_lit(self, children: list[Any]) -> tree.Literal:
        token = children[0]
        try:
            return tree.Literal(number(Decimal(token.value)), token.line, token.column)
        except InvalidOperation:
            raise Malformed(f"the number `{token.value[:20]}` is too large", token.line, token.column) from None
        except ValueProblem as problem:
            raise Malformed(str(problem), token.line, token.column) from None

    def string(self, children: list[Any]) -> tree.Node:
        return template(children[0], children[1:-1])

    def template_string(self, children: list[Any]) -> tree.Literal:
        token = children[0]
        return tree.Literal(token.value[1:-1], token.line, token.column)

    def string_part(self, children: list[Any]) -> Token | Interpolation:
        return children[0]  # type: ignore[no-any-return]

    def interpolation(self, children: list[Any]) -> Interpolation:
        opening, node, closing = children
        return sequence("value", opening, closing, node)

    def template_if_start(self, children: list[Any]) -> Interpolation:
        opening, _, node, closing = children
        return sequence("if", opening, closing, node)

    def template_for_start(self, children: list[Any]) -> Interpolation:
        names = tuple(child.name for child in children[2:-3] if isinstance(child, tree.Name))
        return sequence("for", children[0], children[-1], children[-2], names)

    def template_else(self, children: list[Any]) -> Interpolation:
        return sequence("else", children[0], children[-1])

    def template_endif(self, children: list[Any]) -> Interpolation:
        return sequence("endif", children[0], children[-1])

    def template_endfor(self, children: list[Any]) -> Interpolation:
        return sequence("endfor", children[0], children[-1])

    def conditional(self, children: list[Any]) -> tree.Conditional:
        condition, then, otherwise = [child for child in children if type(child) is not Token]
        return tree.Conditional(condition, then, otherwise, condition.line, condition.column)

    def binary_operator(self, children: list[Any]) -> Token:
        return children[0]  # type: ignore[no-any-return]

    def binary_term(self, children: list[Any]) -> tuple[Token, tree.Node]:
        return children[0], children[-1]

    def binary_op(self, children: list[Any]) -> tree.Binary:
        left = children[0]
        operator, right = children[1]
        return tree.Binary(operator.value, left, right, left.line, left.column)

    def unary_op(self, children: list[Any]) -> tree.Node:
        signs: Token
        signs, node = children
        for sign in reversed(signs.value):
            node = tree.Unary(sign, node, signs.line, signs.column)
        return node  # type: ignore[no-any-return]

    def expr_term(self, children: list[Any]) -> tree.Node:
        if len(children) == 1:
            return children[0]  # type: ignore[no-any-return]
        node = children[1]
        self.parenthesised = node  # as the key of an object it then means something else: see `object_elem_key`
        self.full_splats.pop(id(node), None)
        return node  # type: ignore[no-any-return]

    def tuple_cons(self, children: list[Any]) -> tree.TupleNode:
        opening = children[0]
        return tree.TupleNode(nodes(children), opening.line, opening.column)

    def object_cons(self, children: list[Any]) -> tree.ObjectNode:
        opening = children[0]
        items = [child for child in children if type(child) is tuple]
        return tree.ObjectNode(tuple(items), opening.line, opening.column)

    def object_elem(self, children: list[Any]) -> tuple[tree.Node, tree.Node]:
        return children[0], children[-1]

    def object_elem_key(self, children: list[Any]) -> tree.Node:
        key: tree.Node = children[0]
        if self.parenthesised is key:
            return key
        if type(key) is tree.Name:
            return tree.Literal(normal(key.name), key.line, key.column)
        if type(key) is tree.Literal and (key.value is None or key.value is True or key.value is False):
            return tree.Literal(WORDS[key.value], key.line, key.column)
        if type(key) is tree.Attribute and (text := dotted_name(key)):
            return tree.DottedKey(text, key.line, key.column)
        return key

    def function_call(self, children: list[Any]) -> tree.Call:
        name = children[0]
        names = [child.name for child in children if type(child) is tree.Name]
        arguments: Sequence[Any] = ()
        if type(children[-2]) is tuple:
            arguments = children[-2]
        expand = bool(arguments) and type(arguments[-1]) is Token
        return tree.Call(
            "::".join(names), tuple(arguments[:-1] if expand else arguments), expand, name.line, name.column
        )

    def arguments(self, children: list[Any]) -> tuple[Any, ...]:
        return tuple(child for child in children if type(child) is not Token or child.type == "ELLIPSIS")

    def braces_index(self, children: list[Any]) -> tuple[tree.Node, Token]:
        return children[1], children[0]

    def short_index(self, children: list[Any]) -> tuple[tree.Node, Token]:
        dot, digits = children
        return tree.Literal(int(digits.value), digits.line, digits.column), dot

    def get_attr(self, children: list[Any]) -> tuple[tree.Name, Token]:
        return children[1], children[0]

    def index_expr_term(self, children: list[Any]) -> tree.Node:
        return step(children[0], children[1])

    def get_attr_expr_term(self, children: list[Any]) -> tree.Node:
        return step(children[0], children[1])

    def attr_splat(self, children: list[Any]) -> list[Any]:
        return children

    def full_splat(self, children: list[Any]) -> list[Any]:
        return children

    def attr_splat_expr_term(self, children: list[Any]) -> tree.Node:
        """`.*` goes through attributes only: an index in brackets ends it and applies to the list that it makes."""
        target, (star, *steps) = children
        if id(target) in self.attribute_splats:
            raise Malformed("`.*` cannot stand inside another `.*`; write `[*]`", star.line, star.column)

        def splat(target: tree.Node) -> tree.Node:
            inside: tree.Node = tree.SplatItem(star.line, star.column)
            count = 0
            while count < len(steps) and steps[count][1].type == "DOT":
                inside = step(inside, steps[count])
                count += 1
            node: tree.Node = tree.Splat(target, inside, target.line, target.column)
            return functools.reduce(step, steps[count:], node)

        result = self.within(target, splat)
        if all(step[1].type == "DOT" for step in steps):
            self.attribute_splats[id(result)] = result
        return result

    def full_splat_expr_term(self, children: list[Any]) -> tree.Node:
        """`[*]` goes through all that follows it, further splats included."""
        target, (star, *steps) = children
        item: tree.Node = tree.SplatItem(star.line, star.column)
        each = functools.reduce(step, steps, item)

        def splat(target: tree.Node) -> tree.Node:
            node = tree.Splat(target, each, target.line, target.column)
            self.full_splats[id(node)] = node
            return node

        return self.within(target, splat)

    def within(self, target: tree.Node, splat: Callable[[tree.Node], tree.Node]) -> tree.Node:
        """The splat of `target`; where that ends in a `[*]`, which the grammar nests to the left, inside of it."""
        if not (isinstance(target, tree.Splat) and id(target) in self.full_splats):
            return splat(target)
        node = tree.Splat(target.target, self.within(target.each, splat), target.line, target.column)
        self.full_splats[id(node)] = node
        return node

    def for_intro(self, children: list[Any]) -> tuple[str | None, str, tree.Node]:
        names = [child.name for child in children[:-3] if type(child) is tree.Name]
        key, value = names if len(names) == 2 else (None, names[0])
        return key, value, children[-2]

    def for_cond(self, children: list[Any]) -> tree.Node:
        return children[-1]  # type: ignore[no-any-return]

    def for_tuple_expr(self, children: list[Any]) -> tree.ForTuple:
        opening = children[0]
        (key, value, collection), result, *condition = [child for child in children if type(child) is not Token]
        return tree.ForTuple(
            key, value, collection, result, condition[0] if condition else None, opening.line, opening.column
        )

    def for_object_expr(self, children: list[Any]) -> tree.ForObject:
        opening = children[0]
        grouped = any(type(child) is Token and child.type == "ELLIPSIS" for child in children)
        (key, value, collection), result_key, result, *condition = [
            child for child in children if type(child) is not Token
        ]
        return tree.ForObject(
            key,
            value,
            collection,
            result_key,
            result,
            grouped,
            condition[0] if condition else None,
            opening.line,
            opening.column,
        )


RENAMED: Final = {"tuple": "tuple_cons", "object": "object_cons"}
LITERALS: Final = {"true": True, "false": False, "null": None}
WORDS: Final = {True: "true", False: "false", None: "null"}


def nodes(children: list[Any]) -> tuple[tree.Node, ...]:
    """What is not a token among the children."""
    return tuple(child for child in children if type(child) is not Token)


def dotted_name(node: tree.Node) -> str | None:
    """`a.b.c` for a reference of plain names, None for anything else."""
    if type(node) is tree.Name:
        return node.name
    target = dotted_name(node.target) if type(node) is tree.Attribute else None
    return f"{target}.{node.name}" if target and type(node) is tree.Attribute else None


def step(target: tree.Node, taken: tuple[tree.Node, Token]) -> tree.Node:
    """One more step of a traversal: an attribute or an index."""
    key = taken[0]
    if taken[1].type == "DOT" and type(key) is tree.Name:
        return tree.Attribute(target, key.name, target.line, target.column)
    return tree.Index(target, key, target.line, target.column)


def sequence(
    kind: str, opening: Token, closing: Token, node: tree.Node | None = None, names: tuple[str, ...] = ()
) -> Interpolation:
    """A `${ }` or `%{ }` with the `~` of its ends."""
    return Interpolation(
        kind, node, names, opening.value.endswith("~"), closing.value.startswith("~"), opening.line, opening.column
    )


# --- the parser ----------------------------------------------------------------------------------------------------------------


class Parser:
    """lark's LALR parser for python-hcl2's grammar. One at a time may use it: the rules keep notes while they build."""

    def __init__(self) -> None:
        package = find_spec("hcl2")
        assert package is not None  # noqa: S101 - a dependency of this package
        assert package.origin is not None  # noqa: S101 - it is no namespace package
        self.rules = _Rules()
        # Building the tables takes a second; lark keeps them beside our own cache, where nobody else can write.
        directory = private_directory()
        self.lark = Lark(
            (Path(package.origin).parent / "hcl2.lark").read_text("utf-8"),
            parser="lalr",
            transformer=self.rules,  # any object with methods named as the rules will do
            cache=str(directory / f"grammar-{VERSION}.bin") if directory else False,
        )
        self.lock = threading.Lock()

    def body(self, tokens: Sequence[Token]) -> tuple[tree.Body, list[Malformed]]:
        """The tree of the tokens, and what is wrong with it although the grammar allows it. Raises `Malformed`."""
        with self.lock, no_collection():
            self.rules.forget()
            state: Any = self.lark.parse_interactive().parser_state
            feed = state.feed_token
            token = previous = BEGIN
            try:
                for token in tokens:
                    feed(token)
                    previous = token
                token = END
                body: tree.Body = feed(token, is_end=True)
            except UnexpectedInput:
                raise unexpected(token, previous) from None
            return body, self.rules.problems


BEGIN: Final = Token("NL_OR_COMMENT", "", 1, 1)
END: Final = Token("$END", "", 1, 1)


def unexpected(token: Token, previous: Token) -> Malformed:
    """The error that a token cannot stand where it stands."""
    if token.type == "$END":
        return Malformed("the text ends in the middle of an expression", previous.line, previous.column)
    if token.value == "value" and token.type == "RPAR":
        return Malformed(f"a value is missing after `{shown(previous)}`", previous.line, previous.column)
    if token.type == "NL_OR_COMMENT":
        return Malformed(f"the line ends too early, after `{shown(previous)}`", previous.line, previous.column)
    if previous.type in OPERAND_ENDS or previous is BEGIN:
        return Malformed(f"`{shown(token)}` cannot stand here", token.line, token.column)
    return Malformed(f"a value is missing between `{shown(previous)}` and `{shown(token)}`", token.line, token.column)


def shown(token: Token) -> str:
    """The text of a token for a message, shortened."""
    text = token.value.strip().split("\n", 1)[0]
    return text if len(text) <= 30 else text[:29] + "…"


@functools.cache
def parser() -> Parser:
    """The parser, built when it is first needed: a directory whose files are all in the cache never needs it."""
    return Parser()


# --- what callers use ----------------------------------------------------------------------------------------------------------


def parse(text: str, file: str) -> Parsed:
    """The tree of a `.tf` file, and its mistakes. A top-level block with a mistake is left out; the others are there."""
    text, refused = readable(text, file)
    if refused:
        return EMPTY, (refused,)
    problems: list[Malformed] = []
    while True:
        try:
            body, found = parser().body(Lexer(text).body())
        except Malformed as problem:
            problems.append(problem)
            remaining = without_block(text, problem.line)
            if remaining is None or len(problems) >= MAX_ERRORS or len(text) > MAX_CHARACTERS_REREAD:
                return EMPTY, diagnostics(problems, file)
            text = remaining
        else:
            return body, diagnostics([*problems, *found], file)


def parse_json(text: str, file: str) -> Parsed:
    """The tree of a `.tf.json` or `.tfvars.json` file, and its mistakes."""
    text, refused = readable(text, file)
    if refused:
        return EMPTY, (refused,)

    def value(tokens: Sequence[Token], line: int, column: int) -> tree.Node:
        body, problems = parser().body(moved(tokens, line, column))
        if problems:
            raise problems[0]
        return body.arguments[0].expression

    def at(line: int, column: int, tokens: Callable[[], Sequence[Token]]) -> tree.Node:
        try:
            return value(tokens(), line, column)
        except Malformed as problem:
            raise Malformed(problem.message, line, column) from None

    try:
        body = json_syntax.parse_json(
            text,
            file,
            lambda text, line, column: at(line, column, lambda: Lexer(text).template()),
            lambda text, line, column: at(line, column, lambda: Lexer(text).expression()),
        )
    except Malformed as problem:
        return EMPTY, diagnostics([problem], file)
    return body, ()


def parse_expression(
    text: str, file: str, line: int = 1, column: int = 1
) -> tuple[tree.Node | None, tuple[Diagnostic, ...]]:
    """The tree of one expression, of which the first character stands at `line` and `column`; None where it has a mistake."""
    text, refused = readable(text, file)
    if refused:
        return None, (refused,)
    return single(lambda: moved(Lexer(text).expression(), line, column), file)


def parse_template(text: str, file: str, line: int = 1, column: int = 1) -> tuple[tree.Node, tuple[Diagnostic, ...]]:
    """The tree of a template file; an empty string where it has a mistake."""
    text, refused = readable(text, file)
    if refused:
        return tree.Literal("", line, column), (refused,)
    node, problems = single(lambda: moved(Lexer(text).template(), line, column), file)
    return (node or tree.Literal("", line, column)), problems


def single(tokens: Callable[[], Sequence[Token]], file: str) -> tuple[tree.Node | None, tuple[Diagnostic, ...]]:
    """The value of the one argument that the tokens describe."""
    try:
        body, problems = parser().body(tokens())
    except Malformed as problem:
        return None, diagnostics([problem], file)
    return body.arguments[0].expression, diagnostics(problems, file)


def moved(tokens: Sequence[Token], line: int, column: int) -> Sequence[Token]:
    """The tokens as they stand when the text begins at the given place."""
    if line == column == 1:
        return tokens
    return [
        Token(kind, value, at + line - 1, place + column - 1 if at == 1 else place) for kind, value, at, place in tokens
    ]


def readable(text: str, file: str) -> tuple[str, Diagnostic | None]:
    """The text without its byte order mark, or why it is not worth parsing."""
    if len(text) > MAX_BYTES:
        message = f"the file has {len(text):,} characters; files of more than {MAX_BYTES:,} are not read"
        return "", Diagnostic("error", message, Location(file))
    text = text.removeprefix("\ufeff")
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        return "", Diagnostic("error", "the file is binary; Terraform is text in UTF-8", Location(file, line))
    return text, None


HEADER = re.compile(r"^[^\W\d][\w-]*(?:[ \t]+(?:\"[^\"\n]*\"|[^\W\d][\w-]*))*[ \t]*\{", re.MULTILINE)


def without_block(text: str, line: int) -> str | None:
    """The text with the top-level block around `line` blanked, all else where it was; None if there is none."""
    starts = [found.start() for found in HEADER.finditer(text)]
    offset = 0
    for _ in range(line - 1):
        offset = text.index("\n", offset) + 1
    end_of_line = text.find("\n", offset)
    before = [start for start in starts if start <= (end_of_line if end_of_line >= 0 else len(text))]
    if not before:
        return None
    start = before[-1]
    end = next((other for other in starts if other > max(start, offset)), len(text))
    blank = re.sub(r"[^\n]", " ", text[start:end])
    return text[:start] + blank + text[end:]


def diagnostics(problems: Sequence[Malformed], file: str) -> tuple[Diagnostic, ...]:
    """The problems as diagnostics, in the order of the text."""
    ordered = sorted(problems, key=lambda problem: (problem.line, problem.column))
    return tuple(
        Diagnostic("error", problem.message, Location(file, problem.line, problem.column)) for problem in ordered
    )
