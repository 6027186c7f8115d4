"""A stack whose load is not modelled yet has pages all the same."""

from pathlib import Path

from analysis.pages import infrastructure, model

ROOT = Path(__file__).parents[2]


def test_what_stayed_unresolved_is_said_of_a_stack_without_a_scenario():
    engine = model.model(ROOT, "engine")
    assert not engine.about.modelled
    assert "Nothing was left unresolved" in infrastructure.diagnostics(engine, "engine/infrastructure.md")
