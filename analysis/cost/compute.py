"""What containers, instances and functions cost: the rate card's rows for ECS, EC2, EKS and Lambda."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import ROUND_CEILING, Decimal
from typing import TypeAlias

from analysis.architecture import Value
from analysis.cost import support
from analysis.cost.setting import (
    Applies,
    Charge,
    Count,
    NotPriced,
    Setting,
    Sku,
    as_number,
    by_use,
    hourly,
    if_used,
    monthly,
    one,
)
from analysis.cost.transfer import TRANSFER
from analysis.units import HOURS_PER_MONTH, Quantity
from analysis.wiring.tasks import definition_of
from analysis.wiring.values import cpu_units, memory_mib

FARGATE_FREE_STORAGE_GB = 20
"""Ephemeral storage of a task that is not charged: https://aws.amazon.com/fargate/pricing/."""

GP3_FREE_IOPS, GP3_FREE_MIBPS = 3000, 125
"""What an EBS gp3 volume includes: https://aws.amazon.com/ebs/pricing/."""

IO2_TIERS = (
    ("first", "up to 32,000", (0, 32_000)),
    ("second", "from 32,000 to 64,000", (32_000, 64_000)),
    ("third", "above 64,000", (64_000, None)),
)
"""The tiers of the IOPS of an io2 volume, which count for each volume, not for the account: https://aws.amazon.com/ebs/pricing/."""

DETAILED_METRICS = 7
"""Metrics that an instance with detailed monitoring publishes: the price row's attributes."""

LAMBDA_FREE_STORAGE_MB = 512
"""Ephemeral storage of a function that is not charged: https://aws.amazon.com/lambda/pricing/."""


# --- ECS on Fargate -----------------------------------------------------------------------------------------------------


def providers(service: Setting) -> tuple[Mapping[str, Value], ...]:
    """The capacity provider strategy of a service: its own, else FARGATE where that is its launch type, else its cluster's."""
    own = service.blocks("capacity_provider_strategy")
    if own:
        return own
    launch_type = service.get("launch_type")
    if launch_type:
        return ({"capacity_provider": launch_type, "weight": 1},)
    cluster = service.follow("cluster", "aws_ecs_cluster")
    if cluster is None:
        return ()
    for settings in service.of(cluster).referred_by("aws_ecs_cluster_capacity_providers"):
        return service.of(settings).blocks("default_capacity_provider_strategy")
    return ()


def left_to_task_sets(service: Setting) -> bool:
    """Whether the tasks of a service stand in its task sets: an external controller starts them there."""
    return service.block("deployment_controller").get("type") == "EXTERNAL"


def on_fargate(service: Setting) -> bool:
    """Whether Fargate runs the tasks; on instances of one's own, those are what costs.

    Raises NotPriced for machines outside of AWS (ECS Anywhere).
    """
    names = () if left_to_task_sets(service) else [str(p.get("capacity_provider", "")) for p in providers(service)]
    if "EXTERNAL" in names:
        raise NotPriced(
            "its tasks run on machines outside of AWS, each charged by the hour, and no price of that is known"
        )
    return any(name.startswith("FARGATE") for name in names)


def desired_tasks(service: Setting) -> Decimal:
    """The tasks that run without any load: desired_count, or the floor of the service's scaling target where that is higher.

    Of a task set, the share of its service's that `scale` says, rounded up.
    """
    if service.resource.type == "aws_ecs_task_set":
        return _share_of_service(service)
    desired = service.set_number("desired_count", 0)
    floors = [
        service.of(target).number("min_capacity")
        for target in service.referred_by("aws_appautoscaling_target")
        if service.of(target).get("scalable_dimension", "ecs:service:DesiredCount") == "ecs:service:DesiredCount"
    ]
    return max([desired, *floors])


def _share_of_service(task_set: Setting) -> Decimal:
    scale = task_set.block("scale").get("value")
    percent = as_number(task_set.known(100 if scale is None else scale, "scale"), "scale")
    whole = desired_tasks(task_set.need("service", "aws_ecs_service"))
    return (whole * percent / 100).to_integral_value(ROUND_CEILING)


def task_hours(service: Setting) -> Decimal:
    """The hours of all tasks in the month: what the usage says, else the desired tasks all month long."""
    used = service.used("task_hours")
    return desired_tasks(service) * HOURS_PER_MONTH if used is None else used


def spot_hours(service: Setting) -> Decimal:
    """The part of the task-hours that runs on FARGATE_SPOT: what the usage says, else what base and weights give."""
    hours, share = task_hours(service), service.used("spot_share")
    if share is not None:
        return hours * share
    strategy = [(str(p.get("capacity_provider", "")), p) for p in providers(service)]
    weights = {name: as_number(p.get("weight") or 0, "weight") for name, p in strategy}
    based = {name: as_number(p.get("base") or 0, "base") * HOURS_PER_MONTH for name, p in strategy}
    base_total, weight_total = sum(based.values(), Decimal(0)), sum(weights.values(), Decimal(0))
    if "FARGATE_SPOT" not in weights:
        return Decimal(0)
    if base_total >= hours or not weight_total:
        return min(hours, based["FARGATE_SPOT"])
    return based["FARGATE_SPOT"] + (hours - base_total) * weights["FARGATE_SPOT"] / weight_total


def _runs_on_spot(service: Setting) -> bool:
    spot = service.used("spot_share") is not None or any(
        p.get("capacity_provider") == "FARGATE_SPOT" for p in providers(service)
    )
    return spot and on_fargate(service) and spot_hours(service) > 0


def _runs_on_demand(service: Setting) -> bool:
    return on_fargate(service) and (not _runs_on_spot(service) or spot_hours(service) < task_hours(service))


def _task(service: Setting) -> Setting:
    definition = definition_of(service.wiring, service.resource)
    return service.of(definition) if definition else service.need("task_definition", "aws_ecs_task_definition")


def _size(service: Setting, name: str, amount: Callable[[str], float | None]) -> Decimal:
    """The task's `cpu` or `memory` in vCPUs or GB, each of which is 1,024 of the unit that ECS counts in."""
    text = _set(_task(service), name)
    units = amount(text)
    if units is None:
        raise NotPriced(f"{name} of the task is {text!r}, which is not a size")
    return Decimal(str(units)) / 1024


def task_vcpu(service: Setting) -> Decimal:
    """The vCPUs of one task."""
    return _size(service, "cpu", cpu_units)


def task_memory_gb(service: Setting) -> Decimal:
    """The memory of one task in GB."""
    return _size(service, "memory", memory_mib)


def _set(setting: Setting, name: str) -> str:
    value = setting.text(name)
    if not value:
        raise NotPriced(f"{setting.resource.address} has no {name}, which Fargate asks for and the price depends on")
    return value


def task_storage_gb(service: Setting) -> Decimal:
    """The ephemeral storage of one task above what is included, in GB."""
    task = _task(service)
    size = task.known(task.block("ephemeral_storage").get("size_in_gib", FARGATE_FREE_STORAGE_GB), "ephemeral_storage")
    return max(Decimal(0), as_number(size, "size_in_gib") - FARGATE_FREE_STORAGE_GB)


def _fargate(kind: str, spot: bool) -> Callable[[Setting], str]:
    def sku(service: Setting) -> str:
        task = _task(service)
        platform = task.block("runtime_platform")
        system = task.known(platform.get("operating_system_family") or "LINUX", "operating_system_family")
        if str(system).startswith("WINDOWS") and not spot:
            return f"fargate.windows.x86.{kind}_hour"
        if system != "LINUX":
            raise NotPriced(f"the price book has no prices for tasks on {system}{' as Spot' if spot else ''}")
        processor = task.known(platform.get("cpu_architecture") or "X86_64", "cpu_architecture")
        return f"fargate{'_spot' if spot else ''}.linux.{'arm64' if processor == 'ARM64' else 'x86'}.{kind}_hour"

    return sku


def _fargate_hours(size: Callable[[Setting], Decimal], unit: str, spot: bool | None) -> Callable[[Setting], Quantity]:
    def quantity(service: Setting) -> Quantity:
        hours = task_hours(service)
        if spot is not None:
            hours = spot_hours(service) if spot else hours - spot_hours(service)
        return Quantity(size(service) * hours, unit)

    return quantity


def _on_windows(service: Setting) -> bool:
    platform = _task(service).block("runtime_platform") if on_fargate(service) else {}
    return str(platform.get("operating_system_family") or "").startswith("WINDOWS")


def public_tasks(service: Setting) -> bool:
    """Whether every task holds a public IPv4 address."""
    public = service.block("network_configuration").get("assign_public_ip")
    return on_fargate(service) and service.known(public, "assign_public_ip") in {True, "true"}


TASK_KEYS = ("task_hours", "spot_share")

FARGATE = (
    Charge("vCPU", _fargate("vcpu", False), _fargate_hours(task_vcpu, "vCPU-hour", False), TASK_KEYS, _runs_on_demand),
    Charge(
        "memory", _fargate("gb", False), _fargate_hours(task_memory_gb, "GB-hour", False), TASK_KEYS, _runs_on_demand
    ),
    Charge(
        "vCPU, Spot", _fargate("vcpu", True), _fargate_hours(task_vcpu, "vCPU-hour", True), TASK_KEYS, _runs_on_spot
    ),
    Charge(
        "memory, Spot", _fargate("gb", True), _fargate_hours(task_memory_gb, "GB-hour", True), TASK_KEYS, _runs_on_spot
    ),
    Charge(
        "licence of Windows",
        "fargate.windows.os_licence.vcpu_hour",
        _fargate_hours(task_vcpu, "vCPU-hour", None),
        ("task_hours",),
        _on_windows,
    ),
    Charge(
        "ephemeral storage above 20 GB",
        "fargate.ephemeral_storage.gb_hour",
        _fargate_hours(task_storage_gb, "GB-hour", None),
        ("task_hours",),
        lambda s: on_fargate(s) and task_storage_gb(s) > 0,
    ),
    Charge(
        "public IPv4 addresses of the tasks",
        "public_ipv4.in_use.hour",
        lambda s: Quantity(task_hours(s), "hour"),
        ("task_hours",),
        public_tasks,
    ),
)


def _insights(cluster: Setting) -> str:
    for setting in cluster.blocks("setting"):
        if setting.get("name") == "containerInsights":
            return str(cluster.known(setting.get("value"), "containerInsights"))
    return "disabled"


# --- instances ----------------------------------------------------------------------------------------------------------

Volumes: TypeAlias = Callable[[Setting], tuple[Mapping[str, Value], ...]]
Measure: TypeAlias = Callable[[Setting, Mapping[str, Value]], Decimal]


def _volume_type(setting: Setting, volume: Mapping[str, Value]) -> str:
    return str(setting.known(volume.get("volume_type") or volume.get("type") or "gp2", "volume_type"))


def _volume_gb(setting: Setting, volume: Mapping[str, Value]) -> Decimal:
    size = setting.known(volume.get("volume_size") or volume.get("size"), "volume_size")
    if size is None:
        raise NotPriced("the volume's size is not set; it comes from the machine image or snapshot")
    return as_number(size, "volume_size")


def volume_charges(
    volumes: Volumes, count: Count = one, keys: tuple[str, ...] = (), when: Applies = lambda _: True
) -> tuple[Charge, ...]:
    """The rows for the EBS volumes that `volumes` finds, `count` times: storage by type, and what gp3, io1 and io2 add.

    `keys` are the usage keys that `count` reads; `when` says whether the rows apply at all.
    """

    def row(component: str, kind: str, sku: Sku, unit: str, measure: Measure, *, always: bool = False) -> Charge:
        def found(s: Setting) -> Iterator[Mapping[str, Value]]:
            return (v for v in volumes(s) if _volume_type(s, v) == kind)

        def quantity(s: Setting) -> Quantity:
            return Quantity(sum((measure(s, v) for v in found(s)), Decimal(0)) * count(s), unit)

        def applies(s: Setting) -> bool:
            return when(s) and any(always or measure(s, v) > 0 for v in found(s))

        return Charge(component, sku, quantity, keys, applies)

    def above(name: str, free: int) -> Measure:
        return lambda s, v: max(Decimal(0), as_number(s.known(v.get(name), name) or free, name) - free)

    def between(name: str, start: int, end: int | None) -> Measure:
        def share(s: Setting, v: Mapping[str, Value]) -> Decimal:
            amount = as_number(s.known(v.get(name), name) or 0, name)
            return max(Decimal(0), (amount if end is None else min(amount, Decimal(end))) - start)

        return share

    return (
        *(
            row(f"storage, {kind}", kind, f"ebs.{kind}.gb_month", "GB-month", _volume_gb, always=True)
            for kind in ("gp2", "gp3", "io1", "io2", "st1", "sc1", "standard")
        ),
        row("IOPS above 3,000, gp3", "gp3", "ebs.gp3.iops_month", "IOPS-month", above("iops", GP3_FREE_IOPS)),
        row(
            "throughput above 125 MiB/s, gp3",
            "gp3",
            "ebs.gp3.throughput_mibps_month",
            "MiBps-month",
            above("throughput", GP3_FREE_MIBPS),
        ),
        row("IOPS, io1", "io1", "ebs.io1.iops_month", "IOPS-month", above("iops", 0)),
        *(
            row(f"IOPS, io2, {text}", "io2", f"ebs.io2.iops_month.{tier}", "IOPS-month", between("iops", *bounds))
            for tier, text, bounds in IO2_TIERS
        ),
    )


def _own_volume(setting: Setting) -> tuple[Mapping[str, Value], ...]:
    return ({name: setting.get(name) for name in ("type", "size", "iops", "throughput")},)


def _instance_volumes(setting: Setting) -> tuple[Mapping[str, Value], ...]:
    return tuple(
        v
        for v in (*setting.blocks("root_block_device"), *_mapped(setting), *setting.blocks("ebs_block_device"))
        if not _sizeless(v)
    )


def _mapped(instance: Setting) -> tuple[Mapping[str, Value], ...]:
    """The volumes that the launch template of an instance maps, where the instance says nothing itself."""
    template = _template_of(instance) if instance.blocks("launch_template") else None
    return _mappings(template) if template and not instance.blocks("root_block_device") else ()


def _mappings(template: Setting) -> tuple[Mapping[str, Value], ...]:
    blocks = tuple(e for m in template.blocks("block_device_mappings") for e in _nested(template, m, "ebs"))
    return (*blocks, *template.blocks("root_block_device"), *template.blocks("ebs_block_device"))


def _sizeless(volume: Mapping[str, Value]) -> bool:
    return volume.get("volume_size") is None


def _image_volumes(kind: str) -> Applies:
    """Whether the root volume is that of the machine image, whose size no argument says, and of this type."""

    def check(setting: Setting) -> bool:
        if setting.resource.type == "aws_instance":
            volumes = (*setting.blocks("root_block_device"), *_mapped(setting))
        else:
            volumes = _mappings(_template(setting))
        root = volumes[0] if volumes else {}
        return _sizeless(root) and _volume_type(setting, root) == kind

    return check


def image_volume_charges(
    gigabytes: int, count: Count = one, keys: tuple[str, ...] = (), when: Applies = lambda _: True
) -> tuple[Charge, ...]:
    """The rows for the root volume of a machine image, whose size is assumed, and said in the line."""

    def row(kind: str) -> Charge:
        of_kind = _image_volumes(kind)
        return Charge(
            f"storage, {kind}: the image's own volume, {gigabytes} GB assumed",
            f"ebs.{kind}.gb_month",
            lambda s: Quantity(gigabytes * Decimal(count(s)), "GB-month"),
            keys,
            lambda s: when(s) and of_kind(s),
        )

    return row("gp2"), row("gp3")


def _linux_hour(instance_type: str) -> str:
    return f"ec2.linux.{instance_type}.hour"


def _instance_sku(instance: Setting) -> str:
    if instance.blocks("instance_market_options") or instance.get("spot_price"):
        raise NotPriced("it runs on Spot capacity, whose price varies by the hour")
    kind = _instance_type(instance)
    if _tenancy(instance) == "dedicated":
        return f"ec2.linux_dedicated.{kind}.hour"
    return _linux_hour(kind)


def _instance_type(instance: Setting) -> str:
    """The type of an instance, of a launch template, or of the template that an instance names."""
    kind = instance.text("instance_type")
    if not kind and instance.resource.type == "aws_instance" and instance.blocks("launch_template"):
        kind = _template_of(instance).text("instance_type")
    if not kind:
        raise NotPriced(f"{instance.resource.address} sets no instance_type")
    return kind


def _tenancy(instance: Setting) -> str:
    placement = instance.block("placement") if instance.resource.type == "aws_launch_template" else {}
    return str(placement.get("tenancy") or instance.text("tenancy") or instance.text("placement_tenancy") or "default")


def _on_dedicated_host(instance: Setting) -> bool:
    return _tenancy(instance) == "host" or bool(instance.resource.values.get("host_id"))


def _optimised_sku(instance: Setting) -> str:
    return f"ec2.ebs_optimized.{_instance_type(instance)}.hour"


def _optimised(instance: Setting) -> bool:
    """Whether EBS optimisation is switched on for an old type that it costs extra on; newer ones include it."""
    return instance.flag("ebs_optimized") and _optimised_sku(instance) in instance.prices.prices


def _credits(setting: Setting) -> str:
    family = _group_type(setting).split(".", maxsplit=1)[0]
    return f"ec2.{'t4g' if family == 't4g' else 't3'}.unlimited_cpu_credit.vcpu_hour"


def _surplus(setting: Setting) -> Quantity | None:
    hours, vcpu = setting.used("monthly_cpu_credit_hrs"), setting.used("vcpu_count")
    if hours is None:
        return None
    return Quantity(hours * (2 if vcpu is None else vcpu), "vCPU-hour")


def _credit_charge() -> Charge:
    return Charge(
        "surplus CPU credits",
        _credits,
        _surplus,
        ("monthly_cpu_credit_hrs", "vcpu_count"),
        lambda s: s.used("monthly_cpu_credit_hrs") is not None,
    )


def _public_subnet(subnet: Setting) -> bool:
    return subnet.resource.type == "aws_default_subnet" or subnet.flag("map_public_ip_on_launch")


def _public_instance(instance: Setting) -> bool:
    """Whether an instance holds a public IPv4 address of AWS's pool: it asks for one, or its subnet gives one.

    It gives that back for an Elastic IP, which is charged where it stands.
    """
    elastic = (("instance", "aws_eip"), ("instance_id", "aws_eip_association"))
    if any(True for via, kind in elastic for _ in instance.wiring.about(instance.resource, via, kind)):
        return False
    asked = instance.get("associate_public_ip_address")
    if asked is not None:
        return asked in {True, "true"}
    subnet = instance.follow("subnet_id", *SUBNETS)
    return subnet is not None and _public_subnet(instance.of(subnet))


def _public_share(group: Setting, attribute: str) -> Decimal:
    """The share of the subnets of a group that give a public address to what starts in them; AWS spreads instances evenly."""
    subnets = {r.address: r for r in group.wiring.referred(group.resource, *SUBNETS, via=attribute)}.values()
    if not subnets:
        return Decimal(0)
    return Decimal(sum(_public_subnet(group.of(subnet)) for subnet in subnets)) / len(subnets)


SUBNETS = ("aws_subnet", "aws_default_subnet")

IMAGE_GB = 8
"""Assumption: the root volume of an image is 8 GB, as that of Amazon Linux is; others are larger, and say so with a size."""

NODE_IMAGE_GB = 20
"""Assumption: a node of EKS has 20 GB, the default of its own images."""

INSTANCE = (
    Charge(
        "instance, Linux",
        _instance_sku,
        lambda s: Quantity(HOURS_PER_MONTH if s.used("monthly_hrs") is None else s.use["monthly_hrs"], "hour"),
        ("monthly_hrs",),
        lambda s: not _on_dedicated_host(s),
    ),
    hourly("EBS optimisation", _optimised_sku, applies=_optimised),
    _credit_charge(),
    monthly(
        "detailed monitoring",
        "ec2.detailed_monitoring.metric_month",
        "metric-month",
        lambda _: DETAILED_METRICS,
        lambda s: s.flag("monitoring"),
    ),
    hourly("public IPv4 address", "public_ipv4.in_use.hour", applies=_public_instance),
    *volume_charges(_instance_volumes),
    *image_volume_charges(IMAGE_GB),
)


def _template_of(owner: Setting) -> Setting:
    """The launch template or configuration that an instance or group names: by reference, id or name."""
    for attribute in ("launch_template", "launch_configuration"):
        found = owner.follow(attribute, "aws_launch_template", "aws_launch_configuration")
        if found:
            return owner.of(found)
    found = next(iter(owner.wiring.referred(owner.resource, "aws_launch_template", via="mixed_instances_policy")), None)
    if found:
        return owner.of(found)
    named = [owner.block("launch_template"), *_specifications(owner)]
    names = {block.get(key) for block in named for key in ("id", "name", "launch_template_id", "launch_template_name")}
    for template in owner.architecture.of_type("aws_launch_template"):
        if {template.values.get("id"), template.values.get("name")} & (names - {None}):
            return owner.of(template)
    raise NotPriced("its launch template is not part of this stack, and the price depends on it")


def _specifications(group: Setting) -> tuple[Mapping[str, Value], ...]:
    templates = _nested(group, group.block("mixed_instances_policy"), "launch_template")
    return tuple(s for t in templates for s in _nested(group, t, "launch_template_specification"))


def _template(group: Setting) -> Setting:
    """The launch template or configuration of a group: where the type of its instances stands, if no policy replaces it.

    Raises NotPriced where the policy leaves AWS a choice when an instance starts.
    """
    if group.resource.type == "aws_instance":
        return group
    for policy in group.blocks("mixed_instances_policy"):
        if not _all_on_demand(group, policy):
            raise NotPriced("mixed_instances_policy leaves a share to Spot capacity, whose price varies by the hour")
    return _template_of(group)


def _all_on_demand(group: Setting, policy: Mapping[str, Value]) -> bool:
    """Whether a mixed instances policy starts nothing as Spot: all above the base is on demand, or the base holds all."""
    for share in _nested(group, policy, "instances_distribution"):
        percentage = share.get("on_demand_percentage_above_base_capacity")
        base = as_number(group.known(share.get("on_demand_base_capacity"), "on_demand_base_capacity") or 0, "base")
        percentage = group.known(100 if percentage is None else percentage, "on_demand_percentage_above_base_capacity")
        if as_number(percentage, "percentage") < 100 and base < group_instances(group):
            return False
    return True


def _group_type(group: Setting) -> str:
    """The type of a group's instances: the first that its policy lists, which is AWS's first choice, else the template's."""
    if group.resource.type == "aws_autoscaling_group":
        template = _template(group)
        for launch in _nested(group, group.block("mixed_instances_policy"), "launch_template"):
            for override in _nested(group, launch, "override"):
                kind = group.known(override.get("instance_type"), "instance_type")
                if kind is None:
                    raise NotPriced("its policy describes what an instance must have, and AWS chooses the type")
                return str(kind)
        return _instance_type(template)
    return _instance_type(_template(group))


def _group_sku(group: Setting) -> str:
    template = _template(group)
    if template.blocks("instance_market_options") or template.get("spot_price"):
        raise NotPriced("it runs on Spot capacity, whose price varies by the hour")
    prefix = "ec2.linux_dedicated" if _tenancy(template) == "dedicated" else "ec2.linux"
    return f"{prefix}.{_group_type(group)}.hour"


def group_instances(group: Setting) -> Decimal:
    """The instances that a group holds on average: what the usage says, else the desired capacity, else the minimum."""
    used = group.used("instances")
    if used is not None:
        return used
    desired = group.get("desired_capacity")
    return group.number("min_size") if desired is None else as_number(desired, "desired_capacity")


def _instance_hours(group: Setting) -> Quantity:
    hours = group.used("instance_hours")
    return Quantity(group_instances(group) * HOURS_PER_MONTH if hours is None else hours, "hour")


def _mean_instances(group: Setting) -> Decimal:
    return _instance_hours(group).amount / HOURS_PER_MONTH


def _group_volumes(group: Setting) -> tuple[Mapping[str, Value], ...]:
    return tuple(volume for volume in _mappings(_template(group)) if not _sizeless(volume))


def _nested(setting: Setting, block: Mapping[str, Value], name: str) -> tuple[Mapping[str, Value], ...]:
    return tuple(setting.known(block.get(name), name) or ())


def _public_instances(group: Setting) -> Decimal:
    """The instances of a group that hold a public address, on average."""
    template = _template(group)
    asked = [n.get("associate_public_ip_address") for n in template.blocks("network_interfaces")]
    asked = [a for a in (*asked, template.get("associate_public_ip_address")) if a is not None]
    share = Decimal(asked[0] in {True, "true"}) if asked else _public_share(group, "vpc_zone_identifier")
    return _mean_instances(group) * share


def _group_monitored(group: Setting) -> bool:
    template = _template(group)
    return template.block("monitoring").get("enabled") is True


def _without_template(applies: Applies) -> Applies:
    """False where the template is out of reach: the instance row says so once, and the rows that hang on it stay silent."""

    def check(group: Setting) -> bool:
        try:
            _template(group)
        except NotPriced:
            return False
        return applies(group)

    return check


GROUP_KEYS = ("instances", "instance_hours")

_GROUP_BASE = (
    Charge("instances, Linux", _group_sku, _instance_hours, GROUP_KEYS, lambda s: not _on_dedicated_host(_template(s))),
    _credit_charge(),
    Charge(
        "detailed monitoring",
        "ec2.detailed_monitoring.metric_month",
        lambda s: Quantity(DETAILED_METRICS * _mean_instances(s), "metric-month"),
        GROUP_KEYS,
        _group_monitored,
    ),
    Charge(
        "public IPv4 addresses",
        "public_ipv4.in_use.hour",
        lambda s: Quantity(_public_instances(s) * HOURS_PER_MONTH, "hour"),
        GROUP_KEYS,
        lambda s: _public_instances(s) > 0,
    ),
    *volume_charges(_group_volumes, _mean_instances, GROUP_KEYS),
    *image_volume_charges(IMAGE_GB, _mean_instances, GROUP_KEYS, lambda s: _mean_instances(s) > 0),
)

AUTO_SCALING_GROUP = (
    _GROUP_BASE[0],
    *(charge._replace(applies=_without_template(charge.applies)) for charge in _GROUP_BASE[1:]),
)


def _node_type(group: Setting) -> str:
    if group.text("capacity_type", "ON_DEMAND") == "SPOT":
        raise NotPriced("it runs on Spot capacity, whose price varies by the hour")
    kinds = group.get("instance_types", ())
    if len(kinds) > 1:
        raise NotPriced("with several instance_types, AWS chooses when a node starts")
    if kinds:
        return _linux_hour(str(group.known(kinds[0], "instance_types")))
    return _group_sku(group)


def _public_nodes(group: Setting) -> Decimal:
    return _nodes(group) * _public_share(group, "subnet_ids")


def _nodes(group: Setting) -> Decimal:
    used = group.used("instances")
    size = group.block("scaling_config").get("desired_size")
    return as_number(group.known(size, "desired_size"), "desired_size") if used is None else used


# --- functions ----------------------------------------------------------------------------------------------------------


def _processor(function: Setting) -> str:
    names = function.get("architectures", ("x86_64",))
    return "arm64" if "arm64" in names else "x86"


def _memory_gb(function: Setting) -> Decimal:
    return function.set_number("memory_size", 128) / 1024


def _gb_seconds(setting: Setting, memory_gb: Decimal) -> Quantity | None:
    requests, duration = setting.used("monthly_requests"), setting.used("request_duration_ms")
    if requests is None or duration is None:
        return None
    return Quantity(requests * duration / 1000 * memory_gb, "GB-second")


def _function_storage_gb(function: Setting) -> Decimal:
    size = function.known(function.block("ephemeral_storage").get("size", LAMBDA_FREE_STORAGE_MB), "ephemeral_storage")
    return max(Decimal(0), as_number(size, "ephemeral_storage") - LAMBDA_FREE_STORAGE_MB) / 1024


LAMBDA_KEYS = ("monthly_requests", "request_duration_ms")


def _function(config: Setting) -> Setting:
    return config.need("function_name", "aws_lambda_function")


def _provisioned_gb_seconds(config: Setting) -> Quantity:
    hours = config.used("monthly_duration_hrs")
    copies = config.number("provisioned_concurrent_executions")
    seconds = (HOURS_PER_MONTH if hours is None else hours) * 3600
    return Quantity(copies * _memory_gb(_function(config)) * seconds, "GB-second")


_BUILD_SIZES = {
    f"BUILD_GENERAL1_{size.upper()}": f"codebuild.linux.general1.{size}.minute" for size in ("small", "medium", "large")
}


def _build_sku(project: Setting) -> str:
    environment = project.block("environment")
    size = str(project.known(environment.get("compute_type"), "compute_type"))
    system = project.known(environment.get("type"), "type")
    if system != "LINUX_CONTAINER" or size not in _BUILD_SIZES:
        raise NotPriced(f"the price book has no price for builds on {size}, {system}")
    return _BUILD_SIZES[size]


CHARGES: Mapping[str, tuple[Charge, ...]] = {
    "aws_ecs_service": (*FARGATE, *TRANSFER),
    "aws_ecs_task_set": FARGATE,
    "aws_eks_fargate_profile": (
        # Which pods it matches, and how large they are, is not in the Terraform.
        by_use("vCPU of the pods", "fargate.linux.x86.vcpu_hour", "pod_vcpu_hours", "vCPU-hour"),
        by_use("memory of the pods", "fargate.linux.x86.gb_hour", "pod_gb_hours", "GB-hour"),
    ),
    "aws_ecs_cluster": (
        by_use(
            "container insights, metrics",
            "cloudwatch.metric.month",
            "container_insights_metrics",
            "metric-month",
            applies=lambda s: _insights(s) == "enabled",
        ),
        by_use(
            "container insights with enhanced observability, metrics",
            "cloudwatch.container_insights_enhanced.metric_month",
            "container_insights_metrics",
            "metric-month",
            applies=lambda s: _insights(s) == "enhanced",
        ),
    ),
    "aws_instance": (*INSTANCE, *TRANSFER),
    "aws_ec2_host": (
        hourly(
            "dedicated host",
            lambda s: f"ec2.dedicated_host.{s.text('instance_family') or s.text('instance_type').split('.')[0]}.hour",
        ),
    ),
    "aws_autoscaling_group": (*AUTO_SCALING_GROUP, *TRANSFER),
    "aws_ebs_volume": (
        *volume_charges(_own_volume),
        by_use(
            "I/O requests, standard",
            "ebs.standard.million_io",
            "monthly_standard_io_requests",
            "1M I/O",
            per=10**6,
            applies=lambda s: s.text("type") == "standard",
        ),
    ),
    "aws_ebs_snapshot": (by_use("snapshot storage", "ebs.snapshot.gb_month", "storage_gb", "GB-month"),),
    "aws_eks_cluster": (
        hourly("control plane", "eks.control_plane.hour", applies=support.in_year(0)),
        hourly(
            "control plane, extended support", "eks.control_plane_extended_support.hour", applies=support.in_year(1)
        ),
    ),
    "aws_eks_node_group": (
        Charge("nodes, Linux", _node_type, lambda s: Quantity(_nodes(s) * HOURS_PER_MONTH, "hour"), ("instances",)),
        Charge(
            "storage, managed",
            "ebs.gp3.gb_month",
            # 20 GB is the provider's default of disk_size for Linux nodes.
            lambda s: Quantity(_nodes(s) * s.number("disk_size", 20), "GB-month"),
            ("instances",),
            lambda s: not s.blocks("launch_template"),
        ),
        *volume_charges(_group_volumes, _nodes, ("instances",), lambda s: bool(s.blocks("launch_template"))),
        *image_volume_charges(NODE_IMAGE_GB, _nodes, ("instances",), lambda s: bool(s.blocks("launch_template"))),
        Charge(
            "public IPv4 addresses of the nodes",
            "public_ipv4.in_use.hour",
            lambda s: Quantity(_public_nodes(s) * HOURS_PER_MONTH, "hour"),
            ("instances",),
            lambda s: _public_nodes(s) > 0,
        ),
    ),
    "aws_lambda_function": (
        by_use("requests", "lambda.requests.million", "monthly_requests", "1M requests", per=10**6),
        Charge(
            "duration",
            lambda s: f"lambda.duration.{_processor(s)}.gb_second",
            lambda s: _gb_seconds(s, _memory_gb(s)),
            LAMBDA_KEYS,
        ),
        Charge(
            "ephemeral storage above 512 MB",
            "lambda.ephemeral_storage.gb_second",
            lambda s: _gb_seconds(s, _function_storage_gb(s)),
            LAMBDA_KEYS,
            lambda s: _function_storage_gb(s) > 0,
        ),
    ),
    "aws_lambda_provisioned_concurrency_config": (
        Charge(
            "provisioned concurrency",
            lambda s: f"lambda.provisioned_concurrency.{_processor(_function(s))}.gb_second",
            _provisioned_gb_seconds,
            ("monthly_duration_hrs",),
        ),
        if_used("requests", "lambda.requests.million", "monthly_requests", "1M requests", per=10**6),
        Charge(
            "duration on provisioned concurrency",
            lambda s: f"lambda.provisioned_duration.{_processor(_function(s))}.gb_second",
            lambda s: _gb_seconds(s, _memory_gb(_function(s))),
            LAMBDA_KEYS,
        ),
    ),
    "aws_codebuild_project": (by_use("build minutes", _build_sku, "monthly_build_mins", "minute"),),
}
