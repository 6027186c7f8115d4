"""What Terraform cannot say about a stack: title, scenario, runtime, the names of the variables its container reads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TypeVar

from analysis.facts.assumptions import Assumption, FactError, Question, Table, questions, toml
from analysis.units import SECONDS

FILE_NAME = "gameday.toml"

ENVIRONMENT_KEYS: Mapping[str, str] = {
    "pool_size": "connections to the database that one task may hold, over all its worker processes",
    "workers": "worker processes of a task",
    "threads": "threads of a worker process, each of which answers one request at a time",
    "redis_host": "host name of the shared cache; present means that the cache is used",
    "cache_ttl_s": "seconds for which an answer is kept in the shared cache",
    "poll_interval_s": "seconds between two polls, as the service tells its clients",
    "feed_interval_s": "seconds between two questions that the program asks a feed",
    "connections": "connections that one task or instance keeps open at most",
    "send_interval_s": "seconds for which updates to one client are collected and sent as one message",
}
"""What a container's environment may hold that capacity depends on."""


COUNTED = ("connection", "delivery", "request", "record")
"""What a metric of a program's own may count on one instance, for a scaling policy that follows it: `[metrics]`."""

TIMED = ("push_ms", "age_ms")
"""What else it may be: the milliseconds from the ingestion of an update to its push, or from what happened to its push."""


@dataclass(frozen=True, slots=True)
class Enters:
    """Where the scenario's crowd enters, where Terraform leaves several readings: `[enters]` of the file.

    `crowd` is the address of the public entry by which it comes, `service` that of what answers it; empty where the file does not
    say. `lines` are their lines in the file.
    """

    crowd: str = ""
    service: str = ""
    lines: Mapping[str, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.crowd or self.service)

    def line(self, key: str) -> int:
        """The line on which `key` stands."""
        return self.lines.get(key, 1)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is paid by the month and is no resource of the Terraform: a `[[plan]]` of the file.

    It costs `count` times the row `sku` of the price book, or `month` dollars where nobody publishes a price. `line` is where it
    stands in the file.
    """

    name: str
    service: str
    sku: str = ""
    count: Decimal = Decimal(1)
    month: Assumption | None = None
    line: int = 1


@dataclass(frozen=True, slots=True)
class Stack:
    """The file `gameday.toml` beside a stack.

    `environment` maps a key of ENVIRONMENT_KEYS to the name of the container's environment variable; `pages` maps a pattern of
    addresses (`aws_db_instance.*`) to the page about them. `scenario_file` is the path of the scenario that the stack is judged
    by, and `profile` names the runtime profile of its service; a stack whose load is not modelled has neither. `units` maps the
    name of a container's variable to the unit of its time, where the name does not end in it. `written_through` says that each
    write replaces what the shared cache keeps, so that no answer is as old as its lifetime. `sources` maps a feed or a connection
    of the scenario, or `publisher`, to the address where it enters, the first of several that the stack has, and `paths` to the
    path to which it is posted where it comes by HTTP. `settings` gives a key of ENVIRONMENT_KEYS its number where the
    program is told it in another way than by a variable, such as user data. `metrics` says of a metric that a program publishes
    itself what it counts on one instance or which time it is, `kept_days` maps a pattern of tables' addresses to the days for
    which an item stays there, and `plans` are paid beside the resources.
    `questions` are those that the scenario, or the file itself, has not answered yet; as long as there is one, nothing that rests
    on a crowd is computed.
    """

    directory: Path
    title: str
    summary: str
    scenario_file: Path | None = None
    profile: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    pages: Mapping[str, str] = field(default_factory=dict)
    enters: Enters = Enters()
    units: Mapping[str, str] = field(default_factory=dict)
    written_through: bool = False
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    settings: Mapping[str, float] = field(default_factory=dict)
    paths: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, str] = field(default_factory=dict)
    kept_days: Mapping[str, float] = field(default_factory=dict)
    plans: tuple[Plan, ...] = ()
    questions: tuple[Question, ...] = ()

    @property
    def name(self) -> str:
        """The name of the stack's directory."""
        return self.directory.resolve().name

    @property
    def modelled(self) -> bool:
        """Whether there is an answered scenario and a runtime profile; without them nothing that rests on a crowd is computed."""
        return self.scenario_file is not None and self.profile is not None and not self.questions

    @property
    def scenario(self) -> Path:
        """The scenario's file. Raises FactError where the stack names none, or one with open questions."""
        if self.questions:
            first, rest = self.questions[0], len(self.questions) - 1
            more = f"; {rest} more questions are open" if rest else ""
            raise FactError(first.where, "", f"is not answered yet: {first.text}{more}")
        if self.scenario_file is None:
            raise self._missing("scenario", "the crowd that the stack is judged by")
        return self.scenario_file

    @property
    def runtime(self) -> str:
        """The name of the runtime profile. Raises FactError where the stack names none."""
        if self.profile is None:
            raise self._missing("runtime", "what one request costs a task")
        return self.profile

    def _missing(self, key: str, meaning: str) -> FactError:
        return FactError(
            f"{self.name}/{FILE_NAME}",
            key,
            f"is missing ({meaning}), so nothing that rests on load is computed for this stack",
        )

    def page(self, address: str) -> str | None:
        """The page about `address`: that of the longest pattern that matches, or None."""
        return _longest(self.pages, address)

    def kept(self, address: str) -> float | None:
        """For how many days an item stays in the table at `address`; None where the file does not say."""
        return _longest(self.kept_days, address)


T = TypeVar("T")


def _longest(by_pattern: Mapping[str, T], address: str) -> T | None:
    """What the longest pattern that matches an address stands for; None where none does."""
    matching = [glob for glob in by_pattern if fnmatchcase(address, glob.replace("[", "[[]"))]
    return by_pattern[max(matching, key=lambda glob: (len(glob), glob))] if matching else None


def stack(directory: Path) -> Stack:
    """What `gameday.toml` in `directory` says.

    Raises FactError, with the file and the key, where the file is missing, an unknown key is in it or a scenario is not there.
    """
    path = directory / FILE_NAME
    if not path.is_file():
        raise FactError(str(path), "", "is missing; write one, or name a scenario and a runtime yourself")
    table = toml(path, name=f"{directory.resolve().name}/{FILE_NAME}")
    environment = table.texts("environment")
    unknown = sorted(set(environment) - set(ENVIRONMENT_KEYS))
    if unknown:
        raise table.error(f"environment.{unknown[0]}", f"is not known; the keys are {', '.join(ENVIRONMENT_KEYS)}")
    scenario = directory / table.text("scenario") if table.get("scenario") is not None else None
    if scenario is not None and not scenario.is_file():
        raise table.error("scenario", f"names {table.text('scenario')}, which does not exist beside the stack")
    made = Stack(
        directory=directory,
        title=table.text("title"),
        summary=table.text("summary"),
        scenario_file=scenario,
        profile=table.text("runtime") if table.get("runtime") is not None else None,
        environment=environment,
        pages=table.texts("pages"),
        enters=_enters(table, path),
        units={name: _unit(table.table("units"), name) for name in table.texts("units")},
        written_through=_written_through(table),
        sources={name: at for name, (at, _) in _sources(table).items()},
        paths={name: path for name, (_, path) in _sources(table).items() if path},
        settings=_settings(table),
        metrics={name: table.table("metrics").choice(name, (*COUNTED, *TIMED)) for name in table.texts("metrics")},
        kept_days=_kept_days(table),
        plans=_plans(table, path.read_text(encoding="utf-8")),
        questions=_questions(table, path, scenario),
    )
    table.get("data")  # values of data sources, which the evaluation of the stack reads
    table.closed()
    return made


def _questions(table: Table, path: Path, scenario: Path | None) -> tuple[Question, ...]:
    """What is not answered yet: in the file's `[questions]`, by the key that is to hold the answer, and in the scenario."""
    asked = table.texts("questions")
    for key in asked:
        if key not in {"runtime", "scenario"}:
            raise table.error(f"questions.{key}", "is no key that may wait for an answer; scenario and runtime may")
    own = [Question(f"{path.name}: {key}", text) for key, text in asked.items() if table.get(key) is None]
    return (*own, *(questions(scenario) if scenario else ()))


def _unit(units: Table, name: str) -> str:
    return units.choice(name, tuple(SECONDS))


def _written_through(table: Table) -> bool:
    """Whether `[cache]` says that each write replaces what the shared cache keeps."""
    if table.get("cache") is None:
        return False
    cache = table.table("cache")
    written = cache.flag("written_through")
    cache.closed()
    return written


def _sources(table: Table) -> Mapping[str, tuple[tuple[str, ...], str]]:
    """The table `[sources]`: by name an address, a list of them, or `{ at = "ADDRESS", path = "/PATH" }`."""
    if table.get("sources") is None:
        return {}
    entries, found = table.table("sources"), {}
    for name, value in entries.entries.items():
        if isinstance(value, list) and value and all(isinstance(at, str) for at in value):
            found[name] = (tuple(value), "")
        elif not isinstance(value, dict):
            found[name] = ((entries.text(name),), "")
        else:
            entry = entries.table(name)
            found[name] = ((entry.text("at"),), entry.text("path", ""))
            entry.closed()
    return found


def _settings(table: Table) -> Mapping[str, float]:
    """The table `[settings]`: numbers above zero by keys of ENVIRONMENT_KEYS."""
    if table.get("settings") is None:
        return {}
    entries = table.table("settings")
    for key in entries.entries:
        if key not in ENVIRONMENT_KEYS:
            raise entries.error(key, f"is not known; the keys are {', '.join(ENVIRONMENT_KEYS)}")
        if entries.number(key) <= 0:
            raise entries.error(key, "must be above zero")
    return {key: float(entries.number(key)) for key in entries.entries}


def _plans(table: Table, text: str) -> tuple[Plan, ...]:
    """The plans of the file. Refuses one with neither a price nor an amount, with both, or with another's name."""
    lines = [number for number, line in enumerate(text.splitlines(), 1) if re.match(r"\s*\[\[\s*plan\s*\]\]", line)]
    found: list[Plan] = []
    for entry, line in zip(table.tables("plan"), lines, strict=False):
        name, sku = entry.text("name"), entry.text("price", "")
        month = entry.assumption("month", "USD") if entry.get("month") is not None else None
        if bool(sku) == (month is not None):
            raise entry.error(
                "price", f"of {name!r}: name a row of the price book, or give `month` in USD, one of the two"
            )
        if name in {plan.name for plan in found}:
            raise entry.error("name", f"{name!r} is taken by an earlier plan")
        count = entry.number("count", 1) if entry.get("count") is not None else Decimal(1)
        found.append(Plan(name, entry.text("service"), sku, count, month, line))
        entry.closed()
    return tuple(found)


def _kept_days(table: Table) -> Mapping[str, float]:
    """The table `[kept_days]`: days above zero by patterns of addresses."""
    if table.get("kept_days") is None:
        return {}
    entries = table.table("kept_days")
    for glob in entries.entries:
        if entries.number(glob) <= 0:
            raise entries.error(glob, "must be above zero")
    return {glob: float(entries.number(glob)) for glob in entries.entries}


def _enters(table: Table, path: Path) -> Enters:
    """The table `[enters]`, with the lines of its keys."""
    if table.get("enters") is None:
        return Enters()
    entries = table.table("enters")
    lines = _lines(path.read_text(encoding="utf-8"), "enters")
    unknown = sorted(set(entries.entries) - {"crowd", "service"})
    if unknown:
        raise entries.error(
            unknown[0], f"(line {lines.get(unknown[0], 1)}) is not known; the keys are crowd and service"
        )
    return Enters(entries.text("crowd", ""), entries.text("service", ""), lines)


def _lines(text: str, name: str) -> Mapping[str, int]:
    """The line of each key of the table `name`, counted from 1."""
    inside, lines = False, {}
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[\s*([^\]]+?)\s*\]", line):
            inside = header[1] == name
        elif inside and (key := re.match(r"\s*([\w-]+)\s*=", line)):
            lines[key[1]] = number
    return lines
