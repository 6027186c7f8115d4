"""What every system's pages say of its stacks side by side: key figures, what is not computed and why, what is not known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from markupsafe import Markup

from analysis.alarms import read as read_alarms
from analysis.capacity import Bound, Station
from analysis.drawing import tables
from analysis.drawing.tables import Cell, Column, significant, table
from analysis.facts import FactError, limits
from analysis.network.model import spoken
from analysis.night import NightError
from analysis.pages import links, proofs, records, season, systems
from analysis.pages.model import Macro, Model, Site
from analysis.pages.reference import assumption_table
from analysis.pages.register import figure
from analysis.studies import MeasureError, StudyError, measure
from analysis.wiring import PathError

REFUSALS = (FactError, MeasureError, NightError, PathError, StudyError)
"""The errors that say that something cannot be computed for a stack, each in a sentence for its reader."""


Words: TypeAlias = Mapping[str, str]
"""What a system calls whoever comes, what they come for and what they send (`systems.WORDS`)."""


def _measured(name: str, **arguments: Any) -> Callable[[Model, Words], Cell]:
    return lambda model, _: figure(measure(name, model.study, arguments), name, model.name, **arguments)


def _held(model: Model, words: Words, *, scaled_out: bool = False) -> Cell:
    capacity = model.capacity
    users = (capacity.at_most if scaled_out else capacity.at_start).users.value
    if users is not None and users < 1:
        return f"none: feeds alone pass the first limit, before any {words['crowd']} come"
    return _measured("capacity.users_held", scaled_out=scaled_out)(model, words)


def first_limit(model: Model) -> tuple[Station, Bound] | None:
    """The limit that binds first with what runs at the start, and where; None where none is known to bind."""
    if not model.capacity.bottleneck:
        return None
    station = model.capacity.station(model.capacity.bottleneck)
    known = [(users, bound) for bound in station.limits if (users := bound.users_held.value) is not None]
    return station, min(known, key=lambda pair: pair[0])[1]


def limit_sentence(model: Model) -> Markup:
    """The limit that binds first, in a sentence: where, how much there is, how much the scenario's peak needs, who sets it."""
    found = first_limit(model)
    if found is None:
        return Markup("no limit is known to bind")
    station, bound = found
    kind = KINDS.get(station.kind, station.kind)
    return Markup("{} {}: {}; the peak needs {}; {}").format(
        kind, tables.code(station.address), available(bound), significant(bound.used, 4), set_by(bound)
    )


def available(bound: Bound) -> str:
    """How much of a limit there is, and of what: `writes of a prefix, 3,500 a second`."""
    per, unit = spoken(bound.unit)
    amount = f"{significant(bound.available / per, 4)} {unit}"
    return amount if amount.endswith(f" {bound.name}") else f"{bound.name}, {amount}"


def set_by(bound: Bound) -> str:
    """Who sets a limit: AWS, where its published numbers are all it rests on, else the Terraform; else it is an estimate."""
    rows = [limits().get(given.name) for given in bound.inputs]
    if None in rows:
        return "set by the Terraform"
    return "an AWS service limit" if all(row and row.low == row.high for row in rows) else "an estimate with a range"


KINDS: Mapping[str, str] = {
    "edge": "CDN", "balancer": "Load balancer", "api": "API", "socket": "WebSocket API", "service": "ECS service",
    "fleet": "Instances", "instance": "Instance", "function": "Function", "cache": "Cache", "proxy": "Database proxy",
    "database": "Database", "table": "DynamoDB table", "stream": "Stream", "queue": "Queue", "topic": "Topic",
    "delivery": "Delivery stream", "bucket": "S3 bucket",
}  # fmt: skip
"""What a kind of station is called at the beginning of a sentence."""

FIGURES: Mapping[str, Callable[[Model, Words], Cell]] = {
    "Resources": _measured("terraform.count"),
    "Alarms": _measured("terraform.count", type="aws_cloudwatch_*_alarm"),
    "A month without any {event}": _measured("cost.idle_month"),
    "A month with its {event}s": _measured("cost.month"),
    "Resources or components without a price": _measured("cost.unpriced"),
    "{Crowd} at the peak of the scenario": _measured("scenario.peak"),
    "{Crowd} held at the start": _held,
    "First limit": lambda model, _: limit_sentence(model),
    "{Crowd} held when scaled out": partial(_held, scaled_out=True),
    "Age of an update, p95": _measured("freshness.p95"),
    "Statements about its behaviour": lambda model, _: proofs.report(model).summary,
}
"""The key figures of a stack, in their order, named in a system's words; where one cannot be had, the reason is shown."""


def named(label: str, words: Words) -> str:
    """The name of a figure in a system's words."""
    return label.format(Crowd=f"{words['crowd'][:1].upper()}{words['crowd'][1:]}", **words)


COMPUTED: Mapping[str, Callable[[Model], Any]] = {
    "capacity": lambda model: model.capacity,
    "night": lambda model: model.study.path,
}
"""What is computed of a stack with a scenario, where nothing is refused."""


def key_figures(models: Sequence[Model], labels: Sequence[str], words: Words) -> Markup:
    """The key figures of stacks side by side; a row that no stack has is left out, and the reason stands below the table."""
    rows: list[list[Cell]] = []
    reasons: dict[str, list[str]] = {}
    for template, compute in FIGURES.items():
        label = named(template, words)
        cells: list[Cell] = []
        for model, shown_as in zip(models, labels, strict=True):
            try:
                cells.append(compute(model, words))
            except REFUSALS as error:
                cells.append(Markup("<small>not computed</small>"))
                reasons.setdefault(str(error).removeprefix(f"{model.name}: "), []).append(
                    f"{label}, {shown_as}" if len(models) > 1 else label
                )
        rows.append([label, *cells])
    columns = [Column("Figure", "head"), *map(Column, labels)]
    lines = [
        Markup("<li>{}: {}</li>").format("; ".join(wanted), tables.marked(reason)) for reason, wanted in reasons.items()
    ]
    left = (
        Markup("<details><summary>Why figures are missing</summary><ul>{}</ul></details>").format(
            Markup("").join(lines)
        )
        if lines
        else ""
    )
    return Markup("{}{}").format(table(columns, rows, label="Key figures"), left)


def refused(sentence: str) -> Markup:
    """A refusal where its answer would stand."""
    return Markup('<div class="admonition note"><p class="admonition-title">Not computed</p><p>{}</p></div>').format(
        tables.marked(sentence)
    )


def scenarios(models: Sequence[Model]) -> Markup:
    """The assumptions of each scenario by which one of the stacks is judged, once; a refusal where there is none."""
    found, said = {}, []
    for model in models:
        try:
            found[model.scenario.path.resolve()] = model.scenario
        except REFUSALS as error:
            said.append(refused(str(error)))
    parts = list(dict.fromkeys(said))
    for path, scenario in found.items():
        parts.append(Markup("\n\n## {} {{#scenario-{}}}\n\n").format(tables.inline(scenario.title), path.stem))
        parts.append(assumption_table(scenario))
    return Markup("\n").join(parts)


def questions(models: Sequence[Model], docs: Path, folder: str, page: str) -> Markup:
    """What nobody has said yet and what follows from that, each as a sentence that names the file or the line to write."""
    asked: list[tuple[str, Cell, Cell]] = []
    for model in models:
        asked += [("scenario", tables.code(one.where), one.text) for one in model.about.questions]
        for what, compute in COMPUTED.items():
            try:
                compute(model)
            except REFUSALS as error:
                if not model.about.questions:
                    asked.append((what, tables.code(model.name), tables.marked(str(error))))
        asked += [
            ("cost", tables.code(gap.address), f"{gap.component}: {gap.reason}" if gap.component else gap.reason)
            for gap in model.estimate.unpriced
        ]
    answered = {
        name for book in records.runbooks(docs, f"{folder}/runbooks") for name in book.extra.get("alarms") or ()
    }
    main = models[0]
    asked += [
        ("alarm", tables.code(alarm.name), "No runbook says what to do when it rings.")
        for alarm in read_alarms(main.architecture).metric
        if alarm.name not in answered
    ]
    for kind in systems.RECORDS:
        asked += [
            (kind.removesuffix("s"), tables.link(links.relative(page, record.path), record.title), question)
            for record in systems.folder(docs, f"{folder}/{kind}")
            for question in record.extra.get("questions") or ()
        ]
    if not asked:
        return Markup("<p>Nothing that a page of this system needs is missing.</p>")
    rows = list(dict.fromkeys(asked))
    columns = [Column("About"), Column("Where", "address"), Column("What is missing", "wide")]
    return table(columns, [list(row) for row in rows], label="Open questions", caption=f"{len(rows)} open.")


def season_said(model: Model) -> Markup:
    """What the back-test over a season found, in two figures; a refusal where the stack has none."""
    if not (model.directory / "season.json").is_file():
        raise FactError(
            f"{model.name}/season.toml",
            "",
            "is missing, so the alarms have not been back-tested over a season; `gameday season` reads its nights from that file",
        )
    pages = Markup("In time on {} of {} nights that build up; the shortest lead was {}. ").format(
        *(season.stated(model, name) for name in ("in time", "build-up nights", "shortest lead"))
    )
    quiet = Markup("In {} quiet nights somebody was woken {} times.").format(
        *(season.stated(model, name) for name in ("quiet nights", "false pages"))
    )
    return Markup("<p>{}{}</p>").format(pages, quiet)


def macros(site: Site) -> Mapping[str, Macro]:
    """What the pages that every system has cite beside the tables of each subject."""

    def labels(names: Sequence[str]) -> list[str]:
        return [systems.label(site.docs, site.here(), name) or site.stack(name).about.title for name in names]

    def is_polled(*names: str) -> bool:
        return any(_of(site.stack(name), lambda model: model.capacity.polled) for name in names)

    def is_pooled(*names: str) -> bool:
        return any(_of(site.stack(name), lambda model: model.capacity.connections) for name in names)

    return {
        "key_figures": lambda *names: key_figures(
            [site.stack(name) for name in names], labels(names), systems.words(site.docs, site.here())
        ),
        "scenarios_of": lambda *names: scenarios([site.stack(name) for name in names]),
        "open_questions": lambda *names: questions(
            [site.stack(name) for name in names], site.docs, site.here().partition("/")[0], site.here()
        ),
        "season_said": site.of_stack(season_said),
        "polled": is_polled,
        "pooled": is_pooled,
    }


def _of(model: Model, compute: Callable[[Model], Any]) -> bool:
    """Whether a stack has what is asked for; not where that is refused."""
    try:
        return compute(model) is not None
    except REFUSALS:
        return False
