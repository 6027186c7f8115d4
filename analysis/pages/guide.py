"""A deployment guide put to the test: what becomes of each of its commands, with the corrected one, and of each remedy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from markupsafe import Markup

from analysis.drawing import tables
from analysis.drawing.tables import Cell, Column, Row, State, table
from analysis.ledger import FAULTY, RUNS, Commands, Remedies, Remedy, Typed, commands, remedies
from analysis.ledger.judging import words
from analysis.pages import links
from analysis.pages.ledger import leaf_of, standing
from analysis.pages.model import Macro, Site
from analysis.pages.reads import cache
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

JUDGED: Final[Mapping[str, str]] = {
    "checker": "computed by the checker", "server": "typed at a real server", "reading": "read",
}  # fmt: skip


@cache
def typed(docs: Path, folder: str) -> Commands:
    """The commands of a guide. Raises LookupError where it has none, ValueError where a class no longer follows."""
    found = commands(docs / folder, f"docs/{folder}")
    return standing(found, f"docs/{folder} has no commands of a guide")


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


def faults(site: Site, found: Commands, chapter: str) -> Markup:
    """The commands of a chapter that are not right, each with the reason and the corrected one."""
    chosen = [one for one in found.typed if one.chapter == chapter and one.stated in FAULTY]
    count = sum(one.chapter == chapter for one in found.typed)
    if not chosen:
        return Markup("<p>Of its {} commands none has a fault that was found.</p>").format(count)
    columns = [Column("Line", "number"), Column("What becomes of it", "wide"), Column("Corrected", "wide")]
    rows = [
        [tables.link(_all(site, one), str(one.line)), _said(one), _block(one.corrected) if one.corrected else _no(one)]
        for one in chosen
    ]
    label = f"Faults of chapter {chapter}"
    return table(columns, rows, label=label, caption=f"{len(chosen)} of {count} commands.")


def every(found: Commands) -> Markup:
    """Every command in the order of the guide, as it stands there and corrected."""
    columns = [
        Column("Line", "number"), Column("As written", "wide"), Column("What becomes of it", "wide"), Column("Corrected", "wide"),
    ]  # fmt: skip
    rows = [
        Row(
            [str(one.line), _block(one.command), _said(one), _block(one.corrected) if one.corrected else None],
            anchor=f"line-{one.line}",
            facets={"class": [one.stated], "kind": [one.kind], "judged": [JUDGED[one.by]]},
        )
        for one in found.typed
    ]
    return table(columns, rows, label="Every command", filters=("class", "kind", "judged"))


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
        "guide_faults": lambda folder, chapter: faults(site, of(folder), str(chapter)),
        "guide_commands": lambda folder: every(of(folder)),
        "guide_count": lambda folder, name: of(folder).counts.get(name, 0),
        "remedies_summary": lambda folder: remedies_summary(remedy(folder)),
        "remedies_table": lambda folder: remedies_table(site, remedy(folder)),
        "remedies_count": lambda folder, verdict: remedy(folder).counts.get(verdict, 0),
    }
