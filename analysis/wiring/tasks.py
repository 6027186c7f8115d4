"""The tasks of ECS services: their definitions, their containers and what these find in their environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from analysis.architecture import Resource, Unknown, Value
from analysis.units import SECONDS, TIME_SUFFIX, time_unit
from analysis.wiring.references import References
from analysis.wiring.values import blocks, document, number

# `family`, `family:revision` or the ARN that ends so:
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html#ECS-CreateService-request-taskDefinition
_FAMILY = re.compile(r"(?:arn:[^/]*:task-definition/)?([\w-]+)(?::\d+)?")


HEARTBEAT = re.compile(r"HEARTBEAT(_INTERVAL)?" + TIME_SUFFIX)
"""A variable of a program that holds streams open, and sends something over each so often."""


REQUEST_TIMEOUT = re.compile(r"REQUEST_TIMEOUT" + TIME_SUFFIX)
"""A variable of a program that gives a request up after so long, and ends it."""

MILLISECONDS_FROM = 1000.0
"""A variable whose name has no unit holds milliseconds from here on: a stream with a heartbeat of 17 minutes has none."""


def in_seconds(name: str, value: Value, units: Mapping[str, str] | None = None) -> float | None:
    """What the variable `name` of a container holds, in seconds, by its unit or else by its size; None: no number.

    The unit is that of `units` (gameday.toml), else that at the end of the name.
    """
    amount = number(value)
    if amount is None:
        return None
    unit = time_unit(name, units) or ("ms" if amount >= MILLISECONDS_FROM else "s")
    return amount * SECONDS[unit]


@dataclass(frozen=True, slots=True)
class Task:
    """A service of ECS with its task definition and its containers; None where they cannot be read."""

    service: Resource
    definition: Resource | None
    containers: tuple[Mapping[str, Value], ...] | None

    @property
    def place(self) -> Resource:
        """Where the containers are written, for messages."""
        return self.definition or self.service

    def hides(self, key: str) -> bool:
        """Whether `key` of a container is known only after apply, in whole."""
        return any(isinstance(c.get(key), Unknown) for c in self.containers or ())

    @property
    def container(self) -> Mapping[str, Value]:
        """The container behind the balancer, else the first; an empty one where none can be read."""
        containers = self.containers or ({},)
        balanced = {block.get("container_name") for block in blocks(self.service.values.get("load_balancer"))}
        return next((c for c in containers if c.get("name") in balanced), containers[0])

    @property
    def environment(self) -> Mapping[str, Value]:
        """The plain environment variables of all containers."""
        return {name: value for c in self.containers or () for name, value in environment(c).items()}


def environment(container: Mapping[str, Value]) -> Mapping[str, Value]:
    """The plain environment variables of a container."""
    return {str(e["name"]): e.get("value") for e in blocks(container.get("environment")) if "name" in e}


def definition_of(references: References, service: Resource) -> Resource | None:
    """The task definition of a service, by reference or by its family, with or without a revision; None outside the stack."""
    linked = references.linked(service, "task_definition", "aws_ecs_task_definition")
    if linked:
        return linked[0]
    named = service.values.get("task_definition")
    family = _FAMILY.fullmatch(named) if isinstance(named, str) else None
    same = references.architecture.of_type("aws_ecs_task_definition")
    return next((r for r in same if family and r.values.get("family") == family[1]), None)


def writes_to(definition: Resource, group: Resource, references: References) -> bool:
    """Whether a task definition writes to a log group: by reference, or because its containers name it."""
    if group in references.referred(definition, group.type):
        return True
    name, containers = group.values.get("name"), str(definition.values.get("container_definitions"))
    return isinstance(name, str) and (f"'{name}'" in containers or f'"{name}"' in containers)


def task_of(references: References, service: Resource) -> Task:
    """The task of a service."""
    definition = definition_of(references, service)
    containers = document(definition.values.get("container_definitions")) if definition else None
    return Task(service, definition, blocks(containers) if isinstance(containers, list | tuple) else None)
