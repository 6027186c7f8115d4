"""What became of a guide's commands when they were typed, corrected where they are wrong, and of its scripts.

`gameday guide` types them and records what it saw in `guide/executed.record.json`; `guide/executed.toml` says what they need. The
column `outcome` of `commands.csv` states of each command what became of it. A command whose outcome in the record is another, or
which nobody has typed, no longer stands.

- A number: the exit status, at the emulated AWS.
- `failed`: the shell says 0, and a call of it was refused all the same.
- `refused`: a rehearsal may not run it; the record says why.
- `server`: a test types it at a real server, and asserts that it is answered; `evidence` names the test.
- nothing: it is not typed; the record says why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from analysis import evidence
from analysis.architecture import Architecture
from analysis.evidence import Record
from analysis.files import read_text
from analysis.ledger.records import broken
from analysis.ledger.typed import COMMANDS, FAULTY, RUNS, SERVER, UNTRIED, Commands, Typed
from analysis.rehearsal import guide
from analysis.rehearsal.faults import FaultError

FOLDER: Final = Path(COMMANDS).parent
KIND: Final = "executed"
MODELS: Final = ("rehearsal", "emulator")
AT_A_SERVER: Final = "server"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A command with what is stated of its outcome, and what the record holds; None where nobody has typed it."""

    command: Typed
    found: guide.Executed | None

    @property
    def text(self) -> str:
        """What became of it, as the column states it."""
        if self.found is None:
            return "?"
        if self.found.verdict == "left out":
            right = self.command.corrected or self.command.stated == RUNS
            return AT_A_SERVER if self.command.by == SERVER and right else ""
        if self.found.verdict == "failed" and not self.found.status:
            return "failed"
        return "refused" if self.found.status is None else str(self.found.status)

    @property
    def executed(self) -> bool:
        """Whether it was typed somewhere and did not fail."""
        return self.text in {"0", AT_A_SERVER}

    @property
    def broken(self) -> str | None:
        """Why the row no longer stands, in a sentence with its place; None where it does."""
        one = self.command
        if self.text == one.outcome:
            return None
        said = f" ({self.found.said})" if self.found and self.found.said else ""
        return (
            f"{one.place.file}:{one.place.line}: the outcome of line {one.line} is stated as {one.outcome!r} and is "
            f"{self.text!r}{said}; correct the row, or what it rests on"
        )


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The outcome of every command of a guide in its order, and what became of its scripts by their name."""

    outcomes: tuple[Outcome, ...]
    scripts: Mapping[str, Sequence[guide.Tried]]
    record: Record | None

    @property
    def broken(self) -> tuple[str, ...]:
        """The rows whose outcome is another than stated, each as a sentence with its file and line."""
        return broken(self.outcomes)

    def of(self, line: int) -> Outcome:
        """The outcome of a line."""
        return next(one for one in self.outcomes if one.command.line == line)


def lines(found: Commands) -> tuple[guide.Line, ...]:
    """What is typed of each command: the corrected one, or it as written where that is right."""
    return tuple(
        guide.Line(
            one.line, one.chapter, one.kind, one.corrected or one.command,
            "" if one.corrected else one.reason if one.stated == UNTRIED
            else "Nothing corrects it; the reason says what to do." if one.stated in FAULTY else "",
        )
        for one in found.typed
    )  # fmt: skip


def plan(folder: Path, name: str = "") -> guide.Plan | None:
    """What the commands of a guide need; None where nobody has said. Raises FaultError where it cannot be read."""
    path = folder / FOLDER / guide.FILE_NAME
    return guide.read(path, f"{name or folder.name}/{FOLDER}/{guide.FILE_NAME}") if path.is_file() else None


def files(found: Commands, of: guide.Plan) -> Mapping[str, str]:
    """The text of each file that commands name, as the guide shows it."""
    shown = {one.line: one.command for one in found.typed}
    if wrong := next((name for name, line in of.files.items() if line not in shown), ""):
        raise FaultError(
            f"{of.path}: the file {wrong} is that of line {of.files[wrong]}, and the guide has no such line"
        )
    return {name: shown[line] + "\n" for name, line in of.files.items()}


def basis(found: Commands, of: guide.Plan, stack: Architecture, root: Path) -> dict[str, str]:
    """What the outcomes rest on: what is typed, what it needs, the scripts, and what the stack resolves to."""
    paths = {variant.file or variant.workflow for script in of.scripts for variant in script.variants} | set(of.linked)
    inputs = {
        "commands": [[one.line, one.text, one.kind, one.why] for one in lines(found)],
        "guide/executed.toml": [of.linked, of.values, of.files, of.world, of.before, of.kinds, of.lines, of.scripts],
        "scripts": {path: read_text(root / path) for path in sorted(paths)},
        f"stack {stack.stack}": evidence.resolved(stack),
    }
    return evidence.basis(inputs, MODELS)


def record_file(folder: Path) -> Path:
    """Where the record of a guide lies."""
    return evidence.beside(folder / FOLDER, KIND)


def document(
    executed: Sequence[guide.Executed], scripts: Mapping[str, Sequence[guide.Tried]], versions: Mapping[str, str]
) -> dict[str, Any]:
    """What is kept: the outcome of each line, and what became of each script."""
    return {
        "versions": dict(versions),
        "lines": {
            str(one.line): {name: value for name, value in asdict(one).items() if name != "line"} for one in executed
        },
        "scripts": {name: [asdict(one) for one in tried] for name, tried in scripts.items()},
    }


def outcomes(folder: Path, found: Commands) -> Outcomes:
    """What is recorded of the commands and scripts of a guide."""
    record = evidence.read(record_file(folder), KIND)
    content = record.content if record else {"lines": {}, "scripts": {}}
    return Outcomes(
        tuple(
            Outcome(one, guide.Executed(one.line, **kept) if (kept := content["lines"].get(str(one.line))) else None)
            for one in found.typed
        ),
        {name: [_tried(one) for one in tried] for name, tried in content["scripts"].items()},
        record,
    )


def _tried(held: Mapping[str, Any]) -> guide.Tried:
    return guide.Tried(**{**held, "calls": tuple(guide.Call(**call) for call in held["calls"])})
