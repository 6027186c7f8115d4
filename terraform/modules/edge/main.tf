locals {
  # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
  caching_disabled  = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
  caching_optimized = "658327ea-f89d-4fab-a63d-7e88639e58f6"
  all_viewer        = "216adef6-5c7f-47e4-b989-5492eafa07d3"
}

resource "aws_cloudfront_origin_access_control" "assets" {
  name                              = "${var.name}-assets"
  description                       = "Signed requests to the asset bucket of ${var.name}"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

# Keeping an answer for some seconds turns thousands of polls into a few requests to the origin. The smallest lifetime is zero, so that an answer marked
# `private` or `no-store` is never kept; where the service says nothing, an answer lives for `default_ttl`.
resource "aws_cloudfront_cache_policy" "live" {
  name        = "${var.name}-live"
  comment     = "Shared answers of the API, kept for ${var.live_ttl_s == 1 ? "a second" : "${var.live_ttl_s} s"}"
  min_ttl     = 0
  default_ttl = var.live_ttl_s
  max_ttl     = var.live_ttl_s

  parameters_in_cache_key_and_forwarded_to_origin {
    enable_accept_encoding_gzip   = true
    enable_accept_encoding_brotli = true

    cookies_config {
      cookie_behavior = "none"
    }

    headers_config {
      header_behavior = "none"
    }

    query_strings_config {
      query_string_behavior = "whitelist"

      query_strings {
        items = var.live_query_strings
      }
    }
  }

  lifecycle {
    precondition {
      condition     = var.live_ttl_s <= var.live_staleness_s
      error_message = "live_ttl_s keeps an answer for ${var.live_ttl_s} s, longer than the ${var.live_staleness_s} s that live_staleness_s allows."
    }
  }
}

# Further lifetimes by path: how long an answer may be kept follows from how late its reader may learn of a change.
resource "aws_cloudfront_cache_policy" "behaviour" {
  for_each = var.behaviours

  name        = "${var.name}-${each.key}"
  comment     = "${each.value.path}, kept for ${each.value.ttl_s} s"
  min_ttl     = 0
  default_ttl = each.value.ttl_s
  max_ttl     = each.value.ttl_s

  parameters_in_cache_key_and_forwarded_to_origin {
    enable_accept_encoding_gzip   = true
    enable_accept_encoding_brotli = true

    cookies_config {
      cookie_behavior = "none"
    }

    headers_config {
      header_behavior = "none"
    }

    query_strings_config {
      query_string_behavior = length(each.value.query_strings) > 0 ? "whitelist" : "none"

      dynamic "query_strings" {
        for_each = length(each.value.query_strings) > 0 ? [each.value.query_strings] : []

        content {
          items = query_strings.value
        }
      }
    }
  }
}

resource "aws_cloudfront_response_headers_policy" "this" {
  name    = "${var.name}-security"
  comment = "Headers that browsers obey"

  security_headers_config {
    strict_transport_security {
      access_control_max_age_sec = 31536000
      include_subdomains         = true
      override                   = true
    }

    content_type_options {
      override = true
    }

    frame_options {
      frame_option = "DENY"
      override     = true
    }

    referrer_policy {
      referrer_policy = "strict-origin-when-cross-origin"
      override        = true
    }
  }
}

resource "aws_cloudfront_distribution" "this" {
  enabled         = true
  is_ipv6_enabled = true
  http_version    = "http2and3"
  comment         = var.comment
  aliases         = [var.alias]
  web_acl_id      = var.web_acl_arn
  price_class     = var.price_class
  tags            = var.tags

  origin {
    origin_id           = "alb"
    domain_name         = var.origin_domain
    connection_attempts = 2
    connection_timeout  = 3

    custom_origin_config {
      http_port              = 80
      https_port             = 443
      origin_protocol_policy = "https-only"
      origin_ssl_protocols   = ["TLSv1.2"]

      # The longest that CloudFront keeps a connection without a raised quota; the load balancer waits longer.
      origin_keepalive_timeout = 60
      origin_read_timeout      = 10
    }

    # Any customer's distribution comes from CloudFront's addresses; only this one knows the value, and the load balancer asks for it:
    # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/restrict-access-to-load-balancer.html
    dynamic "custom_header" {
      for_each = var.origin_secret[*]

      content {
        name  = custom_header.value.header
        value = custom_header.value.value
      }
    }

    # One cache before the origin, in its region, asks on behalf of all edge caches.
    origin_shield {
      enabled              = true
      origin_shield_region = var.region
    }
  }

  origin {
    origin_id                = "assets"
    domain_name              = var.assets_domain
    origin_access_control_id = aws_cloudfront_origin_access_control.assets.id
  }

  # What is personal, or changes something, always reaches the service.
  default_cache_behavior {
    target_origin_id           = "alb"
    viewer_protocol_policy     = "redirect-to-https"
    allowed_methods            = var.read_only ? ["GET", "HEAD", "OPTIONS"] : ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
    cached_methods             = ["GET", "HEAD"]
    compress                   = true
    cache_policy_id            = local.caching_disabled
    origin_request_policy_id   = local.all_viewer
    response_headers_policy_id = aws_cloudfront_response_headers_policy.this.id
  }

  dynamic "ordered_cache_behavior" {
    for_each = var.live_paths

    content {
      path_pattern               = ordered_cache_behavior.value
      target_origin_id           = "alb"
      viewer_protocol_policy     = "redirect-to-https"
      allowed_methods            = ["GET", "HEAD", "OPTIONS"]
      cached_methods             = ["GET", "HEAD"]
      compress                   = true
      cache_policy_id            = aws_cloudfront_cache_policy.live.id
      response_headers_policy_id = aws_cloudfront_response_headers_policy.this.id
    }
  }

  dynamic "ordered_cache_behavior" {
    for_each = var.behaviours

    content {
      path_pattern               = ordered_cache_behavior.value.path
      target_origin_id           = ordered_cache_behavior.value.origin
      viewer_protocol_policy     = "redirect-to-https"
      allowed_methods            = ["GET", "HEAD", "OPTIONS"]
      cached_methods             = ["GET", "HEAD"]
      compress                   = true
      cache_policy_id            = aws_cloudfront_cache_policy.behaviour[ordered_cache_behavior.key].id
      response_headers_policy_id = aws_cloudfront_response_headers_policy.this.id
    }
  }

  dynamic "ordered_cache_behavior" {
    for_each = var.asset_paths

    content {
      path_pattern               = ordered_cache_behavior.value
      target_origin_id           = "assets"
      viewer_protocol_policy     = "redirect-to-https"
      allowed_methods            = ["GET", "HEAD"]
      cached_methods             = ["GET", "HEAD"]
      compress                   = true
      cache_policy_id            = local.caching_optimized
      response_headers_policy_id = aws_cloudfront_response_headers_policy.this.id
    }
  }

  # When the service does not answer, the edge shows a page that lies in the asset bucket. DNS failover to a website in S3 would be
  # slower (its record's lifetime) and would answer in plain HTTP only, which the apps refuse.
  dynamic "custom_error_response" {
    for_each = [502, 503, 504]

    content {
      error_code            = custom_error_response.value
      response_code         = 503
      response_page_path    = "/fallback/index.html"
      error_caching_min_ttl = 1
    }
  }

  # A 500 of the service keeps its own body, but for a second, not for the ten that CloudFront keeps an error otherwise:
  # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HTTPStatusCodes.html#HTTPStatusCodes-cached-errors
  custom_error_response {
    error_code            = 500
    error_caching_min_ttl = 1
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    acm_certificate_arn      = var.certificate_arn
    ssl_support_method       = "sni-only"
    minimum_protocol_version = "TLSv1.2_2021"
  }
}

# Cache hit rate and the error rates by status are metrics only with this subscription.
resource "aws_cloudfront_monitoring_subscription" "this" {
  distribution_id = aws_cloudfront_distribution.this.id

  monitoring_subscription {
    realtime_metrics_subscription_config {
      realtime_metrics_subscription_status = "Enabled"
    }
  }
}
