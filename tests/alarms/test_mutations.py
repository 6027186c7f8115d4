"""Every alarm of the stack, broken in every part: the back-test must notice."""

from pathlib import Path

import pytest
from alarm_makers import START, alarm, at

from analysis import terraform
from analysis.alarms import MetricKey, Pack, Series, mutants, mutation_run, read, score
from analysis.alarms.definitions import known
from analysis.architecture import Architecture

SAMPLES = 7.0
REQUESTS = 100_000.0

# What the queries of an expression show when the expression is to show `value`.
CARRIERS = {
    "IF(requests > 0, 100 * (FILL(own, 0) + FILL(balancer, 0)) / requests, 0)": lambda value: {
        "requests": REQUESTS,
        "own": value * REQUESTS / 200,
        "balancer": value * REQUESTS / 200,
    },
    "IF(requests > 6000, hits, 100)": lambda value: {"requests": 7000.0, "hits": value},
}


def picture(n):
    """One mark a period: `_` calm, `=` on the threshold, `#` breaching, `-` missing. Gaps are longer than an evaluation looks."""
    gap = "-" * (n + 3)
    return (
        "___"
        + "#" * n
        + "__#_#_#__"
        + gap
        + "_#"
        + gap
        + "___"
        + "=" * (n + 1)
        + "__"
        + "#" * (n + 2)
        + gap
        + "#_" * 2
        + "__"
    )


def levels(told):
    """The value of each mark, a fifth of the threshold to either side of it, or one where it is zero."""
    step = 0.2 * abs(told.threshold) or 1.0
    worse = step if told.comparison.startswith("Greater") else -step
    return {
        "_": told.threshold - (worse if told.threshold else 0),
        "=": told.threshold,
        "#": told.threshold + worse,
        "-": None,
    }


def series(statistic, value, spread):
    """All statistics of one minute of which `statistic` is `value`; the others lie `spread` beside it."""
    if statistic == "Sum":
        mean = value / SAMPLES
        return {
            "Sum": value,
            "SampleCount": SAMPLES,
            "Average": mean,
            "Minimum": mean - spread,
            "Maximum": mean + spread,
        }
    mean = {"Average": value, "Minimum": value + spread, "Maximum": value - spread}.get(statistic, value - spread)
    found = {
        "SampleCount": SAMPLES,
        "Sum": mean * SAMPLES,
        "Average": mean,
        "Minimum": mean - spread,
        "Maximum": mean + spread,
        "p50": mean,
    }
    return {**found, statistic: value}


def night(told):
    """A hand-made night for one alarm: its own period long each, so that its minutes are minutes for all alarms alike."""
    marks = picture(told.evaluation_periods)
    spread = 0.4 * abs(told.threshold) or 1.0
    shows = CARRIERS[told.expression.text] if told.expression else lambda value: {told.queries[0][0]: value}
    minutes = told.period_s // 60
    found = {}
    for name, metric in told.queries:
        columns = {}
        for mark in marks:
            value = levels(told)[mark]
            share = minutes if metric.statistic == "Sum" else 1
            values = {} if value is None else series(metric.statistic, shows(value)[name] / share, spread / share)
            for statistic in series(metric.statistic, 0.0, 1.0):
                columns.setdefault(statistic, []).extend([values.get(statistic)] * minutes)
        key = MetricKey(metric.namespace, metric.name, tuple((d, known(value)) for d, value in metric.dimensions))
        found[key] = Series(columns)
    harm = at((marks.index("=") + told.evaluation_periods + 4) * minutes)
    return Pack(found, START, origin="hand-made"), harm


@pytest.mark.slow
def test_a_broken_alarm_changes_the_score_for_at_least_95_in_100():
    architecture = terraform.load(Path(__file__).parents[2] / "terraform" / "stacks" / "buzzer")
    told = read(architecture).metric
    run = mutation_run(told, architecture, {made.name: [night(made)] for made in told})
    assert len(run.caught) + len(run.survivors) > 15 * len(told)
    assert {mutant.part for mutant in run.caught} == {
        "threshold", "period", "N", "M", "operator", "statistic", "dimension", "missing data",
    }  # fmt: skip
    listed = [f"{mutant.alarm.name}: {mutant.part} {mutant.change}" for mutant in run.survivors]
    assert run.share >= 0.95, listed


def test_every_mutant_differs_from_its_alarm_in_one_part():
    made = mutants(alarm(datapoints_to_alarm=2))
    assert len({mutant.alarm for mutant in made}) == len(made)
    assert all(mutant.alarm != alarm(datapoints_to_alarm=2) for mutant in made)
    assert all(1 <= m.alarm.datapoints_to_alarm <= m.alarm.evaluation_periods for m in made)


def test_a_night_on_which_nothing_happens_catches_almost_nothing():
    """The share measures the nights, not the alarms: on a flat night most broken alarms look sound."""
    told = alarm()
    key = MetricKey.of("AWS/ECS", "CPUUtilization", ClusterName="live", ServiceName="api")
    flat = Pack({key: Series(dict.fromkeys(("Average", "Minimum", "Maximum"), [50.0] * 60))}, START)
    assert mutation_run([told], Architecture("none", ()), [(flat, None)]).share < 0.5


@pytest.mark.parametrize("harm", [None, at(30)])
def test_the_score_of_an_alarm_is_the_same_twice(harm):
    told = alarm()
    assert score(told, Architecture("none", ()), night(told)[0], harm) == score(
        told, Architecture("none", ()), night(told)[0], harm
    )
