"""The stand-in that is measured: a Flask program that answers a scenario's routes from a real database, as a profile says.

gunicorn runs it as `analysis.loadtest.program:application()`; the variable `SETTINGS` names the file of its settings. A live or
shared route is two indexed SELECTs and 25 rows of JSON, through Redis where the profile has a shared cache; any other GET is one
SELECT; a POST adds to one row that all of them share. PUBLISH takes the updates. The header `UPDATE` says which update is the
newest in an answer.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pymysql
import redis
from flask import Flask, Response, jsonify, request

SETTINGS = "GAMEDAY_LOAD_PROGRAM"
"""The variable that names the file of settings."""

UPDATE = "Update-Id"
PUBLISH = "/publish"
HEALTH = "/health"
ROWS = 25


class Store:
    """The database, with a connection for each request or one that is kept, and the shared cache where there is one."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = settings
        self.kept: pymysql.Connection[Any] | None = None
        cache = settings["cache"]
        self.cache = redis.Redis(**cache["server"]) if cache else None
        self.ttl_ms = round(1000 * cache["ttl_s"]) if cache else 0

    def connection(self) -> pymysql.Connection[Any]:
        """A connection: the kept one, or a new one that `done` closes."""
        if self.kept is None or not self.settings["pooled"]:
            # Without TLS: its context alone would cost a new connection more than everything else together.
            self.kept = pymysql.connect(**self.settings["database"], ssl_disabled=True, autocommit=False)
        return self.kept

    def done(self) -> None:
        """Ends a request."""
        if self.kept is not None and not self.settings["pooled"]:
            self.kept.close()

    def newest(self, path: str) -> tuple[int, bytes]:
        """The newest update's number and a path's answer with the last ROWS of them, as old as the cache's lifetime at most."""
        if self.cache is not None:
            found = self.cache.get(path)
            if isinstance(found, bytes):
                head, _, rest = found.partition(b"\n")
                return int(head), rest
        connection = self.connection()
        with connection.cursor(pymysql.cursors.DictCursor) as cursor:
            cursor.execute("SELECT id, home, away, reactions FROM game WHERE id = %s", (1,))
            game = cursor.fetchone()
            cursor.execute(
                "SELECT id, minute, author, text FROM entry WHERE game_id = %s ORDER BY id DESC LIMIT %s", (1, ROWS)
            )
            entries = cursor.fetchall()
        connection.commit()  # the next read must not see the same snapshot
        number, body = int(entries[0]["id"]), jsonify(game=game, entries=entries).get_data()
        if self.cache is not None:
            self.cache.set(path, b"%d\n%s" % (number, body), px=self.ttl_ms)
        return number, body

    def one(self) -> dict[str, Any]:
        """What is read for one user alone."""
        connection = self.connection()
        with connection.cursor(pymysql.cursors.DictCursor) as cursor:
            cursor.execute("SELECT id, reactions FROM game WHERE id = %s", (1,))
            found: dict[str, Any] = cursor.fetchone() or {}
        connection.commit()
        return found

    def publish(self) -> int:
        """Writes an update; its number."""
        connection = self.connection()
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO entry (game_id, minute, author, text) VALUES (1, 90, 'desk', %s)",
                (self.settings["update"],),
            )
            number = int(cursor.lastrowid)
            cursor.execute("UPDATE game SET entries = entries + 1 WHERE id = 1")
        connection.commit()
        return number

    def react(self) -> None:
        """Adds to the row that everybody adds to."""
        connection = self.connection()
        with connection.cursor() as cursor:
            cursor.execute("UPDATE game SET reactions = reactions + 1 WHERE id = 1")
        connection.commit()


def application() -> Flask:
    """The program, with one rule for each route of its settings."""
    settings = json.loads(Path(os.environ[SETTINGS]).read_text(encoding="utf-8"))
    app, store = Flask("stand-in"), Store(settings)
    slowed_s = settings["slowed_s"]

    def live() -> Response:
        number, body = store.newest(request.path)
        return Response(body, mimetype="application/json", headers={UPDATE: str(number)})

    def own() -> Response:
        return jsonify(store.one())

    def published() -> Response:
        return Response("{}", mimetype="application/json", headers={UPDATE: str(store.publish())})

    def written() -> Response:
        store.react()
        return jsonify(ok=True)

    def slowed(view: Callable[[], Response]) -> Callable[[], Response]:
        def answer() -> Response:
            try:
                return view()
            finally:
                store.done()
                until = time.thread_time() + slowed_s  # of the processor, which a busy neighbour cannot stretch
                while slowed_s and time.thread_time() < until:
                    pass

        return answer

    for route in settings["routes"]:
        view = written if route["method"] != "GET" else live if route["shared"] else own
        app.add_url_rule(route["path"], route["name"], slowed(view), methods=[route["method"]])
    app.add_url_rule(PUBLISH, "publish", slowed(published), methods=["POST"])
    app.add_url_rule(HEALTH, "health", lambda: "ok")
    return app
