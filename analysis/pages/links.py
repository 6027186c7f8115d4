"""The check of a built site: every link leads to a file and an anchor that exist, and no page loads anything from outside."""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, TypedDict
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

    `memory` is a file that keeps what was read of each page by the hash of its HTML, and which pages were sound: only a page that
    changed is read again, and only one that changed or that leads to changed anchors is checked again.
    """
    known = (answers.load(memory) if memory else None) or {}
    reads: dict[str, _Kept] = {}
    for path in site.rglob("*.html"):
        html = path.read_bytes()
        key = hashlib.sha256(html).hexdigest()
        reads[path.relative_to(site).as_posix()] = known.get("read", {}).get(key) or _kept(key, html.decode("utf-8"))
    places = {path.relative_to(site).as_posix(): path.is_dir() for path in site.rglob("*")} | {".": True}
    names = _hash(sorted(places.items()))
    anchors = {page: kept["anchors"] for page, kept in reads.items()}
    sound: dict[str, list[Any]] = known.get("sound", {}) if known.get("names") == names else {}

    @cache
    def anchors_of(page: str) -> frozenset[str]:
        return frozenset(anchors[page])

    @cache
    def judged(page: str, reference: Reference) -> tuple[str, str]:
        asked = ""

        def asking(name: str) -> frozenset[str]:
            nonlocal asked
            asked = name
            return anchors_of(name)

        what = _problem(places, page, reference, asking)
        return what, asked

    def state(page: str, asked: Sequence[str]) -> list[Any]:
        return [reads[page]["key"], [[name, reads[name]["defines"] if name in reads else ""] for name in asked]]

    found: list[Problem] = []
    for page, kept in reads.items():
        if page in sound and sound[page] == state(page, [name for name, _ in sound[page][1]]):
            continue
        # The same address in the same folder leads to the same place, unless it is an anchor of the page itself.
        beside = "404.html" if page == "404.html" else f"{posixpath.dirname(page)}/".lstrip("/")
        wrong, asked = [], set()
        for address, loaded in kept["addresses"]:
            reference = Reference(address, loaded=loaded)
            what, whose = judged(page if address[:1] in {"", "#", "?"} else beside, reference)
            asked.add(whose)
            if what:
                wrong.append(Problem(page, address, what))
        sound.pop(page, None)
        if not wrong:
            sound[page] = state(page, sorted(asked - {""}))
        found += wrong
    if memory:
        sound = {page: state for page, state in sound.items() if page in reads}
        answers.save(memory, {"read": {kept["key"]: kept for kept in reads.values()}, "names": names, "sound": sound})
    for path in sorted(site.rglob("*.css")):
        sheet = path.relative_to(site).as_posix()
        for address in CSS_URL.findall(path.read_text(encoding="utf-8")):
            what, _ = judged(sheet, Reference(address, loaded=True))
            if what:
                found.append(Problem(sheet, address, what))
    return sorted(set(found))


class _Kept(TypedDict):
    """What is kept of a page in plain JSON: the hash of its HTML, its anchors with their hash, and its addresses."""

    key: str
    anchors: list[str]
    defines: str
    addresses: list[tuple[str, bool]]


def _kept(key: str, html: str) -> _Kept:
    reader = _Reader()
    reader.feed(html)
    anchors = sorted(reader.anchors)
    addresses = list(dict.fromkeys((one.address, one.loaded) for one in reader.references))
    return _Kept(key=key, anchors=anchors, defines=_hash(anchors), addresses=addresses)


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()


def _problem(
    places: Mapping[str, bool], page: str, reference: Reference, anchors_of: Callable[[str], frozenset[str]]
) -> str:
    """What is wrong with an address on a page; `places` are the files and folders of the site, with whether each is a folder."""
    address = urlsplit(reference.address)
    if address.scheme in {"data", "mailto", "javascript"} or (reference.address == "" and not reference.loaded):
        return ""
    if address.scheme or address.netloc:
        if reference.loaded:
            return "is loaded from outside; keep a copy below analysis/theme/assets"
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


def relative(page: str, target: str, anchor: str = "") -> str:
    """The address of the Markdown page `target` as seen from the Markdown page `page`, both named as below docs/."""
    here = posixpath.dirname(page)
    there = posixpath.splitext(target)[0] + ".html" if target.endswith((".md", ".ipynb")) else target
    address = posixpath.relpath(there, here or ".")
    return f"{address}#{anchor}" if anchor else address
