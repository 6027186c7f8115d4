"""Processes held to a share of a processor, as a task of a container service is: by a control group, else by a core of their own.

A control group needs a file system that this user may write; where there is none the processes are pinned to one core and
everything else of the run to the others. Either way what they were given is measured afterwards, never taken for granted.

https://docs.kernel.org/scheduler/sched-bwc.html, https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PERIOD_US: Final = 100_000
"""Microseconds in which the quota may be used; the kernel's default, and that of container runtimes."""

NAME: Final = "gameday-load-"

WEIGHTS: Final = (("cpu.shares", "16384"), ("cpu.weight", "1600"))
"""Sixteen times a process's own weight, in either version: busy neighbours must not take what the quota allows."""


@dataclass(frozen=True, slots=True)
class Quota:
    """A share of a processor for whatever is added. `kind` says by what; `share` is in processors.

    `others` are the processors that are left for everything else; empty where all of them are.
    """

    kind: str
    share: float
    group: Path | None = None
    core: int | None = None
    others: frozenset[int] = frozenset()

    def hold(self, pids: Iterable[int]) -> None:
        """Holds the processes, and whatever they start from now on, to the share."""
        for pid in pids:
            if self.group is not None:
                (self.group / "cgroup.procs").write_text(str(pid), encoding="ascii")
            elif self.core is not None:
                os.sched_setaffinity(pid, {self.core})


@contextmanager
def quota(share: float, name: str = "") -> Iterator[Quota]:
    """A quota of `share` processors, removed at the end of the block, by when its processes must have ended."""
    for kind, parent in _parents():
        _sweep(parent)
        group = parent / f"{NAME}{os.getpid()}{name}"
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            if not _limited(group, round(share * PERIOD_US)):
                continue
            yield Quota(kind, share, group=group)
            return
        finally:
            with suppress(OSError):
                group.rmdir()
    cores = sorted(os.sched_getaffinity(0))
    yield Quota("pinned to one core", 1.0, core=cores[-1], others=frozenset(cores[:-1]))


def _limited(group: Path, quota_us: int) -> bool:
    """Whether the group has taken the limit: not where it belongs to no processor controller, or is another user's."""
    for name, text in (("cpu.cfs_quota_us", f"{quota_us}"), ("cpu.max", f"{quota_us} {PERIOD_US}")):
        if (group / name).exists():
            with suppress(OSError):
                (group / name).write_text(text, encoding="ascii")
                for weight, value in WEIGHTS:
                    if (group / weight).exists():
                        (group / weight).write_text(value, encoding="ascii")
                return True
    return False


def _parents() -> Iterator[tuple[str, Path]]:
    """Where a group may be made: in this process's own, or at the root, in either version of control groups."""
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if "cpu" in controllers.split(","):
            root = Path("/sys/fs/cgroup") / controllers
            kind = "control group, version 1"
        elif not controllers:
            root, kind = Path("/sys/fs/cgroup"), "control group, version 2"
        else:
            continue
        yield kind, root / path.lstrip("/")
        yield kind, root


def _sweep(parent: Path) -> None:
    """Removes the groups of runs whose process is gone; the kernel keeps those in which another still lives."""
    for group in parent.glob(f"{NAME}*"):
        pid = group.name.removeprefix(NAME).partition("-")[0]
        if not Path(f"/proc/{pid}").exists():
            with suppress(OSError):
                group.rmdir()
