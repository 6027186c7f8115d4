"""One script draws the stacks that there are."""

import runpy
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

main = runpy.run_path(str(ROOT / "diagrams" / "draw.py"))["main"]


@pytest.fixture
def project(tmp_path):
    for name in ("buzzer_baseline", "engine_as_written"):
        shutil.copytree(ROOT / "terraform" / "stacks" / name, tmp_path / "terraform" / "stacks" / name)
    shutil.copytree(ROOT / "terraform" / "scenarios", tmp_path / "terraform" / "scenarios")
    return tmp_path


def test_without_a_name_every_stack_is_drawn_and_with_names_these(project, capsys):
    assert main(["engine_as_written"], project) == 0
    assert [path.name for path in (project / "out").iterdir()] == ["engine_as_written.svg"]
    assert main([], project) == 0
    assert sorted(path.name for path in (project / "out").iterdir()) == ["buzzer_baseline.svg", "engine_as_written.svg"]
    assert "engine_as_written.svg: " in capsys.readouterr().out


def test_a_name_that_is_no_stack_is_refused_with_a_sentence_and_nothing_is_drawn(project, capsys):
    assert main(["buzzer_baseline", "engine_as_writen"], project) == 2
    said = capsys.readouterr().err
    assert said == (
        "there is no stack 'engine_as_writen'; did you mean engine_as_written? "
        "There are buzzer_baseline, engine_as_written.\n"
    )
    assert not (project / "out").exists()
