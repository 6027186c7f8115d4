mock_provider "aws" {}

variables {
  cluster_name                 = "stand"
  service_name                 = "stand-api"
  tasks                        = { min = 3, max = 30 }
  requests_per_task_per_minute = 3000
  load_balancer_arn_suffix     = "app/stand/1"
  target_group_arn_suffix      = "targetgroup/stand-api/2"
  prescale                     = { tasks = 12 }

  fixtures = [
    { name = "early", kick_off = "2026-12-05T15:00:00Z" },
    { name = "late", kick_off = "2026-12-05T16:30:00Z", tasks = 20 },
    { name = "alone", kick_off = "2026-12-12T19:45:00Z" },
  ]
}

run "processor_requests_and_surges_scale" {
  command = plan

  assert {
    condition     = aws_appautoscaling_target.this.min_capacity == 3 && aws_appautoscaling_target.this.max_capacity == 30
    error_message = "The range is another one."
  }

  assert {
    condition     = aws_appautoscaling_policy.cpu.target_tracking_scaling_policy_configuration[0].target_value == 55
    error_message = "The processor is held at another level."
  }

  assert {
    condition     = aws_appautoscaling_policy.cpu.target_tracking_scaling_policy_configuration[0].scale_out_cooldown < aws_appautoscaling_policy.cpu.target_tracking_scaling_policy_configuration[0].scale_in_cooldown
    error_message = "It must grow faster than it shrinks."
  }

  assert {
    condition     = aws_appautoscaling_policy.requests.target_tracking_scaling_policy_configuration[0].predefined_metric_specification[0].resource_label == "app/stand/1/targetgroup/stand-api/2"
    error_message = "Requests are counted elsewhere."
  }

  assert {
    condition     = aws_appautoscaling_policy.surge.policy_type == "StepScaling"
    error_message = "Nothing answers a surge."
  }
}

run "tasks_stand_an_hour_before_kick_off" {
  command = plan

  assert {
    condition     = aws_appautoscaling_scheduled_action.before_game["alone"].schedule == "at(2026-12-12T18:45:00)"
    error_message = "The tasks come at another time."
  }

  assert {
    condition     = tonumber(aws_appautoscaling_scheduled_action.before_game["alone"].scalable_target_action[0].min_capacity) == 12
    error_message = "Another number of tasks comes."
  }

  assert {
    condition     = tonumber(aws_appautoscaling_scheduled_action.before_game["late"].scalable_target_action[0].min_capacity) == 20
    error_message = "The number that the fixture asks for is not used."
  }

  assert {
    condition     = aws_appautoscaling_scheduled_action.after_game["alone"].schedule == "at(2026-12-12T22:45:00)" && tonumber(aws_appautoscaling_scheduled_action.after_game["alone"].scalable_target_action[0].min_capacity) == 3
    error_message = "The tasks are not sent home."
  }
}

run "a_game_that_ends_during_another_takes_no_tasks_away" {
  command = plan

  assert {
    condition     = !contains(keys(aws_appautoscaling_scheduled_action.after_game), "early")
    error_message = "The end of the early game would send the late game's tasks home."
  }

  assert {
    condition     = contains(keys(aws_appautoscaling_scheduled_action.after_game), "late")
    error_message = "The last game must send the tasks home."
  }
}

run "a_kick_off_without_a_zone_is_refused" {
  command = plan

  variables {
    fixtures = [{ name = "final", kick_off = "2026-12-05 19:45" }]
  }

  expect_failures = [var.fixtures]
}

run "a_kick_off_in_local_time_is_refused" {
  command = plan

  variables {
    fixtures = [{ name = "final", kick_off = "2026-12-05T19:45:00+01:00" }]
  }

  expect_failures = [var.fixtures]
}

run "two_games_of_one_name_are_refused" {
  command = plan

  variables {
    fixtures = [{ name = "final", kick_off = "2026-12-05T19:45:00Z" }, { name = "final", kick_off = "2026-12-06T19:45:00Z" }]
  }

  expect_failures = [var.fixtures]
}

run "a_name_with_spaces_is_refused" {
  command = plan

  variables {
    fixtures = [{ name = "The Final", kick_off = "2026-12-05T19:45:00Z" }]
  }

  expect_failures = [var.fixtures]
}

run "more_tasks_than_the_maximum_are_refused" {
  command = plan

  variables {
    fixtures = [{ name = "final", kick_off = "2026-12-05T19:45:00Z", tasks = 31 }]
  }

  expect_failures = [aws_appautoscaling_scheduled_action.before_game["final"]]
}

run "one_task_is_refused" {
  command = plan

  variables {
    tasks = { min = 1, max = 30 }
  }

  expect_failures = [var.tasks]
}

run "a_target_without_headroom_is_refused" {
  command = plan

  variables {
    cpu_target_percent = 90
  }

  expect_failures = [var.cpu_target_percent]
}

run "tasks_that_come_with_the_crowd_are_refused" {
  command = plan

  variables {
    prescale = { tasks = 12, lead_minutes = 5 }
  }

  expect_failures = [var.prescale]
}

run "no_requests_are_refused" {
  command = plan

  variables {
    requests_per_task_per_minute = 0
  }

  expect_failures = [var.requests_per_task_per_minute]
}
