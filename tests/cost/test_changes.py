"""What changes on the bill: by address, with a sum that is that of the two bills."""

from decimal import Decimal

from cost_makers import made
from hypothesis import given
from hypothesis import strategies as st

from analysis.cost import changes, changes_json, markdown

GATEWAY = made("aws_nat_gateway.n", connectivity_type="private")
QUEUE = made("aws_sqs_queue.q")


def disk(name, size):
    return made(f"aws_ebs_volume.{name}", type="gp3", size=size)


def test_what_is_added_removed_and_changed_is_told_apart(bill):
    found = changes(bill(GATEWAY, disk("a", 50), disk("c", 10)), bill(disk("a", 100), disk("b", 20), disk("c", 10)))
    assert [(c.address, c.kind, c.before, c.after) for c in found.changes] == [
        ("aws_nat_gateway.n", "removed", Decimal("32.85"), Decimal(0)),
        ("aws_ebs_volume.a", "changed", Decimal(4), Decimal(8)),
        ("aws_ebs_volume.b", "added", Decimal(0), Decimal("1.6")),
    ]
    assert found.difference == Decimal("-27.25")


def test_a_line_that_only_use_tells_is_a_change_without_an_amount(bill):
    (change,) = changes(bill(), bill(QUEUE)).changes
    assert {(line.component, line.before, line.after) for line in change.lines} == {("requests", None, None)}


def test_a_resource_of_another_class_changes_by_both_prices(bill):
    old, new = (made("aws_instance.i", instance_type=kind) for kind in ("t3.medium", "t3.small"))
    (change,) = changes(bill(old), bill(new)).changes
    assert [(line.before, line.after) for line in change.lines] == [
        (Decimal("30.368"), None),
        (None, Decimal("15.184")),
    ]
    assert change.difference == Decimal("-15.184")


SIZES = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 1000))


@given(SIZES, SIZES)
def test_the_changes_sum_to_the_difference_of_the_bills(bill, before, after):
    old, new = (bill(*(disk(name, size) for name, size in side.items())) for side in (before, after))
    found = changes(old, new)
    assert sum((c.difference for c in found.changes), Decimal(0)) == new.total.usd - old.total.usd == found.difference
    assert {c.address for c in changes(new, old).changes} == {c.address for c in found.changes}
    assert changes(old, old).changes == ()


def test_the_markdown_names_the_sum_and_each_resource(bill):
    text = markdown(changes(bill(disk("a", 50)), bill(disk("a", 100), made("aws_odd.o"))))
    assert text.startswith("**Monthly cost: $4.00 → $8.00 (+$4.00)**")
    assert "| ~ | `aws_ebs_volume.a` | $4.00 | $8.00 | +$4.00 |" in text
    assert "Without a price: `aws_odd.o`." in text


def test_the_json_has_decimals_as_strings(bill):
    found = changes_json(changes(bill(), bill(disk("a", 50))))
    assert (found["before"], found["after"], found["difference"]) == ("0", "4", "4")
    assert found["changes"][0]["kind"] == "added"
