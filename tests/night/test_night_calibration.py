"""The search for the night that happened: its design, its record, and that the record still is what the simulator does."""

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from analysis import night, studies, terraform
from analysis.commands import app
from analysis.facts import FactError, scenario, stack
from analysis.night import calibration

STACKS = Path(__file__).parents[2] / "terraform" / "stacks"
BASELINE = STACKS / "buzzer_baseline"
SEEDS = range(1, 6)

ABOUT = stack(BASELINE)
MODEL = terraform.load(BASELINE)
COURSE = scenario(ABOUT.scenario)
FOUND = studies.calibration(BASELINE)
KNOBS = calibration.free(FOUND.design, COURSE, ABOUT)
COLUMNS = calibration.columns(FOUND.design)


def small(sets=12, seeds=2, **changes):
    return dataclasses.replace(FOUND.design, sets=sets, seeds=seeds, **changes)


def values_of(row):
    return {name: row[name] for name in FOUND.design.free}


def figures_of(values, seed):
    return calibration.figures(night.replay(MODEL, COURSE, ABOUT, seed, values=values), FOUND.design)


# --- the crash


@pytest.mark.parametrize("seed", SEEDS)
def test_the_crash_replays_from_the_record(seed):
    crash = night.run(night.calibrated(MODEL, COURSE, ABOUT, FOUND), seed)
    told = dict(zip(COLUMNS, calibration.figures(crash, FOUND.design), strict=True))
    assert told["fine-errors"] < 0.005  # up to a thousand users it works
    assert told["fine-latency"] < 1.0
    assert 0.15 < told["errors"] < 0.35  # one request in four, give or take the night
    assert 10.0 < told["late"] < 20.0
    assert crash.column("users").max() > 1_000


def test_the_crash_meets_every_symptom_in_the_mean_the_one_that_was_kept_out_included():
    told = FOUND.record["chosen"]["figures"]
    for symptom in FOUND.design.used("fit", "test"):
        assert symptom.distance(told[symptom.name]) <= 1.0, symptom.name


def test_nobody_was_told_because_the_terraform_has_no_alarm():
    (symptom,) = FOUND.design.used("given")
    assert len(list(MODEL.of_type("aws_cloudwatch_metric_alarm"))) == symptom.value == 0


def test_what_the_model_does_not_show_is_still_not_shown():
    (symptom,) = FOUND.design.used("unexplained")
    assert symptom.distance(FOUND.record["chosen"]["figures"][symptom.name]) > 1.0


@pytest.mark.parametrize("seed", SEEDS)
def test_the_new_stack_would_not_have_crashed_with_the_crowd_of_that_night(seed):
    about = stack(STACKS / "buzzer")
    crowd = FOUND.crowd(ABOUT.runtime)
    one = night.replay(terraform.load(STACKS / "buzzer"), COURSE, about, seed, values=crowd)
    assert night.outcome(one).held
    assert night.outcome(one).worst_errors < 0.01


# --- the record


def test_the_record_rests_on_the_terraform_the_ranges_and_the_symptoms_of_today():
    assert FOUND.rests_on == studies.calibration_basis(BASELINE), (
        "what the search rests on has changed; run `gameday calibrate terraform/stacks/buzzer_baseline`"
    )


def test_the_sets_are_those_that_the_seed_draws():
    drawn = calibration.draws(FOUND.design, KNOBS)
    assert [values_of(row) for row in FOUND.sets] == [dict(values) for values in drawn]


NAMED = (0, 1, 2, FOUND.design.sets // 2, FOUND.design.sets - 1)


@pytest.mark.parametrize("number", NAMED)
def test_a_set_of_the_record_gives_its_figures_again(number):
    row = FOUND.sets[number]
    seeds = range(1, int(row["seeds"]) + 1)
    again = np.mean([figures_of(values_of(row), seed) for seed in seeds], axis=0)
    assert again == pytest.approx([row.get(name, np.inf) for name in COLUMNS], rel=1e-4)


def test_the_chosen_night_gives_its_figures_again():
    chosen = FOUND.record["chosen"]
    for told in chosen["nights"][:3]:
        again = figures_of(FOUND.values, told["seed"])
        assert again == pytest.approx([told[name] for name in COLUMNS], rel=1e-4)


def test_the_chosen_set_is_the_fitting_one_that_departs_least():
    fitting = [row for row in FOUND.sets if row["fits"]]
    least = min(fitting, key=lambda row: (row["departure"], row["set"]))
    assert FOUND.record["chosen"]["set"] == least["set"]
    assert FOUND.values == values_of(least)
    assert len(fitting) == FOUND.record["counts"]["fitting"]
    for row in fitting:
        assert all(symptom.distance(row[symptom.name]) <= 1.0 for symptom in FOUND.design.used("fit"))


def test_the_symptom_that_was_kept_out_is_met_far_more_often_by_the_sets_that_fit():
    (test,) = FOUND.record["tests"]
    assert test["fitting"]["met"] > 2 * test["all"]["met"]
    symptom = next(s for s in FOUND.design.symptoms if s.name == test["symptom"])
    assert symptom.distance(test["fitting"]["p50"]) <= 1.0


# --- the search


def test_every_part_of_every_range_is_drawn_once():
    design = small(sets=50)
    drawn = calibration.draws(design, KNOBS)
    for knob in KNOBS:
        found = sorted(values[knob.name] for values in drawn)
        assert knob.at("low") <= found[0]
        assert found[-1] <= knob.at("high")
        if knob.unit not in calibration.WHOLE:
            span = (knob.at("high") - knob.at("low")) / 50
            parts = [(value - knob.at("low")) / span for value in found]
            assert all(part - 0.01 <= number + 1 and part + 0.01 >= number for number, part in enumerate(parts))
    retries = [values["client.retries"] for values in drawn]
    assert set(retries) == {0.0, 1.0, 2.0}


def test_the_same_search_gives_the_same_record_whatever_the_number_of_processes():
    near = [row for row in FOUND.sets if row["fits"]][:1]
    assert near
    wide = tuple(dataclasses.replace(s, tolerance=9e9) if s.use == "fit" else s for s in FOUND.design.symptoms)
    design = small(sets=6, seeds=2, symptoms=wide)
    one, two = (calibration.searched(MODEL, COURSE, ABOUT, design, jobs=jobs) for jobs in (1, 2))
    assert calibration.record(one) == calibration.record(two)
    assert list(calibration.table(one)) == list(calibration.table(two))


def test_a_search_that_finds_nothing_says_so():
    impossible = tuple(
        dataclasses.replace(s, value=0.999, tolerance=1e-9) if s.name == "errors" else s for s in FOUND.design.symptoms
    )
    with pytest.raises(night.NightError, match="none of 2 sets"):
        calibration.searched(MODEL, COURSE, ABOUT, small(sets=2, symptoms=impossible), jobs=1)


def test_a_departure_counts_in_ends_of_ranges():
    centre = {knob.name: knob.at() for knob in KNOBS}
    assert calibration.departure(centre, KNOBS) == 0
    high = {**centre, "client.timeout_s": 20.0}
    low = {**centre, "client.timeout_s": 5.0}
    assert calibration.departure(high, KNOBS) == calibration.departure(low, KNOBS) == 1.0
    both = {**high, "client.poll_interval_s": 10.0}
    assert calibration.departure(both, KNOBS) == pytest.approx(2**0.5)


@given(st.lists(st.integers(-100, 100), min_size=3, max_size=30, unique=True))
def test_a_rank_correlation_is_that_of_the_order_alone(values):
    assert calibration.rank_correlation(values, [np.exp(value / 50) for value in values]) == pytest.approx(1.0)
    assert calibration.rank_correlation(values, [-value for value in values]) == pytest.approx(-1.0)
    assert calibration.rank_correlation(values, [1.0] * len(values)) == 0.0


# --- bad input


def broken(tmp_path, **texts):
    """A copy of the baseline whose design has some text replaced."""
    copy = tmp_path / "stacks" / "buzzer_baseline"
    shutil.copytree(BASELINE, copy)
    shutil.copytree(STACKS.parent / "scenarios", tmp_path / "scenarios")
    path = copy / "calibration" / "design.toml"
    text = path.read_text()
    for before, after in texts.values():
        assert before in text
        text = text.replace(before, after)
    path.write_text(text)
    return copy


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ('"hangup_per_s"', '"hangup_per_hour"', "hangup_per_hour is no assumption"),
        ("sets = 4_000", "sets = -1", "must not be below 1"),
        ("sets = 4_000", "sets = 400_000_000", "no more than"),
        ("seeds = 10", "seeds = nan", "finite"),
        ('measure = "errors"', 'measure = "anger"', "must be one of"),
        ("minutes = [104, 109]", "minutes = [109, 104]", "the earlier first"),
        ('"client.timeout_s",', '"client.timeout_s", "client.timeout_s",', "twice"),
    ],
)
def test_a_design_that_cannot_be_run_is_refused_in_a_sentence_and_nothing_is_written(tmp_path, before, after, says):
    copy = broken(tmp_path, one=(before, after))
    record = (copy / "calibration" / "record.json").read_bytes()
    result = CliRunner().invoke(app, ["calibrate", str(copy), "--jobs", "1"])
    assert result.exit_code == 2
    assert says in " ".join(result.stderr.split())
    assert (copy / "calibration" / "record.json").read_bytes() == record


def test_a_record_of_another_design_is_refused(tmp_path):
    unrecorded = tmp_path / "unrecorded"
    shutil.copytree(BASELINE, unrecorded)
    (unrecorded / "calibration" / "record.json").unlink()
    with pytest.raises(FactError, match="is not what its record and sets were made of"):
        studies.calibration(broken(tmp_path, one=("sets = 4_000", "sets = 5")))
    with pytest.raises(FactError, match="gameday calibrate"):
        studies.calibration(unrecorded)
