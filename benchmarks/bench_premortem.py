"""The hours of each system as a fluid, beside a simulated night of the Buzzer: processor time of one run."""

from pathlib import Path

import pytest
from timing import least_s

from analysis import night
from analysis.night import compiled
from analysis.premortem import premortem, to_json
from analysis.studies import Studies

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.skipif(not compiled.COMPILES, reason="numba is not installed or not wanted")


@pytest.fixture(scope="module")
def studies():
    return Studies(ROOT / "terraform" / "stacks")


@pytest.fixture(scope="module")
def night_s(studies):
    """A whole night of the Buzzer, compiled."""
    study = studies.study("buzzer")
    made = night.stack_setup(study.architecture, study.scenario, study.about)
    return least_s(lambda: night.run(made, 1), 15)


@pytest.mark.parametrize(
    ("stack", "users", "faults", "most"),
    [
        ("scoreboard", 100_000, (), 30),
        ("engine", 20_000, ("down@120+10:module.channel[0].aws_elasticache_replication_group.this",), 50),
        ("olympics", None, ("down@1170+10:module.database.aws_db_instance.primary",), 50),
    ],
)
def test_the_hours_of_a_system_take_fewer_nights_than(studies, night_s, stack, users, faults, most):
    study = studies.study(stack)

    def hours():
        found = premortem(
            study.architecture, study.scenario, study.about, users=users, faults=faults, profile=study.profile
        )
        return to_json(found)

    took_s = least_s(hours, 3)
    print(
        f"{stack}: {study.scenario.night_hours:.0f} h in {1e3 * took_s:.0f} ms of processor, {took_s / night_s:.1f} nights of "
        f"{1e3 * night_s:.0f} ms"
    )
    assert took_s < most * night_s
