"""What Terraform said about a directory, kept on disk under a hash of everything it can depend on."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import platformdirs

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
    digest = hashlib.sha256()

    def add(*parts: object) -> None:
        for part in parts:
            data = part if isinstance(part, bytes) else str(part).encode()
            digest.update(f"{len(data)}:".encode() + data)

    add(RECIPE, terraform.version, terraform.providers)
    add(json.dumps(dict(variables), sort_keys=True, default=str))
    for path in (*var_files, *files):
        add(os.path.relpath(path, directory), path.read_bytes())
    return f"{kind}-{digest.hexdigest()[:32]}"


def answer(
    cache: Path, name: str | None, make: Callable[[], dict[str, Any]], keep: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """What is kept under `name`, or what `make` gives; that is kept if `keep` says so. One process makes it, others wait."""
    if name is None:
        return make()
    cache.mkdir(parents=True, exist_ok=True)
    file = cache / f"{name}.json"
    with _locked(cache / f"{name}.lock"):
        found = _read(file)
        if found is None:
            found = make()
            if keep(found):
                draft = file.with_suffix(f".{os.getpid()}")
                draft.write_text(json.dumps(found, sort_keys=True), encoding="utf-8")
                draft.replace(file)
    return found


def _read(file: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(file.read_bytes())
    except (OSError, ValueError):  # absent, or cut short by a full disk: make it again
        return None
    return found if isinstance(found, dict) else None


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
