"""What an incident did to its users, and when it was noticed, taken up, mitigated and over.

A **minute counts** when more than `error_share` of its requests fail (`facts/harm.toml`), or when more than one user in twenty
sees what is too old, or waits too long: the definition that alarms are back-tested against. An **affected user-minute** is a
minute of one user, weighed with the largest of three shares: of failed requests, of time spent looking at what is too old, of
answers that came too late. Only those minutes count. The three overlap (who gets errors sees old things), so the largest is a
lower bound of their union.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from analysis.alarms import MetricKey, Pack, Series
from analysis.alarms import harm as harms
from analysis.alarms.definitions import percentile
from analysis.alarms.packs import Points
from analysis.incidents.timeline import MINUTE, Entry, Harm, Objective

TAIL = 0.05
"""The share of users late or slow from which a minute counts as impact: the 95th percentile passes the limit."""


class IncidentError(ValueError):
    """An incident whose impact cannot be computed: the sentence says what is missing and what to do."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where requests and failed ones are counted: metrics of one namespace. `rate` is a share of the requests in percent."""

    says: str
    namespace: str
    requests: str
    failed: tuple[str, ...] = ()
    rate: str = ""


# The nearest to the user comes first. A balancer counts a request only where it could choose a target, and answers others with an
# error of its own, so errors may exceed requests: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
SOURCES = (
    Source("the users' apps", "user", "Requests", ("Errors",)),
    Source("the edge", "AWS/CloudFront", "Requests", rate="5xxErrorRate"),
    Source(
        "the load balancer",
        "AWS/ApplicationELB",
        "RequestCount",
        ("HTTPCode_ELB_5XX_Count", "HTTPCode_Target_5XX_Count"),
    ),
    Source("the HTTP API", "AWS/ApiGateway", "Count", ("5xx",)),
    Source("the REST API", "AWS/ApiGateway", "Count", ("5XXError",)),
    Source("the function", "AWS/Lambda", "Invocations", ("Errors",)),
)

USERS = ("user", "Users")
AGES: Mapping[tuple[str, str], float] = {("user", "Age"): 1.0}
ANSWERS: Mapping[tuple[str, str], float] = {
    ("user", "Latency"): 1.0,
    ("AWS/ApplicationELB", "TargetResponseTime"): 1.0,
    ("AWS/ApiGateway", "Latency"): 0.001,
    ("AWS/Lambda", "Duration"): 0.001,
}
"""Metrics of times, each with what makes seconds of its unit."""


@dataclass(frozen=True)
class Observed:
    """The night in user terms, one figure a minute. `users` is None where the pack does not say how many there were.

    `late` and `slow` are the shares of users looking at old things or waiting, None where no metric says so; `hurt` is the
    largest of the three; `hurting` says whether the minute counts. `origins` says which metric each figure came from.
    """

    start: dt.datetime
    users: tuple[float, ...] | None
    requests: tuple[float, ...]
    failed: tuple[float, ...]
    late: tuple[float, ...] | None
    slow: tuple[float, ...] | None
    hurt: tuple[float, ...]
    hurting: tuple[bool, ...]
    age: Series | None
    answer: Series | None
    late_s: float | None
    origins: Mapping[str, str]
    notes: tuple[str, ...] = ()

    @property
    def minutes(self) -> int:
        """How long the pack is."""
        return len(self.requests)

    def at(self, minute: int) -> dt.datetime:
        """When the minute begins."""
        return self.start + minute * MINUTE

    def minute(self, moment: dt.datetime) -> int:
        """The minute in which `moment` lies; the last one where it is the end of the pack."""
        return min(int((moment - self.start) / MINUTE), self.minutes - 1)


@dataclass(frozen=True, slots=True)
class News:
    """Something that users wait for: how old the newest they saw was, in the worse of its minute and the next, and if too old."""

    entry: Entry
    age_p50_s: float | None
    age_p95_s: float | None
    late: bool


@dataclass(frozen=True, slots=True)
class Bout:
    """A stretch of impact without a quiet pause: from its first minute to the end of its last."""

    start: dt.datetime
    end: dt.datetime

    @property
    def minutes(self) -> int:
        """How long it lasted."""
        return round((self.end - self.start) / MINUTE)


@dataclass(frozen=True, slots=True)
class Budget:
    """The error budget: failed requests that the window allows, and the share that the incident spent of them."""

    objective: Objective
    allowed: float
    spent_share: float
    how: str


@dataclass(frozen=True, slots=True)
class Impact:
    """What users felt. None where the pack cannot say; all zero where nobody was affected.

    `slow_requests` are those of the whole pack whose answer took longer than the limit, a lower bound as `share_above` is.
    """

    bouts: tuple[Bout, ...]
    user_minutes_hurt: float | None
    user_minutes: float | None
    hurt_minutes: int
    worst_share: float
    worst_at: dt.datetime | None
    requests: float
    failed: float
    failed_while_hurting: float
    requests_while_hurting: float
    age_p50_s: float | None
    age_p95_s: float | None
    news: tuple[News, ...]
    budget: Budget | None
    slow_requests: float | None = None

    @property
    def began(self) -> dt.datetime | None:
        """When the first user was affected."""
        return self.bouts[0].start if self.bouts else None

    @property
    def ended(self) -> dt.datetime | None:
        """When the last user was."""
        return self.bouts[-1].end if self.bouts else None

    @property
    def failed_share(self) -> float:
        """The share of requests that failed, of those made while users were affected."""
        return _ratio(self.failed_while_hurting, self.requests_while_hurting)


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment of the response: when, how that is known, and how long after the first impact (negative: before it)."""

    name: str
    at: dt.datetime | None
    how: str
    after_s: float | None


DEFINITIONS: Mapping[str, str] = {
    "impact": "The first minute in which one request in a hundred fails, or one user in twenty sees old things or waits.",
    "detection": "The first page that announces the impact or follows it, or a person noticing, whichever is earlier.",
    "engagement": "Someone who can do something about it begins to.",
    "mitigation": "Users are no longer affected, whatever the reason.",
    "recovery": "The service is as it was: by report, else when the quiet minutes after the last affected one have passed.",
}
"""What each of the times means, for the page and for `--json`. All are counted from the first impact, negative before it."""


def observed(
    pack: Pack,
    harm: Harm,
    *,
    target_s: float | None = None,
    poll_interval_s: float | None = None,
    signals: Mapping[str, str] | None = None,
    dimensions: Mapping[str, str] | None = None,
) -> Observed:
    """The pack in user terms. `target_s` is the age promised, from which the limit of lateness follows where `harm` has none.

    Raises IncidentError where the pack does not say how many requests there were, where nothing in it tells the impact, or where
    several series could be meant.
    """
    finder = _Finder(pack, dict(signals or {}), dict(dimensions or {}))
    origins: dict[str, str] = {}
    notes: list[str] = []
    requests, failed = _counted(finder, origins, notes)
    age = finder.times("age", AGES, origins)
    answer = finder.times("answer", ANSWERS, origins)
    late_s = harm.late_s
    if late_s is None and age is not None and target_s is not None:
        late_s = harms.late_limit_s(age.points("p95") or age.points("Average") or (), target_s)
    late = _above(age, late_s, pack.minutes)
    slow = _above(answer, harm.slow_s, pack.minutes)
    if age is not None and late_s is None:
        notes.append("the pack holds an age, but nothing says from when on it is late: give harm.late_s")
    if answer is not None and harm.slow_s is None and late is None:
        notes.append("the pack holds answer times, but nothing says from when on they are slow: give harm.slow_s")
    if failed is None and late is None and slow is None:
        raise IncidentError(
            "nothing in the pack tells whether users were affected: it holds no count of errors, and no time with a limit; "
            "add one, or give harm.late_s or harm.slow_s"
        )
    wrong = failed or tuple(0.0 for _ in requests)
    shares = [_ratio(bad, max(asked, bad)) for bad, asked in zip(wrong, requests, strict=True)]
    columns = [column for column in (shares, late, slow) if column is not None]
    hurt = tuple(max(each) for each in zip(*columns, strict=True))
    most = harms.definition()["error_share"].at()
    tails = [column for column in (late, slow) if column is not None]
    hurting = tuple(
        share > most or any(column[minute] > TAIL for column in tails) for minute, share in enumerate(shares)
    )
    return Observed(
        pack.start, _users(finder, requests, poll_interval_s, origins, notes), requests, wrong, late, slow, hurt, hurting,
        age, answer, late_s, origins, tuple(notes),
    )  # fmt: skip


def impact(seen: Observed, harm: Harm, entries: Iterable[Entry] = (), objective: Objective | None = None) -> Impact:
    """What the users felt over the whole pack, and the news that reached them too late."""
    hurting = [minute for minute, hurts in enumerate(seen.hurting) if hurts]
    users = seen.users
    worst = max(range(seen.minutes), key=lambda minute: seen.hurt[minute] * (users[minute] if users else 1.0))
    requests, failed = math.fsum(seen.requests), math.fsum(seen.failed)
    return Impact(
        bouts=_bouts(seen, hurting, harm.quiet_minutes),
        user_minutes_hurt=None if users is None else math.fsum(users[minute] * seen.hurt[minute] for minute in hurting),
        user_minutes=None if users is None else math.fsum(users),
        hurt_minutes=len(hurting),
        worst_share=max(seen.hurt),
        worst_at=seen.at(worst) if hurting else None,
        requests=requests,
        failed=failed,
        failed_while_hurting=math.fsum(seen.failed[minute] for minute in hurting),
        requests_while_hurting=math.fsum(max(seen.requests[minute], seen.failed[minute]) for minute in hurting),
        age_p50_s=_highest(seen.age, "p50", hurting),
        age_p95_s=_highest(seen.age, "p95", hurting),
        news=tuple(_news(seen, entry) for entry in entries if entry.kind == "news"),
        budget=None if objective is None else _budget(objective, requests, failed),
        slow_requests=None
        if seen.slow is None
        else math.fsum(n * p for n, p in zip(seen.requests, seen.slow, strict=True)),
    )


def moments(
    felt: Impact,
    seen: Observed,
    harm: Harm,
    entries: Sequence[Entry],
    paged: tuple[dt.datetime, str] | None = None,
) -> tuple[Moment, ...]:
    """First impact, detection, engagement, mitigation and recovery; `paged` is the first page that announced or followed it."""
    began = felt.began
    found = [_moment("impact", began, "computed" if began else "nobody was affected", began)]
    told = {entry.kind: entry for entry in reversed(entries)}
    noticed = [(told["detected"].at, told["detected"].source)] if "detected" in told else []
    first = min([*noticed, *([paged] if paged else [])], default=None)
    found.append(_moment("detection", first[0] if first else None, first[1] if first else "no page, no report", began))
    engaged = told.get("engaged")
    how = engaged.source if engaged else "nobody, as far as is known"
    found.append(_moment("engagement", engaged.at if engaged else None, how, began))
    if "mitigated" in told:
        found.append(_moment("mitigation", told["mitigated"].at, told["mitigated"].source, began))
    elif felt.ended is not None and felt.ended < seen.at(seen.minutes):
        found.append(_moment("mitigation", felt.ended, "computed: the impact ended", began))
    else:
        found.append(_moment("mitigation", None, "not within the pack" if began else "nobody was affected", began))
    over = felt.ended + harm.quiet_minutes * MINUTE if felt.ended else None
    if "recovered" in told:
        found.append(_moment("recovery", told["recovered"].at, told["recovered"].source, began))
    elif over is not None and over <= seen.at(seen.minutes):
        found.append(_moment("recovery", over, f"computed: {harm.quiet_minutes} minutes without impact", began))
    else:
        found.append(_moment("recovery", None, "not within the pack" if began else "nobody was affected", began))
    return tuple(found)


def find(pack: Pack, namespace: str, name: str, dimensions: Mapping[str, str]) -> tuple[MetricKey, Series] | None:
    """The series of a pack with that name and the fewest dimensions, which agree with those given; None where there is none.

    Raises IncidentError where several could be meant.
    """
    fits = [
        key
        for key in pack.series
        if (key.namespace, key.name) == (namespace, name)
        and all(value == dimensions.get(dimension, value) for dimension, value in key.dimensions)
    ]
    fewest = min((len(key.dimensions) for key in fits), default=0)
    fits = [key for key in fits if len(key.dimensions) == fewest]
    if len(fits) > 1:
        raise IncidentError(
            f"{namespace} {name} may be any of {len(fits)} series of the pack ({fits[0]}, {fits[1]}…); "
            "choose one under [pack.dimensions]"
        )
    return (fits[0], pack.series[fits[0]]) if fits else None


def share_above(statistics: Mapping[str, float], limit: float) -> float:
    """The share of a minute's samples above `limit`, from whichever of its statistics there are: a lower bound of it.

    Between minimum, percentiles and maximum the distribution is taken as straight. With nothing but an average, all or nothing.
    """
    known = sorted(
        (value, share)
        for name, value in statistics.items()
        if (share := {"Minimum": 0.0, "Maximum": 1.0}.get(name, None if name in _PLAIN else percentile(name)))
        is not None
    )
    if not any(0 < share < 1 for _, share in known):
        average = statistics.get("Average")
        return float(average > limit) if average is not None else 0.0
    if limit < known[0][0]:
        return 1.0 - known[0][1]
    for (low, below), (high, above) in pairwise(known):
        if low <= limit < high:
            return 1.0 - (below + (above - below) * (limit - low) / (high - low))
    return 0.0


_PLAIN = ("SampleCount", "Sum", "Average")


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0 else 0.0


def _moment(name: str, at: dt.datetime | None, how: str, began: dt.datetime | None) -> Moment:
    return Moment(name, at, how, (at - began).total_seconds() if at is not None and began is not None else None)


def _bouts(seen: Observed, hurting: Sequence[int], quiet: int) -> tuple[Bout, ...]:
    found: list[list[int]] = []
    for minute in hurting:
        if found and minute - found[-1][1] <= quiet:
            found[-1][1] = minute
        else:
            found.append([minute, minute])
    return tuple(Bout(seen.at(first), seen.at(last + 1)) for first, last in found)


def _news(seen: Observed, entry: Entry) -> News:
    first = seen.minute(entry.at)
    around = [minute for minute in (first, first + 1) if minute < seen.minutes]
    p50, p95 = _highest(seen.age, "p50", around), _highest(seen.age, "p95", around)
    nobody = seen.age is not None and p50 is None
    return News(entry, p50, p95, nobody or (p50 is not None and seen.late_s is not None and p50 > seen.late_s))


def _highest(series: Series | None, statistic: str, minutes: Sequence[int]) -> float | None:
    points = series.points(statistic) if series is not None else None
    found = [point for minute in minutes if points is not None and (point := points[minute]) is not None]
    return max(found, default=None)


def _budget(objective: Objective, requests: float, failed: float) -> Budget:
    window = objective.requests
    how = f"{objective.requests:,.0f} requests in {objective.window_days} days" if objective.requests else ""
    if window is None:
        nights = objective.nights or 0.0
        window = nights * requests
        how = f"{nights:g} nights of {requests:,.0f} requests in {objective.window_days} days"
    allowed = (1.0 - objective.availability) * window
    return Budget(objective, allowed, _ratio(failed, allowed), how)


def _above(series: Series | None, limit: float | None, minutes: int) -> tuple[float, ...] | None:
    if series is None or limit is None:
        return None
    columns = {name: points for name, points in series.statistics.items() if name not in {"SampleCount", "Sum"}}
    if "Average" not in columns and (average := series.points("Average")) is not None:
        columns["Average"] = average
    return tuple(
        share_above({name: point for name, points in columns.items() if (point := points[minute]) is not None}, limit)
        for minute in range(minutes)
    )


@dataclass(frozen=True, slots=True)
class _Finder:
    """Looks for the one series of a pack that a name means."""

    pack: Pack
    signals: Mapping[str, str]
    dimensions: Mapping[str, str]

    def series(self, namespace: str, name: str) -> tuple[MetricKey, Series] | None:
        """The one series of that name; see `find`."""
        return find(self.pack, namespace, name, self.dimensions)

    def named(self, signal: str) -> tuple[MetricKey, Series] | None:
        """The series that the incident's file names for a signal; IncidentError where the pack does not hold it."""
        metric = self.signals.get(signal)
        if metric is None:
            return None
        namespace, name = metric.split()
        found = self.series(namespace, name)
        if found is None:
            raise IncidentError(f"signals.{signal} names {metric}, which the pack does not hold")
        return found

    def times(self, signal: str, known: Mapping[tuple[str, str], float], origins: dict[str, str]) -> Series | None:
        """The series of times for a signal, in seconds; None where the pack has none."""
        chosen = self.named(signal)
        if chosen is not None:
            found, scale = chosen, known.get((chosen[0].namespace, chosen[0].name), 1.0)
        else:
            there = ((self.series(*key), scale) for key, scale in known.items())
            first = next(((series, scale) for series, scale in there if series is not None), None)
            if first is None:
                return None
            found, scale = first
        key, series = found
        origins[signal] = str(key)
        counts = {"SampleCount"}
        return Series(
            {
                name: points if name in counts else tuple(None if p is None else p * scale for p in points)
                for name, points in series.statistics.items()
            }
        )


def _filled(points: Points) -> tuple[float, ...]:
    """The points with none for a minute in which CloudWatch had nothing to count."""
    return tuple(0.0 if point is None else point for point in points)


def _sum(key: MetricKey, series: Series) -> tuple[float, ...]:
    points = series.points("Sum")
    if points is None:
        raise IncidentError(f"{key} is in the pack without its Sum; ask for that statistic")
    return _filled(points)


def _counted(
    finder: _Finder, origins: dict[str, str], notes: list[str]
) -> tuple[tuple[float, ...], tuple[float, ...] | None]:
    asked, bad = finder.named("requests"), finder.named("failed")
    if asked is not None:
        origins["requests"] = str(asked[0])
        if bad is not None:
            origins["failed"] = str(bad[0])
        return _sum(*asked), _sum(*bad) if bad is not None else None
    candidates = [(source, finder.series(source.namespace, source.requests)) for source in SOURCES]
    there = [(source, found) for source, found in candidates if found is not None]
    if not there:
        wanted = ", ".join(f"{source.namespace} {source.requests}" for source in SOURCES)
        raise IncidentError(
            f"the pack does not say how many requests there were; add one of {wanted}, or name yours under [pack.signals]"
        )

    def parts(source: Source) -> list[tuple[MetricKey, Series]]:
        names = (*source.failed, *([source.rate] if source.rate else []))
        return [found for name in names if (found := finder.series(source.namespace, name)) is not None]

    # Of those that count requests, the nearest to the user that also counts errors; else the nearest.
    source, (key, series) = next(((s, f) for s, f in there if parts(s)), there[0])
    requests = _sum(key, series)
    origins["requests"] = str(key)
    errors = [bad] if bad is not None else parts(source)
    if not errors:
        notes.append(f"the pack holds no errors of {source.says}, so failed requests are not counted")
        return requests, None
    origins["failed"] = " + ".join(str(part) for part, _ in errors)
    if source.rate and bad is None:
        rate = errors[0][1].points("Average")
        if rate is None:
            raise IncidentError(f"{errors[0][0]} is in the pack without its Average; ask for that statistic")
        return requests, tuple(n * r / 100.0 for n, r in zip(requests, _filled(rate), strict=True))
    return requests, tuple(math.fsum(each) for each in zip(*(_sum(*part) for part in errors), strict=True))


def _users(
    finder: _Finder,
    requests: Sequence[float],
    poll_interval_s: float | None,
    origins: dict[str, str],
    notes: list[str],
) -> tuple[float, ...] | None:
    found = finder.named("users") or finder.series(*USERS)
    if found is not None:
        key, series = found
        points = series.points("Average")
        if points is None:
            raise IncidentError(f"{key} is in the pack without its Average; ask for that statistic")
        origins["users"] = str(key)
        return _filled(points)
    if poll_interval_s is not None:
        origins["users"] = f"requests a second × {poll_interval_s:g} s between two of a user"
        return tuple(count / 60.0 * poll_interval_s for count in requests)
    notes.append(
        "the pack does not say how many users there were, so user-minutes are not computed: "
        "give pack.poll_interval_s or pack.signals.users"
    )
    return None
