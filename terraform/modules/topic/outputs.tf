output "arn" {
  description = "The topic, for alarm actions."
  value       = aws_sns_topic.this.arn

  # Whoever publishes needs the policy in place.
  depends_on = [aws_sns_topic_policy.this]
}
