import os
import pickle
import random
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.terraform import cache, syntax, tree

TEXT = 'resource "a" "b" {\n  c = [for x in y : "${x}-${z[*].w}" if x != null]\n  d = <<-E\n    %{ if e }f%{ endif }\n  E\n}\n'


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "main.tf"
    path.write_text(TEXT)
    return path


@pytest.fixture
def no_parser(monkeypatch):
    def refuse(*_):
        raise AssertionError("the text was parsed, although the cache knows it")

    return lambda: monkeypatch.setattr(syntax, "parse", refuse)


def entries(directory):
    return sorted(directory.glob("*.tree"))


def test_a_known_content_is_not_parsed_again(file, tmp_path, no_parser):
    fresh = syntax.parse(TEXT, "main.tf")
    assert cache.parsed(file, "main.tf", tmp_path / "cache") == fresh
    no_parser()
    assert cache.parsed(file, "main.tf", tmp_path / "cache") == fresh


def test_a_number_keeps_its_digits_in_the_cache(tmp_path, no_parser):
    path = tmp_path / "main.tf"
    path.write_text("a = 3.00000000000000000001\n")
    cache.parsed(path, "main.tf", tmp_path / "cache")
    no_parser()
    body, _ = cache.parsed(path, "main.tf", tmp_path / "cache")
    assert body.arguments[0].expression.value > 3


def test_other_content_and_another_name_are_other_entries(file, tmp_path):
    directory = tmp_path / "cache"
    cache.parsed(file, "main.tf", directory)
    cache.parsed(file, "other.tf", directory)
    file.write_text("a = 1\n")
    body, _ = cache.parsed(file, "main.tf", directory)
    assert body.arguments[0].name == "a"
    assert len(entries(directory)) == 3


def test_another_version_of_a_library_is_another_entry(file, tmp_path, monkeypatch):
    cache.parsed(file, "main.tf", tmp_path / "cache")
    monkeypatch.setattr(cache, "VERSION", "another")
    cache.parsed(file, "main.tf", tmp_path / "cache")
    assert len(entries(tmp_path / "cache")) == 2


def test_mistakes_are_cached_with_the_tree(tmp_path, no_parser):
    path = tmp_path / "m.tf"
    path.write_text("a = \n")
    first = cache.parsed(path, "m.tf", tmp_path / "cache")
    no_parser()
    assert cache.parsed(path, "m.tf", tmp_path / "cache") == first
    assert first[1][0].location.file == "m.tf"


@pytest.mark.parametrize("damage", [lambda c: c[:-20], lambda _: b"", lambda _: b"\x80\x05garbage", lambda c: c[::-1]])
def test_a_damaged_entry_is_parsed_again_and_repaired(file, tmp_path, damage):
    directory = tmp_path / "cache"
    first = cache.parsed(file, "main.tf", directory)
    (entry,) = entries(directory)
    whole = entry.read_bytes()
    entry.write_bytes(damage(whole))
    assert cache.parsed(file, "main.tf", directory) == first
    assert entry.read_bytes() == whole


class Attack:
    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return (os.mkdir, (str(self.target),))


def test_a_planted_entry_runs_no_code(file, tmp_path):
    directory = tmp_path / "cache"
    first = cache.parsed(file, "main.tf", directory)
    (entry,) = entries(directory)
    planted = pickle.dumps(Attack(tmp_path / "pwned"))
    pickle.loads(planted)
    (tmp_path / "pwned").rmdir()  # the attack works where it is not held up
    entry.write_bytes(planted)
    assert cache.parsed(file, "main.tf", directory) == first
    assert not (tmp_path / "pwned").exists()


@pytest.mark.skipif(os.name != "posix", reason="asks for the permissions of POSIX")
def test_a_directory_in_which_others_may_write_is_not_used(file, tmp_path):
    directory = tmp_path / "cache"
    directory.mkdir()
    directory.chmod(0o777)
    assert cache.parsed(file, "main.tf", directory)[0].blocks
    assert not entries(directory)


@pytest.mark.skipif(os.name != "posix", reason="asks for the permissions of POSIX")
def test_a_link_in_the_place_of_the_directory_is_not_followed(file, tmp_path):
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "cache").symlink_to(tmp_path / "elsewhere")
    assert cache.parsed(file, "main.tf", tmp_path / "cache")[0].blocks
    assert not entries(tmp_path / "elsewhere")


def test_the_directory_is_for_this_user_only(file, tmp_path):
    cache.parsed(file, "main.tf", tmp_path / "deep" / "cache")
    assert stat.S_IMODE((tmp_path / "deep" / "cache").stat().st_mode) == 0o700


def test_a_directory_that_cannot_be_made_does_not_matter(file):
    assert cache.parsed(file, "main.tf", Path(os.devnull) / "cache")[0].blocks


def test_a_file_that_cannot_be_read_is_a_diagnostic(tmp_path):
    (tmp_path / "d.tf").mkdir()
    for name, part in (("missing.tf", "No such file"), ("d.tf", "cannot be read")):
        body, (diagnostic,) = cache.parsed(tmp_path / name, name, tmp_path / "cache")
        assert body == tree.Body((), ())
        assert part in diagnostic.message
        assert diagnostic.location.file == name


def test_a_file_that_is_not_utf_8_is_a_diagnostic_at_its_first_bad_byte(tmp_path):
    path = tmp_path / "m.tf"
    path.write_bytes(b"a = 1\nb = \xff\n")
    _, (diagnostic,) = cache.parsed(path, "m.tf", tmp_path / "cache")
    assert "UTF-8" in diagnostic.message
    assert (diagnostic.location.line, diagnostic.location.column) == (2, 5)


def test_a_file_that_is_too_large_is_not_even_read(tmp_path):
    path = tmp_path / "m.tf"
    with path.open("wb") as file:
        file.truncate(10**12)
    _, (diagnostic,) = cache.parsed(path, "m.tf", tmp_path / "cache")
    assert "1,000,000,000,000 bytes" in diagnostic.message


def test_json_is_read_as_json(tmp_path):
    path = tmp_path / "m.tf.json"
    path.write_text('{"locals": {"a": 1}}')
    body, problems = cache.parsed(path, "m.tf.json", tmp_path / "cache")
    assert not problems
    assert body.blocks[0].type == "locals"


@given(
    st.lists(
        st.sampled_from(
            ["a", "1", "+", "[", "]", "(", ")", '"x${', '}"', "{", "}", "=", "\n", "for x in y :", "? b : c", "[*].d"]
        )
    )
)
def test_whatever_the_tree_it_comes_back_from_its_bytes(words):
    parsed = syntax.parse(" ".join(words), "m.tf")
    assert cache.decoded(cache.encoded(parsed)) == parsed


@given(st.binary(max_size=200))
def test_whatever_the_bytes_decoding_them_fails_with_one_kind_of_error(content):
    try:
        body, _ = cache.decoded(content)
    except ValueError:
        return
    assert isinstance(body, tree.Body)


def test_the_parser_is_not_loaded_before_something_must_be_parsed():
    code = "import sys, analysis.terraform; sys.exit('lark' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_entry_with_a_bit_flipped_is_not_used(file, tmp_path):
    fresh = cache.parsed(file, "main.tf", tmp_path / "cache")
    (place,) = entries(tmp_path / "cache")
    good = place.read_bytes()
    assert cache.decoded(good) == fresh
    rng = random.Random("bit flips")
    for _ in range(200):
        damaged = bytearray(good)
        damaged[rng.randrange(len(good))] ^= 1 << rng.randrange(8)
        with pytest.raises(ValueError, match="not a cached tree"):
            cache.decoded(bytes(damaged))


def test_a_link_in_the_place_of_an_entry_is_replaced_and_its_target_stays(file, tmp_path):
    fresh = cache.parsed(file, "main.tf", tmp_path / "cache")
    (place,) = entries(tmp_path / "cache")
    (tmp_path / "precious").write_text("mine")
    place.unlink()
    place.symlink_to(tmp_path / "precious")
    assert cache.parsed(file, "main.tf", tmp_path / "cache") == fresh
    assert (tmp_path / "precious").read_text() == "mine"
