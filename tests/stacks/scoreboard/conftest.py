"""PostgreSQL and Redis as the scoreboard's compose file describes them, for a file of tests."""

import pytest
import without_containers as local

from analysis.loadtest import servers


@pytest.fixture(scope="module")
def ports():
    return {name: servers.free_port() for name in ("postgres", "redis", "api", "traces")}


@pytest.fixture(scope="module")
def home(ports):
    """The directory of the two servers, which run."""
    with local.servers(ports) as directory:
        yield directory
