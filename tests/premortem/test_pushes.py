"""From ingestion to push: by folding the steps, beside a simulation of what AWS documents of streams, mappings and functions."""

import math
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.facts import limit
from analysis.network.model import exact
from analysis.premortem.pushes import Hop, Law, Pushes, Reader, folded
from analysis.studies import MeasureError, Studies, measure

STACKS = Path(__file__).parents[2] / "terraform" / "stacks"
STUDIES = Studies(STACKS)
SHARES = (0.5, 0.95, 0.99)


def hop(*laws):
    return Hop("step", "", lambda *_: laws)


def push(share, *hops):
    return Pushes(tuple(hops), 1).percentiles_s((share,), 0)[0]


def figure(name, stack="engine", study=None, **arguments):
    return measure(name, study or STUDIES.study(stack), arguments)


# ---- folding ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", SHARES)
def test_one_step_takes_what_its_law_says(share):
    assert push(share, hop(Law(1.0, fixed_s=0.25))) == pytest.approx(0.25, abs=0.001)
    assert push(share, hop(Law(1.0, span_s=2.0))) == pytest.approx(2 * share, abs=0.001)
    assert push(share, hop(Law(1.0, calls=1, call_s=0.05))) == pytest.approx(-0.05 * math.log(1 - share), abs=0.001)


@settings(deadline=None, max_examples=25)
@given(
    st.lists(
        st.tuples(st.floats(0, 1), st.floats(0, 2), st.integers(0, 4), st.floats(0.001, 0.2)), min_size=1, max_size=4
    )
)
def test_steps_together_have_the_mean_and_the_percentiles_of_draws(steps):
    laws = [Law(1.0, *step) for step in steps]
    rng = np.random.default_rng(3)
    drawn = sum(
        law.fixed_s
        + rng.uniform(0, law.span_s, 100_000)
        + (rng.gamma(law.calls, law.call_s, 100_000) if law.calls else 0.0)
        for law in laws
    )
    cell_s, chances = folded([(law,) for law in laws])
    assert chances.sum() == pytest.approx(1.0, abs=1e-6)
    assert cell_s * (chances * np.arange(len(chances))).sum() == pytest.approx(
        sum(law.mean_s for law in laws), abs=3 * cell_s
    )
    for share in SHARES:
        assert push(share, *map(hop, laws)) == pytest.approx(np.quantile(drawn, share), abs=0.03 + 2 * cell_s)


def test_what_is_never_through_has_a_percentile_below_its_share_and_none_above():
    some = hop(Law(0.9, span_s=1.0), Law(0.1, fixed_s=math.inf))
    assert push(0.5, some) == pytest.approx(0.5 / 0.9, abs=0.002)
    assert push(0.95, some) == math.inf
    assert push(0.5, hop(Law(1.0, fixed_s=math.inf))) == math.inf
    with pytest.raises(ValueError, match="between 0 and 1"):
        push(1.0, some)


def reader(rate, call_s=0.05, lanes=60, hottest=0.1, waits_s=1.0, sends=0.0):
    one = np.ones(1)
    send = exact("send", 0.01, "s", "")
    return Reader(rate * one, lanes, hottest, 100.0, waits_s, exact("call", call_s, "s", ""), sends * one, send)


def test_a_lane_in_which_a_key_has_more_than_its_calls_can_take_never_catches_up_and_the_others_do():
    busy = reader(5_000, call_s=0.25).laws(0, "value")
    assert sum(law.share for law in busy if math.isinf(law.fixed_s)) == pytest.approx(0.1)
    assert all(math.isfinite(law.fixed_s) for law in reader(5_000, call_s=0.15).laws(0, "value"))


def test_what_is_sent_over_a_gateway_one_by_one_lengthens_the_call():
    quiet = reader(60, hottest=0.0, sends=10.0).laws(0, "value")  # one record in a lane and second, ten clients each
    assert max(law.call_s for law in quiet) == pytest.approx(0.05 + 10 * 0.01)


# ---- the twin ---------------------------------------------------------------------------------------------------------------


class Twin:
    """Shards, event source mappings and functions as AWS documents them, with every record by itself; written from the documents.

    Lambda asks each shard at its base rate and takes what is there; with a parallelization factor the records of one partition
    key stay in one of the shard's lanes; a lane's batches are called one after another; a key's records stay on one shard.
    https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html and with-ddb.html
    """

    def __init__(self, seed):
        self.env, self.rng = simpy.Environment(), np.random.default_rng(seed)
        self.took = []

    def mapping(self, shards, lanes, polls_per_s, batch, call_s, then):
        """A log with so many shards, and what its reader does with a batch; returns how a record gets in."""
        waiting = [[simpy.Store(self.env) for _ in range(lanes)] for _ in range(shards)]
        log = [[] for _ in range(shards)]

        def poller(shard):
            yield self.env.timeout(self.rng.uniform(0, 1 / polls_per_s))
            while True:
                come, log[shard] = log[shard], []
                for lane in range(lanes):
                    mine = [one for one in come if one[1] // shards % lanes == lane]
                    for start in range(0, len(mine), batch):
                        waiting[shard][lane].put(mine[start : start + batch])
                yield self.env.timeout(1 / polls_per_s)

        def worker(store):
            while True:
                records = yield store.get()
                yield self.env.timeout(self.rng.exponential(call_s))
                for one in records:
                    then(one)

        for shard in range(shards):
            self.env.process(poller(shard))
            for store in waiting[shard]:
                self.env.process(worker(store))
        return lambda record: log[record[1] % shards].append(record)

    def after(self, seconds, do, record):
        def waits():
            yield self.env.timeout(seconds)
            do(record)

        self.env.process(waits())

    def feed(self, interval_s, per_s, service_s, hottest, put_s, write):
        """A program that asks its feed and works off one update after another, each with a key."""

        def program():
            yield self.env.timeout(self.rng.uniform(0, interval_s))
            while True:
                came = self.env.now
                for _ in range(self.rng.poisson(per_s * interval_s)):
                    yield self.env.timeout(service_s)
                    key = 0 if self.rng.random() < hottest else int(self.rng.integers(1, 50_000))
                    self.after(self.rng.exponential(put_s), write, (came, key))
                yield self.env.timeout(max(0.0, came + interval_s - self.env.now))

        self.env.process(program())

    def pushed(self, interval_s, busy, record):
        """Sent with all of its interval, at the turn of its client."""
        tick = interval_s * math.ceil(self.env.now / interval_s)
        if record[0] > 3.0:
            self.took.append(tick - record[0] + self.rng.uniform(0, busy * interval_s))


@pytest.mark.slow
@pytest.mark.parametrize("call_s", [0.02, 0.06])
def test_a_simulation_of_pollers_mappings_and_functions_has_the_same_percentiles(call_s):
    twin, rate, hottest = Twin(seed=11), 1_000.0, 0.1
    fan = twin.mapping(2, 10, 4, 20, call_s, partial(twin.pushed, 0.05, 0.4))
    store = twin.mapping(2, 5, 1, 20, call_s, lambda one: twin.after(twin.rng.exponential(0.05), fan, one))
    for _ in range(2):
        twin.feed(1.0, rate / 2, 0.5 / (rate / 2), hottest, 0.02, store)
    twin.env.run(33.0)
    one, call = np.ones(1), exact("call", call_s, "s", "")
    read = partial(Reader, rate * one, batch=20.0, call=call, sends=0 * one, send=call)
    hops = (
        hop(Law(1.0, 0.0, 0.5)),
        hop(Law(1.0, calls=1, call_s=0.02)),
        Hop("ingest", "", read(lanes=10, hottest=hottest, waits_s=1.0).laws),
        hop(Law(1.0, calls=1, call_s=0.05)),
        Hop("fan-out", "", read(lanes=20, hottest=hottest, waits_s=0.25).laws),
        hop(Law(1.0, 0.4 * 0.05 / 2, 0.05)),
    )
    for share in SHARES:
        assert np.quantile(twin.took, share) == pytest.approx(push(share, *hops), rel=0.12), share


# ---- the engine -------------------------------------------------------------------------------------------------------------


def test_the_steps_are_those_of_the_terraform_and_the_mappings_ask_as_often_as_aws_says():
    parts = {one.name: one.value for one in figure("push.p99").inputs}
    assert {"in the stream, mean", "in the table's changes, mean", "collected and sent, mean"} <= parts.keys()
    once = {
        "stream": 1 / limit("lambda.polls_of_a_shard_per_s").at(),
        "table": 1 / limit("lambda.polls_of_a_tables_shard_per_s").at(),
    }
    assert once == {"stream": 1.0, "table": 0.25}


def test_a_longer_interval_of_sending_makes_a_push_later_by_as_much_as_it_adds():
    longer = STUDIES.study("engine", variables={"send_interval_ms": 1_000})
    added = figure("push.p50", study=longer).value - figure("push.p50").value
    assert 0.4 < added < 0.9  # half of the second, and the wait for others that are sent at the same moment


def test_a_log_that_falls_behind_has_no_percentile():
    down = "down@100+5:module.events.aws_dynamodb_table.this"
    assert figure("push.p99", faults=down).value == math.inf


@pytest.mark.parametrize(
    ("stack", "why"), [("buzzer", "pushes nothing"), ("engine_as_written", "has no feed that sends records")]
)
def test_a_stack_that_pushes_nothing_or_whose_feeds_post_is_refused_in_a_sentence(stack, why):
    with pytest.raises(MeasureError, match=why):
        figure("push.p99", stack)
