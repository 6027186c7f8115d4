"""Servers for one file of tests, on a free port of loopback, which end with it; asked by their own command line."""

import pytest
from clients import Postgres, Redis

from analysis.loadtest import servers
from analysis.scratch import scratch_directory


@pytest.fixture(scope="module")
def postgres_server(parameter_group):
    """A server with the parameters of the stack's group, without those that only RDS knows."""
    if lacking := servers.lacking(("initdb", "postgres", "pg_isready", "psql")):
        pytest.skip(lacking)
    settings = {**parameter_group, "fsync": "off", "max_connections": "20", "shared_buffers": "32MB"}
    with scratch_directory("gameday-postgresql-") as home, servers.postgresql(home, settings) as server:
        yield Postgres(server.port, "olympics")


@pytest.fixture(scope="module")
def redis_server():
    if lacking := servers.lacking(("redis-server", "redis-cli")):
        pytest.skip(lacking)
    with scratch_directory("gameday-redis-") as home, servers.cache(home, {}, password="") as (server, _):
        yield Redis(server.port)
