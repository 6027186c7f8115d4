"""The bill in the forms of others: Infracost's JSON, for pipelines that read it, and FOCUS, in which clouds report charges."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from analysis.architecture import Architecture
from analysis.cost.estimate import CURRENCY, PLAN, Estimate, LineItem
from analysis.units import HOURS_PER_MONTH, number

INFRACOST_VERSION = "0.2"
"""The version of Infracost's output format: https://www.infracost.io/docs/features/json_output_format/."""

FOCUS_COLUMNS = (
    "BilledCost", "BillingCurrency", "BillingPeriodEnd", "BillingPeriodStart", "ChargeCategory", "ChargeDescription",
    "ChargeFrequency", "ChargePeriodEnd", "ChargePeriodStart", "ConsumedQuantity", "ConsumedUnit", "ContractedCost",
    "ContractedUnitPrice", "EffectiveCost", "InvoiceIssuerName", "ListCost", "ListUnitPrice", "PricingCategory",
    "PricingQuantity", "PricingUnit", "ProviderName", "PublisherName", "RegionId", "ResourceId", "ResourceName",
    "ResourceType", "ServiceCategory", "ServiceName", "SkuId", "SkuPriceId", "SubAccountId", "Tags",
)  # fmt: skip
"""Columns of FOCUS 1.0 that an estimate can fill, or must hold empty: https://focus.finops.org/focus-specification/v1-0/."""

SERVICE_CATEGORIES: Mapping[str, str] = {
    **dict.fromkeys(("EC2", "Fargate", "Lambda", "EKS", "EBS", "Lightsail"), "Compute"),
    **dict.fromkeys(("RDS", "Aurora", "ElastiCache", "DynamoDB", "DocumentDB", "Neptune", "Redshift"), "Databases"),
    **dict.fromkeys(("S3", "EFS", "FSx", "Backup", "ECR"), "Storage"),
    **dict.fromkeys(
        ("VPC", "ELB", "CloudFront", "Route53", "GlobalAccelerator", "DataTransfer", "NetworkFirewall"), "Networking"
    ),
    **dict.fromkeys(("KMS", "SecretsManager", "WAF", "Shield", "ACM", "ACMPCA", "GuardDuty"), "Security"),
    **dict.fromkeys(("CloudWatch", "XRay", "CloudTrail", "Config", "SSM"), "Management and Governance"),
    **dict.fromkeys(("SQS", "SNS", "EventBridge", "APIGateway", "StepFunctions", "MQ"), "Integration"),
    **dict.fromkeys(("Kinesis", "Firehose", "Athena", "Glue", "MSK", "OpenSearch"), "Analytics"),
    **dict.fromkeys(("CodeBuild", "CodePipeline"), "Developer Tools"),
}
"""FOCUS's category of a service; `Other` for one that is not here."""


def infracost_json(bill: Estimate, architecture: Architecture, path: str) -> dict[str, Any]:
    """The bill as `infracost breakdown --format json` prints it, so that its readers and policies work on it.

    `timeGenerated` is the day of the bill: the same stack on the same day gives the same bytes.
    """
    by_address: dict[str, list[LineItem]] = {}
    for item in bill.line_items:
        by_address.setdefault(item.address, []).append(item)
    resources = [_infracost_resource(address, items, architecture) for address, items in sorted(by_address.items())]
    free = Counter(item.type for item in bill.free)
    unpriced = Counter(item.type for item in bill.unpriced if item.address not in by_address)
    summary = {
        "totalDetectedResources": len(by_address) + free.total() + unpriced.total(),
        "totalSupportedResources": len(by_address),
        "totalUnsupportedResources": unpriced.total(),
        "totalUsageBasedResources": sum(any(i.usage_based or i.cost is None for i in v) for v in by_address.values()),
        "totalNoPriceResources": free.total(),
        "unsupportedResourceCounts": dict(sorted(unpriced.items())),
        "noPriceResourceCounts": dict(sorted(free.items())),
    }
    totals = {
        "totalHourlyCost": number(bill.total.usd / HOURS_PER_MONTH),
        "totalMonthlyCost": number(bill.total.usd),
    }
    project = {
        "name": bill.stack,
        "metadata": {"path": path, "type": "terraform_dir"},
        "pastBreakdown": None,
        "breakdown": {"resources": resources, **totals},
        "diff": None,
        "summary": summary,
    }
    return {
        "version": INFRACOST_VERSION,
        "currency": CURRENCY,
        "projects": [project],
        **totals,
        "timeGenerated": f"{bill.day.isoformat()}T00:00:00Z",
        "summary": summary,
    }


def _infracost_resource(address: str, items: list[LineItem], architecture: Architecture) -> dict[str, Any]:
    resource = architecture.by_address.get(address)
    monthly = sum((item.cost for item in items if item.cost is not None), Decimal(0))
    tags = resource.values.get("tags_all") or resource.values.get("tags") if resource else None
    return {
        "name": address,
        "resourceType": items[0].type,
        "tags": {k: v for k, v in tags.items() if isinstance(v, str)} if isinstance(tags, Mapping) else {},
        "metadata": {"filename": resource.defined_at.file, "startLine": resource.defined_at.line} if resource else {},
        "hourlyCost": number(monthly / HOURS_PER_MONTH),
        "monthlyCost": number(monthly),
        "costComponents": [_infracost_component(item) for item in items],
    }


def _infracost_component(item: LineItem) -> dict[str, Any]:
    def shown(value: Decimal | None, divisor: Decimal = Decimal(1)) -> str | None:
        return None if value is None else number(value / divisor)

    return {
        "name": item.component,
        "unit": item.unit,
        "hourlyQuantity": shown(item.quantity, HOURS_PER_MONTH),
        "monthlyQuantity": shown(item.quantity),
        "price": number(item.unit_price),
        "hourlyCost": shown(item.cost, HOURS_PER_MONTH),
        "monthlyCost": shown(item.cost),
        "usageBased": item.usage_based or item.cost is None,
    }


def focus_csv(bill: Estimate) -> str:
    """The bill in FOCUS columns, one row for each line that has a cost; the billing period is the month of the bill's day.

    What only an invoice knows (account, invoice, discounts) is empty; the list price counts as contracted and effective.
    """
    out = io.StringIO()
    writer = csv.DictWriter(out, FOCUS_COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in _focus_rows(bill):
        writer.writerow(row)
    return out.getvalue()


def _focus_rows(bill: Estimate) -> Iterator[dict[str, str]]:
    start = bill.day.replace(day=1)
    end = (start + dt.timedelta(days=31)).replace(day=1)
    period = {"Start": f"{start.isoformat()}T00:00:00Z", "End": f"{end.isoformat()}T00:00:00Z"}
    for item in bill.line_items:
        if item.cost is None or item.quantity is None:
            continue
        issuer = item.service if item.type == PLAN else "AWS"
        cost, price, quantity = number(item.cost), number(item.unit_price), number(item.quantity)
        yield {
            "BilledCost": cost,
            "BillingCurrency": CURRENCY,
            "BillingPeriodStart": period["Start"],
            "BillingPeriodEnd": period["End"],
            "ChargeCategory": "Usage",
            "ChargeDescription": f"{item.address}: {item.component}",
            "ChargeFrequency": "Usage-Based" if item.usage_based else "Recurring",
            "ChargePeriodStart": period["Start"],
            "ChargePeriodEnd": period["End"],
            "ConsumedQuantity": quantity,
            "ConsumedUnit": item.unit,
            "ContractedCost": cost,
            "ContractedUnitPrice": price,
            "EffectiveCost": cost,
            "InvoiceIssuerName": issuer,
            "ListCost": cost,
            "ListUnitPrice": price,
            "PricingCategory": "Standard",
            "PricingQuantity": quantity,
            "PricingUnit": item.unit,
            "ProviderName": issuer,
            "PublisherName": issuer,
            "RegionId": item.region,
            "ResourceId": item.address,
            "ResourceName": item.address.rpartition(".")[2],
            "ResourceType": item.type,
            "ServiceCategory": SERVICE_CATEGORIES.get(item.service, "Other"),
            "ServiceName": item.service,
            "SkuId": item.sku,
            "SkuPriceId": item.sku,
            "SubAccountId": "",
            "Tags": "",
        }
