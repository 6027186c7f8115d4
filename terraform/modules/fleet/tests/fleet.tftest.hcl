mock_provider "aws" {}

variables {
  name                      = "api"
  description               = "Instances"
  vpc_id                    = "vpc-1"
  subnet_ids                = ["subnet-1", "subnet-2"]
  image_id                  = "ami-0123456789abcdef0"
  instance_type             = "c7g.large"
  port                      = 8080
  client_security_group_ids = { "the load balancer" = "sg-1" }
  reaches                   = { "the database" = { port = 5432, security_group_id = "sg-2" } }
  target_group_arns         = ["arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/api/1"]
  instances                 = { min = 4, max = 20 }
  warmup_s                  = 180
  cpu_target_percent        = 60
  request_target            = { per_minute = 12000, resource_label = "app/api/1/targetgroup/api/1" }
  tags                      = { Service = "api" }

  schedules = {
    opening = { from = "2027-02-06T17:00:00Z", to = "2027-02-06T23:00:00Z", min = 12 }
    daily   = { from = "2027-02-07T07:30:00Z", to = "2027-02-07T22:00:00Z", min = 12, last = "2027-02-22T23:00:00Z" }
  }
}

run "the_example_plans" {
  command = plan

  module {
    source = "./examples/api"
  }

  assert {
    condition     = output.group_name == "api"
    error_message = "The group has another name."
  }
}

run "instances_take_requests_from_the_load_balancer_only_and_are_replaced_without_a_gap" {
  command = plan

  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.clients : rule.cidr_ipv4 == null && rule.referenced_security_group_id == "sg-1" && rule.from_port == 8080])
    error_message = "Somebody else reaches the instances."
  }

  assert {
    condition     = aws_launch_template.this.metadata_options[0].http_tokens == "required" && aws_launch_template.this.block_device_mappings[0].ebs[0].encrypted == "true"
    error_message = "The metadata answer without a token, or the disk is in clear."
  }

  assert {
    condition     = aws_autoscaling_group.this.instance_refresh[0].preferences[0].min_healthy_percentage == 100 && aws_autoscaling_group.this.health_check_type == "ELB"
    error_message = "A replacement takes capacity away, or a sick instance stays."
  }
}

run "a_schedule_raises_the_fewest_and_gives_them_back" {
  command = plan

  assert {
    condition     = aws_autoscaling_schedule.opens["opening"].min_size == 12 && aws_autoscaling_schedule.opens["opening"].max_size == 20 && aws_autoscaling_schedule.opens["opening"].desired_capacity == -1
    error_message = "The window opens with other numbers, or it sets the desired capacity."
  }

  assert {
    condition     = aws_autoscaling_schedule.closes["opening"].min_size == 4 && aws_autoscaling_schedule.closes["opening"].start_time == "2027-02-06T23:00:00Z"
    error_message = "The window never closes."
  }

  assert {
    condition     = aws_autoscaling_schedule.opens["daily"].recurrence == "30 7 * * *" && aws_autoscaling_schedule.closes["daily"].recurrence == "0 22 * * *"
    error_message = "The window comes back at another time, or one comes back that should not."
  }
}

run "a_group_behind_no_load_balancer_asks_ec2_for_health" {
  command = plan

  variables {
    target_group_arns = []
  }

  assert {
    condition     = aws_autoscaling_group.this.health_check_type == "EC2"
    error_message = "Health is asked of a load balancer that is not there."
  }
}

run "what_aws_refuses_is_refused" {
  command = plan

  variables {
    image_id           = "latest"
    instances          = { min = 5, max = 4 }
    cpu_target_percent = 101
    request_target     = { per_minute = 0, resource_label = "x" }
    refresh            = { min_healthy_percent = 90, max_healthy_percent = 200 }
    schedules          = { backwards = { from = "2027-02-06T23:00:00Z", to = "2027-02-06T17:00:00Z", min = 1 } }
    root_volume        = { size_gb = 0 }
    port               = 0
    subnet_ids         = []
    warmup_s           = -1
    grace_s            = -1
    instance_type      = "large"
    name               = "-api"
  }

  expect_failures = [var.image_id, var.instances, var.cpu_target_percent, var.request_target, var.refresh, var.schedules, var.root_volume, var.port, var.subnet_ids, var.warmup_s, var.grace_s, var.instance_type, var.name]
}
