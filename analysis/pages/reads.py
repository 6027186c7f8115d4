"""Which files a piece of work reads: noted by Python's own audit of `open`, also where an answer is remembered from earlier."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar

Answer = TypeVar("Answer")

_RECORDERS: list[set[str]] = []
"""The recorders at work, the innermost last."""

_REMEMBERED: list[dict[Any, Any]] = []
"""What every function under `cache` remembers."""


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
