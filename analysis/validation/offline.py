"""What the real Terraform plans for a directory, with the real provider and without AWS; kept on disk by content."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis import evidence
from analysis.validation import kept, terraform_cli
from analysis.validation.masking import masked_plan
from analysis.validation.terraform_cli import Terraform, TerraformError, Workspace

TO_PLAN = "to plan with it"
"""What Terraform is wanted for, in the sentence that says that there is none."""


def offline_plan(
    directory: Path,
    variables: Mapping[str, object] = {},
    *,
    var_files: Sequence[Path] = (),
    terraform: Terraform | None = None,
    cache: Path | None = None,
    timeout_s: float = 300,
    trust: bool = False,
) -> dict[str, Any]:
    """The plan of a directory from nothing, as `terraform show -json` gives it, with secrets masked (`masking.MASK`).

    `variables` override `var_files`, which override the directory's own tfvars; TF_VAR_* of the environment is not read. A plan
    is kept in `cache` under a hash of every file it can depend on, the variables and the versions, so that tests and pages
    share it. Raises TerraformMissingError where there is no Terraform and TerraformError, with Terraform's diagnostics, where it
    cannot plan: broken HCL, a missing variable, a data source that only AWS can answer, a provider that cannot be had.
    """
    directory = terraform_cli.configuration_directory(Path(directory))
    found = terraform or terraform_cli.wanted(TO_PLAN)
    return evidence.answer(
        cache or kept.default_cache(),
        kept.key("plan", directory, found, variables, var_files),
        lambda: _planned(directory, variables, var_files, found, timeout_s, trust=trust),
        lambda _plan: True,
    )


def _planned(
    directory: Path,
    variables: Mapping[str, object],
    var_files: Sequence[Path],
    terraform: Terraform,
    timeout_s: float,
    *,
    trust: bool,
) -> dict[str, Any]:
    with _initialised(directory, terraform, timeout_s, trust=trust) as workspace:
        return plan_in(workspace, variables, var_files, timeout_s)


@contextmanager
def _initialised(
    directory: Path, terraform: Terraform, timeout_s: float, *, trust: bool, downloads: bool = False
) -> Iterator[Workspace]:
    """A copy of the directory after `terraform init`; raises TerraformError with its reason where it failed."""
    with Workspace(directory, terraform, trust=trust, downloads=downloads) as workspace:
        init = workspace.init(timeout_s)
        if init.status:
            raise TerraformError(f"terraform init failed: {terraform_cli.sentence(init.stderr or init.stdout)}")
        yield workspace


ENVIRONMENTS = "environments"
"""The directory of a stack with a file of values for each of its environments."""


@dataclass(frozen=True, slots=True)
class PlanText:
    """A plan as `terraform show` prints it, secrets masked. `values` names the file of values, empty for the stack's own."""

    values: str
    resources: int
    text: str


def plan_texts(
    directory: Path,
    *,
    terraform: Terraform | None = None,
    timeout_s: float = 600,
    trust: bool = False,
    downloads: bool = False,
) -> tuple[PlanText, ...]:
    """The plan of a stack from nothing with its own values, and with each file of its ENVIRONMENTS, by name.

    Raises what `offline_plan` does, where one of them cannot be planned.
    """
    directory = terraform_cli.configuration_directory(Path(directory))
    found = terraform or terraform_cli.wanted(TO_PLAN)
    files = sorted((directory / ENVIRONMENTS).glob("*.tfvars"))
    with _initialised(directory, found, timeout_s, trust=trust, downloads=downloads) as workspace:
        return tuple(_text_in(workspace, file, timeout_s) for file in (None, *files))


def _text_in(workspace: Workspace, file: Path | None, timeout_s: float) -> PlanText:
    plan = plan_in(workspace, {}, (file,) if file else (), timeout_s)
    shown = workspace.run("show", "-no-color", str(workspace.scratch / PLAN_FILE), timeout_s=timeout_s)
    if shown.status:
        raise TerraformError(f"terraform show failed: {terraform_cli.sentence(shown.stderr)}")
    return PlanText(file.stem if file else "", created(plan), shown.stdout.strip("\n") + "\n")


def created(plan: Mapping[str, Any]) -> int:
    """How many resources a plan creates."""
    managed = (item for item in plan.get("resource_changes", ()) if item.get("mode") == "managed")
    return sum("create" in item["change"]["actions"] for item in managed)


PLAN_FILE = "plan"


def plan_in(
    workspace: Workspace,
    variables: Mapping[str, object] = {},
    var_files: Sequence[Path] = (),
    timeout_s: float = 300,
) -> dict[str, Any]:
    """The masked plan of an initialised workspace; raises TerraformError with Terraform's diagnostics, RefusedError unplanned."""
    workspace.require("plan")
    given = workspace.scratch / terraform_cli.GIVEN_VARIABLES
    given.write_text(json.dumps(dict(variables), default=str), encoding="utf-8")
    out = workspace.scratch / PLAN_FILE
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
