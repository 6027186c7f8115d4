from decimal import Decimal

import pytest

from analysis.facts import FactError, assumptions
from analysis.facts.assumptions import MAX_FILE_BYTES, toml

FANS = """
[fans_per_game]
value = 42_000
low = 30_000
high = 60_000
unit = "fan"
reason = "Season average."
"""


@pytest.fixture
def read(tmp_path):
    def read(text):
        path = tmp_path / "assumed.toml"
        path.write_text(text)
        return assumptions(path)

    return read


def test_an_assumption_has_a_value_a_range_a_unit_and_a_reason(read):
    fans = read(FANS)["fans_per_game"]
    assert (fans.value, fans.low, fans.high, fans.unit) == (42_000, 30_000, 60_000, "fan")
    assert fans.at("low") == 30_000.0


def test_decimals_stay_exact(read):
    assert read(FANS.replace("42_000", "42_000.1"))["fans_per_game"].value == Decimal("42000.1")


def test_a_published_value_needs_a_source_but_no_range(read):
    assert read('[quota]\nvalue = 10\nunit = "task"\nsource = "https://example.com"')["quota"].high == 10


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (FANS.replace("low = 30_000\nhigh = 60_000\n", ""), "fans_per_game: has no source; then it needs value, low"),
        (FANS.replace('reason = "Season average."', ""), "fans_per_game.reason: is missing"),
        (FANS.replace('unit = "fan"', ""), "fans_per_game.unit: is missing"),
        (FANS.replace("30_000", "50_000"), "low 50000, value 42000 and high 60000 are not in this order"),
        (FANS + "colour = 1", "fans_per_game.colour: is not a key of this table"),
        (FANS.replace("42_000", '"many"'), "fans_per_game.value: must be a number, not 'many'"),
        (FANS.replace("42_000", "true"), "must be a number"),
        (FANS.replace("42_000", "nan"), "must be a finite number"),
        ("fans = 3", "fans: must be a table"),
        ("[fans", "is not valid TOML"),
    ],
)
def test_what_is_wrong_is_said_with_the_file_and_the_key(read, text, sentence):
    with pytest.raises(FactError) as refusal:
        read(text)
    assert str(refusal.value).startswith("assumed.toml: ")
    assert sentence in str(refusal.value)


def test_a_file_that_is_missing_binary_or_huge_is_refused_in_a_sentence(tmp_path):
    path = tmp_path / "x.toml"
    with pytest.raises(FactError, match="cannot be read"):
        toml(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FactError, match="not UTF-8"):
        toml(path)
    path.write_text("#" * (MAX_FILE_BYTES + 1))
    with pytest.raises(FactError, match="the limit is"):
        toml(path)
    path.write_text("x = " + "[" * 5_000 + "]" * 5_000)
    with pytest.raises(FactError, match="nested too deeply"):
        toml(path)


@pytest.mark.parametrize("key", ["a." * 300_000 + "a", " .\t".join(["'a'"] * 100_000), "x = {" + "a." * 300_000 + "a"])
def test_a_key_of_many_parts_is_refused_before_it_is_read(tmp_path, key):
    file = tmp_path / "a.toml"
    file.write_text(f"{key} = 1\n")
    with pytest.raises(FactError, match="a key has more than 100 parts"):
        toml(file)


def test_many_dots_that_are_no_key_are_read(tmp_path):
    file = tmp_path / "a.toml"
    file.write_text("a = [" + "0.5, " * 300 + f']\nb = "{"word. " * 90}{"..." * 200}"\n')
    assert len(toml(file).entries["a"]) == 300


def test_another_central_value_keeps_the_proportions_of_the_range(read):
    fans = read(FANS)["fans_per_game"].replaced(Decimal(84_000))
    assert (fans.low, fans.high) == (60_000, 120_000)
