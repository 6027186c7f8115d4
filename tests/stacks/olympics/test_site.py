"""What the statistics site promises beside its figures: who reaches what, which log holds what, which alarm means something."""

import ipaddress
import json

import pytest

from analysis import alarms
from analysis.alarms.semantics import EXTRA_PERIODS, evaluate
from analysis.studies import Studies, measure


def of(stack, kind, part=""):
    return [one for one in stack.of_type(kind) if part in one.address]


@pytest.fixture(scope="module")
def study(directory):
    return Studies(directory.parent).study(directory.name)


def outside(architecture):
    """The subnets of the administration that its load balancer does not admit."""
    rules = of(architecture, "aws_vpc_security_group_ingress_rule", "module.admin_balancer.")
    admitted = [ipaddress.ip_network(rule.values["cidr_ipv4"]) for rule in rules if rule.values.get("cidr_ipv4")]
    subnets = [
        ipaddress.ip_network(one.values["cidr_block"]) for one in of(architecture, "aws_subnet", "aws_subnet.admin")
    ]
    assert admitted
    assert len(subnets) == 3
    return [subnet for subnet in subnets if not any(subnet.subnet_of(block) for block in admitted)]


def test_the_administrations_balancer_admits_each_of_its_subnets(architecture):
    assert outside(architecture) == []


def test_a_block_that_leaves_a_zone_out_is_noticed(architecture):
    """10.50.16.0/20, which stood there once: it ends before the subnets begin, or within them."""
    rule = of(architecture, "aws_vpc_security_group_ingress_rule", "module.admin_balancer.")[0]
    assert rule.values["cidr_ipv4"] == "10.50.32.0/20"
    values = rule.values
    try:
        object.__setattr__(rule, "values", {**values, "cidr_ipv4": "10.50.16.0/20"})
        assert outside(architecture)
    finally:
        object.__setattr__(rule, "values", values)


def test_no_subnet_lies_in_another(architecture):
    blocks = [ipaddress.ip_network(one.values["cidr_block"]) for one in of(architecture, "aws_subnet")]
    assert len(blocks) == 9
    assert not [(a, b) for a in blocks for b in blocks if a is not b and a.overlaps(b)]


def test_one_name_serves_pages_and_answers_and_no_header_opens_it_to_others(architecture):
    edge = of(architecture, "aws_cloudfront_distribution")[0].values
    assert list(edge["aliases"]) == ["www.olympics.example"]
    led = {one["path_pattern"]: one["target_origin_id"] for one in edge["ordered_cache_behavior"]}
    assert (led["/"], led["/api/leaderboards/*"], led["/static/*"]) == ("alb", "alb", "assets")
    assert not any(one.values.get("cors_config") for one in of(architecture, "aws_cloudfront_response_headers_policy"))
    assert not of(architecture, "aws_s3_bucket_cors_configuration")


def test_only_the_log_of_blocked_requests_holds_addresses_of_visitors(architecture):
    edge = of(architecture, "aws_cloudfront_distribution")[0].values
    assert not edge.get("logging_config")
    assert not of(architecture, "aws_cloudfront_realtime_log_config")
    (firewall,) = of(architecture, "aws_wafv2_web_acl_logging_configuration")
    chosen = firewall.values["logging_filter"][0]
    assert chosen["default_behavior"] == "DROP"
    assert [one["condition"][0]["action_condition"][0]["action"] for one in chosen["filter"]] == ["BLOCK"]
    kept = {one.address: one.values["retention_in_days"] for one in of(architecture, "aws_cloudwatch_log_group")}
    assert kept.pop("aws_cloudwatch_log_group.admin") == 365
    assert set(kept.values()) == {90}


def test_results_reach_the_archive_by_a_role_of_their_own(architecture):
    """RDS writes below `results/` of the archive bucket, and an object there moves to Glacier."""
    (writer,) = of(architecture, "aws_iam_role_policy", "module.export.aws_iam_role_policy.writer")
    written = [one for one in json.loads(writer.values["policy"])["Statement"] if "s3:PutObject*" in one["Action"]]
    assert [one["Resource"] for one in written] == ["arn:aws:s3:::olympics-prod-archive-123456789012/results/*"]
    (rules,) = of(architecture, "aws_s3_bucket_lifecycle_configuration", "module.archive.")
    assert [one["storage_class"] for one in rules.values["rule"][0]["transition"]] == ["GLACIER"]


def alarm_of(architecture, name):
    return next(one for one in alarms.read(architecture).metric if one.name == f"olympics-prod-{name}")


def test_a_feed_without_records_or_without_data_rings_and_its_heartbeat_does_not(architecture):
    silent = alarm_of(architecture, "feed-silent")
    width = silent.evaluation_periods + EXTRA_PERIODS
    minutes = [6.0] * width + [0.0] * width
    rings = [
        end for end in range(width, len(minutes) + 1) if evaluate(minutes[end - width : end], silent, "OK") == "ALARM"
    ]
    assert rings[0] - width == 3  # minutes of nothing
    assert evaluate([None] * width, silent, "OK") == "ALARM"
    assert evaluate([6.0] * width, silent, "ALARM") == "OK"
    assert alarms.faults(silent, architecture) == ()


def test_the_hit_rate_of_redis_lies_far_below_the_briefs_limit_and_rings_nowhere(architecture, study):
    origin = measure("capacity.offered", study, {"station": "fleet"}).value
    queries = measure("capacity.offered", study, {"station": "database"}).value
    assert 1 - float(queries) / float(origin) < 0.4
    read = {
        query.name
        for one in alarms.read(architecture).metric
        for _, query in one.queries
        if query.namespace == "AWS/ElastiCache"
    }
    assert "Evictions" in read
    assert "CacheHitRate" not in read


def test_a_budget_rings_above_the_computed_bill_and_not_far_above_it(architecture, study):
    """Of the month and of a day of the Games; the brief's $10,000 and $300 lie below both."""
    limits = {
        one.values["time_unit"]: float(one.values["limit_amount"]) for one in of(architecture, "aws_budgets_budget")
    }
    month = float(measure("cost.month", study, {}).value)
    day = float(measure("cost.game", study, {}).value) + float(measure("cost.idle_month", study, {}).value) / 30
    assert 10_000 < month < limits["MONTHLY"] < 1.3 * month
    assert 300 < day < limits["DAILY"] < 1.3 * day


def test_a_score_typed_by_hand_is_seen_within_half_a_minute(architecture, study):
    """Batch window, the lifetime of the CDN and the page's next poll; the function writes Redis itself."""
    window = of(architecture, "aws_lambda_event_source_mapping")[0].values["maximum_batching_window_in_seconds"]
    lifetimes = [
        one.values["max_ttl"] for one in of(architecture, "aws_cloudfront_cache_policy")
        if one.address.endswith((".live", '["leaderboards"]'))
    ]  # fmt: skip
    poll = next(one.value for one in study.crowd.assumptions if one.name == "client.poll_interval_s")
    assert len(lifetimes) == 2
    assert window + max(lifetimes) + float(poll) <= 30


def test_the_day_is_drawn_as_the_rise_of_the_month(architecture):
    boards, refused = alarms.dashboards(architecture)
    assert not refused
    (money,) = [board for board in boards if board.name == "olympics-prod-money"]
    day = money.widgets[0]
    assert [line.expression for line in day.lines if line.visible] == ["RATE(month) * 86400"]
    assert [line.metric.name for line in day.lines if line.metric] == ["EstimatedCharges"]
    assert [mark.value for mark in day.marks] == [
        float(of(architecture, "aws_budgets_budget", ".daily")[0].values["limit_amount"])
    ]
