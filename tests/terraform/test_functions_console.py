"""Hundreds of expressions, each worth here what the real Terraform says it is worth."""

import base64
import json
import subprocess
from pathlib import Path

import pytest

from analysis.architecture import Unknown
from analysis.terraform.evaluate import Budget, EvaluationError, Scope, value_of
from analysis.terraform.functions import Context
from analysis.terraform.syntax import parse_expression, parse_template
from analysis.validation import terraform_cli

EXPRESSIONS = [
    line
    for line in (Path(__file__).parent / "console_expressions.txt").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]
FAILS = "<error>"
UNKNOWN = "<unknown>"


def no_names(name, at):
    raise EvaluationError(f"no {name} here", at)


def ours(expression, directory):
    """The value as JSON text decoded, or FAILS."""
    node, diagnostics = parse_expression(f"jsonencode({expression})", "x.tf")
    assert not diagnostics, (expression, diagnostics)

    def read_template(path, at):
        template, problems = parse_template((directory / path).read_text("utf-8"), path)
        assert not problems
        return template

    scope = Scope(Budget(read_template=read_template), {}, no_names, Context(base=directory))
    try:
        value = value_of(node, scope)
        return UNKNOWN if isinstance(value, Unknown) else json.loads(value)
    except EvaluationError:
        return FAILS


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    directory = tmp_path_factory.mktemp("console")
    (directory / "hello.txt").write_text("Hello, wörld\n", "utf-8")
    (directory / "sub").mkdir()
    for name in ("a.txt", "b.txt", "c.json"):
        (directory / "sub" / name).write_text(name)
    (directory / "greeting.tftpl").write_text(
        '%{ for name in names ~}\n  - ${name}: ${port}\n    %{ if name == "b" }last%{ endif ~}\n%{ endfor ~}\nend\n'
    )
    return directory


@pytest.fixture(scope="module")
def theirs(directory):
    """What Terraform says of each expression, asked in few runs: its start takes longer than the answers."""
    terraform = terraform_cli.find()
    if terraform is None:
        pytest.skip("the Terraform binary is not found")
    answers = []
    for start in range(
        0, len(EXPRESSIONS), 150
    ):  # a piped console prints the last answer only, and reads lines of 64 KiB
        batch = EXPRESSIONS[start : start + 150]
        wrapped = ", ".join(f'base64encode(try(jsonencode({expression}), "{FAILS}"))' for expression in batch)
        completed = subprocess.run(
            [str(terraform.binary), "console"],
            input=f"[{wrapped}]\n",
            capture_output=True,
            text=True,
            cwd=directory,
            check=False,
        )
        lines = [line.strip().rstrip(",") for line in completed.stdout.splitlines()]
        answers += [line for line in lines if line.startswith(('"', "(known after apply)"))]
        assert len(answers) == start + len(batch), completed.stderr + completed.stdout[-2000:]
    values = {}
    for expression, answer in zip(EXPRESSIONS, answers, strict=True):
        text = UNKNOWN if answer.startswith("(") else base64.b64decode(answer.strip('"')).decode()
        values[expression] = text if text in (FAILS, UNKNOWN) else json.loads(text)
    return values


def test_there_are_several_hundred_distinct_expressions():
    assert len(set(EXPRESSIONS)) == len(EXPRESSIONS) > 400


@pytest.mark.terraform
def test_every_expression_is_worth_what_terraform_says(directory, theirs):
    differences = {
        expression: (ours(expression, directory), theirs[expression])
        for expression in EXPRESSIONS
        if repr(ours(expression, directory)) != repr(theirs[expression])
    }
    assert not differences, "\n".join(f"{e}\n  ours   {a!r}\n  theirs {b!r}" for e, (a, b) in differences.items())
