"""The navigation, from folders: an index page, then pages and sub-folders in the order their front matter gives."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.pages import frontmatter, systems
from analysis.pages.frontmatter import FrontMatter
from analysis.pages.model import model


@dataclass(frozen=True, slots=True)
class Notebook:
    """A notebook of the project: where it lies, its title (the first heading) and its description (the first paragraph)."""

    path: Path
    title: str
    description: str


@dataclass(frozen=True, slots=True)
class Executed:
    """A notebook as a page of a system: executed for one of its stacks, whose title ends that of the page."""

    book: Notebook
    system: str
    stack: str
    about: str

    @property
    def uri(self) -> str:
        """Its place among the pages."""
        return f"{self.system}/{systems.NOTEBOOKS}/{self.book.path.stem}-{self.stack}.ipynb"

    @property
    def title(self) -> str:
        """The question, and of which stack it is asked."""
        return f"{self.book.title}: {self.about}"


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


def executed(root: Path, docs: Path) -> list[Executed]:
    """The pages that the systems want of the notebooks, by system and stack.

    Raises FrontMatterError where a system names a notebook that there is not.
    """
    books = {book.path.stem: book for book in notebooks(root / "notebooks")}
    found = []
    for system in systems.systems(docs):
        for shown in system.stacks:
            for name in shown.notebooks:
                if name not in books:
                    raise frontmatter.FrontMatterError(
                        f"docs/{system.folder}/{systems.FILE_NAME}: stack {shown.name} names the notebook {name!r}; "
                        f"there are {', '.join(books) or 'none'}"
                    )
                about = model(root, shown.name).about.title
                found.append(Executed(books[name], system.folder, shown.name, about))
    return found


def tree(docs: Path, books: Sequence[Executed] = ()) -> list[Any]:
    """The navigation: the home page, then every folder with an index page, in order; notebooks join the folder they name."""
    return [{"Home": "index.md"}, *({page.title: _section(docs, _folder(page), books)} for page in _ordered(docs, ""))]


def _ordered(docs: Path, name: str) -> list[FrontMatter]:
    return sorted(systems.children(docs, name), key=lambda page: (page.order, page.title))


def _folder(index: FrontMatter) -> str:
    return index.path.removesuffix("/index.md")


def _section(docs: Path, name: str, books: Sequence[Executed]) -> list[Any]:
    """What stands below the index page of a folder; a system's pages stand in sections of their own."""
    entries: list[tuple[FrontMatter, dict[Any, Any]]] = [
        (page, {page.extra.get("nav", page.title): page.path}) for page in systems.folder(docs, name)
    ]
    entries += [(page, {page.title: _section(docs, _folder(page), books)}) for page in systems.children(docs, name)]
    entries.sort(key=lambda entry: (entry[0].order, entry[0].title))
    own = [{book.title: book.uri} for book in books if book.uri.rpartition("/")[0] == name]
    if systems.system(docs, name) is None:
        return [f"{name}/index.md", *(entry for _, entry in entries), *own]
    parts = {
        title: [entry for page, entry in entries if systems.section(page) == key]
        for key, title in systems.SECTIONS.items()
    }
    return [f"{name}/index.md", *({title: part} for title, part in parts.items() if part), *own]
