"""A report as PDF (fpdf2): fonts embedded, charts as vectors, the same bytes for the same report on any day and machine."""

from __future__ import annotations

import datetime as dt
import io
import re
from pathlib import Path
from typing import Any

from fpdf import FPDF, FontFace
from fpdf.enums import TableBordersLayout, XPos, YPos
from fpdf.fonts import TTFFont

from analysis.documents import Document, Section, Table
from analysis.drawing.figures import COLOURS, on_paper

FONTS = Path(__file__).with_name("fonts")
FAMILY = "Inter"
MARGIN_MM = 16.0
LINE = 1.42
"""The height of a line as a multiple of the size of its letters."""

SIZES_PT = {"title": 19.0, "heading": 12.5, "text": 9.5, "figure": 12.0, "small": 7.5}
SMALLEST = 0.6
"""A report for one page is set smaller by up to this factor; below it nobody can read it."""

PT_TO_MM = 25.4 / 72.0


class PdfError(ValueError):
    """A report that does not fit: the sentence says which and how to go on."""


def pdf(document: Document, *, one_page: bool = False) -> bytes:
    """The report as PDF, A4. With `one_page` everything is set smaller until it fits; PdfError where that could not be read."""
    scale = 1.0
    while True:
        sheet = _set(document, scale, compact=one_page)
        if not one_page or sheet.pages_count == 1:
            return bytes(sheet.output())
        scale *= 0.95
        if scale < SMALLEST:
            raise PdfError(f"{document.title}: the report for one page does not fit one page; shorten its texts")


class _Sheet(FPDF):
    """Pages with a foot: where the report comes from, its day, and the number of the page."""

    def __init__(self, document: Document, scale: float) -> None:
        super().__init__(format="A4")
        self.document, self.scale = document, scale
        for style, weight in (("", 400), ("I", 400), ("B", 600), ("BI", 600)):
            self.add_font(FAMILY, style, FONTS / f"inter-wide-{weight}.woff")
        self.set_margin(MARGIN_MM)
        self.set_auto_page_break(auto=True, margin=MARGIN_MM)
        self.set_creation_date(dt.datetime.combine(document.as_of, dt.time(), dt.UTC))
        # Compressed bytes differ between the libraries that compress them.
        self.set_compression(False)
        self.set_title(self.shown(document.title))
        self.set_lang("en")
        self.set_producer("gameday")

    def footer(self) -> None:
        """The foot of each page."""
        self.set_y(-MARGIN_MM + 4)
        self.pen("small", ink="soft")
        self.cell(0, 4, self.shown(f"{self.document.title}, as of {self.document.as_of}"))
        self.set_x(-MARGIN_MM - 20)
        self.cell(20, 4, f"{self.page_no()} / {{nb}}", align="R")

    def pen(self, size: str, style: str = "", ink: str = "ink") -> float:
        """Sets font and colour; gives the height of a line in mm."""
        points = SIZES_PT[size] * self.scale
        self.set_font(FAMILY, style, points)
        self.set_text_color(COLOURS[ink][1])
        return points * PT_TO_MM * LINE

    def shown(self, text: str) -> str:
        """The text with every character that the font does not have as its number, so that none is lost."""
        font = self.fonts[FAMILY.lower()]
        known = font.cmap if isinstance(font, TTFFont) else ()
        return "".join(c if ord(c) in known else f"\\u{ord(c):04x}" for c in " ".join(text.split()))

    def write_block(self, text: str, size: str, style: str = "", ink: str = "ink", left_mm: float = 0.0) -> None:
        """A paragraph over the width of the page."""
        height = self.pen(size, style, ink)
        self.set_x(self.l_margin + left_mm)
        self.multi_cell(0, height, self.shown(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def gap(self, mm: float) -> None:
        """Room, scaled with everything else."""
        self.ln(mm * self.scale)


def _set(document: Document, scale: float, *, compact: bool) -> _Sheet:
    sheet = _Sheet(document, scale)
    sheet.add_page()
    sheet.write_block(document.title, "title", "B")
    sheet.gap(1)
    sheet.write_block(document.lead, "text")
    sheet.gap(2)
    _facts(sheet, document)
    for section in document.filled:
        _section(sheet, section, compact=compact)
    sheet.gap(2)
    sheet.write_block(document.source, "small", ink="soft")
    return sheet


def _facts(sheet: _Sheet, document: Document, columns: int = 3) -> None:
    """The key figures side by side: name, value, note."""
    width = sheet.epw / columns
    for start in range(0, len(document.facts), columns):
        row = document.facts[start : start + columns]
        top, lowest = sheet.get_y(), sheet.get_y()
        if sheet.will_page_break(22 * sheet.scale):
            sheet.add_page()
            top = lowest = sheet.get_y()
        for number, fact in enumerate(row):
            sheet.set_xy(sheet.l_margin + number * width, top)
            for text, size, style, ink in (
                (fact.name, "small", "", "soft"),
                (fact.value, "figure", "B", "ink"),
                (fact.note, "small", "", "soft"),
            ):
                if not text:
                    continue
                height = sheet.pen(size, style, ink)
                sheet.set_x(sheet.l_margin + number * width)
                sheet.multi_cell(width - 4, height, sheet.shown(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
            lowest = max(lowest, sheet.get_y())
        sheet.set_y(lowest + 2 * sheet.scale)


def _section(sheet: _Sheet, section: Section, *, compact: bool) -> None:
    sheet.gap(3)
    needed = HEADED_MM * sheet.scale + (0.0 if compact else _height(section.chart) * CHART_SHARE * sheet.epw)
    if sheet.will_page_break(needed):
        sheet.add_page()
    sheet.pen("heading", "B")
    sheet.start_section(sheet.shown(section.title))
    sheet.write_block(section.title, "heading", "B")
    sheet.gap(0.5)
    if section.text:
        sheet.write_block(section.text, "text")
        sheet.gap(1)
    if section.chart and compact and section.table:
        _beside(sheet, section, section.table)
        return
    if section.chart:
        _chart(sheet, section, CHART_SHARE, legend_beside=True)
    for number, item in enumerate(section.items, 1):
        height = sheet.pen("text")
        if sheet.will_page_break(height):
            sheet.add_page()
            sheet.pen("text")
        sheet.cell(6, height, f"{number}." if section.ordered else "•")
        sheet.write_block(item, "text", left_mm=6)
    if section.table and section.table.rows:
        _table(sheet, section.table)
    if section.note:
        sheet.gap(0.5)
        sheet.write_block(section.note, "small", ink="soft")


HEADED_MM = 26.0
"""What a heading needs below it, so that it stays with what it heads; its chart comes on top."""

_VIEW = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')


def _height(svg: str) -> float:
    """The height of a chart as a multiple of its width; 0 where there is none."""
    view = _VIEW.search(svg)
    return float(view[2]) / float(view[1]) if view else 0.0


CHART_SHARE = 0.58
"""The width of a chart as a share of the page's; it is about as high."""

BESIDE_SHARE = 0.48
"""The same where a table stands beside it."""


def _beside(sheet: _Sheet, section: Section, table: Table) -> None:
    """The chart of a section to the left of its table."""
    top = sheet.get_y()
    _chart(sheet, section, BESIDE_SHARE)
    below = sheet.get_y()
    sheet.set_y(top)
    sheet.set_left_margin(MARGIN_MM + sheet.epw * (BESIDE_SHARE + 0.02))
    _table(sheet, table)
    sheet.set_left_margin(MARGIN_MM)
    sheet.set_y(max(below, sheet.get_y()))


def _chart(sheet: _Sheet, section: Section, share: float, *, legend_beside: bool = False) -> None:
    """The chart of a section as vectors, as wide as `share` of the page, with its legend below or to the right."""
    picture = io.BytesIO(on_paper(section.chart, FAMILY).encode("utf-8"))
    width, left = sheet.epw * share, sheet.l_margin
    sheet.pen("small")
    drawn = sheet.image(picture, w=width, x=left, alt_text=sheet.shown(section.title))
    below = sheet.get_y()
    height = sheet.pen("small", ink="soft")
    if legend_beside:
        sheet.set_xy(left + width + 4, below - drawn.rendered_height)
        width = sheet.epw - width - 4
    sheet.multi_cell(width, height, sheet.shown(section.legend), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    sheet.set_y(max(below, sheet.get_y()))
    sheet.gap(1)


def _table(sheet: _Sheet, table: Table) -> None:
    """Rows under headings that are repeated on every page; a row is never torn."""
    height = sheet.pen("small")
    heads = FontFace(emphasis="B", color=COLOURS["ink"][1], fill_color=COLOURS["sunken"][1])
    sheet.set_draw_color(COLOURS["rule"][1])
    settings: dict[str, Any] = {
        "borders_layout": TableBordersLayout.HORIZONTAL_LINES,
        "headings_style": heads,
        "line_height": height,
        "padding": (0.6 * sheet.scale, 1.0),
        "text_align": "LEFT",
        "width": sheet.epw,
        "align": "LEFT",
        "repeat_headings": 1,
    }
    if table.widths:
        settings["col_widths"] = table.widths
    with sheet.table(**settings) as laid:
        for cells in (table.heads, *table.rows):
            row = laid.row()
            for cell in cells:
                row.cell(sheet.shown(cell))
