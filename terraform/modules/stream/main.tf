resource "aws_kinesis_stream" "this" {
  name                      = var.name
  shard_count               = var.shards
  retention_period          = var.retention_h
  encryption_type           = var.encrypted ? "KMS" : "NONE"
  kms_key_id                = var.encrypted ? var.key_arn : null
  shard_level_metrics       = var.shard_metrics
  enforce_consumer_deletion = true
  tags                      = var.tags

  stream_mode_details {
    stream_mode = var.shards == null ? "ON_DEMAND" : "PROVISIONED"
  }
}

# A reader with a throughput of its own, 2 MB a second and shard: https://docs.aws.amazon.com/streams/latest/dev/enhanced-consumers.html
resource "aws_kinesis_stream_consumer" "this" {
  for_each = toset(var.consumers)

  name       = each.key
  stream_arn = aws_kinesis_stream.this.arn
}
