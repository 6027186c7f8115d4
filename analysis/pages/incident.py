"""What closes a flaw or an action, as a link."""

from __future__ import annotations

import re
from pathlib import Path

from markupsafe import Markup

from analysis.drawing import tables
from analysis.drawing.tables import Cell
from analysis.pages import frontmatter, infrastructure, links, model, source

_SOURCE_LINE = re.compile(r"(?P<path>[\w./-]+\.[a-z]+):(?P<line>\d+)")


def closed_by(root: Path, page: str, text: str) -> Cell:
    """What closes a flaw or an action, as a link from `page`.

    It names an argument (`stack address argument`, shown with its value), a source line (`file.tf:12`, or `file.tf#text` for the
    first line with that text), or a page (`docs/SYSTEM/NAME.md`). Nothing for a blank text.

    Raises ValueError where it is none of them, LookupError where the stack has no such argument.
    """
    if not text:
        return None
    if text.count(" ") == 2:
        name, address, argument = text.split(" ")
        found = model.model(root, name)
        value, where, _ = infrastructure.attribute(found, address, argument)
        shown = tables.code(f"{argument} = {infrastructure.shown(value)}")
        return Markup("{} {}").format(shown, infrastructure.citation(found, where, page) or "")
    file, _, wanted = text.partition("#")
    if wanted:
        lines = (root / file).read_text(encoding="utf-8").splitlines() if file in source.files(root) else []
        number = next((number for number, line in enumerate(lines, 1) if wanted in line), None)
        if number is None:
            raise ValueError(f"{page}: closed_by names {text}, but {file} has no line with {wanted!r}")
        return Markup("{} {}").format(tables.code(wanted), source.link(root, page, file, number))
    match = _SOURCE_LINE.fullmatch(text)
    if match:
        return source.link(root, page, match["path"], int(match["line"]))
    path = root / text
    if not (text.startswith("docs/") and path.is_file()):
        raise ValueError(f"{page}: closed_by names {text}, which is neither a source line nor a page below docs/")
    target = text.removeprefix("docs/")
    return tables.link(links.relative(page, target), frontmatter.read(path, target).title)
