"""What a brief asks for, with what became of each row: counts by verdict, then every row with its evidence, open ones first."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from markupsafe import Markup

from analysis.drawing import tables
from analysis.drawing.tables import Cell, Column, Row, State, table
from analysis.ledger import STATES, Trace, Traced, trace
from analysis.ledger.judging import words
from analysis.pages import links
from analysis.pages.ledger import leaf_of, standing
from analysis.pages.model import Macro, Site
from analysis.pages.reads import cache
from analysis.studies import Studies

CHIPS: Final[Mapping[str, State]] = {
    "not met": "bad", "not traced": "plain", "met differently": "info", "met": "good",
}  # fmt: skip

MEANT: Final[Mapping[str, str]] = {
    "not met": "The evidence does not hold, or nothing has been built; the row says why.",
    "not traced": "Nobody has written down yet what would show it.",
    "met differently": "Met in another way, because a decision or a wrong claim of the brief says so.",
    "met": "The evidence holds.",
}


@cache
def traced(root: Path, docs: Path, folder: str) -> Trace:
    """The requirements of a system. Raises PlacedError where a row is wrong, ValueError where a verdict no longer follows."""
    found = trace(docs / folder, Studies(root / "terraform" / "stacks"), f"docs/{folder}")
    return standing(
        found, f"docs/{folder} has no requirements; take `requirements` out of the pages of its system.toml"
    )


def summary(found: Trace) -> Markup:
    """How many requirements have each verdict, and the share that is met in one way or the other."""
    rows: list[list[Cell]] = [
        [tables.chip(CHIPS[verdict], verdict), str(count), MEANT[verdict]] for verdict, count in found.counts.items()
    ]
    met = sum(one.verdict.startswith("met") for one in found.traced)
    caption = f"{met} of {len(found.traced)} requirements are met, as asked or differently."
    columns = [Column("Verdict"), Column("Requirements", "number"), Column("Meaning", "wide")]
    return table(columns, rows, label="Requirements by verdict", caption=caption)


def rows(site: Site, folder: str, found: Trace) -> Markup:
    """Every requirement with its verdict and its evidence; what is open stands first."""
    ordered = sorted(found.traced, key=lambda one: STATES.index(one.verdict))
    columns = [Column("The brief asks for", "wide"), Column("Verdict"), Column("How we know", "wide")]
    made = [_row(site, folder, one) for one in ordered]
    return table(columns, made, label="Requirements", filters=("verdict", "kind"))


def _row(site: Site, folder: str, one: Traced) -> Row:
    asked = one.requirement
    about = Markup("{}<br><small>{}, line {}, {}</small>").format(asked.asks, asked.id, asked.line, asked.kind)
    facets = {"verdict": [one.verdict], "kind": [asked.kind]}
    verdict = tables.chip(CHIPS[one.verdict], one.verdict)
    return Row([about, verdict, _known(site, folder, one)], anchor=asked.id, facets=facets)


def _known(site: Site, folder: str, one: Traced) -> Markup:
    asked = one.requirement
    parts = [tables.inline(asked.note)] if asked.note else []
    if asked.by:
        parts.append(_reason(site, folder, asked.by))
    if asked.evidence is not None:
        said = [*(leaf_of(site, leaf) for leaf in one.leaves), *([tables.inline(one.why)] if one.why else ())]
        how = Markup('<details class="g-inputs"><summary>{}</summary>{}</details>')
        parts.append(how.format(words(asked.evidence.text), Markup("<br>").join(said)))
    return Markup("<br>").join(parts)


def _reason(site: Site, folder: str, by: str) -> Markup:
    """A link to the decision, or to the claim of the brief, that says why something is met in another way."""
    here = site.here()
    record = next(iter(sorted((site.docs / folder / "decisions").glob(f"{by}-*.md"))), None) if by.isdigit() else None
    if record is None:
        return tables.link(f"{links.relative(here, f'{folder}/brief.md')}#{by}", f"claim {by}")
    return tables.link(links.relative(here, f"{folder}/decisions/{record.name}"), f"decision {int(by)}")


def macros(site: Site) -> Mapping[str, Macro]:
    """What pages cite of a brief's requirements."""

    def found(folder: str) -> Trace:
        return traced(site.root, site.docs, folder)

    return {
        "trace_summary": lambda folder: summary(found(folder)),
        "trace_table": lambda folder: rows(site, folder, found(folder)),
    }
