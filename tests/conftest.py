"""What every test has in common: no credentials, the same examples on every run, and one line on what was skipped."""

import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import hypothesis
import pytest

from analysis.validation import terraform_cli

ROOT = Path(__file__).parents[1]
COMPILED = pytest.StashKey[bool]()

pytest_plugins = (
    "rotation",
    "background",
    "session_cost",
)  # which long checks are made, what runs beside them, at what cost

# The same examples on every machine; no deadline, since the machine may be busy with other tests.
hypothesis.settings.register_profile("project", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("project")

# Nothing here may reach AWS, and nothing of the user's may change a result.
for name in [name for name in os.environ if name.startswith(("AWS_", "TF_VAR_", "TF_CLI_ARGS"))]:
    if name != "AWS_CA_BUNDLE":
        del os.environ[name]
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
os.environ["COLUMNS"] = "200"  # where a line is broken is the terminal's matter, not the result's


def pytest_collection_modifyitems(items):
    """Tests that ask the real Terraform are skipped, with the reason, where it is not found."""
    if terraform_cli.find() is None:
        for item in items:
            if item.get_closest_marker("terraform"):
                item.add_marker(pytest.mark.skip(reason="terraform is not on PATH"))


@pytest.fixture
def heard():
    """What this test starts hears Ctrl-C: where a script started the session in the background, that is ignored and inherited."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


NOT_DEBIANS = re.compile(
    r"terraform\b|AWS provider|checkov|"  # installed by CI itself, or on purpose not at all
    r"npm ci|"  # packages of a registry that this machine may not reach
    r"turn is|make test-all|empty parameter set|recorded yet|written yet|"  # another session makes it, or nobody has
    r"/proc|POSIX|may write everywhere|namespace|landlock|\bkernel\b|control group|"  # another system, user or kernel
    r"too busy",
    re.IGNORECASE,
)
"""Reasons to skip a test that no package of Debian's takes away. What Debian has, `.ci/run` installs."""


def excused(reason: str, environ: Mapping[str, str]) -> bool:
    """Whether a test may be skipped for that reason: outside CI always, in CI for what cannot be installed."""
    return environ.get("CI", "").lower() not in {"1", "true"} or bool(NOT_DEBIANS.search(reason))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """In CI a test that is skipped for want of what can be had has failed: nobody would notice otherwise."""
    return judged((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    """The same for a whole file, which `pytest.importorskip` skips."""
    return judged((yield))


def judged(report):
    """The report, as a failure where the test is skipped in CI for no good reason."""
    if report.skipped and isinstance(report.longrepr, tuple):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        if not excused(reason, os.environ):
            report.outcome = "failed"
            report.longrepr = f"skipped in CI: {reason}; install what it wants in .ci/run"
    return report


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    """Compiles the simulated night once, before the first worker: each would compile it for itself otherwise."""
    if not node.config.stash.get(COMPILED, False):
        node.config.stash[COMPILED] = True
        night = "import numpy; from night_oracle import ONE_TASK, Run; Run(ONE_TASK, numpy.full(3, 10.0))"
        environ = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests" / "night")))}
        subprocess.run([sys.executable, "-c", night], cwd=ROOT, env=environ, check=False)


def pytest_terminal_summary(terminalreporter):
    """One line for everything that was not tried, by reason."""
    reasons = Counter(
        report.longrepr[2].removeprefix("Skipped: ")
        for report in terminalreporter.stats.get("skipped", ())
        if isinstance(report.longrepr, tuple)
    )
    if reasons:
        text = "; ".join(f"{number} because {reason}" for reason, number in reasons.most_common())
        terminalreporter.write_line(f"not tried: {text}", yellow=True)
