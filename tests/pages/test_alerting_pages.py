"""The alarms' pages say what the record says."""

import re
from pathlib import Path

import pytest

from analysis import season, terraform
from analysis.pages import season as pages
from analysis.pages.model import model

ROOT = Path(__file__).parents[2]
RECORD = season.load(ROOT / "terraform" / "stacks" / "buzzer")


def buzzer():
    return model(ROOT, "buzzer")


def plain(markup):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", str(markup)))


def test_a_figure_of_the_record_is_stated_by_name_and_an_unknown_name_is_refused():
    assert pages.stated(buzzer(), "in time") == str(RECORD.in_time)
    assert pages.stated(buzzer(), "share in time") == f"{RECORD.share_in_time:.1%}"
    assert pages.stated(buzzer(), "scale-out trigger") == "363 s"
    assert pages.stated(buzzer(), "scale-out trigger, 20 s metrics") == "86 s"
    with pytest.raises(LookupError, match="no figure 'luck'; it has nights"):
        pages.stated(buzzer(), "luck")


def test_the_fastest_page_needs_its_datapoints_and_their_publication():
    assert pages.earliest_page_s(buzzer()) == 120


def test_every_family_every_quiet_entry_and_every_survivor_is_listed():
    families = plain(pages.families(buzzer()))
    assert all(plain(family.title.replace("'", "&#39;")) in families for family in RECORD.building)
    assert f"{RECORD.in_time} of {len(RECORD.leads_s)} nights" in families
    assert all(entry.title in plain(pages.season(buzzer())) for entry in season.plan(buzzer().directory).quiet)
    survivors = plain(pages.survivors(buzzer()))
    assert all(alarm in survivors and why.split("'")[0] in survivors for alarm, _, _, why in RECORD.survivors)
    assert f"{RECORD.mutations_caught:.1%} are noticed" in plain(pages.mutations(buzzer()))


def test_the_bars_of_lead_times_add_up_to_the_nights():
    said = str(pages.leads(buzzer()))
    counts = [int(number) for number in re.findall(r"nights: (\d+)", re.search(r"<desc[^>]*>(.*?)</desc>", said)[1])]
    assert sum(counts) == len(RECORD.leads_s)


def test_a_night_is_told_with_its_origin_and_its_harm():
    crash = next(night for night in RECORD.told if night.title.startswith("The crash"))
    said = plain(pages.told(buzzer(), crash.title))
    assert "Reconstructed" in said
    assert f"seed {crash.seed}" in said
    assert "First user affected at minute" in said
    assert all(one.alarm in said for one in crash.ringing)
    with pytest.raises(LookupError, match="no night 'Sunday'"):
        pages.told(buzzer(), "Sunday")


def test_the_hard_nights_say_who_is_hurt_and_what_rings():
    said = plain(pages.nights(buzzer()))
    assert all((night.title in said) == (night.stack == buzzer().about.title) for night in RECORD.told)
    assert "nobody" in said


def test_alarms_that_no_simulated_night_can_try_are_listed_with_what_they_watch():
    said = plain(pages.unheard(buzzer()))
    assert "buzzer-backup-failed" in said
    assert "AWS/Backup NumberOfBackupJobsFailed" in said


def test_a_cold_spike_is_shown_under_each_protection():
    said = plain(pages.spikes(buzzer()))
    assert all(spike.title in said for spike in RECORD.spikes)
    assert "never" in said


def test_pages_that_are_needed_and_thresholds_that_hold_are_shown():
    assert "buzzer-db-cpu" in plain(pages.dispensable(buzzer()))
    assert "×1 " in plain(pages.thresholds(buzzer()))
    assert all(name in plain(pages.standing(buzzer())) for family in RECORD.building for name in family.standing)


def test_the_guides_five_alarms_are_classified_on_the_page():
    said = plain(pages.classified(terraform.load(ROOT / "tests" / "alarms" / "copied_alarms")))
    assert said.count("can never fire") == 4
    assert "nothing in this Terraform publishes ErrorRate in Scoreboard/API" in said


def test_what_a_push_would_reach_is_computed_from_the_tasks_that_stand_ready():
    assert pages.pushed_to(buzzer()) > 100_000
