"""Waiting ends with what was waited for, or where nothing moves; never because a clock says so."""

import time

import pytest
from patience import at_last, patiently


def busy(seconds):
    began = time.process_time()
    while time.process_time() - began < seconds:
        pass


def test_what_comes_late_while_something_works_is_waited_for():
    looks = []

    def wait(_seconds):
        looks.append(1)
        busy(0.06)
        if len(looks) < 9:
            raise TimeoutError
        return "there"

    assert patiently(wait, TimeoutError, 0.01, slices=2) == "there"


def test_what_never_comes_while_nothing_moves_is_given_up():
    looks = []

    def wait(_seconds):
        looks.append(1)
        raise TimeoutError("not there")

    with pytest.raises(TimeoutError, match="not there"):
        patiently(wait, TimeoutError, 0.01, slices=3)
    assert len(looks) == 3


def test_another_fault_is_not_waited_out():
    def wait(_seconds):
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        patiently(wait, TimeoutError)


def test_a_condition_is_looked_at_until_it_holds():
    looks = iter([False, False, True])
    at_last(lambda: next(looks), 0.01)
    with pytest.raises(TimeoutError, match="did not happen"):
        at_last(lambda: False, 0.01, slices=3)
