"""What a load test of a stack is to be, and the file that a reader takes to staging."""

import ast
import re
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.loadtest import crowd_file, kept, servers, standin
from analysis.loadtest import tested as plans
from analysis.studies import Studies

ROOT = Path(__file__).parents[2]


def plan_in(text):
    """The plan that a written crowd holds."""
    (plan,) = [
        ast.literal_eval(node.value)
        for node in ast.parse(text).body
        if isinstance(node, ast.AnnAssign) and node.target.id == "PLAN"
    ]
    return plan


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


def test_a_stand_in_of_a_systems_own_is_told_the_lifetimes_of_the_terraform(studies):
    one = plans.tested(studies.study("olympics"))
    assert (one.told["CACHE_LEADERBOARD_S"], one.told["DB_POOL_SIZE"]) == ("10", "10")
    assert {route["name"]: route["cache_ttl_s"] for route in one.routes} == {
        "leaderboard": 10.0, "event": 5.0, "athlete": 300.0,
    }  # fmt: skip
    assert one.kept_s == {"/api/leaderboards/*": 10.0, "/api/events/*": 5.0, "/api/athletes/*": 30.0}


def test_it_gets_a_share_of_a_processor_that_its_generator_can_fill(studies):
    study = studies.study("olympics")
    one = plans.tested(study)
    assert plans.TOO_MUCH * plans.knee_per_s(study, one, one.vcpu) <= plans.FILLED_PER_S
    assert plans.TOO_MUCH * plans.knee_per_s(study, one, 2 * one.vcpu) > plans.FILLED_PER_S


def test_its_hit_rates_are_those_of_the_renewal_formula(studies):
    one = plans.tested(studies.study("olympics"))
    assert one.hit_shares(300)["leaderboard"] == pytest.approx(
        12.5 / 13.5
    )  # 150 a second over 120 objects, kept for 10 s
    assert one.edge_shares(1000)["athlete"] == pytest.approx(1.5 / 2.5)


def test_the_knee_of_a_stand_in_lies_between_all_hits_and_none(studies):
    study = studies.study("olympics")
    profile, knee = study.profile, plans.knee_per_s(study, plans.tested(study), 0.125)
    assert 0.125 / profile.cpu_s_per_request.at() < knee < 0.125 / profile.cpu_s_per_hit.at()


def test_a_stack_without_a_variable_that_its_stand_in_is_told_is_refused(studies):
    own = plans.tested(studies.study("olympics")).stand_in
    with pytest.raises(servers.LoadError, match=r"buzzer has no value of var\.cache_lifetimes_s\.leaderboard"):
        own.variables(studies.study("buzzer").architecture)


def test_a_stand_in_of_a_strangers_stack_is_not_started(tmp_path, monkeypatch):
    """Only a folder of this checkout says what is started; not one beside the stack, and not the name of one of ours."""
    for name in ("stranger", "olympics"):
        (tmp_path / name).mkdir()
        (tmp_path / name / standin.FILE_NAME).write_text('start = ["true"]', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert standin.stand_in(tmp_path / "stranger") is None
    assert standin.stand_in(tmp_path / "olympics") is None


def test_a_record_of_another_stand_in_or_other_sql_is_stale(studies, monkeypatch):
    plan = plans.tested(studies.study("olympics"))
    before = kept.load_basis(plan)
    assert {"server.js", "schema.md", "package-lock.json", "crowd.py"} <= set(before)
    assert "program.py" not in before
    monkeypatch.setattr(standin, "BLOCK", re.compile("(PREPARE)( leaderboard)"))
    assert {name for name, digest in kept.load_basis(plan).items() if before[name] != digest} == {"schema.md"}


def test_a_path_that_could_end_a_line_of_a_servers_configuration_is_refused(studies):
    one = studies.study("buzzer_baseline")
    route = replace(one.scenario.routes[0], path="/live; } server {")
    hostile = replace(one, crowd=replace(one.scenario, routes=(route,)))
    with pytest.raises(servers.LoadError, match="the route commentary has a path with other characters"):
        plans.tested(hostile)


def test_the_written_crowd_has_the_scenarios_routes_and_the_objectives_thresholds(studies):
    text = crowd_file.written(plans.tested(studies.study("buzzer")))
    plan = plan_in(text)
    assert [route["name"] for route in plan["routes"]] == ["commentary", "score", "session", "reaction"]
    assert plan["thresholds"] == {"failed_share": 0.001, "p95_s": 1.8}
    assert [crowd["users"] for step in plan["steps"] for crowd in step["crowds"]] == [500, 2500, 5000, 15000]
    assert "GAMEDAY_LOAD_PLAN" not in text


def test_the_crowd_for_staging_asks_for_the_peak_of_a_stand_ins_stack_and_three_times_it(studies):
    plan = plan_in(crowd_file.written(plans.tested(studies.study("olympics"))))
    per_s = [crowd["users"] / plan["interval_s"] for step in plan["steps"] for crowd in step["crowds"]]
    assert per_s == pytest.approx([3333, 16667, 33333, 100_000], rel=0.001)
    assert not plan["addresses"]  # a site takes no visitor's word for an address
    assert {(route["path"], route["objects"]) for route in plan["routes"]} >= {("/api/athletes/{}", 3000)}


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
