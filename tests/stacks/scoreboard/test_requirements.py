"""What no expression of docs/scoreboard/requirements.csv says of the stack, and where the guide as written fails its own aim."""

import datetime as dt
import json

import pytest

from analysis import proofs, terraform
from analysis.wiring.tasks import in_seconds
from analysis.wiring.values import document, number

AS_WRITTEN = "scoreboard_as_written"
TODAY = dt.date(2026, 11, 29)


def at(values, path):
    """The value at a dotted path, the first block of each list; None where there is none."""
    for key in path.split("."):
        values = values[0] if isinstance(values, list | tuple) and values else values
        values = values.get(key) if hasattr(values, "get") else None
    return values


@pytest.fixture(scope="module")
def guide(directory):
    """The guide as written."""
    return terraform.load(directory.parent / AS_WRITTEN)


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


def test_each_value_of_the_container_comes_from_one_layer(architecture):
    """S-060: a setting stands in the task definition, in Parameter Store or in Secrets Manager, never in two of them."""
    api = containers(architecture)[0]
    plain = [entry["name"] for entry in api["environment"]]
    secret = [entry["name"] for entry in api["secrets"]]
    assert len({*plain, *secret}) == len(plain) + len(secret)
    assert {"DATABASE_URL", "REDIS_PASSWORD", "JWT_SECRET", "ADMIN_API_KEY", "LOG_LEVEL"} <= set(secret)
    assert {"REDIS_TTL_LEADERBOARD", "CLOUDWATCH_NAMESPACE", "XRAY_ENABLED", "REQUEST_TIMEOUT"} <= set(plain)


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


def test_the_balancer_gives_a_task_up_before_its_own_check_does(architecture):
    """S-098 and decision 10: the inner check is the more patient one, and asks with the runtime, which the image has."""
    inner = containers(architecture)[0]["healthCheck"]
    (group,) = [r for r in architecture.resources if r.type == "aws_lb_target_group"]
    outer = {
        name: number(at(group.values["health_check"], name)) for name in ("interval", "timeout", "unhealthy_threshold")
    }
    assert (outer["interval"], outer["timeout"], outer["unhealthy_threshold"]) == (30, 5, 3)
    assert outer["interval"] * outer["unhealthy_threshold"] == 90
    assert inner["interval"] * inner["retries"] == 150
    assert inner["timeout"] > outer["timeout"]
    assert inner["command"][:2] == ("CMD", "node")
