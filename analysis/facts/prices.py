"""Prices as data: tables by region and service, each row with its source, its date and how sure it is.

The book lies in `price_book/`: `REGION/TABLE.csv` for what a region charges, `global.csv` for what costs the same everywhere.
`services.csv` says by the first words of a sku which service it belongs to and in which table it stands, so that a bill reads
only the tables that it asks for; `sources.csv` holds by key who says a price, when, how sure that is and what is to be known.

A row holds `sku, usd, unit, from, to, valid_from, source, attributes`. Without a unit it is sold by the hour, as its sku says.
Rows of one sku are the tiers of its price, from 0 without a gap. Rows with a later `valid_from` replace those before them from
that day on. A row whose attributes hold `"free_tier": true` is a free allowance of the account, and `applies_to` names the skus
(with `*`) that share it.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

from analysis.facts.assumptions import FactError
from analysis.units import UnitPrice, number

Confidence: TypeAlias = Literal["high", "medium", "low"]
"""How sure a price is: two separately captured sources agree, or AWS's own list or a test fixture of it says so (high); one
published source of 2025 or later (medium); from memory, an older article, another region or worked out (low). A low price still
counts, in a split of its own."""

CONFIDENCES: tuple[Confidence, ...] = ("high", "medium", "low")

COLUMNS = ("sku", "usd", "unit", "from", "to", "valid_from", "source", "attributes")
SOURCE_COLUMNS = ("key", "source", "as_of", "second_source", "confidence", "note")

BOOK = Path(__file__).parent / "price_book"

EVERYWHERE = "global"
"""The table of what has one price wherever it is used."""

_AS_OF = re.compile(r"|\d{4}(-\d{2}(-\d{2})?)?")
_DAY = re.compile(r"|\d{4}-\d{2}-\d{2}")


class Source(NamedTuple):
    """Who says a price, on which date, who else says so, how sure that is, and what is to be known of it."""

    source: str
    as_of: str
    second_source: str
    confidence: Confidence
    note: str


@dataclass(frozen=True, slots=True)
class PriceRow:
    """One row: what one `unit` costs in US dollars between `tier_start` and `tier_end` (None: without end), and who says so.

    `as_of` is a date, a month or a year; empty where the source gives none. `valid_from` is the day from which the price counts;
    empty where it is not known since when.
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
    valid_from: str = ""

    @property
    def unit_price(self) -> UnitPrice:
        """The price as a unit price, which refuses quantities in another unit."""
        return UnitPrice(self.sku, self.usd, self.unit)

    @property
    def said(self) -> Source:
        """Who says it: what stands in `sources.csv`."""
        return Source(self.source, self.as_of, self.second_source, self.confidence, self.note)


@dataclass(frozen=True, slots=True)
class Price:
    """The price of one sku: its tiers, from 0 without a gap. `scope` is the region that it counts in, or `global`."""

    sku: str
    unit: str
    tiers: tuple[PriceRow, ...]
    scope: str = EVERYWHERE

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


# --- files --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PriceTable:
    """One file of the book. Its rows are sorted by sku and read when theirs is asked for: a bill asks for few of thousands."""

    file: str
    text: str
    services: Mapping[str, tuple[str, str]]
    sources: Mapping[str, str]

    @property
    def skus(self) -> Mapping[str, None]:
        """Every sku of the table, in its order."""
        return dict.fromkeys(line.partition(",")[0] for line in self.text.splitlines()[1:])

    def rows(self, sku: str) -> tuple[PriceRow, ...]:
        """Every row of a sku, of whatever date. Raises FactError, naming file, line and sku, for one that cannot be used."""
        start = self.text.find(f"\n{sku},") + 1
        if not start:
            return ()
        place = self.text.count("\n", 0, start) + 1
        rows: list[PriceRow] = []
        while self.text.startswith(f"{sku},", start):
            end = self.text.find("\n", start)
            line = self.text[start:] if end < 0 else self.text[start:end]
            rows.append(self._row(line, f"line {place + len(rows)} ({sku or 'no sku'})"))
            start += len(line) + 1
        return tuple(rows)

    def on(self, sku: str, day: str | None) -> tuple[PriceRow, ...]:
        """The tiers that counted on a day; today's where it is None."""
        rows = [row for row in self.rows(sku) if day is None or row.valid_from <= day]
        newest = max((row.valid_from for row in rows), default="")
        tiers = tuple(row for row in rows if row.valid_from == newest)
        before: PriceRow | None = None
        for row in tiers:
            _check_tier(row, before, FactError(self.file, sku, ""))
            before = row
        return tiers

    def allowances(self) -> Iterator[PriceRow]:
        """The free allowances."""
        skus = dict.fromkeys(line.partition(",")[0] for line in self.text.splitlines() if "free_tier" in line)
        yield from (row for sku in skus for row in self.rows(sku) if row.attributes.get("free_tier"))

    def _row(self, line: str, where: str) -> PriceRow:
        def problem(text: str) -> FactError:
            return FactError(self.file, where, text)

        cells = _cells(line, self.file, where)
        if len(cells) != len(COLUMNS):
            raise problem(f"has not {len(COLUMNS)} fields")
        sku, usd, unit, start, end, valid_from, key, extra = (cell.strip() for cell in cells)
        if not sku:
            raise problem("has no sku")
        if not unit and not sku.endswith(".hour"):
            raise problem("has no unit, and its sku does not end in .hour")
        if not _DAY.fullmatch(valid_from):
            raise problem(f"valid_from is {valid_from!r}; it must be a day, or empty")
        if key not in self.sources:
            raise problem(f"its source {key!r} is not in sources.csv" if key else "has no source")
        said = _source(self.sources[key], f"sources.csv, {key}")
        try:
            attributes = json.loads(extra or "{}")
        except ValueError:
            attributes = None
        if not isinstance(attributes, dict):
            raise problem("attributes must be a JSON object")
        if attributes.get("free_tier") and not (attributes.get("applies_to") and end):
            raise problem("a free allowance needs an end and, in its attributes, applies_to")
        return PriceRow(
            _of_service(sku, self.services)[0],
            sku,
            unit or "hour",
            _amount("usd", usd, problem),
            said.source,
            said.as_of,
            said.confidence,
            _amount("from", start, problem) if start else Decimal(0),
            _amount("to", end, problem) if end else None,
            said.second_source,
            said.note,
            attributes,
            valid_from,
        )


def _cells(line: str, file: str, where: str) -> list[str]:
    if '"' not in line:
        return line.split(",")
    try:
        return next(csv.reader([line], strict=True))
    except csv.Error as error:
        raise FactError(file, where, f"is not CSV: {error}") from None


def _amount(name: str, text: str, problem: Any) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise problem(f"{name} is {text!r}, which is not a number") from None
    if not amount.is_finite() or amount < 0:
        raise problem(f"{name} is {text}; it must not be negative or infinite")
    return amount


@cache
def _source(line: str, where: str) -> Source:
    cells = _cells(line, "sources.csv", where)
    if len(cells) != len(SOURCE_COLUMNS):
        raise FactError("sources.csv", where, f"has not {len(SOURCE_COLUMNS)} fields")
    _, source, as_of, second, confidence, note = cells
    if not source.strip():
        raise FactError("sources.csv", where, "has no source")
    if confidence not in CONFIDENCES:
        raise FactError("sources.csv", where, f"confidence is {confidence!r}; it must be high, medium or low")
    if not _AS_OF.fullmatch(as_of):
        raise FactError("sources.csv", where, f"as_of is {as_of!r}; it must be a date, a month, a year or empty")
    return Source(source, as_of, second, confidence, note)


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


def read_table(text: str, file: str, services: Mapping[str, tuple[str, str]], sources: Mapping[str, str]) -> PriceTable:
    """The table in the text of a price file. Raises FactError where its columns are others; its rows are read when asked for."""
    head = text.partition("\n")[0]
    if head != ",".join(COLUMNS):
        raise FactError(file, "line 1", f"the columns must be {', '.join(COLUMNS)}")
    return PriceTable(file, text, services, sources)


def _of_service(sku: str, services: Mapping[str, tuple[str, str]]) -> tuple[str, str]:
    """The service of a sku and its table, by its first two words or its first one."""
    first, _, rest = sku.partition(".")
    named = services.get(f"{first}.{rest.partition('.')[0]}") or services.get(first)
    if named is None:
        raise FactError("services.csv", sku, f"there is no row for {first}; add one with its service and table")
    return named


@cache
def _services(folder: Path) -> Mapping[str, tuple[str, str]]:
    with (folder / "services.csv").open(encoding="utf-8", newline="") as lines:
        return {row["prefix"]: (row["service"], row["table"]) for row in csv.DictReader(lines)}


@cache
def _sources(folder: Path) -> Mapping[str, str]:
    lines = (folder / "sources.csv").read_text(encoding="utf-8").splitlines()[1:]
    return {line.partition(",")[0]: line for line in lines}


@cache
def regions(folder: Path = BOOK) -> Mapping[str, tuple[str, str]]:
    """The regions with prices: what AWS calls each, and the newest date of a price of it."""
    with (folder / "regions.csv").open(encoding="utf-8", newline="") as lines:
        return {row["region"]: (row["name"], row["as_of"]) for row in csv.DictReader(lines)}


@cache
def table(name: str, folder: Path = BOOK) -> PriceTable:
    """The table of a name (`global`, `us-east-1/ec2`); one without rows where there is no such file."""
    path = folder / f"{name}.csv"
    text = path.read_text(encoding="utf-8") if path.is_file() else ",".join(COLUMNS)
    return read_table(text, f"{name}.csv", _services(folder), _sources(folder))


# --- the book -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PriceBook:
    """Every price of one region and those that are the same everywhere, as of a day, with the account's free allowances.

    `as_of` is the newest date of a price; `on` the day asked for, None for the newest there is. `factors` multiplies skus.
    """

    region: str
    as_of: str
    on: str | None = None
    factors: Mapping[str, Decimal] = field(default_factory=dict)
    folder: Path = BOOK

    @property
    def day(self) -> dt.date:
        """The day of a bill under these prices: the one asked for, else that of the newest price of any region."""
        return dt.date.fromisoformat(self.on or max(as_of for _, as_of in regions(self.folder).values()))

    @cached_property
    def prices(self) -> Mapping[str, Price]:
        """The prices by sku; a table is read when one of its skus is asked for."""
        return _Prices(self)

    @property
    def rows(self) -> tuple[PriceRow, ...]:
        """Every row that counts on the day, the free allowances among them; reads the whole book."""
        rows = [row for price in self.prices.values() for row in price.tiers]
        return (*rows, *self.allowances)

    @cached_property
    def allowances(self) -> tuple[PriceRow, ...]:
        """The free allowances: the first `tier_end` units of the skus in `applies_to` are free, once per account."""
        return tuple(table(EVERYWHERE, self.folder).allowances())

    def allowance(self, sku: str) -> PriceRow | None:
        """The free allowance that `sku` draws on, if it has one."""
        return next(
            (row for row in self.allowances if any(fnmatchcase(sku, p) for p in row.attributes["applies_to"])), None
        )

    def of(self, region: str) -> PriceBook:
        """The book of another region, on the same day and under the same factors; it may hold no regional prices."""
        return self if region == self.region else replace(self, region=region, as_of=_as_of(region, self.folder))

    def repriced(self, sku: str, factor: Decimal) -> PriceBook:
        """The same book with every tier of `sku` at `factor` times its price: for what-if questions and for tests."""
        return replace(self, factors={**self.factors, sku: factor * self.factors.get(sku, Decimal(1))})


class _Prices(Mapping[str, Price]):
    """What a book gives for each sku."""

    def __init__(self, book: PriceBook) -> None:
        self._book = book
        self._read: dict[str, Price | None] = {}

    def __getitem__(self, sku: str) -> Price:
        if sku not in self._read:
            self._read[sku] = self._price(sku)
        price = self._read[sku]
        if price is None:
            raise KeyError(sku)
        return price

    def _price(self, sku: str) -> Price | None:
        book = self._book
        services = _services(book.folder)
        if sku.partition(".")[0] not in services and ".".join(sku.split(".")[:2]) not in services:
            return None
        name = _of_service(sku, services)[1]
        for place in (EVERYWHERE,) if name == EVERYWHERE else (f"{book.region}/{name}", EVERYWHERE):
            tiers = table(place, book.folder).on(sku, book.on)
            if tiers and not tiers[0].attributes.get("free_tier"):
                factor = book.factors.get(sku)
                if factor is not None:
                    tiers = tuple(replace(row, usd=row.usd * factor) for row in tiers)
                return Price(sku, tiers[0].unit, tiers, EVERYWHERE if place == EVERYWHERE else book.region)
        return None

    def __iter__(self) -> Iterator[str]:
        book = self._book
        names = sorted({table for _, table in _services(book.folder).values()} - {EVERYWHERE})
        skus = dict.fromkeys(sku for name in names for sku in table(f"{book.region}/{name}", book.folder).skus)
        skus |= table(EVERYWHERE, book.folder).skus
        return (sku for sku in skus if sku in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _as_of(region: str, folder: Path) -> str:
    return regions(folder)[region][1] if region in regions(folder) else ""


@lru_cache(maxsize=32)
def prices(region: str = "us-east-1", as_of: str | None = None, folder: Path = BOOK) -> PriceBook:
    """The price book of `region`, as it is or as it was on the day `as_of`.

    A region of which no price is known has those that are the same everywhere; `regions` says which are known.
    """
    return PriceBook(region, _as_of(region, folder), as_of, folder=folder)


def known_region(region: str) -> str:
    """The name of a region that has prices. Raises FactError, which lists what there is, for another."""
    if region not in regions():
        advice = f"`gameday prices refresh --region {region}` reads them from the AWS Price List"
        raise FactError("prices", region, f"there is no price of it; there are of {', '.join(regions())}, and {advice}")
    return region


# --- writing ------------------------------------------------------------------------------------------------------------


def table_text(rows: Iterable[PriceRow], keys: Mapping[Source, str]) -> str:
    """The text of a price file that holds `rows`, whose sources have `keys`: what `read_table` reads back."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        tiered = row.tier_start != 0 or row.tier_end is not None
        writer.writerow(
            (
                row.sku,
                number(row.usd),
                "" if row.unit == "hour" and row.sku.endswith(".hour") else row.unit,
                number(row.tier_start) if tiered else "",
                "" if row.tier_end is None else number(row.tier_end),
                row.valid_from,
                keys[row.said],
                json.dumps(dict(row.attributes), sort_keys=True) if row.attributes else "",
            )
        )
    return out.getvalue()


def sources_text(keys: Mapping[Source, str]) -> str:
    """The text of `sources.csv` for these sources and their keys."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(SOURCE_COLUMNS)
    writer.writerows((key, *source) for source, key in keys.items())
    return out.getvalue()


def renewed(region: str, rows: Iterable[PriceRow], as_of: str, folder: Path = BOOK) -> dict[str, str]:
    """The files of the book, by name, with what `rows` say of a region from the day `as_of` on.

    A price that stands is left as it is.
    """
    services = _services(folder)
    keys = {_source(line, key): key for key, line in _sources(folder).items()}
    changed: dict[str, dict[str, list[PriceRow]]] = {}
    for row in rows:
        changed.setdefault(_of_service(row.sku, services)[1], {}).setdefault(row.sku, []).append(row)
    files: dict[str, str] = {}
    for name, skus in sorted(changed.items()):
        place = EVERYWHERE if name == EVERYWHERE else f"{region}/{name}"
        old = table(place, folder)
        kept = {sku: list(old.rows(sku)) for sku in old.skus}
        for sku, tiers in skus.items():
            now = [(row.tier_start, row.tier_end, row.usd, row.unit) for row in old.on(sku, None)]
            if now != [(row.tier_start, row.tier_end, row.usd, row.unit) for row in tiers]:
                kept.setdefault(sku, []).extend(replace(row, valid_from=as_of) for row in tiers)
        for row in (row for tiers in kept.values() for row in tiers):
            keys.setdefault(row.said, f"r{len(keys) + 1}")
        files[f"{place}.csv"] = table_text((row for sku in sorted(kept) for row in kept[sku]), keys)
    known = {**regions(folder), region: (regions(folder).get(region, ("",))[0], as_of)}
    files["regions.csv"] = "region,name,as_of\n" + "".join(f"{r},{n},{day}\n" for r, (n, day) in sorted(known.items()))
    files["sources.csv"] = sources_text(keys)
    return files
