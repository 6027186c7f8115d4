"""A postmortem on its page: every figure says that it is reconstructed, every action's state follows from the Terraform."""

import datetime as dt
import re
from functools import partial
from pathlib import Path

import pytest

from analysis.facts import FactError
from analysis.incidents import Action
from analysis.incidents.review import resolved
from analysis.pages import actions, postmortem

ROOT = Path(__file__).parents[2]
STACK = "buzzer_baseline"
PAGE = "buzzer/root-cause-analysis.md"


def words(markup):
    return " ".join(re.sub(r"<[^>]+>", " ", str(markup)).split())


def test_the_first_screen_answers_what_a_review_asks_first_and_says_that_it_is_reconstructed_with_its_seed():
    shown = words(postmortem.summary(ROOT, STACK, PAGE))
    for wanted in (
        "Date 7 March 2026",
        "Duration 43 min",
        "minutes 76 to 119 from kick-off",
        "Severity SEV 1",
        "Document reviewed",
        "Users affected at once",
        "User-minutes affected",
        "Failed requests",
        "News seen late",
        "Error budget spent",
        "Detected never",
        "Open 4 actions",
        "One-page PDF",
    ):
        assert wanted in shown
    assert "Reconstructed, simulated: buzzer_baseline" in shown
    assert "seed 1" in shown


def test_the_course_links_a_line_that_the_site_shows_and_names_its_evidence():
    shown = postmortem.timeline(ROOT, STACK, PAGE)
    assert "reported by the business" in words(shown)
    assert re.search(r"Users \(Maximum\) at \d\d:\d\d: ", words(shown))
    times = re.findall(r'<time datetime="([^"]+)">', str(shown))
    assert times == sorted(times)
    assert re.search(r"21:44:16\s*min 104", words(shown))
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
    shown = words(postmortem.section(ROOT, STACK, PAGE, "Times"))
    for name in ("First impact", "Detected", "Taken up", "Impact over", "Recovered"):
        assert name in shown


def test_todays_alarms_are_told_with_their_lead():
    shown = words(postmortem.section(ROOT, STACK, PAGE, "Today's alarms over that night"))
    assert re.search(r"buzzer-cpu-page page fires 21:03 −13 min", shown)


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
    assert actions.done(ROOT, wanted) is held


def test_an_action_is_open_until_the_terraform_holds_it_and_then_as_far_as_its_stack():
    waits = {"stack": "buzzer", "type": "aws_ecs_service", "least": 1}
    assert actions.status(ROOT, waits) in {"written", "applied on the emulator"}
    assert actions.status(ROOT, {**waits, "least": 99}) == "open"
    assert actions.status(ROOT, {"file": "docs/index.md", "line": "#"}) == "written"


@pytest.mark.parametrize(
    ("waits", "wanted"),
    [
        ({"stack": "buzzer"}, "give stack, address, argument"),
        ({"stack": "none", "type": "aws_vpc"}, "no stack 'none'"),
    ],
)
def test_an_action_that_cannot_be_judged_is_named(waits, wanted):
    waiting = (Action("x", "Platform lead", dt.date(2026, 1, 1), done_when=waits),)
    with pytest.raises(FactError, match=rf"incident.toml: review.action\[0\].done_when: .*{wanted}"):
        resolved(waiting, partial(actions.status, ROOT), "incident.toml")


def test_causes_stand_apart_from_hygiene_each_with_its_line_and_what_closes_it():
    causes, hygiene = (
        str(postmortem.section(ROOT, STACK, PAGE, title)) for title in ("Causes", "Hygiene: found on the way")
    )
    assert ">B1<" in causes
    assert ">B1<" not in hygiene
    assert ">B19<" in hygiene
    assert 'class="g-src"' in causes
    with pytest.raises(LookupError, match="has no section 'Blame'; there are"):
        postmortem.section(ROOT, STACK, PAGE, "Blame")


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
