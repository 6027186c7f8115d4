"""Managed services that could push updates in place of a stack's own tier: what they cost, and what their quotas say.

No resource of a stack stands for one, so it is computed from the network's quantities: connections, what opens them, updates that
come in and deliveries that go out. The rest of the stack, and what leaves to the internet, stay as they are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any

import numpy as np

from analysis.demand import kinds, without_days
from analysis.demand.month import Month, Stretch
from analysis.facts import Limit, Price, limit
from analysis.network import Unit
from analysis.network.load import Rates
from analysis.premortem import Strain
from analysis.studies.study import Study, StudyError

LEAVES = "transfer.internet_out.gb"
"""The bytes to clients are the same, whoever sends them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a broker is asked for in each slice of a stretch; rates by the second."""

    connections: Rates
    opened: Rates
    published: Rates
    delivered: Rates
    bytes: Rates


@dataclass(frozen=True, slots=True)
class Quota:
    """A limit by name, what of it is asked for, and whether updates are lost where that is more."""

    limit: str
    title: str
    asked: Callable[[Asked], Rates]
    loses: bool = False


@dataclass(frozen=True, slots=True)
class Broker:
    """A managed service that publishes to subscribers: its quotas, and the SKUs of a million messages and connection minutes."""

    title: str
    messages: str
    minutes: str
    quotas: tuple[Quota, ...]


def _each(asked: Asked) -> Rates:
    rates: Rates = asked.delivered / np.maximum(asked.connections, 1.0)
    return rates


BROKERS: Mapping[str, Broker] = {
    "iot_core": Broker(
        "AWS IoT Core",
        "iot.million_messages",
        "iot.million_connection_minutes",
        (
            Quota("iot.connects_per_s", "new connections a second", lambda a: a.opened),
            Quota("iot.connections", "connections", lambda a: a.connections),
            Quota("iot.publishes_in_per_s", "messages in a second", lambda a: a.published, loses=True),
            Quota("iot.publishes_out_per_s", "messages out a second", lambda a: a.delivered, loses=True),
            Quota("iot.publishes_of_connection_per_s", "messages of a connection a second", _each, loses=True),
            Quota("iot.payload_bytes", "bytes of a message", lambda a: a.bytes, loses=True),
        ),
    ),
    "appsync_events": Broker(
        "AppSync Events",
        "appsync.million_operations",
        "appsync.million_connection_minutes",
        (
            Quota("appsync.connects_per_s", "new connections a second", lambda a: a.opened),
            Quota("appsync.events_in_per_s", "events in a second", lambda a: a.published, loses=True),
            Quota("appsync.events_out_per_s", "events out a second", lambda a: a.delivered, loses=True),
            Quota("appsync.payload_bytes", "bytes of an event", lambda a: a.bytes, loses=True),
        ),
    ),
}
"""The brokers by name. Every message in and out is metered by itself, as is every opening of a connection."""


def broker(name: str) -> Broker:
    """The broker of that name. Raises StudyError."""
    if name not in BROKERS:
        raise StudyError(f"there is no broker {name!r}; there are {', '.join(BROKERS)}")
    return BROKERS[name]


def rests_on(name: str, study: Study) -> list[Any]:
    """The facts that a broker's figures rest on: its quotas and its prices."""
    found = broker(name)
    prices = [study.book.prices.get(sku) for sku in (found.messages, found.minutes)]
    return [[limit(quota.limit) for quota in found.quotas], [one and [one.unit, one.tiers] for one in prices]]


def asked(month: Month, part: Stretch) -> Asked:
    """What a stretch of a month asks of whoever pushes: each update by itself, however the stack collects them."""

    def entering(unit: Unit) -> Rates:
        total: Rates = np.zeros_like(part.users)
        for one in part.traffic:
            if one.unit == unit:
                total = total + part.rate(one.enters, unit, of=one.name) * one.updates
        return total

    size = np.full_like(part.users, month.scenario.publisher["update_bytes"].at())
    return Asked(entering("connection"), entering("connect"), entering("record"), entering("delivery"), size)


def day(study: Study) -> Asked:
    """What the scenario's own hours ask for. Raises StudyError where nothing is pushed."""
    month = _month(study)
    found = asked(month, month.stretches[0])
    if not found.delivered.any():
        raise StudyError(f"nothing is sent over connections in {study.scenario.file}")
    return found


def _month(study: Study) -> Month:
    return Month(study.architecture, study.scenario, study.about, study.profile)


def shares(found: Broker, on: Asked) -> list[tuple[Quota, Limit, float]]:
    """Each quota with how much of it is asked for at worst."""
    known = [(quota, limit(quota.limit)) for quota in found.quotas]
    return [(quota, row, float(quota.asked(on).max()) / row.at()) for quota, row in known]


def passed(found: Broker, on: Asked) -> float:
    """The share of the updates that the quotas let through."""
    passes: Rates = np.ones_like(on.delivered)
    for quota in found.quotas:
        if quota.loses:
            passes = np.minimum(passes, limit(quota.limit).at() / np.maximum(quota.asked(on), 1e-9))
    return float((on.delivered * passes).sum() / on.delivered.sum())


def delivered(study: Study, found: Broker, _replaces: Sequence[str] = ()) -> float:
    """The share of the updates that the quotas let through over the hours; what comes before loses none here."""
    return passed(found, day(study))


def fullest(study: Study, found: Broker, replaces: Sequence[str]) -> tuple[str, float]:
    """The limit that is fullest at worst: of the stations that stay, or a quota of the broker."""

    def goes(strain: Strain) -> bool:
        return all(_matches(address, replaces) for address in strain.stations)

    kept = next((one for one in study.premortem.strained if not goes(one)), None)
    own = max(shares(found, day(study)), key=lambda one: one[2])
    worst = float(kept.load.max()) if kept else 0.0
    if kept is not None and worst >= own[2]:
        return f"{kept.limit.name} of {kept.kind}", worst
    return f"{own[0].title} of {found.title}", own[2]


def month_usd(study: Study, found: Broker, replaces: Sequence[str]) -> Decimal:
    """A month's bill without the lines of what the broker replaces, and with the broker's. Raises StudyError for no price."""
    month = _month(study)
    messages = minutes = 0.0
    for part in month.stretches:
        each = asked(month, part)
        messages += float(((each.published + each.delivered + each.opened) * part.hours * 3600.0).sum())
        minutes += float((each.connections * part.hours * 60.0).sum())
    price, by_minute = _price(study, found, found.messages), _price(study, found, found.minutes)
    metered = math.ceil(month.scenario.publisher["update_bytes"].at() / 1024.0 / price.tiers[0].attributes["chunk_kb"])
    total = price.cost(_millions(messages * metered)) + by_minute.cost(_millions(minutes))
    gone = [line for line in study.bill.line_items if _matches(line.address, replaces) and line.sku != LEAVES]
    if not gone:
        raise StudyError(f"the bill of {study.directory.name} has no line of {', '.join(replaces)}")
    return study.bill.total.usd - sum((line.cost or Decimal(0) for line in gone), Decimal(0)) + total


def _price(study: Study, found: Broker, sku: str) -> Price:
    price = study.book.prices.get(sku)
    if price is None:
        raise StudyError(f"the price book of {study.book.region} has no {sku}, so {found.title} has no price there")
    return price


def _millions(count: float) -> Decimal:
    return Decimal(repr(count)) / 10**6


def game_usd(study: Study, found: Broker, replaces: Sequence[str]) -> Decimal:
    """What one of the calendar's own days adds to the month."""
    kind = kinds(study.scenario)[0]
    without = replace(study, crowd=without_days(study.scenario, kind))
    more = month_usd(study, found, replaces) - month_usd(without, found, replaces)
    return more / Decimal(repr(kind.per_month))


def _matches(address: str, globs: Sequence[str]) -> bool:
    return any(fnmatchcase(address, glob.replace("[", "[[]")) for glob in globs)
