"""What stands in an argument: blocks, lists, documents, numbers, and amounts as AWS writes them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from analysis.architecture import Unknown, Value


def at(values: Value, path: str) -> Value:
    """The value at a dotted `path` through maps and single blocks; None where nothing is there, Unknown as soon as one is met."""
    found = values
    for key in path.split("."):
        if isinstance(found, Unknown):
            return found
        if isinstance(found, list | tuple):
            found = found[0] if found else None
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def known(values: Value, path: str) -> Any:
    """The value at a dotted `path`; None where it is absent or known only after apply."""
    value = at(values, path)
    return None if isinstance(value, Unknown) else value


def blocks(value: Value) -> tuple[Mapping[str, Value], ...]:
    """The blocks of an argument, whether there is one, many or none."""
    if isinstance(value, Mapping):
        return (value,)
    return tuple(item for item in value if isinstance(item, Mapping)) if isinstance(value, list | tuple) else ()


def first_block(value: Value) -> Mapping[str, Value]:
    """The first block of an argument; an empty one where there is none."""
    return next(iter(blocks(value)), {})


def items(value: Value) -> tuple[Value, ...]:
    """A list's elements, a single value as the only one, none for None."""
    if value is None:
        return ()
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def document(value: Value) -> Value:
    """The structure of a JSON document, as far as it is known; None where it is not."""
    if isinstance(value, Unknown):
        return value.partial
    if isinstance(value, str):
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            return None
    return value


def number(value: Any) -> float | None:
    """A number, also out of a text, as Terraform converts; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def cpu_units(value: Any) -> float | None:
    """The processor of an ECS task or container in CPU units: `256`, `"256"`, `"1 vCPU"`; None for what is no such size.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html#task_size
    """
    return _size(value, {"": 1, "vcpu": 1024})


def memory_mib(value: Any) -> float | None:
    """The memory of an ECS task or container in MiB: `512`, `"512"`, `"512MB"`, `"2 GB"`; None for what is no such size."""
    return _size(value, {"": 1, "mb": 1, "gb": 1024})


def _size(value: Any, factors: Mapping[str, int]) -> float | None:
    if not isinstance(value, str):
        return number(value)
    match = re.fullmatch(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([A-Za-z]*)\s*", value)
    if match is None or match[2].lower() not in factors:
        return None
    return float(match[1]) * factors[match[2].lower()]
