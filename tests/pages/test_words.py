"""The pages and the program's messages use the trade's words: those that crept in as translations may not return."""

import ast
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
    r"\bhurt(s|ing)?\b": "affects, affected",
    r"\bborne\b|\bbears (it|the|its|old)\b": "accepted, waived; holds",
    r"\bmend(ed|s|ing)?\b": "fix, repair",
    r"\bdear(er|est)?\b": "expensive, costs more",
    r"\basked of\b": "must, requirement",
    r"\bstack of (now|today)\b": "present stack",
    r"\b(is|are|was|were) told\b(?! (otherwise|apart))": "is notified, hears of it",
    r"\bharm\b": "impact",
    r"\bstands always\b": "always in alarm",
}
"""What may not stand in prose, and what to say instead."""

NAMES = r"\[harm\]|\bharm[._]\w+|--harm-at"
"""What a message quotes of files and options whose names stay: records rest on them."""

EXCUSED = ("first minute of harm",)
"""Formulas that stand in records; they change when these are made again for another reason."""

SHOWN = r"(?m)^(?!title:|description:|trigger:|summary =).*$"
"""The lines of front matter that no reader sees."""


def prose(text):
    """The text of a page without code, calls of macros and what front matter does not show, lines kept."""

    def blank(found):
        return "\n" * found[0].count("\n")

    text = re.sub(r"\A---\n.*?\n---\n", lambda front: re.sub(SHOWN, "", front[0]), text, flags=re.DOTALL)
    for pattern in (r"```.*?```", r"\{\{.*?\}\}", r"`[^`\n]*`", r"\]\([^)]*\)"):
        text = re.sub(pattern, blank, text, flags=re.DOTALL)
    return text


def found(text):
    """Each house word of a text with its line."""
    return [
        (text.count("\n", 0, match.start()) + 1, match[0], instead)
        for word, instead in WORDS.items()
        for match in re.finditer(word.replace(" ", r"\s+"), text, re.IGNORECASE)
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
    ((line, _, _),) = found(prose(f"---\nreopen_when: harm > 5\n---\n`harm`\n\n{sentence}"))
    assert line == 6


def test_what_a_page_says_of_itself_counts_too():
    assert found(prose("---\norder: 1\ndescription: The harm that was done.\n---\nx\n")) == [(3, "harm", "impact")]


def messages(source, *, docstrings):
    """Each text of a program that is more than one word, with its line; texts that document only where a command prints them."""
    tree = ast.parse(source)
    bodies = [node.body for node in ast.walk(tree) if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)]
    silent = {id(line.value) for body in bodies for line in body if isinstance(line, ast.Expr)}
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
        if " " in text.strip() and (docstrings or id(node) not in silent):
            yield node.lineno, re.sub(NAMES, "", text)


def test_no_message_of_the_program_uses_a_house_word():
    said = [
        f"{path.relative_to(ROOT)}:{line}: {word!r}; say {instead}"
        for path in sorted(ROOT.glob("analysis/**/*.py"))
        for line, text in messages(files.read_text(path), docstrings=path.parent.name == "commands")
        for _, word, instead in found(text)
        if not any(excuse in text for excuse in EXCUSED)
    ]
    assert not said, "\n".join(said)


def test_a_message_is_read_and_a_docstring_only_of_a_command():
    source = 'def f():\n    """It does harm."""\n    return f"{x} users were hurt", "harm"\n'
    assert [line for line, text in messages(source, docstrings=False) if found(text)] == [3]
    assert [line for line, text in messages(source, docstrings=True) if found(text)] == [2, 3]


RAW = re.compile(r"<p\b(?![^>]*\bmarkdown\b)[^>]*>(?:(?!</p>).)*?\]\((?:(?!</p>).)*?</p>", re.DOTALL)
"""A paragraph in HTML whose content Markdown does not read, with a link of Markdown's in it: a reader sees its brackets."""


def test_no_page_has_a_link_of_markdown_where_markdown_is_not_read():
    found = [f"{path.relative_to(ROOT)}: {match.group()}" for path in PAGES for match in RAW.finditer(path.read_text())]
    assert not found


def test_a_link_that_markdown_does_not_read_is_found():
    assert RAW.search('<p class="lead">See [the engine](#engine).</p>')
    assert not RAW.search('<p class="lead" markdown>See [the engine](#engine).</p>')
    assert not RAW.search('<p>See <a href="#engine">the engine</a>.</p> [one](b.md)')
