"""The macros that pages cite numbers and tables with; an unknown name fails the build."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

from analysis.drawing import diagrams, tables
from analysis.pages import (
    bill,
    boundaries,
    comparison,
    decisions,
    emulated,
    figures,
    gameday,
    glossary,
    guide,
    horizons,
    infrastructure,
    interface,
    interruptions,
    ledger,
    links,
    load,
    local,
    measured,
    migration,
    model,
    nights,
    postmortem,
    premortem,
    proofs,
    records,
    reference,
    rehearsals,
    requirements,
    scaling,
    season,
    settings,
    source,
    standins,
    stated,
    storage,
    systems,
    variants,
    whatif,
)
from analysis.pages.frontmatter import FrontMatter
from analysis.site import navigation


def define_env(env: Any) -> None:
    """Registers the macros with mkdocs-macros, which calls this once per build."""
    docs = Path(env.conf["docs_dir"])
    root = docs.resolve().parent

    def here() -> str:
        return str(env.page.file.src_uri)

    site = model.Site(root, docs, here)
    for macro in (
        *_listings(site),
        *_of_the_page(site, lambda: env.page.meta),
        *nights.macros(root),
        *season.macros(root),
        *emulated.macros(root),
        *gameday.macros(root),
        *rehearsals.macros(root, here),
    ):
        env.macro(macro)
    for subject in (
        bill, boundaries, comparison, decisions, figures, guide, horizons, infrastructure, interface, interruptions,
        ledger, load, local, measured, migration, postmortem, premortem, proofs, reference, requirements, scaling, standins,
        stated, settings, storage, variants, whatif,
    ):  # fmt: skip
        for name, function in subject.macros(site).items():
            env.macro(function, name)

    def answer(name: str, *arguments: Any) -> Any:
        """What a macro gives, or the sentence with which it refuses."""
        try:
            return env.macros[name](*arguments)
        except figures.REFUSALS as error:
            return figures.refused(str(error))

    env.macro(answer)


def _listings(site: model.Site) -> tuple[Callable[..., str], ...]:
    """The macros that list what the site has, and lead to a line of it."""
    root, docs, here = site.root, site.docs, site.here

    def contents(folder: str) -> Markup:
        """One line for each page and sub-folder of a folder: its title and description."""
        return section_list(docs, folder, here())

    def glossary_list() -> Markup:
        """The glossary."""
        return glossary.listing(glossary.file(docs))

    def source_files() -> Markup:
        """Every source file that is shown, by folder."""
        return source_list(root, here())

    def cited(path: str, line: int) -> Markup:
        """A link to a line of a source file."""
        return source.link(root, here(), path, line)

    def line_of(path: str, text: str) -> Markup:
        """A link to the only line of a source file that holds a text; it moves with the line."""
        return source.link(root, here(), path, source.line_of(root, path, text))

    def notebook_list(folder: str) -> Markup:
        """One line for each notebook that is executed for the stacks of a system: its title and first paragraph."""
        return book_list(root, docs, folder, here())

    def notebook_table() -> Markup:
        """Every notebook with the stacks for which it is executed."""
        return book_table(root, docs, here())

    def runbook_list(folder: str) -> Markup:
        """The runbooks of a folder."""
        return records.runbook_table(docs, folder, here())

    def runbook_minutes(page: str) -> str:
        """How long a runbook takes, as its front matter says, such as 90 min."""
        found = next((one for one in records.runbooks(docs, str(Path(page).parent)) if one.path == page), None)
        if found is None:
            raise LookupError(f"there is no runbook {page}")
        return f"{found.extra['minutes']} min"

    def system_list() -> Markup:
        """The systems of the site, each with its summary and the figures that its folder names."""
        return system_cards(root, docs, here())

    def how_many(folder: str) -> str:
        """The number of pages in a folder, its index not counted."""
        return str(len(systems.folder(docs, folder)))

    def how_many_notebooks() -> str:
        """The number of notebooks."""
        return str(len(navigation.notebooks(root / "notebooks")))

    def diagram(name: str) -> Markup:
        """A stack drawn from its resolved model; every box leads to the page about it, or to its line."""
        found = site.stack(name)
        drawing = diagrams.draw(
            found.architecture,
            title=found.about.title,
            monthly_usd=diagrams.monthly_usd(found.estimate),
            page=lambda address: infrastructure.address_page(found, address, here()),
        )
        return Markup(drawing.html())  # noqa: S704 (its texts are escaped where it is made)

    return (
        contents, glossary_list, source_files, cited, line_of, notebook_list, notebook_table, runbook_list, runbook_minutes,
        system_list, how_many, how_many_notebooks, diagram,
    )  # fmt: skip


def _of_the_page(site: model.Site, meta: Callable[[], Mapping[str, Any]]) -> tuple[Callable[..., str], ...]:
    """The macros that rest on the front matter of the page that calls them; `meta` gives it."""

    def runbook_alarms(name: str) -> Markup:
        """The alarms that the runbook at hand answers, and where its commands are typed."""
        found = meta().get("alarms") or []
        told = infrastructure.alarms_named(site.stack(name), site.here(), found) if found else Markup("")
        return Markup("{}\n<p>{}</p>").format(told, records.where_to_type(site.stack(name).architecture.region))

    return (runbook_alarms,)


def section_list(docs: Path, folder: str, page: str) -> Markup:
    """The pages and sub-folders of a folder, in the order of the navigation, each with its description."""
    entries = [*systems.folder(docs, folder), *systems.children(docs, folder)]
    place = list(systems.SECTIONS).index

    def order(entry: FrontMatter) -> tuple[int, int, str]:
        """Pages of a system stand by section, as in the navigation."""
        return (place(systems.section(entry)) if in_system else 0, entry.order, entry.title)

    in_system = systems.system(docs, folder) is not None
    ordered = sorted((entry for entry in entries if entry.path != page), key=order)
    return _rows((links.relative(page, entry.path), entry.title, entry.description) for entry in ordered)


def system_cards(root: Path, docs: Path, page: str) -> Markup:
    """The systems in their order, each as a card: title, summary and figures."""
    cards = []
    for one in systems.systems(docs):
        figures = [
            Markup("<li><strong>{}</strong> {}</li>").format(stated.claim(root, page, claim), label)
            for label, claim in one.figures.items()
        ]
        title = tables.link(links.relative(page, f"{one.folder}/index.md"), one.title)
        cards.append(
            Markup(
                '<section class="g-door"><h3 class="g-door__ask">{}</h3><p class="g-door__note">{}</p>{}</section>'
            ).format(title, one.summary, Markup("<ul>{}</ul>").format(Markup("").join(figures)) if figures else "")
        )
    return Markup('<div class="g-doors g-systems">{}</div>').format(Markup("").join(cards))


def book_list(root: Path, docs: Path, folder: str, page: str) -> Markup:
    """The notebooks executed for the stacks of a system, each with its description."""
    found = [one for one in navigation.executed(root, docs) if one.system == folder]
    return _rows((links.relative(page, one.uri), one.title, one.book.description) for one in found)


def book_table(root: Path, docs: Path, page: str) -> Markup:
    """The notebooks, each with what it shows and the pages of the stacks for which it is executed."""
    found = navigation.executed(root, docs)
    rows = []
    for book in navigation.notebooks(root / "notebooks"):
        pages = [tables.link(links.relative(page, one.uri), one.about) for one in found if one.book == book]
        rows.append(
            [Markup("{}<br>{}").format(tables.code(book.path.stem), book.title), book.description, _lines(pages)]
        )
    columns = [tables.Column("Notebook"), tables.Column("What it shows", "wide"), tables.Column("Executed for", "wide")]
    return tables.table(columns, rows, label="Notebooks")


def _lines(parts: Iterable[Markup]) -> Markup:
    return Markup("<br>").join(parts)


def _rows(entries: Iterable[tuple[str, str, str]]) -> Markup:
    items = [
        Markup("<li><span>{}</span><span>{}</span></li>").format(tables.link(href, title), description)
        for href, title, description in entries
    ]
    return Markup('<ul class="g-rows">{}</ul>').format(Markup("").join(items))


def source_list(root: Path, page: str) -> Markup:
    """The source files by folder, each with the number of its lines and a link to its page."""
    rows = []
    for path in source.files(root):
        folder, _, name = path.rpartition("/")
        lines = (root / path).read_text(encoding="utf-8").count("\n")
        rows.append([folder, tables.link(links.relative(page, source.uri(path)), name), f"{lines:,}"])
    return tables.table(
        [tables.Column("Folder", "code"), tables.Column("File", "code"), tables.Column("Lines", "number")],
        rows,
        label="Source files",
    )
