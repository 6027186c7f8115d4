resource "aws_route53_zone" "this" {
  name = var.domain
  tags = var.tags
}

# Both address families lead to the edge.
resource "aws_route53_record" "api" {
  for_each = toset(["A", "AAAA"])

  zone_id = aws_route53_zone.this.zone_id
  name    = var.api_name
  type    = each.key

  alias {
    name                   = var.edge.domain_name
    zone_id                = var.edge.zone_id
    evaluate_target_health = false # CloudFront as an alias target has no health of its own
  }
}

resource "aws_route53_record" "origin" {
  zone_id = aws_route53_zone.this.zone_id
  name    = var.origin_name
  type    = "A"

  alias {
    name                   = var.load_balancer.dns_name
    zone_id                = var.load_balancer.zone_id
    evaluate_target_health = true
  }
}

# Asks as a fan would, through name, edge and service, from several regions of the world.
resource "aws_route53_health_check" "api" {
  type              = "HTTPS"
  fqdn              = var.api_name
  port              = 443
  resource_path     = var.health_path
  request_interval  = 30
  failure_threshold = 3
  measure_latency   = true
  tags              = merge(var.tags, { Name = var.api_name })
}
