"""Stacks in the style of public ones, whose load cannot be computed: every command refuses in a sentence, and none answers."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from analysis import facts
from analysis.commands import app

STACKS = Path(__file__).parent / "refusals"
FINAL = Path(__file__).parents[1] / "terraform" / "scenarios" / "buzzer_final.toml"

SEASON = """
[goal]
lead_s = 300
false_pages = 1

[season]
seed = 1

[[season.nights]]
title = "Quiet"
scenario = "FINAL"
nights = 1

[[family]]
name = "final"
title = "The final"
scenario = "FINAL"
crowds = [100]
seeds = 1
"""

LOADED = (
    ("cost", "--scenario", str(FINAL)),
    ("replay",),
    ("sweep", "--seeds", "1", "--jobs", "1"),
    ("headroom", "--seeds", "1"),
    ("alarms",),
    ("dashboard",),
)
"""Commands that simulate a crowd or bill for it, along one path."""

SENTENCES = {
    "internal": "aws_ecs_service.admin (main.tf:12): it stands behind the internal balancer aws_lb.admin (main.tf:28)",
    "poller": "there is no request path: aws_ecs_service.poller (main.tf:12): no public entry leads to it",
    "two": "write in gameday.toml under [enters] service = 'aws_ecs_service.web' or service = 'aws_ecs_service.shop'",
    "fleet": "served by aws_autoscaling_group.web (main.tf:10); the simulated night does not model that",
    "streams": "aws_ecs_service.web holds streams open (SSE_HEARTBEAT_MS",
    "function": "aws_apigatewayv2_api.public (main.tf:14), aws_lambda_function.api (main.tf:5); the simulated night does not",
}


def said(*arguments):
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return done.exit_code, " ".join((done.stdout + done.stderr).split()), done.exception


HELD = {"fleet": "fleet is full (processor)", "function": "api is full (requests of the account)"}
"""Stacks whose capacity is computed although their night is not simulated: what is full first."""


@pytest.mark.parametrize("name", HELD)
def test_a_group_and_an_api_with_a_function_have_a_first_limit(name):
    code, text, _ = said("capacity", STACKS / name)
    assert code == 0
    assert HELD[name] in text


BILLED = {"fleet": "aws_autoscaling_group.web", "function": "aws_lambda_function.api", "two": "aws_lb.web"}
"""Stacks whose month is billed all the same, since the network says where the crowd goes: what it uses there."""

REFUSED = [(command, name) for command in LOADED for name in SENTENCES if command[0] != "cost" or name not in BILLED]


@pytest.mark.parametrize("name", BILLED)
def test_a_month_is_billed_wherever_the_network_leads(name):
    code, text, _ = said("cost", STACKS / name, "--scenario", FINAL, "--json")
    assert code == 0
    assert BILLED[name] in {line["address"] for line in json.loads(text)["line_items"] if line["usage_based"]}


@pytest.mark.parametrize(("command", "name"), REFUSED, ids=lambda value: value if isinstance(value, str) else value[0])
def test_what_rests_on_a_crowd_is_refused_where_nothing_public_leads_to_what_is_modelled(command, name):
    code, text, _ = said(command[0], STACKS / name, *command[1:])
    assert code == 2
    assert SENTENCES[name] in text


@pytest.mark.parametrize("command", ["capacity", "premortem"])
def test_capacity_and_premortem_are_refused_where_streams_are_held_and_the_scenario_has_none(command):
    code, text, _ = said(command, STACKS / "streams")
    assert code == 2
    assert "buzzer_final.toml does not say who opens them; write a [[connection]] into it" in text


@pytest.mark.parametrize("name", ["internal", "poller"])
def test_capacity_is_refused_where_nothing_public_leads_to_a_program(name):
    code, text, _ = said("capacity", STACKS / name)
    assert code == 2
    assert SENTENCES[name] in text


def test_capacity_is_that_of_a_service_whose_entry_is_in_another_stack_where_the_file_says_so(tmp_path):
    (tmp_path / "main.tf").write_text((STACKS / "poller" / "main.tf").read_text())
    described = (
        (STACKS / "poller" / "gameday.toml").read_text().replace("../../../terraform/scenarios", str(FINAL.parent))
    )
    (tmp_path / "gameday.toml").write_text(described + "\n[enters]\nservice = 'aws_ecs_service.poller'\n")
    code, text, _ = said("capacity", tmp_path)
    assert code == 0
    assert "aws_ecs_service.poller serves the crowd by gameday.toml alone; no public entry leads to it" in text


@pytest.mark.parametrize(
    ("name", "serving", "idle"),
    [
        ("two", "aws_ecs_service.web", "aws_ecs_service.shop"),
        ("fleet", "aws_autoscaling_group.web", "aws_ecs_service.admin"),
        ("function", "aws_lambda_function.api", "aws_ecs_service"),
    ],
)
def test_capacity_follows_routes_to_whatever_serves_and_never_to_an_internal_service(name, serving, idle):
    done = CliRunner().invoke(app, ["capacity", str(STACKS / name), "--json"])
    assert done.exit_code == 0, done.output
    addresses = [station["address"] for station in json.loads(done.stdout)["stations"]]
    assert serving in addresses
    assert not [address for address in addresses if address.startswith(idle)]


@pytest.mark.parametrize("name", SENTENCES)
def test_what_needs_no_crowd_is_answered_all_the_same(name):
    assert said("model", STACKS / name)[0] == 0
    assert said("cost", STACKS / name)[0] == 0
    code, text, _ = said("prove", STACKS / name, "--on", "2026-11-29", "--json")
    assert code in (0, 1)
    assert '"RACE-01"' in text


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("nights", "nights.toml: is missing; write one, with users, seeds"),
        ("season", "season.toml: is missing; write one, with [goal], [season] and [[family]]"),
        ("calibrate", "calibration/design.toml: is missing; write one, with [sweep]"),
        ("countdown", "has no variable `fixtures` with a game; declare one whose value is"),
        ("decide", "no decision record is about"),
    ],
)
def test_a_command_that_lacks_a_file_or_an_entry_says_what_to_write(command, sentence):
    code, text, _ = said(command, STACKS / "beside")
    assert code == 2
    assert sentence in text


def test_an_incident_that_is_not_there_says_what_to_write():
    code, text, _ = said("incident", "show", STACKS / "beside")
    assert code == 2
    assert "incident.toml: is missing; write one, with title and either [night]" in text


@pytest.mark.parametrize("command", ["nights", "calibrate"])
def test_a_stack_without_a_scenario_is_told_what_to_write(command, tmp_path):
    (tmp_path / "main.tf").write_text((STACKS / "beside" / "main.tf").read_text())
    code, text, _ = said(command, tmp_path)
    assert code == 2
    assert 'no gameday.toml names a scenario; write scenario = "FILE" and runtime = "NAME" into it' in text


def test_a_season_of_alarms_on_nothing_that_is_simulated_is_a_sentence_and_no_traceback(tmp_path):
    (tmp_path / "main.tf").write_text((STACKS / "beside" / "main.tf").read_text())
    described = (
        (STACKS / "beside" / "gameday.toml").read_text().replace("../../../terraform/scenarios", str(FINAL.parent))
    )
    (tmp_path / "gameday.toml").write_text(described)
    (tmp_path / "season.toml").write_text(SEASON.replace("FINAL", str(FINAL)))
    code, text, fault = said("season", tmp_path, "--no-write")
    assert (code, type(fault)) == (2, SystemExit)
    assert "publishes none of the metrics that are watched (AWS/ECS CPUUtilization)" in text


@pytest.mark.parametrize(
    "command",
    [
        ("capacity",),
        *(command for command in LOADED if command[0] not in ("alarms", "dashboard")),
        ("prove", "--on", "2026-11-29"),
    ],
    ids=lambda command: command[0],
)
def test_what_carries_nothing_of_the_crowd_is_listed_on_every_answer(command):
    code, text, _ = said(command[0], STACKS / "beside", *command[1:])
    assert code in (0, 1)
    assert "aws_ecs_service.poller carries nothing of the crowd: no public entry leads to it" in text
    done = CliRunner().invoke(app, [command[0], str(STACKS / "beside"), *command[1:], "--json"])
    (row,) = json.loads(done.stdout)["unreached"]
    assert row["address"] == "aws_ecs_service.poller"
    assert row["defined_at"].startswith("main.tf:")


USAGE = """
version: 0.1
resource_usage:
  aws_wafv2_web_acl.partners:
    monthly_requests: 5000000
  aws_lb.front:
    monthly_outbound_internet_gb: 7
"""
TICKER = Path(__file__).parent / "demand" / "ticker"


@pytest.fixture(scope="module")
def night():
    return facts.stack(TICKER).scenario


def lines(*arguments):
    done = CliRunner().invoke(app, ["cost", str(TICKER), *map(str, arguments), "--json"])
    assert done.exit_code == 0, done.output
    return {(line["address"], line["component"]): line for line in json.loads(done.stdout)["line_items"]}


def test_a_quantity_that_does_not_follow_from_the_crowd_names_the_key_that_supplies_it(night):
    (line,) = [
        line
        for (address, _), line in lines("--scenario", night).items()
        if address == "aws_wafv2_web_acl.partners" and line["quantity"] is None
    ]
    assert line["unknown"] == (
        "quantity unknown: monthly_requests of aws_wafv2_web_acl.partners in a usage file says it"
    )
    code, text, _ = said("cost", TICKER, "--scenario", night)
    assert code == 0
    assert "aws_wafv2_web_acl.partners" in text.partition("since nothing says how much")[2]


def test_a_usage_file_says_what_the_crowd_does_not_and_wins_where_both_do(night, tmp_path):
    (tmp_path / "usage.yml").write_text(USAGE)
    both = lines("--scenario", night, "--usage", tmp_path / "usage.yml")
    partners = [line for (address, _), line in both.items() if address == "aws_wafv2_web_acl.partners"]
    assert "5" in [line["quantity"] for line in partners]  # in millions
    alone = lines("--scenario", night)
    changed = {key for key, line in both.items() if line != alone.get(key)}
    assert {address for address, _ in changed} == {"aws_wafv2_web_acl.partners", "aws_lb.front"}


@pytest.mark.parametrize("name", SENTENCES)
def test_freshness_and_races_are_undecided_and_never_judged_at_what_serves_nobody(name):
    done = CliRunner().invoke(app, ["prove", str(STACKS / name), "--on", "2026-11-29", "--json"])
    report = json.loads(done.stdout)
    judged = {row["rule"]: row for row in report["not_decidable"]}
    assert {"FRESH-01", "RACE-01", "RACE-02"} <= set(judged)
    assert not {"FRESH-01", "RACE-01", "RACE-02"} & {row["rule"] for row in (*report["findings"], *report["holds"])}


def test_an_alarm_that_can_never_fire_is_said_although_no_night_can_be_simulated():
    code, text, _ = said("alarms", STACKS / "fleet")
    assert code == 2
    assert "small can never fire, whatever the load: GroupInServiceInstances is not published" in text
