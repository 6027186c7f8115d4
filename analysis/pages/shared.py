"""Files that the program brings to every project: in the package where it is installed, in the checkout where it is not."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parents[1]


def is_checkout(root: Path) -> bool:
    """Whether a directory is a checkout of the program, with pages, theme and configuration of its own."""
    return (root / "analysis" / "site" / "hooks.py").is_file()


def shared(path: str) -> Path:
    """The file or folder at `path`, which a checkout has at its root and an installed package below `shared`."""
    packaged = PACKAGE / "shared" / path
    return packaged if packaged.exists() else PACKAGE.parent / path
