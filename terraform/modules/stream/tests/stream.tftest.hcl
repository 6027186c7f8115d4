mock_provider "aws" {
  mock_resource "aws_kinesis_stream" {
    defaults = { arn = "arn:aws:kinesis:us-east-1:123456789012:stream/updates" }
  }
}

variables {
  name   = "updates"
  shards = 2
}

run "the_example_plans" {
  command = plan

  module {
    source = "./examples/basic"
  }
}

run "shards_decide_the_mode_and_records_are_encrypted" {
  command = apply

  assert {
    condition     = aws_kinesis_stream.this.stream_mode_details[0].stream_mode == "PROVISIONED" && aws_kinesis_stream.this.encryption_type == "KMS"
    error_message = "The stream is in another mode, or not encrypted."
  }

  assert {
    condition     = length(output.consumer_arns) == 0
    error_message = "Readers are billed that nobody asked for."
  }
}

run "without_shards_kinesis_chooses" {
  command = plan

  variables {
    shards = null
  }

  assert {
    condition     = aws_kinesis_stream.this.stream_mode_details[0].stream_mode == "ON_DEMAND"
    error_message = "The stream is not on demand."
  }
}

run "what_kinesis_refuses_is_refused_before_it_is_asked" {
  command = plan

  variables {
    shards        = 0
    retention_h   = 12
    shard_metrics = ["CPUUtilization"]
  }

  expect_failures = [var.shards, var.retention_h, var.shard_metrics]
}
