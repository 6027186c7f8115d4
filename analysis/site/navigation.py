"""The navigation, from folders: an index page, then pages and sub-folders in the order their front matter gives."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mkdocs.utils.meta import get_data

from analysis.pages import frontmatter, reads


@dataclass(frozen=True, slots=True)
class Notebook:
    """A notebook as a page: where it lies, its title (the first heading) and its description (the first paragraph)."""

    path: Path
    title: str
    description: str

    @property
    def uri(self) -> str:
        """Its place among the pages."""
        return f"notebooks/{self.path.name}"


def notebooks(directory: Path) -> list[Notebook]:
    """The notebooks of a folder by name. Raises FrontMatterError where one does not begin with a heading and a paragraph."""
    found = []
    for path in sorted(directory.glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        text = "".join(cells[0]["source"]) if cells and cells[0]["cell_type"] == "markdown" else ""
        blocks = [block.strip() for block in text.strip().split("\n\n") if block.strip()]
        if len(blocks) < 2 or not blocks[0].startswith("# "):
            raise frontmatter.FrontMatterError(
                f"notebooks/{path.name}: the first cell must be Markdown: "
                "a `# Title`, a blank line and a paragraph that says what it shows"
            )
        found.append(Notebook(path, blocks[0].removeprefix("# ").strip(), " ".join(blocks[1].split())))
    return found


def expanded(nav: Sequence[Any], docs: Path, extra: Sequence[Notebook] = ()) -> list[Any]:
    """The navigation of mkdocs.yml with every `folder/` replaced by what lies in it; notebooks join the folder they name."""
    return [
        {
            title: _section(docs, target.rstrip("/"), extra)
            if isinstance(target, str) and target.endswith("/")
            else target
        }
        for entry in nav
        for title, target in entry.items()
    ]


def shown(folder: Path) -> bool:
    """Whether a folder is a section: it has an index page, and other pages too where its index says `needs_pages`."""
    index = folder / "index.md"
    if not index.is_file():
        return False
    return not get_data(reads.part(index, "front matter"))[1].get("needs_pages") or len(list(folder.glob("*.md"))) > 1


def _section(docs: Path, name: str, extra: Sequence[Notebook]) -> list[Any]:
    entries: list[tuple[int, str, Any]] = [
        (page.order, page.title, {page.extra.get("nav", page.title): page.path})
        for page in frontmatter.folder(docs, name)
    ]
    for child in (docs / name).iterdir():
        if shown(child):
            index = frontmatter.read(child / "index.md", f"{name}/{child.name}/index.md")
            entries.append((index.order, index.title, {index.title: _section(docs, f"{name}/{child.name}", extra)}))
    pages = [entry for _, _, entry in sorted(entries, key=lambda item: (item[0], item[1]))]
    books = [{book.title: book.uri} for book in extra if book.uri.rpartition("/")[0] == name]
    return [f"{name}/index.md", *pages, *books]
