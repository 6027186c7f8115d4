"""Without any extra the commands about a stranger's Terraform answer, and the others say what they lack."""

import os
import subprocess
import sys
from importlib.metadata import packages_distributions, requires

import pytest
from packaging.requirements import Requirement

HIDING = """
import sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in hidden:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

hidden = frozenset(sys.argv.pop(1).split())
sys.meta_path.insert(0, Hidden())
from analysis.__main__ import main

main()
"""


def core(name="gameday-notebook"):
    """The distributions that come along when the package is installed without an extra."""
    found, waiting = set(), {name}
    while waiting:
        found |= waiting
        wanted = (Requirement(text) for each in waiting for text in requires(each) or ())
        waiting = {one.name for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""})}
        waiting = {each.lower().replace("_", "-") for each in waiting} - found
    return found


@pytest.fixture(scope="module")
def extras():
    """The modules that only an extra brings."""
    brought = core()
    return sorted(
        module
        for module, names in packages_distributions().items()
        if not {name.lower().replace("_", "-") for name in names} & brought
    )


@pytest.fixture
def stack(tmp_path):
    (tmp_path / "main.tf").write_text(
        'provider "aws" { region = "us-east-1" }\n'
        'resource "aws_instance" "web" {\n  ami           = "ami-0123456789abcdef0"\n  instance_type = "t3.medium"\n}\n'
    )
    return tmp_path


def gameday(extras, *words, cwd):
    return subprocess.run(
        [sys.executable, "-c", HIDING, " ".join(extras), *words],
        cwd=cwd,
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_the_extras_bring_is_hidden(extras):
    assert {"jinja2", "mkdocs", "altair", "nbformat", "moto", "pytest"} <= set(extras)
    assert not {"analysis", "typer", "rich", "numpy", "hcl2", "boto3"} & set(extras)


@pytest.mark.parametrize("words", [["--help"], ["model", "."], ["cost", "."], ["cost", ".", "--json"]])
def test_the_core_answers_without_an_extra(extras, stack, words):
    done = gameday(extras, *words, cwd=stack)
    assert done.returncode == 0, done.stderr
    assert done.stdout


@pytest.mark.parametrize("words", [["new", "shop", "."], ["notebook"], ["compare"], ["diagram", "."]])
def test_what_needs_an_extra_says_which(extras, stack, words):
    done = gameday(extras, *words, cwd=stack)
    assert done.returncode == 2
    assert "pip install 'gameday-notebook[" in done.stderr
    assert "Traceback" not in done.stderr
