"""A runbook typed from top to bottom against an emulated AWS, with its fault injected first, and every answer held to the page.

    result = rehearse(runbook, faults, emulator.copy, root)
    result.ok, result.commands[0].differences

Checks, acts and verifications run in the order of the page, then the undos, the last deed first. `abort-if` steps must get
another answer than the one shown: with that one a reader leaves the page. A block below `<!-- not rehearsed: reason -->` is left
out, with the reason, and counted. A page may have a branch for another evening: blocks below `<!-- fault: NAME -->` are rehearsed
together, apart from the rest, on a fresh copy with that fault. The emulator is passed in: whoever joins the two layers starts it
and applies the stack.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from analysis.rehearsal.faults import Emulated, Fault, FaultError, Faults
from analysis.rehearsal.shapes import Bindings, Difference, compare
from analysis.rehearsal.shell import Output, ShellError
from analysis.rehearsal.terminal import Source, Terminal, terminal
from analysis.runbooks.page import CONSOLE, Block, Command, Kind, Runbook

Verdict: TypeAlias = Literal["matched", "differed", "refused", "left out"]
"""`matched`: the answer is the page's. `refused`: may not run here. `left out`: the page says that and why it cannot."""

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

_LEFT_OUT = re.compile(r"<!--\s*not rehearsed:\s*(.*?)\s*-->")
_BRANCH = re.compile(r"<!--\s*fault:\s*(\S+)\s*-->")


class RehearsalError(ValueError):
    """A page that cannot be rehearsed, or an emulator that ended meanwhile; the sentence says which and what to do."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of one command of a page. `line` is that of its prompt; `said` is the reason where there is one."""

    line: int
    typed: str
    verdict: Verdict
    source: Source = "shell"
    seconds: float = 0.0
    differences: tuple[Difference, ...] = ()
    said: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One block of a page with what became of its commands."""

    kind: Kind | None
    title: str
    line: int
    commands: tuple[Ran, ...]

    @property
    def seconds(self) -> float:
        """How long its commands took."""
        return sum(command.seconds for command in self.commands)


@dataclass(frozen=True, slots=True)
class Evening:
    """A fault, in a sentence; the turns that were played for AWS, and those whose calls the page never made."""

    fault: str
    says: str
    turns: tuple[str, ...] = ()
    waited: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What became of a page: its evenings, first that of the page itself, and its steps in the order in which they ran."""

    page: str
    evenings: tuple[Evening, ...]
    steps: tuple[Step, ...] = ()

    @property
    def commands(self) -> tuple[Ran, ...]:
        """Every command in the order in which it ran."""
        return tuple(command for step in self.steps for command in step.commands)

    @property
    def seconds(self) -> float:
        """How long all commands took."""
        return sum(step.seconds for step in self.steps)

    @property
    def ok(self) -> bool:
        """Whether no answer differs from the page, nothing was refused, and the page's deeds brought about every turn."""
        return not any(True for _ in self.complaints())

    def count(self, verdict: Verdict) -> int:
        """How many commands have this verdict."""
        return sum(command.verdict == verdict for command in self.commands)

    def complaints(self) -> Iterator[str]:
        """Each command that was not answered as the page shows: page, line, expected and actual."""
        for command in self.commands:
            for difference in command.differences:
                yield (
                    f"{self.page}:{difference.line}: expected {_shown(difference.expected)}, got {_shown(difference.actual)}"
                )
            if command.verdict in {"refused", "differed"} and not command.differences:
                yield f"{self.page}:{command.line}: {command.verdict}: {command.said}"
        for evening in self.evenings:
            for turn in evening.waited:
                yield f"{self.page}: no command of the page brings it about that: {turn}"


def _shown(line: str | None) -> str:
    return "no further line" if line is None else repr(line)


def markers(block: Block) -> tuple[str, str]:
    """The fault of a block's branch and the reason for leaving it out, as the comment above it says; else empty."""
    branch, left_out = _BRANCH.search(block.above), _LEFT_OUT.search(block.above)
    return (branch[1] if branch else "", left_out[1] if left_out else "")


def shares(rehearsals: Sequence[Rehearsal]) -> Mapping[str, int]:
    """How many commands of all pages had which verdict, and on what the answers of those that matched rest."""
    counted: Counter[str] = Counter()
    for rehearsal in rehearsals:
        for command in rehearsal.commands:
            counted["commands"] += 1
            counted[command.verdict] += 1
            if command.verdict == "matched":
                counted[
                    f"matched by the {command.source}" if command.source != "declared" else "matched as declared"
                ] += 1
    return counted


def rehearse(
    runbook: Runbook,
    faults: Faults,
    fresh: Callable[[], AbstractContextManager[Emulated]],
    root: Path,
    *,
    progress: Callable[[str], None] = lambda _what: None,
    timeout_s: float = 120.0,
    trust: bool = False,
) -> Rehearsal:
    """The page rehearsed; `fresh` gives an emulator with the stack applied, once for the page and once for each branch.

    `root` is the project's, from which its scripts are linked; with `trust` they are started without a wall, too. Raises
    RehearsalError for a page that cannot be read or an emulator that has ended, FaultError for a fault that cannot be injected.
    """
    if runbook.problems:
        raise RehearsalError(str(runbook.problems[0]))
    own = str(runbook.meta.get("fault", ""))
    evenings: dict[str, list[Block]] = {own: []}
    for block in runbook.blocks:
        if block.language in CONSOLE:
            evenings.setdefault(markers(block)[0] or own, []).append(block)
    made = [
        _evening(runbook, blocks, faults, faults.named(name, runbook.path), fresh, root, progress, timeout_s, trust)
        for name, blocks in evenings.items()
    ]
    return Rehearsal(
        runbook.path, tuple(evening for evening, _ in made), tuple(step for _, steps in made for step in steps)
    )


def _evening(
    runbook: Runbook,
    blocks: Sequence[Block],
    faults: Faults,
    fault: Fault,
    fresh: Callable[[], AbstractContextManager[Emulated]],
    root: Path,
    progress: Callable[[str], None],
    timeout_s: float,
    trust: bool,
) -> tuple[Evening, tuple[Step, ...]]:
    """The blocks of one fault, on an emulator of their own."""
    with fresh() as emulated, terminal(emulated, faults.linked, faults.path, root, timeout_s, trust=trust) as opened:
        try:
            opened.world.do(faults.world)
            opened.world.do(fault.do)
        except FaultError as error:
            raise FaultError(f"{faults.path}: the fault {fault.name}: {error}") from None
        return _Run(runbook, fault, opened, progress).whole(blocks)


@dataclass
class _Run:
    runbook: Runbook
    fault: Fault
    terminal: Terminal
    progress: Callable[[str], None]

    def __post_init__(self) -> None:
        self.bindings = Bindings()
        self.begun = len(self.terminal.world.emulated.calls())
        self.pending = list(self.fault.turns)
        self.played: list[str] = []

    def whole(self, blocks: Sequence[Block]) -> tuple[Evening, tuple[Step, ...]]:
        forward = [block for block in blocks if block.kind != "undo"]
        back = [block for block in reversed(blocks) if block.kind == "undo"]
        steps = tuple(self._step(block) for block in (*forward, *back))
        owed = any(block.kind in {"act", "verify"} for block in blocks)  # a page that only looks changes nothing
        waited = tuple(turn.says for turn in self.pending) if owed else ()
        return Evening(self.fault.name, self.fault.says, tuple(self.played), waited), steps

    def _step(self, block: Block) -> Step:
        _, reason = markers(block)
        if reason:
            ran = tuple(Ran(command.line, command.typed, "left out", said=reason) for command in block.commands)
        else:
            ran = tuple(self._command(block, command) for command in block.commands)
        return Step(block.kind, block.title, block.line, ran)

    def _command(self, block: Block, command: Command) -> Ran:
        typed = self.bindings.typed(command.typed)
        self.progress(f"{self.runbook.path}:{command.line}: {typed.splitlines()[0]}")
        try:
            answer = self.terminal.type(typed)
        except ShellError as error:
            self._require(error)
            raise RehearsalError(
                f"{self.runbook.path}:{command.line}: {error}; the rest of the page was not tried"
            ) from None
        self._turns()
        output, source = answer.output, answer.source
        if answer.refused or output is None:
            return Ran(command.line, typed, "refused", source, output.seconds if output else 0.0, said=answer.refused)
        if output.status:
            self._require(None)
            return Ran(command.line, typed, "differed", source, output.seconds, said=answer.failure)
        return self._compared(block, command, typed, source, output)

    def _compared(self, block: Block, command: Command, typed: str, source: Source, output: Output) -> Ran:
        shown = command.answer.splitlines()
        first = command.answer_line or command.line + len(command.typed.splitlines())
        if block.kind == "abort-if":
            same = not compare(
                shown, output.stdout.splitlines(), Bindings(dict(self.bindings.true), dict(self.bindings.shown))
            )
            said = "the answer is the one at which the page is left" if same and shown else ""
            return Ran(command.line, typed, "differed" if said else "matched", source, output.seconds, said=said)
        differences = compare(shown, output.stdout.splitlines(), self.bindings, first)
        return Ran(
            command.line, typed, "differed" if differences else "matched", source, output.seconds, differences,
            said=output.stderr.strip()[-300:],
        )  # fmt: skip

    def _turns(self) -> None:
        """Plays AWS's part where the page's own calls have brought it about."""
        while True:
            done = {
                f"{call.service} {call.operation}"
                for call in self.terminal.world.emulated.calls()[self.begun :]
                if call.status < 300
            }
            due = next((turn for turn in self.pending if done >= set(turn.when)), None)
            if due is None:
                return
            self.pending.remove(due)
            self.terminal.world.do(due.do)
            self.played.append(due.says)

    def _require(self, error: Exception | None) -> None:
        if not self.terminal.world.emulated.alive():
            raise RehearsalError(
                f"{self.runbook.path}: the emulated AWS ended in the middle; run `gameday rehearse` again"
            ) from error
