"""Which resources take load, and what each has only so much of: one row for each type.

A row is a function from a resource to its station. Limits that AWS publishes come from `facts/limits.csv`, sizes from the
Terraform, costs from the program's profile; what nobody publishes is an assumption there, with its range.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from analysis.architecture import Resource
from analysis.facts import instances, limit
from analysis.network.model import HOTTEST, ONE, Figure, Kind, Limit, Station, Unit, assumed, exact, published
from analysis.network.reading import CACHE_TYPES, Reading
from analysis.wiring.values import blocks, cpu_units, first_block, memory_mib, number

CONCURRENCY_QUOTA = "L-B99A9384"
"""Service Quotas' code of concurrent executions: https://docs.aws.amazon.com/general/latest/gr/lambda-service.html"""

_REQUESTS: tuple[Unit, ...] = ("request", "connect")


def _quota(fact: str, name: str, units: tuple[Unit, ...], pool: str = "") -> Limit:
    """A quota of requests per second: each unit takes one of it."""
    return Limit(name, published(limit(fact)), dict.fromkeys(units, ONE), "quota of requests per second", pool=pool)


def _edge(resource: Resource, _: Reading) -> Station:
    quota = _quota("cloudfront.requests_per_s", "requests", (*_REQUESTS, "record"))
    return Station(resource.address, "edge", resource.defined_at, (quota,))


def _balancer(resource: Resource, _: Reading) -> Station:
    return Station(resource.address, "balancer", resource.defined_at)


def _account_quota() -> Limit:
    """API Gateway's bucket of an account and region, from which REST, HTTP and WebSocket APIs and their callbacks all take."""
    units: tuple[Unit, ...] = ("request", "connect", "record", "delivery")
    return _quota("apigateway.requests_per_s", "requests of the account", units, pool="api gateway of the account")


def _throttle(resource: Resource, reading: Reading) -> tuple[Limit, ...]:
    """The throttle that a stage or its method settings set on an API; none where they leave it to the account."""
    throttles = []
    for settings in reading.references.about(resource, "rest_api_id", "aws_api_gateway_method_settings"):
        throttles += [(settings, block) for block in blocks(settings.values.get("settings"))]
    for stage in reading.references.about(resource, "api_id", "aws_apigatewayv2_stage"):
        throttles += [(stage, block) for block in blocks(stage.values.get("default_route_settings"))]
    found = []
    for owner, block in throttles:
        rate = number(block.get("throttling_rate_limit"))
        if rate is not None and rate > 0:
            most = exact("throttling_rate_limit", rate, "1/s", str(owner.defined_at))
            found.append(Limit("throttle of the stage", most, dict.fromkeys(_REQUESTS, ONE), "rate of the stage"))
    return tuple(found)


def _rest_api(resource: Resource, reading: Reading) -> Station:
    return Station(resource.address, "api", resource.defined_at, (*_throttle(resource, reading), _account_quota()))


def _socket_or_http_api(resource: Resource, reading: Reading) -> Station:
    limits = (*_throttle(resource, reading), _account_quota())
    if resource.values.get("protocol_type") != "WEBSOCKET":
        return Station(resource.address, "api", resource.defined_at, limits)
    fresh = _quota(
        "apigateway.websocket.new_connections_per_s", "new connections", ("connect",), "sockets of the account"
    )
    return Station(resource.address, "socket", resource.defined_at, (*limits, fresh))


# Programs.


def _work(resource: Resource, reading: Reading, vcpu: Figure, workers: Figure | None) -> tuple[Limit, ...]:
    """What a program's processors and workers can do: one instance's share is in the Terraform, the cost in the profile.

    A worker that waits for the database meanwhile holds a slot for CPU time plus waiting; one of an event loop does not wait, and
    cannot use more than one vCPU.
    """
    profile = reading.profile
    if profile is None:
        reading.warn(
            f"{resource.address}: what a request costs it is not known, so its processors are no limit here; name a runtime",
            resource.defined_at,
        )
        return ()
    count = workers or exact("workers", profile.workers, "worker", f"runtime profile {profile.name}")
    each = reading.setting(resource, "threads", "thread")
    threads = 1.0 if each is None or profile.concurrency == "event_loop" else each.value
    busy = assumed(profile.cpu_s_per_request)
    costs: dict[Unit, Figure] = {
        "request": busy,
        "connect": busy,
        "record": published(limit("service.cpu_s_per_record")),
    }
    if profile.cpu_s_per_hit is not None:
        costs["hit"] = assumed(profile.cpu_s_per_hit)
    if any(reading.publishers(channel) for channel in reading.named_in_settings(resource, *CACHE_TYPES)):
        costs["broadcast"] = published(limit("stream.cpu_s_per_broadcast"))
    costs = {unit: reading.slowed(cost, threads) for unit, cost in costs.items()}
    delivery: dict[Unit, Figure] = {"delivery": published(limit("stream.cpu_s_per_delivery"))}
    if profile.concurrency == "event_loop":
        share = vcpu if vcpu.value <= count.value else count
        inputs = (vcpu, count, *dict.fromkeys((*costs.values(), *delivery.values())))
        return (Limit("processor", share, costs | delivery, "instances x min(v, W) / D", True, rests_on=inputs),)
    waiting = assumed(profile.database_s_per_request)
    held = {unit: cost if unit == "hit" else _sum(cost, waiting) for unit, cost in costs.items()}
    slots = count.times(threads, "workers", "slot")
    inputs = (
        vcpu,
        count,
        *((each,) if threads != 1.0 and each is not None else ()),
        *dict.fromkeys(costs.values()),
        waiting,
    )
    return (
        Limit("processor", vcpu, costs | delivery, "instances x v / D", True, rests_on=inputs),
        Limit("workers", slots, held | delivery, "instances x W / (D + w)", True, rests_on=inputs),
    )


def _sum(one: Figure, other: Figure) -> Figure:
    return Figure(
        f"{one.name} and {other.name}",
        one.value + other.value,
        one.low + other.low,
        one.high + other.high,
        one.unit,
        one.origin,
    )


def _held(resource: Resource, reading: Reading, memory: Figure | None) -> tuple[Limit, ...]:
    """How many connections an instance holds: the program's own maximum, and what its memory has room for."""
    limits = []
    own = reading.setting(resource, "connections", "connection")
    if own is not None:
        limits.append(Limit("connections", own, {"connection": ONE}, "instances x connections each", per_instance=True))
    if memory is not None:
        each = published(limit("stream.bytes_per_connection"))
        limits.append(
            Limit("memory", memory, {"connection": each}, "instances x memory / bytes each", per_instance=True)
        )
    return tuple(limits)


def _service(resource: Resource, reading: Reading) -> Station | None:
    program = reading.program(resource)
    cpu, memory = cpu_units(program.values.get("cpu")), memory_mib(program.values.get("memory"))
    if program is resource or cpu is None or memory is None:
        reading.warn(
            f"{resource.address}: the size of its task is not known, so it has no limit here", resource.defined_at
        )
        return Station(resource.address, "service", resource.defined_at)
    vcpu = exact("task vCPU", cpu / 1024.0, "vCPU", str(program.location("cpu")))
    room = exact("task memory", memory * 2**20, "B", str(program.location("memory")))
    least, most = reading.tasks(resource)
    limits = (
        *_work(resource, reading, vcpu, reading.setting(resource, "workers", "worker")),
        *_held(resource, reading, room),
    )
    return Station(
        resource.address, "service", resource.defined_at, limits, least, most, _collects(resource, reading),
        reading.setting(resource, "feed_interval_s", "s"),
    )  # fmt: skip


def _collects(resource: Resource, reading: Reading) -> Figure | None:
    return reading.setting(resource, "send_interval_s", "s")


def _of_instances(resource: Resource, reading: Reading, kind: Kind, least: Figure, most: Figure) -> Station:
    """Instances of EC2: their class says the processors; one worker runs on each of them where the Terraform does not say."""
    template = reading.program(resource)
    name = template.values.get("instance_type")
    size = instances().get(name) if isinstance(name, str) else None
    if size is None:
        reading.warn(
            f"{resource.address}: its instance type is not in analysis/facts/instances.csv, so it has no limit here",
            template.location("instance_type"),
        )
        return Station(resource.address, kind, resource.defined_at, (), least, most)
    vcpu = exact(f"vCPU of {name}", size.vcpu, "vCPU", f"{template.location('instance_type')}; {size.source}")
    room = exact(f"memory of {name}", size.memory_bytes, "B", size.source)
    workers = exact("workers", size.vcpu, "worker", "one for each vCPU of the instance")
    limits = (*_work(resource, reading, vcpu, workers), *_held(resource, reading, room))
    return Station(resource.address, kind, resource.defined_at, limits, least, most)


def _fleet(resource: Resource, reading: Reading) -> Station:
    return _of_instances(resource, reading, "fleet", *reading.instances(resource))


def _instance(resource: Resource, reading: Reading) -> Station:
    return _of_instances(resource, reading, "instance", ONE, ONE)


def _function(resource: Resource, reading: Reading) -> Station:
    """Concurrency by Little's law: calls a second, times how long one takes, may not exceed the executions at once."""
    hold, delivery = published(limit("lambda.hold_s")), published(limit("lambda.delivery_s"))
    held: dict[Unit, Figure] = {"invocation": hold, "delivery": delivery}
    reserved = reading.figure(resource, "reserved_concurrent_executions", "execution")
    own = reserved is not None and reserved.value >= 0
    slots = reserved if own and reserved is not None else _account_concurrency(reading)
    pool = "" if own else "lambda concurrency of the account"
    name = "reserved concurrency" if own else "concurrency of the account"
    each = published(limit("lambda.requests_per_environment_per_s"))
    return Station(
        resource.address,
        "function",
        resource.defined_at,
        (
            Limit(name, slots, held, "executions at once / seconds each", pool=pool),
            Limit(
                "requests of an execution", slots.times(each.value, unit="1/s"), {"invocation": ONE}, "10/s for each execution",
                pool=pool and f"{pool}, requests",
            ),
        ),
        collects_s=_collects(resource, reading),
    )  # fmt: skip


def _account_concurrency(reading: Reading) -> Figure:
    """What functions without a reservation share: the account's quota, published or raised, less what is reserved."""
    quota = published(limit("lambda.concurrency"))
    for raised in reading.architecture.of_type("aws_servicequotas_service_quota"):
        value = number(raised.values.get("value"))
        if raised.values.get("quota_code") == CONCURRENCY_QUOTA and value is not None:
            quota = exact("quota of concurrent executions", value, "execution", str(raised.location("value")))
    reserved = [
        number(r.values.get("reserved_concurrent_executions"))
        for r in reading.architecture.of_type("aws_lambda_function")
    ]
    taken = sum(amount for amount in reserved if amount is not None and amount > 0)
    return exact("concurrency that is left", max(0.0, quota.value - taken), "execution", quota.origin)


# What keeps and carries.


def _cache(resource: Resource, reading: Reading) -> Station | None:
    node = resource.values.get("node_type")
    if not isinstance(node, str):
        reading.warn(f"{resource.address}: its node type is not known, so it is left out", resource.defined_at)
        return None
    fact = limit("redis.burstable_node.ops_per_s" if node.startswith("cache.t") else "redis.node.ops_per_s")
    shards = number(resource.values.get("num_node_groups")) or 1.0
    most = published(fact).times(shards)
    operations = Limit(
        "operations", most, {"lookup": ONE}, "operations per second of the primary nodes; replicas are not counted"
    )
    return Station(resource.address, "cache", resource.defined_at, (operations,))


def _database(resource: Resource, reading: Reading) -> Station | None:
    """A primary with the replicas that programs know: reads spread over them, writes go to the primary."""
    if resource.values.get("replicate_source_db"):
        return None
    name = resource.values.get("instance_class")
    size = instances().get(name) if isinstance(name, str) else None
    if size is None or reading.profile is None:
        what = f"its class {name}" if size is None else "what a request costs it"
        reading.warn(
            f"{resource.address}: {what} is not known, so it has no limit here", resource.location("instance_class")
        )
        return Station(resource.address, "database", resource.defined_at)
    readers = 1 + len(reading.replicas(resource))
    each = assumed(reading.profile.database_s_per_request)
    vcpu = exact(f"vCPU of {name}", size.vcpu, "vCPU", f"{resource.location('instance_class')}; {size.source}")
    every = Limit(
        "processors",
        vcpu.times(readers),
        {"read": each, "write": each},
        f"{readers} instances x vCPU / d; burst credits are taken as unlimited, as RDS bills them",
    )
    primary = Limit("processor of the primary", vcpu, {"write": each}, "vCPU / d")
    return Station(resource.address, "database", resource.defined_at, (every, primary) if readers > 1 else (every,))


def _cluster(resource: Resource, reading: Reading) -> Station:
    """An Aurora cluster: one instance writes, and every one answers reads where a program knows the endpoint for them.

    Serverless instances count by the most capacity units that they may reach.
    """
    members = list(reading.references.about(resource, "cluster_identifier", "aws_rds_cluster_instance"))
    sizes = [_cluster_vcpu(resource, member) for member in members]
    known = [size for size in sizes if size is not None]
    if not members or len(known) < len(members) or reading.profile is None:
        what = "its class" if reading.profile is not None else "what a request costs it"
        reading.warn(f"{resource.address}: {what} is not known, so it has no limit here", resource.defined_at)
        return Station(resource.address, "database", resource.defined_at)
    each = assumed(reading.profile.database_s_per_request)
    writer = min(known, key=lambda size: size.value)
    spread = reading.read_apart(resource)
    every = (
        writer.times(sum(size.value for size in known) / writer.value, "vCPU of the instances") if spread else writer
    )
    limits = [
        Limit(
            "processors",
            every,
            {"read": each, "write": each},
            f"{len(known) if spread else 1} instances x vCPU / d; burst credits are taken as unlimited, as RDS bills them",
        )
    ]
    if spread and len(known) > 1:
        limits.append(Limit("processor of the writer", writer, {"write": each}, "vCPU / d"))
    return Station(resource.address, "database", resource.defined_at, tuple(limits))


def _cluster_vcpu(cluster: Resource, member: Resource) -> Figure | None:
    """The processors of one instance of a cluster."""
    name = member.values.get("instance_class")
    if name == "db.serverless":
        most = number(first_block(cluster.values.get("serverlessv2_scaling_configuration")).get("max_capacity"))
        return None if most is None else published(limit("aurora.vcpu_per_capacity_unit")).times(most, unit="vCPU")
    size = instances().get(name) if isinstance(name, str) else None
    where = f"{member.location('instance_class')}; {size.source}" if size else ""
    return None if size is None else exact(f"vCPU of {name}", size.vcpu, "vCPU", where)


def _proxy(resource: Resource, _: Reading) -> Station:
    return Station(resource.address, "proxy", resource.defined_at)


def _table(resource: Resource, reading: Reading) -> Station:
    """Throughput of the table and of its hottest key; an index is written with it, and throttles it."""
    reads, writes = limit("dynamodb.partition.reads_per_s"), limit("dynamodb.partition.writes_per_s")
    limits = []
    if resource.values.get("billing_mode") == "PAY_PER_REQUEST":
        limits += [
            _quota("dynamodb.new_table.writes_per_s", "writes of a new table", ("write",)),
            _quota("dynamodb.new_table.reads_per_s", "reads of a new table", ("read",)),
        ]
    else:
        units: tuple[Unit, ...] = ("write", "read")
        indexes = [str(block.get("name")) for block in blocks(resource.values.get("global_secondary_index"))]
        for unit, name in [*((unit, "") for unit in units), *((units[0], name) for name in indexes)]:
            amount = reading.provisioned(resource, unit, name)
            if amount is not None:
                limits.append(
                    Limit(amount.name, amount, {unit: ONE}, f"{unit}s of up to {1 if unit == 'write' else 4} kB")
                )
    hottest = published(limit("dynamodb.hottest_key_share"))
    limits.append(
        Limit(
            f"writes of the {HOTTEST}",
            published(writes),
            {"write": hottest},
            "writes of a partition / share of the hottest key",
        )
    )
    limits.append(
        Limit(
            f"reads of the {HOTTEST}",
            published(reads),
            {"read": hottest},
            "reads of a partition / share of the hottest key",
        )
    )
    for index in blocks(resource.values.get("global_secondary_index")):
        name = f"writes of the {HOTTEST} of {index.get('name')}"
        limits.append(
            Limit(name, published(writes), {"write": hottest}, "writes of a partition / share of the hottest key")
        )
    return Station(resource.address, "table", resource.defined_at, (*limits, *reading.batches(resource)))


def _stream(resource: Resource, reading: Reading) -> Station:
    """Records that its shards take, one key's on one shard, and the calls of its readers that run at once."""
    mode = first_block(resource.values.get("stream_mode_details")).get("stream_mode")
    shard = published(limit("kinesis.shard.write_records_per_s"))
    shards = reading.figure(resource, "shard_count", "shard")
    if mode == "ON_DEMAND" or shards is None:
        records = _quota("kinesis.new_on_demand.write_records_per_s", "records of a new stream", ("record",))
    else:
        records = Limit("records", shard.times(shards.value), {"record": ONE}, "shards x records of a shard")
    hottest = published(limit("kinesis.hottest_key_share"))
    one_key = Limit(
        f"records of the {HOTTEST}", shard, {"record": hottest}, "records of a shard / share of the hottest key"
    )
    return Station(resource.address, "stream", resource.defined_at, (records, one_key, *reading.batches(resource)))


def _queue(resource: Resource, _: Reading) -> Station:
    limits = (
        (_quota("sqs.fifo.calls_per_s", "messages", ("record",)),) if resource.values.get("fifo_queue") is True else ()
    )
    return Station(resource.address, "queue", resource.defined_at, limits)


def _topic(resource: Resource, _: Reading) -> Station:
    return Station(resource.address, "topic", resource.defined_at)


def _delivery(resource: Resource, _: Reading) -> Station:
    """A delivery stream of Firehose: what programs put has a quota, what comes from a stream has none of its own."""
    puts = (
        ()
        if resource.values.get("kinesis_source_configuration")
        else (_quota("firehose.direct_put.records_per_s", "records", ("record",)),)
    )
    return Station(resource.address, "delivery", resource.defined_at, puts)


def _bucket(resource: Resource, _: Reading) -> Station:
    limits = (
        _quota("s3.prefix.reads_per_s", "reads of a prefix", ("read", "request")),
        _quota("s3.prefix.writes_per_s", "writes of a prefix", ("write",)),
    )
    return Station(resource.address, "bucket", resource.defined_at, limits)


STATIONS: Mapping[str, Callable[[Resource, Reading], Station | None]] = MappingProxyType(
    {
        "aws_cloudfront_distribution": _edge,
        "aws_lb": _balancer,
        "aws_api_gateway_rest_api": _rest_api,
        "aws_apigatewayv2_api": _socket_or_http_api,
        "aws_ecs_service": _service,
        "aws_autoscaling_group": _fleet,
        "aws_instance": _instance,
        "aws_lambda_function": _function,
        "aws_elasticache_replication_group": _cache,
        "aws_elasticache_cluster": _cache,
        "aws_db_instance": _database,
        "aws_rds_cluster": _cluster,
        "aws_db_proxy": _proxy,
        "aws_dynamodb_table": _table,
        "aws_kinesis_stream": _stream,
        "aws_sqs_queue": _queue,
        "aws_sns_topic": _topic,
        "aws_kinesis_firehose_delivery_stream": _delivery,
        "aws_s3_bucket": _bucket,
    }
)
"""Resource type -> its station; None in place of one says that the resource is part of another."""
