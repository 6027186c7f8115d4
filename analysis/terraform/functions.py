"""Terraform's functions: a table from name to what computes it.

https://developer.hashicorp.com/terraform/language/functions. A function is called with its arguments and a `Context`. What it is
given is first converted to what its signature says, as Terraform does; an unknown argument makes the result unknown, unless the
function can do with less. `try`, `can`, `sensitive`, `nonsensitive`, `templatefile` and `templatestring` are not here: they look
at their arguments before these are values, or at the scope, and belong to the evaluator.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Final, Literal

from analysis.architecture import Unknown, Value
from analysis.files import read_bytes
from analysis.terraform import dates, encodings, ip, texts
from analysis.terraform.values import (
    ANY,
    BOOL,
    NULLS,
    NUMBER,
    STRING,
    STRINGS,
    Binary,
    Collection,
    ListValue,
    MapValue,
    Null,
    SetValue,
    TupleType,
    Type,
    ValueProblem,
    arithmetic,
    article,
    canonical,
    common_type,
    convert,
    convertible,
    equal,
    first_unknown,
    is_null,
    marked,
    number,
    plain,
    quoted,
    set_of,
    to_bool,
    to_number,
    to_string,
    type_name,
    type_of,
    unmarked,
)

MAX_ITEMS: Final = 100_000
"""The longest collection that a function may build; Terraform knows no limit, a configuration stays far below."""

MAX_RANGE: Final = 1024
"""The longest `range`, as in Terraform: https://developer.hashicorp.com/terraform/language/functions/range"""

MAX_WHOLE: Final = 1 << 63
"""Whole numbers that count something are of 64 bits, as in Terraform."""

MAX_FILE_BYTES: Final = 10_000_000
"""The largest file that a function reads."""

PATH_STEPS: Final = 40
"""Steps of an evaluation that following a path counts for: it asks the disk for every directory on the way."""


# --- files ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Context:
    """Where functions find files: relative paths start at `base`; nothing outside `roots` is read, links followed.

    `charge` is told what the disk was asked, in steps of the evaluation.
    """

    base: Path
    roots: tuple[Path, ...] = ()
    charge: Callable[[int], None] = lambda _steps: None

    def resolve(self, path: str) -> Path:
        """The real path of a file; raises `ValueProblem` where it leaves the roots, by `..`, as absolute, or by a link."""
        self.charge(PATH_STEPS)
        if "\0" in path:
            raise ValueProblem("a path may not contain a null character")
        try:
            real = (self.base / path).resolve()
            roots = [root.resolve() for root in self.roots or (self.base,)]
        except (OSError, RuntimeError, ValueError):
            raise ValueProblem(f"the path {quoted(path)} cannot be followed") from None
        if not any(real == root or root in real.parents for root in roots):
            raise ValueProblem(
                f"the path {quoted(path)} leads out of the stack's directory; files outside are not read without --files DIR"
            )
        return real

    def content(self, path: str) -> bytes:
        """The content of a file; raises `ValueProblem` where there is none that may be read."""
        real = self.resolve(path)
        try:
            if not real.is_file():
                raise ValueProblem(f"there is no file at {quoted(path)}")
            content = read_bytes(real, MAX_FILE_BYTES)
        except OSError as error:
            raise ValueProblem(f"the file {quoted(path)} cannot be read: {error.strerror}") from None
        self.charge(len(content) >> 9)
        return content


def file_text(context: Context, path: str) -> str:
    """The content of a file, which must be UTF-8."""
    try:
        return context.content(path).decode("utf-8")
    except UnicodeDecodeError:
        raise ValueProblem(f"the file {quoted(path)} is not text in UTF-8; filebase64 reads such files") from None


def file_exists(context: Context, path: str) -> bool:
    """Whether there is a file; a directory is an error, as in Terraform."""
    real = context.resolve(path)
    if real.is_dir():
        raise ValueProblem(f"{quoted(path)} is a directory, not a file")
    return real.is_file()


def file_set(context: Context, directory: str, pattern: str) -> SetValue:
    """The files below a directory that match a pattern; links that lead out of the roots do not count."""
    base = context.resolve(directory)
    matcher = texts.glob(pattern)
    found = []
    count = 0
    for path in base.rglob("*") if base.is_dir() else ():
        count += 1
        context.charge(PATH_STEPS // 4)
        if count > MAX_ITEMS:
            raise ValueProblem(f"the directory {quoted(directory)} holds more than {MAX_ITEMS:,} files")
        # A name on disk need not be text; Terraform's strings are.
        name = path.relative_to(base).as_posix().encode("utf-8", "replace").decode()
        if matcher.fullmatch(name) and path.is_file():
            try:
                context.resolve(str(path))
            except ValueProblem:
                continue
            found.append(name)
    return set_of(found)


def absolute(context: Context, path: str) -> str:
    """The path from the root of the file system; nothing is read."""
    return texts.clean_path(str(context.base / path))


# --- what a row of the table is ------------------------------------------------------------------------------------------------

Policy = Literal["whole", "outer", "own"]


@dataclass(frozen=True, slots=True)
class Function:
    """One function of Terraform's.

    `signature` names the kinds of its arguments (the keys of `KINDS`): `?` may be left out, `*` comes any number of times, `!`
    may be null. `unknown` says when the result is unknown: `whole`, if anything in an argument is; `outer`, if an argument is
    unknown as such; `own`, the function sees to it. With `reads` it gets the `Context` as its first argument. With `marks` it
    takes elements that are marked; any other function gets its arguments without, and its result is marked as a whole.
    """

    signature: str
    call: Callable[..., Value]
    unknown: Policy = "whole"
    reads: bool = False
    marks: bool = False

    def __call__(self, arguments: tuple[Value, ...], context: Context) -> Value:
        """The result; raises `ValueProblem` where an argument is not what the signature says."""
        converted = self.converted(arguments)
        if self.unknown != "own":
            for value in converted:
                undecided = first_unknown(value) if self.unknown == "whole" else value
                if isinstance(undecided, Unknown):
                    return Unknown(undecided.reference)
        return self.call(context, *converted) if self.reads else self.call(*converted)

    def converted(self, arguments: tuple[Value, ...]) -> list[Value]:
        """The arguments as the signature wants them."""
        kinds = self.signature.split()
        least = sum(1 for kind in kinds if not kind.rstrip("!").endswith(("?", "*")))
        variadic = bool(kinds) and "*" in kinds[-1]
        if len(arguments) < least or (len(arguments) > len(kinds) and not variadic):
            wanted = (
                f"at least {least}" if variadic else str(least) if least == len(kinds) else f"{least} to {len(kinds)}"
            )
            raise ValueProblem(f"{wanted} argument{'' if wanted == '1' else 's'} expected, {len(arguments)} given")
        result = []
        for position, value in enumerate(arguments):
            kind = kinds[min(position, len(kinds) - 1)]
            absent = type(value) in NULLS
            if absent and "!" not in kind:
                raise ValueProblem(f"argument {position + 1} must not be null")
            try:
                result.append(value if absent else KINDS[kind.rstrip("?*!")](value))
            except ValueProblem as problem:
                raise ValueProblem(f"argument {position + 1}: {problem}") from None
        return result


def whole(value: Value) -> Value:
    """A number without a fraction."""
    value = to_number(value)
    if isinstance(value, float):
        raise ValueProblem("a whole number is required")
    if isinstance(value, int) and not -MAX_WHOLE <= value < MAX_WHOLE:
        raise ValueProblem(f"a whole number must lie between -{MAX_WHOLE} and {MAX_WHOLE - 1}")
    return value


def sequence(value: Value) -> Value:
    """A list, tuple or set, as a tuple."""
    if isinstance(value, (tuple, Unknown)):
        return value
    raise ValueProblem(f"a list is required, not {article(type_name(value))}")


def typed(wanted: Type) -> Callable[[Value], Value]:
    """The conversion to a type."""
    return lambda value: convert(value, wanted)


def set_kind(value: Value) -> Value:
    """A set; lists are converted."""
    return value if isinstance(value, SetValue) else convert(value, Collection("set", ANY))


def ordered(value: Value) -> Value:
    """A list or tuple, but no set."""
    if isinstance(value, SetValue):
        raise ValueProblem("the elements of a set have no position; convert it with tolist")
    return sequence(value)


def mapping(value: Value) -> Value:
    """A map or an object."""
    if isinstance(value, (dict, Unknown)):
        return value
    raise ValueProblem(f"a map is required, not {article(type_name(value))}")


KINDS: Final[Mapping[str, Callable[[Value], Value]]] = {
    "any": lambda value: value,
    "string": to_string,
    "number": to_number,
    "whole": whole,
    "bool": to_bool,
    "list": sequence,
    "ordered": ordered,
    "alike": typed(Collection("list", ANY)),
    "strings": typed(STRINGS),
    "bools": typed(Collection("list", BOOL)),
    "lists": typed(Collection("map", STRINGS)),
    "set": set_kind,
    "map": mapping,
}


# --- numbers -------------------------------------------------------------------------------------------------------------------


def real(compute: Callable[..., float]) -> Callable[..., Value]:
    """The function with its result as a Terraform number, and its failures as problems."""

    def computed(*arguments: Any) -> Value:
        try:
            result = compute(*arguments)
            if math.isfinite(result) and not (result.is_integer() and abs(result) < FLOAT_WHOLE):
                return Binary(result)
            return number(result)
        except (ValueError, ZeroDivisionError, OverflowError):
            raise ValueProblem("the result is no finite number") from None

    return computed


FLOAT_WHOLE: Final = 1 << 53
"""Whole numbers below it are floats to the last digit."""


def power(base: int | float, exponent: int | float) -> float:
    """`base` to the power of `exponent`, as a float: whole exponents by squaring, as Go does it, so that the last bit agrees.

    https://github.com/golang/go/blob/master/src/math/pow.go
    """
    if not base or not float(exponent).is_integer() or abs(exponent) >= FLOAT_WHOLE:
        return math.pow(base, exponent)
    mantissa, binary = math.frexp(base)
    result, scale, rest = 1.0, 0, abs(int(exponent))
    while rest:
        if abs(binary) > 1 << 12:
            return math.pow(base, exponent)
        if rest & 1:
            result, scale = result * mantissa, scale + binary
        mantissa, binary, rest = mantissa * mantissa, binary * 2, rest >> 1
        if mantissa < 0.5:
            mantissa, binary = mantissa * 2, binary - 1
    return math.ldexp(1 / result, -scale) if exponent < 0 else math.ldexp(result, scale)


def logarithm(value: int | float) -> float:
    """The natural logarithm, by the series that Go takes, so that the last bit agrees; minus infinity for 0.

    https://github.com/golang/go/blob/master/src/math/log.go, after FreeBSD's e_log.c
    """
    if not value:
        return -math.inf
    if value < 0:
        raise ValueError(value)
    mantissa, exponent = math.frexp(value)
    if mantissa < math.sqrt(2) / 2:
        mantissa, exponent = mantissa * 2, exponent - 1
    excess = mantissa - 1
    ratio = excess / (2 + excess)
    square = ratio * ratio
    fourth = square * square
    odd, even = LOG_SERIES
    series = square * (odd[0] + fourth * (odd[1] + fourth * (odd[2] + fourth * odd[3])))
    series += fourth * (even[0] + fourth * (even[1] + fourth * even[2]))
    half = 0.5 * excess * excess
    return exponent * LOG_2_HIGH - ((half - (ratio * (half + series) + exponent * LOG_2_LOW)) - excess)


LOG_SERIES: Final = (
    (6.666666666666735130e-01, 2.857142874366239149e-01, 1.818357216161805012e-01, 1.479819860511658591e-01),
    (3.999999999940941908e-01, 2.222219843214978396e-01, 1.531383769920937332e-01),
)
LOG_2_HIGH: Final = 6.93147180369123816490e-01
LOG_2_LOW: Final = 1.90821492927058770002e-10


def parse_int(text: Value, base: int) -> int:
    """The number that the digits spell in a base from 2 to 62."""
    if not isinstance(text, str):
        raise ValueProblem(f"the digits must be a string, not {article(type_name(text))}")
    if not 2 <= base <= 62:
        raise ValueProblem("the base must lie between 2 and 62")
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    values = [alphabet.find(digit if base > 36 else digit.lower()) for digit in digits]
    if not values or len(values) > 1000 or any(not 0 <= value < base for value in values):
        raise ValueProblem(f"{quoted(text)} is no whole number in base {base}")
    total = 0
    for value in values:
        total = total * base + value
    return sign * total


def total(values: tuple[Value, ...]) -> Value:
    """The sum of at least one number."""
    if not values:
        raise ValueProblem("sum needs at least one number")
    result: Value = 0
    for value in values:
        if is_null(value):
            raise ValueProblem("a number to be added must not be null")
        result = arithmetic("+", result, to_number(value))
    return result


def extreme(choose: Callable[..., Value]) -> Callable[..., Value]:
    """`max` or `min` of at least one number."""

    def chosen(*values: Value) -> Value:
        if not values:
            raise ValueProblem("at least one number is required")
        return choose(values)

    return chosen


def numbers_from_to(*bounds: int | float) -> tuple[Value, ...]:
    """`range(limit)`, `range(start, limit)`, `range(start, limit, step)`."""
    start: int | float = 0 if len(bounds) == 1 else bounds[0]
    limit = bounds[0] if len(bounds) == 1 else bounds[1]
    step = bounds[2] if len(bounds) == 3 else (1 if limit >= start else -1)
    if step == 0:
        raise ValueProblem("the step must not be zero")
    if (limit < start and step > 0) or (limit > start and step < 0):
        raise ValueProblem("the step leads away from the limit")
    result: list[Value] = []
    value = start
    while value < limit if step > 0 else value > limit:
        if len(result) >= MAX_RANGE:
            raise ValueProblem(f"a range may not have more than {MAX_RANGE} values")
        result.append(value)
        value = arithmetic("+", value, step)
    return ListValue(result, NUMBER if result else ANY)


# --- collections ---------------------------------------------------------------------------------------------------------------


def unknown_in(values: Value) -> Unknown | None:
    """The first element that is unknown as such."""
    return next((value for value in values if isinstance(value, Unknown)), None)


def like(values: Value, items: Sequence[Value]) -> Value:
    """The items as a list where `values` is one, or a set, else as a tuple."""
    return ListValue(items, values.element) if isinstance(values, (ListValue, SetValue)) else tuple(items)


def length(value: Value) -> Value:
    """The number of elements, or of characters."""
    if isinstance(value, SetValue) and (unknown := first_unknown(value)) is not None and len(value) > 1:
        return Unknown(unknown.reference)  # two unknown elements may turn out to be one
    if isinstance(value, (tuple, dict)):
        return len(value)
    if isinstance(value, str):
        return len(texts.characters(value))
    raise ValueProblem(f"only a list, a map or a string has a length, not {article(type_name(value))}")


def all_true(values: tuple[Value, ...]) -> Value:
    """Whether no element is false; null counts as false."""
    for value in values:
        if isinstance(value, Unknown):
            return Unknown(value.reference)
        if is_null(value) or not value:
            return False
    return True


def any_true(values: tuple[Value, ...]) -> Value:
    """Whether an element is true; null counts as false."""
    undecided = None
    for value in values:
        if isinstance(value, Unknown):
            undecided = undecided or Unknown(value.reference)
        elif not is_null(value) and value:
            return True
    return False if undecided is None else undecided


def chunks(values: ListValue, size: int) -> ListValue:
    """The list in pieces of `size`; in one piece for 0."""
    if size < 0:
        raise ValueProblem("the size must not be negative")
    size = size or len(values)
    pieces = [like(values, values[start : start + size]) for start in range(0, len(values), size or 1)]
    return ListValue(pieces, Collection("list", values.element))


def coalesce(*values: Value) -> Value:
    """The first value that is neither null nor an empty string, as of the common type of all."""
    if not values:
        raise ValueProblem("at least one argument is required")
    kind = common_type([type_of(value) for value in values])
    if kind is None:
        raise ValueProblem("all arguments must be of one type, or of types that can be converted to one")
    for value in values:
        if isinstance(value, Unknown):
            return value if value.prefix else Unknown(value.reference, type=kind)
        if not is_null(value) and not (value == "" and kind == STRING):
            return convert(value, kind)
    raise ValueProblem("all arguments are null or empty")


def coalesce_list(*values: Value) -> Value:
    """The first list that is not empty."""
    if not values:
        raise ValueProblem("at least one argument is required")
    for value in values:
        if isinstance(value, Unknown):
            return Unknown(value.reference)
        listed = type(value) is Null and isinstance(value.type, (Collection, TupleType))
        if not listed and (isinstance(value, SetValue) or not isinstance(value, tuple)):
            raise ValueProblem(f"a list is required, not {article(type_name(value))}")
        if not is_null(value) and value:
            return value
    raise ValueProblem("all arguments are null or empty")


def concatenated(*lists: tuple[Value, ...]) -> Value:
    """All elements of all lists: a list where all are lists whose elements have a common type, else a tuple."""
    if not lists:
        raise ValueProblem("at least one list is required")
    items = tuple(value for values in lists for value in values)
    if all(isinstance(values, ListValue) for values in lists):
        element = common_type([values.element for values in lists if isinstance(values, ListValue)])
        if element is not None:
            return ListValue((convert(item, element) for item in items), element)
    return items


def contains(values: tuple[Value, ...], wanted: Value) -> Value:
    """Whether the list holds the value; unknown where an unknown element may be it."""
    undecided = None
    for item in values:
        same = equal(item, wanted)
        if isinstance(same, Unknown):
            undecided = undecided or same
        elif same:
            return True
    return False if undecided is None else undecided


def distinct(values: ListValue) -> ListValue:
    """The elements without repetition, in the order of their first occurrence."""
    result: dict[Value, Value] = {}
    for value in values:
        result.setdefault(canonical(value), value)
    return ListValue(result.values(), values.element)


def element(values: Value, index: int) -> Value:
    """The element at a position, counted on from the start past the end; of a list from the end where negative."""
    if not values:
        raise ValueProblem("the list is empty")
    if index % len(values) and index < 0 and not isinstance(values, ListValue):
        raise ValueProblem("the position in a tuple must not be negative; convert it with tolist")
    return values[index % len(values)]


def flattened(values: tuple[Value, ...]) -> tuple[Value, ...]:
    """The elements of all lists in the list, however deep."""
    result: list[Value] = []
    pending = [iter(values)]
    while pending:
        for value in pending[-1]:
            if isinstance(value, tuple):
                pending.append(iter(value))
                break
            result.append(value)
            if len(result) > MAX_ITEMS:
                raise ValueProblem(f"the list would have more than {MAX_ITEMS:,} elements")
        else:
            pending.pop()
    return tuple(result)


def position(values: tuple[Value, ...], wanted: Value) -> int:
    """The position of the first element that equals the value."""
    for index, value in enumerate(values):
        if equal(value, wanted) is True:
            return index
    raise ValueProblem("the value is not in the list")


def lookup(values: Mapping[str, Value], key: str, *default: Value) -> Value:
    """The value under a key, or the default, which for a map must be of the type of its values."""
    fallback = default
    if isinstance(values, MapValue):
        try:
            fallback = tuple(convert(value, values.element) for value in default)
        except ValueProblem:
            raise ValueProblem(f"the default must be {article(str(values.element))}, as the map's values are") from None
    if key in values:
        return values[key]
    if not fallback:
        raise ValueProblem(f"the map has no key {quoted(key)}, and no default is given")
    return fallback[0]


def matching_values(values: ListValue, keys: ListValue, searched: ListValue) -> ListValue:
    """The values whose key, at the same position, is among those searched."""
    if len(values) != len(keys):
        raise ValueProblem("values and keys must be lists of one length")
    kind = common_type([keys.element, searched.element])
    if kind is None:
        raise ValueProblem("the keys and those searched must be of one type")
    wanted = {canonical(convert(key, kind)) for key in searched}
    pairs = zip(values, keys, strict=True)
    return ListValue((value for value, key in pairs if canonical(convert(key, kind)) in wanted), values.element)


def merged(*maps: Mapping[str, Value] | Null | None) -> dict[str, Value]:
    """One map or object of all, of which the last one that has a key decides; null is ignored."""
    given = [each for each in maps if isinstance(each, dict)]
    result: dict[str, Value] = {}
    for each in given:
        result.update(each)
    ordered_items = {key: result[key] for key in sorted(result)}
    kinds = [each.element for each in given if isinstance(each, MapValue)]
    if given and len(kinds) == len(given) and len(given) == len(maps) and all(kind == kinds[0] for kind in kinds):
        return MapValue(ordered_items, kinds[0])
    return ordered_items


def one(values: tuple[Value, ...]) -> Value:
    """The only element, or null for none."""
    if len(values) > 1:
        raise ValueProblem(f"a list of at most one element is required, not of {len(values)}")
    return values[0] if values else None


def reversed_list(values: Value) -> Value:
    """The elements from last to first."""
    return like(values, tuple(values)[::-1])


def common_sets(sets: Sequence[SetValue]) -> tuple[list[SetValue], Type]:
    """The sets with elements of one type, and that type."""
    kind = common_type([each.element for each in sets if each] or [ANY])
    if kind is None:
        raise ValueProblem("the sets must have elements of one type, or of types that can be converted to one")
    return [set_of((convert(item, kind) for item in each), kind) for each in sets], kind


def intersection(*sets: SetValue) -> SetValue:
    """The elements that all sets have."""
    (first, *others), kind = common_sets(sets)
    known = [{canonical(value) for value in other} for other in others]
    return SetValue((value for value in first if all(canonical(value) in other for other in known)), kind)


def combinations(*collections: Value) -> Value:
    """Every combination of one element of each: a list of tuples if all are lists, else a set of them."""
    if len(collections) < 2:
        raise ValueProblem("at least two collections are required")
    if math.prod(len(values) for values in collections) > MAX_ITEMS:
        raise ValueProblem(f"there would be more than {MAX_ITEMS:,} combinations")
    alike = [
        values if isinstance(values, (ListValue, SetValue)) else convert(values, Collection("list", ANY))
        for values in collections
    ]
    kind = TupleType(tuple(values.element for values in alike))
    result = tuple(product(*(tuple(values) for values in alike)))
    if not any(isinstance(values, SetValue) for values in alike):
        return ListValue(result, kind)
    bare, marks = unmarked(result)
    return marked(set_of(bare, kind), marks)


def difference(first: SetValue, second: SetValue) -> SetValue:
    """The elements of the first set that the second has not."""
    (kept, dropped), kind = common_sets((first, second))
    without = {canonical(value) for value in dropped}
    return SetValue((value for value in kept if canonical(value) not in without), kind)


def union(*sets: SetValue) -> SetValue:
    """The elements of all sets."""
    alike, kind = common_sets(sets)
    return set_of((value for values in alike for value in values), kind)


def cut(values: Value, start: int, end: int) -> Value:
    """The elements from `start` to before `end`."""
    if not 0 <= start <= end <= len(values):
        raise ValueProblem(f"the positions must satisfy 0 <= {start} <= {end} <= {len(values)}, the length of the list")
    return like(values, values[start:end])


def in_order(values: tuple[Value, ...]) -> ListValue:
    """The strings sorted by their code points."""
    if any(is_null(value) for value in values):
        raise ValueProblem("a string to be sorted must not be null")
    return ListValue(sorted(values), STRING)


def transposed(values: Mapping[str, Value]) -> MapValue:
    """A map of lists turned round: under each element the sorted keys of the lists that hold it."""
    result: dict[str, list[str]] = {}
    for key in sorted(values):
        if is_null(values[key]):
            raise ValueProblem("a list must not be null")
        for item in values[key]:
            if is_null(item):
                raise ValueProblem("an element must not be null")
            result.setdefault(item, []).append(key)
    return MapValue({item: ListValue(result[item], STRING) for item in sorted(result)}, STRINGS)


def zipped(keys: tuple[Value, ...], values: tuple[Value, ...]) -> Value:
    """The map of the keys to the values at the same positions."""
    if len(keys) != len(values):
        raise ValueProblem(f"{len(keys)} keys cannot be paired with {len(values)} values")
    if (unknown := unknown_in(keys)) is not None:
        return Unknown(unknown.reference)
    if any(map(is_null, keys)):
        raise ValueProblem("a key must not be null")
    result = dict(zip(keys, values, strict=True))
    ordered_items = {key: result[key] for key in sorted(result)}
    return MapValue(ordered_items, values.element) if isinstance(values, ListValue) else ordered_items


def compacted(values: tuple[Value, ...]) -> ListValue:
    """The strings that are neither null nor empty."""
    return ListValue((value for value in values if not is_null(value) and value != ""), STRING)


def keys_of(values: Mapping[str, Value]) -> Value:
    """The keys in order: a list for a map, a tuple for an object."""
    keys = sorted(values)
    return ListValue(keys, STRING) if isinstance(values, MapValue) else tuple(keys)


def values_of(values: Mapping[str, Value]) -> Value:
    """The values in order of their keys: a list for a map, a tuple for an object."""
    items = [values[key] for key in sorted(values)]
    return ListValue(items, values.element) if isinstance(values, MapValue) else tuple(items)


# --- conversions ---------------------------------------------------------------------------------------------------------------


def converted(wanted: Type) -> Callable[[Value], Value]:
    """The function that converts to a type; elements of a collection that may be of any type get their common one."""

    def convert_to(value: Value) -> Value:
        collected = isinstance(value, (dict, tuple)) and isinstance(wanted, Collection)
        if collected and not convertible(type_of(value), wanted):
            raise ValueProblem(
                f"{article(type_name(value))} cannot be converted to {wanted}, whatever its elements become"
            )
        return convert(value, wanted)

    return convert_to


def json_encoded(value: Value) -> Value:
    """The value as JSON; where part of it is unknown, an unknown string that keeps the rest as `partial`."""
    unknown = first_unknown(value)
    if unknown is None:
        return encodings.json_text(value)
    prefix = "{" if isinstance(value, dict) else "[" if isinstance(value, tuple) else ""
    return Unknown(unknown.reference, partial=None if value is unknown else plain(value), prefix=prefix)


def yaml_encoded(value: Value) -> Value:
    """The value as YAML; where part of it is unknown, an unknown string that keeps the rest as `partial`."""
    unknown = first_unknown(value)
    if unknown is None:
        return encodings.yaml_text(value)
    return Unknown(unknown.reference, partial=None if value is unknown else plain(value))


def formatted(pattern: Value, *values: Value) -> Value:
    """The values in the places of a pattern; if one is unknown, the text before the first place is.

    Null without a type counts as unknown, as in Terraform.
    """
    if None in values:
        return Unknown("format()", type=STRING)
    unknown = next((found for value in (pattern, *values) if (found := first_unknown(value)) is not None), None)
    if unknown is None:
        return texts.formatted(pattern, values)
    prefix = pattern.split("%", 1)[0] if isinstance(pattern, str) else ""
    return Unknown(unknown.reference, prefix=prefix)


def formatted_each(pattern: Value, *values: Value) -> Value:
    """`formatlist`; unknown where anything is, and where a value is null without a type, as in Terraform."""
    unknown = next((found for value in (pattern, *values) if (found := first_unknown(value)) is not None), None)
    if unknown is not None or None in values:
        return Unknown("formatlist()" if unknown is None else unknown.reference, type=STRINGS)
    return texts.formatted_list(pattern, *values)


def at_apply(name: str) -> Callable[..., Value]:
    """What Terraform computes only when it applies, or anew each time."""
    return lambda *_: Unknown(f"{name}()")


def compare_times(first: str, second: str) -> int:
    """-1, 0 or 1: which time is the earlier."""
    a, b = dates.parsed(first), dates.parsed(second)
    return (a > b) - (a < b)


def hashed_file(algorithm: str, encode: Callable[[bytes], str]) -> Function:
    """The function that hashes the content of a file."""
    return Function(
        "string", lambda context, path: encode(encodings.digest(algorithm, context.content(path))), reads=True
    )


def hashed_text(algorithm: str, encode: Callable[[bytes], str]) -> Function:
    """The function that hashes a string, in UTF-8."""
    return Function("string", lambda text: encode(encodings.digest(algorithm, text.encode())))


def refused(name: str) -> Function:
    """A function of Terraform's that cannot be computed here; using it is an error that says so."""

    def refuse(*_: Value) -> Value:
        raise ValueProblem(f"Terraform's function {name} is not evaluated here; set what it yields as a variable")

    return Function("any*!", refuse, unknown="own")


ARN_PARTS: Final = ("partition", "service", "region", "account_id", "resource")


def arn_parts(arn: str) -> dict[str, Value]:
    """The parts of an ARN by name, as AWS's own library splits it."""
    head, *parts = arn.split(":", 5)
    if head != "arn" or len(parts) != len(ARN_PARTS):
        raise ValueProblem(f"{quoted(arn)} is not an ARN; it must read arn:partition:service:region:account:resource")
    return dict(zip(ARN_PARTS, parts, strict=True))


def role_without_path(arn: str) -> str:
    """The ARN of an IAM role without the path before its name."""
    parts = arn_parts(arn)
    kind, *path = str(parts["resource"]).split("/")
    if parts["service"] != "iam" or kind != "role" or not path:
        raise ValueProblem(f"{quoted(arn)} is not the ARN of an IAM role")
    return ":".join(("arn", *(str(parts[name]) for name in ARN_PARTS[:-1]), f"role/{path[-1]}"))


def hexadecimal(content: bytes) -> str:
    """The bytes in hexadecimal digits."""
    return content.hex()


# --- the table -----------------------------------------------------------------------------------------------------------------

FUNCTIONS: Final[Mapping[str, Function]] = {
    # numbers
    "abs": Function("number", abs),
    "ceil": Function("number", math.ceil),
    "floor": Function("number", math.floor),
    "log": Function("number number", real(lambda value, base: logarithm(value) / logarithm(base))),
    "max": Function("number*", extreme(max)),
    "min": Function("number*", extreme(min)),
    "parseint": Function("any whole", parse_int),
    "pow": Function("number number", real(power)),
    "signum": Function("whole", lambda value: (value > 0) - (value < 0)),
    "sum": Function("list", total),
    # strings
    "chomp": Function("string", lambda text: text.rstrip("\r\n")),
    "endswith": Function("string string", str.endswith),
    "format": Function("string any*!", formatted, unknown="own"),
    "formatlist": Function("string any*!", formatted_each, unknown="own"),
    "indent": Function("whole string", lambda spaces, text: text.replace("\n", "\n" + " " * texts.width(spaces))),
    "join": Function("string strings*", texts.joined),
    "lower": Function("string", texts.lower),
    "regex": Function("string string", texts.regex),
    "regexall": Function("string string", texts.regex_all),
    "replace": Function("string string string", texts.replaced),
    "split": Function("string string", texts.split),
    "startswith": Function("string string", str.startswith),
    "strcontains": Function("string string", lambda text, part: part in text),
    "strrev": Function("string", lambda text: "".join(reversed(texts.characters(text)))),
    "substr": Function("string whole whole", texts.part),
    "title": Function("string", texts.title),
    "trim": Function("string string", lambda text, cutset: text.strip(cutset) if cutset else text),
    "trimprefix": Function("string string", str.removeprefix),
    "trimspace": Function("string", lambda text: text.strip()),
    "trimsuffix": Function("string string", str.removesuffix),
    "upper": Function("string", texts.upper),
    # collections
    "alltrue": Function("bools", all_true, unknown="outer"),
    "anytrue": Function("bools", any_true, unknown="outer"),
    "chunklist": Function("alike whole", chunks, unknown="outer", marks=True),
    "coalesce": Function("any*!", coalesce, unknown="own"),
    "coalescelist": Function("any*!", coalesce_list, unknown="own"),
    "compact": Function("strings", compacted),
    "concat": Function("ordered*", concatenated, unknown="outer", marks=True),
    "contains": Function("list any", contains, unknown="outer"),
    "distinct": Function("alike", distinct),
    "element": Function("ordered whole", element, unknown="outer", marks=True),
    "flatten": Function("list", flattened, unknown="outer", marks=True),
    "index": Function("ordered any!", position),
    "keys": Function("map", keys_of, unknown="outer", marks=True),
    "length": Function("any", length, unknown="outer", marks=True),
    "lookup": Function("map string any?!", lookup, unknown="outer", marks=True),
    "matchkeys": Function("alike alike alike", matching_values),
    "merge": Function("map*!", merged, unknown="outer", marks=True),
    "one": Function("list", one, unknown="outer", marks=True),
    "range": Function("number number? number?", numbers_from_to),
    "reverse": Function("list", reversed_list, unknown="outer", marks=True),
    "setintersection": Function("set set*", intersection),
    "setproduct": Function("list*", combinations, unknown="outer", marks=True),
    "setsubtract": Function("set set", difference),
    "setunion": Function("set set*", union),
    "slice": Function("ordered whole whole", cut, unknown="outer", marks=True),
    "sort": Function("strings", in_order),
    "transpose": Function("lists", transposed),
    "values": Function("map", values_of, unknown="outer", marks=True),
    "zipmap": Function("strings ordered", zipped, unknown="outer", marks=True),
    # encodings
    "base64decode": Function("string", encodings.base64_decoded),
    "base64encode": Function("string", lambda text: encodings.base64_text(text.encode())),
    "base64gzip": Function("string", encodings.base64_gzip),
    "csvdecode": Function("string", encodings.csv_rows),
    "jsondecode": Function("string", encodings.json_value),
    "jsonencode": Function("any!", json_encoded, unknown="own"),
    "textdecodebase64": Function("string string", encodings.text_from_base64),
    "textencodebase64": Function("string string", encodings.text_to_base64),
    "urlencode": Function("string", encodings.url_encoded),
    "yamldecode": Function("string", encodings.yaml_value),
    "yamlencode": Function("any!", yaml_encoded, unknown="own"),
    # files
    "abspath": Function("string", absolute, reads=True),
    "basename": Function("string", texts.base_name),
    "dirname": Function("string", texts.directory_name),
    "file": Function("string", file_text, reads=True),
    "filebase64": Function("string", lambda context, path: encodings.base64_text(context.content(path)), reads=True),
    "fileexists": Function("string", file_exists, reads=True),
    "fileset": Function("string string", file_set, reads=True),
    "pathexpand": Function("string", texts.home_expanded),
    # dates
    "formatdate": Function("string string", dates.formatted),
    "plantimestamp": Function("", at_apply("plantimestamp")),
    "timeadd": Function("string string", dates.added),
    "timecmp": Function("string string", compare_times),
    "timestamp": Function("", at_apply("timestamp")),
    # hashes
    "base64sha256": hashed_text("sha256", encodings.base64_text),
    "base64sha512": hashed_text("sha512", encodings.base64_text),
    "bcrypt": Function("string whole?", at_apply("bcrypt")),
    "filebase64sha256": hashed_file("sha256", encodings.base64_text),
    "filebase64sha512": hashed_file("sha512", encodings.base64_text),
    "filemd5": hashed_file("md5", hexadecimal),
    "filesha1": hashed_file("sha1", hexadecimal),
    "filesha256": hashed_file("sha256", hexadecimal),
    "filesha512": hashed_file("sha512", hexadecimal),
    "md5": hashed_text("md5", hexadecimal),
    "sha1": hashed_text("sha1", hexadecimal),
    "sha256": hashed_text("sha256", hexadecimal),
    "sha512": hashed_text("sha512", hexadecimal),
    "uuid": Function("", at_apply("uuid")),
    "uuidv5": Function("string string", encodings.uuid_v5),
    # addresses
    "cidrhost": Function("string whole", ip.host),
    "cidrnetmask": Function("string", ip.netmask),
    "cidrsubnet": Function("string whole whole", ip.subnet),
    "cidrsubnets": Function("string whole*", ip.subnets),
    # types
    "tobool": Function("any!", converted(BOOL), unknown="own", marks=True),
    "tolist": Function("any!", converted(Collection("list", ANY)), unknown="own", marks=True),
    "tomap": Function("any!", converted(Collection("map", ANY)), unknown="own", marks=True),
    "tonumber": Function("any!", converted(NUMBER), unknown="own", marks=True),
    "toset": Function("any!", converted(Collection("set", ANY)), unknown="own", marks=True),
    "tostring": Function("any!", converted(STRING), unknown="own", marks=True),
    # the AWS provider's: https://registry.terraform.io/providers/hashicorp/aws/5.100.0/docs/functions/arn_parse
    "provider::aws::arn_build": Function(
        "string string string string string", lambda *parts: ":".join(("arn", *parts))
    ),
    "provider::aws::arn_parse": Function("string", arn_parts),
    "provider::aws::trim_iam_role_path": Function("string", role_without_path),
    # refused by name
    "rsadecrypt": refused("rsadecrypt"),
}
"""Every function that can be computed from its arguments alone, or from these and the stack's files."""
