"""Modules: what their names stand for, what is given to their variables, and what `module` blocks make."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from analysis.architecture import (
    Unknown,
    Value,
)
from analysis.terraform import rules, tree
from analysis.terraform.evaluate import (
    ITEM_BYTES,
    MAX_STEPS,
    SMALL,
    EvaluationError,
    LazyObject,
    Namespace,
    Scope,
    Trace,
    UndeclaredError,
    hold,
    settled,
    value_of,
    work,
)
from analysis.terraform.functions import Context
from analysis.terraform.resources import Repeated, ResourceBlock, collected
from analysis.terraform.sources import InputError, Module, Placed
from analysis.terraform.stack import (
    CELL_BYTES,
    MAX_MODULE_DEPTH,
    MISSING,
    MODULE_META,
    Cell,
    Key,
    ProviderSettings,
    Stack,
    argument_of,
    bracketed,
    constants,
    dotted,
    relative,
)
from analysis.terraform.types import type_constraint
from analysis.terraform.values import (
    ANY,
    EPHEMERAL,
    NO_MARKS,
    SENSITIVE,
    STRING,
    Collection,
    Type,
    ValueProblem,
    conversions,
    convert,
    is_null,
    marked,
    plain,
    quoted,
    to_bool,
    to_string,
    unmarked,
)

TERRAFORM = (1, 11, 4)
"""The version of Terraform that is followed, and judges the tests."""

MARKS = {"sensitive": SENSITIVE, "ephemeral": EPHEMERAL}
"""The flags of a variable that mark its value."""


class ModuleInstance:
    """One instance of a module: the root, or what a `module` block makes for one key."""

    def __init__(
        self,
        stack: Stack,
        config: Module,
        address: str,
        *,
        parent: ModuleInstance | None = None,
        call: Placed | None = None,
        call_scope: Scope | None = None,
    ) -> None:
        self.stack, self.config, self.address = stack, config, address
        self.parent, self.call, self.call_scope = parent, call, call_scope
        self.inputs: Mapping[str, Value] = {}  # of the root module, whose variables nobody's arguments set
        self.depth: int = 0 if parent is None else parent.depth + 1
        self.cells: dict[tuple[str, str], Cell] = {}
        self.resources = {key: ResourceBlock(self, key, placed) for key, placed in config.resources.items()}
        self.calls = {name: ModuleCall(self, name, placed) for name, placed in config.modules.items()}
        self.objects: dict[int, LazyObject] = {}
        path = relative(config.directory, stack.root) or "."
        self.context = Context(stack.root, stack.roots(config.directory), stack.budget.charge)
        paths = {"module": path, "root": ".", "cwd": str(stack.root)}
        self.namespaces: dict[str, Namespace] = {
            "var": Namespace("var", self.variable),
            "local": Namespace("local", self.local),
            "module": Namespace("module", self.module_call),
            "data": Namespace("data", self.data_type),
            "path": Namespace("path", constants("path", paths)),
            "ephemeral": Namespace("ephemeral", self.ephemeral_type),
            "terraform": Namespace("terraform", constants("terraform", {"workspace": "default"})),
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
        """What a name stands for in this module, once it is no loop variable."""
        found = self.namespaces.get(name)
        if found is not None:
            return found
        if name in ("each", "count", "self"):
            raise UndeclaredError(
                f"{name} can be used only in a block that has {'for_each' if name == 'each' else name}", node
            )
        raise UndeclaredError(f"there is nothing called {quoted(name)} here", node, near=(name, self.namespaces))

    def by_name(self, mode: str, kind: str) -> Callable[[str, Any], Value]:
        """What `aws_vpc` or `data.aws_region` gives for each name."""

        def attribute(name: str, node: Any) -> Value:
            block = self.resources.get((mode, kind, name))
            if block is None:
                word = "data source" if mode == "data" else "resource"
                near = [key[2] for key in self.resources if key[:2] == (mode, kind)]
                raise UndeclaredError(f"there is no {word} {kind}.{name} in this module", node, near=(name, near))
            return block.reference(node)

        return attribute

    def data_type(self, kind: str, node: Any) -> Value:
        """What `data` gives for each type."""
        title = f"data.{kind}"
        if title not in self.namespaces:
            if not any(key[:2] == ("data", kind) for key in self.resources):
                near = {key[1] for key in self.resources if key[0] == "data"}
                raise UndeclaredError(f"there is no data source of type {quoted(kind)} here", node, near=(kind, near))
            self.namespaces[title] = Namespace(title, self.by_name("data", kind))
        return self.namespaces[title]

    def ephemeral_type(self, kind: str, _node: Any) -> Value:
        """What `ephemeral` gives for each type: resources that are opened at apply only, and whose values are kept nowhere."""

        def attribute(name: str, node: Any) -> Value:
            if (kind, name) not in self.config.ephemeral:
                near = [key[1] for key in self.config.ephemeral if key[0] == kind]
                raise UndeclaredError(
                    f"there is no ephemeral resource {kind}.{name} in this module", node, near=(name, near)
                )
            self.stack.budget.trace.sensitive = True
            return marked(Unknown(self.qualified(f"ephemeral.{kind}.{name}")), EPHEMERAL)

        return Namespace(f"ephemeral.{kind}", attribute)

    def check_text(self) -> None:
        """Report what the module's blocks without values get wrong: what they name and is not there, what they assert.

        Its instances share their text, so the first one speaks for all.
        """
        if self.config.directory in self.stack.checked:
            return
        self.stack.checked.add(self.config.directory)
        resources, modules = self.config.resources.values(), self.config.modules.values()
        for placed in (*resources, *modules, *self.config.outputs.values()):
            for steps, node in rules.depended_on(placed.block):
                self.check_declared(steps, node, placed.file)
        for block, file in self.config.others:
            if block.type == "check":
                for condition in (
                    argument_of(inner, "condition") for inner in block.body.blocks if inner.type == "assert"
                ):
                    if condition is not None:
                        self.check_names(condition, file)
            elif block.type == "terraform" and (wanted := argument_of(block, "required_version")) is not None:
                self.check_version(wanted, file)
            elif block.type in ("moved", "import") and self.parent is None:
                self.check_address(block, file)

    def check_declared(self, steps: tuple[str, ...], node: Any, file: str) -> None:
        """Report a reference of `depends_on` to what is not declared."""
        match steps:
            case ("module", name, *_):
                there = name in self.calls
            case ("data", kind, name, *_):
                there = ("data", kind, name) in self.resources
            case (("var" | "local" | "ephemeral" | "output"), *_):
                there = True
            case (kind, name, *_):
                there = ("managed", kind, name) in self.resources
            case _:
                self.stack.report("depends_on takes references to resources and modules", file, node)
                return
        if not there:
            self.stack.report(f"depends_on names {'.'.join(steps)}, which this module does not declare", file, node)

    def check_names(self, argument: tree.Argument, file: str) -> None:
        """Report names in an expression that are not declared; whatever else is wrong with it is for the apply."""
        try:
            value_of(argument.expression, self.scope)
        except UndeclaredError as error:
            self.stack.report(error.text, file, error.node, near=error.near)
        except EvaluationError:
            pass

    def check_version(self, argument: tree.Argument, file: str) -> None:
        """Report a `required_version` that is none, and warn of one that excludes the Terraform that is followed here."""
        wanted = self.constant(argument.expression)
        fits = rules.allows(wanted, TERRAFORM) if isinstance(wanted, str) else None
        if fits is None:
            self.stack.report(f"required_version {quoted(str(wanted))} is no constraint on versions", file, argument)
        elif not fits:
            version = ".".join(map(str, TERRAFORM))
            message = f"the module asks for Terraform {wanted}; it is read as {version} would, which refuses to run it"
            self.stack.report(message, file, argument, "warning")

    def check_address(self, block: tree.Block, file: str) -> None:
        """Report an import into what is not configured, and a move from what still is."""
        argument = argument_of(block, "to" if block.type == "import" else "from")
        steps = None if argument is None else rules.traversal(argument.expression)
        if argument is None or steps is None or steps[0] in ("module", "data") or len(steps) < 2:
            return
        there = ("managed", steps[0], steps[1]) in self.resources
        if block.type == "import" and not there:
            self.stack.report(
                f"the import is for {steps[0]}.{steps[1]}, which this module does not declare", file, argument
            )
        elif block.type == "moved" and there and isinstance(argument.expression, tree.Attribute):
            target = argument_of(block, "to")
            same = target is not None and rules.traversal(target.expression) == steps
            if not same:
                self.stack.report(f"{steps[0]}.{steps[1]} is moved from here, but still declared", file, argument)

    def module_call(self, name: str, node: Any) -> Value:
        """What `module.name` stands for."""
        call = self.calls.get(name)
        if call is None:
            raise UndeclaredError(f"there is no module {quoted(name)}", node, near=(name, self.calls))
        return call.reference(node)

    def cell(self, kind: str, name: str, file: str, node: Any, compute: Callable[[], Value]) -> Cell:
        """The cell of the kind and name, made if it is new."""
        key = (kind, name)
        if key not in self.cells:
            self.stack.budget.held += CELL_BYTES
            self.cells[key] = Cell(self.qualified(f"{kind}.{name}"), file, node, compute)
        return self.cells[key]

    # --- locals ---

    def local(self, name: str, node: Any) -> Value:
        """The value of a local value."""
        entry = self.config.locals.get(name)
        if entry is None:
            raise UndeclaredError(f"there is no local value {quoted(name)}", node, near=(name, self.config.locals))
        argument, file = entry
        return self.part("local", name, argument.expression, file, node)

    def part(self, kind: str, name: str, expression: tree.Node, file: str, node: Any) -> Value:
        """The value of an expression; of an object constructor only the attributes that are asked for.

        This keeps what rests on one attribute apart from what rests on its neighbours.
        """
        made = self.objects.get(id(expression))
        if made is not None:
            self.stack.budget.lazies += 1
            return made
        if isinstance(expression, tree.ObjectNode) and expression.items:
            names = [k.value for k, _ in expression.items if isinstance(k, tree.Literal) and isinstance(k.value, str)]
            if len(set(names)) == len(expression.items):
                self.stack.budget.lazies += 1
                self.objects[id(expression)] = self.members(kind, name, expression, file)
                return self.objects[id(expression)]
        cell = self.cell(kind, name, file, node, lambda: value_of(expression, self.scope))
        return self.stack.get(cell, node)

    def members(self, kind: str, name: str, expression: tree.ObjectNode, file: str) -> LazyObject:
        """An object constructor as an object whose attributes are cells of their own."""
        nodes = {str(key.value): item for key, item in expression.items if isinstance(key, tree.Literal)}

        def fetch(member: str, node: Any) -> Value:
            if member not in nodes:
                raise EvaluationError(f"{kind}.{name} has no attribute {quoted(member)}", node, near=(member, nodes))
            return self.part(kind, f"{name}.{member}", nodes[member], file, node)

        def fill() -> Mapping[str, Value]:
            return {member: settled(fetch(member, item), item, self.stack.budget) for member, item in nodes.items()}

        return self.stack.lazy(f"{kind}.{name}", fetch, fill)

    # --- variables ---

    def variable(self, name: str, node: Any) -> Value:
        """The value of a variable."""
        known = self.cells.get(("var", name))
        if known is not None:
            return self.stack.get(known, node)
        placed = self.config.variables.get(name)
        if placed is None:
            raise UndeclaredError(f"there is no variable {quoted(name)}", node, near=(name, self.config.variables))
        cell = self.cell("var", name, placed.file, placed.block, lambda: self.variable_value(name, placed))
        return self.stack.get(cell, node)

    def variable_type(self, name: str) -> Type:
        """The type constraint of a variable, `any` where there is none or it cannot be read."""
        placed = self.config.variables[name]
        argument = argument_of(placed.block, "type")
        if argument is None:
            return ANY
        types = self.stack.types  # every instance of a module has the same
        if id(argument) not in types:
            cell = Cell(
                self.qualified(f"type of var.{name}"),
                placed.file,
                argument,
                lambda: type_constraint(argument.expression, self.constant),
            )
            kind = self.stack.get(cell, argument)
            types[id(argument)] = ANY if isinstance(kind, Unknown) else kind
        return types[id(argument)]

    def constant(self, node: tree.Node) -> Value:
        """The value of an expression that may use no names."""

        def none(name: str, at: Any) -> Value:
            raise EvaluationError(f"{quoted(name)} cannot be used here; only constant values can", at)

        return value_of(node, Scope(self.stack.budget, {}, none, self.context))

    def variable_value(self, name: str, placed: Placed) -> Value:
        """What a variable is worth: given, by default, or unknown with a diagnostic; converted to its type."""
        block = placed.block
        kind = self.variable_type(name)
        marks = NO_MARKS
        for argument in block.body.arguments:
            mark = MARKS.get(argument.name)
            if mark is not None and self.flag(block, argument.name, default=False):
                self.stack.budget.trace.sensitive = True
                marks |= mark
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
                return marked(Unknown(self.qualified(f"var.{name}"), type=typed(kind)), marks)
            given, place = self.constant(default.expression), (placed.file, default)
        elif is_null(given) and not self.flag(block, "nullable", default=True):
            if default is None:
                raise EvaluationError(f"the variable {quoted(name)} may not be null", block)
            given = self.constant(default.expression)
        try:
            made = conversions(given, kind, MAX_STEPS)
            work(self.stack.budget, made >> 1, block)
            hold(self.stack.budget, made * ITEM_BYTES if made > SMALL else 0, block)
            return marked(convert(given, kind), marks)
        except ValueProblem as error:
            self.stack.report(f"the value of variable {quoted(name)} does not fit its type: {error}", *place)
            return marked(Unknown(self.qualified(f"var.{name}"), type=typed(kind)), marks)

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
        """A constant of type bool in a block."""
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
        """The value of an argument that nothing else refers to, without marks; an error in it is reported."""
        cell = Cell(name, file, argument, lambda: unmarked(value_of(argument.expression, self.scope))[0])
        return self.stack.get(cell, argument)

    def blame(self, name: str) -> tuple[str, Any]:
        """Where a wrong value of a variable comes from: the module call's argument, else the variable's block."""
        if self.call is not None and (argument := argument_of(self.call.block, name)) is not None:
            return (self.parent or self).config.file_of(argument, self.call), argument
        return self.config.variables[name].file, self.config.variables[name].block

    # --- outputs ---

    def output(self, name: str, node: Any) -> Value:
        """The value of an output."""
        placed = self.config.outputs.get(name)
        if placed is None:
            raise EvaluationError(
                f"{self.address} has no output {quoted(name)}", node, near=(name, self.config.outputs)
            )
        return self.stack.get(self.output_cell(name, placed), node)

    def output_cell(self, name: str, placed: Placed) -> Cell:
        """The cell of an output."""
        argument = argument_of(placed.block, "value")

        def compute() -> Value:
            if argument is None:
                raise EvaluationError(f"the output {quoted(name)} has no value", placed.block)
            value = value_of(argument.expression, self.scope)
            if self.flag(placed.block, "sensitive", default=False):
                self.stack.budget.trace.sensitive = True
                # Terraform forgets that an unknown value of a module is sensitive until it is known.
                return value if isinstance(value, Unknown) and self.parent is not None else marked(value, SENSITIVE)
            return value

        return self.cell("output", name, placed.file, argument or placed.block, compute)

    def check_output(self, name: str) -> None:
        """Report an output that would disclose what is sensitive or ephemeral, and each of its preconditions that is false.

        A precondition that is not known yet is for Terraform to judge.
        """
        placed = self.config.outputs[name]
        cell = self.output_cell(name, placed)
        ephemeral = argument_of(placed.block, "ephemeral") and self.flag(placed.block, "ephemeral", default=False)
        if ephemeral and self.parent is None:
            self.stack.report(f"the root module may have no ephemeral output {quoted(name)}", placed.file, placed.block)
        if cell.trace.sensitive and not cell.failed:
            marks = unmarked(cell.value)[1]
            if "ephemeral" in marks and not ephemeral:
                reason = f"output {quoted(name)} rests on an ephemeral value; only an output with ephemeral = true may"
                self.stack.report(reason, placed.file, cell.node, guard=True)
            if "sensitive" in marks and self.parent is None and not self.flag(placed.block, "sensitive", default=False):
                reason = f"output {quoted(name)} discloses a sensitive value; write sensitive = true if that is meant"
                self.stack.report(reason, placed.file, cell.node, guard=True)
        for rule in (block for block in placed.block.body.blocks if block.type == "precondition"):
            condition = argument_of(rule, "condition")
            if condition is None:
                self.stack.report("a precondition needs a condition", placed.file, rule)
                continue
            if self.judged(f"precondition of output.{name}", placed.file, condition) is False:
                message = argument_of(rule, "error_message")
                text = None if message is None else self.judged("error_message", placed.file, message)
                shown = text if isinstance(text, str) else "a precondition is not met"
                self.stack.report(f"output {quoted(name)}: {shown}", placed.file, condition, guard=True)

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
        """What a provider block says."""
        block = placed.block
        region = argument_of(block, "region")
        tags: Value = {}
        for inner in block.body.blocks:
            if inner.type == "default_tags" and (argument := argument_of(inner, "tags")) is not None:
                given = unmarked(value_of(argument.expression, self.scope))[0]
                tags = plain(convert(given, Collection("map", STRING))) or {}
        default = argument_of(block, "default_tags")  # JSON syntax
        if default is not None:
            value = plain(value_of(default.expression, self.scope))
            rows = value if isinstance(value, tuple) else (value,)
            tags = next((row["tags"] for row in rows if isinstance(row, dict) and row.get("tags")), {})
        where = None if region is None else plain(to_string(unmarked(value_of(region.expression, self.scope))[0]))
        return ProviderSettings(where, tags, self.stack.budget.trace.sensitive)


def typed(kind: Type) -> Type | None:
    """The type of an unknown value of a type; None where that says nothing."""
    return None if kind is ANY else kind.bare


class ModuleCall(Repeated):
    """A `module` block: its instances are modules."""

    module: ModuleInstance

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
                self.stack.report(error.message, self.placed.file, error.node, address=self.address)
            except InputError as error:
                argument = argument_of(self.placed.block, "source") or self.placed.block
                for diagnostic in error.diagnostics:
                    self.stack.report(
                        f"module.{self.name}: {diagnostic.message}", self.placed.file, argument, address=self.address
                    )
        return self.config

    def locate(self) -> Module:
        """The called module on disk; raises `EvaluationError` or `InputError`."""
        block = self.placed.block
        argument = argument_of(block, "source")
        if argument is None:
            raise EvaluationError(f"module.{self.name} has no source", block)
        source = self.module.constant(argument.expression)
        if not isinstance(source, str):
            raise EvaluationError("source must be a string", argument.expression)
        if source.startswith(("./", "../")) or source in (".", ".."):
            directory = self.stack.directory(self.module.config.directory, source)
            if directory is None:
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
            directory = place.resolve()
        caller: ModuleInstance | None = self.module
        while caller is not None:
            if caller.config.directory == directory:
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
            if config is None or not self.stack.may_hold_another(self.placed, key):
                return None
            address = self.address + bracketed(key)
            self.made[key] = ModuleInstance(
                self.stack, config, address, parent=self.module, call=self.placed, call_scope=self.scope(key)
            )
            for argument in self.placed.block.body.arguments:
                if argument.name not in config.variables and argument.name not in MODULE_META:
                    self.stack.report(
                        f"module.{self.name} has no variable {quoted(argument.name)}",
                        self.module.config.file_of(argument, self.placed),
                        argument,
                        near=(argument.name, config.variables),
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
        """One instance as an object whose attributes are its outputs."""
        if key not in self.objects:
            instance = self.instance(key)
            if instance is None:
                return Unknown(self.address + bracketed(key))
            made = instance

            def fill() -> Mapping[str, Value]:
                return {name: made.output(name, placed.block) for name, placed in made.config.outputs.items()}

            self.objects[key] = self.stack.lazy(made.address, made.output, fill)
        return self.objects[key]
