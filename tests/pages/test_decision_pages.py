"""Decision records on pages: their options, their worth, what they shape, and the ledger."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from analysis import decisions as layer
from analysis.claims import citations
from analysis.decisions import Bench, Edge, PlacedError
from analysis.pages import decisions, frontmatter

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "buzzer" / "decisions"
RECORDS = sorted(FOLDER.glob("0*.md"))
TAGS = {"capacity", "cost", "resilience", "security", "delivery", "observability"}

PAGE = """---
title: Leave the cache out
description: "Nobody asks it."
order: 1
owner: Platform team
status: {status}
date: 2026-11-21
deciders: [platform lead]
last_reviewed: 2026-11-21
review_in: 6 months
stack: buzzer
affects: [module.cache.aws_elasticache_replication_group.this, 'module.alarms.aws_cloudwatch_metric_alarm.*']
assumes: [audience.peak_users]
{change}: {{ without: [module.cache.*] }}
measures:
  - {{ measure: cost.idle_month, title: Idle }}
options:
  - {{ name: "<Keep it>", variables: {{ edge_ttl_s: 1 }} }}
  - {{ name: Leave it, without: [module.cache.*], chosen: true }}
  - {{ name: As it crashed, stack: buzzer_baseline }}
  - {{ name: Push, not_modelled: the model knows polls only. }}
reopen_when: {predicate}
break_even: [{{ input: {{ variable: pool_size }}, range: [1, 20], whole: true, when: connections.deploying <= 240 }}]
confirmation: [{{ alarm: {alarm} }}]
---
# 1. Leave the cache out
"""


@pytest.fixture
def judged(tmp_path):
    """A record of its own, judged on this checkout's stacks."""

    def judge(
        predicate="month > 900", alarm="buzzer-db-cpu", status="accepted", change="undo", today=dt.date(2026, 11, 21)
    ):
        path = tmp_path / "0001-leave.md"
        path.write_text(PAGE.format(predicate=predicate, alarm=alarm, status=status, change=change), encoding="utf-8")
        bench = Bench(decisions.bench(ROOT).studies, Edge(ROOT, today, layer.no_claims))
        return bench.judge(layer.read(path, "0001-leave.md"))

    return judge


def test_the_head_of_a_record_says_state_day_roles_and_the_next_review(judged):
    shown = decisions.decided(judged())
    for part in ("accepted", "holds", "2026-11-21, by platform lead", "Next review by 2027-05-21"):
        assert part in shown
    assert "proposed" in decisions.decided(judged(status="proposed", change="do"))


@pytest.mark.parametrize(
    ("given", "state", "reason"),
    [
        ({"predicate": "month > 9"}, "contested", "reopen_when has come true: month &gt; 9 (month is $"),
        ({"alarm": "buzzer-nope"}, "violated", "buzzer has no alarm buzzer-nope"),
        ({"today": dt.date(2027, 6, 1)}, "expired", "due on 2027-05-21, 11 days before 2027-06-01"),
    ],
)
def test_a_record_that_does_not_hold_says_why_on_its_page(judged, given, state, reason):
    shown = decisions.decided(judged(**given))
    assert state in shown
    assert reason in shown


def test_options_stand_with_their_figures_and_the_difference_from_the_chosen_one(judged):
    shown = decisions.option_table(ROOT, judged())
    assert "buzzer at 5,000 users (Target night); buzzer_baseline at 3,200 users (Championship final)" in shown
    assert "&lt;Keep it&gt;" in shown
    assert "edge_ttl_s = 1" in shown
    assert "<small>+$47" in shown
    assert "Not modelled: the model knows polls only." in shown
    assert "Idle: sum of quantity × unit price" in shown
    assert shown.count("chosen</span>") == 1


def test_the_option_of_a_proposal_is_proposed_and_not_chosen(judged):
    shown = decisions.option_table(ROOT, judged(status="proposed", change="do"))
    assert "proposed</span>" in shown
    assert "chosen</span>" not in shown


def test_the_worth_of_a_record_is_shown_with_break_even_predicate_checks_and_assumptions(judged):
    shown = decisions.weighed(judged())
    for part in (
        "Answer time, p99", "+$47", "pool_size: 5 (now 4); below it is true that",
        "<code>connections.deploying &lt;= 240</code>",
        "<code>month &gt; 900</code>", "the alarm buzzer-db-cpu exists", "<code>audience.peak_users</code>", "3200 to 8000",
    ):  # fmt: skip
        assert part in shown


def test_what_one_reason_keeps_from_being_computed_is_a_sentence_and_not_rows_of_dashes(judged):
    made = judged()
    first, *others = made.effects
    bare = replace(made, effects=(first, *(replace(e, with_it="no load", without_it="no load") for e in others)))
    shown = decisions.weighed(bare)
    assert "–</td>" not in shown
    assert f"Not computed ({', '.join(e.title for e in others)}): no load" in shown
    assert first.title in shown


def test_a_retired_record_is_not_weighed(judged):
    made = judged(status="rejected")
    assert "Not weighed: it is rejected" in decisions.weighed(made)
    assert "Not computed" in decisions.option_table(ROOT, made)
    assert "holds" not in decisions.decided(made)


def test_what_a_decision_shapes_has_its_lines_and_instances_of_one_line_stand_together(judged):
    shown = decisions.affected(ROOT, "buzzer/decisions/0001-leave.md", judged())
    assert "cache/main.tf" in shown
    assert "and 36 more" in shown
    assert shown.count("<li>") == 2


def test_an_address_that_vanished_is_named_with_its_line_and_nothing_is_computed(tmp_path):
    path = tmp_path / "0001-leave.md"
    text = PAGE.format(predicate="month > 900", alarm="buzzer-db-cpu", status="accepted", change="undo")
    path.write_text(text.replace("module.cache.aws_elasticache_replication_group.this", "module.gone.aws_x.y"))
    made = decisions.bench(ROOT).judge(layer.read(path, "0001-leave.md"))
    assert made.state == "violated"
    assert made.reasons == ("0001-leave.md:12:11: it affects module.gone.aws_x.y, which buzzer does not have",)
    assert made.effects == ()
    assert "Not weighed: 0001-leave.md:12:11" in decisions.weighed(made)


# --- the records of this checkout


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_a_record_has_the_parts_of_its_form_and_its_number(path):
    text, page = path.read_text(encoding="utf-8"), frontmatter.read(path, path.name)
    assert page.order == int(path.name[:4])
    assert f"\n# {page.order}. {page.title}\n" in text
    parts = [
        "{{ decided() }}", "## Context and problem", "## Decision drivers", "## Considered options", "{{ option_table() }}",
        "## Decision outcome", "### Consequences", "### Confirmation", "{{ weighed() }}", "{{ affected() }}",
    ]  # fmt: skip
    positions = [text.index(part) for part in parts]
    assert positions == sorted(positions)
    assert "- Good: " in text
    assert "- Bad: " in text
    assert set(page.extra["tags"]) <= TAGS


def test_every_record_states_a_figure_that_the_build_recomputes():
    cited = citations({path.name: path.read_text(encoding="utf-8") for path in RECORDS})
    places = {place.partition(":")[0] for found in cited.values() for place in found}
    assert {path.name for path in RECORDS} == places


def test_the_ledger_of_nothing_is_refused(tmp_path):
    (tmp_path / "d").mkdir()
    with pytest.raises(ValueError, match="no decision record"):
        decisions.ledger(ROOT, tmp_path, "d", "d/index.md")


def test_the_build_names_a_record_that_asks_for_a_human(tmp_path, monkeypatch, caplog):
    folder = tmp_path / "d"
    folder.mkdir()
    good = PAGE.format(predicate="month > 900", alarm="buzzer-db-cpu", status="accepted", change="undo")
    for number, text in enumerate(
        (good, good.replace("month > 900", "month > 9"), good.replace("buzzer-db-cpu", "buzzer-nope")), 1
    ):
        (folder / f"000{number}-x.md").write_text(text.replace("order: 1", f"order: {number}"), encoding="utf-8")
    own = Bench(decisions.bench(ROOT).studies, Edge(ROOT, dt.date(2026, 11, 21), layer.no_claims))
    monkeypatch.setattr(decisions, "bench", lambda _: own)
    monkeypatch.setattr(decisions, "_NAMED", {})
    shown = decisions.ledger(tmp_path, tmp_path, "d", "d/index.md")
    assert "1 holds" in shown
    contested, violated = decisions.named().values()
    assert contested.startswith("d/0002-x.md: the decision is contested: reopen_when has come true: month > 9")
    assert violated == "d/0003-x.md: the decision is violated: buzzer has no alarm buzzer-nope"
    assert [record.levelname for record in caplog.records if "0003-x.md" in record.getMessage()] == ["WARNING"]


def test_the_ledger_says_what_each_costs_and_buys_and_can_be_sorted(tmp_path, monkeypatch):
    folder = tmp_path / "d"
    folder.mkdir()
    text = PAGE.format(predicate="month > 900", alarm="buzzer-db-cpu", status="accepted", change="undo")
    (folder / "0001-x.md").write_text(text, encoding="utf-8")
    own = Bench(decisions.bench(ROOT).studies, Edge(ROOT, dt.date(2026, 11, 21), layer.no_claims))
    monkeypatch.setattr(decisions, "bench", lambda _: own)
    monkeypatch.setattr(decisions, "_NAMED", {})
    shown = decisions.ledger(tmp_path, tmp_path, "d", "d/index.md")
    for part in (
        'href="0001-x.html"',
        "data-sortable",
        ">+$47",
        'data-sort="4',
        "Costs a month",
        "pool_size: 5 (now 4)",
    ):
        assert part in shown


def test_a_record_that_cannot_be_read_stops_the_page(tmp_path):
    path = tmp_path / "x.md"
    path.write_text("---\ntitle: x\n---\n")
    with pytest.raises(PlacedError, match=r"x\.md:2:1: front matter lacks"):
        decisions.judgement(tmp_path, path)
