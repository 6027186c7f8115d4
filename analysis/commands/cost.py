"""`gameday cost`: the bill of a month."""

from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Column, Table

from analysis import cost as cost_layer
from analysis import demand, facts, units
from analysis.architecture import Architecture
from analysis.commands.common import (
    AsJson,
    DataFile,
    Directory,
    Placeholders,
    Runtime,
    ScenarioFile,
    Var,
    VarFile,
    about,
    answered,
    coverage,
    day_of,
    ended,
    err,
    holes,
    out,
    print_json,
    refusals,
    tell,
    tell_unreached,
    unreached_json,
)


def cost(
    directory: Directory,
    var: Var = [],  # noqa: B006 (Typer copies)
    var_file: VarFile = [],  # noqa: B006 (Typer copies)
    placeholders: Placeholders = False,
    data: DataFile = [],  # noqa: B006 (Typer copies)
    usage: Annotated[
        Path | None, typer.Option("--usage", metavar="FILE", help="A usage file in Infracost's format.")
    ] = None,
    scenario: ScenarioFile = None,
    runtime: Runtime = None,
    as_of: Annotated[
        str, typer.Option("--as-of", metavar="DATE", help="The day of the bill: its prices and support; else today.")
    ] = "",
    free_tier: Annotated[bool, typer.Option("--free-tier", help="Subtract AWS's free allowances.")] = False,
    as_json: AsJson = False,
) -> None:
    """The bill of a month, line by line; what only use decides comes from a scenario, a usage file, or both (the file wins)."""
    with refusals():
        found = answered(directory, var, var_file, placeholders=placeholders, data_files=data)
        consumed = _consumed(found, directory, usage, scenario, runtime)
        bill = cost_layer.estimate(
            found, facts.prices(found.region, day_of(as_of, "--as-of").isoformat()), consumed, free_tier=free_tier
        )
    if as_json:
        crowd = unreached_json(found, directory) if scenario else {}
        print_json({**cost_layer.to_json(bill), **crowd, "holes": holes(found)})
    else:
        out.print(_bill_table(bill, coverage(found)))
        if consumed:
            err.print(f"Use: {escape(consumed.origin)}", highlight=False)
        _gaps(bill)
        if scenario:
            tell_unreached(found, directory)
    ended(found)


def _bill_table(bill: cost_layer.Estimate, coverage: str) -> Table:
    """Each address with its subtotal, its lines below it."""
    title = f"{bill.stack}, {bill.region}: {coverage}, a month of {units.HOURS_PER_MONTH} hours as of {bill.day}"
    table = Table(Column("Resource", overflow="fold"), title=title)
    for heading in ("Quantity", "Unit price", "A month"):
        table.add_column(heading, justify="right")
    for address, lines in groupby(bill.line_items, key=lambda item: item.address):
        items = list(lines)
        known = [item.cost for item in items if item.cost is not None]
        table.add_row(escape(address), "", "", units.money(sum(known, Decimal(0))) if known else "", style="bold")
        for item in items:
            quantity = "unknown" if item.quantity is None else f"{float(item.quantity):,.6g}"
            mark = "" if item.confidence == "high" else f" ({item.confidence})"
            table.add_row(
                f"  {escape(item.component)}",
                f"{quantity} {escape(item.unit)}",
                f"{units.rate(item.unit_price)}{mark}",
                "" if item.cost is None else units.money(item.cost),
            )
    table.add_section()
    table.add_row("Total", "", "", units.money(bill.total.usd), style="bold")
    return table


def _consumed(
    found: Architecture, directory: Path, usage: Path | None, scenario: Path | None, runtime: str | None
) -> demand.Usage | None:
    read = None
    if usage:
        read, warnings = cost_layer.read_usage_file(usage)
        tell(warnings)
    if not scenario:
        return read
    profile = facts.runtime(runtime) if runtime else None
    crowd = demand.usage(found, facts.scenario(scenario), about(directory), profile)
    return crowd.overlaid(read) if read else crowd


def _gaps(bill: cost_layer.Estimate) -> None:
    """What is in no total: listed where the reader looks."""
    if bill.without_quantity:
        table = Table(
            "Quantity unknown", Column("Key in a usage file (--usage)", overflow="fold"), title="Not in the total"
        )
        for address, lines in groupby(bill.without_quantity, key=lambda item: item.address):
            table.add_row(escape(address), escape(", ".join(dict.fromkeys(key for item in lines for key in item.keys))))
        err.print(table)
    if bill.unpriced:
        table = Table("Without a price", "Why", title="Not in the total")
        for gap in bill.unpriced:
            table.add_row(escape(gap.address + (f" ({gap.component})" if gap.component else "")), escape(gap.reason))
        err.print(table)
