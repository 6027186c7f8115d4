"""Every alarm of the stack, broken in every part: the back-test must notice."""

from pathlib import Path

import pytest
from alarm_makers import START, alarm, at, metric

from analysis import terraform
from analysis.alarms import (
    ExerciseError,
    MetricKey,
    Pack,
    Series,
    exercise,
    mutants,
    mutation_run,
    read,
    score,
    survival,
)
from analysis.alarms.expressions import parse
from analysis.architecture import Architecture

TO_ITS_EDGE = "operator, GreaterThanThreshold to GreaterThanOrEqualToThreshold"
SURVIVORS = {
    "Equal in meaning: a sum of counts is above zero exactly when their mean is.": {
        f"buzzer-{name}: statistic, metric: Sum to Average"
        for name in (
            "backup-failed", "cache-evictions-001", "cache-evictions-002", "connections-rejected", "export-failed",
        )
    },
    "Equal in practice: the expression's value is hardly ever exactly the threshold, in binary never.": {
        f"buzzer-{name}: {TO_ITS_EDGE}"
        for name in ("burn-fast-long", "burn-fast-short", "burn-slow-long", "burn-slow-short", "replica-lag")
    },
    "The hand-made night does not tell the two apart.": {
        "buzzer-replica-lag: threshold, 1 to 1.5",
        "buzzer-replica-lag: threshold, 1 to 0.5",
        "buzzer-replica-lag: M, 2 to 3",
        "buzzer-replica-lag: M, 2 to 1",
        "buzzer-replica-lag: missing data, breaching to ignore",
    },
    "The expression only asks whether this metric is large, and it is large under either statistic.": {
        "buzzer-replica-lag: statistic, lag: Maximum to Average",
        "buzzer-replica-lag: statistic, lowest: Minimum to Average",
        "buzzer-replica-lag: statistic, lowest: Minimum to Maximum",
    },
}  # fmt: skip
"""Every broken alarm that the back-test takes for sound, by why it may: a further one is a hole in the nights."""


def night(told):
    return exercise(told)


@pytest.mark.slow
def test_a_broken_alarm_changes_the_score_for_at_least_95_in_100():
    architecture = terraform.load(Path(__file__).parents[2] / "terraform" / "stacks" / "buzzer")
    told = read(architecture).metric
    run = mutation_run(told, architecture, {made.name: [night(made)] for made in told})
    assert len(run.caught) + len(run.survivors) > 15 * len(told)
    assert {mutant.part for mutant in run.caught} == {
        "threshold", "period", "N", "M", "operator", "statistic", "dimension", "missing data",
    }  # fmt: skip
    assert run.share >= 0.95
    by_name = {made.name: made for made in told}
    survivors: dict[str, set[str]] = {}
    for mutant in run.survivors:
        why = survival(mutant, by_name[mutant.alarm.name])
        survivors.setdefault(why, set()).add(f"{mutant.alarm.name}: {mutant.part}, {mutant.change}")
    assert survivors == SURVIVORS


def test_the_hand_made_night_brings_an_expression_over_its_threshold_and_back():
    told = alarm(
        expression=parse("IF(requests > 6000, hits, 100)"),
        comparison="LessThanThreshold",
        threshold=80.0,
        queries=(
            (
                "requests",
                metric(MetricKey.of("AWS/CloudFront", "Requests", DistributionId="d", Region="Global"), "Sum"),
            ),
            ("hits", metric(MetricKey.of("AWS/CloudFront", "CacheHitRate", DistributionId="d", Region="Global"))),
        ),
    )
    pack, harm_at = exercise(told)
    verdict, lead_s, *_ = score(told, Architecture("none", ()), pack, harm_at)
    assert verdict == "fires"
    assert lead_s is not None


def test_an_expression_that_cannot_reach_its_threshold_has_no_night():
    told = alarm(expression=parse("IF(m > 0, 1, 0)"), threshold=80.0, queries=(("m", metric()),))
    with pytest.raises(ExerciseError, match="no values of its metrics"):
        exercise(told)


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
