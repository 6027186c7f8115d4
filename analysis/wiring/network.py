"""Where things stand in the network: subnets and their routes, zones, and what security groups let through."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_network
from typing import Literal, TypeAlias

from analysis.architecture import Resource, Unknown, Value
from analysis.wiring.references import References
from analysis.wiring.values import blocks, items, known, number

EVERYWHERE = ("0.0.0.0/0", "::/0")
"""The address ranges of the whole Internet, as a route or a rule names them."""

SUBNETS = ("aws_subnet", "aws_default_subnet", "aws_subnets")
"""The types that stand for subnets; a data source for many of them is one."""

Exposure: TypeAlias = Literal["public", "private", "isolated", "unknown"]
"""Whether the Internet reaches a subnet, is only reached from it, neither, or whether its routes are not in the stack."""


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


@dataclass(frozen=True)
class Network:
    """The networks of a stack."""

    references: References

    def groups_of(self, value: Value) -> list[Resource]:
        """The security groups in an argument."""
        return [r for r in self.references.behind(value) if r.type == "aws_security_group"]

    def peers(self, group: Resource, direction: str) -> tuple[Peer, ...]:
        """The rules of a security group for `ingress` or `egress`, however they are written."""
        return self._peers.get((group.address, direction), ())

    @cached_property
    def _peers(self) -> Mapping[tuple[str, str], tuple[Peer, ...]]:
        found: dict[tuple[str, str], list[Peer]] = {}
        for group in self.references.architecture.of_type("aws_security_group"):
            for direction in ("ingress", "egress"):
                for block in blocks(group.values.get(direction)):
                    found.setdefault((group.address, direction), []).append(self._peer(group, block, group.address))
        for rule in self.references.architecture.of_type(
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
        for table in self.references.architecture.of_type("aws_default_route_table"):
            if networks and self.references.linked(table, "default_route_table_id", "aws_vpc") == networks:
                return table
        return self._main_route_table(networks)

    def _main_route_table(self, networks: Sequence[Resource]) -> Resource | None:
        """What was made the main route table of a network; the network itself where routes are added to the one it came with."""
        for network in networks:
            for association in self.references.about(network, "vpc_id", "aws_main_route_table_association"):
                return next(iter(self.references.linked(association, "route_table_id", "aws_route_table")), None)
            if any(self.references.about(network, "route_table_id", "aws_route")):
                return network
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

    def exposure(self, subnet: Resource) -> Exposure:
        """Where the subnet's default route leads: to an Internet gateway, to another way out, or nowhere.

        Without any route table of the stack, a subnet that gives public addresses is taken as public.
        """
        if self.is_public(subnet):
            return "public"
        if self.route_table(subnet) is None and known(subnet.values, "map_public_ip_on_launch") is True:
            return "public"
        if self.default_route(subnet) is not None:
            return "private"
        return "unknown" if subnet.mode == "data" else "isolated"

    def subnets(self, resources: Iterable[Resource]) -> tuple[Resource, ...]:
        """The subnets that the resources stand in: their own, those of their subnet groups, and those of what they copy."""
        found: dict[str, Resource] = {}
        seen: set[str] = set()
        queue = deque((resource, 0) for resource in resources)
        while queue:
            resource, depth = queue.popleft()
            for target in self.references.referred(resource):
                if target.type in SUBNETS:
                    found[target.address] = target
                elif (
                    depth < 2
                    and target.address not in seen
                    and ("subnet_group" in target.type or target.type == resource.type)
                ):
                    seen.add(target.address)
                    queue.append((target, depth + 1))
        return tuple(found.values())


def zones(subnets: Iterable[Resource]) -> frozenset[str]:
    """The availability zones of subnets. One that is known only after apply counts by what it is; unnamed ones are one."""
    names = (subnet.values.get("availability_zone") for subnet in subnets)
    return frozenset(name.reference if isinstance(name, Unknown) else str(name or "") for name in names)
