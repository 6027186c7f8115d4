"""Pages about simulated nights: every chart says that it is reconstructed and with which seed, every figure is of the record."""

from pathlib import Path

import pytest
from markupsafe import escape

from analysis import studies
from analysis.night import hard_plan
from analysis.pages import nights

ROOT = Path(__file__).parents[2]


def macro(name):
    return next(one for one in nights.macros(ROOT) if one.__name__ == name)


@pytest.mark.parametrize("seed", [1, 3])
def test_a_chart_of_a_night_says_that_it_is_reconstructed_and_with_which_seed(seed):
    for chart in (
        macro("crash_chart")("buzzer_baseline", seed),
        macro("answered_chart")("buzzer", "buzzer_baseline", seed),
        macro("hard_night_chart")("buzzer", "The database fails over at the goal", seed),
    ):
        assert "Reconstructed, not recorded" in chart
        assert f"seed {seed}." in chart


def test_the_crash_is_on_its_chart_and_the_answer_is_without_errors():
    crash = nights.played(ROOT, "buzzer_baseline", 1, "buzzer_baseline")
    answer = nights.played(ROOT, "buzzer", 1, "buzzer_baseline")
    assert crash.errors(104, 109) > 0.15
    assert answer.errors(-90, 180) == 0.0
    assert crash.setup.users.max() == answer.setup.users.max()


def test_the_tables_have_a_row_for_every_planned_night_symptom_and_assumption():
    plan = hard_plan.hard_nights(ROOT / "terraform" / "stacks" / "buzzer")
    found = studies.calibration(ROOT / "terraform" / "stacks" / "buzzer_baseline")
    for name in ("hard_night_table", "headroom_table"):
        table = macro(name)("buzzer")
        assert table.count("<tr") == len(plan.nights) + 1
        assert all(escape(night.title) in table for night in plan.nights)
    assert macro("calibration_symptoms")("buzzer_baseline").count("<tr") == len(found.design.symptoms) + 1
    assert macro("calibration_assumptions")("buzzer_baseline").count("<tr") == len(found.design.free) + 1
    assert macro("calibration_nights")("buzzer_baseline").count("<tr") == found.design.seeds + 1


def test_lateness_is_shown_for_all_sets_and_adds_up():
    assert "sets that fit" in macro("calibration_lateness")("buzzer_baseline")
    tests = macro("calibration_tests")("buzzer_baseline")
    assert "The other way round" in tests
    assert "minutes 95 to 110" in tests


def test_a_figure_of_the_record_is_the_records():
    record = studies.calibration(ROOT / "terraform" / "stacks" / "buzzer_baseline").record
    figure = macro("calibration_figure")
    assert figure("buzzer_baseline", "tried") == f"{record['counts']['tried']:,}"
    with pytest.raises(ValueError, match="is no figure of a calibration"):
        figure("buzzer_baseline", "luck")


def test_a_night_that_is_not_planned_cannot_be_drawn():
    with pytest.raises(LookupError, match="has no night"):
        macro("hard_night_chart")("buzzer", "A quiet one")


def test_every_set_is_published_as_a_file():
    found = nights.published(ROOT)
    assert found["buzzer_baseline"].name == "sets.csv"
    assert nights.table_uri("buzzer_baseline").endswith(".csv")


def test_every_assumption_of_a_simulated_night_stands_on_the_page_with_its_reason():
    shown = macro("night_assumptions")() + macro("thread_assumptions")()
    for name in ("hangup_per_s", "replica_lag_s", "proxy_failover_share", "factor_4"):
        assert name in shown
    assert "AWS promises nothing" in shown
