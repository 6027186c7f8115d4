"""The pages hold to the checker of commands and to the names of the stack; the rules themselves are tested beside them."""

from functools import cache
from pathlib import Path

import pytest

from analysis import runbooks, terraform
from analysis.pages import infrastructure
from analysis.pages import model as pages_model

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
BOOKS = DOCS / "buzzer" / "runbooks"
PAGES = sorted(path for path in DOCS.rglob("*.md") if "_templates" not in path.parts)
OWN_PAGES = [*sorted(BOOKS.glob("*.md")), DOCS / "buzzer" / "troubleshooting.md"]


@cache
def stack():
    return terraform.load(ROOT / "terraform" / "stacks" / "buzzer", cache=ROOT / ".cache" / "parsed")


@cache
def vocabulary():
    return runbooks.vocabulary([stack()])


@cache
def checked(path):
    own = "buzzer" in path.relative_to(DOCS).parts
    return runbooks.check(runbooks.read(path, name=path.relative_to(DOCS).as_posix()), vocabulary() if own else ())


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(DOCS).as_posix())
def test_a_page_has_no_command_that_would_be_refused(path):
    assert not [str(finding) for finding in checked(path).findings]


def test_the_runbooks_hold_commands_to_check():
    calls = {path.stem: len(checked(path).calls) for path in BOOKS.glob("*.md") if path.stem != "index"}
    assert len(calls) >= 27
    assert min(calls.values()) >= 1
    assert sum(calls.values()) >= 190


def test_next_to_nothing_on_the_pages_is_left_unchecked():
    """What a secret, a message or another site answers, nobody knows before it is there."""
    pages = [checked(path) for path in PAGES]
    assert sum(len(page.unchecked) for page in pages) <= 0.02 * sum(len(page.calls) for page in pages)


@pytest.mark.parametrize("path", OWN_PAGES, ids=lambda path: path.stem)
def test_a_name_on_a_runbook_is_a_name_of_the_stack(path):
    made = {
        text
        for call in checked(path).calls
        if call.given
        for text in runbooks.made_by(call.given.usage.operation, call.parameters)
    }
    assert not runbooks.strange(path.read_text(encoding="utf-8"), vocabulary(), frozenset(made))


def test_a_name_that_the_stack_does_not_bear_is_noticed():
    text = "--services buzzer-api --replication-group-id buzzer-redis, `buzzer-cpu-hot`, --new-db-instance-identifier buzzer-lost"
    assert [name for name, _ in runbooks.strange(text, vocabulary())] == [
        "buzzer-redis",
        "buzzer-cpu-hot",
        "buzzer-lost",
    ]


# --- what the macros of a runbook give


def buzzer():
    return pages_model.Model(ROOT, ROOT / "terraform" / "stacks" / "buzzer")


def test_a_runbooks_alarms_are_shown_with_their_condition_and_the_line_that_writes_them():
    shown = infrastructure.alarms_named(buzzer(), "buzzer/runbooks/x.md", ["buzzer-db-cpu", "buzzer-errors-page"])
    threshold = next(
        alarm.values["threshold"]
        for alarm in stack().of_type("aws_cloudwatch_metric_alarm")
        if alarm.values["alarm_name"] == "buzzer-db-cpu"
    )
    assert f"CPUUtilization Average above {threshold:g} in" in shown
    assert "failed requests, % " in shown
    assert shown.count("alarms.tf:") == 2
    assert "null" not in shown
    with pytest.raises(LookupError, match="no alarm buzzer-none"):
        infrastructure.alarms_named(buzzer(), "x.md", ["buzzer-none"])


def test_a_value_is_given_as_it_is_typed():
    assert infrastructure.plain(buzzer(), "var.tasks", "max") == str(stack().variables["tasks"].value["max"])
    for address, argument in (("var.none", ""), ("var.tasks", ""), ("var.tasks", "mean"), ("module.none.x.y", "z")):
        with pytest.raises(LookupError):
            infrastructure.plain(buzzer(), address, argument)
