"""Front matter with places: every value knows the line and column on which it stands, so that a mistake can be pointed at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import yaml

from analysis.architecture import Location

MAX_BYTES: Final = 1_000_000
"""Pages are written by hand; a larger one is not what it claims to be."""

MAX_DEPTH: Final = 20
"""How deeply front matter may nest."""


COLLECTIONS: Final = frozenset({"tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"})
"""The kinds of collection that front matter may hold; anything else would want to build a Python object."""


class PlacedError(ValueError):
    """What front matter says and cannot be used: the sentence names file, line and column, what is wrong, and what to do."""

    def __init__(self, location: Location, problem: str) -> None:
        super().__init__(f"{location}: {problem}")
        self.location = location
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Entry:
    """A value of the front matter: `value` in plain Python, `place` where it stands, `name` what leads to it from the top.

    `parts` holds the entries of a mapping by key or of a list by number. `text_at` is where the characters of a text begin; None
    where it is folded over several lines.
    """

    name: str
    value: Any
    place: Location
    text_at: Location | None = None
    parts: Mapping[Any, Entry] = field(default_factory=dict)

    def error(self, problem: str) -> PlacedError:
        """The refusal of this value, ready to be raised."""
        return PlacedError(self.place, f"{self.name} {problem}" if self.name else problem)

    def get(self, key: str) -> Entry | None:
        """The entry under `key` of a mapping, if it is there and not empty."""
        found = self.parts.get(key)
        return None if found is None or found.value is None else found

    def need(self, key: str, what: str) -> Entry:
        """The entry under `key`; a refusal that says `what` belongs there if it is missing."""
        found = self.get(key)
        if found is None:
            raise self.error(f"lacks {key!r}: {what}" if self.name else f"front matter lacks {key!r}: {what}")
        return found

    def mapping(self, keys: Sequence[str] | frozenset[str] | None = None) -> Entry:
        """This entry, which must be a mapping with no other keys than `keys`."""
        if not isinstance(self.value, dict):
            raise self.error(f"must be a mapping of names to values, not {shown(self.value)}")
        for key, part in self.parts.items():
            if not isinstance(key, str):
                raise part.error(f"has the key {key!r}, which is no text; put it in quotes")
            if keys is not None and key not in keys:
                raise part.error(f"is not known here; the keys are {', '.join(sorted(keys))}")
        return self

    def items(self) -> Iterator[Entry]:
        """The entries of a list."""
        if not isinstance(self.value, list):
            raise self.error(f"must be a list, not {shown(self.value)}")
        return iter(self.parts.values())

    def text(self) -> str:
        """A text that is not blank."""
        if not isinstance(self.value, str) or not self.value.strip():
            raise self.error(f"must be a text, not {shown(self.value)}")
        return self.value.strip()

    def number(self) -> float:
        """A finite number."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            raise self.error(f"must be a number, not {shown(self.value)}")
        if not abs(self.value) < float("inf"):
            raise self.error("must be a finite number")
        return float(self.value)

    def whole(self) -> int:
        """A whole number from zero on."""
        number = self.number()
        if number < 0 or number != int(number):
            raise self.error(f"must be a whole number from zero on, not {shown(self.value)}")
        return int(number)

    def flag(self) -> bool:
        """True or false."""
        if not isinstance(self.value, bool):
            raise self.error(f"must be true or false, not {shown(self.value)}")
        return self.value

    def date(self) -> dt.date:
        """A day."""
        if not isinstance(self.value, dt.date) or isinstance(self.value, dt.datetime):
            raise self.error(f"must be a date such as 2026-11-21, not {shown(self.value)}")
        return self.value

    def texts(self) -> tuple[str, ...]:
        """A list of texts; a single one counts as a list of one."""
        return (self.text(),) if isinstance(self.value, str) else tuple(item.text() for item in self.items())


def shown(value: object) -> str:
    """A value for a message, cut short."""
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 40 else f"{text[:40]}..."


def closing(lines: Sequence[str]) -> int | None:
    """The number of the line, counted from 0, that closes the front matter which the first line opens; None without one."""
    return next((n for n, line in enumerate(lines[1:], 1) if line.rstrip() in {"---", "..."}), None)


def head(text: str) -> str:
    """The front matter of a page's text with the lines around it; nothing where none begins, all where it does not end."""
    lines = text.splitlines(keepends=True)
    if not lines or lines[0].rstrip() != "---":
        return ""
    end = closing(lines)
    return text if end is None else "".join(lines[: end + 1])


def front_matter(text: str, file: str) -> Entry:
    """The front matter at the head of a page's text, as a mapping. `file` is what messages call it. Raises PlacedError."""
    lines = text.splitlines()
    if not lines or lines[0].rstrip() != "---":
        raise PlacedError(Location(file), "the page has no front matter; begin it with a line of three hyphens")
    end = closing(lines)
    if end is None:
        raise PlacedError(Location(file), "the front matter does not end; close it with a line of three hyphens")
    return _matter("\n".join(lines[1:end]) + "\n", file)


@lru_cache(maxsize=1024)
def _matter(text: str, file: str) -> Entry:
    """The mapping in the text of front matter; kept, since a build reads the same records for many of its pages."""
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            raise PlacedError(Location(file), "the front matter is empty")
        whole = _entry(loader, node, file, "", set(), 0)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Location(file, mark.line + 2, mark.column + 1) if mark else Location(file)
        raise PlacedError(place, f"the front matter is no YAML: {error.problem or error.context}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        if isinstance(error, PlacedError):
            raise
        raise PlacedError(Location(file), f"the front matter is no YAML: {error}") from None
    finally:
        loader.dispose()
    return whole.mapping()


def _entry(loader: yaml.SafeLoader, node: yaml.Node, file: str, name: str, seen: set[int], depth: int) -> Entry:
    place = Location(file, node.start_mark.line + 2, node.start_mark.column + 1)
    if id(node) in seen:
        raise PlacedError(place, f"{name} is a YAML alias; write the value out, so that it has one place")
    if depth > MAX_DEPTH:
        raise PlacedError(place, f"{name} is nested more than {MAX_DEPTH} deep")
    seen.add(id(node))
    if isinstance(node, yaml.CollectionNode) and node.tag not in COLLECTIONS:
        raise PlacedError(place, f"the front matter is no YAML that is read here: {node.tag} is no mapping and no list")
    if isinstance(node, yaml.MappingNode):
        parts: dict[Any, Entry] = {}
        for key_node, value_node in node.value:
            key = loader.construct_object(key_node, deep=True)
            here = Location(file, key_node.start_mark.line + 2, key_node.start_mark.column + 1)
            if not isinstance(key, str | int | float | bool | dt.date) and key is not None:
                raise PlacedError(here, f"{name or 'the front matter'} has a key that is no text")
            if key in parts:
                raise PlacedError(here, f"{key} is there twice; keep one")
            inner = f"{name}.{key}" if name else str(key)
            parts[key] = _entry(loader, value_node, file, inner, seen, depth + 1)
        return Entry(name, {key: part.value for key, part in parts.items()}, place, None, parts)
    if isinstance(node, yaml.SequenceNode):
        listed = {
            number: _entry(loader, item, file, f"{name}[{number}]", seen, depth + 1)
            for number, item in enumerate(node.value)
        }
        return Entry(name, [part.value for part in listed.values()], place, None, listed)
    value = loader.construct_object(node, deep=True)
    style = node.style if isinstance(node, yaml.ScalarNode) else None
    one_line = node.start_mark.line == node.end_mark.line and style not in {"|", ">"}
    quoted = 1 if style in {"'", '"'} else 0
    return Entry(name, value, place, Location(file, place.line, place.column + quoted) if one_line else None)
