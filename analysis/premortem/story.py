"""A pre-mortem in sentences, each computed from the run, in the order of their minutes; and as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from analysis.network.load import LEVELS, Rates
from analysis.network.model import spoken
from analysis.premortem.fluid import SETTLED, Course, Premortem, Strain

Steps: TypeAlias = npt.NDArray[np.bool_]
"""Whether something holds, step by step."""

FAILING = 0.01
"""A step fails when more than this share of a kind of traffic does."""

WAITING_S = 1.0
"""A wait shorter than a second is not worth a sentence."""

BACK = 0.99
"""Connections are back when this share of them is."""

BEHIND_S = 10.0
"""Records that wait for less than this are on their way."""

DAY_MIN = 1440

GROUPS = {
    ("request", True): "requests of the crowd",
    ("request", False): "requests of feeds and of the publisher",
    ("connection", True): "connections",
    ("connect", True): "attempts to connect",
    ("delivery", True): "deliveries over connections",
    ("record", False): "records of feeds",
}
"""What traffic is called when it is counted together: by unit, and by whether a crowd sends it."""


FAIL = {"connections": "cannot be held", "deliveries over connections": "are not sent in time"}
"""What it means that some of a kind of traffic fails, where that is not the word."""


PERCENTILES = (0.5, 0.95, 0.99)
"""Shares of the updates whose time from ingestion to push is told."""


class Told(NamedTuple):
    """A sentence and the minute that it is about."""

    minute: float
    sentence: str


def story(found: Premortem) -> tuple[str, ...]:
    """What happens, in order and why; addresses stand in backticks."""
    worse = [*_full(found), *_waited(found), *_failed(found), *_behind(found)]
    sentences = tuple(one.sentence for one in happenings(found))
    if worse:
        return sentences
    fullest = next(iter(found.strained), None)
    calm = "No limit is reached, and nothing fails."
    if fullest is not None:
        calm += f" The fullest is {_limit(fullest)}: {fullest.load.max():.0%} at {_worst(found, fullest.load)}."
    return (*sentences, calm)


def happenings(found: Premortem) -> list[Told]:
    """What goes wrong and what scales, in the order of the minutes."""
    every = [*_wrong(found), *_scaled(found), *_full(found), *_waited(found), *_failed(found), *_behind(found)]
    return sorted(every, key=lambda one: one.minute)


def after_faults(found: Premortem, plain: Premortem) -> tuple[str, ...]:
    """From the first fault on, what happens that does not happen without the faults."""
    first = min((fault.minute for fault in found.faults), default=0.0)
    known = {one.sentence for one in happenings(plain)}
    said = [one.sentence for one in happenings(found) if one.minute >= first and one.sentence not in known]
    return (*said, "Nothing else runs out, fails or falls behind.") if len(said) <= len(found.faults) else tuple(said)


def at(found: Premortem, minute: float) -> str:
    """A minute as a reader counts it: by the clock where the scenario is a day, else from kick-off."""
    if found.by_clock:
        hours, minutes = divmod(int(minute) % DAY_MIN, 60)
        return f"{hours:02}:{minutes:02} UTC"
    return f"minute {minute:.0f}"


def grouped(found: Premortem) -> Iterator[tuple[str, list[Course]]]:
    """The kinds of traffic that are counted together, under their name."""
    for (unit, polled), name in GROUPS.items():
        courses = [one for one in found.courses if one.unit == unit and one.polled == polled]
        if courses:
            yield name, courses


def failing(courses: list[Course]) -> tuple[Rates, Rates]:
    """What comes of several kinds of traffic together a second, and the share of it that fails."""
    come = np.sum([one.come for one in courses], axis=0)
    lost = np.sum([one.come * one.fails for one in courses], axis=0)
    return come, np.where(come > 0, lost / np.where(come > 0, come, 1.0), 0.0)


def _limit(strain: Strain) -> str:
    return f"`{strain.stations[0]}` ({strain.limit.name})"


def _worst(found: Premortem, values: Rates) -> str:
    highest = np.flatnonzero(values >= values.max() * (1.0 - SETTLED))  # the first of those that nothing tells apart
    return at(found, float(found.minutes[int(highest[0])]))


def _when(found: Premortem, steps: Steps) -> str:
    """Since when, and for how long in all."""
    if np.all(steps):
        return "All the time"
    minutes = float(np.count_nonzero(steps)) * found.step_s / 60.0
    lasts = f"{minutes:,.0f} min" if minutes >= 1 else f"{60 * minutes:.0f} s"
    return f"From {at(found, float(found.minutes[int(np.argmax(steps))]))}, for {lasts} in all,"


def _first(found: Premortem, steps: Steps) -> float:
    return float(found.minutes[int(np.argmax(steps))])


def _wrong(found: Premortem) -> Iterator[Told]:
    """The faults that somebody said, and how a wave of connections ends."""
    for fault in found.faults:
        if fault.kind == "down":
            misses = ": every lookup is a miss" if fault.target in found.caches else ""
            yield Told(
                fault.minute,
                f"At {at(found, fault.minute)} `{fault.target}` stops answering, for {fault.minutes:g} min{misses}.",
            )
    for wave in found.waves:
        if not wave.held:
            yield Told(
                wave.minute, f"At {at(found, wave.minute)} nobody holds a connection of {wave.name} that could be lost."
            )
            continue
        since = wave.minute - found.step_s / 60.0 + 1e-6  # the step that the minute falls into
        back = np.flatnonzero((found.minutes >= since) & (wave.waiting <= (1.0 - BACK) * wave.held))
        said = f"At {at(found, wave.minute)} all {count(wave.held)} connections of {wave.name} are lost"
        if not len(back):
            yield Told(wave.minute, f"{said}; {count(float(wave.waiting[-1]))} are not back at the end.")
            continue
        seconds = max((float(found.minutes[back[0]]) - wave.minute) * 60.0, 0.0) + found.step_s
        how = "within" if seconds <= found.step_s else "after"
        yield Told(wave.minute, f"{said}; {BACK:.0%} of them are back {how} {_span(seconds)}.")


def _full(found: Premortem) -> Iterator[Told]:
    for strain in found.strains:
        if strain.full.any():
            worst = int(strain.load.argmax())
            shared = f", which {len(strain.stations)} resources share" if len(strain.stations) > 1 else ""
            yield Told(
                _first(found, strain.full),
                f"{_when(found, strain.full)} `{strain.stations[0]}` is over its limit ({strain.limit.name}{shared}): demand "
                f"peaks at {demand(strain, worst)} at "
                f"{_worst(found, strain.load)}.",
            )


def _scaled(found: Premortem) -> Iterator[Told]:
    for address, running in found.running.items():
        if running.max() <= running[0]:
            continue
        most = int(running.argmax())
        program = found.programs[address]
        late = float(found.minutes[most] - found.minutes[int(found.users.argmax())])
        after = f", {late:,.0f} min after the peak" if late >= 1 and found.users.max() > 0 else ""
        end = ", its maximum" if running[most] >= program.most else ""
        yield Told(
            float(found.minutes[most]),
            f"By {at(found, float(found.minutes[most]))}{after} `{address}` has scaled out from {running[0]:.0f} to "
            f"{running[most]:.0f} instances{end}; one takes {program.start_s:.0f} s to start.",
        )


def _waited(found: Premortem) -> Iterator[Told]:
    waits = [one for one in found.courses if one.polled and one.unit == "request" and one.waits_s.max() > WAITING_S]
    if waits:
        longest = max(waits, key=lambda one: float(one.waits_s.max()))
        slow = longest.waits_s > WAITING_S
        most = float(longest.waits_s.max())
        how = f"{most:.1f} s" if most <= found.timeout_s else f"the clients' timeout of {found.timeout_s:g} s"
        yield Told(
            _first(found, slow),
            f"{_when(found, slow)} responses take more than a second: up to {how} at {_worst(found, longest.waits_s)}.",
        )


def _failed(found: Premortem) -> Iterator[Told]:
    for name, courses in grouped(found):
        come, share = failing(courses)
        over = share > FAILING
        if not over.any():
            continue
        lost, total = (float(values.sum()) * found.step_s for values in (come * share, come))
        attempts = max(float(one.attempts.max()) for one in courses)
        tried = f" Retries make up to {attempts:.1f} attempts of each." if attempts > 1.05 else ""
        of_all = f"{lost / total:.1%} overall" if name == "connections" else f"{count(lost)} of {count(total)} overall"
        yield Told(
            _first(found, over),
            f"{_when(found, over)} more than {FAILING:.0%} of the {name} {FAIL.get(name, 'fail')}: up to {share.max():.0%} at "
            f"{_worst(found, share)}, {of_all}.{tried}",
        )


def _behind(found: Premortem) -> Iterator[Told]:
    for one in found.backlogs:
        late = one.age_s >= BEHIND_S
        if not late.any():
            continue
        left = f"; {count(one.records[-1])} still wait at the end" if one.records[-1] > 1 else ""
        yield Told(
            _first(found, late),
            f"{_when(found, late)} `{one.reader}` is behind on `{one.log}`: up to {count(one.records.max())} records wait, the "
            f"oldest for {_span(float(one.age_s.max()))} at {_worst(found, one.age_s)}{left}.",
        )


def count(value: float) -> str:
    """A number in three digits, with a word for millions, billions and trillions."""
    for size, word in ((1e12, " trillion"), (1e9, " billion"), (1e6, " million")):
        if value >= size:
            return f"{value / size:.3g}{word}" if value < 999.5 * size else f"{value / size:,.0f}{word}"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def demand(strain: Strain, step: int) -> str:
    """What a limit is asked for in a step, of what there is."""
    per, unit = spoken(strain.limit.capacity.unit)
    return f"{count(strain.asked[step] / per)} of {count(strain.available[step] / per)} {unit}"


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def to_json(found: Premortem) -> dict[str, Any]:
    """The run for programs: the sentences, and by minute what each limit, program, kind of traffic and backlog did."""
    each = max(1, round(60.0 / found.step_s))

    def sampled(values: Rates) -> list[float | None]:
        return [float(v) if np.isfinite(v) else None for v in np.round(values[::each], 6)]

    return {
        "stack": found.stack,
        "scenario": found.scenario,
        "runtime": found.runtime,
        "story": list(story(found)),
        "minutes": sampled(found.minutes),
        "users": sampled(found.users),
        "limits": [
            {
                "stations": list(one.stations),
                "limit": one.limit.name,
                "unit": one.limit.capacity.unit,
                "asked": sampled(one.asked),
                "available": sampled(one.available),
            }
            for one in found.strained
        ],
        "instances": {address: sampled(values) for address, values in found.running.items()},
        "traffic": [
            {
                "name": one.name,
                "unit": one.unit,
                "per_s": sampled(one.come),
                "attempts": sampled(one.attempts),
                "waits_s": sampled(one.waits_s),
                "fails": sampled(one.fails),
            }
            for one in found.courses
        ],
        "backlogs": [
            {"log": one.log, "reader": one.reader, "records": sampled(one.records), "age_s": sampled(one.age_s)}
            for one in found.backlogs
        ],
        "pushes": _pushes(found),
        "notes": [str(note) for note in found.diagnostics],
    }


def _pushes(found: Premortem) -> dict[str, Any] | None:
    """The steps of an update and its percentiles at the slowest moment, at each end of the assumed times."""
    if found.pushes is None:
        return None
    worst = found.pushes.worst

    def known(seconds: float) -> float | None:
        return round(seconds, 6) if math.isfinite(seconds) else None

    return {
        "minute": float(found.minutes[worst]),
        "steps": [
            {
                "name": hop.name,
                "station": hop.address,
                "mean_s": {level: known(hop.mean_s(worst, level)) for level in LEVELS},
            }
            for hop in found.pushes.hops
        ],
        "percentiles_s": {
            level: {
                f"{share:g}": known(taken_s)
                for share, taken_s in zip(
                    PERCENTILES, found.pushes.percentiles_s(PERCENTILES, worst, level), strict=True
                )
            }
            for level in LEVELS
        },
    }
