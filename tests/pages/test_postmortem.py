"""A postmortem on its page: every figure says that it is reconstructed, every action's state follows from the Terraform."""

import datetime as dt
import re
from pathlib import Path

import pytest

from analysis.pages import postmortem
from analysis.pages.frontmatter import FrontMatterError
from analysis.pages.records import actions

ROOT = Path(__file__).parents[2]
STACK = "buzzer_baseline"
PAGE = "buzzer/root-cause-analysis.md"


def words(markup):
    return " ".join(re.sub(r"<[^>]+>", " ", str(markup)).split())


def test_the_first_screen_says_impact_and_that_it_is_reconstructed_with_its_seed():
    shown = words(postmortem.impact(ROOT, STACK))
    for wanted in (
        "User-minutes affected",
        "Failed requests",
        "Goals seen late",
        "Error budget spent",
        "Detected never",
    ):
        assert wanted in shown
    assert "Reconstructed, simulated: buzzer_baseline" in shown
    assert "seed 1" in shown


def test_the_course_links_a_line_that_the_site_shows_and_names_its_evidence():
    shown = postmortem.course(ROOT, STACK, PAGE)
    assert "reported by the business" in words(shown)
    assert re.search(r"user Users Maximum at \d\d:\d\d: ", words(shown))
    times = re.findall(r"<time>([\d:]+)</time>", str(shown))
    assert times == sorted(times)
    link = str(postmortem._line(ROOT, PAGE, ROOT / "terraform/stacks/buzzer_baseline/main.tf", 12))
    assert 'href="../reference/source' in link
    assert "<a" not in str(postmortem._line(ROOT, PAGE, Path("/elsewhere/notes.txt"), 3))


def test_the_charts_show_before_and_after_on_one_axis_with_their_numbers():
    shown = str(postmortem.night_charts(ROOT, STACK))
    for wanted in (
        "as it was",
        "as it is now",
        "failed requests, %",
        "median age, s",
        "Reconstructed, simulated",
        "seed 1",
    ):
        assert wanted in shown
    assert shown.count("<svg") == 1
    assert "<details>" in shown


def test_each_time_has_its_definition():
    shown = words(postmortem.times(ROOT, STACK))
    for name in ("First impact", "Detected", "Taken up", "Impact over", "Recovered"):
        assert name in shown


def test_todays_alarms_are_told_with_their_lead():
    shown = words(postmortem.foresight(ROOT, STACK))
    assert re.search(r"buzzer-\S+ page [\d:, ]+ \+\d+ min", shown)


@pytest.mark.parametrize(
    ("wanted", "held"),
    [
        ({"stack": "buzzer", "type": "aws_cloudwatch_metric_alarm", "least": 10}, True),
        ({"stack": "buzzer_baseline", "type": "aws_cloudwatch_metric_alarm", "least": 1}, False),
        ({"stack": "buzzer_baseline", "address": "aws_ecs_service.api", "argument": "desired_count", "least": 1}, True),
        (
            {"stack": "buzzer_baseline", "address": "aws_ecs_service.api", "argument": "desired_count", "least": 2},
            False,
        ),
        ({"stack": "buzzer_baseline", "address": "aws_ecs_service.api", "argument": "desired_count", "is": 1}, True),
        ({"stack": "buzzer_baseline", "address": "aws_ecs_service.web", "argument": "desired_count"}, False),
        ({"file": "terraform/stacks/buzzer_baseline/main.tf", "line": "# flaw: B1 "}, True),
        ({"file": "terraform/stacks/buzzer_baseline/main.tf", "line": "# flaw: B99 "}, False),
        ({"file": "no.tf", "line": "x"}, False),
    ],
)
def test_what_an_action_waits_for_is_read_from_the_terraform(wanted, held):
    assert postmortem.done(ROOT, wanted) is held


def action(**more):
    return {"actions": [{"what": "x", "owner": "Platform lead", "due": dt.date(2026, 1, 1), **more}]}


def test_the_state_of_an_action_is_computed_and_turns_with_the_terraform():
    waits = {"stack": "buzzer", "type": "aws_ecs_service", "least": 1}
    for held, state in ((True, "done"), (False, "open")):
        found = actions(action(done_when=waits, closed_by="delivery.md"), PAGE, lambda _, held=held: held)
        assert found[0].state == state


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({"done_when": {"stack": "buzzer"}, "closed_by": "x"}, "give stack, address, argument"),
        ({"done_when": {"stack": "none", "type": "aws_vpc"}, "closed_by": "x"}, "no stack 'none'"),
        ({"done_when": {"type": "aws_vpc"}, "state": "done", "closed_by": "x"}, "leave the state to be computed"),
    ],
)
def test_an_action_that_cannot_be_judged_is_named(more, wanted):
    with pytest.raises(FrontMatterError, match=wanted):
        actions(action(**more), PAGE, lambda given: postmortem.done(ROOT, given))


@pytest.mark.parametrize("group", ["factors", "actions"])
def test_every_change_is_told_alone_in_pairs_and_with_its_share(group):
    told = postmortem.record(ROOT, STACK)
    changes = (told.factors if group == "factors" else told.actions).changes
    alone, pairs = (words(show(ROOT, STACK, group)) for show in (postmortem.counterfactuals, postmortem.pairs))
    bars = str(postmortem.shares_chart(ROOT, STACK, group))
    for change in changes:
        assert change.name in alone
        assert change.id in pairs
        assert change.id in bars
    for shown in (alone, bars):
        assert "Reconstructed" in shown
        assert "seeds 1, 2, 3" in shown


def test_more_tasks_are_told_with_the_connections_that_they_ask_for():
    shown = words(postmortem.more_tasks(ROOT, STACK, "COMMENTARY_CACHE_S"))
    assert re.search(r"\b1 20 of \d+ ", shown)
    assert re.search(r"\b12 240 of \d+ refused", shown)


def test_headroom_is_told_for_both_stacks_with_what_gives_way():
    for now in (False, True):
        shown = words(postmortem.headroom(ROOT, STACK, now=now))
        assert "This evening's course" in shown or "This evening&#39;s course" in shown
        assert "the tasks' processors" in shown or "the tasks&#39; processors" in shown


def test_an_unknown_group_is_refused():
    with pytest.raises(ValueError, match="there are factors and actions"):
        postmortem.pairs(ROOT, STACK, "people")
