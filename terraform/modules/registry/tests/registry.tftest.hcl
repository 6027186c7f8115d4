mock_provider "aws" {}

variables {
  name = "stand-api"
}

run "the_example_plans" {
  command = plan

  module {
    source = "./examples/basic"
  }
}

run "a_tag_names_one_image_for_ever" {
  command = plan

  assert {
    condition     = aws_ecr_repository.this.image_tag_mutability == "IMMUTABLE"
    error_message = "Tags can be moved."
  }

  assert {
    condition     = aws_ecr_repository.this.image_scanning_configuration[0].scan_on_push
    error_message = "Images are not scanned."
  }

  assert {
    condition     = jsondecode(aws_ecr_lifecycle_policy.this.policy).rules[0].selection.countNumber == 50
    error_message = "Another number of images is kept."
  }
}

run "a_repository_that_keeps_nothing_is_refused" {
  command = plan

  variables {
    kept_images = 0
  }

  expect_failures = [var.kept_images]
}
