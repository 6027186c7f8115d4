"""The stages planned without AWS, on a kept state: what each does, what it drags in, and what the rules say of it.

Each stage is planned on the state before the migration, with everything up to and including itself; what it does by
itself is what that plan does beyond the one before (`changes.difference`). So the plans do not wait for one another, and
no apply is needed. The applied form (`applied`) says whether the same comes out when each stage is planned on what the
one before has left.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis import evidence
from analysis.migration import partial
from analysis.migration.changes import Change, changes, difference
from analysis.migration.rules import Finding, stage_findings
from analysis.migration.stages import Migration, MigrationError, Stage, order_findings
from analysis.validation import kept, terraform_cli
from analysis.validation.masking import masked_plan
from analysis.validation.offline import TO_PLAN
from analysis.validation.terraform_cli import Terraform, TerraformError, Workspace

LOCK_FILE = ".terraform.lock.hcl"

LANES = 2
"""Plans at the same time; more than processors only wait for each other."""


@dataclass(frozen=True)
class StagePlan:
    """What one stage does. `plan` is the masked plan from the start of the migration up to the stage's end."""

    stage: Stage
    targets: tuple[str, ...]
    changes: tuple[Change, ...]
    findings: tuple[Finding, ...]
    plan: Mapping[str, Any]


@dataclass(frozen=True)
class Staged:
    """The stages of a migration, planned. `unowned` are changes of the whole target that no stage brings.

    `modules` says where each module of the target stands, by its key, relative to the target.
    """

    migration: Migration
    whole: tuple[Change, ...]
    stages: tuple[StagePlan, ...]
    unowned: tuple[str, ...]
    modules: Mapping[str, Path]

    @property
    def fine(self) -> bool:
        """Whether nothing is to be said against it."""
        return not self.unowned and not any(finding.blocks for stage in self.stages for finding in stage.findings)


class Planner:
    """A context in which the target and its stages are planned on a state, offline. Raises TerraformError as Terraform does."""

    def __init__(
        self,
        migration: Migration,
        state: Path,
        variables: Mapping[str, object] = {},
        terraform: Terraform | None = None,
        timeout_s: float = 300,
        *,
        trust: bool = False,
    ) -> None:
        found = terraform or terraform_cli.wanted(TO_PLAN)
        self.migration = migration
        self.state = state
        self.variables = dict(variables)
        self.timeout_s = timeout_s
        self.workspace = Workspace(migration.target, found, trust=trust)

    def __enter__(self) -> Planner:
        self.workspace.__enter__()
        try:
            self.root = partial.copied(self.migration.target, self.workspace.scratch / "whole")
            self._offline(self.root)
            self.workspace.copy = self.root
            shutil.copyfile(self.state, self.workspace.scratch / "state")
            self._initialise()
        except BaseException:
            self.workspace.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.workspace.__exit__(None, None, None)

    def _initialise(self) -> None:
        init = self.workspace.init(self.timeout_s)
        self.workspace.require("plan")
        if init.status:
            raise TerraformError(f"terraform init failed: {terraform_cli.sentence(init.stderr or init.stdout)}")
        self.modules = partial.modules_of(self.workspace.scratch / "data", self.root)

    def _offline(self, root: Path) -> None:
        text = terraform_cli.offline_override(self.migration.target, self.workspace.scratch / "state")
        (root / terraform_cli.OVERRIDE_FILE).write_text(text, encoding="utf-8")

    def whole(self) -> dict[str, Any]:
        """The plan of the whole target on the state, masked."""
        return self._planned(self.root, "whole", ())

    def altered(self, name: str, alter: Callable[[Path], None]) -> dict[str, Any]:
        """The plan of the whole target on the state after `alter` has changed a copy of it: for faults that are planted."""
        root = partial.copied(self.migration.target, self.workspace.scratch / name)
        alter(root)
        self._offline(root)
        shutil.copyfile(self.root / LOCK_FILE, root / LOCK_FILE)
        return self._planned(root, name, ())

    def stage(self, whole: Sequence[Change], number: int) -> dict[str, Any]:
        """The plan of everything up to and including the stage `number` (from 0) on the state, masked."""
        migration = self.migration
        root = partial.copied(migration.target, self.workspace.scratch / f"stage{number}")
        frozen = partial.held(migration, whole, number)
        partial.put(root, partial.overrides(frozen, partial.in_place(migration, number), self.modules), self.modules)
        self._offline(root)
        shutil.copyfile(self.root / LOCK_FILE, root / LOCK_FILE)
        upto = dict.fromkeys(one for each in range(number + 1) for one in partial.targets(migration, whole, each))
        return self._planned(root, f"stage{number}", tuple(partial.command(tuple(upto))))

    def _planned(self, root: Path, name: str, arguments: Sequence[str]) -> dict[str, Any]:
        workspace = self.workspace
        out = workspace.scratch / f"{name}.plan"
        given = workspace.scratch / f"{name}.tfvars.json"
        given.write_text(json.dumps(self.variables, default=str), encoding="utf-8")
        done = self._run(
            root,
            *("plan", "-json", "-input=false", "-refresh=false", "-lock=false"),
            f"-out={out}",
            f"-var-file={given}",
            *arguments,
        )
        events = (event["diagnostic"] for event in terraform_cli.streamed(done.stdout) if "diagnostic" in event)
        if done.status:
            said = terraform_cli.diagnostics(event for event in events if event.get("severity") == "error")
            reason = str(said[0]) if said else terraform_cli.sentence(done.stderr or done.stdout)
            more = f" (and {len(said) - 1} more)" if len(said) > 1 else ""
            raise TerraformError(f"terraform plan of {name} failed: {reason}{more}")
        shown = self._run(root, "show", "-json", str(out))
        if shown.status:
            raise TerraformError(f"terraform show failed: {terraform_cli.sentence(shown.stderr)}")
        return masked_plan(json.loads(shown.stdout))

    def _run(self, root: Path, *arguments: str) -> terraform_cli.Completed:
        argv = [str(self.workspace.terraform.binary), *arguments]
        return terraform_cli.run(
            self.workspace.confined(argv), cwd=root, environ=self.workspace.environ, timeout_s=self.timeout_s
        )


def staged(
    migration: Migration,
    state: Path | None = None,
    variables: Mapping[str, object] = {},
    *,
    progress: Callable[[str], None] = lambda _what: None,
    cache: Path | None = None,
    trust: bool = False,
) -> Staged:
    """Every stage of a migration planned on a kept state, with what the rules say; raises as `plans` does."""
    found = plans(migration, state, variables, progress=progress, cache=cache, trust=trust)
    return assembled(migration, found)


def plans(
    migration: Migration,
    state: Path | None = None,
    variables: Mapping[str, object] = {},
    *,
    progress: Callable[[str], None] = lambda _what: None,
    cache: Path | None = None,
    trust: bool = False,
) -> dict[str, Any]:
    """What Terraform plans: `whole` for the target, `stages` up to each stage, `modules` where each module stands; plain JSON.

    Kept on disk under a hash of everything they depend on. Raises MigrationError where the file does not fit the stacks or no
    state is given, RefusedError where a plan would start a program of the target's and `trust` is off, TerraformError where
    Terraform cannot plan.
    """
    where = state or migration.state
    if where is None:
        raise MigrationError(
            f"{migration.file.name}: no state is kept for it; give one with --state (terraform state pull > FILE), or --apply"
        )
    found = terraform_cli.wanted(TO_PLAN)
    # What the plans depend on, so that another reason or another minute in the file does not make them again.
    shape = {
        "variables": dict(variables),
        "brings": [[stage.name, *map(str, stage.brings)] for stage in migration.stages],
        "meanwhile": [[given.argument, given.value, given.until] for given in migration.meanwhile],
    }
    name = kept.key("stages", migration.target, found, shape, (where,))

    def made() -> dict[str, Any]:
        with Planner(migration, where, variables, found, trust=trust) as planner:
            progress("plan of the whole target")
            whole = planner.whole()
            first = changes(whole)
            order_findings(migration, first)

            def one(number: int) -> dict[str, Any]:
                progress(f"plan of stage {migration.stages[number].name}")
                return planner.stage(first, number)

            with ThreadPoolExecutor(min(LANES, os.cpu_count() or 1)) as pool:
                stages = list(pool.map(one, range(len(migration.stages))))
            modules = {key: path.as_posix() for key, path in planner.modules.items()}
            return {"whole": whole, "stages": stages, "modules": modules}

    return evidence.answer(cache or kept.default_cache(), name, made, lambda _plans: True)


def assembled(migration: Migration, plans: Mapping[str, Any]) -> Staged:
    """The stages from their `plans`: what each does beyond the one before it, and what the rules say of that."""
    modules = {key: Path(path) for key, path in plans["modules"].items()}
    first = changes(plans["whole"])
    unowned = order_findings(migration, first)
    made, before = [], tuple[Change, ...]()
    for number, plan in enumerate(plans["stages"]):
        upto = changes(plan)
        stage = migration.stages[number]
        does = difference(before, upto)
        made.append(
            StagePlan(
                stage, partial.targets(migration, first, number), does, stage_findings(migration, stage, does), plan
            )
        )
        before = upto
    return Staged(migration, first, tuple(made), unowned, modules)


def written(staged: Staged, directory: Path) -> tuple[Path, ...]:
    """The configuration of every stage below `directory`, ready for `terraform init` and `apply`, in the order of the stages.

    Beside each stands `targets`, the arguments that the apply needs, quoted as TF_CLI_ARGS_apply wants them. Raises
    MigrationError where something stands in the way.
    """
    migration = staged.migration
    if directory.exists() and any(directory.iterdir()):
        raise MigrationError(f"{directory} is not empty; name a directory that is to be made")
    roots = []
    for number, plan in enumerate(staged.stages):
        folder = directory / f"{number + 1:02}-{plan.stage.name}"
        root = partial.copied(migration.target, folder)
        frozen = partial.held(migration, staged.whole, number)
        files = partial.overrides(frozen, partial.in_place(migration, number), staged.modules)
        partial.put(root, files, staged.modules)
        lines = "".join(f"{shlex.quote(argument)}\n" for argument in partial.command(plan.targets))
        (folder / "targets").write_text(lines, encoding="utf-8")
        roots.append(root)
    return tuple(roots)
