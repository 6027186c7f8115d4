"""The table of scaling thresholds, from a stack of the project and from one that is planted otherwise."""

from pathlib import Path

from bs4 import BeautifulSoup

from analysis.pages import model as pages_model
from analysis.pages import scaling

ROOT = Path(__file__).parents[2]


def rows(directory, root=ROOT):
    """The cells of the table, without the line."""
    page = BeautifulSoup(scaling.thresholds(pages_model.Model(root, directory), "x/y.md"), "html.parser")
    return page.get_text(" "), [
        [cell.get_text(" ", strip=True) for cell in row.select("td, th")][:5] for row in page.select("tbody tr")
    ]


def test_each_policy_has_its_metric_target_and_cooldowns():
    text, found = rows(ROOT / "terraform" / "stacks" / "scoreboard")
    assert "service/scoreboard-prod/scoreboard-api runs 2 at least and 10 at most." in " ".join(text.split())
    assert found == [
        ["scoreboard-api-cpu", "ECSServiceAverageCPUUtilization", "70", "60 s", "300 s"],
        ["scoreboard-api-memory", "ECSServiceAverageMemoryUtilization", "80", "60 s", "never"],
        ["scoreboard-api-requests", "ALBRequestCountPerTarget", "1,000", "60 s", "300 s"],
        ["scoreboard-api-streams", "Scoreboard/API SseConnections", "2,400", "60 s", "600 s"],
    ]


def test_a_stack_that_tracks_nothing_says_so(tmp_path):
    (tmp_path / "gameday.toml").write_text('title = "Nothing"\nsummary = "Nothing."\n')
    (tmp_path / "main.tf").write_text('resource "aws_sqs_queue" "q" {\n  name = "q"\n}\n')
    text, found = rows(tmp_path, tmp_path)
    assert not found
    assert "Nothing in the stack tracks a target." in text
