"""HTML that is safe to put into a page: escaped text, states with shape and colour, tables that the keyboard reaches."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, TypeAlias

from markupsafe import Markup

from analysis.units import number

Cell: TypeAlias = str | Markup | None
"""Plain text (it will be escaped), markup that is already safe, or None for an empty cell."""

Kind: TypeAlias = Literal["text", "number", "code", "wide", "address", "head"]
State: TypeAlias = Literal["good", "warn", "bad", "info", "plain"]

SHAPES: dict[State, str] = {
    "good": '<circle cx="5" cy="5" r="5"/>',
    "warn": '<path d="M5 0 10 9.5H0z"/>',
    "bad": '<path d="M0 0h10v10H0z"/>',
    "info": '<path d="M5 0 10 5 5 10 0 5z"/>',
    "plain": '<path d="M0 3.5h10v3H0z"/>',
}
"""One shape for each state, so that it can be told apart without colour and on paper."""

_SPECIAL = re.compile(r"[^\w\s,;/?%]|_")
_CLASSES: dict[Kind, str] = {
    "text": "",
    "number": "g-num",
    "code": "g-nowrap",
    "wide": "g-wide",
    "address": "g-address",
    "head": "",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column's heading and how its cells are set: numbers to the right, code in one line, long texts and addresses wide."""

    title: str
    kind: Kind = "text"


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of a row, an anchor other pages link to, whether it is a total, and the values by which it can be filtered."""

    cells: Sequence[Cell]
    anchor: str = ""
    total: bool = field(default=False)
    facets: Mapping[str, Sequence[str]] = field(default_factory=dict)


def inline(value: object) -> Markup:
    """Text for a place inside a Markdown sentence: neither HTML nor Markdown nor a table's bar can break out of it."""
    return Markup(_SPECIAL.sub(lambda match: f"&#{ord(match[0])};", str(value)))  # noqa: S704 (escaped here)


def code(value: object) -> Markup:
    """The value in a code element, escaped."""
    return Markup("<code>{}</code>").format(str(value))


def marked(text: str) -> Markup:
    """The text with what stands between backticks as code, escaped."""
    parts = text.split("`")
    return Markup("").join(code(part) if at % 2 else Markup("{}").format(part) for at, part in enumerate(parts))


def link(href: str, label: Cell, css: str = "") -> Markup:
    """A link; `href` and a plain `label` are escaped."""
    attribute = Markup(' class="{}"').format(css) if css else Markup("")
    return Markup('<a{} href="{}">{}</a>').format(attribute, href, label or "")


def chip(state: State, word: str) -> Markup:
    """A word that carries a state by shape and colour."""
    shape = Markup(SHAPES[state])  # noqa: S704 (a constant of this module)
    return Markup(
        '<span class="g-chip g-chip--{}"><svg viewBox="0 0 10 10" aria-hidden="true">{}</svg>{}</span>'
    ).format(state, shape, word)


def faceted(facets: Mapping[str, Sequence[str]]) -> Markup:
    """The attribute of an entry of a table that `filter.js` filters: its values by facet; nothing where it has none."""
    return Markup(" data-facets='{}'").format(json.dumps(facets)) if facets else Markup("")


def table(
    columns: Sequence[Column],
    rows: Iterable[Row | Sequence[Cell]],
    *,
    label: str,
    caption: Cell = None,
    filters: Sequence[str] = (),
) -> Markup:
    """A table in a scroll box; `label` names it for a screen reader, `caption` says in a sentence what it shows.

    `filters` names the facets of its rows by which a reader may choose. Raises ValueError where a row has another number of cells
    than there are columns.
    """
    body: list[Markup] = []
    foot: list[Markup] = []
    for row in rows:
        made = row if isinstance(row, Row) else Row(row)
        if len(made.cells) != len(columns):
            raise ValueError(f"{label}: a row has {len(made.cells)} cells, the table {len(columns)} columns")
        cells = Markup("").join(_cell(column, cell) for column, cell in zip(columns, made.cells, strict=True))
        anchor = Markup(' id="{}"').format(made.anchor) if made.anchor else Markup("")
        (foot if made.total else body).append(Markup("<tr{}{}>{}</tr>").format(anchor, faceted(made.facets), cells))
    heads = Markup("").join(
        Markup('<th scope="col"{}>{}</th>').format(_css(column.kind), column.title) for column in columns
    )
    return Markup(
        '<div class="g-table" role="group" aria-label="{}" tabindex="0"><table class="g-data"{}>{}<thead><tr>{}</tr></thead>'
        "<tbody>{}</tbody>{}</table></div>"
    ).format(
        label,
        Markup(' data-choose="{}"').format(" ".join(filters)) if filters else Markup(""),
        Markup("<caption>{}</caption>").format(caption) if caption else Markup(""),
        heads,
        Markup("").join(body),
        Markup("<tfoot>{}</tfoot>").format(Markup("").join(foot)) if foot else Markup(""),
    )


def _css(kind: Kind) -> Markup:
    name = _CLASSES[kind]
    return Markup(' class="{}"').format(name) if name else Markup("")


def _cell(column: Column, cell: Cell) -> Markup:
    content: Cell = "" if cell is None else cell
    if column.kind == "head":
        return Markup('<th scope="row">{}</th>').format(content)
    if column.kind == "code" and content and not isinstance(content, Markup):
        content = code(content)
    return Markup("<td{}>{}</td>").format(_css(column.kind), content)


def definitions(pairs: Iterable[tuple[str, Cell]]) -> Markup:
    """A few figures side by side, each under its name."""
    items = Markup("").join(Markup("<div><dt>{}</dt><dd>{}</dd></div>").format(name, value) for name, value in pairs)
    return Markup('<dl class="g-pair">{}</dl>').format(items)


def amount(value: Decimal | float | None) -> str:
    """A number for people: thousands apart, no idle zeros; empty for None."""
    if value is None:
        return ""
    whole, dot, rest = number(Decimal(str(value))).partition(".")
    sign = "-" if whole.startswith("-") else ""
    return f"{sign}{int(whole.lstrip('-')):,}{dot}{rest}"


def significant(value: float, digits: int = 3) -> str:
    """A number with so many significant digits, thousands apart; whole numbers keep all of theirs, as in `studies.shown`."""
    rounded = float(f"{value:.{digits}g}")
    return amount(round(value) if abs(rounded) >= 10 ** (digits - 1) else rounded)
