"""What AWS's own model of a service says against a call, which moto does not ask: missing members, words that are no choice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.model import Shape


def strange(shape: Shape | None, value: Any, path: str = "") -> Iterator[str]:
    """A sentence for each required member that is missing and each word that is not among those the model lists.

    The SDKs check types before they send; AWS itself refuses the rest. Empty words are left out: they mean absence.
    """
    if shape is None or value is None:
        return
    if shape.type_name == "structure" and isinstance(value, Mapping):
        for name in getattr(shape, "required_members", ()):
            if value.get(name) is None:
                yield f"{_at(path, name)} is missing"
        for name, item in value.items():
            yield from strange(getattr(shape, "members", {}).get(name), item, _at(path, name))
    elif shape.type_name == "list" and isinstance(value, list):
        for index, item in enumerate(value):
            yield from strange(shape.member, item, f"{path}[{index}]")  # type: ignore[attr-defined]
    elif shape.type_name == "map" and isinstance(value, Mapping):
        for name, item in value.items():
            yield from strange(shape.value, item, _at(path, str(name)))  # type: ignore[attr-defined]
    elif shape.type_name == "string" and value and getattr(shape, "enum", None) and value not in shape.enum:  # type: ignore[attr-defined]
        yield f"{path} is {value}, which is none of {', '.join(shape.enum)}"  # type: ignore[attr-defined]


def _at(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
