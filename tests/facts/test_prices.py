"""The price book: every row has a source, tiers leave no gap, and a row that cannot be used is named."""

import sys
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.facts import FactError, prices
from analysis.facts.prices import (
    BOOK,
    COLUMNS,
    SOURCE_COLUMNS,
    PriceRow,
    known_region,
    read_table,
    regions,
    renewed,
    table,
    table_text,
)

HEAD = ",".join(COLUMNS)
SOURCES = {
    "a": "a,AWS price list,2026-09-11,,high,",
    "vague": "vague,AWS price list,2026-09-11,,certain,",
    "undated": "undated,AWS price list,yesterday,,high,",
    "silent": "silent,,2026-09-11,,high,",
}
SERVICES = {"alb": ("ELB", "services"), "a": ("S", "services")}
GOOD = "alb.hour,0.0225,,,,,a,"


def rows(*lines, sku="alb.hour", day=None):
    return read_table("\n".join((HEAD, *lines)), "prices.csv", SERVICES, SOURCES).on(sku, day)


def tier(start, end, usd="1", unit="GB"):
    return f"a.gb,{usd},{unit},{start},{end},,a,"


def test_a_price_says_what_it_costs_who_says_so_and_how_sure_that_is():
    (row,) = rows(GOOD)
    assert (row.service, row.sku, row.unit, row.usd) == ("ELB", "alb.hour", "hour", Decimal("0.0225"))
    assert (row.source, row.as_of, row.confidence) == ("AWS price list", "2026-09-11", "high")


def test_a_later_price_counts_from_its_day_on():
    lines = (GOOD, "alb.hour,0.03,,,,2026-06-01,a,")
    assert [rows(*lines, day=day)[0].usd for day in ("2026-05-31", "2026-06-01", None)] == [
        Decimal("0.0225"),
        Decimal("0.03"),
        Decimal("0.03"),
    ]


def test_a_region_without_prices_has_those_that_are_the_same_everywhere():
    book = prices("mars-north-1").prices
    assert "alb.hour" not in book
    assert book["route53.hosted_zone.month"] == prices().prices["route53.hosted_zone.month"]
    with pytest.raises(FactError, match=r"mars-north-1.*us-east-1.*gameday prices refresh --region mars-north-1"):
        known_region("mars-north-1")


def test_sixteen_regions_have_prices_and_each_table_can_be_read_whole():
    assert len(regions()) == 16
    for region, (name, as_of) in regions().items():
        found = prices(region).rows
        assert name, region
        assert as_of > "2025", region
        assert len(found) > 1000, region
        assert all(row.source and row.unit for row in found), region


def test_every_table_is_sorted_by_sku_is_what_the_writer_writes_and_has_no_sku_twice():
    for path in BOOK.glob("*/*.csv"):
        text = path.read_text(encoding="utf-8")
        found = table(f"{path.parent.name}/{path.stem}")
        assert list(found.skus) == sorted(found.skus), path
        read = [row for sku in found.skus for row in found.rows(sku)]
        keys = {
            row.said: line.split(",")[-2]
            for row, line in zip(read, text.splitlines()[1:], strict=True)
            if '"' not in line
        }
        assert len(read) == text.count("\n") - 1, path
        plain = [row for row in read if not row.attributes]
        written = table_text(plain, keys).splitlines()[1:]
        assert written == [line for line in text.splitlines()[1:] if '"' not in line], path


def test_every_source_has_the_columns_and_is_used():
    lines = (BOOK / "sources.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == ",".join(SOURCE_COLUMNS)
    texts = [path.read_text(encoding="utf-8") for path in (*BOOK.glob("*/*.csv"), BOOK / "global.csv")]
    used = {line.split(',"{')[0].rstrip(",").rpartition(",")[2] for text in texts for line in text.splitlines()[1:]}
    assert {line.partition(",")[0] for line in lines[1:]} == used


def test_only_the_tables_that_a_bill_asks_for_are_read(monkeypatch):
    asked = []

    def remembered(name, folder):
        asked.append(name)
        return table(name, folder)

    monkeypatch.setattr(sys.modules["analysis.facts.prices"], "table", remembered)
    book = prices.__wrapped__("eu-west-1").prices
    assert book["alb.hour"].tiers[0].usd > 0
    assert asked == ["eu-west-1/services"]


def test_most_prices_of_the_region_of_our_stacks_are_sure():
    found = prices().rows
    assert sum(row.confidence == "low" for row in found) < len(found) / 10


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (GOOD.replace(",a,", ",,"), r"prices.csv: line 2 \(alb.hour\): has no source"),
        (GOOD.replace(",a,", ",b,"), "its source 'b' is not in sources.csv"),
        (GOOD.replace(",a,", ",vague,"), "must be high, medium or low"),
        (GOOD.replace(",a,", ",undated,"), "as_of is 'yesterday'"),
        (GOOD.replace(",a,", ",silent,"), "has no source"),
        (GOOD.replace("0.0225", "cheap"), "usd is 'cheap', which is not a number"),
        (GOOD.replace("0.0225", "-1"), "must not be negative"),
        (GOOD.replace(",,a,", ",soon,a,"), "valid_from is 'soon'"),
        (f"{GOOD}[]", "attributes must be a JSON object"),
        (f'{GOOD}"{{""free_tier"": true}}"', "applies_to"),
        (GOOD.removesuffix(","), "has not 8 fields"),
    ],
)
def test_a_row_that_cannot_be_used_is_named_with_its_line(line, sentence):
    with pytest.raises(FactError, match=sentence):
        rows(line)


def test_what_is_not_sold_by_the_hour_names_its_unit():
    with pytest.raises(FactError, match="has no unit"):
        rows("a.gb,1,,,,,a,", sku="a.gb")


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ((tier("5", ""),), "the first tier begins at 5, not at 0"),
        ((tier("0", "10"), tier("20", "")), "begins at 20, but the one before it ends at 10"),
        ((tier("0", ""), tier("20", "")), "ends at no bound"),
        ((tier("0", "10"), tier("10", "", unit="TB")), "is per TB, but the tier before it is per GB"),
        ((tier("0", "0"),), "ends at 0, before it begins"),
    ],
)
def test_tiers_must_join(lines, sentence):
    with pytest.raises(FactError, match=sentence):
        rows(*lines, sku="a.gb")


def test_a_file_with_other_columns_is_refused():
    with pytest.raises(FactError, match="the columns must be"):
        read_table("sku,price\n", "prices.csv", SERVICES, SOURCES)


def test_a_price_that_changed_is_added_with_its_day_and_one_that_stands_is_left():
    said = ("AWS Price List", "2026-12-01", "high")
    stands = prices().prices["alb.hour"].tiers[0].usd
    texts = renewed(
        "us-east-1",
        [
            PriceRow("ELB", "alb.hour", "hour", stands, *said),
            PriceRow("ELB", "nlb.hour", "hour", Decimal("0.05"), *said),
            PriceRow("ELB", "alb.new.hour", "hour", Decimal(1), *said),
        ],
        "2026-12-01",
    )
    assert set(texts) == {"us-east-1/services.csv", "regions.csv", "sources.csv"}
    lines = texts["us-east-1/services.csv"].splitlines()
    assert [line.split(",")[:6] for line in lines if line.startswith(("alb.hour", "nlb.hour", "alb.new"))] == [
        ["alb.hour", "0.0225", "", "", "", ""],
        ["alb.new.hour", "1", "", "", "", "2026-12-01"],
        ["nlb.hour", "0.0225", "", "", "", ""],
        ["nlb.hour", "0.05", "", "", "", "2026-12-01"],
    ]
    assert texts["sources.csv"].count("AWS Price List,2026-12-01") == 1
    assert "us-east-1,N. Virginia,2026-12-01" in texts["regions.csv"]


def piecewise(price, amount):
    """The same integral written the slow way: one unit of price per step between all tier bounds."""
    bounds = [t.tier_start for t in price.tiers] + [None]
    total = Decimal(0)
    for row, end in zip(price.tiers, bounds[1:], strict=True):
        top = amount if end is None else min(amount, end)
        total += max(Decimal(0), top - row.tier_start) * row.usd
    return total


TIERED = sorted(sku for sku, price in prices().prices.items() if len(price.tiers) > 1)


@given(st.sampled_from(TIERED), st.decimals(min_value=0, max_value=10**9, places=3))
def test_tiers_sum_to_the_piecewise_integral(sku, amount):
    price = prices().prices[sku]
    assert price.cost(amount) == piecewise(price, amount)


@given(st.sampled_from(TIERED), *[st.decimals(min_value=0, max_value=10**7, places=2)] * 2)
def test_what_is_bought_in_two_steps_costs_the_same_as_in_one(sku, first, second):
    price = prices().prices[sku]
    parts = price.parts(Decimal(0), first) + price.parts(first, second)
    assert sum((row.usd * share for row, share in parts), Decimal(0)) == price.cost(first + second)


def test_an_allowance_is_shared_by_the_skus_it_names():
    assert prices().allowance("cloudfront.out.us_mx_ca.gb") is prices().allowance("cloudfront.out.japan.gb")
    assert prices().allowance("cloudfront.out.us_mx_ca.gb").tier_end == 1024
    assert prices().allowance("nat_gateway.gb") is None
