"""A record is weighed by price and capacity where its night is not simulated, and says so where it cannot be weighed."""

import pytest

from analysis.decisions import weighing
from analysis.decisions.records import read
from analysis.demand.month import Month
from analysis.facts import limit
from analysis.studies import Studies


def test_a_record_of_a_stack_whose_night_is_not_simulated_is_weighed_by_price_and_capacity(directory):
    record = read(directory.parents[2] / "docs" / "olympics" / "decisions" / "0002-a-way-out-in-each-zone.md")
    world = weighing.Weighing(Studies(directory.parent), directory)
    effects = {effect.name: effect for effect in weighing.effects(world, record)}
    assert effects["month"].with_it.value > effects["month"].without_it.value > 1_000
    assert effects["users"].with_it.value == effects["users"].without_it.value > 1_000_000
    assert "the simulated night does not model that" in effects["harm"].without_it


BALANCER = "module.load_balancer.aws_lb.this"
CDN = "module.edge.aws_cloudfront_distribution.this"
PROCESSOR = "aws_lambda_function.processor"
SECONDS, GIB = limit("lambda.hold_s").at(), 0.5  # of a call, and the memory that the record names
READS, WRITES = 1.5, 4  # units of a table that a request reads, and of a record that is written


@pytest.mark.parametrize(
    ("named", "asked"),
    [
        ("Functions and a table behind CloudFront (alternative 1)", BALANCER),
        ("The same without a CDN, as the brief counts it", CDN),
        ("Firebase, its bytes at AWS's price (alternative 4)", CDN),
    ],
)
def test_what_the_serverless_options_add_is_what_the_month_asks_of_them(directory, named, asked):
    record = read(directory.parents[2] / "docs" / "olympics" / "decisions" / "0015-instances-behind-a-cdn.md")
    option = next(one for one in record.options if one.name == named)
    study = Studies(directory.parent).study(directory.name)
    month = Month(study.architecture, study.scenario, study.about, None)
    requests, records = month.total(asked, "request") / 1e6, month.total(PROCESSOR, "record") / 1e6
    calls = requests + records
    expected = {
        "apigw.http.million": requests,
        "lambda.requests.million": calls,
        "lambda.duration.arm64.gb_second": calls * 1e6 * SECONDS * GIB,
        "dynamodb.ondemand.read.million": requests * READS,
        "dynamodb.ondemand.write.million": records * WRITES,
        "firestore.read.million": requests,
        "firestore.write.million": records * WRITES,
    }
    added = {sku: float(amount) for sku, amount in option.change.adds.items() if sku in expected}
    assert added == pytest.approx({sku: expected[sku] for sku in added}, rel=0.005)
    assert {sku.split(".")[0] for sku in added} in ({"apigw", "lambda", "dynamodb"}, {"firestore"})
    assert len(added) in (5, 2)
