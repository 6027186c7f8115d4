"""What a session of the whole suite cost, kept for `make bench`: processor time, and a yardstick measured in the same session."""

from __future__ import annotations

import json
import resource
import time
from pathlib import Path

import pytest

from analysis import files

ROOT = Path(__file__).parents[1]
KEPT = ROOT / ".cache" / "cost" / "test.json"


def counting_s() -> float:
    """Processor time of counting to two million in plain Python: how fast this machine is just now."""
    start = time.process_time()
    total = 0
    for number in range(2_000_000):
        total += number
    return time.process_time() - start


def used_cpu_s() -> float:
    """Processor time of this process and of everything that it has started and waited for."""
    spent = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in spent)


def is_whole(config: pytest.Config) -> bool:
    """Whether this is the process that started a session of the whole suite as `make test` does, nothing left out."""
    option = config.option
    selected = option.keyword or option.markexpr or option.collectonly or getattr(option, "all", False)
    by_default = config.args_source == pytest.Config.ArgsSource.TESTPATHS
    return by_default and not selected and not hasattr(config, "workerinput")


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """After the workers and what went on beside them have ended, so that their time counts."""
    if is_whole(config):
        keep(KEPT, used_cpu_s(), len(list(ROOT.glob("terraform/stacks/*/gameday.toml"))))


def keep(file: Path, cpu_s: float, stacks: int) -> None:
    """Writes the cost of a session with the yardstick of now."""
    file.parent.mkdir(parents=True, exist_ok=True)
    row = {"cpu_s": round(cpu_s, 1), "yardstick_s": round(min(counting_s() for _ in range(9)), 4), "stacks": stacks}
    files.write(file, json.dumps(row) + "\n")
