"""A shell in which a page's commands are typed, one after the other, and which reaches nothing but the emulator.

Its home and working directory are new and empty, its environment is made up from nothing, and its path is one directory: a few
tools for text, `aws` (`rehearsal_aws`), and stand-ins for `curl` and `dig`. Whatever else a page types is refused by name. The
commands of a page share the shell, as a reader's do: variables and files last until its end. On leaving, every process is ended.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from analysis.runbooks import rehearsal_aws

TOOLS = (
    "awk", "basename", "cat", "cut", "date", "gawk", "grep", "gunzip", "gzip", "head", "jq", "mawk", "mkdir", "paste", "printf",
    "rm", "sed", "seq", "sh", "bash", "env", "sleep", "sort", "tail", "tee", "tr", "uniq", "wc", "zcat",
)  # fmt: skip
"""Tools for text that a page may use; they are linked from the machine where it has them."""

NEEDED = ("awk", "bash", "cat", "curl", "cut", "date", "grep", "gzip", "head", "jq", "sort", "uniq", "zcat")
"""Those without which a rehearsal does not begin."""

_ELSEWHERE = re.compile(r"/dev/(?:tcp|udp)/")
_PATH_AS_COMMAND = re.compile(
    r"(?:^|[;&|(`]|\$\(|\bdo\b|\bthen\b|\bexec\b|\beval\b)\s*((?:~|\.{0,2})/[^\s;|&)]+|\.[\w-]+/[^\s;|&)]+)"
)

_LOOP = """
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


def refusal(typed: str, scripts: Iterable[str] = ()) -> str | None:
    """Why a command is not run, before any shell sees it; `scripts` are the files of the project that may be started."""
    if _ELSEWHERE.search(typed):
        return "it opens a connection by itself"
    for found in _PATH_AS_COMMAND.findall(typed):
        if found not in scripts:
            return f"it starts {found}, which is not among the tools of a rehearsal"
    return None


def missing() -> str:
    """What this machine lacks for a rehearsal, in a sentence; empty where it lacks nothing."""
    absent = [tool for tool in NEEDED if shutil.which(tool) is None]
    if absent:
        return f"{', '.join(absent)} {'is' if len(absent) == 1 else 'are'} not on PATH"
    asked = subprocess.run(["date", "-u", "-d", "-1 minute", "+%s000"], capture_output=True, check=False)  # noqa: S607 (as found)
    return "" if asked.returncode == 0 else "date is not GNU's, which the runbooks are written for"


@dataclass
class Shell:
    """A context manager around one shell. `endpoint` is the emulator's; `linked` maps names in the working directory to files."""

    endpoint: str
    stand_ins: Mapping[str, str]
    linked: Mapping[str, Path]
    timeout_s: float = 120.0
    keys: tuple[str, str] = ("rehearsal", "rehearsal")

    def __enter__(self) -> Shell:
        """The started shell. Raises ShellError where a tool is missing."""
        if lacking := missing():
            raise ShellError(f"{lacking}; a rehearsal needs it")
        self._scratch = tempfile.TemporaryDirectory(prefix="gameday-rehearsal-")
        root = Path(self._scratch.name)
        self.home, tools, self._typed = root / "home", root / "bin", root / "typed"
        for directory in (self.home, tools, self._typed):
            directory.mkdir()
        for tool in TOOLS:
            if found := shutil.which(tool):
                (tools / tool).symlink_to(Path(found).absolute())
        wrapper = Path(rehearsal_aws.__file__)
        self._script(
            tools / "aws",
            f'#!/bin/sh\nexec {_quoted(sys.executable)} -I {_quoted(str(wrapper))} {self.endpoint} "$@"\n',
        )
        for name, text in self.stand_ins.items():
            self._script(tools / name, text)
        for name, target in self.linked.items():
            place = self.home / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(target.absolute())
        config = root / "config"
        config.write_text("[default]\ncli_timestamp_format = iso8601\ncli_follow_urlparam = false\n", encoding="utf-8")
        self._environment = {
            "PATH": str(tools), "HOME": str(self.home), "LC_ALL": "C.UTF-8", "TZ": "UTC", "TERM": "dumb", "COLUMNS": "200",
            "AWS_CONFIG_FILE": str(config), "AWS_SHARED_CREDENTIALS_FILE": str(root / "none"),
            "AWS_EC2_METADATA_DISABLED": "true", "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": self.keys[0], "AWS_SECRET_ACCESS_KEY": self.keys[1],
            "AWS_DEFAULT_OUTPUT": "json", "AWS_MAX_ATTEMPTS": "1", "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1",
        }  # fmt: skip
        self._start()
        self._count = 0
        return self

    def _script(self, path: Path, text: str) -> None:
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)

    def _start(self) -> None:
        read_end, self._orders = os.pipe()
        self._answers, write_end = os.pipe()
        bash = shutil.which("bash")
        if bash is None:
            raise ShellError("a rehearsal needs bash on PATH")

        self._process = subprocess.Popen(  # noqa: S603 - bash, with a loop of our own
            [bash, "--noprofile", "--norc", "-c", _LOOP.format(orders=read_end, answers=write_end)],
            cwd=self.home, env=self._environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True, pass_fds=(read_end, write_end),
        )  # fmt: skip
        os.close(read_end)
        os.close(write_end)

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
        for end in (self._orders, self._answers):
            with contextlib.suppress(OSError):
                os.close(end)
        self._end()
        self._scratch.cleanup()


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
