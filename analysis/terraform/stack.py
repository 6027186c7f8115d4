"""What the evaluation of one stack has in common: its cells, its limits, its diagnostics and its modules on disk.

Everything that has a name (a variable, a local, an argument of a resource instance) is a `Cell`, evaluated when first asked for
and remembered with its trace, so that whoever uses it inherits what it rests on. A cell that is asked for while it is being
evaluated closes a cycle. An error in a cell becomes a diagnostic, the cell's value is unknown, and evaluation goes on.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from analysis.architecture import (
    Diagnostic,
    Location,
    Reference,
    Unknown,
    Value,
)
from analysis.terraform import provider, rules, tree
from analysis.terraform.evaluate import (
    MAX_HELD,
    MAX_STEPS,
    MAX_WEIGHT,
    Budget,
    EvaluationError,
    ExhaustedError,
    LazyObject,
    Trace,
    UndeclaredError,
    hold,
    is_nested,
    suggestion,
    weight,
    work,
)
from analysis.terraform.sources import InputError, Module, Placed, read_module, vendored
from analysis.terraform.values import (
    Type,
    ValueProblem,
    quoted,
)

MAX_INSTANCES_PER_RESOURCE = 2_000
"""Instances of one resource; AWS refuses far smaller numbers of nearly everything."""

MAX_INSTANCES = 8_000
"""Instances of all resources and modules of a stack."""

CELL_BYTES = 600
"""Bytes that one named thing of a module instance takes while it is evaluated."""

MAX_DIAGNOSTICS = 1_000
"""Errors and warnings of one stack; nobody reads more."""

MAX_MODULE_DEPTH = 30
"""Modules within modules; a module that calls itself is found earlier."""

RECURSION_LIMIT = 20_000
"""Python frames. A chain of a thousand locals, each built on the last, needs some 8,000."""

META = frozenset({"count", "for_each", "provider", "depends_on", "lifecycle", "provisioner", "connection"})
MODULE_META = frozenset({"source", "version", "providers", "count", "for_each", "depends_on"})

Key = int | str | None


@dataclass(slots=True)
class Cell:
    """One named thing: evaluated once, remembered with what it rests on."""

    name: str
    file: str
    node: Any
    compute: Callable[[], Value]
    state: Literal["new", "busy", "done"] = "new"
    value: Value = None
    trace: Trace = field(default_factory=Trace)
    failed: bool = False


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """What a provider block gives to the resources that use it."""

    region: Value
    default_tags: Value
    sensitive: bool = False


class Stack:
    """The evaluation of one stack: its budget, its diagnostics, its modules on disk."""

    def __init__(self, root: Path, cache: Path | None, environ: Mapping[str, str], shared: Sequence[Path] = ()) -> None:
        self.root = root.resolve()
        self.shared = tuple(path.resolve() for path in shared)
        """Directories beside the stack whose files its functions may read, because its user says so."""
        self.cache = cache
        self.environ = environ
        self.budget = Budget()
        self.diagnostics: dict[Diagnostic, None] = {}
        self.unevaluated: set[str] = set()
        self.busy: list[Cell] = []
        self.modules: dict[Path, Module] = {}
        self.vendored = vendored(self.root)
        self.directories: dict[tuple[Path, str], Path | None] = {}
        self.readable: set[Path] = set()
        self.types: dict[int, Type] = {}
        self.instances = 0
        self.weighed: dict[int, Value] = {}
        self.edges: dict[tuple[str, str, str], Reference] = {}
        self.exhausted = False
        self.cyclic = False
        self.checked: set[Path] = set()
        self.data: dict[str, dict[str, Value]] = {}
        self.data_places: dict[str, str] = {}
        self.assumed: dict[tuple[str, str], Value] = {}
        self.following = False
        """Whether the stack asks for the next major version of the AWS provider."""
        self.settled_provider = False
        """Whether it asks for the version that plans have judged, and admits no later major one."""

    def report(
        self,
        message: str,
        file: str,
        node: Any,
        severity: Literal["error", "warning"] = "error",
        *,
        guard: bool = False,
        near: tuple[str, Iterable[str]] | None = None,
        address: str = "",
    ) -> None:
        """Add a diagnostic, once; `near` is a mistyped name with those that it may have meant.

        It is about what is at `address`, else about the cell that is being evaluated.
        """
        address = address or (self.busy[-1].name if self.busy else "")
        if severity == "error" and address:
            self.unevaluated.add(address)
        if len(self.diagnostics) >= MAX_DIAGNOSTICS:
            if not self.exhausted:
                self.exhausted = True
                self.budget.steps = MAX_STEPS
                message = f"there are more than {MAX_DIAGNOSTICS:,} errors and warnings; the rest is not evaluated"
                self.diagnostics.setdefault(Diagnostic("error", message, Location(file)))
            return
        message += "" if near is None else suggestion(*near)
        location = Location(file, getattr(node, "line", 1), getattr(node, "column", 1))
        self.diagnostics.setdefault(Diagnostic(severity, sentence(message), location, guard, address))

    def choose_provider(self, config: Module) -> None:
        """Find which version of the AWS provider the modules ask for, from the root downwards, and say so if it is the next."""
        wanted: dict[str, str] = {}
        seen: set[Path] = set()
        waiting = [(config, "")]
        while waiting:
            module, key = waiting.pop()
            if module.directory in seen:
                continue
            seen.add(module.directory)
            for constraint, file in module.provider_constraints:
                wanted.setdefault(constraint, file)
            for name, placed in module.modules.items():
                source = argument_of(placed.block, "source")
                text = source.expression.value if source and isinstance(source.expression, tree.Literal) else None
                local = isinstance(text, str) and text.startswith(("./", "../"))
                place = self.directory(module.directory, str(text)) if local else self.vendored.get(f"{key}{name}")
                if place is not None and place.is_dir() and len(seen) < MAX_INSTANCES_PER_RESOURCE:
                    try:
                        waiting.append((self.module(place.resolve()), f"{key}{name}."))
                    except InputError:
                        continue  # said where the module is called
        known = tuple(map(int, provider.VERSION.split(".")))
        following = [version for each in wanted for version in rules.versions(each) if version[0] > known[0]]
        following.append((known[0] + 1, 999, 0))  # some version of the next major one
        refused = [constraint for constraint in wanted if rules.allows(constraint, known) is False]
        admitted = any(all(rules.allows(each, version) for each in wanted) for version in following)
        self.following = bool(refused) and admitted
        self.settled_provider = bool(wanted) and not refused and not admitted
        if self.following:
            message = (
                f"version {refused[0]} of the provider aws is asked for; it is read with what is known of "
                f"{provider.NEXT_VERSION} beside {provider.VERSION}, and no plan of that version has judged it"
            )
            self.report(message, wanted[refused[0]], None, "warning")

    def get(self, cell: Cell, node: Any) -> Value:
        """The cell's value; what it rests on is added to the current trace."""
        if cell.state == "new":
            self.run(cell)
        elif cell.state == "busy":
            self.cyclic = True
            names = [other.name for other in self.busy[self.busy.index(cell) :]]
            raise EvaluationError(f"this is a cycle: {' -> '.join((*names, cell.name))}", node)
        self.budget.steps += len(cell.trace.references) >> 3  # what is evaluated next ends where this is too much
        self.budget.trace.add(cell.trace)
        return cell.value

    def give_up(self, error: ExhaustedError, file: str) -> None:
        """Report that the budget is used up, once; nothing further is evaluated."""
        if not self.exhausted:
            self.report(error.message, file, error.node)
        self.exhausted = True

    def may_hold_another(self, placed: Placed, key: Key) -> bool:
        """Count one more instance of a module; False, with a diagnostic, where there are too many."""
        self.instances += key is None  # the others are counted where their keys are
        if self.instances > MAX_INSTANCES and not self.exhausted:
            message = f"the stack has more than {MAX_INSTANCES:,} instances; the rest is not evaluated"
            self.give_up(ExhaustedError(message, placed.block), placed.file)
        return not self.exhausted

    def edge(self, edge: tuple[str, str, str]) -> Reference:
        """The reference of (argument, address, attribute), made once: the instances of a block share most of theirs."""
        found = self.edges.get(edge)
        if found is None:
            found = self.edges[edge] = Reference(*edge)
        return found

    def too_large(self, value: Value) -> bool:
        """Whether a value has too many elements; one that goes from cell to cell is weighed once, and kept to keep its id."""
        if id(value) in self.weighed or not is_nested(value):
            return False
        self.weighed[id(value)] = value
        size = weight(value)
        self.budget.charge(size // 4)  # four elements are looked at in the time of one step
        return size > MAX_WEIGHT

    def run(self, cell: Cell) -> None:
        """Evaluate the cell; an error becomes a diagnostic and an unknown value."""
        budget = self.budget
        outer, budget.trace = budget.trace, Trace()
        cell.state = "busy"
        self.busy.append(cell)
        try:
            if budget.held > MAX_HELD or budget.steps > MAX_STEPS:
                hold(budget, 0, cell.node)
                work(budget, 1, cell.node)
            value = cell.value = cell.compute()
            if self.too_large(value):
                cell.value, cell.failed = Unknown(cell.name), True
                self.report(f"the value of {cell.name} is too large to be evaluated", cell.file, cell.node)
        except EvaluationError as error:
            cell.value, cell.failed = Unknown(cell.name), True
            if isinstance(error, ExhaustedError):
                self.give_up(error, cell.file)
            else:
                self.report(error.text, cell.file, error.node, near=error.near)
        except ValueProblem as error:
            cell.value, cell.failed = Unknown(cell.name), True
            self.report(str(error), cell.file, cell.node)
        except RecursionError:
            cell.value, cell.failed = Unknown(cell.name), True
            self.report(f"{cell.name} is nested too deeply to be evaluated", cell.file, cell.node)
        finally:
            self.busy.pop()
            cell.state = "done"
            cell.trace, budget.trace = budget.trace, outer
            budget.held += len(cell.trace.references) << 6

    def lazy(
        self, address: str, fetch: Callable[[str, Any], Value], fill: Callable[[], Mapping[str, Value]]
    ) -> LazyObject:
        """A lazy object that adds to this evaluation's traces."""
        return LazyObject(address, fetch, fill, self.budget)

    def count_instances(self, number: int, what: str, node: Any) -> None:
        """Note that so many instances are made; raises where there are too many."""
        if number > MAX_INSTANCES_PER_RESOURCE:
            raise EvaluationError(
                f"{what} asks for {number:,} instances; more than {MAX_INSTANCES_PER_RESOURCE:,} are not evaluated",
                node,
            )
        self.instances += number
        if self.instances > MAX_INSTANCES:
            raise EvaluationError(
                f"the stack has more than {MAX_INSTANCES:,} instances; the rest is not evaluated", node
            )

    def directory(self, base: Path, source: str) -> Path | None:
        """The real directory that a local source names as seen from `base`, None where there is none.

        Only a directory that is reached without a link is one from which its own files may be read: a link must not choose what
        is shown of this machine.
        """
        key = (base, source)
        if key not in self.directories:
            real = (base / source).resolve()
            self.directories[key] = real if real.is_dir() else None
            if str(real) == os.path.normpath(base / source):
                self.readable.add(real)
        return self.directories[key]

    def roots(self, directory: Path) -> tuple[Path, ...]:
        """Where the files lie that functions in the module at `directory` may read: the stack's, its own, and shared ones."""
        own = (directory,) if directory in self.readable else ()
        return (self.root, *own, *self.shared)

    def module(self, resolved: Path) -> Module:
        """The module in a resolved directory, read once. Raises `InputError`."""
        if resolved not in self.modules:
            module = read_module(resolved, relative(resolved, self.root), self.cache)
            self.modules[resolved] = module
            for diagnostic in module.diagnostics:
                self.diagnostics.setdefault(diagnostic)
        return self.modules[resolved]


def sentence(message: str) -> str:
    """The message without a stop at its end."""
    return message.rstrip().removesuffix(".")


def relative(path: Path, root: Path) -> str:
    """`path` as seen from `root`, with `/` and, where need be, `..`; empty where they are the same."""
    if path == root:
        return ""
    parts, base = path.parts, root.parts
    common = 0
    while common < min(len(parts), len(base)) and parts[common] == base[common]:
        common += 1
    return "/".join((*[".."] * (len(base) - common), *parts[common:]))


DEFAULT_REGION = "us-east-1"
"""Taken, with a warning, where nothing names a region: AWS's first, and the one whose prices the others are compared with."""

MISSING: Any = object()
"""No value given, which is not the same as null."""


def argument_of(block: tree.Block, name: str) -> tree.Argument | None:
    """The argument of a block's body, or None."""
    for argument in block.body.arguments:
        if argument[0] == name:  # its name, by position: this is asked more often than anything else
            return argument
    return None


def dotted(node: tree.Node) -> str:
    """`aws.west` for a reference to a provider; its quoted form, as JSON and old configurations have it, counts too."""
    match node:
        case tree.Name(name) | tree.DottedKey(name):
            return name
        case tree.Attribute(target, name):
            return f"{dotted(target)}.{name}"
        case tree.Literal(str() as text):
            return text
        case _:
            return ""


def bracketed(key: Key) -> str:
    """`[0]`, `["a"]` or nothing, as in an address."""
    if key is None:
        return ""
    return f"[{key}]" if isinstance(key, int) else f"[{quoted(key, limit=10_000)}]"


def constants(title: str, table: Mapping[str, Value]) -> Callable[[str, Any], Value]:
    """What a namespace of fixed values gives for each name."""

    def attribute(name: str, node: Any) -> Value:
        if name not in table:
            raise UndeclaredError(f"there is no {title}.{name}", node, near=(name, table))
        return table[name]

    return attribute
