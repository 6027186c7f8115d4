# A stream of two shards with one reader of its own.

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "example"
  secret_key                  = "example"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

module "stream" {
  source = "../.."

  name      = "updates"
  shards    = 2
  consumers = ["archive"]
}
