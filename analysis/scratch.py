"""Directories for what a run writes and nobody keeps; what a killed run left behind goes when the next one starts.

    with scratch_directory("gameday-emulator-") as directory: ...

A directory is held by a lock on a file in it, which the kernel lets go of however its process ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

LOCK = ".held"


@contextlib.contextmanager
def scratch_directory(prefix: str) -> Iterator[Path]:
    """A new directory of this user alone below the system's temporary one, removed at the end of the block.

    Directories with the same prefix whose process was killed are removed first.
    """
    parent = Path(tempfile.gettempdir())
    _sweep(parent, prefix)
    # Under another name until its lock is held, so that nobody who starts at the same moment takes it for a left one.
    directory = Path(tempfile.mkdtemp(prefix=f"new-{prefix}", dir=parent))
    lock = os.open(directory / LOCK, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        directory = directory.rename(directory.with_name(directory.name.removeprefix("new-")))
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)
        os.close(lock)


def _sweep(parent: Path, prefix: str) -> None:
    """Removes this user's directories that nobody holds; another user's, links and ones without a lock are left alone."""
    for directory in parent.glob(f"{prefix}*"):
        with contextlib.suppress(OSError):
            seen = directory.lstat()
            if not stat.S_ISDIR(seen.st_mode) or seen.st_uid != os.getuid():
                continue
            lock = os.open(directory / LOCK, os.O_RDWR | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(directory, ignore_errors=True)
            finally:
                os.close(lock)
