import pytest

from analysis.alarms import first_harm, harms
from analysis.alarms.harm import definition, late_limit_s

NAN = float("nan")
CALM = [1.5] * 4


def test_one_failed_request_in_a_hundred_hurts_nobody_and_more_do():
    assert first_harm([100.0] * 4, [0.0, 1.0, 1.0, 0.0], CALM, 3.0) is None
    found = first_harm([100.0] * 4, [0.0, 1.0, 2.0, 50.0], CALM, 3.0)
    assert (found.minute, found.cause, found.value) == (2, "errors", 0.02)
    assert str(found) == "2 % of the requests fail, more than 1 %"


def test_an_update_older_than_the_target_hurts():
    found = first_harm([100.0] * 4, [0.0] * 4, [1.5, 3.0, 3.1, 9.0], 3.0)
    assert (found.minute, found.cause, found.limit) == (2, "late", 3.0)


def test_a_stack_that_misses_the_target_with_nobody_there_is_measured_against_itself():
    ages = [5.0, 5.2, 7.4, 7.6]
    assert late_limit_s(ages, 3.0) == pytest.approx(7.5)
    assert first_harm([100.0] * 4, [0.0] * 4, ages, 3.0).minute == 3


def test_a_minute_without_requests_or_ages_hurts_nobody():
    assert first_harm([0.0, NAN, 0.0, 0.0], [0.0, NAN, 0.0, NAN], [None, NAN, None, None], 3.0) is None


def test_each_minute_counts_once_and_errors_come_first():
    found = harms([100.0] * 3, [0.0, 40.0, 40.0], [1.0, 9.0, 1.0], 3.0)
    assert [(harm.minute, harm.cause) for harm in found] == [(1, "errors"), (2, "errors")]


def test_the_definition_is_data_with_a_reason_and_a_range():
    assert set(definition()) == {"error_share", "late_factor"}
    assert all(assumed.reason and assumed.low <= assumed.value <= assumed.high for assumed in definition().values())


def test_series_of_several_lengths_are_refused():
    with pytest.raises(ValueError, match="zip"):
        harms([1.0], [0.0, 0.0], [1.0], 3.0)
