# From the addresses of the stack that crashed (../buzzer_baseline) to those of the modules: with its state carried over, nothing that holds
# data or a name is made anew. Zones are spelled out because a moved address must be constant.

moved {
  from = aws_vpc.main
  to   = module.network.aws_vpc.this
}

moved {
  from = aws_internet_gateway.main
  to   = module.network.aws_internet_gateway.this
}

moved {
  from = aws_route_table.public
  to   = module.network.aws_route_table.public
}

moved {
  from = aws_route_table.private
  to   = module.network.aws_route_table.private
}

moved {
  from = aws_subnet.public[0]
  to   = module.network.aws_subnet.public["us-east-1a"]
}

moved {
  from = aws_subnet.public[1]
  to   = module.network.aws_subnet.public["us-east-1b"]
}

moved {
  from = aws_subnet.private[0]
  to   = module.network.aws_subnet.private["us-east-1a"]
}

moved {
  from = aws_subnet.private[1]
  to   = module.network.aws_subnet.private["us-east-1b"]
}

moved {
  from = aws_route_table_association.public[0]
  to   = module.network.aws_route_table_association.public["us-east-1a"]
}

moved {
  from = aws_route_table_association.public[1]
  to   = module.network.aws_route_table_association.public["us-east-1b"]
}

moved {
  from = aws_route_table_association.private[0]
  to   = module.network.aws_route_table_association.private["us-east-1a"]
}

moved {
  from = aws_route_table_association.private[1]
  to   = module.network.aws_route_table_association.private["us-east-1b"]
}

moved {
  from = aws_security_group.alb
  to   = module.load_balancer.aws_security_group.this
}

moved {
  from = aws_lb.main
  to   = module.load_balancer.aws_lb.this
}

moved {
  from = aws_lb_target_group.api
  to   = module.load_balancer.aws_lb_target_group.this
}

moved {
  from = aws_lb_listener.http
  to   = module.load_balancer.aws_lb_listener.http
}

moved {
  from = aws_security_group.app
  to   = module.service.aws_security_group.this
}

moved {
  from = aws_vpc_security_group_ingress_rule.app_from_alb
  to   = module.service.aws_vpc_security_group_ingress_rule.load_balancer
}

moved {
  from = aws_cloudwatch_log_group.api
  to   = module.service.aws_cloudwatch_log_group.this
}

moved {
  from = aws_iam_role.execution
  to   = module.service.aws_iam_role.execution
}

moved {
  from = aws_iam_role_policy.execution
  to   = module.service.aws_iam_role_policy.execution
}

moved {
  from = aws_iam_role.task
  to   = module.service.aws_iam_role.task
}

moved {
  from = aws_ecs_cluster.main
  to   = module.service.aws_ecs_cluster.this
}

moved {
  from = aws_ecs_task_definition.api
  to   = module.service.aws_ecs_task_definition.this
}

moved {
  from = aws_ecs_service.api
  to   = module.service.aws_ecs_service.this
}

moved {
  from = aws_ecr_repository.api
  to   = module.registry.aws_ecr_repository.this
}

moved {
  from = aws_security_group.db
  to   = module.database.aws_security_group.this
}

moved {
  from = aws_db_subnet_group.main
  to   = module.database.aws_db_subnet_group.this
}

moved {
  from = aws_db_instance.main
  to   = module.database.aws_db_instance.primary
}

moved {
  from = aws_secretsmanager_secret.db
  to   = module.database.aws_secretsmanager_secret.this
}

moved {
  from = aws_secretsmanager_secret_version.db
  to   = module.database.aws_secretsmanager_secret_version.this
}

moved {
  from = aws_cloudfront_distribution.main
  to   = module.edge.aws_cloudfront_distribution.this
}

moved {
  from = aws_route53_zone.main
  to   = module.dns.aws_route53_zone.this
}

moved {
  from = aws_route53_record.api
  to   = module.dns.aws_route53_record.api["A"]
}

# The actions of a game keep their names; made anew, the old one's end would take the new one away.

moved {
  from = module.scaling.aws_appautoscaling_scheduled_action.before_game["matchday-13"]
  to   = module.scaling.aws_appautoscaling_scheduled_action.this["before-matchday-13"]
}

moved {
  from = module.scaling.aws_appautoscaling_scheduled_action.after_game["matchday-13"]
  to   = module.scaling.aws_appautoscaling_scheduled_action.this["after-matchday-13"]
}

moved {
  from = module.scaling.aws_appautoscaling_scheduled_action.before_game["matchday-14"]
  to   = module.scaling.aws_appautoscaling_scheduled_action.this["before-matchday-14"]
}

moved {
  from = module.scaling.aws_appautoscaling_scheduled_action.after_game["matchday-14"]
  to   = module.scaling.aws_appautoscaling_scheduled_action.this["after-matchday-14"]
}

moved {
  from = module.scaling.aws_appautoscaling_scheduled_action.before_game["cup-quarter-final"]
  to   = module.scaling.aws_appautoscaling_scheduled_action.this["before-cup-quarter-final"]
}

moved {
  from = module.scaling.aws_appautoscaling_scheduled_action.after_game["cup-quarter-final"]
  to   = module.scaling.aws_appautoscaling_scheduled_action.this["after-cup-quarter-final"]
}

moved {
  from = module.scaling.aws_appautoscaling_scheduled_action.before_game["derby"]
  to   = module.scaling.aws_appautoscaling_scheduled_action.this["before-derby"]
}

moved {
  from = module.scaling.aws_appautoscaling_scheduled_action.after_game["derby"]
  to   = module.scaling.aws_appautoscaling_scheduled_action.this["after-derby"]
}
