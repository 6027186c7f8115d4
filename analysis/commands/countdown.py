"""`gameday countdown`: what is due when before and after a kick-off, and whether to go."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Column, Table

from analysis import countdown as countdown_layer
from analysis import facts
from analysis import proofs as proofs_layer
from analysis.commands.common import (
    FINDINGS,
    AsJson,
    Directory,
    Runtime,
    ScenarioFile,
    Var,
    VarFile,
    about,
    complete,
    course,
    day_of,
    out,
    print_json,
    refusals,
    refuse,
    tell_unreached,
    unreached_json,
)

MARKS = {"go": "[green]go[/]", "no-go": "[red]no-go[/]", "ask": "[yellow]ask[/]"}


def countdown(
    directory: Directory,
    var: Var = [],  # noqa: B006 (Typer copies)
    var_file: VarFile = [],  # noqa: B006 (Typer copies)
    fixture: Annotated[str, typer.Option("--fixture", metavar="NAME", help="The game; else the next one.")] = "",
    scenario: ScenarioFile = None,
    runtime: Runtime = None,
    on: Annotated[
        str, typer.Option("--on", metavar="DATE", help="The day from which a game is next; else today.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """From 72 hours before a kick-off to 24 hours after: who does what with which command, and whether to go."""
    with refusals(countdown_layer.CountdownError):
        stack = complete(directory, var, var_file)
        known = about(directory)
        crowd = course(directory, scenario)
        if runtime is None and known is None:
            refuse(f"give the runtime with --runtime: {', '.join(facts.runtimes())}")
        found = countdown_layer.count_down(
            stack,
            crowd,
            about=known,
            fixture=fixture,
            profile=facts.runtime(runtime) if runtime else None,
            waivers=proofs_layer.waivers(directory, proofs_layer.RULES.keys()),
            evidence=countdown_layer.records(directory, stack),
            today=day_of(on, "--on"),
        )
    if as_json:
        print_json({**countdown_layer.to_json(found), **unreached_json(stack, directory)})
    else:
        _print(found, directory)
        tell_unreached(stack, directory)
    if found.says == "no-go":
        raise typer.Exit(FINDINGS)


def _print(found: countdown_layer.Countdown, directory: Path) -> None:
    game = found.fixture
    questions = Table("Question", "Says", Column("Because", overflow="fold"), title=f"{directory.name}: {game.name}")
    for verdict in found.verdicts:
        because = "\n".join(
            [escape(verdict.because), *(f"[dim]$ {escape(command)}[/]" for command in verdict.commands)]
        )
        questions.add_row(verdict.question, MARKS[verdict.says], because)
    out.print(questions)
    out.print(
        f"{game.name}, kick-off {game.kick_off:%Y-%m-%d %H:%M} UTC, {game.tasks} tasks: {found.says}.", highlight=False
    )
    for row in found.rows:
        out.print(f"\n{row.at:%a %Y-%m-%d %H:%M} UTC  {countdown_layer.span(row.at - game.kick_off)}", highlight=False)
        out.print(f"  {escape(row.title)} ({escape(row.owner)}). {escape(row.why)}", highlight=False, soft_wrap=True)
        for command in row.commands:
            out.print(f"    $ {escape(command)}", highlight=False, soft_wrap=True)
        for command in row.undo:
            out.print(f"    undo: $ {escape(command)}", highlight=False, soft_wrap=True)
        if row.undo_words:
            out.print(f"    undo: {escape(row.undo_words)}", highlight=False, soft_wrap=True)
