"""The register of measures: a figure on a page says what it is of, and reads alike on every page."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from markupsafe import Markup

from analysis.studies import Measured, shown

USUAL: Final[Mapping[str, Any]] = {"seed": 1, "level": "value", "scaled_out": 0, "faults": []}
"""What an argument is where a page names none."""

MARK: Final = re.compile(rb'<data class="g-figure" value="([^"]*)">(.*?)</data>', re.DOTALL)
TAGS: Final = re.compile(r"<[^>]*>")


def key(measure: str, stack: str, given: Mapping[str, Any]) -> str:
    """What a figure is of: `capacity.users_held of buzzer, level low`; what is as usual is not named."""
    said = {
        name: list(value) if isinstance(value, tuple) else value for name, value in given.items() if value is not None
    }
    parts = [
        f"{name} {_word(value)}"
        for name, value in sorted(said.items())
        if value not in ({}, []) and USUAL.get(name, object()) != value
    ]
    return ", ".join([f"{measure} of {stack}", *parts])


def _word(value: Any) -> str:
    """An argument as part of a key: alike whichever way it was written down."""
    if isinstance(value, Mapping):
        return "; ".join(f"{name} = {_word(inner)}" for name, inner in sorted(value.items()))
    if isinstance(value, list | tuple):
        return " and ".join(map(_word, value))
    return str(value) if isinstance(value, str) else f"{value:g}"


def figure(measured: Measured | str, measure: str, stack: str, **given: Any) -> Markup:
    """A figure as a page shows it, with what it is of."""
    text = measured if isinstance(measured, str) else shown(measured)
    return Markup('<data class="g-figure" value="{}">{}</data>').format(key(measure, stack, given), text)


def contradictions(pages: Iterable[tuple[str, bytes]]) -> list[str]:
    """A sentence for each figure that two places show differently; the first place that shows it is the one compared with."""
    first: dict[str, tuple[str, str]] = {}
    found: dict[str, None] = {}
    for page, content in pages:
        for what, text in MARK.findall(content):
            name = html.unescape(what.decode())
            said = " ".join(html.unescape(TAGS.sub("", text.decode())).split())
            before, at = first.setdefault(name, (said, page))
            if before != said:
                found[f"{name} is {before} on {at} and {said} on {page}: the same figure reads alike on every page"] = (
                    None
                )
    return list(found)


def of_site(site: Path) -> list[str]:
    """The contradictions between the pages of a built site, kept pages included."""
    return contradictions(
        (path.relative_to(site).as_posix(), path.read_bytes()) for path in sorted(site.rglob("*.html"))
    )
