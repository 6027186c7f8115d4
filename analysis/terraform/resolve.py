"""Modules, resources and variables, resolved: from the blocks of a stack to an `Architecture`.

Everything that has a name (a variable, a local, an argument of a resource instance) is a `Cell`, evaluated when first asked for
and remembered with its trace, so that whoever uses it inherits what it rests on. A cell that is asked for while it is being
evaluated closes a cycle. An error in a cell becomes a diagnostic, the cell's value is unknown, and evaluation goes on.

What an attribute is worth, in this order: what is configured; the provider's default; unknown, where the provider computes it;
null. A type that the schema facts do not contain (another provider's, or a data source) has unknown attributes where it has no
configured ones.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from analysis.architecture import (
    Architecture,
    Diagnostic,
    Location,
    Output,
    Reference,
    Resource,
    Unknown,
    Value,
    Variable,
)
from analysis.terraform import data_sources, provider, tree
from analysis.terraform.functions import Context
from analysis.terraform.evaluate import (
    Budget,
    EvaluationError,
    ExhaustedError,
    LazyObject,
    Namespace,
    Scope,
    Trace,
    evaluate,
    settled,
    suggestion,
    value_of,
)
from analysis.terraform.provider import AttributeSchema, BlockSchema
from analysis.terraform.sources import InputError, Module, Placed, read_module, read_text, vendored
from analysis.terraform.syntax import parse_template
from analysis.terraform.types import type_constraint
from analysis.terraform.values import (
    ANY,
    STRING,
    Collection,
    ObjectType,
    SetValue,
    Type,
    ValueProblem,
    article,
    convert,
    first_unknown,
    is_known,
    plain,
    quoted,
    set_of,
    to_bool,
    to_number,
    to_string,
    type_name,
)

MAX_INSTANCES_PER_RESOURCE = 2_000
"""Instances of one resource; AWS refuses far smaller numbers of nearly everything."""

MAX_INSTANCES = 20_000
"""Instances of all resources and modules of a stack."""

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

    def __init__(self, root: Path, cache: Path | None, environ: Mapping[str, str]) -> None:
        self.root = root.resolve()
        self.cache = cache
        self.environ = environ
        self.budget = Budget()
        self.diagnostics: dict[Diagnostic, None] = {}
        self.busy: list[Cell] = []
        self.modules: dict[Path, Module] = {}
        self.vendored = vendored(self.root)
        self.instances = 0
        self.exhausted = False

    def report(self, message: str, file: str, node: Any, severity: Literal["error", "warning"] = "error") -> None:
        """Add a diagnostic, once."""
        location = Location(file, getattr(node, "line", 1), getattr(node, "column", 1))
        self.diagnostics.setdefault(Diagnostic(severity, sentence(message), location))

    def get(self, cell: Cell, node: Any) -> Value:
        """The cell's value; what it rests on is added to the current trace."""
        if cell.state == "new":
            self.run(cell)
        elif cell.state == "busy":
            names = [other.name for other in self.busy[self.busy.index(cell) :]]
            raise EvaluationError(f"this is a cycle: {' -> '.join((*names, cell.name))}", node)
        self.budget.trace.add(cell.trace)
        return cell.value

    def run(self, cell: Cell) -> None:
        """Evaluate the cell; an error becomes a diagnostic and an unknown value."""
        budget = self.budget
        outer, budget.trace = budget.trace, Trace()
        cell.state = "busy"
        self.busy.append(cell)
        try:
            cell.value = cell.compute()
        except EvaluationError as error:
            cell.value, cell.failed = Unknown(cell.name), True
            if not (isinstance(error, ExhaustedError) and self.exhausted):
                self.report(error.message, cell.file, error.node)
            self.exhausted = self.exhausted or isinstance(error, ExhaustedError)
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

    def module(self, directory: Path) -> Module:
        """The module in a directory, read once. Raises `InputError`."""
        resolved = directory.resolve()
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


class ModuleInstance:
    """One instance of a module: the root, or what a `module` block makes for one key."""

    def __init__(
        self,
        stack: Stack,
        config: Module,
        address: str,
        parent: ModuleInstance | None = None,
        call: Placed | None = None,
        call_scope: Scope | None = None,
        inputs: Mapping[str, Value] | None = None,
    ) -> None:
        self.stack, self.config, self.address = stack, config, address
        self.parent, self.call, self.call_scope, self.inputs = parent, call, call_scope, inputs or {}
        self.depth: int = 0 if parent is None else parent.depth + 1
        self.cells: dict[tuple[str, str], Cell] = {}
        self.resources = {key: ResourceBlock(self, key, placed) for key, placed in config.resources.items()}
        self.calls = {name: ModuleCall(self, name, placed) for name, placed in config.modules.items()}
        self.objects: dict[int, LazyObject] = {}
        path = relative(config.directory, stack.root) or "."
        self.context = Context(
            base=stack.root, roots=(stack.root, config.directory.resolve()) if parent is not None else (stack.root,)
        )
        paths = {"module": path, "root": ".", "cwd": str(stack.root)}
        self.namespaces: dict[str, Namespace] = {
            "var": Namespace("var", self.variable),
            "local": Namespace("local", self.local),
            "module": Namespace("module", self.module_call),
            "data": Namespace("data", self.data_type),
            "path": Namespace("path", self.constants("path", paths)),
            "terraform": Namespace("terraform", self.constants("terraform", {"workspace": "default"})),
        }
        self.types = {key[1] for key in config.resources if key[0] == "managed"}
        for kind in self.types:
            self.namespaces.setdefault(kind, Namespace(kind, self.by_name("managed", kind)))
        self.scope = Scope(stack.budget, {}, self.namespace, self.context)

    def qualified(self, name: str) -> str:
        """The absolute address of something of this module."""
        return f"{self.address}.{name}" if self.address else name

    # --- names ---

    def namespace(self, name: str, node: Any) -> Value:
        found = self.namespaces.get(name)
        if found is not None:
            return found
        if name in ("each", "count", "self"):
            raise EvaluationError(
                f"{name} can be used only in a block that has {'for_each' if name == 'each' else name}", node
            )
        raise EvaluationError(f"there is nothing called {quoted(name)} here{suggestion(name, self.namespaces)}", node)

    @staticmethod
    def constants(title: str, table: Mapping[str, Value]) -> Callable[[str, Any], Value]:
        def attribute(name: str, node: Any) -> Value:
            if name not in table:
                raise EvaluationError(f"there is no {title}.{name}{suggestion(name, table)}", node)
            return table[name]

        return attribute

    def by_name(self, mode: str, kind: str) -> Callable[[str, Any], Value]:
        def attribute(name: str, node: Any) -> Value:
            block = self.resources.get((mode, kind, name))
            if block is None:
                word = "data source" if mode == "data" else "resource"
                near = [key[2] for key in self.resources if key[:2] == (mode, kind)]
                raise EvaluationError(f"there is no {word} {kind}.{name} in this module{suggestion(name, near)}", node)
            return block.reference(node)

        return attribute

    def data_type(self, kind: str, node: Any) -> Value:
        title = f"data.{kind}"
        if title not in self.namespaces:
            if not any(key[:2] == ("data", kind) for key in self.resources):
                near = {key[1] for key in self.resources if key[0] == "data"}
                raise EvaluationError(
                    f"there is no data source of type {quoted(kind)} here{suggestion(kind, near)}", node
                )
            self.namespaces[title] = Namespace(title, self.by_name("data", kind))
        return self.namespaces[title]

    def module_call(self, name: str, node: Any) -> Value:
        call = self.calls.get(name)
        if call is None:
            raise EvaluationError(f"there is no module {quoted(name)}{suggestion(name, self.calls)}", node)
        return call.reference(node)

    def cell(self, kind: str, name: str, file: str, node: Any, compute: Callable[[], Value]) -> Cell:
        key = (kind, name)
        if key not in self.cells:
            self.cells[key] = Cell(self.qualified(f"{kind}.{name}"), file, node, compute)
        return self.cells[key]

    # --- locals ---

    def local(self, name: str, node: Any) -> Value:
        entry = self.config.locals.get(name)
        if entry is None:
            raise EvaluationError(f"there is no local value {quoted(name)}{suggestion(name, self.config.locals)}", node)
        argument, file = entry
        return self.part("local", name, argument.expression, file, node)

    def part(self, kind: str, name: str, expression: tree.Node, file: str, node: Any) -> Value:
        """The value of an expression; of an object constructor only the attributes that are asked for.

        This keeps what rests on one attribute apart from what rests on its neighbours.
        """
        if isinstance(expression, tree.ObjectNode) and expression.items:
            names = [k.value for k, _ in expression.items if isinstance(k, tree.Literal) and isinstance(k.value, str)]
            if len(set(names)) == len(expression.items):
                self.stack.budget.lazies += 1
                if id(expression) not in self.objects:
                    self.objects[id(expression)] = self.members(kind, name, expression, file)
                return self.objects[id(expression)]
        cell = self.cell(kind, name, file, node, lambda: value_of(expression, self.scope))
        return self.stack.get(cell, node)

    def members(self, kind: str, name: str, expression: tree.ObjectNode, file: str) -> LazyObject:
        nodes = {str(key.value): item for key, item in expression.items if isinstance(key, tree.Literal)}

        def fetch(member: str, node: Any) -> Value:
            if member not in nodes:
                raise EvaluationError(
                    f"{kind}.{name} has no attribute {quoted(member)}{suggestion(member, nodes)}", node
                )
            return self.part(kind, f"{name}.{member}", nodes[member], file, node)

        def fill() -> Mapping[str, Value]:
            return {member: settled(fetch(member, item), item) for member, item in nodes.items()}

        return self.stack.lazy(f"{kind}.{name}", fetch, fill)

    # --- variables ---

    def variable(self, name: str, node: Any) -> Value:
        placed = self.config.variables.get(name)
        if placed is None:
            raise EvaluationError(f"there is no variable {quoted(name)}{suggestion(name, self.config.variables)}", node)
        cell = self.cell("var", name, placed.file, placed.block, lambda: self.variable_value(name, placed))
        return self.stack.get(cell, node)

    def variable_type(self, name: str) -> Type:
        """The type constraint of a variable, `any` where there is none or it cannot be read."""
        placed = self.config.variables[name]
        argument = argument_of(placed.block, "type")
        if argument is None:
            return ANY
        cell = self.cell(
            "type of var", name, placed.file, argument, lambda: type_constraint(argument.expression, self.constant)
        )
        kind = self.stack.get(cell, argument)
        return ANY if isinstance(kind, Unknown) else kind

    def constant(self, node: tree.Node) -> Value:
        """The value of an expression that may use no names."""

        def none(name: str, at: Any) -> Value:
            raise EvaluationError(f"{quoted(name)} cannot be used here; only constant values can", at)

        return value_of(node, Scope(self.stack.budget, {}, none, self.context))

    def variable_value(self, name: str, placed: Placed) -> Value:
        block = placed.block
        kind = self.variable_type(name)
        if self.flag(block, "sensitive", default=False):
            self.stack.budget.trace.sensitive = True
        default = argument_of(block, "default")
        given, place = self.given(name)
        if given is MISSING:
            if default is None:
                if self.parent is None:
                    self.stack.report(
                        f"the variable {quoted(name)} has no value; give one with --var {name}=..., --var-file or TF_VAR_{name}",
                        placed.file,
                        block,
                    )
                elif self.call is not None:
                    self.stack.report(
                        f"module.{self.call.block.labels[0]} needs the argument {quoted(name)}",
                        self.call.file,
                        self.call.block,
                    )
                return Unknown(self.qualified(f"var.{name}"))
            given, place = self.constant(default.expression), (placed.file, default)
        elif given is None and not self.flag(block, "nullable", default=True):
            if default is None:
                raise EvaluationError(f"the variable {quoted(name)} may not be null", block)
            given = self.constant(default.expression)
        try:
            return convert(given, kind)
        except ValueProblem as error:
            self.stack.report(f"the value of variable {quoted(name)} does not fit its type: {error}", *place)
            return Unknown(self.qualified(f"var.{name}"))

    def given(self, name: str) -> tuple[Value, tuple[str, Any]]:
        """The value given from outside, or `MISSING`, and the place to blame."""
        if self.call is None or self.call_scope is None:
            placed = self.config.variables[name]
            return self.inputs.get(name, MISSING), (placed.file, placed.block)
        argument = argument_of(self.call.block, name)
        if argument is None:
            return MISSING, (self.call.file, self.call.block)
        parent = self.parent
        assert parent is not None  # noqa: S101 - a module that is called has a caller
        scope = self.call_scope
        file = parent.config.file_of(argument, self.call)
        cell = self.cell("input", name, file, argument, lambda: value_of(argument.expression, scope))
        cell.name = f"{self.address}.{name}"
        return self.stack.get(cell, argument), (file, argument)

    def flag(self, block: tree.Block, name: str, *, default: bool) -> bool:
        argument = argument_of(block, name)
        if argument is None:
            return default
        value = to_bool(self.constant(argument.expression))
        return value if isinstance(value, bool) else default

    def validate(self, name: str) -> None:
        """Report each validation of a variable whose condition is false."""
        placed = self.config.variables[name]
        value = self.variable(name, placed.block)
        if value is not None and isinstance(value, Unknown) and self.cells["var", name].failed:
            return
        for rule in placed.block.body.blocks:
            condition = argument_of(rule, "condition")
            if rule.type != "validation" or condition is None:
                continue
            if self.judged(f"validation of var.{name}", placed.file, condition) is False:
                message = argument_of(rule, "error_message")
                text = None if message is None else self.judged("error_message", placed.file, message)
                shown = text if isinstance(text, str) else "the value does not meet the variable's condition"
                self.stack.report(f"invalid value for variable {quoted(name)}: {shown}", *self.blame(name))

    def judged(self, name: str, file: str, argument: tree.Argument) -> Value:
        """The value of an argument that nothing else refers to; an error in it is reported."""
        return self.stack.get(Cell(name, file, argument, lambda: value_of(argument.expression, self.scope)), argument)

    def blame(self, name: str) -> tuple[str, Any]:
        """Where a wrong value of a variable comes from: the module call's argument, else the variable's block."""
        if self.call is not None and (argument := argument_of(self.call.block, name)) is not None:
            return (self.parent or self).config.file_of(argument, self.call), argument
        return self.config.variables[name].file, self.config.variables[name].block

    # --- outputs ---

    def output(self, name: str, node: Any) -> Value:
        placed = self.config.outputs.get(name)
        if placed is None:
            raise EvaluationError(
                f"{self.address} has no output {quoted(name)}{suggestion(name, self.config.outputs)}", node
            )
        return self.stack.get(self.output_cell(name, placed), node)

    def output_cell(self, name: str, placed: Placed) -> Cell:
        argument = argument_of(placed.block, "value")

        def compute() -> Value:
            if self.flag(placed.block, "sensitive", default=False):
                self.stack.budget.trace.sensitive = True
            if argument is None:
                raise EvaluationError(f"the output {quoted(name)} has no value", placed.block)
            return value_of(argument.expression, self.scope)

        return self.cell("output", name, placed.file, argument or placed.block, compute)

    # --- providers ---

    def provider(self, name: str) -> ProviderSettings | None:
        """The settings of the provider `aws` or `aws.alias` as this module sees it; None where there is no such block."""
        placed = self.config.providers.get(name)
        if placed is not None and (self.parent is None or placed.block.body.arguments or placed.block.body.blocks):
            cell = self.cell("provider", name, placed.file, placed.block, lambda: self.provider_settings(placed))
            outer, self.stack.budget.trace = self.stack.budget.trace, Trace()
            try:
                value = self.stack.get(cell, placed.block)
            finally:
                self.stack.budget.trace = outer
            return value if isinstance(value, ProviderSettings) else None
        if self.parent is None or self.call is None:
            return None
        passed = argument_of(self.call.block, "providers")
        if passed is not None and isinstance(passed.expression, tree.ObjectNode):
            for key, item in passed.expression.items:
                if dotted(key) == name:
                    return self.parent.provider(dotted(item))
        return self.parent.provider(name) if "." not in name else None

    def provider_settings(self, placed: Placed) -> ProviderSettings:
        block = placed.block
        region = argument_of(block, "region")
        tags: Value = {}
        for inner in block.body.blocks:
            if inner.type == "default_tags" and (argument := argument_of(inner, "tags")) is not None:
                tags = convert(value_of(argument.expression, self.scope), Collection("map", STRING)) or {}
        default = argument_of(block, "default_tags")  # JSON syntax
        if default is not None:
            value = value_of(default.expression, self.scope)
            rows = value if isinstance(value, tuple) else (value,)
            tags = next((row["tags"] for row in rows if isinstance(row, dict) and row.get("tags")), {})
        where = None if region is None else to_string(value_of(region.expression, self.scope))
        return ProviderSettings(where, tags, self.stack.budget.trace.sensitive)


MISSING: Any = object()
"""No value given, which is not the same as null."""


def argument_of(block: tree.Block, name: str) -> tree.Argument | None:
    """The argument of a block's body, or None."""
    for argument in block.body.arguments:
        if argument.name == name:
            return argument
    return None


def dotted(node: tree.Node) -> str:
    """`aws.west` for a reference to a provider; its quoted form, as JSON and old configurations have it, counts too."""
    match node:
        case tree.Name(name):
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


class Repeated:
    """What `count` and `for_each` make: the keys of the instances and what `count` and `each` are in each."""

    def __init__(self, module: ModuleInstance, placed: Placed, title: str) -> None:
        self.module, self.placed, self.title = module, placed, title
        self.stack = module.stack
        self.address = module.qualified(title)
        self.cell: Cell | None = None
        self.parts: dict[Key, Callable[[str, Any], Value]] = {}

    def keys(self, node: Any) -> tuple[Key, ...]:
        """The keys of the instances: (None,) for a single one."""
        block = self.placed.block
        argument = argument_of(block, "count") or argument_of(block, "for_each")
        if argument is None:
            return (None,)
        if self.cell is None:
            file = self.module.config.file_of(argument, self.placed)
            self.cell = Cell(f"{self.address}.{argument.name}", file, argument, lambda: self.expand(argument, file))
        found = self.stack.get(self.cell, node)
        if isinstance(found, Unknown):
            return (0,) if argument.name == "count" else ()
        return tuple(found)

    def expand(self, argument: tree.Argument, file: str) -> Value:
        node = argument.expression
        if argument.name == "count":
            number = to_number(value_of(node, self.module.scope))
            if isinstance(number, Unknown):
                self.stack.report(
                    f"count depends on {number.reference}, which is known only after apply; one instance is assumed",
                    file,
                    node,
                )
                return (0,)
            if not isinstance(number, int) or number < 0:
                raise EvaluationError(f"count must be a whole number from 0, not {to_string(number) or 'null'}", node)
            self.stack.count_instances(number, f"count of {self.address}", node)
            return tuple(range(number))
        value = evaluate(node, self.module.scope)
        lazy = value if isinstance(value, LazyObject) else None
        if lazy is None and isinstance(node, tree.ObjectNode):
            part = self.module.part("for_each", self.title, node, file, node)
            lazy = part if isinstance(part, LazyObject) else None
        value = settled(value if lazy is None else lazy, node)
        if isinstance(value, Unknown):
            self.stack.report(
                f"for_each depends on {value.reference}, which is known only after apply; no instance is assumed",
                file,
                node,
            )
            return ()
        keys = self.each(value, node, file)
        self.stack.count_instances(len(keys), f"for_each of {self.address}", node)
        for key in keys:
            if isinstance(value, dict):
                self.parts[key] = lazy.fetch if lazy is not None else _item_of(value)
            else:
                self.parts[key] = lambda name, _node: name
        return keys

    def each(self, value: Value, node: Any, file: str) -> tuple[str, ...]:
        if isinstance(value, dict):
            return tuple(sorted(value))
        if isinstance(value, SetValue):
            unknown = first_unknown(value)
            if unknown is not None:
                self.stack.report(
                    f"for_each has an element that is known only after apply, {unknown.reference}; it is left out",
                    file,
                    node,
                )
            elements = [element for element in value if not isinstance(element, Unknown)]
            if all(isinstance(element, str) for element in elements):
                return tuple(elements)
            raise EvaluationError("a set for for_each must hold strings only", node)
        hint = "; convert it with toset()" if isinstance(value, tuple) else ""
        raise EvaluationError(f"for_each takes a map or a set of strings, not {article(type_name(value))}{hint}", node)

    def scope(self, key: Key) -> Scope:
        """The module's scope with `count` or `each` of one instance."""
        if key is None:
            return self.module.scope
        if isinstance(key, int):
            return self.module.scope.having(
                {"count": Namespace("count", ModuleInstance.constants("count", {"index": key}))}
            )

        def attribute(name: str, node: Any) -> Value:
            if name == "key":
                return key
            if name != "value":
                raise EvaluationError(f"each has key and value, not {quoted(name)}", node)
            value = self.parts[key](key, node)
            cell = self.cell
            if cell is not None:
                # A known value may rest on any part of the collection; an unknown one names what it rests on.
                if self.parts[key].__name__ != "fetch" and is_known(value):
                    self.stack.budget.trace.add(cell.trace)
                self.stack.budget.trace.sensitive |= cell.trace.sensitive
            if isinstance(value, LazyObject):
                self.stack.budget.lazies += 1
            return value

        return self.module.scope.having({"each": Namespace("each", attribute)})


def _item_of(value: Mapping[str, Value]) -> Callable[[str, Any], Value]:
    def item(name: str, _node: Any) -> Value:
        return value[name]

    return item


class ModuleCall(Repeated):
    """A `module` block: its instances are modules."""

    def __init__(self, module: ModuleInstance, name: str, placed: Placed) -> None:
        super().__init__(module, placed, f"module.{name}")
        self.name = name
        self.made: dict[Key, ModuleInstance] = {}
        self.objects: dict[Key, LazyObject] = {}
        self.config: Module | None = None
        self.located = False

    def source(self) -> Module | None:
        """The called module, or None, with a diagnostic, where it is not on disk."""
        if not self.located:
            self.located = True
            try:
                self.config = self.locate()
            except EvaluationError as error:
                self.stack.report(error.message, self.placed.file, error.node)
            except InputError as error:
                argument = argument_of(self.placed.block, "source") or self.placed.block
                for diagnostic in error.diagnostics:
                    self.stack.report(f"module.{self.name}: {diagnostic.message}", self.placed.file, argument)
        return self.config

    def locate(self) -> Module:
        block = self.placed.block
        argument = argument_of(block, "source")
        if argument is None:
            raise EvaluationError(f"module.{self.name} has no source", block)
        source = self.module.constant(argument.expression)
        if not isinstance(source, str):
            raise EvaluationError("source must be a string", argument.expression)
        if source.startswith(("./", "../")) or source in (".", ".."):
            directory = self.module.config.directory / source
            if not directory.is_dir():
                raise EvaluationError(f"the module's directory {quoted(source)} does not exist", argument.expression)
        else:
            key = ".".join(part.split("[")[0] for part in self.address.split(".") if part != "module")
            place = self.stack.vendored.get(key)
            if place is None or not place.is_dir():
                raise EvaluationError(
                    f"the module {quoted(source)} is not on this machine, so what it contains is missing here; "
                    "run terraform init in the stack's directory, which puts it into .terraform/modules",
                    argument.expression,
                )
            directory = place
        caller: ModuleInstance | None = self.module
        while caller is not None:
            if caller.config.directory.resolve() == directory.resolve():
                raise EvaluationError(
                    f"module.{self.name} calls a module that it is itself part of", argument.expression
                )
            caller = caller.parent
        if self.module.depth >= MAX_MODULE_DEPTH:
            raise EvaluationError(f"modules are nested more than {MAX_MODULE_DEPTH} deep", argument.expression)
        return self.stack.module(directory)

    def instance(self, key: Key) -> ModuleInstance | None:
        """The module instance for one key; None where the module is not on disk."""
        if key not in self.made:
            config = self.source()
            if config is None:
                return None
            address = self.address + bracketed(key)
            self.made[key] = ModuleInstance(self.stack, config, address, self.module, self.placed, self.scope(key))
            for argument in self.placed.block.body.arguments:
                if argument.name not in config.variables and argument.name not in MODULE_META:
                    near = suggestion(argument.name, config.variables)
                    self.stack.report(
                        f"module.{self.name} has no variable {quoted(argument.name)}{near}",
                        self.module.config.file_of(argument, self.placed),
                        argument,
                    )
        return self.made[key]

    def instances(self) -> Iterator[tuple[Key, ModuleInstance]]:
        """Every instance with its key."""
        for key in self.keys(self.placed.block):
            if (instance := self.instance(key)) is not None:
                yield key, instance

    def reference(self, node: Any) -> Value:
        """What `module.name` stands for: one object, a list of them, or a map of them."""
        if self.source() is None:
            return Unknown(self.address)
        keys = self.keys(node)
        self.stack.budget.lazies += 1
        return collected(keys, self.object, self.placed.block)

    def object(self, key: Key) -> Value:
        if key not in self.objects:
            instance = self.instance(key)
            if instance is None:
                return Unknown(self.address + bracketed(key))
            made = instance

            def fill() -> Mapping[str, Value]:
                return {name: made.output(name, placed.block) for name, placed in made.config.outputs.items()}

            self.objects[key] = self.stack.lazy(made.address, made.output, fill)
        return self.objects[key]


def collected(keys: Sequence[Key], one: Callable[[Key], Value], block: tree.Block) -> Value:
    """The instances as an expression sees them: a single one as it is, counted ones as a list, keyed ones as a map."""
    if argument_of(block, "count") is not None:
        return tuple(one(key) for key in keys)
    if argument_of(block, "for_each") is not None:
        return {str(key): one(key) for key in keys}
    return one(None)


class ResourceBlock(Repeated):
    """A `resource` or `data` block."""

    def __init__(self, module: ModuleInstance, key: tuple[str, str, str], placed: Placed) -> None:
        mode, self.type, self.name = key
        super().__init__(module, placed, f"{'data.' if mode == 'data' else ''}{self.type}.{self.name}")
        self.mode: Literal["managed", "data"] = "data" if mode == "data" else "managed"
        self.made: dict[Key, ResourceInstance] = {}
        self.schema = provider.schema(self.type) if mode == "managed" else None
        self.arguments = {
            argument.name: argument for argument in placed.block.body.arguments if argument.name not in META
        }
        self.blocks: dict[str, list[tree.Block]] = {}
        for block in placed.block.body.blocks:
            kind = block.labels[0] if block.type == "dynamic" and block.labels else block.type
            if kind not in META:
                self.blocks.setdefault(kind, []).append(block)

    def instance(self, key: Key) -> ResourceInstance:
        """The instance for one key."""
        if key not in self.made:
            self.made[key] = ResourceInstance(self, key)
        return self.made[key]

    def instances(self) -> Iterator[ResourceInstance]:
        """Every instance."""
        for key in self.keys(self.placed.block):
            yield self.instance(key)

    def reference(self, node: Any) -> Value:
        """What `aws_vpc.main` stands for."""
        keys = self.keys(node)
        self.stack.budget.lazies += 1
        return collected(keys, lambda key: self.instance(key).object, self.placed.block)

    def settings(self) -> ProviderSettings | None:
        """The settings of the provider the block uses."""
        argument = argument_of(self.placed.block, "provider")
        name = self.type.split("_", maxsplit=1)[0] if argument is None else dotted(argument.expression)
        return self.module.provider(name)


class ResourceInstance:
    """One instance of a resource or data source; its attributes are cells."""

    def __init__(self, block: ResourceBlock, key: Key) -> None:
        self.block, self.key = block, key
        self.stack = block.stack
        self.address = block.address + bracketed(key)
        self.names = block.scope(key)
        self.cells: dict[str, Cell] = {}
        self.object = self.stack.lazy(self.address, self.attribute, self.fill)
        self.scope = self.names

    def attribute(self, name: str, node: Any) -> Value:
        """The value of one attribute, noted in the trace; of a cell's own trace only the sensitivity is passed on."""
        trace = self.stack.budget.trace
        trace.references.add((self.address, name))
        outer, self.stack.budget.trace = trace, Trace()
        try:
            return self.worth(name, node)
        finally:
            outer.sensitive |= self.stack.budget.trace.sensitive
            self.stack.budget.trace = outer

    def fill(self) -> Mapping[str, Value]:
        self.stack.budget.trace.references.add((self.address, ""))
        outer, self.stack.budget.trace = self.stack.budget.trace, Trace()
        try:
            names = self.known_names()
            found = {name: self.worth(name, self.block.placed.block) for name in names}
        finally:
            outer.sensitive |= self.stack.budget.trace.sensitive
            self.stack.budget.trace = outer
        return found

    def known_names(self) -> list[str]:
        """Every attribute: the schema's where there is one, else those configured."""
        schema = self.block.schema
        names = {*self.block.arguments, *self.block.blocks}
        if schema is not None:
            names |= {*schema.attributes, *schema.blocks}
        elif self.block.mode == "data":
            names |= set(data_sources.attributes_of(self.block.type))
        return sorted(names)

    def worth(self, name: str, node: Any) -> Value:
        schema = self.block.schema
        attribute = schema.attributes.get(name) if schema is not None else None
        if attribute is not None and attribute.sensitive:
            self.stack.budget.trace.sensitive = True
        value = self.configured(name, node)
        if value is not None:
            return value
        if self.block.mode == "data":
            return self.read(name, node)
        if name == "tags_all" and attribute is not None:
            return self.tags_all(node)
        if name == "region" and schema is None:
            return self.region()
        default = provider.defaults().get(self.block.type, {}).get(name)
        if default is not None and not isinstance(default, dict):
            return default
        if schema is None:
            return Unknown(f"{self.address}.{name}")
        if attribute is not None:
            return Unknown(f"{self.address}.{name}") if attribute.computed else None
        if name in schema.blocks:
            return () if schema.blocks[name].mode != "single" else None
        raise EvaluationError(
            f"{self.block.type} has no attribute {quoted(name)}{suggestion(name, (*schema.attributes, *schema.blocks))}",
            node,
        )

    def configured(self, name: str, node: Any) -> Value:
        """The value that the configuration gives, or None."""
        if name not in self.block.arguments and name not in self.block.blocks:
            return None
        return self.stack.get(self.cell(name), node)

    def cell(self, name: str) -> Cell:
        """The cell of a configured argument or kind of nested block."""
        if name not in self.cells:
            argument = self.block.arguments.get(name)
            placed, config = self.block.placed, self.block.module.config
            origin: tree.Argument | tree.Block = argument if argument is not None else self.block.blocks[name][0]
            self.cells[name] = Cell(
                f"{self.address}.{name}",
                config.file_of(origin, placed),
                origin,
                (lambda: self.argument_value(name, argument))
                if argument is not None
                else (lambda: self.block_values(name)),
            )
        return self.cells[name]

    def argument_value(self, name: str, argument: tree.Argument) -> Value:
        value = value_of(argument.expression, self.scope)
        return typed_argument(value, name, self.block.schema, self.block_defaults())

    def block_defaults(self) -> Mapping[str, Value]:
        return provider.defaults().get(self.block.type, {})

    def block_values(self, name: str) -> Value:
        return nested_values(
            self.block.blocks[name], name, self.block.schema, self.block_defaults(), self.scope, self.stack.budget
        )

    def region(self) -> Value:
        """The region the instance stands in; None where no provider block and no environment variable names one."""
        settings = self.block.settings()
        if settings is not None and settings.region is not None:
            return settings.region
        environ = self.stack.environ
        return environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")

    def tags_all(self, node: Any) -> Value:
        settings = self.block.settings()
        shared = {} if settings is None else settings.default_tags
        own = self.configured("tags", node)
        for part in (shared, own):
            if isinstance(part, Unknown):
                return Unknown(f"{self.address}.tags_all", partial=own if part is shared else shared)
        return {**(shared or {}), **(own or {})}

    def read(self, name: str, node: Any) -> Value:
        """An attribute that the data source itself gives."""
        cell = self.cells.get("")
        if cell is None:
            block = self.block.placed
            cell = self.cells[""] = Cell(self.address, block.file, block.block, self.reading)
        found = self.stack.get(cell, node)
        if isinstance(found, dict) and name in found:
            return found[name]
        return Unknown(f"{self.address}.{name}")

    def reading(self) -> Value:
        config = {name: self.configured(name, None) for name in (*self.block.arguments, *self.block.blocks)}
        region = self.region()
        return data_sources.read(
            self.block.type, config, region if isinstance(region, str) else DEFAULT_REGION, self.address
        )

    def resource(self) -> Resource:
        """The finished resource."""
        block, placed = self.block, self.block.placed
        values: dict[str, Value] = {}
        locations: dict[str, Location] = {}
        edges: set[Reference] = set()
        sensitive: set[str] = set()
        schema = block.schema
        for name in (*block.arguments, *block.blocks):
            cell = self.cell(name)
            value = self.stack.get(cell, placed.block)
            edges |= {Reference(name, address, attribute) for address, attribute in cell.trace.references}
            if cell.trace.sensitive or (schema and name in schema.attributes and schema.attributes[name].sensitive):
                sensitive.add(name)
            locations[name] = Location(cell.file, cell.node.line, cell.node.column)
            self.check_name(name, cell)
            if value is not None:
                values[name] = plain(value)
        for meta in ("count", "for_each"):
            if block.cell is not None and block.cell.name.endswith(f".{meta}"):
                edges |= {Reference(meta, address, attribute) for address, attribute in block.cell.trace.references}
        for name, default in provider.defaults().get(block.type, {}).items():
            if name not in values and not isinstance(default, dict):
                values[name] = default
        if schema is not None and "tags_all" in schema.attributes:
            tags = self.worth("tags_all", placed.block)
            if tags:
                values["tags_all"] = plain(tags)
            if "tags" in sensitive:
                sensitive.add("tags_all")
        if block.mode == "data":
            for name in data_sources.attributes_of(block.type):
                values.setdefault(name, plain(self.worth(name, placed.block)))
        region = self.region()
        return Resource(
            self.address,
            block.type,
            block.name,
            values,
            Location(placed.file, placed.block.line, placed.block.column),
            tuple(sorted(edge for edge in edges if edge.address != self.address)),
            block.module.address,
            self.key,
            block.mode,
            region if isinstance(region, str) else None,
            locations,
            frozenset(sensitive),
        )

    def check_name(self, name: str, cell: Cell) -> None:
        """Warn about an argument or block that the provider does not have."""
        schema = self.block.schema
        if schema is None or name in schema.attributes or name in schema.blocks:
            return
        self.stack.report(
            f"{self.block.type} has no argument or block {quoted(name)} in version {provider.VERSION} of the provider"
            f"{suggestion(name, (*schema.attributes, *schema.blocks))}",
            cell.file,
            cell.node,
            "warning",
        )


DEFAULT_REGION = "us-east-1"
"""Taken, with a warning, where nothing names a region: AWS's first, and the one whose prices the others are compared with."""


# --- the values of bodies ------------------------------------------------------------------------------------------------------


def typed_argument(value: Value, name: str, schema: BlockSchema | None, defaults: Mapping[str, Value]) -> Value:
    """An argument's value converted to the type that the provider declares."""
    if schema is None or value is None:
        return value
    attribute = schema.attributes.get(name)
    if attribute is not None:
        return convert(value, attribute.type)
    block = schema.blocks.get(name)
    if block is None or isinstance(value, Unknown):
        return value
    # Nested blocks written as values, as JSON syntax does.
    rows = value if isinstance(value, tuple) else (value,)
    inner = defaults.get(name)
    bodies = [
        completed(
            {
                key: typed_argument(item, key, block.body, inner if isinstance(inner, dict) else {})
                for key, item in row.items()
            },
            inner,
        )
        if isinstance(row, dict)
        else row
        for row in rows
    ]
    return arranged(bodies, block.mode)


def arranged(bodies: Sequence[Value], mode: str) -> Value:
    """Nested blocks as the JSON of a plan has them: one as an object where the provider allows no more, else a list."""
    if mode == "single":
        return bodies[0] if bodies else None
    if mode == "set":
        return tuple(set_of(bodies))
    return tuple(bodies)


def completed(body: dict[str, Value], defaults: Value) -> dict[str, Value]:
    """A nested block's values with the provider's defaults for what is not set."""
    if isinstance(defaults, dict):
        for name, default in defaults.items():
            if body.get(name) is None and not isinstance(default, dict):
                body[name] = default
    return body


def nested_values(
    blocks: Sequence[tree.Block],
    name: str,
    schema: BlockSchema | None,
    defaults: Mapping[str, Value],
    scope: Scope,
    budget: Budget,
) -> Value:
    """The values of the nested blocks of one kind, `dynamic` ones written out."""
    nested = schema.blocks.get(name) if schema is not None else None
    attribute = schema.attributes.get(name) if schema is not None else None
    inner = defaults.get(name)
    bodies: list[Value] = []
    for block in blocks:
        if block.type == "dynamic":
            expanded = dynamic_bodies(block, nested.body if nested else None, inner, scope, budget)
            if isinstance(expanded, Unknown):
                return expanded if not bodies else (*bodies, expanded)
            bodies.extend(expanded)
        else:
            bodies.append(body_values(block.body, nested.body if nested else None, inner, scope, budget))
    if nested is not None:
        return arranged(bodies, nested.mode)
    if attribute is not None:
        return convert(tuple(bodies), filled(attribute))
    return tuple(bodies)


ZERO = {"string": "", "number": 0, "bool": False}


def filled(attribute: AttributeSchema) -> Type:
    """The type of an attribute that is written as blocks; what such a block does not set is the type's zero value in a plan."""
    match attribute.type:
        case Collection(kind, ObjectType(members)):
            zeros = {}
            for name, member in members.items():
                zero: Value = () if isinstance(member.type, Collection) else ZERO.get(str(member.type))
                zeros[name] = type(member)(member.type, optional=True, default=zero)
            return Collection(kind, ObjectType(zeros))
        case other:
            return other


def body_values(
    body: tree.Body, schema: BlockSchema | None, defaults: Value, scope: Scope, budget: Budget
) -> dict[str, Value]:
    """The values of one nested block."""
    inner = defaults if isinstance(defaults, dict) else {}
    values: dict[str, Value] = {}
    for argument in body.arguments:
        try:
            value = typed_argument(value_of(argument.expression, scope), argument.name, schema, inner)
        except ValueProblem as problem:
            raise EvaluationError(f"{argument.name}: {problem}", argument.expression) from None
        if value is not None:
            values[argument.name] = value
    kinds: dict[str, list[tree.Block]] = {}
    for block in body.blocks:
        kind = block.labels[0] if block.type == "dynamic" and block.labels else block.type
        kinds.setdefault(kind, []).append(block)
    for kind, blocks in kinds.items():
        value = nested_values(blocks, kind, schema, inner, scope, budget)
        if value is not None:
            values[kind] = value
    return completed(values, inner)


def dynamic_bodies(
    block: tree.Block, schema: BlockSchema | None, defaults: Value, scope: Scope, budget: Budget
) -> list[Value] | Unknown:
    """The bodies that a `dynamic` block makes, or the unknown value it depends on."""
    each = argument_of(block, "for_each")
    content = next((inner for inner in block.body.blocks if inner.type == "content"), None)
    if each is None or content is None or not block.labels:
        raise EvaluationError("a dynamic block needs a label, for_each and a content block", block)
    iterator = argument_of(block, "iterator")
    name = dotted(iterator.expression) if iterator is not None else block.labels[0]
    collection = value_of(each.expression, scope)
    if isinstance(collection, Unknown):
        return Unknown(collection.reference)
    if collection is None:
        raise EvaluationError("for_each of a dynamic block is null", each.expression)
    pairs = elements_of(collection, each.expression)
    if len(pairs) > MAX_INSTANCES_PER_RESOURCE:
        raise EvaluationError(f"a dynamic block makes {len(pairs):,} blocks; that is too many", each.expression)
    return [
        body_values(content.body, schema, defaults, scope.having({name: {"key": key, "value": value}}), budget)
        for key, value in pairs
    ]


def elements_of(collection: Value, node: Any) -> list[tuple[Value, Value]]:
    """Key and value of each element that a dynamic block runs over."""
    if isinstance(collection, dict):
        return [(key, collection[key]) for key in sorted(collection)]
    if isinstance(collection, SetValue):
        return [(element, element) for element in collection]
    if isinstance(collection, tuple):
        return list(enumerate(collection))
    raise EvaluationError(f"for_each takes a list, set or map, not {article(type_name(collection))}", node)


# --- the whole stack -----------------------------------------------------------------------------------------------------------


def walk(module: ModuleInstance) -> Iterator[ModuleInstance]:
    """The module and every module below it."""
    yield module
    for call in module.calls.values():
        for _, instance in call.instances():
            yield from walk(instance)


def resolve(stack: Stack, inputs: Mapping[str, Value], name: str) -> Architecture:
    """The stack, resolved under the given values of its root variables. Raises `InputError` if it cannot be read at all."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, RECURSION_LIMIT))
    try:
        return _resolve(stack, inputs, name)
    finally:
        sys.setrecursionlimit(limit)


def _resolve(stack: Stack, inputs: Mapping[str, Value], name: str) -> Architecture:
    root = ModuleInstance(stack, stack.module(stack.root), "", inputs=inputs)
    stack.budget.read_template = template_reader(stack)
    managed: list[Resource] = []
    read: list[Resource] = []
    for module in walk(root):
        for variable in module.config.variables:
            module.validate(variable)
        for local, (argument, _) in module.config.locals.items():
            quietly(stack, module, local, argument)
        for block in module.resources.values():
            if block.mode == "managed" or not block.type.startswith("terraform_"):
                for instance in block.instances():
                    (managed if block.mode == "managed" else read).append(instance.resource())
        for output, placed in module.config.outputs.items():
            stack.get(module.output_cell(output, placed), placed.block)
    region = region_of(stack, root, managed)
    return Architecture(
        name,
        tuple(sorted(managed, key=address_key)),
        tuple(sorted(read, key=address_key)),
        {variable: variable_of(root, variable) for variable in root.config.variables},
        {output: output_of(root, output) for output in root.config.outputs},
        tuple(sorted(stack.diagnostics, key=lambda d: (d.severity, d.location, d.message))),
        region,
    )


def quietly(stack: Stack, module: ModuleInstance, name: str, argument: tree.Argument) -> None:
    """Evaluate a local value for its diagnostics; what no cell caught is reported where the value is used."""
    outer, stack.budget.trace = stack.budget.trace, Trace()
    try:
        settled(module.local(name, argument), argument)
    except EvaluationError:
        pass
    finally:
        stack.budget.trace = outer


def address_key(resource: Resource) -> tuple[str, str, str, str, int, str]:
    """Sorts by module, type and name, and numbered instances by number."""
    number = resource.index if isinstance(resource.index, int) else -1
    return (resource.module, resource.type, resource.name, resource.mode, number, str(resource.index))


def region_of(stack: Stack, root: ModuleInstance, resources: Sequence[Resource]) -> str:
    settings = root.provider("aws")
    environ = stack.environ
    found = (settings.region if settings else None) or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
    if isinstance(found, str):
        return found
    unplaced = next((r for r in resources if r.type.startswith("aws_") and r.region is None), None)
    if unplaced is not None:
        placed = root.config.providers.get("aws")
        location = (
            unplaced.defined_at if placed is None else Location(placed.file, placed.block.line, placed.block.column)
        )
        message = (
            f"no region is set for the provider aws, so {DEFAULT_REGION} is assumed; set region in the provider block"
        )
        stack.diagnostics.setdefault(Diagnostic("warning", message, location))
    return DEFAULT_REGION


def variable_of(root: ModuleInstance, name: str) -> Variable:
    placed = root.config.variables[name]
    block = placed.block
    kind = argument_of(block, "type")
    default = argument_of(block, "default")
    return Variable(
        name,
        plain(root.variable(name, block)),
        Location(placed.file, block.line, block.column),
        text_of(root, block, "description"),
        "any" if kind is None else str(root.variable_type(name)),
        None if default is None else plain(quiet_constant(root, default.expression)),
        required=default is None,
        sensitive=root.flag(block, "sensitive", default=False),
    )


def quiet_constant(root: ModuleInstance, node: tree.Node) -> Value:
    try:
        return root.constant(node)
    except EvaluationError:
        return None


def text_of(root: ModuleInstance, block: tree.Block, name: str) -> str:
    argument = argument_of(block, name)
    value = None if argument is None else quiet_constant(root, argument.expression)
    return value if isinstance(value, str) else ""


def output_of(root: ModuleInstance, name: str) -> Output:
    placed = root.config.outputs[name]
    cell = root.output_cell(name, placed)
    value = root.stack.get(cell, placed.block)
    return Output(
        name,
        plain(value),
        Location(placed.file, placed.block.line, placed.block.column),
        text_of(root, placed.block, "description"),
        sensitive=cell.trace.sensitive,
    )


def template_reader(stack: Stack) -> Callable[[str, Any], tree.Node]:
    """What `templatefile` reads templates with: confined, bounded, and each file parsed once."""
    done: dict[Path, tree.Node] = {}

    def read(path: str, at: Any) -> tree.Node:
        call, scope = at
        try:
            full = scope.context.resolve(path)
        except ValueProblem as error:
            raise EvaluationError(str(error), call) from None
        if full not in done:
            shown = relative(full, stack.root)
            try:
                text = read_text(full, shown)
            except InputError as error:
                raise EvaluationError(f"templatefile: {shown}: {error.diagnostics[0].message}", call) from None
            node, diagnostics = parse_template(text, shown)
            for diagnostic in diagnostics:
                stack.diagnostics.setdefault(diagnostic)
            done[full] = node
        return done[full]

    return read
