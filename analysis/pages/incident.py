"""An incident on its page: the night minute by minute, the flaws that led to it, and what single changes would have done."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from analysis.architecture import Location
from analysis.claims import ClaimError
from analysis.demand import PathError
from analysis.facts import FactError
from analysis.pages import infrastructure, load, tables
from analysis.pages.model import Model
from analysis.pages.stated import register
from analysis.pages.tables import Cell, Column, table
from analysis.studies import MEASURES, MeasureError, StudyError, measure, shown
from analysis.terraform import InputError

_FLAW = re.compile(r"^\s*# flaw: (?P<id>[A-Z]\d+) (?P<says>\S.*)$")


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a timeline: minutes from kick-off, what happened, and how that is known."""

    minute: float
    what: str
    known: str


def timeline(model: Model, reported: Sequence[Mapping[str, Any]] = ()) -> Markup:
    """The night of the stack's scenario, in minutes from kick-off.

    It holds the scenario's events, what was `reported` (minute and what), and when the computed crowd crosses what the service
    can do and what the health check bears.
    """
    entries = [
        *_events(model),
        *_crossings(model),
        *(Entry(float(r["minute"]), str(r["what"]), "reported") for r in reported),
    ]
    rows = [
        Markup("<li><time>{}</time><div>{} <small>{}</small></div></li>").format(
            _minutes(entry.minute), entry.what, entry.known
        )
        for entry in sorted(entries, key=lambda entry: entry.minute)
    ]
    return Markup('<ol class="g-timeline">{}</ol>').format(Markup("").join(rows))


def _minutes(minute: float) -> str:
    whole = round(minute)
    sign = "−" if whole < 0 else "+" if whole > 0 else ""
    return f"{sign}{abs(whole)}"


def _events(model: Model) -> Iterator[Entry]:
    night = model.scenario
    moments = [(moment.minute, 0.0, moment.event) for moment in night.profile if moment.event]
    moments += [(surge.minute, surge.rise_s / 60.0, surge.event) for surge in night.surges if surge.event]
    for minute, rise, event in moments:
        crowd = load.significant(night.users(minute + rise), 2)
        word = f"{event[:1].upper()}{event[1:]}"
        yield Entry(minute, f"{word}: {crowd} users{' within the minute' if rise else ''}.", "reconstructed course")


def _crossings(model: Model) -> Iterator[Entry]:
    night = model.scenario
    held = model.capacity.users_held.value
    killed = measure("health.users_until_killed", model.study, {}).value
    seconds = range(round(night.start_minute * 60), round(night.end_minute * 60) + 1)
    levels = (
        (
            held,
            "The service is asked for more than it can do, from {} users on; the queue grows.",
            "Below {} users the queue would begin to drain.",
        ),
        (killed, "The queue is longer than the health check waits, from {} users on.", ""),
    )
    verdict_s = measure("health.patience", model.study, {}).value
    dead = "At the earliest, the balancer takes the task for dead, and it is replaced."
    for level, above, below in levels:
        if not isinstance(level, int | float):
            continue
        crossed: bool | None = None
        for second in seconds:
            over = night.users(second / 60.0) > level
            if over != crossed and (crossed is not None or over) and (above if over else below):
                sentence = (above if over else below).format(load.significant(float(level), 2))
                yield Entry(second / 60.0, sentence, "computed")
                if level == killed and isinstance(verdict_s, int | float):
                    yield Entry((second + verdict_s) / 60.0, dead, "computed")
            crossed = over


def flaws(model: Model, page: str, closed: Mapping[str, Sequence[Cell]]) -> Markup:
    """Every line of the stack's Terraform that is marked `# flaw: <id> ...`, with a link to it and what closes it.

    `closed` has for each id what closes its lines, in their order. Raises ValueError where lines and closers of an id differ in
    number.
    """
    found = list(_flaws(model))
    ids = [flaw_id for flaw_id, _, _ in found]
    for flaw_id in sorted({*ids, *closed}):
        if ids.count(flaw_id) != len(closed.get(flaw_id, ())):
            raise ValueError(
                f"{page}: flaw {flaw_id} marks {ids.count(flaw_id)} lines of {model.name} and has "
                f"{len(closed.get(flaw_id, ()))} closers in the front matter"
            )
    closers = {flaw_id: iter(cells) for flaw_id, cells in closed.items()}
    rows = [
        [flaw_id, _marked(says), infrastructure.citation(model, where, page), next(closers[flaw_id])]
        for flaw_id, says, where in sorted(found, key=lambda flaw: (flaw[0][0], int(flaw[0][1:])))
    ]
    columns = [Column("Flaw", "code"), Column("What is written", "wide"), Column("Where"), Column("Closed by", "wide")]
    return table(columns, rows, label="Contributing factors")


def _marked(text: str) -> Markup:
    """The text with what stands between backticks as code."""
    parts = text.split("`")
    return Markup("").join(tables.code(part) if at % 2 else Markup("{}").format(part) for at, part in enumerate(parts))


def _flaws(model: Model) -> Iterator[tuple[str, str, Location]]:
    directory = Path(model.root) / model.folder
    for path in sorted(directory.glob("*.tf")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            match = _FLAW.match(line)
            if match:
                yield match["id"], match["says"], Location(path.name, number)


def change_table(root: Path, page: str, extra: Mapping[str, Any], label: str) -> Markup:
    """Changes to a stack, each made alone and computed: `stack`, `measures` and `changes` in `extra`.

    A change has a `name`, the `variables`, `arguments` or `without` that `study` takes, and may have a `verdict` in words.
    Raises ClaimError where a change or a measure is wrong.
    """
    measures = extra.get("measures", ())
    for wanted in measures:
        if wanted["measure"] not in MEASURES:
            raise ClaimError(f"{page}: there is no measure {wanted['measure']!r}")
    rows: list[list[Cell]] = []
    for change in extra.get("changes", ()):
        given = {key: change[key] for key in ("variables", "arguments", "without") if key in change}
        try:
            subject = register(root).studies.study(extra["stack"], **given)
            figures = [shown(measure(wanted["measure"], subject, wanted.get("with", {}))) for wanted in measures]
        except (MeasureError, StudyError, PathError, FactError, InputError) as error:
            raise ClaimError(f"{page}: change {change['name']!r}: {error}") from None
        verdict = Markup("<br><small>{}</small>").format(change["verdict"]) if change.get("verdict") else ""
        rows.append([Markup("{}{}").format(change["name"], verdict), *figures])
    if not rows or not measures:
        raise ClaimError(f"{page}: front matter lacks the changes or the measures of {label}")
    columns = [
        Column("Change", "wide"),
        *(Column(wanted["title"], "number") for wanted in measures),
    ]
    return table(columns, rows, label=label)
