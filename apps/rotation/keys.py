"""Rotates a key: draws a new one as `current` and moves the one before to `previous`, so that what it has signed stays valid."""

from __future__ import annotations

from collections.abc import Mapping

from steps import LENGTH, RotationError, Value, step


def lambda_handler(event: Mapping[str, str], _context: object) -> None:
    """Does one step. Raises RotationError where the secret is not being rotated to this version, or the new one is wrong."""
    step(event, _renewed, _put, _test)


def _renewed(serving: Value, drawn: str) -> Value:
    return {"current": drawn, "previous": serving["current"]}


def _put(_secret: str, _pending: Value, _serving: Value) -> None:
    """No server is told of a key: the tasks read it when they are replaced."""


def _test(secret: str, pending: Value, serving: Value) -> None:
    if pending.get("previous") != serving["current"]:
        raise RotationError(
            f"{secret}: the pending version does not keep the key that signs now; every user would be out"
        )
    if len(pending.get("current", "")) < LENGTH or pending["current"] == serving["current"]:
        raise RotationError(f"{secret}: the pending key is too short, or the one that signs now")


__all__ = ["LENGTH", "RotationError", "lambda_handler"]
