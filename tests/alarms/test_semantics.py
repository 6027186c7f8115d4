import itertools
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.alarms import evaluate
from analysis.alarms.semantics import COMPARISONS

TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")
STATES = ("OK", "ALARM")


@dataclass(frozen=True)
class Rule:
    comparison: str = "GreaterThanThreshold"
    threshold: float = 0.5
    evaluation_periods: int = 3
    datapoints_to_alarm: int = 3
    missing_data: str = "missing"


def points(picture):
    """`0` does not breach, `X` does, `-` is missing; the oldest stands on the left."""
    return [{"0": 0.0, "X": 1.0, "-": None}[mark] for mark in picture.replace(" ", "")]


# The two tables of the user guide: datapoints, then the state with missing, ignore, breaching, notBreaching.
GUIDE = {
    3: """
        0-X-X  OK                 OK      OK     OK
        0----  OK                 OK      OK     OK
        -----  INSUFFICIENT_DATA  retain  ALARM  OK
        0XX-X  ALARM              ALARM   ALARM  ALARM
        --X--  ALARM              retain  ALARM  OK
    """,
    2: """
        0-X-X  ALARM  ALARM   ALARM  ALARM
        00X0X  ALARM  ALARM   ALARM  ALARM
        0-X--  OK     OK      ALARM  OK
        ----0  OK     OK      ALARM  OK
        ---X-  ALARM  retain  ALARM  OK
    """,
}
CELLS = [
    (m, row.split()[0], treatment, expected)
    for m, table in GUIDE.items()
    for row in table.strip().splitlines()
    for treatment, expected in zip(TREATMENTS, row.split()[1:], strict=True)
]


@pytest.mark.parametrize("previous", STATES)
@pytest.mark.parametrize(("m", "picture", "treatment", "expected"), CELLS)
def test_every_cell_of_the_guides_tables_holds_for_both_previous_states(m, picture, treatment, expected, previous):
    rule = Rule(datapoints_to_alarm=m, missing_data=treatment)
    assert evaluate(points(picture), rule, previous) == (previous if expected == "retain" else expected)


def test_the_tables_have_eighty_cells():
    assert len(CELLS) * len(STATES) == 80


def test_without_gaps_only_the_three_newest_of_five_points_count():
    checked = 0
    for previous, marks, treatment in itertools.product(STATES, itertools.product("0X", repeat=5), TREATMENTS):
        expected = "ALARM" if marks[-3:] == ("X", "X", "X") else "OK"
        assert evaluate(points("".join(marks)), Rule(missing_data=treatment), previous) == expected
        checked += 1
    assert checked == 256


WINDOWS = st.lists(st.one_of(st.none(), st.sampled_from((0.0, 1.0))), min_size=3, max_size=13)
RULES = st.tuples(st.integers(1, 5), st.integers(1, 5), st.sampled_from(TREATMENTS)).map(
    lambda drawn: Rule(evaluation_periods=max(drawn[:2]), datapoints_to_alarm=min(drawn[:2]), missing_data=drawn[2])
)


@given(WINDOWS, RULES, st.sampled_from(STATES))
def test_with_enough_real_points_gaps_and_their_treatment_make_no_difference(window, rule, previous):
    real = [point for point in window if point is not None]
    if len(real) < rule.evaluation_periods:
        return
    states = {evaluate(window, replace(rule, missing_data=treatment), previous) for treatment in TREATMENTS}
    assert states == {evaluate(real[-rule.evaluation_periods :], rule, previous)}


@given(WINDOWS, RULES, st.sampled_from(STATES))
def test_breaching_alarms_wherever_any_treatment_does_and_not_breaching_only_where_all_do(window, rule, previous):
    state = {treatment: evaluate(window, replace(rule, missing_data=treatment), previous) for treatment in TREATMENTS}
    if "ALARM" in (state["missing"], state["notBreaching"]):
        assert state["breaching"] == "ALARM"
    if state["notBreaching"] == "ALARM":
        assert set(state.values()) == {"ALARM"}


@given(WINDOWS, RULES, st.sampled_from(STATES), st.integers(0, 12))
def test_a_worse_point_never_ends_an_alarm(window, rule, previous, position):
    worse = [1.0 if index == position and point is not None else point for index, point in enumerate(window)]
    if evaluate(window, rule, previous) == "ALARM":
        assert evaluate(worse, rule, previous) == "ALARM"


@given(WINDOWS, RULES)
def test_the_previous_state_matters_only_where_missing_data_is_ignored(window, rule):
    if rule.missing_data != "ignore":
        assert evaluate(window, rule, "OK") == evaluate(window, rule, "ALARM")


@pytest.mark.parametrize(
    ("comparison", "breaching"),
    [
        ("GreaterThanThreshold", {2}),
        ("GreaterThanOrEqualToThreshold", {1, 2}),
        ("LessThanThreshold", {0}),
        ("LessThanOrEqualToThreshold", {0, 1}),
    ],
)
def test_each_comparison_knows_its_threshold(comparison, breaching):
    rule = Rule(comparison, threshold=1, evaluation_periods=1, datapoints_to_alarm=1)
    assert {point for point in (0, 1, 2) if evaluate([point], rule, "OK") == "ALARM"} == breaching
    assert comparison in COMPARISONS
