"""The bill as a person reads it, in 80 columns, and what changes between two stacks."""

import json
import subprocess

import pytest
from typer.testing import CliRunner

from analysis.commands import app
from analysis.commands.bill import WIDTH
from analysis.commands.common import FINE, UNREADABLE

HEAD = 'provider "aws" {\n  region = "us-east-1"\n}\n'
LONG = "a_name_that_is_so_long_that_no_table_of_eighty_columns_could_hold_it_in_a_cell_of_its_own"
DISKS = "".join(
    f'resource "aws_ebs_volume" "d{n}" {{\n  availability_zone = "us-east-1a"\n  size = 1\n}}\n' for n in range(4)
)
GATEWAY = f'resource "aws_nat_gateway" "{LONG}" {{\n  connectivity_type = "private"\n  subnet_id = "subnet-1"\n}}\n'


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def stack(folder, text):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "main.tf").write_text(HEAD + text)
    return folder


def test_an_address_stands_whole_on_a_line_of_its_own_and_all_else_fits(tmp_path):
    lines = run("cost", stack(tmp_path, GATEWAY + DISKS)).stdout.splitlines()
    assert f"  aws_nat_gateway.{LONG}" in lines
    assert all(len(line) <= WIDTH for line in lines if LONG not in line)


def test_services_come_in_the_order_of_their_cost(tmp_path):
    lines = run("cost", stack(tmp_path, DISKS + GATEWAY)).stdout.splitlines()
    assert [line.split()[0] for line in lines if line.startswith(("EBS", "VPC"))] == ["VPC", "EBS"]
    assert lines[-1].split() == ["Total", "$33.25"]


def test_small_resources_of_a_kind_are_folded_with_their_count_and_all_opens_them(tmp_path):
    stack(tmp_path, GATEWAY + DISKS)
    folded, opened = run("cost", tmp_path).stdout, run("cost", tmp_path, "--all").stdout
    assert "4 aws_ebs_volume" in folded
    assert "aws_ebs_volume.d2" not in folded
    assert "aws_ebs_volume.d2" in opened
    assert "4 aws_ebs_volume" not in opened


def test_how_sure_a_price_is_stands_on_its_line(tmp_path):
    text = 'resource "aws_cloudfront_function" "f" {\n  name = "f"\n  runtime = "x"\n  code = "c"\n}\n'
    assert "$0.10 (medium)" in run("cost", stack(tmp_path, text)).stdout


def test_the_day_of_the_bill_is_stated_and_can_be_chosen(tmp_path):
    text = 'resource "aws_eks_cluster" "k" {\n  name = "k"\n  version = "1.32"\n  role_arn = "r"\n}\n'
    stack(tmp_path, text)
    before, after = (run("cost", tmp_path, "--as-of", day).stdout for day in ("2026-03-01", "2026-04-01"))
    assert "as of 2026-03-01" in before
    assert "$73.00" in before
    assert "$438.00" in after
    assert json.loads(run("cost", tmp_path, "--as-of", "2026-04-01", "--json").stdout)["as_of"] == "2026-04-01"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--reserved", "5y"), "--reserved 5y: write 1y or 3y"),
        (("--as-of", "soon"), "--as-of soon: write YYYY-MM-DD"),
        (("--format", "xml"), "xml"),
    ],
)
def test_what_cannot_be_asked_gets_a_sentence(tmp_path, words, sentence):
    result = run("cost", stack(tmp_path, GATEWAY), *words)
    assert result.exit_code == UNREADABLE
    assert sentence in result.stderr


def test_the_forms_of_other_tools_are_printed_alone(tmp_path):
    stack(tmp_path, GATEWAY)
    assert json.loads(run("cost", tmp_path, "--format", "infracost-json").stdout)["totalMonthlyCost"] == "32.85"
    assert run("cost", tmp_path, "--format", "focus").stdout.startswith("BilledCost,")
    assert json.loads(run("cost", tmp_path, "--format", "json").stdout)["total"] == "32.85"


def test_what_a_term_saves_is_listed_with_the_new_total(tmp_path):
    text = 'resource "aws_instance" "web" {\n  ami = "ami-1"\n  instance_type = "m5.large"\n}\n'
    result = run("cost", stack(tmp_path, text), "--reserved", "1y")
    assert "Reserved for 1 year" in result.stdout
    assert "Total with reservations" in result.stdout
    assert "reserved" in json.loads(run("cost", tmp_path, "--reserved", "1y", "--json").stdout)


def test_two_directories_are_compared_by_address(tmp_path):
    old, new = stack(tmp_path / "old", DISKS), stack(tmp_path / "new", DISKS + GATEWAY)
    result = run("cost", "diff", old, new)
    assert result.exit_code == FINE, result.output
    assert f"+ aws_nat_gateway.{LONG}" in result.stdout
    assert result.stdout.splitlines()[-1].split() == ["Total", "$0.40", "$33.25", "+$32.85"]
    assert "| + |" in run("cost", "diff", old, new, "--markdown").stdout
    assert json.loads(run("cost", "diff", old, new, "--json").stdout)["difference"] == "32.85"


def test_a_directory_is_compared_with_itself_in_a_git_revision(tmp_path):
    def git(*words):
        subprocess.run(
            ("git", "-c", "user.name=t", "-c", "user.email=t@example.com", *words),
            cwd=tmp_path,
            check=True,
            capture_output=True,
        )

    folder = stack(tmp_path / "infra", DISKS)
    git("init", "-q")
    git("add", "-A")
    git("commit", "-q", "-m", "one")
    stack(folder, DISKS + GATEWAY)
    result = run("cost", "diff", "HEAD", folder)
    assert result.exit_code == FINE, result.output
    assert result.stdout.splitlines()[-1].split()[-1] == "+$32.85"
    assert run("cost", "diff", "no-such-revision", folder).exit_code == UNREADABLE
    assert run("cost", "diff", "--output=x", folder).exit_code == UNREADABLE
