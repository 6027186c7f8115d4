"""The titled blocks of a page, as its readers see them."""

import re

BLOCK = re.compile(r"^```(\w+) title=\"([^\"]+)\"\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page, language):
    """The titled blocks of a page in one language, in order: title and text."""
    return [(title, text) for kind, title, text in BLOCK.findall(page.read_text(encoding="utf-8")) if kind == language]
