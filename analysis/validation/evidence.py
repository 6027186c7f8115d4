"""Slow, real evidence, recorded: a file beside the stack that says what was seen, when, and what it rests on.

`make site` shows such a record and does not make it. A record names the hash of the Terraform it was made from; `stale` says when
that has changed since, and a test runs the real thing again and compares.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analysis.validation import terraform_cli
from analysis.validation.terraform_cli import RECORD_SUFFIX, TerraformError

CONFIGURATION = (".tf", ".tf.json", ".tfvars", ".tfvars.json")


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


def record_file(directory: Path, kind: str) -> Path:
    """Where the record of a kind of evidence about a stack is kept."""
    return Path(directory) / f"{kind}{RECORD_SUFFIX}"


def write(directory: Path, kind: str, document: Mapping[str, Any], recorded_on: dt.date) -> Path:
    """Writes a record with its date; where to. `document` may name what it rests on; else that is what stands there now."""
    path = record_file(directory, kind)
    whole = {"recorded_on": recorded_on.isoformat(), "rests_on": content_hash(directory), **document}
    path.write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def read(directory: Path, kind: str) -> dict[str, Any] | None:
    """The record, None where there is none; raises TerraformError where it cannot be read."""
    path = record_file(directory, kind)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise TerraformError(f"{path} is no record ({error}); make it again") from None
    if not isinstance(found, dict) or not {"recorded_on", "rests_on"} <= found.keys():
        raise TerraformError(f"{path} is no record: it lacks recorded_on or rests_on; make it again")
    return found


def stale(directory: Path, record: Mapping[str, Any]) -> str:
    """A sentence where the Terraform has changed since the record was made, else nothing."""
    if record["rests_on"] == content_hash(directory):
        return ""
    return f"the Terraform has changed since {record['recorded_on']}, when this was recorded"
