mock_provider "aws" {}

variables {
  name       = "scores"
  hash_key   = "event_id"
  attributes = { event_id = "S" }
}

run "the_example_plans" {
  command = plan

  module {
    source = "./examples/basic"
  }
}

run "a_table_billed_by_the_request_is_restorable_and_never_scaled" {
  command = plan

  variables {
    range_key     = "sequence"
    attributes    = { event_id = "S", sequence = "N" }
    ttl_attribute = "expires_at"
    stream_view   = "NEW_AND_OLD_IMAGES"
    key_arn       = "arn:aws:kms:us-east-1:123456789012:key/1"
  }

  assert {
    condition     = aws_dynamodb_table.this.billing_mode == "PAY_PER_REQUEST" && length(module.scaling) == 0
    error_message = "The table is scaled although it is billed by the request."
  }

  assert {
    condition     = aws_dynamodb_table.this.point_in_time_recovery[0].enabled && aws_dynamodb_table.this.point_in_time_recovery[0].recovery_period_in_days == 35
    error_message = "The table cannot be restored to any second of 35 days."
  }

  assert {
    condition     = aws_dynamodb_table.this.ttl[0].enabled && aws_dynamodb_table.this.stream_enabled && aws_dynamodb_table.this.server_side_encryption[0].enabled && aws_dynamodb_table.this.deletion_protection_enabled
    error_message = "Expiry, stream, encryption or protection is off."
  }
}

run "provisioned_capacity_is_scaled_on_both_sides" {
  command = plan

  variables {
    capacity = { read = { min = 5, max = 50 }, write = { min = 10, max = 100, target_percent = 60 } }
  }

  assert {
    condition     = aws_dynamodb_table.this.billing_mode == "PROVISIONED" && aws_dynamodb_table.this.write_capacity == 10 && toset(keys(module.scaling)) == toset(["read", "write"])
    error_message = "Capacity is not provisioned, or not scaled."
  }
}

run "an_index_is_scaled_with_its_table_and_both_are_raised_by_the_clock" {
  command = plan

  variables {
    range_key  = "sequence"
    attributes = { event_id = "S", sequence = "N", day = "S" }
    indexes    = { by-day = { hash_key = "day" } }
    capacity = {
      read      = { min = 5, max = 50 }
      write     = { min = 10, max = 100 }
      schedules = { before = { schedule = "cron(0 9 ? * SAT *)", read_min = 20, write_min = 90 }, after = { schedule = "cron(0 23 ? * SAT *)", read_min = 5, write_min = 10 } }
    }
  }

  assert {
    condition     = toset(keys(module.scaling)) == toset(["read", "write", "by-day-read", "by-day-write"]) && length(local.scaled) == 4
    error_message = "The index would throttle the table: it is not scaled."
  }
}

run "what_dynamodb_refuses_is_refused_before_it_is_asked" {
  command = plan

  variables {
    attributes    = { event_id = "TEXT" }
    stream_view   = "EVERYTHING"
    recovery_days = 36
    indexes       = { by-day = { hash_key = "event_id", projection = "INCLUDE" } }
    capacity      = { read = { min = 5, max = 1 }, write = { min = 1, max = 1 } }
  }

  expect_failures = [var.attributes, var.stream_view, var.recovery_days, var.indexes, var.capacity]
}

run "an_attribute_that_is_no_key_is_refused" {
  command = plan

  variables {
    attributes = { event_id = "S", home_team = "S" }
  }

  expect_failures = [aws_dynamodb_table.this]
}
