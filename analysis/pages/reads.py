"""Which files a piece of work reads: noted by Python's own audit of `open`, also where an answer is remembered from earlier.

Who needs only a part of a page (`part`) is noted as a reader of that part: another sentence in the page changes nothing for it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

from analysis.claims import cited
from analysis.frontmatter import head

Answer = TypeVar("Answer")

SEPARATOR = "\0"
"""Between the path and the name of a part in what is noted."""

_RECORDERS: list[set[str]] = []
"""The recorders at work, the innermost last."""

_REMEMBERED: list[dict[Any, Any]] = []
"""What every function under `cache` remembers."""


PARTS: dict[str, Callable[[str], str]] = {
    "front matter": head,
    "claims": lambda text: "\n".join(sorted(cited(text))),
}
"""The parts of a page that may be read by themselves: name -> the part of the page's text."""


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and _RECORDERS and isinstance(arguments[0], str | bytes | os.PathLike):
        _RECORDERS[-1].add(os.path.abspath(os.fsdecode(arguments[0])))  # noqa: PTH100 (a link is a place of its own)


sys.addaudithook(_audit)


@contextmanager
def noted() -> Iterator[set[str]]:
    """The absolute paths of the files that are opened inside, filled when the block ends; outer recorders get them too."""
    files: set[str] = set()
    _RECORDERS.append(files)
    try:
        yield files
    finally:
        if _RECORDERS:  # none where `forget` ended a build that failed
            _RECORDERS.pop()
        note(files)


def note(files: Iterable[str]) -> None:
    """Adds files to those of the recorder at work, as if they were opened now."""
    if _RECORDERS:
        _RECORDERS[-1].update(files)


def part(path: Path, name: str) -> str:
    """The part of the page at `path` that is called `name` in PARTS; the caller is noted as a reader of no more than that."""
    _RECORDERS.append(set())
    try:
        text = path.read_text(encoding="utf-8")
    finally:
        _RECORDERS.pop()
    note([f"{os.path.abspath(path)}{SEPARATOR}{name}"])  # noqa: PTH100 (a link is a place of its own)
    return PARTS[name](text)


def cache(function: Callable[..., Answer]) -> Callable[..., Answer]:
    """`functools.cache` for what rests on files: who is answered from memory is noted as a reader of the same files.

    `forget` empties it, so that the next build reads anew.
    """
    answers: dict[tuple[Any, ...], tuple[Answer, frozenset[str]]] = {}
    _REMEMBERED.append(answers)

    @wraps(function)
    def remembered(*arguments: Any) -> Answer:
        if arguments not in answers:
            with noted() as files:
                answer = function(*arguments)
            answers[arguments] = answer, frozenset(files)
        answer, read = answers[arguments]
        note(read)
        return answer

    return remembered


def forget() -> None:
    """Empties the memory of every function under `cache`, and ends the recorders that a failed build left at work."""
    _RECORDERS.clear()
    for answers in _REMEMBERED:
        answers.clear()
