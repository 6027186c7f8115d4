"""From a directory of Terraform to an `Architecture`, evaluated as Terraform does it, without Terraform and without AWS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from analysis.architecture import Architecture
from analysis.terraform.encodings import YamlLoader
from analysis.terraform.inputs import placeholders, root_inputs, supplied_data
from analysis.terraform.modules import ModuleInstance
from analysis.terraform.plan_json import from_plan, to_json
from analysis.terraform.resolve import resolve
from analysis.terraform.sources import FOREIGN, InputError, foreign, problem
from analysis.terraform.stack import Stack

__all__ = ["InputError", "YamlLoader", "from_plan", "load", "to_json"]

NOTHING: Mapping[str, object] = MappingProxyType({})
NO_ENVIRONMENT: Mapping[str, str] = MappingProxyType({})


def load(
    directory: Path,
    *,
    variables: Mapping[str, object] = NOTHING,
    var_files: Sequence[Path] = (),
    environ: Mapping[str, str] = NO_ENVIRONMENT,
    cache: Path | None = None,
    stand_ins: bool = False,
    data_files: Sequence[Path] = (),
    shared: Sequence[Path] = (),
) -> Architecture:
    """The stack in `directory`, resolved under its tfvars files and the given values.

    `variables` overrides `var_files`, which override the tfvars files Terraform reads unasked, which override `TF_VAR_...` in
    `environ`; `environ` is also asked for AWS_REGION where no provider block names a region. A text for a variable of a
    composite type is read as an expression. With `stand_ins` a variable that has neither value nor default gets a placeholder of
    its type, and a warning. What data sources read comes from `data_files` and from the tables `[data."TYPE.NAME"]` of
    `gameday.toml`; where `count` or `for_each` rests on another one, a stand-in is assumed and a warning says so. Functions read
    files of the stack and of the directories `shared`, and no others. `cache` is the directory of parsed files, by default the
    user's.

    What is wrong with the configuration is in `diagnostics` of the result, and evaluation goes on past it. Raises `InputError`
    where there is nothing to evaluate: no directory, no configuration files, a file of values that does not exist.
    """
    if not directory.exists():
        raise problem(str(directory), "this directory does not exist")
    if not directory.is_dir():
        raise problem(str(directory), "this is a file; name the directory that holds the stack's .tf files")
    for place in shared:
        if not place.is_dir():
            raise problem(str(place), "there is no such directory, so no file of it can be read")
    stack = Stack(directory, cache, environ, shared)
    config = stack.module(stack.root)
    for shown, message in foreign(stack.root):
        # Terraform reads what stands beside terragrunt.hcl; an OpenTofu file holds resources of its own.
        beside = shown in FOREIGN and (config.resources or config.modules)
        stack.report(message, shown, None, "warning" if beside else "error", address=shown)
    stack.choose_provider(config)
    root = ModuleInstance(stack, config, "")
    stack.data = supplied_data(stack, data_files)
    inputs = root_inputs(stack, root, variables, var_files, environ)
    if stand_ins:
        inputs |= placeholders(stack, root, inputs)
    return resolve(root, inputs, stack.root.name)
