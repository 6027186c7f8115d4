"""An incident's series as a plain table: a CSV read into the shape of get-metric-data.

It has a row for each datapoint

    time,metric,value
    2026-11-27T09:00:00Z,AWS/ApplicationELB RequestCount,600
    2026-11-27T10:00:00+01:00,HTTPCode_ELB_5XX_Count,0

or a row for each minute and a column for each metric, an empty cell where there is no datapoint

    time,RequestCount,HTTPCode_ELB_5XX_Count,user Latency p95
    2026-11-27T09:00:00Z,600,0,0.2

`metric` is namespace and name, or a name that only one namespace of AWS has. `user Requests`, `user Errors`, `user Users`,
`user Age` and `user Latency` (seconds) are what the apps themselves measured. Times have a zone and are taken to UTC and to their
minute; rows may be in any order. Two more columns may be there: `statistic`, else a count is its Sum and anything else its
Average, and `dimensions`, as `LoadBalancer=app/shop/1; TargetGroup=x`. A column of its own ends in its statistic, if it has one.
"""

from __future__ import annotations

import csv
import datetime as dt
import difflib
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from analysis import facts
from analysis.alarms.definitions import percentile

COLUMNS = ("time", "metric", "value", "statistic", "dimensions")
REQUIRED = COLUMNS[:3]
MOST_ROWS = 2_000_000
"""Rows of a table: fifteen days of ninety metrics by the minute. A longer one is hostile."""

USER: Mapping[str, str] = {
    "Users": "Average", "Requests": "Sum", "Errors": "Sum", "Age": "Average", "Latency": "Average",
}  # fmt: skip
"""What apps measure themselves, under the namespace `user`, and the statistic that a table without one means."""

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


def answer(text: str) -> dict[str, Any]:
    """The table as what get-metric-data answers, with its request. Raises ValueError with the number of the line."""
    rows = csv.reader(text.removeprefix("\ufeff").splitlines(keepends=True), strict=True)
    try:
        head = [name.strip() for name in next(rows, [])]
        columns = _series(head)
        names = [] if columns else _columns(head)
        whole = ((row, rows.line_num) for row in _whole(rows, len(head)))
        points = _points(_spread(columns, whole) if columns else _listed(names, whole))
    except csv.Error as error:
        raise ValueError(f"line {rows.line_num}: is not CSV: {error}") from None
    queries, results = [], []
    for (namespace, name, statistic, dimensions), series in points.items():
        label = f"{namespace} {name} {statistic}" + (f" {dict(dimensions)}" if dimensions else "")
        where = [{"Name": key, "Value": value} for key, value in dimensions]
        metric = {"Namespace": namespace, "MetricName": name, "Dimensions": where}
        queries.append({"Id": label, "MetricStat": {"Metric": metric, "Period": 60, "Stat": statistic}})
        there = sorted(series)
        stamps = [minute.strftime("%Y-%m-%dT%H:%M:%SZ") for minute in there]
        results.append({"Id": label, "Timestamps": stamps, "Values": [series[minute][0] for minute in there]})
    return {"MetricDataQueries": queries, "MetricDataResults": results}


def _series(head: list[str]) -> list[dict[str, str]]:
    """What each column of a table with a column for each metric holds; empty for a table with a row for each datapoint.

    ValueError where a column is no metric, or there twice.
    """
    names = [name.lower() for name in head]
    if "time" not in names or len(names) == 1 or not set(names).isdisjoint(COLUMNS[1:]):
        return []
    columns: list[dict[str, str]] = []
    for name in head:
        text, statistic = name, ""
        if _ends_in_statistic(name):
            text, _, statistic = name.rpartition(" ")
        column = {"metric": text, "statistic": statistic, "dimensions": ""}
        if name.lower() == "time":
            column = {}
        else:
            try:
                _statistic(statistic, *metric(text))
            except ValueError as error:
                raise ValueError(f"line 1: the column {name!r}: {error}") from None
        if column in columns:
            raise ValueError(f"line 1: the column {name} is there twice")
        columns.append(column)
    return columns


def _ends_in_statistic(text: str) -> bool:
    try:
        percentile(text.rpartition(" ")[2])
    except ValueError:
        return False
    return " " in text


_Rows = Iterable[tuple[list[str], int]]
_Datapoints = Iterator[tuple[Mapping[str, str], int]]


def _listed(names: list[str], rows: _Rows) -> _Datapoints:
    """A datapoint for each row, with its line."""
    blank = dict.fromkeys(COLUMNS, "")
    return (({**blank, **dict(zip(names, row, strict=True))}, line) for row, line in rows)


def _spread(columns: list[dict[str, str]], rows: _Rows) -> _Datapoints:
    """A datapoint for each cell that is not empty, with its line."""
    at = columns.index({})
    for row, line in rows:
        for column, cell in zip(columns, row, strict=True):
            if column and cell.strip():
                yield {**column, "time": row[at], "value": cell}, line


def _columns(head: list[str]) -> list[str]:
    names = [name.lower() for name in head]
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise ValueError(
            f"line 1: lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}; the first line names the columns, "
            f"separated by commas: {', '.join(REQUIRED)}, and if you like statistic, dimensions; "
            "or time and a column for each metric"
        )
    for index, name in enumerate(names):
        if name not in COLUMNS:
            raise ValueError(f"line 1: the column {name!r} is not known; the columns are {', '.join(COLUMNS)}")
        if name in names[:index]:
            raise ValueError(f"line 1: the column {name} is there twice")
    return names


def _whole(rows: Any, columns: int) -> Iterator[list[str]]:
    """The rows that are not blank; ValueError for one of another length, or for too many."""
    for number, row in enumerate(rows):
        if number >= MOST_ROWS:
            raise ValueError(
                f"line {rows.line_num}: the table has more than {MOST_ROWS:,} rows; leave out what no alarm watches"
            )
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != columns:
            raise ValueError(f"line {rows.line_num}: has {len(row)} cells, the first line {columns}")
        yield row


_Series = dict[tuple[str, str, str, tuple[tuple[str, str], ...]], dict[dt.datetime, tuple[float, int]]]


def _points(rows: Iterable[tuple[Mapping[str, str], int]]) -> _Series:
    """The datapoints by metric and minute, each with the line it stands in."""
    found: _Series = {}
    for row, line in rows:
        try:
            namespace, name = metric(row["metric"])
            statistic = _statistic(row["statistic"].strip(), namespace, name)
            key = namespace, name, statistic, _dimensions(row["dimensions"])
            minute, value = _minute(row["time"].strip()), _value(row["value"].strip())
        except ValueError as error:
            raise ValueError(f"line {line}: {error}") from None
        series = found.setdefault(key, {})
        if minute in series:
            raise ValueError(
                f"line {line}: {namespace} {name} {statistic} has a second value in the minute "
                f"{minute:%Y-%m-%dT%H:%MZ}; the first stands in line {series[minute][1]}"
            )
        series[minute] = value, line
    return found


def metric(text: str) -> tuple[str, str]:
    """Namespace and name of a metric as a table writes it. Raises ValueError with what may have been meant."""
    parts = text.split()
    if len(parts) == 2:
        namespace, name = parts
        known = set(USER) if namespace == "user" else {n for space, n in facts.metrics() if space == namespace}
        if known and name not in known:
            who = "apps measure" if namespace == "user" else "AWS publishes"
            raise ValueError(f"{who} no metric {name} in {namespace}{_meant(name, known)}")
        return namespace, name
    if len(parts) != 1:
        raise ValueError(f"the metric is {text!r}; write namespace and name, as in AWS/ECS CPUUtilization")
    name = parts[0]
    spaces = [space for space, known_name in facts.metrics() if known_name == name]
    spaces += ["user"] if name in USER else []
    if not spaces:
        everything = {*USER, *(known_name for _, known_name in facts.metrics())}
        raise ValueError(
            f"the metric {name} is not known{_meant(name, everything)}; write the namespace before a name of your own"
        )
    if len(spaces) > 1:
        raise ValueError(f"{name} may be of {', '.join(spaces)}; write one of them before it")
    return spaces[0], name


def _meant(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name[:100], known, 1)
    return f"; did you mean {close[0]}?" if close else ""


def _statistic(text: str, namespace: str, name: str) -> str:
    if text:
        percentile(text)
        return text
    if namespace == "user":
        return USER[name]
    fact = facts.metrics().get((namespace, name))
    if fact is None:
        raise ValueError(
            f"{namespace} {name} is your own; say in a column statistic what its values are (Sum, Average, p95)"
        )
    return "Sum" if fact.unit == "Count" else "Average"


def _dimensions(text: str) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for part in filter(None, map(str.strip, text.split(";"))):
        name, equals, value = map(str.strip, part.partition("="))
        if not (equals and name and value) or name in found:
            raise ValueError(
                f"the dimensions are {text!r}; write each once, as in LoadBalancer=app/shop/1; TargetGroup=x"
            )
        found[name] = value
    return tuple(sorted(found.items()))


def _minute(text: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no time; write it as 2026-03-07T19:00:00Z") from None
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone; end it with Z for UTC, or with its offset")
    try:
        return moment.astimezone(dt.UTC).replace(second=0, microsecond=0)
    except OverflowError:
        raise ValueError(f"{text!r} lies outside the calendar") from None


def _value(text: str) -> float:
    if not _NUMBER.fullmatch(text) or not math.isfinite(value := float(text)):
        raise ValueError(f"{text!r} is not a number; leave out a minute that has none")
    return value
