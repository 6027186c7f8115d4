"""Architectures to and from JSON: what `gameday model` prints, and what `terraform show -json` gives for a plan or a state.

What Terraform marks as sensitive never leaves this module in clear: it is replaced by "(sensitive value)".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from analysis.architecture import (
    ALIASES,
    Architecture,
    Diagnostic,
    Location,
    Output,
    Resource,
    Unknown,
    Value,
    Variable,
)
from analysis.files import read_bytes
from analysis.terraform.plan_wiring import Wiring
from analysis.terraform.provider import SOURCE
from analysis.terraform.sources import problem
from analysis.terraform.values import ValueProblem, from_python

MASK = "(sensitive value)"

MAX_PLAN_BYTES = 200_000_000
"""Bytes of a plan's JSON; one of a thousand resources has some ten million."""


def to_json(architecture: Architecture) -> dict[str, Any]:
    """The architecture as plain JSON; unknown values are `{"unknown": reference}`, sensitive ones masked."""
    return {
        "stack": architecture.stack,
        "resources": [
            {
                "address": resource.address,
                "type": resource.type,
                "values": {
                    name: MASK if name in resource.sensitive else json_value(value)
                    for name, value in sorted(resource.values.items())
                },
                "references": sorted({reference.address for reference in resource.references}),
                "defined_at": {"file": resource.defined_at.file, "line": resource.defined_at.line},
            }
            for resource in architecture.resources
        ],
        "outputs": {
            name: MASK if output.sensitive else json_value(output.value)
            for name, output in architecture.outputs.items()
        },
        "diagnostics": [diagnostic_json(diagnostic) for diagnostic in architecture.diagnostics],
    }


def diagnostic_json(diagnostic: Diagnostic) -> dict[str, Any]:
    """A diagnostic as plain JSON."""
    place = diagnostic.location
    return {
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        "file": place.file,
        "line": place.line,
        "column": place.column,
    }


def json_value(value: Value) -> Any:
    """A value as plain JSON."""
    match value:
        case Unknown():
            return {"unknown": value.reference}
        case dict():
            return {key: json_value(item) for key, item in value.items()}
        case tuple():
            return [json_value(item) for item in value]
        case _:
            return value


# --- reading -------------------------------------------------------------------------------------------------------------------


def from_plan(path: Path) -> Architecture:
    """The architecture in the JSON of `terraform show -json`, of a plan or of a state.

    Locations name the plan's file: a plan does not say where a resource is defined. Raises `InputError` with a sentence.
    """
    shown = path.name
    try:
        document = json.loads(read_bytes(path, MAX_PLAN_BYTES))
    except OSError as error:
        raise problem(shown, f"the file cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError):
        message = "this is not JSON; make it with: terraform plan -out=plan && terraform show -json plan > plan.json"
        raise problem(shown, message) from None
    if not isinstance(document, dict) or "format_version" not in document:
        raise problem(shown, "this is JSON, but not what terraform show -json prints: there is no format_version")
    if not any(isinstance(document.get(part), dict) for part in ("planned_values", "values")):
        raise problem(
            shown,
            "this says nothing of what there will be: it has neither planned_values, as a plan has, nor values, as a state has; "
            "make it with: terraform plan -out=plan && terraform show -json plan > plan.json",
        )
    try:
        return _architecture(document, path)
    except (AttributeError, KeyError, TypeError, ValueError, ValueProblem, RecursionError):
        raise problem(
            shown, "this looks like a plan, but its parts are not where terraform show -json puts them"
        ) from None


def _architecture(document: Mapping[str, Any], path: Path) -> Architecture:
    place = Location(path.name)
    state = document.get("planned_values") or document.get("values") or {}
    changes = {row["address"]: row["change"] for row in document.get("resource_changes", [])}
    configuration = document.get("configuration", {})
    region = _region(configuration, document.get("variables", {}))
    resources: list[Resource] = []
    addresses = [row["address"] for row, _ in _rows(state.get("root_module", {}), "")]
    wiring = Wiring(configuration.get("root_module", {}), addresses)
    for row, module in _rows(state.get("root_module", {}), ""):
        resources.append(
            _resource(
                row,
                module,
                change=changes.get(row["address"]),
                wiring=wiring,
                place=place,
                region=region,
            )
        )
    prior = document.get("prior_state", {}).get("values", {}).get("root_module", {})
    for row, module in _rows(prior, ""):
        if row["mode"] == "data" and row["address"] not in addresses:
            resources.append(_resource(row, module, change=None, wiring=wiring, place=place, region=region))
    outputs = {
        name: Output(
            name,
            MASK
            if row.get("sensitive")
            else from_python(row["value"])
            if "value" in row
            else Unknown(f"output.{name}"),
            place,
            sensitive=bool(row.get("sensitive")),
        )
        for name, row in state.get("outputs", {}).items()
    }
    declared = configuration.get("root_module", {}).get("variables", {})
    variables = {
        name: Variable(
            name,
            MASK if declared.get(name, {}).get("sensitive") else from_python(row.get("value")),
            place,
            declared.get(name, {}).get("description", ""),
            sensitive=bool(declared.get(name, {}).get("sensitive")),
        )
        for name, row in document.get("variables", {}).items()
    }
    return Architecture(
        path.stem,
        tuple(resource for resource in resources if resource.mode == "managed"),
        tuple(resource for resource in resources if resource.mode == "data"),
        variables,
        outputs,
        (),
        region or "us-east-1",
    )


def _region(configuration: Mapping[str, Any], variables: Mapping[str, Any]) -> str | None:
    """The region of the root's `aws` provider: a constant, or a variable whose value the plan holds."""
    region = configuration.get("provider_config", {}).get("aws", {}).get("expressions", {}).get("region", {})
    if isinstance(region.get("constant_value"), str):
        return str(region["constant_value"])
    for reference in region.get("references", []):
        value = variables.get(reference.removeprefix("var."), {}).get("value")
        if isinstance(value, str):
            return value
    return None


def _rows(module: Mapping[str, Any], address: str) -> Iterator[tuple[Mapping[str, Any], str]]:
    for row in module.get("resources", []):
        yield row, address
    for child in module.get("child_modules", []):
        yield from _rows(child, child["address"])


def _resource(
    row: Mapping[str, Any],
    module: str,
    *,
    change: Mapping[str, Any] | None,
    wiring: Wiring,
    place: Location,
    region: str | None,
) -> Resource:
    address = row["address"]
    sensitive = row.get("sensitive_values") or {}
    if change is not None and isinstance(change.get("after_sensitive"), dict):
        sensitive = {**sensitive, **change["after_sensitive"]}
    unknown = change.get("after_unknown") if change is not None else None
    expressions = wiring.expressions(address)
    values = dict(_merged(row.get("values") or {}, unknown if isinstance(unknown, dict) else {}, address))
    values = {
        name: wiring.named(value, expressions.get(name), row["type"], name, module) for name, value in values.items()
    }
    masked = {name: _masked(value, sensitive.get(name)) for name, value in values.items() if value is not None}
    return Resource(
        address,
        ALIASES.get(row["type"], row["type"]),
        row["name"],
        masked,
        place,
        tuple(sorted(wiring.edges(address, module))),
        module,
        row.get("index"),
        row["mode"],
        masked["region"]
        if isinstance(masked.get("region"), str)
        else region
        if SOURCE in row.get("provider_name", "")
        else None,
        {},
        frozenset(name for name in masked if sensitive.get(name) is True),
    )


def _merged(values: Mapping[str, Any], unknown: Mapping[str, Any], address: str) -> Iterator[tuple[str, Value]]:
    """The known values with what `after_unknown` marks put in."""
    for name in {**values, **unknown}:
        yield name, _with_unknown(values.get(name), unknown.get(name), f"{address}.{name}")


def _with_unknown(value: Any, unknown: Any, reference: str) -> Value:
    if unknown is True:
        return Unknown(reference)
    if isinstance(unknown, dict) and (isinstance(value, dict) or value is None):
        inner = dict(_merged(value or {}, unknown, reference))
        return inner if value is not None or any(item is not None for item in inner.values()) else None
    if isinstance(unknown, list) and isinstance(value, list):
        padded = unknown + [None] * (len(value) - len(unknown))
        return tuple(
            _with_unknown(item, mark, f"{reference}[{index}]")
            for index, (item, mark) in enumerate(zip(value, padded, strict=False))
        )
    return from_python(value)


def _masked(value: Value, mark: Any) -> Value:
    """The value with every marked leaf replaced."""
    if mark is True and value is not None:
        return MASK
    if isinstance(mark, dict) and isinstance(value, dict):
        return {name: _masked(item, mark.get(name)) for name, item in value.items()}
    if isinstance(mark, list) and isinstance(value, tuple):
        padded = mark + [None] * (len(value) - len(mark))
        return tuple(_masked(item, inner) for item, inner in zip(value, padded, strict=False))
    return value
