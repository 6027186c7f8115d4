# An ECS service behind a balancer, with tasks that stand there before each game.

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "example"
  secret_key                  = "example"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

module "scaling" {
  source = "../.."

  cluster_name                 = "results"
  service_name                 = "results-api"
  tasks                        = { min = 2, max = 20 }
  requests_per_task_per_minute = 6000
  load_balancer_arn_suffix     = "app/results/0123456789abcdef"
  target_group_arn_suffix      = "targetgroup/results-api/0123456789abcdef"
  prescale                     = { tasks = 8 }
  fixtures                     = [{ name = "final", kick_off = "2030-07-14T19:00:00Z" }]
}
