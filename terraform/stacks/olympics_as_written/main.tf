# The design of the brief as it was written, and as it was costed where the two differ. `F` and a number name a fault; `brief:N` is the line of the
# brief that asks for it. Cloudflare is no part: its provider needs an account, and nothing here depends on it.

terraform {
  required_version = ">= 1.7"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  region = "us-east-1"
}

variable "image_id" {
  description = "Machine image of the API."
  type        = string
  default     = "ami-0123456789abcdef0"
}

locals {
  name  = "olympics-as-written"
  zones = ["us-east-1a", "us-east-1b"]
}

resource "aws_vpc" "this" {
  cidr_block = "10.60.0.0/16"
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
}

resource "aws_subnet" "public" {
  count             = 2
  vpc_id            = aws_vpc.this.id
  cidr_block        = cidrsubnet("10.60.0.0/16", 8, count.index)
  availability_zone = local.zones[count.index]
}

resource "aws_subnet" "private" {
  count             = 2
  vpc_id            = aws_vpc.this.id
  cidr_block        = cidrsubnet("10.60.0.0/16", 8, count.index + 10)
  availability_zone = local.zones[count.index]
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.this.id

  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.this.id
  }
}

resource "aws_route_table_association" "public" {
  count          = 2
  subnet_id      = aws_subnet.public[count.index].id
  route_table_id = aws_route_table.public.id
}

# F1, brief:727: one NAT gateway is billed. The other zone has no way out when its zone fails, though line 1014 promises 99.9 %.
resource "aws_eip" "nat" {
  domain = "vpc"
}

resource "aws_nat_gateway" "this" {
  allocation_id = aws_eip.nat.id
  subnet_id     = aws_subnet.public[0].id
}

resource "aws_route_table" "private" {
  vpc_id = aws_vpc.this.id

  route {
    cidr_block     = "0.0.0.0/0"
    nat_gateway_id = aws_nat_gateway.this.id
  }
}

resource "aws_route_table_association" "private" {
  count          = 2
  subnet_id      = aws_subnet.private[count.index].id
  route_table_id = aws_route_table.private.id
}

# F2, brief:424: open to everybody, so Cloudflare's firewall and rate limits can be walked past.
resource "aws_security_group" "balancer" {
  name        = "${local.name}-alb"
  description = "Load balancer"
  vpc_id      = aws_vpc.this.id
}

resource "aws_vpc_security_group_ingress_rule" "balancer" {
  for_each          = toset(["80", "443"])
  security_group_id = aws_security_group.balancer.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = tonumber(each.key)
  to_port           = tonumber(each.key)
}

resource "aws_vpc_security_group_egress_rule" "balancer" {
  security_group_id            = aws_security_group.balancer.id
  referenced_security_group_id = aws_security_group.api.id
  ip_protocol                  = "tcp"
  from_port                    = 8080
  to_port                      = 8080
}

resource "aws_lb" "this" {
  name               = local.name
  load_balancer_type = "application"
  security_groups    = [aws_security_group.balancer.id]
  subnets            = aws_subnet.public[*].id
}

resource "aws_lb_target_group" "api" {
  name     = local.name
  port     = 8080
  protocol = "HTTP"
  vpc_id   = aws_vpc.this.id

  health_check {
    path     = "/health"
    interval = 30
  }
}

resource "aws_acm_certificate" "this" {
  domain_name       = "olympics.example"
  validation_method = "DNS"
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = aws_acm_certificate.this.arn

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.api.arn
  }
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.this.arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.api.arn
  }
}

resource "aws_security_group" "api" {
  name        = "${local.name}-api"
  description = "API servers"
  vpc_id      = aws_vpc.this.id
}

resource "aws_vpc_security_group_ingress_rule" "api" {
  security_group_id            = aws_security_group.api.id
  referenced_security_group_id = aws_security_group.balancer.id
  ip_protocol                  = "tcp"
  from_port                    = 8080
  to_port                      = 8080
}

resource "aws_vpc_security_group_egress_rule" "api" {
  security_group_id = aws_security_group.api.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"
}

resource "aws_iam_role" "api" {
  name = local.name
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }]
  })
}

resource "aws_iam_instance_profile" "api" {
  name = local.name
  role = aws_iam_role.api.name
}

# F3, brief:161 and brief:164: 60 % of a t3.medium lies above its baseline of a fifth of each processor; it is slow then, or billed beyond the price named.
resource "aws_launch_template" "api" {
  name                   = local.name
  image_id               = var.image_id
  instance_type          = "t3.medium"
  vpc_security_group_ids = [aws_security_group.api.id]

  iam_instance_profile {
    arn = aws_iam_instance_profile.api.arn
  }

  # The brief names no disk and bills none; the smallest that an image of Amazon Linux fits into.
  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_size = 8
      volume_type = "gp3"
      iops        = 3000
      throughput  = 125
    }
  }
}

# F4, brief:159: three instances at 300 requests a second (line 165) are fewer than the mean of what passes the CDN.
# F5, brief:160: twenty are 6,000 requests a second; eight times the mean (line 544) asks for 10,000.
# F6, brief:355: target tracking is called proactive, and no session is on a schedule.
resource "aws_autoscaling_group" "api" {
  name                = local.name
  min_size            = 3
  max_size            = 20
  vpc_zone_identifier = aws_subnet.private[*].id
  target_group_arns   = [aws_lb_target_group.api.arn]
  health_check_type   = "ELB"

  launch_template {
    id      = aws_launch_template.api.id
    version = "$Latest"
  }
}

resource "aws_autoscaling_policy" "cpu" {
  name                   = "${local.name}-cpu"
  autoscaling_group_name = aws_autoscaling_group.api.name
  policy_type            = "TargetTrackingScaling"

  target_tracking_configuration {
    target_value = 60

    predefined_metric_specification {
      predefined_metric_type = "ASGAverageCPUUtilization"
    }
  }
}

# F7, brief:161: 200 requests an instance and second written as 200; AWS counts them by the minute, so each instance is given 3.3 a second.
resource "aws_autoscaling_policy" "requests" {
  name                   = "${local.name}-requests"
  autoscaling_group_name = aws_autoscaling_group.api.name
  policy_type            = "TargetTrackingScaling"

  target_tracking_configuration {
    target_value = 200

    predefined_metric_specification {
      predefined_metric_type = "ALBRequestCountPerTarget"
      resource_label         = "${aws_lb.this.arn_suffix}/${aws_lb_target_group.api.arn_suffix}"
    }
  }
}

resource "aws_security_group" "data" {
  name        = "${local.name}-data"
  description = "Redis and PostgreSQL"
  vpc_id      = aws_vpc.this.id
}

resource "aws_vpc_security_group_ingress_rule" "data" {
  for_each                     = { postgres = 5432, redis = 6379 }
  security_group_id            = aws_security_group.data.id
  referenced_security_group_id = aws_security_group.api.id
  ip_protocol                  = "tcp"
  from_port                    = each.value
  to_port                      = each.value
}

resource "aws_elasticache_subnet_group" "this" {
  name       = local.name
  subnet_ids = aws_subnet.private[*].id
}

# F8, brief:180 and brief:605: three shards with two replicas each are nine nodes; three are in the bill.
resource "aws_elasticache_replication_group" "this" {
  replication_group_id       = local.name
  description                = "Leaderboards"
  engine                     = "redis"
  engine_version             = "7.1"
  node_type                  = "cache.r6g.large"
  num_node_groups            = 3
  replicas_per_node_group    = 2
  parameter_group_name       = "default.redis7.cluster.on"
  automatic_failover_enabled = true
  at_rest_encryption_enabled = true
  transit_encryption_enabled = true
  subnet_group_name          = aws_elasticache_subnet_group.this.name
  security_group_ids         = [aws_security_group.data.id]
}

resource "aws_db_subnet_group" "this" {
  name       = local.name
  subnet_ids = aws_subnet.private[*].id
}

# F9, brief:624: the bill holds one primary in one zone, though line 1014 says several.
# F10, brief:315: 100 to 200 connections an instance are 2,000 to 4,000 at twenty; PostgreSQL's default on 16 GiB is at most 1,802.
resource "aws_db_instance" "primary" {
  identifier                  = local.name
  engine                      = "postgres"
  engine_version              = "17"
  instance_class              = "db.r6g.large"
  allocated_storage           = 500
  storage_type                = "gp3"
  storage_encrypted           = true
  db_name                     = "olympics"
  username                    = "olympics"
  manage_master_user_password = true
  multi_az                    = false
  backup_retention_period     = 7
  db_subnet_group_name        = aws_db_subnet_group.this.name
  vpc_security_group_ids      = [aws_security_group.data.id]
  skip_final_snapshot         = true
}

resource "aws_db_instance" "replica" {
  count                  = 2
  identifier             = "${local.name}-replica-${count.index + 1}"
  replicate_source_db    = aws_db_instance.primary.identifier
  instance_class         = "db.r6g.large"
  storage_encrypted      = true
  vpc_security_group_ids = [aws_security_group.data.id]
  skip_final_snapshot    = true
}

resource "aws_kinesis_stream" "results" {
  name             = "${local.name}-results"
  shard_count      = 2
  retention_period = 24
}

resource "aws_iam_role" "processor" {
  name = "${local.name}-processor"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy_attachment" "processor" {
  role       = aws_iam_role.processor.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaKinesisExecutionRole"
}

resource "aws_lambda_function" "processor" {
  function_name = "${local.name}-processor"
  role          = aws_iam_role.processor.arn
  runtime       = "nodejs22.x"
  handler       = "index.handler"
  s3_bucket     = "olympics-packages-123456789012"
  s3_key        = "processor/1.0.0.zip"
  memory_size   = 512
  timeout       = 30
}

# F11, brief:313: batches of 500 at 100,000 records a day (line 655) take minutes to fill where they are waited for.
# F12, brief:275: two shards are two invocations at a time; the 10 to 20 that are named need parallelization_factor.
# F13: no place for a record that cannot be written, so the first one stops its shard for a day.
resource "aws_lambda_event_source_mapping" "results" {
  event_source_arn                   = aws_kinesis_stream.results.arn
  function_name                      = aws_lambda_function.processor.arn
  starting_position                  = "LATEST"
  batch_size                         = 500
  maximum_batching_window_in_seconds = 300
}

resource "aws_s3_bucket" "assets" {
  bucket = "olympics-as-written-assets-123456789012"
}

# F14, brief:503: an alarm at 5 % of failed requests, where line 923 promises 0.1 %; it names no runbook, and nobody is told.
resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "${local.name}-errors"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "HTTPCode_Target_5XX_Count"
  dimensions          = { LoadBalancer = aws_lb.this.arn_suffix }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = 12500
}
