mock_provider "aws" {}

variables {
  name      = "stand"
  topic_arn = "arn:aws:sns:us-east-1:123456789012:page"
  events = {
    failed = { description = "A deployment failed.", pattern = "{\"source\": [\"aws.ecs\"]}" }
  }
}

run "the_example_plans" {
  command = plan

  module {
    source = "./examples/basic"
  }
}

run "an_event_is_told_to_the_topic" {
  command = plan

  assert {
    condition     = aws_cloudwatch_event_rule.this["failed"].name == "stand-failed"
    error_message = "The rule has another name."
  }

  assert {
    condition     = aws_cloudwatch_event_target.this["failed"].arn == "arn:aws:sns:us-east-1:123456789012:page"
    error_message = "The event is told elsewhere."
  }
}

run "every_event_of_the_account_is_refused" {
  command = plan

  variables {
    events = { all = { description = "Everything.", pattern = "{}" } }
  }

  expect_failures = [var.events]
}

run "a_pattern_that_is_no_json_is_refused" {
  command = plan

  variables {
    events = { odd = { description = "Odd.", pattern = "source" } }
  }

  expect_failures = [var.events]
}
