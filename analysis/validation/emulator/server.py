"""The emulator's process: `python -m analysis.validation.emulator.server PORT LOG` prints its endpoint once it listens."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from analysis.validation.emulator.process import LOOPBACK

# Read by moto as it is imported. Without the managed policies no role can have one; a certificate need not wait a minute.
SETTINGS = {"MOTO_IAM_LOAD_MANAGED_POLICIES": "true", "MOTO_ACM_VALIDATION_WAIT": "0"}
SEED = 20261121  # moto's identifiers are drawn; from one seed, in the order of the calls


def serve(port: int, log: Path) -> None:
    """Answers until it is ended, or until whoever started it has gone."""
    os.environ.update(SETTINGS)
    from moto.core.config import default_user_config  # noqa: PLC0415 - after its settings
    from moto.moto_api._internal import mock_random  # noqa: PLC0415
    from moto.moto_server.werkzeug_app import MotoRequestHandler  # noqa: PLC0415
    from werkzeug.serving import make_server  # noqa: PLC0415

    from analysis.validation.emulator import patches  # noqa: PLC0415
    from analysis.validation.emulator.front import Front  # noqa: PLC0415

    default_user_config["lambda"]["use_docker"] = False
    default_user_config["batch"]["use_docker"] = False
    mock_random.seed(SEED)
    patches.apply()

    class Quiet(MotoRequestHandler):
        """Moto's handler, without a line on standard error for each call."""

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Nothing: the front keeps the log."""

    with log.open("a", encoding="utf-8") as handle:
        server = make_server(LOOPBACK, port, Front(handle), threaded=True, request_handler=Quiet)
        threading.Thread(target=_end_with_parent, daemon=True).start()
        sys.stdout.write(f"http://{LOOPBACK}:{server.server_port}\n")
        sys.stdout.flush()
        server.serve_forever()


def _end_with_parent() -> None:
    sys.stdin.buffer.read()  # returns when the other end is closed, also by the death of its process
    os._exit(0)


if __name__ == "__main__":
    try:
        serve(int(sys.argv[1]), Path(sys.argv[2]))
    except KeyboardInterrupt:
        sys.exit(130)
