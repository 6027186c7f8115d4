"""What the build does around MkDocs: navigation from folders, source and notebook pages, page feet, and the check of every link.

A warning of this logger fails a strict build; a broken promise of a page is such a warning.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import event_priority, get_plugin_logger
from mkdocs.structure import StructureItem
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.nav import Navigation, Section
from mkdocs.structure.pages import Page

from analysis.facts import FactError
from analysis.facts.today import today
from analysis.notebooks import execution
from analysis.pages import decisions, frontmatter, glossary, links, nights, register, source, systems, whatif
from analysis.pages.reads import cache
from analysis.site import navigation, notebook_page

log = get_plugin_logger("gameday")

MARKDOWN_TABLE = re.compile(r"<table>(.*?)</table>", re.DOTALL)
ACCESSIBLE_NAMES = (
    ('data-md-component="search" role="dialog"', 'data-md-component="search" role="dialog" aria-label="Search"'),
    ('<nav class="md-path" aria-label="Navigation"', '<nav class="md-path" aria-label="Breadcrumb"'),
)
"""Material leaves the search dialog without a name and gives the breadcrumb that of the main navigation."""

EAGER = (
    (r'\(location\.protocol!=="file:"\)', "(!1)"),  # on a server it sets the search up at once
    (
        r'(\("search\.highlight"\))\?',
        r"\1&&/[?&]h=/.test(location.search)?",
    ),  # it marks words where none were searched for
)
"""Why Material's script fetches the search index with every page: each place once, and what waits until somebody searches."""

AMBIGUOUS = ((r"(\be=e\+\w\+\w\.id)\}return e", r'\1+","}return e'),)
"""Where lunr names a node of its set of words by edges and their targets with nothing between: edges `1` to 2 and `3` to 4, and
edge `1` to 234 are one name. The nodes are merged, and a search that comes by there ends with an error and finds nothing."""

ADJUSTED = {"bundle.*.js": EAGER, "workers/search.*.js": AMBIGUOUS}
"""The scripts of the theme that are changed, each place once."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """The configuration with its navigation spelt out."""
    decisions.forget()
    try:
        config.nav = navigation.tree(Path(config.docs_dir), _notebooks(config))
    except (FactError, frontmatter.FrontMatterError) as error:
        log.warning(str(error))
    return config


def on_nav(nav: Navigation, config: MkDocsConfig, files: Files) -> Navigation:  # noqa: ARG001 (MkDocs' signature)
    """The navigation without the records of a system in its sidebar: their index lists them, and they stay below it.

    A folder whose index says `sidebar: false` is left out of it altogether; other pages lead there.

    Previous and next follow whoever reads on: from the index of records to the page after it, and from record to record.
    """
    docs = Path(config.docs_dir)
    records: list[list[Page]] = []
    for item in nav.items:
        for section in item.children or ():
            for part in section.children or ():
                pages = [page for page in part.children or () if isinstance(page, Page)]
                if pages and systems.system(docs, pages[0].file.src_uri.partition("/")[0]):
                    part.children = pages[:1]
                    records.append(pages)
            if section.children:
                section.children = [part for part in section.children if not _aside(part, docs)]
    beside = {page.file.src_uri for pages in records for page in pages[1:]}
    main = [page for page in nav.pages if page.file.src_uri not in beside]
    for path in (main, *(pages[1:] for pages in records)):
        for before, after in zip([None, *path], [*path, None], strict=True):
            if before:
                before.next_page = after
            if after:
                after.previous_page = before
    for pages in records:
        if pages[1:]:
            pages[1].previous_page = pages[0]
    return nav


def _aside(part: StructureItem, docs: Path) -> bool:
    """Whether the index page of a folder keeps it out of the sidebar."""
    pages = part.children if isinstance(part, Section) else ()
    index = next((page.file.src_uri for page in pages if isinstance(page, Page)), "")
    path = docs / index
    return bool(index) and path.is_file() and frontmatter.read(path, index).extra.get("sidebar") is False


@event_priority(100)  # before mkdocs-jupyter wraps the notebooks
def on_files(files: Files, config: MkDocsConfig) -> Files:
    """The pages of docs/ and, beside them, those made for each system and one for every source file."""
    docs = Path(config.docs_dir)
    for folder in ("", systems.REFERENCE, *(one.folder for one in systems.systems(docs))):
        for uri, made in systems.made(docs, folder).items():
            files.append(File.generated(config, uri, content=made))
    for shown in source.files(root(config)):
        page = source.page(shown)
        files.append(File.generated(config, source.uri(shown), content=page, inclusion=InclusionLevel.NOT_IN_NAV))
    for stack, path in nights.published(root(config)).items():
        files.append(File.generated(config, nights.table_uri(stack), abs_src_path=str(path)))
    for uri, table in whatif.published(root(config), docs).items():
        files.append(File.generated(config, uri, content=table))
    for uri, place in _executed(config).items():
        files.append(File(uri, str(place), config.site_dir, config.use_directory_urls))
    return files


def _executed(config: MkDocsConfig) -> dict[str, Path]:
    """The executed notebooks: the page of each -> the directory that holds it at that place, with outputs."""
    wanted = _notebooks(config)
    cache = root(config) / ".cache"
    made: dict[str, Path] = {}
    runs = [execution.Run(one.book.path, {execution.STACK: one.stack}) for one in wanted]
    try:
        done = execution.executed(runs, cache / "notebooks") if runs else []
    except execution.NotebookError as error:
        raise PluginError(str(error)) from None
    for one, notebook in zip(wanted, done, strict=True):
        execution.titled(notebook, one.about)
        text = execution.text(notebook)
        place = cache / "pages" / hashlib.sha256(text.encode()).hexdigest()[:32]
        target = place / one.uri
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        made[one.uri] = place
    return made


@event_priority(100)  # before the macros, which would read a notebook's JSON as a template
def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001 (MkDocs' signature)
    """The page with the glossary's abbreviations, after a check of what it says about itself."""
    if page.file.src_uri.endswith(".ipynb"):
        about = next(book for book in _notebooks(config) if book.uri == page.file.src_uri)
        page.meta.update(title=about.title, description=about.book.description, render_macros=False)
        return ""
    if not page.meta.get("description"):
        log.warning(
            f"{page.file.src_uri}: front matter lacks a description; search engines and the index pages show it"
        )
    if "source_page" in page.meta:
        return markdown
    try:
        front = frontmatter.of(page.meta, page.file.src_uri)
    except frontmatter.FrontMatterError as error:
        log.warning(str(error))
        return markdown
    page.meta["foot"] = foot(front, config)
    return markdown + glossary.abbreviations(glossary.file(Path(config.docs_dir)))


def foot(front: frontmatter.FrontMatter, config: MkDocsConfig) -> dict[str, Any]:
    """What stands at a page's foot, and whether its review is overdue."""
    path = str(front.extra.get("made_from") or f"docs/{front.path}")
    changed = last_change(config, path.removeprefix("docs/"))
    facts = [
        ("Owner", f"{front.owner}."),
        ("Reviewed", f"{front.last_reviewed:%-d %B %Y}, next by {front.due:%-d %B %Y}."),
        ("Source", Markup("<code>{}</code>").format(path)),
    ]
    if changed:
        facts.append(("Last change", changed))
    return {
        "facts": [(word, escape(value)) for word, value in facts],
        "overdue": front.overdue(today()),
        "due": f"{front.due:%-d %B %Y}",
        "owner": front.owner,
    }


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """The page's HTML with its source lines filled in and its tables made reachable by keyboard."""
    if not html:  # a page that is taken from the last build
        return html
    if page.file.src_uri.endswith(".ipynb"):
        made, problems = notebook_page.page(
            html, page.file.src_uri, lambda uri: files.get_file_from_path(uri) is not None
        )
        for problem in problems:
            log.warning(problem)
        name = escape(Path(page.file.src_uri).name)
        return (
            f'{made}\n<p class="g-download"><a href="{name}" download>Download this notebook with its outputs</a></p>'
        )
    path = page.meta.get("source_page")
    if path:
        shown, lines = source.rendered(root(config), path)
        page.present_anchor_ids = {*(page.present_anchor_ids or ()), *(source.anchor(n) for n in range(1, lines + 1))}
        return html.replace(source.MARK, shown)
    return MARKDOWN_TABLE.sub(
        r'<div class="g-table" role="group" aria-label="Table" tabindex="0"><table class="g-data">\1</table></div>',
        html,
    )


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:  # noqa: ARG001 (MkDocs' signature)
    """The finished page with the names that a screen reader needs."""
    for plain, named in ACCESSIBLE_NAMES:
        output = output.replace(plain, named)
    return output


@event_priority(-100)  # after the search has read the page
def on_page_context(context: Any, page: Page, config: MkDocsConfig, nav: Navigation) -> Any:  # noqa: ARG001 (MkDocs')
    """The search finds a page by its title, the `aliases` of its front matter and its alarms, and says of which system it is.

    Tags are for the lists of records, not for the search: a word that twenty pages carry finds none of them.
    """
    if (page.meta.get("search") or {}).get("exclude"):  # its entries come from the last build
        return context
    system = systems.system(Path(config.docs_dir), page.file.src_uri.partition("/")[0])
    for entry in reversed(searched(config)):
        location, _, anchor = entry["location"].partition("#")
        if location != page.url:
            break
        entry.pop("tags", None)
        if anchor:
            continue
        alarms = (str(name) for name in page.meta.get("alarms") or ())
        prefix = f"{system.folder}-" if system else ""
        aliases = [*(page.meta.get("aliases") or ()), *(name.removeprefix(prefix) for name in alarms)]
        if system and page.file.src_uri == f"{system.folder}/index.md":
            aliases += [system.title, system.folder]
        elif system:
            entry["title"] = f"{entry['title']} · {system.title}"
        if aliases:
            entry["tags"] = aliases
    return context


def searched(config: MkDocsConfig) -> list[dict[str, Any]]:
    """The entries of the search so far; the plugin's own list."""
    plugin: Any = config.plugins["material/search"]
    return plugin.search_index.entries  # type: ignore[no-any-return]


@event_priority(-200)  # after every other plugin has written what it writes
def on_post_build(config: MkDocsConfig) -> None:
    """The search adjusted; a warning for broken links, what is loaded from outside, and figures that contradict each other."""
    for pattern, places in ADJUSTED.items():
        for script in (Path(config.site_dir) / "assets" / "javascripts").glob(pattern):
            text = script.read_text(encoding="utf-8")
            for place, other in places:
                text, times = re.subn(place, other, text)
                if times != 1:
                    log.warning(f"{script.name}: {place} is there {times} times; look anew at how the theme searches")
            script.write_text(text, encoding="utf-8")
    served = config.site_url or ""  # `mkdocs serve` names each page by its address on this machine, which is not https
    for problem in links.problems(Path(config.site_dir), root(config) / ".cache" / "site" / "links.json"):
        if not (served.startswith("http://127.0.0.1") and problem.address.startswith(served)):
            log.warning(str(problem))
    for sentence in register.of_site(Path(config.site_dir)):
        log.warning(sentence)


def root(config: MkDocsConfig) -> Path:
    """The directory of the project, in which docs/ lies."""
    return Path(config.docs_dir).resolve().parent


def _notebooks(config: MkDocsConfig) -> list[navigation.Executed]:
    return navigation.executed(root(config), Path(config.docs_dir))


def last_change(config: MkDocsConfig, uri: str) -> str:
    """The day of the last commit of a page below docs/; blank where there is no git or no history."""
    return _committed(root(config)).get(f"docs/{uri}", "")


@cache
def _committed(directory: Path) -> dict[str, str]:
    """The day of the last commit of each file below docs/ and notebooks/; empty where there is no git or no history."""
    command = [
        "git",
        "log",
        "--format=%x00%cd",
        "--date=format:%-d %B %Y",
        "--name-only",
        "--no-renames",
        "--relative",
        "--",
        "docs",
    ]
    try:
        done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)  # noqa: S603 (fixed words)
    except OSError:
        return {}
    days: dict[str, str] = {}
    for commit in done.stdout.split("\0")[1:]:
        day, *paths = commit.strip().splitlines()
        for path in paths:
            if path:
                days.setdefault(path, day)
    return days
