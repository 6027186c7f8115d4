"""What every system's pages say of its stacks side by side: key figures, what is not computed and why, what is not known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from analysis.alarms import read as read_alarms
from analysis.drawing import tables
from analysis.drawing.tables import Cell, Column, table
from analysis.facts import FactError
from analysis.night import NightError
from analysis.pages import links, proofs, records, season, systems
from analysis.pages.model import Macro, Model, Site
from analysis.pages.reference import assumption_table
from analysis.studies import MeasureError, StudyError, measure, shown
from analysis.wiring import PathError

REFUSALS = (FactError, MeasureError, NightError, PathError, StudyError)
"""The errors that say that something cannot be computed for a stack, each in a sentence for its reader."""


def _measured(name: str, **arguments: Any) -> Callable[[Model], str]:
    return lambda model: shown(measure(name, model.study, arguments))


def _holding(model: Model) -> str:
    found = proofs.report(model)
    return f"{len(found.holding)} hold, {len(found.unwaived)} fail, {len(found.waived)} waived"


FIGURES: Mapping[str, Callable[[Model], str]] = {
    "Resources": _measured("terraform.count"),
    "Alarms on a metric": _measured("terraform.count", type="aws_cloudwatch_metric_alarm"),
    "A month without a game": _measured("cost.idle_month"),
    "A month with its games": _measured("cost.month"),
    "Resources or components without a price": _measured("cost.unpriced"),
    "Users at the peak of the scenario": _measured("scenario.peak"),
    "Users held when it begins": _measured("capacity.users_held"),
    "First limit": _measured("capacity.bottleneck"),
    "Users held with everything scaled out": _measured("capacity.users_held", scaled_out=True),
    "Age of an update, p95": _measured("freshness.p95"),
    "Statements about its behaviour": _holding,
}
"""The key figures of a stack, in their order; a refusal stands in the place of one that cannot be had."""


COMPUTED: Mapping[str, Callable[[Model], Any]] = {
    "capacity": lambda model: model.capacity,
    "night": lambda model: model.study.path,
}
"""What is computed of a stack with a scenario, where nothing is refused."""


def key_figures(models: Sequence[Model], labels: Sequence[str]) -> Markup:
    """The key figures of stacks side by side; a row that no stack has is left out, and the reason stands below the table."""
    rows: list[list[Cell]] = []
    reasons: dict[str, list[str]] = {}
    for label, compute in FIGURES.items():
        cells: list[Cell] = []
        for model in models:
            try:
                cells.append(compute(model))
            except REFUSALS as error:
                cells.append(Markup("<small>not computed</small>"))
                reasons.setdefault(str(error), []).append(f"{label}, {model.name}" if len(models) > 1 else label)
        rows.append([label, *cells])
    columns = [Column("Figure", "head"), *(Column(label, "number") for label in labels)]
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
            "is missing, so the alarms were not tried over nights that build up and quiet ones; "
            "gameday season reads the nights from it",
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
        folder = site.here().partition("/")[0]
        found = systems.system(site.docs, folder)
        known = {one.name: one.label for one in found.stacks} if found else {}
        return [known.get(name) or site.stack(name).about.title for name in names]

    def is_polled(*names: str) -> bool:
        return any(_of(site.stack(name), lambda model: model.capacity.polled) for name in names)

    def is_pooled(*names: str) -> bool:
        return any(_of(site.stack(name), lambda model: model.capacity.connections) for name in names)

    return {
        "key_figures": lambda *names: key_figures([site.stack(name) for name in names], labels(names)),
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
