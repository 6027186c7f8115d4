"""What changes the number of a service's tasks: its scalable targets, with their policies and scheduled actions."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.architecture import Resource
from analysis.wiring.references import References


def scaled_by(references: References, service: Resource) -> Iterator[Resource]:
    """The scalable targets of a service, by reference or by the service's name."""
    for target in references.architecture.of_type("aws_appautoscaling_target"):
        resource_id = target.values.get("resource_id")
        named = isinstance(resource_id, str) and resource_id.endswith(f"/{service.values.get('name')}")
        if named or service in references.linked(target, "resource_id", "aws_ecs_service"):
            yield target


def attached(references: References, target: Resource, kind: str) -> Iterator[Resource]:
    """The policies or scheduled actions, of the type `kind`, of a scalable target."""
    for resource in references.architecture.of_type(kind):
        same = resource.values.get("resource_id")
        if any(reference.address == target.address for reference in resource.references) or (
            isinstance(same, str) and same == target.values.get("resource_id")
        ):
            yield resource
