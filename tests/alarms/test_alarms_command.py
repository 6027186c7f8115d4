import json

import pytest
from alarm_makers import CPU, START, drawn
from typer.testing import CliRunner

from analysis.alarms import MetricKey, Pack, Series, pack_to_json
from analysis.commands import app
from analysis.commands.common import FINDINGS, FINE, UNREADABLE

STACK = """
resource "aws_cloudwatch_metric_alarm" "cpu" {
  alarm_name          = "cpu"
  namespace           = "AWS/ECS"
  metric_name         = "CPUUtilization"
  dimensions          = { ClusterName = "live", ServiceName = "api" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 3
  threshold           = 80
  comparison_operator = "GreaterThanThreshold"
}
"""


@pytest.fixture
def files(tmp_path):
    (tmp_path / "main.tf").write_text(STACK, encoding="utf-8")
    made = Pack({CPU: Series({"Average": drawn("__#########")})}, START, origin="seed 7")
    pack = tmp_path / "night.json"
    pack.write_text(json.dumps(pack_to_json(made)), encoding="utf-8")
    return tmp_path, pack


def gameday(*words):
    return CliRunner().invoke(app, ["alarms", *[str(word) for word in words]], env={"COLUMNS": "200"})


def test_the_table_says_when_an_alarm_fires_and_how_long_before_the_harm(files):
    said = gameday(files[0], "--pack", files[1], "--harm-at", "2026-03-07T19:10:00Z")
    assert said.exit_code == FINE, said.output
    for words in ("cpu", "fires", "19:06", "+4 min", "seed 7"):
        assert words in said.stdout


def test_when_the_first_user_was_hurt_is_read_from_the_pack_or_its_failed_requests_or_said_to_be_unknown(files):
    directory, pack = files
    said = gameday(directory, "--pack", pack)
    assert "nobody, as far as the pack shows" in said.stderr
    saved = json.loads(pack.read_text())
    pack.write_text(json.dumps({**saved, "HarmAt": "2026-03-07T19:09:00Z"}), encoding="utf-8")
    said = gameday(directory, "--pack", pack)
    assert "19:09, as the pack says" in said.stderr
    assert "+3 min" in said.stdout
    balancer = {
        MetricKey.of("AWS/ApplicationELB", name, LoadBalancer="app/live/1"): Series({"Sum": [value] * 11})
        for name, value in (("RequestCount", 1000.0), ("HTTPCode_ELB_5XX_Count", 20.0))
    }
    made = Pack({CPU: Series({"Average": drawn("__#########")}), **balancer}, START)
    pack.write_text(json.dumps(pack_to_json(made)), encoding="utf-8")
    assert "19:00, when 2 % of the requests fail" in gameday(directory, "--pack", pack).stderr


def test_a_pack_is_saved_and_read_again_with_its_harm(files):
    directory, pack = files
    target = directory / "saved.json"
    said = gameday(directory, "--pack", pack, "--harm-at", "2026-03-07T19:10:00Z", "--save", target)
    assert said.exit_code == FINE, said.output
    assert json.loads(target.read_text())["HarmAt"] == "2026-03-07T19:10:00Z"
    assert "+4 min" in gameday(directory, "--pack", target).stdout


def test_false_pages_in_a_season_are_not_known_where_no_plan_says_what_a_season_is(files):
    said = gameday(files[0], "--pack", files[1])
    assert "because no season.toml beside the stack" in said.stderr
    assert " ? " in said.stdout


def test_the_same_is_json_for_programs(files):
    said = gameday(files[0], "--pack", files[1], "--harm-at", "2026-03-07T19:10:00Z", "--json")
    assert said.exit_code == FINE, said.output
    row = json.loads(said.stdout)["alarms"][0]
    assert (row["alarm"], row["verdict"], row["lead_s"]) == ("cpu", "fires", 240)


def test_an_alarm_that_can_never_fire_is_a_finding(files):
    directory, pack = files
    (directory / "main.tf").write_text(STACK.replace("CPUUtilization", "CPUUse"), encoding="utf-8")
    said = gameday(directory, "--pack", pack)
    assert said.exit_code == FINDINGS
    assert "has no metric CPUUse" in said.stdout


def test_an_alarm_that_is_not_modelled_is_a_finding_with_its_place(files):
    directory, pack = files
    (directory / "main.tf").write_text(
        STACK.replace("GreaterThanThreshold", "GreaterThanUpperThreshold"), encoding="utf-8"
    )
    said = gameday(directory, "--pack", pack)
    assert said.exit_code == FINDINGS
    assert "main.tf:11:" in said.stderr
    assert "anomaly band" in said.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--harm-at", "soon"), "is no time"),
        (("--harm-at", "2026-03-07T23:00:00Z"), "outside the pack"),
        (("--gaps", "some"), "write refuse or missing"),
        (("--pack", "nowhere.json"), "cannot be read"),
        (("--save", "/nowhere/x.json"), "there is no directory /nowhere"),
    ],
)
def test_bad_input_is_a_sentence_and_exit_status_2(files, words, sentence):
    said = gameday(files[0], "--pack", files[1], *words)
    assert said.exit_code == UNREADABLE
    assert sentence in said.stderr
    assert "Traceback" not in said.output


def test_a_pack_with_a_harm_outside_itself_is_refused(files):
    directory, pack = files
    saved = json.loads(pack.read_text())
    pack.write_text(json.dumps({**saved, "HarmAt": "2026-03-08T19:09:00Z"}), encoding="utf-8")
    said = gameday(directory, "--pack", pack)
    assert said.exit_code == UNREADABLE
    assert "lies outside the pack" in said.stderr


def test_an_alarm_on_a_metric_that_nobody_publishes_is_a_sentence(files):
    directory, pack = files
    own = STACK.replace("AWS/ECS", "Own").replace("CPUUtilization", "Depth")
    (directory / "main.tf").write_text(own, encoding="utf-8")
    said = gameday(directory, "--pack", pack)
    assert said.exit_code == FINE
    assert "nothing in this Terraform publishes Depth in Own" in said.stdout
    assert "no data" in said.stdout


def test_without_a_pack_a_night_is_simulated_and_needs_a_scenario(files):
    said = gameday(files[0])
    assert said.exit_code == UNREADABLE
    assert "no gameday.toml names a scenario; write scenario = " in said.stderr
