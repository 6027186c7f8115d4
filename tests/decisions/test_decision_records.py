"""What a decision record must say, and where a mistake in it is pointed at."""

import contextlib
import datetime as dt

import pytest
from decision_makers import ROOT, record, text_of
from hypothesis import given
from hypothesis import strategies as st

from analysis import decisions
from analysis.decisions import PlacedError
from analysis.decisions.records import Change

PAGE = """---
title: Keep a cache
order: 3
status: accepted
date: 2026-11-21
deciders: [platform lead]
last_reviewed: 2026-11-21
review_in: 6 months
stack: buzzer
affects:
  - module.cache.*
undo: { without: [module.cache.*] }
reopen_when: {predicate}
---
# 3. Keep a cache
"""


def parsed(predicate):
    return decisions.parse(PAGE.replace("{predicate}", predicate), "0003-keep.md")


def test_a_record_is_read_with_its_places():
    found = parsed("cost.month > 900")
    assert (found.number, found.title, found.status) == (3, "Keep a cache", "accepted")
    assert found.due == dt.date(2027, 5, 21)
    assert [(glob, place.line, place.column) for glob, place in found.affects] == [("module.cache.*", 11, 5)]
    assert found.undo == Change(without=("module.cache.*",))
    assert found.reopen_when.text == "cost.month > 900"


@pytest.mark.parametrize(
    ("predicate", "line", "column", "sentence"),
    [
        ("cost.weekly > 9", 13, 14, "no measure 'cost.weekly'"),
        ("month > cost.weekly", 13, 22, "no measure 'cost.weekly'"),
        ("month >", 13, 21, "ends too early"),
        ("month > > 3", 13, 22, "'>' cannot stand here"),
        ("month @ 3", 13, 20, "'@' cannot stand here"),
        ("__import__('os')", 13, 25, "cannot stand here"),
        ("month.__class__ == 1", 13, 14, "no measure 'month.__class__'"),
        ("capacity.utilisation > 0.5", 13, 14, "needs 'station'"),
        ("capacity.users_held(snow = 1) > 5", 13, 14, "takes no 'snow'; it takes level, scaled_out"),
        ('capacity.users_held(level = "low", level = "high") > 5', 13, 14, "given 'level' twice"),
        ('month(level = "low") > 5', 13, 14, "takes no arguments"),
        ("nothing > 5", 13, 14, "no measure 'nothing'"),
        ('"month > (5"', 13, 25, "ends too early"),
    ],
)
def test_a_mistake_in_a_predicate_is_pointed_at(predicate, line, column, sentence):
    with pytest.raises(PlacedError) as caught:
        parsed(predicate)
    assert str(caught.value).startswith(f"0003-keep.md:{line}:{column}: ")
    assert sentence in str(caught.value)


def test_a_predicate_may_be_folded_over_lines():
    found = decisions.parse(PAGE.replace("{predicate}", ">-\n  cost.month > 900\n  or users < 5_000"), "0003-keep.md")
    assert found.reopen_when.text == "cost.month > 900 or users < 5_000"


@pytest.mark.parametrize(
    "signs", ["(" * 500 + "1" + ")" * 500 + " > 0", "not " * 400 + "month > 1", "- " * 900 + "1 > 0"]
)
def test_a_predicate_that_nests_without_end_is_refused(signs):
    with pytest.raises(PlacedError, match=r"0003-keep.md:13:"):
        parsed(signs)


@given(st.text(alphabet="()+-*/<>=!'\"abmonth.,_ 0123456789\n#", max_size=60))
def test_no_text_breaks_the_reading_of_a_predicate(text):
    with contextlib.suppress(PlacedError):
        record(reopen_when=text)


@pytest.mark.parametrize(
    ("matter", "sentence"),
    [
        ({"status": "maybe"}, "status is 'maybe'; it must be one of proposed"),
        ({"status": None}, "lacks 'status'"),
        ({"deciders": None}, "lacks 'deciders'"),
        ({"deciders": 3}, "deciders must be a list"),
        ({"date": "soon"}, "date must be a date"),
        ({"review_in": "a while"}, "'a while' is not a period"),
        ({"order": "one"}, "order must be a number"),
        ({"order": -1}, "whole number from zero on"),
        ({"undo": None}, "lacks 'undo'"),
        ({"undo": ["x"]}, "undo must be a mapping"),
        ({"undo": {"remove": ["x"]}}, "undo.remove is not known here; the keys are adds"),
        ({"undo": {"variables": [1]}}, "undo.variables must be a mapping"),
        ({"undo": {"arguments": {"aws_x.y": 3}}}, "undo.arguments.aws_x.y must be a mapping"),
        ({"undo": {"adds": {"nat_gateway.hour": "many"}}}, "must be a number, not 'many'"),
        ({"undo": {"without": [3]}}, r"undo.without\[0\] must be a text"),
        ({"do": {"without": ["x"]}}, "stands beside `do`"),
        ({"undo": None, "do": {"without": ["x"]}}, "do is for proposals; this record is accepted"),
        ({"affects": "x"}, "affects must be a list"),
        ({"affects": [3]}, r"affects\[0\] must be a text"),
        ({"reopen_when": 3}, "reopen_when must be a text"),
        ({"night": {"faults": ["zone-loss@3"]}}, "night lacks 'name'"),
        ({"night": {"name": "n", "seed": 1.5}}, "night.seed must be a whole number"),
        ({"break_even": [{"range": [1, 2]}]}, r"break_even\[0\] lacks 'input'"),
        ({"break_even": [{"input": {"price": "x", "variable": "y"}}]}, "names 2 inputs"),
        ({"break_even": [{"input": {"variable": "x"}, "range": [2, 1]}]}, "lowest and the highest"),
        ({"break_even": [{"input": {"variable": "x"}, "range": [1, 2, 3]}]}, "lowest and the highest"),
        ({"break_even": [{"input": {"variable": "x"}, "range": [1.5, 2], "whole": True}]}, "whole numbers"),
        ({"break_even": [{"input": {"argument": "x"}, "range": [1, 2]}]}, "address and the argument"),
        ({"break_even": [{"input": {"variable": "x"}, "range": [1, 2]}]}, "lacks 'when'"),
        ({"confirmation": [{"wish": "x"}]}, "must name one of alarm, rule"),
        ({"confirmation": [{"alarm": "x", "claim": "y"}]}, "names 2"),
        ({"confirmation": ["x"]}, "must be a mapping that begins with one of"),
        ({"confirmation": [{"argument": "x", "address": "y"}]}, "says nothing of the value"),
        ({"confirmation": [{"argument": "x", "address": "y", "at_least": "z"}]}, "must be a number"),
        ({"measures": [{"measure": "cost.weekly"}]}, "there is no measure 'cost.weekly'; there are cost.month"),
        ({"measures": [{"measure": "cost.month", "wiht": {}}]}, "wiht is not known here"),
        ({"measures": [{"measure": "capacity.utilisation"}]}, "needs 'station'"),
        ({"measures": [{"measure": "cost.month", "name": "a b"}]}, "predicates take names"),
        ({"measures": [{"measure": "cost.month", "name": "month"}]}, "the name 'month' is taken"),
        ({"options": [{"name": "A", "varables": {}}]}, "varables is not known here"),
        ({"options": [{"chosen": True}]}, "lacks 'name'"),
        ({"options": [{"name": "A"}]}, "marks 0 options as chosen"),
        ({"options": [{"name": "A", "chosen": True}, {"name": "B", "chosen": True}]}, "marks 2 options"),
        ({"options": [{"name": "A", "chosen": "yes"}]}, "must be true or false"),
        ({"options": [{"name": "A", "broker": "pigeon", "replaces": ["x"]}]}, "there is no broker 'pigeon'"),
        ({"options": [{"name": "A", "broker": "iot_core"}]}, "comes with the addresses that it `replaces`"),
        ({"options": [{"name": "A", "replaces": ["x"]}]}, "comes with the addresses that it `replaces`"),
        ({"options": [{"name": "A", "beside": {"adds": {}}}]}, "adds is not known here"),
    ],
)
def test_front_matter_that_is_wrong_is_refused_with_file_and_line(matter, sentence):
    with pytest.raises(PlacedError, match=rf"^0001-x\.md:\d+:\d+: .*{sentence}"):
        record(**matter)


@pytest.mark.parametrize(
    ("text", "place", "sentence"),
    [
        ("", "1:1", "no front matter"),
        ("# a page\n", "1:1", "no front matter"),
        ("---\ntitle: x\n", "1:1", "does not end"),
        ("---\n---\n", "1:1", "is empty"),
        ("---\ntitle: [x\n---\n", "3:1", "is no YAML"),
        ("---\n- x\n---\n", "2:1", "must be a mapping"),
        ("---\ntitle: x\ntitle: y\n---\n", "3:1", "is there twice"),
        ("---\na: &x 1\nb: *x\n---\n", "2:4", "alias"),
        ("---\na: !!python/object/apply:os.system ['true']\n---\n", "2:4", "is no YAML"),
        ("---\n" + "".join(f"{' ' * n}a:\n" for n in range(40)) + "---\n", "23:22", "nested more than"),
    ],
)
def test_what_is_no_front_matter_is_refused(text, place, sentence):
    with pytest.raises(PlacedError, match=rf"^x\.md:{place}: .*{sentence}"):
        decisions.parse(text, "x.md")


def test_a_change_after_another_has_the_last_word_key_by_key():
    first = Change(
        variables={"size": {"cpu": 1, "memory": 2}}, arguments={"a": {"x": 1}}, without=("p",), adds={"s": 1}, users=5
    )
    second = Change(variables={"size": {"cpu": 9}}, arguments={"a": {"y": 2}, "b": {}}, without=("p", "q"))
    both = first.then(second)
    assert both.variables == {"size": {"cpu": 9, "memory": 2}}
    assert both.arguments == {"a": {"x": 1, "y": 2}, "b": {}}
    assert (both.without, both.adds, both.users) == (("p", "q"), {"s": 1}, 5)


def test_a_directory_is_read_by_number_and_its_index_is_passed_over(tmp_path):
    (tmp_path / "index.md").write_text("---\ntitle: All\n---\n")
    (tmp_path / "b.md").write_text(text_of(order=1))
    (tmp_path / "a.md").write_text(text_of(order=2, supersedes="b.md"))
    assert [found.path.name for found in decisions.folder(tmp_path)] == ["b.md", "a.md"]
    (tmp_path / "c.md").write_text(text_of(order=2))
    with pytest.raises(PlacedError, match="has the number 2, and so has"):
        decisions.folder(tmp_path)
    (tmp_path / "c.md").write_text(text_of(order=3, superseded_by="z.md"))
    with pytest.raises(PlacedError, match=r"superseded_by names z\.md"):
        decisions.folder(tmp_path)


@pytest.mark.parametrize("path", sorted((ROOT / "docs/buzzer/decisions").glob("0*.md")), ids=lambda path: path.stem)
def test_every_record_of_this_checkout_is_weighable(path):
    found = decisions.read(path)
    assert found.number == int(path.name[:4])
    assert found.affects
    assert found.options
    assert found.reopen_when is not None
    assert found.break_even
    assert found.confirmation
