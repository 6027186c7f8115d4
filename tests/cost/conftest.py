"""The price book and a bill, for tests of the cost."""

import pytest
from cost_makers import stack

from analysis.cost import estimate
from analysis.facts import prices


@pytest.fixture(scope="session")
def book():
    return prices("us-east-1")


@pytest.fixture(scope="session")
def bill(book):
    """The estimate of some resources under some usage."""

    def make(*resources, usage=None, free_tier=False, region="us-east-1", prices=book):
        return estimate(stack(*resources, region=region), prices, usage, free_tier=free_tier)

    return make
