"""The names by which clients enter: DNS records with what they lead to, and the names that CDN, balancers and APIs answer to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from analysis.architecture import Resource, Unknown, Value
from analysis.wiring.references import References
from analysis.wiring.values import blocks, first_block, items

DISTRIBUTION = "aws_cloudfront_distribution"
BALANCERS = ("aws_lb", "aws_elb")
API_MAPPINGS = {
    "aws_api_gateway_domain_name": "aws_api_gateway_base_path_mapping",
    "aws_apigatewayv2_domain_name": "aws_apigatewayv2_api_mapping",
}
API_NAMES = tuple(API_MAPPINGS)
ENTRIES = (DISTRIBUTION, *BALANCERS, *API_NAMES)
"""The types that a record may lead clients to."""

RECORDS = ("A", "AAAA", "CNAME")
"""The types of record that lead a client somewhere."""

TLS = ("HTTPS", "TLS")

HOST = "host"
ALL_VIEWER = "216adef6-5c7f-47e4-b989-5492eafa07d3"
"""The managed origin request policy that hands on every header of the viewer, Host among them; `Managed-AllViewer`:
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html"""


def covers(pattern: str, name: str) -> bool:
    """Whether a certificate's or distribution's `pattern` covers `name`; a star stands for one whole label, the first.

    https://docs.aws.amazon.com/acm/latest/userguide/acm-certificate-characteristics.html
    """
    pattern, name = plain(pattern), plain(name)
    if pattern.startswith("*."):
        return name.partition(".")[2] == pattern[2:]
    return pattern == name


def plain(name: str) -> str:
    """A name without regard to case and to the dot at its end."""
    return name.lower().removesuffix(".")


def _secondary(record: Resource) -> bool:
    return first_block(record.values.get("failover_routing_policy")).get("type") == "SECONDARY"


@dataclass(frozen=True, slots=True)
class Named:
    """A record that leads clients from `name` to `target`."""

    record: Resource
    name: str
    target: Resource


@dataclass(frozen=True)
class Names:
    """The names of a stack."""

    references: References

    def name_of(self, record: Resource) -> str | None:
        """The full name of a record; None where it is known only after apply. A relative name ends in that of its zone."""
        name = record.values.get("name")
        if not isinstance(name, str):
            return None
        for zone in self.references.linked(record, "zone_id", "aws_route53_zone"):
            ending = zone.values.get("name")
            if isinstance(ending, str) and not f".{plain(name)}".endswith(f".{plain(ending)}"):
                return plain(f"{name}.{ending}" if name else ending)
        return plain(name)

    @cached_property
    def records(self) -> tuple[Named, ...]:
        """Each record that leads to an entry, once for each entry; a CNAME that names another record leads where that does."""
        found: list[Named] = []
        for record in self.references.architecture.of_type("aws_route53_record"):
            name = self.name_of(record)
            if name is not None and record.values.get("type") in RECORDS:
                found += [Named(record, name, target) for target in self._targets(record, frozenset())]
        return tuple(found)

    def _targets(self, record: Resource, passed: frozenset[str]) -> Iterator[Resource]:
        if record.address in passed:
            return
        attribute = "alias" if blocks(record.values.get("alias")) else "records"
        value = record.values.get(attribute)
        texts = [block.get("name") for block in blocks(value)] if attribute == "alias" else list(items(value))
        for target in self.references.behind(texts):
            if target.type in ENTRIES:
                yield target
            elif target.type == "aws_route53_record":
                yield from self._targets(target, passed | {record.address})
        for text in texts:
            if isinstance(text, str):
                for other in self.references.architecture.of_type("aws_route53_record"):
                    if other is not record and self.name_of(other) == plain(text):
                        yield from self._targets(other, passed | {record.address})

    def leading_to(self, entry: Resource) -> tuple[Named, ...]:
        """The records by which clients come to `entry`; those whose name is only that of a CDN's origin are not among them."""
        return tuple(n for n in self.records if n.target is entry and not self._of_origin(n.name))

    def _of_origin(self, name: str) -> bool:
        """Whether a CDN reaches an origin by `name`; one whose zone is in another stack is taken to end as the origin's does."""
        return any(origin == name or origin.startswith(f"{name}.") for origin in self.origins)

    @cached_property
    def public(self) -> Mapping[str, Named | None]:
        """The addresses to which names lead a crowd, each with its record; None for a CDN whose aliases are led in another stack.

        Names of origins, of private zones, and those that count only after a failover are left out.
        """
        found: dict[str, Named | None] = {}
        for named in self.records:
            if not self._of_origin(named.name) and not self._private(named.record) and not _secondary(named.record):
                for entry in self._mapped(named.target):
                    found.setdefault(entry.address, named)
        for distribution in self.references.architecture.of_type(DISTRIBUTION):
            if any(alias != "" for alias in items(distribution.values.get("aliases"))):
                found.setdefault(distribution.address, None)
        return found

    def _private(self, record: Resource) -> bool:
        zones = self.references.linked(record, "zone_id", "aws_route53_zone")
        return any(blocks(z.values.get("vpc")) or z.values.get("private_zone") is True for z in zones)

    def _mapped(self, target: Resource) -> Iterator[Resource]:
        """The entry itself; for the domain name of an API the APIs that are mapped to it."""
        mapping = API_MAPPINGS.get(target.type)
        if mapping is None:
            yield target
            return
        for joined in self.references.about(target, "domain_name", mapping):
            yield from self.references.linked(joined, "api_id")

    @cached_property
    def origins(self) -> frozenset[str]:
        """The names by which a CDN reaches its origins."""
        found = set()
        for distribution in self.references.architecture.of_type(DISTRIBUTION):
            for origin in blocks(distribution.values.get("origin")):
                name = self.origin_name(origin.get("domain_name"))
                found |= {name} if name else set()
        return frozenset(found)

    def origin_name(self, domain: Value) -> str | None:
        """The name in an origin's domain: a text, or that of the record it stands for; None where AWS gives it after apply."""
        if isinstance(domain, str):
            return plain(domain)
        records = [r for r in self.references.behind(domain) if r.type == "aws_route53_record"]
        return self.name_of(records[0]) if records else None

    def balancers_of(self, domain: Value) -> list[Resource]:
        """The balancers that an origin's domain leads to, by themselves or by a record."""
        name = self.origin_name(domain)
        reached = (*self.references.behind(domain), *(n.target for n in self.records if n.name == name))
        return list({r.address: r for r in reached if r.type in BALANCERS}.values())

    def certificate_names(self, value: Value) -> tuple[str, ...] | None:
        """The names in the certificates that `value` stands for; None where one is not in the stack, or not known."""
        certificates: list[Resource] = []
        for resource in self.references.behind(value):
            if resource.type == "aws_acm_certificate_validation":
                certificates += self.references.linked(resource, "certificate_arn", "aws_acm_certificate")
            elif resource.type == "aws_acm_certificate" and resource.mode == "managed":
                certificates.append(resource)
        if not certificates:
            return None
        names = [
            name
            for r in certificates
            for key in ("domain_name", "subject_alternative_names")
            for name in items(r.values.get(key))
        ]
        return None if any(isinstance(name, Unknown) for name in names) else tuple(dict.fromkeys(map(str, names)))

    def tls_listeners(self, balancer: Resource) -> list[Resource]:
        """The listeners of a balancer that speak TLS."""
        return [
            listener
            for listener in self.references.architecture.of_type("aws_lb_listener")
            if listener.values.get("protocol") in TLS
            and balancer in self.references.linked(listener, "load_balancer_arn", balancer.type)
        ]

    def listener_names(self, listener: Resource) -> tuple[str, ...] | None:
        """The names in the certificates of a listener, the further ones included; None where one of them is not known."""
        further = self.references.about(listener, "listener_arn", "aws_lb_listener_certificate")
        found: list[str] = []
        for holder in (listener, *further):
            names = self.certificate_names(holder.values.get("certificate_arn"))
            if names is None:
                return None
            found += names
        return tuple(found)

    def api_names(self, name: Resource) -> tuple[str, ...] | None:
        """The names in the certificate of an API's domain name; None where they are not known."""
        if name.type == "aws_apigatewayv2_domain_name":
            return self.certificate_names(
                first_block(name.values.get("domain_name_configuration")).get("certificate_arn")
            )
        return self.certificate_names(
            [
                arn
                for key in ("certificate_arn", "regional_certificate_arn")
                if (arn := name.values.get(key)) is not None
            ]
        )

    def hands_host_on(self, distribution: Resource, origin_id: Value) -> bool:
        """Whether every behaviour towards an origin hands on the Host header of the viewer."""
        towards = [
            behaviour
            for attribute in ("default_cache_behavior", "ordered_cache_behavior")
            for behaviour in blocks(distribution.values.get(attribute))
            if behaviour.get("target_origin_id") == origin_id
        ]
        return bool(towards) and all(map(self._hands_host_on, towards))

    def _hands_host_on(self, behaviour: Value) -> bool:
        policy = behaviour.get("origin_request_policy_id")
        if policy == ALL_VIEWER:
            return True
        for resource in self.references.behind(policy):
            if resource.values.get("name") == "Managed-AllViewer":
                return True
            config = first_block(resource.values.get("headers_config"))
            if config.get("header_behavior") == "allViewer":
                return True
            listed = items(first_block(config.get("headers")).get("items"))
            if config.get("header_behavior") == "whitelist" and HOST in {str(header).lower() for header in listed}:
                return True
        headers = {
            str(header).lower() for header in items(first_block(behaviour.get("forwarded_values")).get("headers"))
        }
        return bool(headers & {HOST, "*"})
