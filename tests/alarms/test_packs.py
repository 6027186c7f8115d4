import copy
import json

import pytest
from alarm_makers import CPU, START, metric, pack
from hypothesis import given
from hypothesis import strategies as st

from analysis.alarms import MetricKey, Pack, PackError, Series, load, pack_to_json
from analysis.architecture import Unknown

STAMPS = [f"2026-03-07T19:0{minute}:00Z" for minute in range(4)]


def answer():
    return {
        "MetricDataQueries": [
            {
                "Id": "cpu",
                "MetricStat": {
                    "Metric": {
                        "Namespace": "AWS/ECS",
                        "MetricName": "CPUUtilization",
                        "Dimensions": [
                            {"Name": "ServiceName", "Value": "api"},
                            {"Name": "ClusterName", "Value": "live"},
                        ],
                    },
                    "Period": 60,
                    "Stat": "Average",
                },
            }
        ],
        "MetricDataResults": [
            {
                "Id": "cpu",
                "Label": "CPU",
                "Timestamps": list(STAMPS),
                "Values": [1, 2.5, 3, 4],
                "StatusCode": "Complete",
            }
        ],
    }


def written(tmp_path, found, name="night.json"):
    path = tmp_path / name
    path.write_text(found if isinstance(found, str) else json.dumps(found), encoding="utf-8")
    return path


def test_what_the_cli_printed_is_read_with_its_request_beside_it(tmp_path):
    found = answer()
    written(tmp_path, {"MetricDataQueries": found.pop("MetricDataQueries")}, "night.queries.json")
    read = load(written(tmp_path, found))
    assert read.series == {CPU: Series({"Average": [1.0, 2.5, 3.0, 4.0]})}
    assert read.start == START
    assert read.origin == "get-metric-data, night.json"


def test_the_request_may_be_the_bare_list_of_queries(tmp_path):
    found = answer()
    written(tmp_path, found.pop("MetricDataQueries"), "night.queries.json")
    assert load(written(tmp_path, found)).minutes == 4


def test_the_newest_first_as_the_cli_prints_by_itself_is_turned_round(tmp_path):
    found = answer()
    result = found["MetricDataResults"][0]
    result["Timestamps"], result["Values"] = STAMPS[::-1], [4, 3, 2.5, 1]
    assert load(written(tmp_path, found)).series[CPU].points("Average") == [1.0, 2.5, 3.0, 4.0]


def test_a_gap_of_a_metric_that_is_not_published_at_zero_is_a_gap_and_no_fault(tmp_path):
    found = answer()
    found["MetricDataQueries"][0]["MetricStat"]["Metric"] = {
        "Namespace": "AWS/ApplicationELB",
        "MetricName": "HTTPCode_ELB_5XX_Count",
        "Dimensions": [{"Name": "LoadBalancer", "Value": "app/live/1"}],
    }
    result = found["MetricDataResults"][0]
    del result["Timestamps"][1], result["Values"][1]
    read = load(written(tmp_path, found))
    assert next(iter(read.series.values())).points("Average") == [1.0, None, 3.0, 4.0]


def test_a_gap_is_refused_unless_it_is_said_to_be_real(tmp_path):
    found = copy.deepcopy(answer())
    result = found["MetricDataResults"][0]
    del result["Timestamps"][2], result["Values"][2]
    with pytest.raises(PackError, match="no datapoint at 2026-03-07T19:02:00"):
        load(written(tmp_path, found))
    assert load(written(tmp_path, found), gaps="missing").series[CPU].points("Average") == [1.0, 2.5, None, 4.0]
    assert load(written(tmp_path, {**found, "Gaps": "missing"})).series[CPU].points("Average")[2] is None


def query(found):
    return found["MetricDataQueries"][0]["MetricStat"]


def result(found):
    return found["MetricDataResults"][0]


SPOILT = {
    "two datapoints at": lambda found: result(found).update(Timestamps=[*STAMPS[:3], STAMPS[2]]),
    "not in the order of time": lambda found: result(found).update(
        Timestamps=[STAMPS[0], STAMPS[2], STAMPS[1], STAMPS[3]]
    ),
    "has a period of 300 s; ask for 60 s": lambda found: query(found).update(Period=300),
    "is nan at": lambda found: result(found).update(Values=[1, 2, float("nan"), 4]),
    "is 'x' at": lambda found: result(found).update(Values=[1, 2, "x", 4]),
    "AWS publishes no metric CPUUsage in AWS/ECS": lambda found: query(found)["Metric"].update(MetricName="CPUUsage"),
    "the pack is empty": lambda found: result(found).update(Timestamps=[], Values=[]),
    "4 timestamps and 1 values": lambda found: result(found).update(Values=[1]),
    "on no minute of the pack": lambda found: result(found).update(Timestamps=[*STAMPS[:3], "2026-03-07T19:03:30Z"]),
    "has no time zone": lambda found: result(found).update(Timestamps=[stamp[:-1] for stamp in STAMPS]),
    "is no time": lambda found: result(found).update(Timestamps=[*STAMPS[:3], "later"]),
    "answers no query": lambda found: result(found).update(Id="other"),
    "has no result": lambda found: found.update(MetricDataResults=[]),
    "is PartialData; fetch the rest": lambda found: result(found).update(StatusCode="PartialData"),
    "one page of several": lambda found: found.update(NextToken="x"),
    "has no MetricStat": lambda found: found["MetricDataQueries"][0].pop("MetricStat"),
    "'Stat' is missing": lambda found: query(found).pop("Stat"),
    "neither one of SampleCount": lambda found: query(found).update(Stat="p101"),
    "outside the pack": lambda found: found.update(StartTime=STAMPS[1]),
    "minutes long": lambda found: found.update(EndTime="2027-03-07T19:00:00Z"),
    "not the shape": lambda found: found.update(MetricDataQueries={"Id": 1}),
}


@pytest.mark.parametrize("sentence", SPOILT)
def test_a_pack_that_cannot_be_replayed_is_refused_in_a_sentence(tmp_path, sentence):
    found = copy.deepcopy(answer())
    SPOILT[sentence](found)
    path = written(tmp_path, found)
    with pytest.raises(PackError) as refusal:
        load(path)
    assert sentence in str(refusal.value)
    assert str(refusal.value).startswith(str(path))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "is not JSON"),
        ("[]", "no list MetricDataResults"),
        ("[" * 100_000, "is not JSON"),
        ('{"MetricDataResults": []}', "which metrics"),
    ],
)
def test_what_is_no_pack_at_all_is_refused(tmp_path, text, sentence):
    with pytest.raises(PackError, match=sentence):
        load(written(tmp_path, text))
    with pytest.raises(PackError, match="cannot be read"):
        load(tmp_path / "nowhere.json")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


def places(node, path=()):
    yield path
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in inner:
        yield from places(child, (*path, key))


@given(st.data())
def test_no_change_to_a_pack_makes_anything_but_a_pack_or_a_sentence(tmp_path_factory, data):
    found = copy.deepcopy(answer())
    *way, last = data.draw(st.sampled_from([place for place in places(found) if place]))
    node = found
    for key in way:
        node = node[key]
    node[last] = data.draw(JSON)
    path = tmp_path_factory.mktemp("packs") / "night.json"
    path.write_text(json.dumps(found), encoding="utf-8")
    try:
        read = load(path)
    except PackError as refusal:
        assert str(refusal).startswith(str(path))  # noqa: PT017 (either outcome is right)
    else:
        assert read.minutes >= 1


VALUES = st.lists(st.one_of(st.none(), st.floats(0, 1e9)), min_size=1, max_size=30)


@given(VALUES.filter(lambda points: any(point is not None for point in points)))
def test_a_pack_that_is_written_is_read_as_it_was(tmp_path_factory, points):
    made = Pack({CPU: Series({"Average": points, "p95": points})}, START, origin="seed 7")
    path = tmp_path_factory.mktemp("packs") / "night.json"
    path.write_text(json.dumps(pack_to_json(made)), encoding="utf-8")
    read = load(path)
    assert (read.series, read.start, read.origin) == (made.series, made.start, made.origin)


def test_a_mean_follows_from_sum_and_count_and_a_sum_from_mean_and_count():
    assert Series({"Sum": [6.0, None], "SampleCount": [3.0, 1.0]}).points("Average") == [2.0, None]
    assert Series({"Average": [2.0, None], "SampleCount": [3.0, 1.0]}).points("Sum") == [6.0, None]
    assert Series({"Average": [2.0]}).points("Maximum") is None


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Series({"Average": [1.0, float("inf")]}), "Average is inf in minute 1"),
        (lambda: Series({"Average": [1.0], "Sum": []}), "equally many"),
        (lambda: Series({"mean": [1.0]}), "statistic 'mean'"),
        (lambda: Pack({}, START), "empty"),
        (lambda: Pack({CPU: Series({"Sum": [1.0]})}, START, 300), "every 60 s, not every 300 s"),
        (lambda: Pack({CPU: Series({"Sum": [1.0]})}, START.replace(tzinfo=None)), "time zone"),
    ],
)
def test_a_pack_cannot_be_made_wrong_in_memory_either(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()


def test_a_dimension_that_is_known_after_apply_matches_its_reference_or_the_only_series_there_is():
    wanted = metric(
        MetricKey("AWS/RDS", "CPUUtilization", (("DBInstanceIdentifier", Unknown("aws_db_instance.a.id")),))
    )
    keys = [MetricKey.of("AWS/RDS", "CPUUtilization", DBInstanceIdentifier=name) for name in ("db-1", "db-2")]
    written_out = MetricKey.of("AWS/RDS", "CPUUtilization", DBInstanceIdentifier="aws_db_instance.a.id")
    series = [Series({"Average": [float(value)]}) for value in range(3)]
    assert Pack({keys[0]: series[0]}, START).find(wanted) is series[0]
    assert Pack({keys[0]: series[0], written_out: series[2]}, START).find(wanted) is series[2]
    with pytest.raises(PackError, match="may be any of 2 series"):
        Pack(dict(zip(keys, series, strict=False)), START).find(wanted)
    assert pack("_").find(wanted) is None


def test_the_order_in_which_dimensions_are_given_does_not_matter():
    backwards = MetricKey(CPU.namespace, CPU.name, CPU.dimensions[::-1])
    assert backwards == CPU
    assert pack("_", key=backwards).find(metric(MetricKey(CPU.namespace, CPU.name, CPU.dimensions[::-1])))
