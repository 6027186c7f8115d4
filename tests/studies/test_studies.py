"""A stack under other values, other assumptions and other prices, and what its simulated night says."""

import datetime as dt
import math
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from analysis import alarms
from analysis.commands import app
from analysis.facts import FactError
from analysis.studies import Measured, MeasureError, Studies, StudyError, measure, shown, studied_night, study

STACKS = Path(__file__).parents[2] / "terraform" / "stacks"
STUDIES = Studies(STACKS)
HARD = ["cdn-purge@104", "zone-loss@104"]


def test_a_stack_is_studied_once_for_the_same_values_and_anew_for_others():
    assert STUDIES.study("buzzer", variables={}) is STUDIES.study("buzzer", without=())
    assert STUDIES.study("buzzer", users=100) is not STUDIES.study("buzzer")


def test_an_assumption_is_replaced_by_name_and_the_capacity_follows():
    own, slow = (
        STUDIES.study("buzzer_baseline", **given)
        for given in ({}, {"assumed": {"flask_connect.cpu_s_per_request": 0.00232}})
    )
    assert own.profile.cpu_s_per_request.at() == 0.00116
    ratio = slow.capacity.station("service").capacity_per_s.value / own.capacity.station("service").capacity_per_s.value
    assert ratio == pytest.approx(0.5)


def test_every_assumption_that_can_be_replaced_has_the_new_value_afterwards():
    own = STUDIES.study("buzzer")
    for name, value in own.assumptions.items():
        if name.startswith("target.") or (name.startswith("route.") and name.endswith(".share")):
            with pytest.raises(StudyError, match="cannot be replaced alone"):
                study(STACKS / "buzzer", assumed={name: 1})
        else:
            other = float(value.value) * 2 + 1
            assert study(STACKS / "buzzer", assumed={name: other}).assumptions[name].at() == pytest.approx(other)


def test_a_price_is_multiplied_and_the_bill_follows():
    own = STUDIES.study("buzzer")
    dear = STUDIES.study("buzzer", repriced={"vpc_endpoint.interface.hour": 2})
    lines = [item.cost for item in own.bill.line_items if item.sku == "vpc_endpoint.interface.hour"]
    assert dear.bill.total.usd - own.bill.total.usd == sum(lines, Decimal(0)) > 0


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"assumed": {"snow": 1}}, "assumes no 'snow'.*audience.peak_users"),
        ({"repriced": {"snow.hour": 2}}, "price book of us-east-1 has no snow.hour"),
    ],
)
def test_an_unknown_assumption_or_price_is_refused(given, sentence):
    with pytest.raises(StudyError, match=sentence):
        study(STACKS / "buzzer", **given)


# --- the night


def test_a_night_is_simulated_once_for_its_seed_and_faults():
    own = study(STACKS / "buzzer")
    assert own.night(1, HARD) is own.night(1, tuple(HARD))
    assert own.night(2, HARD) is not own.night(1, HARD)
    assert own.at(100).night(1, HARD) is not own.night(1, HARD)


def test_the_pack_of_a_night_holds_the_series_of_the_stacks_alarms_minute_for_minute():
    found = STUDIES.study("buzzer").night(1, HARD)
    assert found.start == dt.datetime(2026, 3, 7, 18, 30, tzinfo=dt.UTC)
    metric = next(
        q for a in alarms.read(found.architecture).metric if a.name == "buzzer-cpu-page" for _, q in a.queries
    )
    points = found.pack.find(metric).points("Average")
    assert list(points) == found.night.series["service", "CPUUtilization"].values["average"].tolist()


def test_the_alarms_of_the_same_stack_read_again_see_the_same_stations():
    night = STUDIES.study("buzzer").night(1)
    again = study(STACKS / "buzzer").architecture
    watched = [metric for alarm in alarms.read(again).metric for _, metric in alarm.queries]
    assert night.pack_of(watched, again).series == night.pack_of(watched).series


def test_a_whole_number_keeps_its_digits_and_a_share_its_per_cents():
    given = Measured(0, "user", "")
    assert shown(replace(given, value=12_233.4)) == "12,233"
    assert shown(replace(given, value=499.6)) == "500"
    assert shown(replace(given, value=4_166.7, unit="req/s")) == "4,167"
    assert shown(replace(given, value=85.19, unit="req/s")) == "85.2"
    assert shown(replace(given, value=363, unit="s")) == "363 s"
    assert shown(replace(given, value=2.97, unit="share")) == "297 %"


def test_only_the_primarys_alarms_see_the_primary():
    found = STUDIES.study("buzzer").night(1, HARD)
    there = {value for key in found.pack.series if key.namespace == "AWS/RDS" for _, value in key.dimensions}
    assert "buzzer" in there


def test_harm_is_counted_in_minutes_of_the_night_and_dated():
    found = STUDIES.study("buzzer_baseline").night(1)
    assert found.harms
    assert found.harm_at == found.start + dt.timedelta(minutes=found.harms[0].minute)
    night = measure("night.harm", STUDIES.study("buzzer_baseline"), {})
    assert night.value == len(found.harms)


def test_without_alarms_nobody_is_told_and_without_harm_nobody_needs_to_be():
    assert shown(measure("alarms.lead", STUDIES.study("buzzer_baseline"), {})) == "no page"
    quiet = STUDIES.study("buzzer")
    assert measure("night.harm", quiet, {}).value == 0
    assert shown(measure("alarms.lead", quiet, {})) == "no users affected"


def test_a_lead_time_is_written_in_minutes():
    made = measure("alarms.lead", STUDIES.study("buzzer"), {})
    assert made.unit == "s of warning"
    from dataclasses import replace

    assert shown(replace(made, value=372.0)) == "6.2 min"
    assert shown(replace(made, value=-180.0)) == "−3 min"
    assert shown(replace(made, value=-math.inf)) == "no page"


def test_the_measures_of_a_night_take_faults_as_a_list_or_as_words():
    subject = STUDIES.study("buzzer")
    assert measure("night.p99", subject, {"faults": HARD}) == measure("night.p99", subject, {"faults": " ".join(HARD)})
    assert measure("night.p99", subject, {"faults": HARD}).value > measure("night.p99", subject, {}).value
    assert measure("night.age_p95", subject, {}).value > 0
    assert 0 <= measure("night.errors", subject, {}).value < 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"faults": ["snow@1"]}, "'snow' is not known"),
        ({"faults": ["zone-loss@100000"]}, "the night lasts"),
        ({"faults": 7}, "faults are texts"),
        ({"seed": -1}, "whole number"),
        ({"seed": "x"}, "whole number"),
    ],
)
def test_a_night_that_cannot_be_had_is_refused(arguments, sentence):
    with pytest.raises(MeasureError, match=sentence):
        measure("night.p99", STUDIES.study("buzzer"), arguments)


def test_a_studied_night_may_begin_at_another_time():
    own = STUDIES.study("buzzer")
    kick_off = dt.datetime(2026, 5, 1, 19, 0, tzinfo=dt.UTC)
    made = studied_night(own.architecture, own.scenario, own.about, peak_users=10, kick_off=kick_off)
    assert made.start == kick_off - dt.timedelta(minutes=90)


@pytest.fixture
def unmodelled(tmp_path):
    (tmp_path / "main.tf").write_text((Path(__file__).parents[1] / "demand" / "ticker" / "main.tf").read_text())
    (tmp_path / "gameday.toml").write_text('title = "Quiet"\nsummary = "A stack whose load nobody has described."\n')
    return tmp_path


def test_a_stack_whose_load_is_not_modelled_has_a_bill_of_its_fixed_charges_and_no_capacity(unmodelled):
    subject = study(unmodelled)
    assert subject.usage is None
    assert subject.bill.total.usd > 0
    assert any(item.quantity is None for item in subject.bill.line_items)
    for ask in (
        lambda: subject.capacity,
        lambda: subject.idle_bill and subject.games_per_month,
        lambda: study(unmodelled, users=9),
    ):
        with pytest.raises(FactError, match="nothing that rests on load is computed for this stack"):
            ask()


@pytest.mark.parametrize("command", ["capacity", "replay", "headroom", "sweep", "alarms", "dashboard", "countdown"])
def test_a_command_that_needs_a_crowd_refuses_such_a_stack(unmodelled, command):
    result = CliRunner().invoke(app, [command, str(unmodelled)])
    assert result.exit_code == 2
    assert "no gameday.toml names a scenario" in " ".join(result.stderr.split())


def test_the_picture_of_such_a_stack_reads_sizes_with_units(unmodelled, tmp_path):
    assert 'memory = "2 GB"' in (unmodelled / "main.tf").read_text()
    target = tmp_path / "drawn.svg"
    assert CliRunner().invoke(app, ["diagram", str(unmodelled), "--out", str(target)]).exit_code == 0
    assert "2 GB" in target.read_text()
