"""How a pre-mortem says numbers: as a reader would, however large."""

import pytest

from analysis.premortem.story import count


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (94.7, "94.7"),
        (833_333, "833,333"),
        (2.75e9, "2.75 billion"),
        (999_999_000_000.0, "1,000 billion"),
        (2.75e12, "2.75 trillion"),
        (9.36e15, "9,360 trillion"),
    ],
)
def test_a_number_has_no_exponent(value, said):
    assert count(value) == said
