# Nightly snapshots of a database as Parquet in a bucket.

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "example"
  secret_key                  = "example"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

module "export" {
  source = "../.."

  name                = "results"
  region              = "us-east-1"
  account_id          = "123456789012"
  database_identifier = "results"
  bucket_name         = "results-archive-123456789012"
  bucket_arn          = "arn:aws:s3:::results-archive-123456789012"
  prefix              = "snapshots"
  key_arn             = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000"
  tags                = { System = "results" }
}
