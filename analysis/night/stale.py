"""How many viewers see a stale score, and for how long: what follows from a simulated night whose clients hold streams open.

A viewer sees a stale score who has not been told of at least one change. Changes come as a Poisson process, and each reaches
every stream that follows it. Whose stream is away learns of nothing: of those who have missed nothing yet, the share that misses
the next change within a second is 1 - exp(-rate), and whoever opens a stream again is taken to be told what was missed. Within a
second both are exponential, so the seconds are integrated and not sampled. Whose stream is there learns as late as updates are
written, passed on and sent: with n changes under way on average, the share of 1 - exp(-n) of them lacks at least one. What is
under way for less than the freshness that is promised does not count.

What the page itself fetches anew meanwhile is not in it, nor whether two changes belong to one score.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.night.series import Night

Array = npt.NDArray[np.float64]

TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Stale:
    """By second: how many viewers see a stale score, on the mean of the second, and how many begin to."""

    at_once: Array
    begin: Array

    @property
    def viewers(self) -> float:
        """How often a viewer began to see a stale score."""
        return float(self.begin.sum())

    @property
    def most(self) -> float:
        """The most at one time."""
        return float(self.at_once.max())

    @property
    def viewer_minutes(self) -> float:
        """Minutes with a stale score, over all viewers."""
        return float(self.at_once.sum()) / 60.0

    @property
    def mean_s(self) -> float:
        """For how long each time."""
        return float(self.at_once.sum()) / max(self.viewers, TINY)

    def beyond(self, other: Stale) -> Stale:
        """What is more than in another night of the same crowd, second by second; what is less makes up for nothing."""
        return Stale(np.maximum(self.at_once - other.at_once, 0.0), np.maximum(self.begin - other.begin, 0.0))


def away(missing: Array, opened: Array, per_s: float) -> tuple[Array, Array]:
    """Stale viewers without a stream, and those who begin to be, by second, at `per_s` changes.

    `missing` are without a stream at the end of each second, `opened` have got one in it. Who has lost a stream, or comes and
    finds none, begins the second with the score as it is.
    """
    at_once, begin = np.zeros_like(missing), np.zeros_like(missing)
    fresh = stale = before = 0.0
    for second in range(len(missing)):
        came = max(0.0, float(missing[second]) - before + float(opened[second]))
        there = before + came
        before = float(missing[second])
        if there <= TINY:
            fresh = stale = 0.0
            continue
        fresh = max(there - stale, 0.0)
        leave = -math.log(max(before, TINY) / there) if before < there else 0.0
        both = per_s + leave
        ends = fresh * math.exp(-both)
        lost = fresh * (-math.expm1(-both)) / both if both > TINY else fresh
        whole = there * (-math.expm1(-leave) / leave if leave > TINY else 1.0)
        begin[second] = per_s * lost
        at_once[second] = max(whole - lost, 0.0)
        stale = max(before - ends, 0.0)
    return at_once, begin


def told(held: Array, under_way: Array) -> tuple[Array, Array]:
    """Stale viewers with a stream, and those who begin to be, where so many changes are under way to them in each second."""
    share = -np.expm1(-under_way)
    rise = np.maximum(np.diff(share, prepend=0.0), 0.0)
    return held * share, held * rise


def stale(night: Night, silent: Sequence[tuple[float, float]] = ()) -> Stale:
    """Who sees a stale score in a night.

    `silent` are times in which nothing is passed on to any stream, each as a minute and so many seconds: of what carries the
    updates from the task that takes them to the others, a night knows nothing. ValueError where nobody holds a stream.
    """
    setting = night.setup.setting
    if setting.streams_per_user <= 0:
        raise ValueError(f"{night.setup.stack}: no client holds a stream open, so no update is sent to anybody")
    per_s = setting.publisher_per_s * setting.stream_share
    held, missing = night.column("streams"), night.column("streams_away")
    opened = np.maximum(night.column("connects") - night.column("connects_refused"), 0.0)
    late_s = night.column("publish_pending_s") / max(setting.publisher_per_s, TINY) + night.column("delivery_s")
    under_way = np.where(late_s > night.setup.freshness_target_s, late_s * per_s, 0.0)
    for minute, seconds in silent:
        first = round((minute - night.setup.start_minute) * 60.0)
        span = np.arange(max(0, min(round(seconds), len(held) - first)))
        under_way[first : first + len(span)] = np.maximum(under_way[first : first + len(span)], (span + 0.5) * per_s)
    gone, with_stream = away(missing, opened, per_s), told(held, under_way)
    each = setting.streams_per_user
    return Stale((gone[0] + with_stream[0]) / each, (gone[1] + with_stream[1]) / each)
