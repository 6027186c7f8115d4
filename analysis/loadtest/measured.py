"""What the samples of a load test say: each step of the crowd, the knee, and processor time per request. No clock, no file."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import numpy as np

SETTLED_S: Final = 1.0
"""Seconds at the beginning of a step that are left out: the queue of a step that is too much has to form first."""

KEPT_UP: Final = 0.95
"""Share of the offered requests that must be answered while they are being sent for a step to be kept up with."""


class NotMeasuredError(ValueError):
    """Samples from which a figure does not follow; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Cumulated use at a moment `at_s` of the monotonic clock: processor seconds by process, counters of the database.

    `work_s` is the processor time that a fixed piece of work took at that moment: it grows while neighbours are busy.
    """

    at_s: float
    cpu_s: Mapping[str, float]
    work_s: float = 0.0
    database: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the crowd. Rates are per second of sending; ages and latencies seconds, None where nothing was seen.

    `answered_per_s` counts what was answered while the step was being sent, after SETTLED_S. `cpu_ms` is processor time per
    answered request by process, `share` the processors that each process used. `unseen` counts pairs of user and update that
    ended without an answer that carried it. `opened` connections of the database, `connections` at once at most, and waits for a
    row lock are of the whole step. `cached` counts the good answers of each route by what they say of caches.
    """

    users: int
    offered_per_s: float
    answered_per_s: float
    requests: int
    failed: int
    kept_up: bool
    p50_s: float | None
    p95_s: float | None
    p99_s: float | None
    lag_p99_s: float | None
    age_p50_s: float | None
    age_p95_s: float | None
    unseen: int
    cpu_ms: Mapping[str, float]
    share: Mapping[str, float]
    opened: int
    connections: int
    lock_waits: int
    lock_wait_ms: float
    cached: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Knee:
    """Where the program is full: `per_s` requests a second, with the processors it was `given` there.

    `cpu_s` is processor time per request over all its steps. On a machine with busy neighbours a program gets less than its
    share: it waits for its turn, and so does the database it waits for.
    """

    per_s: float
    given: float
    cpu_s: float

    def at(self, vcpu: float) -> float:
        """The knee in requests a second of a program that is given `vcpu` processors."""
        return self.per_s * vcpu / self.given


def steps(
    lines: Sequence[Sequence[Any]], usage: Sequence[Usage], users: Sequence[Sequence[int]]
) -> tuple[tuple[Step, ...], ...]:
    """Each step of a run by its crowds, from the lines that these wrote and the use sampled beside; `users` of each."""
    marks: dict[str, dict[int, float]] = defaultdict(dict)
    polls: dict[tuple[int, int], list[_Line]] = defaultdict(list)
    updates: dict[tuple[int, int], list[_Line]] = defaultdict(list)
    for kind, step, *rest in lines:
        if kind in {"poll", "update"}:
            (polls if kind == "poll" else updates)[step, rest[0]].append(rest[1:])
        else:
            marks[kind][step] = rest[0]
    return tuple(
        tuple(
            _step(polls[number, turn], updates[number, turn], usage,
                  (marks["step"][number], marks["sent"][number], marks["over"][number]), count)
            for turn, count in enumerate(crowds)
        )
        for number, crowds in enumerate(users)
    )  # fmt: skip


_Line: TypeAlias = Sequence[Any]
"""Of a poll: when due, user, route, lag, latency, status, newest update. Of an update: when, latency, status, its number."""


def _step(
    polls: Sequence[_Line],
    updates: Sequence[_Line],
    usage: Sequence[Usage],
    times: tuple[float, float, float],
    users: int,
) -> Step:
    start, sent, over = times
    if not polls:
        raise NotMeasuredError("a step sent no request; give it more users or more seconds")
    window = (start + min(SETTLED_S, (sent - start) / 4), sent)
    seconds = window[1] - window[0]
    due = np.array([line[0] for line in polls])
    ends = np.array([line[0] + line[4] for line in polls])
    good = np.array([200 <= line[5] < 400 for line in polls])
    latencies = np.array([line[4] for line in polls])[good]
    within = int(np.sum(good & (ends >= window[0]) & (ends < window[1])))
    offered = int(np.sum((due >= window[0]) & (due < window[1])))
    every = int(np.sum((ends >= window[0]) & (ends < window[1])))
    cpu = {name: _at(usage, name, window[1]) - _at(usage, name, window[0]) for name in usage[-1].cpu_s}
    ages, unseen = _ages(polls, updates, sent)
    inside = [each.database for each in usage if start <= each.at_s <= over and each.database]

    def grown(name: str) -> float:
        return inside[-1].get(name, 0.0) - inside[0].get(name, 0.0) if inside else 0.0

    return Step(
        users=users,
        offered_per_s=offered / seconds,
        answered_per_s=within / seconds,
        requests=len(polls),
        failed=int(np.sum(~good)),
        kept_up=within >= KEPT_UP * offered,
        p50_s=_percentile(latencies, 50),
        p95_s=_percentile(latencies, 95),
        p99_s=_percentile(latencies, 99),
        lag_p99_s=_percentile(np.array([line[3] for line in polls]), 99),
        age_p50_s=_percentile(ages, 50),
        age_p95_s=_percentile(ages, 95),
        unseen=unseen,
        cpu_ms={name: 1000 * used / every for name, used in cpu.items()} if every else {},
        share={name: used / seconds for name, used in cpu.items()},
        opened=round(grown("Connections")),
        connections=round(max((each["Threads_connected"] for each in inside), default=0)),
        lock_waits=round(grown("Innodb_row_lock_waits")),
        lock_wait_ms=grown("Innodb_row_lock_time"),
        cached=_cached([line for line, is_good in zip(polls, good, strict=True) if is_good and line[0] >= window[0]]),
    )


def _cached(polls: Sequence[_Line]) -> dict[str, dict[str, int]]:
    """How many answers of each route say the same of caches; a route whose answers say nothing is left out."""
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for line in polls:
        if line[7]:
            counted[line[2]][line[7]] += 1
    return {route: dict(sorted(by.items())) for route, by in sorted(counted.items())}


def _at(usage: Sequence[Usage], name: str, moment: float) -> float:
    """Processor seconds of a process up to a moment between samples."""
    return float(np.interp(moment, [each.at_s for each in usage], [each.cpu_s[name] for each in usage]))


def _percentile(values: Any, percent: float) -> float | None:
    return float(np.percentile(values, percent)) if len(values) else None


def _ages(polls: Sequence[Sequence[Any]], updates: Sequence[Sequence[Any]], sent: float) -> tuple[Any, int]:
    """How old each update was when each user first saw it or a later one, and how often one was never seen.

    An update counts for a user who polled before it was published, and only if the crowd went on polling for as long again as
    one interval: at the end of a step nobody could have seen it. Only updates that were confirmed have a number.
    """
    published = sorted((int(line[3]), line[0]) for line in updates if line[3])
    by_user: dict[int, list[tuple[float, float, int]]] = defaultdict(list)
    for line in polls:
        if line[6]:
            by_user[line[1]].append((line[0] + line[4], line[0], int(line[6])))
    gaps = [b[1] - a[1] for seen in by_user.values() for a, b in zip(sorted(seen), sorted(seen)[1:], strict=False)]
    interval = statistics.median(gaps) if gaps else 0.0
    ages, unseen = [], 0
    for seen in by_user.values():
        seen.sort()
        for number, moment in published:
            if moment > sent - interval or seen[0][0] > moment:
                continue
            first = next((ended for ended, _, newest in seen if newest >= number), None)
            if first is None:
                unseen += 1
            else:
                ages.append(first - moment)
    return np.array(ages), unseen


LATE_S: Final = 0.5
"""How late a crowd may send, at the 99th percentile of a step, for its schedule to count as kept."""


def knee(found: Sequence[Step], name: str) -> Knee:
    """Where the program of that name is full. NotMeasuredError where it kept up with every step, or the crowd with none."""
    late_s = max(step.lag_p99_s or 0.0 for step in found)
    if late_s > LATE_S:
        raise NotMeasuredError(
            f"the crowd was sent up to {late_s:.1f} s late, so its schedule was not kept and nothing was measured: the machine "
            "is busy with other work; measure again when it is not"
        )
    full = [step for step in found if not step.kept_up]
    if not full:
        most = max(step.offered_per_s for step in found)
        raise NotMeasuredError(
            f"the program kept up with {most:.0f} requests a second, the most that was sent: there is no knee"
        )
    return Knee(
        per_s=statistics.median(step.answered_per_s for step in full),
        given=statistics.median(step.share[name] for step in full),
        cpu_s=cpu_s_per_request(found, name),
    )


def cpu_s_per_request(found: Sequence[Step], name: str) -> float:
    """Processor seconds of a process per request, over steps: each counts by the requests answered in it."""
    answered = sum(step.answered_per_s for step in found)
    return sum(step.cpu_ms[name] * step.answered_per_s for step in found) / answered / 1000


TOLERANCE: Final = 0.15
"""By how much the measured change of the knee may differ from the computed one."""


@dataclass(frozen=True, slots=True)
class Check:
    """Whether a handler slowed by `slowed_s` of processor time moved the knee as computed: the ratio of both knees, twice."""

    slowed_s: float
    measured: float
    computed: float

    @property
    def off(self) -> float:
        """By which share the measured ratio differs from the computed one."""
        return self.measured / self.computed - 1

    @property
    def holds(self) -> bool:
        """Whether it differs by TOLERANCE at most."""
        return abs(self.off) <= TOLERANCE


def check(as_is: Knee, slowed: Knee, slowed_s: float) -> Check:
    """The check of the instrument: computed of the program's processor time before it was slowed, and what each run was given."""
    computed = (slowed.given / as_is.given) * as_is.cpu_s / (as_is.cpu_s + slowed_s)
    return Check(slowed_s, slowed.per_s / as_is.per_s, computed)


PER_SECOND: Final = ("step", "second", "crowd", "due", "answered", "failed", "p95_ms")


def per_second(lines: Sequence[Sequence[Any]]) -> list[list[int]]:
    """Each second of a run, as PER_SECOND: polls that were due in it, those of them answered and failed, and their p95."""
    starts = {line[1]: line[2] for line in lines if line[0] == "step"}
    rows: dict[tuple[int, int, int], list[_Line]] = defaultdict(list)
    for kind, step, *rest in lines:
        if kind == "poll":
            rows[step, int(rest[1] - starts[step]), rest[0]].append(rest[1:])
    found = []
    for key, polls in sorted(rows.items()):
        good = [line[4] for line in polls if 200 <= line[5] < 400]
        p95 = round(1000 * float(np.percentile(good, 95))) if good else 0
        found.append([*key, len(polls), len(good), len(polls) - len(good), p95])
    return found
