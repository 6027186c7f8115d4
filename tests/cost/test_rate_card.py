"""Every row of the rate card has a bill line that was worked out by hand; the arithmetic stands beside each."""

from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

import pytest
from cost_makers import made, stack, used

from analysis.architecture import Location, Reference, Resource, Unknown
from analysis.cost import estimate
from analysis.cost.rate_card import FREE, RATE_CARD, UNLISTED, usage_keys
from analysis.facts import prices


class Case(NamedTuple):
    """The first resource has one line per component here; `usd` is its cost, or a piece of the reason why it has none."""

    component: str
    usd: str | None
    reason: str
    resources: tuple[Resource, ...]
    use: dict[str, object]


def line(component, usd, *resources, **use):
    return Case(component, usd, "", resources, use)


def refused(component, reason, *resources, **use):
    return Case(component, None, reason, resources, use)


def block(**values):
    return (values,)


FARGATE = {"launch_type": "FARGATE", "task_definition": Unknown("aws_ecs_task_definition.t.arn")}


def service(**values):
    return made("aws_ecs_service.s", **{"desired_count": 2, **FARGATE, **values})


def task(**values):
    return made("aws_ecs_task_definition.t", **{"cpu": "512", "memory": "1024", **values})


SPOT = {"launch_type": None, "capacity_provider_strategy": block(capacity_provider="FARGATE_SPOT", weight=1)}

ECS = [
    # 2 tasks x 730 h x 0.5 vCPU = 730 vCPU-hours x 0.04048 = 29.5504
    line("vCPU", "29.5504", service(), task()),
    # ARM: 730 vCPU-hours x 0.03238 = 23.6374
    line("vCPU", "23.6374", service(), task(runtime_platform=block(cpu_architecture="ARM64"))),
    # sizes as numbers or with units are the same sizes
    line("vCPU", "29.5504", service(), task(cpu=512)),
    line("vCPU", "29.5504", service(), task(cpu="0.5 vCPU")),
    # autoscaled: 100 task-hours x 0.5 vCPU x 0.04048 = 2.024
    line("vCPU", "2.024", service(), task(), task_hours=100),
    # 2 x 730 h x 1 GB = 1460 GB-hours x 0.004445 = 6.4897
    line("memory", "6.4897", service(), task()),
    line("memory", "6.4897", service(), task(memory="1 GB")),
    # 1460 GB-hours x 0.00356 = 5.1976
    line("memory", "5.1976", service(), task(runtime_platform=block(cpu_architecture="ARM64"))),
    # 730 vCPU-hours x 0.01334053 = 9.7385869
    line("vCPU, Spot", "9.7385869", service(**SPOT), task()),
    # a quarter on Spot, as the usage says: 100 h x 0.25 x 0.5 vCPU x 0.01334053 = 0.166756625
    line("vCPU, Spot", "0.166756625", service(), task(), task_hours=100, spot_share="0.25"),
    # 1460 GB-hours x 0.00146489 = 2.1387394
    line("memory, Spot", "2.1387394", service(**SPOT), task()),
    # 30 GB above the 20 included x 1460 task-hours = 43,800 GB-hours x 0.000111 = 4.8618
    line("ephemeral storage above 20 GB", "4.8618", service(), task(ephemeral_storage=block(size_in_gib=50))),
    # 2 addresses x 730 h x 0.005 = 7.30
    line(
        "public IPv4 addresses of the tasks",
        "7.3",
        service(network_configuration=block(assign_public_ip=True)),
        task(),
    ),
    # 20 metrics x 0.30 = 6
    line(
        "container insights, metrics",
        "6",
        made("aws_ecs_cluster.c", setting=block(name="containerInsights", value="enabled")),
        container_insights_metrics=20,
    ),
    # 20 metrics x 0.07 = 1.40
    line(
        "container insights with enhanced observability, metrics",
        "1.4",
        made("aws_ecs_cluster.c", setting=block(name="containerInsights", value="enhanced")),
        container_insights_metrics=20,
    ),
]


def transfer(*resources):
    return [
        # 10,240 GB x 0.09 + 760 GB x 0.085 = 921.60 + 64.60 = 986.20
        line("transfer out to the internet", "986.2", *resources, monthly_outbound_internet_gb=11000),
        # 100 GB x 2 directions x 0.01 = 2
        line("transfer between zones, both directions", "2", *resources, monthly_intra_region_gb=100),
        # 100 GB x 0.02 = 2
        line("transfer to other regions", "2", *resources, monthly_outbound_other_regions_gb=100),
        # 100 GB x 0.01 = 1
        line("transfer between us-east-1 and us-east-2", "1", *resources, monthly_outbound_us_east_to_us_east_gb=100),
    ]


VOLUMES = (
    # component, volume, cost of one such volume in a month
    ("storage, gp2", {"type": "gp2", "size": 50}, "5"),  # 50 GB x 0.10
    ("storage, gp3", {"type": "gp3", "size": 50}, "4"),  # 50 GB x 0.08
    ("storage, io1", {"type": "io1", "size": 40}, "5"),  # 40 GB x 0.125
    ("storage, io2", {"type": "io2", "size": 40}, "5"),  # 40 GB x 0.125
    ("storage, st1", {"type": "st1", "size": 500}, "22.5"),  # 500 GB x 0.045
    ("storage, sc1", {"type": "sc1", "size": 500}, "7.5"),  # 500 GB x 0.015
    ("storage, standard", {"type": "standard", "size": 20}, "1"),  # 20 GB x 0.05
    ("IOPS above 3,000, gp3", {"type": "gp3", "size": 50, "iops": 4000}, "5"),  # 1,000 x 0.005
    ("throughput above 125 MiB/s, gp3", {"type": "gp3", "size": 50, "throughput": 200}, "3"),  # 75 x 0.04
    ("IOPS, io1", {"type": "io1", "size": 40, "iops": 100}, "6.5"),  # 100 x 0.065
    ("IOPS, io2, up to 32,000", {"type": "io2", "size": 40, "iops": 40_000}, "2080"),  # 32,000 x 0.065
    ("IOPS, io2, from 32,000 to 64,000", {"type": "io2", "size": 40, "iops": 40_000}, "364"),  # 8,000 x 0.0455
    ("IOPS, io2, above 64,000", {"type": "io2", "size": 40, "iops": 70_000}, "191.1"),  # 6,000 x 0.03185
)

T3 = "t3.medium"
SUBNET, OTHER_SUBNET = Unknown("aws_subnet.public.id"), Unknown("aws_subnet.private.id")
TEMPLATE = {"launch_template": block(id=Unknown("aws_launch_template.t.id"))}


def template(**values):
    return made("aws_launch_template.t", **{"instance_type": T3, **values})


def renamed(volume):
    """A volume as instances and launch templates write it."""
    return {f"volume_{key}" if key in {"type", "size"} else key: value for key, value in volume.items()}


def mapped(volume):
    return template(block_device_mappings=block(ebs=(renamed(volume),)))


def volume_cases():
    for component, volume, usd in VOLUMES:
        group = made("aws_autoscaling_group.g", desired_capacity=2, **TEMPLATE)
        nodes = made("aws_eks_node_group.n", instance_types=(T3,), scaling_config=block(desired_size=2), **TEMPLATE)
        settings = (
            ((made("aws_ebs_volume.v", **volume),), 1),
            ((made("aws_instance.i", instance_type=T3, root_block_device=(renamed(volume),)),), 1),
            ((group, mapped(volume)), 2),
            ((nodes, mapped(volume)), 2),
        )
        for resources, count in settings:
            yield line(component, str(Decimal(usd) * count), *resources)


WEB = made("aws_instance.i", instance_type=T3)
GROUP = made("aws_autoscaling_group.g", desired_capacity=2, **TEMPLATE)
FUNCTION = made("aws_lambda_function.f", memory_size=512)
WARM = {"function_name": Unknown("aws_lambda_function.f.function_name"), "provisioned_concurrent_executions": 2}

PUBLIC = made("aws_subnet.public", map_public_ip_on_launch=True)
PRIVATE = made("aws_subnet.private", map_public_ip_on_launch=False)
NODES = made("aws_eks_node_group.n", instance_types=(T3,), scaling_config=block(desired_size=3), **TEMPLATE)
GP2_IMAGE, GP3_IMAGE = (
    f"storage, {kind}: the image's own volume, {gigabytes} GB assumed" for kind, gigabytes in (("gp2", 8), ("gp3", 8))
)


def mixed(*kinds, **distribution):
    """A group of two whose policy lists these types."""
    launch = block(
        launch_template_specification=block(launch_template_id=Unknown("aws_launch_template.t.id")),
        override=tuple({"instance_type": kind} for kind in kinds),
    )
    policy = block(launch_template=launch, instances_distribution=(distribution,) if distribution else ())
    found = made("aws_autoscaling_group.g", desired_capacity=2, mixed_instances_policy=policy)
    reference = Reference("mixed_instances_policy[0].launch_template", "aws_launch_template.t", "id")
    return replace(found, references=(reference,))


RULES = [
    # 2 x 730 h x 0.096 = 140.16: one override, nothing as Spot; and the first of several, which is AWS's first choice
    line("instances, Linux", "140.16", mixed("m5.large", on_demand_percentage_above_base_capacity=100), template()),
    line("instances, Linux", "140.16", mixed("m5.large", "m6i.large"), template()),
    line("instances, Linux", "60.736", mixed(), template()),
    line(
        "instances, Linux",
        "140.16",
        mixed("m5.large", on_demand_base_capacity=2, on_demand_percentage_above_base_capacity=0),
        template(),
    ),
    refused(
        "instances, Linux",
        "leaves a share to Spot capacity",
        mixed("m5.large", on_demand_percentage_above_base_capacity=50),
        template(),
    ),
    # by the template's name, as a literal
    line(
        "instances, Linux",
        "60.736",
        made("aws_autoscaling_group.g", desired_capacity=2, launch_template=block(name="web")),
        template(name="web"),
    ),
    # an instance takes its type and its volume from its template: 730 h x 0.0416, 50 GB x 0.08
    line("instance, Linux", "30.368", made("aws_instance.i", **TEMPLATE), template()),
    line("storage, gp3", "4", made("aws_instance.i", **TEMPLATE), mapped({"type": "gp3", "size": 50})),
    # the image's own volume: 8 GB x 0.10, x 0.08; 2 x 8 GB; 3 x 20 GB
    line(GP2_IMAGE, "0.8", WEB),
    line(GP3_IMAGE, "0.64", made("aws_instance.i", instance_type=T3, root_block_device=block(volume_type="gp3"))),
    line(GP2_IMAGE, "1.6", GROUP, template()),
    line(GP3_IMAGE, "1.28", GROUP, mapped({"type": "gp3"})),
    line("storage, gp2: the image's own volume, 20 GB assumed", "6", NODES, template()),
    line("storage, gp3: the image's own volume, 20 GB assumed", "4.8", NODES, mapped({"type": "gp3"})),
    # dedicated tenancy has its own price: 730 h x 0.0441
    line("instance, Linux", "32.193", made("aws_instance.i", instance_type=T3, tenancy="dedicated")),
    line("instances, Linux", "64.386", GROUP, template(placement=block(tenancy="dedicated"))),
    # EBS optimisation costs extra on old types only: 730 h x 0.02
    line("EBS optimisation", "14.6", made("aws_instance.i", instance_type="i2.xlarge", ebs_optimized=True)),
    # a host of its own: 730 h x 3.366
    line("dedicated host", "2457.18", made("aws_ec2_host.h", instance_family="c5")),
    # public addresses by the subnet: 3.65 each, of a group half of whose subnets give one
    line("public IPv4 address", "3.65", made("aws_instance.i", instance_type=T3, subnet_id=SUBNET), PUBLIC),
    line(
        "public IPv4 addresses",
        "3.65",
        made("aws_autoscaling_group.g", desired_capacity=2, vpc_zone_identifier=(SUBNET, OTHER_SUBNET), **TEMPLATE),
        template(),
        PUBLIC,
        PRIVATE,
    ),
    line(
        "public IPv4 addresses of the nodes",
        "10.95",
        made("aws_eks_node_group.n", instance_types=(T3,), scaling_config=block(desired_size=3), subnet_ids=(SUBNET,)),
        PUBLIC,
    ),
    # pods: 100 x 0.04048, 100 x 0.004445
    line("vCPU of the pods", "4.048", made("aws_eks_fargate_profile.p"), pod_vcpu_hours=100),
    line("memory of the pods", "0.4445", made("aws_eks_fargate_profile.p"), pod_gb_hours=100),
    # the whole price from the end of standard support on: 730 h x 0.60
    line("control plane, extended support", "438", made("aws_eks_cluster.c", version="1.32")),
]


def task_set(percent=50, **values):
    """A task set that holds a share of four tasks, its service, and their definition."""
    return (
        made(
            "aws_ecs_task_set.s",
            **{
                "service": Unknown("aws_ecs_service.x.id"),
                "scale": block(value=percent),
                "launch_type": "FARGATE",
                "task_definition": Unknown("aws_ecs_task_definition.t.arn"),
                **values,
            },
        ),
        made("aws_ecs_service.x", desired_count=4, deployment_controller=block(type="EXTERNAL")),
    )


SPOT_SET = {"launch_type": None, "capacity_provider_strategy": block(capacity_provider="FARGATE_SPOT", weight=1)}
WINDOWS = {"runtime_platform": block(operating_system_family="WINDOWS_SERVER_2022_CORE")}

TASK_SETS = [
    # half of 4 tasks, as two tasks of the service above
    line("vCPU", "29.5504", *task_set(), task()),
    line("vCPU", "2.024", *task_set(), task(), task_hours=100),
    # a started share counts as a task: a third of 4 is 2
    line("vCPU", "29.5504", *task_set(33), task()),
    line("memory", "6.4897", *task_set(), task()),
    line("vCPU, Spot", "9.7385869", *task_set(**SPOT_SET), task()),
    line("vCPU, Spot", "0.166756625", *task_set(), task(), task_hours=100, spot_share="0.25"),
    line("memory, Spot", "2.1387394", *task_set(**SPOT_SET), task()),
    line("ephemeral storage above 20 GB", "4.8618", *task_set(), task(ephemeral_storage=block(size_in_gib=50))),
    line(
        "public IPv4 addresses of the tasks",
        "7.3",
        *task_set(network_configuration=block(assign_public_ip=True)),
        task(),
    ),
    # Windows: 730 vCPU-hours x 0.046552 and x 0.046
    line("vCPU", "33.98296", *task_set(), task(**WINDOWS)),
    line("licence of Windows", "33.58", *task_set(), task(**WINDOWS)),
    line("licence of Windows", "33.58", service(), task(**WINDOWS)),
]

COMPUTE = [
    # 730 h x 0.0416 = 30.368
    line("instance, Linux", "30.368", WEB),
    # 450 h x 0.0416 = 18.72
    line("instance, Linux", "18.72", WEB, monthly_hrs=450),
    # 10 h x 2 vCPU x 0.05 = 1
    line("surplus CPU credits", "1", WEB, monthly_cpu_credit_hrs=10, vcpu_count=2),
    # 10 h x 2 vCPU x 0.04 = 0.80
    line("surplus CPU credits", "0.8", made("aws_instance.i", instance_type="t4g.small"), monthly_cpu_credit_hrs=10),
    # 7 metrics x 0.30 = 2.10
    line("detailed monitoring", "2.1", made("aws_instance.i", instance_type=T3, monitoring=True)),
    # 730 h x 0.005 = 3.65
    line("public IPv4 address", "3.65", made("aws_instance.i", instance_type=T3, associate_public_ip_address=True)),
    # 2 x 730 h x 0.0416 = 60.736
    line("instances, Linux", "60.736", GROUP, template()),
    # 3 x 730 h x 0.0416 = 91.104
    line("instances, Linux", "91.104", GROUP, template(), instances=3),
    # 1,000 h x 0.0416 = 41.60
    line("instances, Linux", "41.6", GROUP, template(), instance_hours=1000),
    # 10 h x 2 vCPU x 0.05 = 1
    line("surplus CPU credits", "1", GROUP, template(), monthly_cpu_credit_hrs=10),
    # 10 h x 4 vCPU x 0.05 = 2
    line("surplus CPU credits", "2", GROUP, template(), monthly_cpu_credit_hrs=10, vcpu_count=4),
    # 2 x 7 x 0.30 = 4.20
    line("detailed monitoring", "4.2", GROUP, template(monitoring=block(enabled=True))),
    # 2 x 730 h x 0.005 = 7.30
    line("public IPv4 addresses", "7.3", GROUP, template(network_interfaces=block(associate_public_ip_address="true"))),
    # 4 M requests x 0.05 = 0.20
    line(
        "I/O requests, standard",
        "0.2",
        made("aws_ebs_volume.v", type="standard", size=1),
        monthly_standard_io_requests=4_000_000,
    ),
    # 100 GB x 0.05 = 5
    line("snapshot storage", "5", made("aws_ebs_snapshot.s"), storage_gb=100),
    # 730 h x 0.10 = 73
    line("control plane", "73", made("aws_eks_cluster.c")),
    # 3 x 730 h x 0.0416 = 91.104
    line(
        "nodes, Linux",
        "91.104",
        made("aws_eks_node_group.n", instance_types=(T3,), scaling_config=block(desired_size=3)),
    ),
    # 5 x 730 h x 0.0416 = 151.84
    line(
        "nodes, Linux",
        "151.84",
        made("aws_eks_node_group.n", instance_types=(T3,), scaling_config=block(desired_size=3)),
        instances=5,
    ),
    # 3 x 20 GB x 0.08 = 4.80
    line(
        "storage, managed",
        "4.8",
        made("aws_eks_node_group.n", instance_types=(T3,), scaling_config=block(desired_size=3)),
    ),
    # 3 M x 0.20 = 0.60
    line("requests", "0.6", FUNCTION, monthly_requests=3_000_000),
    # 3 M x 0.2 s x 0.5 GB = 300,000 GB-s x 0.0000166667 = 5.00001
    line("duration", "5.00001", FUNCTION, monthly_requests=3_000_000, request_duration_ms=200),
    # ARM: 300,000 GB-s x 0.0000133334 = 4.00002
    line(
        "duration",
        "4.00002",
        made("aws_lambda_function.f", memory_size=512, architectures=("arm64",)),
        monthly_requests=3_000_000,
        request_duration_ms=200,
    ),
    # 3 M x 0.2 s x 1.5 GB = 900,000 GB-s x 0.0000000309 = 0.02781
    line(
        "ephemeral storage above 512 MB",
        "0.02781",
        made("aws_lambda_function.f", ephemeral_storage=block(size=2048)),
        monthly_requests=3_000_000,
        request_duration_ms=200,
    ),
    # 2 copies x 0.5 GB x 730 h x 3600 s = 2,628,000 GB-s x 0.0000041667 = 10.9500876
    line(
        "provisioned concurrency", "10.9500876", made("aws_lambda_provisioned_concurrency_config.p", **WARM), FUNCTION
    ),
    # 2 copies x 0.5 GB x 100 h x 3600 s = 360,000 GB-s x 0.0000041667 = 1.500012
    line(
        "provisioned concurrency",
        "1.500012",
        made("aws_lambda_provisioned_concurrency_config.p", **WARM),
        FUNCTION,
        monthly_duration_hrs=100,
    ),
    # 1 M x 0.20 = 0.20
    line(
        "requests",
        "0.2",
        made("aws_lambda_provisioned_concurrency_config.p", **WARM),
        FUNCTION,
        monthly_requests=1_000_000,
    ),
    # 1 M x 0.1 s x 0.5 GB = 50,000 GB-s x 0.0000097222 = 0.48611
    line(
        "duration on provisioned concurrency",
        "0.48611",
        made("aws_lambda_provisioned_concurrency_config.p", **WARM),
        FUNCTION,
        monthly_requests=1_000_000,
        request_duration_ms=100,
    ),
    # 100 min x 0.005 = 0.50
    line(
        "build minutes",
        "0.5",
        made(
            "aws_codebuild_project.b",
            environment=block(compute_type="BUILD_GENERAL1_SMALL", type="LINUX_CONTAINER"),
        ),
        monthly_build_mins=100,
    ),
]


def database(**values):
    return made(
        "aws_db_instance.d",
        **{
            "engine": "mysql",
            "instance_class": "db.t3.micro",
            "allocated_storage": 20,
            "storage_type": "gp2",
            **values,
        },
    )


def proxied(**values):
    target = made(
        "aws_db_proxy_target.t",
        db_proxy_name=Unknown("aws_db_proxy.p.name"),
        db_instance_identifier=Unknown("aws_db_instance.d.identifier"),
    )
    return made("aws_db_proxy.p"), target, database(**values)


AURORA = made("aws_rds_cluster.c", engine="aurora-mysql", backtrack_window=7200)
GP3 = {"storage_type": "gp3", "allocated_storage": 100}
MEMBER = {"cluster_identifier": Unknown("aws_rds_cluster.c.id"), "engine": "aurora-mysql"}
READER = made("aws_rds_cluster_instance.i", instance_class="db.t3.medium", monitoring_interval=60, **MEMBER)
REDIS = made(
    "aws_elasticache_replication_group.r",
    node_type="cache.t4g.micro",
    num_cache_clusters=2,
    engine="redis",
    snapshot_retention_limit=7,
)
TABLE = made("aws_dynamodb_table.t", billing_mode="PAY_PER_REQUEST", point_in_time_recovery=block(enabled=True))
PROVISIONED = made(
    "aws_dynamodb_table.t",
    read_capacity=10,
    write_capacity=5,
    global_secondary_index=block(read_capacity=10, write_capacity=5),
)

ON_DEMAND = {"billing_mode": "PAY_PER_REQUEST"}


def replicated(**values):
    """A table with replicas in two regions that charge what its own does, one of which keeps its history."""
    regions = ({"region_name": "us-east-2"}, {"region_name": "us-west-2", "point_in_time_recovery": True})
    return made("aws_dynamodb_table.t", **values, replica=regions)


BYOL = "bring-your-own-license"
NODE = made("aws_elasticache_cluster.c", node_type="cache.t4g.micro", num_cache_nodes=1, engine="redis")


def replaced(resource, **values):
    return replace(resource, values={**resource.values, **values})


def aurora(version, kind="db.r5.large"):
    """An instance of an Aurora PostgreSQL cluster of a version, and the cluster."""
    member = {"cluster_identifier": Unknown("aws_rds_cluster.c.id"), "engine": "aurora-postgresql"}
    cluster = made("aws_rds_cluster.c", engine="aurora-postgresql", engine_version=version)
    return made("aws_rds_cluster_instance.i", instance_class=kind, **member), cluster


def serverless(least):
    """A serverless instance of a cluster that keeps at least so many capacity units."""
    member = {"cluster_identifier": Unknown("aws_rds_cluster.c.id"), "engine": "aurora-postgresql"}
    scaling = block(min_capacity=least, max_capacity=8)
    cluster = made("aws_rds_cluster.c", engine="aurora-postgresql", serverlessv2_scaling_configuration=scaling)
    return made("aws_rds_cluster_instance.i", instance_class="db.serverless", **member), cluster


DATABASES = [
    # 730 h x 0.017 = 12.41
    line("instance", "12.41", database()),
    # Multi-AZ PostgreSQL on t4g.large: 730 h x 0.258 = 188.34
    line("instance", "188.34", database(engine="postgres", instance_class="db.t4g.large", multi_az=True)),
    # a replica has its source's engine: 730 h x 0.065 = 47.45
    line(
        "instance",
        "47.45",
        made(
            "aws_db_instance.r",
            replicate_source_db=Unknown("aws_db_instance.d.identifier"),
            instance_class="db.t4g.medium",
        ),
        database(),
    ),
    # 20 GB x 0.115 = 2.30
    line("storage", "2.3", database()),
    # Multi-AZ: 20 GB x 0.23 = 4.60
    line("storage", "4.6", database(multi_az=True)),
    # grown to 60 GB by autoscaling: 60 x 0.115 = 6.90
    line("storage", "6.9", database(), storage_gb=60),
    # (5,000 - 3,000) x 0.02 = 40
    line("IOPS above the baseline, gp3", "40", database(iops=5000, **GP3)),
    # from 400 GB on 12,000 are included: 1,000 x 0.04 (Multi-AZ) = 40
    line(
        "IOPS above the baseline, gp3",
        "40",
        database(storage_type="gp3", allocated_storage=400, iops=13000, multi_az=True),
    ),
    # (225 - 125) x 0.08 = 8
    line("throughput above the baseline, gp3", "8", database(storage_throughput=225, **GP3)),
    # 1,000 x 0.10 = 100
    line("IOPS, io1", "100", database(storage_type="io1", iops=1000)),
    # 3 M x 0.10 = 0.30
    line("I/O requests, magnetic", "0.3", database(storage_type="standard"), monthly_standard_io_requests=3_000_000),
    # 10 GB x 0.095 = 0.95
    line(
        "backup storage beyond the free 100 %",
        "0.95",
        database(backup_retention_period=7),
        additional_backup_storage_gb=10,
    ),
    # 40 GB x 0.01 = 0.40
    line("snapshot export to S3", "0.4", database(), snapshot_export_size_gb=40),
    # t3.micro has 2 vCPU: 2 x 2.95 = 5.90
    line(
        "performance insights, long retention",
        "5.9",
        database(performance_insights_enabled=True, performance_insights_retention_period=93),
    ),
    # 2 GB x 0.50 = 1
    line("enhanced monitoring, log ingestion", "1", database(monitoring_interval=60), enhanced_monitoring_gb=2),
    # 10 vCPU-hours x 0.075 = 0.75
    line("surplus CPU credits", "0.75", database(), monthly_cpu_credit_hrs=10),
    # 730 h x 0.005 = 3.65
    line("public IPv4 address", "3.65", database(publicly_accessible=True)),
    # 2 vCPU x 730 h x 0.10 and, from the third year on, x 0.20 (MySQL 5.7 since March 2026)
    line("extended support, years 1 and 2", "146", database(engine_version="8.0")),
    line("extended support, year 3", "292", database(engine_version="5.7.44")),
    line("extended support, years 1 and 2", "146", *aurora("13.9")),
    line("extended support, year 3", "292", *aurora("11.9")),
    # 2 capacity units x 730 h x 0.085, x 0.17
    line(
        "extended support, years 1 and 2, serverless v2",
        "124.1",
        *aurora("13.9", "db.serverless"),
        capacity_units_per_hr=2,
    ),
    line("extended support, year 3, serverless v2", "248.2", *aurora("11.9", "db.serverless"), capacity_units_per_hr=2),
    # 2 nodes x 0.8 x 730 h x 0.016
    line(
        "extended support, 80 % of the nodes, from the third year on 160 %",
        "18.688",
        replaced(REDIS, engine_version="5.0.6"),
    ),
    line(
        "extended support, 80 % of the nodes, from the third year on 160 %",
        "9.344",
        replaced(NODE, engine_version="5.0.6"),
    ),
    # Aurora's engines on an instance are Aurora's prices: 730 h x 0.29, 10 GB x 0.10
    line("instance", "211.7", database(engine="aurora-mysql", instance_class="db.r5.large")),
    line("storage, Aurora", "1", database(engine="aurora-mysql", instance_class="db.r5.large"), storage_gb=10),
    # MariaDB costs what MySQL costs; Oracle with a licence of one's own too: 730 h x 0.017, x 0.136
    line("instance", "12.41", database(engine="mariadb")),
    line("instance", "99.28", database(engine="oracle-se2", instance_class="db.t3.large", license_model=BYOL)),
    line("instance", "219", database(engine="oracle-se2", instance_class="db.t3.large")),
    line("instance", "118.26", database(engine="sqlserver-ex", instance_class="db.t3.large")),
    # t3.micro has 2 vCPU: 2 x 730 h x 0.015 = 21.90
    line("proxy", "21.9", *proxied()),
    # m5.2xlarge has 8 vCPU: 8 x 730 h x 0.015 = 87.60
    line("proxy", "87.6", *proxied(instance_class="db.m5.2xlarge")),
    # 100 GB x 0.10 = 10
    line("storage", "10", AURORA, storage_gb=100),
    # I/O-optimised: 100 GB x 0.225 = 22.50
    line(
        "storage", "22.5", made("aws_rds_cluster.c", engine="aurora-mysql", storage_type="aurora-iopt1"), storage_gb=100
    ),
    # (10 + 10)/s x 3600 x 730 h = 52.56 M x 0.20 = 10.512
    line("I/O requests", "10.512", AURORA, write_requests_per_sec=10, read_requests_per_sec=10),
    # 4 ACU x 730 h x 0.06 = 175.20
    line(
        "capacity, serverless v1",
        "175.2",
        made("aws_rds_cluster.c", engine="aurora-mysql", engine_mode="serverless"),
        capacity_units_per_hr=4,
    ),
    # 100 GB x 0.021 = 2.10
    line("backup storage", "2.1", AURORA, backup_snapshot_size_gb=100),
    # 10,000 statements/h x 0.38 records x 24 h held x 730 h = 66.576 M x 0.012 = 0.798912
    line(
        "backtrack",
        "0.798912",
        AURORA,
        average_statements_per_hr=10_000,
        change_records_per_statement="0.38",
        backtrack_window_hrs=24,
    ),
    # 200 GB x 0.01 = 2
    line("snapshot export to S3", "2", AURORA, snapshot_export_size_gb=200),
    # 730 h x 0.082 = 59.86
    line("instance", "59.86", READER, AURORA),
    # 2 ACU x 730 h x 0.12 = 175.20
    line(
        "capacity, serverless v2",
        "175.2",
        made("aws_rds_cluster_instance.i", instance_class="db.serverless", **MEMBER),
        AURORA,
        capacity_units_per_hr=2,
    ),
    # 10 vCPU-hours x 0.09 = 0.90
    line("surplus CPU credits", "0.9", READER, AURORA, monthly_cpu_credit_hrs=10),
    # 2 GB x 0.50 = 1
    line("enhanced monitoring, log ingestion", "1", READER, AURORA, enhanced_monitoring_gb=2),
    # 2 x 730 h x 0.016 = 23.36
    line("nodes", "23.36", REDIS),
    # 2 shards x (1 + 1 replica) x 730 h x 0.0128 (Valkey) = 37.376
    line(
        "nodes",
        "37.376",
        made(
            "aws_elasticache_replication_group.r",
            node_type="cache.t4g.micro",
            engine="valkey",
            num_node_groups=2,
            replicas_per_node_group=1,
        ),
    ),
    # 10 GB x 0.085 = 0.85
    line("snapshot storage", "0.85", REDIS, snapshot_storage_size_gb=10),
    # 730 h x 0.017 = 12.41
    line("nodes", "12.41", made("aws_elasticache_cluster.c", node_type="cache.t3.micro", engine="redis")),
    # 10 GB x 0.085 = 0.85
    line(
        "snapshot storage",
        "0.85",
        made("aws_elasticache_cluster.c", node_type="cache.t3.micro", snapshot_retention_limit=5),
        snapshot_storage_size_gb=10,
    ),
    # 730 GB-hours x 0.084 = 61.32
    line("data stored", "61.32", made("aws_elasticache_serverless_cache.c", engine="valkey"), gb_hours=730),
    # 100 M x 0.0023 = 0.23
    line("processing units", "0.23", made("aws_elasticache_serverless_cache.c", engine="valkey"), monthly_ecpus=10**8),
    # 3 M x 0.625 = 1.875
    line("writes, on demand", "1.875", TABLE, monthly_write_request_units=3_000_000),
    # 8 M x 0.125 = 1
    line("reads, on demand", "1", TABLE, monthly_read_request_units=8_000_000),
    # (5 + 5 of the index) x 730 h x 0.00065 = 4.745
    line("write capacity", "4.745", PROVISIONED),
    # as scaling keeps them: 10,000 h x 0.00065 = 6.50 and 5,000 h x 0.00013 = 0.65
    line("write capacity", "6.5", PROVISIONED, write_capacity_unit_hours=10_000),
    line("read capacity", "0.65", PROVISIONED, read_capacity_unit_hours=5_000),
    # (10 + 10) x 730 h x 0.00013 = 1.898
    line("read capacity", "1.898", PROVISIONED),
    # 10 GB x 0.25 = 2.50
    line("storage", "2.5", TABLE, storage_gb=10),
    # 10 GB x 0.20 = 2
    line("point-in-time recovery", "2", TABLE, pitr_backup_storage_gb=10),
    # 10 GB x 0.10 = 1
    line("on-demand backups", "1", TABLE, on_demand_backup_storage_gb=10),
    # 10 GB x 0.15 = 1.50
    line("restored data", "1.5", TABLE, monthly_data_restored_gb=10),
    # 500,000 = 5 x 100k x 0.02 = 0.10
    line("stream reads", "0.1", TABLE, monthly_streams_read_request_units=500_000),
    *(
        line(f"replicas: {component}", price, replicated(**values), **usage)
        for component, price, values, usage in [
            # 2 regions x 2 million x 0.625, and x 0.125 read
            ("writes, on demand", "2.5", ON_DEMAND, {"monthly_write_request_units": 2_000_000}),
            ("reads, on demand", "0.5", ON_DEMAND, {"monthly_read_request_units": 2_000_000}),
            # 2 regions x (5 + 5) units x 730 h x 0.00065, and (10 + 10) x 0.00013
            ("write capacity", "9.49", PROVISIONED.values, {}),
            ("read capacity", "3.796", PROVISIONED.values, {}),
            # 2 regions x 10 GB x 0.25
            ("storage", "5", ON_DEMAND, {"storage_gb": 10}),
            # only the replica that keeps its history: 10 GB x 0.20
            ("point-in-time recovery", "2", ON_DEMAND, {"pitr_backup_storage_gb": 10}),
        ]
    ),
    # 20 GB x 0.02
    line("replication to other regions", "0.4", replicated(**ON_DEMAND), monthly_replicated_gb=20),
    refused(
        "replicas: writes, on demand",
        "dynamodb.ondemand.replicated_write.million costs 0.705 in eu-west-1 and 0.625 in us-east-1",
        made("aws_dynamodb_table.t", **ON_DEMAND, replica=block(region_name="eu-west-1")),
        monthly_write_request_units=1,
    ),
    refused(
        "replicas: storage",
        "has no dynamodb.storage.gb_month of moon-1",
        made("aws_dynamodb_table.t", **ON_DEMAND, replica=block(region_name="moon-1")),
        storage_gb=1,
    ),
]

QUEUE, FIFO = made("aws_sqs_queue.q"), made("aws_sqs_queue.q", fifo_queue=True)
SHARDS = made("aws_kinesis_stream.k", shard_count=2, retention_period=48)
ELASTIC = made("aws_kinesis_stream.k", stream_mode_details=block(stream_mode="ON_DEMAND"))
HTTP_API = made("aws_apigatewayv2_api.a", protocol_type="HTTP")
SOCKETS = made("aws_apigatewayv2_api.a", protocol_type="WEBSOCKET")


def subscription(protocol):
    return made("aws_sns_topic_subscription.s", protocol=protocol)


MESSAGING = [
    # 4 M x 0.50 = 2
    line("requests", "2", made("aws_sns_topic.t"), monthly_requests=4_000_000),
    # 100 KB are two chunks of 64 KB: 8 M x 0.50 = 4
    line("requests", "4", made("aws_sns_topic.t"), monthly_requests=4_000_000, request_size_kb=100),
    # 4 M x 0.30 = 1.20
    line("requests, FIFO", "1.2", made("aws_sns_topic.t", fifo_topic=True), monthly_requests=4_000_000),
    # 200,000 = 2 x 0.06 = 0.12
    line("deliveries by HTTP", "0.12", subscription("https"), monthly_requests=200_000),
    # 10,000 = 0.1 x 2 = 0.20
    line("deliveries by e-mail", "0.2", subscription("email"), monthly_requests=10_000),
    # 2 M x 0.50 = 1
    line("mobile push notifications", "1", subscription("application"), monthly_requests=2_000_000),
    refused("deliveries", "no price for deliveries by sms", subscription("sms"), monthly_requests=1),
    # 5 M x 0.40 = 2
    line("requests", "2", QUEUE, monthly_requests=5_000_000),
    # 5 M x 0.50 = 2.50
    line("requests, FIFO", "2.5", FIFO, monthly_requests=5_000_000),
    # 65 KB are two chunks of 64 KB: 10 M x 0.40 = 4
    line("requests", "4", QUEUE, monthly_requests=5_000_000, request_size_kb=65),
    # 333 M x 3.50 + 7 M x 2.80 = 1,165.50 + 19.60 = 1,185.10
    line("requests", "1185.1", made("aws_api_gateway_rest_api.a"), monthly_requests=340_000_000),
    # 100 GB x 0.09 = 9
    line("transfer out to the internet", "9", made("aws_api_gateway_rest_api.a"), monthly_outbound_internet_gb=100),
    # 730 h x 0.02 = 14.60
    line("cache", "14.6", made("aws_api_gateway_stage.s", cache_cluster_enabled=True, cache_cluster_size="0.5")),
    # 300 M x 1 + 10 M x 0.90 = 309
    line("requests, HTTP", "309", HTTP_API, monthly_requests=310_000_000),
    # 600 KB are two chunks of 512 KB: 20 M x 1 = 20
    line("requests, HTTP", "20", HTTP_API, monthly_requests=10_000_000, request_size_kb=600),
    # 33 KB are two chunks of 32 KB: 4 M x 1 = 4
    line("messages, WebSocket", "4", SOCKETS, monthly_messages=2_000_000, message_size_kb=33),
    # 10 M x 0.25 = 2.50
    line("connection minutes, WebSocket", "2.5", SOCKETS, monthly_connection_mins=10_000_000),
    # 100 GB x 0.09 = 9
    line("transfer out to the internet", "9", SOCKETS, monthly_outbound_internet_gb=100),
    # 2 x 730 h x 0.015 = 21.90
    line("shards", "21.9", SHARDS),
    # 10 M x 0.014 = 0.14
    line("PUT payload units", "0.14", SHARDS, monthly_provisioned_put_units=10_000_000),
    # 730 h x 0.04 = 29.20
    line("stream, on demand", "29.2", ELASTIC),
    # 10 GB x 0.08 = 0.80
    line("data in, on demand", "0.8", ELASTIC, monthly_on_demand_data_in_gb=10),
    # 10 GB x 0.04 = 0.40
    line("data out, on demand", "0.4", ELASTIC, monthly_on_demand_data_out_gb=10),
    # 100 GB x 0.023 = 2.30
    line("long-term retention", "2.3", SHARDS, monthly_provisioned_long_term_retention_gb=100),
    refused("retention beyond 24 hours", "no price for keeping records 48 hours", SHARDS),
    # 2 shards x 730 h x 0.015 = 21.90
    line(
        "enhanced fan-out, per shard",
        "21.9",
        made("aws_kinesis_stream_consumer.c", stream_arn=Unknown("aws_kinesis_stream.k.arn")),
        SHARDS,
    ),
    # 100 GB x 0.013 = 1.30
    line(
        "data out",
        "1.3",
        made("aws_kinesis_stream_consumer.c", stream_arn=Unknown("aws_kinesis_stream.k.arn")),
        SHARDS,
        monthly_provisioned_efo_data_out_gb=100,
    ),
    # 100 GB x 0.029 = 2.90
    line("data ingested", "2.9", made("aws_kinesis_firehose_delivery_stream.f"), monthly_data_ingested_gb=100),
    refused(
        "format conversion",
        "no price for converting",
        made(
            "aws_kinesis_firehose_delivery_stream.f",
            extended_s3_configuration=block(data_format_conversion_configuration=block(enabled=True)),
        ),
    ),
    # 2 M x 1 = 2
    line("custom events", "2", made("aws_cloudwatch_event_bus.b"), monthly_custom_events=2_000_000),
    # 10 GB x 0.10 = 1
    line("events archived", "1", made("aws_cloudwatch_event_archive.a"), monthly_archive_processing_gb=10),
    # 100 GB x 0.023 = 2.30
    line("archive storage", "2.3", made("aws_cloudwatch_event_archive.a"), archive_storage_gb=100),
    # 2 M x 1 = 2
    line("invocations", "2", made("aws_scheduler_schedule.s"), monthly_invocations=2_000_000),
    # 5 M x 0.40 = 2
    line("requests after filtering", "2", made("aws_pipes_pipe.p"), monthly_requests=5_000_000),
    # 80,000 = 80 x 0.025 = 2
    line("state transitions", "2", made("aws_sfn_state_machine.m"), monthly_transitions=80_000),
    # 2 TB x 5 = 10
    line("data scanned", "10", made("aws_athena_workgroup.w"), monthly_data_scanned_tb=2),
]

TWO_SUBNETS = {"subnets": (Unknown("aws_subnet.a.id"), Unknown("aws_subnet.b.id"))}


def balancer(kind, **values):
    return made(f"{kind}.l", **{**TWO_SUBNETS, **values})


def balancer_cases():
    kind = "aws_lb"
    yield from (
        # 730 h x 0.0225 = 16.425
        line("application load balancer", "16.425", balancer(kind)),
        # the largest of 50/25 = 2, 3,000/3,000 = 1, 730 GB/730 h/1 = 1, 500/1,000 = 0.5: 2 x 730 h x 0.008 = 11.68
        line(
            "capacity units",
            "11.68",
            balancer(kind),
            new_connections=50,
            active_connections=3000,
            processed_bytes_gb=730,
            rule_evaluations=500,
        ),
        # 730 h x 0.0225 = 16.425
        line("network load balancer", "16.425", balancer(kind, load_balancer_type="network")),
        # the largest of 1,600/800 = 2 and 100,000/100,000 = 1: 2 x 730 h x 0.006 = 8.76
        line(
            "capacity units, network",
            "8.76",
            balancer(kind, load_balancer_type="network"),
            new_connections=1600,
            active_connections=100_000,
        ),
        # 730 h x 0.0125 = 9.125
        line("gateway load balancer", "9.125", balancer(kind, load_balancer_type="gateway")),
        # 2 subnets x 730 h x 0.005 = 7.30
        line("public IPv4 addresses, one per subnet", "7.3", balancer(kind)),
        *transfer(balancer(kind)),
    )


EDGE = made(
    "aws_cloudfront_distribution.d", origin=block(origin_shield=block(enabled=True, origin_shield_region="us-east-1"))
)
EDGES = (
    # key, name; cost of 11,000 GB out: 10,240 at the first and 760 at the second price; 100 GB to the origin;
    # 1 M HTTP and 1 M HTTPS requests (100 x 10k)
    ("us", "US, Mexico, Canada", "931.2", "2", "0.75", "1"),  # 870.40 + 60.80; 100 x 0.02; 100 x 0.0075; 100 x 0.01
    ("europe", "Europe, Israel", "931.2", "2", "0.9", "1.2"),  # 870.40 + 60.80; 100 x 0.02; 100 x 0.009; 100 x 0.012
    ("south_africa", "South Africa, Kenya, Middle East", "1206.2", "6", "0.9", "1.2"),  # 1,126.40 + 79.80; 100 x 0.06
    ("south_america", "South America", "1206.2", "12.5", "1.6", "2.2"),  # 1,126.40 + 79.80; 100 x 0.125
    ("japan", "Japan", "1235", "6", "0.9", "1.2"),  # 1,167.36 + 67.64; 100 x 0.06
    ("australia", "Australia, New Zealand", "1241.84", "8", "0.9", "1.25"),  # 1,167.36 + 74.48; 100 x 0.08
    ("asia_pacific", "Hong Kong, Philippines, Asia Pacific", "1304.8", "6", "0.9", "1.2"),  # 1,228.80 + 76; 100 x 0.06
    ("india", "India", "1180.76", "16", "0.9", "1.2"),  # 1,116.16 + 64.60; 100 x 0.16
)


def edge_cases():
    for key, name, out, origin, http, https in EDGES:
        yield line(f"transfer out, {name}", out, EDGE, **{f"monthly_data_transfer_to_internet_gb.{key}": 11000})
        yield line(f"transfer to origin, {name}", origin, EDGE, **{f"monthly_data_transfer_to_origin_gb.{key}": 100})
        yield line(f"HTTP requests, {name}", http, EDGE, **{f"monthly_http_requests.{key}": 10**6})
        yield line(f"HTTPS requests, {name}", https, EDGE, **{f"monthly_https_requests.{key}": 10**6})


def rule(**statement):
    return {"statement": (statement,)}


def bots(level):
    config = block(aws_managed_rules_bot_control_rule_set=block(inspection_level=level))
    group = block(name="AWSManagedRulesBotControlRuleSet", managed_rule_group_configs=config)
    return made("aws_wafv2_web_acl.w", rule=(rule(managed_rule_group_statement=group),))


FIREWALL = made(
    "aws_wafv2_web_acl.w",
    rule=(
        rule(rate_based_statement=block(limit=100)),
        rule(ip_set_reference_statement=block(arn="x"), managed_rule_group_statement=()),
        rule(managed_rule_group_statement=block(name="AWSManagedRulesCommonRuleSet")),
        rule(rule_group_reference_statement=block(arn="x")),
    ),
)


def endpoint(kind):
    return made("aws_vpc_endpoint.e", vpc_endpoint_type=kind, subnet_ids=TWO_SUBNETS["subnets"])


def zone_check(**values):
    return made("aws_route53_health_check.h", **{"type": "HTTP", "fqdn": "example.org", **values})


NETWORK = [
    *balancer_cases(),
    *edge_cases(),
    # 730 h x 0.025 = 18.25
    line("classic load balancer", "18.25", made("aws_elb.l")),
    # 100 GB x 0.008 = 0.80
    line("data processed", "0.8", made("aws_elb.l"), monthly_data_processed_gb=100),
    *transfer(made("aws_elb.l")),
    *transfer(made("aws_nat_gateway.n")),
    *transfer(service(), task()),
    *transfer(WEB),
    *transfer(GROUP, template()),
    *transfer(database()),
    *transfer(REDIS),
    # 730 h x 0.045 = 32.85
    line("gateway", "32.85", made("aws_nat_gateway.n")),
    # 100 GB x 0.045 = 4.50
    line("data processed", "4.5", made("aws_nat_gateway.n"), monthly_data_processed_gb=100),
    # 730 h x 0.005 = 3.65, where the address is not an Elastic IP, which is charged itself
    line("public IPv4 address", "3.65", made("aws_nat_gateway.n")),
    line("public IPv4 address", "3.65", made("aws_eip.e")),
    # 2 zones x 730 h x 0.01 = 14.60
    line("interface endpoint, per zone", "14.6", endpoint("Interface")),
    # 100 GB x 0.01 = 1
    line("data processed", "1", endpoint("Interface"), monthly_data_processed_gb=100),
    # 2 zones x 730 h x 0.01 = 14.60
    line("gateway load balancer endpoint, per zone", "14.6", endpoint("GatewayLoadBalancer")),
    # 730 h x 0.05 = 36.50
    line("attachment", "36.5", made("aws_ec2_transit_gateway_vpc_attachment.a")),
    # 100 GB x 0.02 = 2
    line("data processed", "2", made("aws_ec2_transit_gateway_vpc_attachment.a"), monthly_data_processed_gb=100),
    # 730 h x 0.05 = 36.50
    line("connection", "36.5", made("aws_vpn_connection.v")),
    # 730 h x 0.025 = 18.25
    line("accelerator", "18.25", made("aws_globalaccelerator_accelerator.g")),
    # 1 M = 100 x 10k x 0.0075 = 0.75
    line("origin shield requests", "0.75", EDGE, **{"monthly_shield_requests.us": 10**6}),
    # the first 1,000 are part of the price: 200 x 0.005 = 1
    line("invalidated paths", "1", EDGE, monthly_invalidation_requests=1200),
    # 100,000 = 10 x 0.02 = 0.20
    line("field-level encryption", "0.2", EDGE, monthly_encryption_requests=100_000),
    # 5 M x 0.01 = 0.05
    line("real-time log lines", "0.05", EDGE, monthly_log_lines=5_000_000),
    line(
        "dedicated IP certificate",
        "600",
        made("aws_cloudfront_distribution.d", viewer_certificate=block(ssl_support_method="vip")),
    ),
    # 8 metrics x 0.30 = 2.40
    line(
        "additional metrics",
        "2.4",
        made(
            "aws_cloudfront_monitoring_subscription.m",
            monitoring_subscription=block(
                realtime_metrics_subscription_config=block(realtime_metrics_subscription_status="Enabled")
            ),
        ),
    ),
    # 10 M x 0.10 = 1
    line("invocations", "1", made("aws_cloudfront_function.f"), monthly_requests=10_000_000),
    line("web ACL", "5", FIREWALL),
    # 2 rules of its own x 1
    line("rules", "2", FIREWALL),
    line("rule groups", "1", FIREWALL),
    line("managed rule groups", "1", FIREWALL),
    # 10 M x 0.60 = 6
    line("requests inspected", "6", FIREWALL, monthly_requests=10_000_000),
    line("bot control", "10", bots("COMMON")),
    # 12 M x 1 = 12 (without the free allowance)
    line("requests inspected by bot control, common", "12", bots("COMMON"), monthly_requests=12_000_000),
    # 12 M x 10 = 120
    line("requests inspected by bot control, targeted", "120", bots("TARGETED"), monthly_requests=12_000_000),
    # 2 rules x 1
    line("rules", "2", made("aws_wafv2_rule_group.g", rule=(rule(a=1), rule(b=1)))),
    line("Shield Advanced", "3000", made("aws_shield_subscription.s")),
    line("hosted zone", "0.5", made("aws_route53_zone.z")),
    line("hosted zone", "0.5", made("aws_service_discovery_private_dns_namespace.n")),
    line("hosted zone", "0.5", made("aws_service_discovery_public_dns_namespace.n")),
    # 5 M x 0.40 = 2
    line("queries", "2", made("aws_route53_record.r", type="A"), monthly_standard_queries=5_000_000),
    # 5 M x 0.60 = 3
    line(
        "queries, by latency",
        "3",
        made("aws_route53_record.r", latency_routing_policy=block(region="us-east-1")),
        monthly_latency_based_queries=5_000_000,
    ),
    # 5 M x 0.70 = 3.50
    line(
        "queries, by place",
        "3.5",
        made("aws_route53_record.r", geolocation_routing_policy=block(country="US")),
        monthly_geo_queries=5_000_000,
    ),
    line("health check", "0.75", zone_check()),
    line("health check", "0.5", zone_check(fqdn=Unknown("aws_lb.l.dns_name")), balancer("aws_lb")),
    line(
        "health check",
        "0.5",
        zone_check(fqdn="api.example.org"),
        made("aws_route53_record.r", name="api.example.org", alias=block(name="x")),
    ),
    # HTTPS, string match and a fast interval are three options: 3 x 2 = 6
    line("health check options", "6", zone_check(type="HTTPS_STR_MATCH", request_interval=10)),
    # 2 interfaces x 730 h x 0.125 = 182.50
    line("network interfaces", "182.5", made("aws_route53_resolver_endpoint.r", ip_address=(*block(a=1), *block(b=1)))),
]

PSEUDO = transfer(made("aws_data_transfer.t"))


def alarm(**values):
    return made("aws_cloudwatch_metric_alarm.a", **{"metric_name": "CPUUtilization", "period": 60, **values})


def queries(*expressions, period=60, metrics=0):
    measured = tuple({"id": f"m{n}", "metric": block(period=period)} for n in range(metrics))
    return (*({"id": "e", "expression": text} for text in expressions), *measured)


BAND = "ANOMALY_DETECTION_BAND(m0, 2)"
CANARY = made("aws_synthetics_canary.c", schedule=block(expression="rate(5 minutes)"))

OBSERVABILITY = [
    # 10 GB x 0.50 = 5
    line("ingestion", "5", made("aws_cloudwatch_log_group.g"), monthly_data_ingested_gb=10),
    # infrequent access: 10 GB x 0.25 = 2.50
    line(
        "ingestion",
        "2.5",
        made("aws_cloudwatch_log_group.g", log_group_class="INFREQUENT_ACCESS"),
        monthly_data_ingested_gb=10,
    ),
    # 10,240 GB x 0.50 + 60 GB x 0.25 = 5,135
    line(
        "ingestion, logs of AWS services",
        "5135",
        made("aws_cloudwatch_log_group.g"),
        monthly_vended_data_ingested_gb=10300,
    ),
    # 100 GB x 0.03 = 3
    line("storage", "3", made("aws_cloudwatch_log_group.g"), storage_gb=100),
    # 4 x 0.30 = 1.20
    line("custom metrics in embedded metric format", "1.2", made("aws_cloudwatch_log_group.g"), embedded_metrics=4),
    # 200 GB x 0.005 = 1
    line("insights queries", "1", made("aws_cloudwatch_log_group.g"), monthly_data_scanned_gb=200),
    # 1 transformation without dimensions x 0.30
    line("custom metrics", "0.3", made("aws_cloudwatch_log_metric_filter.f", metric_transformation=block(name="x"))),
    # 5 values of its dimensions x 0.30 = 1.50
    line(
        "custom metrics",
        "1.5",
        made("aws_cloudwatch_log_metric_filter.f", metric_transformation=block(dimensions={"a": "$.a"})),
        metrics=5,
    ),
    line("alarm, per metric", "0.1", alarm()),
    # an expression over three metrics: 3 x 0.10
    line("alarm, per metric", "0.3", alarm(metric_name=None, metric_query=queries("m0+m1+m2", metrics=3))),
    line("high-resolution alarm, per metric", "0.3", alarm(period=10)),
    # a metric and two bounds: 3 x 0.10
    line("anomaly detection alarm, per metric", "0.3", alarm(metric_query=queries(BAND, metrics=1))),
    # 3 x 0.30 = 0.90
    line(
        "high-resolution anomaly detection alarm, per metric",
        "0.9",
        alarm(metric_query=queries(BAND, metrics=1, period=10)),
    ),
    # 12 metrics x 0.10 = 1.20
    line(
        "metrics insights alarm, per metric analysed",
        "1.2",
        alarm(metric_query=queries("SELECT MAX(x) FROM SCHEMA(y)")),
        metrics_analysed=12,
    ),
    line("composite alarm", "0.5", made("aws_cloudwatch_composite_alarm.c")),
    line("dashboard", "3", made("aws_cloudwatch_dashboard.d")),
    line("rule", "0.5", made("aws_cloudwatch_contributor_insight_rule.r")),
    # 5 M x 0.02 = 0.10
    line("events matched", "0.1", made("aws_cloudwatch_contributor_insight_rule.r"), monthly_events=5_000_000),
    # 730 h x 12 = 8,760 runs x 0.0012 = 10.512
    line("runs", "10.512", CANARY),
    # 1,000 runs x 0.0012 = 1.20
    line("runs", "1.2", CANARY, monthly_runs=1000),
    # 8,760 runs x 10 GB-s = 87,600 x 0.0000166667 = 1.46000292
    line("duration of the runs on Lambda", "1.46000292", CANARY, run_gb_seconds=10),
    # 2 x 100k x 1 = 2
    line("events", "2", made("aws_rum_app_monitor.r"), monthly_events=200_000),
    # 2 M x 5 = 10
    line("traces recorded", "10", made("aws_xray_sampling_rule.s"), monthly_traces=2_000_000),
    # 2 M x 0.50 = 1
    line("traces retrieved or scanned", "1", made("aws_xray_sampling_rule.s"), monthly_traces_scanned=2_000_000),
    # 2 M x 1 = 2
    line(
        "insights, traces analysed",
        "2",
        made("aws_xray_group.g", insights_configuration=block(insights_enabled=True)),
        monthly_traces=2_000_000,
    ),
    # 100k x 2 = 2
    line(
        "further copies of management events",
        "2",
        made("aws_cloudtrail.t"),
        monthly_additional_management_events=100_000,
    ),
    # 200k = 2 x 0.10 = 0.20
    line("data events", "0.2", made("aws_cloudtrail.t", event_selector=block(x=1)), monthly_data_events=200_000),
]

BUCKET = made("aws_s3_bucket.b")


def stored(component, usd, key, amount):
    return line(component, usd, BUCKET, **{key: amount})


STORAGE = [
    # 51,200 GB x 0.023 + 800 GB x 0.022 = 1,177.60 + 17.60 = 1,195.20
    stored("storage", "1195.2", "standard.storage_gb", 52000),
    # 1 M = 1,000 x 0.005 = 5
    stored("PUT, COPY, POST, LIST requests", "5", "standard.monthly_tier_1_requests", 10**6),
    # 1 M = 1,000 x 0.0004 = 0.40
    stored("GET and other requests", "0.4", "standard.monthly_tier_2_requests", 10**6),
    stored("S3 Select, scanned", "2", "standard.monthly_select_data_scanned_gb", 1000),  # x 0.002
    stored("S3 Select, returned", "0.7", "standard.monthly_select_data_returned_gb", 1000),  # x 0.0007
    stored("object tags", "0.65", "object_tags", 10**6),  # 100 x 0.0065
    stored("Standard-IA: storage", "12.5", "standard_infrequent_access.storage_gb", 1000),  # x 0.0125
    stored("Standard-IA: transitions", "10", "standard_infrequent_access.monthly_lifecycle_transition_requests", 10**6),
    stored("Standard-IA: PUT and LIST requests", "10", "standard_infrequent_access.monthly_tier_1_requests", 10**6),
    stored("Standard-IA: GET requests", "1", "standard_infrequent_access.monthly_tier_2_requests", 10**6),
    stored("Standard-IA: retrieval", "10", "standard_infrequent_access.monthly_data_retrieval_gb", 1000),  # x 0.01
    stored("One Zone-IA: storage", "10", "one_zone_infrequent_access.storage_gb", 1000),  # x 0.01
    stored("One Zone-IA: retrieval", "10", "one_zone_infrequent_access.monthly_data_retrieval_gb", 1000),
    stored("Glacier Instant Retrieval: storage", "4", "glacier_instant_retrieval.storage_gb", 1000),  # x 0.004
    stored("Glacier Flexible Retrieval: storage", "3.6", "glacier_flexible_retrieval.storage_gb", 1000),
    # 10,000 = 10 x 0.03 = 0.30
    stored(
        "Glacier Flexible Retrieval: transitions",
        "0.3",
        "glacier_flexible_retrieval.monthly_lifecycle_transition_requests",
        10_000,
    ),
    stored(
        "Glacier Flexible Retrieval: PUT requests", "0.3", "glacier_flexible_retrieval.monthly_tier_1_requests", 10_000
    ),
    stored(
        "Glacier Flexible Retrieval: retrieval, standard",
        "10",
        "glacier_flexible_retrieval.monthly_standard_data_retrieval_gb",
        1000,
    ),
    stored(
        "Glacier Flexible Retrieval: retrieval, expedited",
        "30",
        "glacier_flexible_retrieval.monthly_expedited_data_retrieval_gb",
        1000,
    ),
    stored(
        "Glacier Flexible Retrieval: retrieval requests, standard",
        "0.03",
        "glacier_flexible_retrieval.monthly_standard_data_retrieval_requests",
        1000,
    ),
    stored("Glacier Deep Archive: storage", "0.99", "glacier_deep_archive.storage_gb", 1000),
    # 10,000 = 10 x 0.05 = 0.50
    stored(
        "Glacier Deep Archive: transitions",
        "0.5",
        "glacier_deep_archive.monthly_lifecycle_transition_requests",
        10_000,
    ),
    stored("Glacier Deep Archive: PUT requests", "0.5", "glacier_deep_archive.monthly_tier_1_requests", 10_000),
    stored(
        "Glacier Deep Archive: retrieval, standard",
        "20",
        "glacier_deep_archive.monthly_standard_data_retrieval_gb",
        1000,
    ),
    stored("Glacier Deep Archive: retrieval, bulk", "2.5", "glacier_deep_archive.monthly_bulk_data_retrieval_gb", 1000),
    stored(
        "Intelligent-Tiering: storage, frequent access", "23", "intelligent_tiering.frequent_access_storage_gb", 1000
    ),
    stored(
        "Intelligent-Tiering: storage, infrequent access",
        "12.5",
        "intelligent_tiering.infrequent_access_storage_gb",
        1000,
    ),
    stored("Intelligent-Tiering: monitored objects", "2.5", "intelligent_tiering.monitored_objects", 10**6),
    stored("transfer out to the internet", "9", "monthly_outbound_internet_gb", 100),  # x 0.09
    # 10 M x 0.0025 = 0.025
    line("objects listed", "0.025", made("aws_s3_bucket_inventory.i"), monthly_listed_objects=10**7),
    line("storage", "1", made("aws_ecr_repository.r"), storage_gb=10),  # x 0.10
    line("storage, standard", "3", made("aws_efs_file_system.f"), storage_gb=10),  # x 0.30
    line("secret", "0.4", made("aws_secretsmanager_secret.s")),
    # 1 M = 100 x 0.05 = 5
    line("API calls", "5", made("aws_secretsmanager_secret.s"), monthly_requests=10**6),
    line("key", "1", made("aws_kms_key.k")),
    # 1 M = 100 x 0.03 = 3
    line("requests", "3", made("aws_kms_key.k"), monthly_requests=10**6),
    # 1 M = 100 x 0.15 = 15
    line("requests", "15", made("aws_kms_key.k", customer_master_key_spec="RSA_4096"), monthly_requests=10**6),
    line("key", "1", made("aws_kms_replica_key.k")),
    line("advanced parameter", "0.05", made("aws_ssm_parameter.p", tier="Advanced")),
    # 1 M = 100 x 0.05 = 5
    line("API calls", "5", made("aws_ssm_parameter.p", tier="Advanced"), monthly_api_interactions=10**6),
    line("RDS snapshots", "9.5", made("aws_backup_vault.v"), monthly_rds_snapshot_gb=100),  # x 0.095
    line("Aurora snapshots", "2.1", made("aws_backup_vault.v"), monthly_aurora_snapshot_gb=100),  # x 0.021
    line("EBS snapshots", "5", made("aws_backup_vault.v"), monthly_ebs_snapshot_gb=100),  # x 0.05
    line("DynamoDB backups", "10", made("aws_backup_vault.v"), monthly_dynamodb_backup_gb=100),  # x 0.10
    line("EFS backups, warm", "5", made("aws_backup_vault.v"), monthly_efs_warm_backup_gb=100),  # x 0.05
    line("EFS backups, cold", "1", made("aws_backup_vault.v"), monthly_efs_cold_backup_gb=100),  # x 0.01
]

DOMAIN = {"instance_type": "m5.large.search", "instance_count": 2}


def domain(**values):
    return made("aws_opensearch_domain.d", cluster_config=block(**{**DOMAIN, **values.pop("config", {})}), **values)


def search_volume(kind):
    return domain(ebs_options=block(ebs_enabled=True, volume_type=kind, volume_size=10))


def elasticsearch(found, version="7.10"):
    """The same domain under the older name of its type."""
    old = replace(found, address="aws_elasticsearch_domain.d", type="aws_elasticsearch_domain")
    return replaced(old, elasticsearch_version=version)


def of_both(component, usd, found):
    """A case for a domain of OpenSearch and for one of Elasticsearch's type."""
    return [line(component, usd, found), line(component, usd, elasticsearch(found))]


MASTERS = {
    "dedicated_master_enabled": True,
    "dedicated_master_type": "c6g.large.search",
    "dedicated_master_count": 3,
}
WARM_NODES = {"warm_enabled": True, "warm_type": "ultrawarm1.medium.search", "warm_count": 2}
BROKER = {"engine_type": "RabbitMQ", "host_instance_type": "mq.m5.large"}
PAIR = {"engine_type": "ActiveMQ", "host_instance_type": "mq.m5.large", "deployment_mode": "ACTIVE_STANDBY_MULTI_AZ"}
KAFKA = made(
    "aws_msk_cluster.k",
    number_of_broker_nodes=3,
    broker_node_group_info=block(
        instance_type="kafka.m5.large", storage_info=block(ebs_storage_info=block(volume_size=100))
    ),
)
SERVERLESS_KAFKA = made("aws_msk_serverless_cluster.k")
WAREHOUSE = made("aws_redshift_cluster.r", node_type="ra3.xlplus", number_of_nodes=2)
FILES = made("aws_efs_file_system.f")
ELASTIC = made("aws_efs_file_system.f", throughput_mode="elastic")
FIREWALL = made("aws_networkfirewall_firewall.f", subnet_mapping=({"subnet_id": "a"}, {"subnet_id": "b"}))
GRAPH = made("aws_neptune_cluster.n")
ENVIRONMENT = made("aws_mwaa_environment.e", environment_class="mw1.medium")
AUTHORITY = made("aws_acmpca_certificate_authority.a")

MANAGED = [
    # 2 x 730 h x 0.142; masters and warm nodes are nodes too: 3 x 730 h x 0.113, 2 x 730 h x 0.238
    *of_both("nodes", "207.32", domain()),
    *of_both("dedicated masters", "247.47", domain(config=MASTERS)),
    *of_both("UltraWarm nodes", "347.48", domain(config=WARM_NODES)),
    # 2 nodes x 10 GB x 0.135, 0.122, 0.169
    *of_both("storage, gp2", "2.7", search_volume("gp2")),
    *of_both("storage, gp3", "2.44", search_volume("gp3")),
    *of_both("storage, io1", "3.38", search_volume("io1")),
    refused("extended support", "no price for what that adds", domain(engine_version="OpenSearch_1.0")),
    refused("extended support", "no price for what that adds", elasticsearch(domain(), "6.7")),
    # one RabbitMQ broker 730 h x 0.288; the price of a cluster is that of its three brokers: 730 h x 0.864
    line("brokers", "210.24", made("aws_mq_broker.b", **BROKER)),
    line("brokers", "630.72", made("aws_mq_broker.b", deployment_mode="CLUSTER_MULTI_AZ", **BROKER)),
    # an ActiveMQ pair: 730 h x 0.576
    line("brokers", "420.48", made("aws_mq_broker.b", **PAIR)),
    line("storage", "1", made("aws_mq_broker.b", **BROKER), storage_size_gb=10),  # x 0.10
    # 3 brokers x 730 h x 0.21; 3 x 100 GB x 0.10
    line("brokers", "459.9", KAFKA),
    line("storage", "30", KAFKA),
    line("cluster", "547.5", SERVERLESS_KAFKA),  # 730 h x 0.75
    line("partitions", "1.5", SERVERLESS_KAFKA, partition_hours=1000),  # x 0.0015
    line("data in", "10", SERVERLESS_KAFKA, monthly_data_in_gb=100),  # x 0.10
    line("data out", "5", SERVERLESS_KAFKA, monthly_data_out_gb=100),  # x 0.05
    line("storage", "10", SERVERLESS_KAFKA, storage_gb=100),  # x 0.10
    # 2 nodes x 730 h x 1.086; managed storage on top: 100 GB x 0.024
    line("nodes", "1585.56", WAREHOUSE),
    line("managed storage", "2.4", WAREHOUSE, managed_storage_gb=100),
    line("Spectrum, data scanned", "10", WAREHOUSE, spectrum_data_scanned_tb=2),  # x 5
    line("backup storage", "2.3", WAREHOUSE, backup_storage_gb=100),  # x 0.023
    refused("extended support", "no price for what that adds", made("aws_docdb_cluster.d", engine_version="3.6.0")),
    refused("instance", "no price for docdb", made("aws_docdb_cluster_instance.d", instance_class="db.r5.large")),
    line("storage", "10", GRAPH, storage_gb=100),  # x 0.10
    line("I/O requests", "0.4", GRAPH, monthly_io_requests=2_000_000),  # x 0.20
    line("instance", "254.04", made("aws_neptune_cluster_instance.n", instance_class="db.r5.large")),  # 730 h x 0.348
    # two controllers x 730 h x 0.06
    line("controllers", "87.6", made("aws_directory_service_directory.d", type="MicrosoftAD", edition="Standard")),
    # 730 h x 0.01612, with an IPv4 address; x 0.01344 without; x 0.02956 with Windows
    line("bundle", "11.7676", made("aws_lightsail_instance.l", bundle_id="small_3_0")),
    line("bundle", "9.8112", made("aws_lightsail_instance.l", bundle_id="small_ipv6_3_0")),
    line("bundle", "21.5788", made("aws_lightsail_instance.l", bundle_id="small_win_3_0")),
    line("environment", "540.2", ENVIRONMENT),  # 730 h x 0.74
    line("metadata storage", "1", ENVIRONMENT, meta_database_gb=10),  # x 0.10
    line("pipeline, V1", "1", made("aws_codepipeline.p")),
    line("action minutes, V2", "0.2", made("aws_codepipeline.p", pipeline_type="V2"), monthly_action_minutes=100),
    line("endpoints", "576.7", FIREWALL),  # 2 x 730 h x 0.395
    line("data processed", "6.5", FIREWALL, monthly_data_processed_gb=100),  # x 0.065
    # WAF Classic
    line("web ACL", "5", made("aws_waf_web_acl.w")),
    line("requests inspected", "1.2", made("aws_waf_web_acl.w"), monthly_requests=2_000_000),  # x 0.60
    line("rules", "2", made("aws_waf_web_acl.w", rules=({"rule_id": "a"}, {"rule_id": "b"}))),
    line("web ACL", "5", made("aws_wafregional_web_acl.w")),
    line("requests inspected", "1.2", made("aws_wafregional_web_acl.w"), monthly_requests=2_000_000),
    line("rules", "1", made("aws_wafregional_web_acl.w", rule=block(rule_id="a"))),
    line("protocols", "438", made("aws_transfer_server.t", protocols=("FTP", "SFTP"))),  # 2 x 730 h x 0.30
    line("data", "4", made("aws_transfer_server.t"), monthly_data_gb=100),  # x 0.04
    line("association", "73", made("aws_ec2_client_vpn_network_association.v")),  # 730 h x 0.10
    line("attachment", "36.5", made("aws_ec2_transit_gateway_peering_attachment.p")),  # 730 h x 0.05
    # EFS: one zone 0.16, infrequent access 0.025, archive 0.008; throughput
    line("storage, one zone", "16", made("aws_efs_file_system.f", availability_zone_name="us-east-1a"), storage_gb=100),
    line("storage, infrequent access", "2.5", FILES, infrequent_access_storage_gb=100),
    line("reads, infrequent access", "1", FILES, monthly_infrequent_access_read_gb=100),
    line("writes, infrequent access", "1", FILES, monthly_infrequent_access_write_gb=100),
    line("storage, archive", "0.8", FILES, archive_storage_gb=100),
    # 10 MiB/s, of which 100 GB include 5: 5 x 6
    line(
        "provisioned throughput above what the storage includes",
        "30",
        made("aws_efs_file_system.f", throughput_mode="provisioned", provisioned_throughput_in_mibps=10),
        storage_gb=100,
    ),
    line("data read, elastic throughput", "3", ELASTIC, monthly_elastic_read_gb=100),
    line("data written, elastic throughput", "6", ELASTIC, monthly_elastic_write_gb=100),
    # a private certificate 0.75, its authority 400 or, for short lives, 50
    line(
        "private certificate, once when it is issued",
        "0.75",
        made("aws_acm_certificate.c", certificate_authority_arn="arn:aws:acm-pca:us-east-1:1:certificate-authority/x"),
    ),
    line("certificate authority", "400", AUTHORITY),
    line("certificate authority", "50", replaced(AUTHORITY, usage_mode="SHORT_LIVED_CERTIFICATE")),
    # 1,000 x 0.75 + 1,000 x 0.35
    line("certificates", "1100", AUTHORITY, monthly_requests=2000),
    line("log lines", "0.05", made("aws_cloudfront_realtime_log_config.l"), monthly_log_lines=5_000_000),  # x 0.01
    # an API's cache of 1.6 GB: 730 h x 0.038
    line("cache", "27.74", made("aws_api_gateway_stage.s", cache_cluster_enabled=True, cache_cluster_size="1.6")),
    # a replica of its own beside a group's nodes, of the group's type: 730 h x 0.016
    line(
        "nodes",
        "11.68",
        made("aws_elasticache_cluster.c", replication_group_id=Unknown("aws_elasticache_replication_group.r.id")),
        REDIS,
    ),
    # a serverless cache is charged for 1 GB at least, of Valkey for 0.1 GB: 730 h x 0.125, 73 h x 0.084
    line("data stored", "91.25", made("aws_elasticache_serverless_cache.c", engine="redis")),
    line("data stored", "6.132", made("aws_elasticache_serverless_cache.c", engine="valkey")),
    # the floor of serverless capacity: 730 h x 0.5 x 0.12; v1 that does not pause: 730 h x 2 x 0.06
    line("capacity, serverless v2", "43.8", *serverless(0.5)),
    line(
        "capacity, serverless v1",
        "87.6",
        made(
            "aws_rds_cluster.c",
            engine="aurora-mysql",
            engine_mode="serverless",
            scaling_configuration=block(auto_pause=False, min_capacity=2),
        ),
    ),
]

CASES = [
    *ECS,
    *volume_cases(),
    *RULES,
    *TASK_SETS,
    *COMPUTE,
    *MANAGED,
    *DATABASES,
    *MESSAGING,
    *NETWORK,
    *PSEUDO,
    *OBSERVABILITY,
    *STORAGE,
]


def estimated(case):
    subject = case.resources[0]
    pseudo = subject.type == "aws_data_transfer"  # stands only in the usage
    return estimate(stack(*case.resources[pseudo:]), prices(), used(subject.address, **case.use))


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.resources[0].type}-{c.component}".replace(" ", "_"))
def test_a_line_worked_out_by_hand_is_what_the_estimate_says(case):
    subject, cost = case.resources[0].address, estimated(case)
    lines = [item for item in cost.line_items if item.address == subject and item.component == case.component]
    if case.usd is None:
        assert not lines
        reasons = [u.reason for u in cost.unpriced if u.address == subject and case.component in u.component]
        assert any(case.reason in reason for reason in reasons), cost.unpriced
    else:
        assert lines, [item.component for item in cost.line_items]
        assert sum(item.cost for item in lines) == Decimal(case.usd)


def test_every_row_of_the_card_has_a_case():
    tested = {(case.resources[0].type, case.component) for case in CASES}
    rows = {(kind, charge.component) for kind, charges in RATE_CARD.items() for charge in charges}
    assert tested == rows


def test_every_usage_key_of_the_card_is_used_by_a_case():
    tested = {(case.resources[0].type, key) for case in CASES for key in case.use}
    keys = {(kind, key) for kind in RATE_CARD for key in usage_keys(kind)}
    assert tested == keys


def test_every_sku_that_the_card_names_is_in_the_price_book():
    named = {charge.sku for charges in RATE_CARD.values() for charge in charges if isinstance(charge.sku, str)}
    assert named <= set(prices().prices)


def test_a_type_stands_in_one_table_only():
    assert not set(RATE_CARD) & set(FREE)
    assert not set(RATE_CARD) & set(UNLISTED)
    assert not set(FREE) & set(UNLISTED)


def test_the_components_of_a_type_have_different_names():
    for kind, charges in RATE_CARD.items():
        names = [charge.component for charge in charges]
        assert len(names) == len(set(names)), kind


# The resource types of the four systems' stacks.
STACK_TYPES = """
acm_certificate acm_certificate_validation api_gateway_account api_gateway_api_key api_gateway_authorizer
api_gateway_deployment api_gateway_integration api_gateway_method api_gateway_method_settings api_gateway_resource
api_gateway_rest_api api_gateway_stage api_gateway_usage_plan api_gateway_usage_plan_key apigatewayv2_api
apigatewayv2_authorizer apigatewayv2_integration apigatewayv2_route apigatewayv2_stage appautoscaling_policy
appautoscaling_scheduled_action appautoscaling_target athena_workgroup autoscaling_group autoscaling_policy
autoscaling_schedule backup_plan backup_selection backup_vault budgets_budget ce_anomaly_monitor ce_anomaly_subscription
cloudfront_cache_policy cloudfront_distribution cloudfront_function cloudfront_monitoring_subscription
cloudfront_origin_access_control cloudfront_origin_request_policy cloudfront_response_headers_policy cloudtrail
cloudwatch_composite_alarm cloudwatch_dashboard cloudwatch_event_archive cloudwatch_event_bus cloudwatch_event_rule
cloudwatch_event_target cloudwatch_log_group cloudwatch_log_metric_filter cloudwatch_metric_alarm cloudwatch_query_definition
codedeploy_app codedeploy_deployment_group cognito_user_pool db_event_subscription db_instance db_parameter_group db_proxy
db_proxy_default_target_group db_proxy_target db_subnet_group dynamodb_table ecr_lifecycle_policy ecr_repository ecs_cluster
ecs_cluster_capacity_providers ecs_service ecs_task_definition eip elasticache_cluster elasticache_parameter_group
elasticache_replication_group elasticache_subnet_group elasticache_user elasticache_user_group flow_log glue_catalog_database
iam_openid_connect_provider iam_instance_profile iam_policy iam_role iam_role_policy iam_role_policy_attachment
internet_gateway kinesis_firehose_delivery_stream kinesis_stream kms_alias kms_key lambda_alias lambda_event_source_mapping
lambda_function lambda_function_event_invoke_config lambda_function_url lambda_layer_version lambda_permission
lambda_provisioned_concurrency_config launch_template lb lb_listener lb_listener_rule lb_target_group nat_gateway network_acl
rds_cluster rds_cluster_instance route53_health_check route53_record route53_zone route_table route_table_association
s3_bucket s3_bucket_cors_configuration s3_bucket_lifecycle_configuration s3_bucket_notification s3_bucket_ownership_controls
s3_bucket_policy s3_bucket_public_access_block s3_bucket_server_side_encryption_configuration s3_bucket_versioning s3_object
scheduler_schedule secretsmanager_secret secretsmanager_secret_rotation secretsmanager_secret_version security_group
service_discovery_private_dns_namespace service_discovery_service servicequotas_service_quota sfn_state_machine
shield_protection sns_topic sns_topic_policy sns_topic_subscription sqs_queue sqs_queue_policy sqs_queue_redrive_allow_policy
ssm_document ssm_parameter subnet synthetics_canary vpc vpc_endpoint vpc_security_group_egress_rule
vpc_security_group_ingress_rule wafv2_ip_set wafv2_web_acl wafv2_web_acl_association xray_group xray_sampling_rule
""".split()  # noqa: SIM905 - a hundred quoted words would hide the list


@pytest.mark.parametrize("name", STACK_TYPES)
def test_every_type_of_the_four_systems_is_priced_free_or_named_as_unlisted(name):
    assert f"aws_{name}" in {**RATE_CARD, **FREE, **UNLISTED}


def test_a_reference_that_lost_its_index_still_finds_the_task_definition():
    counted = Resource(
        "aws_ecs_task_definition.t[0]", "aws_ecs_task_definition", "t", {"cpu": 256, "memory": 512}, Location("main.tf")
    )
    app = Resource(
        "aws_ecs_service.s[0]",
        "aws_ecs_service",
        "s",
        {"desired_count": 1, "launch_type": "FARGATE", "task_definition": "app"},
        Location("main.tf"),
        (Reference("task_definition", "aws_ecs_task_definition.t", "arn"),),
    )
    assert len(estimate(stack(counted, app), prices()).line_items) == 2
