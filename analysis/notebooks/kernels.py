"""Kernels for notebooks out of one warm process: it imports what notebooks use once, and each kernel is a fork of it.

A fork begins with a clean namespace and leaves nothing behind for the next one, as a process of its own does; only the seconds of
importing are saved. `python -m analysis.notebooks.kernels` is the warm process: a line of JSON in, the process id of a kernel out.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.manager import KernelManager
from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase

IMPORTED = ("ipykernel.kernelapp", "ipykernel.ipkernel", "altair", "numba", "pandas", "analysis.notebooks.views")
"""What a notebook would import first."""


class Warm:
    """The warm process, started when the first kernel is asked for; use `warm`."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)
        self._process: subprocess.Popen[str] | None = None
        self._asking = Lock()

    def kernel(self, connection_file: Path, directory: Path) -> int:
        """Starts a kernel that serves the connection in the file, in a working directory; its process id."""
        with self._asking:
            if self._process is None:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "analysis.notebooks.kernels"],
                    env=self._environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                )  # fmt: skip
            requests, answers = self._process.stdin, self._process.stdout
            if requests is None or answers is None:
                raise RuntimeError("the process that starts kernels has no pipes")
            requests.write(json.dumps([str(connection_file), str(directory)]) + "\n")
            requests.flush()
            answer = answers.readline()
        if not answer:
            raise RuntimeError(f"the process that starts kernels ended with status {self._process.wait()}")
        return int(answer)

    def close(self) -> None:
        """Ends the warm process, and with it the kernels that are left."""
        if self._process is not None:
            self._process.communicate()


@contextmanager
def warm(environment: Mapping[str, str]) -> Iterator[Warm]:
    """A warm process for the block; `environment` is that of its kernels."""
    process = Warm(environment)
    try:
        yield process
    finally:
        process.close()


class Fork(KernelProvisionerBase):
    """How Jupyter's client watches and ends a kernel that is a fork of the warm process."""

    pid: int | None = None
    _ended: int | None = None

    @property
    def has_process(self) -> bool:
        """Whether there is a kernel."""
        return self.pid is not None

    async def poll(self) -> int | None:
        """None while the kernel runs, else a status; which one its parent alone knows."""
        if self.pid is None:
            return 0
        with suppress(ProcessLookupError):
            os.kill(self.pid, 0)
            return None
        return 0

    async def wait(self) -> int | None:
        """Waits until the kernel has ended."""
        import asyncio  # noqa: PLC0415 (only where a kernel is waited for)

        while await self.poll() is None:
            await asyncio.sleep(0.02)
        self.pid = None
        return 0

    async def send_signal(self, signum: int) -> None:
        """Sends the kernel a signal."""
        if self.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signum)

    async def kill(self, restart: bool = False) -> None:  # noqa: ARG002 (the client's signature)
        """Ends the kernel at once."""
        await self.send_signal(signal.SIGKILL)

    async def terminate(self, restart: bool = False) -> None:  # noqa: ARG002 (the client's signature)
        """Asks the kernel to end."""
        await self.send_signal(signal.SIGTERM)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Not how a fork begins: see `manager`."""
        raise NotImplementedError("a fork is started by its warm process")

    async def cleanup(self, restart: bool = False) -> None:
        """Nothing is left to clean up."""


def manager(process: Warm, connection_file: Path, directory: Path) -> KernelManager:
    """A running kernel, forked from the warm process, as Jupyter's client wants it."""
    made = KernelManager(transport="ipc", connection_file=str(connection_file))
    made.write_connection_file()
    provisioner = Fork()
    provisioner.pid = process.kernel(connection_file, directory)
    made.provisioner = provisioner
    return made


_RUNNING: set[int] = set()
"""The kernels of this warm process."""


def _serve() -> None:
    """Forks a kernel for each line of the standard input; at its end the kernels that are left are ended."""
    import importlib  # noqa: PLC0415 (only in the warm process)

    for name in IMPORTED:
        importlib.import_module(name)
    signal.signal(signal.SIGCHLD, _bury)
    for line in sys.stdin:
        connection_file, directory = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _become_kernel(connection_file, directory)
        _RUNNING.add(pid)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _bury(0, None)
    for pid in _RUNNING:
        os.kill(pid, signal.SIGKILL)
    with suppress(ChildProcessError):
        while True:
            os.wait()


def _bury(_signal: int, _frame: Any) -> None:
    """Takes note of the kernels that have ended, so that they are gone."""
    with suppress(ChildProcessError):
        while pid := os.waitpid(-1, os.WNOHANG)[0]:
            _RUNNING.discard(pid)


def _become_kernel(connection_file: str, directory: str) -> None:
    from ipykernel.kernelapp import IPKernelApp  # noqa: PLC0415 (imported before the fork)

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1):  # the lines of the warm process are none of the kernel's
        os.dup2(nowhere, descriptor)
    os.chdir(directory)
    sys.path.insert(0, "")
    sys.argv = ["ipykernel", "-f", connection_file]
    IPKernelApp.launch_instance(argv=sys.argv[1:])
    os._exit(0)


if __name__ == "__main__":
    _serve()
