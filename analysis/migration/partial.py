"""The configuration of one stage: the target's, in which what is not yet due stands as it stands in the state.

`-target` alone cannot carry a migration: it takes a resource whole, so that a standby and a larger class of one database
come in one step; it drags in what a resource refers to, so that alarms would bring the database's new class with them;
and Terraform refuses it while a moved address is left out. So a stage is a copy of the target with override files, in
which

* every argument of an existing resource that a later stage brings is written out with the value it has in the state, and
* what the file calls `meanwhile` takes the place of a local value or of a module's argument;

and it is applied with `-target` for what the stage brings, which keeps later resources from being made. Written-out
values cut the references to what does not exist yet, and a plan of the stage before leads back, which `ignore_changes`
would not.

Override files: https://developer.hashicorp.com/terraform/language/files/override
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.migration.changes import EMPTY, Change
from analysis.migration.stages import Meanwhile, Migration, MigrationError, Stage
from analysis.terraform.provider import BlockSchema, schema
from analysis.validation import terraform_cli
from analysis.validation.masking import MASK

OVERRIDE_FILE = "zz_stage_override.tf.json"

FREE = frozenset({"tags", "tags_all"})
"""Arguments that cannot be written out, because the provider's default tags are part of them; the first stage must bring them."""


@dataclass(frozen=True, slots=True)
class Held:
    """The arguments of a resource block that keep the value they have in the state, as JSON configuration."""

    address: str
    type: str
    name: str
    module: str
    arguments: Mapping[str, Any]


def held(migration: Migration, whole: Sequence[Change], stage: int, leaving: Stage | None = None) -> tuple[Held, ...]:
    """What stands in the stage as it stood in the source's state; `stage` counts from 0.

    On the rollback from the stage `leaving`, what it says stays is not held. MigrationError where something cannot be written.
    """
    made = []
    for change in whole:
        if change.action not in ("update", "replace"):
            continue
        later = [name for name in change.attributes if not _due(migration, change, name, stage, leaving)]
        if stuck := sorted(FREE & set(later)):
            raise MigrationError(
                f"{migration.at(migration.stages[0].line)}: {change.address}: {stuck[0]} changes in a later stage, but default "
                f"tags come with the configuration; let the first stage bring '*: tags tags_all'"
            )
        if later:
            module, kind, name = parts(change.address)
            arguments = _written(change, later)
            made.append(Held(change.address, kind, name, module, arguments))
    return tuple(made)


def _due(migration: Migration, change: Change, name: str, stage: int, leaving: Stage | None) -> bool:
    if leaving is not None and any(pattern.covers(change.address, name) for pattern in leaving.stays):
        return True
    owner = migration.owner(change.address, name)
    return owner is not None and migration.numbers[owner.name] <= stage


def parts(address: str) -> tuple[str, str, str]:
    """Module key as in Terraform's modules.json, type and name of an address."""
    match = re.fullmatch(r"((?:module\.[\w-]+(?:\[[^\]]*\])?\.)*)(\w+)\.([\w-]+)(?:\[.*\])?", address)
    if match is None:
        raise MigrationError(f"{address} is no address of a resource")
    modules = re.findall(r"module\.([\w-]+)", match[1])
    return ".".join(modules), match[2], match[3]


def _written(change: Change, names: Sequence[str]) -> dict[str, Any]:
    found = schema(change.type)
    if found is None:
        raise MigrationError(f"{change.address}: the schema of {change.type} is not known, so it cannot be held back")
    arguments: dict[str, Any] = {}
    none: dict[str, Any] = {}
    for name in names:
        value = change.before.get(name)
        if value == MASK or (name in found.attributes and found.attributes[name].sensitive):
            raise MigrationError(
                f"{change.address}: {name} is a secret, which is not written into a file; let the first stage bring it"
            )
        if name in found.blocks:
            blocks = [_block(one, found.blocks[name].body) for one in value or ()]
            if blocks:
                arguments[name] = blocks
            else:
                none[name] = {"for_each": [], "content": {}}
        else:
            attribute = found.attributes.get(name)
            unset = value in EMPTY and attribute is not None and not attribute.required
            arguments[name] = None if unset else _literal(value)
    if none:
        arguments["dynamic"] = none
    return arguments


def _block(value: Mapping[str, Any], body: BlockSchema) -> dict[str, Any]:
    """A nested block as configuration: without what the provider computes and what is not set."""
    result: dict[str, Any] = {}
    for name, item in value.items():
        if name in body.blocks:
            if item:
                result[name] = [_block(one, body.blocks[name].body) for one in item]
        elif name in body.attributes:
            attribute = body.attributes[name]
            if attribute.required or (attribute.optional and item not in EMPTY):
                result[name] = _literal(item)
    return result


def _literal(value: Any) -> Any:
    """A value in JSON configuration, in which `${` and `%{` would begin a template."""
    if isinstance(value, str):
        return value.replace("${", "$${").replace("%{", "%%{")
    if isinstance(value, list):
        return [_literal(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _literal(item) for key, item in value.items()}
    return value


def in_place(migration: Migration, stage: int) -> tuple[Meanwhile, ...]:
    """What is still in place of the target's own values in the stage, which counts from 0."""
    return tuple(given for given in migration.meanwhile if stage < migration.numbers[given.until])


def targets(migration: Migration, whole: Sequence[Change], stage: int) -> tuple[str, ...]:
    """The addresses that the stage is applied to: what it brings. In the first also all that moves, under both addresses.

    Terraform refuses `-target` while a moved address is left out, and asks for the one in the state.
    """
    found = []
    for change in whole:
        if stage == 0 and change.moved_from:
            found += [change.moved_from, change.address]
        elif change.action != "no-op" and _brought(migration.stages[stage], change):
            found.append(change.address)
    return tuple(found)


def _brought(stage: Stage, change: Change) -> bool:
    """Whether a stage brings something of a change; a line without arguments means the whole resource."""
    return any(stage.brings_what(change.address, name) for name in ("", *change.attributes))


def overrides(
    frozen: Sequence[Held], given: Sequence[Meanwhile], modules: Mapping[str, Path]
) -> dict[Path, dict[str, Any]]:
    """The content of the override files of a stage, by the directory that each stands in, relative to the target's.

    `modules` holds where each module stands (`modules_of` tells). Raises MigrationError where two calls of a module, or two
    instances of a resource, would be held back in the same way though they differ.
    """
    files: dict[Path, dict[str, Any]] = {}
    for one in frozen:
        where = modules[one.module]
        sharing = sorted(key for key, path in modules.items() if path == where)
        if len(sharing) > 1:
            raise MigrationError(
                f"{one.address} is to wait, but its module is called {len(sharing)} times ({', '.join(sharing)}); "
                f"let one stage bring all that changes in them"
            )
        block = files.setdefault(where, {}).setdefault("resource", {}).setdefault(one.type, {})
        if block.get(one.name, one.arguments) != one.arguments:
            raise MigrationError(
                f"{one.address} is to wait with other values than the other instances of {one.name}; "
                f"let one stage bring them all"
            )
        block[one.name] = dict(one.arguments)
    for item in given:
        kind, *path = item.argument.split(".")
        here = files.setdefault(Path(), {})
        value = "${" + item.value + "}"
        if kind == "local":
            here.setdefault("locals", {})[path[0]] = value
        else:
            here.setdefault("module", {}).setdefault(path[0], {})[path[1]] = value
    return files


def put(root: Path, files: Mapping[Path, Mapping[str, Any]], modules: Mapping[str, Path]) -> None:
    """Puts the override files of a stage into a copy of the target, in place of those of another stage."""
    for where in {Path(), *modules.values()} - set(files):
        (root / where / OVERRIDE_FILE).unlink(missing_ok=True)
    for where, content in files.items():
        text = json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        (root / where / OVERRIDE_FILE).write_text(text, encoding="utf-8")


def copied(directory: Path, target: Path) -> Path:
    """A copy of a configuration and of every module it reaches, below `target`; gives the copy of the directory."""
    reached = terraform_cli.reached(directory)
    root = Path(os.path.commonpath([str(path) for path in (directory, *reached)]))
    for file in terraform_cli.files_below(reached) or ():
        copy = target / file.relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
    return target / directory.relative_to(root)


def modules_of(data: Path, root: Path) -> Mapping[str, Path]:
    """Where the modules of an initialised directory stand, by key, relative to it; Terraform keeps a record of that."""
    listed = json.loads((data / "modules" / "modules.json").read_text(encoding="utf-8"))["Modules"]
    base = root.resolve()
    return {str(one["Key"]): Path(os.path.relpath((base / one["Dir"]).resolve(), base)) for one in listed}


def command(addresses: Sequence[str]) -> Iterator[str]:
    """The arguments of `terraform plan` and `apply` that name the addresses."""
    return (f"-target={address}" for address in addresses)
