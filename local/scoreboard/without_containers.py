"""PostgreSQL and Redis as compose.yaml describes them, started without containers: the same flags, accounts and health checks.

python3 without_containers.py        until Ctrl-C, on the ports of the file
"""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import yaml

from analysis.loadtest import servers as real
from analysis.loadtest.servers import LoadError
from analysis.scratch import scratch_directory

HERE = Path(__file__).parent
PROGRAMS = ("initdb", "postgres", "psql", "pg_isready", "createdb", "redis-server", "redis-cli")


def compose() -> Mapping[str, Any]:
    """What compose.yaml says."""
    found: Mapping[str, Any] = yaml.safe_load((HERE / "compose.yaml").read_text(encoding="utf-8"))
    return found


@contextmanager
def servers(ports: Mapping[str, int]) -> Iterator[Path]:
    """Both servers, healthy, on these ports of loopback, in a directory that is removed with them. Raises LoadError."""
    if lacking := real.lacking(PROGRAMS):
        raise LoadError(lacking)
    postgres, redis = (compose()["services"][name] for name in ("postgres", "redis"))
    said, options = postgres["environment"], redis["command"][1:]
    flags = dict(flag.split("=", 1) for flag in postgres["command"] if "=" in flag)
    settings = {name.removeprefix("--"): value for name, value in zip(options[::2], options[1::2], strict=True)}
    account = {"PGHOST": real.LOOPBACK, "PGPORT": str(ports["postgres"]), "PGPASSWORD": said["POSTGRES_PASSWORD"]}
    with ExitStack() as stack:
        home = stack.enter_context(scratch_directory("gameday-scoreboard-"))
        one = stack.enter_context(
            real.postgresql(
                home, flags, user=said["POSTGRES_USER"], password=said["POSTGRES_PASSWORD"], port=ports["postgres"]
            )
        )
        # The database that is named is made then, as the image does.
        if not _works(["createdb", f"--username={said['POSTGRES_USER']}", said["POSTGRES_DB"]], account):
            raise LoadError(f"the database {said['POSTGRES_DB']} could not be made{real.last_words(one.log)}")
        other, _ = stack.enter_context(real.cache(home, settings, password="", port=ports["redis"]))
        _until_healthy(one, postgres, account)
        _until_healthy(other, redis, {}, "-h", real.LOOPBACK, "-p", str(ports["redis"]))
        yield home


def _until_healthy(
    server: real.Server, service: Mapping[str, Any], environment: Mapping[str, str], *where: str
) -> None:
    """Waits for the health check of a service to succeed; `where` says to its program which server is meant."""
    kind, *words = service["healthcheck"]["test"]
    name, *rest = shlex.split(words[0]) if kind == "CMD-SHELL" else words
    until = time.monotonic() + real.START_S
    while not _works([name, *where, *rest], environment):
        server.require()
        if time.monotonic() > until:
            raise LoadError(f"the health check of {server.name} does not succeed{real.last_words(server.log)}")
        time.sleep(0.05)


def _works(command: list[str], environment: Mapping[str, str]) -> bool:
    done = subprocess.run(  # noqa: S603 (programs we found)
        [real.found(command[0]) or command[0], *command[1:]], env=real.environment(**environment),
        stdin=subprocess.DEVNULL, capture_output=True, timeout=real.START_S, check=False,
    )  # fmt: skip
    return done.returncode == 0


def published(name: str) -> int:
    """The port of this machine on which a service of the file is reached."""
    return int(compose()["services"][name]["ports"][0].split(":")[-2])


def main() -> int:
    """Runs both until Ctrl-C or SIGTERM."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # not SIGINT's, which is ignored behind `&` in a script
    try:
        with servers({name: published(name) for name in ("postgres", "redis")}), suppress(KeyboardInterrupt):
            sys.stdout.write("PostgreSQL and Redis are healthy; Ctrl-C ends them and removes their data\n")
            sys.stdout.flush()
            signal.pause()
    except LoadError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
