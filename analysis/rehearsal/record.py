"""What a rehearsal showed, as a document: kept beside the stack, shown on the pages, compared with the next one."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from analysis import evidence
from analysis.architecture import Architecture
from analysis.rehearsal.faults import Fault, Faults
from analysis.rehearsal.rehearse import VERDICTS, Ran, Rehearsal, Step, markers, shares
from analysis.runbooks.page import CONSOLE, Runbook

KIND = "rehearsed"
"""The name of this evidence's record."""


MODELS = ("rehearsal", "emulator")


def page_input(page: str) -> str:
    """What the input of a page is called in what a record rests on."""
    return f"page {page}"


def basis(stack: Architecture, faults: Faults, runbooks: Iterable[Runbook]) -> dict[str, str]:
    """What a rehearsal of runbooks rests on: what the stack resolves to, and each page with its fault."""
    pages = {page_input(book.path): rehearsed_text(book, faults) for book in runbooks}
    return evidence.basis({f"stack {stack.stack}": evidence.resolved(stack), **pages}, MODELS)


def rehearsed_text(runbook: Runbook, faults: Faults) -> Any:
    """What a rehearsal of the page rests on, as an input: its blocks and the faults; a sentence may change without it."""
    blocks = [
        [block.kind, block.title, markers(block), [[command.typed, command.answer] for command in block.commands]]
        for block in runbook.blocks
        if block.language in CONSOLE
    ]
    given = [
        _table(fault)
        for name, fault in sorted(faults.faults.items())
        if name in json.dumps([runbook.meta.get("fault"), blocks])
    ]
    return [blocks, str(runbook.meta.get("fault", "")), given, list(faults.world), dict(faults.linked)]


def _table(fault: Fault) -> list[Any]:
    return [
        fault.name,
        fault.says,
        list(fault.do),
        [[list(turn.when), turn.says, list(turn.do)] for turn in fault.turns],
    ]


def document(rehearsals: Sequence[Rehearsal], versions: Mapping[str, str]) -> dict[str, Any]:
    """What is kept of rehearsals: versions, shares, and each page with its evenings and its steps in the order of the page."""
    return {
        "versions": dict(versions),
        "shares": dict(sorted(shares(rehearsals).items())),
        "pages": {
            rehearsal.page: {
                "seconds": round(rehearsal.seconds, 1),
                "evenings": [
                    {"fault": evening.fault, "says": evening.says, "turns": list(evening.turns)}
                    for evening in rehearsal.evenings
                ],
                "steps": [_step(step) for step in sorted(rehearsal.steps, key=lambda step: step.line)],
                "complaints": list(rehearsal.complaints()),
            }
            for rehearsal in sorted(rehearsals, key=lambda rehearsal: rehearsal.page)
        },
    }


def _step(step: Step) -> dict[str, Any]:
    counted = Counter(_word(command) for command in step.commands)
    reasons = sorted({command.said for command in step.commands if command.verdict == "left out"})
    return {
        "line": step.line,
        "kind": step.kind,
        "title": step.title,
        "seconds": round(step.seconds, 1),
        "commands": dict(sorted(counted.items())),
    } | ({"reasons": reasons} if reasons else {})


def _word(command: Ran) -> str:
    """The verdict, and for what matched on what it rests."""
    return command.verdict if command.verdict != "matched" else f"matched, {command.source}"


def differences(record: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[str]:
    """Where a record and a new rehearsal say different things, in sentences; seconds and versions may differ."""
    old, new = record["pages"], found["pages"]
    for page in sorted(old.keys() | new.keys()):
        if page not in new:
            yield f"{page} is recorded and was not rehearsed"
        elif page not in old:
            yield f"{page} was rehearsed and is not recorded"
        else:
            yield from _page_differences(page, old[page], new[page])


def _page_differences(page: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    if old["evenings"] != new["evenings"]:
        yield f"{page}: the faults or AWS's turns were others than in the record"
    for before, after in zip(old["steps"], new["steps"], strict=False):
        if before["commands"] != after["commands"]:
            yield f"{page}:{after['line']}: recorded {_said(before['commands'])}, now {_said(after['commands'])}"


def _said(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {word}" for word, number in sorted(counted.items()))


def of_page(page: Mapping[str, Any]) -> Mapping[str, int]:
    """How many commands of a recorded page had which verdict; those that matched also by what they rest on."""
    counted: Counter[str] = Counter()
    for step in page["steps"]:
        counted.update(step["commands"])
    for word, number in list(counted.items()):
        if word.startswith("matched, "):
            counted["matched"] += number
    counted["commands"] = sum(counted[verdict] for verdict in VERDICTS)
    return counted


def merged(record: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """The content of a record with the pages of a new rehearsal in place of its own. Raises ValueError where versions differ."""
    if record["versions"] != found["versions"]:
        raise ValueError(
            "the record was made with other versions; leave the pages out, so that all are rehearsed again"
        )
    pages = {**record["pages"], **found["pages"]}
    counted: Counter[str] = Counter()
    for page in pages.values():
        for word, number in of_page(page).items():
            counted[_SHARES.get(word, word)] += number
    return {
        "versions": found["versions"],
        "shares": dict(sorted(counted.items())),
        "pages": dict(sorted(pages.items())),
    }


_SHARES = {
    "matched, emulator": "matched by the emulator",
    "matched, declared": "matched as declared",
    "matched, shell": "matched by the shell",
}
