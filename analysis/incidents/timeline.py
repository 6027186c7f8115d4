"""An incident as a file: where its series come from, what counts as impact, and what is known of its course.

The file is TOML. Times are in UTC (`2026-03-07T20:45:00Z`). It names either a `[night]` to simulate or a `[pack]` to read,
says under `[harm]` what affects a user, and lists under `[[entry]]` what is known and how. `[[factor]]`, `[[action]]` and
`[[step]]` are changes to weigh, `[[hard]]` are kinds of night to look for headroom on. `[review]` is what people add to it; see
`analysis.incidents.review`.

    title = "Checkout down on Black Friday"
    [pack]
    file = "pack.json"          # what `aws cloudwatch get-metric-data` printed; see analysis.alarms.packs
    [harm]
    slow_s = 2                  # or late_s, where the pack holds the age of what users see
    [[entry]]
    at = 2026-11-27T09:12:00Z
    what = "Support hears of failing payments."
    source = "support desk, ticket 4711"
    kind = "detected"
    evidence = { metric = "AWS/ApplicationELB HTTPCode_ELB_5XX_Count", statistic = "Sum" }
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast, get_args

from analysis.facts import FactError
from analysis.facts.assumptions import Table, toml
from analysis.incidents.review import Review, review

Kind: TypeAlias = Literal["note", "news", "detected", "engaged", "mitigated", "recovered"]
"""What an entry means: a plain note, news that users wait for (a goal), or one of the moments that times are counted to."""

CHANGES = ("variables", "arguments", "without", "environment", "poll_interval_s", "runtime")
"""What a change may hold."""

SIGNALS = ("users", "requests", "failed", "age", "answer")
"""What an impact is made of, each a metric: people there, requests, failed ones, age of what is seen, answer times."""

MINUTE = dt.timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an entry rests on: a metric (`NAMESPACE NAME`) with a statistic, a simulated event, a line of a file, or an alarm."""

    metric: str = ""
    statistic: str = "Average"
    event: str = ""
    line: str = ""
    alarm: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something known of the incident: when, what, from where, and the evidence for it. `line` is its place in the file."""

    at: dt.datetime
    what: str
    source: str
    kind: Kind = "note"
    evidence: Evidence = field(default_factory=Evidence)
    number: int = 0


@dataclass(frozen=True, slots=True)
class Harm:
    """What affects a user besides a failed request: seeing what is older than `late_s`, an answer after `slow_s`.

    Without `late_s` the limit is that of `analysis.alarms.harm`, which knows the target and the calm minutes of the night. The
    incident is over when `quiet_minutes` have passed without impact.
    """

    late_s: float | None = None
    slow_s: float | None = None
    quiet_minutes: int = 5
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Objective:
    """A service level objective: the share of requests that succeed, and how many requests or such nights its window holds."""

    availability: float
    window_days: int = 30
    requests: float | None = None
    nights: float | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class NightSource:
    """A night to simulate: the stack that failed, its kick-off (UTC), and the seeds of the dice, the first for charts.

    `calibrated` takes the figures that the calibration beside the stack found in place of the assumptions.
    """

    stack: Path
    kick_off: dt.datetime
    seeds: tuple[int, ...]
    peak_users: int | None = None
    calibrated: bool = False


@dataclass(frozen=True, slots=True)
class PackSource:
    """A pack to read, and whether CloudWatch had no datapoint either where one is missing.

    `stack` has the alarms, if any. `poll_interval_s` makes users of requests where every user asks that often. `signals` names
    metrics (`NAMESPACE NAME`) for what `impact.SIGNALS` would look for; `dimensions` chooses among several of one name.
    """

    file: Path
    gaps: Literal["refuse", "missing"] = "refuse"
    stack: Path | None = None
    poll_interval_s: float | None = None
    signals: Mapping[str, str] = field(default_factory=dict)
    dimensions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """A change to a stack that is switched on or off: what `studies.study` takes, and the words for it.

    `environment` has by the address of a task definition other values of its containers' variables. `poll_interval_s` is that of
    the apps, where it stands in no Terraform; `runtime` names another runtime profile. `needs` names changes of the same kind
    without which it is worth nothing: users held are looked for with them as well.
    """

    id: str
    name: str
    says: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)
    arguments: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    environment: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    poll_interval_s: float | None = None
    runtime: str | None = None
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hard:
    """A kind of night to look for headroom on: the incident's course, with faults, or with another rise of its largest surge."""

    id: str
    name: str
    faults: tuple[str, ...] = ()
    rise_s: float | None = None


@dataclass(frozen=True)
class Incident:
    """The file, read. `factors` are flaws of the failed stack undone; `actions` are parts of the stack `now`, taken away."""

    path: Path
    title: str
    summary: str
    harm: Harm
    entries: tuple[Entry, ...]
    night: NightSource | None = None
    pack: PackSource | None = None
    objective: Objective | None = None
    now: Path | None = None
    factors: tuple[Change, ...] = ()
    actions: tuple[Change, ...] = ()
    steps: tuple[Change, ...] = ()
    hard: tuple[Hard, ...] = ()
    review: Review = field(default_factory=Review)

    @property
    def file(self) -> str:
        """What messages call the file."""
        return self.path.name


FILE_NAME = "incident.toml"


def read(path: Path) -> Incident:
    """The incident in the TOML file at `path`, or in `incident.toml` of that directory; relative paths start from the file's.

    Raises FactError, with the file and the key, where something is missing, unknown, no UTC time, or not there on disk.
    """
    path = path / FILE_NAME if path.is_dir() else path
    table = toml(
        path,
        missing="write one, with title and either [night] (scenario and stack) or [pack] (what CloudWatch recorded)",
    )
    base = path.parent
    night = _night(table.table("night"), base) if "night" in table.entries else None
    pack = _pack(table.table("pack"), base) if "pack" in table.entries else None
    if (night is None) == (pack is None):
        raise FactError(table.file, "", "needs either [night], to simulate, or [pack], to read; not both")
    made = Incident(
        path=path,
        title=table.text("title"),
        summary=table.text("summary", ""),
        harm=_harm(table.table("harm")) if "harm" in table.entries else Harm(),
        entries=tuple(_entry(each, number) for number, each in enumerate(table.tables("entry"), 1)),
        night=night,
        pack=pack,
        objective=_objective(table.table("objective")) if "objective" in table.entries else None,
        now=_directory(table, "now", base) if "now" in table.entries else None,
        factors=_changes(table, "factor"),
        actions=_changes(table, "action"),
        steps=_changes(table, "step"),
        hard=tuple(_hard(each) for each in table.tables("hard")),
        review=review(table.table("review")) if "review" in table.entries else Review(),
    )
    table.closed()
    for earlier, later in zip(made.entries, made.entries[1:], strict=False):
        if later.at < earlier.at:
            raise FactError(
                table.file,
                f"entry[{later.number - 1}].at",
                f"is {stamp(later.at)}, before the entry above it; sort them",
            )
    if made.actions and made.now is None:
        raise FactError(table.file, "now", "is missing; the actions are taken away from the stack that it names")
    return made


def within(incident: Incident, start: dt.datetime, minutes: int) -> None:
    """Nothing, if every entry lies within the pack that begins at `start`; else a FactError that names the first other."""
    end = start + minutes * MINUTE
    for entry in incident.entries:
        if not start <= entry.at <= end:
            raise FactError(
                incident.file,
                f"entry[{entry.number - 1}].at",
                f"is {stamp(entry.at)}, outside the pack, which lasts from {stamp(start)} to {stamp(end)}; "
                "correct the time, or fetch a longer pack",
            )


def stamp(moment: dt.datetime) -> str:
    """A point in time as the file writes it."""
    return f"{moment.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"


def utc(table: Table, key: str) -> dt.datetime:
    """The point in time under `key`; FactError unless it is written in UTC."""
    value = table.get(key)
    if value is None:
        raise table.error(key, "is missing; write it in UTC, as 2026-03-07T20:45:00Z")
    if isinstance(value, str):
        raise table.error(key, f"is the text {value!r}; write the time without quotes, as 2026-03-07T20:45:00Z")
    if not isinstance(value, dt.datetime):
        raise table.error(key, f"is {value}, which is no point in time; write it in UTC, as 2026-03-07T20:45:00Z")
    if value.utcoffset() is None:
        raise table.error(key, f"is {value.isoformat()}, without a zone; times are in UTC, so end it with Z")
    if value.utcoffset() != dt.timedelta(0):
        raise table.error(key, f"is {value.isoformat()}, not in UTC; write {stamp(value)}")
    return value.astimezone(dt.UTC)


def _directory(table: Table, key: str, base: Path) -> Path:
    found = base / table.text(key)
    if not found.is_dir():
        raise table.error(key, f"names {table.text(key)}, which is no directory beside the file")
    return found


def _optional(table: Table, key: str, *, above: float = 0) -> float | None:
    if table.entries.get(key) is None:
        table.get(key)
        return None
    value = table.number(key)
    if value <= Decimal(str(above)):
        raise table.error(key, f"is {value}; it must be above {above:g}")
    return float(value)


def _share(table: Table, key: str, default: float) -> float:
    value = float(table.number(key)) if key in table.entries else default
    if not 0 < value <= 1:
        raise table.error(key, f"is {value:g}; it is a share above 0 and at most 1")
    return value


def _whole(table: Table, key: str, default: int | None = None) -> int:
    if key not in table.entries and default is not None:
        return default
    value = table.number(key, minimum=1)
    if value != int(value):
        raise table.error(key, f"is {value}; it must be a whole number")
    return int(value)


def _night(table: Table, base: Path) -> NightSource:
    seeds = table.get("seeds")
    if not isinstance(seeds, list) or not seeds or not all(type(seed) is int and seed >= 0 for seed in seeds):
        raise table.error("seeds", "must be a list of whole numbers, one at least; the first draws the charts")
    if len(set(seeds)) != len(seeds):
        raise table.error("seeds", "names a seed twice")
    made = NightSource(
        stack=_directory(table, "stack", base),
        kick_off=utc(table, "kick_off"),
        seeds=tuple(seeds),
        peak_users=_whole(table, "peak_users") if "peak_users" in table.entries else None,
        calibrated=table.flag("calibrated", default=False),
    )
    table.closed()
    return made


def _pack(table: Table, base: Path) -> PackSource:
    gaps = table.text("gaps", "refuse")
    if gaps not in {"refuse", "missing"}:
        raise table.error("gaps", f"is {gaps!r}; it must be refuse or missing")
    made = PackSource(
        file=base / table.text("file"),
        gaps="missing" if gaps == "missing" else "refuse",
        stack=_directory(table, "stack", base) if "stack" in table.entries else None,
        poll_interval_s=_optional(table, "poll_interval_s"),
        signals=_signals(table),
        dimensions=table.texts("dimensions"),
    )
    table.closed()
    return made


def _signals(table: Table) -> Mapping[str, str]:
    found = table.texts("signals")
    for name, metric in found.items():
        if name not in SIGNALS:
            raise table.error(f"signals.{name}", f"is not known; the signals are {', '.join(SIGNALS)}")
        if len(metric.split()) != 2:
            raise table.error(f"signals.{name}", f"is {metric!r}; write namespace and name, as in Shop OrderAge")
    return found


def _harm(table: Table) -> Harm:
    made = Harm(
        late_s=_optional(table, "late_s"),
        slow_s=_optional(table, "slow_s"),
        quiet_minutes=_whole(table, "quiet_minutes", Harm().quiet_minutes),
        reason=table.text("reason", ""),
    )
    table.closed()
    return made


def _objective(table: Table) -> Objective:
    availability = _share(table, "availability", 0.0)
    if availability >= 1:
        raise table.error("availability", "is 1; an objective without a budget cannot be spent")
    made = Objective(
        availability=availability,
        window_days=_whole(table, "window_days", 30),
        requests=_optional(table, "requests"),
        nights=_optional(table, "nights"),
        source=table.text("source", ""),
    )
    if (made.requests is None) == (made.nights is None):
        raise table.error(
            "", "needs either requests, those of the window, or nights, how many such nights the window holds"
        )
    table.closed()
    return made


def _entry(table: Table, number: int) -> Entry:
    kind = table.text("kind", "note")
    if kind not in get_args(Kind):
        raise table.error("kind", f"is {kind!r}; it must be one of {', '.join(get_args(Kind))}")
    made = Entry(
        at=utc(table, "at"),
        what=table.text("what"),
        source=table.text("source"),
        kind=cast("Kind", kind),
        evidence=_evidence(table.table("evidence")) if "evidence" in table.entries else Evidence(),
        number=number,
    )
    table.closed()
    return made


def _evidence(table: Table) -> Evidence:
    made = Evidence(
        metric=table.text("metric", ""),
        statistic=table.text("statistic", "Average"),
        event=table.text("event", ""),
        line=table.text("line", ""),
        alarm=table.text("alarm", ""),
    )
    table.closed()
    given = [name for name in ("metric", "event", "line", "alarm") if getattr(made, name)]
    if len(given) != 1:
        raise table.error("", f"needs one of metric, event, line and alarm, and has {', '.join(given) or 'none'}")
    if made.metric and len(made.metric.split()) != 2:
        raise table.error("metric", f"is {made.metric!r}; write namespace and name, as in AWS/ECS CPUUtilization")
    return made


def _hard(table: Table) -> Hard:
    faults = table.get("faults") or []
    if not isinstance(faults, list) or not all(isinstance(fault, str) for fault in faults):
        raise table.error("faults", "must be a list of faults such as zone-loss@104")
    made = Hard(table.text("id"), table.text("name"), tuple(faults), _optional(table, "rise_s"))
    table.closed()
    return made


def _changes(table: Table, key: str) -> tuple[Change, ...]:
    made = tuple(_change(each) for each in table.tables(key))
    ids = [change.id for change in made]
    for index, name in enumerate(ids):
        if name in ids[:index]:
            raise table.error(f"{key}[{index}].id", f"{name!r} is taken by an earlier {key}")
    for index, change in enumerate(made):
        for name in change.needs:
            if name not in ids or name == change.id:
                raise table.error(f"{key}[{index}].needs", f"names {name!r}, which is no other {key}")
    return made


def _change(table: Table) -> Change:
    return change(table, table.text("id"), table.text("name"))


def change(table: Table, id: str, name: str) -> Change:  # noqa: A002 (what the file calls it)
    """The change that a table of a file holds. FactError, with the key, where it is wrong or changes nothing."""
    without, needs = _texts(table, "without", "addresses"), _texts(table, "needs", "ids")
    arguments = _tree(table, "arguments")
    if not all(isinstance(values, dict) for values in arguments.values()):
        raise table.error("arguments", "maps each address to a table of its arguments")
    made = Change(
        id=id,
        name=name,
        says=table.text("says", ""),
        variables=_tree(table, "variables"),
        arguments=arguments,
        without=without,
        environment=_environment(table),
        poll_interval_s=_optional(table, "poll_interval_s"),
        runtime=table.text("runtime", "") or None,
        needs=needs,
    )
    table.closed()
    if not any(getattr(made, name) for name in CHANGES):
        raise table.error("", f"changes nothing; give one of {', '.join(CHANGES)}")
    return made


def _texts(table: Table, key: str, what: str) -> tuple[str, ...]:
    value = table.get(key) or []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise table.error(key, f"must be a list of {what}")
    return tuple(value)


def _environment(table: Table) -> dict[str, dict[str, str]]:
    found = _tree(table, "environment")
    for address, names in found.items():
        if not isinstance(names, dict) or not all(isinstance(value, str) for value in names.values()):
            raise table.error(f"environment.{address}", "must be a table of texts by the name of a variable")
    return found


def _tree(table: Table, key: str) -> dict[str, Any]:
    value = table.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise table.error(key, "must be a table")
    return {name: _plain(inner) for name, inner in value.items()}


def _plain(value: Any) -> Any:
    """The value as Terraform's model has it: numbers as int or float, lists as tuples."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    return tuple(_plain(inner) for inner in value) if isinstance(value, list) else value
