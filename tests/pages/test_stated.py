"""Claims inside sentences, their table, and stacks that are asked for with changes."""

from pathlib import Path

import pytest

from analysis.claims import ClaimError
from analysis.pages import reads, source, stated
from analysis.studies import StudyError, study

ROOT = Path(__file__).parents[2]
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
    reads.forget()


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


def test_a_line_is_found_by_a_text_that_stands_on_it_alone():
    path = "terraform/stacks/buzzer/alarms.tf"
    lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
    assert "updates-late = {" in lines[source.line_of(ROOT, path, "updates-late = {") - 1]
    for text in ("threshold", "no such text"):
        with pytest.raises(ValueError, match="one line only"):
            source.line_of(ROOT, path, text)
    with pytest.raises(ValueError, match="not a source file"):
        source.line_of(ROOT, "README.md", "x")
