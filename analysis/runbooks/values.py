"""Whether the values of an AWS command are what the operation's model asks for: kinds, enumerations, members, limits."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from analysis.runbooks import cli, spelling
from analysis.runbooks.shell import Marks, Origin, is_unknown, wholly_unknown

MAX_DEPTH = 40


@dataclass(frozen=True, slots=True)
class ValueFault:
    """What is wrong with one word of a command; `word` counts from 0 behind `aws`."""

    word: int
    rule: str
    what: str
    to_do: str


@dataclass(slots=True)
class Given:
    """A command's arguments, sorted: options with their places, words that stand alone, parameters as the API takes them."""

    usage: cli.Usage
    options: dict[str, list[str]] = field(default_factory=dict)
    at: dict[str, int] = field(default_factory=dict)
    places: list[str] = field(default_factory=list)
    parameters: dict[str, Any] = field(default_factory=dict)
    documents: dict[str, str] = field(default_factory=dict)

    def option(self, name: str) -> str | None:
        """The first value of an option, None where it is not given or has none."""
        values = self.options.get(name)
        return values[0] if values else None


Document = Callable[[str, frozenset[str]], str | None]
"""Gives the text of the document that a page writes under a name; the names of the operation's parameters help to find it."""


def sort(arguments: Sequence[str]) -> tuple[Given, list[ValueFault]]:
    """The arguments of a call of `aws`, sorted. Raises cli.UsageError where there is no such command."""
    words = [(index, word) for index, word in enumerate(arguments)]
    leading: list[tuple[int, str]] = []
    at = 0
    while at < len(words) and words[at][1].startswith("--"):  # options of every command may stand before the service
        option = cli.GLOBALS.get(words[at][1].partition("=")[0])
        if option is None:
            break
        width = 1 if option.takes == "nothing" or "=" in words[at][1] else 2
        leading += words[at : at + width]
        at += width
    names = []
    for _, word in words[at:]:
        if word.startswith("-") or is_unknown(word):
            break
        names.append(word)
    try:
        usage, used = cli.usage(tuple(names))
    except cli.UsageError as fault:
        raise cli.UsageError(fault.what, fault.to_do, min(at + fault.word, max(0, len(words) - 1))) from None
    given = Given(usage)
    faults = _sorted([*leading, *words[at + used :]], given)
    return given, faults


def _sorted(words: Sequence[tuple[int, str]], given: Given) -> list[ValueFault]:
    faults: list[ValueFault] = []
    usage = given.usage
    index = 0
    while index < len(words):
        at, word = words[index]
        index += 1
        if not word.startswith("--") or word == "--":
            given.places.append(word)
            given.at.setdefault(f"place {len(given.places)}", at)
            continue
        name, equals, rest = word.partition("=")
        option = usage.options.get(name) or cli.GLOBALS.get(name)
        if option is None:
            known = [*usage.options, *cli.GLOBALS]
            close = [other for other in known if other.startswith(name)] or list(spelling.near(name, known))
            to_do = f"perhaps {' or '.join(close[:3])}" if close else f"see `aws {usage.name} help`"
            faults.append(ValueFault(at, "option", f"{usage.name} has no option {name}", to_do))
            while index < len(words) and not words[index][1].startswith("--"):
                index += 1
            given.options.setdefault(name, [])
            continue
        values = [rest] if equals else []
        if name in given.options and option.takes != "nothing":
            faults.append(ValueFault(at, "option", f"{name} stands twice; only the last one counts", "keep one"))
        if option.takes == "nothing":
            given.options[name] = []
            given.at[name] = at
            if not usage.places and index < len(words) and not words[index][1].startswith("--"):
                faults.append(ValueFault(at, "value", f"{name} takes no value", f"leave out {words[index][1]!r}"))
                index += 1
            continue
        most = 1 if option.takes in {"one", "maybe"} else len(words)
        while index < len(words) and len(values) < most and not words[index][1].startswith("--"):
            values.append(words[index][1])
            index += 1
        if not values and option.takes != "maybe":
            faults.append(ValueFault(at, "value", f"{name} takes a value", "write it behind the option"))
        while not usage.places and index < len(words) and not words[index][1].startswith("--"):
            faults.append(
                ValueFault(words[index][0], "value", f"{name} takes one value, and {words[index][1]!r} is a second one",
                           "quote what belongs together")
            )  # fmt: skip
            index += 1
        given.options[name] = values
        given.at[name] = at
    return faults


def check(given: Given, marks: Marks, document: Document) -> list[ValueFault]:
    """What the command line or the service would refuse in these arguments. Fills in `given.parameters`."""
    usage = given.usage
    faults: list[ValueFault] = []
    places = given.places
    wanted = sum(max(1, place.least) for place in usage.places if place.required or place.least)
    most = (
        sum(place.least or 1 for place in usage.places)
        if all(p.takes != "many" or p.least for p in usage.places)
        else 10**6
    )
    if len(places) > most:
        extra = f"place {most + 1}"
        what = (
            f"{usage.name} takes no word {places[most]!r}"
            if not most
            else f"{usage.name} takes {most} word{'s' * (most > 1)}"
        )
        faults.append(
            ValueFault(given.at.get(extra, 0), "value", what, "leave out the rest, or quote what belongs together")
        )
    elif len(places) < wanted:
        missing = " and ".join(place.name.lstrip("-") for place in usage.places)
        faults.append(ValueFault(0, "required", f"{usage.name} takes {wanted} words ({missing})", "write them"))
    for name, values in given.options.items():
        option = usage.options.get(name) or cli.GLOBALS.get(name)
        if option is None or not values:
            continue
        faults += _option_faults(given, option, values, marks, document)
    faults += _missing(given)
    if usage.service == "s3":
        faults += _s3_faults(given)
    return faults


def _option_faults(
    given: Given, option: cli.Option, values: Sequence[str], marks: Marks, document: Document
) -> list[ValueFault]:
    at = given.at[option.name]
    if option.choices and not is_unknown(values[0]) and values[0] not in option.choices:
        return [ValueFault(at, "enum", f"{option.name} is {values[0]!r}", f"write one of {', '.join(option.choices)}")]
    model = given.usage.model
    members = (
        frozenset(model.input_shape.members) if model is not None and model.input_shape is not None else frozenset()
    )
    if option.name == "--cli-input-json" and model is not None and model.input_shape is not None:
        text = _loaded(values[0], members, document)
        if text is None or wholly_unknown(text):
            return []
        try:
            document_given = json.loads(_filled(text))
        except ValueError as error:
            return [
                ValueFault(
                    at, "value", f"{option.name} is no JSON ({error})", "quote it whole, and close every bracket"
                )
            ]
        if isinstance(document_given, dict):
            given.parameters |= document_given
        return [
            ValueFault(at, fault.rule, fault.what, fault.to_do)
            for fault in _faults(document_given, model.input_shape, "the document", marks, at, required=False)
        ]
    counted = option.number and not option.member and not is_unknown(values[0])
    if counted and not re.fullmatch(r"-?\d+(\.\d+)?", values[0]):
        return [ValueFault(at, "value", f"{option.name} is {values[0]!r}", "write a number")]
    if option.shape is None or (option.name in cli.EVERY_OPERATION and not option.member):
        return []
    try:
        value = _value(option, values, members, marks, document)
    except _BadValueError as bad:
        return [ValueFault(at, "value", f"{option.name} {bad.what}", bad.to_do)]
    if value is None:
        return []
    if option.member:
        given.parameters[option.member] = value
    return [
        *(_blob_faults(given, option, values, at) if option.shape.type_name == "blob" else ()),
        *_faults(value, option.shape, option.name, marks, at),
    ]


class _BadValueError(ValueError):
    def __init__(self, what: str, to_do: str) -> None:
        super().__init__(what)
        self.what = what
        self.to_do = to_do


def _loaded(value: str, members: frozenset[str], document: Document) -> str | None:
    """A value, with a `file://` one as the text that the page writes under that name; None where it writes none."""
    found = re.match(r"fileb?://(.*)$", value, re.DOTALL)
    return document(found[1], members) if found else value


def _value(option: cli.Option, values: Sequence[str], members: frozenset[str], marks: Marks, document: Document) -> Any:
    """What the command line would send for these words; None where it cannot be known."""
    shape = option.shape
    kind = shape.type_name
    if re.match(r"fileb?://", values[0]):
        text = _loaded(values[0], members, document)
        if text is None:
            return None
        if kind in {"structure", "list", "map"}:
            try:
                return json.loads(_filled(text))
            except ValueError as error:
                raise _BadValueError(
                    f"names {values[0]}, which the page shows, and that is no JSON ({error})", "fix it"
                ) from None
        return text
    if all(wholly_unknown(value) for value in values):
        return list(values) if kind == "list" else values[0]
    if kind in {"structure", "list", "map"}:
        first = values[0].strip()
        if first.startswith(("{", "[")):
            return _json_value(shape, values)
        if _is_complex(shape):
            return _shorthand(shape, values, marks)
    if kind == "list":
        return [_scalar(shape.member, value, marks) for value in values]
    if getattr(shape, "is_document_type", False):
        return None
    return _scalar(shape, values[0], marks)


def _is_complex(shape: Any) -> bool:
    return shape.type_name != "list" or shape.member.type_name in {"structure", "list", "map"}


def _json_value(shape: Any, values: Sequence[str]) -> Any:
    texts = values[:1] if values[0].lstrip().startswith("[") or shape.type_name != "list" else values
    if len(values) > len(texts):
        raise _BadValueError(f"is JSON followed by {values[1]!r}", "quote the JSON as one word")
    found = []
    for text in texts:
        try:
            found.append(json.loads(_filled(text)))
        except (ValueError, RecursionError) as error:
            raise _BadValueError(
                f"is no JSON ({error})", "quote it whole, with double quotes around keys and texts"
            ) from None
    if shape.type_name == "list" and not values[0].lstrip().startswith("["):
        return found
    return found[0]


def _filled(text: str) -> str:
    """JSON in which an unknown value that stands outside quotes is a text, so that it can be read."""
    if not is_unknown(text):
        return text
    parts = re.split(r'("(?:[^"\\]|\\.)*")', text)
    return "".join(
        part if index % 2 else re.sub("\ue000\\d+\ue001", r'"\g<0>"', part) for index, part in enumerate(parts)
    )


def _shorthand(shape: Any, values: Sequence[str], marks: Marks) -> Any:
    from awscli import shorthand  # noqa: PLC0415 (an extra: a page is read without it)

    if any("@=" in value for value in values):
        return None  # reads a file, which the page does not show
    members = shape.member.members if shape.type_name == "list" and shape.member.type_name == "structure" else {}
    if len(members) == 1 and all("=" not in value for value in values):
        key = next(iter(members))  # `--instances i-1 i-2` stands for a list of structures of one member
        return [{key: value} for value in values]
    parser, visitor = shorthand.ShorthandParser(), shorthand.BackCompatVisitor()
    try:
        if shape.type_name == "list":
            parsed = [parser.parse(value) for value in values]
        else:
            parsed = parser.parse(values[0])
            if len(values) > 1:
                raise _BadValueError(f"takes one value, and {values[1]!r} is a second one", "quote the whole value")
        visitor.visit(parsed, shape)
    except shorthand.ShorthandParseError as error:
        said = marks.shown(" ".join(str(error).split("\n")[0].split()))
        raise _BadValueError(f"is no shorthand ({said})", "write Key=Value,Key=Value, without blanks") from None
    except ValueError as error:
        literal = re.search(r"invalid literal for int\(\)[^:]*: (.*)", str(error))
        what = f"holds {marks.shown(literal[1])} where a number belongs" if literal else f"is no shorthand ({error})"
        raise _BadValueError(what, "write a whole number" if literal else "write Key=Value,Key=Value") from None
    except (TypeError, KeyError, AttributeError, IndexError, RecursionError) as error:
        raise _BadValueError(f"is no shorthand ({error})", "write Key=Value,Key=Value, without blanks") from None
    return _numbers(parsed, shape)


def _numbers(value: Any, shape: Any) -> Any:
    """A shorthand value with its texts as the numbers and truth values that the model asks for, where they can be."""
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        return {
            key: _numbers(item, shape.members[key]) if key in shape.members else item for key, item in value.items()
        }
    if kind == "map" and isinstance(value, dict):
        return {key: _numbers(item, shape.value) for key, item in value.items()}
    if kind == "list" and isinstance(value, list):
        return [_numbers(item, shape.member) for item in value]
    if isinstance(value, str):
        return _as_number(shape, value)
    return value


def _as_number(shape: Any, value: str) -> Any:
    kind = shape.type_name
    if kind in {"integer", "long"} and re.fullmatch(r"\s*[-+]?\d{1,30}\s*", value):
        return int(value)
    if kind in {"float", "double"} and re.fullmatch(r"\s*[-+]?\d{1,30}(\.\d{0,30})?([eE][-+]?\d{1,3})?\s*", value):
        return float(value)
    if kind == "boolean" and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    return value


def _scalar(shape: Any, value: str, marks: Marks) -> Any:
    made = _as_number(shape, value)
    if isinstance(made, str) and not is_unknown(made) and shape.type_name in {"integer", "long", "float", "double"}:
        kind = "whole number" if shape.type_name in {"integer", "long"} else "number"
        raise _BadValueError(f"is {marks.shown(value)!r}", f"write a {kind}")
    return made


_KINDS: Mapping[str, tuple[tuple[type, ...], str]] = {
    "structure": ((dict,), "an object"), "map": ((dict,), "an object"), "list": ((list,), "a list"), "string": ((str,), "a text"),
    "integer": ((int,), "a whole number"), "long": ((int,), "a whole number"), "float": ((int, float), "a number"),
    "double": ((int, float), "a number"), "boolean": ((bool,), "true or false"),
}  # fmt: skip
_NAMES = {dict: "an object", list: "a list", str: "a text", int: "a number", float: "a number", bool: "true or false"}


def _faults(
    value: Any, shape: Any, name: str, marks: Marks, at: int, *, required: bool = True, depth: int = 0
) -> Iterator[ValueFault]:
    if depth > MAX_DEPTH or getattr(shape, "is_document_type", False):
        return
    if isinstance(value, str) and is_unknown(value):
        yield from _origin_faults(value, shape, name, marks, at)
        return
    kind = shape.type_name
    types, wanted = _KINDS.get(kind, ((), ""))
    if value is None:
        yield ValueFault(at, "type", f"{name} is null", f"write {wanted or 'a value'}, or leave it out")
        return
    if types and (type(value) not in types):
        yield ValueFault(at, "type", f"{name} is {_NAMES.get(type(value), 'another kind')}", f"write {wanted}")
        return
    if kind == "structure":
        yield from _member_faults(value, shape, name, marks, at, required=required, depth=depth)
    elif kind == "list":
        yield from _length_faults(len(value), shape, name, "elements", at)
        for index, item in enumerate(value):
            inner = name if len(value) == 1 and depth == 0 else f"{name}[{index}]"
            yield from _faults(item, shape.member, inner, marks, at, depth=depth + 1)
    elif kind == "map":
        for key, item in value.items():
            enum = getattr(shape.key, "enum", None)
            if enum and not is_unknown(key) and key not in enum:
                yield ValueFault(at, "enum", f"{name} has the key {key!r}", f"write one of {_listed(enum)}")
            yield from _faults(item, shape.value, f"{name}.{key}", marks, at, depth=depth + 1)
    else:
        yield from _scalar_faults(value, shape, name, at)


def _member_faults(
    value: Mapping[str, Any], shape: Any, name: str, marks: Marks, at: int, *, required: bool, depth: int
) -> Iterator[ValueFault]:
    strange = [key for key in value if key not in shape.members and not is_unknown(key)]
    if len(strange) == 1:
        close = spelling.near(strange[0], shape.members)
        to_do = f"perhaps {' or '.join(close)}" if close else f"leave it out; there are {_listed(shape.members)}"
        yield ValueFault(at, "member", f"{name} has no member {strange[0]}", to_do)
    elif strange:
        yield ValueFault(at, "member", f"{name} has no members {', '.join(strange)}", "leave them out")
    for key, item in value.items():
        if key in shape.members:
            yield from _faults(item, shape.members[key], f"{name}.{key}", marks, at, depth=depth + 1)
    if required:
        for key in shape.required_members:
            if key not in value:
                yield ValueFault(at, "required", f"{name} lacks {key}", "add it")
    if getattr(shape, "is_tagged_union", False) and len(value) > 1:
        yield ValueFault(at, "value", f"{name} has {len(value)} members", f"keep one of {_listed(value)}")


def _scalar_faults(value: Any, shape: Any, name: str, at: int) -> Iterator[ValueFault]:
    enum = getattr(shape, "enum", None)
    if enum and value not in enum:
        near = [known for known in enum if known.lower() == str(value).lower()]
        to_do = f"write {near[0]}" if near else f"write one of {_listed(enum)}"
        yield ValueFault(at, "enum", f"{name} is {value!r}", to_do)
    elif shape.type_name == "timestamp" and isinstance(value, str) and not _is_time(value):
        yield ValueFault(
            at, "type", f"{name} is {value!r}", "write a time such as 2026-11-28T20:45:00Z, or seconds since 1970"
        )
    elif isinstance(value, int | float) and not isinstance(value, bool):
        limits = shape.metadata
        low, high = limits.get("min"), limits.get("max")
        if (low is not None and value < low) or (high is not None and value > high):
            span = (
                f"from {low} to {high}"
                if low is not None and high is not None
                else f"{'at least' if high is None else 'at most'} {low if high is None else high}"
            )
            yield ValueFault(at, "range", f"{name} is {value}", f"it must be {span}")
    elif isinstance(value, str) and not enum:
        yield from _length_faults(len(value), shape, name, "characters", at)


def _length_faults(length: int, shape: Any, name: str, what: str, at: int) -> Iterator[ValueFault]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and length < low:
        yield ValueFault(at, "range", f"{name} has {length} {what}", f"it needs at least {low}")
    elif high is not None and length > high:
        yield ValueFault(at, "range", f"{name} has {length} {what}", f"it takes at most {high}")


def _is_time(value: str) -> bool:
    if re.fullmatch(r"-?\d{1,14}(\.\d+)?", value) or value == "now":
        return True
    try:
        dt.datetime.fromisoformat(value.strip())
    except ValueError:
        return bool(re.fullmatch(r"\w{3}, \d\d? \w{3} \d{4} [\d:]{8} \w+", value))
    return True


def _origin_faults(value: str, shape: Any, name: str, marks: Marks, at: int) -> Iterator[ValueFault]:
    """What is known of an unknown value all the same: quotes that were left around it, or a JSON document in a text."""
    if shape.type_name not in {"string", "integer", "long", "list"}:
        return
    if re.fullmatch(r'"[^"]*"', value.strip()):
        first = next((origin for origin in marks.of(value)), None)
        if first is not None and first.kind == "field":
            yield ValueFault(
                at,
                "quotes",
                f"{name} keeps the quotes of JSON around {first.name}",
                "add `--output text` where it is read",
            )
    elif value.lstrip()[:1] in {"[", "{"} and any(origin.kind == "field" for origin in marks.of(value)):
        first = next(origin for origin in marks.of(value) if origin.kind == "field")
        if getattr(shape, "metadata", {}).get("max", 10**6) < 2048 or name.rpartition("-")[2] in _IDENTIFIERS:
            yield ValueFault(
                at,
                "quotes",
                f"{name} is a piece of JSON from {first.name}",
                "add `--output text`, or take the field out with jq -r",
            )


_IDENTIFIERS = frozenset({
    "id", "ids", "arn", "arns", "name", "names", "identifier", "identifiers", "cluster", "service", "services", "task", "tasks",
    "definition",
})  # fmt: skip


def _missing(given: Given) -> Iterator[ValueFault]:
    usage = given.usage
    if "--generate-cli-skeleton" in given.options:
        return
    if "--cli-input-json" in given.options and not given.parameters:
        return  # the document is not known
    if "--cli-input-yaml" in given.options or any("…" in word or word == "..." for word in given.places):
        return
    for option in usage.options.values():
        if option.required and option.name not in given.options and option.member not in given.parameters:
            opposite = "--no-" + option.name.removeprefix("--")
            if opposite in given.options or "--" + option.name.removeprefix("--no-") in given.options:
                continue
            yield ValueFault(0, "required", f"{usage.name} needs {option.name}", "add it")
    if usage.model is None or usage.model.input_shape is None:
        return
    alternatives = ALTERNATIVES.get(usage.name)
    for fault, to_do in alternatives(frozenset(given.options) | _as_options(given)) if alternatives else ():
        yield ValueFault(0, "required", fault, to_do)


def _as_options(given: Given) -> frozenset[str]:
    """The options whose parameters a document gave."""
    return frozenset(option.name for option in given.usage.options.values() if option.member in given.parameters)


Alternative: TypeAlias = Callable[[frozenset[str]], Sequence[tuple[str, str]]]
"""From the options given to what is wrong with them and what to do."""


def _one_of(*names: str) -> Alternative:
    def faults(given: frozenset[str]) -> Sequence[tuple[str, str]]:
        if not given & set(names):
            return [(f"none of {', '.join(names)} is given", "add one")]
        return []

    return faults


def _not_both(*names: str) -> Alternative:
    def faults(given: frozenset[str]) -> Sequence[tuple[str, str]]:
        both = [name for name in names if name in given]
        return [(f"{' and '.join(both)} exclude each other", "keep one")] if len(both) > 1 else []

    return faults


def _both(*checks: Alternative) -> Alternative:
    return lambda given: [fault for check in checks for fault in check(given)]


# What a model cannot say: of these one is needed, or only one may stand. Each from the operation's page in the API reference.
ALTERNATIVES: Mapping[str, Alternative] = {
    "cloudfront create-invalidation": _both(
        _one_of("--paths", "--invalidation-batch"), _not_both("--paths", "--invalidation-batch")
    ),
    "rds delete-db-instance": _both(
        _one_of("--skip-final-snapshot", "--final-db-snapshot-identifier"),
        _not_both("--skip-final-snapshot", "--final-db-snapshot-identifier"),
    ),
    "rds delete-db-cluster": _one_of("--skip-final-snapshot", "--final-db-snapshot-identifier"),
    "rds restore-db-instance-to-point-in-time": _both(
        _one_of("--restore-time", "--use-latest-restorable-time"),
        _not_both("--restore-time", "--use-latest-restorable-time"),
        _one_of("--source-db-instance-identifier", "--source-dbi-resource-id", "--source-db-instance-automated-backups-arn"),
    ),
    "logs start-query": _one_of("--log-group-name", "--log-group-names", "--log-group-identifiers"),
    "logs filter-log-events": _one_of("--log-group-name", "--log-group-identifier"),
    "cloudwatch get-metric-statistics": _one_of("--statistics", "--extended-statistics"),
    "cloudwatch put-metric-alarm": _both(
        _one_of("--metric-name", "--metrics", "--evaluation-criteria"),
        _not_both("--statistic", "--extended-statistic", "--metrics"),
    ),
    "sns publish": _one_of("--topic-arn", "--target-arn", "--phone-number"),
    "elbv2 modify-listener": _one_of(
        "--port", "--protocol", "--ssl-policy", "--certificates", "--default-actions", "--alpn-policy", "--mutual-authentication"
    ),
    "secretsmanager put-secret-value": _both(
        _one_of("--secret-string", "--secret-binary"), _not_both("--secret-string", "--secret-binary")
    ),
}  # fmt: skip


def _blob_faults(given: Given, option: cli.Option, values: Sequence[str], at: int) -> Iterator[ValueFault]:
    """Version 2 takes a binary value for base64 unless it is told otherwise or reads a `fileb://`."""
    if option.shape.serialization.get("streaming") or values[0].startswith("fileb://") or is_unknown(values[0]):
        return
    if given.option("--cli-binary-format") == "raw-in-base64-out":
        return
    text = values[0]
    if len(text) % 4 or not re.fullmatch(r"[A-Za-z0-9+/]*={0,2}", text):
        yield ValueFault(
            at, "value", f"{option.name} is taken for base64 by version 2 of the command line, and {text[:30]!r} is none",
            "add `--cli-binary-format raw-in-base64-out`",
        )  # fmt: skip


def _s3_faults(given: Given) -> Iterator[ValueFault]:
    name, words = given.usage.operation, given.places
    if (
        name in {"cp", "sync", "mv"}
        and len(words) == 2
        and not any(w.startswith("s3://") or is_unknown(w) for w in words)
    ):
        yield ValueFault(
            given.at.get("place 1", 0), "value", f"s3 {name} names no bucket", "begin one of the two with s3://"
        )
    if name in {"rm", "mb", "rb", "presign"} and words and not (words[0].startswith("s3://") or is_unknown(words[0])):
        yield ValueFault(given.at.get("place 1", 0), "value", f"s3 {name} names no bucket", "begin with s3://")
    if "-" in words and "--recursive" in given.options:
        yield ValueFault(given.at["--recursive"], "value", "a stream holds one object", "leave out --recursive")
    if name in {"cp", "mv", "rm"} and "--recursive" not in given.options:
        for flag in ("--include", "--exclude"):
            if flag in given.options:
                yield ValueFault(
                    given.at[flag], "option", f"{flag} has no effect without --recursive", "add --recursive"
                )


def _listed(names: Iterator[str] | Sequence[str] | Mapping[str, Any]) -> str:
    found = list(names)
    return ", ".join(found[:12]) + (f" and {len(found) - 12} more" if len(found) > 12 else "")


__all__ = ["ALTERNATIVES", "Document", "Given", "Origin", "ValueFault", "check", "sort"]
