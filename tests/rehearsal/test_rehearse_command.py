"""`gameday rehearse` says in a sentence what it cannot rehearse, and starts nothing for it."""

import importlib

import pytest
from typer.testing import CliRunner

from analysis.commands import app

rehearse = importlib.import_module("analysis.commands.rehearse")
RUNNER = CliRunner()

FAULTS = 'pages = ["docs"]\n[faults.busy]\nsays = "It is busy."\n'
PAGE = '---\nfault: busy\n---\n```console title="Check"\n$ echo\n```\n'


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout with one stack, its faults and one runbook; starting an emulator in it is a failure."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "shop.md").write_text(PAGE)
    stack = tmp_path / "terraform" / "stacks" / "shop"
    stack.mkdir(parents=True)
    (stack / "main.tf").write_text("")
    (stack / "rehearsal.toml").write_text(FAULTS)
    monkeypatch.setattr(rehearse, "ROOT", tmp_path)
    monkeypatch.setattr(rehearse, "running", lambda: pytest.fail("an emulator was started"))
    return tmp_path


def refused(*arguments):
    result = RUNNER.invoke(app, ["rehearse", *arguments])
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    return " ".join(result.stderr.split())


def test_a_page_that_does_not_exist_is_refused_with_those_that_do(checkout):
    assert "gone: there is no such runbook; there are shop" in refused("gone")
    assert "there is no such runbook" in refused("elsewhere/shop.md")


def test_a_block_that_is_not_closed_is_named_with_its_line(checkout):
    (checkout / "docs" / "shop.md").write_text(PAGE.removesuffix("```\n"))
    assert "shop.md:4:1: the block that begins here is not closed" in refused("shop")


def test_a_fault_that_does_not_exist_is_refused_before_anything_starts(checkout):
    (checkout / "docs" / "shop.md").write_text(PAGE.replace("busy", "flood"))
    assert "the fault 'flood' is not in" in refused()


def test_a_stack_without_faults_is_refused(checkout):
    (checkout / "terraform" / "stacks" / "shop" / "rehearsal.toml").unlink()
    assert "no stacks have a rehearsal.toml" in refused()
    assert "there is no such file" in refused("--stack", str(checkout / "terraform" / "stacks" / "shop"))


def test_two_stacks_with_faults_want_one_named(checkout):
    other = checkout / "terraform" / "stacks" / "bank"
    other.mkdir()
    (other / "rehearsal.toml").write_text(FAULTS)
    assert "2 stacks have a rehearsal.toml; name one with --stack" in refused()
