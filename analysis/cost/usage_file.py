"""Reads a usage file in Infracost's format (version 0.1): what resources use in a month, by address or by type."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path

import yaml

from analysis.architecture import Diagnostic, Location, Severity
from analysis.cost.estimate import unknown_key
from analysis.cost.rate_card import RATE_CARD, usage_keys
from analysis.demand.usage import Usage
from analysis.files import read_text
from analysis.terraform import YamlLoader

MAX_FILE_BYTES = 2_000_000

MAX_AMOUNT = Decimal(10**18)
"""The largest quantity of anything in a month: a million times what the largest services see."""
MAX_DEPTH = 4
"""Infracost nests keys once (`standard.storage_gb`)."""

MAX_ENTRIES = 100_000
"""Far beyond any stack; with the depth, it keeps aliases of aliases from unfolding without end."""

SECTIONS = ("version", "resource_usage", "resource_type_default_usage")

ACCEPTED_TEXT: Mapping[str, frozenset[str]] = {"operating_system": frozenset({"linux"})}
"""Keys whose value is text, with the values that change nothing in the price."""

WITHOUT_PRICE = re.compile(r"reserved_instance_\w+")
"""Keys about commitments: the price book holds on-demand prices only."""

_INDEX = re.compile(r"\[(?:\d+|\*|\"[^\"]*\")\]")


class UsageFileError(Exception):
    """A usage file that cannot be used; `diagnostics` says what is wrong on which line."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__("\n".join(str(diagnostic) for diagnostic in diagnostics))
        self.diagnostics = diagnostics


@dataclass
class _Reader:
    """Walks the YAML nodes of one file and collects what is wrong with them."""

    file: str
    diagnostics: list[Diagnostic] = field(default_factory=list)
    entries_read: int = 0

    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(d for d in self.diagnostics if d.severity == "error")

    def say(self, severity: Severity, node: yaml.Node, message: str) -> None:
        mark = node.start_mark
        self.diagnostics.append(Diagnostic(severity, message, Location(self.file, mark.line + 1, mark.column + 1)))

    def entries(self, node: yaml.Node, what: str) -> Iterator[tuple[str, yaml.Node, yaml.Node]]:
        """The keys and values of a mapping; an empty one may be written as nothing."""
        if isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null":
            return
        if not isinstance(node, yaml.MappingNode):
            self.say("error", node, f"{what} must be a mapping of names to values")
            return
        seen = set()
        for key, value in node.value:
            self.entries_read += 1
            if self.entries_read > MAX_ENTRIES:
                self.say("error", node, f"the file unfolds to more than {MAX_ENTRIES} entries")
                raise UsageFileError(self.errors())
            name = str(key.value)
            if not isinstance(key, yaml.ScalarNode):
                self.say("error", key, f"a name in {what} must be plain text")
            elif name in seen:
                self.say("error", key, f"{name} stands twice in {what}; keep one of them")
            else:
                seen.add(name)
                yield name, key, value

    def quantities(self, node: yaml.Node, kind: str, what: str, prefix: str = "", depth: int = 0) -> dict[str, Decimal]:
        """The numbers below `node`, nested keys joined with dots."""
        found: dict[str, Decimal] = {}
        for name, key, value in self.entries(node, what):
            full = f"{prefix}{name}"
            if isinstance(value, yaml.MappingNode) and depth + 1 < MAX_DEPTH:
                found |= self.quantities(value, kind, what, f"{full}.", depth + 1)
                continue
            amount = self.amount(full, value)
            if amount is None:
                continue
            if kind in RATE_CARD and full not in usage_keys(kind):
                self.say("warning", key, unknown_key(kind, full))
            found[full] = amount
        return found

    def amount(self, key: str, node: yaml.Node) -> Decimal | None:
        """The number in `node`, or None after saying why it is none."""
        if WITHOUT_PRICE.fullmatch(key):
            self.say("warning", node, f"{key} changes nothing: prices are on demand, without commitments")
            return None
        if not isinstance(node, yaml.ScalarNode):
            self.say("error", node, f"{key} must be a number")
            return None
        text = str(node.value).strip()
        if text in ACCEPTED_TEXT.get(key, ()) or key == "region":
            return None
        try:
            amount = Decimal(text.replace("_", ""))
        except InvalidOperation:
            self.say("error", node, f"{key} is {text!r}; it must be a number")
            return None
        if not amount.is_finite() or amount < 0:
            self.say("error", node, f"{key} is {text}; it must not be negative or infinite")
            return None
        if amount > MAX_AMOUNT or 0 < amount < 1 / MAX_AMOUNT:
            self.say(
                "error", node, f"{key} is {text[:40]}; it must lie between {1 / MAX_AMOUNT} and {MAX_AMOUNT}, or be 0"
            )
            return None
        return amount


def type_of(address: str) -> str:
    """The resource type in an address, with or without modules and indexes."""
    parts = _INDEX.sub("", address).split(".")
    return parts[-2] if len(parts) > 1 else address


def parse_usage(text: str, file: str) -> tuple[Usage, tuple[Diagnostic, ...]]:
    """The usage in the text of a file, and warnings about keys that no price reads. Raises UsageFileError with the lines."""
    reader = _Reader(file)
    try:
        root = yaml.compose(text, Loader=YamlLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = Location(file, mark.line + 1, mark.column + 1) if mark else Location(file)
        problem = getattr(error, "problem", None) or "a character or a number that YAML does not allow"
        raise UsageFileError((Diagnostic("error", f"is not YAML: {problem}", place),)) from None
    quantities: dict[str, Mapping[str, Decimal]] = {}
    defaults: dict[str, Mapping[str, Decimal]] = {}
    for name, key, value in reader.entries(root, "the usage file") if root is not None else ():
        if name not in SECTIONS:
            reader.say("error", key, f"{name} is no section of a usage file; it has {', '.join(SECTIONS)}")
        elif name == "resource_usage":
            for address, _, node in reader.entries(value, name):
                quantities[address] = reader.quantities(node, type_of(address), address)
        elif name == "resource_type_default_usage":
            for kind, _, node in reader.entries(value, name):
                defaults[kind] = reader.quantities(node, kind, kind)
        elif str(value.value).removeprefix("v") != "0.1":
            reader.say("error", value, f"version is {value.value}; only 0.1 is known")
    if reader.errors():
        raise UsageFileError(reader.errors())
    return Usage(file, quantities, {}, defaults), tuple(reader.diagnostics)


def read_usage_file(path: Path) -> tuple[Usage, tuple[Diagnostic, ...]]:
    """The usage in the file at `path` and the warnings about it. Raises UsageFileError where it cannot be used."""

    def refused(message: str) -> UsageFileError:
        return UsageFileError((Diagnostic("error", message, Location(str(path))),))

    try:
        text = read_text(path, MAX_FILE_BYTES)
    except UnicodeDecodeError:
        raise refused("is not text in UTF-8") from None
    except OSError as error:
        raise refused(f"cannot be read: {error.strerror}") from None
    return parse_usage(text, str(path))
