"""What a month means to a resource: type -> quantities by key. Keys are those of the rate card in `analysis/cost`.

A new resource type is a new row of USAGE. A type without a row gets no quantities, and cost lists its charges as without usage;
so does a row for a resource of which nothing is known.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

from analysis.architecture import Architecture, Resource, Unknown
from analysis.demand.instances import busy_vcpu
from analysis.demand.month import ASKED, GB, Month, Stretch, decimal, units_of
from analysis.demand.usage import Usage
from analysis.facts import Runtime, Scenario, Stack, instances, runtime
from analysis.network.load import Rates
from analysis.network.model import COMPUTE, OPENED, SENT, Station
from analysis.units import HOURS_PER_MONTH
from analysis.wiring import EntersError, PathError
from analysis.wiring.network import Network
from analysis.wiring.schedules import a_month
from analysis.wiring.tasks import definition_of, writes_to
from analysis.wiring.values import blocks, first_block, number

Row = Callable[[Month, Resource], Mapping[str, float]]


def usage_if_modelled(
    architecture: Architecture, scenario: Scenario, stack: Stack | None = None, profile: Runtime | None = None
) -> Usage | None:
    """As `usage`; None where the crowd's way in is not known, so that quantities stay unknown."""
    try:
        return usage(architecture, scenario, stack, profile)
    except EntersError:
        raise
    except PathError:
        return None


def usage(
    architecture: Architecture, scenario: Scenario, stack: Stack | None = None, profile: Runtime | None = None
) -> Usage:
    """What the stack consumes in a month of 730 hours with the scenario's nights and days in it.

    It is what would be asked of each resource if every one before it could carry the load. Raises wiring.PathError where the
    crowd's way in is not known, ValueError where the nights do not fit into a month.
    """
    if profile is None and stack is not None:
        profile = runtime(stack.runtime)
    month = Month(architecture, scenario, stack, profile)
    quantities: dict[str, dict[str, Any]] = {}
    for resource in architecture.resources:
        row = USAGE.get(resource.type)
        found = row(month, resource) if row else {}
        if found:
            quantities[resource.address] = {key: decimal(amount) for key, amount in sorted(found.items())}
    between = between_zones_gb(month)
    if between:
        quantities["aws_data_transfer.between_zones"] = {"monthly_intra_region_gb": decimal(between)}
    calendar = scenario.calendar
    days = "".join(f", {kind.per_month:g} times {kind.name} with {kind.crowd:.0%} of them" for kind in month.kinds[1:])
    return Usage(
        origin=f"scenario {scenario.title!r} ({scenario.file}): {calendar['games_per_month'].value} events of "
        f"{scenario.night_hours:.3g} h with up to {scenario.peak_users.value:,} users{days}, "
        f"{calendar['quiet_users'].value:,} users in the other hours",
        quantities=quantities,
        load_hours={
            balancer.address: tuple(month.load_hours(balancer.address)) for balancer in month.reached_of("balancer")
        },
        rests_on=(*scenario.assumptions, *month.used),
        notes=month.notes,
    )


# Programs.


def _service(month: Month, resource: Resource) -> Mapping[str, float]:
    return {"task_hours": month.instance_hours(resource.address)} if resource.address in month.programs else {}


def _fleet(month: Month, resource: Resource) -> Mapping[str, float]:
    """Hours of a group's instances, and of their processors beyond what a burstable type earns by standing there."""
    if resource.address not in month.programs:
        return {}
    found = {"instance_hours": month.instance_hours(resource.address)}
    name = month.reading.program(resource).values.get("instance_type")
    size = instances().get(name) if isinstance(name, str) else None
    if size is not None and size.burstable:
        station = month.programs[resource.address]
        counts = dict(zip(map(id, month.stretches), month.instances[resource.address], strict=True))

        def busy(part: Stretch) -> Rates:
            return busy_vcpu(station, partial(part.rate, station.address)) / counts[id(part)]

        hours = month.surplus_vcpu_hours(size.vcpu, size.baseline_vcpu, busy)
        mean = month.instance_hours(resource.address) / float(HOURS_PER_MONTH)
        found |= {"monthly_cpu_credit_hrs": hours * mean, "vcpu_count": 1.0}
    return found


def _function(month: Month, function: Resource) -> Mapping[str, float]:
    """Calls of a function and how long one takes; what its provisioned environments answer is charged with them."""
    calls, seconds = _calls(month, function)
    if calls is None:
        return {}
    share = _provisioned_share(month, function)
    return {
        "monthly_requests": calls * (1.0 - share),
        "request_duration_ms": 1000.0 * seconds / calls if calls else 0.0,
    }


def _provisioned(month: Month, config: Resource) -> Mapping[str, float]:
    """The calls that provisioned environments answer."""
    for function in month.reading.functions(config, "function_name"):
        calls, seconds = _calls(month, function)
        if calls is not None:
            answered = calls * _provisioned_share(month, function)
            return {"monthly_requests": answered, "request_duration_ms": 1000.0 * seconds / calls if calls else 0.0}
    return {}


def _calls(month: Month, function: Resource) -> tuple[float | None, float]:
    """Calls of a function in the month and the seconds that all of them take; None where nothing says that it is called.

    By the load; else by the schedule that starts it, or by the rotations of the secrets it renews: four calls each,
    https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html.
    """
    station = month.station(function)
    if station is not None:
        calls = month.total(function.address, "invocation")
        return calls, month.over(lambda part: _executions(month, part, station))
    scheduled = list(_schedules(month, function))
    if scheduled:
        calls = sum(scheduled)
        return calls, calls * month.fact("lambda.hold_s")
    rotations = [
        number(block.get("automatically_after_days"))
        for rotation in month.references.architecture.of_type("aws_secretsmanager_secret_rotation")
        if function in month.reading.functions(rotation, "rotation_lambda_arn")
        for block in blocks(rotation.values.get("rotation_rules"))
    ]
    if rotations:
        calls = sum(4.0 * float(HOURS_PER_MONTH) / 24.0 / days for days in rotations if days)
        return calls, calls * month.fact("lambda.rotation_s")
    return None, 0.0


def _schedules(month: Month, function: Resource) -> Iterator[float]:
    """How often in a month each schedule of EventBridge starts a function."""
    for target in month.architecture.of_type("aws_cloudwatch_event_target"):
        if function in month.reading.functions(target, "arn"):
            for rule in month.references.linked(target, "rule", "aws_cloudwatch_event_rule"):
                often = a_month(rule.values.get("schedule_expression"))
                if often is not None:
                    yield often
    for schedule in month.architecture.of_type("aws_scheduler_schedule"):
        if function in month.reading.functions(schedule, "target"):
            often = a_month(schedule.values.get("schedule_expression"))
            if often is not None:
                yield often


def _executions(month: Month, part: Stretch, station: Station) -> Rates:
    """Executions at once: Little's law over the calls and deliveries of a function."""
    return part.rate(station.address, "invocation") * month.fact("lambda.hold_s") + part.rate(
        station.address, "delivery"
    ) * month.fact("lambda.delivery_s")


def _provisioned_share(month: Month, function: Resource) -> float:
    """The share of a function's executions that its provisioned environments have room for."""
    station = month.station(function)
    held = [
        number(config.values.get("provisioned_concurrent_executions")) or 0.0
        for config in month.architecture.of_type("aws_lambda_provisioned_concurrency_config")
        if function in month.reading.functions(config, "function_name")
    ]
    if not held or station is None:
        return 0.0
    every = month.over(lambda part: _executions(month, part, station))
    within = month.over(lambda part: np.minimum(_executions(month, part, station), sum(held)))
    return within / every if every else 0.0


# The way in.


def _balancer(month: Month, resource: Resource) -> Mapping[str, float]:
    """Without an edge the answers leave through the balancer, assets included; to CloudFront they leave free of charge."""
    if month.station(resource) is None or resource.values.get("internal") is True:
        return {}
    if any(
        link.target == resource.address
        and link.source in month.reached
        and month.network.stations[link.source].kind in {"edge", "api"}
        for link in month.network.links
    ):
        return {}
    assets = month.asset_gb if month.assets_at == resource.address else 0.0
    return {"monthly_outbound_internet_gb": month.out_gb(resource.address) + assets}


def _edge(month: Month, edge: Resource) -> Mapping[str, float]:
    fetched = month.assets_at == edge.address
    if month.station(edge) is None and not fetched and edge.address not in month.led_past:
        return {}
    requests = month.total(edge.address, *ASKED) + (month.asset_requests if fetched else 0.0)
    found = {
        "monthly_https_requests.us": requests,
        "monthly_data_transfer_to_internet_gb.us": month.out_gb(edge.address) + (month.asset_gb if fetched else 0.0),
        "monthly_data_transfer_to_origin_gb.us": month.passed_gb(edge.address),
    }
    shielded = month.shielded(edge.address)
    return found if shielded is None else {**found, "monthly_shield_requests.us": shielded}


def _firewall(month: Month, acl: Resource) -> Mapping[str, float]:
    """The requests of all that the firewall stands before: distributions, balancers, stages of APIs; of anything else unknown."""
    guarded = list(_guarded(month, acl))
    if not guarded:
        return {}
    assets = month.asset_requests if any(r.address == month.assets_at for r in guarded) else 0.0
    return {"monthly_requests": sum(month.total(r.address, *ASKED) for r in guarded) + assets}


def _guarded(month: Month, acl: Resource) -> Iterator[Resource]:
    references = month.references
    for edge in references.about(acl, "web_acl_id", "aws_cloudfront_distribution"):
        if month.station(edge) is not None or edge.address == month.assets_at or edge.address in month.led_past:
            yield edge
    for joined in references.about(acl, "web_acl_arn", "aws_wafv2_web_acl_association"):
        for target in references.linked(joined, "resource_arn", "aws_lb", "aws_api_gateway_stage"):
            for station in references.linked(target, "rest_api_id", "aws_api_gateway_rest_api") or [target]:
                if month.station(station) is not None:
                    yield station


def _rest_api(month: Month, api: Resource) -> Mapping[str, float]:
    if month.station(api) is None:
        return {}
    return {
        "monthly_requests": month.total(api.address, *ASKED),
        "monthly_outbound_internet_gb": month.out_gb(api.address),
    }


def _api(month: Month, api: Resource) -> Mapping[str, float]:
    """Requests of an HTTP API; messages of a WebSocket API, all sent to clients, and the minutes of its connections."""
    if month.station(api) is None:
        return {}
    out = {"monthly_outbound_internet_gb": month.out_gb(api.address)}
    if api.values.get("protocol_type") != "WEBSOCKET":
        return {**out, "monthly_requests": month.total(api.address, *ASKED)}
    messages, update_kb = month.total(api.address, "delivery"), _record_kb(month)
    return {
        **out,
        "monthly_messages": messages,
        "message_size_kb": month.over(lambda part: _updates(part, api.address)) * update_kb / messages
        if messages
        else update_kb,
        "monthly_connection_mins": month.total(api.address, "connection") / 60.0,
    }


def _updates(part: Stretch, address: str) -> Rates:
    """Updates a second in the messages that are sent over a gateway's connections."""
    total: Rates = np.zeros_like(part.users)
    for one in part.traffic:
        if one.enters == address and one.unit == "delivery":
            total = total + part.rate(address, "delivery", of=one.name) * one.updates
    return total


# Streams, queues, tables.


def _record_kb(month: Month) -> float:
    return month.scenario.publisher["update_bytes"].at() / 1024.0


def _stream(month: Month, stream: Resource) -> Mapping[str, float]:
    """Records in, each of up to 25 kB a payload unit: https://aws.amazon.com/kinesis/data-streams/pricing/."""
    if month.station(stream) is None:
        return {}
    records = month.total(stream.address, "record")
    if first_block(stream.values.get("stream_mode_details")).get("stream_mode") != "ON_DEMAND":
        return {"monthly_provisioned_put_units": records * max(1, math.ceil(_record_kb(month) / 25.0))}
    gigabytes = records * _record_kb(month) * 1024.0 / GB
    readers = len([link for link in month.network.out[stream.address] if link.role == "log"])
    return {"monthly_on_demand_data_in_gb": gigabytes, "monthly_on_demand_data_out_gb": gigabytes * readers}


def _queue(month: Month, queue: Resource) -> Mapping[str, float]:
    """Each record is sent by itself, and received and deleted with its batch; readers ask all the time. Nothing fails."""
    if month.station(queue) is None:
        failures = any(queue in month.reading.failures(f) for f in month.architecture.of_type("aws_lambda_function"))
        return {"monthly_requests": 0.0} if failures else {}
    records = month.total(queue.address, "record")
    readers = [link for link in month.network.out[queue.address] if link.role == "log"]
    batches = sum(month.total(link.target, "invocation") for link in readers)
    asked = month.fact("sqs.idle_receives_per_s") * 3600.0 * float(HOURS_PER_MONTH) * len(readers)
    return {"monthly_requests": records + 2.0 * batches + asked, "request_size_kb": _record_kb(month)}


def _topic(month: Month, topic: Resource) -> Mapping[str, float]:
    """What programs publish, else the messages of alarms."""
    if month.station(topic) is not None:
        return {"monthly_requests": month.total(topic.address, "record"), "request_size_kb": _record_kb(month)}
    return {"monthly_requests": month.fact("month.alarm_messages"), "request_size_kb": 2.0}


def _subscription(month: Month, _resource: Resource) -> Mapping[str, float]:
    return {"monthly_requests": month.fact("month.alarm_messages")}


def _table(month: Month, table: Resource) -> Mapping[str, float]:
    """Units of writes, and again for each index, and of reads: by the request, or the hours of those that are provisioned."""
    if month.station(table) is None:
        return {}
    copies = 1.0 + len(blocks(table.values.get("global_secondary_index")))
    copies += len(blocks(table.values.get("local_secondary_index")))
    writes = reads = 0.0
    for name in month.names():
        writes += month.total(table.address, "write", of=name) * month.item_units("write", name) * copies
        reads += month.total(table.address, "read", of=name) * month.item_units("read", name)
    reads = max(reads, _listeners_read(month, table))
    stored = _stored_gb(month, table)
    found = {"storage_gb": stored, "pitr_backup_storage_gb": stored}
    if replicas := len(blocks(table.values.get("replica"))):
        written = sum(month.total(table.address, "write", of=name) * month.sizes[name][0] for name in month.names())
        found["monthly_replicated_gb"] = replicas * written / GB
    if table.values.get("billing_mode") != "PAY_PER_REQUEST":
        for unit, index in units_of(table):
            key = f"{unit}_capacity_unit_hours"
            found[key] = found.get(key, 0.0) + (month.unit_hours(table, unit, index) or 0.0)
        return found
    return {**found, "monthly_write_request_units": writes, "monthly_read_request_units": reads}


def _listeners_read(month: Month, table: Resource) -> float:
    """Read units for finding whom an update goes to, in a table that a program asks which then sends it."""
    out = month.network.out
    senders = [
        address
        for address in month.reached
        if any(link.role == "ask" and link.target == table.address and link.reads for link in out[address])
        and any(link.role == "deliver" for link in out[address])
    ]
    if not senders:
        return 0.0
    sent = sum(month.total(sender, "delivery") for sender in senders)
    return sent * month.fact("month.connection_item_bytes") / 4096.0 / 2.0


def _stored_gb(month: Month, table: Resource) -> float:
    """What a table holds: what is written stays as long as gameday.toml says, else as an assumption says where items expire.

    A table that only keeps connections holds an item for each of them.
    """
    opened = [f"{connection.name}{OPENED}" for connection in month.scenario.connections]
    if any(month.total(table.address, "write", of=name) for name in opened):
        held = max(float(part.users.max()) for part in month.stretches)
        return held * month.fact("month.connection_item_bytes") / GB
    gigabytes = sum(month.total(table.address, "write", of=name) * month.sizes[name][0] for name in month.names()) / GB
    told = month.stack.kept(table.address) if month.stack else None
    expires = first_block(table.values.get("ttl")).get("enabled") is True
    if told is None:
        told = month.fact("month.table_days") if expires else month.scenario.calendar["season_months"].at() * 30.0
    return gigabytes * told * 24.0 / float(HOURS_PER_MONTH)


def _firehose(month: Month, delivery: Resource) -> Mapping[str, float]:
    """What is delivered, each record rounded up to 5 kB: https://aws.amazon.com/firehose/pricing/."""
    if month.station(delivery) is None:
        return {}
    size = max(1, math.ceil(_record_kb(month) / 5.0)) * 5.0 * 1024.0
    return {"monthly_data_ingested_gb": month.total(delivery.address, "record") * size / GB}


# Logs.


def _log_group(month: Month, group: Resource) -> Mapping[str, float]:
    """What is written to a group; storage by retention, a season where it never ends."""
    written = _written_gb(month, group)
    if written is None:
        return {}
    days = group.values.get("retention_in_days") or 0
    months = days / 30.0 if isinstance(days, int | float) and days else month.scenario.calendar["season_months"].at()
    return {"monthly_data_ingested_gb": written, "storage_gb": written * months}


def _written_gb(month: Month, group: Resource) -> float | None:
    """What is written to a log group in a month; None where nothing says who writes to it."""
    found = [*_by_programs(month, group), *_by_functions(month, group), *_by_others(month, group)]
    return sum(found) if found else None


def _program_logs_gb(month: Month, address: str) -> float:
    """A line for each request that a program answers; what one says that answers none is an assumption."""
    answered = month.total(address, "request", "hit", "connect") if address in month.reached else 0.0
    return answered * month.fact("logs.bytes_per_request") / GB if answered else month.fact("month.program_log_gb")


def _by_programs(month: Month, group: Resource) -> Iterator[float]:
    for service in month.architecture.of_type("aws_ecs_service"):
        definition = definition_of(month.references, service)
        if definition is not None and writes_to(definition, group, month.references):
            yield _program_logs_gb(month, service.address)
    for program in month.architecture.of_type("aws_autoscaling_group", "aws_instance"):
        if any(group in targets for _, targets, _ in month.reading.permissions(program)):
            yield _program_logs_gb(month, program.address)


def _by_functions(month: Month, group: Resource) -> Iterator[float]:
    """The lines that Lambda itself writes about each call, and what the function says."""
    for function in month.architecture.of_type("aws_lambda_function"):
        named = group.values.get("name") == f"/aws/lambda/{function.values.get('function_name')}"
        if named or group in month.references.linked(function, "logging_config", group.type):
            calls, _ = _calls(month, function)
            if calls is not None:
                yield calls * month.fact("lambda.log_bytes_per_call") / GB


def _by_others(month: Month, group: Resource) -> Iterator[float]:
    """Access logs of APIs, exports of databases, logs of firewalls, failures of delivery streams."""
    references, name = month.references, group.values.get("name")
    for stage in references.about(group, "access_log_settings", "aws_api_gateway_stage", "aws_apigatewayv2_stage"):
        for attribute in ("rest_api_id", "api_id"):
            for api in references.linked(stage, attribute, "aws_api_gateway_rest_api", "aws_apigatewayv2_api"):
                yield month.total(api.address, *ASKED) * month.fact("logs.bytes_per_request") / GB
    if isinstance(name, str) and name.startswith("/aws/rds/"):
        yield month.fact("month.engine_log_gb")
    for logging in references.about(group, "log_destination_configs", "aws_wafv2_web_acl_logging_configuration"):
        for acl in references.linked(logging, "resource_arn", "aws_wafv2_web_acl"):
            requests = _firewall(month, acl).get("monthly_requests")
            if requests is not None:
                drops = first_block(logging.values.get("logging_filter")).get("default_behavior") == "DROP"
                share = month.fact("waf.blocked_share") if drops else 1.0
                yield requests * share * month.fact("waf.log_bytes") / GB
    for kind in ("extended_s3_configuration", "http_endpoint_configuration"):
        for _ in references.about(group, kind, "aws_kinesis_firehose_delivery_stream"):
            yield 0.0  # it only says what failed, and nothing does


# Networks.


def _endpoints(month: Month) -> Mapping[str, str]:
    """Interface and gateway endpoints by the service they lead to (`logs`, `ecr.dkr`, `s3`)."""
    found = {}
    for endpoint in month.architecture.of_type("aws_vpc_endpoint"):
        name = endpoint.values.get("service_name")
        text = name if isinstance(name, str) else name.prefix if isinstance(name, Unknown) else ""
        found[endpoint.address] = re.sub(r"^com\.amazonaws\.[a-z0-9-]+\.", "", text)
    return found


SERVICES: Mapping[str, str] = {
    "stream": "kinesis-streams",
    "queue": "sqs",
    "topic": "sns",
    "table": "dynamodb",
    "bucket": "s3",
    "delivery": "kinesis-firehose",
    "socket": "execute-api",
}
"""The name of the endpoint by which a private network reaches a station of each kind."""


def _to_services_gb(month: Month, address: str) -> Mapping[str, float]:
    """What a program sends to AWS's own services in a month, by the name of their endpoints; and what it fetches outside."""
    found = {"": month.fact("month.control_traffic_gb")}
    station = month.network.stations[address]
    if station.kind == "service":
        found["ecr.dkr"] = month.starts(address) * month.fact("month.image_gb") if address in month.programs else 0.0
    found["logs"] = _program_logs_gb(month, address) if station.kind in {"service", "fleet", "instance"} else 0.0
    for name in month.names():
        question, answer = month.sizes[name]
        entered = any(
            one.enters == address and one.unit == "record"
            for part in month.stretches
            for one in part.traffic
            if one.name == name
        )
        if entered:  # a poller fetches what it hands on
            found[""] += month.total(address, "record", of=name) * question / GB
        for link in month.network.out[address]:
            service = SERVICES.get(month.network.stations[link.target].kind)
            if service is not None and not name.endswith(SENT):
                asked = month.total(address, *ASKED, of=name)
                found[service] = found.get(service, 0.0) + asked * (question if link.writes else answer) / GB
            elif service is not None and link.role == "deliver":
                found[service] = found.get(service, 0.0) + month.total(address, "delivery", of=name) * answer / GB
    return found


def _endpoint(month: Month, endpoint: Resource) -> Mapping[str, float]:
    if endpoint.values.get("vpc_endpoint_type") != "Interface":
        return {}
    service = _endpoints(month)[endpoint.address]
    if service in {"logs", *SERVICES.values()}:
        inside = _in_networks(month)
        return {
            "monthly_data_processed_gb": sum(_to_services_gb(month, address).get(service, 0.0) for address in inside)
        }
    return {"monthly_data_processed_gb": month.fact("month.control_traffic_gb")}


def _in_networks(month: Month) -> Mapping[str, tuple[Resource, ...]]:
    """The programs that something reaches and that stand in subnets, with those."""
    network = Network(month.references)
    found = {}
    for station in month.reached_of("service", "fleet", "instance", "function"):
        subnets = network.subnets([month.architecture.by_address[station.address]])
        if subnets:
            found[station.address] = subnets
    return found


def _gateway(month: Month, gateway: Resource) -> Mapping[str, float]:
    """What programs send and fetch through NAT, shared by the gateways that their subnets lead to; what others send is unknown.

    What no endpoint leads to passes here: calls to AWS, images and logs, and what pollers fetch.
    """
    network = Network(month.references)
    services = set(_endpoints(month).values())
    through, used = 0.0, False
    for address, subnets in _in_networks(month).items():
        ways = {
            way.address
            for subnet in subnets
            if isinstance(way := network.default_route(subnet), Resource) and way.type == "aws_nat_gateway"
        }
        if gateway.address not in ways:
            continue
        used = True
        for service, gigabytes in _to_services_gb(month, address).items():
            at_hand = {"ecr.dkr", "s3"} <= services if service == "ecr.dkr" else service in services and service != ""
            through += 0.0 if at_hand else gigabytes / len(ways)
    return {"monthly_data_processed_gb": through} if used else {}


def between_zones_gb(month: Month) -> float:
    """Data between programs and a database or cache in another zone, one direction: what is read, written or found."""
    update = month.scenario.publisher["update_bytes"].at()
    counts = {
        (address, id(part)): number
        for address, numbers in month.instances.items()
        for part, number in zip(month.stretches, numbers, strict=True)
    }

    def moved(part: Stretch) -> Rates:
        total: Rates = np.zeros_like(part.users)
        for name in part.load:
            size = sum(month.sizes[name])
            for station in month.reached_of("database"):
                total = total + part.rate(station.address, "read", "write", of=name) * size
            for station in month.reached_of("service", "fleet", "instance", "function"):
                total = total + part.rate(station.address, "hit", of=name) * size
        for address in month.programs:
            # An update goes to the channel once, and from there to each instance that listens.
            listening = counts[address, id(part)]
            total = total + part.rate(address, "broadcast") * (1.0 + listening) * update
        return total

    return month.over(moved) / GB * month.fact("month.cross_zone_share")


# Buckets.

ALB_LOG_FILES_PER_MONTH = 730 * 12
"""A balancer writes a file every five minutes: .../elasticloadbalancing/latest/application/load-balancer-access-logs.html."""


def _bucket(month: Month, resource: Resource) -> Mapping[str, float]:
    """Buckets by what they are for: assets behind the edge, logs, archives of a delivery stream, or anything else."""
    return _by_class(month, resource, _in_standard(month, resource))


def _asset_buckets(month: Month) -> set[str]:
    """The buckets that the edge fetches assets from."""
    links = month.network.out.get(month.assets_at, ())
    return {link.target for link in links if month.network.stations[link.target].kind == "bucket"}


def _in_standard(month: Month, resource: Resource) -> Mapping[str, float]:
    if resource.address in _asset_buckets(month):
        misses = month.asset_requests * (1.0 - month.fact("month.asset_edge_hit_share"))
        uploads = month.fact("month.deployments") * month.scenario.session["asset_requests"].at()
        return _stored(month.fact("month.asset_store_gb"), writes=uploads, reads=misses)
    for balancer in month.reached_of("balancer"):
        logs = month.architecture.by_address[balancer.address].references
        if any(r.address == resource.address and r.via.startswith("access_logs") for r in logs):
            requests = month.total(balancer.address, *ASKED)
            return _stored(requests * month.fact("month.access_log_bytes") / GB, writes=ALB_LOG_FILES_PER_MONTH)
    for link in month.network.links:
        source = month.network.stations[link.source]
        if link.target == resource.address and source.kind == "delivery" and link.source in month.reached:
            return _archived(month, month.architecture.by_address[link.source], resource)
    return _stored(month.fact("month.other_bucket_gb"), writes=month.fact("month.other_bucket_writes"))


def _archived(month: Month, delivery: Resource, bucket: Resource) -> Mapping[str, float]:
    """What a delivery stream writes: an object each time its buffer is full or its interval over; a month's data, compressed."""
    block = first_block(delivery.values.get("extended_s3_configuration"))
    size_mb = number(block.get("buffering_size")) or 5.0
    every_s = number(block.get("buffering_interval")) or 300.0
    share = (
        1.0 if block.get("compression_format") in {None, "UNCOMPRESSED"} else month.fact("firehose.compressed_share")
    )
    gigabytes = month.total(delivery.address, "record") * _record_kb(month) * 1024.0 / GB
    objects = max(gigabytes * 1000.0 / size_mb, 3600.0 * float(HOURS_PER_MONTH) / every_s)
    kept = _lifecycle(month, bucket)[1]
    months = (kept or month.scenario.calendar["season_months"].at() * 30.0) * 24.0 / float(HOURS_PER_MONTH)
    return _stored(gigabytes * share * months, writes=objects)


STORAGE_CLASSES = {
    "STANDARD_IA": "standard_infrequent_access",
    "ONEZONE_IA": "one_zone_infrequent_access",
    "GLACIER_IR": "glacier_instant_retrieval",
    "GLACIER": "glacier_flexible_retrieval",
    "DEEP_ARCHIVE": "glacier_deep_archive",
}
"""S3's storage classes by their key in usage. What Intelligent-Tiering does depends on reads, which no scenario knows."""


def _by_class(month: Month, bucket: Resource, standard: Mapping[str, float]) -> Mapping[str, float]:
    """What a bucket holds, shared among the classes that its lifecycle moves objects to.

    In a bucket that has reached its steady state, objects of every age up to the last are equally many: each class holds them
    for as long as its days last. Objects that never expire are kept for a season. Each object that is written moves once to
    each class that it lives to see.
    """
    moves, last_day = _lifecycle(month, bucket)
    age = last_day or month.scenario.calendar["season_months"].at() * 30.0
    days = sorted((day, name) for name, day in moves.items() if day < age)
    never = {name: 0.0 for name, day in moves.items() if day >= age}
    standard = {
        **standard,
        **{f"{STORAGE_CLASSES[name]}.storage_gb": gb for name, gb in never.items()},
        **{f"{STORAGE_CLASSES[name]}.monthly_lifecycle_transition_requests": gb for name, gb in never.items()},
    }
    if not days:
        return standard
    stored_gb, writes = standard["standard.storage_gb"], standard["standard.monthly_tier_1_requests"]
    found = {**standard, "standard.storage_gb": stored_gb * days[0][0] / age}
    for (day, name), end in zip(days, [*(day for day, _ in days[1:]), age], strict=True):
        key = STORAGE_CLASSES[name]
        found[f"{key}.storage_gb"] = stored_gb * (end - day) / age
        found[f"{key}.monthly_lifecycle_transition_requests"] = writes
    return found


def _lifecycle(month: Month, bucket: Resource) -> tuple[Mapping[str, float], float | None]:
    """The day on which objects of a bucket move to each class, and the day on which they go; None where they stay."""
    rules: list[Any] = list(bucket.values.get("lifecycle_rule") or ())
    for found in month.architecture.of_type("aws_s3_bucket_lifecycle_configuration"):
        if any(edge.address == bucket.address and edge.via == "bucket" for edge in found.references):
            rules += found.values.get("rule") or ()
    moves: dict[str, float] = {}
    last: list[float] = []
    for rule in rules:
        if not isinstance(rule, dict) or (rule.get("status", "Enabled") != "Enabled") or rule.get("enabled") is False:
            continue
        for move in blocks(rule.get("transition")):
            name, day = move.get("storage_class"), move.get("days")
            if name in STORAGE_CLASSES and isinstance(day, int | float):
                moves[name] = min(moves.get(name, math.inf), float(day))
        last += [
            float(end["days"]) for end in blocks(rule.get("expiration")) if isinstance(end.get("days"), int | float)
        ]
    return moves, min((day for day in last if day > 0), default=None)


def _stored(storage_gb: float, writes: float, reads: float = 0.0) -> Mapping[str, float]:
    return {
        "standard.storage_gb": storage_gb,
        "standard.monthly_tier_1_requests": writes,
        "standard.monthly_tier_2_requests": reads,
    }


def _database(month: Month, resource: Resource) -> Mapping[str, float]:
    """Backups, enhanced monitoring of any instance; credits of those that programs ask."""
    found = {}
    allocated, kept = resource.values.get("allocated_storage"), resource.values.get("backup_retention_period")
    if isinstance(allocated, int | float) and isinstance(kept, int | float) and kept > 0:
        found["additional_backup_storage_gb"] = allocated * month.fact("month.extra_backup_share")
    every_s = resource.values.get("monitoring_interval")
    if isinstance(every_s, int | float) and every_s > 0:
        samples = float(HOURS_PER_MONTH) * 3600.0 / every_s
        found["enhanced_monitoring_gb"] = samples * month.fact("month.enhanced_monitoring_bytes") / GB
    name = resource.values.get("instance_class")
    size = instances().get(name) if isinstance(name, str) else None
    source = month.references.linked(resource, "replicate_source_db", resource.type)
    primary = source[0] if source else resource
    readers = (primary, *month.reading.replicas(primary))
    known = month.station(primary) is not None and resource in readers
    if known and month.profile is not None and size is not None and size.burstable:
        each_s = month.profile.database_s_per_request.at()

        def busy(part: Stretch) -> Rates:
            asked = part.rate(primary.address, "read") / len(readers)
            return each_s * (asked if source else asked + part.rate(primary.address, "write"))

        found["monthly_cpu_credit_hrs"] = month.surplus_vcpu_hours(size.vcpu, size.baseline_vcpu, busy)
    return found


def _aurora(month: Month, cluster: Resource) -> Mapping[str, float]:
    """What an Aurora cluster holds, and what its storage is asked a second: every write, and reads that its memory has not."""
    if month.station(cluster) is None:
        return {}
    seconds = 3600.0 * float(HOURS_PER_MONTH)
    return {
        "storage_gb": month.fact("month.database_gb"),
        "write_requests_per_sec": month.total(cluster.address, "write") / seconds,
        "read_requests_per_sec": month.total(cluster.address, "read")
        / seconds
        * month.fact("aurora.storage_reads_per_read"),
    }


def _capacity_units(month: Month, member: Resource) -> Mapping[str, float]:
    """The capacity units that a serverless instance keeps busy, at least the fewest and at most the most of its cluster."""
    if member.values.get("instance_class") != "db.serverless" or month.profile is None:
        return {}
    each_s = month.profile.database_s_per_request.at() / month.fact("aurora.vcpu_per_capacity_unit")
    cluster = next(iter(month.references.linked(member, "cluster_identifier", "aws_rds_cluster")), None)
    scaling = first_block(cluster.values.get("serverlessv2_scaling_configuration")) if cluster is not None else {}
    least, most = (number(scaling.get(key)) for key in ("min_capacity", "max_capacity"))
    if cluster is None or month.station(cluster) is None or least is None or most is None:
        return {}
    members = len(list(month.references.about(cluster, "cluster_identifier", "aws_rds_cluster_instance")))

    def busy(part: Stretch) -> Rates:
        asked: Rates = np.clip(part.rate(cluster.address, "read", "write") * each_s / members, least, most)
        return asked

    return {"capacity_units_per_hr": month.over(busy) / 3600.0 / float(HOURS_PER_MONTH)}


def _cache(month: Month, resource: Resource) -> Mapping[str, float]:
    """Snapshots: AWS keeps one for nothing, https://aws.amazon.com/elasticache/pricing/; each further one is the data again."""
    kept = number(resource.values.get("snapshot_retention_limit")) or 0.0
    return {"snapshot_storage_size_gb": max(0.0, kept - 1.0) * month.fact("month.cache_gb")} if kept else {}


def _vault(month: Month, _resource: Resource) -> Mapping[str, float]:
    """Snapshots of databases: the first in full, the later ones by what changed, taken as much again. Of tables each in full."""
    copies = tables_gb = 0.0
    for plan in month.architecture.of_type("aws_backup_plan"):
        for rule in blocks(plan.values.get("rule")):
            days = number(first_block(rule.get("lifecycle")).get("delete_after"))
            often = a_month(rule.get("schedule"))
            if days is not None and often is not None:
                copies += days * often * 24.0 / float(HOURS_PER_MONTH)
        for selection in month.references.about(plan, "plan_id", "aws_backup_selection"):
            for table in month.references.linked(selection, "resources", "aws_dynamodb_table"):
                tables_gb += _table(month, table).get("storage_gb", 0.0)
    if tables_gb:
        return {"monthly_dynamodb_backup_gb": tables_gb * copies}
    return {"monthly_rds_snapshot_gb": 2.0 * month.fact("month.database_gb")}


def _cluster(month: Month, _resource: Resource) -> Mapping[str, float]:
    return {"container_insights_metrics": month.fact("month.container_insights_metrics")}


def _filter(month: Month, resource: Resource) -> Mapping[str, float]:
    """The metrics of a filter with dimensions; one without publishes one metric, which cost knows by itself."""
    blocks = resource.values.get("metric_transformation") or ()
    dimensions = any(block.get("dimensions") for block in blocks if isinstance(block, dict))
    return {"metrics": month.fact("month.metrics_per_filter")} if dimensions else {}


def _record(month: Month, resource: Resource) -> Mapping[str, float]:
    """Queries for the crowd's names that are no alias; aliases are free, and proofs of ownership are hardly asked for."""
    if resource.values.get("alias"):
        return {}
    if _proves_ownership(resource):
        return {"monthly_standard_queries": 0.0}
    named = [r for r in month.architecture.of_type("aws_route53_record") if _leads_to_a_hop(month, r)]
    if resource not in named:
        return {}
    return {"monthly_standard_queries": month.sessions * month.fact("month.name_lookups_per_session") / len(named)}


def _leads_to_a_hop(month: Month, record: Resource) -> bool:
    hops = [month.architecture.by_address[station.address] for station in month.reached_of("edge", "balancer")]
    return any(hop in month.references.linked(record, "records", hop.type) for hop in hops)


def _proves_ownership(record: Resource) -> bool:
    return any("aws_acm_certificate." in reference.address for reference in record.references)


def _registry(month: Month, _resource: Resource) -> Mapping[str, float]:
    return {"storage_gb": month.fact("month.images_kept") * month.fact("month.image_gb")}


def _secret(month: Month, secret: Resource) -> Mapping[str, float]:
    """Every instance of a program reads each secret that it is told of or may read when it starts.

    A secret whose content is in the Terraform is read by each deployment. Who reads another is unknown.
    """
    readers = [
        address
        for address in month.reached
        if month.network.stations[address].kind in COMPUTE
        and _reads(month, month.architecture.by_address[address], secret)
    ]
    planned = any(month.references.about(secret, "secret_id", "aws_secretsmanager_secret_version"))
    if not readers and not planned:
        return {}
    return {"monthly_requests": sum(_starts(month, r) for r in readers) + planned * month.fact("month.deployments")}


def _reads(month: Month, program: Resource, secret: Resource) -> bool:
    definition = month.reading.program(program)
    if definition is not program and secret in month.references.reachable([definition], secret.type):
        return True
    return any(secret in targets for _, targets, _ in month.reading.permissions(program))


def _starts(month: Month, address: str) -> float:
    """How often an instance of a program, or an environment of a function, starts in a month."""
    if address in month.programs:
        return month.starts(address)
    station = month.network.stations[address]
    deployments = month.fact("month.deployments")
    if station.kind != "function":
        return deployments
    seconds = month.over(lambda part: _executions(month, part, station))
    return deployments + seconds / 3600.0 / month.fact("lambda.environment_h")


def _key(month: Month, _resource: Resource) -> Mapping[str, float]:
    """Decryptions that follow the reading of secrets; bucket keys and data keys keep the rest small."""
    starts = sum(_starts(month, station.address) for station in month.reached_of(*COMPUTE))
    return {"monthly_requests": starts * month.fact("month.secret_reads_per_task_start")}


def _trail(month: Month, trail: Resource) -> Mapping[str, float]:
    """Data events of the buckets that a trail watches: what is written there and read."""
    selected = [
        data for block in blocks(trail.values.get("event_selector")) for data in blocks(block.get("data_resource"))
    ]
    if not selected or any(data.get("type") != "AWS::S3::Object" for data in selected):
        return {}
    buckets = [bucket for data in selected for bucket in month.references.buckets(data.get("values"))]
    keys = ("standard.monthly_tier_1_requests", "standard.monthly_tier_2_requests")
    return {"monthly_data_events": sum(_in_standard(month, bucket)[key] for bucket in buckets for key in keys)}


USAGE: Mapping[str, Row] = {
    "aws_api_gateway_rest_api": _rest_api,
    "aws_apigatewayv2_api": _api,
    "aws_autoscaling_group": _fleet,
    "aws_backup_vault": _vault,
    "aws_cloudfront_distribution": _edge,
    "aws_cloudtrail": _trail,
    "aws_cloudwatch_log_group": _log_group,
    "aws_cloudwatch_log_metric_filter": _filter,
    "aws_db_instance": _database,
    "aws_dynamodb_table": _table,
    "aws_ecr_repository": _registry,
    "aws_ecs_cluster": _cluster,
    "aws_ecs_service": _service,
    "aws_elasticache_replication_group": _cache,
    "aws_kinesis_firehose_delivery_stream": _firehose,
    "aws_kinesis_stream": _stream,
    "aws_kms_key": _key,
    "aws_lambda_function": _function,
    "aws_lambda_provisioned_concurrency_config": _provisioned,
    "aws_lb": _balancer,
    "aws_nat_gateway": _gateway,
    "aws_route53_record": _record,
    "aws_rds_cluster": _aurora,
    "aws_rds_cluster_instance": _capacity_units,
    "aws_s3_bucket": _bucket,
    "aws_secretsmanager_secret": _secret,
    "aws_sns_topic": _topic,
    "aws_sns_topic_subscription": _subscription,
    "aws_sqs_queue": _queue,
    "aws_vpc_endpoint": _endpoint,
    "aws_wafv2_web_acl": _firewall,
}
