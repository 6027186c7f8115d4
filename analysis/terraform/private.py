"""Where parsed Terraform is kept between runs, and by what its entries are told from older ones."""

from __future__ import annotations

import gc
import hashlib
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Final, TypeAlias

import platformdirs

from analysis.architecture import Diagnostic
from analysis.terraform import tree

Parsed: TypeAlias = tuple[tree.Body, tuple[Diagnostic, ...]]
"""The tree of a file, and what is wrong with its text."""


def sources_digest() -> str:
    """The hash of the modules that decide what a text becomes: a change to one of them leaves the old entries behind."""
    names = ("tree", "lexer", "templates", "syntax", "json_syntax", "cache", "private", "values")
    content = b"".join((Path(__file__).parent / f"{name}.py").read_bytes() for name in names)
    return hashlib.sha256(content).hexdigest()[:16]


VERSION: Final = f"{sources_digest()}-{version('python-hcl2')}-{version('lark')}-{sys.version_info.minor}"


def default_directory() -> Path:
    """Where the cache lies unless told otherwise."""
    return platformdirs.user_cache_path("gameday")


def private_directory(directory: Path | None = None) -> Path | None:
    """The cache directory, made if need be; None if it cannot be had or others could write in it."""
    path = default_directory() if directory is None else directory
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = path.lstat()
    except OSError:
        return None
    if not stat.S_ISDIR(status.st_mode):
        return None
    if os.name == "posix" and (status.st_uid != os.geteuid() or status.st_mode & 0o077):
        return None
    return path


@contextmanager
def no_collection() -> Iterator[None]:
    """Without garbage collection: a tree holds no cycles, and every full collection would walk all of it."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


# --- files ---------------------------------------------------------------------------------------------------------------------
