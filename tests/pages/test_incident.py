"""The marked flaws of a crashed stack, what closes them and the actions, and the buckets of a stack."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.facts import FactError
from analysis.incidents.review import Review, grouped, marked
from analysis.pages import storage
from analysis.pages.incident import closed_by
from analysis.pages.model import model

ROOT = Path(__file__).parents[2]


STACK = ROOT / "terraform" / "stacks" / "buzzer_baseline"


def test_every_flaw_of_the_terraform_is_in_one_group_and_has_its_answer_and_no_answer_stands_alone():
    ids = [flaw.id for flaw in marked(STACK)]
    closed = {flaw: ("somewhere",) * ids.count(flaw) for flaw in ids}
    written = Review(flaws={"causes": tuple(closed)}, closed=closed)
    assert [flaw.line for flaw in grouped(STACK, written, "x.toml")["causes"] if flaw.id == "B12"] == [
        flaw.line for flaw in marked(STACK) if flaw.id == "B12"
    ]
    for wrong, wanted in (
        (replace(written, closed={**closed, "B1": ()}), "B1: has 0 closers, and 1 lines"),
        (replace(written, closed={**closed, "Z9": ("x",)}), "no group with Z9"),
        (replace(written, flaws={"causes": (*closed, "Z9")}), "Z9: has 0 closers, and 0 lines"),
        (replace(written, flaws={"causes": tuple(closed)[1:]}), f"no group with {ids[0]}"),
    ):
        with pytest.raises(FactError, match=wanted):
            grouped(STACK, wrong, "x.toml")


def test_a_bucket_says_who_may_read_it_and_how_long_it_keeps():
    shown = str(storage.buckets(model(ROOT, "buzzer"), "p.md"))
    assert "cloudfront.amazonaws.com: s3:GetObject" in shown
    assert "Deny everyone" in shown
    assert "no public access" in shown
    assert re.search(r"after \d+ days to GLACIER", shown)


@pytest.mark.parametrize(
    ("closer", "shown"),
    [
        ("buzzer module.service.aws_ecs_service.this desired_count", "desired_count = 3"),
        ("terraform/stacks/buzzer/main.tf#connections_needed", "connections_needed"),
        ("docs/buzzer/delivery.md", "Delivery"),
    ],
)
def test_what_closes_an_action_is_an_argument_a_line_or_a_page(closer, shown):
    assert shown in str(closed_by(ROOT, "buzzer/root-cause-analysis.md", closer))


@pytest.mark.parametrize(
    "closer",
    [
        "buzzer module.service.aws_ecs_service.this no_such_argument",
        "terraform/stacks/buzzer/main.tf#no such text",
        "docs/no-such-page.md",
        "delivery.md",
    ],
)
def test_what_closes_nothing_stops_the_build(closer):
    with pytest.raises((ValueError, LookupError)):
        closed_by(ROOT, "buzzer/root-cause-analysis.md", closer)
