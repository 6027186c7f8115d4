"""Expressions of Terraform, evaluated over the tree: what a node is worth in a scope.

The evaluator is lazy and knows nothing of modules or files. Names are looked up in a `Scope`; what stands behind `var`, `local`
or `aws_vpc` is a `Namespace` that the resolver supplies. A value that Terraform learns only at apply is `Unknown` and spreads
no further than it must: `[unknown, 1]` is a list of two, `"pre-${unknown}"` an unknown string that begins with `pre-`.

While it evaluates, it records in the `Trace` which resources' attributes an expression rests on, also where the result is known,
and whether anything sensitive went into it.
"""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from analysis.architecture import Unknown, Value
from analysis.terraform import tree
from analysis.terraform.functions import FUNCTIONS, Context
from analysis.terraform.values import (
    Precise,
    SetValue,
    ValueProblem,
    arithmetic,
    article,
    entries,
    equal,
    first_unknown,
    quoted,
    to_bool,
    to_number,
    to_string,
    type_name,
)

MAX_STEPS = 2_000_000
"""Steps of one evaluation before it is given up: a node evaluated, or as much work of a function (`WORK`); some five seconds, a
hundred times a stack of two hundred resources."""

MAX_HELD = 150_000_000
"""Bytes of the values that one evaluation has built, counted as if none of them were ever let go."""

MAX_TEMPLATE_DEPTH = 20
"""Files that may include one another through `templatefile`."""

MAX_TEXT = 4_000_000
"""Characters of one string; the largest that AWS takes anywhere, a CloudFormation template, has a quarter of it."""

MAX_WEIGHT = 400_000
"""Elements of one value, counted at every depth, with 64 characters of text as one. Lists that hold one list twice, and so on,
double with every line of a configuration."""

SMALL = 64
"""Elements or characters up to which a value is not worth counting: its node counts already."""

ITEM_BYTES = 100
"""Bytes that an element of a collection takes, with the value that is made for it."""


class EvaluationError(Exception):
    """What is wrong with an expression, and at which node; the resolver makes it a diagnostic."""

    def __init__(self, message: str, node: Any, near: tuple[str, Iterable[str]] | None = None) -> None:
        super().__init__(message)
        self.text, self.node, self.near = message, node, near

    @property
    def message(self) -> str:
        """The sentence, with a suggestion where a name was mistyped: looked for only when somebody reads it."""
        return self.text if self.near is None else self.text + suggestion(*self.near)


class ExhaustedError(EvaluationError):
    """The budget of the whole evaluation is used up; nothing further is evaluated."""


@dataclass(slots=True)
class Trace:
    """What an evaluation has touched: (address, attribute) of resources, and whether something of it is sensitive."""

    references: set[tuple[str, str]] = field(default_factory=set)
    sensitive: bool = False

    def add(self, other: Trace) -> None:
        """Hand the other's trace on to this one."""
        if other.references:
            self.references |= other.references
        if other.sensitive:
            self.sensitive = True


class Namespace:
    """What `var` or `aws_vpc` stands for: not a value, but something whose attributes are values."""

    __slots__ = ("attribute", "title")

    def __init__(self, title: str, attribute: Callable[[str, Any], Value]) -> None:
        self.title, self.attribute = title, attribute


@dataclass(slots=True)
class Budget:
    """What one evaluation of a stack has used so far, and the trace it is writing; shared by all its modules."""

    steps: int = 0
    held: int = 0
    lazies: int = 0
    trace: Trace = field(default_factory=Trace)
    template_depth: int = 0
    read_template: Callable[[str, Any], tree.Node] | None = None
    parse_template: Callable[[str, tree.Call], tree.Node] | None = None

    def charge(self, steps: int) -> None:
        """Count as many steps; the next node that is evaluated says when there have been too many."""
        self.steps += steps


class LazyObject(dict[str, Value]):
    """An object whose attributes are evaluated when asked for: an instance of a resource or of a module.

    `fetch` evaluates one attribute, `fill` returns all of them; `force` makes an ordinary dict's content of it.
    """

    __slots__ = ("address", "budget", "fetch", "fill", "forced", "trace")

    def __init__(
        self, address: str, fetch: Callable[[str, Any], Value], fill: Callable[[], Mapping[str, Value]], budget: Budget
    ) -> None:
        super().__init__()
        self.address, self.fetch, self.fill, self.budget = address, fetch, fill, budget
        self.forced, self.trace = False, Trace()

    def force(self) -> None:
        """Evaluate every attribute, once; what they rest on is added to the current trace each time."""
        budget = self.budget
        if not self.forced:
            self.forced = True
            outer, budget.trace = budget.trace, self.trace
            try:
                self.update(self.fill())
            finally:
                budget.trace = outer
        budget.trace.add(self.trace)


@dataclass(frozen=True, slots=True)
class Scope:
    """Where names are looked up: loop variables and `each` first, then the module's namespaces."""

    budget: Budget
    names: Mapping[str, Value]
    namespaces: Callable[[str, Any], Value]
    context: Context
    item: Value = None

    def having(self, names: Mapping[str, Value]) -> Scope:
        """This scope with more names."""
        return Scope(self.budget, {**self.names, **names}, self.namespaces, self.context, self.item)

    def at(self, item: Value) -> Scope:
        """This scope inside a splat, at one element."""
        return Scope(self.budget, self.names, self.namespaces, self.context, item)


def spend(budget: Budget, node: Any) -> None:
    """Count a step; raises `ExhaustedError` when there have been too many. An element of a loop is one, too."""
    budget.steps += 1
    if budget.steps > MAX_STEPS:
        raise ExhaustedError(
            f"evaluation was given up after {MAX_STEPS:,} steps; look for nested loops over large collections", node
        )


def hold(budget: Budget, size: int, node: Any) -> None:
    """Count bytes that a new value takes; raises `ExhaustedError` when there have been too many."""
    budget.held += size
    if budget.held > MAX_HELD:
        budget.steps = MAX_STEPS  # whatever else is evaluated ends here, too
        raise ExhaustedError(
            f"evaluation was given up after its values took {MAX_HELD:,} bytes; look for values that double", node
        )


def work(budget: Budget, steps: int, node: Any) -> None:
    """Count as many steps; raises `ExhaustedError` when there have been too many."""
    budget.steps += steps
    if budget.steps > MAX_STEPS:
        spend(budget, node)


def evaluate(node: tree.Node, scope: Scope) -> Value:
    """What the node is worth. Raises `EvaluationError`. The result may be lazy at its top; `value_of` forces it."""
    budget = scope.budget
    budget.steps += 1
    if budget.steps > MAX_STEPS:
        spend(budget, node)
    try:
        return EVALUATORS[type(node)](node, scope)
    except ValueProblem as problem:
        raise EvaluationError(str(problem), node) from None


def value_of(node: tree.Node, scope: Scope) -> Value:
    """What the node is worth, with every lazy object inside it evaluated."""
    if type(node) is tree.Literal:
        return node.value
    before = scope.budget.lazies
    value = evaluate(node, scope)
    kind = type(value)
    if kind is str or kind is Unknown or kind is int or kind is bool or value is None:
        return value
    if scope.budget.lazies != before or kind is LazyObject or kind is Namespace:
        return settled(value, node, scope.budget)
    return value


def settled(value: Value, node: Any, budget: Budget) -> Value:
    """The value with every lazy object inside it evaluated; refuses a bare `var` or `aws_vpc`."""
    if isinstance(value, Namespace):
        raise EvaluationError(f"{value.title} is not a value by itself; name one of its attributes", node)
    if isinstance(value, LazyObject):
        budget.steps += 1
        value.force()
    elif isinstance(value, (dict, tuple)):
        work(budget, len(value) >> 2, node)
        for item in value.values() if isinstance(value, dict) else value:
            kind = type(item)
            if kind is not str and kind is not int and kind is not Unknown:
                settled(item, node, budget)
    return value


def attribute_of(target: Value, name: str, node: Any) -> Value:
    """`target.name`."""
    kind = type(target)  # exact types first: every reference comes through here
    if kind is dict and name in target:
        return target[name]
    if kind is Namespace:
        return target.attribute(name, node)
    if kind is LazyObject:
        return target.fetch(name, node)
    if isinstance(target, Unknown):
        return Unknown(f"{target.reference}.{name}")
    if isinstance(target, dict):
        if name in target:
            return target[name]
        raise EvaluationError(f"this object has no attribute {quoted(name)}", node, near=(name, target))
    if target is None:
        raise EvaluationError(f"the value is null, so it has no attribute {quoted(name)}", node)
    if isinstance(target, tuple):
        hint = "; did you mean to use a splat, [*], or an index?" if target else ""
        raise EvaluationError(f"a {type_name(target)} has no attribute {quoted(name)}{hint}", node)
    raise EvaluationError(f"{article(type_name(target))} has no attributes, so not {quoted(name)} either", node)


def index_of(target: Value, key: Value, node: Any) -> Value:
    """`target[key]`."""
    if isinstance(target, Namespace):
        raise EvaluationError(f"{target.title} cannot be indexed", node)
    if isinstance(target, Unknown):
        if isinstance(key, Unknown):
            return Unknown(target.reference)
        return Unknown(f"{target.reference}[{quoted(key) if isinstance(key, str) else to_string(key)}]")
    if target is None:
        raise EvaluationError("the value is null, so it has no elements", node)
    if isinstance(key, Unknown):
        return Unknown(key.reference)
    if key is None:
        raise EvaluationError("the index is null", node)
    if isinstance(target, LazyObject):
        return target.fetch(to_string(key), node)
    if isinstance(target, dict):
        text = to_string(key)
        if text in target:
            return target[text]
        raise EvaluationError(f"there is no element {quoted(text)}", node, near=(text, target))
    if isinstance(target, SetValue):
        raise EvaluationError("elements of a set have no index; convert it with tolist()", node)
    if isinstance(target, tuple):
        position = to_number(key)
        if isinstance(position, int) and 0 <= position < len(target):
            return target[position]
        raise EvaluationError(f"index {to_string(key)} lies outside a list of {len(target)}", node)
    raise EvaluationError(f"{article(type_name(target))} cannot be indexed", node)


MAX_CANDIDATES = 500
"""Names that are compared with a mistyped one."""


def suggestion(name: str, known: Iterable[str]) -> str:
    """`; did you mean "x"?` where a known name is near, else nothing."""
    candidates = [
        other for other in itertools.islice(known, MAX_CANDIDATES) if abs(len(other) - len(name)) <= len(name)
    ]
    near = difflib.get_close_matches(name[:100], candidates, n=1)
    return f"; did you mean {quoted(near[0])}?" if near else ""


# --- one function per kind of node ---------------------------------------------------------------------------------------------


def _literal(node: tree.Literal, _scope: Scope) -> Value:
    return node.value


def _name(node: tree.Name, scope: Scope) -> Value:
    if node.name in scope.names:
        return scope.names[node.name]
    return scope.namespaces(node.name, node)


def _attribute(node: tree.Attribute, scope: Scope) -> Value:
    return attribute_of(evaluate(node.target, scope), node.name, node)


def _index(node: tree.Index, scope: Scope) -> Value:
    target = evaluate(node.target, scope)
    return index_of(target, value_of(node.key, scope), node)


def _splat_item(_node: tree.SplatItem, scope: Scope) -> Value:
    return scope.item


def _splat(node: tree.Splat, scope: Scope) -> Value:
    target = evaluate(node.target, scope)
    if isinstance(target, Unknown):
        return Unknown(target.reference)
    if isinstance(target, Namespace):
        raise EvaluationError(f"{target.title} has no elements", node)
    if target is None:
        return ()
    items = target if isinstance(target, tuple) else (target,)
    hold(scope.budget, 8 * len(items), node)
    return tuple(evaluate(node.each, scope.at(item)) for item in items)


def _unary(node: tree.Unary, scope: Scope) -> Value:
    operand = value_of(node.operand, scope)
    if operand is None:
        raise EvaluationError(f"the operand of {node.operator} is null", node)
    if node.operator == "!":
        flag = to_bool(operand)
        return Unknown(flag.reference) if isinstance(flag, Unknown) else not flag
    size = to_number(operand)
    return Unknown(size.reference) if isinstance(size, Unknown) else arithmetic("-", 0, size)


COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def _binary(node: tree.Binary, scope: Scope) -> Value:
    operator = node.operator
    if operator in ("&&", "||"):
        return _logic(node, scope)
    left, right = value_of(node.left, scope), value_of(node.right, scope)
    if operator in ("==", "!="):
        if isinstance(left, (str, tuple, dict)) and len(left) > 64:
            work(scope.budget, weight((left, right)), node)
        same = equal(left, right)
        return same if operator == "==" or isinstance(same, Unknown) else not same
    a, b = to_number(left), to_number(right)
    if a is None or b is None:
        raise EvaluationError(f"an operand of {operator} is null", node)
    for operand in (a, b):
        if isinstance(operand, Unknown):
            return Unknown(operand.reference)
    return COMPARISONS[operator](a, b) if operator in COMPARISONS else arithmetic(operator, a, b)


def _logic(node: tree.Binary, scope: Scope) -> Value:
    # One known operand can decide although the other is unknown or wrong; Terraform has done the same since 1.12.
    decisive = node.operator == "||"
    left = to_bool(value_of(node.left, scope))
    if left is None:
        raise EvaluationError(f"an operand of {node.operator} is null", node)
    if left is decisive:
        return decisive
    right = to_bool(value_of(node.right, scope))
    if right is None:
        raise EvaluationError(f"an operand of {node.operator} is null", node)
    if right is decisive or not isinstance(left, Unknown):
        return Unknown(right.reference) if isinstance(right, Unknown) else right
    return Unknown(left.reference)


def _conditional(node: tree.Conditional, scope: Scope) -> Value:
    condition = to_bool(value_of(node.condition, scope))
    if condition is None:
        raise EvaluationError("the condition is null", node.condition)
    if isinstance(condition, Unknown):
        then, otherwise = value_of(node.then, scope), value_of(node.otherwise, scope)
        work(scope.budget, weight(then), node)
        if first_unknown(then) is None and equal(then, otherwise) is True:
            return then
        return Unknown(condition.reference)
    taken, other = (node.then, node.otherwise) if condition else (node.otherwise, node.then)
    value = evaluate(taken, scope)
    # Both results are of one type; the branch not taken is looked at, not evaluated.
    if isinstance(value, (bool, int, float)) and is_text(other):
        return to_string(value)
    if type(value) is tuple and isinstance(other, tree.TupleNode) and any(map(is_text, other.items)):
        return tuple(to_string(item) if isinstance(item, (bool, int, float)) else item for item in value)
    return value


def is_text(node: tree.Node) -> bool:
    """Whether the node is a string whatever the values are."""
    if isinstance(node, tree.Literal):
        return isinstance(node.value, str)
    return isinstance(node, tree.Template) and len(node.parts) > 1


def _template(node: tree.Template, scope: Scope) -> Value:
    if len(node.parts) == 1 and not isinstance(node.parts[0], (tree.Literal, tree.TemplateIf, tree.TemplateFor)):
        return evaluate(node.parts[0], scope)
    texts = _Text()
    unknown = _write(node.parts, scope, texts)
    text = "".join(texts.parts)
    if len(text) > SMALL:
        hold(scope.budget, text_bytes(text), node)
    return text if unknown is None else Unknown(unknown.reference, prefix=text)


class _Text:
    """The text of a template as it grows, up to a limit."""

    __slots__ = ("parts", "size")

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.size = 0

    def append(self, text: str) -> None:
        self.size += len(text)
        if self.size > MAX_TEXT:
            raise ValueProblem(f"the string grows beyond {MAX_TEXT:,} characters")
        self.parts.append(text)


def _write(parts: Sequence[tree.Node], scope: Scope, texts: _Text) -> Unknown | None:
    """Append the text of the parts up to the first unknown one, and return that."""
    for part in parts:
        unknown = None
        if isinstance(part, tree.TemplateIf):
            condition = to_bool(value_of(part.condition, scope))
            if condition is None:
                raise EvaluationError("the condition is null", part)
            if isinstance(condition, Unknown):
                unknown = Unknown(condition.reference)
            else:
                unknown = _write(part.then if condition else part.otherwise, scope, texts)
        elif isinstance(part, tree.TemplateFor):
            collection = evaluate(part.collection, scope)
            if isinstance(collection, Unknown):
                unknown = Unknown(collection.reference)
            else:
                for key, value in elements(collection, part):
                    spend(scope.budget, part)
                    unknown = _write(part.body, scope.having(loop_names(part, key, value)), texts)
                    if unknown is not None:
                        break
        else:
            value = value_of(part, scope)
            if value is None:
                raise EvaluationError("the value is null and cannot be written into a string", part)
            text = to_string(value)
            if isinstance(text, Unknown):
                texts.append(text.prefix)
                unknown = text
            else:
                texts.append(text)
        if unknown is not None:
            # What follows is evaluated for its references and its errors only.
            rest = [p for p in parts[parts.index(part) + 1 :] if not isinstance(p, (tree.TemplateIf, tree.TemplateFor))]
            for later in rest:
                value_of(later, scope)
            return unknown
    return None


def elements(collection: Value, node: Any) -> list[tuple[Value, Value]]:
    """Key and value of each element of what a loop runs over."""
    if collection is None:
        raise EvaluationError("the collection is null, so it cannot be iterated over", node)
    if isinstance(collection, Namespace):
        raise EvaluationError(f"{collection.title} cannot be iterated over", node)
    if isinstance(collection, LazyObject):
        collection.force()
    return list(entries(collection))


def loop_names(node: tree.ForTuple | tree.ForObject | tree.TemplateFor, key: Value, value: Value) -> dict[str, Value]:
    """The loop's variables at one element."""
    return {node.value: value} if node.key is None else {node.key: key, node.value: value}


def _tuple(node: tree.TupleNode, scope: Scope) -> Value:
    if len(node.items) > SMALL:
        work(scope.budget, len(node.items) >> 2, node)
        hold(scope.budget, 8 * len(node.items), node)
    return tuple(value_of(item, scope) for item in node.items)


def _object(node: tree.ObjectNode, scope: Scope) -> Value:
    result: dict[str, Value] = {}
    if len(node.items) > SMALL:
        hold(scope.budget, ITEM_BYTES * len(node.items), node)
    for key_node, value_node in node.items:
        key = to_string(value_of(key_node, scope))
        if key is None:
            raise EvaluationError("a key is null", key_node)
        value = value_of(value_node, scope)
        if isinstance(key, Unknown):
            return Unknown(key.reference)
        result[key] = value
    return result


def _dotted_key(node: tree.DottedKey, _scope: Scope) -> Value:
    raise EvaluationError(
        "a key with a dot must stand in parentheses if it is a reference, in quotes if it is text", node
    )


def _for_tuple(node: tree.ForTuple, scope: Scope) -> Value:
    collection = evaluate(node.collection, scope)
    if isinstance(collection, Unknown):
        return Unknown(collection.reference)
    result: list[Value] = []
    undecided: Unknown | None = None
    for key, value in elements(collection, node.collection):
        spend(scope.budget, node)
        inner = scope.having(loop_names(node, key, value))
        kept = True if node.condition is None else _kept(node.condition, inner)
        if isinstance(kept, Unknown):
            undecided = undecided or kept
        elif kept:
            result.append(value_of(node.result, inner))
    hold(scope.budget, ITEM_BYTES * len(result), node)
    return tuple(result) if undecided is None else Unknown(undecided.reference)


def _for_object(node: tree.ForObject, scope: Scope) -> Value:
    collection = evaluate(node.collection, scope)
    if isinstance(collection, Unknown):
        return Unknown(collection.reference)
    result: dict[str, Value] = {}
    groups: dict[str, list[Value]] = {}
    undecided: Unknown | None = None
    for key, value in elements(collection, node.collection):
        spend(scope.budget, node)
        inner = scope.having(loop_names(node, key, value))
        kept = True if node.condition is None else _kept(node.condition, inner)
        if kept is False:
            continue
        name = to_string(value_of(node.result_key, inner))
        item = value_of(node.result, inner)
        if name is None:
            raise EvaluationError("the key of a for expression is null", node.result_key)
        if isinstance(kept, Unknown) or isinstance(name, Unknown):
            undecided = undecided or (kept if isinstance(kept, Unknown) else name)
        elif node.grouped:
            groups.setdefault(name, []).append(item)
        elif name in result:
            raise EvaluationError(
                f"two elements give the key {quoted(name)}; write ... after the value to group them", node.result_key
            )
        else:
            result[name] = item
    if undecided is not None:
        return Unknown(undecided.reference)
    hold(scope.budget, ITEM_BYTES * (len(result) + len(groups)), node)
    return {name: tuple(items) for name, items in groups.items()} if node.grouped else result


def _kept(condition: tree.Node, scope: Scope) -> bool | Unknown:
    kept: bool | Unknown | None = to_bool(value_of(condition, scope))
    if kept is None:
        raise EvaluationError("the condition of a for expression is null", condition)
    return Unknown(kept.reference) if isinstance(kept, Unknown) else kept


# --- functions -----------------------------------------------------------------------------------------------------------------


def _call(node: tree.Call, scope: Scope) -> Value:
    special = SPECIAL.get(node.function)
    if special is not None:
        return special(node, scope)
    function = FUNCTIONS.get(node.function)
    if function is None:
        raise EvaluationError(
            f"there is no function {quoted(node.function)}", node, near=(node.function, (*FUNCTIONS, *SPECIAL))
        )
    arguments = _arguments(node, scope)
    if isinstance(arguments, Unknown):
        return arguments
    counted = node.function in MULTIPLIERS or len(arguments) > SMALL
    for value in arguments:
        if type(value) in SIZED and len(value) > SMALL:
            counted = True
    if counted:
        guard(node, arguments, scope.budget)
    try:
        result = function(arguments, scope.context)
    except ValueProblem as problem:
        raise EvaluationError(f"{node.function}: {problem}", node) from None
    if type(result) in SIZED and len(result) > SMALL:
        if isinstance(result, str):
            hold(scope.budget, text_bytes(result), node)
            work(scope.budget, len(result) >> 8, node)
        else:
            size = len(result) if node.function not in PARSERS else weight(result)
            hold(scope.budget, ITEM_BYTES * size, node)
            work(scope.budget, size >> 2, node)
    return result


SIZED = frozenset({str, tuple, dict, SetValue})

PARSERS = frozenset({"csvdecode", "jsondecode", "yamldecode", "regexall", "setproduct", "chunklist"})
"""Functions whose results hold values made by them at every depth."""

WORK: Mapping[str, int] = {
    "base64gzip": 8,
    "cidrsubnets": 24,
    "contains": 4,
    "csvdecode": 40,
    "distinct": 8,
    "format": 32,
    "formatdate": 32,
    "formatlist": 32,
    "index": 4,
    "jsondecode": 60,
    "jsonencode": 6,
    "length": 8,
    "matchkeys": 8,
    "regex": 8,
    "regexall": 32,
    "replace": 8,
    "setintersection": 12,
    "setproduct": 8,
    "setsubtract": 12,
    "setunion": 12,
    "sort": 4,
    "strrev": 16,
    "substr": 8,
    "timeadd": 32,
    "title": 32,
    "tomap": 4,
    "tolist": 4,
    "toset": 12,
    "transpose": 4,
    "yamldecode": 400,
    "yamlencode": 6,
}
"""Steps that four elements, or 256 characters, of a function's arguments count for; one where it is not named."""


def text_bytes(text: str) -> int:
    """The bytes that a string takes."""
    return len(text) if text.isascii() else 4 * len(text)


MULTIPLIERS = frozenset({"format", "formatlist", "indent", "join", "jsonencode", "replace", "yamlencode"})
"""Functions whose result can be far larger than each of their arguments."""


def guard(node: tree.Call, arguments: tuple[Value, ...], budget: Budget) -> None:
    """Count what a call has to work through, and refuse one whose result would be too large, before it is made."""
    size = weight(arguments)
    if size > MAX_WEIGHT:
        raise EvaluationError(f"{node.function}: there are more than {MAX_WEIGHT:,} elements to work through", node)
    work(budget, (size >> 2) * WORK.get(node.function, 1), node)
    if node.function not in MULTIPLIERS:
        return
    longest = len(arguments[0]) if arguments and isinstance(arguments[0], str) else 0
    times = longest if node.function in ("join", "replace", "indent") else 1
    if times > 1 and times * text_length(arguments[1:]) > 50 * MAX_TEXT:
        raise EvaluationError(f"{node.function}: the string would grow beyond {MAX_TEXT:,} characters", node)


def text_length(values: tuple[Value, ...]) -> int:
    """The number of elements of lists and of characters of strings at the top of the arguments."""
    return max((len(value) for value in values if isinstance(value, (str, tuple))), default=0)


def is_nested(value: Value) -> bool:
    """Whether a collection holds collections: only such a one can be far larger than what made it."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else ()
    return any(isinstance(part, (dict, tuple)) for part in parts)


def weight(value: Value) -> int:
    """The number of elements in a value, as `MAX_WEIGHT` counts them; stops soon after that number."""
    total = 0
    waiting = [value]
    while waiting and total <= MAX_WEIGHT:
        item = waiting.pop()
        total += 1
        if isinstance(item, str):
            total += len(item) >> 6
        elif isinstance(item, dict):
            waiting.extend(item.values())
        elif isinstance(item, tuple):
            waiting.extend(item)
        elif type(item) is Precise:
            total += 10  # its digits
    return total


def _arguments(node: tree.Call, scope: Scope) -> tuple[Value, ...] | Unknown:
    values = [value_of(argument, scope) for argument in node.arguments]
    if node.expand:
        last = values.pop()
        if isinstance(last, Unknown):
            return Unknown(last.reference)
        if not isinstance(last, tuple):
            raise EvaluationError(f"only a list can be expanded with ..., not {article(type_name(last))}", node)
        values.extend(last)
    return tuple(values)


def _try(node: tree.Call, scope: Scope) -> Value:
    messages = []
    for argument in node.arguments:
        try:
            return value_of(argument, scope)
        except ExhaustedError:
            raise
        except EvaluationError as error:
            messages.append(error.text)
    raise EvaluationError(f"no argument of try() succeeds: {'; '.join(messages)}", node)


def _can(node: tree.Call, scope: Scope) -> Value:
    try:
        value = [value_of(argument, scope) for argument in node.arguments]
    except ExhaustedError:
        raise
    except EvaluationError:
        return False
    unknown = first_unknown(tuple(value))
    return True if unknown is None else Unknown(unknown.reference)


def _sensitive(node: tree.Call, scope: Scope) -> Value:
    values = _arguments(node, scope)
    if isinstance(values, Unknown) or len(values) != 1:
        raise EvaluationError("sensitive() takes one argument", node)
    scope.budget.trace.sensitive = True
    return values[0]


def _nonsensitive(node: tree.Call, scope: Scope) -> Value:
    outer, scope.budget.trace = scope.budget.trace, Trace()
    try:
        values = _arguments(node, scope)
    finally:
        inner, scope.budget.trace = scope.budget.trace, outer
        outer.references |= inner.references
    if isinstance(values, Unknown) or len(values) != 1:
        raise EvaluationError("nonsensitive() takes one argument", node)
    return values[0]


def _templatefile(node: tree.Call, scope: Scope) -> Value:
    budget = scope.budget
    values = _arguments(node, scope)
    if isinstance(values, Unknown):
        return values
    if len(values) != 2:
        raise EvaluationError("templatefile() takes a path and an object of variables", node)
    path, variables = values
    for argument in values:
        if isinstance(argument, Unknown):
            return Unknown(argument.reference)
    if not isinstance(path, str) or not isinstance(variables, dict):
        raise EvaluationError("templatefile() takes a path and an object of variables", node)
    if budget.read_template is None:
        raise EvaluationError("templatefile() cannot be used here", node)
    return _rendered(budget.read_template(path, (node, scope)), quoted(path), variables, node, scope)


def _templatestring(node: tree.Call, scope: Scope) -> Value:
    values = _arguments(node, scope)
    if isinstance(values, Unknown):
        return values
    for argument in values:
        if isinstance(argument, Unknown):
            return Unknown(argument.reference)
    text, variables = values if len(values) == 2 else (None, None)
    if not isinstance(text, str) or not isinstance(variables, dict):
        raise EvaluationError("templatestring() takes a text and an object of variables", node)
    if not isinstance(node.arguments[0], (tree.Name, tree.Attribute, tree.Index)):
        raise EvaluationError("templatestring() takes a reference to a text, such as local.text, not a text", node)
    if scope.budget.parse_template is None:
        raise EvaluationError("templatestring() cannot be used here", node)
    return _rendered(scope.budget.parse_template(text, node), "text", variables, node, scope)


def _rendered(template: tree.Node, title: str, variables: Mapping[str, Value], node: tree.Call, scope: Scope) -> Value:
    """The text of a template that sees the given variables and nothing else."""
    budget = scope.budget
    if budget.template_depth >= MAX_TEMPLATE_DEPTH:
        raise ExhaustedError(f"templates include one another more than {MAX_TEMPLATE_DEPTH} deep", node)

    def nothing_else(name: str, _at: Any) -> Value:
        raise EvaluationError(
            f"the template {title} uses {quoted(name)}, which {node.function}() is not given",
            node,
            near=(name, variables),
        )

    budget.template_depth += 1
    try:
        return value_of(template, Scope(budget, variables, nothing_else, scope.context))
    except ExhaustedError:
        raise
    except EvaluationError as error:
        if error.node is node:
            raise
        line = getattr(error.node, "line", 1)
        raise EvaluationError(f"in the template {title}, line {line}: {error.message}", node) from None
    finally:
        budget.template_depth -= 1


Special: TypeAlias = Callable[[tree.Call, Scope], Value]

SPECIAL: Mapping[str, Special] = {
    "try": _try,
    "can": _can,
    "sensitive": _sensitive,
    "nonsensitive": _nonsensitive,
    "templatefile": _templatefile,
    "templatestring": _templatestring,
}
"""Functions that see their arguments before evaluation, or the scope."""

EVALUATORS: Mapping[type, Callable[[Any, Scope], Value]] = {
    tree.Literal: _literal,
    tree.Template: _template,
    tree.Name: _name,
    tree.Attribute: _attribute,
    tree.Index: _index,
    tree.SplatItem: _splat_item,
    tree.Splat: _splat,
    tree.Unary: _unary,
    tree.Binary: _binary,
    tree.Conditional: _conditional,
    tree.Call: _call,
    tree.TupleNode: _tuple,
    tree.ObjectNode: _object,
    tree.DottedKey: _dotted_key,
    tree.ForTuple: _for_tuple,
    tree.ForObject: _for_object,
}
