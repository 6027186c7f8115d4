"""Files as they are read and written here: read only where regular and bounded, written whole or not at all.

Whatever goes wrong is an `OSError` whose `strerror` is a sentence for a person and whose `filename` is the path, so that a caller
which reports `OSError` reports these as well.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
import sys
import tomllib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import re2

MAX_BYTES: Final = 2_000_000
"""The largest file that is read where the caller names no limit: some forty thousand lines. A larger one is hostile."""

RECORD_BYTES: Final = 64_000_000
"""The largest file of this program's own making that is read back: records, answers, pages."""


def read_bytes(path: Path, limit: int = MAX_BYTES) -> bytes:
    """The content of a regular file of at most `limit` bytes; a pipe, device, socket or directory is never opened for reading.

    Raises `OSError` with a sentence.
    """
    try:
        check_regular(path, os.stat(path))  # noqa: PTH116 - this is done for every file of a stack, and pathlib takes its time
        descriptor = os.open(path, READING)
    except ValueError:
        raise refusal(errno.EINVAL, "the name holds a null byte, so there is no such file", path) from None
    try:
        status = os.fstat(descriptor)
        check_regular(path, status)  # again: the file may have been exchanged since
        content = b"" if status.st_size > limit else received(descriptor, limit + 1)
    finally:
        os.close(descriptor)
    if max(status.st_size, len(content)) > limit:
        size = f"{status.st_size:,}" if status.st_size > limit else f"more than {limit:,}"
        raise refusal(errno.EFBIG, f"the file has {size} bytes and the limit is {limit:,}, so it is not read", path)
    return content


READING: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


def received(descriptor: int, size: int) -> bytes:
    """What can be read, up to `size` bytes, in as many pieces as the system gives it."""
    pieces = []
    while size > 0 and (piece := os.read(descriptor, min(size, 1 << 20))):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def read_text(path: Path, limit: int = MAX_BYTES, encoding: str = "utf-8") -> str:
    """The text of a regular file of at most `limit` bytes, line feeds at line ends; raises `OSError` or `UnicodeDecodeError`."""
    return read_bytes(path, limit).decode(encoding).replace("\r\n", "\n").replace("\r", "\n")


DOTTED: Final = re2.compile(r"""(?:[\w"'-]+[ \t]*\.[ \t]*){100}""")
"""A key of so many parts that reading it takes far longer than its length: each part is looked up from the first on."""


def toml_entries(text: str, number: Callable[[str], Any] = float) -> dict[str, Any]:
    """What the text of a TOML file says; `number` reads its decimals. Raises ValueError, RecursionError or what `number` does."""
    if DOTTED.search(text):
        raise ValueError("a key has more than 100 parts")
    return tomllib.loads(text, parse_float=number)


def check_regular(path: Path, status: os.stat_result) -> None:
    """Raises `OSError` with a sentence unless `status` is that of a regular file."""
    if stat.S_ISDIR(status.st_mode):
        raise refusal(errno.EISDIR, "this is a directory where a file is wanted", path)
    if not stat.S_ISREG(status.st_mode):
        raise refusal(errno.EINVAL, "this is no regular file, so it is not read; remove or replace it", path)


def write(path: Path, content: str | bytes, *, new: bool = False) -> None:
    """Writes the file whole or not at all: beside it first, then moved into its place, so that a full disk keeps the old one.

    A link is followed, and permissions stay. Standard output and devices (`/dev/stdout`, `/dev/null`, a pipe with a reader) take
    the content as it comes. With `new`, a file that exists is an error (`FileExistsError`). Raises `OSError` with a sentence.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        existing = status_of(path)
        if existing is not None and new:
            raise refusal(errno.EEXIST, "the file exists already and is not overwritten", path)
        stream = standard_stream(existing)
        if stream is not None:
            send(stream, data)
        elif existing is None or stat.S_ISREG(existing.st_mode):
            replace(Path(os.path.realpath(path)), data, existing, new=new)
        elif stat.S_ISDIR(existing.st_mode):
            raise refusal(errno.EISDIR, "this is a directory; name a file to write", path)
        else:
            descriptor = os.open(path, os.O_WRONLY | getattr(os, "O_NONBLOCK", 0))
            try:
                os.set_blocking(descriptor, True)
                send(descriptor, data)
            finally:
                os.close(descriptor)
    except OSError as error:
        raise refusal(error.errno or errno.EIO, sentence(error, path), path) from None


def status_of(path: Path) -> os.stat_result | None:
    """What lies at `path`, links followed; None where nothing does."""
    try:
        return path.stat()
    except FileNotFoundError:
        return None
    except ValueError:
        raise refusal(errno.EINVAL, "the name holds a null byte, so it cannot be written", path) from None


def write_own(path: Path, content: str | bytes) -> None:
    """Writes a record beside a stack, or an entry of a cache, in one step. A link there is replaced and never followed.

    The stack may be a stranger's, whose links must not choose what is overwritten. Raises `OSError`.
    """
    replace(path, content.encode() if isinstance(content, str) else content, None, new=False, durable=False)


def replace(path: Path, data: bytes, existing: os.stat_result | None, *, new: bool, durable: bool = True) -> None:
    """Writes a temporary file beside `path` and moves it there, with the permissions of the `existing` one."""
    if existing is not None and not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    draft = path.with_name(f".{secrets.token_hex(8)}.unfinished")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o666)
    try:
        try:
            if existing is not None:
                if hasattr(os, "fchown"):
                    with suppress(OSError):  # another's file in a shared folder: its bytes are what is asked for
                        os.fchown(descriptor, existing.st_uid, existing.st_gid)
                draft.chmod(stat.S_IMODE(existing.st_mode))
            send(descriptor, data)
            if durable:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if new:
            path.hardlink_to(draft)
        else:
            draft.replace(path)
            return
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    draft.unlink()


def standard_stream(status: os.stat_result | None) -> int | None:
    """The descriptor of standard output or error if `status` is of the file behind it: `/dev/stdout`, redirected or not."""
    if status is None:
        return None
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            descriptor = stream.fileno()
            if os.path.samestat(status, os.fstat(descriptor)):
                stream.flush()
                return descriptor
    return None


def send(descriptor: int, data: bytes) -> None:
    """Writes all of `data`, in as many pieces as the system takes."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


REASONS: Final = {
    errno.ENOSPC: "the disk is full, so nothing was written; make room and run this again",
    errno.EDQUOT: "the quota is used up, so nothing was written; make room and run this again",
    errno.EROFS: "the file system is read-only, so nothing was written; name another place",
    errno.ENXIO: "nobody reads this pipe, so nothing was written",
    errno.ELOOP: "this is a link that leads back to itself; name a file to write",
}
"""What is said of an error in writing, by its number."""


def sentence(error: OSError, path: Path) -> str:
    """Why `path` was not written, and what to do."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return f"there is no directory {Path(os.path.realpath(path)).parent} to write it in; make it first"
    if isinstance(error, PermissionError):
        return "the file or its directory may not be written by this user, so nothing was written; name another place"
    return REASONS.get(error.errno or 0, error.strerror or str(error))


def refusal(number: int, message: str, path: Path) -> OSError:
    """An `OSError` of the kind that `number` stands for, with a sentence in place of the system's words."""
    return OSError(number, message, str(path))
