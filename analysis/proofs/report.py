"""What the rules find in a stack: every verdict, the findings worst first, and which of them are waived."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from analysis.architecture import Architecture, Location, Severity
from analysis.facts import Runtime, Scenario, Stack
from analysis.proofs import drain, expose, fit, fresh, lifecycle, names, race, restore, rollback, start, tells
from analysis.proofs.rule import Rule, State, Verdict, table
from analysis.proofs.view import View
from analysis.proofs.waivers import NONE, Waiver, Waivers


def _nothing(_view: View) -> tuple[Verdict, ...]:
    return ()


WAIVER_RULES = (
    Rule(
        "WAIVER-01",
        "error",
        "A waiver has expired",
        "Remove the fault, or decide anew and give the waiver another date.",
        _nothing,
    ),
    Rule(
        "WAIVER-02",
        "warning",
        "A waiver waives nothing",
        "Remove it: what it was for is gone, or its address matches nothing.",
        _nothing,
    ),
    Rule(
        "WAIVER-03",
        "warning",
        "A statement answers no rule of this stack",
        "Remove it: the rule that asked for it no longer does.",
        _nothing,
    ),
)

RULES: Mapping[str, Rule] = table(
    start.RULES,
    fit.RULES,
    race.RULES,
    fresh.RULES,
    drain.RULES,
    rollback.RULES,
    restore.RULES,
    expose.RULES,
    names.RULES,
    tells.RULES,
    lifecycle.RULES,
    WAIVER_RULES,
)
"""Every rule by its id, in the order in which they are tried."""

RANK: Mapping[Severity, int] = {"error": 0, "warning": 1}


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule says of one resource, and the waiver that covers it, if one does."""

    rule: Rule
    state: State
    address: str
    location: Location
    because: str
    waiver: Waiver | None = None

    @property
    def severity(self) -> Severity:
        """That of the rule."""
        return self.rule.severity


@dataclass(frozen=True)
class Report:
    """Every verdict on a stack: what fails, what cannot be decided, what holds; and the rules that concern nothing in it."""

    stack: str
    verdicts: tuple[Finding, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What fails, waived or not: errors before warnings, then by rule and address."""
        return _worst_first(f for f in self.verdicts if f.state == "fails")

    @property
    def unwaived(self) -> tuple[Finding, ...]:
        """What fails and is not waived."""
        return tuple(f for f in self.findings if f.waiver is None)

    @property
    def waived(self) -> tuple[Finding, ...]:
        """What fails and is waived."""
        return tuple(f for f in self.findings if f.waiver is not None)

    @property
    def undecided(self) -> tuple[Finding, ...]:
        """What cannot be decided, with the reason."""
        return _worst_first(f for f in self.verdicts if f.state == "undecidable")

    @property
    def holding(self) -> tuple[Finding, ...]:
        """What holds, with the arithmetic."""
        return _worst_first(f for f in self.verdicts if f.state == "holds")

    @property
    def silent(self) -> tuple[Rule, ...]:
        """The rules that found nothing of theirs in the stack; they neither hold nor fail."""
        spoke = {f.rule.id for f in self.verdicts}
        return tuple(r for r in RULES.values() if r.id not in spoke and r not in WAIVER_RULES)

    @property
    def summary(self) -> str:
        """Its verdicts in numbers: what fails by severity, what is waived, what cannot be decided, what holds."""
        numbers = {severity: sum(f.severity == severity for f in self.unwaived) for severity in RANK}
        failing = ", ".join(f"{number} {severity}{'' if number == 1 else 's'}" for severity, number in numbers.items())
        return (
            f"{failing}, {len(self.waived)} waived, {len(self.undecided)} not decidable; "
            f"{len(self.holding)} statements hold"
        )

    @property
    def ok(self) -> bool:
        """Whether nothing unwaived fails at error severity."""
        return not any(f.severity == "error" for f in self.unwaived)


def _worst_first(findings: Any) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda f: (RANK[f.severity], list(RULES).index(f.rule.id), f.address, f.because)))


def prove(
    architecture: Architecture,
    *,
    scenario: Scenario | None = None,
    stack: Stack | None = None,
    profile: Runtime | None = None,
    waivers: Waivers = NONE,
    today: date,
) -> Report:
    """What every rule says of `architecture`.

    `scenario` is the night that the rules of speed and freshness need; `stack` names the runtime and the container's variables,
    and `profile` replaces that runtime. Without them those rules cannot decide, and say so. `waivers` is the stack's file,
    `today` the day on which their dates are read. Raises FactError where `stack` names a runtime profile that does not exist.
    """
    view = View(architecture, scenario, stack, profile, waivers.stated, today)
    found = [
        Finding(rule, v.state, v.address, v.location, v.because, _waiver(waivers, rule, v, today))
        for rule in RULES.values()
        for v in dict.fromkeys(rule.check(view))
    ]
    return Report(architecture.stack, (*found, *_about_waivers(waivers, found, today)))


def _waiver(waivers: Waivers, rule: Rule, verdict: Verdict, today: date) -> Waiver | None:
    if verdict.state != "fails":
        return None
    covering = [w for w in waivers.waivers if w.expires >= today and w.covers(rule.id, verdict.address)]
    return covering[0] if covering else None


def _about_waivers(waivers: Waivers, found: list[Finding], today: date) -> tuple[Finding, ...]:
    """The findings about the file itself: what has expired, and what is there for nothing."""
    about = []
    for waiver in waivers.waivers:
        address = f"{waiver.rule} at {waiver.address}"
        if waiver.expires < today:
            said = f"it ended on {waiver.expires}, {(today - waiver.expires).days} days before {today}: {waiver.reason}"
            about.append(Finding(RULES["WAIVER-01"], "fails", address, waiver.location, said))
        elif not any(f.state != "holds" and waiver.covers(f.rule.id, f.address) for f in found):
            said = f"no finding of {waiver.rule} has an address that matches {waiver.address}"
            about.append(Finding(RULES["WAIVER-02"], "fails", address, waiver.location, said))
    spoke = {f.rule.id for f in found}
    for statement in waivers.statements:
        if statement.rule not in spoke:
            said = f"{statement.rule} asks nothing of this stack"
            about.append(Finding(RULES["WAIVER-03"], "fails", statement.rule, statement.location, said))
    return tuple(about)


def to_json(report: Report) -> dict[str, Any]:
    """The report for programs: findings worst first, what cannot be decided, what holds, and the rules that concern nothing."""

    def shown(finding: Finding) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "rule": finding.rule.id,
            "severity": finding.severity,
            "title": finding.rule.title,
            "address": finding.address,
            "file": finding.location.file,
            "line": finding.location.line,
            "because": finding.because,
            "do": finding.rule.remedy,
        }
        if finding.waiver:
            entry["waiver"] = {"reason": finding.waiver.reason, "expires": finding.waiver.expires.isoformat()}
        return entry

    return {
        "stack": report.stack,
        "ok": report.ok,
        "findings": [shown(f) for f in report.unwaived],
        "waived": [shown(f) for f in report.waived],
        "not_decidable": [shown(f) for f in report.undecided],
        "holds": [shown(f) for f in report.holding],
        "not_concerned": [rule.id for rule in report.silent],
    }
