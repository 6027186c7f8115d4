"""Faults planted by program into the good runbooks are found; the shares are printed, kind by kind, and may not fall."""

from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest
from planted import FAULTS, planted

from analysis import runbooks, terraform

ROOT = Path(__file__).parents[2]
BOOKS = ROOT / "docs" / "buzzer" / "runbooks"
OF_EACH = 5
AT_LEAST = 0.95


@cache
def vocabulary():
    return runbooks.vocabulary(
        [terraform.load(ROOT / "terraform" / "stacks" / "buzzer", cache=ROOT / ".cache" / "parsed")]
    )


def findings(text, name):
    return runbooks.check(runbooks.parse(text, name), vocabulary()).findings


def corpus():
    """Up to OF_EACH faults of every kind, spread over the pages: kind, page, line and the page with the fault."""
    pages = {path.stem: path.read_text(encoding="utf-8") for path in sorted(BOOKS.glob("*.md")) if path.stem != "index"}
    for fault in FAULTS:
        made = [(name, line, text) for name, page in pages.items() for line, text in planted(fault, page)]
        step = max(1, len(made) // OF_EACH)
        for name, line, text in made[::step][:OF_EACH]:
            yield fault, name, line, text


@pytest.fixture(scope="module")
def results():
    found = defaultdict(list)
    for fault, name, line, text in corpus():
        said = findings(text, name)
        near = [finding for finding in said if fault.everywhere or abs(finding.line - line) <= 12]
        found[fault].append((name, line, bool(near)))
    return found


def shares(results, kind):
    tried = [(fault, hit) for fault, outcomes in results.items() if fault.kind == kind for hit in outcomes]
    return tried, sum(hit[2] for _, hit in tried)


def test_the_good_runbooks_are_not_blamed():
    assert not [
        str(finding) for path in BOOKS.glob("*.md") for finding in findings(path.read_text(encoding="utf-8"), path.name)
    ]


@pytest.mark.slow
def test_planted_faults_are_found(results, capsys):
    tried, hits = shares(results, "form")
    beyond, lucky = shares(results, "meaning")
    kinds = [fault for fault in results if fault.kind == "form"]
    whole = sum(all(hit for _, _, hit in results[fault]) for fault in kinds)
    with capsys.disabled():
        print(  # noqa: T201 (the share is what the test is for)
            f"\n{len(tried)} faults of {len(kinds)} kinds planted in good runbooks: {hits} found "
            f"({100 * hits / len(tried):.1f} %), {whole} kinds without a miss; 0 good runbooks blamed. "
            f"Faults of meaning, which no model can show: {lucky} of {len(beyond)} found."
        )
        for fault, (name, line, hit) in tried:
            if not hit:
                print(f"  missed: {fault.name} ({name}.md, line {line})")  # noqa: T201 (so is what was missed)
    assert len(kinds) >= 40
    assert len(tried) >= 150
    assert hits >= AT_LEAST * len(tried)


@pytest.mark.slow
def test_of_twenty_planted_faults_at_least_eighteen_are_found(results, capsys):
    """The first fault of every second kind, twenty in all."""
    kinds = [fault for fault in results if fault.kind == "form"]
    twenty = [results[fault][0] for fault in (kinds[::2] + kinds[1::2])[:20]]
    hits = sum(hit for _, _, hit in twenty)
    with capsys.disabled():
        print(f"\n{hits} of {len(twenty)} planted faults found, one of a kind")  # noqa: T201 (the share is the result)
    assert len(twenty) == 20
    assert hits >= 18


def test_every_kind_of_fault_finds_a_place_and_changes_a_page():
    places = defaultdict(int)
    for fault, _, _, _ in corpus():
        places[fault.name] += 1
    assert not [fault.name for fault in FAULTS if not places[fault.name]]
