"""What the deployment guide asks for, attribute by attribute: each holds of the stack. Where the guide as written fails its
own aim, that was seen.

A row is the number of the requirement, the type of the resource and the part of its address that tells it from others, and what
must be true of one of them. `WANTED` are those that the guide as written does not meet; each has been seen failing there.
"""

import datetime as dt
import json
from dataclasses import dataclass

import pytest

from analysis import proofs, terraform
from analysis.architecture import Unknown
from analysis.proofs.drain import in_seconds
from analysis.wiring.values import document, number

AS_WRITTEN = "scoreboard_as_written"
TODAY = dt.date(2026, 11, 29)
TRACKING = "target_tracking_scaling_policy_configuration"


def at(values, path):
    """The value at a dotted path, the first block of each list; None where there is none."""
    for key in path.split("."):
        values = values[0] if isinstance(values, list | tuple) and values else values
        values = values.get(key) if hasattr(values, "get") else None
    return values


@dataclass(frozen=True)
class Wanted:
    """Some resource of `type` whose address has `part` has at `path` what `test` accepts: a value, or a predicate."""

    id: str
    type: str
    part: str
    path: str
    test: object

    def holds(self, architecture):
        """Whether some resource of the stack has it."""
        resources = [r for r in architecture.resources if r.type == self.type and self.part in r.address]
        values = [at(resource.values, self.path) if self.path else len(resources) for resource in resources]
        return any(self.test(value) if callable(self.test) else value == self.test for value in values)


def referenced(value):
    return isinstance(value, Unknown) or bool(value)


WANTED = (
    Wanted("S-002", "aws_route53_zone", "", "name", "scoreboard.example"),
    Wanted("S-003", "aws_cloudfront_distribution", "", "default_cache_behavior.compress", True),
    Wanted("S-008", "aws_elasticache_replication_group", "", "num_cache_clusters", 3),
    Wanted("S-013", "aws_route53_record", "api.scoreboard.example", "type", "A"),
    Wanted("S-014", "aws_route53_health_check", "", "resource_path", "/health"),
    Wanted("S-016", "aws_cloudfront_origin_access_control", "", "origin_access_control_origin_type", "s3"),
    Wanted("S-017", "aws_cloudfront_cache_policy", "page", "default_ttl", 3600),
    Wanted("S-017", "aws_cloudfront_cache_policy", "versioned", "default_ttl", 86400),
    Wanted("S-019", "aws_wafv2_web_acl", "", "scope", "CLOUDFRONT"),
    Wanted("S-028", "aws_ecr_repository", "registry", "image_tag_mutability", "IMMUTABLE"),
    Wanted("S-042", "aws_lb", "", "enable_deletion_protection", True),
    Wanted("S-053", "aws_secretsmanager_secret_rotation", "database", "rotation_rules.automatically_after_days", 30),
    Wanted("S-053", "aws_secretsmanager_secret_rotation", "jwt", "rotation_rules.automatically_after_days", 30),
    Wanted("S-059", "aws_cloudwatch_dashboard", "", "dashboard_name", "scoreboard-prod"),
    Wanted("S-100", "aws_ecs_service", "", "deployment_circuit_breaker.rollback", True),
    Wanted("S-106", "aws_appautoscaling_policy", "requests", f"{TRACKING}.predefined_metric_specification.resource_label", bool),
    Wanted("S-116", "aws_cloudwatch_log_metric_filter", "streams", "metric_transformation.name", "SseConnections"),
    Wanted("S-125", "aws_sns_topic", "pages", "name", "scoreboard-prod-alerts"),
    Wanted("S-130", "aws_cloudwatch_query_definition", "slow-statements", "name", "scoreboard/prod/slow-statements"),
    Wanted("S-150", "aws_lb_listener_rule", "closed", "action.fixed_response.status_code", "404"),
)  # fmt: skip
"""Met by the stack, not by the guide as written."""

BOTH = (
    Wanted("S-006", "aws_db_instance", "primary", "publicly_accessible", False),
    Wanted("S-007", "aws_db_instance", "primary", "multi_az", True),
    Wanted("S-020", "aws_lb_target_group", "", "target_type", "ip"),
    Wanted("S-021", "aws_lb_target_group", "", "health_check.interval", 30),
    Wanted("S-021", "aws_lb_target_group", "", "health_check.timeout", 5),
    Wanted("S-022", "aws_acm_certificate", "", "validation_method", "DNS"),
    Wanted("S-024", "aws_lb_listener", "http", "default_action.redirect.status_code", "HTTP_301"),
    Wanted("S-025", "aws_ecs_service", "", "launch_type", "FARGATE"),
    Wanted("S-026", "aws_ecs_cluster", "", "name", "scoreboard-prod"),
    Wanted("S-027", "aws_ecs_service", "", "network_configuration.assign_public_ip", False),
    Wanted("S-029", "aws_ecs_task_definition", ".this", "cpu", "512"),
    Wanted("S-029", "aws_ecs_task_definition", ".this", "memory", "1024"),
    Wanted("S-033", "aws_db_instance", "primary", "instance_class", "db.t4g.large"),
    Wanted("S-035", "aws_db_instance", "primary", "allocated_storage", 100),
    Wanted("S-035", "aws_db_instance", "primary", "max_allocated_storage", lambda value: value > 100),
    Wanted("S-036", "aws_db_instance", "primary", "backup_retention_period", 30),
    Wanted("S-038", "aws_db_parameter_group", "", "family", "postgres15"),
    Wanted("S-041", "aws_db_instance", "primary", "monitoring_interval", 60),
    Wanted("S-042", "aws_db_instance", "primary", "deletion_protection", True),
    Wanted("S-043", "aws_elasticache_replication_group", "", "engine_version", lambda value: value.startswith("7.")),
    Wanted("S-044", "aws_elasticache_replication_group", "", "node_type", "cache.r7g.large"),
    Wanted("S-046", "aws_elasticache_replication_group", "", "automatic_failover_enabled", True),
    Wanted("S-047", "aws_elasticache_replication_group", "", "snapshot_retention_limit", 30),
    Wanted("S-049", "aws_elasticache_replication_group", "", "transit_encryption_enabled", True),
    Wanted("S-050", "aws_elasticache_replication_group", "", "kms_key_id", referenced),
    Wanted("S-055", "aws_cloudwatch_log_group", ".this", "name", "/ecs/scoreboard-prod"),
    Wanted("S-103", "aws_appautoscaling_target", "", "min_capacity", 2),
    Wanted("S-103", "aws_appautoscaling_target", "", "max_capacity", 10),
    Wanted("S-104", "aws_appautoscaling_policy", "cpu", f"{TRACKING}.target_value", 70),
    Wanted("S-105", "aws_appautoscaling_policy", "memory", f"{TRACKING}.target_value", 80),
)  # fmt: skip


@pytest.fixture(scope="module")
def guide(directory):
    """The guide as written."""
    return terraform.load(directory.parent / AS_WRITTEN)


def named(rows):
    return pytest.mark.parametrize("wanted", rows, ids=lambda row: f"{row.id} {row.type} {row.path}")


@named(WANTED + BOTH)
def test_the_stack_has_what_the_guide_asks_for(architecture, wanted):
    assert wanted.holds(architecture)


@named(WANTED)
def test_the_guide_as_written_does_not(guide, wanted):
    assert not wanted.holds(guide)


@named(BOTH)
def test_the_guide_as_written_has_it_too(guide, wanted):
    assert wanted.holds(guide)


def containers(architecture):
    definition = next(
        r for r in architecture.resources if r.type == "aws_ecs_task_definition" and r.address.endswith(".this")
    )
    return document(definition.values["container_definitions"])


def chain(architecture):
    """The timeouts on a stream's way, by name, in seconds; AWS's default where nothing is said."""
    api = containers(architecture)[0]
    environment = {entry["name"]: entry["value"] for entry in api["environment"]}
    origins = [
        at(origin, "custom_origin_config.origin_read_timeout")
        for r in architecture.resources
        if r.type == "aws_cloudfront_distribution"
        for origin in r.values["origin"]
        if origin.get("custom_origin_config")
    ]
    (balancer,) = [r for r in architecture.resources if r.type == "aws_lb"]
    (group,) = [r for r in architecture.resources if r.type == "aws_lb_target_group"]
    return {
        "heartbeat": in_seconds("SSE_HEARTBEAT_INTERVAL", environment["SSE_HEARTBEAT_INTERVAL"]),
        "cdn": next((number(value) for value in origins if value), 30),
        "balancer": number(balancer.values.get("idle_timeout")),
        "grace": in_seconds("SHUTDOWN_GRACE_PERIOD", environment["SHUTDOWN_GRACE_PERIOD"]),
        "stop": number(api.get("stopTimeout") or 30),
        "deregistration": number(group.values.get("deregistration_delay") or 300),
    }


def broken(timeouts):
    """The links of the chain that do not hold."""
    links = (("heartbeat", "cdn"), ("cdn", "balancer"), ("grace", "stop"), ("stop", "deregistration"))
    return {link for link in links if not timeouts[link[0]] < timeouts[link[1]]}


def test_heartbeat_cdn_and_balancer_and_grace_stop_and_deregistration_follow_each_other(architecture, guide):
    assert broken(chain(architecture)) == set()
    assert broken(chain(guide)) == {("heartbeat", "cdn"), ("grace", "stop")}


def findings(architecture):
    return {verdict.rule.id for verdict in proofs.prove(architecture, today=TODAY).unwaived}


def test_the_rules_find_the_faults_of_the_guide(guide):
    """Secrets of the task role (S-054), a moving tag (S-028), pools (S-039), no way out (S-006), no rollback (S-100)."""
    assert {"START-05", "START-08", "FIT-01", "START-01", "ROLLBACK-01"} <= findings(guide)


def test_the_rules_find_none_of_them_in_the_stack(architecture):
    assert not {"START-05", "START-08", "FIT-01", "START-01", "ROLLBACK-01", "EXPOSE-05"} & findings(architecture)


def test_two_replicas_stand_in_different_zones(architecture):
    """S-010, S-037."""
    zones = [
        r.values["availability_zone"]
        for r in architecture.resources
        if r.type == "aws_db_instance" and "replica" in r.address
    ]
    assert sorted(zones) == ["us-east-1a", "us-east-1b"]


def test_each_value_of_the_container_comes_from_one_layer(architecture):
    """S-060: a setting stands in the task definition, in Parameter Store or in Secrets Manager, never in two of them."""
    api = containers(architecture)[0]
    plain = [entry["name"] for entry in api["environment"]]
    secret = [entry["name"] for entry in api["secrets"]]
    assert len({*plain, *secret}) == len(plain) + len(secret)
    assert {"DATABASE_URL", "REDIS_PASSWORD", "JWT_SECRET", "ADMIN_API_KEY", "LOG_LEVEL"} <= set(secret)
    assert {"REDIS_TTL_LEADERBOARD", "CLOUDWATCH_NAMESPACE", "XRAY_ENABLED", "REQUEST_TIMEOUT"} <= set(plain)


def test_the_task_holds_a_collector_of_traces_within_its_memory(architecture):
    """S-131."""
    api, traces = containers(architecture)
    assert (traces["cpu"], traces["memoryReservation"]) == (32, 256)
    assert api["memoryReservation"] + traces["memoryReservation"] == 1024


def alarms_without_dimensions(architecture):
    return {
        r.values["alarm_name"]
        for r in architecture.resources
        if r.type == "aws_cloudwatch_metric_alarm"
        and not r.values.get("dimensions")
        and not any(at(query, "metric.dimensions") for query in r.values.get("metric_query") or ())
    }


def test_every_alarm_has_dimensions_a_runbook_an_owner_and_a_severity(architecture, guide):
    """S-120 to S-124, and what the guide's alarms lack."""
    assert alarms_without_dimensions(architecture) == set()
    assert len(alarms_without_dimensions(guide)) == 5
    for resource in architecture.resources:
        if resource.type in {"aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm"}:
            assert {"runbook", "owner", "severity"} <= resource.values["tags"].keys()


def test_the_dashboard_shows_the_eight_metrics_of_the_guide_with_dimensions(architecture):
    """S-119."""
    (dashboard,) = [r for r in architecture.resources if r.type == "aws_cloudwatch_dashboard"]
    body = document(dashboard.values["dashboard_body"])
    lines = [m for w in body["widgets"] if w["type"] == "metric" for m in w["properties"]["metrics"]]
    assert all(len(line) >= 5 for line in lines)
    assert {
        "CPUUtilization", "MemoryUtilization", "TargetResponseTime", "HTTPCode_Target_5XX_Count",
        "DatabaseConnections", "CacheHits", "CacheMisses", "SseConnections",
    } <= {line[1] for line in lines}  # fmt: skip


@pytest.mark.parametrize("environment", ["dev", "staging"])
def test_each_environment_is_the_same_stack_under_other_values(directory, architecture, environment):
    """S-079 to S-081: names and sizes differ, the kinds of resources do not."""
    other = terraform.load(
        directory, var_files=[directory / "terraform.tfvars", directory / "environments" / f"{environment}.tfvars"]
    )
    assert not other.errors
    assert {r.type for r in other.resources} == {r.type for r in architecture.resources}
    text = json.dumps([str(r.values.get("name")) for r in other.resources])
    assert f"scoreboard-{environment}" in text
    assert "scoreboard-prod" not in text
