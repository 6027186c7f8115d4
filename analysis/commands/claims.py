"""`gameday claims`: every figure that the site states."""

import typer
from rich.markup import escape
from rich.table import Table

from analysis import claims as claims_layer
from analysis.commands.common import FINDINGS, ROOT, AsJson, out, print_json, refusals


def claims(as_json: AsJson = False) -> None:
    """Every figure the site states, with its band and where it is cited; exit status 1 if one no longer holds."""
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
