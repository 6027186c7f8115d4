# The role with which one GitHub environment of one repository deploys.

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "example"
  secret_key                  = "example"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

module "delivery" {
  source = "../.."

  name                = "results"
  account_id          = "123456789012"
  repository          = "results-example/results"
  environment         = "production"
  repository_arn      = "arn:aws:ecr:us-east-1:123456789012:repository/results-api"
  service_arn         = "arn:aws:ecs:us-east-1:123456789012:service/results/results-api"
  task_role_arns      = ["arn:aws:iam::123456789012:role/results-task", "arn:aws:iam::123456789012:role/results-execution"]
  assets_bucket_arn   = "arn:aws:s3:::results-assets-123456789012"
  distribution_arn    = "arn:aws:cloudfront::123456789012:distribution/E0123456789ABC"
  image_parameter_arn = "arn:aws:ssm:us-east-1:123456789012:parameter/results/image"
  tags                = { System = "results" }
}
