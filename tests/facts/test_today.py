"""The day of the build is the one that the checkout pins."""

import datetime as dt
import sys
import tomllib

import pytest

from analysis.facts import FactError, today

day = sys.modules["analysis.facts.today"]


def test_today_can_be_fixed(monkeypatch):
    monkeypatch.setenv("GAMEDAY_TODAY", "2026-11-21")
    assert today() == dt.date(2026, 11, 21)


def test_the_day_of_the_site_is_the_one_that_the_checkout_pins_whatever_the_clock_says(monkeypatch, tmp_path):
    monkeypatch.delenv("GAMEDAY_TODAY", raising=False)
    assert today() == tomllib.loads(day.AS_OF.read_text())["as_of"]
    pinned = tmp_path / "gameday.toml"
    monkeypatch.setattr(day, "AS_OF", pinned)
    assert today() == dt.datetime.now(tz=dt.UTC).date()
    pinned.write_text("as_of = 2026-02-03\n")
    assert today() == dt.date(2026, 2, 3)
    pinned.write_text('as_of = "soon"\n')
    with pytest.raises(FactError, match="as_of: must be a day"):
        today()
