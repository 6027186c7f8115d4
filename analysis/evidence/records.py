"""The one form of a record: what it is, when it was made, what it rests on, and its content."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from analysis.evidence.digest import digest
from analysis.evidence.models import MODELS
from analysis.files import RECORD_BYTES, read_text, write_own

SUFFIX: Final = ".record.json"
"""How the file of a record beside a stack ends, after its kind."""

WIDTH: Final = 120
"""Columns of a record's file: what fits is written on one line."""

KEYS: Final = {"kind", "recorded_on", "rests_on", "content"}


class RecordError(ValueError):
    """A record that is missing where it is needed, or cannot be read; the sentence says what to do."""


@dataclass(frozen=True)
class Record:
    """A result with its day. `rests_on` maps the name of each input to its digest, and of each model to its version."""

    kind: str
    recorded_on: dt.date
    rests_on: Mapping[str, str]
    content: Any


def beside(directory: Path, kind: str) -> Path:
    """Where the record of a kind that has no file of another name lies: beside the stack in `directory`."""
    return Path(directory) / f"{kind}{SUFFIX}"


def basis(inputs: Mapping[str, Any], models: Iterable[str] = ()) -> dict[str, str]:
    """What a record rests on: the digest of each input by its name, and the version of each model as `model NAME`.

    Raises TypeError for what is no input (`digest.canonical`), KeyError for a model that `MODELS` does not have.
    """
    versions = {f"model {name}": str(MODELS[name]) for name in models}
    return {name: digest(value) for name, value in sorted(inputs.items())} | versions


def changed(record: Record, rests_on: Mapping[str, str]) -> tuple[str, ...]:
    """The names of the inputs and models that are others now than the record rests on, also of those come or gone."""
    names = sorted(record.rests_on.keys() | rests_on.keys())
    return tuple(name for name in names if record.rests_on.get(name) != rests_on.get(name))


def stale(record: Record, rests_on: Mapping[str, str]) -> str:
    """A sentence where something that the record rests on has changed since, else nothing."""
    names = changed(record, rests_on)
    return f"recorded on {record.recorded_on}; since then changed: {', '.join(names)}" if names else ""


def dumped(value: Any, indent: int = 0) -> str:
    """The value as JSON in few lines that still compare well: what fits in WIDTH columns is one line. Keys keep their order."""
    line = json.dumps(value, ensure_ascii=False, allow_nan=False)
    if not isinstance(value, dict | list | tuple) or not value or len(line) + indent <= WIDTH:
        return line
    pad = " " * (indent + 1)
    if isinstance(value, dict):
        rows = [
            f"{json.dumps(str(key), ensure_ascii=False)}: {dumped(item, indent + 1)}" for key, item in value.items()
        ]
        return "{\n" + ",\n".join(pad + row for row in rows) + f"\n{' ' * indent}}}"
    return "[\n" + ",\n".join(pad + dumped(item, indent + 1) for item in value) + f"\n{' ' * indent}]"


def write(path: Path, record: Record) -> Path:
    """Writes the record, whole or not at all; where to. The same record gives the same bytes."""
    document = {
        "kind": record.kind,
        "recorded_on": record.recorded_on.isoformat(),
        "rests_on": dict(record.rests_on),
        "content": record.content,
    }
    write_own(path, dumped(document) + "\n")
    return path


def read(path: Path, kind: str) -> Record | None:
    """The record in the file; None where there is no file. RecordError where the file is no record of this kind."""
    try:
        document = json.loads(read_text(path, RECORD_BYTES))
    except (OSError, ValueError, RecursionError) as error:
        if isinstance(error, FileNotFoundError):
            return None
        raise RecordError(
            f"{path} cannot be read as a record ({error}); `gameday records` says what makes it"
        ) from None
    if not isinstance(document, dict) or document.keys() != KEYS or document["kind"] != kind:
        raise RecordError(f"{path} is no record of kind {kind}; `gameday records` says what makes it again")
    try:
        day = dt.date.fromisoformat(document["recorded_on"])
        rests_on = {str(name): str(value) for name, value in document["rests_on"].items()}
    except (TypeError, ValueError, AttributeError) as error:
        raise RecordError(f"{path}: {error}; `gameday records` says what makes it again") from None
    return Record(kind, day, rests_on, document["content"])
