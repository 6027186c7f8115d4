"""The interface from one schema: what the brief's event can carry, what it cannot, and that the extension breaks nothing."""

import json
import re
from copy import deepcopy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared import database, interface, live, providers

DEFINITIONS = interface.schema()["definitions"]
BRIEF = {"id", "sport", "homeTeam", "awayTeam", "score", "status", "timestamp"}
"""The fields of the brief's SportsEvent, lines 248 to 258."""

NEEDS = {"scores": {"homeTeam", "awayTeam", "score"}, "races": {"results"}, "odds": {"market", "prices"},
         "statistics": {"values"}}  # fmt: skip


def drawn(schema):
    """Values of a definition, drawn from the schema itself. An unknown keyword is an error, so that none is passed over."""
    known = {"type", "enum", "pattern", "minLength", "maxLength", "minimum", "maximum", "items", "minItems", "maxItems",
             "properties", "required", "additionalProperties", "minProperties", "maxProperties", "description", "title",
             "propertyNames", "$ref"}  # fmt: skip
    assert schema.keys() <= known, schema.keys() - known
    if "$ref" in schema:
        return drawn(DEFINITIONS[schema["$ref"].rpartition("/")[2]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kind = schema["type"]
    if kind == "integer":
        return st.integers(schema["minimum"], schema.get("maximum"))
    if kind == "number":
        return st.floats(schema.get("minimum"), schema.get("maximum"), allow_nan=False, allow_infinity=False)
    if kind == "string" and "pattern" in schema:
        return st.from_regex(schema["pattern"], fullmatch=True, alphabet=st.characters(codec="ascii"))
    if kind == "string":
        return st.text(min_size=schema.get("minLength", 0), max_size=schema.get("maxLength"))
    if kind == "array":
        return st.lists(
            drawn(schema["items"]), min_size=schema.get("minItems", 0), max_size=min(5, schema.get("maxItems", 5))
        )
    if "properties" not in schema:
        values, names = schema["additionalProperties"], drawn(schema["propertyNames"])
        return st.dictionaries(names, drawn(values), min_size=schema.get("minProperties", 0), max_size=5)
    must = {name: drawn(schema["properties"][name]) for name in schema["required"]}
    may = {name: drawn(one) for name, one in schema["properties"].items() if name not in must}
    return st.fixed_dictionaries(must, optional=may)


def updates(kind):
    """Updates of a kind: the fields of all, those that it needs, and the provider that delivers it."""
    schema = deepcopy(dict(DEFINITIONS["update"]))
    del schema["allOf"]
    schema["required"] = [*schema["required"], *NEEDS[kind]]
    of = [name for name, about in providers.providers().items() if about["kind"] == kind]
    return st.tuples(drawn(schema), st.sampled_from(of)).map(lambda one: {**one[0], "kind": kind, "provider": one[1]})


def real_day(update):
    try:
        interface.at_s(update["timestamp"])
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("kind", NEEDS)
def test_updates_that_are_drawn_from_the_schema_pass_and_come_back_from_the_table_as_they_were(kind):
    @settings(max_examples=60)
    @given(updates(kind).filter(real_day))
    def passes(update):
        assert interface.problem("update", update) is None
        read, why = providers.read(json.dumps(update))
        assert (read, why) == (update, None)
        assert json.loads(database.item(update, 14)["update"]["S"]) == update
        client = live.Client()
        names = [name for name, of in interface.SUBSCRIPTIONS.items() if of == kind]
        assert client.told({"action": "subscribe", "subscriptions": names}) is None
        assert client.message([update])["updates"] == [update]

    passes()


@pytest.mark.parametrize("kind", NEEDS)
def test_an_update_without_a_field_that_its_kind_needs_is_refused(kind):
    @settings(max_examples=20)
    @given(updates(kind), st.sampled_from(sorted(NEEDS[kind] | set(DEFINITIONS["update"]["required"]))))
    def is_refused(update, name):
        assert interface.problem("update", {key: value for key, value in update.items() if key != name}) is not None

    is_refused()


def test_the_events_of_the_brief_are_the_schema_of_the_brief():
    event = DEFINITIONS["sportsEvent"]
    assert set(event["required"]) == BRIEF == event["properties"].keys()
    assert "additionalProperties" not in event  # so that an event with more fields is one


@settings(max_examples=60)
@given(updates("scores"))
def test_every_update_of_a_score_is_an_event_of_the_brief(update):
    """The extension is compatible: who knows the brief's event reads a score as before."""
    assert interface.problem("sportsEvent", update) is None


@settings(max_examples=60)
@given(drawn(DEFINITIONS["sportsEvent"]), st.sampled_from(["sportsdataio", "apisports"]), st.integers(0, 2**53 - 1))
def test_every_event_of_the_brief_becomes_an_update_with_three_fields_more(event, provider, sequence):
    update = {**event, "kind": "scores", "provider": provider, "sequence": sequence}
    assert interface.problem("update", update) is None


@settings(max_examples=30)
@given(st.sampled_from(["races", "odds", "statistics"]).flatmap(updates))
def test_neither_a_race_nor_odds_fit_into_the_events_of_the_brief(update):
    """A race has no two sides, and odds have no score: without both, the brief's event is none."""
    bare = {key: value for key, value in update.items() if key not in {"homeTeam", "awayTeam", "score"}}
    assert interface.problem("update", bare) is None
    assert interface.problem("sportsEvent", bare) is not None


def test_the_events_of_the_brief_cannot_be_stored_once():
    """Without provider and sequence two updates of one second look like one, and an old one like a new one."""
    assert not {"provider", "sequence"} & BRIEF
    assert {"provider", "sequence"} <= set(DEFINITIONS["update"]["required"])


@pytest.mark.parametrize("name", DEFINITIONS)
def test_every_definition_is_described_and_refuses_what_it_is_not(name):
    one = DEFINITIONS[name]
    if "title" in one:
        assert one["description"].endswith(".")
        assert set(one["required"]) <= one["properties"].keys()
        assert all("description" in field or "$ref" in field for field in one["properties"].values())
    assert interface.problem(name, None) is not None


def test_the_code_uses_no_error_that_the_interface_does_not_have():
    text = "".join(path.read_text() for path in interface.FILE.parent.rglob("*.py"))
    used = set(re.findall(r'error\(\s*"(\w+)"', text)) | {"unknown_subscription", "bad_request"}
    assert used == set(DEFINITIONS["error"]["properties"]["code"]["enum"])
