"""The files of one Terraform module, read and merged: its blocks by kind and name, and which file each comes from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from analysis import files
from analysis.architecture import Diagnostic, Location
from analysis.terraform import rules, tree
from analysis.terraform.cache import parsed
from analysis.terraform.evaluate import suggestion
from analysis.terraform.values import quoted

MAX_FILES = 500
"""Files of one module."""


class InputError(Exception):
    """Input that cannot be read as Terraform at all; `diagnostics` says why, each with its place."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__("\n".join(map(str, diagnostics)))
        self.diagnostics = tuple(diagnostics)


Key = TypeVar("Key")


class Placed(NamedTuple):
    """A block with the file it stands in."""

    block: tree.Block
    file: str


@dataclass(frozen=True)
class Module:
    """The blocks of one module's directory. `resources` is keyed by (mode, type, name), `providers` by name and alias.

    `overridden` names the file of an argument or nested block that an override file supplied, by the identity of its node.
    `others` are the blocks that give no value: `terraform`, `moved`, `import`, `check` and the like.
    """

    directory: Path
    variables: Mapping[str, Placed]
    locals: Mapping[str, tuple[tree.Argument, str]]
    resources: Mapping[tuple[str, str, str], Placed]
    modules: Mapping[str, Placed]
    outputs: Mapping[str, Placed]
    providers: Mapping[str, Placed]
    files: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    overridden: Mapping[int, str] = field(default_factory=dict)
    ephemeral: Mapping[tuple[str, str], Placed] = field(default_factory=dict)
    others: tuple[Placed, ...] = ()

    @cached_property
    def provider_constraints(self) -> tuple[tuple[str, str], ...]:
        """What the module asks of the version of the AWS provider, each with its file."""
        return tuple(
            (str(value.value), placed.file)
            for placed in self.others
            for inner in placed.block.body.blocks
            if inner.type == "required_providers"
            for argument in inner.body.arguments
            if isinstance(argument.expression, tree.ObjectNode)
            for items in (argument.expression.items,)
            if any(isinstance(source, tree.Literal) and source.value in AWS_SOURCES for _, source in items)
            for key, value in items
            if isinstance(key, tree.Literal) and key.value == "version" and isinstance(value, tree.Literal)
        )

    def file_of(self, node: object, placed: Placed) -> str:
        """The file that an argument or nested block of `placed` stands in."""
        return self.overridden.get(id(node), placed.file)


AWS_SOURCES = ("hashicorp/aws", "registry.terraform.io/hashicorp/aws")


def is_override(name: str) -> bool:
    """Whether Terraform reads the file last and lets it replace what the others say."""
    stem = name.removesuffix(".json").removesuffix(".tf")
    return stem == "override" or stem.endswith("_override")


def file_names(directory: Path) -> list[str]:
    """The names of the configuration files in a directory, ordinary ones first, each group in lexical order."""
    names = [
        entry.name
        for entry in directory.iterdir()
        if entry.name.endswith((".tf", ".tf.json")) and not entry.name.startswith((".", "#")) and not entry.is_dir()
    ]
    return sorted(names, key=lambda name: (is_override(name), name))


def read_text(path: Path, shown: str) -> str:
    """The text of a UTF-8 file of reasonable size; raises `InputError` with a sentence."""
    try:
        data = files.read_bytes(path)
    except OSError as error:
        raise problem(shown, f"the file cannot be read: {error.strerror or error}") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise problem(shown, "the file is not UTF-8 text; is it binary, or in another encoding?", line) from None
    if "\0" in text:
        raise problem(
            shown, "the file holds null bytes, so it is binary, not Terraform", text[: text.index("\0")].count("\n") + 1
        )
    return text


def not_a_file(shown: str) -> Diagnostic:
    """What is said of a pipe, a device or a link that leads nowhere, which is never opened."""
    return Diagnostic(
        "error", "this is no regular file, so it is not read; remove or replace it", Location(shown, 1, 1)
    )


def problem(file: str, message: str, line: int = 1, column: int = 1) -> InputError:
    """An `InputError` of one sentence."""
    return InputError((Diagnostic("error", message, Location(file, line, column)),))


def read_module(directory: Path, prefix: str, cache: Path | None) -> Module:
    """Everything in a module's directory. `prefix` leads from the directory that was asked for to this one, for locations.

    Raises `InputError` where the directory cannot be listed or holds no configuration.
    """
    try:
        names = file_names(directory)
    except OSError as error:
        raise problem(prefix or ".", f"the directory cannot be read: {error.strerror or error}") from None
    if not names:
        others = [Diagnostic("error", message, Location(shown)) for shown, message in foreign(directory, prefix)]
        if others:
            raise InputError(others)
        raise problem(
            prefix or ".", "there are no .tf or .tf.json files here; name a directory of Terraform configuration"
        )
    if len(names) > MAX_FILES:
        raise problem(prefix or ".", f"there are {len(names):,} configuration files and the limit is {MAX_FILES:,}")
    merger = _Merger()
    files = []
    for name in names:
        shown = f"{prefix}/{name}" if prefix else name
        files.append(shown)
        if not (directory / name).is_file():
            merger.diagnostics.append(not_a_file(shown))
            continue
        body, diagnostics = parsed(directory / name, shown, cache)
        merger.diagnostics.extend(diagnostics)
        merger.add(body, shown, override=is_override(name))
    return Module(
        directory,
        merger.named["variable"],
        merger.locals,
        merger.resources,
        merger.named["module"],
        merger.named["output"],
        merger.providers,
        tuple(files),
        tuple(merger.diagnostics),
        merger.overridden,
        merger.ephemeral,
        tuple(merger.others),
    )


FOREIGN: Mapping[str, str] = {
    "terragrunt.hcl": (
        "this is a folder of Terragrunt, whose files are not read here; give the plan instead: "
        "terragrunt plan -out=plan && terragrunt show -json plan > plan.json"
    ),
    "cdktf.json": (
        "this is a CDKTF project, whose program is not run here; give what it makes: cdktf synth, then cdktf.out/stacks/NAME"
    ),
    "Pulumi.yaml": "this is a Pulumi project, whose program is not run here; give Terraform, or the JSON of a plan",
    "cdk.json": "this is an AWS CDK project, whose program is not run here; give Terraform, or the JSON of a plan",
}
"""Files by which other tools' folders are known, and what to do about each."""

TOFU = (".tofu", ".tofu.json")
TOFU_FILE = (
    "this is a file of OpenTofu, which is not read here; give the plan instead: "
    "tofu plan -out=plan && tofu show -json plan > plan.json"
)


def foreign(directory: Path, prefix: str = "") -> Iterator[tuple[str, str]]:
    """The files of other tools in a directory, each with what to say of it."""
    for name in sorted(entry.name for entry in directory.iterdir() if entry.is_file()):
        shown = f"{prefix}/{name}" if prefix else name
        if name in FOREIGN:
            yield shown, FOREIGN[name]
        elif name.endswith(TOFU):
            yield shown, TOFU_FILE


# Blocks that have no effect on values, or none on what is read here.
WITHOUT_EFFECT = {"terraform": 0, "moved": 0, "import": 0, "removed": 0, "check": 1}
LABELS = {
    "variable": 1,
    "module": 1,
    "output": 1,
    "provider": 1,
    "resource": 2,
    "data": 2,
    "ephemeral": 2,
    "locals": 0,
} | WITHOUT_EFFECT


class _Merger:
    def __init__(self) -> None:
        self.named: dict[str, dict[str, Placed]] = {"variable": {}, "module": {}, "output": {}}
        self.locals: dict[str, tuple[tree.Argument, str]] = {}
        self.resources: dict[tuple[str, str, str], Placed] = {}
        self.ephemeral: dict[tuple[str, str], Placed] = {}
        self.others: list[Placed] = []
        self.providers: dict[str, Placed] = {}
        self.overridden: dict[int, str] = {}
        self.diagnostics: list[Diagnostic] = []

    def report(self, message: str, file: str, node: Any) -> None:
        self.diagnostics.append(Diagnostic("error", message, Location(file, node.line, node.column)))

    def add(self, body: tree.Body, file: str, *, override: bool) -> None:
        for argument in body.arguments:
            self.report(f"an argument ({quoted(argument.name)}) must stand inside a block", file, argument)
        for block in body.blocks:
            wanted = LABELS.get(block.type)
            if wanted is None:
                self.report(f"there is no block type {quoted(block.type)}{suggestion(block.type, LABELS)}", file, block)
                continue
            for fault in rules.faults(block):
                self.report(fault.message, file, fault.node)
            if len(block.labels) != wanted:
                self.report(f"a {block.type} block takes {wanted} labels, not {len(block.labels)}", file, block)
            elif block.type in WITHOUT_EFFECT:
                self.others.append(Placed(block, file))
            elif block.type == "locals":
                self.add_locals(block, file, override=override)
            else:
                self.add_block(Placed(block, file), override=override)

    def add_locals(self, block: tree.Block, file: str, *, override: bool) -> None:
        for argument in block.body.arguments:
            if argument.name in self.locals and not override:
                first, where = self.locals[argument.name]
                self.report(
                    f"local.{argument.name} is defined twice; the other definition is at {where}:{first.line}",
                    file,
                    argument,
                )
            else:
                if override and argument.name not in self.locals:
                    message = (
                        f"local.{argument.name} overrides nothing: there is no such local value in the other files"
                    )
                    self.report(message, file, argument)
                self.locals[argument.name] = (argument, file)

    def add_block(self, placed: Placed, *, override: bool) -> None:
        block = placed.block
        if block.type in ("resource", "data"):
            mode = "managed" if block.type == "resource" else "data"
            self.put(self.resources, (mode, block.labels[0], block.labels[1]), placed, override=override)
        elif block.type == "ephemeral":
            self.put(self.ephemeral, (block.labels[0], block.labels[1]), placed, override=override)
        elif block.type == "provider":
            alias = next((a.expression for a in block.body.arguments if a.name == "alias"), None)
            suffix = f".{alias.value}" if isinstance(alias, tree.Literal) else ""
            self.put(self.providers, block.labels[0] + suffix, placed, override=override)
        else:
            self.put(self.named[block.type], block.labels[0], placed, override=override)

    def put(self, table: dict[Key, Placed], key: Key, placed: Placed, *, override: bool) -> None:
        block, file = placed
        title = " ".join((block.type, *map(quoted, block.labels)))
        if key not in table:
            if override and block.type != "provider":
                self.report(f"{title} overrides nothing: there is no such block in the other files", file, block)
            else:
                table[key] = placed
        elif override:
            table[key] = self.merged(table[key], placed)
        else:
            first = table[key]
            self.report(
                f"{title} is defined twice; the other definition is at {first.file}:{first.block.line}", file, block
            )

    def merged(self, base: Placed, over: Placed) -> Placed:
        """The base block with the override's arguments in place of its own, and nested blocks replaced kind by kind."""
        arguments = {argument.name: argument for argument in base.block.body.arguments}
        for argument in over.block.body.arguments:
            arguments[argument.name] = argument
            self.overridden[id(argument)] = over.file
        replaced = {kind_of(block) for block in over.block.body.blocks}
        for block in over.block.body.blocks:
            self.overridden[id(block)] = over.file
        blocks = (*(b for b in base.block.body.blocks if kind_of(b) not in replaced), *over.block.body.blocks)
        return Placed(base.block._replace(body=tree.Body(tuple(arguments.values()), tuple(blocks))), base.file)


def kind_of(block: tree.Block) -> str:
    """The type of a nested block; for a `dynamic` block that of the blocks it makes."""
    return block.labels[0] if block.type == "dynamic" and block.labels else block.type


# --- modules on disk -----------------------------------------------------------------------------------------------------------


def vendored(root: Path) -> Mapping[str, Path]:
    """Where `terraform init` put the modules of the stack at `root`, by their dotted key; empty where it never ran."""
    try:
        listed = json.loads(files.read_bytes(root / ".terraform" / "modules" / "modules.json"))
        rows: Iterator[tuple[object, object]] = ((row["Key"], row["Dir"]) for row in listed["Modules"])
        return {str(key): root / str(place) for key, place in rows if key}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}
