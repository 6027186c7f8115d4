"""By which public entries a crowd may come into a stack, and what computes behind each.

A new way for a request from one resource to the next is a row of AHEAD or JOINED, a new public resource a row of PUBLIC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.architecture import Diagnostic, Location, Resource, Unknown
from analysis.facts import Enters, Stack
from analysis.facts.stacks import FILE_NAME
from analysis.wiring.names import Named, Names, plain
from analysis.wiring.network import Network, Peer
from analysis.wiring.references import References
from analysis.wiring.values import blocks, items

DISTRIBUTION, SERVICE = "aws_cloudfront_distribution", "aws_ecs_service"

COMPUTE = (
    SERVICE,
    "aws_apprunner_service",
    "aws_autoscaling_group",
    "aws_eks_cluster",
    "aws_instance",
    "aws_lambda_function",
)
"""What can answer a request."""

UNMODELLED: Mapping[str, str] = {
    "aws_api_gateway_rest_api": "the request rate of a REST API and of its account",
    "aws_apigatewayv2_api": "the request rate and the connections of an HTTP or WebSocket API and of its account",
    "aws_apprunner_service": "the requests that an instance of App Runner answers at once, and its scaling",
    "aws_autoscaling_group": "the requests that an instance of a group answers, how long it takes to start, and its scaling",
    "aws_eks_cluster": "the pods of a cluster, which Terraform does not hold",
    "aws_elb": "a Classic Load Balancer",
    "aws_instance": "the requests that an instance answers",
    "aws_lambda_function": "a function's duration, concurrency and cold starts",
    "aws_lambda_function_url": "the request rate of a function's address",
}
"""What a request may pass or meet, and what of it capacity does not model."""

AHEAD: Mapping[str, tuple[str, ...]] = {
    DISTRIBUTION: ("origin",),
    "aws_api_gateway_deployment": ("rest_api_id",),
    "aws_api_gateway_integration": ("uri", "connection_id"),
    "aws_api_gateway_rest_api": ("body",),
    "aws_api_gateway_stage": ("rest_api_id",),
    "aws_api_gateway_vpc_link": ("target_arns",),
    "aws_apigatewayv2_api": ("body", "target"),
    "aws_apigatewayv2_integration": ("integration_uri",),
    "aws_apigatewayv2_stage": ("api_id",),
    "aws_autoscaling_attachment": ("autoscaling_group_name",),
    "aws_autoscaling_traffic_source_attachment": ("autoscaling_group_name",),
    "aws_cloudfront_vpc_origin": ("vpc_origin_endpoint_config",),
    "aws_eip": ("instance",),
    "aws_elb": ("instances",),
    "aws_elb_attachment": ("instance",),
    "aws_lambda_alias": ("function_name",),
    "aws_lambda_function_url": ("function_name",),
    "aws_lb_listener": ("default_action",),
    "aws_lb_listener_rule": ("action",),
    "aws_lb_target_group_attachment": ("target_id",),
    "aws_route53_record": ("alias", "records"),
}
"""The arguments of a resource that name what a request meets next."""

JOINED: Mapping[str, tuple[tuple[str, str], ...]] = {
    "aws_api_gateway_rest_api": (("aws_api_gateway_integration", "rest_api_id"),),
    "aws_apigatewayv2_api": (("aws_apigatewayv2_integration", "api_id"),),
    "aws_elb": (
        (SERVICE, "load_balancer"),
        ("aws_autoscaling_attachment", "elb"),
        ("aws_autoscaling_group", "load_balancers"),
        ("aws_elb_attachment", "elb"),
    ),
    "aws_lb": (("aws_lb_listener", "load_balancer_arn"),),
    "aws_lb_listener": (("aws_lb_listener_rule", "listener_arn"),),
    "aws_lb_target_group": (
        (SERVICE, "load_balancer"),
        ("aws_autoscaling_attachment", "lb_target_group_arn"),
        ("aws_autoscaling_group", "target_group_arns"),
        ("aws_autoscaling_traffic_source_attachment", "traffic_source"),
        ("aws_lb_target_group_attachment", "target_group_arn"),
    ),
}
"""What joins itself to a resource and is met next: its type, and the argument by which it names the resource."""

BALANCERS = ("aws_lb", "aws_elb")
ADMINISTRATION = (22, 3389)
"""The ports of SSH and of the remote desktop: who may come in there administers, and is no crowd."""
HOPS = frozenset(
    {*AHEAD, *JOINED, *COMPUTE, *(kind for joiners in JOINED.values() for kind, _ in joiners), "aws_lb_target_group"}
)


@dataclass(frozen=True, slots=True)
class Way:
    """A way from a public entry to what computes, both ends included."""

    hops: tuple[Resource, ...]

    @property
    def entry(self) -> Resource:
        """Where the crowd comes in."""
        return self.hops[0]

    @property
    def compute(self) -> Resource:
        """What answers."""
        return self.hops[-1]

    def hop(self, *kinds: str) -> Resource | None:
        """The first hop of one of `kinds`."""
        return next((hop for hop in self.hops if hop.type in kinds), None)


@dataclass(frozen=True, slots=True)
class Unreached:
    """What computes, or could let a crowd in, and carries nothing of it; and why."""

    address: str
    defined_at: Location
    why: str

    def __str__(self) -> str:
        return f"{self.address} carries nothing of the crowd: {self.why}"


@dataclass(frozen=True, slots=True)
class Choice:
    """What serves the crowd, the way to it (None where gameday.toml alone says that it serves) and what carries nothing."""

    compute: Resource
    way: Way | None
    unreached: tuple[Unreached, ...]


class PathError(ValueError):
    """A stack whose request path cannot be derived; `diagnostics` say what is missing, where, and what settles it."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("; ".join(str(diagnostic) for diagnostic in self.diagnostics))


class EntersError(PathError):
    """A stack whose gameday.toml says wrongly under [enters] where the crowd comes in."""


def _refusal(message: str, location: Location, about: Resource | None = None) -> PathError:
    return PathError([Diagnostic("error", message, location, address=about.address if about else "")])


def _public_instance(instance: Resource, references: References) -> bool:
    """Whether an instance has a public address, and none of its security groups keeps the crowd out."""
    network = Network(references)
    asked = instance.values.get("associate_public_ip_address")
    subnets = network.subnets_of(instance.values.get("subnet_id"))
    addressed = (
        asked is True
        or (asked is None and any(subnet.values.get("map_public_ip_on_launch") is True for subnet in subnets))
        or any(
            instance in references.linked(joiner, "instance", instance.type)
            or instance in references.linked(joiner, "instance_id")
            for joiner in references.architecture.of_type("aws_eip", "aws_eip_association")
        )
    )
    named = items(instance.values.get("vpc_security_group_ids"))
    groups = network.groups_of(named)
    return addressed and (
        len(groups) < len(named) or not groups or any(_crowd(p) for g in groups for p in network.peers(g, "ingress"))
    )


def _crowd(peer: Peer) -> bool:
    """Whether a rule lets others in than who administers: from everywhere, or from addresses not known yet."""
    anyone = peer.everywhere or peer.prefix_lists or any(isinstance(cidr, Unknown) for cidr in peer.cidrs)
    return bool(anyone) and not (peer.first_port == peer.last_port and peer.first_port in ADMINISTRATION)


def _private_api(api: Resource) -> bool:
    return any("PRIVATE" in items(block.get("types")) for block in blocks(api.values.get("endpoint_configuration")))


PUBLIC: Mapping[str, Callable[[Resource, References], bool]] = {
    DISTRIBUTION: lambda r, _: r.values.get("enabled") is not False,
    "aws_api_gateway_rest_api": lambda r, _: not _private_api(r),
    "aws_apigatewayv2_api": lambda _r, _l: True,
    "aws_apprunner_service": lambda _r, _l: True,
    "aws_elb": lambda r, _: r.values.get("internal") is not True,
    "aws_instance": _public_instance,
    "aws_lambda_function_url": lambda _r, _l: True,
    "aws_lb": lambda r, _: r.values.get("internal") is not True,
}
"""By what a crowd may come in from the Internet, and whether a resource of that type lets it."""


def next_hops(hop: Resource, names: Names) -> Iterator[Resource]:
    """What a request may meet after `hop`."""
    kind = hop.type
    types = tuple(HOPS - {hop.type})
    for attribute in AHEAD.get(kind, ()):
        yield from names.references.linked(hop, attribute, *types)
    if kind == DISTRIBUTION:
        for origin in blocks(hop.values.get("origin")):
            yield from names.references.instances_of(origin_target(names, origin))
    for joiner_kind, attribute in JOINED.get(kind, ()):
        for joiner in names.references.architecture.of_type(joiner_kind):
            if hop in names.references.linked(joiner, attribute, hop.type):
                yield joiner


def origin_target(names: Names, origin: Mapping[str, Any]) -> str:
    """The address of what an origin's domain name stands for, by itself or by a record; empty where that is not known."""
    domain, records = origin.get("domain_name"), names.records
    for resource in names.references.behind(domain):
        if resource.type != "aws_route53_record":
            return resource.address
        return next((named.target.address for named in records if named.record is resource), "")
    if not isinstance(domain, str):
        return ""
    # A relative name whose zone is in another stack is taken to end as the domain does.
    fits = (n for n in records if plain(domain) == n.name or plain(domain).startswith(f"{n.name}."))
    return next((named.target.address for named in fits), "")


def ways(entry: Resource, names: Names) -> Iterator[Way]:
    """The shortest way from `entry` to each compute behind it. CloudFront reaches an internal balancer by a VPC origin only."""
    queue: list[tuple[Resource, ...]] = [(entry,)]
    seen = {entry.address}
    while queue:
        hops = queue.pop(0)
        if hops[-1].type in COMPUTE:
            yield Way(hops)
            continue
        for after in next_hops(hops[-1], names):
            shut = hops[-1].type in (DISTRIBUTION, "aws_route53_record") and _internal(after)
            if after.address not in seen and not shut:
                seen.add(after.address)
                queue.append((*hops, after))


def _internal(resource: Resource) -> bool:
    return resource.type in BALANCERS and resource.values.get("internal") is True


@dataclass(frozen=True, slots=True)
class Entered:
    """The ways from public entries to compute, and the entries that clients' names lead past, each with that name."""

    ways: tuple[Way, ...]
    past: tuple[Unreached, ...]


def entered(names: Names) -> Entered:
    """Every way by which a crowd may come in.

    An entry that no name leads to is left out where one leads to a public entry behind it; a balancer that stands behind a
    distribution is an entry of its own only where a name leads to it.
    """
    entries = [r for r in names.references.architecture.of_type(*PUBLIC) if _lets_in(r, names)]
    every = [(way, _named_behind(way, names)) for entry in entries for way in ways(entry, names)]
    kept = [way for way, named in every if named is None]
    passed = {(hop.address, way.compute.address) for way in kept for hop in way.hops[1:-1]}
    found = [
        way
        for way in kept
        if way.entry.address in names.public or (way.entry.address, way.compute.address) not in passed
    ]
    used = {way.entry.address for way in found}
    past: dict[str, Unreached] = {}
    for way, named in every:
        if named is not None and way.entry.address not in used:
            at = named.record.defined_at
            why = f"{named.name} ({at.file}:{at.line}) leads to {named.target.address} behind it"
            past.setdefault(way.entry.address, Unreached(way.entry.address, way.entry.defined_at, why))
    return Entered(tuple(found), tuple(past.values()))


def _lets_in(resource: Resource, names: Names) -> bool:
    public = PUBLIC.get(resource.type)
    return public is not None and public(resource, names.references)


def _named_behind(way: Way, names: Names) -> Named | None:
    """The name that leads clients to a public hop behind a way's entry; None without one, or where one leads to the entry."""
    if way.entry.address in names.public:
        return None
    behind = (names.public.get(hop.address) for hop in way.hops[1:-1] if _lets_in(hop, names))
    return next((named for named in behind if named), None)


def choice(names: Names, stack: Stack | None) -> Choice:
    """What serves the crowd. Raises PathError where no public entry leads to compute, several do, or it is not modelled."""
    enters = stack.enters if stack is not None else Enters()
    found = entered(names)
    every = found.ways
    way = _settled(names, enters, every) if enters else None
    if way is None and enters.service:
        compute = names.references.architecture.by_address[enters.service]
    else:
        way = way or _only(names, every)
        compute = way.compute
    if missing := _gaps(way.hops if way else (compute,)):
        raise _unmodelled(missing)
    unreached = [Unreached(r.address, r.defined_at, _why(r, names, every)) for r in _compute(names) if r is not compute]
    hops = [hop.address for hop in way.hops] if way else []
    return Choice(compute, way, (*unreached, *(entry for entry in found.past if entry.address not in hops)))


def _compute(names: Names) -> Iterator[Resource]:
    return names.references.architecture.of_type(*COMPUTE)


def _only(names: Names, every: Sequence[Way]) -> Way:
    """The only way; PathError with every candidate where there are several, with all that computes where there is none."""
    here = Location(names.references.architecture.stack)
    if not every:
        there = list(_compute(names))
        services = [r.address for r in there if r.type == SERVICE]
        found = "; ".join(f"{_place(r)}: {_why(r, names, every)}" for r in there) or "nothing here answers requests"
        settle = f"; where one serves the crowd, write in {FILE_NAME} under [enters] {_settle('service', services)}"
        raise _refusal(f"there is no request path: {found}{settle if services else ''}", here, next(iter(there), None))
    if len(every) == 1:
        return every[0]
    if all(_gaps(way.hops) for way in every):
        raise _unmodelled([hop for way in every for hop in _gaps(way.hops)])
    entries = list(dict.fromkeys(way.entry.address for way in every))
    computes = list(dict.fromkeys(way.compute.address for way in every))
    settle = f"write in {FILE_NAME} under [enters] "
    if len(entries) == 1:
        message = (
            f"{_place(every[0].entry)} leads to {' and '.join(_place(way.compute) for way in every)}; the simulated night "
            "knows one service (`gameday capacity`, `premortem` and `cost` split the crowd by paths): " + settle
        )
        raise _refusal(message + _settle("service", computes), here, every[0].compute)
    named = "; ".join(f"{_place(way.compute)} by {_place(way.entry)}" for way in every)
    lines = [_settle("crowd", entries)]
    lines += [_settle("service", computes)] if len(computes) > 1 and len(entries) < len(every) else []
    message = f"{len(every)} ways lead to what could serve the crowd: {named}; {settle}"
    raise _refusal(message + " and ".join(lines), here, every[0].compute)


def _settle(key: str, addresses: Sequence[str]) -> str:
    return " or ".join(f"{key} = '{address}'" for address in addresses)


def _place(resource: Resource) -> str:
    return f"{resource.address} ({resource.defined_at.file}:{resource.defined_at.line})"


def _settled(names: Names, enters: Enters, every: Sequence[Way]) -> Way | None:
    """The way that gameday.toml names; None for a service that it names although nothing public leads there."""
    fits = list(every)
    if enters.crowd:
        entry = _there(names, enters, "crowd", enters.crowd)
        if not _lets_in(entry, names):
            raise _mistake(enters, "crowd", f"names {_place(entry)}, which is no public entry ({', '.join(PUBLIC)})")
        fits = list(ways(entry, names))
        if not fits:
            raise PathError([_said(enters, "crowd", f"names {_place(entry)}, which leads to nothing that computes")])
    if enters.service:
        service = _there(names, enters, "service", enters.service)
        if service.type not in COMPUTE:
            raise _mistake(enters, "service", f"names {_place(service)}, which does not compute ({', '.join(COMPUTE)})")
        fits = [way for way in fits if way.compute is service]
        if enters.crowd and not fits:
            raise _mistake(enters, "service", f"names {_place(service)}, to which {enters.crowd} does not lead")
        if not fits:
            return None
    return _only(names, fits)


def _there(names: Names, enters: Enters, key: str, address: str) -> Resource:
    resource = names.references.architecture.by_address.get(address)
    if resource is None:
        raise _mistake(enters, key, f"names {address}, and this stack has no such resource")
    return resource


def _mistake(enters: Enters, key: str, problem: str) -> EntersError:
    return EntersError([_said(enters, key, problem)])


def _said(enters: Enters, key: str, problem: str) -> Diagnostic:
    return Diagnostic("error", f"enters.{key} {problem}", Location(FILE_NAME, enters.line(key)))


def _gaps(hops: Sequence[Resource]) -> list[Resource]:
    """The hops that capacity cannot compute yet."""
    return [hop for hop in hops if UNMODELLED.get(hop.type)]


def _unmodelled(hops: Sequence[Resource]) -> PathError:
    places = ", ".join(dict.fromkeys(_place(hop) for hop in hops))
    missing = "; ".join(dict.fromkeys(UNMODELLED[hop.type] for hop in hops))
    message = (
        f"the crowd would be served by {places}; the simulated night does not model that, "
        f"`gameday capacity` and `gameday premortem` do: {missing}"
    )
    return _refusal(message, hops[-1].defined_at, hops[-1])


def _why(compute: Resource, names: Names, every: Sequence[Way]) -> str:
    """Why `compute` carries nothing of the crowd, in words."""
    entries = [_place(way.entry) for way in every if way.compute is compute]
    if entries:
        return f"{', '.join(entries)} leads to it, and {FILE_NAME} names another"
    for balancer in names.references.architecture.of_type(*BALANCERS):
        if _internal(balancer) and any(way.compute is compute for way in ways(balancer, names)):
            return f"it stands behind the internal balancer {_place(balancer)}"
    return "no public entry leads to it"
