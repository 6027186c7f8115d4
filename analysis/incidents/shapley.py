"""Shapley values: what each of several parts is worth, where they act together.

A game gives every set of players a worth. A player's Shapley value is the mean of what it adds over all orders in which the
players may come. It is the only division that adds up to the worth of all (efficiency), treats equal players alike (symmetry),
gives nothing to a player that never adds anything (null player), and adds up over games (additivity).

Lloyd S. Shapley, A Value for n-Person Games, in Contributions to the Theory of Games II, Princeton 1953, pages 307 to 317.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations
from statistics import fmean, stdev
from typing import TypeAlias

import numpy as np

Coalition: TypeAlias = frozenset[str]
Worth: TypeAlias = Callable[[Coalition], float]

MOST_EXACT = 12
"""Players up to which all their sets are worth trying: 4,096 of them."""


class GameError(ValueError):
    """A game that has no Shapley values: players named twice, or too many to try every set."""


@dataclass(frozen=True, slots=True)
class Share:
    """A player's value. `error` is the standard error of a sampled one, and 0 where every set was tried."""

    player: str
    value: float
    error: float = 0.0


def coalitions(players: Sequence[str]) -> Iterator[Coalition]:
    """Every set of the players, the empty one first, in a fixed order. GameError where they are too many or named twice."""
    _distinct(players)
    if len(players) > MOST_EXACT:
        raise GameError(
            f"{len(players)} players have {2 ** len(players):,} sets; up to {MOST_EXACT} are tried, so sample"
        )
    for size in range(len(players) + 1):
        for chosen in combinations(players, size):
            yield frozenset(chosen)


def exact(players: Sequence[str], worth: Worth) -> tuple[Share, ...]:
    """The Shapley values over all sets of the players, in their order; `worth` is asked once for each set."""
    worths = {coalition: worth(coalition) for coalition in coalitions(players)}
    count = len(players)
    weights = [math.factorial(size) * math.factorial(count - size - 1) / math.factorial(count) for size in range(count)]
    return tuple(
        Share(
            player,
            math.fsum(
                weights[len(coalition)] * (worths[coalition | {player}] - before)
                for coalition, before in worths.items()
                if player not in coalition
            ),
        )
        for player in players
    )


def sampled(players: Sequence[str], worth: Worth, orders: int, seed: int) -> tuple[Share, ...]:
    """The Shapley values estimated from so many random orders, each with its standard error; four orders at least.

    Every order adds up to the worth of all players, so the estimates do too. Orders come in pairs, one the reverse of the other,
    which takes spread away where early and late arrivals differ (antithetic sampling); the error is that of the pairs.
    """
    _distinct(players)
    if orders < 4:
        raise GameError(f"{orders} orders say nothing about the error; take four or more")
    known: dict[Coalition, float] = {}

    def asked(coalition: Coalition) -> float:
        if coalition not in known:
            known[coalition] = worth(coalition)
        return known[coalition]

    dice = np.random.Generator(np.random.PCG64(seed))
    means: dict[str, list[float]] = {player: [] for player in players}
    for _ in range(orders // 2):
        order = [players[int(at)] for at in dice.permutation(len(players))]
        one, other = _added(order, asked), _added(order[::-1], asked)
        for player in players:
            means[player].append((one[player] + other[player]) / 2)
    pairs = orders // 2
    return tuple(Share(player, fmean(means[player]), stdev(means[player]) / math.sqrt(pairs)) for player in players)


def by_orders(players: Sequence[str], worth: Worth) -> tuple[Share, ...]:
    """The Shapley values straight from their definition, over every order: slow, and there to check `exact` against."""
    _distinct(players)
    added = [_added(list(order), worth) for order in permutations(players)]
    return tuple(Share(player, fmean(one[player] for one in added)) for player in players)


def _added(order: Sequence[str], worth: Worth) -> dict[str, float]:
    found: dict[str, float] = {}
    there: Coalition = frozenset()
    before = worth(there)
    for player in order:
        there |= {player}
        after = worth(there)
        found[player] = after - before
        before = after
    return found


def _distinct(players: Sequence[str]) -> None:
    if not players or len(set(players)) != len(players):
        raise GameError(f"players must be named, each once, not {', '.join(players) or 'nobody'}")
