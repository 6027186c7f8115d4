"""Operations that moto does not know, answered in its place: create remembers, describe gives back, delete forgets."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from analysis.emulator.rows import Absent, Asked, AwsError, Document, without_empty

# The partition under which moto keeps services that have no region.
GLOBAL = "aws"

# Everything the front makes carries this time: the same calls give the same answers.
MADE_AT = datetime(2026, 1, 1, tzinfo=UTC)


def _identifier(*parts: str) -> str:
    """An identifier that is the same for the same parts."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(parts)))


def _kept(asked: Asked, subject: str, name: str, code: str) -> Any:
    """What is remembered under a name; raises the service's own error where there is nothing."""
    try:
        return asked.memory(subject)[name]
    except KeyError:
        raise AwsError(code, f"{subject} {name} does not exist") from None


# ---- CloudFront: policies, all of one shape -----------------------------------------------------------------------------------


def _policy_rows(noun: str) -> tuple[Absent, ...]:
    config, missing, why = f"{noun}Config", f"NoSuch{noun}", f"moto has no {noun}; the configuration comes back as sent"

    def held(asked: Asked, name: str) -> Document:
        return {noun: _kept(asked, noun, name, missing), "ETag": _tag(asked, name)}

    def create(asked: Asked) -> Document:
        wanted = asked.parameters[config]
        if any(policy[config]["Name"] == wanted["Name"] for policy in asked.memory(noun).values()):
            raise AwsError(f"{noun}AlreadyExists", f"a {noun} named {wanted['Name']} exists")
        name = _identifier(noun, wanted["Name"])
        asked.memory(noun)[name] = {"Id": name, "LastModifiedTime": MADE_AT, config: wanted}
        return held(asked, name) | {"Location": f"https://cloudfront.amazonaws.com/2020-05-31/{name}"}

    def get(asked: Asked) -> Document:
        return held(asked, asked.parameters["Id"])

    def get_config(asked: Asked) -> Document:
        found = held(asked, asked.parameters["Id"])
        return {config: found[noun][config], "ETag": found["ETag"]}

    def update(asked: Asked) -> Document:
        name = asked.parameters["Id"]
        _matched(asked, name, missing, noun)
        asked.memory(noun)[name][config] = asked.parameters[config]
        _changed(asked, name)
        return held(asked, name)

    def delete(asked: Asked) -> Document:
        name = asked.parameters["Id"]
        _matched(asked, name, missing, noun)
        del asked.memory(noun)[name]
        return {}

    def list_all(asked: Asked) -> Document:
        items = [{"Type": "custom", noun: policy} for policy in asked.memory(noun).values()]
        chosen = items if asked.parameters.get("Type") != "managed" else []
        return {f"{noun}List": {"MaxItems": 100, "Quantity": len(chosen), "Items": chosen}}

    plural = f"{noun[:-1]}ies"
    return (
        Absent("cloudfront", f"Create{noun}", create, why),
        Absent("cloudfront", f"Get{noun}", get, why),
        Absent("cloudfront", f"Get{config}", get_config, why),
        Absent("cloudfront", f"Update{noun}", update, why),
        Absent("cloudfront", f"Delete{noun}", delete, why),
        Absent("cloudfront", f"List{plural}", list_all, why),
    )


def _tag(asked: Asked, name: str) -> str:
    """The version of an object, which a later change must name."""
    return f"E{asked.memory('versions').setdefault(name, 1):013d}"


def _changed(asked: Asked, name: str) -> None:
    asked.memory("versions")[name] = asked.memory("versions").setdefault(name, 1) + 1


def _matched(asked: Asked, name: str, missing: str, subject: str) -> None:
    _kept(asked, subject, name, missing)
    if asked.parameters.get("IfMatch") != _tag(asked, name):
        raise AwsError(
            "PreconditionFailed", f"{name} is now {_tag(asked, name)}, not {asked.parameters.get('IfMatch')}"
        )


def _subscribe(asked: Asked) -> Document:
    asked.memory("monitoring")[asked.parameters["DistributionId"]] = asked.parameters["MonitoringSubscription"]
    return {"MonitoringSubscription": asked.parameters["MonitoringSubscription"]}


def _subscription(asked: Asked) -> Document:
    name = asked.parameters["DistributionId"]
    return {"MonitoringSubscription": _kept(asked, "monitoring", name, "NoSuchMonitoringSubscription")}


def _unsubscribe(asked: Asked) -> Document:
    _subscription(asked)
    del asked.memory("monitoring")[asked.parameters["DistributionId"]]
    return {}


# ---- ElastiCache --------------------------------------------------------------------------------------------------------------


def _parameter_group(asked: Asked) -> Document:
    name = asked.parameters["CacheParameterGroupName"]
    if name in asked.memory("parameter groups"):
        raise AwsError("CacheParameterGroupAlreadyExists", f"parameter group {name} exists")
    group = {
        "CacheParameterGroupName": name,
        "CacheParameterGroupFamily": asked.parameters["CacheParameterGroupFamily"],
        "Description": asked.parameters["Description"],
        "IsGlobal": False,
        "ARN": f"arn:aws:elasticache:{asked.region}:{asked.account}:parametergroup:{name}",
    }
    asked.memory("parameter groups")[name] = {"group": group, "values": {}}
    asked.backend().tagging_service.tag_resource(group["ARN"], asked.parameters.get("Tags") or [])
    return {"CacheParameterGroup": group}


def _parameter_group_named(asked: Asked) -> Any:
    name = asked.parameters["CacheParameterGroupName"]
    return _kept(asked, "parameter groups", name, "CacheParameterGroupNotFound")


def _parameter_groups(asked: Asked) -> Document:
    if asked.parameters.get("CacheParameterGroupName"):
        return {"CacheParameterGroups": [_parameter_group_named(asked)["group"]]}
    return {"CacheParameterGroups": [kept["group"] for kept in asked.memory("parameter groups").values()]}


def _set_parameters(asked: Asked) -> Document:
    for item in asked.parameters["ParameterNameValues"]:
        _parameter_group_named(asked)["values"][item["ParameterName"]] = item["ParameterValue"]
    return {"CacheParameterGroupName": asked.parameters["CacheParameterGroupName"]}


def _reset_parameters(asked: Asked) -> Document:
    values = _parameter_group_named(asked)["values"]
    if asked.parameters.get("ResetAllParameters"):
        values.clear()
    for item in asked.parameters.get("ParameterNameValues") or ():
        values.pop(item["ParameterName"], None)
    return {"CacheParameterGroupName": asked.parameters["CacheParameterGroupName"]}


def _cache_parameters(asked: Asked) -> Document:
    values = _parameter_group_named(asked)["values"]
    return {
        "Parameters": [
            {
                "ParameterName": name,
                "ParameterValue": value,
                "Source": "user",
                "DataType": "string",
                "IsModifiable": True,
            }
            for name, value in sorted(values.items())
        ]
    }


def _drop_parameter_group(asked: Asked) -> Document:
    _parameter_group_named(asked)
    del asked.memory("parameter groups")[asked.parameters["CacheParameterGroupName"]]
    return {}


def _drop_cache_subnet_group(asked: Asked) -> Document:
    name = asked.parameters["CacheSubnetGroupName"]
    if asked.backend().cache_subnet_groups.pop(name, None) is None:
        raise AwsError("CacheSubnetGroupNotFoundFault", f"subnet group {name} does not exist")
    return {}


# ---- Application Auto Scaling: tags of targets --------------------------------------------------------------------------------


def _scaling_tags(asked: Asked) -> Document:
    return {"Tags": asked.memory("tags").get(asked.parameters["ResourceARN"], {})}


def _tag_scaling(asked: Asked) -> Document:
    asked.memory("tags").setdefault(asked.parameters["ResourceARN"], {}).update(asked.parameters["Tags"])
    return {}


def _untag_scaling(asked: Asked) -> Document:
    for key in asked.parameters["TagKeys"]:
        asked.memory("tags").get(asked.parameters["ResourceARN"], {}).pop(key, None)
    return {}


# ---- AWS Backup: selections ---------------------------------------------------------------------------------------------------


def _select_for_backup(asked: Asked) -> Document:
    plan, selection = asked.parameters["BackupPlanId"], asked.parameters["BackupSelection"]
    name = _identifier("selection", plan, selection["SelectionName"])
    asked.memory("selections")[name] = {
        "BackupSelection": selection,
        "SelectionId": name,
        "BackupPlanId": plan,
        "CreationDate": MADE_AT,
    }
    return {"SelectionId": name, "BackupPlanId": plan, "CreationDate": MADE_AT}


def _backup_selection(asked: Asked) -> Document:
    found: Document = _kept(asked, "selections", asked.parameters["SelectionId"], "ResourceNotFoundException")
    return found


def _backup_selections(asked: Asked) -> Document:
    rows = [
        {
            "SelectionId": kept["SelectionId"],
            "SelectionName": kept["BackupSelection"]["SelectionName"],
            "BackupPlanId": kept["BackupPlanId"],
            "CreationDate": kept["CreationDate"],
            "IamRoleArn": kept["BackupSelection"]["IamRoleArn"],
        }
        for kept in asked.memory("selections").values()
        if kept["BackupPlanId"] == asked.parameters["BackupPlanId"]
    ]
    return {"BackupSelectionsList": rows}


def _drop_backup_selection(asked: Asked) -> Document:
    _backup_selection(asked)
    del asked.memory("selections")[asked.parameters["SelectionId"]]
    return {}


# ---- Budgets: who is told, and what changes -----------------------------------------------------------------------------------


def _budget(asked: Asked) -> Any:
    name = (
        asked.parameters["BudgetName"]
        if "BudgetName" in asked.parameters
        else asked.parameters["NewBudget"]["BudgetName"]
    )
    try:
        return asked.backend("budgets", GLOBAL).budgets[asked.parameters["AccountId"]][name]
    except KeyError:
        raise AwsError("NotFoundException", f"budget {name} does not exist") from None


def _notification(asked: Asked) -> Any:
    def key(details: Document) -> tuple[object, ...]:
        kind = details.get("ThresholdType") or "PERCENTAGE"
        return details["NotificationType"], details["ComparisonOperator"], float(details["Threshold"]), kind

    wanted = key(asked.parameters["Notification"])
    for held in _budget(asked).notifications:
        if key(held.details) == wanted:
            return held
    raise AwsError("NotFoundException", "the budget has no such notification")


def _subscribers(asked: Asked) -> Document:
    return {"Subscribers": _notification(asked).subscribers}


def _add_subscriber(asked: Asked) -> Document:
    _notification(asked).subscribers.append(asked.parameters["Subscriber"])
    return {}


def _drop_subscriber(asked: Asked) -> Document:
    _notification(asked).subscribers.remove(asked.parameters["Subscriber"])
    return {}


def _change_budget(asked: Asked) -> Document:
    _budget(asked).budget.update(_as_json(without_empty(asked.parameters["NewBudget"])))
    return {}


def _as_json(value: Any) -> Any:
    """The value with its times as moto keeps them, in seconds."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC).timestamp()
    return {name: _as_json(item) for name, item in value.items()} if isinstance(value, dict) else value


def _budget_tags(asked: Asked) -> Document:
    tags = asked.memory("budget tags").get(asked.parameters["ResourceARN"], {})
    return {"ResourceTags": [{"Key": key, "Value": value} for key, value in sorted(tags.items())]}


def _tag_budget(asked: Asked) -> Document:
    held = asked.memory("budget tags").setdefault(asked.parameters["ResourceARN"], {})
    held.update({tag["Key"]: tag["Value"] for tag in asked.parameters["ResourceTags"]})
    return {}


def _untag_budget(asked: Asked) -> Document:
    for key in asked.parameters["ResourceTagKeys"]:
        asked.memory("budget tags").get(asked.parameters["ResourceARN"], {}).pop(key, None)
    return {}


# ---- Service Quotas: what AWS gives by default, and what was asked for ---------------------------------------------------------

DEFAULT_QUOTAS: dict[tuple[str, str], tuple[str, float]] = {
    # https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    ("lambda", "L-B99A9384"): ("Concurrent executions", 1000.0),
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
    ("apigateway", "L-8A5B8E43"): ("Throttle rate", 10000.0),
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html
    ("fargate", "L-3032A538"): ("Fargate On-Demand vCPU resource count", 6.0),
    # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-on-demand-instances.html
    ("ec2", "L-1216C47A"): ("Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", 5.0),
}
"""Service and quota code -> the quota's name and AWS's default value for a new account."""


def _default_quota(asked: Asked) -> Document:
    service, code = asked.parameters["ServiceCode"], asked.parameters["QuotaCode"]
    if (service, code) not in DEFAULT_QUOTAS:
        raise AwsError("NoSuchResourceException", f"no default of the quota {service}/{code} is known to the emulator")
    name, value = DEFAULT_QUOTAS[service, code]
    return {
        "Quota": {
            "ServiceCode": service,
            "ServiceName": service,
            "QuotaArn": f"arn:aws:servicequotas:{asked.region}:{asked.account}:{service}/{code}",
            "QuotaCode": code,
            "QuotaName": name,
            "Value": value,
            "Adjustable": True,
            "GlobalQuota": False,
        }
    }


def _request_quota(asked: Asked) -> Document:
    service, code = asked.parameters["ServiceCode"], asked.parameters["QuotaCode"]
    quota = _default_quota(asked)["Quota"]
    request = {
        "Id": _identifier("quota", service, code).replace("-", ""),
        "ServiceCode": service,
        "ServiceName": service,
        "QuotaCode": code,
        "QuotaName": quota["QuotaName"],
        "DesiredValue": asked.parameters["DesiredValue"],
        "Status": "PENDING",
        "Created": MADE_AT,
        "QuotaArn": quota["QuotaArn"],
    }
    asked.memory("quota requests")[request["Id"]] = request
    return {"RequestedQuota": request}


def _quota_request(asked: Asked) -> Document:
    return {"RequestedQuota": _kept(asked, "quota requests", asked.parameters["RequestId"], "NoSuchResourceException")}


def _quota(asked: Asked) -> Document:
    """No quota was ever changed in this account, which is what the real service says by an error."""
    code = asked.parameters["QuotaCode"]
    raise AwsError("NoSuchResourceException", f"no value of the quota {code} has been set for the account")


# ---- CloudWatch Logs: saved queries -------------------------------------------------------------------------------------------


def _save_query(asked: Asked) -> Document:
    name = asked.parameters.get("queryDefinitionId") or _identifier("query", asked.parameters["name"])
    kept = {key: value for key, value in asked.parameters.items() if key not in {"clientToken", "queryDefinitionId"}}
    asked.memory("queries")[name] = without_empty(kept) | {"queryDefinitionId": name}
    return {"queryDefinitionId": name}


def _saved_queries(asked: Asked) -> Document:
    prefix = asked.parameters.get("queryDefinitionNamePrefix") or ""
    kept = asked.memory("queries").values()
    return {"queryDefinitions": [query for query in kept if query["name"].startswith(prefix)]}


def _drop_query(asked: Asked) -> Document:
    return {"success": asked.memory("queries").pop(asked.parameters["queryDefinitionId"], None) is not None}


# ---- CodeDeploy: what moto can make, taken down again -------------------------------------------------------------------------


def _drop_deployment_group(asked: Asked) -> Document:
    groups = asked.backend().deployment_groups.get(asked.parameters["applicationName"], {})
    groups.pop(asked.parameters["deploymentGroupName"], None)
    return {"hooksNotCleanedUp": []}


def _drop_application(asked: Asked) -> Document:
    asked.backend().applications.pop(asked.parameters["applicationName"], None)
    return {}


# ---- X-Ray: groups ------------------------------------------------------------------------------------------------------------


def _traced(asked: Asked) -> Document:
    wanted = asked.parameters
    for group in asked.memory("trace groups").values():
        if wanted.get("GroupARN") == group["GroupARN"] or wanted.get("GroupName") == group["GroupName"]:
            found: Document = group
            return found
    raise AwsError("InvalidRequestException", "there is no such group")


def _trace(asked: Asked) -> Document:
    name = asked.parameters["GroupName"]
    arn = f"arn:aws:xray:{asked.region}:{asked.account}:group/{name}/{_identifier('trace', name)}"
    group = without_empty({key: value for key, value in asked.parameters.items() if key != "Tags"}) | {"GroupARN": arn}
    asked.memory("trace groups")[arn] = group
    asked.memory("trace tags")[arn] = {tag["Key"]: tag["Value"] for tag in asked.parameters.get("Tags") or ()}
    return {"Group": group}


def _trace_anew(asked: Asked) -> Document:
    group = _traced(asked)
    names = ("FilterExpression", "InsightsConfiguration")
    group.update(without_empty({name: asked.parameters.get(name) for name in names}))
    return {"Group": group}


def _drop_trace(asked: Asked) -> Document:
    del asked.memory("trace groups")[_traced(asked)["GroupARN"]]
    return {}


def _trace_tags(asked: Asked) -> Document:
    tags = asked.memory("trace tags").get(asked.parameters["ResourceARN"], {})
    return {"Tags": [{"Key": key, "Value": value} for key, value in sorted(tags.items())]}


def _tag_trace(asked: Asked) -> Document:
    held = asked.memory("trace tags").setdefault(asked.parameters["ResourceARN"], {})
    held.update({tag["Key"]: tag["Value"] for tag in asked.parameters["Tags"]})
    return {}


# ---- Lambda: provisioned concurrency ------------------------------------------------------------------------------------------


def _provision(asked: Asked) -> Document:
    wanted = asked.parameters["ProvisionedConcurrentExecutions"]
    held = asked.memory("provisioned")[_qualified(asked)] = {
        "RequestedProvisionedConcurrentExecutions": wanted,
        "AvailableProvisionedConcurrentExecutions": wanted,
        "AllocatedProvisionedConcurrentExecutions": wanted,
        "Status": "READY",
        "LastModified": MADE_AT.isoformat(),
    }
    return dict(held)


def _qualified(asked: Asked) -> str:
    return f"{asked.parameters['FunctionName'].rsplit(':', 1)[-1]}:{asked.parameters['Qualifier']}"


def _provisioned(asked: Asked) -> Document:
    code = "ProvisionedConcurrencyConfigNotFoundException"
    return dict(_kept(asked, "provisioned", _qualified(asked), code))


def _unprovision(asked: Asked) -> Document:
    asked.memory("provisioned").pop(_qualified(asked), None)
    return {}


# ---- Cost Explorer: anomaly monitors and subscriptions, of one shape -----------------------------------------------------------


def _anomaly_rows(noun: str) -> tuple[Absent, ...]:
    """Create, get, update and delete of `AnomalyMonitor` or `AnomalySubscription`, named by an ARN."""
    arn, missing = noun.removeprefix("Anomaly") + "Arn", f"Unknown{noun.removeprefix('Anomaly')}Exception"

    def create(asked: Asked) -> Document:
        wanted = asked.parameters[noun]
        name = wanted.get("MonitorName") or wanted["SubscriptionName"]
        kind = arn.removesuffix("Arn").lower()
        made = f"arn:aws:ce::{asked.account}:anomaly{kind}/{_identifier(noun, name)}"
        asked.memory(noun)[made] = without_empty(wanted) | {arn: made}
        tags = {tag["Key"]: tag["Value"] for tag in asked.parameters.get("ResourceTags") or ()}
        asked.memory("cost tags")[made] = tags
        return {arn: made}

    def get(asked: Asked) -> Document:
        wanted = asked.parameters.get(f"{arn}List")
        held = asked.memory(noun)
        return {f"{noun}s": [held[name] for name in (held if wanted is None else wanted) if name in held]}

    def update(asked: Asked) -> Document:
        name = asked.parameters[arn]
        held = _kept(asked, noun, name, missing)
        held.update(without_empty({key: value for key, value in asked.parameters.items() if key != arn}))
        return {arn: name}

    def delete(asked: Asked) -> Document:
        _kept(asked, noun, asked.parameters[arn], missing)
        del asked.memory(noun)[asked.parameters[arn]]
        return {}

    why = "moto's Cost Explorer knows no anomalies; the configuration comes back as sent and nothing is detected"
    return _rows(
        "ce", why, {f"Create{noun}": create, f"Get{noun}s": get, f"Update{noun}": update, f"Delete{noun}": delete}
    )


def _cost_tags(asked: Asked) -> Document:
    tags = asked.memory("cost tags").get(asked.parameters["ResourceArn"], {})
    return {"ResourceTags": [{"Key": key, "Value": value} for key, value in sorted(tags.items())]}


def _tag_cost(asked: Asked) -> Document:
    held = asked.memory("cost tags").setdefault(asked.parameters["ResourceArn"], {})
    held.update({tag["Key"]: tag["Value"] for tag in asked.parameters["ResourceTags"]})
    return {}


def _untag_cost(asked: Asked) -> Document:
    for key in asked.parameters["ResourceTagKeys"]:
        asked.memory("cost tags").get(asked.parameters["ResourceArn"], {}).pop(key, None)
    return {}


# ---- CloudWatch: composite alarms ---------------------------------------------------------------------------------------------


def _composite(asked: Asked) -> Document:
    """Kept as moto keeps metric alarms, which it knows how to describe, set and delete."""
    given = asked.parameters
    metric_only = (
        "namespace metric_name metric_data_queries comparison_operator evaluation_periods datapoints_to_alarm period threshold "
        "statistic extended_statistic unit treat_missing_data evaluate_low_sample_count_percentile threshold_metric_id"
    )
    asked.backend().put_metric_alarm(
        **dict.fromkeys(metric_only.split()),
        name=given["AlarmName"],
        description=given.get("AlarmDescription"),
        dimensions=[],
        alarm_actions=given.get("AlarmActions") or [],
        ok_actions=given.get("OKActions") or [],
        insufficient_data_actions=given.get("InsufficientDataActions") or [],
        actions_enabled=given.get("ActionsEnabled", True),
        rule=given["AlarmRule"],
        tags=given.get("Tags") or [],
    )
    return {}


def _rows(service: str, why: str, answers: dict[str, Callable[[Asked], Document]]) -> tuple[Absent, ...]:
    return tuple(Absent(service, operation, answer, why) for operation, answer in answers.items())


ROWS: tuple[Absent, ...] = (
    *_policy_rows("CachePolicy"),
    *_policy_rows("OriginRequestPolicy"),
    *_policy_rows("ResponseHeadersPolicy"),
    *_rows(
        "cloudfront",
        "moto has no monitoring subscription of a distribution; it is remembered",
        {
            "CreateMonitoringSubscription": _subscribe,
            "GetMonitoringSubscription": _subscription,
            "DeleteMonitoringSubscription": _unsubscribe,
        },
    ),
    *_rows(
        "elasticache",
        "moto has no cache parameter groups; only the parameters that were set are known",
        {
            "CreateCacheParameterGroup": _parameter_group,
            "DescribeCacheParameterGroups": _parameter_groups,
            "ModifyCacheParameterGroup": _set_parameters,
            "ResetCacheParameterGroup": _reset_parameters,
            "DescribeCacheParameters": _cache_parameters,
            "DeleteCacheParameterGroup": _drop_parameter_group,
        },
    ),
    Absent(
        "elasticache", "DeleteCacheSubnetGroup", _drop_cache_subnet_group, "moto can make a subnet group, not delete it"
    ),
    *_rows(
        "application-autoscaling",
        "moto has no tags of scalable targets; they are remembered",
        {"ListTagsForResource": _scaling_tags, "TagResource": _tag_scaling, "UntagResource": _untag_scaling},
    ),
    *_rows(
        "backup",
        "moto has plans and vaults, no selections; they are remembered and select nothing",
        {
            "CreateBackupSelection": _select_for_backup,
            "GetBackupSelection": _backup_selection,
            "ListBackupSelections": _backup_selections,
            "DeleteBackupSelection": _drop_backup_selection,
        },
    ),
    *_rows(
        "budgets",
        "moto keeps a budget's subscribers and does not show them; a budget cannot be changed or tagged in it",
        {
            "DescribeSubscribersForNotification": _subscribers,
            "CreateSubscriber": _add_subscriber,
            "DeleteSubscriber": _drop_subscriber,
            "UpdateBudget": _change_budget,
            "ListTagsForResource": _budget_tags,
            "TagResource": _tag_budget,
            "UntagResource": _untag_budget,
        },
    ),
    *_rows(
        "service-quotas",
        "moto knows the quotas of a VPC only; a request for more is remembered and stays pending",
        {
            "GetServiceQuota": _quota,
            "GetAWSDefaultServiceQuota": _default_quota,
            "RequestServiceQuotaIncrease": _request_quota,
            "GetRequestedServiceQuotaChange": _quota_request,
        },
    ),
    *_rows(
        "lambda",
        "moto has no provisioned concurrency; it is remembered and ready at once",
        {
            "PutProvisionedConcurrencyConfig": _provision,
            "GetProvisionedConcurrencyConfig": _provisioned,
            "DeleteProvisionedConcurrencyConfig": _unprovision,
        },
    ),
    *_rows(
        "logs",
        "moto has no saved queries; they are remembered and never run",
        {
            "PutQueryDefinition": _save_query,
            "DescribeQueryDefinitions": _saved_queries,
            "DeleteQueryDefinition": _drop_query,
        },
    ),
    *_rows(
        "codedeploy",
        "moto can make applications and deployment groups, not delete them",
        {"DeleteDeploymentGroup": _drop_deployment_group, "DeleteApplication": _drop_application},
    ),
    *_rows(
        "xray",
        "moto has no groups of traces; they are remembered and filter nothing",
        {
            "CreateGroup": _trace,
            "GetGroup": lambda asked: {"Group": _traced(asked)},
            "GetGroups": lambda asked: {"Groups": list(asked.memory("trace groups").values())},
            "UpdateGroup": _trace_anew,
            "DeleteGroup": _drop_trace,
            "ListTagsForResource": _trace_tags,
            "TagResource": _tag_trace,
        },
    ),
    *_anomaly_rows("AnomalyMonitor"),
    *_anomaly_rows("AnomalySubscription"),
    *_rows(
        "ce",
        "moto's Cost Explorer has no tags of anomaly monitors; they are remembered",
        {"ListTagsForResource": _cost_tags, "TagResource": _tag_cost, "UntagResource": _untag_cost},
    ),
    Absent("cloudwatch", "PutCompositeAlarm", _composite, "moto describes composite alarms and has no way to make one"),
)
