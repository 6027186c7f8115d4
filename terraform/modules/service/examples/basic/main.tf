# A service that nothing calls: one small task that works through a queue, with a job that runs once before each release.

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "example"
  secret_key                  = "example"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

module "service" {
  source = "../.."

  name             = "results"
  service_name     = "results-worker"
  description      = "Tasks that write results"
  region           = "us-east-1"
  account_id       = "123456789012"
  vpc_id           = "vpc-0123456789abcdef0"
  subnet_ids       = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
  repository_arn   = "arn:aws:ecr:us-east-1:123456789012:repository/results"
  desired_count    = 1
  task_size        = { cpu = 256, memory = 512 }
  log_group_name   = "/ecs/results"
  metric_namespace = "Results"
  environment      = { QUEUE = "results" }
  secrets          = { DB_PASSWORD = "arn:aws:secretsmanager:us-east-1:123456789012:secret:results/prod/db:password::" }
  secret_arns      = ["arn:aws:secretsmanager:us-east-1:123456789012:secret:results/prod/db"]
  reaches          = { "the database" = { port = 5432, security_group_id = "sg-0123456789abcdef0" } }
  jobs             = { migrate = { command = ["npm", "run", "migrate"] } }
  task_statements  = [{ sid = "ReadTheQueue", actions = ["sqs:ReceiveMessage", "sqs:DeleteMessage"], resources = ["arn:aws:sqs:us-east-1:123456789012:results"] }]

  container = {
    name           = "worker"
    image          = "123456789012.dkr.ecr.us-east-1.amazonaws.com/results@sha256:0000000000000000000000000000000000000000000000000000000000000000"
    port           = 3000
    health_command = ["CMD", "node", "health.js"]
  }
}
