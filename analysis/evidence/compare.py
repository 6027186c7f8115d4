"""Whether a result that was computed again is the recorded one, within a tolerance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def differing(old: Any, new: Any, tolerance: float, where: str = "") -> Sequence[str]:
    """Where two contents differ, as places such as `nights.0.errors`; numbers may differ by a share of `tolerance`."""
    if isinstance(old, int | float) and isinstance(new, int | float) and not isinstance(old, bool):
        return () if abs(old - new) <= tolerance * max(abs(old), abs(new)) else (where,)
    if isinstance(old, dict) and isinstance(new, dict):
        gone = [f"{where}.{key}" for key in old.keys() ^ new.keys()]
        return [
            *gone,
            *(p for k in old.keys() & new.keys() for p in differing(old[k], new[k], tolerance, f"{where}.{k}")),
        ]
    if isinstance(old, list | tuple) and isinstance(new, list | tuple) and len(old) == len(new):
        pairs = enumerate(zip(old, new, strict=True))
        return [place for n, (a, b) in pairs for place in differing(a, b, tolerance, f"{where}.{n}")]
    return () if old == new else (where,)
