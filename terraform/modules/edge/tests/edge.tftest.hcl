mock_provider "aws" {}

variables {
  name               = "stand"
  comment            = "A stand"
  region             = "us-east-1"
  alias              = "api.stand.example"
  certificate_arn    = "arn:aws:acm:us-east-1:123456789012:certificate/1"
  web_acl_arn        = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/stand/1"
  origin_domain      = "origin.stand.example"
  assets_domain      = "stand-assets.s3.us-east-1.amazonaws.com"
  live_paths         = ["/api/commentary*"]
  live_ttl_s         = 1
  live_query_strings = ["game"]
}

run "the_example_plans" {
  command = plan

  module {
    source = "./examples/basic"
  }
}

run "a_live_answer_is_kept_for_a_second" {
  command = plan

  assert {
    condition     = aws_cloudfront_cache_policy.live.default_ttl == 1 && aws_cloudfront_cache_policy.live.max_ttl == 1
    error_message = "A live answer is kept for another time."
  }

  assert {
    condition     = aws_cloudfront_cache_policy.live.min_ttl == 0
    error_message = "An answer marked private would be kept."
  }

  assert {
    condition     = one([for b in aws_cloudfront_distribution.this.ordered_cache_behavior : b.compress if b.path_pattern == "/api/commentary*"])
    error_message = "Live answers are not compressed."
  }
}

run "what_is_personal_is_never_kept" {
  command = plan

  assert {
    condition     = aws_cloudfront_distribution.this.default_cache_behavior[0].cache_policy_id == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    error_message = "The default behaviour caches."
  }

  assert {
    condition     = contains(aws_cloudfront_distribution.this.default_cache_behavior[0].allowed_methods, "POST")
    error_message = "Reactions cannot be sent."
  }
}

run "one_shield_asks_for_all_edges" {
  command = plan

  assert {
    condition     = one([for o in aws_cloudfront_distribution.this.origin : o.origin_shield[0].enabled if o.origin_id == "alb"])
    error_message = "There is no shield before the service."
  }

  assert {
    condition     = one([for o in aws_cloudfront_distribution.this.origin : o.custom_origin_config[0].origin_protocol_policy if o.origin_id == "alb"]) == "https-only"
    error_message = "The edge talks to the service in plain HTTP."
  }
}

run "assets_come_from_the_bucket" {
  command = plan

  assert {
    condition     = one([for b in aws_cloudfront_distribution.this.ordered_cache_behavior : b.target_origin_id if b.path_pattern == "/assets/*"]) == "assets"
    error_message = "The service serves pictures."
  }

  assert {
    condition     = aws_cloudfront_origin_access_control.assets.signing_behavior == "always"
    error_message = "Requests to the bucket are not signed."
  }
}

run "fans_speak_tls_and_see_a_page_when_the_service_is_down" {
  command = plan

  assert {
    condition     = aws_cloudfront_distribution.this.viewer_certificate[0].minimum_protocol_version == "TLSv1.2_2021"
    error_message = "Old TLS is spoken."
  }

  assert {
    condition     = alltrue([for b in aws_cloudfront_distribution.this.ordered_cache_behavior : b.viewer_protocol_policy == "redirect-to-https"]) && aws_cloudfront_distribution.this.default_cache_behavior[0].viewer_protocol_policy == "redirect-to-https"
    error_message = "Plain HTTP is answered."
  }

  assert {
    condition     = toset([for r in aws_cloudfront_distribution.this.custom_error_response : r.error_code if r.response_page_path == "/fallback/index.html"]) == toset([502, 503, 504])
    error_message = "A failure shows no page."
  }

  assert {
    condition     = toset([for r in aws_cloudfront_distribution.this.custom_error_response : r.error_code if r.error_caching_min_ttl == 1]) == toset([500, 502, 503, 504])
    error_message = "An error is kept for longer than an answer may be old."
  }

  assert {
    condition     = aws_cloudfront_distribution.this.web_acl_id == var.web_acl_arn
    error_message = "The firewall is not in place."
  }
}

run "its_hit_rate_is_a_metric" {
  command = plan

  assert {
    condition     = aws_cloudfront_monitoring_subscription.this.monitoring_subscription[0].realtime_metrics_subscription_config[0].realtime_metrics_subscription_status == "Enabled"
    error_message = "The hit rate is not published."
  }
}

run "no_caching_is_refused" {
  command = plan

  variables {
    live_ttl_s = 0
  }

  expect_failures = [var.live_ttl_s]
}

run "a_minute_of_caching_is_refused" {
  command = plan

  variables {
    live_ttl_s = 60
  }

  expect_failures = [aws_cloudfront_cache_policy.live]
}

run "half_a_second_is_refused" {
  command = plan

  variables {
    live_ttl_s = 1.5
  }

  expect_failures = [var.live_ttl_s]
}

run "no_live_path_is_refused" {
  command = plan

  variables {
    live_paths = []
  }

  expect_failures = [var.live_paths]
}

run "no_query_string_is_refused" {
  command = plan

  variables {
    live_query_strings = []
  }

  expect_failures = [var.live_query_strings]
}

run "an_unknown_price_class_is_refused" {
  command = plan

  variables {
    price_class = "PriceClass_50"
  }

  expect_failures = [var.price_class]
}

run "each_path_has_the_lifetime_that_its_reader_allows" {
  command = plan

  variables {
    live_ttl_s       = 5
    live_staleness_s = 5
    read_only        = true
    asset_paths      = ["/fallback/*"]
    origin_secret    = { header = "X-Origin-Key", value = "secret" }
    behaviours = {
      leaderboards = { path = "/api/leaderboards/*", ttl_s = 10, staleness_s = 10, query_strings = ["sport"] }
      static       = { path = "/static/*", origin = "assets", ttl_s = 86400, staleness_s = 86400 }
    }
  }

  assert {
    condition     = { for behaviour in aws_cloudfront_distribution.this.ordered_cache_behavior : behaviour.path_pattern => behaviour.target_origin_id } == { "/api/commentary*" = "alb", "/api/leaderboards/*" = "alb", "/static/*" = "assets", "/fallback/*" = "assets" }
    error_message = "A path leads to another origin."
  }

  assert {
    condition     = aws_cloudfront_cache_policy.behaviour["leaderboards"].max_ttl == 10 && aws_cloudfront_cache_policy.behaviour["static"].default_ttl == 86400
    error_message = "A path has another lifetime."
  }

  assert {
    condition     = !contains(aws_cloudfront_distribution.this.default_cache_behavior[0].allowed_methods, "POST")
    error_message = "A client can write through the edge."
  }

  assert {
    condition     = anytrue([for origin in aws_cloudfront_distribution.this.origin : anytrue([for header in origin.custom_header : header.name == "X-Origin-Key"])])
    error_message = "The load balancer cannot tell this distribution from another customer's."
  }
}

run "a_lifetime_beyond_what_its_reader_allows_is_refused" {
  command = plan

  variables {
    behaviours  = { leaderboards = { path = "/api/leaderboards/*", ttl_s = 30, staleness_s = 10 } }
    asset_paths = ["/assets/*"]
  }

  expect_failures = [var.behaviours, var.asset_paths]
}
