locals {
  # "POST /ingest" -> its parts.
  routes = {
    for key, route in var.routes : key => merge(route, {
      method = split(" ", key)[0]
      path   = trimprefix(split(" ", key)[1], "/")
    })
  }
  paths = toset([for route in local.routes : route.path])
}

resource "aws_api_gateway_rest_api" "this" {
  name                         = var.name
  description                  = var.description
  disable_execute_api_endpoint = var.domain != null
  minimum_compression_size     = var.compress_from_bytes
  tags                         = var.tags

  endpoint_configuration {
    types = ["REGIONAL"]
  }
}

resource "aws_api_gateway_resource" "this" {
  for_each = local.paths

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_rest_api.this.root_resource_id
  path_part   = each.key
}

resource "aws_api_gateway_authorizer" "this" {
  count = var.authorizer == null ? 0 : 1

  name                             = "${var.name}-token"
  rest_api_id                      = aws_api_gateway_rest_api.this.id
  type                             = "TOKEN"
  authorizer_uri                   = var.authorizer.invoke_arn
  identity_source                  = "method.request.header.Authorization"
  identity_validation_expression   = var.authorizer.token_pattern
  authorizer_result_ttl_in_seconds = var.authorizer.ttl_s
}

resource "aws_api_gateway_method" "this" {
  for_each = local.routes

  rest_api_id   = aws_api_gateway_rest_api.this.id
  resource_id   = aws_api_gateway_resource.this[each.value.path].id
  http_method   = each.value.method
  authorization = each.value.open ? "NONE" : "CUSTOM"
  authorizer_id = each.value.open ? null : one(aws_api_gateway_authorizer.this[*].id)

  lifecycle {
    precondition {
      condition     = each.value.open || var.authorizer != null
      error_message = "${each.key} is not open, so it needs an authorizer."
    }
  }
}

resource "aws_api_gateway_integration" "this" {
  for_each = local.routes

  rest_api_id             = aws_api_gateway_rest_api.this.id
  resource_id             = aws_api_gateway_resource.this[each.value.path].id
  http_method             = aws_api_gateway_method.this[each.key].http_method
  type                    = "AWS_PROXY"
  integration_http_method = "POST"
  uri                     = each.value.invoke_arn
  timeout_milliseconds    = each.value.timeout_ms
}

# A deployment is a copy of the routes; it is made anew when one of them changes, before the old one goes.
resource "aws_api_gateway_deployment" "this" {
  rest_api_id = aws_api_gateway_rest_api.this.id

  triggers = {
    routes = sha1(jsonencode([for key, route in local.routes : [key, route.open, route.timeout_ms]]))
  }

  lifecycle {
    create_before_destroy = true
  }

  depends_on = [aws_api_gateway_integration.this]
}

resource "aws_cloudwatch_log_group" "access" {
  name              = "/aws/apigateway/${var.name}"
  retention_in_days = var.log_retention_days
  tags              = var.tags
}

resource "aws_api_gateway_stage" "this" {
  rest_api_id           = aws_api_gateway_rest_api.this.id
  deployment_id         = aws_api_gateway_deployment.this.id
  stage_name            = var.stage
  xray_tracing_enabled  = true
  cache_cluster_enabled = false
  tags                  = var.tags

  # Who asked what, and how it ended; never the body or the token.
  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    format = jsonencode({
      request_id  = "$context.requestId"
      time        = "$context.requestTimeEpoch"
      address     = "$context.identity.sourceIp"
      method      = "$context.httpMethod"
      path        = "$context.resourcePath"
      status      = "$context.status"
      latency_ms  = "$context.responseLatency"
      integration = "$context.integrationLatency"
      principal   = "$context.authorizer.principalId"
    })
  }
}

resource "aws_api_gateway_method_settings" "all" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  stage_name  = aws_api_gateway_stage.this.stage_name
  method_path = "*/*"

  settings {
    metrics_enabled        = true
    throttling_rate_limit  = var.throttle.requests_per_s
    throttling_burst_limit = var.throttle.burst
  }
}

resource "aws_wafv2_web_acl_association" "this" {
  count = var.firewall ? 1 : 0

  resource_arn = aws_api_gateway_stage.this.arn
  web_acl_arn  = var.web_acl_arn
}

resource "aws_api_gateway_domain_name" "this" {
  count = var.domain == null ? 0 : 1

  domain_name              = var.domain.name
  regional_certificate_arn = var.domain.certificate_arn
  security_policy          = "TLS_1_2"
  tags                     = var.tags

  endpoint_configuration {
    types = ["REGIONAL"]
  }
}

resource "aws_api_gateway_base_path_mapping" "this" {
  count = var.domain == null ? 0 : 1

  api_id      = aws_api_gateway_rest_api.this.id
  stage_name  = aws_api_gateway_stage.this.stage_name
  domain_name = aws_api_gateway_domain_name.this[0].domain_name
}

resource "aws_route53_record" "this" {
  count = var.domain == null ? 0 : 1

  zone_id = var.domain.zone_id
  name    = var.domain.name
  type    = "A"

  alias {
    name                   = aws_api_gateway_domain_name.this[0].regional_domain_name
    zone_id                = aws_api_gateway_domain_name.this[0].regional_zone_id
    evaluate_target_health = false
  }
}
