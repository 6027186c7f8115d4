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


def notebook(path, *source):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"cells": [{"cell_type": "markdown", "source": source}]}))


def test_a_notebook_is_named_by_its_heading_and_described_by_its_first_paragraph(tmp_path):
    notebook(tmp_path / "cost.ipynb", "# What it costs\n", "\n", "By service and\n", "by hour.\n", "\n", "More.")
    (book,) = navigation.notebooks(tmp_path)
    assert (book.title, book.description) == ("What it costs", "By service and by hour.")


@pytest.fixture
def project(tmp_path):
    """A system of two stacks, one of which names a notebook."""
    write(tmp_path / "docs/index.md", "Home", 0)
    write(tmp_path / "docs/a/index.md", "A", 1)
    write(tmp_path / "docs/reference/index.md", "Reference", 9)
    named = 'stack = [{ name = "now", label = "Now", notebooks = ["cost"] }, { name = "old", label = "Old" }]'
    text = SYSTEM.replace('["cost", "decisions"]', '["notebooks"]').replace(
        'stack = [{ name = "a", label = "Now" }]', named
    )
    (tmp_path / "docs/a/system.toml").write_text(text)
    for stack in ("now", "old"):
        folder = tmp_path / "terraform" / "stacks" / stack
        folder.mkdir(parents=True)
        (folder / "gameday.toml").write_text(f'title = "The {stack} one"\nsummary = "s"\n')
    notebook(tmp_path / "notebooks/cost.ipynb", "# What it costs\n\nBy service.")
    return tmp_path


def test_a_system_lists_the_notebooks_that_its_stacks_name_below_their_index(project):
    (found,) = navigation.executed(project, project / "docs")
    assert (found.uri, found.title) == ("a/notebooks/cost-now.ipynb", "What it costs: The now one")
    below = ["a/notebooks/index.md", {"What it costs: The now one": "a/notebooks/cost-now.ipynb"}]
    assert navigation.tree(project / "docs", [found])[1] == {"A": ["a/index.md", {"Decide": [{"Notebooks": below}]}]}


def test_the_index_of_notebooks_waits_for_a_stack_that_names_one_and_one_that_there_is_not_is_refused(project):
    system = project / "docs/a/system.toml"
    system.write_text(system.read_text().replace('["cost"]', '["costs"]'))
    reads.forget()
    with pytest.raises(
        frontmatter.FrontMatterError, match=r"docs/a/system\.toml: stack now names the notebook 'costs'; there are cost"
    ):
        navigation.executed(project, project / "docs")
    system.write_text(system.read_text().replace(', notebooks = ["costs"]', ""))
    reads.forget()
    assert navigation.tree(project / "docs")[1] == {"A": ["a/index.md"]}


@pytest.mark.parametrize("source", [["# Only a heading"], ["No heading\n\nA paragraph."]])
def test_a_notebook_that_does_not_say_what_it_is_is_refused(tmp_path, source):
    (tmp_path / "x.ipynb").write_text(json.dumps({"cells": [{"cell_type": "markdown", "source": source}]}))
    with pytest.raises(frontmatter.FrontMatterError, match=r"x\.ipynb: the first cell"):
        navigation.notebooks(tmp_path)
