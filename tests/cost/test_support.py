"""Extended support: what is charged for engines past their standard support, by version and by the day of the bill."""

from decimal import Decimal

import pytest
from cost_makers import made, used

from analysis.architecture import Unknown
from analysis.facts import prices


def database(**values):
    defaults = {
        "engine": "mysql",
        "engine_version": "8.0.36",
        "instance_class": "db.t3.large",
        "allocated_storage": 20,
        "storage_type": "gp2",
    }
    return made("aws_db_instance.d", **{**defaults, **values})


def extended(bill, *resources, day="2026-11-29", **options):
    """The quantity and cost of each line of extended support, by component."""
    cost = bill(*resources, prices=prices("us-east-1", day), **options)
    assert not cost.unpriced
    return {i.component: (i.quantity, i.cost) for i in cost.line_items if "extended support" in i.component}


def test_a_database_past_its_standard_support_pays_by_the_vcpu_on_top(bill):
    assert extended(bill, database()) == {
        "extended support, years 1 and 2": (2 * 730, Decimal("146.0")),
    }


def test_the_third_year_costs_twice_as_much(bill):
    assert extended(bill, database(), day="2028-08-01") == {
        "extended support, year 3": (2 * 730, Decimal("292.0")),
    }


def test_before_the_first_priced_day_nothing_is_charged(bill):
    assert extended(bill, database(), day="2026-07-31") == {}


def test_the_standby_and_the_replica_pay_too(bill):
    replica = made(
        "aws_db_instance.r", replicate_source_db=Unknown("aws_db_instance.d.identifier"), instance_class="db.t3.large"
    )
    cost = bill(database(multi_az=True), replica, prices=prices("us-east-1", "2026-11-29"))
    paid = {i.address: i.cost for i in cost.line_items if "extended support" in i.component}
    assert paid == {"aws_db_instance.d": Decimal("292.0"), "aws_db_instance.r": Decimal("146.0")}


def test_who_opts_out_is_upgraded_and_pays_nothing(bill):
    assert extended(bill, database(engine_lifecycle_support="open-source-rds-extended-support-disabled")) == {}


def test_mariadb_has_no_extended_support(bill):
    assert extended(bill, database(engine="mariadb", engine_version="10.5")) == {}


def test_a_version_that_no_fact_knows_is_a_gap_and_one_newer_than_all_is_not(bill):
    cost = bill(database(engine_version="5.5"))
    assert [gap.reason for gap in cost.unpriced] == [
        "extended support, years 1 and 2, extended support, year 3: no fact says until when rds-mysql 5.5 is supported"
    ]
    assert not bill(database(engine_version="9.1")).unpriced


@pytest.mark.parametrize(
    ("engine", "version", "day"),
    [
        ("aurora-postgresql", "13.9", "2026-03-01"),
        ("aurora-mysql", "5.7.mysql_aurora.2.11.2", "2024-12-01"),
        ("aurora-mysql", "8.0.mysql_aurora.3.05.2", "2028-05-01"),
    ],
)
def test_every_instance_of_an_aurora_cluster_pays_readers_too(bill, engine, version, day):
    cluster = made("aws_rds_cluster.c", engine=engine, engine_version=version)
    members = tuple(
        made(
            f"aws_rds_cluster_instance.i[{n}]",
            cluster_identifier=Unknown("aws_rds_cluster.c.id"),
            engine=engine,
            instance_class="db.r5.xlarge",
        )
        for n in range(2)
    )
    cost = bill(cluster, *members, prices=prices("us-east-1", day))
    paid = [i.cost for i in cost.line_items if "extended support" in i.component]
    assert paid == [Decimal("292.0")] * 2


def test_serverless_capacity_pays_by_use(bill):
    cluster = made("aws_rds_cluster.c", engine="aurora-postgresql", engine_version="13.9")
    member = made(
        "aws_rds_cluster_instance.i",
        cluster_identifier=Unknown("aws_rds_cluster.c.id"),
        engine="aurora-postgresql",
        instance_class="db.serverless",
    )
    cost = bill(
        cluster,
        member,
        prices=prices("us-east-1", "2026-11-29"),
        usage=used("aws_rds_cluster_instance.i", capacity_units_per_hr=2),
    )
    (line,) = [i for i in cost.line_items if "extended support" in i.component]
    assert line.cost == 2 * 730 * Decimal("0.085")


@pytest.mark.parametrize(("day", "share"), [("2026-01-31", None), ("2026-02-01", "0.8"), ("2028-02-01", "1.6")])
def test_cache_nodes_pay_a_share_of_their_price(bill, day, share):
    group = made(
        "aws_elasticache_replication_group.g",
        engine="redis",
        engine_version="5.0.6",
        node_type="cache.t3.micro",
        num_cache_clusters=3,
    )
    lines = list(extended(bill, group, day=day).values())
    expected = [] if share is None else [(3 * 730 * Decimal(share), 3 * 730 * Decimal(share) * Decimal("0.017"))]
    assert lines == expected


@pytest.mark.parametrize(
    ("values", "day", "usd"),
    [
        ({"version": "1.32"}, "2026-11-29", "438.0"),
        ({"version": "1.32"}, "2026-03-22", "73.0"),
        ({"version": "1.32", "upgrade_policy": ({"support_type": "STANDARD"},)}, "2026-11-29", "73.0"),
        ({"version": "1.35"}, "2026-11-29", "73.0"),
        ({}, "2026-11-29", "73.0"),
    ],
)
def test_a_kubernetes_version_past_standard_support_has_another_price(bill, values, day, usd):
    cost = bill(made("aws_eks_cluster.k", **values), prices=prices("us-east-1", day))
    assert cost.total.usd == Decimal(usd)
    assert not cost.unpriced


def test_a_region_without_the_price_says_so(bill):
    cost = bill(database(), region="eu-west-1", prices=prices("eu-west-1", "2026-11-29"))
    assert any("no price for rds.extended_support.year1_2.vcpu_hour" in gap.reason for gap in cost.unpriced)


def test_the_bill_states_its_day(bill):
    assert bill(prices=prices("us-east-1", "2026-11-29")).day.isoformat() == "2026-11-29"
