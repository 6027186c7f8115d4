# One distribution for the user interface and the API: the diagram of the guide draws the API behind it, and one firewall stands before both.

resource "aws_route53_zone" "this" {
  name = var.domain
  tags = local.tags
}

resource "aws_route53_record" "public" {
  for_each = {
    for pair in setproduct([local.app_name, local.api_name], ["A", "AAAA"]) : "${pair[0]}-${pair[1]}" => { name = pair[0], type = pair[1] }
  }

  zone_id = aws_route53_zone.this.zone_id
  name    = each.value.name
  type    = each.value.type

  alias {
    name                   = aws_cloudfront_distribution.this.domain_name
    zone_id                = aws_cloudfront_distribution.this.hosted_zone_id
    evaluate_target_health = false # CloudFront as an alias target has no health of its own
  }
}

resource "aws_route53_record" "origin" {
  zone_id = aws_route53_zone.this.zone_id
  name    = local.origin_name
  type    = "A"

  alias {
    name                   = module.load_balancer.dns_name
    zone_id                = module.load_balancer.zone_id
    evaluate_target_health = true
  }
}

# Asks as a client would, through name, CDN and balancer, from several regions of the world.
resource "aws_route53_health_check" "api" {
  type              = "HTTPS"
  fqdn              = local.api_name
  port              = 443
  resource_path     = "/health"
  request_interval  = 30
  failure_threshold = 3
  measure_latency   = true
  tags              = merge(local.tags, { Name = local.api_name })
}

module "certificate" {
  source = "../../modules/certificate"

  names   = [local.app_name, local.api_name, local.origin_name]
  zone_id = aws_route53_zone.this.zone_id
}

module "firewall" {
  source = "../../modules/firewall"

  name                 = local.name
  requests_per_address = var.requests_per_address
}

# The header that only this distribution sends; without it the balancer answers with 403.
module "origin_secret" {
  source = "../../modules/secret"

  name        = "scoreboard/${var.environment}/origin"
  description = "Header by which the balancer knows its own distribution"
  key_arn     = module.key.arn
  tags        = local.tags
}

locals {
  # How long a copy is good for: an hour for pages, a day for files whose name changes with their content.
  cache_seconds = { page = { min = 0, usual = 3600, max = 3600 }, versioned = { min = 86400, usual = 86400, max = 86400 } }

  # AWS's own policies: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
  caching_disabled = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
  all_viewer       = "216adef6-5c7f-47e4-b989-5492eafa07d3"
  security_headers = "67f7725c-6f97-4210-82d7-5512b31e9d03"
}

resource "aws_cloudfront_origin_access_control" "ui" {
  name                              = "${local.name}-ui"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

resource "aws_cloudfront_cache_policy" "this" {
  for_each = local.cache_seconds

  name        = "${local.name}-${each.key}"
  min_ttl     = each.value.min
  default_ttl = each.value.usual
  max_ttl     = each.value.max

  parameters_in_cache_key_and_forwarded_to_origin {
    enable_accept_encoding_brotli = true
    enable_accept_encoding_gzip   = true

    cookies_config {
      cookie_behavior = "none"
    }

    headers_config {
      header_behavior = "none"
    }

    query_strings_config {
      query_string_behavior = "none"
    }
  }
}

resource "aws_cloudfront_distribution" "this" {
  comment             = local.name
  enabled             = true
  is_ipv6_enabled     = true
  http_version        = "http2and3"
  default_root_object = "index.html"
  aliases             = [local.app_name, local.api_name]
  price_class         = "PriceClass_100"
  web_acl_id          = module.firewall.arn
  tags                = local.tags

  origin {
    origin_id                = "ui"
    domain_name              = module.ui.regional_domain_name
    origin_access_control_id = aws_cloudfront_origin_access_control.ui.id
  }

  origin {
    origin_id   = "api"
    domain_name = local.origin_name

    custom_header {
      name  = "X-Origin-Secret"
      value = module.origin_secret.value
    }

    custom_origin_config {
      http_port              = 80
      https_port             = 443
      origin_protocol_policy = "https-only"
      origin_ssl_protocols   = ["TLSv1.2"]

      # A stream is cut when no byte comes for this long, so the heartbeat is shorter.
      origin_read_timeout      = var.timeouts_s.cdn_read
      origin_keepalive_timeout = 60
    }
  }

  default_cache_behavior {
    target_origin_id           = "ui"
    viewer_protocol_policy     = "redirect-to-https"
    allowed_methods            = ["GET", "HEAD"]
    cached_methods             = ["GET", "HEAD"]
    compress                   = true
    cache_policy_id            = aws_cloudfront_cache_policy.this["page"].id
    response_headers_policy_id = local.security_headers
  }

  ordered_cache_behavior {
    path_pattern               = "/static/*"
    target_origin_id           = "ui"
    viewer_protocol_policy     = "redirect-to-https"
    allowed_methods            = ["GET", "HEAD"]
    cached_methods             = ["GET", "HEAD"]
    compress                   = true
    cache_policy_id            = aws_cloudfront_cache_policy.this["versioned"].id
    response_headers_policy_id = local.security_headers
  }

  # CloudFront compresses JSON where it is asked to and never text/event-stream, so a stream's events are not held back:
  # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/ServingCompressedFiles.html
  dynamic "ordered_cache_behavior" {
    for_each = ["/api/*", "/health"]

    content {
      path_pattern             = ordered_cache_behavior.value
      target_origin_id         = "api"
      viewer_protocol_policy   = "redirect-to-https"
      allowed_methods          = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
      cached_methods           = ["GET", "HEAD"]
      compress                 = true
      cache_policy_id          = local.caching_disabled
      origin_request_policy_id = local.all_viewer
    }
  }

  # No second region exists to fail over to. When nothing behind the CDN answers, it shows a page out of the bucket, within seconds and
  # over TLS; a failover record would take the record's lifetime and could not answer for a name that the distribution holds.
  dynamic "custom_error_response" {
    for_each = [502, 503, 504]

    content {
      error_code            = custom_error_response.value
      response_code         = 503
      response_page_path    = "/unavailable/index.html"
      error_caching_min_ttl = 5
    }
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    acm_certificate_arn      = module.certificate.arn
    ssl_support_method       = "sni-only"
    minimum_protocol_version = "TLSv1.2_2021"
  }
}

resource "aws_cloudfront_monitoring_subscription" "this" {
  distribution_id = aws_cloudfront_distribution.this.id

  monitoring_subscription {
    realtime_metrics_subscription_config {
      realtime_metrics_subscription_status = "Enabled"
    }
  }
}

# The user interface: pages for an hour, files whose names change with their content for a day.
module "ui" {
  source = "../../modules/bucket"

  name           = "${local.name}-ui-${var.account_id}"
  force_destroy  = !var.deletion_protection
  lifecycle_days = { expire_old_versions = 30 }
  grants = [{
    sid        = "CdnReads"
    service    = "cloudfront.amazonaws.com"
    action     = "s3:GetObject"
    source_key = "aws:SourceArn"
    source     = aws_cloudfront_distribution.this.arn
  }]
}

resource "aws_s3_object" "unavailable" {
  bucket        = module.ui.name
  key           = "unavailable/index.html"
  content       = file("${path.module}/unavailable.html")
  content_type  = "text/html; charset=utf-8"
  cache_control = "public, max-age=60"
}

module "logs" {
  source = "../../modules/bucket"

  name           = "${local.name}-logs-${var.account_id}"
  force_destroy  = !var.deletion_protection
  lifecycle_days = { transitions = { STANDARD_IA = 30 }, expire = 90, expire_old_versions = 7 }
  grants = [{
    sid        = "LoadBalancerWrites"
    service    = "logdelivery.elasticloadbalancing.amazonaws.com"
    action     = "s3:PutObject"
    prefix     = "alb/AWSLogs/${var.account_id}/"
    source_key = "aws:SourceArn"
    source     = "arn:aws:elasticloadbalancing:${var.region}:${var.account_id}:loadbalancer/*"
  }]
}

module "load_balancer" {
  source = "../../modules/load_balancer"

  name                     = local.name
  description              = "Load balancer of the scoreboard"
  target_group_name        = "${local.name}-api"
  vpc_id                   = module.network.vpc_id
  subnet_ids               = module.network.public_subnet_ids
  client                   = { prefix_list_id = var.edge_prefix_list_id }
  origin_header            = { name = "X-Origin-Secret", value = module.origin_secret.value }
  closed_paths             = ["/metrics", "/metrics/*"]
  certificate_arn          = module.certificate.arn
  target_security_group_id = module.service.security_group_id
  target_port              = local.port
  log_bucket               = module.logs.name
  idle_timeout_s           = var.timeouts_s.balancer_idle
  deregistration_delay_s   = var.timeouts_s.deregistration
  deletion_protection      = var.deletion_protection
  health_check             = { path = "/health", interval_s = 30, timeout_s = 5, unhealthy_threshold = 3 }
  tags                     = local.tags
}
