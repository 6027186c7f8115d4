"""What was asked of the data engine and is Terraform: it holds of the stack, and fails of the brief's own design or of nothing.

The numbers are those of the requirements, the lines those of the brief.
"""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from analysis import proofs, terraform
from analysis.wiring.references import References
from analysis.wiring.tasks import task_of

STACKS = Path(__file__).parents[3] / "terraform" / "stacks"
PROVIDERS = {"sportsdataio", "sportradar", "theoddsapi", "apisports", "statscore"}


def of(stack, *kinds):
    return [resource for resource in stack.resources if resource.type in kinds]


def values(stack, kind, name):
    return [resource.values.get(name) for resource in of(stack, kind)]


def block(resource, name):
    found = resource.values.get(name) or ({},)
    return found[0] if isinstance(found, tuple) else found


def alarm(stack, ending):
    return next(
        (r.values for r in of(stack, "aws_cloudwatch_metric_alarm") if r.values["alarm_name"].endswith(ending)), {}
    )


def expressions(stack, ending):
    return " ".join(query.get("expression") or "" for query in alarm(stack, ending).get("metric_query", ()))


def proven(stack, *rules):
    """Whether the rules hold of something in the stack, and fail of nothing."""
    report = proofs.prove(stack, today=dt.date(2026, 11, 29))
    failing = {finding.rule.id for finding in report.findings}
    return {finding.rule.id for finding in report.holding} >= set(rules) and not failing & set(rules)


def titles(stack):
    bodies = [
        b if isinstance(b, str) else b.partial for b in values(stack, "aws_cloudwatch_dashboard", "dashboard_body")
    ]
    return " ".join(str(body) for body in bodies)


def reserved(stack):
    return sum(values(stack, "aws_lambda_function", "reserved_concurrent_executions"))


def routes(stack):
    paths = {
        r.address.rpartition("[")[2].strip('"]'): r.values["path_part"] for r in of(stack, "aws_api_gateway_resource")
    }
    return {
        f"{method.values['http_method']} /{path}"
        for method in of(stack, "aws_api_gateway_method")
        for key, path in paths.items()
        if key in method.address.rpartition("[")[2]
    }


def task(stack, ending):
    """What the containers of the service are told whose name ends so."""
    references = References(stack)
    found = (r for r in of(stack, "aws_ecs_service") if str(r.values["name"]).endswith(ending))
    return next((task_of(references, service) for service in found), None)


def settings(stack, ending):
    return task(stack, ending).environment if task(stack, ending) else {}


def secrets(stack, ending):
    return {one["name"] for one in task(stack, ending).container.get("secrets", ())} if task(stack, ending) else set()


def some(found):
    """Whether all of it holds, and there is something of which it does."""
    found = list(found)
    return bool(found) and all(found)


HOLDS = {
    "E-001 ten providers have a place, five are asked": lambda s: (
        s.outputs.get("providers_named") is not None
        and s.outputs["providers_named"].value == 10
        and set(s.outputs["providers_asked"].value) == PROVIDERS
    ),
    "E-007 a release of every function is shifted gradually": lambda s: (
        len(of(s, "aws_codedeploy_deployment_group")) == len(of(s, "aws_lambda_function")) > 0
        and all(
            c.startswith("CodeDeployDefault.Lambda")
            for c in values(s, "aws_codedeploy_deployment_group", "deployment_config_name")
        )
    ),
    "E-008 functions run on a runtime that is supported": lambda s: some(
        runtime == "python3.13" for runtime in values(s, "aws_lambda_function", "runtime")
    ),
    "E-009 the table of events has a stream of both images": lambda s: (
        "NEW_AND_OLD_IMAGES" in values(s, "aws_dynamodb_table", "stream_view_type")
    ),
    "E-010 there is a REST API, and tasks behind a balancer that keep WebSockets": lambda s: (
        bool(of(s, "aws_api_gateway_rest_api"))
        and values(s, "aws_lb", "internal") == [False]
        and settings(s, "-live").get("LIVE_PATH") == "/ws"
    ),
    "E-011 updates are archived in a bucket with a lifecycle": lambda s: bool(
        of(s, "aws_kinesis_firehose_delivery_stream") and of(s, "aws_s3_bucket_lifecycle_configuration")
    ),
    "E-012 Fargate runs pollers and keeps connections, and scales the busy ones": lambda s: (
        len(of(s, "aws_ecs_service")) == 6
        and all(v == "FARGATE" for v in values(s, "aws_ecs_service", "launch_type"))
        and bool(of(s, "aws_appautoscaling_target"))
    ),
    "E-019 Sentry's address is a secret": lambda s: (
        any("sentry" in str(name) for name in values(s, "aws_secretsmanager_secret", "name"))
        and some("SENTRY_SECRET" in block(f, "environment")["variables"] for f in of(s, "aws_lambda_function"))
    ),
    "E-020 E-054 E-055 E-056 E-057 E-058 dashboards show duration, errors, throughput, freshness and connections": lambda s: (
        some(word in titles(s) for word in ("Duration", "Failed calls", "Requests to", "Freshness", "Open connections"))
    ),
    "E-038 E-079 every function has a log group that ends": lambda s: (
        len([r for r in of(s, "aws_cloudwatch_log_group") if "/aws/lambda/" in str(r.values["name"])])
        == len(of(s, "aws_lambda_function"))
        > 0
        and all(values(s, "aws_cloudwatch_log_group", "retention_in_days"))
    ),
    "E-044 an alarm takes a release back": lambda s: some(
        block(g, "alarm_configuration").get("alarms")
        and "DEPLOYMENT_STOP_ON_ALARM" in block(g, "auto_rollback_configuration").get("events", ())
        for g in of(s, "aws_codedeploy_deployment_group")
    ),
    "E-057 each provider that is asked has an alarm on the freshness of its updates": lambda s: some(
        alarm(s, f"-stale-{name}").get("metric_name") == "Freshness" for name in PROVIDERS
    ),
    "E-059 errors above 1 % wake somebody, and so does a fast use of the error budget": lambda s: (
        alarm(s, "-ingest-errors").get("threshold") == 1
        and any(name.endswith("-budget-fast") for name in values(s, "aws_cloudwatch_composite_alarm", "alarm_name"))
    ),
    "E-060 the slowest hundredth is watched, with a warning below the four seconds that decision 8 promises": lambda s: (
        alarm(s, "-push-slow").get("extended_statistic") == "p99"
        and alarm(s, "-push-slowing").get("threshold", 1e9) < alarm(s, "-push-slow").get("threshold", 0) == 4_000
    ),
    "E-061 failed ingestion above 0.01 % wakes somebody": lambda s: (
        alarm(s, "-ingestion-fails").get("threshold") == 0.01 and "failed" in expressions(s, "-ingestion-fails")
    ),
    "E-062 abnormal closes above 5 % of the open connections wake somebody": lambda s: (
        alarm(s, "-connections-dropped").get("threshold") == 5
        and "open" in expressions(s, "-connections-dropped")
        and any("abnormal_closes" in p for p in values(s, "aws_cloudwatch_log_metric_filter", "pattern"))
    ),
    "E-063 E-064 functions know environment and level, and set no name of Lambda's": lambda s: some(
        {"ENVIRONMENT", "LOG_LEVEL"} <= block(f, "environment")["variables"].keys()
        and "AWS_REGION" not in block(f, "environment")["variables"]
        for f in of(s, "aws_lambda_function")
    ),
    "E-065 E-066 every provider has a secret under our key": lambda s: (
        sum("/providers/" in str(name) for name in values(s, "aws_secretsmanager_secret", "name")) == 5
        and some(values(s, "aws_secretsmanager_secret", "kms_key_id"))
    ),
    "E-067 functions reserve no more than the account lets them": lambda s: 0 < reserved(s) <= 1000 - 100,
    "E-068 tables are provisioned and scaled, with their indexes, and none is billed by the request": lambda s: (
        some(mode == "PROVISIONED" for mode in values(s, "aws_dynamodb_table", "billing_mode"))
        and {f"dynamodb:{of_}:WriteCapacityUnits" for of_ in ("table", "index")}
        <= set(values(s, "aws_appautoscaling_target", "scalable_dimension"))
    ),
    "E-069 no push is a request of the account": lambda s: (
        0
        < sum(block(r, "settings").get("throttling_rate_limit") or 0 for r in of(s, "aws_api_gateway_method_settings"))
        <= 10_000
        and not of(s, "aws_apigatewayv2_api")
    ),
    "E-070 100,000 connections have room in as many tasks as scaling may run": lambda s: (
        int(settings(s, "-live").get("MAX_CONNECTIONS", 0))
        * max((t.values["max_capacity"] for t in of(s, "aws_appautoscaling_target") if "live" in t.address), default=0)
        >= 100_000
    ),
    "E-075 no policy allows everything, or on everything what can be bound to a resource": lambda s: proven(
        s, "EXPOSE-12", "EXPOSE-13"
    ),
    "E-076 a token is asked for on both ways in": lambda s: (
        {m.values["authorization"] for m in of(s, "aws_api_gateway_method") if "health" not in m.address} == {"CUSTOM"}
        and "TOKEN_KEYS" in secrets(s, "-live")
    ),
    "E-077 nobody may call the pollers": lambda s: (
        bool(of(s, "aws_ecs_service"))
        and not [r for r in of(s, "aws_vpc_security_group_ingress_rule") if "pollers" in r.address]
        and some(block(r, "network_configuration").get("assign_public_ip") is False for r in of(s, "aws_ecs_service"))
    ),
    "E-078 tables, stream and queues are encrypted": lambda s: (
        some(block(t, "server_side_encryption").get("enabled") for t in of(s, "aws_dynamodb_table"))
        and values(s, "aws_kinesis_stream", "encryption_type") == ["KMS"]
        and some(values(s, "aws_sqs_queue", "sqs_managed_sse_enabled"))
    ),
    "E-079 what a table holds expires": lambda s: some(
        block(t, "ttl").get("enabled") for t in of(s, "aws_dynamodb_table")
    ),
    "E-080 requests and changes of the account are written down": lambda s: (
        bool(of(s, "aws_cloudtrail"))
        and some(block(r, "access_log_settings") for r in of(s, "aws_api_gateway_stage", "aws_apigatewayv2_stage"))
    ),
    "E-081 E-099 every table can be restored to any second": lambda s: some(
        block(t, "point_in_time_recovery").get("enabled") for t in of(s, "aws_dynamodb_table")
    ),
    "E-083 E-084 E-085 the three routes are there and health is watched from outside": lambda s: (
        routes(s) == {"POST /ingest", "GET /events", "GET /health"}
        and values(s, "aws_route53_health_check", "resource_path") == ["/health"]
    ),
    "E-086 clients reach the tasks by their name, through the balancer": lambda s: (
        bool(of(s, "aws_lb_listener"))
        and any(
            str(name).startswith("live.") and block(r, "alias")
            for r in of(s, "aws_route53_record")
            for name in [r.values.get("name")]
        )
    ),
    "every alarm tells somebody and leads to a runbook": lambda s: some(
        a.values.get("alarm_actions") and (a.values.get("tags") or {}).get("runbook")
        for a in of(s, "aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm")
    ),
}
"""Requirements and whether a stack has what they ask for."""

ALSO_AS_WRITTEN = {"E-009", "E-075"}
"""What the brief's own design has, too; it fails of nothing."""


@pytest.fixture(scope="module")
def as_written():
    return terraform.load(STACKS / "engine_as_written")


@pytest.mark.parametrize("sentence", HOLDS)
def test_what_was_asked_for_holds(architecture, sentence):
    assert HOLDS[sentence](architecture)


@pytest.mark.parametrize("sentence", HOLDS)
def test_and_fails_of_the_briefs_own_design_or_of_nothing(architecture, as_written, sentence):
    if sentence.split()[0] in ALSO_AS_WRITTEN:
        assert HOLDS[sentence](as_written)
        assert not HOLDS[sentence](replace(architecture, resources=(), outputs={}))
    else:
        assert not HOLDS[sentence](as_written)


@pytest.mark.parametrize(("environment", "tasks", "level"), [("dev", 2, "debug"), ("staging", 6, "info")])
def test_the_other_environments_are_values_of_the_same_stack(environment, tasks, level):
    path = STACKS / "engine"
    stack = terraform.load(path, var_files=(path / "environments" / f"{environment}.tfvars",))
    assert not stack.errors
    assert len(of(stack, "aws_ecs_service")) == tasks
    assert {block(f, "environment")["variables"]["LOG_LEVEL"] for f in of(stack, "aws_lambda_function")} == {level}
    assert all(f"engine-{environment}-" in name for name in values(stack, "aws_lambda_function", "function_name"))
    assert HOLDS["E-067 functions reserve no more than the account lets them"](stack)


def test_every_name_of_the_system_carries_its_environment(architecture):
    named = {
        resource.address: resource.values[key]
        for resource in architecture.resources
        for key in ("name", "function_name", "bucket", "alarm_name", "dashboard_name")
        if isinstance(resource.values.get(key), str) and resource.type.startswith("aws_")
    }
    shared = {
        "live",
        "work",
        "start-tasks",
        "shift-the-alias",
        "archive",
        "delivery",
        "copies-of-tables",
        "daily",
        "events",
    }
    without = {
        address: name
        for address, name in named.items()
        if "engine-prod" not in name
        and "engine/prod" not in name
        and name not in shared | PROVIDERS
        and "engine.example" not in name
    }
    assert without == {}
