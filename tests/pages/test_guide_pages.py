"""The pages of a guide: each command once, with its class, its reason and the corrected one; each remedy with its evidence."""

import html
import re
from pathlib import Path

import pytest

from analysis.pages import guide, reads
from analysis.pages.model import Site

ROOT = Path(__file__).parents[2]
SITE = Site(ROOT, ROOT / "docs", lambda: "scoreboard/guide/index.md")


@pytest.fixture(scope="module")
def macros():
    yield guide.macros(SITE)
    reads.forget()


def test_every_command_is_a_row_with_an_anchor_and_what_it_can_be_filtered_by(macros):
    found = guide.typed(ROOT / "docs", "scoreboard")
    text = str(macros["guide_commands"]("scoreboard"))
    assert re.findall(r'<tr id="line-(\d+)"', text) == [str(one.line) for one in found.typed]
    assert 'data-choose="class kind judged typed"' in text
    assert html.unescape(text).count('"class": ["refused"]') == macros["guide_count"]("scoreboard", "refused")


def test_a_chapter_shows_its_faults_with_the_finding_the_corrected_command_and_the_way_to_the_whole_row(macros):
    text = html.unescape(str(macros["guide_faults"]("scoreboard", 8)))
    row = re.search(r"<tr><td[^>]*><a[^>]*>1456</a>.*?</tr>", text, re.DOTALL)[0]
    assert 'href="commands.html#line-1456"' in row
    assert "--sort is 'NONE'" in row
    assert "list-service-deployments" in row


def test_a_corrected_command_shows_what_became_of_it_when_it_was_typed(macros):
    text = html.unescape(str(macros["guide_commands"]("scoreboard")))
    rows = dict(re.findall(r'<tr id="line-(\d+)"(.*?)</tr>', text, re.DOTALL))
    assert "exit status 0" in rows["1392"]
    assert "docker is not among the tools of a rehearsal" in rows["512"]
    assert "answered by a real server" in rows["1165"]
    assert "It needs Docker" in rows["524"]


def test_the_variants_of_a_script_stand_side_by_side_with_calls_end_and_state(macros):
    text = html.unescape(str(macros["guide_script"]("scoreboard", "blue-green")))
    assert [re.sub("<.*?>", "", one) for one in re.findall(r"<th[^>]*>(.*?)</th>", text, re.DOTALL)][1:4] == [
        "As written", "With its commands corrected", "Ours",
    ]  # fmt: skip
    assert "at line 1397" in text
    assert "refused by the command line, AWS is not asked" in text
    assert text.count("runs to its end") == 2
    assert "sha256:33333333…" in text


def test_a_script_that_nobody_ran_is_refused(macros):
    with pytest.raises(LookupError, match="has no script scale that was run"):
        macros["guide_script"]("scoreboard", "scale")


def test_the_summary_counts_every_command_and_warns_where_what_was_typed_is_not_what_stands_here(macros, monkeypatch):
    text = str(macros["guide_typed"]("scoreboard"))
    numbers = [int(one) for one in re.findall(r'<td class="g-num"[^>]*>(\d+)', text)]
    assert sum(numbers) == len(guide.typed(ROOT / "docs", "scoreboard").typed)
    assert "admonition" not in text
    monkeypatch.setattr(guide.attempts, "basis", lambda *_: {})
    assert "since then changed" in str(macros["guide_typed"]("scoreboard"))


def test_a_chapter_without_a_fault_says_so(macros):
    assert "none has a fault" in macros["guide_faults"]("scoreboard", 1)


def test_a_remedy_shows_its_verdict_and_what_its_evidence_read(macros):
    text = html.unescape(str(macros["remedies_table"]("scoreboard")))
    row = re.search(r'<tr id="remedy-1249".*?</tr>', text)[0]
    assert "does nothing" in row
    assert "limits.html#limit-alb.idle_timeout_s" in row
    assert len(re.findall(r'<tr id="remedy-', text)) == 35


def test_a_system_without_a_guide_is_refused(macros):
    with pytest.raises(LookupError, match="docs/buzzer has no commands of a guide"):
        macros["guide_commands"]("buzzer")
