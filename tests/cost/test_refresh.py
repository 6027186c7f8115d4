"""New prices come from the AWS Price List; its answers here are recorded in the form its API documents."""

import json
import shutil
from decimal import Decimal

import boto3
import pytest
from botocore.exceptions import NoCredentialsError
from botocore.stub import Stubber

from analysis.cost.refresh import PRODUCTS, RefreshError, refreshed
from analysis.facts import prices
from analysis.facts.prices import BOOK, renewed


def product(usage_type, *tiers, unit="Hrs", code="AmazonEC2", **attributes):
    """One product of the list; a tier is (begin, end, price per unit)."""
    dimensions = {
        f"SKU.JRTCKXETXF.{n}": {
            "unit": unit,
            "beginRange": begin,
            "endRange": end,
            "pricePerUnit": {"USD": usd},
            "description": "",
        }
        for n, (begin, end, usd) in enumerate(tiers)
    }
    return json.dumps(
        {
            "product": {
                "productFamily": "x",
                "attributes": {"usagetype": usage_type, "regionCode": "eu-west-1", **attributes},
                "sku": "SKU",
            },
            "serviceCode": code,
            "terms": {
                "OnDemand": {"SKU.JRTCKXETXF": {"priceDimensions": dimensions, "effectiveDate": "2026-10-01T00:00:00Z"}}
            },
            "version": "20261001000000",
            "publicationDate": "2026-10-01T21:14:01Z",
        }
    )


def asked(code, region, **filters):
    terms = [
        {"Type": "TERM_MATCH", "Field": name, "Value": value}
        for name, value in {"regionCode": region, **filters}.items()
    ]
    return {"ServiceCode": code, "Filters": terms, "FormatVersion": "aws_v1"}


@pytest.fixture(name="client")
def client_without_network():
    return boto3.client("pricing", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")


def of(*skus):
    return [p for p in PRODUCTS if p.sku in skus]


def test_a_price_per_request_becomes_one_per_million_and_tiers_scale_with_it(client):
    tiers = ("0", "1000000000", "0.0000005"), ("1000000000", "Inf", "0.0000004")
    with Stubber(client) as stub:
        stub.add_response(
            "get_products", {"PriceList": [product("EU-Request", *tiers)]}, asked("AWSLambda", "eu-west-1")
        )
        rows = refreshed("eu-west-1", client, "2026-10-02", products=of("lambda.requests.million"))
    assert [(r.usd, r.tier_start, r.tier_end) for r in rows] == [
        (Decimal("0.5"), 0, 1000),
        (Decimal("0.4"), 1000, None),
    ]
    assert {(r.sku, r.unit, r.as_of, r.confidence) for r in rows} == {
        ("lambda.requests.million", "1M requests", "2026-10-02", "high")
    }
    assert "published 2026-10-01" in rows[0].source


def test_instances_take_their_name_from_the_product_and_pages_are_followed(client):
    products = of("rds.mysql.{instanceType}.multi_az.hour")
    filters = {"databaseEngine": "MySQL", "deploymentOption": "Multi-AZ", "licenseModel": "No license required"}
    first = product(
        "EU-Multi-AZUsage:db.t4g.large", ("0", "Inf", "0.282"), instanceType="db.t4g.large", vcpu="2", **filters
    )
    other = product(
        "EU-Multi-AZUsage:db.m7g.large", ("0", "Inf", "0.370"), instanceType="db.m7g.large", vcpu="2", **filters
    )
    with Stubber(client) as stub:
        query = asked("AmazonRDS", "eu-west-1", **filters)
        stub.add_response("get_products", {"PriceList": [first], "NextToken": "more"}, query)
        stub.add_response("get_products", {"PriceList": [other]}, {**query, "NextToken": "more"})
        rows = refreshed("eu-west-1", client, "2026-10-02", products=products)
    assert {r.sku: r.usd for r in rows} == {
        "rds.mysql.m7g.large.multi_az.hour": Decimal("0.37"),
        "rds.mysql.t4g.large.multi_az.hour": Decimal("0.282"),
    }


def test_spot_and_other_products_of_a_service_are_not_taken_for_ours(client):
    ours = product("EU-Fargate-GB-Hours", ("0", "Inf", "0.004445"))
    spot = product("EU-SpotUsage-Fargate-GB-Hours", ("0", "Inf", "0.0013"))
    with Stubber(client) as stub:
        stub.add_response("get_products", {"PriceList": [spot, ours]}, asked("AmazonECS", "eu-west-1"))
        (row,) = refreshed("eu-west-1", client, "2026-10-02", products=of("fargate.linux.x86.gb_hour"))
    assert row.usd == Decimal("0.004445")


def test_what_is_not_asked_for_stays_and_the_book_can_be_read_back(client, tmp_path):
    with Stubber(client) as stub:
        answer = product("NatGateway-Hours", ("0", "Inf", "0.0500000000"))
        stub.add_response("get_products", {"PriceList": [answer]}, asked("AmazonEC2", "us-east-1"))
        rows = refreshed("us-east-1", client, "2026-11-01", of("nat_gateway.hour"))
    book = shutil.copytree(BOOK, tmp_path / "book")
    for name, text in renewed("us-east-1", rows, "2026-11-01").items():
        (book / name).write_text(text, encoding="utf-8")
    new = prices("us-east-1", folder=book)
    assert new.prices["nat_gateway.hour"].tiers[0].usd == Decimal("0.05")
    assert prices("us-east-1", "2026-10-31", folder=book).prices["nat_gateway.hour"].tiers[0].usd == Decimal("0.045")
    assert new.prices["nat_gateway.gb"] == prices().prices["nat_gateway.gb"]
    assert set(new.prices) == set(prices().prices)


def test_a_refusal_is_a_sentence(client):
    with Stubber(client) as stub:
        stub.add_client_error("get_products", "AccessDeniedException", "User is not authorized")
        with pytest.raises(
            RefreshError, match=r"AccessDeniedException: User is not authorized; .* pricing:GetProducts"
        ):
            refreshed("us-east-1", client, "2026-11-01")


def test_missing_credentials_are_a_sentence():
    class Client:
        @staticmethod
        def get_paginator(_):
            raise NoCredentialsError

    with pytest.raises(RefreshError, match="Unable to locate credentials; it needs the network and AWS credentials"):
        refreshed("us-east-1", Client(), "2026-11-01")


def test_an_unknown_region_and_a_price_in_another_currency_are_refused(client):
    with Stubber(client) as stub:
        stub.add_response("get_products", {"PriceList": []}, asked("AmazonECR", "mars-1"))
        with pytest.raises(RefreshError, match="no product for region mars-1"):
            refreshed("mars-1", client, "2026-11-01", products=of("ecr.storage.gb_month"))
    yuan = product("TimedStorage-ByteHrs", ("0", "Inf", "0.1")).replace("USD", "CNY")
    with Stubber(client) as stub:
        stub.add_response("get_products", {"PriceList": [yuan]}, asked("AmazonECR", "cn-north-1"))
        with pytest.raises(RefreshError, match="no price in US dollars"):
            refreshed("cn-north-1", client, "2026-11-01", products=of("ecr.storage.gb_month"))


def test_every_product_asked_for_is_a_sku_of_the_price_book_in_the_same_unit(book):
    for wanted in PRODUCTS:
        pattern = wanted.sku.split("{", maxsplit=1)[0]
        units = {
            price.unit
            for sku, price in book.prices.items()
            if sku == wanted.sku or ("{" in wanted.sku and sku.startswith(pattern))
        }
        assert wanted.unit in units, wanted.sku
