"""JSON, YAML, CSV, Base64, URL, gzip and hashes, as Terraform's functions write and read them."""

from __future__ import annotations

import base64
import binascii
import codecs
import csv
import gzip
import hashlib
import io
import json
import re
import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote_plus

import yaml

from analysis.architecture import Value
from analysis.terraform.values import (
    STRING,
    ListValue,
    Member,
    Null,
    ObjectType,
    ValueProblem,
    from_python,
    is_null,
    number,
    number_text,
    quoted,
    to_string,
)

MAX_DEPTH: Final = 100
MAX_NODES: Final = 200_000
"""The largest document that is decoded; a YAML file can name one part many times over."""
MAX_MERGED: Final = 10_000
MAX_TOKENS: Final = 100_000
"""Keys, values, brackets and marks of a YAML document: some two seconds of reading."""


def digest(algorithm: str, content: bytes) -> bytes:
    """The hash of the content."""
    return hashlib.new(algorithm, content, usedforsecurity=False).digest()


def uuid_v5(namespace: str, name: str) -> str:
    """The UUID of a name in a namespace: one of the four well-known ones, or a UUID."""
    known = {
        "dns": uuid.NAMESPACE_DNS,
        "url": uuid.NAMESPACE_URL,
        "oid": uuid.NAMESPACE_OID,
        "x500": uuid.NAMESPACE_X500,
    }
    try:
        return str(uuid.uuid5(known.get(namespace) or uuid.UUID(namespace), name))
    except ValueError:
        raise ValueProblem(f"{quoted(namespace)} is no namespace for UUIDs") from None


# --- Base64 and URL ------------------------------------------------------------------------------------------------------------


def base64_text(content: bytes) -> str:
    """The bytes in Base64."""
    return base64.b64encode(content).decode("ascii")


def base64_bytes(text: str) -> bytes:
    """The bytes that Base64 text stands for."""
    try:
        return base64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True)
    except (binascii.Error, ValueError):
        raise ValueProblem(f"{quoted(text)} is not Base64") from None


def base64_decoded(text: str) -> str:
    """The string that Base64 text stands for."""
    try:
        return base64_bytes(text).decode("utf-8")
    except UnicodeDecodeError:
        raise ValueProblem("what the Base64 stands for is not text in UTF-8") from None


def base64_gzip(text: str) -> str:
    """The string compressed, in Base64; a valid gzip stream, though not byte for byte the one of Go's library."""
    return base64_text(gzip.compress(text.encode(), mtime=0))


def codec(encoding: str) -> str:
    """Python's name of an encoding that the IANA registers."""
    try:
        name = codecs.lookup(encoding).name
    except (LookupError, ValueError):
        raise ValueProblem(f"{quoted(encoding)} is no known encoding") from None
    if not codecs.lookup(encoding)._is_text_encoding:
        raise ValueProblem(f"{quoted(encoding)} is no encoding of text")
    return name


def text_to_base64(text: str, encoding: str) -> str:
    """The string in an encoding, in Base64."""
    try:
        return base64_text(text.encode(codec(encoding)))
    except UnicodeEncodeError:
        raise ValueProblem(f"the text has characters that {encoding} has not") from None


def text_from_base64(text: str, encoding: str) -> str:
    """The string whose bytes in an encoding the Base64 stands for."""
    try:
        return base64_bytes(text).decode(codec(encoding))
    except UnicodeDecodeError:
        raise ValueProblem(f"what the Base64 stands for is not text in {encoding}") from None


def url_encoded(text: str) -> str:
    """The string as part of a URL's query; a space becomes `+`."""
    return quote_plus(text, safe="")


# --- JSON ----------------------------------------------------------------------------------------------------------------------


def json_text(value: Value) -> str:
    """The value as Terraform writes JSON: no spaces, keys sorted, `<`, `>` and `&` escaped, numbers without exponents."""
    match value:
        case Null():
            return "null"
        case dict():
            return "{" + ",".join(f"{json_string(key)}:{json_text(value[key])}" for key in sorted(value)) + "}"
        case tuple():
            return "[" + ",".join(json_text(item) for item in value) + "]"
        case str():
            return json_string(value)
        case int() | float() if not isinstance(value, bool):
            return number_text(value)
        case _:
            return json.dumps(value)


def json_string(text: str) -> str:
    """The string in JSON, safe to stand in a page."""
    written = json.dumps(text, ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        written = written.replace(character, f"\\u{ord(character):04x}")
    return written


def json_value(text: str) -> Value:
    """The value that JSON text stands for."""
    try:
        return from_python(json.loads(text, parse_constant=not_json, parse_float=Decimal))
    except (ValueError, RecursionError):
        raise ValueProblem("the text is not valid JSON") from None


def not_json(word: str) -> Any:
    """Refuse `NaN` and `Infinity`, which Python's reader takes."""
    raise ValueError(word)


# --- CSV -----------------------------------------------------------------------------------------------------------------------


def csv_rows(text: str) -> ListValue:
    """One object for each line below the header."""
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except csv.Error as error:
        raise ValueProblem(f"the text is not valid CSV: {error}") from None
    if not rows:
        raise ValueProblem("the CSV has no header line")
    header = rows[0]
    if len(set(header)) < len(header):
        raise ValueProblem("the CSV has two columns of one name")
    for count, row in enumerate(rows[1:], start=2):
        if len(row) != len(header):
            raise ValueProblem(f"row {count} of the CSV has {len(row)} fields, its header {len(header)}")
    kind = ObjectType(dict.fromkeys(sorted(header), Member(STRING)))
    return ListValue((dict(sorted(zip(header, row, strict=True))) for row in rows[1:]), kind)


# --- YAML ----------------------------------------------------------------------------------------------------------------------


def yaml_text(value: Value) -> str:
    """The value as Terraform writes YAML: strings and keys in double quotes."""
    lines: list[str] = []
    write_yaml(value, "", lines, "")
    end = (
        "\n...\n" if is_null(value) or isinstance(value, (bool, int, float)) else "\n"
    )  # a bare scalar needs its end marked
    return "\n".join(lines) + end


def yaml_scalar(value: Value) -> str:
    """One scalar; a string of several lines becomes a block, which the caller indents."""
    match value:
        case None | Null():
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return number_text(value)
        case dict():
            return "{}"
        case tuple():
            return "[]"
        case _:
            return json.dumps(value, ensure_ascii=False)


def write_yaml(value: Value, indent: str, lines: list[str], first: str) -> None:
    """Append the lines of a value, of which the first begins with `first`, the others with `indent`."""
    if isinstance(value, dict) and value:
        for key in sorted(value):
            write_member(f"{first}{yaml_scalar(key)}:", value[key], indent, lines)
            first = indent
    elif isinstance(value, tuple) and value:
        for item in value:
            if isinstance(item, (dict, tuple)) and item:
                write_yaml(item, f"{indent}  ", lines, f"{first}- ")
            else:
                write_member(f"{first}-", item, indent, lines)
            first = indent
    else:
        write_member(first.rstrip(), value, indent, lines)


def write_member(head: str, value: Value, indent: str, lines: list[str]) -> None:
    """Append what stands behind a key or a dash."""
    if isinstance(value, dict) and value:
        lines.append(head)
        write_yaml(value, f"{indent}  ", lines, f"{indent}  ")
    elif isinstance(value, tuple) and value:
        lines.append(head)
        write_yaml(value, indent, lines, indent)
    elif isinstance(value, str) and "\n" in value and head:
        body = value.rstrip("\n")
        chomp = "-" if body == value else "" if value == body + "\n" else "+"
        lines.append(f"{head} |{chomp}")
        lines.extend(
            f"{indent}  {line}" if line else "" for line in (value[:-1] if chomp != "-" else value).split("\n")
        )
    else:
        lines.append(f"{head} {yaml_scalar(value)}" if head else yaml_scalar(value))


class YamlLoader(yaml.SafeLoader):
    """YAML with bounds on what is read: its depth and the number of its parts are counted while it is scanned."""

    tokens_read = 0

    def fetch_more_tokens(self) -> Any:
        """Reads on; raises `yaml.MarkedYAMLError` where the document is too deep or too large."""
        self.tokens_read += 1
        if self.flow_level + len(self.indents) > MAX_DEPTH:
            raise yaml.MarkedYAMLError(
                problem=f"it is nested deeper than {MAX_DEPTH} levels", problem_mark=self.get_mark()
            )
        if self.tokens_read > MAX_TOKENS:
            raise yaml.MarkedYAMLError(problem=f"it has more than {MAX_TOKENS:,} parts", problem_mark=self.get_mark())
        return super().fetch_more_tokens()

    def flatten_mapping(self, node: Any) -> None:
        """Writes out what `<<` merges; raises `yaml.MarkedYAMLError` where merges of merges grow too large."""
        super().flatten_mapping(node)
        if len(node.value) > MAX_MERGED:
            problem = f"its merges unfold to more than {MAX_MERGED:,} keys"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)


class _YamlLoader(YamlLoader):
    """YAML as Terraform reads it: its own numbers, and dates become text in RFC 3339."""


TIME_TAG: Final = "tag:yaml.org,2002:timestamp"
REPLACED_TAGS: Final = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float", TIME_TAG)
_YamlLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in REPLACED_TAGS]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
NUMBER_TAG: Final = "!number"
_YamlLoader.add_implicit_resolver(
    NUMBER_TAG,
    re.compile(r"(?:0x[0-9a-fA-F]+|0o[0-7]+|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)$"),
    list("-+0123456789."),
)
_YamlLoader.add_implicit_resolver(
    TIME_TAG,
    re.compile(r"\d{4}-\d\d-\d\d(?:[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[-+]\d\d:\d\d))?$", re.ASCII),
    list("0123456789"),
)


def yaml_number(_: yaml.SafeLoader, node: yaml.ScalarNode) -> Value:
    """A number in decimal, or in another base by its prefix."""
    text = node.value.lstrip("+-")
    size = int(text, 0) if text[:2] in ("0x", "0o") else number(Decimal(text))
    return -size if node.value.startswith("-") else size


def yaml_time(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> str:
    """A date or time as text in RFC 3339."""
    time: date = loader.construct_yaml_timestamp(node)
    if not isinstance(time, datetime):
        time = datetime(time.year, time.month, time.day, tzinfo=UTC)
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).isoformat().replace("+00:00", "Z")


_YamlLoader.add_constructor(NUMBER_TAG, yaml_number)
_YamlLoader.add_constructor(TIME_TAG, yaml_time)


def yaml_value(text: str) -> Value:
    """The value that a YAML document stands for."""
    try:
        loader = _YamlLoader(text)
        try:
            data = loader.get_single_data()
        finally:
            loader.dispose()
        count_nodes(data)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        reason = getattr(error, "problem", None)
        raise ValueProblem(f"the text is not valid YAML{f': {reason}' if reason else ''}") from None
    return from_python(text_keys(data))


def text_keys(data: Any) -> Any:
    """The document with every key a string as Terraform writes it: `on: 1` has the key "true"."""
    if isinstance(data, list):
        return [text_keys(item) for item in data]
    if not isinstance(data, dict):
        return data
    keys = {key: key if isinstance(key, str) else to_string(from_python(key)) for key in data}
    if None in keys.values():
        raise ValueProblem("a key in the YAML document is null")
    return {keys[key]: text_keys(item) for key, item in data.items()}


def count_nodes(data: Any) -> None:
    """Refuse a document that is larger than it looks: anchors can repeat each other."""
    pending = [(data, 0)]
    count = 0
    while pending:
        item, depth = pending.pop()
        count += 1
        if count > MAX_NODES or depth > MAX_DEPTH:
            raise ValueProblem(
                f"the YAML document has more than {MAX_NODES:,} values, or is nested deeper than {MAX_DEPTH}"
            )
        if isinstance(item, dict):
            pending.extend((part, depth + 1) for part in item.values())
        elif isinstance(item, list):
            pending.extend((part, depth + 1) for part in item)
