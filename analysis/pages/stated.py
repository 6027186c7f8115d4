"""Claims on pages: the figure inside a sentence, the register that shows how each is computed, and the options of a decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

from analysis.claims import (
    MEASURES,
    ClaimError,
    MeasureError,
    Register,
    Result,
    StudyError,
    citations,
    load,
    measure,
    shown,
)
from analysis.demand import Given, PathError
from analysis.facts import FactError
from analysis.pages import infrastructure, links, tables
from analysis.pages.model import models
from analysis.pages.tables import Cell, Column, Row
from analysis.terraform import InputError

REGISTER = "reference/how-computed.md"
MOST_INPUTS = 12


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
    return tables.link(f"{links.relative(page, REGISTER)}#{name}", result.text, "g-claim")


def claim_table(root: Path, docs: Path, page: str) -> Markup:
    """Every claim with its figure, formula, inputs, band and the pages that cite it, each row an anchor."""
    pages = {
        path.relative_to(docs).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(docs.rglob("*.md"))
        if not path.relative_to(docs).parts[0].startswith("_")
    }
    cited = citations(pages)
    rows = [_claim_row(root, page, result, cited.get(result.claim.name, ())) for result in register(root).results()]
    columns = [
        Column("Claim", "wide"), Column("Figure", "number"), Column("Formula", "wide"), Column("From", "wide"),
        Column("Allowed"), Column("Cited on"),
    ]  # fmt: skip
    return tables.table(columns, rows, label="Claims")


def _claim_row(root: Path, page: str, result: Result, cited: Sequence[str]) -> Row:
    one = result.claim
    pages = dict.fromkeys(place.rpartition(":")[0] for place in cited)
    places = [tables.link(links.relative(page, place), place.removesuffix(".md")) for place in pages]
    cells: list[Cell] = [
        one.says,
        result.text,
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


def option_table(root: Path, page: str, extra: Mapping[str, Any]) -> Markup:
    """The options of a decision record, each computed by the same model under the values it would set.

    The record's front matter lists them: `options: [{name, stack, variables, users, poll_interval_s, chosen, not_modelled}]` and
    `measures: [{measure, title, with}]`. An option that this model cannot compute says why under `not_modelled`. Raises
    ClaimError where an option or measure is wrong.
    """
    options, measures = extra.get("options", ()), extra.get("measures", ())
    if not options or not measures:
        raise ClaimError(f"{page}: front matter lacks options or measures for the option table")
    columns = [Column("Option", "head")]
    for wanted in measures:
        known = MEASURES.get(wanted["measure"])
        if known is None:
            raise ClaimError(f"{page}: there is no measure {wanted['measure']!r}; there are {', '.join(MEASURES)}")
        columns.append(Column(wanted.get("title", known.title), "number"))
    rows = [_option_row(root, page, option, measures) for option in options]
    return tables.table(columns, rows, label="Options")


def _option_row(root: Path, page: str, option: Mapping[str, Any], measures: Sequence[Mapping[str, Any]]) -> list[Cell]:
    name = (
        Markup("{} {}").format(option["name"], tables.chip("good", "chosen"))
        if option.get("chosen")
        else option["name"]
    )
    if "not_modelled" in option:
        reason = Markup("<small>not modelled: {}</small>").format(option["not_modelled"])
        return [name, reason, *([None] * (len(measures) - 1))]
    try:
        subject = register(root).study(
            option["stack"],
            variables=option.get("variables"),
            users=option.get("users"),
            poll_interval_s=option.get("poll_interval_s"),
        )
        figures = [shown(measure(wanted["measure"], subject, wanted.get("with", {}))) for wanted in measures]
    except (MeasureError, StudyError, PathError, FactError, InputError) as error:
        raise ClaimError(f"{page}: option {option['name']!r}: {error}") from None
    return [name, *figures]
