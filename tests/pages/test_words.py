"""The pages use the trade's words: those that crept in as translations may not return."""

import re
from pathlib import Path

import pytest

from analysis import files

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [*ROOT.glob("docs/**/*.md"), *ROOT.glob("analysis/templates/**/*.md"), ROOT / "README.md", ROOT / "SECURITY.md"]
)

WORDS = {
    r"way back": "rollback, undo",
    r"\bhurts?\b": "affects, affected",
    r"\bborne\b|\bbears (it|the|its|old)\b": "accepted, waived; holds",
    r"\bmend(ed|s|ing)?\b": "fix, repair",
    r"\bdear(er|est)?\b": "expensive, costs more",
    r"\basked of\b": "must, requirement",
    r"\bstack of (now|today)\b": "present stack",
    r"\bnobody is told\b|\bis told (of|that)\b": "is notified, hears of it",
    r"\bharm\b": "impact",
}
"""What may not stand in prose, and what to say instead."""


def prose(text):
    """The text of a page without front matter, code and calls of macros, lines kept."""

    def blank(found):
        return "\n" * found[0].count("\n")

    for pattern in (r"\A---\n.*?\n---\n", r"```.*?```", r"\{\{.*?\}\}", r"`[^`\n]*`", r"\]\([^)]*\)"):
        text = re.sub(pattern, blank, text, flags=re.DOTALL)
    return text


def found(text):
    """Each house word of a text with its line."""
    return [
        (text.count("\n", 0, match.start()) + 1, match[0], instead)
        for word, instead in WORDS.items()
        for match in re.finditer(word, text, re.IGNORECASE)
    ]


def test_no_page_uses_a_house_word():
    said = [
        f"{page.relative_to(ROOT)}:{line}: {word!r}; say {instead}"
        for page in PAGES
        for line, word, instead in found(prose(files.read_text(page)))
    ]
    assert not said, "\n".join(said)


@pytest.mark.parametrize("sentence", ["Nobody is hurt.", "Then take the way\nback.".replace("\n", " "), "It is borne."])
def test_a_house_word_is_named_with_its_line(sentence):
    ((line, _, _),) = found(prose(f"---\ntitle: harm\n---\n`harm`\n\n{sentence}"))
    assert line == 6
