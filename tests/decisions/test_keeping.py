"""What was computed for a record is kept as long as nothing that it rests on changes."""

import datetime as dt
import math
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from decision_makers import ROOT, record

from analysis import evidence
from analysis.decisions import Bench, Edge, Kept, Weighing, keeping, no_claims
from analysis.decisions.judging import compute
from analysis.decisions.keeping import Computed, basis, read_of
from analysis.decisions.weighing import Crossing, Effect, Weighed
from analysis.studies import Measured, Studies
from analysis.studies import study as one_study
from analysis.studies.inputs import TOLD, untold

MATTER = {
    "measures": [{"measure": "cost.month"}],
    "options": [{"name": "A", "chosen": True}, {"name": "B", "not_modelled": "no."}],
    "reopen_when": "month > 1",
    "break_even": [{"input": {"variable": "x"}, "range": [1, 2], "when": "month > 1"}],
}


def made(subject):
    dear = Measured(Decimal("769.7800000000000001"), "USD", "sum")
    return Computed(
        turned=True,
        effects=(
            Effect("month", "A month", dear, "cannot be had"),
            Effect(
                "lead",
                "Lead of the first page over user impact",
                Measured(-math.inf, "s", "f"),
                Measured(None, "user", "f"),
            ),
            Effect("x", "X", Measured(3, "", "f"), Measured("service", "", "f")),
        ),
        readings={"month": dear},
        crossings=(Crossing(subject.break_even[0], "USD", None, 0.1 + 0.2, True, 7, False),),
        options=(Weighed(subject.options[0], (dear,), ("refused.",)), Weighed(subject.options[1], "Not modelled: no.")),
    )


def never():
    raise AssertionError("it was kept and is computed again")


@pytest.fixture(scope="module")
def world():
    return Weighing(Studies(ROOT / "terraform" / "stacks"), ROOT / "terraform" / "stacks" / "buzzer_baseline")


def test_what_is_kept_comes_back_to_the_last_digit(tmp_path, world):
    subject = record(**MATTER)
    once = Kept(tmp_path).of(world, subject, lambda: made(subject))
    assert Kept(tmp_path).of(world, subject, never) == once == made(subject)


def test_a_change_of_the_stack_or_of_the_record_asks_again(tmp_path, world):
    subject = record(**MATTER)
    Kept(tmp_path).of(world, subject, lambda: made(subject))
    with pytest.raises(AssertionError):
        Kept(tmp_path).of(world, record(**{**MATTER, "reopen_when": "month > 2"}), never)
    other = Weighing(world.studies, world.directory.with_name("buzzer"))
    with pytest.raises(AssertionError):
        Kept(tmp_path).of(other, subject, never)


@pytest.mark.parametrize(
    "words",
    [
        {"title": "Another title"},
        {"description": "In other words.", "deciders": ["the lead"]},
        {"last_reviewed": "2026-11-28", "review_in": "3 months"},
        {"affects": ["module.cache.*"]},
        {"options": [{"name": "B", "chosen": True, "note": "cheap"}, {"name": "C", "not_modelled": "no."}]},
        {"confirmation": [{"rule": "FIT-03"}]},
    ],
)
def test_words_and_days_of_a_record_ask_nothing_again(tmp_path, world, words):
    subject = record(**MATTER)
    Kept(tmp_path).of(world, subject, lambda: made(subject))
    edited = record(**{**MATTER, **words})
    assert Kept(tmp_path).of(world, edited, never).turned


@pytest.mark.parametrize(
    "changed",
    [
        {"undo": {"without": ["module.service.*"]}},
        {"undo": None, "do": {"without": ["module.cache.*"]}, "status": "proposed"},
        {"night": {"name": "n", "seed": 2}},
        {"night": {"name": "n", "faults": ["zone-loss@104"]}},
        {"measures": [{"measure": "cost.game"}]},
        {"options": [{"name": "A", "chosen": True, "users": 9}, {"name": "B", "not_modelled": "no."}]},
        {"options": [{"name": "A", "chosen": True}, {"name": "B", "not_modelled": "never."}]},
        {"break_even": [{"input": {"variable": "x"}, "range": [1, 3], "when": "month > 1"}]},
        {"break_even": [{"input": {"variable": "x"}, "range": [1, 2], "when": "month > 2"}]},
        {"break_even": [{"input": {"variable": "y"}, "range": [1, 2], "when": "month > 1"}]},
    ],
)
def test_whatever_is_computed_from_is_part_of_the_basis(changed):
    assert read_of(record(**MATTER)) != read_of(record(**{**MATTER, **changed}))
    assert evidence.digest(read_of(record(**MATTER))) != evidence.digest(read_of(record(**{**MATTER, **changed})))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {"broker": "iot_core", "replaces": ["x"]}),
        ({"broker": "iot_core", "replaces": ["x"]}, {"broker": "appsync_events", "replaces": ["x"]}),
        ({"broker": "iot_core", "replaces": ["x"]}, {"broker": "iot_core", "replaces": ["y"]}),
        ({}, {"beside": {"users": 1}}),
        ({"beside": {"users": 1}}, {"beside": {"users": 2}}),
    ],
)
def test_a_broker_and_a_second_stack_are_part_of_the_basis(one, other):
    read = [read_of(record(**{**MATTER, "options": [{"name": "A", "chosen": True, **more}]})) for more in (one, other)]
    assert evidence.digest(read[0]) != evidence.digest(read[1])


def test_the_quotas_of_a_broker_and_what_aws_promises_are_part_of_the_basis(world, monkeypatch):
    broker = {"name": "A", "chosen": True, "broker": "iot_core", "replaces": ["x"]}
    promised = [{"measure": "availability.promised"}]
    records = [record(**{**MATTER, **more}) for more in ({"options": [broker]}, {"measures": promised})]
    before = [basis(world, each) for each in records]
    monkeypatch.setattr(keeping, "rests_on", lambda *_: "other quotas")
    monkeypatch.setattr(keeping, "limit", lambda _: "another promise")
    assert all(basis(world, each) != was for each, was in zip(records, before, strict=True))


@pytest.fixture(scope="module")
def buzzer():
    return one_study(ROOT / "terraform" / "stacks" / "buzzer")


def retold(architecture):
    """The stack telling somebody else something else."""
    words = {"endpoint": "someone@else.example", "subscriber_email_addresses": (), "dashboard_body": "{}"}
    told = {each.type for each in architecture.resources} & TOLD.keys()
    assert told == TOLD.keys()
    resources = (
        replace(each, address=f"{each.address}x", values={**each.values, **words}) if each.type in told else each
        for each in architecture.resources
    )
    return replace(architecture, resources=tuple(resources))


def test_whom_a_stack_tells_asks_nothing_again(buzzer):
    stack = buzzer.architecture
    basis = evidence.digest(untold(stack))
    assert evidence.digest(untold(retold(stack))) == basis
    first, *rest = stack.resources
    planted = replace(first, values={**first.values, "planted": 1})
    fewer = [each for each in stack.resources if each.type != "aws_budgets_budget"]
    for resources in ((planted, *rest), fewer):
        assert evidence.digest(untold(replace(stack, resources=tuple(resources)))) != basis


def test_a_subscription_of_a_program_is_no_telling(buzzer):
    stack = buzzer.architecture
    wired = [
        replace(each, values={**each.values, "protocol": "sqs", "endpoint": end})
        if "subscription" in each.type
        else each
        for end in ("a", "b")
        for each in stack.resources
    ]
    half = len(wired) // 2
    one, other = (replace(stack, resources=tuple(part)) for part in (wired[:half], wired[half:]))
    assert evidence.digest(untold(one)) != evidence.digest(untold(other))


def test_whom_a_stack_tells_changes_no_figure(buzzer):
    other = replace(buzzer, architecture=retold(buzzer.architecture))
    assert other.bill.total == buzzer.bill.total
    assert other.capacity.users_held == buzzer.capacity.users_held
    one, two = buzzer.night(), other.night()
    assert two.harms == one.harms
    assert np.array_equal(two.night.noted.seconds, one.night.noted.seconds)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"turned": 1, "effects": 3}', "null"])
def test_a_kept_file_that_is_broken_is_computed_anew(tmp_path, world, text):
    subject = record(**MATTER)
    kept = Kept(tmp_path)
    kept.of(world, subject, lambda: made(subject))
    next(tmp_path.glob("*.json")).write_text(text)
    assert kept.of(world, subject, lambda: made(subject)) == made(subject)


def test_a_judgement_is_the_same_whether_kept_or_computed(tmp_path):
    studies = Studies(ROOT / "terraform" / "stacks")
    subject = record(
        undo={"without": ["module.cache.*"]},
        reopen_when="month > 9000",
        measures=[{"measure": "cost.month"}],
        options=[{"name": "A", "chosen": True}],
    )
    edge, kept = Edge(ROOT, dt.date(2026, 11, 21), no_claims), Kept(tmp_path)
    first, again = (Bench(studies, edge, keep=kept).judge(subject) for _ in range(2))
    assert first.state == again.state == "holds"
    for one, other in zip(first.effects, again.effects, strict=True):
        assert one.with_it == other.with_it or one.with_it.value == other.with_it.value
    assert compute(Bench(studies, edge).checker(subject).world, subject).turned is False
