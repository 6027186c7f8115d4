"""The fields that a query of logs may read without any being written: Logs Insights makes them itself, by the kind of log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from analysis.facts.assumptions import FactError
from analysis.facts.instances import DATA, sourced_rows

ANY: Final = "any"


@dataclass(frozen=True, slots=True)
class LogKind:
    """A kind of log: the fields beginning with @ that are made of it, and the page of AWS's that lists them."""

    fields: frozenset[str]
    source: str


@cache
def log_kinds(path: Path = DATA / "log_fields.csv") -> Mapping[str, LogKind]:
    """The kinds of log by name, each with the fields of `any` log too; one that is not here has those alone."""
    rows = {row["log"]: LogKind(frozenset(row["fields"].split()), row["source"]) for _, row in sourced_rows(path)}
    if ANY not in rows:
        raise FactError(path.name, "", f"has no row {ANY!r}, for the fields that every log has")
    return {name: LogKind(kind.fields | rows[ANY].fields, kind.source) for name, kind in rows.items()}
