resource "aws_apigatewayv2_api" "this" {
  name                         = var.name
  description                  = var.description
  protocol_type                = "WEBSOCKET"
  route_selection_expression   = "$request.body.action"
  disable_execute_api_endpoint = false # the service sends to its clients through this address, own name or not
  tags                         = var.tags
}

resource "aws_apigatewayv2_authorizer" "this" {
  count = var.authorizer == null ? 0 : 1

  name             = "${var.name}-token"
  api_id           = aws_apigatewayv2_api.this.id
  authorizer_type  = "REQUEST"
  authorizer_uri   = var.authorizer.invoke_arn
  identity_sources = var.authorizer.identity_sources
}

resource "aws_apigatewayv2_integration" "this" {
  for_each = var.routes

  api_id                    = aws_apigatewayv2_api.this.id
  integration_type          = "AWS_PROXY"
  integration_method        = "POST"
  integration_uri           = each.value
  content_handling_strategy = "CONVERT_TO_TEXT"
}

# Only the way in is checked: a connection keeps what its first request was granted.
resource "aws_apigatewayv2_route" "this" {
  for_each = var.routes

  api_id             = aws_apigatewayv2_api.this.id
  route_key          = each.key
  target             = "integrations/${aws_apigatewayv2_integration.this[each.key].id}"
  authorization_type = each.key == "$connect" && var.authorizer != null ? "CUSTOM" : "NONE"
  authorizer_id      = each.key == "$connect" ? one(aws_apigatewayv2_authorizer.this[*].id) : null
}

resource "aws_cloudwatch_log_group" "access" {
  name              = "/aws/apigateway/${var.name}"
  retention_in_days = var.log_retention_days
  tags              = var.tags
}

resource "aws_apigatewayv2_stage" "this" {
  api_id      = aws_apigatewayv2_api.this.id
  name        = var.stage
  auto_deploy = true
  tags        = var.tags

  default_route_settings {
    throttling_rate_limit    = var.throttle.requests_per_s
    throttling_burst_limit   = var.throttle.burst
    detailed_metrics_enabled = true
  }

  # Each connection's opening, messages and close, with the reason of the close; never a message.
  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    format = jsonencode({
      request_id   = "$context.requestId"
      time         = "$context.requestTimeEpoch"
      event        = "$context.eventType"
      route        = "$context.routeKey"
      status       = "$context.status"
      connection   = "$context.connectionId"
      close_code   = "$context.disconnectStatusCode"
      close_reason = "$context.disconnectReason"
    })
  }

  # Every access log of the account's REST and WebSocket APIs needs the role that the account lends them.
  depends_on = [aws_apigatewayv2_route.this]
}

resource "aws_apigatewayv2_domain_name" "this" {
  count = var.domain == null ? 0 : 1

  domain_name = var.domain.name
  tags        = var.tags

  domain_name_configuration {
    certificate_arn = var.domain.certificate_arn
    endpoint_type   = "REGIONAL"
    security_policy = "TLS_1_2"
  }
}

resource "aws_apigatewayv2_api_mapping" "this" {
  count = var.domain == null ? 0 : 1

  api_id          = aws_apigatewayv2_api.this.id
  stage           = aws_apigatewayv2_stage.this.id
  domain_name     = aws_apigatewayv2_domain_name.this[0].id
  api_mapping_key = var.domain.path
}

resource "aws_route53_record" "this" {
  count = var.domain == null ? 0 : 1

  zone_id = var.domain.zone_id
  name    = var.domain.name
  type    = "A"

  alias {
    name                   = aws_apigatewayv2_domain_name.this[0].domain_name_configuration[0].target_domain_name
    zone_id                = aws_apigatewayv2_domain_name.this[0].domain_name_configuration[0].hosted_zone_id
    evaluate_target_health = false
  }
}
