"""What Terraform said of a stack, as its page shows it: from the record, never silently from one that is missing or stale."""

import datetime as dt
from types import SimpleNamespace

import pytest

from analysis import terraform
from analysis.evidence import RecordError
from analysis.pages import infrastructure
from analysis.validation import Report, Step, TerraformError, validated

SAID = Report(
    "somewhere",
    {"terraform": "1.11.4"},
    (
        Step("init", "passed", 1.5, "providers from mirror /a/b"),
        Step("test", "passed", 12.5, "4 runs in 1 file passed"),
    ),
)
TEST = 'run "a" {\n  command = plan\n}\n'


class Small(SimpleNamespace):
    def __init__(self, directory):
        super().__init__(name="small", directory=directory)

    @property
    def architecture(self):
        return terraform.load(self.directory)


def record(model):
    validated.write(model.directory, SAID, dt.date(2026, 11, 29), validated.basis(model.directory, model.architecture))


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
        validated.write(model.directory, Report("somewhere", {}, ()), dt.date(2026, 11, 29), {})
