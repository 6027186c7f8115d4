"""A page of interruptions says what is computed of each, and why where nothing is."""

import re
from html import unescape
from pathlib import Path

from analysis.pages.interruptions import macros
from analysis.pages.model import Site, model
from analysis.studies.interruptions import CASES, interrupted

ROOT = Path(__file__).parents[2]
MACROS = macros(Site(ROOT, ROOT / "docs", lambda: "scoreboard/premortem.md"))


def text(html):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", str(html))).split())


def test_the_table_has_a_row_for_each_interruption_and_a_column_for_each_stack():
    table = str(MACROS["interruptions"](100, "scoreboard", "scoreboard_as_written"))
    rows = {text(row).split("  ")[0]: text(row) for row in re.findall(r"<tr.*?</tr>", table, re.DOTALL)[1:]}
    assert len(rows) == len(CASES)
    for case in CASES:
        (row,) = (row for start, row in rows.items() if start.startswith(case))
        for name in ("scoreboard", "scoreboard_as_written"):
            found = interrupted(model(ROOT, name).study, case, 100)
            if found.refused:
                assert found.refused[1:] in row
            elif found.viewers() >= 1 and case != "Nothing goes wrong":
                assert f"{found.viewers():,.0f} of {found.crowd:,.0f}" in row


def test_an_interruption_is_told_with_its_night_and_with_who_is_affected():
    told = text(MACROS["interruption"]("scoreboard", "A zone is lost", 100))
    assert told.startswith("Minute 100: zone loss, as asked for.")
    assert "viewers see a stale score" in told
    assert "The primaries of database and cache are taken to stand in the zone." in told


def test_at_its_best_and_at_its_worst_a_rotation_is_told_apart():
    told = text(MACROS["interruption"]("scoreboard_as_written", "The database's password is rotated", 100))
    assert told.startswith("Nobody sees a stale score because of it, or at worst 20,000 of 30,000 viewers do")
    assert "nobody, or at worst 20,000, 71 min each" in text(MACROS["interruptions"](100, "scoreboard_as_written"))


def test_a_refusal_stands_where_the_figures_would():
    assert text(MACROS["interruption"]("scoreboard", "Requests have a timeout", 100)).startswith(
        "Not computed: REQUEST_TIMEOUT of 30 s"
    )


def test_sticky_sessions_are_said_to_be_on_or_as_they_would_be():
    table = text(MACROS["sticky_sessions"](100, "scoreboard", "scoreboard_as_written"))
    assert "off; as it would be module.load_balancer.aws_lb_target_group.this" in table
    assert "on aws_lb_target_group.this" in table
