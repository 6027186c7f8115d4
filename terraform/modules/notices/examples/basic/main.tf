# Two events that somebody must hear of: a failed deployment and a failover.

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "example"
  secret_key                  = "example"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

module "notices" {
  source = "../.."

  name      = "results"
  topic_arn = "arn:aws:sns:us-east-1:123456789012:results-page"

  events = {
    deployment = { description = "A deployment failed.", pattern = jsonencode({ source = ["aws.ecs"], detail-type = ["ECS Deployment State Change"], detail = { eventName = ["SERVICE_DEPLOYMENT_FAILED"] } }) }
    failover   = { description = "The database failed over.", pattern = jsonencode({ source = ["aws.rds"], detail = { EventCategories = ["failover"] } }) }
  }
  tags = { System = "results" }
}
