"""Amounts that know what they measure: money, time, data and months. What is counted (requests, nodes) has no dimension.

A unit is written as prices and limits write theirs: `req/s`, `USD/GB-month`, `1M requests`, `LCU-hour`, `%`. A month is no number
of hours: bills disagree about it, so a formula that turns one into the other names the number it takes.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Final

BASE: Final = ("USD", "B", "s", "month")
"""What is told apart. A unit holds their powers in this order."""

Powers = tuple[int, int, int, int]

NONE: Final[Powers] = (0, 0, 0, 0)

_MEASURED: Final[dict[str, tuple[str, str]]] = {
    "usd": ("USD", "1"), "month": ("month", "1"), "months": ("month", "1"), "year": ("month", "12"), "years": ("month", "12"),
    "b": ("B", "1"), "kb": ("B", "1e3"), "mb": ("B", "1e6"), "gb": ("B", "1e9"), "tb": ("B", "1e12"),
    "kib": ("B", "1024"), "mib": ("B", "1048576"), "gib": ("B", "1073741824"),
    **dict.fromkeys(("s", "second", "seconds"), ("s", "1")), "ms": ("s", "0.001"), "us": ("s", "0.000001"),
    **dict.fromkeys(("min", "minute", "minutes"), ("s", "60")), **dict.fromkeys(("h", "hour", "hours"), ("s", "3600")),
    **dict.fromkeys(("day", "days"), ("s", "86400")),
    **dict.fromkeys(("week", "weeks"), ("s", "604800")),
}  # fmt: skip
"""Words that have a dimension, in small letters: the base they are made of, and how many of it."""

_COUNTS: Final = {"": 1, "k": 10**3, "M": 10**6, "B": 10**9}
_TERM = re.compile(r"(?:(?P<count>\d+)(?P<scale>[kMB]?)(?:\s+|$))?(?P<word>[A-Za-z%][A-Za-z0-9% -]*)?")


class DimensionError(ValueError):
    """Amounts that cannot be combined, or a unit that cannot be read; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Unit:
    """How many of the base units one of this unit is, and their powers."""

    scale: Decimal
    powers: Powers


@cache
def unit(text: str) -> Unit:
    """The unit of that text; an empty text is a plain number. Raises DimensionError."""
    scale, powers = Decimal(1), list(NONE)
    for at, term in enumerate(text.strip().split("/")):
        found = _TERM.fullmatch(term.strip())
        if found is None or (text.strip() and not found[0]):
            raise DimensionError(f"{text!r} is no unit; write one such as req/s, USD/GB-month or 1M requests")
        sign = -1 if at else 1
        factor = Decimal(int(found["count"] or 1) * _COUNTS[found["scale"] or ""])
        for word in re.split(r"[- ]", found["word"] or ""):
            if word == "%":
                factor /= 100
            elif word.lower() in _MEASURED:
                base, many = _MEASURED[word.lower()]
                powers[BASE.index(base)] += sign
                factor *= Decimal(many)
        scale = scale * factor if sign > 0 else scale / factor
    return Unit(scale, (powers[0], powers[1], powers[2], powers[3]))


@dataclass(frozen=True, slots=True)
class Amount:
    """A number of base units with their powers."""

    value: Decimal
    powers: Powers = NONE

    @classmethod
    def of(cls, value: Decimal, text: str) -> Amount:
        """So many of the unit of that text."""
        made = unit(text)
        return cls(value * made.scale, made.powers)

    def into(self, text: str) -> Decimal:
        """How many of the unit of that text it is. Raises DimensionError where the unit measures something else."""
        wanted = unit(text)
        if wanted.powers != self.powers:
            raise DimensionError(f"it is {shown(self.powers)}, and the unit {text or '1'} is {shown(wanted.powers)}")
        return self.value / wanted.scale

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.value + self._alike(other).value, self.powers)

    def __sub__(self, other: Amount) -> Amount:
        return Amount(self.value - self._alike(other).value, self.powers)

    def __mul__(self, other: Amount) -> Amount:
        return Amount(self.value * other.value, _summed(self.powers, other.powers, 1))

    def __truediv__(self, other: Amount) -> Amount:
        if not other.value:
            raise DimensionError("something is divided by zero")
        return Amount(self.value / other.value, _summed(self.powers, other.powers, -1))

    def __neg__(self) -> Amount:
        return Amount(-self.value, self.powers)

    def ceiling(self) -> Amount:
        """The next whole number; only a plain number has one."""
        if self.powers != NONE:
            raise DimensionError(f"only a plain number is rounded up, not {shown(self.powers)}")
        return Amount(Decimal(math.ceil(self.value)), NONE)

    def _alike(self, other: Amount) -> Amount:
        if other.powers != self.powers:
            raise DimensionError(f"{shown(self.powers)} and {shown(other.powers)} do not add up")
        return other


def _summed(left: Powers, right: Powers, sign: int) -> Powers:
    one, two, three, four = (a + sign * b for a, b in zip(left, right, strict=True))
    return (one, two, three, four)


_WORDS: Final = dict(zip(BASE, ("money", "data", "time", "months"), strict=True))


def shown(powers: Powers) -> str:
    """What powers measure, for a message: `money / months`."""
    above = [
        f"{_WORDS[base]}{f'^{power}' if power > 1 else ''}"
        for base, power in zip(BASE, powers, strict=True)
        if power > 0
    ]
    below = [
        f"{_WORDS[base]}{f'^{-power}' if power < -1 else ''}"
        for base, power in zip(BASE, powers, strict=True)
        if power < 0
    ]
    return " / ".join([" × ".join(above) or "a plain number", *below]) if above or below else "a plain number"
