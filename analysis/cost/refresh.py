"""Asks the AWS Price List for today's prices and turns its products into rows of the price book.

The Price List names what it sells by `usagetype`, with a prefix for the region in most services: `USE1-NatGateway-Hours`.
`PRODUCTS` says which of them are the price book's skus, and in which unit AWS counts one of ours.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from analysis.facts.prices import PriceRow

if TYPE_CHECKING:
    from mypy_boto3_pricing import PricingClient
    from mypy_boto3_pricing.type_defs import FilterTypeDef

API = "https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-price-list-query-api.html"
"""The AWS Price List Query API, which the rows name as their source."""

_PREFIX = r"(?:[A-Z]{2,4}\d?-|[a-z]{2}-[a-z]+-\d-)?"


class RefreshError(Exception):
    """Prices could not be had; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Product:
    """A product of the Price List and the sku it is here.

    `sku` may hold attributes of the product in braces: `ec2.linux.{instanceType}.hour`. `usage_type` is a pattern of the
    usage type without the region's prefix. One of our `unit` is `per` of AWS's, so AWS's price is multiplied by it.
    """

    service: str
    service_code: str
    sku: str
    unit: str
    usage_type: str = ".*"
    per: int = 1
    filters: Mapping[str, str] = field(default_factory=dict)

    def matches(self, attributes: Mapping[str, str]) -> bool:
        """Whether a product of the list, by its attributes, is this one."""
        return re.fullmatch(_PREFIX + self.usage_type, attributes.get("usagetype", "")) is not None and all(
            attributes.get(name) == value for name, value in self.filters.items()
        )

    def name(self, attributes: Mapping[str, str]) -> str:
        """Our sku for a product, its instance classes without `db.` and `cache.`."""
        values = {name: re.sub(r"^(db|cache)\.", "", value) for name, value in attributes.items()}
        return self.sku.format_map(values)


def _simple(service: str, code: str, rows: Sequence[tuple[str, str, str, int]]) -> tuple[Product, ...]:
    return tuple(Product(service, code, sku, unit, re.escape(usage), per) for usage, sku, unit, per in rows)


def _databases() -> Iterator[Product]:
    for engine, name in (("MySQL", "mysql"), ("PostgreSQL", "postgresql")):
        for deployment, zones, usage in (
            ("Single-AZ", "single_az", "InstanceUsage"),
            ("Multi-AZ", "multi_az", "Multi-AZUsage"),
        ):
            yield Product(
                "RDS",
                "AmazonRDS",
                f"rds.{name}.{{instanceType}}.{zones}.hour",
                "hour",
                rf"{usage}:db\..*",
                filters={
                    "databaseEngine": engine,
                    "deploymentOption": deployment,
                    "licenseModel": "No license required",
                },
            )
    for engine, name in (("Redis", "redis"), ("Valkey", "valkey")):
        yield Product(
            "ElastiCache",
            "AmazonElastiCache",
            f"elasticache.{name}.{{instanceType}}.hour",
            "hour",
            r"NodeUsage:cache\..*",
            filters={"cacheEngine": engine},
        )


PRODUCTS: tuple[Product, ...] = (
    Product(
        "EC2",
        "AmazonEC2",
        "ec2.linux.{instanceType}.hour",
        "hour",
        r"BoxUsage:.*",
        filters={"operatingSystem": "Linux", "tenancy": "Shared", "preInstalledSw": "NA", "capacitystatus": "Used"},
    ),
    *_databases(),
    *_simple(
        "Fargate",
        "AmazonECS",
        (
            ("Fargate-vCPU-Hours:perCPU", "fargate.linux.x86.vcpu_hour", "vCPU-hour", 1),
            ("Fargate-GB-Hours", "fargate.linux.x86.gb_hour", "GB-hour", 1),
            ("Fargate-ARM-vCPU-Hours:perCPU", "fargate.linux.arm64.vcpu_hour", "vCPU-hour", 1),
            ("Fargate-ARM-GB-Hours", "fargate.linux.arm64.gb_hour", "GB-hour", 1),
            ("Fargate-EphemeralStorage-GB-Hours", "fargate.ephemeral_storage.gb_hour", "GB-hour", 1),
        ),
    ),
    *_simple(
        "ELB",
        "AWSELB",
        (
            ("LCUUsage", "alb.lcu_hour", "LCU-hour", 1),
            ("NLCUUsage", "nlb.nlcu_hour", "NLCU-hour", 1),
        ),
    ),
    Product(
        "ELB", "AWSELB", "alb.hour", "hour", "LoadBalancerUsage", filters={"operation": "LoadBalancing:Application"}
    ),
    Product("ELB", "AWSELB", "nlb.hour", "hour", "LoadBalancerUsage", filters={"operation": "LoadBalancing:Network"}),
    *_simple(
        "VPC",
        "AmazonVPC",
        (
            ("VpcEndpoint-Hours", "vpc_endpoint.interface.hour", "hour", 1),
            ("VpcEndpoint-Bytes", "vpc_endpoint.interface.gb", "GB", 1),
            ("PublicIPv4:InUseAddress", "public_ipv4.in_use.hour", "hour", 1),
            ("PublicIPv4:IdleAddress", "public_ipv4.idle.hour", "hour", 1),
        ),
    ),
    *_simple(
        "VPC",
        "AmazonEC2",
        (("NatGateway-Hours", "nat_gateway.hour", "hour", 1), ("NatGateway-Bytes", "nat_gateway.gb", "GB", 1)),
    ),
    *_simple(
        "EBS",
        "AmazonEC2",
        (
            ("EBS:VolumeUsage.gp2", "ebs.gp2.gb_month", "GB-month", 1),
            ("EBS:VolumeUsage.gp3", "ebs.gp3.gb_month", "GB-month", 1),
            ("EBS:VolumeP-IOPS.gp3", "ebs.gp3.iops_month", "IOPS-month", 1),
            ("EBS:SnapshotUsage", "ebs.snapshot.gb_month", "GB-month", 1),
        ),
    ),
    *_simple(
        "RDS",
        "AmazonRDS",
        (
            ("RDS:GP2-Storage", "rds.storage.gp2.single_az.gb_month", "GB-month", 1),
            ("RDS:Multi-AZ-GP2-Storage", "rds.storage.gp2.multi_az.gb_month", "GB-month", 1),
            ("RDS:GP3-Storage", "rds.storage.gp3.single_az.gb_month", "GB-month", 1),
            ("RDS:Multi-AZ-GP3-Storage", "rds.storage.gp3.multi_az.gb_month", "GB-month", 1),
            ("RDS:ChargedBackupUsage", "rds.backup_storage.gb_month", "GB-month", 1),
        ),
    ),
    *_simple(
        "S3",
        "AmazonS3",
        (
            ("TimedStorage-ByteHrs", "s3.standard.gb_month", "GB-month", 1),
            ("Requests-Tier1", "s3.standard.put.1k", "1k PUT/COPY/POST/LIST", 1000),
            ("Requests-Tier2", "s3.standard.get.1k", "1k GET/SELECT/other", 1000),
            ("TimedStorage-SIA-ByteHrs", "s3.ia.gb_month", "GB-month", 1),
            ("TimedStorage-GlacierByteHrs", "s3.glacier_flexible.gb_month", "GB-month", 1),
        ),
    ),
    *_simple("ECR", "AmazonECR", (("TimedStorage-ByteHrs", "ecr.storage.gb_month", "GB-month", 1),)),
    *_simple(
        "SecretsManager",
        "AWSSecretsManager",
        (
            ("AWSSecretsManager-Secrets", "secretsmanager.secret.month", "secret-month", 1),
            ("AWSSecretsManagerAPIRequest", "secretsmanager.api.10k", "10k API calls", 10**4),
        ),
    ),
    *_simple(
        "KMS",
        "awskms",
        (("KMS-Keys", "kms.key.month", "key-month", 1), ("KMS-Requests", "kms.requests.10k", "10k requests", 10**4)),
    ),
    *_simple(
        "CloudWatch",
        "AmazonCloudWatch",
        (
            ("CW:MetricMonitorUsage", "cloudwatch.metric.month", "metric-month", 1),
            ("CW:AlarmMonitorUsage", "cloudwatch.alarm.standard.month", "alarm metric-month", 1),
            ("CW:HighResAlarmMonitorUsage", "cloudwatch.alarm.high_resolution.month", "alarm metric-month", 1),
            ("CW:CompositeAlarmMonitorUsage", "cloudwatch.alarm.composite.month", "alarm-month", 1),
            ("DashboardsUsageHour", "cloudwatch.dashboard.month", "dashboard-month", 1),
            ("DataProcessing-Bytes", "cloudwatch.logs.ingest.gb", "GB", 1),
            ("TimedStorage-ByteHrs", "cloudwatch.logs.storage.gb_month", "GB-month", 1),
            ("CW:Canary-runs", "cloudwatch.synthetics.canary_run", "run", 1),
        ),
    ),
    *_simple(
        "Lambda",
        "AWSLambda",
        (
            ("Request", "lambda.requests.million", "1M requests", 10**6),
            ("Lambda-GB-Second", "lambda.duration.x86.gb_second", "GB-second", 1),
            ("Lambda-GB-Second-ARM", "lambda.duration.arm64.gb_second", "GB-second", 1),
        ),
    ),
    *_simple("EKS", "AmazonEKS", (("AmazonEKS-Hours:perCluster", "eks.control_plane.hour", "hour", 1),)),
)
"""What is asked for. A sku that is not here keeps the row it had, with its own date."""


def refreshed(
    region: str, client: PricingClient, as_of: str, products: Sequence[Product] = PRODUCTS
) -> tuple[PriceRow, ...]:
    """What the Price List says of `region` on the date `as_of`, as rows of the price book.

    `client` is boto3's `pricing` client (of us-east-1: the API answers in few regions, for all of them). Raises RefreshError
    without credentials or network, and where an answer is not what the API documents.
    """
    rows: dict[str, list[PriceRow]] = {}
    for code, wanted in _by_service(products).items():
        for filters, group in wanted:
            for item in _answers(client, code, region, filters):
                _take(item, group, as_of, rows)
    if not rows:
        raise RefreshError(f"the Price List has no product for region {region}; check its name")
    return tuple(row for sku in sorted(rows) for row in rows[sku])


def _by_service(products: Sequence[Product]) -> Mapping[str, list[tuple[Mapping[str, str], list[Product]]]]:
    """The products to ask for in one go: those of one service with the same filters."""
    asked: dict[str, list[tuple[Mapping[str, str], list[Product]]]] = {}
    for product in products:
        groups = asked.setdefault(product.service_code, [])
        group = next((members for filters, members in groups if filters == product.filters), None)
        if group is None:
            groups.append((product.filters, [product]))
        else:
            group.append(product)
    return asked


def _answers(client: PricingClient, code: str, region: str, filters: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    terms: list[FilterTypeDef] = [
        {"Type": "TERM_MATCH", "Field": name, "Value": value}
        for name, value in (("regionCode", region), *filters.items())
    ]
    try:
        for page in client.get_paginator("get_products").paginate(
            ServiceCode=code, Filters=terms, FormatVersion="aws_v1"
        ):
            for text in page["PriceList"]:
                yield json.loads(text)
    except ClientError as error:
        problem = error.response.get("Error", {})
        raise RefreshError(
            f"the Price List refused to answer for {code}: {problem.get('Code')}: {problem.get('Message')}; "
            "the credentials need pricing:GetProducts"
        ) from None
    except BotoCoreError as error:
        raise RefreshError(
            f"the Price List cannot be asked: {error}; it needs the network and AWS credentials that allow pricing:GetProducts"
        ) from None
    except ValueError:
        raise RefreshError(f"the Price List's answer for {code} is not JSON") from None


def _take(item: Mapping[str, Any], products: Sequence[Product], as_of: str, rows: dict[str, list[PriceRow]]) -> None:
    """Add the rows of one answered product, if it is one of `products` and not a duplicate of one already taken."""
    attributes = item.get("product", {}).get("attributes", {})
    product = next((p for p in products if p.matches(attributes)), None)
    if product is None:
        return
    sku = product.name(attributes)
    tiers = [
        _row(product, sku, item, dimension, as_of)
        for term in item.get("terms", {}).get("OnDemand", {}).values()
        for dimension in term.get("priceDimensions", {}).values()
    ]
    priced = [row for row in sorted(tiers, key=lambda row: row.tier_start) if row.usd > 0 or len(tiers) > 1]
    if priced and sku not in rows:
        rows[sku] = priced


def _row(product: Product, sku: str, item: Mapping[str, Any], dimension: Mapping[str, Any], as_of: str) -> PriceRow:
    attributes = item["product"]["attributes"]
    try:
        usd = Decimal(dimension["pricePerUnit"]["USD"]) * product.per
        start = Decimal(dimension.get("beginRange", "0")) / product.per
        end = dimension.get("endRange", "Inf")
        tier_end = None if end == "Inf" else Decimal(end) / product.per
    except (KeyError, InvalidOperation):
        raise RefreshError(
            f"the Price List's answer for {attributes.get('usagetype')} has no price in US dollars"
        ) from None
    source = f"{API} ({product.service_code}, published {item.get('publicationDate', '')[:10]})"
    return PriceRow(product.service, sku, product.unit, usd.normalize(), source, as_of, "high", start, tier_end)
