"""`gameday runbooks` prints what is wrong on a stranger's pages, and says so in its exit status."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from analysis.commands import app

ROOT = Path(__file__).parents[2]
GOOD = "# Any page\n\n```bash\naws ecs list-clusters\n```\n"
BAD = "# Any page\n\n```bash\naws ecs list-cluster\n```\n"


def run(*arguments):
    return CliRunner().invoke(app, ["runbooks", *map(str, arguments)])


@pytest.fixture
def pages(tmp_path):
    (tmp_path / "good.md").write_text(GOOD)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "bad.md").write_text(BAD)
    return tmp_path


def test_findings_are_printed_with_their_place_and_the_status_is_1(pages):
    result = run(pages)
    assert result.exit_code == 1
    assert "sub/bad.md:4:9: ecs has no operation list-cluster; perhaps list-clusters" in result.stdout
    assert "2 pages, 2 aws commands, 1 findings, 0 not checked." in result.stdout
    assert run(pages / "good.md").exit_code == 0


def test_a_program_gets_json(pages):
    result = run(pages, "--json")
    told = json.loads(result.stdout)
    assert result.exit_code == 1
    assert (told["pages"], told["aws_commands"], told["unchecked"]) == (2, 2, [])
    assert [(f["line"], f["column"], f["rule"]) for f in told["findings"]] == [(4, 9, "operation")]


def test_names_are_held_against_a_stack_that_is_given(tmp_path):
    page = tmp_path / "x.md"
    page.write_text("```bash\naws ecs list-tasks --cluster buzzer-prod\n```\n")
    assert run(page).exit_code == 0
    result = run(page, "--stack", ROOT / "terraform" / "stacks" / "buzzer")
    assert result.exit_code == 1
    assert "no cluster in the stack or in an earlier command is named buzzer-prod" in result.stdout


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"\xff\x00", "is no UTF-8 text"), (None, "cannot be read")],
)
def test_a_file_that_is_no_page_is_refused_with_status_2(tmp_path, content, said):
    page = tmp_path / "x.md"
    if content is not None:
        page.write_bytes(content)
    result = run(page)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.output


def test_an_empty_page_and_an_empty_folder_are_said(tmp_path):
    assert run(tmp_path).exit_code == 2
    (tmp_path / "x.md").write_text("")
    result = run(tmp_path)
    assert result.exit_code == 1
    assert "the file is empty" in result.stdout


def test_a_block_that_is_never_closed_and_a_command_that_is_none_of_aws_are_told_apart(tmp_path):
    (tmp_path / "x.md").write_text("```console\n$ kubectl get pods\n```\n\n```console\n$ date\n")
    result = run(tmp_path)
    assert "x.md:5:1: the block that begins here is not closed before the page ends" in result.stdout
    assert "kubectl" not in result.output
