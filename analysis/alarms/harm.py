"""When the first user is affected: the minute that an alarm must come before.

What counts as impact is data, `facts/harm.toml`: a share of failed requests, or updates that are late.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

from analysis import facts
from analysis.alarms.packs import Pack, Points
from analysis.facts import Assumption

FILE = Path(facts.__file__).parent / "harm.toml"

Cause: TypeAlias = Literal["errors", "late"]


@dataclass(frozen=True, slots=True)
class Harm:
    """A minute in which users are affected, counted from the start of the series, why, and the figure that passed `limit`.

    `value` and `limit` are a share of the requests where the cause is errors, else seconds.
    """

    minute: int
    cause: Cause
    value: float
    limit: float

    def __str__(self) -> str:
        if self.cause == "errors":
            return f"{100 * self.value:.3g} % of the requests fail, more than {100 * self.limit:.3g} %"
        return f"one update in twenty is older than {self.value:.3g} s, over the limit of {self.limit:.3g} s"


@cache
def definition() -> Mapping[str, Assumption]:
    """What counts as impact, by name: `error_share` and `late_factor`."""
    return facts.assumptions(FILE)


def late_limit_s(age_p95_s: Sequence[float | None], target_s: float) -> float:
    """From which age on, in seconds at the 95th percentile of a minute, updates are late: see `late_factor` in harm.toml."""
    calmest = min((age for age in age_p95_s if age is not None and not math.isnan(age)), default=0.0)
    return target_s if calmest <= target_s else calmest * definition()["late_factor"].at()


def harms(
    requests: Sequence[float], errors: Sequence[float], age_p95_s: Sequence[float | None], target_s: float
) -> tuple[Harm, ...]:
    """Every minute of impact, at most once, errors before lateness.

    The three are figures of each minute: requests and failed ones among them (a missing count, NaN, is none), and the age in
    seconds that 95 % of the updates on screens stay below (None or NaN: nobody saw any). `target_s` is the age promised.
    Raises ValueError where they are not equally long.
    """
    limit_s = late_limit_s(age_p95_s, target_s)
    share = definition()["error_share"].at()
    found = []
    for minute, (asked, failed, age_s) in enumerate(zip(requests, errors, age_p95_s, strict=True)):
        wrong = failed / asked if asked > 0 and failed > 0 else 0.0
        if wrong > share:
            found.append(Harm(minute, "errors", wrong, share))
        elif age_s is not None and age_s > limit_s:
            found.append(Harm(minute, "late", float(age_s), limit_s))
    return tuple(found)


def first_harm(
    requests: Sequence[float], errors: Sequence[float], age_p95_s: Sequence[float | None], target_s: float
) -> Harm | None:
    """The first minute of impact; None on a night that affects nobody. Arguments as for `harms`."""
    found = harms(requests, errors, age_p95_s, target_s)
    return found[0] if found else None


BALANCER = "AWS/ApplicationELB"
FAILED = ("HTTPCode_ELB_5XX_Count", "HTTPCode_Target_5XX_Count")


def harm_in(pack: Pack) -> Harm | None:
    """The first minute in which too many requests failed, by what the load balancers in `pack` counted.

    How old updates were is not in CloudWatch, so this is the latest that the first user can have been affected. None where nobody
    was, or where the pack holds no requests of a load balancer.
    """
    whole = [
        key
        for key in pack.series
        if key.namespace == BALANCER and [name for name, _ in key.dimensions] == ["LoadBalancer"]
    ]
    totals = {name: [0.0] * pack.minutes for name in ("RequestCount", *FAILED)}
    for key in whole:
        points: Points | None = pack.series[key].points("Sum") if key.name in totals else None
        for minute, point in enumerate(points or ()):
            totals[key.name][minute] += point or 0.0
    failed = [sum(column) for column in zip(*(totals[name] for name in FAILED), strict=True)]
    return first_harm(totals["RequestCount"], failed, [None] * pack.minutes, math.inf)
