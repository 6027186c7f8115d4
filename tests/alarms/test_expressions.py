import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.alarms.expressions import ExpressionError, parse, value
from analysis.alarms.rules import RuleError
from analysis.alarms.rules import parse as parse_rule

WINDOWS = {"a": (1.0, None, 3.0, 0.0), "b": (2.0, 4.0, None, 0.0), "c": (None, None, 10.0, 16.0)}


def result(text):
    return value(parse(text), WINDOWS, 60, tuple(WINDOWS))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a + b", (3.0, None, None, 0.0)),
        ("a - b * 2", (-3.0, None, None, 0.0)),
        ("(a - b) * 2", (-2.0, None, None, 0.0)),
        ("a / b", (0.5, None, None, None)),
        ("-a ^ 2", (-1.0, None, -9.0, 0.0)),
        ("100 - a - 1", (98.0, None, 96.0, 99.0)),
        ("a > 0", (1.0, None, 1.0, 0.0)),
        ("a >= 1 AND b == 2", (1.0, None, None, 0.0)),
        ("a == 1 || b == 0", (1.0, None, None, 1.0)),
        ("FILL(a, 7)", (1.0, 7.0, 3.0, 0.0)),
        ("FILL(a, b)", (1.0, 4.0, 3.0, 0.0)),
        ("FILL(b, REPEAT)", (2.0, 4.0, 4.0, 0.0)),
        ("IF(a > 0, b, 99)", (2.0, None, None, 99.0)),
        ("IF(a > 0, 5)", (5.0, None, 5.0, None)),
        ("SUM(METRICS())", (3.0, 4.0, 13.0, 16.0)),
        ("SUM([a, b])", (3.0, 4.0, 3.0, 0.0)),
        ('MAX(METRICS("a"))', (1.0, None, 3.0, 0.0)),
        ("MIN([a, b])", (1.0, 4.0, 3.0, 0.0)),
        ("AVG([a, b])", (1.5, 4.0, 3.0, 0.0)),
        ("a / SUM(a)", (0.25, None, 0.75, 0.0)),
        ("RATE(a) * 60", (None, None, 1.0, -3.0)),
        ("RATE(c)", (None, None, None, 0.1)),
        ("ABS(a - b)", (1.0, None, None, 0.0)),
        ("CEIL(a / 2) + FLOOR(a / 2)", (1.0, None, 3.0, 0.0)),
        ("5", (5.0, 5.0, 5.0, 5.0)),
        ("1 / 0", (None, None, None, None)),
        ("a / SUM(a - a)", (None, None, None, None)),
    ],
)
def test_an_expression_has_the_value_that_the_guide_gives_it(text, expected):
    assert result(text) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("ANOMALY_DETECTION_BAND(a, 2)", "uses ANOMALY_DETECTION_BAND, which is not modelled"),
        ("SEARCH('x', 'Sum')", "uses SEARCH"),
        ("a +", "cannot stand here"),
        ("a ? b", "cannot stand here"),
        ("FILL(a)", "FILL takes 2 to 2 arguments, not 1"),
        ("FILL(a, LINEAR)", "LINEAR is not modelled"),
        ("METRICS()", "several time series"),
        ("d + 1", "names d, but no query has this id"),
        ("-" * 2000 + "a", "nested too deeply"),
        ("METRICS('z')", "finds no metric"),
        ("a" * 3000, "3000 characters"),
    ],
)
def test_what_is_not_modelled_is_refused_by_name(text, sentence):
    with pytest.raises(ExpressionError) as refusal:
        result(text)
    assert sentence in str(refusal.value)


@given(st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), min_size=1, max_size=9))
def test_a_pointwise_expression_gives_each_datapoint_what_it_gives_it_alone(points):
    expression = parse("IF(a > 0, 100 * FILL(b, 0) / a, 1)")
    assert expression.pointwise
    windows = {"a": tuple(points), "b": tuple(reversed(points))}
    alone = tuple(
        value(expression, {name: (window[i],) for name, window in windows.items()}, 60, ("a", "b"))[0]
        for i in range(len(points))
    )
    assert value(expression, windows, 60, ("a", "b")) == alone


def test_a_sum_over_time_is_not_pointwise():
    assert not parse("a / SUM(a)").pointwise
    assert not parse("RATE(a)").pointwise


@pytest.mark.parametrize(
    ("rule", "states", "expected"),
    [
        ("ALARM(a)", "A.", True),
        ('ALARM("a") AND ALARM("b")', "A.", False),
        ("ALARM(a) OR ALARM(b)", "A.", True),
        ("NOT ALARM(a)", "A.", False),
        ("ALARM(a) OR ALARM(b) AND FALSE", "A.", True),  # AND binds before OR
        ("NOT ALARM(a) AND ALARM(b)", "..", False),
        ("INSUFFICIENT_DATA(b) AND OK(a)", ".?", True),
        ("TRUE", "..", True),
        ("ALARM(arn:aws:cloudwatch:us-east-1:123456789012:alarm:a)", "A.", True),
    ],
)
def test_a_composites_rule_is_true_when_the_guide_says_so(rule, states, expected):
    named = {"A": "ALARM", ".": "OK", "?": "INSUFFICIENT_DATA"}
    parsed = parse_rule(rule)
    assert set(parsed.members) <= {"a", "b"}
    assert parsed.holds({name: named[mark] for name, mark in zip("ab", states, strict=True)}) is expected


@pytest.mark.parametrize("rule", ["ALARM(a", "ALARM", "a AND b", "", "ALARM(a) ALARM(b)", "NOT " * 2000 + "TRUE"])
def test_a_rule_that_is_none_is_refused(rule):
    with pytest.raises(RuleError):
        parse_rule(rule)
