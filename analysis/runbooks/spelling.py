"""What a mistyped word may have been meant to be."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def near(word: str, known: Iterable[str]) -> tuple[str, ...]:
    """Up to three known words that look like this one."""
    return tuple(difflib.get_close_matches(word, list(known), 3, 0.6))
