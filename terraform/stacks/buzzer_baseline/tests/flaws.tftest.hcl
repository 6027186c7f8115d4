# The flaws of the night it crashed, as sentences that hold. A change that mends one here hides what the site explains.


mock_provider "aws" {}

variables {
  domain = "buzzer.example"
}

run "the_flaws_are_there" {
  command = plan

  # B1, B2, B3: one small task carries the audience.
  assert {
    condition     = aws_ecs_service.api.desired_count == 1
    error_message = "There is more than one task."
  }

  assert {
    condition     = aws_ecs_task_definition.api.cpu == "256" && aws_ecs_task_definition.api.memory == "512"
    error_message = "The task is larger."
  }

  # B4: two late answers kill it.
  assert {
    condition     = aws_lb_target_group.api.health_check[0].timeout == 5 && aws_lb_target_group.api.health_check[0].unhealthy_threshold == 2
    error_message = "The health check is lenient."
  }

  assert {
    condition     = aws_lb_target_group.api.health_check[0].interval == 30
    error_message = "The interval is another one."
  }

  # B5: the edge keeps nothing.
  assert {
    condition     = aws_cloudfront_distribution.main.default_cache_behavior[0].cache_policy_id == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad" && !aws_cloudfront_distribution.main.default_cache_behavior[0].compress
    error_message = "The edge caches or compresses."
  }

  assert {
    condition     = alltrue([for o in aws_cloudfront_distribution.main.origin : length(o.origin_shield) == 0])
    error_message = "There is a shield."
  }

  # B7, B15: the database is the smallest and stands alone.
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

  # B10: plain http and nothing tuned.
  assert {
    condition     = aws_lb_listener.http.protocol == "HTTP" && aws_lb_listener.http.default_action[0].type == "forward"
    error_message = "There is TLS."
  }

  assert {
    condition     = coalesce(aws_lb.main.enable_deletion_protection, false) == false && length(aws_lb.main.access_logs) == 0
    error_message = "The load balancer is tuned."
  }

  # B12: tags move and a bad release stays.
  assert {
    condition     = aws_ecr_repository.api.image_tag_mutability == "MUTABLE"
    error_message = "Tags are fixed."
  }

  assert {
    condition     = length(aws_ecs_service.api.deployment_circuit_breaker) == 0 && coalesce(aws_ecs_service.api.health_check_grace_period_seconds, 0) == 0
    error_message = "A bad release is rolled back."
  }

  # B13: anyone is let in.
  assert {
    condition     = aws_vpc_security_group_ingress_rule.alb_http.cidr_ipv4 == "0.0.0.0/0" && aws_vpc_security_group_ingress_rule.db_mysql.cidr_ipv4 == "0.0.0.0/0"
    error_message = "The groups are closed."
  }

  # B18: the name has no health check.
  assert {
    condition     = aws_route53_record.api.alias[0].evaluate_target_health == false && aws_route53_record.api.health_check_id == null
    error_message = "The name is checked."
  }

  # S2: the execution role may not read the secret.
  assert {
    condition     = !strcontains(aws_iam_role_policy.execution.policy, "secretsmanager:GetSecretValue")
    error_message = "The role may read it."
  }

  # What a migration must not replace is as it will stay.
  assert {
    condition     = aws_db_instance.main.storage_encrypted && aws_ecs_service.api.launch_type == "FARGATE"
    error_message = "Encryption or launch type would be replaced."
  }
}
