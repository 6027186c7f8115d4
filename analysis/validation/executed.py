"""What Terraform would start or fetch if it were let loose on a directory, read from the text before Terraform sees it.

    found = executed(Path("stack"))
    found.at("plan")        # what `terraform plan` would start: external data sources, providers that run programs
    found.at("apply")       # that, and every provisioner
    found.refused_tests     # test files of which a run applies: file name -> why it is not run

Whatever cannot be read counts: what Terraform might understand in another way than this program is not handed to it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from analysis import files
from analysis.terraform import tree
from analysis.terraform.syntax import parse

Moment: TypeAlias = Literal["init", "plan", "apply"]
"""When it would happen; what happens at init happens before a plan, and what happens at a plan before an apply."""

MOMENTS: tuple[Moment, ...] = ("init", "plan", "apply")

CONFIGURATION = (".tf", ".tf.json")
TESTS = (".tftest.hcl", ".tftest.json")

# Providers of which no resource, data source or function starts a program that the stack names.
HARMLESS = frozenset(
    f"hashicorp/{name}"
    for name in ("archive", "aws", "awscc", "cloudinit", "http", "local", "null", "random", "time", "tls")
) | {"cloudflare/cloudflare"}

# Types that start a program as they are read, whichever provider serves them.
STARTING = frozenset({"external", "local_command"})

# Arguments of a provider that name a program, or a file in which one may be named (credential_process).
# https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-sourcing-external.html
NAMING = frozenset(
    {"shared_config_files", "shared_credentials_file", "shared_credentials_files", "credential_process", "exec"}
)

LABELS = {
    "resource": 2,
    "data": 2,
    "ephemeral": 2,
    "action": 2,
    "provider": 1,
    "mock_provider": 1,
    "module": 1,
    "run": 1,
    "check": 1,
}
MOST_MODULES = 2000


@dataclass(frozen=True, slots=True)
class Executed:
    """One thing that Terraform would start or fetch, when, and where it is written."""

    what: str
    moment: Moment
    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}"


@dataclass(frozen=True, slots=True)
class Found:
    """Everything of that kind in a directory, its modules and its tests, and the test files that must not be run."""

    items: tuple[Executed, ...]
    refused_tests: Mapping[str, str]
    permitted_tests: tuple[str, ...]

    def at(self, moment: Moment) -> tuple[Executed, ...]:
        """What happens until then."""
        return tuple(item for item in self.items if MOMENTS.index(item.moment) <= MOMENTS.index(moment))


@dataclass(frozen=True, slots=True)
class _Block:
    """A block of either syntax. `words` holds the arguments that are one bare word or text, `names` those of all arguments."""

    type: str
    labels: tuple[str, ...]
    words: Mapping[str, str]
    names: frozenset[str]
    blocks: tuple[_Block, ...]
    line: int


class _UnreadableError(ValueError):
    """A file that cannot be read as Terraform would; `line` is where."""

    def __init__(self, sentence: str, line: int = 1) -> None:
        super().__init__(sentence)
        self.line = line


def executed(directory: Path, installed: Iterable[Path] = ()) -> Found:
    """What stands in the directory, in the modules it leads to, in `installed` ones, and in its tests. Never raises."""
    items: list[Executed] = []
    refused: dict[str, str] = {}
    permitted: list[str] = []
    queue: list[Path] = [directory, *installed]
    for path in _tests(directory):
        name = str(path.relative_to(directory))
        try:
            blocks = _blocks(path)
        except _UnreadableError as error:
            refused[name] = f"{name}:{error.line}: {error}"
            continue
        applies = next((block for block in _of(blocks, "run") if block.words.get("command") != "plan"), None)
        if applies is not None:
            label = " ".join(applies.labels)
            refused[name] = f'{name}:{applies.line}: the run "{label}" applies; only runs with `command = plan` are run'
            continue
        if not _of(blocks, "run"):
            refused[name] = f"{name}:1: there is no run in it"
            continue
        permitted.append(name)
        items += _items(blocks, name)
        queue += [found for run in _of(blocks, "run") for found in _led_to(run.blocks, directory, name, items)]
    seen: set[Path] = set()
    while queue:
        module = queue.pop(0).resolve()
        if module in seen or not module.is_dir():
            continue
        seen.add(module)
        if len(seen) > MOST_MODULES:
            items.append(
                Executed(f"more than {MOST_MODULES:,} modules, which are not all looked at", "plan", module.name, 1)
            )
            break
        files: dict[str, list[_Block]] = {}
        for path in sorted(path for path in module.iterdir() if path.name.endswith(CONFIGURATION)):
            name = _shown(path, directory)
            try:
                files[name] = _blocks(path)
            except _UnreadableError as error:
                items.append(Executed(f"the file cannot be read: {error}", "plan", name, error.line))
        declared = frozenset(name for blocks in files.values() for name in _declared(blocks))
        for name, blocks in files.items():
            items += _items(blocks, name, declared)
            queue += _led_to(blocks, module, name, items)
    return Found(tuple(dict.fromkeys(items)), refused, tuple(permitted))


def _tests(directory: Path) -> Iterator[Path]:
    for place in (directory, directory / "tests"):
        if place.is_dir():
            yield from sorted(path for path in place.iterdir() if path.name.endswith(TESTS))


def _shown(path: Path, directory: Path) -> str:
    base = directory.resolve()
    return str(path.relative_to(base)) if path.is_relative_to(base) else str(path)


def _of(blocks: Iterable[_Block], kind: str) -> list[_Block]:
    return [block for block in blocks if block.type == kind]


def _led_to(blocks: Iterable[_Block], directory: Path, file: str, items: list[Executed]) -> list[Path]:
    """The local modules that blocks lead to; one from elsewhere is noted, since `init` would fetch it."""
    found = []
    for block in _of(blocks, "module"):
        source = block.words.get("source", "")
        if source.startswith(("./", "../")):
            found.append(directory / source)
        else:
            items.append(
                Executed(f"the module {source or 'without a source'} would be fetched", "init", file, block.line)
            )
    return found


def _declared(blocks: Iterable[_Block]) -> Iterator[str]:
    """The local names of providers whose source the blocks declare: each is judged where it is declared (`_sources`)."""
    for block in _of(blocks, "terraform"):
        for inner in _of(block.blocks, "required_providers"):
            yield from inner.names


def _items(blocks: Iterable[_Block], file: str, declared: frozenset[str] = frozenset()) -> Iterator[Executed]:
    """What the blocks of a file would start, modules apart; `declared` are the providers that its module names a source for."""
    for block in blocks:
        kind = block.labels[0] if block.labels else ""
        if block.type in {"data", "ephemeral", "resource"} and kind in STARTING:
            yield Executed(f'{block.type} "{kind}" starts a program', "plan", file, block.line)
        elif block.type in {"data", "ephemeral", "resource", "provider", "mock_provider"}:
            name = kind.partition("_")[0]
            source = f"hashicorp/{name}"
            named = "provider" in block.names or block.type in {"provider", "mock_provider"} or name in declared
            if name != "terraform" and source not in HARMLESS and not named:
                yield _strange(source, file, block.line)
        if block.type == "provider":
            for name in sorted(NAMING & (block.names | {inner.type for inner in block.blocks})):
                yield Executed(f'provider "{kind}" has `{name}`, which may name a program', "plan", file, block.line)
        if block.type == "check":
            yield from _items(block.blocks, file, declared)
        if block.type == "action":
            yield Executed(f'action "{kind}" may start a program', "apply", file, block.line)
        for inner in block.blocks:
            if block.type == "terraform" and inner.type == "required_providers":
                yield from _sources(inner, file)
            yield from _provisioners(inner, file)


def _provisioners(block: _Block, file: str) -> Iterator[Executed]:
    if block.type == "provisioner":
        kind = block.labels[0] if block.labels else "?"
        yield Executed(f'provisioner "{kind}" runs what the stack says', "apply", file, block.line)
    for inner in block.blocks:
        yield from _provisioners(inner, file)


def _sources(block: _Block, file: str) -> Iterator[Executed]:
    """The declared providers that are not known as harmless; of a declaration that cannot be read nothing is known."""
    for name in sorted(block.names):
        entry = next((inner for inner in block.blocks if inner.type == name), None)
        source = entry.words.get("source") if entry else None
        if entry is None or (source is None and "source" in entry.names):
            if name not in block.words:  # `aws = ">= 5"`: an older form, of which the name is the source
                yield _strange(f"{name} (its source cannot be read)", file, block.line)
                continue
            source = f"hashicorp/{name}"
        source = (source or f"hashicorp/{name}").removeprefix("registry.terraform.io/")
        if source not in HARMLESS and source != "terraform.io/builtin/terraform":
            yield _strange(source, file, block.line)


def _strange(source: str, file: str, line: int) -> Executed:
    return Executed(f"the provider {source} is not known to start no programs", "plan", file, line)


# --- the two syntaxes


def _blocks(path: Path) -> list[_Block]:
    """The top-level blocks of a file. Raises _UnreadableError."""
    try:
        text = files.read_text(path)
    except (OSError, UnicodeDecodeError) as error:
        raise _UnreadableError(getattr(error, "strerror", None) or str(error)) from None
    if path.name.endswith(".json"):
        try:
            document = json.loads(text, object_pairs_hook=_Pairs)
        except (ValueError, RecursionError) as error:
            raise _UnreadableError(str(error), getattr(error, "lineno", 1)) from None
        return [block for pairs in _objects(document) for name, value in pairs for block in _from_json(name, value)]
    body, problems = parse(text, str(path))
    first = next((problem for problem in problems if problem.severity == "error"), None)
    if first is not None:
        raise _UnreadableError(first.message, first.location.line)
    return [_from_tree(block) for block in body.blocks]


def _from_tree(block: tree.Block) -> _Block:
    words = {}
    inner = [_from_tree(child) for child in block.body.blocks]
    for argument in block.body.arguments:
        value = argument.expression
        if isinstance(value, tree.Name):
            words[argument.name] = value.name
        elif isinstance(value, tree.Literal) and isinstance(value.value, str):
            # A text is no keyword: `command = "plan"` is not `command = plan`.
            words[argument.name] = f'"{value.value}"' if argument.name == "command" else value.value
        elif isinstance(value, tree.ObjectNode):
            inner.append(_from_object(argument.name, value))
    names = frozenset(argument.name for argument in block.body.arguments)
    return _Block(block.type, block.labels, words, names, tuple(inner), block.line)


def _from_object(name: str, node: tree.ObjectNode) -> _Block:
    """An argument that is an object, such as `aws = { source = "hashicorp/aws" }`, as if it were a block."""
    words, names = {}, set()
    for key, value in node.items:
        label = key.name if isinstance(key, tree.Name) else key.value if isinstance(key, tree.Literal) else "?"
        names.add(str(label))
        if isinstance(value, tree.Literal) and isinstance(value.value, str):
            words[str(label)] = value.value
    return _Block(name, (), words, frozenset(names), (), node.line)


class _Pairs(list[tuple[str, Any]]):
    """The members of a JSON object in their order, a name that comes twice twice: Terraform merges such blocks."""


def _objects(value: Any) -> list[_Pairs]:
    if isinstance(value, _Pairs):
        return [value]
    return [found for item in value for found in _objects(item)] if isinstance(value, list) else []


def _from_json(kind: str, value: Any, labels: tuple[str, ...] = ()) -> Iterator[_Block]:
    wanted = LABELS.get(kind, 0)
    for pairs in _objects(value):
        if len(labels) < wanted:
            for label, inner in pairs:
                yield from _from_json(kind, inner, (*labels, label))
            continue
        blocks = []
        for name, inner in pairs:
            if kind == "check":
                blocks += list(_from_json(name, inner))
            elif name == "provisioner":  # its label is a member, as those of the top are
                blocks += [
                    _Block(name, (label,), {}, frozenset(), (), 1) for one in _objects(inner) for label, _ in one
                ]
            else:
                blocks += list(_from_nested(name, inner))
        words = {name: inner for name, inner in pairs if isinstance(inner, str) and not re.search(r"[$%]\{", inner)}
        if len({name for name, _ in pairs}) < len(pairs):
            words.pop("command", None)  # set twice, of which Terraform takes one
        yield _Block(kind, labels, words, frozenset(name for name, _ in pairs), tuple(blocks), 1)


def _from_nested(name: str, value: Any) -> Iterator[_Block]:
    """A nested member as a block without labels; a module below a run has none either."""
    for pairs in _objects(value):
        inner = [block for key, item in pairs for block in _from_nested(key, item)]
        words = {key: item for key, item in pairs if isinstance(item, str)}
        yield _Block(name, (), words, frozenset(key for key, _ in pairs), tuple(inner), 1)
