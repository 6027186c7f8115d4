"""From a brief's bill to ours, step by step: what each line adds, what is missing by size, and nothing left out."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from analysis.pages import bill


def test_the_briefs_lines_come_first_and_then_what_is_not_in_it_by_size():
    made = bill.steps(
        {"A": Decimal(10), "B + C": Decimal(5)},
        {"A": Decimal(30), "B": Decimal(1), "C": Decimal(2), "D": Decimal(7), "E": Decimal(9), "F": Decimal(0)},
    )
    assert [one[0] for one in made] == ["A", "B + C", "E", "D"]
    assert [int(one[3]) for one in made] == [20, -2, 9, 7]
    assert [int(one[4]) for one in made] == [35, 33, 42, 49]


AMOUNTS = st.dictionaries(st.sampled_from("ABCDEFG"), st.integers(0, 10_000).map(Decimal))


@given(AMOUNTS, AMOUNTS)
def test_the_last_total_is_ours_whatever_the_brief_says(brief, ours):
    made = bill.steps(brief, ours)
    assert (made[-1][4] if made else Decimal(0)) == sum(ours.values(), Decimal(0))
