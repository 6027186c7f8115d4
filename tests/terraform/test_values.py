"""Types and conversions are cty's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.architecture import Unknown
from analysis.terraform.values import (
    ANY,
    BOOL,
    EPHEMERAL,
    NUMBER,
    SENSITIVE,
    STRING,
    Collection,
    Member,
    Null,
    ObjectType,
    SetValue,
    TupleType,
    ValueProblem,
    arithmetic,
    convert,
    equal,
    first_unknown,
    list_of,
    map_of,
    marked,
    number_text,
    parse_number,
    plain,
    set_of,
    to_bool,
    to_string,
    unmarked,
)

U = Unknown("aws_vpc.main.id")

PRIMITIVES = st.one_of(st.none(), st.booleans(), st.integers(-(10**6), 10**6), st.text(max_size=4), st.just(U))
VALUES = st.recursive(
    PRIMITIVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.text("abc", min_size=1, max_size=2), inner, max_size=3),
    ),
    max_leaves=8,
)
TYPES = st.recursive(
    st.sampled_from([STRING, NUMBER, BOOL, ANY]),
    lambda inner: st.one_of(
        st.builds(Collection, st.sampled_from(["list", "set", "map"]), inner),
        st.builds(
            lambda a, b: ObjectType({"a": Member(a, optional=True), "b": Member(b, optional=True, default=None)}),
            inner,
            inner,
        ),
        st.builds(lambda a: TupleType((a,)), inner),
    ),
    max_leaves=4,
)


@given(VALUES, TYPES)
def test_converting_twice_is_converting_once(value, wanted):
    try:
        once = convert(value, wanted)
    except ValueProblem:
        return
    assert convert(once, wanted) == once


@given(VALUES, TYPES)
def test_a_conversion_raises_nothing_but_its_own_problem_and_loses_nothing_unknown(value, wanted):
    try:
        converted = convert(value, wanted)
    except ValueProblem:
        return
    if not isinstance(wanted, ObjectType) and "object" not in str(wanted):
        assert (first_unknown(value) is None) == (first_unknown(converted) is None)


@given(VALUES)
def test_a_value_equals_itself_unless_something_in_it_is_unknown(value):
    assert equal(value, value) is True if first_unknown(value) is None else isinstance(equal(value, value), Unknown)


@given(VALUES, VALUES)
def test_equality_has_no_sides(left, right):
    assert isinstance(equal(left, right), Unknown) == isinstance(equal(right, left), Unknown)
    if not isinstance(equal(left, right), Unknown):
        assert equal(left, right) == equal(right, left)


def replaced(value, known):
    if isinstance(value, Unknown):
        return known
    if isinstance(value, dict):
        return {key: replaced(item, known) for key, item in value.items()}
    return tuple(replaced(item, known) for item in value) if isinstance(value, tuple) else value


@given(VALUES, VALUES, PRIMITIVES.filter(lambda value: not isinstance(value, Unknown)))
def test_what_equality_decides_with_unknowns_it_decides_whatever_they_turn_out_to_be(left, right, known):
    decided = equal(left, right)
    if not isinstance(decided, Unknown):
        assert equal(replaced(left, known), replaced(right, known)) == decided


@given(
    st.one_of(
        st.lists(st.integers()),
        st.lists(st.booleans()),
        st.lists(PRIMITIVES.filter(lambda value: type(value) is not bool)),
    )
)
def test_a_set_is_the_same_in_whatever_order_it_is_given(values):
    assert plain(set_of(values)) == plain(set_of(list(reversed(values)))) == plain(set_of(set_of(values)))


@given(st.integers(), st.integers())
def test_whole_numbers_are_computed_as_python_computes_them(a, b):
    assert arithmetic("+", a, b) == a + b
    assert arithmetic("-", a, b) == a - b
    assert arithmetic("*", a, b) == a * b
    if b:
        quotient, rest = arithmetic("/", a - arithmetic("%", a, b), b), arithmetic("%", a, b)
        assert quotient * b + rest == a
        assert abs(rest) < abs(b)
        assert rest == 0 or (rest < 0) == (a < 0)


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15))
def test_a_number_written_as_text_is_read_as_itself(value):
    assert parse_number(number_text(value)) == value


def test_decimals_add_up_as_they_read():
    assert arithmetic("+", 0.1, 0.2) == 0.3
    assert number_text(arithmetic("/", 1, 2)) == "0.5"
    assert number_text(arithmetic("/", 6, 3)) == "2"
    assert number_text(1e21) == "1000000000000000000000"
    with pytest.raises(ValueProblem, match="division by zero"):
        arithmetic("/", 1, 0)


def test_a_number_that_no_float_is_keeps_its_digits_and_compares_by_them():
    above = parse_number("3.00000000000000000001")
    assert number_text(above) == "3.00000000000000000001"
    assert above > 3
    assert 3 <= above < 4
    assert above != 3
    assert len(set_of((3, above, 3.0))) == 2
    assert plain((above,)) == (3.0,)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-1e9, max_value=1e9, places=40))
def test_a_decimal_of_many_digits_is_written_as_it_is_read(value):
    text = f"{value:f}".rstrip("0").rstrip(".")
    assert number_text(parse_number(text)) in (text, text.removeprefix("-") if not value else text)


@pytest.mark.parametrize("text", ["1e1001", "1e-1001", "1e-999999999", "9" * 1001, "1e999999999"])
def test_a_number_beyond_a_thousand_digits_is_refused(text):
    with pytest.raises(ValueProblem):
        parse_number(text)


def test_types_count_in_equality():
    assert equal(1, "1") is False
    assert equal(True, 1) is False
    assert equal(1.0, 1) is True
    assert equal((1,), SetValue((1,))) is False
    assert equal(None, None) is True


def test_a_known_prefix_decides():
    assert equal(Unknown("x", prefix="pre-"), "") is False
    assert equal(Unknown("x", prefix="pre-"), None) is False
    assert isinstance(equal(Unknown("x", prefix="pre-"), "pre-a"), Unknown)
    assert equal((U, 1), (U, 2)) is False


@pytest.mark.parametrize(
    ("value", "wanted", "result"),
    [
        ("2", NUMBER, 2),
        ("0.5", NUMBER, 0.5),
        (4, STRING, "4"),
        (True, STRING, "true"),
        ("1", BOOL, True),
        (("a", 1), Collection("list", STRING), ("a", "1")),
        ((2, 1, 2), Collection("set", NUMBER), (1, 2)),
        (("b", "a"), Collection("set", STRING), ("a", "b")),
        ((1, "a"), Collection("list", ANY), ("1", "a")),
        ({"b": 1}, Collection("map", STRING), {"b": "1"}),
        ((1, "2"), TupleType((STRING, NUMBER)), ("1", 2)),
        (None, STRING, Null(STRING)),
        (U, NUMBER, U),
        ((U, 1), Collection("list", STRING), (U, "1")),
    ],
)
def test_conversions(value, wanted, result):
    assert convert(value, wanted) == result


@pytest.mark.parametrize(
    ("value", "wanted", "message"),
    [
        ("x", NUMBER, 'a number is required, not the string "x"'),
        (True, NUMBER, "a number is required, not a bool"),
        (1, BOOL, "a bool is required, not a number"),
        ("yes", BOOL, 'a bool is required, not the string "yes"'),
        ((), STRING, "a string is required, not a list"),
        ({}, Collection("list", STRING), "list(string) is required, not an object"),
        (
            {"a": {"b": "x"}},
            Collection("map", ObjectType({"b": Member(NUMBER)})),
            '["a"].b: a number is required, not the string "x"',
        ),
        ({}, ObjectType({"a": Member(STRING)}), 'attribute "a" is required'),
        ("1_000", NUMBER, 'a number is required, not the string "1_000"'),
        ("٣", NUMBER, 'a number is required, not the string "٣"'),
    ],
)
def test_a_value_that_does_not_fit_is_named_with_its_place(value, wanted, message):
    with pytest.raises(ValueProblem) as caught:
        convert(value, wanted)
    assert str(caught.value) == message


def test_optional_attributes_take_their_default_when_absent_and_when_null():
    inner = ObjectType({"path": Member(STRING, optional=True, default="/"), "port": Member(NUMBER)})
    wanted = ObjectType(
        {
            "check": Member(inner, optional=True, default={"path": "/x", "port": 1}),
            "note": Member(STRING, optional=True),
        }
    )
    assert convert({}, wanted) == {"check": {"path": "/x", "port": 1}, "note": Null(STRING)}
    assert convert({"check": None, "dropped": 1}, wanted) == {"check": {"path": "/x", "port": 1}, "note": Null(STRING)}
    assert convert({"check": {"port": "2", "path": None}}, wanted) == {
        "check": {"path": "/", "port": 2},
        "note": Null(STRING),
    }


@pytest.mark.parametrize(
    ("values", "result", "element"),
    [
        (("a", 1, True), ("a", "1", "true"), STRING),
        ((1, None, "a", U), ("1", Null(STRING), "a", U), STRING),
        (({"a": 1}, {"a": "x"}), ({"a": "1"}, {"a": "x"}), ObjectType({"a": Member(STRING)})),
        (({"a": 1}, {"b": "x"}), ({"a": "1"}, {"b": "x"}), Collection("map", STRING)),
        (((1, 2), ("x",)), (("1", "2"), ("x",)), Collection("list", STRING)),
        (((1,), set_of(("x",))), (("1",), ("x",)), Collection("set", STRING)),
        ((None, None), (None, None), ANY),
    ],
)
def test_the_elements_of_a_list_are_converted_to_their_common_type(values, result, element):
    assert list_of(values) == result
    assert list_of(values).element == element


@pytest.mark.parametrize("values", [(1, True), ("a", ()), ({}, ()), ({"a": 1}, {"a": ()})])
def test_what_has_no_common_type_makes_no_list(values):
    with pytest.raises(ValueProblem, match="no type"):
        list_of(values)


@given(VALUES)
def test_marks_are_taken_off_at_every_depth_and_put_on_without_changing_the_value(value):
    assert unmarked(value) == (value, frozenset())
    assert unmarked((marked(value, SENSITIVE), {"a": marked(value, EPHEMERAL)})) == (
        (value, {"a": value}),
        SENSITIVE | EPHEMERAL,
    )
    assert plain(marked(value, SENSITIVE)) == plain(value)


def test_a_list_is_no_tuple_and_a_map_no_object():
    assert equal(list_of((1,)), (1,)) is False
    assert equal(list_of(()), ()) is False
    assert equal(map_of({"a": 1}), {"a": 1}) is False
    assert equal(list_of((1,)), list_of((1,))) is True
    assert equal(Null(STRING), Null(NUMBER)) is True


def test_sets_are_in_the_order_of_their_values_or_else_of_the_text_that_terraform_makes_of_them():
    assert set_of((10, 9, 2.5, -1)) == (-1, 2.5, 9, 10)
    assert set_of((None, "b", "a")) == ("a", "b", Null(STRING))
    assert set_of(((10,), (9,), (2,))) == ((10,), (2,), (9,))
    assert set_of((True, False)) == (False, True)


def test_only_what_terraform_reads_as_a_bool_is_one():
    assert to_bool("0") is False
    assert to_string(False) == "false"
    with pytest.raises(ValueProblem):
        to_bool("TRUE")
