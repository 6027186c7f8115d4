mock_provider "aws" {}

variables {
  name        = "stand"
  description = "Backups of a stand"
  account_id  = "123456789012"
  services    = ["cloudwatch.amazonaws.com"]
}

run "the_example_plans" {
  command = plan

  module {
    source = "./examples/basic"
  }
}

run "it_rotates_and_each_service_uses_it_for_this_account_only" {
  command = plan

  assert {
    condition     = aws_kms_key.this.enable_key_rotation
    error_message = "It never rotates."
  }

  assert {
    condition     = alltrue([for s in jsondecode(aws_kms_key.this.policy).Statement : s.Condition.StringEquals["aws:SourceAccount"] == "123456789012" if can(s.Principal.Service)])
    error_message = "A service may use it for another account."
  }

  assert {
    condition     = length([for s in jsondecode(aws_kms_key.this.policy).Statement : s if try(s.Principal.Service, "") == "cloudwatch.amazonaws.com"]) == 1
    error_message = "Alarms cannot use it."
  }
}

run "a_short_account_is_refused" {
  command = plan

  variables {
    account_id = "1234"
  }

  expect_failures = [var.account_id]
}

run "a_host_in_place_of_a_service_is_refused" {
  command = plan

  variables {
    services = ["cloudwatch.example"]
  }

  expect_failures = [var.services]
}

run "eventbridge_is_let_in_without_a_condition" {
  command = plan

  variables {
    services               = ["cloudwatch.amazonaws.com"]
    unconditional_services = ["events.amazonaws.com"]
  }

  assert {
    condition     = [for statement in jsondecode(aws_kms_key.this.policy).Statement : try(statement.Condition, null) == null if try(statement.Principal.Service, "") == "events.amazonaws.com"] == [true]
    error_message = "EventBridge is kept out, or asked for a source that it does not name."
  }

  assert {
    condition     = [for statement in jsondecode(aws_kms_key.this.policy).Statement : try(statement.Condition, null) != null if try(statement.Principal.Service, "") == "cloudwatch.amazonaws.com"] == [true]
    error_message = "CloudWatch gets in on anybody's behalf."
  }
}
