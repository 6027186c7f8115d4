# The databases of a shop, kept for a year.

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "example"
  secret_key                  = "example"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

module "backup" {
  source = "../.."

  name           = "shop"
  region         = "us-east-1"
  account_id     = "123456789012"
  key_arn        = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000"
  schedule       = "cron(0 5 * * ? *)"
  retention_days = 365
  database_arns  = ["arn:aws:rds:us-east-1:123456789012:db:shop-orders", "arn:aws:rds:us-east-1:123456789012:db:shop-stock"]
  tags           = { System = "shop" }
}
