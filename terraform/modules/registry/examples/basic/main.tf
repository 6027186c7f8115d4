# Images of an API, the last hundred kept.

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "example"
  secret_key                  = "example"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

module "registry" {
  source = "../.."

  name        = "results-api"
  kept_images = 100
  tags        = { System = "results" }
}
