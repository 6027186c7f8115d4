# The Buzzer as it stood on the night of the championship final, rebuilt from what is known of it: one file, flawed on purpose.
# A line `# flaw: <id> ...` marks each flaw; B ids count the causes and gaps of the crash, S ids what keeps a new task from starting.
#
# As written a fresh task could not start: S1, S2 and S3 each stop it. The task that ran that night was older than these lines, or was
# helped by hand; nobody recorded which. What the file shows is what the next deployment would have met.

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
  region = var.region
}

variable "region" {
  description = "AWS region of everything."
  type        = string
  default     = "us-east-1"
}

variable "zones" {
  description = "The two availability zones of the subnets."
  type        = list(string)
  default     = ["us-east-1a", "us-east-1b"]
}

variable "domain" {
  description = "Public domain of the service."
  type        = string
  default     = "buzzer.example"
}

# Network

resource "aws_vpc" "main" {
  cidr_block           = "10.20.0.0/16"
  enable_dns_hostnames = true
  tags                 = { Name = "buzzer" }
}

resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
}

resource "aws_subnet" "public" {
  count                   = 2
  vpc_id                  = aws_vpc.main.id
  cidr_block              = cidrsubnet(aws_vpc.main.cidr_block, 8, count.index)
  availability_zone       = var.zones[count.index]
  map_public_ip_on_launch = true
  tags                    = { Name = "buzzer-public-${var.zones[count.index]}" }
}

resource "aws_subnet" "private" {
  count             = 2
  vpc_id            = aws_vpc.main.id
  cidr_block        = cidrsubnet(aws_vpc.main.cidr_block, 8, count.index + 10)
  availability_zone = var.zones[count.index]
  tags              = { Name = "buzzer-private-${var.zones[count.index]}" }
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.main.id

  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.main.id
  }
}

resource "aws_route_table_association" "public" {
  count          = 2
  subnet_id      = aws_subnet.public[count.index].id
  route_table_id = aws_route_table.public.id
}

# flaw: S1 The private subnets have neither a NAT gateway nor VPC endpoints, so a task reaches no registry, no secret and no log group.
resource "aws_route_table" "private" {
  vpc_id = aws_vpc.main.id
}

resource "aws_route_table_association" "private" {
  count          = 2
  subnet_id      = aws_subnet.private[count.index].id
  route_table_id = aws_route_table.private.id
}

resource "aws_security_group" "alb" {
  name        = "buzzer-alb"
  description = "Load balancer of The Buzzer"
  vpc_id      = aws_vpc.main.id
}

# flaw: B13 The whole Internet reaches the load balancer, in plain HTTP and past the content network.
resource "aws_vpc_security_group_ingress_rule" "alb_http" {
  security_group_id = aws_security_group.alb.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 80
  to_port           = 80
}

resource "aws_vpc_security_group_egress_rule" "alb_all" {
  security_group_id = aws_security_group.alb.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"
}

resource "aws_security_group" "app" {
  name        = "buzzer-app"
  description = "Tasks of The Buzzer"
  vpc_id      = aws_vpc.main.id
}

resource "aws_vpc_security_group_ingress_rule" "app_from_alb" {
  security_group_id            = aws_security_group.app.id
  referenced_security_group_id = aws_security_group.alb.id
  ip_protocol                  = "tcp"
  from_port                    = 5000
  to_port                      = 5000
}

resource "aws_vpc_security_group_egress_rule" "app_all" {
  security_group_id = aws_security_group.app.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"
}

resource "aws_security_group" "db" {
  name        = "buzzer-db"
  description = "Database of The Buzzer"
  vpc_id      = aws_vpc.main.id
}

# flaw: B13 The database's security group lets any address in; only the private subnet keeps the Internet out.
resource "aws_vpc_security_group_ingress_rule" "db_mysql" {
  security_group_id = aws_security_group.db.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 3306
  to_port           = 3306
}

# Load balancer

# flaw: B10 Idle timeout, balancing algorithm, access logs and deletion protection are left at their defaults.
resource "aws_lb" "main" {
  name               = "buzzer"
  load_balancer_type = "application"
  security_groups    = [aws_security_group.alb.id]
  subnets            = aws_subnet.public[*].id
}

# flaw: B4 The check waits in the queue of the requests, and two answers later than 5 s are enough to have the only task killed.
resource "aws_lb_target_group" "api" {
  name        = "buzzer-api"
  port        = 5000
  protocol    = "HTTP"
  target_type = "ip"
  vpc_id      = aws_vpc.main.id

  health_check {
    path                = "/health"
    interval            = 30
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 2
  }
}

# flaw: B10 Plain HTTP is the only listener.
resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.main.arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.api.arn
  }
}

# Service

# flaw: B12 Tags are mutable, so a rollback may start another image than the one that ran.
resource "aws_ecr_repository" "api" {
  name                 = "buzzer-api"
  image_tag_mutability = "MUTABLE"
}

resource "aws_cloudwatch_log_group" "api" {
  name              = "/ecs/buzzer-api"
  retention_in_days = 7
}

resource "aws_iam_role" "execution" {
  name = "buzzer-execution"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
    }]
  })
}

# flaw: S2 The role that starts the task may pull and log, but may not read the secret that the task definition names.
resource "aws_iam_role_policy" "execution" {
  name = "start-tasks"
  role = aws_iam_role.execution.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect = "Allow"
      Action = [
        "ecr:GetAuthorizationToken",
        "ecr:BatchCheckLayerAvailability",
        "ecr:GetDownloadUrlForLayer",
        "ecr:BatchGetImage",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
      ]
      Resource = "*"
    }]
  })
}

resource "aws_iam_role" "task" {
  name               = "buzzer-task"
  assume_role_policy = aws_iam_role.execution.assume_role_policy
}

# flaw: B11 Container Insights is off, and the stack has no alarm and no dashboard: nobody can see the crash coming.
resource "aws_ecs_cluster" "main" {
  name = "buzzer"
}

# flaw: B2 A quarter of a virtual CPU and half a gigabyte carry the whole audience.
resource "aws_ecs_task_definition" "api" {
  family                   = "buzzer-api"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 256
  memory                   = 512
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn

  container_definitions = jsonencode([{
    name      = "api"
    essential = true
    # flaw: B12 `latest` names whatever was pushed last.
    image        = "${aws_ecr_repository.api.repository_url}:latest"
    portMappings = [{ containerPort = 5000, protocol = "tcp" }]
    environment = [
      # flaw: S3 `endpoint` is host and port, so the driver looks up a host called `...rds.amazonaws.com:3306`; `address` is meant.
      { name = "DB_HOST", value = aws_db_instance.main.endpoint },
      { name = "DB_NAME", value = "buzzer" },
      { name = "DB_USER", value = "buzzer" },
      # flaw: B8 Twenty connections a task against the 60 to 85 of the database leave room for three tasks and no deployment.
      { name = "DB_POOL_SIZE", value = "20" },
      # flaw: B6 Commentary is kept for 60 s inside each process: up to a minute old, and different from task to task.
      { name = "COMMENTARY_CACHE_S", value = "60" },
    ]
    secrets = [
      { name = "DB_PASSWORD", valueFrom = "${aws_secretsmanager_secret.db.arn}:password::" },
    ]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        "awslogs-group"         = aws_cloudwatch_log_group.api.name
        "awslogs-region"        = var.region
        "awslogs-stream-prefix" = "api"
      }
    }
  }])
}

# flaw: B1 One task: whatever stops it stops the service.
# flaw: B3 Nothing scales it; there is neither a scaling target nor a schedule for game days.
# flaw: B12 No circuit breaker and no grace period: a bad image is retried for ever, a slow start is taken for a failure.
resource "aws_ecs_service" "api" {
  name            = "buzzer-api"
  cluster         = aws_ecs_cluster.main.id
  task_definition = aws_ecs_task_definition.api.arn
  launch_type     = "FARGATE"
  desired_count   = 1

  network_configuration {
    subnets         = aws_subnet.private[*].id
    security_groups = [aws_security_group.app.id]
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.api.arn
    container_name   = "api"
    container_port   = 5000
  }

  depends_on = [aws_lb_listener.http]
}

# Database

resource "aws_db_subnet_group" "main" {
  name       = "buzzer"
  subnet_ids = aws_subnet.private[*].id
}

# flaw: B7 The smallest class, burstable, on 20 GB of gp2 (100 operations per second for good) in one zone.
# flaw: B9 No replica: the reads of every fan compete with the writes of the game.
# flaw: B15 Backups for a day, no final snapshot, no deletion protection, no copy outside the database service.
# flaw: B16 Old commentary is never archived and fills the volume.
resource "aws_db_instance" "main" {
  identifier              = "buzzer"
  engine                  = "mysql"
  engine_version          = "8.0"
  instance_class          = "db.t3.micro"
  allocated_storage       = 20
  max_allocated_storage   = 100
  storage_type            = "gp2"
  storage_encrypted       = true
  db_name                 = "buzzer"
  username                = "buzzer"
  password                = uuid()
  port                    = 3306
  db_subnet_group_name    = aws_db_subnet_group.main.name
  vpc_security_group_ids  = [aws_security_group.db.id]
  multi_az                = false
  backup_retention_period = 1
  skip_final_snapshot     = true
  deletion_protection     = false

  lifecycle {
    # Made once, at creation; no password stands in any file.
    ignore_changes = [password]
  }
}

resource "aws_secretsmanager_secret" "db" {
  name = "buzzer/db"
}

resource "aws_secretsmanager_secret_version" "db" {
  secret_id     = aws_secretsmanager_secret.db.id
  secret_string = jsonencode({ username = "buzzer", password = aws_db_instance.main.password })
}

# Content network and names

# flaw: B5 Every request for the API passes through uncached and uncompressed, and no shield gathers the edge caches.
# flaw: B14 There is no store for pictures and documents: the task serves them too.
resource "aws_cloudfront_distribution" "main" {
  enabled = true
  comment = "The Buzzer"

  origin {
    origin_id   = "alb"
    domain_name = aws_lb.main.dns_name

    custom_origin_config {
      http_port              = 80
      https_port             = 443
      origin_protocol_policy = "http-only"
      origin_ssl_protocols   = ["TLSv1.2"]
    }
  }

  default_cache_behavior {
    target_origin_id       = "alb"
    viewer_protocol_policy = "allow-all"
    allowed_methods        = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
    cached_methods         = ["GET", "HEAD"]
    compress               = false

    # Managed policies CachingDisabled and AllViewer:
    # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
    cache_policy_id          = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    origin_request_policy_id = "216adef6-5c7f-47e4-b989-5492eafa07d3"
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

resource "aws_route53_zone" "main" {
  name = var.domain
}

# flaw: B18 The name leads straight to the load balancer, with no health check and nothing to show when it fails.
resource "aws_route53_record" "api" {
  zone_id = aws_route53_zone.main.zone_id
  name    = "api.${var.domain}"
  type    = "A"

  alias {
    name                   = aws_lb.main.dns_name
    zone_id                = aws_lb.main.zone_id
    evaluate_target_health = false
  }
}

# flaw: B17 The delivery workflow beside this stack pushes `latest` and forces a deployment, with static keys and no plan, test or way back.
# flaw: B19 No budget: the bill is a surprise.

output "api_url" {
  description = "Where the apps ask for commentary."
  value       = "http://${aws_route53_record.api.name}"
}

output "database_address" {
  description = "Host name of the database, without the port."
  value       = aws_db_instance.main.address
}
