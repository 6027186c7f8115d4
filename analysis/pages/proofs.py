"""What the rules about behaviour say of a stack: in numbers by group, finding by finding, and statement by statement."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from analysis.architecture import Severity
from analysis.drawing import tables
from analysis.drawing.tables import Cell, Column, State, table
from analysis.facts.today import today
from analysis.pages import infrastructure
from analysis.pages.model import Macro, Model, Site
from analysis.pages.reads import cache
from analysis.pages.shared import shared
from analysis.proofs import RULES, Finding, Report, prove, waivers

GROUPS: Mapping[str, str] = {
    "START": "Does a fresh task start?",
    "FIT": "Does it fit?",
    "RACE": "Is it there in time?",
    "FRESH": "Is what is seen new enough?",
    "DRAIN": "Does a deployment go unnoticed?",
    "ROLLBACK": "Can it go back?",
    "RESTORE": "Can it be brought back?",
    "EXPOSE": "Is what is private hidden?",
    "NAME": "Do clients get there by name?",
    "TELLS": "Does an alarm reach somebody, and only when something is wrong?",
    "LIFECYCLE": "Is what it runs on still supported?",
    "WAIVER": "Are the exceptions in order?",
}
"""What the rules of each group answer."""

SEVERITY: Mapping[Severity, State] = {"error": "bad", "warning": "warn"}


@cache
def report(model: Model) -> Report:
    """Every verdict on a stack on the day of the build."""
    return prove(
        model.architecture,
        scenario=model.scenario if model.about.modelled else None,
        stack=model.about,
        waivers=waivers(model.directory, RULES.keys()),
        today=today(),
    )


def summary(model: Model) -> Markup:
    """How many statements of each group hold, fail, are waived or cannot be decided."""
    found = report(model)
    rows: list[tables.Row] = []
    total: Counter[str] = Counter()
    for group, question in GROUPS.items():
        counts = Counter({name: _of(group, part) for name, part in _parts(found).items()})
        total += counts
        rows.append(tables.Row([tables.code(group), question, *_counted(counts)]))
    rows.append(tables.Row([Markup("All"), "", *_counted(total)], total=True))
    columns = [Column("Group", "code"), Column("It asks", "wide"), *(Column(name, "number") for name in _parts(found))]
    caption = (
        f"{len(found.silent)} of {len(RULES)} rules find nothing in the stack that they are about."
        if found.silent
        else "Every rule found something of its own in the stack."
    )
    return table(columns, rows, label=f"Proofs of {model.name} by group", caption=caption)


def _parts(found: Report) -> Mapping[str, Sequence[Finding]]:
    return {
        "Holds": found.holding,
        "Errors": [f for f in found.unwaived if f.severity == "error"],
        "Warnings": [f for f in found.unwaived if f.severity == "warning"],
        "Waived": found.waived,
        "Not decidable": found.undecided,
    }


def _of(group: str, findings: Iterable[Finding]) -> int:
    return sum(finding.rule.group == group for finding in findings)


def _counted(counts: Mapping[str, int]) -> list[Cell]:
    return [str(counts[name]) for name in ("Holds", "Errors", "Warnings", "Waived", "Not decidable")]


def findings(model: Model, page: str) -> Markup:
    """What fails in a stack and is not waived, worst first, with what it rests on and what to do."""
    found = report(model).unwaived
    if not found:
        return Markup("<p>No rule fails that is not waived.</p>")
    rows = [
        [
            Markup("{}<br>{}").format(tables.code(f.rule.id), tables.chip(SEVERITY[f.severity], f.severity)),
            _where(model, f, page),
            Markup("<strong>{}.</strong> {}").format(f.rule.title, f.because),
            f.rule.remedy,
        ]
        for f in found
    ]
    columns = [
        Column("Rule", "code"),
        Column("Where", "address"),
        Column("What was found", "wide"),
        Column("What to do", "wide"),
    ]
    return table(columns, rows, label=f"Findings in {model.name}")


def waived(model: Model, page: str) -> Markup:
    """What fails in a stack and is waived: for which reason and until when."""
    found = report(model).waived
    if not found:
        return Markup("<p>Nothing is waived.</p>")
    rows = [
        [
            tables.code(f.rule.id),
            _where(model, f, page),
            Markup("<strong>{}.</strong> {}").format(f.rule.title, f.because),
            f.waiver.reason if f.waiver else None,
            Markup('<span class="g-nowrap">{}</span>').format(f.waiver.expires if f.waiver else ""),
        ]
        for f in found
    ]
    columns = [
        Column("Rule", "code"), Column("Where", "address"), Column("What was found", "wide"), Column("Why it is waived", "wide"),
        Column("Until"),
    ]  # fmt: skip
    return table(columns, rows, label=f"Waivers of {model.name}")


def of_group(model: Model, group: str, page: str) -> Markup:
    """What the rules of one group say of a stack: what fails first, then what is waived, then what holds, folded."""
    found = report(model)
    rows: list[list[Cell]] = [
        [
            Markup("{}<br>{}").format(tables.code(f.rule.id), chip),
            _where(model, f, page),
            Markup("<strong>{}.</strong> {}").format(f.rule.title, f.because),
        ]
        for parts, chip in ((found.unwaived, None), (found.waived, tables.chip("plain", "waived")))
        for f in parts
        if f.rule.group == group
        for chip in (chip or tables.chip(SEVERITY[f.severity], f.severity),)
    ]
    columns = [Column("Rule", "code"), Column("Where", "address"), Column("What was found", "wide")]
    failing = (
        table(columns, rows, label=f"{group}: what fails or is waived in {model.name}")
        if rows
        else Markup("<p>No rule of this group fails.</p>")
    )
    return failing + _held(model, group, page)


def _held(model: Model, group: str, page: str) -> Markup:
    """The arithmetic of everything of one group that holds, folded; nothing where nothing does."""
    rows = [
        [tables.code(f.rule.id), _where(model, f, page), f.because]
        for f in report(model).holding
        if f.rule.group == group
    ]
    if not rows:
        return Markup("")
    columns = [Column("Rule", "code"), Column("Where", "address"), Column("What it rests on", "wide")]
    shown = table(columns, rows, label=f"{group}: what holds in {model.name}")
    heading = Markup("{}: {} ({} hold)").format(group, GROUPS[group], len(rows))
    return Markup("<details><summary>{}</summary>{}</details>").format(heading, shown)


def holding(model: Model, page: str) -> Markup:
    """The arithmetic of everything that holds in a stack, group by group, folded."""
    return Markup("").join(_held(model, group, page) for group in GROUPS)


def _where(model: Model, finding: Finding, page: str) -> Markup:
    return Markup("{}<br>{}").format(
        tables.code(finding.address), infrastructure.citation(model, finding.location, page) or ""
    )


def rules() -> Markup:
    """Every rule with its severity, what it states and what to do where it fails."""
    rows = [
        tables.Row(
            [tables.code(rule.id), tables.chip(SEVERITY[rule.severity], rule.severity), rule.title, rule.remedy],
            f"rule-{rule.id}",
        )
        for rule in RULES.values()
    ]
    columns = [
        Column("Rule", "code"),
        Column("Severity"),
        Column("It states", "wide"),
        Column("Where it fails", "wide"),
    ]
    return table(columns, rows, label="Rules", caption=f"{len(rows)} rules.")


def planted(record: Path) -> Markup:
    """What the rules and checkov find of the planted faults, by group and one by one; `record` is what both found."""
    found = json.loads(record.read_text(encoding="utf-8"))
    faults: list[dict[str, Any]] = found["faults"]
    grouped = {
        group: [fault for fault in faults if RULES[fault["rule"]].group == group]
        for group in GROUPS
        if any(RULES[fault["rule"]].group == group for fault in faults)
    }
    rows = [tables.Row([tables.code(group), *_shares(members)]) for group, members in grouped.items()]
    rows.append(tables.Row([Markup("All"), *_shares(faults)], total=True))
    columns = [
        Column("Group", "code"), Column("Planted", "number"), Column("Found by the rule meant", "number"),
        Column("Found by any rule", "number"), Column(f"checkov {found['checkov']} reports something new", "number"),
    ]  # fmt: skip
    blamed = "; ".join(
        f"{stack}: {_number(counts['rules'], 'finding')} of ours that no waiver covers, {counts['checkov']} of checkov's"
        for stack, counts in found["good"].items()
    )
    unstable = found["unstable"]
    aside = (
        f" Left aside, because checkov reports it in some runs of one text and not in others: {', '.join(unstable)}."
    )
    caption = f"On the good stacks themselves: {blamed}." + (aside if unstable else "")
    shares = table(columns, rows, label="Planted faults by group", caption=caption)
    return Markup("{}<details><summary>Each fault</summary>{}</details>").format(shares, _each(faults))


def _shares(faults: Sequence[Mapping[str, Any]]) -> list[Cell]:
    meant = sum(fault["rule"] in fault["rules"] for fault in faults)
    return [
        str(len(faults)),
        _share(meant, len(faults)),
        _share(sum(bool(fault["rules"]) for fault in faults), len(faults)),
        _share(sum(bool(fault["checkov"]) for fault in faults), len(faults)),
    ]


def _share(part: int, whole: int) -> str:
    return f"{part} ({100 * part / whole:.0f} %)"


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _each(faults: Sequence[Mapping[str, Any]]) -> Markup:
    rows = [
        [
            tables.code(fault["rule"]),
            fault["fault"],
            Markup("<br>").join(tables.code(rule) for rule in fault["rules"]) or "nothing",
            Markup(", ").join(tables.code(check) for check in fault["checkov"]) or "nothing",
        ]
        for fault in faults
    ]
    columns = [
        Column("Meant", "code"),
        Column("Fault", "wide"),
        Column("Rules that newly fail", "code"),
        Column("checkov's, newly"),
    ]
    return table(columns, rows, label="Every planted fault")


def _planted(docs: Path) -> Path:
    own = docs / "reference" / "planted_faults.json"
    return own if own.is_file() else shared("docs/reference/planted_faults.json")


def macros(site: Site) -> Mapping[str, Macro]:
    """What pages cite of the rules about behaviour."""
    return {
        "proof_summary": site.of_stack(summary),
        "proofs_that_hold": lambda name: str(len(report(site.stack(name)).holding)),
        "proof_findings": site.of_stack_here(findings),
        "proof_waivers": site.of_stack_here(waived),
        "proof_statements": site.of_stack_here(holding),
        "proof_group": lambda name, group: of_group(site.stack(name), group, site.here()),
        "has_waivers": lambda name: bool(report(site.stack(name)).waived),
        "proof_rules": rules,
        "planted_faults": lambda: planted(_planted(site.docs)),
    }
