"""What Terraform answered is recorded: the same question is not asked twice, another is, and `--all` asks everything."""

import answers
import pytest
import rotation


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """Asks under a name with a basis; gives the answer and how often Terraform was asked for it."""
    monkeypatch.setattr(rotation, "_CHOICE", {"all": False, "record": False})

    def asked(basis, answer, **options):
        calls = []

        def ask():
            calls.append(1)
            return answer

        return answers.of("a", basis, ask, folder=tmp_path, **options), len(calls)

    return asked


def choose(monkeypatch, **choice):
    monkeypatch.setattr(rotation, "_CHOICE", {"all": False, "record": False} | choice)


def test_nothing_is_recorded_unless_it_is_wanted(asked, tmp_path):
    assert asked("basis", {"x": 1}) == ({"x": 1}, 1)
    assert not list(tmp_path.iterdir())


def test_the_recorded_question_is_not_asked_again_and_another_one_is(asked, monkeypatch):
    choose(monkeypatch, record=True)
    asked("basis", {"x": 1})
    choose(monkeypatch)
    assert asked("basis", "not asked") == ({"x": 1}, 0)
    assert asked("another basis", {"x": 2}) == ({"x": 2}, 1)


def test_under_all_terraform_is_asked_and_another_answer_to_the_same_question_fails(asked, monkeypatch):
    choose(monkeypatch, record=True)
    asked("basis", {"x": 1})
    choose(monkeypatch, all=True)
    assert asked("basis", {"x": 1}) == ({"x": 1}, 1)
    with pytest.raises(pytest.fail.Exception, match="another way than was recorded"):
        asked("basis", {"x": 2})
    assert asked("another basis", {"x": 2}) == ({"x": 2}, 1)


def test_a_failure_is_never_recorded(asked, monkeypatch, tmp_path):
    choose(monkeypatch, record=True)
    asked("basis", "failed", keep=lambda answer: answer != "failed")
    assert not list(tmp_path.iterdir())


def test_a_broken_file_is_asked_again_and_the_same_answer_gives_the_same_bytes(asked, monkeypatch, tmp_path):
    choose(monkeypatch, record=True)
    asked("basis", {"x": 1, "y": 2})
    (file,) = tmp_path.iterdir()
    before = file.read_bytes()
    file.write_bytes(before[:-3])
    choose(monkeypatch)
    assert asked("basis", {"x": 3}) == ({"x": 3}, 1)
    choose(monkeypatch, record=True)
    asked("basis", {"y": 2, "x": 1})
    assert file.read_bytes() == before


def test_a_question_rests_on_the_terraform_its_modules_and_its_tests_and_on_no_note(tmp_path):
    stack, module = tmp_path / "stack", tmp_path / "module"
    for directory in (stack / "tests", module):
        directory.mkdir(parents=True)
    (module / "main.tf").write_text('resource "terraform_data" "a" {}\n')
    (stack / "main.tf").write_text('module "m" {\n  source = "../module"\n}\n')
    bases = {answers.basis(stack)}
    (stack / "notes.json").write_text("{}")
    assert answers.basis(stack) in bases
    for file, text in (
        (stack / "main.tf", 'module "n" {\n  source = "../module"\n}\n'),
        (module / "main.tf", ""),
        (stack / "tests" / "a.tftest.hcl", 'run "a" {}\n'),
    ):
        file.write_text(text)
        assert answers.basis(stack) not in bases
        bases.add(answers.basis(stack))
    assert answers.basis(stack, "more") not in bases
