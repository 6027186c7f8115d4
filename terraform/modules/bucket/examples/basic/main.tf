# A bucket for access logs: two services write, nothing stays longer than a year.

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "example"
  secret_key                  = "example"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

module "bucket" {
  source = "../.."

  name           = "results-logs-123456789012"
  lifecycle_days = { transitions = { STANDARD_IA = 30, GLACIER = 90 }, expire = 365, expire_old_versions = 30 }

  grants = [
    { sid = "BalancerWrites", service = "logdelivery.elasticloadbalancing.amazonaws.com", action = "s3:PutObject", prefix = "alb/", source_key = "aws:SourceAccount", source = "123456789012" },
    { sid = "TrailWrites", service = "cloudtrail.amazonaws.com", action = "s3:PutObject", prefix = "trail/", source_key = "aws:SourceArn", source = "arn:aws:cloudtrail:us-east-1:123456789012:trail/results" },
  ]

  bucket_grants = [
    { sid = "TrailAsks", service = "cloudtrail.amazonaws.com", action = "s3:GetBucketAcl", source_key = "aws:SourceArn", source = "arn:aws:cloudtrail:us-east-1:123456789012:trail/results" },
  ]
  tags = { System = "results" }
}
