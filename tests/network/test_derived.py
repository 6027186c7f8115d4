"""The network of a stack: what is a station, what leads where, what takes how much. Limits are AWS's, worked out here by hand."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from network_makers import AURORA, CALLS, GROUP, PUSHED, TOLD

from analysis import facts
from analysis.network import Traffic, check_answered, crowd, dead_ends, entry, loads, network, uses
from analysis.terraform import load
from analysis.wiring import PathError

ROOT = Path(__file__).parents[2]
NIGHT = facts.scenario(ROOT / "terraform" / "scenarios" / "buzzer_final.toml")
NODE = facts.runtime("node_express")


@pytest.fixture
def derived(tmp_path):
    def derived(text, profile=NODE):
        (tmp_path / "main.tf").write_text(text)
        return network(load(tmp_path), None, profile)

    return derived


def way(found):
    """Every link as `source role target`."""
    return {f"{link.source} {link.role} {link.target}" for link in found.links}


def assumed(value, unit):
    return facts.Assumption("x", Decimal(str(value)), Decimal(str(value)), Decimal(str(value)), unit, "test")


def streams(minutes=60, follows=1.0):
    """A night on which users hold a connection each and nobody polls; a feed brings two updates a second."""
    connection = facts.Connection(
        "live", "/live", assumed(1, "connection"), assumed(minutes, "min"), assumed(follows, "share")
    )
    none = {**NIGHT.publisher, "updates_per_minute": assumed(0, "update/min")}
    feeds = (facts.Feed("results", assumed(2, "1/s")),)
    return replace(NIGHT, routes=NIGHT.routes[:1], publisher=none, connections=(connection,), feeds=feeds)


def limits(found, address):
    return {limit.name: limit for limit in found.station(address).limits}


def test_a_gateway_leads_to_its_function_by_method_and_path_and_the_role_says_that_it_reads(derived):
    found = derived(CALLS)
    assert way(found) == {
        "aws_apigatewayv2_api.http forward aws_lambda_function.answer",
        "aws_lambda_function.answer ask aws_dynamodb_table.scores",
    }
    forward, ask = sorted(found.links, key=lambda link: link.role, reverse=True)
    assert (forward.pattern, forward.methods) == ("/scores", {"GET"})
    assert (ask.reads, ask.writes) == (True, False)
    assert found.entries == ("aws_apigatewayv2_api.http",)


def test_a_function_holds_its_reservation_and_its_gateway_the_throttle_and_the_account_quota(derived):
    found = derived(CALLS)
    assert limits(found, "aws_lambda_function.answer")["reserved concurrency"].capacity.value == 100
    assert limits(found, "aws_lambda_function.answer")["requests of an execution"].capacity.value == 1_000
    throttles = limits(found, "aws_apigatewayv2_api.http")
    assert throttles["throttle of the stage"].capacity.value == 400
    assert throttles["requests of the account"].capacity.value == 10_000


def test_functions_without_a_reservation_share_what_the_account_has_left(derived):
    found = derived(PUSHED)
    shared = limits(found, "aws_lambda_function.connect")["concurrency of the account"]
    assert shared.capacity.value == 1_000 - 200
    assert shared.pool


def test_a_raised_quota_of_concurrency_counts(derived):
    raised = """
    resource "aws_servicequotas_service_quota" "concurrency" {
      service_code = "lambda"
      quota_code   = "L-B99A9384"
      value        = 5000
    }
    """
    found = derived(PUSHED + raised)
    assert limits(found, "aws_lambda_function.connect")["concurrency of the account"].capacity.value == 4_800


def test_a_stream_leads_through_an_alias_to_its_reader_which_sends_to_the_gateway(derived):
    found = derived(PUSHED)
    assert way(found) == {
        "aws_kinesis_stream.results log aws_lambda_function.send",
        "aws_lambda_function.send deliver aws_apigatewayv2_api.socket",
        "aws_apigatewayv2_api.socket forward aws_lambda_function.connect",
    }
    batches = limits(found, "aws_kinesis_stream.results")["batches of aws_lambda_function.send"]
    assert batches.capacity.value == 2 * 2
    assert batches.costs["record"].value == pytest.approx(0.05 / 50)


def mapped(found, target="aws_lambda_function.send"):
    return next(link for link in found.links if link.role == "log" and link.target == target)


def test_each_shard_is_called_for_as_many_batches_a_second_as_its_mapping_works_on_at_once(derived):
    # Concurrent batches per shard, and a shard is asked once a second:
    # https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html
    assert mapped(derived(PUSHED)).calls_per_s.value == 2 * 2
    assert mapped(derived(PUSHED.replace("  parallelization_factor  = 2\n", ""))).calls_per_s.value == 2
    longer = PUSHED.replace("  parallelization_factor  = 2\n", "  parallelization_factor  = 10\n  WINDOW = 5\n")
    assert (
        mapped(derived(longer.replace("WINDOW", "maximum_batching_window_in_seconds"))).calls_per_s.value == 2 * 10 / 5
    )


def called(found, *rates):
    """Calls a second of the function for feeds with such rates."""
    feeds = tuple(facts.Feed(f"feed-{number}", assumed(rate, "1/s")) for number, rate in enumerate(rates))
    night = replace(streams(), routes=(), connections=(), feeds=feeds)
    about = replace(ABOUT, sources={feed.name: ("aws_kinesis_stream.results",) for feed in feeds})
    return loads(found, crowd(found, night, about, 5.0), 1.0)["aws_lambda_function.send"]["invocation"][0]


@pytest.mark.parametrize("rate", [1, 4, 40, 170, 1_000])
def test_a_simulation_of_shards_whose_records_are_split_by_their_keys_is_called_as_often(derived, rate):
    """Each second a shard's records go to lanes by their keys, and each lane that has some is called for batches of up to 50.

    With one record for each lane, 37 of 100 lanes have none and the others more than one: so far what is computed is too much.
    """
    lanes, batch, rng, calls, asked = 2 * 2, 50, np.random.default_rng(7), 0, 400
    for _ in range(asked):
        in_lane = np.bincount(rng.integers(0, 100_000, rng.poisson(rate)) % lanes, minlength=lanes)
        calls += int(np.ceil(in_lane / batch).sum())
    assert 0.85 * calls / asked <= called(derived(PUSHED), rate) <= (1.65 if rate == lanes else 1.25) * calls / asked


def test_feeds_of_one_stream_are_read_by_the_same_calls(derived):
    found = derived(PUSHED)
    assert called(found, 30, 30, 60) == pytest.approx(called(found, 120)) == 4
    assert called(found, 400, 100) == pytest.approx(called(found, 500)) == 10  # full batches of fifty


def test_what_only_an_internal_balancer_reaches_serves_nobody(derived):
    found = derived(GROUP)
    assert found.entries == ("aws_lb.public",)
    assert found.unreached == ("aws_ecs_service.admin",)
    assert entry(found, "", "crowd") == "aws_lb.public"


def test_a_group_of_instances_counts_the_processors_of_its_class_and_a_worker_for_each(derived):
    found = derived(GROUP)
    group = found.station("aws_autoscaling_group.web")
    processor = limits(found, "aws_autoscaling_group.web")["processor"]
    assert (processor.capacity.value, group.least.value, group.most.value) == (2, 3, 12)
    assert "aws_autoscaling_group.web cache aws_elasticache_replication_group.cache" in way(found)


def test_a_size_with_its_unit_is_a_size(derived):
    found = derived(GROUP)
    admin = limits(found, "aws_ecs_service.admin")
    assert admin["processor"].capacity.value == 1.0
    assert admin["memory"].capacity.value == 2 * 2**30


def test_a_cache_whose_lifetime_nobody_says_answers_nothing_and_that_is_said(derived):
    found = derived(GROUP)
    assert any("for how long aws_autoscaling_group.web keeps answers" in str(note) for note in found.diagnostics)
    traffic = crowd(found, NIGHT, None, 5.0)
    used = {(use.stations[0], use.limit.name): use for use in uses(found, traffic, 1_000)}
    polls = 1_000 / 5 + 0.1
    assert used["aws_autoscaling_group.web", "processor"].used == pytest.approx(polls * NODE.cpu_s_per_request.at())


def test_a_stack_with_two_doors_asks_which_one(derived):
    found = derived(CALLS + PUSHED)
    with pytest.raises(
        PathError, match=r"2 public entries lead to a program: .*; write in gameday.toml under .enters. crowd = "
    ):
        entry(found, "", "crowd")
    assert entry(found, "aws_apigatewayv2_api.socket", "crowd") == "aws_apigatewayv2_api.socket"


def test_a_door_that_is_not_there_is_refused_with_those_that_are(derived):
    with pytest.raises(
        PathError,
        match=r"gameday.toml:7:1: error: crowd enters at aws_lb.gone, which takes no load in .*; what does: aws_",
    ):
        entry(derived(CALLS), "aws_lb.gone", "crowd", 7)


def test_a_stack_that_serves_nobody_says_what_it_has_instead(derived):
    hidden = GROUP.replace('name    = "public"', 'name    = "public"\n  internal = true')
    with pytest.raises(
        PathError, match=r"there is no request path: aws_autoscaling_group.web .*stands behind the internal balancer"
    ):
        entry(derived(hidden), "", "crowd")


def test_the_throttle_of_a_stage_binds_before_a_function_that_could_do_more(derived):
    found = derived(CALLS)
    night = replace(NIGHT, routes=(replace(NIGHT.routes[0], path="/scores", share=assumed(1, "share")),))
    used = uses(found, crowd(found, night, None, 5.0), 100)
    first = min(used, key=lambda use: use.users_held["value"] or float("inf"))
    assert first.limit.name == "throttle of the stage"
    # One poll in 5 s each against 400 a second, less what the publisher takes.
    assert first.users_held["value"] == pytest.approx((400 - 0.1) * 5, abs=1)


def test_callbacks_to_every_client_take_from_the_quota_of_the_account(derived):
    found = derived(PUSHED)
    night = replace(streams(), routes=())
    doors = facts.Enters(crowd="aws_apigatewayv2_api.socket")
    about = facts.Stack(ROOT, "t", "s", enters=doors, sources={"results": ("aws_kinesis_stream.results",)})
    used = {use.limit.name: use for use in uses(found, crowd(found, night, about, 5.0), 3_000)}
    # Two updates a second to 3,000 clients, and each connection opened once an hour.
    assert used["requests of the account"].used == pytest.approx(2 * 3_000 + 3_000 / 3_600)
    assert used["requests of the account"].users_held["value"] == pytest.approx(10_000 / (2 + 1 / 3_600), abs=1)
    # The function that sends: 10 ms a delivery on 200 executions, and 50 ms for each call: two a second, since Lambda asks each
    # of the two shards once a second and does not wait for a batch of fifty.
    assert used["reserved concurrency"].used == pytest.approx(2 * 3_000 * 0.01 + 2 * 0.05)
    assert used["new connections"].used == pytest.approx(3_000 / 3_600)
    assert used["records"].used == pytest.approx(2)


def test_a_source_that_the_scenario_does_not_have_is_refused(derived):
    about = facts.Stack(ROOT, "t", "s", sources={"reslts": ("aws_lb.public",)})
    with pytest.raises(
        PathError, match=r"gameday.toml:1:1: error: sources.reslts is no feed .*; it has publisher, results, live"
    ):
        crowd(derived(GROUP), streams(), about, 5.0)


def test_a_feed_into_an_api_without_a_path_is_said_to_end_there(derived):
    found = derived(CALLS)
    about = facts.Stack(ROOT, "t", "s", sources={"results": ("aws_apigatewayv2_api.http",)})
    night = replace(NIGHT, feeds=(facts.Feed("results", assumed(2, "1/s")),))
    ends = [str(note) for note in dead_ends(found, crowd(found, night, about, 5.0))]
    assert any("a record (results) ends at aws_apigatewayv2_api.http: nothing there covers it" in end for end in ends)


def test_what_is_no_station_yet_is_said(derived):
    domain = 'resource "aws_opensearch_domain" "main" {\n  domain_name = "main"\n}\n'
    notes = [str(note) for note in derived(GROUP + domain).diagnostics]
    assert any("aws_opensearch_domain.main: what it is asked for is not computed yet" in note for note in notes)


def asked_of_aurora(text, derived):
    found = derived(text)
    reads = [Traffic("reads", "aws_instance.web", "request", per_user=1.0)]
    return found, {use.limit.name: use for use in uses(found, reads, 1_000) if "aws_rds_cluster.main" in use.stations}


def test_a_cluster_behind_a_proxy_answers_reads_with_all_its_instances_and_writes_with_one(derived):
    found, used = asked_of_aurora(AURORA, derived)
    assert "aws_instance.web ask aws_db_proxy.main" in way(found)
    assert "aws_db_proxy.main ask aws_rds_cluster.main" in way(found)
    # It is named beside its proxy, and asked once all the same: 1,000 reads a second of d seconds on three instances of 2 vCPU.
    assert "aws_instance.web ask aws_rds_cluster.main" not in way(found)
    assert used["processors"].available == 6
    assert used["processors"].used == pytest.approx(1_000 * NODE.database_s_per_request.at())
    writes = [Traffic("writes", "aws_instance.web", "request", per_user=1.0, method="POST")]
    writer = {use.limit.name: use for use in uses(found, writes, 1_000)}["processor of the writer"]
    assert (writer.available, writer.used) == (2, pytest.approx(1_000 * NODE.database_s_per_request.at()))


def test_readers_that_no_program_knows_answer_nothing(derived):
    _, used = asked_of_aurora(AURORA.replace(" ${aws_rds_cluster.main.reader_endpoint}", ""), derived)
    assert used["processors"].available == 2


def test_a_serverless_cluster_has_the_processors_of_its_most_capacity_units(derived):
    text = AURORA.replace("db.r6g.large", "db.serverless").replace("count              = 3", "count              = 1")
    scaling = "  serverlessv2_scaling_configuration {\n    min_capacity = 0.5\n    max_capacity = 16\n  }\n"
    text = text.replace(
        'engine             = "aurora-postgresql"\n', f'engine             = "aurora-postgresql"\n{scaling}'
    )
    _, used = asked_of_aurora(text, derived)
    assert used["processors"].available == 16 * 0.25


@pytest.mark.parametrize(
    ("name", "front"), [("buzzer", ["edge"]), ("buzzer_baseline", [])]
)  # its name leads past the edge
def test_the_network_of_the_buzzer_leads_from_where_the_name_leads_to_the_database(name, front):
    directory = ROOT / "terraform" / "stacks" / name
    about = facts.stack(directory)
    found = network(load(directory), about, facts.runtime(about.runtime))
    kinds = [found.stations[address].kind for address in found.downstream(found.entries[0])]
    assert [kind for kind in kinds if kind in {"edge", "balancer", "service", "database"}] == [
        *front,
        "balancer",
        "service",
        "database",
    ]
    assert found.unreached == ()


@pytest.mark.parametrize(
    ("name", "leads"),
    [
        ("scoreboard", "module.load_balancer.aws_lb.this forward module.service.aws_ecs_service.this"),
        ("engine", 'module.events.aws_dynamodb_table.this log module.functions["fanout"].aws_lambda_function.this'),
        (
            "engine",
            'module.functions["fanout"].aws_lambda_function.this publish module.live[0].aws_ecs_service.this',
        ),
        ("engine", 'module.pollers.aws_ecs_service.this["sportradar"] log module.updates.aws_kinesis_stream.this'),
        ("olympics", "module.load_balancer.aws_lb.this forward module.fleet.aws_autoscaling_group.this"),
        ("olympics", "aws_kinesis_stream.results log aws_lambda_function.processor"),
        ("scoreboard_as_written", "aws_ecs_service.this ask aws_db_instance.primary"),
    ],
)
def test_the_stacks_of_the_other_systems_lead_where_they_were_built_to_lead(name, leads):
    directory = ROOT / "terraform" / "stacks" / name
    assert leads in way(network(load(directory), facts.stack(directory), NODE))


def test_the_administration_of_the_games_is_not_what_serves_them():
    directory = ROOT / "terraform" / "stacks" / "olympics"
    found = network(load(directory), facts.stack(directory), NODE)
    assert "module.admin.aws_autoscaling_group.this" in found.unreached
    assert found.entries == ("module.edge.aws_cloudfront_distribution.this",)


def test_a_function_that_may_write_where_it_reads_changes_is_taken_not_to(derived):
    directory = ROOT / "terraform" / "stacks" / "engine_as_written"
    found = network(load(directory), facts.stack(directory), NODE)
    assert 'aws_lambda_function.this["stream-processor"] ask aws_dynamodb_table.events' not in way(found)
    assert any("that would go round for ever" in str(note) for note in found.diagnostics)


def test_an_api_that_answers_nothing_of_what_users_ask_for_is_no_system_that_holds_them(derived):
    found = derived(CALLS)
    first, *others = (replace(route, path=f"/nowhere{route.path}") for route in NIGHT.routes)
    served = replace(first, path="/scores", method="GET")
    with pytest.raises(PathError, match=r"nothing that the scenario's users ask for is answered; .*ends at"):
        check_answered(found, crowd(found, replace(NIGHT, routes=(first, *others)), None, 5.0))
    check_answered(found, crowd(found, replace(NIGHT, routes=(served, *others)), None, 5.0))


# Programs that keep connections and are told over a channel.

ABOUT = facts.Stack(
    ROOT,
    "t",
    "s",
    environment={"connections": "MOST", "send_interval_s": "SEND_MS"},
    units={"SEND_MS": "ms"},
    sources={"results": ("aws_kinesis_stream.results",), "live": ("aws_apigatewayv2_api.none", "aws_lb.public")},
)


@pytest.fixture
def told(tmp_path):
    def told(text=TOLD, about=ABOUT):
        (tmp_path / "main.tf").write_text(text)
        return network(load(tmp_path), about, NODE)

    return told


def test_a_function_that_reads_a_stream_publishes_on_a_channel_that_a_keeper_of_connections_names_too(told):
    found = told()
    assert way(found) >= {
        "aws_kinesis_stream.results log aws_lambda_function.tell",
        "aws_lambda_function.tell publish aws_elasticache_replication_group.channel",
        "aws_lambda_function.tell publish aws_ecs_service.live",
    }
    assert not [link for link in found.links if link.role == "cache"]


def test_what_knows_a_cache_and_keeps_no_connections_asks_it_as_before(told):
    without = replace(ABOUT, environment={"cache_ttl_s": "MOST"})
    roles = {link.role for link in told(about=without).links if "channel" in link.target}
    assert roles == {"cache"}


def asked(found, users, **held):
    return {
        use.limit.name: use for use in uses(found, crowd(found, replace(streams(**held), routes=()), ABOUT, 5.0), users)
    }


def test_every_instance_is_told_of_every_update_and_they_share_what_is_sent(told):
    single = TOLD.replace('{ name = "SEND_MS", value = "500" }', '{ name = "SEND_MS", value = "0" }')
    used = asked(told(single), 3_000)
    # Two updates a second to 3,000 clients at 20 microseconds, a connection opened an hour, and twice two updates told at 7.
    opened = 3_000 / 3_600 * float(NODE.cpu_s_per_request.value)
    assert used["processor"].used == pytest.approx(2 * 3_000 * 20e-6 + opened + 2 * 2 * 7e-6)
    assert used["processor"].available == 2.0
    # Two calls a second of the function: a message to the channel, and from it to each of at most six instances.
    assert used["operations"].used == pytest.approx(2 * (1 + 6))
    assert used["connections"].used == 3_000


def test_what_comes_within_an_interval_is_sent_as_one_message(told):
    night = replace(streams(), routes=())
    sent = next(one for one in crowd(told(), night, ABOUT, 5.0) if one.unit == "delivery")
    # Two updates a second, half a second: 1 - exp(-1) of the intervals hold one or more.
    assert sent.per_user == pytest.approx((1 - 0.36787944) / 0.5)
    assert sent.per_user * sent.updates == pytest.approx(2.0)


def test_a_source_enters_at_the_first_of_several_addresses_that_the_stack_has(told):
    held = next(one for one in crowd(told(), replace(streams(), routes=()), ABOUT, 5.0) if one.unit == "connection")
    assert held.enters == "aws_lb.public"


def test_no_update_is_passed_on_while_the_channel_is_down(told):
    from analysis.network.load import Carried

    found = told()
    traffic = crowd(found, replace(streams(), routes=()), ABOUT, 5.0)
    down = Carried(down={"aws_elasticache_replication_group.channel": np.array([0.0, 1.0])})
    sent = loads(found, traffic, [100.0, 100.0], down)["aws_ecs_service.live"]["delivery"]
    assert sent[0] > 0
    assert sent[1] == 0


# What an archive writes, and what a table is provisioned with.

ARCHIVE = """
resource "aws_kinesis_firehose_delivery_stream" "keep" {
  name        = "keep"
  destination = "extended_s3"
  extended_s3_configuration {
    role_arn           = "arn:aws:iam::123456789012:role/keep"
    bucket_arn         = aws_s3_bucket.keep.arn
    buffering_size     = 64
    buffering_interval = 100
  }
}

resource "aws_s3_bucket" "keep" {
  bucket = "keep"
}
"""


@pytest.mark.parametrize(
    ("records_per_s", "objects_per_s"), [(0.001, 0.001), (5.0, 5 / 64), (0.1, 0.01), (6_400.0, 100.0)]
)
def test_a_delivery_stream_writes_objects_and_not_records(derived, records_per_s, objects_per_s):
    found = derived(ARCHIVE)
    records = Traffic("r", "aws_kinesis_firehose_delivery_stream.keep", "record", fixed=records_per_s)
    used = {use.limit.name: use for use in uses(found, [records], 0)}
    assert used["writes of a prefix"].used == pytest.approx(objects_per_s)


PROVISIONED = """
resource "aws_dynamodb_table" "scores" {
  name           = "scores"
  billing_mode   = "PROVISIONED"
  read_capacity  = 50
  write_capacity = 100
  hash_key       = "game"
  attribute {
    name = "game"
    type = "S"
  }
  attribute {
    name = "day"
    type = "S"
  }
  global_secondary_index {
    name            = "by-day"
    hash_key        = "day"
    projection_type = "ALL"
    read_capacity   = 50
    write_capacity  = 100
  }
}

resource "aws_appautoscaling_target" "writes" {
  service_namespace  = "dynamodb"
  scalable_dimension = "dynamodb:table:WriteCapacityUnits"
  resource_id        = "table/scores"
  min_capacity       = 100
  max_capacity       = 9000
}

resource "aws_appautoscaling_target" "reads" {
  service_namespace  = "dynamodb"
  scalable_dimension = "dynamodb:table:ReadCapacityUnits"
  resource_id        = "table/scores"
  min_capacity       = 50
  max_capacity       = 9000
}

resource "aws_appautoscaling_scheduled_action" "before" {
  name               = "before"
  service_namespace  = "dynamodb"
  scalable_dimension = "dynamodb:table:WriteCapacityUnits"
  resource_id        = "table/scores"
  schedule           = "cron(0 9 ? * SAT *)"
  scalable_target_action {
    min_capacity = 6500
    max_capacity = 9000
  }
}

resource "aws_appautoscaling_scheduled_action" "after" {
  name               = "after"
  service_namespace  = "dynamodb"
  scalable_dimension = "dynamodb:table:WriteCapacityUnits"
  resource_id        = "table/scores"
  schedule           = "cron(0 21 ? * SAT *)"
  scalable_target_action {
    min_capacity = 100
    max_capacity = 9000
  }
}
"""


def test_a_provisioned_table_takes_what_the_clock_raises_it_to_and_its_index_what_it_is_provisioned_with(derived):
    found = limits(derived(PROVISIONED), "aws_dynamodb_table.scores")
    assert found["provisioned writes"].capacity.value == 6_500
    assert found["provisioned reads"].capacity.value == 50
    assert found["provisioned writes of by-day"].capacity.value == 100
    assert "writes of a new table" not in found


def test_a_provisioned_table_has_a_shard_of_changes_for_each_partition(tmp_path):
    from analysis.network.reading import Reading

    (tmp_path / "main.tf").write_text(PROVISIONED)
    stack = load(tmp_path)
    # 6,500 writes at 1,000 a partition and 50 reads at 3,000.
    assert Reading(stack, None, NODE).shards(stack.by_address["aws_dynamodb_table.scores"]) == 7
