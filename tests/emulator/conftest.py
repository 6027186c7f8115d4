"""An emulator for the tests of one file."""

import pytest

from analysis.emulator import running


@pytest.fixture(scope="module")
def emulator():
    """An AWS with nothing in it, which ends with the file."""
    with running() as found:
        yield found
