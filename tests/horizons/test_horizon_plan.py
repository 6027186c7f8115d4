"""The file horizons.toml: what it must say, what a part is worth, and the sentence for each thing that is wrong."""

from dataclasses import replace
from decimal import Decimal

import pytest

from analysis import horizons
from analysis.facts import FactError
from analysis.horizons import Gain, Worth

INCIDENT = """
title = "Night"
now = "../after"
[night]
stack = "."
kick_off = 2026-03-07T20:00:00Z
seeds = [1]
[harm]
late_s = 5
[[factor]]
id = "B1"
name = "Three tasks"
variables = { tasks = 3 }
[[action]]
id = "tasks"
name = "Three tasks"
variables = { tasks = 1 }
[[hard]]
id = "course"
name = "The course"
"""

HOURS = '[part.hours]\nvalue = 2\nlow = 1\nhigh = 4\nunit = "h"\nreason = "A number."\n'
TASKS = '[[part]]\nid = "tasks"\nname = "Three tasks"\nfactors = ["B1"]\nactions = ["tasks"]\n' + HOURS
STANDBY = '[[part]]\nid = "standby"\nname = "A standby"\nleft_out = { variables = { standby = false } }\n' + HOURS
TONIGHT = '[[horizon]]\nid = "tonight"\ntitle = "Tonight"\nfile = "tonight.tfvars"\nparts = ["tasks"]\n'
LEAVES = 'leaves = [{ part = "standby", risk = "A restore." }]\n'
PLAN = 'incident = "../before/incident.toml"\n' + TASKS + STANDBY + TONIGHT + LEAVES


def plan(tmp_path, text=PLAN):
    for name in ("before", "after"):
        (tmp_path / name).mkdir(exist_ok=True)
    (tmp_path / "before" / "incident.toml").write_text(INCIDENT, encoding="utf-8")
    (tmp_path / "after" / "tonight.tfvars").write_text("tasks = 3\n", encoding="utf-8")
    (tmp_path / "after" / "horizons.toml").write_text(text, encoding="utf-8")
    return horizons.plan(tmp_path / "after")


def test_a_part_takes_its_changes_from_the_incident_or_holds_its_own(tmp_path):
    tasks, standby = plan(tmp_path).parts
    assert [change.variables for change in tasks.alone] == [{"tasks": 3}]
    assert [change.variables for change in tasks.left_out] == [{"tasks": 1}]
    assert (standby.alone, [change.variables for change in standby.left_out]) == ((), [{"standby": False}])


def test_the_work_of_a_horizon_is_that_of_its_parts(tmp_path):
    found = plan(tmp_path, PLAN.replace('parts = ["tasks"]\n' + LEAVES, 'parts = ["tasks", "standby"]\n'))
    assert found.hours(found.horizons[0]) == (4.0, 2.0, 8.0)


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ('factors = ["B1"]', 'factors = ["B9"]', "names 'B9', which the incident does not have; it has B1"),
        ("left_out = { variables = { standby = false } }\n", "", "says nowhere how the stack is without it"),
        (LEAVES, "", "does not say what is risked without 'standby'"),
        (LEAVES, LEAVES.replace("standby", "tasks"), "names 'tasks', which the horizon holds"),
        (LEAVES, LEAVES.replace("standby", "pools"), "names 'pools', which is no part"),
        ('"tonight.tfvars"', '"sunday.tfvars"', "names sunday.tfvars, which does not exist"),
        ('"../before/incident.toml"', '"../incident.toml"', "which does not exist"),
        ('id = "standby"', 'id = "tasks"', "has the id 'tasks' twice"),
        ("low = 1\n", "low = 3\n", "are not in this order"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(tmp_path, old, new, wanted):
    assert old in PLAN
    with pytest.raises(FactError, match=r"after/horizons\.toml: ") as refused:
        plan(tmp_path, PLAN.replace(old, new, 1))
    assert wanted in str(refused.value)


def test_a_stack_before_that_leads_to_another_stack_is_refused(tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "before").mkdir()
    plan(tmp_path)
    (tmp_path / "other" / "horizons.toml").write_text(PLAN, encoding="utf-8")
    with pytest.raises(FactError, match="whose `now` is not this stack"):
        horizons.plan(tmp_path / "other")


def worth(tmp_path, alone, left_out, usd="0"):
    return Worth(plan(tmp_path).parts[0], alone, left_out, Decimal(usd))


def test_a_part_is_worth_the_larger_of_both_sides_per_hour_and_per_dollar(tmp_path):
    found = worth(tmp_path, Gain(100.0, 20.0, 10), Gain(0.0, 40.0, 500), "30")
    assert (found.impact, found.users) == (120.0, 500)
    assert (found.impact_per_hour, found.users_per_hour) == (60.0, 250.0)
    assert (found.impact_per_usd, found.users_per_usd) == (4.0, pytest.approx(16.67, abs=0.01))


def test_a_part_that_harms_or_cannot_stand_alone_is_worth_nothing_there(tmp_path):
    harms = worth(tmp_path, Gain(-90.0, 0.0, -10), Gain(0.0, 0.0, 0), "-5")
    assert (harms.impact, harms.users, harms.impact_per_usd, harms.users_per_usd) == (0.0, 0, None, None)
    assert replace(harms, alone=None, left_out=Gain(0.0, 8.0, 2)).impact == 8.0


def test_a_record_that_is_missing_says_what_makes_it(tmp_path):
    with pytest.raises(FactError, match=r"is missing; run `gameday horizons after --record`"):
        horizons.load(plan(tmp_path))
