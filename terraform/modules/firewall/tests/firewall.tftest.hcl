mock_provider "aws" {}

variables {
  name                 = "stand"
  requests_per_address = 20000
}

run "the_example_plans" {
  command = plan

  module {
    source = "./examples/basic"
  }
}

run "machines_are_stopped_and_crowds_are_not" {
  command = plan

  assert {
    condition     = one([for r in aws_wafv2_web_acl.this.rule : r.statement[0].rate_based_statement[0].limit if r.name == "rate"]) == 20000
    error_message = "Another rate is allowed."
  }

  assert {
    condition     = one([for r in aws_wafv2_web_acl.this.rule : length(r.action[0].block) if r.name == "rate"]) == 1
    error_message = "The rate rule does not block."
  }

  assert {
    condition     = contains([for r in aws_wafv2_web_acl.this.rule : r.name], "AWSManagedRulesCommonRuleSet")
    error_message = "The common rules are missing."
  }

  assert {
    condition     = aws_wafv2_web_acl.this.scope == "CLOUDFRONT"
    error_message = "It stands in another place."
  }

  assert {
    condition     = length(distinct([for r in aws_wafv2_web_acl.this.rule : r.priority])) == length(aws_wafv2_web_acl.this.rule)
    error_message = "Two rules have the same priority."
  }
}

run "a_rate_below_what_aws_takes_is_refused" {
  command = plan

  variables {
    requests_per_address = 5
  }

  expect_failures = [var.requests_per_address]
}
