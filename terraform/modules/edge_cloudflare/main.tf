locals {
  on    = var.enabled ? { this = true } : {}
  paths = [for behaviour in var.behaviours : "starts_with(http.request.uri.path, \"${behaviour.prefix}\")"]
  host  = "http.host eq \"${var.name}\""
}

resource "cloudflare_dns_record" "this" {
  for_each = local.on

  zone_id = var.zone_id
  name    = var.name
  type    = "CNAME"
  content = var.origin
  proxied = true
  ttl     = 1 # automatic, as a proxied record demands
}

# TLS to the origin with a certificate that is checked; the default accepts any.
resource "cloudflare_zone_setting" "ssl" {
  for_each = local.on

  zone_id    = var.zone_id
  setting_id = "ssl"
  value      = "strict"
}

resource "cloudflare_zone_setting" "least_tls" {
  for_each = local.on

  zone_id    = var.zone_id
  setting_id = "min_tls_version"
  value      = "1.2"
}

resource "cloudflare_tiered_cache" "this" {
  for_each = var.tiered_cache ? local.on : {}

  zone_id = var.zone_id
  value   = "on"
}

# One ruleset for each phase of a zone: a second one of the same phase is refused.
resource "cloudflare_ruleset" "cache" {
  for_each = local.on

  zone_id = var.zone_id
  name    = "Cache"
  kind    = "zone"
  phase   = "http_request_cache_settings"

  rules = [for name, behaviour in var.behaviours : {
    ref         = name
    description = "${behaviour.prefix} for ${behaviour.ttl_s} s"
    expression  = "(${local.host} and starts_with(http.request.uri.path, \"${behaviour.prefix}\"))"
    action      = "set_cache_settings"
    action_parameters = {
      cache = behaviour.ttl_s > 0
      edge_ttl = behaviour.ttl_s > 0 ? {
        mode    = "override_origin"
        default = behaviour.ttl_s
      } : null
      # A visitor gets the old answer while one request fetches the new one, so that an expiry is no stampede.
      serve_stale = behaviour.ttl_s > 0 ? { disable_stale_while_updating = false } : null
    }
  }]
}

resource "cloudflare_ruleset" "origin_secret" {
  for_each = nonsensitive(var.origin_secret != null) ? local.on : {}

  zone_id = var.zone_id
  name    = "Origin secret"
  kind    = "zone"
  phase   = "http_request_late_transform"

  rules = [{
    ref         = "secret"
    description = "Shows the origin that a request comes by this zone"
    expression  = "(${local.host})"
    action      = "rewrite"
    action_parameters = {
      headers = {
        (var.origin_secret.header) = { operation = "set", value = var.origin_secret.value }
      }
    }
  }]
}

resource "cloudflare_ruleset" "rate" {
  for_each = var.rate_limit != null && length(local.paths) > 0 ? local.on : {}

  zone_id = var.zone_id
  name    = "Rate"
  kind    = "zone"
  phase   = "http_ratelimit"

  rules = [{
    ref         = "rate"
    description = "Stops machines, not crowds"
    expression  = "(${local.host} and (${join(" or ", local.paths)}))"
    action      = "block"
    ratelimit = {
      characteristics     = ["cf.colo.id", "ip.src"]
      requests_per_period = var.rate_limit.requests
      period              = var.rate_limit.period_s
      mitigation_timeout  = var.rate_limit.block_s
    }
  }]
}
