"""Who may reach what in a stack: the rules of its security groups, what its roles may do, and the copies of what it stores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from markupsafe import Markup

from analysis.architecture import Resource, Value
from analysis.drawing import tables
from analysis.drawing.tables import Cell, Column, table
from analysis.pages import infrastructure
from analysis.pages.model import Macro, Model, Site
from analysis.wiring.network import Network, Peer
from analysis.wiring.policies import Policies, statements
from analysis.wiring.references import References
from analysis.wiring.values import at, items

MOST_ACTIONS = 8
"""How many actions of a role a row names; the policy has the rest."""


def network_rules(model: Model, page: str) -> Markup:
    """Each rule of a security group that lets something in: on which ports, from where, and what stands behind the group."""
    references = References(model.architecture)
    network = Network(references)
    rows: list[Sequence[Cell]] = []
    for group in model.architecture.of_type("aws_security_group"):
        behind = sorted(
            {
                one.address
                for one in references.referring(group)
                if one.mode == "managed" and "security_group" not in one.type
            }
        )
        rows += [
            [
                Markup("{}<br>{}").format(
                    tables.code(group.address), infrastructure.citation(model, peer.resource.defined_at, page) or ""
                ),
                _ports(peer),
                _from(peer),
                Markup("<br>").join(tables.code(address) for address in behind) or "nothing in this stack",
            ]
            for peer in network.peers(group, "ingress")
        ]
    if not rows:
        return Markup("<p>No security group of the stack lets anything in.</p>")
    columns = [
        Column("Security group and rule", "address"), Column("Lets in"), Column("From", "address"), Column("To", "address"),
    ]  # fmt: skip
    return table(columns, rows, label=f"What security groups of {model.name} let in")


def _ports(peer: Peer) -> str:
    if peer.protocol in {"-1", "all"}:
        return "everything"
    ports = f"{peer.first_port:.0f}"
    if peer.last_port != peer.first_port:
        ports += f" to {peer.last_port:.0f}"
    return f"{peer.protocol} {ports}"


def _from(peer: Peer) -> Cell:
    if peer.everywhere:
        return tables.chip("warn", "everywhere")
    named = [*peer.groups, *(infrastructure.shown(value) for value in (*peer.cidrs, *peer.prefix_lists))]
    return Markup("<br>").join(tables.code(name) for name in named) or "not known before it is applied"


def roles(model: Model, page: str) -> Markup:
    """Each role: who takes it on, and the actions that its policies allow."""
    policies = Policies(References(model.architecture))
    rows = []
    for role in model.architecture.of_type("aws_iam_role"):
        allowed, unread = _actions(policies, role)
        some = [tables.code(action) for action in allowed[:MOST_ACTIONS]]
        if len(allowed) > MOST_ACTIONS:
            some.append(Markup("and {} more").format(len(allowed) - MOST_ACTIONS))
        some += [Markup("and what {} says").format(tables.code(place)) for place in unread]
        rows.append(
            [
                Markup("{}<br>{}").format(
                    tables.code(role.address), infrastructure.citation(model, role.defined_at, page) or ""
                ),
                Markup("<br>").join(tables.code(who) for who in _trusted(role)) or "not readable here",
                Markup(" ").join(some) or "nothing",
            ]
        )
    if not rows:
        return Markup("<p>The stack has no role.</p>")
    columns = [Column("Role", "address"), Column("Taken on by", "address"), Column("May", "wide")]
    return table(columns, rows, label=f"Roles of {model.name}")


def _actions(policies: Policies, role: Resource) -> tuple[list[str], list[str]]:
    """The actions that a role's policies allow, and the places of policies that cannot be read before they are applied."""
    allowed: dict[str, None] = {}
    unread: dict[str, None] = {}
    for place, found in policies.of(role):
        if found is None:
            unread[place.address] = None
        for statement in found or ():
            if statement.get("Effect") != "Deny":
                allowed |= {infrastructure.shown(action): None for action in items(statement.get("Action"))}
                if "NotAction" in statement:
                    excluded = ", ".join(infrastructure.shown(one) for one in items(statement["NotAction"]))
                    allowed[f"everything but {excluded}"] = None
    return list(allowed), list(unread)


def _trusted(role: Resource) -> Iterator[str]:
    for statement in statements(role.values.get("assume_role_policy")) or ():
        principal = statement.get("Principal")
        values: Sequence[Value] = tuple(principal.values()) if isinstance(principal, Mapping) else (principal,)
        for value in values:
            yield from (infrastructure.shown(one) for one in items(value))


STORES: Mapping[str, Sequence[tuple[str, str]]] = {
    "aws_db_instance": (
        ("multi_az", "a standby in another zone"), ("replicate_source_db", "a replica of"),
        ("backup_retention_period", "days of point-in-time recovery"), ("deletion_protection", "refuses deletion"),
        ("storage_encrypted", "encrypted"),
    ),
    "aws_rds_cluster": (
        ("backup_retention_period", "days of point-in-time recovery"), ("deletion_protection", "refuses deletion"),
        ("storage_encrypted", "encrypted"),
    ),
    "aws_elasticache_replication_group": (
        ("automatic_failover_enabled", "fails over by itself"), ("num_cache_clusters", "nodes"),
        ("replicas_per_node_group", "replicas of each shard"), ("snapshot_retention_limit", "days of snapshots"),
        ("at_rest_encryption_enabled", "encrypted"),
    ),
    "aws_elasticache_cluster": (("num_cache_nodes", "nodes"), ("snapshot_retention_limit", "days of snapshots")),
    "aws_dynamodb_table": (
        ("point_in_time_recovery.enabled", "point-in-time recovery"),
        ("deletion_protection_enabled", "refuses deletion"), ("ttl.enabled", "drops what is old"),
    ),
    "aws_kinesis_stream": (("retention_period", "hours kept"),),
    "aws_sqs_queue": (("message_retention_seconds", "seconds kept"),),
    "aws_efs_file_system": (("encrypted", "encrypted"),),
    "aws_backup_plan": (
        ("rule.schedule", "copies at"), ("rule.lifecycle.delete_after", "days kept"),
    ),
}  # fmt: skip
"""What keeps data, by type, and the arguments that say how it survives, each with what its value means."""


def stores(model: Model, page: str) -> Markup:
    """Whatever keeps data beside buckets, with the arguments that say how it survives a failure, and where they are set."""
    rows: list[Sequence[Cell]] = []
    for resource in model.architecture.of_type(*STORES):
        said = []
        for argument, meaning in STORES[resource.type]:
            value = at(resource.values, argument)
            if value is not None and value != "":
                said.append(Markup("{}: {}").format(meaning, tables.code(infrastructure.shown(value))))
        rows.append(
            [
                Markup("{}<br>{}").format(
                    tables.code(resource.address), infrastructure.citation(model, resource.defined_at, page) or ""
                ),
                Markup("<br>").join(said) or "nothing is set",
            ]
        )
    if not rows:
        return Markup("<p>Nothing in the stack keeps data, apart from its buckets.</p>")
    return table([Column("Store", "address"), Column("How it survives", "wide")], rows, label=f"Stores of {model.name}")


def macros(site: Site) -> Mapping[str, Macro]:
    """What pages cite of boundaries and stores."""
    return {
        "network_rules": site.of_stack_here(network_rules),
        "roles": site.of_stack_here(roles),
        "stores": site.of_stack_here(stores),
    }
