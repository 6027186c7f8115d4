import re
import shutil
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from analysis.architecture import Architecture, Location, Variable
from analysis.cost import estimate
from analysis.demand import usage
from analysis.demand.calendar import scheduled_windows
from analysis.demand.month import Month
from analysis.facts import prices, runtime, scenario, stack
from analysis.terraform import load
from analysis.wiring.hops import Schedule

TICKER = Path(__file__).parent / "ticker"
NIGHT = scenario(stack(TICKER).scenario)


def month_of(night=NIGHT, **variables):
    return usage(load(TICKER, variables=variables), night, stack(TICKER))


@pytest.fixture(scope="module")
def month():
    return month_of()


def with_games(night, games):
    calendar = {**night.calendar, "games_per_month": night.calendar["games_per_month"].replaced(Decimal(games))}
    return replace(night, calendar=calendar)


def test_the_hours_of_the_balancer_are_those_of_a_month(month):
    hours = month.load_hours["aws_lb.front"]
    assert sum(part.hours for part in hours) == 730
    assert all(part.hours >= 0 for part in hours)
    assert hours[-1].hours > 600


def test_only_rules_beyond_the_ten_free_ones_are_evaluated_for_money(month):
    busiest = max(month.load_hours["aws_lb.front"], key=lambda part: part.rule_evaluations_per_s)
    # Thirteen rules: three are charged for every request.
    requests_per_s = busiest.new_connections_per_s * float(NIGHT.edge["requests_per_connection"].value)
    assert busiest.rule_evaluations_per_s == pytest.approx(3 * requests_per_s, rel=1e-4)


def test_tasks_run_as_scheduled_around_the_game_and_at_the_minimum_otherwise(month):
    # Six tasks from an hour before kick-off until three hours after, twelve times; two tasks in all other hours.
    assert month.quantities["aws_ecs_service.web"]["task_hours"] == pytest.approx(
        Decimal(2 * 730 + 12 * 4 * 4), abs=Decimal("0.01")
    )


def test_games_scheduled_with_different_numbers_count_by_their_mean():
    higher = month_of(second_tasks=10).quantities["aws_ecs_service.web"]["task_hours"]
    assert higher == pytest.approx(Decimal(2 * 730 + 12 * 4 * 6), abs=Decimal("0.01"))


def test_a_service_that_nothing_scales_runs_all_month():
    path = month_of(tasks={"desired": 3, "min": 3, "max": 3})
    assert path.quantities["aws_ecs_service.web"]["task_hours"] >= 3 * 730


def test_target_tracking_adds_tasks_when_the_load_asks_for_them():
    room = {"api_ttl_s": 0, "tasks": {"desired": 1, "min": 1, "max": 40}}
    crowds = [month_of(NIGHT.with_peak(users), **room) for users in (10, 40_000, 80_000)]
    hours = [float(m.quantities["aws_ecs_service.web"]["task_hours"]) for m in crowds]
    # Six scheduled tasks are enough for ten users; the same tasks half an hour longer would be 18 hours more.
    assert hours[0] == pytest.approx(730 + 12 * 4 * 5)
    assert hours[0] + 18 < hours[1] < hours[2] <= 730 + 12 * 4.5 * 39


def test_tasks_stay_for_fifteen_minutes_after_the_load_has_gone():
    described = stack(TICKER)
    model_ = load(TICKER, variables={"api_ttl_s": 0, "tasks": {"desired": 1, "min": 1, "max": 99}})
    month = Month(model_, NIGHT.with_peak(80_000), described, runtime(described.runtime))
    wanted = list(month.needed(month.stretches[0], "aws_ecs_service.web"))
    running = list(month.instances["aws_ecs_service.web"][0])
    top = max(range(len(wanted)), key=lambda minute: (wanted[minute], minute))
    most = running[top]
    assert running[top : top + 15] == [most] * 15
    assert running[top + 15] < most


def test_every_request_of_the_night_is_billed_at_the_edge(month):
    edge = month.quantities["aws_cloudfront_distribution.edge"]
    seconds = 60
    polls = sum(NIGHT.users(minute + 0.5) / 2 * seconds for minute in range(-90, 180)) * 12
    quiet_polls = 5 / 2 * 3600 * (730 - 12 * 4.5)
    published = 6 / 60 * 12 * 4.5 * 3600
    sessions = (sum(NIGHT.users(minute + 0.5) for minute in range(-90, 180)) * 12 + 5 * 60 * (730 - 12 * 4.5)) / 25
    assert float(edge["monthly_https_requests.us"]) == pytest.approx(
        polls + quiet_polls + published + sessions * 12, rel=1e-6
    )
    assert edge["monthly_shield_requests.us"] < edge["monthly_https_requests.us"]


def test_the_firewall_of_the_edge_sees_what_the_edge_sees(month):
    edge = month.quantities["aws_cloudfront_distribution.edge"]
    assert month.quantities["aws_wafv2_web_acl.edge"]["monthly_requests"] == edge["monthly_https_requests.us"]


def test_a_distribution_that_the_name_leads_past_and_its_firewall_are_asked_for_pictures_alone(tmp_path, month):
    shutil.copytree(TICKER, tmp_path / "ticker")
    named = """
resource "aws_route53_record" "live" {
  zone_id = "Z1"
  name    = "live.ticker.example"
  type    = "CNAME"
  ttl     = 60
  records = [aws_lb.front.dns_name]
}
"""
    with (tmp_path / "ticker" / "main.tf").open("a", encoding="utf-8") as main:
        main.write(named)
    past = usage(load(tmp_path / "ticker"), NIGHT, stack(TICKER))
    edge, before = (found.quantities["aws_cloudfront_distribution.edge"] for found in (past, month))
    assert edge["monthly_data_transfer_to_origin_gb.us"] == 0
    # Twelve pictures, scripts and style sheets a visit, and no polls.
    assert 0 < edge["monthly_https_requests.us"] < before["monthly_https_requests.us"] / 10
    assert past.quantities["aws_wafv2_web_acl.edge"]["monthly_requests"] == edge["monthly_https_requests.us"]
    assert past.quantities["aws_lb.front"]["monthly_outbound_internet_gb"] > 0
    assert (
        "aws_lb.front" not in month.quantities or "monthly_outbound_internet_gb" not in month.quantities["aws_lb.front"]
    )
    assert any("live.ticker.example" in note for note in past.notes)


@pytest.mark.parametrize(
    "address",
    [
        "aws_cloudwatch_log_group.other",
        "aws_lb.partners",
        "aws_nat_gateway.batch",
        "aws_route53_record.mail",
        "aws_secretsmanager_secret.partners",
        "aws_wafv2_web_acl.partners",
    ],
)
def test_what_the_crowd_does_not_reach_gets_none_of_its_traffic(month, address):
    assert address not in month.quantities
    assert address not in month.load_hours


def test_only_the_service_writes_its_log_and_keeps_it_as_long_as_its_retention(month):
    logs = month.quantities["aws_cloudwatch_log_group.web"]
    assert logs["storage_gb"] == logs["monthly_data_ingested_gb"] > 0
    assert "aws_cloudwatch_log_group.other" not in month.quantities


def test_the_bucket_behind_the_edge_is_read_by_fans_and_the_other_by_nobody(month):
    assert month.quantities["aws_s3_bucket.assets"]["standard.monthly_tier_2_requests"] > 0
    assert month.quantities["aws_s3_bucket.archive"]["standard.monthly_tier_2_requests"] == 0
    assert month.quantities["aws_s3_bucket.archive"]["standard.storage_gb"] > 0


def test_every_key_is_one_that_cost_charges_by():
    """Keys that the rate card does not know would be paid by nobody."""
    model = load(TICKER)
    lines = estimate(model, prices(), usage(model, NIGHT, stack(TICKER))).line_items
    billed = {line.address for line in lines if line.usage_based and line.quantity is not None}
    assert billed >= set(month_of().quantities) - {"aws_ecs_cluster.main"}


def test_gateways_share_what_leaves_through_them(month):
    through = [month.quantities[f"aws_nat_gateway.out[{i}]"]["monthly_data_processed_gb"] for i in (0, 1)]
    assert through[0] == through[1] > 0
    logged = month.quantities["aws_cloudwatch_log_group.web"]["monthly_data_ingested_gb"]
    # Two gateways, no endpoint: all logs pass, and images and calls to AWS besides.
    assert logged < sum(through) < logged + 20


def test_twice_the_users_ask_twice_as_much_of_the_edge(month):
    twice = month_of(NIGHT.with_peak(10_000))
    key = "monthly_data_transfer_to_internet_gb.us"
    one, two = (float(m.quantities["aws_cloudfront_distribution.edge"][key]) for m in (month, twice))
    assert one < two < 2 * one
    assert two / one == pytest.approx(2, abs=0.1)  # the quiet hours do not double


def test_what_it_rests_on_is_listed(month):
    names = {fact.name for fact in month.rests_on}
    assert {"audience.peak_users", "month.image_gb", "logs.bytes_per_request", "calendar.games_per_month"} <= names
    assert all(fact.reason or fact.source for fact in month.rests_on)


def test_nights_that_do_not_fit_into_a_month_are_refused():
    with pytest.raises(ValueError, match=r"calendar\.games_per_month: 200 nights of 4\.5 h do not fit into a month"):
        month_of(with_games(NIGHT, 200))


def test_the_same_month_comes_out_twice():
    assert month_of() == month_of()


def schedule(expression, minimum):
    return Schedule(f"a.{expression}", expression, "UTC", minimum, 10, Location("main.tf"))


def model(*kick_offs):
    variable = Variable("games", tuple(kick_offs), Location("main.tf"))
    return Architecture("s", (), variables={"games": variable})


def test_a_window_begins_before_the_next_kick_off_and_ends_with_the_next_lowering():
    actions = [schedule("at(2026-03-01T18:30:00)", 8), schedule("at(2026-03-01T23:00:00)", 2)]
    (window,) = scheduled_windows(actions, 2, model("2026-03-01T21:00:00+01:00"))
    assert (window.start_minute, window.end_minute, window.tasks) == (-90, 180, 8)


def test_each_fixture_has_a_window_of_its_own():
    actions = [
        schedule("at(2026-03-01T18:30:00)", 8),
        schedule("at(2026-03-01T23:00:00)", 2),
        schedule("at(2026-03-05T19:30:00)", 4),
        schedule("at(2026-03-05T22:00:00)", 2),
    ]
    windows = scheduled_windows(actions, 2, model("2026-03-01T20:00:00Z", "2026-03-05T20:00:00Z"))
    assert [(w.start_minute, w.end_minute, w.tasks) for w in windows] == [(-90, 180, 8), (-30, 120, 4)]
    assert len({w.game for w in windows}) == 2


def test_without_a_kick_off_a_window_begins_an_hour_before_it():
    actions = [schedule("cron(0 18 * * ? *)", 8), schedule("cron(30 22 * * ? *)", 2)]
    (window,) = scheduled_windows(actions, 2, model())
    assert (window.start_minute, window.end_minute, window.tasks) == (-60, 210, 8)


def test_an_action_that_raises_nothing_makes_no_window():
    assert scheduled_windows([schedule("at(2026-03-01T18:30:00)", 2)], 2, model()) == ()


BUCKET = """
resource "aws_s3_bucket" "old" {}
resource "aws_s3_bucket_lifecycle_configuration" "old" {
  bucket = aws_s3_bucket.old.id
  rule {
    id     = "age"
    status = "%s"
    filter {}
    transition {
      days          = 30
      storage_class = "STANDARD_IA"
    }
    transition {
      days          = 90
      storage_class = "GLACIER"
    }
    expiration {
      days = 300
    }
  }
}
"""


def old_bucket(tmp_path, status):
    for name in ("main.tf", "gameday.toml"):
        text = (TICKER / name).read_text()
        (tmp_path / name).write_text(text + BUCKET % status if name == "main.tf" else text)
    return usage(load(tmp_path), NIGHT, stack(TICKER)).quantities["aws_s3_bucket.old"]


def test_a_lifecycle_shares_a_bucket_among_the_classes_by_the_days_in_each(tmp_path):
    plain, found = (old_bucket(tmp_path, status) for status in ("Disabled", "Enabled"))
    held = plain["standard.storage_gb"]
    assert "glacier_flexible_retrieval.storage_gb" not in plain
    assert found["standard.storage_gb"] == held * 30 / 300
    assert found["standard_infrequent_access.storage_gb"] == held * 60 / 300
    assert found["glacier_flexible_retrieval.storage_gb"] == held * 210 / 300
    writes = found["standard.monthly_tier_1_requests"]
    assert found["glacier_flexible_retrieval.monthly_lifecycle_transition_requests"] == writes > 0


def test_a_network_balancer_is_billed_by_its_own_capacity_units():
    model = load(TICKER)
    front = model.by_address["aws_lb.front"]
    other = replace(front, values={**front.values, "load_balancer_type": "network"})
    changed = replace(model, resources=tuple(other if r is front else r for r in model.resources))
    used = usage(changed, NIGHT, stack(TICKER))
    (line,) = [i for i in estimate(changed, prices(), used).line_items if i.component == "capacity units, network"]
    # The busiest dimension of 800 new connections a second, 100,000 active ones and a gigabyte an hour: always the gigabytes.
    gigabytes = sum(float(hours.hours) * hours.processed_gb_per_hour for hours in used.load_hours["aws_lb.front"])
    assert float(line.quantity) == pytest.approx(gigabytes, rel=1e-3)


AURORA = """
resource "aws_rds_cluster" "main" {
  cluster_identifier = "main"
  engine             = "aurora-mysql"
  serverlessv2_scaling_configuration {
    min_capacity = 0.5
    max_capacity = 8
  }
}

resource "aws_rds_cluster_instance" "main" {
  cluster_identifier = aws_rds_cluster.main.id
  instance_class     = "db.serverless"
  engine             = "aurora-mysql"
}
"""


def test_an_aurora_cluster_is_billed_for_what_its_storage_is_asked_and_for_the_units_it_keeps_busy(tmp_path):
    text = (TICKER / "main.tf").read_text()
    parts = re.split(r'(?m)^resource "', text)
    kept = [p for p in parts if not p.startswith(('aws_db_instance"', 'aws_db_parameter_group"'))]
    text = 'resource "'.join(kept).replace("aws_db_instance.main.address", "aws_rds_cluster.main.endpoint")
    text = text.replace('        { name = "DB_READ", value = aws_db_instance.read.address },\n', "")
    (tmp_path / "main.tf").write_text(text + AURORA)
    (tmp_path / "gameday.toml").write_text((TICKER / "gameday.toml").read_text())
    about = replace(stack(TICKER), directory=tmp_path)
    found = usage(load(tmp_path), NIGHT, about).quantities
    cluster, member = found["aws_rds_cluster.main"], found["aws_rds_cluster_instance.main"]
    # The publisher's six updates a minute for 54 hours are among the writes; what the caches leave of the reads is the rest.
    assert float(cluster["write_requests_per_sec"]) * 730 >= 6 / 60 * 54 * 0.99
    assert float(cluster["read_requests_per_sec"]) > 0
    assert 0.5 <= float(member["capacity_units_per_hr"]) < 1
