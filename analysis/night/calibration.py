"""The search for a night that happened: which values of what nobody recorded give the symptoms that were reported.

Sets of values are drawn as a Latin hypercube over the ranges of the free assumptions, simulated, and compared with the symptoms.
The chosen set is, of all that fit, the one that departs least from the central values; a symptom kept out of the fit tests them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.architecture import Architecture
from analysis.facts import Assumption, Limit, Scenario, Stack, runtime
from analysis.night.calibration_plan import Calibration, Design, Symptom
from analysis.night.parameters import Setup, program_of, setup, stack_setup
from analysis.night.series import Night
from analysis.night.simulation import run
from analysis.night.spread import spread
from analysis.night.values import WHOLE, NightError, by_name, inputs
from analysis.wiring import request_path

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Values = Mapping[str, float]

DIGITS = 5
"""Significant digits of a drawn value, so that the written set is the one that ran."""

FIGURE_DIGITS = 6

SAME = 1e-4
"""How close figures must come to those of the record to count as the same, as a share: the last digits are a compiler's."""

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def rounded(value: float, digits: int) -> float:
    """A number to so many significant digits."""
    return float(f"{value:.{digits}g}")


def _rows(night: Night, minutes: tuple[float, float], most_users: float | None = None) -> Mask:
    """Which minutes of the night are meant, as a mask."""
    minute = night.setup.start_minute + np.arange(night.setup.minutes)
    chosen: Mask = (minute >= minutes[0]) & (minute < minutes[1])
    if most_users is not None:
        chosen &= night.per_minute("users").max(axis=1) <= most_users
    return chosen


def error_share(night: Night, chosen: Mask) -> float:
    """The share of the fans' requests that failed over the chosen minutes."""
    wrong = night.per_minute("errors")[chosen].sum()
    ended = wrong + night.per_minute("answered")[chosen].sum() + night.per_minute("edge_answers")[chosen].sum()
    return float(wrong / ended) if ended > 0 else 0.0


def median_age_s(night: Night, minutes: tuple[float, float]) -> float:
    """How late the median update is: the median over the minutes' medians; a minute without any answer is endlessly late."""
    ages = night.metric("user", "Age").values["p50"][_rows(night, minutes)]
    return float(np.median(np.nan_to_num(ages, nan=np.inf)))


def _latency_below(night: Night, symptom: Symptom) -> float:
    part = night.metric("user", "Latency").values["p95"][_rows(night, _when(symptom), symptom.users)]
    return float(np.nanmax(part)) if np.isfinite(part).any() else 0.0


def _when(symptom: Symptom) -> tuple[float, float]:
    if symptom.minutes is None:
        raise NightError(f"the symptom {symptom.name} names no minutes")
    return symptom.minutes


MEASURES: Mapping[str, Callable[[Night, Symptom], float]] = {
    "errors_below": lambda night, symptom: error_share(night, _rows(night, _when(symptom), symptom.users)),
    "latency_p95_below": _latency_below,
    "errors": lambda night, symptom: error_share(night, _rows(night, _when(symptom))),
    "age_p50": lambda night, symptom: median_age_s(night, _when(symptom)),
    "database_busy": lambda night, symptom: float(
        night.per_minute("database_busy")[_rows(night, _when(symptom))].max()
    ),
}
"""What a symptom is compared with. `alarms` is not here: the Terraform has them or not, whatever the values."""


def figures(night: Night, design: Design) -> tuple[float, ...]:
    """One figure for each measured symptom of the design, then errors and lateness for each of its other windows."""
    measured = [MEASURES[symptom.measure](night, symptom) for symptom in measured_symptoms(design)]
    for window in design.windows:
        measured += [error_share(night, _rows(night, window)), median_age_s(night, window)]
    return tuple(rounded(figure, FIGURE_DIGITS) for figure in measured)


def measured_symptoms(design: Design) -> tuple[Symptom, ...]:
    """The symptoms that a night has a figure for."""
    return tuple(symptom for symptom in design.symptoms if symptom.measure in MEASURES)


def columns(design: Design) -> tuple[str, ...]:
    """The names of `figures`."""
    names = [symptom.name for symptom in measured_symptoms(design)]
    for first, last in design.windows:
        names += [f"errors {first:g}-{last:g}", f"late {first:g}-{last:g}"]
    return tuple(names)


def free(design: Design, scenario: Scenario, stack: Stack) -> tuple[Assumption | Limit, ...]:
    """The assumptions that may move. NightError for a name that is no assumption of the night."""
    known = by_name(inputs(scenario, runtime(stack.runtime)))
    for name in design.free:
        if name not in known:
            raise NightError(f"{design.file}: {name} is no assumption of this night; known are {', '.join(known)}")
    return tuple(known[name] for name in design.free)


def draws(design: Design, knobs: Sequence[Assumption | Limit]) -> tuple[Values, ...]:
    """The sets of values: a Latin hypercube over the knobs' ranges, by the design's seed.

    M. D. McKay, R. J. Beckman, W. J. Conover, Technometrics 21 (1979).
    """
    random = np.random.Generator(np.random.PCG64(design.seed))
    table = []
    for knob in knobs:
        parts = (random.permutation(design.sets) + random.random(design.sets)) / design.sets
        low, high = knob.at("low"), knob.at("high")
        if knob.unit in WHOLE:
            table.append([float(min(high, low + int(part * (high - low + 1)))) for part in parts])
        else:
            table.append([rounded(low + part * (high - low), DIGITS) for part in parts])
    return tuple(dict(zip(design.free, row, strict=True)) for row in zip(*table, strict=True))


def departure(values: Values, knobs: Sequence[Assumption | Limit]) -> float:
    """How far a set lies from the central values: 0 is all of them, and 1 is one of them moved to the end of its range."""
    total = 0.0
    for knob in knobs:
        moved = values[knob.name] - knob.at()
        reach = knob.at("high") - knob.at() if moved > 0 else knob.at() - knob.at("low")
        total += (moved / reach) ** 2 if moved else 0.0
    return float(np.sqrt(total))


@dataclass(frozen=True)
class Tried:
    """One set of values, the figures it gave as means over `seeds` seeds, and whether it fits."""

    number: int
    values: Values
    seeds: int
    figures: tuple[float, ...]
    departure: float
    fits: bool


@dataclass(frozen=True)
class Search:
    """A finished search: every set that was tried, in the order of the draw, and the one chosen."""

    design: Design
    knobs: tuple[Assumption | Limit, ...]
    made: Setup
    tried: tuple[Tried, ...]
    chosen: Tried
    nights: tuple[tuple[float, ...], ...]

    def figure(self, tried: Tried, name: str) -> float:
        """The figure of that name that a set gave."""
        return tried.figures[columns(self.design).index(name)]


Case = tuple[Setup, int, Design]


def _figures_of(case: Case) -> tuple[float, ...]:
    made, seed, design = case
    return figures(run(made, seed), design)


def searched(
    architecture: Architecture,
    scenario: Scenario,
    stack: Stack,
    design: Design,
    *,
    jobs: int = -1,
    scheduler: str | None = None,
    done: Callable[[int, int], None] | None = None,
) -> Search:
    """The search of `design`; the same bytes whatever `jobs`. `done` is told how many nights are through, and of how many.

    NightError where no set fits.
    """
    knobs = free(design, scenario, stack)
    sets = draws(design, knobs)
    path, program = request_path(architecture, stack), program_of(stack, None)

    def made(values: Values) -> Setup:
        return setup(path, scenario, program, values=values)

    def all_of(cases: Iterator[Case], count: int, before: int) -> list[tuple[float, ...]]:
        found = []
        for one in spread(_figures_of, cases, jobs=jobs, scheduler=scheduler):
            found.append(one)
            if done is not None:
                done(before + len(found), before + count)
        return found

    first = all_of(((made(values), 1, design) for values in sets), len(sets), 0)
    near = [number for number, one in enumerate(first) if _distance(one, design) <= design.near]
    seeds = range(1, design.seeds + 1)
    again = all_of(
        ((made(sets[number]), seed, design) for number in near for seed in seeds), len(near) * design.seeds, len(sets)
    )
    nights = {number: again[at * design.seeds : (at + 1) * design.seeds] for at, number in enumerate(near)}
    tried = []
    for number, values in enumerate(sets):
        several = nights.get(number, [first[number]])
        mean = tuple(rounded(float(figure), FIGURE_DIGITS) for figure in np.mean(several, axis=0))
        fits = number in nights and _distance(mean, design) <= 1.0
        far = rounded(departure(values, knobs), FIGURE_DIGITS)
        tried.append(Tried(number, values, len(several), mean, far, fits))
    fitting = [one for one in tried if one.fits]
    if not fitting:
        raise NightError(f"{design.file}: none of {design.sets} sets meets the symptoms; widen ranges or try more sets")
    chosen = min(fitting, key=lambda one: (one.departure, one.number))
    return Search(design, knobs, made(chosen.values), tuple(tried), chosen, tuple(nights[chosen.number]))


def _distance(found: Sequence[float], design: Design) -> float:
    """The distance to the symptom that is furthest off, of those that sets are chosen by; in tolerances."""
    named = dict(zip(columns(design), found, strict=True))
    return max(symptom.distance(named[symptom.name]) for symptom in design.used("fit"))


def differing(
    architecture: Architecture, scenario: Scenario, stack: Stack, found: Calibration, sample: int, *, jobs: int = -1
) -> tuple[int, ...]:
    """The numbers of those sets, of `sample` spread over the record and the chosen one, that do not give their figures again."""
    path, program = request_path(architecture, stack), program_of(stack, None)
    last = len(found.sets) - 1
    numbers = {round(at * last / max(1, sample - 1)) for at in range(sample)} | {int(found.record["chosen"]["set"])}
    chosen = sorted(numbers)

    def cases() -> Iterator[Case]:
        for number in chosen:
            row = found.sets[number]
            made = setup(path, scenario, program, values={name: row[name] for name in found.design.free})
            for seed in range(1, int(row["seeds"]) + 1):
                yield made, seed, found.design

    again = iter(spread(_figures_of, cases(), jobs=jobs))
    wrong = []
    for number in chosen:
        row = found.sets[number]
        mean = np.mean([next(again) for _ in range(int(row["seeds"]))], axis=0)
        told = [row.get(name, np.inf) for name in columns(found.design)]
        if not np.allclose(mean, told, rtol=SAME):
            wrong.append(number)
    return tuple(wrong)


def record(search: Search) -> dict[str, Any]:
    """What is kept of a search beside the table of its sets: plain values, the same bytes for the same search."""
    design = search.design
    fitting = [one for one in search.tried if one.fits]
    fit = [symptom.name for symptom in design.used("fit")]
    tests = []
    for symptom in design.used("test"):
        every = [search.figure(one, symptom.name) for one in search.tried]
        some = [search.figure(one, symptom.name) for one in fitting]
        tests.append(
            {
                "symptom": symptom.name,
                "chosen": search.figure(search.chosen, symptom.name),
                "fitting": {**_spread(some), "met": _met(symptom, some)},
                "all": {**_spread(every), "met": _met(symptom, every)},
            }
        )
    return {
        "stack": search.made.stack,
        "scenario": search.made.scenario,
        "runtime": search.made.runtime,
        "counts": {
            "tried": len(search.tried),
            "nights": sum(one.seeds for one in search.tried) + sum(one.seeds > 1 for one in search.tried),
            "near": sum(one.seeds > 1 for one in search.tried),
            "fitting": len(fitting),
        },
        "errors_of_all": _spread([search.figure(one, "errors") for one in search.tried]) if "errors" in fit else None,
        "tests": tests,
        "reverse": _reverse(search),
        "windows": _windows(search),
        "assumptions": [_told(search, knob, fitting) for knob in search.knobs],
        "chosen": {
            "set": search.chosen.number,
            "departure": search.chosen.departure,
            "values": dict(search.chosen.values),
            "figures": dict(zip(columns(design), search.chosen.figures, strict=True)),
            "nights": [
                {"seed": seed, **dict(zip(columns(design), one, strict=True))}
                for seed, one in enumerate(search.nights, start=1)
            ],
        },
    }


def _spread(found: Sequence[float]) -> dict[str, float | None]:
    values = np.quantile(np.array(found), QUANTILES, method="inverted_cdf")
    return {
        f"p{100 * share:.0f}": rounded(float(value), 4) if np.isfinite(value) else None
        for share, value in zip(QUANTILES, values, strict=True)
    }


def _met(symptom: Symptom, found: Sequence[float]) -> float:
    return rounded(sum(symptom.distance(figure) <= 1.0 for figure in found) / len(found), 4)


def _reverse(search: Search) -> list[dict[str, Any]]:
    """The search the other way round: sets that meet the test and are fine at low load, and what errors they give."""
    design = search.design
    errors = next((s for s in design.used("fit") if s.measure == "errors"), None)
    if errors is None:
        return []
    calm = [s for s in design.used("fit") if s is not errors]
    found = []
    for test in design.used("test"):
        picked = [
            search.figure(one, errors.name)
            for one in search.tried
            if all(s.distance(search.figure(one, s.name)) <= 1.0 for s in (*calm, test))
        ]
        if picked:
            found.append(
                {"by": test.name, "sets": len(picked), "errors": {**_spread(picked), "met": _met(errors, picked)}}
            )
    return found


def _windows(search: Search) -> list[dict[str, Any]]:
    """For each other window: how many sets would fit if errors were counted over it, and how late updates then are."""
    design = search.design
    errors = next((s for s in design.used("fit") if s.measure == "errors"), None)
    if errors is None:
        return []
    calm = [s for s in design.used("fit") if s is not errors]
    found = []
    for first, last in design.windows:
        name = f"{first:g}-{last:g}"
        late = [
            search.figure(one, f"late {name}")
            for one in search.tried
            if errors.distance(search.figure(one, f"errors {name}")) <= 1.0
            and all(s.distance(search.figure(one, s.name)) <= 1.0 for s in calm)
        ]
        if late:
            found.append({"minutes": [first, last], "sets": len(late), "late": _spread(late)})
    return found


def _told(search: Search, knob: Assumption | Limit, fitting: Sequence[Tried]) -> dict[str, Any]:
    """What the search says about one assumption: its range, the chosen value, where the fitting sets lie, and what it moves."""
    every = [one.values[knob.name] for one in search.tried]
    names = [s.name for s in search.design.used("fit", "test") if s.measure in {"errors", "age_p50"}]
    return {
        "name": knob.name,
        "unit": knob.unit,
        "low": knob.at("low"),
        "value": knob.at(),
        "high": knob.at("high"),
        "chosen": search.chosen.values[knob.name],
        "fitting": _spread([one.values[knob.name] for one in fitting]),
        "correlation": {
            name: rounded(rank_correlation(every, [search.figure(one, name) for one in search.tried]), 3)
            for name in names
        },
    }


def rank_correlation(one: Sequence[float], other: Sequence[float]) -> float:
    """Spearman's rank correlation; ties share their mean rank. 0 where one of the two does not vary."""
    ranks = [_ranks(np.array(values)) for values in (one, other)]
    if any(rank.std() == 0 for rank in ranks):
        return 0.0
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def _ranks(values: Array) -> Array:
    _, where, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    found: Array = (last - (counts - 1) / 2.0)[where]
    return found


def table(search: Search) -> Iterator[tuple[str, ...]]:
    """Every set as a row of text: its number, its values, the seeds, the figures, its departure, and whether it fits."""
    yield ("set", *search.design.free, "seeds", *columns(search.design), "departure", "fits")
    for one in search.tried:
        shown = ("" if not np.isfinite(figure) else f"{figure:.{FIGURE_DIGITS}g}" for figure in one.figures)
        values = (f"{one.values[name]:.{DIGITS}g}" for name in search.design.free)
        yield (
            str(one.number),
            *values,
            str(one.seeds),
            *shown,
            f"{one.departure:.{FIGURE_DIGITS}g}",
            str(int(one.fits)),
        )


def calibrated(
    architecture: Architecture, scenario: Scenario, stack: Stack, found: Calibration, **options: Any
) -> Setup:
    """The night that a calibration of this stack found, ready to be run; `options` are those of `stack_setup`."""
    return stack_setup(architecture, scenario, stack, values=found.values, **options)
