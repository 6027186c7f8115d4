"""Answers of moto that lose something, corrected: mostly a field that was sent, dropped by moto, and is given back here."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from analysis.emulator.rows import Asked, Document, Edit


def laid_over(answer: Any, sent: Any) -> Any:
    """What moto answers, with everything on top that was sent: objects member by member, lists of one length item by item."""
    if isinstance(answer, Mapping) and isinstance(sent, Mapping):
        return {**answer, **{name: laid_over(answer.get(name), value) for name, value in sent.items()}}
    if isinstance(answer, list) and isinstance(sent, list) and len(answer) == len(sent):
        return [laid_over(one, other) for one, other in zip(answer, sent, strict=True)]
    return answer if sent is None else copy.deepcopy(sent)


def _at(document: Document, path: str) -> Iterable[Document]:
    """The objects at a path such as `services[]` or `Distribution.DistributionConfig`."""
    found: list[Any] = [document]
    for step in filter(None, path.split(".")):
        name, many = step.removesuffix("[]"), step.endswith("[]")
        found = [value for one in found if isinstance(one, dict) and (value := one.get(name)) is not None]
        if many:
            found = [item for one in found for item in one]
    return [one for one in found if isinstance(one, dict)]


def _echo(
    service: str,
    why: str,
    *,
    fields: Mapping[str, str],
    writes: Mapping[str, str],
    reads: Mapping[str, str],
    key: Callable[[Document], Any],
    where: str = "",
) -> tuple[Edit, ...]:
    """Rows that remember `fields` (as sent -> as answered) when they are written and give them back wherever they are read.

    `writes` and `reads` map an operation to the path of its objects in the answer; `key` names an object by its own fields,
    and `where` is the member of a request that holds the fields, if they do not stand at its top.
    """
    subject = f"echo {service} {sorted(fields.values())} {sorted(writes)}"

    def remembered(asked: Asked, document: Document, path: str) -> Document:
        sent = asked.parameters.get(where, {}) if where else asked.parameters
        given = {answered: sent[name] for name, answered in fields.items() if sent.get(name) is not None}
        for item in _at(document, path):
            held = asked.memory(subject).setdefault(key(item), {})
            held.update(
                laid_over(held, given)
            )  # an update that names a part of an object leaves the rest of it as it was
            item.update(laid_over(item, held))
        return document

    def recalled(asked: Asked, document: Document, path: str) -> Document:
        for item in _at(document, path):
            item.update(laid_over(item, asked.memory(subject).get(key(item), {})))
        return document

    rows = [(operation, path, remembered) for operation, path in writes.items()]
    rows += [(operation, path, recalled) for operation, path in reads.items()]
    return tuple(Edit(service, operation, partial(act, path=path), why) for operation, path, act in rows)


# ---- CloudFront ---------------------------------------------------------------------------------------------------------------


def _keep_distribution(asked: Asked, document: Document) -> Document:
    sent = (
        asked.parameters.get("DistributionConfig")
        or asked.parameters["DistributionConfigWithTags"]["DistributionConfig"]
    )
    asked.memory("distributions")[document["Distribution"]["Id"]] = copy.deepcopy(sent)
    return _distribution(asked, document)


def _distribution(asked: Asked, document: Document) -> Document:
    found = document["Distribution"]
    found["DistributionConfig"] = _as_sent(asked, found["Id"], found["DistributionConfig"])
    return document


def _distribution_config(asked: Asked, document: Document) -> Document:
    document["DistributionConfig"] = _as_sent(asked, asked.parameters["Id"], document["DistributionConfig"])
    return document


def _as_sent(asked: Asked, name: str, answered: Document) -> Document:
    sent = asked.memory("distributions").get(name, {})
    found: Document = laid_over(answered, sent)
    # Without what moto puts in: a behaviour has either a policy or lifetimes of its own, a certificate one source.
    if sent.get("ViewerCertificate"):
        found["ViewerCertificate"] = copy.deepcopy(sent["ViewerCertificate"])
    for behaviour in (found["DefaultCacheBehavior"], *(found.get("CacheBehaviors") or {}).get("Items", ())):
        if behaviour.get("CachePolicyId"):
            for name_of in ("ForwardedValues", "MinTTL", "DefaultTTL", "MaxTTL"):
                behaviour.pop(name_of, None)
    return found


# ---- ElastiCache --------------------------------------------------------------------------------------------------------------


def _member_clusters(asked: Asked, document: Document) -> Document:
    backend = asked.backend()
    for found in document.get("CacheClusters", ()):
        held = backend.cache_clusters[found["CacheClusterId"]]
        group = backend.replication_groups.get(getattr(held, "replication_group_id", None))
        if group is None:
            continue
        node_group = group.node_groups[0]
        found |= {
            "CacheParameterGroup": {
                "CacheParameterGroupName": held.cache_parameter_group_name,
                "ParameterApplyStatus": "in-sync",
                "CacheNodeIdsToReboot": [],
            },
            "SecurityGroups": [{"SecurityGroupId": name, "Status": "active"} for name in held.security_group_ids],
            "CacheNodes": [
                {
                    "CacheNodeId": "0001",
                    "CacheNodeStatus": "available",
                    "Endpoint": {"Address": node_group["primary_endpoint_address"], "Port": group.port},
                    "ParameterGroupStatus": "in-sync",
                }
            ],
            "ReplicationGroupId": group.replication_group_id,
            "AtRestEncryptionEnabled": group.at_rest_encryption_enabled,
        }
    return document


def _user_parameters(_asked: Asked, document: Document) -> Document:
    for parameter in document.get("Parameters", ()):
        parameter.setdefault("Source", "user")  # moto knows none but those that were set
    return document


def _backup_tags(asked: Asked, _document: Document) -> Document:
    return {"Tags": asked.backend().list_tags(asked.parameters["ResourceArn"])}


def _new_budget(asked: Asked, document: Document) -> Document:
    name = asked.parameters["Budget"]["BudgetName"]
    tags = {tag["Key"]: tag["Value"] for tag in asked.parameters.get("ResourceTags") or ()}
    asked.memory("budget tags")[f"arn:aws:budgets::{asked.account}:budget/{name}"] = tags
    return document


# What a database instance is given that moto drops; the same under both names.
INSTANCE_FIELDS = ("PerformanceInsightsEnabled", "PerformanceInsightsKMSKeyId", "DedicatedLogVolume", "NetworkType")

# What a service is given that moto drops, in part only after an update.
SERVICE_FIELDS = (
    "availabilityZoneRebalancing",
    "deploymentConfiguration",
    "enableExecuteCommand",
    "healthCheckGracePeriodSeconds",
    "propagateTags",
)


def _target_tags(asked: Asked, document: Document) -> Document:
    asked.memory("tags").setdefault(document["ScalableTargetARN"], {}).update(asked.parameters.get("Tags") or {})
    return document


def _tagged_stream(asked: Asked, answer: Document) -> Document:
    if tags := asked.parameters.get("Tags"):
        asked.backend().streams[asked.parameters["StreamName"]].tags.update(tags)
    return answer


def _keep_warmup(asked: Asked, answer: Document) -> Document:
    if (warmup := asked.parameters.get("DefaultInstanceWarmup")) is not None:
        asked.memory("warm-ups")[asked.parameters["AutoScalingGroupName"]] = warmup
    return answer


def _warmup(asked: Asked, answer: Document) -> Document:
    for group in answer.get("AutoScalingGroups") or ():
        if group["AutoScalingGroupName"] in asked.memory("warm-ups"):
            group["DefaultInstanceWarmup"] = asked.memory("warm-ups")[group["AutoScalingGroupName"]]
    return answer


def _template_data(_asked: Asked, answer: Document) -> Document:
    """What a template gives to instances; the tags of the template itself are no part of it."""
    for version in answer.get("LaunchTemplateVersions") or ():
        data = version["LaunchTemplateData"]
        tags = [one for one in data.get("TagSpecifications") or () if one["ResourceType"] != "launch-template"]
        data.pop("TagSpecifications", None)
        if tags:
            data["TagSpecifications"] = tags
    return answer


def _keep_group_alarms(asked: Asked, answer: Document) -> Document:
    name = asked.parameters["applicationName"], asked.parameters["deploymentGroupName"]
    asked.memory("deployment alarms")["/".join(name)] = asked.parameters.get("alarmConfiguration")
    return answer


def _deployment_group(asked: Asked, answer: Document) -> Document:
    """A group with the alarms that stop a deployment, and with a load balancer only where one was named."""
    group = answer["deploymentGroupInfo"]
    alarms = asked.memory("deployment alarms").get(f"{group['applicationName']}/{group['deploymentGroupName']}")
    if alarms:
        group["alarmConfiguration"] = copy.deepcopy(alarms)
    if not any((group.get("loadBalancerInfo") or {}).values()):
        group.pop("loadBalancerInfo", None)
    return answer


def _mapped_alias(asked: Asked, answer: Document) -> Document:
    """A mapping calls the alias that was named; moto follows it to the version and keeps that."""
    named = asked.memory("mapped aliases")
    if str(asked.parameters.get("FunctionName")).startswith("arn:"):
        named[answer["UUID"]] = asked.parameters["FunctionName"]
    if answer["UUID"] in named:
        answer["FunctionArn"] = named[answer["UUID"]]
    return answer


def _enabled(_asked: Asked, answer: Document) -> Document:
    """A policy that was not switched off is on, and tracks a target or predicts, not both."""
    for policy in answer.get("ScalingPolicies") or ():
        policy.setdefault("Enabled", True)
        if not (policy.get("PredictiveScalingConfiguration") or {}).get("MetricSpecifications"):
            policy.pop("PredictiveScalingConfiguration", None)
    return answer


def _available(asked: Asked, answer: Document) -> Document:
    """A custom domain name that is there at once, with the name that a DNS record leads to."""
    for configuration in answer.get("DomainNameConfigurations") or ():
        configuration.setdefault("DomainNameStatus", "AVAILABLE")
        configuration.setdefault("ApiGatewayDomainName", f"d-0123456789.execute-api.{asked.region}.amazonaws.com")
        configuration.setdefault("HostedZoneId", "Z1UJRXOUMOOFQ8")  # API Gateway's zone of us-east-1
    if not (answer.get("MutualTlsAuthentication") or {}).get("TruststoreUri"):
        answer.pop("MutualTlsAuthentication", None)
    return answer


ROWS: tuple[Edit, ...] = (
    *(
        Edit("cloudfront", name, edit, "moto drops certificate, policies, access control and more of a distribution")
        for name, edit in (
            ("CreateDistribution", _keep_distribution),
            ("CreateDistributionWithTags", _keep_distribution),
            ("UpdateDistribution", _keep_distribution),
            ("GetDistribution", _distribution),
            ("GetDistributionConfig", _distribution_config),
        )
    ),
    *_echo(
        "ecs",
        "moto drops how a service deploys, how long it may take to become healthy, and how tasks are spread over zones",
        fields={name: name for name in SERVICE_FIELDS},
        writes={"CreateService": "service", "UpdateService": "service"},
        reads={"DescribeServices": "services[]", "DeleteService": "service"},
        key=lambda service: service["serviceArn"],
    ),
    *_echo(
        "rds",
        "moto drops Performance Insights and other settings of an instance",
        fields={"EnablePerformanceInsights": "PerformanceInsightsEnabled"} | {name: name for name in INSTANCE_FIELDS},
        writes=dict.fromkeys(("CreateDBInstance", "CreateDBInstanceReadReplica", "ModifyDBInstance"), "DBInstance"),
        reads={
            "DescribeDBInstances": "DBInstances[]",
            "RebootDBInstance": "DBInstance",
            "PromoteReadReplica": "DBInstance",
        },
        key=lambda instance: instance["DBInstanceIdentifier"],
    ),
    Edit("rds", "DescribeDBParameters", _user_parameters, "moto does not say that a parameter was set by the user"),
    Edit(
        "backup",
        "ListTags",
        _backup_tags,
        "moto looks for the ARN in a path that ends in a slash, which Terraform leaves out",
    ),
    Edit("application-autoscaling", "RegisterScalableTarget", _target_tags, "moto drops the tags of a scalable target"),
    *_echo(
        "lambda",
        "moto drops where a function's log and its failed events go",
        fields={"LoggingConfig": "LoggingConfig", "DeadLetterConfig": "DeadLetterConfig"},
        writes={"CreateFunction": "", "UpdateFunctionConfiguration": ""},
        reads={"GetFunction": "Configuration", "GetFunctionConfiguration": "", "ListVersionsByFunction": "Versions[]"},
        key=lambda function: function["FunctionName"],
    ),
    Edit(
        "ec2",
        "DescribeLaunchTemplateVersions",
        _template_data,
        "moto counts a template's own tags among its instances'",
    ),
    *(
        Edit("autoscaling", name, act, "moto drops the warm-up of a group of instances")
        for name, act in (
            ("CreateAutoScalingGroup", _keep_warmup),
            ("UpdateAutoScalingGroup", _keep_warmup),
            ("DescribeAutoScalingGroups", _warmup),
        )
    ),
    Edit("codedeploy", "CreateDeploymentGroup", _keep_group_alarms, "moto drops the alarms of a deployment group"),
    Edit(
        "codedeploy",
        "GetDeploymentGroup",
        _deployment_group,
        "moto drops the alarms of a deployment group and gives it an empty load balancer",
    ),
    *(
        Edit("lambda", name, _mapped_alias, "moto binds a mapping to the alias's version of that moment")
        for name in ("CreateEventSourceMapping", "GetEventSourceMapping")
    ),
    *_echo(
        "apigateway",
        "moto drops the expression by which an authorizer refuses a token at once",
        fields={"identityValidationExpression": "identityValidationExpression"},
        writes={"CreateAuthorizer": ""},
        reads={"GetAuthorizer": ""},
        key=lambda authorizer: authorizer["id"],
    ),
    Edit("kinesis", "CreateStream", _tagged_stream, "moto drops the tags with which a stream is made"),
    Edit(
        "autoscaling",
        "DescribePolicies",
        _enabled,
        "moto says neither that a policy is on nor that it predicts nothing",
    ),
    *(
        Edit("apigatewayv2", name, _available, "moto gives a custom domain name no state, no target and no zone")
        for name in ("CreateDomainName", "GetDomainName")
    ),
    Edit("budgets", "CreateBudget", _new_budget, "moto drops the tags of a budget"),
    Edit(
        "elasticache",
        "DescribeCacheClusters",
        _member_clusters,
        "moto knows no parameter group, security group or node of a member cluster",
    ),
)
