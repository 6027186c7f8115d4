"""The thresholds of the data engine's promises follow from what is computed of a Saturday, and nothing rings on one."""

import datetime as dt
import re
from pathlib import Path

import pytest

from analysis import alarms, proofs
from analysis.studies import Studies, measure

STUDIES = Studies(Path(__file__).parents[3] / "terraform" / "stacks")
NAMES = ("push", "sportsdataio", "sportradar", "statscore", "theoddsapi")


def said_s(name, study):
    """The seconds that the Terraform's own words give as computed: of a push in a description, of a provider in a comment."""
    if name == "push":
        told, form = study.architecture.variables["push_ms"].description, r"computes ([\d.]+) s"
    else:
        told, form = (
            (study.directory / "terraform.tfvars").read_text(encoding="utf-8"),
            rf"\b{name}\b[a-z ]* ([\d.]+) s\b",
        )
    return float(re.search(form, told)[1])


def computed_s(name, study):
    return measure(*(("push.p99", study, {}) if name == "push" else ("push.age.p95", study, {"feed": name}))).value


def threshold_s(name, study):
    ending = "-push-slow" if name == "push" else f"-stale-{name}"
    return next(one.threshold for one in alarms.read(study.architecture).metric if one.name.endswith(ending)) / 1_000


@pytest.mark.parametrize("name", NAMES)
def test_a_threshold_has_a_margin_above_what_is_computed_and_the_terraform_says_the_same(name):
    study = STUDIES.study("engine")
    assert computed_s(name, study) == pytest.approx(said_s(name, study), rel=0.03)
    assert 1.15 < threshold_s(name, study) / computed_s(name, study) < 2.2


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
