import re

import pytest

from analysis.facts import FactError, instance, instances
from analysis.facts.instances import DATA


def test_every_class_names_its_source_and_confidence():
    assert len(instances()) > 1700
    assert all(i.source and i.confidence in {"high", "medium", "low"} for i in instances().values())


def test_a_burstable_class_has_its_baseline_for_ever_and_credits_for_the_rest():
    micro = instance("db.t3.micro")
    assert (micro.vcpu, micro.baseline_vcpu, micro.credits_per_hour) == (2, 0.2, 12)
    assert not instance("db.m6g.large").burstable
    assert instance("db.m6g.large").baseline_vcpu == 2


def test_the_credits_earned_in_an_hour_are_what_the_baseline_burns():
    for found in instances().values():
        if found.burstable:
            assert found.credits_per_hour == pytest.approx(found.baseline_vcpu * 60)
            assert found.max_credits == pytest.approx(24 * found.credits_per_hour)


def test_redis_may_fill_at_most_the_nodes_memory():
    nodes = [i for i in instances().values() if i.service == "ElastiCache" and i.max_memory_bytes is not None]
    assert len(nodes) > 10
    assert all(node.max_memory_bytes <= node.memory_bytes * 1.001 for node in nodes)


def test_a_class_that_is_not_known_is_an_error_that_says_what_to_do():
    with pytest.raises(LookupError, match=r"db\.z9\.huge is not in .*instances\.csv"):
        instance("db.z9.huge")


@pytest.fixture
def broken(tmp_path):
    def broken(change):
        lines = (DATA / "instances.csv").read_text().splitlines()[:3]
        path = tmp_path / "instances.csv"
        path.write_text("\n".join(change(lines)) + "\n")
        return path

    return broken


def test_a_row_without_a_source_is_refused_with_file_and_line(broken):
    path = broken(lambda lines: [lines[0], re.sub(",i1,", ",,", lines[1])])
    with pytest.raises(FactError, match=r"instances\.csv: line 2: has no source"):
        instances(path)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda lines: [*lines, lines[1]], "line 4: t3.nano is there twice"),
        (lambda lines: [lines[0], lines[1].replace("0.032", "fast")], "line 2: could not convert"),
        (lambda lines: [lines[0], lines[1].replace("0.032", "-1")], "is not a number from zero up"),
        (lambda lines: [lines[0], lines[1] + ",more"], "another number of columns"),
        (lambda lines: [lines[0], lines[1].rsplit(",", 1)[0] + ",sure"], "confidence 'sure' is not one of"),
    ],
)
def test_a_broken_row_is_refused_with_file_and_line(broken, change, sentence):
    with pytest.raises(FactError) as refusal:
        instances(broken(change))
    assert str(refusal.value).startswith("instances.csv: line ")
    assert sentence in str(refusal.value)
