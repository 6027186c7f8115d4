"""`gameday prices`: the price book, and a newer one from AWS."""

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from analysis import facts, files, units
from analysis.commands.common import AsJson, err, out, print_json, refusals
from analysis.cost.refresh import refreshed
from analysis.facts.prices import BOOK, known_region, renewed


def prices(
    context: typer.Context,
    region: Annotated[str, typer.Option(help="AWS region.")] = "us-east-1",
    find: Annotated[str, typer.Option("--find", metavar="TEXT", help="Only rows whose sku or service has this.")] = "",
    as_json: AsJson = False,
) -> None:
    """The price book of a region: every row with its source and date."""
    if context.invoked_subcommand:
        return
    with refusals():
        book = facts.prices(known_region(region))
    rows = [row for row in book.rows if find.lower() in f"{row.service} {row.sku}".lower()]
    if as_json:
        print_json(
            [
                {
                    "sku": row.sku,
                    "service": row.service,
                    "unit": row.unit,
                    "usd": units.number(row.usd),
                    "tier_start": units.number(row.tier_start),
                    "tier_end": None if row.tier_end is None else units.number(row.tier_end),
                    "source": row.source,
                    "as_of": row.as_of,
                    "confidence": row.confidence,
                }
                for row in rows
            ]
        )
        return
    table = Table("SKU", "Unit", "USD", "Read on", "Confidence", "Source", title=f"{region}: {len(rows)} rows")
    for row in rows:
        table.add_row(row.sku, row.unit, units.rate(row.usd), row.as_of, row.confidence, escape(row.source[:80]))
    out.print(table)


def refresh(
    region: Annotated[str, typer.Option(help="AWS region whose prices are wanted.")] = "us-east-1",
    folder: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where the files go; else into the price book.")
    ] = None,
) -> None:
    """Writes what the AWS Price List API says today into the price book (needs credentials and a network)."""
    import boto3  # noqa: PLC0415 (a second to load, and only this command asks AWS)

    as_of = dt.datetime.now(dt.UTC).date().isoformat()
    with refusals(), err.status(f"asking the AWS Price List for {region}"):
        rows = refreshed(region, boto3.client("pricing", region_name="us-east-1"), as_of)
        texts = renewed(region, rows, as_of)
    for name, text in texts.items():
        path = (folder or BOOK) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write(path, text)
    out.print(f"{folder or BOOK}: {len(rows)} prices asked, {len(texts)} files", highlight=False, soft_wrap=True)
