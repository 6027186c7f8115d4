"""Whether a result that was computed again is the recorded one, within a tolerance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

TOLERANCE: Final = 1e-4
"""The share by which a number may differ from the recorded one: last digits are a processor's and a compiler's."""

NOT_COMPARED: Final = frozenset({"versions", "seconds"})
"""What says with what and how fast a result was made, and nothing about the stack."""


def differing(old: Any, new: Any, tolerance: float = TOLERANCE, where: str = "") -> Sequence[str]:
    """Where two contents differ, as places such as `.nights.0.errors`; numbers, also written as text, by a share at most."""
    was, now = _number(old), _number(new)
    if was is not None and now is not None:
        return [] if was == now or abs(was - now) <= tolerance * max(abs(was), abs(now)) else [where]
    if isinstance(old, dict) and isinstance(new, dict):
        names = sorted((old.keys() | new.keys()) - NOT_COMPARED)
        gone = [f"{where}.{name}" for name in names if name not in old or name not in new]
        both = [name for name in names if name in old and name in new]
        return [
            *gone,
            *(place for name in both for place in differing(old[name], new[name], tolerance, f"{where}.{name}")),
        ]
    if isinstance(old, list | tuple) and isinstance(new, list | tuple) and len(old) == len(new):
        pairs = enumerate(zip(old, new, strict=True))
        return [place for n, (a, b) in pairs for place in differing(a, b, tolerance, f"{where}.{n}")]
    return [] if old == new else [where]


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None
