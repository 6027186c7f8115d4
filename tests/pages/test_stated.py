"""Claims inside sentences, their table, the options of a decision, and what a decision shapes."""

from pathlib import Path

import pytest
import yaml

from analysis.claims import ClaimError, citations
from analysis.pages import frontmatter, source, stated
from analysis.studies import StudyError, study

ROOT = Path(__file__).parents[2]
RECORDS = sorted((ROOT / "docs" / "buzzer" / "decisions").glob("0*.md"))
EDGE_OFF = {"module.edge.aws_cloudfront_cache_policy.live": {"default_ttl": 0, "max_ttl": 0}}

CLAIM = """
[held]
says = "Users the crashed stack holds."
stack = "buzzer_baseline"
measure = "capacity.users_held"
band = [{band}]
"""


@pytest.fixture
def made(tmp_path, monkeypatch):
    """A checkout with its own claims and pages, and the stacks of this one."""

    def make(claims="", **pages):
        (tmp_path / "terraform").symlink_to(ROOT / "terraform", target_is_directory=True)
        docs = tmp_path / "docs"
        docs.mkdir()
        (docs / "claims.toml").write_text(claims, encoding="utf-8")
        for name, text in pages.items():
            (docs / f"{name}.md").write_text(text, encoding="utf-8")
        return tmp_path

    yield make
    stated.register.cache_clear()


def decision(*options, measures=({"measure": "cost.idle_month"},), **extra):
    return {"stack": "buzzer", "status": "accepted", "options": list(options), "measures": list(measures), **extra}


def table(**matter):
    return stated.option_table(ROOT, "buzzer/decisions/0001-x.md", matter)


KEPT = {"name": "As it is", "chosen": True}


def test_a_claim_shows_its_figure_and_leads_to_how_it_is_computed(made):
    root = made(CLAIM.format(band="900, 1_250"))
    shown = stated.claim(root, "buzzer/index.md", "held")
    assert "1,077" in shown
    assert "../reference/how-computed.html#held" in shown


def test_a_broken_band_stops_the_page_and_names_page_sentence_figure_and_band(made):
    root = made(CLAIM.format(band="5_000, 6_000"))
    with pytest.raises(ClaimError) as caught:
        stated.claim(root, "buzzer/index.md", "held")
    for part in ("buzzer/index.md", "held", "Users the crashed stack holds.", "1,077", "5000 to 6000"):
        assert part in str(caught.value)


def test_a_claim_that_does_not_exist_is_refused(made):
    with pytest.raises(ClaimError, match="no claim 'nope'"):
        stated.claim(made(CLAIM.format(band="1, 2")), "index.md", "nope")


def test_the_register_lists_formula_inputs_band_and_the_pages_that_cite_a_claim(made):
    root = made(CLAIM.format(band="900, 1_250"), a='It holds {{ claim("held") }}.', b="It does not say.")
    listed = stated.claim_table(root, root / "docs", "reference/how-computed.md")
    for part in ('id="held"', "Users the crashed stack holds.", "1,077", "900 to 1250", "poll interval", "a.html"):
        assert part in listed
    assert "b.html" not in listed


# --- options


def test_an_option_is_computed_under_the_values_it_sets_and_compared_with_the_chosen_one():
    larger = {"name": "Larger", "variables": {"task_size": {"cpu": 1024, "memory": 2048}}}
    shown = table(**decision(KEPT, larger))
    own, other = (
        study(ROOT / "terraform/stacks/buzzer", variables=option.get("variables")).idle_bill.total.usd
        for option in (KEPT, larger)
    )
    assert f"${own:,.2f}" in shown
    assert f"${other:,.2f}<br><small>+${other - own:,.2f}" in shown
    assert "task_size.cpu = 1,024" in shown
    assert shown.count("chosen") == 1


def test_the_option_of_a_proposal_is_proposed_and_not_chosen():
    shown = table(**decision(KEPT, status="proposed"))
    assert "proposed" in shown
    assert "chosen" not in shown


def test_an_option_may_take_resources_away_or_change_what_no_variable_reaches():
    without = {"name": "No cache", "without": ["module.cache.*"]}
    unbuffered = {"name": "Edge off", "arguments": EDGE_OFF}
    measures = [{"measure": "capacity.offered", "with": {"station": "service"}}, {"measure": "cost.idle_month"}]
    shown = table(**decision(KEPT, without, unbuffered, measures=measures))
    assert "4,170" in shown  # every poll of 5,000 users, one each 1.2 s
    assert "−$47" in shown  # two nodes of 0.032 USD an hour and a secret


def test_what_an_option_adds_is_priced_by_the_price_book():
    proxy = {"name": "With EKS", "adds": {"eks.control_plane.hour": 730}}
    assert "+$73.00" in table(**decision(KEPT, proxy))


def test_a_measure_may_be_taken_on_a_worse_night():
    measures = [{"measure": "capacity.users_held"}, {"measure": "capacity.users_held", "arguments": EDGE_OFF}]
    shown = table(**decision(KEPT, measures=measures))
    assert "300,000" in shown
    assert "12,230" in shown


def test_an_option_that_terraform_refuses_shows_terraforms_sentence():
    small = {"name": "Tiny", "variables": {"task_size": {"cpu": 256}}, "refused": True}
    assert "Terraform refuses it: task_size.cpu must be at least 512" in table(**decision(KEPT, small))


def test_an_option_that_only_a_precondition_refuses_is_computed_and_says_so():
    shown = table(**decision(KEPT, {"name": "Pools of five", "variables": {"pool_size": 5}}))
    assert "The stack&#39;s precondition refuses it: 30 tasks twice over with pools of 5 hold 300 connections" in shown
    assert shown.count("$") >= 2
    assert "precondition" not in table(**decision(KEPT))


def test_an_option_outside_the_model_says_why_it_has_no_figures():
    shown = table(**decision(KEPT, {"name": "Push", "not_modelled": "the model knows polls only."}))
    assert "Not modelled: the model knows polls only." in shown


@pytest.mark.parametrize(
    ("matter", "sentence"),
    [
        ({"stack": "buzzer"}, "lacks options or measures"),
        (decision(KEPT, measures=[{"measure": "cost.weekly"}]), "no measure 'cost.weekly'"),
        (decision(KEPT, measures=[{"measure": "cost.month", "wiht": {}}]), "measure has 'wiht'"),
        (decision({**KEPT, "varables": {}}), "option has 'varables'"),
        (decision({"chosen": True}), "lacks its name"),
        (decision({"name": "A"}), "0 options are chosen"),
        (decision(KEPT, {**KEPT, "name": "B"}), "2 options are chosen"),
        (decision({**KEPT, "variables": {"task_size": {"cpu": 256}}}), "'As it is'.*must be at least 512"),
        (decision({**KEPT, "variables": {"nothing": 1}}), "'As it is'"),
        (decision({**KEPT, "without": ["aws_x.y"]}), "no resource aws_x.y that could be left out"),
        (decision({**KEPT, "arguments": {"aws_x.y": {}}}), "no resource aws_x.y whose arguments"),
        (decision({**KEPT, "arguments": {next(iter(EDGE_OFF)): {"ttl": 0}}}), "no argument 'ttl'"),
        (decision({**KEPT, "adds": {"snow.hour": 1}}), "has no snow.hour"),
        (decision(KEPT, {"name": "B", "refused": True}), "'B' is said to be refused"),
    ],
)
def test_an_option_or_measure_that_is_wrong_stops_the_page(matter, sentence):
    with pytest.raises(ClaimError, match=f"0001-x.md.*{sentence}"):
        table(**matter)


def test_a_changed_model_is_asked_for_by_address_and_leaves_the_rest_alone():
    own, changed = (
        study(ROOT / "terraform/stacks/buzzer", **given)
        for given in ({}, {"arguments": EDGE_OFF, "without": ["module.alarms.*"]})
    )
    gone = {r.address for r in own.architecture.resources} - {r.address for r in changed.architecture.resources}
    assert gone
    assert all(address.startswith("module.alarms.") for address in gone)
    address = next(iter(EDGE_OFF))
    assert changed.architecture.by_address[address].values["default_ttl"] == 0
    assert own.architecture.by_address[address].values["default_ttl"] == 1
    with pytest.raises(StudyError):
        study(ROOT / "terraform/stacks/buzzer", without=["module.alarm.*"])


# --- what a decision shapes, and the records themselves


def test_an_address_that_the_stack_lacks_stops_the_page():
    shown = stated.affected(ROOT, "d/x.md", {"stack": "buzzer", "affects": ["module.load_balancer.aws_lb.this"]})
    assert "load_balancer/main.tf" in shown
    for matter in ({"stack": "buzzer", "affects": ["aws_lb.gone"]}, {"stack": "buzzer"}, {"affects": ["aws_lb.main"]}):
        with pytest.raises(ClaimError, match=r"d/x\.md"):
            stated.affected(ROOT, "d/x.md", matter)


def test_a_record_says_its_state_its_day_and_who_decided():
    shown = stated.decided(
        {"status": "proposed", "date": "2026-11-21", "deciders": ["platform lead", "delivery engineer"]}
    )
    for part in ("proposed", "2026-11-21", "by platform lead, delivery engineer"):
        assert part in shown


def test_the_caption_names_every_stack_with_its_crowd():
    shown = table(**decision(KEPT, {"name": "As it crashed", "stack": "buzzer_baseline"}))
    assert "buzzer at 5,000 users (Target night); buzzer_baseline at 3,200 users (Championship final)" in shown


def test_the_columns_say_how_they_are_computed():
    assert "A month without a game: sum of quantity × unit price" in table(**decision(KEPT))


def test_a_line_is_found_by_a_text_that_stands_on_it_alone():
    path = "terraform/stacks/buzzer/alarms.tf"
    lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
    assert "updates-late = {" in lines[source.line_of(ROOT, path, "updates-late = {") - 1]
    for text in ("threshold", "no such text"):
        with pytest.raises(ValueError, match="one line only"):
            source.line_of(ROOT, path, text)
    with pytest.raises(ValueError, match="not a source file"):
        source.line_of(ROOT, "README.md", "x")


def matter(path):
    return yaml.safe_load(path.read_text(encoding="utf-8").split("---\n")[1])


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_a_record_has_the_parts_of_its_form_and_its_number(path):
    text, page = path.read_text(encoding="utf-8"), frontmatter.read(path, path.name)
    assert page.order == int(path.name[:4])
    assert f"\n# {page.order}. {page.title}\n" in text
    parts = [
        "{{ decided() }}", "## Context and problem", "## Decision drivers", "## Considered options", "{{ option_table() }}",
        "## Decision outcome", "### Consequences", "### Confirmation", "{{ affected() }}",
    ]  # fmt: skip
    positions = [text.index(part) for part in parts]
    assert positions == sorted(positions)
    assert "- Good: " in text
    assert "- Bad: " in text
    assert {"capacity", "cost", "resilience", "security", "delivery", "observability"} >= set(page.extra["tags"])


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_every_address_that_a_record_affects_is_in_its_stack(path):
    stated.affected(ROOT, path.name, matter(path))


def test_every_record_states_a_figure_that_the_build_recomputes():
    cited = citations({path.name: path.read_text(encoding="utf-8") for path in RECORDS})
    places = {place.partition(":")[0] for found in cited.values() for place in found}
    assert {path.name for path in RECORDS} == places
