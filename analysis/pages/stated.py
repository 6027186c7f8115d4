"""Claims on pages: the figure inside a sentence, the register that shows how each is computed, and the options of a decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from markupsafe import Markup

from analysis.claims import ClaimError, Register, Result, load
from analysis.drawing import tables
from analysis.drawing.tables import Cell, Column, Row
from analysis.pages import infrastructure, links, reads, systems
from analysis.pages.model import Macro, Site, models
from analysis.pages.reads import cache
from analysis.pages.register import figure
from analysis.units import Given

REGISTER = "reference/how-computed.md"
MOST_INPUTS = 12
MOST_GLOBS = 4


@cache
def register(root: Path) -> Register:
    """The claims of the checkout. Raises ClaimError where the register is malformed."""
    return load(root / "docs" / "claims.toml", root / "terraform" / "stacks")


def claim(root: Path, page: str, name: str) -> Markup:
    """The figure of a claim, linked to how it is computed. Raises ClaimError, naming page and sentence, if it fails."""
    result = register(root).result(name)
    if not result.holds:
        raise ClaimError(
            f"{page}: the claim {name} no longer holds: “{result.claim.says}” is {result.text}, allowed is {result.bound}; "
            "correct the sentence and the band, or what it rests on"
        )
    return tables.link(f"{links.relative(page, REGISTER)}#{name}", _figure(result), "g-claim")


def _figure(result: Result) -> Cell:
    """The figure with what it is of; one that combines two claims is of no stack alone."""
    one = result.claim
    if one.of:
        return result.text
    given = {
        **one.arguments,
        "variables": one.variables,
        "users": one.users,
        "poll_interval_s": one.poll_interval_s,
        "games_per_month": one.games_per_month,
        "arguments": one.replaced,
        "without": one.without,
        "assumed": one.assumed,
    }
    return figure(result.text, one.measure, one.stack, **given)


def claim_table(root: Path, docs: Path, page: str) -> Markup:
    """Every claim with its figure, formula, inputs, band and the pages that cite it, each row an anchor."""
    if not (docs / "claims.toml").is_file():
        return Markup("<p>No page of this site states a claim.</p>")
    citing: dict[str, list[str]] = {}
    for path in sorted(docs.rglob("*.md")):
        if not path.relative_to(docs).parts[0].startswith("_"):
            for name in reads.part(path, "claims").splitlines():
                citing.setdefault(name, []).append(systems.page_of(path.relative_to(docs).as_posix()))
    rows = [_claim_row(root, page, result, citing.get(result.claim.name, ())) for result in register(root).results()]
    columns = [
        Column("Claim", "wide"), Column("Figure", "number"), Column("Formula", "wide"), Column("From", "wide"),
        Column("Allowed"), Column("Cited on"),
    ]  # fmt: skip
    return tables.table(columns, rows, label="Claims")


def _claim_row(root: Path, page: str, result: Result, citing: Sequence[str]) -> Row:
    one = result.claim
    places = [tables.link(links.relative(page, place), place.removesuffix(".md")) for place in citing]
    cells: list[Cell] = [
        one.says,
        _figure(result),
        result.measured.formula,
        _inputs(root, one.stack, result.measured.inputs, page),
        result.bound,
        _stacked(places),
    ]
    return Row(cells, anchor=one.name)


def _inputs(root: Path, stack: str, inputs: Sequence[Given], page: str) -> Markup:
    known = models(root).get(stack)
    lines: list[Markup] = []
    for given in inputs[:MOST_INPUTS]:
        value = infrastructure.shown(given.value)
        origin = infrastructure.origin(known, given.origin, page) if known else given.origin
        lines.append(Markup("{} = {} {} <small>{}</small>").format(given.name, value, given.unit, origin))
    if len(inputs) > MOST_INPUTS:
        lines.append(Markup("and {} more").format(len(inputs) - MOST_INPUTS))
    return _stacked(lines)


def _stacked(lines: Sequence[Markup]) -> Markup:
    return Markup("<br>").join(lines)


def macros(site: Site) -> Mapping[str, Macro]:
    """The figures that pages cite by name; one that has left its band fails the build."""
    return {
        "claim": lambda name: claim(site.root, site.here(), name),
        "claim_table": lambda: claim_table(site.root, site.docs, site.here()),
    }
