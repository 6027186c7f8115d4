"""In CI nothing is skipped for want of something that can be installed; elsewhere a skip says so and passes."""

import os
import re
import subprocess
import sys
from pathlib import Path

import conftest
import pytest

MISSING = """
import pytest

@pytest.mark.skipif(True, reason={reason!r})
def test_by_mark():
    pass

def test_by_call():
    pytest.skip({reason!r})
"""


WHOLE = "import pytest\npytest.importorskip('no_such_module')\n"
HOOKS = """
import importlib.util
import sys
spec = importlib.util.spec_from_file_location("project", {conftest!r})
project = importlib.util.module_from_spec(spec)
spec.loader.exec_module(project)
sys.modules["project"] = project
from project import pytest_make_collect_report, pytest_runtest_makereport
"""


@pytest.mark.parametrize(
    ("reason", "ci", "outcomes"),
    [
        ("no browser on PATH (looked for chromium)", "true", {"failed": 1, "error": 2}),
        ("no browser on PATH (looked for chromium)", "", {"skipped": 3}),
        ("terraform is not on PATH", "true", {"skipped": 2, "error": 1}),
    ],
)
def test_a_skip_for_want_of_a_package_fails_in_ci(tmp_path, reason, ci, outcomes):
    (tmp_path / "conftest.py").write_text(HOOKS.format(conftest=conftest.__file__))
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_missing.py").write_text(MISSING.format(reason=reason))
    (tmp_path / "test_whole.py").write_text(WHOLE)
    argv = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "--continue-on-collection-errors",
    ]
    environ = {**os.environ, "CI": ci, "PYTHONPATH": str(Path(conftest.__file__).parent)}
    done = subprocess.run(
        [*argv, str(tmp_path)], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
    )
    counted = re.findall(r"(\d+) (failed|error|skipped)", done.stdout.splitlines()[-1])
    assert {outcome: int(number) for number, outcome in counted} == outcomes, done.stdout + done.stderr


@pytest.mark.parametrize(
    "reason",
    ["could not import 'numba'", "faketime is not on PATH", "bash is not on PATH", "redis-server is not on PATH"],
)
def test_what_debian_has_is_no_excuse_in_ci(reason):
    assert not conftest.excused(reason, {"CI": "true"})
    assert conftest.excused(reason, {})


@pytest.mark.parametrize(
    "reason",
    [
        "the Terraform binary is not found",
        "no mirror of the AWS provider is on this machine",
        "express not installed; npm ci --prefix local/olympics",
        "checkov is not on PATH; it stays outside the lock",
        "another commit's turn is the migration (make test-all: always)",
        "every record is computed again: `make test-all`",
        "the compiler runs twice: `make test-all`",
        "this kernel offers no user namespaces",
        "root may write everywhere",
    ],
)
def test_what_no_package_brings_is_one(reason):
    assert conftest.excused(reason, {"CI": "true"})
