"""The systems side by side, and each in its own words."""

import json
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from typer.testing import CliRunner

from analysis.commands import app
from analysis.pages import comparison, figures, load, proofs, systems
from analysis.pages.model import Site, models
from analysis.proofs import RULES

ROOT = Path(__file__).parents[2]


def site(page):
    return Site(ROOT, ROOT / "docs", lambda: page)


def rows(markup):
    soup = BeautifulSoup(markup, "html.parser")
    for figure in soup.find_all("data"):
        figure.unwrap()
    soup.smooth()
    return [[cell.get_text(" ", strip=True) for cell in row.find_all(["th", "td"])] for row in soup.select("tr")]


@pytest.fixture(scope="module")
def table():
    return rows(comparison.compared(site("compare/index.md")))


def test_every_stack_of_every_system_has_a_row_below_its_system(table):
    wanted = [
        title
        for one in systems.systems(ROOT / "docs")
        for title in (f"{one.title} {one.summary}", *(shown.label for shown in one.stacks))
    ]
    assert [row[0] for row in table] == ["Stack", *wanted]


def test_a_stack_says_what_binds_who_sets_it_what_it_costs_and_how_far_it_has_got(table):
    crashed = next(row for row in table if row[0] == "As it crashed")
    # One task of a quarter vCPU; 1.16 ms of processor a request, a request every 5 s: 0.25 / 0.00116 x 5 = 1,077 users.
    assert crashed[1].startswith("1,077 (961 to 1,179) users")
    assert crashed[2] == "ECS service: processor, 0.25 vCPU set by the Terraform"
    # $219.89 for 3,200 users; ten times as many are 32,000.
    assert crashed[3].endswith("$68.72 per 1,000 users expected")
    assert crashed[5].endswith("1,077 of 32,000 users fit, scaled out")
    assert crashed[6] == "fullest: processor of service: 297%"
    assert crashed[7] == "0 not back-tested"
    assert crashed[8].endswith("no drill")
    assert crashed[9] == "applied on the emulator"
    written = next(row for row in table if row[0] == "The guide as written")
    assert written[9] == "written"
    assert written[4].endswith(" a game")


def test_a_stack_that_was_tried_says_how_many_hard_nights_build_ups_and_megabytes_it_was(table):
    now = next(row for row in table if row[0] == "As it is now")
    assert now[6].endswith("11 of 11 hard nights survived")
    assert now[7].endswith("in time on 71 of 71 build-ups, 5 min ahead")
    assert now[8].endswith("MB/s in a drill")


def test_of_each_system_at_most_three_decisions_are_shown_those_that_hold_more_users_first():
    page = BeautifulSoup(comparison.bought(site("compare/index.md")), "html.parser")
    rows = [[cell.get_text(" ", strip=True) for cell in row.find_all(["th", "td"])] for row in page.select("tbody tr")]
    buzzer = [row for row in rows if row[0] == "The Buzzer"]
    assert 1 <= len(buzzer) <= 3
    assert buzzer[0][1:3] == ["Keep live answers for a second at the edge", "5,341 → 139,428"]


def test_the_command_gives_the_table_as_data(table):
    listed = json.loads(CliRunner().invoke(app, ["compare", "--json"]).stdout)
    assert [row["label"] for row in listed] == [row[0] for row in table if len(row) > 1 and row[0] != "Stack"]
    assert all(row[name] for row in listed for name in comparison.COLUMNS)


def test_the_chart_has_a_bar_for_each_stack_at_the_start_and_scaled_out():
    text = BeautifulSoup(comparison.rooms(site("compare/index.md")), "html.parser").get_text(" ")
    assert "The Buzzer, As it crashed" in text
    assert "scaled out" in text
    assert "34" in text  # 1,077 of 3,200


def test_the_first_limit_names_its_resource_and_its_value():
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html: 4,000 writes a second.
    said = BeautifulSoup(figures.limit_sentence(models(ROOT)["engine_as_written"]), "html.parser").get_text()
    assert said == (
        "DynamoDB table aws_dynamodb_table.connections: writes of a new table, 4,000 a second; the peak needs 10,006; "
        "an AWS service limit"
    )


def test_key_figures_and_limits_use_the_words_of_the_system():
    here = site("engine/kpis.md")
    names = [row[0] for row in rows(figures.macros(here)["key_figures"]("engine"))]
    assert {"Clients held at the start", "A month without any match day", "A month with its match days"} <= set(names)
    assert not [name for name in names if "sers" in name or "game" in name]
    assert "Holds, visitors" in load.macros(site("olympics/capacity.md"))["first_limits"]("olympics_as_written")
    assert systems.words(ROOT / "docs", "reference/index.md")["crowd"] == "users"


def test_a_warning_is_no_error_in_the_summary_of_the_proofs():
    report = proofs.report(models(ROOT)["engine"])
    warnings = sum(finding.severity == "warning" for finding in report.unwaived)
    assert report.summary.startswith(f"0 errors, {warnings} warnings, ")
    assert report.summary.endswith(f"; {len(report.holding)} statements hold")


def test_the_summary_of_proofs_counts_every_group_of_rules():
    assert {rule.group for rule in RULES.values()} == set(proofs.GROUPS)
