"""RESTORE: what is lost, and how it comes back."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.architecture import Resource, Unknown
from analysis.proofs.rule import Rule, Verdict, attribute_verdict, judged, requires, true
from analysis.proofs.view import View
from analysis.wiring.values import at, blocks, items, number


def _primaries(view: View) -> Iterator[Resource]:
    for database in view.model.of_type("aws_db_instance", "aws_rds_cluster"):
        if database.values.get("replicate_source_db") is None:
            yield database


def restored(database: Resource) -> bool:
    """Whether a database begins as a copy: of a snapshot, or of another at a point in time."""
    return any(
        database.values.get(name) not in (None, [], ()) for name in ("snapshot_identifier", "restore_to_point_in_time")
    )


def retention(view: View) -> Iterator[Verdict]:
    """Automated backups are kept for long enough; with them the log is kept every five minutes."""
    days, minutes = view.threshold("backup_retention_days"), view.threshold("recovery_point_min")
    planned = _selected(view)
    for database in _primaries(view):
        value = database.values.get("backup_retention_period")
        if isinstance(value, Unknown):
            yield judged(database, "backup_retention_period", None, "backup_retention_period is known only after apply")
            continue
        if value is None and restored(database):
            because = "backup_retention_period is that of the copy it is restored from"
            yield judged(database, "backup_retention_period", None, because)
            continue
        given = number(value) or (1.0 if database.type == "aws_rds_cluster" and value is None else 0.0)
        none = (
            "no recovery point but those of AWS Backup" if database.address in planned else "no recovery point at all"
        )
        point = f"a recovery point at most {minutes:g} min old" if given > 0 else none
        yield judged(
            database,
            "backup_retention_period",
            given >= days,
            f"backups of {given:g} days {'>=' if given >= days else '<'} {days:g} days, {point}",
        )


def _selected(view: View) -> set[str]:
    """The addresses that the selections of AWS Backup name."""
    return {
        r.address
        for s in view.model.of_type("aws_backup_selection")
        for ref in s.references
        if ref.via.startswith("resources")
        for r in view.references.instances_of(ref.address)
    } | {
        r.address
        for s in view.model.of_type("aws_backup_selection")
        for r in view.references.behind(s.values.get("resources"))
    }


def second_copy(view: View) -> Iterator[Verdict]:
    """A copy stands outside the database service, where deleting the instance does not reach it."""
    selected = _selected(view)
    every = any(
        x == "*" or (isinstance(x, str) and ":db:*" in x)
        for s in view.model.of_type("aws_backup_selection")
        for x in items(s.values.get("resources"))
    )
    tagged = any(s.values.get("selection_tag") for s in view.model.of_type("aws_backup_selection"))
    for database in _primaries(view):
        if tagged and not every and database.address not in selected:
            yield judged(database, "identifier", None, "a backup plan selects by tags, which are not compared here")
        else:
            holds = every or database.address in selected
            yield judged(
                database,
                "identifier",
                holds,
                "a plan of AWS Backup " + ("selects it" if holds else "does not select it"),
            )


def protected(view: View) -> Iterator[Verdict]:
    """Databases and tables refuse to be deleted."""
    for database in _primaries(view):
        yield attribute_verdict(database, "deletion_protection", true, "true")
    for kind, path in (("aws_dynamodb_table", "deletion_protection_enabled"), ("aws_lb", "enable_deletion_protection")):
        for resource in view.model.of_type(kind):
            yield attribute_verdict(resource, path, true, "true")


def final_snapshot(view: View) -> Iterator[Verdict]:
    """What is deleted all the same leaves a snapshot."""
    for database in _primaries(view):
        yield attribute_verdict(database, "skip_final_snapshot", lambda v: not true(v), "false")


def versioned(view: View) -> Iterator[Verdict]:
    """Every bucket keeps the versions of its objects."""
    for bucket in view.model.of_type("aws_s3_bucket"):
        found = [*view.references.about(bucket, "bucket", "aws_s3_bucket_versioning")]
        states = [at(v.values, "versioning_configuration.status") for v in found]
        if any(isinstance(s, Unknown) for s in states):
            yield judged(bucket, "bucket", None, "whether versions are kept is known only after apply")
        else:
            yield judged(
                bucket,
                "bucket",
                "Enabled" in states,
                f"versioning is {', '.join(str(s) for s in states) or 'not configured'}",
            )


def restore_path(view: View) -> Iterator[Verdict]:
    """How the database comes back, and in what time, is stated."""
    said = view.stated.get("RESTORE-06")
    for database in _primaries(view):
        timed = said is not None and any(c.isdigit() for c in said)
        yield judged(
            database,
            "identifier",
            timed,
            f"stated: {said}" if said else "no statement says how it is restored, and in what time",
        )


def standby(view: View) -> Iterator[Verdict]:
    """A standby in another zone spares the restore when a zone is lost."""
    for database in _primaries(view):
        if database.type == "aws_db_instance":
            yield attribute_verdict(database, "multi_az", true, "true")
    for cache in view.model.of_type("aws_elasticache_replication_group"):
        yield attribute_verdict(cache, "automatic_failover_enabled", true, "true")


def bucket_kept(view: View) -> Iterator[Verdict]:
    """A bucket with objects refuses to be deleted."""
    for bucket in view.model.of_type("aws_s3_bucket"):
        yield attribute_verdict(bucket, "force_destroy", lambda v: not true(v), "false")


def vaults(view: View) -> Iterator[Verdict]:
    """A backup plan keeps what it makes for long enough."""
    days = view.threshold("backup_retention_days")
    for plan in view.model.of_type("aws_backup_plan"):
        for rule in blocks(plan.values.get("rule")):
            kept = number(at(rule, "lifecycle.delete_after"))
            yield judged(
                plan,
                "rule",
                kept is None or kept >= days,
                f"rule {rule.get('rule_name')} deletes after "
                f"{'never' if kept is None else f'{kept:g} days'}; at least {days:g} are wanted",
            )


RULES = (
    Rule(
        "RESTORE-01",
        "error",
        "Backups exist and reach far enough back",
        "Set backup_retention_period to at least 7.",
        retention,
    ),
    Rule(
        "RESTORE-02",
        "warning",
        "A copy stands outside the database service",
        "Select the database in a plan of AWS Backup.",
        second_copy,
    ),
    Rule(
        "RESTORE-03",
        "error",
        "Databases, tables and balancers refuse to be deleted",
        "Set deletion protection.",
        protected,
    ),
    Rule(
        "RESTORE-04",
        "error",
        "What is deleted leaves a snapshot",
        "Set skip_final_snapshot = false and final_snapshot_identifier.",
        final_snapshot,
    ),
    Rule(
        "RESTORE-05",
        "error",
        "Buckets keep the versions of their objects",
        "Add aws_s3_bucket_versioning with status Enabled.",
        versioned,
    ),
    Rule(
        "RESTORE-06",
        "warning",
        "Rollback and its time are stated",
        "Say in waivers.toml, as a [[statement]], how the database is restored and how many minutes it takes.",
        restore_path,
    ),
    Rule(
        "RESTORE-07",
        "warning",
        "A standby spares the restore when a zone is lost",
        "Set multi_az, or automatic_failover_enabled.",
        standby,
    ),
    Rule(
        "RESTORE-08",
        "error",
        "Tables can be restored to a point in time",
        "Set point_in_time_recovery { enabled = true }.",
        requires("aws_dynamodb_table", "point_in_time_recovery.enabled", true, "true"),
    ),
    Rule(
        "RESTORE-09", "error", "A bucket with objects refuses to be deleted", "Leave force_destroy false.", bucket_kept
    ),
    Rule("RESTORE-10", "error", "A backup plan keeps what it makes", "Raise delete_after.", vaults),
    Rule(
        "RESTORE-11",
        "warning",
        "A deleted secret can be brought back",
        "Leave recovery_window_in_days at 7 or more.",
        requires(
            "aws_secretsmanager_secret",
            "recovery_window_in_days",
            lambda v: v is None or (number(v) or 0) >= 7,
            "at least 7",
        ),
    ),
    Rule(
        "RESTORE-12",
        "error",
        "A deleted key can be brought back",
        "Leave deletion_window_in_days at 14 or more.",
        requires(
            "aws_kms_key", "deletion_window_in_days", lambda v: v is None or (number(v) or 0) >= 14, "at least 14"
        ),
    ),
)
