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
    cost,
    countdown,
    dashboard,
    decide,
    diagram,
    incident,
    migrate,
    model,
    nights,
    notebook,
    prices,
    prove,
    rehearse,
    replay,
    runbooks,
    site,
    sweep,
    validate,
)

COMMANDS = (
    model.model,
    cost.cost,
    capacity.capacity,
    prove.prove,
    alarms.alarms,
    alarms.season,
    dashboard.dashboard,
    replay.replay,
    sweep.sweep,
    sweep.headroom,
    nights.nights,
    calibrate.calibrate,
    decide.decide,
    validate.validate,
    migrate.migrate,
    runbooks.runbooks,
    countdown.countdown,
    rehearse.rehearse,
    diagram.diagram,
    notebook.notebook,
    claims.claims,
    site.site,
)
"""Each with its options; in the order in which `gameday` lists them."""

app = typer.Typer(
    name="gameday",
    help="What a stack costs and holds, and whether it is valid, from its Terraform alone: no AWS account, no network.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in COMMANDS:
    app.command()(command)

prices_app = typer.Typer(help="The price book, and a newer one from AWS.", invoke_without_command=True)
prices_app.callback()(prices.prices)
prices_app.command()(prices.refresh)
app.add_typer(prices_app, name="prices")
app.add_typer(incident.app, name="incident")
