"""Resources and data sources, by block and by instance.

What an attribute is worth, in this order: what is configured; the provider's default; unknown, where the provider computes it;
null. A type that the schema facts do not contain (another provider's, or a data source) has unknown attributes where it has no
configured ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Literal, Protocol

from analysis.architecture import (
    ALIASES,
    Location,
    Resource,
    Unknown,
    Value,
)
from analysis.terraform import data_sources, provider, tree
from analysis.terraform.bodies import nested_values, typed_argument, with_computed
from analysis.terraform.derived import APPLIES, DERIVED, derived_names
from analysis.terraform.evaluate import (
    EvaluationError,
    KeyedInstances,
    LazyObject,
    Namespace,
    Scope,
    Trace,
    UndeclaredError,
    evaluate,
    settled,
    value_of,
)
from analysis.terraform.sources import Module, Placed
from analysis.terraform.stack import (
    DEFAULT_REGION,
    META,
    Cell,
    Key,
    ProviderSettings,
    Stack,
    argument_of,
    bracketed,
    constants,
    dotted,
)
from analysis.terraform.values import (
    ANY,
    NULLS,
    SENSITIVE,
    STRING,
    ListValue,
    Marked,
    Null,
    SetValue,
    article,
    first_unknown,
    is_known,
    is_null,
    marked,
    plain,
    quoted,
    to_number,
    to_string,
    type_name,
    unmarked,
)

WRITE_ONLY = "_wo"
"""How the names of the provider's write-only arguments end, and no others (all seven of version 5.100.0, by its schema): what
they are given is in no plan and no state."""


def is_write_only(name: str) -> bool:
    """Whether an argument is write-only, by its name."""
    return name.endswith(WRITE_ONLY)


class Owner(Protocol):
    """What a block needs of the module instance that it stands in."""

    stack: Stack
    config: Module
    address: str
    scope: Scope

    def qualified(self, name: str) -> str:
        """The absolute address of something of the module."""

    def part(self, kind: str, name: str, expression: tree.Node, file: str, node: Any) -> Value:
        """The value of an expression; of an object constructor only the attributes that are asked for."""

    def provider(self, name: str) -> ProviderSettings | None:
        """The settings of a provider as the module sees it."""


DATA_REFERENCE = re.compile(r"((?:module\.[^.]+\.)*)data\.(\w+)\.([\w-]+)(?:\[[^\]]*\])?\.(\w+)(?:[.\[].*)?")
"""A reference to what a data source reads."""


def stand_in(kind: str, attribute: str) -> Value:
    """What is assumed of an attribute of a data source: a text that says what it is; two of them where the name is a plural."""
    what = kind.removeprefix("aws_").replace("_", "-")
    if attribute.endswith("s") and not attribute.endswith(("ss", "us", "dns")):
        texts = tuple(f"{what}-{attribute[:-1]}-stand-in-{number}" for number in (1, 2))
        return ListValue(texts, STRING)
    return f"{what}-{attribute}-stand-in"


class Repeated:
    """What `count` and `for_each` make: the keys of the instances and what `count` and `each` are in each."""

    def __init__(self, module: Owner, placed: Placed, title: str) -> None:
        self.module, self.placed, self.title = module, placed, title
        self.stack = module.stack
        self.address = module.qualified(title)
        self.cell: Cell | None = None
        self.parts: dict[Key, Callable[[str, Any], Value]] = {}
        self.known: dict[Key, bool] = {}

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
        """The keys that `count` or `for_each` gives."""
        node = argument.expression
        if argument.name == "count":
            given = value_of(node, self.module.scope)
            if type(given) is Marked:
                raise EvaluationError("count rests on a sensitive or ephemeral value, which it would disclose", node)
            number = to_number(given)
            if isinstance(number, Unknown) and self.assume(number, "count", file, node):
                number = to_number(unmarked(value_of(node, self.module.scope))[0])
                if isinstance(number, Unknown):
                    return (0,)
            if isinstance(number, Unknown):
                self.stack.report(
                    f"count depends on {number.reference}, which is known only after apply; one instance is assumed",
                    file,
                    node,
                )
                return (0,)
            if not isinstance(number, int) or number < 0:
                shown = "null" if is_null(number) else to_string(number)
                raise EvaluationError(f"count must be a whole number from 0, not {shown}", node)
            self.stack.count_instances(number, f"count of {self.address}", node)
            return tuple(range(number))
        value = evaluate(node, self.module.scope)
        lazy = value if isinstance(value, LazyObject) else None
        if lazy is None and isinstance(node, tree.ObjectNode):
            part = self.module.part("for_each", self.title, node, file, node)
            lazy = part if isinstance(part, LazyObject) else None
        value = settled(value if lazy is None else lazy, node, self.stack.budget)
        if type(value) is Marked:
            raise EvaluationError(
                "for_each rests on a sensitive or ephemeral value, which its keys would disclose", node
            )
        if isinstance(value, Unknown) and self.assume(value, "for_each", file, node):
            value = unmarked(value_of(node, self.module.scope))[0]
            if isinstance(value, Unknown):
                return ()
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

    def assume(self, unknown: Unknown, what: str, file: str, node: Any) -> bool:
        """Whether the unknown value is what a data source reads, for which a stand-in is assumed from now on, with a warning."""
        found = DATA_REFERENCE.fullmatch(unknown.reference)
        if found is None:
            return False
        block, kind, name = f"{found[1] or ''}data.{found[2]}.{found[3]}", found[2], found[4]
        value = self.stack.assumed.setdefault((block, name), stand_in(kind, name))
        shown = ", ".join(quoted(item) for item in value) if isinstance(value, tuple) else quoted(str(value))
        self.stack.report(
            f"{what} depends on {block}.{name}, which is read from an account when Terraform plans; {shown} is assumed; give it "
            f'with --data FILE or in gameday.toml: [data."{kind}.{found[3]}"] {name} = ...',
            file,
            node,
            "warning",
        )
        return True

    def each(self, value: Value, node: Any, file: str) -> tuple[str, ...]:
        """The keys that a value of `for_each` gives."""
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
            return self.module.scope.having({"count": Namespace("count", constants("count", {"index": key}))})

        def attribute(name: str, node: Any) -> Value:
            if name == "key":
                return key
            if name != "value":
                raise EvaluationError(f"each has key and value, not {quoted(name)}", node)
            value = self.parts[key](key, node)
            cell = self.cell
            if cell is not None:
                # A known value may rest on any part of the collection; an unknown one names what it rests on.
                if key not in self.known:
                    self.known[key] = self.parts[key].__name__ != "fetch" and is_known(value)
                if self.known[key]:
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


def collected(keys: Sequence[Key], one: Callable[[Key], Value], block: tree.Block) -> Value:
    """The instances as an expression sees them: a single one as it is, counted ones as a tuple, keyed ones as an object."""
    if argument_of(block, "count") is not None:
        return tuple(one(key) for key in keys)
    if argument_of(block, "for_each") is not None:
        return KeyedInstances((str(key), one(key)) for key in keys)
    return one(None)


class ResourceBlock(Repeated):
    """A `resource` or `data` block."""

    def __init__(self, module: Owner, key: tuple[str, str, str], placed: Placed) -> None:
        mode, self.type, self.name = key
        super().__init__(module, placed, f"{'data.' if mode == 'data' else ''}{self.type}.{self.name}")
        self.mode: Literal["managed", "data"] = "data" if mode == "data" else "managed"
        self.made: dict[Key, ResourceInstance] = {}
        self.named: frozenset[str] = frozenset()
        self.schema = provider.schema_for(self.type, following=module.stack.following) if mode == "managed" else None
        self.arguments = {
            argument.name: argument for argument in placed.block.body.arguments if argument.name not in META
        }
        conditional = {attribute for kind, attribute in APPLIES if kind == self.type}
        self.conditional = {*conditional, *filter(is_write_only, self.arguments)} if mode == "managed" else set()
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

    def addresses(self) -> frozenset[str]:
        """The addresses of the instances there have been so far."""
        if len(self.named) != len(self.made):
            self.named = frozenset(instance.address for instance in self.made.values())
        return self.named

    def instances(self) -> Iterator[ResourceInstance]:
        """Every instance."""
        for key in self.keys(self.placed.block):
            yield self.instance(key)

    def reference(self, node: Any) -> Value:
        """What `aws_vpc.main` stands for."""
        keys = self.keys(node)
        self.stack.budget.lazies += 1
        return collected(keys, lambda key: self.instance(key).object, self.placed.block)

    @cached_property
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
        """Every attribute, for whoever uses the whole resource as a value."""
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
        """The value of one attribute, marked where it is sensitive."""
        schema = self.block.schema
        attribute = schema.attributes.get(name) if schema is not None else None
        value = self.bare_worth(name, node, attribute)
        if attribute is not None and attribute.sensitive:
            self.stack.budget.trace.sensitive = True
            return marked(value, SENSITIVE)
        if attribute is not None and value is None:
            return None if attribute.type is ANY else Null(attribute.type.bare)
        if name in self.cells and self.cells[name].trace.sensitive and value == self.configured(name, node):
            return self.cells[name].value
        return value

    def bare_worth(self, name: str, node: Any, attribute: provider.AttributeSchema | None) -> Value:
        """The value of one attribute, without marks."""
        schema = self.block.schema
        work_out = DERIVED.get((self.block.type, name)) if self.block.mode == "managed" else None
        if work_out is not None:
            return work_out(lambda other: self.configured(other, node), self.address)
        if not self.applies(name, node):
            return None
        value = self.configured(name, node)
        if value is not None:
            nested = schema.blocks.get(name) if schema is not None else None
            return value if nested is None else with_computed(value, nested.body, f"{self.address}.{name}")
        if self.block.mode == "data":
            return self.read(name, node)
        if name == "tags_all" and attribute is not None:
            return self.tags_all(node)
        if name == "region" and (schema is None or (attribute is not None and self.stack.following)):
            return self.region()
        default = provider.defaults().get(self.block.type, {}).get(name)
        if default is not None and not isinstance(default, dict):
            return default
        if schema is None:
            return Unknown(f"{self.address}.{name}")
        if attribute is not None:
            if not attribute.computed:
                return None
            return Unknown(f"{self.address}.{name}", type=None if attribute.type is ANY else attribute.type.bare)
        if name in schema.blocks:
            return () if schema.blocks[name].mode != "single" else None
        raise UndeclaredError(
            f"{self.block.type} has no attribute {quoted(name)}",
            node,
            near=(name, (*schema.attributes, *schema.blocks)),
        )

    def applies(self, name: str, node: Any) -> bool:
        """Whether the provider plans the attribute: it keeps no write-only one, and drops some that do not fit the others."""
        if name not in self.block.conditional:
            return True
        if is_write_only(name) and self.block.schema is not None:
            return False
        condition = APPLIES.get((self.block.type, name))
        return condition is None or condition(lambda other: self.configured(other, node))

    def configured(self, name: str, node: Any) -> Value:
        """The value that the configuration gives, without marks, or None."""
        if name not in self.block.arguments and name not in self.block.blocks:
            return None
        cell = self.cell(name)
        value = self.stack.get(cell, node)
        return unmarked(value)[0] if cell.trace.sensitive else value

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
        """The value of a configured argument."""
        value = value_of(argument.expression, self.scope)
        value = typed_argument(value, name, self.block.schema, self.block_defaults())
        return None if type(value) in NULLS else value

    def block_defaults(self) -> Mapping[str, Value]:
        """The provider's defaults for this type."""
        return provider.defaults().get(self.block.type, {})

    def block_values(self, name: str) -> Value:
        """The values of the nested blocks of one kind."""
        values = nested_values(self.block.blocks[name], name, self.block.schema, self.block_defaults(), self.scope)
        return marked(values, SENSITIVE) if self.stack.budget.trace.sensitive else values

    def region(self) -> Value:
        """The region the instance stands in; None where no provider block and no environment variable names one."""
        if self.stack.following and "region" in self.block.arguments:
            own = self.configured("region", self.block.placed.block)
            if isinstance(own, str):
                return own
        settings = self.block.settings
        if settings is not None and settings.region is not None:
            return settings.region
        environ = self.stack.environ
        return environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")

    def tags_all(self, node: Any) -> Value:
        """The resource's tags over the provider's default tags."""
        settings = self.block.settings
        shared = {} if settings is None else settings.default_tags
        own = self.configured("tags", node)
        for part in (shared, own):
            if isinstance(part, Unknown):
                return Unknown(f"{self.address}.tags_all", partial=own if part is shared else shared)
        return {**(shared or {}), **(own or {})}

    def read(self, name: str, node: Any) -> Value:
        """An attribute that the data source itself gives: as it is supplied, worked out, or assumed; else unknown."""
        for key in (self.address, self.block.address, f"{self.block.type}.{self.block.name}"):
            supplied = self.stack.data.get(key.removeprefix("data."))
            if supplied is not None and name in supplied:
                return supplied[name]
        if (self.block.address, name) in self.stack.assumed:
            return self.stack.assumed[self.block.address, name]
        cell = self.cells.get("")
        if cell is None:
            block = self.block.placed
            cell = self.cells[""] = Cell(self.address, block.file, block.block, self.reading)
        found = self.stack.get(cell, node)
        if isinstance(found, dict) and name in found:
            return found[name]
        return Unknown(f"{self.address}.{name}")

    def reading(self) -> Value:
        """What the data source gives, as far as it can be known."""
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
        edges: set[tuple[str, str, str]] = set()
        sensitive: set[str] = set()
        schema = block.schema
        for name in (*block.arguments, *block.blocks):
            cell = self.cell(name)
            value = plain(self.stack.get(cell, placed.block))
            edges |= {(name, address, attribute) for address, attribute in cell.trace.references}
            if cell.trace.sensitive or (schema and name in schema.attributes and schema.attributes[name].sensitive):
                sensitive.add(name)
            locations[name] = Location(cell.file, cell.node.line, cell.node.column)
            self.check_name(name, cell)
            if value is not None and self.applies(name, placed.block):
                values[name] = value
        for meta in ("count", "for_each"):
            if block.cell is not None and block.cell.name.endswith(f".{meta}"):
                edges |= {(meta, address, attribute) for address, attribute in block.cell.trace.references}
        for name, default in provider.defaults().get(block.type, {}).items():
            if name not in values and not isinstance(default, dict) and self.applies(name, placed.block):
                values[name] = default
        for name in derived_names(block.type) if block.mode == "managed" else ():
            derived = plain(self.worth(name, placed.block))
            if derived is not None:
                values[name] = derived
        if schema is not None and "tags_all" in schema.attributes:
            tags = plain(self.worth("tags_all", placed.block))
            if tags:
                values["tags_all"] = tags
            if "tags" in sensitive:
                sensitive.add("tags_all")
        if block.mode == "data":
            for name in data_sources.attributes_of(block.type):
                values.setdefault(name, plain(self.worth(name, placed.block)))
        own = block.addresses()
        for via, address, _ in edges:
            if address in own and not self.stack.cyclic:
                self.stack.report(
                    f"{block.address} refers to itself", *self.place(via), address=f"{self.address}.{via}"
                )
        self.check_required()
        self.check_conditions()
        region = self.region()
        return Resource(
            self.address,
            ALIASES.get(block.type, block.type),
            block.name,
            values,
            Location(placed.file, placed.block.line, placed.block.column),
            tuple(self.stack.edge(edge) for edge in sorted(edges) if edge[1] != self.address),
            block.module.address,
            self.key,
            block.mode,
            region if isinstance(region, str) else None,
            locations,
            frozenset(sensitive),
        )

    def place(self, via: str) -> tuple[str, Any]:
        """The file and the node of an argument or kind of block, or of the whole block."""
        cell = self.cells.get(via)
        return (self.block.placed.file, self.block.placed.block) if cell is None else (cell.file, cell.node)

    def check_required(self) -> None:
        """Report each argument that the provider needs and the block does not have."""
        block = self.block
        for name in block.schema.required if block.schema is not None else ():
            if name not in block.arguments and name not in block.blocks:
                severity: Literal["error", "warning"] = "error" if self.stack.settled_provider else "warning"
                message = f"{block.type} needs the argument {quoted(name)}"
                self.stack.report(message, block.placed.file, block.placed.block, severity)

    def check_conditions(self) -> None:
        """Report each precondition and postcondition that is false; one that is not known yet is for Terraform to judge."""
        file = self.block.placed.file
        lifecycles = [block for block in self.block.placed.block.body.blocks if block.type == "lifecycle"]
        for rule in (rule for block in lifecycles for rule in block.body.blocks):
            if rule.type not in ("precondition", "postcondition"):
                continue
            condition, message = argument_of(rule, "condition"), argument_of(rule, "error_message")
            scope = self.names.having({"self": self.object}) if rule.type == "postcondition" else self.names
            if condition is not None and self.judged(rule.type, condition, scope) is False:
                text = None if message is None else self.judged("error_message", message, scope)
                shown = text if isinstance(text, str) else f"a {rule.type} is not met"
                self.stack.report(f"{self.address}: {shown}", file, condition, guard=rule.type == "postcondition")

    def judged(self, name: str, argument: tree.Argument, scope: Scope) -> Value:
        """The value of an argument of a condition, without marks; an error in it is reported."""
        file = self.block.placed.file
        cell = Cell(f"{self.address}.{name}", file, argument, lambda: unmarked(value_of(argument.expression, scope))[0])
        return self.stack.get(cell, argument)

    def check_name(self, name: str, cell: Cell) -> None:
        """Warn about an argument or block that the provider does not have."""
        schema = self.block.schema
        if schema is None or name in schema.attributes or name in schema.blocks:
            return
        version = provider.NEXT_VERSION if self.stack.following else provider.VERSION
        self.stack.report(
            f"{self.block.type} has no argument or block {quoted(name)}"
            + ("" if self.block.type in provider.BUILT_IN else f" in version {version} of the provider"),
            cell.file,
            cell.node,
            "error" if self.block.type in provider.BUILT_IN or self.stack.settled_provider else "warning",
            address=cell.name,
            near=(name, (*schema.attributes, *schema.blocks)),
        )
