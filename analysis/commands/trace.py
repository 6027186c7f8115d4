"""`gameday trace`: what a brief asks for, whether it is met, and the check that says so."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from analysis import ledger
from analysis.commands.common import FINDINGS, ROOT, AsJson, err, out, print_json, refusals, refuse
from analysis.frontmatter import PlacedError
from analysis.ledger.judging import words
from analysis.ledger.requirements import Traced
from analysis.studies import Studies

System = Annotated[str, typer.Argument(help="A folder of docs/ with requirements.")]
Wanted = Annotated[str, typer.Argument(metavar="[ID]", help="One requirement, with everything that its evidence read.")]


def trace(system: System, wanted: Wanted = "", as_json: AsJson = False) -> None:
    """What a brief asks for, with the verdict that follows; exit status 1 if a verdict as written no longer follows."""
    known = sorted(path.parent.name for path in (ROOT / "docs").glob(f"*/{ledger.REQUIREMENTS}"))
    if system not in known:
        refuse(f"{system!r} has no requirements; there are those of {', '.join(known) or 'no system'}")
    with refusals(PlacedError):
        found = ledger.trace(ROOT / "docs" / system, Studies(ROOT / "terraform" / "stacks"), f"docs/{system}")
    rows = [one for one in found.traced if wanted in ("", one.requirement.id)] if found else []
    if not rows:
        refuse(f"{system} has no requirement {wanted!r}; `gameday trace {system}` lists them")
    if as_json:
        print_json([_json(one) for one in rows])
    elif wanted:
        _one(rows[0])
    else:
        table = Table("Id", "Line", "Asks", "Verdict", "Evidence")
        for one in rows:
            asked = one.requirement
            evidence = words(asked.evidence.text) if asked.evidence else asked.note
            state = f"[red]{one.verdict}[/]" if one.verdict == "not met" else one.verdict
            table.add_row(asked.id, asked.line, escape(asked.asks), state, escape(evidence))
        out.print(table)
        if found:
            out.print(", ".join(f"{count} {verdict}" for verdict, count in found.counts.items()))
    broken = [one.broken for one in rows if one.broken]
    for sentence in broken:
        err.print(f"gameday: {escape(sentence)}", highlight=False, soft_wrap=True)
    if broken:
        raise typer.Exit(FINDINGS)


def _one(one: Traced) -> None:
    asked = one.requirement
    out.print(f"{asked.id} (line {asked.line}, {asked.kind}): {escape(asked.asks)}", soft_wrap=True)
    out.print(f"{one.verdict}. {escape(asked.note)}".strip(), soft_wrap=True)
    if asked.evidence:
        out.print(f"evidence: {escape(words(asked.evidence.text))}", soft_wrap=True)
    for leaf in one.leaves:
        where = f"{leaf.stack}: {leaf.where}" if leaf.stack else leaf.where
        out.print(f"  {escape(f'{leaf.name} = {leaf.value} {leaf.unit}'.rstrip())}  ({escape(where)})", soft_wrap=True)
    if one.why:
        out.print(f"  {escape(one.why)}", soft_wrap=True)


def _json(one: Traced) -> dict[str, object]:
    asked = one.requirement
    return {
        "id": asked.id,
        "line": asked.line,
        "kind": asked.kind,
        "asks": asked.asks,
        "verdict": one.verdict,
        "by": asked.by or None,
        "evidence": words(asked.evidence.text) if asked.evidence else None,
        "inputs": [
            {"name": leaf.name, "value": leaf.value, "unit": leaf.unit, "kind": leaf.kind, "from": leaf.where}
            for leaf in one.leaves
        ],
        "why": one.why or None,
        "stands": one.broken is None,
        "note": asked.note,
    }
