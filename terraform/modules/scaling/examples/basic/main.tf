# A service scaled by a metric of its own, by steps and by the clock.

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

  name        = "results-api"
  resource_id = "service/results/results-api"
  capacity    = { min = 2, max = 20 }

  targets = {
    cpu     = { value = 60, predefined = { type = "ECSServiceAverageCPUUtilization" } }
    streams = { value = 2000, metric = { namespace = "Results", name = "Streams", statistic = "Average", dimensions = { Service = "results-api" } } }
  }
  steps     = { surge = { least = 2, adjustments = [{ from = 0, to = 10, change = 50 }, { from = 10, change = 100 }] } }
  schedules = { evening = { schedule = "cron(0 18 * * ? *)", timezone = "America/New_York", min = 6, max = 20 } }
}
