"""The page of a game day shows what the countdown computes, with commands that can be copied as they stand."""

import datetime as dt
from pathlib import Path

import pytest
from markupsafe import Markup

from analysis import countdown, runbooks
from analysis.pages import gameday
from analysis.pages.model import models

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def buzzer():
    return models(ROOT)["buzzer"]


@pytest.fixture(scope="module")
def found(buzzer):
    return gameday.counted(buzzer, "derby", dt.date(2026, 11, 21))


def test_a_section_a_row_with_commands_that_are_those_of_the_countdown(buzzer, found):
    book = runbooks.parse(gameday.rows(found), "game-day")
    typed = [" ".join(command.typed.replace("\\\n", "").split()) for command in book.commands]
    assert typed == [command for row in found.rows for command in (*row.commands, *row.undo)]
    assert not runbooks.check(book, [buzzer.architecture]).findings
    assert [step.kind for step in book.steps].count("undo") == sum(bool(row.undo) for row in found.rows)


def test_a_step_that_changes_something_is_an_act_and_no_other(found):
    page = countdown.page(found)
    assert not [finding for finding in runbooks.check(runbooks.parse(page, "x")).findings if finding.rule == "step"]
    looking = page.replace('title="Act"', 'title="Check"')
    acts = sum(row.acts for row in found.rows)
    assert len({f.line for f in runbooks.check(runbooks.parse(looking, "x")).findings if f.rule == "step"}) >= acts >= 4


def test_the_verdicts_and_the_games_are_tables(buzzer, found):
    assert all(Markup.escape(verdict.question) in gameday.verdicts(found) for verdict in found.verdicts)
    shown = gameday.games(buzzer)
    assert "2026-12-12 16:30" in shown
    assert shown.count("<tr") == 1 + len(countdown.fixtures(buzzer.architecture))


@pytest.mark.parametrize(
    ("minutes", "said"), [(-4320, "T-72h"), (-30, "T-30min"), (0, "T"), (115, "T+1h55"), (1440, "T+24h")]
)
def test_a_time_from_kick_off_is_said_in_short(minutes, said):
    assert countdown.span(dt.timedelta(minutes=minutes)) == said
