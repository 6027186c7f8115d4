# One poller that always runs and one that is started every five minutes.

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "example"
  secret_key                  = "example"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

module "pollers" {
  source = "../.."

  name           = "scores"
  region         = "us-east-1"
  vpc_id         = "vpc-0123456789abcdef0"
  subnet_ids     = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
  image          = "123456789012.dkr.ecr.us-east-1.amazonaws.com/poller@sha256:6c3c624b58dbbcd3c0dd82b4c53f04194d1247c6eebdaab7c610cf7d66709b3b"
  repository_arn = "arn:aws:ecr:us-east-1:123456789012:repository/poller"
  reaches        = { "the providers" = { port = 443, cidr_ipv4 = "0.0.0.0/0" } }
  statements     = { WriteUpdates = { actions = ["kinesis:PutRecords"], resources = ["arn:aws:kinesis:us-east-1:123456789012:stream/updates"] } }
  pollers = {
    live   = { environment = { POLL_INTERVAL_S = "1" }, tasks = { max = 4 } }
    tables = { schedule = "rate(5 minutes)" }
  }
}
