output "name" {
  description = "Name of the bucket, known once its policy is in place."
  value       = aws_s3_bucket.this.id
  depends_on  = [aws_s3_bucket_policy.this]
}

output "arn" {
  description = "The bucket, for policies."
  value       = local.arn
}

output "regional_domain_name" {
  description = "Host name of the bucket, for an origin."
  value       = aws_s3_bucket.this.bucket_regional_domain_name
}
