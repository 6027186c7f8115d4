"""The check of a built site: every link leads to a file and an anchor that exist, and no page loads anything from outside."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADING = {
    ("script", "src"), ("img", "src"), ("img", "srcset"), ("iframe", "src"), ("source", "src"), ("source", "srcset"),
    ("video", "src"), ("audio", "src"), ("embed", "src"), ("object", "data"), ("input", "src"), ("image", "href"),
    ("image", "xlink:href"), ("use", "href"), ("use", "xlink:href"), ("form", "action"),
}  # fmt: skip
"""Attributes a browser fetches by itself; `link` is decided by its `rel`."""

NOT_FETCHED = {"canonical", "prev", "next", "alternate", "author", "license"}
CSS_URL = re.compile(r"""url\(\s*['"]?([^'")]+)""")


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """A page, the address on it and what is wrong with it."""

    page: str
    address: str
    what: str

    def __str__(self) -> str:
        return f"{self.page}: {self.address}: {self.what}"


@dataclass(slots=True)
class Reference:
    """An address on a page, and whether a browser loads it without being asked."""

    address: str
    loaded: bool


class _Reader(HTMLParser):
    """Collects the anchors, the addresses and the style text of one page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.anchors: set[str] = set()
        self.references: list[Reference] = []
        self._style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element's anchors and addresses."""
        values = {name: value or "" for name, value in attrs}
        self._style = tag == "style"
        for name in ("id", "name") if tag == "a" else ("id",):
            if values.get(name):
                self.anchors.add(values[name])
        for name, value in values.items():
            if (tag, name) in LOADING:
                parts = [part.split()[0] for part in value.split(",") if part.split()] if name == "srcset" else [value]
                self.references += [Reference(part, loaded=True) for part in parts]
            elif name == "href":
                rel = set(values.get("rel", "").split())
                self.references.append(Reference(value, loaded=tag == "link" and not rel & NOT_FETCHED))
            elif name == "style":
                self.references += [Reference(found, loaded=True) for found in CSS_URL.findall(value)]

    def handle_data(self, data: str) -> None:
        """The addresses in a style element."""
        if self._style:
            self.references += [Reference(found, loaded=True) for found in CSS_URL.findall(data)]

    def handle_endtag(self, tag: str) -> None:
        """The end of a style element."""
        if tag == "style":
            self._style = False


def problems(site: Path) -> list[Problem]:
    """What is wrong with the links of the site, by page; empty where nothing is."""
    read = cache(_read)
    found: list[Problem] = []

    def anchors_of(path: Path) -> set[str]:
        return read(path).anchors

    for path in sorted(site.rglob("*.html")):
        page = path.relative_to(site).as_posix()
        for reference in read(path).references:
            what = _problem(site, page, reference, anchors_of)
            if what:
                found.append(Problem(page, reference.address, what))
    for path in sorted(site.rglob("*.css")):
        sheet = path.relative_to(site).as_posix()
        for address in CSS_URL.findall(path.read_text(encoding="utf-8")):
            what = _problem(site, sheet, Reference(address, loaded=True), anchors_of)
            if what:
                found.append(Problem(sheet, address, what))
    return sorted(set(found))


def _problem(site: Path, page: str, reference: Reference, anchors_of: Callable[[Path], set[str]]) -> str:
    address = urlsplit(reference.address)
    if address.scheme in {"data", "mailto", "javascript"} or (reference.address == "" and not reference.loaded):
        return ""
    if address.scheme or address.netloc:
        if reference.loaded:
            return "is loaded from outside; keep a copy below docs/assets"
        return "" if address.scheme == "https" else "is not https"
    path = unquote(address.path)
    # The page for a missing address is served from anywhere, so its addresses begin at the site's root.
    target = (
        path.lstrip("/")
        if path.startswith("/") and page == "404.html"
        else posixpath.join(posixpath.dirname(page), path)
    )
    if path.startswith("/") and page != "404.html":
        return "begins with a slash, which leads nowhere from a file or below a prefix"
    target = posixpath.normpath(target) if path else page
    if target.startswith(".."):
        return "leaves the site"
    file = site / target
    if file.is_dir() and path.endswith("/"):
        file = file / "index.html"
    if page == "404.html" and file.is_dir():
        return ""
    if not file.is_file():
        return "does not exist"
    fragment = unquote(address.fragment)
    if fragment and file.suffix == ".html" and fragment not in anchors_of(file):
        return f"has no anchor {fragment}"
    return ""


def _read(path: Path) -> _Reader:
    reader = _Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    return reader


def relative(page: str, target: str, anchor: str = "") -> str:
    """The address of the Markdown page `target` as seen from the Markdown page `page`, both named as below docs/."""
    here = posixpath.dirname(page)
    there = posixpath.splitext(target)[0] + ".html" if target.endswith((".md", ".ipynb")) else target
    address = posixpath.relpath(there, here or ".")
    return f"{address}#{anchor}" if anchor else address
