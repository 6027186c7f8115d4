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

run "one_node_is_refused" {
  command = plan

  variables {
    nodes = 1
  }

  expect_failures = [var.nodes]
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
