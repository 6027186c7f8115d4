"""What interrupts the streams of a stack, and how many viewers then see a stale score, for how long: a row for each of them.

A row says of a stack what an interruption is there: faults of a simulated night, a time in which nothing is passed on, other
lives of its streams. The night is run without dice at the low end, the value and the high end of what is assumed of it, each
against the same night without it. What the Terraform does not say, or no night can show, is refused with its reason.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from analysis.architecture import Resource
from analysis.facts import Level, limit
from analysis.network.load import LEVELS
from analysis.night import night_assumptions, run, stack_setup
from analysis.night.parameters import Setup, fault
from analysis.night.stale import Stale, stale
from analysis.night.sticky import spread
from analysis.night.stories import since
from analysis.studies.study import Study
from analysis.wiring.references import References
from analysis.wiring.tasks import REQUEST_TIMEOUT, in_seconds, task_of
from analysis.wiring.values import blocks, number

SETTLED = 0.01
"""It is over when fewer than this share of the viewers see a stale score because of it."""


class UnknownInterruptionError(ValueError):
    """An interruption that cannot be computed of a stack, with the reason."""


@dataclass(frozen=True)
class Interruption:
    """What happens to a night: faults, times in which nothing is passed on (minute, seconds), streams of another life.

    `values` are assumptions at another figure, of the night without the interruption too; `says` is what is taken for granted.
    """

    says: str = ""
    faults: tuple[str, ...] = ()
    silent: tuple[tuple[float, float], ...] = ()
    stream_life_s: float | None = None
    values: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """A stack with its night, the minute at which it is interrupted, and the end of what is assumed."""

    study: Study
    minute: float
    level: Level = "value"

    @cached_property
    def setup(self) -> Setup:
        """The night without an interruption."""
        return self.prepared(Interruption())

    @cached_property
    def references(self) -> References:
        """What refers to what in the stack."""
        return References(self.study.architecture)

    @property
    def service(self) -> Resource:
        """The service that holds the streams."""
        return self.study.architecture.by_address[self.setup.path.service.address]

    def prepared(self, what: Interruption) -> Setup:
        """The night with an interruption, without dice; pauses of clients and failovers are those of this end."""
        failover = {
            name: value.at(self.level) for name, value in night_assumptions().items() if name.startswith("failover_")
        }
        study = self.study
        made = stack_setup(
            study.architecture, study.scenario, study.about, profile=study.profile,
            faults=[fault(one) for one in what.faults], values={**study.values, **failover, **what.values},
        )  # fmt: skip
        pause_s = max(study.scenario.client["backoff_s"].at(self.level), 1.0)
        life_s = made.setting.stream_life_s if what.stream_life_s is None else what.stream_life_s
        setting = made.setting._replace(noise=False, stream_pause_s=pause_s, stream_life_s=life_s)
        return replace(made, setting=setting)

    def at(self, kind: str) -> str:
        """A fault of the night, at the minute."""
        return f"{kind}@{self.minute:g}"


def evening(_asked: Asked) -> Interruption:
    """Nothing but what the scenario has: streams end and are opened again."""
    return Interruption()


def deployment(asked: Asked) -> Interruption:
    """Every task is replaced once."""
    return Interruption(faults=(asked.at("deployment"),))


def lost(asked: Asked) -> Interruption:
    """Every stream is lost in one moment."""
    return Interruption(faults=(asked.at("disconnect"),))


def database(asked: Asked) -> Interruption:
    """The primary of the database fails over."""
    if asked.setup.path.database is None:
        raise UnknownInterruptionError("no database is behind the service")
    return Interruption(faults=(asked.at("database-failover"),))


def channel(asked: Asked) -> Interruption:
    """The primary of the cache fails over, by which an update comes from one task to the others."""
    cache = asked.setup.path.cache
    if cache is None:
        raise UnknownInterruptionError("no task names a cache by which it could learn of another's updates")
    group = asked.study.architecture.by_address[cache.address]
    if cache.nodes < 2 or not group.values.get("automatic_failover_enabled"):
        raise UnknownInterruptionError(
            f"{cache.address} has nothing to fail over to, and how long it is away is not known"
        )
    seconds = limit("redis.failover_s").at(asked.level)
    return Interruption("Nothing is passed on until a replica is the primary.", silent=((asked.minute, seconds),))


def zone(asked: Asked) -> Interruption:
    """A zone is lost, with the primaries of database and cache in it."""
    if asked.setup.path.service.zones < 2:
        raise UnknownInterruptionError("the tasks stand in one zone, and how long it is away is not known")
    fails_over = channel(asked) if asked.setup.path.cache is not None else Interruption()
    return Interruption(
        "The primaries of database and cache are taken to stand in the zone.",
        faults=(asked.at("zone-loss"),),
        silent=fails_over.silent,
    )


def rotation(asked: Asked) -> Interruption:
    """The database's password is changed while tasks hold the old one.

    PostgreSQL and MySQL ask for a password when a connection is opened, so connections that are open stay. At the high end every
    task has to open one at once, and nothing can be stored until tasks start that read the new password.
    """
    model = asked.study.architecture
    base = asked.setup.path.database
    if base is None:
        raise UnknownInterruptionError("no database is behind the service")
    managed = bool(model.by_address[base.address].values.get("manage_master_user_password"))
    definition = task_of(asked.references, asked.service).definition
    read = asked.references.referred(definition, "aws_secretsmanager_secret") if definition else ()
    rotated = [
        one
        for one in model.of_type("aws_secretsmanager_secret_rotation")
        for secret in asked.references.linked(one, "secret_id", "aws_secretsmanager_secret")
        if secret in read
    ]
    if not managed and not rotated:
        raise UnknownInterruptionError("nothing rotates a secret that the tasks read")
    high = asked.level == "high"
    if not _replaces(asked):
        rest_s = (asked.study.scenario.end_minute - asked.minute) * 60.0
        return Interruption(
            "Nothing replaces the tasks, which hold the old password until somebody does: at worst to the end of the hours.",
            silent=((asked.minute, rest_s),) if high else (),
        )
    start = "fargate.start_s"
    wait_s = 2.0 * limit("lambda.rotation_s").at(asked.level) + limit("events.cloudtrail_lag_s").at(asked.level)
    balancer = asked.setup.path.balancer
    checked_s = balancer.health_check.interval_s * balancer.health_check.healthy if balancer else 0.0
    whole_s = wait_s + limit(start).at(asked.level) + checked_s
    return Interruption(
        "A rule replaces the tasks. At best open connections outlast the rotation, at worst none does.",
        faults=(f"deployment@{asked.minute + wait_s / 60.0:.1f}",),
        silent=((asked.minute, whole_s),) if high else (),
    )


def _replaces(asked: Asked) -> bool:
    """Whether an event that says that a secret was rotated has a target."""
    rules = [
        one for one in asked.study.architecture.of_type("aws_cloudwatch_event_rule")
        if "RotationSucceeded" in str(one.values.get("event_pattern"))
    ]  # fmt: skip
    targets = asked.study.architecture.of_type("aws_cloudwatch_event_target")
    return any(rule in asked.references.linked(one, "rule", rule.type) for one in targets for rule in rules)


def request_timeout(asked: Asked) -> Interruption:
    """The program ends every request after a time, and a stream is one."""
    task = task_of(asked.references, asked.service)
    path = asked.study.scenario.connections[0].path
    for name, value in sorted(task.environment.items()):
        seconds = in_seconds(name, value, asked.study.about.units)
        if seconds is None or not REQUEST_TIMEOUT.search(name):
            continue
        if path in str(task.environment.get(f"{name}_EXEMPT", "")).split(","):
            raise UnknownInterruptionError(f"{name} of {seconds:g} s exempts {path}, so it ends no stream")
        life_s = min(seconds, asked.setup.setting.stream_life_s)
        return Interruption(f"{name} ends every stream after {seconds:g} s.", stream_life_s=life_s)
    raise UnknownInterruptionError("no variable of the task ends a request after a time")


def heartbeat(asked: Asked) -> Interruption:
    """A CDN on the way ends a stream on which it reads nothing for so long; where the stack has none, one with AWS's default."""
    path = asked.setup.path
    given = path.streams
    interval_s = in_seconds(given.name, given.value, asked.study.about.units) if given else None
    if interval_s is None:
        raise UnknownInterruptionError("no variable of the task says how often it sends a heartbeat")
    usual_s = limit("cloudfront.origin_read_timeout_s").at()
    edge = asked.study.architecture.by_address[path.edge.address] if path.edge else None
    origins = (
        [b for o in blocks(edge.values.get("origin")) for b in blocks(o.get("custom_origin_config"))] if edge else []
    )
    read_s = min((number(one.get("origin_read_timeout")) or usual_s for one in origins), default=usual_s)
    where = "The CDN" if edge is not None else "A CDN with the default"
    if interval_s < read_s:
        raise UnknownInterruptionError(f"a heartbeat comes every {interval_s:g} s, and the CDN waits {read_s:g} s")
    rare: Mapping[Level, Level] = {"low": "high", "value": "value", "high": "low"}
    updates = asked.study.scenario.publisher["updates_per_minute"].at(rare[asked.level])
    share = asked.study.scenario.connections[0].follows.at()
    per_s = cuts_per_s(interval_s, read_s, updates / 60.0 * share)
    return Interruption(
        f"{where} waits {read_s:g} s for a byte. At worst there are fewest updates; while they come each second, none is late.",
        stream_life_s=1.0 / (1.0 / asked.setup.setting.stream_life_s + per_s),
        values={"publisher.updates_per_minute": updates},
    )


def cuts_per_s(interval_s: float, timeout_s: float, updates_per_s: float) -> float:
    """How often in a second a timeout ends a stream that has a heartbeat every `interval_s` and Poisson updates between.

    Where the heartbeat comes sooner, never. Where both are equal, each heartbeat before which no update came is a toss of a coin:
    it arrives as often after the timeout as before. Where it comes later it is taken to save none, and a stream ends with the
    first gap as long as the timeout, which takes (exp(rate x timeout) - 1) / rate on average.
    """
    if interval_s < timeout_s:
        return 0.0
    idle = math.exp(-updates_per_s * timeout_s)
    if interval_s == timeout_s:
        return 0.5 * idle / interval_s
    return updates_per_s * idle / (1.0 - idle) if updates_per_s > 0 else 1.0 / timeout_s


QUIET = "Nothing goes wrong"
"""The night alone; every other row is what comes on top of it."""

CASES: Mapping[str, Callable[[Asked], Interruption]] = {
    QUIET: evening,
    "A deployment": deployment,
    "Every stream is lost at once": lost,
    "The database fails over": database,
    "The cache's primary fails over": channel,
    "A zone is lost": zone,
    "The database's password is rotated": rotation,
    "Requests have a timeout": request_timeout,
    "A heartbeat is as rare as the CDN's timeout": heartbeat,
}
"""Each interruption by what it is called; another is another row."""


@dataclass(frozen=True)
class Interrupted:
    """What an interruption does at a stack: who sees a stale score by it at each end of what is assumed, of `crowd` viewers.

    `over_s` is when fewer than `SETTLED` of them do, None where that is not before the end. `refused` says why there is no
    answer; `story` is what the night tells that the one without the interruption does not.
    """

    says: str = ""
    stale: Mapping[Level, Stale] = field(default_factory=dict)
    crowd: float = 0.0
    over_s: float | None = None
    refused: str = ""
    story: tuple[str, ...] = ()

    def viewers(self, level: Level = "value") -> float:
        """Who is affected: nobody counts twice who sees a stale score again, so at most everybody."""
        return min(self.stale[level].viewers, self.crowd)

    def each_s(self, level: Level = "value") -> float:
        """For how long each of them sees a stale score, in all."""
        affected = self.viewers(level)
        return 60.0 * self.stale[level].viewer_minutes / affected if affected >= 1.0 else 0.0


def interrupted(study: Study, case: str, minute: float) -> Interrupted:
    """What the interruption called `case` does at `minute`. LookupError for one that is not known."""
    if case not in CASES:
        raise LookupError(f"{case!r} is no interruption; there are {', '.join(CASES)}")
    if not study.scenario.connections:
        return Interrupted(refused="no client holds a stream open, so no update is sent to anybody")
    found: dict[Level, Stale] = {}
    says, over, crowd = "", None, 0.0
    told: tuple[str, ...] = ()
    for level in LEVELS:
        asked = Asked(study, minute, level)
        try:
            what = CASES[case](asked)
        except UnknownInterruptionError as error:
            return Interrupted(refused=str(error))
        night = run(asked.prepared(what))
        result = stale(night, what.silent)
        plain = run(asked.prepared(Interruption(values=what.values)))
        if case != QUIET:
            result = result.beyond(stale(plain))
        found[level] = result
        if level == "value":
            users = night.column("users")
            crowd, says = float(users.max()), what.says
            told = since(night, plain, minute if what.faults else night.setup.start_minute)
            first = round((minute - night.setup.start_minute) * 60.0)
            busy = (result.at_once > SETTLED * users).nonzero()[0]
            last = int(busy[-1]) + 1 if len(busy) else first
            over = None if last >= len(users) else max(0.0, float(last - first))
    return Interrupted(says, found, crowd, over, story=told)


@dataclass(frozen=True)
class Cookie:
    """What a cookie of the balancer does after a zone is lost: whose stream is refused though another task has room.

    `on` says whether the target group sets one. `most` are refused at once, `viewer_minutes` in all; `without` is that of none.
    """

    on: bool
    target_group: str
    most: float
    viewer_minutes: float
    without: float


def cookie(study: Study, minute: float) -> Cookie:
    """Sticky sessions on a night on which a zone is lost; of a stack without them, as they would be.

    Raises UnknownInterruptionError where no balancer is in front, one zone is all there is, or the cookie ends before a visit.
    """
    asked = Asked(study, minute)
    night = run(asked.prepared(zone(asked)))
    path, setting = night.setup.path, night.setup.setting
    if path.balancer is None:
        raise UnknownInterruptionError("no balancer is in front of the service")
    group = study.architecture.by_address[path.balancer.target_group]
    sticky = next(iter(blocks(group.values.get("stickiness"))), {})
    on = bool(sticky) and sticky.get("enabled") is not False
    visit_min = study.scenario.session["minutes"].at()
    lasts_s = number(sticky.get("cookie_duration"))
    if on and lasts_s is not None and lasts_s < 60.0 * visit_min:
        raise UnknownInterruptionError(
            f"the cookie ends after {lasts_s:g} s, within a visit, and where it leads then is not followed"
        )
    streams = night.per_minute("users").mean(axis=1) * setting.streams_per_user
    refused = [
        spread(
            night.per_minute("running").min(axis=1), streams, setting.streams_each,
            stream_min=setting.stream_life_s / 60.0, visit_min=visit_min, cookie=each,
        ).refused
        for each in (True, False)
    ]  # fmt: skip
    viewers = [one / setting.streams_per_user for one in refused]
    return Cookie(on, group.address, float(viewers[0].max()), float(viewers[0].sum()), float(viewers[1].sum()))


__all__ = [
    "CASES",
    "QUIET",
    "SETTLED",
    "Cookie",
    "Interrupted",
    "UnknownInterruptionError",
    "cookie",
    "cuts_per_s",
    "interrupted",
]
