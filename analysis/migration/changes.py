"""What a plan does, attribute by attribute, from the JSON of `terraform show -json`; and what one plan does beyond another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from analysis.terraform.provider import schema
from analysis.wiring.references import without_index

Action: TypeAlias = Literal["create", "update", "delete", "replace", "no-op"]

EMPTY: tuple[Any, ...] = (None, "", [], {})
"""What stands for `not set`: providers keep an empty text or list in the state where the configuration says nothing."""

UNKNOWN = "(known after apply)"
EARLIER = "(that of the stage before)"


@dataclass(frozen=True, slots=True)
class Change:
    """What a plan does to one resource instance.

    `before` and `after` hold top-level arguments; `unknown` names those that are not known before the apply, in whole or in
    part. `forces` names the arguments that force a replacement; `create_first` says that the new one is made before the old one
    goes. `moved_from` is the address in the state where that is another one. `rests_on` names, for an argument, the resources of
    the same module that it refers to, by their addresses without indexes.
    """

    address: str
    type: str
    action: Action
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()
    forces: frozenset[str] = frozenset()
    create_first: bool = False
    moved_from: str = ""
    rests_on: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def existed(self) -> bool:
        """Whether there is such a resource before the plan is applied."""
        return self.action != "create"

    @property
    def attributes(self) -> tuple[str, ...]:
        """The top-level arguments that an update or a replacement changes; what only the provider computes is left out."""
        if self.action not in ("update", "replace"):
            return ()
        return tuple(name for name in sorted({*self.before, *self.after, *self.unknown}) if self._changes(name))

    def _changes(self, name: str) -> bool:
        if computed_only(self.type, name):
            return False
        if name in self.unknown:
            return True
        before, after = self.before.get(name), self.after.get(name)
        return before != after and not (before in EMPTY and after in EMPTY)

    def shown(self, name: str) -> tuple[Any, Any]:
        """An argument before and after; UNKNOWN stands for what only the apply tells."""
        return self.before.get(name), UNKNOWN if name in self.unknown else self.after.get(name)


def computed_only(resource_type: str, name: str) -> bool:
    """Whether only the provider sets the argument; False where the type is not known.

    `tags_all` counts as set: it is where default tags arrive, and some resource types show it as computed.
    """
    found = schema(resource_type)
    if found is None or name == "tags_all" or name in found.blocks or name not in found.attributes:
        return False
    attribute = found.attributes[name]
    return not (attribute.required or attribute.optional)


def changes(plan: Mapping[str, Any]) -> tuple[Change, ...]:
    """The managed resources of a plan, those that it leaves as they are included, in the order of their addresses."""
    given = _given(plan)
    found = [
        _change(item, given) for item in plan.get("resource_changes", ()) if item.get("mode", "managed") == "managed"
    ]
    return tuple(sorted(found, key=lambda change: change.address))


def _change(item: Mapping[str, Any], given: Mapping[str, Mapping[str, frozenset[str]]]) -> Change:
    change = item["change"]
    actions = list(change["actions"])
    before, after = change.get("before") or {}, change.get("after") or {}
    kind = str(item["type"])
    argued = given.get(without_index(str(item["address"])), {})
    found = schema(kind)
    blocks = found.blocks if found else {}
    # An argument that nobody gives and that is not known is only what the provider will fill in.
    unknown = frozenset(
        name
        for name, mark in (change.get("after_unknown") or {}).items()
        if _any(mark) and (name in argued or (name in blocks and mark is not True))
    )
    filled_in = frozenset(name for name, mark in (change.get("after_unknown") or {}).items() if mark is True) - unknown
    replaced = "create" in actions and "delete" in actions
    action: Action = "replace" if replaced else "no-op" if actions in (["no-op"], ["read"]) else actions[0]
    return Change(
        address=str(item["address"]),
        type=kind,
        action=action,
        before=before,
        after=dict(after) | {name: before.get(name) for name in filled_in},
        unknown=unknown,
        forces=frozenset(str(path[0]) for path in change.get("replace_paths") or ()),
        create_first=actions == ["create", "delete"],
        moved_from=str(item.get("previous_address") or ""),
        rests_on=argued,
    )


def _any(mark: Any) -> bool:
    if isinstance(mark, Mapping):
        return any(_any(item) for item in mark.values())
    if isinstance(mark, list):
        return any(_any(item) for item in mark)
    return bool(mark)


def _given(plan: Mapping[str, Any]) -> Mapping[str, Mapping[str, frozenset[str]]]:
    """The arguments that the configuration gives to each resource, by its address without indexes, with what they refer to."""
    found: dict[str, Mapping[str, frozenset[str]]] = {}

    def walk(module: Mapping[str, Any], prefix: str) -> None:
        for resource in module.get("resources", ()):
            found[prefix + resource["address"]] = {
                name: frozenset(prefix + text for text in _references(expression))
                for name, expression in resource.get("expressions", {}).items()
            }
        for name, call in module.get("module_calls", {}).items():
            walk(call.get("module", {}), f"{prefix}module.{name}.")

    walk(plan.get("configuration", {}).get("root_module", {}), "")
    return found


def _references(expression: Any) -> Iterator[str]:
    if isinstance(expression, Mapping):
        yield from expression.get("references", ())
        for item in expression.values():
            yield from _references(item)
    elif isinstance(expression, list):
        for item in expression:
            yield from _references(item)


def difference(earlier: Sequence[Change], later: Sequence[Change]) -> tuple[Change, ...]:
    """What `later` does beyond `earlier`, both planned on the same state: the plan of the second on the state after the first.

    That holds as far as a resource reads back as it was planned, which an apply confirms.
    """
    before = {change.address: change for change in earlier}
    made = [_beyond(before.get(change.address), change, frozenset()) for change in later]
    # What is not known in either plan changes all the same where it refers to what is replaced between them.
    new = frozenset(without_index(change.address) for change in made if change.action == "replace")
    if new:
        made = [_beyond(before.get(change.address), change, new) for change in later]
    return tuple(change for change in made if change.action != "no-op")


def _beyond(earlier: Change | None, later: Change, new: frozenset[str]) -> Change:
    if earlier is None or earlier.action == "no-op":
        return later
    if later.action in ("no-op", "delete"):
        return replace(later, action="no-op")
    started = dict(earlier.after) | dict.fromkeys(earlier.unknown, UNKNOWN)
    ended = dict(later.after) | dict.fromkeys(later.unknown, UNKNOWN)
    renewed = {name for name in later.unknown if later.rests_on.get(name, frozenset()) & new}
    step = replace(
        later,
        action="update",
        before=started,
        after=ended,
        unknown=(later.unknown - earlier.unknown) | frozenset(renewed),
        moved_from="",
    )
    step = replace(step, before=started | dict.fromkeys(renewed, EARLIER))
    changed = step.attributes
    if not changed:
        return replace(step, action="no-op")
    if later.action == "replace" and later.forces & set(changed):
        return replace(step, action="replace", forces=later.forces & set(changed))
    return step


def counts(found: Sequence[Change]) -> Mapping[str, int]:
    """How many resources are created, updated, deleted and replaced."""
    return {action: sum(c.action == action for c in found) for action in ("create", "update", "replace", "delete")}


def walk_changed(found: Sequence[Change]) -> Iterator[tuple[Change, str]]:
    """Every change with each argument it touches; once with an empty name where a resource comes or goes."""
    for change in found:
        if change.action == "no-op":
            continue
        if change.action in ("create", "delete"):
            yield change, ""
        else:
            yield from ((change, name) for name in change.attributes or ("",))
