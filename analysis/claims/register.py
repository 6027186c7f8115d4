"""Claims: the figures that pages state, each with a measure and a band it must stay in.

`claims.toml` names them:

    [month-now]
    says    = "What the stack costs in a month with its games."
    stack   = "shop"
    measure = "cost.month"
    band    = [300, 900]

`with` holds the measure's arguments, `variables` replaces values of Terraform variables, `users`, `poll_interval_s` and
`games_per_month` those of the scenario, and `assumed` other assumptions by name; `arguments` and `without` change the resolved
model, as `study` says. A text has
`expect` in place of a band. `of = ["a", "b"]` with `measure = "ratio"`, `"difference"`, `"sum"` or `"share"` computes with
other claims; a stack is then not named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

from analysis.facts import FactError
from analysis.files import read_text, toml_entries
from analysis.studies import Measured, MeasureError, Studies, StudyError, measure, shown
from analysis.terraform import InputError
from analysis.units import Given, number
from analysis.wiring import PathError

KEYS = frozenset(
    {
        "says",
        "stack",
        "measure",
        "band",
        "expect",
        "with",
        "variables",
        "users",
        "poll_interval_s",
        "games_per_month",
        "of",
        "arguments",
        "without",
        "assumed",
    }
)
CITED = re.compile(r"""claim\(\s*["'](?P<name>[\w-]+)["']""")


class ClaimError(ValueError):
    """A register that cannot be read, a claim that cannot be computed, or one that left its band."""


@dataclass(frozen=True)
class Claim:
    """One figure as the register states it. `band` is inclusive at both ends; `expect` is the text that must come out."""

    name: str
    says: str
    measure: str
    stack: str = ""
    band: tuple[Decimal, Decimal] | None = None
    expect: str | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)
    users: int | None = None
    poll_interval_s: float | None = None
    games_per_month: int | None = None
    of: tuple[str, ...] = ()
    replaced: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    assumed: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """A claim with what was measured just now."""

    claim: Claim
    measured: Measured

    @property
    def text(self) -> str:
        """The figure for a sentence."""
        return shown(self.measured)

    @property
    def holds(self) -> bool:
        """Whether the figure is inside its band, or is the expected text."""
        value = self.measured.value
        if self.claim.expect is not None:
            return str(value) == self.claim.expect
        if value is None or isinstance(value, str) or self.claim.band is None:
            return False
        low, high = self.claim.band
        return low <= Decimal(str(value)) <= high

    @property
    def bound(self) -> str:
        """What is allowed, for people."""
        if self.claim.expect is not None:
            return f"“{self.claim.expect}”"
        low, high = self.claim.band or (Decimal(0), Decimal(0))
        return f"{number(low)} to {number(high)}"


@dataclass(eq=False)
class Register:
    """The claims of one file, computed on demand, once each, and kept for the next page."""

    file: str
    studies: Studies
    claims: Mapping[str, Claim]
    _done: dict[str, Result] = field(default_factory=dict, init=False, repr=False)

    def result(self, name: str) -> Result:
        """The claim of that name, computed. Raises ClaimError where there is none or it cannot be computed."""
        if name not in self.claims:
            raise ClaimError(f"{self.file} has no claim {name!r}")
        if name not in self._done:
            claim = self.claims[name]
            self._done[name] = Result(claim, self._combined(claim) if claim.of else self._measured(claim))
        return self._done[name]

    def results(self) -> Iterator[Result]:
        """Every claim, computed, in the order of the file."""
        return (self.result(name) for name in self.claims)

    def broken_claim(self, name: str) -> str | None:
        """Why the claim of that name does not hold, in a sentence; None if it does. Raises LookupError where there is none."""
        if name not in self.claims:
            raise LookupError(f"{self.file} has no claim {name!r}")
        result = self.result(name)
        return (
            None
            if result.holds
            else f"the claim {name} no longer holds: it is {result.text}, allowed is {result.bound}"
        )

    @cached_property
    def broken(self) -> tuple[Result, ...]:
        """The claims that no longer hold."""
        return tuple(result for result in self.results() if not result.holds)

    def _measured(self, claim: Claim) -> Measured:
        try:
            subject = self.studies.study(
                claim.stack,
                variables=claim.variables,
                users=claim.users,
                poll_interval_s=claim.poll_interval_s,
                games_per_month=claim.games_per_month,
                arguments=claim.replaced,
                without=claim.without,
                assumed=claim.assumed,
            )
            return measure(claim.measure, subject, claim.arguments)
        except (MeasureError, StudyError, PathError, FactError, InputError) as error:
            raise ClaimError(f"{self.file}: {claim.name}: {error}") from None

    def _combined(self, claim: Claim) -> Measured:
        parts = [self.result(name) for name in claim.of]
        values = []
        for part in parts:
            if part.measured.value is None or isinstance(part.measured.value, str):
                raise ClaimError(f"{self.file}: {claim.name}: {part.claim.name} is no number")
            values.append(Decimal(str(part.measured.value)))
        formula, compute, unit = COMBINED[claim.measure]
        if claim.measure in {"ratio", "share"} and not values[1]:
            raise ClaimError(f"{self.file}: {claim.name}: {claim.of[1]} is zero, so there is no {claim.measure}")
        inputs = tuple(
            Given(part.claim.name, float(value), part.measured.unit, part.claim.says)
            for part, value in zip(parts, values, strict=True)
        )
        return Measured(compute(values), parts[0].measured.unit if unit is None else unit, formula, inputs)


Combination = tuple[str, Callable[[Sequence[Decimal]], Decimal], str | None]
COMBINED: Mapping[str, Combination] = {
    "ratio": ("first ÷ second", lambda v: v[0] / v[1], "ratio"),
    "share": ("first ÷ second", lambda v: v[0] / v[1], "share"),
    "difference": ("first − second", lambda v: v[0] - v[1], None),
    "sum": ("sum", lambda v: sum(v, Decimal(0)), None),
}
"""How claims combine: formula, computation, and the unit of the result (None: that of the first)."""


def load(path: Path, stacks: Path | Studies) -> Register:
    """The register in the TOML file at `path`; `stacks` is the directory of the stacks, or their studies to share.

    A project without one claims nothing. Raises ClaimError that names the file and the claim where it is malformed.
    """
    try:
        entries = toml_entries(read_text(path), Decimal) if path.exists() else {}
    except (OSError, ValueError, RecursionError) as error:
        raise ClaimError(f"{path.name}: {error}") from None
    claims = {name: _claim(path.name, name, entry) for name, entry in entries.items()}
    for claim in claims.values():
        for other in claim.of:
            if other not in claims or claims[other].of:
                raise ClaimError(f"{path.name}: {claim.name}: {other} is no claim that is measured directly")
    return Register(path.name, stacks if isinstance(stacks, Studies) else Studies(stacks), claims)


def _claim(file: str, name: str, entry: Any) -> Claim:
    def wrong(problem: str) -> ClaimError:
        return ClaimError(f"{file}: {name}: {problem}")

    if not isinstance(entry, dict):
        raise wrong("must be a table")
    unknown = sorted(set(entry) - KEYS)
    if unknown:
        raise wrong(f"{unknown[0]!r} is not known; the keys are {', '.join(sorted(KEYS))}")
    for key in ("says", "measure"):
        if not isinstance(entry.get(key), str) or not entry[key].strip():
            raise wrong(f"needs {key!r}")
    band, expect = entry.get("band"), entry.get("expect")
    if (band is None) == (expect is None):
        raise wrong("needs either a band or an expected text")
    if band is not None and not (
        isinstance(band, list)
        and len(band) == 2
        and all(isinstance(end, int | Decimal) for end in band)
        and band[0] <= band[1]
    ):
        raise wrong("the band is a list of two numbers, the lower one first")
    of = tuple(entry.get("of", ()))
    if bool(of) == ("stack" in entry):
        raise wrong("names either the stack it is about, or with `of` the claims it combines")
    if of and (entry["measure"] not in COMBINED or (entry["measure"] != "sum" and len(of) != 2)):
        raise wrong(f"`of` combines by {', '.join(COMBINED)}; all but a sum take two claims")
    interval = entry.get("poll_interval_s")
    return Claim(
        name=name,
        says=entry["says"],
        measure=entry["measure"],
        stack=entry.get("stack", ""),
        band=None if band is None else (Decimal(band[0]), Decimal(band[1])),
        expect=expect,
        arguments=entry.get("with", {}),
        variables=_plain(entry.get("variables", {})),
        users=entry.get("users"),
        poll_interval_s=None if interval is None else float(interval),
        games_per_month=entry.get("games_per_month"),
        of=of,
        replaced=_plain(entry.get("arguments", {})),
        without=tuple(entry.get("without", ())),
        assumed=_plain(entry.get("assumed", {})),
    )


def _plain(value: Any) -> Any:
    """TOML's decimals as floats: Terraform variables are numbers, not money."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def cited(text: str) -> frozenset[str]:
    """The names of the claims that a page's Markdown text cites."""
    return frozenset(match["name"] for match in CITED.finditer(text))


def citations(pages: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Where each claim is cited: its name -> `page:line`, from the Markdown text of each page."""
    found: dict[str, list[str]] = {}
    for page, text in sorted(pages.items()):
        for line, content in enumerate(text.splitlines(), 1):
            for match in CITED.finditer(content):
                found.setdefault(match["name"], []).append(f"{page}:{line}")
    return {name: tuple(places) for name, places in found.items()}
