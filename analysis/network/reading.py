"""What the tables of stations and links look at: one stack with its references, its program's profile and its settings."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from analysis.architecture import Architecture, Diagnostic, Location, Resource, Unknown
from analysis.facts import Runtime, Stack, cpu_factor, limit
from analysis.facts.stacks import FILE_NAME
from analysis.network.model import ONE, Figure, Limit, Unit, exact, published
from analysis.units import SECONDS, time_unit
from analysis.wiring.hops import Schedule, Tracking, some_stay
from analysis.wiring.names import Names
from analysis.wiring.policies import Policies
from analysis.wiring.references import NAMES, References
from analysis.wiring.scaling import attached, scaled_by, scheduled, tracked
from analysis.wiring.tasks import definition_of, task_of
from analysis.wiring.values import blocks, first_block, items, number

CACHE_TYPES = ("aws_elasticache_replication_group", "aws_elasticache_cluster")

HOLDERS = ("aws_secretsmanager_secret", "aws_ssm_parameter")
"""What a program's settings may be kept in."""


@dataclass
class Reading:
    """One derivation: what it looks at, and the warnings that it collects on the way."""

    architecture: Architecture
    stack: Stack | None
    profile: Runtime | None
    diagnostics: list[Diagnostic] = field(default_factory=list)
    _publishers: dict[str, tuple[Resource, ...]] = field(default_factory=dict)

    @cached_property
    def references(self) -> References:
        """What refers to what."""
        return References(self.architecture)

    @cached_property
    def names(self) -> Names:
        """By which names clients, and a CDN, come."""
        return Names(self.references)

    def warn(self, message: str, location: Location) -> None:
        """Notes what is not as it should be, once."""
        note = Diagnostic("warning", message, location)
        if note not in self.diagnostics:
            self.diagnostics.append(note)

    def figure(self, resource: Resource, attribute: str, unit: str, default: float | None = None) -> Figure | None:
        """A numeric argument with its place; `default` where it is not set, None where that is None or the value is not known."""
        value = resource.values.get(attribute)
        amount = number(value)
        if amount is None and isinstance(value, Unknown):
            self.warn(f"{resource.address}: {attribute} is known only after apply", resource.location(attribute))
            return None
        if amount is None:
            amount = default
        where = str(resource.location(attribute)) + ("" if attribute in resource.locations else " (default)")
        return None if amount is None else exact(attribute, amount, unit, where)

    # Programs and their settings.

    def program(self, resource: Resource) -> Resource:
        """Where a station's program is described: task definition, launch template, or the resource itself."""
        if resource.type == "aws_ecs_service":
            return definition_of(self.references, resource) or resource
        if resource.type == "aws_autoscaling_group":
            templates = self.references.linked(resource, "launch_template", "aws_launch_template")
            return next(iter(templates), resource)
        return resource

    def environment(self, resource: Resource) -> Mapping[str, Any]:
        """The plain environment of a service's containers or of a function; empty where there is none that can be read."""
        if resource.type == "aws_ecs_service":
            return task_of(self.references, resource).environment
        variables = first_block(resource.values.get("environment")).get("variables")
        return variables if isinstance(variables, Mapping) else {}

    def setting(self, resource: Resource, key: str, unit: str) -> Figure | None:
        """The number in the environment variable that gameday.toml names for `key`, else the one that it gives itself."""
        variable = self.stack.environment.get(key) if self.stack else None
        if variable is None and self.stack is not None and key in self.stack.settings:
            return exact(key, self.stack.settings[key], unit, FILE_NAME)
        amount = number(self.environment(resource).get(variable)) if variable else None
        if variable is None or amount is None or amount <= 0:
            return None
        if unit == "s" and self.stack is not None:
            amount *= SECONDS[time_unit(variable, self.stack.units) or unit]
        return exact(variable, amount, unit, str(self.program(resource).defined_at))

    # Roles.

    def roles(self, resource: Resource) -> Iterator[Resource]:
        """The roles that a program acts under."""
        program = self.program(resource)
        for attribute in ("task_role_arn", "role"):
            yield from self.references.linked(program, attribute, "aws_iam_role")
        for profile in self.references.linked(program, "iam_instance_profile", "aws_iam_instance_profile"):
            yield from self.references.linked(profile, "role", "aws_iam_role")

    def permissions(self, resource: Resource) -> Iterator[tuple[frozenset[str], tuple[Resource, ...], Location]]:
        """What a program may do, statement by statement: the actions in lower case and the resources that they name.

        What is allowed on everything names nothing, and says nothing about where load goes.
        """
        for role in self.roles(resource):
            for policy, listed in Policies(self.references).of(role):
                for statement in listed or ():
                    if statement.get("Effect") == "Deny":
                        continue
                    actions = frozenset(a.lower() for a in items(statement.get("Action")) if isinstance(a, str))
                    named = tuple(self.references.behind(statement.get("Resource")))
                    yield actions, named, policy.location("policy")

    # What scales, what follows, what reads along.

    def slowed(self, cost: Figure, threads: float) -> Figure:
        """A cost in CPU time with so many threads sharing a worker's processor."""
        low, value, high = (cpu_factor(threads, level) for level in ("low", "value", "high"))
        return Figure(cost.name, cost.value * value, cost.low * low, cost.high * high, cost.unit, cost.origin)

    def listeners(self, channel: Resource) -> tuple[Resource, ...]:
        """The programs that know a cache and keep connections open, to which they send what is published there."""
        programs = self.architecture.of_type("aws_ecs_service", "aws_autoscaling_group", "aws_instance")
        return tuple(
            r
            for r in programs
            if self.setting(r, "connections", "connection") is not None
            and channel in self.named_in_settings(r, channel.type)
        )

    def publishers(self, channel: Resource) -> tuple[Resource, ...]:
        """The functions that read a stream, queue or table and know a cache at which others listen: they publish there."""
        if channel.address not in self._publishers:
            self._publishers[channel.address] = tuple(
                r
                for r in self.architecture.of_type("aws_lambda_function")
                if channel in self.named_in_settings(r, channel.type) and any(True for _ in self.read_by(r))
                if self.listeners(channel)
            )
        return self._publishers[channel.address]

    def most_instances(self, program: Resource) -> Figure:
        """Instances of a program at most."""
        if program.type == "aws_ecs_service":
            return self.tasks(program)[1]
        return self.instances(program)[1] if program.type == "aws_autoscaling_group" else ONE

    def provisioned(self, table: Resource, unit: Unit, index: str = "") -> Figure | None:
        """Units a second of a table or index at the start of an event, as scheduled actions raise them; None on demand."""
        owner = table.values
        if index:
            blocks_ = blocks(table.values.get("global_secondary_index"))
            owner = next((block for block in blocks_ if block.get("name") == index), {})
        set_ = number(owner.get(f"{unit}_capacity"))
        if set_ is None:
            return None
        name = f"provisioned {unit}s" + (f" of {index}" if index else "")
        units = exact(name, set_, "1/s", str(table.location(f"{unit}_capacity")))
        return self._at_start(units, self.scaled_units(table, unit, index))[0]

    def scaled_units(self, table: Resource, unit: Unit, index: str = "") -> tuple[Resource, ...]:
        """The scalable targets of a table's reads or writes, or of an index's."""
        path = f"/{table.values.get('name')}" + (f"/index/{index}" if index else "")
        dimension = f"dynamodb:{'index' if index else 'table'}:{unit.title()}CapacityUnits"
        return tuple(
            target
            for target in self.architecture.of_type("aws_appautoscaling_target")
            if target.values.get("scalable_dimension") == dimension
            and str(target.values.get("resource_id")).endswith(path)
        )

    def shards(self, log: Resource) -> float:
        """Shards of a stream, or of the changes of a table: as many as it has partitions, by what it is provisioned with.

        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.Partitions.html.
        """
        writes, reads = (self.provisioned(log, unit) for unit in ("write", "read"))
        if (
            log.type == "aws_dynamodb_table"
            and log.values.get("billing_mode") != "PAY_PER_REQUEST"
            and writes
            and reads
        ):
            each = limit("dynamodb.partition.writes_per_s").at(), limit("dynamodb.partition.reads_per_s").at()
            return float(math.ceil(writes.value / each[0] + reads.value / each[1]))
        return number(log.values.get("shard_count")) or limit("dynamodb.new_table.partitions").at()

    def tasks(self, service: Resource) -> tuple[Figure, Figure]:
        """Tasks of a service at the start of an event, and at most.

        At the start: the desired count, the lowest that scaling keeps, or the least of the minima that scheduled actions
        raise it to, because events may be scheduled with different numbers and what is said must hold for each.
        """
        desired = self.figure(service, "desired_count", "task", 1.0) or exact("desired_count", 1.0, "task", "")
        least, most = self._at_start(desired, scaled_by(self.references, service))
        return replace(least, name="tasks at kick-off"), replace(most, name="tasks at most")

    def _at_start(self, desired: Figure, targets: Iterable[Resource]) -> tuple[Figure, Figure]:
        """What scalable targets make of a desired number at the start of an event, and at most."""
        least = most = desired
        for target in targets:
            least = max(least, self.figure(target, "min_capacity", desired.unit) or least, key=lambda one: one.value)
            most = self.figure(target, "max_capacity", desired.unit) or most
            raised, minima = [], []
            for action in attached(self.references, target, "aws_appautoscaling_scheduled_action"):
                block = first_block(action.values.get("scalable_target_action"))
                lowest, highest = number(block.get("min_capacity")), number(block.get("max_capacity"))
                minima.append(lowest)
                if lowest is not None and lowest > least.value:
                    raised.append(exact(desired.name, lowest, desired.unit, str(action.defined_at)))
                if highest is not None and highest > most.value:
                    most = exact(desired.name, highest, desired.unit, str(action.defined_at))
            if not some_stay(least.value, minima):
                least = min(raised, key=lambda one: one.value, default=least)
        return replace(least, name=desired.name), max(least, most, key=lambda one: one.value)

    def scaling(self, program: Resource) -> tuple[float, tuple[Tracking, ...], tuple[Schedule, ...]]:
        """The least instances of a service or group outside its schedules, and the policies and schedules that change them."""
        if program.type == "aws_autoscaling_group":
            scaled: Resource | None = program
            least = number(program.values.get("min_size"))
        else:
            scaled = next(scaled_by(self.references, program), None)
            least = number((scaled or program).values.get("min_capacity" if scaled else "desired_count"))
        least = 1.0 if least is None else least
        if scaled is None:
            return least, (), ()
        return (
            least,
            tuple(tracked(self.references, scaled, self.warn)),
            tuple(scheduled(self.references, scaled, self.warn)),
        )

    def instances(self, group: Resource) -> tuple[Figure, Figure]:
        """Instances of an Auto Scaling group at the start of an event, and at most; as `tasks`."""
        lowest = self.figure(group, "min_size", "instance", 0.0) or exact("min_size", 0.0, "instance", "")
        least = max(
            lowest, self.figure(group, "desired_capacity", "instance", 0.0) or lowest, key=lambda one: one.value
        )
        most = self.figure(group, "max_size", "instance", least.value) or least
        raised = []
        for action in self.architecture.of_type("aws_autoscaling_schedule"):
            if group not in self.references.linked(action, "autoscaling_group_name", "aws_autoscaling_group"):
                continue
            floor = max(number(action.values.get(key)) or 0.0 for key in ("min_size", "desired_capacity"))
            if floor > least.value:
                raised.append(exact("instances", floor, "instance", str(action.defined_at)))
        least = min(raised, key=lambda one: one.value, default=least)
        most = max(least, most, key=lambda one: one.value)
        return replace(least, name="instances at the start"), replace(most, name="instances at most")

    def replicas(self, primary: Resource) -> tuple[Resource, ...]:
        """The replicas of a database that a program of the stack refers to; what no program knows serves no read."""
        following = [
            r
            for r in self.architecture.of_type("aws_db_instance")
            if r.values.get("replicate_source_db")
            and primary in self.references.linked(r, "replicate_source_db", "aws_db_instance")
        ]
        return tuple(r for r in following if r in self.known_to_programs)

    def read_apart(self, cluster: Resource) -> bool:
        """Whether anything of the stack refers to the endpoint at which a cluster's readers answer."""
        return any(
            reference.address == cluster.address and reference.attribute == "reader_endpoint"
            for other in self.architecture.resources
            for reference in other.references
        )

    @cached_property
    def known_to_programs(self) -> tuple[Resource, ...]:
        """The databases that some program of the stack refers to, directly or by what it refers to."""
        computing = self.architecture.of_type(
            "aws_ecs_service", "aws_autoscaling_group", "aws_instance", "aws_lambda_function"
        )
        programs = [self.program(resource) for resource in computing]
        return tuple(self.references.reachable(programs, "aws_db_instance"))

    def mappings(self, log: Resource) -> Iterator[tuple[Resource, Resource]]:
        """The event source mappings that read `log`, each with its function."""
        for mapping in self.architecture.of_type("aws_lambda_event_source_mapping"):
            if log in self.references.linked(mapping, "event_source_arn", log.type):
                for reader in self.functions(mapping, "function_name"):
                    yield mapping, reader

    def read_by(self, function: Resource) -> Iterator[Resource]:
        """The streams, queues and tables whose records or changes a function reads."""
        for mapping in self.architecture.of_type("aws_lambda_event_source_mapping"):
            if function in self.functions(mapping, "function_name"):
                logs = ("aws_kinesis_stream", "aws_sqs_queue", "aws_dynamodb_table")
                yield from self.references.linked(mapping, "event_source_arn", *logs)

    def failures(self, function: Resource) -> Iterator[Resource]:
        """The queues and topics that get what a function fails at."""
        kinds = ("aws_sqs_queue", "aws_sns_topic")
        yield from self.references.linked(function, "dead_letter_config", *kinds)
        for mapping in self.architecture.of_type("aws_lambda_event_source_mapping"):
            if function in self.functions(mapping, "function_name"):
                yield from self.references.linked(mapping, "destination_config", *kinds)

    def functions(self, resource: Resource, attribute: str) -> list[Resource]:
        """The functions that an argument names, by themselves or by an alias."""
        named = self.references.linked(resource, attribute, "aws_lambda_function", "aws_lambda_alias")
        found = [r for r in named if r.type == "aws_lambda_function"]
        for alias in named:
            if alias.type == "aws_lambda_alias":
                found += [
                    r for r in self.references.linked(alias, "function_name", "aws_lambda_function") if r not in found
                ]
        return found

    def lanes(self, log: Resource, mapping: Resource) -> float:
        """Batches of a stream, or of a table's changes, that a mapping works on at once: so many of each shard, by their keys.

        https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html
        """
        return self.shards(log) * (number(mapping.values.get("parallelization_factor")) or 1.0)

    def batches(self, log: Resource) -> tuple[Limit, ...]:
        """How many records the readers of a stream get done: batches at once, each as long as one call of the function."""
        unit: Unit = "write" if log.type == "aws_dynamodb_table" else "record"
        hold = published(limit("lambda.hold_s"))
        limits = []
        for mapping, reader in self.mappings(log):
            batch = self.figure(mapping, "batch_size", "record", 100.0) or exact("batch_size", 100.0, "record", "")
            most = exact("batches at once", self.lanes(log, mapping), "batch", str(mapping.defined_at))
            cost = hold.times(1.0 / batch.value, f"{hold.name} / {batch.name}")
            limits.append(
                Limit(
                    f"batches of {reader.address}",
                    most,
                    {unit: cost},
                    "shards x parallel batches x batch size / seconds each",
                )
            )
        return tuple(limits)

    def named_in_settings(self, resource: Resource, *types: str) -> list[Resource]:
        """The resources of `types` in a program's environment or user data: by reference, by a secret's content, or by name.

        A replica stands for its primary.
        """
        program = self.program(resource)
        arguments = {"aws_lambda_function": "environment", "aws_ecs_task_definition": "container_definitions"}
        argument = arguments.get(program.type, "user_data")
        named = self.references.referred(program, *types, via=argument)
        for holder in self.references.referred(program, *HOLDERS, via=argument):
            versions = self.references.about(holder, "secret_id", "aws_secretsmanager_secret_version")
            for described in (holder, *versions):
                named += self.references.referred(described, *types)
        texts = {value for value in self.environment(resource).values() if isinstance(value, str)}
        named += [r for r in self.architecture.of_type(*types) if texts & {r.values.get(key) for key in NAMES}]
        found: dict[str, Resource] = {}
        for target in named:
            primary = next(iter(self.references.linked(target, "replicate_source_db", "aws_db_instance")), target)
            found[primary.address] = primary
        return list(found.values())
