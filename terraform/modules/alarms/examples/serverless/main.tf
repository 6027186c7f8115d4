# Alarms of a serverless service: a function that reads a stream, a table, both kinds of API and a queue of dead letters.

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "example"
  secret_key                  = "example"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

locals {
  owners = { page = "platform on-call", ticket = "platform team" }
}

module "function" {
  source = "../../presets/lambda"

  prefix        = "ingest-"
  owners        = local.owners
  function_name = "scores-ingest"
  runbooks      = { errors = "function-fails", throttles = "concurrency", concurrency = "concurrency", behind = "updates-behind" }
  thresholds    = { reserved_concurrency = 300, behind_ms = 10000, duration_ms = 800 }
}

module "table" {
  source = "../../presets/dynamodb"

  prefix     = "table-"
  owners     = local.owners
  table_name = "scores"
  runbook    = "table-throttles"
}

module "stream" {
  source = "../../presets/kinesis"

  prefix      = "updates-"
  owners      = local.owners
  stream_name = "scores-updates"
  runbook     = "updates-behind"
  thresholds  = { behind_ms = 30000, bytes_per_minute = 2 * 1048576 * 60 }
}

module "rest" {
  source = "../../presets/rest_api"

  prefix     = "rest-"
  owners     = local.owners
  api        = { name = "scores", stage = "live" }
  runbooks   = { errors = "function-fails", refused = "requests-refused", slow = "function-fails" }
  thresholds = { latency_ms = 1000 }
}

module "socket" {
  source = "../../presets/socket_api"

  prefix   = "socket-"
  owners   = local.owners
  api      = { id = "abc123", stage = "live" }
  runbooks = { errors = "connections-drop", connects = "connections-drop" }
}

module "dead_letters" {
  source = "../../presets/sqs"

  owners      = local.owners
  queue_names = { dead- = "scores-ingest-dead-letters" }
  runbook     = "dead-letters"
}

module "alarms" {
  source = "../.."

  name         = "scores"
  topics       = { page = "arn:aws:sns:us-east-1:123456789012:page", ticket = "arn:aws:sns:us-east-1:123456789012:ticket" }
  runbook_site = "https://handbook.example/runbooks/"
  alarms = merge(
    module.function.alarms,
    module.table.alarms,
    module.stream.alarms,
    module.rest.alarms,
    module.socket.alarms,
    module.dead_letters.alarms,
  )
}
