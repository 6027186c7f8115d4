"""The command line: `gameday` lists its commands; each is a module here.

Exit status: 0 fine; 1 findings, or a claim that no longer holds; 2 wrong usage or unreadable input. What a program reads goes to
standard output, what is said to a person about it to standard error.
"""

import typer

from analysis.commands import (
    alarms,
    calibrate,
    capacity,
    claims,
    compare,
    cost,
    countdown,
    dashboard,
    decide,
    diagram,
    guide,
    horizons,
    incident,
    load,
    migrate,
    model,
    new,
    nights,
    notebook,
    premortem,
    prices,
    prove,
    records,
    rehearse,
    replay,
    runbooks,
    site,
    sweep,
    trace,
    validate,
    whatif,
)
from analysis.commands.screen import Commands

COMMANDS = {
    "What is there": (model.model, diagram.diagram),
    "Would it hold": (
        capacity.capacity,
        premortem.premortem,
        replay.replay,
        sweep.sweep,
        sweep.headroom,
        nights.nights,
        calibrate.calibrate,
        whatif.what_if,
        load.load,
    ),
    "Would we have known in time": (alarms.alarms, alarms.season, dashboard.dashboard),
    "Is it safe to change": (
        prove.prove,
        validate.validate,
        migrate.migrate,
        runbooks.runbooks,
        rehearse.rehearse,
        guide.guide,
        load.drill,
        countdown.countdown,
    ),
    "Which decision made the difference": (decide.decide, horizons.horizons, compare.compare),
    "The notebook and its site": (notebook.notebook, claims.claims, trace.trace, records.records, new.new, site.site),
}
"""Each with its options; by the question that it answers, in the order in which `gameday` lists them."""

app = typer.Typer(
    name="gameday",
    cls=Commands,
    help="What a stack costs, what it holds, whether it would have held and whether anybody would have known in time, "
    "from its Terraform alone: no AWS account, no network.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for question, commands in COMMANDS.items():
    for command in commands:
        app.command(rich_help_panel=question)(command)

cost_app = typer.Typer(cls=cost.Bills, help="The bill of a month, line by line, and what changes on it (cost diff).")
cost_app.command("bill")(cost.cost)
cost_app.command("diff")(cost.diff)
app.add_typer(cost_app, name="cost", rich_help_panel="What is there")
prices_app = typer.Typer(help="The price book, and a newer one from AWS.", invoke_without_command=True)
prices_app.callback()(prices.prices)
prices_app.command()(prices.refresh)
app.add_typer(prices_app, name="prices", rich_help_panel="What is there")
app.add_typer(incident.app, name="incident", rich_help_panel="Which decision made the difference")
