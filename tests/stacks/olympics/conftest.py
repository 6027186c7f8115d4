"""Servers for one file of tests, on a free port of loopback, which end with it; asked by their own command line."""

import subprocess

import pytest

from analysis.loadtest import servers
from analysis.scratch import scratch_directory


class Postgres:
    """A PostgreSQL that is asked by `psql`, as the user `postgres` of a new database."""

    def __init__(self, port):
        self.port = port

    def run(self, sql, *, database="olympics", user="postgres"):
        """What psql answers, unaligned, one row a line. AssertionError with the server's words where SQL is refused."""
        done = self.tried(sql, database=database, user=user)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def tried(self, sql, *, database="olympics", user="postgres"):
        command = [
            servers.found("psql"),
            *["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-f", "-"],
            "-h",
            servers.LOOPBACK,
        ]
        return subprocess.run(
            [*command, "-p", str(self.port), "-U", user, "-d", database],
            input=sql, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip


@pytest.fixture(scope="module")
def postgres_server(parameter_group):
    """A server with the parameters of the stack's group, without those that only RDS knows."""
    if lacking := servers.lacking(("initdb", "postgres", "pg_isready", "psql")):
        pytest.skip(lacking)
    settings = {**parameter_group, "fsync": "off", "max_connections": "20", "shared_buffers": "32MB"}
    with scratch_directory("gameday-postgresql-") as home, servers.postgresql(home, settings) as server:
        yield Postgres(server.port)


class Redis:
    """A Redis that is asked by `redis-cli`."""

    def __init__(self, port):
        self.port = port

    def run(self, *words):
        """What redis-cli answers, as a person sees it."""
        command = [servers.found("redis-cli"), "-h", servers.LOOPBACK, "-p", str(self.port), "--no-raw", *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        return done.stdout.rstrip("\n")


@pytest.fixture(scope="module")
def redis_server():
    if lacking := servers.lacking(("redis-server", "redis-cli")):
        pytest.skip(lacking)
    with scratch_directory("gameday-redis-") as home, servers.cache(home, {}, password="") as (server, _):
        yield Redis(server.port)
