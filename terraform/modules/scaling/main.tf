resource "aws_appautoscaling_target" "this" {
  service_namespace  = var.service_namespace
  scalable_dimension = var.scalable_dimension
  resource_id        = var.resource_id
  min_capacity       = var.capacity.min
  max_capacity       = var.capacity.max
  tags               = var.tags

  lifecycle {
    # Schedules and runbooks move the minimum during an event; an apply in the middle of one must not undo that.
    ignore_changes = [min_capacity]
  }
}

# Each policy and schedule is a write to the one scalable target, AWS refuses two at a time (ConcurrentUpdateException), and the provider
# does not try again: https://github.com/hashicorp/terraform-provider-aws/issues/17915. Kinds wait for one another here. Within a kind
# Terraform writes in parallel whatever a module says, so an apply that makes several is run with `-parallelism=1`.
resource "aws_appautoscaling_policy" "targets" {
  for_each = var.targets

  name               = "${var.name}-${each.key}"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = each.value.value
    scale_out_cooldown = each.value.scale_out_cooldown_s
    scale_in_cooldown  = each.value.scale_in_cooldown_s
    disable_scale_in   = each.value.only_out

    dynamic "predefined_metric_specification" {
      for_each = each.value.predefined[*]

      content {
        predefined_metric_type = predefined_metric_specification.value.type
        resource_label         = predefined_metric_specification.value.resource_label
      }
    }

    dynamic "customized_metric_specification" {
      for_each = each.value.metric[*]

      content {
        namespace   = customized_metric_specification.value.namespace
        metric_name = customized_metric_specification.value.name
        statistic   = customized_metric_specification.value.statistic
        unit        = customized_metric_specification.value.unit

        dynamic "dimensions" {
          for_each = customized_metric_specification.value.dimensions

          content {
            name  = dimensions.key
            value = dimensions.value
          }
        }
      }
    }
  }
}

# A step policy acts when an alarm that names its ARN rings; bounds count from that alarm's threshold.
resource "aws_appautoscaling_policy" "steps" {
  for_each = var.steps

  name               = "${var.name}-${each.key}"
  policy_type        = "StepScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id

  step_scaling_policy_configuration {
    adjustment_type          = each.value.adjustment_type
    cooldown                 = each.value.cooldown_s
    metric_aggregation_type  = each.value.aggregation
    min_adjustment_magnitude = each.value.least

    dynamic "step_adjustment" {
      for_each = each.value.adjustments

      content {
        metric_interval_lower_bound = step_adjustment.value.from
        metric_interval_upper_bound = step_adjustment.value.to
        scaling_adjustment          = step_adjustment.value.change
      }
    }
  }

  depends_on = [aws_appautoscaling_policy.targets]
}

resource "aws_appautoscaling_scheduled_action" "this" {
  for_each = var.schedules

  name               = "${var.name}-${each.key}"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id
  schedule           = each.value.schedule
  timezone           = each.value.timezone

  scalable_target_action {
    min_capacity = each.value.min
    max_capacity = each.value.max
  }

  depends_on = [aws_appautoscaling_policy.steps]
}
