"""Terraform's types and conversions, on the plain Python values that `analysis.architecture` describes.

During evaluation there is one more kind of value, `SetValue`; it leaves the evaluator as a plain tuple. Lists and tuples are both
`tuple`, maps and objects both `dict`: a Terraform program can tell these pairs apart only by errors. The rules are those of cty,
Terraform's type system: https://github.com/zclconf/go-cty/blob/main/docs/convert.md
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation, localcontext
from fractions import Fraction
from math import ceil, floor, isfinite
from typing import Any, TypeAlias

from analysis.architecture import Unknown, Value


class ValueProblem(Exception):  # noqa: N818 - it is caught and becomes a diagnostic; it is not a bug in the program
    """A value that an expression, a function or a type constraint does not accept; the text is a sentence without a stop."""


class SetValue(tuple[Value, ...]):
    """A Terraform set: free of duplicates and in Terraform's order. Build one with `set_of`."""

    __slots__ = ()


# --- types ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Primitive:
    """`string`, `number`, `bool`, or `any`, which stands for whatever the value is."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Collection:
    """`list(element)`, `set(element)` or `map(element)`."""

    kind: str
    element: Type

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

    def __str__(self) -> str:
        return "object({" + ", ".join(f"{name} = {member}" for name, member in self.members.items()) + "})"


@dataclass(frozen=True, slots=True)
class TupleType:
    """`tuple([types])`."""

    elements: tuple[Type, ...]

    def __str__(self) -> str:
        return "tuple([" + ", ".join(map(str, self.elements)) + "])"


Type: TypeAlias = Primitive | Collection | ObjectType | TupleType

STRING, NUMBER, BOOL, ANY = (Primitive(name) for name in ("string", "number", "bool", "any"))


def type_name(value: Value) -> str:
    """What a value is, in the words of Terraform's own messages: `string`, `list`, `object`, `null` or `unknown`."""
    match value:
        case None:
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


def number(value: int | float | Decimal) -> int | float:
    """A number in its plainest form: an int where it is whole, else a float. Refuses what is not finite."""
    if isinstance(value, int):
        return whole(int(value))
    if isinstance(value, Precise):
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
            result = abs(a) % abs(b) * (-1 if a < 0 else 1)
    return plainest(rounded(result.numerator, result.denominator))


def whole(value: int) -> int:
    """The whole number with as many bits as Terraform keeps."""
    return value if value.bit_length() <= PRECISION_BITS else int(rounded(value, 1))


def number_text(value: int | float) -> str:
    """A number as Terraform writes it into a string: no exponent, no trailing zeros."""
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, Precise):
        return shortest(value.exact)
    return str(int(value)) if value.is_integer() else f"{Decimal(repr(value)):f}"


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
        case None | str() | Unknown():
            return value
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
        case None | int() | float() | Unknown():
            return value
        case str():
            return parse_number(value)
        case _:
            raise ValueProblem(f"a number is required, not {article(type_name(value))}")


def to_bool(value: Value) -> Value:
    """The value converted to bool; null and unknown stay what they are."""
    match value:
        case None | bool() | Unknown():
            return value
        case "true" | "1":
            return True
        case "false" | "0":
            return False
        case str():
            raise ValueProblem(f"a bool is required, not the string {quoted(value)}")
        case _:
            raise ValueProblem(f"a bool is required, not {article(type_name(value))}")


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
    """Terraform's order of set elements: numbers and strings by value; what has no order there, by its text."""
    match value:
        case None:
            return (0, "")
        case bool():
            return (1, value)
        case int() | float():
            return (2, value)
        case str():
            return (3, value)
        case Unknown():
            return (5, value.reference)
        case _:
            return (4, repr(canonical(value)))


def canonical(value: Value) -> Value:
    """A hashable form under which equal Terraform values, and only those, are equal: `1`, `true` and `"1"` differ."""
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
        case _:
            return value


def set_of(values: Iterable[Value]) -> SetValue:
    """The set of the given values: unified to one type, duplicates dropped, sorted."""
    distinct = {canonical(value): value for value in reversed(unify(tuple(values)))}
    return SetValue(sorted(distinct.values(), key=sort_key))


def unify(values: tuple[Value, ...]) -> tuple[Value, ...]:
    """The values converted to their common type, as the elements of one list: among strings, numbers and bools become strings.

    Objects and lists are unified member by member. Values without a common type are returned as they are.
    """
    present = [value for value in values if value is not None and not isinstance(value, Unknown)]
    kinds = {type_name(value) for value in present}
    if len(kinds) > 1 and "string" in kinds and kinds <= {"string", "number", "bool"}:
        return tuple(to_string(value) for value in values)
    if kinds == {"object"} and len(present) > 1 and len({frozenset(value) for value in present}) == 1:
        columns = {key: iter(unify(tuple(value[key] for value in present))) for key in present[0]}
        return tuple(
            {key: next(columns[key]) for key in value} if isinstance(value, dict) else value for value in values
        )
    if kinds == {"list"} and len(present) > 1:
        flat = iter(unify(tuple(element for value in present for element in value)))
        return tuple(tuple(next(flat) for _ in value) if isinstance(value, tuple) else value for value in values)
    return values


def equal(left: Value, right: Value) -> bool | Unknown:
    """Terraform's `==`: types count (`1 == "1"` is false); unknown where the unknown parts decide.

    A known prefix of an unknown string can decide: `"pre-${unknown}" == ""` is false.
    """
    if type(left) is type(right) and isinstance(left, (str, bool, int)):
        return bool(left == right)
    match left, right:
        case (Unknown(), _) | (_, Unknown()):
            unknown, other = (left, right) if isinstance(left, Unknown) else (right, left)
            if isinstance(other, str) and not (other.startswith(unknown.prefix)):
                return False
            if unknown.prefix and other is not None and not isinstance(other, (str, Unknown)):
                return False
            if unknown.prefix and other is None:
                return False
            return Unknown(unknown.reference)
        case (dict(), dict()):
            if left.keys() != right.keys():
                return False
            return all_of(equal(left[key], right[key]) for key in left)
        case (tuple(), tuple()):
            if isinstance(left, SetValue) != isinstance(right, SetValue) or len(left) != len(right):
                return False
            return all_of(equal(a, b) for a, b in zip(left, right, strict=True))
        case _:
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


# --- conversion ----------------------------------------------------------------------------------------------------------------

PRIMITIVE: Mapping[str, Callable[[Value], Value]] = {
    "string": to_string,
    "number": to_number,
    "bool": to_bool,
    "any": lambda value: value,
}


def convert(value: Value, wanted: Type) -> Value:
    """The value converted to the type, as for a variable's value; raises `ValueProblem`, naming the attribute at fault.

    Null stays null, unknown stays unknown, unknown parts stay where they are. An object drops attributes its type does not
    declare, and gets the defaults of its optional ones, also in place of an explicit null.
    """
    if value is None or type(value) is Unknown:
        return value
    kind = type(wanted)
    if kind is Primitive:
        return PRIMITIVE[wanted.name](value)  # type: ignore[union-attr]
    if kind is Collection:
        return _collection(value, wanted)  # type: ignore[arg-type]
    return _members(value, wanted) if kind is ObjectType else _elements(value, wanted)  # type: ignore[arg-type]


def _collection(value: Value, wanted: Collection) -> Value:
    element = wanted.element
    if wanted.kind == "map":
        if not isinstance(value, dict):
            raise mismatch(value, wanted)
        converted = {key: _inside(value[key], element, key) for key in sorted(value)}
        return dict(zip(converted, unify(tuple(converted.values())), strict=True)) if element == ANY else converted
    if not isinstance(value, tuple):
        raise mismatch(value, wanted)
    items = tuple(_inside(item, element, index) for index, item in enumerate(value))
    if wanted.kind == "set":
        return set_of(items)
    return unify(items) if element == ANY else items


def _elements(value: Value, wanted: TupleType) -> Value:
    if not isinstance(value, tuple) or len(value) != len(wanted.elements):
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
        if given is None:
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
    return float(value) if type(value) is Precise else value


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
            return scalar_values(value)
        case int() | float() | Decimal():
            return number(value)
        case Mapping():
            return {scalar_values(str(key)): from_python(item) for key, item in value.items()}
        case set() | frozenset():
            return set_of(from_python(item) for item in value)
        case SetValue():
            return value
        case list() | tuple():
            return tuple(from_python(item) for item in value)
        case _:
            raise ValueProblem(f"a Python {type(value).__name__} has no counterpart in Terraform")
