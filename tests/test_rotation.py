"""A share of the long checks goes round by the commit; what has changed, and everything at night, is always made."""

import pytest
import rotation
from rotation import share, turn

PAGES = [f"page-{number}" for number in range(28)]


@pytest.fixture
def by_day(monkeypatch):
    monkeypatch.setitem(rotation._CHOICE, "all", False)


def test_a_fifth_is_chosen_the_same_for_the_same_commit_and_in_order(by_day):
    chosen = share(PAGES, 0.2, "abc")
    assert len(chosen) == 6
    assert chosen == share(PAGES, 0.2, "abc") == [page for page in PAGES if page in chosen]
    assert chosen != share(PAGES, 0.2, "abd")


def test_at_least_one_is_chosen_of_whatever_there_is(by_day):
    assert len(share(["a", "b"], 0.01, "abc")) == 1
    assert share([], 0.2, "abc") == []


def test_every_page_has_its_turn_within_a_hundred_commits(by_day):
    assert {page for number in range(100) for page in share(PAGES, 0.2, str(number))} == set(PAGES)


def test_what_has_changed_is_tried_and_nothing_else(by_day):
    assert turn(PAGES, ["page-3", "page-1"]) == ["page-1", "page-3"]
    assert turn(PAGES, ["a page that is gone"]) == share(PAGES, 0.2, rotation.commit())


def test_under_all_everything_is_tried(monkeypatch):
    monkeypatch.setitem(rotation._CHOICE, "all", True)
    assert turn(PAGES) == turn(PAGES, ["page-1"]) == PAGES
