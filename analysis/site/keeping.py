"""The hooks that take an unchanged page from the last build: see `kept` for what a page rests on."""

from __future__ import annotations

import json
import logging
import os
import platform
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import event_priority
from mkdocs.structure import StructureItem
from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page

from analysis.facts.today import today
from analysis.pages import decisions, reads
from analysis.site import build, exported, hooks, kept
from analysis.site.kept import Entry, Pages, digest

OWN = ("docs/", ".md")
"""How the inputs begin and end that a page rests on only if it reads them; on all others every page rests. Whoever edits the
program, the Terraform or a record gets every page anew: what is lazily computed from these is shared by pages."""

NAVIGATED = ("icon", "status", "subtitle")
"""What the theme shows of another page in the navigation, beside its title and address."""

EMPTY = "kept.html"
"""The template of a page whose file is taken from the last build."""


class _Warnings(logging.Handler):
    """Whether anything was warned of."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.any = False

    def emit(self, record: logging.LogRecord) -> None:  # noqa: ARG002 (its signature)
        """Notes that there was a warning."""
        self.any = True


@dataclass
class _Build:
    """What one build holds: the kept pages, those that it makes, and what it has been told so far."""

    pages: Pages
    warnings: _Warnings = field(default_factory=_Warnings)
    taken: dict[str, Entry] = field(default_factory=dict)
    made: dict[str, Entry] = field(default_factory=dict)
    recorder: Any = None
    opened: set[str] = field(default_factory=set)
    key: str = ""
    navigation: Navigation | None = None
    searched: int = 0


_BUILDS: list[_Build] = []
"""The build at work; the list is emptied when the next begins."""


def _build() -> _Build:
    return _BUILDS[-1]


@event_priority(200)
def on_config(config: MkDocsConfig) -> None:
    """Begins to listen for warnings: pages of a build that warns are not kept."""
    reads.forget()
    root = hooks.root(config)
    _BUILDS[:] = [_Build(Pages(root / ".cache" / "site" / "pages", root, ""))]
    logging.getLogger("mkdocs").addHandler(_build().warnings)


def on_nav(nav: Navigation, config: MkDocsConfig, files: Files) -> None:
    """Lays the ground: the program, the names of all files, the pages that there are, the day and the tools."""
    root = hooks.root(config)
    names = [path.relative_to(root).as_posix() for path in build.inputs(root)]
    shared = (name for name in names if not (name.startswith(OWN[0]) and name.endswith(OWN[1])))
    contents = [_build().pages.content(name) for name in shared]
    surroundings = [
        platform.python_version(), config.site_url, os.environ.get("GAMEDAY_TODAY"), today(),
        bool(shutil.which("git")), build.program(root),
    ]  # fmt: skip
    shown = [(file.src_uri, file.dest_uri, file.inclusion.name) for file in files]
    _build().pages.ground = digest(names, contents, surroundings, shown)
    _build().navigation = nav


@event_priority(-200)  # after mkdocs-jupyter, which brings a way of its own to make a notebook's page
def on_pre_page(page: Page, config: MkDocsConfig, files: Files) -> None:  # noqa: ARG001 (MkDocs' signature)
    """Takes the page from the last build, or begins to note what it reads."""
    build, uri = _build(), page.file.src_uri
    build.key = build.pages.key(uri, page.file.content_string, hooks.last_change(config, uri))
    entry = build.pages.find(uri, build.key)
    if entry is None:
        build.recorder = reads.noted()
        build.opened = build.recorder.__enter__()
    else:
        build.taken[uri] = entry
        page.render = lambda config, files: _restore(page, entry, files)  # type: ignore[method-assign]  # noqa: ARG005


def _restore(page: Page, entry: Entry, files: Files) -> None:
    page.content = ""
    page.toc = kept.table_of_contents(entry["toc"])
    page._title_from_render = entry["title"]
    page.present_anchor_ids = set(entry["anchors"])
    page.links_to_anchors = {
        file: links for uri, links in entry["links"].items() if (file := files.get_file_from_path(uri))
    }


@event_priority(200)  # before whatever would work on the text
def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001 (MkDocs' signature)
    """Nothing, where the page is taken from the last build."""
    return "" if is_taken(page) else markdown


@event_priority(-200)  # after whatever works on the HTML
def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001 (MkDocs' signature)
    """The page's HTML as the last build left it; of a page that is made, all that the next build needs is noted."""
    build, uri = _build(), page.file.src_uri
    if is_taken(page):
        return str(build.taken[uri]["content"])
    build.recorder.__exit__(None, None, None)
    build.made[uri] = {
        "key": build.key,
        "reads": build.pages.read(build.opened),
        "content": html,
        "toc": kept.contents(page.toc),
        "title": page._title_from_render,
        "anchors": sorted(page.present_anchor_ids or ()),
        "links": {file.src_uri: dict(links) for file, links in (page.links_to_anchors or {}).items()},
        "named": decisions.named().get(_path(config, uri), ""),
    }
    return html


def _path(config: MkDocsConfig, uri: str) -> Path:
    return Path(config.docs_dir) / uri


def is_taken(page: Page) -> bool:
    """Whether the page is taken from the last build."""
    return page.file.src_uri in _build().taken


def on_env(env: jinja2.Environment, config: MkDocsConfig, files: Files) -> None:  # noqa: ARG001 (MkDocs' signature)
    """Gives every page whose file would be the same an empty template; its file is written as it was. Adds exported records."""
    build = _build()
    for place, content in exported.kept(hooks.root(config), Path(config.docs_dir), build.pages.ground).items():
        file = File.generated(config, f"{place}.file", content=content)  # so that Markdown is not taken for a page
        file.dest_uri = place
        files.append(file)
    navigation = digest(*map(_shown, build.navigation or ()), build.navigation and build.navigation.homepage)
    for file in files.documentation_pages():
        page = file.page
        if page is None:
            continue
        around = [_shown(item) for item in (page.previous_page, page.next_page, *page.ancestors)]
        meta = json.dumps(page.meta, sort_keys=True, default=str)
        toc = kept.contents(page.toc)
        whole = digest(navigation, around, meta, page.title, page.url, page.content, toc, page.edit_url)
        entry = build.taken.get(file.src_uri) or build.made.get(file.src_uri)
        if entry is not None and entry.get("whole") == whole:
            page.meta["template"] = EMPTY
        elif entry is not None:
            build.made[file.src_uri] = {**entry, "whole": whole}


def _shown(item: StructureItem | None) -> list[Any]:
    if item is None:
        return []
    meta = getattr(item, "meta", {})
    return [
        type(item).__name__,
        item.title,
        getattr(item, "url", ""),
        [str(meta.get(name)) for name in NAVIGATED],
        [_shown(child) for child in getattr(item, "children", None) or ()],
    ]


@event_priority(200)  # before the search, which would read the page again
def on_page_context(context: Any, page: Page, config: MkDocsConfig, nav: Navigation) -> Any:  # noqa: ARG001 (MkDocs')
    """What the search knows of a page is kept too."""
    build = _build()
    entries = hooks.searched(config)
    if page.meta.get("template") == EMPTY:
        entries += json.loads(build.taken[page.file.src_uri]["search"])
        page.meta["search"] = {"exclude": True}
    else:
        build.searched = len(entries)
    return context


@event_priority(-200)  # after whatever works on the finished page
def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """The page's file as the last build wrote it, or a note of how it is now."""
    build, uri = _build(), page.file.src_uri
    if page.meta.get("template") == EMPTY:
        return str(build.taken[uri]["output"])
    entries = hooks.searched(config)[build.searched :]
    build.made[uri] |= {"output": output, "search": json.dumps(entries)}  # as text: its order stays
    return output


def on_build_error(error: Exception) -> None:  # noqa: ARG001 (MkDocs' signature)
    """Ends what a build began."""
    reads.forget()
    for begun in _BUILDS:
        logging.getLogger("mkdocs").removeHandler(begun.warnings)


@event_priority(-300)  # after the check of the links
def on_post_build(config: MkDocsConfig) -> None:
    """Keeps what was made, unless there was a warning."""
    build = _build()
    logging.getLogger("mkdocs").removeHandler(build.warnings)
    for uri, entry in build.taken.items():
        if entry["named"]:
            decisions.name(_path(config, uri), entry["named"])
    if not build.warnings.any:
        for uri, entry in build.made.items():
            build.pages.keep(uri, entry)
        build.pages.prune({*build.made, *build.taken})
