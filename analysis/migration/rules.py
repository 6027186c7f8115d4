"""What a stage must not do, and what it may do only with a reason: rules over the changes of a plan.

* KEEP: what holds data, a name or connections is neither deleted nor replaced. Nothing allows that.
* ORDER: a stage does what it says, no more; what is taken away goes last.
* The others name updates in place that are an outage or a risk in AWS although the plan shows nothing but a tilde. A stage takes
  them by an `allow` with a reason.

Each row of the table (facts/migration_rules.csv) has its reason and its source. The rules judge arguments that are known
before the apply; a reference to something that is made in the same apply is judged by what is known of it, that it changes.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Literal, TypeAlias, cast

from analysis.migration.changes import UNKNOWN, Change, walk_changed
from analysis.migration.stages import Migration, Stage, matches
from analysis.wiring.values import first_block, number

Weight: TypeAlias = Literal["never", "outage", "risk"]
"""`never` cannot be allowed; `outage` stops or cuts something; `risk` may."""

LIFECYCLE = "https://developer.hashicorp.com/terraform/language/meta-arguments/lifecycle"

TABLE = "migration_rules.csv"
STATEFUL_TABLE = "stateful_types.csv"

# Classes without Performance Insights for MySQL and MariaDB:
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PerfInsights.Overview.Engines.html
SMALL_CLASSES = ("db.t2.", "db.t3.micro", "db.t3.small", "db.t4g.micro", "db.t4g.small")


@dataclass(frozen=True, slots=True)
class Rule:
    """One row. It speaks of the argument `attribute` of `types` where `when` holds for it before and after, and the change."""

    id: str
    weight: Weight
    types: tuple[str, ...]
    attribute: str
    says: str
    source: str
    when: Callable[[Any, Any, Change], bool]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule says of one argument of a change. `allowed` is the stage's reason for taking it; empty where it has none."""

    rule: str
    weight: Weight
    address: str
    attribute: str
    says: str
    source: str = ""
    allowed: str = ""

    @property
    def blocks(self) -> bool:
        """Whether the stage must not be applied like this."""
        return not self.allowed

    def __str__(self) -> str:
        where = f"{self.address}{f'.{self.attribute}' if self.attribute else ''}"
        return f"{where}: {self.says} ({self.rule}, {self.weight})"


def _changes(before: Any, after: Any, _change: Change) -> bool:
    return bool(before != after)


def _less(before: Any, after: Any, _change: Change) -> bool:
    return number(before) is not None and number(after) is not None and number(after) < number(before)  # type: ignore[operator]


def _more(before: Any, after: Any, _change: Change) -> bool:
    return _less(after, before, _change)


def _off(before: Any, after: Any, _change: Change) -> bool:
    return bool(before) and after in (False, None, "", [], "disabled", "DISABLED", "Disabled", "Suspended")


def _on(before: Any, after: Any, _change: Change) -> bool:
    return not before and after is True


def _to_or_from_zero(before: Any, after: Any, _change: Change) -> bool:
    return before != after and 0 in (number(before), number(after))


def _set_before(before: Any, after: Any, _change: Change) -> bool:
    return before not in (None, "", []) and before != after


def _single(_before: Any, _after: Any, change: Change) -> bool:
    return not (change.before.get("multi_az") and change.after.get("multi_az"))


def _with_standby(before: Any, after: Any, change: Change) -> bool:
    return not _single(before, after, change)


def _fewer(before: Any, after: Any, _change: Change) -> bool:
    """Something is taken out of a list; what is not known yet counts as nothing taken."""
    if after == UNKNOWN or not isinstance(before, list):
        return False
    return any(item not in (after or []) for item in before)


def _insights_too_small(before: Any, after: Any, change: Change) -> bool:
    return _on(before, after, change) and str(change.after.get("instance_class", "")).startswith(SMALL_CLASSES)


def _inside(*names: str) -> Callable[[Any, Any, Change], bool]:
    """One of the arguments of the only nested block is another."""

    def differs(before: Any, after: Any, _change: Change) -> bool:
        one, other = first_block(before), first_block(after)
        return bool(one) and any(one.get(name) != other.get(name) for name in names)

    return differs


def _balancer_moves(before: Any, after: Any, _change: Change) -> bool:
    """The port, container or target group of a service is another; a target group made in the same apply counts."""
    if after == UNKNOWN:
        return bool(before)
    keys = ("container_name", "container_port", "target_group_arn")
    return {tuple(b.get(k) for k in keys) for b in before or ()} != {tuple(b.get(k) for k in keys) for b in after or ()}


def _ports_move(before: Any, after: Any, _change: Change) -> bool:
    one, other = _ports(before), _ports(after)
    return one is not None and other is not None and one != other


def _ports(definitions: Any) -> frozenset[int] | None:
    try:
        containers = json.loads(definitions)
        return frozenset(p["containerPort"] for c in containers for p in c.get("portMappings") or ())
    except (TypeError, ValueError, KeyError, AttributeError):
        return None


def _static_parameters(before: Any, after: Any, _change: Change) -> bool:
    def waiting(value: Any) -> set[tuple[Any, Any]]:
        return {
            (p.get("name"), p.get("value"))
            for p in value or ()
            if p.get("apply_method", "immediate") == "pending-reboot"
        }

    return isinstance(after, list) and waiting(before) != waiting(after)


def _indexes_go(before: Any, after: Any, _change: Change) -> bool:
    names = {item.get("name") for item in after} if isinstance(after, list) else set()
    return any(item.get("name") not in names for item in before or ())


def _protocol_tightens(before: Any, after: Any, _change: Change) -> bool:
    return (
        first_block(before).get("viewer_protocol_policy")
        == "allow-all"
        != first_block(after).get("viewer_protocol_policy")
    )


def _expires(before: Any, after: Any, change: Change) -> bool:
    return before != after and '"expiration"' in json.dumps(after, default=str) and change.action == "update"


def _versions_stop(before: Any, after: Any, _change: Change) -> bool:
    return first_block(before).get("status") == "Enabled" != first_block(after).get("status")


WHEN: Mapping[str, Callable[[Any, Any, Change], bool]] = {
    "changes": _changes,
    "less": _less,
    "more": _more,
    "off": _off,
    "on": _on,
    "to or from zero": _to_or_from_zero,
    "set before": _set_before,
    "single": _single,
    "with standby": _with_standby,
    "fewer": _fewer,
    "class too small for insights": _insights_too_small,
    "balancer moves": _balancer_moves,
    "ports move": _ports_move,
    "static parameters": _static_parameters,
    "indexes go": _indexes_go,
    "protocol tightens": _protocol_tightens,
    "expires": _expires,
    "versions stop": _versions_stop,
}
"""What the table calls a condition on an argument; `inside a b` looks at a and b within the only nested block."""


def _condition(name: str) -> Callable[[Any, Any, Change], bool]:
    return _inside(*name.split()[1:]) if name.startswith("inside ") else WHEN[name]


@cache
def rules() -> tuple[Rule, ...]:
    """The updates in place that are an outage or a risk in AWS, from the table; one id may take several rows."""
    with (files("analysis") / "facts" / TABLE).open(encoding="utf-8") as file:
        return tuple(
            Rule(
                row["id"],
                cast("Weight", row["weight"]),
                tuple(row["types"].split()),
                row["attribute"],
                row["says"],
                row["source"],
                _condition(row["when"]),
            )
            for row in csv.DictReader(file)
        )


@cache
def stateful() -> Mapping[str, str]:
    """The types that are neither deleted nor replaced, and why."""
    with (files("analysis") / "facts" / STATEFUL_TABLE).open(encoding="utf-8") as file:
        return {row["type"]: row["why"] for row in csv.DictReader(file)}


KEPT_AND_ORDERED: Mapping[str, str] = {
    "KEEP-01": "what holds data, a name or connections is not deleted",
    "KEEP-02": "what holds data, a name or connections is not replaced",
    "KEEP-03": "a replacement is made before the old one goes, or the old one is kept",
    "ORDER-01": "a stage changes what it says, and nothing that a later stage brings",
    "ORDER-02": "what is taken away goes in the last stage",
}
"""The rules that are no rows of the table."""


def findings(found: Sequence[Change]) -> tuple[Finding, ...]:
    """What the rules say of a plan, whichever stage it is."""
    return tuple(one for change in found for one in (*_kept(change), *_risky(change)))


def _kept(change: Change) -> Iterator[Finding]:
    why = stateful().get(change.type)
    if why and change.action == "delete":
        yield Finding("KEEP-01", "never", change.address, "", f"is deleted, but {why}", LIFECYCLE)
    if change.action != "replace":
        return
    forced = sorted(change.forces) or [""]
    # A certificate is the exception: the new one stands before the old one goes, and nobody asks for it by its id.
    if why and not (change.type == "aws_acm_certificate" and change.create_first):
        for name in forced:
            yield Finding("KEEP-02", "never", change.address, name, f"is replaced, but {why}", LIFECYCLE)
    elif not change.create_first and not _keeps_old(change):
        for name in forced:
            says = "is deleted before its successor is made; let it be created before, or kept"
            yield Finding("KEEP-03", "outage", change.address, name, says, LIFECYCLE)


def _keeps_old(change: Change) -> bool:
    """Whether `deleting` leaves the old one there: a task definition whose state says so stays registered."""
    return change.type == "aws_ecs_task_definition" and change.before.get("skip_destroy") is True


def _risky(change: Change) -> Iterator[Finding]:
    for rule in rules():
        if change.type not in rule.types or rule.attribute not in change.attributes:
            continue
        before, after = change.shown(rule.attribute)
        if rule.when(before, after, change):
            yield Finding(rule.id, rule.weight, change.address, rule.attribute, rule.says, rule.source)


def stage_findings(migration: Migration, stage: Stage, found: Sequence[Change]) -> tuple[Finding, ...]:
    """What the rules say of a stage's plan, with the stage's reasons where it takes something on purpose."""
    made = [*_order(migration, stage, found), *findings(found)]
    return tuple(_with_reason(stage, finding) for finding in made)


def _order(migration: Migration, stage: Stage, found: Sequence[Change]) -> Iterator[Finding]:
    last = migration.stages[-1].name == stage.name
    for change, attribute in walk_changed(found):
        if not stage.brings_what(change.address, attribute):
            owner = migration.owner(change.address, attribute)
            whose = f"stage {owner.name} brings" if owner else "no stage brings"
            says = f"{change.action}: {whose} it; name it in this stage too, or let it wait"
            yield Finding("ORDER-01", "never", change.address, attribute, says)
        if change.action == "delete" and not last:
            says = "is taken away before the last stage, while a rollback may need it"
            yield Finding("ORDER-02", "risk", change.address, "", says)


def _with_reason(stage: Stage, finding: Finding) -> Finding:
    if finding.weight == "never":
        return finding
    given = next(
        (one for one in stage.allow if finding.rule in one.rules and matches(one.address, finding.address)), None
    )
    return replace(finding, allowed=given.reason) if given else finding
