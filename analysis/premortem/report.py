"""A pre-mortem as a report: what happens, and every limit, for paper, a wiki and tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.documents import Document, Fact, Section, Table
from analysis.premortem.fluid import Premortem
from analysis.premortem.story import at, demand, happenings, story, to_json

HAPPENS = "What happens"
"""The section of the report in which its chart stands."""

TABLES = ("timeline", "limits")
"""The names of `tables`."""


def tables(found: Premortem) -> Mapping[str, Table]:
    """What happens by the minute, and every limit, the fullest first."""
    told = tuple((at(found, one.minute), f"{one.minute:.0f}", _plain(one.sentence)) for one in happenings(found))
    limits = tuple(
        (
            strain.limit.name,
            strain.stations[0],
            f"{100 * load:.1f}" if np.isfinite(load := float(strain.load[worst])) else "no room",
            at(found, float(found.minutes[worst])),
            demand(strain, worst),
            f"{float(strain.full.sum()) * found.step_s / 60.0:.0f}",
        )
        for strain in found.strained
        if (worst := int(strain.load.argmax())) is not None
    )
    heads = ("Limit", "Resource", "Used at worst, %", "When", "Demand, of what there is", "Over it, min")
    return {
        "timeline": Table(("When", "Minute", "What"), told, (0.14, 0.1, 0.76)),
        "limits": Table(heads, limits, (0.25, 0.27, 0.1, 0.11, 0.19, 0.08)),
    }


@dataclass(frozen=True, slots=True)
class Report:
    """A pre-mortem to be exported, as of a day."""

    found: Premortem
    as_of: dt.date

    @property
    def charted(self) -> str:
        """The section of the reports in which a chart stands."""
        return HAPPENS

    @property
    def tables(self) -> Mapping[str, Table]:
        """The tables by name."""
        return tables(self.found)

    def full(self) -> Document:
        """The whole report."""
        return _document(self.found, self.as_of, Section("Limits", table=self.tables["limits"]))

    def brief(self) -> Document:
        """What fits one page: the limits that are passed, or else the fullest."""
        limits = self.tables["limits"]
        passed = sum(strain.full.any() for strain in self.found.strained)
        rows = tuple(row for row in limits.rows if row[-1] != "0")[:FEW] or limits.rows[:FEW]
        left = len(limits.rows) - len(rows)
        note = f"{left} more limits are in the full report." if left else ""
        title = "Limits that are passed" if passed else "The fullest limits"
        return _document(
            self.found, self.as_of, Section(title, table=Table(limits.heads, rows, limits.widths), note=note)
        )

    def values(self) -> dict[str, Any]:
        """The run for programs."""
        return to_json(self.found)


FEW = 12
"""Limits on the single page."""


def _document(found: Premortem, as_of: dt.date, limits: Section) -> Document:
    fullest = next(iter(found.strained), None)
    passed = [strain for strain in found.strained if strain.full.any()]
    peak = float(found.minutes[int(found.users.argmax())])
    facts = [
        Fact("Scenario", found.scenario),
        Fact(
            "Users at the peak", f"{found.users.max():,.0f}", f"at {at(found, peak)}" if found.users.max() > 0 else ""
        ),
        Fact("Limits passed", f"{len(passed)}", f"of {len(found.strains)}"),
    ]
    if fullest is not None:
        worst = int(fullest.load.argmax())
        facts.append(Fact("Fullest", fullest.limit.name, f"{fullest.stations[0]}: {demand(fullest, worst)}"))
    return Document(
        f"Pre-mortem of {found.stack}",
        "Simulated, before anything has failed: the scenario's hours run through every resource that carries load.",
        tuple(facts),
        (
            Section(HAPPENS, items=tuple(_plain(sentence) for sentence in story(found))),
            limits,
            Section("What is taken for granted", items=tuple(str(note) for note in found.diagnostics)),
        ),
        f"Simulated: {found.stack}, {found.scenario}.",
        as_of,
    )


def _plain(sentence: str) -> str:
    """A sentence without the marks of its addresses."""
    return sentence.replace("`", "")
