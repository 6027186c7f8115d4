"""Where what Terraform said about a directory is kept, and under which name: a digest of everything that it can depend on."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import platformdirs

from analysis import evidence
from analysis.validation import terraform_cli
from analysis.validation.terraform_cli import Terraform

# Raise it when the way an answer is made or masked changes.
RECIPE = 2


def default_cache() -> Path:
    """`.cache/terraform` of the checkout this package runs from, else of the user's cache directory."""
    checkout = Path(__file__).parents[2]
    if (checkout / "pyproject.toml").is_file():
        return checkout / ".cache" / "terraform"
    return platformdirs.user_cache_path("gameday") / "terraform"


def key(
    kind: str, directory: Path, terraform: Terraform, variables: Mapping[str, object], var_files: Sequence[Path]
) -> str | None:
    """A name for the answer to these inputs; None where they are too much to read or reach around the directory itself."""
    reached = terraform_cli.reached(directory)
    if any(directory != path and directory.is_relative_to(path) for path in reached):
        return None
    files = terraform_cli.files_below(reached)
    if files is None:
        return None
    texts = {
        os.path.relpath(path, directory): hashlib.sha256(path.read_bytes()).hexdigest() for path in (*var_files, *files)
    }
    given = json.dumps(dict(variables), sort_keys=True, default=str)
    return f"{kind}-{evidence.digest([RECIPE, terraform.version, str(terraform.providers), given, texts])}"
