"""The emulator's process: `python -m analysis.emulator.server PORT LOG` prints its endpoint once it listens.

The first line of its standard input are the keys of the run, as JSON; the end of it is the end of whoever started it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path

from analysis.emulator.process import LOOPBACK, Keys

# Read by moto as it is imported. Without the managed policies no role can have one; a certificate need not wait a minute.
SETTINGS = {"MOTO_IAM_LOAD_MANAGED_POLICIES": "true", "MOTO_ACM_VALIDATION_WAIT": "0"}
SEED = 20261121  # moto's identifiers are drawn; from one seed, in the order of the calls


@cache
def prepare() -> None:
    """Makes moto in this process what the front expects: its settings, its seed and every patch."""
    os.environ.update(SETTINGS)
    from moto.core.config import default_user_config  # noqa: PLC0415 - after its settings
    from moto.moto_api._internal import mock_random  # noqa: PLC0415

    from analysis.emulator import patches, services  # noqa: PLC0415

    default_user_config["lambda"]["use_docker"] = False
    default_user_config["batch"]["use_docker"] = False
    mock_random.seed(SEED)
    patches.apply()
    services.apply()


def serve(port: int, log: Path, keys: Keys) -> None:
    """Answers who has the keys until it is ended, or until whoever started it has gone."""
    prepare()
    from moto.moto_server.werkzeug_app import MotoRequestHandler  # noqa: PLC0415 - after its settings
    from werkzeug.serving import BaseWSGIServer, make_server  # noqa: PLC0415

    from analysis.emulator.front import Front  # noqa: PLC0415

    class Quiet(MotoRequestHandler):
        """Moto's handler, without a line on standard error for each call."""

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Nothing: the front keeps the log."""

    def listening(front: Front, port: int = 0) -> BaseWSGIServer:
        threading.Thread(target=_end_with_parent, daemon=True).start()
        return make_server(LOOPBACK, port, front, threaded=True, request_handler=Quiet)

    def copy() -> tuple[str, Callable[[], None]]:
        server.socket.close()  # the original's, of which a copy holds a second handle
        own = listening(front)
        return f"http://{LOOPBACK}:{own.server_port}", own.serve_forever

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # a copy that has ended leaves the table of processes by itself
    front = Front(log, keys, copy)
    server = listening(front, port)
    sys.stdout.write(f"http://{LOOPBACK}:{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


def _keys() -> Keys:
    """The keys of the run. Read byte by byte: what is buffered here a copy could not see the end of."""
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            sys.exit("the emulated AWS was given no keys")
        line += byte
    return Keys(**json.loads(line))


def _end_with_parent() -> None:
    # No buffered reader: a copy could not take the lock that the original's thread holds on it.
    while os.read(0, 64):  # nothing is left to read when the other end is closed, also by the death of its process
        pass
    os._exit(0)


if __name__ == "__main__":
    try:
        serve(int(sys.argv[1]), Path(sys.argv[2]), _keys())
    except KeyboardInterrupt:
        sys.exit(130)
