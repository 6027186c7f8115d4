locals {
  resource_id = "service/${var.cluster_name}/${var.service_name}"

  windows = {
    for fixture in var.fixtures : fixture.name => {
      tasks  = coalesce(fixture.tasks, var.prescale.tasks)
      opens  = timeadd(fixture.kick_off, "-${var.prescale.lead_minutes}m")
      closes = timeadd(fixture.kick_off, "${var.prescale.hold_minutes}m")
    }
  }

  # A game that ends while another is on must not take the other's tasks away: only the last of overlapping windows scales back.
  closings = {
    for name, window in local.windows : name => window
    if !anytrue([
      for other in local.windows : timecmp(other.opens, window.closes) <= 0 && timecmp(window.closes, other.closes) < 0
    ])
  }
}

resource "aws_appautoscaling_target" "this" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = local.resource_id
  min_capacity       = var.tasks.min
  max_capacity       = var.tasks.max
  tags               = var.tags

  lifecycle {
    # Scheduled actions move the minimum during a game; an apply in the middle of one must not undo that.
    ignore_changes = [min_capacity]
  }
}

# A target of 55 % leaves a factor of 1.8 for the minutes that scaling out takes; one step multiplies the tasks by 100 / 55 at most,
# since the processor cannot be more than fully used.
resource "aws_appautoscaling_policy" "cpu" {
  name               = "${var.service_name}-cpu"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = var.cpu_target_percent
    scale_out_cooldown = 60
    scale_in_cooldown  = 300

    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }
  }
}

# Requests are not capped as the processor is: five times the requests ask for five times the tasks in one step.
resource "aws_appautoscaling_policy" "requests" {
  name               = "${var.service_name}-requests"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = var.requests_per_task_per_minute
    scale_out_cooldown = 60
    scale_in_cooldown  = 300

    predefined_metric_specification {
      predefined_metric_type = "ALBRequestCountPerTarget"
      resource_label         = "${var.load_balancer_arn_suffix}/${var.target_group_arn_suffix}"
    }
  }
}

# The third way out: when the processor is all but used up, a fixed number of tasks comes at once, after a single minute.
resource "aws_appautoscaling_policy" "surge" {
  name               = "${var.service_name}-surge"
  policy_type        = "StepScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id

  step_scaling_policy_configuration {
    adjustment_type         = "PercentChangeInCapacity"
    cooldown                = 60
    metric_aggregation_type = "Average"

    # Bounds count from the alarm's threshold.
    step_adjustment {
      metric_interval_lower_bound = 0
      metric_interval_upper_bound = 10
      scaling_adjustment          = 50
    }

    step_adjustment {
      metric_interval_lower_bound = 10
      scaling_adjustment          = 100
    }

    min_adjustment_magnitude = 2
  }
}

resource "aws_appautoscaling_scheduled_action" "before_game" {
  for_each = local.windows

  name               = "${var.service_name}-before-${each.key}"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id
  schedule           = "at(${formatdate("YYYY-MM-DD'T'hh:mm:ss", each.value.opens)})"
  timezone           = "UTC"

  scalable_target_action {
    min_capacity = each.value.tasks
    max_capacity = var.tasks.max
  }

  lifecycle {
    precondition {
      condition     = each.value.tasks >= var.tasks.min && each.value.tasks <= var.tasks.max
      error_message = "Fixture ${each.key} asks for ${each.value.tasks} tasks, but the service runs ${var.tasks.min} to ${var.tasks.max}."
    }
  }
}

resource "aws_appautoscaling_scheduled_action" "after_game" {
  for_each = local.closings

  name               = "${var.service_name}-after-${each.key}"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id
  schedule           = "at(${formatdate("YYYY-MM-DD'T'hh:mm:ss", each.value.closes)})"
  timezone           = "UTC"

  scalable_target_action {
    min_capacity = var.tasks.min
    max_capacity = var.tasks.max
  }
}
