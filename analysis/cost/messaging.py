"""What passing messages costs: the rate card's rows for SNS, SQS, API Gateway, Kinesis, Firehose, EventBridge, Step Functions."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.cost.setting import Applies, Charge, NotPriced, Setting, by_use, hourly, if_used, in_chunks
from analysis.units import HOURS_PER_MONTH, Quantity


def _delivered_by(*protocols: str) -> Applies:
    return lambda s: s.text("protocol") in protocols


def _fifo(setting: Setting) -> bool:
    return setting.flag("fifo_topic") or setting.flag("fifo_queue")


def _no_deliveries(subscription: Setting) -> str:
    raise NotPriced(f"the price book has no price for deliveries by {subscription.text('protocol')}")


def _protocol(name: str) -> Applies:
    return lambda s: s.text("protocol_type") == name


def _cache_sku(stage: Setting) -> str:
    return f"apigw.rest.cache_{stage.text('cache_cluster_size', '0.5')}gb.hour"


def _on_demand(stream: Setting) -> bool:
    return stream.block("stream_mode_details").get("stream_mode") == "ON_DEMAND"


def _provisioned(stream: Setting) -> bool:
    return not _on_demand(stream)


def _no_retention(stream: Setting) -> str:
    hours = stream.number("retention_period", 24)
    raise NotPriced(
        f"the price book has no price for keeping records {hours} hours, which is more than the 24 included"
    )


def _kept_longer(stream: Setting) -> bool:
    return stream.number("retention_period", 24) > 24


def _converted(delivery: Setting) -> bool:
    for block in delivery.blocks("extended_s3_configuration"):
        for conversion in block.get("data_format_conversion_configuration") or ():
            if conversion.get("enabled", True) is not False:
                return True
    return False


def _no_conversion(_: Setting) -> str:
    raise NotPriced("the price book has no price for converting the record format")


def _transitions(machine: Setting) -> str:
    if machine.text("type", "STANDARD") == "EXPRESS":
        raise NotPriced("the price book has no prices for express workflows")
    return "sfn.standard.1k_transitions"


CHARGES: Mapping[str, tuple[Charge, ...]] = {
    "aws_sns_topic": (
        in_chunks(
            "requests",
            "sns.publish.million",
            ("monthly_requests", "request_size_kb"),
            "1M requests",
            chunk_kb=64,
            per=10**6,
        )._replace(applies=lambda s: not _fifo(s)),
        in_chunks(
            "requests, FIFO",
            "sns.fifo_publish.million",
            ("monthly_requests", "request_size_kb"),
            "1M requests",
            chunk_kb=64,
            per=10**6,
        )._replace(applies=_fifo),
    ),
    "aws_sns_topic_subscription": (
        by_use(
            "deliveries by HTTP",
            "sns.http.100k",
            "monthly_requests",
            "100k notifications",
            per=10**5,
            applies=_delivered_by("http", "https"),
        ),
        by_use(
            "deliveries by e-mail",
            "sns.email.100k",
            "monthly_requests",
            "100k notifications",
            per=10**5,
            applies=_delivered_by("email", "email-json"),
        ),
        by_use(
            "mobile push notifications",
            "sns.mobile_push.million",
            "monthly_requests",
            "1M notifications",
            per=10**6,
            applies=_delivered_by("application"),
        ),
        by_use(
            "deliveries",
            _no_deliveries,
            "monthly_requests",
            "1M notifications",
            per=10**6,
            applies=_delivered_by("sms", "firehose"),
        ),
    ),
    "aws_sqs_queue": (
        in_chunks(
            "requests",
            "sqs.standard.million",
            ("monthly_requests", "request_size_kb"),
            "1M requests",
            chunk_kb=64,
            per=10**6,
        )._replace(applies=lambda s: not _fifo(s)),
        in_chunks(
            "requests, FIFO",
            "sqs.fifo.million",
            ("monthly_requests", "request_size_kb"),
            "1M requests",
            chunk_kb=64,
            per=10**6,
        )._replace(applies=_fifo),
    ),
    "aws_api_gateway_rest_api": (
        by_use("requests", "apigw.rest.million", "monthly_requests", "1M requests", per=10**6),
        if_used("transfer out to the internet", "transfer.internet_out.gb", "monthly_outbound_internet_gb", "GB"),
    ),
    "aws_api_gateway_stage": (hourly("cache", _cache_sku, applies=lambda s: s.flag("cache_cluster_enabled")),),
    "aws_apigatewayv2_api": (
        in_chunks(
            "requests, HTTP",
            "apigw.http.million",
            ("monthly_requests", "request_size_kb"),
            "1M requests",
            chunk_kb=512,
            per=10**6,
        )._replace(applies=_protocol("HTTP")),
        in_chunks(
            "messages, WebSocket",
            "apigw.websocket.million_messages",
            ("monthly_messages", "message_size_kb"),
            "1M messages",
            chunk_kb=32,
            per=10**6,
        )._replace(applies=_protocol("WEBSOCKET")),
        by_use(
            "connection minutes, WebSocket",
            "apigw.websocket.million_connection_minutes",
            "monthly_connection_mins",
            "1M connection-minutes",
            per=10**6,
            applies=_protocol("WEBSOCKET"),
        ),
        if_used("transfer out to the internet", "transfer.internet_out.gb", "monthly_outbound_internet_gb", "GB"),
    ),
    "aws_kinesis_stream": (
        hourly(
            "shards",
            "kinesis.provisioned.shard_hour",
            lambda s: s.number("shard_count"),
            _provisioned,
            unit="shard-hour",
        ),
        by_use(
            "PUT payload units",
            "kinesis.put_payload.million",
            "monthly_provisioned_put_units",
            "1M units",
            per=10**6,
            applies=_provisioned,
        ),
        hourly("stream, on demand", "kinesis.ondemand.stream_hour", applies=_on_demand, unit="stream-hour"),
        by_use(
            "data in, on demand",
            "kinesis.ondemand.ingest.gb",
            "monthly_on_demand_data_in_gb",
            "GB",
            applies=_on_demand,
        ),
        by_use(
            "data out, on demand",
            "kinesis.ondemand.retrieval.gb",
            "monthly_on_demand_data_out_gb",
            "GB",
            applies=_on_demand,
        ),
        if_used(
            "long-term retention",
            "kinesis.long_term_retention.gb_month",
            "monthly_provisioned_long_term_retention_gb",
            "GB-month",
        ),
        hourly("retention beyond 24 hours", _no_retention, applies=_kept_longer),
    ),
    "aws_kinesis_stream_consumer": (
        Charge(
            "enhanced fan-out, per shard",
            "kinesis.efo.shard_hour",
            lambda s: Quantity(
                s.need("stream_arn", "aws_kinesis_stream").number("shard_count") * HOURS_PER_MONTH,
                "consumer-shard-hour",
            ),
        ),
        by_use("data out", "kinesis.efo.gb", "monthly_provisioned_efo_data_out_gb", "GB"),
    ),
    "aws_kinesis_firehose_delivery_stream": (
        by_use("data ingested", "firehose.ingest.gb", "monthly_data_ingested_gb", "GB"),
        by_use("format conversion", _no_conversion, "monthly_data_ingested_gb", "GB", applies=_converted),
    ),
    "aws_cloudwatch_event_bus": (
        by_use("custom events", "eventbridge.custom_events.million", "monthly_custom_events", "1M events", per=10**6),
    ),
    "aws_cloudwatch_event_archive": (
        by_use("events archived", "eventbridge.archive_processing.gb", "monthly_archive_processing_gb", "GB"),
        by_use("archive storage", "eventbridge.archive_storage.gb_month", "archive_storage_gb", "GB-month"),
    ),
    "aws_scheduler_schedule": (
        by_use("invocations", "eventbridge.scheduler.million", "monthly_invocations", "1M invocations", per=10**6),
    ),
    "aws_pipes_pipe": (
        by_use("requests after filtering", "eventbridge.pipes.million", "monthly_requests", "1M requests", per=10**6),
    ),
    "aws_sfn_state_machine": (
        by_use("state transitions", _transitions, "monthly_transitions", "1k transitions", per=1000),
    ),
    "aws_athena_workgroup": (by_use("data scanned", "athena.scanned.tb", "monthly_data_scanned_tb", "TB"),),
}
