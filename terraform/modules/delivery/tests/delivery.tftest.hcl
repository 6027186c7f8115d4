mock_provider "aws" {}

variables {
  name              = "stand"
  account_id        = "123456789012"
  repository        = "stand-example/stand"
  environment       = "production"
  repository_arn    = "arn:aws:ecr:us-east-1:123456789012:repository/stand-api"
  service_arn       = "arn:aws:ecs:us-east-1:123456789012:service/stand/stand-api"
  task_role_arns    = ["arn:aws:iam::123456789012:role/stand-task"]
  assets_bucket_arn = "arn:aws:s3:::stand-assets"
  distribution_arn  = "arn:aws:cloudfront::123456789012:distribution/E1"
}

run "the_example_plans" {
  command = plan

  module {
    source = "./examples/basic"
  }
}

run "only_approved_jobs_of_one_repository_take_the_role" {
  command = plan

  assert {
    condition     = jsondecode(aws_iam_role.deploy.assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:sub"] == "repo:stand-example/stand:environment:production"
    error_message = "Another job may take the role."
  }

  assert {
    condition     = jsondecode(aws_iam_role.deploy.assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:aud"] == "sts.amazonaws.com"
    error_message = "A token for somebody else is accepted."
  }
}

run "its_role_cannot_reach_what_a_release_does_not_touch" {
  command = plan

  assert {
    condition     = alltrue([for s in jsondecode(aws_iam_role_policy.deploy.policy).Statement : s.Resource != "*" || alltrue([for a in s.Action : contains(["ecr:GetAuthorizationToken", "ecs:DescribeTaskDefinition", "ecs:RegisterTaskDefinition"], a)])])
    error_message = "The role may do more than it needs on everything."
  }

  assert {
    condition     = alltrue(flatten([for s in jsondecode(aws_iam_role_policy.deploy.policy).Statement : [for a in s.Action : !strcontains(a, "*")]]))
    error_message = "An action is a wildcard."
  }

  assert {
    condition     = aws_iam_role.deploy.max_session_duration == 3600
    error_message = "A stolen session lives for more than an hour."
  }
}

run "it_notes_what_serves_in_the_one_parameter_that_the_next_apply_reads" {
  command = plan

  variables {
    image_parameter_arn = "arn:aws:ssm:us-east-1:123456789012:parameter/stand/image"
  }

  assert {
    condition     = [for s in jsondecode(aws_iam_role_policy.deploy.policy).Statement : s.Resource if contains(s.Action, "ssm:PutParameter")] == ["arn:aws:ssm:us-east-1:123456789012:parameter/stand/image"]
    error_message = "The pipeline cannot note what it has deployed, so the next apply brings an older image back."
  }
}

run "a_short_account_is_refused" {
  command = plan

  variables {
    account_id = "1"
  }

  expect_failures = [var.account_id]
}

run "a_wildcard_for_repositories_is_refused" {
  command = plan

  variables {
    repository = "stand-example/*"
  }

  expect_failures = [var.repository]
}

run "a_wildcard_for_environments_is_refused" {
  command = plan

  variables {
    environment = "*"
  }

  expect_failures = [var.environment]
}
