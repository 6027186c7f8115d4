"""What is typed for version 2 of the command line is given to version 1, or refused where that cannot be."""

import sys

import pytest

from analysis.rehearsal import aws
from analysis.rehearsal.aws import DIFFERENCES, REFUSED, arguments


def test_options_that_only_version_2_has_are_left_out_with_their_values():
    given = ["ecs", "list-clusters", "--no-cli-pager", "--cli-binary-format", "raw-in-base64-out", "--output", "text"]
    assert arguments(given) == ["ecs", "list-clusters", "--output", "text"]
    assert arguments(["s3", "ls", "--cli-binary-format=base64", "s3://b"]) == ["s3", "ls", "s3://b"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["ecs", "list-clusters", "--endpoint-url", "https://ecs.us-east-1.amazonaws.com"], "elsewhere"),
        (["ecs", "list-clusters", "--endpoint-url=https://ecs.us-east-1.amazonaws.com"], "elsewhere"),
        (["--profile", "mine", "s3", "ls"], "--profile"),
        (["logs", "tail", "/a"], "not in version 1"),
        (["configure", "list"], "not in version 1"),
        (["ecs", "execute-command", "--task", "a"], "not in version 1"),
    ],
)
def test_what_cannot_or_may_not_be_run_is_refused_in_a_sentence(given, said, capsys):
    with pytest.raises(SystemExit) as ended:
        arguments(given)
    assert ended.value.code == REFUSED
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "option", ["--endpoint", "--endpoint-ur", "--end", "--prof", "--no-verify", "--no-sign=1", "--ca-b"]
)
def test_a_beginning_by_which_the_command_line_knows_an_option_is_refused_as_the_option(option):
    with pytest.raises(SystemExit):
        arguments(["sts", "get-caller-identity", option, "x"])


def test_an_endpoint_that_is_not_on_this_machine_is_refused(tmp_path, monkeypatch, capsys):
    (tmp_path / "aws.json").write_text('{"endpoint": "http://169.254.169.254:80"}')
    monkeypatch.setattr(sys, "argv", ["aws", str(tmp_path / "aws.json"), "s3", "ls"])
    with pytest.raises(SystemExit) as ended:
        aws.main()
    assert ended.value.code == REFUSED
    assert "it must be http://127.0.0.1" in capsys.readouterr().err


def test_every_difference_says_what_both_versions_do_and_what_is_done_about_it():
    assert all(len(row) == 4 and all(row) for row in DIFFERENCES)
