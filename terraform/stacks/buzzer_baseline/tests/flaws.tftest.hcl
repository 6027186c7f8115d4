# The flaws of the night it crashed, as sentences that hold. A change that mends one here hides what the site explains.


mock_provider "aws" {}

variables {
  domain = "buzzer.example"
}

run "B1_B2_B3_one_small_task_carries_the_audience" {
  command = plan

  assert {
    condition     = aws_ecs_service.api.desired_count == 1
    error_message = "There is more than one task."
  }

  assert {
    condition     = aws_ecs_task_definition.api.cpu == "256" && aws_ecs_task_definition.api.memory == "512"
    error_message = "The task is larger."
  }
}

run "B4_two_late_answers_kill_it" {
  command = plan

  assert {
    condition     = aws_lb_target_group.api.health_check[0].timeout == 5 && aws_lb_target_group.api.health_check[0].unhealthy_threshold == 2
    error_message = "The health check is lenient."
  }

  assert {
    condition     = aws_lb_target_group.api.health_check[0].interval == 30
    error_message = "The interval is another one."
  }
}

run "B5_the_edge_keeps_nothing" {
  command = plan

  assert {
    condition     = aws_cloudfront_distribution.main.default_cache_behavior[0].cache_policy_id == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad" && !aws_cloudfront_distribution.main.default_cache_behavior[0].compress
    error_message = "The edge caches or compresses."
  }

  assert {
    condition     = alltrue([for o in aws_cloudfront_distribution.main.origin : length(o.origin_shield) == 0])
    error_message = "There is a shield."
  }
}

run "B7_B15_the_database_is_the_smallest_and_stands_alone" {
  command = plan

  assert {
    condition     = aws_db_instance.main.instance_class == "db.t3.micro" && aws_db_instance.main.storage_type == "gp2" && aws_db_instance.main.allocated_storage == 20
    error_message = "The database is larger."
  }

  assert {
    condition     = !aws_db_instance.main.multi_az && aws_db_instance.main.backup_retention_period == 1
    error_message = "There is a standby or a week of backups."
  }

  assert {
    condition     = aws_db_instance.main.skip_final_snapshot && !aws_db_instance.main.deletion_protection
    error_message = "It is protected."
  }
}

run "B10_plain_http_and_nothing_tuned" {
  command = plan

  assert {
    condition     = aws_lb_listener.http.protocol == "HTTP" && aws_lb_listener.http.default_action[0].type == "forward"
    error_message = "There is TLS."
  }

  assert {
    condition     = coalesce(aws_lb.main.enable_deletion_protection, false) == false && length(aws_lb.main.access_logs) == 0
    error_message = "The load balancer is tuned."
  }
}

run "B12_tags_move_and_a_bad_release_stays" {
  command = plan

  assert {
    condition     = aws_ecr_repository.api.image_tag_mutability == "MUTABLE"
    error_message = "Tags are fixed."
  }

  assert {
    condition     = length(aws_ecs_service.api.deployment_circuit_breaker) == 0 && coalesce(aws_ecs_service.api.health_check_grace_period_seconds, 0) == 0
    error_message = "A bad release is rolled back."
  }
}

run "B13_anyone_is_let_in" {
  command = plan

  assert {
    condition     = aws_vpc_security_group_ingress_rule.alb_http.cidr_ipv4 == "0.0.0.0/0" && aws_vpc_security_group_ingress_rule.db_mysql.cidr_ipv4 == "0.0.0.0/0"
    error_message = "The groups are closed."
  }
}

run "B18_the_name_has_no_health_check" {
  command = plan

  assert {
    condition     = aws_route53_record.api.alias[0].evaluate_target_health == false && aws_route53_record.api.health_check_id == null
    error_message = "The name is checked."
  }
}

run "S2_the_execution_role_may_not_read_the_secret" {
  command = plan

  assert {
    condition     = !strcontains(aws_iam_role_policy.execution.policy, "secretsmanager:GetSecretValue")
    error_message = "The role may read it."
  }
}

run "what_a_migration_must_not_replace_is_as_it_will_stay" {
  command = plan

  assert {
    condition     = aws_db_instance.main.storage_encrypted && aws_ecs_service.api.launch_type == "FARGATE"
    error_message = "Encryption or launch type would be replaced."
  }
}
