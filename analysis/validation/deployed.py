"""What the emulator has, read back through its API and held against the resolved architecture, attribute by attribute.

Terraform's own second plan compares the provider's view with its state; this compares moto's answers with our model of the same
code, so that neither the provider nor the model is its own judge. Nor is our own front: it stands aside for these calls, so an
attribute that moto drops and the front gives back differs here, and is read by no row. What a patch or an operation of ours puts
into moto's own store is read by no row either: composite alarms, the description of a rule that names a group, the number of a
replication group's members, and what a replica does not take from its source. A new kind of resource is a row of `CHECKS`: its
Terraform type and a function that reads it and says what it found in the words of that type's arguments.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias
from urllib.parse import unquote

import boto3
import botocore.config
from botocore.exceptions import ClientError

from analysis.architecture import Architecture, Resource, Unknown, Value
from analysis.emulator import AS_MOTO_HAS_IT, Emulator

Values: TypeAlias = Mapping[str, Any]
Reading: TypeAlias = Mapping[str, Any] | None
"""A resource as the emulator has it, in the words of its Terraform type; None where it has it no more."""


@dataclass(frozen=True, eq=False)
class Moto:
    """Clients of one emulator whose every call moto answers by itself, without what our front remembers or mends."""

    emulator: Emulator

    @cache  # noqa: B019 - it lives as long as the run
    def client(self, service: str) -> Any:
        """A client of boto3."""
        config = botocore.config.Config(retries={"total_max_attempts": 1}, read_timeout=120)
        factory: Any = boto3.client
        client = factory(service, config=config, **self.emulator.client_arguments())
        client.meta.events.register("before-sign", _as_moto_has_it)
        return client


def _as_moto_has_it(request: Any, **_named: Any) -> None:
    request.headers[AS_MOTO_HAS_IT] = "1"


@dataclass(frozen=True, slots=True)
class Check:
    """How resources of one Terraform type are read, and under which subject they are counted."""

    subject: str
    type: str
    read: Callable[[Moto, Values], Reading]


@dataclass(frozen=True, slots=True)
class Compared:
    """One attribute of one resource: what the architecture says, what the emulator has, and whether they agree."""

    subject: str
    address: str
    attribute: str
    wanted: Any
    found: Any
    agrees: bool

    def __str__(self) -> str:
        return (
            f"{self.address}.{self.attribute}: the code says {_text(self.wanted)}, the emulator has {_text(self.found)}"
        )


def compared(architecture: Architecture, state: Mapping[str, Any], moto: Moto) -> tuple[Compared, ...]:
    """Every attribute of every resource that some row of `CHECKS` reads, in the order of the architecture.

    `state` is what `AppliedStack.state` gives: identifiers that exist only after an apply are taken from it. A resource that the
    emulator does not have is one row, of the attribute `exists`.
    """
    applied = attributes(state)
    rows: list[Compared] = []
    for resource in architecture.resources:
        for check in CHECKS_OF.get(resource.type, ()):
            wanted = {name: settled(value, applied) for name, value in resource.values.items()}
            found = _read(check, moto, _named(wanted) | _identity(applied, resource))
            if found is None:
                rows.append(Compared(check.subject, resource.address, "exists", True, False, agrees=False))
                continue
            rows += [
                Compared(
                    check.subject, resource.address, name, wanted.get(name), value, agrees(wanted.get(name), value)
                )
                for name, value in found.items()
            ]
    return tuple(rows)


def left_over(architecture: Architecture, state: Mapping[str, Any], moto: Moto) -> tuple[str, ...]:
    """The addresses of the resources that the emulator still has; `state` is that of before the destroy."""
    applied = attributes(state)
    found = []
    for resource in architecture.resources:
        for check in CHECKS_OF.get(resource.type, ()):
            wanted = {name: settled(value, applied) for name, value in resource.values.items()}
            if _read(check, moto, _named(wanted) | _identity(applied, resource)) is not None:
                found.append(resource.address)
    return tuple(dict.fromkeys(found))


def strangers(architecture: Architecture, state: Mapping[str, Any], moto: Moto) -> tuple[str, ...]:
    """What the account holds although no line of the code asks for it, as `type name`."""
    applied = attributes(state)
    found = []
    for kind, name_of, held in INVENTORIES:
        values = (one.values.get(name_of) for one in architecture.resources if one.type in kind)
        wanted = _named({str(index): settled(value, applied) for index, value in enumerate(values)}).values()
        found += [f"{kind[0]} {name}" for name in held(moto) if name not in wanted]
    return tuple(sorted(found))


def unread(architecture: Architecture) -> Mapping[str, int]:
    """How many resources there are of each type that no row of `CHECKS` reads; only the second plan speaks for them."""
    counted = Counter(resource.type for resource in architecture.resources if resource.type not in CHECKS_OF)
    return dict(sorted(counted.items()))


# ---- what is wanted -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Open:
    """A value that only an apply makes known: what is known of it is its beginning, and an identifier that it is or holds."""

    prefix: str = ""
    holds: str = ""

    def fits(self, found: Any) -> bool:
        """Whether the emulator's value can be this one; an identifier counts only as a whole, not as a part of a longer one."""
        if not self.prefix and not self.holds:
            return True
        whole = rf"(?<![\w-]){re.escape(self.holds)}(?![\w-])" if self.holds else ""
        return isinstance(found, str) and found.startswith(self.prefix) and re.search(whole, found) is not None


def attributes(state: Mapping[str, Any]) -> Mapping[str, Values]:
    """Every resource of a state (`terraform show -json`) by address, with its attributes."""
    found: dict[str, Values] = {}

    def walk(module: Mapping[str, Any]) -> None:
        found.update({item["address"]: item["values"] for item in module.get("resources", ())})
        for child in module.get("child_modules", ()):
            walk(child)

    walk((state.get("values") or {}).get("root_module") or {})
    return found


def settled(value: Value, applied: Mapping[str, Values]) -> Any:
    """The value with what the apply made known put in; what stays open is an `Open`."""
    if isinstance(value, Unknown):
        if value.partial is not None:
            return settled(value.partial, applied)
        address, _, attribute = value.reference.rpartition(".")
        known = applied.get(address, {}).get(attribute)
        if isinstance(known, str) or value.prefix or not isinstance(known, int | bool):
            return Open(value.prefix, known if isinstance(known, str) else "")
        return known
    if isinstance(value, Mapping):
        return {name: settled(item, applied) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [settled(item, applied) for item in value]
    return value


def agrees(wanted: Any, found: Any) -> bool:
    """Whether the emulator has what is wanted, however each spells numbers, JSON, absence and the order of a set."""
    wanted, found = _canonical(wanted), _canonical(found)
    if isinstance(wanted, Open):
        return wanted.fits(found)
    if isinstance(wanted, dict) and isinstance(found, dict):
        return wanted.keys() == found.keys() and all(agrees(item, found[name]) for name, item in wanted.items())
    if isinstance(wanted, list) and isinstance(found, list):
        return len(wanted) == len(found) and _paired(wanted, found)
    return bool(wanted == found) or (_absent(wanted) and _absent(found))


def _paired(wanted: Sequence[Any], found: Sequence[Any]) -> bool:
    left = list(found)
    for item in sorted(wanted, key=_openness):
        match = next((index for index, other in enumerate(left) if agrees(item, other)), None)
        if match is None:
            return False
        del left[match]
    return True


def _openness(value: Any) -> int:
    """How many leaves are open: what is fully known chooses its partner first."""
    if isinstance(value, Open):
        return 1
    if isinstance(value, Mapping):
        return sum(_openness(item) for item in value.values())
    return sum(_openness(item) for item in value) if isinstance(value, list) else 0


def _canonical(value: Any) -> Any:
    if isinstance(value, Mapping):
        kept = {name: _canonical(item) for name, item in value.items()}
        return {name: item for name, item in kept.items() if not _absent(item)} or None
    if isinstance(value, list | tuple):
        return [item for item in map(_canonical, value) if item is not None] or None
    if isinstance(value, bool) or value in {"true", "false"}:
        return str(value).lower() == "true"
    if isinstance(value, str):
        if value[:1] in {"{", "["}:
            try:
                return _canonical(json.loads(value))
            except ValueError:
                return value
        try:
            return float(value)
        except ValueError:
            return value or None
    return float(value) if isinstance(value, int) else value


def _absent(value: Any) -> bool:
    return value is None or value is False or value == ""


def _named(wanted: Values) -> dict[str, Any]:
    """The values with which the emulator is asked: an identifier in place of what is open."""
    return {name: value.holds if isinstance(value, Open) else value for name, value in wanted.items()}


def _identity(applied: Mapping[str, Values], resource: Resource) -> dict[str, Any]:
    """The names that the resource was given, which its reader may need."""
    state = applied.get(resource.address, {})
    return {f"_{name}": state.get(name) for name in ("id", "arn", "security_group_rule_id")}


def _read(check: Check, moto: Moto, values: Values) -> Reading:
    try:
        return check.read(moto, values)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in GONE:
            return None
        raise


# ---- what is there ------------------------------------------------------------------------------------------------------------

# How the services say that something does not exist.
GONE = frozenset(
    (
        "CacheClusterNotFound",
        "ClusterNotFoundException",
        "DBInstanceNotFound",
        "DBInstanceNotFoundFault",
        "DashboardNotFoundError",
        "InvalidGroup.NotFound",
        "InvalidSecurityGroupRuleId.NotFound",
        "ListenerNotFound",
        "LoadBalancerNotFound",
        "NoSuchBucket",
        "NoSuchBucketPolicy",
        "NoSuchDistribution",
        "NoSuchLifecycleConfiguration",
        "NoSuchPublicAccessBlockConfiguration",
        "NotFound",
        "NotFoundException",
        "ObjectNotFoundException",
        "OwnershipControlsNotFoundError",
        "ReplicationGroupNotFoundFault",
        "ResourceNotFound",
        "ResourceNotFoundException",
        "ServerSideEncryptionConfigurationNotFoundError",
        "TargetGroupNotFound",
    )
)


def _pairs(items: Iterable[Mapping[str, Any]], name: str = "Name", value: str = "Value") -> dict[str, Any]:
    return {item[name]: item.get(value) for item in items}


def _taken(found: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Terraform's name of each argument -> what the API has under its own."""
    return {ours: found.get(theirs) for ours, theirs in names.items()}


ALARM = {
    "alarm_description": "AlarmDescription",
    "namespace": "Namespace",
    "metric_name": "MetricName",
    "statistic": "Statistic",
    "extended_statistic": "ExtendedStatistic",
    "period": "Period",
    "comparison_operator": "ComparisonOperator",
    "threshold": "Threshold",
    "evaluation_periods": "EvaluationPeriods",
    "datapoints_to_alarm": "DatapointsToAlarm",
    "treat_missing_data": "TreatMissingData",
    "actions_enabled": "ActionsEnabled",
    "alarm_actions": "AlarmActions",
    "ok_actions": "OKActions",
    "insufficient_data_actions": "InsufficientDataActions",
    "threshold_metric_id": "ThresholdMetricId",
}


def _metric_alarm(moto: Moto, values: Values) -> Reading:
    found = moto.client("cloudwatch").describe_alarms(AlarmNames=[values["alarm_name"]], AlarmTypes=["MetricAlarm"])[
        "MetricAlarms"
    ]
    if not found:
        return None
    alarm = found[0]
    return _taken(alarm, ALARM) | {
        "dimensions": _pairs(alarm.get("Dimensions", ())),
        "metric_query": [_metric_query(query) for query in alarm.get("Metrics", ())],
    }


def _metric_query(query: Mapping[str, Any]) -> dict[str, Any]:
    stat = query.get("MetricStat")
    metric = stat and {
        "namespace": stat["Metric"].get("Namespace"),
        "metric_name": stat["Metric"].get("MetricName"),
        "dimensions": _pairs(stat["Metric"].get("Dimensions", ())),
        "stat": stat.get("Stat"),
        "period": stat.get("Period"),
        "unit": stat.get("Unit"),
    }
    names = {"id": "Id", "expression": "Expression", "label": "Label", "return_data": "ReturnData", "period": "Period"}
    return _taken(query, names) | {"metric": [metric] if metric else []}


def _dashboard(moto: Moto, values: Values) -> Reading:
    return {
        "dashboard_body": moto.client("cloudwatch").get_dashboard(DashboardName=values["dashboard_name"])[
            "DashboardBody"
        ]
    }


def _scaling_target(moto: Moto, values: Values) -> Reading:
    answer = moto.client("application-autoscaling").describe_scalable_targets(
        ServiceNamespace=values["service_namespace"],
        ResourceIds=[values["resource_id"]],
        ScalableDimension=values["scalable_dimension"],
    )
    found = answer["ScalableTargets"]
    return None if not found else _taken(found[0], {"min_capacity": "MinCapacity", "max_capacity": "MaxCapacity"})


def _scaling_policy(moto: Moto, values: Values) -> Reading:
    answer = moto.client("application-autoscaling").describe_scaling_policies(
        ServiceNamespace=values["service_namespace"],
        ResourceId=values["resource_id"],
        ScalableDimension=values["scalable_dimension"],
    )
    policy = next((one for one in answer["ScalingPolicies"] if one["PolicyName"] == values["name"]), None)
    if policy is None:
        return None
    found: dict[str, Any] = {"policy_type": policy["PolicyType"]}
    tracking = policy.get("TargetTrackingScalingPolicyConfiguration")
    if tracking:
        names = {
            "target_value": "TargetValue",
            "scale_in_cooldown": "ScaleInCooldown",
            "scale_out_cooldown": "ScaleOutCooldown",
            "disable_scale_in": "DisableScaleIn",
        }
        configuration = _taken(tracking, names)
        if predefined := tracking.get("PredefinedMetricSpecification"):
            metric = {"predefined_metric_type": "PredefinedMetricType", "resource_label": "ResourceLabel"}
            configuration["predefined_metric_specification"] = [_taken(predefined, metric)]
        if customized := tracking.get("CustomizedMetricSpecification"):
            metric = {"metric_name": "MetricName", "namespace": "Namespace", "statistic": "Statistic", "unit": "Unit"}
            dimensions = [_taken(one, {"name": "Name", "value": "Value"}) for one in customized.get("Dimensions", ())]
            configuration["customized_metric_specification"] = [_taken(customized, metric) | {"dimensions": dimensions}]
        found["target_tracking_scaling_policy_configuration"] = [configuration]
    steps = policy.get("StepScalingPolicyConfiguration")
    if steps:
        names = {
            "adjustment_type": "AdjustmentType",
            "cooldown": "Cooldown",
            "metric_aggregation_type": "MetricAggregationType",
            "min_adjustment_magnitude": "MinAdjustmentMagnitude",
        }
        step = {
            "metric_interval_lower_bound": "MetricIntervalLowerBound",
            "metric_interval_upper_bound": "MetricIntervalUpperBound",
            "scaling_adjustment": "ScalingAdjustment",
        }
        found["step_scaling_policy_configuration"] = [
            _taken(steps, names) | {"step_adjustment": [_taken(one, step) for one in steps.get("StepAdjustments", ())]}
        ]
    return found


def _scheduled_action(moto: Moto, values: Values) -> Reading:
    answer = moto.client("application-autoscaling").describe_scheduled_actions(
        ServiceNamespace=values["service_namespace"],
        ScheduledActionNames=[values["name"]],
        ResourceId=values["resource_id"],
        ScalableDimension=values["scalable_dimension"],
    )
    found = answer["ScheduledActions"]
    if not found:
        return None
    names = {"min_capacity": "MinCapacity", "max_capacity": "MaxCapacity"}
    return _taken(found[0], {"schedule": "Schedule", "timezone": "Timezone"}) | {
        "scalable_target_action": [_taken(found[0].get("ScalableTargetAction", {}), names)]
    }


def _bucket_policy(moto: Moto, values: Values) -> Reading:
    return {"policy": moto.client("s3").get_bucket_policy(Bucket=values["bucket"])["Policy"]}


def _bucket_lifecycle(moto: Moto, values: Values) -> Reading:
    rules = moto.client("s3").get_bucket_lifecycle_configuration(Bucket=values["bucket"])["Rules"]
    return {"rule": [_lifecycle_rule(rule) for rule in rules]}


def _lifecycle_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    def block(name: str, names: Mapping[str, str]) -> list[dict[str, Any]]:
        found = rule.get(name)
        return [_taken(one, names) for one in (found if isinstance(found, list) else [found] if found else [])]

    days = {"days": "Days", "storage_class": "StorageClass"}
    old_days = {"noncurrent_days": "NoncurrentDays", "storage_class": "StorageClass"}
    return {
        "id": rule.get("ID"),
        "status": rule.get("Status"),
        "filter": [{"prefix": (rule.get("Filter") or {}).get("Prefix", "")}],
        "transition": block("Transitions", days),
        "expiration": block(
            "Expiration", {"days": "Days", "expired_object_delete_marker": "ExpiredObjectDeleteMarker"}
        ),
        "noncurrent_version_transition": block("NoncurrentVersionTransitions", old_days),
        "noncurrent_version_expiration": block("NoncurrentVersionExpiration", {"noncurrent_days": "NoncurrentDays"}),
        "abort_incomplete_multipart_upload": block(
            "AbortIncompleteMultipartUpload", {"days_after_initiation": "DaysAfterInitiation"}
        ),
    }


def _bucket_versioning(moto: Moto, values: Values) -> Reading:
    found = moto.client("s3").get_bucket_versioning(Bucket=values["bucket"])
    return {"versioning_configuration": [{"status": found.get("Status"), "mfa_delete": found.get("MFADelete")}]}


def _bucket_encryption(moto: Moto, values: Values) -> Reading:
    found = moto.client("s3").get_bucket_encryption(Bucket=values["bucket"])["ServerSideEncryptionConfiguration"][
        "Rules"
    ]
    names = {"sse_algorithm": "SSEAlgorithm", "kms_master_key_id": "KMSMasterKeyID"}
    return {
        "rule": [
            {
                "apply_server_side_encryption_by_default": [
                    _taken(rule.get("ApplyServerSideEncryptionByDefault", {}), names)
                ],
                "bucket_key_enabled": rule.get("BucketKeyEnabled"),
            }
            for rule in found
        ]
    }


def _bucket_public_access(moto: Moto, values: Values) -> Reading:
    found = moto.client("s3").get_public_access_block(Bucket=values["bucket"])["PublicAccessBlockConfiguration"]
    return _taken(
        found,
        {
            "block_public_acls": "BlockPublicAcls",
            "block_public_policy": "BlockPublicPolicy",
            "ignore_public_acls": "IgnorePublicAcls",
            "restrict_public_buckets": "RestrictPublicBuckets",
        },
    )


def _bucket(moto: Moto, values: Values) -> Reading:
    try:
        moto.client("s3").head_bucket(Bucket=values["bucket"])
    except ClientError as error:
        if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 404:
            return None
        raise
    return {"bucket": values["bucket"]}


def _secret(moto: Moto, values: Values) -> Reading:
    found = moto.client("secretsmanager").describe_secret(SecretId=values["_arn"] or values["name"])
    if found.get("DeletedDate"):  # it can be taken back for the days of the recovery window, and cannot be read
        return None
    return _taken(found, {"name": "Name", "description": "Description", "kms_key_id": "KmsKeyId"})


def _secret_rotation(moto: Moto, values: Values) -> Reading:
    found = moto.client("secretsmanager").describe_secret(SecretId=values["secret_id"])
    if found.get("DeletedDate") or not found.get("RotationEnabled"):
        return None
    rules = {
        "automatically_after_days": "AutomaticallyAfterDays",
        "schedule_expression": "ScheduleExpression",
        "duration": "Duration",
    }
    return {
        "rotation_lambda_arn": found.get("RotationLambdaARN"),
        "rotation_rules": [_taken(found.get("RotationRules", {}), rules)],
    }


def _security_group(moto: Moto, values: Values) -> Reading:
    found = moto.client("ec2").describe_security_groups(GroupIds=[values["_id"]])["SecurityGroups"]
    return (
        None if not found else _taken(found[0], {"name": "GroupName", "description": "Description", "vpc_id": "VpcId"})
    )


def _security_group_rule(*, egress: bool) -> Callable[[Moto, Values], Reading]:
    def read(moto: Moto, values: Values) -> Reading:
        found = moto.client("ec2").describe_security_group_rules(
            SecurityGroupRuleIds=[values["_security_group_rule_id"]]
        )
        rules = [rule for rule in found["SecurityGroupRules"] if bool(rule.get("IsEgress")) is egress]
        if not rules:
            return None
        names = {
            "security_group_id": "GroupId",
            "ip_protocol": "IpProtocol",
            "cidr_ipv4": "CidrIpv4",
            "cidr_ipv6": "CidrIpv6",
            "prefix_list_id": "PrefixListId",
        }
        ports = {"from_port": "FromPort", "to_port": "ToPort"} if rules[0].get("IpProtocol") != "-1" else {}
        referenced = rules[0].get("ReferencedGroupInfo", {}).get("GroupId")
        by_address = rules[0].get("CidrIpv4") or rules[0].get(
            "CidrIpv6"
        )  # of any other rule moto drops the description
        text = {"description": "Description"} if by_address else {}
        return _taken(rules[0], names | ports | text) | {"referenced_security_group_id": referenced}

    return read


def _service(moto: Moto, values: Values) -> Reading:
    found = moto.client("ecs").describe_services(cluster=values["cluster"], services=[values["name"]])["services"]
    if not found or found[0].get("status") == "INACTIVE":
        return None
    service = found[0]
    network = service.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    read = _taken(
        service,
        {
            "task_definition": "taskDefinition",
            "launch_type": "launchType",
            "desired_count": "desiredCount",
        },
    )
    return read | {
        "network_configuration": [
            {
                "assign_public_ip": network.get("assignPublicIp") == "ENABLED",
                "security_groups": network.get("securityGroups"),
                "subnets": network.get("subnets"),
            }
        ],
        "load_balancer": [
            _taken(
                one,
                {
                    "container_name": "containerName",
                    "container_port": "containerPort",
                    "target_group_arn": "targetGroupArn",
                },
            )
            for one in service.get("loadBalancers", ())
        ],
    }


def _database(moto: Moto, values: Values) -> Reading:
    found = moto.client("rds").describe_db_instances(DBInstanceIdentifier=values["identifier"])["DBInstances"]
    if not found:
        return None
    database = found[0]
    names = {
        "instance_class": "DBInstanceClass",
        "storage_encrypted": "StorageEncrypted",
        "publicly_accessible": "PubliclyAccessible",
        "deletion_protection": "DeletionProtection",
        "copy_tags_to_snapshot": "CopyTagsToSnapshot",
        "monitoring_interval": "MonitoringInterval",
        "maintenance_window": "PreferredMaintenanceWindow",
    }
    own = {
        "allocated_storage": "AllocatedStorage",
        "max_allocated_storage": "MaxAllocatedStorage",
        "engine": "Engine",
        "engine_version": "EngineVersion",
        "multi_az": "MultiAZ",
        "backup_retention_period": "BackupRetentionPeriod",
        "backup_window": "PreferredBackupWindow",
    }
    replica = values.get("replicate_source_db") is not None
    # A window that the code leaves open is AWS's to choose, and a replica takes the rest from its source.
    wanted = {
        ours: theirs for ours, theirs in (names if replica else names | own).items() if values.get(ours) is not None
    }
    return _taken(database, wanted) | {
        "vpc_security_group_ids": [one.get("VpcSecurityGroupId") for one in database.get("VpcSecurityGroups", ())]
    }


def _replication_group(moto: Moto, values: Values) -> Reading:
    found = moto.client("elasticache").describe_replication_groups(ReplicationGroupId=values["replication_group_id"])
    groups = found["ReplicationGroups"]
    if not groups:
        return None
    group = groups[0]
    return {
        "description": group.get("Description"),
        "node_type": group.get("CacheNodeType"),
        "automatic_failover_enabled": group.get("AutomaticFailover") == "enabled",
        "multi_az_enabled": group.get("MultiAZ") == "enabled",
        "at_rest_encryption_enabled": group.get("AtRestEncryptionEnabled"),
        "transit_encryption_enabled": group.get("TransitEncryptionEnabled"),
        "snapshot_retention_limit": group.get("SnapshotRetentionLimit"),
    }


def _load_balancer(moto: Moto, values: Values) -> Reading:
    found = moto.client("elbv2").describe_load_balancers(LoadBalancerArns=[values["_arn"]])["LoadBalancers"]
    if not found:
        return None
    held = moto.client("elbv2").describe_load_balancer_attributes(LoadBalancerArn=values["_arn"])["Attributes"]
    options = _pairs(held, "Key")
    return {
        "name": found[0].get("LoadBalancerName"),
        "load_balancer_type": found[0].get("Type"),
        "internal": found[0].get("Scheme") == "internal",
        "security_groups": found[0].get("SecurityGroups"),
        "subnets": [zone.get("SubnetId") for zone in found[0].get("AvailabilityZones", ())],
        "idle_timeout": options.get("idle_timeout.timeout_seconds"),
        "enable_deletion_protection": options.get("deletion_protection.enabled"),
        "drop_invalid_header_fields": options.get("routing.http.drop_invalid_header_fields.enabled"),
    }


def _target_group(moto: Moto, values: Values) -> Reading:
    found = moto.client("elbv2").describe_target_groups(TargetGroupArns=[values["_arn"]])["TargetGroups"]
    if not found:
        return None
    group = found[0]
    options = _pairs(
        moto.client("elbv2").describe_target_group_attributes(TargetGroupArn=values["_arn"])["Attributes"], "Key"
    )
    health = {
        "enabled": "HealthCheckEnabled",
        "path": "HealthCheckPath",
        "port": "HealthCheckPort",
        "protocol": "HealthCheckProtocol",
        "interval": "HealthCheckIntervalSeconds",
        "timeout": "HealthCheckTimeoutSeconds",
        "healthy_threshold": "HealthyThresholdCount",
        "unhealthy_threshold": "UnhealthyThresholdCount",
    }
    asked = (values.get("health_check") or [{}])[0]
    # Without a matcher in the code, the codes are AWS's to choose.
    matcher = {"matcher": group.get("Matcher", {}).get("HttpCode")} if asked.get("matcher") else {}
    return _taken(group, {"port": "Port", "protocol": "Protocol", "target_type": "TargetType", "vpc_id": "VpcId"}) | {
        "health_check": [_taken(group, health) | matcher],
        "deregistration_delay": options.get("deregistration_delay.timeout_seconds"),
        "slow_start": options.get("slow_start.duration_seconds", "0"),
    }


def _topic_policy(moto: Moto, values: Values) -> Reading:
    return {"policy": moto.client("sns").get_topic_attributes(TopicArn=values["arn"])["Attributes"].get("Policy")}


def _log_group(moto: Moto, values: Values) -> Reading:
    found = moto.client("logs").describe_log_groups(logGroupNamePrefix=values["name"])["logGroups"]
    group = next((one for one in found if one.get("logGroupName") == values["name"]), None)
    return None if group is None else _taken(group, {"name": "logGroupName", "retention_in_days": "retentionInDays"})


def _distribution(moto: Moto, values: Values) -> Reading:
    found = moto.client("cloudfront").get_distribution(Id=values["_id"])["Distribution"]["DistributionConfig"]
    read = _taken(
        found,
        {
            "enabled": "Enabled",
            "is_ipv6_enabled": "IsIPV6Enabled",
            "http_version": "HttpVersion",
            "comment": "Comment",
            "price_class": "PriceClass",
            "web_acl_id": "WebACLId",
        },
    )
    return read | {"aliases": found.get("Aliases", {}).get("Items")}


CHECKS: tuple[Check, ...] = (
    Check("alarms", "aws_cloudwatch_metric_alarm", _metric_alarm),
    Check("scaling", "aws_appautoscaling_target", _scaling_target),
    Check("scaling", "aws_appautoscaling_policy", _scaling_policy),
    Check("scaling", "aws_appautoscaling_scheduled_action", _scheduled_action),
    Check("buckets", "aws_s3_bucket", _bucket),
    Check("buckets", "aws_s3_bucket_policy", _bucket_policy),
    Check("buckets", "aws_s3_bucket_lifecycle_configuration", _bucket_lifecycle),
    Check("buckets", "aws_s3_bucket_versioning", _bucket_versioning),
    Check("buckets", "aws_s3_bucket_server_side_encryption_configuration", _bucket_encryption),
    Check("buckets", "aws_s3_bucket_public_access_block", _bucket_public_access),
    Check("dashboards", "aws_cloudwatch_dashboard", _dashboard),
    Check("secrets", "aws_secretsmanager_secret", _secret),
    Check("secrets", "aws_secretsmanager_secret_rotation", _secret_rotation),
    Check("security groups", "aws_security_group", _security_group),
    Check("security groups", "aws_vpc_security_group_ingress_rule", _security_group_rule(egress=False)),
    Check("security groups", "aws_vpc_security_group_egress_rule", _security_group_rule(egress=True)),
    Check("service", "aws_ecs_service", _service),
    Check("service", "aws_lb", _load_balancer),
    Check("service", "aws_lb_target_group", _target_group),
    Check("service", "aws_cloudfront_distribution", _distribution),
    Check("data", "aws_db_instance", _database),
    Check("data", "aws_elasticache_replication_group", _replication_group),
    Check("messages", "aws_sns_topic_policy", _topic_policy),
    Check("messages", "aws_cloudwatch_log_group", _log_group),
)

CHECKS_OF: Mapping[str, tuple[Check, ...]] = {
    check.type: tuple(one for one in CHECKS if one.type == check.type) for check in CHECKS
}


def _alarm_names(moto: Moto) -> Iterable[str]:
    for page in (
        moto.client("cloudwatch")
        .get_paginator("describe_alarms")
        .paginate(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    ):
        for alarm in (*page.get("MetricAlarms", ()), *page.get("CompositeAlarms", ())):
            name = alarm["AlarmName"]
            if not name.startswith("TargetTracking-"):  # made and owned by Application Auto Scaling
                yield name


# Terraform types, the argument that names the thing, and every such thing in the account.
INVENTORIES: tuple[tuple[tuple[str, ...], str, Callable[[Moto], Iterable[str]]], ...] = (
    (("aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm"), "alarm_name", _alarm_names),
    (
        ("aws_cloudwatch_dashboard",),
        "dashboard_name",
        lambda moto: [one["DashboardName"] for one in moto.client("cloudwatch").list_dashboards()["DashboardEntries"]],
    ),
    (("aws_s3_bucket",), "bucket", lambda moto: [one["Name"] for one in moto.client("s3").list_buckets()["Buckets"]]),
    (
        ("aws_secretsmanager_secret",),
        "name",
        lambda moto: [one["Name"] for one in moto.client("secretsmanager").list_secrets()["SecretList"]],
    ),
    (
        ("aws_db_instance",),
        "identifier",
        lambda moto: [one["DBInstanceIdentifier"] for one in moto.client("rds").describe_db_instances()["DBInstances"]],
    ),
    (
        ("aws_security_group",),
        "name",
        lambda moto: [
            one["GroupName"]
            for one in moto.client("ec2").describe_security_groups()["SecurityGroups"]
            if one["GroupName"] != "default"
        ],
    ),
)


def _text(value: Any) -> str:
    text = unquote(json.dumps(value, default=str, ensure_ascii=False, sort_keys=True))
    return text if len(text) <= 200 else f"{text[:199]}…"
