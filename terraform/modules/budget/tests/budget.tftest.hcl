mock_provider "aws" {}

variables {
  name      = "stand"
  limit_usd = 600
  emails    = ["team@stand.example"]
}

run "the_example_plans" {
  command = plan

  module {
    source = "./examples/basic"
  }
}

run "someone_is_told_before_the_money_is_gone" {
  command = plan

  assert {
    condition     = toset([for n in aws_budgets_budget.this.notification : "${n.notification_type} ${n.threshold}"]) == toset(["ACTUAL 80", "ACTUAL 100", "FORECASTED 100"])
    error_message = "Notices come at other times."
  }

  assert {
    condition     = alltrue([for n in aws_budgets_budget.this.notification : length(n.subscriber_email_addresses) > 0])
    error_message = "A notice tells nobody."
  }
}

run "no_money_is_refused" {
  command = plan

  variables {
    limit_usd = 0
  }

  expect_failures = [var.limit_usd]
}

run "a_budget_nobody_hears_of_is_refused" {
  command = plan

  variables {
    emails = []
  }

  expect_failures = [var.emails]
}
