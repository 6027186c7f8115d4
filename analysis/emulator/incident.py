"""Operations that somebody types during an incident and moto does not know: hand over, take a release back, look at a limit.

Like the rows of `absent`; they stand apart because Terraform does not ask for them and a runbook does. A look at a refresh of
instances moves it one step, as a look at a service does in `services`.
"""

from __future__ import annotations

from typing import Any

from analysis.emulator.absent import MADE_AT, _identifier
from analysis.emulator.rows import Absent, Asked, AwsError, Document

# ---- ElastiCache --------------------------------------------------------------------------------------------------------------


def _test_failover(asked: Asked) -> Document:
    """The first replica of the shard is primary from now on, and the primary a replica."""
    name, shard = asked.parameters["ReplicationGroupId"], asked.parameters["NodeGroupId"]
    group = asked.backend().replication_groups.get(name)
    if group is None:
        raise AwsError("ReplicationGroupNotFoundFault", f"Replication group {name} not found.")
    nodes = next((found for found in group.node_groups if found["node_group_id"] == shard), None)
    if nodes is None:
        raise AwsError("NodeGroupNotFoundFault", f"Node group {shard} not found in {name}.")
    members = nodes["node_group_members"]
    primary = next((member for member in members if member["current_role"] == "primary"), None)
    replica = next((member for member in members if member["current_role"] == "replica"), None)
    if primary is None or replica is None:
        raise AwsError("InvalidReplicationGroupState", f"{name} has no replica that could take over.")
    primary["current_role"], replica["current_role"] = "replica", "primary"
    return {"ReplicationGroup": {"ReplicationGroupId": name, "Status": "modifying"}}


# ---- EC2 Auto Scaling: refreshes of instances ---------------------------------------------------------------------------------

_NEXT = {"InProgress": "Successful", "RollbackInProgress": "RollbackSuccessful"}


def _refreshes(asked: Asked) -> list[Document]:
    name = asked.parameters["AutoScalingGroupName"]
    if name not in asked.backend().autoscaling_groups:
        raise AwsError("ValidationError", f"AutoScalingGroup name not found - {name}")
    found: list[Document] = asked.memory("refreshes").setdefault(name, [])
    return found


def _start_refresh(asked: Asked) -> Document:
    group, begun = asked.parameters["AutoScalingGroupName"], _refreshes(asked)
    if begun and begun[0]["Status"] in _NEXT:
        raise AwsError(
            "InstanceRefreshInProgress", "An Instance Refresh is already in progress and blocks the execution."
        )
    name = _identifier("refresh", group, str(len(begun)))
    begun.insert(
        0,
        {
            "InstanceRefreshId": name,
            "AutoScalingGroupName": group,
            "Status": "InProgress",
            "StartTime": MADE_AT,
            "looks": 0,
            **{
                key: asked.parameters[key]
                for key in ("DesiredConfiguration", "Preferences")
                if asked.parameters.get(key)
            },
        },
    )
    return {"InstanceRefreshId": name}


def _describe_refreshes(asked: Asked) -> Document:
    """Newest first. One that goes on has ended at the look after the one that saw it."""
    wanted = asked.parameters.get("InstanceRefreshIds")
    chosen = [refresh for refresh in _refreshes(asked) if not wanted or refresh["InstanceRefreshId"] in wanted]
    for refresh in chosen:
        refresh["looks"] += 1
        if refresh["looks"] > 1 and refresh["Status"] in _NEXT:
            refresh |= {"Status": _NEXT[refresh["Status"]], "PercentageComplete": 100, "EndTime": MADE_AT}
    shown = chosen[: asked.parameters.get("MaxRecords") or 50]
    return {"InstanceRefreshes": [{key: refresh[key] for key in refresh if key != "looks"} for refresh in shown]}


def _rollback_refresh(asked: Asked) -> Document:
    begun = _refreshes(asked)
    if not begun or begun[0]["Status"] != "InProgress":
        raise AwsError(
            "ActiveInstanceRefreshNotFound", "No in progress or pending Instance Refresh found for the group."
        )
    if "DesiredConfiguration" not in begun[0]:
        # https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-rollback.html
        raise AwsError(
            "IrreversibleInstanceRefresh", "The refresh has no desired configuration, so nothing can be put back."
        )
    begun[0] |= {"Status": "RollbackInProgress", "looks": 0}
    return {"InstanceRefreshId": begun[0]["InstanceRefreshId"]}


# ---- CodeDeploy ---------------------------------------------------------------------------------------------------------------


def _stop_deployment(asked: Asked) -> Document:
    name = asked.parameters["deploymentId"]
    deployment: Any = asked.backend().deployments.get(name)
    if deployment is None:
        raise AwsError("DeploymentDoesNotExistException", f"The deployment {name} could not be found")
    if deployment.status in {"Succeeded", "Failed", "Stopped"}:
        raise AwsError("DeploymentAlreadyCompletedException", f"The deployment {name} has ended: {deployment.status}")
    deployment.status = "Stopped"
    return {"status": "Pending", "statusMessage": "The deployment is being stopped"}


# ---- Lambda -------------------------------------------------------------------------------------------------------------------

CONCURRENCY = (
    1000  # what AWS grants every account: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
)


def _account_settings(asked: Asked) -> Document:
    from moto.awslambda.utils import get_backend  # noqa: PLC0415 - moto keeps functions that do not run apart

    functions = list(get_backend(asked.account, asked.region).list_functions())
    reserved = sum(int(function.reserved_concurrency or 0) for function in functions)
    return {
        "AccountLimit": {"ConcurrentExecutions": CONCURRENCY, "UnreservedConcurrentExecutions": CONCURRENCY - reserved},
        "AccountUsage": {"FunctionCount": len(functions)},
    }


ABSENT: tuple[Absent, ...] = (
    Absent("elasticache", "TestFailover", _test_failover, "moto lets no replica take over"),
    *(
        Absent("autoscaling", name, answer, "moto refreshes no instances; a refresh is remembered and replaces none")
        for name, answer in (
            ("StartInstanceRefresh", _start_refresh),
            ("DescribeInstanceRefreshes", _describe_refreshes),
            ("RollbackInstanceRefresh", _rollback_refresh),
        )
    ),
    Absent("codedeploy", "StopDeployment", _stop_deployment, "moto can begin a deployment and not stop it"),
    Absent("lambda", "GetAccountSettings", _account_settings, "moto knows no limits of the account"),
)
