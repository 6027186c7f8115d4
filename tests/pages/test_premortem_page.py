"""A page's pre-mortem says what the command says, shows it, and lists the limits that matter."""

import re
from html import unescape
from pathlib import Path

import pytest

from analysis import premortem
from analysis.pages.model import Site, model
from analysis.pages.premortem import macros

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def page():
    site = Site(ROOT, ROOT / "docs", lambda: "olympics/premortem.md")
    return str(macros(site)["premortem"]("olympics_as_written"))


def test_the_sentences_are_those_of_the_command(page):
    one = model(ROOT, "olympics_as_written")
    story = premortem.story(premortem.premortem(one.architecture, one.scenario, one.about))
    said = [unescape(re.sub(r"<[^>]+>", "", item)) for item in re.findall(r"<li>(.*?)</li>", page)]
    assert len(story) >= 4
    assert said[: len(story)] == [sentence.replace("`", "") for sentence in story]


def test_the_table_marks_what_is_over_its_limit_and_says_for_how_long(page):
    row = next(row for row in re.findall(r"<tr.*?</tr>", page, re.DOTALL) if "processors" in row and "primary" in row)
    assert "over" in row
    assert "UTC" in row
    assert re.search(r"of 2 vCPU", row)


def test_the_picture_says_its_finding(page):
    assert "the database is over its limit (processors)" in page
    assert "<svg" in page
