"""The rules of a migration seen failing: faults planted into the target, planned by the real Terraform on the kept state."""

import json
import re
import sys
from pathlib import Path

import answers
import pytest

from analysis.migration import changes, findings, partial, read, rules, stateful
from analysis.migration.planned import Planner

ROOT = Path(__file__).parents[2]
FILE = ROOT / "terraform" / "migrations" / "buzzer.toml"

DB = "module.database.aws_db_instance.primary"
LB = "module.load_balancer.aws_lb.this"
GROUP = "module.load_balancer.aws_lb_target_group.this"
HTTP = "module.load_balancer.aws_lb_listener.http"
SERVICE = "module.service.aws_ecs_service.this"
EDGE = "module.edge.aws_cloudfront_distribution.this"
NAME = 'module.dns.aws_route53_record.api["A"]'
PORT = "module.service.aws_vpc_security_group_ingress_rule.load_balancer"
ROLE = "module.service.aws_iam_role.execution"
VPC = "module.network.aws_vpc.this"
CHECK = {"path": "/health", "interval": 15, "timeout": 10, "healthy_threshold": 2, "unhealthy_threshold": 4}
TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*"}]}
ELSEWHERE = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/a/0123456789abcdef"
ONE_COUNTRY = {"restriction_type": "whitelist", "locations": ["US"]}
ANOTHER = {"name": "elsewhere.example", "zone_id": "Z2FDTNDATAQYW2", "evaluate_target_health": False}
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"

# An argument that is also a block: written as an argument it needs every member.
MEMBERS = """carrier_gateway_id core_network_arn destination_prefix_list_id egress_only_gateway_id ipv6_cidr_block
local_gateway_id nat_gateway_id network_interface_id transit_gateway_id vpc_endpoint_id vpc_peering_connection_id"""
ROUTE = dict.fromkeys(MEMBERS.split()) | {"cidr_block": "10.99.0.0/16", "gateway_id": "igw-0123456789abcdef0"}

# Each: where, the argument, its planted value, the rule that must name that argument there. A list is one plan.
IN_PLACE = (
    (DB, "identifier", "buzzer-two", "DB-01"),
    (DB, "port", 3307, "DB-02"),
    (DB, "engine_version", "8.4", "DB-03"),
    (DB, "allocated_storage", 10, "DB-07"),
    (DB, "backup_retention_period", 0, "DB-13"),
    (DB, "publicly_accessible", True, "DB-18"),
    (DB, "db_subnet_group_name", "elsewhere", "DB-19"),
    (DB, "apply_immediately", True, "DB-24"),
    (DB, "vpc_security_group_ids", ["sg-0123456789abcdef0"], "DB-20"),
    (DB, "parameter_group_name", "elsewhere", "DB-06"),
    (LB, "subnets", ["subnet-0aaaaaaaaaaaaaaaa", "subnet-0bbbbbbbbbbbbbbbb"], "LB-05"),
    (LB, "security_groups", ["sg-0123456789abcdef0"], "LB-06"),
    (LB, "idle_timeout", 30, "LB-07"),
    (GROUP, "health_check", [CHECK | {"path": "/ready"}], "LB-10"),
    (GROUP, "deregistration_delay", 0, "LB-12"),
    (HTTP, "port", 8080, "LB-01"),
    (SERVICE, "load_balancer", [{"target_group_arn": ELSEWHERE, "container_name": "api", "container_port": 5001}], "ECS-01"),
    (SERVICE, "deployment_minimum_healthy_percent", 50, "ECS-05"),
    (SERVICE, "network_configuration", [{"subnets": ["subnet-0aaaaaaaaaaaaaaaa"]}], "ECS-08"),
    (ROLE, "assume_role_policy", json.dumps(TRUST), "ECS-13"),
    (EDGE, "enabled", False, "EDGE-01"),
    (EDGE, "restrictions", [{"geo_restriction": [ONE_COUNTRY]}], "EDGE-07"),
    (NAME, "alias", [ANOTHER], "DNS-01"),
    (VPC, "enable_dns_support", False, "NET-04"),
    ("module.network.aws_route_table.public", "route", [ROUTE], "NET-03"),
    (PORT, "from_port", 5001, "NET-01"),
    (PORT, "to_port", 5001, "NET-01"),
    ("module.service.aws_cloudwatch_log_group.this", "retention_in_days", 1, "DATA-01"),
    ("module.database.aws_secretsmanager_secret.this", "recovery_window_in_days", 0, "DATA-11"),
)  # fmt: skip
AGAIN = (
    (DB, "multi_az", False, "DB-04"),  # the class then changes under the only instance
    (DB, "allocated_storage", 21, "DB-08"),
    (GROUP, "health_check", [CHECK | {"port": "8080"}], "LB-10"),
    (HTTP, "protocol", "HTTPS", "LB-02"),
    (VPC, "enable_dns_hostnames", False, "NET-04"),
    (PORT, "ip_protocol", "udp", "NET-01"),
)
ONCE_MORE = (
    (DB, "instance_class", "db.t3.small", "DB-17"),  # which has no Performance Insights
    (GROUP, "health_check", [CHECK | {"matcher": "204"}], "LB-10"),
)
REPLACING = (
    (DB, "storage_encrypted", False, "KEEP-02"),
    (DB, "db_name", "other", "KEEP-02"),
    (DB, "username", "other", "KEEP-02"),
    (DB, "engine", "mariadb", "KEEP-02"),
    (DB, "availability_zone", "us-east-1c", "KEEP-02"),
    ("module.database.aws_db_subnet_group.this", "name", "other", "KEEP-02"),
    ("module.database.aws_security_group.this", "description", "Other", "KEEP-02"),
    ("module.service.aws_security_group.this", "name", "other", "KEEP-02"),
    (LB, "name", "other", "KEEP-02"),
    (LB, "internal", True, "KEEP-02"),
    (GROUP, "name", "other", "KEEP-02"),
    (GROUP, "port", 5001, "KEEP-02"),
    (GROUP, "target_type", "instance", "KEEP-02"),
    (SERVICE, "name", "other", "KEEP-02"),
    (SERVICE, "launch_type", "EC2", "KEEP-02"),
    ("module.service.aws_ecs_cluster.this", "name", "other", "KEEP-02"),
    ("module.service.aws_cloudwatch_log_group.this", "name", "/other", "KEEP-02"),
    (ROLE, "name", "other", "KEEP-02"),
    ("module.registry.aws_ecr_repository.this", "name", "other", "KEEP-02"),
    ("module.dns.aws_route53_zone.this", "name", "other.example", "KEEP-02"),
    ("module.database.aws_secretsmanager_secret.this", "name", "other", "KEEP-02"),
    (VPC, "cidr_block", "10.30.0.0/16", "KEEP-02"),
    ('module.network.aws_subnet.public["us-east-1a"]', "availability_zone", "us-east-1d", "KEEP-02"),
)
SEEN_AT = {"DB-04": "instance_class", "DB-17": "performance_insights_enabled"}
"""Rules that name another argument than the one that was planted."""

PLANS = {"in place": IN_PLACE, "again": AGAIN, "once more": ONCE_MORE, "replacing": REPLACING}
FORGOTTEN = (
    "aws_db_instance.main",
    "aws_lb.main",
    "aws_route53_zone.main",
    "aws_ecs_service.api",
    "aws_cloudfront_distribution.main",
    "aws_secretsmanager_secret.db",
    "aws_vpc.main",
)
"""Addresses whose `moved` block is taken out: Terraform then deletes what stands there and makes another."""

NEEDED = {"HTTPS": {"certificate_arn": CERTIFICATE}, "10": {"max_allocated_storage": 0}}
"""What goes with a planted value: HTTPS wants a certificate, and the provider hides a shrinking volume that may also grow."""


def planted(planner, name, mutations):
    """The plan of the target in which all of some mutations are planted."""

    def alter(root):
        files = {}
        for address, attribute, value, _rule in mutations:
            module, kind, resource = partial.parts(address)
            found = files.setdefault(planner.modules[module], {}).setdefault("resource", {}).setdefault(kind, {})
            block = found.setdefault(resource, {})
            block[attribute] = value
            block.update(NEEDED.get(str(value), {}))
        partial.put(root, files, planner.modules)

    return planner.altered(name.replace(" ", "-"), alter)


def without_moves(planner):
    def alter(root):
        path = root / "moved.tf"
        text = path.read_text()
        for address in FORGOTTEN:
            text, count = re.subn(rf"moved {{\n  from = {re.escape(address)}\n[^}}]*}}\n", "", text)
            assert count == 1, address
        path.write_text(text)

    return planner.altered("forgotten", alter)


@pytest.fixture(scope="module")
def mutants():
    """What the rules say of each planted plan, as (address, argument, rule)."""
    migration = read(FILE)
    listed = json.dumps([PLANS, FORGOTTEN, NEEDED], default=str)
    basis = answers.basis(migration.target, migration.state.read_text(encoding="utf-8"), listed)

    def ask():
        with Planner(migration, migration.state) as planner:
            plans = {name: planted(planner, name, mutations) for name, mutations in PLANS.items()}
            return plans | {"forgotten": without_moves(planner), "none": planner.whole()}

    plans = answers.of("migration-mutants", basis, ask)
    return {
        name: {(one.address, one.attribute, one.rule) for one in findings(changes(plan)) if one.blocks}
        for name, plan in plans.items()
    }


@pytest.mark.slow
@pytest.mark.terraform
def test_planted_faults_are_caught_by_the_rule_meant_for_them(mutants, capsys):
    caught, missed = [], []
    for name, mutations in PLANS.items():
        for address, attribute, _value, rule in mutations:
            where = (
                "instance_class"
                if rule == "DB-04"
                else "performance_insights_enabled"
                if rule == "DB-17"
                else attribute
            )
            (caught if (address, where, rule) in mutants[name] else missed).append((address, attribute, rule))
    for address in FORGOTTEN:
        (caught if (address, "", "KEEP-01") in mutants["forgotten"] else missed).append((address, "", "KEEP-01"))
    total = len(caught) + len(missed)
    with capsys.disabled():
        sys.stdout.write(f"\nmigration rules: {len(caught)} of {total} planted faults caught\n")
    assert total >= 40
    assert len(caught) / total >= 0.95, missed
    assert not missed, missed


@pytest.mark.terraform
def test_what_the_target_changes_by_itself_is_neither_a_deletion_nor_a_replacement_of_what_holds_something(mutants):
    assert not {one for one in mutants["none"] if one[2] in {"KEEP-01", "KEEP-02"}}
    # Without the mutations none of their rules speaks of their arguments, but for the ones the target itself moves.
    own = {(address, attribute) for address, attribute, rule in mutants["none"]}
    planted_at = {
        (address, attribute) for mutations in PLANS.values() for address, attribute, _value, _rule in mutations
    }
    assert own & planted_at <= {
        (DB, "allocated_storage"),
        (DB, "multi_az"),
        (DB, "instance_class"),
        (DB, "parameter_group_name"),
        (DB, "engine_version"),  # upgraded in place, by a stage of its own
        (GROUP, "health_check"),
        (GROUP, "deregistration_delay"),
        (NAME, "alias"),
    }


def test_every_row_of_the_table_has_a_reason_and_a_source():
    assert len(rules()) > 100
    for rule in rules():
        assert rule.source.startswith("https://"), rule
        assert rule.says
        assert rule.weight in {"never", "outage", "risk"}
    assert all(stateful().values())
