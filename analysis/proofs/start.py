"""START: whether a new task would start at all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from analysis.architecture import Resource, Unknown, Value
from analysis.facts import fargate_sizes
from analysis.proofs.rule import Rule, Verdict, judged, requires, true
from analysis.proofs.view import View
from analysis.wiring.policies import names_action, statements
from analysis.wiring.tasks import Task
from analysis.wiring.values import blocks, cpu_units, first_block, items, memory_mib, number

PULL = (
    "ecr:GetAuthorizationToken",
    "ecr:BatchCheckLayerAvailability",
    "ecr:GetDownloadUrlForLayer",
    "ecr:BatchGetImage",
)
WRITE_LOGS = ("logs:CreateLogStream", "logs:PutLogEvents")
SECRET_ACTIONS = {
    "aws_secretsmanager_secret": "secretsmanager:GetSecretValue",
    "aws_secretsmanager_secret_version": "secretsmanager:GetSecretValue",
    "aws_db_instance": "secretsmanager:GetSecretValue",
    "aws_rds_cluster": "secretsmanager:GetSecretValue",
    "aws_ssm_parameter": "ssm:GetParameters",
}
ENDPOINT_SERVICES = {"secretsmanager:GetSecretValue": "secretsmanager", "ssm:GetParameters": "ssm"}

ECR = re.compile(r"\d{12}\.dkr\.ecr\.")
"""A private registry: whether its tags may move is a setting of each repository."""

HOST_NAME = re.compile(r"(^|_)(HOST|HOSTNAME|ADDRESS|SERVER)$")
WITH_PORT = {("aws_db_instance", "endpoint"), ("aws_elasticache_cluster", "configuration_endpoint")}
"""Attributes that are host and port in one text: docs of the AWS "
"provider 5.100, `aws_db_instance` and `aws_elasticache_cluster`."""

STORES = {  # type -> (the argument with its security groups, that with its subnet group)
    "aws_db_instance": ("vpc_security_group_ids", "db_subnet_group_name"),
    "aws_rds_cluster": ("vpc_security_group_ids", "db_subnet_group_name"),
    "aws_db_proxy": ("vpc_security_group_ids", ""),
    "aws_elasticache_replication_group": ("security_group_ids", "subnet_group_name"),
    "aws_elasticache_cluster": ("security_group_ids", "subnet_group_name"),
}
PORTS = {
    "mysql": 3306,
    "mariadb": 3306,
    "aurora-mysql": 3306,
    "postgres": 5432,
    "aurora-postgresql": 5432,
    "redis": 6379,
    "valkey": 6379,
    "memcached": 11211,
    "MYSQL": 3306,
    "POSTGRESQL": 5432,
}


def _networks(task: Task, view: View) -> tuple[list[Resource], list[Resource], bool]:
    """Subnets and security groups of a service, and whether its tasks get public addresses."""
    subnets: list[Resource] = []
    groups: list[Resource] = []
    public = False
    for block in blocks(task.service.values.get("network_configuration")):
        subnets += view.network.subnets_of(block.get("subnets"))
        groups += view.network.groups_of(block.get("security_groups"))
        public = public or true(block.get("assign_public_ip"))
    return subnets, groups, public


def _secrets(task: Task) -> Iterator[tuple[str, Value]]:
    for container in task.containers or ():
        for secret in blocks(container.get("secrets")):
            yield str(secret.get("name")), secret.get("valueFrom")


def _reader(view: View, source: Value) -> tuple[str, Resource | None]:
    """The action that reads a secret, and its resource where it is one of the stack."""
    for resource in view.references.behind(source):
        if resource.type in SECRET_ACTIONS:
            return SECRET_ACTIONS[resource.type], resource
    if isinstance(source, str) and ":secretsmanager:" in source:
        return "secretsmanager:GetSecretValue", None
    return "ssm:GetParameters", None


def _needs(task: Task, view: View) -> Mapping[str, str]:
    """The AWS services that a task must reach before it runs, each with what for."""
    found: dict[str, str] = {}
    for container in task.containers or ():
        image = container.get("image")
        ecr = any(r.type == "aws_ecr_repository" for r in view.references.behind(image))
        if ecr or (isinstance(image, str) and ".dkr.ecr." in image):
            found |= {"ecr.api": "the registry", "ecr.dkr": "the registry", "s3": "the layers of the image"}
        else:
            found["internet"] = f"the image {image.reference if isinstance(image, Unknown) else image}"
        if any(b.get("logDriver") == "awslogs" for b in blocks(container.get("logConfiguration"))):
            found["logs"] = "the log group"
    for name, source in _secrets(task):
        action, _ = _reader(view, source)
        found.setdefault(ENDPOINT_SERVICES[action], f"the secret {name}")
    return found


def _endpoint(view: View, service: str, subnet: Resource) -> Resource | None:
    """The endpoint of an AWS service that a task in `subnet` would use."""
    table = view.network.route_table(subnet)
    for endpoint in view.model.of_type("aws_vpc_endpoint"):
        if not str(endpoint.values.get("service_name")).endswith(f".{service}"):
            continue
        if view.references.linked(endpoint, "vpc_id", "aws_vpc") != view.references.linked(subnet, "vpc_id", "aws_vpc"):
            continue
        if endpoint.values.get("vpc_endpoint_type") == "Interface":
            if endpoint.values.get("private_dns_enabled") is True:
                return endpoint
        elif table is not None and (
            table in view.references.linked(endpoint, "route_table_ids", "aws_route_table", "aws_default_route_table")
            or any(
                endpoint in view.references.linked(a, "vpc_endpoint_id", "aws_vpc_endpoint")
                for a in view.references.about(table, "route_table_id", "aws_vpc_endpoint_route_table_association")
            )
        ):
            return endpoint
    return None


def _way_out(view: View, subnet: Resource, public: bool) -> str:
    """The way from a subnet to the Internet; empty without one."""
    way = view.network.default_route(subnet)
    if isinstance(way, Resource):
        if way.type == "aws_internet_gateway":
            return way.address if public else ""
        return way.address
    if isinstance(way, str) and way.startswith("igw-"):
        return way if public else ""
    return way or ""


def _no_way(view: View, subnets: Iterable[Resource], public: bool) -> str:
    """Why nothing of these subnets that is not reached by an endpoint is reached at all."""
    led = not public and any(_way_out(view, subnet, True) for subnet in subnets)
    return (
        "an Internet gateway serves public addresses only, and the tasks have none"
        if led
        else "no default route leads out"
    )


def reach(view: View) -> Iterator[Verdict]:
    """Registry, layers, secrets and logs can be reached from every subnet of the service."""
    for task in view.tasks:
        subnets, _, public = _networks(task, view)
        if task.containers is None or not subnets:
            why = (
                "its containers cannot be read" if task.containers is None else "its subnets are not part of this stack"
            )
            yield judged(task.service, "network_configuration", None, why)
            continue
        for service, purpose in _needs(task, view).items():
            closed = []
            ways = set()
            for subnet in subnets:
                out = _way_out(view, subnet, public)
                endpoint = _endpoint(view, service, subnet)
                if endpoint is not None:
                    ways.add(endpoint.address)
                elif out:
                    ways.add(out)
                else:
                    closed.append(subnet.address)
            if closed:
                said = (
                    f"{purpose} ({service}) cannot be reached from {', '.join(closed)}: "
                    f"{_no_way(view, subnets, public)}; nor is there an endpoint for {service}"
                )
            else:
                said = f"{purpose} ({service}) is reached by {', '.join(sorted(ways))}"
            yield judged(task.service, "network_configuration", not closed, said)


def _wanted_doors(task: Task, view: View) -> Iterator[tuple[str, float, Resource, list[Resource], list[Resource]]]:
    """What a task connects to: a name, the port, the resource, its security groups, and the subnets it stands in."""
    subnets, _, _ = _networks(task, view)
    for service in _needs(task, view):
        if service == "internet":
            continue
        for subnet in subnets:
            endpoint = _endpoint(view, service, subnet)
            if endpoint is not None and endpoint.values.get("vpc_endpoint_type") == "Interface":
                groups = view.network.groups_of(endpoint.values.get("security_group_ids"))
                yield (
                    f"the endpoint for {service}",
                    443,
                    endpoint,
                    groups,
                    view.network.subnets_of(endpoint.values.get("subnet_ids")),
                )
                break
    near = task.definition
    if near is None:
        return
    seen = set()
    for unknown in view.references.behind(task.environment):
        if unknown.type not in STORES or unknown.address in seen:
            continue
        seen.add(unknown.address)
        attribute, subnet_group = STORES[unknown.type]
        engine = str(unknown.values.get("engine") or unknown.values.get("engine_family") or "")
        if not engine and unknown.values.get("replicate_source_db"):
            sources = view.references.linked(unknown, "replicate_source_db", "aws_db_instance")
            engine = str(sources[0].values.get("engine")) if sources else ""
        port = number(unknown.values.get("port")) or PORTS.get(engine, 0)
        inside = [
            s
            for g in view.references.linked(
                unknown, subnet_group, "aws_db_subnet_group", "aws_elasticache_subnet_group"
            )
            for s in view.network.subnets_of(g.values.get("subnet_ids"))
        ]
        yield unknown.address, port, unknown, view.network.groups_of(unknown.values.get(attribute)), inside


def egress(view: View) -> Iterator[Verdict]:
    """The tasks' security groups let them out to everything they need."""
    for task in view.tasks:
        subnets, groups, _ = _networks(task, view)
        if task.containers is None or not groups:
            yield judged(
                task.service, "network_configuration", None, "its containers or security groups cannot be read"
            )
            continue
        names = ", ".join(g.address for g in groups)
        for what, port, _, theirs, inside in _wanted_doors(task, view):
            peer = view.network.lets_through(groups, "egress", port, theirs, inside)
            said = f"{names} to {what} on port {port:g}: " + (
                f"let out by {peer.resource.address}" if peer else "no rule lets it out"
            )
            yield judged(task.service, "network_configuration", peer is not None, said)
        needs = _needs(task, view)
        outside = [n for n in needs if any(_endpoint(view, n, s) is None for s in subnets)]
        if outside:
            out = [p for g in groups for p in view.network.peers(g, "egress") if p.covers(443) and p.everywhere]
            said = f"{names} to {', '.join(outside)} through the default route on port 443: "
            said += f"let out by {out[0].resource.address}" if out else "no rule lets it out"
            yield judged(task.service, "network_configuration", bool(out), said)
        gateway = next((e for s in subnets if "s3" in needs and (e := _endpoint(view, "s3", s))), None)
        if gateway is not None and gateway.values.get("vpc_endpoint_type") != "Interface":
            out = [
                p
                for g in groups
                for p in view.network.peers(g, "egress")
                if p.covers(443)
                and (
                    p.everywhere
                    or gateway in view.references.behind(p.prefix_lists)
                    or any(isinstance(x, str) for x in p.prefix_lists)
                )
            ]
            said = f"{names} to the addresses of S3 behind {gateway.address} on port 443: "
            said += f"let out by {out[0].resource.address}" if out else "no rule names its prefix list"
            yield judged(task.service, "network_configuration", bool(out), said)


def ingress(view: View) -> Iterator[Verdict]:
    """What the tasks need lets them in."""
    for task in view.tasks:
        subnets, groups, _ = _networks(task, view)
        if task.containers is None or not groups:
            yield judged(
                task.service, "network_configuration", None, "its containers or security groups cannot be read"
            )
            continue
        for what, port, resource, theirs, _ in _wanted_doors(task, view):
            attribute = STORES.get(resource.type, ("security_group_ids", ""))[0]
            if not theirs:
                yield judged(resource, attribute, None, f"{what}: its security groups are not part of this stack")
                continue
            peer = view.network.lets_through(theirs, "ingress", port, groups, subnets)
            said = f"{what} on port {port:g}: " + (
                f"{peer.resource.address} lets the tasks in"
                if peer
                else f"no rule of {', '.join(g.address for g in theirs)} lets the tasks in"
            )
            yield judged(resource, attribute, peer is not None, said)


def balanced(view: View) -> Iterator[tuple[Task, Mapping[str, Value], Resource | None]]:
    """Each service behind a balancer, the block that says so, and its target group; None where that is not of this stack."""
    for task in view.tasks:
        for block in blocks(task.service.values.get("load_balancer")):
            groups = [
                r for r in view.references.behind(block.get("target_group_arn")) if r.type == "aws_lb_target_group"
            ]
            yield task, block, groups[0] if groups else None


def balancer_to_tasks(view: View) -> Iterator[Verdict]:
    """The balancer may open connections to the tasks, and they let it in, at the port of the container."""
    for task, block, target in balanced(view):
        port = number(block.get("container_port"))
        front = [] if target is None else balancers(view, target)
        _, groups, _ = _networks(task, view)
        theirs = [g for b in front for g in view.network.groups_of(b.values.get("security_groups"))]
        if port is None or not theirs or not groups:
            yield judged(task.service, "load_balancer", None, "port, balancer or security groups cannot be read")
            continue
        subnets = [s for b in front for s in view.network.subnets_of(b.values.get("subnets"))]
        own, _, _ = _networks(task, view)
        for side, mine, direction, others, inside in (
            ("the balancer lets requests out", theirs, "egress", groups, own),
            ("the tasks let the balancer in", groups, "ingress", theirs, subnets),
        ):
            peer = view.network.lets_through(mine, direction, port, others, inside)
            said = f"port {port:g}: {side}" + (
                f" by {peer.resource.address}" if peer else f": no rule of {', '.join(g.address for g in mine)} says so"
            )
            yield judged(task.service, "load_balancer", peer is not None, said)


def balancers(view: View, target: Resource) -> list[Resource]:
    """The load balancers whose listeners or listener rules forward to a target group."""
    listeners = [
        x
        for x in view.model.of_type("aws_lb_listener", "aws_lb_listener_rule")
        if target in view.references.behind((x.values.get("default_action"), x.values.get("action")))
    ]
    for rule in [x for x in listeners if x.type == "aws_lb_listener_rule"]:
        listeners += view.references.linked(rule, "listener_arn", "aws_lb_listener")
    found: list[Resource] = []
    for listener in listeners:
        found += [b for b in view.references.linked(listener, "load_balancer_arn", "aws_lb") if b not in found]
    return found


def _execution_role(task: Task, view: View) -> Resource | None:
    if task.definition is None:
        return None
    return next(iter(view.references.linked(task.definition, "execution_role_arn", "aws_iam_role")), None)


def read_secrets(view: View) -> Iterator[Verdict]:
    """The execution role may read each secret and parameter that the containers name."""
    for task in view.tasks:
        if task.definition is None or task.containers is None:
            yield judged(task.service, "task_definition", None, "its containers cannot be read")
            continue
        if task.hides("secrets"):
            yield judged(task.definition, "container_definitions", None, "its secrets are known only after apply")
        role = _execution_role(task, view)
        for name, source in _secrets(task):
            action, resource = _reader(view, source)
            what = resource.address if resource else str(source)
            if role is None:
                unset = task.definition.values.get("execution_role_arn") is None
                yield judged(
                    task.definition,
                    "container_definitions",
                    False if unset else None,
                    f"{name}: the execution role is {'not set' if unset else 'not part of this stack'}",
                )
                continue
            target = re.sub(r"(:secret:[^:]+):.*$", r"\1", source) if isinstance(source, str) else source
            allowed = view.policies.allows(role, action, target)
            said = (
                "may call"
                if allowed
                else "may not call"
                if allowed is False
                else "has a policy that cannot be read, and may or may not call"
            )
            yield judged(
                task.definition,
                "container_definitions",
                allowed,
                f"{name} comes from {what}: {role.address} {said} {action} on it",
            )


def _on_fargate(task: Task, view: View) -> bool:
    """Whether Fargate runs it: as its definition, launch type or providers say, else its cluster's; else instances do."""
    definition = task.definition.values.get("requires_compatibilities") if task.definition else None
    own = blocks(task.service.values.get("capacity_provider_strategy"))
    default = [
        strategy
        for cluster in view.references.linked(task.service, "cluster", "aws_ecs_cluster")
        for settings in view.references.about(cluster, "cluster_name", "aws_ecs_cluster_capacity_providers")
        for strategy in blocks(settings.values.get("default_capacity_provider_strategy"))
    ]
    launch_type = task.service.values.get("launch_type")
    strategies = own or (() if launch_type else default)
    said = [*items(definition), launch_type, *(strategy.get("capacity_provider") for strategy in strategies)]
    return any(isinstance(word, str) and word.startswith("FARGATE") for word in said)


def pull_and_log(view: View) -> Iterator[Verdict]:
    """The execution role may pull the image and write the logs."""
    for task in view.tasks:
        if task.definition is None or task.containers is None:
            continue
        needs = _needs(task, view)
        role = _execution_role(task, view)
        for service, actions in (("ecr.api", PULL), ("logs", WRITE_LOGS)):
            if service not in needs:
                continue
            if role is None:
                unset = task.definition.values.get("execution_role_arn") is None
                instances = unset and not _on_fargate(task, view)
                said = "not set" if unset else "not part of this stack"
                yield judged(
                    task.definition,
                    "execution_role_arn",
                    False if unset and not instances else None,
                    f"the execution role is {said}"
                    + ("; on instances theirs is used, which is not judged here" if instances else ""),
                )
                continue
            # On which repository and group is not asked here: a statement on some resource is enough to tell intent from absence.
            missing = [a for a in actions if not _allowed_somewhere(view, role, a)]
            blind = any(found is None for _, found in view.policies.of(role))
            said = f"{role.address} may " + (
                f"not call {', '.join(missing)}" if missing else f"call {', '.join(actions)}"
            )
            yield judged(task.definition, "execution_role_arn", None if missing and blind else not missing, said)


def _allowed_somewhere(view: View, role: Resource, action: str) -> bool:
    return any(
        statement.get("Effect") == "Allow" and names_action(statement, action)
        for _, found in view.policies.of(role)
        for statement in found or ()
    )


def bare_hosts(view: View) -> Iterator[Verdict]:
    """A variable that names a host holds a host name, without a port."""
    for task in view.tasks:
        for name, value in sorted(task.environment.items()):
            if not HOST_NAME.search(name) or task.definition is None:
                continue
            if isinstance(value, Unknown):
                attribute = value.reference.rsplit(".", 1)[-1]
                ported = any((r.type, attribute) in WITH_PORT for r in view.references.named(value.reference))
                said = f"{name} is {value.reference}, " + ("host and port in one text" if ported else "a host name")
                yield judged(task.definition, "container_definitions", not ported, said)
            elif isinstance(value, str):
                ported = re.search(r":\d+$", value) is not None or "://" in value
                yield judged(task.definition, "container_definitions", not ported, f"{name} is {value}")


def fixed_images(view: View) -> Iterator[Verdict]:
    """Each image is named by digest, or by a tag that its repository does not move."""
    for task in view.tasks:
        if task.definition is None:
            continue
        for container in task.containers or ():
            image = container.get("image")
            repositories = [r for r in view.references.behind(image) if r.type == "aws_ecr_repository"]
            name = f"image of {container.get('name')}"
            if isinstance(image, str) and "@sha256:" in image:
                yield judged(
                    task.definition,
                    "container_definitions",
                    True,
                    f"{name}: {image.rpartition('@')[2][:19]}... is a digest",
                )
                continue
            if isinstance(image, str):
                path = image.partition("/")[2].partition(":")[0]
                repositories = [r for r in view.model.of_type("aws_ecr_repository") if r.values.get("name") == path]
                if image.rpartition("/")[2].partition(":")[2] in {"", "latest"}:
                    yield judged(
                        task.definition,
                        "container_definitions",
                        False,
                        f"{name}: {image} names whatever was pushed last",
                    )
                    continue
            if not repositories:
                own = isinstance(image, Unknown) or ECR.match(str(image))
                shown = image.reference if isinstance(image, Unknown) else image
                yield judged(
                    task.definition,
                    "container_definitions",
                    None if own else False,
                    f"{name}: {shown}; "
                    + (
                        "whether its repository lets tags move is not in this stack"
                        if own
                        else "a tag of a public registry may move"
                    ),
                )
                continue
            repository = repositories[0]
            kept = repository.values.get("image_tag_mutability") == "IMMUTABLE"
            said = (
                f"{name} is a tag of {repository.address}, whose tags are "
                f"{repository.values.get('image_tag_mutability') or 'MUTABLE'}"
            )
            yield judged(task.definition, "container_definitions", kept, said)


def ports(view: View) -> Iterator[Verdict]:
    """The service registers a port that the container opens; with it the target group's own port counts for nothing."""
    for task, block, target in balanced(view):
        name, port = block.get("container_name"), number(block.get("container_port"))
        if task.containers is None or port is None:
            yield judged(task.service, "load_balancer", None, "its containers or its port cannot be read")
            continue
        container = next((c for c in task.containers if c.get("name") == name), None)
        if container is None:
            yield judged(
                task.service,
                "load_balancer",
                False,
                f"the task has no container {name}; it has {', '.join(str(c.get('name')) for c in task.containers)}",
            )
            continue
        if isinstance(container.get("portMappings"), Unknown):
            yield judged(task.place, "container_definitions", None, "its port mappings are known only after apply")
            continue
        opened = [number(m.get("containerPort")) for m in blocks(container.get("portMappings"))]
        said = (
            f"the service registers port {port:g} of {name}, which opens "
            f"{', '.join(f'{p:g}' for p in opened if p is not None) or 'none'}"
        )
        yield judged(task.service, "load_balancer", port in opened, said)
        if target is not None:
            kind = target.values.get("target_type")
            if task.definition is not None and task.definition.values.get("network_mode") == "awsvpc":
                yield judged(
                    target,
                    "target_type",
                    kind == "ip",
                    f"tasks of network mode awsvpc register by address; target_type is {kind or 'instance'}",
                )
        told = task.environment.get("PORT")
        if told is not None and number(told) is not None:
            yield judged(
                task.place,
                "container_definitions",
                number(told) == port,
                f"PORT={told} tells the program where to listen; the service registers {port:g}",
            )


def log_groups(view: View) -> Iterator[Verdict]:
    """The log group of each container exists before the container starts, in the region that it names."""
    names = {str(r.values.get("name")) for r in view.model.of_type("aws_cloudwatch_log_group")}
    for task in view.tasks:
        for container in task.containers or ():
            for block in blocks(container.get("logConfiguration")):
                options = block.get("options")
                if block.get("logDriver") != "awslogs" or not isinstance(options, Mapping):
                    continue
                group = options.get("awslogs-group")
                own = any(r.type == "aws_cloudwatch_log_group" for r in view.references.behind(group))
                made = (
                    own or (isinstance(group, str) and group in names) or options.get("awslogs-create-group") == "true"
                )
                if isinstance(group, Unknown) and not own:
                    yield judged(
                        task.place,
                        "container_definitions",
                        None,
                        f"awslogs-group is known only after apply ({group.reference})",
                    )
                else:
                    shown = group.reference if isinstance(group, Unknown) else group
                    yield judged(
                        task.place,
                        "container_definitions",
                        made,
                        f"log group {shown} "
                        + (
                            "is one of this stack"
                            if made
                            else "is none of this stack, and awslogs-create-group is not set"
                        ),
                    )
                region = options.get("awslogs-region")
                if isinstance(region, str):
                    yield judged(
                        task.place,
                        "container_definitions",
                        region == view.model.region,
                        f"awslogs-region is {region}, the stack's region {view.model.region}",
                    )


def sizes(view: View) -> Iterator[Verdict]:
    """CPU and memory of a Fargate task form a pair that AWS offers."""
    for task in view.tasks:
        definition = task.definition
        if definition is None or "FARGATE" not in items(definition.values.get("requires_compatibilities")):
            continue
        cpu, memory = cpu_units(definition.values.get("cpu")), memory_mib(definition.values.get("memory"))
        if cpu is None or memory is None:
            unset = definition.values.get("cpu") is None or definition.values.get("memory") is None
            yield judged(
                definition,
                "cpu",
                False if unset else None,
                "cpu or memory is " + ("not set" if unset else "not a number known before apply"),
            )
            continue
        legal = fargate_sizes().get(int(cpu))
        allowed = (
            f"{legal[0]} to {legal[-1]} MiB"
            if legal
            else f"no memory; there are {', '.join(str(c) for c in fargate_sizes())} units"
        )
        yield judged(
            definition,
            "memory",
            bool(legal) and memory in (legal or ()),
            f"{cpu:g} CPU units and {memory:g} MiB; to {cpu:g} units belong {allowed}",
        )


def nat_in_public(view: View) -> Iterator[Verdict]:
    """A public NAT gateway stands in a subnet whose default route leads to an Internet gateway."""
    for gateway in view.model.of_type("aws_nat_gateway"):
        if gateway.values.get("connectivity_type") == "private":
            continue
        subnets = view.references.linked(gateway, "subnet_id", "aws_subnet")
        if not subnets:
            yield judged(gateway, "subnet_id", None, "its subnet is not part of this stack")
        for subnet in subnets:
            public = view.network.is_public(subnet)
            yield judged(
                gateway,
                "subnet_id",
                public,
                f"{subnet.address} " + ("has" if public else "has no") + " default route to an Internet gateway",
            )


def grace(view: View) -> Iterator[Verdict]:
    """A task behind a balancer is given the time of its own start before failed checks count."""
    for task, _, _ in balanced(view):
        value = task.service.values.get("health_check_grace_period_seconds")
        given = number(value) or 0.0
        started = max(
            [number(h.get("startPeriod")) or 0.0 for c in task.containers or () for h in blocks(c.get("healthCheck"))]
            or [0.0]
        )
        if isinstance(value, Unknown):
            yield judged(task.service, "health_check_grace_period_seconds", None, "it is known only after apply")
        else:
            said = f"grace of {given:g} s; a container's start period is {started:g} s"
            yield judged(task.service, "health_check_grace_period_seconds", given > 0 and given >= started, said)


def check_times(view: View) -> Iterator[Verdict]:
    """A health check's timeout is shorter than its interval, as AWS demands."""
    for target in view.model.of_type("aws_lb_target_group"):
        for block in blocks(target.values.get("health_check")):
            interval, timeout = number(block.get("interval")) or 30.0, number(block.get("timeout")) or 5.0
            yield judged(target, "health_check", timeout < interval, f"timeout {timeout:g} s, interval {interval:g} s")


LOG_WRITERS = {"network": "delivery.logs.amazonaws.com"}
"""Who writes a balancer's access logs, by its type; for application balancers LOG_WRITER."""

LOG_WRITER = "logdelivery.elasticloadbalancing.amazonaws.com"


def access_logs(view: View) -> Iterator[Verdict]:
    """The bucket of a balancer's access logs lets it write, or AWS refuses the balancer.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
    """
    for balancer in view.model.of_type("aws_lb"):
        logs = first_block(balancer.values.get("access_logs"))
        if not true(logs.get("enabled")):
            continue
        buckets = view.references.linked(balancer, "access_logs", "aws_s3_bucket") or [
            b for b in view.model.of_type("aws_s3_bucket") if b.values.get("bucket") == logs.get("bucket")
        ]
        writer = LOG_WRITERS.get(str(balancer.values.get("load_balancer_type")), LOG_WRITER)
        for bucket in buckets[:1]:
            path = "/".join(("", *items(logs.get("prefix")), "AWSLogs", ""))
            found = [
                statements(p.values.get("policy"))
                for p in view.references.about(bucket, "bucket", "aws_s3_bucket_policy")
            ]
            if None in found:
                yield judged(balancer, "access_logs", None, f"the policy of {bucket.address} cannot be read")
                continue
            allowed = any(_may_write(s, writer, path) for each in found for s in each or ())
            said = f"{bucket.address} " + ("lets" if allowed else "does not let") + f" {writer} write below {path[1:]}"
            yield judged(balancer, "access_logs", allowed, said)


def _may_write(statement: Mapping[str, Value], writer: str, path: str) -> bool:
    """Whether a statement lets a balancer write below `path`; any account that is named may be AWS's own."""
    principal = statement.get("Principal")
    admitted = principal == "*" or (
        isinstance(principal, Mapping)
        and (writer in items(principal.get("Service")) or bool(items(principal.get("AWS"))))
    )
    if statement.get("Effect") != "Allow" or not admitted or not names_action(statement, "s3:PutObject"):
        return False
    patterns = [p.partition("*")[0].partition("/") for p in items(statement.get("Resource")) if isinstance(p, str)]
    below = [slash + key for _, slash, key in patterns]
    return len(below) < len(items(statement.get("Resource"))) or any(
        path.startswith(known) or known.startswith(path) for known in below
    )


RULES = (
    Rule(
        "START-01",
        "error",
        "Private tasks reach registry, image layers, secrets and logs",
        "Add a NAT gateway with a default route, or an interface endpoint with private "
        "DNS for each service and a gateway endpoint for S3 in the subnets' route tables.",
        reach,
    ),
    Rule(
        "START-02",
        "error",
        "The tasks' security groups let them out to what they need",
        "Add an egress rule to the other side's security group, or to its prefix list, at that port.",
        egress,
    ),
    Rule(
        "START-03",
        "error",
        "What the tasks need lets them in",
        "Add an ingress rule from the tasks' security group at that port.",
        ingress,
    ),
    Rule(
        "START-04",
        "error",
        "Balancer and tasks let each other through at the container's port",
        "Let the balancer's security group out to the tasks', and the tasks' in from the balancer's, at the container's port.",
        balancer_to_tasks,
    ),
    Rule(
        "START-05",
        "error",
        "The execution role may read each secret and parameter",
        "Allow the action on that secret in a policy of the execution role.",
        read_secrets,
    ),
    Rule(
        "START-06",
        "error",
        "The execution role may pull the image and write the logs",
        "Allow the missing actions in a policy of the execution role.",
        pull_and_log,
    ),
    Rule(
        "START-07",
        "error",
        "A host name carries no port",
        "Pass the attribute that is the host alone (`address` of a database), and the port in a variable of its own.",
        bare_hosts,
    ),
    Rule(
        "START-08",
        "error",
        "An image is named by digest or immutable tag",
        'Name the image by `@sha256:...`, or set image_tag_mutability = "IMMUTABLE" and never use `latest`.',
        fixed_images,
    ),
    Rule(
        "START-09",
        "error",
        "Container and service mean the same port",
        'Use one variable for the port in port mappings and service, and target_type = "ip" for awsvpc.',
        ports,
    ),
    Rule(
        "START-10",
        "error",
        "The containers' log groups exist",
        "Declare the log group in this stack and name it in awslogs-group, in the stack's region.",
        log_groups,
    ),
    Rule(
        "START-11",
        "error",
        "CPU and memory of a task form a legal pair",
        "Choose a memory size that Fargate offers for these CPU units.",
        sizes,
    ),
    Rule(
        "START-12",
        "error",
        "NAT gateways stand in public subnets",
        "Put the gateway into a subnet whose route table leads to the Internet gateway.",
        nat_in_public,
    ),
    Rule(
        "START-13",
        "warning",
        "A slow start is not taken for a failure",
        "Set health_check_grace_period_seconds to at least the container's start period.",
        grace,
    ),
    Rule(
        "START-14",
        "error",
        "A health check's timeout is shorter than its interval",
        "Lower the timeout or lengthen the interval.",
        check_times,
    ),
    Rule(
        "START-15",
        "error",
        "Private DNS works in the network",
        "Set enable_dns_support, and enable_dns_hostnames where endpoints use private DNS.",
        requires(
            "aws_vpc",
            "enable_dns_support",
            lambda v: v in (None, True),
            "true, or names of endpoints and databases resolve nowhere",
        ),
    ),
    Rule(
        "START-16",
        "error",
        "A balancer may write its access logs",
        "Allow s3:PutObject below the logs' prefix in the bucket's policy.",
        access_logs,
    ),
)
