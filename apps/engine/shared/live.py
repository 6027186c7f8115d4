"""What a task that keeps connections does with an update: passes it on once and in order, to those who follow it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from shared.database import event_key
from shared.interface import SUBSCRIPTIONS, Update, checked, error, problem


class Latest:
    """The last sequence of each event that was passed on.

    The channel may bring an update twice, or after a later one: each is dropped. Every update carries the whole state of its
    event, so what a later one has overtaken tells a client nothing.
    """

    def __init__(self) -> None:
        self.last: dict[str, int] = {}

    def fresh(self, updates: Iterable[Update]) -> list[Update]:
        """Those that are later than what was passed on."""
        found = []
        for update in updates:
            key = event_key(update)
            if update["sequence"] > self.last.get(key, -1):
                self.last[key] = update["sequence"]
                found.append(update)
        return found


class Client:
    """What one client follows: kinds of updates, and events, or None for all of a kind."""

    def __init__(self) -> None:
        self.follows: dict[str, set[str] | None] = {}

    def told(self, message: Any) -> Any | None:
        """Takes a message of the client; the error that it is answered with, if any."""
        if isinstance(message, dict) and message.get("action") not in {"subscribe", "unsubscribe"}:
            return error("unknown_action", "action must be subscribe or unsubscribe")
        why = problem("subscribe", message)
        if why is not None:
            unknown = isinstance(message, dict) and "subscriptions" in why
            return error("unknown_subscription" if unknown else "bad_request", why)
        for name in message["subscriptions"]:
            kind, events = SUBSCRIPTIONS[name], set(message["events"]) if "events" in message else None
            before = self.follows.get(kind, set())
            if message["action"] == "subscribe":
                self.follows[kind] = None if before is None or events is None else before | events
            elif events is None or before is None:
                self.follows.pop(kind, None)
            else:
                self.follows[kind] = before - events
        return None

    def message(self, updates: Iterable[Update]) -> Any | None:
        """The one message for what this client follows of these updates; None where it follows none."""
        wanted = [one for one in updates if self._wants(one)]
        return checked("updates", {"type": "updates", "updates": wanted}) if wanted else None

    def _wants(self, update: Update) -> bool:
        events = self.follows.get(update["kind"], set())
        return events is None or update["id"] in events
