"""Servers for one file of tests, on a free port of loopback, which end with it."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from analysis.loadtest.servers import LOOPBACK, found, free_port


def _newest(program):
    """A program of PostgreSQL's, which Debian keeps off PATH in a folder for each version."""
    every = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"), key=lambda path: int(path.parts[4]))
    return str(every[-1]) if every else found(program)


class Postgres:
    """A PostgreSQL that is asked by `psql`, as the user `postgres` of a new database."""

    def __init__(self, port, directory):
        self.port, self.directory = port, directory

    def run(self, sql, *, database="olympics", user="postgres"):
        """What psql answers, unaligned, one row a line. AssertionError with the server's words where SQL is refused."""
        done = self.tried(sql, database=database, user=user)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def tried(self, sql, *, database="olympics", user="postgres"):
        command = [
            _newest("psql"),
            "-X",
            "-q",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            LOOPBACK,
            "-p",
            str(self.port),
        ]
        return subprocess.run(
            [*command, "-U", user, "-d", database, "-f", "-"],
            input=sql, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip


@pytest.fixture(scope="module")
def postgres_server(parameter_group):
    """A server with the parameters of the stack's group, without those that only RDS knows."""
    if not all(map(_newest, ("initdb", "postgres", "psql"))):
        pytest.skip("postgresql not found; on Debian: apt-get install --no-install-recommends postgresql")
    as_user = None
    if os.geteuid() == 0:  # it refuses root
        names = {account.pw_name for account in pwd.getpwall()}
        as_user = "postgres" if "postgres" in names else "nobody"
    home = Path(tempfile.mkdtemp(prefix="gameday-postgres-"))
    if as_user:
        shutil.chown(home, as_user)
    port, data = free_port(), home / "data"
    settings = {
        **parameter_group, "listen_addresses": LOOPBACK, "port": str(port), "unix_socket_directories": "", "fsync": "off",
        "max_connections": "20", "shared_buffers": "32MB",
    }  # fmt: skip
    initdb = [_newest("initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
    subprocess.run(initdb, cwd=home, user=as_user, check=True, capture_output=True)
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(
            [_newest("postgres"), "-D", str(data), *options], cwd=home, user=as_user, stdout=log, stderr=log
        )
    try:
        postgres = Postgres(port, home)
        until = time.monotonic() + 60
        while postgres.tried("SELECT 1", database="postgres").returncode:
            assert server.poll() is None, (home / "log").read_text(errors="replace")[-2000:]
            assert time.monotonic() < until, "PostgreSQL does not answer"
            time.sleep(0.2)
        yield postgres
    finally:
        server.terminate()
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait(10)
        shutil.rmtree(home, ignore_errors=True)


class Redis:
    """A Redis that is asked by `redis-cli`."""

    def __init__(self, port):
        self.port = port

    def run(self, *words):
        """What redis-cli answers, as a person sees it."""
        command = [found("redis-cli"), "-h", LOOPBACK, "-p", str(self.port), "--no-raw", *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        return done.stdout.rstrip("\n")


@pytest.fixture(scope="module")
def redis_server():
    if not all(map(found, ("redis-server", "redis-cli"))):
        pytest.skip("redis-server not found; on Debian: apt-get install --no-install-recommends redis-server")
    home, port = Path(tempfile.mkdtemp(prefix="gameday-redis-")), free_port()
    options = ["--bind", LOOPBACK, "--port", str(port), "--save", "", "--appendonly", "no", "--dir", str(home)]
    with (home / "log").open("wb") as log:
        server = subprocess.Popen([found("redis-server"), *options], stdout=log, stderr=log)
    try:
        redis = Redis(port)
        until = time.monotonic() + 30
        while redis.run("PING") != "PONG":
            assert server.poll() is None, (home / "log").read_text(errors="replace")
            assert time.monotonic() < until, "Redis does not answer"
            time.sleep(0.1)
        yield redis
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait(10)
        shutil.rmtree(home, ignore_errors=True)
