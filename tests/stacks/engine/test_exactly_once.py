"""An update is stored once and pushed once, in order, whatever goes wrong on its way; and without what ensures it, it is not.

The functions of `apps/engine` run against the tables, stream and queues of the stack's Terraform on moto, called by event source
mappings that are set as the Terraform sets them. Faults are drawn from a seed, far more often than AWS has them. The counts are
about these faults; they are no measurement of AWS.
"""

import dataclasses
import json
import math

import ingest_path
import pytest
from moto import mock_aws
from rotation import everything

from shared import database

EVERY_DAY = 2_000
WHOLE = 100_000
"""Updates of the run by `make test`, and by `make test-all`, which takes four minutes of a processor."""

OUTAGES = 2
"""Outages of a table to expect in the whole run. One makes ten batches be given up, each of which is read again with what other
lanes of its shard had between its first and its last record: at the share of the daily run that would take most of the time."""

ANNUAL, ACCURACY = 65_000, 0.9999
"""Events of a year and the share that must arrive, by the brief's lines 42 and 9."""


@pytest.fixture
def aws():
    with mock_aws():
        yield


@pytest.fixture
def run(aws, architecture, monkeypatch):
    return lambda total, **options: ingest_path.run(architecture, monkeypatch, total, **options)


def everything_went_wrong(found):
    """Whether each kind of fault has been there, so that none was passed for want of a try."""
    named = {"throttled", "unprocessed", "crash_before_store", "crash_after_store", "crash_after_push", "outage"}
    return named <= found.faults.keys() and found.sent.repeated and found.sent.reordered and found.sent.poison


def test_nothing_is_lost_doubled_or_out_of_order_whatever_goes_wrong(run):
    found = run(EVERY_DAY)
    assert everything_went_wrong(found), found.faults
    assert found.given_up > 0  # retries were used up, and what was given up was sent again
    assert (found.lost, found.doubled, found.pushed_twice, found.out_of_order, found.unpushed) == (0, 0, 0, 0, 0)


@pytest.mark.slow
def test_nothing_is_lost_doubled_or_out_of_order_in_a_hundred_thousand_updates(run):
    if not everything():
        pytest.skip("its turn is `make test-all`: a hundred thousand updates take minutes")
    found = run(WHOLE, seed=2, faults=lambda dice: ingest_path.Faults(dice, outage=OUTAGES / WHOLE))
    assert everything_went_wrong(found), found.faults
    assert found.given_up > 0
    assert len(found.sent.distinct) == WHOLE
    assert found.wrong == 0


def test_over_http_the_same_updates_have_the_same_outcome(architecture, monkeypatch):
    """The run without HTTP skips nothing that counts: the same seed gives the same outcome, fault by fault."""
    with mock_aws():
        direct = ingest_path.run(architecture, monkeypatch, 150, seed=4)
    monkeypatch.undo()
    with mock_aws():
        over_http = ingest_path.run(architecture, monkeypatch, 150, seed=4, direct=False)
    assert dataclasses.replace(over_http, sent=direct.sent) == direct
    assert direct.wrong == 0


def claims_nothing(_dynamodb, _table, _update):
    return True


def claims_without_an_owner(real):
    """A key that is there is taken for work that is done; who put it there is not asked."""
    seen = set()

    def claim(dynamodb, table, update):
        key = database.update_key(update)
        mine = real(dynamodb, table, update) and key not in seen
        seen.add(key)
        return mine

    return claim


def counted_items(real):
    """Each write is an item of its own, as where the key is drawn when it is written."""
    count = iter(range(10**9))

    def item(update, days):
        return {**real(update, days), "event_id": {"S": f"{database.event_key(update)}/{next(count)}"}}

    return item


WITHOUT = {
    "without a key of what happened, an update that two providers tell is stored twice": (
        {"claim": lambda _: claims_nothing}, {}, "doubled",
    ),
    "without the owner of a key, an update is lost where a call ends between key and item": (
        {"claim": claims_without_an_owner}, {}, "lost",
    ),
    "without keys that follow from the update, every retry doubles it": (
        {"claim": lambda _: claims_nothing, "item": counted_items}, {}, "doubled",
    ),
    "without the last sequence of each event, an update is pushed twice": (
        {}, {"gate": lambda: list}, "pushed_twice",
    ),
    "without it an older state follows a newer one, too": ({}, {"gate": lambda: list}, "out_of_order"),
}  # fmt: skip
"""What is taken away, and the count that must then not be zero."""


@pytest.mark.parametrize("sentence", WITHOUT)
def test_the_same_run_fails(run, monkeypatch, sentence):
    parts, options, count = WITHOUT[sentence]
    for name, made in parts.items():
        monkeypatch.setattr(database, name, made(getattr(database, name)))
    assert getattr(run(EVERY_DAY, **options), count) > 0


def test_the_same_run_loses_updates_where_a_table_refuses_and_nothing_is_sent_again(run, monkeypatch):
    monkeypatch.setattr(ingest_path.redrive, "redrive", lambda _queue, **_: (0, 0))
    assert run(EVERY_DAY).lost > 0


def test_a_provider_that_changes_its_format_is_caught_quarantined_and_replayed(run, monkeypatch):
    found = run(EVERY_DAY)
    assert found.sent.drifted > 0
    assert found.quarantined >= found.sent.drifted + found.sent.poison  # nothing that was no update was stored
    assert found.lost == 0  # the drifted ones are stored in the end
    assert found.left >= found.sent.poison  # and what never was an update stays where somebody looks at it


def test_and_without_the_new_name_it_stays_in_quarantine(run, monkeypatch):
    monkeypatch.setattr(ingest_path, "DRIFTED_NAMES", {})
    found = run(EVERY_DAY)
    assert found.lost == found.sent.drifted


def test_the_mappings_report_single_records_and_send_what_is_given_up_to_a_queue(architecture):
    for function in ("ingest", "fanout"):
        mapping = ingest_path.SourceMapping.of(architecture, function)
        assert mapping.reports
        assert mapping.bisect
        assert mapping.retries > 0
        assert mapping.lanes > 1


def test_what_comes_again_begins_with_the_record_that_failed():
    """Batches of ten: the fifth fails twice, then passes; one that always fails is given up with the rest of its batch."""
    mapping = ingest_path.SourceMapping(10, 3, bisect=True, reports=True, lanes=1)
    calls, tries, given_up = [], {}, []

    def call(event):
        batch = event["Records"]
        calls.append(batch)
        for one in batch:
            tries[one] = tries.get(one, 0) + 1
            if (one == 4 and tries[one] < 3) or one == 17:
                return {"batchItemFailures": [{"itemIdentifier": one}]}
        return {"batchItemFailures": []}

    mapping.deliver(list(range(20)), lambda one: one, call, given_up.append)
    assert [batch[0] for batch in calls] == [0, 4, 4, 10, 17, 17, 17]
    assert given_up == [[17, 18, 19]]


def test_an_error_halves_the_batch_until_the_record_is_alone():
    mapping = ingest_path.SourceMapping(8, 1, bisect=True, reports=True, lanes=1)
    passed, given_up = [], []

    def call(event):
        if 5 in event["Records"]:
            raise ValueError
        passed.extend(event["Records"])

    mapping.deliver(list(range(8)), lambda one: one, call, given_up.append)
    assert passed == [0, 1, 2, 3, 4, 6, 7]
    assert given_up == [[5]]


def test_so_many_without_a_failure_are_enough_to_show_the_accuracy_that_is_asked_for():
    """Of 65,000 a year six may fail. No failure in n shows less than one in ten thousand, with a confidence of 95 %, from
    ln(0.05) / ln(0.9999) updates on."""
    assert math.floor(ANNUAL * (1 - ACCURACY) + 1e-9) == 6
    needed = math.ceil(math.log(0.05) / math.log(ACCURACY))
    assert needed == 29_956 < WHOLE


def test_every_poison_is_refused_with_a_reason():
    reasons = [ingest_path.providers.read(one)[1] for one in ingest_path.POISON]
    assert all(reasons)
    assert len({reason.split(":")[0] for reason in reasons}) >= 3
    assert json.loads(ingest_path.POISON[3])["timestamp"].startswith("2026-11-31")
