"""What every test has in common: no credentials, the same examples on every run, and one line on what was skipped."""

import os
from collections import Counter

import hypothesis
import pytest

from analysis.validation import terraform_cli

pytest_plugins = ("rotation", "background")  # which long checks are made, and what is applied beside the other tests

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
