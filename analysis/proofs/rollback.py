"""ROLLBACK: whether there is a rollback that still works."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from analysis.architecture import Value
from analysis.proofs.rule import Rule, Verdict, judged, requires, true
from analysis.proofs.view import View
from analysis.wiring.values import blocks, document, items, number


def breaker(view: View) -> Iterator[Verdict]:
    """A deployment whose tasks do not become healthy is stopped and rolled back."""
    for task in view.tasks:
        controllers = [b.get("type") for b in blocks(task.service.values.get("deployment_controller"))]
        if "CODE_DEPLOY" in controllers:
            yield judged(task.service, "deployment_controller", True, "CodeDeploy deploys it and rolls back")
            continue
        found = [*blocks(task.service.values.get("deployment_circuit_breaker"))]
        on = bool(found) and true(found[0].get("enable"))
        back = bool(found) and true(found[0].get("rollback"))
        yield judged(
            task.service,
            "deployment_circuit_breaker",
            on and back,
            f"deployment_circuit_breaker: enable is {str(on).lower()}, rollback is {str(back).lower()}",
        )


def alarms(view: View) -> Iterator[Verdict]:
    """A release that starts but answers badly is rolled back by an alarm, and the alarm exists."""
    known = {
        str(r.values.get("alarm_name"))
        for r in view.model.of_type("aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm")
    }
    for task in view.tasks:
        found = [*blocks(task.service.values.get("alarms"))]
        on = bool(found) and true(found[0].get("enable")) and true(found[0].get("rollback"))
        names = items(found[0].get("alarm_names")) if found else ()
        missing = [str(n) for n in names if isinstance(n, str) and n not in known]
        said = (
            f"alarms {', '.join(str(n) for n in names if isinstance(n, str)) or 'none'}"
            + (f"; {', '.join(missing)} is none of this stack" if missing else "")
            + ("" if on else "; none of them rolls back")
        )
        yield judged(task.service, "alarms", on and bool(names) and not missing, said)


def revisions(view: View) -> Iterator[Verdict]:
    """The revision that ran before stays registered: a deregistered one cannot be deployed again."""
    for task in view.tasks:
        if task.definition is not None:
            kept = true(task.definition.values.get("skip_destroy"))
            yield judged(
                task.definition,
                "skip_destroy",
                kept,
                f"skip_destroy is {str(kept).lower()}: the next apply "
                f"{'leaves' if kept else 'deregisters'} the revision that ran",
            )


def images(view: View) -> Iterator[Verdict]:
    """The image of the revision before is still in the registry."""
    least = view.threshold("images_kept")
    for policy in view.model.of_type("aws_ecr_lifecycle_policy"):
        found = document(policy.values.get("policy"))
        rules = blocks(found.get("rules")) if isinstance(found, dict) else ()
        if not rules:
            yield judged(policy, "policy", None, "its rules cannot be read")
        for rule in rules:
            selection: Mapping[str, Value] = next(iter(blocks(rule.get("selection"))), {})
            count = number(selection.get("countNumber")) or 0.0
            if selection.get("tagStatus") == "untagged":
                continue
            if selection.get("countType") == "sinceImagePushed":
                yield judged(
                    policy,
                    "policy",
                    False,
                    f"images are removed {count:g} days after their push, the "
                    "running one among them if nothing is released for so long",
                )
            else:
                yield judged(
                    policy, "policy", count >= least, f"{count:g} images are kept, at least {least:g} are needed"
                )


def immutable(view: View) -> Iterator[Verdict]:
    """A tag names the same image for ever."""
    used = {
        r.address
        for t in view.tasks
        for c in t.containers or ()
        for r in view.references.behind(c.get("image"))
        if r.type == "aws_ecr_repository"
    }
    for repository in view.model.of_type("aws_ecr_repository"):
        value = repository.values.get("image_tag_mutability")
        note = "; a task's image is one of its tags" if repository.address in used else ""
        yield judged(
            repository,
            "image_tag_mutability",
            value == "IMMUTABLE",
            f"image_tag_mutability is {value or 'not set'}{note}",
        )


def schema(view: View) -> Iterator[Verdict]:
    """Changes to the schema let the previous release go on, and someone says so."""
    said = view.stated.get("ROLLBACK-06")
    for database in view.model.of_type("aws_db_instance", "aws_rds_cluster"):
        if database.values.get("replicate_source_db") is None:
            yield judged(
                database,
                "engine",
                said is not None,
                f"stated: {said}" if said else "no statement says how the schema changes",
            )


RULES = (
    Rule(
        "ROLLBACK-01",
        "error",
        "A deployment that fails is rolled back",
        "Set deployment_circuit_breaker { enable = true, rollback = true }.",
        breaker,
    ),
    Rule(
        "ROLLBACK-02",
        "warning",
        "A release that answers badly is rolled back by an alarm that exists",
        "Name alarms of this stack in the service's alarms block, with enable and rollback.",
        alarms,
    ),
    Rule(
        "ROLLBACK-03",
        "error",
        "The revision that ran before stays registered",
        "Set skip_destroy = true on the task definition.",
        revisions,
    ),
    Rule(
        "ROLLBACK-04",
        "error",
        "The image of the revision before is kept",
        "Keep a number of images, not an age.",
        images,
    ),
    Rule(
        "ROLLBACK-05",
        "error",
        "A tag names the same image for ever",
        'Set image_tag_mutability = "IMMUTABLE".',
        immutable,
    ),
    Rule(
        "ROLLBACK-06",
        "warning",
        "Schema changes expand first and contract later",
        "Say in waivers.toml, as a [[statement]], how the schema changes: what a release adds, and when the old is removed.",
        schema,
    ),
    Rule(
        "ROLLBACK-07",
        "warning",
        "A function has versions to go back to",
        "Set publish = true and call the function by an alias.",
        requires("aws_lambda_function", "publish", true, "true"),
    ),
)
