mock_provider "aws" {}

variables {
  names   = ["api.stand.example", "origin.stand.example"]
  zone_id = "Z1"
}

run "the_example_plans" {
  command = plan

  module {
    source = "./examples/basic"
  }
}

run "every_name_is_proven_by_a_record_of_its_own" {
  command = plan

  assert {
    condition     = toset(keys(aws_route53_record.validation)) == toset(["api.stand.example", "origin.stand.example"])
    error_message = "A name is not proven."
  }

  assert {
    condition     = aws_acm_certificate.this.domain_name == "api.stand.example" && aws_acm_certificate.this.validation_method == "DNS"
    error_message = "The certificate is for another name."
  }
}

run "no_name_is_refused" {
  command = plan

  variables {
    names = []
  }

  expect_failures = [var.names]
}

run "a_name_twice_is_refused" {
  command = plan

  variables {
    names = ["api.stand.example", "api.stand.example"]
  }

  expect_failures = [var.names]
}
