"""A stack whose night is not simulated yet has pages all the same, and says what it left out."""

from pathlib import Path

import pytest

from analysis.pages import infrastructure, model
from analysis.wiring import PathError

ROOT = Path(__file__).parents[2]


def test_what_carries_nothing_of_the_crowd_is_said_of_a_stack_whose_night_is_not_simulated():
    engine = model.model(ROOT, "engine")
    said = infrastructure.diagnostics(engine, "engine/infrastructure.md")
    assert "carries nothing of the crowd: no public entry leads to it" in said


def test_its_month_is_billed_although_its_night_is_not_simulated():
    engine = model.model(ROOT, "engine")
    assert not engine.estimate.without_quantity
    with pytest.raises(PathError, match="the simulated night does not model that"):
        engine.study.night()
