"""Every page says what it is, who owns it and when it is to be read again."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.pages import frontmatter
from analysis.units import later

META = {
    "title": "Page",
    "description": "What it says.",
    "order": 10,
    "owner": "Platform team",
    "last_reviewed": dt.date(2026, 1, 31),
    "review_in": "1 month",
}


def test_a_month_after_the_end_of_january_is_the_end_of_february():
    assert later(dt.date(2026, 1, 31), "1 month") == dt.date(2026, 2, 28)
    assert later(dt.date(2028, 1, 31), "1 month") == dt.date(2028, 2, 29)


@pytest.mark.parametrize(
    ("period", "day"),
    [("90 days", (2026, 5, 1)), ("2 weeks", (2026, 2, 14)), ("11 months", (2026, 12, 31)), ("1 year", (2027, 1, 31))],
)
def test_periods_are_counted_in_days_weeks_months_and_years(period, day):
    assert later(dt.date(2026, 1, 31), period) == dt.date(*day)


@given(st.dates(dt.date(2000, 1, 1), dt.date(2900, 1, 1)), st.integers(1, 999))
def test_a_longer_period_never_ends_earlier(day, months):
    assert later(day, f"{months} months") <= later(day, f"{months} years")


def test_a_page_is_overdue_only_after_its_day():
    page = frontmatter.of(META, "page.md")
    assert not page.overdue(dt.date(2026, 2, 28))
    assert page.overdue(dt.date(2026, 3, 1))


@pytest.mark.parametrize("key", META)
def test_a_page_without_one_of_the_keys_is_refused_by_name(key):
    with pytest.raises(frontmatter.FrontMatterError, match=f"page.md: front matter lacks {key}"):
        frontmatter.of({name: value for name, value in META.items() if name != key}, "page.md")


@pytest.mark.parametrize(
    ("key", "value"),
    [("order", "first"), ("last_reviewed", "yesterday"), ("review_in", "soon"), ("description", " "), ("owner", 3)],
)
def test_a_value_that_cannot_be_used_is_refused_with_its_key(key, value):
    with pytest.raises(frontmatter.FrontMatterError, match=f"page.md: {key}"):
        frontmatter.of({**META, key: value}, "page.md")
