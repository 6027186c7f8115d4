resource "aws_security_group" "this" {
  name        = var.name
  description = var.description
  vpc_id      = var.vpc_id
  tags        = var.tags
}

resource "aws_vpc_security_group_ingress_rule" "clients" {
  for_each = var.client_security_group_ids

  security_group_id            = aws_security_group.this.id
  description                  = "Requests from ${each.key}"
  referenced_security_group_id = each.value
  ip_protocol                  = "tcp"
  from_port                    = var.port
  to_port                      = var.port
  tags                         = var.tags
}

resource "aws_vpc_security_group_egress_rule" "reaches" {
  for_each = var.reaches

  security_group_id            = aws_security_group.this.id
  description                  = "To ${each.key}"
  referenced_security_group_id = each.value.security_group_id
  prefix_list_id               = each.value.prefix_list_id
  cidr_ipv4                    = each.value.cidr_ipv4
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
  tags                         = var.tags
}

resource "aws_iam_role" "this" {
  name                 = "${var.name}-instance"
  permissions_boundary = var.permissions_boundary_arn
  tags                 = var.tags
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }]
  })
}

# Session Manager instead of SSH, and the agent that writes metrics and logs.
resource "aws_iam_role_policy_attachment" "this" {
  for_each = toset(["AmazonSSMManagedInstanceCore", "CloudWatchAgentServerPolicy"])

  role       = aws_iam_role.this.name
  policy_arn = "arn:aws:iam::aws:policy/${each.key}"
}

resource "aws_iam_role_policy" "this" {
  count = length(var.policy_statements) > 0 ? 1 : 0

  name = "work"
  role = aws_iam_role.this.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [for statement in var.policy_statements : { Effect = "Allow", Action = statement.actions, Resource = statement.resources }]
  })
}

resource "aws_iam_instance_profile" "this" {
  name = var.name
  role = aws_iam_role.this.name
  tags = var.tags
}

resource "aws_launch_template" "this" {
  name                   = var.name
  image_id               = var.image_id
  instance_type          = var.instance_type
  vpc_security_group_ids = [aws_security_group.this.id]
  update_default_version = true
  user_data              = base64encode(var.user_data)
  tags                   = var.tags

  iam_instance_profile {
    arn = aws_iam_instance_profile.this.arn
  }

  # Version 2 asks for a token that a forwarded request cannot fetch; one hop keeps it off containers.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  # Every minute instead of every five: scaling must not learn of a crowd five minutes late.
  monitoring {
    enabled = true
  }

  block_device_mappings {
    device_name = var.root_volume.device

    ebs {
      volume_size           = var.root_volume.size_gb
      volume_type           = "gp3"
      iops                  = 3000 # what gp3 holds without a surcharge
      throughput            = 125
      encrypted             = true
      kms_key_id            = var.root_volume.kms_key_id
      delete_on_termination = true
    }
  }

  dynamic "tag_specifications" {
    for_each = toset(["instance", "volume"])

    content {
      resource_type = tag_specifications.key
      tags          = merge(var.tags, { Name = var.name })
    }
  }
}

resource "aws_autoscaling_group" "this" {
  name                      = var.name
  min_size                  = var.instances.min
  max_size                  = var.instances.max
  desired_capacity          = var.instances.min
  vpc_zone_identifier       = var.subnet_ids
  target_group_arns         = var.target_group_arns
  health_check_type         = length(var.target_group_arns) > 0 ? "ELB" : "EC2"
  health_check_grace_period = var.grace_s
  default_instance_warmup   = var.warmup_s
  metrics_granularity       = "1Minute"
  enabled_metrics           = ["GroupDesiredCapacity", "GroupInServiceInstances", "GroupMaxSize", "GroupMinSize", "GroupPendingInstances", "GroupTotalInstances"]

  launch_template {
    id      = aws_launch_template.this.id
    version = aws_launch_template.this.latest_version
  }

  # New instances first, then the old ones go, and back again where the new ones fail.
  instance_refresh {
    strategy = "Rolling"

    preferences {
      min_healthy_percentage = var.refresh.min_healthy_percent
      max_healthy_percentage = var.refresh.max_healthy_percent
      instance_warmup        = var.warmup_s
      auto_rollback          = true
    }
  }

  dynamic "tag" {
    for_each = merge(var.tags, { Name = var.name })

    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = false
    }
  }

  lifecycle {
    # Scaling moves it; an apply must not take instances away in the middle of an event.
    ignore_changes = [desired_capacity]
  }
}

resource "aws_autoscaling_policy" "cpu" {
  count = var.cpu_target_percent == null ? 0 : 1

  name                   = "${var.name}-cpu"
  autoscaling_group_name = aws_autoscaling_group.this.name
  policy_type            = "TargetTrackingScaling"

  target_tracking_configuration {
    target_value = var.cpu_target_percent

    predefined_metric_specification {
      predefined_metric_type = "ASGAverageCPUUtilization"
    }
  }
}

resource "aws_autoscaling_policy" "requests" {
  count = var.request_target == null ? 0 : 1

  name                   = "${var.name}-requests"
  autoscaling_group_name = aws_autoscaling_group.this.name
  policy_type            = "TargetTrackingScaling"

  target_tracking_configuration {
    target_value = var.request_target.per_minute

    predefined_metric_specification {
      predefined_metric_type = "ALBRequestCountPerTarget"
      resource_label         = var.request_target.resource_label
    }
  }
}

# A desired capacity would end instances that scaling has added; the fewest alone raises the group and leaves the rest to scaling.
resource "aws_autoscaling_schedule" "opens" {
  for_each = var.schedules

  scheduled_action_name  = "${each.key}-opens"
  autoscaling_group_name = aws_autoscaling_group.this.name
  start_time             = each.value.from
  recurrence             = each.value.last == null ? null : formatdate("m h '* * *'", each.value.from)
  end_time               = each.value.last
  min_size               = each.value.min
  max_size               = coalesce(each.value.max, var.instances.max)
  desired_capacity       = -1
}

resource "aws_autoscaling_schedule" "closes" {
  for_each = var.schedules

  scheduled_action_name  = "${each.key}-closes"
  autoscaling_group_name = aws_autoscaling_group.this.name
  start_time             = each.value.to
  recurrence             = each.value.last == null ? null : formatdate("m h '* * *'", each.value.to)
  end_time               = each.value.last
  min_size               = var.instances.min
  max_size               = var.instances.max
  desired_capacity       = -1
}
