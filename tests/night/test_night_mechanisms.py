"""What else the night reads from the Terraform: breaker, proxy, threads, replica; and the metrics that alarms read."""

import copy
import dataclasses
from pathlib import Path

import numpy as np
import pytest
from night_oracle import ONE_TASK, Run

from analysis import alarms, night, terraform
from analysis.facts import scenario, stack
from analysis.night import kernel, parameters
from analysis.night.series import NOT_MODELLED

STACKS = Path(__file__).parents[2] / "terraform" / "stacks"
BAD = kernel.FAULTS.index("bad-deployment")
FOUR = ONE_TASK._replace(
    balanced=True, check_interval_s=10.0, tasks_at_start=4, tasks_min=4, tasks_max=4, task_rows=16, start_median_s=20.0
)


def made(name, peak_users=None, **options):
    about = stack(STACKS / name)
    return night.stack_setup(
        terraform.load(STACKS / name), scenario(about.scenario), about, peak_users=peak_users, **options
    )


# --- a deployment whose tasks do not start


def test_a_broken_revision_is_rolled_back_after_the_breakers_count_and_nobody_notices():
    run = Run(FOUR._replace(breaker_after=3.0), np.full(901, 2_000.0), faults=[(60, BAD)])
    assert len(run.events("deployment rolled back")) == 1
    assert 3 <= len(run.events("new task failed to start")) <= 4 + 3
    assert run.column("healthy").min() == 4
    assert run.total("errors") == 0
    assert not run.events("deployment finished")


def test_without_a_breaker_a_broken_revision_is_tried_for_ever_and_a_lost_zone_is_not_replaced():
    plain = Run(FOUR, np.full(901, 2_000.0), faults=[(60, BAD), (300, kernel.ZONE_LOSS)])
    breaker = Run(FOUR._replace(breaker_after=3.0), np.full(901, 2_000.0), faults=[(60, BAD), (300, kernel.ZONE_LOSS)])
    assert len(plain.events("new task failed to start")) > 20
    assert plain.column("healthy")[-1] == 2
    assert breaker.column("healthy")[-1] == 4


def test_a_good_deployment_after_a_broken_one_ends_it():
    run = Run(FOUR, np.full(1_201, 2_000.0), faults=[(60, BAD), (300, kernel.DEPLOYMENT)])
    assert run.events("deployment finished")
    assert run.column("healthy")[-1] == 4
    assert not [second for second, *_ in run.events("new task failed to start") if second > 400]


def test_the_breaker_is_read_from_the_terraform():
    assert made("buzzer_baseline").setting.breaker_after == np.inf
    one = made("buzzer")
    assert one.setting.breaker_after == max(3, -(-one.setting.tasks_at_start // 2))


# --- a proxy before the database


CROWDED = ONE_TASK._replace(
    database=True, database_connections=30.0, connections_per_task=10.0, tasks_at_start=4, tasks_min=4, tasks_max=4
)


def test_a_proxy_makes_tasks_wait_for_a_connection_where_they_would_be_refused():
    bare, proxied = (Run(CROWDED._replace(proxied=on), np.full(121, 500.0)) for on in (False, True))
    assert bare.total("database_errors") > 0
    assert proxied.total("database_errors") == 0
    assert proxied.column("connections").max() == 30
    narrow = CROWDED._replace(proxied=True, database_connections=1.0, database_s=0.02, workers=4.0)
    assert Run(narrow, np.full(601, 500.0)).mean("answered", 300) == pytest.approx(1 / 0.02, rel=0.03)


PROXY = """
resource "aws_db_proxy" "main" {
  name                   = "buzzer"
  engine_family          = "MYSQL"
  role_arn               = aws_iam_role.task.arn
  vpc_subnet_ids         = aws_subnet.private[*].id
  vpc_security_group_ids = [aws_security_group.db.id]
  auth {
    auth_scheme = "SECRETS"
    secret_arn  = aws_secretsmanager_secret.db.arn
  }
}

resource "aws_db_proxy_default_target_group" "main" {
  db_proxy_name = aws_db_proxy.main.name
  connection_pool_config {
    max_connections_percent = 50
  }
}

resource "aws_db_proxy_target" "main" {
  db_proxy_name          = aws_db_proxy.main.name
  target_group_name      = aws_db_proxy_default_target_group.main.name
  db_instance_identifier = aws_db_instance.main.identifier
}
"""


def test_a_proxy_in_the_terraform_shares_its_part_of_the_connections_and_shortens_a_failover(tmp_path):
    directory = STACKS / "buzzer_baseline"
    text = (directory / "main.tf").read_text().replace("aws_db_instance.main.endpoint", "aws_db_proxy.main.endpoint")
    (tmp_path / "main.tf").write_text(text + PROXY)
    about = stack(directory)
    plain = made("buzzer_baseline").setting
    proxied = night.stack_setup(terraform.load(tmp_path), scenario(about.scenario), about).setting
    assert (plain.proxied, proxied.proxied) == (False, True)
    assert proxied.database_connections == pytest.approx(plain.database_connections / 2)
    assert proxied.failover_s == pytest.approx(plain.failover_s / 2)


# --- threads of a worker


def test_threads_in_the_terraform_are_more_places_at_a_higher_price(tmp_path):
    directory = STACKS / "buzzer_baseline"
    text = (directory / "main.tf").read_text()
    (tmp_path / "main.tf").write_text(
        text.replace('{ name = "DB_POOL_SIZE"', '{ name = "THREADS", value = "4" },\n      { name = "DB_POOL_SIZE"')
    )
    about = dataclasses.replace(stack(directory), environment={**stack(directory).environment, "threads": "THREADS"})
    one = made("buzzer_baseline").setting
    four = night.stack_setup(terraform.load(tmp_path), scenario(about.scenario), about).setting
    assert four.workers == 4 * one.workers
    assert four.cpu_miss_s == pytest.approx(1.5 * one.cpu_miss_s)


# --- the replica


def test_a_full_replica_falls_behind_and_catches_up():
    setting = ONE_TASK._replace(
        vcpu=8.0,
        workers=64.0,
        database=True,
        database_readers=2,
        database_vcpu=8.0,
        replica_vcpu=1.0,
        replica_lag_s=0.05,
        database_s=0.004,
        cpu_miss_s=0.0005,
    )
    crowd = np.interp(np.arange(601), [0, 100, 110, 200, 210, 600], [500, 500, 4_000, 4_000, 500, 500])
    run = Run(setting, crowd)
    lag = run.column("replica_lag_s")
    assert lag[:90].max() == pytest.approx(0.05)
    assert lag.max() > 10.0
    assert lag[-1] == pytest.approx(0.05)


def test_what_is_read_from_a_replica_is_as_old_as_the_replica_is_behind():
    near, far = (night.run(made("buzzer", values={"replica_lag_s": lag}), 1) for lag in (0.01, 0.51))
    for station, metric, unit in (("user", "Age", 1.0), ("service", "UpdateAge", 1_000.0)):
        older = far.metric(station, metric).values["p50"] - near.metric(station, metric).values["p50"]
        assert np.nanmedian(older) == pytest.approx(0.5 * unit, rel=0.02)


# --- metrics that alarms read


@pytest.mark.parametrize("name", ["buzzer", "buzzer_baseline"])
def test_every_metric_that_an_alarm_of_the_stack_watches_is_simulated_or_listed_with_a_reason(name):
    architecture = terraform.load(STACKS / name)
    published = {metric for _, metric in night.run(made(name), 1).series}
    watched = {
        (metric.namespace, metric.name) for alarm in alarms.read(architecture).metric for _, metric in alarm.queries
    }
    unknown = {key for key in watched if key[1] not in published and key not in NOT_MODELLED}
    assert not unknown
    assert not {key for key in NOT_MODELLED if key[1] in published}, "simulated by now; take it out of the list"


def test_memory_grows_with_what_waits_and_stays_below_all_of_it():
    calm, full = (
        night.run(made("buzzer_baseline", users), 1).metric("service", "MemoryUtilization") for users in (500, 5_000)
    )
    rest = (30 + 60) / 512 * 100
    assert calm.values["max"].max() == pytest.approx(rest, rel=0.02)
    assert full.values["max"].max() > calm.values["max"].max() + 5
    assert full.values["max"].max() <= 100


def test_the_caches_thread_is_as_busy_as_its_operations_ask():
    one = night.run(made("buzzer", 200_000), 1)
    engine = one.metric("cache", "EngineCPUUtilization").values["average"]
    operations = (2 * one.per_minute("cache_lookups") - one.per_minute("cache_hits")).mean(axis=1)
    assert engine == pytest.approx(100 * operations / one.setup.cache_operations_per_s)
    assert 0 < engine.max() < 100


def test_the_volumes_queue_obeys_littles_law_and_grows_as_it_fills():
    one = night.run(made("buzzer_baseline", 2_000), 1)
    queue, latency = (one.metric("database", name).values["average"] for name in ("DiskQueueDepth", "WriteLatency"))
    assert latency.min() >= one.setup.volume_latency_s
    assert queue.argmax() == latency.argmax() or queue.max() == pytest.approx(queue[latency.argmax()], rel=0.05)
    assert (queue < 1).all()  # nowhere near the volume's limit: the baseline's database is not what broke


def test_the_edge_counts_answers_of_the_500s_and_nothing_on_a_quiet_night():
    quiet = night.run(made("buzzer", 5_000), 1).metric("edge", "5xxErrorRate").values["average"]
    down = night.run(made("buzzer", 1_500_000), 1).metric("edge", "5xxErrorRate").values["average"]
    assert np.nanmax(quiet) == 0
    assert np.nanmax(down) > 1


def test_an_update_that_waits_for_the_database_is_old_as_it_leaves_the_service():
    about = stack(STACKS / "buzzer")
    failing = night.replay(
        terraform.load(STACKS / "buzzer"), scenario(about.scenario), about, faults=[night.fault("database-failover@60")]
    )
    age = failing.metric("service", "UpdateAge")
    assert age.at(50, "p95") < 400
    assert max(filter(None, (age.at(minute, "p95") for minute in (60, 61, 62)))) > 20_000
    assert age.at(80, "p95") < 400


def test_a_copied_setup_is_the_same_night():
    one = made("buzzer", 5_000)
    assert night.run(copy.deepcopy(one), 4).noted.seconds.tobytes() == night.run(one, 4).noted.seconds.tobytes()


def test_a_step_policy_that_the_night_cannot_follow_is_said_and_does_nothing():
    path = made("buzzer").path
    (step,) = path.service.steps
    (trigger,) = step.triggers
    for changed, why in (
        (dataclasses.replace(step, adjustment_type="None"), "its adjustment type is None, none of ChangeInCapacity"),
        (dataclasses.replace(step, triggers=()), "no alarm starts it"),
        (
            dataclasses.replace(step, triggers=(dataclasses.replace(trigger, threshold=None),)),
            "its alarm is not one on processor or requests per target",
        ),
    ):
        notes = []
        rows = parameters._steps(dataclasses.replace(path.service, steps=(changed,)), notes)
        assert rows.shape == (0, 10)
        assert [why in str(note) for note in notes] == [True]
