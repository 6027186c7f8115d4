"""What sticky sessions do to streams that stay, where tasks come and go: who finds no room though other tasks have some.

Without a cookie each stream is placed anew when it is opened, and who is refused tries again and comes to a task that has room.
With one, a visitor comes back to the task of the first time, full or not, for as long as the visit lasts, and only new visitors
reach a new task; whose task is gone is placed anew. Means, with exponential lives of streams and visits. Who comes back for
another visit within the cookie's life is not known and counts as new, so what is said here is the least.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Spread:
    """By minute: what comes to the fullest task and to the emptiest, and whose stream is refused though another task has room."""

    fullest: Array
    emptiest: Array
    refused: Array


def spread(tasks: Array, streams: Array, holds: float, *, stream_min: float, visit_min: float, cookie: bool) -> Spread:
    """How streams are spread over the running `tasks` of each minute, each of which holds so many.

    `streams` are those that viewers want in each minute; a stream lives for `stream_min` and a visit for `visit_min` on average.
    """
    moves = -np.expm1(-1.0 / (visit_min if cookie else min(stream_min, visit_min)))
    wanted: Array = np.zeros(0)
    rows = []
    for count, total in zip(np.maximum(tasks, 1.0).astype(int), streams, strict=True):
        gone = float(wanted[count:].sum())
        stay = np.concatenate([wanted[:count], np.zeros(max(0, count - len(wanted)))]) * (1.0 - moves)
        if not cookie:
            stay = np.minimum(stay, holds)
        if gone + stay.sum() > total:  # viewers leave from everywhere alike
            stay = stay * total / (gone + stay.sum())
        wanted = stay + (total - stay.sum()) / count
        if not cookie and (over := float(np.maximum(wanted - holds, 0.0).sum())) > 0:
            wanted = np.minimum(wanted, holds)
            room = holds - wanted
            wanted = wanted + (room * over / room.sum() if room.sum() > over else room + (over - room.sum()) / count)
        held = float(np.minimum(wanted, holds).sum())
        rows.append((wanted.max(), wanted.min(), max(0.0, min(total, holds * count) - held)))
    return Spread(*np.array(rows).T)
