"""The statements of a brief with what is computed for each: counts by verdict, what matters most, every row worst first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol, TypeVar

from markupsafe import Markup, escape

from analysis.drawing import charts, tables
from analysis.drawing.tables import Cell, Column, Row, State, table
from analysis.ledger import BREAKS, Judged, Leaf, Ledger, load
from analysis.ledger.judging import shown, words
from analysis.pages import infrastructure, links, reference
from analysis.pages.model import Macro, Site, models
from analysis.pages.reads import cache
from analysis.studies import Studies

STATES: Final[Mapping[str, State]] = {
    "wrong": "bad", "unsupported": "warn", "holds": "good", "cannot be verified": "info",
}  # fmt: skip

MEANT: Final[Mapping[str, str]] = {
    "wrong": "The computation gives something else, or another line of the brief does.",
    "unsupported": "The brief names no source and no derivation, and there is no published figure.",
    "holds": "The computation gives the same.",
    "cannot be verified": "About something that nothing here can observe: a vendor, a law, a judgement.",
}


class Stated(Protocol):
    """Rows of a file beside the pages, which may no longer stand as they are written."""

    @property
    def broken(self) -> tuple[str, ...]:
        """Those that do not, each as a sentence with its place."""


Rows = TypeVar("Rows", bound=Stated)


def standing(found: Rows | None, lacking: str) -> Rows:
    """What was found. Raises LookupError, saying what is `lacking`, where nothing was, ValueError for a row that is broken."""
    if found is None:
        raise LookupError(lacking)
    if found.broken:
        raise ValueError(found.broken[0])
    return found


@cache
def ledger(root: Path, docs: Path, folder: str) -> Ledger:
    """The ledger of a system. Raises PlacedError where it has none, or where a verdict no longer follows."""
    found = load(docs / folder, Studies(root / "terraform" / "stacks"), f"docs/{folder}")
    return standing(found, f"docs/{folder} has no ledger; take `brief` out of the pages of its system.toml")


def summary(book: Ledger) -> Markup:
    """How many statements have each verdict, what each verdict means, and where its rows begin."""
    rows = []
    for verdict, count in book.counts.items():
        meaning = Markup("{} {}").format(MEANT[verdict], _leads(book)) if verdict == "wrong" else MEANT[verdict]
        first = next(one for one in book.judged if one.verdict == verdict)
        rows.append([tables.chip(STATES[verdict], verdict), tables.link(f"#{first.statement.id}", str(count)), meaning])
    computed = sum(one.value is not None for one in book.judged)
    caption = f"{len(book.judged)} statements, {computed} of them computed."
    columns = [Column("Verdict"), Column("Statements", "number"), Column("Meaning", "wide")]
    return table(columns, rows, label="Statements by verdict", caption=caption)


def _leads(book: Ledger) -> Markup:
    """What the wrong statements would have broken, each with how many."""
    counts = Counter(one.statement.breaks for one in book.judged if one.verdict == "wrong")
    found = [f"{_title(BREAKS[breaks])}: {counts[breaks]}" for breaks in BREAKS if counts[breaks]]
    return Markup("<br>{}").format(Markup("<br>").join(found))


def ten(book: Ledger) -> Markup:
    """The statements that are ranked, each with what it would have broken."""
    rows = [
        [
            Markup("{}<br><small>{}</small>").format(
                tables.link(f"#{one.statement.id}", one.statement.says), BREAKS[one.statement.breaks]
            ),
            _quoted(one),
            _computed(one),
            one.statement.note,
        ]
        for one in book.judged
        if one.statement.rank
    ]
    columns = [
        Column("The brief says", "wide"),
        Column("Quoted", "number"),
        Column("Computed", "number"),
        Column("Why", "wide"),
    ]
    return table(columns, rows, label="What matters most") + _factors(book)


def _factors(book: Ledger) -> Markup:
    """How many times too high or too low the ranked statements are, as bars; one with a zero on a side has no factor."""
    factors = [
        (_cut(one.statement.says), "", float(one.factor)) for one in book.judged if one.statement.rank and one.factor
    ]
    if not factors:
        return Markup("")
    caption = (
        "The larger of computed and quoted over the smaller. 1 would be right; with a zero on a side there is no bar."
    )
    figure = charts.bars("How far off each is", factors, unit="times", number=",.1f", caption=caption)
    return Markup(figure.html())  # noqa: S704 (drawn by charts, which escapes)


def _cut(text: str, longest: int = 26) -> str:
    """A text that fits beside a bar."""
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


def statements(site: Site, book: Ledger) -> Markup:
    """Every statement, worst first: those that matter most, the other wrong ones by what they break, then the rest by verdict."""
    columns = [
        Column("The brief says", "wide"), Column("Verdict"), Column("Quoted", "number"), Column("Computed", "number"),
        Column("How", "wide"),
    ]  # fmt: skip
    rows = [_row(site, one) for one in book.judged]
    return table(columns, rows, label="Statements", filters=("verdict", "breaks", "reason"))


def _title(words: str) -> str:
    return words[:1].upper() + words[1:]


def _row(site: Site, one: Judged) -> Row:
    said = one.statement
    note = f"{said.note} {said.differs}".strip()
    about = Markup("{}<br>{}<br><small>line {}, {}</small>").format(said.says, note, said.line, said.id)
    wrong = one.verdict == "wrong"
    verdict = tables.chip(STATES[one.verdict], one.verdict)
    if wrong:
        verdict = Markup("{}<br><small>{}; {}</small>").format(verdict, said.reason, BREAKS[said.breaks])
    how = escape("read beside another line, not computed" if wrong else "")
    if said.formula is not None:
        inputs = Markup("<br>").join(leaf_of(site, leaf) for leaf in one.leaves)
        must = f"; must be {said.must} what is quoted" if said.must else ""
        count = f"{len(one.leaves)} input{'s' if len(one.leaves) > 1 else ''}"
        opened = Markup('{}{}<details class="g-inputs"><summary>{}</summary>{}</details>')
        how = opened.format(words(said.formula.text), must, count, inputs)
    facets = {
        "verdict": [one.verdict],
        "breaks": [BREAKS[said.breaks]] if wrong else [],
        "reason": [said.reason] if wrong else [],
    }
    return Row([about, verdict, _quoted(one), _computed(one), how], anchor=said.id, facets=facets)


def _quoted(one: Judged) -> str:
    said = one.statement
    if one.value is None:
        return f"{said.quoted} {said.unit}".strip()
    return shown(said.number, said.unit)


def _computed(one: Judged) -> str:
    return "" if one.value is None else shown(one.value, one.statement.unit)


def leaf_of(site: Site, leaf: Leaf) -> Markup:
    """One input with its value and a link to where it comes from."""
    value = f"{leaf.value} {leaf.unit}".strip()
    return Markup("{} = {} <small>{}</small>").format(leaf.name, value, _origin(site, leaf))


def _origin(site: Site, leaf: Leaf) -> Cell:
    here = site.here()
    match leaf.kind:
        case "brief":
            return f"line {leaf.where}"
        case "price":
            address = f"{links.relative(here, 'reference/prices.md')}#{reference.price_anchor(leaf.where)}"
            return tables.link(address, "price book")
        case "limit":
            return tables.link(f"{links.relative(here, 'reference/limits.md')}#limit-{leaf.where}", "limits")
        case "instance" | "metric":
            return reference.origin(leaf.where)
        case "stack":
            known = models(site.root)[leaf.stack]
            return infrastructure.origin(known, leaf.where, here)
        case "file":
            return tables.code(leaf.where)
    return leaf.where


def macros(site: Site) -> Mapping[str, Macro]:
    """What pages cite of a brief's statements."""

    def book(folder: str) -> Ledger:
        return ledger(site.root, site.docs, folder)

    return {
        "ledger_summary": lambda folder: summary(book(folder)),
        "ledger_ten": lambda folder: ten(book(folder)),
        "ledger_table": lambda folder: statements(site, book(folder)),
    }
