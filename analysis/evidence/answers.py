"""A cache of answers: JSON files in a directory, each under the digest of everything that the answer can depend on."""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

from analysis import files

Answer = TypeVar("Answer")


def answer(
    cache: Path, name: str | None, make: Callable[[], Answer], keep: Callable[[Answer], bool] = lambda _: True
) -> Answer:
    """What is kept under `name`, or what `make` gives; that is kept if `keep` says so. One process makes it, others wait.

    `name` is a word and a `digest.digest` of the inputs; None keeps nothing. The value is plain JSON. A file that was cut short
    or whose content does not have its checksum is made again.
    """
    if name is None:
        return make()
    cache.mkdir(parents=True, exist_ok=True)
    file = cache / f"{name}.json"
    with _locked(cache / f"{name}.lock"):
        kept = _read(file)
        if kept is not None:
            return cast("Answer", kept[0])
        value = make()
        if keep(value):
            save(file, value)
    return value


def load(file: Path) -> Any:
    """What `save` wrote into the file; None where there is none, or where its content does not have its checksum."""
    kept = _read(file)
    return None if kept is None else kept[0]


def save(file: Path, value: Any) -> None:
    """Writes plain JSON into a file, with its checksum, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    body = json.dumps(value, sort_keys=True, ensure_ascii=False)
    files.write_own(file, f"{_checksum(body)}\n{body}")


def _checksum(body: str) -> str:
    return hashlib.sha256(body.encode("utf-8", "surrogatepass")).hexdigest()


def _read(file: Path) -> tuple[Any] | None:
    try:
        checksum, _, body = files.read_text(file, files.RECORD_BYTES).partition("\n")
        return (json.loads(body),) if checksum == _checksum(body) else None
    except (OSError, ValueError, RecursionError):
        return None


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
