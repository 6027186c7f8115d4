"""What the real Terraform says about a directory, without AWS and without touching the directory."""

import json
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from analysis.validation import offline, offline_plan, terraform_cli, to_json, validate
from analysis.validation import report as report_module
from analysis.validation.masking import MASK, masked_plan
from analysis.validation.terraform_cli import TerraformError, TerraformMissingError

STACK = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 5.100" }
  }
  backend "s3" {
    bucket = "states"
    key    = "stack"
    region = "us-east-1"
  }
}

provider "aws" {
  region = "us-east-1"
  assume_role {
    role_arn = "arn:aws:iam::123456789012:role/deploy"
  }
}

provider "aws" {
  alias  = "west"
  region = "us-west-2"
}

variable "password" {
  type      = string
  default   = "hunter2-of-the-variable"
  sensitive = true
}

variable "shards" {
  type    = number
  default = 2
}

module "queue" {
  source = "../../modules/queue"
  count  = var.shards
  name   = "q${count.index}"
}

resource "aws_db_instance" "this" {
  instance_class    = "db.t3.micro"
  engine            = "mysql"
  username          = "app"
  password          = "hunter2-of-the-literal"
  allocated_storage = 20
}

resource "aws_ssm_parameter" "this" {
  provider = aws.west
  name     = "password"
  type     = "SecureString"
  value    = var.password
}

output "password" {
  value     = var.password
  sensitive = true
}
"""

MODULE = """
variable "name" {
  type = string
}

resource "aws_sqs_queue" "this" {
  name = var.name
}
"""

TESTS = """
mock_provider "aws" {}

run "two_queues" {
  command = plan

  assert {
    condition     = length(module.queue) == 2
    error_message = "There must be two queues."
  }
}
"""


@pytest.fixture
def stack(tmp_path):
    directory = tmp_path / "stacks" / "shop"
    module = tmp_path / "modules" / "queue"
    (directory / "tests").mkdir(parents=True)
    module.mkdir(parents=True)
    (directory / "main.tf").write_text(STACK.lstrip())
    (directory / "tests" / "shop.tftest.hcl").write_text(TESTS.lstrip())
    (module / "main.tf").write_text(MODULE.lstrip())
    return directory


def everything_below(path):
    return {str(p.relative_to(path)): p.read_bytes() if p.is_file() else None for p in path.rglob("*")}


class TestOfflinePlan:
    pytestmark = pytest.mark.terraform

    @pytest.mark.slow
    def test_a_stack_with_backend_role_alias_and_modules_is_planned_masked_and_kept_and_its_directory_stays_as_it_was(
        self, stack, tmp_path, monkeypatch
    ):
        before = everything_below(tmp_path)
        cache = tmp_path.parent / f"{tmp_path.name}-cache"
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-the-user")
        monkeypatch.setenv("TF_VAR_shards", "9")
        plan = offline_plan(stack, {"shards": 3}, cache=cache)

        addresses = {change["address"] for change in plan["resource_changes"]}
        assert addresses == {
            "aws_db_instance.this",
            "aws_ssm_parameter.this",
            *(f"module.queue[{index}].aws_sqs_queue.this" for index in range(3)),
        }
        assert everything_below(tmp_path) == before
        kept = "".join(path.read_text() for path in cache.iterdir())
        assert "hunter2" not in kept + json.dumps(plan)
        assert MASK in kept

        monkeypatch.setattr(offline, "_planned", lambda *_, **__: pytest.fail("the kept plan was not used"))
        assert offline_plan(stack, {"shards": 3}, cache=cache) == plan

        module = tmp_path / "modules" / "queue" / "main.tf"
        module.write_text(module.read_text() + "\n# changed\n")
        monkeypatch.setattr(offline, "_planned", lambda *_, **__: {"planned": "anew"})
        assert offline_plan(stack, {"shards": 3}, cache=cache) == {"planned": "anew"}

    @pytest.mark.slow
    def test_a_value_of_the_wrong_type_and_an_unknown_name_are_refused(self, stack, tmp_path):
        with pytest.raises(TerraformError, match=r"var\.shards declared at main\.tf.*a number is required"):
            offline_plan(stack, {"shards": "many"}, cache=tmp_path / "cache")
        with pytest.raises(TerraformError, match="shard: no such variable in shop; correct the name"):
            offline_plan(stack, {"shard": 3}, cache=tmp_path / "cache")


class TestReport:
    pytestmark = pytest.mark.terraform

    @pytest.mark.slow
    def test_a_sound_stack_passes_every_step(self, stack, tmp_path):
        before = everything_below(tmp_path)
        report = validate(stack)
        assert {step.name: step.status for step in report.steps} == dict.fromkeys(
            ["fmt", "init", "validate", "test", "plan"], "passed"
        )
        assert report.versions["hashicorp/aws"].startswith("5.")
        assert everything_below(tmp_path) == before
        assert to_json(report)["ok"] is True
        assert report_module.from_json(to_json(report)) == report

    @pytest.mark.slow
    def test_bad_format_and_a_test_that_does_not_hold_fail_and_are_named(self, stack):
        main = stack / "main.tf"
        main.write_text(main.read_text().replace("default = 2", "default    = 4"))
        steps = {step.name: step for step in validate(stack).steps}
        assert steps["fmt"].status == "failed"
        assert steps["fmt"].details == ("main.tf",)
        assert steps["test"].status == "failed"
        assert steps["test"].message == "1 of 1 run failed"
        assert "There must be two queues." in " ".join(steps["test"].details)
        assert steps["plan"].status == "passed"

    def test_a_report_is_kept_if_nothing_failed_and_made_anew_when_a_file_changes(self, tmp_path, monkeypatch):
        stack = tmp_path / "stack"
        stack.mkdir()
        (stack / "main.tf").write_text("locals {\n  a = 1\n}\n")
        runs = []

        def made(directory, *_, **__):
            runs.append(directory)
            status = "failed" if "broken" in (directory / "main.tf").read_text() else "passed"
            return report_module.Report(directory, {}, (report_module.Step("fmt", status, 0.5, "said"),))

        monkeypatch.setattr(report_module, "_reported", made)
        first = validate(stack, cache=tmp_path / "cache")
        assert validate(stack, cache=tmp_path / "cache") == first
        assert len(runs) == 1
        (stack / "main.tf").write_text("broken")
        assert not validate(stack, cache=tmp_path / "cache").ok
        assert not validate(stack, cache=tmp_path / "cache").ok
        assert len(runs) == 3

    def test_broken_hcl_fails_with_file_and_line_and_what_follows_is_skipped(self, tmp_path):
        (tmp_path / "main.tf").write_text('resource "aws_sqs_queue" "q" {\n')
        steps = {step.name: step for step in validate(tmp_path).steps}
        assert steps["init"].status == "failed"
        assert "on main.tf line 1" in steps["init"].message
        assert steps["plan"].status == "skipped"
        assert steps["plan"].message == "init failed"

    @pytest.mark.slow
    def test_what_cannot_be_planned_offline_is_skipped_with_the_reason(self, tmp_path):
        main = tmp_path / "main.tf"
        main.write_text('variable "name" {\n  type = string\n}\n\ndata "aws_caller_identity" "me" {}\n')
        steps = {step.name: step for step in validate(tmp_path).steps}
        assert (steps["plan"].status, steps["plan"].message) == ("skipped", "needs values for name")
        assert (steps["test"].status, steps["test"].message) == ("skipped", "there is no .tftest.hcl file")
        plan = validate(tmp_path, {"name": "x"}).steps[-1]
        assert (plan.status, plan.message[:25]) == ("skipped", "needs an answer from AWS,")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path / "absent", "absent does not exist; give a directory"),
        (lambda path: path / "file.tf", r"file\.tf is a file; give the directory that holds it"),
        (lambda path: path / "empty", r"empty holds no \.tf or \.tf\.json file"),
    ],
)
def test_what_is_no_directory_of_terraform_is_refused_in_a_sentence(tmp_path, make, message):
    (tmp_path / "file.tf").touch()
    (tmp_path / "empty").mkdir()
    with pytest.raises(TerraformError, match=message):
        validate(make(tmp_path))


def test_without_the_binary_a_report_skips_every_step_and_a_plan_is_refused(tmp_path, monkeypatch):
    (tmp_path / "main.tf").touch()
    monkeypatch.setenv("PATH", str(tmp_path))
    report = validate(tmp_path)
    assert {step.status for step in report.steps} == {"skipped"}
    with pytest.raises(TerraformMissingError, match="terraform is not on PATH"):
        offline_plan(tmp_path)


class TestProviderSource:
    def mirror(self, path):
        (path / terraform_cli.AWS / "5.100.0").mkdir(parents=True)
        return path

    def test_a_configuration_file_that_is_named_but_absent_counts_as_none(self, tmp_path):
        found = self.mirror(tmp_path / "opt" / "plugins")
        environ = {"TF_CLI_CONFIG_FILE": str(tmp_path / "absent"), "XDG_DATA_DIRS": str(tmp_path / "none")}
        source = terraform_cli.provider_source(environ, add_on=[tmp_path / "opt"])
        assert (source.origin, source.path) == ("mirror", found)

    def test_a_configuration_that_says_where_providers_come_from_comes_first(self, tmp_path):
        self.mirror(tmp_path / ".terraform.d" / "plugins")
        (tmp_path / ".terraformrc").write_text("provider_installation {\n  direct {}\n}\n")
        assert terraform_cli.provider_source({"HOME": str(tmp_path)}, add_on=[]).origin == "configuration"
        (tmp_path / ".terraformrc").write_text("disable_checkpoint = true\n")
        assert terraform_cli.provider_source({"HOME": str(tmp_path)}, add_on=[]).origin == "implied mirror"

    @pytest.mark.parametrize(
        ("where", "environ"),
        [
            ("home/.terraform.d/plugins", {}),
            ("home/.local/share/terraform/plugins", {}),
            ("data/terraform/plugins", {"XDG_DATA_HOME": "data"}),
            ("shared/terraform/plugins", {"XDG_DATA_DIRS": "none:shared"}),
            ("stack/terraform.d/plugins", {}),
        ],
    )
    def test_the_implied_mirrors_of_terraform_are_searched(self, tmp_path, monkeypatch, where, environ):
        monkeypatch.chdir(tmp_path)
        self.mirror(Path(where))
        source = terraform_cli.provider_source({"HOME": "home", **environ}, Path("stack"), add_on=[])
        assert (source.origin, source.path) == ("implied mirror", Path(where))

    def test_nothing_on_disk_leaves_the_registry(self, tmp_path):
        environ = {"HOME": str(tmp_path), "XDG_DATA_DIRS": str(tmp_path)}
        assert terraform_cli.provider_source(environ, add_on=[tmp_path]).origin == "registry"

    def test_with_leave_a_mirror_serves_what_it_holds_and_the_registry_the_rest(self, tmp_path):
        source = terraform_cli.ProviderSource("mirror", self.mirror(tmp_path))
        text = source.cli_configuration(tmp_path, downloads=True)
        assert text.count(f'["{terraform_cli.AWS}"]') == 2


def test_no_credential_and_no_setting_of_the_user_reaches_terraform(tmp_path):
    inherited = {
        "PATH": "/bin",
        "AWS_PROFILE": "prod",
        "AWS_SESSION_TOKEN": "t",
        "TF_VAR_x": "1",
        "TF_CLI_ARGS_plan": "-destroy",
        "LD_PRELOAD": "/lib/other.so",
    }
    environ = terraform_cli.offline_environment(inherited, cli=tmp_path / "cli", data=tmp_path / "data")
    assert environ["PATH"] == "/bin"
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN", "TF_VAR_x", "TF_CLI_ARGS_plan", "LD_PRELOAD"} & environ.keys()
    assert environ["AWS_ENDPOINT_URL"] == "http://127.0.0.1:9"


def test_a_command_that_does_not_end_is_ended_with_its_children(tmp_path):
    # The child ignores the first signal, as a provider may; only the second reaches it.
    child = (
        "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "open('child', 'w').write(str(os.getpid())); time.sleep(60)"
    )
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    started = time.monotonic()
    with pytest.raises(TerraformError, match="was ended after 2 s"):
        terraform_cli.run([sys.executable, "-c", parent], cwd=tmp_path, environ=os.environ, timeout_s=2)
    assert time.monotonic() - started < 15
    pid = int((tmp_path / "child").read_text())
    for _ in range(50):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        if Path(f"/proc/{pid}/stat").exists() and Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
            return  # ended, and waits only for its new parent to notice
        time.sleep(0.1)
    os.kill(pid, signal.SIGKILL)
    pytest.fail("the child outlived its parent")


def test_the_source_of_a_modules_example_is_the_module_and_not_what_lies_beside_the_modules(tmp_path):
    for name in ("a/stack", "a/modules/one/examples/small", "a/modules/two"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "a/stack/main.tf").write_text('module "one" {\n  source = "../modules/one"\n}\n')
    (tmp_path / "a/modules/one/main.tf").write_text("locals {}\n")
    (tmp_path / "a/modules/one/examples/small/main.tf").write_text('module "one" {\n  source = "../.."\n}\n')
    reached = {str(path.relative_to(tmp_path)) for path in terraform_cli.reached(tmp_path / "a/stack")}
    assert reached == {"a/stack", "a/modules/one"}


def test_the_source_of_a_module_in_a_test_is_meant_from_where_the_tests_run(tmp_path):
    for name in ("stack/tests", "setup"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "stack/tests/run.tftest.hcl").write_text('run "setup" {\n  module {\n    source = "../setup"\n  }\n}\n')
    reached = {str(path.relative_to(tmp_path)) for path in terraform_cli.reached(tmp_path / "stack")}
    assert reached == {"stack", "setup"}


def test_what_a_text_names_by_a_relative_path_is_reached_through_modules(tmp_path):
    for name in ("a/stack", "a/modules/one", "a/modules/two", "shared"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "a/stack/main.tf").write_text('module "one" {\n  source = "../modules/one"\n}\n')
    (tmp_path / "a/modules/one/main.tf").write_text('module "two" {\n  source = "../two"\n}\n')
    (tmp_path / "a/modules/two/main.tf").write_text('locals {\n  t = file("${path.module}/../../../shared/text")\n}\n')
    (tmp_path / "shared/text").write_text("t")
    directory = tmp_path / "a" / "stack"
    reached = {str(path.relative_to(tmp_path)) for path in terraform_cli.reached(directory)}
    assert reached == {"a/stack", "a/modules/one", "a/modules/two", "shared/text"}
    copy = terraform_cli.copied_tree(directory, tmp_path / "scratch" / "tree")
    assert (copy / "../../shared/text").read_text() == "t"
    assert (copy / "../modules/two/main.tf").is_file()
    assert not (copy / "main.tf").is_symlink()


PLAN = {
    "variables": {"password": {"value": "s3cret"}, "users": {"value": 5000}},
    "planned_values": {
        "outputs": {"password": {"sensitive": True, "value": "s3cret"}},
        "root_module": {
            "child_modules": [
                {
                    "resources": [
                        {
                            "address": "module.x.aws_db_instance.d",
                            "values": {"password": "s3cret", "tags": {"a": "b"}, "list": ["s3cret", "open"]},
                            "sensitive_values": {"password": True, "tags": {}, "list": [True]},
                        }
                    ]
                }
            ]
        },
    },
    "resource_changes": [
        {
            "type": "aws_db_instance",
            "change": {
                "before": None,
                "before_sensitive": False,
                "after": {"password": "s3cret", "engine": "mysql"},
                "after_sensitive": {"password": True, "tags": {}},
            },
        }
    ],
    "output_changes": {"password": {"after": "s3cret", "after_sensitive": True}},
    "configuration": {
        "root_module": {
            "variables": {"password": {"default": "s3cret", "sensitive": True}, "users": {"default": 5000}},
            "resources": [
                {
                    "type": "aws_db_instance",
                    "expressions": {
                        "password": {"constant_value": "s3cret"},
                        "engine": {"constant_value": "mysql"},
                    },
                }
            ],
            "module_calls": {
                "m": {
                    "expressions": {"token": {"constant_value": "s3cret"}, "name": {"constant_value": "open"}},
                    "module": {"variables": {"token": {"sensitive": True}, "name": {}}},
                }
            },
        }
    },
}


class TestMasking:
    def test_a_secret_is_nowhere_in_a_masked_plan_and_the_rest_stays(self):
        text = json.dumps(masked_plan(PLAN))
        assert "s3cret" not in text
        assert text.count("open") == 2
        assert text.count("mysql") == 2
        assert text.count("5000") == 2

    def test_the_plan_that_is_given_stays_as_it_is(self):
        before = json.dumps(PLAN)
        masked_plan(PLAN)
        assert json.dumps(PLAN) == before
