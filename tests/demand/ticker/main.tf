# A small news ticker with every hop that capacity knows: the subject of tests, no system of the project.

variable "tasks" {
  type    = object({ desired = number, min = number, max = number })
  default = { desired = 2, min = 2, max = 10 }
}

variable "kick_offs" {
  type    = map(string)
  default = { first = "2026-03-01T20:00:00Z", second = "2026-03-08T21:00:00+01:00" }
}

variable "api_ttl_s" {
  type    = number
  default = 1
}

variable "second_tasks" {
  type    = number
  default = 6
}

variable "pool" {
  type    = string
  default = "5"
}

variable "parameters" {
  type    = map(string)
  default = { max_connections = "200" }
}

resource "aws_lb" "front" {
  name = "ticker"
}

resource "aws_lb_target_group" "web" {
  name                          = "ticker"
  port                          = 8080
  protocol                      = "HTTP"
  target_type                   = "ip"
  vpc_id                        = "vpc-1"
  deregistration_delay          = 20
  load_balancing_algorithm_type = "least_outstanding_requests"

  health_check {
    path     = "/live"
    interval = 15
    timeout  = 4
  }
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.front.arn
  port              = 443
  protocol          = "HTTPS"

  default_action {
    type = "fixed-response"
  }
}

resource "aws_lb_listener_rule" "web" {
  count        = 12
  listener_arn = aws_lb_listener.https.arn

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.web.arn
  }

  condition {
    path_pattern {
      values = [count.index < 11 ? "/api/${count.index}/*" : "/*"]
    }
  }
}

resource "aws_ecs_task_definition" "web" {
  family = "ticker"
  cpu    = "1024"
  memory = "2 GB"

  runtime_platform {
    cpu_architecture = "ARM64"
  }

  container_definitions = jsonencode([
    { name = "sidecar", environment = [] },
    {
      name        = "web"
      stopTimeout = 45
      environment = [
        { name = "POOL", value = var.pool },
        { name = "WORKERS", value = "4" },
        { name = "TTL", value = "2" },
        { name = "POLL", value = "2" },
        { name = "DB", value = aws_db_instance.main.address },
        { name = "DB_READ", value = aws_db_instance.read.address },
        { name = "REDIS", value = aws_elasticache_replication_group.fast.primary_endpoint_address },
      ]
      logConfiguration = { options = { "awslogs-group" = aws_cloudwatch_log_group.web.name } }
    },
  ])
}

resource "aws_cloudwatch_log_group" "web" {
  name              = "/ticker"
  retention_in_days = 30
}

resource "aws_cloudwatch_log_group" "other" {
  name = "/other"
}

resource "aws_ecs_cluster" "main" {
  name = "main"
}

resource "aws_ecs_service" "web" {
  name            = "ticker"
  cluster         = aws_ecs_cluster.main.id
  task_definition = aws_ecs_task_definition.web.arn
  launch_type     = "FARGATE"
  desired_count   = var.tasks.desired

  network_configuration {
    subnets = aws_subnet.private[*].id
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.web.arn
    container_name   = "web"
    container_port   = 8080
  }
}

resource "aws_appautoscaling_target" "web" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${aws_ecs_cluster.main.name}/${aws_ecs_service.web.name}"
  min_capacity       = var.tasks.min
  max_capacity       = var.tasks.max
}

resource "aws_appautoscaling_policy" "cpu" {
  name               = "cpu"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.web.service_namespace
  scalable_dimension = aws_appautoscaling_target.web.scalable_dimension
  resource_id        = aws_appautoscaling_target.web.resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = 50
    scale_out_cooldown = 30

    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }
  }
}

resource "aws_appautoscaling_scheduled_action" "up" {
  for_each           = { first = "2026-03-01T19:00:00", second = "2026-03-08T19:00:00" }
  name               = "up-${each.key}"
  service_namespace  = aws_appautoscaling_target.web.service_namespace
  scalable_dimension = aws_appautoscaling_target.web.scalable_dimension
  resource_id        = aws_appautoscaling_target.web.resource_id
  schedule           = "at(${each.value})"

  scalable_target_action {
    min_capacity = each.key == "first" ? 6 : var.second_tasks
    max_capacity = var.tasks.max
  }
}

resource "aws_appautoscaling_scheduled_action" "down" {
  for_each           = { first = "2026-03-01T23:00:00", second = "2026-03-08T23:00:00" }
  name               = "down-${each.key}"
  service_namespace  = aws_appautoscaling_target.web.service_namespace
  scalable_dimension = aws_appautoscaling_target.web.scalable_dimension
  resource_id        = aws_appautoscaling_target.web.resource_id
  schedule           = "at(${each.value})"

  scalable_target_action {
    min_capacity = var.tasks.min
    max_capacity = var.tasks.max
  }
}

resource "aws_db_parameter_group" "main" {
  family = "mysql8.0"

  dynamic "parameter" {
    for_each = var.parameters
    content {
      name  = parameter.key
      value = parameter.value
    }
  }
}

resource "aws_db_instance" "main" {
  engine               = "mysql"
  instance_class       = "db.t4g.medium"
  multi_az             = true
  parameter_group_name = aws_db_parameter_group.main.name
}

resource "aws_db_instance" "read" {
  replicate_source_db = aws_db_instance.main.identifier
  instance_class      = "db.t4g.medium"
}

resource "aws_elasticache_replication_group" "fast" {
  replication_group_id = "ticker"
  description          = "Answers of a few seconds"
  node_type            = "cache.t4g.small"
  num_cache_clusters   = 2
}

resource "aws_s3_bucket" "assets" {
  bucket = "ticker-assets"
}

resource "aws_s3_bucket" "archive" {
  bucket = "ticker-archive"
}

resource "aws_cloudfront_cache_policy" "api" {
  name        = "api"
  min_ttl     = 0
  default_ttl = var.api_ttl_s
  max_ttl     = 2
}

resource "aws_cloudfront_distribution" "edge" {
  web_acl_id = aws_wafv2_web_acl.edge.arn

  enabled = true

  origin {
    origin_id   = "web"
    domain_name = "origin.ticker.example"

    origin_shield {
      enabled              = true
      origin_shield_region = "us-east-1"
    }
  }

  origin {
    origin_id   = "assets"
    domain_name = aws_s3_bucket.assets.bucket_regional_domain_name
  }

  ordered_cache_behavior {
    path_pattern           = "/api/*"
    target_origin_id       = "web"
    cache_policy_id        = aws_cloudfront_cache_policy.api.id
    allowed_methods        = ["GET", "HEAD"]
    cached_methods         = ["GET", "HEAD"]
    viewer_protocol_policy = "redirect-to-https"
  }

  ordered_cache_behavior {
    path_pattern           = "assets/*"
    target_origin_id       = "assets"
    cache_policy_id        = "658327ea-f89d-4fab-a63d-7e88639e58f6"
    allowed_methods        = ["GET", "HEAD"]
    cached_methods         = ["GET", "HEAD"]
    viewer_protocol_policy = "redirect-to-https"
  }

  default_cache_behavior {
    target_origin_id       = "web"
    cache_policy_id        = data.aws_cloudfront_cache_policy.off.id
    allowed_methods        = ["GET", "HEAD"]
    cached_methods         = ["GET", "HEAD"]
    viewer_protocol_policy = "redirect-to-https"
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    cloudfront_default_certificate = true
  }
}

data "aws_cloudfront_cache_policy" "off" {
  name = "Managed-CachingDisabled"
}

resource "aws_route53_record" "origin" {
  zone_id = "Z1"
  name    = "origin.ticker.example"
  type    = "A"

  alias {
    name                   = aws_lb.front.dns_name
    zone_id                = aws_lb.front.zone_id
    evaluate_target_health = true
  }
}

resource "aws_wafv2_web_acl" "edge" {
  scope = "CLOUDFRONT"
}

resource "aws_nat_gateway" "out" {
  count     = 2
  subnet_id = "subnet-${count.index}"
}

resource "aws_subnet" "private" {
  count      = 2
  vpc_id     = "vpc-12345678"
  cidr_block = "10.0.${count.index}.0/24"
}

resource "aws_route_table" "private" {
  count  = 2
  vpc_id = "vpc-12345678"

  route {
    cidr_block     = "0.0.0.0/0"
    nat_gateway_id = aws_nat_gateway.out[count.index].id
  }
}

resource "aws_route_table_association" "private" {
  count          = 2
  subnet_id      = aws_subnet.private[count.index].id
  route_table_id = aws_route_table.private[count.index].id
}

# What the crowd does not reach: none of its traffic may be billed here.

resource "aws_wafv2_web_acl" "partners" {
  scope = "REGIONAL"
}

resource "aws_nat_gateway" "batch" {
  subnet_id = "subnet-9"
}

resource "aws_lb" "partners" {
  name     = "partners"
  internal = true
}

resource "aws_secretsmanager_secret" "partners" {
  name = "partners"
}

resource "aws_route53_record" "mail" {
  zone_id = "Z1"
  name    = "mail.example.com"
  type    = "CNAME"
  ttl     = 300
  records = ["mail.example.net"]
}

resource "aws_sns_topic" "alerts" {
  name = "alerts"
}
