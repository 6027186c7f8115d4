"""A record is weighed by price where the load of its stack is not modelled, and says so where it cannot be weighed."""

from analysis.decisions import weighing
from analysis.decisions.records import read
from analysis.studies import Studies


def test_a_record_of_a_stack_without_a_load_is_weighed_by_price_alone(directory):
    record = read(directory.parents[2] / "docs" / "olympics" / "decisions" / "0002-a-way-out-in-each-zone.md")
    world = weighing.Weighing(Studies(directory.parent), directory)
    effects = {effect.name: effect for effect in weighing.effects(world, record)}
    assert effects["month"].with_it.value > effects["month"].without_it.value > 1_000
    assert "nothing that rests on load is computed" in effects["users"].with_it
    assert "nothing that rests on load is computed" in effects["harm"].without_it
