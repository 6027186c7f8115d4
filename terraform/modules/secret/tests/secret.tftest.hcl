mock_provider "aws" {}

variables {
  name        = "stand/prod/jwt"
  description = "Signs the tokens of a stand"
  field       = "current"
  reader_arns = ["arn:aws:iam::123456789012:role/stand-execution"]
  rotation    = { function_arn = "arn:aws:lambda:us-east-1:123456789012:function:rotate", days = 30 }
}

run "the_example_plans" {
  command = plan

  module {
    source = "./examples/basic"
  }
}

run "it_rotates_and_only_its_readers_read_it" {
  command = plan

  assert {
    condition     = aws_secretsmanager_secret_rotation.this[0].rotation_rules[0].automatically_after_days == 30
    error_message = "It is not rotated."
  }

  assert {
    condition     = length(aws_secretsmanager_secret_version.first) == 1 && length(terraform_data.previous) == 0 && length(aws_secretsmanager_secret_policy.this) == 1
    error_message = "It has no first value or a second that nobody asked for, or anybody reads it."
  }
}

run "a_reader_of_two_keys_finds_both_from_the_start" {
  command = plan

  variables {
    previous_field = "previous"
  }

  assert {
    condition     = length(terraform_data.previous) == 1
    error_message = "A task that reads both fields cannot start."
  }
}

run "an_empty_one_waits_for_a_person" {
  command = plan

  variables {
    generated   = false
    rotation    = null
    reader_arns = []
  }

  assert {
    condition     = length(aws_secretsmanager_secret_version.first) + length(aws_secretsmanager_secret_rotation.this) + length(aws_secretsmanager_secret_policy.this) == 0
    error_message = "A value was drawn that nobody can know, or rotation would fail."
  }
}

run "what_secrets_manager_refuses_is_refused" {
  command = plan

  variables {
    name           = "stand/prod/jwt-secret"
    recovery_days  = 3
    previous_field = "current"
    rotation       = { function_arn = "arn:aws:lambda:us-east-1:123456789012:function:rotate", days = 1001 }
  }

  expect_failures = [var.name, var.recovery_days, var.previous_field, var.rotation]
}
