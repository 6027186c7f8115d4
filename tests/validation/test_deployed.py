"""How what the code says is held against what AWS answers, where the two spell a value differently or do not know it yet."""

from types import SimpleNamespace

import pytest

from analysis.architecture import Unknown
from analysis.validation.deployed import CHECKS_OF, Open, agrees, attributes, settled

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
    """AWS as far as one secret is described."""
    return SimpleNamespace(secrets=SimpleNamespace(describe_secret=lambda **_asked: found))


def reading(kind, aws, **values):
    (check,) = CHECKS_OF[kind]
    return check.read(aws, {"_arn": None, "name": "db", "secret_id": "db", **values})


def test_the_rotation_of_a_secret_is_read_with_its_rules():
    rules = {"AutomaticallyAfterDays": 30, "ScheduleExpression": None, "Duration": "3h"}
    aws = described(Name="db", RotationEnabled=True, RotationLambdaARN="arn:rotate", RotationRules=rules)
    found = reading("aws_secretsmanager_secret_rotation", aws)
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
