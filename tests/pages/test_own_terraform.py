"""What the page for strangers tells them to type works on a stack that the project does not know."""

import re
import shlex
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from analysis import files
from analysis.commands import app

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "own-terraform.md"
STACK = Path(__file__).with_name("own_terraform")
TEXT = files.read_text(PAGE)
COMMANDS = [line for block in re.findall(r"```bash\n(.*?)```", TEXT, re.DOTALL) for line in block.splitlines()]


@pytest.fixture
def stack(tmp_path, monkeypatch):
    shutil.copytree(STACK, tmp_path, dirs_exist_ok=True)
    (data,) = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    (tmp_path / "data.toml").write_text(data, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def typed(command):
    program, *words = shlex.split(command)
    assert program == "gameday"
    return CliRunner().invoke(app, words)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_page_answers(stack, command):
    done = typed(command)
    assert done.exit_code in {0, 1}, done.output
    assert "aws_db_instance" in done.output or Path("stack.svg").read_text(encoding="utf-8").startswith("<")


def test_what_has_no_value_is_listed_and_the_rest_is_billed(stack):
    done = typed("gameday cost .")
    assert done.exit_code == 1
    assert "3 of 4 resources" in done.output
    assert "aws_db_instance.shop" in done.output
    assert 'the variable "db_password" has no value' in done.output


def test_the_file_of_the_page_gives_the_values_of_a_data_source(stack):
    done = typed("gameday cost . --placeholders --data data.toml")
    assert done.exit_code == 0
    assert 'aws_sqs_queue.orders["subnet-0a1b2c3d4e5f60718"]' in done.output
    assert "stand-in" not in done.output
