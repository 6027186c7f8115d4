"""Nothing that comes from Terraform or a data file can break out of its place on a page."""

import markdown
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from analysis.drawing import tables
from analysis.drawing.tables import Column, Row, table

HOSTILE = '<script>alert(1)</script>" onload="x | `a` *b* [c](d) {{ e }} &'


def test_hostile_text_in_a_cell_an_anchor_a_label_and_a_caption_is_escaped():
    made = table([Column("A"), Column("B", "code")], [Row([HOSTILE, HOSTILE], HOSTILE)], label=HOSTILE, caption=HOSTILE)
    assert "<script" not in made
    assert 'onload="x' not in made


def test_markup_that_is_already_safe_is_kept():
    assert "<em>x</em>" in table([Column("A")], [[Markup("<em>x</em>")]], label="t")


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match="2 cells, the table 1 columns"):
        table([Column("A")], [["a", "b"]], label="t")


def test_a_total_stands_in_the_foot():
    made = table([Column("A", "head")], [["a"], Row(["sum"], total=True)], label="t")
    assert made.index("<tfoot>") < made.index("sum")


def test_a_table_can_be_reached_by_keyboard_and_has_a_name():
    assert 'role="group" aria-label="Prices" tabindex="0"' in table([Column("A")], [["a"]], label="Prices")


@pytest.mark.parametrize("state", tables.SHAPES)
def test_a_state_has_a_shape_and_a_word(state):
    made = tables.chip(state, "word")
    assert "<svg" in made
    assert made.endswith("</svg>word</span>")


def test_no_two_states_share_a_shape():
    assert len(set(tables.SHAPES.values())) == len(tables.SHAPES)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=40))
def test_inline_text_passes_through_markdown_as_it_is(text):
    rendered = markdown.markdown(f"x{tables.inline(text)}x", extensions=["tables", "attr_list"])
    assert Markup(rendered).striptags() == " ".join(f"x{text}x".split())
    assert rendered.count("<") == 2  # the paragraph alone
