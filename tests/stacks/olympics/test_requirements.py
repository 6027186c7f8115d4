"""What the brief of the statistics site asks of its Terraform: each row holds here, and fails on the design as it was written.

A row is a requirement's id, what it says, and the statement that is read from the resolved stack. Rows that both designs meet
are held against a planted fault instead: a statement that cannot fail says nothing.
"""

import json
from dataclasses import replace

import pytest

from analysis import terraform
from analysis.architecture import Unknown


def of(stack, kind):
    return [resource for resource in stack.resources if resource.type == kind]


def value(resource, path):
    """The value at a path such as `health_check.0.interval`; None where it is not there."""
    current = resource.values
    for part in path.split("."):
        if isinstance(current, (tuple, list)):
            current = current[int(part)] if int(part) < len(current) else None
        else:
            current = current.get(part) if hasattr(current, "get") else None
    return current


def values(stack, kind, path):
    return [value(resource, path) for resource in of(stack, kind)]


def every(stack, kind, path, expected):
    found = values(stack, kind, path)
    return bool(found) and all(each == expected for each in found)


def named(stack, kind, path, text, wanted):
    """The resources of a kind whose value at `path` holds `text`, and what they have at `wanted`."""
    return [value(each, wanted) for each in of(stack, kind) if text in str(value(each, path))]


def documents(stack, kind, path):
    return [json.loads(text) for text in values(stack, kind, path) if isinstance(text, str)]


def api_group(stack):
    """The group that the public load balancer's targets stand in: the one with scaling policies."""
    policies = values(stack, "aws_autoscaling_policy", "autoscaling_group_name")
    return next(
        group
        for group in of(stack, "aws_autoscaling_group")
        if value(group, "name") in policies or len(of(stack, "aws_autoscaling_group")) == 1
    )


def metric_alarms(stack):
    return {
        (value(alarm, "metric_name"), value(alarm, "threshold")) for alarm in of(stack, "aws_cloudwatch_metric_alarm")
    }


def kept_for_s(stack):
    """Seconds for which the CDN keeps an answer, by path."""
    lifetimes = {value(each, "comment"): value(each, "max_ttl") for each in of(stack, "aws_cloudfront_cache_policy")}
    paths = {
        path: seconds
        for comment, seconds in lifetimes.items()
        for path in [str(comment).partition(",")[0]]
        if path.startswith("/")
    }
    live = [seconds for comment, seconds in lifetimes.items() if str(comment).startswith("Shared")]
    return {**paths, "live": live[0] if live else None}


REQUIREMENTS = {
    "O-006": ("a CDN stands before the load balancer", lambda s: bool(of(s, "aws_cloudfront_distribution"))),
    "O-010": ("a primary and two replicas", lambda s: len(of(s, "aws_db_instance")) == 3),
    "O-014": ("the administration has an internal load balancer", lambda s: True in values(s, "aws_lb", "internal")),
    "O-028": (
        "leaderboards are kept for 10 s",
        lambda s: kept_for_s(s).get("/api/leaderboards/*") == 10,
    ),
    "O-029": ("events are kept for 5 s", lambda s: kept_for_s(s).get("live") == 5),
    "O-030": ("athletes are kept for 30 s", lambda s: kept_for_s(s).get("/api/athletes/*") == 30),
    "O-031": ("static files are kept for a day", lambda s: kept_for_s(s).get("/static/*") == 86400),
    "O-032": (
        "health is asked for every 30 s",
        lambda s: 30 in values(s, "aws_lb_target_group", "health_check.0.interval"),
    ),
    "O-034": (
        "TLS ends at the load balancer, by a policy with TLS 1.3",
        lambda s: all("TLS13" in str(each) for each in named(s, "aws_lb_listener", "protocol", "HTTPS", "ssl_policy")),
    ),
    "O-035": (
        "a leaving instance finishes its requests",
        lambda s: "30" in values(s, "aws_lb_target_group", "deregistration_delay"),
    ),
    "O-038": (
        "the most instances carry eight times the mean of what passes the CDN",
        lambda s: value(api_group(s), "max_size") * 200 >= 8 * 0.3 * 360e6 / 86400,
    ),
    "O-037": (
        "the fewest instances carry the mean of what passes the CDN at the brief's 300 requests a second each",
        lambda s: value(api_group(s), "min_size") * 300 >= 0.3 * 360e6 / 86400,
    ),
    "O-039": (
        "scaling holds 60 % of the processors, and 200 requests an instance and second, counted by the minute",
        lambda s: (
            sorted(values(s, "aws_autoscaling_policy", "target_tracking_configuration.0.target_value")) == [60, 12000]
        ),
    ),
    "O-040": (
        "no instance is burstable",
        lambda s: not any(str(kind).startswith("t") for kind in values(s, "aws_launch_template", "instance_type")),
    ),
    "O-043": (
        "Redis fails over to another zone",
        lambda s: every(s, "aws_elasticache_replication_group", "multi_az_enabled", True),
    ),
    "O-046": ("the primary has a standby", lambda s: True in values(s, "aws_db_instance", "multi_az")),
    "O-049": (
        "two shards keep records for a day",
        lambda s: (
            values(s, "aws_kinesis_stream", "shard_count") == [2]
            and every(s, "aws_kinesis_stream", "retention_period", 24)
        ),
    ),
    "O-050": (
        "512 MB, 30 s, and the 10 to 20 at a time that were asked for",
        lambda s: (
            value(of(s, "aws_lambda_event_source_mapping")[0], "parallelization_factor") == 10
            and (512, 30)
            in zip(
                values(s, "aws_lambda_function", "memory_size"),
                values(s, "aws_lambda_function", "timeout"),
                strict=True,
            )
        ),
    ),
    "O-048": (
        "a batch waits for a second, and a record that cannot be written goes to a queue",
        lambda s: (
            value(of(s, "aws_lambda_event_source_mapping")[0], "maximum_batching_window_in_seconds") == 1
            and bool(value(of(s, "aws_lambda_event_source_mapping")[0], "destination_config.0.on_failure"))
        ),
    ),
    "O-053": (
        "people show a second factor",
        lambda s: any(
            "MultiFactorAuthPresent" in json.dumps(each) for each in documents(s, "aws_iam_role", "assume_role_policy")
        ),
    ),
    "O-055": (
        "pools fit into the database",
        lambda s: "max_connections" in str(values(s, "aws_db_parameter_group", "parameter")),
    ),
    "O-056": (
        "the least recently used key goes first",
        lambda s: "allkeys-lru" in str(values(s, "aws_elasticache_parameter_group", "parameter")),
    ),
    "O-059": ("instances wait for a session", lambda s: bool(of(s, "aws_autoscaling_schedule"))),
    "O-064": ("the administration has subnets of its own behind an ACL", lambda s: bool(of(s, "aws_network_acl"))),
    "O-065": (
        "the firewall knows SQL injection and cross-site scripting",
        lambda s: "SQLiRuleSet" in str(values(s, "aws_wafv2_web_acl", "rule")),
    ),
    "O-066": (
        "nobody reaches the load balancer but the CDN",
        lambda s: "0.0.0.0/0" not in values(s, "aws_vpc_security_group_ingress_rule", "cidr_ipv4"),
    ),
    "O-072": (
        "three roles for people",
        lambda s: (
            sum(
                "MultiFactorAuthPresent" in json.dumps(each)
                for each in documents(s, "aws_iam_role", "assume_role_policy")
            )
            == 3
        ),
    ),
    "O-073": (
        "the database refuses clear text, and Redis encrypts",
        lambda s: (
            "rds.force_ssl" in str(values(s, "aws_db_parameter_group", "parameter"))
            and every(s, "aws_elasticache_replication_group", "transit_encryption_enabled", True)
        ),
    ),
    "O-074": (
        "database, Redis and disks are encrypted",
        lambda s: (
            every(s, "aws_db_instance", "storage_encrypted", True)
            and all(
                str(each).lower() == "true"
                for each in values(s, "aws_launch_template", "block_device_mappings.0.ebs.0.encrypted")
            )
        ),
    ),
    "O-075": (
        "a query ends after five seconds",
        lambda s: "statement_timeout" in str(values(s, "aws_db_parameter_group", "parameter")),
    ),
    "O-078": (
        "the database's password rotates every 90 days",
        lambda s: 90 in values(s, "aws_secretsmanager_secret_rotation", "rotation_rules.0.automatically_after_days"),
    ),
    "O-079": ("every call is in the trail", lambda s: every(s, "aws_cloudtrail", "is_multi_region_trail", True)),
    "O-080": (
        "the firewall and the network are logged",
        lambda s: bool(of(s, "aws_wafv2_web_acl_logging_configuration")) and bool(of(s, "aws_flow_log")),
    ),
    "O-081": ("more than ten failed logins a minute ring", lambda s: ("FailedLogins", 10) in metric_alarms(s)),
    "O-082": (
        "unusual traffic rings, not every event",
        lambda s: "ANOMALY_DETECTION_BAND" in str(values(s, "aws_cloudwatch_metric_alarm", "metric_query")),
    ),
    "O-084": ("burn rates stand beside the 5 %", lambda s: len(of(s, "aws_cloudwatch_composite_alarm")) >= 2),
    "O-086": (
        "results go after a year, logs after 90 days",
        lambda s: (
            365 in values(s, "aws_s3_bucket_lifecycle_configuration", "rule.0.expiration.0.days")
            and 90 in values(s, "aws_cloudwatch_log_group", "retention_in_days")
        ),
    ),
    "O-120": ("the day's cost is watched", lambda s: "DAILY" in values(s, "aws_budgets_budget", "time_unit")),
    "O-129": (
        "ten thousand dollars a month ring",
        lambda s: 10000 in [float(each) for each in values(s, "aws_budgets_budget", "limit_amount")],
    ),
    "O-140": ("a dashboard", lambda s: bool(of(s, "aws_cloudwatch_dashboard"))),
    "O-146": ("each zone has its own way out", lambda s: len(of(s, "aws_nat_gateway")) == 3),
}

MET_BY_BOTH = {"O-010", "O-032", "O-034", "O-049"}
"""What the design as written meets too: these are held against a planted fault instead."""

PLANTED = {
    "O-010": ("aws_db_instance", None, None),
    "O-032": ("aws_lb_target_group", "health_check", ({"interval": 60},)),
    "O-034": ("aws_lb_listener", "ssl_policy", "ELBSecurityPolicy-2016-08"),
    "O-049": ("aws_kinesis_stream", "retention_period", 168),
}


@pytest.fixture(scope="module")
def as_written(directory):
    return terraform.load(directory.parent / "olympics_as_written")


@pytest.mark.parametrize("identifier", REQUIREMENTS)
def test_what_the_brief_asks_for_holds(identifier, architecture):
    says, holds = REQUIREMENTS[identifier]
    assert holds(architecture), says


@pytest.mark.parametrize("identifier", sorted(REQUIREMENTS.keys() - MET_BY_BOTH))
def test_it_fails_on_the_design_as_it_was_written(identifier, as_written):
    says, holds = REQUIREMENTS[identifier]
    assert not holds(as_written), f"the statement cannot fail: {says}"


@pytest.mark.parametrize("identifier", sorted(MET_BY_BOTH))
def test_what_both_designs_meet_fails_with_a_planted_fault(identifier, architecture):
    kind, attribute, wrong = PLANTED[identifier]
    resources = (
        [each for each in architecture.resources if each.type != kind]
        if attribute is None
        else [
            replace(each, values={**each.values, attribute: wrong}) if each.type == kind else each
            for each in architecture.resources
        ]
    )
    assert not REQUIREMENTS[identifier][1](replace(architecture, resources=tuple(resources)))


def test_every_alarm_says_runbook_owner_and_severity(architecture):
    alarms = [*of(architecture, "aws_cloudwatch_metric_alarm"), *of(architecture, "aws_cloudwatch_composite_alarm")]
    assert len(alarms) >= 40
    for alarm in alarms:
        assert {"runbook", "owner", "severity"} <= set(alarm.values["tags"]), alarm.address
        assert alarm.values["alarm_actions"], alarm.address


def test_notices_of_eventbridge_reach_an_encrypted_topic(architecture):
    """A condition on the source account keeps EventBridge out of topic and key alike."""
    topics = [
        json.loads(text) for text in values(architecture, "aws_kms_key", "policy") if not isinstance(text, Unknown)
    ]
    statements = [
        each
        for document in topics
        for each in document["Statement"]
        if each["Principal"].get("Service") == "events.amazonaws.com"
    ]
    assert statements
    assert not any("Condition" in each for each in statements)
