"""Terraform's functions: a table from name to what computes it.

https://developer.hashicorp.com/terraform/language/functions. A function is called with its arguments and a `Context`. What it is
given is first converted to what its signature says, as Terraform does; an unknown argument makes the result unknown, unless the
function can do with less. `try`, `can`, `sensitive`, `nonsensitive`, `templatefile` and `templatestring` are not here: they look
at their arguments before these are values, or at the scope, and belong to the evaluator.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Final, Literal

from analysis.architecture import Unknown, Value
from analysis.files import read_bytes
from analysis.terraform import dates, encodings, ip, texts
from analysis.terraform.values import (
    SetValue,
    ValueProblem,
    arithmetic,
    article,
    canonical,
    equal,
    first_unknown,
    number,
    plain,
    quoted,
    set_of,
    to_bool,
    to_number,
    to_string,
    type_name,
    unify,
)

MAX_ITEMS: Final = 100_000
"""The longest collection that a function may build; Terraform knows no limit, a configuration stays far below."""

MAX_RANGE: Final = 1024
"""The longest `range`, as in Terraform: https://developer.hashicorp.com/terraform/language/functions/range"""

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
                f"the path {quoted(path)} leads out of the stack's directory; files outside are not read"
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
    unknown as such; `own`, the function sees to it. With `reads` it gets the `Context` as its first argument.
    """

    signature: str
    call: Callable[..., Value]
    unknown: Policy = "whole"
    reads: bool = False

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
            if value is None and "!" not in kind:
                raise ValueProblem(f"argument {position + 1} must not be null")
            try:
                result.append(value if value is None else KINDS[kind.rstrip("?*!")](value))
            except ValueProblem as problem:
                raise ValueProblem(f"argument {position + 1}: {problem}") from None
        return result


def whole(value: Value) -> Value:
    """A number without a fraction."""
    value = to_number(value)
    if isinstance(value, float):
        raise ValueProblem("a whole number is required")
    return value


def sequence(value: Value) -> Value:
    """A list, tuple or set, as a tuple."""
    if isinstance(value, (tuple, Unknown)):
        return value
    raise ValueProblem(f"a list is required, not {article(type_name(value))}")


def strings(value: Value) -> Value:
    """A list of strings; numbers and bools in it become strings."""
    items = sequence(value)
    if isinstance(items, Unknown):
        return items
    return tuple(to_string(item) for item in items)


def set_kind(value: Value) -> Value:
    """A set; lists are converted."""
    items = sequence(value)
    return items if isinstance(items, (SetValue, Unknown)) else set_of(items)


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
    "strings": strings,
    "set": set_kind,
    "map": mapping,
}


# --- numbers -------------------------------------------------------------------------------------------------------------------


def real(compute: Callable[..., float]) -> Callable[..., Value]:
    """The function with its result as a Terraform number, and its failures as problems."""

    def computed(*arguments: Any) -> Value:
        try:
            return number(compute(*arguments))
        except (ValueError, ZeroDivisionError, OverflowError):
            raise ValueProblem("the result is no finite number") from None

    return computed


def power(base: int | float, exponent: int | float) -> float:
    """`base` to the power of `exponent`, as a float, as Terraform computes it."""
    return math.pow(base, exponent)


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
        if value is None:
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
    return tuple(result)


# --- collections ---------------------------------------------------------------------------------------------------------------


def unknown_in(values: Value) -> Unknown | None:
    """The first element that is unknown as such."""
    return next((value for value in values if isinstance(value, Unknown)), None)


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
        if value is None or not to_bool(value):
            return False
    return True


def any_true(values: tuple[Value, ...]) -> Value:
    """Whether an element is true; null counts as false."""
    undecided = None
    for value in values:
        if isinstance(value, Unknown):
            undecided = undecided or Unknown(value.reference)
        elif value is not None and to_bool(value):
            return True
    return False if undecided is None else undecided


def chunks(values: tuple[Value, ...], size: int) -> tuple[Value, ...]:
    """The list in pieces of `size`; in one piece for 0."""
    if size < 0:
        raise ValueProblem("the size must not be negative")
    if not values:
        return ()
    if size == 0:
        return (values,)
    return tuple(values[start : start + size] for start in range(0, len(values), size))


def coalesce(*values: Value) -> Value:
    """The first value that is neither null nor an empty string, as of the common type of all."""
    if not values:
        raise ValueProblem("at least one argument is required")
    if all(isinstance(value, (str, int, float, Unknown)) or value is None for value in values):
        values = unify(values)
    for value in values:
        if isinstance(value, Unknown):
            return value if value.prefix else Unknown(value.reference)
        if value is not None and value != "":
            return value
    raise ValueProblem("all arguments are null or empty")


def coalesce_list(*values: Value) -> Value:
    """The first list or map that is not empty."""
    for value in values:
        if isinstance(value, Unknown):
            return Unknown(value.reference)
        if value is not None and not isinstance(value, (tuple, dict)):
            raise ValueProblem(f"a list is required, not {article(type_name(value))}")
        if value:
            return value
    raise ValueProblem("all arguments are null or empty")


def concatenated(*lists: tuple[Value, ...]) -> tuple[Value, ...]:
    """All elements of all lists."""
    if not lists:
        raise ValueProblem("at least one list is required")
    if any(isinstance(values, SetValue) for values in lists):
        raise ValueProblem("a list is required, not a set; convert it with tolist, or use setunion")
    return tuple(value for values in lists for value in values)


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


def distinct(values: tuple[Value, ...]) -> tuple[Value, ...]:
    """The elements without repetition, in the order of their first occurrence."""
    result: dict[Value, Value] = {}
    for value in unify(values):
        result.setdefault(canonical(value), value)
    return tuple(result.values())


def element(values: Value, index: int) -> Value:
    """The element at a position, counted on from the start past the end."""
    if isinstance(values, SetValue):
        raise ValueProblem("the elements of a set have no position; convert it with tolist")
    if not values:
        raise ValueProblem("the list is empty")
    if index < 0:
        raise ValueProblem("the position must not be negative")
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
    """The value under a key, or the default."""
    if key in values:
        return values[key]
    if not default:
        raise ValueProblem(f"the map has no key {quoted(key)}, and no default is given")
    return default[0]


def matching_values(
    values: tuple[Value, ...], keys: tuple[Value, ...], searched: tuple[Value, ...]
) -> tuple[Value, ...]:
    """The values whose key, at the same position, is among those searched."""
    if len(values) != len(keys):
        raise ValueProblem("values and keys must be lists of one length")
    wanted = {canonical(key) for key in searched}
    return tuple(value for value, key in zip(values, keys, strict=True) if canonical(key) in wanted)


def merged(*maps: Mapping[str, Value] | None) -> dict[str, Value]:
    """One map of all, of which the last one that has a key decides; null is ignored."""
    result: dict[str, Value] = {}
    for each in maps:
        result.update(each or {})
    return {key: result[key] for key in sorted(result)}


def one(values: tuple[Value, ...]) -> Value:
    """The only element, or null for none."""
    if len(values) > 1:
        raise ValueProblem(f"a list of at most one element is required, not of {len(values)}")
    return values[0] if values else None


def reversed_list(values: Value) -> Value:
    """The elements from last to first."""
    return tuple(values)[::-1]


def intersection(first: SetValue, *others: SetValue) -> SetValue:
    """The elements that all sets have."""
    kept = tuple(first)
    for other in others:
        known = {canonical(value) for value in unify((*other, *kept))[: len(other)]}
        kept = tuple(value for value in unify((*kept, *other))[: len(kept)] if canonical(value) in known)
    return set_of(kept)


def combinations(*collections: Value) -> Value:
    """Every combination of one element of each; a set if all are sets."""
    if len(collections) < 2:
        raise ValueProblem("at least two collections are required")
    if math.prod(len(values) for values in collections) > MAX_ITEMS:
        raise ValueProblem(f"there would be more than {MAX_ITEMS:,} combinations")
    result = tuple(product(*(tuple(values) for values in collections)))
    return set_of(result) if all(isinstance(values, SetValue) for values in collections) else result


def difference(first: SetValue, second: SetValue) -> SetValue:
    """The elements of the first set that the second has not."""
    both = unify((*first, *second))
    dropped = {canonical(value) for value in both[len(first) :]}
    return set_of(value for value in both[: len(first)] if canonical(value) not in dropped)


def union(*sets: SetValue) -> SetValue:
    """The elements of all sets."""
    return set_of(value for values in sets for value in values)


def cut(values: Value, start: int, end: int) -> tuple[Value, ...]:
    """The elements from `start` to before `end`."""
    if isinstance(values, SetValue):
        raise ValueProblem("a set has no order; convert it with tolist")
    if not 0 <= start <= end <= len(values):
        raise ValueProblem(f"the positions must satisfy 0 <= {start} <= {end} <= {len(values)}, the length of the list")
    return tuple(values[start:end])


def in_order(values: tuple[Value, ...]) -> tuple[Value, ...]:
    """The strings sorted by their code points."""
    if any(value is None for value in values):
        raise ValueProblem("a string to be sorted must not be null")
    return tuple(sorted(values))


def transposed(values: Mapping[str, Value]) -> dict[str, Value]:
    """A map of lists turned round: under each element the sorted keys of the lists that hold it."""
    result: dict[str, list[str]] = {}
    for key in sorted(values):
        for item in strings(values[key]):
            result.setdefault(item, []).append(key)
    return {item: tuple(result[item]) for item in sorted(result)}


def zipped(keys: tuple[Value, ...], values: tuple[Value, ...]) -> Value:
    """The map of the keys to the values at the same positions."""
    if len(keys) != len(values):
        raise ValueProblem(f"{len(keys)} keys cannot be paired with {len(values)} values")
    if (unknown := unknown_in(keys)) is not None:
        return Unknown(unknown.reference)
    if None in keys:
        raise ValueProblem("a key must not be null")
    result = dict(zip(keys, values, strict=True))
    return {key: result[key] for key in sorted(result)}


def compacted(values: tuple[Value, ...]) -> tuple[Value, ...]:
    """The strings that are neither null nor empty."""
    return tuple(value for value in values if value is not None and value != "")


# --- conversions ---------------------------------------------------------------------------------------------------------------


def to_list(value: Value) -> Value:
    """The elements as a list, of one type."""
    if value is None:
        return None
    return unify(tuple(sequence(value)))


def to_set(value: Value) -> Value:
    """The elements as a set, of one type."""
    if value is None:
        return None
    return set_of(sequence(value))


def to_map(value: Value) -> Value:
    """The attributes as a map, of one type."""
    if value is None:
        return None
    keys = sorted(mapping(value))
    return dict(zip(keys, unify(tuple(value[key] for key in keys)), strict=True))


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
    """The values in the places of a pattern; if one is unknown, the text before the first place is."""
    unknown = next((found for value in (pattern, *values) if (found := first_unknown(value)) is not None), None)
    if unknown is None:
        return texts.formatted(pattern, values)
    prefix = pattern.split("%", 1)[0] if isinstance(pattern, str) else ""
    return Unknown(unknown.reference, prefix=prefix)


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
    "log": Function("number number", real(lambda value, base: math.log(value) / math.log(base))),
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
    "formatlist": Function("string any*!", texts.formatted_list),
    "indent": Function("whole string", lambda spaces, text: text.replace("\n", "\n" + " " * texts.width(spaces))),
    "join": Function("string strings*", texts.joined),
    "lower": Function("string", texts.lower),
    "regex": Function("string string", texts.regex),
    "regexall": Function("string string", texts.regex_all),
    "replace": Function("string string string", texts.replaced),
    "split": Function("string string", lambda separator, text: tuple(text.split(separator) if separator else text)),
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
    "alltrue": Function("list", all_true, unknown="outer"),
    "anytrue": Function("list", any_true, unknown="outer"),
    "chunklist": Function("list whole", chunks, unknown="outer"),
    "coalesce": Function("any*!", coalesce, unknown="own"),
    "coalescelist": Function("any*!", coalesce_list, unknown="own"),
    "compact": Function("strings", compacted),
    "concat": Function("list*", concatenated, unknown="outer"),
    "contains": Function("list any!", contains, unknown="outer"),
    "distinct": Function("list", distinct),
    "element": Function("list whole", element, unknown="outer"),
    "flatten": Function("list", flattened, unknown="outer"),
    "index": Function("list any!", position),
    "keys": Function("map", lambda values: tuple(sorted(values)), unknown="outer"),
    "length": Function("any", length, unknown="outer"),
    "lookup": Function("map string any?!", lookup, unknown="outer"),
    "matchkeys": Function("list list list", matching_values),
    "merge": Function("map*!", merged, unknown="outer"),
    "one": Function("list", one, unknown="outer"),
    "range": Function("number number? number?", numbers_from_to),
    "reverse": Function("list", reversed_list, unknown="outer"),
    "setintersection": Function("set set*", intersection),
    "setproduct": Function("list*", combinations, unknown="outer"),
    "setsubtract": Function("set set", difference),
    "setunion": Function("set set*", union),
    "slice": Function("list whole whole", cut, unknown="outer"),
    "sort": Function("strings", in_order),
    "transpose": Function("map", transposed),
    "values": Function("map", lambda values: tuple(values[key] for key in sorted(values)), unknown="outer"),
    "zipmap": Function("strings list", zipped, unknown="outer"),
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
    "tobool": Function("any!", to_bool),
    "tolist": Function("any!", to_list, unknown="outer"),
    "tomap": Function("any!", to_map, unknown="outer"),
    "tonumber": Function("any!", to_number),
    "toset": Function("any!", to_set, unknown="outer"),
    "tostring": Function("any!", to_string),
    # the AWS provider's: https://registry.terraform.io/providers/hashicorp/aws/5.100.0/docs/functions/arn_parse
    "provider::aws::arn_build": Function(
        "string string string string string", lambda *parts: ":".join(("arn", *parts))
    ),
    "provider::aws::arn_parse": Function("string", arn_parts),
    "provider::aws::trim_iam_role_path": Function("string", role_without_path),
    # refused by name
    "ephemeralasnull": refused("ephemeralasnull"),
    "issensitive": refused("issensitive"),
    "rsadecrypt": refused("rsadecrypt"),
}
"""Every function that can be computed from its arguments alone, or from these and the stack's files."""
