"""One digest for everything that a record or a cached answer rests on: of inputs, never of what was computed from them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from analysis.architecture import Architecture

DIGITS: Final = 12
"""Significant digits of a number that count. The last ones differ by processor and by library; inputs are stated with fewer."""

PROSE: Final = frozenset({"confidence", "file", "reason", "says", "source", "summary"})
"""Fields that say why a value is as it is and where it stands, and change nothing that is computed from it."""


OPTIONAL: Final = "optional input"
"""Key of a dataclass field's metadata: an input that counts only where it is given."""

SENSITIVE: Final = "(sensitive value)"


def canonical(value: Any) -> Any:
    """The value as JSON, the same wherever it is read: numbers as decimal text, mappings and sets in order, prose left out.

    1, 1.0 and Decimal("1.00") are one number. A dataclass is its compared fields by name, with the name of its class; one marked
    OPTIONAL that holds its default is left out, so that a kind of input that came later changes nothing where it is not used.
    TypeError for what is no input: an array or a number of numpy, a path, an object that may hold anything.
    """
    if value is None or type(value) in (bool, str):
        return value
    if type(value) in (int, float, Decimal, Fraction):
        return {"number": _number(value)}
    if isinstance(value, Mapping):
        pairs = ([canonical(key), canonical(item)] for key, item in value.items())
        return {"mapping": sorted(pairs, key=lambda pair: _text(pair[0]))}
    if isinstance(value, AbstractSet):
        return {"set": sorted((canonical(item) for item in value), key=_text)}
    if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
        return [canonical(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        kept = [
            field.name
            for field in fields(value)
            if field.compare
            and field.name not in PROSE
            and not (field.metadata.get(OPTIONAL) and getattr(value, field.name) == field.default)
        ]
        return {type(value).__name__: {name: canonical(getattr(value, name)) for name in kept}}
    raise TypeError(f"{type(value).__module__}.{type(value).__name__} is no input that a record may rest on")


def _number(value: float | Decimal | Fraction) -> str:
    if type(value) is int:
        return str(value)
    if type(value) is Fraction:
        value = Decimal(value.numerator) / Decimal(value.denominator)
    number = Decimal(f"{value:.{DIGITS}g}")
    return str(int(number)) if number.is_finite() and number == number.to_integral_value() else str(number.normalize())


_text: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
"""The canonical text of JSON; `json.dumps` would make an encoder for each of the keys of a stack."""


def digest(value: Any) -> str:
    """Sixteen hexadecimal digits of the SHA-256 of the canonical text; see `canonical` for what is refused."""
    return hashlib.sha256(_text(canonical(value)).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def resolved(architecture: Architecture) -> Any:
    """What a stack resolves to, as an input: every resource, data source and output with its values, and the region.

    Not where something stands in a file, nor how the Terraform says it: a moved line, a comment or a widened module that
    resolves to the same values changes nothing. An argument that is null or an empty list of blocks counts as not given. Of what
    is sensitive counts that it is there: a digest beside the stack must not let anybody try out secrets.
    """
    outputs = architecture.outputs.items()
    return {
        "region": architecture.region,
        "resources": {
            f"{each.mode} {each.address}": [each.region, _given(each.values, each.sensitive)]
            for each in (*architecture.resources, *architecture.data)
        },
        "outputs": {name: SENSITIVE if output.sensitive else _given(output.value) for name, output in outputs},
    }


def _given(value: Any, sensitive: AbstractSet[str] = frozenset()) -> Any:
    if isinstance(value, Mapping):
        return {
            key: SENSITIVE if key in sensitive else _given(item)
            for key, item in value.items()
            if item not in (None, (), {})
        }
    return [_given(item) for item in value] if isinstance(value, list | tuple) else value
