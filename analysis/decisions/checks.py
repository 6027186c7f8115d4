"""Confirmations: whether what would show that a decision was wrong is in place, and silent."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from analysis import alarms, proofs
from analysis.decisions.records import Check
from analysis.decisions.weighing import Weighing
from analysis.files import read_text
from analysis.frontmatter import PlacedError
from analysis.studies import MeasureError, measure


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A check with what was found: `ok`, and a sentence either way."""

    check: Check
    ok: bool
    says: str


@dataclass(frozen=True, slots=True)
class Edge:
    """What a check may ask of the world outside the stack.

    `root` is where paths of tests begin; `claim` gives None for a claim that holds, else a sentence (and for one that does not
    exist a LookupError); `today` is the day on which the waivers of rules are read.
    """

    root: Path
    today: dt.date
    claim: Callable[[str], str | None]


def no_claims(name: str) -> str | None:
    """For records outside a checkout: there is no register of claims."""
    raise LookupError(f"there is no register of claims here that could hold {name!r}")


@dataclass(slots=True)
class Checker:
    """Tries confirmations; the rules and the alarms of a stack are read once for all records."""

    world: Weighing
    edge: Edge
    _proved: proofs.Report | None = None
    _alarms: alarms.Alarms | None = None

    def confirmed(self, check: Check) -> Confirmed:
        """One check, tried. Raises PlacedError where it names something that cannot exist, such as an unknown rule."""
        ok, says = KINDS[check.kind](self, check)
        return Confirmed(check, ok, says)

    @property
    def proved(self) -> proofs.Report:
        """What the rules say of the stack."""
        if self._proved is None:
            study = self.world.study
            self._proved = proofs.prove(
                study.architecture,
                scenario=study.crowd,
                stack=study.about,
                waivers=proofs.waivers(self.world.directory, proofs.RULES.keys()),
                today=self.edge.today,
            )
        return self._proved

    @property
    def alarms(self) -> alarms.Alarms:
        """The alarms of the stack."""
        if self._alarms is None:
            self._alarms = alarms.read(self.world.study.architecture)
        return self._alarms


def _alarm(checker: Checker, check: Check) -> tuple[bool, str]:
    name, stack = check.target, checker.world.directory.name
    found = next((alarm for alarm in checker.alarms.metric if alarm.name == name), None)
    if found is None:
        there = any(alarm.name == name for alarm in checker.alarms.composite)
        return there, f"the alarm {name} exists" if there else f"{stack} has no alarm {name}"
    certain = [fault for fault in alarms.faults(found, checker.world.study.architecture) if fault.certain]
    if certain:
        return False, f"the alarm {name} can never fire: {certain[0].sentence}"
    return True, f"the alarm {name} exists and can fire"


def _rule(checker: Checker, check: Check) -> tuple[bool, str]:
    if check.target not in proofs.RULES:
        raise PlacedError(check.place, f"rule: {check.target!r} is no rule; `gameday prove` lists them")
    wanted = str(check.beside.get("address", "*")).replace("[", "[[]")
    verdicts = [v for v in checker.proved.verdicts if v.rule.id == check.target and fnmatchcase(v.address, wanted)]
    failing = [v for v in verdicts if v.state == "fails" and v.waiver is None]
    if failing:
        return False, f"the rule {check.target} fails at {failing[0].address}: {failing[0].because}"
    holding = sum(v.state == "holds" for v in verdicts)
    if not holding and verdicts:
        return False, f"the rule {check.target} cannot be decided at {verdicts[0].address}: {verdicts[0].because}"
    if not holding:
        return False, f"the rule {check.target} holds nowhere: it concerns nothing that is there"
    return True, f"the rule {check.target} holds ({holding} {'place' if holding == 1 else 'places'})"


def _claim(checker: Checker, check: Check) -> tuple[bool, str]:
    try:
        broken = checker.edge.claim(check.target)
    except LookupError as error:
        return False, str(error)
    return broken is None, broken or f"the claim {check.target} holds"


def _resource(checker: Checker, check: Check) -> tuple[bool, str]:
    pattern = check.target.replace("[", "[[]")
    count = sum(fnmatchcase(r.address, pattern) for r in checker.world.study.architecture.resources)
    if not count:
        return False, f"{checker.world.directory.name} has no {check.target}"
    return True, f"{check.target} exists" if count == 1 else f"{count} resources are {check.target}"


def _argument(checker: Checker, check: Check) -> tuple[bool, str]:
    address, name = str(check.beside["address"]), check.target
    try:
        found = measure("terraform.attribute", checker.world.study, {"address": address, "attribute": name}).value
    except MeasureError as error:
        return False, str(error)
    problems = (
        [f"not {_word(check.beside['is'])}"]
        if "is" in check.beside and _word(check.beside["is"]) != _word(found)
        else []
    )
    for bound, wrong in BOUNDS.items():
        if bound in check.beside:
            limit = float(check.beside[bound])
            if isinstance(found, str) or found is None or wrong(float(found), limit):
                problems.append(f"not {bound.replace('_', ' ')} {limit:g}")
    return not problems, f"{address}: {name} is {_word(found)}" + (f", {', '.join(problems)}" if problems else "")


BOUNDS: Mapping[str, Callable[[float, float], bool]] = {
    "at_least": lambda value, limit: value < limit,
    "at_most": lambda value, limit: value > limit,
}


def _word(value: Any) -> str:
    """A value as Terraform writes it: true, 30, round_robin."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{float(value):g}" if isinstance(value, int | float) else str(value)


def _test(checker: Checker, check: Check) -> tuple[bool, str]:
    path = checker.edge.root / check.target
    if not path.resolve().is_relative_to(checker.edge.root.resolve()):
        raise PlacedError(check.place, f"test: {check.target} leads out of {checker.edge.root.name}")
    if not path.is_file():
        return False, f"there is no test {check.target}"
    run = check.beside.get("run")
    if run is None:
        return True, f"{path.name} exists"
    try:
        text = read_text(path)
    except (OSError, UnicodeDecodeError):
        return False, f"{check.target} cannot be read"
    there = re.search(rf'^\s*(?:run\s+"{re.escape(run)}"|(?:async )?def {re.escape(run)}\b)', text, re.MULTILINE)
    return there is not None, f"{path.name} tests {run}" if there else f"{check.target} has no test {run}"


KINDS: Mapping[str, Callable[[Checker, Check], tuple[bool, str]]] = {
    "alarm": _alarm,
    "rule": _rule,
    "claim": _claim,
    "resource": _resource,
    "argument": _argument,
    "test": _test,
}
"""How each kind of confirmation is tried."""
