"""The page for whoever is on call: commands of the runbooks, addresses of the Terraform, on one sheet."""

import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from analysis import runbooks
from analysis.loadtest import servers
from analysis.site import build

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs" / "scoreboard"
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@cache
def page():
    return runbooks.read(DOCS / "reference.md")


def elsewhere():
    """What the runbooks tell somebody to type."""
    return {command.typed for path in (DOCS / "runbooks").glob("*.md") for command in runbooks.read(path).commands}


def test_every_command_of_the_quick_reference_is_one_of_a_runbook():
    """S-147: service, tasks, logs, metrics, snapshot; the runbook has its place, its limit and its undo."""
    typed = [command.typed for command in page().commands]
    assert [text for text in typed if text not in elsewhere()] == []
    for wanted in (
        "ecs describe-services",
        "ecs list-tasks",
        "logs filter-log-events",
        "cloudwatch get-metric-statistics",
        "rds create-db-snapshot",
    ):
        assert any(wanted in text for text in typed), wanted


def test_a_command_that_no_runbook_has_is_noticed():
    assert "aws ecs list-clusters" not in elsewhere()


def test_no_command_of_the_quick_reference_would_be_refused():
    checked = runbooks.check(page())
    assert len(checked.calls) >= 8
    assert checked.findings == ()


@cache
def built():
    """The page as a reader sees it, as text, and its file."""
    file = build.build() / "scoreboard" / "reference.html"
    text = re.sub(r"<[^>]+>", " ", file.read_text(encoding="utf-8"))
    return " ".join(text.split()), file


def values(architecture, kind, argument):
    return [r.values[argument] for r in architecture.resources if r.type == kind]


@pytest.mark.slow
def test_the_addresses_contacts_and_thresholds_on_the_page_are_those_of_the_terraform(architecture):
    """S-107, S-146, S-148."""
    text, _ = built()
    for name in {*values(architecture, "aws_route53_record", "name")[:5]} - {None}:
        if isinstance(name, str):
            assert name in text, name
    for endpoint in values(architecture, "aws_sns_topic_subscription", "endpoint"):
        assert endpoint in text
    for policy in values(architecture, "aws_appautoscaling_policy", "name"):
        assert policy in text
    for wanted in ("port 5432", "port 6379", "/ecs/scoreboard-prod", "console.aws.amazon.com", "#scoreboard-ops", "AWS Support",
                   "2,400", "runs 2 at least and 10 at most"):  # fmt: skip
        assert wanted in text, wanted


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.skipif(BROWSER is None, reason="no browser on PATH")
def test_the_page_prints_on_one_sheet_of_paper(tmp_path):
    """Front and back at the most."""
    _, file = built()
    printed = tmp_path / "page.pdf"
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer", f"--print-to-pdf={printed}"]
    subprocess.run(
        [BROWSER, *flags, f"--user-data-dir={tmp_path / 'profile'}", file.as_uri()],
        env=servers.environment(),
        check=True,
        capture_output=True,
        timeout=180,
    )
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", printed.read_bytes())) <= 2
