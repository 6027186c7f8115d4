"""Each runbook says when it was rehearsed and how it went, or that it was not rehearsed as it stands."""

import datetime as dt
from pathlib import Path

import pytest
from mkdocs.utils.meta import get_data

from analysis import evidence, terraform
from analysis.pages import reads, rehearsals
from analysis.rehearsal import record as rehearsal_record
from analysis.runbooks import page as pages

ROOT = Path(__file__).parents[2]
STACKS = {path.parent.name: path.parent for path in sorted((ROOT / "terraform" / "stacks").glob("*/rehearsal.toml"))}
BOOKS = {
    (name, path) for name in STACKS for path in (ROOT / "docs" / name / "runbooks").glob("*.md") if path.stem != "index"
}
TYPED = sorted({*BOOKS, ("buzzer", ROOT / "docs" / "buzzer" / "troubleshooting.md")})
LEFT_OUT = {"engine": 1, "olympics": 11}
"""Commands that no rehearsal types, each with its reason on the page: a stream of replays, sessions, another program's prompt."""

each_page = pytest.mark.parametrize(("name", "path"), TYPED, ids=lambda value: getattr(value, "stem", value))
each_stack = pytest.mark.parametrize("name", STACKS)


def meta(path):
    return get_data(path.read_text(encoding="utf-8"))[1]


def record(name):
    found = evidence.read(evidence.beside(STACKS[name], rehearsal_record.KIND), rehearsal_record.KIND)
    assert found is not None, f"make one: {rehearsals.COMMAND.format(name)}"
    return found


def test_every_system_with_runbooks_has_faults_for_them():
    with_books = {path.parent.parent.name for path in (ROOT / "docs").glob("*/runbooks/*.md")}
    assert with_books == STACKS.keys()


@each_page
def test_a_runbook_names_its_fault_and_shows_its_rehearsal(name, path):
    assert meta(path).get("fault") in rehearsals.faults(STACKS[name]).faults
    assert f'{{{{ rehearsed("{name}") }}}}' in path.read_text(encoding="utf-8")


@each_stack
def test_every_fault_is_that_of_a_page(name):
    texts = [path.read_text(encoding="utf-8") for system, path in TYPED if system == name]
    for fault in rehearsals.faults(STACKS[name]).faults:
        assert any(f"fault: {fault}\n" in text or f"fault: {fault} -->" in text for text in texts), fault


@each_stack
def test_every_runbook_was_rehearsed(name):
    assert {path.name for system, path in TYPED if system == name} == record(name).content["pages"].keys()


@each_page
def test_the_record_of_a_runbook_is_of_what_stands_there_now(name, path):
    assert not rehearsals.stale(ROOT, name, path.relative_to(ROOT / "docs").as_posix(), record(name))


@each_stack
def test_the_shares_of_the_record_are_those_of_its_pages(name):
    counted = {}
    for page in record(name).content["pages"].values():
        for word, number in rehearsal_record.of_page(page).items():
            counted[word] = counted.get(word, 0) + number
    shares = record(name).content["shares"]
    print(shares)  # noqa: T201 (the share is what this test is about)
    assert counted["commands"] == shares["commands"] == shares["matched"] + LEFT_OUT.get(name, 0)
    assert counted["matched"] == shares["matched"]
    assert counted["matched, emulator"] == shares["matched by the emulator"] >= 0.65 * shares["commands"]


# --- a checkout with one page, to see the sentences


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    stack = tmp_path / "terraform" / "stacks" / "shop"
    stack.mkdir(parents=True)
    (stack / "main.tf").write_text('resource "terraform_data" "a" {}\n')
    (stack / "rehearsal.toml").write_text('pages = ["docs"]\n[faults.busy]\nsays = "It is busy <now>."\n')
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "shop.md").write_text('---\nfault: busy\n---\n```console title="Check"\n$ echo 1\n1\n```\n')
    reads.forget()
    runbook = pages.read(tmp_path / "docs" / "shop.md", rehearsals.filled(tmp_path), name="shop.md")
    step = {
        "line": 4,
        "kind": "check",
        "title": "Check",
        "seconds": 0.4,
        "commands": {"matched, declared": 1, "left out": 1},
        "reasons": ["no <hub>"],
    }
    kept = {
        "seconds": 3.2,
        "evenings": [{"fault": "busy", "says": "It is busy <now>.", "turns": ["AWS follows."]}],
        "steps": [step],
        "complaints": [],
    }
    document = {
        "versions": {"moto": "5.2.5"}, "shares": {"commands": 2, "matched": 1, "left out": 1}, "pages": {"shop.md": kept},
    }  # fmt: skip
    rests_on = rehearsal_record.basis(terraform.load(stack), rehearsals.faults(stack), [runbook])
    record = evidence.Record(rehearsal_record.KIND, dt.date(2026, 11, 21), rests_on, document)
    evidence.write(evidence.beside(stack, rehearsal_record.KIND), record)
    yield tmp_path
    reads.forget()


def test_a_page_says_when_with_what_and_how_it_was_rehearsed(checkout):
    shown = str(rehearsals.rehearsed(checkout, "shop", "shop.md"))
    assert "Last rehearsed on 2026-11-21 (moto 5.2.5): 1 of 2 commands" in shown
    assert "1 of them rests on an answer that was declared" in shown
    assert "It is busy &lt;now&gt;." in shown
    assert "AWS follows." in shown
    assert "no &lt;hub&gt;" in shown
    assert "admonition warning" not in shown


def test_a_page_whose_commands_have_changed_warns(checkout):
    path = checkout / "docs" / "shop.md"
    path.write_text(path.read_text().replace("echo 1", "echo 2"))
    assert "Commands, answers or fault have changed since 2026-11-21" in str(
        rehearsals.rehearsed(checkout, "shop", "shop.md")
    )


def test_a_page_whose_stack_has_changed_warns(checkout):
    (checkout / "terraform" / "stacks" / "shop" / "main.tf").write_text('resource "terraform_data" "b" {}\n')
    assert "Since 2026-11-21 have changed: stack shop" in str(rehearsals.rehearsed(checkout, "shop", "shop.md"))


def test_a_page_that_was_never_rehearsed_says_so(checkout):
    assert "Never rehearsed" in str(rehearsals.rehearsed(checkout, "shop", "other.md"))
    evidence.beside(checkout / "terraform" / "stacks" / "shop", rehearsal_record.KIND).unlink()
    assert "Never rehearsed" in str(rehearsals.rehearsed(checkout, "shop", "shop.md"))
    assert "Never rehearsed" in str(rehearsals.overview(checkout, "shop"))


def test_macros_in_commands_give_values_of_the_stack_and_others_stay():
    fill = rehearsals.filled(ROOT)
    assert fill('value("buzzer", "var.tasks", "max")') == "30"
    assert fill("value(before, 'x')") == "{{ value(before, 'x') }}"
    assert fill("no jinja at all") == "{{ no jinja at all }}"


def test_the_tables_about_rehearsals_hold_their_rows(checkout):
    assert "commands in blocks" in str(rehearsals.overview(checkout, "shop"))
    assert "a count since the service began" in str(rehearsals.rehearsal_shapes())
    assert "--no-cli-pager" in str(rehearsals.rehearsal_versions())
