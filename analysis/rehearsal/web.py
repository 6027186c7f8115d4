"""The public site and its name servers, as a rehearsal has them: declared answers on a socket that only its user can open.

`curl` and `dig` on the path of a rehearsal are small programs. The first is the real curl, held to the options of
`tools` and told to connect to the stand-in whatever the address says; the second reads the declared names. What is not
declared is refused by name, and nothing leaves this machine.
"""

from __future__ import annotations

import json
import shutil
import sys
import threading
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from analysis.rehearsal.stand_ins import stand_in
from analysis.rehearsal.tools import REFUSED

_DIG = """#!{python} -IS
# reads '{names}'
import json, sys
given = [word for word in sys.argv[1:] if word != "+short"]
if "+short" not in sys.argv or len(given) != 2:
    sys.exit(sys.stderr.write("rehearsal: the stand-in for dig knows `dig +short TYPE NAME` only\\n") and {refused})
kind, name = given
for row in json.load(open({names!r})):
    if (row["type"], row["name"]) == (kind, name):
        print("\\n".join(row["answers"]))
        break
else:
    sys.exit(sys.stderr.write("rehearsal: no answer is declared for " + kind + " " + name + "\\n") and {refused})
"""


class _Server(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True


class Site:
    """A context manager around the stand-ins; `web` and `names` are read at each request, so that acts may add to them."""

    def __init__(self, web: Sequence[Mapping[str, Any]], names: Sequence[Mapping[str, Any]], scratch: Path) -> None:
        self._web, self._names, self._scratch = web, names, scratch
        self._asked: dict[tuple[str, str], int] = {}
        self.undeclared: list[str] = []

    def __enter__(self) -> Site:
        """The site, listening on a socket in its scratch directory."""
        site = self

        class Handler(BaseHTTPRequestHandler):
            """Answers as declared."""

            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                site._answer(self)

            do_HEAD = do_GET  # noqa: N815 (the library's name)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
                """Nothing: the outcome of the command is the record."""

        self.write_names()
        self._socket = self._scratch / "web.sock"
        self._server = _Server(str(self._socket), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        host, path = (handler.headers.get("Host") or "").partition(":")[0], urlsplit(handler.path).path
        row = next((row for row in reversed(self._web) if (row["host"], row["path"]) == (host, path)), None)
        if row is None:
            self.undeclared.append(f"https://{host}{path}")
            answer: Mapping[str, Any] = {"status": 404}
        else:
            number = self._asked.get((host, path), 0)
            self._asked[host, path] = number + 1
            answer = row["answers"][min(number, len(row["answers"]) - 1)]
        body = str(answer.get("body", "")).encode()
        handler.send_response_only(int(answer["status"]), "")  # HTTP/2, which the edge speaks, has no words there
        for name, value in answer.get("headers", {}).items():
            handler.send_header(name, str(value))
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(body)

    def requests(self) -> int:
        """How many requests were answered as declared so far."""
        return sum(self._asked.values())

    def scripts(self) -> dict[str, str]:
        """The stand-ins by name; without curl where the machine has none. `shell` says what stands for the braces."""
        names = self._scratch / "names.json"
        found = {"dig": _DIG.format(python=Path(sys.executable).resolve(), names=str(names), refused=REFUSED)}
        if curl := shutil.which("curl"):
            options = [
                "--disable",
                "--noproxy",
                "*",
                "--proto",
                "=http",
                "--proto-redir",
                "=http",
                "--unix-socket",
                str(self._socket),
            ]
            found["curl"] = stand_in("curl", Path(curl), options)
        return found

    def write_names(self) -> None:
        """Puts the declared names where the stand-in for dig reads them."""
        (self._scratch / "names.json").write_text(json.dumps(list(self._names)), encoding="utf-8")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Listens no longer."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)
