"""Systems as folders of data: what `docs/SYSTEM/system.toml` says, and the pages that every system needs, made from templates.

A page is a template of `analysis/templates/pages` filled with the system's stacks and words. Prose that only one system has
stands in a slot: `docs/SYSTEM/_cost.md` holds those of the page `cost`, each below a first-level heading with the slot's name.
What stands before the first heading is the slot `lead`; front matter there replaces what the template says of the page.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
import yaml

from analysis.facts.assumptions import Table, toml
from analysis.frontmatter import PlacedError, closing, front_matter
from analysis.ledger import FILE_NAME as LEDGER
from analysis.ledger import REQUIREMENTS
from analysis.pages import frontmatter, reads
from analysis.pages.frontmatter import FrontMatter, FrontMatterError
from analysis.pages.reads import cache
from analysis.pages.shared import shared

FILE_NAME = "system.toml"

TEMPLATES = Path(__file__).parents[1] / "templates" / "pages"

HOME = TEMPLATES.parent / "home.md"

REFERENCE = "reference"

BROUGHT = ("index", "prices", "limits", "rules", "how-computed", "glossary", "terraform", "emulator")
"""The pages of reference that are true of any project."""

RECORDS = ("decisions", "runbooks")
"""The pages that are the index of a folder of records; each is there as soon as there is a record."""

NOTEBOOKS = "notebooks"
"""The page that is the index of the notebooks executed for a system's stacks; it is there where a stack names one."""

SECTIONS: Mapping[str, str] = {
    "incident": "Incident",
    "pre-mortem": "Pre-mortem",
    "operate": "Operate",
    "system": "System",
    "decide": "Decide",
}
"""The sections of a system's navigation, in their order: what a page's front matter calls each, and its heading."""

WORDS: Mapping[str, str] = {"crowd": "users", "event": "game", "load": "requests"}
"""What templates call whoever comes, what they come for and what they send, where a system has no word of its own."""

ENVIRONMENT = jinja2.Environment(
    variable_start_string="[[", variable_end_string="]]", block_start_string="[%", block_end_string="%]",
    comment_start_string="[##", comment_end_string="##]", undefined=jinja2.StrictUndefined, trim_blocks=True,
    lstrip_blocks=True, keep_trailing_newline=True, autoescape=False,  # noqa: S701 (what it makes is Markdown)
)  # fmt: skip
"""Fills a template; its marks leave those of the macros, which work on the finished page, alone."""

_SLOT = re.compile(r"slot\(\"(?P<name>[a-z-]+)\"\)")
_HEADING = re.compile(r"# (?P<name>\S.*)")
_FENCE = re.compile(r"\s*(```|~~~)")


@dataclass(frozen=True, slots=True)
class Shown:
    """A stack that a system shows, what its pages call it (`label` reads as a heading), and the notebooks executed for it."""

    name: str
    label: str
    notebooks: tuple[str, ...] = ()

    @property
    def suffix(self) -> str:
        """The label as it ends a heading of which there is one for each stack."""
        return f", {self.label[:1].lower()}{self.label[1:]}"


@dataclass(frozen=True, slots=True)
class System:
    """What `system.toml` says: the stacks in the order in which pages show them, the main one first, and the pages made."""

    folder: str
    title: str
    summary: str
    order: int
    owner: str
    last_reviewed: dt.date
    review_in: str
    stacks: tuple[Shown, ...]
    pages: tuple[str, ...]
    words: Mapping[str, str] = field(default_factory=dict)
    figures: Mapping[str, str] = field(default_factory=dict)
    """What stands beside the system on the home page: a label, and the claim that gives its figure."""

    @property
    def main(self) -> Shown:
        """The stack that the system runs, or will."""
        return self.stacks[0]

    @property
    def others(self) -> tuple[Shown, ...]:
        """What it is compared with."""
        return self.stacks[1:]


@cache
def system(docs: Path, folder: str) -> System | None:
    """The system in a folder below `docs`; None where the folder is none. Raises FactError for a file that cannot be used."""
    path = docs / folder / FILE_NAME
    if not path.is_file():
        return None
    table = toml(path, name=f"docs/{folder}/{FILE_NAME}")
    stacks = tuple(_shown(entry) for entry in table.tables("stack", at_least=1))
    made = System(
        folder=folder,
        title=table.text("title"),
        summary=table.text("summary"),
        order=int(table.number("order")),
        owner=table.text("owner"),
        last_reviewed=_day(table, "last_reviewed"),
        review_in=table.text("review_in"),
        stacks=stacks,
        pages=_pages(table, docs / folder),
        words={**WORDS, **_words(table)},
        figures=table.texts("figures"),
    )
    table.closed()
    return made


def _shown(entry: Table) -> Shown:
    names = entry.get(NOTEBOOKS) if NOTEBOOKS in entry.entries else []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise entry.error(NOTEBOOKS, "must be a list of notebooks, each named as its file without the ending")
    made = Shown(entry.text("name"), entry.text("label"), tuple(names))
    entry.closed()
    return made


def _day(table: Table, key: str) -> dt.date:
    value = table.get(key)
    if type(value) is not dt.date:
        raise table.error(key, "must be a day, such as 2026-11-21")
    return value


def _words(table: Table) -> Mapping[str, str]:
    words = table.texts("words")
    unknown = sorted(set(words) - set(WORDS))
    if unknown:
        raise table.error(f"words.{unknown[0]}", f"is not known; the words are {', '.join(WORDS)}")
    return words


def _pages(table: Table, folder: Path) -> tuple[str, ...]:
    names = table.get("pages")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise table.error("pages", "must be a list of the pages to make")
    known = templates()
    for name in names:
        if name not in known:
            raise table.error("pages", f"names {name!r}; there are templates for {', '.join(known)}")
        if (folder / address(name)).is_file():
            raise table.error(
                "pages",
                f"names {name!r}, and {address(name)} is written by hand; move its prose into the slots of _{name}.md, "
                "or leave the name out",
            )
    for path in sorted(folder.glob("_*.md")):
        if path.stem[1:] not in names:
            raise table.error("pages", f"lacks {path.stem[1:]!r}, for which {path.name} has prose")
    return tuple(names)


@cache
def systems(docs: Path) -> tuple[System, ...]:
    """Every system below `docs`, in their order. Raises FactError for a file that cannot be used."""
    found = [system(docs, path.parent.name) for path in docs.glob(f"*/{FILE_NAME}")]
    return tuple(sorted(filter(None, found), key=lambda one: (one.order, one.title)))


def words(docs: Path, page: str) -> Mapping[str, str]:
    """The words of the system that a page is about; those of no system elsewhere."""
    one = system(docs, page.partition("/")[0])
    return one.words if one else WORDS


def label(docs: Path, page: str, stack: str) -> str:
    """What the system that a page is about calls a stack; blank where it shows none of that name."""
    one = system(docs, page.partition("/")[0])
    return next((shown.label for shown in one.stacks if shown.name == stack), "") if one else ""


def templates() -> tuple[str, ...]:
    """The names of the pages that can be made for a system."""
    return tuple(sorted(path.stem for path in TEMPLATES.glob("*.md")))


def address(page: str) -> str:
    """Where a made page stands in its system's folder: `cost` -> `cost.md`, `decisions` -> `decisions/index.md`."""
    return f"{page}/index.md" if page in {*RECORDS, NOTEBOOKS} else f"{page}.md"


@cache
def made(docs: Path, folder: str) -> Mapping[str, str]:
    """The Markdown of every page that is made for the system in a folder, front matter included, by its place among the pages.

    An index of records waits for its first record, the page of a brief for its ledger. A project without pages of reference gets
    those that the program brings, and one without a home page a list of its systems: the folders `reference` and the root, named
    "". Raises FactError or FrontMatterError where a file of the system cannot be used.
    """
    if folder == REFERENCE and not (docs / folder).is_dir():
        found = ((f"{folder}/{name}.md", shared(f"docs/{folder}/{name}.md")) for name in BROUGHT)
        return {uri: path.read_text(encoding="utf-8") for uri, path in found}
    if not folder and not (docs / "index.md").is_file():
        return {"index.md": ENVIRONMENT.from_string(HOME.read_text(encoding="utf-8")).render(systems=systems(docs))}
    one = system(docs, folder)
    return {f"{folder}/{address(page)}": text(one, page, docs) for page in _there(one, docs)} if one else {}


def text(one: System, page: str, docs: Path) -> str:
    """One made page. Raises FrontMatterError where its slots do not fit the template."""
    template = (TEMPLATES / f"{page}.md").read_text(encoding="utf-8")
    path = _slots_of(one, page, docs)
    file = path.relative_to(docs).as_posix()
    slots = _slots(path.read_text(encoding="utf-8"), file) if path.is_file() else {}
    known = {*(match["name"] for match in _SLOT.finditer(template)), *_per_stack(one, template)}
    for name in slots:
        if name not in known:
            raise FrontMatterError(f"{file}: the page {page} has no slot {name!r}; it has {', '.join(sorted(known))}")
    lines = _filled(template, one, slots).splitlines(keepends=True)
    body = "".join(lines[(closing(lines) or 0) + 1 :])
    said = yaml.safe_dump(dict(_about(one, page, docs)), sort_keys=False, allow_unicode=True, width=1000)
    return f"---\n{said}---\n{body}"


def _slots_of(one: System, page: str, docs: Path) -> Path:
    return docs / one.folder / f"_{page}.md"


def _filled(template: str, one: System, slots: Mapping[str, str]) -> str:
    return ENVIRONMENT.from_string(template).render(
        system=one, main=one.main.name, words=one.words, slot=lambda name: slots.get(name, "")
    )


def _about(one: System, page: str, docs: Path) -> Mapping[str, Any]:
    """The front matter of a made page: the system's, the template's, and that of the slots, where they have one."""
    path = _slots_of(one, page, docs)
    template = _front(
        _filled((TEMPLATES / f"{page}.md").read_text(encoding="utf-8"), one, {}), f"templates/pages/{page}.md"
    )
    said = reads.part(path, "front matter") if path.is_file() else ""
    own = _front(said, path.relative_to(docs).as_posix()) if said else {}
    made_from = path if path.is_file() else docs / one.folder / FILE_NAME
    return {
        "owner": one.owner, "last_reviewed": one.last_reviewed, "review_in": one.review_in, **template, **own,
        "made_from": f"docs/{made_from.relative_to(docs).as_posix()}",
    }  # fmt: skip


def _per_stack(one: System, template: str) -> Sequence[str]:
    return [shown.name for shown in one.stacks] if "slot(stack.name)" in template else []


def _front(page: str, file: str) -> Mapping[str, Any]:
    """The front matter of a page."""
    try:
        return dict(front_matter(page, file).value)
    except PlacedError as error:
        raise FrontMatterError(str(error)) from None


def _slots(text: str, file: str) -> Mapping[str, str]:
    """The slots of a file by name."""
    lines = text.splitlines()
    end = closing(lines) if text.startswith("---") else None
    slots: dict[str, list[str]] = {"lead": []}
    name, fenced = "lead", False
    for line in lines if end is None else lines[end + 1 :]:
        fenced ^= _FENCE.match(line) is not None
        heading = None if fenced else _HEADING.fullmatch(line)
        if heading:
            name = heading["name"].strip()
            if name in slots:
                raise FrontMatterError(f"{file}: the slot {name!r} is there twice; keep one")
            slots[name] = []
        else:
            slots[name].append(line)
    filled = {name: "\n".join(prose).strip() for name, prose in slots.items()}
    return {name: prose for name, prose in filled.items() if prose}


def page_of(slots: str) -> str:
    """The page that a file of slots is part of, and any other page itself: `engine/_cost.md` -> `engine/cost.md`."""
    folder, _, name = slots.rpartition("/")
    return f"{folder}/{address(name[1:].removesuffix('.md'))}" if name.startswith("_") else slots


def folder(docs: Path, name: str) -> list[FrontMatter]:
    """The pages that lie directly in the folder `name` below `docs`, written or made, by their order, without its index."""
    written = [path for path in (docs / name).glob("[!_]*.md") if path.name != "index.md"]
    pages = [frontmatter.read(path, f"{name}/{path.name}") for path in written]
    pages += [page for page in _made_pages(docs, name.partition("/")[0]) if Path(page.path).parent.as_posix() == name]
    pages = [page for page in pages if not page.path.endswith("/index.md")]
    return sorted(pages, key=lambda page: (page.order, page.title))


def index(docs: Path, name: str) -> FrontMatter | None:
    """The index page of a folder, written or made; None where the folder has none."""
    uri = f"{name}/index.md"
    if (docs / uri).is_file():
        return frontmatter.read(docs / uri, uri)
    return next((page for page in _made_pages(docs, name.partition("/")[0]) if page.path == uri), None)


def _made_pages(docs: Path, folder: str) -> list[FrontMatter]:
    """What the pages made for a folder say of themselves; who asks rests on no slot's prose."""
    one = system(docs, folder)
    if one is None:
        return [frontmatter.of(_front(text, uri), uri) for uri, text in made(docs, folder).items()]
    uris = {page: f"{folder}/{address(page)}" for page in _there(one, docs)}
    return [frontmatter.of(_about(one, page, docs), uri) for page, uri in uris.items()]


def _there(one: System, docs: Path) -> list[str]:
    """The pages of a system that have something to show: a page that waits for files is there as soon as there is one."""
    awaited = {**{page: f"{page}/*.md" for page in RECORDS}, "brief": LEDGER, "requirements": REQUIREMENTS}
    there = [page for page in one.pages if page not in awaited or any((docs / one.folder).glob(awaited[page]))]
    return [page for page in there if page != NOTEBOOKS or any(shown.notebooks for shown in one.stacks)]


def children(docs: Path, name: str) -> list[FrontMatter]:
    """The index pages of the folders directly below a folder."""
    entries = sorted((docs / name).iterdir()) if (docs / name).is_dir() else []
    below = [entry.relative_to(docs).as_posix() for entry in entries if entry.is_dir()]
    if not name and REFERENCE not in below:
        below.append(REFERENCE)
    if (one := system(docs, name)) and NOTEBOOKS in _there(one, docs):
        below.append(f"{name}/{NOTEBOOKS}")
    found = [index(docs, child) for child in below]
    return [page for page in found if page is not None]


def section(page: FrontMatter) -> str:
    """The section of its system in which a page stands. Raises FrontMatterError where its front matter names none."""
    name = page.extra.get("section")
    if name not in SECTIONS:
        raise FrontMatterError(
            f"{page.path}: section is {name!r}; a page of a system says in which it stands: {', '.join(SECTIONS)}"
        )
    return str(name)
