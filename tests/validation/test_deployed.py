"""How what the code says is held against what AWS answers, where the two spell a value differently or do not know it yet."""

from types import SimpleNamespace

import pytest

pytest.importorskip("moto", reason="moto is not installed")

from botocore.exceptions import ClientError
from in_process import Account

from analysis.architecture import Unknown
from analysis.emulator import front
from analysis.validation import deployed
from analysis.validation.deployed import CHECKS_OF, Moto, Open, agrees, attributes, settled

APPLIED = {"aws_lb.main": {"id": "lb-1", "arn": "arn:lb-1", "port": 80}, "module.a.aws_x.this[0]": {"arn": "arn:x"}}


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("30", 30),
        (80, 80.0),
        ("true", True),
        (None, False),
        (None, ""),
        ((), None),
        ([{"enable": None}], None),
        (("b", "a"), ["a", "b"]),
        ({"a": 1, "b": None}, {"a": 1}),
        ('{"Statement": [{"b": 1, "a": ["x", "y"]}]}', '{"Statement":[{"a":["y","x"],"b":1}]}'),
        ([{"days": 30}, {"days": 90}], [{"days": 90}, {"days": 30}]),
        (Open(), "anything"),
        (Open(prefix="arn:aws:sns:"), "arn:aws:sns:us-east-1:1:page"),
        (Open(holds="app/lb/1"), "app/lb/1/targetgroup/2"),
        ([Open(), "a"], ["a", "b"]),
    ],
)
def test_two_spellings_of_one_value_agree(wanted, found):
    assert agrees(wanted, found)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (80, 81),
        (True, None),
        (None, "x"),
        (["a"], ["a", "b"]),
        (["a", "a"], ["a", "b"]),
        ({"a": 1}, {"a": 1, "b": 2}),
        (Open(prefix="arn:aws:sns:"), "arn:aws:sqs:x"),
        (Open(holds="arn:page"), "arn:page-2"),
        (Open(holds="arn:page"), None),
        ([Open(holds="sg-1"), Open(holds="sg-2")], ["sg-1", "sg-1"]),
        ('{"Effect": "Deny"}', '{"Effect": "Allow"}'),
    ],
)
def test_two_values_do_not(wanted, found):
    assert not agrees(wanted, found)


def test_what_only_an_apply_makes_known_is_taken_from_the_state():
    assert settled(Unknown("aws_lb.main.port"), APPLIED) == 80
    assert settled((Unknown("module.a.aws_x.this[0].arn"),), APPLIED) == [Open(holds="arn:x")]
    assert settled({"a": Unknown("aws_lb.main.arn", prefix="x/")}, APPLIED) == {"a": Open("x/", "arn:lb-1")}
    assert settled(Unknown("aws_lb.other.arn"), APPLIED) == Open()
    assert settled(Unknown("aws_lb.main.id", partial={"a": (1,)}), APPLIED) == {"a": [1]}


def test_a_state_is_read_with_the_modules_in_it():
    state = {
        "values": {
            "root_module": {
                "resources": [{"address": "a.b", "values": {"id": "1"}}],
                "child_modules": [{"resources": [{"address": "module.m.c.d", "values": {"id": "2"}}]}],
            }
        }
    }
    assert attributes(state) == {"a.b": {"id": "1"}, "module.m.c.d": {"id": "2"}}
    assert attributes({}) == {}


def described(**found):
    """The emulator as far as one secret is described."""
    return SimpleNamespace(client=lambda _service: SimpleNamespace(describe_secret=lambda **_asked: found))


def reading(kind, moto, **values):
    (check,) = CHECKS_OF[kind]
    return check.read(moto, {"_arn": None, "name": "db", "secret_id": "db", **values})


@pytest.fixture
def account(monkeypatch):
    """An account of an emulator in this process, and its clients as the read-back makes them."""
    account = Account()
    client = SimpleNamespace(client=lambda service, **_arguments: account.client(service))
    monkeypatch.setattr(deployed, "boto3", client)
    return account, Moto(SimpleNamespace(client_arguments=dict))


def test_what_the_front_remembers_for_moto_is_not_there_when_it_is_read_back(account):
    account, moto = account
    ecs = account.client("ecs")
    ecs.create_cluster(clusterName="c")
    task = {"name": "app", "image": "app", "memory": 128}
    ecs.register_task_definition(family="t", containerDefinitions=[task])
    ecs.create_service(
        cluster="c",
        serviceName="s",
        taskDefinition="t",
        desiredCount=2,
        healthCheckGracePeriodSeconds=77,
        availabilityZoneRebalancing="ENABLED",
    )
    named = {"cluster": "c", "services": ["s"]}
    (as_terraform_sees_it,) = ecs.describe_services(**named)["services"]
    (as_moto_has_it,) = moto.client("ecs").describe_services(**named)["services"]
    assert as_terraform_sees_it["healthCheckGracePeriodSeconds"] == 77
    assert as_moto_has_it.get("healthCheckGracePeriodSeconds") != 77
    assert as_moto_has_it["desiredCount"] == 2
    assert reading("aws_ecs_service", moto, cluster="c", name="s")["desired_count"] == 2


def test_an_operation_of_ours_answers_nobody_who_reads_back(account):
    account, moto = account
    account.client("elasticache").create_cache_parameter_group(
        CacheParameterGroupName="g", CacheParameterGroupFamily="redis7", Description="d"
    )
    assert ("elasticache", "DescribeCacheParameterGroups") in front.ABSENT
    assert account.client("elasticache").describe_cache_parameter_groups()["CacheParameterGroups"]
    with pytest.raises(ClientError, match="neither moto nor the front"):
        moto.client("elasticache").describe_cache_parameter_groups()


def test_nothing_that_our_own_operations_make_is_read_back():
    assert "aws_cloudwatch_composite_alarm" not in CHECKS_OF


def test_the_rotation_of_a_secret_is_read_with_its_rules():
    rules = {"AutomaticallyAfterDays": 30, "ScheduleExpression": None, "Duration": "3h"}
    moto = described(Name="db", RotationEnabled=True, RotationLambdaARN="arn:rotate", RotationRules=rules)
    found = reading("aws_secretsmanager_secret_rotation", moto)
    wanted = {
        "rotation_lambda_arn": "arn:rotate",
        "rotation_rules": ({"automatically_after_days": 30, "duration": "3h"},),
    }
    assert all(agrees(wanted[name], value) for name, value in found.items())
    assert not agrees(({"automatically_after_days": 60, "duration": "3h"},), found["rotation_rules"])


def test_a_secret_that_does_not_rotate_has_no_rotation_and_a_deleted_one_is_gone():
    assert reading("aws_secretsmanager_secret_rotation", described(Name="db", RotationEnabled=False)) is None
    assert reading("aws_secretsmanager_secret", described(Name="db")) == {
        "name": "db",
        "description": None,
        "kms_key_id": None,
    }
    assert reading("aws_secretsmanager_secret", described(Name="db", DeletedDate="2026-11-21")) is None


def test_a_policy_that_tracks_a_metric_of_its_own_is_read_with_its_dimensions():
    own = {
        "MetricName": "Streams",
        "Namespace": "App",
        "Statistic": "Average",
        "Dimensions": [{"Name": "Service", "Value": "api"}],
    }
    tracking = {"TargetValue": 2400.0, "CustomizedMetricSpecification": own}
    policy = {
        "PolicyName": "p",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": tracking,
    }
    client = SimpleNamespace(describe_scaling_policies=lambda **_asked: {"ScalingPolicies": [policy]})
    values = {"name": "p", "service_namespace": "ecs", "resource_id": "service/a/b", "scalable_dimension": "d"}
    (check,) = CHECKS_OF["aws_appautoscaling_policy"]
    (configuration,) = check.read(SimpleNamespace(client=lambda _name: client), values)[
        "target_tracking_scaling_policy_configuration"
    ]
    assert "predefined_metric_specification" not in configuration
    (metric,) = configuration["customized_metric_specification"]
    assert (metric["metric_name"], metric["dimensions"]) == ("Streams", [{"name": "Service", "value": "api"}])
