"""The resolved stack as the rules look at it: references followed, containers, policies and networks read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from ipaddress import ip_network
from pathlib import Path

from analysis.architecture import Architecture, Diagnostic, Resource, Unknown, Value
from analysis.demand import PathError, RequestPath, request_path
from analysis.facts import Assumption, Runtime, Scenario, Stack, assumptions, runtime
from analysis.wiring.references import References
from analysis.wiring.values import blocks, document, items, number

THRESHOLDS = Path(__file__).with_name("thresholds.toml")
EVERYWHERE = ("0.0.0.0/0", "::/0")

MANAGED_POLICIES: Mapping[str, tuple[str, ...]] = {
    # https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonECSTaskExecutionRolePolicy.html
    "service-role/AmazonECSTaskExecutionRolePolicy": (
        "ecr:GetAuthorizationToken",
        "ecr:BatchCheckLayerAvailability",
        "ecr:GetDownloadUrlForLayer",
        "ecr:BatchGetImage",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    ),
    # https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AdministratorAccess.html
    "AdministratorAccess": ("*",),
    # https://docs.aws.amazon.com/aws-managed-policy/latest/reference/SecretsManagerReadWrite.html
    "SecretsManagerReadWrite": ("secretsmanager:*",),
    # https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonSSMReadOnlyAccess.html
    "AmazonSSMReadOnlyAccess": ("ssm:Describe*", "ssm:Get*", "ssm:List*"),
}
"""What AWS's own policies allow on every resource, as far as starting a task matters."""


def statements(policy: Value) -> tuple[Mapping[str, Value], ...] | None:
    """The statements of a policy document; None where it cannot be read."""
    found = document(policy)
    return blocks(found.get("Statement")) if isinstance(found, Mapping) else None


def names_action(statement: Mapping[str, Value], action: str) -> bool:
    """Whether the statement's actions cover `action`; IAM compares them without regard to case."""
    listed = items(statement.get("Action"))
    if "NotAction" in statement:
        return not any(_like(action, a) for a in items(statement["NotAction"]))
    return any(_like(action, a) for a in listed)


def _like(action: str, pattern: Value) -> bool:
    return isinstance(pattern, str) and fnmatchcase(action.lower(), pattern.lower().replace("[", "[[]"))


@dataclass(frozen=True, slots=True)
class Peer:
    """One rule of a security group: the protocol, the ports, and who is on the other side."""

    resource: Resource
    protocol: str
    first_port: float
    last_port: float
    cidrs: tuple[Value, ...]
    prefix_lists: tuple[Value, ...]
    groups: tuple[str, ...]

    def covers(self, port: float) -> bool:
        """Whether TCP on `port` is meant."""
        return self.protocol in {"-1", "all"} or (
            self.protocol in {"tcp", "6"} and self.first_port <= port <= self.last_port
        )

    @property
    def everywhere(self) -> bool:
        """Whether the whole Internet is on the other side."""
        return any(cidr in EVERYWHERE for cidr in self.cidrs)


@dataclass(frozen=True, slots=True)
class Task:
    """A service of ECS with its task definition and its containers; None where they cannot be read."""

    service: Resource
    definition: Resource | None
    containers: tuple[Mapping[str, Value], ...] | None

    @property
    def place(self) -> Resource:
        """Where the containers are written, for messages."""
        return self.definition or self.service

    def hides(self, key: str) -> bool:
        """Whether `key` of a container is known only after apply, in whole."""
        return any(isinstance(c.get(key), Unknown) for c in self.containers or ())

    @property
    def environment(self) -> Mapping[str, Value]:
        """The plain environment variables of all containers."""
        entries = (e for c in self.containers or () for e in blocks(c.get("environment")))
        return {str(e["name"]): e.get("value") for e in entries if "name" in e}


@dataclass(frozen=True)
class View:
    """What a rule may look at. `stated` maps a rule to what the waiver file states for it."""

    model: Architecture
    scenario: Scenario | None = None
    stack: Stack | None = None
    given_profile: Runtime | None = None
    stated: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def thresholds(self) -> Mapping[str, Assumption]:
        """What the rules hold the stack to where AWS sets no limit."""
        return assumptions(THRESHOLDS)

    def threshold(self, name: str) -> float:
        """One of them, in its unit."""
        return self.thresholds[name].at()

    @cached_property
    def references(self) -> References:
        """What refers to what in the stack."""
        return References(self.model)

    # The service.

    @cached_property
    def tasks(self) -> tuple[Task, ...]:
        """Every service with its task definition."""
        found = []
        for service in self.model.of_type("aws_ecs_service"):
            linked = self.references.linked(service, "task_definition", "aws_ecs_task_definition")
            family = service.values.get("task_definition")
            if not linked and isinstance(family, str):
                same = self.model.of_type("aws_ecs_task_definition")
                linked = [r for r in same if r.values.get("family") == family.partition(":")[0]]
            definition = linked[0] if linked else None
            raw = document(definition.values.get("container_definitions")) if definition else None
            found.append(Task(service, definition, blocks(raw) if isinstance(raw, list | tuple) else None))
        return tuple(found)

    @cached_property
    def _derived(self) -> tuple[RequestPath | None, Diagnostic | None]:
        try:
            return request_path(self.model, self.stack), None
        except PathError as error:
            return None, error.diagnostics[-1]

    @property
    def path(self) -> RequestPath | None:
        """The way of a request; None where none can be derived."""
        return self._derived[0]

    @property
    def no_path(self) -> str:
        """Why there is none."""
        return self._derived[1].message if self._derived[1] else ""

    @property
    def serving(self) -> Resource | None:
        """What serves the crowd, or what would where that cannot be derived; None where nothing computes."""
        path, refused = self._derived
        address = path.service.address if path else refused.address if refused else ""
        return self.model.by_address.get(address)

    @cached_property
    def profile(self) -> Runtime | None:
        """The runtime profile: the one that was given, else the one that gameday.toml names; None without either."""
        return self.given_profile or (runtime(self.stack.profile) if self.stack and self.stack.profile else None)

    # Roles.

    def policies(self, role: Resource) -> Iterator[tuple[Resource, tuple[Mapping[str, Value], ...] | None]]:
        """The policies of a role with the resource in which each stands; None in place of statements that cannot be read."""
        for policy in self.references.about(role, "role", "aws_iam_role_policy"):
            yield policy, statements(policy.values.get("policy"))
        for attachment in self.references.about(role, "role", "aws_iam_role_policy_attachment"):
            yield from self._attached(attachment, attachment.values.get("policy_arn"))
        for arn in items(role.values.get("managed_policy_arns")):
            yield from self._attached(role, arn)
        for inline in blocks(role.values.get("inline_policy")):
            if inline.get("policy") is not None:
                yield role, statements(inline["policy"])

    def _attached(
        self, place: Resource, arn: Value
    ) -> Iterator[tuple[Resource, tuple[Mapping[str, Value], ...] | None]]:
        own = [r for r in self.references.behind(arn) if r.type == "aws_iam_policy"]
        if own:
            yield own[0], statements(own[0].values.get("policy"))
            return
        actions = MANAGED_POLICIES.get(arn.partition(":policy/")[2]) if isinstance(arn, str) else None
        yield place, None if actions is None else ({"Effect": "Allow", "Action": actions, "Resource": "*"},)

    def allows(self, role: Resource, action: str, target: Value) -> bool | None:
        """Whether a role may do `action` on `target`, an ARN or the value that stands for one.

        None where a policy that cannot be read might allow it. An explicit denial wins.
        """
        allowed, blind = False, False
        for _, found in self.policies(role):
            if found is None:
                blind = True
                continue
            for statement in found:
                if not names_action(statement, action):
                    continue
                named = "NotResource" in statement
                if self.covers(statement.get("NotResource" if named else "Resource"), target) == named:
                    continue
                if statement.get("Effect") != "Deny":
                    allowed = True
                elif statement.get("Condition"):
                    blind = True  # when the condition holds is not known here
                else:
                    return False
        return None if blind else allowed

    def covers(self, patterns: Value, target: Value) -> bool:
        """Whether one of the resource patterns of a statement covers `target`."""
        wanted = {r.address for r in self.references.behind(target)}
        for pattern in items(patterns):
            if pattern == "*":
                return True
            if isinstance(pattern, Unknown):
                if wanted & {r.address for r in self.references.behind(pattern)}:
                    return True
            elif isinstance(target, str) and fnmatchcase(target, str(pattern).replace("[", "[[]")):
                return True
        return False

    # Networks.

    def groups_of(self, value: Value) -> list[Resource]:
        """The security groups in an argument."""
        return [r for r in self.references.behind(value) if r.type == "aws_security_group"]

    def peers(self, group: Resource, direction: str) -> tuple[Peer, ...]:
        """The rules of a security group for `ingress` or `egress`, however they are written."""
        return self._peers.get((group.address, direction), ())

    @cached_property
    def _peers(self) -> Mapping[tuple[str, str], tuple[Peer, ...]]:
        found: dict[tuple[str, str], list[Peer]] = {}
        for group in self.model.of_type("aws_security_group"):
            for direction in ("ingress", "egress"):
                for block in blocks(group.values.get(direction)):
                    found.setdefault((group.address, direction), []).append(self._peer(group, block, group.address))
        for rule in self.model.of_type(
            "aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule", "aws_security_group_rule"
        ):
            direction = "ingress" if "ingress" in rule.type else "egress"
            if rule.type == "aws_security_group_rule":
                direction = str(rule.values.get("type"))
            for group in self.references.linked(rule, "security_group_id", "aws_security_group"):
                found.setdefault((group.address, direction), []).append(self._peer(rule, rule.values, group.address))
        return {key: tuple(peers) for key, peers in found.items()}

    def _peer(self, place: Resource, values: Mapping[str, Value], own: str) -> Peer:
        def listed(*keys: str) -> tuple[Value, ...]:
            return tuple(item for key in keys for item in items(values.get(key)) if item)

        groups = [
            r.address
            for r in self.references.behind(
                listed("referenced_security_group_id", "source_security_group_id", "security_groups")
            )
            if r.type == "aws_security_group"
        ]
        if values.get("self") is True:
            groups.append(own)
        first, last = number(values.get("from_port")), number(values.get("to_port"))
        return Peer(
            place,
            str(values.get("ip_protocol") or values.get("protocol") or "-1"),
            0 if first is None else first,
            65535 if last is None else last,
            listed("cidr_ipv4", "cidr_ipv6", "cidr_blocks", "ipv6_cidr_blocks"),
            listed("prefix_list_id", "prefix_list_ids"),
            tuple(groups),
        )

    def lets_through(
        self,
        groups: Sequence[Resource],
        direction: str,
        port: float,
        others: Sequence[Resource],
        subnets: Sequence[Resource],
    ) -> Peer | None:
        """The rule of `groups` by which TCP on `port` passes to or from `others`, which stand in `subnets`; None without one."""
        wanted = {r.address for r in others}
        for group in groups:
            for peer in self.peers(group, direction):
                if not peer.covers(port):
                    continue
                if peer.everywhere or wanted & set(peer.groups) or self._within(peer.cidrs, subnets):
                    return peer
        return None

    @staticmethod
    def _within(cidrs: Sequence[Value], subnets: Sequence[Resource]) -> bool:
        """Whether every subnet lies within one of the address ranges."""
        try:
            ranges = [ip_network(cidr) for cidr in cidrs if isinstance(cidr, str) and ":" not in cidr]
            inner = [ip_network(str(subnet.values.get("cidr_block"))) for subnet in subnets]
        except ValueError:
            return False
        return bool(inner) and all(
            any(small.version == large.version and small.subnet_of(large) for large in ranges)  # type: ignore[arg-type]
            for small in inner
        )

    def route_table(self, subnet: Resource) -> Resource | None:
        """The route table of a subnet: that of its association, else the main one of its network where it is written."""
        for association in self.references.about(subnet, "subnet_id", "aws_route_table_association"):
            tables = self.references.linked(association, "route_table_id", "aws_route_table", "aws_default_route_table")
            if tables:
                return tables[0]
        networks = self.references.linked(subnet, "vpc_id", "aws_vpc")
        for table in self.model.of_type("aws_default_route_table"):
            if networks and self.references.linked(table, "default_route_table_id", "aws_vpc") == networks:
                return table
        return None

    def default_route(self, subnet: Resource) -> Resource | str | None:
        """Where the default route of a subnet leads: a gateway of the stack, a known id, or None without one."""
        table = self.route_table(subnet)
        if table is None:
            return None
        routes = [*blocks(table.values.get("route"))]
        routes += [
            {**r.values, "cidr_block": r.values.get("destination_cidr_block")}
            for r in self.references.about(table, "route_table_id", "aws_route")
        ]
        for route in routes:
            if route.get("cidr_block") not in EVERYWHERE:
                continue
            ways = {
                k: route.get(k)
                for k in ("nat_gateway_id", "gateway_id", "transit_gateway_id", "network_interface_id", "instance_id")
            }
            found = self.references.behind(ways)
            if found:
                return found[0]
            for way in ways.values():
                if way:
                    return way.reference if isinstance(way, Unknown) else str(way)
        return None

    def is_public(self, subnet: Resource) -> bool:
        """Whether the subnet's default route leads to an Internet gateway."""
        way = self.default_route(subnet)
        return (way.type == "aws_internet_gateway") if isinstance(way, Resource) else str(way or "").startswith("igw-")

    def subnets_of(self, value: Value) -> list[Resource]:
        """The subnets in an argument."""
        return [r for r in self.references.behind(value) if r.type == "aws_subnet"]
