"""A deployment guide put to the test: what becomes of each of its commands, with the corrected one, and of each remedy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from markupsafe import Markup

from analysis import evidence
from analysis.drawing import tables
from analysis.drawing.tables import Cell, Column, Row, State, table
from analysis.ledger import (
    FAULTY,
    RUNS,
    Commands,
    Outcome,
    Outcomes,
    Remedies,
    Remedy,
    Typed,
    attempts,
    commands,
    outcomes,
    remedies,
)
from analysis.ledger.judging import words
from analysis.pages import links, rehearsals
from analysis.pages.ledger import leaf_of, standing
from analysis.pages.model import Macro, Site
from analysis.pages.reads import cache
from analysis.rehearsal import guide as guides
from analysis.studies import Studies

CHIPS: Final[Mapping[str, State]] = {
    "refused": "bad", "wrong service": "bad", "runs and does something else": "warn", "runs": "good", "not tried": "plain",
    "makes it worse": "bad", "does nothing": "warn", "helps": "good",
}  # fmt: skip

MEANT: Final[Mapping[str, str]] = {
    "refused": "The shell, the command line, the service or the server does not accept it.",
    "wrong service": "It belongs to another program or another service.",
    "runs and does something else": "It is accepted, and does not do what the guide says.",
    "runs": "It is accepted and does what it says.",
    "not tried": "It needs what is not given: Docker, the program, an address.",
}

TYPED: Final[Mapping[str, tuple[State, str, str]]] = {
    "executed": ("good", "exit status 0", "Typed at the emulated AWS; none of its calls was refused."),
    "server": (
        "good",
        "answered by a real server",
        "Typed by a test at PostgreSQL, Redis or the stand-in, which answered it.",
    ),
    "failed": ("bad", "failed", "Typed at the emulated AWS, and not answered."),
    "refused": (
        "warn",
        "refused here",
        "It needs a program that a rehearsal does not start, or version 2 of the command line.",
    ),
    "left out": (
        "plain",
        "not typed",
        "It needs Docker, the program or an editor, or is a file or a query for the console.",
    ),
}
"""What became of a command when it was typed, as its mark, its word and what that means."""

JUDGED: Final[Mapping[str, str]] = {
    "checker": "computed by the checker", "server": "typed at a real server", "reading": "read",
}  # fmt: skip


@cache
def typed(docs: Path, folder: str) -> Commands:
    """The commands of a guide. Raises LookupError where it has none, ValueError where a class no longer follows."""
    found = commands(docs / folder, f"docs/{folder}")
    return standing(found, f"docs/{folder} has no commands of a guide")


@cache
def tried(docs: Path, folder: str) -> Outcomes:
    """What became of the commands of a guide when they were typed. Raises ValueError where an outcome is not the stated one."""
    return standing(outcomes(docs / folder, typed(docs, folder)), f"docs/{folder} has no commands of a guide")


@cache
def advised(root: Path, docs: Path, folder: str) -> Remedies:
    """The remedies of a guide. Raises LookupError where it has none, ValueError where a verdict no longer stands."""
    found = remedies(docs / folder, Studies(root / "terraform" / "stacks"), f"docs/{folder}")
    return standing(found, f"docs/{folder} has no remedies of a guide")


def summary(found: Commands) -> Markup:
    """How many commands are of each class, what it means, and who says so."""
    rows: list[list[Cell]] = []
    for name, count in found.counts.items():
        by = [sum(one.stated == name and one.by == who for one in found.typed) for who in JUDGED]
        meaning = Markup("{}<br><small>{}</small>").format(tables.chip(CHIPS[name], name), MEANT[name])
        rows.append([meaning, str(count), *map(str, by)])
    columns = [Column("What becomes of it", "wide"), Column("All", "number")]
    columns += [Column(said, "number") for said in ("Computed", "Typed", "Read")]
    return table(columns, rows, label="Commands by what becomes of them", caption=f"{len(found.typed)} commands.")


def typed_summary(site: Site, folder: str) -> Markup:
    """How many commands were typed with which outcome, when, and with what; a warning where something has changed since."""
    found = tried(site.docs, folder)
    counts = {name: sum(_typed(one) == name for one in found.outcomes) for name in TYPED}
    rows: list[list[Cell]] = [
        [Markup("{}<br><small>{}</small>").format(tables.chip(state, word), meaning), str(counts[name])]
        for name, (state, word, meaning) in TYPED.items()
        if counts[name]
    ]
    record = found.record
    if record is None:
        return rehearsals.warning(f"Never typed. {_COMMAND.format(folder)} does it.")
    versions = ", ".join(f"{name} {version}" for name, version in record.content["versions"].items())
    said = table(
        [Column("When it was typed"), Column("Commands", "number")], rows,
        label="Commands by their outcome", caption=f"{len(found.outcomes)} commands, typed on {record.recorded_on} ({versions}).",
    )  # fmt: skip
    return Markup("{}{}").format(rehearsals.warning(why), said) if (why := stale(site, folder, found)) else said


_COMMAND: Final = "`gameday guide docs/{} --record`"


def stale(site: Site, folder: str, found: Outcomes) -> str:
    """What has changed since the commands of a guide were typed, in a sentence; empty where nothing has."""
    needs = attempts.plan(site.docs / folder, f"docs/{folder}")
    if found.record is None or needs is None:
        return f"Never typed. {_COMMAND.format(folder)} does it."
    stack = rehearsals.resolved(site.root / needs.stack)
    why = evidence.stale(found.record, attempts.basis(typed(site.docs, folder), needs, stack, site.root))
    return f"{why.capitalize()}; {_COMMAND.format(folder)} types them again." if why else ""


def scripts(site: Site, folder: str, name: str) -> Markup:
    """What became of each variant of a script, side by side: its calls with their answers, its end, and what it left."""
    found = tried(site.docs, folder).scripts.get(name)
    if not found:
        raise LookupError(f"docs/{folder} has no script {name} that was run; {_COMMAND.format(folder)} runs them")
    rows: list[list[Cell]] = [
        ["Calls", *(Markup("<br>").join(map(_call, one.calls)) for one in found)],
        ["Ends", *(_end(one) for one in found)],
        ["Says last", *(_short(one.last) for one in found)],
    ]
    rows += [[says, *(_short(one.state[says]) for one in found)] for says in found[0].state]
    columns = [Column("", "head"), *(Column(one.title, "wide") for one in found)]
    return table(columns, rows, label=f"The script {name}, side by side")


def _call(call: guides.Call) -> Markup:
    where = Markup("{}: ").format(call.line) if call.line else Markup("")
    answered = call.answered or "refused by the command line, AWS is not asked"
    return Markup("{}{}<br><small>{}</small>").format(where, tables.code(call.typed), answered)


def _end(one: guides.Tried) -> Markup:
    if one.status:
        chip = tables.chip("bad", f"at line {one.ended}" if one.ended else "early")
        return Markup("{}<br>exit status {}: {}").format(chip, one.status, one.said)
    if one.said:
        chip = tables.chip("bad", f"on AWS at line {one.ended}" if one.ended else "on AWS early")
        return Markup("{}<br>{}. The emulator lets it run on to its end.").format(chip, one.said)
    return tables.chip("good", "runs to its end")


_ARN: Final = re.compile(r"arn:aws:ecs:[\w:-]+/([\w-]+:\d+)")
_DIGEST: Final = re.compile(r"[\w./-]+@(sha256:[0-9a-f]{8})[0-9a-f]+")


def _short(text: str) -> str:
    """Text with a revision in place of its ARN, and the beginning of a digest in place of an image."""
    return _DIGEST.sub(r"\1…", _ARN.sub(r"\1", text))


def faults(site: Site, folder: str, chapter: str) -> Markup:
    """The commands of a chapter that are not right, each with the reason and the corrected one."""
    found = tried(site.docs, folder)
    chosen = [one for one in found.outcomes if one.command.chapter == chapter and one.command.stated in FAULTY]
    count = sum(one.command.chapter == chapter for one in found.outcomes)
    if not chosen:
        return Markup("<p>Of its {} commands none has a fault that was found.</p>").format(count)
    columns = [Column("Line", "number"), Column("What becomes of it", "wide"), Column("Corrected, and typed", "wide")]
    rows = [
        [
            tables.link(_all(site, one.command), str(one.command.line)),
            _said(one.command),
            _corrected(one) or _no(one.command),
        ]
        for one in chosen
    ]
    label = f"Faults of chapter {chapter}"
    return table(columns, rows, label=label, caption=f"{len(chosen)} of {count} commands.")


def every(site: Site, folder: str) -> Markup:
    """Every command in the order of the guide, as it stands there and corrected, with what became of it when it was typed."""
    columns = [
        Column("Line", "number"), Column("As written", "wide"), Column("What becomes of it", "wide"),
        Column("Corrected, and typed", "wide"),
    ]  # fmt: skip
    rows = [
        Row(
            [str(one.line), _block(one.command), _said(one), _corrected(outcome) if one.corrected else _outcome(outcome)],
            anchor=f"line-{one.line}",
            facets={
                "class": [one.stated], "kind": [one.kind], "judged": [JUDGED[one.by]], "typed": [TYPED[_typed(outcome)][1]],
            },
        )
        for outcome in tried(site.docs, folder).outcomes
        for one in (outcome.command,)
    ]  # fmt: skip
    return table(columns, rows, label="Every command", filters=("class", "kind", "judged", "typed"))


def _typed(one: Outcome) -> str:
    """The key of an outcome in TYPED."""
    return "server" if one.text == attempts.AT_A_SERVER else one.found.verdict if one.found else "left out"


def _corrected(one: Outcome) -> Markup | None:
    if not one.command.corrected:
        return None
    return Markup("{}{}").format(_block(one.command.corrected), _outcome(one))


def _outcome(one: Outcome) -> Markup:
    """The mark of an outcome, and why where it was not answered."""
    state, word, _ = TYPED[_typed(one)]
    why = one.found.said if one.found and one.found.status != 0 and _typed(one) != "server" else ""
    return Markup("{}<br><small>{}</small>").format(tables.chip(state, word), why) if why else tables.chip(state, word)


def _all(site: Site, one: Typed) -> str:
    here = site.here()
    beside = f"{here.rpartition('/')[0]}/commands.md"
    return f"{links.relative(here, beside)}#line-{one.line}"


def _no(one: Typed) -> Markup:
    return Markup("<small>{}</small>").format("as the reason says" if one.kind == "document" else "leave it out")


def _block(text: str) -> Markup:
    return Markup("<pre><code>{}</code></pre>").format(text)


_ADDRESS: Final = re.compile(r"https://\S+")


def _said(one: Typed) -> Markup:
    """The class with its reason, who says so, and on what."""
    parts = [tables.chip(CHIPS[one.stated], one.stated)]
    if one.reason:
        parts.append(tables.marked(one.reason))
    what = [JUDGED[one.by]]
    if one.stated != RUNS and one.by == "checker":
        what += [Markup("“{}”").format(finding.what) for finding in one.found[:2]]
    if one.evidence:
        what.append(
            tables.link(one.evidence, "the documentation") if _ADDRESS.fullmatch(one.evidence) else one.evidence
        )
    parts.append(Markup("<small>{}</small>").format(Markup(": ").join(what)))
    return Markup("<br>").join(parts)


def remedies_summary(found: Remedies) -> Markup:
    """How many remedies help, do nothing, make it worse, or were not tried."""
    rows = [[tables.chip(CHIPS[name], name), str(count)] for name, count in found.counts.items()]
    caption = f"{len(found.remedies)} remedies."
    return table([Column("It"), Column("Remedies", "number")], rows, label="Remedies by verdict", caption=caption)


def remedies_table(site: Site, found: Remedies) -> Markup:
    """Every remedy in the order of the guide, with its verdict and what shows it."""
    columns = [Column("The guide says"), Column("Why", "wide")]
    rows = [
        Row(
            [
                Markup("{}<br>{}<br><small>{}, line {}</small>").format(
                    one.remedy, tables.chip(CHIPS[one.verdict], one.verdict), one.problem, one.line
                ),
                _why(site, one),
            ],
            anchor=f"remedy-{one.line}",
            facets={"verdict": [one.verdict], "problem": [one.problem], "shown": [one.shown or "not tried"]},
        )
        for one in found.remedies
    ]
    return table(columns, rows, label="Remedies", filters=("verdict", "problem", "shown"))


def _why(site: Site, one: Remedy) -> Markup:
    if one.evidence is None:
        return Markup("{}").format(one.note)
    inputs = Markup("<br>").join(leaf_of(site, leaf) for leaf in one.leaves)
    how = Markup('<details class="g-inputs"><summary>{}: {}</summary>{}</details>')
    return Markup("{}<br>{}").format(one.note, how.format(one.shown, words(one.evidence.text), inputs))


def macros(site: Site) -> Mapping[str, Macro]:
    """What pages cite of a guide's commands and remedies."""

    def of(folder: str) -> Commands:
        return typed(site.docs, folder)

    def remedy(folder: str) -> Remedies:
        return advised(site.root, site.docs, folder)

    return {
        "guide_summary": lambda folder: summary(of(folder)),
        "guide_faults": lambda folder, chapter: faults(site, folder, str(chapter)),
        "guide_commands": lambda folder: every(site, folder),
        "guide_typed": lambda folder: typed_summary(site, folder),
        "guide_script": lambda folder, name: scripts(site, folder, name),
        "guide_count": lambda folder, name: of(folder).counts.get(name, 0),
        "remedies_summary": lambda folder: remedies_summary(remedy(folder)),
        "remedies_table": lambda folder: remedies_table(site, remedy(folder)),
        "remedies_count": lambda folder, verdict: remedy(folder).counts.get(verdict, 0),
    }
