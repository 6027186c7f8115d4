"""What was seen of a migration, as plain values: for `--json`, for the record beside the target, and for the page made of it.

There are two records. The plans and the simulated nights need no AWS and are made again by every test; the applied chain takes
many minutes and is sampled. `planned_otherwise` says where a record and what is planned now differ.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from analysis import evidence, terraform
from analysis.facts.assumptions import toml
from analysis.files import RECORD_BYTES, read_text
from analysis.migration import risk
from analysis.migration.applied import AppliedStage, Run
from analysis.migration.changes import Change, counts
from analysis.migration.planned import Staged
from analysis.migration.rules import Finding
from analysis.migration.stages import Migration
from analysis.validation.terraform_cli import configuration_files

KIND = "migration"
APPLIED = "migrated"

MOVED = re.compile(r"^moved\s*\{", re.MULTILINE)


def basis(migration: Migration, variables: Mapping[str, object] = {}, *, applied: bool = False) -> dict[str, str]:
    """What the plans of a migration rest on, or what applying it does: both stacks, the kept state, the moves and the stages."""
    target = terraform.load(migration.target, variables=variables)
    inputs: dict[str, Any] = {
        f"stack {stack.stack}": evidence.resolved(stack) for stack in (terraform.load(migration.source), target)
    }
    inputs[migration.file.name] = toml(migration.file).entries
    texts = {path.name: read_text(path) for path in configuration_files(migration.target)}
    inputs["moved"] = {name: text for name, text in texts.items() if MOVED.search(text)}
    if applied:
        return evidence.basis(inputs, ("migration", "apply", "emulator"))
    if migration.state is not None:
        inputs["state"] = json.loads(read_text(migration.state, RECORD_BYTES))
    return evidence.basis(inputs, ("migration", "night"))


def planned(staged: Staged, progress: Callable[[str], None] = lambda _what: None) -> dict[str, Any]:
    """The stages as planned, with what is simulated of each."""
    rows = []
    for one in staged.stages:
        stage = one.stage
        progress(f"nights of stage {stage.name}")
        rows.append(
            {
                "name": stage.name,
                "title": stage.title,
                "why": stage.why,
                "minutes": stage.minutes,
                "counts": dict(counts(one.changes)),
                "notable": notable(one.changes),
                "findings": [finding(found) for found in one.findings],
                "risk": risk.to_json(risk.risks(staged, one)),
                "quiet": stage.quiet,
                "steps": [
                    {"when": step.when, "does": step.does, "command": step.command, "undo": step.undo}
                    for step in stage.steps
                ],
                "back": stage.back,
                "stays": [str(pattern) for pattern in stage.stays],
            }
        )
    return {
        "title": staged.migration.title,
        "from": staged.migration.source.name,
        "to": staged.migration.target.name,
        "fine": staged.fine,
        "whole": dict(counts(staged.whole)),
        "unowned": list(staged.unowned),
        "stages": rows,
        "meanwhile": [
            {"argument": given.argument, "until": given.until, "reason": given.reason}
            for given in staged.migration.meanwhile
        ],
    }


def notable(found: Sequence[Change]) -> list[dict[str, Any]]:
    """What a plan does besides making new things and writing tags."""
    rows = []
    for change in found:
        names = [name for name in change.attributes if name not in ("tags", "tags_all")]
        if change.action != "create" and (names or change.action != "update"):
            rows.append({"action": change.action, "address": change.address, "attributes": names})
    return rows


def finding(found: Finding) -> dict[str, Any]:
    """A finding as plain values."""
    return {
        "rule": found.rule,
        "weight": found.weight,
        "address": found.address,
        "attribute": found.attribute,
        "says": found.says,
        "source": found.source,
        "allowed": found.allowed,
    }


def applied(run: Run) -> dict[str, Any]:
    """The stages as applied; a sample has neither second plans nor ways back, which are None in it."""
    return {
        "fine": run.fine,
        "sample": run.sample,
        "source_seconds": round(run.source_seconds),
        "kept": run.kept,
        "left": list(run.left),
        "missing": list(run.missing),
        "extra": list(run.extra),
        "stages": [
            {
                "name": one.stage.name,
                "counts": dict(counts(one.changes)),
                "notable": notable(one.changes),
                "findings": [finding(found) for found in one.findings],
                "seconds": round(one.seconds),
                "left": None if run.sample else list(one.left),
                "lost": list(one.lost),
                "back": None if run.sample else _back(one),
            }
            for one in run.stages
        ],
    }


def _back(stage: AppliedStage) -> dict[str, Any]:
    return {
        "counts": dict(counts(stage.back)),
        "notable": notable(stage.back),
        "findings": [finding(found) for found in stage.back_findings],
    }


def planned_otherwise(record: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    """Where a record's plans are no longer those of now, stage by stage; empty where they agree.

    Simulated shares may move by half a percentage point before they count as other.
    """
    was = {stage["name"]: stage for stage in record.get("stages", ())}
    found = [f"stage {name} is gone" for name in was if name not in {stage["name"] for stage in now["stages"]}]
    for stage in now["stages"]:
        old = was.get(stage["name"])
        if old is None:
            found.append(f"stage {stage['name']} is new")
            continue
        found += [
            f"stage {stage['name']}: {key} differ"
            for key in ("counts", "notable", "findings", "minutes", "steps", "back", "title", "why", "quiet", "stays")
            if old.get(key) != stage[key]
        ]
        if not _alike(old.get("risk", ()), stage["risk"]):
            found.append(f"stage {stage['name']}: the simulated nights differ")
    return tuple(found)


def _alike(old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> bool:
    if [one["fault"] for one in old] != [one["fault"] for one in new]:
        return False
    return all(
        abs(one[hour][key] - other[hour][key]) <= 0.005
        for one, other in zip(old, new, strict=True)
        for hour in ("quiet", "game")
        for key in ("error_share", "share_without")
    )


def applied_otherwise(record: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    """Where an applied chain changed other existing things than the plans of now do; new resources may be more or fewer."""
    was = {stage["name"]: stage["notable"] for stage in record.get("stages", ())}
    return tuple(
        f"stage {stage['name']}: it was applied with other changes"
        for stage in now["stages"]
        if was.get(stage["name"]) != stage["notable"]
    )
