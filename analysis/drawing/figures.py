"""What diagrams and charts share: colours for both schemes, and the shell that makes an SVG readable by everyone, everywhere."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree import ElementTree as ET

# name -> (the site's variable, by day, by night). The values repeat theme/assets/css/site.css for places that do not load it:
# JupyterLab, a file of its own, a re-run below out/. Series keep 3:1 or more against both grounds and differ in lightness too.
COLOURS: Mapping[str, tuple[str, str, str]] = {
    "paper": ("--g-paper", "#fbfaf7", "#101614"),
    "raised": ("--g-raised", "#ffffff", "#171f1c"),
    "sunken": ("--g-sunken", "#f2f0ea", "#19221f"),
    "rule": ("--g-rule", "#dedbd2", "#2a3531"),
    "strong": ("--g-rule-strong", "#b9b5a8", "#46544e"),
    "ink": ("--g-ink", "#1c211f", "#e4eae6"),
    "soft": ("--g-ink-soft", "#545c58", "#a7b2ac"),
    "pitch": ("--g-pitch", "#0b6b50", "#62d0a5"),
    "amber": ("--g-amber", "#96500a", "#f0b45c"),
    "red": ("--g-red", "#a8281f", "#ff9c8f"),
    "blue": ("--g-blue", "#285f9e", "#92bdf0"),
}


def _assignments(scheme: int) -> str:
    return ";".join(f"--gd-{name}:{colours[scheme]}" for name, colours in COLOURS.items())


def stylesheet(rules: str = "") -> str:
    """The colours of a figure, followed by `rules`, for a `<style>` element.

    On the site they follow the site's scheme; in JupyterLab its theme; in a file of its own, what the reader's system prefers.
    """
    site = ";".join(f"--gd-{name}:var({variable},{day})" for name, (variable, day, _) in COLOURS.items())
    plate = "--gd-plate:#e4eae6"
    night = f"{_assignments(2)};{plate}"
    return (
        f".gd{{{site};font-family:Inter,system-ui,sans-serif}}"
        f'[data-md-color-scheme="slate"] .gd{{{plate}}}'
        f'[data-jp-theme-light="false"] .gd{{{night}}}'
        f"@media (prefers-color-scheme:dark){{svg.gd:root,.gd-page .gd{{{night}}}}}"
        f"@media print{{.gd.gd.gd{{{_assignments(1)};--gd-plate:none}}}}"
        f"{rules}"
    )


SVG = "http://www.w3.org/2000/svg"
_VARIABLE = re.compile(r"var\(--gd-(\w+)\)")
_WORDS = frozenset(f"{{{SVG}}}{tag}" for tag in ("title", "desc", "style"))


def on_paper(svg: str, family: str) -> str:
    """The picture for a place without style sheets: colours of the day, a font, every default written out, nothing unseen."""
    ET.register_namespace("", SVG)
    root = ET.fromstring(_VARIABLE.sub(lambda match: COLOURS[match[1]][1], svg))  # noqa: S314 - our own picture
    root.set("stroke", "none")
    for parent in list(root.iter()):
        for child in list(parent):
            unseen = child.tag == f"{{{SVG}}}text" and not child.text and not len(child)
            if child.tag in _WORDS or unseen or child.get("display") == "none":
                parent.remove(child)
            elif child.tag == f"{{{SVG}}}text":
                child.set("font-family", family)
            elif child.tag == f"{{{SVG}}}line":
                child.attrib.update({end: child.get(end, "0") for end in ("x1", "y1", "x2", "y2")})
    return ET.tostring(root, encoding="unicode")


@dataclass(frozen=True, slots=True)
class Figure:
    """An SVG with the words that belong to it. In a notebook it shows itself as a figure."""

    svg: str
    title: str
    description: str
    caption: str = ""
    table: str = ""

    def html(self) -> str:
        """The figure for a page: the picture in a box that scrolls on a phone, its caption and, folded up, its numbers."""
        label = html.escape(self.title, quote=True)
        caption = f"<figcaption>{html.escape(self.caption)}</figcaption>" if self.caption else ""
        numbers = f"<details><summary>The numbers</summary>{self.table}</details>" if self.table else ""
        scroll = f'<div class="g-scroll" tabindex="0" role="group" aria-label="{label}" style="overflow-x:auto">'
        return f"<figure>{scroll}{self.svg}</div>{caption}{numbers}</figure>"

    def _repr_html_(self) -> str:
        return self.html()


def slug(text: str) -> str:
    """`text` as part of an id: lower-case letters, digits and hyphens, beginning with a letter."""
    return re.sub(r"[^a-z0-9]+", "-", f"f-{text.lower()}").strip("-")
