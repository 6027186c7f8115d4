"""Expressions of Terraform, evaluated over the tree: what a node is worth in a scope.

The evaluator is lazy and knows nothing of modules or files. Names are looked up in a `Scope`; what stands behind `var`, `local`
or `aws_vpc` is a `Namespace` that the resolver supplies. A value that Terraform learns only at apply is `Unknown` and spreads
no further than it must: `[unknown, 1]` is a list of two, `"pre-${unknown}"` an unknown string that begins with `pre-`.

While it evaluates, it records in the `Trace` which resources' attributes an expression rests on, also where the result is known,
and whether anything sensitive or ephemeral went into it. Which part of a value that is, `Marked` says.
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
    ANY,
    BOOL,
    EPHEMERAL,
    NO_MARKS,
    NULLS,
    NUMBER,
    SENSITIVE,
    STRING,
    Collection,
    ListValue,
    MapValue,
    Marked,
    Null,
    ObjectType,
    Precise,
    Primitive,
    SetValue,
    TupleType,
    Type,
    ValueProblem,
    arithmetic,
    article,
    common_type,
    convert,
    entries,
    equal,
    first_unknown,
    is_null,
    marked,
    normal,
    quoted,
    to_bool,
    to_number,
    to_string,
    type_name,
    type_of,
    unmarked,
)

MAX_STEPS = 2_000_000
"""Steps of one evaluation before it is given up: a node evaluated, or as much work of a function (`WORK`); some five seconds, a
hundred times a stack of two hundred resources."""

MAX_HELD = 150_000_000
"""Bytes of the values that one evaluation has built, counted as if none of them were ever let go."""

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


class UndeclaredError(EvaluationError):
    """A name that is not declared, or an instance that there cannot be: wrong wherever it stands, also inside `try`."""


class ExhaustedError(EvaluationError):
    """The budget of the whole evaluation is used up; nothing further is evaluated."""


@dataclass(slots=True)
class Trace:
    """What an evaluation has touched: (address, attribute) of resources, and whether something of it is marked as sensitive."""

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


class KeyedInstances(dict[str, Value]):
    """The instances that `for_each` makes, by key: `aws_vpc.main["a"]`, which `aws_vpc.main.a` does not mean."""


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
    elif type(value) is Marked:
        settled(value.value, node, budget)
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
    if kind is Unknown:
        return Unknown(f"{target.reference}.{name}", type=type_inside(target.type, name, node))
    if kind is Marked:
        return marked(attribute_of(target.value, name, node), target.marks)
    if kind is KeyedInstances:
        raise UndeclaredError(f"there are instances by key here, [...]; name one of them before {quoted(name)}", node)
    if isinstance(target, dict):
        if name in target:
            value = target[name]
            return typed_element(target, value)
        word = "map has no element" if kind is MapValue else "object has no attribute"
        raise EvaluationError(f"this {word} {quoted(name)}", node, near=(name, target))
    if is_null(target):
        raise EvaluationError(f"the value is null, so it has no attribute {quoted(name)}", node)
    if isinstance(target, tuple):
        hint = "; did you mean to use a splat, [*], or an index?" if target else ""
        raise EvaluationError(f"a {type_name(target)} has no attribute {quoted(name)}{hint}", node)
    raise EvaluationError(f"{article(type_name(target))} has no attributes, so not {quoted(name)} either", node)


def type_inside(kind: Type | None, key: Value, node: Any) -> Type | None:
    """The type of an element of an unknown value of a type; raises where there can be none."""
    match kind:
        case None:
            return None
        case Collection("map", element) if isinstance(key, (str, Unknown)):
            return element
        case Collection("list", element) if not isinstance(key, str):
            return element
        case ObjectType(members) if isinstance(key, str):
            if key in members:
                return members[key].type
            raise EvaluationError(f"this object has no attribute {quoted(key)}", node, near=(key, members))
        case TupleType(elements) if isinstance(key, int):
            if 0 <= key < len(elements):
                return elements[key]
            raise EvaluationError(f"index {key} lies outside a list of {len(elements)}", node)
        case Primitive("any") | ObjectType() | TupleType() | Collection("list"):
            return None
    what = f"attribute {quoted(key)}" if isinstance(key, str) else "elements"
    raise EvaluationError(f"{article(str(kind))} has no {what}", node)


def index_of(target: Value, key: Value, node: Any) -> Value:
    """`target[key]`."""
    if isinstance(target, Namespace):
        raise EvaluationError(f"{target.title} cannot be indexed", node)
    if type(target) is Marked or type(key) is Marked:
        bare, marks = (target.value, target.marks) if type(target) is Marked else (target, NO_MARKS)
        key, more = unmarked(key)
        return marked(index_of(bare, key, node), marks | more)
    if isinstance(target, Unknown):
        kind = type_inside(target.type, key, node) if isinstance(key, (str, int)) else None
        if isinstance(key, Unknown):
            return Unknown(target.reference, type=kind)
        return Unknown(f"{target.reference}[{quoted(key) if isinstance(key, str) else to_string(key)}]", type=kind)
    if is_null(target):
        raise EvaluationError("the value is null, so it has no elements", node)
    if isinstance(key, Unknown):
        return Unknown(key.reference, type=target.element if isinstance(target, (ListValue, MapValue)) else None)
    if is_null(key):
        raise EvaluationError("the index is null", node)
    if isinstance(target, LazyObject):
        if isinstance(key, str):
            return target.fetch(key, node)
        raise UndeclaredError(
            f"{target.address} has neither count nor for_each, so it has no instance {to_string(key)}", node
        )
    if isinstance(target, dict):
        text = to_string(key)
        if text in target:
            return typed_element(target, target[text])
        raise EvaluationError(f"there is no element {quoted(text)}", node, near=(text, target))
    if isinstance(target, SetValue):
        raise EvaluationError("elements of a set have no index; convert it with tolist()", node)
    if isinstance(target, tuple):
        position = to_number(key)
        if isinstance(position, int) and 0 <= position < len(target):
            return typed_element(target, target[position])
        raise EvaluationError(f"index {to_string(key)} lies outside a list of {len(target)}", node)
    raise EvaluationError(f"{article(type_name(target))} cannot be indexed", node)


def typed_element(collection: Value, value: Value) -> Value:
    """An element of a collection; null is null of its elements' type."""
    if value is None and isinstance(collection, (ListValue, SetValue, MapValue)) and collection.element is not ANY:
        return Null(collection.element)
    return value


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
    inner = node.target
    if type(inner) is tree.Name:  # `var.x`, `each.key`: what nearly every reference begins with
        scope.budget.steps += 1
        name, names = inner.name, scope.names
        return attribute_of(names[name] if name in names else scope.namespaces(name, inner), node.name, node)
    return attribute_of(evaluate(inner, scope), node.name, node)


def _index(node: tree.Index, scope: Scope) -> Value:
    target = evaluate(node.target, scope)
    return index_of(target, value_of(node.key, scope), node)


def _splat_item(_node: tree.SplatItem, scope: Scope) -> Value:
    return scope.item


def _splat(node: tree.Splat, scope: Scope) -> Value:
    target = evaluate(node.target, scope)
    marks = NO_MARKS
    if type(target) is Marked:
        target, marks = target.value, target.marks
    if isinstance(target, Unknown):
        kind = target.type
        if isinstance(kind, Primitive) and kind is not ANY:
            return marked((evaluate(node.each, scope.at(target)),), marks)
        each = kind.element if isinstance(kind, Collection) and kind.kind != "map" else None
        if each is not None and not isinstance(node.each, tree.SplatItem):
            found = evaluate(node.each, scope.at(Unknown(target.reference, type=each)))
            each = found.type if isinstance(found, Unknown) else None
        return marked(Unknown(target.reference, type=None if each is None else Collection("list", each)), marks)
    if isinstance(target, Namespace):
        raise EvaluationError(f"{target.title} has no elements", node)
    if is_null(target):
        kind = type_of(target)
        if isinstance(kind, TupleType) or (isinstance(kind, Collection) and kind.kind != "map"):
            raise EvaluationError("the value is null, so it has no elements", node)
        return marked((), marks)
    items = target if isinstance(target, tuple) else (target,)
    hold(scope.budget, 8 * len(items), node)
    values = tuple(evaluate(node.each, scope.at(typed_element(target, item))) for item in items)
    if isinstance(target, (ListValue, SetValue)) and not any(
        isinstance(value, (LazyObject, Namespace)) for value in values
    ):
        kinds = [type_of(value) for value in values]
        if not kinds and isinstance(node.each, tree.SplatItem):
            return marked(ListValue((), target.element), marks)
        if kinds and all(kind == kinds[0] for kind in kinds):
            return marked(ListValue(values, kinds[0]), marks)
    return marked(values, marks)


def _unary(node: tree.Unary, scope: Scope) -> Value:
    operand = value_of(node.operand, scope)
    marks = NO_MARKS
    if type(operand) is Marked:
        operand, marks = operand.value, operand.marks
    kind = BOOL if node.operator == "!" else NUMBER
    operand = convert(operand, kind)
    if is_null(operand):
        raise EvaluationError(f"the operand of {node.operator} is null", node)
    if isinstance(operand, Unknown):
        return marked(Unknown(operand.reference, type=kind), marks)
    return marked(not operand if node.operator == "!" else arithmetic("-", 0, operand), marks)


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
    marks = NO_MARKS
    if scope.budget.trace.sensitive:
        left, marks = unmarked(left)
        right, more = unmarked(right)
        marks |= more
    if operator in ("==", "!="):
        if isinstance(left, (str, tuple, dict)) and len(left) > 64:
            work(scope.budget, 3 * weight((left, right)), node)  # types first, then the values
        same = equal(left, right)
        if not marks and type(same) is bool:
            return same if operator == "==" else not same
        return marked(same if operator == "==" or isinstance(same, Unknown) else not same, marks)
    a, b = to_number(left), to_number(right)
    if type(a) in NULLS or type(b) in NULLS:
        raise EvaluationError(f"an operand of {operator} is null", node)
    for operand in (a, b):
        if isinstance(operand, Unknown):
            return marked(Unknown(operand.reference, type=BOOL if operator in COMPARISONS else NUMBER), marks)
    result = COMPARISONS[operator](a, b) if operator in COMPARISONS else arithmetic(operator, a, b)
    return marked(result, marks) if marks else result


def _logic(node: tree.Binary, scope: Scope) -> Value:
    # One known operand can decide although the other is unknown or wrong; Terraform has done the same since 1.12.
    decisive = node.operator == "||"
    left = value_of(node.left, scope)
    try:
        right = value_of(node.right, scope)
    except (ExhaustedError, UndeclaredError):
        raise
    except EvaluationError:
        if unmarked(left)[0] is not decisive:
            raise
        return left
    marks = NO_MARKS
    if scope.budget.trace.sensitive:
        left, marks = unmarked(left)
        right, more = unmarked(right)
        marks |= more
    left, right = to_bool(left), to_bool(right)
    if is_null(left) or is_null(right):
        raise EvaluationError(f"an operand of {node.operator} is null", node)
    if left is decisive or right is decisive:
        return marked(decisive, marks)
    unknown = left if isinstance(left, Unknown) else right if isinstance(right, Unknown) else None
    return marked(right if unknown is None else Unknown(unknown.reference, type=BOOL), marks)


def _conditional(node: tree.Conditional, scope: Scope) -> Value:
    condition = value_of(node.condition, scope)
    marks = NO_MARKS
    if type(condition) is Marked:
        condition, marks = condition.value, condition.marks
    condition = to_bool(condition)
    if is_null(condition):
        raise EvaluationError("the condition is null", node.condition)
    if isinstance(condition, Unknown):
        then, otherwise = value_of(node.then, scope), value_of(node.otherwise, scope)
        work(scope.budget, weight(then), node)
        kind = both_types(type_of(then), type_of(otherwise), node)
        marks = marks.union(*(value.marks for value in (then, otherwise) if type(value) is Marked))
        if kind is not None:
            then, otherwise = convert(then, kind), convert(otherwise, kind)
        if first_unknown(then) is None and equal(*(unmarked(value)[0] for value in (then, otherwise))) is True:
            return marked(then, marks)
        return marked(Unknown(condition.reference, type=kind), marks)
    taken, other = (node.then, node.otherwise) if condition else (node.otherwise, node.then)
    value = evaluate(taken, scope)
    form = type(value)
    if form is Namespace or (form is str and type(other) is tree.Literal and type(other.value) is str):
        return marked(value, marks)
    others, more = branch_type(other, scope)
    marks |= more
    if value is None and others is not ANY:
        return marked(Null(others), marks)
    if others is ANY or (form is str and others is STRING):
        return marked(value, marks) if marks else value
    own = lazy_type(value) if isinstance(value, LazyObject) else type_of(value)
    wanted = both_types(own, others, node)
    if wanted is None or wanted is own or wanted == own:
        return marked(value, marks) if marks else value
    return marked(convert(settled(value, taken, scope.budget), wanted), marks)


def lazy_type(value: LazyObject) -> Type:
    """The type of an object that is evaluated on demand; that it was asked for is noted nowhere."""
    outer, value.budget.trace = value.budget.trace, Trace()
    try:
        value.force()
    finally:
        value.budget.trace = outer
    return type_of(value)


def both_types(first: Type, second: Type, node: tree.Conditional) -> Type | None:
    """The type of both results of a conditional, None where it is any; raises where they have none in common."""
    kind = common_type((first, second))
    if kind is None:
        names = [each if isinstance(each, (Primitive, Collection)) else SHAPES[type(each)] for each in (first, second)]
        raise EvaluationError(
            f"the two results of a conditional must be of one type; one is {article(str(names[0]))}, "
            f"the other {article(str(names[1]))}",
            node,
        )
    return None if kind is ANY else kind


SHAPES = {ObjectType: "object", TupleType: "tuple"}


def branch_type(node: tree.Node, scope: Scope) -> tuple[Type, frozenset[str]]:
    """The type and the marks of the result that a conditional does not take, `any` where it fails.

    It is evaluated, but no reference of it is noted: the result does not rest on what it names.
    """
    if isinstance(node, tree.Literal):
        return type_of(node.value), NO_MARKS
    if isinstance(node, tree.TupleNode) and not node.items:
        return EMPTY_TUPLE, NO_MARKS
    budget = scope.budget
    outer, budget.trace = budget.trace, Trace()
    try:
        value = value_of(node, scope)
        return type_of(value), value.marks if type(value) is Marked else NO_MARKS
    except (ExhaustedError, UndeclaredError):
        raise
    except EvaluationError:
        return failed_type(node), NO_MARKS
    finally:
        outer.sensitive |= budget.trace.sensitive
        budget.trace = outer


def failed_type(node: tree.Node) -> Type:
    """The type that an expression has even if it fails."""
    match node:
        case tree.Template(parts) if len(parts) > 1:
            return STRING
        case tree.Binary(operator) if operator in "+-*/%":
            return NUMBER
        case tree.Unary("-"):
            return NUMBER
        case tree.Binary() | tree.Unary():
            return BOOL
    return ANY


EMPTY_TUPLE = TupleType(())


def _template(node: tree.Template, scope: Scope) -> Value:
    if len(node.parts) == 1 and not isinstance(node.parts[0], (tree.Literal, tree.TemplateIf, tree.TemplateFor)):
        return evaluate(node.parts[0], scope)
    texts = _Text()
    unknown = _write(node.parts, scope, texts)
    text = normal("".join(texts.parts))
    if len(text) > SMALL:
        hold(scope.budget, text_bytes(text), node)
    result = text if unknown is None else Unknown(unknown.reference, prefix=text, type=STRING)
    return marked(result, texts.marks) if texts.marks else result


class _Text:
    """The text of a template as it grows, up to a limit."""

    __slots__ = ("marks", "parts", "size")

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.size = 0
        self.marks = NO_MARKS

    def bare(self, value: Value) -> Value:
        """The value without the marks at its top, which become those of the text."""
        if type(value) is not Marked:
            return value
        self.marks |= value.marks
        return value.value

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
            condition = to_bool(texts.bare(value_of(part.condition, scope)))
            if is_null(condition):
                raise EvaluationError("the condition is null", part)
            if isinstance(condition, Unknown):
                unknown = Unknown(condition.reference)
            else:
                unknown = _write(part.then if condition else part.otherwise, scope, texts)
        elif isinstance(part, tree.TemplateFor):
            collection = texts.bare(evaluate(part.collection, scope))
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
            if type(value) is Marked:
                value = texts.bare(value)
            if type(value) in NULLS:
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
    if is_null(collection):
        raise EvaluationError("the collection is null, so it cannot be iterated over", node)
    if isinstance(collection, Namespace):
        raise EvaluationError(f"{collection.title} cannot be iterated over", node)
    if isinstance(collection, LazyObject):
        collection.force()
    if isinstance(collection, (ListValue, SetValue, MapValue)) and None in (
        collection.values() if isinstance(collection, dict) else collection
    ):
        return [(key, typed_element(collection, value)) for key, value in entries(collection)]
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
    marks = NO_MARKS
    if len(node.items) > SMALL:
        hold(scope.budget, ITEM_BYTES * len(node.items), node)
    for key_node, value_node in node.items:
        if type(key_node) is tree.Literal and type(key_node.value) is str:
            result[key_node.value] = value_of(value_node, scope)
            continue
        key = value_of(key_node, scope)
        if type(key) is Marked:
            key, marks = key.value, marks | key.marks
        key = to_string(key)
        if is_null(key):
            raise EvaluationError("a key is null", key_node)
        value = value_of(value_node, scope)
        if isinstance(key, Unknown):
            return marked(Unknown(key.reference), marks)
        result[key] = value
    return marked(result, marks) if marks else result


def _dotted_key(node: tree.DottedKey, _scope: Scope) -> Value:
    raise EvaluationError(
        "a key with a dot must stand in parentheses if it is a reference, in quotes if it is text", node
    )


def _for_tuple(node: tree.ForTuple, scope: Scope) -> Value:
    collection = evaluate(node.collection, scope)
    marks = NO_MARKS
    if type(collection) is Marked:
        collection, marks = collection.value, collection.marks
    if isinstance(collection, Unknown):
        return marked(Unknown(collection.reference), marks)
    result: list[Value] = []
    undecided: Unknown | None = None
    for key, value in elements(collection, node.collection):
        spend(scope.budget, node)
        inner = scope.having(loop_names(node, key, value))
        kept: bool | Unknown = True
        if node.condition is not None:
            kept, more = _kept(node.condition, inner)
            marks |= more
        if isinstance(kept, Unknown):
            undecided = undecided or kept
        elif kept:
            result.append(value_of(node.result, inner))
    hold(scope.budget, ITEM_BYTES * len(result), node)
    return marked(tuple(result) if undecided is None else Unknown(undecided.reference), marks)


def _for_object(node: tree.ForObject, scope: Scope) -> Value:
    collection = evaluate(node.collection, scope)
    marks = NO_MARKS
    if type(collection) is Marked:
        collection, marks = collection.value, collection.marks
    if isinstance(collection, Unknown):
        return marked(Unknown(collection.reference), marks)
    result: dict[str, Value] = {}
    groups: dict[str, list[Value]] = {}
    undecided: Unknown | None = None
    for key, value in elements(collection, node.collection):
        spend(scope.budget, node)
        inner = scope.having(loop_names(node, key, value))
        kept: bool | Unknown = True
        if node.condition is not None:
            kept, more = _kept(node.condition, inner)
            marks |= more
        if kept is False:
            continue
        name = value_of(node.result_key, inner)
        if type(name) is Marked:
            name, marks = name.value, marks | name.marks
        name = to_string(name)
        item = value_of(node.result, inner)
        if is_null(name):
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
        return marked(Unknown(undecided.reference), marks)
    hold(scope.budget, ITEM_BYTES * (len(result) + len(groups)), node)
    return marked({name: tuple(items) for name, items in groups.items()} if node.grouped else result, marks)


def _kept(condition: tree.Node, scope: Scope) -> tuple[bool | Unknown, frozenset[str]]:
    """Whether an element is kept, and the marks of the condition that says so."""
    value = value_of(condition, scope)
    marks = NO_MARKS
    if type(value) is Marked:
        value, marks = value.value, value.marks
    kept = to_bool(value)
    if is_null(kept):
        raise EvaluationError("the condition of a for expression is null", condition)
    return Unknown(kept.reference) if isinstance(kept, Unknown) else kept, marks


# --- functions -----------------------------------------------------------------------------------------------------------------

Special: TypeAlias = Callable[[tree.Call, Scope], Value]


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
    marks = NO_MARKS
    if scope.budget.trace.sensitive:
        arguments, marks = bare_arguments(arguments, deep=not function.marks)
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
    if type(result) is str:
        result = normal(result)
    return marked(result, marks) if marks else result


def bare_arguments(arguments: tuple[Value, ...], *, deep: bool) -> tuple[tuple[Value, ...], frozenset[str]]:
    """The arguments without their marks, or without those at their top only, and the marks."""
    if deep:
        return unmarked(arguments)
    marks = NO_MARKS.union(*(value.marks for value in arguments if type(value) is Marked))
    return tuple(value.value if type(value) is Marked else value for value in arguments), marks


SIZED = frozenset({str, tuple, dict, SetValue})

PARSERS = frozenset({"csvdecode", "jsondecode", "yamldecode", "regexall", "setproduct", "chunklist"})
"""Functions whose results hold values made by them at every depth."""

WORK: Mapping[str, int] = {
    "base64gzip": 8,
    "cidrsubnets": 24,
    "contains": 12,
    "csvdecode": 40,
    "distinct": 8,
    "format": 32,
    "formatdate": 32,
    "formatlist": 32,
    "index": 12,
    "jsondecode": 60,
    "jsonencode": 6,
    "length": 8,
    "matchkeys": 8,
    "regex": 8,
    "regexall": 96,
    "replace": 8,
    "setintersection": 12,
    "setproduct": 8,
    "setsubtract": 12,
    "setunion": 12,
    "sort": 4,
    "strrev": 16,
    "substr": 8,
    "sum": 6,
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
        elif type(item) is Marked:
            waiting.append(item.value)
    return total


def _arguments(node: tree.Call, scope: Scope) -> tuple[Value, ...] | Unknown:
    values = [value_of(argument, scope) for argument in node.arguments]
    if node.expand:
        last = values.pop()
        if type(last) is Marked:
            last = (
                tuple(marked(value, last.marks) for value in last.value)
                if isinstance(last.value, tuple)
                else last.value
            )
        if isinstance(last, Unknown):
            return Unknown(last.reference)
        if not isinstance(last, tuple):
            raise EvaluationError(f"only a list can be expanded with ..., not {article(type_name(last))}", node)
        values.extend(last)
    return tuple(values)


def _try(node: tree.Call, scope: Scope) -> Value:
    messages = []
    if not node.arguments:
        raise UndeclaredError("try() takes at least one argument", node)
    for argument in node.arguments:
        try:
            return value_of(argument, scope)
        except (ExhaustedError, UndeclaredError):
            raise
        except EvaluationError as error:
            messages.append(error.text)
    raise EvaluationError(f"no argument of try() succeeds: {'; '.join(messages)}", node)


def _can(node: tree.Call, scope: Scope) -> Value:
    if len(node.arguments) != 1:
        raise UndeclaredError("can() takes one argument", node)
    try:
        value = value_of(node.arguments[0], scope)
    except (ExhaustedError, UndeclaredError):
        raise
    except EvaluationError:
        return False
    unknown = first_unknown(value)
    return True if unknown is None else Unknown(unknown.reference, type=BOOL)


def _marking(marks: frozenset[str]) -> Special:
    """The function that gives its argument the marks."""

    def mark(node: tree.Call, scope: Scope) -> Value:
        values = _arguments(node, scope)
        if isinstance(values, Unknown) or len(values) != 1:
            raise EvaluationError(f"{node.function}() takes one argument", node)
        scope.budget.trace.sensitive = True
        return marked(values[0], marks)

    return mark


def _is_sensitive(node: tree.Call, scope: Scope) -> Value:
    values = _arguments(node, scope)
    if isinstance(values, Unknown) or len(values) != 1:
        raise EvaluationError("issensitive() takes one argument", node)
    value = values[0]
    if type(value) is Marked and "sensitive" in value.marks:
        return True
    return Unknown(value.reference, type=BOOL) if isinstance(value, Unknown) else False


def _ephemeral_as_null(node: tree.Call, scope: Scope) -> Value:
    values = _arguments(node, scope)
    if isinstance(values, Unknown) or len(values) != 1:
        raise EvaluationError("ephemeralasnull() takes one argument", node)
    return without_ephemeral(values[0])


def without_ephemeral(value: Value) -> Value:
    """The value with null in place of every ephemeral one."""
    if type(value) is Marked:
        if "ephemeral" in value.marks:
            kind = type_of(value.value)
            return marked(None if kind is ANY else Null(kind), value.marks - EPHEMERAL)
        return marked(without_ephemeral(value.value), value.marks)
    if isinstance(value, dict):
        items = {key: without_ephemeral(item) for key, item in value.items()}
        return MapValue(items, value.element) if isinstance(value, MapValue) else items
    if isinstance(value, tuple) and not isinstance(value, SetValue):
        parts = tuple(map(without_ephemeral, value))
        return ListValue(parts, value.element) if isinstance(value, ListValue) else parts
    return value


def _nonsensitive(node: tree.Call, scope: Scope) -> Value:
    outer, scope.budget.trace = scope.budget.trace, Trace()
    try:
        values = _arguments(node, scope)
    finally:
        inner, scope.budget.trace = scope.budget.trace, outer
        outer.references |= inner.references
    if isinstance(values, Unknown) or len(values) != 1:
        raise EvaluationError("nonsensitive() takes one argument", node)
    value = values[0]
    if type(value) is Marked:
        value = marked(value.value, value.marks - SENSITIVE) if value.marks != SENSITIVE else value.value
    if inner.sensitive and unmarked(value)[1]:
        outer.sensitive = True
    return value


def _templatefile(node: tree.Call, scope: Scope) -> Value:
    budget = scope.budget
    values = _arguments(node, scope)
    if isinstance(values, Unknown):
        return values
    if len(values) != 2:
        raise EvaluationError("templatefile() takes a path and an object of variables", node)
    values, marks = bare_arguments(values, deep=False)
    path, variables = values
    for argument in values:
        if isinstance(argument, Unknown):
            return marked(Unknown(argument.reference, type=STRING), marks)
    if not isinstance(path, str) or not isinstance(variables, dict):
        raise EvaluationError("templatefile() takes a path and an object of variables", node)
    if budget.read_template is None:
        raise EvaluationError("templatefile() cannot be used here", node)
    return marked(_rendered(budget.read_template(path, (node, scope)), quoted(path), variables, node, scope), marks)


def _templatestring(node: tree.Call, scope: Scope) -> Value:
    values = _arguments(node, scope)
    if isinstance(values, Unknown):
        return values
    values, marks = bare_arguments(values, deep=False)
    for argument in values:
        if isinstance(argument, Unknown):
            return marked(Unknown(argument.reference, type=STRING), marks)
    text, variables = values if len(values) == 2 else (None, None)
    if not isinstance(text, str) or not isinstance(variables, dict):
        raise EvaluationError("templatestring() takes a text and an object of variables", node)
    if not isinstance(node.arguments[0], (tree.Name, tree.Attribute, tree.Index)):
        raise EvaluationError("templatestring() takes a reference to a text, such as local.text, not a text", node)
    if scope.budget.parse_template is None:
        raise EvaluationError("templatestring() cannot be used here", node)
    return marked(_rendered(scope.budget.parse_template(text, node), "text", variables, node, scope), marks)


def _rendered(template: tree.Node, title: str, variables: Mapping[str, Value], node: tree.Call, scope: Scope) -> Value:
    """The text of a template that sees the given variables and nothing else."""
    budget = scope.budget
    if budget.template_depth:
        raise EvaluationError(
            f"{node.function}() cannot be used inside a template that {node.function}() renders", node
        )

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


SPECIAL: Mapping[str, Special] = {
    "try": _try,
    "can": _can,
    "ephemeralasnull": _ephemeral_as_null,
    "issensitive": _is_sensitive,
    "sensitive": _marking(SENSITIVE),
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
