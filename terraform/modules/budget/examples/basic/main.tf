# A monthly budget that the team hears of before it is spent.

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "example"
  secret_key                  = "example"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

module "budget" {
  source = "../.."

  name      = "results"
  limit_usd = 1200
  emails    = ["platform@results.example", "finance@results.example"]
  tags      = { System = "results" }
}
