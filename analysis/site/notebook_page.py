"""A notebook's page in the site's own markup, from what mkdocs-jupyter renders.

mkdocs-jupyter brings half a megabyte of JupyterLab's style, scripts from public hosts, prompts, and links it does not follow.
This keeps the cells: prose as it is, code folded away, tables that scroll, figures as they came.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup, Tag
from markupsafe import escape

from analysis.pages import links

LINES_SHOWN = 12
"""Code cells up to this many lines stand open; a longer one is folded."""


def page(html: str, uri: str, exists: Callable[[str], bool]) -> tuple[str, list[str]]:
    """The rewritten page and one sentence for each link that leads nowhere.

    `uri` is the notebook's place among the pages, to which its links are relative; `exists` says whether a place holds a file.
    """
    soup = BeautifulSoup(html, "html.parser")
    problems: list[str] = []
    parts: list[str] = []
    for cell in soup.select(".jp-Notebook-cell"):
        if cell.select_one(".jp-Notebook-cell"):
            continue  # mkdocs-jupyter wraps each code cell in a second one
        prose = cell.select_one(".jp-MarkdownOutput")
        if prose:
            problems += _follow(prose, uri, exists)
            _permalinks(prose)
            parts.append(prose.decode_contents().strip())
            continue
        parts += _code(cell)
        parts += [_output(found) for found in cell.select(".jp-OutputArea-output")]
    return "\n".join(part for part in parts if part), problems


def _follow(prose: Tag, uri: str, exists: Callable[[str], bool]) -> list[str]:
    problems = []
    for anchor in prose.select("a[href]"):
        address = urlsplit(str(anchor["href"]))
        if address.scheme or address.netloc or not address.path:
            continue
        target = posixpath.normpath(posixpath.join(posixpath.dirname(uri), unquote(address.path)))
        if not exists(target):
            problems.append(f"{uri}: the link to {anchor['href']} leads nowhere; name a page as it lies below docs/")
            continue
        anchor["href"] = links.relative(uri, target, address.fragment)
    return problems


def _permalinks(prose: Tag) -> None:
    for anchor in prose.select("a.anchor-link"):
        anchor["class"] = "headerlink"
        anchor["title"] = "Link to this section"


def _code(cell: Tag) -> list[str]:
    shown = cell.select_one(".highlight-ipynb pre")
    if shown is None or not shown.get_text().strip():
        return []
    lines = shown.get_text().strip().count("\n") + 1
    block = f'<div class="highlight"><pre><code>{shown.decode_contents().strip()}</code></pre></div>'
    parameters = "celltag_parameters" in (cell.get("class") or [])
    name = "Parameters" if parameters else "Code"
    state = " open" if parameters and lines <= LINES_SHOWN else ""
    return [f'<details class="g-code"{state}><summary>{name}</summary>{block}</details>']


def _output(output: Tag) -> str:
    if "jp-RenderedText" in (output.get("class") or []):
        text = output.get_text().rstrip()
        return f'<div class="g-output"><pre tabindex="0"><code>{escape(text)}</code></pre></div>' if text else ""
    for table in output.select("table"):
        if table.find_parent(class_="g-table"):
            continue
        for attribute in ("border", "style"):
            del table[attribute]
        table["class"] = "g-data"
        box = BeautifulSoup("", "html.parser").new_tag("div")
        box.attrs = {"class": "g-table", "role": "group", "aria-label": "Table", "tabindex": "0"}
        table.wrap(box)
    return f'<div class="g-output">{output.decode_contents().strip()}</div>'
