"""Panels over one axis: every line named, every number in the table, marks through all of them."""

import re

import pytest

from analysis.drawing.charts import ChartError, Limit, Panel, Series, panels

BEFORE = Series("before", ((0, 1.0), (1, 5.0), (2, None), (3, 2.0)))
AFTER = Series("after", ((0, 1.0), (1, 1.5), (2, 1.0), (3, 1.0)))
PARTS = [Panel("errors, %", (BEFORE, AFTER), ",.1f"), Panel("age, s", (BEFORE,), ",.2f", (Limit(3.0, "late"),))]


def drawn(marks=()):
    return panels("A night", PARTS, x="minutes", marks=marks)


def test_each_panel_names_its_axis_and_each_line_its_series():
    svg = drawn().svg
    for words in ("errors, %", "age, s", "before", "after", "late", "minutes"):
        assert words in svg


def test_the_table_has_every_series_of_every_panel_with_its_own_format():
    table = drawn().table
    for words in ("before: errors, %", "after: errors, %", "before: age, s", "<td>5.0</td>", "<td>5.00</td>"):
        assert words in table


def test_a_mark_is_labelled_once_and_close_ones_on_different_heights():
    svg = drawn([Limit(1.0, "A", vertical=True), Limit(1.05, "B", vertical=True)]).svg
    assert [len(re.findall(f">{letter}</text>", svg)) for letter in "AB"] == [2, 2]  # the word and its halo
    heights = {letter: re.findall(rf'translate\([\d.]+,([\d.]+)\)"[^>]*>{letter}</text>', svg) for letter in "AB"}
    assert heights["A"]
    assert not set(heights["A"]) & set(heights["B"])


def test_the_same_numbers_give_the_same_bytes():
    assert drawn().html() == drawn().html()


def test_more_series_than_can_be_told_apart_are_refused_over_all_panels():
    many = [Panel("y", (Series(f"s{number}", ((0, 1.0), (1, 2.0))),)) for number in range(5)]
    with pytest.raises(ChartError, match="5 series"):
        panels("Too many", many, x="x")
    with pytest.raises(ChartError, match="nothing to draw"):
        panels("Nothing", [Panel("y", (Series("s", ((0, None),)),))], x="x")
