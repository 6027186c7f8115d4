mock_provider "aws" {}

run "only_an_approved_environment_applies_and_a_plan_writes_no_state" {
  command = plan

  assert {
    condition     = alltrue([for environment in var.environments : jsondecode(aws_iam_role.this[environment].assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:sub"] == ["repo:gameday-example/gameday:environment:${environment}"]])
    error_message = "Another branch, repository or environment can apply."
  }

  assert {
    condition     = jsondecode(aws_iam_role.this["plan"].assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:sub"] == ["repo:gameday-example/gameday:pull_request", "repo:gameday-example/gameday:ref:refs/heads/main"]
    error_message = "What has landed cannot be planned, or any branch can."
  }

  assert {
    condition     = toset(keys(aws_iam_role.this)) == toset(concat(["plan"], var.environments))
    error_message = "A role is shared, or one is nobody's."
  }

  assert {
    condition     = [for statement in local.plan_statements : statement.Resource if contains(flatten([statement.Action]), "s3:PutObject")] == ["arn:aws:s3:::terraform-states-123456789012/*.tflock", "arn:aws:s3:::terraform-states-123456789012/plans/*"]
    error_message = "A plan can write the state."
  }

  assert {
    condition     = aws_s3_bucket_versioning.states.versioning_configuration[0].status == "Enabled"
    error_message = "A lost state cannot be brought back, or two applies meet."
  }
}

run "a_repository_with_a_wildcard_is_refused" {
  command = plan

  variables {
    github_repository = "gameday-example/*"
    account_id        = "account"
    environments      = ["*"]
    name              = "Terraform"
  }

  expect_failures = [var.github_repository, var.account_id, var.environments, var.name]
}
