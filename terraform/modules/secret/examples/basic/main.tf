# A signing key that only two roles read, rotated every month.

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "example"
  secret_key                  = "example"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

module "secret" {
  source = "../.."

  name        = "results/prod/jwt"
  description = "Signs the tokens of users"
  field       = "current"
  reader_arns = ["arn:aws:iam::123456789012:role/results-execution", "arn:aws:iam::123456789012:role/results-rotate"]
  rotation    = { function_arn = "arn:aws:lambda:us-east-1:123456789012:function:results-rotate", days = 30 }
}
