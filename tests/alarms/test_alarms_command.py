import json

import pytest
from alarm_makers import CPU, START, drawn
from typer.testing import CliRunner

from analysis.alarms import Pack, Series, pack_to_json
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
    ],
)
def test_bad_input_is_a_sentence_and_exit_status_2(files, words, sentence):
    said = gameday(files[0], "--pack", files[1], *words)
    assert said.exit_code == UNREADABLE
    assert sentence in said.stderr
    assert "Traceback" not in said.output
