"""What is known of each provider: the kind of update it delivers, and what it calls a field that the interface calls otherwise.

`providers.json` is what is changed when a provider changes its format: quarantined updates are then sent again (`redrive`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from shared.interface import at_s, problem

FILE: Final = Path(__file__).parents[1] / "providers.json"


@cache
def providers() -> Mapping[str, Mapping[str, Any]]:
    """The providers by name."""
    found: Mapping[str, Mapping[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def read(text: bytes | str) -> tuple[Mapping[str, Any], str | None]:
    """An update as the interface has it, and why it is none; what is no JSON object is an empty update."""
    try:
        raw = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        return {}, f"is no JSON: {error}"
    return adapted(raw)


def adapted(raw: Any) -> tuple[Mapping[str, Any], str | None]:
    """As `read`, of what has been parsed."""
    if not isinstance(raw, dict):
        return {}, "is no object"
    about = providers().get(str(raw.get("provider")))
    if about is None:
        return raw, f"is of no known provider: {raw.get('provider')!r}"
    update = {about["names"].get(key, key): value for key, value in raw.items()}
    why = problem("update", update)
    if why is None and update["kind"] != about["kind"]:
        why = f"{raw['provider']} delivers {about['kind']}, not {update['kind']}"
    if why is None:
        try:
            at_s(update["timestamp"])
        except ValueError as error:
            why = str(error)
    return update, why


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")
