"""A fault of a page: where, what is wrong, and what to do."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One fault of a page. Lines and columns count from 1; `rule` names the kind of fault, for programs."""

    file: str
    line: int
    column: int
    rule: str
    what: str
    to_do: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.what}; {self.to_do}"


def as_json(finding: Finding) -> dict[str, str | int]:
    """A finding for programs."""
    return asdict(finding)
