"""A report as data: key figures, and sections with sentences, lists, tables and a chart.

It is written as Markdown here and as PDF by `analysis.drawing.pdf`, so that both say the same.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings. `widths` are the columns' shares of the page's width, where the report is set on paper."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.heads):
                raise ValueError(f"a row has {len(row)} cells, the table {len(self.heads)} columns")


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what stands below it, in this order: text, chart, list, table, note.

    `chart` is SVG and only set on paper, with its `legend`: what it shows stands in the tables. A section without content is left
    out.
    """

    title: str
    text: str = ""
    items: tuple[str, ...] = ()
    ordered: bool = False
    table: Table | None = None
    note: str = ""
    chart: str = ""
    legend: str = ""

    @property
    def empty(self) -> bool:
        """Whether there is nothing below the heading."""
        return not (self.text or self.items or (self.table and self.table.rows) or self.note or self.chart)


@dataclass(frozen=True, slots=True)
class Fact:
    """A key figure: its name, its value, and what the value means or rests on."""

    name: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Document:
    """A report of the day `as_of`: title, lead sentence, key figures, sections, and where its figures come from."""

    title: str
    lead: str
    facts: tuple[Fact, ...]
    sections: tuple[Section, ...]
    source: str
    as_of: dt.date

    @property
    def filled(self) -> tuple[Section, ...]:
        """The sections that have content."""
        return tuple(section for section in self.sections if not section.empty)

    def with_chart(self, title: str, svg: str, legend: str) -> Document:
        """The same report with a chart and its legend in the section of that title; LookupError where there is none."""
        if not any(section.title == title for section in self.sections):
            raise LookupError(f"the report has no section {title!r}")
        sections = tuple(
            replace(each, chart=svg, legend=legend) if each.title == title else each for each in self.sections
        )
        return replace(self, sections=sections)


def csv_text(table: Table) -> str:
    """The table as CSV (RFC 4180, with line feeds): headings, then rows."""
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator="\n").writerows([table.heads, *table.rows])
    return file.getvalue()


def markdown(document: Document) -> str:
    """The report as Markdown that a wiki takes: headings, lists and pipe tables; text of others breaks out of none of them."""
    parts = [f"# {plain(document.title)}", plain(document.lead)]
    if document.facts:
        facts = ((fact.name, fact.value, fact.note) for fact in document.facts)
        parts.append(_table(("What", "", "Note"), facts))
    for section in document.filled:
        parts.append(f"## {plain(section.title)}")
        parts += [plain(section.text)] if section.text else []
        if section.items:
            marks = (f"{number}." if section.ordered else "-" for number in range(1, len(section.items) + 1))
            parts.append("\n".join(f"{mark} {plain(item)}" for mark, item in zip(marks, section.items, strict=True)))
        if section.table and section.table.rows:
            parts.append(_table(section.table.heads, section.table.rows))
        parts += [plain(section.note)] if section.note else []
    parts.append(plain(f"{document.source} As of {document.as_of}."))
    return "\n\n".join(parts) + "\n"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads)]
    return "\n".join(f"| {' | '.join(line)} |" for line in [*lines, *([plain(cell) for cell in row] for row in rows)])


_MARKUP = re.compile(r"[\\`|*_\[\]]")
_ENTITY = re.compile(r"&(?=#?\w+;)")
_LINE_START = re.compile(r"^(?=#|>|[-+](?:\s|$)|=+$|-+$|~~~)|^(\d+)(?=[.)](?:\s|$))")


def plain(text: str) -> str:
    """Text that Markdown shows as it is: on one line, no HTML, no emphasis, link, code, cell or heading begun by it."""
    flat = _ENTITY.sub("&amp;", _MARKUP.sub(r"\\\g<0>", " ".join(text.split()))).replace("<", "&lt;")
    return _LINE_START.sub(lambda match: f"{match[1]}\\" if match[1] else "\\", flat)
