"""`gameday compare`: the systems of the notebook side by side, as the page has them."""

from __future__ import annotations

from rich.markup import escape
from rich.table import Table

from analysis.commands.common import ROOT, AsJson, out, print_json


def compare(as_json: AsJson = False) -> None:
    """Every system with each of its stacks: what it holds, what binds first, what it costs, also at ten times the crowd."""
    from analysis.pages import comparison  # noqa: PLC0415 (pulls in what draws charts)
    from analysis.pages.model import Site  # noqa: PLC0415

    rows = comparison.rows(Site(ROOT, ROOT / "docs", lambda: "compare/index.md"))
    if as_json:
        print_json(rows)
        return
    for row in rows:
        table = Table(title=f"{row['system']}: {row['label']}", title_justify="left", show_header=False)
        for name in comparison.COLUMNS:
            table.add_row(name, escape(row[name]))
        out.print(table)
