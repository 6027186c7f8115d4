"""Everything that is answered by us and not by moto, from the tables of the modules that answer it."""

from __future__ import annotations

from analysis.emulator import absent, answers, edits, incident, patches, services
from analysis.emulator.rows import Row


def invented() -> tuple[Row, ...]:
    """Everything that is answered by us, not by moto, sorted by service and operation."""
    rows = [
        Row(row.service, row.operation, "answered", row.why)
        for row in (*absent.ROWS, *incident.ABSENT, *services.ABSENT)
    ]
    rows += [Row(row.service, row.operation, "corrected", row.why) for row in (*edits.ROWS, *answers.ROWS)]
    rows += [
        Row(row.service, name, "patched", row.why)
        for row in (*patches.ROWS, *services.PATCHES)
        for name in row.operations
    ]
    return tuple(sorted(rows))
