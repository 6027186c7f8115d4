"""Metric math: the part of CloudWatch's expression language that alarms use, over windows of datapoints.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html. A comparison gives 1 or 0.
A datapoint that is missing in one operand, or that divides by zero, is missing in the result. What is not here is refused.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput, UnexpectedToken

Window: TypeAlias = tuple[float | None, ...]
"""Datapoints of one series, oldest first; None where one is missing."""

Term: TypeAlias = "float | Window | list[Window]"
"""A number, a time series, or an array of time series."""

MAX_LENGTH = 2048
"""CloudWatch takes expressions of up to 2,048 characters: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html"""

GRAMMAR = r"""
    ?start: either
    ?either: both (("||" | "OR"i) both)*
    ?both: compared (("&&" | "AND"i) compared)*
    ?compared: sum (COMPARISON sum)?
    ?sum: product (SIGN product)*
    ?product: unary (FACTOR unary)*
    ?unary: "-" unary -> minus
          | power
    ?power: atom ("^" unary)?
    ?atom: NUMBER -> number
         | NAME "(" [either ("," either)*] ")" -> call
         | NAME -> name
         | STRING -> text
         | "[" either ("," either)* "]" -> array
         | "(" either ")"
    COMPARISON: "==" | "!=" | "<=" | ">=" | "<" | ">"
    SIGN: "+" | "-"
    FACTOR: "*" | "/"
    NAME: /(?!(?:AND|OR)\b)[A-Za-z][A-Za-z0-9_]*/i
    NUMBER: /\d+(\.\d*)?([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?/
    STRING: /"[^"]*"|'[^']*'/
    %ignore /\s+/
"""


class ExpressionError(ValueError):
    """An expression that cannot be computed here; the sentence says what in it, and why."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression with the ids of the queries it names.

    `whole`: it uses METRICS(), which takes all of them. `pointwise`: each datapoint rests on those of its own period alone, so
    that a whole series may be computed at once.
    """

    text: str
    names: frozenset[str]
    whole: bool
    pointwise: bool
    tree: Tree[Token]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)


@cache
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr", maybe_placeholders=False)


@cache
def parse(text: str) -> Expression:
    """The expression of `text`. Raises ExpressionError where it is not one, or where it uses what is not modelled."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"the expression is {len(text)} characters long; CloudWatch takes {MAX_LENGTH}")
    try:
        tree = _parser().parse(text)
    except UnexpectedInput as error:
        column = getattr(error, "column", 1)
        found = f"{str(error.token)!r}" if isinstance(error, UnexpectedToken) and str(error.token) else "this"
        raise ExpressionError(f"{text!r}: column {column}: {found} cannot stand here in metric math") from None
    if not isinstance(tree, Tree):
        raise ExpressionError(f"{text!r} is not an expression")
    names, functions = set(), set()
    for node in tree.iter_subtrees():
        if node.data == "name":
            names.add(str(node.children[0]))
        if node.data == "call":
            function = str(node.children[0]).upper()
            if function not in ARITY:
                raise ExpressionError(
                    f"{text!r} uses {function}, which is not modelled; modelled are {', '.join(sorted(ARITY))}"
                )
            given, (fewest, most) = len(node.children) - 1, ARITY[function]
            if not fewest <= given <= most:
                raise ExpressionError(f"{text!r}: {function} takes {fewest} to {most} arguments, not {given}")
            functions.add(function)
    pointwise = functions <= POINTWISE and "REPEAT" not in names
    return Expression(text, frozenset(names - {"REPEAT", "LINEAR"}), "METRICS" in functions, pointwise, tree)


ARITY: Mapping[str, tuple[int, int]] = {
    "IF": (2, 3),
    "FILL": (2, 2),
    "METRICS": (0, 1),
    "SUM": (1, 1),
    "AVG": (1, 1),
    "MIN": (1, 1),
    "MAX": (1, 1),
    "ABS": (1, 1),
    "CEIL": (1, 1),
    "FLOOR": (1, 1),
    "RATE": (1, 1),
}

POINTWISE = frozenset({"IF", "FILL", "ABS", "CEIL", "FLOOR"})

BINARY: Mapping[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": operator.pow,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "AND": lambda a, b: bool(a) and bool(b),
    "OR": lambda a, b: bool(a) or bool(b),
}

AGGREGATES: Mapping[str, Callable[[Sequence[float]], float]] = {
    "SUM": sum,
    "AVG": lambda values: sum(values) / len(values),
    "MIN": min,
    "MAX": max,
}


def value(expression: Expression, queries: Mapping[str, Window], period_s: int, metrics: Sequence[str]) -> Window:
    """The time series of `expression` over equally long windows by query id; `metrics` names those METRICS() stands for.

    FILL fills every period of the window, also where its series has no datapoint at all. Raises ExpressionError where the result
    is no single time series, which CloudWatch does not let an alarm have.
    """
    length = max((len(window) for window in queries.values()), default=0)
    try:
        result = _Evaluation(expression.text, queries, period_s, metrics, length).term(expression.tree)
    except RecursionError:
        raise ExpressionError(f"{expression.text[:40]!r}…: is nested too deeply") from None
    if isinstance(result, list):
        raise ExpressionError(f"{expression.text!r} gives several time series; an alarm watches one")
    return result if isinstance(result, tuple) else (result,) * length


@dataclass(frozen=True, slots=True)
class _Evaluation:
    text: str
    queries: Mapping[str, Window]
    period_s: int
    metrics: Sequence[str]
    length: int

    def term(self, node: Tree[Token] | Token) -> Term:
        if isinstance(node, Token):
            raise ExpressionError(f"{self.text!r}: {str(node)!r} is no value")
        children = node.children
        match node.data:
            case "number":
                return float(str(children[0]))
            case "name":
                return self._series(str(children[0]))
            case "minus":
                return _map(lambda x: -x, self.term(children[0]))
            case "array":
                return [self._one(child) for child in children]
            case "call":
                return self._call(str(children[0]).upper(), children[1:])
            case "either" | "both":
                return self._fold(children, "OR" if node.data == "either" else "AND")
            case "power":
                return self._binary("^", self.term(children[0]), self.term(children[1]))
            case "compared" | "sum" | "product":
                result = self.term(children[0])
                for sign, operand in zip(children[1::2], children[2::2], strict=True):
                    result = self._binary(str(sign), result, self.term(operand))
                return result
        raise ExpressionError(f"{self.text!r}: text stands only within METRICS")

    def _series(self, name: str) -> Window:
        if name not in self.queries:
            raise ExpressionError(f"{self.text!r} names {name}, but no query has this id")
        return self.queries[name]

    def _one(self, node: Tree[Token] | Token) -> Window:
        found = self.term(node)
        if not isinstance(found, tuple):
            raise ExpressionError(f"{self.text!r}: an array holds time series")
        return found

    def _fold(self, children: Sequence[Tree[Token] | Token], sign: str) -> Term:
        result = self.term(children[0])
        for child in children[1:]:
            result = self._binary(sign, result, self.term(child))
        return result

    def _binary(self, sign: str, left: Term, right: Term) -> Term:
        if isinstance(left, list) and isinstance(right, list):
            raise ExpressionError(f"{self.text!r}: {sign} between two arrays is not modelled; SUM them first")
        if isinstance(left, list):
            return [_zip(sign, member, right, self.length) for member in left]  # type: ignore[arg-type, misc]
        if isinstance(right, list):
            return [_zip(sign, left, member, self.length) for member in right]  # type: ignore[misc]
        return _zip(sign, left, right, self.length)

    def _call(self, function: str, arguments: Sequence[Tree[Token] | Token]) -> Term:
        if function == "METRICS":
            return self._metrics(arguments)
        if function == "FILL":
            return self._fill(self.term(arguments[0]), arguments[1])
        terms = [self.term(argument) for argument in arguments]
        if function == "IF":
            return self._if(terms)
        if function in AGGREGATES:
            return self._aggregate(AGGREGATES[function], terms[0])
        if function == "RATE":
            return _rates(terms[0], self.period_s, self.text)
        rounded: Mapping[str, Callable[[float], float]] = {
            "ABS": abs,
            "CEIL": lambda x: float(-(-x // 1)),
            "FLOOR": lambda x: float(x // 1),
        }
        return _map(rounded[function], terms[0])

    def _metrics(self, arguments: Sequence[Tree[Token] | Token]) -> list[Window]:
        wanted = ""
        if arguments:
            node = arguments[0]
            if not isinstance(node, Tree) or node.data != "text":
                raise ExpressionError(f"{self.text!r}: METRICS takes a text, or nothing")
            wanted = str(node.children[0])[1:-1]
        found = [self.queries[name] for name in self.metrics if wanted in name]
        if not found:
            raise ExpressionError(f"{self.text!r}: METRICS finds no metric")
        return found

    def _fill(self, term: Term, how: Tree[Token] | Token) -> Term:
        if isinstance(term, float):
            return term
        if isinstance(term, list):
            return [self._fill(member, how) for member in term]  # type: ignore[misc]
        keyword = str(how.children[0]) if isinstance(how, Tree) and how.data == "name" else ""
        if keyword == "LINEAR":
            raise ExpressionError(f"{self.text!r}: FILL with LINEAR is not modelled; REPEAT and numbers are")
        if keyword == "REPEAT":
            filled: list[float | None] = []
            for point in term:
                filled.append(point if point is not None else (filled[-1] if filled else None))
            return tuple(filled)
        other = self.term(how)
        if isinstance(other, list):
            raise ExpressionError(f"{self.text!r}: FILL takes a number, a time series or REPEAT")
        fill = other if isinstance(other, tuple) else (other,) * len(term)
        return tuple(gap if point is None else point for point, gap in zip(term, fill, strict=True))

    def _if(self, terms: Sequence[Term]) -> Term:
        if any(isinstance(term, list) for term in terms):
            raise ExpressionError(f"{self.text!r}: IF over an array is not modelled; SUM it first")
        condition, then = terms[0], terms[1]
        other: Term | None = terms[2] if len(terms) > 2 else None
        if isinstance(condition, float):
            if other is None:
                raise ExpressionError(f"{self.text!r}: IF over a number needs a value for both cases")
            return then if condition else other

        def at(term: Term | None, index: int) -> float | None:
            return term[index] if isinstance(term, tuple) else term  # type: ignore[return-value]

        return tuple(
            None if mark is None else at(then if mark else other, index) for index, mark in enumerate(condition)
        )

    def _aggregate(self, over: Callable[[Sequence[float]], float], term: Term) -> Term:
        if isinstance(term, float):
            return term
        if isinstance(term, tuple):
            real = [point for point in term if point is not None]
            return float(over(real)) if real else (None,) * len(term)
        columns = ([point for point in column if point is not None] for column in zip(*term, strict=True))
        return tuple(float(over(column)) if column else None for column in columns)


def _map(function: Callable[[float], float], term: Term) -> Term:
    if isinstance(term, list):
        return [_map(function, member) for member in term]  # type: ignore[misc]
    if isinstance(term, tuple):
        return tuple(None if point is None else function(point) for point in term)
    return function(term)


def _applied(sign: str, left: float | None, right: float | None) -> float | None:
    if left is None or right is None:
        return None
    try:
        result = BINARY[sign](left, right)
    except (ZeroDivisionError, OverflowError):
        return None
    return None if isinstance(result, complex) else float(result)


def _zip(sign: str, left: float | Window, right: float | Window, length: int) -> float | Window:
    if not isinstance(left, tuple) and not isinstance(right, tuple):
        result = _applied(sign, left, right)
        return (None,) * length if result is None else result
    lefts = left if isinstance(left, tuple) else (left,) * length
    rights = right if isinstance(right, tuple) else (right,) * length
    return tuple(_applied(sign, a, b) for a, b in zip(lefts, rights, strict=True))


def _rates(term: Term, period_s: int, text: str) -> Window:
    """Change per second since the last real datapoint; the first has none."""
    if not isinstance(term, tuple):
        raise ExpressionError(f"{text!r}: RATE takes a time series")
    rates: list[float | None] = []
    last: tuple[int, float] | None = None
    for index, point in enumerate(term):
        rates.append(None if point is None or last is None else (point - last[1]) / ((index - last[0]) * period_s))
        last = last if point is None else (index, point)
    return tuple(rates)
