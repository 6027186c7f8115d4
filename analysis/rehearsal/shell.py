"""A shell in which a page's commands are typed, one after the other, and which reaches nothing but the emulator.

Its home and working directory are new and empty, its environment is made up from nothing, and its path is one directory:
stand-ins for a few tools for text, for `aws`, `curl` and `dig`. What a page types is read first (`reader`) and refused
by name; the stand-ins check their words again as the shell has expanded them; and the shell runs behind a wall of the kernel's
where the machine offers one (`sandbox`): it sees its directory, the tools and two sockets. The commands of a page share the
shell, as a reader's do: variables and files last until its end. On leaving, every process is ended.
"""

from __future__ import annotations

import compileall
import contextlib
import functools
import importlib.util
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

from analysis.rehearsal import aws
from analysis.rehearsal.reader import refusal
from analysis.rehearsal.stand_ins import library, placed, stand_in
from analysis.rehearsal.tools import TOOLS
from analysis.sandbox import Confinement, interpreter
from analysis.scratch import scratch_directory

__all__ = ["NEEDED", "Output", "Shell", "ShellError", "missing", "refusal"]

NEEDED = ("awk", "bash", "cat", "curl", "cut", "date", "grep", "gzip", "head", "jq", "sort", "uniq")
"""Those without which a rehearsal does not begin."""

# Libraries of the machine's own programs; the rest of it is not seen.
SYSTEM = (
    "/usr/lib",
    "/usr/lib64",
    "/usr/lib32",
    "/usr/libexec",
    "/usr/local/lib",
    "/lib",
    "/lib64",
    "/etc/ld.so.cache",
    "/usr/bin/env",
)

_LOOP = """
set -f
enable -n exec eval source builtin command hash alias unalias trap shopt export declare
enable -n typeset local readonly let mapfile set enable
while IFS= read -r -u {orders} _rehearsal_file; do
  . "$_rehearsal_file" </dev/null >"$_rehearsal_file.out" 2>"$_rehearsal_file.err" {orders}<&- {answers}>&-
  printf '%s\\n' "$?" >&{answers}
done
"""


class ShellError(ValueError):
    """The shell could not be started, a command ran out of time or ended the shell; the sentence says which."""


@dataclass(frozen=True, slots=True)
class Output:
    """What a command printed, its exit status and how long it took."""

    stdout: str
    stderr: str
    status: int
    seconds: float


def missing() -> str:
    """What this machine lacks for a rehearsal, in a sentence; empty where it lacks nothing."""
    absent = [tool for tool in NEEDED if shutil.which(tool) is None]
    if absent:
        return f"{', '.join(absent)} {'is' if len(absent) == 1 else 'are'} not on PATH"
    asked = subprocess.run(["date", "-u", "-d", "-1 minute", "+%s000"], capture_output=True, check=False)  # noqa: S607 (as found)
    return "" if asked.returncode == 0 else "date is not GNU's, which the runbooks are written for"


@functools.cache
def _compiled() -> None:
    """Compiles the AWS CLI once: behind the wall it may not keep what it compiles, and would do so anew for each command."""
    found = importlib.util.find_spec("awscli")
    for directory in (found and found.submodule_search_locations) or ():
        compileall.compile_dir(directory, quiet=2)


@dataclass
class Shell:
    """A context manager around one shell. `endpoint` is the emulator's; `linked` maps names in the working directory to files.

    `keys` are the run's own, which the emulator asks for.
    """

    endpoint: str
    stand_ins: Mapping[str, str]
    linked: Mapping[str, Path]
    timeout_s: float = 120.0
    keys: tuple[str, str] = ("rehearsal", "rehearsal")
    _stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack, init=False, repr=False)

    def __enter__(self) -> Shell:
        """The started shell. Raises ShellError where a tool is missing."""
        if lacking := missing():
            raise ShellError(f"{lacking}; a rehearsal needs it")
        with contextlib.ExitStack() as stack:
            self._begin(stack)
            self._stack = stack.pop_all()
        return self

    def _begin(self, stack: contextlib.ExitStack) -> None:
        root = stack.enter_context(scratch_directory("gameday-rehearsal-")).resolve()
        self.home, tools, self._typed, void = root / "home", root / "bin", root / "typed", root / "void"
        for directory in (self.home, tools, self._typed, void):
            directory.mkdir()
        self._environment = {
            "PATH": str(tools), "HOME": str(self.home), "LC_ALL": "C.UTF-8", "TZ": "UTC", "TERM": "dumb", "COLUMNS": "200",
        }  # fmt: skip
        programs = self._stand_ins(tools, root, void)
        for name, target in self.linked.items():
            _copied(target, self.home / name)
        stack.enter_context(Relay(root / "aws.sock", self.endpoint))
        named = {Path(name) for text in self.stand_ins.values() for name in re.findall(r"'(/[^']+)'", text)}
        installed = [Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
        readable = [
            *map(Path, SYSTEM), *installed, *interpreter(), Path(aws.__file__), *programs,
            root / "lib", root / "aws.sock", root / "aws.json", tools, void, *(path for path in named if path.exists()),
            *(self.home / name for name in self.linked),
        ]  # fmt: skip
        self.wall = Confinement((self.home, self._typed), readable=tuple(readable), executable=tuple(readable))
        self._start(stack)
        self._count = 0

    def _stand_ins(self, tools: Path, root: Path, void: Path) -> list[Path]:
        """Puts a stand-in for each tool into the directory of tools; the programs behind them."""
        held = library(root / "lib")
        programs = []
        texts = dict(self.stand_ins)
        for name, tool in TOOLS.items():
            program, *options = tool.program or (name,)
            if name != "curl" and (place := shutil.which(program)):
                texts[name] = stand_in(name, Path(place), options)
                programs.append(Path(place).resolve())
        for name, text in texts.items():
            _script(tools / name, placed(text, held, self.home, list(self.linked), self._environment))
        if curl := shutil.which("curl"):
            programs.append(Path(curl).resolve())
        # For a script of the project's that says `#!/usr/bin/env bash`; a page that types it is refused.
        bash = Path(shutil.which("bash") or "").resolve()
        (tools / "bash").symlink_to(bash)
        config = void / "config"
        config.write_text("[default]\ncli_timestamp_format = iso8601\ncli_follow_urlparam = false\n", encoding="utf-8")
        paths = sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
        settings = {
            "endpoint": self.endpoint, "socket": str(root / "aws.sock"), "home": str(self.home), "protected": list(self.linked),
            "paths": paths,
            "readable": [*paths, sys.base_prefix, str(void), "/usr/lib", "/lib", "/usr/share/zoneinfo", "/etc/mime.types"],
            "environment": self._environment | {
                "HOME": str(void), "AWS_CONFIG_FILE": str(config), "AWS_SHARED_CREDENTIALS_FILE": str(void / "none"),
                "AWS_EC2_METADATA_DISABLED": "true", "AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": self.keys[0],
                "AWS_SECRET_ACCESS_KEY": self.keys[1], "AWS_DEFAULT_OUTPUT": "json", "AWS_MAX_ATTEMPTS": "1",
                "AWS_ENDPOINT_URL": self.endpoint,
            },
        }  # fmt: skip
        (root / "aws.json").write_text(json.dumps(settings), encoding="utf-8")
        python, wrapper = Path(sys.executable).resolve(), aws.__file__
        code = f"import runpy, sys\nsys.argv[:1] = [{wrapper!r}, {str(root / 'aws.json')!r}]\n"
        _compiled()
        _script(tools / "aws", f"#!{python} -IB\n{code}runpy.run_path({wrapper!r}, run_name='__main__')\n")
        return [*programs, bash]

    def _start(self, stack: contextlib.ExitStack) -> None:
        read_end, self._orders = os.pipe()
        self._answers, write_end = os.pipe()
        bash = shutil.which("bash")
        if bash is None:
            raise ShellError("a rehearsal needs bash on PATH")

        loop = _LOOP.format(orders=read_end, answers=write_end)
        self._process = subprocess.Popen(  # noqa: S603 - bash, with a loop of our own
            self.wall.argv([str(Path(bash).resolve()), "--noprofile", "--norc", "-c", loop]),
            cwd=self.home, env=self._environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True, pass_fds=(read_end, write_end),
        )  # fmt: skip
        os.close(read_end)
        os.close(write_end)
        for end in (self._orders, self._answers):
            stack.callback(_closed, end)
        stack.callback(self._end)

    def run(self, typed: str, timeout_s: float | None = None) -> Output:
        """What a command prints. Raises ShellError where it runs out of time or ends the shell."""
        self._count += 1
        file = self._typed / f"{self._count:03}"
        file.write_text(typed + "\n", encoding="utf-8")
        began = time.monotonic()
        try:
            os.write(self._orders, f"{file}\n".encode())
        except OSError:
            raise ShellError("the shell has ended") from None
        limit = timeout_s if timeout_s is not None else self.timeout_s
        ready, _, _ = select.select([self._answers], [], [], limit)
        answer = os.read(self._answers, 16) if ready else b""
        seconds = time.monotonic() - began
        if not ready:
            self._end()
            raise ShellError(f"the command did not end within {limit:.0f} s")
        if not answer:
            raise ShellError("the command ended the shell")
        # A terminal shows of a line only what stands after its last return: the bars of `aws s3` are gone at the end.
        out, err = (re.sub(r"[^\n]*\r(?!\n)", "", text) for text in self._printed(file))
        return Output(out, err, int(answer), seconds)

    def _printed(self, file: Path) -> tuple[str, str]:
        out, err = (Path(f"{file}.{kind}").read_bytes().decode(errors="replace") for kind in ("out", "err"))
        return out, err

    def _end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends every process of the shell and removes its directory."""
        self._stack.close()


def _closed(end: int) -> None:
    with contextlib.suppress(OSError):
        os.close(end)


def _script(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


def _copied(source: Path, target: Path) -> None:
    """A copy that is only to be read; a link in what is copied could lead outside, so that it is refused."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        places = [source, *source.rglob("*")]
        if any(place.is_symlink() for place in places):
            raise ShellError(
                f"{source} holds a symbolic link, which could lead a page outside; link what it needs by itself"
            )
        shutil.copytree(source, target, ignore=shutil.ignore_patterns(".terraform", "*.tfstate*", "*.record.json"))
    else:
        shutil.copy(source, target)


class Relay:
    """A context manager around a socket in the file system that leads to an address of this machine, also out of a namespace."""

    def __init__(self, path: Path, endpoint: str) -> None:
        parts = urlsplit(endpoint)
        self._address = (parts.hostname or "", parts.port or 0)
        self._path = path

    def __enter__(self) -> Relay:
        """The socket, listening."""
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(self._path))
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def _accept(self) -> None:
        while True:
            try:
                inner, _ = self._listener.accept()
            except OSError:
                return
            try:
                outer = socket.create_connection(self._address, timeout=10)
            except OSError:
                inner.close()
                continue
            outer.settimeout(None)
            for source, target in ((inner, outer), (outer, inner)):
                threading.Thread(target=_carry, args=(source, target), daemon=True).start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Listens no longer."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def _carry(source: socket.socket, target: socket.socket) -> None:
    """Carries what one socket says to the other, until it has no more to say."""
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
