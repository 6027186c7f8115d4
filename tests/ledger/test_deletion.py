"""Fifty requirements that are met, drawn by a seed: what one figure of the evidence rests on is deleted; the row must turn."""

import csv
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from analysis import ledger
from analysis.decisions.expressions import parse
from analysis.frontmatter import Entry
from analysis.ledger.requirements import COLUMNS, requirements
from analysis.ledger.world import World
from analysis.studies import Studies

ROOT = Path(__file__).parents[2]
STACKS = ROOT / "terraform" / "stacks"
SYSTEMS = sorted(path.parent.name for path in (ROOT / "docs").glob(f"*/{ledger.REQUIREMENTS}"))
SEED = "what is deleted turns its row"
DRAWN, AT_LEAST = 50, 48
NOT_TEXT = (
    ".git",
    ".venv",
    ".tools",
    ".cache",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".hypothesis",
    "__pycache__",
    ".terraform",
    "answers",
)
"""What of a checkout is not the project's text."""

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Without:
    """The stacks of a project, one of them without some of its resources and variables; records are read from a copy."""

    studies: Studies
    stack: str
    goes: Callable[[object], bool]
    variable: str
    copy: Path

    @property
    def directory(self):
        return self.studies.directory

    def study(self, name, **given):
        made = self.studies.study(name, **given)
        made = replace(made, directory=self.copy / "terraform" / "stacks" / name)
        if name != self.stack:
            return made
        whole = made.architecture
        resources = tuple(one for one in whole.resources if not self.goes(one))
        variables = {key: value for key, value in whole.variables.items() if key != self.variable}
        return replace(made, architecture=replace(whole, resources=resources, variables=variables))


def nothing(_):
    return False


def resources(figure, studies):
    """Which resources of its stack a figure rests on; None where it rests on none."""
    given = dict(figure.arguments)
    source = figure.name.partition(".")[0]
    if source == "rule":
        study = studies.study(given["stack"])
        world = World(studies, ROOT / "docs" / "x", nothing, {})
        judged = {v.address for v in world.proved(study).verdicts if v.rule.id == given["rule"]}
        return lambda one: one.address in judged
    if source == "container":
        return lambda one: one.type == "aws_ecs_task_definition"
    if source == "alarm":
        return lambda one: one.type == "aws_cloudwatch_metric_alarm"
    if source == "dashboard":
        return lambda one: one.type == "aws_cloudwatch_dashboard"
    if figure.name in ("stack.with", "terraform.count") and "type" in given:
        return lambda one: one.type == given["type"] and given.get("name", "") in one.address
    if figure.name == "terraform.attribute":
        return lambda one: one.address == given.get("address")
    if figure.name == "cost.address":
        return lambda one: fnmatchcase(one.address, str(given.get("address")).replace("[", "[[]"))
    if source in (
        "terraform", "cost", "bill", "capacity", "premortem", "push", "freshness", "connections", "health", "response",
        "availability",
    ):  # fmt: skip
        return lambda one: given.get("station", "") in one.address
    return None


def file(figure, copy, system):
    """The file below the copy that a figure rests on; None where it rests on none."""
    given, folder = dict(figure.arguments), copy / "docs" / system
    beside = copy / "terraform" / "stacks" / str(given.get("stack", ""))
    match figure.name:
        case "file.says" | "test.named":
            return copy / given["file"]
        case "workflow.steps":
            return copy / ".github" / "workflows" / given["file"]
        case "runbook.accepted":
            return folder / "runbooks" / f"{given['page']}.md"
        case "runbook.rehearsed":
            return beside / "rehearsed.record.json"
        case "decision.weighed":
            return next((folder / "decisions").glob(f"{int(given['record']):04}-*.md"))
        case "season.in_time":
            return beside / "season.json"
        case "record.with" | "record.amount":
            return next(
                path
                for path in sorted(beside.rglob("*.json"))
                if f'"kind": "{given["kind"]}"' in path.read_text()[:200]
            )
    return None


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The project's text as files of their own, with what lies beside the stacks."""
    made = tmp_path_factory.mktemp("project") / "copy"
    return shutil.copytree(ROOT, made, ignore=shutil.ignore_patterns(*NOT_TEXT))


def turned(system, one, figure, studies, copy):
    """Whether the row of a requirement turns once that on which a figure of its evidence rests is gone."""
    folder = copy / "docs" / system
    given = dict(figure.arguments)
    gone = file(figure, copy, system)
    kept = gone.read_bytes() if gone else b""
    with (folder / ledger.REQUIREMENTS).open("w", newline="", encoding="utf-8") as out:
        row = {name: getattr(one, name) for name in COLUMNS} | {
            "evidence": one.evidence.text,
            "by": "",
            "verdict": "met",
        }
        writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerow(row)
    left = Without(
        studies,
        "" if gone else str(given.get("stack", "")),
        nothing if gone or figure.name == "terraform.variable" else resources(figure, studies),
        str(given.get("variable", "")).partition(".")[0],
        copy,
    )
    if gone:
        gone.unlink()
    try:
        return bool(ledger.trace(folder, left, system).broken)
    finally:
        if gone:
            gone.write_bytes(kept)


def test_of_fifty_rows_at_least_forty_eight_turn_when_what_they_rest_on_is_deleted(copy):
    studies, every = Studies(STACKS), []
    for system in SYSTEMS:
        asked = requirements(ROOT / "docs" / system / ledger.REQUIREMENTS, system)
        every += [(system, one) for one in asked.values() if one.verdict.startswith("met")]
    generator = random.Random(SEED)
    stay = []
    for system, one in generator.sample(every, DRAWN):
        able = [
            each
            for each in one.evidence.figures
            if file(each, copy, system) is not None or resources(each, studies) is not None
        ]
        figure = generator.choice(able) if able else None
        if figure is None or not turned(system, one, figure, studies, copy):
            stay.append(f"{one.id}: without {figure.name if figure else 'anything'} of {one.evidence.text}")
    print(f"{DRAWN - len(stay)} of {DRAWN} rows turned")  # noqa: T201 (the share is what this test is about)
    assert DRAWN - len(stay) >= AT_LEAST, "\n".join(stay)


def test_a_row_whose_evidence_would_hold_of_nothing_does_not_turn(copy):
    """The program that deletes can say no: what holds of nothing stands whatever is gone."""
    system, studies = SYSTEMS[0], Studies(STACKS)
    one = next(iter(requirements(ROOT / "docs" / system / ledger.REQUIREMENTS, system).values()))
    weak = f"terraform.count(stack = '{system}', type = 'aws_vpc') >= 0"
    made = replace(one, evidence=parse(Entry("weak", weak, one.place)))
    assert not turned(system, made, made.evidence.figures[0], studies, copy)
