"""How far the actions of an incident are, as the Terraform and its records say."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analysis.incidents import OPEN, WRITTEN
from analysis.pages import emulated, infrastructure
from analysis.pages.model import model

DONE_KEYS = frozenset({"stack", "address", "argument", "least", "is", "type", "file", "line"})


def done(root: Path, wanted: Mapping[str, Any]) -> bool:
    """Whether an action's `done_when` holds in the Terraform.

    It names a `stack` with an `address` and an `argument`, whose value must be at `least` so much or `is` the given one; or a
    `stack` with a `type` of which there must be at `least` so many; or a `file` that must have a `line` with a text. A resource,
    argument or file that is not there is not done. Raises ValueError where it names something else.
    """
    unknown = sorted(set(wanted) - DONE_KEYS)
    if unknown or not ({"address", "argument"} <= set(wanted) or "type" in wanted or {"file", "line"} <= set(wanted)):
        raise ValueError(
            f"names {', '.join(sorted(wanted))}; give stack, address, argument, or stack, type, or file, line"
        )
    if "file" in wanted:
        path = root / str(wanted["file"])
        return path.is_file() and str(wanted["line"]) in path.read_text(encoding="utf-8")
    found = model(root, str(wanted["stack"]))
    value: Any
    if "type" in wanted:
        value = sum(1 for _ in found.architecture.of_type(str(wanted["type"])))
    else:
        try:
            value = infrastructure.attribute(found, str(wanted["address"]), str(wanted["argument"]))[0]
        except LookupError:
            return False
    if "is" in wanted:
        return bool(value == wanted["is"])
    if "least" not in wanted:
        return value is not None
    return isinstance(value, int | float) and value >= float(wanted["least"])


def status(root: Path, wanted: Mapping[str, Any]) -> str:
    """How far an action is: open until the Terraform holds what it waits for, then as far as its stack. Raises as `done`."""
    if not done(root, wanted):
        return OPEN
    stack = wanted.get("stack") or next(iter(str(wanted["file"]).split("/")[2:3]), "")
    try:
        return emulated.status(model(root, str(stack)))
    except LookupError:
        return WRITTEN
