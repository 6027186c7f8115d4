"""Answers that somebody reads during an incident, where moto gives another than AWS: filters it ignores, states it never shows.

These are edits like those of `edits`; they stand apart because Terraform does not ask for them and a runbook does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from analysis.emulator.rows import Asked, Document, Edit


def _alarms(asked: Asked, document: Document) -> Document:
    """Alarms by name, of the state and the beginning that were asked for."""
    state, prefix = asked.parameters.get("StateValue"), asked.parameters.get("AlarmNamePrefix") or ""
    # Without types AWS gives metric alarms only.
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
    types = asked.parameters.get("AlarmTypes") or ["MetricAlarm"]
    for kind in ("MetricAlarms", "CompositeAlarms"):
        if kind[:-1] not in types:
            document[kind] = []
        kept = [
            alarm
            for alarm in document.get(kind, ())
            if alarm["AlarmName"].startswith(prefix) and state in {None, alarm["StateValue"]}
        ]
        document[kind] = sorted(kept, key=lambda alarm: str(alarm["AlarmName"]))
    return document


def _suspended(_asked: Asked, document: Document) -> Document:
    """Scalable targets with the state of their suspension, which is nothing suspended unless somebody said so."""
    nothing = dict.fromkeys(
        ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended"), False
    )
    for target in document.get("ScalableTargets", ()):
        target["SuspendedState"] = nothing | {
            name: value for name, value in (target.get("SuspendedState") or {}).items() if value is not None
        }
    return document


def _restored(asked: Asked, document: Document) -> Document:
    """An instance that is being made out of a copy; it is protected from deletion only where that was asked for."""
    protected = bool(asked.parameters.get("DeletionProtection"))
    asked.backend("rds").databases[document["DBInstance"]["DBInstanceIdentifier"]].deletion_protection = protected
    document["DBInstance"] |= {"DBInstanceStatus": "creating", "DeletionProtection": protected}
    return document


def _snapshot_begun(_asked: Asked, document: Document) -> Document:
    """A snapshot that is being made; the next look finds it available, as in moto."""
    document["DBSnapshot"] |= {"Status": "creating", "PercentProgress": 0}
    return document


def _snapshot_deleted(_asked: Asked, document: Document) -> Document:
    """A snapshot that is gone, in the word that RDS says it with."""
    document["DBSnapshot"]["Status"] = "deleted"
    return document


def _rebooted(asked: Asked, document: Document) -> Document:
    """An instance that reboots; with a failover its standby's zone is its own from now on."""
    document["DBInstance"]["DBInstanceStatus"] = "rebooting"
    if asked.parameters.get("ForceFailover"):
        instance = asked.backend("rds").databases[asked.parameters["DBInstanceIdentifier"]]
        zones = sorted({f"{asked.region}a", f"{asked.region}b"} - {instance.availability_zone})
        instance.availability_zone = zones[0]
    return document


def _modifying(_asked: Asked, document: Document) -> Document:
    """A replication group that is being changed; the next look finds it available, as in moto."""
    document["ReplicationGroup"]["Status"] = "modifying"
    return document


def _renamed(asked: Asked, document: Document) -> Document:
    """A change of name that is pending while AWS makes it."""
    if name := asked.parameters.get("NewDBInstanceIdentifier"):
        document["DBInstance"].setdefault("PendingModifiedValues", {})["DBInstanceIdentifier"] = name
    return document


def _replicating(_asked: Asked, document: Document) -> Document:
    """Replicas that say how they follow their primary."""
    for instance in document.get("DBInstances", ()):
        if instance.get("ReadReplicaSourceDBInstanceIdentifier"):
            instance["StatusInfos"] = [{"StatusType": "read replication", "Normal": True, "Status": "replicating"}]
    return document


def _completed(_asked: Asked, document: Document) -> Document:
    """An invalidation in the words of CloudFront, which its waiter compares."""
    document["Invalidation"]["Status"] = "Completed"
    return document


def _invalidating(_asked: Asked, document: Document) -> Document:
    """An invalidation that is under way; the next look finds it completed."""
    document["Invalidation"]["Status"] = "InProgress"
    return document


def _all_completed(_asked: Asked, document: Document) -> Document:
    """Invalidations in the words of CloudFront."""
    for item in document.get("InvalidationList", {}).get("Items") or ():
        item["Status"] = "Completed"
    return document


def _under_way(_asked: Asked, document: Document) -> Document:
    """A deployment of a function that goes on until somebody stops it."""
    if document["deploymentInfo"].get("status") == "Created":
        document["deploymentInfo"]["status"] = "InProgress"
    return document


# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html#matching-terms-json
_ONE_FIELD = re.compile(r'\{\s*\$\.([\w.]+)\s*(!?=)\s*(?:"([^"]*)"|([\w.-]+))\s*\}')


def _matching(asked: Asked, document: Document) -> Document:
    """The lines of JSON whose field is, or is not, what the pattern says; another pattern of JSON finds all of them."""
    pattern = _ONE_FIELD.fullmatch(str(asked.parameters.get("filterPattern") or "").strip())
    if pattern:
        path, sign, quoted, bare = pattern.groups()
        wanted = quoted if quoted is not None else bare
        kept = []
        for event in document.get("events", ()):
            value = _field(event["message"], path.split("."))
            if value is not None and (str(value) == wanted) == (sign == "="):
                kept.append(event)
        document["events"] = kept
    return document


def _field(line: str, path: list[str]) -> Any:
    """What a line of JSON has at a path; None where it is none or has nothing there."""
    try:
        value = json.loads(line)
    except ValueError:
        return None
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _row(service: str, operation: str, edit: Callable[[Asked, Any], Any], why: str) -> Edit:
    return Edit(service, operation, edit, why)


ROWS: tuple[Edit, ...] = (
    _row(
        "cloudwatch",
        "DescribeAlarms",
        _alarms,
        "moto does not filter by state and prefix together, and sorts by nothing",
    ),
    _row("application-autoscaling", "DescribeScalableTargets", _suspended, "moto leaves out what is not suspended"),
    _row(
        "rds", "RebootDBInstance", _rebooted, "in moto an instance is available while it reboots, and never fails over"
    ),
    _row("elasticache", "ModifyReplicationGroup", _modifying, "in moto a group is available while it is changed"),
    *(
        _row("rds", name, _restored, "in moto an instance is available before it is made, and protected as its source")
        for name in ("RestoreDBInstanceFromDBSnapshot", "RestoreDBInstanceToPointInTime")
    ),
    _row("rds", "CreateDBSnapshot", _snapshot_begun, "in moto a snapshot is available before it is made"),
    _row("rds", "DeleteDBSnapshot", _snapshot_deleted, "in moto a snapshot that is deleted is available"),
    _row("rds", "ModifyDBInstance", _renamed, "moto does not show a new name as pending"),
    _row("rds", "DescribeDBInstances", _replicating, "moto does not say how a replica follows"),
    _row("cloudfront", "CreateInvalidation", _invalidating, "in moto an invalidation is completed before it began"),
    _row("cloudfront", "ListInvalidations", _all_completed, "moto writes the state of an invalidation in capitals"),
    _row("codedeploy", "GetDeployment", _under_way, "moto leaves a deployment created and shifts nothing"),
    _row(
        "logs", "FilterLogEvents", _matching, "moto finds every line by a pattern of JSON; of one field it is looked at"
    ),
    _row("cloudfront", "GetInvalidation", _completed, "moto writes the state of an invalidation in capitals"),
)
