"""The navigation follows the folders."""

import json

import pytest

from analysis.pages import frontmatter
from analysis.site import navigation

HEAD = (
    "---\ntitle: {}\ndescription: d\norder: {}\nowner: Platform team\n"
    "last_reviewed: 2026-11-21\nreview_in: 6 months\n{}---\n# x\n"
)


def write(path, title, order, more=""):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEAD.format(title, order, more))


def test_pages_and_folders_stand_in_the_order_of_their_front_matter(tmp_path):
    write(tmp_path / "a/index.md", "A", 1)
    write(tmp_path / "a/late.md", "Late", 30)
    write(tmp_path / "a/early.md", "Early", 10)
    write(tmp_path / "a/sub/index.md", "Sub", 20)
    write(tmp_path / "a/sub/page.md", "Page", 1)
    assert navigation.expanded([{"Home": "index.md"}, {"A": "a/"}], tmp_path) == [
        {"Home": "index.md"},
        {
            "A": [
                "a/index.md",
                {"Early": "a/early.md"},
                {"Sub": ["a/sub/index.md", {"Page": "a/sub/page.md"}]},
                {"Late": "a/late.md"},
            ]
        },
    ]


def test_an_index_of_records_waits_for_its_first_record(tmp_path):
    write(tmp_path / "a/index.md", "A", 1)
    write(tmp_path / "a/sub/index.md", "Sub", 20, "needs_pages: true\n")
    assert navigation.expanded([{"A": "a/"}], tmp_path) == [{"A": ["a/index.md"]}]
    write(tmp_path / "a/sub/first.md", "First", 1)
    assert navigation.expanded([{"A": "a/"}], tmp_path) == [
        {"A": ["a/index.md", {"Sub": ["a/sub/index.md", {"First": "a/sub/first.md"}]}]}
    ]


def test_a_notebook_is_named_by_its_heading_and_described_by_its_first_paragraph(tmp_path):
    cell = {
        "cell_type": "markdown",
        "source": ["# What it costs\n", "\n", "By service and\n", "by hour.\n", "\n", "More."],
    }
    (tmp_path / "cost.ipynb").write_text(json.dumps({"cells": [cell]}))
    (book,) = navigation.notebooks(tmp_path)
    assert (book.title, book.description, book.uri) == (
        "What it costs",
        "By service and by hour.",
        "notebooks/cost.ipynb",
    )


@pytest.mark.parametrize("source", [["# Only a heading"], ["No heading\n\nA paragraph."]])
def test_a_notebook_that_does_not_say_what_it_is_is_refused(tmp_path, source):
    (tmp_path / "x.ipynb").write_text(json.dumps({"cells": [{"cell_type": "markdown", "source": source}]}))
    with pytest.raises(frontmatter.FrontMatterError, match=r"x\.ipynb: the first cell"):
        navigation.notebooks(tmp_path)
