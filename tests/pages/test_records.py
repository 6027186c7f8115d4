"""Runbooks and actions say what their kind must say."""

import datetime as dt

import pytest

from analysis.pages import records
from analysis.pages.frontmatter import FrontMatterError

HEAD = (
    "---\ntitle: {}\ndescription: d\norder: 1\nowner: Platform team\n"
    "last_reviewed: 2026-11-21\nreview_in: 6 months\n{}---\n# x\n"
)
BOOK = "severity: page\ntrigger: the alarm\nminutes: 5\n"
ACTION = {"what": "Do it", "owner": "Platform team", "due": dt.date(2026, 12, 1), "state": "open"}


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


def test_an_open_action_is_overdue_after_its_day():
    found = records.actions({"actions": [ACTION]}, "page.md")
    assert "overdue" not in records.action_table(found, dt.date(2026, 12, 1), {})
    assert "overdue" in records.action_table(found, dt.date(2026, 12, 2), {})


def test_a_done_action_names_what_closed_it():
    with pytest.raises(FrontMatterError, match="action 1 is done"):
        records.actions({"actions": [{**ACTION, "state": "done"}]}, "page.md")


@pytest.mark.parametrize("key", ACTION)
def test_an_action_that_lacks_a_key_is_refused(key):
    with pytest.raises(FrontMatterError, match="action 1"):
        records.actions({"actions": [{name: value for name, value in ACTION.items() if name != key}]}, "page.md")
