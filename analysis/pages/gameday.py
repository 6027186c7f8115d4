"""A game day on a page: the games of a stack, go or no-go, and the countdown with its commands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path

from markupsafe import Markup

from analysis import countdown, proofs
from analysis.drawing.tables import Column, State, chip, code, table
from analysis.facts.today import today
from analysis.pages.model import Model, models
from analysis.pages.reads import cache

SAYS: Mapping[countdown.Says, State] = {"go": "good", "no-go": "bad", "ask": "warn"}


def counted(model: Model, fixture: str, today: dt.date) -> countdown.Countdown:
    """The countdown to a game of a stack; the next one where none is named."""
    return countdown.count_down(
        model.architecture,
        model.scenario,
        about=model.about,
        fixture=fixture,
        waivers=proofs.waivers(model.directory, proofs.RULES.keys()),
        evidence=countdown.records(model.directory, model.architecture),
        today=today,
    )


def games(model: Model) -> Markup:
    """The games of a stack: kick-off, tasks, and from when to when they stand."""
    rows = [
        [
            game.name, f"{game.kick_off:%Y-%m-%d %H:%M}", f"{game.tasks or '-'}", f"{game.opens:%H:%M}" if game.opens else "-",
            f"{game.closes:%H:%M}" if game.closes else "-",
        ]
        for game in countdown.fixtures(model.architecture)
    ]  # fmt: skip
    columns = [
        Column("Game", "code"), Column("Kick-off (UTC)", "code"), Column("Tasks", "number"), Column("From", "code"),
        Column("Until", "code"),
    ]  # fmt: skip
    return table(
        columns,
        rows,
        label=f"Games of {model.name}",
        caption="From the fixtures and the scheduled actions of the stack.",
    )


def verdicts(found: countdown.Countdown) -> Markup:
    """Go or no-go, question by question."""
    rows = []
    for verdict in found.verdicts:
        because = Markup("<br>").join(
            [Markup.escape(verdict.because), *(code(command) for command in verdict.commands)]
        )
        rows.append([verdict.question, chip(SAYS[verdict.says], verdict.says), because])
    columns = [Column("Question", "wide"), Column("Says"), Column("Because", "wide")]
    game = found.fixture
    caption = Markup("{}, {} UTC: {}. Where it says ask, only the account knows; the command asks it.").format(
        game.name, f"{game.kick_off:%Y-%m-%d %H:%M}", found.says
    )
    return table(columns, rows, label="Go or no-go", caption=caption)


def rows(found: countdown.Countdown) -> str:
    """The countdown as Markdown: a section a row, so that its commands can be copied as those of a runbook."""
    lines: list[str] = []
    for row in found.rows:
        lines += [f"### {countdown.span(row.at - found.fixture.kick_off)}: {row.title}", ""]
        lines += [f"{row.at:%A, %Y-%m-%d, %H:%M} UTC. **{row.owner}.** {row.why}", ""]
        lines += _block("Act" if row.acts else "Check", row.commands)
        lines += _block("Undo", row.undo) if row.undo else [f"*Undo:* {row.undo_words}", ""]
    return "\n".join(lines)


def _block(title: str, commands: tuple[str, ...]) -> list[str]:
    typed = [f"$ {_folded(command)}" for command in commands]
    return [f'```console title="{title}"', *typed, "```", ""]


def _folded(command: str) -> str:
    """A long command on several lines, broken before its options."""
    line, lines = "", []
    for part in command.replace(" --", "\0--").split("\0"):
        if line and len(line) + len(part) > 100:
            lines.append(line + " \\")
            line = "    " + part
        else:
            line = f"{line} {part}" if line else part
    return "\n".join([*lines, line])


def macros(root: Path) -> tuple[Callable[..., str], ...]:
    """The macros of this module."""

    @cache
    def found(name: str, fixture: str) -> countdown.Countdown:
        return counted(models(root)[name], fixture, today())

    def game_list(name: str) -> Markup:
        """The games of a stack."""
        return games(models(root)[name])

    def go_or_no_go(name: str, fixture: str = "") -> Markup:
        """Whether a game can go on; the next one where none is named."""
        return verdicts(found(name, fixture))

    def countdown_to(name: str, fixture: str = "") -> str:
        """What is due when before and after a kick-off."""
        return rows(found(name, fixture))

    return game_list, go_or_no_go, countdown_to
