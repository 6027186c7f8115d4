"""What was measured on the stand-in: the record rests on what is there, and a small measurement shows the same order."""

import measure
import pytest
import without_containers as local

from analysis import evidence
from analysis.facts import limit
from analysis.loadtest import servers

LACKING = servers.lacking(local.PROGRAMS)


def record():
    return evidence.read(measure.RECORD, measure.KIND)


def test_the_record_was_measured_on_what_is_there_now():
    """After a change of the stand-in: python3 measure.py --record, in local/scoreboard."""
    assert evidence.stale(record(), measure.rests_on()) == ""


def test_what_is_measured_has_the_unit_of_what_is_assumed():
    figures = record().content["figures"]
    compared = [one for one in figures if one["limit"]]
    assert len(compared) == 2
    for one in compared:
        assert one["unit"] == limit(one["limit"]).unit


@pytest.mark.slow
@pytest.mark.skipif(bool(LACKING), reason=LACKING)
def test_the_index_on_the_score_helps_and_the_guides_does_not():
    """Pages of the buffer are counted, not timed, so that a busy machine changes nothing."""
    found = measure.measured(measure.SMALL)
    figures = {one["name"]: one["value"] for one in found["figures"]}
    pages = {name: figures[f"Index {name}: pages of the buffer"] for name in measure.INDEXES}
    assert pages["none"] == pages["the guide's"] > 5 * pages["ours"]
    scans = {name for name in figures if "processor time (" in name}
    assert scans == {"Index none: processor time (Seq Scan)", "Index the guide's: processor time (Seq Scan)",
                     "Index ours: processor time (Index Only Scan)"}  # fmt: skip
    assert 0 < figures["Memory of an open stream"] < 100_000
    assert 0 < figures["Processor time of opening a stream, with its token"] < 0.05
