"""`compiled`: numba's compiler where it is installed and wanted, else the plain Python function; and the records it works on."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from types import SimpleNamespace
from typing import Any, NamedTuple, TypeVar, get_type_hints

import numpy as np

Function = TypeVar("Function", bound=Callable[..., Any])

PLAIN = "GAMEDAY_PLAIN_PYTHON"
"""Set to anything, this environment variable keeps numba away."""

compiler: Any = None
with suppress(ImportError):  # the extra `fast` may not be installed
    from numba import njit as compiler

COMPILES = compiler is not None and not os.environ.get(PLAIN)
"""Whether the night runs compiled in this process."""


def compiled(function: Function) -> Function:
    """The function compiled, with its machine code kept on disk between runs; or unchanged.

    Without `fastmath`: the compiled night must add up in the same order as the plain one. Divisions are not checked for zero; the
    plain run, which does check, is tested on the same nights. Without counting references: nothing here allocates.
    """
    return _compiled(function)


def inlined(function: Function) -> Function:
    """As `compiled`, and put into the one place that calls it: for what runs in every step, where a call would cost as much."""
    return _compiled(function, forceinline=True)


def _compiled(function: Function, **options: Any) -> Function:
    if not COMPILES:
        return function
    options = {"error_model": "numpy", "_nrt": False, **options}
    try:
        made: Function = compiler(cache=True, **options)(function)
    except RuntimeError:  # neither the checkout nor the user's cache can be written: compiled anew in each process
        made = compiler(**options)(function)
    return made


NUMBERS = {float: np.float64, int: np.int64, bool: np.bool_}


def layout(floats: str, whole: str = "", flags: str = "") -> np.dtype[Any]:
    """The fields of a record by name: floats, whole numbers and flags."""
    kinds = ((floats, float), (whole, int), (flags, bool))
    return np.dtype([(name, NUMBERS[kind]) for names, kind in kinds for name in names.split()])


def records(fields: np.dtype[Any], count: int) -> Any:
    """So many records of zeros, whose fields are attributes of each: an array of them, or in plain Python a list of objects.

    A record of numpy's has the same attributes, but takes ten times as long to look one up.
    """
    zeros = np.zeros(count, fields)
    if COMPILES:
        return zeros.view(np.recarray)
    return [SimpleNamespace(**dict(zip(fields.names or (), row, strict=True))) for row in zeros.tolist()]


def array_of(fields: np.dtype[Any], rows: Any) -> Any:
    """What `records` made as an array in either case."""
    if not COMPILES:
        rows = np.array([tuple(getattr(row, name) for name in fields.names or ()) for row in rows], fields)
    return rows.view(np.recarray)


@cache
def _fields(of: type[NamedTuple]) -> tuple[dict[str, type], np.dtype[Any]]:
    """The type of each number of a named tuple, and the fields of its record: reading annotations costs half a short night."""
    kinds = get_type_hints(of)
    return kinds, np.dtype([(name, NUMBERS[kinds[name]]) for name in of._fields])


def record_of(values: NamedTuple) -> Any:
    """A named tuple as one record, each number of its field's type: an int in place of a float would be compiled anew."""
    kinds, fields = _fields(type(values))
    made = records(fields, 1)[0]
    for name, value in values._asdict().items():
        setattr(made, name, kinds[name](value))
    return made
