"""`python3 -m standin` serves until it is told to stop; `python3 -m standin token NAME` prints a token for a user."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import time

from standin import settings, tokens, traces
from standin.scores import STORE_ERRORS
from standin.server import Server


async def serve(told: settings.Settings, host: str) -> None:
    """Serves until SIGTERM or Ctrl-C."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await Server(told, os.environ.get("AWS_XRAY_DAEMON_ADDRESS", traces.COLLECTOR)).run(host, stop)


def main() -> int:
    """The exit status: 0 after a stop, 2 where it cannot start."""
    asked = argparse.ArgumentParser(prog="standin", description="Stands in for the scoreboard's program.")
    asked.add_argument("--host", default="127.0.0.1", help="where it listens; in a container 0.0.0.0")
    commands = asked.add_subparsers(dest="command")
    commands.add_parser("token", help="print a token").add_argument("user", help="whom it admits")
    given = asked.parse_args()
    try:
        told = settings.read(os.environ)
        if given.command == "token":
            sys.stdout.write(tokens.sign(given.user, told.jwt_keys[0], time.time(), told.jwt_expiry_s) + "\n")
        else:
            asyncio.run(serve(told, given.host))
    except (settings.SettingError, *STORE_ERRORS) as error:
        sys.stderr.write(f"standin: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
