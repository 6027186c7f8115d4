"""An interface as a reference: the routes that a stack's REST APIs have, and what a JSON Schema says of bodies and messages."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from markupsafe import Markup

from analysis.drawing import tables
from analysis.drawing.tables import Cell, Column, Row, table
from analysis.pages import infrastructure
from analysis.pages.model import Macro, Model, Site
from analysis.wiring.references import References


class InterfaceError(ValueError):
    """A schema that cannot be shown; the message is a sentence."""


def routes(model: Model, page: str) -> Markup:
    """Each method of the stack's REST APIs: its path, whether a token is asked for, what answers, and where it is written."""
    references = References(model.architecture)
    rows: list[list[Cell]] = []
    for method in model.architecture.of_type("aws_api_gateway_method"):
        places = references.linked(method, "resource_id", "aws_api_gateway_resource")
        path = "/".join(str(one.values.get("path_part")) for one in places)
        integrations = [
            one
            for one in references.referring(method, "aws_api_gateway_integration")
            if method in references.linked(one, "http_method")
        ]
        answered = {
            str(behind.values.get("function_name"))
            for one in integrations
            for behind in references.linked(one, "uri", "aws_lambda_alias", "aws_lambda_function")
        }
        asked = str(method.values.get("authorization"))
        rows.append(
            [
                tables.code(f"{method.values.get('http_method')} /{path}"),
                "nobody is asked" if asked == "NONE" else "a token" if asked == "CUSTOM" else asked,
                Markup(", ").join(tables.code(name) for name in sorted(answered)) or "",
                infrastructure.citation(model, method.defined_at, page),
            ]
        )
    if not rows:
        return Markup("<p>The stack has no REST API.</p>")
    columns = [
        Column("Route", "address"),
        Column("Who may"),
        Column("Answered by", "address"),
        Column("In the Terraform"),
    ]
    return table(columns, sorted(rows, key=str), label=f"Routes of {model.name}")


def definition(site: Site, path: str, name: str) -> Markup:
    """The fields of a definition of a schema: their type, their bounds, whether they are required. Raises InterfaceError."""
    file = (site.root / path).resolve()
    if not file.is_relative_to(site.root.resolve()):
        raise InterfaceError(f"{path} is outside the project")
    try:
        definitions = json.loads(file.read_text(encoding="utf-8"))["definitions"]
    except (OSError, KeyError, ValueError) as error:
        raise InterfaceError(f"{path} is no schema with definitions: {error}") from None
    if name not in definitions or "properties" not in definitions[name]:
        raise InterfaceError(f"{path} has no definition {name!r} with fields; it has {', '.join(definitions)}")
    one = definitions[name]
    needs = dict(_needs(one))
    columns = [Column("Field", "address"), Column("Type", "wide"), Column("Required"), Column("What", "wide")]
    rows = [
        Row(
            [
                tables.code(field),
                _type(about, definitions),
                "yes" if field in one.get("required", ()) else needs.get(field, ""),
                str(about.get("description") or _target(about, definitions).get("description") or ""),
            ],
            f"{name}-{field}",
        )
        for field, about in one["properties"].items()
    ]
    closed = "" if one.get("additionalProperties", True) else " Other fields are refused."
    return table(
        columns, rows, label=str(one.get("title", name)), caption=f"{one.get('description', '')}{closed}".strip()
    )


def _needs(definition: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The fields that are required on a condition, with the condition."""
    for rule in definition.get("allOf", ()):
        (field, value), *_ = rule["if"]["properties"].items()
        for name in rule["then"]["required"]:
            yield name, f"where {field} is {value['const']}"


def _target(about: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    """The definition that a field refers to, or the field itself."""
    found: Mapping[str, Any] = definitions[about["$ref"].rpartition("/")[2]] if "$ref" in about else about
    return found


def _type(about: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """The type of a field in words, with its bounds."""
    one = _target(about, definitions)
    if "enum" in one:
        return "one of " + ", ".join(map(str, one["enum"]))
    kind = str(one.get("type", "anything"))
    if kind == "array":
        return f"list of {_type(one['items'], definitions)}{_bounds(one, 'minItems', 'maxItems')}"
    if kind == "object" and "properties" in one:
        return (
            "object: " + ", ".join(f"{name} ({_type(part, definitions)})" for name, part in one["properties"].items())
            if "title" not in one
            else str(one["title"])
        )
    if kind == "object":
        inner = one.get("additionalProperties")
        return f"object of {_type(inner, definitions)} by name" if isinstance(inner, dict) else "object"
    if "pattern" in one:
        return f"{kind} like {one['pattern']}"
    return kind + (_bounds(one, "minimum", "maximum") or _bounds(one, "minLength", "maxLength", " characters"))


def _bounds(one: Mapping[str, Any], least: str, most: str, unit: str = "") -> str:
    low, high = one.get(least), one.get(most)
    if low is None and high is None:
        return ""
    if high is None:
        return f", {low}{unit} or more"
    return f", {low} to {high}{unit}" if low is not None else f", at most {high}{unit}"


def macros(site: Site) -> Mapping[str, Macro]:
    """What pages cite of an interface."""
    return {
        "routes": site.of_stack_here(routes),
        "definition": lambda path, name: definition(site, path, name),
    }
