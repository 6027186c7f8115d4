environment         = "dev"
domain              = "dev.engine.example"
log_level           = "debug"
shards              = 1
nat                 = "one"
budget_usd          = 250
deletion_protection = false
live_tasks          = { min = 1, max = 2 }
channel             = { node_type = "cache.t4g.small", nodes = 1 }
throughput          = null

functions = {
  ingest    = { memory_mib = 512, timeout_s = 10, reserved = 20 }
  socket    = { memory_mib = 256, timeout_s = 5, reserved = 20 }
  fanout    = { memory_mib = 1024, timeout_s = 30, reserved = 20 }
  query     = { memory_mib = 512, timeout_s = 5, reserved = 5 }
  authorize = { memory_mib = 256, timeout_s = 3, reserved = 5 }
}

# One provider is enough to work with.
feeds = {
  apisports = { kind = "scores", poll_s = 15, lag_s = 15, freshness_s = 45 }
}
