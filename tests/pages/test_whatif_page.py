"""The page "What if": what it says of today before anybody touches it, its file, and texts that must not become markup."""

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.facts import scenario
from analysis.pages import systems, whatif
from analysis.pages.model import Site
from analysis.studies import whatif as grid

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
FOLDERS = sorted(path.parent.name for path in DOCS.glob(f"*/{grid.PLAN}"))


def page(folder):
    site = Site(ROOT, DOCS, lambda: f"{folder}/what-if.md")
    return str(whatif.macros(site)["what_if"](folder))


def data(html):
    return json.loads(re.search(r'<script type="application/json">(.*?)</script>', html)[1])


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_first_sentence_states_todays_point_and_the_sliders_stand_on_it(folder):
    answers = whatif.answered(ROOT, DOCS, folder)
    html = page(folder)
    first = re.sub(r"</?data[^>]*>", "", re.search(r'class="g-whatif__now"><strong>(.*?)</strong>', html)[1])
    point = answers.present
    crowd = systems.system(DOCS, folder).words["crowd"]
    peak = scenario(
        ROOT / "terraform/stacks" / answers.plan.stack / whatif._model(ROOT, answers.plan.stack).about.scenario
    )
    assert (
        f"Does it hold {int(peak.peak_users.value):,} {crowd} as it stands? {grid.VERDICTS[grid.verdict(point)]}."
        in first
    )
    assert f"A month costs ${float(point['month_usd']):,.2f}" in first
    assert point["binds"][0].replace('"', "&#34;") in first
    for axis, index in zip(answers.plan.axes, answers.today, strict=True):
        control = re.search(rf'<(?:input|select)[^>]* name="{axis.name}".*?(?:</output>|</select>)', html)[0]
        assert (
            f'value="{index}" selected' in control
            or f'max="{len(axis.values) - 1}" step="1" value="{index}"' in control
        )
        assert re.search(rf'<label for="what-if-{axis.name}">', html)


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_browser_gets_every_point_of_the_record(folder):
    answers = whatif.answered(ROOT, DOCS, folder)
    told = data(page(folder))
    assert told["today"] == list(answers.today)
    assert [axis["keys"] for axis in told["axes"]] == [list(axis.keys) for axis in answers.plan.axes]
    assert len(told["points"]) == len(answers.points)
    for sent, point in zip(told["points"], answers.points, strict=True):
        if "refused" in point:
            assert sent == point["refused"]
            continue
        assert sent[0] == grid.verdict(point)
        assert dict(zip([f["name"] for f in told["figures"]], sent[2:], strict=True)).items() <= point.items()


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_file_has_the_points_of_the_record(folder):
    answers = whatif.answered(ROOT, DOCS, folder)
    rows = list(csv.DictReader(io.StringIO(whatif.csv_text(answers))))
    assert len(rows) == len(answers.points)
    for where, row, point in zip(answers.plan.points, rows, answers.points, strict=True):
        assert [row[axis.name] for axis in answers.plan.axes] == [
            axis.keys[index] for axis, index in zip(answers.plan.axes, where, strict=True)
        ]
        if "refused" in point:
            assert row["refused"] == point["refused"]
            assert row["month_usd"] == ""
            continue
        ends = ("pessimistic", "central", "optimistic")
        for name in ("held", "held_most"):
            assert [row[f"{name}_{end}"] for end in ends] == ["" if f is None else str(f) for f in point[name]]
        assert (row["month_usd"], row["event_usd"]) == (point["month_usd"], point["event_usd"])
        assert int(row["users_at_peak"]) == point["users"]
        assert [row["binds_at"], row["binds"]] == (point["binds"] or ["", ""])


def test_a_text_of_the_plan_or_of_terraform_is_never_markup(monkeypatch):
    answers = whatif.answered(ROOT, DOCS, "buzzer")
    bad = '</script><img src=x onerror="alert(1)">'
    axes = (replace(answers.plan.axes[0], label=bad), *answers.plan.axes[1:])
    points = ({"refused": bad}, *answers.points[1:])
    planted = replace(answers, plan=replace(answers.plan, axes=axes), points=points)
    monkeypatch.setattr(whatif, "answered", lambda *_: planted)
    html = page("buzzer")
    assert "<img" not in html
    assert data(html)["points"][0] == bad
    assert data(html)["axes"][0]["label"] == bad
    assert "Terraform refuses 1 of them" in html


def test_each_chart_names_the_input_that_changes_its_figure_most():
    answers = whatif.answered(ROOT, DOCS, "buzzer")
    month = {axis.label: [] for axis in answers.plan.axes}
    for where, point in zip(answers.plan.points, answers.points, strict=True):
        moved = [n for n, (index, today) in enumerate(zip(where, answers.today, strict=True)) if index != today]
        if len(moved) < 2:
            for axis in [answers.plan.axes[moved[0]]] if moved else answers.plan.axes:
                month[axis.label].append(float(point["month_usd"]))
    widest = max(month, key=lambda label: max(month[label]) - min(month[label]))
    assert f"## A month: most changed by {widest[:1].lower()}{widest[1:]}" in page("buzzer")
