"""The flaws that led to an incident, as they are marked in the Terraform, each with what closes it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from markupsafe import Markup

from analysis.architecture import Location
from analysis.drawing import tables
from analysis.drawing.tables import Cell, Column, table
from analysis.pages import infrastructure
from analysis.pages.model import Model

_FLAW = re.compile(r"^\s*# flaw: (?P<id>[A-Z]\d+) (?P<says>\S.*)$")


def flaws(model: Model, page: str, closed: Mapping[str, Sequence[Cell]]) -> Markup:
    """Every line of the stack's Terraform that is marked `# flaw: <id> ...`, with a link to it and what closes it.

    `closed` has for each id what closes its lines, in their order. Raises ValueError where lines and closers of an id differ in
    number.
    """
    found = list(_flaws(model))
    ids = [flaw_id for flaw_id, _, _ in found]
    for flaw_id in sorted({*ids, *closed}):
        if ids.count(flaw_id) != len(closed.get(flaw_id, ())):
            raise ValueError(
                f"{page}: flaw {flaw_id} marks {ids.count(flaw_id)} lines of {model.name} and has "
                f"{len(closed.get(flaw_id, ()))} closers in the front matter"
            )
    closers = {flaw_id: iter(cells) for flaw_id, cells in closed.items()}
    rows = [
        [flaw_id, tables.marked(says), infrastructure.citation(model, where, page), next(closers[flaw_id])]
        for flaw_id, says, where in sorted(found, key=lambda flaw: (flaw[0][0], int(flaw[0][1:])))
    ]
    columns = [Column("Flaw", "code"), Column("What is written", "wide"), Column("Where"), Column("Closed by", "wide")]
    return table(columns, rows, label="Contributing factors")


def _flaws(model: Model) -> Iterator[tuple[str, str, Location]]:
    directory = Path(model.root) / model.folder
    for path in sorted(directory.glob("*.tf")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            match = _FLAW.match(line)
            if match:
                yield match["id"], match["says"], Location(path.name, number)
