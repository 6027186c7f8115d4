import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from analysis import season
from analysis.commands import app
from analysis.commands.common import FINDINGS, FINE, UNREADABLE

TERRAFORM = Path(__file__).parents[2] / "terraform"

PLAN = """
[goal]
lead_s = 300
false_pages = 1

[season]
seed = 1

[[season.nights]]
title = "League nights"
scenario = "../../scenarios/buzzer_league.toml"
nights = 1

[[family]]
name = "clutch"
title = "A clutch phase"
scenario = "../../scenarios/buzzer_clutch.toml"
crowds = [500_000]
seeds = 1
"""


def gameday(*words):
    return CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "200"})


@pytest.fixture
def directory(tmp_path):
    shutil.copytree(TERRAFORM, tmp_path / "terraform", ignore=shutil.ignore_patterns(".terraform*"))
    found = tmp_path / "terraform" / "stacks" / "buzzer"
    (found / season.RECORD_FILE).unlink()
    (found / season.PLAN_FILE).write_text(PLAN, encoding="utf-8")
    return found


@pytest.mark.slow
def test_a_season_is_run_recorded_and_then_known_to_the_alarms(directory):
    said = gameday("season", directory)
    assert said.exit_code == FINE, said.output
    assert "In time on 1 of 1 nights of a build-up (100.0%); 0 false pages in 1 quiet nights." in said.stdout
    assert season.load(directory).in_time == 1
    first = (directory / season.RECORD_FILE).read_bytes()
    assert gameday("season", directory).exit_code == FINE
    assert (directory / season.RECORD_FILE).read_bytes() == first
    told = gameday("alarms", directory, "--users", "500000", "--json")
    made = json.loads(told.stdout)
    assert made["season"] == "of 1 quiet nights, simulated"
    assert {row["false_pages_a_season"] for row in made["alarms"]} == {0}
    text = (directory / "alarms.tf").read_text(encoding="utf-8")
    (directory / "alarms.tf").write_text(text.replace("threshold    = 60\n", "threshold    = 61\n"), encoding="utf-8")
    assert "the record is of other alarms or nights" in gameday("alarms", directory, "--users", "500000").stderr


@pytest.mark.slow
def test_a_page_that_comes_too_late_is_a_finding(directory):
    plan = PLAN.replace("lead_s = 300", "lead_s = 86_400")
    (directory / season.PLAN_FILE).write_text(plan, encoding="utf-8")
    said = gameday("season", directory, "--no-write")
    assert said.exit_code == FINDINGS
    assert "In time on 0 of 1 nights" in said.stdout
    assert not (directory / season.RECORD_FILE).exists()


@pytest.mark.parametrize(
    ("was", "becomes", "sentence"),
    [
        ("lead_s = 300", "lead_s = 'soon'", "goal.lead_s"),
        ("crowds = [500_000]", "crowds = [0]", "whole numbers of users above 0"),
        (
            "seeds = 1\n",
            "seeds = 1\nvariables = { edge_ttl_s = 60 }\n",
            "keeps an answer for 60 s, longer than the 2 s",
        ),
        ("nights = 1", "nights = 1\nfaults = ['flood@3']", "'flood' is not known"),
    ],
)
def test_a_plan_that_cannot_be_run_is_a_sentence_and_exit_status_2(directory, was, becomes, sentence):
    (directory / season.PLAN_FILE).write_text(PLAN.replace(was, becomes), encoding="utf-8")
    said = gameday("season", directory)
    assert said.exit_code == UNREADABLE
    assert sentence in said.stderr
    assert "Traceback" not in said.output
    assert not (directory / season.RECORD_FILE).exists()


def test_without_a_plan_there_is_no_season(directory):
    (directory / season.PLAN_FILE).unlink()
    said = gameday("season", directory)
    assert said.exit_code == UNREADABLE
    assert "season.toml: is missing; write one" in said.stderr
