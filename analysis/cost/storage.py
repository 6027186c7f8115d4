"""What keeping files, secrets and copies costs: the rate card's rows for S3, ECR, EFS, secrets, keys, certificates and Backup."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from analysis.architecture import Resource
from analysis.cost.setting import Applies, Charge, NotPriced, Setting, by_use, if_used, monthly
from analysis.units import Quantity

CLASSES: Mapping[str, tuple[str, str]] = {
    # S3's storage class in a lifecycle rule -> Infracost's key for it, and the name for people
    "STANDARD_IA": ("standard_infrequent_access", "Standard-IA"),
    "ONEZONE_IA": ("one_zone_infrequent_access", "One Zone-IA"),
    "GLACIER_IR": ("glacier_instant_retrieval", "Glacier Instant Retrieval"),
    "GLACIER": ("glacier_flexible_retrieval", "Glacier Flexible Retrieval"),
    "DEEP_ARCHIVE": ("glacier_deep_archive", "Glacier Deep Archive"),
    "INTELLIGENT_TIERING": ("intelligent_tiering", "Intelligent-Tiering"),
}

_PER_CLASS: tuple[tuple[str, str, str, str, str, int, bool], ...] = (
    # storage class, component, key within the class, sku, unit, per, listed wherever a lifecycle rule moves objects there
    ("STANDARD_IA", "storage", "storage_gb", "s3.ia.gb_month", "GB-month", 1, True),
    (
        "STANDARD_IA",
        "transitions",
        "monthly_lifecycle_transition_requests",
        "s3.ia.transition.1k",
        "1k transitions",
        1000,
        True,
    ),
    ("STANDARD_IA", "PUT and LIST requests", "monthly_tier_1_requests", "s3.ia.put.1k", "1k PUT", 1000, False),
    ("STANDARD_IA", "GET requests", "monthly_tier_2_requests", "s3.ia.get.1k", "1k GET", 1000, False),
    ("STANDARD_IA", "retrieval", "monthly_data_retrieval_gb", "s3.ia.retrieval.gb", "GB", 1, False),
    ("ONEZONE_IA", "storage", "storage_gb", "s3.onezone_ia.gb_month", "GB-month", 1, True),
    ("ONEZONE_IA", "retrieval", "monthly_data_retrieval_gb", "s3.onezone_ia.retrieval.gb", "GB", 1, False),
    ("GLACIER_IR", "storage", "storage_gb", "s3.glacier_ir.gb_month", "GB-month", 1, True),
    ("GLACIER", "storage", "storage_gb", "s3.glacier_flexible.gb_month", "GB-month", 1, True),
    (
        "GLACIER",
        "transitions",
        "monthly_lifecycle_transition_requests",
        "s3.glacier_flexible.transition.1k",
        "1k transitions",
        1000,
        True,
    ),
    ("GLACIER", "PUT requests", "monthly_tier_1_requests", "s3.glacier_flexible.put.1k", "1k PUT", 1000, False),
    (
        "GLACIER",
        "retrieval, standard",
        "monthly_standard_data_retrieval_gb",
        "s3.glacier_flexible.retrieval_standard.gb",
        "GB",
        1,
        False,
    ),
    (
        "GLACIER",
        "retrieval, expedited",
        "monthly_expedited_data_retrieval_gb",
        "s3.glacier_flexible.retrieval_expedited.gb",
        "GB",
        1,
        False,
    ),
    (
        "GLACIER",
        "retrieval requests, standard",
        "monthly_standard_data_retrieval_requests",
        "s3.glacier_flexible.retrieval_requests_standard.1k",
        "1k requests",
        1000,
        False,
    ),
    ("DEEP_ARCHIVE", "storage", "storage_gb", "s3.deep_archive.gb_month", "GB-month", 1, True),
    (
        "DEEP_ARCHIVE",
        "transitions",
        "monthly_lifecycle_transition_requests",
        "s3.deep_archive.transition.1k",
        "1k transitions",
        1000,
        True,
    ),
    ("DEEP_ARCHIVE", "PUT requests", "monthly_tier_1_requests", "s3.deep_archive.put.1k", "1k PUT", 1000, False),
    (
        "DEEP_ARCHIVE",
        "retrieval, standard",
        "monthly_standard_data_retrieval_gb",
        "s3.deep_archive.retrieval_standard.gb",
        "GB",
        1,
        False,
    ),
    (
        "DEEP_ARCHIVE",
        "retrieval, bulk",
        "monthly_bulk_data_retrieval_gb",
        "s3.deep_archive.retrieval_bulk.gb",
        "GB",
        1,
        False,
    ),
    (
        "INTELLIGENT_TIERING",
        "storage, frequent access",
        "frequent_access_storage_gb",
        "s3.intelligent.frequent.gb_month",
        "GB-month",
        1,
        True,
    ),
    (
        "INTELLIGENT_TIERING",
        "storage, infrequent access",
        "infrequent_access_storage_gb",
        "s3.intelligent.infrequent.gb_month",
        "GB-month",
        1,
        True,
    ),
    (
        "INTELLIGENT_TIERING",
        "monitored objects",
        "monitored_objects",
        "s3.intelligent.monitoring.1k_objects",
        "1k objects-month",
        1000,
        True,
    ),
)


def _lifecycle_classes(bucket: Setting) -> set[str]:
    """The storage classes to which lifecycle rules of the bucket move objects."""
    rules = [(bucket, rule) for rule in bucket.blocks("lifecycle_rule")]
    for found in bucket.referred_by("aws_s3_bucket_lifecycle_configuration"):
        lifecycle = bucket.of(found)
        rules += [(lifecycle, rule) for rule in lifecycle.blocks("rule")]
    classes = set()
    for owner, rule in rules:
        for name in ("transition", "noncurrent_version_transition"):
            for transition in owner.known(rule.get(name), name) or ():
                classes.add(str(owner.known(transition.get("storage_class"), "storage_class")))
    return classes


def _moves_to(storage_class: str) -> Applies:
    return lambda bucket: storage_class in _lifecycle_classes(bucket)


def _class_charges() -> tuple[Charge, ...]:
    charges = []
    for storage_class, component, key, sku, unit, per, listed in _PER_CLASS:
        prefix, people = CLASSES[storage_class]
        name, full = f"{people}: {component}", f"{prefix}.{key}"
        if listed:
            moves = _moves_to(storage_class)

            def applies(s: Setting, full: str = full, moves: Applies = moves) -> bool:
                return s.used(full) is not None or moves(s)

            charges.append(by_use(name, sku, full, unit, per=per, applies=applies))
        else:
            charges.append(if_used(name, sku, full, unit, per=per))
    return tuple(charges)


def _key_requests(key: Setting) -> str:
    spec = key.text("customer_master_key_spec") or key.text("key_spec") or "SYMMETRIC_DEFAULT"
    if spec == "SYMMETRIC_DEFAULT":
        return "kms.requests.10k"
    if spec.startswith("RSA_") and spec != "RSA_2048":
        return "kms.requests_asymmetric.10k"
    raise NotPriced(f"the price book has no price for requests to keys of the kind {spec}")


def _advanced(parameter: Setting) -> bool:
    return parameter.text("tier", "Standard") == "Advanced"


def _one_zone(files: Setting) -> bool:
    return bool(files.get("availability_zone_name"))


def _infrequent_sku(files: Setting) -> str:
    return "efs.one_zone_ia.gb_month" if _one_zone(files) else "efs.ia.gb_month"


def _moves_files(rule: str, key: str) -> Applies:
    """Whether a lifecycle rule moves files to another class, or the usage says that some lie there."""
    return lambda s: s.used(key) is not None or any(policy.get(rule) for policy in s.blocks("lifecycle_policy"))


def _throughput(mode: str) -> Applies:
    return lambda s: s.text("throughput_mode", "bursting") == mode


EFS_GB_PER_MIBPS = 20
"""Standard storage that includes 1 MiB/s of throughput: https://aws.amazon.com/efs/pricing/."""


def _throughput_above(files: Setting) -> Quantity:
    stored = files.used("storage_gb") or Decimal(0)
    wanted = files.number("provisioned_throughput_in_mibps")
    return Quantity(max(Decimal(0), wanted - stored / EFS_GB_PER_MIBPS), "MiBps-month")


def _authority(authority: Setting) -> str:
    short = authority.text("usage_mode", "GENERAL_PURPOSE") == "SHORT_LIVED_CERTIFICATE"
    return "short_lived" if short else "general_purpose"


def _selected(vault: Setting) -> Iterator[Resource]:
    """What the plans that write to a vault select: the resources that are named, or all where tags or a pattern choose."""
    for plan in vault.referred_by("aws_backup_plan"):
        for found in vault.of(plan).referred_by("aws_backup_selection"):
            selection = vault.of(found)
            patterns = any("*" in str(name) for name in selection.resource.values.get("resources") or ())
            if patterns or selection.blocks("selection_tag") or selection.blocks("condition"):
                yield from vault.architecture.resources
            for reference in found.references:
                named = vault.architecture.by_address.get(reference.address)
                if named is not None:
                    yield named


def _kept(component: str, sku: str, key: str, *types: str) -> Charge:
    """The row for what a vault keeps of a kind: listed where a plan selects it, or the usage says how much there is."""
    return by_use(
        component,
        sku,
        key,
        "GB-month",
        applies=lambda s: s.used(key) is not None or any(resource.type in types for resource in _selected(s)),
    )


KMS_KEY = (
    monthly("key", "kms.key.month", "key-month"),
    by_use("requests", _key_requests, "monthly_requests", "10k requests", per=10**4),
)

CHARGES: Mapping[str, tuple[Charge, ...]] = {
    "aws_s3_bucket": (
        by_use("storage", "s3.standard.gb_month", "standard.storage_gb", "GB-month"),
        by_use(
            "PUT, COPY, POST, LIST requests",
            "s3.standard.put.1k",
            "standard.monthly_tier_1_requests",
            "1k PUT/COPY/POST/LIST",
            per=1000,
        ),
        by_use(
            "GET and other requests",
            "s3.standard.get.1k",
            "standard.monthly_tier_2_requests",
            "1k GET/SELECT/other",
            per=1000,
        ),
        if_used("S3 Select, scanned", "s3.select.scanned.gb", "standard.monthly_select_data_scanned_gb", "GB"),
        if_used("S3 Select, returned", "s3.select.returned.gb", "standard.monthly_select_data_returned_gb", "GB"),
        if_used("object tags", "s3.object_tags.10k_month", "object_tags", "10k tags-month", per=10**4),
        *_class_charges(),
        if_used("transfer out to the internet", "transfer.internet_out.gb", "monthly_outbound_internet_gb", "GB"),
    ),
    "aws_s3_bucket_inventory": (
        by_use("objects listed", "s3.inventory.million_objects", "monthly_listed_objects", "1M objects", per=10**6),
    ),
    "aws_ecr_repository": (by_use("storage", "ecr.storage.gb_month", "storage_gb", "GB-month"),),
    "aws_efs_file_system": (
        by_use(
            "storage, standard", "efs.standard.gb_month", "storage_gb", "GB-month", applies=lambda s: not _one_zone(s)
        ),
        by_use("storage, one zone", "efs.one_zone.gb_month", "storage_gb", "GB-month", applies=_one_zone),
        by_use(
            "storage, infrequent access",
            _infrequent_sku,
            "infrequent_access_storage_gb",
            "GB-month",
            applies=_moves_files("transition_to_ia", "infrequent_access_storage_gb"),
        ),
        if_used("reads, infrequent access", "efs.ia.read.gb", "monthly_infrequent_access_read_gb", "GB"),
        if_used("writes, infrequent access", "efs.ia.write.gb", "monthly_infrequent_access_write_gb", "GB"),
        by_use(
            "storage, archive",
            "efs.archive.gb_month",
            "archive_storage_gb",
            "GB-month",
            applies=_moves_files("transition_to_archive", "archive_storage_gb"),
        ),
        Charge(
            "provisioned throughput above what the storage includes",
            "efs.provisioned_throughput.mibps_month",
            _throughput_above,
            ("storage_gb",),
            _throughput("provisioned"),
        ),
        by_use(
            "data read, elastic throughput",
            "efs.elastic_throughput.read.gb",
            "monthly_elastic_read_gb",
            "GB",
            applies=_throughput("elastic"),
        ),
        by_use(
            "data written, elastic throughput",
            "efs.elastic_throughput.write.gb",
            "monthly_elastic_write_gb",
            "GB",
            applies=_throughput("elastic"),
        ),
    ),
    "aws_acm_certificate": (
        monthly(
            "private certificate, once when it is issued",
            "acmpca.general_purpose.certificate",
            "certificate",
            applies=lambda s: bool(s.get("certificate_authority_arn")),
        ),
    ),
    "aws_acmpca_certificate_authority": (
        monthly("certificate authority", lambda s: f"acmpca.{_authority(s)}.ca_month", "CA-month"),
        by_use("certificates", lambda s: f"acmpca.{_authority(s)}.certificate", "monthly_requests", "certificate"),
    ),
    "aws_secretsmanager_secret": (
        monthly("secret", "secretsmanager.secret.month", "secret-month"),
        by_use("API calls", "secretsmanager.api.10k", "monthly_requests", "10k API calls", per=10**4),
    ),
    "aws_kms_key": KMS_KEY,
    "aws_kms_replica_key": (monthly("key", "kms.key.month", "key-month"),),
    "aws_ssm_parameter": (
        monthly("advanced parameter", "ssm.parameter.advanced.month", "parameter-month", applies=_advanced),
        by_use(
            "API calls",
            "ssm.parameter.api.10k",
            "monthly_api_interactions",
            "10k interactions",
            per=10**4,
            applies=_advanced,
        ),
    ),
    "aws_backup_vault": (
        # A vault costs what it keeps: of what kind says the selection of the plans that write to it, how much only usage.
        _kept("RDS snapshots", "backup.rds.gb_month", "monthly_rds_snapshot_gb", "aws_db_instance"),
        _kept("Aurora snapshots", "backup.aurora.gb_month", "monthly_aurora_snapshot_gb", "aws_rds_cluster"),
        _kept("EBS snapshots", "backup.ebs.gb_month", "monthly_ebs_snapshot_gb", "aws_ebs_volume", "aws_instance"),
        _kept("DynamoDB backups", "backup.dynamodb.gb_month", "monthly_dynamodb_backup_gb", "aws_dynamodb_table"),
        _kept("EFS backups, warm", "backup.efs.warm.gb_month", "monthly_efs_warm_backup_gb", "aws_efs_file_system"),
        _kept("EFS backups, cold", "backup.efs.cold.gb_month", "monthly_efs_cold_backup_gb"),
    ),
}
