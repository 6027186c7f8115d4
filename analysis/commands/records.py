"""`gameday records`: every committed record, what it rests on, its age, whether it is stale, and what makes it again."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import typer
from rich.markup import escape
from rich.table import Column, Table

from analysis import decisions, evidence, facts, ledger, migration, season, studies, terraform
from analysis.commands.common import FINDINGS, FINE, ROOT, AsJson, day_of, err, out, print_json, refusals, refuse
from analysis.evidence import Record
from analysis.ledger import attempts as guides
from analysis.ledger import executed
from analysis.loadtest import kept
from analysis.loadtest.tested import tested
from analysis.migration import record as migrations
from analysis.night import calibration_plan
from analysis.night.hard_plan import PLAN as NIGHTS_PLAN
from analysis.rehearsal import faults as rehearsal_faults
from analysis.rehearsal import guide as rehearsal_guide
from analysis.rehearsal import record as rehearsal_record
from analysis.season import PLAN_FILE
from analysis.studies import Studies, recorded, whatif
from analysis.validation import cycle, validated

Basis = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of record. `plans` finds what such a record is made for, one path each, below the checkout.

    `file` is where the record of a plan lies, `now` what it would rest on today, `command` the words that make it.
    """

    name: str
    plans: str
    file: Callable[[Path], Path]
    now: Callable[[Path], Basis]
    command: Callable[[Path], Sequence[str]]


def _incident(plan: Path) -> Basis:
    from analysis import incidents  # noqa: PLC0415 (pulls in the compiler)

    return incidents.record_basis(incidents.read(plan))


def _horizons(plan: Path) -> Basis:
    from analysis import horizons  # noqa: PLC0415 (pulls in the compiler)

    return horizons.basis(horizons.plan(plan.parent))


def _decisions(folder: Path) -> Basis:
    bench = decisions.Bench(
        Studies(ROOT / "terraform" / "stacks"), decisions.Edge(ROOT, dt.date.min, decisions.no_claims)
    )
    found = [record for record in decisions.folder(folder, ROOT) if record.weighed]
    return {record.path.name: bench.basis(record) for record in found}


def _loaded(file: Path) -> Basis:
    return kept.load_basis(tested(Studies(ROOT / "terraform" / "stacks").study(file.parent.name)))


def _rehearsed(plan: Path) -> Basis:
    from analysis.commands.rehearse import runbooks  # noqa: PLC0415 (pulls in the site)

    faults = rehearsal_faults.read(plan)
    return rehearsal_record.basis(terraform.load(plan.parent), faults, runbooks(faults, ()))


def _guide(plan: Path) -> Basis:
    folder = plan.parents[1]
    found, needs = ledger.commands(folder), guides.plan(folder)
    assert found is not None  # noqa: S101 (a guide that is typed has commands)
    assert needs is not None  # noqa: S101 (the plan is this file)
    return guides.basis(found, needs, terraform.load(ROOT / needs.stack), ROOT)


def _migrated(plan: Path, kind: str) -> Path:
    return evidence.beside(migration.read(plan).target, kind)


def _migrate(plan: Path, *options: str) -> Sequence[str]:
    found = migration.read(plan)
    return ("migrate", _shown(found.source), _shown(found.target), *options, "--record")


def _asked(plan: Path) -> Path:
    return ROOT / "terraform" / "stacks" / whatif.grid(plan).stack


def _shown(path: Path) -> str:
    """The path from the root of the checkout, where it lies in it."""
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)


STACKS: Final = "terraform/stacks/*"
KINDS: Final = (
    Kind(
        recorded.CALIBRATION, f"{STACKS}/{calibration_plan.FOLDER}/{calibration_plan.DESIGN}",
        lambda plan: plan.with_name(recorded.CALIBRATION_FILE), lambda plan: studies.calibration_basis(plan.parents[1]),
        lambda plan: ("calibrate", _shown(plan.parents[1])),
    ),
    Kind(
        recorded.NIGHTS, f"{STACKS}/{NIGHTS_PLAN}", lambda plan: plan.with_name(recorded.NIGHTS_FILE),
        lambda plan: studies.nights_basis(plan.parent), lambda plan: ("nights", _shown(plan.parent)),
    ),
    Kind(
        season.KIND, f"{STACKS}/{PLAN_FILE}", lambda plan: plan.with_name(season.RECORD_FILE),
        lambda plan: season.basis(season.plan(plan.parent)), lambda plan: ("season", _shown(plan.parent)),
    ),
    Kind(
        "incident", f"{STACKS}/incident*.toml", lambda plan: plan.with_suffix(".weighed.json"), _incident,
        lambda plan: ("incident", "weigh", _shown(plan), "--record"),
    ),
    Kind(
        "horizons", f"{STACKS}/horizons.toml", lambda plan: evidence.beside(plan.parent, "horizons"), _horizons,
        lambda plan: ("horizons", _shown(plan.parent), "--record"),
    ),
    Kind(
        decisions.KIND, "docs/*/decisions", lambda folder: folder / decisions.FILE_NAME, _decisions,
        lambda folder: ("decide", _shown(folder), "--record"),
    ),
    Kind(
        whatif.KIND, f"docs/*/{whatif.PLAN}", lambda plan: evidence.beside(_asked(plan), whatif.KIND),
        lambda plan: whatif.basis(_asked(plan), whatif.grid(plan)),
        lambda plan: (whatif.KIND, _shown(plan.parent), "--record"),
    ),
    Kind(
        cycle.KIND, f"{STACKS}/{cycle.KIND}{evidence.SUFFIX}", lambda file: file,
        lambda file: cycle.basis(terraform.load(file.parent)),
        lambda file: ("validate", "--apply", "--record", _shown(file.parent)),
    ),
    Kind(
        validated.KIND, f"{STACKS}/{validated.KIND}{evidence.SUFFIX}", lambda file: file,
        lambda file: validated.basis(file.parent, terraform.load(file.parent)),
        lambda file: ("validate", "--record", _shown(file.parent)),
    ),
    Kind(
        kept.LOADED, f"{STACKS}/{kept.LOADED}{evidence.SUFFIX}", lambda file: file, _loaded,
        lambda file: ("load", _shown(file.parent), "--record"),
    ),
    Kind(
        kept.DRILLED, f"{STACKS}/{kept.DRILLED}{evidence.SUFFIX}", lambda file: file, lambda _: kept.drill_basis(),
        lambda file: ("drill", _shown(file.parent), "--record"),
    ),
    Kind(
        executed.KIND, f"docs/*/{executed.FILE_NAME}", lambda plan: evidence.beside(plan.parent, executed.KIND),
        lambda plan: executed.basis(plan.parent), lambda plan: ("claims", plan.parent.name, "--record"),
    ),
    Kind(
        rehearsal_record.KIND, f"{STACKS}/{rehearsal_faults.FILE_NAME}",
        lambda plan: evidence.beside(plan.parent, rehearsal_record.KIND), _rehearsed,
        lambda plan: ("rehearse", "--stack", _shown(plan.parent), "--record"),
    ),
    Kind(
        guides.KIND, f"docs/*/{guides.FOLDER}/{rehearsal_guide.FILE_NAME}",
        lambda plan: guides.record_file(plan.parents[1]), _guide,
        lambda plan: ("guide", _shown(plan.parents[1]), "--record"),
    ),
    Kind(
        migrations.KIND, "terraform/migrations/*.toml", lambda plan: _migrated(plan, migrations.KIND),
        lambda plan: migrations.basis(migration.read(plan)), _migrate,
    ),
    Kind(
        migrations.APPLIED, "terraform/migrations/*.toml", lambda plan: _migrated(plan, migrations.APPLIED),
        lambda plan: migrations.basis(migration.read(plan), applied=True), lambda plan: _migrate(plan, "--apply"),
    ),
)  # fmt: skip
"""Every kind of record, in the order in which they are made: one rests on those before it at most."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A record as it is listed. `record` is None where it is missing, `now` what it would rest on today."""

    kind: Kind
    plan: Path
    file: Path
    record: Record | None
    now: Basis

    @property
    def name(self) -> str:
        """Its kind, and whose it is, such as `season/buzzer`."""
        return _name(self.kind, self.file)

    @property
    def rests_on(self) -> Basis:
        """What it was made of; nothing where it is missing."""
        return self.record.rests_on if self.record else {}

    @property
    def changed(self) -> tuple[str, ...]:
        """What it rests on that is another now."""
        return evidence.changed(self.record, self.now) if self.record else ()

    @property
    def state(self) -> Literal["fresh", "stale", "missing"]:
        """Whether it still holds."""
        return "missing" if self.record is None else "stale" if self.changed else "fresh"

    @property
    def command(self) -> Sequence[str]:
        """The words after `gameday` that make it again."""
        return self.kind.command(self.plan)


def _name(kind: Kind, file: Path) -> str:
    parts = file.relative_to(ROOT).parts
    return f"{kind.name}/{parts[2] if parts[0] == 'terraform' else parts[1]}"


def plans() -> dict[str, tuple[Kind, Path]]:
    """What there are records of, by the name of the record, in the order in which they are made."""
    found = [(kind, plan) for kind in KINDS for plan in sorted(ROOT.glob(kind.plans))]
    return {_name(kind, kind.file(plan)): (kind, plan) for kind, plan in found}


def looked_at(kind: Kind, plan: Path) -> Listed:
    """A record as it stands. Raises what reading its plan, its stacks and the record raises."""
    file = kind.file(plan)
    return Listed(kind, plan, file, evidence.read(file, kind.name), kind.now(plan))


def records(
    names: Annotated[list[str], typer.Argument(metavar="[NAME...]", help="As listed, such as season/buzzer.")] = [],  # noqa: B006 (Typer copies)
    renew: Annotated[
        bool, typer.Option("--renew", help="Make those again that are stale or missing: up to hours.")
    ] = False,
    on: Annotated[str, typer.Option("--on", metavar="DATE", help="The day from which ages count; else today.")] = "",
    as_json: AsJson = False,
) -> None:
    """Every record beside the stacks: what it rests on, its age, whether it is stale, and the command that makes it."""
    day = day_of(on, "--on")
    with refusals(
        decisions.PlacedError,
        studies.StudyError,
        migration.MigrationError,
        rehearsal_faults.FaultError,
        facts.FactError,
    ):
        known = plans()
        if unknown := [name for name in names if name not in known]:
            refuse(f"{unknown[0]}: there is no such record; there are {', '.join(known)}")
        wanted = [known[name] for name in known if not names or name in names]
        if renew:
            _renew(wanted)
        rows = [looked_at(*each) for each in wanted]
    if as_json:
        print_json([_json(row, day) for row in rows])
    else:
        out.print(_table(rows, day))
        for row in rows:
            if row.state != "fresh":
                out.print(f"gameday {escape(' '.join(row.command))}", highlight=False, soft_wrap=True)
    if any(row.state != "fresh" for row in rows):
        raise typer.Exit(FINDINGS)


def _renew(wanted: Sequence[tuple[Kind, Path]]) -> None:
    """Runs the command of each record that does not hold at its turn: one made before it may have made it stale."""
    for number, each in enumerate(wanted, start=1):
        row = looked_at(*each)
        if row.state == "fresh":
            continue
        words = list(row.command)
        err.print(f"{number} of {len(wanted)}: {row.name} is {row.state}; gameday {' '.join(words)}", highlight=False)
        argv = [sys.executable, "-m", "analysis", *words]
        status = subprocess.run(argv, cwd=ROOT, stdout=subprocess.DEVNULL, check=False).returncode  # noqa: S603 (our words)
        if status not in (FINE, FINDINGS):
            refuse(f"{row.name} was not made: gameday {' '.join(words)} ended with {status}")


def _json(row: Listed, day: dt.date) -> dict[str, Any]:
    return {
        "name": row.name,
        "file": _shown(row.file),
        "state": row.state,
        "recorded_on": row.record.recorded_on.isoformat() if row.record else None,
        "age_days": (day - row.record.recorded_on).days if row.record else None,
        "rests_on": dict(row.rests_on),
        "changed": list(row.changed),
        "command": ["gameday", *row.command],
    }


def _table(rows: Sequence[Listed], day: dt.date) -> Table:
    table = Table("Record", "Age", "State", Column("Rests on", overflow="fold"), title="Records")
    marks = {"fresh": "[green]fresh[/]", "stale": "[red]stale[/]", "missing": "[yellow]missing[/]"}
    for row in rows:
        age = f"{(day - row.record.recorded_on).days} d" if row.record else ""
        pages = [name for name in row.rests_on if name.endswith(".md")]
        named = [name for name in {**row.now, **row.rests_on} if name not in pages or name in row.changed]
        names = [f"[red]{escape(name)}[/]" if name in row.changed else escape(name) for name in named]
        names += [f"{len(pages)} pages"] * bool(pages)
        table.add_row(escape(row.name), age, marks[row.state], ", ".join(names))
    return table
