"""PostgreSQL and Redis of a test, asked by their own command lines, psql and redis-cli."""

import subprocess

from analysis.loadtest import servers


class Postgres:
    """A PostgreSQL that is asked by `psql`."""

    def __init__(self, port, database, user="postgres", password=""):
        self.port, self.database, self.user, self.password = port, database, user, password

    def run(self, sql, **where):
        """What psql answers, unaligned, one row a line. AssertionError with the server's words where SQL is refused."""
        done = self.tried(sql, **where)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def tried(self, sql, *, database="", user=""):
        """The psql that has ended."""
        return servers.psql(
            self.port, sql, database=database or self.database, user=user or self.user, password=self.password
        )

    def command(self, database="", user=""):
        """How psql is started for a session."""
        where = ["-h", servers.LOOPBACK, "-p", str(self.port), "-U", user or self.user, "-d", database or self.database]
        return [servers.found("psql"), "-X", *where]

    @property
    def environment(self):
        return servers.environment(PGPASSWORD=self.password)


class Redis:
    """A Redis that is asked by `redis-cli`."""

    def __init__(self, port):
        self.port = port

    def run(self, *words):
        """What redis-cli answers, as a person sees it: text in quotes, numbers by their kind."""
        return self._asked("--no-raw", *words)

    def raw(self, *words):
        """What redis-cli answers, as a program reads it."""
        return self._asked("--raw", *words)

    def _asked(self, *words):
        command = [servers.found("redis-cli"), "-h", servers.LOOPBACK, "-p", str(self.port), *words]
        done = subprocess.run(
            command, env=servers.environment(), capture_output=True, text=True, timeout=30, check=False
        )
        return (done.stdout + done.stderr).rstrip("\n")
