mock_provider "aws" {}

variables {
  name           = "stand-assets"
  lifecycle_days = { transitions = { STANDARD_IA = 30, GLACIER = 90 }, expire = 365, expire_old_versions = 30 }

  grants = [{
    sid        = "EdgeReads"
    service    = "cloudfront.amazonaws.com"
    action     = "s3:GetObject"
    source_key = "aws:SourceArn"
    source     = "arn:aws:cloudfront::123456789012:distribution/E1"
  }]
}

run "the_example_plans" {
  command = plan

  module {
    source = "./examples/basic"
  }
}

run "nothing_in_it_is_public_or_sent_in_plain_text" {
  command = plan

  assert {
    condition     = aws_s3_bucket_public_access_block.this.block_public_acls && aws_s3_bucket_public_access_block.this.block_public_policy && aws_s3_bucket_public_access_block.this.ignore_public_acls && aws_s3_bucket_public_access_block.this.restrict_public_buckets
    error_message = "Something may become public."
  }

  assert {
    condition     = [for s in jsondecode(aws_s3_bucket_policy.this.policy).Statement : s.Effect if try(s.Condition.Bool["aws:SecureTransport"], "") == "false"] == ["Deny"]
    error_message = "Plain HTTP is not refused."
  }

  assert {
    condition     = one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default[0].sse_algorithm == "AES256"
    error_message = "Objects are not encrypted."
  }

  assert {
    condition     = aws_s3_bucket_ownership_controls.this.rule[0].object_ownership == "BucketOwnerEnforced"
    error_message = "Access lists are still obeyed."
  }
}

run "the_edge_reads_on_behalf_of_one_distribution" {
  command = plan

  assert {
    condition     = [for s in jsondecode(aws_s3_bucket_policy.this.policy).Statement : s.Condition.ArnLike["aws:SourceArn"] if s.Effect == "Allow"] == ["arn:aws:cloudfront::123456789012:distribution/E1"]
    error_message = "Another distribution may read."
  }

  assert {
    condition     = alltrue([for s in jsondecode(aws_s3_bucket_policy.this.policy).Statement : s.Action == "s3:GetObject" if s.Effect == "Allow"])
    error_message = "The edge may do more than read."
  }
}

run "what_was_deleted_can_be_brought_back_for_a_while" {
  command = plan

  assert {
    condition     = aws_s3_bucket_versioning.this.versioning_configuration[0].status == "Enabled"
    error_message = "Old versions are lost."
  }

  assert {
    condition     = aws_s3_bucket_lifecycle_configuration.this.rule[0].noncurrent_version_expiration[0].noncurrent_days == 30
    error_message = "Old versions are kept for another time."
  }
}

run "objects_become_cheaper_with_age" {
  command = plan

  assert {
    condition     = { for t in aws_s3_bucket_lifecycle_configuration.this.rule[0].transition : t.storage_class => t.days } == { STANDARD_IA = 30, GLACIER = 90 }
    error_message = "Objects change class at other times."
  }

  assert {
    condition     = aws_s3_bucket_lifecycle_configuration.this.rule[0].expiration[0].days == 365
    error_message = "Objects expire at another time."
  }

  assert {
    condition     = aws_s3_bucket_lifecycle_configuration.this.rule[0].abort_incomplete_multipart_upload[0].days_after_initiation == 7
    error_message = "Parts of broken uploads stay for ever."
  }
}

run "a_class_that_is_none_is_refused" {
  command = plan

  variables {
    lifecycle_days = { transitions = { FREEZER = 30 }, expire_old_versions = 30 }
  }

  expect_failures = [var.lifecycle_days]
}

run "infrequent_access_after_a_week_is_refused" {
  command = plan

  variables {
    lifecycle_days = { transitions = { STANDARD_IA = 7 }, expire_old_versions = 30 }
  }

  expect_failures = [var.lifecycle_days]
}

run "expiry_before_a_transition_is_refused" {
  command = plan

  variables {
    lifecycle_days = { transitions = { GLACIER = 90 }, expire = 60, expire_old_versions = 30 }
  }

  expect_failures = [var.lifecycle_days]
}

run "a_grant_to_every_customer_of_a_service_is_refused" {
  command = plan

  variables {
    grants = [{ sid = "Any", service = "cloudfront.amazonaws.com", action = "s3:GetObject", source_key = "aws:UserAgent", source = "any" }]
  }

  expect_failures = [var.grants]
}

run "a_name_with_capitals_is_refused" {
  command = plan

  variables {
    name = "Stand"
  }

  expect_failures = [var.name]
}
