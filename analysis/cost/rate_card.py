"""The rate card: resource type -> what it is charged for, and the types that are not charged or cannot be priced.

A row of `RATE_CARD` is a component, its sku, its quantity, the usage keys it reads and when it applies (`setting.Charge`).
A resource type stands in exactly one of the three tables; one in none of them is reported as unpriced.
"""

from __future__ import annotations

from collections.abc import Mapping

from analysis.cost import compute, databases, managed, messaging, network, observability, storage
from analysis.cost.setting import Charge

RATE_CARD: Mapping[str, tuple[Charge, ...]] = {
    **compute.CHARGES,
    **databases.CHARGES,
    **managed.CHARGES,
    **messaging.CHARGES,
    **network.CHARGES,
    **observability.CHARGES,
    **storage.CHARGES,
}

_FREE_BY_REASON: Mapping[str, tuple[str, ...]] = {
    "identity and access rules are not charged": (
        "aws_iam_role", "aws_iam_policy", "aws_iam_role_policy", "aws_iam_role_policy_attachment", "aws_iam_instance_profile",
        "aws_iam_user", "aws_iam_group", "aws_iam_user_policy", "aws_iam_user_policy_attachment", "aws_iam_group_policy",
        "aws_iam_group_policy_attachment", "aws_iam_policy_attachment", "aws_iam_role_policies_exclusive",
        "aws_iam_role_policy_attachments_exclusive", "aws_iam_access_key", "aws_iam_account_password_policy",
        "aws_iam_openid_connect_provider", "aws_iam_service_linked_role",
        "aws_iam_group_membership", "aws_iam_user_group_membership", "aws_iam_account_alias", "aws_iam_saml_provider",
    ),
    "part of a network; traffic, gateways and endpoints are charged where they stand": (
        "aws_vpc", "aws_subnet", "aws_internet_gateway", "aws_egress_only_internet_gateway", "aws_route_table", "aws_route",
        "aws_route_table_association", "aws_main_route_table_association", "aws_security_group", "aws_security_group_rule",
        "aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule", "aws_network_acl", "aws_network_acl_rule",
        "aws_network_acl_association", "aws_default_vpc", "aws_default_subnet", "aws_default_security_group",
        "aws_default_route_table", "aws_default_network_acl", "aws_network_interface", "aws_eip_association",
        "aws_vpc_dhcp_options", "aws_vpc_dhcp_options_association", "aws_vpc_endpoint_route_table_association",
        "aws_vpc_endpoint_subnet_association", "aws_vpc_endpoint_policy", "aws_vpc_endpoint_security_group_association",
        "aws_ec2_managed_prefix_list", "aws_ec2_managed_prefix_list_entry", "aws_vpc_ipv4_cidr_block_association",
        "aws_vpn_gateway", "aws_customer_gateway", "aws_vpc_peering_connection", "aws_vpc_peering_connection_accepter",
        "aws_ec2_tag", "aws_placement_group", "aws_key_pair",
    ),
    "the logs it writes are charged where they are kept": ("aws_flow_log", "aws_wafv2_web_acl_logging_configuration"),
    "part of a load balancer, which is charged by the hour and by its load": (
        "aws_lb_listener", "aws_lb_listener_rule", "aws_lb_listener_certificate", "aws_lb_target_group",
        "aws_lb_target_group_attachment", "aws_lb_cookie_stickiness_policy",
    ),
    "the tasks of the services that use it are charged there": (
        "aws_ecs_task_definition", "aws_ecs_cluster_capacity_providers", "aws_ecs_capacity_provider",
    ),
    "scaling is not charged; what it adds is": (
        "aws_appautoscaling_target", "aws_appautoscaling_policy", "aws_appautoscaling_scheduled_action", "aws_autoscaling_policy",
        "aws_autoscaling_schedule", "aws_autoscaling_lifecycle_hook", "aws_autoscaling_attachment",
        "aws_autoscaling_notification", "aws_autoscaling_group_tag",
    ),
    "a description; the instances made from it are charged": (
        "aws_launch_template", "aws_launch_configuration", "aws_volume_attachment", "aws_ebs_encryption_by_default",
    ),
    "settings of a database, which is charged itself": (
        "aws_db_subnet_group", "aws_db_parameter_group", "aws_db_option_group", "aws_db_event_subscription",
        "aws_db_proxy_default_target_group", "aws_db_proxy_target", "aws_rds_cluster_parameter_group",
        "aws_rds_cluster_endpoint", "aws_db_instance_role_association", "aws_rds_cluster_role_association",
        "aws_db_instance_automated_backups_replication", "aws_elasticache_subnet_group", "aws_elasticache_parameter_group",
        "aws_elasticache_user", "aws_elasticache_user_group", "aws_elasticache_user_group_association", "aws_dynamodb_table_item",
        "aws_dynamodb_resource_policy", "aws_dynamodb_tag",
    ),
    "a setting of its bucket, which is charged itself": (
        "aws_s3_bucket_versioning", "aws_s3_bucket_server_side_encryption_configuration", "aws_s3_bucket_public_access_block",
        "aws_s3_bucket_ownership_controls", "aws_s3_bucket_lifecycle_configuration", "aws_s3_bucket_cors_configuration",
        "aws_s3_bucket_policy", "aws_s3_bucket_notification", "aws_s3_bucket_acl", "aws_s3_bucket_logging",
        "aws_s3_bucket_website_configuration", "aws_s3_bucket_object_lock_configuration", "aws_s3_account_public_access_block",
        "aws_s3_bucket_replication_configuration",
        "aws_s3_bucket_request_payment_configuration", "aws_s3_bucket_intelligent_tiering_configuration",
    ),
    "a setting of its file system, which is charged by what it stores": (
        "aws_efs_mount_target", "aws_efs_access_point", "aws_efs_backup_policy", "aws_efs_file_system_policy",
    ),
    "its storage counts in the bucket": ("aws_s3_object", "aws_s3_bucket_object"),
    "a setting of its repository, which is charged itself": ("aws_ecr_lifecycle_policy", "aws_ecr_repository_policy",
        "aws_ecr_registry_policy", "aws_ecr_registry_scanning_configuration"),
    "a name for a key, which is charged itself": ("aws_kms_alias", "aws_kms_key_policy", "aws_kms_grant"),
    "a setting of its cluster, domain, broker or firewall, which is charged itself": (
        "aws_opensearch_domain_policy", "aws_opensearch_domain_saml_options", "aws_mq_configuration", "aws_msk_configuration",
        "aws_msk_scram_secret_association", "aws_redshift_subnet_group", "aws_redshift_parameter_group", "aws_docdb_subnet_group",
        "aws_docdb_cluster_parameter_group", "aws_neptune_subnet_group", "aws_neptune_parameter_group",
        "aws_neptune_cluster_parameter_group", "aws_networkfirewall_firewall_policy", "aws_networkfirewall_rule_group",
        "aws_networkfirewall_logging_configuration", "aws_codepipeline_webhook", "aws_transfer_user", "aws_transfer_ssh_key",
        "aws_waf_ipset", "aws_waf_rule", "aws_wafregional_ipset", "aws_wafregional_rule", "aws_lightsail_static_ip",
        "aws_lightsail_static_ip_attachment", "aws_lightsail_instance_public_ports", "aws_lightsail_key_pair",
    ),
    "part of a secret, which is charged itself": (
        "aws_secretsmanager_secret_version", "aws_secretsmanager_secret_rotation", "aws_secretsmanager_secret_policy",
    ),
    "public certificates are not charged": ("aws_acm_certificate_validation",),
    "a setting of CloudFront, whose traffic is charged at the distribution": (
        "aws_cloudfront_origin_access_control", "aws_cloudfront_origin_access_identity", "aws_cloudfront_cache_policy",
        "aws_cloudfront_origin_request_policy", "aws_cloudfront_response_headers_policy", "aws_cloudfront_public_key",
        "aws_cloudfront_key_group",
    ),
    "charged with the web ACL that uses it": ("aws_wafv2_web_acl_association", "aws_wafv2_ip_set", "aws_wafv2_regex_pattern_set"),
    "covered by the account's Shield Advanced subscription, or by Shield Standard, which is free": ("aws_shield_protection",),
    "charged with its hosted zone": (
        "aws_service_discovery_service", "aws_service_discovery_http_namespace", "aws_route53_zone_association",
        "aws_route53_query_log", "aws_route53_delegation_set", "aws_route53_key_signing_key", "aws_route53_hosted_zone_dnssec",
    ),
    "watching is charged per alarm, metric, dashboard and gigabyte, not for this": (
        "aws_cloudwatch_query_definition", "aws_cloudwatch_log_resource_policy", "aws_cloudwatch_log_stream",
        "aws_cloudwatch_log_subscription_filter", "aws_synthetics_group", "aws_synthetics_group_association",
    ),
    "events of AWS services and schedules on the default bus are not charged; custom events are charged at their bus": (
        "aws_cloudwatch_event_rule", "aws_cloudwatch_event_target", "aws_cloudwatch_event_permission",
        "aws_cloudwatch_event_bus_policy", "aws_cloudwatch_event_connection", "aws_scheduler_schedule_group",
    ),
    "a policy of a topic or queue, which is charged itself": (
        "aws_sns_topic_policy", "aws_sqs_queue_policy", "aws_sqs_queue_redrive_policy", "aws_sqs_queue_redrive_allow_policy",
        "aws_sns_topic_data_protection_policy",
    ),
    "part of a function, which is charged by its use": (
        "aws_lambda_permission", "aws_lambda_alias", "aws_lambda_layer_version", "aws_lambda_function_url",
        "aws_lambda_event_source_mapping", "aws_lambda_function_event_invoke_config", "aws_lambda_layer_version_permission",
        "aws_lambda_code_signing_config",
    ),
    "part of an API, which is charged by its requests": (
        "aws_api_gateway_resource", "aws_api_gateway_method", "aws_api_gateway_integration", "aws_api_gateway_deployment",
        "aws_api_gateway_method_settings", "aws_api_gateway_usage_plan", "aws_api_gateway_usage_plan_key",
        "aws_api_gateway_api_key", "aws_api_gateway_account", "aws_api_gateway_authorizer", "aws_api_gateway_method_response",
        "aws_api_gateway_integration_response", "aws_api_gateway_domain_name", "aws_api_gateway_base_path_mapping",
        "aws_api_gateway_model", "aws_api_gateway_request_validator", "aws_api_gateway_rest_api_policy",
        "aws_api_gateway_gateway_response", "aws_api_gateway_vpc_link", "aws_apigatewayv2_integration", "aws_apigatewayv2_route",
        "aws_apigatewayv2_stage", "aws_apigatewayv2_authorizer", "aws_apigatewayv2_deployment", "aws_apigatewayv2_domain_name",
        "aws_apigatewayv2_api_mapping", "aws_apigatewayv2_route_response", "aws_apigatewayv2_integration_response",
        "aws_apigatewayv2_vpc_link", "aws_apigatewayv2_model",
    ),
    "deploying to ECS, Lambda and EC2 is not charged": (
        "aws_codedeploy_app", "aws_codedeploy_deployment_group", "aws_codedeploy_deployment_config",
    ),
    "a plan; what it keeps is charged at the vault": (
        "aws_backup_plan", "aws_backup_selection", "aws_backup_vault_policy", "aws_backup_vault_lock_configuration",
        "aws_backup_vault_notifications", "aws_backup_region_settings", "aws_backup_global_settings",
    ),
    "watching the bill is not charged": (
        "aws_budgets_budget", "aws_ce_anomaly_monitor", "aws_ce_anomaly_subscription", "aws_ce_cost_category",
        "aws_ce_cost_allocation_tag",
    ),
    "a group of resources, a document or an alias is not charged": (
        "aws_resourcegroups_group", "aws_ssm_document", "aws_ssm_association", "aws_servicequotas_service_quota",
        "aws_ssm_maintenance_window", "aws_ssm_maintenance_window_target", "aws_ssm_maintenance_window_task",
        "aws_eks_access_entry", "aws_eks_access_policy_association", "aws_eks_pod_identity_association",
        "aws_xray_encryption_config",
        "aws_athena_database", "aws_athena_named_query", "aws_glue_security_configuration",
        "aws_cognito_user_pool_client", "aws_cognito_resource_server",
        "aws_cognito_user_pool_domain", "aws_cognito_identity_pool", "aws_cognito_identity_pool_roles_attachment",
        "aws_codebuild_source_credential", "aws_codestarconnections_connection",
        "aws_chatbot_slack_channel_configuration",
    ),
    "made by Terraform itself, not by AWS": (
        "terraform_data", "null_resource", "random_id", "random_string", "random_password", "random_integer", "random_pet",
        "random_uuid", "random_shuffle", "random_bytes", "time_sleep", "time_static", "time_rotating", "time_offset",
        "local_file",
        "local_sensitive_file", "tls_private_key", "tls_self_signed_cert", "tls_cert_request", "tls_locally_signed_cert",
        "archive_file",
    ),
}  # fmt: skip

FREE: Mapping[str, str] = {kind: reason for reason, kinds in _FREE_BY_REASON.items() for kind in kinds}
"""Resource types that cost nothing by themselves, and why."""

UNLISTED: Mapping[str, str] = {
    kind: f"the price book has no prices of {service}"
    for service, kinds in {
        "Glue": (
            "aws_glue_catalog_database",
            "aws_glue_catalog_table",
            "aws_glue_crawler",
            "aws_glue_job",
            "aws_glue_trigger",
        ),
        "Cognito": ("aws_cognito_user_pool",),
        "GuardDuty": ("aws_guardduty_detector", "aws_guardduty_detector_feature"),
        "AWS Config": ("aws_config_configuration_recorder", "aws_config_config_rule", "aws_config_delivery_channel"),
        "Security Hub": ("aws_securityhub_account", "aws_securityhub_standards_subscription"),
        "AppSync": ("aws_appsync_graphql_api",),
        "SES": ("aws_ses_domain_identity", "aws_sesv2_email_identity"),
        "CloudWatch metric streams": ("aws_cloudwatch_metric_stream",),
        "machines outside of AWS (ECS Anywhere, hybrid nodes)": ("aws_ssm_activation",),
    }.items()
    for kind in kinds
}
"""Resource types that cost something, for which the price book has no rows: reported, never counted as zero."""


def usage_keys(resource_type: str) -> frozenset[str]:
    """The usage keys that the prices of a resource type read."""
    return frozenset(key for charge in RATE_CARD.get(resource_type, ()) for key in charge.keys)
