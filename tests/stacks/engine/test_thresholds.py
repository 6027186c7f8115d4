"""The thresholds of the data engine's promises follow from what is computed of a Saturday, and nothing rings on one."""

import datetime as dt
from pathlib import Path

import pytest

from analysis import alarms, proofs
from analysis.studies import Studies, measure

STUDIES = Studies(Path(__file__).parents[3] / "terraform" / "stacks")
SAID = {"push": 2.65, "sportsdataio": 2.6, "sportradar": 2.6, "statscore": 4.3, "theoddsapi": 151}
"""Seconds that the comments of the Terraform give as computed; a threshold has a margin above them."""


def computed_s(name, study):
    return measure(*(("push.p99", study, {}) if name == "push" else ("push.age.p95", study, {"feed": name}))).value


def threshold_s(name, study):
    ending = "-push-slow" if name == "push" else f"-stale-{name}"
    return next(one.threshold for one in alarms.read(study.architecture).metric if one.name.endswith(ending)) / 1_000


@pytest.mark.parametrize("name", SAID)
def test_a_threshold_has_a_margin_above_what_is_computed_and_the_terraform_says_the_same(name):
    study = STUDIES.study("engine")
    assert computed_s(name, study) == pytest.approx(SAID[name], rel=0.03)
    assert 1.15 < threshold_s(name, study) / computed_s(name, study) < 2.1


def test_the_scenario_and_the_terraform_have_the_same_lag_of_each_provider():
    study = STUDIES.study("engine")
    lags = {one.name: float(one.lag_s.value) for one in study.scenario.feeds}
    assert lags == {name: float(study.architecture.variables["feeds"].value[name]["lag_s"]) for name in lags}


def rings(**variables):
    study = STUDIES.study("engine", variables=variables)
    report = proofs.prove(study.architecture, scenario=study.scenario, stack=study.about, today=dt.date(2026, 12, 1))
    return {one.address.rpartition("[")[2].strip('"]') for one in report.findings if one.rule.id == "TELLS-08"}


def test_no_alarm_rings_on_a_saturday_without_a_fault():
    assert rings() == set()


def test_the_briefs_thresholds_rang_all_saturday():
    feeds = dict(STUDIES.study("engine").architecture.variables["feeds"].value)
    early = {name: {**feeds[name], "freshness_s": 2} for name in ("sportsdataio", "sportradar")}
    assert rings(push_ms=100, feeds={**feeds, **early}) == {
        "push-slow", "push-slowing", "stale-sportradar", "stale-sportsdataio",
    }  # fmt: skip
