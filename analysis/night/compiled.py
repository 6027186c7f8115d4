"""`compiled`: numba's compiler where it is installed and wanted, else the plain Python function itself."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

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
    plain run, which does check, is tested on the same nights.
    """
    if not COMPILES:
        return function
    try:
        made: Function = compiler(cache=True, error_model="numpy")(function)
    except RuntimeError:  # neither the checkout nor the user's cache can be written: compiled anew in each process
        made = compiler(error_model="numpy")(function)
    return made
