"""The checklists before and after a deployment: each line names a step, a test or a command, and every command is accepted."""

import re
from pathlib import Path

import pytest

from analysis import runbooks

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "engine" / "deployment.md"
ASKED = {
    "Before": ("tests", "weakness", "performance", "documentation", "key"),
    "After": ("answers", "alarm", "given up", "rollback"),
}
"""What the brief's two lists ask for, lines 279 to 289, by the section that must have it."""


def section(text, name):
    return text.split(f"\n## {name}\n")[1].split("\n## ")[0]


def unbacked(text):
    """The lines of a checklist that lead to no step, no test, no page and no command."""
    rows = [row for row in text.splitlines() if row.startswith("|")][2:]
    commands = len(re.findall(r"^\$ aws", text, re.MULTILINE))
    told = [row for row in rows if re.search(r"\b(first|second|third)\b", row) and "line_of(" not in row]
    assert len(told) <= commands
    return [row for row in rows if "line_of(" not in row and row not in told]


@pytest.mark.parametrize("name", ASKED)
def test_every_line_of_a_checklist_is_checked_by_something(name):
    text = section(PAGE.read_text(encoding="utf-8"), name)
    assert not unbacked(text)
    assert all(word in text.lower() for word in ASKED[name])


@pytest.mark.parametrize("name", ASKED)
def test_a_line_that_nothing_checks_is_noticed(name):
    text = section(PAGE.read_text(encoding="utf-8"), name)
    first = next(row for row in text.splitlines() if row.startswith("|---"))
    assert unbacked(text.replace(first, f"{first}\n| Somebody has looked | by hand |")) == [
        "| Somebody has looked | by hand |"
    ]


@pytest.mark.parametrize("path", ["deployment.md", "runbooks/high-costs.md"])
def test_aws_accepts_every_command_of_the_page(path):
    checked = runbooks.check(runbooks.read(PAGE.parent / path, name=path))
    assert [str(one) for one in checked.findings if one.rule != "front matter"] == []
    assert sum(1 for _ in checked.book.commands) >= 5


def test_the_brief_asks_for_four_looks_at_the_costs_and_the_runbook_has_them():
    text = (PAGE.parent / "runbooks" / "high-costs.md").read_text(encoding="utf-8")
    for command in (
        "aws ce get-cost-and-usage", "aws lambda get-function-configuration", "--metric-name Invocations",
        "aws s3api get-bucket-lifecycle-configuration",
    ):  # fmt: skip
        assert command in text


@pytest.mark.parametrize("topic", ["an issue", "a discussion", "on-call", "SECURITY.md", "CONTRIBUTING.md"])
def test_the_page_says_where_to_ask_and_report(topic):
    assert topic in section(PAGE.read_text(encoding="utf-8"), "Where to ask and report { #support }")
