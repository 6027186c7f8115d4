"""The small language of predicates: measures compared with numbers, with each other, and with the stack without the decision.

    capacity.users_held(level = "low") < 1.2 * scenario.assumption(assumption = "audience.peak_users")
    or undone(cost.month) > cost.month

A name with a dot is a measure (`analysis.studies.MEASURES`), its arguments in brackets; what is simulated is taken on the night
of the record. A name without a dot is a figure that the record itself lists. `undone(...)` takes what is inside on the stack
without the decision, `ceil(...)` rounds up. There are numbers, texts, + - * /, comparisons, `and`, `or`, `not` and brackets, and
nothing else: no expression can read a file, call Python or run for ever.

The parser is lark's, which Terraform's syntax needs as well. Python's own `ast` would take more (`a < b < c`, two texts side by
side), words and places its errors otherwise in each version, and overflows on brackets where this one ends with a sentence.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeAlias

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from analysis.architecture import Location
from analysis.frontmatter import Entry, PlacedError

Value: TypeAlias = "float | str | bool"

MAX_LENGTH: Final = 2_000
MAX_DEPTH: Final = 40

GRAMMAR = r"""
    ?start: either
    ?either: both ("or" both)*
    ?both: negated ("and" negated)*
    ?negated: "not" negated -> negation
            | compared
    ?compared: sum (COMPARISON sum)?
    ?sum: product (SIGN product)*
    ?product: unary (FACTOR unary)*
    ?unary: "-" unary -> minus
          | atom
    ?atom: NUMBER -> number
         | STRING -> text
         | "undone" "(" either ")" -> undone
         | "ceil" "(" sum ")" -> ceiling
         | NAME ["(" [argument ("," argument)*] ")"] -> figure
         | "(" either ")"
    argument: NAME "=" (NUMBER | STRING)
    COMPARISON: "==" | "!=" | "<=" | ">=" | "<" | ">"
    SIGN: "+" | "-"
    FACTOR: "*" | "/"
    NAME: /[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*/
    NUMBER: /\d[\d_]*(\.\d+)?([eE][+-]?\d+)?/
    STRING: /"[^"\n]*"|'[^'\n]*'/
    %ignore /\s+/
"""

COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
ARITHMETIC: Mapping[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that an expression asks for: its name, its arguments, and whether it is taken without the decision."""

    name: str
    arguments: tuple[tuple[str, float | str], ...] = ()
    undone: bool = False

    def __str__(self) -> str:
        given = ", ".join(f"{name} = {_literal(value)}" for name, value in self.arguments)
        text = f"{self.name}({given})" if given else self.name
        return f"undone({text})" if self.undone else text


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression; `place` is where it stands, `exact` whether its columns can be told from there."""

    text: str
    place: Location
    exact: bool
    tree: Tree[Token]

    @property
    def figures(self) -> tuple[Figure, ...]:
        """The figures that it asks for, in their order, each once."""
        return tuple(dict.fromkeys(figure for figure, _ in _figures(self.tree, undone=False)))

    def places(self) -> Iterator[tuple[Figure, Location]]:
        """Every figure with the place where it is named."""
        return ((figure, self.at(token)) for figure, token in _figures(self.tree, undone=False))

    def at(self, token: Token | None) -> Location:
        """Where a token stands in the file; the beginning of the expression where that cannot be told."""
        if token is None or not self.exact or not token.column:
            return self.place
        return Location(self.place.file, self.place.line, self.place.column + token.column - 1)

    def holds(self, figure: Callable[[Figure], Value]) -> bool:
        """Whether the expression, which must be a statement, is true; `figure` gives the figures. Raises PlacedError."""
        found = _Evaluation(self, figure).term(self.tree, undone=False)
        if not isinstance(found, bool):
            raise PlacedError(self.place, f"{self.text!r} is a figure and no statement; compare it with something")
        return found


def parse(entry: Entry) -> Expression:
    """The expression that is the text of `entry`. Raises PlacedError with line and column where it is none."""
    text = entry.text()
    text = " ".join(text.split()) if entry.text_at is None else str(entry.value)
    place, exact = entry.text_at or entry.place, entry.text_at is not None
    if len(text) > MAX_LENGTH:
        raise entry.error(f"is {len(text)} characters long; {MAX_LENGTH} are allowed")
    if _depth(text) > MAX_DEPTH:
        raise entry.error(f"has brackets within brackets, more than {MAX_DEPTH} deep")
    try:
        tree = _parser().parse(text)
    except UnexpectedInput as error:
        column = max(1, getattr(error, "column", 1) or 1)
        if isinstance(error, UnexpectedToken) and error.token.type == "$END":
            column, problem = len(text) + 1, "it ends too early"
        elif isinstance(error, UnexpectedToken):
            problem = f"{str(error.token)!r} cannot stand here"
        else:
            sign = error.char if isinstance(error, UnexpectedCharacters) else text[column - 1 : column]
            problem = f"{sign!r} cannot stand here"
        at = Location(place.file, place.line, place.column + column - 1) if exact else place
        raise PlacedError(at, f"{entry.name}: {problem} (character {column} of {text!r})") from None
    except RecursionError:
        raise entry.error("is nested too deeply") from None
    made = Expression(text, place, exact, tree)
    for _ in made.places():  # says at once which argument is there twice
        pass
    return made


@cache
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr", maybe_placeholders=False)


def _depth(text: str) -> int:
    depth = deepest = 0
    for sign in text:
        depth += (sign == "(") - (sign == ")")
        deepest = max(deepest, depth)
    # A chain of signs nests as well.
    return max(deepest, text.count("not ") // 2, text.count("- -"), text.count("--"))


def _literal(value: float | str) -> str:
    return f'"{value}"' if isinstance(value, str) else f"{value:g}"


def _plain(token: Token) -> float | str:
    text = str(token)
    return text[1:-1] if token.type == "STRING" else float(text.replace("_", ""))


def figure_of(node: Tree[Token], *, undone: bool = False) -> tuple[Figure, Token]:
    """The figure that a node of the tree names, and the word that names it."""
    name, *given = node.children
    arguments: list[tuple[str, float | str]] = []
    for argument in given:
        if isinstance(argument, Tree):
            key, value = argument.children
            arguments.append((str(key), _plain(value)))  # type: ignore[arg-type]
    assert isinstance(name, Token)  # noqa: S101 (the grammar says so)
    return Figure(str(name), tuple(arguments), undone), name


def _figures(node: Tree[Token] | Token, *, undone: bool) -> Iterator[tuple[Figure, Token]]:
    if isinstance(node, Token):
        return
    if node.data == "figure":
        yield figure_of(node, undone=undone)
        return
    for child in node.children:
        yield from _figures(child, undone=undone or node.data == "undone")


@dataclass(frozen=True, slots=True)
class _Evaluation:
    expression: Expression
    figure: Callable[[Figure], Value]

    def term(self, node: Tree[Token] | Token, *, undone: bool) -> Value:
        if isinstance(node, Token):
            return _plain(node)
        children = node.children
        match node.data:
            case "number" | "text":
                return self.term(children[0], undone=undone)
            case "figure":
                return self.figure(figure_of(node, undone=undone)[0])
            case "undone":
                return self.term(children[0], undone=True)
            case "either":
                return any(self.truth(child, undone=undone) for child in children)
            case "both":
                return all(self.truth(child, undone=undone) for child in children)
            case "negation":
                return not self.truth(children[0], undone=undone)
            case "ceiling":
                return float(math.ceil(self.number(children[0], undone=undone)))
            case "minus":
                return -self.number(children[0], undone=undone)
            case "compared":
                return self.compared(children, undone=undone)
        result = self.number(children[0], undone=undone)
        for sign, operand in zip(children[1::2], children[2::2], strict=True):
            right = self.number(operand, undone=undone)
            if str(sign) == "/" and right == 0:
                raise self.wrong(operand, "is zero, and something is divided by it")
            result = ARITHMETIC[str(sign)](result, right)
            if math.isnan(result):
                raise self.wrong(operand, "takes no limit from no limit, which is no number")
        return result

    def compared(self, children: list[Any], *, undone: bool) -> bool:
        left, sign, right = children
        one, other = self.term(left, undone=undone), self.term(right, undone=undone)
        if isinstance(one, bool) or isinstance(other, bool):
            raise self.wrong(left, "is a statement, which cannot be compared")
        if isinstance(one, str) != isinstance(other, str):
            raise self.wrong(left, f"is {_kind(one)} and is compared with {_kind(other)}")
        if isinstance(one, str) and str(sign) not in {"==", "!="}:
            raise self.wrong(left, "is a text; texts are compared with == and != only")
        return COMPARISONS[str(sign)](one, other)

    def truth(self, node: Tree[Token] | Token, *, undone: bool) -> bool:
        found = self.term(node, undone=undone)
        if not isinstance(found, bool):
            raise self.wrong(node, f"is {_kind(found)}; `and`, `or` and `not` join statements")
        return found

    def number(self, node: Tree[Token] | Token, *, undone: bool) -> float:
        found = self.term(node, undone=undone)
        if isinstance(found, bool | str):
            raise self.wrong(node, f"is {_kind(found)}, with which nothing can be computed")
        return found

    def wrong(self, node: Tree[Token] | Token, problem: str) -> PlacedError:
        token = node if isinstance(node, Token) else next(node.scan_values(lambda v: isinstance(v, Token)), None)
        part = str(token) if token is not None else self.expression.text
        return PlacedError(self.expression.at(token), f"in {self.expression.text!r}: {part} {problem}")


def _kind(value: Value) -> str:
    if isinstance(value, bool):
        return "a statement"
    return f"the text {value!r}" if isinstance(value, str) else f"the number {value:g}"
