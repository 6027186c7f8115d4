"""A record rests on inputs, says which have changed, and is written in one form."""

import datetime as dt
from dataclasses import dataclass, field, make_dataclass, replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import evidence
from analysis.architecture import Architecture, Location, Resource, Unknown
from analysis.evidence import models

DAY = dt.date(2026, 11, 21)


@dataclass(frozen=True)
class Price:
    usd: Decimal
    reason: str = ""
    file: str = field(default="", compare=False)


def stack(values, line=1):
    place = Location("main.tf", line)
    return Architecture("shop", (Resource("aws_sqs_queue.a", "aws_sqs_queue", "a", values, place),))


def test_equal_numbers_have_one_digest_however_they_are_written():
    assert len({evidence.digest(number) for number in (1, 1.0, Decimal("1.00"), Fraction(2, 2))}) == 1
    assert evidence.digest(0.1) == evidence.digest(Decimal("0.1")) == evidence.digest(Fraction(1, 10))
    assert evidence.digest(1) != evidence.digest("1") != evidence.digest(True)


@given(st.floats(min_value=1e-6, max_value=1e12))
def test_the_last_places_of_a_number_do_not_count(number):
    several = round(number, 6)  # as a file states it
    assert evidence.digest(several) == evidence.digest(float(np.nextafter(several, np.inf)))
    assert evidence.digest(several) != evidence.digest(several * (1 + 1e-9))


def test_order_counts_in_a_list_and_not_in_a_mapping_or_a_set():
    assert evidence.digest({"a": 1, "b": 2}) == evidence.digest({"b": 2, "a": 1})
    assert evidence.digest({3, 1}) == evidence.digest({1, 3})
    assert evidence.digest([1, 3]) != evidence.digest([3, 1])
    assert evidence.digest({"a": [1]}) != evidence.digest([["a", [1]]])


def test_the_reason_for_a_number_and_the_file_it_stands_in_do_not_count():
    price = Price(Decimal("0.045"), "list price", "a.toml")
    assert evidence.digest(price) == evidence.digest(Price(Decimal("0.0450"), "as published", "b.toml"))
    assert evidence.digest(price) != evidence.digest(Price(Decimal("0.046")))


def test_a_kind_of_input_that_came_later_counts_only_where_it_is_used():
    before = make_dataclass("Night", [("users", int)], frozen=True)
    later = field(default=(), metadata={evidence.OPTIONAL: True})
    night = make_dataclass("Night", [("users", int), ("feeds", tuple, later)], frozen=True)
    old = evidence.digest(before(5))
    assert evidence.digest(night(5)) == old
    assert evidence.digest(night(5, ("results",))) != old


@pytest.mark.parametrize("value", [np.float64(1), np.zeros(2), Path("/srv/stack"), object(), {"deep": [np.int64(1)]}])
def test_what_was_computed_and_where_a_file_lies_are_refused(value):
    with pytest.raises(TypeError, match="is no input"):
        evidence.digest(value)


def test_a_stack_is_its_values_and_not_the_lines_they_stand_on():
    queue = {"name": "shop", "kms": Unknown("aws_kms_key.a.arn")}
    first = evidence.digest(evidence.resolved(stack(queue)))
    assert first == evidence.digest(evidence.resolved(stack(queue, line=40)))
    assert first != evidence.digest(evidence.resolved(stack(queue | {"name": "stall"})))
    assert first != evidence.digest(evidence.resolved(replace(stack(queue), region="eu-central-1")))


def test_a_record_names_what_has_changed_since(monkeypatch):
    rests_on = evidence.basis({"prices": [1], "scenario": "final"}, models=("night", "bill"))
    record = evidence.Record("nights", DAY, rests_on, {})
    assert evidence.changed(record, rests_on) == ()
    assert evidence.stale(record, rests_on) == ""
    other = evidence.basis({"prices": [2], "scenario": "final"}, models=("night", "bill"))
    assert evidence.stale(record, other) == "recorded on 2026-11-21; since then changed: prices"
    monkeypatch.setitem(models.MODELS, "night", models.MODELS["night"] + 1)
    assert evidence.changed(record, evidence.basis({"prices": [1]}, ("night", "bill"))) == ("model night", "scenario")


def test_a_record_is_read_as_it_was_written_and_written_with_the_same_bytes(tmp_path):
    rows = [["a longer row of text that is not short", number] for number in range(4)]
    record = evidence.Record("nights", DAY, {"scenario": "0" * 16}, {"rows": rows, "empty": {}, "none": None})
    path = evidence.write(tmp_path / "nights.json", record)
    first = path.read_bytes()
    assert evidence.read(path, "nights") == record
    assert evidence.write(path, evidence.read(path, "nights")).read_bytes() == first
    assert [entry.name for entry in tmp_path.iterdir()] == ["nights.json"]
    assert max(map(len, first.decode().splitlines())) <= 120


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"kind": "season", "recorded_on": "2026-11-21", "rests_on": {}, "content": 1}',
             '{"kind": "nights", "recorded_on": "soon", "rests_on": {}, "content": 1}',
             '{"kind": "nights", "recorded_on": "2026-11-21", "rests_on": 3, "content": 1}', "[" * 100_000],
)  # fmt: skip
def test_a_file_that_is_no_record_is_refused_with_what_to_do(tmp_path, text):
    path = tmp_path / "nights.json"
    assert evidence.read(path, "nights") is None
    path.write_text(text)
    with pytest.raises(evidence.RecordError, match=r"nights.json.*`gameday records`"):
        evidence.read(path, "nights")
