mock_provider "aws" {}

variables {
  name                = "stand"
  region              = "us-east-1"
  account_id          = "123456789012"
  database_identifier = "stand"
  bucket_name         = "stand-archive"
  bucket_arn          = "arn:aws:s3:::stand-archive"
  prefix              = "snapshots"
  key_arn             = "arn:aws:kms:us-east-1:123456789012:key/1"
}

run "the_example_plans" {
  command = plan

  module {
    source = "./examples/basic"
  }
}

run "the_nightly_snapshot_of_this_database_starts_an_export" {
  command = plan

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.snapshot.event_pattern).detail.EventID == ["RDS-EVENT-0091"]
    error_message = "Another event is waited for."
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.snapshot.event_pattern).detail.SourceIdentifier == [{ prefix = "rds:stand-" }]
    error_message = "Snapshots of other databases would be exported."
  }

  assert {
    condition     = strcontains(aws_cloudwatch_event_target.export.arn, "automation-definition/stand-export-snapshot:")
    error_message = "The event starts something else."
  }
}

run "its_roles_reach_one_prefix_of_one_bucket" {
  command = plan

  assert {
    condition     = [for s in jsondecode(aws_iam_role_policy.writer.policy).Statement : s.Resource] == ["arn:aws:s3:::stand-archive", "arn:aws:s3:::stand-archive/snapshots/*"]
    error_message = "The export may write elsewhere."
  }

  assert {
    condition     = jsondecode(aws_iam_role.automation.assume_role_policy).Statement[0].Condition.StringEquals["aws:SourceAccount"] == "123456789012"
    error_message = "Another account may use the role."
  }
}

run "a_name_too_long_for_an_identifier_is_refused" {
  command = plan

  variables {
    name = "a-stand-with-a-very-long-name"
  }

  expect_failures = [var.name]
}

run "a_prefix_with_slashes_around_it_is_refused" {
  command = plan

  variables {
    prefix = "/snapshots/"
  }

  expect_failures = [var.prefix]
}

run "a_short_account_is_refused" {
  command = plan

  variables {
    account_id = "1"
  }

  expect_failures = [var.account_id]
}
