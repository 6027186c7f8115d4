"""Does a page come in time? The record of the back-test holds its goals, and a sample of it is run again."""

import copy
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from analysis import alarms, evidence, facts, season
from analysis.season import outcomes
from analysis.season.plan import FILE_NAME
from analysis.studies import calibration, study

STACK = Path(__file__).parents[2] / "terraform" / "stacks" / "buzzer"
RECORD = season.load(STACK)
SURVIVORS = {
    **{f"buzzer-burn-{speed}-{window}": ["operator"] for speed in ("fast", "slow") for window in ("long", "short")},
    **{
        f"buzzer-{name}": ["statistic"]
        for name in (
            "backup-failed", "cache-evictions-001", "cache-evictions-002", "connections-rejected", "export-failed",
        )
    },
    "buzzer-replica-lag": ["threshold"] * 2 + ["M"] * 2 + ["operator", "missing data"] + ["statistic"] * 3,
}  # fmt: skip
"""Which parts of which alarms the back-test takes for sound although they are broken: tests/alarms says why it may."""
PLAN = season.plan(STACK)


def test_on_every_night_of_a_build_up_a_page_comes_five_minutes_before_the_first_user_is_affected():
    late = [
        (family.name, night.users, night.seed, night.lead_s)
        for family in RECORD.counted
        for night in family.hurt
        if night.lead_s is None or night.lead_s < 300
    ]
    assert not late
    assert RECORD.goal["lead_s"] == 300
    assert RECORD.in_time == len(RECORD.leads_s) >= 60
    assert RECORD.share_in_time == 1.0


def test_on_the_stack_that_crashed_the_same_alarms_come_late_as_none_of_them_sees_what_goes_past_the_cdn():
    crashed = [family for family in RECORD.building if not family.own]
    assert {family.name for family in crashed} == {"crashed", "crashed-goals"}
    assert all(family.own for family in RECORD.counted)
    assert min(night.lead_s for family in crashed for night in family.hurt) < 0


def test_at_most_one_page_in_a_season_is_for_nothing():
    assert RECORD.false_pages <= 1
    assert RECORD.season["nights"] >= 120


def test_the_nights_build_up_in_several_ways_and_on_both_stacks():
    names = {family.name for family in RECORD.building}
    assert names == {family.name for family in PLAN.families if family.builds_up}
    assert len(names) >= 8
    assert len({family.stack for family in RECORD.building}) == 2
    assert all(family.hurt for family in RECORD.building)
    assert all(min(night.users for night in family.hurt) <= 1.1 * family.breaks_at for family in RECORD.building)


def test_at_least_95_in_100_broken_alarms_are_noticed_and_each_survivor_has_its_reason():
    assert RECORD.mutations_caught >= 0.95
    assert {part for part, _, _ in RECORD.mutations} == set(alarms.mutations.get_args(alarms.Part))
    assert len(RECORD.survivors) == sum(total - caught for _, caught, total in RECORD.mutations)
    assert all(why.strip() for *_, why in RECORD.survivors)
    parts: dict[str, list[str]] = {}
    for alarm, part, _, _ in RECORD.survivors:
        parts.setdefault(alarm, []).append(part)
    assert parts == SURVIVORS


def test_on_a_cold_spike_no_page_and_no_scaling_is_in_time_and_what_stands_ready_protects():
    spikes = {(spike.title, spike.users): spike for spike in RECORD.spikes}
    crowds = sorted({users for _, users in spikes})
    crashed = [spike for spike in RECORD.spikes if spike.title == "The stack that crashed"]
    assert all(spike.minutes_hurt for spike in crashed)
    rung = [spike.first_page_s for spike in RECORD.spikes if spike.first_page_s is not None]
    scaled = [spike.first_scale_out_s for spike in RECORD.spikes if spike.first_scale_out_s is not None]
    assert min(rung) >= 60
    assert not scaled or min(scaled) > 120
    most = crowds[-1]
    few, ready = (spikes[f"No edge cache, {number} tasks", most].minutes_hurt for number in (3, 30))
    assert few > ready == 0
    assert all(
        not spike.minutes_hurt for spike in RECORD.spikes if "dge cache" in spike.title and "No" not in spike.title
    )


def test_the_crash_is_the_one_that_the_calibration_found():
    crash = RECORD.told[0]
    found = calibration(STACK.parent / "buzzer_baseline").values
    assert crash.users == round(found["audience.peak_users"])
    assert crash.harm_minute is not None
    assert crash.stack != PLAN.directory.name


def test_awss_own_benchmark_is_slower_than_a_spike():
    assert facts.limit("autoscaling.scale_out_trigger_s").at() == 363
    assert facts.limit("autoscaling.scale_out_trigger_high_resolution_s").at() == 86


def test_the_record_rests_on_the_plan_the_alarms_and_the_nights_that_there_are():
    assert RECORD.rests_on == season.basis(PLAN), "run `gameday season terraform/stacks/buzzer` again"


@pytest.mark.slow
@pytest.mark.parametrize(
    "family", [family for family in PLAN.families if family.builds_up], ids=lambda family: family.name
)
def test_a_night_of_the_record_is_run_again_and_is_the_same(family):
    recorded = next(found for found in RECORD.families if found.name == family.name).outcomes[0]
    again = season.outcome(PLAN, family, recorded.users, recorded.seed)
    assert (again.harm_minute, again.harm) == (recorded.harm_minute, recorded.harm)
    assert dict(again.pages) == dict(recorded.pages)


def test_the_hash_of_what_a_record_rests_on_is_the_same_in_every_process():
    program = (
        "from dataclasses import replace; from pathlib import Path; from analysis import season\n"
        f"plan = season.plan(Path({str(STACK)!r}))\n"
        "few = replace(plan, quiet=plan.quiet[:1], families=plan.families[:1], watched=(), cold=None, protections=())\n"
        "print(season.basis(few))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


def one_night(family, users, seed=1):
    made = outcomes.studied(PLAN, family)
    return outcomes._night(made, facts.scenario(family.scenario), users, seed)


def family_named(name):
    return next(family for family in PLAN.families if family.name == name)


@pytest.mark.slow
def test_the_former_threshold_on_the_database_was_too_late_where_queries_are_dear():
    home = study(STACK)
    told = alarms.read(home.architecture)
    family = family_named("slow-query")
    recorded = next(found for found in RECORD.families if found.name == "slow-query")
    former = replace(told["buzzer-db-cpu"], threshold=70.0, datapoints_to_alarm=3)
    leads = {"now": [], "former": []}
    for users in sorted({night.users for night in recorded.hurt}):
        night = one_night(family, users)
        pack = outcomes._pack(night, told, home.architecture)
        for name, alarm in (("now", told["buzzer-db-cpu"]), ("former", former)):
            leads[name].append(alarms.score(alarm, home.architecture, pack, night.harm_at)[1])
    assert all(lead is not None and lead >= 300 for lead in leads["now"])
    assert any(lead is None or lead < 300 for lead in leads["former"])


@pytest.mark.slow
def test_the_former_threshold_on_the_number_of_tasks_rang_on_a_derby():
    derby = next(entry for entry in PLAN.quiet if "derby" in entry.title.lower())
    made = outcomes.studied(PLAN, derby)
    told = alarms.read(made.architecture)
    night = outcomes._night(made, facts.scenario(derby.scenario), None, 1)
    pack = outcomes._pack(night, told, made.architecture)
    now = told["buzzer-tasks-near-maximum"]
    assert alarms.score(now, made.architecture, pack)[2] == 0
    assert alarms.score(replace(now, threshold=24.0), made.architecture, pack)[2] >= 1


def test_a_record_is_read_as_it_was_written(tmp_path):
    evidence.write(tmp_path / season.RECORD_FILE, evidence.read(STACK / season.RECORD_FILE, season.KIND))
    assert season.load(tmp_path) == RECORD
    assert (tmp_path / season.RECORD_FILE).read_bytes() == (STACK / season.RECORD_FILE).read_bytes()


@pytest.mark.parametrize("spoilt", ["{", "[]", "{}", '{"families": 1}'])
def test_what_is_no_record_is_refused_with_what_to_do(tmp_path, spoilt):
    (tmp_path / season.RECORD_FILE).write_text(spoilt, encoding="utf-8")
    with pytest.raises(season.PlanError, match="run it again"):
        season.load(tmp_path)
    with pytest.raises(season.PlanError, match="run `gameday season` first"):
        season.load(tmp_path / "nowhere")


PLAN_TEXT = """
[goal]
lead_s = 300
false_pages = 1
[season]
seed = 1
[[season.nights]]
title = "Quiet"
scenario = "night.toml"
nights = 2
[[family]]
name = "a"
title = "A"
scenario = "night.toml"
crowds = [10]
seeds = 1
"""


@pytest.fixture
def written(tmp_path):
    (tmp_path / "night.toml").write_text("", encoding="utf-8")

    def write(text):
        (tmp_path / FILE_NAME).write_text(text, encoding="utf-8")
        return tmp_path

    return write


def test_a_plan_is_read_and_counts_its_nights(written):
    found = season.plan(written(PLAN_TEXT))
    assert found.families[0].crowds == (10,)
    assert season.nights(found) == 2 + 1 + 1


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ("lead_s = 300", "lead_s = -1", "goal.lead_s: is -1; it must not be below 0"),
        ("nights = 2", "nights = 0", "nights: is 0; it must not be below 1"),
        ("nights = 2", "nights = 1.5", "whole number"),
        ("crowds = [10]", "crowds = []", "list of whole numbers of users"),
        ("crowds = [10]", "crowds = [-5]", "list of whole numbers of users"),
        ("crowds = [10]", "times = [0.5]", "numbers from 1 up"),
        ("seeds = 1", "seeds = 1\nsedes = 2", "is not a key of this table"),
        ("seeds = 1", "seeds = 1\n[family.assumed]\nx = 'y'", "must be a number"),
        ('scenario = "night.toml"\nnights', 'scenario = "none.toml"\nnights', "does not exist; paths start"),
        ("seed = 1\n", "", "is missing; give it a number"),
        ("[goal]", "[gaol]", "goal: is missing"),
        ("nights = 2", "nights = 2\nfaults = ['x', 3]", "list of faults"),
    ],
)
def test_a_plan_that_cannot_be_used_is_refused_in_a_sentence(written, was, becomes, said):
    assert was in PLAN_TEXT
    with pytest.raises(facts.FactError) as refusal:
        season.plan(written(PLAN_TEXT.replace(was, becomes)))
    assert said in str(refusal.value)


def test_two_families_of_one_name_and_a_missing_plan_are_refused(written, tmp_path):
    twice = PLAN_TEXT + PLAN_TEXT[PLAN_TEXT.index("[[family]]") :]
    with pytest.raises(facts.FactError, match="is taken by an earlier family"):
        season.plan(written(twice))
    with pytest.raises(facts.FactError, match="is missing; write one"):
        season.plan(tmp_path / "nowhere")


def outcome(lead=None, harm=100.0, **pages):
    found = {"a": lead} if lead is not None else {}
    return season.Outcome(10, 1, harm, "late", {**found, **pages})


def test_the_first_page_is_the_one_with_the_longest_lead_and_a_night_without_harm_warns_of_nothing():
    found = outcome(60.0, b=400.0)
    assert (found.first_page, found.lead_s) == ("b", 400.0)
    assert outcome().lead_s is None
    family = season.FamilyResult("a", "A", "", True, "s", (), (found, outcome(), outcome(200.0), outcome(harm=None)))
    assert len(family.hurt) == 3
    assert family.in_time(300) == 1


def test_a_page_is_dispensable_where_another_would_be_in_time():
    family = season.FamilyResult("a", "A", "", True, "s", (), (outcome(600.0, b=400.0), outcome(600.0, b=100.0)))
    found = replace(RECORD, families=(family,))
    assert found.without("b") == 2
    assert found.without("a") == 1


@pytest.mark.slow
def test_the_same_plan_gives_the_same_bytes():
    small = replace(
        PLAN,
        quiet=tuple(replace(entry, nights=1) for entry in PLAN.quiet[:1]),
        families=(replace(family_named("clutch"), times=(), crowds=(500_000,), seeds=1),),
        watched=PLAN.watched[1:2],
        cold=None,
        protections=(),
    )
    first = season.to_json(season.run(small), small)
    assert season.to_json(season.run(small), small) == first
    assert season.record(copy.deepcopy(first)).in_time == 1
