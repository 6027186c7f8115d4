"""The bill as other tools read it: Infracost's JSON and FOCUS."""

import csv
import io
from decimal import Decimal

from cost_makers import made, stack, used

from analysis.architecture import Unknown
from analysis.cost import estimate, focus_csv, infracost_json
from analysis.cost.formats import FOCUS_COLUMNS
from analysis.facts import prices

SERVICE = made("aws_nat_gateway.n", connectivity_type="private", tags={"team": "web", "id": Unknown("x.y.z")})
STACK = stack(SERVICE, made("aws_sqs_queue.q"), made("aws_vpc.v"), made("aws_odd.o"))
BOOK = prices("us-east-1", "2026-11-29")


def bill(**use):
    return estimate(STACK, BOOK, used("aws_nat_gateway.n", **use) if use else None)


def test_infracost_readers_find_resources_components_totals_and_the_summary():
    found = infracost_json(bill(), STACK, "infra")
    assert (found["version"], found["currency"], found["totalMonthlyCost"]) == ("0.2", "USD", "32.85")
    assert found["timeGenerated"] == "2026-11-29T00:00:00Z"
    (project,) = found["projects"]
    assert project["metadata"]["path"] == "infra"
    gateway, queue = project["breakdown"]["resources"]
    assert (gateway["name"], gateway["resourceType"], gateway["monthlyCost"]) == (
        "aws_nat_gateway.n",
        "aws_nat_gateway",
        "32.85",
    )
    assert gateway["tags"] == {"team": "web"}
    hourly, data = gateway["costComponents"]
    assert (hourly["monthlyQuantity"], hourly["hourlyQuantity"], hourly["price"]) == ("730", "1", "0.045")
    assert (data["monthlyQuantity"], data["monthlyCost"], data["usageBased"]) == (None, None, True)
    assert queue["monthlyCost"] == "0"
    assert project["summary"] == {
        "totalDetectedResources": 4,
        "totalSupportedResources": 2,
        "totalUnsupportedResources": 1,
        "totalUsageBasedResources": 2,
        "totalNoPriceResources": 1,
        "unsupportedResourceCounts": {"aws_odd": 1},
        "noPriceResourceCounts": {"aws_vpc": 1},
    }


def test_the_costs_of_the_resources_sum_to_the_total():
    found = infracost_json(bill(monthly_data_processed_gb=100), STACK, "infra")
    resources = found["projects"][0]["breakdown"]["resources"]
    assert sum(Decimal(r["monthlyCost"]) for r in resources) == Decimal(found["totalMonthlyCost"]) == Decimal("37.35")


def test_focus_has_its_columns_and_a_row_for_each_line_with_a_cost():
    cost = bill(monthly_data_processed_gb=100)
    rows = list(csv.DictReader(io.StringIO(focus_csv(cost))))
    assert tuple(rows[0]) == FOCUS_COLUMNS
    assert sum(Decimal(row["BilledCost"]) for row in rows) == cost.total.usd
    hour, data = rows
    assert (hour["ChargePeriodStart"], hour["ChargePeriodEnd"]) == ("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z")
    assert (hour["ResourceId"], hour["RegionId"], hour["ServiceCategory"]) == (
        "aws_nat_gateway.n",
        "us-east-1",
        "Networking",
    )
    assert (hour["ChargeFrequency"], data["ChargeFrequency"]) == ("Recurring", "Usage-Based")
    assert Decimal(data["ListUnitPrice"]) * Decimal(data["PricingQuantity"]) == Decimal(data["ListCost"])
