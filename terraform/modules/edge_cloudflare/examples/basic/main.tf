# A results API behind Cloudflare: live answers for two seconds, standings for a minute, an origin that knows its own zone.

provider "cloudflare" {
  api_token = "0123456789abcdefghijABCDEFGHIJ0123456789"
}

module "edge_cloudflare" {
  source = "../.."

  enabled       = true
  zone_id       = "0123456789abcdef0123456789abcdef"
  name          = "api.results.example"
  origin        = "origin.results.example"
  origin_secret = { header = "X-Origin-Secret", value = "example" }
  rate_limit    = { requests = 100000 }

  behaviours = {
    live      = { prefix = "/api/live", ttl_s = 2 }
    standings = { prefix = "/api/standings", ttl_s = 60 }
  }
}
