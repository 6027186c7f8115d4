"""Which resources hand load to which: one row for each type whose arguments say so, and what roles allow beside."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from analysis.architecture import Location, Resource
from analysis.facts import limit
from analysis.network.model import Figure, Link, exact, published
from analysis.network.reading import CACHE_TYPES, Reading
from analysis.wiring.entries import origin_target
from analysis.wiring.lifetimes import lifetime
from analysis.wiring.values import blocks, first_block, number

LOG_TYPES = ("aws_kinesis_stream", "aws_sqs_queue", "aws_sns_topic", "aws_kinesis_firehose_delivery_stream")

DATABASES = ("aws_db_instance", "aws_rds_cluster", "aws_db_proxy")

READS = {
    "dynamodb:getitem", "dynamodb:batchgetitem", "dynamodb:query", "dynamodb:scan", "dynamodb:transactgetitems",
    "s3:getobject",
}  # fmt: skip
WRITES = {
    "dynamodb:putitem", "dynamodb:updateitem", "dynamodb:batchwriteitem", "dynamodb:transactwriteitems",
    "s3:putobject",
}  # fmt: skip
"""Deleting is left out: a program that may only read and delete reads, and deletes what has gone."""

SENDS = {
    "kinesis:putrecord", "kinesis:putrecords", "sqs:sendmessage", "sns:publish", "firehose:putrecord", "firehose:putrecordbatch",
}  # fmt: skip
DELIVERS = {"execute-api:manageconnections", "execute-api:invoke"}


def _allowed(actions: frozenset[str], wanted: set[str]) -> bool:
    """Whether a statement's actions, in lower case and with `*` as IAM has it, cover one of those wanted."""
    for action in actions:
        if action in wanted:
            return True
        if action.endswith("*") and any(one.startswith(action[:-1]) for one in wanted):
            return True
    return False


# The edge.


def _distribution(resource: Resource, reading: Reading) -> Iterator[Link]:
    """Behaviours in the order in which CloudFront tries them, each to what its origin's name stands for."""
    origins = {str(origin.get("origin_id")): origin for origin in blocks(resource.values.get("origin"))}
    ordered = [
        (str(block.get("path_pattern")), block) for block in blocks(resource.values.get("ordered_cache_behavior"))
    ]
    default = [("*", block) for block in blocks(resource.values.get("default_cache_behavior"))]
    for pattern, block in (*ordered, *default):
        origin = origins.get(str(block.get("target_origin_id")))
        target = _behind_origin(resource, origin, reading) if origin is not None else None
        where = resource.location("default_cache_behavior" if (pattern, block) in default else "ordered_cache_behavior")
        if target is None:
            reading.warn(
                f"{resource.address}: where its behaviour {pattern} leads is not known; its requests end here", where
            )
            continue
        shield = origin is not None and bool(first_block(origin.get("origin_shield")).get("enabled"))
        yield Link(
            resource.address, target.address, "forward", where, f"behaviour {pattern}", pattern,
            ttl_s=_kept(resource, block, reading, where, pattern), shield=shield,
        )  # fmt: skip


def _behind_origin(distribution: Resource, origin: Mapping[str, Any], reading: Reading) -> Resource | None:
    """The station that an origin's domain name stands for; an API's stage stands for the API."""
    references = reading.references
    target = references.architecture.by_address.get(origin_target(reading.names, origin))
    if target is not None:
        apis = ("aws_api_gateway_rest_api", "aws_apigatewayv2_api")
        of_api = (api for attribute in ("rest_api_id", "api_id") for api in references.linked(target, attribute, *apis))
        return next(of_api, target)
    # A name that is known only after apply, and that one balancer alone can be behind.
    named = references.referred(distribution, "aws_lb", via="origin")
    reached = references.reachable(references.referred(distribution, "aws_route53_record", via="origin"), "aws_lb")
    only = {r.address: r for r in (*named, *reached)}
    return next(iter(only.values())) if len(only) == 1 and not isinstance(origin.get("domain_name"), str) else None


def _kept(distribution: Resource, block: Mapping[str, Any], reading: Reading, where: Location, pattern: str) -> Figure:
    """For how long the edge keeps an answer that says nothing about it. Seconds; 0, and said, where its policy is not known."""
    found = lifetime(reading.references, block, where)
    if found.problem:
        reading.warn(f"{distribution.address}: {found.problem}; answers to {pattern} are taken as not kept", where)
    return exact(f"cache lifetime of {pattern}", found.seconds, "s", found.origin)


# Balancers and gateways.


def members(group: Resource, reading: Reading) -> Iterator[Resource]:
    """What answers behind a target group: services, groups of instances, and what is attached to it one by one."""
    yield from reading.references.about(group, "load_balancer", "aws_ecs_service")
    yield from reading.references.about(group, "target_group_arns", "aws_autoscaling_group")
    for attachment in reading.references.about(group, "lb_target_group_arn", "aws_autoscaling_attachment"):
        yield from reading.references.linked(attachment, "autoscaling_group_name", "aws_autoscaling_group")
    for attachment in reading.references.about(group, "target_group_arn", "aws_lb_target_group_attachment"):
        yield from reading.references.linked(attachment, "target_id", "aws_instance", "aws_lb")
        yield from reading.functions(attachment, "target_id")


def _balancer(resource: Resource, reading: Reading) -> Iterator[Link]:
    """What the listeners' rules and default actions forward to; a rule on paths covers those."""
    listeners = list(reading.references.about(resource, "load_balancer_arn", "aws_lb_listener"))
    rules = [
        (rule, number(rule.values.get("priority")) or 0.0)
        for listener in listeners
        for rule in reading.references.about(listener, "listener_arn", "aws_lb_listener_rule")
    ]
    forwards = [(rule, "action") for rule, _ in sorted(rules, key=lambda one: one[1])]
    forwards += [(listener, "default_action") for listener in listeners]
    seen = set()
    for source, attribute in forwards:
        for group in reading.references.linked(source, attribute, "aws_lb_target_group"):
            for pattern in _paths(source):
                for member in members(group, reading):
                    if (pattern, member.address) not in seen:
                        seen.add((pattern, member.address))
                        yield Link(
                            resource.address,
                            member.address,
                            "forward",
                            source.defined_at,
                            f"target group {group.address}",
                            pattern,
                        )


def _paths(rule: Resource) -> tuple[str, ...]:
    values = [
        v
        for block in blocks(rule.values.get("condition"))
        for p in blocks(block.get("path_pattern"))
        for v in p.get("values") or ()
    ]
    return tuple(v for v in values if isinstance(v, str)) or ("*",)


def _rest_api(resource: Resource, reading: Reading) -> Iterator[Link]:
    """Each integration of a method on a resource, by the path that its resources spell out."""
    parts = {r.address: r for r in reading.references.about(resource, "rest_api_id", "aws_api_gateway_resource")}

    def path(part: Resource) -> str:
        own = str(part.values.get("path_part"))
        segment = "*" if own.startswith("{") else own
        parents = reading.references.linked(part, "parent_id", "aws_api_gateway_resource")
        return f"{path(parents[0])}/{segment}" if parents and parents[0] is not part else f"/{segment}"

    for integration in reading.references.about(resource, "rest_api_id", "aws_api_gateway_integration"):
        held = [r for r in reading.references.behind(integration.values.get("resource_id")) if r.address in parts]
        method = integration.values.get("http_method")
        methods = frozenset({method}) if isinstance(method, str) and method != "ANY" else frozenset()
        for target in _integrated(integration, "uri", reading):
            pattern = path(held[0]) if held else "*"
            yield Link(
                resource.address,
                target.address,
                "forward",
                integration.defined_at,
                f"integration of {pattern}",
                pattern,
                methods,
            )

    for authorizer in reading.references.about(resource, "rest_api_id", "aws_api_gateway_authorizer"):
        guarded = reading.references.about(authorizer, "authorizer_id", "aws_api_gateway_method")
        kept = reading.figure(authorizer, "authorizer_result_ttl_in_seconds", "s", AUTHORIZED_S)
        for method in guarded:
            held = [r for r in reading.references.behind(method.values.get("resource_id")) if r.address in parts]
            verb = method.values.get("http_method")
            methods = frozenset({verb}) if isinstance(verb, str) and verb != "ANY" else frozenset()
            for target in reading.functions(authorizer, "authorizer_uri"):
                yield Link(
                    resource.address, target.address, "authorize", authorizer.defined_at, f"authorizer {authorizer.address}",
                    path(held[0]) if held else "*", methods, ttl_s=kept,
                )  # fmt: skip


AUTHORIZED_S = 300.0
"""For how long a gateway remembers an authorizer's answer where nothing else is said: the provider's documentation."""


def _integrated(integration: Resource, attribute: str, reading: Reading) -> Iterator[Resource]:
    """What an integration calls: a function, or a balancer behind a VPC link."""
    yield from reading.functions(integration, attribute)
    for listener in reading.references.linked(integration, attribute, "aws_lb_listener"):
        yield from reading.references.linked(listener, "load_balancer_arn", "aws_lb")
    yield from reading.references.linked(integration, attribute, "aws_lb")


def _api(resource: Resource, reading: Reading) -> Iterator[Link]:
    """Routes of an HTTP API by method and path; of a WebSocket API its $connect, by which a connection begins."""
    for target in _integrated(resource, "target", reading):
        yield Link(resource.address, target.address, "forward", resource.location("target"), "target of the API")
    for route in reading.references.about(resource, "api_id", "aws_apigatewayv2_route"):
        key = str(route.values.get("route_key"))
        if resource.values.get("protocol_type") == "WEBSOCKET" and key != "$connect":
            continue
        method, _, path = key.partition(" ")
        methods = frozenset({method}) if path and method != "ANY" else frozenset()
        pattern = "/".join("*" if part.startswith("{") else part for part in path.split("/")) if path else "*"
        yield from _route_authorizer(resource, route, pattern, methods, reading)
        for integration in reading.references.linked(route, "target", "aws_apigatewayv2_integration"):
            for target in _integrated(integration, "integration_uri", reading):
                yield Link(
                    resource.address, target.address, "forward", route.defined_at, f"route {key}", pattern, methods
                )


def _route_authorizer(
    api: Resource, route: Resource, pattern: str, methods: frozenset[str], reading: Reading
) -> Iterator[Link]:
    """The function that a route's authorizer calls; a WebSocket API asks it for every connection, an HTTP API remembers."""
    for authorizer in reading.references.linked(route, "authorizer_id", "aws_apigatewayv2_authorizer"):
        remembers = api.values.get("protocol_type") != "WEBSOCKET"
        kept = reading.figure(authorizer, "authorizer_result_ttl_in_seconds", "s", AUTHORIZED_S) if remembers else None
        for target in reading.functions(authorizer, "authorizer_uri"):
            yield Link(
                api.address, target.address, "authorize", authorizer.defined_at, f"authorizer {authorizer.address}",
                pattern, methods, ttl_s=kept,
            )  # fmt: skip


# Programs: what they ask, from their settings and from what their roles allow.


def _program(resource: Resource, reading: Reading) -> Iterator[Link]:
    """The stores, caches, streams and gateways that a program's settings refer to, and those that its role may use."""
    where = reading.program(resource).defined_at
    named = reading.named_in_settings(resource, *DATABASES, *CACHE_TYPES)
    behind = {
        link.target for proxy in named if proxy.type == "aws_db_proxy" for link in _database_proxy(proxy, reading)
    }
    for target in named:
        if target.address in behind:
            continue  # its name stands beside that of the proxy, which asks it
        if target.type in CACHE_TYPES and resource in reading.publishers(target):
            yield from _channel(resource, target, reading, where)
        elif target.type in CACHE_TYPES:
            yield from _cached(resource, target, reading, where)
        else:
            yield Link(resource.address, target.address, "ask", where, "named in its settings")
    uses: dict[str, list[frozenset[str]]] = {}
    for actions, targets, _ in reading.permissions(resource):
        for target in targets:
            uses.setdefault(target.address, []).append(actions)
    known = {target.address for target in reading.named_in_settings(resource, "aws_dynamodb_table")}
    for address, statements in uses.items():
        yield from _permitted(
            resource,
            reading.architecture.by_address[address],
            frozenset().union(*statements),
            reading,
            where,
            address in known,
        )


def _channel(resource: Resource, channel: Resource, reading: Reading, where: Location) -> Iterator[Link]:
    """A cache that passes messages on: what a program publishes there, and those who listen, each instance of them."""
    listeners = reading.listeners(channel)
    most = sum(reading.most_instances(listener).value for listener in listeners)
    copies = exact("instances that listen, at most", most, "instance", str(channel.defined_at))
    yield Link(resource.address, channel.address, "publish", where, "named in its settings", copies=copies)
    for listener in listeners:
        yield Link(resource.address, listener.address, "publish", where, f"both name {channel.address}")


def _cached(resource: Resource, cache: Resource, reading: Reading, where: Location) -> Iterator[Link]:
    """The shared cache, with the lifetime that the program's settings give; without one it answers no read."""
    if reading.profile is not None and reading.profile.cpu_s_per_hit is None:
        message = f"the runtime profile {reading.profile.name} does not use a shared cache, so it is left out"
        reading.warn(f"{cache.address}: {message}", cache.defined_at)
        return
    lifetime = reading.setting(resource, "cache_ttl_s", "s")
    if lifetime is None and reading.publishers(cache):
        return  # it listens there, and keeps nothing
    if lifetime is None:
        reading.warn(
            f"{cache.address}: for how long {resource.address} keeps answers in it is not known, so no read is answered "
            "from it; name the variable cache_ttl_s in gameday.toml",
            where,
        )
    yield Link(resource.address, cache.address, "cache", where, "named in its settings", ttl_s=lifetime)


def _permitted(
    resource: Resource, target: Resource, actions: frozenset[str], reading: Reading, where: Location, named: bool
) -> Iterator[Link]:
    """What a role's actions on a resource say about load. Queues that get failures, and reading of a log, say nothing."""
    writes = _allowed(actions, WRITES)
    if target.type == "aws_dynamodb_table":
        if writes and target in reading.read_by(resource):
            reading.warn(
                f"{resource.address} may write to {target.address}, whose changes it reads; that would go round for ever, so "
                "it is taken not to write there",
                where,
            )
            writes = False
        elif writes or _allowed(actions, READS):
            if not named:
                reading.warn(
                    f"{resource.address} is taken to use {target.address} on every call, because its role allows it; its "
                    "settings do not name it",
                    where,
                )
            yield Link(
                resource.address, target.address, "ask", where, "allowed by its role",
                reads=_allowed(actions, READS), writes=writes,
            )  # fmt: skip
    elif target.type in LOG_TYPES:
        if _allowed(actions, SENDS) and target not in reading.failures(resource):
            yield Link(resource.address, target.address, "log", where, "allowed by its role", reads=False)
    elif target.type == "aws_apigatewayv2_api" and _allowed(actions, DELIVERS):
        yield Link(resource.address, target.address, "deliver", where, "allowed by its role")


def _database_proxy(resource: Resource, reading: Reading) -> Iterator[Link]:
    """The databases to which a proxy hands on what it is asked."""
    for target in reading.references.about(resource, "db_proxy_name", "aws_db_proxy_target"):
        for attribute in ("db_instance_identifier", "db_cluster_identifier"):
            for database in reading.references.linked(target, attribute, "aws_db_instance", "aws_rds_cluster"):
                yield Link(resource.address, database.address, "ask", target.defined_at, "target of the proxy")


# Streams, queues and topics.


def _log(resource: Resource, reading: Reading) -> Iterator[Link]:
    """Who reads from it: functions by event source mappings, and what a topic or a delivery stream sends on."""
    for mapping, reader in reading.mappings(resource):
        batch = reading.figure(mapping, "batch_size", "record", 10.0 if resource.type == "aws_sqs_queue" else 100.0)
        yield Link(
            resource.address,
            reader.address,
            "log",
            mapping.defined_at,
            f"event source mapping {mapping.address}",
            batch=batch,
            calls_per_s=_calls_per_s(resource, mapping, reading),
            waits_s=_batch_wait_s(resource, mapping),
        )
    for delivery in reading.references.about(
        resource, "kinesis_source_configuration", "aws_kinesis_firehose_delivery_stream"
    ):
        yield Link(resource.address, delivery.address, "log", delivery.defined_at, "source of the delivery stream")
    for subscription in reading.references.about(resource, "topic_arn", "aws_sns_topic_subscription"):
        for target in reading.references.linked(subscription, "endpoint", "aws_sqs_queue"):
            yield Link(resource.address, target.address, "log", subscription.defined_at, "subscription")
        for target in reading.functions(subscription, "endpoint"):
            one = exact("records in a call", 1.0, "record", str(subscription.defined_at))
            yield Link(resource.address, target.address, "log", subscription.defined_at, "subscription", batch=one)


def _calls_per_s(log: Resource, mapping: Resource, reading: Reading) -> Figure:
    """Calls a second that a mapping makes while its batches are not full: one for each window and worker of a queue, or lane.

    What a shard has is split by keys among the batches that are worked on at once, and each has its own window.
    """
    window = number(mapping.values.get("maximum_batching_window_in_seconds")) or 0.0
    if log.type == "aws_sqs_queue":
        workers = published(limit("sqs.batches_at_once"))
        return workers.times(1.0 / (window or limit("lambda.hold_s").at()), "calls of the workers", "1/s")
    polls = _polls_per_s(log)
    return polls.times(reading.lanes(log, mapping) / max(1.0, window * polls.value), "calls of the shards", "1/s")


def _polls_per_s(log: Resource) -> Figure:
    """How often a second Lambda asks one shard of a stream, or of a table's changes, for records."""
    of_table = log.type == "aws_dynamodb_table"
    return published(limit(f"lambda.polls_of_a_{'tables_' if of_table else ''}shard_per_s"))


def _batch_wait_s(log: Resource, mapping: Resource) -> Figure:
    """How long a record waits at most for the call that takes it: the mapping's window, or until a shard is asked again."""
    window = number(mapping.values.get("maximum_batching_window_in_seconds")) or 0.0
    least = 0.0 if log.type == "aws_sqs_queue" else 1.0 / _polls_per_s(log).value
    return exact(
        "batching window", max(window, least), "s", str(mapping.location("maximum_batching_window_in_seconds"))
    )


FIREHOSE_MIB, FIREHOSE_S = 5.0, 300.0
"""Size and interval of a delivery stream's buffer where nothing else is said: the provider's documentation."""


def _delivery(resource: Resource, reading: Reading) -> Iterator[Link]:
    """The bucket that a delivery stream writes to: an object when its buffer is full or its interval over.

    A record has at most 1 MiB, so a full buffer holds at least as many records as it has MiB:
    https://docs.aws.amazon.com/firehose/latest/dev/limits.html.
    """
    for attribute in ("extended_s3_configuration", "s3_configuration"):
        block, at = first_block(resource.values.get(attribute)), resource.location(attribute)
        size_mib, every_s = number(block.get("buffering_size")), number(block.get("buffering_interval"))
        for bucket in reading.references.buckets(block.get("bucket_arn")):
            yield Link(
                resource.address, bucket.address, "log", at, "destination", reads=False,
                batch=exact("records of an object, at least", size_mib or FIREHOSE_MIB, "record", str(at)),
                calls_per_s=exact("objects a second, at least", 1.0 / (every_s or FIREHOSE_S), "1/s", str(at)),
            )  # fmt: skip


LINKS: Mapping[str, Callable[[Resource, Reading], Iterator[Link]]] = MappingProxyType(
    {
        "aws_cloudfront_distribution": _distribution,
        "aws_lb": _balancer,
        "aws_api_gateway_rest_api": _rest_api,
        "aws_apigatewayv2_api": _api,
        "aws_ecs_service": _program,
        "aws_autoscaling_group": _program,
        "aws_instance": _program,
        "aws_lambda_function": _program,
        "aws_db_proxy": _database_proxy,
        "aws_kinesis_stream": _log,
        "aws_sqs_queue": _log,
        "aws_sns_topic": _log,
        "aws_dynamodb_table": _log,
        "aws_kinesis_firehose_delivery_stream": _delivery,
    }
)
"""Resource type -> the links that leave it."""
