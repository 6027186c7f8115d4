from dataclasses import replace
from pathlib import Path

import pytest

from analysis.facts import stack
from analysis.terraform import load
from analysis.wiring import PathError, request_path
from analysis.wiring.hops import some_stay

TICKER = Path(__file__).parents[1] / "demand" / "ticker"


def path_of(**variables):
    return request_path(load(TICKER, variables=variables), stack(TICKER))


@pytest.fixture(scope="module")
def ticker():
    return path_of()


def written(directory, text):
    (directory / "main.tf").write_text(text)
    return load(directory)


def messages(path):
    return " | ".join(str(diagnostic) for diagnostic in path.diagnostics)


def test_every_hop_is_found_by_its_references(ticker):
    assert ticker.hops == (
        "aws_cloudfront_distribution.edge",
        "aws_lb.front",
        "aws_ecs_service.web",
        "aws_elasticache_replication_group.fast",
        "aws_db_instance.main",
    )
    assert not ticker.diagnostics


def test_the_edge_is_found_behind_a_name_in_the_zone_and_keeps_answers_as_its_policies_say(ticker):
    edge = ticker.edge
    assert edge.shield
    assert [(b.pattern, b.ttl_s, b.target) for b in edge.behaviours] == [
        ("/api/*", 1, "aws_lb.front"),
        ("assets/*", 86_400, "aws_s3_bucket.assets"),
        ("*", 0, "aws_lb.front"),
    ]
    assert "main.tf:" in edge.behaviours[0].ttl.origin
    assert "docs.aws.amazon.com" in edge.behaviours[1].ttl.origin


def test_the_first_behaviour_that_matches_decides(ticker):
    assert ticker.edge.behaviour("/api/score").pattern == "/api/*"
    assert ticker.edge.behaviour("/assets/crest.png").pattern == "assets/*"
    assert ticker.edge.behaviour("/index.html").pattern == "*"
    assert ticker.edge.behaviour("/apis").pattern == "*"


def test_a_lifetime_stays_within_its_bounds():
    assert path_of(api_ttl_s=60).edge.behaviours[0].ttl_s == 2


def test_the_balancer_carries_what_is_set_and_the_defaults_of_provider_and_aws_for_the_rest(ticker):
    balancer = ticker.balancer
    assert (balancer.algorithm, balancer.deregistration_delay_s, balancer.idle_timeout_s) == (
        "least_outstanding_requests",
        20,
        60,
    )
    assert (balancer.tls, balancer.rules, balancer.listeners) == (True, 13, ("aws_lb_listener.https",))
    check = balancer.health_check
    assert (check.path, check.interval_s, check.timeout_s, check.unhealthy, check.healthy) == ("/live", 15, 4, 3, 3)


def test_the_service_has_the_size_of_its_task_and_the_room_of_its_scaling(ticker):
    service = ticker.service
    assert (service.vcpu.value, service.memory_mib.value, service.processor) == (1, 2048, "ARM64")
    assert (service.desired.value, service.minimum.value, service.maximum.value) == (2, 2, 10)
    assert service.maximum_percent.value == 200
    assert service.stop_timeout_s == 45
    tracking = service.tracking[0]
    assert (tracking.target, tracking.scale_out_cooldown_s, tracking.scale_in_cooldown_s) == (50, 30, 300)


def test_at_kick_off_run_the_tasks_that_the_schedule_asks_for(ticker):
    assert ticker.service.tasks_at_start.value == 6
    assert ticker.service.tasks_at_start.origin.startswith("main.tf:")
    assert ticker.service.tasks_at_most.value == 10


def test_the_container_behind_the_balancer_says_pool_workers_lifetime_and_poll_interval(ticker):
    assert (ticker.pool_size.value, ticker.workers.value, ticker.cache.ttl.value, ticker.poll_interval_s.value) == (
        5,
        4,
        2,
        2,
    )
    assert (ticker.cache.node_type.value, ticker.cache.nodes) == ("cache.t4g.small", 2)


def test_the_database_is_the_one_the_task_reads_with_the_replica_it_knows(ticker):
    database = ticker.database
    assert (database.instance_class.value, database.multi_az, database.replicas) == (
        "db.t4g.medium",
        True,
        ("aws_db_instance.read",),
    )
    assert (database.connections.value, database.connections.low) == (200, 200)


@pytest.mark.parametrize(
    ("parameters", "accepted"),
    [
        ({}, (262, 307, 341)),  # 4 GiB over 12,582,880 is 341; 77 % to 100 % of it
        ({"max_connections": "{DBInstanceClassMemory/25165760}"}, (131, 153, 170)),
        ({"max_connections": "LEAST({DBInstanceClassMemory/12582880}, 300)"}, (262, 300, 300)),
    ],
)
def test_connections_follow_from_the_class_where_the_parameter_group_sets_none_or_a_formula(parameters, accepted):
    known = path_of(parameters=parameters).database.connections
    assert (known.low, known.value, known.high) == accepted


def test_a_formula_that_is_not_known_is_said_and_not_guessed():
    path = path_of(parameters={"max_connections": "SUM({DBInstanceClassMemory/9},1)"})
    assert path.database.connections is None
    assert "max_connections is not" in messages(path)


def test_a_variable_that_the_container_does_not_have_is_said():
    path = path_of(pool="many")
    assert path.pool_size is None
    assert "POOL is no number above zero" in messages(path)


def test_without_a_description_pool_and_cache_are_not_known_and_that_is_said():
    path = request_path(load(TICKER))
    assert (path.pool_size, path.workers, path.cache) == (None, None, None)
    assert "for how long answers are kept in it is not known" in messages(path)


def ticker_with(**described):
    return request_path(load(TICKER), replace(stack(TICKER), **described))


def test_a_cache_that_is_written_through_lets_no_answer_grow_as_old_as_its_lifetime():
    assert (ticker_with().cache.age_s, ticker_with().cache.ttl.value) == (2, 2)
    through = ticker_with(written_through=True).cache
    assert (through.age_s, through.ttl.value) == (0, 2)


@pytest.mark.parametrize(("unit", "seconds"), [(None, 2), ("ms", 0.002), ("min", 120)])
def test_a_variable_without_a_unit_in_its_name_has_the_one_that_the_stack_states(unit, seconds):
    named = stack(TICKER).environment["cache_ttl_s"]
    assert ticker_with(units={named: unit} if unit else {}).cache.ttl.value == pytest.approx(seconds)


BARE = """
resource "aws_ecs_task_definition" "app" {
  family                = "app"
  cpu                   = 256
  memory                = 512
  container_definitions = "[{\\"name\\": \\"app\\"}]"
}

resource "aws_ecs_service" "app" {
  name            = "app"
  task_definition = aws_ecs_task_definition.app.arn
  desired_count   = 3
  load_balancer {
    target_group_arn = aws_lb_target_group.app.arn
    container_name   = "app"
    container_port   = 80
  }
}

resource "aws_lb" "front" {
  name = "front"
}

resource "aws_lb_target_group" "app" {
  name = "app"
}

resource "aws_lb_listener" "front" {
  load_balancer_arn = aws_lb.front.arn
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.app.arn
  }
}
"""


def test_a_service_behind_a_balancer_is_a_path_and_what_it_lacks_is_said(tmp_path):
    path = request_path(written(tmp_path, BARE))
    assert path.hops == ("aws_lb.front", "aws_ecs_service.app")
    assert path.service.tasks_at_start.value == path.service.tasks_at_most.value == 3
    assert "no CloudFront distribution stands in the way to aws_lb.front" in messages(path)
    assert "no database (aws_db_instance) can be found" in messages(path)
    assert "nothing scales it; it keeps 3 tasks" in messages(path)


def test_a_service_whose_task_is_elsewhere_is_refused(tmp_path):
    with pytest.raises(PathError, match="its task definition cannot be found"):
        request_path(written(tmp_path, BARE.replace("aws_ecs_task_definition.app.arn", '"elsewhere:7"')))


def test_a_task_without_a_size_is_refused(tmp_path):
    with pytest.raises(PathError, match="memory is not known, so the task's size is not"):
        request_path(written(tmp_path, BARE.replace("memory                = 512", "")))


def test_the_only_database_is_taken_though_nothing_refers_to_it_and_that_is_said(tmp_path):
    model = written(
        tmp_path,
        BARE + 'resource "aws_db_instance" "db" {\n  engine = "postgres"\n  instance_class = "db.t3.small"\n}\n',
    )
    path = request_path(model)
    assert path.database.address == "aws_db_instance.db"
    assert "is taken as the database because it is the only one" in messages(path)
    assert path.database.connections.high == 225  # 2 GiB over 9,531,392


def test_a_class_without_facts_is_said_and_left_out(tmp_path):
    model = written(
        tmp_path, BARE + 'resource "aws_db_instance" "db" {\n  engine = "mysql"\n  instance_class = "db.z9.huge"\n}\n'
    )
    path = request_path(model)
    assert path.database is None
    assert "db.z9.huge is not in analysis/facts/instances.csv" in messages(path)


def test_a_store_that_capacity_does_not_model_is_said(tmp_path):
    model = written(tmp_path, BARE + 'resource "aws_dynamodb_table" "t" {\n  name = "t"\n}\n')
    assert "aws_dynamodb_table.t: the simulated night does not model aws_dynamodb_table yet" in messages(
        request_path(model)
    )


def test_plain_text_where_json_is_expected_does_not_break_the_path(tmp_path):
    path = request_path(written(tmp_path, BARE.replace('"[{\\"name\\": \\"app\\"}]"', '"not json"')))
    assert path.service.vcpu.value == 0.25
    assert "its containers cannot be read" in messages(path)


@pytest.mark.parametrize(
    ("minima", "stays"),
    [
        ([], False),
        ([12, 3], False),  # one event: up and down again
        ([12], False),  # up, and nobody takes it down
        ([12, 3, 24, 3], False),
        ([3, 3], True),  # an event that is scheduled with what always runs
        ([3, 3, 24, 3], True),
        ([None, 12, None, 3], False),
    ],
)
def test_an_event_that_is_scheduled_with_what_always_runs_is_told_from_the_end_of_another(minima, stays):
    assert some_stay(3, minima) is stays
