import pytest

from analysis.facts import FactError, runtime, runtimes
from analysis.facts.runtimes import DATA


def test_every_profile_states_a_spread_and_a_reason():
    assert {"flask_connect", "flask_pooled", "flask_pooled_redis", "node_express"} <= set(runtimes())
    for profile in runtimes().values():
        for time in (profile.cpu_s_per_request, profile.database_s_per_request, profile.cpu_s_per_hit):
            assert time is None or (time.low < time.high and time.reason), profile.name


def test_a_cached_answer_costs_less_than_one_from_the_database():
    for profile in runtimes().values():
        if profile.cpu_s_per_hit is not None:
            assert profile.cpu_s_per_hit.value < profile.cpu_s_per_request.value


# Requests per second that a quarter of a CPU answered in the measurements that the profiles were made from.
@pytest.mark.parametrize(
    ("name", "measured_per_s"), [("flask_connect", 225), ("flask_pooled", 272), ("node_express", 699)]
)
def test_a_profile_predicts_the_measured_throughput_within_12_percent(name, measured_per_s):
    predicted = 0.25 / runtime(name).cpu_s_per_request.at()
    assert predicted == pytest.approx(measured_per_s, rel=0.12)


def test_an_unknown_profile_is_refused_with_those_that_exist():
    with pytest.raises(FactError, match=r"cobol: is no runtime profile; the profiles are flask_connect"):
        runtime("cobol")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('concurrency = "process"', 'concurrency = "magic"', "flask_connect.concurrency: is 'magic'"),
        ("workers = 1", "workers = 0", "flask_connect.workers: is 0; it must not be below 1"),
        ("value = 0.00116", "value = 0.5", "are not in this order"),
        ("low = 0.00106", "low = 0", "must be above 0"),
        ("keep_alive = false", 'keep_alive = "no"', "flask_connect.keep_alive: must be true or false"),
    ],
)
def test_a_broken_profile_is_refused_with_file_and_key(tmp_path, old, new, sentence):
    path = tmp_path / "runtimes.toml"
    path.write_text((DATA / "runtimes.toml").read_text().replace(old, new, 1))
    with pytest.raises(FactError) as refusal:
        runtimes(path)
    assert str(refusal.value).startswith("runtimes.toml: flask_connect")
    assert sentence in str(refusal.value)
