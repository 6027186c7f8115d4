"""The record of a migration as pages show it: its stages in short, what each changes and risks, and what applying them showed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from analysis import evidence
from analysis.drawing import tables
from analysis.drawing.tables import Cell, Column, State
from analysis.migration.record import APPLIED, KIND
from analysis.pages.model import Macro, Site
from analysis.pages.reads import cache

ACTIONS = ("create", "update", "replace", "delete")
WEIGHTS: Mapping[str, State] = {"never": "bad", "outage": "bad", "risk": "warn"}


@cache
def _read(root: Path, stack: str, kind: str) -> evidence.Record | None:
    return evidence.read(evidence.beside(root / "terraform" / "stacks" / stack, kind), kind)


def _planned(root: Path, stack: str) -> evidence.Record:
    record = _read(root, stack, KIND)
    if record is None:
        raise ValueError(
            f"{stack}: no migration is recorded; run gameday migrate FROM terraform/stacks/{stack} --record"
        )
    return record


def stages(root: Path, stack: str) -> Markup:
    """One row for each stage: what its plan does, what it is expected to take, and what the fans would see of it."""
    record = _planned(root, stack)
    planned = record.content
    rows: list[tables.Row] = []
    for number, stage in enumerate(planned["stages"], 1):
        rows.append(
            tables.Row(
                [
                    str(number),
                    tables.link(f"#{stage['name']}", stage["title"]),
                    *(str(stage["counts"][action]) for action in ACTIONS),
                    f"{stage['minutes']:g} min",
                    _seen(stage, "quiet"),
                    _seen(stage, "game"),
                ]
            )
        )
    sums = [str(sum(stage["counts"][action] for stage in planned["stages"])) for action in ACTIONS]
    minutes = sum(stage["minutes"] for stage in planned["stages"])
    rows.append(tables.Row(["", "All", *sums, f"{minutes:g} min", "", ""], total=True))
    columns = [
        Column("Stage", "number"),
        Column("What for", "wide"),
        *(Column(action.capitalize(), "number") for action in ACTIONS),
        Column("Time", "number"),
        Column("Errors, quiet", "number"),
        Column("Errors, game", "number"),
    ]
    caption = (
        f"Planned with the real Terraform on {record.recorded_on}; the time is what the stage is expected to take in AWS. "
        f"Errors are those beyond the same half hour without the change, in per cent of the fans' requests; a dash where "
        f"nothing that serves is touched."
    )
    return tables.table(columns, rows, label="Stages of the migration", caption=caption)


def _seen(stage: Mapping[str, Any], hour: str) -> Cell:
    if not stage["risk"]:
        return "–"
    own = [one[hour] for one in stage["risk"] if not one["before"]]
    worst = max(one["error_share"] - one["share_without"] for one in own)
    return _percent(max(0.0, worst))


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"


def stage(root: Path, stack: str, name: str) -> Markup:
    """One stage: why, what it changes of what is there, the risks it takes, what a person does, and the rollback."""
    planned, applying = _planned(root, stack).content, _read(root, stack, APPLIED)
    found = next((one for one in planned["stages"] if one["name"] == name), None)
    if found is None:
        raise ValueError(f"{stack}: no stage of its migration is called {name}")
    applied = next((one for one in (applying.content["stages"] if applying else ()) if one["name"] == name), None)
    first = planned["stages"][0]["name"] == name  # there is no stage before it to plan
    parts = [
        Markup("<p>{}</p>").format(" ".join(found["why"].split())),
        _changed(found),
        _taken(found),
        _nights(found, {one["name"]: one["title"] for one in planned["stages"]}),
        _steps(found),
        Markup("<p><strong>Rollback.</strong> {} {}</p>").format(
            _emphasised(" ".join(found["back"].split())), "" if first else _proved(applied)
        ),
    ]
    return Markup("\n").join(part for part in parts if part)


def _emphasised(text: str) -> Markup:
    """The text with what stands between asterisks emphasised, escaped."""
    parts = text.split("*")
    return Markup("").join(
        Markup("<em>{}</em>").format(part) if at % 2 and at + 1 < len(parts) else escape(part)
        for at, part in enumerate(parts)
    )


def _changed(found: Mapping[str, Any]) -> Markup:
    counts = found["counts"]
    made = f"{counts['create']} to create" if counts["create"] else "nothing to create"
    tags = counts["update"] - sum(one["action"] == "update" for one in found["notable"])
    words = f", {tags} get tags and nothing else" if tags else ""
    if not found["notable"]:
        return Markup("<p>The plan: {}{}; nothing else changes.</p>").format(made, words)
    rows = [[tables.code(one["address"]), one["action"], ", ".join(one["attributes"])] for one in found["notable"]]
    head = Markup("<p>The plan: {}{}. What is there changes as follows.</p>").format(made, words)
    columns = [Column("Address", "address"), Column("Action"), Column("Arguments", "wide")]
    return head + tables.table(columns, rows, label=f"What stage {found['name']} changes")


def _taken(found: Mapping[str, Any]) -> Markup:
    """The findings of the rules: those that are taken, with the reason."""
    rows = []
    merged: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for one in found["findings"]:
        merged.setdefault((one["allowed"], one["address"]), []).append(one)
    for (allowed, _address), items in merged.items():
        says = Markup("<br>").join(
            Markup("{} {}").format(
                tables.link(one["source"], one["rule"]) if one["source"] else one["rule"], one["says"]
            )
            for one in items
        )
        weight = max((one["weight"] for one in items), key=("risk", "outage", "never").index)
        taken: Cell = allowed or tables.chip("bad", "not taken")
        rows.append([tables.chip(WEIGHTS[weight], weight), says, taken])
    if not rows:
        return Markup("")
    columns = [Column("Weight"), Column("The rule says", "wide"), Column("Why the stage takes it", "wide")]
    return tables.table(columns, rows, label=f"Risks that stage {found['name']} takes")


def _nights(found: Mapping[str, Any], titles: Mapping[str, str]) -> Markup:
    if found["quiet"]:
        return Markup("<p><strong>What the fans see.</strong> {}</p>").format(found["quiet"])
    rows = []
    for one in found["risk"]:
        early = f", had it come before “{titles[one['before']]}”" if one["before"] else ""
        for hour, word in (("quiet", "a quiet hour"), ("game", "a game")):
            seen = one[hour]
            rows.append(
                [
                    f"{one['fault']}{early}",
                    word,
                    f"{seen['users']:,.0f}",
                    _percent(seen["share_without"]),
                    _percent(seen["error_share"]),
                    f"{seen['minutes']:g} min",
                ]
            )
    columns = [
        Column("Simulated", "wide"),
        Column("In"),
        Column("Users", "number"),
        Column("Errors without", "number"),
        Column("Errors with", "number"),
        Column("Felt for", "number"),
    ]
    caption = (
        "Half an hour from the change on, mean of five nights; felt is a minute in which one request in a hundred fails "
        "because of it."
    )
    return tables.table(columns, rows, label=f"Nights of stage {found['name']}", caption=caption)


def _steps(found: Mapping[str, Any]) -> Markup:
    if not found["steps"]:
        return Markup("")
    parts = []
    for step in found["steps"]:
        undo = Markup("<br>Undo: {}").format(tables.code(step["undo"])) if step["undo"] else Markup("")
        parts.append(
            Markup("<li>{} the apply: {}<br>{}{}</li>").format(
                step["when"].capitalize(), step["does"], tables.code(step["command"]), undo
            )
        )
    return Markup("<p><strong>What Terraform does not do.</strong></p><ul>{}</ul>").format(Markup("").join(parts))


def _proved(applied: Mapping[str, Any] | None) -> str:
    if applied is None or applied["back"] is None:
        return ""
    back = applied["back"]
    blocking = [one for one in back["findings"] if not one["allowed"]]
    if blocking:
        return "The plan of the stage before does not pass the rules, so this rollback is not proved."
    changed = sum(number for action, number in back["counts"].items() if action != "create")
    if not changed:
        return "The plan of the stage before changes nothing here: Terraform has no rollback of its own."
    return f"Planned after the stage was applied, it changes {changed} and passes the same rules."


def applied(root: Path, stack: str) -> Markup:
    """What applying the stages one after another on the emulated AWS showed."""
    applying = _read(root, stack, APPLIED)
    if applying is None:
        return Markup("<p>The stages have not been applied yet; see <code>gameday migrate --apply --record</code>.</p>")
    record, rows = applying.content, []
    for one in record["stages"]:
        said: list[Cell] = [
            _second(one["left"]),
            tables.chip("bad", f"{len(one['lost'])} lost") if one["lost"] else tables.chip("good", "the same"),
        ]
        rows.append([one["name"], *(str(one["counts"][a]) for a in ACTIONS), f"{one['seconds']} s", *said])
    columns = [
        Column("Stage"),
        *(Column(action.capitalize(), "number") for action in ACTIONS),
        Column("Apply", "number"),
        Column("Second plan"),
        Column("What held data or a name"),
    ]
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    ends = _ends(record)
    caption = (
        f"Recorded on {applying.recorded_on} with {versions}. Seconds are the emulator's, most of them the provider's own "
        f"waits. Of the old stack, {record['kept']} resources hold data, a name or connections; each was compared by its id "
        f"after every stage. {ends}"
    )
    return tables.table(columns, rows, label="The stages, applied", caption=caption)


def _second(left: Sequence[str] | None) -> Markup:
    if left is None:
        return tables.chip("plain", "not made")
    return tables.chip("bad", f"{len(left)} left") if left else tables.chip("good", "empty")


def _ends(record: Mapping[str, Any]) -> str:
    if record["left"] or record["missing"] or record["extra"]:
        return "At the end the plan of the whole target was not empty, or its addresses were not those of a fresh one."
    return "At the end the plan of the whole target was empty, and its addresses were those of a fresh one."


def meanwhile(root: Path, stack: str) -> Markup:
    """The values that stand in place of the target's until a later stage."""
    planned = _planned(root, stack).content
    titles = {one["name"]: one["title"] for one in planned["stages"]}
    rows: Iterable[list[Cell]] = (
        [tables.code(one["argument"]), titles[one["until"]], one["reason"]] for one in planned["meanwhile"]
    )
    columns = [Column("In place of", "code"), Column("Until"), Column("Why", "wide")]
    return tables.table(columns, list(rows), label="Values in place of the target's")


def macros(site: Site) -> Mapping[str, Macro]:
    """What pages cite of the migration to a stack."""
    return {
        "migration_stages": partial(stages, site.root),
        "migration_stage": partial(stage, site.root),
        "migration_applied": partial(applied, site.root),
        "migration_meanwhile": partial(meanwhile, site.root),
    }
