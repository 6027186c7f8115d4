"""What a real plan knows and the evaluator says otherwise, leaf by leaf.

RULES lists everything that is not compared literally, with the reason. Numbers written as strings (a task's cpu) need no
rule: the evaluator converts by the provider's types.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha1
from typing import Any

from analysis.architecture import Unknown
from analysis.terraform import provider
from analysis.terraform.values import Collection, ObjectType
from analysis.validation.masking import MASK

RULES = {
    "null is unset": "a plan lists every attribute; one that is null was not set and is absent from `Resource.values`",
    "an empty block list is no block": "a plan writes [] for every kind of nested block that is not there",
    "sets have no order": "the provider orders the elements of a set by a hash",
    "JSON is compared as JSON": "the provider normalises policies and definitions: spaces and order of keys",
    "zero inside a set": "the provider stores a block in a set with zero values in place of null",
    "unknown where we know": "a set with one unknown element is wholly unknown in a plan; the evaluator keeps what it knows",
    "user data is a hash": "a plan shows the SHA-1 of user_data, decoded where it is base64, as the provider stores it",
    "masked": "secrets do not leave the plan's reader",
}

ZERO = (None, "", 0, False, [], {}, ())


@dataclass(frozen=True)
class Difference:
    kind: str  # missing, extra, wrong, lost
    address: str
    path: str = ""
    ours: Any = None
    plan: Any = None

    def __str__(self) -> str:
        return f"{self.kind}: {self.address} {self.path}: ours {shown(self.ours)}, plan {shown(self.plan)}"


def shown(value: Any) -> str:
    return repr(value)[:160]


def planned_rows(module: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from (row for row in module.get("resources", []) if row["mode"] == "managed")
    for child in module.get("child_modules", []):
        yield from planned_rows(child)


def differences(architecture, plan) -> tuple[list[Difference], int]:
    """The differences, and the number of known leaves that were compared."""
    rows = {row["address"]: row for row in planned_rows(plan["planned_values"].get("root_module", {}))}
    unknown = {row["address"]: row["change"].get("after_unknown", {}) for row in plan.get("resource_changes", [])}
    ours = {resource.address: resource for resource in architecture.resources}
    found = [Difference("missing", address) for address in rows.keys() - ours.keys()]
    found += [Difference("extra", address) for address in ours.keys() - rows.keys()]
    comparison = Comparison()
    for address in sorted(rows.keys() & ours.keys()):
        schema = provider.schema(rows[address]["type"])
        comparison.address = address
        values = rows[address].get("values") or {}
        comparison.body(ours[address].values, values, unknown.get(address, {}), schema, "", in_set=False)
    return found + comparison.found, comparison.leaves


class Comparison:
    def __init__(self) -> None:
        self.found: list[Difference] = []
        self.leaves = 0
        self.address = ""

    def differ(self, kind, path, ours, plan) -> None:
        self.found.append(Difference(kind, self.address, path, ours, plan))

    def body(self, ours, plan, unknown, schema, path, *, in_set) -> None:
        for name in sorted({*ours, *plan}):
            kind = kind_of(schema, name)
            place = f"{path}.{name}" if path else name
            mark = unknown.get(name) if isinstance(unknown, dict) else unknown
            self.value(ours.get(name), plan.get(name), mark, kind, place, in_set=in_set)

    def value(self, ours, plan, unknown, kind, path, *, in_set) -> None:
        if unknown is True or plan == MASK:
            return
        if in_set and plan in ZERO and ours in ZERO:
            return
        if plan is None or plan in ([], {}):
            empty = ours is None or ours in ((), {})
            if not empty and not has_mark(unknown):
                self.differ("lost" if isinstance(ours, Unknown) else "wrong", path, ours, plan)
            return
        if isinstance(ours, Unknown):
            self.differ("lost", path, ours, plan)
        elif isinstance(plan, list):
            self.sequence(ours, plan, unknown, kind, path, in_set=in_set)
        elif isinstance(plan, dict):
            if not isinstance(ours, dict):
                self.differ("lost" if ours is None else "wrong", path, ours, plan)
            else:
                self.body(ours, plan, unknown, kind[1], path, in_set=in_set)
        else:
            self.leaves += 1
            if path == "user_data" and isinstance(ours, str) and len(plan) == 40:
                ours = sha1(decoded(ours), usedforsecurity=False).hexdigest()
            if not same_leaf(ours, plan):
                self.differ("lost" if ours is None else "wrong", path, ours, plan)

    def sequence(self, ours, plan, unknown, kind, path, *, in_set) -> None:
        if not isinstance(ours, tuple) or len(ours) != len(plan):
            self.differ("lost" if ours is None else "wrong", path, ours, plan)
            return
        marks = unknown if isinstance(unknown, list) and len(unknown) == len(plan) else [None] * len(plan)
        mode, inner = kind
        left = list(ours)
        for index, (theirs, mark) in enumerate(zip(plan, marks, strict=True)):
            place = f"{path}[{index}]"
            candidates = left if mode == "set" else [left[0]]
            best: tuple[list[Difference], int, Any] | None = None
            for candidate in candidates:
                trial = Comparison()
                trial.address = self.address
                trial.value(candidate, theirs, mark, ("list", inner), place, in_set=in_set or mode == "set")
                if best is None or len(trial.found) < len(best[0]):
                    best = (trial.found, trial.leaves, candidate)
            assert best is not None
            self.found += best[0]
            self.leaves += best[1]
            left.pop(next(i for i, item in enumerate(left) if item is best[2]))


def decoded(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError:
        return text.encode()


def has_mark(unknown: Any) -> bool:
    if isinstance(unknown, list):
        return any(map(has_mark, unknown))
    return any(map(has_mark, unknown.values())) if isinstance(unknown, dict) else unknown is True


def same_leaf(ours: Any, plan: Any) -> bool:
    if isinstance(ours, bool) != isinstance(plan, bool):
        return False
    if ours == plan:
        return True
    if isinstance(ours, str) and isinstance(plan, str) and plan.lstrip()[:1] in ("{", "["):
        try:
            return json.loads(ours) == json.loads(plan)
        except ValueError:
            return False
    return False


def kind_of(schema, name):
    """Whether what `name` holds is a set, and the schema of what is inside."""
    if schema is None:
        return "list", None
    if name in getattr(schema, "blocks", {}):
        block = schema.blocks[name]
        return block.mode, block.body
    attributes = getattr(schema, "attributes", None) or getattr(schema, "members", {})
    wanted = attributes[name].type if name in attributes else None
    if isinstance(wanted, Collection):
        return wanted.kind, wanted.element if isinstance(wanted.element, ObjectType) else None
    return "list", None
