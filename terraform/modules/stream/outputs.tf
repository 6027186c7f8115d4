output "name" {
  description = "Value of the StreamName dimension in CloudWatch."
  value       = aws_kinesis_stream.this.name
}

output "arn" {
  description = "The stream, for writers, readers and their policies."
  value       = aws_kinesis_stream.this.arn
}

output "consumer_arns" {
  description = "Each reader with a throughput of its own, by its name."
  value       = { for name, consumer in aws_kinesis_stream_consumer.this : name => consumer.arn }
}
