"""What stands as `aws` on the path of a rehearsal: the AWS CLI, version 1, which reaches one emulator and no more.

It is run as a file (`python -I aws.py SETTINGS ARGUMENTS`) and imports nothing of this package, so it starts quickly.
The settings are a file of JSON that no page can write: the emulator's address and keys, the socket through which it is reached,
and the directory outside of which this process opens, starts and connects to nothing, whatever stands in its environment.
Version 1 is the only one that PyPI has; a reader has version 2. `DIFFERENCES` lists where the two part and what is done about it.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from collections.abc import Mapping
from typing import Any, NoReturn

DIFFERENCES = (
    ("times", "ISO 8601", "as the service sent them", "the configuration sets `cli_timestamp_format = iso8601`"),
    (
        "a value that begins with `http://`",
        "is that text",
        "is fetched",
        "the configuration sets `cli_follow_urlparam = false`",
    ),
    ("`--no-cli-pager`", "turns the pager off", "is unknown", "left out: version 1 has no pager"),
    ("`--cli-binary-format raw-in-base64-out`", "reads a blob as typed", "is unknown; does that always", "left out"),
    ("`AWS_ENDPOINT_URL`", "heeded", "not heeded by RDS, SQS and EMR", "every call is given `--endpoint-url`"),
    ("`aws logs tail`, `--output yaml`", "there", "not there", "refused; pages use `filter-log-events` and text"),
    ("`aws configure sso`, `aws ecs execute-command`", "there", "needs a plugin", "refused"),
    (
        "a waiter's pause",
        "15 s or more between two looks",
        "the same",
        "shortened: on the emulator nothing takes its time",
    ),
)
"""Where the versions of the command line differ: what, in version 2, in version 1, and what a rehearsal does about it."""

REFUSED = 97
"""Exit status of a call that is refused before it is made; neither version uses it."""

LONGEST_PAUSE_S = 0.2

LEFT_OUT = {"--no-cli-pager": 0, "--cli-binary-format": 1}  # option -> how many values follow
FORBIDDEN = ("--endpoint-url", "--profile", "--ca-bundle", "--no-verify-ssl", "--no-sign-request")
ABSENT = (("logs", "tail"), ("configure",), ("sso",), ("ecs", "execute-command"), ("ssm", "start-session"))


def refuse(sentence: str) -> NoReturn:
    """Says why a call is not made, and ends."""
    sys.stderr.write(f"rehearsal: {sentence}\n")
    raise SystemExit(REFUSED)


def _leads_elsewhere(name: str) -> bool:
    """Whether an option is a forbidden one, or a beginning of one by which the command line would know it as well."""
    return len(name) > len("--") and any(option.startswith(name) for option in FORBIDDEN)


def arguments(given: list[str]) -> list[str]:
    """What version 1 is given of what was typed for version 2. Exits where it cannot or may not be run."""
    found: list[str] = []
    skip = 0
    for argument in given:
        name, _, value = argument.partition("=")
        if skip:
            skip -= 1
        elif name in LEFT_OUT:
            skip = 0 if value else LEFT_OUT[name]
        elif _leads_elsewhere(name):
            refuse(f"{name} would take the command elsewhere than to the emulator; a page has no need of it")
        else:
            found.append(argument)
    words = [word for word in found if not word.startswith("-")]
    for absent in ABSENT:
        if tuple(words[: len(absent)]) == absent:
            refuse(f"aws {' '.join(absent)} is not in version 1 of the command line")
    return found


def _watch(settings: Mapping[str, Any]) -> None:
    """Ends this process before it starts a program, opens a file outside or connects to anything but the emulator."""
    home = os.path.realpath(settings["home"])
    protected = [os.path.realpath(os.path.join(home, name)) for name in settings["protected"]]  # noqa: PTH118 - no pathlib yet
    readable = tuple(os.path.realpath(path) for path in (*settings["readable"], "/dev/null", "/dev/urandom"))

    def below(place: str, directory: str) -> bool:
        return place == directory or place.startswith(directory + os.sep)

    def opened(path: object, *, written: bool) -> None:
        if not isinstance(path, str | bytes | os.PathLike):  # a descriptor that is open already
            return
        place = os.path.realpath(os.fsdecode(path))
        if below(place, home) and not (written and any(below(place, kept) for kept in protected)):
            return
        if not (place == os.devnull if written else any(below(place, directory) for directory in readable)):
            refuse(f"{os.fsdecode(path)} lies outside the directory of the rehearsal")

    def heard(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            opened(path, written=bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC)) or "w" in str(mode))
        elif event in CHANGING:
            for path in arguments[: CHANGING[event]]:
                opened(path, written=True)
        elif event in STARTING or event == "os.symlink":
            refuse("the command would start another program or make a link; a page has no need of it")
        elif event == "socket.connect" and arguments[1] != settings["socket"]:
            refuse(f"the command would leave this machine, for {arguments[1]}")

    sys.addaudithook(heard)


# Events of the interpreter: https://docs.python.org/3/library/audit_events.html
STARTING = frozenset({
    "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "os.spawn", "pty.spawn",
})  # fmt: skip
CHANGING = {
    "os.remove": 1, "os.rename": 2, "os.mkdir": 1, "os.rmdir": 1, "os.link": 2, "os.chmod": 1, "os.chown": 1, "os.truncate": 1,
    "os.utime": 1, "shutil.rmtree": 1, "shutil.move": 2,
}  # fmt: skip


def _only_through(path: str, endpoint: str) -> None:
    """Leads every connection to the endpoint through the socket at `path`; any other is refused."""
    from urllib3.util import connection  # noqa: PLC0415 - the settings say where it lies

    def connected(address: tuple[str, int], timeout: object = None, *_: object, **__: object) -> socket.socket:
        if f"http://{address[0]}:{address[1]}" != endpoint:
            refuse(f"the command would leave this machine, for {address[0]}")
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        made.settimeout(timeout if isinstance(timeout, int | float) else None)
        made.connect(path)
        return made

    connection.create_connection = connected


def main() -> int:
    """Runs the command line as the settings say, whose file is the first argument; its exit status."""
    with open(sys.argv[1], encoding="utf-8") as file:  # noqa: PTH123 - no pathlib yet
        settings = json.load(file)
    endpoint = settings["endpoint"]
    if not endpoint.startswith("http://127.0.0.1:"):
        refuse(f"the endpoint is {endpoint}; it must be http://127.0.0.1 with a port")
    given = arguments(sys.argv[2:])
    os.environ.clear()
    os.environ.update(settings["environment"])
    sys.path += settings["paths"]
    _only_through(settings["socket"], endpoint)
    pause = time.sleep
    time.sleep = lambda seconds: pause(min(float(seconds), LONGEST_PAUSE_S))
    _watch(settings)
    from awscli.clidriver import main as run  # noqa: PLC0415 - slow to import; a refusal need not wait for it

    sys.argv = ["aws", "--endpoint-url", endpoint, *given]
    return int(run() or 0)


if __name__ == "__main__":
    sys.exit(main())
