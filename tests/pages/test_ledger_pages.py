"""The page of a brief's statements: counts, what matters most, and every row with its verdict and the way to its inputs."""

import html
import re
import shutil
from pathlib import Path

import pytest

from analysis.ledger import FILE_NAME
from analysis.pages import ledger, reads
from analysis.pages.model import Site

ROOT = Path(__file__).parents[2]
SITE = Site(ROOT, ROOT / "docs", lambda: "olympics/brief.md")


@pytest.fixture(scope="module")
def book():
    yield ledger.ledger(ROOT, ROOT / "docs", "olympics")
    reads.forget()


def rows(book):
    return re.findall(r'<tr id="([^"]+)"', ledger.statements(SITE, book))


def test_every_statement_is_a_row_once_with_what_it_can_be_filtered_by(book):
    assert sorted(rows(book)) == sorted(book.statements)
    text = html.unescape(ledger.statements(SITE, book))
    assert text.count('"verdict": ["wrong"]') == book.counts["wrong"] == text.count('"reason": ["')
    assert 'data-choose="verdict breaks reason"' in text


def test_what_matters_stands_first_and_of_what_breaks_alike_the_farthest_off(book):
    ordered = rows(book)
    assert ordered[:3] == ["O-C011", "O-C024", "O-C016"]
    outages = [
        one
        for one in book.judged
        if one.verdict == "wrong" and one.statement.breaks == "outage" and not one.statement.rank
    ]
    assert len(outages) > 3
    farthest = sorted(outages, key=lambda one: -(one.factor or 0))
    assert [key for key in ordered if key in {one.statement.id for one in outages}] == [
        one.statement.id for one in farthest
    ]


def test_the_summary_leads_to_the_first_row_of_each_verdict(book):
    leads = re.findall(r'href="#([\w-]+)"', ledger.summary(book))
    assert len(leads) == len(book.counts)
    assert [book.statements[key].verdict for key in leads] == list(book.counts)


def test_a_row_shows_both_figures_its_formula_and_where_each_input_comes_from(book):
    text = ledger.statements(SITE, book)
    row = re.search(r'<tr id="O-C079".*?</tr>', text)[0]
    for part in ("$74.00", "$156.06", "missing component", "line 571", "price of alb.lcu_hour", "line 539"):
        assert part in row
    assert 'href="../reference/prices.html#price-alb.lcu_hour"' in row
    assert 'href="../reference/limits.html#limit-alb.lcu.processed_gb_per_hour"' in row


def test_what_matters_most_is_ranked_and_drawn(book):
    text = ledger.ten(book)
    assert re.findall(r'href="#(O-C\d+)"', text)[:3] == ["O-C011", "O-C024", "O-C016"]
    assert "<svg" in text
    assert "36.1" in text  # 7,500 / 208


def test_a_verdict_that_no_longer_follows_stops_the_page_and_names_the_row(tmp_path):
    folder = tmp_path / "docs" / "olympics"
    folder.mkdir(parents=True)
    (tmp_path / "terraform").symlink_to(ROOT / "terraform")
    for path in (ROOT / "docs" / "olympics").glob("ledger*.csv"):
        text = path.read_text(encoding="utf-8")
        changed = text.replace("~15 servers at the peak,15,", "~15 servers at the peak,33.3,")
        assert (changed != text) == (path.name == FILE_NAME)
        (folder / path.name).write_text(changed, encoding="utf-8")
    for path in (ROOT / "docs" / "olympics").glob("statements.*"):
        shutil.copy(path, folder / path.name)
    with pytest.raises(ValueError, match=r"docs/olympics/ledger.csv:\d+: O-C029 is stated as 'wrong' and is 'holds'"):
        ledger.ledger(tmp_path, tmp_path / "docs", "olympics")
    reads.forget()


def test_a_system_without_a_ledger_gets_a_sentence(tmp_path):
    with pytest.raises(LookupError, match="take `brief` out of the pages"):
        ledger.ledger(tmp_path, tmp_path / "docs", "shop")
