"""Strings and paths as Terraform's functions treat them: formats, regular expressions, cases, globs.

Regular expressions are RE2's, the engine that Terraform itself uses: the same syntax, and time linear in the text.
"""

from __future__ import annotations

import functools
import json
import os
import posixpath
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Final

import re2

from analysis.architecture import Value
from analysis.terraform.encodings import json_text
from analysis.terraform.values import (
    STRING,
    ListValue,
    Member,
    Null,
    ObjectType,
    TupleType,
    Type,
    ValueProblem,
    article,
    expansion,
    is_null,
    number_text,
    quoted,
    to_number,
    to_string,
    type_name,
)

MAX_WIDTH: Final = 10_000
"""The widest field of `format` and the widest `indent`; a wider one is a mistake or an attack."""

MAX_TEXT: Final = 16_000_000
"""The longest string that a function builds."""


MAX_LETTERS: Final = 1_000_000
"""The longest string beyond ASCII that is taken apart into the characters that a reader sees."""

MAX_MATCHES: Final = 100_000
"""The most matches of a regular expression in one text."""

MAX_PATTERN: Final = 10_000
"""Characters of one regular expression: reading one takes longer than its length grows."""

MAX_SEARCH: Final = 200_000_000
"""The largest product of a text's length and the size of the regular expression that searches it: some seconds at worst."""


def width(value: int) -> int:
    """The width, if it is a sensible one."""
    if not 0 <= value <= MAX_WIDTH:
        raise ValueProblem(f"a width must lie between 0 and {MAX_WIDTH:,}")
    return value


def characters(text: str) -> list[str]:
    """The characters that a reader sees: a letter with its combining marks is one."""
    if text.isascii() and "\r\n" not in text:
        return list(text)
    if len(text) > MAX_LETTERS:
        raise ValueProblem(f"a string of more than {MAX_LETTERS:,} characters beyond ASCII is not taken apart")
    return CHARACTER.findall(text)


CHARACTER = re.compile(
    r"\r\n|[\s\S](?:[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f"
    r"\U0001f3fb-\U0001f3ff]|\u200d[\s\S])*"
)


def part(text: str, offset: int, length: int) -> str:
    """`substr`: from a character on, counted from the end where negative; a negative length means the rest."""
    letters = characters(text)
    start = max(0, len(letters) + offset) if offset < 0 else offset
    return "".join(letters[start:] if length < 0 else letters[start : start + length])


def upper(text: str) -> str:
    """Every letter on its own in upper case, as Go does it: `ß` has none."""
    if text.isascii():
        return text.upper()
    return "".join(letter.upper() if len(letter.upper()) == 1 else letter for letter in text)


def lower(text: str) -> str:
    """Every letter on its own in lower case."""
    if text.isascii():
        return text.lower()
    return "".join(letter.lower() if len(letter.lower()) == 1 else letter for letter in text)


def title(text: str) -> str:
    """Every word with a capital, words as Go sees them: letters, digits and `_` belong to a word."""
    result = []
    previous = " "
    for letter in text:
        inside = previous.isalnum() or previous == "_" or (not previous.isascii() and not previous.isspace())
        result.append(letter if inside else letter.title() if len(letter.title()) == 1 else letter)
        previous = letter
    return "".join(result)


def split(separator: str, text: str) -> ListValue:
    """`split`: the parts of the text between the separators; for an empty one, its characters."""
    return ListValue(text.split(separator) if separator else text, STRING)


def joined(separator: str, *lists: Sequence[str | None]) -> str:
    """`join`: the strings of all lists with the separator between them."""
    if not lists:
        raise ValueProblem("at least one list is required")
    items = [item for values in lists for item in values]
    if any(is_null(item) for item in items):
        raise ValueProblem("an element to be joined must not be null")
    if sum(len(item or "") + len(separator) for item in items) > MAX_TEXT:
        raise ValueProblem(f"the result would have more than {MAX_TEXT:,} characters")
    return separator.join(item or "" for item in items)


# --- regular expressions -------------------------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=256)
def compiled(pattern: str) -> Any:
    """The pattern, ready to search with."""
    if len(pattern) > MAX_PATTERN:
        raise ValueProblem(f"the regular expression has {len(pattern):,} characters, and the limit is {MAX_PATTERN:,}")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 8 << 20
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
        raise ValueProblem(f"{quoted(pattern)} is no regular expression: {reason}") from None


def searching(pattern: str, text: str) -> Any:
    """The pattern, ready to search the text with; refused where that would take too long."""
    expression = compiled(pattern)
    if expression.programsize * len(text) > MAX_SEARCH:
        raise ValueProblem(f"the pattern {quoted(pattern)} is too large for a text of {len(text):,} characters")
    return expression


def captures(expression: Any, found: Any) -> Value:
    """What a match yields: a map of named groups, a list of unnamed ones, or the text."""
    if expression.groups == 0:
        return found.group(0)
    groups = tuple(Null(STRING) if group is None else group for group in found.groups())
    if expression.groupindex:
        if len(expression.groupindex) != expression.groups:
            raise ValueProblem("a regular expression may have named groups or unnamed ones, not both")
        return {name: groups[number - 1] for name, number in sorted(expression.groupindex.items())}
    return groups


def regex(pattern: str, text: str) -> Value:
    """The first match."""
    expression = searching(pattern, text)
    found = expression.search(text)
    if found is None:
        raise ValueProblem(f"the pattern {quoted(pattern)} matches no part of {quoted(text)}")
    return captures(expression, found)


def matches(expression: Any, text: str) -> Iterator[Any]:
    """All matches as Go finds them: an empty one does not count right behind another."""
    end = -1
    for count, found in enumerate(expression.finditer(text)):
        if count > MAX_MATCHES:
            raise ValueProblem(f"the pattern matches more than {MAX_MATCHES:,} times")
        if found.end() > found.start() or found.start() != end:
            yield found
        end = found.end()


def regex_all(pattern: str, text: str) -> ListValue:
    """All matches, one after the other."""
    expression = searching(pattern, text)
    kind: Type = STRING
    if expression.groupindex:
        kind = ObjectType(dict.fromkeys(sorted(expression.groupindex), Member(STRING)))
    elif expression.groups:
        kind = TupleType((STRING,) * expression.groups)
    return ListValue((captures(expression, found) for found in matches(expression, text)), kind)


GROUP_REFERENCE = re.compile(r"\$(?:\$|\{(\w+)\}|(\w+))", re.ASCII)


def replaced(text: str, searched: str, replacement: str) -> str:
    """Every occurrence replaced; between slashes a regular expression, `$1` or `${name}` then stand for its groups."""
    if len(searched) > 1 and searched.startswith("/") and searched.endswith("/"):
        expression = searching(searched[1:-1], text)
        pieces = []
        position = size = 0
        for found in matches(expression, text):
            pieces.append(text[position : found.start()])
            pieces.append(expanded(replacement, expression, found))
            size += len(pieces[-1])
            if size > MAX_TEXT:
                raise ValueProblem(f"the result would have more than {MAX_TEXT:,} characters")
            position = found.end()
        return "".join((*pieces, text[position:]))
    if (text.count(searched) if searched else len(text)) * len(replacement) > MAX_TEXT:
        raise ValueProblem(f"the result would have more than {MAX_TEXT:,} characters")
    return text.replace(searched, replacement)


def expanded(replacement: str, expression: Any, found: Any) -> str:
    """The replacement with the groups of a match in their places; a group that is not there is empty."""

    def group(reference: re.Match[str]) -> str:
        name = reference[1] or reference[2]
        if name is None:
            return "$"
        if name.isdigit():
            return (found.group(int(name)) or "") if int(name) <= expression.groups else ""
        return (found.group(name) or "") if name in expression.groupindex else ""

    return GROUP_REFERENCE.sub(group, replacement)


# --- paths ---------------------------------------------------------------------------------------------------------------------


def clean_path(path: str) -> str:
    """The shortest path that means the same, by its text alone."""
    return "/" + posixpath.normpath(path).lstrip("/") if path.startswith("/") else posixpath.normpath(path)


def base_name(path: str) -> str:
    """The last part of a path; `.` for an empty one."""
    stripped = path.rstrip("/")
    return stripped.rsplit("/", 1)[-1] if stripped else "/" if path else "."


def directory_name(path: str) -> str:
    """A path without its last part."""
    return clean_path(path.rsplit("/", 1)[0] or "/") if "/" in path else "."


def home_expanded(path: str) -> str:
    """The path with a leading `~` replaced by the home directory."""
    if not path.startswith("~"):
        return path
    if path[1:2] not in ("", "/"):
        raise ValueProblem("the home directory of another user cannot be found")
    return os.path.expanduser(path)  # noqa: PTH111 - as text: pathlib would change the rest of the path


@functools.lru_cache(maxsize=64)
def glob(pattern: str) -> Any:
    """The paths a pattern of `fileset` means, for RE2: `*` within a name, `**` over directories, `?`, `[a-z]`, `{a,b}`."""
    result = []
    position = 0
    depth = 0
    while position < len(pattern):
        character = pattern[position]
        position += 1
        if pattern.startswith("**/", position - 1):
            result.append("(?:[^/]+/)*")
            position += 2
        elif pattern.startswith("**", position - 1):
            result.append(".*")
            position += 1
        elif character == "*":
            result.append("[^/]*")
        elif character == "?":
            result.append("[^/]")
        elif character == "{":
            depth += 1
            result.append("(?:")
        elif character == "}" and depth:
            depth -= 1
            result.append(")")
        elif character == "," and depth:
            result.append("|")
        elif character == "[":
            end = pattern.find("]", position + 1)
            if end < 0:
                raise ValueProblem(f"{quoted(pattern)} is no pattern of file names: `[` is not closed")
            inside = pattern[position:end].replace("\\", "\\\\").replace("[", "\\[")
            result.append(f"[{'^' + inside[1:] if inside[0] in '!^' else inside}]")
            position = end + 1
        elif character == "\\" and position < len(pattern):
            result.append(re.escape(pattern[position]))
            position += 1
        else:
            result.append(re.escape(character))
    if depth:
        raise ValueProblem(f"{quoted(pattern)} is no pattern of file names: `{{` is not closed")
    if pattern.count("*") > 20:
        raise ValueProblem(f"{quoted(pattern)} has more than 20 stars")
    try:
        return compiled(f"(?s:{''.join(result)})")
    except ValueProblem:
        raise ValueProblem(f"{quoted(pattern)} is no pattern of file names") from None


# --- format --------------------------------------------------------------------------------------------------------------------

VERB = re.compile(
    r"%(?P<flags>[-+# 0]*)(?P<width>\d*)(?:\.(?P<precision>\d*))?(?:\[(?P<index>\d+)\])?(?P<verb>.)", re.DOTALL
)


def formatted(pattern: str, values: Sequence[Value]) -> str:
    """`format`: the values in the places that the pattern's verbs mark."""
    result = []
    position = 0
    following = 0
    highest = 0
    while (start := pattern.find("%", position)) >= 0:
        result.append(pattern[position:start])
        found = VERB.match(pattern, start)
        if found is None:
            raise ValueProblem("the pattern ends in the middle of a `%` verb")
        position = found.end()
        if found["verb"] == "%":
            result.append("%")
            continue
        if found["verb"] not in "vtbdoxXeEfgGsq":
            raise ValueProblem(f"`{found[0]}` is no verb that format knows")
        index = int(found["index"]) - 1 if found["index"] else following
        following = index + 1
        highest = max(highest, following)
        if not 0 <= index < len(values):
            raise ValueProblem(f"the pattern asks for {index + 1} values, {len(values)} are given")
        result.append(field(found, values[index]))
    result.append(pattern[position:])
    if highest < len(values):
        raise ValueProblem(f"the pattern uses {highest} values, {len(values)} are given")
    text = "".join(result)
    if len(text) > MAX_TEXT:
        raise ValueProblem(f"the result would have more than {MAX_TEXT:,} characters")
    return text


def field(found: re.Match[str], value: Value) -> str:
    """One value as its verb wants it, padded to its width."""
    verb, flags = found["verb"], found["flags"]
    wide = width(int(found["width"])) if found["width"] else 0
    precision = width(int(found["precision"] or 0)) if found["precision"] is not None else None
    if verb == "v":
        verb = (
            "J"
            if "#" in flags or isinstance(value, (dict, tuple)) or is_null(value)
            else PLAIN_VERBS.get(type(value), "g")
        )
    elif is_null(value):
        raise ValueProblem(f"the value for `{found[0]}` must not be null")
    if verb in "dboxXeEfgG":
        text = number_field(verb, flags, precision, to_number(value))
    elif verb == "J":
        text = json_text(value)
    elif verb == "t":
        if isinstance(value, str) and value in ("true", "false"):
            value = value == "true"
        if not isinstance(value, bool):
            raise ValueProblem(f"the value for `{found[0]}` must be a bool, not {article(type_name(value))}")
        text = "true" if value else "false"
    else:
        text = to_string(value)
        if precision is not None:
            text = "".join(characters(text)[:precision])
        if verb == "q":
            text = json.dumps(text, ensure_ascii=False)
    if len(text) >= wide:
        return text
    if "-" in flags:
        return text.ljust(wide)
    if "0" in flags:
        if verb in "dboxXeEfgG" and text[:1] in "+- ":
            return text[0] + text[1:].rjust(wide - 1, "0")
        return text.rjust(wide, "0")
    return text.rjust(wide)


PLAIN_VERBS: Final = {str: "s", bool: "t"}
"""What `%v` stands for; a number is written in its shortest form."""


def number_field(verb: str, flags: str, precision: int | None, value: int | float) -> str:
    """A number in the notation of a verb, with its sign."""
    sign = "-" if value < 0 else "+" if "+" in flags else " " if " " in flags else ""
    size = abs(value)
    if verb in "dboxX":
        if isinstance(value, float):
            raise ValueProblem(f"the value for `%{verb}` must be a whole number")
        digits = format(int(size), {"d": "d", "b": "b", "o": "o", "x": "x", "X": "X"}[verb])
        if "#" in flags:
            digits = {"b": "0b", "o": "0", "x": "0x", "X": "0X"}.get(verb, "") + digits
        return sign + (digits.rjust(precision, "0") if precision is not None else digits)
    if verb in "gG" and precision is None:
        return sign + general(size, verb)
    return (
        sign + format(expansion(size), f".{6 if precision is None else precision}{verb}")
        if verb in "fF"
        else (sign + exponent_form(size, verb, 6 if precision is None else precision))
    )


def exponent_form(size: int | float, verb: str, precision: int) -> str:
    """A number with an exponent of at least two digits, as C and Go write it."""
    if verb in "gG":
        return significant(size, verb, precision or 1)
    if not size:
        return format(0.0, f".{precision}{verb}")
    mantissa, exponent = format(expansion(size), f".{precision}e").split("e")
    return f"{mantissa}{verb}{exponent[0]}{exponent[1:].rjust(2, '0')}"


def significant(size: int | float, verb: str, digits: int) -> str:
    """The number to so many digits, without zeros at its end; with an exponent below 1e-4 and where it has more digits."""
    if not size:
        return "0"
    mantissa, exponent = format(expansion(size), f".{digits - 1}e").split("e")
    power = int(exponent)
    if -4 <= power < digits:
        text = format(expansion(size), f".{digits - 1 - power}f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{mantissa}{'e' if verb == 'g' else 'E'}{'-' if power < 0 else '+'}{abs(power):02d}"


def general(size: int | float, verb: str) -> str:
    """The shortest exact form, as Go's `%g` of a big number: with an exponent below 1e-4 and from 1e6 on."""
    exponent = Decimal(number_text(size)).adjusted()
    if not size or -4 <= exponent < 6:
        return number_text(size)
    mantissa = "".join(map(str, Decimal(number_text(size)).as_tuple().digits)).rstrip("0")
    point = f".{mantissa[1:]}" if len(mantissa) > 1 else ""
    return f"{mantissa[0]}{point}{'e' if verb == 'g' else 'E'}{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def formatted_list(pattern: str, *values: Value) -> ListValue:
    """`formatlist`: the pattern once for each element of the lists among the values."""
    lengths = {len(value) for value in values if isinstance(value, tuple)}
    if len(lengths) > 1:
        raise ValueProblem(f"the lists must be of one length, not of {' and '.join(map(str, sorted(lengths)))}")
    if not lengths:
        return ListValue((formatted(pattern, values),), STRING)
    return ListValue(
        (
            formatted(pattern, [value[index] if isinstance(value, tuple) else value for value in values])
            for index in range(lengths.pop())
        ),
        STRING,
    )
