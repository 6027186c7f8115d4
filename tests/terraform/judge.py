"""Terraform as judge of generated expressions and configurations: what it says of each, in few runs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from analysis import terraform
from analysis.architecture import Unknown
from analysis.validation import terraform_cli

BATCH = 300
ROUNDS = 20
ERROR = {"error": True}
UNKNOWN = {"unknown": True}


def run(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Terraform in a directory, without the machine's own configuration of it; these modules need no provider."""
    found = terraform_cli.find()
    assert found is not None
    environment = {**os.environ, "TF_CLI_CONFIG_FILE": os.devnull, "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
    return subprocess.run(
        [str(found.binary), *arguments], cwd=directory, env=environment, capture_output=True, text=True, check=False
    )


def outputs(expressions: Mapping[int, str]) -> tuple[str, dict[int, int]]:
    """One output for each expression, and which expression each line of them belongs to."""
    lines: list[str] = []
    owner: dict[int, int] = {}
    for number, expression in expressions.items():
        for line in f'output "o{number}" {{\n  value = [{expression}]\n}}'.split("\n"):
            lines.append(line)
            owner[len(lines)] = number
    return "\n".join(lines) + "\n", owner


def theirs(preamble: str, expressions: Sequence[str]) -> list[Any]:
    """What Terraform says of each expression: its value in a list, `ERROR` or `UNKNOWN`."""
    answers: list[Any] = []
    for start in range(0, len(expressions), BATCH):
        answers += _batch(preamble, expressions[start : start + BATCH])
    return answers


def _batch(preamble: str, expressions: Sequence[str]) -> list[Any]:
    alive = dict(enumerate(expressions))
    with tempfile.TemporaryDirectory(prefix="gameday-judge-") as name:
        directory = Path(name)
        (directory / "main.tf").write_text(preamble, "utf-8")
        run(directory, "init", "-input=false")
        for _ in range(ROUNDS):  # an error in one output hides no other of its phase, but ends the plan
            text, owner = outputs(alive)
            (directory / "outputs.tf").write_text(text, "utf-8")
            planned = run(directory, "plan", "-json", "-out=plan", "-input=false", "-refresh=false")
            wrong = set()
            for line in planned.stdout.splitlines():
                said = json.loads(line)
                if said.get("type") != "diagnostic" or said["diagnostic"]["severity"] != "error":
                    continue
                place = said["diagnostic"].get("range") or {}
                named = re.search(r'output value "o(\d+)"', said["diagnostic"].get("detail", ""))  # infinity
                assert place.get("filename") == "outputs.tf" or named, line
                wrong.add(int(named[1]) if named else owner[place["start"]["line"]])
            if not wrong:
                break
            alive = {number: text for number, text in alive.items() if number not in wrong}
        shown = json.loads(run(directory, "show", "-json", "plan").stdout)
    found = shown["planned_values"].get("outputs", {})
    answers = []
    for number in range(len(expressions)):
        value = found.get(f"o{number}", {}).get("value")
        answers.append(ERROR if number not in alive else UNKNOWN if value is None else value)
    return answers


def ours(preamble: str, expressions: Sequence[str]) -> list[Any]:
    """What the evaluator says of each expression, in the same form."""
    answers: list[Any] = []
    for start in range(0, len(expressions), BATCH):
        batch = dict(enumerate(expressions[start : start + BATCH]))
        text, owner = outputs(batch)
        found = loaded({"main.tf": preamble, "outputs.tf": text})
        wrong = {owner[error.location.line] for error in found.errors if error.location.file == "outputs.tf"}
        for number in batch:
            value = found.outputs[f"o{number}"].value
            unknown = isinstance(value, Unknown) or isinstance(value[0], Unknown)
            answers.append(ERROR if number in wrong else UNKNOWN if unknown else as_json(value))
    return answers


def loaded(files: Mapping[str, str]) -> Any:
    """The stack of these files, evaluated."""
    with tempfile.TemporaryDirectory(prefix="gameday-judged-") as name:
        written(Path(name), files)
        return terraform.load(Path(name))


def written(directory: Path, files: Mapping[str, str]) -> None:
    """Write the files of a configuration."""
    for path, text in files.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text(text, "utf-8")


def as_json(value: Any) -> Any:
    """A value as JSON has it: no tuple, whole numbers without a point, what is unknown left out."""
    if isinstance(value, Mapping):
        return {key: as_json(item) for key, item in value.items() if not isinstance(item, Unknown)}
    if isinstance(value, (list, tuple)):
        return [None if isinstance(item, Unknown) else as_json(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def same(left: Any, right: Any) -> bool:
    """Whether two answers are one; 1, true and "1" are three."""
    return json.dumps(as_json(left), sort_keys=True) == json.dumps(as_json(right), sort_keys=True)


def their_plan(files: Mapping[str, str]) -> Any:
    """What Terraform says of a configuration: `ERROR`, or its resources with their inputs and its outputs, as far as known."""
    with tempfile.TemporaryDirectory(prefix="gameday-judge-") as name:
        directory = Path(name)
        written(directory, files)
        if run(directory, "init", "-input=false").returncode:
            return ERROR
        if run(directory, "plan", "-out=plan", "-input=false", "-refresh=false").returncode:
            return ERROR
        shown = json.loads(run(directory, "show", "-json", "plan").stdout)
    resources = {}
    for change in shown.get("resource_changes", []):
        given = change["change"]["after"].get("input")
        resources[change["address"]] = given if change["change"]["after_unknown"].get("input") is not True else None
    found = shown["planned_values"].get("outputs", {})
    return {"resources": resources, "outputs": {name: row["value"] for name, row in found.items() if "value" in row}}


def our_plan(files: Mapping[str, str]) -> Any:
    """What the evaluator says of a configuration, in the same form."""
    found = loaded(files)
    if found.errors:
        return ERROR
    known = {name: output.value for name, output in found.outputs.items() if not isinstance(output.value, Unknown)}
    inputs = {resource.address: resource.values.get("input") for resource in found.resources}
    return {
        "resources": {address: None if isinstance(v, Unknown) else as_json(v) for address, v in inputs.items()},
        "outputs": {name: as_json(value) for name, value in known.items() if value is not None},
    }
