"""A stack's Terraform as a table: every argument as it is written, before anything is computed from it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd
from markupsafe import escape

from analysis.notebooks.subjects import directory
from analysis.notebooks.views import Shown
from analysis.terraform.written import Written, read_by, written
from analysis.wiring.references import without_index

COLUMNS = ("address", "argument", "value", "file", "line")

WIDEST = 90
"""Characters of a value in a table on a page."""

WORDS = frozenset({"description", "tags", "error_message", "alarm_description", "comment", "source"})
"""Arguments that say something to people, or where a module lies, and from which nothing is computed."""


@dataclass(frozen=True)
class Blocks:
    """The arguments of a stack, of its modules and of its files of values, as they stand in the files of the project."""

    rows: tuple[Written, ...]

    @cached_property
    def frame(self) -> pd.DataFrame:
        """All of them."""
        return _frame(self.rows)

    def read_by(self, addresses: Iterable[str]) -> pd.DataFrame:
        """Those of the blocks at resolved `addresses`, and of the variables, locals and calls that their values come from."""
        return _frame(read_by(self.rows, {without_index(address) for address in addresses}))

    def starts(self, addresses: Iterable[str]) -> pd.DataFrame:
        """Of `read_by`, those that are a value and refer to nothing: here what is computed of the blocks starts."""
        found = read_by(self.rows, {without_index(address) for address in addresses})
        return _frame(row for row in found if row.literal and row.argument.rpartition(".")[2] not in WORDS)


def terraform(root: str | Path, stack: str) -> Blocks:
    """The Terraform of a stack of the project in `root`, parsed and not evaluated; files are named as seen from there."""
    place = Path(root).resolve()
    folder = directory(place, stack)
    names: dict[str, str] = {}
    rows = []
    for row in written(folder):
        if row.file not in names:
            names[row.file] = Path(os.path.relpath(folder / row.file, place)).as_posix()
        rows.append(Written(row.address, row.argument, row.value, names[row.file], row.line, row.refers, row.literal))
    return Blocks(tuple(rows))


def _frame(rows: Iterable[Written]) -> pd.DataFrame:
    return pd.DataFrame([[getattr(row, name) for name in COLUMNS] for row in rows], columns=[*COLUMNS])


def shown(frame: pd.DataFrame) -> Shown:
    """The table for a page, each value in one line."""
    lines = frame["value"].map(lambda text: " ".join(text.split()))
    short = lines.where(lines.str.len() <= WIDEST, lines.str.slice(0, WIDEST - 1) + "…")
    table = frame.assign(value=short).to_html(index=False, border=0, classes="g-data", max_cols=None, max_rows=None)
    files = frame["file"].nunique()
    caption = f"{len(frame):,} values in {files} {'file' if files == 1 else 'files'}"
    return Shown(
        f'<div class="g-table g-table--tall" role="group" aria-label="{escape(caption)}" tabindex="0">{table}</div>'
        f"<p>{escape(caption)}.</p>"
    )
