"""The buckets of a stack as a table: who may do what, how long objects are kept, what protects them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from markupsafe import Markup

from analysis.architecture import Resource
from analysis.drawing import tables
from analysis.drawing.tables import Cell, Column, table
from analysis.pages import infrastructure
from analysis.pages.model import Macro, Model, Site
from analysis.wiring.policies import statements
from analysis.wiring.values import blocks


def buckets(model: Model, page: str) -> Markup:
    """Each bucket with the statements of its policy, its lifecycle, and the line that sets it up."""
    rows = [
        [
            Markup("{}<br>{}").format(
                tables.code(infrastructure.shown(bucket.values.get("bucket"))),
                infrastructure.citation(model, bucket.defined_at, page) or "",
            ),
            _stacked(_grants(model, bucket)),
            _stacked(_lifecycle(model, bucket)),
            _stacked(_guards(model, bucket)),
        ]
        for bucket in model.architecture.of_type("aws_s3_bucket")
    ]
    columns = [
        Column("Bucket"),
        Column("Bucket policy", "wide"),
        Column("Lifecycle", "wide"),
        Column("Protection", "wide"),
    ]
    return table(columns, rows, label=f"Buckets of {model.name}")


def _stacked(lines: Iterator[str]) -> Cell:
    return Markup("<br>").join(lines) or "none"


def _beside(model: Model, bucket: Resource, kind: str) -> Resource | None:
    """The resource of that type that was set for the bucket."""
    return next((r for r in model.architecture.referring_to(bucket.address) if r.type == kind), None)


def _blocks(resource: Resource | None, name: str) -> tuple[Mapping[str, Any], ...]:
    return blocks(resource.values.get(name)) if resource else ()


def _grants(model: Model, bucket: Resource) -> Iterator[str]:
    policy = _beside(model, bucket, "aws_s3_bucket_policy")
    for statement in (statements(policy.values.get("policy")) if policy else None) or ():
        principal = statement["Principal"]
        who = ", ".join(map(str, principal.values())) if isinstance(principal, Mapping) else str(principal)
        conditions = [
            f"{key} {infrastructure.shown(value)}"
            for tests in statement.get("Condition", {}).values()
            for key, value in tests.items()
        ]
        where = f" where {', '.join(conditions)}" if conditions else ""
        everyone = "everyone" if who == "*" else who
        yield f"{statement['Effect']} {everyone}: {infrastructure.shown(statement['Action'])}{where}"


def _lifecycle(model: Model, bucket: Resource) -> Iterator[str]:
    for rule in _blocks(_beside(model, bucket, "aws_s3_bucket_lifecycle_configuration"), "rule"):
        for move in rule.get("transition") or ():
            yield f"after {move['days']} days to {move['storage_class']}"
        for end in rule.get("expiration") or ():
            yield f"deleted after {end['days']} days"
        for old in rule.get("noncurrent_version_expiration") or ():
            yield f"replaced versions deleted after {old['noncurrent_days']} days"


def _guards(model: Model, bucket: Resource) -> Iterator[str]:
    public = _beside(model, bucket, "aws_s3_bucket_public_access_block")
    switches = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
    if public and all(public.values.get(switch) is True for switch in switches):
        yield "no public access"
    for block in _blocks(_beside(model, bucket, "aws_s3_bucket_versioning"), "versioning_configuration"):
        yield f"versioning {str(block.get('status', '')).lower()}"
    encryption = _beside(model, bucket, "aws_s3_bucket_server_side_encryption_configuration")
    for rule in _blocks(encryption, "rule"):
        for default in rule.get("apply_server_side_encryption_by_default") or ():
            yield f"encrypted, {default.get('sse_algorithm')}"


def macros(site: Site) -> Mapping[str, Macro]:
    """What pages cite of a stack's buckets."""
    return {"buckets": site.of_stack_here(buckets)}
