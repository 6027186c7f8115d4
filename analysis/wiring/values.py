"""Amounts as AWS's arguments write them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any


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
