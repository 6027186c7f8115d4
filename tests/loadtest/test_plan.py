"""What a load test of a stack is to be, and the file that a reader takes to staging."""

import ast
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.loadtest import crowd_file, kept, servers
from analysis.loadtest import tested as plans
from analysis.studies import Studies

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def studies():
    return Studies(ROOT / "terraform" / "stacks")


def test_a_task_is_full_where_the_closed_formula_says(studies):
    one = studies.study("buzzer_baseline")
    assert plans.knee_users(one, 0.25) == pytest.approx(0.25 * 5 / 0.00116)
    assert plans.knee_users(one, 0.25) == pytest.approx(one.capacity.users_held.value, rel=1e-3)


def test_a_program_with_a_shared_cache_is_full_between_its_hit_and_its_miss(studies):
    users = plans.knee_users(studies.study("buzzer"), 0.5)
    assert 0.5 * 1.2 / 0.00086 < users < 0.5 * 1.2 / 0.00044


def test_what_the_stand_in_cannot_play_is_refused_with_the_reason(studies):
    with pytest.raises(servers.LoadError, match=r"scoreboard runs Node.*the stand-in is Flask"):
        plans.tested(studies.study("scoreboard"))


def test_a_path_that_could_end_a_line_of_a_servers_configuration_is_refused(studies):
    one = studies.study("buzzer_baseline")
    route = replace(one.scenario.routes[0], path="/live; } server {")
    hostile = replace(one, crowd=replace(one.scenario, routes=(route,)))
    with pytest.raises(servers.LoadError, match="the route commentary has a path with other characters"):
        plans.tested(hostile)


def test_the_written_crowd_has_the_scenarios_routes_and_the_objectives_thresholds(studies):
    text = crowd_file.written(plans.tested(studies.study("buzzer")))
    (plan,) = [
        ast.literal_eval(node.value)
        for node in ast.parse(text).body
        if isinstance(node, ast.AnnAssign) and node.target.id == "PLAN"
    ]
    assert [route["name"] for route in plan["routes"]] == ["commentary", "score", "session", "reaction"]
    assert plan["thresholds"] == {"failed_share": 0.001, "p95_s": 1.8}
    assert [crowd["users"] for step in plan["steps"] for crowd in step["crowds"]] == [500, 2500, 5000, 15000]
    assert "GAMEDAY_LOAD_PLAN" not in text


def test_a_record_of_another_crowd_or_another_stand_in_is_stale(studies, monkeypatch, tmp_path):
    plan = plans.tested(studies.study("buzzer"))
    before = kept.load_basis(plan)
    assert kept.load_basis(replace(plan, cpu_s=1.0)) == before  # chooses the first look alone
    assert kept.load_basis(replace(plan, interval_s=2.0)) != before
    for name in ("program.py", "crowd.py"):
        (tmp_path / name).write_text("another", encoding="utf-8")
    monkeypatch.setattr(crowd_file, "SOURCE", tmp_path / "crowd.py")
    assert {name for name, digest in kept.load_basis(plan).items() if before[name] != digest} == {
        "program.py",
        "crowd.py",
    }


def test_what_is_missing_is_named_with_the_package_that_has_it(monkeypatch):
    monkeypatch.setattr(servers, "found", lambda _: None)
    said = servers.missing(("mariadbd", "nginx"))
    assert (
        said
        == "mariadb-server, nginx-light not found; on Debian: apt-get install --no-install-recommends mariadb-server nginx-light"
    )
