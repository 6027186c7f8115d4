"""What an ECS service does of itself, which moto leaves out: tasks that run, deployments that replace them, and the rollback.

moto keeps a service as a record: no task starts, another task definition begins no deployment, nothing is remembered of the last.
Here each look at a service moves it one step, as time does on AWS: the tasks wanted are there at the next look, a deployment has
ended at the look after the one that saw it. A revision whose image has the digest of zeros never starts: its deployment goes on
until it is stopped. Application Auto Scaling keeps the tasks within the bounds of a target, the moment the bounds change.
"""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace
from typing import Any

from analysis.emulator.patches import _around
from analysis.emulator.rows import Absent, Asked, AwsError, Document, Patch

NO_IMAGE = "@sha256:" + "0" * 64
"""The end of an image that no registry has; a revision with it never starts a task."""

STOPPED_TASKS_KEPT = 20  # ECS keeps those of the last hour


class _History:
    """Deployments and tasks of one service, kept on moto's own object so that a copy of the process takes them along."""

    def __init__(self, service: Any) -> None:
        self.deployments: list[Document] = []
        self.running: list[SimpleNamespace] = []
        self.stopped: list[SimpleNamespace] = []
        first = service.deployments[0] if service.deployments else None
        began = first["createdAt"] if first else _now()
        self.deployments.append(_record(service, service.task_definition, began, "SUCCESSFUL"))


def history(service: Any) -> _History:
    """The history of a service, begun at the first question."""
    if not hasattr(service, "kept_history"):
        service.kept_history = _History(service)
    found: _History = service.kept_history
    return found


def _now() -> datetime:
    from moto.core.utils import utcnow  # noqa: PLC0415 - as moto is imported, it reads its settings

    now: datetime = utcnow()
    return now


def _drawn(letters: int) -> str:
    from moto.moto_api._internal import mock_random  # noqa: PLC0415

    return "".join(f"{mock_random.randint(0, 15):x}" for _ in range(letters))


def _record(service: Any, definition: str, began: datetime, status: str) -> Document:
    place = service.arn.split(":service/", 1)[1]
    start = service.arn.split(":service/", 1)[0]
    return {
        "serviceDeploymentArn": f"{start}:service-deployment/{place}/{_drawn(22)}",
        "serviceArn": service.arn,
        "clusterArn": service.cluster_arn,
        "createdAt": began,
        "startedAt": began,
        "status": status,
        "targetServiceRevisionArn": f"{start}:service-revision/{place}/{_drawn(19)}",
        "definition": definition,
    } | ({"finishedAt": began} if status == "SUCCESSFUL" else {})


def _never_starts(service: Any, definition: str) -> bool:
    found = service._backend.describe_task_definition(definition)
    containers = found.container_definitions
    return any(str(container.get("image", "")).endswith(NO_IMAGE) for container in containers)


def _begun(service: Any, before: str) -> None:
    """Begins a deployment of the service's task definition in place of `before`."""
    kept = history(service)
    if kept.deployments[-1]["status"] == "IN_PROGRESS":
        kept.deployments[-1] |= {"status": "STOPPED", "finishedAt": _now()}
    kept.deployments.append(_record(service, service.task_definition, _now(), "IN_PROGRESS") | {"before": before})
    primary = service.deployments[0] if service.deployments else {}
    old = primary | {"status": "ACTIVE", "taskDefinition": before}
    new = primary | {
        "id": f"ecs-svc/{int(_drawn(15), 16)}",
        "status": "PRIMARY",
        "taskDefinition": service.task_definition,
        "createdAt": _now(),
        "updatedAt": _now(),
        "desiredCount": service.desired_count,
        "runningCount": 0,
        "pendingCount": service.desired_count,
        "rolloutState": "IN_PROGRESS",
        "rolloutStateReason": "ECS deployment in progress.",
    }
    service.deployments = [new, old]
    service.looks = 0


def _ended(service: Any, status: str, definition: str) -> None:
    """Ends the deployment under way: `definition` serves alone."""
    kept = history(service)
    kept.deployments[-1] |= {"status": status, "finishedAt": _now()}
    service.task_definition = definition
    chosen = next(item for item in service.deployments if item["taskDefinition"] == definition)
    service.deployments = [chosen | {"status": "PRIMARY"}]
    kept.stopped[:0] = [
        _gone(task, "ServiceSchedulerInitiated", "Scaling activity initiated by deployment") for task in kept.running
    ]
    kept.running = []
    _counted(service)


def _counted(service: Any) -> None:
    """The wanted tasks run, and the counts say so."""
    kept = history(service)
    if len(service.deployments) == 1:
        service.running_count, service.pending_count = service.desired_count, 0
        service.deployments[0] |= {
            "desiredCount": service.desired_count, "runningCount": service.desired_count, "pendingCount": 0,
            "rolloutState": "COMPLETED", "rolloutStateReason": "ECS deployment completed.", "updatedAt": _now(),
            "taskDefinition": service.task_definition,
        }  # fmt: skip
    while len(kept.running) > service.desired_count:
        kept.stopped.insert(0, _gone(kept.running.pop(), "ServiceSchedulerInitiated", "Scaling activity initiated"))
    while len(kept.running) < service.desired_count:
        kept.running.append(_task(service))
    del kept.stopped[STOPPED_TASKS_KEPT:]


def _task(service: Any) -> SimpleNamespace:
    place = f"{service.arn.split(':service/', 1)[0]}:task/{service.cluster_name}/{_drawn(32)}"
    return SimpleNamespace(
        task_arn=place, cluster_arn=service.cluster_arn, group=f"service:{service.name}", last_status="RUNNING",
        desired_status="RUNNING", health_status="HEALTHY", started_at=_now(), created_at=_now(), launch_type=service.launch_type,
        task_definition_arn=service.task_definition, started_by=service.deployments[0]["id"] if service.deployments else "",
        containers=[{"name": "app", "lastStatus": "RUNNING"}],
    )  # fmt: skip


def _gone(task: SimpleNamespace, code: str, reason: str) -> SimpleNamespace:
    task.last_status = task.desired_status = "STOPPED"
    task.stop_code, task.stopped_reason, task.stopped_at = code, reason, _now()
    return task


def _looked_at(service: Any) -> None:
    """One step on: a deployment ends at the look after the one that saw it, unless its tasks never start."""
    kept = history(service)
    if len(service.deployments) > 1:
        service.looks = getattr(service, "looks", 0) + 1
        if service.looks > 1 and not _never_starts(service, service.task_definition):
            _ended(service, "SUCCESSFUL", service.task_definition)
    elif service.deployments and kept.deployments[-1]["status"] != "IN_PROGRESS":
        _counted(service)


def _services_do_what_they_are_told() -> None:
    from moto.ecs.models import EC2ContainerServiceBackend as Backend  # noqa: PLC0415

    def update(original: Any, self: Any, asked: dict[str, Any]) -> Any:
        service = self._get_service(asked.get("cluster", "default"), asked["service"].split("/")[-1])
        history(service)
        before, forced = service.task_definition, bool(asked.get("force_new_deployment"))
        if asked.get("task_definition"):
            asked["task_definition"] = self.describe_task_definition(asked["task_definition"]).arn
        changed = original(self, asked)
        if changed.deployments and (forced or changed.task_definition != before):
            _begun(changed, before)
        elif len(changed.deployments) == 1:
            _counted(changed)
        return changed

    def describe(original: Any, self: Any, cluster: str, names: list[str]) -> Any:
        found, failures = original(self, cluster, names)
        for service in found:
            _looked_at(service)
        return found, failures

    def list_tasks(original: Any, self: Any, *asked: Any) -> Any:
        cluster, _instance, family, _started, name, status = (*asked, *[None] * (6 - len(asked)))[:6]
        own: list[Any] = []
        for service in self.services.values():
            if name and name.split("/")[-1] != service.name:
                continue
            if cluster and cluster.split("/")[-1] != service.cluster_name:
                continue
            own += history(service).stopped if status == "STOPPED" else history(service).running
        if family:
            own = [task for task in own if task.task_definition_arn.rsplit("/", 1)[1].split(":")[0] == family]
        # moto does not know which task belongs to which service.
        return own if name else [*original(self, *asked), *own]

    def describe_tasks(original: Any, self: Any, cluster: str, wanted: list[str]) -> Any:
        own = [
            task
            for service in self.services.values()
            for task in (*history(service).running, *history(service).stopped)
        ]
        ids = {name.rsplit("/", 1)[-1] for name in wanted}
        return [*original(self, cluster, wanted), *(task for task in own if task.task_arn.rsplit("/", 1)[1] in ids)]

    def stop_task(original: Any, self: Any, cluster: str, name: str, reason: str) -> Any:
        for service in self.services.values():
            kept = history(service)
            for task in kept.running:
                if task.task_arn.rsplit("/", 1)[1] == name.rsplit("/", 1)[-1]:
                    kept.running.remove(task)
                    kept.stopped.insert(0, _gone(task, "UserInitiated", reason or ""))
                    return task
        return original(self, cluster, name, reason)

    for name, wrapper in (
        ("update_service", update), ("describe_services", describe), ("list_tasks", list_tasks),
        ("describe_tasks", describe_tasks), ("stop_task", stop_task),
    ):  # fmt: skip
        _around(Backend, name, wrapper)


def _containers_may_name_no_memory() -> None:
    from moto.ecs.models import EC2ContainerServiceBackend as Backend  # noqa: PLC0415

    needed: Any = Backend._calculate_task_resource_requirements

    def requirements(definition: Any) -> dict[str, Any]:
        named = [
            container if container.get("memory") or container.get("memoryReservation") else container | {"memory": 0}
            for container in definition.container_definitions
        ]
        found: dict[str, Any] = needed(SimpleNamespace(container_definitions=named))
        return found

    Backend._calculate_task_resource_requirements = staticmethod(requirements)  # type: ignore[assignment,method-assign]


def _records_wait_in_their_stream() -> None:
    from moto.awslambda.models import LambdaBackend  # noqa: PLC0415

    def sent(original: Any, self: Any, *asked: Any, **named: Any) -> None:
        """No function runs here, so none reads the record."""

    _around(LambdaBackend, "send_kinesis_message", sent)


def _targets_keep_their_bounds() -> None:
    from moto.applicationautoscaling.models import ApplicationAutoscalingBackend as Backend  # noqa: PLC0415

    def register(original: Any, self: Any, *asked: Any, **named: Any) -> Any:
        target = original(self, *asked, **named)
        if target.scalable_dimension == "ecs:service:DesiredCount":
            _, cluster, name = target.resource_id.split("/")
            service = self.ecs_backend._get_service(cluster, name)
            wanted = min(max(service.desired_count, int(target.min_capacity)), int(target.max_capacity))
            if wanted != service.desired_count:
                self.ecs_backend.update_service({"cluster": cluster, "service": name, "desired_count": wanted})
        return target

    _around(Backend, "register_scalable_target", register)


def apply() -> None:
    """Applies every patch, once, in the emulator's process."""
    for row in PATCHES:
        row.apply()


# --- operations that moto does not know


def _services(asked: Asked) -> list[Any]:
    found: list[Any] = list(asked.backend("ecs").services.values())
    return found


def _brief(record: Document) -> Document:
    return {name: value for name, value in record.items() if name not in {"definition", "before"}}


def _list_deployments(asked: Asked) -> Document:
    given = asked.parameters
    service = next((item for item in _services(asked) if given["service"].split("/")[-1] == item.name), None)
    if service is None:
        raise AwsError("ServiceNotFoundException", "Service not found.")
    statuses = given.get("status") or []
    rows = [_brief(row) for row in reversed(history(service).deployments) if not statuses or row["status"] in statuses]
    return {"serviceDeployments": rows}


def _deployment(asked: Asked, arn: str) -> tuple[Any, Document]:
    for service in _services(asked):
        for row in history(service).deployments:
            if row["serviceDeploymentArn"] == arn:
                return service, row
    raise AwsError("ServiceDeploymentNotFoundException", f"The service deployment {arn} was not found.")


def _stop_deployment(asked: Asked) -> Document:
    service, row = _deployment(asked, asked.parameters["serviceDeploymentArn"])
    if row["status"] != "IN_PROGRESS":
        raise AwsError("ConflictException", f"The service deployment is {row['status']} and cannot be stopped.")
    back = asked.parameters.get("stopType", "ROLLBACK") == "ROLLBACK"
    _ended(service, "ROLLBACK_SUCCESSFUL" if back else "STOPPED", row["before"])
    return {"serviceDeploymentArn": row["serviceDeploymentArn"]}


def _describe_deployments(asked: Asked) -> Document:
    rows = [_deployment(asked, arn)[1] for arn in asked.parameters["serviceDeploymentArns"]]
    named = ("serviceDeploymentArn", "serviceArn", "clusterArn", "createdAt", "startedAt", "finishedAt", "status")
    return {
        "serviceDeployments": [
            {name: row[name] for name in named if name in row}
            | {"targetServiceRevision": {"arn": row["targetServiceRevisionArn"]}}
            for row in rows
        ]
    }


def _describe_revisions(asked: Asked) -> Document:
    wanted = asked.parameters["serviceRevisionArns"]
    found = []
    for service in _services(asked):
        for row in history(service).deployments:
            if row["targetServiceRevisionArn"] in wanted:
                containers = asked.backend("ecs").describe_task_definition(row["definition"]).container_definitions
                images = [
                    {"containerName": item["name"], "image": item["image"]}
                    | ({"imageDigest": item["image"].split("@")[1]} if "@" in item["image"] else {})
                    for item in containers
                ]
                found.append(
                    {
                        "serviceRevisionArn": row["targetServiceRevisionArn"],
                        "serviceArn": service.arn,
                        "clusterArn": service.cluster_arn,
                        "taskDefinition": row["definition"],
                        "containerImages": images,
                        "createdAt": row["createdAt"],
                    }
                )
    return {"serviceRevisions": found, "failures": []}


PATCHES: tuple[Patch, ...] = (
    Patch(
        "ecs",
        ("UpdateService", "DescribeServices", "ListTasks", "DescribeTasks", "StopTask"),
        _services_do_what_they_are_told,
        "moto starts no tasks for a service and makes no deployment of another task definition",
    ),
    Patch(
        "ecs",
        ("RunTask",),
        _containers_may_name_no_memory,
        "moto breaks on a container that names no memory, as on Fargate it need not",
    ),
    Patch(
        "kinesis",
        ("PutRecord", "PutRecords"),
        _records_wait_in_their_stream,
        "moto runs the function that reads a stream in a container; here the record stays in the stream and no function runs",
    ),
    Patch(
        "application-autoscaling",
        ("RegisterScalableTarget",),
        _targets_keep_their_bounds,
        "moto leaves a service outside the bounds of its scalable target",
    ),
)

ABSENT: tuple[Absent, ...] = tuple(
    Absent("ecs", name, answer, "moto keeps no history of deployments")
    for name, answer in (
        ("ListServiceDeployments", _list_deployments),
        ("DescribeServiceDeployments", _describe_deployments),
        ("DescribeServiceRevisions", _describe_revisions),
        ("StopServiceDeployment", _stop_deployment),
    )
)
