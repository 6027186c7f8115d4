"""The stand-in of the scoreboard's program, started as the page of local development does, and what it answers."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from standin import tokens

HOME = Path(__file__).parents[3] / "local" / "scoreboard"


def variables(text):
    """The variables of a file of settings, by name."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    found = dict(line.split("=", 1) for line in lines)
    assert len(found) == len(lines), "a variable is there twice"
    return found


def settings(ports, **other):
    """The example, with the ports of this test."""
    text = (HOME / ".env.example").read_text()
    for old, new in (("localhost:5432", f"localhost:{ports['postgres']}"), ("REDIS_PORT=6379", f"REDIS_PORT={ports['redis']}"),
                     ("\nPORT=3000", f"\nPORT={ports['api']}")):  # fmt: skip
        assert text.count(old) == 1
        text = text.replace(old, new)
    return text + "".join(f"{name}={value}\n" for name, value in other.items())


def variables_last(text):
    """The variables of a file in which a later line replaces an earlier one."""
    return dict(line.split("=", 1) for line in text.splitlines() if line and not line.startswith("#"))


@contextmanager
def serving(directory, environment):
    """The stand-in, as the page starts it; gives the file of its log once it listens."""
    log = directory / "standin.log"
    with log.open("w") as words:
        process = subprocess.Popen(
            [sys.executable, "-m", "standin"],
            cwd=HOME,
            env={"PATH": os.environ["PATH"], **environment},
            stdout=words,
            stderr=words,
            start_new_session=True,
        )
    try:
        until = time.monotonic() + 60
        while "listening on" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.05)
        yield log
    finally:
        process.terminate()
        try:
            process.wait(20)
        finally:
            process.kill()
            process.wait()


def ask(ports, path, token=None, data=None, **headers):
    """Status, headers and JSON of an answer."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(f"http://127.0.0.1:{ports['api']}{path}", data=data, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.headers, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, error.headers, json.load(error)


def clock_s():
    """What time it is for the programs that a test starts: they see nothing of what has moved the clock of this one."""
    return float(subprocess.check_output(["date", "+%s.%N"], env={"PATH": os.environ["PATH"]}))


def token(user, secret="dev-secret-key-not-for-production", expiry_s=60):
    return tokens.sign(user, secret, clock_s(), expiry_s)
