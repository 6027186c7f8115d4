"""Runs a command until it ends, it makes no progress, it has used its budget, or whoever started it has gone; says how it ended.

    python supervised.py DIRECTORY NAME BUDGET_CPU_S STILL_S COMMAND...   (standard input: a pipe held by the one who started it)

DIRECTORY gets NAME.out, NAME.err and, last, NAME.json with status, seconds and reason. The command runs in a session of its own
and is asked to end first (SIGTERM), so that it can end what it has started itself.

No clock decides: a busy machine makes everything slow. Progress is processor time used by the command or anything that it has
started, or something printed. STILL_S without any is being stuck; BUDGET_CPU_S of processor time is more than the work can need.
"""

import json
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil

GRACE_S = 30.0
LOOK_EVERY_S = 1.0
NOTICE_S = 0.05


def used_cpu_s(pid: int) -> float:
    """Processor time of a process, of what it has started, and of what those have waited for."""
    total = 0.0
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        for one in (process, *process.children(recursive=True)):
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                times = one.cpu_times()
                total += times.user + times.system + times.children_user + times.children_system
    return total


class Watch:
    """Looks at a process now and then. `reason` is why it should be ended, empty while it should not."""

    def __init__(self, pid: int, printed: list[Path], budget_cpu_s: float, still_s: float, look_every_s: float) -> None:
        self.pid, self.printed = pid, printed
        self.budget_cpu_s, self.still_looks = budget_cpu_s, max(1, round(still_s / look_every_s))
        self.seen: tuple[float, ...] = ()
        self.still = 0

    def reason(self) -> str:
        cpu_s = used_cpu_s(self.pid)
        seen = (cpu_s, *(path.stat().st_size for path in self.printed))
        # Looks are counted and not seconds: where this process was not let run, the other was not, either.
        self.still = self.still + 1 if seen == self.seen else 0
        self.seen = seen
        if cpu_s > self.budget_cpu_s:
            return (
                f"it was ended after {cpu_s:.0f} s of processor time, more than its budget of {self.budget_cpu_s:g} s"
            )
        if self.still >= self.still_looks:
            return (
                f"it was ended because it made no progress: {self.still} looks found nothing printed and no work done"
            )
        return ""


def gone(seconds: float) -> bool:
    """Whether whoever holds the other end of standard input closes it within so many seconds."""
    ready, _, _ = select.select([0], [], [], seconds)
    return bool(ready) and not os.read(0, 64)


def supervise(directory: Path, name: str, budget_cpu_s: float, still_s: float, command: list[str]) -> None:
    started = time.monotonic()
    reason = ""
    slug = name.replace("/", "-").replace(" ", "-")
    printed = [directory / f"{slug}.{kind}" for kind in ("out", "err")]
    with printed[0].open("wb") as out, printed[1].open("wb") as err:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True)
        look_every_s = min(LOOK_EVERY_S, still_s / 3)
        watch = Watch(process.pid, printed, budget_cpu_s, still_s, look_every_s)
        # Not by a lock with a limit: where `faketime` has moved the clock, that limit is never reached.
        looks = time.monotonic() + look_every_s
        while not reason and process.poll() is None:
            if gone(NOTICE_S):
                reason = "the test run ended before it"
            elif time.monotonic() >= looks:
                reason, looks = watch.reason(), time.monotonic() + look_every_s
        for sign in (signal.SIGTERM, signal.SIGKILL):
            if process.poll() is None:
                os.killpg(process.pid, sign)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(GRACE_S)
    draft = directory / f"{slug}.draft"
    draft.write_text(
        json.dumps({"status": process.returncode, "seconds": time.monotonic() - started, "reason": reason})
    )
    draft.replace(directory / f"{slug}.json")


if __name__ == "__main__":
    supervise(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]), float(sys.argv[4]), sys.argv[5:])
