"""What a rule once said wrongly of a public stack, retyped small: an alarm that was false beside one of its kind that is true."""

import datetime as dt

import pytest

from analysis import proofs, terraform

TODAY = dt.date(2026, 11, 21)

BUCKET = 'resource "aws_s3_bucket" "b" {\n  bucket = "b"\n}\n'
BLOCK = """
resource "aws_s3_bucket_public_access_block" "b" {
  bucket                  = aws_s3_bucket.b.id
  block_public_acls       = true
  ignore_public_acls      = true
  restrict_public_buckets = true
  block_public_policy     = %s
}
"""

SERVICE = """
resource "aws_ecs_task_definition" "t" {
  family                = "t"
  container_definitions = jsonencode([{ name = "c", image = "${aws_ecr_repository.r.repository_url}@sha256:0" }])
}

resource "aws_ecr_repository" "r" {
  name = "r"
}

resource "aws_ecs_service" "s" {
  name            = "s"
  task_definition = aws_ecs_task_definition.t.arn
%s
}
"""
ON_FARGATE = '  capacity_provider_strategy {\n    capacity_provider = "FARGATE_SPOT"\n    weight = 1\n  }'

CLUSTER = """
resource "aws_ecs_cluster" "c" {
  name = "c"
}

resource "aws_ecs_cluster_capacity_providers" "c" {
  cluster_name       = aws_ecs_cluster.c.name
  capacity_providers = ["FARGATE", "own"]
  default_capacity_provider_strategy {
    capacity_provider = "%s"
  }
}
"""

TRUST = """
data "aws_ssm_parameter" "issuer" {
  name = "issuer"
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]
    principals {
      type        = "Federated"
      identifiers = ["arn:aws:iam::123456789012:oidc-provider/issuer.example.com"]
    }
%s
  }
}

resource "aws_iam_role" "r" {
  name               = "r"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}
"""
CONDITION = '    condition {\n      test     = "StringEquals"\n      variable = "%s"\n      values   = ["%s"]\n    }'
NOT_IN = CONDITION.replace("StringEquals", "StringNotEquals")

ACTIONS = """
resource "aws_iam_role" "r" {
  name               = "r"
  assume_role_policy = "{}"
}

resource "aws_iam_role_policy" "p" {
  role   = aws_iam_role.r.id
  policy = jsonencode({ Statement = [{ Effect = "Allow", Resource = "*", Action = %s }] })
}
"""

QUEUE = """
resource "aws_sqs_queue" "q" {
  name                       = "q"
  visibility_timeout_seconds = %d
}

resource "aws_lambda_function" "f" {
  function_name = "f"
  role          = "arn:aws:iam::123456789012:role/f"
  timeout       = 15
}

resource "aws_lambda_event_source_mapping" "m" {
  event_source_arn = aws_sqs_queue.q.arn
  function_name    = aws_lambda_function.f.arn
}
"""

NETWORK = """
resource "aws_vpc" "n" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_internet_gateway" "g" {
  vpc_id = aws_vpc.n.id
}

resource "aws_subnet" "s" {
  vpc_id     = aws_vpc.n.id
  cidr_block = "10.0.0.0/24"
}

resource "aws_nat_gateway" "g" {
  subnet_id     = aws_subnet.s.id
  allocation_id = "eipalloc-1"
}
"""
ROUTE = """
resource "aws_route" "out" {
  route_table_id         = %s
  destination_cidr_block = "%s"
  gateway_id             = aws_internet_gateway.g.id
}
"""
TABLE = """
resource "aws_route_table" "t" {
  vpc_id = aws_vpc.n.id
}
"""
MADE_MAIN = """
resource "aws_main_route_table_association" "m" {
  vpc_id         = aws_vpc.n.id
  route_table_id = aws_route_table.t.id
}
"""
OUT = ROUTE % ("aws_route_table.t.id", "0.0.0.0/0")

BALANCED = """
resource "aws_lb_target_group" "t" {
  name        = "t"
  port        = 80
  protocol    = "HTTP"
  target_type = "ip"
  vpc_id      = "vpc-1"
}

resource "aws_ecs_task_definition" "t" {
  family                = "t"
  network_mode          = "awsvpc"
  container_definitions = jsonencode([{ name = "c", image = "c", portMappings = [{ containerPort = 5678 }] }])
}

resource "aws_ecs_service" "s" {
  name            = "s"
  task_definition = aws_ecs_task_definition.t.arn
  load_balancer {
    target_group_arn = aws_lb_target_group.t.arn
    container_name   = "c"
    container_port   = 5678
  }
}
"""

DOOR = """
resource "aws_security_group" "g" {
  name = "g"
  ingress {
    from_port   = %d
    to_port     = %d
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
"""


@pytest.mark.parametrize(
    ("rule", "text", "state"),
    [
        ("START-12", NETWORK + ROUTE % ("aws_vpc.n.main_route_table_id", "0.0.0.0/0"), "holds"),  # the table it came with
        ("START-12", NETWORK + ROUTE % ("aws_vpc.n.main_route_table_id", "192.168.0.0/16"), "fails"),
        ("START-12", NETWORK + TABLE + OUT + MADE_MAIN, "holds"),
        ("START-12", NETWORK + TABLE + OUT, "fails"),  # a table that the subnet is not on
        ("START-09", BALANCED, "holds"),  # ECS registers 5678; the port of the target group counts for nothing
        ("EXPOSE-02", DOOR % (443, 443), "undecidable"),  # what gives it to a balancer may stand elsewhere
        ("EXPOSE-02", DOOR % (22, 22), "fails"),
        ("EXPOSE-07", BUCKET, "holds"),  # S3 itself blocks public access to a new bucket
        ("EXPOSE-18", BUCKET, "fails"),
        ("EXPOSE-07", BUCKET + BLOCK % "true", "holds"),
        ("EXPOSE-18", BUCKET + BLOCK % "true", "holds"),
        ("EXPOSE-07", BUCKET + BLOCK % "false", "fails"),
        ("EXPOSE-07", BUCKET + BLOCK % "data.aws_ssm_parameter.issuer.value == 1", "undecidable"),
        ("START-06", SERVICE % '  launch_type = "EC2"', "undecidable"),  # the instances' role pulls the image
        ("START-06", SERVICE % "", "undecidable"),  # without a word ECS takes instances
        ("START-06", SERVICE % '  launch_type = "FARGATE"', "fails"),
        ("START-06", SERVICE % ON_FARGATE, "fails"),
        ("START-06", SERVICE % "  cluster = aws_ecs_cluster.c.id" + CLUSTER % "FARGATE", "fails"),
        ("START-06", SERVICE % "  cluster = aws_ecs_cluster.c.id" + CLUSTER % "own", "undecidable"),
        ("EXPOSE-10", TRUST % CONDITION % ("issuer.example.com:sub", "system:serviceaccount:a:b"), "holds"),
        ("EXPOSE-10", TRUST % CONDITION % ("issuer.example.com:sub", "system:serviceaccount:*"), "fails"),
        ("EXPOSE-10", TRUST % CONDITION % ("issuer.example.com:aud", "sts.amazonaws.com"), "fails"),
        ("EXPOSE-10", TRUST % CONDITION % ("${data.aws_ssm_parameter.issuer.value}:sub", "a"), "undecidable"),
        ("EXPOSE-10", TRUST % CONDITION % ("cognito-identity.amazonaws.com:aud", "us-east-1:1"), "holds"),
        ("EXPOSE-10", TRUST % CONDITION % ("cognito-identity.amazonaws.com:aud", "*"), "fails"),
        ("EXPOSE-10", TRUST % NOT_IN % ("cognito-identity.amazonaws.com:aud", "us-east-1:1"), "fails"),
        ("EXPOSE-10", TRUST % CONDITION % ("issuer.example.com:sub", "${data.aws_ssm_parameter.issuer.value}"), "undecidable"),
        ("EXPOSE-10", TRUST % "", "fails"),
        ("EXPOSE-13", ACTIONS % '["ecs:ListClusters", "iam:listUsers", "secretsmanager:ListSecrets"]', "holds"),
        ("EXPOSE-13", ACTIONS % '["ecs:ListClusters", "ecs:DescribeTasks"]', "fails"),
        ("DRAIN-08", QUEUE % 90, "holds"),
        ("DRAIN-08", QUEUE % 89, "fails"),
        ("DRAIN-09", QUEUE % 15, "holds"),
        ("DRAIN-09", QUEUE % 14, "fails"),
    ],
)  # fmt: skip
def test_a_rule_says_of_a_public_stack_what_aws_documents(tmp_path, rule, text, state):
    if "data.aws_ssm_parameter" in text and 'data "aws_ssm_parameter"' not in text:
        text += 'data "aws_ssm_parameter" "issuer" {\n  name = "issuer"\n}\n'
    (tmp_path / "main.tf").write_text(text, encoding="utf-8")
    report = proofs.prove(terraform.load(tmp_path), today=TODAY)
    assert {v.state for v in report.verdicts if v.rule.id == rule} == {state}


def test_a_finding_says_what_is_written_and_not_that_nothing_is(tmp_path):
    (tmp_path / "main.tf").write_text(BUCKET + BLOCK % "false", encoding="utf-8")
    report = proofs.prove(terraform.load(tmp_path), today=TODAY)
    assert [f.because for f in report.findings if f.rule.id == "EXPOSE-07"] == ["block_public_policy is not true"]


def test_a_task_without_an_address_is_not_told_that_its_subnet_has_no_route(tmp_path):
    on = SERVICE % (ON_FARGATE + "\n  network_configuration {\n    subnets = [aws_subnet.s.id]\n  }")
    way_out = ROUTE % ("aws_vpc.n.main_route_table_id", "0.0.0.0/0")
    (tmp_path / "main.tf").write_text(NETWORK + way_out + on, encoding="utf-8")
    report = proofs.prove(terraform.load(tmp_path), today=TODAY)
    said = {f.because for f in report.findings if f.rule.id == "START-01"}
    assert said
    assert all("an Internet gateway serves public addresses only, and the tasks have none" in s for s in said)


@pytest.mark.parametrize("rule", ["EXPOSE-07", "EXPOSE-10", "START-06", "EXPOSE-09", "DRAIN-09"])
def test_these_are_errors(rule):
    assert proofs.RULES[rule].severity == "error"


@pytest.mark.parametrize("rule", ["EXPOSE-18", "DRAIN-08", "EXPOSE-13"])
def test_what_aws_advises_and_nothing_breaks_without_is_a_warning(rule):
    assert proofs.RULES[rule].severity == "warning"
