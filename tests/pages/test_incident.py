"""The marked flaws of a crashed stack, what closes them and the actions, and the buckets of a stack."""

import re
from pathlib import Path

import pytest

from analysis.pages import incident, storage
from analysis.pages.model import model
from analysis.site.macros import closed_by

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def crashed():
    return model(ROOT, "buzzer_baseline")


def test_every_flaw_of_the_terraform_needs_its_answer_and_no_answer_stands_alone(crashed):
    marked = set(re.findall(r"# flaw: ([A-Z]\d+) ", (ROOT / crashed.folder / "main.tf").read_text()))
    text = (ROOT / crashed.folder / "main.tf").read_text()
    closed = {flaw: ["somewhere"] * text.count(f"# flaw: {flaw} ") for flaw in marked}
    assert str(incident.flaws(crashed, "p.md", closed)).count("main.tf:") >= len(marked)
    with pytest.raises(ValueError, match="flaw B1 "):
        incident.flaws(crashed, "p.md", {key: value for key, value in closed.items() if key != "B1"})
    with pytest.raises(ValueError, match="flaw Z9 "):
        incident.flaws(crashed, "p.md", {**closed, "Z9": ["nothing"]})


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
        ("delivery.md", "Delivery"),
    ],
)
def test_what_closes_an_action_is_an_argument_a_line_or_a_page(closer, shown):
    assert shown in str(closed_by(ROOT, ROOT / "docs", "buzzer/root-cause-analysis.md", closer))


@pytest.mark.parametrize(
    "closer",
    [
        "buzzer module.service.aws_ecs_service.this no_such_argument",
        "terraform/stacks/buzzer/main.tf#no such text",
        "no-such-page.md",
    ],
)
def test_what_closes_nothing_stops_the_build(closer):
    with pytest.raises((ValueError, LookupError)):
        closed_by(ROOT, ROOT / "docs", "buzzer/root-cause-analysis.md", closer)
