mock_provider "aws" {}

variables {
  name       = "stand-game-day"
  region     = "us-east-1"
  heading    = "# Stand"
  alarm_arns = ["arn:aws:cloudwatch:us-east-1:123456789012:alarm:stand-cpu"]

  graphs = [for number in range(4) : {
    title   = "Graph ${number}"
    unit    = "%"
    stat    = "Average"
    metrics = [{ namespace = "AWS/ECS", name = "CPUUtilization", dimensions = { ClusterName = "stand", ServiceName = "stand-api" }, label = "mean" }]
    lines   = [{ label = "page", value = 80 }]
  }]
}

run "the_example_plans" {
  command = plan

  module {
    source = "./examples/basic"
  }
}

run "three_graphs_stand_in_a_row_and_alarms_below_them" {
  command = plan

  assert {
    condition     = [for w in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : [w.x, w.y]] == [[0, 0], [0, 2], [8, 2], [16, 2], [0, 8], [0, 14]]
    error_message = "Widgets overlap or stray."
  }

  assert {
    condition     = alltrue([for w in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : w.x + w.width <= 24])
    error_message = "A widget is wider than the grid."
  }
}

run "a_graph_names_its_metric_with_all_dimensions" {
  command = plan

  assert {
    condition     = jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets[1].properties.metrics[0] == ["AWS/ECS", "CPUUtilization", "ClusterName", "stand", "ServiceName", "stand-api", { label = "mean" }]
    error_message = "The metric is another one."
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets[1].properties.annotations.horizontal[0].value == 80
    error_message = "The line that matters is missing."
  }
}

run "an_empty_dashboard_is_refused" {
  command = plan

  variables {
    graphs = []
  }

  expect_failures = [var.graphs]
}

run "a_graph_without_dimensions_is_refused" {
  command = plan

  variables {
    graphs = [{ title = "Empty", unit = "%", stat = "Average", metrics = [{ namespace = "AWS/ECS", name = "CPUUtilization", dimensions = {}, label = "mean" }] }]
  }

  expect_failures = [var.graphs]
}
