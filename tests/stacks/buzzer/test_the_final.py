"""The championship final as a fixture: it crashed, it would not again, and it would if what mends it were taken out."""

import datetime as dt
from pathlib import Path

import pytest

from analysis import incidents

ROOT = Path(__file__).parents[3]
DAY = dt.date(2026, 11, 29)
FILE = ROOT / "terraform" / "stacks" / "buzzer_baseline" / "incident.toml"
BASELINE = {"edge", "prescale", "scaling", "tasks", "size", "pools"}
"""The actions without which the present stack is, for this night, the one that crashed."""


@pytest.fixture(scope="module")
def final():
    return incidents.read(FILE)


@pytest.fixture(scope="module")
def opened(final):
    return incidents.opened(final)


def test_the_stack_that_failed_still_fails_as_was_reported(opened):
    felt = opened.impact
    assert felt.age_p50_s > 15
    assert felt.failed > 1000
    assert felt.news[-1].late
    assert not felt.news[0].late
    assert all(moment.at is None for moment in opened.moments if moment.name == "detection")


def test_the_same_night_and_the_one_it_is_meant_for_hurt_nobody_on_the_stack_as_it_is_now(final):
    found = list(incidents.trials(final))
    assert len(found) == 2 * len(final.night.seeds)
    assert [trial for trial in found if trial.crashes] == []


@pytest.mark.slow
def test_with_the_values_of_the_stack_that_failed_it_would_crash_again(final):
    undone = [change for change in final.actions if change.id in BASELINE]
    assert len(undone) == len(BASELINE)
    found = list(incidents.trials(final, changes=undone))
    assert all(trial.crashes for trial in found)


def test_a_page_of_the_stack_as_it_is_now_would_have_rung_in_time(final, opened):
    report = incidents.foreseen(final, opened)
    begun = [row for row in report.rows if row.severity == "page" and row.lead_s is not None and row.lead_s < 3600]
    assert max(row.lead_s for row in begun) >= 300


def test_every_row_of_the_course_says_how_it_is_known_and_lies_in_the_night(opened):
    first, last = opened.pack.start, opened.seen.at(opened.pack.minutes)
    for row in opened.rows:
        assert row.known
        assert first <= row.at <= last
    assert [row.at for row in opened.rows] == sorted(row.at for row in opened.rows)


def test_the_same_file_gives_the_same_json(final, opened):
    again, first = (
        incidents.postmortem(one, DAY, lambda _: incidents.WRITTEN).values()
        for one in (incidents.opened(final), opened)
    )
    assert again == first
    assert "reconstructed" in {row["known"].split()[0] for row in first["timeline"]}


# ---- the record --------------------------------------------------------------------------------------------------------------

SAMPLED = ((), ("B1",), ("B3",), ("B3", "B8"))


@pytest.fixture(scope="module")
def record(final):
    return incidents.recorded(final)


def test_the_record_rests_on_the_terraform_the_scenario_and_the_prices_of_today(final, record):
    assert record.rests_on == incidents.record_basis(final), (
        f"what the nights rest on has changed; run `gameday incident weigh {FILE.relative_to(ROOT)} --record`"
    )


@pytest.mark.slow
def test_nights_of_the_record_come_out_the_same_again(final, record):
    again = incidents.weigh(final, record.factors.late_s, only=[frozenset(names) for names in SAMPLED], jobs=1)
    for names in SAMPLED:
        for now, then in zip(again.outcomes[frozenset(names)], record.factors.outcomes[frozenset(names)], strict=True):
            assert now.user_minutes == pytest.approx(then.user_minutes, rel=1e-4, abs=0.01)
            assert now.failed == pytest.approx(then.failed, rel=1e-4, abs=0.01)


def test_the_shares_of_the_record_add_up_under_every_seed(record):
    for weighed in (record.factors, record.actions):
        for at in range(len(weighed.seeds)):
            assert sum(weighed.shares[name][at] for name in weighed.ids) == pytest.approx(weighed.total[at], abs=0.01)


def test_what_the_edge_keeps_and_the_name_that_leads_there_are_worth_nothing_alone_and_everything_together(record):
    weighed = record.factors
    nothing = (0.0,) * len(weighed.seeds)
    assert weighed.alone("B5") == weighed.alone("B18") == nothing
    assert weighed.pair("B5", "B18") == weighed.harm(())
    assert weighed.shares["B5"] == pytest.approx(weighed.shares["B18"])
    rooms = record.rooms[0].rooms
    assert rooms["B5"]["course"].users == rooms[""]["course"].users < rooms["B5+B18"]["course"].users / 10


def test_more_tasks_alone_help_until_their_pools_exhaust_the_database(record):
    harm = {int(tasks): max(o.user_minutes for o in outcomes) for tasks, outcomes in record.steps.items()}
    failed = {int(tasks): min(o.failed_share for o in outcomes) for tasks, outcomes in record.steps.items()}
    assert harm[3] < min(record.factors.harm(()))
    assert failed[12] > 0.5
    assert harm[24] > harm[12] > harm[3]
