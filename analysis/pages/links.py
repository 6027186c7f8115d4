"""The check of a built site: every link leads to a file and an anchor that exist, and no page loads anything from outside."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from analysis.evidence import answers

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


@dataclass(frozen=True, slots=True)
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


def problems(site: Path, memory: Path | None = None) -> list[Problem]:
    """What is wrong with the links of the site, by page; empty where nothing is.

    `memory` is a file that keeps what was read of each page by the hash of its HTML: only a page that changed is read again.
    """
    known = (answers.load(memory) if memory else None) or {}
    reads: dict[str, tuple[frozenset[str], tuple[Reference, ...]]] = {}
    seen: dict[str, Any] = {}
    for path in site.rglob("*.html"):
        html = path.read_bytes()
        key = hashlib.sha256(html).hexdigest()
        anchors, addresses = seen[key] = known.get(key) or _plain(_read(html.decode("utf-8")))
        references = tuple(Reference(address, loaded=loaded) for address, loaded in addresses)
        reads[path.relative_to(site).as_posix()] = frozenset(anchors), references
    if memory:
        answers.save(memory, seen)
    places = {path.relative_to(site).as_posix(): path.is_dir() for path in site.rglob("*")} | {".": True}

    @cache
    def problem(page: str, reference: Reference) -> str:
        return _problem(places, page, reference, lambda name: reads[name][0])

    found: list[Problem] = []
    for page, (_, references) in reads.items():
        # The same address in the same folder leads to the same place, unless it is an anchor of the page itself.
        beside = "404.html" if page == "404.html" else f"{posixpath.dirname(page)}/".lstrip("/")
        for reference in references:
            what = problem(page if reference.address[:1] in {"", "#", "?"} else beside, reference)
            if what:
                found.append(Problem(page, reference.address, what))
    for path in sorted(site.rglob("*.css")):
        sheet = path.relative_to(site).as_posix()
        for address in CSS_URL.findall(path.read_text(encoding="utf-8")):
            what = problem(sheet, Reference(address, loaded=True))
            if what:
                found.append(Problem(sheet, address, what))
    return sorted(set(found))


def _plain(reader: _Reader) -> tuple[list[str], list[tuple[str, bool]]]:
    return sorted(reader.anchors), list(dict.fromkeys((one.address, one.loaded) for one in reader.references))


def _problem(
    places: Mapping[str, bool], page: str, reference: Reference, anchors_of: Callable[[str], frozenset[str]]
) -> str:
    """What is wrong with an address on a page; `places` are the files and folders of the site, with whether each is a folder."""
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
    folder = places.get(target, False)
    if folder and path.endswith("/"):
        target, folder = posixpath.normpath(f"{target}/index.html"), False
    if page == "404.html" and folder:
        return ""
    if target not in places or folder:
        return "does not exist"
    fragment = unquote(address.fragment)
    if fragment and target.endswith(".html") and fragment not in anchors_of(target):
        return f"has no anchor {fragment}"
    return ""


def _read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    return reader


def relative(page: str, target: str, anchor: str = "") -> str:
    """The address of the Markdown page `target` as seen from the Markdown page `page`, both named as below docs/."""
    here = posixpath.dirname(page)
    there = posixpath.splitext(target)[0] + ".html" if target.endswith((".md", ".ipynb")) else target
    address = posixpath.relpath(there, here or ".")
    return f"{address}#{anchor}" if anchor else address
