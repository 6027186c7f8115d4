"""What a rehearsal showed is kept as a document, and the next one is compared with it."""

import copy
from pathlib import Path

import pytest

from analysis import evidence
from analysis.rehearsal.faults import Fault, Faults, Turn
from analysis.rehearsal.record import KIND, differences, document, merged, of_page, rehearsed_text
from analysis.rehearsal.rehearse import Evening, Ran, Rehearsal, Step
from analysis.rehearsal.shapes import Difference
from analysis.runbooks import page

RECORDS = sorted((Path(__file__).parents[2] / "terraform" / "stacks").glob("*/rehearsed.record.json"))
PAGE = """---
fault: busy
---
Some words.

```console title="Check"
$ aws ecs list-clusters
1
```
"""
FAULTS = Faults(
    "rehearsal.toml", (), {"busy": Fault("busy", "It is busy.", ({"act": "calm"},)), "other": Fault("other", "x", ())}
)


def book(text=PAGE):
    return page.parse(text, "shop.md")


def digest_of(runbook, faults):
    return evidence.digest(rehearsed_text(runbook, faults))


SHOP = Rehearsal(
    "shop.md",
    (Evening("busy", "It is busy.", ("AWS follows.",)),),
    (
        Step("undo", "Undo", 20, (Ran(21, "echo", "matched", "shell", 0.1),)),
        Step(
            "check",
            "Check",
            6,
            (Ran(7, "aws a", "matched", "emulator", 0.6), Ran(9, "aws b", "matched", "declared", 0.5)),
        ),
        Step("act", "Act", 11, (Ran(12, "aws c", "left out", said="GitHub is not here"),)),
    ),
)


def kept(*rehearsals):
    return document(rehearsals or (SHOP,), {"moto": "5.2.5"})


def test_steps_are_kept_in_the_order_of_the_page_with_seconds_and_reasons():
    steps = kept()["pages"]["shop.md"]["steps"]
    assert [step["line"] for step in steps] == [6, 11, 20]
    assert steps[0]["seconds"] == pytest.approx(1.1)
    assert steps[0]["commands"] == {"matched, declared": 1, "matched, emulator": 1}
    assert steps[1]["reasons"] == ["GitHub is not here"]


def test_the_shares_are_counted_over_all_pages():
    assert kept()["shares"] == {
        "commands": 4, "left out": 1, "matched": 3,
        "matched as declared": 1, "matched by the emulator": 1, "matched by the shell": 1,
    }  # fmt: skip
    assert of_page(kept()["pages"]["shop.md"]) == {
        "matched, declared": 1, "matched, emulator": 1, "matched, shell": 1, "left out": 1, "matched": 3, "commands": 4,
    }  # fmt: skip


def test_the_same_rehearsal_has_no_difference_whatever_it_took():
    other = copy.deepcopy(kept())
    other["pages"]["shop.md"]["seconds"] = 99
    other["pages"]["shop.md"]["steps"][0]["seconds"] = 9
    other["versions"]["moto"] = "6"
    assert not list(differences(kept(), other))


def test_an_answer_that_was_as_shown_and_is_not_any_more_is_named_with_its_line():
    worse = Step(
        "check",
        "Check",
        6,
        (Ran(7, "aws a", "differed", "emulator", 0.6, (Difference(8, "1", "2"),)), SHOP.steps[1].commands[1]),
    )
    found = kept(Rehearsal("shop.md", SHOP.evenings, (SHOP.steps[0], worse, SHOP.steps[2])))
    assert list(differences(kept(), found)) == [
        "shop.md:6: recorded 1 matched, declared, 1 matched, emulator, now 1 differed, 1 matched, declared"
    ]
    assert found["pages"]["shop.md"]["complaints"] == ["shop.md:8: expected '1', got '2'"]


def test_a_page_that_came_or_went_is_named():
    changed = copy.deepcopy(kept())
    changed["pages"]["bank.md"] = changed["pages"].pop("shop.md")
    assert len(list(differences(kept(), changed))) == 2


def test_other_turns_than_recorded_are_named():
    found = kept(Rehearsal("shop.md", (Evening("busy", "It is busy."),), SHOP.steps))
    assert list(differences(kept(), found)) == ["shop.md: the faults or AWS's turns were others than in the record"]


def test_the_hash_of_a_page_changes_with_what_is_typed_shown_or_wrong_and_not_with_its_words():
    same = digest_of(book(), FAULTS)
    assert digest_of(book(PAGE.replace("Some words.", "Other words.")), FAULTS) == same
    changed = [
        digest_of(book(PAGE.replace("list-clusters", "list-services")), FAULTS),
        digest_of(book(PAGE.replace("\n1\n", "\n2\n")), FAULTS),
        digest_of(book(PAGE.replace("Check", "Act")), FAULTS),
        digest_of(book(PAGE.replace("busy", "other")), FAULTS),
        digest_of(book(), Faults("", ({"act": "calm"},), FAULTS.faults)),
        digest_of(book(), Faults("", (), {"busy": Fault("busy", "It is busy.", ())})),
        digest_of(
            book(),
            Faults("", (), {"busy": Fault("busy", "It is busy.", ({"act": "calm"},), (Turn(("a b",), "x", ()),))}),
        ),
    ]
    assert same not in changed
    assert len(set(changed)) == len(changed)


def test_a_fault_that_the_page_does_not_name_is_none_of_its_business():
    more = Faults("", (), {**FAULTS.faults, "third": Fault("third", "y", ())})
    assert digest_of(book(), more) == digest_of(book(), FAULTS)


def test_one_page_rehearsed_again_takes_its_place_in_the_record_and_the_shares_follow():
    bank = Rehearsal(
        "bank.md", SHOP.evenings, (Step("check", "Check", 6, (Ran(7, "aws a", "matched", "emulator", 0.6),)),)
    )
    both = merged(kept(), kept(bank))
    assert list(both["pages"]) == ["bank.md", "shop.md"]
    assert both["shares"] == kept(SHOP, bank)["shares"]
    assert merged(kept(SHOP, bank), kept())["pages"] == both["pages"]


def test_a_record_made_with_other_versions_takes_no_page():
    with pytest.raises(ValueError, match="other versions"):
        merged(kept(), {**kept(), "versions": {"moto": "6"}})


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.parent.name)
def test_no_recorded_page_has_a_complaint(path):
    pages = evidence.read(path, KIND).content["pages"]
    assert pages
    assert not [complaint for page in pages.values() for complaint in page["complaints"]]
