mock_provider "aws" {
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:us-east-1:123456789012:log-group:scores" }
  }
  mock_resource "aws_api_gateway_stage" {
    defaults = { arn = "arn:aws:apigateway:us-east-1::/restapis/abc/stages/live" }
  }
}

variables {
  name        = "scores"
  description = "Scores"
  throttle    = { requests_per_s = 100, burst = 50 }
  authorizer  = { invoke_arn = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:authorize:live/invocations" }
  routes = {
    "POST /ingest" = { invoke_arn = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:ingest:live/invocations", timeout_ms = 10000 }
    "GET /health"  = { invoke_arn = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:query:live/invocations", open = true }
  }
}

run "the_example_plans" {
  command = plan

  module {
    source = "./examples/basic"
  }
}

run "a_method_asks_for_a_token_unless_it_is_open_and_all_are_limited_and_logged" {
  command = apply

  variables {
    firewall    = true
    web_acl_arn = "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/scores/1"
    domain      = { name = "api.scores.example", certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1", zone_id = "Z1" }
  }

  assert {
    condition     = aws_api_gateway_method.this["POST /ingest"].authorization == "CUSTOM" && aws_api_gateway_method.this["GET /health"].authorization == "NONE"
    error_message = "A method is open that should not be, or the other way round."
  }

  assert {
    condition     = aws_api_gateway_method_settings.all.settings[0].throttling_rate_limit == 100 && aws_api_gateway_method_settings.all.settings[0].throttling_burst_limit == 50
    error_message = "The rate is not limited."
  }

  assert {
    condition     = !strcontains(aws_api_gateway_stage.this.access_log_settings[0].format, "authorizer.token") && strcontains(aws_api_gateway_stage.this.access_log_settings[0].format, "$context.status")
    error_message = "The access log leaves out the status or holds the token."
  }

  assert {
    condition     = aws_api_gateway_rest_api.this.disable_execute_api_endpoint && aws_api_gateway_domain_name.this[0].security_policy == "TLS_1_2" && output.url == "https://api.scores.example" && length(aws_wafv2_web_acl_association.this) == 1
    error_message = "The firewall can be walked around, or TLS is old."
  }
}

run "what_api_gateway_refuses_is_refused_before_it_is_asked" {
  command = plan

  variables {
    routes     = { "FETCH /scores" = { invoke_arn = "arn", open = true, timeout_ms = 60000 } }
    stage      = "live stage"
    throttle   = { requests_per_s = 0, burst = 0 }
    authorizer = { invoke_arn = "arn", ttl_s = 7200 }
  }

  expect_failures = [var.routes, var.stage, var.throttle, var.authorizer]
}

run "a_closed_method_without_an_authorizer_is_refused" {
  command = plan

  variables {
    authorizer = null
  }

  expect_failures = [aws_api_gateway_method.this]
}
