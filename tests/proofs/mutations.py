# ruff: noqa: E501 (a fault is a row, and read across)
"""Small faults, each a change of the text of a good stack, with the rule that is meant to find it.

`file` is relative to `terraform/` for the project's own stack, and `good/main.tf` beside this file for the small one. `old` must
occur in it; its first occurrence becomes `new`.
"""

from dataclasses import dataclass

BUZZER = "stacks/buzzer/main.tf"
VARIABLES = "stacks/buzzer/variables.tf"
VALUES = "stacks/buzzer/terraform.tfvars"
WAIVERS = "stacks/buzzer/waivers.toml"
GOOD = "good/main.tf"


@dataclass(frozen=True)
class Mutation:
    rule: str
    fault: str
    file: str
    old: str
    new: str

    @property
    def stack(self):
        """The good stack that the fault is planted into."""
        return "good" if self.file == GOOD else "stacks/buzzer"


def module(name):
    return f"modules/{name}/main.tf"


NETWORK, SERVICE, BALANCER = module("network"), module("service"), module("load_balancer")
DATABASE, CACHE, EDGE, BUCKET, SCALING = (
    module("database"),
    module("cache"),
    module("edge"),
    module("bucket"),
    module("scaling"),
)

CACHE_VARIABLES = "modules/cache/variables.tf"

ENDPOINTS = '["ecr.api", "ecr.dkr", "logs", "secretsmanager"]'

MUTATIONS = (
    # START
    Mutation("START-01", "no endpoint for the registry's API", BUZZER, ENDPOINTS, '["ecr.dkr", "logs", "secretsmanager"]'),
    Mutation("START-01", "no endpoint for the registry", BUZZER, ENDPOINTS, '["ecr.api", "logs", "secretsmanager"]'),
    Mutation("START-01", "no endpoint for the logs", BUZZER, ENDPOINTS, '["ecr.api", "ecr.dkr", "secretsmanager"]'),
    Mutation("START-01", "no endpoint for the secrets", BUZZER, ENDPOINTS, '["ecr.api", "ecr.dkr", "logs"]'),
    Mutation("START-01", "endpoints without private DNS", NETWORK, "private_dns_enabled = true", "private_dns_enabled = false"),
    Mutation(
        "START-01",
        "S3's endpoint in the public route table",
        NETWORK,
        "route_table_ids   = concat([aws_route_table.private.id],",
        "route_table_ids   = concat([aws_route_table.public.id],",
    ),
    Mutation(
        "START-01", "the private route table leads nowhere", GOOD, 'cidr_block     = "0.0.0.0/0"', 'cidr_block     = "10.9.0.0/16"'
    ),
    Mutation(
        "START-01",
        "the private subnets share a table with an Internet gateway",
        GOOD,
        "route_table_id = aws_route_table.private.id",
        "route_table_id = aws_route_table.public.id",
    ),
    Mutation(
        "START-02",
        "no way out to the endpoints",
        BUZZER,
        '    "AWS"          = { port = 443, security_group_id = module.network.endpoints_security_group_id }\n',
        "",
    ),
    Mutation(
        "START-02",
        "no way out to the image layers",
        BUZZER,
        '    "image layers" = { port = 443, prefix_list_id = module.network.s3_prefix_list_id }\n',
        "",
    ),
    Mutation("START-02", "the wrong port to the cache", BUZZER, '"the cache"    = { port = 6379', '"the cache"    = { port = 6380'),
    Mutation(
        "START-02",
        "the tasks reach the network only, not what lies behind the gateway",
        GOOD,
        '    to_port     = 0\n    cidr_blocks = ["0.0.0.0/0"]',
        '    to_port     = 0\n    cidr_blocks = ["10.0.0.0/16"]',
    ),
    Mutation("START-03", "the endpoints let in another network", NETWORK, "cidr_ipv4         = var.cidr_block", 'cidr_ipv4         = "10.99.0.0/16"'),
    Mutation(
        "START-03",
        "the database lets nobody in",
        BUZZER,
        'client_security_group_ids = { "the tasks" = module.service.security_group_id }\n\n  engine ',
        "client_security_group_ids = {}\n\n  engine ",
    ),
    Mutation("START-03", "the cache lets in another port", CACHE, "to_port                      = var.port", "to_port                      = 6000"),
    Mutation("START-04", "the tasks let in another port", SERVICE, "to_port                      = var.container.port", "to_port                      = 4000"),
    Mutation(
        "START-04",
        "the balancer is let out to itself",
        BALANCER,
        "referenced_security_group_id = var.target_security_group_id",
        "referenced_security_group_id = aws_security_group.this.id",
    ),
    Mutation(
        "START-05",
        "one secret forgotten in the policy",
        BUZZER,
        "secret_arns = [module.database.secret_arn, module.cache.secret_arn]",
        "secret_arns = [module.database.secret_arn]",
    ),
    Mutation("START-05", "the action to read is another", SERVICE, "secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"),
    Mutation("START-05", "the parameter's policy is attached to nothing", GOOD, "policy_arn = aws_iam_policy.parameters.arn", 'policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"'),
    Mutation("START-06", "layers cannot be fetched", SERVICE, ', "ecr:GetDownloadUrlForLayer"]', "]"),
    Mutation("START-06", "log streams cannot be made", SERVICE, '["logs:CreateLogStream", "logs:PutLogEvents"]', '["logs:PutLogEvents"]'),
    Mutation("START-07", "the endpoint in place of the address", "modules/database/outputs.tf", "aws_db_instance.primary.address", "aws_db_instance.primary.endpoint"),
    Mutation("START-07", "a port in the host", BUZZER, "DB_HOST            = module.database.address", 'DB_HOST            = "db.buzzer.example:3306"'),
    Mutation("START-08", "the image is latest", VALUES, "buzzer-api@sha256:6c3c624b58dbbcd3c0dd82b4c53f04194d1247c6eebdaab7c610cf7d66709b3b", "buzzer-api:latest"),
    Mutation("START-08", "a tag of another registry", GOOD, "public.ecr.aws/scores/api@sha256:6c3c624b58dbbcd3c0dd82b4c53f04194d1247c6eebdaab7c610cf7d66709b3b", "public.ecr.aws/scores/api:v12"),
    Mutation("START-09", "the service registers another container", SERVICE, "container_name   = var.container.name", 'container_name   = "app"'),
    Mutation("START-09", "targets are instances", BALANCER, "target_type = var.target_type", 'target_type = "instance"'),
    Mutation("START-09", "the container opens another port", SERVICE, "portMappings      = [{ containerPort = var.container.port", "portMappings      = [{ containerPort = 3000"),
    Mutation("START-10", "another log group", SERVICE, '"awslogs-group"         = aws_cloudwatch_log_group.this.name', '"awslogs-group"         = "/ecs/api"'),
    Mutation("START-10", "another region", GOOD, '"awslogs-region" = "eu-west-1"', '"awslogs-region" = "us-east-1"'),
    Mutation("START-11", "memory that 256 units do not offer", GOOD, 'memory                   = "512"', 'memory                   = "4096"'),
    Mutation("START-11", "CPU units that Fargate does not know", GOOD, 'cpu                      = "256"', 'cpu                      = "768"'),
    Mutation("START-12", "the NAT gateway in a private subnet", GOOD, "subnet_id     = aws_subnet.public[0].id", "subnet_id     = aws_subnet.private[0].id"),
    Mutation("START-13", "no grace", GOOD, "health_check_grace_period_seconds = 60", "health_check_grace_period_seconds = 0"),
    Mutation("START-13", "a start period longer than the grace", SERVICE, "startPeriod = var.health_check_grace_period_s", "startPeriod = 120"),
    Mutation("START-14", "a timeout as long as the interval", BALANCER, "timeout             = var.health_check.timeout_s", "timeout             = 15"),
    Mutation("START-15", "no DNS in the network", NETWORK, "enable_dns_support   = true", "enable_dns_support   = false"),
    Mutation("START-16", "a bucket that another service may write", BUZZER, "logdelivery.elasticloadbalancing.amazonaws.com", "delivery.logs.amazonaws.com"),
    Mutation("START-16", "a bucket that the balancer may write elsewhere", BUZZER, 'prefix     = "alb/AWSLogs/${var.account_id}/"', 'prefix     = "balancer/"'),
    Mutation("START-16", "a balancer that may read its logs", BUZZER, 'action     = "s3:PutObject"\n    prefix     = "alb', 'action     = "s3:GetObject"\n    prefix     = "alb'),
    # FIT
    Mutation("FIT-01", "one connection more a task", VARIABLES, "default     = 4\n", "default     = 5\n"),
    Mutation("FIT-01", "one task more", VARIABLES, "default = { min = 3, max = 30 }", "default = { min = 3, max = 31 }"),
    Mutation("FIT-01", "deployments that triple the tasks", SERVICE, "deployment_maximum_percent         = var.deployment.maximum_percent", "deployment_maximum_percent         = 300"),
    Mutation("FIT-01", "fewer connections in the parameter group", VARIABLES, "max_connections        = 300\n", "max_connections        = 250\n"),
    Mutation("FIT-02", "a pool of thousands to the cache", BUZZER, 'REDIS_TLS          = "true"', 'REDIS_TLS          = "true"\n    REDIS_POOL_SIZE = "1000"'),
    Mutation("FIT-03", "private subnets of 16 addresses", NETWORK, "cidr_block        = cidrsubnet(var.cidr_block, 8, each.value + 10)", "cidr_block        = cidrsubnet(var.cidr_block, 12, each.value + 160)"),
    Mutation("FIT-04", "eight workers in a gibibyte", VARIABLES, 'variable "workers" {\n  description = "Worker processes of a task, for runtimes that need more than one."\n  type        = number\n  default     = 2', 'variable "workers" {\n  type        = number\n  default     = 8'),
    Mutation("FIT-04", "more memory for the container than for the task", SERVICE, "memoryReservation = var.task_size.memory", "memoryReservation = 2 * var.task_size.memory"),
    Mutation("FIT-05", "all of the account's concurrency", GOOD, "reserved_concurrent_executions = 300", "reserved_concurrent_executions = 950"),
    Mutation("FIT-06", "gp2", DATABASE, 'max_allocated_storage = var.storage.max_gb\n  storage_type          = "gp3"', 'max_allocated_storage = var.storage.max_gb\n  storage_type          = "gp2"'),
    Mutation("FIT-07", "storage that does not grow", DATABASE, "  max_allocated_storage = var.storage.max_gb\n", ""),
    Mutation("FIT-08", "logs for ever", SERVICE, "  retention_in_days = var.log_retention_days\n", ""),
    Mutation("FIT-09", "a schedule beyond the most tasks", GOOD, "min_capacity = local.game_tasks", "min_capacity = 40"),
    Mutation("FIT-10", "a full cache that refuses writes", CACHE, "value = parameter.value", 'value = "noeviction"'),
    Mutation("FIT-11", "logs of RDS for ever", DATABASE, '"/aws/rds/instance/${var.name}/', '"/rds/${var.name}/'),
    Mutation("FIT-12", "a firewall that blocks the eighty-first user behind an address", VARIABLES, "default     = 500000", "default     = 20000"),
    # RACE
    Mutation("RACE-01", "three tasks for a game", GOOD, "min_capacity = local.game_tasks", "min_capacity = 3"),
    Mutation("RACE-02", "too few tasks at most", GOOD, "game_tasks = 8", "game_tasks = 2"),
    Mutation("RACE-03", "two minutes of lead", VARIABLES, "lead_minutes = optional(number, 60)", "lead_minutes = optional(number, 2)"),
    Mutation("RACE-03", "tasks leave at half-time", VARIABLES, "hold_minutes = optional(number, 180)", "hold_minutes = optional(number, 50)"),
    Mutation("RACE-03", "the schedule names another day", GOOD, "at(2027-02-06T17:00:00)", "at(2027-02-07T17:00:00)"),
    Mutation("RACE-04", "tasks leave sooner than they come", SCALING, "scale_out_cooldown = each.value.scale_out_cooldown_s", "scale_out_cooldown = 2 * each.value.scale_in_cooldown_s"),
    Mutation("RACE-04", "a target without room", BUZZER, "cpu = { value = 55,", "cpu = { value = 90,"),
    Mutation("RACE-05", "a step policy that nothing sets off", "stacks/buzzer/alarms.tf", 'extra_actions = [module.scaling.step_policy_arns["surge"]]', "extra_actions = []"),
    # FRESH
    Mutation("FRESH-01", "two seconds at the edge", VARIABLES, 'variable "edge_ttl_s" {\n  description = "Seconds for which the edge keeps a live answer."\n  type        = number\n  default     = 1', 'variable "edge_ttl_s" {\n  type        = number\n  default     = 2'),
    Mutation("FRESH-01", "two seconds between polls", VARIABLES, "default     = 1.2", "default     = 2"),
    Mutation("FRESH-01", "a minute inside each process", BUZZER, 'COMMENTARY_CACHE_S = "0"', 'COMMENTARY_CACHE_S = "60"'),
    Mutation("FRESH-02", "a waiver that has expired", WAIVERS, "expires = 2027-01-31", "expires = 2026-01-31"),
    Mutation("FRESH-03", "everything of the API kept", VARIABLES, 'default     = ["/api/commentary*", "/api/score*"]', 'default     = ["/api/*"]'),
    Mutation("FRESH-04", "no POST through the edge", EDGE, '["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]', '["GET", "HEAD", "OPTIONS"]'),
    Mutation("FRESH-05", "errors kept for a minute", EDGE, "error_caching_min_ttl = 1", "error_caching_min_ttl = 60"),
    Mutation("FRESH-06", "nothing compressed", EDGE, "compress                   = true", "compress                   = false"),
    # DRAIN
    Mutation("DRAIN-01", "five seconds to finish", GOOD, "deregistration_delay = 60", "deregistration_delay = 5"),
    Mutation("DRAIN-02", "killed after five seconds", SERVICE, "stopTimeout       = var.container.stop_timeout_s", "stopTimeout       = 5"),
    Mutation("DRAIN-02", "a stop timeout beyond AWS's", GOOD, "stopTimeout  = 60", "stopTimeout  = 180"),
    Mutation("DRAIN-03", "the balancer gives up before the edge", BALANCER, "idle_timeout               = var.idle_timeout_s", "idle_timeout               = 30"),
    Mutation("DRAIN-04", "the service gives up before the balancer", GOOD, '"KEEP_ALIVE_TIMEOUT_S", value = "130"', '"KEEP_ALIVE_TIMEOUT_S", value = "5"'),
    Mutation("DRAIN-05", "heartbeats too rare", GOOD, '"HEARTBEAT_S", value = "15"', '"HEARTBEAT_S", value = "150"'),
    Mutation("DRAIN-06", "old tasks stop first", SERVICE, "deployment_minimum_healthy_percent = var.deployment.minimum_healthy_percent", "deployment_minimum_healthy_percent = 0"),
    Mutation("DRAIN-06", "no room for new tasks", SERVICE, "deployment_maximum_percent         = var.deployment.maximum_percent", "deployment_maximum_percent         = 100"),
    Mutation("DRAIN-07", "requests outlive the balancer", GOOD, '"REQUEST_TIMEOUT_S", value = "30"', '"REQUEST_TIMEOUT_S", value = "300"'),
    Mutation("DRAIN-08", "a message comes back while it is worked on", GOOD, "visibility_timeout_seconds = 180", "visibility_timeout_seconds = 30"),
    Mutation("DRAIN-09", "a message is hidden for less than its reader may take", GOOD, "visibility_timeout_seconds = 180", "visibility_timeout_seconds = 20"),
    # ROLLBACK
    Mutation("ROLLBACK-01", "the breaker does not roll back", SERVICE, "enable   = true\n    rollback = true", "enable   = true\n    rollback = false"),
    Mutation("ROLLBACK-02", "an alarm that does not exist", GOOD, "alarm_names = [aws_cloudwatch_metric_alarm.errors.alarm_name]", 'alarm_names = ["failures"]'),
    Mutation("ROLLBACK-03", "the old revision is deregistered", SERVICE, "skip_destroy = true", "skip_destroy = false"),
    Mutation("ROLLBACK-04", "one image kept", module("registry"), "countNumber = var.kept_images", "countNumber = 1"),
    Mutation("ROLLBACK-05", "tags move", module("registry"), '"IMMUTABLE"', '"MUTABLE"'),
    Mutation("ROLLBACK-06", "nobody says how the schema changes", WAIVERS, 'rule = "ROLLBACK-06"', 'rule = "ROLLBACK-07"'),
    Mutation("ROLLBACK-07", "a function without versions", GOOD, "publish                        = true", "publish                        = false"),
    # RESTORE
    Mutation("RESTORE-01", "backups of a day", DATABASE, "backup_retention_period   = var.backup_retention_days", "backup_retention_period   = 1"),
    Mutation("RESTORE-01", "no backups", DATABASE, "backup_retention_period   = var.backup_retention_days", "backup_retention_period   = 0"),
    Mutation("RESTORE-02", "another database in the backup plan", BUZZER, "database_arns  = [module.database.arn]", 'database_arns  = ["arn:aws:rds:us-east-1:123456789012:db:other"]'),
    Mutation("RESTORE-03", "the database can be deleted", DATABASE, "deletion_protection       = var.deletion_protection", "deletion_protection       = false"),
    Mutation("RESTORE-03", "the table can be deleted", GOOD, "deletion_protection_enabled = true", "deletion_protection_enabled = false"),
    Mutation("RESTORE-04", "no final snapshot", DATABASE, "skip_final_snapshot       = false", "skip_final_snapshot       = true"),
    Mutation("RESTORE-05", "versions suspended", BUCKET, 'status = "Enabled"\n  }\n}', 'status = "Suspended"\n  }\n}'),
    Mutation("RESTORE-06", "no restore is stated", WAIVERS, 'rule = "RESTORE-06"', 'rule = "RESTORE-07"'),
    Mutation("RESTORE-07", "no standby", DATABASE, "multi_az               = var.multi_az", "multi_az               = false"),
    Mutation("RESTORE-08", "no recovery of the table", GOOD, "point_in_time_recovery {\n    enabled = true", "point_in_time_recovery {\n    enabled = false"),
    Mutation("RESTORE-09", "buckets that vanish with their objects", BUCKET, "force_destroy = var.force_destroy", "force_destroy = true"),
    Mutation("RESTORE-10", "copies of three days", BUZZER, "retention_days = 35", "retention_days = 3"),
    Mutation("RESTORE-11", "a secret gone at once", DATABASE, "name       = var.secret_name", "name       = var.secret_name\n  recovery_window_in_days = 0"),
    Mutation("RESTORE-12", "a key gone in a week", module("key"), "deletion_window_in_days = 30", "deletion_window_in_days = 7"),
    # EXPOSE
    Mutation("EXPOSE-01", "a database with a public address", DATABASE, "publicly_accessible    = false", "publicly_accessible    = true"),
    Mutation("EXPOSE-01", "a database in the public subnets", BUZZER, "subnet_ids                = module.network.private_subnet_ids\n  client_security_group_ids = { \"the tasks\" = module.service.security_group_id }\n\n  engine ", "subnet_ids                = module.network.public_subnet_ids\n  client_security_group_ids = { \"the tasks\" = module.service.security_group_id }\n\n  engine "),
    Mutation("EXPOSE-02", "a cache that lets everyone in", CACHE, "referenced_security_group_id = each.value", 'cidr_ipv4 = "0.0.0.0/0"'),
    Mutation("EXPOSE-02", "all ports of the balancer", GOOD, "from_port   = 443\n    to_port     = 443", "from_port   = 0\n    to_port     = 65535"),
    Mutation("EXPOSE-03", "the balancer lets everyone past the edge", BALANCER, "cidr_ipv4                    = var.client.cidr_ipv4", 'cidr_ipv4                    = "0.0.0.0/0"'),
    Mutation("EXPOSE-04", "a database in clear", DATABASE, "storage_encrypted     = true", "storage_encrypted     = false"),
    Mutation("EXPOSE-04", "a cache that speaks in clear", CACHE, "transit_encryption_enabled = true", "transit_encryption_enabled = false"),
    Mutation("EXPOSE-05", "an old TLS policy", GOOD, "ELBSecurityPolicy-TLS13-1-2-2021-06", "ELBSecurityPolicy-2016-08"),
    Mutation("EXPOSE-05", "HTTP forwarded", BALANCER, 'protocol    = "HTTPS"\n      port        = "443"', 'protocol    = "HTTP"\n      port        = "443"'),
    Mutation("EXPOSE-06", "HTTP at the edge", EDGE, 'viewer_protocol_policy     = "redirect-to-https"', 'viewer_protocol_policy     = "allow-all"'),
    Mutation("EXPOSE-06", "HTTP behind the edge", EDGE, '"https-only"', '"http-only"'),
    Mutation("EXPOSE-06", "TLS 1.0 at the edge", EDGE, '"TLSv1.2_2021"', '"TLSv1"'),
    Mutation("EXPOSE-07", "public policies allowed", BUCKET, "block_public_policy     = true", "block_public_policy     = false"),
    Mutation("EXPOSE-18", "no block on public access", BUCKET, 'resource "aws_s3_bucket_public_access_block" "this" {', 'resource "aws_s3_bucket_public_access_block" "this" {\n  count = 0'),
    Mutation("EXPOSE-08", "buckets without TLS", BUCKET, '{ Bool = { "aws:SecureTransport" = "false" } }', '{ StringEquals = { "aws:SourceVpc" = "vpc-1" } }'),
    Mutation("EXPOSE-09", "a topic for everyone", module("topic"), "Principal = { Service = service }\n        Action    = \"sns:Publish\"\n        Resource  = aws_sns_topic.this.arn\n        Condition = { StringEquals = { \"aws:SourceAccount\" = var.account_id } }", "Principal = \"*\"\n        Action    = \"sns:Publish\"\n        Resource  = aws_sns_topic.this.arn"),
    Mutation("EXPOSE-10", "any branch may deploy", module("delivery"), "repo:${var.repository}:environment:${var.environment}", "repo:${var.repository}:*"),
    Mutation("EXPOSE-11", "a password in clear", BUZZER, 'DB_USER            = "buzzer"', 'DB_USER            = "buzzer"\n    DB_PASSWORD = "hunter2"'),
    Mutation("EXPOSE-12", "the role may do everything with secrets", SERVICE, '"secretsmanager:GetSecretValue"', '"secretsmanager:*"'),
    Mutation("EXPOSE-12", "an administrator starts tasks", GOOD, "service-role/AmazonECSTaskExecutionRolePolicy", "AdministratorAccess"),
    Mutation("EXPOSE-13", "every secret", SERVICE, "Resource = var.secret_arns", 'Resource = "*"'),
    Mutation("EXPOSE-14", "tasks with public addresses", SERVICE, "assign_public_ip = false", "assign_public_ip = true"),
    Mutation("EXPOSE-15", "no firewall", EDGE, "web_acl_id", "# web_acl_id"),
    Mutation("EXPOSE-16", "a key for ever", module("key"), "enable_key_rotation     = true", "enable_key_rotation     = false"),
    Mutation("EXPOSE-17", "broken headers pass", BALANCER, "drop_invalid_header_fields = true", "drop_invalid_header_fields = false"),
    # NAME
    Mutation("NAME-01", "a CDN that does not know the clients' name", EDGE, "aliases         = [var.alias]", 'aliases         = ["www.${var.alias}"]'),
    Mutation("NAME-01", "a certificate without the clients' name", BUZZER, "names   = [local.api_name, local.origin_name]", "names   = [local.origin_name]"),
    Mutation("NAME-02", "a balancer's certificate without its name", GOOD, 'domain_name       = "api.good.example"', 'domain_name       = "www.good.example"'),
    Mutation("NAME-03", "a certificate without the origin's name", BUZZER, "names   = [local.api_name, local.origin_name]", "names   = [local.api_name]"),
    Mutation("NAME-03", "an origin by the balancer's own name", BUZZER, "origin_domain      = local.origin_name", "origin_domain      = module.load_balancer.dns_name"),
    Mutation("NAME-04", "an origin that leads back to the CDN", module("dns"), "name                   = var.load_balancer.dns_name", "name                   = var.edge.domain_name"),
    Mutation("NAME-05", "clients led past the CDN", module("dns"), "name                   = var.edge.domain_name", "name                   = var.load_balancer.dns_name"),
    # TELLS
    Mutation("TELLS-01", "alarms that tell nobody", module("alarms"), "alarm_actions = concat([var.topics[each.value.severity]], each.value.extra_actions)", "alarm_actions = []"),
    Mutation("TELLS-01", "an alarm that no deployment asks any more", GOOD, "alarm_names = [aws_cloudwatch_metric_alarm.errors.alarm_name]", 'alarm_names = ["other"]'),
    Mutation("TELLS-01", "alarms that are switched off", module("alarms"), "  treat_missing_data  =", "  actions_enabled     = false\n  treat_missing_data  ="),
    Mutation("TELLS-02", "a topic that CloudWatch may only subscribe to", module("topic"), '"sns:Publish"', '"sns:Subscribe"'),
    Mutation("TELLS-02", "a topic that EventBridge may not publish to", BUZZER, 'unconditional_publishers = ["events.amazonaws.com"]', "unconditional_publishers = []"),
    Mutation("TELLS-02", "a condition that EventBridge cannot meet", module("topic"), "        Resource  = aws_sns_topic.this.arn\n      }],", '        Resource  = aws_sns_topic.this.arn\n        Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }\n      }],'),
    Mutation("TELLS-03", "a key that lets no service in", BUZZER, 'services    = ["cloudwatch.amazonaws.com"]', "services    = []"),
    Mutation("TELLS-03", "a key that EventBridge may not use", BUZZER, 'unconditional_services = ["events.amazonaws.com"]', "unconditional_services = []"),
    Mutation("TELLS-03", "AWS's own key for a topic", module("topic"), "kms_master_key_id = var.key_arn", 'kms_master_key_id = "alias/aws/sns"'),
    Mutation("TELLS-04", "topics without a subscription", module("topic"), "for_each = toset(var.emails)", "for_each = toset([])"),
    Mutation("TELLS-05", "pages by e-mail alone", WAIVERS, 'rule = "TELLS-05"', 'rule = "TELLS-04"'),
    Mutation("TELLS-06", "pages that do not say where the runbook is", "stacks/buzzer/alarms.tf", "  runbook_site = var.runbook_site\n", ""),
    Mutation("TELLS-07", "a replica that may stop unnoticed", "stacks/buzzer/alarms.tf", "IF(lowest < 0, 86400, lag)", "lag"),
    Mutation("TELLS-08", "an alarm on processors that an ordinary evening sets off", "stacks/buzzer/alarms.tf", "      threshold    = 60\n      periods      = 2", "      threshold    = 0.5\n      periods      = 2"),
    # LIFECYCLE
    Mutation("LIFECYCLE-01", "Redis that is past its standard support", CACHE_VARIABLES, 'version = "7.1"', 'version = "5.0.6"'),
    Mutation("LIFECYCLE-02", "Redis whose support ends in two months", CACHE_VARIABLES, 'version = "7.1"', 'version = "6.2"'),
)  # fmt: skip
"""At least one for each rule."""
