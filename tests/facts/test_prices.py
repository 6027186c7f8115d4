"""The price book: every row has a source, tiers leave no gap, and a row that cannot be used is named."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.facts import FactError, prices
from analysis.facts.prices import COLUMNS, csv_text, file_name, read_prices

HEAD = ",".join(COLUMNS)
GOOD = "ELB,alb.hour,{},hour,0.0225,,,AWS price list,2026-09-11,high,,"


def book(*rows):
    return read_prices("\n".join((HEAD, *rows)), "prices.csv", "us-east-1", "2026-10-08")


def tier(start, end, usd="1", unit="GB"):
    return f"S,a.gb,{{}},{unit},{usd},{start},{end},a source,2026,high,,"


def test_the_newest_file_of_a_region_is_taken():
    newest = prices("us-east-1")
    assert newest.region == "us-east-1"
    assert newest.file == file_name("us-east-1", newest.as_of)
    assert newest.prices["alb.hour"].tiers[0].usd == Decimal("0.0225")
    assert prices("us-east-1", as_of="2099-01-01") == newest


def test_a_region_or_date_without_a_file_says_what_there_is_and_how_to_get_one():
    with pytest.raises(FactError, match=r"mars-north-1.*us-east-1.*gameday prices refresh --region mars-north-1"):
        prices("mars-north-1")
    with pytest.raises(FactError, match="no price file as of 2001-01-01; the oldest prices of us-east-1 are of"):
        prices("us-east-1", as_of="2001-01-01")


def test_every_row_has_a_source_and_most_of_them_are_sure():
    rows = prices().rows
    assert all(row.source and row.unit for row in rows)
    low = [row for row in rows if row.confidence == "low"]
    assert len(low) < len(rows) / 50


def test_the_committed_file_is_what_the_writer_writes():
    assert read_prices(csv_text(prices().rows), "again", "us-east-1", "2026-10-08").rows == prices().rows


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (GOOD.replace("AWS price list", ""), r"prices.csv: line 2 \(alb.hour\): has no source"),
        (GOOD.replace("0.0225", "cheap"), "price_usd is 'cheap', which is not a number"),
        (GOOD.replace("0.0225", "-1"), "must not be negative"),
        (GOOD.replace("high", "certain"), "must be high, medium or low"),
        (GOOD.replace("2026-09-11", "yesterday"), "as_of is 'yesterday'"),
        (GOOD.replace("{}", "[]"), "attributes must be a JSON object"),
        (GOOD.replace("{}", '"{""free_tier"": true}"'), "applies_to"),
        (GOOD.removesuffix(","), "has not 12 fields"),
        (GOOD.replace("alb.hour", ""), r"\(no sku\): has no sku"),
    ],
)
def test_a_row_that_cannot_be_used_is_named_with_its_line(row, sentence):
    with pytest.raises(FactError, match=sentence):
        book(row)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ((tier("5", ""),), "the first tier begins at 5, not at 0"),
        ((tier("0", "10"), tier("20", "")), "begins at 20, but the one before it ends at 10"),
        ((tier("0", ""), tier("20", "")), "ends at no bound"),
        ((tier("0", "10"), tier("10", "", unit="TB")), "is per TB, but the tier before it is per GB"),
        ((tier("0", "0"),), "ends at 0, before it begins"),
    ],
)
def test_tiers_must_join(rows, sentence):
    with pytest.raises(FactError, match=sentence):
        book(*rows)


def test_a_file_with_other_columns_or_without_rows_is_refused():
    with pytest.raises(FactError, match="the columns must be"):
        read_prices("sku,price\n", "prices.csv", "us-east-1", "")
    with pytest.raises(FactError, match="has no price"):
        book()


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
