"""`gameday claims`: every figure that the site states; with a system, every statement of its brief, computed anew."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Column, Table

from analysis import claims as claims_layer
from analysis import evidence, ledger
from analysis.commands.common import FINDINGS, ROOT, AsJson, day_of, err, out, print_json, refusals, refuse
from analysis.evidence import Record
from analysis.frontmatter import PlacedError
from analysis.ledger import executed
from analysis.ledger.judging import Judged, shown, words
from analysis.loadtest.servers import LoadError
from analysis.studies import Studies

System = Annotated[
    str, typer.Argument(metavar="[SYSTEM]", help="A folder of docs/ with a ledger: the statements of its brief.")
]

Recorded = Annotated[
    bool,
    typer.Option("--record", help="Execute the SQL of the SYSTEM's brief on a PostgreSQL first, and keep its answers."),
]
Date = Annotated[str, typer.Option("--date", metavar="YYYY-MM-DD", help="The day to record; else today's.")]


def claims(system: System = "", record: Recorded = False, date: Date = "", as_json: AsJson = False) -> None:
    """Every figure the site states, with its band and where it is cited; exit status 1 if one no longer holds.

    With a SYSTEM, every statement of its brief with what is computed for it, worst first; exit status 1 if a verdict as written
    no longer follows.
    """
    if record:
        _execute(system, day_of(date))
    if system:
        _brief(system, as_json=as_json)
        return
    with refusals():
        register = claims_layer.load(ROOT / "docs" / "claims.toml", ROOT / "terraform" / "stacks")
        results = list(register.results())
    docs = ROOT / "docs"
    pages = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in sorted(docs.rglob("*.md"))}
    cited = claims_layer.citations(pages)
    if as_json:
        print_json(
            [
                {
                    "name": r.claim.name,
                    "says": r.claim.says,
                    "text": r.text,
                    "holds": r.holds,
                    "allowed": r.bound,
                    "cited_at": list(cited.get(r.claim.name, ())),
                }
                for r in results
            ]
        )
    else:
        table = Table("Claim", "Figure", "Allowed", "", "Cited at")
        for r in results:
            places = "\n".join(cited.get(r.claim.name, ("nowhere",)))
            table.add_row(
                r.claim.name, escape(r.text), r.bound, "holds" if r.holds else "[red]no longer holds[/]", places
            )
        out.print(table)
    if not all(r.holds for r in results):
        raise typer.Exit(FINDINGS)


def _execute(system: str, day: dt.date) -> None:
    folder = ROOT / "docs" / system
    known = sorted(path.parent.name for path in (ROOT / "docs").glob(f"*/{executed.FILE_NAME}"))
    if system not in known:
        refuse(f"there is no SQL of {system or 'no system'!r} to execute; there is of {', '.join(known) or 'none'}")
    with refusals(PlacedError, LoadError, OSError):
        content = executed.executed(executed.written(folder))
        file = evidence.beside(folder, executed.KIND)
        evidence.write(file, Record(executed.KIND, day, executed.basis(folder), content))


def _brief(system: str, *, as_json: bool) -> None:
    known = sorted(path.parent.name for path in (ROOT / "docs").glob(f"*/{ledger.FILE_NAME}"))
    if system not in known:
        refuse(f"there is no ledger of {system!r}; there are {', '.join(known) or 'none'}")
    with refusals(PlacedError):
        book = ledger.load(ROOT / "docs" / system, Studies(ROOT / "terraform" / "stacks"), f"docs/{system}")
        rows, broken = (book.judged, book.broken) if book else ((), ())
    if as_json:
        print_json([_json(row) for row in rows])
    else:
        table = Table("Id", Column("Line", justify="right"), "The brief", "Quoted", "Computed", "Verdict", "Reason")
        for row in rows:
            one = row.statement
            computed = "" if row.value is None else shown(row.value, one.unit)
            quoted = one.quoted if row.value is None else shown(one.number, one.unit)
            verdict = f"[red]{row.verdict}[/]" if row.verdict == "wrong" else row.verdict
            reason = one.reason if row.verdict == "wrong" else ""
            table.add_row(
                one.id, str(one.line), *(escape(cell) for cell in (one.says, quoted, computed)), verdict, reason
            )
        out.print(table)
        if book:
            out.print(", ".join(f"{count} {verdict}" for verdict, count in book.counts.items()))
    for sentence in broken:
        err.print(f"gameday: {escape(sentence)}", highlight=False, soft_wrap=True)
    if broken:
        raise typer.Exit(FINDINGS)


def _json(row: Judged) -> dict[str, object]:
    one = row.statement
    return {
        "id": one.id,
        "line": one.line,
        "says": one.says,
        "quoted": one.quoted,
        "must": one.must or "about",
        "computed": None if row.value is None else float(row.value),
        "unit": one.unit,
        "formula": words(one.formula.text) if one.formula else None,
        "inputs": [
            {"name": leaf.name, "value": leaf.value, "unit": leaf.unit, "kind": leaf.kind, "from": leaf.where}
            for leaf in row.leaves
        ],
        "verdict": row.verdict,
        "reason": one.reason,
        "breaks": one.breaks or None,
        "stands": row.broken is None,
        "note": one.note,
    }
