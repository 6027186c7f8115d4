# A distribution before a results API: live answers for two seconds, standings for a minute, pictures from a bucket.

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "example"
  secret_key                  = "example"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

module "edge" {
  source = "../.."

  name               = "results"
  comment            = "Results"
  region             = "us-east-1"
  alias              = "api.results.example"
  certificate_arn    = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"
  web_acl_arn        = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/results/00000000-0000-0000-0000-000000000000"
  origin_domain      = "origin.results.example"
  origin_secret      = { header = "X-Origin-Secret", value = "example" }
  assets_domain      = "results-assets-123456789012.s3.us-east-1.amazonaws.com"
  live_paths         = ["/api/live*"]
  live_ttl_s         = 2
  live_staleness_s   = 5
  live_query_strings = ["event"]
  read_only          = true

  behaviours = {
    pictures  = { path = "/pictures/*", origin = "assets", ttl_s = 86400, staleness_s = 86400 }
    standings = { path = "/api/standings*", ttl_s = 60, staleness_s = 120, query_strings = ["sport"] }
  }
  tags = { System = "results" }
}
