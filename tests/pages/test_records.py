"""Runbooks say what their kind must say."""

import pytest

from analysis.pages import records
from analysis.pages.frontmatter import FrontMatterError

HEAD = (
    "---\ntitle: {}\ndescription: d\norder: 1\nowner: Platform team\n"
    "last_reviewed: 2026-11-21\nreview_in: 6 months\n{}---\n# x\n"
)
BOOK = "severity: page\ntrigger: the alarm\nminutes: 5\n"


def write(folder, name, head):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(HEAD.format(name, head))


@pytest.mark.parametrize("line", BOOK.splitlines(keepends=True))
def test_a_runbook_says_what_starts_it_how_urgent_it_is_and_how_long_it_takes(tmp_path, line):
    write(tmp_path / "r", "x.md", BOOK)
    assert "5 min" in records.runbook_table(tmp_path, "r", "r/index.md")
    write(tmp_path / "r", "x.md", BOOK.replace(line, ""))
    with pytest.raises(FrontMatterError, match=r"x\.md"):
        records.runbooks(tmp_path, "r")
