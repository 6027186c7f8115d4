environment         = "staging"
domain              = "staging.engine.example"
shards              = 1
nat                 = "one"
budget_usd          = 400
deletion_protection = true
live_tasks          = { min = 1, max = 4 }
channel             = { node_type = "cache.t4g.small", nodes = 2 }
throughput          = null

functions = {
  ingest    = { memory_mib = 512, timeout_s = 10, reserved = 50 }
  socket    = { memory_mib = 256, timeout_s = 5, reserved = 50 }
  fanout    = { memory_mib = 1024, timeout_s = 30, reserved = 50 }
  query     = { memory_mib = 512, timeout_s = 5, reserved = 10 }
  authorize = { memory_mib = 256, timeout_s = 3, reserved = 10 }
}
