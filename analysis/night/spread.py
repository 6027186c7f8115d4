"""Many nights at once, over the processors of this machine or over a Dask cluster; results stand in the order of the cases."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import joblib

from analysis.night.values import NightError

Case = TypeVar("Case")
Result = TypeVar("Result")

CONNECT_S = 10.0
"""How long a Dask scheduler may take to answer."""


def spread(
    work: Callable[[Case], Result],
    cases: Iterable[Case],
    *,
    jobs: int = -1,
    scheduler: str | None = None,
) -> Iterator[Result]:
    """`work` on each case, yielded in the order of the cases as soon as it is there.

    `jobs` counts processes, -1 as many as there are processors; with 1 everything runs in this process. `scheduler` is the
    address of a Dask scheduler, whose workers must have this package. A case carries its own seed, so that neither the number of
    workers nor their order can change a result. NightError where the scheduler cannot be reached.
    """
    if jobs == 0 or jobs < -1:
        raise NightError(f"{jobs} jobs: give a number of processes, or -1 for as many as there are processors")
    with _backend(scheduler):
        parallel = joblib.Parallel(n_jobs=-1 if scheduler else jobs, return_as="generator", batch_size="auto")
        yield from parallel(joblib.delayed(work)(case) for case in cases)


@contextmanager
def _backend(scheduler: str | None) -> Iterator[None]:
    if scheduler is None:
        yield
        return
    try:
        import distributed  # noqa: PLC0415 (only who leaves the machine needs it)
    except ImportError:
        raise NightError("a Dask cluster needs the package distributed; install the extra `cluster`") from None
    try:
        client: Any = distributed.Client(scheduler, timeout=CONNECT_S, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise NightError(f"the scheduler {scheduler} does not answer: {error}") from None
    try:
        with joblib.parallel_config(backend="dask", client=client, n_jobs=-1):
            yield
    finally:
        client.close()
