"""A rehearsal may ask the emulator to answer as declared, and to go on as a copy of itself."""

import os

import pytest
from asking import client
from patience import at_last

from analysis.emulator import EmulatorError, EmulatorGoneError, running

KEYS = {
    "Keys": [{"Total": 0.4, "Dimensions": {"db.host.name": "10.20.17.31"}}],
    "AlignedStartTime": "2026-11-28T20:45:00Z",
}
BY_HOST = {"service": "pi", "operation": "DescribeDimensionKeys", "when": {"GroupBy.Group": "db.host"}, "answer": KEYS}


def clusters(emulator):
    return {arn.rsplit("/", 1)[1] for arn in client(emulator, "ecs").list_clusters()["clusterArns"]}


def loads(emulator, group):
    return client(emulator, "pi").describe_dimension_keys(
        ServiceType="RDS", Identifier="db-1", StartTime=0, EndTime=1, Metric="db.load.avg", GroupBy={"Group": group}
    )


def ended(alive):
    """Waits until it has ended, and fails where it has not although nothing else is at work."""
    at_last(lambda: not alive())
    return True


def test_an_operation_that_moto_lacks_is_answered_as_declared_and_the_log_says_so(emulator):
    with emulator.copy() as copy:
        copy.declare([BY_HOST])
        answer = loads(copy, "db.host")
        assert answer["Keys"][0]["Dimensions"] == {"db.host.name": "10.20.17.31"}
        assert answer["AlignedStartTime"].isoformat().startswith("2026-11-28")
        assert [call.answered for call in copy.calls()] == ["declared"]


def test_a_call_with_other_parameters_than_declared_is_not_answered_so(emulator):
    with emulator.copy() as copy:
        copy.declare([BY_HOST])
        with pytest.raises(client(copy, "pi").exceptions.ClientError):
            loads(copy, "db.wait_event")


def test_the_newest_declaration_wins(emulator):
    with emulator.copy() as copy:
        copy.declare([BY_HOST, BY_HOST | {"answer": {"Keys": []}}])
        assert loads(copy, "db.host")["Keys"] == []


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (BY_HOST | {"answer": {"Key": []}}, "has no member Key"),
        (BY_HOST | {"answer": {"Keys": "none"}}, "is not what AWS gives"),
        (BY_HOST | {"answer": {"AlignedStartTime": "tonight"}}, "is no time"),
        (BY_HOST | {"service": "pj"}, "there is no service pj"),
        (BY_HOST | {"operation": "Describe"}, "has no operation Describe"),
        ({"service": "pi"}, "names service, operation and answer"),
    ],
)
def test_an_answer_that_aws_could_not_give_is_refused_in_a_sentence(emulator, row, said):
    with emulator.copy() as copy, pytest.raises(EmulatorError, match=said):
        copy.declare([row])


def test_a_copy_begins_with_what_the_original_has_and_keeps_its_changes_to_itself(emulator):
    client(emulator, "ecs").create_cluster(clusterName="shared")
    with emulator.copy() as one, emulator.copy() as other:
        client(one, "ecs").create_cluster(clusterName="own")
        assert clusters(one) == {"shared", "own"}
        assert clusters(other) == {"shared"}
    assert clusters(emulator) == {"shared"}


def test_a_copy_ends_with_its_block_and_is_gone_from_the_table_of_processes(emulator):
    with emulator.copy() as copy:
        copy.require()
        os.kill(copy.pid, 0)
    assert ended(copy.alive)
    with pytest.raises(EmulatorGoneError, match="ended while it was needed"):
        copy.require()
    with pytest.raises(EmulatorGoneError, match="does not answer"):
        copy.declare([])


def test_copies_end_with_their_original_even_where_nobody_ends_them():
    with running() as original:
        block = original.copy()
        copy = block.__enter__()
        assert copy.alive()
    assert ended(copy.alive)
