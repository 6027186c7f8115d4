output "distribution_id" {
  description = "Value of the DistributionId dimension in CloudWatch, and what an invalidation names."
  value       = aws_cloudfront_distribution.this.id
}

output "distribution_arn" {
  description = "The distribution, for the policy of the asset bucket."
  value       = aws_cloudfront_distribution.this.arn
}

output "domain_name" {
  description = "Name under which CloudFront publishes the distribution."
  value       = aws_cloudfront_distribution.this.domain_name
}

output "hosted_zone_id" {
  description = "Hosted zone of that name, for alias records."
  value       = aws_cloudfront_distribution.this.hosted_zone_id
}
