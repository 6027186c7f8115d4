# One certificate for the public name and the origin's.

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "example"
  secret_key                  = "example"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

module "certificate" {
  source = "../.."

  names   = ["api.results.example", "origin.results.example"]
  zone_id = "Z0123456789EXAMPLE"
  tags    = { System = "results" }
}
