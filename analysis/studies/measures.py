"""What can be measured of a stack, by name: a table from a measure to the function that computes it, with its inputs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

import numpy as np

from analysis.architecture import Unknown, Value
from analysis.capacity import ConnectionBudget, Polled, Range
from analysis.capacity.analytic import MOST_USERS
from analysis.capacity.queueing import Freshness, overload_response_s
from analysis.cost import TERMS, Estimate, Reservations, reservations
from analysis.demand.flows import flows
from analysis.demand.month import Month
from analysis.facts import FactError, Level, limit
from analysis.facts.prices import known_region
from analysis.network.load import LEVELS, loads
from analysis.premortem import Ages, Premortem, PremortemError, premortem
from analysis.studies import brokers
from analysis.studies.nights import StudiedNight
from analysis.studies.study import Study, StudyError
from analysis.units import HOURS_PER_MONTH, Given, number
from analysis.wiring.values import blocks

Arguments: TypeAlias = Mapping[str, Any]


class MeasureError(ValueError):
    """A measure that does not exist, lacks an argument, or has nothing to measure in this stack."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A value with its unit, the formula it came from, and what went into it. `value` is None where there is no limit."""

    value: Decimal | float | int | str | None
    unit: str
    formula: str
    inputs: tuple[Given, ...] = ()


@dataclass(frozen=True, slots=True)
class Measure:
    """How to compute one kind of figure. `needs` names the arguments it cannot do without, `takes` those it may be given."""

    title: str
    compute: Callable[[Study, Arguments], Measured]
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()


def measure(name: str, study: Study, arguments: Arguments) -> Measured:
    """The measure `name` of `study`. Raises MeasureError where the name or an argument is wrong."""
    if name not in MEASURES:
        raise MeasureError(f"there is no measure {name!r}; there are {', '.join(MEASURES)}")
    known = MEASURES[name]
    for argument in known.needs:
        if argument not in arguments:
            raise MeasureError(f"the measure {name} needs {argument!r}")
    for argument in arguments:
        if argument not in (*known.needs, *known.takes):
            raise MeasureError(f"the measure {name} takes no {argument!r}")
    return known.compute(study, arguments)


# ---- cost -------------------------------------------------------------------------------------------------------------------


def _services(bill: Estimate) -> tuple[Given, ...]:
    origin = f"price book of {bill.prices_as_of}; {bill.usage}"
    return tuple(Given(name, float(amount.usd), "USD/month", origin) for name, amount in bill.by_service().items())


def _month(study: Study, _: Arguments) -> Measured:
    return Measured(study.bill.total.usd, "USD", "sum of quantity × unit price over all lines", _services(study.bill))


def _idle_month(study: Study, _: Arguments) -> Measured:
    formula = "sum of quantity × unit price in a month without a game"
    return Measured(study.idle_bill.total.usd, "USD", formula, _services(study.idle_bill))


def _game(study: Study, _: Arguments) -> Measured:
    inputs = (
        Given("a month with games", float(study.bill.total.usd), "USD/month", study.bill.usage),
        Given("a month without", float(study.idle_bill.total.usd), "USD/month", study.idle_bill.usage),
        Given("games", float(study.games_per_month), "game/month", study.scenario.file),
    )
    return Measured(study.game.usd, "USD", "(a month with games − a month without) ÷ games", inputs)


def _season(study: Study, _: Arguments) -> Measured:
    months = study.scenario.calendar["season_months"].value
    inputs = (
        Given("a month with games", float(study.bill.total.usd), "USD/month", study.bill.usage),
        Given("months", float(months), "month", study.scenario.file),
    )
    return Measured(study.bill.total.usd * months, "USD", "a month with games × months of the season", inputs)


def _event(study: Study, arguments: Arguments) -> Measured:
    """The days of one kind that people call one event, or of all kinds; with the reserve where that is asked for."""
    calendar, kind = study.calendar, arguments.get("kind")
    chosen = [day for day in calendar.days if day.event_days > 1 and kind in (None, day.name)]
    if not chosen:
        known = ", ".join(day.name for day in calendar.days if day.event_days > 1) or "none"
        raise MeasureError(
            f"{study.scenario.file} has no event {kind or ''}; its events are {known}".replace("  ", " ")
        )
    share = calendar.reserve if _flag(arguments, "reserve") else Decimal(0)
    if _flag(arguments, "reserve") and not calendar.reserve:
        raise MeasureError(f"{study.scenario.file} has no calendar.reserve")
    inputs = tuple(
        Given(day.name, float(day.whole), "USD/day", f"{study.scenario.file}, {day.event_days:g} days")
        for day in chosen
    )
    kept = (Given("reserve", float(share), "share", study.scenario.file),) if share else ()
    total = sum((day.event for day in chosen), Decimal(0)) * (1 + share)
    return Measured(total, "USD", "days × (what such a day adds + 24 hours)", (*inputs, *kept))


def _flag(arguments: Arguments, name: str) -> bool:
    value = str(arguments.get(name, "no")).lower()
    if value not in {"yes", "no", "true", "false"}:
        raise MeasureError(f"{name} is yes or no, not {value!r}")
    return value in {"yes", "true"}


def _per_million(study: Study, _: Arguments) -> Measured:
    """What a million of the crowd's requests costs on the calendar's first kind of day, with all that stands there."""
    day, millions = study.calendar.days[0], _asked(study.premortem) / 1e6
    if not millions:
        raise MeasureError(f"nobody asks {study.directory.name} for anything in {study.scenario.file}")
    inputs = (
        Given(f"{day.name}, with its hours", float(day.whole), "USD/day", study.bill.usage),
        Given("requests of the crowd", millions, "million/day", study.scenario.file),
    )
    return Measured(
        day.whole / Decimal(repr(millions)), "USD", "a day with its hours ÷ its requests in millions", inputs
    )


def _lines(study: Study, formula: str, chosen: Callable[[Any], bool], what: str) -> Measured:
    lines = [item for item in study.bill.line_items if chosen(item)]
    if not lines:
        raise MeasureError(f"the bill of {study.directory.name} has no line for {what}")
    missing = [item for item in lines if item.cost is None]
    if missing:
        raise MeasureError(f"{missing[0].address}: {missing[0].component} has no quantity, so {what} has no cost")
    inputs = tuple(
        Given(f"{item.address}: {item.component}", float(item.cost or 0), "USD/month", f"{item.sku}, {item.source}")
        for item in lines
    )
    return Measured(sum((item.cost or Decimal(0) for item in lines), Decimal(0)), "USD", formula, inputs)


def _service_cost(study: Study, arguments: Arguments) -> Measured:
    wanted = str(arguments["service"])
    return _lines(study, "sum of the lines of this service", lambda item: item.service == wanted, wanted)


def _address_cost(study: Study, arguments: Arguments) -> Measured:
    wanted = str(arguments["address"])
    pattern = wanted.replace("[", "[[]")
    return _lines(study, "sum of the lines of these addresses", lambda item: fnmatchcase(item.address, pattern), wanted)


def _listed(study: Study, arguments: Arguments) -> Measured:
    quantities = arguments["quantities"]
    if not isinstance(quantities, Mapping) or not quantities:
        raise MeasureError("the measure cost.listed needs quantities by SKU")
    book = study.book.prices
    total, inputs = Decimal(0), []
    for sku, quantity in quantities.items():
        if sku not in book:
            raise MeasureError(f"the price book of {study.architecture.region} has no {sku}")
        amount = Decimal(str(quantity))
        total += book[sku].cost(amount)
        row = book[sku].tiers[0]
        inputs.append(Given(sku, float(amount), row.unit, f"{row.usd} USD each; {row.source}, {row.as_of}"))
    return Measured(total, "USD", "sum of quantity × unit price", tuple(inputs))


def _break_even(study: Study, arguments: Arguments) -> Measured:
    """How many times the listed quantities cost what a plan costs; their tiers count."""
    quantities, plan, book = arguments["quantities"], str(arguments["plan"]), study.book.prices
    if plan not in book:
        raise MeasureError(f"the price book of {study.architecture.region} has no {plan}")

    def cost(times: float) -> float:
        listed = {sku: float(quantity) * times for sku, quantity in quantities.items()}
        return float(str(_listed(study, {"quantities": listed}).value))

    once, most = _listed(study, {"quantities": quantities}), float(book[plan].cost(Decimal(1)))
    low, high = 0.0, 1.0
    while cost(high) < most:
        low, high = high, 2.0 * high
        if high > MOST_TIMES:
            raise MeasureError(f"no number of times what is listed costs as much as {plan}")
    for _ in range(60):
        middle = (low + high) / 2.0
        low, high = (middle, high) if cost(middle) < most else (low, middle)
    row = book[plan].tiers[0]
    inputs = (*once.inputs, Given(plan, most, "USD", f"{row.source}, {row.as_of}"))
    return Measured(
        high, str(arguments.get("unit", "")), "the quantity at which what is listed costs what the plan costs", inputs
    )


MOST_TIMES = 1e9


def _term(arguments: Arguments) -> str:
    term = str(arguments["term"])
    if term not in TERMS:
        raise MeasureError(f"term is {' or '.join(TERMS)}, not {term!r}")
    return term


def _reserved(study: Study, arguments: Arguments) -> tuple[Reservations, tuple[Given, ...]]:
    """What reservations of a term are worth, and their inputs: each rate, and each class that has none."""
    found = reservations(study.bill, study.book, _term(arguments))
    if not found.lines:
        raise MeasureError(
            f"the price book has no rate by which reserving anything of {study.directory.name} saves money"
        )
    rates = (
        Given(f"{line.count} x {line.line.address}", float(line.hourly), "USD/h", line.confidence)
        for line in found.lines
    )
    missing = (
        Given(sku, "no rate in the price book, so it stays on demand", "", "price book") for sku in found.without
    )
    return found, (*rates, *missing)


def _reserved_saving(study: Study, arguments: Arguments) -> Measured:
    found, inputs = _reserved(study, arguments)
    return Measured(found.saving, "USD", "sum of what reserved instances cost less than on demand, a month", inputs)


def _commitment(study: Study, arguments: Arguments) -> Measured:
    found, inputs = _reserved(study, arguments)
    hours = HOURS_PER_MONTH * 12 * int(_term(arguments).removesuffix("y"))
    total = sum((line.count * line.hourly for line in found.lines), Decimal(0)) * hours
    return Measured(total, "USD", "reserved instances x hourly rate x hours of the term, used or not", inputs)


def _unpriced(study: Study, _: Arguments) -> Measured:
    inputs = tuple(Given(gap.address, gap.reason, "", "price book") for gap in study.bill.unpriced)
    return Measured(len(inputs), "", "number of resources or components without a price", inputs)


# ---- capacity ---------------------------------------------------------------------------------------------------------------


def _level(arguments: Arguments) -> Level:
    for level in LEVELS:
        if level == arguments.get("level", "value"):
            return level
    raise MeasureError(f"level is low, value or high, not {arguments['level']!r}")


def _at_level(figure: Range, arguments: Arguments) -> float | None:
    found: float | None = getattr(figure, _level(arguments))
    return found


def _held(study: Study, arguments: Arguments) -> Measured:
    capacity = study.capacity
    holding = capacity.at_most if arguments.get("scaled_out") else capacity.at_start
    inputs = (holding.tasks, capacity.poll_interval, *(_inputs_of(study, holding.bottleneck)))
    formula = f"the number of users at which the {holding.bottleneck} is asked for all it can do"
    return Measured(_at_level(holding.users, arguments), "user", formula, inputs)


def _inputs_of(study: Study, station: str) -> tuple[Given, ...]:
    try:
        return study.capacity.station(station).inputs
    except LookupError:
        return ()


def _bottleneck(study: Study, arguments: Arguments) -> Measured:
    holding = study.capacity.at_most if arguments.get("scaled_out") else study.capacity.at_start
    return Measured(holding.bottleneck, "", "the station that saturates first", _inputs_of(study, holding.bottleneck))


def _tasks(study: Study, arguments: Arguments) -> Measured:
    capacity = study.capacity
    tasks = (capacity.at_most if arguments.get("scaled_out") else capacity.at_start).tasks
    return Measured(int(tasks.value), "task", "the lowest minimum that holds at a kick-off", (tasks,))


def _station(
    compute: Callable[[Any, Arguments], tuple[float | None, str, str]],
) -> Callable[[Study, Arguments], Measured]:
    def measured(study: Study, arguments: Arguments) -> Measured:
        try:
            station = study.capacity.station(str(arguments["station"]))
        except LookupError as error:
            raise MeasureError(str(error)) from None
        value, unit, formula = compute(station, arguments)
        users = Given("users", study.capacity.users, "user", study.scenario.file)
        return Measured(value, unit, formula, (users, *station.inputs))

    return measured


def _input(study: Study, arguments: Arguments) -> Measured:
    wanted = str(arguments["input"])
    inputs = _inputs_of(study, str(arguments["station"]))
    for given in inputs:
        if given.name == wanted:
            value = str(given.value).lower() if isinstance(given.value, bool) else given.value
            return Measured(value, given.unit, "as it goes into the formula of the station", (given,))
    known = ", ".join(given.name for given in inputs) or "none"
    raise MeasureError(f"the {arguments['station']} of {study.directory.name} has no input {wanted!r}; it has {known}")


def _response(study: Study, _: Arguments) -> Measured:
    service = study.capacity.station("service")
    capacity = service.capacity_per_s.value
    if capacity is None:
        raise MeasureError("the service has no known capacity, so overload has no response time")
    users = study.capacity.users
    inputs = (
        Given("users", users, "user", study.scenario.file),
        study.capacity.poll_interval,
        Given(
            "requests that reach the service", service.offered_per_s, "req/s", "what the caches before it let through"
        ),
        Given("service capacity", capacity, "req/s", service.formula),
    )
    # A user whose polls the edge answers asks the service that much less often.
    think_s = users / service.offered_per_s if service.offered_per_s > 0 else float("inf")
    value = overload_response_s(float(users), think_s, capacity) if users and think_s < float("inf") else 0.0
    return Measured(value, "s", "users ÷ service capacity − users ÷ requests that reach it", inputs)


def _polling(study: Study) -> Polled:
    """What is known where one service is polled; MeasureError where that is not so."""
    try:
        return study.capacity.polling
    except LookupError as error:
        raise MeasureError(str(error)) from None


def _until_killed(study: Study, _: Arguments) -> Measured:
    """The crowd at which the queue alone makes a health check time out, so that the balancer takes busy tasks for dead ones."""
    balancer = _polling(study).path.balancer
    if balancer is None:
        raise MeasureError(f"{study.directory.name} has no load balancer, so there is no health check")
    service = study.capacity.station("service")
    capacity = service.capacity_per_s.value
    if capacity is None:
        raise MeasureError("the service has no known capacity, so there is no queue to compute")
    timeout_s = balancer.health_check.timeout_s

    def timed_out(users: float) -> bool:
        reaching = flows(_polling(study).path, study.scenario, users).service_per_s
        return reaching > 0 and overload_response_s(users, users / reaching, capacity) >= timeout_s

    low, high = 0.0, float(MOST_USERS)
    for _step in range(60 if timed_out(high) else 0):
        middle = (low + high) / 2
        low, high = (low, middle) if timed_out(middle) else (middle, high)
    inputs = (
        Given("timeout of the health check", timeout_s, "s", balancer.target_group),
        Given("service capacity", capacity, "req/s", service.formula),
        study.capacity.poll_interval,
    )
    formula = "users at which users ÷ service capacity − poll interval ÷ share that passes the edge = timeout of the health check"
    return Measured(low or None, "user", formula, inputs)


def _patience(study: Study, _: Arguments) -> Measured:
    balancer = _polling(study).path.balancer
    if balancer is None:
        raise MeasureError(f"{study.directory.name} has no load balancer, so there is no health check")
    check = balancer.health_check
    origin = balancer.target_group
    inputs = (
        Given("interval", check.interval_s, "s", origin),
        Given("timeout", check.timeout_s, "s", origin),
        Given("failures", check.unhealthy, "check", origin),
    )
    seconds = (check.unhealthy - 1) * check.interval_s + check.timeout_s
    return Measured(seconds, "s", "(failures − 1) × interval + timeout", inputs)


def _connections(
    compute: Callable[[ConnectionBudget, Arguments], tuple[Any, str]],
) -> Callable[[Study, Arguments], Measured]:
    def measured(study: Study, arguments: Arguments) -> Measured:
        budget = study.capacity.connections
        if budget is None:
            raise MeasureError(f"{study.directory.name} has no database, so there is no budget of connections")
        value, unit = compute(budget, arguments)
        inputs = (budget.per_task, budget.tasks, budget.maximum_percent)
        return Measured(value, unit, budget.formula, inputs)

    return measured


def _ages(study: Study) -> Ages:
    """How old an update is where a group of instances answers; MeasureError where that is not known either."""
    found = study.premortem
    if found.ages is None:
        raise MeasureError(found.unfollowed)
    return found.ages


def _age(study: Study, share: float) -> float:
    return _fresh(study).percentile_s(share)


def _fresh(study: Study) -> Freshness:
    """The age of an update: of the service that is polled, or of the group of instances."""
    return study.capacity.polled.freshness if study.capacity.polled is not None else _ages(study).freshness


def _freshness(compute: Callable[[Study], tuple[float, str]]) -> Callable[[Study, Arguments], Measured]:
    def measured(study: Study, _: Arguments) -> Measured:
        value, unit = compute(study)
        if study.capacity.polled is None:
            inputs = tuple(Given(one.name, one.seconds, "s", one.origin) for one in _ages(study).delays)
            return Measured(
                value, unit, "what is fixed + uniform delays of batch, poll and every cache on the way", inputs
            )
        waits = study.capacity.polled.freshness
        inputs = (
            Given("wait", waits.wait_s, "s", "response time of the path"),
            *(Given(f"delay {i}", span, "s", "uniform from zero") for i, span in enumerate(waits.spans_s, 1)),
            study.capacity.poll_interval,
        )
        return Measured(value, unit, "wait + uniform delays of the poll and of every cache on the path", inputs)

    return measured


# ---- the simulated night ----------------------------------------------------------------------------------------------------


def _night(study: Study, arguments: Arguments) -> StudiedNight:
    from analysis.night import NightError  # noqa: PLC0415 (pulls in the compiler)

    seed, faults = arguments.get("seed", 1), arguments.get("faults", ())
    if isinstance(seed, bool) or not isinstance(seed, int | float) or seed < 0 or seed != int(seed):
        raise MeasureError(f"the seed of a night is a whole number from 0 on, not {seed!r}")
    if isinstance(faults, str):
        faults = faults.split()
    if not isinstance(faults, list | tuple) or not all(isinstance(fault, str) for fault in faults):
        raise MeasureError(f"faults are texts such as zone-loss@104, not {faults!r}")
    try:
        return study.night(int(seed), faults)
    except NightError as error:
        raise MeasureError(str(error)) from None


def _simulated(
    compute: Callable[[StudiedNight], float], unit: str, formula: str
) -> Callable[[Study, Arguments], Measured]:
    def measured(study: Study, arguments: Arguments) -> Measured:
        return Measured(compute(_night(study, arguments)), unit, formula, _rests(study, arguments))

    return measured


def _rests(study: Study, arguments: Arguments) -> tuple[Given, ...]:
    """What a simulated figure rests on: crowd, seed, faults, and every assumption."""
    found = _night(study, arguments)
    setup, faults = found.night.setup, arguments.get("faults", ())
    words = faults if isinstance(faults, str) else " ".join(faults)
    return (
        Given("users at the peak", float(setup.users.max()), "user", study.scenario.file),
        Given("seed", found.night.seed, "", "simulated"),
        *([Given("faults", words, "", "simulated")] if words else []),
        *(Given(a.name, float(a.value), a.unit, a.source or a.reason) for a in setup.assumptions),
    )


def _highest(station: str, metric: str, statistic: str) -> Callable[[StudiedNight], float]:
    def highest(found: StudiedNight) -> float:
        column = found.night.series[station, metric].values[statistic]
        return float(np.nanmax(column)) if not np.isnan(column).all() else math.inf

    return highest


def _failed(found: StudiedNight) -> float:
    setup = found.night.setup
    return found.night.errors(setup.start_minute, setup.start_minute + setup.minutes)


def _lead(study: Study, arguments: Arguments) -> Measured:
    """Of the first page, or of one alarm; infinite where no user is affected, minus infinity where nobody is paged."""
    found, alarm = _night(study, arguments), arguments.get("alarm")
    lead_s = found.lead_s
    if alarm is not None:
        if found.report is None:
            raise MeasureError(f"the night of {study.directory.name} publishes nothing that an alarm watches")
        try:
            lead_s = found.report[str(alarm)].lead_s
        except LookupError:
            raise MeasureError(f"{study.directory.name} has no alarm {alarm!r}") from None
    value = math.inf if found.harm is None else -math.inf if lead_s is None else lead_s
    who = alarm or "first page that announces it"
    return Measured(
        value,
        "s of warning",
        f"back-tested on the simulated night: first minute with users affected − {who}",
        _rests(study, arguments),
    )


# ---- the pre-mortem ---------------------------------------------------------------------------------------------------------


def _delivered(study: Study, _: Arguments) -> Measured:
    """Of all updates that connections should have got over the scenario's hours, the share that was sent."""
    sent = [course for course in study.premortem.courses if course.unit == "delivery"]
    asked = sum(float(course.come.sum()) for course in sent)
    if not asked:
        raise MeasureError(f"nothing is sent over connections in {study.scenario.file}")
    lost = sum(float((course.come * course.fails).sum()) for course in sent)
    formula = "pre-mortem: what is sent over connections ÷ what should be, over the scenario's hours"
    return Measured(1.0 - lost / asked, "share", formula, _hours(study))


def _fullest(study: Study, _: Arguments) -> Measured:
    """The limit that is fullest at worst, over the hours, with what scaling adds."""
    strain = study.premortem.strained[0]
    load = float(strain.load.max())
    text = f"{strain.limit.name} of {strain.kind}: {'without end' if math.isinf(load) else f'{load:.0%}'}"
    return Measured(text, "", "pre-mortem: the limit that is fullest at worst, with what is tried again", _hours(study))


# ---- a managed service in place of the stack's own tier ----------------------------------------------------------------------


def _brokered(
    unit: str, formula: str, compute: Callable[[Study, brokers.Broker, list[str]], Decimal | float | str]
) -> Callable[[Study, Arguments], Measured]:
    """A figure of the stack with a broker in place of the addresses that it `replaces`; its quotas are the inputs."""

    def measured(study: Study, arguments: Arguments) -> Measured:
        replaces = arguments["replaces"]
        try:
            found = brokers.broker(str(arguments["broker"]))
            value = compute(study, found, [replaces] if isinstance(replaces, str) else list(replaces))
            shares = brokers.shares(found, brokers.day(study))
        except StudyError as error:
            raise MeasureError(str(error)) from None
        inputs = (Given(f"{quota.title}, of the quota", share, "share", row.origin) for quota, row, share in shares)
        return Measured(value, unit, formula, (*inputs, *_hours(study)))

    return measured


def _fullest_with(study: Study, found: brokers.Broker, replaces: list[str]) -> str:
    text, load = brokers.fullest(study, found, replaces)
    return f"{text}: {load:.0%}"


def _took(share: float | None) -> Callable[[Study, Arguments], Measured]:
    """The time of an answer in the step in which answers take longest: the mean, or what a share of them does not exceed."""

    def measured(study: Study, arguments: Arguments) -> Measured:
        found = _with_faults(study, arguments)
        if found.answers is None:
            raise MeasureError(found.unfollowed)
        worst = found.answers.worst
        value = float(found.answers.mean_s[worst]) if share is None else found.answers.percentile_s(share, worst)
        busy = (
            Given(f"utilisation of {stage.address}", float(stage.utilisation[worst]), "share", "pre-mortem")
            for stage in found.answers.stages
        )
        inputs = (Given("minute", float(found.minutes[worst]), "min", study.scenario.file), *busy, *_hours(study))
        return Measured(
            value, "s", "M/M/c at each machine of program, shared cache and database, in the worst step", inputs
        )

    return measured


def _pushed(share: float) -> Callable[[Study, Arguments], Measured]:
    """The time from ingestion to a client's socket that a share of the updates do not exceed, at the slowest moment.

    Of one `feed` it is the time from what happened.
    """

    def measured(study: Study, arguments: Arguments) -> Measured:
        found = _with_faults(study, arguments)
        if found.pushes is None:
            raise MeasureError(found.unpushed)
        ways, feed = found.pushes, arguments.get("feed")
        if feed is not None:
            if feed not in ways.feeds:
                known = ", ".join(ways.feeds) or "none"
                raise MeasureError(
                    f"{feed} is no feed of {study.scenario.file} whose lag_s is said; those are: {known}"
                )
            ways = ways.of(str(feed))
        level, worst = _level(arguments), ways.worst
        (value,) = ways.percentiles_s((share,), worst, level)
        each = (
            Given(f"{hop.name}, mean", hop.mean_s(worst, level), "s", hop.address or "assumed") for hop in ways.hops
        )
        inputs = (Given("minute", float(found.minutes[worst]), "min", study.scenario.file), *each, *_hours(study))
        return Measured(value, "s", "the steps of an update folded, at the slowest moment", inputs)

    return measured


def _with_faults(study: Study, arguments: Arguments) -> Premortem:
    """The scenario's hours, with faults written one after the other where some are given."""
    words = str(arguments.get("faults", "")).split()
    if not words:
        return study.premortem
    try:
        return premortem(study.architecture, study.scenario, study.about, profile=study.profile, faults=words)
    except PremortemError as error:
        raise MeasureError(str(error)) from None


def _asked(found: Premortem) -> float:
    """Requests of the crowd over the hours."""
    return (
        sum(float(course.come.sum()) for course in found.courses if course.polled and course.unit == "request")
        * found.step_s
    )


def _lost(found: Premortem) -> float:
    """Those of them that fail after all attempts."""
    polls = (course for course in found.courses if course.polled and course.unit == "request")
    return sum(float((course.come * course.fails).sum()) for course in polls) * found.step_s


def _event_days(study: Study) -> float:
    days = study.scenario.calendar.get("event_days")
    if days is None:
        raise MeasureError(f"{study.scenario.file} has no calendar.event_days, so it is not known over how many days")
    return days.at()


def _answered(study: Study, arguments: Arguments) -> Measured:
    """Over the days of the event: one day with the faults, the others without."""
    days, plain, worse = _event_days(study), study.premortem, _with_faults(study, arguments)
    if not _asked(plain):
        raise MeasureError(f"nobody asks {study.directory.name} for anything in {study.scenario.file}")
    inputs = (
        Given("requests of a day", _asked(plain), "request", study.scenario.file),
        Given("fail on a day", _lost(plain), "request", "pre-mortem"),
        *(
            [Given("fail on the day with the faults", _lost(worse), "request", "pre-mortem")]
            if worse is not plain
            else []
        ),
        Given("days", days, "day", study.scenario.file),
    )
    share = 1.0 - (_lost(worse) + (days - 1.0) * _lost(plain)) / (days * _asked(plain))
    return Measured(share, "share", "1 − what fails on all days ÷ what is asked for, one day with the faults", inputs)


def _allowed(study: Study, arguments: Arguments) -> Measured:
    """The minutes of the event's days that an objective leaves for failing."""
    target = arguments["target"]
    if isinstance(target, bool) or not isinstance(target, int | float | Decimal) or not 0 <= target <= 1:
        raise MeasureError(f"an objective is a share from 0 to 1, not {target!r}")
    days = _event_days(study)
    inputs = (Given("objective", float(target), "share", "asked for"), Given("days", days, "day", study.scenario.file))
    return Measured((1.0 - float(target)) * days * 1440.0, "min", "(1 − objective) × days × 1,440 minutes", inputs)


AGREEMENTS: Mapping[str, str] = {
    "aws_api_gateway_rest_api": "apigateway.sla",
    "aws_apigatewayv2_api": "apigateway.sla",
    "aws_dynamodb_table": "dynamodb.sla",
    "aws_ecs_service": "fargate.sla",
    "aws_elasticache_replication_group": "elasticache.sla",
    "aws_kinesis_stream": "kinesis.sla",
    "aws_lambda_function": "lambda.sla",
    "aws_lb": "elb.sla",
}
"""The limit that holds what AWS promises for each resource type on a way of load."""

GLOBAL: Mapping[str, str] = {"dynamodb.sla": "dynamodb.global.sla"}
"""What AWS promises instead where every table on the way has replicas in other regions."""

ASIDE = frozenset({"bucket", "delivery"})
"""Stations that keep a copy, for which no client waits."""


def _promised(study: Study, arguments: Arguments) -> Measured:
    """What AWS's agreements promise together for the services on the way: of all traffic, or of that which `of` names."""
    wanted = str(arguments.get("of", "")).split()
    month = Month(study.architecture, study.scenario, study.about, study.profile)
    known = {one.name: one for one in month.traffic}
    if unknown := [name for name in wanted if name not in known]:
        raise MeasureError(f"{study.scenario.file} has no traffic {unknown[0]!r}; there are {', '.join(known)}")
    chosen = [known[name] for name in wanted] or list(month.traffic)
    reached = {address for one in chosen for address in loads(month.network, [one], 1.0)}
    types = {
        study.architecture.by_address[address].type
        for address in reached
        if month.network.stations[address].kind not in ASIDE
    }
    if missing := sorted(types - AGREEMENTS.keys()):
        raise MeasureError(f"what AWS promises for {missing[0]} is not among the facts")
    tables = study.architecture.of_type("aws_dynamodb_table")
    names = sorted({AGREEMENTS[one] for one in types})
    if all(blocks(table.values.get("replica")) for table in tables if table.address in reached):
        names = [GLOBAL.get(name, name) for name in names]
    rows = [limit(name) for name in names]
    inputs = tuple(Given(row.name, float(row.value), row.unit, row.origin) for row in rows)
    share = math.prod(row.value / 100 for row in rows)
    return Measured(share, "uptime", "product of what AWS promises for each service on the way, each once", inputs)


def _lacking(study: Study, arguments: Arguments) -> Measured:
    """What the lines of a month cost here whose price the book of another region lacks."""
    try:
        region = known_region(str(arguments["region"]))
    except FactError as error:
        raise MeasureError(str(error)) from None
    here, there = study.book.prices, study.book.of(region).prices
    lines = [line for line in study.bill.line_items if line.sku in here and line.sku not in there]
    by_sku: dict[str, Decimal] = {}
    for line in lines:
        by_sku[line.sku] = by_sku.get(line.sku, Decimal(0)) + (line.cost or Decimal(0))
    inputs = tuple(
        Given(sku, float(usd), "USD/month", f"no price in {region} within reach") for sku, usd in by_sku.items()
    )
    return Measured(sum(by_sku.values(), Decimal(0)), "USD", f"sum of the lines without a price in {region}", inputs)


def _hours(study: Study) -> tuple[Given, ...]:
    found = study.premortem
    users = Given("users at the peak", float(found.users.max()), "user", study.scenario.file)
    return (users, Given("minutes", len(found.minutes) * found.step_s / 60.0, "min", study.scenario.file))


# ---- Terraform and facts ----------------------------------------------------------------------------------------------------


def _plain(value: Value, what: str) -> float | int | str:
    if isinstance(value, Unknown):
        raise MeasureError(f"{what} is known only after apply ({value.reference})")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | str):
        return value
    raise MeasureError(f"{what} is {'not set' if value is None else 'not a single value'}")


def _walked(value: Value, steps: list[str]) -> Iterator[Value]:
    for step in steps:
        if isinstance(value, Mapping) and step in value:
            value = value[step]
        elif isinstance(value, tuple) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return
    yield value


def _attribute(study: Study, arguments: Arguments) -> Measured:
    address, path = str(arguments["address"]), str(arguments["attribute"])
    resource = study.architecture.by_address.get(address)
    if resource is None:
        raise MeasureError(f"{study.directory.name} has no resource {address}")
    first, *rest = path.split(".")
    if first in resource.sensitive:
        raise MeasureError(f"{address}.{path} is sensitive and is not printed")
    for value in _walked(resource.values, [first, *rest]):
        plain = _plain(value, f"{address}.{path}")
        unit = str(arguments.get("unit", ""))
        origin = Given(f"{address}.{path}", plain, unit, _place(study, resource.location(first)))
        return Measured(plain, unit, "as written in the Terraform", (origin,))
    raise MeasureError(f"{address} has no {path}")


def _place(study: Study, location: Any) -> str:
    return f"{location.file}:{location.line}" if location.file else study.directory.name


def _count(study: Study, arguments: Arguments) -> Measured:
    kind = arguments.get("type")
    found = [r for r in study.architecture.resources if kind is None or fnmatchcase(r.type, str(kind))]
    inputs = tuple(Given(r.address, 1, "resource", _place(study, r.defined_at)) for r in found) if kind else ()
    return Measured(len(found), "", "number of resources", inputs)


def _variable(study: Study, arguments: Arguments) -> Measured:
    first, *rest = str(arguments["variable"]).split(".")
    variable = study.architecture.variables.get(first)
    if variable is None:
        raise MeasureError(f"{study.directory.name} has no variable {first}")
    if variable.sensitive:
        raise MeasureError(f"the variable {first} is sensitive and is not printed")
    for value in _walked(variable.value, rest):
        plain = _plain(value, f"var.{arguments['variable']}")
        unit = str(arguments.get("unit", ""))
        origin = Given(f"var.{arguments['variable']}", plain, unit, _place(study, variable.declared_at))
        return Measured(plain, unit, "the variable's value", (origin,))
    raise MeasureError(f"var.{first} has no {'.'.join(rest)}")


def _limit(_study: Study, arguments: Arguments) -> Measured:
    try:
        fact = limit(str(arguments["limit"]))
    except LookupError as error:
        raise MeasureError(str(error)) from None
    value = float(getattr(fact, _level(arguments)))
    return Measured(value, fact.unit, "as published", (Given(fact.name, value, fact.unit, fact.origin),))


def _assumption(study: Study, arguments: Arguments) -> Measured:
    known = {a.name: a for a in study.scenario.assumptions}
    wanted = str(arguments["assumption"])
    if wanted not in known:
        raise MeasureError(f"{study.scenario.file} has no assumption {wanted!r}; it has {', '.join(known)}")
    found = known[wanted]
    value = getattr(found, _level(arguments))
    origin = found.source or found.reason
    return Measured(value, found.unit, "assumed", (Given(wanted, float(value), found.unit, f"{found.file}: {origin}"),))


def _peak(study: Study, _: Arguments) -> Measured:
    found = study.scenario.peak_users
    origin = f"{found.file}: {found.source or found.reason}"
    users = study.capacity.users
    return Measured(users, found.unit, "the scenario's peak", (Given(found.name, users, found.unit, origin),))


def _price(study: Study, arguments: Arguments) -> Measured:
    book = study.book
    rows = [row for row in book.rows if row.sku == arguments["sku"]]
    if not rows:
        raise MeasureError(f"the price book of {study.architecture.region} has no {arguments['sku']}")
    row = rows[0]
    formula = f"unit price per {row.unit}"
    return Measured(row.usd, "USD", formula, (Given(row.sku, number(row.usd), "USD", f"{row.source}, {row.as_of}"),))


NIGHT = ("seed", "faults")
"""What a measure of a simulated night may be given: the seed of its dice (1), and faults such as `zone-loss@104`."""

BROKERED = ("broker", "replaces")

MEASURES: Mapping[str, Measure] = {
    "cost.month": Measure("A month with its games", _month),
    "cost.idle_month": Measure("A month without a game", _idle_month),
    "cost.game": Measure("What one game adds", _game),
    "cost.season": Measure("A season", _season),
    "cost.event": Measure("The days of an event", _event, takes=("kind", "reserve")),
    "cost.per_million": Measure("A million requests of the crowd", _per_million),
    "cost.service": Measure("A month, one service", _service_cost, needs=("service",)),
    "cost.address": Measure("A month, some addresses", _address_cost, needs=("address",)),
    "cost.listed": Measure("Price of listed quantities", _listed, needs=("quantities",)),
    "cost.break_even": Measure(
        "Where listed quantities cost what a plan costs", _break_even, needs=("quantities", "plan"), takes=("unit",)
    ),
    "cost.reserved_saving": Measure("Saved a month by reservations", _reserved_saving, needs=("term",)),
    "cost.commitment": Measure("What a reservation obliges to pay", _commitment, needs=("term",)),
    "cost.unpriced": Measure("Without a price", _unpriced),
    "cost.lacking": Measure("Without a price in another region, at this one's", _lacking, needs=("region",)),
    "capacity.users_held": Measure("Users held", _held, takes=("level", "scaled_out")),
    "capacity.tasks": Measure("Tasks at kick-off", _tasks, takes=("scaled_out",)),
    "capacity.bottleneck": Measure("First bottleneck", _bottleneck, takes=("scaled_out",)),
    "capacity.offered": Measure(
        "Load offered to a station",
        _station(lambda s, _: (s.offered_per_s, "req/s", "requests that reach it")),
        ("station",),
    ),
    "capacity.capacity": Measure(
        "What a station can do",
        _station(lambda s, a: (_at_level(s.capacity_per_s, a), "req/s", s.formula)),
        needs=("station",),
        takes=("level",),
    ),
    "capacity.utilisation": Measure(
        "Utilisation of a station",
        _station(lambda s, _: (s.utilisation, "share", f"offered load ÷ capacity; {s.formula}")),
        needs=("station",),
    ),
    "capacity.input": Measure("What goes into a station's formula", _input, needs=("station", "input")),
    "capacity.overload_response": Measure("Response time beyond the knee", _response),
    "health.users_until_killed": Measure("Users at which busy tasks are killed", _until_killed),
    "health.patience": Measure("From the first failed check to the verdict", _patience),
    "connections.per_task": Measure(
        "Connections of a task", _connections(lambda b, _: (b.per_task.value, "connection"))
    ),
    "connections.claimed": Measure("Connections claimed", _connections(lambda b, _: (b.claimed, "connection"))),
    "connections.deploying": Measure(
        "Connections claimed while deploying", _connections(lambda b, _: (b.claimed_deploying, "connection"))
    ),
    "connections.accepted": Measure(
        "Connections accepted", _connections(lambda b, a: (_at_level(b.accepted, a), "connection")), takes=("level",)
    ),
    "connections.verdict": Measure("Verdict on the connections", _connections(lambda b, _: (b.verdict, ""))),
    "freshness.p50": Measure("Age of an update, median", _freshness(lambda s: (_age(s, 0.5), "s"))),
    "freshness.p95": Measure("Age of an update, 95th percentile", _freshness(lambda s: (_age(s, 0.95), "s"))),
    "freshness.worst": Measure("Age of an update, at worst", _freshness(lambda s: (_fresh(s).worst_s, "s"))),
    "freshness.share": Measure(
        "Updates in time", _freshness(lambda s: (_fresh(s).within(s.scenario.freshness_target_s.at()), "share"))
    ),
    "night.p99": Measure(
        "Answer time, p99, worst minute",
        _simulated(_highest("user", "Latency", "p99"), "s", "simulated: the highest p99 of a minute"),
        takes=NIGHT,
    ),
    "night.age_p95": Measure(
        "Age of an update, worst minute",
        _simulated(_highest("user", "Age", "p95"), "s", "simulated: the highest p95 of a minute"),
        takes=NIGHT,
    ),
    "night.errors": Measure(
        "Requests that fail",
        _simulated(_failed, "share", "simulated: failed requests of the night ÷ all"),
        takes=NIGHT,
    ),
    "night.harm": Measure(
        "Minutes with users affected",
        _simulated(
            lambda n: float(len(n.harms)),
            "min",
            "simulated: minutes in which too many requests fail or updates are late",
        ),
        takes=NIGHT,
    ),
    "alarms.lead": Measure("Lead of the first page over user impact", _lead, takes=(*NIGHT, "alarm")),
    "response.mean": Measure("Response time, mean, worst minute", _took(None), takes=("faults",)),
    "response.p95": Measure("Response time, 95th percentile, worst minute", _took(0.95), takes=("faults",)),
    "response.p99": Measure("Response time, 99th percentile, worst minute", _took(0.99), takes=("faults",)),
    "push.p50": Measure("From ingestion to push, median", _pushed(0.5), takes=("faults", "level")),
    "push.p95": Measure("From ingestion to push, 95th percentile", _pushed(0.95), takes=("faults", "level")),
    "push.p99": Measure("From ingestion to push, 99th percentile", _pushed(0.99), takes=("faults", "level")),
    "push.age.p95": Measure(
        "Age of a feed's update when it is pushed, 95th percentile",
        _pushed(0.95),
        needs=("feed",),
        takes=("faults", "level"),
    ),
    "availability.event": Measure("Requests answered over the event", _answered, takes=("faults",)),
    "availability.promised": Measure("What AWS's agreements promise together", _promised, takes=("of",)),
    "availability.allowed": Measure("Minutes that an objective allows over the event", _allowed, needs=("target",)),
    "premortem.delivered": Measure("Updates delivered over the hours", _delivered),
    "premortem.fullest": Measure("Fullest limit over the hours", _fullest),
    "broker.delivered": Measure(
        "Updates that a broker delivers",
        _brokered("share", "what its quotas let through ÷ what is sent", brokers.delivered),
        needs=BROKERED,
    ),
    "broker.fullest": Measure(
        "Fullest limit with a broker", _brokered("", "asked for at worst ÷ quota", _fullest_with), needs=BROKERED
    ),
    "broker.month": Measure(
        "A month with a broker",
        _brokered("USD", "the bill − what it replaces + its messages and connection minutes", brokers.month_usd),
        needs=BROKERED,
    ),
    "broker.game": Measure(
        "What one game adds with a broker",
        _brokered("USD", "(a month with games − a month without) ÷ games", brokers.game_usd),
        needs=BROKERED,
    ),
    "terraform.attribute": Measure(
        "An argument in the Terraform", _attribute, needs=("address", "attribute"), takes=("unit",)
    ),
    "terraform.variable": Measure("A variable of the stack", _variable, needs=("variable",), takes=("unit",)),
    "terraform.count": Measure("Resources", _count, takes=("type",)),
    "fact.limit": Measure("A published limit", _limit, needs=("limit",), takes=("level",)),
    "fact.price": Measure("A unit price", _price, needs=("sku",)),
    "scenario.peak": Measure("Users at the peak", _peak),
    "scenario.assumption": Measure(
        "An assumption of the scenario", _assumption, needs=("assumption",), takes=("level",)
    ),
}
"""Every figure that a page may claim or an option table may show."""
