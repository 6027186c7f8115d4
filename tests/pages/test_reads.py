"""What a piece of work reads is noted, also where the answer is remembered."""

from analysis.pages import reads


def test_the_files_that_are_opened_are_noted_and_nothing_outside(tmp_path):
    (tmp_path / "a").write_text("1")
    (tmp_path / "b").write_text("2")
    with reads.noted() as files:
        (tmp_path / "a").read_text()
    (tmp_path / "b").read_text()
    assert files == {str(tmp_path / "a")}


def test_who_is_answered_from_memory_is_noted_as_a_reader_too_through_any_depth(tmp_path):
    (tmp_path / "a").write_text("1")
    asked = []

    @reads.cache
    def inner(name):
        asked.append(name)
        return (tmp_path / name).read_text()

    @reads.cache
    def outer(name):
        return inner(name) + "!"

    for ask in (outer, inner, outer):
        with reads.noted() as files:
            assert ask("a").startswith("1")
        assert files == {str(tmp_path / "a")}
    assert asked == ["a"]


def test_what_is_forgotten_is_read_again(tmp_path):
    (tmp_path / "a").write_text("1")
    ask = reads.cache((tmp_path / "a").read_text)
    assert ask() == "1"
    (tmp_path / "a").write_text("2")
    assert ask() == "1"
    reads.forget()
    assert ask() == "2"


def test_a_recorder_that_a_failed_build_left_behind_is_ended(tmp_path):
    reads.noted().__enter__()
    reads.forget()
    with reads.noted() as files:
        pass
    assert files == set()
