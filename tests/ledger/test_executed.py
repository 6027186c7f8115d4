"""SQL of a brief on a real PostgreSQL: what is executed, what is kept, and what the ledger makes of it."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from analysis import evidence, ledger
from analysis.commands import app
from analysis.frontmatter import PlacedError
from analysis.ledger import executed
from analysis.loadtest import servers
from analysis.studies import Studies

ROOT = Path(__file__).parents[2]
BRIEFS = [path.parent for path in sorted((ROOT / "docs").glob(f"*/{executed.FILE_NAME}"))]

needs_postgresql = pytest.mark.skipif(
    bool(servers.lacking(executed.NEEDED)), reason=servers.lacking(executed.NEEDED) or "PostgreSQL is here"
)


@pytest.fixture
def copied(tmp_path):
    """The first brief with SQL in a project of its own."""
    folder = tmp_path / "docs" / BRIEFS[0].name
    folder.mkdir(parents=True)
    for name in (ledger.FILE_NAME, ledger.INPUTS, executed.FILE_NAME, f"{executed.KIND}{evidence.SUFFIX}"):
        shutil.copy(BRIEFS[0] / name, folder / name)
    (tmp_path / "terraform").symlink_to(ROOT / "terraform")
    return folder


def broken(folder):
    return ledger.load(folder, Studies(ROOT / "terraform" / "stacks"), "shop").broken


@needs_postgresql
@pytest.mark.parametrize("folder", BRIEFS, ids=lambda folder: folder.name)
def test_a_real_server_answers_each_statement_of_a_brief_as_recorded(folder):
    record = evidence.read(evidence.beside(folder, executed.KIND), executed.KIND)
    assert record is not None
    found = executed.executed(executed.written(folder))
    assert [(one["line"], one["refused"]) for one in found["statements"]] == [
        (one["line"], one["refused"]) for one in record.content["statements"]
    ]


@needs_postgresql
def test_a_refused_statement_leaves_those_before_it_and_lets_those_after_it_run():
    statements = [
        executed.Written(1, "a table", "CREATE TABLE a (x int);"),
        executed.Written(2, "no table", "CREATE TABLE b (x int, INDEX i (x));"),
        executed.Written(3, "a row", "INSERT INTO a VALUES (1);"),
    ]
    assert [one["refused"] for one in executed.executed(statements)["statements"]] == [
        "", 'ERROR:  type "i" does not exist', "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["", "SELECT 1;", "-- line 3: a\nSELECT 1;\n-- line 3: b\nSELECT 2;", "-- line 3: a\n-- line 4: b\nSELECT 1;"],
)
def test_a_file_without_statements_or_with_one_line_twice_is_refused(tmp_path, text):
    (tmp_path / executed.FILE_NAME).write_text(text, encoding="utf-8")
    with pytest.raises(PlacedError, match="each statement begins with `-- line N: words`"):
        executed.written(tmp_path)


def test_another_answer_of_the_server_turns_a_verdict(copied):
    assert broken(copied) == ()
    file = evidence.beside(copied, executed.KIND)
    kept = json.loads(file.read_text(encoding="utf-8"))
    refused = next(one for one in kept["content"]["statements"] if one["refused"])
    refused["refused"] = ""
    file.write_text(json.dumps(kept), encoding="utf-8")
    (sentence,) = broken(copied)
    assert "is stated as 'wrong' and is 'holds': 1 statement is computed" in sentence


def test_statements_that_changed_since_are_no_evidence(copied):
    path = copied / executed.FILE_NAME
    path.write_text(path.read_text(encoding="utf-8").replace("JOIN", "LEFT JOIN", 1), encoding="utf-8")
    with pytest.raises(PlacedError, match=r"since then changed: statements\.sql; `gameday claims"):
        broken(copied)


def test_the_command_says_where_there_is_nothing_to_execute_or_nothing_to_execute_it_on(monkeypatch):
    done = CliRunner().invoke(app, ["claims", "nobody", "--record"])
    assert done.exit_code == 2
    assert f"there is no SQL of 'nobody' to execute; there is of {BRIEFS[0].name}" in done.stderr
    monkeypatch.setattr(servers, "found", lambda _: None)
    done = CliRunner().invoke(app, ["claims", BRIEFS[0].name, "--record"])
    assert done.exit_code == 2
    assert "postgresql" in done.stderr
