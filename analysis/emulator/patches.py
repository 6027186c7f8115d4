"""Classes of moto's that behave wrongly, corrected when the emulator starts."""

from __future__ import annotations

import functools
import inspect
import json
import re
import secrets
import uuid
from collections.abc import Callable
from typing import Any

from analysis.emulator.rows import Patch


def _around(owner: Any, name: str, wrapper: Callable[..., Any]) -> None:
    """Replaces a method by one that is given the original as its first argument."""
    original = getattr(owner, name)

    @functools.wraps(original)
    def corrected(*args: Any, **kwargs: Any) -> Any:
        return wrapper(original, *args, **kwargs)

    setattr(owner, name, corrected)


def _instances_have_their_own_identity() -> None:
    from moto.rds.models import DBInstance, RDSBackend  # noqa: PLC0415 - as moto is imported, it reads its settings

    def init(original: Callable[..., None], self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self.dbi_resource_id = _instance_identity(self)

    def replicate(original: Callable[..., Any], self: Any, asked: dict[str, Any]) -> Any:
        replica = original(self, asked)  # a shallow copy of the primary
        replica.dbi_resource_id = _instance_identity(replica)
        # What a replica does not take from its source.
        replica.multi_az = asked.get("multi_az") or False
        replica.enabled_cloudwatch_logs_exports = asked.get("enable_cloudwatch_logs_exports") or []
        replica.max_allocated_storage = asked.get("max_allocated_storage") or replica.allocated_storage
        return replica

    _around(DBInstance, "__init__", init)
    _around(RDSBackend, "create_db_instance_read_replica", replicate)


def _instance_identity(instance: Any) -> str:
    number = uuid.uuid5(uuid.NAMESPACE_URL, f"{instance.region}/{instance.db_instance_identifier}").hex[:26]
    return f"db-{number.upper()}"


def _replication_groups_have_members() -> None:
    from moto.elasticache.models import CacheCluster, ElastiCacheBackend  # noqa: PLC0415

    def create(original: Callable[..., Any], self: Any, **asked: Any) -> Any:
        count = asked.get("num_cache_clusters")
        if count and asked.get("cluster_mode") in {None, "disabled"} and not asked.get("replicas_per_node_group"):
            asked["replicas_per_node_group"] = count - 1  # moto looks at this number alone
        group = original(self, **asked)
        group.kept = asked
        for member in group.member_clusters:
            self.cache_clusters[member] = _member(self, CacheCluster, group, member)
        return group

    def modify(original: Callable[..., Any], self: Any, **asked: Any) -> Any:
        group = original(self, **asked)
        for member in group.member_clusters:
            self.cache_clusters[member].cache_node_type = group.cache_node_type
        return group

    def delete(original: Callable[..., Any], self: Any, replication_group_id: str, *args: Any, **kwargs: Any) -> Any:
        group = original(self, replication_group_id, *args, **kwargs)
        del self.replication_groups[replication_group_id]
        for member in group.member_clusters:
            self.cache_clusters.pop(member, None)
        return group

    _around(ElastiCacheBackend, "create_replication_group", create)
    _around(ElastiCacheBackend, "modify_replication_group", modify)
    _around(ElastiCacheBackend, "delete_replication_group", delete)


def _member(backend: Any, cluster: Any, group: Any, name: str) -> Any:
    asked = dict.fromkeys(list(cluster.__init__.__annotations__)[2:])
    asked |= {key: value for key, value in group.kept.items() if key in asked}
    asked |= {"cache_cluster_id": name, "replication_group_id": group.replication_group_id, "num_cache_nodes": 1}
    asked |= {"engine": group.engine, "cache_node_type": group.cache_node_type, "tags": []}
    return cluster(account_id=backend.account_id, region_name=backend.region_name, **asked)


def _parameter_groups_can_be_tagged() -> None:
    from moto.elasticache.models import ElastiCacheBackend  # noqa: PLC0415

    def init(original: Callable[..., None], self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self.arn_regex = re.compile(
            r"^arn:aws:elasticache:.*:[0-9]*:(cluster|snapshot|subnetgroup|replicationgroup|user|parametergroup):.*$"
        )

    _around(ElastiCacheBackend, "__init__", init)


def _conditions_are_not_ignored() -> None:
    from moto.s3.models import FakeBucket  # noqa: PLC0415

    def permission(original: Callable[..., Any], self: Any, action: str, resource: str) -> Any:
        if self.policy is None:
            return original(self, action, resource)
        policy = json.loads(self.policy)
        statements = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
        kept = [one for one in statements if not (one["Effect"] == "Deny" and one.get("Condition"))]
        whole, self.policy = self.policy, json.dumps(policy | {"Statement": kept}).encode() if kept else None
        try:
            return original(self, action, resource)
        finally:
            self.policy = whole

    _around(FakeBucket, "get_permission", permission)


def _rules_are_described() -> None:
    from moto.ec2.models.security_groups import SecurityGroupBackend, SecurityGroupRule  # noqa: PLC0415

    def init(original: Callable[..., None], self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        asked = inspect.signature(original).bind(self, *args, **kwargs).arguments
        group = dict(self.source_group)
        self.told = group.pop("Description", None) or (asked.get("prefix_list_id") or {}).get("Description")
        self.source_group = group

    def modify(original: Callable[..., Any], self: Any, *args: Any, **kwargs: Any) -> Any:
        answer = original(self, *args, **kwargs)
        for group in self.groups.values():
            for vpc_group in group.values():
                for rule in (*vpc_group.ingress_rules, *vpc_group.egress_rules):
                    rule.told = rule.ip_range.get("Description") or rule.told
        return answer

    _around(SecurityGroupRule, "__init__", init)
    _around(SecurityGroupBackend, "modify_security_group_rules", modify)
    SecurityGroupRule.description = property(lambda rule: rule.ip_range.get("Description") or rule.told)  # type: ignore[method-assign,assignment]


def _rotation_calls_nobody() -> None:
    from moto.secretsmanager.models import SecretsManagerBackend as Backend  # noqa: PLC0415

    def rotate(original: Callable[..., Any], self: Any, secret_id: str, *args: Any, **kwargs: Any) -> Any:
        asked = inspect.signature(original).bind(self, secret_id, *args, **kwargs).arguments
        function, rules = asked.get("rotation_lambda_arn"), asked.get("rotation_rules") or {}
        if not function or secret_id not in self.secrets:
            return original(self, secret_id, *args, **kwargs)
        secret = self.secrets[secret_id]
        secret.rotation_lambda_arn, secret.rotation_requested, secret.rotation_enabled = function, True, True
        secret.auto_rotate_after_days = rules.get("AutomaticallyAfterDays", 0)
        return secret.to_short_dict()

    _around(Backend, "rotate_secret", rotate)


ROWS: tuple[Patch, ...] = (
    Patch(
        "secretsmanager",
        ("RotateSecret",),
        _rotation_calls_nobody,
        "moto runs the rotation function in a container; here the settings are kept, no function runs and the value stays",
    ),
    Patch(
        "rds",
        ("CreateDBInstance", "CreateDBInstanceReadReplica", "RestoreDBInstanceFromDBSnapshot"),
        _instances_have_their_own_identity,
        "moto gives all instances one DbiResourceId, by which Terraform finds them, and a replica all settings of its source",
    ),
    Patch(
        "elasticache",
        ("CreateReplicationGroup", "ModifyReplicationGroup", "DeleteReplicationGroup"),
        _replication_groups_have_members,
        "moto names the member clusters of a replication group and does not make them, and deletes a group without end",
    ),
    Patch(
        "elasticache",
        ("ListTagsForResource",),
        _parameter_groups_can_be_tagged,
        "moto refuses the tags of a parameter group",
    ),
    Patch(
        "s3",
        ("GetObject", "HeadObject", "PutObject", "DeleteObject"),
        _conditions_are_not_ignored,
        "moto leaves out the conditions of a bucket policy, so that a Deny for plain HTTP denies everything",
    ),
    Patch(
        "ec2",
        ("AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress", "ModifySecurityGroupRules"),
        _rules_are_described,
        "moto drops the description of a rule that names a group or a prefix list",
    ),
)


def _issued_keys_cannot_be_guessed() -> None:
    """A key that the emulator hands out opens it, so that it may not come from moto's seed as all other identifiers do."""
    from moto.iam.models import AccessKey  # noqa: PLC0415

    def init(original: Callable[..., None], self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        tail = "".join(secrets.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(7))
        self.access_key_id = self.access_key_id[:-7] + tail

    _around(AccessKey, "__init__", init)


def apply() -> None:
    """Applies every row, once, in the emulator's process."""
    for row in ROWS:
        row.apply()
    _issued_keys_cannot_be_guessed()
