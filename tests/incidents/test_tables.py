"""An incident's series as a plain CSV: sorted, taken to UTC, and refused with the number of the line where they make no sense."""

import datetime as dt
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.alarms import MetricKey, PackError, load
from analysis.alarms.tables import answer

HEAD = "time,metric,value\n"
ASKED = "AWS/ApplicationELB RequestCount"


def pack(tmp_path, text, **options):
    path = tmp_path / "series.csv"
    path.write_text(text, encoding="utf-8")
    return load(path, **options)


def rows(values, metric=ASKED):
    return "".join(f"2026-11-27T09:{minute:02d}:00Z,{metric},{value}\n" for minute, value in enumerate(values))


def test_rows_in_any_order_and_zone_are_taken_to_utc_and_to_their_minute(tmp_path):
    found = pack(
        tmp_path,
        HEAD
        + f"2026-11-27T10:01:30+01:00,{ASKED},2\n2026-11-27T09:00:00Z,{ASKED},1\n2026-11-27T04:02:00-05:00,RequestCount,3\n",
    )
    assert found.start == dt.datetime(2026, 11, 27, 9, tzinfo=dt.UTC)
    series = found.series[MetricKey("AWS/ApplicationELB", "RequestCount")]
    assert list(series.points("Sum")) == [1, 2, 3]


def test_a_count_is_a_sum_a_share_is_a_mean_and_a_column_says_otherwise(tmp_path):
    found = answer(HEAD + rows([1], "AWS/ECS CPUUtilization") + rows([1], "user Age"))
    assert [query["MetricStat"]["Stat"] for query in found["MetricDataQueries"]] == ["Average", "Average"]
    found = answer("time,metric,value,statistic,dimensions\n2026-11-27T09:00:00Z,Shop Orders,5,p95,Zone=b; Cell = a\n")
    stat = found["MetricDataQueries"][0]["MetricStat"]
    assert stat["Stat"] == "p95"
    assert stat["Metric"]["Dimensions"] == [{"Name": "Cell", "Value": "a"}, {"Name": "Zone", "Value": "b"}]


def test_a_column_for_each_metric_says_the_same_as_a_row_for_each_datapoint():
    long = "time,metric,value,statistic\n" + "".join(
        f"2026-11-27T09:0{minute}:00Z,{cells}\n"
        for minute, cells in (
            (0, "RequestCount,600,"), (0, "user Latency,0.2,p95"), (1, "RequestCount,580,"), (2, "user Latency,3,p95"),
        )
    )  # fmt: skip
    wide = (
        "Time,RequestCount, user Latency p95\n2026-11-27T09:00:00Z,600,0.2\n2026-11-27T09:01:00Z,580,\n"
        "2026-11-27T09:02:00Z,,3\n"
    )
    assert answer(wide) == answer(long)


WRONG = {
    "no column": ("time,value\n", "line 1: lacks the column metric"),
    "other separator": ("time;metric;value\n", "line 1: lacks the columns time, metric, value"),
    "unknown column": ("time,metric,value,host\n", "line 1: the column 'host' is not known"),
    "column of no metric": ("time,RequestCuont\n", "line 1: the column 'RequestCuont': .*did you mean RequestCount?"),
    "own column without statistic": ("time,Shop Orders\n", "line 1: the column 'Shop Orders': .* is your own"),
    "column of a metric twice": ("time,RequestCount,RequestCount\n", "line 1: the column RequestCount is there twice"),
    "one metric in two columns": (
        "time,RequestCount,AWS/ApplicationELB RequestCount\n2026-11-27T09:00:00Z,1,2\n", "line 2: .* second value"),
    "no number in a column": ("time,RequestCount\n2026-11-27T09:00:00Z,many\n", "line 2: 'many' is not a number"),
    "short row of columns": ("time,RequestCount\n2026-11-27T09:00:00Z\n", "line 2: has 1 cells, the first line 2"),
    "column twice": ("time,metric,value,time\n", "line 1: the column time is there twice"),
    "short row": (HEAD + "2026-11-27T09:00:00Z,RequestCount\n", "line 2: has 2 cells, the first line 3"),
    "no zone": (HEAD + rows([1]) + "2026-11-27T09:01:00,RequestCount,1\n", "line 3: .* no time zone"),
    "no time": (HEAD + "yesterday,RequestCount,1\n", "line 2: 'yesterday' is no time"),
    "before time": (HEAD + "0001-01-01T00:00:00+23:00,RequestCount,1\n", "line 2: .* outside the calendar"),
    "twice": (HEAD + rows([1, 2]) + rows([3]), "line 4: .* second value in the minute 2026-11-27T09:00Z; .* line 2"),
    "no number": (HEAD + rows(["1_0"]), "line 2: '1_0' is not a number"),
    "not finite": (HEAD + rows(["nan"]), "line 2: 'nan' is not a number"),
    "too large": (HEAD + rows(["1e999"]), "line 2: '1e999' is not a number"),
    "negative": (HEAD + rows([-1]), "it cannot be below 0"),
    "unknown metric": (HEAD + rows([1], "RequestCuont"), "line 2: .* not known; did you mean RequestCount?"),
    "unknown in AWS": (HEAD + rows([1], "AWS/ECS CPU"), "line 2: AWS publishes no metric CPU in AWS/ECS"),
    "ambiguous": (HEAD + rows([1], "CPUUtilization"), "line 2: CPUUtilization may be of AWS/.*write one of them"),
    "own without statistic": (HEAD + rows([1], "Shop Orders"), "line 2: Shop Orders is your own; say in a column statistic"),
    "own unknown": (HEAD + rows([1], "user Mood"), "line 2: apps measure no metric Mood"),
    "dimension": ("time,metric,value,dimensions\n2026-11-27T09:00:00Z,RequestCount,1,LoadBalancer\n", "line 2: the dimensions"),
    "quotes": (HEAD + '"2026', "line 2: is not CSV"),
    "statistic": ("time,metric,value,statistic\n2026-11-27T09:00:00Z,RequestCount,1,most\n", "line 2: .*most"),
    "empty": ("", "line 1: lacks"),
    "no rows": (HEAD, "no query has a datapoint"),
    "gap": (HEAD + rows([1], "AWS/ECS CPUUtilization") + "2026-11-27T09:05:00Z,AWS/ECS CPUUtilization,1\n", "gaps missing"),
    "too long": (HEAD + rows([1]) + f"2026-12-27T09:00:00Z,{ASKED},1\n", "minutes long"),
}  # fmt: skip


@pytest.mark.parametrize("fault", WRONG)
def test_what_makes_no_sense_is_refused_with_its_line(tmp_path, fault):
    text, wanted = WRONG[fault]
    with pytest.raises(PackError, match=wanted):
        pack(tmp_path, text)


CELL = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["2026-11-27T09:00:00Z", "RequestCount", "user Errors", "AWS/ECS CPUUtilization"]),
    st.sampled_from(["1", "-1", "nan", '"', "\x00"]),
)


@given(st.lists(st.lists(CELL, max_size=5), max_size=6), st.booleans())
def test_any_table_is_read_or_refused_in_a_sentence(tmp_path_factory, cells, headed):
    path = tmp_path_factory.mktemp("hostile") / "series.csv"
    text = "\n".join(",".join(row) for row in cells)
    path.write_text((HEAD if headed else "") + text, encoding="utf-8", errors="surrogatepass", newline="")
    with suppress(PackError):
        assert load(path, gaps="missing").minutes > 0


@given(st.permutations(range(6)))
def test_the_order_of_the_rows_changes_nothing(order):
    lines = rows([5, 3, 8, 1, 9, 2]).splitlines(keepends=True)
    assert answer(HEAD + "".join(lines[at] for at in order)) == answer(HEAD + "".join(lines))
