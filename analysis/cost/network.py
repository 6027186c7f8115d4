"""What moving bytes and answering names cost: load balancers, NAT, endpoints, addresses, transfer, CloudFront, WAF, Route 53."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from analysis.architecture import Unknown, Value
from analysis.cost.setting import (
    Applies,
    Charge,
    Count,
    NotPriced,
    QuantityOf,
    Setting,
    by_use,
    hourly,
    if_used,
    monthly,
)
from analysis.cost.transfer import TRANSFER
from analysis.demand.usage import LoadHours
from analysis.units import HOURS_PER_MONTH, Quantity

FREE_RULES = 10
"""Rules of an ALB listener whose evaluation is not charged: https://aws.amazon.com/elasticloadbalancing/pricing/."""

CAPACITY_UNITS: Mapping[str, tuple[int, int, int, int | None]] = {
    # What one capacity unit covers in an hour: new connections/s, active connections, GB, rule evaluations/s.
    # https://aws.amazon.com/elasticloadbalancing/pricing/; a TLS listener counts by its own, smaller figures.
    "application": (25, 3_000, 1, 1_000),
    "network": (800, 100_000, 1, None),
    "network, TLS": (50, 3_000, 1, None),
}


def billable_rule_evaluations_per_s(requests_per_s: float, rules: int) -> float:
    """The rule evaluations per second that an ALB charges: those beyond the ten free rules; for `LoadHours`."""
    return requests_per_s * max(0, rules - FREE_RULES)


def capacity_units(load: LoadHours, kind: str = "application") -> Decimal:
    """The capacity units (LCU, NLCU) of an hour under `load`: its largest dimension, since only that one is billed."""
    new, active, gb, evaluations = CAPACITY_UNITS[kind]
    dimensions = [
        Decimal(str(load.new_connections_per_s)) / new,
        Decimal(str(load.active_connections)) / active,
        Decimal(str(load.processed_gb_per_hour)) / gb,
    ]
    if evaluations:
        dimensions.append(Decimal(str(load.rule_evaluations_per_s)) / evaluations)
    return max(dimensions)


def capacity_unit_hours(hours: tuple[LoadHours, ...], kind: str = "application") -> Decimal:
    """The capacity-unit-hours of a month: hour by hour, since a mean over the month would hide the evening of a game."""
    return sum((load.hours * capacity_units(load, kind) for load in hours), Decimal(0))


LOAD_KEYS = ("new_connections", "active_connections", "processed_bytes_gb", "rule_evaluations")


def _load(balancer: Setting) -> tuple[LoadHours, ...]:
    """The month's load hours: from the demand, else Infracost's four keys as one even load (rates per second, GB per month)."""
    if balancer.load_hours:
        return balancer.load_hours
    if not any(balancer.used(key) is not None for key in LOAD_KEYS):
        return ()
    new, active, gb, evaluations = (float(balancer.used(key) or 0) for key in LOAD_KEYS)
    return (LoadHours(HOURS_PER_MONTH, new, active, gb / float(HOURS_PER_MONTH), evaluations),)


def _kind(balancer: Setting) -> str:
    kind = balancer.text("load_balancer_type", "application")
    if kind == "network" and any(r.values.get("protocol") == "TLS" for r in balancer.referred_by("aws_lb_listener")):
        return "network, TLS"
    return kind


def _is(*kinds: str) -> Applies:
    return lambda s: s.text("load_balancer_type", "application") in kinds


def _unit_hours(unit: str) -> QuantityOf:
    def quantity(balancer: Setting) -> Quantity | None:
        load = _load(balancer)
        return Quantity(capacity_unit_hours(load, _kind(balancer)), unit) if load else None

    return quantity


def _subnets(balancer: Setting) -> int:
    count = balancer.size("subnets", "subnet_mapping")
    if not count:
        raise NotPriced("it names no subnets, and holds one public address in each")
    return count


def _public(balancer: Setting) -> bool:
    return not balancer.flag("internal") and balancer.text("load_balancer_type", "application") != "gateway"


# --- CloudFront ---------------------------------------------------------------------------------------------------------

EDGES: Mapping[str, tuple[str, str]] = {
    # Infracost's key of a group of edge locations -> the price book's name of it, and the name for people
    "us": ("us_mx_ca", "US, Mexico, Canada"),
    "europe": ("eu_il", "Europe, Israel"),
    "south_africa": ("za_ke_me", "South Africa, Kenya, Middle East"),
    "south_america": ("south_america", "South America"),
    "japan": ("japan", "Japan"),
    "australia": ("au_nz", "Australia, New Zealand"),
    "asia_pacific": ("asia_pacific", "Hong Kong, Philippines, Asia Pacific"),
    "india": ("india", "India"),
}


def _edge_charges(component: str, sku: str, key: str, unit: str, *, per: int, listed: bool) -> tuple[Charge, ...]:
    """A row per group of edge locations. Where the usage names none of them, `listed` says whether the first stands for all."""

    def applies(edge: str) -> Applies:
        def check(distribution: Setting) -> bool:
            if distribution.used(f"{key}.{edge}") is not None:
                return True
            named = any(distribution.used(f"{key}.{other}") is not None for other in EDGES)
            return listed and edge == "us" and not named

        return check

    return tuple(
        by_use(f"{component}, {people}", sku.format(name), f"{key}.{edge}", unit, per=per, applies=applies(edge))
        for edge, (name, people) in EDGES.items()
    )


EDGE_METRICS = 8
"""Metrics that the additional ones of a distribution are, at the price of custom metrics:
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/viewing-cloudfront-metrics.html."""


def _more_edge_metrics(subscription: Setting) -> bool:
    settings = subscription.block("monitoring_subscription")
    configs = subscription.known(
        settings.get("realtime_metrics_subscription_config"), "realtime_metrics_subscription_config"
    )
    return any(config.get("realtime_metrics_subscription_status") == "Enabled" for config in configs or ())


def _shielded(distribution: Setting) -> bool:
    origins = distribution.blocks("origin")
    return any(
        s.get("enabled") is True
        for o in origins
        for s in distribution.known(o.get("origin_shield"), "origin_shield") or ()
    )


def _shield_sku(distribution: Setting) -> str:
    for origin in distribution.blocks("origin"):
        for shield in distribution.known(origin.get("origin_shield"), "origin_shield") or ():
            region = str(distribution.known(shield.get("origin_shield_region"), "origin_shield_region"))
            if not region.startswith("us-"):
                raise NotPriced(f"the price book has no price for an origin shield in {region}")
    return "cloudfront.origin_shield.us.10k"


# --- WAF ----------------------------------------------------------------------------------------------------------------


def _rule_count(statement: str | None) -> Count:
    """The rules of a web ACL whose statement is of a kind; None counts those with a statement of their own."""
    groups = ("managed_rule_group_statement", "rule_group_reference_statement")

    def count(acl: Setting) -> int:
        kinds = [_statements(acl, rule) for rule in acl.blocks("rule")]
        if statement is None:
            return sum(1 for kind in kinds if not kind & set(groups))
        return sum(1 for kind in kinds if statement in kind)

    return count


def _statements(acl: Setting, rule: Mapping[str, Value]) -> set[str]:
    blocks = acl.known(rule.get("statement"), "rule.statement") or ()
    return {name for block in blocks for name, value in block.items() if value}


def _bot_control(level: str | None = None) -> Applies:
    """Whether a rule of the ACL is AWS's Bot Control group, at an inspection level if one is named."""

    def check(acl: Setting) -> bool:
        for rule in acl.blocks("rule"):
            for statement in acl.known(rule.get("statement"), "rule.statement") or ():
                for group in statement.get("managed_rule_group_statement") or ():
                    if group.get("name") == "AWSManagedRulesBotControlRuleSet" and level in {None, _inspection(group)}:
                        return True
        return False

    return check


def _inspection(group: Mapping[str, Value]) -> str:
    for config in group.get("managed_rule_group_configs") or ():
        for bot in config.get("aws_managed_rules_bot_control_rule_set") or ():
            return str(bot.get("inspection_level", "COMMON"))
    return "COMMON"


# --- addresses, endpoints, names ------------------------------------------------------------------------------------------


def _address_is_elsewhere(nat: Setting) -> bool:
    """Whether the gateway's public address is an Elastic IP, which is charged where it stands (here or in another stack)."""
    return isinstance(nat.resource.values.get("allocation_id"), Unknown | str)


def _endpoint_zones(endpoint: Setting) -> int:
    zones = endpoint.size("subnet_ids", "subnet_configuration") or len(
        list(endpoint.referred_by("aws_vpc_endpoint_subnet_association"))
    )
    if not zones:
        raise NotPriced("subnet_ids is not set, and the endpoint is charged per zone")
    return zones


def _endpoint_type(endpoint: Setting) -> str:
    return endpoint.text("vpc_endpoint_type", "Gateway")


def _check_kind(check: Setting) -> str:
    """`aws_endpoint` where the health check watches something of AWS or calculates, else `other_endpoint`."""
    if check.text("type") in {"CALCULATED", "CLOUDWATCH_METRIC", "RECOVERY_CONTROL"}:
        return "aws_endpoint"
    target = check.resource.values.get("fqdn") or check.resource.values.get("ip_address")
    if isinstance(target, Unknown):  # what only apply tells is a name or address that AWS gives
        return "aws_endpoint"
    names = {
        str(record.values.get("name"))
        for record in check.architecture.of_type("aws_route53_record")
        if record.values.get("alias")
    }
    for distribution in check.architecture.of_type("aws_cloudfront_distribution"):
        names |= {str(alias) for alias in check.of(distribution).get("aliases", ())}
    on_aws = target in names or str(target).endswith((".amazonaws.com", ".cloudfront.net"))
    return "aws_endpoint" if on_aws else "other_endpoint"


def _check_options(check: Setting) -> int:
    """The optional features of a health check, each charged: HTTPS, string matching, a fast interval, latency measurement."""
    kind = check.text("type")
    fast = kind not in {"CALCULATED", "CLOUDWATCH_METRIC"} and check.number("request_interval", 30) == 10
    return ("HTTPS" in kind) + ("STR_MATCH" in kind) + fast + check.flag("measure_latency")


def _is_alias(record: Setting) -> bool:
    return bool(record.blocks("alias"))


def _queries(kind: str) -> Applies:
    """Whether a record is answered by a routing policy of this kind, which decides the price of its queries."""

    def policy(record: Setting) -> str:
        if record.blocks("latency_routing_policy"):
            return "latency"
        if record.blocks("geolocation_routing_policy") or record.blocks("geoproximity_routing_policy"):
            return "geo"
        return "standard"

    return lambda s: not _is_alias(s) and policy(s) == kind


LOAD_BALANCER = (
    hourly("application load balancer", "alb.hour", applies=_is("application")),
    Charge("capacity units", "alb.lcu_hour", _unit_hours("LCU-hour"), LOAD_KEYS, _is("application")),
    hourly("network load balancer", "nlb.hour", applies=_is("network")),
    Charge("capacity units, network", "nlb.nlcu_hour", _unit_hours("NLCU-hour"), LOAD_KEYS, _is("network")),
    hourly("gateway load balancer", "gwlb.hour", applies=_is("gateway")),
    # Assumption: an internet-facing balancer holds one public address in each of its subnets; AWS adds more under load.
    hourly(
        "public IPv4 addresses, one per subnet",
        "public_ipv4.in_use.hour",
        _subnets,
        _public,
    ),
    *TRANSFER,
)

CHARGES: Mapping[str, tuple[Charge, ...]] = {
    "aws_lb": LOAD_BALANCER,
    "aws_elb": (
        hourly("classic load balancer", "clb.hour"),
        by_use("data processed", "clb.gb", "monthly_data_processed_gb", "GB"),
        *TRANSFER,
    ),
    "aws_nat_gateway": (
        hourly("gateway", "nat_gateway.hour"),
        by_use("data processed", "nat_gateway.gb", "monthly_data_processed_gb", "GB"),
        hourly(
            "public IPv4 address",
            "public_ipv4.in_use.hour",
            applies=lambda s: s.text("connectivity_type", "public") == "public" and not _address_is_elsewhere(s),
        ),
        *TRANSFER,
    ),
    "aws_eip": (hourly("public IPv4 address", "public_ipv4.in_use.hour"),),
    "aws_vpc_endpoint": (
        hourly(
            "interface endpoint, per zone",
            "vpc_endpoint.interface.hour",
            _endpoint_zones,
            lambda s: _endpoint_type(s) == "Interface",
        ),
        by_use(
            "data processed",
            "vpc_endpoint.interface.gb",
            "monthly_data_processed_gb",
            "GB",
            applies=lambda s: _endpoint_type(s) == "Interface",
        ),
        hourly(
            "gateway load balancer endpoint, per zone",
            "vpc_endpoint.gwlb.hour",
            _endpoint_zones,
            lambda s: _endpoint_type(s) == "GatewayLoadBalancer",
        ),
    ),
    # A pseudo resource of Infracost's usage files: transfer that belongs to no resource of the stack.
    "aws_data_transfer": TRANSFER,
    "aws_ec2_transit_gateway_vpc_attachment": (
        hourly("attachment", "tgw.attachment.hour"),
        by_use("data processed", "tgw.gb", "monthly_data_processed_gb", "GB"),
    ),
    "aws_vpn_connection": (hourly("connection", "vpn.connection.hour"),),
    "aws_globalaccelerator_accelerator": (hourly("accelerator", "global_accelerator.hour"),),
    "aws_cloudfront_distribution": (
        *_edge_charges(
            "transfer out", "cloudfront.out.{}.gb", "monthly_data_transfer_to_internet_gb", "GB", per=1, listed=True
        ),
        *_edge_charges(
            "transfer to origin",
            "cloudfront.origin.{}.gb",
            "monthly_data_transfer_to_origin_gb",
            "GB",
            per=1,
            listed=False,
        ),
        *_edge_charges(
            "HTTP requests",
            "cloudfront.requests.http.{}.10k",
            "monthly_http_requests",
            "10k requests",
            per=10**4,
            listed=False,
        ),
        *_edge_charges(
            "HTTPS requests",
            "cloudfront.requests.https.{}.10k",
            "monthly_https_requests",
            "10k requests",
            per=10**4,
            listed=True,
        ),
        by_use(
            "origin shield requests",
            _shield_sku,
            "monthly_shield_requests.us",
            "10k requests",
            per=10**4,
            applies=_shielded,
        ),
        if_used("invalidated paths", "cloudfront.invalidation.path", "monthly_invalidation_requests", "path"),
        if_used(
            "field-level encryption",
            "cloudfront.field_level_encryption.10k",
            "monthly_encryption_requests",
            "10k requests",
            per=10**4,
        ),
        if_used(
            "real-time log lines", "cloudfront.realtime_logs.million_lines", "monthly_log_lines", "1M lines", per=10**6
        ),
        monthly(
            "dedicated IP certificate",
            "cloudfront.dedicated_ip_ssl.month",
            "certificate-month",
            applies=lambda s: s.block("viewer_certificate").get("ssl_support_method") == "vip",
        ),
    ),
    "aws_cloudfront_monitoring_subscription": (
        monthly(
            "additional metrics", "cloudwatch.metric.month", "metric-month", lambda _: EDGE_METRICS, _more_edge_metrics
        ),
    ),
    "aws_cloudfront_realtime_log_config": (
        by_use("log lines", "cloudfront.realtime_logs.million_lines", "monthly_log_lines", "1M lines", per=10**6),
    ),
    "aws_cloudfront_function": (
        by_use("invocations", "cloudfront.functions.million", "monthly_requests", "1M invocations", per=10**6),
    ),
    "aws_wafv2_web_acl": (
        monthly("web ACL", "wafv2.web_acl.month", "web ACL-month"),
        monthly("rules", "wafv2.rule.month", "rule-month", _rule_count(None), lambda s: _rule_count(None)(s) > 0),
        monthly(
            "rule groups",
            "wafv2.rule_group.month",
            "rule group-month",
            _rule_count("rule_group_reference_statement"),
            lambda s: _rule_count("rule_group_reference_statement")(s) > 0,
        ),
        monthly(
            "managed rule groups",
            "wafv2.managed_rule_group.month",
            "rule group-month",
            _rule_count("managed_rule_group_statement"),
            lambda s: _rule_count("managed_rule_group_statement")(s) > 0,
        ),
        by_use("requests inspected", "wafv2.requests.million", "monthly_requests", "1M requests", per=10**6),
        monthly("bot control", "wafv2.bot_control.month", "month", applies=_bot_control()),
        by_use(
            "requests inspected by bot control, common",
            "wafv2.bot_control.common.million_requests",
            "monthly_requests",
            "1M requests",
            per=10**6,
            applies=_bot_control("COMMON"),
        ),
        by_use(
            "requests inspected by bot control, targeted",
            "wafv2.bot_control.targeted.million_requests",
            "monthly_requests",
            "1M requests",
            per=10**6,
            applies=_bot_control("TARGETED"),
        ),
    ),
    "aws_wafv2_rule_group": (
        monthly(
            "rules", "wafv2.rule.month", "rule-month", lambda s: len(s.blocks("rule")), lambda s: bool(s.blocks("rule"))
        ),
    ),
    "aws_shield_subscription": (monthly("Shield Advanced", "shield.advanced.month", "month"),),
    "aws_route53_zone": (monthly("hosted zone", "route53.hosted_zone.month", "zone-month"),),
    "aws_service_discovery_private_dns_namespace": (monthly("hosted zone", "route53.hosted_zone.month", "zone-month"),),
    "aws_service_discovery_public_dns_namespace": (monthly("hosted zone", "route53.hosted_zone.month", "zone-month"),),
    "aws_route53_record": (
        by_use(
            "queries",
            "route53.queries.standard.million",
            "monthly_standard_queries",
            "1M queries",
            per=10**6,
            applies=_queries("standard"),
        ),
        by_use(
            "queries, by latency",
            "route53.queries.latency.million",
            "monthly_latency_based_queries",
            "1M queries",
            per=10**6,
            applies=_queries("latency"),
        ),
        by_use(
            "queries, by place",
            "route53.queries.geo.million",
            "monthly_geo_queries",
            "1M queries",
            per=10**6,
            applies=_queries("geo"),
        ),
    ),
    "aws_route53_health_check": (
        monthly("health check", lambda s: f"route53.health_check.{_check_kind(s)}.month", "check-month"),
        monthly(
            "health check options",
            lambda s: f"route53.health_check.option.{_check_kind(s)}.month",
            "option-month",
            _check_options,
            lambda s: _check_options(s) > 0,
        ),
    ),
    "aws_route53_resolver_endpoint": (
        hourly(
            "network interfaces",
            "route53.resolver_endpoint.eni_hour",
            lambda s: s.size("ip_address"),
            unit="ENI-hour",
        ),
    ),
}
