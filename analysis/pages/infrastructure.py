"""A stack's inventory, variables, outputs, alarms and validation as tables, each row with the line of Terraform it stands on."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from analysis.architecture import Location, Resource, Unknown, Value
from analysis.drawing import tables
from analysis.drawing.tables import Cell, Column, Row, State, amount, table
from analysis.pages import exports, links, source, systems
from analysis.pages.model import Macro, Model, Site
from analysis.validation import PlanText, validated

LONGEST = 240
"""Characters of a value that a table shows; the rest is in the source."""

STEP_STATES: Mapping[str, State] = {
    "passed": "good",
    "ok": "good",
    "failed": "bad",
    "skipped": "plain",
    "warning": "warn",
}
_CITED = re.compile(r"(?P<file>[\w./-]+\.(?:tf|tf\.json|toml)):(?P<line>\d+)(?::\d+)?")


def citation(model: Model, where: Location, page: str) -> Cell:
    """A link to the line, or its name where the file is not shown."""
    path = source.below_root(model.folder, where.file)
    name = f"{path.removeprefix(model.folder + '/').removeprefix('terraform/')}:{where.line}"
    if path not in source.files(model.root):
        return name
    return tables.link(links.relative(page, source.uri(path), source.anchor(where.line)), name, "g-src")


def origin(model: Model, text: str, page: str) -> Cell:
    """Where a number comes from, with a link where that is a line of Terraform."""
    match = _CITED.fullmatch(text)
    return citation(model, Location(match["file"], int(match["line"])), page) if match else text


def address_page(model: Model, address: str, page: str) -> str | None:
    """The address of the page about a resource, or of its line of Terraform; None for what is not a resource of the stack."""
    about = model.about.page(address)
    if about:
        return links.relative(page, about)
    resource = model.architecture.by_address.get(address)
    if resource is None:
        return None
    path = source.below_root(model.folder, resource.defined_at.file)
    if path not in source.files(model.root):
        return None
    return links.relative(page, source.uri(path), source.anchor(resource.defined_at.line))


def shown(value: Value) -> str:
    """A resolved value for people: texts as they are, structures as JSON, what only an apply would tell by its reference."""
    if isinstance(value, Unknown):
        return f"known after apply ({value.reference})"
    if isinstance(value, str):
        return value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return amount(value)
    return json.dumps(value, default=shown, ensure_ascii=False, sort_keys=True)


def _short(value: Value) -> str:
    text = shown(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} ..."


def attribute(model: Model, address: str, name: str) -> tuple[Value, Location, bool]:
    """The value at `name` (`engine`, `scaling_configuration.0.max_capacity`), where it is set, and whether it is a default.

    Raises LookupError where there is no such resource or attribute, and for one that is sensitive.
    """
    resource = model.architecture.by_address.get(address)
    if resource is None:
        raise LookupError(f"{model.name} has no {address}")
    first, *rest = name.split(".")
    if first in resource.sensitive:
        raise LookupError(f"{address}.{first} is sensitive and is not shown")
    if first not in resource.values:
        raise LookupError(f"{address} has no {first}; it has {', '.join(sorted(resource.values))}")
    value = resource.values[first]
    for step in rest:
        try:
            value = value[int(step)] if isinstance(value, tuple) else value[step]
        except (LookupError, ValueError, TypeError):
            raise LookupError(f"{address}.{name} stops at {step!r}") from None
    return value, resource.location(first), first not in resource.locations


def inventory(model: Model, page: str) -> Markup:
    """Every resource with its line; alike instances of one block share a row."""
    rows: list[Row] = []
    for resource in model.architecture.resources:
        about = model.about.page(resource.address)
        rows.append(
            Row(
                [
                    Markup("{}<br>{}").format(
                        tables.code(resource.address), citation(model, resource.defined_at, page) or ""
                    ),
                    _summary(resource),
                    tables.link(links.relative(page, about), "About it") if about else None,
                ],
                f"{model.name}-{resource.address}",
            )
        )
    columns = [Column("Address and line", "address"), Column("Main arguments", "wide"), Column("Page", "code")]
    kinds = Counter(resource.type for resource in model.architecture.resources)
    caption = f"{len(rows)} resources of {len(kinds)} types."
    return table(columns, rows, label=f"Resources of {model.name}", caption=caption)


def _summary(resource: Resource) -> str:
    """The set arguments that are plain numbers, texts or flags, the first few in the order of the source."""
    found = []
    for name in sorted(resource.locations, key=lambda key: resource.locations[key]):
        value = resource.values.get(name)
        if name in resource.sensitive or name in {
            "count",
            "for_each",
            "tags",
            "name",
            "description",
            "provider",
            "depends_on",
        }:
            continue
        if isinstance(value, str | int | float) and len(shown(value)) <= 36:
            found.append(f"{name} = {shown(value)}")
    return ", ".join(found[:4]) + (", ..." if len(found) > 4 else "")


def variables(model: Model, page: str) -> Markup:
    """The stack's variables with the values this site is computed with."""
    rows = []
    for variable in sorted(model.architecture.variables.values(), key=lambda variable: variable.name):
        value: Cell = "sensitive" if variable.sensitive else tables.code(_short(variable.value))
        where = citation(model, variable.declared_at, page)
        rows.append(
            Row([variable.name, variable.type, value, variable.description, where], f"{model.name}-var.{variable.name}")
        )
    columns = [
        Column("Variable", "code"),
        Column("Type"),
        Column("Value here", "address"),
        Column("What it is", "wide"),
        Column("Declared at", "code"),
    ]
    return table(columns, rows, label=f"Variables of {model.name}")


def outputs(model: Model, page: str) -> Markup:
    """The stack's outputs."""
    rows = []
    for output in sorted(model.architecture.outputs.values(), key=lambda output: output.name):
        value: Cell = "sensitive" if output.sensitive else tables.code(_short(output.value))
        rows.append([output.name, value, output.description, citation(model, output.declared_at, page)])
    columns = [
        Column("Output", "code"),
        Column("Value", "address"),
        Column("What it is", "wide"),
        Column("Declared at", "code"),
    ]
    return table(columns, rows, label=f"Outputs of {model.name}")


def diagnostics(model: Model, page: str) -> Markup:
    """What the evaluator and the capacity model could not resolve; a plain sentence where there is nothing."""
    found = [*model.architecture.diagnostics, *(model.capacity.diagnostics if model.about.modelled else ())]
    if not found:
        return Markup("<p>Nothing was left unresolved.</p>")
    states: Mapping[str, State] = {"error": "bad", "warning": "warn"}
    rows = [
        [tables.chip(states[entry.severity], entry.severity), entry.message, citation(model, entry.location, page)]
        for entry in found
    ]
    columns = [Column("Kind"), Column("What", "wide"), Column("Where", "code")]
    return table(columns, rows, label=f"Unresolved in {model.name}")


def validation(model: Model) -> Markup:
    """What the real Terraform said when it was last asked, step by step; says so where that is missing or stale."""
    record, warning = validated.read(model.directory, model.architecture)
    said = (
        Markup('<div class="admonition warning"><p>{}</p></div>').format(tables.marked(warning))
        if warning
        else Markup("")
    )
    if record is None:
        return said
    rows = [
        [step["name"], tables.chip(STEP_STATES[step["status"]], step["status"]), step["message"]]
        for step in record.content["steps"]
    ]
    versions = ", ".join(f"{name} {version}" for name, version in sorted(record.content["versions"].items()))
    columns = [Column("Step", "code"), Column("Result"), Column("What it said", "wide")]
    caption = f"Recorded on {record.recorded_on} with {versions}."
    links = [
        Markup('<a href="{}">{} ({} resources)</a>').format(
            plan_uri("", model.name, plan.values), plan.values or "own values", plan.resources
        )
        for plan in validated.plans(record)
    ]
    texts = Markup("<p>The plan as Terraform prints it: {}.</p>").format(Markup(", ").join(links)) if links else ""
    return Markup("{}{}{}").format(
        said, table(columns, rows, label=f"Validation of {model.name}", caption=caption), texts
    )


def plans(model: Model) -> tuple[PlanText, ...]:
    """The recorded plans of a stack; none where nothing is recorded."""
    record, _ = validated.read(model.directory, model.architecture)
    return validated.plans(record) if record else ()


def plan_uri(folder: str, stack: str, values: str) -> str:
    """Where the text of a plan lies: in the folder of the system, beside the page."""
    return exports.uri(folder, "plan", f"{stack}-{values}" if values else stack, ".txt")


def plain(model: Model, address: str, name: str) -> str:
    """A value as one would type it into a command: no separators, no line. `var.tasks` with `max` is a part of a variable.

    Raises LookupError for what is not in the stack, is sensitive, or is known only after apply.
    """
    if address.startswith("var."):
        variable = model.architecture.variables.get(address.removeprefix("var."))
        if variable is None or variable.sensitive:
            raise LookupError(f"{model.name} has no {address} that may be shown")
        value = variable.value
        for step in name.split(".") if name else ():
            try:
                value = value[int(step)] if isinstance(value, tuple) else value[step]
            except (LookupError, ValueError, TypeError):
                raise LookupError(f"{address}.{name} stops at {step!r}") from None
    else:
        value, _, _ = attribute(model, address, name)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) in {str, int, float}:
        return str(value)
    raise LookupError(f"{address}.{name} is {shown(value)}, which cannot be typed into a command")


def alarms(model: Model, page: str, runbooks: Mapping[str, Cell]) -> Markup:
    """The alarms with condition, severity, owner and runbook, as their tags say; `runbooks` maps a runbook's name to its link."""
    rows = []
    for alarm in _alarms(model):
        tags = alarm.values.get("tags")
        said: Mapping[str, Any] = tags if isinstance(tags, Mapping) else {}
        low = {key.lower(): shown(value) for key, value in said.items()}
        runbook = low.get("runbook", "").rpartition("/")[2].removesuffix(".md")
        rows.append(
            [
                shown(alarm.values.get("alarm_name")),
                runbooks.get(runbook, runbook),
                _condition(alarm),
                low.get("severity", ""),
                low.get("owner", ""),
                citation(model, _written(model, alarm), page),
            ]
        )
    columns = [
        Column("Alarm", "code"), Column("Runbook", "wide"), Column("Rings when", "wide"), Column("Severity"), Column("Owner"),
        Column("Defined at", "code"),
    ]  # fmt: skip
    return table(
        columns, rows, label=f"Alarms of {model.name}", caption=f"{len(rows)} alarm{'s' if len(rows) != 1 else ''}."
    )


def alarms_named(model: Model, page: str, names: Sequence[str]) -> Markup:
    """The alarms of these names, in this order, with what each says and the line that defines it.

    Raises LookupError for a name that no alarm of the stack has.
    """
    known = {shown(alarm.values.get("alarm_name")): alarm for alarm in _alarms(model)}
    rows = []
    for name in names:
        if name not in known:
            raise LookupError(f"{page}: {model.name} has no alarm {name}; it has {', '.join(sorted(known))}")
        found = known[name]
        rows.append([name, _condition(found), citation(model, _written(model, found), page)])
    columns = [Column("Alarm", "code"), Column("Rings when", "wide"), Column("Defined at", "code")]
    return table(columns, rows, label="Alarms that this page answers")


def _written(model: Model, resource: Resource) -> Location:
    """Where the stack writes what one instance of a module's `for_each` is made of, if one line alone does; else its block."""
    if resource.module and isinstance(resource.index, str):
        opens = re.compile(rf'^\s*"?{re.escape(resource.index)}"?\s*=\s*{{\s*$')
        found = [
            Location(path.name, number)
            for path in sorted(model.directory.glob("*.tf"))
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
            if opens.match(line)
        ]
        if len(found) == 1:
            return found[0]
    return resource.defined_at


def _alarms(model: Model) -> Iterator[Resource]:
    return model.architecture.of_type("aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm")


_WORDS = {
    "GreaterThanThreshold": "above", "GreaterThanOrEqualToThreshold": "at or above", "LessThanThreshold": "below",
    "LessThanOrEqualToThreshold": "at or below", "GreaterThanUpperThreshold": "above the band of",
    "LessThanLowerThreshold": "below the band of", "LessThanLowerOrGreaterThanUpperThreshold": "outside the band of",
}  # fmt: skip
"""How a condition compares; the last three with a band that CloudWatch learns, in place of a threshold."""


def _condition(alarm: Resource) -> str:
    values = alarm.values
    if alarm.type == "aws_cloudwatch_composite_alarm":
        return re.sub(r"ALARM\(\"([^\"]+)\"\)", r"\1", shown(values.get("alarm_rule")))
    periods = values.get("evaluation_periods")
    datapoints = values.get("datapoints_to_alarm") or periods
    queries = values.get("metric_query") or ()
    label = next((query.get("label") for query in queries if query.get("return_data")), None)
    metric = values.get("metric_name") or label or "an expression of metrics"
    inner: Mapping[str, Value] = next((part for query in queries for part in query.get("metric") or ()), {})
    period = values.get("period") or inner.get("period")
    statistic = values.get("extended_statistic") or values.get("statistic") or ""
    band = values.get("threshold_metric_id")
    metric = next(
        (q.get("label") or q.get("id") for q in queries if q.get("return_data") and q.get("id") != band), metric
    )
    limit = "what is usual" if band else shown(values.get("threshold"))
    every = f"period{'s' if periods != 1 else ''} of {shown(period)} s"
    return (
        f"{shown(metric)} {shown(statistic)} {_WORDS[shown(values['comparison_operator'])]} {limit} "
        f"in {shown(datapoints)} of {shown(periods)} {every}"
    )


def macros(site: Site) -> Mapping[str, Macro]:
    """What pages cite of a stack's resources, variables, outputs and alarms."""

    def cited(name: str, address: str, argument: str) -> Markup:
        found, where, default = attribute(site.stack(name), address, argument)
        line = citation(site.stack(name), where, site.here()) or ""
        word = "default, " if default else ""
        return Markup("<code>{}</code> ({}{})").format(tables.inline(shown(found)), word, line)

    def answered(name: str, folder: str) -> Markup:
        books = {
            Path(page.path).stem: tables.link(links.relative(site.here(), page.path), page.title)
            for page in systems.folder(site.docs, folder)
        }
        return alarms(site.stack(name), site.here(), books)

    return {
        "stack_title": lambda name: tables.inline(site.stack(name).about.title),
        "attribute": cited,
        "value": lambda name, address, argument="": plain(site.stack(name), address, argument),
        "inventory": site.of_stack_here(inventory),
        "variables": site.of_stack_here(variables),
        "outputs": site.of_stack_here(outputs),
        "unresolved": site.of_stack_here(diagnostics),
        "validation": site.of_stack(validation),
        "alarms": answered,
    }
