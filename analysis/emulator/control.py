"""What a rehearsal may ask of the emulator besides AWS's calls: to answer an operation as declared, and to go on as a copy.

    POST /_front/declare   [{"service", "operation", "when", "answer"}, ...]   later calls that fit are answered so
    POST /_front/fork      {} -> {"endpoint", "pid", "scratch"}                a copy of the whole state, in its own process

moto has no tasks that run, no health checks that fail and no queries to watch. What it lacks is declared: an answer in botocore's
names, held to the shape that AWS publishes, given where the call's parameters hold what `when` says, and written into the log of
calls as `declared`. Both ask for the run's own token. A copy is a fork of the process: it costs milliseconds, and what is done to
it leaves the original alone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import DataNotFoundError, ParamValidationError, UnknownServiceError
from botocore.model import Shape, StructureShape
from botocore.validate import ParamValidator

PATHS = ("/_front/declare", "/_front/fork")


class DeclarationError(ValueError):
    """A declared answer that AWS could not give; the sentence says which, and why."""


@dataclass(frozen=True)
class Declaration:
    """An answer to one operation where the parameters hold `when`: paths such as `GroupBy.Group` to the value wanted there."""

    service: str
    operation: str
    when: Mapping[str, Any]
    answer: Mapping[str, Any]

    def fits(self, service: str, operation: str, parameters: Mapping[str, Any]) -> bool:
        """Whether a call is one that this answers."""
        return (service, operation) == (self.service, self.operation) and all(
            _at(parameters, path.split(".")) == value for path, value in self.when.items()
        )


def _at(value: Any, path: Sequence[str]) -> Any:
    for step in path:
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


class Declared:
    """The declarations of one emulator; the newest that fits answers."""

    def __init__(self) -> None:
        self._rows: list[Declaration] = []

    def add(self, rows: object) -> int:
        """Takes rows as they come over HTTP; how many. Raises DeclarationError, and takes none, where one cannot be."""
        if not isinstance(rows, list):
            raise DeclarationError("a declaration is a list of tables")
        made = [_declaration(row) for row in rows]
        self._rows += made
        return len(made)

    def watches(self, service: str, operation: str) -> bool:
        """Whether any declaration is about this operation."""
        return any((row.service, row.operation) == (service, operation) for row in self._rows)

    def answer(self, service: str, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any] | None:
        """The declared answer to a call; None where there is none."""
        found = next((row for row in reversed(self._rows) if row.fits(service, operation, parameters)), None)
        return dict(found.answer) if found else None


def _declaration(row: object) -> Declaration:
    from moto.core.utils import get_service_model  # noqa: PLC0415 - only the emulator's process has it

    if not isinstance(row, dict) or not row.keys() >= {"service", "operation", "answer"}:
        raise DeclarationError("a declaration names service, operation and answer")
    service, operation = str(row["service"]), str(row["operation"])
    try:
        model = get_service_model(service)
        shape = model.operation_model(operation).output_shape
    except (UnknownServiceError, DataNotFoundError):
        raise DeclarationError(f"there is no service {service}; write botocore's name of it, such as ecs") from None
    except Exception as error:
        raise DeclarationError(
            f"{service} has no operation {operation}; write AWS's name of it, such as ListTasks"
        ) from error
    answer = _typed(row["answer"], shape)
    if shape is not None:
        try:
            report = ParamValidator().validate(answer, shape)
        except (ParamValidationError, AttributeError, TypeError) as error:
            raise DeclarationError(f"the answer to {service} {operation} is none: {error}") from None
        if report.has_errors():
            raise DeclarationError(
                f"the answer to {service} {operation} is not what AWS gives: {report.generate_report()}"
            )
    return Declaration(service, operation, dict(row.get("when") or {}), answer)


def _typed(value: Any, shape: Shape | None) -> Any:
    """The value with its texts turned into times where the shape has times; a member that the shape lacks is an error."""
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        strange = sorted(value.keys() - shape.members.keys())
        if strange:
            raise DeclarationError(f"{shape.name} has no member {strange[0]}; it has {', '.join(shape.members)}")
        return {name: _typed(item, shape.members[name]) for name, item in value.items()}
    if shape is not None and shape.type_name == "list" and isinstance(value, list):
        return [_typed(item, shape.member) for item in value]  # type: ignore[attr-defined]
    if shape is not None and shape.type_name == "map" and isinstance(value, dict):
        return {name: _typed(item, shape.value) for name, item in value.items()}  # type: ignore[attr-defined]
    if shape is not None and shape.type_name == "timestamp" and isinstance(value, str):
        try:
            return datetime.fromisoformat(value).astimezone(UTC)
        except ValueError:
            raise DeclarationError(f"{value!r} is no time; write it like 2026-11-28T20:45:00Z") from None
    return value


def forked(begin: Callable[[], tuple[str, Callable[[], None]]]) -> dict[str, Any]:
    """Endpoint and process of a copy of this one. In it `begin` listens and gives its endpoint and what then answers for good.

    Nobody waits for the end of the copy: the process must have said that it ignores SIGCHLD, or a dead copy stays in the table.
    """
    read_end, write_end = os.pipe()
    if os.fork() == 0:
        try:
            os.close(read_end)
            endpoint, answer = begin()
            os.write(write_end, json.dumps({"endpoint": endpoint, "pid": os.getpid()}).encode())
            os.close(write_end)
            answer()
        finally:
            os._exit(1)
    os.close(write_end)
    with os.fdopen(read_end, encoding="utf-8") as answers:
        text = answers.read()
    if not text:
        raise ChildProcessError("the copy of the emulator ended before it listened")
    found: dict[str, Any] = json.loads(text)
    return found
