"""Every command on every stack: an answer, or a refusal in a sentence. A traceback is neither."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from analysis.commands import app

ROOT = Path(__file__).parents[2]
STACKS = sorted(path.parent for path in (ROOT / "terraform" / "stacks").glob("*/gameday.toml"))

ASKED = (
    ("model",),
    ("diagram", "--out", "picture.svg"),
    ("cost",),
    ("capacity",),
    ("premortem",),
    ("replay",),
    ("headroom", "--seeds", "1"),
    ("sweep", "--users", "500", "--seeds", "1", "--jobs", "1"),
    ("alarms",),
    ("dashboard",),
    ("prove",),
    ("countdown", "--on", "2026-11-29"),
)
"""Commands that need nothing but the stack."""

RESTING = {
    ("season", "--no-write"): "season.toml",
    ("nights", "--jobs", "1"): "nights.toml",
    ("horizons",): "horizons.toml",
    ("calibrate", "--jobs", "1"): "calibration/design.toml",
    ("incident", "show"): "incident.toml",
    ("incident", "again"): "incident.toml",
    ("rehearse", "--stack"): "rehearsal.toml",
}
"""Commands that need a file beside it; where it is there they have tests of their own, and take minutes."""


@pytest.mark.slow
@pytest.mark.parametrize("stack", STACKS, ids=lambda path: path.name)
def test_every_command_answers_or_refuses_with_a_sentence(stack, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    asked = [*ASKED, *(words for words, needed in RESTING.items() if not (stack / needed).is_file())]
    for words in asked:
        result = CliRunner().invoke(app, [*words, str(stack)])
        assert result.exception is None or isinstance(result.exception, SystemExit), (words, result.exception)
        if result.exit_code == 2:
            assert result.stderr.splitlines()[-1].startswith("gameday: "), (words, result.stderr)
            assert len(result.stderr.splitlines()[-1]) > 40, (words, result.stderr)
        else:
            assert result.exit_code in {0, 1}, (words, result.exit_code)
            assert result.stdout.strip(), words
