"""The command line as its users type it: what it prints, where, and with which exit status."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from analysis.commands import app
from analysis.commands.common import FINDINGS, FINE, UNREADABLE

ROOT = Path(__file__).parent.parent
BASELINE = ROOT / "terraform" / "stacks" / "buzzer_baseline"
FINAL = ROOT / "terraform" / "scenarios" / "buzzer_final.toml"

SHOP = """
provider "aws" {
  region = "us-east-1"
}
variable "size" {
  type    = number
  default = 20
}

variable "password" {
  type      = string
  sensitive = true
  default   = "hunter2-hunter2"
}

resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_subnet" "a" {
  vpc_id     = aws_vpc.main.id
  cidr_block = cidrsubnet(aws_vpc.main.cidr_block, 8, 1)
}

resource "aws_ebs_volume" "disk" {
  availability_zone = "us-east-1a"
  size              = var.size
  type              = "gp3"
}

resource "aws_ssm_parameter" "secret" {
  name  = "secret"
  type  = "SecureString"
  value = var.password
}

output "vpc" {
  value = aws_vpc.main.id
}
"""


@pytest.fixture
def shop(tmp_path):
    (tmp_path / "main.tf").write_text(SHOP, encoding="utf-8")
    return tmp_path


def gameday(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def read(*words):
    result = gameday(*words, "--json")
    assert result.exit_code == FINE, result.output
    return json.loads(result.stdout)


def test_the_model_has_the_shape_that_others_rely_on(shop):
    found = read("model", shop)
    assert set(found) >= {"stack", "resources", "outputs", "diagnostics"}
    subnet = next(r for r in found["resources"] if r["address"] == "aws_subnet.a")
    assert subnet["type"] == "aws_subnet"
    assert subnet["values"]["cidr_block"] == "10.0.1.0/24"
    assert subnet["values"]["vpc_id"] == {"unknown": "aws_vpc.main.id"}
    assert subnet["defined_at"] == {
        "file": "main.tf",
        "line": SHOP.splitlines().index('resource "aws_subnet" "a" {') + 1,
    }
    assert any("aws_vpc.main" in json.dumps(reference) for reference in subnet["references"])
    assert found["outputs"] == {"vpc": {"unknown": "aws_vpc.main.id"}}
    assert found["diagnostics"] == []


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_secret_is_never_printed(shop, form):
    assert "hunter2" not in gameday("model", shop, *form).output


def test_variables_come_from_the_command_line_a_file_and_the_environment(shop, monkeypatch):
    def size(*words):
        disk = next(r for r in read("model", shop, *words)["resources"] if r["type"] == "aws_ebs_volume")
        return disk["values"]["size"]

    monkeypatch.setenv("TF_VAR_size", "30")
    assert size() == 30
    (shop / "more.tfvars").write_text("size = 40\n", encoding="utf-8")
    assert size("--var-file", shop / "more.tfvars") == 40
    assert size("--var-file", shop / "more.tfvars", "--var", "size=50") == 50


def test_the_cost_has_the_shape_that_others_rely_on(shop):
    bill = read("cost", shop)
    assert set(bill) == {"currency", "window", "as_of", "total", "line_items", "free", "unpriced", "holes"}
    assert bill["currency"] == "USD"
    assert "730" in bill["window"]
    disk = next(item for item in bill["line_items"] if item["address"] == "aws_ebs_volume.disk")
    assert set(disk) == {
        "address", "component", "sku", "quantity", "unit", "unit_price", "cost", "usage_based", "source", "as_of", "confidence",
    }  # fmt: skip
    assert (disk["quantity"], disk["unit_price"], disk["cost"]) == ("20", "0.08", "1.6")
    assert bill["total"] == "1.6"
    assert {entry["address"] for entry in bill["free"]} >= {"aws_vpc.main", "aws_subnet.a"}


def test_a_bill_without_use_lists_what_only_use_decides_and_a_scenario_fills_it():
    def without(bill):
        return [item for item in bill["line_items"] if item["quantity"] is None]

    assert without(read("cost", BASELINE))
    assert not without(read("cost", BASELINE, "--scenario", FINAL))


def test_a_usage_file_fills_the_bill_as_well(shop):
    (shop / "lb.tf").write_text(
        'resource "aws_nat_gateway" "n" {\n  subnet_id = aws_subnet.a.id\n}\n', encoding="utf-8"
    )
    usage = shop / "usage.yml"
    usage.write_text(
        "version: 0.1\nresource_usage:\n  aws_nat_gateway.n:\n    monthly_data_processed_gb: 100\n", encoding="utf-8"
    )
    lines = read("cost", shop, "--usage", usage)["line_items"]
    data = next(item for item in lines if item["sku"] == "nat_gateway.gb")
    assert data["quantity"] == "100"
    assert data["usage_based"] is True


def test_a_key_of_a_usage_file_that_nothing_reads_is_said(shop):
    usage = shop / "usage.yml"
    usage.write_text("version: 0.1\nresource_usage:\n  aws_ebs_volume.disk:\n    monthly_wishes: 3\n", encoding="utf-8")
    result = gameday("cost", shop, "--usage", usage, "--json")
    assert result.exit_code == FINE
    assert "monthly_wishes" in result.stderr


def test_capacity_names_the_bottleneck_of_the_crashed_stack():
    found = read("capacity", BASELINE)
    assert found["bottleneck"] == "service"
    assert read("capacity", BASELINE, "--users", 100)["users"] == 100


def test_a_picture_is_written_and_accounts_for_every_billable_address(tmp_path):
    found = read("diagram", BASELINE, "--out", tmp_path / "b.svg")
    assert found["missing"] == []
    assert (tmp_path / "b.svg").read_text(encoding="utf-8").startswith("<svg")


def test_the_price_book_can_be_searched():
    rows = read("prices", "--find", "fargate.linux.arm64")
    assert {row["sku"] for row in rows} == {"fargate.linux.arm64.vcpu_hour", "fargate.linux.arm64.gb_hour"}
    assert all(row["source"] for row in rows)


def test_prices_of_a_region_without_a_book_are_refused():
    result = gameday("prices", "--region", "mars-north-1")
    assert result.exit_code == UNREADABLE
    assert "mars-north-1" in result.stderr


BAD = {
    "no directory": (lambda d: d / "nowhere", "does not exist"),
    "an empty directory": (lambda d: d, "no "),
    "malformed HCL": (lambda d: _file(d, 'resource "a" {'), "main.tf:"),
    "a cycle": (
        lambda d: _file(d, 'locals {\n  a = local.b\n  b = local.a\n}\noutput "o" {\n  value = local.a\n}\n'),
        "->",
    ),
    "an unknown function": (lambda d: _file(d, 'output "o" {\n  value = uper("x")\n}\n'), "upper"),
    "a missing variable": (lambda d: _file(d, 'variable "v" {}\noutput "o" {\n  value = var.v\n}\n'), "v"),
    "a file outside": (
        lambda d: _file(d, 'output "o" {\n  value = file("../../../../../../etc/passwd")\n}\n'),
        "etc/passwd",
    ),
    "garbage for a plan": (lambda d: _file(d, "{}", "plan.json") / "plan.json", "plan"),
}


def _file(directory, text, name="main.tf"):
    (directory / name).write_text(text, encoding="utf-8")
    return directory


@pytest.mark.parametrize("command", ["model", "cost", "capacity"])
@pytest.mark.parametrize("case", BAD)
def test_bad_input_gets_a_sentence_and_exit_status_two(tmp_path, command, case):
    make, sentence = BAD[case]
    result = gameday(command, make(tmp_path))
    assert result.exit_code == UNREADABLE, result.output
    assert sentence in result.stderr
    assert result.exception is None or isinstance(result.exception, SystemExit)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("cost", BASELINE, "--usage", "u.yml", "--scenario", "s.toml"), "u.yml"),
        (("model", BASELINE, "--var", "zones"), "NAME=VALUE"),
        (("notebook", "nothing"), "there is no notebook"),
        (("capacity", BASELINE, "--users", "-1"), "--users"),
        (("capacity", BASELINE, "--runtime", "cobol"), "cobol"),
        (("capacity", BASELINE, "--scenario", "nowhere.toml"), "nowhere.toml"),
    ],
)
def test_wrong_usage_gets_a_sentence_and_exit_status_two(words, sentence):
    result = gameday(*words)
    assert result.exit_code == UNREADABLE, result.output
    assert sentence in result.stderr


@pytest.mark.parametrize("words", [["season", "x"], ["season", "a/" * 3000], ["model", "."], ["cost", "."]])
def test_a_working_directory_that_was_deleted_gets_a_sentence(tmp_path, monkeypatch, words):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    result = CliRunner().invoke(app, words)
    assert result.exit_code == UNREADABLE
    assert "the working directory is no longer there" in result.stderr or "name too long" in result.stderr
    assert "fault in gameday" not in result.stderr


def test_a_broken_claim_is_an_exit_status_of_one(monkeypatch, tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "claims.toml").write_text(
        '[c]\nsays = "x"\nstack = "buzzer_baseline"\nmeasure = "cost.month"\nband = [1, 2]\n', encoding="utf-8"
    )
    (tmp_path / "terraform").symlink_to(ROOT / "terraform")
    monkeypatch.setattr("analysis.commands.claims.ROOT", tmp_path)
    result = gameday("claims")
    assert result.exit_code == FINDINGS
    assert "no longer holds" in " ".join(result.stdout.split())


def test_help_lists_every_command():
    text = gameday("--help").stdout
    for command in (
        "model",
        "cost",
        "capacity",
        "prove",
        "replay",
        "alarms",
        "validate",
        "diagram",
        "notebook",
        "prices",
        "claims",
        "site",
    ):
        assert f" {command} " in text


def test_the_installed_command_is_this_one():
    done = subprocess.run(
        [sys.executable, "-m", "analysis", "model", "nowhere"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == UNREADABLE
    assert "Traceback" not in done.stderr


def test_the_command_line_starts_without_the_compiler():
    started = "import sys, analysis.commands; sys.exit(' '.join({'numba', 'moto', 'altair', 'pandas'} & sys.modules.keys()) or 0)"
    done = subprocess.run([sys.executable, "-c", started], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
