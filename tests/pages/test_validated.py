"""What Terraform said of a stack, as its page shows it: from the record, never silently from one that is missing or stale."""

import base64
import datetime as dt
import gzip
from types import SimpleNamespace

import pytest

from analysis import terraform
from analysis.evidence import RecordError
from analysis.pages import infrastructure
from analysis.validation import PlanText, Report, Step, TerraformError, validated

SAID = Report(
    "somewhere",
    {"terraform": "1.11.4"},
    (
        Step("init", "passed", 1.5, "providers from mirror /a/b"),
        Step("test", "passed", 12.5, "4 runs in 1 file passed"),
    ),
)
PLANS = (PlanText("", 3, "  + create\n"), PlanText("dev", 2, "  + less\n"))
TEST = 'run "a" {\n  command = plan\n}\n'


class Small(SimpleNamespace):
    def __init__(self, directory):
        super().__init__(name="small", directory=directory)

    @property
    def architecture(self):
        return terraform.load(self.directory)


def record(model):
    rests_on = validated.basis(model.directory, model.architecture)
    validated.write(model.directory, SAID, PLANS, dt.date(2026, 11, 29), rests_on)


@pytest.fixture
def model(tmp_path):
    (tmp_path / "main.tf").write_text("locals {}\n")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/a.tftest.hcl").write_text(TEST)
    return Small(tmp_path)


def test_a_stack_without_a_record_says_so_and_how_to_make_one(model):
    shown = str(infrastructure.validation(model))
    assert "are not recorded" in shown
    assert "gameday validate terraform/stacks/" in shown
    assert "<table" not in shown


def test_the_record_is_shown_with_its_day_and_versions_and_no_warning(model):
    record(model)
    shown = str(infrastructure.validation(model))
    assert "4 runs in 1 file passed" in shown
    assert "Recorded on 2026-11-29 with terraform 1.11.4." in shown
    assert "warning" not in shown
    assert "/a/b" not in shown, "a place on the machine that recorded"


@pytest.mark.parametrize(
    ("file", "text", "named"),
    [
        ("main.tf", "locals { a = 1 }\n", "text"),
        ("tests/a.tftest.hcl", TEST + "\n", "tests"),
        ("b.tftest.hcl", TEST, "tests"),
    ],
)
def test_a_record_of_other_terraform_or_other_tests_says_that_it_is_stale(model, file, text, named):
    record(model)
    (model.directory / file).write_text(text)
    shown = str(infrastructure.validation(model))
    assert f"since then changed: {named}" in shown
    assert "--record" in shown


def test_a_record_that_cannot_be_read_stops_the_page(model):
    (model.directory / "validated.record.json").write_text("{")
    with pytest.raises(RecordError, match="cannot be read"):
        infrastructure.validation(model)


def test_without_terraform_there_is_nothing_to_record(model):
    with pytest.raises(TerraformError, match="not on PATH"):
        validated.write(model.directory, Report("somewhere", {}, ()), (), dt.date(2026, 11, 29), {})


def test_the_plans_of_a_record_are_linked_by_their_values_and_read_back_as_they_were(model):
    record(model)
    shown = str(infrastructure.validation(model))
    assert '<a href="plan-small.txt">own values (3 resources)</a>' in shown
    assert '<a href="plan-small-dev.txt">dev (2 resources)</a>' in shown
    assert validated.plans(validated.read(model.directory, model.architecture)[0]) == PLANS


def test_a_plan_whose_text_was_changed_by_hand_is_refused(model):
    record(model)
    file = model.directory / "validated.record.json"
    packed = base64.b64encode(gzip.compress(PLANS[0].text.encode(), mtime=0)).decode()
    file.write_text(file.read_text().replace(packed, packed[:-12] + "AAAAAAAAAA=="))
    with pytest.raises(RecordError, match="cannot be read"):
        validated.plans(validated.read(model.directory, model.architecture)[0])
