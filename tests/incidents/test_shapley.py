"""Shapley values against a game worked by hand, against their definition, and against the four axioms."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.incidents.shapley import GameError, by_orders, coalitions, exact, sampled

# One left glove and two right ones; a pair is worth 1. In four of the six orders L comes second or last and adds 1; when it comes
# first, whoever comes second adds 1. So L has 4/6, R and S 1/6 each.
GLOVES = {"L": "left", "R": "right", "S": "right"}


def gloves(coalition):
    return float({GLOVES[player] for player in coalition} == {"left", "right"})


def values(shares):
    return {share.player: share.value for share in shares}


@st.composite
def games(draw, least=1, most=5):
    players = [f"p{number}" for number in range(draw(st.integers(least, most)))]
    worths = {c: draw(st.integers(-100, 100)) / 4 for c in coalitions(players)}
    return players, worths


def test_the_glove_game_is_divided_as_worked_by_hand():
    assert values(exact(list(GLOVES), gloves)) == pytest.approx({"L": 4 / 6, "R": 1 / 6, "S": 1 / 6})


def test_two_causes_that_each_suffice_share_alike():
    assert values(exact(["a", "b"], lambda c: 10.0 if c else 0.0)) == pytest.approx({"a": 5, "b": 5})


@given(games())
def test_the_sum_over_sets_is_the_mean_over_orders(game):
    players, worths = game
    assert values(exact(players, worths.__getitem__)) == pytest.approx(values(by_orders(players, worths.__getitem__)))


@given(games())
def test_the_values_add_up_to_what_all_are_worth_together(game):
    players, worths = game
    total = worths[frozenset(players)] - worths[frozenset()]
    assert sum(values(exact(players, worths.__getitem__)).values()) == pytest.approx(total, abs=1e-9)


@given(games(least=2))
def test_players_that_add_the_same_to_every_set_get_the_same(game):
    players, worths = game
    first, second = players[:2]

    def alike(coalition):
        """The worth with the first two players interchangeable."""
        swapped = frozenset({first: second, second: first}.get(player, player) for player in coalition)
        return (worths[coalition] + worths[swapped]) / 2

    found = values(exact(players, alike))
    assert found[first] == pytest.approx(found[second], abs=1e-9)


@given(games(least=2))
def test_a_player_that_adds_nothing_gets_nothing(game):
    players, worths = game
    null = players[0]
    found = values(exact(players, lambda coalition: worths[coalition - {null}]))
    assert found[null] == pytest.approx(0, abs=1e-9)


@given(games(), st.integers(-3, 3))
def test_the_values_of_two_games_add_up(game, factor):
    players, worths = game
    one = values(exact(players, worths.__getitem__))
    other = values(exact(players, lambda c: factor * len(c) ** 2))
    both = values(exact(players, lambda c: worths[c] + factor * len(c) ** 2))
    assert both == pytest.approx({player: one[player] + other[player] for player in players}, abs=1e-9)


@settings(max_examples=20)
@given(games(least=2))
def test_sampled_values_add_up_too_and_lie_within_their_error(game):
    players, worths = game
    found = sampled(players, worths.__getitem__, 400, seed=5)
    truth = values(exact(players, worths.__getitem__))
    assert sum(share.value for share in found) == pytest.approx(sum(truth.values()), abs=1e-9)
    for share in found:
        assert abs(share.value - truth[share.player]) <= 5 * share.error + 1e-9


def test_the_same_seed_samples_the_same_orders():
    players = ["a", "b", "c", "d"]
    worth = lambda c: len(c) ** 2 + ("a" in c and "d" in c)  # noqa: E731 (a game in a line)
    assert sampled(players, worth, 40, seed=1) == sampled(players, worth, 40, seed=1)
    assert all(share.error > 0 for share in sampled(["L", "R", "S"], gloves, 40, seed=1))


@pytest.mark.parametrize("players", [[], ["a", "a"], [f"p{number}" for number in range(13)]])
def test_a_game_that_cannot_be_tried_is_refused(players):
    with pytest.raises(GameError):
        exact(players, len)


def test_too_few_orders_are_refused():
    with pytest.raises(GameError, match="four or more"):
        sampled(["a", "b"], len, 2, seed=1)
