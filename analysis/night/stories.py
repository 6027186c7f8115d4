"""What happened on a night, in order and why: what was used up first, what retries made of it, what failed, whether it ended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.night import kernel
from analysis.night.headrooms import gives_way
from analysis.night.series import Night

Array = NDArray[np.float64]

FAILING = 0.01
"""A minute fails when more than this share of its requests end in errors."""

MISSED = 0.05
"""A minute misses connections when more than this share of those wanted are not there: at the 95th percentile nothing is sent."""

MULTIPLIED = 1.05
"""Retries are told of when they make at least so many attempts of each request."""

LASTING_MINUTES = 5
"""Failing that goes on for so long after the crowd is no larger than where it began keeps itself up."""

ENDS = {
    "timeouts": "ran into their timeout",
    "refused": "found a full backlog",
    "unavailable": "found no target",
    "killed": "were in the queue of a task that ended",
    "database_errors": "were refused by the database",
    "hung_up": "were broken off by their users",
}
"""What an attempt can fail by, and how that is told."""


class Told(NamedTuple):
    """A sentence and the minute that it is about."""

    minute: float
    sentence: str


def story(night: Night) -> tuple[str, ...]:
    """The night in sentences, each computed from the run, in the order of their minutes."""
    told = _happenings(night)
    sentences = [one.sentence for one in told]
    ending = _ending(night)
    if not told:
        return ("Nothing was used up, and no request failed.",)
    return (*sentences, *ending)


def since(night: Night, plain: Night, minute: float) -> tuple[str, ...]:
    """What a night tells from a minute on that another does not."""
    known = set(story(plain))
    return tuple(one.sentence for one in _happenings(night) if one.minute >= minute and one.sentence not in known)


def _happenings(night: Night) -> list[Told]:
    told = [*_faults(night), *_bound(night), *_retried(night), *_failed(night), *_broken(night), *_missed(night)]
    return sorted(told, key=lambda one: one.minute)


def _at(night: Night, row: int) -> float:
    return night.setup.start_minute + float(row)


def _sums(night: Night, column: str) -> Array:
    sums: Array = night.per_minute(column).sum(axis=1)
    return sums


def _users(night: Night) -> Array:
    means: Array = night.per_minute("users").mean(axis=1)
    return means


def _error_shares(night: Night) -> Array:
    wrong = _sums(night, "errors")
    shares: Array = wrong / np.maximum(wrong + _sums(night, "answered") + _sums(night, "edge_answers"), 1e-9)
    return shares


def _missing_shares(night: Night) -> Array:
    """The share of the connections wanted that are not there, on the mean of each minute."""
    held, away = _sums(night, "streams"), _sums(night, "streams_away")
    shares: Array = away / np.maximum(held + away, 1e-9)
    return shares


def _faults(night: Night) -> Iterator[Told]:
    for second, kind in night.setup.faults:
        minute = night.setup.start_minute + second / 60.0
        yield Told(minute, f"Minute {minute:g}: {kernel.FAULTS[int(kind)].replace('-', ' ')}, as asked for.")


def _bound(night: Night) -> Iterator[Told]:
    """What was used up, the first with the crowd at which it was."""
    for number, (name, minute) in enumerate(gives_way(night)):
        users = _users(night)[int(minute - night.setup.start_minute)]
        first = f"the first limit that bound was {name}, with {users:,.0f} users" if number == 0 else f"then {name}"
        yield Told(minute, f"Minute {minute:g}: {first}.")


def _retried(night: Night) -> Iterator[Told]:
    """How many attempts retries made of each request in the worst minute: all of them over those that are first attempts."""
    requests = _sums(night, "requests")
    retries = np.maximum(_sums(night, "failed_attempts") - _sums(night, "errors"), 0.0)
    factor = requests / np.maximum(requests - retries, 1e-9)
    factor = np.where(retries < requests, factor, 1.0)
    worst = int(factor.argmax())
    if factor[worst] >= MULTIPLIED:
        minute = _at(night, worst)
        yield Told(
            minute,
            f"Minute {minute:g}: retries made {factor[worst]:.2f} attempts of each request, the most of all minutes.",
        )


def _failed(night: Night) -> Iterator[Told]:
    shares = _error_shares(night)
    failing = np.flatnonzero(shares > FAILING)
    if not len(failing):
        return
    first, worst = int(failing[0]), int(shares.argmax())
    counts = {name: float(night.column(name).sum()) for name in ENDS}
    total = max(sum(counts.values()), 1e-9)
    ways = [f"{count / total:.0%} {ENDS[name]}" for name, count in sorted(counts.items(), key=lambda one: -one[1])]
    minute = _at(night, first)
    yield Told(
        minute,
        f"Minute {minute:g}: more than {FAILING:.0%} of the requests failed from here on, {shares[worst]:.0%} in minute "
        f"{_at(night, worst):g}; of all attempts that failed, {', '.join(way for way in ways if not way.startswith('0%'))}.",
    )


def _broken(night: Night) -> Iterator[Told]:
    """The minute in which most connections broke, how fast they were opened again, and when all but a few were back."""
    lost = _sums(night, "streams_lost")
    worst = int(lost.argmax())
    if lost[worst] < max(1.0, MISSED * float(night.column("streams").max())):
        return
    fastest = float(night.column("connects")[60 * worst : 60 * (worst + 2)].max())
    held, away = night.column("streams")[60 * worst :], night.column("streams_away")[60 * worst :]
    first = int(night.column("streams_lost")[60 * worst :].argmax())
    back = np.flatnonzero(away[first:] <= MISSED * (held + away)[first:])
    ended = (
        f"{1.0 - MISSED:.0%} were held again after {int(back[0])} s" if len(back) else "they were not all opened again"
    )
    minute = _at(night, worst)
    yield Told(
        minute,
        f"Minute {minute:g}: {lost[worst]:,.0f} connections broke; up to {fastest:,.0f} a second were asked for anew, and "
        f"{ended}.",
    )


def _missed(night: Night) -> Iterator[Told]:
    shares = _missing_shares(night)
    missing = np.flatnonzero(shares > MISSED)
    if not len(missing):
        return
    first, worst = int(missing[0]), int(shares.argmax())
    refused = float(night.column("connects_refused").sum())
    minute = _at(night, first)
    why = (
        f"{refused:,.0f} tries found no room on a task"
        if refused > 0.5
        else "none was refused: they had to be opened again"
    )
    yield Told(
        minute,
        f"Minute {minute:g}: more than {MISSED:.0%} of the connections were missing from here on, {shares[worst]:.0%} in minute "
        f"{_at(night, worst):g}; {why}.",
    )


def _ending(night: Night) -> Iterator[str]:
    """Whether it recovered, and if not, whether the crowd still was a reason."""
    bad = np.flatnonzero((_error_shares(night) > FAILING) | (_missing_shares(night) > MISSED))
    if not len(bad):
        return
    users, first, last = _users(night), int(bad[0]), int(bad[-1])
    crest = first + int(users[first:].argmax())
    below = crest + np.flatnonzero(users[crest:] <= users[first])
    over = int(below[0]) if len(below) else None
    if over is None:
        until = "until the end" if last == night.setup.minutes - 1 else f"until minute {_at(night, last):g}"
        yield f"It went on {until}; the crowd did not fall below the {users[first]:,.0f} users with whom it began."
    elif last >= over + LASTING_MINUTES:
        yield (
            f"It kept itself up: from minute {_at(night, over):g} the crowd was no larger than where it began "
            f"({users[first]:,.0f} users), and it went on until minute {_at(night, last):g}."
        )
    else:
        yield (
            f"It recovered: minute {_at(night, last):g} was the last, and from minute {_at(night, over):g} on the crowd was no "
            "larger than where it began."
        )
