"""What a record of a study's figures rests on, as inputs of a digest: no simulator, and nothing that was computed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final
from weakref import WeakKeyDictionary

from analysis import evidence, facts
from analysis.alarms.harm import definition
from analysis.architecture import Architecture, Resource
from analysis.facts import PriceBook
from analysis.facts.instances import DATA
from analysis.studies.study import Study

LIMITS: Final = (
    "alb.deregistration_delay_s", "alb.health_check.healthy_threshold", "alb.health_check.interval_s",
    "alb.health_check.timeout_s", "alb.health_check.unhealthy_threshold", "alb.idle_timeout_s",
    "autoscaling.default_cooldown_s", "autoscaling.scale_in.datapoints", "autoscaling.scale_in.share_of_target",
    "autoscaling.scale_out.datapoints", "autoscaling.scale_out_trigger_s", "cloudfront.age_rounding_s",
    "cloudfront.requests_per_s", "ecs.deployment.maximum_percent", "ecs.deployment.minimum_healthy_percent",
    "fargate.start_s", "rds.class_memory_share", "rds.mysql.connection_bytes", "rds.mysql.connections_limit",
    "rds.pool_budget_share", "rds.postgres.connection_bytes", "rds.postgres.connections_limit",
    "redis.burstable_node.ops_per_s", "redis.node.ops_per_s",
)  # fmt: skip
"""The limits that capacity and the simulated night read; a test follows the reading. A bill names its own (`Usage.rests_on`)."""

BEYOND_POLLS: Final = (
    "apigateway.requests_per_s", "apigateway.websocket.new_connections_per_s", "dynamodb.hottest_key_share",
    "dynamodb.new_table.partitions", "dynamodb.new_table.reads_per_s", "dynamodb.new_table.writes_per_s",
    "dynamodb.partition.reads_per_s", "dynamodb.partition.writes_per_s", "kinesis.hottest_key_share",
    "kinesis.new_on_demand.write_records_per_s", "kinesis.shard.write_records_per_s", "lambda.concurrency",
    "lambda.delivery_s", "lambda.hold_s", "lambda.requests_per_environment_per_s", "s3.prefix.reads_per_s",
    "s3.prefix.writes_per_s", "service.cpu_s_per_record", "sqs.fifo.calls_per_s", "stream.bytes_per_connection",
    "stream.cpu_s_per_delivery",
)  # fmt: skip
"""The limits of stations that are loaded where a scenario has connections or feeds; where it has none, they decide nothing."""


PUBLISHED: Final = ("stream.cpu_s_per_broadcast",)
"""The limits that count where a program publishes updates to each instance of another."""

TOLD: Final[Mapping[str, tuple[str, ...]]] = {
    "aws_budgets_budget": (),
    "aws_cloudwatch_dashboard": (),
    "aws_sns_topic_subscription": ("protocol", "topic_arn"),
}
"""Resources that tell people something, and what of them counts: whom they tell, and in which words, changes no figure."""

PEOPLE: Final = frozenset({"email", "email-json", "sms"})
"""The protocols of a subscription that reach people; any other reaches a part of the system."""


def inputs(studies: Iterable[Study], *, priced: bool = False, told: bool = True) -> dict[str, Any]:
    """The inputs of what is computed from studies, by name: stacks, scenarios, programs and the facts that they reach.

    Of limits, instance classes and prices only those count that the stacks use, so that a row for something else changes
    nothing; prices count where `priced`, and whom the stacks tell what (`TOLD`) unless `told` is off. Several variants of one
    stack are one input.
    """
    variants: dict[str, set[str]] = defaultdict(set)
    rows: dict[str, dict[str, Any]] = {"limits": {name: facts.limit(name) for name in LIMITS}, "instances": {}}
    for study in studies:
        texts = set(_texts([resource.values for resource in study.architecture.resources]))
        rows["instances"] |= {name: row for name, row in facts.instances().items() if name in texts}
        variants[f"stack {study.directory.resolve().name}"].add(_stack(study, told=told))
        if study.crowd is not None:
            variants[f"scenario {study.crowd.file}"].add(evidence.digest([study.crowd, study.values]))
            if study.crowd.connections or study.crowd.feeds:
                rows["limits"] |= {name: facts.limit(name) for name in BEYOND_POLLS}
                if any(link.role == "publish" for link in study.network.links):
                    rows["limits"] |= {name: facts.limit(name) for name in PUBLISHED}
        if study.program is not None:
            variants[f"program {study.program.name}"].add(evidence.digest(study.program))
        if priced:
            skus = {line.sku for line in study.bill.line_items} & study.book.prices.keys()
            rows.setdefault("prices", {}).update({sku: _price(study.book, sku) for sku in skus})
            used = {fact.name for fact in study.usage.rests_on} if study.usage else set()
            rows["limits"] |= {n: row for n, row in facts.limits().items() if n in used or n.startswith("alb.lcu.")}
    rows["assumptions"] = {**facts.assumptions(DATA / "night.toml"), **facts.assumptions(facts.THREADS), **definition()}
    return {**variants, **rows}


_STACKS: WeakKeyDictionary[Study, dict[bool, str]] = WeakKeyDictionary()
"""The digests of the stacks of studies, each made once: a study is asked for by every record that rests on it."""


def _stack(study: Study, *, told: bool) -> str:
    """The digest of the stack of a study, with or without whom it tells what."""
    made = _STACKS.setdefault(study, {})
    if told not in made:
        resolved = evidence.resolved(study.architecture) if told else untold(study.architecture)
        made[told] = evidence.digest([resolved, study.about.environment])
    return made[told]


def untold(architecture: Architecture) -> Any:
    """What the stack resolves to, without whom it tells what."""
    told: list[Resource] = []
    rest: list[Resource] = []
    for resource in architecture.resources:
        people = resource.type in TOLD and (
            "protocol" not in TOLD[resource.type] or resource.values.get("protocol") in PEOPLE
        )
        (told if people else rest).append(resource)
    kinds = [[one.type, [one.values.get(name) for name in TOLD[one.type]]] for one in told]
    return [evidence.resolved(replace(architecture, resources=tuple(rest))), sorted(kinds, key=evidence.digest)]


def _price(book: PriceBook, sku: str) -> Any:
    """A price as its tiers, and what is free of it."""
    price, free = book.prices[sku], book.allowance(sku)
    tiers = [[tier.tier_start, tier.tier_end, tier.usd] for tier in price.tiers]
    return [price.unit, tiers, free and free.tier_end]


def _texts(value: Any) -> Iterable[str]:
    """Every text inside a resolved value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
