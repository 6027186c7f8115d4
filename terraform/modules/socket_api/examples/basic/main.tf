# A WebSocket API with one function behind every route.

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "example"
  secret_key                  = "example"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

locals {
  invoke_arn = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:socket:live/invocations"
}

module "api" {
  source = "../.."

  name        = "scores-live"
  description = "Scores, pushed"
  throttle    = { requests_per_s = 500, burst = 500 }
  authorizer  = { invoke_arn = local.invoke_arn }
  routes      = { for key in ["$connect", "$disconnect", "subscribe"] : key => local.invoke_arn }
}
