"""What was measured on the stand-in for a system (`local/SYSTEM/measured.record.json`), beside what is assumed of the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from analysis import evidence
from analysis.drawing import tables
from analysis.drawing.tables import Cell, Column, significant, table
from analysis.facts import limit
from analysis.ledger.evidence import MEASURED, measured_file
from analysis.pages.model import Macro, Site


def figures(root: Path, system: str, group: str) -> Markup:
    """The figures of a group: measured, assumed with its range, and whether the one lies within the other's range."""
    path = measured_file(root, system)
    record = evidence.read(path, MEASURED)
    if record is None:
        raise LookupError(f"there is no local/{system}/{path.name}; measure with --record")
    content: Mapping[str, Any] = record.content
    chosen = [one for one in content["figures"] if one["group"] == group]
    if not chosen:
        raise LookupError(f"local/{system}/{path.name} has no figures of {group}")
    assumed = any(one["limit"] for one in chosen)
    columns = [
        Column("What"),
        Column("Measured", "number"),
        *([Column("Assumed", "number"), Column("")] if assumed else []),
    ]
    rows = [_row(one, assumed=assumed) for one in chosen]
    versions = ", ".join(f"{name} {version}" for name, version in content["versions"].items())
    size = ", ".join(f"{number:,} {name}" for name, number in content["size"].items())
    return Markup("{}\n<p><small>{}; {}. Recorded on {}.</small></p>").format(
        table(columns, rows, label=f"Measured: {group}"), versions, size, record.recorded_on
    )


def _row(one: Mapping[str, Any], *, assumed: bool) -> Sequence[Cell]:
    shown = _amount(one["value"], one["unit"])
    if not assumed:
        return [one["name"], shown]
    if not one["limit"]:
        return [one["name"], shown, "nothing", ""]
    known = limit(one["limit"])
    low, value, high = known.at("low"), known.at(), known.at("high")
    within = low <= one["value"] <= high
    said = Markup("{}<br><small>{} to {}</small>").format(
        *(_amount(amount, one["unit"]) for amount in (value, low, high))
    )
    chip = tables.chip("good", "within the range") if within else tables.chip("warn", "outside the range")
    return [one["name"], shown, said, chip]


def _amount(value: float, unit: str) -> str:
    """An amount with a unit of its size: seconds below one in milliseconds or microseconds, bytes in kilobytes."""
    if unit == "s" and value < 1:
        return f"{significant(value * 1e3, 3)} ms" if value >= 1e-3 else f"{significant(value * 1e6, 3)} µs"
    if unit == "B" and value >= 1000:
        return f"{significant(value / 1e3, 3)} kB"
    return f"{significant(value, 3)} {'a second' if unit == '1/s' else unit + ('s' if unit == 'page' else '')}"


def macros(site: Site) -> Mapping[str, Macro]:
    """What pages cite of what was measured on a laptop."""
    return {"measured_locally": lambda system, group: figures(site.root, system, group)}
