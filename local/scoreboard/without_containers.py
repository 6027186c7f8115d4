"""PostgreSQL and Redis as compose.yaml describes them, started without containers: the same flags, accounts and health checks.

python3 without_containers.py        until Ctrl-C, on the ports of the file
"""

from __future__ import annotations

import os
import pwd
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
LOOPBACK = "127.0.0.1"
START_S = 60.0


class StartError(Exception):
    """A server that cannot be started; the message says why and what to do."""


def compose() -> Mapping[str, Any]:
    """What compose.yaml says."""
    found: Mapping[str, Any] = yaml.safe_load((HERE / "compose.yaml").read_text(encoding="utf-8"))
    return found


def program(name: str) -> str | None:
    """Where a program is: on PATH, or where Debian keeps the newest PostgreSQL."""
    homes = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda home: float(home.parent.name), reverse=True)
    return shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", os.defpath), *map(str, homes))))


def missing(*names: str) -> str:
    """A sentence that says what is not installed, and how to get it; else empty."""
    packages = {"redis-server": "redis-server", "redis-cli": "redis-tools", "curl": "curl"}
    lacking = sorted({packages.get(name, "postgresql") for name in names if program(name) is None})
    install = f"on Debian: apt-get install --no-install-recommends {' '.join(lacking)}"
    return f"{', '.join(lacking)} not found; {install}" if lacking else ""


PROGRAMS = ("initdb", "postgres", "psql", "pg_isready", "createdb", "redis-server", "redis-cli")


@contextmanager
def servers(ports: Mapping[str, int]) -> Iterator[Path]:
    """Both servers, healthy, on these ports of loopback, in a directory that is removed with them. Raises StartError.

    It gives the directory, in which `postgres.log` and `redis.log` lie.
    """
    lacking = missing(*PROGRAMS)
    if lacking:
        raise StartError(lacking)
    services = compose()["services"]
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="scoreboard-", ignore_cleanup_errors=True)))
        home.chmod(0o711)  # the account of PostgreSQL passes through
        stack.enter_context(_postgres(home, services["postgres"], ports["postgres"]))
        stack.enter_context(_redis(home, services["redis"], ports["redis"]))
        yield home


@contextmanager
def _postgres(home: Path, service: Mapping[str, Any], port: int) -> Iterator[None]:
    """What the image's entry point does, with the same variables: a cluster, its superuser with a password, one database."""
    said, data, secret = service["environment"], home / "postgres", home / "password"
    data.mkdir(mode=0o700)
    secret.write_text(said["POSTGRES_PASSWORD"] + "\n", encoding="utf-8")
    account = _account()
    for path in (data, secret):
        if account:
            os.chown(path, account.pw_uid, account.pw_gid)
    made = _as(
        account,
        [
            "initdb",
            "--pgdata",
            data,
            "--username",
            said["POSTGRES_USER"],
            "--pwfile",
            secret,
            "--auth",
            "scram-sha-256",
        ],
    )
    _done(made, home / "postgres.log")
    name, *flags = service["command"]
    command = [name, "-D", data, "-p", port, "-k", data, "-c", f"listen_addresses={LOOPBACK}", *flags]
    environment = {"PGHOST": LOOPBACK, "PGPORT": str(port), "PGPASSWORD": said["POSTGRES_PASSWORD"]}
    # The maintenance database answers first; the one that is named is made then, as the image does.
    ready = ["pg_isready", "--quiet", "--dbname", "postgres"]
    with _running(_as(account, command), home / "postgres.log", signal.SIGINT) as process:
        _until(lambda: _works(ready, environment), process, home / "postgres.log")
        _done(
            ["createdb", "--username", said["POSTGRES_USER"], "--no-password", said["POSTGRES_DB"]],
            home / "postgres.log",
            environment,
        )
        _until(lambda: healthy(service, environment), process, home / "postgres.log")
        yield


@contextmanager
def _redis(home: Path, service: Mapping[str, Any], port: int) -> Iterator[None]:
    data = home / "redis"
    data.mkdir(mode=0o700)
    command = [*service["command"], "--port", port, "--bind", LOOPBACK, "--dir", data, "--save", ""]
    with _running([_found(command[0]), *command[1:]], home / "redis.log", signal.SIGTERM) as process:
        _until(lambda: healthy(service, {}, "-h", LOOPBACK, "-p", str(port)), process, home / "redis.log")
        yield


def healthy(service: Mapping[str, Any], environment: Mapping[str, str], *where: str) -> bool:
    """Whether the health check of a service succeeds; `where` says to its program which server is meant."""
    kind, *words = service["healthcheck"]["test"]
    name, *rest = shlex.split(words[0]) if kind == "CMD-SHELL" else words
    return _works([name, *where, *rest], environment)


def _works(command: Sequence[object], environment: Mapping[str, str]) -> bool:
    name, *rest = map(str, command)
    done = subprocess.run(  # noqa: S603 (programs we found)
        [_found(name), *rest], env={**os.environ, **environment}, stdin=subprocess.DEVNULL, capture_output=True,
        timeout=START_S, check=False,
    )  # fmt: skip
    return done.returncode == 0


def _done(command: Sequence[object], log: Path, environment: Mapping[str, str] | None = None) -> None:
    name, *rest = map(str, command)
    with log.open("ab") as words:
        done = subprocess.run(  # noqa: S603 (programs we found)
            [_found(name), *rest], env={**os.environ, **(environment or {})}, cwd=log.parent, stdin=subprocess.DEVNULL,
            stdout=words, stderr=words, timeout=START_S, check=False,
        )  # fmt: skip
    if done.returncode:
        raise StartError(f"{Path(name).name} ended with status {done.returncode}: {_last(log)}")


@contextmanager
def _running(command: Sequence[object], log: Path, ends: signal.Signals) -> Iterator[subprocess.Popen[bytes]]:
    """A server for the length of a block; it also ends when this process is killed."""
    tied = [_found("setpriv"), "--pdeathsig", ends.name.removeprefix("SIG")] if program("setpriv") else []
    with log.open("ab") as words:
        process = subprocess.Popen(  # noqa: S603 (programs we found)
            [*tied, *map(str, command)], cwd=log.parent, stdin=subprocess.DEVNULL, stdout=words, stderr=words,
            start_new_session=True,
        )  # fmt: skip
    try:
        yield process
    finally:
        process.send_signal(ends)
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()


def _until(holds: Any, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_S
    while not holds():
        if process.poll() is not None or time.monotonic() > until:
            raise StartError(f"a server did not start: {_last(log)}")
        time.sleep(0.05)


def _last(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line for line in reversed(lines) if line.strip()), "it said nothing")[:300]


def _found(name: str) -> str:
    path = program(name)
    if path is None:
        raise StartError(missing(name))
    return path


def _account() -> pwd.struct_passwd | None:
    """As whom PostgreSQL runs where this is root, whom it refuses; None where it is not."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    raise StartError("PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody")


def _as(account: pwd.struct_passwd | None, command: Sequence[object]) -> list[object]:
    name, *rest = command
    own: list[object] = [_found(str(name)), *rest]
    if account is None:
        return own
    return [_found("setpriv"), f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups", *own]


def free_port() -> int:
    """A port of loopback on which nobody listens now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def published(name: str) -> int:
    """The port of this machine on which a service of the file is reached."""
    return int(compose()["services"][name]["ports"][0].split(":")[-2])


def main() -> int:
    """Runs both until Ctrl-C or SIGTERM."""
    signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
    try:
        with servers({name: published(name) for name in ("postgres", "redis")}), suppress(KeyboardInterrupt):
            sys.stdout.write("PostgreSQL and Redis are healthy; Ctrl-C ends them and removes their data\n")
            sys.stdout.flush()
            signal.pause()
    except StartError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
