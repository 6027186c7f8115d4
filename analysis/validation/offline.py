"""What the real Terraform plans for a directory, with the real provider and without AWS; kept on disk by content."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import platformdirs

from analysis.validation import terraform_cli
from analysis.validation.masking import masked_plan
from analysis.validation.terraform_cli import Terraform, TerraformError, TerraformMissingError, Workspace

# Raise it when the way a plan is made or masked changes.
RECIPE = 1


def offline_plan(
    directory: Path,
    variables: Mapping[str, object] = {},
    *,
    var_files: Sequence[Path] = (),
    terraform: Terraform | None = None,
    cache: Path | None = None,
    timeout_s: float = 300,
) -> dict[str, Any]:
    """The plan of a directory from nothing, as `terraform show -json` gives it, with secrets masked (`masking.MASK`).

    `variables` override `var_files`, which override the directory's own tfvars; TF_VAR_* of the environment is not read. A plan
    is kept in `cache` under a hash of every file it can depend on, the variables and the versions, so that tests and pages
    share it. Raises TerraformMissingError where there is no Terraform and TerraformError, with Terraform's diagnostics, where it
    cannot plan: broken HCL, a missing variable, a data source that only AWS can answer, a provider that cannot be had.
    """
    directory = terraform_cli.configuration_directory(Path(directory))
    found = terraform or terraform_cli.find(directory=directory)
    if found is None:
        raise TerraformMissingError("terraform is not on PATH; install Terraform 1.7 or later to plan with it")
    key = _key(directory, variables, var_files, found)
    if key is None:
        return _planned(directory, variables, var_files, found, timeout_s)
    cache = cache or default_cache()
    cache.mkdir(parents=True, exist_ok=True)
    kept = cache / f"{key}.json"
    with _locked(cache / f"{key}.lock"):
        plan = _read(kept)
        if plan is None:
            plan = _planned(directory, variables, var_files, found, timeout_s)
            draft = kept.with_suffix(f".{os.getpid()}")
            draft.write_text(json.dumps(plan, sort_keys=True), encoding="utf-8")
            draft.replace(kept)
    return plan


def default_cache() -> Path:
    """`.cache/plans` of the checkout this package runs from, else of the user's cache directory."""
    checkout = Path(__file__).parents[2]
    if (checkout / "pyproject.toml").is_file():
        return checkout / ".cache" / "plans"
    return platformdirs.user_cache_path("gameday") / "plans"


def _read(kept: Path) -> dict[str, Any] | None:
    try:
        plan = json.loads(kept.read_bytes())
    except (OSError, ValueError):  # absent, or cut short by a full disk: plan again
        return None
    return plan if isinstance(plan, dict) else None


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One process plans, the others wait for its result."""
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _key(
    directory: Path, variables: Mapping[str, object], var_files: Sequence[Path], terraform: Terraform
) -> str | None:
    """A hash of all a plan can depend on; None where that is too much to read or reaches around the directory itself."""
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
    return digest.hexdigest()[:32]


def _planned(
    directory: Path,
    variables: Mapping[str, object],
    var_files: Sequence[Path],
    terraform: Terraform,
    timeout_s: float,
) -> dict[str, Any]:
    with Workspace(directory, terraform) as workspace:
        init = workspace.init(timeout_s)
        if init.status:
            raise TerraformError(f"terraform init failed: {terraform_cli.sentence(init.stderr or init.stdout)}")
        return plan_in(workspace, variables, var_files, timeout_s)


def plan_in(
    workspace: Workspace,
    variables: Mapping[str, object] = {},
    var_files: Sequence[Path] = (),
    timeout_s: float = 300,
) -> dict[str, Any]:
    """The masked plan of an initialised workspace; raises TerraformError with Terraform's diagnostics."""
    given = workspace.scratch / terraform_cli.GIVEN_VARIABLES
    given.write_text(json.dumps(dict(variables), default=str), encoding="utf-8")
    out = workspace.scratch / "plan"
    arguments = [f"-var-file={Path(path).resolve()}" for path in var_files] + [f"-var-file={given}"]
    done = workspace.run(
        *("plan", "-json", "-input=false", "-refresh=false", "-lock=false", f"-out={out}", *arguments),
        timeout_s=timeout_s,
    )
    events = [event["diagnostic"] for event in terraform_cli.streamed(done.stdout) if "diagnostic" in event]
    if done.status:
        found = terraform_cli.diagnostics(event for event in events if event.get("severity") == "error")
        reason = str(found[0]) if found else terraform_cli.sentence(done.stderr or done.stdout)
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise TerraformError(f"terraform plan failed: {reason}{more}", found)
    shown = workspace.run("show", "-json", str(out), timeout_s=timeout_s)
    if shown.status:
        raise TerraformError(f"terraform show failed: {terraform_cli.sentence(shown.stderr)}")
    plan = json.loads(shown.stdout)
    declared = plan.get("configuration", {}).get("root_module", {}).get("variables", {})
    if undeclared := sorted(set(variables) - set(declared)):
        raise TerraformError(
            f"{', '.join(undeclared)}: no such variable in {workspace.directory.name}; correct the name"
        )
    return masked_plan(plan)
