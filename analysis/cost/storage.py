"""What keeping files, secrets and copies costs: the rate card's rows for S3, ECR, EFS, Secrets Manager, KMS, SSM, Backup."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.cost.setting import Applies, Charge, NotPriced, Setting, by_use, if_used, monthly

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
    "aws_efs_file_system": (by_use("storage, standard", "efs.standard.gb_month", "storage_gb", "GB-month"),),
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
        # What a plan protects decides which of these apply; the usage says how much of each the vault holds.
        by_use("RDS snapshots", "backup.rds.gb_month", "monthly_rds_snapshot_gb", "GB-month"),
        if_used("Aurora snapshots", "backup.aurora.gb_month", "monthly_aurora_snapshot_gb", "GB-month"),
        if_used("EBS snapshots", "backup.ebs.gb_month", "monthly_ebs_snapshot_gb", "GB-month"),
        if_used("DynamoDB backups", "backup.dynamodb.gb_month", "monthly_dynamodb_backup_gb", "GB-month"),
        if_used("EFS backups, warm", "backup.efs.warm.gb_month", "monthly_efs_warm_backup_gb", "GB-month"),
        if_used("EFS backups, cold", "backup.efs.cold.gb_month", "monthly_efs_cold_backup_gb", "GB-month"),
    ),
}
