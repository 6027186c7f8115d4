"""A record as files: PDF, Markdown, CSV, JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from analysis.documents import Document, Table, csv_text, markdown
from analysis.drawing.figures import Figure


class Record(Protocol):
    """What can be exported: two reports, tables, and plain values."""

    @property
    def charted(self) -> str:
        """The section of both reports in which the chart stands."""

    @property
    def tables(self) -> Mapping[str, Table]:
        """The tables by name."""

    def full(self) -> Document:
        """The whole report."""

    def brief(self) -> Document:
        """What fits one page."""

    def values(self) -> Mapping[str, Any]:
        """Everything, for programs."""


@dataclass(frozen=True, slots=True)
class Export:
    """A record with what draws its chart."""

    record: Record
    chart: Callable[[], Figure]

    def content(self, name: str) -> str | bytes:
        """The file of a format, one of `formats`; LookupError for another."""
        record = self.record
        made: Mapping[str, Callable[[], str | bytes]] = {
            "one-page": lambda: self._pdf(record.brief(), one_page=True),
            "pdf": lambda: self._pdf(record.full()),
            "md": lambda: markdown(record.full()),
            **{table: partial(csv_text, record.tables[table]) for table in record.tables},
            "json": lambda: json.dumps(record.values(), ensure_ascii=False, allow_nan=False) + "\n",
        }
        if name not in made:
            raise LookupError(f"there is no format {name!r}; there are {', '.join(made)}")
        return made[name]()

    def _pdf(self, document: Document, *, one_page: bool = False) -> bytes:
        from analysis.drawing import pdf  # noqa: PLC0415 (only the extra `site` brings what it needs)

        figure = self.chart()
        return pdf.pdf(document.with_chart(self.record.charted, figure.svg, figure.caption), one_page=one_page)


def formats(tables: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Every format of a record with these tables: its name -> what its button says, and how the file's name ends."""
    return {
        "one-page": ("One-page PDF", "-one-page.pdf"),
        "pdf": ("Full PDF", ".pdf"),
        "md": ("Markdown for a wiki", ".md"),
        **{name: (f"{name.capitalize()} (CSV)", f"-{name}.csv") for name in tables},
        "json": ("JSON", ".json"),
    }
