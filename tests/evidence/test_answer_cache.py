"""An answer is made once, and again where its file is damaged."""

import pytest

from analysis.evidence import answer


def never():
    raise AssertionError("it is kept and was made again")


def test_an_answer_is_made_once_and_kept(tmp_path):
    assert answer(tmp_path / "new", "plan-1", lambda: {"rows": [1]}) == {"rows": [1]}
    assert answer(tmp_path / "new", "plan-1", never) == {"rows": [1]}
    assert answer(tmp_path / "new", "plan-2", lambda: 2) == 2


def test_what_is_not_to_be_kept_is_made_again(tmp_path):
    assert [answer(tmp_path, "a", lambda n=n: n, lambda _: False) for n in (1, 2)] == [1, 2]
    assert [answer(tmp_path, None, lambda n=n: n) for n in (1, 2)] == [1, 2]


@pytest.mark.parametrize("damage", [lambda text: text[:-1], lambda text: text.replace("123", "128"), lambda _: ""])
def test_a_damaged_file_is_made_again(tmp_path, damage):
    answer(tmp_path, "a", lambda: 123)
    file = tmp_path / "a.json"
    file.write_text(damage(file.read_text()))
    assert answer(tmp_path, "a", lambda: 123) == 123
    assert answer(tmp_path, "a", never) == 123
