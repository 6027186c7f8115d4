"""A night's utilisation, many crowds at once, is what the analysis gives one crowd at a time."""

from pathlib import Path

import pytest

from analysis import terraform
from analysis.capacity import analyse, utilisations
from analysis.facts import scenario, stack

STACKS = Path(__file__).parents[2] / "terraform" / "stacks"


@pytest.mark.parametrize("name", ["buzzer_baseline", "buzzer"])
def test_many_crowds_at_once_equal_one_at_a_time(name):
    architecture, about = terraform.load(STACKS / name), stack(STACKS / name)
    night = scenario(about.scenario)
    crowds = [0, 100, 5_000]
    found = utilisations(architecture, night, about, crowds)
    for at, crowd in enumerate(crowds):
        one = analyse(architecture, night, about, users=crowd)
        assert {station.name: found[station.name][at] for station in one.stations} == {
            station.name: station.utilisation for station in one.stations
        }


def test_more_tasks_make_a_less_busy_service():
    architecture, about = terraform.load(STACKS / "buzzer_baseline"), stack(STACKS / "buzzer_baseline")
    night = scenario(about.scenario)
    (one,), (four,) = (utilisations(architecture, night, about, [1_000], tasks=tasks)["service"] for tasks in (1, 4))
    assert one == pytest.approx(4 * four)
