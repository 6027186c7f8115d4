"""What every stack's own tests share. `tests/stacks/NAME/` holds what the system NAME promises, and nothing that another has too:
a mechanism is tested on a small stack of its own, beside the code that has it. `pytest tests/stacks/NAME` takes a minute.

A file begins with its stack and asks for the rest:

    def test_the_queue_is_never_public(architecture): ...        the stack of the same name as the folder, resolved
    def test_the_night_is_held(directory, about): ...            its directory and its gameday.toml
"""

from functools import cache
from pathlib import Path

import pytest

from analysis import facts, terraform

ROOT = Path(__file__).parents[2]


@cache
def resolved(directory):
    """A stack, resolved once for all of its tests."""
    return terraform.load(directory, cache=ROOT / ".cache" / "parsed")


@pytest.fixture(scope="module")
def directory(request):
    """The directory of the stack that the folder of the tests is named after."""
    return ROOT / "terraform" / "stacks" / Path(request.path).parent.name


@pytest.fixture(scope="module")
def architecture(directory):
    """The stack, resolved."""
    return resolved(directory)


@pytest.fixture(scope="module")
def about(directory):
    """What its gameday.toml says."""
    return facts.stack(directory)
