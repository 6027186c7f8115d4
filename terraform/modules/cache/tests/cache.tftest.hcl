mock_provider "aws" {}

variables {
  name                      = "stand"
  vpc_id                    = "vpc-1"
  subnet_ids                = ["subnet-1", "subnet-2"]
  client_security_group_ids = { tasks = "sg-1" }
  node_type                 = "cache.t4g.small"
  maintenance_window        = "wed:08:00-wed:09:00"
  secret_name               = "stand/cache"
}

run "the_example_plans" {
  command = plan

  module {
    source = "./examples/basic"
  }
}

run "a_failed_node_is_survived" {
  command = plan

  assert {
    condition     = aws_elasticache_replication_group.this.num_cache_clusters == 2 && aws_elasticache_replication_group.this.automatic_failover_enabled && aws_elasticache_replication_group.this.multi_az_enabled
    error_message = "It cannot fail over to another zone."
  }
}

run "what_it_holds_is_encrypted_and_asked_for_with_a_password" {
  command = plan

  assert {
    condition     = aws_elasticache_replication_group.this.transit_encryption_enabled && tobool(aws_elasticache_replication_group.this.at_rest_encryption_enabled)
    error_message = "It is not encrypted."
  }

  assert {
    condition     = alltrue([for r in aws_vpc_security_group_ingress_rule.clients : r.cidr_ipv4 == null && r.from_port == 6379])
    error_message = "An address range may ask."
  }
}

run "its_nodes_have_names_that_alarms_can_use" {
  command = plan

  assert {
    condition     = output.node_ids == ["stand-cache-001", "stand-cache-002"]
    error_message = "Alarms would watch other nodes."
  }
}

run "a_type_of_another_service_is_refused" {
  command = plan

  variables {
    node_type = "db.t4g.small"
  }

  expect_failures = [var.node_type]
}

run "one_subnet_is_refused" {
  command = plan

  variables {
    subnet_ids = ["subnet-1"]
  }

  expect_failures = [var.subnet_ids]
}

run "a_name_with_capitals_is_refused" {
  command = plan

  variables {
    name = "Stand"
  }

  expect_failures = [var.name]
}

run "shards_have_replicas_and_names" {
  command = plan

  variables {
    shards     = { number = 3, replicas = 1 }
    parameters = { maxmemory-policy = "volatile-lru" }
    snapshots  = { days = 30, window = "05:00-06:00" }
    key_arn    = "arn:aws:kms:us-east-1:123456789012:key/1"
  }

  assert {
    condition     = aws_elasticache_replication_group.this.num_node_groups == 3 && aws_elasticache_replication_group.this.snapshot_retention_limit == 30
    error_message = "There are no three shards, or no snapshots."
  }

  assert {
    condition     = length(output.node_ids) == 6 && output.node_ids[5] == "stand-cache-0003-002"
    error_message = "Alarms would ask for other nodes."
  }

  assert {
    condition     = { for parameter in aws_elasticache_parameter_group.this.parameter : parameter.name => parameter.value }["cluster-enabled"] == "yes"
    error_message = "Shards need cluster mode."
  }
}

run "one_node_does_not_claim_to_fail_over" {
  command = plan

  variables {
    nodes = 1
  }

  assert {
    condition     = !aws_elasticache_replication_group.this.automatic_failover_enabled && !aws_elasticache_replication_group.this.multi_az_enabled
    error_message = "ElastiCache refuses failover with one node."
  }
}

run "what_elasticache_refuses_is_refused" {
  command = plan

  variables {
    nodes     = 7
    shards    = { number = 100, replicas = 5 }
    engine    = { name = "redis", version = "7.1", family = "valkey8" }
    snapshots = { days = 36 }
  }

  expect_failures = [var.nodes, var.shards, var.engine, var.snapshots]
}
