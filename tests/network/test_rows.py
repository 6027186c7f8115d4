"""No row of the two tables is idle: without it, a stack that has the type gets another answer."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from network_makers import AURORA, GROUP

from analysis import facts
from analysis.network import Traffic, derive, loads, network, uses
from analysis.network.links import LINKS
from analysis.network.stations import STATIONS
from analysis.terraform import load

DEMAND = Path(__file__).parents[1] / "demand"
NODE = facts.runtime("node_express")
TICKER = (DEMAND / "ticker" / "main.tf").read_text()
PUSHED = (DEMAND / "pushed" / "main.tf").read_text()

CALLED = """
resource "aws_sns_topic" "news" {
  name = "news"
}

resource "aws_sqs_queue" "news" {
  name       = "news.fifo"
  fifo_queue = true
}

resource "aws_sns_topic_subscription" "news" {
  topic_arn = aws_sns_topic.news.arn
  protocol  = "sqs"
  endpoint  = aws_sqs_queue.news.arn
}

resource "aws_lambda_event_source_mapping" "news" {
  event_source_arn = aws_sqs_queue.news.arn
  function_name    = aws_lambda_function.keep.arn
}

resource "aws_lambda_function" "keep" {
  function_name = "keep"
  role          = "arn:aws:iam::123456789012:role/keep"
  runtime       = "nodejs22.x"
  handler       = "index.handler"
  filename      = "keep.zip"
}
"""
"""A topic -> a queue in order -> a function."""

ALONE = """
resource "aws_instance" "web" {
  ami           = "ami-12345678"
  instance_type = "m6g.large"
  user_data     = "db=${aws_db_instance.main.address} redis=${aws_elasticache_cluster.fast.cache_nodes[0].address}"
}

resource "aws_db_instance" "main" {
  engine         = "mysql"
  instance_class = "db.m6g.large"
}

resource "aws_elasticache_cluster" "fast" {
  cluster_id      = "fast"
  engine          = "redis"
  node_type       = "cache.m6g.large"
  num_cache_nodes = 1
}
"""
"""An instance by itself that asks a database and a cache of one node."""

FOLLOWED = (
    PUSHED
    + """
resource "aws_lambda_event_source_mapping" "changes" {
  event_source_arn  = aws_dynamodb_table.events.stream_arn
  function_name     = aws_lambda_function.follow.arn
  starting_position = "LATEST"
}

resource "aws_lambda_function" "follow" {
  function_name = "follow"
  role          = "arn:aws:iam::123456789012:role/follow"
  runtime       = "nodejs22.x"
  handler       = "index.handler"
  filename      = "follow.zip"
}
"""
)
"""The same with a function that reads the changes of a table."""

EDGE, BALANCER, API = "aws_cloudfront_distribution.edge", "aws_lb.front", "aws_api_gateway_rest_api.http"
SOCKET, STREAM = "aws_apigatewayv2_api.socket", "aws_kinesis_stream.updates"

CASES = {
    "aws_cloudfront_distribution": (TICKER, EDGE, "request"),
    "aws_lb": (TICKER, EDGE, "request"),
    "aws_ecs_service": (TICKER, BALANCER, "request"),
    "aws_elasticache_replication_group": (TICKER, BALANCER, "request"),
    "aws_db_instance": (TICKER, BALANCER, "request"),
    "aws_s3_bucket": (TICKER, EDGE, "asset"),
    "aws_autoscaling_group": (GROUP, "aws_lb.public", "request"),
    "aws_instance": (ALONE, "aws_instance.web", "request"),
    "aws_rds_cluster": (AURORA, "aws_instance.web", "request"),
    "aws_db_proxy": (AURORA, "aws_instance.web", "request"),
    "aws_elasticache_cluster": (ALONE, "aws_instance.web", "request"),
    "aws_api_gateway_rest_api": (PUSHED, API, "request"),
    "aws_apigatewayv2_api": (PUSHED, SOCKET, "connect"),
    "aws_lambda_function": (PUSHED, API, "request"),
    "aws_dynamodb_table": (FOLLOWED, STREAM, "record"),
    "aws_kinesis_stream": (PUSHED, STREAM, "record"),
    "aws_kinesis_firehose_delivery_stream": (PUSHED, STREAM, "record"),
    "aws_sns_topic": (CALLED, "aws_sns_topic.news", "record"),
    "aws_sqs_queue": (CALLED, "aws_sns_topic.news", "record"),
}
"""Type -> a stack that has it, where traffic enters there, and as what."""


@cache
def architecture(text):
    with TemporaryDirectory() as folder:
        (Path(folder) / "main.tf").write_text(text)
        return load(Path(folder))


def answer(kind):
    """The load and the use of every limit at a thousand users; None where the traffic has no way in."""
    text, enters, unit = CASES[kind]
    keeps = facts.Stack(DEMAND, "t", "s", settings={"cache_ttl_s": 2.0})
    found = network(architecture(text), keeps, NODE)
    if enters not in found.stations:
        return None
    path = "/assets/page.css" if unit == "asset" else "/events" if PUSHED in text else "/api/0/scores"
    traffic = [
        Traffic("t", enters, "request" if unit == "asset" else unit, per_user=0.2, path=path, shared=unit == "request")
    ]
    load_ = {(a, u): float(rate[0]) for a, by in loads(found, traffic, 1_000).items() for u, rate in by.items()}
    return load_, {(use.stations, use.limit.name): use.utilisation for use in uses(found, traffic, 1_000, ranged=False)}


def test_every_row_has_a_case():
    assert set(CASES) == {*STATIONS, *LINKS}


@pytest.mark.parametrize("kind", STATIONS)
def test_without_a_station_the_answer_is_another(kind, monkeypatch):
    whole = answer(kind)
    monkeypatch.setattr(derive, "STATIONS", {name: row for name, row in STATIONS.items() if name != kind})
    assert whole is not None
    assert answer(kind) != whole


@pytest.mark.parametrize("kind", LINKS)
def test_without_the_links_of_a_type_the_answer_is_another(kind, monkeypatch):
    whole = answer(kind)
    monkeypatch.setattr(derive, "LINKS", {name: row for name, row in LINKS.items() if name != kind})
    assert whole is not None
    assert answer(kind) != whole
