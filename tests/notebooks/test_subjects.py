"""What a run of a notebook is about: a stack under other values, in the words of its system, or a sentence of refusal."""

from pathlib import Path

import pytest

from analysis.facts import FactError
from analysis.night import NightError
from analysis.notebooks import blocks, execution, nights, views
from analysis.notebooks.subjects import subject
from analysis.studies import StudyError, measure

ROOT = Path(__file__).parents[2]
STACKS = sorted(path.parent.name for path in ROOT.glob("terraform/stacks/*/gameday.toml"))


def test_a_stack_is_shown_in_the_words_of_its_system_and_beside_its_other_stacks():
    one = subject(ROOT, "olympics")
    assert (one.crowd, one.event, one.beside) == ("visitors", "competition day", ("olympics_as_written",))
    assert "Visitors at the peak" in views.settings(one).shown
    assert [row.name for row in views.cost_headlines(one).rows][1] == "A month of quiet days"


def test_users_events_variables_and_assumptions_are_replaced():
    given = {"variables": {"tasks.min": "6"}, "assumed": {"client.retries": "3"}}
    one = subject(ROOT, "scoreboard", users=50_000, events=4, **given)
    variables = one.study.architecture.variables
    assert (one.peak, one.study.games_per_month) == (50_000, 4)
    assert variables["tasks"].value == {**one.base.architecture.variables["tasks"].value, "min": 6}
    assert one.study.scenario.client["retries"].value == 3
    assert one.base.scenario.peak_users.value != 50_000
    assert one.every[1].scenario.peak_users.value == 50_000
    inputs = dict(views.settings(one).inputs)
    assert (inputs["users"], inputs["variables.tasks.min"], inputs["assumed.client.retries"]) == (50_000, 6, 3)


@pytest.mark.parametrize(
    ("stack", "given", "sentence"),
    [
        ("scorebord", {}, r"there is no stack 'scorebord' \(did you mean scoreboard\?\); there are "),
        ("scoreboard", {"users": 0}, "users must be from 1 to 10,000,000,000, not 0"),
        ("scoreboard", {"users": -5}, "users must be from 1"),
        ("scoreboard", {"users": 10**11}, "users must be from 1"),
        ("scoreboard", {"events": -1}, "events must be 0 or more, not -1"),
        (
            "scoreboard",
            {"variables": {"task": "1"}},
            r"Scoreboard has no variable 'task' \(did you mean tasks\?\); it has",
        ),
        (
            "scoreboard",
            {"variables": {"tasks.most": "1"}},
            "the variable tasks of Scoreboard has no 'most'; it has max, min",
        ),
        ("scoreboard", {"variables": {"region.x": "1"}}, "has no 'x'; it is a single value"),
        ("scoreboard", {"variables": {"tasks.min": "many"}}, "number"),
        ("scoreboard_as_written", {"variables": {"tasks": "1"}}, 'variable "tasks" does not fit its type'),
        (
            "engine",
            {"assumed": {"client.retry": "1"}},
            r"assumes no 'client\.retry' \(did you mean client\.retries\?\)",
        ),
        ("engine", {"assumed": {"client.retries": "often"}}, "must be a number of 0 or more, not 'often'"),
        ("engine", {"assumed": {"client.retries": "-1"}}, "must be a number of 0 or more, not '-1'"),
        ("engine", {"assumed": {"client.poll_interval_s": "0"}}, "must be above 0"),
        ("engine", {"assumed": {"client.retries": "nan"}}, "must be a number of 0 or more"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(stack, given, sentence):
    with pytest.raises(StudyError, match=sentence):
        subject(ROOT, stack, **given)


@pytest.mark.parametrize(("stack", "events"), [("scoreboard", 4000), ("engine", 60), ("olympics", 25)])
def test_more_events_than_fit_beside_the_other_days_of_a_month_are_refused_with_a_sentence(stack, events):
    with pytest.raises(FactError, match="do not fit into a month"):
        _ = subject(ROOT, stack, events=events).study.bill
    assert FactError.__name__ in execution.REFUSED


def test_a_seed_below_zero_is_refused_with_a_sentence():
    with pytest.raises(NightError, match="seed must be 0 or more, not -1"):
        nights.evening(subject(ROOT, "buzzer_baseline"), seed=-1)


def test_a_crowd_that_is_more_than_the_stack_holds_is_a_warning_and_so_is_what_terraform_would_refuse():
    assert views.warnings(subject(ROOT, "olympics")) is None
    many = subject(ROOT, "olympics", users=9_000_000)
    (said,) = views.warnings(many).sentences
    held = measure("capacity.users_held", many.study, {"scaled_out": 1}).value
    assert said.startswith(f"Statistics of the Games: 9,000,000 visitors are more than it holds, which is {held:,.0f}")
    (said,) = views.warnings(subject(ROOT, "scoreboard", users=20_000)).sentences
    assert "with what runs at the start" in said
    found = views.warnings(subject(ROOT, "scoreboard", variables={"tasks.max": 20})).sentences
    assert any(sentence.startswith("Terraform would refuse these values") for sentence in found)


@pytest.mark.parametrize("stack", STACKS)
def test_every_view_shows_something_of_every_stack_or_nothing_at_all(stack):
    one = subject(ROOT, stack)
    shown = [
        view(one)
        for view in (
            views.settings, views.variables, views.cost_headlines, views.cost_by_service, views.events_and_idle, views.bill,
            views.not_in_the_total, views.capacity_headlines, views.limits, views.users_held, views.crowd,
            views.connection_budget, views.freshness, views.hours_headlines, views.story, views.hours, views.hours_limits,
            views.answers, views.assumed,
        )
    ]  # fmt: skip
    for found in shown:
        if found is not None:
            html = found._repr_html_() if hasattr(found, "_repr_html_") else found._repr_mimebundle_()["text/html"]
            assert len(html) > 40
            assert ">None<" not in html
    missing = sum(found is None for found in shown)
    assert missing < 6


@pytest.mark.parametrize("stack", STACKS)
def test_the_table_of_the_terraform_has_the_lines_of_the_files(stack):
    found = blocks.terraform(ROOT, stack)
    one = subject(ROOT, stack)
    assert list(found.frame) == ["address", "argument", "value", "file", "line"]
    for rests_on in (views.priced, views.loaded, views.strained):
        starts = found.starts(rests_on(one))
        assert len(starts) > 15
        assert len(starts) < len(found.read_by(rests_on(one))) <= len(found.frame)
        for row in starts.itertuples():
            line = (ROOT / row.file).read_text().splitlines()[row.line - 1]
            assert row.value.splitlines()[0] in line, row
    page = blocks.shown(found.starts(views.priced(one))).html
    assert page.count("<tr") == 1 + len(found.starts(views.priced(one)))


def test_a_long_value_is_cut_on_the_page_and_whole_in_the_table():
    rows = (blocks.Written("var.a", "default", '"' + "x" * 200 + '"', "a.tf", 1, (), literal=True),)
    frame = blocks.Blocks(rows).starts(["var.a"])
    assert len(frame["value"][0]) == 202
    assert "…" in blocks.shown(frame).html


def test_a_night_is_simulated_with_the_values_that_its_search_found_and_those_that_are_given():
    crashed = nights.evening(subject(ROOT, "buzzer_baseline"))
    worse = nights.evening(subject(ROOT, "buzzer_baseline", users=6_000), assumed={"client.timeout_s": "6"})
    now = nights.evening(subject(ROOT, "buzzer"), faults="zone-loss@104 + deployment@103")
    assert worse.errors(104, 109) > crashed.errors(104, 109)
    assert {"deployment started", "task lost with its zone"} <= {event.what for event in now.events}
    assert {row.name: row.value for row in nights.headlines(now).rows}["Minutes of impact"] == "0"
    assert "seed 1" in nights.quarters(now).html
    assert "task unhealthy" in nights.happened(crashed).html
