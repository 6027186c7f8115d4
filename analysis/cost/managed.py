"""What search, brokers, warehouses and other managed servers cost: the rate card's rows that count nodes by their type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from analysis.architecture import Value
from analysis.cost import support
from analysis.cost.setting import Applies, Charge, NotPriced, Setting, as_number, by_use, hourly, if_used, monthly

# --- OpenSearch ---------------------------------------------------------------------------------------------------------


def _nodes(domain: Setting) -> Mapping[str, Value]:
    return domain.block("cluster_config")


def _node_sku(argument: str, default: str = "m4.large.search") -> Callable[[Setting], str]:
    def sku(domain: Setting) -> str:
        kind = str(domain.known(_nodes(domain).get(argument), argument) or default)
        return f"opensearch.{kind.removesuffix('.search').removesuffix('.elasticsearch')}.hour"

    return sku


def _node_count(argument: str, default: int) -> Callable[[Setting], Decimal]:
    def count(domain: Setting) -> Decimal:
        return as_number(domain.known(_nodes(domain).get(argument), argument) or default, argument)

    return count


def _switched(argument: str) -> Applies:
    return lambda s: _nodes(s).get(argument) in {True, "true"}


def _search_volume(kind: str) -> Applies:
    def applies(domain: Setting) -> bool:
        options = domain.block("ebs_options")
        on = options.get("ebs_enabled") in {True, "true"}
        return on and str(domain.known(options.get("volume_type"), "volume_type") or "gp2") == kind

    return applies


def _search_gb(domain: Setting) -> Decimal:
    size = domain.known(domain.block("ebs_options").get("volume_size"), "volume_size")
    return as_number(size or 0, "volume_size") * _node_count("instance_count", 1)(domain)


def _untold_support(domain: Setting) -> str:
    found = support.version(domain)
    raise NotPriced(
        f"{found.engine if found else ''} {found.version if found else ''} is past its standard support, "
        "and the price book has no price for what that adds"
    )


def _past_support(setting: Setting) -> bool:
    return support.year(setting) > 0


SEARCH = (
    hourly("nodes", _node_sku("instance_type"), _node_count("instance_count", 1)),
    # Dedicated masters and UltraWarm are nodes too.
    hourly(
        "dedicated masters",
        _node_sku("dedicated_master_type"),
        _node_count("dedicated_master_count", 3),
        _switched("dedicated_master_enabled"),
    ),
    hourly("UltraWarm nodes", _node_sku("warm_type"), _node_count("warm_count", 2), _switched("warm_enabled")),
    *(
        monthly(f"storage, {kind}", f"opensearch.storage.{kind}.gb_month", "GB-month", _search_gb, _search_volume(kind))
        for kind in ("gp2", "gp3", "io1")
    ),
    hourly("extended support", _untold_support, applies=_past_support),
)


# --- brokers ------------------------------------------------------------------------------------------------------------


def _broker_sku(broker: Setting) -> str:
    engine = broker.text("engine_type").lower()
    kind = broker.text("host_instance_type").removeprefix("mq.")
    mode = broker.text("deployment_mode", "SINGLE_INSTANCE")
    # RabbitMQ's price of a cluster is for its three brokers together, ActiveMQ's pair for both.
    part = {"SINGLE_INSTANCE": "single", "ACTIVE_STANDBY_MULTI_AZ": "active_standby", "CLUSTER_MULTI_AZ": "cluster"}
    if mode not in part:
        raise NotPriced(f"the price book has no price for a broker deployed as {mode}")
    return f"mq.{engine}.{kind}.{part[mode]}.hour"


def _broker_storage_sku(broker: Setting) -> str:
    engine = broker.text("engine_type").lower()
    kind = broker.text("storage_type") or ("ebs" if engine == "rabbitmq" else "efs")
    return f"mq.storage.{kind.lower()}.gb_month"


def _kafka_group(cluster: Setting) -> Mapping[str, Value]:
    return cluster.block("broker_node_group_info")


def _kafka_sku(cluster: Setting) -> str:
    kind = str(cluster.known(_kafka_group(cluster).get("instance_type"), "instance_type") or "")
    return f"msk.{kind.removeprefix('kafka.')}.hour"


def _kafka_brokers(cluster: Setting) -> Decimal:
    return cluster.number("number_of_broker_nodes")


def _kafka_storage(cluster: Setting) -> Decimal:
    for storage in cluster.known(_kafka_group(cluster).get("storage_info"), "storage_info") or ():
        for volume in cluster.known(storage.get("ebs_storage_info"), "ebs_storage_info") or ():
            size = cluster.known(volume.get("volume_size"), "volume_size")
            return as_number(size or 0, "volume_size") * _kafka_brokers(cluster)
    return Decimal(0)


# --- Redshift -----------------------------------------------------------------------------------------------------------


def _warehouse_nodes(cluster: Setting) -> Decimal:
    return cluster.number("number_of_nodes", 1)


def _is_ra3(cluster: Setting) -> bool:
    return cluster.text("node_type").startswith("ra3")


# --- document and graph databases ---------------------------------------------------------------------------------------


def _class(instance: Setting) -> str:
    return instance.text("instance_class").removeprefix("db.")


def _neptune_sku(instance: Setting) -> str:
    cluster = instance.follow("cluster_identifier", "aws_neptune_cluster")
    optimised = cluster is not None and instance.of(cluster).text("storage_type") == "iopt1"
    return f"neptune.{_class(instance)}{'.io_optimized' if optimised else ''}.hour"


# --- gateways, directories, small servers -------------------------------------------------------------------------------


def _directory_sku(directory: Setting) -> str:
    kind, size = directory.text("type", "SimpleAD"), directory.text("size", "Small").lower()
    if kind == "MicrosoftAD":
        return f"directory_service.microsoft_ad.{directory.text('edition', 'Enterprise').lower()}.controller_hour"
    name = {"SimpleAD": "simple_ad", "ADConnector": "ad_connector"}.get(kind, kind)
    return f"directory_service.{name}.{size}.controller_hour"


def _controllers(directory: Setting) -> Decimal:
    """Two controllers make a directory; the price is that of one."""
    return directory.number("desired_number_of_domain_controllers", 2)


def _bundle_sku(instance: Setting) -> str:
    """The bundle by AWS's naming: `small_3_0`, `small_win_3_0`, `small_ipv6_3_0`."""
    size, *rest = instance.text("bundle_id").split("_")
    system = "windows" if "win" in rest else "linux"
    return f"lightsail.{system}.{size}{'_ipv6' if 'ipv6' in rest else ''}.hour"


def _environment(part: str) -> Callable[[Setting], str]:
    def sku(environment: Setting) -> str:
        size = environment.text("environment_class", "mw1.small").removeprefix("mw1.")
        return f"mwaa.{part}.{size}.hour"

    return sku


def _pipeline(kind: str) -> Applies:
    return lambda s: s.text("pipeline_type", "V1") == kind


def _subnets(setting: Setting) -> int:
    return setting.size("subnet_mapping", "subnets")


CHARGES: Mapping[str, tuple[Charge, ...]] = {
    "aws_opensearch_domain": SEARCH,
    "aws_elasticsearch_domain": SEARCH,
    "aws_mq_broker": (
        hourly("brokers", _broker_sku),
        by_use("storage", _broker_storage_sku, "storage_size_gb", "GB-month"),
    ),
    "aws_msk_cluster": (
        hourly("brokers", _kafka_sku, _kafka_brokers),
        monthly("storage", "msk.storage.gb_month", "GB-month", _kafka_storage, lambda s: _kafka_storage(s) > 0),
    ),
    "aws_msk_serverless_cluster": (
        hourly("cluster", "msk.serverless.cluster_hour", unit="cluster-hour"),
        by_use("partitions", "msk.serverless.partition_hour", "partition_hours", "partition-hour"),
        by_use("data in", "msk.serverless.in.gb", "monthly_data_in_gb", "GB"),
        by_use("data out", "msk.serverless.out.gb", "monthly_data_out_gb", "GB"),
        by_use("storage", "msk.serverless.storage.gb_month", "storage_gb", "GB-month"),
    ),
    "aws_redshift_cluster": (
        hourly("nodes", lambda s: f"redshift.{s.text('node_type')}.hour", _warehouse_nodes),
        # The nodes of ra3 keep their data apart; those of dc2 and ds2 include it.
        by_use(
            "managed storage", "redshift.managed_storage.gb_month", "managed_storage_gb", "GB-month", applies=_is_ra3
        ),
        if_used("Spectrum, data scanned", "redshift.spectrum.tb", "spectrum_data_scanned_tb", "TB"),
        if_used("backup storage", "redshift.backup_storage.gb_month", "backup_storage_gb", "GB-month"),
    ),
    "aws_docdb_cluster": (hourly("extended support", _untold_support, applies=_past_support),),
    "aws_docdb_cluster_instance": (hourly("instance", lambda s: f"docdb.{_class(s)}.hour"),),
    "aws_neptune_cluster": (
        by_use("storage", "neptune.storage.standard.gb_month", "storage_gb", "GB-month"),
        by_use("I/O requests", "neptune.io.million_requests", "monthly_io_requests", "1M I/O", per=10**6),
    ),
    "aws_neptune_cluster_instance": (hourly("instance", _neptune_sku),),
    "aws_directory_service_directory": (hourly("controllers", _directory_sku, _controllers, unit="controller-hour"),),
    "aws_lightsail_instance": (hourly("bundle", _bundle_sku),),
    "aws_mwaa_environment": (
        hourly("environment", _environment("environment")),
        by_use("metadata storage", "mwaa.metadata_storage.gb_month", "meta_database_gb", "GB-month"),
    ),
    "aws_codepipeline": (
        monthly("pipeline, V1", "codepipeline.v1.pipeline_month", "pipeline-month", applies=_pipeline("V1")),
        by_use(
            "action minutes, V2", "codepipeline.v2.minute", "monthly_action_minutes", "minute", applies=_pipeline("V2")
        ),
    ),
    "aws_networkfirewall_firewall": (
        hourly("endpoints", "network_firewall.endpoint.hour", _subnets),
        by_use("data processed", "network_firewall.gb", "monthly_data_processed_gb", "GB"),
    ),
    "aws_waf_web_acl": (
        monthly("web ACL", "waf_classic.web_acl.month", "web ACL-month"),
        by_use("requests inspected", "waf_classic.requests.million", "monthly_requests", "1M requests", per=10**6),
        monthly(
            "rules",
            "waf_classic.rule.month",
            "rule-month",
            lambda s: len(s.blocks("rules")),
            lambda s: bool(s.blocks("rules")),
        ),
    ),
    "aws_wafregional_web_acl": (
        monthly("web ACL", "waf_classic.web_acl.month", "web ACL-month"),
        by_use("requests inspected", "waf_classic.requests.million", "monthly_requests", "1M requests", per=10**6),
        monthly(
            "rules",
            "waf_classic.rule.month",
            "rule-month",
            lambda s: len(s.blocks("rule")),
            lambda s: bool(s.blocks("rule")),
        ),
    ),
    "aws_transfer_server": (
        hourly("protocols", "transfer.protocol.hour", lambda s: max(1, s.size("protocols")), unit="protocol-hour"),
        by_use("data", "transfer.data.gb", "monthly_data_gb", "GB"),
    ),
    "aws_ec2_client_vpn_network_association": (hourly("association", "client_vpn.endpoint_association.hour"),),
    "aws_ec2_transit_gateway_peering_attachment": (hourly("attachment", "tgw.peering_attachment.hour"),),
}
