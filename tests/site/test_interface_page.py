"""The reference of an interface: each field with its type, bounds and condition, and each route with what answers it."""

import json
from pathlib import Path

import pytest

from analysis.pages import interface, model

ROOT = Path(__file__).parents[2]


@pytest.fixture
def site(tmp_path):
    made = {
        "definitions": {
            "short": {"type": "string", "minLength": 1, "maxLength": 9},
            "thing": {
                "title": "Thing", "description": "A thing.", "required": ["name"], "additionalProperties": False,
                "properties": {
                    "name": {"$ref": "#/definitions/short", "description": "Its name."},
                    "kind": {"type": "string", "enum": ["a", "b"], "description": "Its kind."},
                    "sizes": {"type": "array", "items": {"type": "integer", "minimum": 0}, "maxItems": 3},
                },
                "allOf": [{"if": {"properties": {"kind": {"const": "b"}}}, "then": {"required": ["sizes"]}}],
            },
        }
    }  # fmt: skip
    (tmp_path / "schema.json").write_text(json.dumps(made))
    return model.Site(tmp_path, tmp_path / "docs", lambda: "shop/api.md")


def test_a_field_has_its_type_bounds_and_whether_it_is_required(site):
    shown = str(interface.definition(site, "schema.json", "thing"))
    for text in ("Thing", "A thing. Other fields are refused.", "string, 1 to 9 characters", "one of a, b",
                 "list of integer, 0 or more, at most 3", "where kind is b", "Its name."):  # fmt: skip
        assert text in shown


@pytest.mark.parametrize(
    ("path", "name", "sentence"),
    [
        ("schema.json", "nothing", "has no definition 'nothing'"),
        ("schema.json", "short", "has no definition 'short' with fields"),
        ("none.json", "thing", "is no schema"),
        ("../secret.json", "thing", "outside the project"),
    ],
)
def test_what_cannot_be_shown_is_refused_with_a_sentence(site, path, name, sentence):
    with pytest.raises(interface.InterfaceError, match=sentence):
        interface.definition(site, path, name)


def test_a_route_has_who_may_call_it_and_which_function_answers():
    shown = str(interface.routes(model.model(ROOT, "engine"), "engine/api.md"))
    rows = {row.split("</code>")[0]: row for row in shown.split("<code>") if row.startswith(("GET /", "POST /"))}
    assert set(rows) == {"POST /ingest", "GET /events", "GET /health"}
    assert shown.count("engine-prod-query") == 2
    assert shown.count("nobody is asked") == 1


def test_a_stack_without_an_api_says_so():
    assert "no REST API" in str(interface.routes(model.model(ROOT, "olympics"), "olympics/index.md"))
