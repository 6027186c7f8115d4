import json
import re

import pytest
from alarm_makers import CPU, START, drawn
from typer.testing import CliRunner

from analysis.alarms import Pack, Series, pack_to_json
from analysis.commands import app
from analysis.commands.common import FINDINGS, FINE, UNREADABLE
from analysis.commands.dashboard import sparkline

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

resource "aws_cloudwatch_dashboard" "night" {
  dashboard_name = "night"
  dashboard_body = jsonencode({
    widgets = [
      { type = "text", x = 0, y = 0, width = 24, height = 2, properties = { markdown = "# Night\\n<script>alert(1)</script>" } },
      { type = "metric", x = 0, y = 2, width = 12, height = 6, properties = {
        title = "Processors", period = 60, stat = "Average"
        metrics = [
          ["AWS/ECS", "CPUUtilization", "ClusterName", "live", "ServiceName", "api"],
          ["AWS/ECS", "CPUUse", "ClusterName", "live", "ServiceName", "api"],
        ]
        annotations = { horizontal = [{ label = "page", value = 80 }] }
      } },
      { type = "alarm", x = 12, y = 2, width = 12, height = 6, properties = { alarms = [aws_cloudwatch_metric_alarm.cpu.arn] } },
      { type = "log", x = 0, y = 8, width = 24, height = 6, properties = { query = "fields @message" } },
    ]
  })
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
    return CliRunner().invoke(app, ["dashboard", *[str(word) for word in words]], env={"COLUMNS": "200"})


def test_the_widgets_are_told_with_their_place_lines_alarms_and_what_is_missing(files):
    said = gameday(files[0], "--pack", files[1])
    assert said.exit_code == FINE, said.output
    for words in (
        "night",
        "0,2 12x6",
        "Processors",
        "highest 90",
        "- - page 80",
        "in alarm: cpu",
        "no such metric",
        "type log",
    ):
        assert words in said.stdout


def test_the_same_is_json_for_programs(files):
    said = gameday(files[0], "--pack", files[1], "--json")
    made = json.loads(said.stdout)
    graph = made["dashboards"][0]["widgets"][1]
    assert graph["lines"][0]["points"][2] == [2, 90.0]
    assert made["dashboards"][0]["widgets"][2]["alarms"][0]["state"] == "ALARM"
    assert made["origin"] == "seed 7"


def test_alarms_are_shown_as_they_were_at_a_moment(files):
    said = gameday(files[0], "--pack", files[1], "--at", "2026-03-07T19:02:00Z", "--json")
    assert json.loads(said.stdout)["dashboards"][0]["widgets"][2]["alarms"][0]["state"] == "OK"


def test_a_file_for_a_browser_stands_alone_runs_nothing_and_loads_nothing(files):
    target = files[0] / "night.html"
    said = gameday(files[0], "--pack", files[1], "--html", target)
    assert said.exit_code == FINE, said.output
    page = target.read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not re.search(r"(src|href)=\"(?!#)", page)
    assert "<svg" in page
    assert "--x:12;--y:2;--w:12;--h:6" in page
    assert "In alarm" in page
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--at", "soon"), "is no time"),
        (("--at", "2026-03-08T19:02:00Z"), "the incident begins at"),
        (("--gaps", "some"), "write refuse or missing"),
        (("--pack", "nowhere.json"), "cannot be read"),
        (("--html", "/nowhere/x.html"), "there is no directory /nowhere"),
    ],
)
def test_bad_input_is_a_sentence_and_exit_status_2(files, words, sentence):
    said = gameday(files[0], "--pack", files[1], *words)
    assert said.exit_code == UNREADABLE
    assert sentence in said.stderr
    assert "Traceback" not in said.output


def test_a_stack_without_dashboards_and_a_body_that_cannot_be_read_are_findings(files):
    directory, pack = files
    alarm, board = STACK.split('resource "aws_cloudwatch_dashboard"')
    (directory / "main.tf").write_text(alarm, encoding="utf-8")
    said = gameday(directory, "--pack", pack)
    assert said.exit_code == FINDINGS
    assert "has no aws_cloudwatch_dashboard" in said.stderr
    broken = alarm + 'resource "aws_cloudwatch_dashboard"' + board.replace("width = 24", "width = 25")
    (directory / "main.tf").write_text(broken, encoding="utf-8")
    said = gameday(directory, "--pack", pack)
    assert said.exit_code == FINDINGS
    assert "width is 25" in said.stderr


def test_a_line_of_blocks_shows_the_highest_of_each_stretch_and_leaves_gaps_blank():
    assert sparkline([0.0, 1.0, None, 2.0]) == "▁▅ █"
    assert sparkline([0.0] * 95 + [4.0]) == "▁" * 47 + "█"
    assert sparkline([]) == ""
