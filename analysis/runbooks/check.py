"""Every fault of a page's commands that can be found without AWS: what the shell, the command line or the service would refuse.

`check` gives the findings and says what it could not look at. Nothing of a page is executed; the work is bounded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from analysis.architecture import Architecture
from analysis.runbooks import answers, names, rules
from analysis.runbooks.findings import Finding
from analysis.runbooks.page import Command, Runbook
from analysis.runbooks.programs import Call, Recorder
from analysis.runbooks.shell import Place, Shell, TooMuch

# A document of the wrong kind has a fault in every member; the first ones say it.
MAX_FAULTS_OF_A_CALL = 8


class NotInstalledError(RuntimeError):
    """The packages that read commands are not installed; the sentence says how to install them."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check of a page found, what it could not look at, and how many calls of `aws` it read."""

    book: Runbook
    findings: tuple[Finding, ...] = ()
    unchecked: tuple[Finding, ...] = ()
    calls: tuple[Call, ...] = field(default=(), compare=False)


def check(book: Runbook, stacks: Sequence[Architecture] | names.Vocabulary = ()) -> Checked:
    """The findings about a page's form and commands, in the order of its lines.

    `stacks` are those whose names the page may use, or their vocabulary; without any, names are not held against anything. Raises
    NotInstalledError where the extra `runbooks` is not installed.
    """
    try:
        import awscli  # noqa: F401, PLC0415 (an extra)
        import jq  # noqa: PLC0415
        import tree_sitter_bash  # noqa: F401, PLC0415
    except ImportError as error:
        raise NotInstalledError(
            f"checking commands needs {error.name}; install it with: pip install 'gameday-notebook[runbooks]'"
        ) from None
    vocabulary = stacks if isinstance(stacks, names.Vocabulary) else names.vocabulary(stacks)
    findings = list(book.problems)
    unchecked: list[Finding] = []
    with answers.Jq() as jq:
        recorder = Recorder(lambda _name, _members: None, jq)
        shell = Shell(recorder.programs())
        recorder.document = _finder(book, shell)
        followed: list[rules.Followed] = []
        kinds = {(command.line, command.column): block.kind for block in book.blocks for command in block.commands}
        for step, command in enumerate(book.commands):
            start, faults_start, unset_start = len(recorder.calls), len(shell.faults), len(shell.unset)
            recorder.step = step
            try:
                shell.follow(command.typed)
            except TooMuch as bound:
                what = f"the page {bound}"
                findings.append(
                    Finding(book.path, command.line, command.column, "bound", what, "split it; the rest is not checked")
                )
                break
            calls = recorder.calls[start:]
            followed.append(rules.Followed(command, kinds.get((command.line, command.column)), tuple(calls)))
            unchecked += [_at(book, command, place, "unchecked", what, "") for place, what in recorder.unchecked]
            recorder.unchecked.clear()
            for place in shell.elided:
                if book.is_runbook:
                    findings.append(
                        _at(book, command, place, "shell", "the command is not written out", "write all of it")
                    )
                else:
                    unchecked.append(_at(book, command, place, "unchecked", "the command is not written out", ""))
            shell.elided.clear()
            findings += [
                _at(book, command, fault.place, fault.rule, shell.marks.shown(fault.what), fault.to_do)
                for fault in shell.faults[faults_start:]
            ]
            for call in calls:
                findings += [
                    _at(
                        book,
                        command,
                        call.place(fault.word),
                        fault.rule,
                        shell.marks.shown(fault.what),
                        shell.marks.shown(fault.to_do),
                    )
                    for fault in call.faults[:MAX_FAULTS_OF_A_CALL]
                ]
            findings += [
                _at(book, command, place, "unset", f"nothing on the page sets ${name}", "set it in an earlier command")
                for place, name in shell.unset[unset_start:]
                if not names.is_given(name, book)
            ]
        for found in rules.broken(followed, shell.marks, vocabulary, book):
            findings.append(_at(book, found.command, found.place, found.rule, found.what, found.to_do))
    return Checked(book, tuple(sorted(set(findings))), tuple(sorted(set(unchecked))), tuple(recorder.calls))


def _at(book: Runbook, command: Command, place: Place, rule: str, what: str, to_do: str) -> Finding:
    column = command.column + place.column if place.row == 0 else command.margin + place.column + 1
    return Finding(book.path, command.line + place.row, column, rule, what, to_do)


def _finder(book: Runbook, shell: Shell) -> Callable[[str, frozenset[str]], str | None]:
    """Finds the document that a `file://` means: a file an earlier command wrote, or a block of the page that shows it.

    A block shows it where its title is the file's name, where the heading or the line above it holds the words of that name, or
    where its keys are parameters of the operation and no other block's are.
    """

    def find(name: str, members: frozenset[str]) -> str | None:
        if name in shell.files:
            return shell.files[name]
        base = name.rpartition("/")[2]
        parts = [part for part in re.split(r"[-_.]", base.rpartition(".")[0].lower()) if part]
        for block in book.documents:
            if base and base in {block.title, block.title.rpartition("/")[2]}:
                return block.text
        for block in book.documents:
            above = re.sub(r"[^a-z0-9]+", " ", block.above.lower()).split()
            if parts and all(part in above for part in parts):
                return block.text
        fitting = [block.text for block in book.documents if len(keys := _keys(block.text)) >= 2 and keys <= members]
        return fitting[0] if len(fitting) == 1 else None

    return find


def _keys(text: str) -> frozenset[str]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return frozenset()
    return frozenset(value) if isinstance(value, dict) else frozenset()
