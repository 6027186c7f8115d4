"""How a measured figure is written: rounded, with its unit."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from analysis.studies.measures import Measured
from analysis.units import money


def _significant(value: float, digits: int) -> str:
    """So many significant digits; whole numbers keep all of theirs, so that one figure never reads 4,170 here and 4,167 there."""
    if value == 0:
        return "0"
    rounded = float(f"{value:.{digits}g}")
    if abs(rounded) >= 10 ** (digits - 1):
        return f"{value:,.0f}"
    text = f"{rounded:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


MOST_NINES = 6
"""Decimals of a share just below the whole, at most; what is nearer is "more than" the last of them."""


def _percent(value: float, digits: int = 1) -> str:
    """A share in per cent. One that is not the whole never reads 100 %: it keeps the decimals that show what is missing."""
    percent = 100 * value
    if 99 <= percent < 100:
        decimals = max(1, digits - 1 - math.floor(math.log10(100 - percent)))
        if decimals > MOST_NINES:
            return f"more than 99.{'9' * MOST_NINES} %"
        return f"{percent:.{decimals}f}".rstrip("0").rstrip(".") + " %"
    return f"{percent:,.0f} %" if abs(percent) >= 10 else f"{_significant(percent, 2)} %"


def seconds(value: float) -> str:
    """Seconds, or milliseconds where seconds would begin with zeros."""
    return f"{_significant(1000 * value, 3)} ms" if 0 < abs(value) < 0.1 else f"{_significant(value, 2)} s"


def _warning(seconds: float) -> str:
    """A lead time; infinite where there was nothing to warn of, or where no warning came."""
    if math.isinf(seconds):
        return "no users affected" if seconds > 0 else "no page"
    minutes = abs(seconds) / 60
    return f"{'−' if seconds < 0 else ''}{_significant(minutes, 2)} min"


FORMATS: Mapping[str, Callable[[Any], str]] = {
    "USD": lambda value: money(Decimal(str(value))),
    "share": lambda value: _percent(float(value)),
    "uptime": lambda value: _percent(float(value), 2),
    "ratio": lambda value: _significant(float(value), 3),
    "s": lambda value: seconds(float(value)),
    "ms": lambda value: f"{_significant(float(value), 3)} ms",
    "user": lambda value: f"{float(value):,.0f}",
    "s of warning": lambda value: _warning(float(value)),
    "min": lambda value: f"{_significant(float(value), 3)} min",
    "req/s": lambda value: f"{_significant(float(value), 3)}",
}
"""How a figure of a unit is written in a sentence; other units leave the bare number."""


def shown(measured: Measured) -> str:
    """The figure as a sentence has it."""
    value = measured.value
    if value is None:
        return "no limit"
    if isinstance(value, str):
        return value
    if measured.unit in FORMATS:
        return FORMATS[measured.unit](value)
    return f"{value:,}" if isinstance(value, int) else _significant(float(value), 4)
