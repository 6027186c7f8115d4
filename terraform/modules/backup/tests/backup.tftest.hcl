mock_provider "aws" {}

variables {
  name           = "stand"
  region         = "us-east-1"
  account_id     = "123456789012"
  key_arn        = "arn:aws:kms:us-east-1:123456789012:key/1"
  schedule       = "cron(0 5 * * ? *)"
  retention_days = 35
  database_arns  = ["arn:aws:rds:us-east-1:123456789012:db:stand"]
}

run "the_example_plans" {
  command = plan

  module {
    source = "./examples/basic"
  }
}

run "the_database_is_backed_up_daily_and_kept_for_a_month" {
  command = plan

  assert {
    condition     = aws_backup_selection.this.resources == toset(["arn:aws:rds:us-east-1:123456789012:db:stand"])
    error_message = "Something else is backed up."
  }

  assert {
    condition     = one(aws_backup_plan.this.rule).schedule == "cron(0 5 * * ? *)" && one(aws_backup_plan.this.rule).lifecycle[0].delete_after == 35
    error_message = "Backups are taken or kept otherwise."
  }

  assert {
    condition     = aws_backup_vault.this.kms_key_arn == "arn:aws:kms:us-east-1:123456789012:key/1"
    error_message = "The vault has another key."
  }
}

run "its_role_touches_named_databases_and_their_snapshots_only" {
  command = plan

  assert {
    condition     = !contains(flatten([for s in jsondecode(aws_iam_role_policy.this.policy).Statement : s.Resource]), "*")
    error_message = "The role reaches everything."
  }
}

run "a_backup_that_is_never_kept_is_refused" {
  command = plan

  variables {
    retention_days = 0
  }

  expect_failures = [var.retention_days]
}

run "a_schedule_that_aws_cannot_read_is_refused" {
  command = plan

  variables {
    schedule = "0 5 * * *"
  }

  expect_failures = [var.schedule]
}

run "a_short_account_is_refused" {
  command = plan

  variables {
    account_id = "1"
  }

  expect_failures = [var.account_id]
}
