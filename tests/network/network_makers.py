"""Small stacks of one shape each, written as their authors would write them."""

from analysis.network.model import Figure, Limit, Link, Network, Station, exact

ROLE = """
resource "aws_iam_role" "NAME" {
  name               = "NAME"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [] })
}
"""

CALLS = """
resource "aws_apigatewayv2_api" "http" {
  name          = "scores"
  protocol_type = "HTTP"
}

resource "aws_apigatewayv2_stage" "live" {
  api_id      = aws_apigatewayv2_api.http.id
  name        = "$default"
  auto_deploy = true
  default_route_settings {
    throttling_rate_limit  = 400
    throttling_burst_limit = 200
  }
}

resource "aws_apigatewayv2_integration" "answer" {
  api_id                 = aws_apigatewayv2_api.http.id
  integration_type       = "AWS_PROXY"
  integration_uri        = aws_lambda_function.answer.invoke_arn
  payload_format_version = "2.0"
}

resource "aws_apigatewayv2_route" "scores" {
  api_id    = aws_apigatewayv2_api.http.id
  route_key = "GET /scores"
  target    = "integrations/${aws_apigatewayv2_integration.answer.id}"
}

resource "aws_lambda_function" "answer" {
  function_name                  = "answer"
  role                           = aws_iam_role.answer.arn
  runtime                        = "nodejs22.x"
  handler                        = "index.handler"
  filename                       = "answer.zip"
  reserved_concurrent_executions = 100
}

resource "aws_iam_role_policy" "answer" {
  role = aws_iam_role.answer.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["dynamodb:GetItem"], Resource = aws_dynamodb_table.scores.arn }]
  })
}

resource "aws_dynamodb_table" "scores" {
  name         = "scores"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "game"
  attribute {
    name = "game"
    type = "S"
  }
}
""" + ROLE.replace("NAME", "answer")
"""Clients -> HTTP API with a throttle -> function with a reservation -> table that it only reads."""

PUSHED = (
    """
resource "aws_kinesis_stream" "results" {
  name        = "results"
  shard_count = 2
}

resource "aws_lambda_event_source_mapping" "results" {
  event_source_arn        = aws_kinesis_stream.results.arn
  function_name           = aws_lambda_alias.send.arn
  starting_position       = "LATEST"
  batch_size              = 50
  parallelization_factor  = 2
}

resource "aws_lambda_alias" "send" {
  name             = "live"
  function_name    = aws_lambda_function.send.function_name
  function_version = aws_lambda_function.send.version
}

resource "aws_lambda_function" "send" {
  function_name                  = "send"
  role                           = aws_iam_role.send.arn
  runtime                        = "nodejs22.x"
  handler                        = "index.handler"
  filename                       = "send.zip"
  reserved_concurrent_executions = 200
}

resource "aws_iam_role_policy" "send" {
  role = aws_iam_role.send.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "execute-api:ManageConnections"
      Resource = "${aws_apigatewayv2_api.socket.execution_arn}/*"
    }]
  })
}

resource "aws_apigatewayv2_api" "socket" {
  name                       = "live"
  protocol_type              = "WEBSOCKET"
  route_selection_expression = "$request.body.action"
}

resource "aws_apigatewayv2_integration" "connect" {
  api_id           = aws_apigatewayv2_api.socket.id
  integration_type = "AWS_PROXY"
  integration_uri  = aws_lambda_function.connect.invoke_arn
}

resource "aws_apigatewayv2_route" "connect" {
  api_id    = aws_apigatewayv2_api.socket.id
  route_key = "$connect"
  target    = "integrations/${aws_apigatewayv2_integration.connect.id}"
}

resource "aws_lambda_function" "connect" {
  function_name = "connect"
  role          = aws_iam_role.connect.arn
  runtime       = "nodejs22.x"
  handler       = "index.handler"
  filename      = "connect.zip"
}
"""
    + ROLE.replace("NAME", "send")
    + ROLE.replace("NAME", "connect")
)
"""A feed -> stream -> function, which sends each update to every client of a WebSocket API."""

GROUP = """
resource "aws_lb" "public" {
  name    = "public"
  subnets = ["subnet-1", "subnet-2"]
}

resource "aws_lb_listener" "public" {
  load_balancer_arn = aws_lb.public.arn
  port              = 80
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.web.arn
  }
}

resource "aws_lb_target_group" "web" {
  name     = "web"
  port     = 8080
  protocol = "HTTP"
  vpc_id   = "vpc-1"
}

resource "aws_launch_template" "web" {
  name          = "web"
  image_id      = "ami-0123456789abcdef0"
  instance_type = "c7g.large"
  user_data     = base64encode("REDIS=${aws_elasticache_replication_group.cache.primary_endpoint_address}")
}

resource "aws_autoscaling_group" "web" {
  name                = "web"
  min_size            = 3
  max_size            = 12
  target_group_arns   = [aws_lb_target_group.web.arn]
  vpc_zone_identifier = ["subnet-1", "subnet-2"]
  launch_template {
    id = aws_launch_template.web.id
  }
}

resource "aws_elasticache_replication_group" "cache" {
  replication_group_id = "cache"
  description          = "cache"
  node_type            = "cache.r7g.large"
  num_cache_clusters   = 2
}

resource "aws_lb" "inside" {
  name     = "inside"
  internal = true
  subnets  = ["subnet-1", "subnet-2"]
}

resource "aws_lb_listener" "inside" {
  load_balancer_arn = aws_lb.inside.arn
  port              = 80
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.admin.arn
  }
}

resource "aws_lb_target_group" "admin" {
  name        = "admin"
  port        = 8080
  protocol    = "HTTP"
  target_type = "ip"
  vpc_id      = "vpc-1"
}

resource "aws_ecs_task_definition" "admin" {
  family                = "admin"
  cpu                   = "1 vCPU"
  memory                = "2 GB"
  container_definitions = jsonencode([{ name = "admin" }])
}

resource "aws_ecs_service" "admin" {
  name            = "admin"
  task_definition = aws_ecs_task_definition.admin.arn
  desired_count   = 2
  load_balancer {
    target_group_arn = aws_lb_target_group.admin.arn
    container_name   = "admin"
    container_port   = 8080
  }
}
"""
"""A public group of instances with a cache, and an administration behind an internal balancer."""


TOLD = """
resource "aws_kinesis_stream" "results" {
  name        = "results"
  shard_count = 2
}

resource "aws_lambda_event_source_mapping" "results" {
  event_source_arn  = aws_kinesis_stream.results.arn
  function_name     = aws_lambda_function.tell.arn
  starting_position = "LATEST"
}

resource "aws_lambda_function" "tell" {
  function_name = "tell"
  role          = "arn:aws:iam::123456789012:role/tell"
  runtime       = "nodejs22.x"
  handler       = "index.handler"
  filename      = "tell.zip"
  environment {
    variables = { CHANNEL = aws_elasticache_replication_group.channel.primary_endpoint_address }
  }
}

resource "aws_elasticache_replication_group" "channel" {
  replication_group_id = "channel"
  description          = "channel"
  node_type            = "cache.m7g.large"
  num_cache_clusters   = 2
}

resource "aws_lb" "public" {
  name    = "public"
  subnets = ["subnet-1", "subnet-2"]
}

resource "aws_lb_listener" "public" {
  load_balancer_arn = aws_lb.public.arn
  port              = 80
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.live.arn
  }
}

resource "aws_lb_target_group" "live" {
  name        = "live"
  port        = 8080
  protocol    = "HTTP"
  target_type = "ip"
  vpc_id      = "vpc-1"
}

resource "aws_ecs_task_definition" "live" {
  family = "live"
  cpu    = "1 vCPU"
  memory = "2 GB"
  container_definitions = jsonencode([{
    name = "live"
    environment = [
      { name = "CHANNEL", value = aws_elasticache_replication_group.channel.primary_endpoint_address },
      { name = "MOST", value = "2500" },
      { name = "SEND_MS", value = "500" },
    ]
  }])
}

resource "aws_ecs_service" "live" {
  name            = "live"
  task_definition = aws_ecs_task_definition.live.arn
  desired_count   = 2
  load_balancer {
    target_group_arn = aws_lb_target_group.live.arn
    container_name   = "live"
    container_port   = 8080
  }
}

resource "aws_appautoscaling_target" "live" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/live/live"
  min_capacity       = 2
  max_capacity       = 6
}
"""
"""A feed -> stream -> function, which publishes on a channel of Redis to tasks that keep connections behind a balancer."""

AURORA = """
resource "aws_instance" "web" {
  ami           = "ami-12345678"
  instance_type = "m6g.large"
  user_data     = "${aws_db_proxy.main.endpoint} ${aws_rds_cluster.main.endpoint} ${aws_rds_cluster.main.reader_endpoint}"
}

resource "aws_db_proxy" "main" {
  name           = "main"
  engine_family  = "POSTGRESQL"
  role_arn       = "arn:aws:iam::123456789012:role/proxy"
  vpc_subnet_ids = ["subnet-1", "subnet-2"]
  auth {
    secret_arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db"
  }
}

resource "aws_db_proxy_target" "main" {
  db_proxy_name         = aws_db_proxy.main.name
  target_group_name     = "default"
  db_cluster_identifier = aws_rds_cluster.main.cluster_identifier
}

resource "aws_rds_cluster" "main" {
  cluster_identifier = "main"
  engine             = "aurora-postgresql"
}

resource "aws_rds_cluster_instance" "main" {
  count              = 3
  identifier         = "main-${count.index}"
  cluster_identifier = aws_rds_cluster.main.id
  instance_class     = "db.r6g.large"
  engine             = aws_rds_cluster.main.engine
}
"""
"""An instance that asks an Aurora cluster of three through a proxy, and knows the endpoint of its readers."""


def station(address: str, kind="service", **limits: float) -> Station:
    """A station that takes so many of a unit per second: `request=100`."""
    from analysis.architecture import Location

    made = tuple(
        Limit(unit, exact(unit, most, "1/s", "test"), {unit: exact("one", 1, "", "test")}, "")
        for unit, most in limits.items()
    )
    return Station(address, kind, Location("test.tf"), made)


def link(source: str, target: str, role="forward", **more) -> Link:
    from analysis.architecture import Location

    return Link(source, target, role, Location("test.tf"), "test", **more)


def joined(*stations: Station, links=(), entries=()) -> Network:
    return Network("test", {one.address: one for one in stations}, tuple(links), tuple(entries))


def seconds(value: float) -> Figure:
    return exact("lifetime", value, "s", "test")
