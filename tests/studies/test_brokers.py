"""A managed service in place of a stack's own tier: its quotas, its bill, and a second copy of a stack beside the first."""

import math
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from analysis.facts import limit
from analysis.studies import MeasureError, Studies, brokers, measure

STUDIES = Studies(Path(__file__).parents[2] / "terraform" / "stacks")
TIER = ["module.live*", "module.channel*"]
CALM = brokers.Asked(*(np.array([value, value]) for value in (100.0, 1.0, 50.0, 1_000.0, 600.0)))


def figure(name, stack="engine", study=None, **arguments):
    return measure(name, study or STUDIES.study(stack), arguments).value


def test_what_a_quota_does_not_take_is_not_delivered():
    iot = brokers.broker("iot_core")
    assert brokers.passed(iot, CALM) == 1
    # twice the 20,000 messages out a second in one of two equal slices: a quarter of all is lost
    busy = replace(CALM, connections=np.array([9_000.0, 9_000.0]), delivered=np.array([20_000.0, 40_000.0]))
    assert math.isclose(brokers.passed(iot, busy), 40_000 / 60_000)


def test_a_connection_may_get_no_more_than_its_own_quota():
    iot = brokers.broker("iot_core")
    assert math.isclose(
        brokers.passed(iot, replace(CALM, connections=np.array([5.0, 5.0]))), 0.5
    )  # 200 a second of 100


def test_an_update_that_is_larger_than_a_message_may_be_is_not_delivered_whole():
    large = replace(CALM, bytes=np.full(2, 2 * float(limit("appsync.payload_bytes").value)))
    assert brokers.passed(brokers.broker("appsync_events"), large) == 0.5


def test_the_fullest_quota_is_named_with_what_is_asked_of_it():
    shares = {quota.limit: share for quota, _, share in brokers.shares(brokers.broker("iot_core"), CALM)}
    assert shares["iot.publishes_out_per_s"] == 0.05
    assert shares["iot.connections"] == 100 / 500_000
    assert figure("broker.fullest", broker="iot_core", replaces=TIER).startswith(
        "messages out a second of AWS IoT Core"
    )


def test_a_limit_of_what_stays_may_be_the_fullest():
    assert figure("broker.fullest", broker="appsync_events", replaces=TIER).startswith("records of stream")


def of_a_month(scenario):
    """Deliveries, updates in and connection minutes of a month, from the scenario alone.

    Whoever is there follows a share of what the feeds send; openings of connections are too few to count.
    """
    follows, feeds = scenario.connections[0].follows.at(), sum(feed.per_s.at() for feed in scenario.feeds)
    minutes = np.arange(scenario.start_minute, scenario.end_minute) + 0.5
    held = float(sum(scenario.users(minute) for minute in minutes))  # connection minutes of a day
    weekday, calendar = scenario.days[0], scenario.calendar
    games, others = calendar["games_per_month"].at(), weekday.days_per_month.at()
    hours = (scenario.end_minute - scenario.start_minute) / 60.0
    calm = (730.0 - (games + others) * hours) * 60.0
    quiet = calm * calendar["quiet_users"].at()
    less = weekday.feeds.at(), calendar["quiet_feeds"].at()
    delivered = held * (games + others * weekday.crowd.at() * less[0]) + quiet * less[1]
    came = len(minutes) * (games + others * less[0]) + calm * less[1]
    return 60.0 * follows * feeds * delivered, 60.0 * feeds * came, held * (games + others * weekday.crowd.at()) + quiet


def test_the_month_is_the_bill_without_the_tier_and_with_every_message_and_minute():
    study = STUDIES.study("engine")
    gone = sum(
        line.cost or 0
        for line in study.bill.line_items
        if line.address.startswith(("module.live", "module.channel")) and line.sku != "transfer.internet_out.gb"
    )
    added = float(figure("broker.month", broker="appsync_events", replaces=TIER) - (study.bill.total.usd - gone))
    delivered, came, held = of_a_month(study.scenario)
    assert math.isclose(added, (delivered + came) / 1e6 + 0.08 * held / 1e6, rel_tol=0.001)


def test_the_tiers_of_a_price_count():
    millions = sum(of_a_month(STUDIES.study("engine").scenario)[:2]) / 1e6
    by_tier = 1_000 + 4_000 * 0.8 + (millions - 5_000) * 0.7
    added = figure("broker.month", broker="iot_core", replaces=TIER) - figure(
        "broker.month", broker="appsync_events", replaces=TIER
    )
    assert math.isclose(float(added), by_tier - millions, rel_tol=0.001)


def test_a_message_is_metered_by_the_started_chunk():
    studies = [STUDIES.study("engine", assumed={"publisher.update_bytes": size}) for size in (5_120, 5_121)]
    cost = [figure("broker.month", study=one, broker="appsync_events", replaces=TIER) for one in studies]
    rest = [one.bill.total.usd - figure("cost.address", study=one, address="module.live*") for one in studies]
    more = float(cost[1] - cost[0] - (rest[1] - rest[0]))
    assert math.isclose(more, sum(of_a_month(studies[0].scenario)[:2]) / 1e6, rel_tol=0.01)


def test_a_game_is_what_its_days_add_to_the_month():
    study = STUDIES.study("engine")
    fewer = STUDIES.study("engine", games_per_month=7)
    month = [figure("broker.month", study=one, broker="iot_core", replaces=TIER) for one in (study, fewer)]
    assert math.isclose(
        float(figure("broker.game", broker="iot_core", replaces=TIER)), float(month[0] - month[1]), rel_tol=0.01
    )


@pytest.mark.parametrize(
    ("given", "stack", "sentence"),
    [
        ({"broker": "pigeon", "replaces": TIER}, "engine", "there is no broker 'pigeon'; there are iot_core"),
        ({"broker": "iot_core", "replaces": ["aws_x.*"]}, "engine", "has no line of aws_x"),
        ({"broker": "iot_core", "replaces": ["*"]}, "olympics", "nothing is sent over connections"),
    ],
)
def test_a_broker_that_cannot_be_computed_is_refused(given, stack, sentence):
    with pytest.raises(MeasureError, match=sentence):
        figure("broker.month", stack, **given)


def test_a_broker_without_a_price_in_the_region_is_refused():
    with pytest.raises(MeasureError, match=r"price book of us-west-2 has no iot\.million_messages"):
        figure(
            "broker.month",
            study=STUDIES.study("engine", variables={"region": "us-west-2"}),
            broker="iot_core",
            replaces=TIER,
        )


# --- what AWS promises, and what another region's book lacks


def test_agreements_multiply_and_each_service_counts_once():
    # API Gateway, two functions and a table; four functions and two tables are still Lambda and DynamoDB
    assert figure("availability.promised", of="events") == Decimal("0.9995") * Decimal("0.9995") * Decimal("0.9999")
    whole = figure("availability.promised")
    assert whole == Decimal("0.9995") ** 2 * Decimal("0.9999") ** 4 * Decimal("0.999")


def test_a_table_with_replicas_has_the_agreement_of_a_global_table():
    both = {"live": "gateway", "replica_regions": ["us-west-2"]}
    study = STUDIES.study("engine", variables=both)
    assert figure("availability.promised", study=study, of="events") == Decimal("0.9995") ** 2 * Decimal("0.99999")
    # the whole way has a table without replicas, so it stays with one region's agreement
    assert "dynamodb.global.sla" not in {one.name for one in measure("availability.promised", study, {}).inputs}


@pytest.mark.parametrize(
    ("stack", "given", "sentence"),
    [
        ("olympics", {}, "what AWS promises for aws_autoscaling_group is not among the facts"),
        ("engine", {"of": "smoke"}, "has no traffic 'smoke'; there are events"),
    ],
)
def test_an_agreement_that_is_not_known_is_refused(stack, given, sentence):
    with pytest.raises(MeasureError, match=sentence):
        figure("availability.promised", stack, **given)


def test_what_another_regions_book_lacks_is_listed_at_this_ones_price():
    found = measure("cost.lacking", STUDIES.study("engine"), {"region": "us-west-2"})
    there = STUDIES.study("engine", variables={"region": "us-west-2"})
    lacking = {gap.reason.rpartition(" ")[2] for gap in there.bill.unpriced}
    assert {one.name for one in found.inputs} == lacking
    assert found.value == sum(line.cost or 0 for line in STUDIES.study("engine").bill.line_items if line.sku in lacking)
    with pytest.raises(MeasureError, match="moon-1"):
        figure("cost.lacking", region="moon-1")
