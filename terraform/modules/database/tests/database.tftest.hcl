mock_provider "aws" {}

variables {
  name                      = "stand"
  description               = "Database of a stand"
  vpc_id                    = "vpc-1"
  subnet_ids                = ["subnet-1", "subnet-2"]
  client_security_group_ids = { tasks = "sg-1" }
  engine                    = "mysql"
  engine_version            = "8.0"
  parameter_group_family    = "mysql8.0"
  parameters                = { max_connections = { value = "300" } }
  instance_class            = "db.t4g.medium"
  replica_instance_class    = "db.t4g.medium"
  storage                   = { allocated_gb = 50, max_gb = 200 }
  database_name             = "stand"
  username                  = "stand"
  port                      = 3306
  secret_name               = "stand/db"
  backup_window             = "07:00-07:30"
  maintenance_window        = "tue:08:00-tue:09:00"
  log_exports               = ["error", "slowquery"]
}

run "the_example_plans" {
  command = plan

  module {
    source = "./examples/basic"
  }
}

run "a_failed_host_or_zone_is_survived" {
  command = plan

  assert {
    condition     = aws_db_instance.primary.multi_az
    error_message = "There is no standby."
  }

  assert {
    condition     = aws_db_instance.replica.replicate_source_db == "stand"
    error_message = "There is no replica."
  }

  assert {
    condition     = aws_db_instance.primary.storage_type == "gp3" && aws_db_instance.primary.max_allocated_storage > aws_db_instance.primary.allocated_storage
    error_message = "The disk neither keeps its pace nor grows."
  }
}

run "a_mistake_can_be_undone" {
  command = plan

  assert {
    condition     = aws_db_instance.primary.backup_retention_period >= 7
    error_message = "Backups are kept for less than a week."
  }

  assert {
    condition     = !aws_db_instance.primary.skip_final_snapshot && aws_db_instance.primary.final_snapshot_identifier == "stand-final"
    error_message = "No final snapshot is taken."
  }

  assert {
    condition     = aws_db_instance.primary.deletion_protection && aws_db_instance.replica.deletion_protection
    error_message = "It can be deleted by mistake."
  }
}

run "it_can_be_migrated_without_being_replaced" {
  command = plan

  assert {
    condition     = aws_db_instance.primary.storage_encrypted
    error_message = "Another encryption replaces the database."
  }

  assert {
    condition     = aws_db_instance.replica.storage_encrypted
    error_message = "A replica that does not say that it is encrypted is replaced by the next plan."
  }

  assert {
    condition     = aws_db_instance.primary.db_name == "stand" && aws_db_instance.primary.username == "stand" && aws_db_subnet_group.this.name == "stand"
    error_message = "Another name replaces the database."
  }

  assert {
    condition     = aws_security_group.this.name == "stand-db" && aws_security_group.this.description == "Database of a stand"
    error_message = "Another name or description replaces the group."
  }
}

run "only_named_groups_may_query" {
  command = plan

  assert {
    condition     = alltrue([for r in aws_vpc_security_group_ingress_rule.clients : r.cidr_ipv4 == null && r.referenced_security_group_id == "sg-1"])
    error_message = "An address range may query."
  }

  assert {
    condition     = !aws_db_instance.primary.publicly_accessible && !aws_db_instance.replica.publicly_accessible
    error_message = "It can be reached from outside."
  }
}

run "what_slows_it_down_can_be_seen" {
  command = plan

  assert {
    condition     = aws_db_instance.primary.performance_insights_enabled && aws_db_instance.primary.monitoring_interval == 60
    error_message = "Nobody can see what it waits for."
  }

  assert {
    condition     = contains(aws_db_instance.primary.enabled_cloudwatch_logs_exports, "slowquery")
    error_message = "Slow queries are not logged."
  }

  assert {
    condition     = alltrue([for kind in ["error", "slowquery"] : aws_cloudwatch_log_group.exports[kind].name == "/aws/rds/instance/stand/${kind}" && aws_cloudwatch_log_group.exports[kind].retention_in_days == 30])
    error_message = "RDS makes a log group of its own, which it keeps for ever."
  }

  assert {
    condition     = anytrue([for p in aws_db_parameter_group.this.parameter : p.name == "max_connections" && p.value == "300"])
    error_message = "The number of connections is not stated."
  }
}

run "what_slows_the_replica_down_can_be_seen_and_it_grows_with_the_primary" {
  command = plan

  variables {
    replica = { zone = "us-east-1b", max_gb = 200, log_exports = ["slowquery"], maintenance_window = "thu:08:00-thu:09:00" }
  }

  assert {
    condition     = aws_db_instance.replica.enabled_cloudwatch_logs_exports == toset(["slowquery"]) && aws_cloudwatch_log_group.replica_exports["slowquery"].name == "/aws/rds/instance/stand-replica/slowquery"
    error_message = "The reads leave no log, or RDS makes a group that is kept for ever."
  }

  assert {
    condition     = aws_db_instance.replica.max_allocated_storage == 200 && aws_db_instance.replica.availability_zone == "us-east-1b" && aws_db_instance.replica.maintenance_window != aws_db_instance.primary.maintenance_window
    error_message = "It stops when the primary outgrows it, or both are maintained at once."
  }
}

run "a_disk_that_cannot_grow_is_refused" {
  command = plan

  variables {
    storage = { allocated_gb = 50, max_gb = 50 }
  }

  expect_failures = [var.storage]
}

run "an_unknown_way_to_apply_is_refused" {
  command = plan

  variables {
    parameters = { max_connections = { value = "300", apply_method = "later" } }
  }

  expect_failures = [var.parameters]
}

run "an_unknown_engine_is_refused" {
  command = plan

  variables {
    engine = "oracle"
  }

  expect_failures = [var.engine]
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

run "postgresql_with_several_replicas_rotates_its_password" {
  command = plan

  variables {
    engine                 = "postgres"
    engine_version         = "15"
    parameter_group_family = "postgres15"
    port                   = 5432
    log_exports            = ["postgresql"]
    parameters             = { shared_preload_libraries = { value = "pg_stat_statements", apply_method = "pending-reboot" } }
    replica                = { zone = "us-east-1a", max_gb = 200, maintenance_window = "tue:09:00-tue:10:00" }
    further_replicas       = { replica-2 = { instance_class = "db.t4g.large", zone = "us-east-1b", maintenance_window = "tue:10:00-tue:11:00" } }
    rotation               = { function_arn = "arn:aws:lambda:us-east-1:123456789012:function:rotate", days = 30 }
  }

  assert {
    condition     = aws_db_instance.replica.availability_zone != aws_db_instance.further_replicas["replica-2"].availability_zone && aws_db_instance.replica.max_allocated_storage == 200
    error_message = "Both replicas stand in one zone, or one may not grow."
  }

  assert {
    condition     = length(distinct([aws_db_instance.primary.maintenance_window, aws_db_instance.replica.maintenance_window, aws_db_instance.further_replicas["replica-2"].maintenance_window])) == 3
    error_message = "Two of them are maintained in the same hour."
  }

  assert {
    condition     = aws_secretsmanager_secret_rotation.this[0].rotation_rules[0].automatically_after_days == 30
    error_message = "The password is not rotated."
  }
}

run "what_rds_refuses_is_refused" {
  command = plan

  variables {
    instance_class        = "t4g.large"
    backup_retention_days = 36
    log_exports           = ["postgresql"]
    further_replicas      = { replica = { instance_class = "db.t4g.large", maintenance_window = "tue:10:00-tue:11:00" } }
    rotation              = { function_arn = "arn:aws:lambda:us-east-1:123456789012:function:rotate", days = 0 }
  }

  expect_failures = [var.instance_class, var.backup_retention_days, var.log_exports, var.further_replicas, var.rotation]
}
