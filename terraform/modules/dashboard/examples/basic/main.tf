# Load and delay of a service, with the line at which somebody is paged.

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "example"
  secret_key                  = "example"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

module "dashboard" {
  source = "../.."

  name       = "results-live"
  region     = "us-east-1"
  heading    = "# Results\n\nLoad first, delay second; the red line is where the alarm rings."
  alarm_arns = ["arn:aws:cloudwatch:us-east-1:123456789012:alarm:results-cpu"]

  graphs = [
    {
      title   = "Processor of the tasks"
      unit    = "%"
      stat    = "Average"
      metrics = [{ namespace = "AWS/ECS", name = "CPUUtilization", dimensions = { ClusterName = "results", ServiceName = "results-api" }, label = "mean" }]
      lines   = [{ label = "page", value = 80 }]
    },
    {
      title   = "Time of an answer"
      unit    = "s"
      stat    = "p99"
      metrics = [{ namespace = "AWS/ApplicationELB", name = "TargetResponseTime", dimensions = { LoadBalancer = "app/results/0123456789abcdef" }, label = "p99" }]
    },
  ]
}
