"""Runs a command until it ends, its time is over, or whoever started it has gone; then says how it ended.

    python supervised.py DIRECTORY NAME TIMEOUT_S COMMAND...     (standard input: a pipe held by the one who started it)

DIRECTORY gets NAME.out, NAME.err and, last, NAME.json with status and seconds. The command runs in a session of its own and is
asked to end first (SIGTERM), so that it can end what it has started itself.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

GRACE_S = 30.0


def supervise(directory: Path, name: str, timeout_s: float, command: list[str]) -> None:
    ended = threading.Event()
    gone = threading.Event()
    started = time.monotonic()
    reason = ""
    with (directory / f"{name}.out").open("wb") as out, (directory / f"{name}.err").open("wb") as err:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True)

        def read() -> None:
            while os.read(0, 64):
                pass
            gone.set()
            ended.set()

        def wait() -> None:
            process.wait()
            ended.set()

        for work in (read, wait):
            threading.Thread(target=work, daemon=True).start()
        if not ended.wait(timeout_s):
            reason = f"it was ended after {timeout_s:g} s without an answer"
        elif gone.is_set():
            reason = "the test run ended before it"
        for sign in (signal.SIGTERM, signal.SIGKILL):
            if process.poll() is None:
                os.killpg(process.pid, sign)
                try:
                    process.wait(GRACE_S)
                except subprocess.TimeoutExpired:
                    continue
    draft = directory / f"{name}.draft"
    draft.write_text(
        json.dumps({"status": process.returncode, "seconds": time.monotonic() - started, "reason": reason})
    )
    draft.replace(directory / f"{name}.json")


if __name__ == "__main__":
    supervise(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]), sys.argv[4:])
