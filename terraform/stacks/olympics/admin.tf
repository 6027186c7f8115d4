# The administration: subnets of its own behind a network ACL, reached through Session Manager and nothing else.

resource "aws_subnet" "admin" {
  for_each = { for number, zone in var.zones : zone => number }

  vpc_id            = module.network.vpc_id
  cidr_block        = cidrsubnet(local.admin_block, 4, each.value)
  availability_zone = each.key
  tags              = { Name = "${local.name}-admin-${each.key}" }
}

resource "aws_route_table_association" "admin" {
  for_each = { for number, zone in var.zones : zone => number }

  subnet_id      = aws_subnet.admin[each.key].id
  route_table_id = module.network.private_route_table_ids[each.value]
}

resource "aws_network_acl" "admin" {
  vpc_id     = module.network.vpc_id
  subnet_ids = [for subnet in aws_subnet.admin : subnet.id]
  tags       = { Name = "${local.name}-admin" }

  # From inside the network; and what comes back from AWS, which an ACL has to be told.
  ingress {
    rule_no    = 100
    action     = "allow"
    protocol   = "tcp"
    cidr_block = local.cidr_block
    from_port  = 0
    to_port    = 65535
  }

  ingress {
    rule_no    = 200
    action     = "allow"
    protocol   = "tcp"
    cidr_block = "0.0.0.0/0"
    from_port  = 1024
    to_port    = 65535
  }

  egress {
    rule_no    = 100
    action     = "allow"
    protocol   = "tcp"
    cidr_block = local.cidr_block
    from_port  = 0
    to_port    = 65535
  }

  egress {
    rule_no    = 200
    action     = "allow"
    protocol   = "tcp"
    cidr_block = "0.0.0.0/0"
    from_port  = 443
    to_port    = 443
  }
}

resource "aws_cloudwatch_log_group" "admin" {
  name              = "/${local.name}/admin"
  retention_in_days = 365 # who changed which result is asked for after the Games, too
}

module "admin_balancer" {
  source = "../../modules/load_balancer"

  name                     = "${local.name}-admin"
  description              = "Load balancer of the administration of ${local.name}"
  target_group_name        = "${local.name}-admin"
  vpc_id                   = module.network.vpc_id
  subnet_ids               = [for zone in var.zones : aws_subnet.admin[zone].id]
  internal                 = true
  client                   = { description = "HTTPS from the administration's subnets", cidr_ipv4 = local.admin_block }
  certificate_arn          = module.certificate.arn
  target_security_group_id = module.admin.security_group_id
  target_port              = local.api_port
  target_type              = "instance"
  log_bucket               = module.logs.name
  deletion_protection      = var.deletion_protection
  health_check             = { path = "/health" }
}

resource "aws_route53_record" "admin" {
  zone_id = module.dns.zone_id
  name    = local.admin_name
  type    = "A"

  alias {
    name                   = module.admin_balancer.dns_name
    zone_id                = module.admin_balancer.zone_id
    evaluate_target_health = true
  }
}

module "admin" {
  source = "../../modules/fleet"

  name                      = "${local.name}-admin"
  description               = "Instances of the administration of ${local.name}"
  vpc_id                    = module.network.vpc_id
  subnet_ids                = [for zone in var.zones : aws_subnet.admin[zone].id]
  image_id                  = var.image_id
  instance_type             = "m7g.medium"
  port                      = local.api_port
  client_security_group_ids = { "the load balancer" = module.admin_balancer.security_group_id }
  target_group_arns         = [module.admin_balancer.target_group_arn]
  instances                 = { min = 2, max = 3 }
  warmup_s                  = 180
  root_volume               = { kms_key_id = module.key.arn }

  reaches = {
    "the database" = { port = 5432, security_group_id = module.database.security_group_id }
    "the cache"    = { port = 6379, security_group_id = module.cache.security_group_id }
    "AWS"          = { port = 443, cidr_ipv4 = "0.0.0.0/0" }
  }

  policy_statements = [
    { actions = ["secretsmanager:GetSecretValue"], resources = [module.database.secret_arn, module.cache.secret_arn] },
    { actions = ["kinesis:PutRecord", "kinesis:PutRecords"], resources = [aws_kinesis_stream.results.arn] },
    { actions = ["kms:GenerateDataKey"], resources = [module.key.arn] },
    { actions = ["cloudfront:CreateInvalidation"], resources = [module.edge.distribution_arn] },
    { actions = ["logs:CreateLogStream", "logs:PutLogEvents"], resources = ["${aws_cloudwatch_log_group.admin.arn}:*"] },
  ]

  user_data = <<-EOT
    #!/bin/sh
    cat > /etc/admin.env <<ENV
    PORT=${local.api_port}
    DB_HOST=${module.database.address}
    DB_SECRET=${module.database.secret_arn}
    REDIS_HOST=${module.cache.address}
    REDIS_SECRET=${module.cache.secret_arn}
    STREAM=${aws_kinesis_stream.results.name}
    ENV
    systemctl enable --now admin
  EOT
}

# Three roles for people, each of which must have shown a second factor within the hour.
locals {
  looks = [
    { Effect = "Allow", Action = "cloudwatch:GetMetricData", Resource = "*" }, # AWS knows no smaller resource for it
    { Effect = "Allow", Action = "cloudwatch:DescribeAlarms", Resource = "arn:aws:cloudwatch:${var.region}:${var.account_id}:alarm:${local.name}-*" },
    { Effect = "Allow", Action = "cloudwatch:GetDashboard", Resource = "arn:aws:cloudwatch::${var.account_id}:dashboard/${local.name}-*" },
    { Effect = "Allow", Action = "logs:FilterLogEvents", Resource = ["${aws_cloudwatch_log_group.api.arn}:*", "${aws_cloudwatch_log_group.admin.arn}:*"] },
  ]
  scores = [
    { Effect = "Allow", Action = "kinesis:PutRecord", Resource = aws_kinesis_stream.results.arn },
    { Effect = "Allow", Action = "kms:GenerateDataKey", Resource = module.key.arn },
  ]
  administers = [
    { Effect = "Allow", Action = "kinesis:DescribeStreamSummary", Resource = aws_kinesis_stream.results.arn },
    { Effect = "Allow", Action = "cloudfront:CreateInvalidation", Resource = module.edge.distribution_arn },
    { Effect = "Allow", Action = "ssm:StartSession", Resource = "arn:aws:ssm:${var.region}::document/AWS-StartPortForwardingSessionToRemoteHost" },
    {
      Effect    = "Allow"
      Action    = "ssm:StartSession"
      Resource  = "arn:aws:ec2:${var.region}:${var.account_id}:instance/*"
      Condition = { StringEquals = { "ssm:resourceTag/Name" = "${local.name}-admin" } }
    },
  ]
  people = {
    admin-full   = concat(local.looks, local.scores, local.administers)
    scorer-write = local.scores
    viewer-read  = local.looks
  }
}

resource "aws_iam_role" "people" {
  for_each = local.people

  name                 = "${local.name}-${each.key}"
  max_session_duration = 3600
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = "arn:aws:iam::${var.account_id}:root" }
      Condition = { Bool = { "aws:MultiFactorAuthPresent" = "true" }, NumericLessThan = { "aws:MultiFactorAuthAge" = "3600" } }
    }]
  })
}

resource "aws_iam_role_policy" "people" {
  for_each = local.people

  name   = "work"
  role   = aws_iam_role.people[each.key].id
  policy = jsonencode({ Version = "2012-10-17", Statement = each.value })
}

# Every call of the account's API, in every region.
module "audit" {
  source = "../../modules/bucket"

  name           = "${local.name}-audit-${var.account_id}"
  force_destroy  = !var.deletion_protection
  lifecycle_days = { transitions = { STANDARD_IA = 90 }, expire = 365, expire_old_versions = 30 }

  grants = [
    {
      sid        = "TrailAsks"
      service    = "cloudtrail.amazonaws.com"
      action     = "s3:GetBucketAcl"
      on_bucket  = true
      source_key = "aws:SourceArn"
      source     = "arn:aws:cloudtrail:${var.region}:${var.account_id}:trail/${local.name}"
    },
    {
      sid        = "TrailWrites"
      service    = "cloudtrail.amazonaws.com"
      action     = "s3:PutObject"
      prefix     = "AWSLogs/${var.account_id}/"
      source_key = "aws:SourceArn"
      source     = "arn:aws:cloudtrail:${var.region}:${var.account_id}:trail/${local.name}"
    },
  ]
}

resource "aws_cloudtrail" "this" {
  name                          = local.name
  s3_bucket_name                = module.audit.name
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true
}
