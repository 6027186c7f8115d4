"""What the real Terraform answered, recorded in this folder's `answers/` with what the answer rests on.

Terraform and its provider take seconds to start for each question, and the same question has the same answer. So a test asks

    plan = answers.of("plan-buzzer", answers.basis(directory), lambda: offline_plan(directory))

and gets what was recorded if the recorded question is this one: the same files, Terraform and provider. If not, Terraform is
asked. `--record` asks and writes the file; under `--all` Terraform is asked as well, and another answer to the same question
fails. Nothing fails because an answer is stale: it only takes its time, until somebody records it again.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import lzma
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import rotation

from analysis import files
from analysis.evidence import digest
from analysis.validation import offline_plan, terraform_cli
from analysis.validation.kept import default_cache
from analysis.validation.terraform_cli import TerraformError

FOLDER = Path(__file__).with_name("answers")
CONFIGURATION = (".tf", ".tf.json", ".tfvars", ".tfvars.json")
AGAIN = "record it again: .venv/bin/python -m pytest tests/validation tests/terraform --record"


def basis(directory: Path, *more: object) -> str:
    """A digest of what an answer about a directory can depend on: its Terraform, modules and tests, the versions, and more."""
    terraform = terraform_cli.find(directory=directory)
    tests = {path.name: path.read_text(encoding="utf-8") for path in sorted(directory.glob("tests/*.tftest.hcl"))}
    tools = (terraform.version, provider_versions(terraform.providers.path)) if terraform else ()
    return digest([content_hash(directory), tests, tools, *more])


def content_hash(directory: Path) -> str:
    """A hash of everything an apply of this directory depends on, its modules included.

    A file that is no configuration counts where the text of some configuration names it, or a folder that it lies in: so a page
    that is uploaded does, and a record, a note or a test beside the configuration does not. Raises TerraformError where there is
    no configuration, or too much of it to be read.
    """
    directory = terraform_cli.configuration_directory(Path(directory))
    files = terraform_cli.files_below(terraform_cli.reached(directory))
    if files is None:
        raise TerraformError(f"{directory} reaches more files than can be read; name a directory of one stack")
    text = "\n".join(
        path.read_text(encoding="utf-8", errors="replace") for path in files if path.name.endswith(CONFIGURATION)
    )
    digest = hashlib.sha256()
    for path in files:
        relative = Path(os.path.relpath(path, directory))
        if not path.name.endswith(CONFIGURATION) and not _named(relative, text):
            continue
        name, content = str(relative).encode(), path.read_bytes()
        digest.update(b"%d:%s%d:" % (len(name), name, len(content)) + content)
    return digest.hexdigest()[:16]


def _named(relative: Path, text: str) -> bool:
    """Whether a text names the file, or the folder it lies in as the beginning of a path."""
    parts = [part for part in relative.parts if part != ".."]
    file = rf"(?<![\w.-]){re.escape(parts[-1])}(?![\w-])"
    folder = rf"|(?<![\w.-]){re.escape(parts[-2])}/" if len(parts) > 1 else ""
    return re.search(file + folder, text) is not None


def provider_versions(mirror: Path | None) -> tuple[str, ...]:
    """The versions of the AWS provider that a mirror on this machine has; none where it comes from elsewhere."""
    if mirror is None or not (mirror / terraform_cli.AWS).is_dir():
        return ()
    names = (path.name.removeprefix("terraform-provider-aws_") for path in (mirror / terraform_cli.AWS).iterdir())
    return tuple(sorted(name.split("_")[0] for name in names if name[:1].isdigit()))


@cache
def kept_in() -> Path:
    """The cache for questions that are not recorded: that of the checkout, but one of this process where all are asked again."""
    if not rotation.everything() and not rotation.recording():
        return default_cache()
    directory = tempfile.mkdtemp(prefix="gameday-answers-")
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    return Path(directory)


def plan(directory: Path) -> Any:
    """The masked plan of a directory from nothing, as `offline_plan` gives it but for its timestamp: one for all tests."""

    def ask() -> Any:
        return {name: value for name, value in offline_plan(directory, cache=kept_in()).items() if name != "timestamp"}

    return of(f"plan-{directory.name}", basis(directory), ask)


def of(
    name: str,
    rests_on: str,
    ask: Callable[[], Any],
    *,
    keep: Callable[[Any], bool] = lambda _: True,
    folder: Path = FOLDER,
) -> Any:
    """The answer under that name, recorded or asked; JSON. What `keep` says no to is never recorded."""
    path = folder / f"{name}.json.xz"
    recorded = read(path)
    known = recorded is not None and recorded["rests_on"] == rests_on
    if known and not rotation.everything() and not rotation.recording():
        return recorded["answer"]
    answer = ask()
    if rotation.recording():
        if keep(answer) and (not known or recorded["answer"] != answer):
            write(path, rests_on, answer)
    elif known and recorded["answer"] != answer:
        pytest.fail(f"{name}: Terraform answers the same question in another way than was recorded; {AGAIN}")
    return answer


def read(path: Path) -> dict[str, Any] | None:
    """A recorded answer with what it rests on; None where there is none, or where the file is broken."""
    try:
        packed = files.read_bytes(path)
        recorded = json.loads(lzma.decompress(packed))
    except (OSError, ValueError, lzma.LZMAError, EOFError):
        return None
    return recorded if isinstance(recorded, dict) and {"rests_on", "answer"} <= recorded.keys() else None


def write(path: Path, rests_on: str, answer: Any) -> None:
    """Writes an answer, whole or not at all; the same answer gives the same bytes."""
    text = json.dumps({"rests_on": rests_on, "answer": answer}, sort_keys=True, separators=(",", ":"))
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write(path, lzma.compress(text.encode(), preset=9))
