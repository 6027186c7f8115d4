# A function that a stream calls, released gradually.

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "example"
  secret_key                  = "example"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

module "function" {
  source = "../.."

  name                    = "scores-ingest"
  description             = "Stores scores"
  package                 = { bucket = "releases-123456789012", key = "ingest/1.0.0.zip" }
  handler                 = "ingest.handler"
  runtime                 = "nodejs22.x"
  memory_mib              = 512
  timeout_s               = 10
  reserved_concurrency    = 100
  provisioned_concurrency = 5
  environment             = { TABLE = "scores" }
  statements = {
    WriteScores = { actions = ["dynamodb:PutItem"], resources = ["arn:aws:dynamodb:us-east-1:123456789012:table/scores"] }
    ReadScores = {
      actions   = ["kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards"]
      resources = ["arn:aws:kinesis:us-east-1:123456789012:stream/scores"]
    }
  }
  streams    = { scores = { arn = "arn:aws:kinesis:us-east-1:123456789012:stream/scores", parallel_batches = 2 } }
  callers    = { rest = { service = "apigateway.amazonaws.com", source_arn = "arn:aws:execute-api:us-east-1:123456789012:abc/*/POST/scores" } }
  deployment = { alarms = ["scores-ingest-errors"] }
  tags       = { System = "scores" }
}
