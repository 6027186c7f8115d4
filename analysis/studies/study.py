"""A stack under given variable values, judged by a scenario: its bill, its capacity, its simulated nights.

Values that are None keep what the Terraform or the scenario says.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Any

from analysis import terraform
from analysis.architecture import Architecture, Diagnostic, Unknown
from analysis.capacity import Capacity, analyse
from analysis.cost import CalendarCost, Estimate, calendar_cost, estimate
from analysis.demand import Usage, kinds, usage_if_modelled, without_days
from analysis.facts import Assumption, PriceBook, Runtime, Scenario, Stack, prices, runtime, scenario, stack, today
from analysis.facts.scenarios import GROUPS, OPTIONAL
from analysis.network import Network, network
from analysis.premortem import Premortem
from analysis.premortem import premortem as hours
from analysis.studies.nights import StudiedNight, studied_night
from analysis.units import Amount, Window
from analysis.wiring import RequestPath, request_path


class StudyError(ValueError):
    """A stack that does not resolve under the given values; the message is Terraform's own sentence."""


class Nights:
    """The nights of a stack under one scenario, each simulated once for the same seed and faults: a memory, no value."""

    def __init__(self) -> None:
        self._simulated: dict[tuple[int, tuple[str, ...]], StudiedNight] = {}

    def night(self, seed: int, faults: tuple[str, ...], simulated: Callable[[], StudiedNight]) -> StudiedNight:
        """The night of that seed and those faults, `simulated` where it is not here yet."""
        key = (seed, faults)
        if key not in self._simulated:
            self._simulated[key] = simulated()
        return self._simulated[key]


@dataclass(frozen=True, eq=False)
class Study:
    """One stack, resolved under given values, with the scenario it is judged by, the program it runs and the prices it pays.

    A stack whose load is not modelled has neither scenario nor program: its resources and its fixed charges are there, and
    whatever rests on a crowd raises FactError. `values` replaces assumptions that only a simulated night makes. Studies that
    differ in nothing but their prices share their `nights`.
    """

    directory: Path
    architecture: Architecture
    about: Stack
    crowd: Scenario | None
    program: Runtime | None
    book: PriceBook
    values: Mapping[str, float] = field(default_factory=dict)
    nights: Nights = field(default_factory=Nights, repr=False, compare=False)

    @property
    def title(self) -> str:
        """What the stack is called."""
        return self.about.title

    @property
    def guards(self) -> tuple[Diagnostic, ...]:
        """The preconditions of outputs that are false: a plan would be refused, yet every value is there."""
        return tuple(error for error in self.architecture.errors if error.guard)

    @property
    def scenario(self) -> Scenario:
        """The scenario it is judged by. Raises FactError where the stack names none."""
        return self.crowd or scenario(self.about.scenario)

    @property
    def profile(self) -> Runtime:
        """The program it runs. Raises FactError where the stack names none."""
        return self.program or runtime(self.about.runtime)

    @cached_property
    def path(self) -> RequestPath:
        """The way of a request through the stack. Raises PathError where none can be derived."""
        return request_path(self.architecture, self.about)

    @cached_property
    def network(self) -> Network:
        """Its stations and what leads from one to the next."""
        return network(self.architecture, self.about, self.program)

    @cached_property
    def usage(self) -> Usage | None:
        """What the stack consumes in a month with the scenario's games in it; None where that is not modelled."""
        if self.crowd is None or self.program is None:
            return None
        return usage_if_modelled(self.architecture, self.crowd, self.about, self.program)

    @cached_property
    def bill(self) -> Estimate:
        """The bill of that month."""
        return estimate(self.architecture, self.book, self.usage, plans=self.about.plans)

    @cached_property
    def _idle_usage(self) -> Usage | None:
        if self.crowd is None:
            return None
        return usage_if_modelled(self.architecture, without_days(self.scenario), self.about, self.profile)

    @cached_property
    def idle_bill(self) -> Estimate:
        """The bill of a month without a game, and without any other kind of day that the calendar names."""
        return estimate(self.architecture, self.book, self._idle_usage, plans=self.about.plans)

    @cached_property
    def calendar(self) -> CalendarCost:
        """What an hour, each kind of day, an event, the month and the season cost."""
        without = {
            kind: estimate(
                self.architecture,
                self.book,
                usage_if_modelled(self.architecture, without_days(self.scenario, kind), self.about, self.profile),
                plans=self.about.plans,
            )
            if self.scenario.days
            else self.idle_bill
            for kind in kinds(self.scenario)
        }
        reserve = self.scenario.calendar.get("reserve")
        return calendar_cost(
            self.bill,
            self.idle_bill,
            without,
            self.scenario.calendar["season_months"].value,
            reserve.value if reserve else Decimal(0),
        )

    @property
    def games_per_month(self) -> Decimal:
        """The games of a month."""
        return self.scenario.calendar["games_per_month"].value

    @property
    def game(self) -> Amount:
        """What one game adds to the month's bill; zero in a month without games."""
        return Amount(self.calendar.days[0].adds, Window.GAME)

    @cached_property
    def capacity(self) -> Capacity:
        """Load and limits of every station at the scenario's peak."""
        return analyse(self.architecture, self.scenario, self.about, profile=self.profile)

    @cached_property
    def premortem(self) -> Premortem:
        """The scenario's hours at the stack, as a fluid."""
        return hours(self.architecture, self.scenario, self.about, profile=self.profile)

    def priced(self, factors: Mapping[str, float]) -> Study:
        """The same study at unit prices multiplied by SKU. Raises StudyError for one that the price book lacks."""
        book = self.book
        for sku, factor in factors.items():
            if sku not in book.prices:
                raise StudyError(f"the price book of {book.region} has no {sku} that could have another price")
            book = book.repriced(sku, Decimal(str(factor)))
        return replace(self, book=book)

    def at(self, users: int) -> Study:
        """The same study with another number of users at the peak."""
        return replace(self, crowd=self.scenario.with_peak(users), nights=Nights())

    def altered(self, arguments: Mapping[str, Mapping[str, Any]], without: Sequence[str] = ()) -> Study:
        """The same study with resources left out and arguments replaced on the resolved model; see `study`."""
        architecture = _altered(_reduced(self.architecture, without), arguments)
        return replace(self, architecture=architecture, nights=Nights())

    def night(self, seed: int = 1, faults: Sequence[str] = ()) -> StudiedNight:
        """The scenario's night, simulated once for the same seed and faults (written `zone-loss@104`). Raises NightError."""
        from analysis.night import fault  # noqa: PLC0415 (pulls in the compiler)

        def simulated() -> StudiedNight:
            broken = [fault(text) for text in faults]
            return studied_night(
                self.architecture, self.scenario, self.about, seed, broken, profile=self.profile, values=self.values
            )

        return self.nights.night(seed, tuple(faults), simulated)

    @property
    def assumptions(self) -> Mapping[str, Assumption]:
        """What the figures assume of the crowd and of the program, by name; a value of the program is named by its profile."""
        if not self.about.modelled:
            return {}
        measured = (getattr(self.profile, name) for name in PROFILE_VALUES)
        return {value.name: value for value in (*self.scenario.assumptions, *measured) if value is not None}


FEW = 4
"""A predicate asks for several figures of both sides of a decision before the next value is tried."""


@dataclass(eq=False)
class Studies:
    """Studies of the stacks in one directory: claims, options and decisions share them.

    A stack is resolved once for the same values of its variables, and studied once for the same values of everything.
    """

    directory: Path
    _made: dict[str, Study] = field(default_factory=dict, init=False, repr=False)
    _resolved: dict[str, Architecture] = field(default_factory=dict, init=False, repr=False)
    _last: dict[str, Study] = field(default_factory=dict, init=False, repr=False)

    def study(self, stack: str, *, keep: bool = True, **given: Any) -> Study:
        """The stack of that name under given values, as `study` takes them; empty ones count as not given.

        What is only tried, as in a search, is kept for the next few questions about it only (`keep=False`).
        """
        changed = {name: value for name, value in given.items() if value not in (None, {}, (), [], "")}
        key = json.dumps([stack, changed], sort_keys=True, default=str)
        found = self._made.get(key) or self._last.get(key)
        if found is not None:
            return found
        repriced = changed.pop("repriced", None)
        if repriced:
            made = self.study(stack, **changed).priced(repriced)
        else:
            made = study(self.directory / stack, resolve=self._resolve if keep else self._tried, **changed)
        (self._made if keep else self._last)[key] = made
        if len(self._last) > FEW:
            del self._last[next(iter(self._last))]
        return made

    def _resolve(
        self,
        folder: Path,
        variables: Mapping[str, Any],
        arguments: Mapping[str, Mapping[str, Any]] | None = None,
        without: Sequence[str] = (),
    ) -> Architecture:
        key = json.dumps([str(folder), variables, arguments or {}, list(without)], sort_keys=True, default=str)
        if key not in self._resolved:
            plain = self._resolve(folder, variables) if arguments or without else _resolved(folder, variables)
            self._resolved[key] = _altered(_reduced(plain, without), arguments or {})
        return self._resolved[key]

    def _tried(
        self,
        folder: Path,
        variables: Mapping[str, Any],
        arguments: Mapping[str, Mapping[str, Any]] | None = None,
        without: Sequence[str] = (),
    ) -> Architecture:
        """As `_resolve`, without keeping what other values of variables or arguments make of the stack."""
        plain = self._resolved.get(json.dumps([str(folder), variables, {}, []], sort_keys=True, default=str))
        if plain is None:
            return _resolved(folder, variables, arguments, without)
        return _altered(_reduced(plain, without), arguments or {})


def _resolved(
    folder: Path,
    variables: Mapping[str, Any],
    arguments: Mapping[str, Mapping[str, Any]] | None = None,
    without: Sequence[str] = (),
) -> Architecture:
    """The stack under other values, less what is left out, with other arguments."""
    found = terraform.load(folder, variables=variables)
    errors = [error for error in found.errors if not error.guard]
    if errors:
        raise StudyError("; ".join(str(error) for error in errors[:3]))
    return _altered(_reduced(found, without), arguments or {})


PROFILE_VALUES = ("cpu_s_per_request", "database_s_per_request", "cpu_s_per_hit")
"""What is measured of a program."""


ROWS: Mapping[str, str] = {"connection": "connections", "feed": "feeds", "route": "routes"}
"""What an assumption's name begins with where a scenario has several of a kind, and the field that holds them."""


def study(
    directory: str | Path,
    *,
    variables: Mapping[str, Any] | None = None,
    arguments: Mapping[str, Mapping[str, Any]] | None = None,
    without: Sequence[str] = (),
    users: int | None = None,
    poll_interval_s: float | None = None,
    games_per_month: float | None = None,
    settings: Mapping[str, float] | None = None,
    assumed: Mapping[str, float] | None = None,
    repriced: Mapping[str, float] | None = None,
    night: str = "",
    resolve: Callable[..., Architecture] = _resolved,
) -> Study:
    """The stack in `directory` with `variables` in place of its own values, judged by the scenario its gameday.toml names.

    A value inside `variables` may be a mapping: its keys replace those of the variable's own value, so that
    `{"task_size": {"cpu": 1024}}` leaves the memory alone. None changes nothing.

    For what no variable reaches, `without` takes away the resources whose addresses match its globs, and `arguments` replaces
    top-level arguments of resources by address; a text `${ADDRESS.ATTRIBUTE}` in one stands for that attribute. Both act on the
    resolved model, so nothing that was computed from them changes.
    `settings` replaces numbers of the table of that name in gameday.toml,
    `assumed` assumptions by name (`Study.assumptions`); `repriced` multiplies unit prices by SKU; `night` names
    another scenario, a file beside that of the stack. `resolve` is how the
    Terraform is read, for callers that keep what they have read.
    What an output's precondition alone would refuse is computed all the same, and said in `Study.guards`. Raises StudyError where
    Terraform would refuse the values, or where an address, assumption or SKU matches nothing.
    """
    folder = Path(directory)
    changed = _merged(folder, variables or {}, resolve)
    architecture = resolve(folder, changed, arguments, without)
    about = stack(folder)
    if settings:
        if unknown := sorted(settings.keys() - about.settings.keys()):
            raise StudyError(f"gameday.toml of {about.name} has no settings.{unknown[0]} that could be replaced")
        about = replace(about, settings={**about.settings, **settings})
    asked = (users, poll_interval_s, games_per_month) != (None, None, None) or bool(night)
    crowd = None
    if about.modelled or asked:
        crowd = _beside(about, night) if night else scenario(about.scenario)
        crowd = crowd if users is None else crowd.with_peak(users)
        crowd = _with(crowd, "client", poll_interval_s=poll_interval_s)
        crowd = _with(crowd, "calendar", games_per_month=games_per_month)
    program = runtime(about.runtime) if crowd else None
    made = Study(folder, architecture, about, crowd, program, prices(architecture.region, today().isoformat()))
    for name, value in (assumed or {}).items():
        made = _assuming(made, name, value)
    return made.priced(repriced) if repriced else made


def _beside(about: Stack, name: str) -> Scenario:
    """The scenario in the file `name` beside the stack's own. Raises StudyError where there is none."""
    path = about.scenario.parent / name
    if Path(name).name != name or not path.is_file():
        known = ", ".join(sorted(other.name for other in about.scenario.parent.glob("*.toml")))
        raise StudyError(f"there is no scenario {name} beside that of {about.name}; there are {known}")
    return scenario(path)


def _assuming(made: Study, name: str, value: float) -> Study:
    """The study with one assumption replaced; its range keeps its proportions."""
    if name not in made.assumptions:
        from analysis.night.values import LIMITS, night_assumptions  # noqa: PLC0415 (pulls in the compiler)

        if name in night_assumptions() or name in LIMITS:
            return replace(made, values={**made.values, name: value})
        known = ", ".join(made.assumptions)
        raise StudyError(f"{made.directory.name} assumes no {name!r} that could be replaced; it assumes {known}")
    group, _, key = name.rpartition(".")
    if name == made.scenario.peak_users.name:
        return replace(made, crowd=made.scenario.with_peak(Decimal(str(value))))
    if group == made.profile.name:
        changed: dict[str, Any] = {key: made.assumptions[name].replaced(Decimal(str(value)))}
        return replace(made, program=replace(made.profile, **changed))
    if group in GROUPS:
        if value <= 0 and {**GROUPS[group], **OPTIONAL.get(group, {})}[key][1]:
            raise StudyError(f"{name} must be above 0, not {value:g}")
        return replace(made, crowd=_with(made.scenario, group, **{key: value}))
    kind, _, row = group.partition(".")
    if kind in ROWS and (kind != "route" or key != "share"):  # the shares of the routes add up to one
        if kind == "connection" and not 0 < value <= (1 if key == "follows" else math.inf):
            raise StudyError(f"{name} must be above 0{' and at most 1' if key == 'follows' else ''}, not {value:g}")
        changed = {key: made.assumptions[name].replaced(Decimal(str(value)))}
        rows = (replace(each, **changed) if each.name == row else each for each in getattr(made.scenario, ROWS[kind]))
        listed: dict[str, Any] = {ROWS[kind]: tuple(rows)}
        return replace(made, crowd=replace(made.scenario, **listed))
    raise StudyError(f"{name} cannot be replaced alone; change it in {made.scenario.file}")


def _reduced(architecture: Architecture, without: Sequence[str]) -> Architecture:
    """The architecture without the resources whose addresses match a glob; brackets stand for themselves."""
    for glob in without:
        pattern = glob.replace("[", "[[]")
        kept = tuple(r for r in architecture.resources if not fnmatchcase(r.address, pattern))
        if len(kept) == len(architecture.resources):
            raise StudyError(f"{architecture.stack} has no resource {glob} that could be left out")
        architecture = replace(architecture, resources=kept)
    return architecture


def _altered(architecture: Architecture, arguments: Mapping[str, Mapping[str, Any]]) -> Architecture:
    """The architecture with other values of top-level arguments. One that is not there is an error.

    A text `${ADDRESS.ATTRIBUTE}` stands for that attribute of another resource.
    """
    for address, values in arguments.items():
        resource = architecture.by_address.get(address)
        if resource is None:
            raise StudyError(f"{architecture.stack} has no resource {address} whose arguments could be replaced")
        unknown = sorted(values.keys() - resource.values.keys())
        if unknown:
            raise StudyError(f"{address} has no argument {unknown[0]!r} that could be replaced")
        meant = {name: _meant(architecture, value) for name, value in values.items()}
        changed = replace(resource, values={**resource.values, **meant})
        resources = tuple(changed if r.address == address else r for r in architecture.resources)
        architecture = replace(architecture, resources=resources)
    return architecture


_REFERENCE = re.compile(r"\$\{(?P<address>.+)\.(?P<attribute>\w+)\}")


def _meant(architecture: Architecture, value: Any) -> Any:
    """A value with the attributes of resources in place of the texts that stand for them; unknown where they are not set."""
    if isinstance(value, Mapping):
        return {key: _meant(architecture, inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return tuple(_meant(architecture, inner) for inner in value)
    named = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
    if named is None:
        return value
    resource = architecture.by_address.get(named["address"])
    if resource is None:
        raise StudyError(f"{architecture.stack} has no resource {named['address']} whose {named['attribute']} is meant")
    known = resource.values.get(named["attribute"])
    return Unknown(value[2:-1]) if known is None else known


def _merged(directory: Path, variables: Mapping[str, Any], resolve: Callable[..., Architecture]) -> dict[str, Any]:
    """`variables` without what is None, completed with the stack's own values where a mapping names some keys only."""
    given = {name: _without_none(value) for name, value in variables.items()}
    given = {name: value for name, value in given.items() if value is not None and value != {}}
    partial = [name for name, value in given.items() if isinstance(value, dict)]
    if partial:
        own = resolve(directory, {}).variables
        for name in partial:
            if name not in own:
                raise StudyError(f"{directory.name} has no variable {name!r}; it has {', '.join(own)}")
            given[name] = {**own[name].value, **given[name]}
    return given


def _without_none(value: Any) -> Any:
    return {key: inner for key, inner in value.items() if inner is not None} if isinstance(value, Mapping) else value


def _with(night: Scenario, group: str, **values: float | None) -> Scenario:
    """The scenario with values of one group replaced; None leaves a value as it is."""
    known: Mapping[str, Assumption] = getattr(night, group)
    changed = {name: known[name].replaced(Decimal(str(value))) for name, value in values.items() if value is not None}
    groups: dict[str, Any] = {group: {**known, **changed}}
    return replace(night, **groups)
