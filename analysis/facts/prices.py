"""Prices as data: one file per region and date, each row with its source, its date and how sure it is.

A file is named `prices_<region>_<date>.csv`, with the region's dashes as underscores. Rows of one `sku` are the tiers of its
price, from 0 without a gap; a row whose attributes hold `"free_tier": true` is a free allowance of the account, and
`applies_to` names the skus (with `*`) that share it.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase
from functools import cached_property, lru_cache
from importlib import resources
from typing import Any, Literal, TypeAlias, cast

from analysis.facts.assumptions import FactError
from analysis.units import UnitPrice, number

Confidence: TypeAlias = Literal["high", "medium", "low"]
"""How sure a price is: read from AWS's own list or a test fixture of it (high), from one published source (medium), or from
memory, an old article or another region (low). A low price still counts, in a split of its own."""

CONFIDENCES: tuple[Confidence, ...] = ("high", "medium", "low")

COLUMNS = (
    "service", "sku", "attributes", "unit", "price_usd", "tier_start", "tier_end",
    "source", "as_of", "confidence", "second_source", "note",
)  # fmt: skip

_AS_OF = re.compile(r"|\d{4}(-\d{2}(-\d{2})?)?")
_FILE = re.compile(r"prices_(?P<region>[a-z0-9_]+)_(?P<as_of>\d{4}-\d{2}-\d{2})\.csv")


@dataclass(frozen=True, slots=True)
class PriceRow:
    """One row: what one `unit` costs in US dollars between `tier_start` and `tier_end` (None: without end), and who says so.

    `as_of` is a date, a month or a year; empty where the source gives none.
    """

    service: str
    sku: str
    unit: str
    usd: Decimal
    source: str
    as_of: str
    confidence: Confidence
    tier_start: Decimal = Decimal(0)
    tier_end: Decimal | None = None
    second_source: str = ""
    note: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def unit_price(self) -> UnitPrice:
        """The price as a unit price, which refuses quantities in another unit."""
        return UnitPrice(self.sku, self.usd, self.unit)


@dataclass(frozen=True, slots=True)
class Price:
    """The price of one sku: its tiers, from 0 without a gap."""

    sku: str
    unit: str
    tiers: tuple[PriceRow, ...]

    def parts(self, start: Decimal, amount: Decimal) -> tuple[tuple[PriceRow, Decimal], ...]:
        """The share of `amount` in each tier, where `start` units were used before; empty shares are left out."""
        shares = []
        for tier in self.tiers:
            end = start + amount if tier.tier_end is None else min(tier.tier_end, start + amount)
            share = end - max(tier.tier_start, start)
            if share > 0:
                shares.append((tier, share))
        return tuple(shares)

    def cost(self, amount: Decimal) -> Decimal:
        """The cost of `amount` units in US dollars, tier by tier."""
        return sum((row.usd * share for row, share in self.parts(Decimal(0), amount)), Decimal(0))


@dataclass(frozen=True)
class PriceBook:
    """Every price of one region as of one date, with the free allowances of an account."""

    region: str
    as_of: str
    file: str
    rows: tuple[PriceRow, ...]

    @cached_property
    def prices(self) -> Mapping[str, Price]:
        """The prices by sku."""
        tiers: dict[str, list[PriceRow]] = {}
        for row in self.rows:
            if not row.attributes.get("free_tier"):
                tiers.setdefault(row.sku, []).append(row)
        return {sku: Price(sku, rows[0].unit, tuple(rows)) for sku, rows in tiers.items()}

    @cached_property
    def allowances(self) -> tuple[PriceRow, ...]:
        """The free allowances: the first `tier_end` units of the skus in `applies_to` are free, once per account."""
        return tuple(row for row in self.rows if row.attributes.get("free_tier"))

    def allowance(self, sku: str) -> PriceRow | None:
        """The free allowance that `sku` draws on, if it has one."""
        return next(
            (row for row in self.allowances if any(fnmatchcase(sku, p) for p in row.attributes["applies_to"])), None
        )

    def repriced(self, sku: str, factor: Decimal) -> PriceBook:
        """The same book with every tier of `sku` at `factor` times its price: for what-if questions and for tests."""
        rows = tuple(replace(row, usd=row.usd * factor) if row.sku == sku else row for row in self.rows)
        return PriceBook(self.region, self.as_of, self.file, rows)


def read_prices(text: str, file: str, region: str, as_of: str) -> PriceBook:
    """The price book in the text of a price file. Raises FactError, naming file, line and sku, for a row that cannot be used."""
    reader = csv.DictReader(io.StringIO(text), strict=True)
    rows: list[PriceRow] = []
    last: dict[str, PriceRow] = {}
    try:
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise FactError(file, "line 1", f"the columns must be {', '.join(COLUMNS)}")
        for raw in reader:
            row = _row(raw, file, f"line {reader.line_num} ({raw.get('sku') or 'no sku'})")
            _check_tier(row, last.get(row.sku), FactError(file, f"line {reader.line_num} ({row.sku})", ""))
            last[row.sku] = row
            rows.append(row)
    except csv.Error as error:
        raise FactError(file, f"line {reader.line_num}", f"is not CSV: {error}") from None
    if not rows:
        raise FactError(file, "", "has no price")
    return PriceBook(region, as_of, file, tuple(rows))


def _row(raw: Mapping[str, str | None], file: str, where: str) -> PriceRow:
    def problem(text: str) -> FactError:
        return FactError(file, where, text)

    if None in raw or None in raw.values():
        raise problem(f"has not {len(COLUMNS)} fields")
    cells = {name: cast("str", raw[name]).strip() for name in COLUMNS}
    for name in ("service", "sku", "unit", "source"):
        if not cells[name]:
            raise problem(f"has no {name}")
    if cells["confidence"] not in CONFIDENCES:
        raise problem(f"confidence is {cells['confidence']!r}; it must be high, medium or low")
    if not _AS_OF.fullmatch(cells["as_of"]):
        raise problem(f"as_of is {cells['as_of']!r}; it must be a date, a month, a year or empty")
    numbers = {}
    for name in ("price_usd", "tier_start", "tier_end"):
        if name != "price_usd" and not cells[name]:
            continue
        try:
            numbers[name] = Decimal(cells[name])
        except InvalidOperation:
            raise problem(f"{name} is {cells[name]!r}, which is not a number") from None
        if not numbers[name].is_finite() or numbers[name] < 0:
            raise problem(f"{name} is {cells[name]}; it must not be negative or infinite")
    try:
        attributes = json.loads(cells["attributes"] or "{}")
    except ValueError:
        attributes = None
    if not isinstance(attributes, dict):
        raise problem("attributes must be a JSON object")
    if attributes.get("free_tier") and not (attributes.get("applies_to") and "tier_end" in numbers):
        raise problem("a free allowance needs a tier_end and, in its attributes, applies_to")
    return PriceRow(
        cells["service"],
        cells["sku"],
        cells["unit"],
        numbers["price_usd"],
        cells["source"],
        cells["as_of"],
        cells["confidence"],
        numbers.get("tier_start", Decimal(0)),
        numbers.get("tier_end"),
        cells["second_source"],
        cells["note"],
        attributes,
    )


def _check_tier(row: PriceRow, before: PriceRow | None, error: FactError) -> None:
    """Refuse a tier that does not begin where the one before it ends, or that is sold in another unit."""

    def refused(problem: str) -> FactError:
        return FactError(error.file, error.where, problem)

    if row.tier_end is not None and row.tier_end <= row.tier_start:
        raise refused(f"the tier ends at {row.tier_end}, before it begins")
    if before is None:
        if row.tier_start != 0:
            raise refused(f"the first tier begins at {row.tier_start}, not at 0")
        return
    if before.unit != row.unit:
        raise refused(f"is per {row.unit}, but the tier before it is per {before.unit}")
    if before.tier_end != row.tier_start:
        raise refused(
            f"the tier begins at {row.tier_start}, but the one before it ends at {before.tier_end or 'no bound'}"
        )


def file_name(region: str, as_of: str) -> str:
    """The name of the price file of a region and a date."""
    return f"prices_{region.replace('-', '_')}_{as_of}.csv"


def csv_text(rows: Iterable[PriceRow]) -> str:
    """The text of a price file that holds `rows`: what `read_prices` reads back."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        tiered = row.tier_start != 0 or row.tier_end is not None
        writer.writerow(
            (
                row.service,
                row.sku,
                json.dumps(dict(row.attributes), sort_keys=True),
                row.unit,
                number(row.usd),
                number(row.tier_start) if tiered else "",
                "" if row.tier_end is None else number(row.tier_end),
                row.source,
                row.as_of,
                row.confidence,
                row.second_source,
                row.note,
            )
        )
    return out.getvalue()


@lru_cache(maxsize=8)
def prices(region: str = "us-east-1", as_of: str | None = None) -> PriceBook:
    """The price book of `region`: the newest one, or the newest that is not later than the date `as_of`.

    Raises FactError, which lists what there is, where no file fits.
    """
    folder = resources.files("analysis.facts")
    found: dict[str, str] = {}
    others = set()
    for entry in folder.iterdir():
        match = _FILE.fullmatch(entry.name)
        if match and match["region"] == region.replace("-", "_"):
            found[match["as_of"]] = entry.name
        elif match:
            others.add(match["region"].replace("_", "-"))
    fitting = [date for date in found if as_of is None or date <= as_of]
    if not fitting:
        have = (
            f"the oldest prices of {region} are of {min(found)}"
            if found
            else f"prices are known for {', '.join(sorted(others))}"
        )
        advice = f"`gameday prices refresh --region {region}` writes a file from the AWS Price List"
        raise FactError("prices", region, f"no price file{f' as of {as_of}' if as_of else ''}; {have}, and {advice}")
    name = found[max(fitting)]
    return read_prices((folder / name).read_text(encoding="utf-8"), name, region, max(fitting))
