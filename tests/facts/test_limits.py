import pytest

from analysis.facts import FactError, fargate_sizes, limit, limits, managed_cache_policies
from analysis.facts.limits import DATA

HEADER = "name,value,low,high,unit,source,confidence,reason\n"


def read(tmp_path, row):
    path = tmp_path / "limits.csv"
    path.write_text(HEADER + row + "\n")
    return limits(path)


def test_every_limit_has_a_source_or_a_reason_and_a_range():
    for found in limits().values():
        assert found.source or (found.reason and found.low < found.high), found.name
        assert found.low <= found.value <= found.high


def test_the_dimensions_of_a_capacity_unit_are_those_of_the_price_list():
    names = ("new_connections_per_s", "active_connections", "processed_gb_per_hour", "rule_evaluations_per_s")
    assert [limit(f"alb.lcu.{name}").value for name in names] == [25, 3000, 1, 1000]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("a.b,1,,,s,,high,because", "line 2: has no source; then it needs low, high as well"),
        ("a.b,1,0,2,s,,high,", "line 2: has no source; then it needs reason as well"),
        ("a.b,3,0,2,s,,high,because", "low 0, value 3 and high 2 are not in this order"),
        ("a.b,1,0,2,,,high,because", "has no unit"),
        ("a.b,1,0,2,s,,certain,because", "confidence 'certain' is not one of"),
        ("a.b,1,0,2,s,here,high,x\na.b,1,0,2,s,here,high,x", "line 3: a.b is there twice"),
        ("a.b,soon,0,2,s,here,high,x", "line 2: "),
    ],
)
def test_a_broken_row_is_refused_with_file_and_line(tmp_path, row, sentence):
    with pytest.raises(FactError) as refusal:
        read(tmp_path, row)
    assert str(refusal.value).startswith("limits.csv: line ")
    assert sentence in str(refusal.value)


def test_a_limit_that_is_not_known_is_an_error_that_says_what_to_do():
    with pytest.raises(LookupError, match=r"limits\.csv; add its row"):
        limit("warp.speed")


def test_a_quarter_of_a_cpu_goes_with_half_a_gigabyte_but_not_with_four():
    assert 512 in fargate_sizes()[256]
    assert 4096 not in fargate_sizes()[256]
    assert fargate_sizes()[8192] == tuple(range(16_384, 61_441, 4096))


def test_a_managed_policy_is_found_by_its_id_and_by_its_name():
    policies = managed_cache_policies()
    assert policies["4135ea2d-6df8-44a3-9df3-4b5a84be39ad"] is policies["Managed-CachingDisabled"]
    assert policies["Managed-CachingDisabled"].default_ttl_s == 0
    assert policies["Managed-CachingOptimized"].default_ttl_s == 86_400
    assert (DATA / "cache_policies.csv").is_file()
