# ruff: noqa: E501 (a row of a table is one line)
"""A page is read as data: its front matter, its steps, and every command with its answer and its place."""

import datetime as dt
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import runbooks
from analysis.runbooks.page import wants_more

FRONT = """---
title: Add tasks
owner: Platform on-call
severity: page
trigger: Too few tasks
minutes: 10
alarms: [shop-tasks]
last_reviewed: 2026-11-21
review_in: 3 months
---
"""

STEPS = (
    FRONT
    + """
# Add tasks

1. Look:

    ```console title="Check"
    $ aws ecs describe-services --cluster shop \\
        --services web
    {
        "services": []
    }
    $ date
    ```

2. Change:

    ```console title="Act: add one"
    $ aws ecs update-service --cluster shop --service web --desired-count 3
    ```

    ```console title="Undo"
    $ aws ecs update-service --cluster shop --service web --desired-count 2
    ```

```console title="abort if: it is worse"
$ true
```
"""
)


def read(text):
    return runbooks.parse(text, "page.md")


def problems(text):
    return [str(problem) for problem in read(text).problems]


def test_the_front_matter_says_who_keeps_the_page_and_what_it_answers():
    book = read(STEPS)
    assert (book.owner, book.severity, book.minutes, book.alarms) == ("Platform on-call", "page", 10, ("shop-tasks",))
    assert book.last_reviewed == dt.date(2026, 11, 21)
    assert not book.problems


def test_a_step_has_a_kind_and_its_commands_have_lines_columns_and_answers():
    book = read(STEPS)
    assert [step.kind for step in book.steps] == ["check", "act", "undo", "abort-if"]
    first, second = book.steps[0].commands
    assert STEPS.splitlines()[first.line - 1][first.column - 1 :] == first.typed.splitlines()[0]
    assert first.typed.endswith("--services web")
    assert (first.answer, first.answer_line) == ('{\n    "services": []\n}', first.line + 2)
    assert (second.typed, second.answer, second.answer_line) == ("date", "", 0)


def test_an_undo_belongs_to_the_nearest_act_above_it():
    book = read(STEPS)
    _, act, undo, _ = book.steps
    assert book.undo_of(act) == undo
    assert read(STEPS.replace('title="Undo"', 'title="Act"')).undo_of(act) is None


def test_a_macro_becomes_the_text_that_it_is_filled_with_and_lines_keep_their_numbers():
    text = "{{ value(\n'a', 'b') }}\n\n```console\n$ echo {{ n }}\n```\n"
    assert read(text).commands[0].typed == "echo 7"
    filled = runbooks.parse(text, "x.md", fill=lambda inside: inside.upper())
    assert (filled.commands[0].typed, filled.commands[0].line) == ("echo N", 5)


def test_scripts_are_typed_whole_and_a_command_in_a_sentence_counts_where_it_has_options():
    book = read("Type `aws ecs list-tasks --cluster a` or `aws ecs stop-task`.\n\n```bash\na\nb\n```\n")
    assert [command.typed for command in book.commands] == ["aws ecs list-tasks --cluster a", "a\nb"]


def test_an_attribute_list_and_tildes_mark_a_step_as_well():
    book = read('~~~ {.console title="Check"}\n$ date\n~~~\n')
    assert [(step.kind, step.commands[0].typed) for step in book.steps] == [("check", "date")]


@pytest.mark.parametrize(
    ("typed", "more"),
    [
        ("aws ecs list-tasks", False), ("aws ecs \\", True), ("aws ecs \\\n  x", False), ("aws --query 'a", True),
        ("aws --query 'a\nb'", False), ("x=$(aws", True), ('echo "a $(b "c") d"', False), ("aws x |", True), ("a &&\nb", False),
        ("for i in 1 2; do", True), ("for i in 1 2; do x; done", False), ("if [ a ]; then b; fi", False), ("if a", True),
        ("while read l; do echo $l; done < f", False), ("case x in", True), ("case x in a) b;; esac", False), ("f() {", True),
        ("f() { a; }", False), ("cat > f <<EOF", True), ("cat > f <<EOF\na'b\nEOF", False), ("echo do", False),
        ("echo a # it's", False), ('echo "${x:-}"', False), ("a & b", False),
    ],
)  # fmt: skip
def test_a_command_goes_on_where_a_shell_would_ask_for_another_line(typed, more):
    assert wants_more(typed) is more


def test_the_second_prompt_of_the_shell_is_not_typed():
    book = read("```console\n$ cat > f <<EOF\n> a\n> EOF\nanswer\n```\n")
    assert (book.commands[0].typed, book.commands[0].answer) == ("cat > f <<EOF\na\nEOF", "answer")


# --- what is wrong with a page's form


@pytest.mark.parametrize(
    ("planted", "said"),
    [
        (("minutes: 10\n", ""), "1:1: the front matter lacks minutes; add `minutes:`"),
        (("minutes: 10", "minutes: ten"), "minutes is 'ten'; write the time budget, a whole number"),
        (("severity: page", "severity: bad"), "severity is 'bad'; write one of page, ticket, planned"),
        (("alarms: [shop-tasks]", "alarms: shop-tasks"), "alarms is 'shop-tasks'; write the list"),
        (("last_reviewed: 2026-11-21", "last_reviewed: soon"), "last_reviewed is 'soon'; write a date"),
        (("title: Add", "title: [Add"), "the front matter is no YAML"),
        (('title="Check"', 'title="Look"'), "'Look' is no kind of step; begin the title with Check, Act, Verify, Undo or Abort if"),
        (('title="Check"', ""), "a console block says of itself no kind"),
        (("    $ date\n    ```\n", "    $ date\n"), "the block that begins here is not closed before the next one begins in line"),
        (('$ true\n```', "$ true\n"), "not closed before the page ends; end it with a line ```"),
        (("$ true", "$ "), "a prompt without a command"),
        (("$ true", "true"), "an answer stands above the first prompt"),
    ],
)  # fmt: skip
def test_a_fault_of_the_form_is_said_with_its_line_and_what_to_do(planted, said):
    assert planted[0] in STEPS
    found = problems(STEPS.replace(*planted, 1))
    assert any(said in problem for problem in found), found
    assert all(problem.startswith("page.md:") for problem in found)


def test_front_matter_that_is_never_closed_and_an_empty_page_are_said():
    assert "the front matter is never closed" in problems("---\ntitle: x\n")[0]
    assert "the file is empty" in problems("")[0]
    assert not problems("# A page that is no runbook\n\n```console\n$ date\n```\n")


def test_a_file_that_is_no_text_is_refused_in_a_sentence(tmp_path):
    binary = tmp_path / "x.md"
    binary.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(runbooks.PageError, match="is no UTF-8 text"):
        runbooks.read(binary)
    binary.write_bytes(b"a\0b")
    with pytest.raises(runbooks.PageError, match="zero byte"):
        runbooks.read(binary)
    with pytest.raises(runbooks.PageError, match="cannot be read"):
        runbooks.read(tmp_path / "none.md")
    with pytest.raises(runbooks.PageError, match="cannot be read"):
        runbooks.read(tmp_path)
    (tmp_path / "large.md").write_bytes(b"a" * 5_000_000)
    with pytest.raises(runbooks.PageError, match="the limit is 2,000,000"):
        runbooks.read(tmp_path / "large.md")


@given(st.text(alphabet="`~$ #\n\"'\\(){}<|;ab-", max_size=300))
def test_no_text_stops_the_reader(text):
    book = read(text)
    assert all(1 <= command.line <= len(text.splitlines()) for command in book.commands)


@pytest.mark.parametrize(
    "line", ["`aws " + "a --" * 40_000, "$ " + "a'" * 60_000, "a." * 90_000 + "$", "```console title=" + "x" * 90_000]
)
def test_a_long_line_is_read_in_time(line):
    began = time.process_time()
    read(f"```console\n{line}\n```\n{line}\n")
    assert time.process_time() - began < 5


@pytest.mark.slow
def test_a_page_of_quotes_that_are_never_closed_is_read_in_time():
    block = "```console\n$ echo 'a\n" + "b\n" * 140 + "```\n"
    began = time.process_time()
    book = read(block * 1500)
    assert len(book.commands) == 1500
    assert [problem.rule for problem in book.problems] == ["bound"]
    assert time.process_time() - began < 60


@pytest.mark.parametrize("typed", ["echo " + "$(" * 100_000 + ")" * 100_000, "cat x" + " | cat" * 120_000])
@pytest.mark.parametrize("block", ["```bash\n{}\n```\n", "```console\n$ {}\n```\n"])
def test_a_command_of_endless_length_is_a_finding_and_no_work(typed, block):
    began = time.process_time()
    book = read(block.format(typed))
    assert time.process_time() - began < 5
    assert book.commands == ()
    assert [problem.rule for problem in book.problems] == ["bound"]
    assert f"the command has {len(typed):,} characters" in book.problems[0].what


def test_the_pages_of_the_project_are_read():
    docs = Path(__file__).parents[2] / "docs"
    assert sum(len(runbooks.read(path).commands) for path in docs.rglob("*.md")) > 150
