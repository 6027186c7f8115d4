"""The records of this checkout: each holds as things are, and turns when one thing changes."""

import datetime as dt
from dataclasses import replace

import pytest
from decision_makers import EDGE_OFF, ROOT

from analysis import claims, decisions, evidence
from analysis.architecture import Location
from analysis.decisions import FILE_NAME, KIND, STATES, Bench, Change, Edge, Kept, Weighing, says
from analysis.decisions import weighing as w
from analysis.decisions.judging import compute, vanished
from analysis.decisions.keeping import basis, restored
from analysis.studies import Studies, shown

STACKS = ROOT / "terraform" / "stacks"
PAGES = ROOT / "docs" / "buzzer" / "decisions"
NUMBERS = sorted(int(path.name[:4]) for path in PAGES.glob("[0-9]*.md"))

CPU = "flask_pooled_redis.cpu_s_per_hit"
QUERY = "flask_pooled_redis.database_s_per_request"

FLIPS = {
    1: Change(arguments=EDGE_OFF),
    2: Change(variables={"poll_interval_s": 2}),
    3: Change(assumed={CPU: 0.0022}),
    4: Change(assumed={"audience.peak_users": 20_000}),
    5: Change(assumed={"flask_pooled_redis.cpu_s_per_request": 0.15}),
    6: Change(assumed={QUERY: 0.0009}),
    7: Change(assumed={QUERY: 0.001}),
    8: Change(repriced={"rds.mysql.t4g.medium.multi_az.hour": 6}),
    9: Change(variables={"pool_size": 5}),
    10: Change(assumed={QUERY: 0.0002}),
    11: Change(repriced={"alb.hour": 50}),
    12: Change(repriced={"vpc_endpoint.interface.hour": 2}),
    13: Change(variables={"tasks": {"max": 31}}),
    14: Change(repriced={"backup.rds.gb_month": 500}),
    15: Change(variables={"budget_usd": 700}),
    16: Change(without=("module.alarms.aws_cloudwatch_*",)),
    17: Change(repriced={"fargate.linux.x86.vcpu_hour": 6}),
    18: Change(assumed={"failover_multi_az_s": 900}),
    19: Change(assumed={"publisher.updates_per_minute": 1_000}),
    20: Change(repriced={"wafv2.requests.million": 3}),
    21: Change(assumed={"session.asset_bytes": 90_000_000}),
    22: Change(repriced={f"rds.storage.gp3.{zones}_az.gb_month": 0.001 for zones in ("multi", "single")}),
    23: Change(repriced={"ecr.storage.gb_month": 100}),
    24: Change(repriced={"route53.health_check.option.aws_endpoint.month": 10}),
    25: Change(assumed={"audience.peak_users": 400_000}),
    26: Change(assumed={"failover_multi_az_s": 3_600}),
    27: Change(assumed={"audience.peak_users": 400_000}),
}
"""One change for each record that must turn its predicate."""


@pytest.fixture(scope="module")
def world():
    return Weighing(Studies(STACKS), STACKS / "buzzer")


@pytest.fixture(scope="module")
def records():
    return {record.number: record for record in decisions.folder(PAGES, ROOT)}


@pytest.fixture(scope="module")
def recorded():
    return evidence.read(PAGES / FILE_NAME, KIND)


def test_every_record_that_is_weighed_has_a_flip(records):
    assert sorted(FLIPS) == [number for number, record in records.items() if record.weighed]


@pytest.mark.parametrize("number", FLIPS)
def test_the_predicate_is_false_as_things_are_and_true_after_one_change(number, records, world):
    record = records[number]
    assert not w.holds(world, record, record.reopen_when)
    assert w.holds(world, record, record.reopen_when, FLIPS[number])


@pytest.mark.parametrize("number", NUMBERS)
def test_an_address_that_vanishes_is_named_with_the_record(number, records, world):
    record = records[number]
    assert vanished(world, record) == ()
    gone = replace(record, affects=(*record.affects, ("module.gone.*", Location(record.file, 12, 5))))
    assert vanished(world, gone) == (f"{record.file}:12:5: it affects module.gone.*, which buzzer does not have",)


def test_every_record_holds_on_the_day_it_was_last_reviewed(tmp_path, records, world):
    register = claims.load(ROOT / "docs" / "claims.toml", world.studies)
    bench = Bench(world.studies, Edge(ROOT, dt.date(2026, 11, 21), register.broken_claim), keep=Kept(tmp_path))
    judged = [bench.judge(record) for record in records.values()]
    assert {one.record.file: one.reasons for one in judged if not one.ok} == {}
    assert {one.state for one in judged} <= set(STATES)
    for one in judged:
        assert one.effects, one.record.file
        assert one.crossings, one.record.file
        assert one.confirmed, one.record.file
    # Where a number decides, the number is found; of the break-evens at most a few lie outside their ranges.
    found = [crossing.at is not None for one in judged for crossing in one.crossings]
    assert sum(found) >= 0.9 * len(found)


# --- what is recorded

SAMPLE = (8, 12)
"""One whose worth is simulated, one whose worth is a price."""


def test_the_record_was_made_of_the_terraform_the_facts_and_the_records_as_they_are(records, recorded, world):
    now = {record.path.name: basis(world, record) for record in records.values() if record.weighed}
    assert evidence.changed(recorded, now) == (), "run `gameday decide --record`"


@pytest.mark.slow
@pytest.mark.parametrize("number", SAMPLE)
def test_what_is_recorded_is_what_is_computed(number, records, recorded, world):
    record = records[number]
    known, anew = restored(recorded.content[record.path.name], record), compute(world, record)
    assert known.turned == anew.turned
    for one, other in zip(known.effects, anew.effects, strict=True):
        assert [shown(f) for f in (one.with_it, one.without_it)] == [
            shown(f) for f in (other.with_it, other.without_it)
        ]
    assert [says(crossing) for crossing in known.crossings] == [says(crossing) for crossing in anew.crossings]
    for one, other in zip(known.options, anew.options, strict=True):
        assert one.guards == other.guards
        assert [f if isinstance(f, str) else shown(f) for f in one.figures] == [
            f if isinstance(f, str) else shown(f) for f in other.figures
        ]
