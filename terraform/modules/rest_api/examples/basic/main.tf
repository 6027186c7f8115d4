# Two methods, one of them open.

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "example"
  secret_key                  = "example"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

locals {
  invoke_arn = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:scores:live/invocations"
}

module "api" {
  source = "../.."

  name        = "scores"
  description = "Scores"
  throttle    = { requests_per_s = 100, burst = 50 }
  authorizer  = { invoke_arn = local.invoke_arn }
  routes = {
    "GET /scores" = { invoke_arn = local.invoke_arn }
    "GET /health" = { invoke_arn = local.invoke_arn, open = true }
  }
}
