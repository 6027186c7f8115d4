"""What reservations would save on the lines that run all month."""

from decimal import Decimal

import pytest
from cost_makers import made

from analysis.cost import reservations, reservations_json
from analysis.cost.reserved import SERVICES, TERMS
from analysis.facts import prices

CACHE = made("aws_elasticache_cluster.c", node_type="cache.t4g.micro", num_cache_nodes=2, engine="redis")
WEB = made("aws_instance.i", instance_type="m5.large")


@pytest.mark.parametrize("term", TERMS)
def test_a_reserved_instance_is_paid_for_every_hour_at_its_rate(bill, book, term):
    found = reservations(bill(WEB), book, term)
    (line,) = found.lines
    rate = book.prices[f"ec2.linux.m5.large.{TERMS[term]}.hour"].tiers[0].usd
    assert (line.count, line.reserved) == (1, 730 * rate)
    assert found.saving == 730 * (Decimal("0.096") - rate) > 0


def test_three_years_save_more_than_one(bill, book):
    one, three = (reservations(bill(WEB, CACHE), book, term).saving for term in TERMS)
    assert three > one


def test_part_of_an_instance_stays_on_demand(bill, book):
    from cost_makers import used

    cost = bill(WEB, usage=used("aws_instance.i", monthly_hrs=700))
    assert reservations(cost, book, "1y").lines == ()
    group = made("aws_autoscaling_group.g", desired_capacity=2, launch_template=({"name": "t"},))
    template = made("aws_launch_template.t", name="t", instance_type="m5.large")
    cost = bill(group, template, usage=used("aws_autoscaling_group.g", instance_hours=1000))
    (line,) = reservations(cost, book, "1y").lines
    assert line.count == 1
    assert line.reserved == 730 * line.hourly + 270 * Decimal("0.096")


def test_extended_support_is_not_reserved(bill):
    old = made("aws_elasticache_cluster.c", node_type="cache.t4g.micro", engine="redis", engine_version="5.0.6")
    book = prices("us-east-1", "2026-11-29")
    cost = bill(old, prices=book)
    assert len([item for item in cost.line_items if item.sku == "elasticache.redis.t4g.micro.hour"]) == 2
    assert len(reservations(cost, book, "1y").lines) <= 1


def test_an_instance_without_a_rate_is_named(bill, book):
    database = made("aws_db_instance.d", engine="mysql", instance_class="db.t3.micro", allocated_storage=20)
    found = reservations(bill(database), book, "3y")
    assert found.without == ("rds.mysql.t3.micro.single_az.hour",)
    assert reservations_json(found, bill(database))["saving"] == "0"


def test_every_service_with_reservations_is_one_of_the_book(book):
    assert {row.service for row in book.rows} >= SERVICES
