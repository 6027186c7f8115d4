"""What a load test or a restore drill showed, as a document: kept beside the stack, shown on the pages."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import platform
import statistics
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import psutil

from analysis.loadtest.crowd_file import SEED
from analysis.loadtest.measured import PER_SECOND, per_second
from analysis.loadtest.restore import MEASURED, Drill
from analysis.loadtest.run import LoadTest
from analysis.loadtest.servers import versions
from analysis.loadtest.tested import Tested

DIGITS: Final = 4
"""Significant digits of a measured figure that are kept; the next would not come again."""


def machine() -> dict[str, Any]:
    """What a figure was measured on."""
    processor = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), processor)
    return {
        "processor": named,
        "processors": len(os.sched_getaffinity(0)),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "load_average": [round(value, 1) for value in os.getloadavg()],
    }


def loaded(found: LoadTest, samples: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept: machine, versions, seed, each step of each run with its seconds, the knee and the check."""
    knee, check = found.knee, found.check
    return {
        "machine": machine(),
        "versions": _versions(found.tested),
        "seed": SEED,
        "held": found.held,
        "vcpu": found.vcpu,
        "workers": found.tested.workers,
        "interval_s": found.tested.interval_s,
        "samples": dict(samples),
        "knee": _rounded({**asdict(knee), "per_s_at_share": knee.at(found.vcpu)}),
        "check": _rounded({**asdict(check), "off": check.off}) | {"holds": check.holds},
        "work_ms": _work(found),
        "seconds": {"columns": list(PER_SECOND), "runs": {name: per_second(run.lines) for name, run in found.runs.items()}},
        "runs": {name: [_steps(step) for step in run.steps] for name, run in found.runs.items()},
    }  # fmt: skip


def _versions(plan: Tested) -> dict[str, str]:
    """What the run rests on; of a stand-in of a system's own its program and packages."""
    own = plan.stand_in
    return (
        versions(("postgres", "redis-server", "nginx", own["start"][0]), ("locust",)) | own.versions()
        if own
        else versions()
    )


def _work(found: LoadTest) -> dict[str, float]:
    """How long a fixed piece of work took of a processor: at its quickest, and in the middle of each run."""
    every = [1000 * usage.work_s for run in found.runs.values() for usage in run.usage]
    medians = {name: statistics.median(1000 * usage.work_s for usage in run.usage) for name, run in found.runs.items()}
    return {name: _rounded(value) for name, value in ({"quickest": min(every)} | medians).items()}


def _steps(step: Mapping[str, Any]) -> dict[str, Any]:
    return {server: _rounded(asdict(of)) for server, of in step.items()}


def _rounded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _rounded(item) for name, item in value.items()}
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def keep_samples(found: LoadTest, path: Path) -> dict[str, Any]:
    """Writes every line of every run, compressed; the file's name, its lines and the digest of what is in it."""
    text = "".join(json.dumps([name, *line]) + "\n" for name, run in found.runs.items() for line in run.lines).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text, mtime=0))
    return {"file": path.name, "lines": text.count(b"\n"), "sha256": hashlib.sha256(text).hexdigest()}


def drilled(found: Drill) -> dict[str, Any]:
    """What is kept of a drill: machine, versions, seconds of each part, and the states that had to agree."""
    states = {name: asdict(getattr(found, name)) for name in ("before", "restored", "lost", "replayed")}
    return {
        "machine": machine(),
        "versions": {name: value for name, value in versions().items() if name in {"mariadbd", "pymysql", "python"}},
        "seed": SEED,
        "seconds": {part: round(found.seconds[part], 2) for part in MEASURED},
        "dump_bytes": found.dump_bytes,
        "log_bytes": found.log_bytes,
        "restore_mb_s": round(found.restore_mb_s, 2),
        "without_log": found.without_log,
        "states": states,
        "holds": found.holds,
    }
