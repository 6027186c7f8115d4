"""A record rests on inputs alone: what makes which record stale, and that no processor, zone, locale or folder does."""

import json
import math
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import rotation
from numpy._core import _multiarray_umath as numpy_core

from analysis import evidence, facts, terraform
from analysis.commands import records
from analysis.evidence import models
from analysis.studies import study as one_study

ROOT = Path(__file__).parents[2]
QUICK = (
    "calibration/buzzer_baseline",
    "nights/buzzer",
    "incident/buzzer_baseline",
    "applied/buzzer",
    "migrated/buzzer",
)
"""A record of each layer; `make test-all` looks at every record."""

TRANSCENDENTAL = (
    "exp",
    "exp2",
    "expm1",
    "log",
    "log2",
    "log10",
    "log1p",
    "sqrt",
    "power",
    "sin",
    "cos",
    "tanh",
    "interp",
)


def names():
    return list(records.plans()) if rotation.everything() else QUICK


def stale():
    """The records that do not hold, each with what has changed."""
    rows = [records.looked_at(*records.plans()[name]) for name in names()]
    return {row.name: row.changed for row in rows if row.state != "fresh"}


def test_every_record_rests_on_what_there_is_now():
    assert stale() == {}, "gameday records --renew"


def test_another_last_digit_of_every_transcendental_makes_no_record_stale(monkeypatch):
    def shifted(function):
        return lambda *a, **k: np.nextafter(function(*a, **k), np.inf)

    for name in TRANSCENDENTAL:
        monkeypatch.setattr(np, name, shifted(getattr(np, name)))
    for name in ("exp", "expm1", "log", "log2", "log10", "log1p", "sqrt", "pow", "sin", "cos", "tanh"):
        monkeypatch.setattr(math, name, shifted(getattr(math, name)))
    assert np.exp(1.0) > math.e  # the shift is there
    assert stale() == {}


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """A copy of what the commands read, in another folder, with the docstrings of the facts edited."""
    root = tmp_path_factory.mktemp("elsewhere")
    for folder in ("analysis", "terraform", "docs"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns(".terraform"))
    for path in (root / "analysis" / "facts").glob("*.py"):
        path.write_text(path.read_text(encoding="utf-8").replace('"""', '"""Edited. ', 1), encoding="utf-8")
    return root


def test_another_price_makes_those_stale_that_rest_on_prices(monkeypatch):
    book = facts.prices("us-east-1")
    dearer = book.repriced("alb.hour", 2)
    monkeypatch.setattr(sys.modules["analysis.studies.study"], "prices", lambda *_: dearer)
    changed = stale()
    assert changed.pop("incident/buzzer_baseline") == ("prices",)
    assert {name for name in changed if not name.startswith("what-if/")} <= {"decisions/buzzer"}


def test_a_price_that_no_stack_pays_changes_nothing(monkeypatch):
    book = facts.prices("us-east-1")
    unused = next(sku for sku in book.prices if sku.startswith("ec2."))
    monkeypatch.setattr(sys.modules["analysis.studies.study"], "prices", lambda *_: book.repriced(unused, 2))
    assert stale() == {}


def test_another_resolved_value_makes_those_stale_that_rest_on_its_stack(monkeypatch):
    load = terraform.load

    def altered(directory, *arguments, **options):
        found = load(directory, *arguments, **options)
        if found.stack != "buzzer":
            return found
        first, *rest = found.resources
        return replace(found, resources=(replace(first, values={**first.values, "planted": 1}), *rest))

    monkeypatch.setattr(terraform, "load", altered)
    changed = stale()
    assert "calibration/buzzer_baseline" not in changed
    assert {name: changed[name] for name in ("nights/buzzer", "incident/buzzer_baseline", "applied/buzzer")} == {
        "nights/buzzer": ("stack buzzer",),
        "incident/buzzer_baseline": ("stack buzzer",),
        "applied/buzzer": ("stack buzzer",),
    }


def test_a_raised_version_makes_those_stale_that_name_it(monkeypatch):
    monkeypatch.setitem(models.MODELS, "incident", 2)
    assert stale() == {"incident/buzzer_baseline": ("model incident",)}
    monkeypatch.setitem(models.MODELS, "incident", 1)
    monkeypatch.setitem(models.MODELS, "emulator", 2)
    assert {"applied/buzzer", "migrated/buzzer"} <= set(stale()) <= {
        "applied/buzzer", "applied/buzzer_baseline", "migrated/buzzer", "rehearsed/buzzer",
        "rehearsed/scoreboard", "rehearsed/engine", "rehearsed/olympics",
    }  # fmt: skip


@pytest.mark.parametrize("stack", ["buzzer", "buzzer_baseline"])
def test_the_limits_that_a_night_reads_are_those_that_its_record_rests_on(stack, monkeypatch):
    read = set()
    limit = facts.limit
    for name, module in list(sys.modules.items()):
        if name.startswith("analysis.") and getattr(module, "limit", None) is limit:
            monkeypatch.setattr(module, "limit", lambda name: read.add(name) or limit(name))
    from analysis.night import setup

    found = one_study(ROOT / "terraform" / "stacks" / stack)
    assert found.capacity
    assert setup(found.path, found.scenario, found.profile)
    assert len(read) > 10
    inputs = sys.modules["analysis.studies.inputs"]
    assert read <= {*inputs.LIMITS, *inputs.BEYOND_POLLS}


# --- in other processes


@cache
def child(cwd, *words, **environment):
    """What `gameday WORDS` prints with the program of the checkout at `cwd`; only findings are no failure."""
    done = subprocess.run(
        [sys.executable, "-m", "analysis", *words],
        cwd=cwd, env={**os.environ, "PYTHONPATH": str(cwd), **environment}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


ASKED = (
    ("records", *QUICK, "--on", "2026-11-29", "--json"),
    ("model", "terraform/stacks/buzzer", "--json"),
    ("cost", "terraform/stacks/buzzer", "--json"),
    ("prove", "terraform/stacks/buzzer", "--json"),
)
"""Commands without physics; their bytes are equal everywhere."""

PHYSICS = (("capacity", "terraform/stacks/buzzer", "--json"), ("replay", "terraform/stacks/buzzer_baseline", "--json"))
"""Commands with physics; their numbers are equal to 1e-9."""


@pytest.mark.parametrize("words", rotation.turn(ASKED), ids=lambda words: words[0])
def test_another_folder_program_text_zone_and_locale_give_the_same_bytes(words, elsewhere):
    here = child(ROOT, *words)
    zone = {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "LANG": "tr_TR.UTF-8", "PYTHONHASHSEED": "7"}
    assert child(elsewhere, *words, **zone) == here


PROCESSOR = {
    "NUMBA_CPU_NAME": "generic",
    "NUMBA_CPU_FEATURES": "",
    "NPY_DISABLE_CPU_FEATURES": " ".join(numpy_core.__cpu_dispatch__),
}
OFF = """
import numba
from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__
assert __cpu_dispatch__ and not [name for name in __cpu_dispatch__ if __cpu_features__[name]], __cpu_features__
assert numba.config.CPU_NAME == "generic" and numba.config.CPU_FEATURES == "", numba.config.CPU_NAME
"""


def processor():
    """The settings that turn numpy's vector units and the compiler's off; a child says that they are off."""
    done = subprocess.run([sys.executable, "-c", OFF], env={**os.environ, **PROCESSOR}, check=False)
    assert done.returncode == 0
    return PROCESSOR


def test_without_vector_units_the_records_are_the_same():
    assert child(ROOT, *ASKED[0], **processor()) == child(ROOT, *ASKED[0])


@pytest.mark.slow
@pytest.mark.parametrize("words", PHYSICS, ids=lambda words: words[0])
def test_without_vector_units_physics_is_the_same_to_a_billionth(words):
    if not rotation.everything():
        pytest.skip("the compiler runs twice: `make test-all`")
    here, plain = (json.loads(child(ROOT, *words, **environment)) for environment in ({}, processor()))
    assert evidence.differing(here, plain, 1e-9) == []
