"""A stack drawn from its resolved model: what stands where, how requests flow, with the numbers of the Terraform in the labels.

Drawn with the `diagrams` package; laid out by the Graphviz inside pygraphviz's wheel, so that no `dot` need be installed. The SVG
is the same to the byte for the same model, loads nothing, and follows the colours of the page it stands in. Every address that
somebody pays for is drawn or waived with a reason; `draw` refuses to leave one out.
"""

from __future__ import annotations

import base64
import html
import importlib
import io
import itertools
import os
import re
import shutil
import sys
import tempfile
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import IntEnum
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from analysis import files
from analysis.architecture import Architecture, Reference, Resource, Unknown
from analysis.cost import PLAN, Estimate
from analysis.drawing.figures import Figure, slug, stylesheet
from analysis.facts.limits import CachePolicy, managed_cache_policies
from analysis.units import money
from analysis.wiring.entries import entered
from analysis.wiring.names import Names
from analysis.wiring.network import Exposure, Network, zones
from analysis.wiring.references import References, without_index
from analysis.wiring.values import cpu_units, first_block, known, memory_mib

FONTS = Path(__file__).parent / "fonts"
ICON_PX = 96
ICON_COLOURS = 64
MAX_LABEL = 60

MAX_PARTS = 4_000
"""Boxes and arrows of one picture: laying out twice as many takes a quarter of a minute, and nobody could read it."""

NO_XML = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
"""Characters that XML 1.0 cannot hold, not even as references: https://www.w3.org/TR/xml/#charsets"""
BESIDE_ZONE = "Beside the request path"
PUBLIC = "Public subnets"
EXPOSURES: Mapping[Exposure, str] = {
    "public": PUBLIC,
    "unknown": "Subnets",
    "private": "Private subnets",
    "isolated": "Isolated subnets",
}
"""What a frame of subnets is called; where they differ, by the first of these that one of them is."""


class Tier(IntEnum):
    """Where a node stands on the way of a request; requests flow from a lower tier to a higher one."""

    USERS = 0
    DNS = 1
    EDGE = 2
    GATE = 3
    COMPUTE = 4
    STORE = 5
    BESIDE = 6  # serves the others, off the way of a request: NAT, keys, alarms, backups


REQUEST_TIERS = frozenset(Tier) - {Tier.BESIDE}


class IncompleteDrawing(Exception):  # noqa: N818 - it reads as what it is
    """Something that is paid for is neither drawn nor waived; the message lists the addresses."""


class DrawingTooLarge(Exception):  # noqa: N818 - as above
    """More boxes and arrows than are laid out."""


# ---- what a label says ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Members:
    """The resources behind one node, and what they refer to."""

    resources: tuple[Resource, ...]
    references: References

    def of(self, *types: str) -> tuple[Resource, ...]:
        """The members of the given types."""
        return tuple(resource for resource in self.resources if resource.type in types)


Lines = Callable[[Members], Iterable[str]]


def _attribute(*names: str, form: str = "{}") -> Lines:
    """A line with the values of attributes of the node's first resource; none where one of them is unknown."""

    def lines(members: Members) -> Iterator[str]:
        values = [known(members.resources[0].values, name) for name in names]
        if all(value not in {None, ""} for value in values):
            yield form.format(*values)

    return lines


def _number(value: float) -> str:
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def _range(low: float, high: float) -> str:
    return _number(low) if low == high else f"{_number(low)} to {_number(high)}"


def _service(members: Members) -> Iterator[str]:
    tasks = members.of("aws_ecs_task_definition")
    for service in members.of("aws_ecs_service"):
        count = known(service.values, "desired_count")
        size = ""
        if tasks:
            cpu, memory = cpu_units(tasks[0].values.get("cpu")), memory_mib(tasks[0].values.get("memory"))
            size = f"{_number(cpu / 1024)} vCPU, {_number(memory / 1024)} GB" if cpu and memory else ""
        yield (
            " × ".join(filter(None, [f"{_number(count)}" if count is not None else "", size]))
            or "size known after apply"
        )
    for target in members.of("aws_appautoscaling_target"):
        yield f"scales {_range(*(known(target.values, name) or 0 for name in ('min_capacity', 'max_capacity')))} tasks"
    if members.of("aws_ecs_service") and not members.of("aws_appautoscaling_target"):
        yield "does not scale"


def _group(members: Members) -> Iterator[str]:
    for group in members.of("aws_autoscaling_group"):
        low, high = (known(group.values, name) for name in ("min_size", "max_size"))
        kind = next((known(t.values, "instance_type") for t in members.of("aws_launch_template")), None) or "instances"
        yield f"{_range(low or 0, high or 0)} × {kind}"


def _distribution(members: Members) -> Iterator[str]:
    for resource in members.of("aws_cloudfront_distribution"):
        for behaviour in (
            *(known(resource.values, "ordered_cache_behavior") or ()),
            *(known(resource.values, "default_cache_behavior") or ()),
        ):
            pattern = known(behaviour, "path_pattern") or "else"
            yield f"{pattern}: {_lifetime(behaviour, members.references)}"


def _lifetime(behaviour: Any, references: References) -> str:
    chosen = behaviour.get("cache_policy_id")
    if isinstance(chosen, Unknown):
        policies = (r for r in references.behind(chosen) if r.type == "aws_cloudfront_cache_policy")
        seconds = next((known(policy.values, "default_ttl") for policy in policies), None)
        return "kept by policy" if seconds is None else _kept(float(seconds))
    if chosen:
        managed = _managed_policies().get(chosen)
        return _kept(managed.default_ttl_s) if managed else "kept by policy"
    seconds = known(behaviour, "default_ttl")
    return "kept by default" if seconds is None else _kept(float(seconds))


def _kept(seconds: float) -> str:
    return f"kept {_duration(seconds)}" if seconds else "not cached"


@cache
def _managed_policies() -> Mapping[str, CachePolicy]:
    return managed_cache_policies()


def _duration(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size and seconds % size == 0:
            return f"{_number(seconds / size)} {unit}"
    return f"{_number(seconds)} s"


def _database(members: Members) -> Iterator[str]:
    for resource in members.of("aws_db_instance"):
        values = resource.values
        zones = "Multi-AZ" if known(values, "multi_az") else "one zone"
        yield f"{known(values, 'instance_class') or 'class known after apply'}, {zones}"
        engine = " ".join(str(part) for name in ("engine", "engine_version") if (part := known(values, name)))
        storage = " ".join(
            str(part) for part in (known(values, "allocated_storage"), "GB", known(values, "storage_type")) if part
        )
        yield ", ".join(filter(None, [engine, storage if known(values, "allocated_storage") else ""]))
        if known(values, "publicly_accessible"):
            yield "reachable from the internet"


def _cluster(members: Members) -> Iterator[str]:
    instances = Counter(
        str(known(r.values, "instance_class") or "instance") for r in members.of("aws_rds_cluster_instance")
    )
    yield from (f"{count} × {kind}" for kind, count in sorted(instances.items()))
    yield from _attribute("engine", "engine_version", form="{} {}")(members)


def _cache(members: Members) -> Iterator[str]:
    first = members.resources[0].values
    nodes = known(first, "num_cache_clusters") or known(first, "num_cache_nodes")
    kind = known(first, "node_type")
    if kind:
        yield f"{nodes} × {kind}" if nodes else str(kind)
    yield from _attribute("engine", "engine_version", form="{} {}")(members)


def _instances(members: Members) -> Iterator[str]:
    kinds = Counter(
        str(known(r.values, "instance_type") or "size known after apply") for r in members.of("aws_instance")
    )
    yield from (f"{count} × {kind}" for kind, count in sorted(kinds.items()))


def _function(members: Members) -> Iterator[str]:
    for resource in members.of("aws_lambda_function"):
        memory, timeout = (known(resource.values, name) for name in ("memory_size", "timeout"))
        if memory:
            yield f"{_number(memory)} MB" + (f", up to {_duration(timeout)}" if timeout else "")


def _queue(members: Members) -> Iterator[str]:
    yield from _attribute("visibility_timeout_seconds", form="hidden for {} s")(members)


_shards = _attribute("shard_count", form="{} shards")


def _count(singular: str, plural: str) -> Lines:
    def lines(members: Members) -> Iterator[str]:
        types = {members.resources[0].type}
        number = len(members.of(*types))
        if number > 1:
            yield f"{number} {plural}"
        else:
            yield f"1 {singular}"

    return lines


def _balancer(members: Members) -> Iterator[str]:
    ports = sorted(
        {
            (int(port), str(known(r.values, "protocol") or ""))
            for r in members.of("aws_lb_listener")
            if (port := known(r.values, "port"))
        }
    )
    if ports:
        yield "listens on " + ", ".join(f"{protocol} {port}".strip() for port, protocol in ports)
    for group in members.of("aws_lb_target_group"):
        check = first_block(group.values.get("health_check"))
        if known(check, "interval"):
            yield f"health check every {known(check, 'interval')} s, {known(check, 'unhealthy_threshold')} fails"


def _name(members: Members) -> Iterable[str]:
    return (_given_name(members.resources[0]),)


def _nothing(_: Members) -> Iterable[str]:
    return ()


# ---- what a type is drawn as ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kind:
    """How a resource type is drawn: a node for each resource of the configuration, with its icon, tier and numbers.

    `icon` names a class of the `diagrams` package below `diagrams.aws`. Types with the same `group` share one node, which counts
    them by their `noun` and, where `named`, lists their names.
    """

    title: str
    icon: str
    tier: Tier
    lines: Lines = _nothing
    group: str = ""
    noun: tuple[str, str] = ("", "")
    named: bool = False


GROUPS: Mapping[str, tuple[str, str]] = {
    "monitoring": ("CloudWatch", "management.Cloudwatch"),
    "notices": ("Notices", "integration.SimpleNotificationServiceSns"),
    "secrets": ("Secrets and keys", "security.SecretsManager"),
    "backup": ("Backup", "storage.Backup"),
    "budgets": ("Budgets", "cost.Budgets"),
    "images": ("Container images", "compute.EC2ContainerRegistry"),
    "buckets": ("S3 buckets", "storage.SimpleStorageServiceS3"),
    "events": ("EventBridge", "integration.Eventbridge"),
    "endpoints": ("VPC endpoints", "network.Endpoint"),
    "releases": ("CodeDeploy", "devtools.Codedeploy"),
}


def _grouped(group: str, singular: str, plural: str) -> Kind:
    return Kind(*GROUPS[group], Tier.BESIDE, group=group, noun=(singular, plural))


_BUCKETS = ("bucket", "buckets")

KINDS: Mapping[str, Kind] = {
    "aws_route53_zone": Kind("Route 53", "network.Route53", Tier.DNS, _attribute("name")),
    "aws_cloudfront_distribution": Kind("CloudFront", "network.CloudFront", Tier.EDGE, _distribution),
    "aws_globalaccelerator_accelerator": Kind("Global Accelerator", "network.GlobalAccelerator", Tier.EDGE),
    "aws_wafv2_web_acl": Kind("WAF", "security.WAF", Tier.BESIDE, _nothing),
    "aws_lb": Kind("Load balancer", "network.ElbApplicationLoadBalancer", Tier.GATE, _balancer),
    "aws_elb": Kind("Classic load balancer", "network.ElbClassicLoadBalancer", Tier.GATE),
    "aws_api_gateway_rest_api": Kind("API Gateway, REST", "network.APIGateway", Tier.GATE),
    "aws_apigatewayv2_api": Kind("API Gateway", "network.APIGateway", Tier.GATE, _attribute("protocol_type")),
    "aws_appsync_graphql_api": Kind("AppSync", "mobile.Appsync", Tier.GATE),
    "aws_ecs_service": Kind("ECS service", "compute.ElasticContainerServiceService", Tier.COMPUTE, _service),
    "aws_instance": Kind("EC2", "compute.EC2", Tier.COMPUTE, _instances),
    "aws_autoscaling_group": Kind("Auto Scaling group", "compute.EC2AutoScaling", Tier.COMPUTE, _group),
    "aws_lambda_function": Kind("Lambda", "compute.Lambda", Tier.COMPUTE, _function),
    "aws_eks_cluster": Kind("EKS", "compute.ElasticKubernetesService", Tier.COMPUTE, _attribute("version", form="Kubernetes {}")),
    "aws_sfn_state_machine": Kind("Step Functions", "integration.StepFunctions", Tier.COMPUTE),
    "aws_elasticache_replication_group": Kind("ElastiCache", "database.ElasticacheForRedis", Tier.STORE, _cache),
    "aws_elasticache_cluster": Kind("ElastiCache", "database.Elasticache", Tier.STORE, _cache),
    "aws_db_instance": Kind("RDS", "database.RDS", Tier.STORE, _database),
    "aws_rds_cluster": Kind("Aurora", "database.Aurora", Tier.STORE, _cluster),
    "aws_db_proxy": Kind("RDS Proxy", "database.RDS", Tier.STORE),
    "aws_dynamodb_table": Kind("DynamoDB", "database.Dynamodb", Tier.STORE, _attribute("billing_mode")),
    "aws_s3_bucket": Kind("S3", "storage.SimpleStorageServiceS3", Tier.STORE, _name, "buckets", _BUCKETS, named=True),
    "aws_efs_file_system": Kind("EFS", "storage.ElasticFileSystemEFS", Tier.STORE),
    "aws_opensearch_domain": Kind("OpenSearch", "analytics.AmazonOpensearchService", Tier.STORE),
    "aws_sqs_queue": Kind("SQS queue", "integration.SimpleQueueServiceSqs", Tier.STORE, _queue),
    "aws_kinesis_stream": Kind("Kinesis stream", "analytics.KinesisDataStreams", Tier.STORE, _shards),
    "aws_kinesis_firehose_delivery_stream": Kind("Firehose", "analytics.KinesisDataFirehose", Tier.STORE),
    "aws_msk_cluster": Kind("MSK", "analytics.ManagedStreamingForKafka", Tier.STORE),
    "aws_ebs_volume": Kind("EBS volume", "storage.ElasticBlockStoreEBS", Tier.BESIDE, _attribute("size", form="{} GB")),
    "aws_nat_gateway": Kind("NAT gateway", "network.NATGateway", Tier.BESIDE, _count("gateway", "gateways")),
    "aws_vpc_endpoint": _grouped("endpoints", "endpoint", "endpoints"),
    "aws_vpn_connection": Kind("VPN", "network.VpnConnection", Tier.BESIDE),
    "aws_ec2_transit_gateway": Kind("Transit gateway", "network.TransitGateway", Tier.BESIDE),
    "aws_cloudwatch_metric_alarm": _grouped("monitoring", "alarm", "alarms"),
    "aws_cloudwatch_composite_alarm": _grouped("monitoring", "composite alarm", "composite alarms"),
    "aws_cloudwatch_dashboard": _grouped("monitoring", "dashboard", "dashboards"),
    "aws_cloudwatch_query_definition": _grouped("monitoring", "saved query", "saved queries"),
    "aws_xray_group": _grouped("monitoring", "trace group", "trace groups"),
    "aws_cloudtrail": _grouped("monitoring", "trail", "trails"),
    "aws_codedeploy_app": _grouped("releases", "application", "applications"),
    "aws_codedeploy_deployment_group": _grouped("releases", "deployment group", "deployment groups"),
    "aws_cloudwatch_log_group": _grouped("monitoring", "log group", "log groups"),
    "aws_synthetics_canary": _grouped("monitoring", "canary", "canaries"),
    "aws_cloudwatch_event_rule": _grouped("events", "rule", "rules"),
    "aws_ssm_document": _grouped("events", "automation document", "automation documents"),
    "aws_route53_health_check": _grouped("monitoring", "health check", "health checks"),
    "aws_scheduler_schedule": _grouped("events", "schedule", "schedules"),
    "aws_sns_topic": _grouped("notices", "topic", "topics"),
    "aws_secretsmanager_secret": _grouped("secrets", "secret", "secrets"),
    "aws_ssm_parameter": _grouped("secrets", "parameter", "parameters"),
    "aws_kms_key": _grouped("secrets", "key", "keys"),
    "aws_kms_replica_key": _grouped("secrets", "replica key", "replica keys"),
    "aws_ecr_repository": _grouped("images", "repository", "repositories"),
    "aws_backup_vault": _grouped("backup", "vault", "vaults"),
    "aws_backup_plan": _grouped("backup", "plan", "plans"),
    "aws_budgets_budget": _grouped("budgets", "budget", "budgets"),
    "aws_ce_anomaly_monitor": _grouped("budgets", "anomaly monitor", "anomaly monitors"),
}  # fmt: skip

# A part is drawn with the resource it belongs to, which the references lead to: pattern of its type -> types it may belong to.
PARTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("aws_ecs_task_definition", ("aws_ecs_service",)),
    ("aws_ecs_cluster*", ("aws_ecs_service",)),
    ("aws_appautoscaling_*", ("aws_ecs_service", "aws_dynamodb_table", "aws_lambda_function", "aws_rds_cluster")),
    ("aws_launch_*", ("aws_autoscaling_group", "aws_instance")),
    ("aws_autoscaling_*", ("aws_autoscaling_group",)),
    ("aws_eks_*", ("aws_eks_cluster",)),
    ("aws_lb_*", ("aws_lb",)),
    ("aws_cloudfront_*", ("aws_cloudfront_distribution",)),
    ("aws_route53_*", ("aws_route53_zone",)),
    ("aws_wafv2_*", ("aws_wafv2_web_acl",)),
    ("aws_api_gateway_*", ("aws_api_gateway_rest_api",)),
    ("aws_apigatewayv2_*", ("aws_apigatewayv2_api",)),
    ("aws_db_proxy_*", ("aws_db_proxy",)),
    ("aws_rds_cluster_*", ("aws_rds_cluster",)),
    ("aws_db_*", ("aws_db_instance", "aws_rds_cluster")),
    ("aws_elasticache_*", ("aws_elasticache_replication_group", "aws_elasticache_cluster")),
    ("aws_dynamodb_*", ("aws_dynamodb_table",)),
    ("aws_s3_*", ("aws_s3_bucket",)),
    ("aws_efs_*", ("aws_efs_file_system",)),
    ("aws_sqs_*", ("aws_sqs_queue",)),
    ("aws_sns_*", ("aws_sns_topic",)),
    ("aws_kinesis_stream_*", ("aws_kinesis_stream",)),
    ("aws_lambda_*", ("aws_lambda_function",)),
    ("aws_cloudwatch_log_*", ("aws_cloudwatch_log_group",)),
    ("aws_cloudwatch_event_*", ("aws_cloudwatch_event_rule", "aws_lambda_function")),
    ("aws_secretsmanager_*", ("aws_secretsmanager_secret",)),
    ("aws_kms_*", ("aws_kms_key",)),
    ("aws_ecr_*", ("aws_ecr_repository",)),
    ("aws_backup_*", ("aws_backup_vault", "aws_backup_plan")),
    ("aws_ce_*", ("aws_ce_anomaly_monitor",)),
    ("aws_eip*", ("aws_nat_gateway", "aws_instance", "aws_lb")),
    ("aws_volume_attachment", ("aws_instance",)),
    ("aws_ebs_volume", ("aws_instance",)),
)

WIRING: tuple[str, ...] = (
    *("aws_iam_*", "aws_security_group*", "aws_vpc_security_group_*", "aws_subnet", "aws_vpc", "aws_vpc_dhcp*"),
    *("aws_route", "aws_route_table*", "aws_main_route*", "aws_internet_gateway*", "aws_egress_only*", "aws_network_*"),
    *("aws_acm_*", "aws_vpc_endpoint_*", "aws_vpc_ipv4_*", "aws_oidc_*", "aws_placement_group", "aws_key_pair"),
    *("aws_default_*", "aws_flow_log"),
    *("aws_*_account_*", "random_*", "null_*", "terraform_data", "time_*", "tls_*", "local_*", "archive_*", "external*"),
)  # fmt: skip
"""Types that connect or allow and are not drawn; nobody pays for them. One that is paid for all the same is reported missing."""

WAIVED: Mapping[str, str] = {
    "aws_vpc": "drawn as the frame around its subnets",
    "aws_data_transfer": "traffic between zones, which no resource stands for",
    "aws_flow_log": "its records are paid for where they are stored",
}
"""Type -> why it has no node of its own although a bill may name it."""

# Links beside the request path that are worth a line: (node of, node of, the word on the line, whether it points against the
# reference). A node is named by its group or type.
LINKS: Mapping[tuple[str, str], tuple[str, bool]] = {
    ("monitoring", "notices"): ("notifies", False),
    ("budgets", "notices"): ("notifies", False),
    ("aws_cloudfront_distribution", "aws_wafv2_web_acl"): ("filters", True),
    ("aws_wafv2_web_acl", "aws_lb"): ("filters", False),
    ("aws_db_instance", "aws_db_instance"): ("replicates", True),
    ("backup", "aws_db_instance"): ("backs up", False),
    ("backup", "aws_rds_cluster"): ("backs up", False),
    ("aws_ecs_service", "secrets"): ("reads", False),
    ("aws_ecs_service", "images"): ("pulls", False),
    ("events", "aws_lambda_function"): ("starts", False),
    ("notices", "aws_sqs_queue"): ("delivers", False),
    ("notices", "aws_lambda_function"): ("starts", False),
    ("aws_lb", "buckets"): ("logs", False),
    ("aws_cloudfront_distribution", "buckets"): ("logs", False),
}  # fmt: skip

ORIGIN_VIA = "origin"
# Arguments by which a resource writes to or looks at another one, instead of sending requests on.
LOG_VIA = ("access_logs", "connection_logs", "logging", "log")
WATCH_VIA = ("alarms",)
# A replica's settings may belong to another instance's node; only this argument makes it a copy.
COPY_VIA = "replicate_source_db"


# ---- from the model to a graph ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Node:
    """A box of the drawing: what it is called, says, links to and stands for. `zone` is the frames around it, outermost first."""

    key: str
    title: str
    icon: str
    tier: Tier
    lines: tuple[str, ...]
    addresses: tuple[str, ...]
    zone: tuple[str, ...]
    link: str = ""
    usd: Decimal | None = None
    defined_at: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """A line from one node to another: the way of a request, or a link beside it with a word."""

    tail: str
    head: str
    request: bool = True
    label: str = ""


@dataclass(frozen=True)
class Drawing:
    """A stack as a picture, and the account of what the picture holds."""

    svg: str
    title: str
    description: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    drawn: tuple[str, ...]
    waived: Mapping[str, str]
    missing: tuple[str, ...] = ()

    @property
    def statement(self) -> str:
        """One sentence on completeness, for the page."""
        left = len(self.waived)
        waived = f"; {left} {'is' if left == 1 else 'are'} left out with a reason" if left else ""
        missing = f"; MISSING: {', '.join(self.missing)}" if self.missing else "; nothing that is paid for is missing"
        return f"{len(self.drawn)} addresses are drawn in {len(self.nodes)} boxes{waived}{missing}."

    def html(self, caption: str | None = None) -> str:
        """The picture for a page, in a box that scrolls on a phone, with the statement or `caption` below."""
        return Figure(self.svg, self.title, self.description, self.statement if caption is None else caption).html()

    def _repr_html_(self) -> str:
        return self.html()


def draw(
    architecture: Architecture,
    *,
    title: str,
    monthly_usd: Mapping[str, Decimal | None] | None = None,
    page: Callable[[str], str | None] = lambda _: None,
    waivers: Mapping[str, str] | None = None,
    users: str = "Users",
    strict: bool = True,
) -> Drawing:
    """The picture of `architecture`.

    `monthly_usd` holds the cost of every billable address, None where only usage could tell; all keys must be drawn or waived.
    `page` gives the page about an address, as `analysis.facts.stacks.Stack.page` does. `waivers` maps a pattern of addresses or a
    type to the reason for leaving it out. Raises IncompleteDrawing where something billable is missing, unless `strict` is off,
    and DrawingTooLarge where there would be too much in it.
    """
    costs = monthly_usd or {}
    graph = _Graph(architecture, costs, page, users)
    nodes, edges = graph.nodes, graph.edges
    if len(nodes) + len(edges) > MAX_PARTS:
        raise DrawingTooLarge(
            f"{architecture.stack}: the picture would have {len(nodes):,} boxes and {len(edges):,} arrows, and at most "
            f"{MAX_PARTS:,} of both are drawn; draw a part of the stack"
        )
    drawn = frozenset(address for node in nodes for address in node.addresses)
    waived, missing = _account(architecture, costs, drawn, {**WAIVED, **(waivers or {})})
    if missing and strict:
        raise IncompleteDrawing(
            f"{architecture.stack}: paid for, but neither drawn nor waived: {', '.join(missing)}; "
            "add the type to KINDS or PARTS, or waive it with a reason"
        )
    description = _description(nodes, edges)
    svg = _svg(title, description, nodes, edges)
    return Drawing(svg, title, description, nodes, edges, tuple(sorted(drawn)), waived, missing)


def _account(
    architecture: Architecture, costs: Mapping[str, Any], drawn: frozenset[str], waivers: Mapping[str, str]
) -> tuple[dict[str, str], tuple[str, ...]]:
    waived, missing = {}, []
    for address in sorted(set(costs) - drawn):
        resource = architecture.by_address.get(address)
        kind = resource.type if resource else address.partition(".")[0]
        reason = next(
            (
                why
                for pattern, why in waivers.items()
                if pattern == kind or fnmatchcase(address, pattern.replace("[", "[[]"))
            ),
            None,
        )
        if reason:
            waived[address] = reason
        else:
            missing.append(address)
    return waived, tuple(missing)


def write(drawing: Drawing, path: Path) -> Path:
    """Writes the picture as a file of its own, with the fonts inside, so that it looks the same wherever it is opened."""
    faces = "".join(
        f"@font-face{{font-family:Inter;font-weight:{weight};src:url(data:font/woff;base64,{_base64(FONTS / name)})}}"
        for weight, name in ((400, "inter-latin-400-normal.woff"), (600, "inter-latin-600-normal.woff"))
    )
    ground = "svg.gd:root{background:var(--gd-paper)}"
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write(path, drawing.svg.replace("<style>", f"<style>{faces}{ground}", 1) + "\n")
    return path


def _base64(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def monthly_usd(estimate: Estimate) -> dict[str, Decimal | None]:
    """What each billable address costs a month, for `draw`; None where only usage could tell, or where there is no price.

    What is paid by the month and is no resource has no place in a drawing.
    """
    found: dict[str, Decimal | None] = {one.address: None for one in estimate.unpriced if one.type != PLAN}
    for item in estimate.line_items:
        if item.type == PLAN:
            continue
        before = found.get(item.address)
        found[item.address] = before if item.cost is None else (before or Decimal(0)) + item.cost
    return found


class _Graph:
    """Nodes and edges of an architecture; built once, then read."""

    def __init__(
        self,
        architecture: Architecture,
        costs: Mapping[str, Decimal | None],
        page: Callable[[str], str | None],
        users: str,
    ) -> None:
        self.architecture = architecture
        self.costs = costs
        self.page = page
        self.references = References(architecture)
        self.network = Network(self.references)
        self.neighbours = self._neighbours()
        self.key_of = self._keys()
        self.zones = _Zones(self)
        found = self._nodes()
        edges = self._edges({node.key: node for node in found})
        entry = self._entries(found, edges)
        if entry:
            found.append(Node("users", users, "general.Users", Tier.USERS, (), (), ()))
            edges += [Edge("users", key) for key in entry]
        self.nodes = tuple(sorted(found, key=lambda node: (node.tier, node.key)))
        self.edges = tuple(sorted(_without_shortcuts(set(edges), {node.key: node.tier for node in found})))

    def _neighbours(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, list[str]] = defaultdict(list)
        for resource in self.architecture.resources:
            for reference in resource.references:
                for target in self.references.instances_of(reference.address):
                    found[resource.address].append(target.address)
                    found[target.address].append(resource.address)
        return {address: tuple(dict.fromkeys(others)) for address, others in found.items()}

    def _keys(self) -> dict[str, str]:
        """Address -> key of the node it is drawn in. Addresses that are not drawn have none."""
        keys: dict[str, str] = {}
        for resource in self.architecture.resources:
            kind = KINDS.get(resource.type)
            if kind is not None and not (_hosts(resource.type) and self._host(resource)):
                keys[resource.address] = self._own_key(resource, kind)
        for resource in self.architecture.resources:
            if resource.address in keys:
                continue
            host = self._host(resource)
            if host is not None and host.address in keys:
                keys[resource.address] = keys[host.address]
            elif not _is_wiring(resource.type) and (resource.address in self.costs or not _hosts(resource.type)):
                keys[resource.address] = f"type:{resource.type}"
        return keys

    def _own_key(self, resource: Resource, kind: Kind) -> str:
        if not kind.group or self._is_origin(resource):
            return without_index(resource.address)
        return f"group:{kind.group}"

    def _is_origin(self, resource: Resource) -> bool:
        return resource.type == "aws_s3_bucket" and any(
            self.references.about(resource, "origin", "aws_cloudfront_distribution")
        )

    def _host(self, part: Resource) -> Resource | None:
        """The resource that `part` belongs to: the nearest of its host types, over references in either direction."""
        hosts = _hosts(part.type)
        seen, queue = {part.address}, deque([part.address])
        while queue and hosts:
            for address in self.neighbours.get(queue.popleft(), ()):
                if address in seen:
                    continue
                seen.add(address)
                resource = self.architecture.by_address[address]
                if resource.type in hosts and resource.mode == "managed":
                    return resource
                if _hosts(resource.type) == hosts:  # on through parts of the same family only
                    queue.append(address)
        return None

    def _nodes(self) -> list[Node]:
        members: dict[str, list[Resource]] = defaultdict(list)
        for resource in self.architecture.resources:
            if resource.address in self.key_of:
                members[self.key_of[resource.address]].append(resource)
        titles = Counter(self._title(key, found) for key, found in members.items())
        nodes = [self._node(key, found, titles) for key, found in members.items()]
        return [replace(node, zone=self.zones.labelled(node.zone)) for node in nodes]

    @staticmethod
    def _lead(key: str, members: Sequence[Resource]) -> Resource:
        """The resource a node is named after: not one of its parts."""
        own = [r for r in members if r.type in KINDS and (key.startswith("group:") or without_index(r.address) == key)]
        return (own or list(members))[0]

    def _title(self, key: str, members: Sequence[Resource]) -> str:
        lead = self._lead(key, members)
        kind = KINDS.get(lead.type)
        if key.startswith("type:") or kind is None:
            return lead.type
        return GROUPS[kind.group][0] if key.startswith("group:") and kind.group in GROUPS else kind.title

    def _node(self, key: str, members: Sequence[Resource], titles: Mapping[str, int]) -> Node:
        lead = self._lead(key, members)
        kind = KINDS.get(lead.type, Kind(lead.type, "general.General", Tier.BESIDE))
        title = self._title(key, members)
        grouped, generic = key.startswith("group:"), key.startswith("type:")
        if titles[title] > 1 and not grouped and not generic:
            title = f"{title} · {_given_name(lead)}"
        ordered = (lead, *(r for r in members if r is not lead))
        if grouped:
            lines = tuple(_counts(members))
        elif generic:
            lines = (f"{len(members)} resources",) if len(members) > 1 else (_given_name(lead),)
        else:
            lines = tuple(line for line in kind.lines(Members(ordered, self.references)) if line)
        amounts = [self.costs[r.address] for r in members if r.address in self.costs]
        usd = sum((amount for amount in amounts if amount is not None), Decimal(0)) if amounts else None
        if usd is not None and all(amount is None for amount in amounts):
            usd = None
        if usd is not None:
            cost = f"{money(usd)} a month"
            lines += (f"{cost} + use" if None in amounts else cost,)
        elif amounts:
            lines += ("billed by use",)
        return Node(
            key=key,
            title=title,
            icon=kind.icon,
            tier=Tier.BESIDE if grouped and kind.group == "buckets" else kind.tier,
            lines=lines,
            addresses=tuple(sorted(r.address for r in members)),
            zone=self.zones.of(ordered, kind),
            link=_link(next((link for r in ordered if (link := self.page(r.address))), "")),
            usd=usd,
            defined_at=f"{lead.defined_at.file}:{lead.defined_at.line}",
        )

    def _edges(self, nodes: Mapping[str, Node]) -> list[Edge]:
        found: list[Edge] = []
        for resource in self.architecture.resources:
            tail = self.key_of.get(resource.address)
            if tail is None:
                continue
            for reference in (*resource.references, *self._named_origins(resource)):
                if reference.via in WATCH_VIA:
                    continue
                for target in self._reached(reference):
                    head = self.key_of.get(target.address)
                    if head is not None and (head != tail or resource.type == "aws_db_instance"):
                        found += self._edge(nodes[tail], nodes[head], resource, reference, target)
        return found

    def _named_origins(self, resource: Resource) -> Iterator[Reference]:
        """What the origins of a distribution lead to through a DNS record of the stack that bears the origin's name."""
        if resource.type != "aws_cloudfront_distribution":
            return
        domains = {known(origin, "domain_name") for origin in known(resource.values, "origin") or ()} - {None}
        for record in self.architecture.of_type("aws_route53_record"):
            if known(record.values, "name") in domains or known(record.values, "fqdn") in domains:
                yield from (
                    replace(reference, via=ORIGIN_VIA) for reference in record.references if reference.via == "alias"
                )

    def _reached(self, reference: Reference) -> tuple[Resource, ...]:
        """What a reference leads to, and what a secret it leads to was made from: a database behind its secret."""
        direct = self.references.instances_of(reference.address)
        versions = [
            self.architecture.by_address[address]
            for target in direct
            if target.type == "aws_secretsmanager_secret"
            for address in self.neighbours.get(target.address, ())
            if self.architecture.by_address[address].type == "aws_secretsmanager_secret_version"
        ]
        return direct + tuple(other for v in versions for other in self.references.referred(v) if other not in direct)

    def _edge(self, tail: Node, head: Node, source: Resource, reference: Reference, target: Resource) -> list[Edge]:
        if tail.key == head.key:
            return []
        if target in self.references.linked(source, "event_source_arn", target.type):
            return [Edge(head.key, tail.key)]  # the mapping starts its function with what lies in the stream
        for_logs = any(part in reference.via for part in LOG_VIA)
        on_path = tail.tier in REQUEST_TIERS and head.tier in REQUEST_TIERS
        if on_path and tail.tier != head.tier and not for_logs:
            first, second = sorted((tail, head), key=lambda node: node.tier)
            return [Edge(first.key, second.key)]
        link = LINKS.get((_role(source, tail), _role(target, head)))
        if link == LINKS["aws_db_instance", "aws_db_instance"] and reference.via != COPY_VIA:
            return []
        if link:
            word, against = link
            ends = (head.key, tail.key) if against else (tail.key, head.key)
            return [Edge(*ends, request=False, label=word)]
        if on_path or "type:" in {tail.key[:5], head.key[:5]}:
            return [Edge(tail.key, head.key, request=False)]
        return []

    def _entries(self, nodes: Sequence[Node], edges: Sequence[Edge]) -> list[str]:
        """Where requests come in: what no node leads to and no name leads past; of what computes, the first or what is public."""
        reached = {edge.head for edge in edges if edge.request}
        reached |= {self.key_of.get(past.address, "") for past in entered(Names(self.references)).past}
        leading = {edge.tail for edge in edges if edge.request}
        front = [n.key for n in nodes if n.tier < Tier.COMPUTE and n.key not in reached]
        return front + [
            n.key
            for n in nodes
            if n.tier is Tier.COMPUTE and n.key in leading - reached
            if not front or any(frame.startswith(PUBLIC) for frame in n.zone)
        ]


def _without_shortcuts(edges: set[Edge], tiers: Mapping[str, Tier]) -> set[Edge]:
    """The edges without those from names or the edge network to what a longer way leads to as well.

    A content network names the balancer's certificate, its DNS record and its secret header; only the way through counts.
    """
    heads: dict[str, set[str]] = defaultdict(set)
    for edge in edges:
        if edge.request:
            heads[edge.tail].add(edge.head)

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        queue = [start]
        while queue:
            new = heads[queue.pop()] - seen
            seen |= new
            queue += new
        return seen

    return {
        edge
        for edge in edges
        if not edge.request
        or tiers[edge.tail] > Tier.EDGE
        or not any(edge.head in reached(other) for other in heads[edge.tail] - {edge.head})
    }


def _given_name(resource: Resource) -> str:
    """What people call a resource: its name, or its module's where the module calls its only one `this`."""
    if resource.name in {"this", "main", "default"} and resource.module:
        return without_index(resource.module).rpartition("module.")[2]
    return resource.name


def _link(address: str) -> str:
    """`address` if it leads to a page: relative, or on the web. Raises ValueError for what a browser would run."""
    scheme, colon, _ = address.strip().partition(":")
    if colon and "/" not in scheme and scheme.lower() not in {"http", "https"}:
        raise ValueError(f"{address!r} is not the address of a page")
    return address


def _counts(members: Sequence[Resource]) -> Iterator[str]:
    counts = Counter(resource.type for resource in members)
    for kind, shown in KINDS.items():
        if counts[kind]:
            names = (
                sorted(_given_name(resource) for resource in members if resource.type == kind) if shown.named else ()
            )
            yield f"{counts[kind]} {shown.noun[counts[kind] != 1]}" + (f": {', '.join(names)}" if names else "")


@cache
def _hosts(kind: str) -> tuple[str, ...]:
    return next((hosts for pattern, hosts in PARTS if fnmatchcase(kind, pattern) and kind not in hosts), ())


@cache
def _is_wiring(kind: str) -> bool:
    return any(fnmatchcase(kind, pattern) for pattern in WIRING)


def _role(resource: Resource, node: Node) -> str:
    """How LINKS calls the node: by its group, or by the type it is drawn as."""
    if node.key.startswith("group:"):
        return node.key.removeprefix("group:")
    hosts = _hosts(resource.type)
    return hosts[0] if hosts and resource.type not in KINDS else resource.type


class _Zones:
    """Which network a node stands in, derived from subnets, route tables and gateways."""

    def __init__(self, graph: _Graph) -> None:
        self.graph = graph
        self.spans: dict[tuple[str, ...], set[str]] = defaultdict(set)

    def labelled(self, frames: tuple[str, ...]) -> tuple[str, ...]:
        """The frames with the number of zones that all nodes in them span."""
        number = len(self.spans.get(frames, ()))
        return (*frames[:-1], f"{frames[-1]}, {number} zone{'s' if number != 1 else ''}") if number else frames

    def of(self, members: Sequence[Resource], kind: Kind) -> tuple[str, ...]:
        """The frames around a node, outermost first."""
        lead = members[0]
        if kind.tier in {Tier.DNS, Tier.EDGE} or lead.type == "aws_wafv2_web_acl":
            return ("At the edge, worldwide",)
        subnets = () if kind.group in {"monitoring", "buckets"} else self.graph.network.subnets(members)
        if subnets:
            vpc = self._vpc(subnets)
            frame = (vpc, self._exposure(subnets))
            self.spans[frame] |= zones(subnets)
            return frame
        if kind.tier is Tier.BESIDE:
            return (BESIDE_ZONE,)
        return (f"{self.graph.architecture.region}, managed",)

    def _vpc(self, subnets: Sequence[Resource]) -> str:
        for subnet in subnets:
            for network in self.graph.references.referred(subnet, "aws_vpc"):
                if network.mode == "managed":
                    cidr = known(network.values, "cidr_block")
                    return f"VPC {cidr}" if cidr else "VPC"
        return "Default VPC" if all(subnet.mode == "data" for subnet in subnets) else "VPC"

    def _exposure(self, subnets: Sequence[Resource]) -> str:
        exposures = {self.graph.network.exposure(subnet) for subnet in subnets}
        return next(title for exposure, title in EXPOSURES.items() if exposure in exposures)


def _description(nodes: Sequence[Node], edges: Sequence[Edge]) -> str:
    """The picture in words, for those who hear it."""
    titles = {node.key: node.title for node in nodes}
    boxes = "; ".join(
        f"{node.title}{': ' if node.lines else ''}{', '.join(node.lines)}" for node in nodes if node.key != "users"
    )
    path = "; ".join(f"{titles[e.tail]} to {titles[e.head]}" for e in edges if e.request)
    return f"Boxes: {boxes}. Requests flow from {path}." if path else f"Boxes: {boxes}."


# ---- from the graph to SVG --------------------------------------------------------------------------------------------------

SVG = "http://www.w3.org/2000/svg"
XLINK = "{http://www.w3.org/1999/xlink}href"
SOFT = "#000001"  # a mark on text that is to be drawn softer, exchanged for a class below

RULES = """
.gd text{fill:var(--gd-ink)}.gd .node :is(text,use,.plate){transform:translateY(-2.5px)}.gd .plate{fill:var(--gd-plate,none)}
.gd .gd-soft{fill:var(--gd-soft)}.gd text[font-weight]{font-weight:600}
.gd .node>path,.gd .node a>path{fill:var(--gd-raised);stroke:var(--gd-strong)}
.gd .node a:is(:hover,:focus)>path{stroke:var(--gd-pitch);stroke-width:2}
.gd .node a text[font-weight]{text-decoration:underline}
.gd .cluster>path{fill:none;stroke:var(--gd-strong);stroke-dasharray:2 3}.gd .cluster .cluster-fill{fill:var(--gd-sunken)}
.gd .cluster>text{fill:var(--gd-soft)}
.gd .edge path{fill:none;stroke:var(--gd-soft);stroke-width:1}.gd .edge polygon{fill:var(--gd-soft);stroke:none}
.gd .request path{stroke:var(--gd-pitch);stroke-width:2.5}.gd .request polygon{fill:var(--gd-pitch)}
.gd .beside path{stroke-dasharray:5 4}
.gd .edge text{paint-order:stroke;stroke:var(--gd-paper);stroke-width:4px;fill:var(--gd-soft)}
""".replace("\n", "")


@cache
def _font_directory() -> tempfile.TemporaryDirectory[str]:
    """A copy of the fonts with a configuration that knows no others; it lasts as long as the process.

    A copy, because Fontconfig leaves marks in the directories it reads, and a generated configuration, because the release in
    pygraphviz's wheel takes a relative directory to start where the process stands.
    """
    folder = tempfile.TemporaryDirectory(prefix="gd-fonts-")
    for font in sorted(FONTS.glob("*.woff")):  # WOFF2 would be listed but not measured
        shutil.copy(font, folder.name)
    place = html.escape(folder.name)
    Path(folder.name, "fonts.conf").write_text(
        f'<?xml version="1.0"?><fontconfig><dir>{place}</dir><cachedir>{place}</cachedir></fontconfig>',
        encoding="utf-8",
    )
    return folder


@contextmanager
def _bundled_fonts() -> Iterator[None]:
    """Text measured with the fonts beside this file, not with those of the machine.

    Fontconfig also looks through the machine's sample files, once, and writes what it does not understand in them to the
    process's error stream; those lines are dropped and everything else is passed on.
    """
    before = os.environ.get("FONTCONFIG_FILE")
    os.environ["FONTCONFIG_FILE"] = str(Path(_font_directory().name, "fonts.conf"))
    sys.stderr.flush()
    stream = os.dup(2)
    try:
        with tempfile.TemporaryFile() as said:
            os.dup2(said.fileno(), 2)
            try:
                yield
            finally:
                os.dup2(stream, 2)
                said.seek(0)
                for line in said.read().splitlines(keepends=True):
                    if not line.startswith(b"Fontconfig warning"):
                        os.write(2, line)
    finally:
        os.close(stream)
        if before is None:
            del os.environ["FONTCONFIG_FILE"]
        else:
            os.environ["FONTCONFIG_FILE"] = before


def _svg(title: str, description: str, nodes: Sequence[Node], edges: Sequence[Edge]) -> str:
    with _bundled_fonts():
        import pygraphviz  # noqa: PLC0415 - reads the fonts' configuration when it is loaded

        graph = pygraphviz.AGraph(string=NO_XML.sub("\ufffd", _dot(title, nodes, edges)))
        graph.layout("dot")
        raw = graph.draw(format="svg")
    return _finished(raw, title, description, nodes)


def _dot(title: str, nodes: Sequence[Node], edges: Sequence[Edge]) -> str:
    library = _library()

    class Sheet(library.Diagram):  # type: ignore[name-defined, misc]  # the library is untyped
        """A diagram that is read as text, not rendered by a `dot` binary."""

        def __exit__(self, *_: object) -> None:
            library.setcluster(None)
            library.setdiagram(None)

    ids = {node.key: f"n{number}" for number, node in enumerate(nodes)}
    boxes: dict[str, Any] = {}

    def place(inside: Sequence[Node], depth: int) -> None:
        for node in (n for n in inside if len(n.zone) == depth):
            boxes[node.key] = _icon_class(node.icon)(
                _label(node), nodeid=ids[node.key], shape="box", style="rounded", height="0", margin="0.08,0.05", image="",
                fixedsize="false", id=ids[node.key], **({"URL": html.escape(node.link)} if node.link else {}),
            )  # fmt: skip
        for zone in dict.fromkeys(n.zone[depth] for n in inside if len(n.zone) > depth):
            frame = {
                "bgcolor": "transparent",
                "fontname": "Inter",
                "fontsize": "11",
                "margin": "12",
                "style": "rounded",
            }
            with library.Cluster(zone, graph_attr=frame) as cluster:
                cluster.dot.graph_attr["label"] = _plain(zone)
                place([n for n in inside if len(n.zone) > depth and n.zone[depth] == zone], depth + 1)

    look = {
        "nodesep": "0.3",
        "ranksep": "0.5",
        "pad": "0.1",
        "splines": "spline",
        "newrank": "true",
        "label": "",
        "fontname": "Inter",
    }
    text = {"fontname": "Inter", "fontsize": "12"}
    with Sheet(title, direction="TB", show=False, graph_attr=look, node_attr=text) as sheet:
        place(nodes, 0)
        # What stands beside the path goes into a column: side by side it would make the picture twice as wide.
        column = [node.key for node in nodes if node.zone == (BESIDE_ZONE,)]
        beside = frozenset(column)
        for above, below in itertools.pairwise(column):
            boxes[above] >> library.Edge(style="invis") >> boxes[below]
        for edge in edges:
            style = {
                "fontname": "Inter",
                "fontsize": "10",
                "class": "request" if edge.request else "beside",
                "arrowsize": "0.7",
            }
            if edge.label:
                style["label"] = f" {edge.label} "
            if {edge.tail, edge.head} & beside:
                style["constraint"] = "false"
            boxes[edge.tail] >> library.Edge(**style) >> boxes[edge.head]
    return str(sheet.dot.source)


@cache
def _library() -> Any:
    """The package `diagrams`, loaded when something is drawn. By name: our folder of that name would mislead the type checker."""
    return importlib.import_module("diagrams")


def _icon_class(icon: str) -> Any:
    module, _, name = icon.rpartition(".")
    return getattr(importlib.import_module(f"diagrams.aws.{module}"), name)


def _plain(text: str) -> str:
    """`text` as Graphviz shows it literally: its escapes and HTML entities taken for what they are."""
    shown = "".join(c for c in text if c.isprintable())
    shown = shown if len(shown) <= MAX_LABEL else shown[: MAX_LABEL - 1] + "…"
    # Graphviz expands backslash sequences in tables too, the node's id for one.
    return "<" + html.escape(shown).replace("\\", "\\\\") + ">" if shown.strip() else ""


def _label(node: Node) -> str:
    """The label of a node as a Graphviz table: its icon, then its title, then its numbers."""

    def cell(text: str) -> str:
        return _plain(text)[1:-1]

    kind = _icon_class(node.icon)
    icon = Path(_library().__file__).parents[1] / kind._icon_dir / kind._icon
    rows = [f'<TD ALIGN="LEFT"><B>{cell(node.title)}</B></TD>']
    rows += [f'<TD ALIGN="LEFT"><FONT COLOR="{SOFT}" POINT-SIZE="11">{cell(line)}</FONT></TD>' for line in node.lines]
    picture = f'<TD ROWSPAN="{len(rows)}" WIDTH="38" HEIGHT="38" FIXEDSIZE="TRUE"><IMG SRC="{icon}" SCALE="TRUE"/></TD>'
    body = f"<TR>{picture}{rows[0]}</TR>" + "".join(f"<TR>{row}</TR>" for row in rows[1:])
    return f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="2">{body}</TABLE>>'


@cache
def _icon_data(path: str) -> str:
    """An icon as a data address: small, and the same bytes on every machine with this version of Pillow."""
    from PIL import Image  # noqa: PLC0415 - only a drawing needs it

    with Image.open(path) as image:
        small = image.convert("RGBA").resize((ICON_PX, ICON_PX), Image.Resampling.LANCZOS)
        packed = io.BytesIO()
        small.quantize(ICON_COLOURS, method=Image.Quantize.FASTOCTREE).save(packed, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(packed.getvalue()).decode()


def _finished(raw: bytes, title: str, description: str, nodes: Sequence[Node]) -> str:
    """Graphviz's SVG with icons embedded once, colours as classes, ids of its own, and words for those who hear it."""
    ET.register_namespace("", SVG)
    source = ET.fromstring(raw.decode())  # noqa: S314 - Graphviz's own output
    prefix = slug(title)
    width, height = (float(part) for part in source.attrib["viewBox"].split()[2:])
    root = ET.Element(
        f"{{{SVG}}}svg",
        {
            "class": "gd gd-diagram",
            "viewBox": source.attrib["viewBox"],
            "role": "group",
            "aria-labelledby": f"{prefix}-title {prefix}-desc",
            "style": f"width:100%;min-width:{width * 0.8:.0f}px;max-width:{width * 1.34:.0f}px;height:auto",
            "width": f"{width:.0f}",
            "height": f"{height:.0f}",
        },
    )
    _text(root, "title", title, id=f"{prefix}-title")
    _text(root, "desc", description, id=f"{prefix}-desc")
    _text(root, "style", stylesheet(RULES))
    definitions = ET.SubElement(root, f"{{{SVG}}}defs")
    icons: dict[str, str] = {}
    by_id = {f"n{number}": node for number, node in enumerate(nodes)}
    drawing = source.find(f"{{{SVG}}}g")
    if drawing is None:
        raise RuntimeError("Graphviz returned an SVG without a drawing")
    for child in list(drawing):
        if child.tag == f"{{{SVG}}}polygon":
            drawing.remove(child)  # the white sheet behind everything
    for number, group in enumerate(drawing):
        _finish_group(group, by_id, prefix, number)
    for element in drawing.iter():
        for parent_attribute in ("font-family", "{http://www.w3.org/XML/1998/namespace}space"):
            element.attrib.pop(parent_attribute, None)
        if element.tag == f"{{{SVG}}}image":
            _use(element, icons, definitions, prefix)
        _recolour(element)
    _add_plates(drawing)
    drawing.attrib.pop("id", None)
    root.append(drawing)
    return NO_XML.sub("\ufffd", ET.tostring(root, encoding="unicode"))


def _text(parent: ET.Element, tag: str, content: str, **attributes: str) -> None:
    element = ET.SubElement(parent, f"{{{SVG}}}{tag}", attributes)
    element.text = content


def _finish_group(group: ET.Element, by_id: Mapping[str, Node], prefix: str, number: int) -> None:
    node = by_id.get(group.attrib.get("id", "")) if group.attrib.get("class", "").startswith("node") else None
    for title in group.findall(f"{{{SVG}}}title"):
        group.remove(title)
    group.attrib["id"] = f"{prefix}-{number}"
    if node is None:
        return
    title = ET.Element(f"{{{SVG}}}title")
    title.text = node.title
    if node.addresses:
        more = f" and {len(node.addresses) - 1} more" if len(node.addresses) > 1 else ""
        title.text += f": {node.addresses[0]}{more}, {node.defined_at}"
    holder = group.find(f"{{{SVG}}}g/{{{SVG}}}a")
    if holder is not None:
        link = ET.Element(f"{{{SVG}}}a", {"href": node.link, "aria-label": f"{node.title}: {', '.join(node.lines)}"})
        link.append(title)
        link.extend(list(holder))
        for child in list(group):
            group.remove(child)
        group.append(link)
    else:
        group.insert(0, title)


def _use(element: ET.Element, icons: dict[str, str], definitions: ET.Element, prefix: str) -> None:
    """Turns an image into a reference to the icon's one copy."""
    path = element.attrib.pop(XLINK)
    if path not in icons:
        icons[path] = f"{prefix}-icon-{len(icons)}"
        symbol = ET.SubElement(
            definitions, f"{{{SVG}}}symbol", {"id": icons[path], "viewBox": f"0 0 {ICON_PX} {ICON_PX}"}
        )
        size = {"width": str(ICON_PX), "height": str(ICON_PX)}
        ET.SubElement(symbol, f"{{{SVG}}}image", {"href": _icon_data(path), **size})
    kept = {name: element.attrib[name].removesuffix("px") for name in ("x", "y", "width", "height")}
    element.tag = f"{{{SVG}}}use"
    element.attrib.clear()
    element.attrib.update({"href": f"#{icons[path]}", **kept})


def _add_plates(drawing: ET.Element) -> None:
    """A plate behind each icon, light at night: some icons are dark lines on nothing."""
    for parent in list(drawing.iter()):
        for place, child in reversed(list(enumerate(parent))):
            if child.tag == f"{{{SVG}}}use":
                kept = {name: child.attrib[name] for name in ("x", "y", "width", "height")}
                parent.insert(place, ET.Element(f"{{{SVG}}}rect", {"class": "plate", "rx": "3", **kept}))


def _recolour(element: ET.Element) -> None:
    """Colours come from the stylesheet, by class, so that they follow the page."""
    if element.attrib.get("fill") == SOFT:
        element.attrib["class"] = "gd-soft"
    for name in ("fill", "stroke", "stroke-dasharray"):
        element.attrib.pop(name, None)
