"""Decision records: what the front matter of each says, read strictly.

stack: shop                          # name below terraform/stacks, or a path from the record
affects: [module.cache.*]            # addresses; * stands for anything
assumes: [audience.peak_users]       # names of assumptions, limits or SKUs
undo:                                # what makes the stack as if this had not been decided; of a proposal `do`, what would change
  variables: { cache_nodes: 0 }
  arguments: { aws_db_instance.main: { multi_az: false } }
  without: [module.cache.*]
  adds: { nat_gateway.hour: 730 }    # quantities by SKU; `repriced` multiplies prices, `assumed` replaces assumptions
night:                               # the night on which the decision tells, if not the scenario's own
  name: the edge purged at the winning goal
  faults: [cdn-purge@104]            # and variables, arguments, without, assumed, users, scenario, seed
measures: [{ measure: capacity.users_held, title: Users held, name: held }]
options:                             # `broker`: a service in place of the addresses it `replaces`; `beside`: a second stack
  - { name: Cache, chosen: true }
  - { name: No cache, without: [module.cache.*] }
  - { name: A second region, beside: { variables: { region: us-west-2 }, users: 0 } }
reopen_when: held < 5000 or month > 2 * undone(month)
break_even:
  - { input: { assumption: flask.cpu_s_per_request }, range: [0.001, 0.1], when: held < 5000 }
confirmation:
  - { alarm: shop-cache-full }
  - { rule: FIT-03 }
  - { claim: shop-users }
  - { resource: module.cache.aws_elasticache_replication_group.this }
  - { address: aws_db_instance.main, argument: multi_az, is: true }    # or at_least, at_most
  - { test: terraform/stacks/shop/tests/shop.tftest.hcl, run: a_small_cache_is_refused }
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from analysis.architecture import Location
from analysis.decisions import expressions
from analysis.decisions.expressions import Expression
from analysis.files import read_text
from analysis.frontmatter import MAX_BYTES, Entry, PlacedError, front_matter
from analysis.studies import BROKERS, MEASURES
from analysis.units import later

Status: TypeAlias = Literal["proposed", "accepted", "rejected", "deprecated", "superseded"]
STATUSES: Final[tuple[Status, ...]] = ("proposed", "accepted", "rejected", "deprecated", "superseded")
"""The states of MADR 4: https://adr.github.io/madr/"""

WEIGHED: Final = frozenset({"proposed", "accepted"})
"""What is still in force, or may be; the others are history and are not recomputed."""

INPUTS: Final = ("assumption", "variable", "price", "argument")
"""What a break-even may vary: an assumption by name, a variable by path, the price of a SKU, or `ADDRESS ARGUMENT`."""

CHECKS: Final[Mapping[str, frozenset[str]]] = {
    "alarm": frozenset(),
    "rule": frozenset({"address"}),
    "claim": frozenset(),
    "resource": frozenset(),
    "argument": frozenset({"address", "is", "at_least", "at_most"}),
    "test": frozenset({"run"}),
}
"""The kinds of confirmation, each with what may stand beside it."""

LINKS: Final = ("supersedes", "superseded_by")
"""What names another record, by its file."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is different from the stack as it stands.

    `adds` are quantities by SKU that are added to its monthly bills, `repriced` factors on unit prices by SKU, and `assumed`
    other values of assumptions.
    """

    variables: Mapping[str, Any] = field(default_factory=dict)
    arguments: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    adds: Mapping[str, float] = field(default_factory=dict)
    assumed: Mapping[str, float] = field(default_factory=dict)
    repriced: Mapping[str, float] = field(default_factory=dict)
    users: int | None = None
    poll_interval_s: float | None = None
    scenario: str = ""

    def then(self, other: Change) -> Change:
        """Both changes; where they differ about a value, `other` has the last word, and prices are multiplied by both factors."""
        together = {**self.arguments}
        for address, values in other.arguments.items():
            together[address] = {**together.get(address, {}), **values}
        return Change(
            merged(self.variables, other.variables),
            together,
            (*self.without, *(glob for glob in other.without if glob not in self.without)),
            {**self.adds, **other.adds},
            {**self.assumed, **other.assumed},
            {
                sku: self.repriced.get(sku, 1.0) * other.repriced.get(sku, 1.0)
                for sku in {**self.repriced, **other.repriced}
            },
            self.users if other.users is None else other.users,
            self.poll_interval_s if other.poll_interval_s is None else other.poll_interval_s,
            other.scenario or self.scenario,
        )


NOTHING: Final = Change()


def merged(low: Mapping[str, Any], high: Mapping[str, Any]) -> dict[str, Any]:
    """`high` over `low`; where both hold a mapping, key by key."""

    def both(one: Any, other: Any) -> Any:
        return merged(one, other) if isinstance(one, Mapping) and isinstance(other, Mapping) else other

    return {**low, **{key: both(low[key], value) if key in low else value for key, value in high.items()}}


@dataclass(frozen=True, slots=True)
class Night:
    """The night on which a decision tells: what else is different on it, and what goes wrong."""

    name: str = ""
    change: Change = NOTHING
    faults: tuple[str, ...] = ()
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Column:
    """A figure that the record lists: a measure with its arguments, taken under a change of its own. `name` is for predicates."""

    measure: str
    title: str
    arguments: Mapping[str, Any]
    change: Change
    place: Location
    name: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    """One of the options considered.

    `broker` is a managed service that pushes in place of the addresses that it `replaces`; `beside` is what is different in a
    second copy of the stack that stands beside the first.
    """

    name: str
    change: Change
    place: Location
    stack: str = ""
    chosen: bool = False
    refused: bool = False
    not_modelled: str = ""
    note: str = ""
    broker: str = ""
    replaces: tuple[str, ...] = ()
    beside: Change | None = None


@dataclass(frozen=True, slots=True)
class BreakEven:
    """An input, its range, and the statement that must turn somewhere in it. `whole`: the input counts things."""

    kind: str
    input: str
    low: float
    high: float
    when: Expression
    place: Location
    whole: bool = False
    title: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One confirmation: its kind, what it names, and what stands beside it."""

    kind: str
    target: str
    beside: Mapping[str, Any]
    place: Location


@dataclass(frozen=True)
class Record:
    """One decision record. Places are those of the values in its file; `path` is the file, `file` what messages call it.

    `others` holds the records that it supersedes or that supersede it.
    """

    path: Path
    file: str
    number: int
    title: str
    description: str
    status: Status
    date: dt.date
    deciders: tuple[str, ...]
    owner: str
    last_reviewed: dt.date
    review_in: str
    stack: str
    affects: tuple[tuple[str, Location], ...]
    assumes: tuple[tuple[str, Location], ...]
    undo: Change
    undo_place: Location
    undo_places: Mapping[str, Location]
    proposes: bool
    night: Night
    columns: tuple[Column, ...]
    options: tuple[Option, ...]
    reopen_when: Expression | None
    break_even: tuple[BreakEven, ...]
    confirmation: tuple[Check, ...]
    others: Mapping[str, tuple[str, Location]] = field(default_factory=dict)

    @property
    def weighed(self) -> bool:
        """Whether it is still computed."""
        return self.status in WEIGHED

    @property
    def due(self) -> dt.date:
        """The day by which it is to be reviewed again."""
        return later(self.last_reviewed, self.review_in)

    @cached_property
    def named(self) -> Mapping[str, Column]:
        """The columns that predicates may name."""
        return {column.name: column for column in self.columns if column.name}


def is_record(path: Path) -> bool:
    """Whether a page is a decision record: only such a page names its deciders."""
    try:
        return "deciders" in front_matter(_text(path, path.name), path.name).parts
    except PlacedError:
        return False


def folder(directory: Path, root: Path | None = None) -> tuple[Record, ...]:
    """The records in a directory by number; its index and other pages are passed over. Raises PlacedError.

    `root` is what the messages' paths begin at; the directory itself where it is not given.
    """
    found = [read(path, _name(path, root)) for path in sorted(directory.glob("*.md")) if _is_one(path, root)]
    by_number: dict[int, Record] = {}
    for record in found:
        if record.number in by_number:
            raise PlacedError(
                Location(record.file), f"has the number {record.number}, and so has {by_number[record.number].file}"
            )
        by_number[record.number] = record
    files = {record.path.name for record in found}
    for record in found:
        for key, (other, place) in record.others.items():
            if other not in files:
                raise PlacedError(place, f"{key} names {other}, which is no record of {directory.name}")
    return tuple(sorted(found, key=lambda record: record.number))


def _is_one(path: Path, root: Path | None) -> bool:
    return (
        path.name != "index.md" and "deciders" in front_matter(_text(path, _name(path, root)), _name(path, root)).parts
    )


def _name(path: Path, root: Path | None) -> str:
    return path.relative_to(root).as_posix() if root is not None and path.is_relative_to(root) else str(path)


def read(path: Path, name: str = "") -> Record:
    """The record in the file at `path`; `name` is what messages call it. Raises PlacedError."""
    return parse(_text(path, name or str(path)), name or str(path), path)


def _text(path: Path, name: str) -> str:
    try:
        return read_text(path, MAX_BYTES, "utf-8-sig")
    except UnicodeDecodeError:
        raise PlacedError(Location(name), "is not UTF-8 text") from None
    except OSError as error:
        raise PlacedError(Location(name), f"cannot be read ({error.strerror}); name a record") from None


def parse(text: str, file: str, path: Path | None = None) -> Record:
    """The record with this text. Raises PlacedError, with line and column, for the first thing in it that cannot be used."""
    matter = front_matter(text, file)
    status = matter.need("status", "one of " + ", ".join(STATUSES))
    if status.value not in STATUSES:
        raise status.error(f"is {status.value!r}; it must be one of {', '.join(STATUSES)}")
    proposes = matter.get("do") is not None
    if proposes and matter.get("undo") is not None:
        raise matter.parts["undo"].error("stands beside `do`; what is decided has `undo`, what is proposed has `do`")
    if proposes and status.value != "proposed":
        raise matter.parts["do"].error(f"is for proposals; this record is {status.value}, so say what would undo it")
    changed = matter.get("do") or matter.get("undo")
    columns = tuple(_column(entry) for entry in _list(matter, "measures"))
    options = tuple(_option(entry) for entry in _list(matter, "options"))
    if options:
        chosen = sum(option.chosen for option in options)
        if chosen != 1:
            raise matter.parts["options"].error(f"marks {chosen} options as chosen; a decision chooses one")
    reopen = matter.get("reopen_when")
    made = Record(
        path=path or Path(file),
        file=file,
        number=matter.need("order", "the number of the record").whole(),
        title=matter.need("title", "the decision in a few words").text(),
        description=_words(matter, "description"),
        status=status.value,
        date=matter.need("date", "the day of the decision").date(),
        deciders=matter.need("deciders", "the roles that decided").texts(),
        owner=_words(matter, "owner"),
        last_reviewed=matter.need("last_reviewed", "the day of the last review").date(),
        review_in=matter.need("review_in", "a period such as 6 months").text(),
        stack=matter.need("stack", "the stack that the decision shapes").text(),
        affects=_placed(matter.get("affects")),
        assumes=_placed(matter.get("assumes")),
        undo=_change(changed) if changed else NOTHING,
        undo_place=changed.place if changed else Location(file),
        undo_places=_named_places(changed),
        proposes=proposes,
        night=_night(matter.get("night")),
        columns=columns,
        options=options,
        reopen_when=expressions.parse(reopen) if reopen else None,
        break_even=tuple(_break_even(entry) for entry in _list(matter, "break_even")),
        confirmation=tuple(_check(entry) for entry in _list(matter, "confirmation")),
        others={key: (entry.text(), entry.place) for key in LINKS if (entry := matter.get(key))},
    )
    try:
        later(made.last_reviewed, made.review_in)
    except ValueError as error:
        raise matter.parts["review_in"].error(f": {error}") from None
    if made.weighed and changed is None:
        raise PlacedError(
            Location(file), "front matter lacks 'undo': what would make the stack as if this had not been decided"
        )
    _names(made)
    return made


def _list(matter: Entry, key: str) -> Iterator[Entry]:
    found = matter.get(key)
    return iter(()) if found is None else found.items()


def _words(matter: Entry, key: str) -> str:
    found = matter.get(key)
    return found.text() if found else ""


def _placed(entry: Entry | None) -> tuple[tuple[str, Location], ...]:
    return () if entry is None else tuple((item.text(), item.place) for item in entry.items())


def _named_places(changed: Entry | None) -> Mapping[str, Location]:
    """Where a change names its variables, addresses and SKUs, the longest names first."""
    found: dict[str, Location] = {}
    for kind in changed.parts.values() if changed else ():
        named = {part.value: part.place for part in kind.parts.values()} if isinstance(kind.value, list) else {}
        named = named or {key: part.place for key, part in kind.parts.items()}
        found |= {str(name): place for name, place in named.items() if isinstance(name, str)}
    return dict(sorted(found.items(), key=lambda item: -len(item[0])))


CHANGE_KEYS: Final = frozenset({"variables", "arguments", "without", "adds", "assumed", "repriced"})
CIRCUMSTANCE_KEYS: Final = frozenset({"variables", "arguments", "without", "assumed", "users", "scenario"})
BESIDE_KEYS: Final = CIRCUMSTANCE_KEYS - {"scenario"}
OPTION_KEYS: Final = CHANGE_KEYS | {
    "name", "stack", "users", "poll_interval_s", "chosen", "refused", "not_modelled", "note", "broker", "replaces", "beside",
}  # fmt: skip


def _change(entry: Entry, keys: frozenset[str] = CHANGE_KEYS) -> Change:
    entry.mapping(keys)
    arguments = entry.get("arguments")
    variables, without = entry.get("variables"), entry.get("without")
    users, interval = entry.get("users"), entry.get("poll_interval_s")
    return Change(
        variables={} if variables is None else variables.mapping().value,
        arguments={}
        if arguments is None
        else {address: values.mapping().value for address, values in arguments.mapping().parts.items()},
        without=() if without is None else without.texts(),
        adds=_numbers(entry, "adds"),
        assumed=_numbers(entry, "assumed"),
        repriced=_numbers(entry, "repriced"),
        users=None if users is None else users.whole(),
        poll_interval_s=None if interval is None else interval.number(),
        scenario=_words(entry, "scenario"),
    )


def _numbers(entry: Entry, key: str) -> Mapping[str, float]:
    found = entry.get(key)
    return {} if found is None else {name: amount.number() for name, amount in found.mapping().parts.items()}


def _night(entry: Entry | None) -> Night:
    if entry is None:
        return Night()
    entry.mapping(CIRCUMSTANCE_KEYS | {"name", "faults", "seed"})
    faults, seed = entry.get("faults"), entry.get("seed")
    return Night(
        name=entry.need("name", "the night in a few words").text(),
        change=_change(entry, CIRCUMSTANCE_KEYS | {"name", "faults", "seed"}),
        faults=() if faults is None else faults.texts(),
        seed=1 if seed is None else seed.whole(),
    )


def _measure(entry: Entry) -> str:
    name = entry.text()
    if name not in MEASURES:
        raise entry.error(f": there is no measure {name!r}; there are {', '.join(MEASURES)}")
    return name


def _given(name: str, given: Entry | None, entry: Entry) -> Mapping[str, Any]:
    known = MEASURES[name]
    if given is not None:
        given.mapping((*known.needs, *known.takes))
    for needed in known.needs:
        if given is None or given.get(needed) is None:
            raise entry.error(f": the measure {name} needs {needed!r}")
    return {} if given is None else given.value


def _column(entry: Entry) -> Column:
    entry.mapping(CIRCUMSTANCE_KEYS | {"measure", "title", "with", "name"})
    measure = _measure(entry.need("measure", "the name of a measure"))
    title, name = entry.get("title"), entry.get("name")
    if name is not None and not name.text().isidentifier():
        raise name.error(f"is {name.value!r}; predicates take names of letters, digits and underscores")
    return Column(
        measure=measure,
        title=title.text() if title else MEASURES[measure].title,
        arguments=_given(measure, entry.get("with"), entry),
        change=_change(entry, CIRCUMSTANCE_KEYS | {"measure", "title", "with", "name"}),
        place=entry.place,
        name=name.text() if name else "",
    )


def _option(entry: Entry) -> Option:
    entry.mapping(OPTION_KEYS)
    broker, replaces, beside = entry.get("broker"), entry.get("replaces"), entry.get("beside")
    if broker is not None and broker.text() not in BROKERS:
        raise broker.error(f": there is no broker {broker.value!r}; there are {', '.join(BROKERS)}")
    if (broker is None) != (replaces is None):
        raise (broker or replaces or entry).error(
            "stands alone; a `broker` comes with the addresses that it `replaces`"
        )
    if beside is not None:
        beside.mapping(BESIDE_KEYS)
    return Option(
        name=entry.need("name", "the option in a few words").text(),
        change=_change(entry, OPTION_KEYS),
        place=entry.place,
        stack=_words(entry, "stack"),
        chosen=_flag(entry, "chosen"),
        refused=_flag(entry, "refused"),
        not_modelled=_words(entry, "not_modelled"),
        note=_words(entry, "note"),
        broker=_words(entry, "broker"),
        replaces=() if replaces is None else replaces.texts(),
        beside=None if beside is None else _change(beside, BESIDE_KEYS),
    )


def _flag(entry: Entry, key: str) -> bool:
    found = entry.get(key)
    return found is not None and found.flag()


def _break_even(entry: Entry) -> BreakEven:
    entry.mapping(frozenset({"input", "range", "when", "whole", "title"}))
    wanted = entry.need("input", "one of " + ", ".join(INPUTS)).mapping(frozenset(INPUTS))
    if len(wanted.parts) != 1:
        raise wanted.error(f"names {len(wanted.parts)} inputs; a break-even varies one")
    kind, name = next(iter(wanted.parts.items()))
    target = name.text()
    if kind == "argument" and len(target.split()) != 2:
        raise name.error(f"is {target!r}; write the address and the argument, with a blank between them")
    span = entry.need("range", "the lowest and the highest value to try")
    ends = [item.number() for item in span.items()]
    if len(ends) != 2 or not ends[0] < ends[1]:
        raise span.error("is the lowest and the highest value to try, in this order")
    whole = _flag(entry, "whole")
    if whole and any(end != int(end) for end in ends):
        raise span.error("ends in whole numbers where the input is one")
    return BreakEven(
        kind=kind,
        input=target,
        low=ends[0],
        high=ends[1],
        when=expressions.parse(entry.need("when", "the statement that turns")),
        place=entry.place,
        whole=whole,
        title=_words(entry, "title"),
    )


def _check(entry: Entry) -> Check:
    if not isinstance(entry.value, dict):
        raise entry.error(f"must be a mapping that begins with one of {', '.join(CHECKS)}")
    kinds = [kind for kind in CHECKS if kind in entry.parts]
    if len(kinds) != 1:
        raise entry.error(f"must name one of {', '.join(CHECKS)}, and names {len(kinds)}")
    kind = kinds[0]
    entry.mapping(CHECKS[kind] | {kind})
    beside = {key: part.value for key, part in entry.parts.items() if key != kind}
    if kind == "argument":
        entry.need("address", "the resource that has the argument").text()
        bounds = beside.keys() & {"is", "at_least", "at_most"}
        if not bounds:
            raise entry.error("says nothing of the value; write `is`, `at_least` or `at_most`")
        for bound in bounds - {"is"}:
            entry.parts[bound].number()
    for key in ("run", "address"):
        if key in entry.parts:
            entry.parts[key].text()
    return Check(kind, entry.parts[kind].text(), beside, entry.place)


EFFECTS: Final = ("month", "game", "users", "users_low", "age", "p99", "errors", "harm", "lead")
"""The figures that every record has, by the names that predicates use; `weighing.effect_columns` says what they are."""


def _names(record: Record) -> None:
    """Nothing, if every name in every expression stands for a figure; else a refusal that points at it."""
    seen: dict[str, Column] = {}
    for column in record.columns:
        if column.name in EFFECTS or column.name in seen:
            raise PlacedError(column.place, f"the name {column.name!r} is taken; every record has {', '.join(EFFECTS)}")
        if column.name:
            seen[column.name] = column
    everywhere = [b.when for b in record.break_even] + ([record.reopen_when] if record.reopen_when else [])
    for expression in everywhere:
        for figure, place in expression.places():
            if figure.name in {*seen, *EFFECTS}:
                if figure.arguments:
                    raise PlacedError(place, f"{figure.name} is a figure of the record and takes no arguments")
                continue
            if figure.name not in MEASURES:
                own = ", ".join((*EFFECTS, *seen))
                raise PlacedError(
                    place, f"there is no measure {figure.name!r}; there are {', '.join(MEASURES)}; the record has {own}"
                )
            known = MEASURES[figure.name]
            given = [name for name, _ in figure.arguments]
            for name in given:
                if name not in (*known.needs, *known.takes):
                    takes = ", ".join((*known.needs, *known.takes)) or "none"
                    raise PlacedError(place, f"the measure {figure.name} takes no {name!r}; it takes {takes}")
                if given.count(name) > 1:
                    raise PlacedError(place, f"{figure.name} is given {name!r} twice")
            for name in known.needs:
                if name not in given:
                    raise PlacedError(place, f"the measure {figure.name} needs {name!r}")
