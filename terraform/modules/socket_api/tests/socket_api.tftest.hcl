mock_provider "aws" {
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:us-east-1:123456789012:log-group:scores-live" }
  }
  mock_resource "aws_apigatewayv2_api" {
    defaults = { api_endpoint = "wss://abc.execute-api.us-east-1.amazonaws.com" }
  }
}

variables {
  name        = "scores-live"
  description = "Scores, pushed"
  throttle    = { requests_per_s = 500, burst = 400 }
  authorizer  = { invoke_arn = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:authorize:live/invocations" }
  routes = {
    "$connect" = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:socket:live/invocations"
    subscribe  = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:socket:live/invocations"
  }
}

run "the_example_plans" {
  command = plan

  module {
    source = "./examples/basic"
  }
}

run "the_way_in_is_checked_limited_and_logged" {
  command = apply

  assert {
    condition     = aws_apigatewayv2_route.this["$connect"].authorization_type == "CUSTOM" && aws_apigatewayv2_route.this["subscribe"].authorization_type == "NONE"
    error_message = "Anybody may connect, or a message is asked for a token that only a connection has."
  }

  assert {
    condition     = aws_apigatewayv2_stage.this.default_route_settings[0].throttling_rate_limit == 500 && aws_apigatewayv2_stage.this.default_route_settings[0].throttling_burst_limit == 400
    error_message = "The rate is not limited."
  }

  assert {
    condition     = strcontains(aws_apigatewayv2_stage.this.access_log_settings[0].format, "$context.disconnectStatusCode")
    error_message = "The log does not say why a connection closed."
  }

  assert {
    condition     = output.management_url == "https://abc.execute-api.us-east-1.amazonaws.com/live"
    error_message = "Messages for clients are sent elsewhere."
  }
}

run "what_api_gateway_refuses_is_refused_before_it_is_asked" {
  command = plan

  variables {
    routes   = { "$subscribe" = "arn" }
    stage    = "live stage"
    throttle = { requests_per_s = 0, burst = 1 }
  }

  expect_failures = [var.routes, var.stage, var.throttle]
}
