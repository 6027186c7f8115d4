"""The navigation follows the folders."""

import json

import pytest

from analysis.pages import frontmatter, reads
from analysis.site import navigation

HEAD = (
    "---\ntitle: {}\ndescription: d\norder: {}\nowner: Platform team\n"
    "last_reviewed: 2026-11-21\nreview_in: 6 months\n{}---\n# x\n"
)

SYSTEM = """title = "A"
summary = "s"
order = 1
owner = "o"
last_reviewed = 2026-11-29
review_in = "6 months"
pages = ["cost", "decisions"]
stack = [{ name = "a", label = "Now" }]
"""


@pytest.fixture(autouse=True)
def _nothing_remembered():
    reads.forget()


def write(path, title, order, more=""):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEAD.format(title, order, more))


def test_pages_and_folders_stand_in_the_order_of_their_front_matter(tmp_path):
    write(tmp_path / "index.md", "Home", 0)
    write(tmp_path / "a/index.md", "A", 1)
    write(tmp_path / "a/late.md", "Late", 30)
    write(tmp_path / "a/early.md", "Early", 10)
    write(tmp_path / "a/sub/index.md", "Sub", 20)
    write(tmp_path / "a/sub/page.md", "Page", 1)
    write(tmp_path / "reference/index.md", "Reference", 0)
    assert navigation.tree(tmp_path) == [
        {"Home": "index.md"},
        {"Reference": ["reference/index.md"]},
        {
            "A": [
                "a/index.md",
                {"Early": "a/early.md"},
                {"Sub": ["a/sub/index.md", {"Page": "a/sub/page.md"}]},
                {"Late": "a/late.md"},
            ]
        },
    ]


def test_the_pages_of_a_system_stand_in_sections_and_an_index_of_records_waits_for_its_first_record(tmp_path):
    write(tmp_path / "a/index.md", "A", 1)
    write(tmp_path / "a/story.md", "Story", 1, "section: incident\n")
    write(tmp_path / "reference/index.md", "Reference", 9)
    (tmp_path / "a/system.toml").write_text(SYSTEM)
    sections = [
        "a/index.md",
        {"Incident": [{"Story": "a/story.md"}]},
        {"System": [{"Cost": "a/cost.md"}]},
    ]
    assert navigation.tree(tmp_path)[1] == {"A": sections}
    reads.forget()
    write(tmp_path / "a/decisions/0001-first.md", "First", 1)
    sections.append({"Decide": [{"Decisions": ["a/decisions/index.md", {"First": "a/decisions/0001-first.md"}]}]})
    assert navigation.tree(tmp_path)[1] == {"A": sections}


def test_a_page_of_a_system_that_names_no_section_is_refused(tmp_path):
    write(tmp_path / "a/index.md", "A", 1)
    write(tmp_path / "a/story.md", "Story", 1)
    (tmp_path / "a/system.toml").write_text(SYSTEM)
    with pytest.raises(
        frontmatter.FrontMatterError, match=r"a/story\.md: section is None; .* incident, pre-mortem, operate"
    ):
        navigation.tree(tmp_path)


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
