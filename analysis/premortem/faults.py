"""What goes wrong in a pre-mortem because somebody says so: a resource that answers nothing, connections that are all lost."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.facts import Scenario
from analysis.network import Network

KINDS = {
    "down": "KIND@MINUTE+MINUTES:ADDRESS, as in down@104+5:aws_db_instance.main: the resource answers nothing for so long",
    "disconnect": "KIND@MINUTE:NAME, as in disconnect@60:live: every connection of that [[connection]] is lost and opened again",
}
"""How each fault is written, and what it is."""

_WRITTEN = re.compile(r"(?P<kind>[a-z]+)@(?P<minute>-?[\d.]+)(?:\+(?P<minutes>[\d.]+))?:(?P<target>\S+)")


class PremortemError(ValueError):
    """A fault that cannot be read, or that the stack or the scenario does not know."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault from `minute` on, as the scenario counts; `minutes` is how long it lasts, where it lasts."""

    kind: str
    minute: float
    minutes: float
    target: str


def faults(texts: Sequence[str], network: Network, scenario: Scenario, step_s: float) -> tuple[Fault, ...]:
    """The faults as they are written. PremortemError says what each should have been.

    What is shorter than a step of `step_s` has no effect that could be told, and a connection is followed through one loss.
    """
    found: list[Fault] = []
    for text in texts:
        fault = _fault(text, network, scenario, step_s)
        before = next(
            (one for one in found if fault.kind == "disconnect" == one.kind and one.target == fault.target), None
        )
        if before:
            raise PremortemError(
                f"fault {text!r}: {fault.target} is lost at minute {before.minute:g} already; give one disconnect of it a run"
            )
        found.append(fault)
    return tuple(found)


def _fault(text: str, network: Network, scenario: Scenario, step_s: float) -> Fault:
    kind = text.partition("@")[0]
    if kind not in KINDS:
        raise PremortemError(f"fault {text!r}: {kind!r} is not known; the faults are {', '.join(KINDS)}")
    written = _WRITTEN.fullmatch(text)
    numbers = [_number(written[key]) for key in ("minute", "minutes")] if written else [math.nan]
    if written is None or any(math.isnan(one) for one in numbers) or (written["minutes"] is None) == (kind == "down"):
        raise PremortemError(f"fault {text!r}: write {KINDS[kind]}")
    minute, minutes = numbers
    if kind == "down" and not step_s <= 60.0 * minutes < math.inf:
        raise PremortemError(f"fault {text!r}: write how many minutes it lasts, at least a step of {step_s:g} s")
    if not scenario.start_minute <= minute < scenario.end_minute:
        span = f"{scenario.start_minute:g} to {scenario.end_minute:g}"
        raise PremortemError(f"fault {text!r}: minute {minute:g} is not in the scenario, which runs from minute {span}")
    known = [one.name for one in scenario.connections] if kind == "disconnect" else list(network.stations)
    if written["target"] not in known:
        what = (
            f"a [[connection]] of {scenario.file}"
            if kind == "disconnect"
            else f"a resource of {network.stack} that takes load"
        )
        raise PremortemError(
            f"fault {text!r}: {written['target']} is not {what}; there are {', '.join(known) or 'none'}"
        )
    return Fault(kind, minute, minutes, written["target"])


def _number(text: str | None) -> float:
    try:
        return float(text or 0)
    except ValueError:
        return math.nan
