# A table billed by the request, with a stream of its changes.

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "example"
  secret_key                  = "example"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

module "table" {
  source = "../.."

  name          = "scores"
  hash_key      = "event_id"
  range_key     = "sequence"
  attributes    = { event_id = "S", sequence = "N", day = "S" }
  indexes       = { by-day = { hash_key = "day", range_key = "sequence" } }
  ttl_attribute = "expires_at"
  stream_view   = "NEW_AND_OLD_IMAGES"
}
