"""The project's source as pages, one anchor per line, so that every `file:line` on the site can be followed offline."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from pathlib import Path

from markupsafe import Markup, escape
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers.configs import TerraformLexer, TOMLLexer
from pygments.lexers.data import JsonLexer, YamlLexer
from pygments.lexers.python import PythonLexer
from pygments.lexers.shell import BashLexer
from pygments.lexers.special import TextLexer

from analysis.drawing import tables
from analysis.pages import links
from analysis.pages.reads import cache
from analysis.pages.shared import is_checkout

FOLDER = "reference/source"
"""Where the source pages lie among the pages."""

SHOWN: Mapping[str, type[Lexer]] = {
    "terraform/stacks/*/*.tf": TerraformLexer,
    "terraform/stacks/*/*.toml": TOMLLexer,
    "terraform/stacks/*/*.yml": YamlLexer,
    "terraform/stacks/*/tests/*.tftest.hcl": TerraformLexer,
    "terraform/modules/*/*.tf": TerraformLexer,
    "terraform/stacks/*/environments/*.tfvars": TerraformLexer,
    "terraform/modules/*/tests/*.tftest.hcl": TerraformLexer,
    "terraform/scenarios/*.toml": TOMLLexer,
    "terraform/migrations/*.toml": TOMLLexer,
    "analysis/facts/harm.toml": TOMLLexer,
    "analysis/facts/migration_rules.csv": TextLexer,
    "apps/*.py": PythonLexer,
    "apps/*/*.json": JsonLexer,
    "apps/*/*.py": PythonLexer,
    "apps/*/shared/*.py": PythonLexer,
    "tests/stacks/*/test_quality.py": PythonLexer,
    ".github/workflows/*.yml": YamlLexer,
    ".github/scripts/*.py": PythonLexer,
    ".github/scripts/*.sh": BashLexer,
}
"""Which files are shown, and how they are coloured."""

ELSEWHERE: Mapping[str, type[Lexer]] = {
    "**/*.tf": TerraformLexer,
    "gameday.toml": TOMLLexer,
    "scenario.toml": TOMLLexer,
}
"""The same for a project elsewhere. Values of variables are not among them: they may be secret."""

HIDDEN = frozenset({".terraform", "site", ".cache"})
"""Directories of a project whose files are not its own."""


@cache
def files(root: Path) -> Mapping[str, type[Lexer]]:
    """The files that are shown, by their path below `root`; the same during a whole build."""
    patterns = SHOWN if is_checkout(root) else ELSEWHERE
    found = {
        path.relative_to(root).as_posix(): lexer
        for pattern, lexer in patterns.items()
        for path in root.glob(pattern)
        if not HIDDEN & set(path.relative_to(root).parts)
    }
    return dict(sorted(found.items()))


def uri(path: str) -> str:
    """The page of a source file: `terraform/stacks/x/main.tf` -> `reference/source/terraform/stacks/x/main.tf.md`."""
    return f"{FOLDER}/{path.removeprefix('.')}.md"


def anchor(line: int) -> str:
    """The anchor of a line."""
    return f"L{line}"


def line_of(root: Path, path: str, text: str) -> int:
    """The number of the only line of a file that holds `text`. Raises ValueError where there is none, or more than one."""
    if path not in files(root):
        raise ValueError(f"{path} is not a source file that the site shows")
    lines = (root / path).read_text(encoding="utf-8").splitlines()
    found = [number for number, line in enumerate(lines, 1) if text in line]
    if len(found) != 1:
        raise ValueError(f"{path} has {len(found)} lines with {text!r}; name a text that stands on one line only")
    return found[0]


def below_root(directory: str, file: str) -> str:
    """The path below the root of `file`, which is given relative to `directory`."""
    return posixpath.normpath(posixpath.join(directory, file))


def page(path: str) -> str:
    """The Markdown of a source page; `rendered` fills its empty element later, past Markdown and macros."""
    name = posixpath.basename(path)
    return (
        f"---\ntitle: {name}\ndescription: 'The source of {path}, with an anchor on every line.'\n"
        f"render_macros: false\nsearch: {{exclude: true}}\nhide: [toc]\nsource_page: {path}\n---\n"
        f"# `{path}`\n\n{MARK}\n"
    )


MARK = '<div class="g-source"></div>'


@cache
def length(root: Path, path: str) -> int:
    """The number of lines that the page of a file shows."""
    return (root / path).read_text(encoding="utf-8").rstrip("\n").count("\n") + 1


@cache
def rendered(root: Path, path: str) -> tuple[Markup, int]:
    """The coloured lines of a file, each with its anchor, and how many there are."""
    text = (root / path).read_text(encoding="utf-8")
    formatter: HtmlFormatter[str] = HtmlFormatter(nowrap=True)
    lines = highlight(text, files(root)[path](stripnl=False), formatter).rstrip("\n").split("\n")
    numbered = "".join(
        f'<span class="g-line" id="L{number}"><a class="g-no" href="#L{number}" data-no="{number}" '
        f'aria-label="Line {number}"></a>{line}</span>'
        for number, line in enumerate(lines, 1)
    )
    label = escape(f"Source of {path}")
    made = (
        f'<div class="g-source highlight" role="group" aria-label="{label}">'
        f'<pre><code tabindex="0">{numbered}</code></pre></div>'
    )
    return Markup(made), len(lines)  # noqa: S704 (Pygments escapes the text)


def link(root: Path, page: str, path: str, line: int) -> Markup:
    """A link to a line of a source file, named by file and line. Raises ValueError where there is no such line."""
    if path not in files(root):
        raise ValueError(f"{page}: {path} is not a source file that the site shows")
    if not 1 <= line <= length(root, path):
        raise ValueError(f"{page}: {path} has no line {line}")
    name = f"{path.rpartition('/')[2]}:{line}"
    return tables.link(links.relative(page, uri(path), anchor(line)), tables.inline(name), "g-src")
