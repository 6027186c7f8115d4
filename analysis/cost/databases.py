"""What keeping data in databases costs: the rate card's rows for RDS, Aurora, ElastiCache and DynamoDB."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from analysis.cost import support
from analysis.cost.setting import (
    Applies,
    Charge,
    Count,
    NotPriced,
    Setting,
    as_number,
    by_use,
    hourly,
    if_used,
    monthly,
)
from analysis.cost.transfer import TRANSFER
from analysis.facts.instances import instances
from analysis.units import HOURS_PER_MONTH, Quantity

ENGINES = {
    "mysql": "mysql", "postgres": "postgresql", "mariadb": "mariadb",
    "sqlserver-ee": "sqlserver_ee", "sqlserver-se": "sqlserver_se", "sqlserver-ex": "sqlserver_ex",
    "sqlserver-web": "sqlserver_web",
    "oracle-ee": "oracle_ee", "oracle-ee-cdb": "oracle_ee", "oracle-se": "oracle_se", "oracle-se1": "oracle_se1",
    "oracle-se2": "oracle_se2", "oracle-se2-cdb": "oracle_se2",
}  # fmt: skip
"""RDS engines with prices, and what the price book calls them. SQL Server and Oracle include their licence."""

GP3_LARGE_GB, GP3_SMALL, GP3_LARGE = 400, (3_000, 125), (12_000, 500)
"""IOPS and MiB/s that RDS gp3 storage includes below and from 400 GB on: the price row's attributes."""

FREE_INSIGHTS_DAYS = 7
"""Days of Performance Insights history that are free: https://aws.amazon.com/rds/performance-insights/pricing/."""

PROXY_MINIMUM_VCPU = 2
"""The least that a proxy is charged for: the price row's attributes."""


def _primary(database: Setting) -> Setting:
    """The instance a replica copies, through chains of replicas; the instance itself where it is no replica."""
    for _ in range(16):  # RDS allows three levels; the bound keeps a mistaken cycle from running on
        source = database.resource.values.get("replicate_source_db")
        if not source:
            break
        database = database.need("replicate_source_db", "aws_db_instance")
    return database


def _inherited(database: Setting, name: str, default: str = "") -> str:
    """An argument of the instance, or of the one it copies where it does not set it itself."""
    return database.text(name) or _primary(database).text(name, default)


def _engine(database: Setting) -> str:
    engine = _inherited(database, "engine")
    if engine not in ENGINES:
        raise NotPriced(f"the price book has no prices for the engine {engine!r}")
    if engine.startswith("oracle") and _inherited(database, "license_model") == "bring-your-own-license":
        return "mysql"  # Oracle without its licence costs what MySQL costs
    return ENGINES[engine]


def _is_aurora(database: Setting) -> bool:
    return _inherited(database, "engine").startswith("aurora")


def _own_storage(database: Setting) -> bool:
    """Whether the instance has storage of its own: Aurora's is the cluster's, and grows by itself."""
    return not _is_aurora(database)


def _zones(database: Setting) -> str:
    return "multi_az" if database.flag("multi_az") else "single_az"


def _class(setting: Setting, name: str = "instance_class") -> str:
    value = setting.text(name)
    if not value:
        raise NotPriced(f"{setting.resource.address} sets no {name}")
    return value.removeprefix("db.").removeprefix("cache.")


def _instance_sku(database: Setting) -> str:
    if _is_aurora(database):  # the provider takes Aurora's engines here too, and AWS charges them as Aurora
        return f"aurora.{_aurora(database)}.{_class(database)}.hour"
    return f"rds.{_engine(database)}.{_class(database)}.{_zones(database)}.hour"


def _storage_type(database: Setting) -> str:
    kind = _inherited(database, "storage_type") or ("io1" if database.get("iops") else "gp2")
    return "magnetic" if kind == "standard" else kind


def _storage_gb(database: Setting) -> Decimal:
    used = database.used("storage_gb")
    if used is not None:
        return used
    size = database.get("allocated_storage")
    return _primary(database).number("allocated_storage") if size is None else as_number(size, "allocated_storage")


def _storage_sku(database: Setting) -> str:
    kind, zones = _storage_type(database), _zones(database)
    return f"rds.storage.{kind}.{zones}.gb_month"


def _gp3_above(name: str, position: int) -> Count:
    def above(database: Setting) -> Decimal:
        included = (GP3_LARGE if _storage_gb(database) >= GP3_LARGE_GB else GP3_SMALL)[position]
        return max(Decimal(0), database.number(name, included) - included)

    return above


def _stored_as(kind: str, above: Count | None = None) -> Applies:
    return lambda s: _own_storage(s) and _storage_type(s) == kind and (above is None or above(s) > 0)


def vcpus(database: Setting) -> Decimal:
    """The vCPUs of an instance, by its class."""
    known = instances().get(database.text("instance_class"))
    if known is None:
        raise NotPriced(f"no fact says how many vCPUs {database.text('instance_class') or 'it'} has")
    return Decimal(known.vcpu)


def _insights_sku(database: Setting) -> str:
    family = _class(database).split(".", maxsplit=1)[0]
    if family not in {"t3", "m5"}:
        raise NotPriced(f"the price book has no price for long Performance Insights retention on db.{family}")
    return f"rds.performance_insights.long_term.{family}.vcpu_month"


def _keeps_insights(database: Setting) -> bool:
    days = database.number("performance_insights_retention_period", FREE_INSIGHTS_DAYS)
    return database.flag("performance_insights_enabled") and days > FREE_INSIGHTS_DAYS


def _copies(database: Setting) -> int:
    """The instances of a database: two where a standby stands in another zone."""
    return 2 if database.flag("multi_az") else 1


def extended_support(
    family: Callable[[Setting], str], count: Callable[[Setting], Decimal], applies: Applies = lambda _: True
) -> tuple[Charge, ...]:
    """The rows for extended support by the vCPU of `count` vCPUs, of the price family (`rds`, `aurora`)."""

    def row(year: int, component: str, part: str) -> Charge:
        return hourly(
            f"extended support, {component}",
            lambda s: f"{family(s)}.extended_support.{part}.vcpu_hour",
            count,
            support.in_year(year, applies),
            "vCPU-hour",
        )

    return row(1, "years 1 and 2", "year1_2"), row(3, "year 3", "year3")


def _credit_sku(database: Setting) -> str:
    family = _class(database).split(".", maxsplit=1)[0]
    return f"rds.cpu_credit.{family}.vcpu_hour"


RDS_INSTANCE = (
    hourly("instance", _instance_sku),
    Charge("storage", _storage_sku, lambda s: Quantity(_storage_gb(s), "GB-month"), ("storage_gb",), _own_storage),
    by_use("storage, Aurora", "aurora.storage.standard.gb_month", "storage_gb", "GB-month", applies=_is_aurora),
    monthly(
        "IOPS above the baseline, gp3",
        lambda s: f"rds.storage.gp3.{_zones(s)}.iops_month",
        "IOPS-month",
        _gp3_above("iops", 0),
        _stored_as("gp3", _gp3_above("iops", 0)),
    ),
    monthly(
        "throughput above the baseline, gp3",
        lambda s: f"rds.storage.gp3.{_zones(s)}.throughput_mibps_month",
        "MiBps-month",
        _gp3_above("storage_throughput", 1),
        _stored_as("gp3", _gp3_above("storage_throughput", 1)),
    ),
    monthly(
        "IOPS, io1",
        lambda s: f"rds.storage.io1.{_zones(s)}.iops_month",
        "IOPS-month",
        lambda s: s.number("iops"),
        _stored_as("io1"),
    ),
    by_use(
        "I/O requests, magnetic",
        "rds.storage.magnetic.million_io",
        "monthly_standard_io_requests",
        "1M I/O",
        per=10**6,
        applies=_stored_as("magnetic"),
    ),
    by_use(
        "backup storage beyond the free 100 %",
        "rds.backup_storage.gb_month",
        "additional_backup_storage_gb",
        "GB-month",
        applies=lambda s: (
            s.number("backup_retention_period", 0) > 0 or s.used("additional_backup_storage_gb") is not None
        ),
    ),
    if_used("snapshot export to S3", "rds.snapshot_export.gb", "snapshot_export_size_gb", "GB"),
    monthly("performance insights, long retention", _insights_sku, "vCPU-month", vcpus, _keeps_insights),
    by_use(
        "enhanced monitoring, log ingestion",
        "cloudwatch.logs.ingest.gb",
        "enhanced_monitoring_gb",
        "GB",
        applies=lambda s: s.number("monitoring_interval", 0) > 0,
    ),
    if_used("surplus CPU credits", _credit_sku, "monthly_cpu_credit_hrs", "vCPU-hour"),
    hourly("public IPv4 address", "public_ipv4.in_use.hour", applies=lambda s: s.flag("publicly_accessible")),
    *extended_support(lambda s: "aurora" if _is_aurora(s) else "rds", lambda s: vcpus(s) * _copies(s)),
)


def _proxied(proxy: Setting) -> tuple[Setting, ...]:
    """The database instances behind a proxy. Raises NotPriced for clusters, whose vCPUs this does not know, and for none."""
    targets = [proxy.of(target) for target in proxy.referred_by("aws_db_proxy_target")]
    if any(target.resource.values.get("db_cluster_identifier") for target in targets):
        raise NotPriced("the proxy stands before an Aurora cluster, whose capacity is not derived here")
    if not targets:
        raise NotPriced(
            "no aws_db_proxy_target of this stack names the database, and the proxy is charged by its vCPUs"
        )
    return tuple(target.need("db_instance_identifier", "aws_db_instance") for target in targets)


def _proxy_vcpu_hours(proxy: Setting) -> Quantity:
    vcpu = sum((max(Decimal(PROXY_MINIMUM_VCPU), vcpus(database)) for database in _proxied(proxy)), Decimal(0))
    return Quantity(vcpu * HOURS_PER_MONTH, "vCPU-hour")


# --- Aurora -------------------------------------------------------------------------------------------------------------


def _cluster(instance: Setting) -> Setting:
    return instance.need("cluster_identifier", "aws_rds_cluster")


def _aurora(setting: Setting) -> str:
    engine = setting.text("engine")
    if not engine.startswith("aurora"):
        raise NotPriced(f"the price book has no prices for clusters of the engine {engine!r}")
    return "postgresql" if engine == "aurora-postgresql" else "mysql"


def _io_optimised(cluster: Setting) -> bool:
    return cluster.text("storage_type") == "aurora-iopt1"


def _aurora_sku(instance: Setting) -> str:
    if _io_optimised(_cluster(instance)):
        raise NotPriced("the price book has no prices for instances of an I/O-optimised cluster")
    return f"aurora.{_aurora(instance)}.{_class(instance)}.hour"


def _serverless(instance: Setting) -> bool:
    return instance.text("instance_class") == "db.serverless"


def _capacity_sku(instance: Setting) -> str:
    return f"aurora.serverless_v2.acu_hour{'_io_optimized' if _io_optimised(_cluster(instance)) else ''}"


def _capacity_hours(setting: Setting) -> Quantity | None:
    """The capacity that the month uses, else the least that the cluster keeps; None where it may pause."""
    units = setting.used("capacity_units_per_hr")
    if units is None:
        units = _least_capacity(setting)
    return Quantity(units * HOURS_PER_MONTH, "ACU-hour") if units else None


def _least_capacity(setting: Setting) -> Decimal:
    """The capacity units that stay without any load: the floor of serverless v2, and of v1 where it does not pause."""
    if setting.resource.type == "aws_rds_cluster":
        scaling = setting.block("scaling_configuration")
        if setting.known(scaling.get("auto_pause", True), "auto_pause") is not False:
            return Decimal(0)
        return as_number(setting.known(scaling.get("min_capacity") or 1, "min_capacity"), "min_capacity")
    cluster = _cluster(setting)
    least = cluster.block("serverlessv2_scaling_configuration").get("min_capacity")
    return as_number(cluster.known(least or 0, "min_capacity"), "min_capacity")


def _support_by_use() -> tuple[Charge, ...]:
    """Extended support of a serverless instance: by the capacity that it uses."""

    def row(year: int, component: str, part: str) -> Charge:
        return Charge(
            f"extended support, {component}, serverless v2",
            f"aurora.extended_support.{part}.acu_hour",
            _capacity_hours,
            ("capacity_units_per_hr",),
            support.in_year(year, _serverless),
        )

    return row(1, "years 1 and 2", "year1_2"), row(3, "year 3", "year3")


def _cluster_io(cluster: Setting) -> Quantity | None:
    per_s = [cluster.used(key) for key in ("write_requests_per_sec", "read_requests_per_sec")]
    known = [rate for rate in per_s if rate is not None]
    return Quantity(sum(known, Decimal(0)) * 3600 * HOURS_PER_MONTH / 10**6, "1M I/O") if known else None


def _change_records(cluster: Setting) -> Quantity | None:
    statements, per_statement = cluster.used("average_statements_per_hr"), cluster.used("change_records_per_statement")
    hours = cluster.used("backtrack_window_hrs")
    if statements is None or per_statement is None:
        return None
    window = cluster.number("backtrack_window") / 3600 if hours is None else hours
    return Quantity(statements * per_statement * window * HOURS_PER_MONTH / 10**6, "1M change records")


# --- ElastiCache --------------------------------------------------------------------------------------------------------


def _nodes(group: Setting) -> Decimal:
    """The nodes of a replication group: its cache clusters, or its shards, each with its replicas."""
    for name in ("num_cache_clusters", "number_cache_clusters"):
        value = group.get(name)
        if value is not None:
            return as_number(value, name)
    mode = group.block("cluster_mode")  # the form of older providers
    shards = group.get("num_node_groups", mode.get("num_node_groups"))
    replicas = group.get("replicas_per_node_group", mode.get("replicas_per_node_group"))
    if shards is None and replicas is None:
        return Decimal(1)
    return as_number(shards or 1, "num_node_groups") * (1 + as_number(replicas or 0, "replicas_per_node_group"))


def _group_of(cache: Setting) -> Setting:
    """The replication group that a cluster adds a replica to; the cache itself where it stands alone."""
    member = cache.resource.type == "aws_elasticache_cluster" and cache.resource.values.get("replication_group_id")
    return cache.need("replication_group_id", "aws_elasticache_replication_group") if member else cache


def _cache_sku(cache: Setting) -> str:
    group = _group_of(cache)
    return f"elasticache.{group.text('engine', 'redis')}.{_class(group, 'node_type')}.hour"


def _support_share(count: Callable[[Setting], Decimal]) -> Charge:
    """Extended support of the nodes: a share of their price, as so many more hours of them."""
    return hourly(
        "extended support, 80 % of the nodes, from the third year on 160 %",
        _cache_sku,
        lambda s: count(s) * support.CACHE_SHARE[support.year(_group_of(s))],
        lambda s: support.year(_group_of(s)) > 0,
    )


def _snapshots(group: Setting) -> bool:
    # One snapshot per cluster is free, so a retention of one day costs nothing.
    return group.number("snapshot_retention_limit", 0) > 1


SNAPSHOT_STORAGE = by_use(
    "snapshot storage",
    "elasticache.backup_storage.gb_month",
    "snapshot_storage_size_gb",
    "GB-month",
    applies=_snapshots,
)


def _serverless_cache(kind: str) -> Callable[[Setting], str]:
    return lambda s: f"elasticache.serverless.{s.text('engine')}.{kind}"


SERVERLESS_CACHE_MINIMUM_GB = {"valkey": Decimal("0.1")}
"""Data that a serverless cache is charged for at least, 1 GB for other engines: https://aws.amazon.com/elasticache/pricing/."""


def _stored_gb_hours(cache: Setting) -> Quantity:
    least = SERVERLESS_CACHE_MINIMUM_GB.get(cache.text("engine"), Decimal(1)) * HOURS_PER_MONTH
    return Quantity(max(least, cache.used("gb_hours") or Decimal(0)), "GB-hour")


# --- DynamoDB -----------------------------------------------------------------------------------------------------------


def _on_demand(table: Setting) -> bool:
    return table.text("billing_mode", "PROVISIONED") == "PAY_PER_REQUEST"


def _capacity(name: str) -> Count:
    def units(table: Setting) -> Decimal:
        indexes = table.blocks("global_secondary_index")
        return table.number(name) + sum(
            (as_number(table.known(i.get(name), name) or 0, name) for i in indexes), Decimal(0)
        )

    return units


def _unit_hours(unit: str, name: str) -> Callable[[Setting], Quantity | None]:
    """Hours of provisioned units: as scaling keeps them, else those that are set, all month."""

    def hours(table: Setting) -> Quantity | None:
        used = table.used(f"{unit}_capacity_unit_hours")
        return Quantity(HOURS_PER_MONTH * _capacity(f"{unit}_capacity")(table) if used is None else used, name)

    return hours


def _replicated(table: Setting) -> bool:
    return bool(table.blocks("replica"))


def _at_replicas(sku: str) -> Callable[[Setting], str]:
    """A price that counts in each region of a table's replicas, too. Raises NotPriced where it is another there, or not known."""

    def of(table: Setting) -> str:
        for replica in table.blocks("replica"):
            region = str(table.known(replica.get("region_name"), "region_name"))
            here, there = table.prices.prices.get(sku), table.prices.of(region).prices.get(sku)
            if here is None or there is None:
                raise NotPriced(f"the price book has no {sku} of {region} or none of {table.prices.region}")
            if [tier.usd for tier in here.tiers] != [tier.usd for tier in there.tiers]:
                raise NotPriced(
                    f"{sku} costs {there.tiers[0].usd} in {region} and {here.tiers[0].usd} in {table.prices.region}"
                )
        return _standard_class(sku)(table)

    return of


def _for_replicas(charge: Charge, sku: str, unit: str) -> Charge:
    """What a charge of a table costs again for each of its replicas, under its own sku and unit."""
    history = charge.applies is _keeps_history

    def copies(table: Setting) -> int:
        return sum(not history or replica.get("point_in_time_recovery") is True for replica in table.blocks("replica"))

    def quantity(table: Setting) -> Quantity | None:
        once = charge.quantity(table)
        return None if once is None else Quantity(once.amount * copies(table), unit)

    def applies(table: Setting) -> bool:
        return copies(table) > 0 and (history or charge.applies(table))

    return Charge(f"replicas: {charge.component}", _at_replicas(sku), quantity, charge.keys, applies)


def _standard_class(sku: str) -> Callable[[Setting], str]:
    def of(table: Setting) -> str:
        if table.text("table_class", "STANDARD") != "STANDARD":
            raise NotPriced("the price book has no prices for the table class STANDARD_INFREQUENT_ACCESS")
        return sku

    return of


def _keeps_history(table: Setting) -> bool:
    return table.block("point_in_time_recovery").get("enabled") is True


TABLE = (
    by_use(
        "writes, on demand",
        _standard_class("dynamodb.ondemand.write.million"),
        "monthly_write_request_units",
        "1M WRU",
        per=10**6,
        applies=_on_demand,
    ),
    by_use(
        "reads, on demand",
        _standard_class("dynamodb.ondemand.read.million"),
        "monthly_read_request_units",
        "1M RRU",
        per=10**6,
        applies=_on_demand,
    ),
    Charge(
        "write capacity",
        _standard_class("dynamodb.provisioned.wcu_hour"),
        _unit_hours("write", "WCU-hour"),
        ("write_capacity_unit_hours",),
        lambda s: not _on_demand(s),
    ),
    Charge(
        "read capacity",
        _standard_class("dynamodb.provisioned.rcu_hour"),
        _unit_hours("read", "RCU-hour"),
        ("read_capacity_unit_hours",),
        lambda s: not _on_demand(s),
    ),
    by_use("storage", _standard_class("dynamodb.storage.gb_month"), "storage_gb", "GB-month"),
    by_use(
        "point-in-time recovery",
        "dynamodb.pitr.gb_month",
        "pitr_backup_storage_gb",
        "GB-month",
        applies=_keeps_history,
    ),
    if_used("on-demand backups", "dynamodb.backup.gb_month", "on_demand_backup_storage_gb", "GB-month"),
    if_used("restored data", "dynamodb.restore.gb", "monthly_data_restored_gb", "GB"),
    # Reads by Lambda are free; only other readers of the stream make these.
    if_used(
        "stream reads",
        "dynamodb.streams.100k_reads",
        "monthly_streams_read_request_units",
        "100k sRRU",
        per=10**5,
    ),
)
"""What a table costs in its own region."""

REPLICAS = (
    *(
        _for_replicas(charge, sku, unit)
        for charge, sku, unit in zip(
            TABLE[:6],
            (
                "dynamodb.ondemand.replicated_write.million", "dynamodb.ondemand.read.million",
                "dynamodb.provisioned.replicated_wcu_hour", "dynamodb.provisioned.rcu_hour",
                "dynamodb.storage.gb_month", "dynamodb.pitr.gb_month",
            ),
            ("1M rWRU", "1M RRU", "rWCU-hour", "RCU-hour", "GB-month", "GB-month"),
            strict=True,
        )
    ),
    by_use("replication to other regions", "transfer.inter_region.gb", "monthly_replicated_gb", "GB", applies=_replicated),
)  # fmt: skip
"""What each replica of a table costs in its region, at the capacity that the table itself has, and the bytes that go there."""


CHARGES: Mapping[str, tuple[Charge, ...]] = {
    "aws_db_instance": (*RDS_INSTANCE, *TRANSFER),
    "aws_db_proxy": (Charge("proxy", "rds.proxy.vcpu_hour", _proxy_vcpu_hours),),
    "aws_rds_cluster": (
        by_use(
            "storage",
            lambda s: f"aurora.storage.{'io_optimized' if _io_optimised(s) else 'standard'}.gb_month",
            "storage_gb",
            "GB-month",
            applies=lambda s: bool(_aurora(s)),
        ),
        Charge(
            "I/O requests",
            "aurora.io.million_requests",
            _cluster_io,
            ("write_requests_per_sec", "read_requests_per_sec"),
            lambda s: not _io_optimised(s),
        ),
        Charge(
            "capacity, serverless v1",
            "aurora.serverless_v1.acu_hour",
            _capacity_hours,
            ("capacity_units_per_hr",),
            lambda s: s.text("engine_mode") == "serverless",
        ),
        if_used("backup storage", "aurora.backup_storage.gb_month", "backup_snapshot_size_gb", "GB-month"),
        Charge(
            "backtrack",
            "aurora.backtrack.million_change_records",
            _change_records,
            ("average_statements_per_hr", "change_records_per_statement", "backtrack_window_hrs"),
            lambda s: s.number("backtrack_window", 0) > 0,
        ),
        if_used("snapshot export to S3", "aurora.snapshot_export.gb", "snapshot_export_size_gb", "GB"),
    ),
    "aws_rds_cluster_instance": (
        hourly("instance", _aurora_sku, applies=lambda s: not _serverless(s)),
        Charge("capacity, serverless v2", _capacity_sku, _capacity_hours, ("capacity_units_per_hr",), _serverless),
        *extended_support(lambda _: "aurora", vcpus, lambda s: not _serverless(s)),
        *_support_by_use(),
        if_used("surplus CPU credits", "aurora.cpu_credit.t3.vcpu_hour", "monthly_cpu_credit_hrs", "vCPU-hour"),
        by_use(
            "enhanced monitoring, log ingestion",
            "cloudwatch.logs.ingest.gb",
            "enhanced_monitoring_gb",
            "GB",
            applies=lambda s: s.number("monitoring_interval", 0) > 0,
        ),
    ),
    "aws_elasticache_replication_group": (
        hourly("nodes", _cache_sku, _nodes),
        _support_share(_nodes),
        SNAPSHOT_STORAGE,
        *TRANSFER,
    ),
    "aws_elasticache_cluster": (
        # A cluster that names a replication group is one more replica of it, of the group's type and engine.
        hourly("nodes", _cache_sku, lambda s: s.number("num_cache_nodes", 1)),
        _support_share(lambda s: s.number("num_cache_nodes", 1)),
        SNAPSHOT_STORAGE,
    ),
    "aws_elasticache_serverless_cache": (
        Charge("data stored", _serverless_cache("gb_hour"), _stored_gb_hours, ("gb_hours",)),
        by_use("processing units", _serverless_cache("million_ecpu"), "monthly_ecpus", "1M ECPU", per=10**6),
    ),
    "aws_dynamodb_table": (
        *TABLE,
        *REPLICAS,
    ),
}
