"""What the real Terraform said of a stack, recorded beside it: the site shows the record and starts no Terraform."""

from __future__ import annotations

import base64
import datetime as dt
import gzip
import os
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from analysis import evidence, files
from analysis.architecture import Architecture
from analysis.evidence import Record
from analysis.validation import report, terraform_cli
from analysis.validation.offline import PlanText
from analysis.validation.report import Report
from analysis.validation.terraform_cli import TerraformError

KIND = "validated"
"""The name of this evidence's record."""


TEXTS = (".tf", ".tf.json", ".tfvars", ".tfvars.json")


def basis(directory: Path, architecture: Architecture) -> Mapping[str, str]:
    """What the answers rest on: the text that the stack reaches, what it resolves to, and its tests."""
    reached = terraform_cli.files_below(terraform_cli.reached(directory.resolve()))
    if reached is None:
        raise TerraformError(f"{directory} reaches more files than can be read; name a directory of one stack")
    text = [path for path in reached if path.name.endswith(TEXTS)]
    tests = sorted(path for suffix in ("hcl", "json") for path in directory.resolve().rglob(f"*.tftest.{suffix}"))
    inputs = {
        name: {os.path.relpath(path, directory.resolve()): files.read_text(path) for path in paths}
        for name, paths in (("text", text), ("tests", tests))
    }
    return evidence.basis(inputs | {"values": evidence.resolved(architecture)}, models=("validate",))


def write(
    directory: Path, found: Report, plans: Sequence[PlanText], recorded_on: dt.date, rests_on: Mapping[str, str]
) -> Path:
    """Writes the record; where to. `rests_on` is the `basis` from before Terraform was asked; the text of a plan is compressed.

    Raises TerraformError where Terraform was not found: then there is nothing to record.
    """
    if not found.versions:
        raise TerraformError("there is nothing to record: terraform is not on PATH")
    steps = [
        step | {"message": "providers installed"} if step["name"] == "init" and step["status"] == "passed" else step
        for step in report.to_json(found)["steps"]
    ]  # where they came from is a path of this machine
    content = {
        "ok": found.ok, "versions": dict(found.versions), "steps": steps,
        "plans": [{"values": one.values, "resources": one.resources, "gzip": _packed(one.text)} for one in plans],
    }  # fmt: skip
    return evidence.write(evidence.beside(directory, KIND), Record(KIND, recorded_on, rests_on, content))


def read(directory: Path, architecture: Architecture) -> tuple[Record | None, str]:
    """The record beside a stack, and a sentence where it is missing or stale. Raises RecordError where it cannot be read."""
    record = evidence.read(evidence.beside(directory, KIND), KIND)
    command = f"`gameday validate terraform/stacks/{directory.name} --record`"
    if record is None:
        return None, f"Terraform's answers about {directory.name} are not recorded; {command} asks it."
    sentence = evidence.stale(record, basis(directory, architecture))
    return record, f"These answers are {sentence}. {command} asks again." if sentence else ""


def plans(record: Record) -> tuple[PlanText, ...]:
    """The plans of a record, the stack's own values first. Raises RecordError where a text is not what was recorded."""
    try:
        return tuple(
            PlanText(one["values"], one["resources"], gzip.decompress(base64.b64decode(one["gzip"])).decode())
            for one in record.content["plans"]
        )
    except (LookupError, TypeError, ValueError, EOFError, OSError, zlib.error) as error:
        raise evidence.RecordError(f"the text of a plan cannot be read ({error}); record it again") from None


def _packed(text: str) -> str:
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode("ascii")
