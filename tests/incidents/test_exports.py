"""The record of an incident as files: one object, one schema, and a stranger's series tell what the simulated night tells."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from typer.testing import CliRunner

from analysis import incidents
from analysis.alarms.tables import USER
from analysis.commands.incident import app

ROOT = Path(__file__).parents[2]
NOW = ROOT / "terraform" / "stacks" / "buzzer"
FINAL = ROOT / "terraform" / "stacks" / "buzzer_baseline"


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def said(values):
    """What the key says that describes a value, or fails."""
    schema = json.loads(incidents.SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(values)
    return values


@pytest.fixture(scope="module")
def exported():
    result = run("export", FINAL, "--format", "json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_json_keeps_its_schema_and_the_schema_notices_what_is_missing(exported):
    assert said(exported)["impact"]["began"] == "2026-03-07T21:16:00Z"
    for key in ("actions", "severity"):
        with pytest.raises(jsonschema.ValidationError):
            said({name: value for name, value in exported.items() if name != key})


def test_every_table_and_the_report_say_what_the_json_says(exported):
    timeline = list(csv.DictReader(io.StringIO(run("export", FINAL, "--format", "timeline").stdout)))
    assert [row["UTC"] for row in timeline] == [row["at"] for row in exported["timeline"]]
    actions = list(csv.DictReader(io.StringIO(run("export", FINAL, "--format", "actions").stdout)))
    assert [row["Owner"] for row in actions] == [action["owner"] for action in exported["actions"]]
    text = run("export", FINAL).stdout
    for fact in exported["facts"]:
        assert f"| {fact['name']} | {fact['value']} |" in text


def test_a_pdf_is_written_whole_and_the_same_each_time(tmp_path):
    for name in ("a.pdf", "b.pdf"):
        result = run("export", FINAL, "--format", "one-page", "--out", tmp_path / name)
        assert result.exit_code == 0, result.output
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF-")
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()


def test_an_unknown_format_or_place_is_refused(tmp_path):
    assert "write one of one-page, pdf, md" in " ".join(run("export", FINAL, "--format", "doc").output.split())
    assert run("export", FINAL, "--out", tmp_path / "no" / "x.md").exit_code == 2
    assert run("export", tmp_path).exit_code == 2


@pytest.fixture(scope="module")
def overrun():
    """The final's crowd, many times as large, on the stack as it is now: a night on which its own alarms ring."""
    final = incidents.read(FINAL)
    night = replace(final.night, stack=final.now, peak_users=420_000, calibrated=False)
    return incidents.opened(replace(final, night=night, now=None, factors=(), steps=(), actions=(), entries=()))


def test_a_table_drawn_from_a_simulated_night_gives_its_onset_its_detection_and_its_end(tmp_path, overrun):
    lines = ["time,metric,value,statistic,dimensions"]
    for key, series in overrun.pack.series.items():
        if key.namespace == "user" and key.name not in USER:
            continue
        dimensions = "; ".join(f"{name}={value}" for name, value in key.dimensions)
        for statistic, points in series.statistics.items():
            lines += [
                f'{overrun.seen.at(minute):%Y-%m-%dT%H:%M:%SZ},{key.namespace} {key.name},{point!r},{statistic},"{dimensions}"'
                for minute, point in enumerate(points)
                if point is not None
            ]
    table = tmp_path / "series.csv"
    table.write_text("\n".join(lines), encoding="utf-8")
    made = run(
        "new", table, tmp_path / "night.md", "--stack", NOW, "--late", 7.5, "--gaps", "missing",
    )  # fmt: skip
    assert made.exit_code == 0, made.output
    times = {
        moment["name"]: (moment["at"], moment["how"])
        for moment in said(json.loads(run("show", tmp_path / "night.toml", "--json").output))["times"]
    }
    own = {moment.name: moment for moment in overrun.moments}
    assert own["impact"].at is not None
    assert own["detection"].at is not None
    for name in ("impact", "detection", "mitigation"):
        assert times[name] == (own[name].at and f"{own[name].at:%Y-%m-%dT%H:%M:%SZ}", own[name].how)
