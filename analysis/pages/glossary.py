"""The glossary: terms as data, shown as one page and as hover text on every abbreviation."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from analysis.pages.reads import cache
from analysis.pages.shared import shared


@dataclass(frozen=True, slots=True)
class Term:
    """A word of the trade; `expansion` is shown on hover where the word is an abbreviation."""

    word: str
    meaning: str
    expansion: str = ""


def file(docs: Path) -> Path:
    """The terms of a project, or those that the program brings."""
    own = docs / "reference" / "glossary.toml"
    return own if own.is_file() else shared("docs/reference/glossary.toml")


@cache
def terms(path: Path) -> tuple[Term, ...]:
    """The terms of the file, by word."""
    entries = tomllib.loads(path.read_text(encoding="utf-8"))
    found = (Term(word, entry["meaning"], entry.get("expansion", "")) for word, entry in entries.items())
    return tuple(sorted(found, key=lambda term: term.word.lower()))


def abbreviations(path: Path) -> str:
    """Definitions for the Markdown extension `abbr`, to be put at a page's end."""
    return "\n\n" + "\n".join(f"*[{term.word}]: {term.expansion}" for term in terms(path) if term.expansion) + "\n"


def listing(path: Path) -> Markup:
    """The terms with their meanings, each with an anchor."""
    items = [
        Markup('<dt id="{}">{}{}</dt><dd>{}</dd>').format(
            anchor(term.word),
            term.word,
            Markup(" <small>({})</small>").format(term.expansion) if term.expansion else "",
            term.meaning,
        )
        for term in terms(path)
    ]
    return Markup('<dl class="g-terms">{}</dl>').format(Markup("").join(items))


def anchor(word: str) -> str:
    """The anchor of a term."""
    return "-".join(word.lower().split())
