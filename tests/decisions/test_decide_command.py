"""`gameday decide`: on this checkout, and on a stranger's records and stack."""

import json
import shutil

import pytest
import yaml
from decision_makers import ROOT, text_of
from typer.testing import CliRunner

from analysis.commands import app

STACKS = ROOT / "terraform" / "stacks"


@pytest.fixture
def stranger(tmp_path):
    """A directory of a stranger's: a stack with its scenario, and one record beside it."""
    shutil.copytree(STACKS / "buzzer_baseline", tmp_path / "infra", ignore=shutil.ignore_patterns(".terraform*"))
    for name in ("buzzer_final.toml",):
        shutil.copy(ROOT / "terraform" / "scenarios" / name, tmp_path / name)
    about = tmp_path / "infra" / "gameday.toml"
    about.write_text(about.read_text().replace("../../scenarios/", "../"))
    (tmp_path / "adr").mkdir()

    def write(**matter):
        path = tmp_path / "adr" / "0001-x.md"
        own = {
            "stack": "../infra",
            "affects": ["aws_db_instance.*"],
            "undo": {"arguments": {"aws_db_instance.main": {"multi_az": True}}},
        }
        path.write_text(text_of(**{**own, **matter}), encoding="utf-8")
        return path

    return write


def run(*words):
    return CliRunner().invoke(app, ["decide", *map(str, words)], env={"COLUMNS": "200"})


def test_a_strangers_record_is_weighed_on_the_strangers_stack(stranger):
    path = stranger(options=[{"name": "One zone", "chosen": True}], measures=[{"measure": "cost.month"}])
    done = run(path, "--on", "2026-11-21")
    assert done.exit_code == 0, done.output
    for part in ("A thing", "holds", "A month", "One zone"):
        assert part in done.output


def test_the_same_records_are_found_by_their_directory_and_by_their_stack(stranger):
    path = stranger()
    by_directory = run(path.parent, "--on", "2026-11-21", "--json")
    by_stack = run(path.parent.parent / "infra", "--records", path.parent, "--on", "2026-11-21", "--json")
    assert by_directory.exit_code == by_stack.exit_code == 0, by_directory.output
    assert json.loads(by_directory.output) == json.loads(by_stack.output)


def test_the_same_input_gives_the_same_bytes_and_every_figure_has_its_text(stranger):
    path = stranger(
        reopen_when="month > 10_000",
        break_even=[
            {"input": {"assumption": "audience.peak_users"}, "range": [10, 9000], "when": "scenario.peak < 500"}
        ],
    )
    once, twice = (run(path, "--on", "2026-11-21", "--json") for _ in range(2))
    assert once.output == twice.output
    (made,) = json.loads(once.output)
    assert made["state"] == "holds"
    assert {effect["name"] for effect in made["effects"]} >= {"month", "users", "p99", "lead"}
    assert made["effects"][0]["without"]["value"] > made["effects"][0]["with"]["value"]
    assert made["break_even"][0]["at"] == pytest.approx(500, rel=0.01)
    assert all(side["text"] for effect in made["effects"] for side in (effect["with"], effect["without"]))


@pytest.mark.parametrize(
    ("matter", "day", "state"),
    [
        ({"reopen_when": "month > 1"}, "2026-11-21", "contested"),
        ({"confirmation": [{"alarm": "nope"}]}, "2026-11-21", "violated"),
        ({"affects": ["aws_x.gone"]}, "2026-11-21", "violated"),
        ({}, "2027-05-22", "expired"),
        ({"reopen_when": "month > 1", "confirmation": [{"alarm": "nope"}]}, "2030-01-01", "violated"),
    ],
)
def test_a_record_that_does_not_hold_gives_exit_status_1_and_its_reason(stranger, matter, day, state):
    path = stranger(**matter)
    done = run(path, "--on", day, "--json")
    assert done.exit_code == 1
    (made,) = json.loads(done.output)
    assert made["state"] == state
    assert made["reasons"]
    assert state in run(path.parent, "--on", day).output


def test_the_last_day_of_a_review_is_still_in_time(stranger):
    assert run(stranger(), "--on", "2027-05-21").exit_code == 0


def test_a_modelled_stack_is_judged_on_the_night_of_its_scenario(stranger):
    assert "the scenario's own night" in run(stranger(), "--on", "2026-11-21").output


def test_a_retired_record_is_passed_over(stranger):
    done = run(stranger(status="superseded", affects=["aws_x.gone"]), "--on", "2030-01-01", "--json")
    assert done.exit_code == 0
    assert json.loads(done.output)[0]["state"] == "retired"


@pytest.mark.parametrize(
    ("matter", "sentence"),
    [
        ({"reopen_when": "cost.weekly > 1"}, "0001-x.md:17:14: there is no measure 'cost.weekly'"),
        ({"undo": {"without": ["aws_x.*"]}}, "undo: infra has no resource aws_x.*"),
        ({"undo": {"variables": {"nope": 1}}}, "nope"),
        ({"affects": 3}, "affects must be a list"),
        ({"stack": "nowhere"}, "the stack 'nowhere' is neither a path"),
        ({"assumes": ["snow"]}, "snow is no assumption"),
        ({"confirmation": [{"rule": "SNOW-1"}]}, "is no rule"),
    ],
)
def test_what_cannot_be_used_is_said_in_a_sentence_with_file_and_line(stranger, matter, sentence):
    done = run(stranger(**matter), "--on", "2026-11-21")
    assert done.exit_code == 2
    assert sentence in done.output
    assert "0001-x.md:" in done.output
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nowhere.md"], "there is no such stack, record or directory"),
        (["--on", "soon"], "write YYYY-MM-DD"),
        (["--records", "nowhere"], "there is no such directory"),
    ],
)
def test_wrong_usage_is_exit_status_2(words, sentence):
    done = run(*words)
    assert done.exit_code == 2
    assert sentence in done.output


def test_a_directory_without_a_record_is_refused(tmp_path):
    done = run(tmp_path)
    assert done.exit_code == 2
    assert "holds neither Terraform nor a decision record" in done.output


def test_a_stack_that_no_record_is_about_is_refused():
    done = run(STACKS / "buzzer_baseline")
    assert done.exit_code == 2
    assert "no decision record is about" in done.output


def test_a_stack_without_gameday_toml_is_refused(stranger, tmp_path):
    (tmp_path / "infra" / "gameday.toml").unlink()
    done = run(stranger())
    assert done.exit_code == 2
    assert "gameday.toml" in done.output


def test_the_example_on_the_page_about_decisions_is_weighed_as_it_stands(stranger):
    page = (ROOT / "docs" / "buzzer" / "_decisions.md").read_text(encoding="utf-8")
    example = yaml.safe_load(page.split("```yaml\n")[1].split("```")[0])
    done = run(stranger(**example), "--on", "2026-11-21", "--json")
    (made,) = json.loads(done.output)
    assert made["break_even"]
    assert made["state"] in {"violated", "contested"}  # the stack that crashed has no standby; the record asks for one
    assert any("multi_az is false, not true" in reason for reason in made["reasons"])


def test_what_is_recorded_is_written_beside_the_records_with_the_day_and_the_same_bytes(stranger):
    path = stranger(reopen_when="month > 10_000")
    once = run(path.parent, "--record", "--on", "2026-11-21")
    assert once.exit_code == 0, once.output
    first = (path.parent / "weighing.json").read_bytes()
    run(path.parent, "--record", "--on", "2026-11-21")
    assert (path.parent / "weighing.json").read_bytes() == first
    assert json.loads(first)["recorded_on"] == "2026-11-21"
    assert list(json.loads(first)["content"]) == [path.name]
