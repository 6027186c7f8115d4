"""A whole stack, resolved: from its root module and the values of its variables to an `Architecture`."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from analysis.architecture import (
    Architecture,
    Diagnostic,
    Location,
    Output,
    Resource,
    Value,
    Variable,
    unknowns,
)
from analysis.terraform import tree
from analysis.terraform.evaluate import (
    EvaluationError,
    ExhaustedError,
    Trace,
    settled,
)
from analysis.terraform.modules import ModuleInstance
from analysis.terraform.private import no_collection
from analysis.terraform.sources import InputError, read_text
from analysis.terraform.stack import (
    DEFAULT_REGION,
    RECURSION_LIMIT,
    Stack,
    argument_of,
    relative,
)
from analysis.terraform.values import (
    ValueProblem,
    plain,
    unmarked,
)


def walk(module: ModuleInstance) -> Iterator[ModuleInstance]:
    """The module and every module below it."""
    yield module
    for call in module.calls.values():
        for _, instance in call.instances():
            yield from walk(instance)


def resolve(root: ModuleInstance, inputs: Mapping[str, Value], name: str) -> Architecture:
    """The stack of a root module, resolved under the given values of its variables.

    Raises `InputError` if it cannot be read at all.
    """
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, RECURSION_LIMIT))
    try:
        with no_collection():  # what is made here stays; collecting would only walk it over and over
            architecture = _resolve(root, inputs, name)
            take_apart(root)
            return architecture
    finally:
        sys.setrecursionlimit(limit)


def there(module: ModuleInstance) -> Iterator[ModuleInstance]:
    """The module and every module below it that has been made."""
    yield module
    for call in module.calls.values():
        for instance in call.made.values():
            yield from there(instance)


def take_apart(root: ModuleInstance) -> None:
    """Cut the circles between modules, blocks, instances and cells, so that they go at once and no collection must find them."""
    for module in tuple(there(root)):
        for block in module.resources.values():
            for instance in block.made.values():
                vars(instance).clear()
            vars(block).clear()
        vars(module).clear()


def _resolve(root: ModuleInstance, inputs: Mapping[str, Value], name: str) -> Architecture:
    stack = root.stack
    root.inputs = inputs
    stack.budget.read_template = template_reader(stack)
    stack.budget.parse_template = template_parser()
    managed: list[Resource] = []
    read: list[Resource] = []
    blocks: list[str] = []
    for module in walk(root):
        if stack.exhausted:
            break  # nothing further is evaluated, and the diagnostics say so
        module.check_text()
        for variable in module.config.variables:
            module.validate(variable)
        for local, (argument, _) in module.config.locals.items():
            quietly(stack, module, local, argument)
        for block in module.resources.values():
            blocks += [block.address] if block.mode == "managed" else []
            if block.mode == "managed" or not block.type.startswith("terraform_"):
                for instance in block.instances():
                    (managed if block.mode == "managed" else read).append(instance.resource())
        for output, placed in module.config.outputs.items():
            stack.get(module.output_cell(output, placed), placed.block)
            module.check_output(output)
    report_unused_data(stack, read)
    if not stack.cyclic:  # a cycle of values has been reported where it closes
        report_cycles(stack, (*managed, *read))
    region = region_of(stack, root, managed)
    known: dict[int, tuple[Value, Value]] = {}
    return Architecture(
        name,
        tuple(sorted(managed, key=address_key)),
        tuple(sorted(read, key=address_key)),
        {variable: variable_of(root, variable) for variable in root.config.variables},
        {output: output_of(root, output, known) for output in root.config.outputs},
        tuple(sorted(stack.diagnostics, key=lambda d: (d.severity, d.location, d.message))),
        region,
        incomplete(managed, blocks, stack.unevaluated),
    )


def report_unused_data(stack: Stack, read: Sequence[Resource]) -> None:
    """Warn of values that are given for a data source that there is not."""
    known = {name for resource in read for name in data_names(resource)}
    for address, place in stack.data_places.items():
        if address not in known:
            message = f"values are given for data.{address}, which the stack does not read"
            stack.report(message, place, None, "warning", near=(address, known))


def data_names(resource: Resource) -> tuple[str, ...]:
    """The names by which values may be given for a data source: in any module, in its own, for one instance."""
    block = f"{resource.type}.{resource.name}"
    return block, block_address(resource).removeprefix("data."), resource.address.removeprefix("data.")


def report_cycles(stack: Stack, resources: Sequence[Resource]) -> None:
    """Report blocks that need one another, which Terraform can apply in no order: whole blocks count, as in its own graph."""
    needs: dict[str, set[str]] = {}
    places: dict[str, Resource] = {}
    block_of = {resource.address: block_address(resource) for resource in resources}
    for resource in resources:
        block = block_of[resource.address]
        places.setdefault(block, resource)
        addresses = {reference.address for reference in resource.references}
        needs.setdefault(block, set()).update(block_of[address] for address in addresses & block_of.keys())
    done: set[str] = set()
    for start, first in needs.items():
        if start in done:
            continue
        trail = [start]
        waiting = [(start, iter(sorted(first)))]
        while waiting:
            block, following = waiting[-1]
            after = next(following, None)
            if after is None:
                waiting.pop()
                done.add(trail.pop())
            elif after in trail:
                if after != block:  # what refers to itself has been reported where it does
                    circle = (*trail[trail.index(after) :], after)
                    placed = places[after].defined_at
                    message = f"these need one another: {' -> '.join(circle)}"
                    stack.diagnostics.setdefault(Diagnostic("error", message, placed, address=after))
            elif after not in done:
                trail.append(after)
                waiting.append((after, iter(sorted(needs[after]))))


def block_address(resource: Resource) -> str:
    """The address of the block that makes a resource: without the key of its instance."""
    name = f"{'data.' if resource.mode == 'data' else ''}{resource.type}.{resource.name}"
    return f"{resource.module}.{name}" if resource.module else name


def incomplete(resources: Sequence[Resource], blocks: Sequence[str], unevaluated: Collection[str]) -> frozenset[str]:
    """The addresses of what rests on the `unevaluated`: of resources, and of blocks whose instances are not known.

    `unevaluated` names arguments, variables, locals, outputs and modules by their absolute address.
    """
    if not unevaluated:
        return frozenset()

    def rests(reference: str) -> bool:
        places = (place for place, mark in enumerate(reference) if mark in ".[")
        return reference in unevaluated or any(reference[:place] in unevaluated for place in places)

    holes = {
        resource.address
        for resource in resources
        if any(f"{resource.address}.{name}" in unevaluated for name in resource.values)
        or any(rests(unknown.reference) for unknown in unknowns(resource.values))
    }
    for block in blocks:
        if f"{block}.count" in unevaluated or f"{block}.for_each" in unevaluated:
            holes |= {r.address for r in resources if r.address.startswith(f"{block}[")} or {block}
    return frozenset(holes)


def quietly(stack: Stack, module: ModuleInstance, name: str, argument: tree.Argument) -> None:
    """Evaluate a local value for its diagnostics; what no cell caught is reported where the value is used."""
    outer, stack.budget.trace = stack.budget.trace, Trace()
    try:
        settled(module.local(name, argument), argument, stack.budget)
    except ExhaustedError as error:
        stack.give_up(error, module.config.locals[name][1])
    except EvaluationError:
        pass
    finally:
        stack.budget.trace = outer


def address_key(resource: Resource) -> tuple[str, str, str, str, int, str]:
    """Sorts by module, type and name, and numbered instances by number."""
    number = resource.index if isinstance(resource.index, int) else -1
    return (resource.module, resource.type, resource.name, resource.mode, number, str(resource.index))


def region_of(stack: Stack, root: ModuleInstance, resources: Sequence[Resource]) -> str:
    """The region of the stack's main provider; a warning where it is assumed."""
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
        zones = {zone[1] for r in resources for zone in _zones(r)}
        assumed, why = (zones.pop(), ", where its zones are") if len(zones) == 1 else (DEFAULT_REGION, "")
        message = (
            f"no region is set for the provider aws, so {assumed} is assumed{why}; set region in the provider block"
        )
        stack.diagnostics.setdefault(Diagnostic("warning", message, location))
        return assumed
    return DEFAULT_REGION


def _zones(resource: Resource) -> Iterator[re.Match[str]]:
    """The availability zones that a resource names, and the region in each name."""
    named = resource.values.get("availability_zone"), resource.values.get("availability_zones")
    for value in named:
        for zone in value if isinstance(value, tuple) else (value,):
            if isinstance(zone, str) and (found := re.fullmatch(r"([a-z]{2}(?:-[a-z]+)+-\d+)[a-z]", zone)):
                yield found


def variable_of(root: ModuleInstance, name: str) -> Variable:
    """A root variable, for the architecture."""
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
    """The value of a constant expression, None where it is wrong: that is reported where the value is used."""
    try:
        return root.constant(node)
    except EvaluationError:
        return None


def text_of(root: ModuleInstance, block: tree.Block, name: str) -> str:
    """A constant text in a block, empty where there is none."""
    argument = argument_of(block, name)
    value = None if argument is None else quiet_constant(root, argument.expression)
    return value if isinstance(value, str) else ""


def output_of(root: ModuleInstance, name: str, known: dict[int, tuple[Value, Value]]) -> Output:
    """A root output, for the architecture; `known` is that of `plain`, shared by all outputs."""
    placed = root.config.outputs[name]
    cell = root.output_cell(name, placed)
    value = root.stack.get(cell, placed.block)
    return Output(
        name,
        plain(value, known),
        Location(placed.file, placed.block.line, placed.block.column),
        text_of(root, placed.block, "description"),
        sensitive="sensitive" in unmarked(value)[1],
    )


def template_parser() -> Callable[[str, tree.Call], tree.Node]:
    """What `templatestring` parses its texts with, each text once."""
    done: dict[str, tree.Node] = {}

    def parse(text: str, call: tree.Call) -> tree.Node:
        if text not in done:
            from analysis.terraform.syntax import parse_template  # noqa: PLC0415 - the parser loads slowly and is seldom needed

            node, diagnostics = parse_template(text, "text")
            if diagnostics:
                first = diagnostics[0]
                raise EvaluationError(f"in the template text, line {first.location.line}: {first.message}", call)
            done[text] = node
        return done[text]

    return parse


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
            from analysis.terraform.syntax import parse_template  # noqa: PLC0415 - the parser loads slowly and is seldom needed

            node, diagnostics = parse_template(text, shown)
            for diagnostic in diagnostics:
                stack.diagnostics.setdefault(diagnostic)
            done[full] = node
        return done[full]

    return read
