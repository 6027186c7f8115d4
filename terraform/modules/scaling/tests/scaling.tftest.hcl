mock_provider "aws" {}

variables {
  name        = "stand-api"
  resource_id = "service/stand/stand-api"
  capacity    = { min = 2, max = 10 }
  targets = {
    cpu     = { value = 70, predefined = { type = "ECSServiceAverageCPUUtilization" } }
    streams = { value = 1500, scale_in_cooldown_s = 600, metric = { namespace = "Stand", name = "SseConnections", statistic = "Average", dimensions = { Service = "stand-api" } } }
  }
  steps     = { surge = { least = 2, adjustments = [{ from = 0, to = 10, change = 50 }, { from = 10, change = 100 }] } }
  schedules = { evening = { schedule = "cron(0 18 * * ? *)", timezone = "America/New_York", min = 6, max = 10 } }
}

run "the_example_plans" {
  command = plan

  module {
    source = "./examples/basic"
  }
}

run "any_metric_steps_and_schedules_scale" {
  command = plan

  assert {
    condition     = aws_appautoscaling_policy.targets["streams"].target_tracking_scaling_policy_configuration[0].customized_metric_specification[0].metric_name == "SseConnections"
    error_message = "Streams do not scale."
  }

  assert {
    condition     = one(aws_appautoscaling_policy.targets["streams"].target_tracking_scaling_policy_configuration[0].customized_metric_specification[0].dimensions).value == "stand-api"
    error_message = "The metric has no dimension, so the policy never acts."
  }

  assert {
    condition     = aws_appautoscaling_policy.targets["cpu"].target_tracking_scaling_policy_configuration[0].predefined_metric_specification[0].predefined_metric_type == "ECSServiceAverageCPUUtilization"
    error_message = "Processors do not scale."
  }

  assert {
    condition     = length(aws_appautoscaling_policy.steps["surge"].step_scaling_policy_configuration[0].step_adjustment) == 2 && tonumber(aws_appautoscaling_scheduled_action.this["evening"].scalable_target_action[0].min_capacity) == 6
    error_message = "A step or a schedule is missing."
  }
}

run "what_aws_refuses_is_refused" {
  command = plan

  variables {
    scalable_dimension = "dynamodb:table:ReadCapacityUnits"
    capacity           = { min = 3, max = 2 }
    targets            = { requests = { value = 1000, metric = { namespace = "AWS/ApplicationELB", name = "RequestCountPerTarget", statistic = "Sum", dimensions = {} } } }
    steps              = { surge = { adjustment_type = "ChangeInCapacity", least = 2, adjustments = [{ from = 0, change = 2 }] } }
    schedules          = { evening = { schedule = "18:00", min = 6, max = 5 } }
  }

  expect_failures = [var.scalable_dimension, var.capacity, var.targets, var.steps, var.schedules]
}
