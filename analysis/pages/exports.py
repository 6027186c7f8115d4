"""The files of a record (`analysis.drawing.exports`) on the site: where they lie, and a button for each.

`analysis.site.exported` says which records a site has.
"""

from __future__ import annotations

import posixpath

from markupsafe import Markup

from analysis.drawing.exports import formats
from analysis.pages import links


def uri(folder: str, kind: str, stack: str, suffix: str) -> str:
    """Where a file lies: in the folder of the system, beside the page."""
    return posixpath.join(folder, f"{kind}-{stack}{suffix}")


def buttons(page: str, kind: str, stack: str, tables: tuple[str, ...], schema: str = "") -> Markup:
    """A button for each file of a record of this stack; `schema` is where its JSON is described."""
    made = [
        Markup('<a class="md-button" href="{}" download>{}</a>').format(uri("", kind, stack, suffix), label)
        for label, suffix in formats(tables).values()
    ]
    said = Markup(' <a href="{}">Keys of the JSON</a>').format(links.relative(page, schema)) if schema else Markup("")
    return Markup('<p class="g-exports" role="group" aria-label="This record as a file">{}{}</p>').format(
        Markup(" ").join(made), said
    )
