"""Changes weighed on a real night: what they do alone and together, and shares that add up."""

import datetime as dt
from pathlib import Path
from statistics import fmean

import pytest

from analysis import evidence, incidents
from analysis.facts import FactError
from analysis.night import NightError
from analysis.studies import StudyError

ROOT = Path(__file__).parents[2]
STACK = ROOT / "terraform" / "stacks" / "buzzer_baseline"

HEAD = f"""
title = "A night"
now = "{ROOT}/terraform/stacks/buzzer"
[night]
stack = "{STACK}"
kick_off = 2026-03-07T20:00:00Z
seeds = [1, 4]
peak_users = 3200
[harm]
late_s = 7.5
"""

MORE = (
    '[[factor]]\nid = "more"\nname = "Twelve tasks"\narguments = { "aws_ecs_service.api" = { desired_count = 12 } }\n'
)
POOLS = (
    '[[factor]]\nid = "pools"\nname = "Small pools"\n'
    'environment = { "aws_ecs_task_definition.api" = { DB_POOL_SIZE = "4" } }\n'
)
IDLE = '[[factor]]\nid = "zone"\nname = "A standby"\narguments = { "aws_db_instance.main" = { multi_az = true } }\n'
STEP = '[[step]]\nid = "3"\nname = "Three tasks"\narguments = { "aws_ecs_service.api" = { desired_count = 3 } }\n'
HARD = '[[hard]]\nid = "course"\nname = "This course"\n'


def written(path, text):
    file = path / "incident.toml"
    file.write_text(HEAD + text, encoding="utf-8")
    return incidents.read(file)


@pytest.fixture(scope="module")
def weighed(tmp_path_factory):
    incident = written(tmp_path_factory.mktemp("weighed"), MORE + POOLS + IDLE)
    return incidents.weigh(incident, 7.5, jobs=1)


def test_more_tasks_alone_exhaust_the_database_and_make_it_worse(weighed):
    assert max(weighed.alone("more")) < 0
    assert all(outcome.failed_share > 0.5 for outcome in weighed.outcomes[frozenset({"more"})])


def test_more_tasks_with_pools_that_fit_remove_all_of_the_harm(weighed):
    assert min(weighed.harm(())) > 1000
    assert weighed.harm({"more", "pools"}) == (0, 0)
    assert weighed.pair("more", "pools") == weighed.harm(())


def test_the_shares_add_up_to_what_all_changes_remove_for_every_seed(weighed):
    for at in range(len(weighed.seeds)):
        assert sum(weighed.shares[name][at] for name in weighed.ids) == pytest.approx(weighed.total[at])


def test_a_change_that_moves_nothing_has_no_share(weighed):
    assert weighed.shares["zone"] == pytest.approx((0, 0), abs=1e-6)
    assert weighed.alone("zone") == (0, 0)


def test_what_a_change_costs_is_the_difference_of_two_bills(weighed):
    assert weighed.extra_usd("more") > 50
    assert weighed.extra_usd("pools") == 0
    assert weighed.minutes_per_usd("pools") is None
    assert weighed.minutes_per_usd("more") == pytest.approx(
        fmean(weighed.shares["more"]) / float(weighed.extra_usd("more"))
    )


def test_an_action_that_is_taken_away_counts_what_it_keeps_away(tmp_path):
    edge = (
        '[[action]]\nid = "edge"\nname = "The edge"\n'
        'arguments = { "module.edge.aws_cloudfront_cache_policy.live" = { min_ttl = 0, default_ttl = 0, max_ttl = 0 } }\n'
    )
    rest = (
        '[[action]]\nid = "tasks"\nname = "Tasks"\n'
        'without = ["module.scaling.aws_appautoscaling_scheduled_action.*", "module.scaling.aws_appautoscaling_policy.*"]\n'
        'arguments = { "module.service.aws_ecs_service.this" = { desired_count = 1 }, '
        '"module.scaling.aws_appautoscaling_target.this" = { min_capacity = 1 } }\n'
    )
    found = incidents.weigh(written(tmp_path, edge + rest), 7.5, actions=True, jobs=1)
    assert found.harm(()) == (0, 0)
    assert min(found.harm({"edge", "tasks"})) > 0
    assert sum(found.shares[name][0] for name in found.ids) == pytest.approx(found.harm({"edge", "tasks"})[0])
    assert found.extra_usd("edge") < 0


KEPT = """[[factor]]
id = "kept"
name = "Answers kept at the edge"
needs = ["name"]
[factor.arguments."aws_cloudfront_distribution.main"]
default_cache_behavior = [{ target_origin_id = "alb", min_ttl = 0, cache_policy_id = "2e54312d-136d-493c-8eb9-b001f22f67d2" }]
"""
NAME = """[[factor]]
id = "name"
name = "A name that leads to the edge"
[factor.arguments."aws_route53_record.api"]
alias = [{ name = "${aws_cloudfront_distribution.main.domain_name}", zone_id = "Z2FDTNDATAQYW2" }]
"""


def test_what_the_edge_keeps_is_worth_nothing_until_the_name_leads_there(tmp_path):
    found = incidents.weigh(written(tmp_path, KEPT + NAME), 7.5, jobs=1)
    assert found.alone("kept") == found.alone("name") == (0, 0)
    assert found.harm({"kept", "name"}) == (0, 0)
    assert found.shares["kept"] == pytest.approx([harm / 2 for harm in found.harm(())])
    assert found.extra_usd("kept") == 0
    assert found.extra_usd("name") > 20  # CloudFront bills each request


def test_a_change_that_needs_another_is_given_room_with_it_as_well(tmp_path):
    found = incidents.headrooms(written(tmp_path, KEPT + NAME + HARD), jobs=1, only=("", "kept", "kept+name")).rooms
    plain, alone, both = (found[name]["course"].users for name in ("", "kept", "kept+name"))
    assert plain == alone
    assert both > 10 * plain


@pytest.mark.slow
def test_steps_and_rooms_are_in_the_record_and_it_reads_back_to_the_same_bytes(tmp_path):
    incident = written(tmp_path, POOLS + STEP + HARD)
    content = incidents.record_content(incidents.weighed_anew(incident, 7.5, jobs=1))
    kept = evidence.Record(incidents.KIND, dt.date(2026, 11, 21), incidents.record_basis(incident), content)
    path = evidence.write(incidents.record_path(incident), kept)
    first, read = path.read_bytes(), incidents.recorded(incident)
    again = evidence.Record(incidents.KIND, read.recorded_on, read.rests_on, incidents.record_content(read))
    assert evidence.write(path, again).read_bytes() == first
    assert [outcome.user_minutes for outcome in read.steps["3"]] == [0, 0]
    held = {change: rooms["course"].users for change, rooms in read.rooms[0].rooms.items()}
    assert 1_000 < held[""] < 2_000
    assert read.rooms[0].rooms[""]["course"].first == ("the tasks' processors",)


def test_a_record_of_other_changes_or_of_nothing_is_refused(tmp_path):
    incident = written(tmp_path, POOLS)
    with pytest.raises(FactError, match="weigh --record"):
        incidents.recorded(incident)
    incidents.record_path(incident).write_text('{"version": 1}', encoding="utf-8")
    with pytest.raises(FactError, match="is no record"):
        incidents.recorded(incident)


@pytest.mark.parametrize(
    ("text", "error", "wanted"),
    [
        (MORE.replace("aws_ecs_service.api", "aws_ecs_service.none"), StudyError, "no resource aws_ecs_service.none"),
        (POOLS.replace("DB_POOL_SIZE", "POOL"), StudyError, "have no variable 'POOL'"),
        (POOLS.replace("aws_ecs_task_definition.api", "aws_ecs_service.api"), StudyError, "no containers at"),
        (
            NAME.replace(".main.domain", ".none.domain"),
            StudyError,
            "no resource aws_cloudfront_distribution.none whose domain_name",
        ),
        (KEPT, FactError, r"factor\[0\].needs: names 'name', which is no other factor"),
        ("", incidents.IncidentError, "no .*factor.* to weigh"),
    ],
)
def test_a_change_that_cannot_be_made_is_refused_in_a_sentence(tmp_path, text, error, wanted):
    with pytest.raises(error, match=wanted):
        incidents.weigh(written(tmp_path, text), 7.5, jobs=1)


def test_a_hard_night_that_is_not_known_is_refused(tmp_path):
    hard = '[[hard]]\nid = "x"\nname = "x"\nfaults = ["flood@104"]\n'
    with pytest.raises(NightError, match="flood"):
        incidents.headrooms(written(tmp_path, POOLS + hard), jobs=1)
