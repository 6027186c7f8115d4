import pytest
from alarm_makers import CPU, START, alarm, at, metric, pack

from analysis.alarms import Alarms, season, simulated
from analysis.architecture import Architecture

EMPTY = Architecture("hand-made", ())
NAN = float("nan")


def of(*nights):
    fast = alarm("fast", severity="page", evaluation_periods=1, datapoints_to_alarm=1)
    slow = alarm("slow", severity="page")
    ticket = alarm("ticket", severity="ticket", threshold=40.0)
    told = Alarms((fast, slow, ticket), ())
    return season(EMPTY, [(pack(marks), None if harm is None else at(harm)) for marks, harm in nights], alarms=told)


def test_a_season_knows_the_first_page_of_each_night_of_harm():
    found = of(("_" * 10 + "#" * 20, 20), ("_" * 30, 20), ("_" * 30, None))
    assert found["fast"].leads_s == (8 * 60, None)
    assert found["slow"].leads_s == (6 * 60, None)
    assert found.first_page_s == (8 * 60, None)
    assert found.nights == 3


def test_pages_that_overlap_wake_a_human_once_and_a_ticket_wakes_nobody():
    found = of(("_____####_____####_____", None))
    assert found["fast"].false_pages == found["slow"].false_pages == 2
    assert found["ticket"].false_pages == 1
    assert found.false_wakings == 2
    assert of(("_" * 20, None)).false_wakings == 0


def test_a_page_long_before_the_harm_was_for_nothing_and_one_after_it_was_not():
    assert of(("__####" + "_" * 50 + "#" * 10, 58)).false_wakings == 1
    assert of(("_" * 30 + "####______", 10)).false_wakings == 0


def test_a_season_needs_a_night():
    with pytest.raises(ValueError, match="at least one night"):
        of()


SERVICE = {"service": {"ServiceName": "api", "ClusterName": None}}


def named(**identifiers):
    return {station: {"DBInstanceIdentifier": name} for station, name in identifiers.items()}


@pytest.mark.parametrize(
    ("namespace", "dimensions"),
    [
        ("AWS/EC2", {"AutoScalingGroupName": "fleet"}),
        ("AWS/Lambda", {"FunctionName": "api"}),
        ("AWS/ECS", {"ClusterName": "live", "ServiceName": "admin"}),
        ("AWS/ECS", {"ClusterName": "live"}),
        ("AWS/RDS", {"DBInstanceIdentifier": "live"}),
        ("CWAgent", {"ServiceName": "api"}),
    ],
)
def test_a_processor_is_the_services_only_under_its_own_namespace_and_name(namespace, dimensions):
    from analysis.alarms import MetricKey

    theirs, own = (
        MetricKey.of(namespace, "CPUUtilization", **dimensions),
        MetricKey.of("AWS/ECS", "CPUUtilization", ClusterName="live", ServiceName="api"),
    )
    columns = {("service", "CPUUtilization"): {"average": [50.0]}}
    pack = simulated([metric(theirs), metric(own)], columns, START, "seed 7", identities=SERVICE)
    assert list(pack.series) == [own]


def test_a_balancers_metric_of_one_zone_is_not_that_of_all():
    from analysis.alarms import MetricKey

    keys = [
        MetricKey.of("AWS/ApplicationELB", "HealthyHostCount", LoadBalancer="b", TargetGroup="t", **zone)
        for zone in ({}, {"AvailabilityZone": "us-east-1a"})
    ]
    columns = {("balancer", "HealthyHostCount"): {"min": [2.0]}}
    identities = {"balancer": {"LoadBalancer": "b", "TargetGroup": "t"}}
    assert list(simulated([metric(key) for key in keys], columns, START, "x", identities=identities).series) == keys[:1]


def test_a_simulated_night_is_a_pack_under_the_names_that_the_alarms_use():
    columns = {"n": [60.0, 0.0], "average": [50.0, NAN], "p95": [70.0, NAN]}
    found = simulated([metric()], {("service", "CPUUtilization"): columns}, START, "seed 7", identities=SERVICE)
    assert found.series[CPU].statistics == {"SampleCount": [60.0, 0.0], "Average": [50.0, None], "p95": [70.0, None]}
    assert found.origin == "seed 7"


def test_a_simulated_database_is_not_taken_for_its_replica():
    from analysis.alarms import MetricKey

    keys = [MetricKey.of("AWS/RDS", "CPUUtilization", DBInstanceIdentifier=name) for name in ("live", "live-replica")]
    stations = {("database", "CPUUtilization"): {"average": [50.0]}}
    found = simulated([metric(key) for key in keys], stations, START, "seed 7", identities=named(database="live"))
    assert list(found.series) == keys[:1]


def test_a_replica_is_told_from_its_primary_by_its_name():
    from analysis.alarms import MetricKey

    keys = [MetricKey.of("AWS/RDS", "CPUUtilization", DBInstanceIdentifier=name) for name in ("live", "live-replica")]
    stations = {("database", "CPUUtilization"): {"average": [50.0]}, ("replica", "CPUUtilization"): {"average": [20.0]}}
    identities = named(database="live", replica="live-replica")
    found = simulated([metric(key) for key in keys], stations, START, "seed 7", identities=identities)
    assert [found.series[key].points("Average") for key in keys] == [[50.0], [20.0]]


def test_a_metric_of_ones_own_is_the_services_unless_a_station_bears_its_namespace():
    from analysis.alarms import MetricKey

    key = MetricKey.of("Own", "UpdateAge", Service="api")
    service = {("service", "UpdateAge"): {"p95": [700.0]}}
    assert simulated([metric(key, "p95")], service, START, "x").series[key].points("p95") == [700.0]
    both = {**service, ("Own", "UpdateAge"): {"p95": [100.0]}}
    assert simulated([metric(key, "p95")], both, START, "x").series[key].points("p95") == [100.0]
