"""Every argument of a stack and of its modules as it is written: whose it is, its text, and where that stands.

The same tokens and the same grammar as everywhere in this package; nothing is evaluated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.terraform import tree
from analysis.terraform.cache import parsed
from analysis.terraform.inputs import tfvars_files
from analysis.terraform.lexer import Lexer, Token
from analysis.terraform.rules import Reference, traversal
from analysis.terraform.sources import (
    InputError,
    Placed,
    file_names,
    kind_of,
    read_module,
    read_text,
    vendored,
)
from analysis.terraform.stack import MAX_MODULE_DEPTH, argument_of, relative

VALUE = "value"
"""What the argument of a local value is called, and that of a variable in a file of values."""

PREFIXES = {"resource": "", "variable": "var.", "provider": "provider."}
"""What stands before the labels of a block in its address; else the type of the block."""


@dataclass(frozen=True, slots=True)
class Written:
    """One argument: of which block, its path inside that, its text, its file and line, and what its text refers to.

    `refers` has an address and an argument there, or an empty one for all of them. `literal` says that the text is a value and
    refers to nothing.
    """

    address: str
    argument: str
    value: str
    file: str
    line: int
    refers: tuple[tuple[str, str], ...] = ()
    literal: bool = False


def written(directory: Path) -> tuple[Written, ...]:
    """What the files of the stack in `directory` say, its files of values, and the modules it calls, from the root on.

    A module that is called twice is there twice, under both addresses. Files are named as seen from `directory`. Raises
    InputError for a file that cannot be read as HCL; one in JSON has no arguments that somebody wrote, and is left out.
    """
    root = directory.resolve()
    installed = vendored(root)
    rows: list[Written] = []
    waiting: list[tuple[Path, tuple[str, ...]]] = [(root, ())]
    while waiting:
        folder, calls = waiting.pop(0)
        for path in (*(folder / name for name in file_names(folder)), *(() if calls else tfvars_files(root))):
            if path.suffix != ".json":
                rows += _File(path, relative(path, root), calls).rows()
        for name, placed in read_module(folder, relative(folder, root), None).modules.items():
            place = _local(folder, placed) or installed.get(".".join((*calls, name)))
            if place is not None and place.is_dir() and len(calls) < MAX_MODULE_DEPTH:
                waiting.append((place.resolve(), (*calls, name)))
    return tuple(rows)


def read_by(rows: Sequence[Written], addresses: Iterable[str]) -> tuple[Written, ...]:
    """The arguments of the blocks at `addresses`, and of the variables, locals, calls and outputs that their values come from.

    Of a variable its values only: what it is given, or else its default.
    """
    places: dict[str, list[int]] = {}
    for at, row in enumerate(rows):
        places.setdefault(row.address, []).append(at)
    found: set[int] = set()
    waiting = [(address, "") for address in addresses]
    seen = set(waiting)
    while waiting:
        address, argument = waiting.pop()
        new = {at for at in places.get(address, ()) if argument in ("", rows[at].argument)} - found
        if address.startswith("var.") and argument == VALUE:
            new = {max(new)} if new else new  # of several files of values the last one counts
        found |= new
        for referred in (pair for at in new for pair in _from(rows, places, rows[at].refers)):
            if referred not in seen:
                seen.add(referred)
                waiting.append(referred)
    return tuple(rows[at] for at in sorted(found))


def _from(
    rows: Sequence[Written], places: dict[str, list[int]], refers: Iterable[tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    """Where values come from: of a variable from the call of its module, or from a file of values, else from its default."""
    for address, argument in refers:
        module, dot, name = address.rpartition("var.")
        given = (module.rstrip("."), name) if module else (address, VALUE)
        if dot and any(rows[at].argument == given[1] for at in places.get(given[0], ())):
            yield given
        else:
            yield address, argument


def _local(folder: Path, placed: Placed) -> Path | None:
    source = argument_of(placed.block, "source")
    text = source.expression.value if source and isinstance(source.expression, tree.Literal) else None
    return folder / text if isinstance(text, str) and text.startswith(("./", "../")) else None


class _File:
    """One file, its tokens beside its tree: a node says where it begins, and the tokens where it ends."""

    def __init__(self, path: Path, shown: str, calls: tuple[str, ...]) -> None:
        self.shown = shown
        self.prefix = "".join(f"module.{name}." for name in calls)
        self.values = path.suffix == ".tfvars"
        self.text = read_text(path, shown)
        self.body, mistakes = parsed(path, shown)
        if mistakes:
            raise InputError(mistakes)
        self.tokens = [token for token in Lexer(self.text).body() if token.type != "NL_OR_COMMENT"]
        self.lines = [0]
        for line in self.text.split("\n"):
            self.lines.append(self.lines[-1] + len(line) + 1)
        self.index = {(token.line, token.column): at for at, token in reversed([*enumerate(self.tokens)])}

    def rows(self) -> Iterator[Written]:
        """The arguments of the file in its order."""
        for item, end in self.items(self.body, len(self.tokens)):
            if isinstance(item, tree.Argument):
                yield self.row(f"var.{item.name}", VALUE, item, end)
            elif item.type == "locals":
                for argument, stop in self.items(item.body, end - 1):
                    if isinstance(argument, tree.Argument):
                        yield self.row(f"{self.prefix}local.{argument.name}", VALUE, argument, stop)
            else:
                labels = ".".join(item.labels)
                name = f"{PREFIXES.get(item.type, f'{item.type}.')}{labels}" if labels else item.type
                yield from self.block(f"{self.prefix}{name}", "", item.body, end - 1)

    def block(self, address: str, path: str, body: tree.Body, end: int) -> Iterator[Written]:
        for item, stop in self.items(body, end):
            if isinstance(item, tree.Argument):
                yield self.row(address, f"{path}{item.name}", item, stop)
            else:
                inside = path if item.type == "content" else f"{path}{kind_of(item)}."  # of a dynamic block
                yield from self.block(address, inside, item.body, stop - 1)

    def items(self, body: tree.Body, end: int) -> Iterator[tuple[tree.Argument | tree.Block, int]]:
        """The arguments and blocks of a body in the order of the text, each with the number of the token after it."""
        both: list[tree.Argument | tree.Block] = [*body.arguments, *body.blocks]
        found = sorted(both, key=lambda item: (item.line, item.column))
        starts = [self.index[item.line, item.column] for item in found]
        yield from zip(found, [*starts[1:], end][: len(found)], strict=True)

    def row(self, address: str, argument: str, item: tree.Argument, end: int) -> Written:
        tokens = self.tokens[self.index[item.line, item.column] + 2 : end]
        start, stop = self.offset(tokens[0]), max(self.offset(token) + len(token.value) for token in tokens)
        if any(token.value.startswith("<<") for token in tokens):  # what closes a heredoc is a word of its own
            stop = max(stop, self.lines[tokens[-1].line] - 1)
        names = tuple(dict.fromkeys(_names(item.expression)))
        refers = tuple(pair for name in names for pair in self.meant(name))
        return Written(address, argument, self.text[start:stop], self.shown, item.line, refers, not names)

    def offset(self, token: Token) -> int:
        return self.lines[token.line - 1] + token.column - 1

    def meant(self, steps: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        """Which arguments a reference from this file leads to, where it is to a value."""
        match steps:
            case ("var", name, *_):
                yield f"{self.prefix}var.{name}", "default"
            case ("local", name, *_):
                yield f"{self.prefix}local.{name}", VALUE
            case ("module", name, output, *_):
                yield f"{self.prefix}module.{name}.output.{output}", VALUE


def _names(node: object) -> Iterator[Reference]:
    """What an expression refers to, as the steps of each name in it without its indices: ("var", "tasks", "min")."""
    steps = traversal(node)
    if steps is not None:
        yield steps
        yield from _keys(node)
    elif isinstance(node, tree.Splat) and (steps := traversal(node.target)) is not None:
        yield (*steps, *_after_splat(node.each))
        yield from (*_keys(node.target), *_keys(node.each))
    elif isinstance(node, tuple):
        for part in node:
            yield from _names(part)


def _keys(node: object) -> Iterator[Reference]:
    """The names in the indices of a reference."""
    while isinstance(node, tree.Attribute | tree.Index):
        if isinstance(node, tree.Index):
            yield from _names(node.key)
        node = node.target


def _after_splat(node: object) -> Iterator[str]:
    """The attributes that are taken of each element, from the first on."""
    if isinstance(node, tree.Attribute | tree.Index):
        yield from _after_splat(node.target)
        if isinstance(node, tree.Attribute):
            yield node.name
