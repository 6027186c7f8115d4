"""PostgreSQL and Redis as the scoreboard's compose file describes them, for a file of tests."""

from pathlib import Path

import pytest
import without_containers as local

from analysis import terraform
from analysis.loadtest import servers


@pytest.fixture(scope="session")
def written():
    """The stack of the guide as written."""
    return terraform.load(Path(__file__).parents[3] / "terraform" / "stacks" / "scoreboard_as_written")


@pytest.fixture(scope="module")
def ports():
    return {name: servers.free_port() for name in ("postgres", "redis", "api", "traces")}


@pytest.fixture(scope="module")
def home(ports):
    """The directory of the two servers, which run."""
    with local.servers(ports) as directory:
        yield directory
