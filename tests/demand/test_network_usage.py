"""The month of a stack that is no path of containers: streams, functions, gateways, tables. Amounts are worked out by hand."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from analysis import facts
from analysis.demand import usage
from analysis.terraform import load

ROOT = Path(__file__).parents[2]
STACK = Path(__file__).parent / "pushed"
NIGHT = facts.scenario(STACK / "evening.toml")
HOURS, UPDATES, CLIENTS = 10 * 2, 2.0, 3_000
"""Ten nights of two hours with 3,000 clients throughout, to each of whom go two updates a second."""


def month_of(night=NIGHT, text="", folder=None):
    if text:
        folder.mkdir()
        (folder / "main.tf").write_text((STACK / "main.tf").read_text() + text)
        for name in ("gameday.toml", "evening.toml"):
            (folder / name).write_text((STACK / name).read_text())
    where = folder or STACK
    return usage(load(where), night, facts.stack(where), facts.runtime("node_express"))


@pytest.fixture(scope="module")
def month():
    return month_of()


@pytest.fixture(scope="module")
def said(month):
    return lambda address, key: float(month.quantities[address][key])


SECONDS = HOURS * 3_600
RECORDS = UPDATES * SECONDS
SENT = RECORDS * CLIENTS
CONNECTS = CLIENTS / 3_600 * SECONDS
ASKED = CLIENTS / 60 * SECONDS


def test_a_stream_is_billed_a_unit_for_each_record_of_up_to_25_kb(said):
    assert said("aws_kinesis_stream.updates", "monthly_provisioned_put_units") == pytest.approx(RECORDS)


def test_records_of_more_than_25_kb_are_two_units():
    large = replace(
        NIGHT, publisher={**NIGHT.publisher, "update_bytes": NIGHT.publisher["update_bytes"].replaced(Decimal(26_000))}
    )
    found = month_of(large).quantities["aws_kinesis_stream.updates"]["monthly_provisioned_put_units"]
    assert float(found) == pytest.approx(2 * RECORDS)


def test_a_function_that_reads_a_stream_is_called_once_a_second_and_shard_while_its_batches_are_not_full(said):
    # Two records a second on two shards, batches of up to fifty: two calls a second.
    assert said("aws_lambda_function.send", "monthly_requests") == pytest.approx(2 * SECONDS)
    # Each takes 50 ms, and 10 ms for each of the 3,000 deliveries a record.
    assert said("aws_lambda_function.send", "request_duration_ms") == pytest.approx(50 + CLIENTS * 10)


def test_provisioned_environments_take_their_share_of_the_calls(tmp_path):
    more = """
resource "aws_lambda_provisioned_concurrency_config" "send" {
  function_name                     = aws_lambda_alias.send.function_name
  qualifier                         = aws_lambda_alias.send.name
  provisioned_concurrent_executions = 30
}
"""
    found = month_of(text=more, folder=tmp_path / "warm").quantities
    calls = float(found["aws_lambda_provisioned_concurrency_config.send"]["monthly_requests"])
    # 60.1 executions at once: 6,000 deliveries a second at 10 ms, two calls at 50 ms; thirty are warm.
    assert calls / (2 * SECONDS) == pytest.approx(30 / 60.1)
    assert float(found["aws_lambda_function.send"]["monthly_requests"]) + calls == pytest.approx(2 * SECONDS)


def test_a_websocket_api_is_billed_for_what_it_sends_and_for_how_long_connections_last(said):
    assert said("aws_apigatewayv2_api.socket", "monthly_messages") == pytest.approx(SENT)
    assert said("aws_apigatewayv2_api.socket", "monthly_connection_mins") == pytest.approx(CLIENTS * HOURS * 60)
    # 600 B an update and 60 beside it; 400 B for the answer to each connect.
    gigabytes = (SENT * 660 + CONNECTS * 400) / 1e9
    assert said("aws_apigatewayv2_api.socket", "monthly_outbound_internet_gb") == pytest.approx(gigabytes)


def test_an_api_is_billed_for_its_requests_and_for_what_its_answers_weigh(said):
    assert said("aws_api_gateway_rest_api.http", "monthly_requests") == pytest.approx(ASKED)
    assert said("aws_api_gateway_rest_api.http", "monthly_outbound_internet_gb") == pytest.approx(ASKED * 5_400 / 1e9)


def test_an_authorizer_is_called_for_what_the_gateway_does_not_remember(said):
    # Each client asks once a minute and is remembered for five: one call in six, 1 / (1 + 300 / 60); every connect is a call.
    assert said("aws_lambda_function.authorize", "monthly_requests") == pytest.approx(ASKED / 6 + CONNECTS)


def test_a_firewall_inspects_what_the_stage_that_it_guards_gets(said):
    assert said("aws_wafv2_web_acl.front", "monthly_requests") == pytest.approx(ASKED)


def test_a_table_is_billed_by_the_kilobyte_that_is_written_and_by_half_of_four_that_are_read(said):
    # 600 B a record, written again into one index.
    assert said("aws_dynamodb_table.events", "monthly_write_request_units") == pytest.approx(2 * RECORDS)
    # An answer of 5,000 B is two pieces of 4 kB, of which each is half a unit.
    assert said("aws_dynamodb_table.events", "monthly_read_request_units") == pytest.approx(ASKED)
    # Ten days are kept: gameday.toml.
    kept = RECORDS * 600 / 1e9 * 10 * 24 / 730
    assert said("aws_dynamodb_table.events", "storage_gb") == pytest.approx(kept, rel=1e-3)
    assert said("aws_dynamodb_table.events", "pitr_backup_storage_gb") == pytest.approx(kept, rel=1e-3)


def test_a_table_of_connections_holds_one_item_each_and_is_read_for_every_update(said):
    assert said("aws_dynamodb_table.connections", "storage_gb") == pytest.approx(CLIENTS * 150 / 1e9, abs=1e-6)
    assert said("aws_dynamodb_table.connections", "monthly_write_request_units") == pytest.approx(CONNECTS)
    # To find 3,000 connections of 150 B is 450 kB of reading, half a unit for each 4 kB.
    assert said("aws_dynamodb_table.connections", "monthly_read_request_units") == pytest.approx(SENT * 150 / 4_096 / 2)


def test_a_delivery_stream_rounds_every_record_up_to_5_kb_and_writes_an_object_when_its_interval_is_over(said):
    assert said("aws_kinesis_firehose_delivery_stream.archive", "monthly_data_ingested_gb") == pytest.approx(
        RECORDS * 5_120 / 1e9
    )
    # Every five minutes of the month, since the buffer of 64 MB is never full; kept for 30 days, compressed to 15 %.
    assert said("aws_s3_bucket.archive", "standard.monthly_tier_1_requests") == pytest.approx(730 * 12)
    stored = RECORDS * 600 / 1e9 * 0.15 * 30 * 24 / 730
    assert said("aws_s3_bucket.archive", "standard.storage_gb") == pytest.approx(stored, rel=1e-3)


def test_data_events_are_what_is_done_with_the_objects_that_a_trail_watches(said):
    assert said("aws_cloudtrail.all", "monthly_data_events") == pytest.approx(730 * 12)


def test_a_queue_of_failures_carries_nothing_on_a_night_on_which_nothing_fails(said):
    assert said("aws_sqs_queue.dead", "monthly_requests") == 0


def test_what_a_function_writes_to_its_log_goes_by_its_calls(said):
    written = 2 * SECONDS * 500 / 1e9
    assert said("aws_cloudwatch_log_group.send", "monthly_data_ingested_gb") == pytest.approx(written, abs=1e-6)


def test_a_function_that_a_schedule_starts_is_called_as_often_as_that(said):
    # Every five minutes; and the other on weekdays at six and at eighteen.
    assert said("aws_lambda_function.sweep", "monthly_requests") == pytest.approx(730 * 12)
    assert said("aws_lambda_function.report", "monthly_requests") == pytest.approx(2 * 730 / 24 * 5 / 7)


def test_a_rotation_is_four_calls(said):
    assert said("aws_lambda_function.rotate", "monthly_requests") == pytest.approx(4 * 730 / 24 / 30)


def test_backups_of_a_table_are_full_copies_for_as_long_as_each_is_kept(said):
    stored = said("aws_dynamodb_table.events", "storage_gb")
    assert said("aws_backup_vault.copies", "monthly_dynamodb_backup_gb") == pytest.approx(7 * stored, rel=1e-3)


def test_a_kind_of_day_is_weighted_by_its_number_its_crowd_and_its_feeds():
    # Five weekdays with half the crowd and a tenth of the updates.
    share = {
        name: NIGHT.feeds[0].per_s.replaced(Decimal(amount)) for name, amount in (("n", 5), ("c", "0.5"), ("f", "0.1"))
    }
    found = month_of(replace(NIGHT, days=(facts.Day("weekday", share["n"], share["c"], share["f"]),)))
    rest_api = float(found.quantities["aws_api_gateway_rest_api.http"]["monthly_requests"])
    assert rest_api == pytest.approx(ASKED * (1 + 0.5 * 0.5))
    records = float(found.quantities["aws_kinesis_stream.updates"]["monthly_provisioned_put_units"])
    assert records == pytest.approx(RECORDS * (1 + 0.5 * 0.1))
    assert "5 times weekday with 50% of them" in found.origin


def test_feeds_send_by_night_what_the_calendar_says():
    quiet = NIGHT.feeds[0].per_s.replaced(Decimal("0.01"))
    found = month_of(replace(NIGHT, calendar={**NIGHT.calendar, "quiet_feeds": quiet}))
    records = float(found.quantities["aws_kinesis_stream.updates"]["monthly_provisioned_put_units"])
    assert records == pytest.approx(RECORDS + UPDATES * 0.01 * (730 - HOURS) * 3_600)
    assert not any("quiet_feeds" in note for note in found.notes)
    assert any("quiet_feeds" in note for note in month_of().notes)


def test_no_station_that_is_reached_is_without_a_quantity():
    from analysis.cost import estimate

    architecture = load(STACK)
    bill = estimate(architecture, facts.prices(), month_of())
    assert [f"{line.address}: {line.component}" for line in bill.without_quantity] == []
