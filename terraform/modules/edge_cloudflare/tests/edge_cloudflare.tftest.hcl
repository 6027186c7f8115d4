mock_provider "cloudflare" {}

variables {
  enabled    = true
  zone_id    = "0123456789abcdef0123456789abcdef"
  name       = "api.stand.example"
  origin     = "origin.stand.example"
  behaviours = { live = { prefix = "/api/live", ttl_s = 2 } }
}

run "the_example_plans" {
  command = plan

  module {
    source = "./examples/basic"
  }
}

run "by_default_nothing_is_made" {
  command = plan

  variables {
    enabled = false
  }

  assert {
    condition     = length(cloudflare_dns_record.this) + length(cloudflare_ruleset.cache) + length(cloudflare_tiered_cache.this) == 0
    error_message = "Something is made although the module is off."
  }
}

run "a_live_answer_is_kept_as_long_as_it_says" {
  command = plan

  assert {
    condition     = cloudflare_ruleset.cache["this"].rules[0].action_parameters.edge_ttl.default == 2
    error_message = "A live answer is kept for another time."
  }

  assert {
    condition     = cloudflare_dns_record.this["this"].proxied
    error_message = "The name leads past Cloudflare."
  }
}

run "a_path_without_a_slash_is_refused" {
  command = plan

  variables {
    behaviours = { live = { prefix = "api", ttl_s = 2 } }
  }

  expect_failures = [var.behaviours]
}

run "a_zone_by_its_name_is_refused" {
  command = plan

  variables {
    zone_id = "stand.example"
  }

  expect_failures = [var.zone_id]
}
