"""The reference of settings has every variable of the task once, with its layer, and each environment's own value."""

import re
from html import unescape
from pathlib import Path

import pytest

from analysis import terraform
from analysis.pages.model import Site
from analysis.pages.settings import Setting, environments, macros, settings
from analysis.wiring.references import References
from analysis.wiring.tasks import task_of

ROOT = Path(__file__).parents[2]
STACK = """
resource "aws_secretsmanager_secret" "key" {
  name = "shop/key"
}

resource "aws_ssm_parameter" "level" {
  name           = "/shop/level"
  type           = "String"
  insecure_value = "info"
}

resource "aws_ssm_parameter" "hidden" {
  name  = "/shop/hidden"
  type  = "SecureString"
  value = "s3cret"
}

resource "aws_ecs_task_definition" "shop" {
  family = "shop"
  container_definitions = jsonencode([{
    name        = "web"
    environment = [{ name = "PORT", value = "80" }]
    secrets = [
      { name = "KEY", valueFrom = "${aws_secretsmanager_secret.key.arn}:current::" },
      { name = "LEVEL", valueFrom = aws_ssm_parameter.level.arn },
      { name = "HIDDEN", valueFrom = aws_ssm_parameter.hidden.arn },
      { name = "ELSEWHERE", valueFrom = "arn:aws:ssm:us-east-1:123456789012:parameter/other" },
    ]
  }])
}

resource "aws_ecs_service" "shop" {
  name            = "shop"
  task_definition = aws_ecs_task_definition.shop.arn
}
"""


def test_each_layer_is_told_and_no_secret_is(tmp_path):
    (tmp_path / "main.tf").write_text(STACK)
    assert list(settings(terraform.load(tmp_path))) == [
        Setting("PORT", "web", "task definition", "80"),
        Setting("KEY", "web", "Secrets Manager", "shop/key"),
        Setting("LEVEL", "web", "Parameter Store", "info"),
        Setting("HIDDEN", "web", "Parameter Store", "a value that is not shown"),
        Setting("ELSEWHERE", "web", "outside this stack", "arn:aws:ssm:us-east-1:123456789012:parameter/other"),
    ]


@pytest.fixture(scope="module")
def every():
    return environments(ROOT, "scoreboard")


def test_every_environment_has_every_variable_of_the_task(every):
    stack = terraform.load(ROOT / "terraform" / "stacks" / "scoreboard")
    task = task_of(References(stack), next(iter(stack.of_type("aws_ecs_service"))))
    named = {entry["name"] for c in task.containers for key in ("environment", "secrets") for entry in c.get(key) or ()}
    assert set(every) == {"dev", "prod", "staging"}
    assert all({one.name for one in listed} == named for listed in every.values())


def test_a_value_that_differs_is_shown_for_each_environment_and_another_once(every):
    site = Site(ROOT, ROOT / "docs", lambda: "scoreboard/settings.md")
    table = str(macros(site)["settings_reference"]("scoreboard"))
    rows = [
        " ".join(unescape(re.sub(r"<[^>]+>", " ", row)).split()) for row in re.findall(r"<tr.*?</tr>", table, re.DOTALL)
    ]
    (level,) = (row for row in rows if row.startswith("LOG_LEVEL"))
    assert level == "LOG_LEVEL api Parameter Store prod: info dev: debug staging: info"
    (port,) = (row for row in rows if row.startswith("PORT"))
    assert port == "PORT api task definition 3000"
    assert len(rows) == 1 + len(every["prod"])
