"""A game day is counted down from the stack's fixtures, with commands that AWS takes; go or no-go follows from what is known."""

import datetime as dt
import importlib.util
import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from analysis import countdown, facts, proofs, runbooks, terraform
from analysis.commands import app

ROOT = Path(__file__).parents[1]
STACK = ROOT / "terraform" / "stacks" / "buzzer"
TODAY = dt.date(2026, 11, 21)
FRESH = (countdown.Record("apply", TODAY),)


@pytest.fixture(scope="module")
def stack():
    return terraform.load(STACK, cache=ROOT / ".cache" / "parsed")


@pytest.fixture(scope="module")
def about():
    return facts.stack(STACK)


@pytest.fixture(scope="module")
def crowd(about):
    return facts.scenario(about.scenario)


@pytest.fixture(scope="module")
def found(stack, about, crowd):
    return count(stack, about, crowd)


def count(stack, about, crowd, **more):
    given = {"evidence": FRESH, "today": TODAY, "waivers": proofs.waivers(STACK, proofs.RULES.keys())} | more
    return countdown.count_down(stack, crowd, about=about, **given)


def says(found, words):
    return next(verdict for verdict in found.verdicts if words in verdict.question)


def test_rows_run_from_three_days_before_to_a_day_after_in_the_order_of_time(found):
    kick_off = found.fixture.kick_off
    spans = [(row.at - kick_off).total_seconds() / 3600 for row in found.rows]
    assert spans == sorted(spans)
    assert (spans[0], spans[-1]) == (-72, 24)
    assert all(row.at.tzinfo == dt.UTC for row in found.rows)


def test_every_row_has_an_owner_a_command_and_a_way_back_and_rests_on_a_lead_time(found):
    for row in found.rows:
        assert row.owner
        assert row.why
        assert row.commands
        assert row.undo or row.undo_words
        assert row.rests_on in countdown.lead_times()
    assert len({row.id for row in found.rows}) == len(found.rows)


@pytest.mark.parametrize("name", ["matchday-13", "matchday-14", "cup-quarter-final", "derby"])
def test_the_commands_of_a_game_day_would_be_taken_and_name_the_stack(stack, about, crowd, name):
    page = countdown.page(count(stack, about, crowd, fixture=name))
    checked = runbooks.check(runbooks.parse(page, name), [stack])
    assert len(checked.calls) >= 18
    assert not [str(finding) for finding in checked.findings]
    assert not checked.unchecked


def test_a_games_tasks_and_times_come_from_its_scheduled_actions(stack):
    games = {game.name: game for game in countdown.fixtures(stack)}
    assert games["derby"].tasks == 24
    assert games["matchday-13"].tasks == 12
    lead = stack.variables["prescale"].value["lead_minutes"]
    assert all(game.kick_off - game.opens == dt.timedelta(minutes=lead) for game in games.values())
    assert all(game.closes > game.kick_off for game in games.values())


def test_the_next_game_is_meant_where_none_is_named_and_the_last_when_all_are_over(stack, about, crowd):
    assert count(stack, about, crowd, today=dt.date(2026, 12, 2)).fixture.name == "matchday-14"
    assert count(stack, about, crowd, today=dt.date(2026, 12, 3)).fixture.name == "cup-quarter-final"
    assert count(stack, about, crowd, today=dt.date(2027, 6, 1), waivers=proofs.NONE).fixture.name == "derby"


def test_the_freeze_is_that_of_the_pipeline():
    spec = importlib.util.spec_from_file_location("freeze", ROOT / ".github" / "scripts" / "freeze.py")
    freeze = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(freeze)
    lead = countdown.lead_times()
    assert lead["freeze"].at() == -freeze.BEFORE.total_seconds() / 60
    assert lead["thaw"].at() == (freeze.GAME + freeze.AFTER).total_seconds() / 60


def test_lead_times_lie_within_their_ranges_and_have_reasons():
    for lead in countdown.lead_times().values():
        assert lead.low <= lead.value <= lead.high
        assert len(lead.reason) > 40


# --- go or no-go


def test_a_stack_that_holds_and_is_rehearsed_is_go_but_for_what_the_account_alone_knows(found):
    assert {verdict.says for verdict in found.verdicts} == {"go", "ask"}
    assert found.says == "ask"
    assert all(verdict.commands for verdict in found.verdicts if verdict.says == "ask")


def test_a_crowd_that_the_stack_does_not_hold_is_no_go(stack, about, crowd):
    many = count(stack, about, crowd.with_peak(100_000))
    assert says(many, "forgets everything").says == "no-go"
    assert many.says == "no-go"


def test_a_proof_that_fails_is_no_go_and_a_waiver_that_ends_before_the_game_is_none(stack, about, crowd):
    without = count(stack, about, crowd, waivers=proofs.NONE)
    with_them = says(count(stack, about, crowd), "proofs hold")
    assert with_them.says == "go"
    assert without.verdicts != count(stack, about, crowd).verdicts


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (countdown.Record("apply", None), "there is no record of the apply"),
        (countdown.Record("apply", dt.date(2026, 9, 1)), "88 days before the game; at most 30 are allowed"),
        (countdown.Record("apply", TODAY, "the Terraform has changed since"), "the Terraform has changed since"),
    ],
)
def test_evidence_that_is_missing_old_or_stale_is_no_go(stack, about, crowd, record, said):
    verdict = says(count(stack, about, crowd, evidence=[record]), "record of the apply")
    assert (verdict.says, said in verdict.because) == ("no-go", True)


def without(stack, *types):
    return replace(stack, resources=tuple(resource for resource in stack.resources if resource.type not in types))


def test_a_game_without_a_schedule_is_no_go_and_is_lowered_by_hand(stack, about, crowd):
    bare = count(without(stack, "aws_appautoscaling_scheduled_action"), about, crowd)
    assert says(bare, "before the crowd comes").says == "no-go"
    assert "--min-capacity 3" in next(row for row in bare.rows if row.title.startswith("Give scaling")).commands[-1]


def test_tasks_that_go_before_the_crowd_does_are_no_go(stack, about, crowd):
    late = replace(crowd, profile=tuple(replace(moment, minute=moment.minute + 120) for moment in crowd.profile),
                   surges=tuple(replace(surge, minute=surge.minute + 120) for surge in crowd.surges))  # fmt: skip
    verdict = says(count(stack, about, late), "before the crowd comes")
    assert verdict.says == "no-go"
    assert "they go at 22:45, and the crowd needs them until" in verdict.because


def test_a_stack_without_alarms_is_no_go(stack, about, crowd):
    silent = count(without(stack, "aws_cloudwatch_metric_alarm"), about, crowd)
    assert says(silent, "no alarm ringing").says == "no-go"


def test_a_reservation_is_made_where_the_peak_is_larger_than_the_least_one(stack, about, crowd):
    row = next(row for row in count(stack, about, crowd.with_peak(5_000_000)).rows if row.id == "reservation")
    assert "modify-capacity-reservation" in row.commands[-1]
    assert "--reset-capacity-reservation" in row.undo[0]
    assert not next(row for row in count(stack, about, crowd).rows if row.id == "reservation").undo


# --- bad input and the command


def test_a_stack_without_games_or_a_game_that_there_is_not_is_refused(stack, about, crowd):
    with pytest.raises(countdown.CountdownError, match="has no variable `fixtures`"):
        countdown.fixtures(replace(stack, variables={}))
    with pytest.raises(countdown.CountdownError, match="has no game final; there are matchday-13"):
        count(stack, about, crowd, fixture="final")
    broken = replace(stack.variables["fixtures"], value=({"name": "x", "kick_off": "soon"},))
    with pytest.raises(countdown.CountdownError, match="the kick-off of x is 'soon'; write 2026"):
        countdown.fixtures(replace(stack, variables={**stack.variables, "fixtures": broken}))


def run(*arguments):
    return CliRunner().invoke(app, ["countdown", *map(str, arguments)])


def test_the_command_prints_rows_and_verdicts_and_json(found):
    result = run(STACK, "--fixture", "derby")
    assert "derby, kick-off 2026-12-12 16:30 UTC, 24 tasks" in result.stdout
    assert "T-72h" in result.stdout
    told = json.loads(run(STACK, "--fixture", "derby", "--json").stdout)
    assert told["fixture"]["kick_off"] == "2026-12-12T16:30:00Z"
    assert len(told["rows"]) == len(found.rows)
    assert result.exit_code == (1 if told["says"] == "no-go" else 0)


def test_the_command_refuses_what_has_no_games(tmp_path):
    result = run(ROOT / "terraform" / "stacks" / "buzzer_baseline")
    assert result.exit_code == 2
    assert "without a kick-off nothing can be counted down" in result.stderr
    assert run(STACK, "--fixture", "none").exit_code == 2
