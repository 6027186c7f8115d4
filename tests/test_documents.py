"""A report says the same as Markdown, as CSV and as PDF, and nobody's text breaks out of it."""

import csv
import datetime as dt
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.documents import Document, Fact, Section, Table, csv_text, markdown, plain
from analysis.drawing.pdf import PdfError, pdf

DAY = dt.date(2026, 11, 29)
TEXT = st.text(max_size=40)


def report(*sections, title="Checkout down"):
    return Document(title, "A sentence.", (Fact("Duration", "≥ 43 min", "21:16–21:59"),), sections, "Recorded.", DAY)


def test_a_report_as_markdown_has_its_facts_sections_lists_and_tables_and_leaves_out_what_is_empty():
    table = Table(("A", "B"), (("1", "x|y"),))
    text = markdown(
        report(Section("Steps", items=("One", "Two"), ordered=True), Section("Rows", table=table), Section("None"))
    )
    assert "| Duration | ≥ 43 min | 21:16–21:59 |" in text
    assert "1. One\n2. Two" in text
    assert "| 1 | x\\|y |" in text
    assert "None" not in text


@given(TEXT)
def test_the_text_of_others_opens_no_tag_cell_heading_or_line(text):
    shown = plain(text)
    assert "<" not in shown
    assert "\n" not in shown
    assert not re.search(r"(?<!\\)(\\\\)*[|`*_\[]", shown)
    assert not re.match(r"#|>|[-+] |\d+[.)] ", shown)


@given(st.lists(st.tuples(TEXT, TEXT), max_size=5))
def test_a_table_comes_back_from_its_csv(rows):
    rows = [tuple(cell.replace("\r", " ") for cell in row) for row in rows]
    text = csv_text(Table(("a", "b"), tuple(rows)))
    assert list(csv.reader(io.StringIO(text, newline=""))) == [["a", "b"], *map(list, rows)]


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match="1 cells, the table 2"):
        Table(("a", "b"), (("1",),))


def test_the_same_report_is_the_same_pdf_with_its_fonts_in_it_and_without_the_clock():
    made = pdf(report(Section("Steps", items=("– ≥ × →",))))
    assert made == pdf(report(Section("Steps", items=("– ≥ × →",))))
    assert b"/FontFile2" in made
    assert b"D:20261129" in made
    assert b"Helvetica" not in made


def test_a_character_that_the_font_lacks_is_written_as_its_number():
    assert pdf(report(title="日本")) == pdf(report(title="\\u65e5\\u672c"))


def test_what_does_not_fit_one_page_is_set_smaller_and_refused_where_nobody_could_read_it():
    items = tuple(f"Sentence {number}." for number in range(60))
    assert pdf(report(Section("Much", items=items)), one_page=True).count(b"/Type /Page\n") == 1
    assert pdf(report(Section("Much", items=items))).count(b"/Type /Page\n") > 1
    with pytest.raises(PdfError, match="does not fit one page"):
        pdf(report(Section("Far too much", items=items * 5)), one_page=True)
