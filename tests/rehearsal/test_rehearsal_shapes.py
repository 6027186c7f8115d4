"""What of an answer may differ between a page and a rehearsal, and what may not."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from analysis.rehearsal.shapes import SHAPES, Bindings, compare, same

ONE, OTHER, THIRD = (f"{digit}" * 8 + "-0000-4000-8000-" + f"{digit}" * 12 for digit in "123")


def differences(expected, actual, bindings=None):
    return [
        (found.line, found.expected, found.actual)
        for found in compare(expected.splitlines(), actual.splitlines(), bindings or Bindings(), line=10)
    ]


def test_an_answer_as_the_page_shows_it_has_no_difference():
    assert not differences("ACTIVE\t12\t12", "ACTIVE\t12\t12")


def test_another_number_is_a_difference_with_its_line_and_both_texts():
    assert differences("a\nACTIVE\t12", "a\nACTIVE\t11") == [(11, "ACTIVE\t12", "ACTIVE\t11")]


def test_a_line_too_few_or_too_many_is_a_difference():
    assert differences("a\nb", "a") == [(11, "b", None)]
    assert differences("a", "a\nb") == [(11, None, "b")]


def test_a_time_may_be_another_time_but_not_another_word():
    assert not differences("ALARM\t2026-11-28T20:45:11.204000+00:00", "ALARM\t2026-11-21T09:00:00Z")
    assert differences("ALARM\t2026-11-28T20:45:11Z", "ALARM\tNone")


def test_an_id_may_be_another_id_of_its_kind():
    assert not differences(f"id {ONE}", f"id {OTHER}")
    assert differences(f"id {ONE}", "id sg-0123456789abcdef0")


@pytest.mark.parametrize("made_up", ["FSIIQOBTNSYVD", "E2QWRUHAPOMQZ0", "0123456789AB1"])
def test_an_id_of_the_edge_may_be_made_of_letters_alone(made_up):
    assert not differences("E2QWRUHAPOMQZL", made_up)


def test_an_id_that_stands_twice_on_the_page_must_stand_twice_in_truth():
    assert not differences(f"{ONE}\n{ONE}", f"{OTHER}\n{OTHER}")
    assert differences(f"{ONE}\n{ONE}", f"{OTHER}\n{THIRD}") == [(11, ONE, THIRD)]


def test_two_ids_on_the_page_must_be_two_in_truth():
    assert differences(f"{ONE}\n{OTHER}", f"{THIRD}\n{THIRD}") == [(11, OTHER, THIRD)]


def test_a_revision_is_compared_with_the_revisions_seen_before():
    page = "arn:aws:ecs:us-east-1:1:task-definition/web:43\narn:aws:ecs:us-east-1:1:task-definition/web:41"
    assert not differences(page, page.replace(":43", ":3").replace(":41", ":1"))
    assert differences(page, page.replace(":43", ":3").replace(":41", ":3"))


def test_what_was_seen_is_typed_in_place_of_what_the_page_shows():
    bindings = Bindings()
    assert same(f"new {ONE}", f"new {OTHER}", bindings)
    assert same("x/task-definition/web:41", "x/task-definition/web:2", bindings)
    assert bindings.typed(f"aws x --id {ONE} --task-definition web:41 --family web:411") == (
        f"aws x --id {OTHER} --task-definition web:2 --family web:411"
    )


def test_a_line_that_differs_binds_nothing():
    bindings = Bindings()
    assert not same(f"{ONE} up", f"{OTHER} down", bindings)
    assert same(f"{ONE} up", f"{THIRD} up", bindings)


def test_an_ellipsis_stands_for_the_rest_of_an_id_or_for_any_number_of_lines():
    assert not differences("web\tsha256:b4f0c1…", "web\tsha256:" + "9" * 64)
    assert not differences("first\n…\nlast", "first\n1\n2\n3\nlast")
    assert not differences("first\n…", "first")
    assert differences("first\n…\nlast", "first\n1\n2") == [(12, "last", "2")]


def test_blanks_at_the_end_are_no_difference():
    assert not differences("a  \n\n", "a")


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_every_kind_that_may_differ_says_why(shape):
    assert shape.reason
    assert shape.name


WORDS = st.lists(
    st.sampled_from(["ALARM", "OK", "12", "0.5", "a\tb", "", ONE, "2026-11-28T20:45:00Z", "sg-0123456789abcdef0"]),
    max_size=6,
)


@given(WORDS)
def test_every_answer_is_the_same_as_itself(lines):
    assert not compare(lines, lines, Bindings())


@given(WORDS, st.integers(0, 6), st.sampled_from(["ALARM", "OK", "12"]))
def test_a_line_put_in_anywhere_is_found(lines, place, word):
    assert compare(lines, [*lines[:place], word, *lines[place:]], Bindings())
    assert compare([*lines[:place], word, *lines[place:]], lines, Bindings())
