"""Finished pages of the last build, each kept with what it was made from: an unchanged page is not made again.

A page rests on the ground that all share (the program, the Terraform, the names of all files, the day, the tools), on its own
text, and on every file that was opened while it was made (`reads`). Its file in the site rests on the navigation beside that.
What MkDocs or a plugin would know of the page afterwards is kept with it: contents, anchors, links to anchors, what is searched.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mkdocs.structure.toc import AnchorLink, TableOfContents

from analysis import files as disk
from analysis.evidence import answers
from analysis.pages import reads
from analysis.site.build import MADE

Entry = dict[str, Any]
"""One page as it is kept, in plain JSON."""


def digest(*parts: object) -> str:
    """The hash of texts, in order; two lists of parts never run together."""
    whole = hashlib.sha256()
    for part in parts:
        data = str(part).encode("utf-8", "surrogatepass")
        whole.update(b"%d:" % len(data) + data)
    return whole.hexdigest()


@dataclass
class Pages:
    """The kept pages of one checkout, for one build on one `ground`; `root` holds every file that may be read."""

    directory: Path
    root: Path
    ground: str
    _contents: dict[str, str] = field(default_factory=dict)

    def content(self, path: str) -> str:
        """The hash of the file at `path` below the root, as it is during this build; blank where there is none.

        After the path a part of the file may be named (`reads.part`); then it is the hash of that part.
        """
        if path not in self._contents:
            file, _, part = path.partition(reads.SEPARATOR)
            try:
                data = disk.read_bytes(self.root / file, disk.RECORD_BYTES)
            except OSError:
                self._contents[path] = ""
            else:
                if part:
                    data = reads.PARTS[part](data.decode("utf-8")).encode()
                self._contents[path] = hashlib.sha256(data).hexdigest()
        return self._contents[path]

    def key(self, uri: str, *own: str) -> str:
        """What a page's text rests on besides the files that it reads."""
        return digest(self.ground, uri, *own)

    def find(self, uri: str, key: str) -> Entry | None:
        """The page as the last build left it, if nothing that it was made from has changed."""
        entry = answers.load(self._file(uri))
        if not isinstance(entry, dict) or entry.get("key") != key:
            return None
        unchanged = all(self.content(path) == content for path, content in entry["reads"].items())
        return entry if unchanged else None

    def read(self, opened: Iterable[str]) -> dict[str, str]:
        """Those of the opened files that are inputs, each with its hash: what lies below the root and was not made by a build."""
        below = {self._below(path) for path in opened}
        files = (path for path in below if path and (self.root / path.partition(reads.SEPARATOR)[0]).is_file())
        return {path: self.content(path) for path in sorted(files)}

    def _below(self, opened: str) -> str:
        file, separator, part = opened.partition(reads.SEPARATOR)
        for path in (Path(file), Path(file).resolve()):
            if path.is_relative_to(self.root):
                inside = path.relative_to(self.root)
                return "" if inside.parts[0] in MADE else f"{inside.as_posix()}{separator}{part}"
        return ""

    def keep(self, uri: str, entry: Entry) -> None:
        """Keeps a page for the next build."""
        answers.save(self._file(uri), entry)

    def _file(self, uri: str) -> Path:
        return self.directory / f"{digest(uri)[:24]}.json"

    def prune(self, uris: Iterable[str]) -> None:
        """Drops the pages that are no longer among `uris`."""
        wanted = {self._file(uri).name for uri in uris}
        for file in self.directory.glob("*.json"):
            if file.name not in wanted:
                file.unlink(missing_ok=True)


def contents(toc: Iterable[AnchorLink]) -> list[Any]:
    """A page's table of contents as plain values."""
    return [[link.title, link.id, link.level, contents(link.children)] for link in toc]


def table_of_contents(entries: Sequence[Any]) -> TableOfContents:
    """The inverse of `contents`."""

    def link(title: str, name: str, level: int, children: Sequence[Any]) -> Any:
        made = AnchorLink(title, name, level)
        made.children.extend(link(*child) for child in children)
        return made

    links = [link(*entry) for entry in entries]
    if links:
        links[0].active = True  # as MkDocs marks the first
    return TableOfContents(links)
