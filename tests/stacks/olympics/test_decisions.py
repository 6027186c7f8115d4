"""A record is weighed by price and capacity where its night is not simulated, and says so where it cannot be weighed."""

from analysis.decisions import weighing
from analysis.decisions.records import read
from analysis.studies import Studies


def test_a_record_of_a_stack_whose_night_is_not_simulated_is_weighed_by_price_and_capacity(directory):
    record = read(directory.parents[2] / "docs" / "olympics" / "decisions" / "0002-a-way-out-in-each-zone.md")
    world = weighing.Weighing(Studies(directory.parent), directory)
    effects = {effect.name: effect for effect in weighing.effects(world, record)}
    assert effects["month"].with_it.value > effects["month"].without_it.value > 1_000
    assert effects["users"].with_it.value == effects["users"].without_it.value > 1_000_000
    assert "the simulated night does not model that" in effects["harm"].without_it
