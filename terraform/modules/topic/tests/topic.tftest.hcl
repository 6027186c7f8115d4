mock_provider "aws" {
  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:us-east-1:123456789012:stand-page" }
  }
}

variables {
  name       = "stand-page"
  account_id = "123456789012"
  key_arn    = "arn:aws:kms:us-east-1:123456789012:key/1"
  publishers = ["cloudwatch.amazonaws.com"]
  emails     = ["oncall@stand.example"]
}

run "the_example_plans" {
  command = plan

  module {
    source = "./examples/basic"
  }
}

run "a_message_is_encrypted_and_heard" {
  command = plan

  assert {
    condition     = aws_sns_topic.this.kms_master_key_id == "arn:aws:kms:us-east-1:123456789012:key/1"
    error_message = "Messages are not encrypted with a key that alarms may use."
  }

  assert {
    condition     = [for s in aws_sns_topic_subscription.email : s.endpoint] == ["oncall@stand.example"]
    error_message = "Somebody else hears it."
  }
}

run "a_paging_service_hears_it_too" {
  command = plan

  variables {
    https_endpoints = ["https://events.pager.example/integration/1"]
  }

  assert {
    condition     = [for s in aws_sns_topic_subscription.https : [s.protocol, s.endpoint, s.endpoint_auto_confirms]] == [["https", "https://events.pager.example/integration/1", true]]
    error_message = "The pager hears nothing, or waits for a confirmation that nobody gives."
  }
}

run "a_pager_that_anybody_can_overhear_is_refused" {
  command = plan

  variables {
    https_endpoints = ["http://events.pager.example/integration/1"]
  }

  expect_failures = [var.https_endpoints]
}

run "a_topic_nobody_hears_is_refused" {
  command = plan

  variables {
    emails = []
  }

  expect_failures = [var.emails]
}

run "an_address_that_is_none_is_refused" {
  command = plan

  variables {
    emails = ["oncall"]
  }

  expect_failures = [var.emails]
}

run "a_topic_nobody_writes_to_is_refused" {
  command = plan

  variables {
    publishers = []
  }

  expect_failures = [var.publishers]
}

run "a_short_account_is_refused" {
  command = plan

  variables {
    account_id = "1"
  }

  expect_failures = [var.account_id]
}

run "eventbridge_is_let_in_without_a_condition" {
  command = apply

  variables {
    publishers               = ["cloudwatch.amazonaws.com"]
    unconditional_publishers = ["events.amazonaws.com"]
  }

  assert {
    condition     = [for statement in jsondecode(aws_sns_topic_policy.this.policy).Statement : try(statement.Condition, null) == null if try(statement.Principal.Service, "") == "events.amazonaws.com"] == [true]
    error_message = "EventBridge is kept out, or asked for a source that it does not name."
  }

  assert {
    condition     = [for statement in jsondecode(aws_sns_topic_policy.this.policy).Statement : try(statement.Condition, null) != null if try(statement.Principal.Service, "") == "cloudwatch.amazonaws.com"] == [true]
    error_message = "CloudWatch gets in on anybody's behalf."
  }
}
