"""The register of measures: a figure says what it is of, and two pages that show it differently are named."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from analysis.pages import bill, comparison, figures, register, stated, systems
from analysis.pages.model import models
from analysis.studies import Measured
from tests.pages.test_comparison import ROOT, site


def page(text, measure="cost.month", stack="shop", **given):
    return f"<p>It costs {register.figure(text, measure, stack, **given)} here.</p>".encode()


def test_two_pages_that_show_one_figure_differently_are_both_named():
    found = register.contradictions([
        ("cost/index.html", page("$770.30")),
        ("operate/index.html", page("$770.30")),
        ("index.html", page("$771.10")),
    ])  # fmt: skip
    assert found == [
        "cost.month of shop is $770.30 on cost/index.html and $771.10 on index.html: the same figure reads alike on every page"
    ]


def test_figures_of_other_stacks_nights_and_seeds_may_differ():
    assert not register.contradictions([
        ("a", page("2 s", "night.age_p95")),
        ("b", page("3 s", "night.age_p95", "other")),
        ("c", page("4 s", "night.age_p95", seed=2)),
        ("d", page("5 s", "night.age_p95", faults=["cut"])),
        ("e", page("6 s", "night.age_p95", users=10_000)),
        ("f", page("2 s", "night.age_p95", seed=1, faults=[], variables={}, users=None)),
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"scaled_out": False, "level": "value", "seed": 1}, "m of shop"),
        ({"scaled_out": True}, "m of shop, scaled_out 1"),
        ({"faults": ("cut", "slow"), "seed": 7}, "m of shop, faults cut and slow, seed 7"),
        ({"variables": {"tasks": {"max": 20, "min": 2.0}}}, "m of shop, variables tasks = max = 20; min = 2"),
    ],
)
def test_a_figure_is_named_alike_however_its_arguments_are_written(given, expected):
    assert register.key("m", "shop", given) == expected


def test_a_figure_is_compared_as_it_reads_whatever_is_within_it():
    assert not register.contradictions([
        ("a", b'<data class="g-figure" value="m of s">1,077&nbsp;users</data>'),
        ("b", b'<data class="g-figure" value="m of s"><b>1,077</b>\n users</data>'),
    ])  # fmt: skip


def test_what_pages_show_of_one_stack_lies_in_the_register():
    one = models(ROOT)["buzzer"]
    shown = [
        stated.claim(ROOT, "index.md", "buzzer-month"),
        figures.key_figures([one], ["now"], systems.words(ROOT / "docs", "buzzer/kpis.md")),
        comparison.compared(site("compare/index.md")),
        bill.month(one.estimate),
    ]
    found = [
        {each["value"]: each.get_text() for each in BeautifulSoup(html, "html.parser").find_all("data")}
        for html in shown
    ]
    texts = {each["cost.month of buzzer"] for each in found}
    assert len(texts) == 1
    assert texts == {bill.money(one.estimate.total.usd)}


def test_a_built_site_is_read_page_by_page(tmp_path):
    for name, text in (("a", "1"), ("b", "2")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "index.html").write_bytes(page(text))
    (said,) = register.of_site(tmp_path)
    assert "is 1 on a/index.html and 2 on b/index.html" in said


def test_a_measured_figure_is_written_as_everywhere():
    html = register.figure(Measured(4166.67, "user", "f"), "capacity.users_held", "a<b")
    assert html == '<data class="g-figure" value="capacity.users_held of a&lt;b">4,167</data>'
