"""What a page says about itself: title, description, place among its neighbours, owner and when it is to be read again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analysis.frontmatter import PlacedError, front_matter
from analysis.pages import reads
from analysis.units import later


class FrontMatterError(ValueError):
    """A page's front matter that cannot be used; the sentence names the file, the key and what to write instead."""


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The front matter of one hand-written page; `extra` holds what is particular to its kind (status, severity, ...)."""

    path: str
    title: str
    description: str
    order: int
    owner: str
    last_reviewed: dt.date
    review_in: str
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def due(self) -> dt.date:
        """The day by which the page is to be reviewed again."""
        return later(self.last_reviewed, self.review_in)

    def overdue(self, today: dt.date) -> bool:
        """Whether that day has passed."""
        return today > self.due


def read(path: Path, name: str) -> FrontMatter:
    """The front matter of the page at `path`; `name` is what messages call it. Raises FrontMatterError."""
    try:
        return of(front_matter(reads.part(path, "front matter"), name).value, name)
    except PlacedError as error:
        raise FrontMatterError(str(error)) from None


def of(meta: Mapping[str, Any], name: str) -> FrontMatter:
    """The front matter in `meta`; every hand-written page needs all of these keys. Raises FrontMatterError."""
    known = {"title", "description", "order", "owner", "last_reviewed", "review_in"}
    missing = sorted(known - meta.keys())
    if missing:
        raise FrontMatterError(f"{name}: front matter lacks {', '.join(missing)}; every page says these of itself")
    if not isinstance(meta["order"], int):
        raise FrontMatterError(f"{name}: order is {meta['order']!r}; it must be a whole number")
    if not isinstance(meta["last_reviewed"], dt.date):
        raise FrontMatterError(f"{name}: last_reviewed is {meta['last_reviewed']!r}; write a date, such as 2026-11-21")
    for key in ("title", "description", "owner", "review_in"):
        if not isinstance(meta[key], str) or not meta[key].strip():
            raise FrontMatterError(f"{name}: {key} must be a text that is not blank")
    try:
        later(meta["last_reviewed"], meta["review_in"])
    except ValueError as error:
        raise FrontMatterError(f"{name}: review_in: {error}") from None
    return FrontMatter(
        path=name,
        title=meta["title"].strip(),
        description=meta["description"].strip(),
        order=meta["order"],
        owner=meta["owner"].strip(),
        last_reviewed=meta["last_reviewed"],
        review_in=meta["review_in"].strip(),
        extra={key: value for key, value in meta.items() if key not in known},
    )
