"""Real servers for one run, as children of this process, on loopback, in a scratch directory: databases, Redis, nginx, gunicorn.

Nothing that is installed is configured or used: each server has its own files, port and password, and ends with the block that
started it; where the kernel offers it (`setpriv --pdeathsig`), also when this process is killed.
"""

from __future__ import annotations

import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

LOOPBACK: Final = "127.0.0.1"
START_S: Final = 60.0
END_S: Final = 10.0
BUFFER_POOL_MB: Final = 256

PROGRAMS: Final[Mapping[str, str]] = {
    "mariadbd": "mariadb-server",
    "mariadb-install-db": "mariadb-server",
    "mariadb": "mariadb-client",
    "mariadb-dump": "mariadb-client",
    "mariadb-binlog": "mariadb-server",
    "redis-server": "redis-server",
    "redis-cli": "redis-tools",
    "nginx": "nginx-light",
    "initdb": "postgresql",
    "postgres": "postgresql",
    "pg_isready": "postgresql",
    "createdb": "postgresql",
    "psql": "postgresql",
    "curl": "curl",
}
"""What is started, by the package of Debian's that has it."""

LOAD: Final = ("mariadbd", "mariadb-install-db", "mariadb", "mariadb-dump", "mariadb-binlog", "redis-server", "nginx")
"""What a load test or a drill starts."""

OWN: Final = ("initdb", "postgres", "pg_isready", "psql", "redis-server", "nginx")
"""What a load test of a system's own stand-in starts."""

MODULES: Final = ("flask", "gunicorn", "locust", "psutil", "pymysql", "redis")


class LoadError(Exception):
    """A load test or drill that cannot be made, or ended early; the message says why and what to do."""


class NoShareError(LoadError):
    """No share of a processor can be given to a process here."""


@dataclass(frozen=True)
class Server:
    """A server that runs: its process, and how to reach it."""

    name: str
    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def require(self) -> None:
        """Nothing while it runs; LoadError with its last words once it has ended."""
        if self.process.poll() is not None:
            raise LoadError(f"{self.name} ended with status {self.process.returncode}{last_words(self.log)}")


@dataclass(frozen=True)
class Database(Server):
    """MariaDB, with the account of the program and the one of the drill."""

    user: str = "app"
    password: str = field(default="", repr=False)
    data: Path = Path()
    defaults: Path = Path()

    def arguments(self) -> dict[str, Any]:
        """The keyword arguments of `pymysql.connect`."""
        return {
            "host": LOOPBACK, "port": self.port, "user": self.user, "password": self.password, "database": SCHEMA,
        }  # fmt: skip


SCHEMA: Final = "buzz"


KEPT: Final = ("PATH", "HOME", "TMPDIR", "TZ", "LANG", "LC_ALL")


def environment(**more: str) -> dict[str, str]:
    """What a server or its client sees of this process's environment: no setting of the user's, nothing preloaded into it.

    A library that moves the clock of Python would keep Redis from starting and PostgreSQL from ending a statement in time.
    """
    return {name: os.environ[name] for name in KEPT if name in os.environ} | more


def lacking(programs: Sequence[str]) -> str:
    """A sentence that says which packages of the programs are not here, and how to get them; else empty."""
    packages = sorted({PROGRAMS[name] for name in programs if found(name) is None})
    install = f"on Debian: apt-get install --no-install-recommends {' '.join(packages)}"
    return f"{', '.join(packages)} not found; {install}" if packages else ""


def missing(programs: Sequence[str] = LOAD) -> str:
    """A sentence that says what of a load test's programs and of Python's packages is not here; else empty."""
    if said := lacking(programs):
        return said
    modules = [name for name in MODULES if find_spec(name) is None]
    if modules:
        return f"{', '.join(modules)} not installed; pip install 'gameday-notebook[load]'"
    return "" if sys.platform == "linux" else "a load test reads /proc, which only Linux has"


def found(program: str) -> str | None:
    """Where a program is: on PATH, or where Debian puts what an administrator starts, of PostgreSQL the newest."""
    newest = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parts[4]), reverse=True)
    places = (os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin", *map(str, newest))
    return shutil.which(program, path=os.pathsep.join(places))


def versions(
    programs: Sequence[str] = ("mariadbd", "redis-server", "nginx"), modules: Sequence[str] = MODULES
) -> dict[str, str]:
    """The version of each of these programs and of Python's packages that a run rests on."""
    said = {}
    for program in programs:
        flag, path = "-v" if program == "nginx" else "--version", found(program)
        if path is None:
            continue
        done = subprocess.run([path, flag], env=environment(), capture_output=True, text=True, check=False)  # noqa: S603 (a path we found)
        words = (done.stdout + done.stderr).replace("v=", "").replace("nginx/", "").removeprefix("v").split()
        said[program] = next((word for word in words if word[:1].isdigit() and "." in word), "")
    for module in modules:
        with suppress(PackageNotFoundError):
            said[module] = version(module)
    return said | {"python": ".".join(map(str, sys.version_info[:3]))}


def free_port() -> int:
    """A port of loopback on which nobody listens now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def last_words(log: Path) -> str:
    """The last line of a log, in brackets; empty where there is none."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    line = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return f" ({line[:300]})" if line else ""


@contextmanager
def database(scratch: Path, *, log_bin: bool = False) -> Iterator[Database]:
    """An empty MariaDB with the schema SCHEMA, durable as a database service runs it: each commit is flushed.

    Raises LoadError where it does not start. As root it runs as the user `mysql`, or `nobody`: it refuses root.
    """
    home = scratch / "mariadb"
    data, temporary = home / "data", home / "tmp"
    for directory in (home, data, temporary):
        directory.mkdir(mode=0o700)
    account = _account(("mysql", "nobody"), scratch, home, data, temporary)
    port, password, log = free_port(), secrets.token_hex(16), home / "log"
    defaults, init = home / "client.cnf", home / "init.sql"
    init.write_text(
        f"CREATE DATABASE {SCHEMA};\nCREATE USER app@'{LOOPBACK}' IDENTIFIED BY '{password}';\n"
        f"GRANT ALL ON *.* TO app@'{LOOPBACK}';\nALTER USER root@localhost IDENTIFIED BY '{secrets.token_hex(16)}';\n",
        encoding="ascii",
    )
    defaults.write_text(
        f"[client]\nhost={LOOPBACK}\nport={port}\nprotocol=tcp\nuser=app\npassword={password}\nskip-ssl\n",
        encoding="ascii",
    )
    _owned(account, init, defaults)
    install = [_program("mariadb-install-db"), "--no-defaults", "--auth-root-authentication-method=normal",
               "--skip-test-db", f"--datadir={data}", f"--tmpdir={temporary}"]  # fmt: skip
    _done(_as(account, install), home, log)
    command = [
        _program("mariadbd"), "--no-defaults", f"--datadir={data}", f"--tmpdir={temporary}", f"--port={port}",
        f"--bind-address={LOOPBACK}", f"--socket={home / 's'}", f"--pid-file={home / 'pid'}", f"--init-file={init}",
        "--skip-name-resolve", "--max-connections=300", f"--innodb-buffer-pool-size={BUFFER_POOL_MB}M",
        "--innodb-flush-log-at-trx-commit=1", "--performance-schema=OFF",
        *(["--log-bin=binlog", "--sync-binlog=1", "--server-id=1"] if log_bin else []),
    ]  # fmt: skip
    with _running("mariadbd", _as(account, command), home, log) as process:
        made = Database("mariadbd", process, port, log, password=password, data=data, defaults=defaults)
        _answers(made, lambda: _asked(made))
        yield made


def _asked(made: Database) -> bool:
    import pymysql  # noqa: PLC0415 (of an extra)

    try:
        pymysql.connect(**made.arguments(), ssl_disabled=True).close()
    except pymysql.Error:
        return False
    return True


@contextmanager
def postgresql(
    scratch: Path,
    settings: Mapping[str, str] = {},
    *,
    user: str = "postgres",
    password: str = "",
    port: int | None = None,
) -> Iterator[Server]:
    """A PostgreSQL with a superuser, who needs no password where none is given; it answers over TCP alone.

    Raises LoadError where it does not start. As root it runs as the user `postgres`, or `nobody`: it refuses root.
    """
    home = scratch / "postgresql"
    data, secret, log = home / "data", home / "password", home / "log"
    home.mkdir(mode=0o700)
    secret.write_text(f"{password}\n", encoding="utf-8")
    account = _account(("postgres", "nobody"), scratch, home)
    _owned(account, secret)
    signs_in = ["--auth=scram-sha-256", f"--pwfile={secret}"] if password else ["--auth=trust"]
    _done(
        _as(account, [_program("initdb"), f"--pgdata={data}", f"--username={user}", *signs_in, "--encoding=UTF8",
                      "--locale=C", "--no-sync"]),
        home, log,
    )  # fmt: skip
    port = port or free_port()
    every = {**settings, "listen_addresses": LOOPBACK, "port": str(port), "unix_socket_directories": ""}
    flags = [word for name, value in every.items() for word in ("-c", f"{name}={value}")]
    command = _as(account, [_program("postgres"), "-D", str(data), *flags], FAST)
    ready = [_program("pg_isready"), "--quiet", f"--host={LOOPBACK}", f"--port={port}", "--dbname=postgres"]
    with _running("postgres", command, home, log, ends=FAST) as process:
        made = Server("postgres", process, port, log)
        _answers(made, lambda: subprocess.run(ready, cwd=home, env=environment(), check=False).returncode == 0)  # noqa: S603 (a program we found)
        yield made


def psql(
    port: int,
    sql: str,
    *,
    database: str = "postgres",
    user: str = "postgres",
    password: str = "",
    timeout_s: float = 120.0,
) -> subprocess.CompletedProcess[str]:
    """The `psql` that was given SQL and has ended, at its first error: rows unaligned, one a line. Raises TimeoutExpired."""
    command = [
        _program("psql"), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--tuples-only", "--no-align",
        f"--host={LOOPBACK}", f"--port={port}", f"--username={user}", f"--dbname={database}", "--file=-",
    ]  # fmt: skip
    return subprocess.run(  # noqa: S603 (a program we found)
        command, input=sql, env=environment(PGPASSWORD=password), capture_output=True, text=True, timeout=timeout_s,
        check=False,
    )  # fmt: skip


FAST: Final = signal.SIGINT
"""What tells PostgreSQL to end without waiting for its clients."""

EVICTING: Final[Mapping[str, str]] = {"maxmemory": "64mb", "maxmemory-policy": "allkeys-lru"}


@contextmanager
def cache(
    scratch: Path, settings: Mapping[str, str] = EVICTING, *, password: str | None = None, port: int | None = None
) -> Iterator[tuple[Server, dict[str, Any]]]:
    """A Redis that keeps nothing on disk, and the keyword arguments of `redis.Redis`; without a password given it draws one."""
    home = scratch / "redis"
    home.mkdir(mode=0o700)
    port, log = port or free_port(), home / "log"
    password = secrets.token_hex(16) if password is None else password
    lines = {
        **settings, "bind": LOOPBACK, "port": port, "save": '""', "appendonly": "no", "dir": home,
        **({"requirepass": password} if password else {}),
    }  # fmt: skip
    text = "".join(f"{key} {value}\n" for key, value in lines.items())
    configuration = home / "conf"
    configuration.write_text(text, encoding="utf-8")
    with _running("redis-server", [_program("redis-server"), str(configuration)], home, log) as process:
        made = Server("redis-server", process, port, log)
        _answers(made, lambda: _listens(port))
        yield made, {"host": LOOPBACK, "port": port, "password": password or None}


@contextmanager
def program(scratch: Path, settings: Mapping[str, Any], workers: int, backlog: int, name: str) -> Iterator[Server]:
    """The stand-in of the program under gunicorn, with sync workers."""
    from analysis.loadtest.program import SETTINGS  # noqa: PLC0415 (of an extra)

    home = scratch / f"program-{secrets.token_hex(4)}"
    home.mkdir(mode=0o700)
    port, log = free_port(), home / "log"
    (home / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    command = [
        sys.executable, "-m", "gunicorn", "--bind", f"{LOOPBACK}:{port}", "--workers", str(workers), "--backlog", str(backlog),
        "--worker-class", "sync", "--timeout", "300", "--worker-tmp-dir", str(home), "--no-control-socket",
        "analysis.loadtest.program:application()",
    ]  # fmt: skip
    variables = {SETTINGS: str(home / "settings.json")}
    with _running(f"gunicorn ({name})", command, home, log, variables) as process:
        made = Server(name, process, port, log)
        _answers(made, lambda: _healthy(port))
        yield made


@contextmanager
def own_program(
    folder: Path, start: Sequence[str], variables: Mapping[str, str], port: int, scratch: Path, name: str
) -> Iterator[Server]:
    """A stand-in of a system's own, started in its folder by its own command, with these variables."""
    log = scratch / f"program-{secrets.token_hex(4)}.log"
    process = _running(f"{start[0]} ({name})", list(start), folder, log, variables)
    with process as running:
        made = Server(name, running, port, log)
        _answers(made, lambda: _healthy(port))
        yield made


@contextmanager
def micro_cache(
    scratch: Path, behind: int, shared: Mapping[str, float], name: str, limit: Mapping[str, int] | None = None
) -> Iterator[Server]:
    """An nginx in front of the program at port `behind`; `shared` maps a path to the seconds for which its answer is kept.

    A path that ends in `*` is every path that begins so. With a `limit` of `requests` in `window_s` what an address of the header
    X-Forwarded-For asks for beyond it is answered with 429.
    """
    home = scratch / f"nginx-{secrets.token_hex(4)}"
    home.mkdir(mode=0o700)
    port, log = free_port(), home / "log"
    kept = "".join(
        f"location {path.removesuffix('*') if path.endswith('*') else f'= {path}'} {{"
        f" proxy_pass http://{LOOPBACK}:{behind}; proxy_cache edge; proxy_cache_lock on; proxy_ignore_headers Cache-Control;"
        f" proxy_cache_valid 200 {max(1, round(seconds))}s; }}\n"
        for path, seconds in shared.items()
    )
    (home / "conf").write_text(
        f"daemon off;\nworker_processes 1;\npid {home}/pid;\nerror_log stderr warn;\n"
        + (f"user {pwd.getpwuid(os.getuid()).pw_name};\n" if os.getuid() == 0 else "")
        + "events { worker_connections 8192; }\nhttp {\naccess_log off;\n"
        + "".join(f"{name}_temp_path {home}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        + f"proxy_cache_path {home}/cache keys_zone=edge:4m max_size=64m;\n"
        + 'map $upstream_cache_status $cached { HIT "nginx; hit"; default $upstream_http_cache_status; }\n'
        + (_limited(limit) if limit else "")
        + f"server {{ listen {LOOPBACK}:{port} backlog=4096;\n"
        + f"proxy_hide_header Cache-Status; add_header Cache-Status $cached;\n{kept}"
        + f"location / {{ proxy_pass http://{LOOPBACK}:{behind}; }}\n}}\n}}\n",
        encoding="utf-8",
    )
    command = [_program("nginx"), "-e", "stderr", "-p", str(home), "-c", str(home / "conf")]
    with _running("nginx", command, home, log) as process:
        made = Server(name, process, port, log)
        _answers(made, lambda: _listens(port))
        yield made


def _limited(limit: Mapping[str, int]) -> str:
    """The words for what an address may ask for: the whole of a window at once, and then as it drains."""
    return (
        f"limit_req_zone $http_x_forwarded_for zone=address:16m rate={round(60 * limit['requests'] / limit['window_s'])}r/m;\n"
        f"limit_req zone=address burst={limit['requests'] - 1} nodelay; limit_req_status 429; limit_req_log_level info;\n"
    )


@contextmanager
def _running(
    name: str,
    command: Sequence[str],
    home: Path,
    log: Path,
    variables: Mapping[str, str] | None = None,
    ends: signal.Signals = signal.SIGTERM,
) -> Iterator[subprocess.Popen[bytes]]:
    """The program as a child with a session of its own, ended at the end of the block with all that it has started."""
    with ExitStack() as stack, log.open("ab") as words:
        process = subprocess.Popen(  # noqa: S603 (programs we found)
            tied(command, ends),
            cwd=home,
            env=environment(PYTHONPATH=str(Path(__file__).parents[2]), **(variables or {})),
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=words,
            start_new_session=True,  # Ctrl-C is ours to handle; and nothing that it starts is anybody else's
        )
        stack.callback(end, process, ends)
        yield process
        if process.poll() is not None:
            raise LoadError(f"{name} ended with status {process.returncode} while it was needed{last_words(log)}")


def tied(command: Sequence[str], ends: signal.Signals = signal.SIGTERM) -> list[str]:
    """The command, so that it is also sent `ends` when this process is killed, where the machine has `setpriv`."""
    path = shutil.which("setpriv")
    known = path and "--pdeathsig" not in command
    return [str(path), "--pdeathsig", _word(ends), *command] if known else list(command)


def _word(ends: signal.Signals) -> str:
    return ends.name.removeprefix("SIG")


def end(process: subprocess.Popen[bytes], ends: signal.Signals = signal.SIGTERM) -> None:
    """Ends the process and its session: asked by `ends` first, killed where it does not go."""
    with suppress(ProcessLookupError):
        process.send_signal(ends)
    with suppress(subprocess.TimeoutExpired):
        process.wait(END_S)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)  # the group is the process's own since it was started
    process.wait()


def _answers(server: Server, asked: Any) -> None:
    until = time.monotonic() + START_S
    while not asked():
        server.require()
        if time.monotonic() > until:
            raise LoadError(f"{server.name} did not answer within {START_S:g} s{last_words(server.log)}")
        time.sleep(0.05)


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection((LOOPBACK, port), timeout=1):
        return True
    return False


def _healthy(port: int) -> bool:
    with suppress(OSError), socket.create_connection((LOOPBACK, port), timeout=5) as asked:
        asked.sendall(b"GET /health HTTP/1.0\r\n\r\n")
        return b" 200 " in asked.recv(64)
    return False


def _program(name: str) -> str:
    path = found(name)
    if path is None:
        raise LoadError(
            f"{PROGRAMS[name]} not found; on Debian: apt-get install --no-install-recommends {PROGRAMS[name]}"
        )
    return path


def _done(command: Sequence[str], home: Path, log: Path) -> None:
    """Runs what makes a server's files to its end. LoadError where it fails."""
    with log.open("wb") as words:
        done = subprocess.run(  # noqa: S603 (a program we found)
            command, cwd=home, env=environment(), stdin=subprocess.DEVNULL, stdout=words, stderr=words, check=False
        )
    if done.returncode:
        name = next(Path(word).name for word in command if Path(word).name in PROGRAMS)
        raise LoadError(f"{name} ended with status {done.returncode}{last_words(log)}")


def _account(names: Sequence[str], scratch: Path, *directories: Path) -> pwd.struct_passwd | None:
    """As whom a server that refuses root runs where this is root, who then owns the directories; None where it is not."""
    if os.getuid() != 0:
        return None
    for name in names:
        with suppress(KeyError):
            account = pwd.getpwnam(name)
            _owned(account, *directories)
            scratch.chmod(0o711)  # to pass through; its files stay unreadable
            return account
    raise LoadError(
        f"the database refuses to run as root, and there is no user {' or '.join(names)}; run this as a user"
    )


def _owned(account: pwd.struct_passwd | None, *paths: Path) -> None:
    for path in paths:
        path.chmod(0o700 if path.is_dir() else 0o600)
        if account is not None:
            os.chown(path, account.pw_uid, account.pw_gid)


def _as(account: pwd.struct_passwd | None, command: Sequence[str], ends: signal.Signals = signal.SIGTERM) -> list[str]:
    if account is None:
        return list(command)
    path = shutil.which("setpriv")
    if path is None:
        raise LoadError("the database refuses to run as root, and setpriv (util-linux) is not here; run this as a user")
    user = [f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
    return [path, *user, "--pdeathsig", _word(ends), *command]
