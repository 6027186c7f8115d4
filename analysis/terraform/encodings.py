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
from collections.abc import Mapping
from datetime import UTC, datetime
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
    normal,
    number,
    number_text,
    quoted,
    scalar_values,
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
    """One scalar on one line, and what is empty."""
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
            return '"' + NOT_PRINTED.sub(yaml_escape, value) + '"'


NOT_PRINTED = re.compile(r'[^\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]|["\\\u2028\u2029]')
YAML_ESCAPES: Final = dict(zip('\0\a\b\t\n\v\f\r\x1b"\\\x85\u2028\u2029', '0abtnvfre"\\NLP', strict=True))
"""https://github.com/yaml/libyaml/blob/master/src/emitter.c (yaml_emitter_write_double_quoted)."""


def yaml_escape(found: re.Match[str]) -> str:
    """The escape of one character in double quotes."""
    character = found[0]
    if character in YAML_ESCAPES:
        return "\\" + YAML_ESCAPES[character]
    code = ord(character)
    return f"\\x{code:02X}" if code < 0x100 else f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"


def yaml_block(text: str, indent: str) -> list[str] | None:
    """A text of several lines as a block: its head and its lines; None where YAML has to quote it."""
    if "\n" not in text or text.endswith(" ") or " \n" in text:
        return None
    if any(found[0] not in '\n"\\' for found in NOT_PRINTED.finditer(text)):
        return None
    size = "2" if text[0] in " \n" else ""
    chomp = "-" if not text.endswith("\n") else "+" if text == "\n" or text.endswith("\n\n") else ""
    lines = text.removesuffix("\n").split("\n")
    return [f"|{size}{chomp}", *(f"{indent}  {line}" if line else "" for line in lines)]


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
    elif isinstance(value, str) and (block := yaml_block(value, indent)) is not None:
        lines.append(f"{head} {block[0]}" if head else block[0])
        lines.extend(block[1:])
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
    """YAML as Terraform reads it: tabs separate as spaces do, and what a plain scalar is, `plain_scalar` says."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        """The tag of a node that has none: `PLAIN` for what stands there without quotes."""
        if kind is yaml.ScalarNode and implicit[0]:
            return PLAIN
        return super().resolve(kind, value, implicit)  # type: ignore[no-untyped-call]

    def scan_to_next_token(self) -> None:
        """Skips what separates tokens: https://github.com/yaml/libyaml/blob/master/src/scanner.c."""
        super().scan_to_next_token()
        while self.peek() == "\t" and (self.flow_level or not self.allow_simple_key):
            while self.peek() == "\t":
                self.forward()
            super().scan_to_next_token()


PLAIN: Final = "plain"
TAG: Final = "tag:yaml.org,2002:"
YES: Final = ("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON")
NO: Final = ("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF")
YAML_WORDS: Final[Mapping[str, Value]] = (
    dict.fromkeys(YES, True) | dict.fromkeys(NO, False) | dict.fromkeys(("", "~", "null", "Null", "NULL"))
)
YAML_NUMBER = re.compile(r"(?:0x[0-9a-fA-F]+|0o[0-7]+|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)")
NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
TIME = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)(?:(?:[Tt](\d\d?):(\d\d?):(\d\d?)(?:\.\d+)?([Zz]|[-+]\d\d:\d\d))"
    r"| (\d\d?):(\d\d?):(\d\d?)(?:\.\d+)?)?",
    re.ASCII,
)


def plain_scalar(text: str) -> Value:
    """What a scalar without quotes or tag stands for; times become text in RFC 3339, to the second."""
    if text in YAML_WORDS:
        return YAML_WORDS[text]
    if YAML_NUMBER.fullmatch(text):
        digits = text.lstrip("+-")
        size = int(digits, 0) if digits[:2] in ("0x", "0o") else number(Decimal(digits))
        return -size if text.startswith("-") else size
    if NOT_FINITE.fullmatch(text):
        raise ValueProblem(f"{text} is no finite number")
    found = TIME.fullmatch(text)
    if found is None:
        return text
    year, month, day, *clocks = found.groups()
    clock = [part or "0" for part in (clocks[:3] if clocks[0] else clocks[4:])]
    zone = (clocks[3] or "Z").upper()
    try:
        hour, minute, second = map(int, clock)
        time = datetime(int(year), int(month), int(day), hour, minute, second, tzinfo=UTC)
    except ValueError:
        return text
    return time.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0") + ("Z" if zone == "+00:00" else zone)


def yaml_value(text: str) -> Value:
    """The value that a YAML document stands for."""
    try:
        loader = _YamlLoader(text)
        try:
            root = loader.get_single_node()
            if loader.yaml_version not in (None, (1, 1)):
                raise ValueProblem("the document is not of YAML 1.1")
        finally:
            loader.dispose()
        if root is None:
            raise ValueProblem("the text holds no YAML document")
        return _YamlReader().value(root, 0)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        reason = getattr(error, "problem", None)
        raise ValueProblem(f"the text is not valid YAML{f': {reason}' if reason else ''}") from None


class _YamlReader:
    """Nodes to values, with a bound on their number: anchors can repeat each other."""

    def __init__(self) -> None:
        self.count = 0

    def value(self, node: Any, depth: int) -> Value:
        """The value of a node; raises `ValueProblem` where Terraform would refuse it."""
        self.count += 1
        if self.count > MAX_NODES or depth > MAX_DEPTH:
            limits = f"more than {MAX_NODES:,} values, or is nested deeper than {MAX_DEPTH}"
            raise ValueProblem(f"the YAML document has {limits}")
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node)
        kind = "seq" if isinstance(node, yaml.SequenceNode) else "map"
        if node.tag != TAG + kind:
            raise ValueProblem(f"the tag {node.tag} of the YAML document is not known")
        if kind == "seq":
            return tuple(self.value(item, depth + 1) for item in node.value)
        return self.mapping(node, depth)

    def scalar(self, node: Any) -> Value:
        """The value of a scalar: in quotes, or in a block, always its text."""
        text = normal(scalar_values(node.value))
        if node.tag == PLAIN:
            return plain_scalar(text)
        kind = node.tag.removeprefix(TAG)
        if kind not in ("str", "binary", "int", "float", "bool", "null", "timestamp"):
            raise ValueProblem(f"the tag {node.tag} of the YAML document is not known")
        if kind in ("str", "binary") or node.style is not None:
            return text
        value = plain_scalar(text)
        fits = {"int": whole_number, "float": is_number, "bool": is_bool, "null": is_null}.get(kind)
        if fits is not None and not fits(value):
            raise ValueProblem(f"{quoted(text)} is not what its tag {node.tag} says")
        return value

    def mapping(self, node: Any, depth: int) -> Value:
        """The object of a mapping: every key a string as Terraform writes it, and what `<<` names merged into it."""
        own: dict[str, Value] = {}
        shared: dict[str, Value] = {}
        for key_node, item in node.value:
            value = self.value(item, depth + 1)
            if isinstance(key_node, yaml.ScalarNode) and key_node.tag == PLAIN and key_node.value == "<<":
                if not isinstance(value, dict):
                    raise ValueProblem("only a mapping can be merged with `<<`")
                shared |= {key: merged for key, merged in value.items() if key not in shared}
                if len(shared) > MAX_MERGED:
                    raise ValueProblem(f"the merges of the YAML document unfold to more than {MAX_MERGED:,} keys")
                continue
            key = to_string(self.value(key_node, depth + 1))
            if is_null(key):
                raise ValueProblem("a key in the YAML document is null")
            own[key] = value
        return shared | own


def is_number(value: Value) -> bool:
    """Whether the value is a number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def whole_number(value: Value) -> bool:
    """Whether the value is a number without a fraction."""
    return is_number(value) and isinstance(value, int)


def is_bool(value: Value) -> bool:
    """Whether the value is a bool."""
    return isinstance(value, bool)
