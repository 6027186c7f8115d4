"""What stands as `aws` on the path of a rehearsal: the AWS CLI, version 1, which reaches one emulator on loopback and no more.

It is run as a file (`python -I rehearsal_aws.py ENDPOINT ARGUMENTS`) and imports nothing of this package, so it starts quickly.
Version 1 is the only one that PyPI has; a reader has version 2. `DIFFERENCES` lists where the two part and what is done about it.
"""

from __future__ import annotations

import os
import socket
import sys
import time
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
        elif name in FORBIDDEN:
            refuse(f"{name} would take the command elsewhere than to the emulator; a page has no need of it")
        else:
            found.append(argument)
    words = [word for word in found if not word.startswith("-")]
    for absent in ABSENT:
        if tuple(words[: len(absent)]) == absent:
            refuse(f"aws {' '.join(absent)} is not in version 1 of the command line")
    return found


def only_loopback() -> None:
    """Lets no socket of this process reach anything but loopback."""
    connect = socket.socket.connect

    def checked(self: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else ""
        if isinstance(address, tuple) and host not in {"127.0.0.1", "::1"}:
            refuse(f"the command would leave this machine, for {host}")
        connect(self, address)

    socket.socket.connect = checked  # type: ignore[method-assign, assignment]


def main() -> int:
    """Runs the command line against the endpoint that is the first argument; its exit status."""
    endpoint, given = sys.argv[1], sys.argv[2:]
    if not endpoint.startswith("http://127.0.0.1:"):
        refuse(f"the endpoint is {endpoint}; it must be http://127.0.0.1 with a port")
    given = arguments(given)
    only_loopback()
    pause = time.sleep
    time.sleep = lambda seconds: pause(min(float(seconds), LONGEST_PAUSE_S))
    os.environ["AWS_ENDPOINT_URL"] = endpoint
    from awscli.clidriver import main as run  # noqa: PLC0415 - slow to import; a refusal need not wait for it

    sys.argv = ["aws", "--endpoint-url", endpoint, *given]
    return int(run() or 0)


if __name__ == "__main__":
    sys.exit(main())
