locals {
  name      = "${var.name}-${var.environment}"
  namespace = "Engine"
  api_name  = "api.${var.domain}"
  live_name = "live.${var.domain}" # a WebSocket API cannot share the name of a REST API

  enabled = { for name, provider in var.feeds : name => provider if provider.enabled }

  # Who keeps the clients' connections: tasks of our own behind a balancer, or API Gateway with a function and a table.
  # Lists of one or none, because a conditional wants one type on both sides, and a loop over a module waits for all that is in it.
  gateway   = var.live == "gateway" ? ["gateway"] : []
  tier      = var.live == "tier" ? ["tier"] : []
  live      = "${local.name}-live"
  functions = { for name, function in var.functions : name => function if name != "socket" || length(local.gateway) > 0 }

  # Names, not outputs: what an alarm watches must not wait for what the alarm rolls back.
  function_names = { for name in keys(local.functions) : name => "${local.name}-${name}" }

  use_the_key = { actions = ["kms:Decrypt", "kms:GenerateDataKey"], resources = [module.key.arn] }
}

module "key" {
  source = "../../modules/key"

  name                   = local.name
  description            = "Tables, stream, secrets and alarm messages of ${local.name}"
  account_id             = var.account_id
  services               = ["cloudwatch.amazonaws.com"]
  unconditional_services = ["events.amazonaws.com"]
}

# What is kept: events, who listens to what, and what has been done already.

locals {
  # Enough for a full programme with what target tracking leaves free, from before the first kick-offs to after the last whistles of a
  # Saturday or Sunday on either coast; a new table on demand takes 4,000 writes a second and grows over days.
  throughput = {
    for table, reads in { events = try(var.throughput.match_day_reads, 0), idempotency = try(var.throughput.min, 0) } : table => {
      read                       = { min = var.throughput.min, max = var.throughput.max }
      write                      = { min = var.throughput.min, max = var.throughput.max }
      schedules = {
        before-the-games = { schedule = "cron(0 9 ? * SAT,SUN *)", timezone = "America/New_York", read_min = reads, write_min = var.throughput.match_day_writes }
        after-the-games  = { schedule = "cron(30 23 ? * SAT,SUN *)", timezone = "America/New_York", read_min = var.throughput.min, write_min = var.throughput.min }
      }
    } if var.throughput != null
  }
}

module "events" {
  source = "../../modules/table"

  name       = "${local.name}-events"
  hash_key   = "event_id"
  range_key  = "sequence"
  attributes = { event_id = "S", sequence = "N", sport_day = "S" }
  indexes    = { by-sport-and-day = { hash_key = "sport_day", range_key = "sequence" } }

  ttl_attribute       = "expires_at"
  stream_view         = "NEW_AND_OLD_IMAGES"
  capacity            = lookup(local.throughput, "events", null)
  key_arn             = module.key.arn
  deletion_protection = var.deletion_protection
  replica_regions     = var.replica_regions
}

module "connections" {
  source = "../../modules/table"
  count  = length(local.gateway)

  name       = "${local.name}-connections"
  hash_key   = "topic"
  range_key  = "connection_id"
  attributes = { topic = "S", connection_id = "S" }
  indexes    = { by-connection = { hash_key = "connection_id", range_key = "topic", projection = "KEYS_ONLY" } }

  # A connection ends after two hours at the latest; what its close did not delete goes with this.
  ttl_attribute       = "expires_at"
  key_arn             = module.key.arn
  deletion_protection = var.deletion_protection
}

# An update that comes twice, from a retry or from two providers, is written once: its key is put on condition that it is new.
module "idempotency" {
  source = "../../modules/table"

  name       = "${local.name}-idempotency"
  hash_key   = "update_key"
  attributes = { update_key = "S" }

  ttl_attribute       = "expires_at"
  capacity            = lookup(local.throughput, "idempotency", null)
  key_arn             = module.key.arn
  deletion_protection = var.deletion_protection
}

# The way in. Pollers write into the stream, keyed by event, so that updates of one event stay in order; providers that push call POST /ingest.

module "updates" {
  source = "../../modules/stream"

  name        = "${local.name}-updates"
  shards      = var.shards
  retention_h = 24
  key_arn     = module.key.arn
}

# Updates in, updates out, what has been, who may, and, where API Gateway keeps the connections, who listens. What functions share stands
# here once; what is a function's own stands below by its name.

module "functions" {
  source   = "../../modules/function"
  for_each = local.functions

  name                    = local.function_names[each.key]
  description             = local.function_descriptions[each.key]
  package                 = { bucket = var.code_bucket, key = "${each.key}/${var.release}.zip" }
  handler                 = "${each.key}.handler"
  runtime                 = "python3.13"
  memory_mib              = each.value.memory_mib
  timeout_s               = each.value.timeout_s
  reserved_concurrency    = each.value.reserved
  provisioned_concurrency = each.value.provisioned
  deployment              = { alarms = ["${local.name}-${each.key}-errors", "${local.name}-${each.key}-throttles"] }
  dead_letters            = length(local.function_streams[each.key]) > 0 ? {} : null # who waits for an answer gets the failure
  callers                 = local.function_callers[each.key]
  streams                 = local.function_streams[each.key]
  network                 = each.key == "fanout" ? one(local.channel_network) : null

  environment = merge(
    {
      ENVIRONMENT   = var.environment
      LOG_LEVEL     = var.log_level # the region is set by Lambda itself, which refuses a variable of that name
      SENTRY_SECRET = module.sentry.name
    },
    local.function_environments[each.key],
  )

  statements = merge(local.function_statements[each.key], {
    UseTheKey          = local.use_the_key
    ReadTheSentryToken = { actions = ["secretsmanager:GetSecretValue"], resources = [module.sentry.arn] }
  })
}

locals {
  function_descriptions = {
    ingest    = "Checks, deduplicates and stores updates"
    fanout    = length(local.gateway) > 0 ? "Sends each change of an event to the clients that subscribed to it" : "Publishes each change of an event to the tasks that keep the connections"
    socket    = "Keeps who is connected and what each client subscribed to"
    query     = "Answers GET /events and GET /health"
    authorize = "Checks the signed token of a request or a connection"
  }

  function_environments = {
    ingest = {
      EVENTS_TABLE      = module.events.name
      IDEMPOTENCY_TABLE = module.idempotency.name
      EVENT_DAYS        = tostring(var.event_days)
      QUARANTINE_URL    = "https://sqs.${var.region}.amazonaws.com/${var.account_id}/${local.function_names["ingest"]}-dead-letters" # what is no update, with the reason
    }
    fanout = merge(concat(
      [for _ in local.gateway : { CONNECTIONS_TABLE = "${local.name}-connections", MANAGEMENT_URL = module.socket[0].management_url, SEND_INTERVAL_MS = tostring(var.send_interval_ms) }],
      [for _ in local.tier : { CHANNEL_HOST = module.channel[0].address, CHANNEL_SECRET = local.channel_secret }],
    )...)
    socket    = { CONNECTIONS_TABLE = "${local.name}-connections" }
    query     = { EVENTS_TABLE = module.events.name }
    authorize = { TOKEN_SECRET = module.token.name }
  }

  function_statements = {
    ingest = {
      WriteEvents = { actions = ["dynamodb:BatchWriteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"], resources = [module.events.arn] }
      WriteOnce   = { actions = ["dynamodb:PutItem"], resources = [module.idempotency.arn] }
      ReadUpdates = { actions = ["kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards"], resources = [module.updates.arn] }
    }
    fanout = merge(concat(
      [{ ReadChanges = { actions = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"], resources = [module.events.stream_arn] } }],
      [for _ in local.gateway : { FindConnections = { actions = ["dynamodb:DeleteItem", "dynamodb:Query"], resources = [module.connections[0].arn, module.connections[0].index_arns] } }],
      [for _ in local.gateway : { SendToClients = { actions = ["execute-api:ManageConnections"], resources = ["${module.socket[0].execution_arn}/*"] } }],
      [for _ in local.tier : { ReadTheChannelsPassword = { actions = ["secretsmanager:GetSecretValue"], resources = [module.channel[0].secret_arn] } }],
    )...)
    socket    = merge([for _ in local.gateway : { KeepConnections = { actions = ["dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:Query"], resources = [module.connections[0].arn, module.connections[0].index_arns] } }]...)
    query     = { ReadEvents = { actions = ["dynamodb:GetItem", "dynamodb:Query"], resources = [module.events.arn, module.events.index_arns] } }
    authorize = { ReadTheTokenKey = { actions = ["secretsmanager:GetSecretValue"], resources = [module.token.arn] } }
  }

  function_callers = {
    fanout = {}
    ingest = { rest = { service = "apigateway.amazonaws.com", source_arn = "${module.rest.execution_arn}/*/POST/ingest" } }
    socket = { for _ in local.gateway : "socket" => { service = "apigateway.amazonaws.com", source_arn = "${module.socket[0].execution_arn}/*" } }
    query  = { rest = { service = "apigateway.amazonaws.com", source_arn = "${module.rest.execution_arn}/*/GET/*" } }
    authorize = merge(
      { rest = { service = "apigateway.amazonaws.com", source_arn = "${module.rest.execution_arn}/authorizers/*" } },
      { for _ in local.gateway : "socket" => { service = "apigateway.amazonaws.com", source_arn = "${module.socket[0].execution_arn}/authorizers/*" } },
    )
  }

  # An update that is older than a minute is of no use to anybody who watches; it goes to the queue and into the archive.
  reading = { batch_size = 100, parallel_batches = 10, retries = 3, record_age_s = 60 }
  function_streams = {
    ingest    = { updates = merge(local.reading, { arn = module.updates.arn }) }
    fanout    = { events = merge(local.reading, { arn = module.events.stream_arn }) }
    socket    = {}
    query     = {}
    authorize = {}
  }
}

# Raising the quota is a request that people at AWS decide: made where more than the 1,000 that every account has are wanted.
resource "aws_servicequotas_service_quota" "concurrency" {
  count = var.concurrency_quota > 1000 ? 1 : 0

  service_code = "lambda"
  quota_code   = "L-B99A9384"
  value        = var.concurrency_quota
}

module "rest" {
  source = "../../modules/rest_api"

  name        = local.name
  description = "Updates in, recent events out"
  throttle    = var.rest_throttle
  authorizer  = { invoke_arn = module.functions["authorize"].alias_invoke_arn }
  firewall    = true
  web_acl_arn = aws_wafv2_web_acl.rest.arn
  domain      = { name = local.api_name, certificate_arn = module.certificate.arn, zone_id = aws_route53_zone.this.zone_id }
  routes = {
    "POST /ingest" = { invoke_arn = module.functions["ingest"].alias_invoke_arn, timeout_ms = 1000 * var.functions["ingest"].timeout_s }
    "GET /events"  = { invoke_arn = module.functions["query"].alias_invoke_arn, timeout_ms = 1000 * var.functions["query"].timeout_s }
    "GET /health"  = { invoke_arn = module.functions["query"].alias_invoke_arn, timeout_ms = 1000 * var.functions["query"].timeout_s, open = true }
  }
}

module "socket" {
  source = "../../modules/socket_api"
  count  = length(local.gateway)

  name        = "${local.name}-socket"
  description = "Live events, pushed"
  throttle    = var.socket_throttle
  authorizer  = { invoke_arn = module.functions["authorize"].alias_invoke_arn }
  domain      = { name = local.live_name, certificate_arn = module.certificate.arn, zone_id = aws_route53_zone.this.zone_id, path = "ws" }
  routes      = { for key in ["$connect", "$disconnect", "$default", "subscribe", "unsubscribe"] : key => module.functions["socket"].alias_invoke_arn }
}

# API Gateway writes access logs with one role for the account and region.
resource "aws_iam_role" "api_logs" {
  name = "${local.name}-api-logs"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "apigateway.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy_attachment" "api_logs" {
  role       = aws_iam_role.api_logs.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
}

resource "aws_api_gateway_account" "this" {
  cloudwatch_role_arn = aws_iam_role.api_logs.arn

  depends_on = [aws_iam_role_policy_attachment.api_logs]
}

resource "aws_wafv2_web_acl" "rest" {
  name        = local.name
  description = "Limits at the public ways into ${local.name}"
  scope       = "REGIONAL"

  default_action {
    allow {}
  }

  rule {
    name     = "too-many-requests"
    priority = 1

    action {
      block {}
    }

    statement {
      rate_based_statement {
        limit                 = var.requests_per_address
        aggregate_key_type    = "IP"
        evaluation_window_sec = 300
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "too-many-requests"
      sampled_requests_enabled   = true
    }
  }

  rule {
    name     = "known-bad-inputs"
    priority = 2

    override_action {
      none {}
    }

    statement {
      managed_rule_group_statement {
        vendor_name = "AWS"
        name        = "AWSManagedRulesKnownBadInputsRuleSet"
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "known-bad-inputs"
      sampled_requests_enabled   = true
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = local.name
    sampled_requests_enabled   = true
  }
}

# Names.

resource "aws_route53_zone" "this" {
  name = var.domain
}

module "certificate" {
  source = "../../modules/certificate"

  names   = [local.api_name, local.live_name]
  zone_id = aws_route53_zone.this.zone_id
}

resource "aws_route53_health_check" "api" {
  type              = "HTTPS"
  fqdn              = local.api_name
  port              = 443
  resource_path     = "/health"
  request_interval  = 30
  failure_threshold = 3
  tags              = { Name = local.api_name }
}

# Pollers leave by the gateways, for their providers and for AWS alike: what they say is encrypted, and endpoints would cost more beside them.

module "network" {
  source = "../../modules/network"

  name                = local.name
  region              = var.region
  cidr_block          = "10.40.0.0/16"
  zones               = var.zones
  interface_endpoints = []
  nat                 = var.nat
}

module "registry" {
  source = "../../modules/registry"

  name = "${local.name}-poller"
}

module "pollers" {
  source = "../../modules/poller"

  name           = local.name
  region         = var.region
  vpc_id         = module.network.vpc_id
  subnet_ids     = module.network.private_subnet_ids
  image          = var.poller_image
  repository_arn = module.registry.repository_arn
  secret_arns    = concat([for secret in module.provider_key : secret.arn], [module.sentry.arn])
  key_arns       = [module.key.arn]

  pollers = {
    for name, provider in local.enabled : name => {
      tasks   = { min = 1, max = provider.most_tasks }
      alarms  = ["${local.name}-no-poller-${name}", "${local.name}-stale-${name}"]
      secrets = { PROVIDER_KEY = module.provider_key[name].arn, SENTRY_DSN = module.sentry.arn }
      environment = {
        PROVIDER        = name
        KIND            = provider.kind
        POLL_INTERVAL_S = tostring(provider.poll_s)
        FRESHNESS_S     = tostring(provider.freshness_s)
        BACKUP_OF       = provider.backup_of == null ? "" : provider.backup_of
      }
    }
  }

  environment = {
    ENVIRONMENT     = var.environment
    LOG_LEVEL       = var.log_level
    UPDATES_STREAM  = module.updates.name
    SENTRY_SAMPLING = var.environment == "prod" ? "0.05" : "1"
  }

  statements = {
    WriteUpdates = { actions = ["kinesis:PutRecord", "kinesis:PutRecords"], resources = [module.updates.arn] }
    UseTheKey    = local.use_the_key
  }

  reaches = {
    "the providers and AWS" = { port = 443, cidr_ipv4 = "0.0.0.0/0" } # providers publish no address ranges
    "image layers"          = { port = 443, prefix_list_id = module.network.s3_prefix_list_id }
  }
}

# Secrets. Their first values are put in by hand or by the provider's own rotation, never by Terraform.

module "provider_key" {
  source   = "../../modules/secret"
  for_each = local.enabled

  name        = "${var.name}/${var.environment}/providers/${each.key}"
  description = "Key of the poller of ${each.key}"
  key_arn     = module.key.arn
  generated   = false
}

module "sentry" {
  source = "../../modules/secret"

  name        = "${var.name}/${var.environment}/sentry"
  description = "Where functions and pollers report errors"
  key_arn     = module.key.arn
  generated   = false
}

module "token" {
  source = "../../modules/secret"

  name        = "${var.name}/${var.environment}/token"
  description = "Public keys that the authorizer checks tokens with"
  key_arn     = module.key.arn
  generated   = false
}

# What is kept for longer than a table keeps it: every update as it came, and who did what in the account.

module "archive" {
  source = "../../modules/bucket"

  name           = "${local.name}-archive-${var.account_id}"
  force_destroy  = !var.deletion_protection
  lifecycle_days = { transitions = { STANDARD_IA = 30, GLACIER = 90 }, expire = var.archive_days, expire_old_versions = 30 }
}

resource "aws_cloudwatch_log_group" "archive" {
  name              = "/aws/kinesisfirehose/${local.name}-archive"
  retention_in_days = 30
}

resource "aws_cloudwatch_log_stream" "archive" {
  name           = "delivery"
  log_group_name = aws_cloudwatch_log_group.archive.name
}

resource "aws_iam_role" "archive" {
  name = "${local.name}-archive"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "firehose.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "archive" {
  name = "archive"
  role = aws_iam_role.archive.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Sid = "ReadUpdates", Effect = "Allow", Action = ["kinesis:DescribeStream", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards"], Resource = [module.updates.arn] },
      { Sid = "WriteObjects", Effect = "Allow", Action = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"], Resource = ["${module.archive.arn}/*"] },
      { Sid = "FindTheBucket", Effect = "Allow", Action = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"], Resource = [module.archive.arn] },
      { Sid = "UseTheKey", Effect = "Allow", Action = ["kms:Decrypt"], Resource = [module.key.arn] },
      { Sid = "WriteLogs", Effect = "Allow", Action = ["logs:PutLogEvents"], Resource = ["${aws_cloudwatch_log_group.archive.arn}:*"] },
    ]
  })
}

resource "aws_kinesis_firehose_delivery_stream" "archive" {
  name        = "${local.name}-archive"
  destination = "extended_s3"

  kinesis_source_configuration {
    kinesis_stream_arn = module.updates.arn
    role_arn           = aws_iam_role.archive.arn
  }

  extended_s3_configuration {
    role_arn            = aws_iam_role.archive.arn
    bucket_arn          = module.archive.arn
    prefix              = "updates/!{timestamp:yyyy/MM/dd/HH}/"
    error_output_prefix = "failed/!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd}/"
    buffering_size      = 64
    buffering_interval  = 300
    compression_format  = "GZIP"

    cloudwatch_logging_options {
      enabled         = true
      log_group_name  = aws_cloudwatch_log_group.archive.name
      log_stream_name = aws_cloudwatch_log_stream.archive.name
    }
  }

  depends_on = [aws_iam_role_policy.archive]
}

module "trail" {
  source = "../../modules/bucket"

  name           = "${local.name}-trail-${var.account_id}"
  force_destroy  = !var.deletion_protection
  lifecycle_days = { transitions = { STANDARD_IA = 30 }, expire = 400, expire_old_versions = 30 }
  grants = [
    {
      sid        = "TrailWrites"
      service    = "cloudtrail.amazonaws.com"
      action     = "s3:PutObject"
      prefix     = "AWSLogs/${var.account_id}/"
      source_key = "aws:SourceArn"
      source     = "arn:aws:cloudtrail:${var.region}:${var.account_id}:trail/${local.name}"
    },
  ]
  bucket_grants = [
    {
      sid        = "TrailChecks"
      service    = "cloudtrail.amazonaws.com"
      action     = "s3:GetBucketAcl"
      source_key = "aws:SourceArn"
      source     = "arn:aws:cloudtrail:${var.region}:${var.account_id}:trail/${local.name}"
    },
  ]
}

# Everything that changes the account, and who read or deleted what the archive holds.
resource "aws_cloudtrail" "this" {
  name                       = local.name
  s3_bucket_name             = module.trail.name
  is_multi_region_trail      = false
  enable_log_file_validation = true

  event_selector {
    read_write_type           = "All"
    include_management_events = true

    data_resource {
      type   = "AWS::S3::Object"
      values = ["${module.archive.arn}/"]
    }
  }
}

# A second copy, in a vault: what the table itself can restore goes with the table.

resource "aws_backup_vault" "this" {
  name        = local.name
  kms_key_arn = module.key.arn
}

resource "aws_backup_plan" "this" {
  name = local.name

  rule {
    rule_name         = "daily"
    target_vault_name = aws_backup_vault.this.name
    schedule          = "cron(0 9 * * ? *)" # four in the morning on the American east coast, when nothing is played
    start_window      = 60
    completion_window = 180

    lifecycle {
      delete_after = 35
    }
  }
}

resource "aws_iam_role" "backup" {
  name = "${local.name}-backup"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "backup.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "backup" {
  name = "copies-of-tables"
  role = aws_iam_role.backup.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Sid = "CopyTheTable", Effect = "Allow", Action = ["dynamodb:CreateBackup", "dynamodb:DescribeTable", "dynamodb:ListTagsOfResource", "dynamodb:StartAwsBackupJob"], Resource = [module.events.arn] },
      { Sid = "KeepTheCopies", Effect = "Allow", Action = ["dynamodb:DeleteBackup", "dynamodb:DescribeBackup"], Resource = ["${module.events.arn}/backup/*"] },
      { Sid = "UseTheKey", Effect = "Allow", Action = ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"], Resource = [module.key.arn] },
    ]
  })
}

resource "aws_backup_selection" "events" {
  name         = "events"
  plan_id      = aws_backup_plan.this.id
  iam_role_arn = aws_iam_role.backup.arn
  resources    = [module.events.arn]
}

# Who is told.

module "pages" {
  source = "../../modules/topic"

  name                     = "${local.name}-page"
  account_id               = var.account_id
  key_arn                  = module.key.arn
  publishers               = ["cloudwatch.amazonaws.com"]
  unconditional_publishers = ["events.amazonaws.com"]
  emails                   = var.page_emails
  https_endpoints          = var.pager_endpoints
}

module "tickets" {
  source = "../../modules/topic"

  name                     = "${local.name}-ticket"
  account_id               = var.account_id
  key_arn                  = module.key.arn
  publishers               = ["cloudwatch.amazonaws.com"]
  unconditional_publishers = ["events.amazonaws.com"]
  emails                   = var.ticket_emails
}

module "notices" {
  source = "../../modules/notices"

  name      = local.name
  topic_arn = module.tickets.arn
  events = {
    release-taken-back = {
      description = "A release of a function of ${local.name} failed or was taken back. Runbook: roll-back."
      pattern     = jsonencode({ source = ["aws.codedeploy"], "detail-type" = ["CodeDeploy Deployment State-change Notification"], detail = { state = ["FAILURE", "STOP"], application = values(local.function_names) } })
    }
    poller-stopped = {
      description = "A poller of ${local.name} could not be placed or stopped. Runbook: provider-outage."
      pattern     = jsonencode({ source = ["aws.ecs"], "detail-type" = ["ECS Deployment State Change", "ECS Service Action"], detail = { eventType = ["ERROR"], clusterArn = [module.pollers.cluster_arn] } })
    }
  }
}

module "budget" {
  source = "../../modules/budget"

  name      = local.name
  limit_usd = var.budget_usd
  emails    = var.ticket_emails
}
