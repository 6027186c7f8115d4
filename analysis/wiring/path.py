"""The way of a request through a stack, read from the references in its Terraform: edge, balancer, service, cache, database.

What cannot be found is said in a diagnostic, and without a service there is no path at all.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from analysis.architecture import Architecture, Diagnostic, Location, Resource, Unknown
from analysis.facts import Runtime, Stack, instances, limit
from analysis.units import SECONDS, Given, time_unit
from analysis.wiring.entries import DISTRIBUTION, PathError, Way, choice, origin_target
from analysis.wiring.hops import (
    HELD_CONNECTIONS,
    Balancer,
    Band,
    Behaviour,
    Cache,
    Connections,
    Database,
    Edge,
    HealthCheck,
    RequestPath,
    Service,
    Step,
    Storage,
    Tracking,
    Trigger,
)
from analysis.wiring.lifetimes import lifetime
from analysis.wiring.names import Names
from analysis.wiring.network import Network, zones
from analysis.wiring.references import References
from analysis.wiring.scaling import attached, scaled_by, scheduled, tracked
from analysis.wiring.tasks import HEARTBEAT, environment, task_of
from analysis.wiring.values import blocks, cpu_units, first_block, known, memory_mib, number

DATABASE_TYPES = ("aws_db_instance", "aws_rds_cluster", "aws_db_proxy")
CACHE_TYPES = ("aws_elasticache_replication_group", "aws_elasticache_cluster")
UNMODELLED_STORES = (
    "aws_elasticache_serverless_cache",
    "aws_memorydb_cluster",
    "aws_docdb_cluster",
    "aws_opensearch_domain",
)


def request_path(architecture: Architecture, stack: Stack | None = None) -> RequestPath:
    """The way of a request through `architecture`, from the public entry by which the crowd comes to the service behind it.

    `stack` names the container's environment variables that hold pool, workers, cache and poll interval, without which these hops
    are not known, and says which entry is meant where there are several. Raises PathError where none leads to a service, several
    do, or what serves the crowd is not modelled.
    """
    return _Derivation(architecture, stack).path()


def without_unused_cache(path: RequestPath, profile: Runtime) -> RequestPath:
    """The path without its shared cache where the runtime profile has no figure for a hit: such a program does not use one."""
    if path.cache is None or profile.cpu_s_per_hit is not None:
        return path
    message = f"{path.cache.address}: the runtime profile {profile.name} does not use a shared cache, so it is left out"
    note = Diagnostic("warning", message, path.cache.defined_at)
    return replace(path, cache=None, diagnostics=(*path.diagnostics, note))


class _Derivation:
    """One run over the model; collects diagnostics on the way."""

    def __init__(self, architecture: Architecture, stack: Stack | None) -> None:
        self.model = architecture
        self.references = References(architecture)
        self.names = Names(self.references)
        self.stack = stack
        self.diagnostics: list[Diagnostic] = []

    def warn(self, message: str, location: Location | None = None) -> None:
        self.diagnostics.append(Diagnostic("warning", message, location or Location(self.model.stack)))

    def given(
        self, resource: Resource, attribute: str, unit: str, default: float | None = None, name: str = ""
    ) -> Given | None:
        """A numeric argument with its place; `default` (AWS's own) where it is not set; None where it is not known."""
        value = resource.values.get(attribute)
        amount = number(value)
        if amount is None and isinstance(value, Unknown):
            self.warn(f"{resource.address}: {attribute} is known only after apply", resource.location(attribute))
        if amount is None:
            amount = default
        shown = name or f"{resource.address}.{attribute}"
        origin = str(resource.location(attribute))
        if attribute not in resource.locations:
            origin += " (default)"
        return None if amount is None else Given(shown, _tidy(amount), unit, origin)

    # The hops.

    def path(self) -> RequestPath:
        chosen = choice(self.names, self.stack)
        service, way = chosen.compute, chosen.way
        task, container = self.task(service)
        group, balancer = self.balancer(service, way)
        edge = self.edge(way.hop(DISTRIBUTION) if way else None, balancer)
        near = [task, service]
        made = self.made_service(service, task, container)
        database = self.database(near)
        cache = self.cache(near, made, task)
        self.leftovers()
        for other in chosen.unreached:
            self.warn(str(other), other.defined_at)
        if edge is None or not any("aws_s3_bucket." in b.target for b in edge.behaviours):
            self.warn(
                f"{service.address}: no bucket serves pictures, scripts and style sheets; first visits fetch them from the "
                "service, and this load is not counted",
                service.defined_at,
            )
        return RequestPath(
            stack=self.model.stack,
            service=made,
            edge=edge,
            balancer=self.made_balancer(balancer, group) if balancer and group else None,
            cache=cache,
            database=database,
            pool_size=self.from_environment("pool_size", made, task, "connection"),
            workers=self.from_environment("workers", made, task, "worker"),
            threads=self.from_environment("threads", made, task, "thread"),
            poll_interval_s=self.from_environment("poll_interval_s", made, task, "s"),
            connections_each=self.from_environment("connections", made, task, "connection"),
            streams=next(
                (
                    Given(name, str(value), "", str(task.location("container_definitions")))
                    for name, value in sorted(made.environment.items())
                    if HEARTBEAT.search(name)
                ),
                None,
            ),
            diagnostics=tuple(self.diagnostics),
            unreached=chosen.unreached,
        )

    def task(self, service: Resource) -> tuple[Resource, Mapping[str, Any]]:
        """The task definition of the service, and the container in it that the balancer leads to, else the first."""
        task = task_of(self.references, service)
        if task.definition is None:
            message = (
                f"{service.address}: its task definition cannot be found among the resources, so its size is not known"
            )
            raise PathError([*self.diagnostics, Diagnostic("error", message, service.location("task_definition"))])
        if not task.containers:
            where = task.definition.location("container_definitions")
            self.warn(f"{task.definition.address}: its containers cannot be read", where)
        return task.definition, task.container

    def from_environment(self, key: str, service: Service, task: Resource, unit: str) -> Given | None:
        """The number in the container's environment variable that the stack names for `key`; None without one."""
        variable = self.stack.environment.get(key) if self.stack else None
        if variable is None:
            return None
        where = task.location("container_definitions")
        if variable not in service.environment:
            self.warn(
                f"{task.address}: the container has no variable {variable}, which gameday.toml names for {key}", where
            )
            return None
        amount = number(service.environment[variable])
        if amount is None or amount <= 0:
            self.warn(f"{task.address}: {variable} is no number above zero", where)
            return None
        if unit == "s" and self.stack is not None:
            amount *= SECONDS[time_unit(variable, self.stack.units) or unit]
        return Given(variable, _tidy(amount), unit, str(where))

    def made_service(self, service: Resource, task: Resource, container: Mapping[str, Any]) -> Service:
        cpu = cpu_units(task.values.get("cpu"))
        memory = memory_mib(task.values.get("memory"))
        if cpu is None or memory is None:
            missing = "cpu" if cpu is None else "memory"
            message = f"{task.address}: {missing} is not known, so the task's size is not"
            raise PathError([*self.diagnostics, Diagnostic("error", message, task.location(missing))])
        desired = self.given(service, "desired_count", "task", 1.0) or Given("desired_count", 1, "task", "")
        target = next(iter(scaled_by(self.references, service)), None)
        lowest = self.given(target, "min_capacity", "task") if target else None
        highest = self.given(target, "max_capacity", "task") if target else None
        if target is None:
            self.warn(f"{service.address}: nothing scales it; it keeps {desired.value} tasks", service.defined_at)
        platform = blocks(task.values.get("runtime_platform"))
        arm = any(block.get("cpu_architecture") == "ARM64" for block in platform)
        stop = number(container.get("stopTimeout"))
        breaker = first_block(service.values.get("deployment_circuit_breaker"))
        healthy, most = (limit("ecs.deployment.minimum_healthy_percent"), limit("ecs.deployment.maximum_percent"))
        return Service(
            address=service.address,
            defined_at=service.defined_at,
            task_definition=task.address,
            vcpu=Given("task vCPU", cpu / 1024.0, "vCPU", str(task.location("cpu"))),
            memory_mib=Given("task memory", memory, "MiB", str(task.location("memory"))),
            processor="ARM64" if arm else "X86_64",
            desired=desired,
            minimum=lowest or desired,
            maximum=highest or desired,
            minimum_healthy_percent=self.given(service, "deployment_minimum_healthy_percent", "%", healthy.at())
            or Given("deployment_minimum_healthy_percent", healthy.at(), "%", healthy.origin),
            maximum_percent=self.given(service, "deployment_maximum_percent", "%", most.at())
            or Given("deployment_maximum_percent", most.at(), "%", most.origin),
            grace_s=number(service.values.get("health_check_grace_period_seconds")) or 0.0,
            stop_timeout_s=30.0 if stop is None else stop,  # ECS's default
            tracking=tuple(map(self.followed, tracked(self.references, target, self.warn))) if target else (),
            steps=tuple(self.steps(target)) if target else (),
            schedules=tuple(scheduled(self.references, target, self.warn)) if target else (),
            zones=len(zones(Network(self.references).subnets((service,)))),
            rolls_back=breaker.get("enable") is True and breaker.get("rollback") is True,
            environment=environment(container),
        )

    def followed(self, policy: Tracking) -> Tracking:
        """The policy, with what its metric counts where gameday.toml says of the program's own that it is connections."""
        counts = self.stack.metrics.get(policy.own) if self.stack else None
        return replace(policy, metric=HELD_CONNECTIONS) if counts == "connection" else policy

    def steps(self, target: Resource) -> Iterator[Step]:
        for policy in attached(self.references, target, "aws_appautoscaling_policy"):
            for block in blocks(policy.values.get("step_scaling_policy_configuration")):
                yield Step(
                    policy.address,
                    str(block.get("adjustment_type")),
                    tuple(_bands(block)),
                    number(block.get("min_adjustment_magnitude")) or 0.0,
                    tuple(map(_trigger, self.references.about(policy, "alarm_actions", "aws_cloudwatch_metric_alarm"))),
                    _or(number(block.get("cooldown")), limit("autoscaling.default_cooldown_s").at()),
                    policy.defined_at,
                )

    def balancer(self, service: Resource, way: Way | None) -> tuple[Resource | None, Resource | None]:
        """Target group and load balancer before the service: those that the crowd passes."""
        if way is not None:
            return way.hop("aws_lb_target_group"), way.hop("aws_lb")
        self.warn(
            f"{service.address} serves the crowd by gameday.toml alone; no public entry leads to it", service.defined_at
        )
        groups = self.references.linked(service, "load_balancer", "aws_lb_target_group")
        if not groups:
            self.warn(f"{service.address}: no load balancer stands before it", service.defined_at)
            return None, None
        for listener in self.listeners(groups[0]):
            balancers = self.references.linked(listener, "load_balancer_arn", "aws_lb")
            if balancers:
                return groups[0], balancers[0]
        self.warn(f"{groups[0].address}: no listener forwards to it", groups[0].defined_at)
        return groups[0], None

    def listeners(self, group: Resource) -> list[Resource]:
        """The listeners that forward to the group, by their default action or by a rule."""
        found = [
            listener
            for listener in self.model.of_type("aws_lb_listener")
            if group in self.references.linked(listener, "default_action", group.type)
        ]
        for rule in self.model.of_type("aws_lb_listener_rule"):
            if group in self.references.linked(rule, "action", group.type):
                of_rule = self.references.linked(rule, "listener_arn", "aws_lb_listener")
                found += [listener for listener in of_rule if listener not in found]
        return found

    def made_balancer(self, balancer: Resource, group: Resource) -> Balancer:
        listeners = self.listeners(group)
        rules = sum(
            1
            for rule in self.model.of_type("aws_lb_listener_rule")
            if any(
                listener in listeners for listener in self.references.linked(rule, "listener_arn", "aws_lb_listener")
            )
        )
        check = first_block(group.values.get("health_check"))

        def checked(key: str, name: str) -> float:
            return _or(number(check.get(key)), limit(f"alb.health_check.{name}").at())

        return Balancer(
            address=balancer.address,
            defined_at=balancer.defined_at,
            target_group=group.address,
            listeners=tuple(listener.address for listener in listeners),
            tls=any(listener.values.get("protocol") in ("HTTPS", "TLS") for listener in listeners),
            rules=rules + 1,
            algorithm=str(group.values.get("load_balancing_algorithm_type") or "round_robin"),
            idle_timeout_s=_or(number(balancer.values.get("idle_timeout")), limit("alb.idle_timeout_s").at()),
            deregistration_delay_s=_or(
                number(group.values.get("deregistration_delay")), limit("alb.deregistration_delay_s").at()
            ),
            slow_start_s=number(group.values.get("slow_start")) or 0.0,
            health_check=HealthCheck(
                str(check.get("path") or "/"),
                checked("interval", "interval_s"),
                checked("timeout", "timeout_s"),
                int(checked("healthy_threshold", "healthy_threshold")),
                int(checked("unhealthy_threshold", "unhealthy_threshold")),
            ),
            public=balancer.values.get("internal") is not True,
        )

    def edge(self, distribution: Resource | None, balancer: Resource | None) -> Edge | None:
        """The distribution by which the crowd comes, one of whose origins is the balancer."""
        if balancer is None:
            return None
        if distribution is None:
            self.warn(
                f"no CloudFront distribution stands in the way to {balancer.address}: every request reaches it",
                balancer.defined_at,
            )
            return None
        if not blocks(distribution.values.get("default_cache_behavior")):
            self.warn(
                f"{distribution.address}: it has no default_cache_behavior, so it is left out", distribution.defined_at
            )
            return None
        origins = {str(origin.get("origin_id")): origin for origin in blocks(distribution.values.get("origin"))}
        targets = {name: origin_target(self.names, origin) for name, origin in origins.items()}
        open_ends = [name for name, target in targets.items() if not target]
        if balancer.address not in targets.values() and len(open_ends) == 1:
            targets[open_ends[0]] = balancer.address  # no other origin's name can be the one that leads there
        shield = any(
            bool(block.get("enabled"))
            for name, origin in origins.items()
            if targets[name] == balancer.address
            for block in blocks(origin.get("origin_shield"))
        )
        behaviours = tuple(self.behaviours(distribution, targets))
        return Edge(distribution.address, distribution.defined_at, behaviours, shield)

    def behaviours(self, distribution: Resource, targets: Mapping[str, str]) -> Iterator[Behaviour]:
        ordered = [(str(b.get("path_pattern")), b) for b in blocks(distribution.values.get("ordered_cache_behavior"))]
        default = [("*", b) for b in blocks(distribution.values.get("default_cache_behavior"))]
        for pattern, block in (*ordered, *default):
            attribute = "default_cache_behavior" if (pattern, block) in default else "ordered_cache_behavior"
            where = distribution.location(attribute)
            kept = lifetime(self.references, block, where)
            if kept.problem:
                self.warn(f"{distribution.address}: {kept.problem}; its answers are taken as not cached", where)
            yield Behaviour(
                pattern,
                Given(f"cache lifetime of {pattern}", kept.seconds, "s", kept.origin),
                targets.get(str(block.get("target_origin_id")), ""),
                kept.policy,
            )

    def database(self, near: list[Resource]) -> Database | None:
        found = self.references.reachable(near, *DATABASE_TYPES)
        proxy = next((r for r in found if r.type == "aws_db_proxy"), None)
        if proxy is not None:
            for target in self.references.referring(proxy, "aws_db_proxy_target"):
                found += [r for r in self.references.reachable([target], *DATABASE_TYPES) if r not in found]
        instances_ = [r for r in found if r.type == "aws_db_instance"]
        replicas = [r for r in instances_ if r.values.get("replicate_source_db")]
        primaries = [r for r in instances_ if r not in replicas]
        if not primaries:
            everywhere = [r for r in self.model.of_type("aws_db_instance") if not r.values.get("replicate_source_db")]
            if len(everywhere) == 1:
                primaries = everywhere
                self.warn(
                    f"{everywhere[0].address} is taken as the database because it is the only one; the task does not refer to it",
                    everywhere[0].defined_at,
                )
        if not primaries:
            clusters = [r.address for r in self.model.of_type("aws_rds_cluster")]
            hint = f"; {', '.join(clusters)} is there, but capacity does not model clusters yet" if clusters else ""
            self.warn(f"no database (aws_db_instance) can be found behind the service{hint}")
            return None
        primary = primaries[0]
        engine = str(primary.values.get("engine") or "")
        instance_class = primary.values.get("instance_class")
        if not isinstance(instance_class, str):
            self.warn(f"{primary.address}: its class is not known", primary.location("instance_class"))
            return None
        if instance_class not in instances():
            self.warn(
                f"{primary.address}: {instance_class} is not in analysis/facts/instances.csv, so the database is left out",
                primary.location("instance_class"),
            )
            return None
        return Database(
            address=primary.address,
            defined_at=primary.defined_at,
            engine=engine,
            instance_class=Given("instance class", instance_class, "class", str(primary.location("instance_class"))),
            multi_az=primary.values.get("multi_az") is True,
            replicas=tuple(r.address for r in replicas),
            replica_classes=tuple(str(known(r.values, "instance_class") or "") for r in replicas),
            storage=Storage(
                str(primary.values.get("storage_type") or ""),
                number(primary.values.get("iops")),
                number(primary.values.get("allocated_storage")),
            ),
            connections=self.connections(primary, engine, instance_class),
            proxy=proxy.address if proxy else None,
            proxy_percent=self.proxy_percent(proxy) if proxy else 100.0,
        )

    def proxy_percent(self, proxy: Resource) -> float:
        """The share of the database's connections that the proxy may open, all of them where nothing is said."""
        for group in self.references.referring(proxy, "aws_db_proxy_default_target_group"):
            share = number(first_block(group.values.get("connection_pool_config")).get("max_connections_percent"))
            if share is not None:
                return share
        return 100.0

    def connections(self, database: Resource, engine: str, instance_class: str) -> Connections | None:
        """What `max_connections` is: the parameter group's value, or the engine's default formula over the class's memory."""
        for group in self.references.linked(database, "parameter_group_name", "aws_db_parameter_group"):
            for parameter in blocks(group.values.get("parameter")):
                if parameter.get("name") == "max_connections":
                    most = number(parameter.get("value"))
                    origin = str(group.location("parameter"))
                    if most is not None:
                        return Connections(most, most, most, "max_connections of the parameter group", origin)
                    return self.by_formula(str(parameter.get("value")), instance_class, origin, database)
        kind = "postgres" if "postgres" in engine else "mysql" if engine in {"mysql", "mariadb"} else ""
        if not kind:
            self.warn(
                f"{database.address}: no default of max_connections is known for {engine!r}",
                database.location("engine"),
            )
            return None
        divisor, ceiling = limit(f"rds.{kind}.connection_bytes"), limit(f"rds.{kind}.connections_limit")
        formula = f"LEAST({{DBInstanceClassMemory/{divisor.value}}},{ceiling.value})"
        return self.by_formula(formula, instance_class, divisor.origin, database)

    def by_formula(self, formula: str, instance_class: str, origin: str, database: Resource) -> Connections | None:
        """The value of `{DBInstanceClassMemory/N}` or `LEAST({...},M)`, with the range in which that memory lies."""
        match = re.fullmatch(r"(?:LEAST\()?\{DBInstanceClassMemory/(\d+)\}(?:,(\d+)\))?", formula.replace(" ", ""))
        facts = instances().get(instance_class)
        if match is None or facts is None:
            why = f"formula {formula!r}" if match is None else f"memory of {instance_class}"
            self.warn(f"{database.address}: the {why} is not known, so max_connections is not", database.defined_at)
            return None
        divisor, most = float(match[1]), float(match[2] or "inf")
        share = limit("rds.class_memory_share")
        low, value, high = (
            float(int(min(facts.memory_bytes * part / divisor, most)))
            for part in (share.at("low"), share.at(), share.at("high"))
        )
        return Connections(value, low, high, formula, f"{origin}; {facts.source}")

    def cache(self, near: list[Resource], service: Service, task: Resource) -> Cache | None:
        clusters = self.references.reachable(near, *CACHE_TYPES)
        if not clusters:
            return None
        cluster = clusters[0]
        if cluster.type == "aws_elasticache_cluster" and self.references.linked(
            cluster, "replication_group_id", "aws_elasticache_replication_group"
        ):
            cluster = self.references.linked(cluster, "replication_group_id", "aws_elasticache_replication_group")[0]
        node_type = cluster.values.get("node_type")
        ttl = self.from_environment("cache_ttl_s", service, task, "s")
        if ttl is None:
            self.warn(
                f"{cluster.address}: for how long answers are kept in it is not known, so it is left out; name the variable "
                "cache_ttl_s in gameday.toml",
                cluster.defined_at,
            )
            return None
        if not isinstance(node_type, str):
            self.warn(f"{cluster.address}: its node type is not known, so it is left out", cluster.defined_at)
            return None
        values = cluster.values
        shards = _or(number(values.get("num_node_groups")), 1.0)
        copies = 1.0 + _or(number(values.get("replicas_per_node_group")), 0.0)
        nodes = _or(
            number(values.get("num_cache_clusters")), _or(number(values.get("num_cache_nodes")), shards * copies)
        )
        return Cache(
            cluster.address,
            cluster.defined_at,
            str(values.get("engine") or "redis"),
            Given("node type", node_type, "class", str(cluster.location("node_type"))),
            int(nodes),
            ttl,
            self.stack is not None and self.stack.written_through,
        )

    def leftovers(self) -> None:
        """Says which stores are there but are not modelled."""
        for resource in self.model.of_type(*UNMODELLED_STORES):
            self.warn(f"{resource.address}: capacity does not model {resource.type} yet", resource.defined_at)
        for table in self.model.of_type("aws_dynamodb_table"):
            self.warn(f"{table.address}: the simulated night does not model {table.type} yet", table.defined_at)


def _bands(block: Mapping[str, Any]) -> Iterator[Band]:
    """The bands of a step policy; a bound that is not set is infinite."""
    for step in blocks(block.get("step_adjustment")):
        adjustment = number(step.get("scaling_adjustment"))
        if adjustment is not None:
            yield Band(
                _or(number(step.get("metric_interval_lower_bound")), -math.inf),
                _or(number(step.get("metric_interval_upper_bound")), math.inf),
                adjustment,
            )


def _trigger(alarm: Resource) -> Trigger:
    values = alarm.values
    return Trigger(
        alarm.address,
        str(values.get("metric_name")),
        str(values.get("comparison_operator", "")),
        number(values.get("threshold")),
        number(values.get("evaluation_periods")) or 1.0,
        number(values.get("period")) or 60.0,
    )


def _or(value: float | None, default: float) -> float:
    return default if value is None else value


def _tidy(number: float) -> float | int:
    return int(number) if number == int(number) else number
