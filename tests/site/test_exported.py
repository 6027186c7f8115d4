"""The files of records are made once for a ground and taken from the last build as long as it stays."""

from pathlib import Path

from analysis.site import exported

ROOT = Path(__file__).parents[2]


def test_files_are_kept_while_the_ground_is_the_same_and_made_anew_when_it_changes(tmp_path, monkeypatch):
    made = []

    def files(_root, _docs):
        made.append(1)
        return {"a/b.pdf": b"%PDF-\xff", "a/b.md": b"# x"}

    monkeypatch.setattr(exported, "made", files)
    for ground in ("one", "one", "two"):
        assert exported.kept(tmp_path, tmp_path / "docs", ground) == files(None, None)
        made.pop()
    assert len(made) == 2


def test_a_record_that_cannot_be_computed_has_no_files_and_stops_no_build(tmp_path):
    stack = tmp_path / "terraform" / "stacks" / "x"
    stack.mkdir(parents=True)
    (stack / "gameday.toml").write_text('title = "X"\n', encoding="utf-8")
    (stack / "incident.toml").write_text('title = "X"\n', encoding="utf-8")
    (stack / "main.tf").write_text('resource "aws_sqs_queue" "x" {}\n', encoding="utf-8")
    system = (ROOT / "docs" / "engine" / "system.toml").read_text(encoding="utf-8")
    head, _, _ = system.partition("[[stack]]")
    (tmp_path / "docs" / "x").mkdir(parents=True)
    (tmp_path / "docs" / "x" / "system.toml").write_text(
        f'{head}[[stack]]\nname = "x"\nlabel = "X"\n', encoding="utf-8"
    )
    assert exported.made(tmp_path, tmp_path / "docs") == {}
