"""Terraform's types and conversions, on the plain Python values that `analysis.architecture` describes.

During evaluation every value has a type, as in cty, Terraform's type system. A plain `tuple` is a tuple and a plain `dict` an
object, whose elements each have their own type; `ListValue`, `SetValue` and `MapValue` are collections, whose elements share one.
`Null` is null of a known type, `None` null of none yet. `Marked` is a sensitive or ephemeral value. All of them leave the
evaluator through `plain`. The rules are cty's: https://github.com/zclconf/go-cty/blob/main/docs/convert.md
"""

from __future__ import annotations

import itertools
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation, localcontext
from fractions import Fraction
from math import ceil, floor, isfinite
from typing import Any, TypeAlias

from analysis.architecture import Unknown, Value


class ValueProblem(Exception):  # noqa: N818 - it is caught and becomes a diagnostic; it is not a bug in the program
    """A value that an expression, a function or a type constraint does not accept; the text is a sentence without a stop."""


# --- types ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Primitive:
    """`string`, `number`, `bool`, or `any`, which stands for whatever the value is.

    Of this and the other types, `bare` is the type that a converted value has: the same, but nothing in it is optional; `dynamic`
    says whether `any` stands in it.
    """

    name: str
    bare: Primitive = field(init=False, repr=False, compare=False)
    dynamic: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "bare", self)
        object.__setattr__(self, "dynamic", self.name == "any")

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Collection:
    """`list(element)`, `set(element)` or `map(element)`."""

    kind: str
    element: Type
    bare: Collection = field(init=False, repr=False, compare=False)
    dynamic: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        element = self.element.bare
        object.__setattr__(self, "bare", self if element is self.element else Collection(self.kind, element))
        object.__setattr__(self, "dynamic", self.element.dynamic)

    def __str__(self) -> str:
        return f"{self.kind}({self.element})"


@dataclass(frozen=True, slots=True)
class Member:
    """One attribute of an `object` type; `default` counts where `optional` and the attribute is absent or null."""

    type: Type
    optional: bool = False
    default: Value = None

    def __str__(self) -> str:
        return f"optional({self.type})" if self.optional else str(self.type)


@dataclass(frozen=True, slots=True)
class ObjectType:
    """`object({name = type})`."""

    members: Mapping[str, Member] = field(hash=False)
    bare: ObjectType = field(init=False, repr=False, compare=False)
    dynamic: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        members = self.members.values()
        if any(member.optional or member.type.bare is not member.type for member in members):
            bare = ObjectType({name: Member(member.type.bare) for name, member in self.members.items()})
        else:
            bare = self
        object.__setattr__(self, "bare", bare)
        object.__setattr__(self, "dynamic", any(member.type.dynamic for member in members))

    def __str__(self) -> str:
        return "object({" + ", ".join(f"{name} = {member}" for name, member in self.members.items()) + "})"


@dataclass(frozen=True, slots=True)
class TupleType:
    """`tuple([types])`."""

    elements: tuple[Type, ...]
    bare: TupleType = field(init=False, repr=False, compare=False)
    dynamic: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if any(element.bare is not element for element in self.elements):
            bare = TupleType(tuple(element.bare for element in self.elements))
        else:
            bare = self
        object.__setattr__(self, "bare", bare)
        object.__setattr__(self, "dynamic", any(element.dynamic for element in self.elements))

    def __str__(self) -> str:
        return "tuple([" + ", ".join(map(str, self.elements)) + "])"


Type: TypeAlias = Primitive | Collection | ObjectType | TupleType

STRING, NUMBER, BOOL, ANY = (Primitive(name) for name in ("string", "number", "bool", "any"))
STRINGS = Collection("list", STRING)


# --- values that only the evaluator has ----------------------------------------------------------------------------------------


class ListValue(tuple[Value, ...]):  # noqa: SLOT001 - a tuple cannot have slots, and the type must go with the value
    """A Terraform list: every element is of the type `element`. Build one with `list_of`."""

    element: Type

    def __new__(cls, values: Iterable[Value] = (), element: Type = ANY) -> ListValue:
        """The list of values, which are of that type."""
        self = super().__new__(cls, values)
        self.element = element
        return self

    def __getnewargs__(self) -> tuple[tuple[Value, ...], Type]:
        return tuple(self), self.element


class SetValue(tuple[Value, ...]):  # noqa: SLOT001 - as above
    """A Terraform set: free of duplicates and in Terraform's order. Build one with `set_of`."""

    element: Type

    def __new__(cls, values: Iterable[Value] = (), element: Type = ANY) -> SetValue:
        """The set of values, which are of that type, distinct and in order."""
        self = super().__new__(cls, values)
        self.element = element
        return self

    def __getnewargs__(self) -> tuple[tuple[Value, ...], Type]:
        return tuple(self), self.element


class MapValue(dict[str, Value]):
    """A Terraform map: every value is of the type `element`. Build one with `map_of`."""

    __slots__ = ("element",)
    element: Type

    def __init__(self, values: Mapping[str, Value] | Iterable[tuple[str, Value]] = (), element: Type = ANY) -> None:
        super().__init__(values)
        self.element = element


@dataclass(frozen=True, slots=True)
class Null:
    """Null of a known type."""

    type: Type


@dataclass(frozen=True, slots=True)
class Marked:
    """A value with what must be remembered of it: that it is `sensitive`, or `ephemeral`. It holds no `Marked` at its own top."""

    value: Value
    marks: frozenset[str]


NO_MARKS: frozenset[str] = frozenset()
SENSITIVE, EPHEMERAL = frozenset({"sensitive"}), frozenset({"ephemeral"})


def marked(value: Value, marks: frozenset[str]) -> Value:
    """The value with these marks beside those it has."""
    if not marks:
        return value
    return Marked(value.value, value.marks | marks) if type(value) is Marked else Marked(value, marks)


def unmarked(value: Value) -> tuple[Value, frozenset[str]]:
    """The value without any mark, at whatever depth, and all the marks that there were."""
    kind = type(value)
    if kind is str or kind is int or kind is bool or value is None or kind is Unknown:
        return value, NO_MARKS
    if kind is Marked:
        inner, marks = unmarked(value.value)
        return inner, marks | value.marks
    if isinstance(value, dict):
        marks = NO_MARKS
        changed: dict[str, Value] = {}
        for key, item in value.items():
            inner, more = unmarked(item)
            if more:
                changed[key], marks = inner, marks | more
        if not marks:
            return value, marks
        items = {**value, **changed}
        return (MapValue(items, value.element) if isinstance(value, MapValue) else items), marks
    if isinstance(value, tuple):
        pairs = [unmarked(item) for item in value]
        marks = NO_MARKS.union(*(more for _, more in pairs))
        if not marks:
            return value, marks
        parts = tuple(inner for inner, _ in pairs)
        return (ListValue(parts, value.element) if isinstance(value, ListValue) else parts), marks
    return value, NO_MARKS


NULLS = frozenset({type(None), Null})
"""The two kinds of null; where every nanosecond counts, `type(value) in NULLS` stands for `is_null`."""


def is_null(value: Value) -> bool:
    """Whether the value is null, of whatever type."""
    return type(value) in NULLS


def type_of(value: Value) -> Type:
    """The type of a value; `any` for what has none yet."""
    kind = type(value)
    if kind is str:
        return STRING
    if kind is bool:
        return BOOL
    if kind is int or kind is float or kind is Precise or kind is Binary:
        return NUMBER
    if value is None:
        return ANY
    if kind is Unknown:
        return value.type or ANY
    if kind is Null:
        return value.type  # type: ignore[no-any-return]
    if kind is Marked:
        return type_of(value.value)
    if kind is ListValue:
        return Collection("list", value.element)
    if kind is SetValue:
        return Collection("set", value.element)
    if kind is MapValue:
        return Collection("map", value.element)
    if isinstance(value, tuple):
        return TupleType(tuple(type_of(item) for item in value))
    return ObjectType({key: Member(type_of(item)) for key, item in value.items()})


def type_name(value: Value) -> str:
    """What a value is, in the words of Terraform's own messages: `string`, `list`, `object`, `null` or `unknown`."""
    match value:
        case None | Null():
            return "null"
        case bool():
            return "bool"
        case int() | float() | Decimal():
            return "number"
        case str():
            return "string"
        case SetValue():
            return "set"
        case tuple():
            return "list"
        case Unknown():
            return "unknown"
        case Marked():
            return type_name(value.value)
        case MapValue():
            return "map"
        case _:
            return "object"


# --- unknown values ------------------------------------------------------------------------------------------------------------


def first_unknown(value: Value) -> Unknown | None:
    """The first unknown value inside `value`, in its own order, or None where all of it is known."""
    kind = type(value)
    if kind is str or kind is int or kind is bool or value is None:
        return None
    if kind is Unknown:
        return value  # type: ignore[no-any-return]
    if kind is Marked:
        return first_unknown(value.value)
    if isinstance(value, tuple):
        parts: Iterable[Value] = value
    elif isinstance(value, dict):
        parts = value.values()
    else:
        return None
    for part in parts:
        if type(part) is not str and (found := first_unknown(part)) is not None:
            return found
    return None


def is_known(value: Value) -> bool:
    """Whether neither the value nor anything inside it is unknown."""
    return first_unknown(value) is None


# --- numbers and text ----------------------------------------------------------------------------------------------------------

PRECISION_BITS = 512
"""Terraform's numbers are binary, with this many bits: https://github.com/zclconf/go-cty/blob/main/cty/primitive_type.go"""


class Precise(float):
    """A number that no float is: it remembers Terraform's digits, and compares by them.

    Made by `number` and `arithmetic` alone, which give a plain float wherever one is this number.
    """

    __slots__ = ("exact",)
    exact: Fraction

    def __new__(cls, exact: Fraction) -> Precise:
        """The number `exact`, which is not whole and has no more bits than Terraform keeps."""
        self = super().__new__(cls, float(exact))
        self.exact = exact
        return self

    def __reduce__(self) -> tuple[type[float], tuple[float]]:
        return float, (float(self),)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Precise) and self.exact == other.exact

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.exact)

    def __bool__(self) -> bool:
        return True

    def __lt__(self, other: float) -> bool:
        return self.exact < exactly(other)

    def __le__(self, other: float) -> bool:
        return self.exact <= exactly(other)

    def __gt__(self, other: float) -> bool:
        return self.exact > exactly(other)

    def __ge__(self, other: float) -> bool:
        return self.exact >= exactly(other)

    def __abs__(self) -> Precise:
        return Precise(abs(self.exact))

    def __floor__(self) -> int:
        return floor(self.exact)

    def __ceil__(self) -> int:
        return ceil(self.exact)


class Binary(float):
    """A number that Terraform has computed as a float: its value is the binary one, not the decimal one that it shows."""

    __slots__ = ()


MAX_EXPONENT_BITS = 3400
"""The largest power of two of a number, either way: a thousand decimal digits. Terraform's own go on to 2^31."""


def rounded(numerator: int, denominator: int) -> Fraction:
    """The quotient with as many bits as Terraform keeps, half to even."""
    size = numerator.bit_length() - denominator.bit_length()
    if abs(size) > MAX_EXPONENT_BITS and numerator:
        raise ValueProblem(f"the result is too {'large' if size > 0 else 'small'} a number")
    shift = PRECISION_BITS - size  # the quotient gets this many bits, or one more
    for bits in (shift, shift - 1):
        top, bottom = (abs(numerator) << bits, denominator) if bits >= 0 else (abs(numerator), denominator << -bits)
        quotient, rest = divmod(top, bottom)
        if quotient.bit_length() <= PRECISION_BITS:
            break
    quotient += 2 * rest > bottom or (2 * rest == bottom and quotient & 1)
    quotient = -quotient if numerator < 0 else quotient
    return Fraction(quotient, 1 << bits) if bits > 0 else Fraction(quotient << -bits)


def exactly(value: int | float) -> Fraction:
    """The number as Terraform holds it: a float is the decimal number that it shows, in binary."""
    if isinstance(value, Precise):
        return value.exact
    if type(value) is Binary:
        return Fraction(value)
    return Fraction(value) if isinstance(value, int) else rounded(*Decimal(repr(value)).as_integer_ratio())


def plainest(exact: Fraction) -> int | float:
    """The number as an int where it is whole, as a float where that is the same number, else as a `Precise`."""
    if exact.denominator == 1:
        return exact.numerator
    near = float(exact)
    return near if near and exactly(near) == exact else Precise(exact)


def shortest(value: Fraction) -> str:
    """The shortest decimal number that is this one in Terraform's precision, without an exponent.

    With `k` places, there is one where a multiple of 10^-k lies less than half a unit of the last bit away.
    """
    spare = PRECISION_BITS - value.numerator.bit_length()
    mantissa = abs(value.numerator) << spare + 1
    scale = value.denominator.bit_length() + spare  # the value is the mantissa / 2^scale, and a half unit is 1
    inside = 0 if mantissa & 2 else 1  # an odd last bit is not what a number half way between two is rounded to

    def reached(places: int) -> bool:
        power: int = 10**places
        low, high = (mantissa - 1) * power + 1 - inside, (mantissa + 1) * power - 1 + inside
        return high >> scale > (low - 1) >> scale

    zeros = max(0, scale - mantissa.bit_length()) * 301029 // 1_000_000  # after the point, by the logarithm of 2
    few, many = zeros + 1, zeros + PRECISION_BITS  # a fraction of so many bits has no more digits than bits
    while few < many:
        middle = (few + many) // 2
        few, many = (few, middle) if reached(middle) else (middle + 1, many)
    half = 1 << scale - 1
    digits = str((mantissa * 10**few + half) >> scale).rjust(few + 1, "0")
    return f"{'-' if value < 0 else ''}{digits[:-few]}.{digits[-few:]}"


def shortest_whole(value: int) -> str:
    """The whole number with zeros for the digits that Terraform's precision does not tell apart."""
    digits = str(abs(value))
    few, many = 1, len(digits)
    while few < many:
        middle = (few + many) // 2
        step = 10 ** (len(digits) - middle)
        near = (abs(value) + step // 2) // step * step
        few, many = (few, middle) if int(rounded(near, 1)) == abs(value) else (middle + 1, many)
    step = 10 ** (len(digits) - few)
    return f"{'-' if value < 0 else ''}{(abs(value) + step // 2) // step * step}"


def number(value: int | float | Decimal) -> int | float:
    """A number in its plainest form: an int where it is whole, else a float. Refuses what is not finite."""
    if isinstance(value, int):
        return whole(int(value))
    if isinstance(value, (Precise, Binary)):
        return value
    if isinstance(value, Decimal):
        return literal(value)
    if not isfinite(value):
        raise ValueProblem("a number must be finite")
    return int(value) if value.is_integer() else value


def literal(value: Decimal) -> int | float:
    """The number that digits in a text stand for."""
    if not value.is_finite():
        raise ValueProblem("a number must be finite")
    if not value:
        return 0
    if abs(value.adjusted()) > MAX_DIGITS:
        size = "more than" if value.adjusted() > 0 else "a point and then"
        raise ValueProblem(f"a number may not have {size} {MAX_DIGITS} digits")
    near = float(value) if abs(value.adjusted()) < MAX_FLOAT_DIGITS else 0.0
    if near and not near.is_integer() and Decimal(repr(near)) == value:
        return near
    with localcontext(prec=MAX_DIGITS):
        return plainest(rounded(*(+value).as_integer_ratio()))


MAX_FLOAT_DIGITS = 300
"""Digits, either way, of a number that has its nearest float for sure."""

MAX_DIGITS = 1000
"""Terraform's numbers are bounded by memory; a longer one in a configuration is a mistake or an attack."""


def expansion(value: int | float) -> Decimal:
    """The binary number in decimal, to more digits than decide how it is rounded: 2.0005 lies above 2.0005."""
    exact = exactly(value)
    with localcontext(prec=2 * MAX_DIGITS):
        return Decimal(exact.numerator) / exact.denominator


def arithmetic(operator: str, left: int | float, right: int | float) -> int | float:
    """`left operator right` for `+ - * / %`, with Terraform's precision.

    The remainder has the sign of `left`, and is `left` where `right` is 0.
    """
    if not right and operator in "/%":
        if operator == "%":
            return left
        raise ValueProblem("division by zero")
    if isinstance(left, int) and isinstance(right, int):
        match operator:
            case "+":
                return whole(left + right)
            case "-":
                return whole(left - right)
            case "*":
                return whole(left * right)
            case "%":
                rest = abs(left) % abs(right)
                return -rest if left < 0 else rest
            case _ if left % right == 0:
                return left // right
    a, b = exactly(left), exactly(right)
    match operator:
        case "+":
            result = a + b
        case "-":
            result = a - b
        case "*":
            result = a * b
        case "/":
            result = a / b
        case _:
            # Terraform takes off what the rounded quotient says, and rounds again: 0.3 % 0.1 is 0.
            quotient = a / b
            times = int(rounded(quotient.numerator, quotient.denominator)) * b
            result = a - rounded(times.numerator, times.denominator)
    return plainest(rounded(result.numerator, result.denominator))


def whole(value: int) -> int:
    """The whole number with as many bits as Terraform keeps."""
    return value if value.bit_length() <= PRECISION_BITS else int(rounded(value, 1))


def number_text(value: int | float) -> str:
    """A number as Terraform writes it into a string: no exponent, no trailing zeros, no more digits than tell it apart."""
    if isinstance(value, int):
        return str(int(value)) if value.bit_length() <= PRECISION_BITS else shortest_whole(int(value))
    if isinstance(value, Precise):
        return shortest(value.exact)
    return f"{Decimal(repr(float(value))):f}".removesuffix(".0")


def parse_number(text: str) -> int | float:
    """The number a string spells, in decimal and without spaces or underscores."""
    if NUMBER_TEXT.fullmatch(text) and len(text) <= MAX_DIGITS:
        try:
            return number(Decimal(text))
        except (InvalidOperation, ValueProblem):
            pass
    raise ValueProblem(f"a number is required, not the string {quoted(text)}")


NUMBER_TEXT = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def quoted(text: str, limit: int = 60) -> str:
    """The text in quotes, shortened, for a message."""
    return json.dumps(text if len(text) <= limit else text[: limit - 1] + "…", ensure_ascii=False)


def to_string(value: Value) -> Value:
    """The value converted to string; null and unknown stay what they are."""
    match value:
        case str() | None | Null():
            return value
        case Unknown():
            return of_type(value, STRING)
        case bool():
            return "true" if value else "false"
        case int() | float():
            return number_text(value)
        case _:
            raise ValueProblem(f"a string is required, not {article(type_name(value))}")


def to_number(value: Value) -> Value:
    """The value converted to number; null and unknown stay what they are."""
    match value:
        case bool():
            raise ValueProblem("a number is required, not a bool")
        case int() | float() | None | Null():
            return value
        case Unknown():
            return of_type(value, NUMBER)
        case str():
            return parse_number(value)
        case _:
            raise ValueProblem(f"a number is required, not {article(type_name(value))}")


def to_bool(value: Value) -> Value:
    """The value converted to bool; null and unknown stay what they are."""
    match value:
        case bool() | None | Null():
            return value
        case Unknown():
            return of_type(value, BOOL)
        case "true" | "1":
            return True
        case "false" | "0":
            return False
        case str():
            raise ValueProblem(f"a bool is required, not the string {quoted(value)}")
        case _:
            raise ValueProblem(f"a bool is required, not {article(type_name(value))}")


def of_type(unknown: Unknown, wanted: Type) -> Unknown:
    """The unknown value converted to the type; raises `ValueProblem` where no value of its type could be."""
    if unknown.type is wanted:
        return unknown
    if unknown.type is not None and not convertible(unknown.type, wanted):
        raise ValueProblem(f"{article(str(wanted))} is required, not {article(str(unknown.type))}")
    bare = wanted.bare
    return Unknown(unknown.reference, unknown.partial, unknown.prefix, None if bare is ANY else bare)


def article(noun: str) -> str:
    """The noun with its indefinite article; `null` takes none."""
    return noun if noun == "null" else f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


# --- collections ---------------------------------------------------------------------------------------------------------------


def entries(value: Value) -> Iterator[tuple[Value, Value]]:
    """Key and value of each element as a `for` expression meets them: objects by key, lists by position, sets by their values."""
    if isinstance(value, dict):
        yield from ((key, value[key]) for key in sorted(value))
    elif isinstance(value, SetValue):
        yield from ((element, element) for element in value)
    elif isinstance(value, tuple):
        yield from enumerate(value)
    else:
        raise ValueProblem(f"a list, set, map or object is required, not {article(type_name(value))}")


def sort_key(value: Value) -> tuple[int, Any]:
    """Terraform's order of set elements: numbers and strings by value, what has no order by its text; null, unknown last."""
    match value:
        case bool():
            return (1, value)
        case int() | float():
            return (2, value)
        case str():
            return (3, value)
        case Unknown():
            return (6, value.reference)
        case None | Null():
            return (5, "")
        case _:
            return (4, order_text(value))


def order_text(value: Value) -> str:
    """The text by which cty orders what has no order: https://github.com/zclconf/go-cty/blob/main/cty/set_internals.go."""
    match value:
        case bool():
            return "T" if value else "F"
        case int() | float():
            return general_digits(value)
        case str():
            return json.dumps(value, ensure_ascii=False)
        case Unknown():
            return "?"
        case None | Null():
            return "~"
        case MapValue():
            return "{" + "".join(f"{order_text(key)}:{order_text(value[key])};" for key in sorted(value)) + "}"
        case dict():
            return "<" + "".join(f"{order_text(value[key])};" for key in sorted(value)) + ">"
        case ListValue() | SetValue():
            return "[" + "".join(f"{order_text(item)};" for item in value) + "]"
        case _:
            return "<" + "".join(f"{order_text(item)};" for item in value) + ">"


def general_digits(value: int | float) -> str:
    """A number to ten digits, as Go writes a large float."""
    text = f"{value:.10g}" if not isinstance(value, int) or abs(value) < 10**15 else f"{Decimal(value):.10g}"
    mantissa, _, exponent = text.partition("e")
    return mantissa if not exponent else f"{mantissa}e{exponent[0]}{exponent[1:].rjust(2, '0')}"


def canonical(value: Value) -> Value:
    """A hashable form under which equal Terraform values of one type, and only those, are equal: `1`, `true` and `"1"` differ."""
    match value:
        case bool():
            return ("bool", value)
        case int() | float():
            return ("number", value)
        case dict():
            return ("object", tuple((key, canonical(value[key])) for key in sorted(value)))
        case tuple():
            return ("list", tuple(canonical(element) for element in value))
        case Unknown():
            return ("unknown", value.reference, value.prefix)
        case Null():
            return None
        case _:
            return value


def unified(values: Sequence[Value], what: str) -> tuple[tuple[Value, ...], Type]:
    """The values converted to their common type, and that type; raises `ValueProblem` where there is none."""
    kinds = {type(value) for value in values}
    if len(kinds) == 1:
        (kind,) = kinds
        simple = STRING if kind is str else BOOL if kind is bool else NUMBER if kind is int else None
        if simple is not None:
            return tuple(values), simple
    element = single_type([type_of(value) for value in values])
    if element is None:
        raise ValueProblem(f"there is no type that all elements of {what} could have")
    return tuple(convert(value, element) for value in values), element


def list_of(values: Sequence[Value], element: Type | None = None) -> ListValue:
    """The list of the values: as many, all of `element`, which they are of already, or of their common type."""
    if element is not None or not values:
        return ListValue(values, element or ANY)
    return ListValue(*unified(values, "a list"))


def map_of(values: Mapping[str, Value]) -> MapValue:
    """The map of the values, in order of the keys and of their common type."""
    if not values:
        return MapValue()
    keys = sorted(values)
    items, element = unified([values[key] for key in keys], "a map")
    return MapValue(zip(keys, items, strict=True), element)


def set_of(values: Iterable[Value], element: Type | None = None) -> SetValue:
    """The set of the given values: of `element`, or unified to one type; duplicates dropped, sorted. No element may be marked."""
    items = tuple(values)
    if element is None:
        items, element = unified(items, "a set") if items else (items, ANY)
    distinct = {canonical(value): value for value in reversed(items)}
    return SetValue(sorted(distinct.values(), key=sort_key), element)


def distinct_bodies(bodies: Iterable[Value]) -> tuple[Value, ...]:
    """Nested blocks, which need not have the same attributes, free of duplicates and in an order of their own."""
    distinct = {canonical(body): body for body in bodies}
    return tuple(distinct[key] for key in sorted(distinct, key=repr))


def has_untyped(value: Value) -> bool:
    """Whether something in the value is unknown, its type included."""
    if isinstance(value, Unknown):
        return value.type is None
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else ()
    return any(map(has_untyped, parts))


def equal(left: Value, right: Value) -> bool | Unknown:
    """Terraform's `==`: types count (`1 == "1"` and `[] == tolist([])` are false); unknown where the unknown parts decide.

    A known prefix of an unknown string can decide: `"pre-${unknown}" == ""` is false.
    """
    kind = type(left)
    if kind is type(right) and (kind is str or kind is bool or kind is int):
        return bool(left == right)
    if type(left) is Unknown or type(right) is Unknown:
        unknown, other = (left, right) if isinstance(left, Unknown) else (right, left)
        if unknown.prefix and not isinstance(other, Unknown):
            if not isinstance(other, str) or not other.startswith(unknown.prefix):
                return False
        elif unknown.type is not None and not is_null(other):
            known = type_of(other)
            if not known.dynamic and not unknown.type.dynamic and known != unknown.type:
                return False
        return Unknown(unknown.reference, type=BOOL)
    if type(left) in NULLS or type(right) in NULLS:
        return type(left) in NULLS and type(right) in NULLS
    if isinstance(left, (dict, tuple)) and isinstance(right, (dict, tuple)):
        if isinstance(left, dict) != isinstance(right, dict) or len(left) != len(right):
            return False
        if type_of(left) != type_of(right) and not (has_untyped(left) or has_untyped(right)):
            return False
        if isinstance(left, dict) and isinstance(right, dict):
            if type(left) is not type(right) and MapValue in (type(left), type(right)):
                return False
            return left.keys() == right.keys() and all_of(equal(left[key], right[key]) for key in left)
        if type(left) is not type(right):
            return False
        return all_of(equal(a, b) for a, b in zip(left, right, strict=True))
    return bool(canonical(left) == canonical(right))


def all_of(conditions: Iterable[bool | Unknown]) -> bool | Unknown:
    """True if all are true, False as soon as one is false, else the first unknown one."""
    undecided: Unknown | None = None
    for condition in conditions:
        if condition is False:
            return False
        if isinstance(condition, Unknown) and undecided is None:
            undecided = condition
    return True if undecided is None else undecided


# --- what types have in common --------------------------------------------------------------------------------------------------


def convertible(source: Type, wanted: Type) -> bool:
    """Whether some value of the type `source` can become one of `wanted`."""
    if wanted is ANY or source is ANY or source is wanted or source == wanted:
        return True
    match source, wanted:
        case Primitive(), Primitive():
            return {source.name, wanted.name} != {"number", "bool"}
        case Collection(kind, element), Collection(other, inner):
            return (kind == "map") == (other == "map") and convertible(element, inner)
        case TupleType(elements), Collection(kind, inner) if kind != "map":
            if inner is ANY:
                return not elements or single_type(elements) is not None
            return all(convertible(element, inner) for element in elements)
        case ObjectType(members), Collection("map", inner):
            kinds = [member.type for member in members.values()]
            if inner is ANY:
                return not kinds or single_type(kinds) is not None
            return all(convertible(kind, inner) for kind in kinds)
        case Collection("map", element), ObjectType(members):
            return all(convertible(element, member.type) for member in members.values())
        case ObjectType(members), ObjectType(wanted_members):
            return all(
                convertible(members[name].type, member.type) if name in members else member.optional
                for name, member in wanted_members.items()
            )
        case TupleType(elements), TupleType(others):
            return len(elements) == len(others) and all(map(convertible, elements, others))
        case _:
            return False


def common_type(types: Sequence[Type]) -> Type | None:
    """The type that all can be converted to, None where there is none.

    https://github.com/zclconf/go-cty/blob/main/cty/convert/unify.go
    """
    first = types[0]
    if all(kind is first or kind == first for kind in types):
        return first
    some = [kind for kind in types if kind is not ANY]
    kinds = {kind.kind if isinstance(kind, Collection) else type(kind) for kind in some}
    if len(kinds) == 1:
        (kind,) = kinds
        if kind is not Primitive and len(some) < len(types):
            return ANY  # what null without a type turns out to be decides the rest
        if isinstance(kind, str):
            element = common_type([each.element for each in some if isinstance(each, Collection)])
            return None if element is None else Collection(kind, element)
        if kind is ObjectType:
            return _common_object([each for each in some if isinstance(each, ObjectType)])
        if kind is TupleType:
            return _common_tuple([each for each in some if isinstance(each, TupleType)])
    if kinds in ({"map", ObjectType}, {"list", TupleType}):
        parts = list(itertools.chain.from_iterable(map(_parts, some)))
        element = common_type(parts) if parts else ANY
        return None if element is None else Collection("map" if "map" in kinds else "list", element)
    if ObjectType in kinds and TupleType in kinds:
        return None
    for wanted in sorted(some, key=_generality):
        if all(convertible(kind, wanted) for kind in types):
            return wanted
    return ANY if len(some) < len(types) else None


def single_type(types: Sequence[Type]) -> Type | None:
    """The common type as that of a collection's elements, which is `any` only where nothing is known of any of them."""
    kind = common_type(types)
    return None if kind is ANY and any(each is not ANY for each in types) else kind


def _generality(kind: Type) -> int:
    """What is tried first as a common type: strings before other primitives, lists before sets."""
    if isinstance(kind, Primitive):
        return 0 if kind == STRING else 1
    return 0 if isinstance(kind, Collection) and kind.kind != "set" else 1 if isinstance(kind, TupleType) else 2


def _parts(kind: Type) -> Sequence[Type]:
    match kind:
        case Collection(_, element):
            return (element,)
        case ObjectType(members):
            return [member.type for member in members.values()]
        case TupleType(elements):
            return elements
    return ()


def _common_object(types: Sequence[ObjectType]) -> Type | None:
    names = types[0].members.keys()
    if all(kind.members.keys() == names for kind in types):
        members = {name: common_type([kind.members[name].type for kind in types]) for name in names}
        if None in members.values():
            return None
        return ObjectType({name: Member(kind) for name, kind in members.items() if kind is not None})
    element = common_type([member.type for kind in types for member in kind.members.values()])
    return None if element is None else Collection("map", element)


def _common_tuple(types: Sequence[TupleType]) -> Type | None:
    size = len(types[0].elements)
    if all(len(kind.elements) == size for kind in types):
        elements = [common_type(across) for across in zip(*(kind.elements for kind in types), strict=True)]
        return None if None in elements else TupleType(tuple(kind for kind in elements if kind is not None))
    element = common_type([element for kind in types for element in kind.elements])
    return None if element is None else Collection("list", element)


# --- conversion ----------------------------------------------------------------------------------------------------------------

PRIMITIVE: Mapping[str, Callable[[Value], Value]] = {
    "string": to_string,
    "number": to_number,
    "bool": to_bool,
    "any": lambda value: value,
}


def conversions(value: Value, wanted: Type, limit: int) -> int:
    """How many values `convert` makes, defaults of optional attributes included; counted no further than soon after the limit."""
    total, waiting = 0, [(value, wanted)]
    while waiting and total <= limit:
        item, kind = waiting.pop()
        total += 1
        if type(item) is Marked:
            item = item.value
        if isinstance(kind, Collection) and isinstance(item, (dict, tuple)):
            if getattr(item, "element", None) != kind.element:
                waiting.extend((each, kind.element) for each in (item.values() if isinstance(item, dict) else item))
        elif isinstance(kind, ObjectType) and isinstance(item, dict):
            waiting.extend((item.get(name), member.type) for name, member in kind.members.items())
        elif isinstance(kind, TupleType) and isinstance(item, tuple):
            waiting.extend(zip(item, kind.elements, strict=False))
    return total


def convert(value: Value, wanted: Type) -> Value:
    """The value converted to the type, as for a variable's value; raises `ValueProblem`, naming the attribute at fault.

    Null stays null, unknown stays unknown, unknown parts stay where they are. An object drops attributes its type does not
    declare, and gets the defaults of its optional ones, also in place of an explicit null.
    """
    kind, given = type(wanted), type(value)
    if given is Marked:
        return marked(convert(value.value, wanted), value.marks)
    if value is None or given is Null:
        return value if wanted is ANY or (given is Null and wanted.dynamic) else Null(wanted.bare)
    if kind is Primitive:
        return PRIMITIVE[wanted.name](value)  # type: ignore[union-attr]
    if given is Unknown:
        return of_type(value, wanted)
    if kind is Collection:
        return _collection(value, wanted)  # type: ignore[arg-type]
    return _members(value, wanted) if kind is ObjectType else _elements(value, wanted)  # type: ignore[arg-type]


def _collection(value: Value, wanted: Collection) -> Value:
    element = wanted.element
    if isinstance(value, dict) != (wanted.kind == "map") or not isinstance(value, (dict, tuple)):
        raise mismatch(value, wanted)
    if isinstance(value, dict):
        if type(value) is MapValue and (value.element is element or value.element == element):
            return value
        keys: Sequence[str | int] = sorted(value)
        items: Sequence[Value] = [value[key] for key in keys]
    else:
        if (
            type(value) is ListValue
            and wanted.kind == "list"
            and (value.element is element or value.element == element)
        ):
            return value
        keys, items = range(len(value)), value
    bare = element.bare
    if element is STRING and all(type(item) is str for item in items):
        pass
    elif element is ANY and isinstance(value, (ListValue, SetValue, MapValue)):
        bare = value.element
    elif element is ANY:
        items, bare = unified(items, f"a {wanted.kind}") if items else ((), ANY)
    else:
        items = [_inside(item, element, key) for key, item in zip(keys, items, strict=True)]
        if bare.dynamic and items:
            items, bare = unified(items, f"a {wanted.kind}")
    if isinstance(value, dict):
        return MapValue(zip(keys, items, strict=True), bare)  # type: ignore[arg-type]
    if wanted.kind == "list":
        return ListValue(items, bare)
    stripped, marks = unmarked(tuple(items))
    result = set_of(stripped, bare)
    return marked(result, marks) if marks else result


def _elements(value: Value, wanted: TupleType) -> Value:
    if isinstance(value, (ListValue, SetValue)) or not isinstance(value, tuple) or len(value) != len(wanted.elements):
        raise mismatch(value, wanted)
    return tuple(
        _inside(item, element, index) for index, (item, element) in enumerate(zip(value, wanted.elements, strict=True))
    )


def _members(value: Value, wanted: ObjectType) -> Value:
    if not isinstance(value, dict):
        raise mismatch(value, wanted)
    result = {}
    for name in sorted(wanted.members):
        member = wanted.members[name]
        given = value.get(name)
        if given is None or type(given) is Null:
            if name not in value and not member.optional:
                raise ValueProblem(f"attribute {quoted(name)} is required")
            given = member.default
        result[name] = _inside(given, member.type, name, dotted=True)
    return result


class _PlacedProblem(ValueProblem):
    """A problem inside a value; `path` leads to it."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path.removeprefix('.')}: {message}")
        self.path, self.message = path, message


def _inside(value: Value, wanted: Type, key: str | int, *, dotted: bool = False) -> Value:
    """The converted element; a problem with it is given the element's place."""
    try:
        return convert(value, wanted)
    except ValueProblem as problem:
        step = f".{key}" if dotted else f"[{key}]" if isinstance(key, int) else f"[{quoted(key)}]"
        if isinstance(problem, _PlacedProblem):
            raise _PlacedProblem(step + problem.path, problem.message) from None
        raise _PlacedProblem(step, str(problem)) from None


def mismatch(value: Value, wanted: Type) -> ValueProblem:
    """The problem that `value` is of another kind than `wanted`."""
    noun = {Collection: "collection", TupleType: "tuple", ObjectType: "object"}[type(wanted)]
    shape = str(wanted) if len(str(wanted)) <= 80 else noun
    return ValueProblem(f"{shape} is required, not {article(type_name(value))}")


def plain(value: Value, known: dict[int, tuple[Value, Value]] | None = None) -> Value:
    """The value as `analysis.architecture` wants it: sets as sorted tuples, object keys in order.

    `known` holds each object and its result by the identity of the object, so that what a thousand outputs share is there once.
    """
    known = {} if known is None else known
    if isinstance(value, dict):
        if id(value) not in known:
            known[id(value)] = value, {key: plain(value[key], known) for key in sorted(value)}
        return known[id(value)][1]
    if isinstance(value, tuple):
        return tuple(plain(element, known) for element in value)
    kind = type(value)
    if kind is Marked:
        return plain(value.value, known)
    if kind is int and value.bit_length() > PRECISION_BITS:
        return int(shortest_whole(value))  # the digits that a plan shows
    if kind is Binary:
        return int(number_text(value)) if value.is_integer() else float(value)
    return float(value) if kind is Precise else None if kind is Null else value


def normal(text: str) -> str:
    """The text in Unicode's normal form C, as every string of Terraform is."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def scalar_values(text: str) -> str:
    """The text with U+FFFD for each lone surrogate, which is no character: as Terraform reads it."""
    return text if text.isascii() else SURROGATE.sub("\ufffd", text)


SURROGATE = re.compile("[\ud800-\udfff]")


def from_python(value: object) -> Value:
    """A Terraform value from what JSON, TOML or a caller gives: lists become tuples, keys strings, whole floats ints."""
    match value:
        case None | bool() | Unknown():
            return value
        case str():
            return normal(scalar_values(value))
        case int() | float() | Decimal():
            return number(value)
        case Mapping():
            return {normal(scalar_values(str(key))): from_python(item) for key, item in value.items()}
        case set() | frozenset():
            return set_of(from_python(item) for item in value)
        case SetValue() | ListValue():
            return value
        case list() | tuple():
            return tuple(from_python(item) for item in value)
        case _:
            raise ValueProblem(f"a Python {type(value).__name__} has no counterpart in Terraform")
