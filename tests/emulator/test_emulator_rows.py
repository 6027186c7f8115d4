"""Each thing that the front does in moto's place, asked through boto3 as Terraform asks it."""

import json
from functools import cache

import pytest

pytest.importorskip("moto", reason="moto is not installed")

from asking import refused
from in_process import ACCOUNT, Account

from analysis.emulator import absent, edits, invented, patches
from analysis.emulator.edits import laid_over

# Each takes a fresh account and asks; together they ask everything that has a row (the last test sees to it).
FLOWS = []


def flow(function):
    FLOWS.append(function)
    return function


@flow
def cache_policies_come_back_as_sent_and_are_changed_by_version(account):
    cloudfront = account.client("cloudfront")
    keyed = {
        "EnableAcceptEncodingGzip": True,
        "HeadersConfig": {"HeaderBehavior": "none"},
        "CookiesConfig": {"CookieBehavior": "none"},
        "QueryStringsConfig": {"QueryStringBehavior": "whitelist", "QueryStrings": {"Quantity": 1, "Items": ["game"]}},
    }
    sent = {
        "Name": "live",
        "MinTTL": 0,
        "MaxTTL": 1,
        "DefaultTTL": 1,
        "ParametersInCacheKeyAndForwardedToOrigin": keyed,
    }
    made = cloudfront.create_cache_policy(CachePolicyConfig=sent)
    name = made["CachePolicy"]["Id"]
    assert cloudfront.get_cache_policy(Id=name)["CachePolicy"]["CachePolicyConfig"] == sent
    refused("CachePolicyAlreadyExists", cloudfront.create_cache_policy, CachePolicyConfig=sent)
    changed = cloudfront.update_cache_policy(Id=name, IfMatch=made["ETag"], CachePolicyConfig=sent | {"MaxTTL": 9})
    assert cloudfront.get_cache_policy_config(Id=name)["CachePolicyConfig"]["MaxTTL"] == 9
    assert cloudfront.list_cache_policies()["CachePolicyList"]["Quantity"] == 1
    assert cloudfront.list_cache_policies(Type="managed")["CachePolicyList"]["Quantity"] == 0
    refused("PreconditionFailed", cloudfront.delete_cache_policy, Id=name, IfMatch=made["ETag"])
    cloudfront.delete_cache_policy(Id=name, IfMatch=changed["ETag"])
    refused("NoSuchCachePolicy", cloudfront.get_cache_policy, Id=name)


@flow
def policies_of_requests_and_headers_go_the_same_way(account):
    cloudfront = account.client("cloudfront")
    requests = {
        "Name": "all",
        "HeadersConfig": {"HeaderBehavior": "allViewer"},
        "CookiesConfig": {"CookieBehavior": "all"},
        "QueryStringsConfig": {"QueryStringBehavior": "all"},
    }
    headers = {"Name": "secure", "SecurityHeadersConfig": {"ContentTypeOptions": {"Override": True}}}
    for noun, sent, listed in (
        ("origin_request_policy", requests, "origin_request_policies"),
        ("response_headers_policy", headers, "response_headers_policies"),
    ):
        pascal = noun.title().replace("_", "")
        argument = {f"{pascal}Config": sent}
        made = getattr(cloudfront, f"create_{noun}")(**argument)
        name = made[pascal]["Id"]
        assert getattr(cloudfront, f"get_{noun}")(Id=name)[pascal][f"{pascal}Config"] == sent
        assert getattr(cloudfront, f"get_{noun}_config")(Id=name)[f"{pascal}Config"] == sent
        changed = getattr(cloudfront, f"update_{noun}")(Id=name, IfMatch=made["ETag"], **argument)
        assert getattr(cloudfront, f"list_{listed}")()[f"{pascal}List"]["Quantity"] == 1
        getattr(cloudfront, f"delete_{noun}")(Id=name, IfMatch=changed["ETag"])


def distribution(**more):
    return {
        "CallerReference": "1",
        "Comment": "",
        "Enabled": True,
        "Origins": {
            "Quantity": 1,
            "Items": [
                {
                    "Id": "assets",
                    "DomainName": "assets.s3.us-east-1.amazonaws.com",
                    "OriginAccessControlId": "E1234567890123",
                    "S3OriginConfig": {"OriginAccessIdentity": ""},
                }
            ],
        },
        "DefaultCacheBehavior": {
            "TargetOriginId": "assets",
            "ViewerProtocolPolicy": "redirect-to-https",
            "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
        },
        "ViewerCertificate": {
            "ACMCertificateArn": f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/1",
            "SSLSupportMethod": "sni-only",
            "MinimumProtocolVersion": "TLSv1.2_2021",
        },
        **more,
    }


@flow
def a_distribution_keeps_its_certificate_its_policies_and_its_access_control(account):
    cloudfront = account.client("cloudfront")
    made = cloudfront.create_distribution_with_tags(
        DistributionConfigWithTags={"DistributionConfig": distribution(), "Tags": {"Items": []}}
    )["Distribution"]
    held = cloudfront.get_distribution(Id=made["Id"])["Distribution"]["DistributionConfig"]
    assert held["ViewerCertificate"] == distribution()["ViewerCertificate"]
    assert held["Origins"]["Items"][0]["OriginAccessControlId"] == "E1234567890123"
    assert held["DefaultCacheBehavior"]["CachePolicyId"].startswith("658327ea")
    assert "ForwardedValues" not in held["DefaultCacheBehavior"]
    tag = cloudfront.get_distribution_config(Id=made["Id"])["ETag"]
    cloudfront.update_distribution(Id=made["Id"], IfMatch=tag, DistributionConfig=distribution(Comment="new"))
    assert cloudfront.get_distribution_config(Id=made["Id"])["DistributionConfig"]["Comment"] == "new"
    other = cloudfront.create_distribution(DistributionConfig=distribution(CallerReference="2"))["Distribution"]
    assert other["DistributionConfig"]["ViewerCertificate"] == distribution()["ViewerCertificate"]


@flow
def a_quota_has_aws_default_until_more_is_asked_for_which_stays_pending(account):
    quotas = account.client("service-quotas")
    name = {"ServiceCode": "lambda", "QuotaCode": "L-B99A9384"}
    refused("NoSuchResourceException", quotas.get_service_quota, **name)
    refused("NoSuchResourceException", quotas.get_aws_default_service_quota, ServiceCode="lambda", QuotaCode="L-0")
    assert quotas.get_aws_default_service_quota(**name)["Quota"]["Value"] == 1000
    asked = quotas.request_service_quota_increase(**name, DesiredValue=5000)["RequestedQuota"]
    held = quotas.get_requested_service_quota_change(RequestId=asked["Id"])["RequestedQuota"]
    assert (held["Status"], held["DesiredValue"]) == ("PENDING", 5000)
    refused("NoSuchResourceException", quotas.get_requested_service_quota_change, RequestId="0")


@flow
def a_watch_over_costs_comes_back_as_sent_and_can_be_changed_and_dropped(account):
    costs = account.client("ce")
    monitor = {"MonitorName": "all", "MonitorType": "DIMENSIONAL", "MonitorDimension": "SERVICE"}
    tags = [{"Key": "team", "Value": "platform"}]
    made = costs.create_anomaly_monitor(AnomalyMonitor=monitor, ResourceTags=tags)["MonitorArn"]
    assert costs.get_anomaly_monitors(MonitorArnList=[made])["AnomalyMonitors"] == [monitor | {"MonitorArn": made}]
    assert costs.list_tags_for_resource(ResourceArn=made)["ResourceTags"] == tags
    costs.tag_resource(ResourceArn=made, ResourceTags=[{"Key": "a", "Value": "b"}])
    costs.untag_resource(ResourceArn=made, ResourceTagKeys=["team"])
    assert costs.list_tags_for_resource(ResourceArn=made)["ResourceTags"] == [{"Key": "a", "Value": "b"}]
    costs.update_anomaly_monitor(MonitorArn=made, MonitorName="every")
    assert costs.get_anomaly_monitors()["AnomalyMonitors"][0]["MonitorName"] == "every"
    subscription = {
        "SubscriptionName": "daily",
        "Frequency": "DAILY",
        "MonitorArnList": [made],
        "Subscribers": [{"Type": "EMAIL", "Address": "costs@example.com"}],
    }
    told = costs.create_anomaly_subscription(AnomalySubscription=subscription)["SubscriptionArn"]
    costs.update_anomaly_subscription(SubscriptionArn=told, Frequency="WEEKLY")
    held = costs.get_anomaly_subscriptions(SubscriptionArnList=[told])["AnomalySubscriptions"]
    assert held == [subscription | {"Frequency": "WEEKLY", "SubscriptionArn": told}]
    costs.delete_anomaly_subscription(SubscriptionArn=told)
    costs.delete_anomaly_monitor(MonitorArn=made)
    refused("UnknownMonitorException", costs.delete_anomaly_monitor, MonitorArn=made)


@flow
def concurrency_that_is_provisioned_is_ready_at_once_and_gone_when_dropped(account):
    functions = account.client("lambda")
    name = {"FunctionName": "ingest", "Qualifier": "live"}
    missing = "ProvisionedConcurrencyConfigNotFoundException"
    refused(missing, functions.get_provisioned_concurrency_config, **name)
    made = functions.put_provisioned_concurrency_config(**name, ProvisionedConcurrentExecutions=5)
    assert (made["Status"], made["AllocatedProvisionedConcurrentExecutions"]) == ("READY", 5)
    assert functions.get_provisioned_concurrency_config(**name)["RequestedProvisionedConcurrentExecutions"] == 5
    functions.delete_provisioned_concurrency_config(**name)
    refused(missing, functions.get_provisioned_concurrency_config, **name)


@flow
def a_custom_domain_name_of_an_api_is_available_and_leads_somewhere(account):
    gateway = account.client("apigatewayv2")
    certificate = f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/1"
    wanted = [{"CertificateArn": certificate, "EndpointType": "REGIONAL", "SecurityPolicy": "TLS_1_2"}]
    gateway.create_domain_name(DomainName="live.example.com", DomainNameConfigurations=wanted)
    (held,) = gateway.get_domain_name(DomainName="live.example.com")["DomainNameConfigurations"]
    assert (held["DomainNameStatus"], held["CertificateArn"]) == ("AVAILABLE", certificate)
    assert held["ApiGatewayDomainName"].endswith(".execute-api.us-east-1.amazonaws.com")


@flow
def a_saved_query_is_kept_changed_and_dropped(account):
    logs = account.client("logs")
    made = logs.put_query_definition(name="slow", queryString="fields @message", logGroupNames=["/a"])[
        "queryDefinitionId"
    ]
    logs.put_query_definition(queryDefinitionId=made, name="slow", queryString="fields @timestamp")
    (held,) = logs.describe_query_definitions(queryDefinitionNamePrefix="sl")["queryDefinitions"]
    assert (held["queryDefinitionId"], held["queryString"]) == (made, "fields @timestamp")
    assert logs.describe_query_definitions(queryDefinitionNamePrefix="x")["queryDefinitions"] == []
    assert logs.delete_query_definition(queryDefinitionId=made)["success"]
    assert not logs.delete_query_definition(queryDefinitionId=made)["success"]


@flow
def a_group_of_traces_is_kept_with_its_tags(account):
    xray = account.client("xray")
    tags = [{"Key": "team", "Value": "platform"}]
    group = xray.create_group(GroupName="slow", FilterExpression="duration > 1", Tags=tags)["Group"]
    assert xray.get_group(GroupARN=group["GroupARN"])["Group"]["FilterExpression"] == "duration > 1"
    xray.update_group(GroupARN=group["GroupARN"], FilterExpression="duration > 2")
    assert xray.get_groups()["Groups"][0]["FilterExpression"] == "duration > 2"
    xray.tag_resource(ResourceARN=group["GroupARN"], Tags=[{"Key": "a", "Value": "b"}])
    assert xray.list_tags_for_resource(ResourceARN=group["GroupARN"])["Tags"] == [{"Key": "a", "Value": "b"}, *tags]
    xray.delete_group(GroupARN=group["GroupARN"])
    refused("InvalidRequestException", xray.get_group, GroupName="slow")


@flow
def a_stream_keeps_the_tags_it_was_made_with(account):
    kinesis = account.client("kinesis")
    kinesis.create_stream(StreamName="results", ShardCount=1, Tags={"team": "platform"})
    assert kinesis.list_tags_for_stream(StreamName="results")["Tags"] == [{"Key": "team", "Value": "platform"}]


@flow
def a_function_keeps_where_its_log_goes(account):
    trust = '{"Version": "2012-10-17", "Statement": []}'
    role = account.client("iam").create_role(RoleName="f", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    functions = account.client("lambda")
    log = {"LogFormat": "JSON", "LogGroup": "/f"}
    made = functions.create_function(
        FunctionName="f", Role=role, Runtime="python3.12", Handler="f.f", Code={"ZipFile": b"-"}, LoggingConfig=log
    )
    assert made["LoggingConfig"] == log
    assert functions.get_function(FunctionName="f")["Configuration"]["LoggingConfig"] == log
    assert functions.list_versions_by_function(FunctionName="f")["Versions"][0]["LoggingConfig"] == log
    functions.update_function_configuration(FunctionName="f", LoggingConfig=log | {"LogGroup": "/g"})
    assert functions.get_function_configuration(FunctionName="f")["LoggingConfig"]["LogGroup"] == "/g"


@flow
def a_policy_of_a_group_of_instances_is_on_and_predicts_nothing(account):
    groups = account.client("autoscaling")
    groups.create_launch_configuration(LaunchConfigurationName="l", ImageId="ami-1", InstanceType="m7g.large")
    groups.create_auto_scaling_group(
        AutoScalingGroupName="g",
        LaunchConfigurationName="l",
        MinSize=0,
        MaxSize=1,
        AvailabilityZones=["us-east-1a"],
        DefaultInstanceWarmup=180,
    )
    assert groups.describe_auto_scaling_groups()["AutoScalingGroups"][0]["DefaultInstanceWarmup"] == 180
    groups.update_auto_scaling_group(AutoScalingGroupName="g", DefaultInstanceWarmup=90)
    assert groups.describe_auto_scaling_groups()["AutoScalingGroups"][0]["DefaultInstanceWarmup"] == 90
    tracked = {"PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"}, "TargetValue": 50}
    groups.put_scaling_policy(
        AutoScalingGroupName="g",
        PolicyName="p",
        PolicyType="TargetTrackingScaling",
        TargetTrackingConfiguration=tracked,
    )
    (policy,) = groups.describe_policies(AutoScalingGroupName="g")["ScalingPolicies"]
    assert policy["Enabled"]
    assert "PredictiveScalingConfiguration" not in policy


@flow
def a_launch_template_gives_instances_their_tags_and_not_its_own(account):
    def tags(kind):
        return {"ResourceType": kind, "Tags": [{"Key": "of", "Value": kind}]}

    machines = account.client("ec2")
    made = machines.create_launch_template(
        LaunchTemplateName="t",
        LaunchTemplateData={"ImageId": "ami-1", "TagSpecifications": [tags("instance")]},
        TagSpecifications=[tags("launch-template")],
    )["LaunchTemplate"]["LaunchTemplateId"]
    (version,) = machines.describe_launch_template_versions(LaunchTemplateId=made)["LaunchTemplateVersions"]
    assert version["LaunchTemplateData"]["TagSpecifications"] == [tags("instance")]


@flow
def a_rotation_is_set_up_and_the_value_stays(account):
    vault = account.client("secretsmanager")
    vault.create_secret(Name="login", SecretString="before")
    function = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:rotate"
    rules = {"AutomaticallyAfterDays": 30}
    vault.rotate_secret(SecretId="login", RotationLambdaARN=function, RotationRules=rules, RotateImmediately=False)
    held = vault.describe_secret(SecretId="login")
    assert (held["RotationEnabled"], held["RotationLambdaARN"]) == (True, function)
    assert held["RotationRules"] == rules
    assert vault.get_secret_value(SecretId="login")["SecretString"] == "before"
    refused("ResourceNotFoundException", vault.rotate_secret, SecretId="none", RotationLambdaARN=function)


@flow
def a_deployment_group_keeps_its_alarms_and_goes(account):
    deploy = account.client("codedeploy")
    name = {"applicationName": "ingest", "deploymentGroupName": "live"}
    alarms = {"enabled": True, "ignorePollAlarmFailure": False, "alarms": [{"name": "ingest-errors"}]}
    role = f"arn:aws:iam::{ACCOUNT}:role/deploy"
    deploy.create_application(applicationName="ingest", computePlatform="Lambda")
    deploy.create_deployment_group(**name, serviceRoleArn=role, alarmConfiguration=alarms)
    held = deploy.get_deployment_group(**name)["deploymentGroupInfo"]
    assert held["alarmConfiguration"] == alarms
    assert "loadBalancerInfo" not in held
    deploy.delete_deployment_group(**name)
    refused("DeploymentGroupDoesNotExistException", deploy.get_deployment_group, **name)
    deploy.delete_application(applicationName="ingest")
    refused("ApplicationDoesNotExistException", deploy.get_application, applicationName="ingest")


@flow
def an_authorizer_keeps_the_expression_that_a_token_must_match(account):
    gateway = account.client("apigateway")
    api = gateway.create_rest_api(name="a")["id"]
    made = gateway.create_authorizer(
        restApiId=api,
        name="token",
        type="TOKEN",
        authorizerUri="arn:aws:apigateway:us-east-1:lambda:path/x",
        identitySource="method.request.header.Authorization",
        identityValidationExpression="^Bearer .+$",
    )["id"]
    assert gateway.get_authorizer(restApiId=api, authorizerId=made)["identityValidationExpression"] == "^Bearer .+$"


@flow
def a_mapping_calls_the_alias_that_it_names(account):
    trust = '{"Version": "2012-10-17", "Statement": []}'
    role = account.client("iam").create_role(RoleName="m", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    queue = account.client("sqs").create_queue(QueueName="q")["QueueUrl"].rsplit("/", 1)[1]
    functions = account.client("lambda")
    functions.create_function(
        FunctionName="m", Role=role, Runtime="python3.12", Handler="f.f", Code={"ZipFile": b"-"}, Publish=True
    )
    alias = functions.create_alias(FunctionName="m", Name="live", FunctionVersion="1")["AliasArn"]
    source = f"arn:aws:sqs:us-east-1:{ACCOUNT}:{queue}"
    made = functions.create_event_source_mapping(FunctionName=alias, EventSourceArn=source)["UUID"]
    assert functions.get_event_source_mapping(UUID=made)["FunctionArn"] == alias


@flow
def a_call_that_is_sent_again_is_done_once_and_answered_alike(account):
    machines = account.client("ec2")
    network = machines.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    group = machines.create_security_group(GroupName="g", Description="g", VpcId=network)["GroupId"]
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    attempts = iter(("one", "one", "two"))

    def same(request, **_more):
        del request.headers["amz-sdk-invocation-id"]
        request.headers["amz-sdk-invocation-id"] = next(attempts)

    machines.meta.events.register_first("before-send.*", same)
    asked = {"GroupId": group, "IpPermissions": [rule]}
    first = machines.authorize_security_group_egress(**asked)["SecurityGroupRules"]
    assert machines.authorize_security_group_egress(**asked)["SecurityGroupRules"] == first
    refused("InvalidPermission.Duplicate", machines.authorize_security_group_egress, **asked)


@flow
def a_distribution_is_monitored_until_it_is_not(account):
    cloudfront = account.client("cloudfront")
    wanted = {"RealtimeMetricsSubscriptionConfig": {"RealtimeMetricsSubscriptionStatus": "Enabled"}}
    refused("NoSuchMonitoringSubscription", cloudfront.get_monitoring_subscription, DistributionId="E1")
    cloudfront.create_monitoring_subscription(DistributionId="E1", MonitoringSubscription=wanted)
    assert cloudfront.get_monitoring_subscription(DistributionId="E1")["MonitoringSubscription"] == wanted
    cloudfront.delete_monitoring_subscription(DistributionId="E1")
    refused("NoSuchMonitoringSubscription", cloudfront.delete_monitoring_subscription, DistributionId="E1")


@flow
def a_cache_parameter_group_holds_what_was_set(account):
    cache = account.client("elasticache")
    group = {"CacheParameterGroupName": "shared"}
    made = cache.create_cache_parameter_group(
        **group, CacheParameterGroupFamily="redis7", Description="d", Tags=[{"Key": "a", "Value": "b"}]
    )
    arn = made["CacheParameterGroup"]["ARN"]
    assert cache.list_tags_for_resource(ResourceName=arn)["TagList"] == [{"Key": "a", "Value": "b"}]
    refused(
        "CacheParameterGroupAlreadyExists",
        cache.create_cache_parameter_group,
        **group,
        CacheParameterGroupFamily="redis7",
        Description="d",
    )
    value = {"ParameterName": "maxmemory-policy", "ParameterValue": "allkeys-lru"}
    cache.modify_cache_parameter_group(**group, ParameterNameValues=[value])
    assert cache.describe_cache_parameters(**group, Source="user")["Parameters"][0]["ParameterValue"] == "allkeys-lru"
    cache.reset_cache_parameter_group(**group, ParameterNameValues=[value])
    assert cache.describe_cache_parameters(**group)["Parameters"] == []
    cache.modify_cache_parameter_group(**group, ParameterNameValues=[value])
    cache.reset_cache_parameter_group(**group, ResetAllParameters=True)
    assert cache.describe_cache_parameters(**group)["Parameters"] == []
    assert len(cache.describe_cache_parameter_groups()["CacheParameterGroups"]) == 1
    cache.delete_cache_parameter_group(**group)
    refused("CacheParameterGroupNotFound", cache.describe_cache_parameter_groups, **group)


@flow
def a_replication_group_has_members_and_goes_away_with_them(account):
    cache, ec2 = account.client("elasticache"), account.client("ec2")
    subnets = [one["SubnetId"] for one in ec2.describe_subnets()["Subnets"]][:2]
    cache.create_cache_subnet_group(CacheSubnetGroupName="shared", CacheSubnetGroupDescription="d", SubnetIds=subnets)
    cache.create_replication_group(
        ReplicationGroupId="shared",
        ReplicationGroupDescription="d",
        CacheNodeType="cache.t4g.small",
        Engine="redis",
        NumCacheClusters=3,
        CacheParameterGroupName="shared-redis7",
        CacheSubnetGroupName="shared",
        SecurityGroupIds=["sg-1"],
        AutomaticFailoverEnabled=True,
    )
    members = cache.describe_replication_groups()["ReplicationGroups"][0]["MemberClusters"]
    assert members == ["shared-001", "shared-002", "shared-003"]
    member = cache.describe_cache_clusters(CacheClusterId="shared-001", ShowCacheNodeInfo=True)["CacheClusters"][0]
    assert member["CacheParameterGroup"]["CacheParameterGroupName"] == "shared-redis7"
    assert member["SecurityGroups"] == [{"SecurityGroupId": "sg-1", "Status": "active"}]
    assert member["CacheNodes"][0]["Endpoint"]["Port"] == 6379
    cache.modify_replication_group(ReplicationGroupId="shared", CacheNodeType="cache.t4g.medium")
    assert (
        cache.describe_cache_clusters(CacheClusterId="shared-002")["CacheClusters"][0]["CacheNodeType"]
        == "cache.t4g.medium"
    )
    cache.delete_replication_group(ReplicationGroupId="shared")
    refused("ReplicationGroupNotFoundFault", cache.describe_replication_groups, ReplicationGroupId="shared")
    assert cache.describe_cache_clusters()["CacheClusters"] == []
    cache.delete_cache_subnet_group(CacheSubnetGroupName="shared")
    refused("CacheSubnetGroupNotFoundFault", cache.delete_cache_subnet_group, CacheSubnetGroupName="shared")


@flow
def a_scalable_target_keeps_its_tags(account):
    scaling = account.client("application-autoscaling")
    ecs = account.client("ecs")
    ecs.create_cluster(clusterName="one")
    ecs.register_task_definition(family="f", containerDefinitions=[{"name": "c", "image": "i", "memory": 128}])
    ecs.create_service(cluster="one", serviceName="api", taskDefinition="f", desiredCount=2)
    arn = scaling.register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId="service/one/api",
        ScalableDimension="ecs:service:DesiredCount",
        MinCapacity=2,
        MaxCapacity=4,
        Tags={"a": "b"},
    )["ScalableTargetARN"]
    scaling.tag_resource(ResourceARN=arn, Tags={"c": "d"})
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"a": "b", "c": "d"}
    scaling.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"c": "d"}


@flow
def a_backup_plan_selects(account):
    backup = account.client("backup")
    plan = backup.create_backup_plan(
        BackupPlan={"BackupPlanName": "p", "Rules": [{"RuleName": "r", "TargetBackupVaultName": "v"}]},
        BackupPlanTags={"a": "b"},
    )
    assert backup.list_tags(ResourceArn=plan["BackupPlanArn"])["Tags"] == {"a": "b"}
    selection = {
        "SelectionName": "databases",
        "IamRoleArn": f"arn:aws:iam::{ACCOUNT}:role/r",
        "Resources": ["arn:aws:rds:x"],
    }
    made = backup.create_backup_selection(BackupPlanId=plan["BackupPlanId"], BackupSelection=selection)
    key = {"BackupPlanId": plan["BackupPlanId"], "SelectionId": made["SelectionId"]}
    assert backup.get_backup_selection(**key)["BackupSelection"] == selection
    assert len(backup.list_backup_selections(BackupPlanId=plan["BackupPlanId"])["BackupSelectionsList"]) == 1
    backup.delete_backup_selection(**key)
    refused("ResourceNotFoundException", backup.get_backup_selection, **key)


@flow
def a_budget_says_whom_it_tells(account):
    budgets = account.client("budgets")
    mail = {"SubscriptionType": "EMAIL", "Address": "tickets@example.com"}
    notification = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 80.0}
    name = {"AccountId": ACCOUNT, "BudgetName": "month"}
    budget = {
        "BudgetName": "month",
        "BudgetLimit": {"Amount": "1000", "Unit": "USD"},
        "TimeUnit": "MONTHLY",
        "BudgetType": "COST",
    }
    budgets.create_budget(
        AccountId=ACCOUNT,
        Budget=budget,
        NotificationsWithSubscribers=[{"Notification": notification, "Subscribers": [mail]}],
        ResourceTags=[{"Key": "a", "Value": "b"}],
    )
    arn = f"arn:aws:budgets::{ACCOUNT}:budget/month"
    assert budgets.list_tags_for_resource(ResourceARN=arn)["ResourceTags"] == [{"Key": "a", "Value": "b"}]
    budgets.tag_resource(ResourceARN=arn, ResourceTags=[{"Key": "c", "Value": "d"}])
    budgets.untag_resource(ResourceARN=arn, ResourceTagKeys=["a"])
    assert budgets.list_tags_for_resource(ResourceARN=arn)["ResourceTags"] == [{"Key": "c", "Value": "d"}]
    asked = {**name, "Notification": notification}
    assert budgets.describe_subscribers_for_notification(**asked)["Subscribers"] == [mail]
    other = mail | {"Address": "more@example.com"}
    budgets.create_subscriber(**asked, Subscriber=other)
    budgets.delete_subscriber(**asked, Subscriber=mail)
    assert budgets.describe_subscribers_for_notification(**asked)["Subscribers"] == [other]
    period = {"Start": "2026-01-01T00:00:00Z", "End": "2027-01-01T00:00:00Z"}
    limit = {"Amount": "900", "Unit": "USD"}
    budgets.update_budget(AccountId=ACCOUNT, NewBudget=budget | {"BudgetLimit": limit, "TimePeriod": period})
    assert budgets.describe_budget(**name)["Budget"]["BudgetLimit"]["Amount"] == "900"
    refused(
        "NotFoundException",
        budgets.describe_subscribers_for_notification,
        **name,
        Notification=notification | {"Threshold": 99.0},
    )


@flow
def a_composite_alarm_is_an_alarm(account):
    cloudwatch = account.client("cloudwatch")
    cloudwatch.put_composite_alarm(
        AlarmName="both", AlarmRule='ALARM("a") AND ALARM("b")', AlarmDescription="d", Tags=[{"Key": "a", "Value": "b"}]
    )
    found = cloudwatch.describe_alarms(AlarmNames=["both"], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"][0]
    assert (found["AlarmRule"], found["AlarmDescription"], found["ActionsEnabled"]) == (
        'ALARM("a") AND ALARM("b")',
        "d",
        True,
    )
    cloudwatch.set_alarm_state(AlarmName="both", StateValue="ALARM", StateReason="rehearsed")
    asked = {"AlarmNames": ["both"], "AlarmTypes": ["CompositeAlarm"]}
    assert cloudwatch.describe_alarms(**asked)["CompositeAlarms"][0]["StateValue"] == "ALARM"
    cloudwatch.delete_alarms(AlarmNames=["both"])
    assert not cloudwatch.describe_alarms(**asked)["CompositeAlarms"]


@flow
def a_service_keeps_how_it_deploys(account):
    ecs = account.client("ecs")
    ecs.create_cluster(clusterName="one")
    ecs.register_task_definition(family="f", containerDefinitions=[{"name": "c", "image": "i", "memory": 128}])
    deploys = {
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
        "deploymentCircuitBreaker": {"enable": True, "rollback": True},
    }
    ecs.create_service(
        cluster="one",
        serviceName="api",
        taskDefinition="f",
        desiredCount=2,
        availabilityZoneRebalancing="ENABLED",
        healthCheckGracePeriodSeconds=60,
        deploymentConfiguration=deploys,
    )
    ecs.update_service(cluster="one", service="api", healthCheckGracePeriodSeconds=90)
    found = ecs.describe_services(cluster="one", services=["api"])["services"][0]
    assert found["availabilityZoneRebalancing"] == "ENABLED"
    assert found["healthCheckGracePeriodSeconds"] == 90
    assert found["deploymentConfiguration"]["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
    ecs.update_service(cluster="one", service="api", desiredCount=0)
    assert ecs.delete_service(cluster="one", service="api")["service"]["availabilityZoneRebalancing"] == "ENABLED"


@flow
def a_database_and_its_replica_are_two(account):
    rds = account.client("rds")
    given = {
        "DBInstanceClass": "db.t4g.medium",
        "Engine": "mysql",
        "MasterUsername": "u",
        "MasterUserPassword": "password",
    }
    rds.create_db_instance(
        DBInstanceIdentifier="one",
        **given,
        AllocatedStorage=50,
        MaxAllocatedStorage=200,
        MultiAZ=True,
        EnablePerformanceInsights=True,
        EnableCloudwatchLogsExports=["error"],
        BackupRetentionPeriod=7,
    )
    rds.create_db_instance_read_replica(DBInstanceIdentifier="two", SourceDBInstanceIdentifier="one")
    one, two = rds.describe_db_instances()["DBInstances"]
    assert one["PerformanceInsightsEnabled"] is True
    assert one["DbiResourceId"] != two["DbiResourceId"]
    by_identity = rds.describe_db_instances(Filters=[{"Name": "dbi-resource-id", "Values": [two["DbiResourceId"]]}])
    assert [found["DBInstanceIdentifier"] for found in by_identity["DBInstances"]] == ["two"]
    assert (two["MultiAZ"], two.get("EnabledCloudwatchLogsExports", []), two.get("MaxAllocatedStorage")) == (
        False,
        [],
        None,
    )
    rds.modify_db_instance(DBInstanceIdentifier="two", EnablePerformanceInsights=True, ApplyImmediately=True)
    assert rds.reboot_db_instance(DBInstanceIdentifier="two")["DBInstance"]["PerformanceInsightsEnabled"] is True
    rds.promote_read_replica(DBInstanceIdentifier="two")
    rds.create_db_snapshot(DBInstanceIdentifier="one", DBSnapshotIdentifier="kept")
    restored = rds.restore_db_instance_from_db_snapshot(DBInstanceIdentifier="three", DBSnapshotIdentifier="kept")
    assert restored["DBInstance"]["DbiResourceId"] not in {one["DbiResourceId"], two["DbiResourceId"]}


@flow
def a_database_parameter_that_was_set_says_so(account):
    rds = account.client("rds")
    group = {"DBParameterGroupName": "g"}
    rds.create_db_parameter_group(**group, DBParameterGroupFamily="mysql8.0", Description="d")
    parameter = {"ParameterName": "max_connections", "ParameterValue": "300", "ApplyMethod": "immediate"}
    rds.modify_db_parameter_group(**group, Parameters=[parameter])
    assert rds.describe_db_parameters(**group, Source="user")["Parameters"][0]["Source"] == "user"


@flow
def a_rule_about_a_group_or_a_prefix_list_is_described(account):
    ec2 = account.client("ec2")
    group = ec2.create_security_group(GroupName="app", Description="d")["GroupId"]
    port = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    allowed = ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[{**port, "UserIdGroupPairs": [{"GroupId": group, "Description": "from itself"}]}]
    )["SecurityGroupRules"][0]
    ec2.authorize_security_group_egress(
        GroupId=group,
        IpPermissions=[{**port, "PrefixListIds": [{"PrefixListId": "pl-63a5400a", "Description": "to S3"}]}],
    )
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])["SecurityGroupRules"]
    assert {rule.get("Description") for rule in rules} >= {"from itself", "to S3"}
    rule = {**port, "ReferencedGroupId": group, "Description": "said anew"}
    ec2.modify_security_group_rules(
        GroupId=group,
        SecurityGroupRules=[{"SecurityGroupRuleId": allowed["SecurityGroupRuleId"], "SecurityGroupRule": rule}],
    )
    found = ec2.describe_security_group_rules(SecurityGroupRuleIds=[allowed["SecurityGroupRuleId"]])
    assert found["SecurityGroupRules"][0]["Description"] == "said anew"


@flow
def a_bucket_that_wants_tls_can_be_written_and_one_that_denies_cannot(account):
    s3 = account.client("s3")
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::assets", "arn:aws:s3:::assets/*"],
    }
    s3.create_bucket(Bucket="assets")
    tls_only = deny | {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    s3.put_bucket_policy(Bucket="assets", Policy=json.dumps({"Version": "2012-10-17", "Statement": tls_only}))
    s3.put_object(Bucket="assets", Key="k", Body=b"text")
    assert s3.head_object(Bucket="assets", Key="k")["ContentLength"] == 4
    assert s3.get_object(Bucket="assets", Key="k")["Body"].read() == b"text"
    assert "SecureTransport" in s3.get_bucket_policy(Bucket="assets")["Policy"]
    s3.delete_object(Bucket="assets", Key="k")
    s3.put_bucket_policy(Bucket="assets", Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny, tls_only]}))
    refused("403", s3.put_object, Bucket="assets", Key="k", Body=b"text")


@cache
def asked_in(tried):
    """Service, operation and who answered, of every call of a flow; run once in a process."""
    account = Account()
    tried(account)
    calls = [json.loads(line) for line in account.log.read_text().splitlines()]
    assert not [call for call in calls if call["answered"] == "unimplemented"]
    return {(call["service"], call["operation"], call["answered"]) for call in calls}


@pytest.mark.parametrize("tried", FLOWS, ids=lambda function: function.__name__)
def test_what_moto_lacks(tried):
    assert asked_in(tried)


def test_every_row_is_tried():
    asked = set().union(*map(asked_in, FLOWS))
    for row in absent.ROWS:
        assert (row.service, row.operation, "front") in asked, row
    for row in edits.ROWS:
        assert (row.service, row.operation, "patched") in asked, row
    for patch in patches.ROWS:
        for operation in patch.operations:
            assert (patch.service, operation, "patched") in asked, (patch.service, operation)


def test_every_row_says_why_and_none_is_there_twice():
    rows = invented()
    assert all(row.why and not row.why.endswith(".") for row in rows)
    assert len(set(rows)) == len(rows)


def test_what_was_sent_lies_over_what_moto_answers():
    assert laid_over({"a": 1, "b": {"c": 2}}, {"b": {"d": 3}}) == {"a": 1, "b": {"c": 2, "d": 3}}
    assert laid_over([{"a": 1}], [{"b": 2}]) == [{"a": 1, "b": 2}]
    assert laid_over([1, 2], [3]) == [3]
    assert laid_over({"a": 1}, {"a": None}) == {"a": 1}


def test_what_nobody_implements_is_refused_at_once_with_a_sentence():
    account = Account()
    message = refused("NotImplemented", account.client("events").list_endpoints)
    assert "events ListEndpoints: neither moto nor the front implements it" in message
    assert json.loads(account.log.read_text())["answered"] == "unimplemented"


def test_an_error_of_aws_keeps_its_code():
    refused("NoSuchBucket", Account().client("s3").get_bucket_policy, Bucket="nowhere")


def test_a_call_that_aws_would_refuse_is_answered_and_noted():
    account = Account()
    account.client("ecs").list_task_definitions(sort="NONE")
    assert json.loads(account.log.read_text())["strange"] == "sort is NONE, which is none of ASC, DESC"


def test_a_missing_member_is_noted_and_an_empty_word_is_not():
    from moto.core.utils import get_service_model

    from analysis.emulator.model import strange

    shape = get_service_model("cloudwatch").operation_model("PutMetricAlarm").input_shape
    metric = {"AlarmName": "a", "ComparisonOperator": "", "Metrics": [{"Expression": "m1"}]}
    assert list(strange(shape, metric)) == ["Metrics[0].Id is missing"]
